"""A seventh wave, written from the statements alone: chapters 6 to 9."""

import numpy as np

from bpkit.tasks.unseen import wrong
from bpkit.tasks.unseen.shared import sigmoid as sig


@wrong(
    "vjp_from_jacobian",
    "the Jacobians are summed over the examples, so each example is taken back through all of them",
    "examples_mixed",
)
def one_jacobian_for_all(dY, J):
    J_total = J.sum(axis=0)
    return dY @ J_total


@wrong(
    "sum_backward",
    "repeats entry by entry and reshapes to X's shape, which puts the copies in the right"
    " place only for the last axis",
    "repeated_in_place",
)
def repeat_and_reshape(dY, X, axis):
    n = X.shape[axis]
    copies = np.repeat(dY.ravel(), n)
    return copies.reshape(X.shape)


@wrong(
    "vector_matrix_vjp",
    "dW gives every column x times the sum of dy, not times the column's own dy",
    "axis",
)
def every_column_the_same(dy, x, W):
    dx = W @ dy
    dW = np.zeros(W.shape)
    for m in range(W.shape[1]):
        dW[:, m] = x * dy.sum()
    return dx, dW


@wrong(
    "square_matmul_backward",
    "each matrix's gradient is made with the matrix itself and not with the other one",
    "dA_from_A",
    "dB_from_B",
)
def own_matrix(dC, A, B):
    dA = dC @ A.T
    dB = B.T @ dC
    return dA, dB


@wrong(
    "affine_forward",
    "the bias is added inside the loop over inputs, so it enters D times",
    "bias_in_every_term",
)
def bias_d_times(X, W, b):
    N, D = X.shape
    M = W.shape[1]
    Y = np.zeros((N, M))
    for n in range(N):
        for m in range(M):
            for d in range(D):
                Y[n, m] += X[n, d] * W[d, m] + b[m]
    return Y


@wrong(
    "affine_backward",
    "the name X is overwritten by its gradient before dW is made, so dW uses dX in place of X",
    "operand",
)
def overwrites_x(dY, X, W):
    X = dY @ W.T
    W = X.T @ dY
    b = dY.sum(axis=0)
    return X, W, b


@wrong(
    "affine_backward",
    "dW is set anew for each example in the loop, so only the last example's part stays, "
    "and db likewise",
    "supposed",
)
def only_the_last_example(dY, X, W):
    dX = np.zeros_like(X)
    for n in range(len(X)):
        dX[n] = W @ dY[n]
        dW = np.outer(X[n], dY[n])
        db = dY[n]
    return dX, dW, db


@wrong("unbroadcast", "takes one of the copies, the first, in place of their sum", "first_copy")
def first_copy(up, shape):
    g = up
    while g.ndim > len(shape):
        g = g[0]
    for ax, size in enumerate(shape):
        if size == 1:
            g = np.take(g, [0], axis=ax)
    return g


@wrong(
    "per_example_gradients",
    "every example is given the product of the whole batch, X.T @ dY, so the sum is N "
    "times too large",
    "factor",
    "one_array_for_all",
)
def whole_batch_each(dY, X):
    N = X.shape[0]
    each = np.array([X.T @ dY for n in range(N)])
    return each, each.sum(axis=0)


@wrong(
    "leaky_relu_backward",
    "leaky ReLU is applied to dY: the sign that decides is the gradient's, not the input's",
    "forward_again",
)
def leaky_of_the_gradient(dY, X, slope):
    dX = dY.copy()
    dX[dY < 0] = slope * dY[dY < 0]
    return dX


@wrong(
    "sigmoid",
    "exp(-|x|) / (1 + exp(-|x|)) is used for both signs, so positive inputs get the value"
    " of their negative",
    "function",
    "choice",
)
def never_above_a_half(X):
    e = np.exp(-np.abs(X))
    return e / (1 + e)


@wrong(
    "sigmoid",
    "the row's maximum is taken away first as in softmax, but the sigmoid does not stay "
    "the same under a shift",
    "supposed",
)
def shifted_like_softmax(X):
    Z = X - X.max(axis=1, keepdims=True)
    e = np.exp(Z)
    return e / (1 + e)


@wrong(
    "tanh_backward",
    "remembers the slope as 1 / cosh(x), without the square",
    "cosh_not_squared",
)
def cosh_not_squared(dY, X):
    t = np.tanh(X)
    slope = np.sqrt(1 - t * t)
    return dY * slope


