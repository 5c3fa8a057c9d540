"""A fifth wave, written from the statements alone: chapters 12 to 20."""

import numpy as np

from bpkit.tasks.unseen import wrong
from bpkit.tasks.unseen.shared import sigmoid, softmax


@wrong("cosine_schedule", "the climb begins at 0", "warmup_from_zero")
def climb_from_zero(lr, floor, warmup, total):
    t = np.arange(total)
    cos = floor + (lr - floor) * (1 + np.cos(np.pi * (t - warmup) / (total - warmup))) / 2
    return np.where(t < warmup, lr * t / warmup, cos)


@wrong("cosine_schedule", "a straight line down", "linear")
def straight(lr, floor, warmup, total):
    t = np.arange(total)
    down = lr + (floor - lr) * (t - warmup) / (total - warmup)
    return np.where(t < warmup, lr * (t + 1) / warmup, down)


@wrong("amsgrad_step", "the larger of the old v and the new", "supposed")
def two_last(w, g, m, v, top, lr, beta1, beta2, eps):
    m, new = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g * g
    top = np.maximum(v, new)
    return w - lr * m / (np.sqrt(top) + eps), m, new, top


@wrong("he_scales", "1 over, not 2 over", "one_for_two")
def lecun(shapes):
    return [(1 / np.prod(s[1:] if len(s) > 2 else s[:1])) ** 0.5 for s in shapes]


@wrong("he_scales", "outputs in place of inputs", "outputs_counted")
def fan_out(shapes):
    return [(2 / (s[0] * s[2] * s[3] if len(s) > 2 else s[1])) ** 0.5 for s in shapes]


@wrong("clip_by_norm", "divided by the norm, the limit forgotten", "unit_length")
def to_length_one(grads, limit):
    n = np.sqrt(sum((g**2).sum() for g in grads))
    return [g / n if n > limit else g for g in grads]


@wrong("residual_backward", "blocks are taken in the forward order going back", "first_block_first")
def forward_order(dY, X, a):
    H, da = X, np.zeros_like(a)
    for k in range(len(a)):
        t = np.tanh(H)
        da[k] = (dY * t).sum()
        dY = dY * (1 + a[k] * (1 - t * t))
        H = H + a[k] * t
    return dY, da


@wrong("weight_decay_gradient", "decay times the square", "squares_added")
def squares(dW, db, W, b, decay):
    return dW + decay * W**2, db


@wrong("dropout_forward", "not scaled", "not_scaled")
def unscaled(X, keep, rate):
    return X * keep


@wrong(
    "dropout_backward", "the rate in place of 1 - rate, as in a keep probability", "divided_by_rate"
)
def keep_probability(dY, keep, rate):
    return dY * keep / rate


@wrong("dropconnect_backward", "the scale twice in dW", "factor")
def scaled_twice(dY, X, W, keep, rate):
    M = keep / (1 - rate)
    return dY @ (W * M).T, X.T @ dY * M / (1 - rate)


@wrong("batch_norm_forward", "statistics over the features", "rows_normalized")
def over_features(X, gamma, beta, running_mean, running_var, momentum, eps):
    mu, var = X.mean(1, keepdims=True), X.var(1, keepdims=True)
    Y = gamma * (X - mu) / np.sqrt(var + eps) + beta
    rm = (1 - momentum) * running_mean + momentum * X.mean(0)
    return Y, rm, (1 - momentum) * running_var + momentum * X.var(0, ddof=1)


@wrong("batch_norm_backward", "gamma is left out of dX", "gamma_forgotten")
def gamma_lost(dY, X, gamma, eps):
    s = np.sqrt(X.var(0) + eps)
    Z = (X - X.mean(0)) / s
    return (dY - dY.mean(0) - Z * (dY * Z).mean(0)) / s, (dY * Z).sum(0), dY.sum(0)


@wrong("layer_norm_backward", "divided by the variance, not its root", "divided_by_variance")
def by_variance(dY, X, gamma, eps):
    v = X.var(1, keepdims=True) + eps
    Z = (X - X.mean(1, keepdims=True)) / np.sqrt(v)
    g = dY * gamma
    dX = (g - g.mean(1, keepdims=True) - Z * (g * Z).mean(1, keepdims=True)) / v
    return dX, (dY * Z).sum(0), dY.sum(0)


