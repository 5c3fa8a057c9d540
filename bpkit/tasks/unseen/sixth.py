"""A sixth wave, written from the statements alone, after the detectors had learned from two."""

import numpy as np

from bpkit.tasks.unseen import wrong
from bpkit.tasks.unseen.shared import sigmoid, softmax


@wrong("one_sided_difference", "the right value over the left")
def quotient(f, x, h):
    return (f(x + h) / f(x) - 1) / h


@wrong("centered_difference", "f at x is subtracted from both, the halves are lost", "half_width")
def two_slopes_added(f, x, h):
    return (f(x + h) - f(x)) / h + (f(x) - f(x - h)) / h


@wrong("complex_step_derivative", "the real part", "real_part")
def real_part(f, x, h):
    return f(x + 1j * h).real / h


@wrong("chain_of_three", "f's slope is left out and taken as x", "function")
def slope_is_x(x, f, df, g, dg, h, dh):
    u = f(x)
    return h(g(u)), x * dg(u) * dh(g(u))


@wrong("forward_mode", "the values' product with the slopes")
def value_times_slope(x, dx, links):
    for f, df in links:
        x, dx = f(x), df(x) * dx * x
    return x, dx


@wrong("fork_gradient", "da only through the sine", "assigned")
def through_sine(a, b):
    return (a + b) * np.cos(a), np.sin(a)


@wrong("sum_over_paths", "negative slopes are left out", "operand")
def positive_only(edges, start, end):
    if start == end:
        return 1.0
    return sum(max(s, 0) * positive_only(edges, start, p) for p, s in edges[end])


@wrong("savings_gradient", "drate with the first balance in every year", "start_alone")
def first_balance(start, rate, deposits):
    T = len(deposits)
    drate = sum(start * rate ** (T - 1) for _ in range(T))
    return rate**T, drate, rate ** np.arange(T - 1, -1, -1.0)


@wrong("tape_backward", "a part that is used twice passes once", "double_use")
def once_for_each_part(root):
    grads = {}

    def go(n, up):
        grads[n.name] = grads.get(n.name, 0.0) + up
        for p, s in dict(zip(n.parts, n.slopes, strict=True)).items():
            go(p, up * s)

    go(root, 1.0)
    return grads


@wrong("numeric_gradient", "the step is added to the whole of X but the entry")
def all_but_entry(f, X, h):
    dX = np.zeros_like(X)
    for at in np.ndindex(X.shape):
        E = np.full(X.shape, h)
        E[at] = 0
        dX[at] = (f(X + E) - f(X - E)) / (2 * h)
    return dX


@wrong("relative_error", "divided by the claimed gradient's size squared", "extra factor")
def size_squared(dX, dX_numeric):
    size = max(np.abs(dX).max(), np.abs(dX_numeric).max())
    return np.abs(dX - dX_numeric).max() / size**2 if size else 0.0


@wrong("directional_check", "the claim uses X in place of V", "with_x")
def claim_along_x(f, dX, X, V, h):
    return (f(X + h * V) - f(X - h * V)) / (2 * h), np.sum(dX * X)


@wrong("vjp_from_jacobian", "only the diagonal of J")
def diagonal(dY, J):
    out = np.zeros((len(dY), J.shape[2]))
    k = min(J.shape[1:])
    for i in range(k):
        out[:, i] = dY[:, i] * J[:, i, i]
    return out


@wrong("sum_backward", "negative", "sign")
def negative(dY, X, axis):
    return -np.ones_like(X) * np.expand_dims(dY, axis)


@wrong("vector_matrix_vjp", "dx divided by the number of outputs", "factor")
def dx_mean(dy, x, W):
    return (W * dy).mean(axis=1), np.outer(x, dy)


@wrong("bilinear_backward", "dY with A transposed", "operand")
def dy_squared_upstream(dS, X, A, Y):
    return dS[:, None] * (Y @ A.T), X.T @ (dS[:, None] * Y), dS[:, None] ** 2 * (X @ A)


@wrong("affine_backward", "dX from the mean of W's columns")
def dx_from_sums(dY, X, W):
    return np.outer(dY.sum(1), W.sum(1)), X.T @ dY, dY.sum(0)


@wrong("affine_backward", "the last example is left out of db, dW is doubled", "factor")
def db_without_last(dY, X, W):
    return dY @ W.T, 2 * X.T @ dY, dY[:-1].sum(0)


@wrong("linear_backward", "db from the last place", "supposed")
def db_last_place(dY, X, W):
    return dY @ W, np.einsum("ntm,ntd->md", dY, X), dY[:, -1].sum(0)


