"""A fourth wave, written from the statements alone: chapters 17 to 20."""

import numpy as np

from bpkit.tasks.unseen import wrong
from bpkit.tasks.unseen.shared import sigmoid, softmax


@wrong("truncated_rnn_backward", "each chunk begins with h0", "h0_at_each_chunk")
def chunks_from_h0(dH, X, H, h0, Wx, Wh, k):
    dWx, dWh, db = np.zeros_like(Wx), np.zeros_like(Wh), np.zeros(len(Wh))
    for a in range(0, H.shape[1], k):
        g = np.zeros_like(h0)
        for t in reversed(range(a, min(a + k, H.shape[1]))):
            dz = (dH[:, t] + g) * (1 - H[:, t] ** 2)
            dWx += X[:, t].T @ dz
            dWh += (H[:, t - 1] if t > a else h0).T @ dz
            db += dz.sum(0)
            g = dz @ Wh.T
    return dWx, dWh, db


@wrong("truncated_rnn_backward", "chunks are counted from the end", "counted_from_the_end")
def chunks_from_end(dH, X, H, h0, Wx, Wh, k):
    dWx, dWh, db = np.zeros_like(Wx), np.zeros_like(Wh), np.zeros(len(Wh))
    g, T = np.zeros_like(h0), H.shape[1]
    for n, t in enumerate(reversed(range(T))):
        if n % k == 0:
            g = np.zeros_like(h0)
        dz = (dH[:, t] + g) * (1 - H[:, t] ** 2)
        dWx += X[:, t].T @ dz
        dWh += (H[:, t - 1] if t else h0).T @ dz
        db += dz.sum(0)
        g = dz @ Wh.T
    return dWx, dWh, db


@wrong("leaky_rnn_backward", "the way around the candidate is forgotten", "direct_way_forgotten")
def no_leak_path(dH, X, H, C, h0, Wh, leak):
    D, M = X.shape[2], len(Wh)
    dWx, dWh, db, g = np.zeros((D, M)), np.zeros((M, M)), np.zeros(M), 0
    for t in reversed(range(H.shape[1])):
        dz = (dH[:, t] + g) * leak * (1 - C[:, t] ** 2)
        dWx += X[:, t].T @ dz
        dWh += (H[:, t - 1] if t else h0).T @ dz
        db += dz.sum(0)
        g = dz @ Wh.T
    return dWx, dWh, db, g


@wrong("leaky_rnn_backward", "tanh's slope from H", "slope_of_the_state")
def slope_from_h(dH, X, H, C, h0, Wh, leak):
    D, M = X.shape[2], len(Wh)
    dWx, dWh, db, g = np.zeros((D, M)), np.zeros((M, M)), np.zeros(M), 0
    for t in reversed(range(H.shape[1])):
        up = dH[:, t] + g
        dz = up * leak * (1 - H[:, t] ** 2)
        dWx += X[:, t].T @ dz
        dWh += (H[:, t - 1] if t else h0).T @ dz
        db += dz.sum(0)
        g = dz @ Wh.T + (1 - leak) * up
    return dWx, dWh, db, g


@wrong("leaky_rnn_backward", "leak and 1 - leak exchanged", "leak_exchanged")
def leak_turned(dH, X, H, C, h0, Wh, leak):
    D, M = X.shape[2], len(Wh)
    dWx, dWh, db, g = np.zeros((D, M)), np.zeros((M, M)), np.zeros(M), 0
    for t in reversed(range(H.shape[1])):
        up = dH[:, t] + g
        dz = up * (1 - leak) * (1 - C[:, t] ** 2)
        dWx += X[:, t].T @ dz
        dWh += (H[:, t - 1] if t else h0).T @ dz
        db += dz.sum(0)
        g = dz @ Wh.T + leak * up
    return dWx, dWh, db, g


def gates(z):
    M = z.shape[1] // 4
    i, f, o = (sigmoid(z[:, k * M : (k + 1) * M]) for k in range(3))
    return i, f, o, np.tanh(z[:, 3 * M :])


@wrong("lstm_step_backward", "dc is not added to what comes through the state", "dc_overwritten")
def dc_ignored(dh, dc, z, c):
    i, f, o, g = gates(z)
    t = np.tanh(f * c + i * g)
    d = dh * o * (1 - t**2)
    dz = np.hstack(
        [d * g * i * (1 - i), d * c * f * (1 - f), dh * t * o * (1 - o), d * i * (1 - g**2)]
    )
    return dz, d * f


