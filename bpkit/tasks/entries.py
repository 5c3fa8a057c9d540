"""What can be seen entry by entry: an input that came out, a factor, a term or a function of it."""

import itertools
from dataclasses import replace

import numpy as np

from bpkit.tasks.factors import factor
from bpkit.tasks.outcome import close
from bpkit.tasks.views import Clause, every


def constant(views):
    """Zero everywhere, or one number everywhere, where the right answer varies."""
    if all(np.ptp(v.want) > 0 and v.got.size > 1 for v in views if v.want.size):
        if all(not np.any(v.got) for v in views):
            return Clause("zeros", "it is 0 everywhere")
        if all(np.ptp(v.got) == 0 for v in views):
            return Clause("constant", "all its entries are equal")
    single = [(v.got, v.want) for v in views if v.got.ndim == v.want.ndim == 0]
    if len(single) == len(views) > 1:
        got, want = np.ptp(single, axis=0)
        if got == 0 < want:
            return Clause("constant", f"it is {views[0].got.item():g} whatever comes in")
    return None


def off_by_one(views):
    """A whole number that is always 1 too large, or 1 too small."""
    for by, word in ((1, "large"), (-1, "small")):
        if all(v.got.shape == v.want.shape and np.array_equal(v.got, v.want + by) for v in views):
            what = "it is" if not views[0].want.ndim else "every entry is"
            return Clause("count", f"{what} 1 too {word}")
    return None


def truncated(views):
    if all(v.got.dtype.kind in "iu" and v.want.dtype.kind == "f" for v in views) and every(
        views, lambda v: close(v.got.astype(float), np.trunc(v.want))
    ):
        return Clause("dtype", "its fractions are cut off: it is stored in an array of integers")
    return None


def rounded(views):
    """The right answer, rounded to a few decimals; in some trial that changes it."""
    for decimals in range(5):
        if every(
            views,
            lambda v, decimals=decimals: (
                v.got.shape == v.want.shape
                and np.allclose(v.got, np.round(v.want, decimals), rtol=0, atol=1e-12)
            ),
        ):
            to = f"{decimals} decimal{'s' * (decimals > 1)}" if decimals else "whole numbers"
            return Clause("function", f"it is the right answer, rounded to {to}")
    return None


def function_of(views):
    """The right answer, with a function applied to it that doesn't belong; maybe times a factor."""
    functions = {
        "without its sign": np.abs,
        "squared": np.square,
        "under a root": np.sqrt,
        "turned upside down, 1 over it": np.reciprocal,
        "put into exp": np.exp,
        "put into log": np.log,
        "put into tanh": np.tanh,
        "put into the sigmoid": sigmoid,
        "with 0 in place of what is negative": lambda v: np.maximum(v, 0),
        "put into softmax, row by row": _softmax,
        "divided by the sum of each row": lambda v: v / np.sum(v, -1, keepdims=True),
        "scaled to length 1": lambda v: v / np.linalg.norm(v),
        "taken from 1": lambda v: 1 - v,
    }
    if min(v.want.ndim for v in views):
        functions |= {
            f"summed up along axis {axis} on the way, each with all before it": (
                lambda v, axis=axis: np.cumsum(v, axis)
            )
            for axis in range(views[0].want.ndim)
        }
    with np.errstate(all="ignore"):
        for words, f in functions.items():
            bent = [replace(v, want=np.asarray(f(v.want))) for v in views]
            if not all(np.isfinite(v.want).all() for v in bent):
                continue
            clause = Clause("function", f"it is the right answer {words}")
            if every(bent, lambda v: close(v.got, v.want)):
                return [clause]
            if found := factor(bent) if views[0].want.ndim else None:
                return [clause, *found]
    return None


def sigmoid(v):
    return 1 / (1 + np.exp(-v))


def _softmax(v):
    e = np.exp(v - np.max(v, axis=-1, keepdims=True)) if v.ndim else np.full((), np.nan)
    return e / np.sum(e, axis=-1, keepdims=True)


def is_input(views):
    """It is an input, or a simple multiple of one, whatever the right answer is."""
    multiples = ((1, "it is"), (-1, "it is minus"), (2, "it is twice"), (0.5, "it is half"))
    for (name, array), (times, words) in itertools.product(views[0].arrays(), multiples):
        if (
            array.shape == views[0].got.shape
            and all(close(v.got, times * v.array(name)) for v in views)
            and any(np.any(v.got) for v in views)
        ):
            unchanged = ", unchanged" if times == 1 else ""
            return Clause("unchanged", f"{words} the input `{name}`{unchanged}")
    return None


