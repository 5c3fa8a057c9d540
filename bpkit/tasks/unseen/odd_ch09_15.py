"""A fourth wave of right answers, each odd in some way: chapters 9 to 15."""

import math

import numpy as np

from bpkit.tasks.unseen import right
from bpkit.tasks.unseen.shared import batch_gradients, softmax


@right("cross_entropy")
def gathered(logits, labels):
    top = logits.max(1, keepdims=True)
    right_ones = np.take_along_axis(logits - top, labels[:, None], 1).ravel()
    return (np.log(np.exp(logits - top).sum(1)) - right_ones).mean()


@right("softmax_cross_entropy_backward")
def example_by_example(logits, labels):
    rows = []
    for z, k in zip(logits, labels, strict=True):
        p = softmax(z)
        rows.append([(p_j - (j == k)) / len(logits) for j, p_j in enumerate(p)])
    return np.array(rows)


@right("label_smoothing_backward")
def mixture(logits, labels, smoothing):
    p = softmax(logits)
    hard = p - np.equal.outer(labels, np.arange(p.shape[1]))
    return (smoothing * (p - 1 / p.shape[1]) + (1 - smoothing) * hard) / len(p)


@right("weighted_cross_entropy_backward")
def averaged(logits, labels, weights):
    d = softmax(logits)
    d[range(len(d)), labels] -= 1
    w = np.array([weights[k] for k in labels])
    return (d.T * (w / w.sum())).T


@right("two_layer_forward")
def with_names(X, W1, b1, W2, b2):
    from typing import NamedTuple

    class Out(NamedTuple):
        H: object
        logits: object

    H = (X @ W1 + b1).clip(min=0)
    return Out(H, H @ W2 + b2)


@right("two_layer_backward")
def by_recursion(X, W1, b1, W2, b2, labels):
    def back(H, layers):
        if not layers:
            p = softmax(H)
            p[np.arange(len(p)), labels] -= 1
            return p / len(p), []
        (W, b), *rest = layers
        Z = H @ W + b
        dZ, grads = back(np.maximum(Z, 0) if rest else Z, rest)
        dZ = dZ * (Z > 0) if rest else dZ
        return dZ @ W.T, [H.T @ dZ, dZ.sum(0), *grads]

    return back(X, [(W1, b1), (W2, b2)])[1]


@right("network_backward")
def as_tuples(X, Ws, bs, labels):
    Hs = [X]
    for W, b in zip(Ws[:-1], bs[:-1], strict=True):
        Hs.append(np.maximum(Hs[-1] @ W + b, 0))
    d = softmax(Hs[-1] @ Ws[-1] + bs[-1])
    d -= np.eye(d.shape[1])[labels]
    d /= len(X)
    out = []
    for W, H in zip(Ws[::-1], Hs[::-1], strict=True):
        out.append((H.T @ d, d.sum(0)))
        d = d @ W.T * (H > 0)
    return tuple(zip(*out[::-1], strict=True))


@right("accuracy")
def python_only(logits, labels):
    answers = [max(range(len(row)), key=row.__getitem__) for row in logits.tolist()]
    share = sum(a == k for a, k in zip(answers, labels, strict=True)) / len(labels)
    return np.array(answers, dtype=np.int32), share


@right("one_epoch")
def array_split(X, labels, W, b, order, batch_size, lr):
    W, b = +W, +b
    for rows in np.split(order, range(batch_size, len(order), batch_size)):
        dW, db = batch_gradients(X[rows], labels[rows], W, b)
        W -= lr * dW
        b -= lr * db
    return W, b


@right("tied_backward")
def two_copies(X, W, b, c):
    H = np.tanh(X @ W + b)
    up = 2 / X.size * (H @ W.T + c - X)
    dZ = up @ W / np.cosh(X @ W + b) ** 2
    dW = np.hstack([X.T, up.T]) @ np.vstack([dZ, H])
    return dW, np.ones(len(X)) @ dZ, np.ones(len(X)) @ up


@right("sgd_step")
def subtract_at(w, g, lr):
    out = w.copy()
    np.subtract.at(out, np.arange(len(w)), lr * g)
    return out


@right("early_stopping")
def by_prefix_minima(losses, patience):
    T = len(losses)
    best_at = [int(np.argmin(losses[: t + 1])) for t in range(T)]
    stop = next((t for t in range(T) if t - best_at[t] >= patience), T - 1)
    return np.int64(stop), np.int64(best_at[stop])


