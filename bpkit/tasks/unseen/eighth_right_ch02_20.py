"""Right answers, written in unusual ways: chapters 2 to 20."""

# ruff: noqa: B905, E731 - it stands as it was written

from functools import reduce
from itertools import product

import numpy as np

from bpkit.tasks.unseen import right


@right("chain_backward")
def chain_by_cumprod(slopes, upstream):
    return np.cumprod(np.append(np.asarray(slopes, float), upstream)[::-1])[::-1]


@right("count_paths")
def paths_by_matrix_powers(graph, start, end):
    names = list(graph)
    A = np.array([[graph[a].count(b) for b in names] for a in names])
    power = total = np.eye(len(names), dtype=int)
    for _ in names:
        power = power @ A
        total = total + power
    return int(total[names.index(end), names.index(start)])


@right("tape_backward")
def tape_by_longest_depth(root):
    depth, nodes = {}, {}

    def sink(node, d):
        if d >= depth.get(node.name, -1):
            depth[node.name], nodes[node.name] = d, node
            for part in node.parts:
                sink(part, d + 1)

    sink(root, 0)
    grads = dict.fromkeys(depth, 0.0)
    grads[root.name] = 1.0
    for name in sorted(depth, key=depth.get):
        for part, slope in zip(nodes[name].parts, nodes[name].slopes):
            grads[part.name] += grads[name] * slope
    return grads


@right("transpose_backward")
def transpose_by_swaps(dY, axes):
    order, out = list(axes), dY
    for place in range(3):
        where = order.index(place)
        out = np.swapaxes(out, place, where)
        order[place], order[where] = order[where], order[place]
    return out


@right("unbroadcast")
def unbroadcast_by_adding_each_entry(up, shape):
    out = np.zeros(shape)
    skip = np.ndim(up) - len(shape)
    for place, g in np.ndenumerate(up):
        home = tuple(0 if n == 1 else i for i, n in zip(place[skip:], shape))
        out[home] += g
    return out


@right("gelu_backward")
def gelu_by_complex_step(dY, X):
    h = 1e-30
    x = X + 1j * h
    y = 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))
    return dY * y.imag / h


@right("mse_loss")
def mse_as_a_dot_product(Y, T):
    e = (Y - T).ravel()
    return np.float64(e @ e) / len(e)


@right("logsumexp")
def logsumexp_pair_by_pair(logits):
    return np.array([reduce(np.logaddexp, row) for row in logits])


@right("network_backward")
def network_by_recursion(X, Ws, bs, labels):
    dWs, dbs = [], []

    def through(H, layer):
        """The gradient at H; on the way, this layer's gradients are put in front."""
        Z = H @ Ws[layer] + bs[layer]
        if layer + 1 == len(Ws):
            Z = Z - Z.max(axis=1, keepdims=True)
            up = np.exp(Z - np.log(np.exp(Z).sum(axis=1, keepdims=True)))
            up[np.arange(len(X)), labels] -= 1
            up /= len(X)
        else:
            up = np.where(Z > 0, through(np.maximum(Z, 0), layer + 1), 0)
        dWs.insert(0, H.T @ up)
        dbs.insert(0, up.sum(axis=0))
        return up @ Ws[layer].T

    through(X, 0)
    return dWs, dbs


@right("early_stopping")
def stopping_by_running_minimum(losses, patience):
    T = len(losses)
    bests = [int(np.argmin(losses[: t + 1])) for t in range(T)]
    stop = next((t for t, b in enumerate(bests) if t - b >= patience), T - 1)
    return stop, bests[stop]