@wrong("relu_backward", "half the gradient where negative", "unchanged")
def half_negative(dY, X):
    return np.where(X > 0, dY, dY / 2)


@wrong("leaky_relu_backward", "slope squared for the negative", "operand")
def slope_squared(dY, X, slope):
    return dY * np.where(X > 0, 1, slope**2)


@wrong("sigmoid", "without the minus in the exponent", "mirrored")
def turned(X):
    return sigmoid(-X)


@wrong("sigmoid_backward", "1 - Y alone", "one_minus_alone")
def one_minus_only(dY, Y):
    return dY * (1 - Y)


@wrong("tanh_backward", "1 over cosh, not squared", "cosh_not_squared")
def sech(dY, X):
    return dY / np.cosh(np.clip(X, -700, 700))


@wrong("softplus_backward", "dY is added", "operator")
def added(dY, X):
    return dY + sigmoid(X)


@wrong("swiglu_backward", "the sigmoid of B", "operand")
def sigmoid_of_b(dY, A, B):
    s = sigmoid(B)
    return dY * B * (s + A * s * (1 - s)), dY * A * s


@wrong("mse_loss", "absolute differences", "absolute")
def absolute(Y, T):
    return np.abs(Y - T).mean()


@wrong("mse_backward", "the mean over the columns", "divided_by_D")
def over_columns(Y, T):
    return 2 * (Y - T) / Y.shape[1]


@wrong("huber_backward", "the limit at half of delta", "supposed")
def half_delta(Y, T, delta):
    return np.clip(Y - T, -delta / 2, delta / 2) / Y.size


@wrong("bce_with_logits", "only half: the logarithm is to base two", "factor")
def base_two(logits, targets):
    return (np.logaddexp(0, logits) - logits * targets).mean() / np.log(2)


@wrong("bce_with_logits_backward", "targets times the sigmoid", "term")
def product(logits, targets):
    return sigmoid(logits) * (1 - targets) / len(logits)


@wrong("logsumexp", "the mean of the row is added back, not its maximum", "function")
def mean_back(logits):
    m = logits.max(axis=1, keepdims=True)
    return logits.mean(axis=1) + np.log(np.exp(logits - m).sum(axis=1))


@wrong("softmax_backward", "minus P squared times the sum")
def p_squared(dP, P):
    return P * dP - P**2 * dP.sum(axis=1, keepdims=True)


@wrong("cross_entropy", "log of the mean probability", "log_of_the_mean")
def log_of_mean(logits, labels):
    top = logits.max(axis=1)
    logs = logits - top[:, None]
    p = np.exp(logs)[np.arange(len(labels)), labels] / np.exp(logs).sum(axis=1)
    return -np.log(np.maximum(p.mean(), 1e-300))


@wrong("softmax_cross_entropy_backward", "the label is read one too high", "supposed")
def next_label(logits, labels):
    d = softmax(logits)
    d[np.arange(len(d)), (labels + 1) % d.shape[1]] -= 1
    return d / len(d)


@wrong("label_smoothing_backward", "smoothing and 1 - smoothing exchanged", "weights_exchanged")
def exchanged(logits, labels, smoothing):
    K = logits.shape[1]
    q = smoothing * np.eye(K)[labels] + (1 - smoothing) / K
    return (softmax(logits) - q) / len(logits)


@wrong("two_layer_backward", "db1 is the sum of dH, before the mask", "operand")
def db1_unmasked(X, W1, b1, W2, b2, labels):
    Z = X @ W1 + b1
    H = np.maximum(Z, 0)
    d = (softmax(H @ W2 + b2) - np.eye(len(b2))[labels]) / len(X)
    dH = d @ W2.T
    return X.T @ (dH * (Z > 0)), dH.sum(0), H.T @ d, d.sum(0)


@wrong("exact_step", "half the best rate", "operand")
def half_rate(X, y, w):
    g = 2 * X.T @ (X @ w - y) / len(y)
    lr = g @ g * len(y) / (4 * np.sum((X @ g) ** 2))
    return w - lr * g, lr


@wrong("rmsprop_step", "decay and 1 - decay exchanged", "weights_exchanged")
def decay_exchanged(w, g, s, lr, decay, eps):
    s = (1 - decay) * s + decay * g * g
    return w - lr * g / (np.sqrt(s) + eps), s


