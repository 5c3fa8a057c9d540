"""A seventh wave, written from the statements alone: chapters 17 to 20."""

import numpy as np

from bpkit.tasks.unseen import wrong
from bpkit.tasks.unseen.shared import sigmoid as sig
from bpkit.tasks.unseen.shared import softmax as row_softmax


@wrong(
    "truncated_rnn_backward",
    "each chunk is treated as a sequence of its own that starts from h0, so at a border "
    "dWh uses h0 and not the state before",
    "h0_at_each_chunk",
)
def every_chunk_from_h0(dH, X, H, h0, Wx, Wh, k):
    T = X.shape[1]
    M = Wh.shape[0]
    dWx, dWh, db = np.zeros_like(Wx), np.zeros_like(Wh), np.zeros(M)
    for start in range(0, T, k):
        end = min(start + k, T)
        back = np.zeros_like(h0)
        for t in range(end - 1, start - 1, -1):
            prev = h0 if t == start else H[:, t - 1]
            dz = (back + dH[:, t]) * (1 - H[:, t] ** 2)
            dWx += X[:, t].T @ dz
            dWh += prev.T @ dz
            db += dz.sum(axis=0)
            back = dz @ Wh.T
    return dWx, dWh, db


@wrong(
    "lstm_step_backward",
    "the old cell c stands where the new cell belongs, in the tanh and its slope",
    "slope_from_the_old_cell",
)
def old_cell_in_the_tanh(dh, dc, z, c):
    zi, zf, zo, zg = np.split(z, 4, axis=1)
    i, f, o, g = sig(zi), sig(zf), sig(zo), np.tanh(zg)
    tc = np.tanh(c)
    dcell = dc + dh * o * (1 - tc**2)
    dz = np.hstack(
        [
            dcell * g * i * (1 - i),
            dcell * c * f * (1 - f),
            dh * tc * o * (1 - o),
            dcell * i * (1 - g**2),
        ]
    )
    return dz, dcell * f


@wrong(
    "lstm_step_backward",
    "two mistakes: the gradient for the old cell goes back through the input gate and not"
    " the forget gate, and the candidate gets the sigmoid's slope",
    "candidate_as_gate",
    "cell_through_input_gate",
)
def wrong_gate_and_slope(dh, dc, z, c):
    n = c.shape[1]
    i, f, o = [sig(z[:, k * n : (k + 1) * n]) for k in range(3)]
    g = np.tanh(z[:, 3 * n :])
    new = f * c + i * g
    total = dc + dh * o * (1 - np.tanh(new) ** 2)
    dz = np.zeros_like(z)
    dz[:, :n] = total * g * i * (1 - i)
    dz[:, n : 2 * n] = total * c * f * (1 - f)
    dz[:, 2 * n : 3 * n] = dh * np.tanh(new) * o * (1 - o)
    dz[:, 3 * n :] = total * i * g * (1 - g)
    return dz, total * i


@wrong(
    "gru_step",
    "the reset gate multiplies the input's block of the candidate too, not only the state's",
    "reset_on_both",
)
def resets_the_input_too(zx, zh, h):
    M = h.shape[1]
    r = sig(zx[:, :M] + zh[:, :M])
    u = sig(zx[:, M : 2 * M] + zh[:, M : 2 * M])
    n = np.tanh(r * (zx[:, 2 * M :] + zh[:, 2 * M :]))
    return u * h + (1 - u) * n


@wrong(
    "embedding_backward",
    "a token's gradients are averaged over the times it comes, not summed",
    "averaged_over_uses",
)
def averaged_over_uses(dY, ids, count):
    D = dY.shape[2]
    dW = np.zeros((count, D))
    for token in range(count):
        hits = dY[ids == token]
        if len(hits) > 0:
            dW[token] = hits.mean(axis=0)
    return dW


@wrong(
    "attention_backward",
    "the hidden weights are set to 0 after softmax, so the rows no longer sum to 1",
    "masked_after_softmax",
)
def masked_after_softmax(dO, q, k, v):
    T, d = q.shape
    mask = np.tril(np.ones((T, T)))
    p = row_softmax(q @ k.T / np.sqrt(d)) * mask
    dv = p.T @ dO
    dp = dO @ v.T
    ds = p * (dp - (dp * p).sum(axis=1, keepdims=True))
    ds = ds / np.sqrt(d)
    return ds @ k, ds.T @ q, dv


@wrong(
    "attention_backward",
    "going back through softmax, the weighted sum of dp runs down the columns and not "
    "along the rows",
    "sum_over_queries",
)
def sums_down_the_columns(dO, q, k, v):
    T, d = q.shape
    scores = (q @ k.T) / np.sqrt(d)
    scores[np.triu_indices(T, 1)] = -np.inf
    p = row_softmax(scores)
    dp = dO @ v.T
    ds = p * (dp - (p * dp).sum(axis=0)) / np.sqrt(d)
    return ds @ k, ds.T @ q, p.T @ dO


@wrong(
    "jacobian_vector_product",
    "the direction is itself sent through tanh, as if it were a value, and not multiplied"
    " by tanh's slope",
    "tanh_of_direction",
)
def direction_through_tanh(X, V, W1, b1, W2, b2):
    H = np.tanh(X @ W1 + b1)
    Y = H @ W2 + b2
    VH = np.tanh(V @ W1)
    return Y, VH @ W2


@wrong(
    "hessian_vector_product",
    "only the Hessian's diagonal is made and multiplied with v entry by entry",
    "diagonal",
)
def diagonal_only(w, v, X, y):
    N = X.shape[0]
    p = sig(X @ w)
    diag = (X**2 * (p * (1 - p))[:, None]).sum(axis=0) / N
    return diag * v
