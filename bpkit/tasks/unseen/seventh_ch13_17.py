"""A seventh wave, written from the statements alone: chapters 13 to 17."""

# ruff: noqa: E741, RUF059 - it stands as it was written

import numpy as np

from bpkit.tasks.unseen import wrong


@wrong(
    "clip_by_norm",
    "two mistakes: the joint length is taken as the sum of the arrays' lengths, and "
    "gradients shorter than the limit are stretched to it",
    "lengths_added",
)
def lengths_added(grads, limit):
    total = 0
    for g in grads:
        total = total + np.sqrt(np.sum(g**2))
    if total == 0:
        return [g.copy() for g in grads]
    return [g * limit / total for g in grads]


@wrong(
    "weight_decay_gradient",
    "adds the penalty itself, decay / 2 times the sum of squares, to every entry of dW, "
    "and not its gradient",
    "penalty_added",
)
def adds_the_penalty(dW, db, W, b, decay):
    penalty = decay / 2 * np.sum(W**2)
    return dW + penalty, db.copy()


@wrong(
    "dropout_forward",
    "scales by the share that this mask happens to keep and not by 1 - rate",
    "share_counted",
)
def share_of_this_mask(X, keep, rate):
    kept = keep.sum() / keep.size
    return X * keep / kept


@wrong(
    "dropout_backward",
    "dropped entries are not set to 0 on the way back: their gradient passes unscaled",
    "unchanged",
)
def dropped_pass_unscaled(dY, keep, rate):
    dX = dY.copy()
    dX[keep] = dX[keep] / (1 - rate)
    return dX


@wrong(
    "batch_norm_forward",
    "two mistakes: the variance with N - 1 is used to normalize too, and momentum and 1 -"
    " momentum are exchanged in the running statistics",
    "momentum_exchanged",
    "normalized_with_N_minus_1",
)
def one_variance_for_both(X, gamma, beta, running_mean, running_var, momentum, eps):
    mu = X.mean(axis=0)
    var = X.var(axis=0, ddof=1)
    Y = gamma * (X - mu) / np.sqrt(var + eps) + beta
    new_mean = momentum * running_mean + (1 - momentum) * mu
    new_var = momentum * running_var + (1 - momentum) * var
    return Y, new_mean, new_var


@wrong(
    "batch_norm_backward",
    "the derivative of (var + eps)**-0.5 is taken with the power -0.5 again and not -1.5",
    "power",
)
def wrong_power(dY, X, gamma, eps):
    N, D = X.shape
    mu = X.mean(0)
    xc = X - mu
    var = (xc**2).mean(0)
    std = np.sqrt(var + eps)
    dbeta = dY.sum(0)
    dgamma = (dY * xc / std).sum(0)
    dZ = dY * gamma
    dvar = (dZ * xc * -0.5 * (var + eps) ** (-0.5)).sum(0)
    dmu = -(dZ / std).sum(0)
    dX = dZ / std + dvar * 2 * xc / N + dmu / N
    return dX, dgamma, dbeta


@wrong(
    "layer_norm_backward",
    "gamma multiplies at the very end, after the row means, where it must be in dZ before them",
    "gamma_last",
)
def gamma_at_the_end(dY, X, gamma, eps):
    mu = X.mean(axis=1, keepdims=True)
    std = np.sqrt(X.var(axis=1, keepdims=True) + eps)
    Z = (X - mu) / std
    a = dY.mean(axis=1, keepdims=True)
    b = (dY * Z).mean(axis=1, keepdims=True)
    dX = gamma * (dY - a - Z * b) / std
    return dX, (dY * Z).sum(axis=0), dY.sum(axis=0)


@wrong(
    "layer_norm_backward",
    "dX takes sums over the features where the means belong",
    "sums_for_means",
)
def sums_for_means(dY, X, gamma, eps):
    mu = X.mean(axis=1, keepdims=True)
    sd = np.sqrt(X.var(axis=1, keepdims=True) + eps)
    Z = (X - mu) / sd
    g = dY * gamma
    dX = (g - g.sum(axis=1, keepdims=True) - Z * (g * Z).sum(axis=1, keepdims=True)) / sd
    return dX, np.sum(dY * Z, axis=0), np.sum(dY, axis=0)