@wrong("lstm_step_backward", "the cell goes into o without tanh", "output_gate_without_tanh")
def o_without_tanh(dh, dc, z, c):
    i, f, o, g = gates(z)
    cell = f * c + i * g
    t = np.tanh(cell)
    d = dc + dh * o * (1 - t**2)
    dz = np.hstack(
        [d * g * i * (1 - i), d * c * f * (1 - f), dh * cell * o * (1 - o), d * i * (1 - g**2)]
    )
    return dz, d * f


@wrong("lstm_step_backward", "blocks in the order i, f, g, o", "blocks_returned_otherwise")
def other_blocks(dh, dc, z, c):
    i, f, o, g = gates(z)
    t = np.tanh(f * c + i * g)
    d = dc + dh * o * (1 - t**2)
    dz = np.hstack(
        [d * g * i * (1 - i), d * c * f * (1 - f), d * i * (1 - g**2), dh * t * o * (1 - o)]
    )
    return dz, d * f


@wrong("lstm_step_backward", "the gates' slopes are left out", "gate_slopes_forgotten")
def slopes_left_out(dh, dc, z, c):
    i, f, o, g = gates(z)
    t = np.tanh(f * c + i * g)
    d = dc + dh * o * (1 - t**2)
    return np.hstack([d * g, d * c, dh * t, d * i]), d * f


@wrong("gru_step", "the gate's two sides are exchanged", "update_exchanged")
def sides_exchanged(zx, zh, h):
    M = h.shape[1]
    r = sigmoid(zx[:, :M] + zh[:, :M])
    u = sigmoid(zx[:, M : 2 * M] + zh[:, M : 2 * M])
    n = np.tanh(zx[:, 2 * M :] + r * zh[:, 2 * M :])
    return (1 - u) * h + u * n


@wrong("gru_step", "reset multiplies both blocks", "reset_on_both")
def reset_both(zx, zh, h):
    (xr, xu, xn), (hr, hu, hn) = np.split(zx, 3, axis=1), np.split(zh, 3, axis=1)
    r, u = sigmoid(xr + hr), sigmoid(xu + hu)
    return u * h + (1 - u) * np.tanh(r * (xn + hn))


@wrong("gru_step", "reset and update read the other's block", "gates_exchanged")
def blocks_exchanged(zx, zh, h):
    (xu, xr, xn), (hu, hr, hn) = np.split(zx, 3, axis=1), np.split(zh, 3, axis=1)
    r, u = sigmoid(xr + hr), sigmoid(xu + hu)
    return u * h + (1 - u) * np.tanh(xn + r * hn)


@wrong("gru_step_backward", "du: h plus n", "sign")
def du_plus(dh, zx, zh, h):
    (xr, xu, xn), (hr, hu, hn) = np.split(zx, 3, axis=1), np.split(zh, 3, axis=1)
    r, u = sigmoid(xr + hr), sigmoid(xu + hu)
    n = np.tanh(xn + r * hn)
    dn = dh * (1 - u) * (1 - n**2)
    du = dh * (h + n) * u * (1 - u)
    dr = dn * hn * r * (1 - r)
    return np.hstack([dr, du, dn]), np.hstack([dr, du, dn * r]), dh * u


@wrong(
    "gru_step_backward",
    "reset is not multiplied into the state's candidate block",
    "reset_missing_in_dzh",
)
def r_lost(dh, zx, zh, h):
    (xr, xu, xn), (hr, hu, hn) = np.split(zx, 3, axis=1), np.split(zh, 3, axis=1)
    r, u = sigmoid(xr + hr), sigmoid(xu + hu)
    n = np.tanh(xn + r * hn)
    dn = dh * (1 - u) * (1 - n**2)
    du = dh * (h - n) * u * (1 - u)
    dr = dn * hn * r * (1 - r)
    dz = np.hstack([dr, du, dn])
    return dz, dz.copy(), dh * u


@wrong("embedding_backward", "averaged over how often a token came", "averaged_over_uses")
def averaged(dY, ids, count):
    dW = np.zeros((count, dY.shape[-1]))
    np.add.at(dW, ids, dY)
    n = np.bincount(ids.ravel(), minlength=count)
    return dW / np.maximum(n, 1)[:, None]


@wrong("embedding_backward", "as many rows as the largest token", "largest_token")
def rows_of_largest(dY, ids, count):
    dW = np.zeros((ids.max() + 1, dY.shape[-1]))
    np.add.at(dW, ids, dY)
    return dW


