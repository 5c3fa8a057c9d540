"""The backward step of softplus. Its slope is the sigmoid of its input."""

import numpy as np

import bpkit as bp
from bpkit.tasks.spec import Mistake, task
from bpkit.tasks.themes.ch08_activations.shared import large_x, upstream_and_x
from bpkit.tasks.tools import changed_in_place, pullback, slopes, upstream_ignored


def softplus_backward(dY, X):
    """The gradient of Y = log(1 + exp(X)).

    dY, X (N, D). Returns dX (N, D).
    """
    return dY / (1 + np.exp(-X))


task(
    softplus_backward,
    chapter=8,
    title="Softplus, backward",
    minutes=8,
    points=2,
    returns="dX",
    inputs=upstream_and_x,
    extremes=large_x,
    statement="""
        Softplus is ReLU with its corner rounded off: `Y = log(1 + exp(X))`, entry by entry. `X`
        is `(N, D)`, and so are `Y` and the upstream gradient `dY`.

        Write `softplus_backward(dY, X)`, which returns `dX` `(N, D)`. It must be finite for
        inputs of any size.
        """,
    example="""
        >>> softplus_backward(np.array([[10.0, 10.0]]), np.array([[0.0, 1000.0]])).tolist()
        [[5.0, 10.0]]
        """,
    variants=[
        {"dY / (1 + np.exp(-X))": "dY * 0.5 * (1 + np.tanh(X / 2))"},
        {"dY / (1 + np.exp(-X))": "dY * np.exp(X - np.logaddexp(0, X))"},
        lambda dY, X: np.vectorize(lambda u, x: u / (1 + np.exp(-x)))(dY, X),
    ],
    oracle=lambda dY, X: pullback(bp.softplus, dY, X),
    differences=lambda dY, X: slopes(lambda X: np.sum(dY * np.log(1 + np.exp(X))), X),
    mistakes=[
        upstream_ignored({"dY / ": "1 / "}),
        Mistake(
            "overflow",
            "A large exponential is divided by itself",
            "For X near 1000, exp(X) is infinity, and infinity over infinity is NaN; divide above "
            "and below by exp(X) first.",
            {"dY / (1 + np.exp(-X))": "dY * np.exp(X) / (1 + np.exp(X))"},
        ),
        Mistake(
            "inner_derivative_missing",
            "It is the sigmoid of minus X",
            "The logarithm's slope, 1 over its argument, is multiplied by the slope of what "
            "stands inside, exp(X); the two make the sigmoid of X, which rises.",
            {"-X": "X"},
        ),
        Mistake(
            "logarithm_missing",
            "The logarithm is not differentiated",
            "exp(X) is the inner slope alone; the logarithm's own slope divides it by 1 + exp(X).",
            {"dY / (1 + np.exp(-X))": "dY * np.exp(X)"},
        ),
        Mistake(
            "value_for_slope",
            "Multiplied by the value instead of the slope",
            "This is dY times softplus itself; going back multiplies by its derivative.",
            {"dY / (1 + np.exp(-X))": "dY * np.logaddexp(0, X)"},
        ),
        Mistake(
            "slope_of_relu",
            "It is the slope of ReLU",
            "Softplus has no corner: its slope rises smoothly from 0 to 1, and is 1/2 at 0.",
            {"dY / (1 + np.exp(-X))": "dY * (X > 0)"},
        ),
        Mistake(
            "second_derivative",
            "It is the slope of the sigmoid",
            "The slope of softplus is the sigmoid itself; times one minus the sigmoid, it is the "
            "slope of the slope.",
            {"dY / (1 + np.exp(-X))": "dY / (1 + np.exp(-X)) / (1 + np.exp(X))"},
        ),
        Mistake(
            "brackets",
            "The brackets round the denominator are missing",
            "Division comes before addition: the whole of 1 plus the exponential belongs below "
            "the line.",
            {"(1 + np.exp(-X))": "1 + np.exp(-X)"},
        ),
        Mistake(
            "slope_at_dY",
            "The slope is taken at dY",
            "Where on its curve softplus stands is told by X, not by the gradient that arrives.",
            {"-X": "-dY"},
        ),
        Mistake(
            "passes_all",
            "The upstream gradient passes unchanged",
            "Softplus has slope 1 only far on the right. Without the 1 in it, the logarithm of "
            "exp(X) would be X, with slope 1 everywhere; the 1 bends it.",
            {"dY / (1 + np.exp(-X))": "dY.copy()"},
        ),
        changed_in_place(
            {"return dY / (1 + np.exp(-X))": "dY /= 1 + np.exp(-X)\n    return dY"}, "dY"
        ),
    ],
    nudge="The logarithm's slope is 1 over its argument; by what does the inner function multiply "
    "it, and which well-known curve comes out?",
    sketch="""
        Differentiate from outside in: the logarithm gives 1 over its argument, and its argument
        has the derivative exp of X. Together that is an S-shaped curve from 0 to 1, which you
        have met as an activation of its own. Write it in the form whose exponential stands below
        the line only, so that large inputs do no harm.
        """,
    skeleton="""
        def softplus_backward(dY, X):
            slope = 1 / (...)       # (N, D): between 0 and 1
            return ...
        """,
    notice="The slope of softplus is the sigmoid, as the slope of ReLU is a step: the sigmoid is "
    "a rounded step.",
)