@wrong(
    "layer_norm_backward",
    "two mistakes: dgamma is made with X in place of the normalized Z, and eps is left "
    "out of dX's standard deviation",
    "dgamma_with_X",
    "eps_missing",
)
def x_for_z_and_no_eps(dY, X, gamma, eps):
    mu = X.mean(axis=1, keepdims=True)
    sd = X.std(axis=1, keepdims=True)
    Z = (X - mu) / sd
    dbeta = dY.sum(axis=0)
    dgamma = (dY * X).sum(axis=0)
    dZ = dY * gamma
    m1 = dZ.mean(axis=1, keepdims=True)
    m2 = (dZ * Z).mean(axis=1, keepdims=True)
    return (dZ - m1 - Z * m2) / sd, dgamma, dbeta


@wrong(
    "rms_norm_backward",
    "the row mean of dZ is subtracted as in layer norm, though RMS norm takes no mean away",
    "mean_taken_away",
)
def mean_from_layer_norm(dY, X, gamma, eps):
    size = np.sqrt((X * X).mean(axis=1, keepdims=True) + eps)
    Z = X / size
    dZ = dY * gamma
    dX = (dZ - dZ.mean(axis=1, keepdims=True) - Z * (dZ * Z).mean(axis=1, keepdims=True)) / size
    dgamma = (dY * Z).sum(axis=0)
    return dX, dgamma


@wrong(
    "conv2d_forward",
    "the result is set anew for each channel and not added up, so only the last channel counts",
    "last_channel",
)
def last_channel_only(X, W, b, stride):
    N, C, H, width = X.shape
    O, _, kh, kw = W.shape
    rows = (H - kh) // stride + 1
    columns = (width - kw) // stride + 1
    Y = np.zeros((N, O, rows, columns))
    for n in range(N):
        for o in range(O):
            for i in range(rows):
                for j in range(columns):
                    r, s = i * stride, j * stride
                    for c in range(C):
                        Y[n, o, i, j] = (X[n, c, r : r + kh, s : s + kw] * W[o, c]).sum() + b[o]
    return Y


@wrong(
    "conv2d_backward",
    "dX gets the kernel flipped, though it is scattered back window by window, where it "
    "stays as it is",
    "flipped_in_dX",
)
def flipped_in_dx(dY, X, W, stride):
    N, O, rows, cols = dY.shape
    kh, kw = W.shape[2:]
    dX, dW = np.zeros_like(X), np.zeros_like(W)
    Wf = np.flip(W, axis=(2, 3))
    for i in range(rows):
        for j in range(cols):
            a, c = i * stride, j * stride
            d = dY[:, :, i, j]
            dW += np.einsum("no,nchw->ochw", d, X[:, :, a : a + kh, c : c + kw])
            dX[:, :, a : a + kh, c : c + kw] += np.einsum("no,ochw->nchw", d, Wf)
    return dX, dW, dY.sum(axis=(0, 2, 3))


@wrong(
    "conv2d_backward",
    "two mistakes: overlapping windows overwrite each other in dX, and db leaves out the "
    "sum over the images",
    "dX_assigned",
)
def overwrites_and_first_db(dY, X, W, stride):
    dX = np.zeros_like(X)
    dW = np.zeros_like(W)
    kh, kw = W.shape[-2:]
    for i in range(dY.shape[2]):
        for j in range(dY.shape[3]):
            rs = slice(i * stride, i * stride + kh)
            cs = slice(j * stride, j * stride + kw)
            dX[:, :, rs, cs] = np.tensordot(dY[:, :, i, j], W, axes=(1, 0))
            dW += np.tensordot(dY[:, :, i, j], X[:, :, rs, cs], axes=(0, 0))
    db = dY.sum(axis=(2, 3))[0]
    return dX, dW, db


