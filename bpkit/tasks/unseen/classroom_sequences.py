"""What a teaching assistant sees every week in convolutions, sequences and two directions."""

import numpy as np

from bpkit.tasks.unseen import wrong
from bpkit.tasks.unseen.shared import sigmoid


@wrong("conv2d_forward", "stride ignored in the windows' place", "stride_not_used")
def windows_without_stride(X, W, b, stride):
    N, _, H, L = X.shape
    outs, _, kh, kw = W.shape
    r, c = (H - kh) // stride + 1, (L - kw) // stride + 1
    Y = np.zeros((N, outs, r, c))
    for i in range(r):
        for j in range(c):
            win = X[:, :, i : i + kh, j : j + kw]
            Y[:, :, i, j] = np.einsum("ncab,ocab->no", win, W) + b
    return Y


@wrong("conv2d_forward", "the bias is added once for each channel", "bias_each_channel")
def bias_in_every_channel(X, W, b, stride):
    N, C, H, L = X.shape
    outs, _, kh, kw = W.shape
    r, c = (H - kh) // stride + 1, (L - kw) // stride + 1
    Y = np.zeros((N, outs, r, c))
    for o in range(outs):
        for ch in range(C):
            for i in range(r):
                for j in range(c):
                    win = X[:, ch, i * stride : i * stride + kh, j * stride : j * stride + kw]
                    Y[:, o, i, j] += (win * W[o, ch]).sum(axis=(1, 2)) + b[o]
    return Y


@wrong("conv2d_backward", "dX assigned, not accumulated where windows overlap", "dX_assigned")
def windows_overwrite(dY, X, W, stride):
    dX, dW = np.zeros_like(X), np.zeros_like(W)
    kh, kw = W.shape[2:]
    for i in range(dY.shape[2]):
        for j in range(dY.shape[3]):
            a, b = i * stride, j * stride
            g = dY[:, :, i, j]
            dX[:, :, a : a + kh, b : b + kw] = np.einsum("no,ocij->ncij", g, W)
            dW += np.einsum("no,ncij->ocij", g, X[:, :, a : a + kh, b : b + kw])
    return dX, dW, dY.sum(axis=(0, 2, 3))


@wrong("conv2d_backward", "the kernel is flipped in dX", "flipped_in_dX")
def kernel_flipped_back(dY, X, W, stride):
    dX, dW = np.zeros_like(X), np.zeros_like(W)
    kh, kw = W.shape[2:]
    F = W[:, :, ::-1, ::-1]
    for i in range(dY.shape[2]):
        for j in range(dY.shape[3]):
            a, b = i * stride, j * stride
            g = dY[:, :, i, j]
            dX[:, :, a : a + kh, b : b + kw] += np.einsum("no,ocij->ncij", g, F)
            dW += np.einsum("no,ncij->ocij", g, X[:, :, a : a + kh, b : b + kw])
    return dX, dW, dY.sum(axis=(0, 2, 3))


@wrong(
    "max_pool_backward", "all of several largest pixels receive the gradient", "all_equal_receive"
)
def ties_all_receive(dY, X, size, stride):
    dX = np.zeros_like(X)
    for n, c, i, j in np.ndindex(dY.shape):
        win = X[n, c, i * stride : i * stride + size, j * stride : j * stride + size]
        dX[n, c, i * stride : i * stride + size, j * stride : j * stride + size] += (
            win == win.max()
        ) * dY[n, c, i, j]
    return dX


@wrong("max_pool_backward", "stride missing when writing into dX", "stride_forgotten_in_dX")
def stride_missing_in_dX(dY, X, size, stride):
    dX = np.zeros_like(X)
    for n, c, i, j in np.ndindex(dY.shape):
        win = X[n, c, i * stride : i * stride + size, j * stride : j * stride + size]
        a, b = divmod(win.argmax(), win.shape[1])
        dX[n, c, i + a, j + b] += dY[n, c, i, j]
    return dX


@wrong("avg_pool_backward", "divided by size, not by its square", "divided_by_size")
def over_size(dY, X, size, stride):
    dX = np.zeros_like(X)
    for n, c, i, j in np.ndindex(dY.shape):
        dX[n, c, i * stride : i * stride + size, j * stride : j * stride + size] += (
            dY[n, c, i, j] / size
        )
    return dX


@wrong("avg_pool_backward", "windows placed by size, not stride", "supposed")
def windows_by_size(dY, X, size, stride):
    dX = np.zeros_like(X)
    for n, c, i, j in np.ndindex(dY.shape):
        dX[n, c, i * size : i * size + size, j * size : j * size + size] += dY[n, c, i, j] / size**2
    return dX


