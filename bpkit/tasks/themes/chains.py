"""Tasks on chains: local slopes multiply, from the end backward or from the start forward."""

import numpy as np

import bpkit as bp
from bpkit.tasks.draw import Formula
from bpkit.tasks.spec import Mistake, task
from bpkit.tasks.tools import slopes as measured


def chain(draw, count):
    """A number, and links to send it through: (function, derivative), steep and bent where met."""
    while True:
        x = start = draw.real(high=1.5)
        links, tame = [], True
        for _ in range(count):
            f, df = draw.choice(_kinds(round(draw.positive(low=0.4, high=1.6), 2)))
            tame &= 0.25 < abs(df(x)) < 2.5 and abs(df(x) - 1) > 0.1 and 0.2 < abs(f(x)) < 2
            links.append((f, df))
            x = f(x)
        if tame:
            return start, links


def _kinds(a):
    """Four functions with their derivatives, which can be shown."""
    return [
        (
            Formula(f"{a} x**2 - 0.7", lambda x: a * x**2 - 0.7),
            Formula(f"{2 * a:g} x", lambda x: 2 * a * x),
        ),
        (
            Formula(f"sin({a} x) + 0.4", lambda x: np.sin(a * x) + 0.4),
            Formula(f"{a} cos({a} x)", lambda x: a * np.cos(a * x)),
        ),
        (
            Formula(f"exp(-{a} x)", lambda x: np.exp(-a * x)),
            Formula(f"-{a} exp(-{a} x)", lambda x: -a * np.exp(-a * x)),
        ),
        (
            Formula(f"{a} / (1 + x**2)", lambda x: a / (1 + x**2)),
            Formula(f"-{2 * a:g} x / (1 + x**2)**2", lambda x: -2 * a * x / (1 + x**2) ** 2),
        ),
    ]


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


def chain_backward(slopes, upstream):
    """The gradient at every link of a chain, from its local slopes.

    slopes (K,): slopes[k] is the derivative of x[k + 1] with respect to x[k]. upstream, a number:
    the derivative of the loss with respect to x[K], the last. Returns grads (K + 1,): grads[k] is
    the derivative of the loss with respect to x[k].
    """
    grads = np.zeros(len(slopes) + 1)
    grads[-1] = upstream
    for k in reversed(range(len(slopes))):
        grads[k] = grads[k + 1] * slopes[k]
    return grads


def local_slopes(draw):
    return {"slopes": draw.real(draw.size("K", least=3)), "upstream": draw.real()}


def backward_by_products(slopes, upstream):
    return np.array([upstream * np.prod(slopes[k:]) for k in range(len(slopes) + 1)])


def backward_by_list(slopes, upstream):
    grads = [upstream]
    for slope in slopes[::-1]:
        grads.insert(0, slope * grads[0])
    return np.array(grads)


def backward_from_bpkit(slopes, upstream):
    x = [bp.Tensor(2.0)]
    for slope in slopes:
        x.append(x[-1] * float(slope))
    x[-1].backward(upstream, keep=True)
    return np.array([node.grad for node in x])