@wrong("adam_step", "m is not corrected", "m_not_corrected")
def m_uncorrected(w, g, m, v, t, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    m, v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g * g
    return w - lr * m / (np.sqrt(v / (1 - beta2**t)) + eps), m, v


@wrong("cosine_schedule", "a whole cosine", "whole_wave")
def whole_cosine(lr, floor, warmup, total):
    t = np.arange(total)
    cos = floor + (lr - floor) * (1 + np.cos(2 * np.pi * (t - warmup) / (total - warmup))) / 2
    return np.where(t < warmup, lr * (t + 1) / warmup, cos)


@wrong("clip_by_norm", "the factor is the limit", "missing factor")
def limit_as_factor(grads, limit):
    n = np.sqrt(sum((g**2).sum() for g in grads))
    return [g * limit if n > limit else g for g in grads]


@wrong("batch_norm_backward", "dbeta is averaged", "factor")
def dbeta_mean(dY, X, gamma, eps):
    s = np.sqrt(X.var(0) + eps)
    Z = (X - X.mean(0)) / s
    g = dY * gamma
    return (g - g.mean(0) - Z * (g * Z).mean(0)) / s, (dY * Z).sum(0), dY.mean(0)


@wrong("layer_norm_backward", "the mean term with Z has the wrong sign", "wrong_sign")
def plus_z(dY, X, gamma, eps):
    s = np.sqrt(X.var(1, keepdims=True) + eps)
    Z = (X - X.mean(1, keepdims=True)) / s
    g = dY * gamma
    dX = (g - g.mean(1, keepdims=True) + Z * (g * Z).mean(1, keepdims=True)) / s
    return dX, (dY * Z).sum(0), dY.sum(0)


@wrong("conv2d_forward", "the bias is added for every channel", "bias_each_channel")
def bias_for_each_channel(X, W, b, stride):
    v = np.lib.stride_tricks.sliding_window_view(X, W.shape[2:], (2, 3))[:, :, ::stride, ::stride]
    return np.einsum("ncijhw,ochw->noij", v, W) + X.shape[1] * b[:, None, None]


@wrong("max_pool_backward", "the smallest pixel receives", "smallest")
def smallest(dY, X, size, stride):
    dX = np.zeros_like(X)
    for n, c, i, j in np.ndindex(dY.shape):
        w = X[n, c, i * stride : i * stride + size, j * stride : j * stride + size]
        a, b = np.unravel_index(w.argmin(), w.shape)
        dX[n, c, i * stride + a, j * stride + b] += dY[n, c, i, j]
    return dX


@wrong("rnn_backward", "only the last state's gradient is used", "last_step_only")
def last_state_only(dH, X, H, h0, Wx, Wh):
    dWx, dWh, db, g = np.zeros_like(Wx), np.zeros_like(Wh), np.zeros(len(Wh)), dH[:, -1]
    for t in reversed(range(H.shape[1])):
        dz = g * (1 - H[:, t] ** 2)
        dWx += X[:, t].T @ dz
        dWh += (H[:, t - 1] if t else h0).T @ dz
        db += dz.sum(0)
        g = dz @ Wh.T
    return dWx, dWh, db, g


@wrong("lstm_step_backward", "the candidate's slope is the sigmoid's", "candidate_as_gate")
def candidate_sigmoid(dh, dc, z, c):
    i, f, o, g = np.split(z, 4, axis=1)
    i, f, o, g = sigmoid(i), sigmoid(f), sigmoid(o), np.tanh(g)
    t = np.tanh(f * c + i * g)
    d = dc + dh * o * (1 - t * t)
    dz = [d * g * i * (1 - i), d * c * f * (1 - f), dh * t * o * (1 - o), d * i * g * (1 - g)]
    return np.hstack(dz), d * f


@wrong("attention_backward", "the values' gradient with p straight", "p_not_transposed")
def dv_straight(dO, q, k, v):
    s = q @ k.T / np.sqrt(q.shape[1])
    p = softmax(np.where(np.tri(len(s), dtype=bool), s, -np.inf))
    dp = dO @ v.T
    ds = p * (dp - (dp * p).sum(1, keepdims=True)) / np.sqrt(q.shape[1])
    return ds @ k, ds.T @ q, p @ dO


@wrong("hessian_vector_product", "the slope is squared", "slope_squared")
def slope_twice(w, v, X, y):
    p = sigmoid(X @ w)
    return X.T @ ((p * (1 - p)) ** 2 * (X @ v)) / len(y)


@wrong("gauss_newton_product", "no slope at all", "slope_missing")
def no_slope(X, W, V):
    return X.T @ (X @ V) / len(X)
