"""Wrong answers with a slip in an unusual place: the second half of the book."""

import numpy as np

from bpkit.tasks.unseen import wrong
from bpkit.tasks.unseen.shared import sigmoid, softmax


@wrong("softmax", "a temperature of one half", "operand")
def sharpened(logits):
    return softmax(2 * logits)


@wrong("cross_entropy", "the class with the largest score is taken for the label", "largest_chosen")
def own_answer(logits, labels):
    z = logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)
    return -z.max(axis=1).mean()


@wrong("softmax_cross_entropy_backward", "the labels' rows doubled, not minus one", "operand")
def minus_two(logits, labels):
    p = softmax(logits)
    p[np.arange(len(labels)), labels] -= 2
    return p / len(labels)


@wrong("weighted_cross_entropy_backward", "the weighted sum, not divided", "not_divided")
def weighted_sum(logits, labels, weights):
    return (softmax(logits) - np.eye(len(weights))[labels]) * weights[labels][:, None]


@wrong("two_layer_backward", "the mask is that of H's gradient", "relu_of_the_gradient")
def mask_of_gradient(X, W1, b1, W2, b2, labels):
    H = np.maximum(X @ W1 + b1, 0)
    d2 = (softmax(H @ W2 + b2) - np.eye(len(b2))[labels]) / len(X)
    dH = d2 @ W2.T
    d1 = dH * (dH > 0)
    return X.T @ d1, d1.sum(0), H.T @ d2, d2.sum(0)


@wrong("network_backward", "all biases get the last layer's gradient summed over rows", "transpose")
def weights_transposed(X, Ws, bs, labels):
    H = [X]
    for W, b in zip(Ws[:-1], bs[:-1], strict=True):
        H.append(np.maximum(H[-1] @ W + b, 0))
    d = (softmax(H[-1] @ Ws[-1] + bs[-1]) - np.eye(len(bs[-1]))[labels]) / len(X)
    dWs, dbs = [], []
    for k in range(len(Ws) - 1, -1, -1):
        dWs.insert(0, (H[k].T @ d).T)
        dbs.insert(0, d.sum(0))
        d = d @ Ws[k].T * (H[k] > 0)
    return dWs, dbs


@wrong(
    "one_epoch",
    "the gradients of minibatches are averaged over the batch once more",
    "divided_again",
)
def averaged_again(X, labels, W, b, order, batch_size, lr):
    for k in range(0, len(X), batch_size):
        rows = order[k : k + batch_size]
        d = (softmax(X[rows] @ W + b) - np.eye(len(b))[labels[rows]]) / len(rows) ** 2
        W, b = W - lr * X[rows].T @ d, b - lr * d.sum(0)
    return W, b


@wrong("tied_backward", "dc has the sign of target minus output", "sign")
def dc_flipped(X, W, b, c):
    H = np.tanh(X @ W + b)
    dY = 2 * (H @ W.T + c - X) / X.size
    dZ = dY @ W * (1 - H**2)
    return X.T @ dZ + dY.T @ H, dZ.sum(0), -dY.sum(0)


@wrong("exact_step", "the curvature with X transposed in place of X @ g")
def curvature_of_errors(X, y, w):
    e = X @ w - y
    g = 2 * X.T @ e / len(y)
    lr = (e @ e) / (X @ g @ (X @ g))
    return w - lr * g, lr


@wrong("momentum_step", "the step is added", "uphill")
def against_the_valley(w, g, v, lr, beta):
    v = beta * v + g
    return w + lr * v, v


@wrong("rmsprop_step", "eps is squared away: the root of s alone, plus eps inside g")
def eps_with_gradient(w, g, s, lr, decay, eps):
    s = decay * s + (1 - decay) * g * g
    return w - lr * (g + eps) / np.sqrt(s), s


