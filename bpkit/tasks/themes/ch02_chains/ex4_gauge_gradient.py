"""The reading of a light gauge; the closed task of the chapter.

A chain with two beginnings, found in words: each link's slope must be worked out.
"""

import numpy as np

import bpkit as bp
from bpkit.tasks.spec import Mistake, task
from bpkit.tasks.tools import slopes as measured


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