@wrong("rms_norm_backward", "the size is a constant", "size_constant")
def size_constant(dY, X, gamma, eps):
    s = np.sqrt((X * X).mean(1, keepdims=True) + eps)
    return dY * gamma / s, (dY * X / s).sum(0)


@wrong("group_norm_backward", "each channel is a group of its own", "one_channel_each")
def instance_norm(dY, X, gamma, groups, eps):
    s = np.sqrt(X.var(2, keepdims=True) + eps)
    Z = (X - X.mean(2, keepdims=True)) / s
    g = dY * gamma[:, None]
    dX = (g - g.mean(2, keepdims=True) - Z * (g * Z).mean(2, keepdims=True)) / s
    return dX, (dY * Z).sum((0, 2)), dY.sum((0, 2))


@wrong("conv2d_forward", "the channels are averaged", "channels_averaged")
def channels_averaged(X, W, b, stride):
    v = np.lib.stride_tricks.sliding_window_view(X, W.shape[2:], (2, 3))[:, :, ::stride, ::stride]
    return np.einsum("ncijhw,ochw->noij", v, W) / X.shape[1] + b[:, None, None]


@wrong("conv2d_backward", "the stride is forgotten in dX")
def no_stride_in_dx(dY, X, W, stride):
    dX, dW = np.zeros_like(X), np.zeros_like(W)
    kh, kw = W.shape[2:]
    for i, j in np.ndindex(*dY.shape[2:]):
        s = np.s_[:, :, i * stride : i * stride + kh, j * stride : j * stride + kw]
        dX[:, :, i : i + kh, j : j + kw] += np.einsum("no,ochw->nchw", dY[:, :, i, j], W)
        dW += np.einsum("no,nchw->ochw", dY[:, :, i, j], X[s])
    return dX, dW, dY.sum((0, 2, 3))


@wrong("max_pool_backward", "the gradient is multiplied by the pixel", "times_pixel")
def times_pixel(dY, X, size, stride):
    dX = np.zeros_like(X)
    for n, c, i, j in np.ndindex(dY.shape):
        w = X[n, c, i * stride : i * stride + size, j * stride : j * stride + size]
        a, b = np.unravel_index(w.argmax(), w.shape)
        dX[n, c, i * stride + a, j * stride + b] += dY[n, c, i, j] * w[a, b]
    return dX


@wrong("avg_pool_backward", "not divided", "not_divided")
def not_divided(dY, X, size, stride):
    dX = np.zeros_like(X)
    for n, c, i, j in np.ndindex(dY.shape):
        a, b = i * stride, j * stride
        dX[n, c, a : a + size, b : b + size] += dY[n, c, i, j]
    return dX


@wrong("dilated_conv_backward", "one step too far to the right in dX", "shift")
def one_too_far(dY, X, W, dilation):
    dX, dW = np.zeros_like(X), np.zeros_like(W)
    S = dY.shape[2]
    for i in range(W.shape[2]):
        a = i * dilation
        dX[:, :, a : a + S] += np.einsum("nos,oc->ncs", dY, W[:, :, i])
        dW[:, :, i] = np.einsum("nos,ncs->oc", dY, X[:, :, a : a + S])
    return np.roll(dX, 1, axis=2), dW, dY.sum((0, 2))


@wrong("rnn_step", "the bias is inside only once: the input is squashed twice", "brackets")
def squashed_twice(x, h, Wx, Wh, b):
    return np.tanh(np.tanh(x @ Wx + b) + h @ Wh)


@wrong("rnn_backward", "Wh is not transposed on the way", "Wh_not_transposed")
def wh_straight(dH, X, H, h0, Wx, Wh):
    dWx, dWh, db, g = np.zeros_like(Wx), np.zeros_like(Wh), np.zeros(len(Wh)), 0
    for t in reversed(range(H.shape[1])):
        dz = (dH[:, t] + g) * (1 - H[:, t] ** 2)
        dWx += X[:, t].T @ dz
        dWh += (H[:, t - 1] if t else h0).T @ dz
        db += dz.sum(0)
        g = dz @ Wh
    return dWx, dWh, db, g


