"""The backward step of leaky ReLU. Where X is negative a small share passes."""

import numpy as np

import bpkit as bp
from bpkit.tasks.spec import Mistake, task
from bpkit.tasks.themes.ch08_activations.shared import upstream_and_x
from bpkit.tasks.tools import changed_in_place, pullback, slopes, upstream_ignored


def leaky_relu_backward(dY, X, slope):
    """The gradient of leaky ReLU.

    dY, X (N, D). slope: a number, for negative X. Returns dX (N, D).
    """
    return dY * np.where(X > 0, 1.0, slope)


def leaky_inputs(draw):
    """One entry of X lies between 0 and the slope, which is no place to compare it with."""
    inputs, slope = upstream_and_x(draw), draw.positive(low=0.2, high=0.5)
    inputs["X"].flat[-1] = slope / 2
    return {**inputs, "slope": slope}


def leaky_masked(dY, X, slope):
    dX = dY.copy()
    dX[X < 0] *= slope
    return dX


def leaky_loops(dY, X, slope):
    dX = np.zeros_like(X)
    for n, d in np.ndindex(X.shape):
        dX[n, d] = dY[n, d] if X[n, d] > 0 else slope * dY[n, d]
    return dX


task(
    leaky_relu_backward,
    chapter=8,
    title="Leaky ReLU, backward",
    minutes=6,
    points=1,
    returns="dX",
    inputs=leaky_inputs,
    statement="""
        Leaky ReLU lets a little of what is negative through, so that no unit is ever dead: an
        entry of `X` stays as it is where it is positive, and is multiplied by the number `slope`
        where it is negative. `X` is `(N, D)`, and so is the upstream gradient `dY`.

        Write `leaky_relu_backward(dY, X, slope)`, which returns `dX` `(N, D)`.
        """,
    example="""
        >>> leaky_relu_backward(np.array([[10.0, 20.0]]), np.array([[-3.0, 0.5]]), 0.1).tolist()
        [[1.0, 20.0]]
        """,
    variants=[
        {"np.where(X > 0, 1.0, slope)": "(slope + (1 - slope) * (X > 0))"},
        {"dY * np.where(X > 0, 1.0, slope)": "np.where(X > 0, dY, slope * dY)"},
        leaky_masked,
        leaky_loops,
    ],
    oracle=lambda dY, X, slope: pullback(lambda x: bp.leaky_relu(x, slope=slope), dY, X),
    differences=lambda dY, X, slope: slopes(
        lambda X: np.sum(dY * np.where(X > 0, X, slope * X)), X
    ),
    mistakes=[
        upstream_ignored({"dY * ": ""}),
        Mistake(
            "as_relu",
            "Nothing passes where X is negative",
            "That is plain ReLU; leaky ReLU has a slope for negative X, and the gradient passes "
            "times that slope.",
            {"1.0, slope": "1.0, 0.0"},
        ),
        Mistake(
            "wrong_side",
            "The slope is used where X is positive",
            "For positive X the slope is 1; `slope` belongs to negative X.",
            {"X > 0": "X < 0"},
        ),
        Mistake(
            "forward_again",
            "The forward pass is applied to dY",
            "Which of the two slopes holds is decided by the sign of X, which went in, not by "
            "the sign of the gradient.",
            {"X > 0": "dY > 0"},
        ),
        Mistake(
            "times_value",
            "Multiplied by the value instead of the slope",
            "The derivative is 1 or `slope`; the value of the function, which holds X itself, "
            "does not come in.",
            {"1.0, slope": "X, slope * X"},
        ),
        Mistake(
            "slope_everywhere",
            "Everything is multiplied by the slope",
            "Where X is positive the function passes it as it is, and so passes the gradient.",
            {"1.0, slope": "slope, slope"},
        ),
        Mistake(
            "slope_not_used",
            "The slope given is not used",
            "The usual 0.01 stands where the argument `slope` belongs.",
            {"1.0, slope": "1.0, 0.01"},
        ),
        Mistake(
            "slope_negated",
            "The slope for negative X has the wrong sign",
            "The function rises for negative X too, so its slope there is positive.",
            {"1.0, slope": "1.0, -slope"},
        ),
        Mistake(
            "slope_added",
            "The slope is added to the gradient",
            "Going back multiplies by the local slope; it is not added.",
            {"dY * np.where(X > 0, 1.0, slope)": "np.where(X > 0, dY, dY + slope)"},
        ),
        Mistake(
            "both_slopes",
            "For positive X, the slope is added to 1",
            "Only one of the two pieces holds at each entry: for positive X the derivative is 1, "
            "not 1 + slope.",
            {"1.0, slope": "1.0 + slope, slope"},
        ),
        changed_in_place(
            {"return dY * np.where(X > 0, 1.0, slope)": "dY[X < 0] *= slope\n    return dY"}, "dY"
        ),
        Mistake(
            "value_for_negative",
            "Where X is negative, the value stands instead of the gradient",
            "There the upstream gradient passes, times the slope; slope times X is what went "
            "forward.",
            {"dY * np.where(X > 0, 1.0, slope)": "np.where(X > 0, dY, slope * X)"},
        ),
        Mistake(
            "output_for_slope",
            "Where X is negative the output stands in place of the slope",
            "The output there is slope times X; its derivative is slope alone.",
            {"1.0, slope": "1.0, slope * X"},
        ),
    ],
    nudge="If an entry of X is -3 and grows by a little, by how much does the output grow?",
    sketch="""
        The function is made of two straight pieces. Each has one slope: 1 on the right of 0, and
        the number given on its left. The sign of X says on which piece an entry stands; each
        entry of the upstream gradient is multiplied by the slope of its piece.
        """,
    skeleton="""
        def leaky_relu_backward(dY, X, slope):
            local = np.where(..., ..., ...)     # (N, D): the derivative at X
            return ...
        """,
    notice="With a slope of 0 this is ReLU. With any other, a unit that is negative on every "
    "example still receives a gradient, and so can come back to life.",
)
