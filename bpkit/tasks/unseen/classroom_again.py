"""What a teaching assistant sees once more: a smaller wave, after the detectors had learned."""

import numpy as np

from bpkit.tasks.unseen import wrong
from bpkit.tasks.unseen.shared import sigmoid, softmax


@wrong("rnn_step", "tanh per part, then added", "brackets")
def tanh_of_parts(x, h, Wx, Wh, b):
    return np.tanh(x @ Wx) + np.tanh(h @ Wh + b)


@wrong("rnn_step", "products multiplied instead of added", "operator")
def products_for_sums(x, h, Wx, Wh, b):
    return np.tanh((x @ Wx + b) * (h @ Wh))


@wrong("tanh_backward", "square around the whole difference", "whole_squared")
def whole_difference_squared(dY, X):
    t = np.tanh(X)
    return dY * (1 - t) ** 2


@wrong("sigmoid_backward", "brackets: dY*Y - Y^2", "brackets")
def Y_squared_apart(dY, Y):
    return dY * Y - Y**2


@wrong("cross_entropy", "log of the mean, not mean of the logs", "log_of_the_mean")
def log_of_mean(logits, labels):
    p = softmax(logits)
    return -np.log(p[np.arange(len(labels)), labels].mean())


@wrong("softmax_cross_entropy_backward", "sign: y - p", "sign")
def label_minus_p(logits, labels):
    p = softmax(logits)
    y = np.eye(logits.shape[1])[labels]
    return (y - p) / len(labels)


@wrong("softmax_cross_entropy_backward", "divided by N K", "averaged_over_all")
def over_N_and_K(logits, labels):
    p = softmax(logits)
    p[np.arange(len(labels)), labels] -= 1
    return p / p.size


@wrong("softmax_backward", "mean for sum inside", "divided_by_K")
def mean_for_weighted_sum(dP, P):
    return P * (dP - (dP * P).mean(1, keepdims=True))


@wrong("huber_backward", "loss, not gradient", "value_for_slope")
def loss_of_each(Y, T, delta):
    e = Y - T
    return np.where(np.abs(e) <= delta, e**2 / 2, delta * (np.abs(e) - delta / 2)) / e.size


@wrong("huber_backward", "2e in the quadratic part", "factor_two")
def twice_the_difference(Y, T, delta):
    e = Y - T
    return np.where(np.abs(e) <= delta, 2 * e, delta * np.sign(e)) / e.size


@wrong("bce_with_logits_backward", "not averaged", "not_averaged")
def summed_over_batch(logits, targets):
    p = sigmoid(logits)
    return p - targets


@wrong("dead_units", "sum over units: counts examples", "examples_counted")
def units_summed(Z):
    return int((np.maximum(Z, 0).sum(axis=1) == 0).sum())


@wrong("affine_backward", "db summed along wrong axis", "db_over_columns")
def db_of_rows(dY, X, W):
    return (dY @ W.T, X.T @ dY, dY.sum(axis=1))


@wrong("per_example_gradients", "both divided by N", "averaged_twice")
def both_averaged(dY, X):
    each = np.einsum("nd,nm->ndm", X, dY)
    return (each / len(X), each.sum(0) / len(X))


@wrong("two_layer_backward", "biases averaged", "biases_averaged")
def biases_as_means(X, W1, b1, W2, b2, labels):
    N = len(X)
    Z = X @ W1 + b1
    H = np.maximum(Z, 0)
    P = softmax(H @ W2 + b2)
    P[range(N), labels] -= 1
    P /= N
    dZ = P @ W2.T * (Z > 0)
    return (X.T @ dZ, dZ.mean(0), H.T @ P, P.mean(0))


@wrong("two_layer_backward", "multiplied by H, not by H > 0", "relu_value")
def H_for_its_slope(X, W1, b1, W2, b2, labels):
    N = len(X)
    Z = X @ W1 + b1
    H = np.maximum(Z, 0)
    P = softmax(H @ W2 + b2)
    P[range(N), labels] -= 1
    P /= N
    dZ = P @ W2.T * H
    return (X.T @ dZ, dZ.sum(0), H.T @ P, P.sum(0))


@wrong("network_backward", "ReLU not passed", "relu_not_passed")
def slopes_of_relu_lost(X, Ws, bs, labels):
    A = [X]
    for i, (w, b) in enumerate(zip(Ws, bs, strict=True)):
        Z = A[-1] @ w + b
        A.append(np.maximum(Z, 0) if i < len(Ws) - 1 else Z)
    d = softmax(A[-1])
    d[np.arange(len(X)), labels] -= 1
    d /= len(X)
    dWs = []
    dbs = []
    for i in reversed(range(len(Ws))):
        dWs.insert(0, A[i].T @ d)
        dbs.insert(0, d.sum(0))
        d = d @ Ws[i].T
    return (dWs, dbs)


