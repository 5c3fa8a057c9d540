"""An eighth wave, written from the statements alone: chapters 15 to 20."""

# ruff: noqa: E741, RUF059 - it stands as it was written

import numpy as np

from bpkit.tasks.unseen import wrong
from bpkit.tasks.unseen.shared import sigmoid
from bpkit.tasks.unseen.shared import softmax as soft


@wrong(
    "batch_norm_forward",
    "momentum weighs the old statistics instead of the batch's, and the running variance "
    "is divided by N instead of N - 1",
    "momentum_exchanged",
    "running_var_over_N",
)
def bn_momentum_swapped_and_biased(X, gamma, beta, running_mean, running_var, momentum, eps):
    N, D = X.shape
    mean = X.sum(axis=0) / N
    var = ((X - mean) ** 2).sum(axis=0) / N
    Y = gamma * ((X - mean) / np.sqrt(var + eps)) + beta
    running_mean = momentum * running_mean + (1 - momentum) * mean
    running_var = momentum * running_var + (1 - momentum) * var
    return Y, running_mean, running_var


@wrong(
    "batch_norm_backward",
    "dgamma uses X minus the mean, not divided by the standard deviation",
    "missing factor",
)
def bn_back_dgamma_from_centered(dY, X, gamma, eps):
    N = X.shape[0]
    xmu = X - X.mean(axis=0)
    ivar = 1 / np.sqrt((xmu**2).mean(axis=0) + eps)
    dgamma = np.sum(dY * xmu, axis=0)
    dbeta = np.sum(dY, axis=0)
    dxhat = dY * gamma
    xhat = xmu * ivar
    dX = ivar / N * (N * dxhat - dxhat.sum(axis=0) - xhat * (dxhat * xhat).sum(axis=0))
    return dX, dgamma, dbeta


@wrong(
    "layer_norm_backward",
    "gamma is multiplied in at the end, as in batch norm, though here it differs within "
    "the row that is averaged",
    "gamma_last",
)
def ln_gamma_at_the_end(dY, X, gamma, eps):
    m = X.mean(axis=1, keepdims=True)
    s = np.sqrt(X.var(axis=1, keepdims=True) + eps)
    Z = (X - m) / s
    inner = dY - dY.mean(axis=1, keepdims=True) - Z * (dY * Z).mean(axis=1, keepdims=True)
    return gamma / s * inner, (dY * Z).sum(axis=0), dY.sum(axis=0)


@wrong(
    "rms_norm_backward",
    "a mean is taken away from the gradient, as in layer norm, though RMS norm takes none from X",
    "mean_taken_away",
)
def rms_with_centering(dY, X, gamma, eps):
    size = np.sqrt((X * X).mean(axis=1, keepdims=True) + eps)
    Z = X / size
    dZ = dY * gamma
    dX = (dZ - dZ.mean(axis=1, keepdims=True) - Z * (dZ * Z).mean(axis=1, keepdims=True)) / size
    return dX, (dY * Z).sum(axis=0)


@wrong("conv2d_forward", "the kernel is flipped before it is laid on the image", "flipped")
def conv_flipped(X, W, b, stride):
    N, C, H, width = X.shape
    O, _, kh, kw = W.shape
    Wf = W[:, :, ::-1, ::-1]
    rows, cols = (H - kh) // stride + 1, (width - kw) // stride + 1
    Y = np.zeros((N, O, rows, cols))
    for i in range(rows):
        for j in range(cols):
            win = X[:, :, i * stride : i * stride + kh, j * stride : j * stride + kw]
            Y[:, :, i, j] = np.tensordot(win, Wf, axes=([1, 2, 3], [1, 2, 3])) + b
    return Y


@wrong(
    "conv2d_forward",
    "the windows move by one pixel; the stride enters only into the output's shape",
    "stride_not_used",
)
def conv_windows_without_stride(X, W, b, stride):
    N, C, H, width = X.shape
    O, _, kh, kw = W.shape
    rows = (H - kh) // stride + 1
    columns = (width - kw) // stride + 1
    Y = np.zeros((N, O, rows, columns))
    for n in range(N):
        for o in range(O):
            for i in range(rows):
                for j in range(columns):
                    Y[n, o, i, j] = (X[n, :, i : i + kh, j : j + kw] * W[o]).sum() + b[o]
    return Y


@wrong(
    "conv2d_backward",
    "dX flips the kernel although each window already receives it where it lay",
    "flipped_in_dX",
)
def conv_back_flip(dY, X, W, stride):
    N, O, rows, cols = dY.shape
    _, C, kh, kw = W.shape
    dX, dW = np.zeros(X.shape), np.zeros(W.shape)
    # backward = convolution with the kernel rotated by 180 degrees
    W_rot = np.rot90(W, 2, axes=(2, 3))
    for i in range(rows):
        for j in range(cols):
            r, c = i * stride, j * stride
            up = dY[:, :, i, j]
            dX[:, :, r : r + kh, c : c + kw] += np.einsum("no,ocab->ncab", up, W_rot)
            dW += np.einsum("no,ncab->ocab", up, X[:, :, r : r + kh, c : c + kw])
    return dX, dW, dY.sum(axis=(0, 2, 3))


