"""Tasks on shapes: Jacobians, vector-Jacobian products, and matrices that are square."""

import numpy as np

import bpkit as bp
from bpkit.tasks.spec import Mistake, task
from bpkit.tasks.tools import averaged_twice, changed_in_place, pullback, slopes, upstream_ignored


def jacobian_of_map(x):
    """The Jacobian of y0 = x0 x1 + x2, y1 = sin(x0) x2**2.

    x (3,). Returns J (2, 3): J[i, j] is the derivative of output i with respect to input j.
    """
    a, b, c = x
    J = np.zeros((2, 3))
    J[0] = b, a, 1.0
    J[1] = np.cos(a) * c**2, 0.0, np.sin(a) * 2 * c
    return J


def the_map(x):
    return np.array([x[0] * x[1] + x[2], np.sin(x[0]) * x[2] ** 2])


def jacobian_by_columns(x):
    columns = [the_map(x + 1e-25j * step).imag / 1e-25 for step in np.eye(3)]
    return np.stack(columns, axis=1)


def jacobian_by_rows(x):
    first = np.array([x[1], x[0], 1.0])
    inner, outer = np.array([np.cos(x[0]), 0, 0]), np.array([0, 0, 2 * x[2]])
    return np.vstack([first, inner * x[2] ** 2 + np.sin(x[0]) * outer])


def jacobian_from_bpkit(x):
    rows = []
    for i in range(2):
        t = bp.Tensor(x)
        y = (t[0] * t[1] + t[2], bp.sin(t[0]) * t[2] ** 2)[i]
        y.backward()
        rows.append(t.grad)
    return np.array(rows)


def jacobian_by_differences(x):
    return np.array([slopes(lambda x, i=i: the_map(x)[i], x) for i in range(2)])


