"""The backward step of a bilinear form; the closed task of the chapter.

Three factors, so each gradient is made of the other two.
"""

import numpy as np

import bpkit as bp
from bpkit.tasks.spec import Mistake, task
from bpkit.tasks.tools import averaged_twice, changed_in_place, pullback, slopes, upstream_ignored


def bilinear_backward(dS, X, A, Y):
    """The gradients of S[n] = X[n] @ A @ Y[n].

    dS (N,), X (N, D), A (D, M), Y (N, M). Returns dX (N, D), dA (D, M), dY (N, M).
    """
    up = dS[:, None]
    dX = up * (Y @ A.T)
    dA = X.T @ (up * Y)
    dY = up * (X @ A)
    return dX, dA, dY


def scores_inputs(draw):
    N, D, M = draw.sizes("N D M")
    return {"dS": draw.real(N), "X": draw.real(N, D), "A": draw.real(D, M), "Y": draw.real(N, M)}


def bilinear_loops(dS, X, A, Y):
    dX, dA, dY = np.zeros(X.shape), np.zeros(A.shape), np.zeros(Y.shape)
    for n, up in enumerate(dS):
        for d, m in np.ndindex(A.shape):
            dX[n, d] += up * A[d, m] * Y[n, m]
            dA[d, m] += up * X[n, d] * Y[n, m]
            dY[n, m] += up * X[n, d] * A[d, m]
    return dX, dA, dY


def bilinear_by_einsum(dS, X, A, Y):
    return (
        np.einsum("n,dm,nm->nd", dS, A, Y),
        np.einsum("n,nd,nm->dm", dS, X, Y),
        np.einsum("n,nd,dm->nm", dS, X, A),
    )


def bilinear_in_two_steps(dS, X, A, Y):
    Z = X @ A
    dZ = np.diag(dS) @ Y
    return dZ @ A.T, X.T @ dZ, np.diag(dS) @ Z


