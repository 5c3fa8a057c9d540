"""Three functions in a row, their value and their slope.

Each derivative is taken where its own function was entered, and the three multiply.
"""

import numpy as np

from bpkit.tasks.spec import Mistake, task
from bpkit.tasks.themes.ch02_chains.shared import chain
from bpkit.tasks.tools import slopes as measured


def chain_of_three(x, f, df, g, dg, h, dh):
    """The value of y = h(g(f(x))) and its derivative with respect to x.

    x is a number. f, g, h take a number and return one; df, dg, dh are their derivatives, and do
    too. Returns y and slope, two numbers.
    """
    u = f(x)
    v = g(u)
    y = h(v)
    slope = dh(v) * dg(u) * df(x)
    return y, slope


def three_links(draw):
    x, ((f, df), (g, dg), (h, dh)) = chain(draw, 3)
    return {"x": x, "f": f, "df": df, "g": g, "dg": dg, "h": h, "dh": dh}


def three_by_loop(x, f, df, g, dg, h, dh):
    slope = 1.0
    for function, derivative in ((f, df), (g, dg), (h, dh)):
        x, slope = function(x), slope * derivative(x)
    return x, slope


def three_by_complex_step(x, f, df, g, dg, h, dh):
    y = h(g(f(x + 1e-25j)))
    return y.real, y.imag / 1e-25


def three_by_differences(x, f, df, g, dg, h, dh):
    y = lambda x: h(g(f(x)))  # noqa: E731 - a learner would write it so
    return y(x), (y(x + 1e-5) - y(x - 1e-5)) / 2e-5


task(
    chain_of_three,
    chapter=2,
    title="A chain of three",
    minutes=8,
    points=2,
    returns="y slope",
    inputs=three_links,
    statement="""
        Three functions stand in a row: `x` goes into `f`, what comes out goes into `g`, and what
        comes out of that goes into `h`, so that `y = h(g(f(x)))`. Each has its derivative at
        hand, as a function too: `df`, `dg`, `dh`.

        Write `chain_of_three(x, f, df, g, dg, h, dh)`, which returns `y` and `slope`, the
        derivative of `y` with respect to `x`. `x` is a number; all six functions take a number
        and return a number.
        """,
    example="""
        >>> square, double = lambda x: x**2, lambda x: 2 * x
        >>> chain_of_three(3.0, square, double, square, double, double, lambda x: 2.0)
        (162.0, 216.0)
        """,
    variants=[
        {"slope = dh(v) * dg(u) * df(x)": "slope = np.prod([df(x), dg(f(x)), dh(g(f(x)))])"},
        three_by_loop,
        three_by_complex_step,
        three_by_differences,
    ],
    differences=lambda x, f, df, g, dg, h, dh: (
        h(g(f(x))),
        measured(lambda x: h(g(f(x))), np.array(x)),
    ),
    mistakes=[
        Mistake(
            "all_at_x",
            "All three slopes are taken at x",
            "Each link has its slope where its own input is: f's at x, g's at f(x), h's at "
            "g(f(x)).",
            {"dh(v) * dg(u)": "dh(x) * dg(x)"},
        ),
        Mistake(
            "dg_at_x",
            "The slope of g is taken at x",
            "What goes into g is f(x), so that is where its slope counts.",
            {"dg(u)": "dg(x)"},
        ),
        Mistake(
            "dh_at_x",
            "The slope of h is taken at x",
            "What goes into h is g(f(x)), so that is where its slope counts.",
            {"dh(v)": "dh(x)"},
        ),
        Mistake(
            "dh_one_early",
            "The slope of h is taken one link too early",
            "It is taken at f(x); but what goes into h has been through g as well.",
            {"dh(v)": "dh(u)"},
        ),
        Mistake(
            "dh_at_y",
            "The slope of h is taken at y",
            "y is what comes out of h; its slope counts where it is entered, at g(f(x)).",
            {"dh(v)": "dh(y)"},
        ),
        Mistake(
            "at_outputs",
            "Each slope is taken at its link's output",
            "A derivative is a function of what goes into the link, not of what comes out.",
            {"dh(v) * dg(u) * df(x)": "dh(y) * dg(v) * df(u)"},
        ),
        Mistake(
            "added",
            "The slopes are added",
            "Each link stretches the change that the link before it made: slopes in a row "
            "multiply.",
            {"dh(v) * dg(u) * df(x)": "dh(v) + dg(u) + df(x)"},
        ),
        Mistake(
            "nested",
            "The derivatives are put into each other",
            "df(x) is a slope, not a place; the derivatives are taken at the values of the chain, "
            "then multiplied.",
            {"dh(v) * dg(u) * df(x)": "dh(dg(df(x)))"},
        ),
        Mistake(
            "at_slopes",
            "The slopes are taken at slopes",
            "A slope is not what goes into the next link; a value is: dg is taken at f(x), dh at "
            "g(f(x)).",
            {"dh(v) * dg(u) * df(x)": "dh(dg(df(x))) * dg(df(x)) * df(x)"},
        ),
        Mistake(
            "inner_missing",
            "The slope of f is missing",
            "This is the derivative with respect to what comes out of f; the way to x goes through "
            "f as well.",
            {" * df(x)": ""},
        ),
        Mistake(
            "middle_missing",
            "The slope of g is missing",
            "A change of x passes through all three links, and each multiplies it by its slope.",
            {" * dg(u)": ""},
        ),
        Mistake(
            "outer_missing",
            "The slope of h is missing",
            "This is the derivative of what goes into h; the change still passes through h.",
            {"dh(v) * ": ""},
        ),
        Mistake(
            "other_order",
            "The functions are applied in the other order",
            "In h(g(f(x))) the innermost comes first: x goes into f, and h comes last.",
            {"u = f(x)": "u = h(x)", "y = h(v)": "y = f(v)"}
            | {"dh(v) * dg(u) * df(x)": "df(v) * dg(u) * dh(x)"},
        ),
        Mistake(
            "last_not_applied",
            "y has not been through h",
            "What is returned as y is g(f(x)), which is what goes into h.",
            {"y = h(v)": "y = v"},
        ),
        Mistake(
            "values_multiplied",
            "The values are multiplied, not the slopes",
            "A small change of x is stretched by each link's derivative; the values say only where "
            "to take it.",
            {"dh(v) * dg(u) * df(x)": "y * v * u"},
        ),
    ],
    nudge="What number goes into each of the three functions, and where must its slope be taken "
    "then?",
    sketch="""
        Walk the chain first and give every number on the way a name: what comes out of f, then
        what comes out of g, then y. Each link's slope is its derivative at the number that goes
        into it. A small change of x is stretched by the first slope, then by the second, then by
        the third; so the three are multiplied.
        """,
    skeleton="""
        def chain_of_three(x, f, df, g, dg, h, dh):
            u = f(x)
            v = ...
            y = ...
            slope = dh(...) * dg(...) * df(...)
            return y, slope
        """,
    notice="The way forward leaves behind the numbers that the slopes need. That is why every "
    "engine keeps the values of the forward pass.",
)