@wrong("sgd_step", "ascends", "uphill")
def uphill(w, g, lr):
    return w + lr * g


@wrong("momentum_step", "w moved by the old velocity", "old_memory_used")
def moved_by_old_velocity(w, g, v, lr, beta):
    v2 = beta * v + g
    return (w - lr * v, v2)


@wrong("momentum_step", "beta multiplies g too", "gradient_fades_too")
def beta_times_both(w, g, v, lr, beta):
    v = beta * (v + g)
    return (w - lr * v, v)


@wrong("rmsprop_step", "old mean in the root", "old_memory_used")
def old_mean_under_root(w, g, s, lr, decay, eps):
    n = decay * s + (1 - decay) * g**2
    return (w - lr * g / (np.sqrt(s) + eps), n)


@wrong("rmsprop_step", "g not squared", "not_squared", "operand")
def g_for_its_square(w, g, s, lr, decay, eps):
    n = decay * s + (1 - decay) * g
    return (w - lr * g / (np.sqrt(np.abs(n)) + eps), n)


@wrong("adam_step", "no bias correction", "no_correction")
def uncorrected(w, g, m, v, t, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-08):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    return (w - lr * m / (np.sqrt(v) + eps), m, v)


@wrong("cosine_schedule", "quarter cosine, no 1 +", "quarter_wave")
def quarter_of_a_wave(lr, floor, warmup, total):
    t = np.arange(total)
    return np.where(
        t < warmup,
        lr * (t + 1) / warmup,
        floor + (lr - floor) * np.cos(np.pi * (t - warmup) / (total - warmup) / 2),
    )


@wrong("cosine_schedule", "falls to 0, not floor", "no_floor")
def down_to_zero(lr, floor, warmup, total):
    t = np.arange(total)
    return np.where(
        t < warmup,
        lr * (t + 1) / warmup,
        0.5 * lr * (1 + np.cos(np.pi * (t - warmup) / (total - warmup))),
    )


@wrong("clip_by_norm", "norms added, not root of squares", "lengths_added")
def lengths_summed(grads, limit):
    n = sum(np.linalg.norm(g) for g in grads)
    return [g * limit / n if n > limit else g for g in grads]


@wrong("batch_norm_backward", "second term not divided by s", "brackets")
def second_term_apart(dY, X, gamma, eps):
    mu = X.mean(0)
    s = np.sqrt(X.var(0) + eps)
    Z = (X - mu) / s
    d = dY * gamma
    return ((d - d.mean(0)) / s - Z * (d * Z).mean(0), (dY * Z).sum(0), dY.sum(0))


@wrong("batch_norm_backward", "eps outside the root", "eps_outside")
def eps_after_the_root(dY, X, gamma, eps):
    mu = X.mean(0)
    s = X.std(0) + eps
    Z = (X - mu) / s
    d = dY * gamma
    return ((d - d.mean(0) - Z * (d * Z).mean(0)) / s, (dY * Z).sum(0), dY.sum(0))


@wrong("layer_norm_backward", "means of the gradient over the batch", "backward_over_the_batch")
def backward_over_batch(dY, X, gamma, eps):
    mu = X.mean(1, keepdims=True)
    s = np.sqrt(X.var(1, keepdims=True) + eps)
    Z = (X - mu) / s
    d = dY * gamma
    return ((d - d.mean(0) - Z * (d * Z).mean(0)) / s, (dY * Z).sum(0), dY.sum(0))


@wrong("rms_norm_backward", "gamma missing in second term", "mean_without_gamma")
def gamma_missing_in_mean(dY, X, gamma, eps):
    r = np.sqrt((X**2).mean(1, keepdims=True) + eps)
    Z = X / r
    d = dY * gamma
    return ((d - Z * (dY * Z).mean(1, keepdims=True)) / r, (dY * Z).sum(0))


@wrong("rnn_backward", "carry added after tanh's slope", "brackets")
def carry_after_slope(dH, X, H, h0, Wx, Wh):
    N, T, M = H.shape
    a, b, c = (np.zeros_like(Wx), np.zeros_like(Wh), np.zeros(M))
    carry = np.zeros((N, M))
    for t in range(T)[::-1]:
        dz = dH[:, t] * (1 - H[:, t] ** 2) + carry
        a += X[:, t].T @ dz
        b += (H[:, t - 1] if t else h0).T @ dz
        c += dz.sum(0)
        carry = dz @ Wh.T
    return (a, b, c, carry)