task(
    bilinear_backward,
    chapter=6,
    title="A score between two vectors",
    minutes=20,
    points=4,
    returns="dX dA dY",
    closed=True,
    inputs=scores_inputs,
    statement="""
        How well do two things fit together: a question and an answer, a reader and a book? A
        bilinear score gives each pair a number: `S[n] = X[n] @ A @ Y[n]`, where `X` `(N, D)`
        holds the first of each pair, `Y` `(N, M)` the second, and `A` `(D, M)` is learned. `S` is
        `(N,)`, and so is `dS`, the gradient that comes from above.

        Write `bilinear_backward(dS, X, A, Y)`, which returns the gradients `dX` `(N, D)`, `dA`
        `(D, M)` and `dY` `(N, M)`, in this order. If the loss is a mean, that is in `dS` already.
        """,
    example="""
        >>> dS, X, A, Y = np.array([10.0]), np.array([[2.0]]), np.array([[3.0]]), np.array([[5.0]])
        >>> dX, dA, dY = bilinear_backward(dS, X, A, Y)
        >>> dX.tolist(), dA.tolist(), dY.tolist()
        ([[150.0]], [[100.0]], [[60.0]])
        """,
    variants=[
        {"X.T @ (up * Y)": "(X * up).T @ Y"},
        bilinear_loops,
        bilinear_by_einsum,
        bilinear_in_two_steps,
    ],
    oracle=lambda dS, X, A, Y: pullback(
        lambda X, A, Y: bp.sum(bp.matmul(X, A) * Y, axis=1), dS, X, A, Y
    ),
    differences=lambda dS, X, A, Y: slopes(
        lambda X, A, Y: np.sum(dS * np.einsum("nd,dm,nm->n", X, A, Y)), X, A, Y
    ),
    mistakes=[
        upstream_ignored({"up = dS[:, None]": "up = 1.0"}, up="dS"),
        Mistake(
            "dA_without_upstream",
            "dA leaves dS out",
            "Each pair counts in dA as much as the loss cares about its score, which is what dS "
            "says.",
            {"(up * Y)": "Y"},
        ),
        Mistake(
            "dX_without_upstream",
            "dX leaves dS out",
            "Each row is the local derivative of one score; it is multiplied by that score's dS.",
            {"up * (Y @ A.T)": "Y @ A.T"},
        ),
        Mistake(
            "dY_without_upstream",
            "dY leaves dS out",
            "Each row is the local derivative of one score; it is multiplied by that score's dS.",
            {"up * (X @ A)": "X @ A"},
        ),
        Mistake(
            "upstream_summed",
            "All pairs are given the sum of dS",
            "Each score has its own entry of dS; they are added up only in dA, after they have "
            "weighted their pairs.",
            {"up = dS[:, None]": "up = dS.sum()"},
        ),
        Mistake(
            "upstream_averaged",
            "All pairs are given the mean of dS",
            "Each score has its own entry of dS, which weights its own pair.",
            {"up = dS[:, None]": "up = dS.mean()"},
        ),
        Mistake(
            "dA_averaged",
            "dA is averaged over the pairs",
            "All pairs use the same A, and what they send back is added; a 1/N is in dS already.",
            {"X.T @ (up * Y)": "X.T @ (up * Y) / len(X)"},
        ),
        averaged_twice({"up = dS[:, None]": "up = dS[:, None] / len(dS)"}),
        Mistake(
            "dA_transposed",
            "dA is transposed",
            "dA has the shape of A, (D, M): its rows belong to X, its columns to Y.",
            {"X.T @ (up * Y)": "(up * Y).T @ X"},
        ),
        Mistake(
            "dA_not_summed",
            "dA is not summed over the pairs",
            "A serves every pair, so its gradient adds up what all N of them send back.",
            {"X.T @ (up * Y)": "(up * X)[:, :, None] * Y[:, None, :]"},
        ),
        Mistake(
            "dA_pairs_mixed",
            "In dA every X meets every Y",
            "Row n of X is paired with row n of Y alone; summing both before multiplying mixes the "
            "pairs.",
            {"X.T @ (up * Y)": "np.outer(X.sum(axis=0), (up * Y).sum(axis=0))"},
        ),
        Mistake(
            "dA_upstream_twice",
            "dA carries dS twice",
            "Each pair is weighted by its dS once, in X or in Y, not in both.",
            {"X.T @ (up * Y)": "(up * X).T @ (up * Y)"},
        ),
        Mistake(
            "A_not_transposed",
            "In dX, A is not transposed",
            "Y has M numbers in a row and dX needs D; A takes D to M, so its transpose is needed.",
            {"Y @ A.T": "Y @ A"},
        ),
        Mistake(
            "A_transposed",
            "In dY, A is transposed",
            "X has D numbers in a row and dY needs M, which is the way A itself goes.",
            {"(X @ A)": "(X @ A.T)"},
        ),
        Mistake(
            "dX_times_X",
            "dX is multiplied by X",
            "The score is linear in X: the derivative does not contain X itself.",
            {"up * (Y @ A.T)": "up * X * (Y @ A.T)"},
        ),
        Mistake(
            "dY_times_Y",
            "dY is multiplied by Y",
            "The score is linear in Y: the derivative does not contain Y itself.",
            {"up * (X @ A)": "up * Y * (X @ A)"},
        ),
        Mistake(
            "dA_times_A",
            "dA is multiplied by A",
            "The score is linear in A: the derivative does not contain A itself.",
            {"X.T @ (up * Y)": "A * (X.T @ (up * Y))"},
        ),
        Mistake(
            "other_order",
            "The gradients come in another order",
            "They are asked for in the order X, A, Y, as they stand in the score.",
            {"return dX, dA, dY": "return dX, dY, dA"},
        ),
        changed_in_place(
            {"up = dS[:, None]": "up = dS[:, None]\n    Y *= up", "(up * Y)": "Y"}
            | {"up * (Y @": "1.0 * (Y @"},
            "Y",
        ),
    ],
    nudge="In one score, with what is the entry (d, m) of A multiplied, and in how many scores "
    "does "
    "it occur?",
    sketch="""
        One score is a sum over d and m of three factors: X at (n, d), A at (d, m), Y at (n, m).
        The gradient of any one of them is the product of the other two and of the score's dS,
        added up over the indices that it does not have itself. X at (n, d) lacks m; Y at (n, m)
        lacks d; A at (d, m) lacks n, so it adds up over all pairs. Turn each sum into a matrix
        product, with the index that is summed inside.
        """,
    skeleton="""
        def bilinear_backward(dS, X, A, Y):
            up = dS[:, None]        # (N, 1): one for each pair
            dX = up * ...           # (N, D): sums over m
            dA = ...                # (D, M): sums over n
            dY = ...                # (N, M): sums over d
            return dX, dA, dY
        """,
    notice="The same rule reads off any einsum: the gradient of one factor is the einsum of all "
    "the "
    "others with the upstream gradient, over the indices that are left.",
)
