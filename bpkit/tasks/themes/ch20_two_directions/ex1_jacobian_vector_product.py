"""The Jacobian times a vector, in one pass forward.

A value and its rate of change go through every line together.
"""

import numpy as np

import bpkit as bp
from bpkit.tasks.spec import Mistake, task
from bpkit.tasks.tools import pullback


def jacobian_vector_product(X, V, W1, b1, W2, b2):
    """A network of two layers, and by how much its output moves when X moves along V.

    X, V (N, D), W1 (D, M), b1 (M,), W2 (M, K), b2 (K,). Returns Y (N, K) and its derivative along
    V (N, K).
    """
    H = np.tanh(X @ W1 + b1)
    Y = H @ W2 + b2
    VH = (1 - H**2) * (V @ W1)
    VY = VH @ W2
    return Y, VY


def network_and_direction(draw):
    N, D, M, K = draw.sizes("N D M K", least=1 if draw.small is not None else 2)
    return {
        "X": draw.real(N, D),
        "V": draw.real(N, D),
        "W1": draw.real(D, M, low=0.1, high=0.8),
        "b1": draw.real(M, low=0.1, high=0.8),
        "W2": draw.real(M, K),
        "b2": draw.real(K),
    }


def output(X, W1, b1, W2, b2):
    return np.tanh(X @ W1 + b1) @ W2 + b2


def jvp_with_the_jacobian(X, V, W1, b1, W2, b2):
    Y, VY = [], []
    for x, v in zip(X, V, strict=True):
        h = np.tanh(x @ W1 + b1)
        jacobian = (W1 * (1 - h * h)) @ W2
        Y.append(h @ W2 + b2)
        VY.append(v @ jacobian)
    return np.array(Y), np.array(VY)


def jvp_complex_step(X, V, W1, b1, W2, b2):
    moved = output(X + 1e-30j * V, W1, b1, W2, b2)
    return moved.real, moved.imag * 1e30


def jvp_pairs(X, V, W1, b1, W2, b2):
    """Values and tangents stacked, and carried through each step together."""
    pair = np.einsum("ind,dm->inm", np.stack([X, V]), W1)
    pair[0] += b1
    pair = np.stack([np.tanh(pair[0]), pair[1] / np.cosh(pair[0]) ** 2])
    pair = np.einsum("inm,mk->ink", pair, W2)
    return pair[0] + b2, pair[1]


def jvp_by_reverse_mode(X, V, W1, b1, W2, b2):
    """One pass of bpkit's engine for each entry of the output."""

    def forward(X):
        return bp.tanh(X @ W1 + b1) @ W2 + b2

    Y = forward(bp.Tensor(X)).data
    VY = np.zeros(Y.shape)
    for at in np.ndindex(Y.shape):
        up = np.zeros(Y.shape)
        up[at] = 1
        VY[at] = np.vdot(pullback(forward, up, X), V)
    return Y, VY


def jvp_by_differences(X, V, W1, b1, W2, b2):
    h = 1e-5
    ahead, behind = output(X + h * V, W1, b1, W2, b2), output(X - h * V, W1, b1, W2, b2)
    return output(X, W1, b1, W2, b2), (ahead - behind) / (2 * h)