task(
    chain_backward,
    chapter=2,
    title="A chain, backward",
    minutes=8,
    points=2,
    returns="grads",
    inputs=local_slopes,
    statement="""
        A number runs through a chain of `K` links: `x[0]` becomes `x[1]`, and so on up to `x[K]`,
        from which a loss is made. `slopes` `(K,)` holds the local slopes: `slopes[k]` is the
        derivative of `x[k + 1]` with respect to `x[k]`. `upstream` is a number: the derivative of
        the loss with respect to `x[K]`.

        Write `chain_backward(slopes, upstream)`, which returns `grads` `(K + 1,)`: `grads[k]` is
        the derivative of the loss with respect to `x[k]`, for every place in the chain.
        """,
    example="""
        >>> chain_backward(np.array([2.0, 3.0, 5.0]), 10.0).tolist()
        [300.0, 150.0, 50.0, 10.0]
        """,
    variants=[
        {"return grads": "return np.cumprod(np.append(slopes, upstream)[::-1])[::-1]"},
        {"range(len(slopes))": "range(slopes.size)", "grads[k] =": "grads[k] +="},
        backward_by_products,
        backward_by_list,
    ],
    oracle=backward_from_bpkit,
    mistakes=[
        Mistake(
            "upstream_ignored",
            "The upstream gradient is left out",
            "The sweep starts from 1 at the end of the chain; it must start from what arrives "
            "there, upstream.",
            {"= upstream": "= 1.0"},
        ),
        Mistake(
            "forward",
            "The products grow from the start of the chain",
            "The gradient enters at the end, x[K], and is multiplied by one more slope at each "
            "step toward x[0].",
            {
                "grads[-1] = upstream": "grads[0] = upstream",
                "reversed(range(len(slopes)))": "range(len(slopes))",
                "grads[k] = grads[k + 1]": "grads[k + 1] = grads[k]",
            },
        ),
        Mistake(
            "reversed_result",
            "The gradients stand in reverse",
            "grads[0] belongs to x[0], the start of the chain; here it belongs to its end.",
            {"return grads": "return grads[::-1]"},
        ),
        Mistake(
            "one_link",
            "Each gradient has passed one link alone",
            "From x[k] to the loss the way goes through all the links after it, so the gradient of "
            "the next place is multiplied, not upstream alone.",
            {"grads[k + 1] * ": "upstream * "},
        ),
        Mistake(
            "added",
            "The slopes are added",
            "Each link stretches the change that the link before it made: slopes in a row "
            "multiply.",
            {"* slopes[k]": "+ slopes[k]"},
        ),
        Mistake(
            "divided",
            "Divided by the slopes instead of multiplied",
            "Going back does not undo the links: a change of x[k] is stretched by slopes[k] before "
            "it reaches x[k + 1], so the gradient is too.",
            {"* slopes[k]": "/ slopes[k]"},
        ),
        Mistake(
            "neighbors_slope",
            "Each step uses the slope of the link before",
            "Between x[k] and x[k + 1] stands the link with slopes[k]; here slopes[k - 1] is used, "
            "and at the start the last one.",
            {"* slopes[k]": "* slopes[k - 1]"},
        ),
        Mistake(
            "slopes_reversed",
            "The slopes are used from the wrong end",
            "The first step back passes the last link, so the last slope comes first.",
            {"* slopes[k]": "* slopes[-1 - k]"},
        ),
        Mistake(
            "upstream_each_time",
            "upstream is multiplied in at every link",
            "It enters once, at the end of the chain; after that each link multiplies by its own "
            "slope alone.",
            {"* slopes[k]": "* slopes[k] * upstream"},
        ),
        Mistake(
            "end_left_out",
            "The gradient at the end of the chain is left out",
            "A chain of K links has K + 1 places; the gradient at the last, x[K], is upstream.",
            {"return grads": "return grads[:-1]"},
        ),
        Mistake(
            "start_left_out",
            "The gradient at the start of the chain is left out",
            "A chain of K links has K + 1 places; the first link must be passed as well.",
            {"return grads": "return grads[1:]"},
        ),
        Mistake(
            "stops_early",
            "The sweep stops before the first link",
            "The gradient at x[0] is still 0: the first link, between x[0] and x[1], is not "
            "passed.",
            {"range(len(slopes))": "range(1, len(slopes))"},
        ),
        Mistake(
            "loop_forward",
            "The loop runs from the start to the end",
            "A gradient needs that of the next place, which is not there yet (it is still 0); the "
            "loop must run backward.",
            {"reversed(range(len(slopes)))": "range(len(slopes))"},
        ),
        Mistake(
            "local_slopes",
            "The local slopes are returned, with upstream at the end",
            "A local slope is one link's; the gradient at x[k] is the product of all the slopes "
            "after it, and of upstream.",
            {"grads[k + 1] * ": ""},
        ),
    ],
    nudge="At which place of the chain is a gradient known from the beginning, and which one can "
    "be found next from it?",
    sketch="""
        One gradient is given: at the last place it is upstream. One step before, a change is
        stretched by the last link before it gets there, so the gradient is that link's slope
        times the one already known. Go on like this to the start, and keep every number on the
        way: K links, K + 1 numbers.
        """,
    skeleton="""
        def chain_backward(slopes, upstream):
            grads = np.zeros(len(slopes) + 1)
            grads[-1] = ...
            for k in ...:                   # from the last link to the first
                grads[k] = ... * slopes[...]
            return grads
        """,
    notice="One multiplication a link, and all gradients are there, since each reuses the one "
    "after it. Long products of slopes below 1 vanish, above 1 they explode: chapter 13.",
)


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


