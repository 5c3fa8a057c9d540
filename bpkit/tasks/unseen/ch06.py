"""Answers to the tasks on shapes."""

import numpy as np

from bpkit.tasks.unseen import right, wrong


@wrong("jacobian_of_map", "rows and columns are exchanged", "transposed")
def columns_are_outputs(x):
    a, b, c = x
    return np.array([[b, np.cos(a) * c**2], [a, 0.0], [1.0, 2 * np.sin(a) * c]])


@wrong("jacobian_of_map", "the product's slopes are each factor itself", "factors_exchanged")
def own_factors(x):
    J = np.zeros((2, 3))
    J[0] = [x[0], x[1], 1]
    J[1, 0] = np.cos(x[0]) * x[2] ** 2
    J[1, 2] = np.sin(x[0]) * 2 * x[2]
    return J


@wrong("jacobian_of_map", "the sine's derivative is minus the cosine", "cosine_sign")
def minus_cosine(x):
    x0, x1, x2 = x
    row0 = [x1, x0, 1.0]
    row1 = [-np.cos(x0) * x2**2, 0.0, 2 * x2 * np.sin(x0)]
    return np.vstack([row0, row1])


@wrong("jacobian_of_map", "the square's slope lacks the 2", "two_missing")
def no_two(x):
    return np.array([[x[1], x[0], 1.0], [np.cos(x[0]) * x[2] ** 2, 0.0, np.sin(x[0]) * x[2]]])


@right("jacobian_of_map")
def by_complex_steps(x):
    J = np.empty((2, 3))
    for j in range(3):
        z = x.astype(complex)
        z[j] += 1e-30j
        y = np.array([z[0] * z[1] + z[2], np.sin(z[0]) * z[2] ** 2])
        J[:, j] = y.imag / 1e-30
    return J


@wrong(
    "vjp_from_jacobian", "all outputs' gradients are summed before the Jacobian", "upstream_summed"
)
def summed_first(dY, J):
    N, _, D = J.shape
    dX = np.zeros((N, D))
    for n in range(N):
        dX[n] = dY[n].sum() * J[n].sum(axis=0)
    return dX


@wrong("vjp_from_jacobian", "averaged over the outputs", "outputs_averaged")
def averaged(dY, J):
    return np.mean(dY[:, :, None] * J, axis=1)


@wrong("vjp_from_jacobian", "the upstream gradient is left out", "upstream_ignored")
def columns_of_j(dY, J):
    return J.sum(axis=1)


@wrong("vjp_from_jacobian", "one Jacobian serves all examples", "first_jacobian")
def first_jacobian(dY, J):
    return dY @ J[0]


@right("vjp_from_jacobian")
def batched_matmul(dY, J):
    return np.squeeze(dY[:, None, :] @ J, axis=1)


@right("vjp_from_jacobian")
def example_by_example(dY, J):
    return np.stack([j.T.dot(dy) for dy, j in zip(dY, J, strict=True)])


@wrong("sum_backward", "the gradient is shared out among the entries", "averaged")
def shared_out(dY, X, axis):
    spread = np.repeat(np.expand_dims(dY, axis), X.shape[axis], axis=axis)
    return spread / X.shape[axis]


@wrong("sum_backward", "it is multiplied by X", "times_x")
def times_x(dY, X, axis):
    return X * np.expand_dims(dY, axis)


@wrong("sum_backward", "the axis stays of length 1", "length_one")
def length_one(dY, X, axis):
    shape = list(X.shape)
    shape[axis] = 1
    return dY.reshape(shape)


@wrong("sum_backward", "a new axis is always put in front", "first_axis")
def axis_in_front(dY, X, axis):
    return np.broadcast_to(dY, X.shape).copy()


@right("sum_backward")
def by_broadcast(dY, X, axis):
    return np.broadcast_to(np.expand_dims(dY, axis), X.shape)


@right("sum_backward")
def stacked(dY, X, axis):
    return np.stack([dY for _ in range(X.shape[axis])], axis=axis)


@wrong("transpose_backward", "the same permutation is used on the way back", "same_again")
def same_again(dY, axes):
    return np.transpose(dY, axes)


@wrong("transpose_backward", "all axes are turned round", "all_reversed")
def plain_t(dY, axes):
    return dY.T


@wrong("transpose_backward", "the shape is put right by reshape", "reshaped")
def reshaped(dY, axes):
    shape = [0, 0, 0]
    for i, axis in enumerate(axes):
        shape[axis] = dY.shape[i]
    return dY.reshape(shape)