@right("adam_step")
def adam_one_parameter_at_a_time(w, g, m, v, t, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    def single(w, g, m, v):
        m += (1 - beta1) * (g - m)
        v += (1 - beta2) * (g * g - v)
        mean, square = m / (1 - beta1**t), v / (1 - beta2**t)
        return w - lr * mean / (square**0.5 + eps), m, v

    w, m, v = (
        np.array(col) for col in zip(*map(single, w.tolist(), g.tolist(), m.tolist(), v.tolist()))
    )
    return w, m, v


@right("cosine_schedule")
def cosine_as_a_squared_cosine(lr, floor, warmup, total):
    climb = [lr / warmup * (i + 1) for i in range(warmup)]
    fall = [
        floor + (lr - floor) * np.cos(0.5 * np.pi * i / (total - warmup)) ** 2
        for i in range(total - warmup)
    ]
    return np.array(climb + fall)


@right("clip_by_norm")
def clip_on_one_long_vector(grads, limit):
    long = np.concatenate([np.ravel(g) for g in grads])
    norm = np.linalg.norm(long)
    long = long / max(1.0, norm / limit)
    cuts = np.cumsum([np.size(g) for g in grads])[:-1]
    return [part.reshape(np.shape(g)) for part, g in zip(np.split(long, cuts), grads)]


@right("dropout_backward")
def dropout_by_where_and_loops(dY, keep, rate):
    return np.array(
        [[g / (1 - rate) if k else 0.0 for g, k in zip(*rows)] for rows in zip(dY, keep)]
    )


@right("batch_norm_backward")
def bn_by_projection_matrices(dY, X, gamma, eps):
    N, D = X.shape
    center = np.eye(N) - 1 / N
    dX, dgamma = np.empty((N, D)), []
    for d in range(D):
        xc = center @ X[:, d]
        s = np.sqrt(xc @ xc / N + eps)
        z = xc / s
        dgamma.append(dY[:, d] @ z)
        dX[:, d] = gamma[d] / s * (center - np.outer(z, z) / N) @ dY[:, d]
    return dX, np.array(dgamma), np.ones(N) @ dY


@right("rms_norm_backward")
def rms_by_full_jacobian(dY, X, gamma, eps):
    D = X.shape[1]
    r = (np.einsum("nd,nd->n", X, X) / D + eps) ** -0.5
    J = np.eye(D) * r[:, None, None] - np.einsum("ni,nj,n->nij", X, X, r**3) / D
    return np.einsum("nd,d,ndj->nj", dY, gamma, J), r @ (dY * X)


@right("conv2d_forward")
def conv_by_shifted_images(X, W, b, stride):
    kh, kw = W.shape[-2:]
    rows = (X.shape[2] - kh) // stride + 1
    cols = (X.shape[3] - kw) // stride + 1
    Y = 0.0
    for a, c in product(range(kh), range(kw)):
        part = X[:, :, a : a + rows * stride : stride, c : c + cols * stride : stride][
            :, :, :rows, :cols
        ]
        Y = Y + np.einsum("nchw,oc->nohw", part, W[:, :, a, c])
    return Y + b[None, :, None, None]


@right("max_pool_backward")
def pool_by_going_through_the_pixels(dY, X, size, stride):
    dX = np.zeros(X.shape)
    for n, c, i, j in np.ndindex(*dY.shape):
        cells = [(i * stride + a, j * stride + b) for a in range(size) for b in range(size)]
        best = cells[0]
        for cell in cells[1:]:
            if X[n, c][cell] > X[n, c][best]:
                best = cell
        dX[n, c][best] += dY[n, c, i, j]
    return dX


@right("rnn_backward")
def bptt_by_recursion(dH, X, H, h0, Wx, Wh):
    T = H.shape[1]
    total = [np.zeros_like(Wx), np.zeros_like(Wh), np.zeros(Wh.shape[1])]

    def arrives_at(t, before):
        """Go down to the last step, and hand back what this step sends to the one before."""
        if t == T:
            return np.zeros_like(h0)
        dz = (dH[:, t] + arrives_at(t + 1, H[:, t])) * (1 - H[:, t] ** 2)
        total[0] += np.einsum("nd,nm->dm", X[:, t], dz)
        total[1] += np.einsum("nd,nm->dm", before, dz)
        total[2] += np.einsum("nm->m", dz)
        return np.inner(dz, Wh)

    dh0 = arrives_at(0, h0)
    return total[0], total[1], total[2], dh0


@right("gru_step")
def gru_all_in_one_line(zx, zh, h):
    half = lambda z: (1 + np.tanh(z / 2)) / 2
    (ax, bx, cx), (ah, bh, ch) = (np.split(z, 3, axis=-1) for z in (zx, zh))
    u = half(bx + bh)
    return u * (h - (n := np.tanh(cx + half(ax + ah) * ch))) + n


@right("embedding_backward")
def embedding_by_one_hot(dY, ids, count):
    hot = ids[..., None] == np.arange(count)
    return np.einsum("ntc,ntd->cd", hot.astype(float), dY)


@right("attention_backward")
def attention_by_rows_and_jacobians(dO, q, k, v):
    dq, dk, dv = (np.zeros(a.shape) for a in (q, k, v))
    root = np.sqrt(q.shape[-1])
    for t, (up, query) in enumerate(zip(dO, q)):
        seen = slice(0, t + 1)
        s = k[seen] @ query / root
        s = s - s.max()
        p = np.exp(s - np.log(np.exp(s).sum()))
        J = np.diag(p) - np.outer(p, p)
        ds = J @ (v[seen] @ up) / root
        dv[seen] += np.outer(p, up)
        dk[seen] += np.outer(ds, query)
        dq[t] = ds @ k[seen]
    return dq, dk, dv


@right("jacobian_vector_product")
def jvp_by_complex_step(X, V, W1, b1, W2, b2):
    t = 1e-30
    Y = np.tanh((X + 1j * t * V) @ W1 + b1) @ W2 + b2
    return Y.real, Y.imag / t


@right("hessian_vector_product")
def hvp_from_tanh(w, v, X, y):
    # p (1 - p) = (1 - tanh(z / 2)**2) / 4
    q = np.tanh(X @ w / 2)
    return np.mean(((1 - q * q) / 4 * (X @ v))[:, None] * X, axis=0)