def gauge_gradient(d, P):
    """The gradients of a light gauge's reading r = V**2, with V = log(1 + E) and E = P / d**2.

    d, P numbers, both positive. Returns dd and dP: the derivatives of r with respect to each.
    """
    E = P / d**2
    V = np.log(1 + E)
    dV = 2 * V
    dE = dV / (1 + E)
    dd = dE * (-2 * P / d**3)
    dP = dE / d**2
    return dd, dP


def gauge_by_forward_mode(d, P):
    out = []
    for rate_d, rate_P in ((1.0, 0.0), (0.0, 1.0)):
        square, rate_square = d * d, 2 * d * rate_d
        E, rate_E = P / square, (rate_P * square - P * rate_square) / square**2
        out.append(2 * np.log1p(E) * rate_E / (1 + E))
    return tuple(out)


def gauge_by_complex_step(d, P):
    r = lambda d, P: np.log(1 + P / d**2) ** 2  # noqa: E731 - a learner would write it so
    return r(d + 1e-25j, P).imag / 1e-25, r(d, P + 1e-25j).imag / 1e-25


def gauge_from_bpkit(d, P):
    d, P = bp.Tensor(d), bp.Tensor(P)
    (bp.log(1 + P / d**2) ** 2).backward()
    return d.grad, P.grad


