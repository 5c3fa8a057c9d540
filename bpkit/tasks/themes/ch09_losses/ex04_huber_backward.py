"""The gradient of Huber's loss.

A square near 0 and straight lines outside, which meet with one slope.
"""

import numpy as np

import bpkit as bp
from bpkit.tasks.spec import Mistake, task
from bpkit.tasks.tools import changed_in_place, pullback, slopes


def huber_backward(Y, T, delta):
    """The gradient of the mean Huber loss with respect to the predictions.

    Y (N, D): predictions. T (N, D): targets. delta: a number. Returns dY (N, D).
    """
    errors = Y - T
    return np.clip(errors, -delta, delta) / Y.size


def near_and_far(draw):
    """Differences on both sides of delta, with both signs."""
    N, D = draw.sizes("N D")
    delta = draw.positive(low=0.5, high=0.9)
    near = draw.mask(N, D)
    errors = np.where(near, draw.real(N, D, low=0.2, high=0.8), draw.real(N, D, low=1.2, high=3.0))
    for place, error in enumerate([1.7, -2.3, 0.4, -0.6][: errors.size]):
        errors.flat[place] = error
    T = draw.real(N, D)
    return {"Y": T + delta * draw.rng.permuted(errors), "T": T, "delta": delta}


def huber_loops(Y, T, delta):
    dY = np.zeros_like(Y)
    for i in np.ndindex(Y.shape):
        e = Y[i] - T[i]
        if e > delta:
            e = delta
        elif e < -delta:
            e = -delta
        dY[i] = e / Y.size
    return dY


def huber_sum(Y, T, delta):
    e = np.abs(Y - T)
    return np.mean(np.where(e <= delta, 0.5 * e * e, delta * (e - 0.5 * delta)))


task(
    huber_backward,
    chapter=9,
    title="The Huber loss, backward",
    minutes=10,
    points=2,
    returns="dY",
    inputs=near_and_far,
    statement=r"""
        The Huber loss is a square for small differences and a straight line for large ones, so
        that a wild target can't rule the batch. For one entry, with $e = y - t$, it is
        $\frac12 e^2$ where $|e| \le \delta$, and $\delta\,(|e| - \frac12 \delta)$ beyond. The
        loss is the mean over all N D entries. `Y` and `T` are `(N, D)`, `delta` is a positive
        number.

        Write `huber_backward(Y, T, delta)`, which returns the gradient of the loss with respect
        to `Y`, `dY` `(N, D)`.
        """,
    example="""
        >>> huber_backward(np.array([[3.0, 4.5]]), np.array([[9.0, 4.0]]), 2.0).tolist()
        [[-1.0, 0.25]]
        """,
    variants=[
        {
            "np.clip(errors, -delta, delta)": (
                "np.where(np.abs(errors) <= delta, errors, delta * np.sign(errors))"
            )
        },
        {"np.clip(errors, -delta, delta)": "np.maximum(np.minimum(errors, delta), -delta)"},
        {
            "np.clip(errors, -delta, delta)": (
                "errors * np.minimum(1, delta / np.maximum(np.abs(errors), delta))"
            )
        },
        huber_loops,
    ],
    oracle=lambda Y, T, delta: pullback(lambda y: bp.huber(y, T, delta), 1.0, Y),
    differences=lambda Y, T, delta: slopes(lambda Y: huber_sum(Y, T, delta), Y),
    mistakes=[
        Mistake(
            "not_limited",
            "Large differences are not limited",
            "Beyond delta the loss is a straight line, whose slope no longer grows with the "
            "difference.",
            {"np.clip(errors, -delta, delta)": "errors"},
        ),
        Mistake(
            "positive_only",
            "Only large positive differences are limited",
            "A prediction can be far below its target too: it is the size of the difference, "
            "whatever its sign, that is compared with delta.",
            {"np.clip(errors, -delta, delta)": "np.minimum(errors, delta)"},
        ),
        Mistake(
            "sign_lost",
            "Beyond delta the sign is lost",
            "On the left the line falls: a prediction far below its target has slope -delta.",
            {"np.clip(errors, -delta, delta)": "np.where(np.abs(errors) <= delta, errors, delta)"},
        ),
        Mistake(
            "slope_one",
            "Beyond delta the slope is 1 instead of delta",
            "The line continues the square where it ends, and there the slope is delta.",
            {
                "np.clip(errors, -delta, delta)": (
                    "np.where(np.abs(errors) <= delta, errors, np.sign(errors))"
                )
            },
        ),
        Mistake(
            "nothing_beyond",
            "Large differences get no gradient",
            "Beyond delta the loss goes on rising, along a line; it is not flat.",
            {"np.clip(errors, -delta, delta)": "np.where(np.abs(errors) <= delta, errors, 0.0)"},
        ),
        Mistake(
            "sides_exchanged",
            "The square and the line are exchanged",
            "Small differences, up to delta, lie on the square; large ones on the line.",
            {
                "np.clip(errors, -delta, delta)": (
                    "np.where(np.abs(errors) <= delta, delta * np.sign(errors), errors)"
                )
            },
        ),
        Mistake(
            "factor_two",
            "For small differences there is a factor 2",
            "The square stands with 1/2 in the loss, and the 2 of its derivative cancels that.",
            {
                "np.clip(errors, -delta, delta)": (
                    "np.where(np.abs(errors) <= delta, 2 * errors, delta * np.sign(errors))"
                )
            },
        ),
        Mistake(
            "flipped",
            "The sign is flipped",
            "The loss grows when a prediction that is too large grows: the difference is Y - T.",
            {"Y - T": "T - Y"},
        ),
        Mistake(
            "value_for_slope",
            "It is the loss of each entry, not its slope",
            "These are the values of the square and of the line; asked for are their slopes.",
            {
                "np.clip(errors, -delta, delta)": (
                    "np.where(np.abs(errors) <= delta, errors**2 / 2, "
                    "delta * (np.abs(errors) - delta / 2))"
                )
            },
        ),
        Mistake(
            "not_divided",
            "The mean's division is missing",
            "The loss is a mean over N D entries, so each slope is divided by their number.",
            {" / Y.size": ""},
        ),
        Mistake(
            "divided_by_N",
            "Divided by N only",
            "The mean runs over all entries, so the factor is 1 over N times D.",
            {"Y.size": "len(Y)"},
        ),
        changed_in_place({"errors = Y - T": "errors = Y\n    errors -= T"}, "Y"),
        Mistake(
            "value_beyond",
            "Beyond delta the value of the line stands, not its slope",
            "The line rises by delta for each unit of the difference, so its slope is delta, with "
            "the difference's sign.",
            {
                "np.clip(errors, -delta, delta)": (
                    "np.where(np.abs(errors) <= delta, errors, "
                    "delta * (np.abs(errors) - delta / 2))"
                )
            },
        ),
    ],
    nudge="What is the slope of the square at the place where the line takes over, and what is it "
    "further out, on both sides?",
    sketch="""
        Differentiate the two pieces. The square with its half has the difference itself as slope.
        The line has a constant slope, positive on the right and negative on the left, and it fits
        the square where they meet. So the slope is the difference, kept between two bounds. The
        mean adds a division by the number of entries.
        """,
    skeleton="""
        def huber_backward(Y, T, delta):
            errors = ...
            slopes = ...            # (N, D): never beyond delta in size
            return slopes / ...
        """,
    notice="The gradient is the difference, clipped. Huber's loss is what clipping the gradient "
    "of a squared error amounts to.",
)