task(
    jacobian_of_map,
    chapter=6,
    title="A Jacobian, written out",
    minutes=8,
    points=2,
    returns="J",
    inputs=lambda draw: {"x": draw.real(3, low=0.3, high=1.4)},
    statement="""
        A function that takes three numbers and gives two has six derivatives, and the Jacobian is
        the table of them: one row for each output, one column for each input. This one takes `x`
        `(3,)`, and its outputs are `y0 = x0 * x1 + x2` and `y1 = sin(x0) * x2**2`.

        Write `jacobian_of_map(x)`, which returns `J` `(2, 3)`: `J[i, j]` is the derivative of
        output i with respect to input j.
        """,
    example="""
        >>> jacobian_of_map(np.array([0.0, 5.0, 3.0])).tolist()
        [[5.0, 0.0, 1.0], [9.0, 0.0, 0.0]]
        """,
    variants=[
        jacobian_by_columns,
        jacobian_by_rows,
        jacobian_by_differences,
    ],
    oracle=jacobian_from_bpkit,
    differences=jacobian_by_differences,
    mistakes=[
        Mistake(
            "transposed",
            "The Jacobian is transposed",
            "Rows belong to outputs and columns to inputs: two outputs and three inputs make "
            "(2, 3).",
            {"return J": "return J.T"},
        ),
        Mistake(
            "rows_exchanged",
            "The rows are exchanged",
            "Row 0 belongs to the first output, y0.",
            {"return J": "return J[::-1]"},
        ),
        Mistake(
            "factors_exchanged",
            "In the product each factor receives itself",
            "The derivative of x0 x1 with respect to x0 is the other factor, x1.",
            {"b, a, 1.0": "a, b, 1.0"},
        ),
        Mistake(
            "term_for_slope",
            "A term stands in place of its derivative",
            "x2 is added in y0, so the derivative with respect to it is 1, not x2.",
            {"b, a, 1.0": "b, a, c"},
        ),
        Mistake(
            "term_forgotten",
            "The derivative of the added x2 is missing",
            "x2 is part of y0 too: when it moves by a little, y0 moves as much.",
            {"b, a, 1.0": "b, a, 0.0"},
        ),
        Mistake(
            "sine_kept",
            "The sine is not differentiated",
            "With respect to x0, the derivative of sin(x0) is cos(x0).",
            {"np.cos(a) * c**2": "np.sin(a) * c**2"},
        ),
        Mistake(
            "cosine_sign",
            "The derivative of the sine has the wrong sign",
            "The derivative of sin is cos; the minus belongs to the derivative of cos.",
            {"np.cos(a)": "-np.cos(a)"},
        ),
        Mistake(
            "factor_dropped_0",
            "With respect to x0 the factor x2 squared is missing",
            "While x0 moves, x2 squared stands still, but it still multiplies.",
            {"np.cos(a) * c**2": "np.cos(a)"},
        ),
        Mistake(
            "factor_dropped_2",
            "With respect to x2 the factor sin(x0) is missing",
            "While x2 moves, sin(x0) stands still, but it still multiplies.",
            {"np.sin(a) * 2 * c": "2 * c"},
        ),
        Mistake(
            "both_at_once",
            "Both factors are differentiated at once",
            "In column 2 only x2 moves, so the sine stays as it is; in each column one input "
            "moves.",
            {"np.sin(a) * 2 * c": "np.cos(a) * 2 * c"},
        ),
        Mistake(
            "two_missing",
            "The derivative of the square lacks its 2",
            "The derivative of x2 squared is 2 x2.",
            {"np.sin(a) * 2 * c": "np.sin(a) * c"},
        ),
        Mistake(
            "power_kept",
            "The square is not differentiated",
            "With respect to x2, the derivative of x2 squared is 2 x2.",
            {"np.sin(a) * 2 * c": "np.sin(a) * c**2"},
        ),
        Mistake(
            "wrong_column",
            "The derivative with respect to x2 stands under x1",
            "The columns follow the inputs; the middle one belongs to x1, which is no part of y1.",
            {"0.0, np.sin(a) * 2 * c": "np.sin(a) * 2 * c, 0.0"},
        ),
        Mistake(
            "both_at_once_0",
            "With respect to x0 the square is differentiated too",
            "In column 0 only x0 moves, so x2 squared stays as it is.",
            {"np.cos(a) * c**2": "np.cos(a) * 2 * c"},
        ),
        Mistake(
            "not_zero",
            "An input that does not occur has a derivative",
            "x1 is no part of y1, so y1 stands still while x1 moves: that derivative is 0.",
            {"c**2, 0.0,": "c**2, 1.0,"},
        ),
        Mistake(
            "rows_added",
            "The two outputs' derivatives are added",
            "That is the gradient of y0 + y1; the Jacobian keeps a row for each output.",
            {"return J": "return J.sum(axis=0)"},
        ),
    ],
    nudge="Which of the inputs does each output contain, and which entries are the same wherever "
    "you are?",
    sketch="""
        Take the outputs one after the other; each is a row. For the row, take the inputs one
        after the other, move only that one, and treat the others as fixed numbers. The first
        output is a product plus a term. The second is a product as well, and one of the inputs is
        no part of it.
        """,
    skeleton="""
        def jacobian_of_map(x):
            a, b, c = x
            J = np.zeros((2, 3))
            J[0] = ..., ..., ...
            J[1] = ..., ..., ...
            return J
        """,
    notice="A layer with a thousand inputs and a thousand outputs has a million such entries for "
    "every example. That is why no engine ever writes a Jacobian down.",
)


def vjp_from_jacobian(dY, J):
    """Each example's upstream gradient, taken back through the example's own Jacobian.

    dY (N, M); J (N, M, D): J[n, i, j] is the derivative of output i with respect to input j, for
    example n. Returns dX (N, D).
    """
    return np.einsum("nm,nmd->nd", dY, J)


def vjp_by_loops(dY, J):
    dX = np.zeros((J.shape[0], J.shape[2]))
    for n, m, d in np.ndindex(J.shape):
        dX[n, d] += dY[n, m] * J[n, m, d]
    return dX


def vjp_row_by_row(dY, J):
    return np.array([Jn.T @ up for up, Jn in zip(dY, J, strict=True)])


def jacobians(draw):
    N, M, D = draw.sizes("N M D")
    return {"dY": draw.real(N, M), "J": draw.real(N, M, D)}