@wrong("adam_step", "lr is divided by the root of t")
def rate_falls(w, g, m, v, t, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g * g
    step = lr / np.sqrt(t)
    return w - step * m / (1 - beta1**t) / (np.sqrt(v / (1 - beta2**t)) + eps), m, v


@wrong("adamw_step", "no correction and decay without rate", "decay_without_rate", "no_correction")
def raw_means(w, g, m, v, t, lr, beta1, beta2, eps, weight_decay):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g * g
    return w - lr * m / (np.sqrt(v) + eps) - weight_decay * w, m, v


@wrong("cosine_schedule", "a whole cosine", "whole_wave")
def full_wave(lr, floor, warmup, total):
    t = np.arange(total)
    x = (t - warmup) / (total - warmup)
    down = floor + (lr - floor) * (1 + np.cos(2 * np.pi * x)) / 2
    return np.where(t < warmup, lr * (t + 1) / warmup, down)


@wrong("clip_by_norm", "the factor is limit over the squared length", "no_root")
def squared_length(grads, limit):
    total = sum((g**2).sum() for g in grads)
    return [g * limit / total if np.sqrt(total) > limit else g for g in grads]


@wrong("residual_backward", "a[k] added, not one", "brackets")
def a_plus_slope(dY, X, a):
    T = []
    for scale in a:
        T.append(np.tanh(X))
        X = X + scale * T[-1]
    da = np.zeros(len(a))
    for k in reversed(range(len(a))):
        da[k] = np.sum(dY * T[k])
        dY = dY * (1 + a[k]) * (1 - T[k] ** 2)
    return dY, da


@wrong("dropconnect_backward", "the mask is drawn from W's zeros", "divided_by_rate")
def divided_by_rate_only(dY, X, W, keep, rate):
    used = W * keep / rate
    return dY @ used.T, X.T @ dY * keep / rate


@wrong("batch_norm_backward", "the deviation is squared", "divided_by_variance")
def over_variance(dY, X, gamma, eps):
    var = X.var(0) + eps
    Z = (X - X.mean(0)) / np.sqrt(var)
    d = dY * gamma
    return (d - d.mean(0) - Z * (d * Z).mean(0)) / var, (dY * Z).sum(0), dY.sum(0)


@wrong("layer_norm_backward", "the mean's part is forgotten", "mean_constant")
def mean_forgotten(dY, X, gamma, eps):
    std = np.sqrt(X.var(1, keepdims=True) + eps)
    Z = (X - X.mean(1, keepdims=True)) / std
    d = dY * gamma
    return (d - Z * (d * Z).mean(1, keepdims=True)) / std, (dY * Z).sum(0), dY.sum(0)


@wrong("rms_norm_backward", "gamma is forgotten in the second term", "mean_without_gamma")
def gamma_once(dY, X, gamma, eps):
    size = np.sqrt((X**2).mean(1, keepdims=True) + eps)
    Z = X / size
    return (dY * gamma - Z * (dY * Z).mean(1, keepdims=True)) / size, (dY * Z).sum(0)


@wrong("conv2d_backward", "dX is not added but dW is averaged over windows", "dW_over_positions")
def dw_over_windows(dY, X, W, stride):
    rows, columns = dY.shape[2:]
    dX, dW = np.zeros(X.shape), np.zeros(W.shape)
    for i, j in np.ndindex(rows, columns):
        at = (
            ...,
            slice(i * stride, i * stride + W.shape[2]),
            slice(j * stride, j * stride + W.shape[3]),
        )
        dX[at] += np.einsum("no,ochw->nchw", dY[:, :, i, j], W)
        dW += np.einsum("no,nchw->ochw", dY[:, :, i, j], X[at])
    return dX, dW / (rows * columns), dY.sum((0, 2, 3))


@wrong("rnn_backward", "what arrives from later states skips the slope", "brackets")
def carried_round_the_slope(dH, X, H, h0, Wx, Wh):
    dWx, dWh, db = np.zeros_like(Wx), np.zeros_like(Wh), np.zeros(len(Wh))
    carried = np.zeros_like(h0)
    for t in reversed(range(X.shape[1])):
        dz = dH[:, t] * (1 - H[:, t] ** 2) + carried
        dWx += X[:, t].T @ dz
        dWh += (H[:, t - 1] if t else h0).T @ dz
        db += dz.sum(0)
        carried = dz @ Wh.T
    return dWx, dWh, db, carried


@wrong("lstm_step_backward", "dc_before is dc", "cell_not_gated")
def cell_passes_whole(dh, dc, z, c):
    i, f, o, g = np.split(z, 4, axis=1)
    i, f, o, g = sigmoid(i), sigmoid(f), sigmoid(o), np.tanh(g)
    t = np.tanh(f * c + i * g)
    total = dc + dh * o * (1 - t * t)
    parts = [
        total * g * i * (1 - i),
        total * c * f * (1 - f),
        dh * t * o * (1 - o),
        total * i * (1 - g * g),
    ]
    return np.hstack(parts), total


@wrong("gru_step_backward", "the candidate's tanh is not differentiated", "tanh_forgotten")
def candidate_linear(dh, zx, zh, h):
    xr, xu, xn = np.split(zx, 3, axis=1)
    hr, hu, hn = np.split(zh, 3, axis=1)
    r, u = sigmoid(xr + hr), sigmoid(xu + hu)
    n = np.tanh(xn + r * hn)
    dn = dh * (1 - u)
    du, dr = dh * (h - n) * u * (1 - u), dn * hn * r * (1 - r)
    return np.hstack([dr, du, dn]), np.hstack([dr, du, dn * r]), dh * u


@wrong(
    "attention_backward",
    "the softmax runs over the queries",
    "softmax_over_queries",
    "sum_over_queries",
    "axis",
)
def over_queries(dO, q, k, v):
    T, d = q.shape
    S = np.where(np.tri(T, dtype=bool), q @ k.T / np.sqrt(d), -np.inf)
    P = np.exp(S - S.max(axis=0))
    P /= P.sum(axis=0)
    dP = dO @ v.T
    dS = P * (dP - (dP * P).sum(axis=0)) / np.sqrt(d)
    return dS @ k, dS.T @ q, P.T @ dO


@wrong("relative_bias_backward", "one distance too far", "shift")
def shifted(dS):
    _, heads, T, S = dS.shape
    dB = np.zeros((heads, T + S - 1))
    for t, s in np.ndindex(T, S):
        dB[:, (t - s + S) % (T + S - 1)] += dS[:, :, t, s].sum(0)
    return dB


@wrong("jacobian_vector_product", "the slope with X in place of H", "slope_before_tanh")
def slope_of_input(X, V, W1, b1, W2, b2):
    Z = X @ W1 + b1
    return np.tanh(Z) @ W2 + b2, (V @ W1 * (1 - Z**2)) @ W2


@wrong("gauss_newton_product", "half of it", "factor")
def halved(X, W, V):
    s = 1 - np.tanh(X @ W) ** 2
    return X.T @ (s**2 * (X @ V)) / (2 * len(X))