def weights(q, k):
    s = q @ k.T / np.sqrt(q.shape[1])
    s = np.where(np.tril(np.ones(s.shape, bool)), s, -np.inf)
    return softmax(s)


@wrong("attention_backward", "no scale going back", "not_scaled_back")
def no_scale_back(dO, q, k, v):
    p = weights(q, k)
    dp = dO @ v.T
    ds = p * (dp - (dp * p).sum(1, keepdims=True))
    return ds @ k, ds.T @ q, p.T @ dO


@wrong("attention_backward", "softmax's slope is the sigmoid's", "softmax_diagonal")
def like_sigmoid(dO, q, k, v):
    p = weights(q, k)
    ds = dO @ v.T * p * (1 - p) / np.sqrt(q.shape[1])
    return ds @ k, ds.T @ q, p.T @ dO


@wrong("attention_backward", "divided by d, not its root", "scaled_by_d")
def by_d(dO, q, k, v):
    s = q @ k.T / q.shape[1]
    p = softmax(np.where(np.tril(np.ones(s.shape, bool)), s, -np.inf))
    dp = dO @ v.T
    ds = p * (dp - (dp * p).sum(1, keepdims=True)) / q.shape[1]
    return ds @ k, ds.T @ q, p.T @ dO


@wrong("attention_backward", "a token does not see itself, except the first")
def not_itself(dO, q, k, v):
    T = len(q)
    seen = np.tril(np.ones((T, T), bool), -1)
    seen[0, 0] = True
    p = softmax(np.where(seen, q @ k.T / np.sqrt(q.shape[1]), -np.inf))
    dp = dO @ v.T
    ds = p * (dp - (dp * p).sum(1, keepdims=True)) / np.sqrt(q.shape[1])
    return ds @ k, ds.T @ q, p.T @ dO


@wrong("relative_bias_backward", "s - t in place of t - s", "other_direction")
def turned(dS):
    _, h, T, S = dS.shape
    dB = np.zeros((h, T + S - 1))
    for t in range(T):
        for s in range(S):
            dB[:, s - t + T - 1] += dS[:, :, t, s].sum(0)
    return dB


@wrong(
    "relative_bias_backward",
    "averaged along each diagonal",
    "averaged_over_pairs",
    "sums_not_differences",
)
def diagonal_means(dS):
    T, S = dS.shape[2:]
    total = dS.sum(0)
    return np.array(
        [
            [
                np.trace(m[:, ::-1], S - 1 - j) / max(1, len(np.diagonal(m[:, ::-1], S - 1 - j)))
                for j in range(T + S - 1)
            ]
            for m in total
        ]
    )


@wrong("jacobian_vector_product", "the biases are added to what moves", "both_biases_move")
def moved_biases(X, V, W1, b1, W2, b2):
    H = np.tanh(X @ W1 + b1)
    VH = (1 - H**2) * (V @ W1 + b1)
    return H @ W2 + b2, VH @ W2 + b2


@wrong("jacobian_vector_product", "V goes through the tanh itself", "tanh_of_direction")
def tanh_of_v(X, V, W1, b1, W2, b2):
    H = np.tanh(X @ W1 + b1)
    return H @ W2 + b2, np.tanh(V @ W1) @ W2


@wrong("jacobian_vector_product", "X + V is sent through", "whole_step")
def whole_step(X, V, W1, b1, W2, b2):
    def run(X):
        return np.tanh(X @ W1 + b1) @ W2 + b2

    return run(X), run(X + V) - run(X)


@wrong("hessian_vector_product", "p times v's product, without 1 - p", "p_alone")
def half_slope(w, v, X, y):
    p = sigmoid(X @ w)
    return X.T @ (p * (X @ v)) / len(y)


@wrong("hessian_vector_product", "the gradient times v", "gradient_times_v")
def gradient_times_v(w, v, X, y):
    return X.T @ (sigmoid(X @ w) - y) / len(y) * v


@wrong("gauss_newton_product", "the slope enters once", "slope_once")
def slope_once(X, W, V):
    s = 1 - np.tanh(X @ W) ** 2
    return X.T @ (s * (X @ V)) / len(X)


@wrong("gauss_newton_product", "averaged over all entries", "factor")
def all_entries(X, W, V):
    s = 1 - np.tanh(X @ W) ** 2
    return X.T @ (s * s * (X @ V)) / s.size