@wrong(
    "max_pool_backward",
    "row and column of the largest pixel within the window are swapped",
    "place_exchanged",
)
def pool_row_column_swapped(dY, X, size, stride):
    dX = np.zeros_like(X)
    for (n, c, i, j), up in np.ndenumerate(dY):
        r0, c0 = i * stride, j * stride
        where = int(X[n, c, r0 : r0 + size, c0 : c0 + size].argmax())
        right, down = where // size, where % size
        dX[n, c, r0 + down, c0 + right] += up
    return dX


@wrong(
    "avg_pool_backward",
    "each pixel's share is 1 / size instead of 1 / size**2",
    "divided_by_size",
)
def avg_pool_by_size(dY, X, size, stride):
    dX = np.zeros(X.shape)
    for i in range(dY.shape[2]):
        for j in range(dY.shape[3]):
            top, left = i * stride, j * stride
            dX[:, :, top : top + size, left : left + size] += (
                dY[:, :, i, j][:, :, None, None] / size
            )
    return dX


@wrong(
    "avg_pool_backward",
    "the gradient is dealt to a stride by stride tile instead of the size by size window",
    "stride_for_size",
)
def avg_pool_tile_of_stride(dY, X, size, stride):
    N, C, rows, cols = dY.shape
    big = np.repeat(np.repeat(dY, stride, axis=2), stride, axis=3) / size**2
    dX = np.zeros(X.shape)
    H, width = min(big.shape[2], X.shape[2]), min(big.shape[3], X.shape[3])
    dX[:, :, :H, :width] = big[:, :, :H, :width]
    return dX


@wrong(
    "rnn_step",
    "the tanh closes too early: only the input's part goes through it, the state is added"
    " afterwards",
    "input_alone_squashed",
)
def rnn_tanh_too_early(x, h, Wx, Wh, b):
    new = np.tanh(x @ Wx + b)
    new = new + h @ Wh
    return new


@wrong(
    "rnn_backward",
    "dWh uses the state after the step instead of the one before it",
    "dWh_with_new_state",
)
def bptt_dwh_from_new_state(dH, X, H, h0, Wx, Wh):
    N, T, M = H.shape
    dWx, dWh, db = np.zeros_like(Wx), np.zeros_like(Wh), np.zeros(M)
    carry = np.zeros((N, M))
    for t in range(T - 1, -1, -1):
        dz = (dH[:, t] + carry) * (1 - H[:, t] ** 2)
        dWx += X[:, t].T @ dz
        dWh += H[:, t].T @ dz
        db += dz.sum(axis=0)
        carry = dz @ Wh.T
    return dWx, dWh, db, carry


@wrong(
    "rnn_backward",
    "what goes to the step before is taken ahead of tanh's slope",
    "carried_before_slope",
)
def bptt_carry_before_tanh(dH, X, H, h0, Wx, Wh):
    N, T, M = H.shape
    prev = np.concatenate([h0[:, None], H[:, :-1]], axis=1)
    dWx, dWh, db = 0, 0, 0
    dnext = np.zeros_like(h0)
    for t in reversed(range(T)):
        dh = dH[:, t] + dnext
        dz = dh * (1 - H[:, t] * H[:, t])
        dWx = dWx + X[:, t].T @ dz
        dWh = dWh + prev[:, t].T @ dz
        db = db + dz.sum(0)
        dnext = dh @ Wh.T
    return dWx, dWh, db, dnext


@wrong(
    "truncated_rnn_backward",
    "the state is reset to h0 at the start of every chunk, where only the gradient should be cut",
    "h0_at_each_chunk",
)
def chunks_start_from_h0(dH, X, H, h0, Wx, Wh, k):
    N, T, M = H.shape
    dWx, dWh, db = np.zeros(Wx.shape), np.zeros(Wh.shape), np.zeros(M)
    for start in range(0, T, k):
        stop = min(start + k, T)
        back = np.zeros((N, M))
        for t in range(stop - 1, start - 1, -1):
            before = h0 if t == start else H[:, t - 1]
            dz = (dH[:, t] + back) * (1 - H[:, t] ** 2)
            dWx += X[:, t].T @ dz
            dWh += before.T @ dz
            db += dz.sum(axis=0)
            back = dz @ Wh.T
    return dWx, dWh, db