task(
    vjp_from_jacobian,
    chapter=6,
    title="Back through a Jacobian",
    minutes=8,
    points=2,
    returns="dX",
    inputs=jacobians,
    statement="""
        A step takes an example with `D` numbers to one with `M`. For each of the `N` examples its
        Jacobian is known: `J` is `(N, M, D)`, and `J[n, i, j]` is the derivative of output i with
        respect to input j. From above comes `dY` `(N, M)`, the gradient with respect to the
        outputs.

        Write `vjp_from_jacobian(dY, J)`, which returns `dX` `(N, D)`, the gradient with respect
        to the inputs. This is the vector-Jacobian product: an input feels every output it
        reaches.
        """,
    example="""
        >>> dY, J = np.array([[10.0, 1.0]]), np.array([[[2.0, 3.0, 4.0], [5.0, 6.0, 7.0]]])
        >>> vjp_from_jacobian(dY, J).tolist()
        [[25.0, 36.0, 47.0]]
        """,
    variants=[
        {'np.einsum("nm,nmd->nd", dY, J)': "(dY[:, None, :] @ J)[:, 0]"},
        {'np.einsum("nm,nmd->nd", dY, J)': "(dY[:, :, None] * J).sum(axis=1)"},
        vjp_by_loops,
        vjp_row_by_row,
    ],
    differences=lambda dY, J: slopes(
        lambda X: np.sum(dY * np.einsum("nmd,nd->nm", J, X)), np.zeros((len(J), J.shape[2]))
    ),
    mistakes=[
        upstream_ignored({'"nm,nmd->nd", dY, J': '"nmd->nd", J'}),
        Mistake(
            "not_transposed",
            "The Jacobian is used as for going forward",
            "Forward, J takes D numbers to M; back, dY has M numbers, so the sum runs over the "
            "outputs, the rows of J.",
            {"nm,nmd->nd": "nm,ndm->nd"},
        ),
        Mistake(
            "inputs_summed",
            "The sum runs over the inputs",
            "Each input has a gradient of its own; what is added up are the outputs that it "
            "reaches.",
            {"nm,nmd->nd": "nm,nmd->nm"},
        ),
        Mistake(
            "not_summed",
            "The outputs are not summed",
            "An input reaches all M outputs, and their contributions to its gradient add up.",
            {"nm,nmd->nd": "nm,nmd->nmd"},
        ),
        Mistake(
            "outputs_averaged",
            "The outputs are averaged",
            "An input feels all the outputs it reaches, so contributions are added, and divided by "
            "nothing.",
            {'np.einsum("nm,nmd->nd", dY, J)': "(dY[:, :, None] * J).mean(axis=1)"},
        ),
        Mistake(
            "batch_summed",
            "The examples are summed",
            "Each example has its own inputs, so each row of dX stands for one example.",
            {"nm,nmd->nd": "nm,nmd->d"},
        ),
        averaged_twice({'nd", dY, J)': 'nd", dY, J) / len(J)'}),
        Mistake(
            "first_jacobian",
            "All examples use the first one's Jacobian",
            "Where an example lies decides its derivatives, so each has a Jacobian of its own.",
            {'np.einsum("nm,nmd->nd", dY, J)': "dY @ J[0]"},
        ),
        Mistake(
            "examples_mixed",
            "Each example meets the Jacobians of all",
            "Examples do not touch each other: row n of dY goes with the Jacobian of example n "
            "alone.",
            {"nm,nmd->nd": "nm,kmd->nd"},
        ),
        Mistake(
            "first_output",
            "Only the first output reports back",
            "Every output that an input reaches sends back a share; there are M of them.",
            {'nd", dY, J)': 'nd", dY[:, :1], J[:, :1])'},
        ),
        Mistake(
            "upstream_summed",
            "The upstream gradient is summed before it is used",
            "Each output has its own upstream gradient, and its own row of the Jacobian; they are "
            "paired first, then added.",
            {'np.einsum("nm,nmd->nd", dY, J)': "dY.sum(axis=1)[:, None] * J.sum(axis=1)"},
        ),
    ],
    nudge="Which outputs does input j of one example reach, and with what weight does each of them "
    "count?",
    sketch="""
        Stay with one example and one input. It reaches all M outputs; the derivative of each
        stands in the column of this input. The loss cares about each output as much as the
        upstream gradient says. So multiply, output by output, and add up over the outputs. Every
        example does the same with its own row and its own Jacobian.
        """,
    skeleton="""
        def vjp_from_jacobian(dY, J):
            weighted = ... * J          # (N, M, D): each output by its upstream gradient
            return weighted.sum(axis=...)
        """,
    notice="Row vector times matrix: dY goes in front of J, or the transpose of J in front of dY "
    "as "
    "a column. A backward step computes this product without ever making J.",
)


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