@wrong("rnn_step", "Wh transposed", "Wh_transposed")
def Wh_turned(x, h, Wx, Wh, b):
    return np.tanh(x @ Wx + h @ Wh.T + b)


@wrong("rnn_step", "tanh applied to the input's product too", "brackets")
def tanh_of_input_too(x, h, Wx, Wh, b):
    return np.tanh(np.tanh(x @ Wx) + h @ Wh + b)


@wrong("rnn_backward", "what is carried adds up over all steps", "carry_adds_up")
def carry_grows(dH, X, H, h0, Wx, Wh):
    N, T, M = H.shape
    dWx, dWh, db = np.zeros_like(Wx), np.zeros_like(Wh), np.zeros(M)
    carry = np.zeros((N, M))
    for t in range(T)[::-1]:
        d = dH[:, t] + carry
        dz = d * (1 - H[:, t] ** 2)
        prev = h0 if t == 0 else H[:, t - 1]
        dWx += X[:, t].T @ dz
        dWh += prev.T @ dz
        db += dz.sum(axis=0)
        carry = carry + dz @ Wh.T
    return dWx, dWh, db, carry


@wrong("rnn_backward", "the loop stops before step 0: first step left out", "first_step_left_out")
def down_to_one(dH, X, H, h0, Wx, Wh):
    N, T, M = H.shape
    dWx, dWh, db = np.zeros_like(Wx), np.zeros_like(Wh), np.zeros(M)
    carry = np.zeros((N, M))
    for t in range(T - 1, 0, -1):
        dz = (dH[:, t] + carry) * (1 - H[:, t] ** 2)
        dWx += X[:, t].T @ dz
        dWh += H[:, t - 1].T @ dz
        db += dz.sum(axis=0)
        carry = dz @ Wh.T
    return dWx, dWh, db, carry


@wrong("truncated_rnn_backward", "the cut is one step off: it asks for t + 1", "cut_one_late")
def border_at_t_plus_one(dH, X, H, h0, Wx, Wh, k):
    N, T, M = H.shape
    dWx, dWh, db = np.zeros_like(Wx), np.zeros_like(Wh), np.zeros(M)
    carry = np.zeros((N, M))
    for t in range(T)[::-1]:
        dz = (dH[:, t] + carry) * (1 - H[:, t] ** 2)
        prev = h0 if t == 0 else H[:, t - 1]
        dWx += X[:, t].T @ dz
        dWh += prev.T @ dz
        db += dz.sum(axis=0)
        carry = dz @ Wh.T if (t + 1) % k else np.zeros((N, M))
    return dWx, dWh, db


@wrong("lstm_step_backward", "dc from above isn't added", "dc_overwritten")
def dc_dropped(dh, dc, z, c):
    M = c.shape[1]
    i, f, o = sigmoid(z[:, :M]), sigmoid(z[:, M : 2 * M]), sigmoid(z[:, 2 * M : 3 * M])
    g = np.tanh(z[:, 3 * M :])
    cn = f * c + i * g
    tc = np.tanh(cn)
    do = dh * tc
    dcn = dh * o * (1 - tc**2)
    dz = np.concatenate(
        [dcn * g * i * (1 - i), dcn * c * f * (1 - f), do * o * (1 - o), dcn * i * (1 - g**2)],
        axis=1,
    )
    return dz, dcn * f


@wrong("lstm_step_backward", "dc_before lacks the part through the state", "supposed")
def dc_alone_passed(dh, dc, z, c):
    M = c.shape[1]
    i, f, o = sigmoid(z[:, :M]), sigmoid(z[:, M : 2 * M]), sigmoid(z[:, 2 * M : 3 * M])
    g = np.tanh(z[:, 3 * M :])
    cn = f * c + i * g
    tc = np.tanh(cn)
    do = dh * tc
    dcn = dc + dh * o * (1 - tc**2)
    dz = np.concatenate(
        [dcn * g * i * (1 - i), dcn * c * f * (1 - f), do * o * (1 - o), dcn * i * (1 - g**2)],
        axis=1,
    )
    return dz, dc * f


@wrong("lstm_step_backward", "(1 - g)**2, not 1 - g**2 for the candidate", "brackets")
def difference_squared(dh, dc, z, c):
    M = c.shape[1]
    i, f, o = sigmoid(z[:, :M]), sigmoid(z[:, M : 2 * M]), sigmoid(z[:, 2 * M : 3 * M])
    g = np.tanh(z[:, 3 * M :])
    cn = f * c + i * g
    tc = np.tanh(cn)
    do = dh * tc
    dcn = dc + dh * o * (1 - tc**2)
    dz = np.concatenate(
        [dcn * g * i * (1 - i), dcn * c * f * (1 - f), do * o * (1 - o), dcn * i * (1 - g) ** 2],
        axis=1,
    )
    return dz, dcn * f


