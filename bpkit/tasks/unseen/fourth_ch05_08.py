"""A fourth wave, written from the statements alone: chapters 5 to 8."""

import numpy as np

from bpkit.tasks.unseen import wrong
from bpkit.tasks.unseen.shared import sigmoid


@wrong("numeric_gradient", "moved, and never moved back", "not_put_back_low")
def never_back(f, X, h):
    dX = np.zeros_like(X)
    X = X.copy()
    for at in np.ndindex(*X.shape):
        X[at] += h
        up = f(X)
        X[at] -= 2 * h
        dX[at] = (up - f(X)) / (2 * h)
    return dX


@wrong("directional_check", "the direction is made of unit length in one of the two", "supposed")
def unit_measured(f, dX, X, V, h):
    U = V / np.linalg.norm(V)
    return (f(X + h * U) - f(X - h * U)) / (2 * h), (dX * V).sum()


@wrong("directional_check", "the claimed slope is the mean", "averaged")
def mean_claim(f, dX, X, V, h):
    return (f(X + h * V) - f(X - h * V)) / (2 * h), np.mean(dX * V)


@wrong("find_wrong_entry", "the gap without its sign", "gap_without_sign")
def unsigned_gap(f, dX, X, h):
    best = (0, 0, -1.0)
    for i in range(X.shape[0]):
        for j in range(X.shape[1]):
            E = np.zeros(X.shape)
            E[i, j] = h
            gap = abs(dX[i, j] - (f(X + E) - f(X - E)) / 2 / h)
            if gap > best[2]:
                best = (i, j, gap)
    return best


@wrong("find_wrong_entry", "the largest gap without abs: one below is never found", "sign_kept")
def only_above(f, dX, X, h):
    num = np.zeros(X.shape)
    for at in np.ndindex(X.shape):
        E = np.zeros(X.shape)
        E[at] = h
        num[at] = (f(X + E) - f(X - E)) / (2 * h)
    gap = dX - num
    i, j = np.unravel_index(gap.argmax(), gap.shape)
    return i, j, gap[i, j]


@wrong("jacobian_of_map", "cosine with a minus", "cosine_sign")
def minus_cos(x):
    return np.array(
        [
            [x[1], x[0], 1.0],
            [-np.cos(x[0]) * x[2] ** 2, 0.0, 2 * np.sin(x[0]) * x[2]],
        ]
    )


@wrong("jacobian_of_map", "the square's 2 is forgotten", "two_missing")
def no_two(x):
    J = np.zeros((2, 3))
    J[0, :] = [x[1], x[0], 1]
    J[1, 0] = np.cos(x[0]) * x[2] ** 2
    J[1, 2] = np.sin(x[0]) * x[2]
    return J


@wrong("jacobian_of_map", "the last entry of the first row is x2", "term_for_slope")
def not_one(x):
    a, b, c = x
    return np.array([[b, a, c], [np.cos(a) * c**2, 0, 2 * np.sin(a) * c]])


@wrong(
    "vjp_from_jacobian", "the Jacobian is applied forward to the first M columns", "inputs_summed"
)
def summed_over_inputs(dY, J):
    return np.array([(J[n] * dY[n][:, None]).sum(axis=1) for n in range(len(J))])


@wrong("vjp_from_jacobian", "the mean over the outputs", "outputs_averaged")
def mean_over_outputs(dY, J):
    return np.mean(dY[..., None] * J, axis=1)


@wrong("sum_backward", "divided by the length of the axis", "averaged")
def like_a_mean(dY, X, axis):
    return np.repeat(np.expand_dims(dY, axis), X.shape[axis], axis) / X.shape[axis]


@wrong("sum_backward", "multiplied by X", "times_x")
def times_x(dY, X, axis):
    return np.expand_dims(dY, axis) * X


@wrong("sum_backward", "the axis is left of length 1", "length_one")
def one_long(dY, X, axis):
    return np.expand_dims(dY, axis)


@wrong("vector_matrix_vjp", "dW by outer of dy and x", "dW_transposed")
def outer_other_way(dy, x, W):
    return W @ dy, np.outer(dy, x)


@wrong("vector_matrix_vjp", "dW entry by entry times W", "dW_times_W")
def through_w(dy, x, W):
    return W @ dy, x[:, None] * dy[None, :] * W


@wrong("square_matmul_backward", "dB's factors in the other order", "dB_other_order")
def other_order(dC, A, B):
    return dC @ B.T, dC @ A.T


@wrong("bilinear_backward", "dA without the upstream gradient", "dA_without_upstream")
def upstream_lost(dS, X, A, Y):
    dX = dS[:, None] * (Y @ A.T)
    dY = dS[:, None] * (X @ A)
    return dX, X.T @ Y, dY


@wrong("bilinear_backward", "divided by N", "averaged_twice")
def mean_again(dS, X, A, Y):
    n = len(dS)
    dX = np.einsum("n,dm,nm->nd", dS, A, Y) / n
    dA = np.einsum("n,nd,nm->dm", dS, X, Y) / n
    dY = np.einsum("n,nd,dm->nm", dS, X, A) / n
    return dX, dA, dY


@wrong("affine_forward", "the bias is added once for the batch: to the first row", "term")
def bias_first_row(X, W, b):
    Y = X @ W
    Y[0] += b
    return Y


@wrong("affine_forward", "the bias multiplies", "bias_multiplied")
def bias_multiplies(X, W, b):
    return np.dot(X, W) * b


