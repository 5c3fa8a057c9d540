"""A fourth wave, written from the statements alone: chapters 14 to 17."""

import numpy as np

from bpkit.tasks.unseen import wrong


@wrong("dropout_backward", "the mask the wrong way round", "mask_inverted")
def dropped_kept(dY, keep, rate):
    return np.where(keep, 0, dY / (1 - rate))


@wrong("dropconnect_backward", "dX with the whole W", "operand")
def whole_w(dY, X, W, keep, rate):
    return dY @ W.T, X.T @ dY * keep / (1 - rate)


@wrong("dropconnect_backward", "dW without the mask", "dW_not_masked")
def no_mask(dY, X, W, keep, rate):
    M = W * keep / (1 - rate)
    return dY @ M.T, X.T @ dY / (1 - rate)


@wrong("batch_norm_forward", "momentum the other way round", "momentum_exchanged")
def momentum_turned(X, gamma, beta, running_mean, running_var, momentum, eps):
    mu, var = X.mean(0), X.var(0)
    Y = gamma * (X - mu) / np.sqrt(var + eps) + beta
    rm = momentum * running_mean + (1 - momentum) * mu
    rv = momentum * running_var + (1 - momentum) * X.var(0, ddof=1)
    return Y, rm, rv


@wrong("batch_norm_forward", "N - 1 in the normalization too", "normalized_with_N_minus_1")
def ddof_everywhere(X, gamma, beta, running_mean, running_var, momentum, eps):
    mu, var = X.mean(0), X.var(0, ddof=1)
    Y = gamma * (X - mu) / np.sqrt(var + eps) + beta
    return (
        Y,
        (1 - momentum) * running_mean + momentum * mu,
        (1 - momentum) * running_var + momentum * var,
    )


@wrong("batch_norm_forward", "eps is added to the standard deviation", "eps_outside")
def eps_outside(X, gamma, beta, running_mean, running_var, momentum, eps):
    mu = X.mean(axis=0)
    Y = gamma * (X - mu) / (X.std(axis=0) + eps) + beta
    running_mean = running_mean + momentum * (mu - running_mean)
    running_var = running_var + momentum * (X.var(axis=0, ddof=1) - running_var)
    return Y, running_mean, running_var


@wrong("batch_norm_backward", "mean and variance are taken for constants", "both_constant")
def constants(dY, X, gamma, eps):
    s = np.sqrt(X.var(0) + eps)
    Z = (X - X.mean(0)) / s
    return dY * gamma / s, (dY * Z).sum(0), dY.sum(0)


@wrong("batch_norm_backward", "the variance is a constant", "deviation_constant")
def variance_constant(dY, X, gamma, eps):
    s = np.sqrt(X.var(axis=0) + eps)
    Z = (X - X.mean(axis=0)) / s
    dZ = dY * gamma
    return (dZ - dZ.mean(axis=0)) / s, (dY * Z).sum(axis=0), dY.sum(axis=0)


@wrong("batch_norm_backward", "dgamma with X instead of Z", "dgamma_with_X")
def dgamma_of_x(dY, X, gamma, eps):
    s = np.sqrt(X.var(0) + eps)
    Z = (X - X.mean(0)) / s
    g = dY * gamma
    dX = (g - g.mean(0) - Z * (g * Z).mean(0)) / s
    return dX, (dY * X).sum(0), dY.sum(0)


@wrong("layer_norm_backward", "gamma is applied at the end, after the means", "gamma_last")
def gamma_late(dY, X, gamma, eps):
    s = np.sqrt(X.var(1, keepdims=True) + eps)
    Z = (X - X.mean(1, keepdims=True)) / s
    dX = (dY - dY.mean(1, keepdims=True) - Z * (dY * Z).mean(1, keepdims=True)) / s * gamma
    return dX, (dY * Z).sum(0), dY.sum(0)


