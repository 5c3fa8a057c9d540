"""Wrong answers, sloppy or mixed up: the first half of the book."""

import numpy as np

from bpkit.tasks.unseen import wrong
from bpkit.tasks.unseen.shared import sigmoid


@wrong("one_sided_difference", "the step is added to the value, not to x", "h_added_to_value")
def step_on_the_value(f, x, h):
    return ((f(x) + h) - f(x)) / h


@wrong("centered_difference", "printed, not returned", "none")
def printed(f, x, h):
    print((f(x + h) - f(x - h)) / (2 * h))


@wrong("complex_step_derivative", "a complex number is returned", "dtype")
def complex_result(f, x, h):
    return (f(x + 1j * h) - f(x - 1j * h)) / (2j * h) + 0j


@wrong(
    "second_difference",
    "a difference of centered differences, each over 2 h, sign and factor wrong",
    "factor",
    "sign",
)
def two_at_once_in_bend(f, x, h):
    return -2 * (f(x + h) - 2 * f(x) + f(x - h)) / h**2


@wrong("chain_of_three", "the slope comes first", "swapped outputs")
def slope_first(x, f, df, g, dg, h, dh):
    a, b = f(x), g(f(x))
    return df(x) * dg(a) * dh(b), h(b)


@wrong("chain_backward", "the slopes array is written into", "in place")
def spoils_slopes(slopes, upstream):
    total = upstream
    for k in range(len(slopes) - 1, -1, -1):
        slopes[k] *= total
        total = slopes[k]
    return np.append(slopes, upstream)


@wrong("chain_backward", "an array of integers", "dtype")
def integer_array(slopes, upstream):
    grads = np.zeros(len(slopes) + 1, dtype=int)
    grads[-1] = upstream
    for k in reversed(range(len(slopes))):
        grads[k] = grads[k + 1] * slopes[k]
    return grads


@wrong("forward_mode", "it returns inside the loop", "returns_in_loop")
def returns_too_early(x, dx, links):
    for f, df in links:
        dx = dx * df(x)
        x = f(x)
        return x, dx


@wrong("gauge_gradient", "the square is not differentiated, V alone", "square_left_out")
def reading_is_v(d, P):
    E = P / d**2
    return -2 * P / d**3 / (1 + E), 1 / d**2 / (1 + E)


@wrong("total_derivative", "the two paths multiply", "multiplied")
def paths_multiply(x, f, fx, fy, g, dg):
    y = g(x)
    return f(x, y), fx(x, y) * fy(x, y) * dg(x)


@wrong("savings_gradient", "a deposit's derivative is 1 for all", "deposits_all_one")
def deposits_do_not_grow(start, rate, deposits):
    balance, drate = start, 0.0
    for deposit in deposits:
        drate = balance + rate * drate
        balance = rate * balance + deposit
    return rate ** len(deposits), drate, np.ones(len(deposits))


@wrong("numeric_gradient", "an array of the wrong shape")
def flat_result(f, X, h):
    flat = X.ravel()
    out = []
    for k in range(X.size):
        step = np.zeros(X.size)
        step[k] = h
        up, down = (flat + step).reshape(X.shape), (flat - step).reshape(X.shape)
        out.append((f(up) - f(down)) / (2 * h))
    return np.array(out)


@wrong("numeric_gradient", "the copy is a view: all steps pile up in X", "factor")
def view_not_copy(f, X, h):
    dX = np.zeros(X.shape)
    for place in np.ndindex(X.shape):
        Z = X[:]
        Z[place] += h
        up = f(Z)
        Z[place] -= 2 * h
        dX[place] = (up - f(Z)) / (2 * h)
        Z[place] += h
    return dX / 2


@wrong("directional_check", "the two numbers are exchanged", "swapped outputs")
def claimed_first(f, dX, X, V, h):
    measured = (f(X + h * V) - f(X - h * V)) / (2 * h)
    claimed = (dX * V).sum()
    return claimed, measured


@wrong("vjp_from_jacobian", "inputs and outputs of J mixed up by reshape")
def reshaped_jacobian(dY, J):
    N, M, D = J.shape
    return np.einsum("nm,ndm->nd", dY, J.reshape(N, D, M))


@wrong("sum_backward", "ones, without the upstream gradient", "upstream_ignored")
def ones_only(dY, X, axis):
    return np.ones_like(X)


