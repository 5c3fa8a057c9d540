"""The backward step of a product of square matrices.

Shapes fit whatever is transposed, so only the derivation helps.
"""

import numpy as np

import bpkit as bp
from bpkit.tasks.spec import Mistake, task
from bpkit.tasks.tools import pullback, slopes, upstream_ignored


def square_matmul_backward(dC, A, B):
    """The gradients of C = A @ B for square matrices.

    dC, A, B (n, n). Returns dA (n, n), dB (n, n).
    """
    dA = dC @ B.T
    dB = A.T @ dC
    return dA, dB


def square_matrices(draw):
    n = draw.size("n", least=2)
    return {"dC": draw.real(n, n), "A": draw.real(n, n), "B": draw.real(n, n)}


def square_loops(dC, A, B):
    dA, dB = np.zeros(A.shape), np.zeros(B.shape)
    n = len(A)
    for i in range(n):
        for k in range(n):
            for j in range(n):
                dA[i, k] += dC[i, j] * B[k, j]
                dB[k, j] += A[i, k] * dC[i, j]
    return dA, dB


def square_by_columns(dC, A, B):
    dA = sum(np.outer(dC[:, j], B[:, j]) for j in range(len(B)))
    return dA, sum(np.outer(A[i], dC[i]) for i in range(len(A)))


task(
    square_matmul_backward,
    chapter=6,
    title="The square trap",
    minutes=12,
    points=3,
    returns="dA dB",
    inputs=square_matrices,
    statement="""
        "The shapes leave only one choice" is how many people remember the backward step of a
        matrix product. When all matrices are square, every product has the right shape, and most
        of them are wrong.

        Let `C = A @ B`, where `A` and `B`, and so `C`, are `(n, n)`. From above comes `dC` `(n,
        n)`. Write `square_matmul_backward(dC, A, B)`, which returns the gradients `dA` and `dB`,
        both `(n, n)`. No shape will help you; look at one entry.
        """,
    example="""
        >>> dC = np.array([[1.0, 0.0], [0.0, 0.0]])
        >>> A, B = np.array([[2.0, 3.0], [5.0, 7.0]]), np.array([[10.0, 20.0], [30.0, 40.0]])
        >>> dA, dB = square_matmul_backward(dC, A, B)
        >>> dA.tolist(), dB.tolist()
        ([[10.0, 30.0], [0.0, 0.0]], [[2.0, 0.0], [3.0, 0.0]])
        """,
    variants=[
        {"dC @ B.T": "(B @ dC.T).T", "A.T @ dC": "(dC.T @ A).T"},
        {"dC @ B.T": 'np.einsum("ij,kj->ik", dC, B)', "A.T @ dC": 'np.einsum("ik,ij->kj", A, dC)'},
        square_loops,
        square_by_columns,
    ],
    oracle=lambda dC, A, B: pullback(bp.matmul, dC, A, B),
    differences=lambda dC, A, B: slopes(lambda A, B: np.sum(dC * (A @ B)), A, B),
    mistakes=[
        Mistake(
            "B_not_transposed",
            "In dA, B is not transposed",
            "Entry (i, k) of A meets row k of B; the sum runs along that row, which stands as a "
            "column in the transpose.",
            {"dC @ B.T": "dC @ B"},
        ),
        Mistake(
            "dA_other_order",
            "In dA the factors stand in the wrong order",
            "A row of A reaches the same row of C and no other, so dC comes first, and its rows "
            "stay rows.",
            {"dC @ B.T": "B.T @ dC"},
        ),
        Mistake(
            "dA_other_order_plain",
            "In dA the order is wrong, and B is not transposed",
            "A row of A reaches the same row of C, so dC comes first; and the sum runs along a row "
            "of B.",
            {"dC @ B.T": "B @ dC"},
        ),
        Mistake(
            "dA_upstream_transposed",
            "In dA the upstream gradient is transposed",
            "Row i of dA comes from row i of dC; transposing dC exchanges rows and columns of C.",
            {"dC @ B.T": "dC.T @ B.T"},
        ),
        Mistake(
            "dA_from_A",
            "dA is made from A",
            "In a product each factor's derivative is the other factor; for A that is B.",
            {"dC @ B.T": "dC @ A.T"},
        ),
        Mistake(
            "A_not_transposed",
            "In dB, A is not transposed",
            "Entry (k, j) of B meets column k of A; the sum runs along that column, which stands "
            "as a row in the transpose.",
            {"A.T @ dC": "A @ dC"},
        ),
        Mistake(
            "dB_other_order",
            "In dB the factors stand in the wrong order",
            "A column of B reaches the same column of C and no other, so dC comes last, and its "
            "columns stay columns.",
            {"A.T @ dC": "dC @ A.T"},
        ),
        Mistake(
            "dB_other_order_plain",
            "In dB the order is wrong, and A is not transposed",
            "A column of B reaches the same column of C, so dC comes last; and the sum runs along "
            "a column of A.",
            {"A.T @ dC": "dC @ A"},
        ),
        Mistake(
            "dB_upstream_transposed",
            "In dB the upstream gradient is transposed",
            "Column j of dB comes from column j of dC; transposing dC exchanges rows and columns "
            "of C.",
            {"A.T @ dC": "A.T @ dC.T"},
        ),
        Mistake(
            "dB_from_B",
            "dB is made from B",
            "In a product each factor's derivative is the other factor; for B that is A.",
            {"A.T @ dC": "B.T @ dC"},
        ),
        Mistake(
            "exchanged",
            "dA and dB are returned in each other's place",
            "The order asked for is dA, dB; here no shape gives the exchange away.",
            {"return dA, dB": "return dB, dA"},
        ),
        Mistake(
            "inverses",
            "The inverses are used in place of the transposes",
            "The way back does not undo the product; it weights what comes from above by the other "
            "factor.",
            {"B.T": "np.linalg.inv(B)", "A.T": "np.linalg.inv(A)"},
        ),
        Mistake(
            "entry_by_entry",
            "The factors are multiplied entry by entry",
            "C is a matrix product: each of its entries is a sum, and so is each gradient.",
            {"dC @ B.T": "dC * B", "A.T @ dC": "A * dC"},
        ),
        upstream_ignored(
            {"dC @ B.T": "np.ones_like(dC) @ B.T", "A.T @ dC": "A.T @ np.ones_like(dC)"}, up="dC"
        ),
    ],
    nudge="Entry (i, k) of A appears in which entries of C, and with which entries of B is it "
    "multiplied there?",
    sketch="""
        One entry of C, at (i, j), is the sum over k of A at (i, k) times B at (k, j). So A at (i,
        k) reaches all of row i of C, and is multiplied there by row k of B: its gradient sums
        over j. B at (k, j) reaches all of column j of C, multiplied by column k of A: its
        gradient sums over i. Write each sum with its indices, then find the order and the
        transposes that put the summed index inside.
        """,
    skeleton="""
        def square_matmul_backward(dC, A, B):
            dA = ... @ ...          # dA[i, k] sums over j
            dB = ... @ ...          # dB[k, j] sums over i
            return dA, dB
        """,
    notice="Try your code on matrices of three different lengths as well: there most slips raise "
    "an "
    "error. Test on shapes that are not square, and the trap never closes.",
)