@wrong("truncated_rnn_backward", "state zero at each chunk's start in dWh", "states_cut_too")
def state_cut_at_border(dH, X, H, h0, Wx, Wh, k):
    N, T, M = H.shape
    a, b, c = (np.zeros_like(Wx), np.zeros_like(Wh), np.zeros(M))
    carry = np.zeros((N, M))
    for t in range(T)[::-1]:
        dz = (dH[:, t] + carry) * (1 - H[:, t] ** 2)
        a += X[:, t].T @ dz
        b += (H[:, t - 1] if t % k else 0 * h0 if t else h0).T @ dz
        c += dz.sum(0)
        carry = dz @ Wh.T if t % k else 0 * carry
    return (a, b, c)


@wrong("gru_step", "reset gate multiplies both", "reset_on_both")
def reset_of_both(zx, zh, h):
    r, u, n = np.split(zx, 3, 1)
    a, b, c = np.split(zh, 3, 1)
    r = sigmoid(r + a)
    u = sigmoid(u + b)
    n = np.tanh(r * (n + c))
    return u * h + (1 - u) * n


@wrong("gru_step", "gates exchanged", "gates_exchanged")
def first_two_gates_turned(zx, zh, h):
    u, r, n = np.split(zx, 3, 1)
    b, a, c = np.split(zh, 3, 1)
    r = sigmoid(r + a)
    u = sigmoid(u + b)
    n = np.tanh(n + r * c)
    return u * h + (1 - u) * n


@wrong("embedding_backward", "assigned", "overwritten")
def token_assigned(dY, ids, count):
    dW = np.zeros((count, dY.shape[2]))
    for n in range(len(ids)):
        for t in range(ids.shape[1]):
            dW[ids[n, t]] = dY[n, t]
    return dW


@wrong("attention_backward", "p missing in inner sum", "plain_mean")
def unweighted_inner_sum(dO, q, k, v):
    T, d = q.shape
    s = q @ k.T / np.sqrt(d)
    m = np.tril(np.ones((T, T)))
    s = np.where(m > 0, s, -1e30)
    p = softmax(s)
    ds = p * (dO @ v.T - (dO @ v.T).sum(1, keepdims=True)) / np.sqrt(d)
    return (ds @ k, ds.T @ q, p.T @ dO)


@wrong("jacobian_vector_product", "H instead of 1 - H^2", "operand")
def H_in_direction(X, V, W1, b1, W2, b2):
    H = np.tanh(X @ W1 + b1)
    return (H @ W2 + b2, H * (V @ W1) @ W2)


@wrong("avg_pool_backward", "assigned", "assigned")
def window_assigned(dY, X, size, stride):
    dX = np.zeros_like(X)
    for n, c, i, j in np.ndindex(dY.shape):
        dX[n, c, i * stride : i * stride + size, j * stride : j * stride + size] = (
            dY[n, c, i, j] / size**2
        )
    return dX


@wrong("conv2d_forward", "kernel flipped", "flipped")
def kernel_turned(X, W, b, stride):
    N, _, H, L = X.shape
    outs, _, kh, kw = W.shape
    r, c = ((H - kh) // stride + 1, (L - kw) // stride + 1)
    Y = np.zeros((N, outs, r, c))
    F = W[:, :, ::-1, ::-1]
    for i in range(r):
        for j in range(c):
            Y[:, :, i, j] = (
                np.einsum(
                    "ncab,ocab->no",
                    X[:, :, i * stride : i * stride + kh, j * stride : j * stride + kw],
                    F,
                )
                + b
            )
    return Y


@wrong("numeric_gradient", "one-sided", "one_sided")
def one_side_only(f_, X, h):
    g = np.zeros_like(X)
    base = f_(X)
    for i in np.ndindex(X.shape):
        E = np.zeros_like(X)
        E[i] = h
        g[i] = (f_(X + E) - base) / h
    return g


@wrong("directional_check", "sums multiplied, not products summed", "supposed")
def sums_multiplied(f_, dX, X, V, h):
    return ((f_(X + h * V) - f_(X - h * V)) / (2 * h), np.sum(dX) * np.sum(V))


@wrong("relative_error", "divided by the numeric one's size alone", "size_of_numeric")
def size_of_measured(dX, n):
    return np.abs(dX - n).max() / max(np.abs(n).max(), 1e-08)


@wrong("chain_backward", "products from the front", "forward")
def products_from_the_start(slopes, upstream):
    return upstream * np.cumprod(np.append(1.0, slopes))


@wrong("forward_mode", "all slopes at the first x", "at_start")
def slopes_at_first_x(x, dx, links):
    y = x
    for f, _ in links:
        y = f(y)
    d = dx
    for _, df in links:
        d *= df(x)
    return (y, d)