def is_made_of_inputs(views):
    """It is two inputs combined entry by entry."""
    names = [name for name, _ in views[0].arrays()]
    for a, b in itertools.permutations(names, 2):
        for sign, combine in (
            ("*", np.multiply),
            ("/", np.divide),
            ("+", np.add),
            ("-", np.subtract),
        ):

            def agrees(v, a=a, b=b, combine=combine):
                x, y = (v.array(name) for name in (a, b))
                return x.shape == y.shape == v.got.shape and close(v.got, combine(x, y))

            if every(views, agrees):
                return Clause("made of inputs", f"what came out is `{a} {sign} {b}`")
    return None


def is_function_of_inputs(views):
    """It is a function of an input, or another input times that."""
    functions = {
        "`tanh` of `{}`": np.tanh,
        "the sigmoid of `{}`": sigmoid,
        "the ReLU of `{}`": lambda v: np.maximum(v, 0),
        "`exp` of `{}`": np.exp,
        "`log` of `{}`": np.log,
        "`{}` squared": np.square,
        "the root of `{}`": np.sqrt,
        "`{}` without its sign": np.abs,
        "the sign of `{}`": np.sign,
        "the softmax of `{}`": _softmax,
        "1 minus `{}` squared": lambda v: 1 - v * v,
        "the slope of the sigmoid at `{}`": lambda v: sigmoid(v) * (1 - sigmoid(v)),
        "the slope of `tanh` at `{}`": lambda v: 1 - np.tanh(v) ** 2,
    }
    shapes = [(n, a) for n, a in views[0].arrays() if a.shape == views[0].got.shape]
    for (name, _), (words, f) in itertools.product(shapes, functions.items()):

        def value(v, name=name, f=f):
            with np.errstate(all="ignore"):
                return f(v.array(name))

        text = f"what came out is {words.format(name)}"
        if every(views, lambda v, value=value: close(v.got, value(v))):
            return Clause("made of inputs", text)
        for other, _ in shapes:
            if other != name and every(
                views, lambda v, value=value, other=other: close(v.got, v.array(other) * value(v))
            ):
                text = f"what came out is `{other}` times {words.format(name)}"
                return Clause("made of inputs", text)
    return None


def input_factor(views):
    """An input is a factor too few or too many, entry by entry."""
    for name, _ in views[0].arrays():

        def missing(v, name=name):
            return (
                v.got.shape == v.want.shape
                and _fits(v, name)
                and close(v.got * v.array(name), v.want)
            )

        def extra(v, name=name):
            return (
                v.got.shape == v.want.shape
                and _fits(v, name)
                and close(v.got, v.want * v.array(name))
            )

        if every(views, missing):
            return Clause("missing factor", f"a factor `{name}` is missing")
        if every(views, extra):
            return Clause("extra factor", f"a factor `{name}` is there once too often")
    return None


def _fits(view, name):
    try:
        return np.broadcast_shapes(np.shape(view.array(name)), view.want.shape) == view.want.shape
    except ValueError:
        return False


def input_term(views):
    """The right answer and an input, one added to the other or taken from it, perhaps scaled."""
    for name, _ in views[0].arrays():
        if not all(v.got.shape == v.want.shape and _fits(v, name) for v in views):
            continue
        for scale, times in _scales(views[0]):

            def term(v, name=name, scale=scale):
                return scale(v) * v.array(name)

            for text, combine in TERMS:
                if every(
                    views,
                    lambda v, term=term, combine=combine: (
                        np.any(v.got - v.want) and close(v.got, combine(v.want, term(v)))
                    ),
                ):
                    return Clause("term", text.format(f"{times}`{name}`"))
    return None


TERMS = (
    (
        "what came out is the right answer plus {}: is it added where it should not be?",
        lambda want, term: want + term,
    ),
    (
        "what came out is the right answer minus {}: is that term missing?",
        lambda want, term: want - term,
    ),
    ("what came out is {} minus the right answer", lambda want, term: term - want),
    ("what came out is twice the right answer minus {}", lambda want, term: 2 * want - term),
    ("what came out is twice the right answer plus {}", lambda want, term: 2 * want + term),
)


def _scales(view):
    """What an input may be multiplied by in a term: 1, 2, or a number that was given."""
    yield lambda v: 1, ""
    yield lambda v: 2, "2 "
    for name, value in view.inputs.items():
        if type(value) is float:
            yield (lambda v, name=name: v.inputs[name]), f"`{name}` times "