@wrong("truncated_rnn_backward", "only the last chunk counts", "last_chunk_only")
def last_chunk(dH, X, H, h0, Wx, Wh, k):
    dWx, dWh, db, g = np.zeros_like(Wx), np.zeros_like(Wh), np.zeros(len(Wh)), 0
    T = H.shape[1]
    for t in reversed(range((T - 1) // k * k, T)):
        dz = (dH[:, t] + g) * (1 - H[:, t] ** 2)
        dWx += X[:, t].T @ dz
        dWh += (H[:, t - 1] if t else h0).T @ dz
        db += dz.sum(0)
        g = dz @ Wh.T
    return dWx, dWh, db


@wrong("leaky_rnn_backward", "the leak is left out of the candidate's gradient", "leak_forgotten")
def leak_lost(dH, X, H, C, h0, Wh, leak):
    D, M = X.shape[2], len(Wh)
    dWx, dWh, db, g = np.zeros((D, M)), np.zeros((M, M)), np.zeros(M), 0
    for t in reversed(range(H.shape[1])):
        up = dH[:, t] + g
        dz = up * (1 - C[:, t] ** 2)
        dWx += X[:, t].T @ dz
        dWh += (H[:, t - 1] if t else h0).T @ dz
        db += dz.sum(0)
        g = dz @ Wh.T + (1 - leak) * up
    return dWx, dWh, db, g


@wrong("lstm_step_backward", "dc_before through the input gate", "cell_through_input_gate")
def through_input_gate(dh, dc, z, c):
    i, f, o, g = np.split(z, 4, axis=1)
    i, f, o, g = sigmoid(i), sigmoid(f), sigmoid(o), np.tanh(g)
    t = np.tanh(f * c + i * g)
    d = dc + dh * o * (1 - t * t)
    dz = [d * g * i * (1 - i), d * c * f * (1 - f), dh * t * o * (1 - o), d * i * (1 - g * g)]
    return np.hstack(dz), d * i


@wrong("gru_step", "the candidate without the reset gate", "no_reset")
def no_reset(zx, zh, h):
    (_, xu, xn), (_, hu, hn) = np.split(zx, 3, axis=1), np.split(zh, 3, axis=1)
    u = sigmoid(xu + hu)
    return u * h + (1 - u) * np.tanh(xn + hn)


@wrong("gru_step_backward", "the old state's direct way with 1 - u", "old_state_nothing")
def other_share(dh, zx, zh, h):
    (xr, xu, xn), (hr, hu, hn) = np.split(zx, 3, axis=1), np.split(zh, 3, axis=1)
    r, u = sigmoid(xr + hr), sigmoid(xu + hu)
    n = np.tanh(xn + r * hn)
    dn = dh * (1 - u) * (1 - n * n)
    du, dr = dh * (h - n) * u * (1 - u), dn * hn * r * (1 - r)
    return np.hstack([dr, du, dn]), np.hstack([dr, du, dn * r]), dh * (1 - u)


@wrong("embedding_backward", "the rows are counted from 1", "counted_from_one")
def from_one(dY, ids, count):
    dW = np.zeros((count, dY.shape[-1]))
    np.add.at(dW, (ids - 1) % count, dY)
    return dW


@wrong("attention_backward", "dk and dq are exchanged", "swapped outputs")
def dk_dq(dO, q, k, v):
    s = q @ k.T / np.sqrt(q.shape[1])
    p = softmax(np.where(np.tri(len(s), dtype=bool), s, -np.inf))
    dp = dO @ v.T
    ds = p * (dp - (dp * p).sum(1, keepdims=True)) / np.sqrt(q.shape[1])
    return ds.T @ q, ds @ k, p.T @ dO


@wrong("relative_bias_backward", "one sequence only", "one_sequence")
def first_sequence(dS):
    _, heads, T, S = dS.shape
    dB = np.zeros((heads, T + S - 1))
    for t, s in np.ndindex(T, S):
        dB[:, t - s + S - 1] += dS[0, :, t, s]
    return dB


@wrong("jacobian_vector_product", "the slope is taken of the direction", "slope_of_direction")
def slope_of_direction(X, V, W1, b1, W2, b2):
    H = np.tanh(X @ W1 + b1)
    VH = V @ W1
    return H @ W2 + b2, (1 - np.tanh(VH) ** 2) * VH @ W2


@wrong("gauss_newton_product", "tanh of the direction's product", "tanh_of_direction")
def tanh_of_direction(X, W, V):
    s = 1 - np.tanh(X @ W) ** 2
    return X.T @ (s * np.tanh(X @ V)) / len(X)