def sum_backward(dY, X, axis):
    """The gradient of Y = X.sum(axis=axis).

    X (N, D, M); axis is 0, 1 or 2; dY has the shape of X without that axis. Returns dX (N, D, M).
    """
    spread = np.expand_dims(dY, axis)
    return np.ones(X.shape) * spread


def summed_array(draw, axis=None):
    shape = draw.sizes("N D M")
    axis = draw.whole(1, 2) if axis is None else axis
    rest = [length for place, length in enumerate(shape) if place != axis]
    return {"dY": draw.real(*rest), "X": draw.real(*shape), "axis": axis}


def sum_by_loops(dY, X, axis):
    dX = np.empty_like(X)
    for n, d, m in np.ndindex(X.shape):
        place = [n, d, m]
        del place[axis]
        dX[n, d, m] = dY[tuple(place)]
    return dX


def first_place_only(dY, X, axis):
    dX = np.zeros(X.shape)
    np.moveaxis(dX, axis, 0)[0] = dY
    return dX


task(
    sum_backward,
    chapter=6,
    title="A sum along one axis, backward",
    minutes=8,
    points=2,
    returns="dX",
    inputs=summed_array,
    extremes=lambda draw: {"axis 0": summed_array(draw, axis=0)},
    statement="""
        Sums are everywhere: over pixels, over time, over a batch. `X` is `(N, D, M)`, and `Y =
        X.sum(axis=axis)` lacks the axis that was summed, which is 0, 1 or 2: for `axis = 1`, `Y`
        is `(N, M)`. From above comes `dY`, in the shape of `Y`.

        Write `sum_backward(dY, X, axis)`, which returns `dX` `(N, D, M)`.
        """,
    example="""
        >>> dY, X = np.array([[10.0, 20.0]]), np.array([[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]])
        >>> sum_backward(dY, X, 1).tolist()
        [[[10.0, 20.0], [10.0, 20.0], [10.0, 20.0]]]
        """,
    variants=[
        {"np.ones(X.shape) * spread": "np.broadcast_to(spread, X.shape).copy()"},
        {"np.ones(X.shape) * spread": "np.repeat(spread, X.shape[axis], axis=axis)"},
        {"np.expand_dims(dY, axis)": "np.stack([dY] * X.shape[axis], axis=axis)"},
        sum_by_loops,
    ],
    oracle=lambda dY, X, axis: pullback(lambda X: bp.sum(X, axis=axis), dY, X),
    differences=lambda dY, X, axis: slopes(lambda X: np.sum(dY * X.sum(axis=axis)), X),
    mistakes=[
        upstream_ignored({" * spread": ""}),
        Mistake(
            "averaged",
            "The gradient is divided by the length of the axis",
            "That belongs to a mean. In a sum every entry counts fully, so each receives all of "
            "dY.",
            {"* spread": "* spread / X.shape[axis]"},
        ),
        Mistake(
            "multiplied_by_length",
            "The gradient is multiplied by the length of the axis",
            "Each entry enters the sum once, so it receives dY once.",
            {"* spread": "* spread * X.shape[axis]"},
        ),
        Mistake(
            "times_x",
            "The gradient is multiplied by X",
            "The derivative of a sum with respect to one of its terms is 1, whatever the term.",
            {"np.ones(X.shape)": "X"},
        ),
        Mistake(
            "not_spread",
            "dY is returned as it came",
            "dX has the shape of X: every entry along the summed axis receives the same number.",
            {"np.ones(X.shape) * spread": "dY"},
        ),
        Mistake(
            "length_one",
            "The summed axis has length 1",
            "The axis is put back, but not filled: each entry along it receives, so its length is "
            "that of X.",
            {"np.ones(X.shape) * spread": "spread"},
        ),
        Mistake(
            "first_axis",
            "The axis is put back in front",
            "It goes where it was taken from, at the place axis; then each number of dY meets the "
            "entries it was the sum of.",
            {"np.expand_dims(dY, axis)": "np.expand_dims(dY, 0)"},
        ),
        Mistake(
            "first_place",
            "Only the first entry along the axis receives",
            "All entries along the axis are terms of the sum, and all receive dY.",
            first_place_only,
        ),
        Mistake(
            "repeated_in_place",
            "Each number of dY is repeated beside itself",
            "That is right only for the last axis; the copies belong along the axis that was "
            "summed.",
            {"np.ones(X.shape) * spread": "np.repeat(dY, X.shape[axis]).reshape(X.shape)"},
        ),
        Mistake(
            "times_sum",
            "The gradient is multiplied by the sum",
            "The derivative of a sum with respect to one of its terms is 1; the sum itself is no "
            "part of it.",
            {"np.ones(X.shape)": "np.ones(X.shape) * X.sum(axis=axis, keepdims=True)"},
        ),
        Mistake(
            "shared_out",
            "The gradient is shared out in proportion to X",
            "A sum does not care how large its terms are: moving any of them by a little moves the "
            "sum as much.",
            {"np.ones(X.shape) * spread": "spread * X / X.sum(axis=axis, keepdims=True)"},
        ),
    ],
    nudge="If one entry of X grows by a little, how much does the sum grow that it is part of, and "
    "does that depend on the entry?",
    sketch="""
        Each entry of X is a term of exactly one entry of Y, and its derivative there is 1. So it
        receives that entry of dY, unchanged. All entries along the summed axis are terms of the
        same one: put the axis back where it was, with length 1, and let it stretch to the length
        that X has there.
        """,
    skeleton="""
        def sum_backward(dY, X, axis):
            spread = np.expand_dims(dY, ...)        # the axis is back, with length 1
            return ...                              # in the shape of X
        """,
    notice="A sum going forward is a copy going back, and a copy (a broadcast) going forward is a "
    "sum going back. Each is the other's transpose.",
)


