"""Right answers in other algebra: by einsum, by loops, by formulas that few would choose."""

import numpy as np

from bpkit.tasks.unseen import right


@right("centered_difference")
def both_sides_averaged(f, x, h):
    return 0.5 * ((f(x + h) - f(x)) / h + (f(x) - f(x - h)) / h)


@right("complex_step_derivative")
def turned_by_i(f, x, h):
    return -(1j * f(x + h * 1j) / h).real


@right("best_step")
def pairs_sorted(f, x, slope, steps):
    pairs = [(abs((f(x + s) - f(x - s)) / (2 * s) - slope), s) for s in steps]
    return np.array([e for e, _ in pairs]), min(pairs, key=lambda p: p[0])[1]


@right("count_paths")
def ways_remembered(graph, start, end):
    memo = {}

    def go(n):
        if n not in memo:
            memo[n] = (n == start) + sum(map(go, graph[n]))
        return memo[n]

    return int(go(end))


@right("topological_order")
def round_after_round(graph):
    done, out = set(), []
    while len(out) < len(graph):
        for n in graph:
            if n not in done and all(p in done for p in graph[n]):
                out.append(n)
                done.add(n)
    return out


@right("directional_check")
def tensordot_of_claim(f, dX, X, V, h):
    return (f(X + h * V) - f(X - h * V)) / h / 2, float(np.tensordot(dX, V))


@right("sum_backward")
def axis_moved_to_front(dY, X, axis):
    out = np.empty_like(X)
    np.moveaxis(out, axis, 0)[...] = dY
    return out


@right("transpose_backward")
def axes_moved(dY, axes):
    return np.moveaxis(dY, (0, 1, 2), axes)


@right("square_matmul_backward")
def transposed_products(dC, A, B):
    return (B @ dC.T).T, (dC.T @ A).T


@right("affine_backward")
def unit_by_unit(dY, X, W):
    dX, dW, db = np.zeros(X.shape), np.zeros(W.shape), np.zeros(W.shape[1])
    for n in range(len(X)):
        for m in range(W.shape[1]):
            dX[n] += dY[n, m] * W[:, m]
            dW[:, m] += dY[n, m] * X[n]
            db[m] += dY[n, m]
    return dX, dW, db


@right("unbroadcast")
def padded_shape(up, shape):
    pad = (1,) * (up.ndim - len(shape)) + tuple(shape)
    ax = tuple(i for i, s in enumerate(pad) if s == 1)
    return up.sum(axis=ax, keepdims=True).reshape(shape)


@right("relu_backward")
def vectorized_relu(dY, X):
    return np.vectorize(lambda d, x: d if x > 0 else 0.0, otypes=[float])(dY, X)


@right("sigmoid")
def half_tanh(X):
    return 0.5 * np.tanh(0.5 * X) + 0.5


@right("tanh_backward")
def two_factors(dY, X):
    t = np.tanh(X)
    return dY * (1 - t) * (1 + t)


@right("softplus_backward")
def minus_softplus(dY, X):
    return dY * np.exp(-np.logaddexp(0, -X))


@right("bce_with_logits")
def logaddexp_of_zero(logits, targets):
    return (np.logaddexp(0, logits) - logits * targets).sum() / logits.shape[0]


@right("softmax")
def softmax_by_logaddexp(logits):
    return np.exp(logits - np.logaddexp.reduce(logits, axis=1)[:, None])


@right("softmax_backward")
def full_jacobians(dP, P):
    return np.array([(np.diag(p) - np.outer(p, p)) @ d for p, d in zip(P, dP, strict=True)])


@right("early_stopping")
def argmin_so_far(losses, patience):
    for t in range(len(losses)):
        b = int(np.argmin(losses[: t + 1]))
        if t - b >= patience:
            return t, b
    return len(losses) - 1, int(np.argmin(losses))


@right("adam_step")
def corrections_in_the_rate(w, g, m, v, t, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    m = m + (1 - beta1) * (g - m)
    v = v + (1 - beta2) * (g * g - v)
    c = np.sqrt(1 - beta2**t)
    return w - lr * c / (1 - beta1**t) * m / (np.sqrt(v) + eps * c), m, v


@right("momentum_step")
def velocity_from_the_step(w, g, v, lr, beta):
    step = lr * beta * v + lr * g
    return w - step, step / lr


@right("batch_norm_backward")
def variance_first(dY, X, gamma, eps):
    N = len(X)
    xc = X - X.mean(0)
    inv = 1 / np.sqrt((xc**2).mean(0) + eps)
    dz = dY * gamma
    dvar = (dz * xc).sum(0) * -0.5 * inv**3
    dxc = dz * inv + 2 * xc * dvar / N
    return dxc - dxc.sum(0) / N, (dY * xc * inv).sum(0), dY.sum(0)


@right("conv2d_forward")
def sliding_windows(X, W, b, stride):
    v = np.lib.stride_tricks.sliding_window_view(X, W.shape[2:], axis=(2, 3))[
        :, :, ::stride, ::stride
    ]
    return np.einsum("ncijab,ocab->noij", v, W) + b[None, :, None, None]


@right("embedding_backward")
def one_hot_product(dY, ids, count):
    return np.einsum("ntc,ntd->cd", np.eye(count)[ids], dY)


@right("hessian_vector_product")
def weighted_columns(w, v, X, y):
    p = 1 / (1 + np.exp(-(X @ w)))
    return (X.T * (p - p**2)) @ X @ v / X.shape[0]