@right("exact_step")
def by_three_points(X, y, w):
    def loss(w):
        return np.mean((X @ w - y) ** 2)

    g = 2 * X.T @ (X @ w - y) / len(y)
    up, here, down = loss(w + g), loss(w), loss(w - g)
    lr = (up - down) / (2 * (up + down - 2 * here))
    return w - lr * g, lr


@right("momentum_step")
def stacked(w, g, v, lr, beta):
    return np.array([[1, -lr * beta, -lr], [0, beta, 1]]) @ np.stack([w, v, g])


@right("nesterov_step")
def step_of_parts(w, g, v, lr, beta):
    new = v * beta + g
    return w - lr * ((1 + beta) * g + beta**2 * v), new


@right("rmsprop_step")
def blended(w, g, s, lr, decay, eps):
    s = s + (1 - decay) * (g**2 - s)
    return w - lr / (eps + s**0.5) * g, s


@right("adam_step")
def scalar_rate(w, g, m, v, t, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    m, v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g * g
    root = np.sqrt(1 - beta2**t)
    return w - lr * root / (1 - beta1**t) * m / (np.sqrt(v) + eps * root), m, v


@right("adamw_step")
def decay_first(w, g, m, v, t, lr, beta1, beta2, eps, weight_decay):
    w = w * (1 - lr * weight_decay)
    m = m + (1 - beta1) * (g - m)
    v = v + (1 - beta2) * (g * g - v)
    return w - lr * m / (1 - beta1**t) / (np.sqrt(v / (1 - beta2**t)) + eps), m, v


@right("cosine_schedule")
def concatenated(lr, floor, warmup, total):
    climb = lr * np.arange(1, warmup + 1) / warmup
    angle = np.linspace(0, np.pi, total - warmup, endpoint=False)
    return np.append(climb, floor + (lr - floor) * np.cos(angle / 2) ** 2)


@right("amsgrad_step")
def with_where(w, g, m, v, top, lr, beta1, beta2, eps):
    m, v = (b * old + (1 - b) * g**n for b, old, n in ((beta1, m, 1), (beta2, v, 2)))
    top = np.where(v > top, v, top)
    return w - lr * m / (np.sqrt(top) + eps), m, v, top


@right("he_scales")
def logarithms(shapes):
    return [
        math.exp(0.5 * (math.log(2) - math.log(math.prod(s[1:] if s[2:] else s[:1]))))
        for s in shapes
    ]


@right("clip_by_norm")
def hypotenuse(grads, limit):
    norm = math.hypot(*(x for g in grads for x in g.flat))
    return tuple(g / max(1.0, norm / limit) for g in grads)


@right("residual_backward")
def recursion(dY, X, a):
    if not len(a):
        return dY, np.zeros(0)
    t = np.tanh(X)
    g, da = recursion(dY, X + a[0] * t, a[1:])
    return g + g * a[0] * (1 - t * t), np.r_[np.sum(g * t), da]


@right("weight_decay_gradient")
def same_bias(dW, db, W, b, decay):
    return np.add(dW, np.multiply(decay, W)), db


@right("dropout_forward")
def fresh_zeros(X, keep, rate):
    out = np.zeros_like(X)
    out[keep] = X[keep] / (1 - rate)
    return out


@right("dropout_backward")
def read_only(dY, keep, rate):
    out = np.divide(dY, 1 - rate, where=keep, out=np.zeros_like(dY))
    out.flags.writeable = False
    return out


@right("dropconnect_backward")
def einsums(dY, X, W, keep, rate):
    scale = keep / (1 - rate)
    return np.einsum("nm,dm,dm->nd", dY, W, scale), np.einsum("nm,nd,dm->dm", dY, X, scale)


@right("batch_norm_forward")
def second_moments(X, gamma, beta, running_mean, running_var, momentum, eps):
    N = len(X)
    mu = X.sum(0) / N
    var = (X**2).sum(0) / N - mu**2
    scale = gamma / (var + eps) ** 0.5
    mean = running_mean - momentum * (running_mean - mu)
    return (
        X * scale + (beta - mu * scale),
        mean,
        running_var + momentum * (var * N / (N - 1) - running_var),
    )
