"""The second derivative from three values; the closed task of the chapter.

It carries the idea of a centered difference over to the slope of a slope.
"""

import numpy as np

from bpkit.tasks.draw import Formula
from bpkit.tasks.spec import Mistake, task
from bpkit.tasks.themes.ch01_slopes.shared import average_slope, curve


def bent_down(draw):
    """The same, with a second derivative below 0."""
    c = round(draw.positive(low=0.6, high=1.5), 2)
    f = Formula(f"-exp({c} x)", lambda x: -np.exp(c * x))
    return {"a curve that bends down": {**curve(draw), "f": f}}


def second_difference(f, x, h):
    """The second derivative of f at x, from three values of f.

    f takes a number and returns one; x and h are numbers, h > 0. Returns f'' at x, a number.
    """
    left, middle, right = f(x - h), f(x), f(x + h)
    return (left - 2 * middle + right) / h**2


def slope_of_slopes(f, x, h):
    slope = lambda z: (f(z + h / 2) - f(z - h / 2)) / h  # noqa: E731 - a learner would write it so
    return (slope(x + h / 2) - slope(x - h / 2)) / h


def second_by_fit(f, x, h):
    return 2 * np.polyfit([-1.0, 0.0, 1.0], [f(x - h), f(x), f(x + h)], 2)[0] / h**2


