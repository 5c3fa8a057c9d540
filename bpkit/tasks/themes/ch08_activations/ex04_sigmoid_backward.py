"""The backward step of the sigmoid, from its output. The slope is made of Y alone."""

import numpy as np

import bpkit as bp
from bpkit.tasks.spec import Mistake, task
from bpkit.tasks.tools import changed_in_place, pullback, slopes, upstream_ignored


def sigmoid_backward(dY, Y):
    """The gradient of the sigmoid, from its output.

    dY (N, D). Y (N, D): what the sigmoid gave going forward. Returns dX (N, D).
    """
    return dY * Y * (1 - Y)


def upstream_and_y(draw):
    N, D = draw.sizes("N D")
    return {"dY": draw.real(N, D), "Y": draw.positive(N, D, low=0.1, high=0.9)}


def sigmoid_loops(dY, Y):
    dX = np.zeros_like(Y)
    for place in np.ndindex(Y.shape):
        dX[place] = dY[place] * (Y[place] - Y[place] ** 2)
    return dX


def back_to_x(dY, Y):
    e = (1 - Y) / Y  # exp(-X)
    return dY * e / (1 + e) ** 2


def logit(Y):
    return np.log(Y) - np.log(1 - Y)


task(
    sigmoid_backward,
    chapter=8,
    title="The sigmoid, backward",
    minutes=6,
    points=1,
    returns="dX",
    inputs=upstream_and_y,
    statement="""
        Going forward, a layer computed `Y`, the sigmoid of each entry of `X`, and kept `Y` alone:
        its slope can be told from the output. `Y` is `(N, D)`, and so is the upstream gradient
        `dY`.

        Write `sigmoid_backward(dY, Y)`, which returns the gradient with respect to `X`, `dX` `(N,
        D)`. `Y` is the output, between 0 and 1: the sigmoid has been applied already.
        """,
    example="""
        >>> sigmoid_backward(np.array([[100.0, 100.0]]), np.array([[0.5, 0.9]])).round(6).tolist()
        [[25.0, 9.0]]
        """,
    variants=[
        {"Y * (1 - Y)": "(Y - Y**2)"},
        {"Y * (1 - Y)": "(0.25 - (Y - 0.5) ** 2)"},
        sigmoid_loops,
        back_to_x,
    ],
    oracle=lambda dY, Y: pullback(bp.sigmoid, dY, logit(Y)),
    differences=lambda dY, Y: slopes(lambda X: np.sum(dY / (1 + np.exp(-X))), logit(Y)),
    mistakes=[
        upstream_ignored({"dY * ": ""}),
        Mistake(
            "sigmoid_again",
            "The sigmoid is applied a second time",
            "Y is the sigmoid's output already; the slope is made of Y as it is.",
            {"return dY": "Y = 1 / (1 + np.exp(-Y))\n    return dY"},
        ),
        Mistake(
            "Y_alone",
            "The factor 1 - Y is missing",
            "The slope is Y times 1 - Y, and so goes to 0 at both ends; Y alone is largest where "
            "the curve is flat.",
            {" * (1 - Y)": ""},
        ),
        Mistake(
            "one_minus_alone",
            "The factor Y is missing",
            "The slope is Y times 1 - Y, and so goes to 0 at both ends; 1 - Y alone stays near 1 "
            "for very negative X.",
            {"Y * (1 - Y)": "(1 - Y)"},
        ),
        Mistake(
            "brackets",
            "The brackets round 1 - Y are missing",
            "A product comes before a difference: without brackets, Y is subtracted from the "
            "whole.",
            {"(1 - Y)": "1 - Y"},
        ),
        Mistake(
            "slope_of_tanh",
            "It is the slope of tanh",
            "1 minus the square belongs to tanh; the sigmoid's slope is Y times 1 - Y.",
            {"Y * (1 - Y)": "(1 - Y**2)"},
        ),
        Mistake(
            "slope_at_dY",
            "The slope is taken at dY",
            "Where on its curve the sigmoid stands is told by Y, not by the gradient that arrives.",
            {"dY * Y * (1 - Y)": "dY * dY * (1 - dY)"},
        ),
        Mistake(
            "divided",
            "Divided by the slope",
            "Going back, the upstream gradient is multiplied by the local slope; division would "
            "make it explode where the curve is flat.",
            {"dY * Y * (1 - Y)": "dY / (Y * (1 - Y))"},
        ),
        Mistake(
            "sign",
            "The sign is flipped",
            "The sigmoid rises everywhere, so its slope is positive: Y times 1 - Y, not Y - 1.",
            {"1 - Y": "Y - 1"},
        ),
        Mistake(
            "forward_of_dY",
            "The sigmoid is applied to dY",
            "Going back there is a multiplication by the slope; the curve itself is not used "
            "again.",
            {"dY * Y * (1 - Y)": "1 / (1 + np.exp(-dY))"},
        ),
        changed_in_place({"return dY * Y * (1 - Y)": "dY *= Y * (1 - Y)\n    return dY"}, "dY"),
        Mistake(
            "added",
            "The slope is added to the gradient",
            "Going back multiplies by the local slope; it is not added.",
            {"dY * Y * (1 - Y)": "dY + Y * (1 - Y)"},
        ),
    ],
    nudge="Where on its curve is the sigmoid steepest, where is it flat, and what is its output "
    "in these places?",
    sketch="""
        The derivative of the sigmoid can be written with its own value: the value times one minus
        the value. It is largest in the middle, where the output is one half, and goes to 0 at
        both ends. Multiply it, entry by entry, by what arrives from above.
        """,
    skeleton="""
        def sigmoid_backward(dY, Y):
            slope = ...             # (N, D): from the output alone
            return ...
        """,
    notice="The slope is never more than 1/4. A gradient that passes ten sigmoids is made at "
    "least a million times smaller by them: that is one way to vanish.",
)
