"""The backward step of tanh. The slope is 1 minus the square of the output."""

import numpy as np

import bpkit as bp
from bpkit.tasks.spec import Mistake, task
from bpkit.tasks.themes.ch08_activations.shared import large_x, upstream_and_x
from bpkit.tasks.tools import changed_in_place, pullback, slopes, upstream_ignored


def tanh_backward(dY, X):
    """The gradient of Y = tanh(X).

    dY, X (N, D). Returns dX (N, D).
    """
    return dY * (1 - np.tanh(X) ** 2)


def tanh_by_cosh(dY, X):
    small = np.exp(-2 * np.abs(X))
    return 4 * dY * small / (1 + small) ** 2


def tanh_loops(dY, X):
    rows = []
    for up, x in zip(dY, X, strict=True):
        rows.append([u * (1 - np.tanh(v)) * (1 + np.tanh(v)) for u, v in zip(up, x, strict=True)])
    return np.array(rows)


task(
    tanh_backward,
    chapter=8,
    title="Tanh, backward",
    minutes=6,
    points=1,
    returns="dX",
    inputs=upstream_and_x,
    extremes=large_x,
    statement="""
        Going forward, `Y = tanh(X)`, entry by entry. `X` is `(N, D)`, and so are `Y` and the
        upstream gradient `dY`. This time the input was kept: `X` is what went into tanh.

        Write `tanh_backward(dY, X)`, which returns `dX` `(N, D)`. It must be right for inputs of
        any size; `np.tanh` is.
        """,
    example="""
        >>> tanh_backward(np.array([[10.0, 10.0]]), np.array([[0.0, np.log(2)]])).round(6).tolist()
        [[10.0, 6.4]]
        """,
    variants=[
        {"(1 - np.tanh(X) ** 2)": "(1 - np.tanh(X)) * (1 + np.tanh(X))"},
        {"dY * (1 - np.tanh(X) ** 2)": "dY / np.cosh(X) ** 2"},
        tanh_by_cosh,
        tanh_loops,
    ],
    oracle=lambda dY, X: pullback(bp.tanh, dY, X),
    differences=lambda dY, X: slopes(lambda X: np.sum(dY * np.tanh(X)), X),
    mistakes=[
        upstream_ignored({"dY * (1 - np.tanh(X) ** 2)": "1 - np.tanh(X) ** 2"}),
        Mistake(
            "X_as_output",
            "X is taken for the output of tanh",
            "The slope is 1 minus the square of the output; here X went in, so its tanh must be "
            "taken first.",
            {"np.tanh(X)": "X"},
        ),
        Mistake(
            "tanh_twice",
            "Tanh is applied twice",
            "The slope uses the output of one tanh of X; a tanh of the output is one too many.",
            {"np.tanh(X)": "np.tanh(np.tanh(X))"},
        ),
        Mistake(
            "not_squared",
            "The square is missing",
            "The slope is 1 minus the square of the output: it is the same at X and at -X.",
            {" ** 2": ""},
        ),
        Mistake(
            "whole_squared",
            "The square stands on the whole bracket",
            "Only the output is squared, and then taken from 1; here the difference is squared.",
            {"(1 - np.tanh(X) ** 2)": "(1 - np.tanh(X)) ** 2"},
        ),
        Mistake(
            "plus",
            "The square is added",
            "The square of the output is taken from 1, so that the slope goes to 0 where tanh is "
            "flat.",
            {"1 - np.tanh": "1 + np.tanh"},
        ),
        Mistake(
            "slope_of_sigmoid",
            "It is the slope of the sigmoid",
            "The output times 1 minus the output belongs to the sigmoid; at X = 0, where tanh is "
            "steepest, it would be 0.",
            {"(1 - np.tanh(X) ** 2)": "np.tanh(X) * (1 - np.tanh(X))"},
        ),
        Mistake(
            "value_for_slope",
            "Multiplied by the value instead of the slope",
            "tanh(X) is the value; what multiplies the upstream gradient is the slope of the "
            "curve.",
            {"(1 - np.tanh(X) ** 2)": "np.tanh(X)"},
        ),
        Mistake(
            "cosh_not_squared",
            "cosh is not squared",
            "The slope of tanh is 1 over the square of cosh, or 1 minus the square of tanh.",
            {"dY * (1 - np.tanh(X) ** 2)": "dY / np.cosh(X)"},
        ),
        Mistake(
            "overflow",
            "Exponentials of X are divided by each other",
            "For X near 1000, exp(X) is infinity, and infinity over infinity is NaN; np.tanh "
            "takes care of that.",
            {"np.tanh(X)": "((np.exp(X) - np.exp(-X)) / (np.exp(X) + np.exp(-X)))"},
        ),
        changed_in_place(
            {"return dY * (1 - np.tanh(X) ** 2)": "dY *= 1 - np.tanh(X) ** 2\n    return dY"}, "dY"
        ),
    ],
    nudge="The slope of tanh is written with its output; is that what you were given?",
    sketch="""
        First compute the output again, the tanh of X. Its square, taken from 1, is the slope: 1
        in the middle and 0 at both ends. Each entry of the upstream gradient is multiplied by the
        slope in its place.
        """,
    skeleton="""
        def tanh_backward(dY, X):
            Y = ...                 # (N, D): the output
            slope = ...
            return ...
        """,
    notice="Most code keeps the output going forward, so that the way back costs one "
    "multiplication and no tanh.",
)