@wrong("transpose_backward", "the first two axes only are exchanged", "first_two")
def first_two(dY, axes):
    return np.swapaxes(dY, 0, 1)


@wrong("square_matmul_backward", "both at once are minus and transposed", "sign", "transpose")
def minus_and_transposed(dC, A, B):
    return -(dC @ B.T).T, -(A.T @ dC).T


@wrong("bilinear_backward", "dX and dY exchanged", "swapped outputs")
def xy_exchanged(dS, X, A, Y):
    up = dS[:, None]
    return up * (X @ A), (up * X).T @ Y, up * (Y @ A.T)


@wrong("affine_forward", "the bias is multiplied in", "bias_multiplied")
def bias_times(X, W, b):
    return (X @ W) * b


@wrong("affine_backward", "everything divided by N and the sign of db flipped", "factor", "sign")
def averaged_and_flipped(dY, X, W):
    N = len(dY)
    return dY @ W.T / N, X.T @ dY / N, -dY.sum(axis=0) / N


@wrong("affine_backward", "a dictionary", "count")
def as_dictionary(dY, X, W):
    return {"dX": dY @ W.T, "dW": X.T @ dY, "db": dY.sum(axis=0)}


@wrong("affine_backward", "float32 for speed", "dtype")
def single_precision(dY, X, W):
    dY, X, W = (a.astype(np.float32) for a in (dY, X, W))
    return dY @ W.T, X.T @ dY, dY.sum(axis=0)


@wrong("per_example_gradients", "each and the sum are divided by two", "factor")
def halves(dY, X):
    each = 0.5 * X[:, :, None] * dY[:, None, :]
    return each, each.sum(axis=0)


@wrong(
    "linear_backward", "dW transposed and db averaged over the sequences", "dW_transposed", "factor"
)
def two_slips(dY, X, W):
    return dY @ W, np.einsum("ntd,ntm->dm", X, dY), dY.mean(axis=0).sum(axis=0)


@wrong("relu_backward", "the mask is taken of the product", "mask_of_the_product")
def mask_of_product(dY, X):
    return np.where(dY * X > 0, dY, 0)


@wrong("leaky_relu_backward", "the upstream gradient is added", "operator")
def upstream_added(dY, X, slope):
    return dY + np.where(X > 0, 1.0, slope)


@wrong("sigmoid_backward", "the upstream gradient is forgotten", "upstream_ignored")
def no_upstream(dY, Y):
    return Y * (1 - Y)


@wrong("tanh_backward", "the output is returned", "independent", "made of inputs")
def forward_again(dY, X):
    return np.tanh(X)


@wrong(
    "softplus_backward",
    "exp over one plus exp, with exp of minus X above",
    "inner_derivative_missing",
    "overflow",
)
def wrong_numerator(dY, X):
    e = np.exp(-X)
    return dY * e / (1 + e)


@wrong("gelu_backward", "x times the logistic approximation's slope", "sigmoid_form")
def other_gelu(dY, X):
    s = sigmoid(1.702 * X)
    return dY * (s + 1.702 * X * s * (1 - s))


@wrong("softmax_backward", "the sign is flipped and the batch averaged", "factor", "sign")
def minus_mean(dP, P):
    return -P * (dP - np.sum(dP * P, axis=1, keepdims=True)) / len(P)


@wrong("swiglu_backward", "the two gradients in the wrong order", "swapped outputs")
def b_first(dY, A, B):
    s = sigmoid(A)
    return dY * A * s, dY * B * (s + A * s * (1 - s))


@wrong("mse_loss", "one loss for each example", "per_example")
def per_example(Y, T):
    return ((Y - T) ** 2).mean(axis=1)


@wrong("mse_backward", "no 2 and over N only", "divided_by_N", "two_missing")
def half_and_n(Y, T):
    return (Y - T) / len(Y)


@wrong("mae_backward", "the absolute difference", "value_for_slope")
def the_distance(Y, T):
    return np.abs(Y - T) / Y.size


@wrong("huber_backward", "the loss, entry by entry", "value_for_slope")
def the_loss_itself(Y, T, delta):
    e = np.abs(Y - T)
    return np.where(e <= delta, 0.5 * e**2, delta * (e - 0.5 * delta)) / e.size


@wrong("bce_with_logits_backward", "target minus probability", "sign")
def wrong_way_round(logits, targets):
    return (targets - sigmoid(np.clip(logits, -500, 500))) / len(logits)