task(
    second_difference,
    chapter=1,
    title="The second derivative, from values",
    minutes=10,
    points=3,
    returns="bend",
    inputs=curve,
    extremes=bent_down,
    closed=True,
    statement="""
        The second derivative says how fast the slope itself changes: it is how a curve bends. It
        can be measured from three values of the function.

        Take the slope half a step to the right of `x` and the slope half a step to its left, each
        by a centered difference over the distance `h`, and then the slope of these slopes. Write
        `second_difference(f, x, h)`, which does this with the values of `f` at `x - h`, `x` and
        `x + h`. `f` takes a number and returns a number; `x` and `h` are numbers, and `h` is
        positive. It returns one number.
        """,
    example="""
        >>> second_difference(lambda x: x**3, 2.0, 0.5)
        12.0
        """,
    variants=[
        {"(left - 2 * middle + right) / h**2": "((right - middle) / h - (middle - left) / h) / h"},
        {"(left - 2 * middle + right)": "np.diff([left, middle, right], 2)[0]"},
        slope_of_slopes,
        second_by_fit,
    ],
    differences=lambda f, x, h: (average_slope(f, x, x + h) - average_slope(f, x - h, x)) / h,
    mistakes=[
        Mistake(
            "middle_once",
            "The middle value is taken once",
            "The value at x belongs to both slopes, the one to its right and the one to its left, "
            "so it is subtracted twice.",
            {"2 * middle": "middle"},
        ),
        Mistake(
            "middle_added",
            "The middle value is added",
            "The value at x ends the left slope and begins the right one; in the difference of the "
            "two it is subtracted twice.",
            {"- 2 * middle": "+ 2 * middle"},
        ),
        Mistake(
            "middle_left_out",
            "The middle value is left out",
            "Without the value at x there is nothing to bend away from: a straight line must give "
            "0.",
            {"- 2 * middle ": ""},
        ),
        Mistake(
            "divided_once",
            "Divided by h once",
            "Each slope is divided by h, and the slope of the slopes once more: by h squared in "
            "all.",
            {"h**2": "h"},
        ),
        Mistake(
            "divided_by_2h",
            "Divided by 2h instead of h squared",
            "That is the width of one centered difference; here two divisions by h follow each "
            "other.",
            {"h**2": "(2 * h)"},
        ),
        Mistake(
            "half",
            "Divided by 2h² instead of h²",
            "Both slopes, and the slope of the slopes, are measured over the distance h; no factor "
            "2 is left over.",
            {"h**2": "(2 * h**2)"},
        ),
        Mistake(
            "quarter",
            "Divided by (2h)² instead of h²",
            "The two half steps make one h, so each of the two differences has the width h.",
            {"h**2": "(2 * h) ** 2"},
        ),
        Mistake(
            "not_divided",
            "The difference is not divided by h squared",
            "Two divisions by the distance h are missing: one for the slopes, one for the slope of "
            "the slopes.",
            {" / h**2": ""},
        ),
        Mistake(
            "first_derivative",
            "This is the slope, not the slope of the slope",
            "The centered difference of f gives the first derivative; the second is the difference "
            "of two slopes.",
            {"(left - 2 * middle + right) / h**2": "(right - left) / (2 * h)"},
        ),
        Mistake(
            "slope_squared",
            "The slope is squared",
            "The second derivative is the slope of the slope; squaring the slope is something "
            "else.",
            {"(left - 2 * middle + right) / h**2": "((right - left) / (2 * h)) ** 2"},
        ),
        Mistake(
            "slope_over_h",
            "The slope is divided by h once more",
            "Dividing twice is right, but there must be two differences as well: of the values, "
            "then of the slopes.",
            {"(left - 2 * middle + right) / h**2": "(right - left) / (2 * h) / h"},
        ),
        Mistake(
            "brackets_left",
            "Only the value on the left is divided",
            "Division comes before addition; the whole of left, middle and right must be divided.",
            {"(left - 2 * middle + right) / h**2": "right - 2 * middle + left / h**2"},
        ),
        Mistake(
            "brackets_right",
            "Only the value on the right is divided",
            "Division comes before addition; the whole of left, middle and right must be divided.",
            {"(left - 2 * middle + right) / h**2": "left - 2 * middle + right / h**2"},
        ),
        Mistake(
            "left_subtracted",
            "The value on the left is subtracted",
            "The left slope is middle minus left, and it is subtracted: so the left value comes "
            "back with a plus.",
            {"left - 2 * middle + right": "right - 2 * middle - left"},
        ),
        Mistake(
            "half_points",
            "The points lie half a step away from x",
            "The slopes belong half a step to each side, so the values they are made from lie a "
            "whole step away.",
            {"f(x - h), f(x), f(x + h)": "f(x - h / 2), f(x), f(x + h / 2)"},
        ),
        Mistake(
            "nested",
            "The points lie 2h away from x",
            "A centered difference with the full step h, taken twice, reaches two steps to each "
            "side; with half steps the outer points are x - h and x + h.",
            {"f(x - h), f(x), f(x + h)": "f(x - 2 * h), f(x), f(x + 2 * h)"}
            | {"h**2": "(2 * h) ** 2"},
        ),
        Mistake(
            "rightward",
            "The three points do not lie around x",
            "They start at x and go to the right, so this is the bend one step h to the right of "
            "x.",
            {"f(x - h), f(x), f(x + h)": "f(x), f(x + h), f(x + 2 * h)"},
        ),
        Mistake(
            "sign",
            "The sign is flipped",
            "It is the right slope minus the left one: a valley has a positive second derivative.",
            {"left - 2 * middle + right": "2 * middle - left - right"},
        ),
        Mistake(
            "own_step",
            "The step h is not used",
            "A small step of its own stands in place of the argument h, so that h changes nothing.",
            {"left, middle": "h = 1e-4\n    left, middle"},
        ),
    ],
    nudge="Which two values make the slope to the right of x, which two the slope to its left, and "
    "which value do they share?",
    sketch="""
        The slope to the right goes from x to the point h ahead; the slope to the left goes from
        the point h behind to x. Write both as rise over run. Their midpoints are h apart, so the
        slope of the slopes is the right one minus the left one over that distance. Collect what
        stands before each of the three values.
        """,
    skeleton="""
        def second_difference(f, x, h):
            right = (... - f(x)) / h
            left = (f(x) - ...) / h
            return ... / ...
        """,
    notice="On a cubic it is exact at any h. Beware of small steps: rounding is divided by h "
    "squared, so the best step is "
    "larger than for the slope: near 1e-4 in float64.",
)
