"""One step of a recurrent network. The input and the old state each through a matrix, then tanh."""

import numpy as np

import bpkit as bp
from bpkit.tasks.spec import Mistake, task


def rnn_step(x, h, Wx, Wh, b):
    """One step of a recurrent network.

    x (N, D), h (N, M): this step's input and the state before it. Wx (D, M), Wh (M, M), b (M,).
    Returns the new state (N, M).
    """
    return np.tanh(x @ Wx + h @ Wh + b)


def step_inputs(draw):
    N, D, M = draw.sizes("N D M", least=2 if draw.small is None else 1)
    return {
        "x": draw.real(N, D),
        "h": draw.real(N, M),
        "Wx": draw.real(D, M),
        "Wh": draw.real(M, M),
        "b": draw.real(M),
    }


def rnn_step_side_by_side(x, h, Wx, Wh, b):
    return np.tanh(np.concatenate([x, h], axis=1) @ np.concatenate([Wx, Wh]) + b)


def rnn_step_loops(x, h, Wx, Wh, b):
    new = np.zeros(h.shape)
    for n, m in np.ndindex(h.shape):
        total = b[m]
        for d in range(x.shape[1]):
            total = total + x[n, d] * Wx[d, m]
        for k in range(h.shape[1]):
            total = total + h[n, k] * Wh[k, m]
        new[n, m] = np.tanh(total)
    return new


task(
    rnn_step,
    chapter=17,
    title="One step of a recurrent network",
    minutes=6,
    points=1,
    returns="h",
    inputs=step_inputs,
    statement="""
        A recurrent network reads a sequence step by step and keeps what it has read in a state.
        At each step the new state is the hyperbolic tangent of the input times `Wx` plus the old
        state times `Wh` plus `b`. `x` is `(N, D)`, one example a row, the state `h` is `(N, M)`,
        `Wx` is `(D, M)`, `Wh` is `(M, M)` and `b` is `(M,)`.

        Write `rnn_step(x, h, Wx, Wh, b)`, which returns the new state `(N, M)`.
        """,
    example="""
        >>> x, h = np.array([[2.0]]), np.array([[3.0]])
        >>> rnn_step(x, h, np.array([[0.5]]), np.array([[-0.5]]), np.array([0.5])).tolist()
        [[0.0]]
        """,
    variants=[
        rnn_step_side_by_side,
        rnn_step_loops,
        {
            "np.tanh(x @ Wx + h @ Wh + b)": (
                "1 - 2 / (1 + np.exp(2 * (np.einsum('nd,dm->nm', x, Wx) + h.dot(Wh) + b)))"
            )
        },
    ],
    oracle=lambda x, h, Wx, Wh, b: bp.tanh(bp.affine(bp.Tensor(x), Wx, b) + bp.Tensor(h) @ Wh).data,
    mistakes=[
        Mistake(
            "Wh_transposed",
            "Wh is transposed",
            "Rows of h meet Wh as it is. It is square, so the shapes don't tell.",
            {"h @ Wh": "h @ Wh.T"},
        ),
        Mistake(
            "state_ignored",
            "The old state is left out",
            "Without it the network has no memory: each step sees its own input alone.",
            {" + h @ Wh": ""},
        ),
        Mistake(
            "input_ignored",
            "The input is left out",
            "Each step adds what it reads, x times Wx, to what the state brings.",
            {"x @ Wx + ": ""},
        ),
        Mistake(
            "bias_missing",
            "The bias is left out",
            "b is added once at every step, before tanh is applied.",
            {" + b": ""},
        ),
        Mistake(
            "bias_outside",
            "The bias is added after tanh",
            "It belongs inside, with the two products, so that the state stays between -1 and 1.",
            {" + b)": ") + b"},
        ),
        Mistake(
            "bias_twice",
            "The bias is added twice",
            "One bias serves both products together.",
            {" + b": " + 2 * b"},
        ),
        Mistake(
            "no_tangent",
            "The hyperbolic tangent is missing",
            "It keeps the state between -1 and 1, however long the sequence.",
            {"np.tanh": ""},
        ),
        Mistake(
            "sigmoid",
            "A sigmoid stands in place of the hyperbolic tangent",
            "tanh runs from -1 to 1, a sigmoid from 0 to 1.",
            {"np.tanh(": "1 / (1 + np.exp(-(", "+ b)": "+ b)))"},
        ),
        Mistake(
            "relu",
            "ReLU stands in place of the hyperbolic tangent",
            "tanh keeps the state between -1 and 1; ReLU lets it grow from step to step.",
            {"np.tanh(x @ Wx + h @ Wh + b)": "np.maximum(x @ Wx + h @ Wh + b, 0)"},
        ),
        Mistake(
            "input_alone_squashed",
            "The state is added after tanh",
            "Both products and b are added first, and tanh is applied to their sum.",
            {"np.tanh(x @ Wx + h @ Wh + b)": "np.tanh(x @ Wx + b) + h @ Wh"},
        ),
        Mistake(
            "state_added",
            "The old state is added to the new one",
            "The old state enters through Wh only; it isn't carried along besides.",
            {"return np": "return h + np"},
        ),
        Mistake(
            "state_squashed",
            "The old state is squashed once more",
            "h has been through tanh when it was made; it meets Wh as it is.",
            {"h @ Wh": "np.tanh(h) @ Wh"},
        ),
    ],
    nudge="Which of the things that are added here knows what came earlier in the sequence?",
    sketch="""
        It is an affine layer with two inputs: what is read now, through its own matrix, and what
        is remembered, through another. Their sum and the bias go through the hyperbolic tangent
        together, and that is the new state.
        """,
    skeleton="""
        def rnn_step(x, h, Wx, Wh, b):
            total = ... + ... + b       # (N, M)
            return ...
        """,
    notice="The same three parameters are used at every step: they are shared along time, so "
    "their gradients will add up along time.",
)
