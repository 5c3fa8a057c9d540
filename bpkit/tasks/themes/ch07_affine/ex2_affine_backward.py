"""The gradients of an affine layer. Two transposes and a sum over the batch, each in its place."""

import numpy as np

import bpkit as bp
from bpkit.tasks.spec import Mistake, task
from bpkit.tasks.tools import averaged_twice, changed_in_place, pullback, slopes


def affine_backward(dY, X, W):
    """The gradients of Y = X @ W + b.

    dY (N, M), X (N, D), W (D, M). Returns dX (N, D), dW (D, M), db (M,).
    """
    dX = dY @ W.T
    dW = X.T @ dY
    db = dY.sum(axis=0)
    return dX, dW, db


def inputs(draw):
    N, D, M = draw.sizes("N D M")
    return {"dY": draw.real(N, M), "X": draw.real(N, D), "W": draw.real(D, M)}


def by_loops(dY, X, W):
    dX, dW, db = np.zeros(X.shape), np.zeros(W.shape), np.zeros(W.shape[1])
    for n, d in np.ndindex(X.shape):
        for m in range(W.shape[1]):
            dX[n, d] += dY[n, m] * W[d, m]
            dW[d, m] += X[n, d] * dY[n, m]
    for row in dY:
        db += row
    return dX, dW, db


def from_bpkit(dY, X, W):
    return pullback(bp.affine, dY, X, W, np.zeros(W.shape[1]))


def by_differences(dY, X, W):
    return slopes(lambda X, W, b: np.sum(dY * (X @ W + b)), X, W, np.zeros(W.shape[1]))


task(
    affine_backward,
    chapter=7,
    title="The affine layer, backward",
    minutes=15,
    points=3,
    returns="dX dW db",
    inputs=inputs,
    statement="""
        A layer computes `Y = X @ W + b`: `X` is `(N, D)`, one example a row, `W` is `(D, M)`, `b`
        is `(M,)`, and so `Y` is `(N, M)`. What arrives from above is `dY`, the gradient of the
        loss with respect to `Y`.

        Write `affine_backward(dY, X, W)`, which returns the gradients `dX` `(N, D)`, `dW` `(D,
        M)` and `db` `(M,)`, in this order. The loss is a mean already: divide by nothing here.
        """,
    example="""
        >>> dY, X, W = np.array([[10.0], [2.0]]), np.array([[3.0], [5.0]]), np.array([[7.0]])
        >>> dX, dW, db = affine_backward(dY, X, W)
        >>> dX.tolist(), dW.tolist(), db.tolist()
        ([[70.0], [14.0]], [[40.0]], [12.0])
        """,
    variants=[
        {"X.T @ dY": 'np.einsum("nd,nm->dm", X, dY)', "dY @ W.T": "(W @ dY.T).T"},
        {"dY.sum(axis=0)": "np.ones(len(dY)) @ dY", "X.T @ dY": "sum(map(np.outer, X, dY))"},
        by_loops,
    ],
    oracle=from_bpkit,
    differences=by_differences,
    mistakes=[
        Mistake(
            "db_over_columns",
            "db is summed over the wrong axis",
            "One bias serves every row of the batch, so what the rows send is added: the sum "
            "runs over "
            "the rows, and leaves one number for each of the M columns.",
            {"dY.sum(axis=0)": "dY.sum(axis=1)"},
        ),
        Mistake(
            "db_not_summed",
            "db is not summed over the batch",
            "The bias was broadcast to every row, so its gradient adds up what all rows send back.",
            {"dY.sum(axis=0)": "dY"},
        ),
        Mistake(
            "db_averaged",
            "db is averaged over the batch",
            "1/N is in the loss already, and so in dY; averaging here divides db by N once more.",
            {"dY.sum(axis=0)": "dY.mean(axis=0)"},
        ),
        Mistake(
            "db_keeps_axis",
            "db keeps an axis of length 1",
            "b is (M,), and so is its gradient; keepdims leaves (1, M).",
            {"axis=0": "axis=0, keepdims=True"},
        ),
        Mistake(
            "dW_transposed",
            "dW is transposed",
            "dW must have the shape of W, (D, M): entry (d, m) pairs input d with output m.",
            {"X.T @ dY": "dY.T @ X"},
        ),
        Mistake(
            "W_not_transposed",
            "W is used without its transpose",
            "Going forward W takes D numbers to M; the way back takes M to D, which is W.T.",
            {"W.T": "W"},
        ),
        Mistake(
            "X_not_transposed",
            "X is used without its transpose",
            "dW sums over the batch, so N must be the inner length of the product: that is X.T @ "
            "dY.",
            {"X.T @ dY": "X @ dY"},
        ),
        Mistake(
            "dX_dW_exchanged",
            "dX and dW are returned in each other's place",
            "The order asked for is dX, dW, db.",
            {"return dX, dW, db": "return dW, dX, db"},
        ),
        averaged_twice({"X.T @ dY": "X.T @ dY / len(X)", "axis=0)": "axis=0) / len(X)"}),
        changed_in_place({"dX = dY @ W.T": "dX = dY @ W.T\n    X *= 0"}, "X"),
    ],
    nudge="Entry (n, d) of X touches which entries of Y? And entry (d, m) of W: over which "
    "examples does it "
    "act, and so what must its gradient add up?",
    sketch="""
        Look at one number of Y: row n, column m. It is the sum over d of X at (n, d) times W at
        (d, m), plus b at m. So an entry of X reaches every column m of its own row; an entry of W
        reaches every row n; an entry of b reaches every row too. Each gradient adds up, over all
        that its entry reaches, the upstream gradient times the other factor. A sum over a shared
        axis of two matrices is a matrix product, once the shared axis stands inside: that decides
        what to transpose.
        """,
    skeleton="""
        def affine_backward(dY, X, W):
            dX = ... @ ...          # (N, M) with (M, D)
            dW = ... @ ...          # (D, N) with (N, M)
            db = ...                # (M,): add up the rows
            return dX, dW, db
        """,
    notice="Each gradient has the shape of what it belongs to, and the axis that is summed over "
    "is the one that "
    "the two factors share: M for dX, the batch N for dW and db.",
)
