"""A fourth wave of right answers, each odd in some way: chapters 15 to 20."""

import functools

import numpy as np

from bpkit.tasks.unseen import right
from bpkit.tasks.unseen.shared import sigmoid, softmax


@right("batch_norm_backward")
def by_projection(dY, X, gamma, eps):
    N = len(X)
    C = np.eye(N) - 1 / N
    Xc = C @ X
    s = np.sqrt((Xc**2).mean(0) + eps)
    g = C @ (dY * gamma) / s
    return g - Xc * (g * Xc).mean(0) / s**2, (dY * Xc / s).sum(0), dY.sum(0)


@right("layer_norm_backward")
def row_by_row(dY, X, gamma, eps):
    dX, dgamma = np.empty(X.shape, order="F"), 0
    for n, (g, x) in enumerate(zip(dY, X, strict=True)):
        s = (x.var() + eps) ** 0.5
        z = (x - x.mean()) / s
        h = g * gamma
        dX[n] = (h - h.mean() - z * np.dot(h, z) / len(z)) / s
        dgamma = dgamma + g * z
    return dX, dgamma, dY.sum(0)


@right("rms_norm_backward")
def with_vdot(dY, X, gamma, eps):
    r = 1 / np.sqrt(np.einsum("nd,nd->n", X, X) / X.shape[1] + eps)[:, None]
    g = gamma * dY
    return r * g - r**3 * X * (g * X).mean(1)[:, None], np.einsum("nd,nd,nk->d", dY, X, r)


@right("group_norm_backward")
def split_groups(dY, X, gamma, groups, eps):
    dX, dgamma = np.empty_like(X), np.zeros_like(gamma)
    for part in np.array_split(np.arange(X.shape[1]), groups):
        for n in range(len(X)):
            x, g = X[n, part], dY[n, part]
            s = np.sqrt(x.var() + eps)
            z = (x - x.mean()) / s
            h = g * gamma[part, None]
            dX[n, part] = (h - h.mean() - z * (h * z).mean()) / s
            dgamma[part] += (g * z).sum(1)
    return dX, dgamma, np.einsum("ncl->c", dY)


@right("conv2d_forward")
def windows(X, W, b, stride):
    views = np.lib.stride_tricks.sliding_window_view(X, W.shape[2:], (2, 3))
    return np.einsum("ncijhw,ochw->noij", views[:, :, ::stride, ::stride], W) + b[:, None, None]


@right("conv2d_backward")
def scatter(dY, X, W, stride):
    dX, dW = np.zeros(X.shape), np.zeros(W.shape)
    R, C = dY.shape[2:]
    for a, b in np.ndindex(*W.shape[2:]):
        at = np.s_[:, :, a : a + R * stride : stride, b : b + C * stride : stride]
        cut = X[at][:, :, :R, :C]
        dX[at][:, :, :R, :C] += np.einsum("noij,oc->ncij", dY, W[:, :, a, b])
        dW[:, :, a, b] = np.einsum("noij,ncij->oc", dY, cut)
    return dX, dW, dY.sum(axis=(0, 2, 3))


