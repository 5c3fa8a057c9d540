"""What a teaching assistant sees every week in shapes, affine layers and activations."""

import numpy as np

from bpkit.tasks.unseen import wrong


@wrong(
    "jacobian_of_map",
    "derivatives of x0*x1 with respect to x0 and x1 exchanged",
    "factors_exchanged",
)
def own_factors(x):
    a, b, c = x
    return np.array([[a, b, 1.0], [np.cos(a) * c**2, 0.0, np.sin(a) * 2 * c]])


@wrong(
    "jacobian_of_map",
    "both factors differentiated at once, not one at a time",
    "both_at_once",
    "both_at_once_0",
)
def both_factors_at_once(x):
    a, b, c = x
    return np.array([[b, a, 1.0], [np.cos(a) * 2 * c, 0.0, np.cos(a) * 2 * c]])


@wrong("vjp_from_jacobian", "the upstream is ignored where J isn't square", "upstream_ignored")
def upstream_unless_square(dY, J):
    return np.einsum("nij,nj->ni", J, dY) if J.shape[1] == J.shape[2] else J.sum(axis=1)


@wrong("vjp_from_jacobian", "assigned, not accumulated: only the last output counts", "supposed")
def last_output_assigned(dY, J):
    out = np.zeros((J.shape[0], J.shape[2]))
    for n in range(len(J)):
        for i in range(J.shape[1]):
            out[n] = dY[n, i] * J[n, i]
    return out


@wrong("sum_backward", "divided by the length of the axis, as for a mean", "averaged")
def shared_along_axis(dY, X, axis):
    return np.repeat(np.expand_dims(dY, axis), X.shape[axis], axis=axis) / X.shape[axis]


@wrong("transpose_backward", "the same order again, not the inverse", "same_again")
def same_axes_again(dY, axes):
    return dY.transpose(axes)


@wrong("vector_matrix_vjp", "dW's outer product is the wrong way round, then reshaped", "layout")
def outer_product_reshaped(dy, x, W):
    return dy @ W.T, np.outer(dy, x).reshape(W.shape)


@wrong("vector_matrix_vjp", "dx misses the upstream dy", "dx_without_upstream")
def dx_of_W_alone(dy, x, W):
    return W.sum(axis=1), np.outer(x, dy)


@wrong(
    "square_matmul_backward",
    "the products are in the wrong order in both",
    "dA_other_order",
    "dB_other_order",
)
def products_turned(dC, A, B):
    return B.T @ dC, dC @ A.T


@wrong("square_matmul_backward", "A isn't transposed in dB", "A_not_transposed")
def A_as_it_is(dC, A, B):
    return dC @ B.T, A @ dC


@wrong("affine_forward", "the bias is summed, or added along the batch", "supposed")
def bias_summed(X, W, b):
    return X @ W + b.reshape(-1, 1) if len(X) == len(b) else X @ W + b.sum()


@wrong("affine_backward", "dW and db divided by N once more", "averaged_twice")
def parameters_averaged_again(dY, X, W):
    N = X.shape[0]
    return dY @ W.T, X.T @ dY / N, dY.sum(axis=0) / N


@wrong("affine_backward", "dW uses dX where it needs X", "operand")
def dW_from_dX(dY, X, W):
    dX = dY @ W.T
    dW = dX.T @ dY
    db = dY.sum(axis=0)
    return dX, dW, db


@wrong("affine_backward", "db keeps the summed axis: shape (1, M)", "db_keeps_axis")
def db_with_keepdims(dY, X, W):
    dW = X.T @ dY
    db = np.sum(dY, axis=0, keepdims=True)
    dX = dY @ W.T
    return dX, dW, db


@wrong("unbroadcast", "mean, not sum over stretched axes", "factor", "function")
def stretched_axes_averaged(up, shape):
    g = up
    while g.ndim > len(shape):
        g = g.sum(axis=0)
    for i, s in enumerate(shape):
        if s == 1:
            g = g.mean(axis=i, keepdims=True)
    return g


