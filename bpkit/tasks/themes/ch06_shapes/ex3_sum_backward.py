"""The backward step of a sum along an axis.

Every entry that was added receives the whole of what arrives.
"""

import numpy as np

import bpkit as bp
from bpkit.tasks.spec import Mistake, task
from bpkit.tasks.tools import pullback, slopes, upstream_ignored


def sum_backward(dY, X, axis):
    """The gradient of Y = X.sum(axis=axis).

    X (N, D, M); axis is 0, 1 or 2; dY has the shape of X without that axis. Returns dX (N, D, M).
    """
    spread = np.expand_dims(dY, axis)
    return np.ones(X.shape) * spread


def summed_array(draw, axis=None):
    shape = draw.sizes("N D M")
    axis = draw.whole(1, 2) if axis is None else axis
    rest = [length for place, length in enumerate(shape) if place != axis]
    return {"dY": draw.real(*rest), "X": draw.real(*shape), "axis": axis}


def sum_by_loops(dY, X, axis):
    dX = np.empty_like(X)
    for n, d, m in np.ndindex(X.shape):
        place = [n, d, m]
        del place[axis]
        dX[n, d, m] = dY[tuple(place)]
    return dX


def first_place_only(dY, X, axis):
    dX = np.zeros(X.shape)
    np.moveaxis(dX, axis, 0)[0] = dY
    return dX


task(
    sum_backward,
    chapter=6,
    title="A sum along one axis, backward",
    minutes=8,
    points=2,
    returns="dX",
    inputs=summed_array,
    extremes=lambda draw: {"axis 0": summed_array(draw, axis=0)},
    statement="""
        Sums are everywhere: over pixels, over time, over a batch. `X` is `(N, D, M)`, and `Y =
        X.sum(axis=axis)` lacks the axis that was summed, which is 0, 1 or 2: for `axis = 1`, `Y`
        is `(N, M)`. From above comes `dY`, in the shape of `Y`.

        Write `sum_backward(dY, X, axis)`, which returns `dX` `(N, D, M)`.
        """,
    example="""
        >>> dY, X = np.array([[10.0, 20.0]]), np.array([[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]])
        >>> sum_backward(dY, X, 1).tolist()
        [[[10.0, 20.0], [10.0, 20.0], [10.0, 20.0]]]
        """,
    variants=[
        {"np.ones(X.shape) * spread": "np.broadcast_to(spread, X.shape).copy()"},
        {"np.ones(X.shape) * spread": "np.repeat(spread, X.shape[axis], axis=axis)"},
        {"np.expand_dims(dY, axis)": "np.stack([dY] * X.shape[axis], axis=axis)"},
        sum_by_loops,
    ],
    oracle=lambda dY, X, axis: pullback(lambda X: bp.sum(X, axis=axis), dY, X),
    differences=lambda dY, X, axis: slopes(lambda X: np.sum(dY * X.sum(axis=axis)), X),
    mistakes=[
        upstream_ignored({" * spread": ""}),
        Mistake(
            "averaged",
            "The gradient is divided by the length of the axis",
            "That belongs to a mean. In a sum every entry counts fully, so each receives all of "
            "dY.",
            {"* spread": "* spread / X.shape[axis]"},
        ),
        Mistake(
            "multiplied_by_length",
            "The gradient is multiplied by the length of the axis",
            "Each entry enters the sum once, so it receives dY once.",
            {"* spread": "* spread * X.shape[axis]"},
        ),
        Mistake(
            "times_x",
            "The gradient is multiplied by X",
            "The derivative of a sum with respect to one of its terms is 1, whatever the term.",
            {"np.ones(X.shape)": "X"},
        ),
        Mistake(
            "not_spread",
            "dY is returned as it came",
            "dX has the shape of X: every entry along the summed axis receives the same number.",
            {"np.ones(X.shape) * spread": "dY"},
        ),
        Mistake(
            "length_one",
            "The summed axis has length 1",
            "The axis is put back, but not filled: each entry along it receives, so its length is "
            "that of X.",
            {"np.ones(X.shape) * spread": "spread"},
        ),
        Mistake(
            "first_axis",
            "The axis is put back in front",
            "It goes where it was taken from, at the place axis; then each number of dY meets the "
            "entries it was the sum of.",
            {"np.expand_dims(dY, axis)": "np.expand_dims(dY, 0)"},
        ),
        Mistake(
            "first_place",
            "Only the first entry along the axis receives",
            "All entries along the axis are terms of the sum, and all receive dY.",
            first_place_only,
        ),
        Mistake(
            "repeated_in_place",
            "Each number of dY is repeated beside itself",
            "That is right only for the last axis; the copies belong along the axis that was "
            "summed.",
            {"np.ones(X.shape) * spread": "np.repeat(dY, X.shape[axis]).reshape(X.shape)"},
        ),
        Mistake(
            "times_sum",
            "The gradient is multiplied by the sum",
            "The derivative of a sum with respect to one of its terms is 1; the sum itself is no "
            "part of it.",
            {"np.ones(X.shape)": "np.ones(X.shape) * X.sum(axis=axis, keepdims=True)"},
        ),
        Mistake(
            "shared_out",
            "The gradient is shared out in proportion to X",
            "A sum does not care how large its terms are: moving any of them by a little moves the "
            "sum as much.",
            {"np.ones(X.shape) * spread": "spread * X / X.sum(axis=axis, keepdims=True)"},
        ),
    ],
    nudge="If one entry of X grows by a little, how much does the sum grow that it is part of, and "
    "does that depend on the entry?",
    sketch="""
        Each entry of X is a term of exactly one entry of Y, and its derivative there is 1. So it
        receives that entry of dY, unchanged. All entries along the summed axis are terms of the
        same one: put the axis back where it was, with length 1, and let it stretch to the length
        that X has there.
        """,
    skeleton="""
        def sum_backward(dY, X, axis):
            spread = np.expand_dims(dY, ...)        # the axis is back, with length 1
            return ...                              # in the shape of X
        """,
    notice="A sum going forward is a copy going back, and a copy (a broadcast) going forward is a "
    "sum going back. Each is the other's transpose.",
)
