"""A gated activation; the closed task of the chapter.

Two inputs multiply, and one goes through a curve first.
"""

import numpy as np

import bpkit as bp
from bpkit.tasks.spec import Mistake, task
from bpkit.tasks.tools import changed_in_place, pullback, slopes, upstream_ignored


def swiglu_backward(dY, A, B):
    """The gradients of Y = A * sigmoid(A) * B, entry by entry.

    dY, A, B (N, D). Returns dA (N, D), dB (N, D).
    """
    s = 1 / (1 + np.exp(-A))
    dA = dY * B * (s + A * s * (1 - s))
    dB = dY * A * s
    return dA, dB


def gate_and_value(draw):
    N, D = draw.sizes("N D")
    return {"dY": draw.real(N, D), "A": draw.real(N, D), "B": draw.real(N, D)}


def large_gate(draw):
    dY = np.array([[0.7, -1.3], [0.4, 1.6]])
    A = np.array([[1000.0, -0.3], [1.2, -1000.0]])
    return {"A near 1000": {"dY": dY, "A": A, "B": np.array([[0.3, 1.9], [-0.6, 1.4]])}}


def swiglu_by_tanh(dY, A, B):
    t = np.tanh(A / 2)
    silu = A * (1 + t) / 2
    return dY * B * (1 + t + A * (1 - t * t) / 2) / 2, dY * silu


def swiglu_loops(dY, A, B):
    dA, dB = np.zeros_like(A), np.zeros_like(B)
    for i in np.ndindex(A.shape):
        s = 1 / (1 + np.exp(-A[i]))
        dsilu, dB[i] = dY[i] * B[i], dY[i] * A[i] * s
        dA[i] += dsilu * s
        dA[i] += dsilu * A[i] * s * (1 - s)
    return dA, dB


task(
    swiglu_backward,
    chapter=8,
    title="A gated activation, backward",
    minutes=20,
    points=4,
    closed=True,
    returns="dA dB",
    inputs=gate_and_value,
    extremes=large_gate,
    statement="""
        Many language models use a gated activation, SwiGLU: `Y = A * sigmoid(A) * B`, entry by
        entry. Two affine layers give `A` and `B`; A says how much of B is let through. `A`, `B`,
        `Y` and the upstream gradient `dY` are all `(N, D)`.

        Write `swiglu_backward(dY, A, B)`, which returns `dA` and `dB`, both `(N, D)`. Both must
        be finite for inputs of any size.
        """,
    example="""
        >>> dY, A, B = np.array([[10.0]]), np.array([[0.0]]), np.array([[3.0]])
        >>> dA, dB = swiglu_backward(dY, A, B)
        >>> dA.tolist(), dB.tolist()
        ([[15.0]], [[0.0]])
        """,
    variants=[
        swiglu_by_tanh,
        swiglu_loops,
        {"s + A * s * (1 - s)": "s * (1 + A * (1 - s))"},
    ],
    oracle=lambda dY, A, B: pullback(lambda a, b: a * bp.sigmoid(a) * b, dY, A, B),
    differences=lambda dY, A, B: slopes(lambda A, B: np.sum(dY * A / (1 + np.exp(-A)) * B), A, B),
    mistakes=[
        upstream_ignored({"dY * B * (": "B * (", "dY * A * s": "A * s"}),
        Mistake(
            "sigmoid_constant",
            "In dA, the sigmoid is taken for a constant",
            "A comes in twice: as a factor, and inside the sigmoid. The path through the sigmoid "
            "is missing.",
            {"s + A * s * (1 - s)": "s"},
        ),
        Mistake(
            "factor_constant",
            "In dA, the factor A is taken for a constant",
            "A comes in twice: as a factor, and inside the sigmoid. The path through the factor "
            "is missing.",
            {"s + A * s * (1 - s)": "A * s * (1 - s)"},
        ),
        Mistake(
            "plain_gate",
            "dA is that of a plain sigmoid gate",
            "Here the gate is A times the sigmoid of A, so its slope has two terms and a factor A.",
            {"s + A * s * (1 - s)": "s * (1 - s)"},
        ),
        Mistake(
            "A_missing_in_slope",
            "In dA, the factor A is missing from the second term",
            "In a product's derivative, the slope of the sigmoid is multiplied by the other "
            "factor, which is A.",
            {"A * s * (1 - s)": "s * (1 - s)"},
        ),
        Mistake(
            "half_of_the_slope",
            "In dA, the slope of the sigmoid lacks 1 - s",
            "The slope of the sigmoid is s times 1 - s; s alone is its value.",
            {" * (1 - s)": ""},
        ),
        Mistake(
            "minus",
            "In dA, the two terms are subtracted",
            "The contributions of the two paths from A to Y are added.",
            {"s + A": "s - A"},
        ),
        Mistake(
            "B_missing",
            "In dA, the factor B is missing",
            "A acts on Y times B, so what comes back to A is multiplied by B.",
            {"dY * B *": "dY *"},
        ),
        Mistake(
            "dB_sigmoid_only",
            "In dB, the factor A is missing",
            "B is multiplied by A times the sigmoid of A; that whole product is its slope.",
            {"dY * A * s": "dY * s"},
        ),
        Mistake(
            "dB_linear",
            "In dB, the sigmoid is missing",
            "B is multiplied by A times the sigmoid of A; that whole product is its slope.",
            {"dY * A * s": "dY * A"},
        ),
        Mistake(
            "dB_times_B",
            "dB is multiplied by B",
            "In a product each factor's slope is what it is multiplied by, without the factor "
            "itself.",
            {"dY * A * s": "dY * A * s * B"},
        ),
        Mistake(
            "overflow",
            "A large exponential is divided by itself",
            "For A near 1000, exp(A) is infinity, and infinity over infinity is NaN; write the "
            "sigmoid with exp(-A) below the line.",
            {"1 / (1 + np.exp(-A))": "np.exp(A) / (1 + np.exp(A))"},
        ),
        changed_in_place({"dB = dY * A * s": "A *= s\n    dB = dY * A"}, "A"),
    ],
    nudge="Along how many paths does A reach Y, and what is B multiplied by?",
    sketch="""
        Y is a product of three factors, and two of them depend on A. For B, all that multiplies
        it is its slope. For A there are two paths: through the bare factor, where the sigmoid
        stays; and through the sigmoid, whose slope you know from its value, where the factor
        stays. The two are added, and both carry B and the upstream gradient.
        """,
    skeleton="""
        def swiglu_backward(dY, A, B):
            s = ...                 # the sigmoid of A
            dA = dY * B * (... + ...)
            dB = dY * ...
            return dA, dB
        """,
    notice="With B = 1 this is SiLU, or swish. A gate multiplies, so on the way back each side "
    "is multiplied by the other.",
)