@wrong(
    "layer_norm_backward",
    "dgamma and dbeta are summed over the features",
    "parameters_over_features",
)
def along_features(dY, X, gamma, eps):
    s = np.sqrt(X.var(1, keepdims=True) + eps)
    Z = (X - X.mean(1, keepdims=True)) / s
    g = dY * gamma
    dX = (g - g.mean(1, keepdims=True) - Z * (g * Z).mean(1, keepdims=True)) / s
    return dX, (dY * Z).sum(1), dY.sum(1)


@wrong(
    "rms_norm_backward",
    "the mean of the gradient is taken away, as in layer norm",
    "mean_taken_away",
)
def as_layer_norm(dY, X, gamma, eps):
    s = np.sqrt((X * X).mean(1, keepdims=True) + eps)
    Z = X / s
    g = dY * gamma
    dX = (g - g.mean(1, keepdims=True) - Z * (g * Z).mean(1, keepdims=True)) / s
    return dX, (dY * Z).sum(0)


@wrong(
    "rms_norm_backward",
    "the sum of squares in place of their mean",
    "sum_for_mean",
    "sum_of_squares",
)
def sum_of_squares(dY, X, gamma, eps):
    s = np.sqrt((X * X).sum(1, keepdims=True) + eps)
    Z = X / s
    g = dY * gamma
    return (g - Z * (g * Z).sum(1, keepdims=True)) / s, (dY * Z).sum(0)


@wrong("rms_norm_backward", "the sum in place of the mean going back", "sum_for_mean")
def sum_back(dY, X, gamma, eps):
    s = np.sqrt((X * X).mean(1, keepdims=True) + eps)
    Z = X / s
    g = dY * gamma
    return (g - Z * (g * Z).sum(1, keepdims=True)) / s, (dY * Z).sum(0)