@wrong("transpose_backward", "the permutation is reversed, not inverted", "order_read_backward")
def reversed_axes(dY, axes):
    return dY.transpose(axes[::-1])


@right("transpose_backward")
def by_moveaxis(dY, axes):
    return np.moveaxis(dY, [0, 1, 2], axes)


@right("transpose_backward")
def by_einsum(dY, axes):
    letters = "".join("abc"[a] for a in axes)
    return np.einsum(f"{letters}->abc", dY)


@wrong("vector_matrix_vjp", "the outer product is the other way round", "dW_transposed")
def outer_turned(dy, x, W):
    dx = W.dot(dy)
    dW = np.outer(dy, x)
    return dx, dW


@wrong("vector_matrix_vjp", "dx leaves the upstream gradient out", "dx_without_upstream")
def row_sums(dy, x, W):
    return W.sum(axis=1), x[:, None] * dy[None, :]


@wrong("vector_matrix_vjp", "dW is multiplied by W", "dW_times_W")
def times_w(dy, x, W):
    dW = W * np.outer(x, dy)
    return W @ dy, dW


@wrong("vector_matrix_vjp", "dW has no part of x", "dW_without_x")
def dw_is_dy(dy, x, W):
    dW = np.zeros_like(W)
    dW[:] = dy
    return np.sum(W * dy, axis=1), dW


@right("vector_matrix_vjp")
def entry_by_entry(dy, x, W):
    dx, dW = np.zeros_like(x), np.zeros_like(W)
    for d in range(len(x)):
        for m in range(len(dy)):
            dx[d] += W[d, m] * dy[m]
            dW[d, m] = x[d] * dy[m]
    return dx, dW


@wrong("square_matmul_backward", "nothing is transposed", "A_not_transposed", "B_not_transposed")
def no_transposes(dC, A, B):
    return dC @ B, A @ dC


@wrong(
    "square_matmul_backward",
    "the products stand in the wrong order",
    "dA_other_order",
    "dB_other_order",
)
def wrong_sides(dC, A, B):
    dA = np.matmul(B.T, dC)
    dB = np.matmul(dC, A.T)
    return dA, dB


@wrong("square_matmul_backward", "each gets its own matrix", "dA_from_A", "dB_from_B")
def own_matrix(dC, A, B):
    return dC @ A.T, B.T @ dC


@wrong("square_matmul_backward", "products entry by entry", "operator")
def elementwise(dC, A, B):
    return dC * B.T, A.T * dC


@right("square_matmul_backward")
def by_sums(dC, A, B):
    n = len(A)
    dA = [[sum(dC[i, j] * B[k, j] for j in range(n)) for k in range(n)] for i in range(n)]
    dB = [[sum(A[i, k] * dC[i, j] for i in range(n)) for j in range(n)] for k in range(n)]
    return np.array(dA), np.array(dB)


@wrong("bilinear_backward", "dA lacks the upstream gradient", "dA_without_upstream")
def da_without_up(dS, X, A, Y):
    dX = dS[:, None] * (Y @ A.T)
    dY = dS[:, None] * (X @ A)
    dA = X.T @ Y
    return dX, dA, dY


@wrong("bilinear_backward", "dA is averaged over the pairs", "dA_averaged")
def da_averaged(dS, X, A, Y):
    dX = np.einsum("n,dm,nm->nd", dS, A, Y)
    dA = np.einsum("n,nd,nm->dm", dS, X, Y) / len(dS)
    dY = np.einsum("n,nd,dm->nm", dS, X, A)
    return dX, dA, dY


@wrong("bilinear_backward", "each of X and Y gets the other one without A", "independent")
def a_forgotten(dS, X, A, Y):
    N = len(dS)
    dX, dY, dA = np.zeros_like(X), np.zeros_like(Y), np.zeros_like(A)
    for n in range(N):
        dX[n] = dS[n] * A.sum(axis=1)
        dY[n] = dS[n] * A.sum(axis=0)
        dA += dS[n] * np.outer(X[n], Y[n])
    return dX, dA, dY


@wrong("bilinear_backward", "dA holds the last pair only", "supposed")
def last_pair(dS, X, A, Y):
    dX, dY = np.zeros_like(X), np.zeros_like(Y)
    for n in range(len(dS)):
        dX[n] = dS[n] * (A @ Y[n])
        dY[n] = dS[n] * (A.T @ X[n])
        dA = dS[n] * np.outer(X[n], Y[n])
    return dX, dA, dY


@right("bilinear_backward")
def with_diagonals(dS, X, A, Y):
    S = np.diag(dS)
    return S @ Y @ A.T, X.T @ S @ Y, S @ X @ A