task(
    gauge_gradient,
    chapter=2,
    title="A light gauge",
    minutes=12,
    points=3,
    returns="dd dP",
    closed=True,
    inputs=lambda draw: {
        "d": draw.positive(low=0.4, high=1.8),
        "P": draw.positive(low=0.4, high=1.8),
    },
    statement="""
        A lamp of power `P` shines on a sensor at the distance `d`. The sensor receives the light
        `E = P / d**2`, turns it into the voltage `V = log(1 + E)` (the natural logarithm), and
        the needle of the gauge moves to `r = V**2`. How far does the needle move if the lamp is
        moved a little, or made a little brighter?

        Write `gauge_gradient(d, P)`, which returns `dd` and `dP`, the derivatives of `r` with
        respect to `d` and to `P`. All are numbers; `d` and `P` are positive.
        """,
    example="""
        >>> dd, dP = gauge_gradient(2.0, 4.0)
        >>> round(float(dd), 6), round(float(dP), 6)
        (-0.693147, 0.173287)
        """,
    variants=[
        {"dd = dE * (-2 * P / d**3)": "dd = -2 * dE * E / d", "dP = dE / d**2": "dP = dE * E / P"},
        {"dE * (-2 * P / d**3)": "-4 * P * V / (d**3 + P * d)"}
        | {"dP = dE / d**2": "dP = 2 * V / (d**2 + P)"},
        gauge_by_forward_mode,
        gauge_by_complex_step,
    ],
    oracle=gauge_from_bpkit,
    differences=lambda d, P: measured(
        lambda d, P: np.log(1 + P / d**2) ** 2, np.array(d), np.array(P)
    ),
    mistakes=[
        Mistake(
            "minus_lost",
            "The minus sign of dd is lost",
            "Moving the lamp away makes the light weaker: the derivative of 1/d² is negative.",
            {"-2 * P": "2 * P"},
        ),
        Mistake(
            "power_raised",
            "The power of d is raised instead of lowered",
            "Written as a power, 1/d² is d to the -2; its derivative is -2 times d to the -3, not "
            "to the -1.",
            {"/ d**3": "/ d"},
        ),
        Mistake(
            "power_kept",
            "The power of d is not lowered",
            "The derivative of d to the -2 is -2 times d to the -3: the power falls by one.",
            {"/ d**3": "/ d**2"},
        ),
        Mistake(
            "denominator_alone",
            "The denominator is differentiated where it stands",
            "The derivative of 1/d² is not 1 over the derivative of d².",
            {"-2 * P / d**3": "P / (2 * d)"},
        ),
        Mistake(
            "two_of_distance",
            "The 2 from d² is missing in dd",
            "Differentiating d to the -2 brings its power, -2, down as a factor.",
            {"-2 * P": "-P"},
        ),
        Mistake(
            "power_left_out",
            "P is missing in dd",
            "E is P times 1/d²; with respect to d, the factor P stays.",
            {"-2 * P / d**3": "-2 / d**3"},
        ),
        Mistake(
            "square_not_evaluated",
            "The slope of the square lacks its V",
            "The derivative of V² is 2V: it depends on where V is.",
            {"2 * V": "2.0"},
        ),
        Mistake(
            "square_kept",
            "The square is not differentiated",
            "The first factor is the derivative of V², which is 2V, not V² itself.",
            {"2 * V": "V**2"},
        ),
        Mistake(
            "square_left_out",
            "The last link, the square, is missing",
            "These are the derivatives of the voltage V; the needle shows V².",
            {"2 * V": "1.0"},
        ),
        Mistake(
            "square_at_light",
            "The slope of the square is taken at E",
            "What is squared is V, so the slope of the square is 2V, not 2E.",
            {"2 * V": "2 * E"},
        ),
        Mistake(
            "log_left_out",
            "The middle link, the logarithm, is missing",
            "Between E and V stands a logarithm, whose slope is a factor too.",
            {"dV / (1 + E)": "dV"},
        ),
        Mistake(
            "log_without_one",
            "The logarithm's slope is taken at E",
            "What goes into the logarithm is 1 + E, so its slope is 1 over that.",
            {"dV / (1 + E)": "dV / E"},
        ),
        Mistake(
            "log_at_distance",
            "The logarithm's slope is taken at the distance",
            "What goes into the logarithm is 1 + E, not 1 + d; its slope counts there.",
            {"dV / (1 + E)": "dV / (1 + d)"},
        ),
        Mistake(
            "log_multiplied",
            "Multiplied by 1 + E instead of divided",
            "The derivative of log(z) is 1/z.",
            {"dV / (1 + E)": "dV * (1 + E)"},
        ),
        Mistake(
            "one_left_out",
            "The voltage lacks the 1 in log(1 + E)",
            "V is computed as log(E); the 1 keeps it at 0 when there is no light.",
            {"np.log(1 + E)": "np.log(E)"},
        ),
        Mistake(
            "common_logarithm",
            "The logarithm has base 10",
            "The natural logarithm is meant: its slope is 1/z, with no further factor.",
            {"np.log(": "np.log10("},
        ),
        Mistake(
            "dP_first_link",
            "dP lacks the slope of its first link",
            "P enters through E, and the slope of E with respect to P is 1/d².",
            {"dP = dE / d**2": "dP = dE"},
        ),
        Mistake(
            "dP_times_value",
            "dP is multiplied by E, not by its slope",
            "The slope of E with respect to P is 1/d²; P itself is no part of it.",
            {"dP = dE / d**2": "dP = dE * E"},
        ),
        Mistake(
            "dP_times_square",
            "dP is multiplied by d² instead of divided",
            "E is P divided by d², so a change of P is divided by it too.",
            {"dP = dE / d**2": "dP = dE * d**2"},
        ),
    ],
    nudge="Which links do the ways from the distance and from the power to the needle share, and "
    "where do they part?",
    sketch="""
        Name the chain from its end: the needle squares the voltage, the voltage is a logarithm,
        the light is a quotient. Find the derivative of the reading with respect to the voltage,
        then, one link further back, with respect to the light. Up to here both answers share the
        way. The last link is different: with respect to the power the light is a multiple of it,
        with respect to the distance it is a power with exponent -2.
        """,
    skeleton="""
        def gauge_gradient(d, P):
            E = ...
            V = ...
            dV = ...                # of the square
            dE = dV * ...           # of the logarithm
            dd = dE * ...
            dP = dE * ...
            return dd, dP
        """,
    notice="The part of the way that both share was walked once. In a network with a million "
    "weights this sharing is what makes the way back affordable.",
)