@wrong("affine_backward", "db is dY averaged", "db_averaged")
def db_averaged(dY, X, W):
    return np.dot(dY, W.T), np.dot(X.T, dY), np.mean(dY, axis=0)


@wrong("affine_backward", "db summed over the features", "db_over_columns")
def db_other_axis(dY, X, W):
    return dY @ W.T, X.T @ dY, dY.sum(1)


@wrong("affine_backward", "a gradient step is returned for W", "term")
def step_for_w(dY, X, W):
    return dY @ W.T, W - X.T @ dY, dY.sum(axis=0)


@wrong("unbroadcast", "means over the axes of length 1", "factor", "function")
def means_kept(up, shape):
    while up.ndim > len(shape):
        up = up.sum(axis=0)
    for i, n in enumerate(shape):
        if n == 1:
            up = up.mean(axis=i, keepdims=True)
    return up


@wrong("unbroadcast", "extra axes are summed at the end", "wrong_end")
def from_behind(up, shape):
    for i, n in enumerate(shape):
        if n == 1 and up.shape[i] != 1:
            up = up.sum(axis=i, keepdims=True)
    while up.ndim > len(shape):
        up = up.sum(axis=-1)
    return up


@wrong("unbroadcast", "reads one copy", "first_copy")
def one_copy(up, shape):
    while up.ndim > len(shape):
        up = up[0]
    return up[tuple(slice(0, 1) if n == 1 else slice(None) for n in shape)]


@wrong("per_example_gradients", "each holds running sums", "running_sum")
def running(dY, X):
    each = np.cumsum(X[:, :, None] * dY[:, None, :], axis=0)
    return each, each[-1]


@wrong("per_example_gradients", "each divided by N, sum right", "factor")
def each_averaged(dY, X):
    each = np.einsum("nd,nm->ndm", X, dY) / len(X)
    return each, X.T @ dY


@wrong("linear_backward", "dW (D, M) turned at the end by reshape", "layout")
def reshaped(dY, X, W):
    D, M = X.shape[-1], dY.shape[-1]
    dW = X.reshape(-1, D).T @ dY.reshape(-1, M)
    return dY @ W, dW.reshape(M, D), dY.sum((0, 1))


@wrong("linear_backward", "only the last place of each sequence", "last_place_only")
def last_place(dY, X, W):
    return dY @ W, dY[:, -1].T @ X[:, -1], dY[:, -1].sum(0)


@wrong("relu_backward", "ReLU of the upstream gradient", "sign_of_both")
def relu_of_upstream(dY, X):
    return np.maximum(dY, 0) * (X > 0)


@wrong("relu_backward", "lets through where the upstream is positive", "forward_again")
def mask_of_upstream(dY, X):
    return np.where(dY > 0, dY, 0)


@wrong("relu_backward", "multiplied by X where positive", "times_value")
def times_positive(dY, X):
    return dY * np.maximum(X, 0)


@wrong("leaky_relu_backward", "1 minus slope for the negative", "operand")
def one_minus(dY, X, slope):
    return np.where(X > 0, dY, dY * (1 - slope))


@wrong("leaky_relu_backward", "the slope also scales the positive side", "factor")
def slope_everywhere(dY, X, slope):
    return slope * dY * np.where(X > 0, 1, slope)


@wrong("leaky_relu_backward", "the slope is added", "missing factor")
def slope_added(dY, X, slope):
    return dY * (X > 0) + slope * (X < 0)


@wrong("sigmoid", "exp(x) over 1 + exp(-x)")
def mixed_signs(X):
    return np.exp(X) / (1 + np.exp(-X))


@wrong("sigmoid", "tanh without the halves", "operand")
def tanh_whole(X):
    return (1 + np.tanh(X)) / 2


@wrong("sigmoid", "clipped to 0.01 and 0.99", "cut off")
def clipped(X):
    return np.clip(sigmoid(X), 0.01, 0.99)


@wrong("sigmoid_backward", "Y is taken for the input", "sigmoid_again")
def sigmoid_again(dY, Y):
    s = sigmoid(Y)
    return s * (1 - s) * dY


@wrong("tanh_backward", "X is taken for the output", "X_as_output")
def x_is_output(dY, X):
    return (1 - np.square(X)) * dY


@wrong("tanh_backward", "the power is inside: tanh(X squared)", "power", "operand")
def square_inside(dY, X):
    return dY * (1 - np.tanh(X**2))


@wrong("softplus_backward", "the slope of the sigmoid instead of the sigmoid", "second_derivative")
def slope_of_sigmoid(dY, X):
    s = sigmoid(X)
    return dY * s * (1 - s)


@wrong("softplus_backward", "clipped at 20 and then one, but exp overflows first", "overflow")
def overflow_first(dY, X):
    e = np.exp(X)
    return dY * e / (1 + e)


@wrong("gelu_backward", "the inner derivative lacks the 3", "cube_not_differentiated")
def three_lost(dY, X):
    c = np.sqrt(2 / np.pi)
    t = np.tanh(c * (X + 0.044715 * X**3))
    return dY * (0.5 * (1 + t) + 0.5 * X * (1 - t**2) * c * (1 + 0.044715 * X**2))


@wrong("gelu_backward", "the exact form with erf's slope", "exact_form")
def erf_form(dY, X):
    from math import erf

    phi = np.exp(-(X**2) / 2) / np.sqrt(2 * np.pi)
    Phi = 0.5 * (1 + np.vectorize(erf)(X / np.sqrt(2)))
    return dY * (Phi + X * phi)
