"""The slope from a value on either side of the point.

What the one-sided difference gets wrong cancels here; what remains to get wrong is the distance,
2h.
"""

import numpy as np

from bpkit.tasks.draw import Formula
from bpkit.tasks.spec import Mistake, task


def centered_difference(f, x, h):
    """The slope of f at x, from two values of f.

    f takes a number and returns one; x and h are numbers, h > 0. Returns the slope, a number.
    """
    return (f(x + h) - f(x - h)) / (2 * h)


def curve(draw):
    a, b, c = (round(v, 2) for v in (draw.real(), draw.real(), draw.positive()))
    f = draw.choice(
        [
            Formula(f"{a} x**3 + ({b}) x**2", lambda x: a * x**3 + b * x**2),
            Formula(f"sin({c} x) + ({a}) x**3", lambda x: np.sin(c * x) + a * x**3),
        ]
    )
    return {"f": f, "x": draw.real(), "h": draw.positive(low=0.1, high=0.5)}


def forward_and_backward(f, x, h):
    ahead = (f(x + h) - f(x)) / h
    behind = (f(x) - f(x - h)) / h
    return 0.5 * ahead + 0.5 * behind


def by_fit(f, x, h):
    slope, _ = np.linalg.lstsq(np.array([[-h, 1.0], [h, 1.0]]), np.array([f(x - h), f(x + h)]))[0]
    return slope


task(
    centered_difference,
    chapter=1,
    title="The centered difference",
    minutes=6,
    points=1,
    returns="slope",
    inputs=curve,
    statement="""
        The slope of a function at a point can be measured from its values alone. The centered
        difference takes one value a step `h` to the right of `x` and one a step to the left, and
        divides what the function rose by how far apart the two points are.

        Write `centered_difference(f, x, h)`. `f` takes a number and returns a number; `x` and `h`
        are numbers of shape `()`. It returns one number.
        """,
    example="""
        >>> centered_difference(lambda x: x**2, 3.0, 0.5)
        6.0
        """,
    variants=[
        {"(f(x + h) - f(x - h)) / (2 * h)": "(f(x - h) - f(x + h)) / (-2 * h)"},
        {"(f(x + h) - f(x - h)) / (2 * h)": "np.diff([f(x - h), f(x + h)])[0] / h / 2"},
        forward_and_backward,
        by_fit,
    ],
    oracle=None,
    differences=lambda f, x, h: (f(x + h) - f(x - h)) / ((x + h) - (x - h)),
    mistakes=[
        Mistake(
            "one_sided",
            "The difference is one-sided",
            "It starts at x itself; a step to both sides cancels the error that grows with h.",
            {"f(x - h)) / (2 * h)": "f(x)) / h"},
        ),
        Mistake(
            "backward",
            "The difference looks only to the left",
            "It ends at x itself; the point to the right of x is missing.",
            {"(f(x + h) - f(x - h)) / (2 * h)": "(f(x) - f(x - h)) / h"},
        ),
        Mistake(
            "half_width",
            "Divided by h instead of 2h",
            "The two points are 2h apart, one step to each side of x.",
            {"(2 * h)": "h"},
        ),
        Mistake(
            "brackets",
            "Divided by 2, then multiplied by h",
            "Without brackets `/ 2 * h` divides by 2 and multiplies by h: Python goes from left "
            "to right.",
            {"/ (2 * h)": "/ 2 * h"},
        ),
        Mistake(
            "not_divided",
            "The rise is not divided by the run",
            "This is by how much f rose from the left point to the right one; a slope is rise "
            "over run.",
            {" / (2 * h)": ""},
        ),
        Mistake(
            "sum",
            "The values are added, not subtracted",
            "A rise is a difference: what f is on the right minus what it is on the left.",
            {"- f(x - h)": "+ f(x - h)"},
        ),
        Mistake(
            "sign",
            "The sign is flipped",
            "Left minus right measures the fall, not the rise.",
            {"f(x + h) - f(x - h)": "f(x - h) - f(x + h)"},
        ),
        Mistake(
            "own_step",
            "The step h is not used",
            "A step of its own stands in place of the argument h, so that h changes nothing.",
            {"return (": "h = 1e-5\n    return ("},
        ),
        Mistake(
            "one_sided_over_two",
            "One-sided, but divided by 2h",
            "From x to x + h is one step h; dividing it by 2h halves the slope.",
            {"f(x - h)": "f(x)"},
        ),
        Mistake(
            "half_steps",
            "The points lie half a step away",
            "The division is by 2h, so the two points must be 2h apart, a whole step to each side.",
            {"f(x + h)": "f(x + h / 2)", "f(x - h)": "f(x - h / 2)"},
        ),
    ],
    nudge="How far apart are the two points at which you ask for the value of f?",
    sketch="""
        Draw the curve and mark x. One point lies h to the right, the other h to the left. The
        slope of the line through both is rise over run: the value on the right minus the value on
        the left, over the distance between the points.
        """,
    skeleton="""
        def centered_difference(f, x, h):
            rise = f(...) - f(...)
            run = ...
            return rise / run
        """,
    notice="For a parabola this is exact at any h: the errors to the left and to the right "
    "cancel. What is left "
    "shrinks like h squared, where a one-sided difference shrinks like h.",
)
