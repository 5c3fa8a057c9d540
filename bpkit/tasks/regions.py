"""A wrong output that is right in places: where it is wrong, and what is wrong there.

Where is told only if it holds on all inputs tried; what is wrong there is asked of the detectors,
which then look at the wrong entries alone.
"""

from dataclasses import replace

import numpy as np

from bpkit.tasks import entries
from bpkit.tasks.factors import factor
from bpkit.tasks.views import Clause

LEAST = 3  # inputs on which an output must be right in places, and wrong in others


def _zeros(views):
    return None if any(np.any(v.got) for v in views) else Clause("zeros", "it is 0")


_DETECTORS = (
    _zeros,
    factor,
    entries.is_input,
    entries.input_factor,
    entries.input_term,
    entries.function_of,
)


def explain(views):
    """A clause on an output that is wrong in places only; or nothing."""
    views = [v for v in views if v.got.shape == v.want.shape and v.numeric]
    pairs = [(v, _wrong(v)) for v in views]
    mixed = [(v, w) for v, w in pairs if w.any() and not w.all()]
    if len(mixed) < LEAST:
        return []
    words = next(_words(mixed), None)
    parts = [_part(v, w) for v, w in pairs if w.any()]
    due = np.concatenate([v.want for v in parts])
    if due.dtype.kind == "f" and due.size > LEAST:
        # beside one number, a factor or a function of it would mean nothing
        for detector in _DETECTORS if np.ptp(due) else (entries.is_input,):
            if clauses := detector(parts):
                clauses = clauses if isinstance(clauses, list) else [clauses]
                there = f"where it is wrong, {words}" if words else "where it is wrong"
                return [Clause(c.kind, f"{there}, {c.text}") for c in clauses]
    return [Clause("where", f"it is wrong {words}")] if words else []


def _wrong(view):
    scale = np.abs(view.want).max(initial=0) or 1.0
    with np.errstate(all="ignore"):
        return ~(np.abs(view.got - view.want) <= 1e-6 * scale)


def _words(mixed):
    """Where it is wrong, in words that hold for every pair of a view and its wrong entries."""
    for name, array in mixed[0][0].arrays():
        if array.ndim and all(v.array(name).shape == w.shape for v, w in mixed):
            for word, test in (("positive", np.greater), ("negative", np.less)):
                if all(np.array_equal(test(v.array(name), 0), w) for v, w in mixed):
                    yield f"exactly where `{name}` is {word}"
    lines = [
        (
            f"the {word} entry along axis {axis}",
            [(w, _line(w.shape, axis, place)) for _, w in mixed],
        )
        for axis in range(mixed[0][1].ndim)
        for place, word in ((0, "first"), (-1, "last"))
    ]
    yield from (f"only in {text}" for text, pairs in lines if _none(w & ~line for w, line in pairs))
    yield from (
        f"only outside {text}" for text, pairs in lines if _none(w & line for w, line in pairs)
    )
    for name in mixed[0][0].inputs:
        picked = [_picked(v.inputs[name], w.shape) for v, w in mixed]
        if any(p is None for p in picked):
            continue
        if all(np.array_equal(w, p) for (_, w), p in zip(mixed, picked, strict=True)):
            yield f"exactly at the places that `{name}` names"
        if all(np.array_equal(w, ~p) for (_, w), p in zip(mixed, picked, strict=True)):
            yield f"exactly at the places that `{name}` does not name"


def _none(masks):
    return not any(mask.any() for mask in masks)


def _line(shape, axis, place):
    """True at one place along an axis."""
    mask = np.zeros(shape, bool)
    np.moveaxis(mask, axis, 0)[place] = True
    return mask


def _picked(labels, shape):
    """True at the column that each row's label names, and where a mask is True; else None."""
    if isinstance(labels, np.ndarray) and labels.dtype.kind == "b" and labels.shape == shape:
        return labels
    if not isinstance(labels, np.ndarray) or labels.dtype.kind != "i" or len(shape) != 2:
        return None
    if labels.shape != shape[:1] or labels.min() < 0 or labels.max() >= shape[1]:
        return None
    return np.arange(shape[1]) == labels[:, None]


def _part(view, wrong):
    """A view of the wrong entries alone, in a row, and of the inputs' entries in these places."""
    inputs = {}
    for name, value in view.inputs.items():
        if not isinstance(value, np.ndarray):
            inputs[name] = value
        elif value.dtype.kind == "f":
            try:
                inputs[name] = np.broadcast_to(value, wrong.shape)[wrong]
            except ValueError:
                continue
    return replace(view, got=view.got[wrong], want=view.want[wrong], inputs=inputs)
