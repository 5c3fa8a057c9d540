"""The slope of f(x, g(x)): x arrives by two ways.

The direct way and the way through g each carry a part of the derivative.
"""

import numpy as np

from bpkit.tasks.draw import Formula
from bpkit.tasks.spec import Mistake, task
from bpkit.tasks.themes.ch02_chains.shared import chain
from bpkit.tasks.tools import slopes as measured


class Formula2(Formula):
    """A function of two numbers that can be shown."""

    def __call__(self, x, y):
        return self.function(x, y)

    def __repr__(self):
        return f"x, y -> {self.text}"


def surface(draw):
    """A function of x and y with both of its partial derivatives."""
    a, b = round(draw.real(low=0.4), 2), round(draw.real(low=0.4), 2)
    return draw.choice(
        [
            (
                Formula2(f"({a}) x**2 y + ({b}) y**2", lambda x, y: a * x**2 * y + b * y**2),
                Formula2(f"2 ({a}) x y", lambda x, y: 2 * a * x * y),
                Formula2(f"({a}) x**2 + 2 ({b}) y", lambda x, y: a * x**2 + 2 * b * y),
            ),
            (
                Formula2(f"sin(({a}) x) y**2 + ({b}) x", lambda x, y: np.sin(a * x) * y**2 + b * x),
                Formula2(
                    f"({a}) cos(({a}) x) y**2 + ({b})", lambda x, y: a * np.cos(a * x) * y**2 + b
                ),
                Formula2(f"2 sin(({a}) x) y", lambda x, y: 2 * np.sin(a * x) * y),
            ),
        ]
    )


def total_derivative(x, f, fx, fy, g, dg):
    """The value of z = f(x, g(x)) and its derivative with respect to x.

    x is a number. f takes two numbers and returns one; fx and fy are its partial derivatives with
    respect to the first and the second, and do too. g takes one number and returns one; dg is its
    derivative. Returns z and slope, two numbers.
    """
    y = g(x)
    z = f(x, y)
    slope = fx(x, y) + fy(x, y) * dg(x)
    return z, slope


def two_ways(draw):
    x, ((g, dg),) = chain(draw, 1)
    f, fx, fy = surface(draw)
    return {"x": x, "f": f, "fx": fx, "fy": fy, "g": g, "dg": dg}


def total_by_complex_step(x, f, fx, fy, g, dg):
    z = f(x + 1e-25j, g(x + 1e-25j))
    return z.real, z.imag / 1e-25


def total_by_differences(x, f, fx, fy, g, dg):
    def z(x):
        return f(x, g(x))

    return z(x), (z(x + 1e-5) - z(x - 1e-5)) / 2e-5