@wrong(
    "lstm_step_backward",
    "what comes to the cell through the state lacks the slope of the tanh of the new cell",
    "cell_tanh_forgotten",
)
def lstm_no_tanh_slope(dh, dc, z, c):
    M = c.shape[1]
    i, f, o = sigmoid(z[:, :M]), sigmoid(z[:, M : 2 * M]), sigmoid(z[:, 2 * M : 3 * M])
    g = np.tanh(z[:, 3 * M :])
    c_new = f * c + i * g
    dc_total = dc + dh * o
    do = dh * np.tanh(c_new)
    di, df, dg = dc_total * g, dc_total * c, dc_total * i
    dz = np.hstack([di * i * (1 - i), df * f * (1 - f), do * o * (1 - o), dg * (1 - g**2)])
    return dz, dc_total * f


@wrong(
    "lstm_step_backward",
    "the blocks are read in the order i, f, g, o, while here the output gate is the third",
    "candidate_third",
)
def lstm_other_block_order(dh, dc, z, c):
    zi, zf, zg, zo = np.split(z, 4, axis=1)
    i, f, g, o = sigmoid(zi), sigmoid(zf), np.tanh(zg), sigmoid(zo)
    tc = np.tanh(f * c + i * g)
    dcell = dc + dh * o * (1 - tc * tc)
    dzi = dcell * g * i * (1 - i)
    dzf = dcell * c * f * (1 - f)
    dzg = dcell * i * (1 - g * g)
    dzo = dh * tc * o * (1 - o)
    return np.concatenate((dzi, dzf, dzg, dzo), axis=1), dcell * f


@wrong(
    "gru_step",
    "the update gate is swapped: it weighs the candidate, and one minus it the old state",
    "update_exchanged",
)
def gru_update_swapped(zx, zh, h):
    M = h.shape[1]
    r = sigmoid(zx[:, :M] + zh[:, :M])
    u = sigmoid(zx[:, M : 2 * M] + zh[:, M : 2 * M])
    cand = np.tanh(zx[:, 2 * M :] + r * zh[:, 2 * M :])
    return h + u * (cand - h)


@wrong(
    "gru_step",
    "the reset gate multiplies the candidate's whole sum, its block of zx included",
    "reset_on_both",
)
def gru_reset_on_everything(zx, zh, h):
    M = h.shape[1]
    both = zx + zh
    gates = sigmoid(both[:, : 2 * M])
    reset, update = gates[:, :M], gates[:, M:]
    cand = np.tanh(reset * both[:, 2 * M :])
    return update * h + (1 - update) * cand


@wrong(
    "embedding_backward",
    "a token that comes several times keeps only its last gradient, since += on an index "
    "list doesn't add up",
    "overwritten",
)
def embedding_index_plus(dY, ids, count):
    N, T, D = dY.shape
    dW = np.zeros((count, D))
    flat_ids = ids.reshape(-1)
    flat = dY.reshape(N * T, D)
    dW[flat_ids] += flat
    return dW


@wrong(
    "attention_backward",
    "hidden scores are set to 0 instead of minus infinity, so later tokens still get weight",
)
def attention_mask_is_zero(dO, q, k, v):
    T, d = q.shape
    mask = np.tril(np.ones((T, T)))
    S = (q @ k.T) / np.sqrt(d) * mask
    p = soft(S)
    dv = p.T @ dO
    dp = dO @ v.T
    dS = p * (dp - (dp * p).sum(axis=1, keepdims=True))
    dS = dS * mask / np.sqrt(d)
    return dS @ k, dS.T @ q, dv


@wrong(
    "attention_backward",
    "softmax is treated entry by entry, with the slope p (1 - p), as if it were a sigmoid",
    "softmax_diagonal",
)
def attention_softmax_by_entry(dO, q, k, v):
    T, d = q.shape
    dq, dk, dv = np.zeros_like(q), np.zeros_like(k), np.zeros_like(v)
    for t in range(T):
        s = k[: t + 1] @ q[t] / np.sqrt(d)
        e = np.exp(s - s.max())
        p = e / e.sum()
        for j in range(t + 1):
            dv[j] += p[j] * dO[t]
            dp = dO[t] @ v[j]
            ds = dp * p[j] * (1 - p[j])
            dq[t] += ds * k[j] / np.sqrt(d)
            dk[j] += ds * q[t] / np.sqrt(d)
    return dq, dk, dv


@wrong(
    "jacobian_vector_product",
    "the biases are added to the tangent too, as if they moved with the input",
    "both_biases_move",
)
def tangent_gets_the_biases(X, V, W1, b1, W2, b2):
    def layer(A, W, b):
        return A @ W + b

    H = np.tanh(layer(X, W1, b1))
    VH = layer(V, W1, b1) * (1 - H**2)
    return layer(H, W2, b2), layer(VH, W2, b2)