def transpose_backward(dY, axes):
    """The gradient of Y = X.transpose(axes).

    X has three axes; axis i of Y is axis axes[i] of X. dY has the shape of Y, which is X's in
    another order. Returns dX, in the shape of X.
    """
    return dY.transpose(np.argsort(axes))


ROUND = [(1, 2, 0), (2, 0, 1)]


def turned(draw):
    shape, axes = draw.sizes("N D M", least=2), draw.choice(ROUND)
    return {"dY": draw.real(*[shape[a] for a in axes]), "axes": axes}


def both_ways_round(draw):
    dY = draw.real(2, 3, 5)
    return {f"the order {axes}": {"dY": dY, "axes": axes} for axes in ROUND}


def transpose_by_view(dY, axes):
    shape = [0, 0, 0]
    for place, axis in enumerate(axes):
        shape[axis] = dY.shape[place]
    dX = np.empty(shape)
    dX.transpose(axes)[...] = dY
    return dX


def transpose_by_loops(dY, axes):
    dX = np.zeros([dY.shape[axes.index(axis)] for axis in range(3)])
    for place in np.ndindex(dY.shape):
        back = [0, 0, 0]
        for i, axis in enumerate(axes):
            back[axis] = place[i]
        dX[tuple(back)] = dY[place]
    return dX