@wrong(
    "max_pool_backward",
    "the place of the largest is counted inside its window, and the window's own place is"
    " not added",
    "term",
)
def place_inside_the_window(dY, X, size, stride):
    N, C, rows, columns = dY.shape
    dX = np.zeros_like(X)
    for n in range(N):
        for c in range(C):
            for i in range(rows):
                for j in range(columns):
                    r, s = i * stride, j * stride
                    win = X[n, c, r : r + size, s : s + size]
                    a, b = np.unravel_index(win.argmax(), win.shape)
                    dX[n, c, a, b] += dY[n, c, i, j]
    return dX


@wrong(
    "max_pool_backward",
    "the largest is searched over all channels of the window, so only one channel gets a "
    "gradient there",
)
def max_over_channels(dY, X, size, stride):
    N, C, rows, columns = dY.shape
    dX = np.zeros(X.shape)
    for i in range(rows):
        for j in range(columns):
            r, s = i * stride, j * stride
            win = X[:, :, r : r + size, s : s + size]
            top = win.max(axis=(1, 2, 3), keepdims=True)
            dX[:, :, r : r + size, s : s + size] += (win == top) * dY[:, :, i, j][:, :, None, None]
    return dX


@wrong(
    "avg_pool_backward",
    "spreads dY over blocks of stride by stride with np.repeat, as if windows were as "
    "large as the stride",
    "stride_for_size",
)
def windows_as_large_as_the_stride(dY, X, size, stride):
    dX = np.zeros_like(X)
    big = dY.repeat(stride, axis=2).repeat(stride, axis=3) / size**2
    h = min(big.shape[2], X.shape[2])
    w = min(big.shape[3], X.shape[3])
    dX[:, :, :h, :w] = big[:, :, :h, :w]
    return dX


@wrong(
    "rnn_step",
    "tanh is taken of the input's part alone, and the state's part and the bias are added outside",
    "brackets",
)
def tanh_of_the_input_only(x, h, Wx, Wh, b):
    new = np.tanh(x @ Wx)
    return new + h @ Wh + b


@wrong(
    "rnn_backward",
    "what later states send back goes past tanh: only dH is multiplied by its slope",
    "brackets",
)
def carried_part_past_tanh(dH, X, H, h0, Wx, Wh):
    T = X.shape[1]
    dWx = np.zeros(Wx.shape)
    dWh = np.zeros(Wh.shape)
    db = np.zeros(Wh.shape[0])
    dnext = np.zeros_like(h0)
    for t in reversed(range(T)):
        before = H[:, t - 1] if t > 0 else h0
        da = dH[:, t] * (1 - H[:, t] ** 2) + dnext
        dWx += X[:, t].T @ da
        dWh += before.T @ da
        db += da.sum(axis=0)
        dnext = da @ Wh.T
    return dWx, dWh, db, dnext


@wrong(
    "rnn_backward",
    "at the first step H[:, t - 1] is H[:, -1], the last state, and h0 is never used",
    "wraps_around",
)
def minus_one_wraps(dH, X, H, h0, Wx, Wh):
    N, T, D = X.shape
    dWx, dWh, db = 0, 0, 0
    dh = np.zeros_like(h0)
    for t in range(T)[::-1]:
        dh = dh + dH[:, t]
        da = dh * (1 - H[:, t] * H[:, t])
        dWx = dWx + X[:, t].T @ da
        dWh = dWh + H[:, t - 1].T @ da
        db = db + da.sum(axis=0)
        dh = da @ Wh.T
    return dWx, dWh, db, dh


@wrong(
    "truncated_rnn_backward",
    "cuts one step too late: the carry is dropped before the chunk's first step, which "
    "loses what its second step sends",
    "cut_one_step_into_the_chunk",
)
def cuts_inside_the_chunk(dH, X, H, h0, Wx, Wh, k):
    N, T, M = H.shape
    dWx, dWh, db = np.zeros_like(Wx), np.zeros_like(Wh), np.zeros(M)
    carry = np.zeros((N, M))
    for t in range(T - 1, -1, -1):
        if t % k == 0:
            carry = np.zeros((N, M))
        h = h0 if t == 0 else H[:, t - 1]
        dz = (dH[:, t] + carry) * (1 - H[:, t] ** 2)
        dWx += X[:, t].T @ dz
        dWh += h.T @ dz
        db += dz.sum(axis=0)
        carry = dz @ Wh.T
    return dWx, dWh, db