task(
    jacobian_vector_product,
    chapter=20,
    title="The Jacobian times a vector, going forward",
    minutes=15,
    points=3,
    returns="Y VY",
    inputs=network_and_direction,
    statement="""
        Forward mode carries, beside each value, by how much it moves when the input moves in a
        given direction. A network computes `H = tanh(X @ W1 + b1)` and `Y = H @ W2 + b2`. `X` is
        `(N, D)`, `W1` `(D, M)`, `b1` `(M,)`, `W2` `(M, K)` and `b2` `(K,)`. The direction `V`
        `(N, D)` says how fast each entry of `X` moves; the parameters stand still. `VY` is how
        fast each entry of `Y` moves then: its derivative, at step 0, when `X` is replaced by `X`
        plus a step times `V`.

        Write `jacobian_vector_product(X, V, W1, b1, W2, b2)`, which returns `Y` `(N, K)` and `VY`
        `(N, K)`, in one pass forward.
        """,
    example="""
        >>> X, V, W1 = np.array([[1.0]]), np.array([[10.0]]), np.array([[2.0]])
        >>> b1, W2, b2 = np.array([-2.0]), np.array([[3.0]]), np.array([4.0])
        >>> Y, VY = jacobian_vector_product(X, V, W1, b1, W2, b2)
        >>> Y.tolist(), VY.tolist()
        ([[4.0]], [[60.0]])
        """,
    variants=[jvp_with_the_jacobian, jvp_complex_step, jvp_pairs],
    oracle=jvp_by_reverse_mode,
    differences=jvp_by_differences,
    mistakes=[
        Mistake(
            "b1_moves",
            "The first bias is added to the direction",
            "b1 stands still while X moves, so it adds nothing to how fast the sum moves.",
            {"(V @ W1)": "(V @ W1 + b1)"},
        ),
        Mistake(
            "b2_moves",
            "The second bias is added to the direction",
            "b2 stands still while H moves, so it adds nothing to how fast Y moves.",
            {"VH @ W2": "VH @ W2 + b2"},
        ),
        Mistake(
            "both_biases_move",
            "The direction goes through the whole network with its biases",
            "The biases stand still: only what is multiplied by a moving value moves.",
            {"(V @ W1)": "(V @ W1 + b1)", "VH @ W2": "VH @ W2 + b2"},
        ),
        Mistake(
            "slope_missing",
            "The slope of tanh is left out",
            "H moves more slowly than what goes into tanh: by the factor 1 minus H squared.",
            {"(1 - H**2) * (V @ W1)": "V @ W1"},
        ),
        Mistake(
            "tanh_of_direction",
            "The direction is put through tanh",
            "A rate is multiplied by the slope at the value; tanh itself is for values.",
            {"(1 - H**2) * (V @ W1)": "np.tanh(V @ W1)"},
        ),
        Mistake(
            "slope_of_direction",
            "The slope of tanh is taken at the direction",
            "It is the slope at the value, X W1 + b1, that says how fast H moves.",
            {"(1 - H**2)": "(1 - np.tanh(V @ W1) ** 2)"},
        ),
        Mistake(
            "slope_before_tanh",
            "The slope is made from what goes into tanh",
            "It is 1 minus the square of tanh, that is, of H.",
            {"(1 - H**2)": "(1 - (X @ W1 + b1) ** 2)"},
        ),
        Mistake(
            "slope_not_squared",
            "The slope is 1 minus H",
            "The slope of tanh is 1 minus the square of its value.",
            {"H**2": "H"},
        ),
        Mistake(
            "slope_of_sigmoid",
            "The slope is that of a sigmoid",
            "H (1 - H) belongs to the sigmoid; tanh has 1 minus H squared.",
            {"(1 - H**2)": "H * (1 - H)"},
        ),
        Mistake(
            "tanh_twice",
            "The slope takes the tanh of H",
            "H has been through tanh already: the slope is 1 minus its square.",
            {"1 - H**2": "1 - np.tanh(H) ** 2"},
        ),
        Mistake(
            "whole_step",
            "It is the change over a whole step V",
            "A derivative is the rate at the start; over a whole step the curve bends.",
            {"VY = VH @ W2": "VY = np.tanh((X + V) @ W1 + b1) @ W2 + b2 - Y"},
        ),
        Mistake(
            "moved_output",
            "It is the output at X + V",
            "VY is how fast Y moves, not where it would be after a step.",
            {"VY = VH @ W2": "VY = np.tanh((X + V) @ W1 + b1) @ W2 + b2"},
        ),
        Mistake(
            "stops_at_H",
            "VY stops at the hidden layer",
            "Y is H times W2, so how fast H moves goes through W2 as well.",
            {"VY = VH @ W2": "VY = VH"},
        ),
        Mistake(
            "value_added",
            "The output is added to its derivative",
            "VY is how fast Y moves, without Y itself.",
            {"VY = VH @ W2": "VY = Y + VH @ W2"},
        ),
        Mistake(
            "X_moves_along",
            "X is added to the direction",
            "The rate at which X moves is V alone, wherever X is.",
            {"(V @ W1)": "((X + V) @ W1)"},
        ),
    ],
    nudge="If X moves at the speed V, how fast does a sum with a constant move, and how fast the "
    "tanh of it?",
    sketch="""
        Beside each line of the forward pass stands a line for the speed. A matrix product carries
        the speed through the same matrix; a bias, which stands still, adds none; tanh multiplies
        the speed by its slope at the value that is there. No transposes, and nothing to store.
        """,
    skeleton="""
        def jacobian_vector_product(X, V, W1, b1, W2, b2):
            H = np.tanh(X @ W1 + b1)
            Y = H @ W2 + b2
            VH = ...            # (N, M): how fast H moves
            VY = ...            # (N, K): how fast Y moves
            return Y, VY
        """,
    notice="One pass gives the derivative of all outputs along one direction; reverse mode gives "
    "that of one output along all directions. A loss is one output.",
)
