"""The backward step of GELU in its tanh form. A product rule with a chain inside."""

import numpy as np

import bpkit as bp
from bpkit.tasks.spec import Mistake, task
from bpkit.tasks.themes.ch08_activations.shared import upstream_and_x
from bpkit.tasks.tools import changed_in_place, pullback, slopes, upstream_ignored


def gelu_backward(dY, X):
    """The gradient of GELU in its tanh form.

    dY, X (N, D). Returns dX (N, D).
    """
    c = np.sqrt(2 / np.pi)
    t = np.tanh(c * (X + 0.044715 * X**3))
    inner = c * (1 + 3 * 0.044715 * X**2)
    return dY * (0.5 * (1 + t) + 0.5 * X * (1 - t**2) * inner)


def gelu_by_gates(dY, X):
    c, k = np.sqrt(2 / np.pi), 0.044715
    u = c * X * (1 + k * X * X)
    gate = 1 / (1 + np.exp(-2 * u))
    return dY * gate + dY * X * gate * (1 - gate) * 2 * c * (1 + 3 * k * X * X)


def gelu_complex_step(dY, X):
    x = X + 1e-30j
    y = 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))
    return dY * y.imag / 1e-30


def gelu_loops(dY, X):
    c, dX = (2 / np.pi) ** 0.5, np.zeros_like(X)
    for place in np.ndindex(X.shape):
        x = X[place]
        t = np.tanh(c * (x + 0.044715 * x**3))
        dX[place] = dY[place] * ((1 + t) / 2 + x / 2 * (1 - t * t) * c * (1 + 0.134145 * x * x))
    return dX


def exact_gelu_slope(dY, X):
    from math import erf

    normal = 0.5 * (1 + np.vectorize(erf)(X / np.sqrt(2)))
    return dY * (normal + X * np.exp(-(X**2) / 2) / np.sqrt(2 * np.pi))


def gelu_sum(dY, X):
    t = np.tanh(np.sqrt(2 / np.pi) * (X + 0.044715 * X**3))
    return np.sum(dY * 0.5 * X * (1 + t))


task(
    gelu_backward,
    chapter=8,
    title="GELU, backward",
    minutes=15,
    points=3,
    returns="dX",
    inputs=upstream_and_x,
    statement=r"""
        GELU, the activation of many transformers, is x times a rounded step. In its tanh form,
        $y = 0.5\, x\, (1 + \tanh(u))$ with $u = \sqrt{2/\pi}\, (x + 0.044715\, x^3)$, entry by
        entry. `X` is `(N, D)`, and so are `Y` and the upstream gradient `dY`.

        Write `gelu_backward(dY, X)`, which returns `dX` `(N, D)`, for this form exactly.
        """,
    example="""
        >>> gelu_backward(np.array([[10.0, 10.0]]), np.array([[0.0, 1.0]])).round(4).tolist()
        [[5.0, 10.8296]]
        """,
    variants=[gelu_by_gates, gelu_complex_step, gelu_loops],
    oracle=lambda dY, X: pullback(bp.gelu, dY, X),
    differences=lambda dY, X: slopes(lambda X: gelu_sum(dY, X), X),
    mistakes=[
        upstream_ignored({"dY * (0.5 * (1 + t)": "(0.5 * (1 + t)"}),
        Mistake(
            "first_term_only",
            "Only the factor x is differentiated",
            "GELU is a product, x times a gate that depends on x too; the term with the gate's "
            "own slope is missing.",
            {" + 0.5 * X * (1 - t**2) * inner": ""},
        ),
        Mistake(
            "second_term_only",
            "Only the gate is differentiated",
            "GELU is a product, x times a gate; the term in which x is differentiated, and the "
            "gate stays, is missing.",
            {"0.5 * (1 + t) + ": ""},
        ),
        Mistake(
            "inner_missing",
            "The derivative of u is missing",
            "tanh is taken of u, not of x; the chain goes on, and u has a slope of its own.",
            {" * inner": ""},
        ),
        Mistake(
            "cube_not_differentiated",
            "The 3 of the cube is missing",
            "The derivative of the cube of x is 3 times the square of x.",
            {"3 * 0.044715": "0.044715"},
        ),
        Mistake(
            "root_missing",
            "The constant in front is missing from the slope of u",
            "u is the root of 2/pi times a bracket; the factor stays when the bracket is "
            "differentiated.",
            {"inner = c * (": "inner = ("},
        ),
        Mistake(
            "cube_dropped",
            "The cubic term of u is not differentiated",
            "u contains the cube of x too, and so its slope depends on x.",
            {"inner = c * (1 + 3 * 0.044715 * X**2)": "inner = c"},
        ),
        Mistake(
            "tanh_not_squared",
            "The square in the slope of tanh is missing",
            "The slope of tanh is 1 minus the square of its output.",
            {"t**2": "t"},
        ),
        Mistake(
            "half_missing",
            "The factor 0.5 is missing from the second term",
            "The 0.5 stands before the whole product, so it comes in both terms of its derivative.",
            {"0.5 * X * (1 - t**2)": "X * (1 - t**2)"},
        ),
        Mistake(
            "x_missing",
            "The factor x is missing from the second term",
            "In the derivative of a product, the gate's slope is multiplied by the other factor, "
            "which is x.",
            {"0.5 * X * (1 - t**2)": "0.5 * (1 - t**2)"},
        ),
        Mistake(
            "exact_form",
            "It is the slope of the exact GELU",
            "The exact GELU uses the normal distribution; the tanh form differs from it in the "
            "third decimal, and has its own derivative.",
            exact_gelu_slope,
        ),
        Mistake(
            "sigmoid_form",
            "It is the slope of the sigmoid form",
            "x times the sigmoid of 1.702 x is another approximation of GELU; asked for is the "
            "one with tanh.",
            lambda dY, X: (
                dY
                * (1 / (1 + np.exp(-1.702 * X)))
                * (1 + 1.702 * X * (1 - 1 / (1 + np.exp(-1.702 * X))))
            ),
        ),
        changed_in_place(
            {"    return dY * (": "    X *= 0.5\n    return dY * (", "0.5 * X * (1": "X * (1"}, "X"
        ),
        Mistake(
            "value_for_slope",
            "Multiplied by the value instead of the slope",
            "This is dY times GELU itself; going back multiplies by its derivative.",
            {"(0.5 * (1 + t) + 0.5 * X * (1 - t**2) * inner)": "(0.5 * X * (1 + t))"},
        ),
        Mistake(
            "minus",
            "The two terms are subtracted",
            "The derivative of a product is a sum: one term for each factor.",
            {"+ 0.5 * X": "- 0.5 * X"},
        ),
    ],
    nudge="GELU is a product of two things that both depend on x; how many terms has its "
    "derivative, and where does the chain rule come in?",
    sketch="""
        Name the parts: u, its tanh t, and the gate, half of 1 plus t. GELU is x times the gate,
        so its slope has two terms: the gate, and x times the slope of the gate. The gate's slope
        is half the slope of tanh, which you know from the output, times the slope of u, which is
        a polynomial. Compute u and t first, then the slope of u, then put the two terms together.
        """,
    skeleton="""
        def gelu_backward(dY, X):
            c = np.sqrt(2 / np.pi)
            t = np.tanh(...)
            inner = ...             # the derivative of u
            return dY * (... + ...)
        """,
    notice="The slope is a little more than 1 around x = 1 and a little less than 0 around "
    "x = -1: unlike ReLU, GELU falls before it rises.",
)