@wrong("gru_step", "update gate's roles exchanged", "update_exchanged")
def gate_turned(zx, zh, h):
    M = h.shape[1]
    r = sigmoid(zx[:, :M] + zh[:, :M])
    u = sigmoid(zx[:, M : 2 * M] + zh[:, M : 2 * M])
    n = np.tanh(zx[:, 2 * M :] + zh[:, 2 * M :] * r)
    return (1 - u) * h + u * n


@wrong("gru_step", "the sigmoid of each block, then added", "brackets")
def sigmoids_added(zx, zh, h):
    M = h.shape[1]
    r, u = (
        sigmoid(zx[:, :M]) + sigmoid(zh[:, :M]),
        sigmoid(zx[:, M : 2 * M]) + sigmoid(zh[:, M : 2 * M]),
    )
    n = np.tanh(zx[:, 2 * M :] + r * zh[:, 2 * M :])
    return u * h + (1 - u) * n


@wrong("embedding_backward", "repeated tokens aren't accumulated by fancy-index +=", "overwritten")
def fancy_index(dY, ids, count):
    dW = np.zeros((count, dY.shape[2]))
    dW[ids.ravel()] += dY.reshape(-1, dY.shape[2])
    return dW


@wrong("embedding_backward", "averaged over uses", "averaged_over_uses")
def mean_of_uses(dY, ids, count):
    dW = np.zeros((count, dY.shape[2]))
    np.add.at(dW, ids, dY)
    n = np.bincount(ids.ravel(), minlength=count)
    return dW / np.maximum(n, 1)[:, None]


@wrong("attention_backward", "ds not transposed in dk", "ds_not_transposed")
def dk_from_ds(dO, q, k, v):
    T, d = q.shape
    s = q @ k.T / np.sqrt(d)
    s = np.where(np.tril(np.ones((T, T), bool)), s, -np.inf)
    p = np.exp(s - s.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    dv = p.T @ dO
    dp = dO @ v.T
    ds = p * (dp - (p * dp).sum(axis=1, keepdims=True))
    return ds @ k / np.sqrt(d), ds @ q / np.sqrt(d), dv


@wrong("attention_backward", "a token doesn't see itself, but for the first")
def not_itself_but_first(dO, q, k, v):
    T, d = q.shape
    s = q @ k.T / np.sqrt(d)
    s = np.where(
        np.tril(np.ones((T, T), bool), -1) | (np.arange(T) + np.arange(T)[:, None] == 0), s, -np.inf
    )
    p = np.exp(s - s.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    dv = p.T @ dO
    dp = dO @ v.T
    ds = p * (dp - (p * dp).sum(axis=1, keepdims=True)) / np.sqrt(d)
    return ds @ k, ds.T @ q, dv


@wrong("attention_backward", "p isn't transposed in dv", "p_not_transposed")
def dv_from_p(dO, q, k, v):
    T, d = q.shape
    s = q @ k.T / np.sqrt(d)
    s = np.where(np.tril(np.ones((T, T), bool)), s, -np.inf)
    p = np.exp(s - s.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    dv = p @ dO
    dp = dO @ v.T
    ds = p * (dp - (p * dp).sum(axis=1, keepdims=True)) / np.sqrt(d)
    return ds @ k, ds.T @ q, dv


@wrong(
    "jacobian_vector_product",
    "tanh's slope from the pre-activation, not from H",
    "slope_before_tanh",
)
def slope_from_A(X, V, W1, b1, W2, b2):
    A = X @ W1 + b1
    H = np.tanh(A)
    VH = (1 - A**2) * (V @ W1)
    return H @ W2 + b2, VH @ W2


@wrong("jacobian_vector_product", "b2 added to the derivative", "b2_moves")
def b2_in_direction(X, V, W1, b1, W2, b2):
    H = np.tanh(X @ W1 + b1)
    VH = (1 - H**2) * (V @ W1)
    return H @ W2 + b2, VH @ W2 + b2


@wrong("hessian_vector_product", "the error p - y, not the slope p(1-p)", "error_for_slope")
def error_times_speed(w, v, X, y):
    p = sigmoid(X @ w)
    return X.T @ ((p - y) * (X @ v)) / len(y)