@right("max_pool_backward")
def with_at(dY, X, size, stride):
    dX = np.zeros_like(X)
    v = np.lib.stride_tricks.sliding_window_view(X, (size, size), (2, 3))[:, :, ::stride, ::stride]
    k = v.reshape(*v.shape[:4], -1).argmax(-1)
    n, c, i, j = np.indices(dY.shape)
    k = k[:, :, : dY.shape[2], : dY.shape[3]]
    np.add.at(dX, (n, c, i * stride + k // size, j * stride + k % size), dY)
    return dX


@right("avg_pool_backward")
def tables(dY, X, size, stride):
    def table(n, places):
        return (
            np.array(
                [[i * stride <= r < i * stride + size for i in range(places)] for r in range(n)]
            )
            / size
        )

    R, C = table(X.shape[2], dY.shape[2]), table(X.shape[3], dY.shape[3])
    return R @ dY @ C.T


@right("dilated_conv_backward")
def strided(dY, X, W, dilation):
    S, k = dY.shape[2], W.shape[2]
    at = np.add.outer(dilation * np.arange(k), np.arange(S))
    dX = np.zeros_like(X)
    np.add.at(dX, (slice(None), slice(None), at), np.einsum("nos,ock->ncks", dY, W))
    return dX, np.einsum("nos,ncks->ock", dY, X[:, :, at]), dY.sum((0, 2))


@right("rnn_step")
def joined(x, h, Wx, Wh, b):
    return np.tanh(np.hstack([x, h, np.ones((len(x), 1))]) @ np.vstack([Wx, Wh, b]))


@right("rnn_backward")
def recursive_steps(dH, X, H, h0, Wx, Wh):
    def go(t, later):
        if t < 0:
            return 0, 0, 0, later
        dz = (dH[:, t] + later) * (1 - H[:, t] * H[:, t])
        a, b, c, first = go(t - 1, dz @ Wh.T)
        before = H[:, t - 1] if t > 0 else h0
        return a + X[:, t].T @ dz, b + before.T @ dz, c + dz.sum(0), first

    return go(H.shape[1] - 1, 0)


@right("truncated_rnn_backward")
def chunk_by_chunk(dH, X, H, h0, Wx, Wh, k):
    before = np.concatenate([h0[:, None], H], 1)
    total = [np.zeros_like(Wx), np.zeros_like(Wh), np.zeros(len(Wh))]
    for a in range(0, H.shape[1], k):
        g = 0
        for t in range(min(a + k, H.shape[1]) - 1, a - 1, -1):
            dz = (dH[:, t] + g) * (1 - H[:, t] ** 2)
            g = dz @ Wh.T
            for into, part in zip(
                total, (X[:, t].T @ dz, before[:, t].T @ dz, dz.sum(0)), strict=True
            ):
                into += part
    return total


@right("leaky_rnn_backward")
def all_at_the_end(dH, X, H, C, h0, Wh, leak):
    dz, g = np.empty_like(H), np.zeros_like(h0)
    for t in range(H.shape[1])[::-1]:
        g = g + dH[:, t]
        dz[:, t] = g * leak * (1 - C[:, t] ** 2)
        g = g - leak * g + dz[:, t] @ Wh.T
    before = np.concatenate([h0[:, None], H[:, :-1]], 1)
    return (
        np.tensordot(X, dz, ((0, 1), (0, 1))),
        np.tensordot(before, dz, ((0, 1), (0, 1))),
        dz.sum((0, 1)),
        g,
    )


@right("lstm_step_backward")
def by_blocks(dh, dc, z, c):
    i, f, o, g = np.split(z, 4, axis=1)
    i, f, o, g = sigmoid(i), sigmoid(f), sigmoid(o), np.tanh(g)
    t = np.tanh(f * c + i * g)
    d = dc + dh * o * (1 - t * t)
    out = np.empty_like(z).reshape(len(z), 4, -1)
    out[:, 0], out[:, 1] = d * g * i * (1 - i), d * c * f * (1 - f)
    out[:, 2], out[:, 3] = dh * t * o * (1 - o), d * i * (1 - g * g)
    return out.reshape(z.shape), d * f


@right("gru_step")
def interpolated(zx, zh, h):
    r, u = np.split(sigmoid((zx + zh)[:, : 2 * h.shape[1]]), 2, axis=1)
    M = h.shape[1]
    n = np.tanh(zx[:, -M:] + r * zh[:, -M:])
    return n + u * (h - n)


@right("gru_step_backward")
def with_dict(dh, zx, zh, h):
    x, s = (dict(zip("run", np.split(z, 3, 1), strict=True)) for z in (zx, zh))
    r, u = sigmoid(x["r"] + s["r"]), sigmoid(x["u"] + s["u"])
    n = np.tanh(x["n"] + r * s["n"])
    d = {"n": dh * (1 - u) * (1 - n * n), "u": dh * (h - n) * u * (1 - u)}
    d["r"] = d["n"] * s["n"] * r * (1 - r)
    dzx = np.concatenate([d[k] for k in "run"], axis=1)
    dzh = np.concatenate([d["r"], d["u"], r * d["n"]], axis=1)
    return [dzx, dzh, np.multiply(dh, u)]


@right("embedding_backward")
def one_hot(dY, ids, count):
    return np.tensordot(np.eye(count)[ids], dY, ((0, 1), (0, 1)))


@right("attention_backward")
def query_by_query(dO, q, k, v):
    dq, dk, dv = np.zeros_like(q), np.zeros_like(k), np.zeros_like(v)
    root = len(q[0]) ** 0.5
    for t in range(len(q)):
        seen = slice(t + 1)
        p = softmax(k[seen] @ q[t] / root)
        dp = v[seen] @ dO[t]
        ds = p * (dp - p @ dp) / root
        dq[t] = ds @ k[seen]
        dk[seen] += np.outer(ds, q[t])
        dv[seen] += np.outer(p, dO[t])
    return dq, dk, dv


@right("relative_bias_backward")
def by_traces(dS):
    T, S = dS.shape[2:]
    total = functools.reduce(np.add, dS)
    return np.array([[np.trace(m, -d) for d in range(1 - S, T)] for m in total])


@right("jacobian_vector_product")
def complex_direction(X, V, W1, b1, W2, b2):
    Y = np.tanh((X + 1e-30j * V) @ W1 + b1) @ W2 + b2
    return Y.real, Y.imag / 1e-30


@right("hessian_vector_product")
def full_matrix(w, v, X, y):
    p = sigmoid(X @ w)
    return (X.T * (p * sigmoid(-(X @ w)))) @ X / len(y) @ v


@right("gauss_newton_product")
def unit_by_unit(X, W, V):
    out = np.zeros_like(W)
    for m in range(W.shape[1]):
        s = 1 / np.cosh(X @ W[:, m]) ** 2
        out[:, m] = X.T @ np.diag(s**2 / len(X)) @ X @ V[:, m]
    return out
