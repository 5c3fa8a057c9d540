"""The output of an affine layer. One example a row; the bias goes to every row."""

import numpy as np

import bpkit as bp
from bpkit.tasks.spec import Mistake, task


def affine_forward(X, W, b):
    """The output of an affine layer for a batch.

    X (N, D), W (D, M), b (M,). Returns Y (N, M).
    """
    return X @ W + b


def layer(draw):
    N, D, M = draw.sizes("N D M")
    return {"X": draw.real(N, D), "W": draw.real(D, M), "b": draw.real(M)}


def affine_by_loops(X, W, b):
    Y = np.zeros((len(X), len(b)))
    for n, m in np.ndindex(Y.shape):
        Y[n, m] = b[m]
        for d in range(len(W)):
            Y[n, m] += X[n, d] * W[d, m]
    return Y


def with_a_column_of_ones(X, W, b):
    return np.column_stack([X, np.ones(len(X))]) @ np.vstack([W, b])


task(
    affine_forward,
    chapter=7,
    title="The affine layer, forward",
    minutes=5,
    points=1,
    returns="Y",
    inputs=layer,
    statement="""
        An affine layer turns `D` numbers into `M`: each output is a weighted sum of the inputs,
        plus a bias. `X` is `(N, D)`, one example a row. `W` is `(D, M)`: its column m holds the
        weights of output m. `b` is `(M,)`.

        Write `affine_forward(X, W, b)`, which returns the outputs of the whole batch, `Y` `(N,
        M)`.
        """,
    example="""
        >>> X, W, b = np.array([[2.0, 3.0]]), np.array([[10.0], [100.0]]), np.array([7.0])
        >>> affine_forward(X, W, b).tolist()
        [[327.0]]
        """,
    variants=[
        {"X @ W + b": 'np.einsum("nd,dm->nm", X, W) + b[None, :]'},
        {"X @ W + b": "(W.T @ X.T).T + np.tile(b, (len(X), 1))"},
        affine_by_loops,
        with_a_column_of_ones,
    ],
    oracle=lambda X, W, b: bp.affine(bp.Tensor(X), bp.Tensor(W), bp.Tensor(b)).data,
    mistakes=[
        Mistake(
            "bias_missing",
            "The bias is left out",
            "Every output is a weighted sum plus its own bias; without b, an input of zeros could "
            "give only zeros.",
            {" + b": ""},
        ),
        Mistake(
            "bias_subtracted",
            "The bias is subtracted",
            "b is added to the weighted sum; here its sign is turned.",
            {"+ b": "- b"},
        ),
        Mistake(
            "bias_in_every_term",
            "The bias is added once for each input",
            "An output is a sum over D inputs plus one bias; added inside that sum, the bias "
            "comes in D times.",
            {"+ b": "+ b * len(W)"},
        ),
        Mistake(
            "bias_on_inputs",
            "The bias is added to the inputs",
            "b has one number for each output, and is added after the weighting; added to X "
            "before it, W weights the bias too.",
            {"X @ W + b": "(X + b) @ W"},
        ),
        Mistake(
            "bias_on_weights",
            "The bias is added to the weights",
            "b is added once to each output; added to W, it is multiplied by the inputs.",
            {"X @ W + b": "X @ (W + b)"},
        ),
        Mistake(
            "bias_along_the_batch",
            "The bias runs along the batch",
            "b belongs to the M columns of Y, and every row receives all of it; here each row "
            "receives one entry of b.",
            {"+ b": "+ b[:, None]"},
        ),
        Mistake(
            "W_transposed",
            "W is transposed",
            "W is (D, M), so its D rows meet the D columns of X as they are.",
            {"X @ W": "X @ W.T"},
        ),
        Mistake(
            "factors_exchanged",
            "The factors of the product are exchanged",
            "X stands on the left: its rows are the examples, and each row meets the columns of W.",
            {"X @ W": "W @ X"},
        ),
        Mistake(
            "entry_by_entry",
            "X and W are multiplied entry by entry",
            "Each output sums over all D inputs; that is a matrix product, not a product of "
            "entries.",
            {"X @ W": "X * W"},
        ),
        Mistake(
            "relu_applied",
            "Negative outputs are cut off",
            "An affine layer has no activation; where one is wanted, it is a step of its own.",
            {"X @ W + b": "np.maximum(X @ W + b, 0)"},
        ),
        Mistake(
            "bias_multiplied",
            "The bias is multiplied",
            "b is added to the weighted sums; as a factor it would only scale them.",
            {"+ b": "* b"},
        ),
    ],
    nudge="Which numbers of X does the output in row n and column m need, and which of W?",
    sketch="""
        The output of example n in column m sums, over the D inputs, the input times its weight. A
        sum over a shared axis is a matrix product: the D columns of X meet the D rows of W. The
        bias has one number for each column, and broadcasting gives it to every row.
        """,
    skeleton="""
        def affine_forward(X, W, b):
            weighted = ...          # (N, M): sums over the D inputs
            return weighted + ...
        """,
    notice="One line serves the whole batch: b, which is (M,), is repeated for all N rows. What is "
    "repeated going forward is added up going back.",
)