task(
    transpose_backward,
    chapter=6,
    title="Axes, put back in order",
    minutes=8,
    points=2,
    returns="dX",
    inputs=turned,
    extremes=both_ways_round,
    statement="""
        Attention and convolution reorder axes all the time, and a gradient must find its way
        back. `X` has three axes, and `Y = X.transpose(axes)`: axis `i` of `Y` is axis `axes[i]`
        of `X`. With `axes = (1, 2, 0)`, an `X` of shape `(N, D, M)` becomes a `Y` of shape `(D,
        M, N)`.

        Write `transpose_backward(dY, axes)`. `dY` has the shape of `Y`, and `axes` is a tuple, an
        order of 0, 1 and 2. It returns `dX`, in the shape of `X`.
        """,
    example="""
        >>> dY = np.zeros((3, 5, 2))        # X was (2, 3, 5)
        >>> transpose_backward(dY, (1, 2, 0)).shape
        (2, 3, 5)
        """,
    variants=[
        {"dY.transpose(np.argsort(axes))": "np.moveaxis(dY, (0, 1, 2), axes)"},
        {"dY.transpose(np.argsort(axes))": "dY.transpose([axes.index(i) for i in range(3)])"},
        {"dY.transpose(np.argsort(axes))": "np.einsum(dY, list(axes), [0, 1, 2])"},
        transpose_by_view,
        transpose_by_loops,
    ],
    oracle=lambda dY, axes: pullback(
        lambda X: bp.transpose(X, axes), dY, np.zeros([dY.shape[axes.index(i)] for i in range(3)])
    ),
    differences=lambda dY, axes: slopes(
        lambda X: np.sum(dY * X.transpose(axes)),
        np.zeros([dY.shape[axes.index(i)] for i in range(3)]),
    ),
    mistakes=[
        Mistake(
            "same_again",
            "The same order of axes is applied again",
            "That would undo an exchange of two axes; here all three go round, and the way back is "
            "the opposite order.",
            {"np.argsort(axes)": "axes"},
        ),
        Mistake(
            "unchanged",
            "dY is returned as it came",
            "Its axes still stand in the order of Y; dX has the order of X.",
            {"dY.transpose(np.argsort(axes))": "dY"},
        ),
        Mistake(
            "reshaped",
            "The numbers are laid out anew, not moved with their axes",
            "The shape is that of X, but reshape keeps the numbers in their sequence; a transpose "
            "carries each along with its axes.",
            {
                "dY.transpose(np.argsort(axes))": "dY.reshape([dY.shape[i] for i in np.argsort("
                "axes)])"
            },
        ),
        Mistake(
            "all_reversed",
            "All axes are reversed",
            "Without an order given, a transpose reverses all axes; that is right for two axes, "
            "and not for three.",
            {"np.argsort(axes)": ""},
        ),
        Mistake(
            "order_read_backward",
            "The order of axes is read from its end",
            "The opposite of an order is not the same list backward: it says for each axis of X "
            "where in Y it went.",
            {"np.argsort(axes)": "axes[::-1]"},
        ),
        Mistake(
            "inverse_read_backward",
            "The opposite order is read from its end",
            "Axis 0 of dX is found first: it is the place in axes where 0 stands.",
            {"np.argsort(axes)": "np.argsort(axes)[::-1]"},
        ),
        Mistake(
            "first_two",
            "Only the first two axes are exchanged",
            "Every axis of X went somewhere else, so all three must come back.",
            {"np.argsort(axes)": "1, 0, 2"},
        ),
        Mistake(
            "last_two",
            "Only the last two axes are exchanged",
            "Every axis of X went somewhere else, so all three must come back.",
            {"np.argsort(axes)": "0, 2, 1"},
        ),
    ],
    nudge="At which place of Y does axis 0 of X stand now?",
    sketch="""
        A transpose only moves numbers, so the way back moves each gradient to where its number
        came from. Ask for each axis of X where it went: axis 0 of X stands in Y at the place
        where the tuple holds 0, and so on. These three places, in order, are the order that takes
        the axes back.
        """,
    skeleton="""
        def transpose_backward(dY, axes):
            back = ...              # for axis 0, 1, 2 of X: its place in Y
            return dY.transpose(back)
        """,
    notice="For a matrix the two orders are the same, which hides the difference. And a reshape to "
    "the right shape would have passed every test that looks at shapes alone.",
)


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