@wrong("group_norm_backward", "groups are taken every so many channels", "every_other_channel")
def strided_groups(dY, X, gamma, groups, eps):
    N, C, L = X.shape
    x = X.reshape(N, C // groups, groups, L)
    mu, var = x.mean((1, 3), keepdims=True), x.var((1, 3), keepdims=True)
    s = np.sqrt(var + eps)
    z = (x - mu) / s
    Z = z.reshape(X.shape)
    g = (dY * gamma[:, None]).reshape(x.shape)
    dx = (g - g.mean((1, 3), keepdims=True) - z * (g * z).mean((1, 3), keepdims=True)) / s
    return dx.reshape(X.shape), (dY * Z).sum((0, 2)), dY.sum((0, 2))


@wrong("group_norm_backward", "positions are normalized apart", "axis")
def positions_apart(dY, X, gamma, groups, eps):
    N, C, L = X.shape
    x = X.reshape(N, groups, C // groups, L)
    mu, var = x.mean(2, keepdims=True), x.var(2, keepdims=True)
    s = np.sqrt(var + eps)
    z = (x - mu) / s
    g = (dY * gamma[:, None]).reshape(x.shape)
    dx = (g - g.mean(2, keepdims=True) - z * (g * z).mean(2, keepdims=True)) / s
    return dx.reshape(X.shape), (dY * z.reshape(X.shape)).sum((0, 2)), dY.sum((0, 2))


@wrong("conv2d_forward", "the kernel is flipped", "flipped")
def flipped(X, W, b, stride):
    N, _, H, V = X.shape
    filters, _, kh, kw = W.shape
    W = W[:, :, ::-1, ::-1]
    r, c = (H - kh) // stride + 1, (V - kw) // stride + 1
    Y = np.zeros((N, filters, r, c))
    for i in range(r):
        for j in range(c):
            part = X[:, :, i * stride : i * stride + kh, j * stride : j * stride + kw]
            Y[:, :, i, j] = np.tensordot(part, W, ((1, 2, 3), (1, 2, 3))) + b
    return Y


@wrong("conv2d_forward", "the stride is forgotten in the window's place", "stride_not_used")
def stride_forgotten(X, W, b, stride):
    N, _, H, V = X.shape
    filters, _, kh, kw = W.shape
    r, c = (H - kh) // stride + 1, (V - kw) // stride + 1
    Y = np.zeros((N, filters, r, c))
    for i in range(r):
        for j in range(c):
            Y[:, :, i, j] = np.einsum("nchw,ochw->no", X[:, :, i : i + kh, j : j + kw], W) + b
    return Y


@wrong("conv2d_backward", "assigned where windows overlap", "dX_assigned")
def assigned(dY, X, W, stride):
    dX, dW = np.zeros_like(X), np.zeros_like(W)
    kh, kw = W.shape[2:]
    for i in range(dY.shape[2]):
        for j in range(dY.shape[3]):
            s = np.s_[:, :, i * stride : i * stride + kh, j * stride : j * stride + kw]
            dX[s] = np.einsum("no,ochw->nchw", dY[:, :, i, j], W)
            dW += np.einsum("no,nchw->ochw", dY[:, :, i, j], X[s])
    return dX, dW, dY.sum((0, 2, 3))


@wrong("conv2d_backward", "db is averaged over positions", "factor")
def db_positions(dY, X, W, stride):
    dX, dW = np.zeros_like(X), np.zeros_like(W)
    kh, kw = W.shape[2:]
    for i in range(dY.shape[2]):
        for j in range(dY.shape[3]):
            s = np.s_[:, :, i * stride : i * stride + kh, j * stride : j * stride + kw]
            dX[s] += np.einsum("no,ochw->nchw", dY[:, :, i, j], W)
            dW += np.einsum("no,nchw->ochw", dY[:, :, i, j], X[s])
    return dX, dW, dY.mean((2, 3)).sum(0)


@wrong("max_pool_backward", "every pixel of the window gets the gradient", "all_receive")
def whole_window(dY, X, size, stride):
    dX = np.zeros_like(X)
    for i in range(dY.shape[2]):
        for j in range(dY.shape[3]):
            a, b = i * stride, j * stride
            dX[:, :, a : a + size, b : b + size] += dY[:, :, i, j][..., None, None]
    return dX


@wrong("max_pool_backward", "overlapping windows overwrite", "assigned")
def overwrites(dY, X, size, stride):
    dX = np.zeros_like(X)
    for n, c, i, j in np.ndindex(dY.shape):
        w = X[n, c, i * stride : i * stride + size, j * stride : j * stride + size]
        a, b = np.unravel_index(w.argmax(), w.shape)
        dX[n, c, i * stride + a, j * stride + b] = dY[n, c, i, j]
    return dX


@wrong("avg_pool_backward", "divided by size once", "divided_by_size")
def divided_by_size(dY, X, size, stride):
    dX = np.zeros_like(X)
    for n, c, i, j in np.ndindex(dY.shape):
        a, b = i * stride, j * stride
        dX[n, c, a : a + size, b : b + size] += dY[n, c, i, j] / size
    return dX


@wrong("avg_pool_backward", "windows do not overlap: stride is taken to be size", "supposed")
def stride_is_size(dY, X, size, stride):
    dX = np.zeros_like(X)
    for n, c, i, j in np.ndindex(dY.shape):
        a, b = i * size, j * size
        dX[n, c, a : a + size, b : b + size] += dY[n, c, i, j] / size**2
    return dX


@wrong("dilated_conv_backward", "the dilation is forgotten in dX", "gaps_in_dW_only")
def dx_undilated(dY, X, W, dilation):
    dX, dW = np.zeros_like(X), np.zeros_like(W)
    S = dY.shape[2]
    for i in range(W.shape[2]):
        a = i * dilation
        dX[:, :, i : i + S] += np.einsum("nos,oc->ncs", dY, W[:, :, i])
        dW[:, :, i] = np.einsum("nos,ncs->oc", dY, X[:, :, a : a + S])
    return dX, dW, dY.sum((0, 2))


@wrong("dilated_conv_backward", "the kernel is flipped in dX", "kernel_turned")
def dx_flipped(dY, X, W, dilation):
    dX, dW = np.zeros_like(X), np.zeros_like(W)
    S, k = dY.shape[2], W.shape[2]
    for i in range(k):
        a = i * dilation
        dX[:, :, a : a + S] += np.einsum("nos,oc->ncs", dY, W[:, :, k - 1 - i])
        dW[:, :, i] = np.einsum("nos,ncs->oc", dY, X[:, :, a : a + S])
    return dX, dW, dY.sum((0, 2))


@wrong("rnn_step", "ReLU in place of tanh", "relu")
def with_relu(x, h, Wx, Wh, b):
    return np.maximum(x @ Wx + h @ Wh + b, 0)


@wrong("rnn_step", "the old state is added after the tanh", "input_alone_squashed")
def residual_state(x, h, Wx, Wh, b):
    return np.tanh(x @ Wx + b) + h @ Wh


@wrong("rnn_backward", "the state after, not before, in dWh", "dWh_with_new_state")
def state_after(dH, X, H, h0, Wx, Wh):
    dWx, dWh, db = np.zeros_like(Wx), np.zeros_like(Wh), np.zeros(len(Wh))
    g = np.zeros_like(h0)
    for t in range(H.shape[1] - 1, -1, -1):
        dz = (dH[:, t] + g) * (1 - H[:, t] ** 2)
        dWx += X[:, t].T @ dz
        dWh += H[:, t].T @ dz
        db += dz.sum(0)
        g = dz @ Wh.T
    return dWx, dWh, db, g


@wrong("rnn_backward", "what comes from later steps is not added: truncated at one", "no_carry")
def one_step(dH, X, H, h0, Wx, Wh):
    before = np.concatenate([h0[:, None], H[:, :-1]], axis=1)
    dz = dH * (1 - H**2)
    return (
        np.einsum("ntd,ntm->dm", X, dz),
        np.einsum("ntk,ntm->km", before, dz),
        dz.sum((0, 1)),
        dz[:, 0] @ Wh.T,
    )


@wrong("rnn_backward", "tanh's slope is not applied to what comes from later", "brackets")
def later_without_slope(dH, X, H, h0, Wx, Wh):
    dWx, dWh, db = np.zeros_like(Wx), np.zeros_like(Wh), np.zeros(len(Wh))
    g = np.zeros_like(h0)
    for t in reversed(range(H.shape[1])):
        dz = dH[:, t] * (1 - H[:, t] ** 2) + g
        dWx += X[:, t].T @ dz
        dWh += (H[:, t - 1] if t else h0).T @ dz
        db += dz.sum(0)
        g = dz @ Wh.T
    return dWx, dWh, db, g


@wrong("rnn_backward", "dh0 is the gradient at the first step's sum", "dh0_stops_short")
def dh0_too_early(dH, X, H, h0, Wx, Wh):
    dWx, dWh, db = np.zeros_like(Wx), np.zeros_like(Wh), np.zeros(len(Wh))
    g = np.zeros_like(h0)
    for t in reversed(range(H.shape[1])):
        dz = (dH[:, t] + g) * (1 - H[:, t] ** 2)
        dWx += X[:, t].T @ dz
        dWh += (H[:, t - 1] if t else h0).T @ dz
        db += dz.sum(0)
        g = dz @ Wh.T
    return dWx, dWh, db, dz


@wrong("truncated_rnn_backward", "the border is one step late", "cut_one_step_into_the_chunk")
def border_late(dH, X, H, h0, Wx, Wh, k):
    dWx, dWh, db = np.zeros_like(Wx), np.zeros_like(Wh), np.zeros(len(Wh))
    g = np.zeros_like(h0)
    for t in reversed(range(H.shape[1])):
        if t % k == 0:
            g = np.zeros_like(h0)
        dz = (dH[:, t] + g) * (1 - H[:, t] ** 2)
        dWx += X[:, t].T @ dz
        dWh += (H[:, t - 1] if t else h0).T @ dz
        db += dz.sum(0)
        g = dz @ Wh.T
    return dWx, dWh, db
