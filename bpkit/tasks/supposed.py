"""What would be right for other inputs: the reference, run on inputs with one thing changed.

If an answer's numbers are the right ones for `-g` instead of `g`, for `t - 1` instead of `t`, or
for the last example alone, then that is what it computes, however it is written.
"""

import numpy as np

from bpkit.tasks.entries import sigmoid
from bpkit.tasks.run import Case

NUMBERS = {
    "`-{0}`": lambda v: -v,
    "`2 {0}`": lambda v: 2 * v,
    "`{0} / 2`": lambda v: v / 2,
    "`{0}` squared": lambda v: v * v,
    "`1 - {0}`": lambda v: 1 - v,
    "`1 / {0}`": lambda v: 1 / v,
    "turned from degrees into radians": np.radians,
    "0": lambda v: 0 * v,
    "1": lambda v: 0 * v + 1,
}
COUNTS = {"`{0} - 1`": lambda v: v - 1, "`{0} + 1`": lambda v: v + 1}
ARRAYS = {
    "`-{0}`": lambda v: -v,
    "`2 {0}`": lambda v: 2 * v,
    "`{0}` squared": lambda v: v * v,
    "`{0}` without its signs": abs,
    "scaled to length 1": lambda v: v / np.linalg.norm(v),
    "centered, its mean taken away": lambda v: v - v.mean(),
    "rounded to whole numbers": np.round,
    "the sum of all its entries, everywhere": lambda v: np.full_like(v, v.sum()),
    "the mean of all its entries, everywhere": lambda v: np.full_like(v, v.mean()),
    "0 everywhere": np.zeros_like,
    "1 everywhere": np.ones_like,
    "`{0}` from back to front": lambda v: v[::-1],
    "`{0}` with its last axis from back to front": lambda v: v[..., ::-1],
    "`{0}` with its last two axes from back to front": lambda v: v[..., ::-1, ::-1],
    "`{0}` with its rows and columns exchanged": lambda v: v.T,
    "`{0}` with the largest of each row taken away": lambda v: v - v.max(axis=-1, keepdims=True),
    "`{0}` with the mean of each row taken away": lambda v: v - v.mean(axis=-1, keepdims=True),
    "the mean over axis 0, everywhere": lambda v: np.zeros_like(v) + v.mean(axis=0),
    "the sum over axis 0, everywhere": lambda v: np.zeros_like(v) + v.sum(axis=0),
    "the first along axis 0, everywhere": lambda v: np.zeros_like(v) + v[0],
    "put through the sigmoid": sigmoid,
    "put through tanh": np.tanh,
    "0 where it is negative": lambda v: np.maximum(v, 0),
}
MASKS = {
    "its opposite": np.logical_not,
    "True everywhere": np.ones_like,
    "False everywhere": np.zeros_like,
}
PARTS = {
    "only the first": slice(None, 1),
    "only the last": slice(-1, None),
    "all but the first": slice(1, None),
    "all but the last": slice(None, -1),
}


def suppositions(case):
    """Yield (clause, change): each change takes a case's inputs and lengths to other inputs."""
    for name, value in case.inputs.items():
        for words, change in _changes(value).items():
            yield f"if `{name}` were {words.format(name)}", _one(name, change)
        for other, stand_in in case.inputs.items():
            if other != name and of_one_kind(value, stand_in):
                yield f"with `{other}` in place of `{name}`", _stand_in(name, other)
    for length in case.lengths:
        for words, part in PARTS.items():
            yield f"if {words} along `{length}` counted", _part(length, part)


def _changes(value):
    if type(value) is float:
        return NUMBERS
    if type(value) is int:
        return COUNTS
    if isinstance(value, np.ndarray):
        return {"f": ARRAYS, "i": COUNTS, "b": MASKS}.get(value.dtype.kind, {})
    return {}


def of_one_kind(a, b):
    """Whether one input could be taken for the other: numbers, functions, arrays of one shape."""
    if type(a) is not type(b):
        return False
    if isinstance(a, np.ndarray):
        return a.shape == b.shape and a.dtype == b.dtype
    return isinstance(a, (float, int)) or callable(a)


def _one(name, change):
    return lambda inputs, lengths: {**inputs, name: change(inputs[name])}


def _stand_in(name, other):
    return lambda inputs, lengths: {**inputs, name: inputs[other]}


def _part(length, part):
    """Every array that has an axis of this length, cut along it."""

    def change(inputs, lengths):
        n = lengths[length]
        cut = {}
        for name, value in inputs.items():
            if isinstance(value, np.ndarray) and n in value.shape:
                axis = value.shape.index(n)
                cut[name] = value[(slice(None),) * axis + (part,)]
        if not cut:
            raise ValueError("no input has this length")
        return {**inputs, **cut}

    return change


def outputs_if(trial, change):
    """What the reference gives for a trial's inputs, changed; nothing where it can't."""
    case = trial.case
    try:
        with np.errstate(all="ignore"):
            return Case(case.task, change(case.inputs, case.lengths)).expected
    except Exception:
        return {}