@wrong(
    "softplus_backward",
    "the logarithm is differentiated as 1 / (1 + exp(x)) and its inside, exp(x), is not",
    "inner_derivative_missing",
)
def no_inner_derivative(dY, X):
    e = np.exp(-np.abs(X))
    one_over = np.where(X >= 0, e / (1 + e), 1 / (1 + e))
    return dY * one_over


@wrong("gelu_backward", "in du/dx the factor sqrt(2 / pi) is left out", "root_missing")
def du_without_its_factor(dY, X):
    c = np.sqrt(2 / np.pi)
    t = np.tanh(c * (X + 0.044715 * X**3))
    du = 1 + 3 * 0.044715 * X**2
    return dY * (0.5 * (1 + t) + 0.5 * X * (1 - t**2) * du)


@wrong(
    "gelu_backward",
    "two mistakes: the slope of tanh is 1 - u**2 of its input, and the 0.5 is missing "
    "before the second term",
)
def gelu_two_slips(dY, X):
    c = np.sqrt(2 / np.pi)
    u = c * (X + 0.044715 * X**3)
    du = c * (1 + 3 * 0.044715 * X**2)
    first = 0.5 * (1 + np.tanh(u))
    second = X * (1 - u**2) * du
    return dY * (first + second)


@wrong(
    "dead_units",
    "calls a unit dead if its mean input over the batch is not positive",
    "mean_negative",
)
def dead_on_average(Z):
    return int((Z.mean(axis=0) <= 0).sum())


@wrong(
    "mse_loss",
    "the mean is taken before the square, so errors of opposite sign cancel",
    "squared_after_the_mean",
)
def square_of_the_mean(Y, T):
    diff = Y - T
    return np.mean(diff) ** 2


@wrong(
    "mse_backward",
    "the difference is averaged over the batch, and each row gets the same mean gradient",
    "axis",
)
def same_row_for_all(Y, T):
    N, D = Y.shape
    g = 2 * (Y - T).mean(axis=0) / D
    return np.tile(g, (N, 1))


@wrong(
    "mse_backward",
    "two mistakes: the difference is T - Y, so the sign is turned, and it divides by N "
    "and not by N D",
    "divided_by_N",
    "sign",
)
def target_minus_prediction(Y, T):
    n = len(Y)
    return 2 / n * (T - Y)


@wrong(
    "mae_backward",
    "the slope is the difference itself, as for a square, and not its sign",
    "difference",
)
def difference_itself(Y, T):
    N, D = Y.shape
    return (Y - T) / (N * D)


@wrong(
    "huber_backward",
    "e is compared with delta without its absolute value, so large negative errors count as small",
    "positive_only",
)
def only_positive_errors_are_large(Y, T, delta):
    e = Y - T
    g = np.where(e <= delta, e, delta)
    return g / e.size


@wrong(
    "bce_with_logits",
    "subtracts targets times the probability where it should be targets times the logit",
    "operand",
)
def target_times_probability(logits, targets):
    p = sig(logits)
    softplus = np.logaddexp(0, logits)
    return np.mean(softplus - targets * p)


@wrong(
    "bce_with_logits",
    "the stable formula is remembered with log(1 + exp(-z)) in place of exp(-|z|), wrong "
    "for negative logits",
    "absolute_missing",
)
def minus_z_not_minus_abs_z(logits, targets):
    z = logits
    per = np.maximum(z, 0) - z * targets + np.logaddexp(0, -z)
    return per.mean()


@wrong(
    "bce_with_logits_backward",
    "the sigmoid's slope p (1 - p) is multiplied in once more, though it has cancelled already",
    "slope_of_sigmoid_again",
)
def sigmoid_slope_again(logits, targets):
    p = sig(logits)
    dp = p - targets
    dz = dp * p * (1 - p)
    return dz / len(logits)


@wrong(
    "logsumexp",
    "what is added back at the end is the largest logit of the whole array, not the row's"
    " that was taken away",
    "axis",
)
def adds_the_global_max(logits):
    m = logits.max(axis=1, keepdims=True)
    s = np.exp(logits - m).sum(axis=1)
    return logits.max() + np.log(s)


@wrong("softmax", "the numerator is shifted by the row's maximum but the sum below is not", "term")
def shifts_the_numerator_only(logits):
    m = logits.max(axis=1, keepdims=True)
    return np.exp(logits - m) / np.exp(logits).sum(axis=1, keepdims=True)


@wrong(
    "softmax_backward",
    "the weighted sum of dP is left without P in front: dP * P minus the row's sum, not "
    "minus P times it",
    "brackets",
)
def p_missing_before_the_sum(dP, P):
    inner = (dP * P).sum(axis=1, keepdims=True)
    return dP * P - inner