@wrong("unbroadcast", "the extra axes are summed from the end, not the front", "wrong_end")
def summed_from_the_end(up, shape):
    while up.ndim > len(shape):
        up = up.sum(axis=-1)
    for i, s in enumerate(shape):
        if s == 1 and up.shape[i] != 1:
            up = up.sum(axis=i, keepdims=True)
    return up


@wrong("per_example_gradients", "dW is the mean, not the sum", "dW_averaged")
def dW_as_mean(dY, X):
    each = np.array([np.outer(X[n], dY[n]) for n in range(len(X))])
    return each, each.mean(axis=0)


@wrong("per_example_gradients", "each is (N, M, D): transposed outer products", "transposed")
def each_transposed(dY, X):
    each = X[:, None, :] * dY[:, :, None]
    return each, each.sum(axis=0)


@wrong("relu_backward", "the mask is taken from dY, not X", "forward_again")
def mask_of_dY(dY, X):
    dX = dY.copy()
    dX[dY <= 0] = 0
    return dX


@wrong("leaky_relu_backward", "where X is negative, slope times X", "value_for_negative")
def slope_times_X(dY, X, slope):
    return np.where(X > 0, dY, slope * X)


@wrong(
    "leaky_relu_backward",
    "the slope is applied on both sides (an extra factor slope everywhere)",
    "factor",
)
def slope_on_both_sides(dY, X, slope):
    return dY * np.where(X > 0, 1, slope) * slope


@wrong("sigmoid", "clipped at 5, so that what lies beyond is wrong", "cut off")
def clipped_at_five(X):
    X = np.clip(X, -5, 5)
    return 1 / (1 + np.exp(-X))


@wrong("sigmoid", "for negative X the sign is lost: 1 / (1 + e^x)", "sign_of_X_lost")
def sign_lost_below(X):
    out = np.empty_like(X)
    p = X >= 0
    out[p] = 1 / (1 + np.exp(-X[p]))
    out[~p] = 1 / (1 + np.exp(X[~p]))
    return out


@wrong("sigmoid_backward", "Y - 1, not 1 - Y: sign", "sign")
def Y_minus_one(dY, Y):
    return dY * Y * (Y - 1)


@wrong("tanh_backward", "dY not multiplied with the t^2 (brackets): dY - t^2", "brackets")
def dY_minus_square(dY, X):
    t = np.tanh(X)
    return dY - t**2


@wrong(
    "softplus_backward",
    "sign in the exponential: sigmoid(-X), not sigmoid(X)",
    "inner_derivative_missing",
)
def sigmoid_of_minus_X(dY, X):
    return dY / (1 + np.exp(np.clip(X, -500, 500)))


@wrong("softplus_backward", "tanh of X, not of X / 2, in the sigmoid", "operand")
def tanh_without_half(dY, X):
    s = 0.5 * (1 + np.tanh(X))
    return dY * s


@wrong("gelu_backward", "factor 3 missing in the derivative of the cube", "cube_not_differentiated")
def cube_without_three(dY, X):
    c = np.sqrt(2 / np.pi)
    u = c * (X + 0.044715 * X**3)
    t = np.tanh(u)
    du = c * (1 + 0.044715 * X**2)
    return dY * (0.5 * (1 + t) + 0.5 * X * (1 - t**2) * du)


@wrong("gelu_backward", "0.5 missing in the second term", "half_missing")
def second_half_missing(dY, X):
    c = np.sqrt(2 / np.pi)
    u = c * (X + 0.044715 * X**3)
    t = np.tanh(u)
    du = c * (1 + 3 * 0.044715 * X**2)
    return dY * (0.5 * (1 + t) + X * (1 - t**2) * du)


@wrong("dead_units", "a unit counts as dead if its sum isn't positive", "mean_negative")
def sum_not_positive(Z):
    return int(np.sum(Z.sum(axis=0) <= 0))


@wrong("dead_units", "an input of exactly zero counts as active (<, not <=)", "zero_is_active")
def zero_as_active(Z):
    return int(np.sum(np.all(Z < 0, axis=0)))
