"""The slope of a curve from two values, one at the point and one to its right.

The oldest way to measure a slope, and the first that goes wrong: too large a step, or the wrong
side.
"""

import numpy as np

from bpkit.tasks.spec import Mistake, task
from bpkit.tasks.themes.ch01_slopes.shared import average_slope, curve, falling


def one_sided_difference(f, x, h):
    """The slope of f at x, from its value at x and one to the right.

    f takes a number and returns one; x and h are numbers, h > 0. Returns the slope, a number.
    """
    return (f(x + h) - f(x)) / h


def one_sided_by_fit(f, x, h):
    return np.polyfit([0.0, h], [f(x), f(x + h)], 1)[0]


task(
    one_sided_difference,
    chapter=1,
    title="The one-sided difference",
    minutes=5,
    points=1,
    returns="slope",
    inputs=curve,
    extremes=falling,
    statement="""
        The slope of a curve is how steeply it rises. The oldest way to measure it takes two
        values: one at `x`, and one a step `h` to the right of it.

        Write `one_sided_difference(f, x, h)`, the rise between these two points over the distance
        between them. `f` takes a number and returns a number; `x` and `h` are numbers, and `h` is
        positive. It returns one number.
        """,
    example="""
        >>> one_sided_difference(lambda x: x**2, 3.0, 0.5)
        6.5
        """,
    variants=[
        {"(f(x + h) - f(x)) / h": "(f(x) - f(x + h)) / -h"},
        {"(f(x + h) - f(x)) / h": "np.diff([f(x), f(x + h)]).item() / h"},
        {"(f(x + h) - f(x)) / h": "f(x + h) / h - f(x) / h"},
        one_sided_by_fit,
    ],
    differences=lambda f, x, h: average_slope(f, x, x + h),
    mistakes=[
        Mistake(
            "centered",
            "The difference is centered",
            "It looks to both sides of x. That is the better measure, and a task of its own; here "
            "the two points are x and one step to the right.",
            {"f(x)) / h": "f(x - h)) / (2 * h)"},
        ),
        Mistake(
            "leftward",
            "The second point lies to the left",
            "One point is x and the other lies h to the left of it; the step goes to the right.",
            {"f(x + h) - f(x)": "f(x) - f(x - h)"},
        ),
        Mistake(
            "sign",
            "The sign is flipped",
            "Here minus there measures the fall; the rise is the value on the right minus the "
            "value at x.",
            {"f(x + h) - f(x)": "f(x) - f(x + h)"},
        ),
        Mistake(
            "not_divided",
            "The rise is not divided by the step",
            "This is how much f rose over the step; a slope is the rise over the run, and the run "
            "is h.",
            {" / h": ""},
        ),
        Mistake(
            "brackets",
            "Only the second value is divided by h",
            "Division comes before subtraction, so only f(x) is divided; the whole rise must be.",
            {"(f(x + h) - f(x)) / h": "f(x + h) - f(x) / h"},
        ),
        Mistake(
            "twice_the_step",
            "Divided by 2h instead of h",
            "From x to the other point is one step h; the 2h belongs to points on both sides of x.",
            {" / h": " / (2 * h)"},
        ),
        Mistake(
            "multiplied",
            "Multiplied by h instead of divided",
            "A slope is the rise for one unit of run: the smaller the step, the more it must be "
            "scaled up.",
            {" / h": " * h"},
        ),
        Mistake(
            "over_the_place",
            "The rise is divided by a place, not by a distance",
            "The rise was divided by x + h, which is where the second point lies; the run is how "
            "far it is from x.",
            {" / h": " / (x + h)"},
        ),
        Mistake(
            "f_of_h",
            "The second value is taken at h, not at x + h",
            "The second point lies one step h away from x; here it lies at h itself, wherever x "
            "is.",
            {"f(x + h)": "f(h)"},
        ),
        Mistake(
            "h_added_to_value",
            "h is added to the value, not to x",
            "f(x) + h - f(x) is h whatever the curve does, so this is always 1; the step is taken "
            "before f is asked.",
            {"f(x + h)": "f(x) + h"},
        ),
        Mistake(
            "added",
            "The values are added, not subtracted",
            "A rise is a difference: the value on the right minus the value at x.",
            {"- f(x)": "+ f(x)"},
        ),
        Mistake(
            "own_step",
            "The step h is not used",
            "A very small step of its own stands in place of the argument h, so that h changes "
            "nothing.",
            {"return (": "h = 1e-7\n    return ("},
        ),
    ],
    nudge="At which two places is f asked for its value, and how far apart are they?",
    sketch="""
        Mark x on the curve, and a second point one step h to its right. The slope of the line
        through both is rise over run. The rise is the value at the second point minus the value
        at x; the run is the distance from x to the second point.
        """,
    skeleton="""
        def one_sided_difference(f, x, h):
            rise = f(...) - f(x)
            run = ...
            return rise / run
        """,
    notice="On a parabola it is off by a multiple of h: halve the step and the error halves. The "
    "centered difference does better with the same number of values.",
)
