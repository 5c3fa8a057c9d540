"""A learner's own error, told at the learner's line, with the shapes that were on hand there.

NumPy's messages about shapes are worded for those who wrote NumPy; here they are worded again.
"""

import ast
import linecache
import re
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

import numpy as np

_OURS = Path(__file__).parent.parent
_ELSEWHERE = tuple(
    {str(Path(p)) for p in (*sysconfig.get_paths().values(), sys.prefix)} | {str(_OURS), "<frozen"}
)


@dataclass(frozen=True)
class Trouble:
    """Why a call gave no result. kind: the error's name, or "time". line: number and source."""

    kind: str
    text: str
    line: str = ""
    shapes: str = ""


def describe(error):
    """An exception as Trouble: what happened, where in the learner's code, with which arrays."""
    kind = type(error).__name__
    try:
        said = " ".join(str(error).split())[:300]
    except Exception:
        said = ""
    plain = f"{kind}: {said}" if said else kind
    frame = _last_of_learner(error.__traceback__)
    if frame is None:
        return Trouble(kind, _reword(said, "", None) or plain)
    place, number = frame.tb_frame, frame.tb_lineno
    source = linecache.getline(place.f_code.co_filename, number, place.f_globals).strip()
    text = _reword(said, source, place) or plain
    return Trouble(
        kind, text, f"line {number}: {source}" if source else f"line {number}", _shapes(place)
    )


def _last_of_learner(traceback):
    """The innermost frame of the traceback that is neither ours, Python's, nor a package's."""
    last = None
    while traceback is not None:
        name = traceback.tb_frame.f_code.co_filename
        if not name.startswith(_ELSEWHERE) and not name.startswith("<__array"):
            last = traceback
        traceback = traceback.tb_next
    return last


def _shapes(frame):
    """The arrays among a frame's variables, with their shapes, in a line."""
    arrays = [
        f"{name} is {value.shape}"
        for name, value in frame.f_locals.items()
        if type(value) is np.ndarray and not name.startswith("_")
    ]
    return ", ".join(arrays[:8])


def _reword(said, source, frame):
    for pattern, words in _WORDINGS:
        if found := re.search(pattern, said):
            return words(found, source, frame)
    return None


def _product(found, source, frame):
    left, right = found["b"], found["a"]
    sides = _operands(source, frame, ast.MatMult)
    named = [s for s in sides if _sizes(s) == (int(left), int(right))]
    if len(named) == 1:
        (a, sa), (b, sb) = named[0]
        return (
            f"`{a} @ {b}` can't be formed: `{a}` is {sa} and `{b}` is {sb}, and the left's "
            f"last length, {left}, must equal the right's first, {right}."
        )
    return (
        f"A product `A @ B` can't be formed: the left's last length is {left} and the right's "
        f"first is {right}; they must be equal."
    )


def _sizes(pair):
    (_, a), (_, b) = pair
    return (a[-1], b[-2] if len(b) > 1 else b[0]) if a and b else None


def _operands(source, frame, kind):
    """Both sides of an operator in a line as (text, shape), where both are plain names."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return []
    pairs = []
    for node in ast.walk(tree):
        if isinstance(node, ast.BinOp) and isinstance(node.op, kind):
            sides = [_named(side, frame) for side in (node.left, node.right)]
            if all(sides):
                pairs.append(tuple(sides))
    return pairs


def _named(node, frame):
    """(text, shape) of `X` or `X.T`, where X is an array the frame knows."""
    flip = isinstance(node, ast.Attribute) and node.attr == "T"
    name = node.value if flip else node
    if not isinstance(name, ast.Name):
        return None
    value = frame.f_locals.get(name.id, frame.f_globals.get(name.id))
    if type(value) is not np.ndarray:
        return None
    return (f"{name.id}.T", value.T.shape) if flip else (name.id, value.shape)


def _tuple(text):
    """NumPy's (5,3) as Python's (5, 3)."""
    return re.sub(r",(?=\d)", ", ", text)


def _broadcast(found, source, frame):
    a, b = (tuple(int(n) for n in found[side].split(",") if n) for side in "ab")
    for back in range(1, min(len(a), len(b)) + 1):
        if a[-back] != b[-back] and 1 not in (a[-back], b[-back]):
            return (
                f"Shapes {a} and {b} can't be combined entry by entry: counted from the right, "
                f"lengths {a[-back]} and {b[-back]} meet, and neither is 1."
            )
    return f"Shapes {a} and {b} can't be combined entry by entry."


_SHAPE = r"\((?P<{}>[\d,]*)\)"
_WORDINGS = [
    (r"mismatch in its core dimension.*size (?P<a>\d+) is different from (?P<b>\d+)", _product),
    (
        r"shapes \(.*\) and \(.*\) not aligned: (?P<b>\d+) \(dim \d+\) != (?P<a>\d+)",
        _product,
    ),
    (rf"broadcast together with shapes {_SHAPE.format('a')} {_SHAPE.format('b')}", _broadcast),
    (
        r"non-broadcastable output operand with shape (\([\d,]*\)) doesn't match the broadcast "
        r"shape (\([\d,]*\))",
        lambda m, *_: (
            f"An array of shape {_tuple(m[1])} is changed in place, and what is added to it has "
            f"shape {_tuple(m[2])}: it can't grow."
        ),
    ),
    (
        r"could not broadcast input array from shape (\([\d,]*\)) into shape (\([\d,]*\))",
        lambda m, *_: (
            f"An array of shape {_tuple(m[1])} is put into a place of shape {_tuple(m[2])}."
        ),
    ),
    (
        r"cannot reshape array of size (\d+) into shape (\([\d,]*\))",
        lambda m, *_: f"{m[1]} numbers can't be laid out in shape {_tuple(m[2])}.",
    ),
    (
        r"index (-?\d+) is out of bounds for axis (\d+) with size (\d+)",
        lambda m, *_: (
            f"Index {m[1]} is asked for on axis {m[2]}, whose length is {m[3]}: "
            f"its last index is {int(m[3]) - 1}."
        ),
    ),
    (
        r"axis (-?\d+) is out of bounds for array of dimension (\d+)",
        lambda m, *_: f"Axis {m[1]} is asked for, but the array has {m[2]} axes: 0 is the first.",
    ),
    (
        r"truth value of an array with more than one element is ambiguous",
        lambda *_: (
            "An array stands where one True or False is needed (after `if`, `and`, `or`, `max`). "
            "For entry by entry, use `np.where` or `np.maximum`."
        ),
    ),
    (
        r"only (?:length-1|0-dimensional|size-1) arrays can be converted",
        lambda *_: (
            "An array stands where one number is needed: is a function of `math` used "
            "where NumPy's is meant, or a sum missing?"
        ),
    ),
    (
        r"has an inhomogeneous shape",
        lambda *_: "A list of things of different shapes can't become one array.",
    ),
    (
        r"setting an array element with a sequence",
        lambda *_: "An array stands where one number is needed: one entry can't hold an array.",
    ),
    (
        r"matmul: Input operand (\d) does not have enough dimensions",
        lambda m, *_: (
            f"The {'right' if m[1] == '1' else 'left'} side of `@` is a single number; "
            "use `*` for that."
        ),
    ),
    (
        r"maximum recursion depth exceeded",
        lambda *_: "It calls itself again and again, and nothing ends it.",
    ),
    (
        r"missing (\d+) required positional arguments?: (.*)",
        lambda m, *_: f"A call lacks {'an argument' if m[1] == '1' else 'arguments'}: {m[2]}.",
    ),
]
