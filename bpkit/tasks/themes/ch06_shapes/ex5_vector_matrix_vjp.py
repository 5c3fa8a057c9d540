"""The backward step of a vector times a matrix.

One gradient is a product, the other an outer product.
"""

import numpy as np

import bpkit as bp
from bpkit.tasks.spec import Mistake, task
from bpkit.tasks.tools import pullback, slopes


def vector_matrix_vjp(dy, x, W):
    """The gradients of y = x @ W.

    dy (M,), x (D,), W (D, M). Returns dx (D,), dW (D, M).
    """
    dx = W @ dy
    dW = np.outer(x, dy)
    return dx, dW


def vector_and_matrix(draw):
    D, M = draw.sizes("D M")
    return {"dy": draw.real(M), "x": draw.real(D), "W": draw.real(D, M)}


def vector_loops(dy, x, W):
    dx, dW = np.zeros(len(x)), np.zeros((len(x), len(dy)))
    for d in range(len(x)):
        for m in range(len(dy)):
            dx[d] += W[d, m] * dy[m]
            dW[d, m] = x[d] * dy[m]
    return dx, dW


def vector_from_bpkit(dy, x, W):
    dX, dW = pullback(bp.matmul, dy[None], x[None], W)
    return dX[0], dW


task(
    vector_matrix_vjp,
    chapter=6,
    title="A vector times a matrix, backward",
    minutes=10,
    points=2,
    returns="dx dW",
    inputs=vector_and_matrix,
    statement="""
        The smallest layer takes one example: `y = x @ W`, with `x` `(D,)`, `W` `(D, M)` and so
        `y` `(M,)`. From above comes `dy` `(M,)`, the gradient of the loss with respect to `y`.

        Write `vector_matrix_vjp(dy, x, W)`, which returns the gradients `dx` `(D,)` and `dW` `(D,
        M)`. The Jacobian of `y` with respect to `W` would have `M` rows and `D * M` columns,
        nearly all of them 0; you don't need it.
        """,
    example="""
        >>> dy, x, W = np.array([10.0, 1.0]), np.array([3.0]), np.array([[5.0, 7.0]])
        >>> dx, dW = vector_matrix_vjp(dy, x, W)
        >>> dx.tolist(), dW.tolist()
        ([57.0], [[30.0, 3.0]])
        """,
    variants=[
        {"W @ dy": "dy @ W.T", "np.outer(x, dy)": "x[:, None] * dy"},
        {
            "W @ dy": "(W * dy).sum(axis=1)",
            "np.outer(x, dy)": "x.reshape(-1, 1) @ dy.reshape(1, -1)",
        },
        {"W @ dy": 'np.einsum("dm,m->d", W, dy)', "np.outer(x, dy)": 'np.einsum("d,m->dm", x, dy)'},
        vector_loops,
    ],
    oracle=vector_from_bpkit,
    differences=lambda dy, x, W: slopes(lambda x, W: np.sum(dy * (x @ W)), x, W),
    mistakes=[
        Mistake(
            "W_the_other_way",
            "W is used the wrong way round",
            "Forward W takes D numbers to M; on the way back M numbers become D, so the sum runs "
            "over the columns of W.",
            {"W @ dy": "W.T @ dy"},
        ),
        Mistake(
            "dW_transposed",
            "dW is transposed",
            "dW has the shape of W, (D, M): entry (d, m) pairs input d with output m.",
            {"np.outer(x, dy)": "np.outer(dy, x)"},
        ),
        Mistake(
            "dx_without_upstream",
            "dx leaves dy out",
            "Adding up a row of W treats all outputs alike; each counts as much as dy says.",
            {"W @ dy": "W.sum(axis=1)"},
        ),
        Mistake(
            "dW_without_upstream",
            "dW leaves dy out",
            "x[d] is the local derivative of y[m]; the loss cares about y[m] as much as dy[m] "
            "says.",
            {"np.outer(x, dy)": "np.outer(x, np.ones(len(dy)))"},
        ),
        Mistake(
            "dW_without_x",
            "dW leaves x out",
            "W[d, m] is multiplied by x[d] on the way forward, so its gradient carries x[d].",
            {"np.outer(x, dy)": "np.outer(np.ones(len(x)), dy)"},
        ),
        Mistake(
            "dW_added",
            "In dW the two factors are added",
            "Upstream gradient and local derivative are multiplied, in every pair of places.",
            {"np.outer(x, dy)": "np.add.outer(x, dy)"},
        ),
        Mistake(
            "dW_dx_in_place_of_x",
            "dW is made with dx in place of x",
            "The local derivative of y[m] with respect to W[d, m] is the input x[d], not its "
            "gradient.",
            {"np.outer(x, dy)": "np.outer(dx, dy)"},
        ),
        Mistake(
            "dW_times_W",
            "dW is multiplied by W",
            "y is linear in W: the derivative does not contain W itself.",
            {"np.outer(x, dy)": "np.outer(x, dy) * W"},
        ),
        Mistake(
            "dx_times_x",
            "dx is multiplied by x",
            "y is linear in x: the derivative does not contain x itself.",
            {"W @ dy": "x * (W @ dy)"},
        ),
        Mistake(
            "dx_not_summed",
            "dx is not summed over the outputs",
            "x[d] reaches all M outputs, and what they send back is added.",
            {"W @ dy": "W * dy"},
        ),
        Mistake(
            "dx_column",
            "dx keeps an axis of length 1",
            "x is (D,), and so is its gradient, not a column (D, 1).",
            {"W @ dy": "W @ dy[:, None]"},
        ),
        Mistake(
            "exchanged",
            "dx and dW are returned in each other's place",
            "The order asked for is dx, dW.",
            {"return dx, dW": "return dW, dx"},
        ),
    ],
    nudge="Which outputs does x at place d reach, and which single output does W at (d, m) reach?",
    sketch="""
        Output m is the sum over d of x at d times W at (d, m). So x at d reaches every output,
        with the weights of its row of W: its gradient adds up all of them, each times what comes
        from above. W at (d, m) reaches output m alone, and what multiplies it there is x at d:
        its gradient is one product, and dW is the table of all such products.
        """,
    skeleton="""
        def vector_matrix_vjp(dy, x, W):
            dx = ...                # (D,): sums over the M outputs
            dW = ...                # (D, M): every x[d] with every dy[m]
            return dx, dW
        """,
    notice="dW is an outer product: all of its rows are multiples of dy. A batch adds up N of "
    "them, "
    "and that sum is the matrix product of chapter 7.",
)
