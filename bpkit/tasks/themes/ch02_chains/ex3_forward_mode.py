"""A value and its slope, carried forward together through a chain.

The slope is taken where the value stands before the link changes it.
"""

import numpy as np

from bpkit.tasks.spec import Mistake, task
from bpkit.tasks.themes.ch02_chains.shared import chain
from bpkit.tasks.tools import slopes as measured


def forward_mode(x, dx, links):
    """A value and its derivative, carried together through a chain.

    x and dx are numbers: where the chain is entered, and how fast x moves there. links is a list of
    pairs (f, df), a function of a number and its derivative, in order. Returns y and dy: what comes
    out at the end, and how fast it moves.
    """
    for f, df in links:
        dx = df(x) * dx
        x = f(x)
    return x, dx


def value_and_links(draw):
    x, links = chain(draw, draw.size("K", least=2, most=5))
    return {"x": x, "dx": draw.real(), "links": links}


def forward_by_lists(x, dx, links):
    values = [x]
    for f, _ in links:
        values.append(f(values[-1]))
    rates = [df(v) for v, (_, df) in zip(values, links, strict=False)]
    return values[-1], np.prod(rates) * dx


def forward_by_recursion(x, dx, links):
    if not links:
        return x, dx
    (f, df), *rest = links
    return forward_by_recursion(f(x), dx * df(x), rest)


def forward_by_complex_step(x, dx, links):
    z = x + 1e-25j * dx
    for f, _ in links:
        z = f(z)
    return z.real, z.imag / 1e-25


def forward_measured(x, dx, links):
    def y(x):
        for f, _ in links:
            x = f(x)
        return x

    return y(x), dx * measured(y, np.array(x))


task(
    forward_mode,
    chapter=2,
    title="A value and its slope, carried forward together",
    minutes=8,
    points=2,
    returns="y dy",
    inputs=value_and_links,
    statement="""
        A dual number is a pair: a value, and how fast it moves. Sent through a function, both
        change at once, and so one walk through a chain gives its value and its derivative. This
        is forward mode.

        `links` is a list of pairs `(f, df)`, each a function and its derivative; both take a
        number and return a number. The numbers `x` and `dx` enter the first link. Write
        `forward_mode(x, dx, links)`, which carries both through all links in order and returns
        the numbers `y` and `dy`. (With `dx = 1`, `dy` is the derivative of `y` with respect to
        `x`.)
        """,
    example="""
        >>> square = (lambda x: x**2, lambda x: 2 * x)
        >>> forward_mode(3.0, 10.0, [square, square])
        (81.0, 1080.0)
        """,
    variants=[
        {"dx = df(x) * dx\n        x = f(x)": "x, dx = f(x), df(x) * dx"},
        {"dx = df(x) * dx\n        x = f(x)": "y = f(x)\n        dx *= df(x)\n        x = y"},
        forward_by_lists,
        forward_by_recursion,
        forward_by_complex_step,
    ],
    differences=forward_measured,
    mistakes=[
        Mistake(
            "value_first",
            "Each slope is taken after the value has moved on",
            "The value is replaced before the derivative is asked, so it is asked at the link's "
            "output; it belongs to the link's input.",
            {"dx = df(x) * dx\n        x = f(x)": "x = f(x)\n        dx = df(x) * dx"},
        ),
        Mistake(
            "start_ignored",
            "dx is left out",
            "The walk starts as if x moved at rate 1; it moves at the rate dx.",
            {"for f, df": "dx = 1.0\n    for f, df"},
        ),
        Mistake(
            "overwritten",
            "Only the last link's slope is left",
            "The rate is replaced by each link's slope; it must be multiplied by it.",
            {"df(x) * dx": "df(x)"},
        ),
        Mistake(
            "at_start",
            "All slopes are taken at the start",
            "Each link meets another value; its slope must be taken at the value that goes into "
            "it.",
            {"for f, df": "start = x\n    for f, df", "df(x)": "df(start)"},
        ),
        Mistake(
            "added",
            "The slopes are added",
            "Each link stretches the change that the link before it made: slopes in a row "
            "multiply.",
            {"df(x) * dx": "df(x) + dx"},
        ),
        Mistake(
            "accumulated",
            "Each new rate is added to the old one",
            "The rate after a link is the link's slope times the rate before it, and nothing of "
            "the old one stays.",
            {"dx = df(x) * dx": "dx += df(x) * dx"},
        ),
        Mistake(
            "rate_through_f",
            "The rate is sent through f like a value",
            "Values go through f; rates are multiplied by the slope of f.",
            {"df(x) * dx": "f(dx)"},
        ),
        Mistake(
            "slope_at_rate",
            "The derivative is taken at the rate",
            "The derivative is asked at the value x that goes into the link, then multiplied by "
            "the rate dx.",
            {"df(x) * dx": "df(dx)"},
        ),
        Mistake(
            "times_value",
            "The rate is multiplied by the value, not by the slope",
            "A small change is stretched by the derivative df(x); f(x) says only where it ends.",
            {"df(x) * dx": "f(x) * dx"},
        ),
        Mistake(
            "links_reversed",
            "The links are walked from the last to the first",
            "Forward mode walks with the values: the first link of the list comes first.",
            {"in links": "in links[::-1]"},
        ),
        Mistake(
            "last_link_missed",
            "The last link is missed",
            "y and dy are what comes out of the last link, not what goes into it.",
            {"in links": "in links[:-1]"},
        ),
        Mistake(
            "first_link_missed",
            "The first link is missed",
            "x and dx go into the first link of the list; here they go into the second.",
            {"in links": "in links[1:]"},
        ),
        Mistake(
            "value_stands",
            "The value never moves on",
            "Only the rate is carried; what comes out of one link must go into the next.",
            {"\n        x = f(x)": ""},
        ),
        Mistake(
            "returns_in_loop",
            "Only the first link is walked",
            "y and dy are what comes out of the last link; a return inside the loop would leave "
            "after the first.",
            {"    return x, dx": "        return x, dx"},
        ),
        Mistake(
            "last_link_only",
            "dy is the slope of the last link alone",
            "What a link does to dx is passed on to the next; the slopes of all links multiply.",
            {
                "    for f, df in links:": "    first = dx\n    for f, df in links:",
                "dx = df(x) * dx": "dx = df(x) * first",
            },
        ),
    ],
    nudge="When the derivative of a link is asked, at which of the chain's values does it have to "
    "be asked, and is that value still there?",
    sketch="""
        Carry two numbers, a value and a rate. At each link two things happen: the rate is
        multiplied by the link's slope at the value that goes in, and the value becomes what the
        function makes of it. Both need the value from before the link, so mind which of the two
        you replace first.
        """,
    skeleton="""
        def forward_mode(x, dx, links):
            for f, df in links:
                dx = ...
                x = ...
            return x, dx
        """,
    notice="Nothing has to be kept: forward mode needs no memory of the way. But it follows one "
    "input at a time, where the way back gives the gradients of all.",
)