task(
    total_derivative,
    chapter=3,
    title="Two ways from x",
    minutes=8,
    points=2,
    returns="z slope",
    inputs=two_ways,
    statement="""
        A function of two numbers is fed the same `x` twice: once as it is, and once after it has
        been through `g`. So `z = f(x, g(x))`, and `x` reaches `z` by two ways.

        Write `total_derivative(x, f, fx, fy, g, dg)`. `f` takes two numbers, and `fx` and `fy`
        are its partial derivatives with respect to the first and to the second; they take two
        numbers too. `g` and its derivative `dg` take one. Return the numbers `z` and `slope`, the
        derivative of `z` with respect to `x` when everything that depends on `x` moves along.
        """,
    example="""
        >>> f, fx, fy = lambda x, y: x * y, lambda x, y: y, lambda x, y: x
        >>> total_derivative(3.0, f, fx, fy, lambda x: x**2, lambda x: 2 * x)
        (27.0, 27.0)
        """,
    variants=[
        {"fx(x, y) + fy(x, y) * dg(x)": "np.dot([fx(x, y), fy(x, y)], [1.0, dg(x)])"},
        {"slope = fx(x, y) + fy(x, y) * dg(x)": "slope = 0.0\n    slope += dg(x) * fy(x, g(x))"}
        | {"return z": "slope += fx(x, g(x))\n    return z"},
        total_by_complex_step,
        total_by_differences,
    ],
    differences=lambda x, f, fx, fy, g, dg: (
        f(x, g(x)),
        measured(lambda x: f(x, g(x)), np.array(x)),
    ),
    mistakes=[
        Mistake(
            "direct_only",
            "The way through g is missing",
            "x moves z in two ways; here only the first place of f moves, and g(x) stands still.",
            {" + fy(x, y) * dg(x)": ""},
        ),
        Mistake(
            "through_only",
            "The direct way is missing",
            "x moves z in two ways; here only the second place of f moves.",
            {"fx(x, y) + ": ""},
        ),
        Mistake(
            "dg_missing",
            "The way through g lacks the slope of g",
            "When x moves a little, g(x) moves dg(x) times as much; that factor belongs to the "
            "second way.",
            {" * dg(x)": ""},
        ),
        Mistake(
            "wrong_partial",
            "The way through g uses the partial derivative for x",
            "g(x) stands in the second place of f, so its way goes through fy; and the direct way "
            "is missing.",
            {"fx(x, y) + fy(x, y) * dg(x)": "fx(x, y) * dg(x)"},
        ),
        Mistake(
            "dg_on_both",
            "Both ways are multiplied by the slope of g",
            "The direct way does not go through g, so dg belongs to the second way alone.",
            {"fx(x, y) + fy(x, y) * dg(x)": "(fx(x, y) + fy(x, y)) * dg(x)"},
        ),
        Mistake(
            "dg_on_direct",
            "The slope of g is on the wrong way",
            "The first place of f takes x itself; it is the second that takes g(x), so dg belongs "
            "to fy.",
            {"fx(x, y) + fy(x, y) * dg(x)": "fx(x, y) * dg(x) + fy(x, y)"},
        ),
        Mistake(
            "multiplied",
            "The two ways are multiplied",
            "Along a way slopes multiply; where two ways meet, what they bring is added.",
            {"fx(x, y) + fy": "fx(x, y) * fy"},
        ),
        Mistake(
            "all_added",
            "The slope of g is added",
            "On the second way fy and dg follow each other, and slopes in a row multiply.",
            {"* dg(x)": "+ dg(x)"},
        ),
        Mistake(
            "subtracted",
            "The second way is subtracted",
            "What two ways bring to the same place is added, whatever their signs.",
            {"+ fy": "- fy"},
        ),
        Mistake(
            "at_x_x",
            "The partial derivatives are taken at (x, x)",
            "The second number that f is given is g(x), so that is where its slopes count.",
            {"fx(x, y) + fy(x, y)": "fx(x, x) + fy(x, x)"},
        ),
        Mistake(
            "at_slope",
            "The partial derivatives are taken at (x, dg(x))",
            "f is given the value g(x), not the slope of g; its slopes count there.",
            {"fx(x, y) + fy(x, y)": "fx(x, dg(x)) + fy(x, dg(x))"},
        ),
        Mistake(
            "places_exchanged",
            "The partial derivatives get their numbers in the wrong order",
            "fx and fy take the same two numbers as f: x first, then g(x).",
            {"fx(x, y) + fy(x, y)": "fx(y, x) + fy(y, x)"},
        ),
        Mistake(
            "dg_at_y",
            "The slope of g is taken at g(x)",
            "What goes into g is x, so that is where its slope counts.",
            {"dg(x)": "dg(y)"},
        ),
        Mistake(
            "value_at_x_x",
            "z is taken at (x, x)",
            "The second number that f is given is g(x).",
            {"z = f(x, y)": "z = f(x, x)"},
        ),
    ],
    nudge="If x moves a little, which of the two numbers that f is given move, and how far does "
    "each?",
    sketch="""
        Move x by a little. The first number that f is given moves as much, and z follows with the
        partial derivative for the first. The second number moves too, by the slope of g times as
        much, and z follows with the partial derivative for the second. z feels both, so the two
        are added. All slopes count where the numbers are: f's at x and g(x), g's at x.
        """,
    skeleton="""
        def total_derivative(x, f, fx, fy, g, dg):
            y = ...
            z = f(x, y)
            direct = ...
            through_g = ... * ...
            return z, direct + through_g
        """,
    notice="The partial derivative fx keeps y still; the total derivative lets it move. The "
    "difference between the two is the second way.",
)
