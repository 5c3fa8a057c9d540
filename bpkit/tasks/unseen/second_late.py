"""Wrong answers, sloppy or mixed up: the second half of the book."""

import math

import numpy as np

from bpkit.tasks.unseen import wrong
from bpkit.tasks.unseen.shared import sigmoid, softmax


@wrong("logsumexp", "log of the sum of the logits")
def no_exponentials(logits):
    return np.log(np.abs(logits.sum(axis=1)))


@wrong("softmax", "the maximum is subtracted after the exponential", "brackets")
def maximum_too_late(logits):
    e = np.exp(np.clip(logits, -700, 700))
    e = e - e.max(axis=1, keepdims=True)
    return e / e.sum(axis=1, keepdims=True)


@wrong("cross_entropy", "base two", "factor")
def in_bits(logits, labels):
    z = logits - logits.max(axis=1, keepdims=True)
    logs = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
    return -logs[np.arange(len(z)), labels].mean() / math.log(2)


@wrong("softmax_cross_entropy_backward", "the sign flipped and no mean", "not_averaged", "sign")
def flipped_sum(logits, labels):
    return np.eye(logits.shape[1])[labels] - softmax(logits)


@wrong("label_smoothing_backward", "smoothing and its rest exchanged", "weights_exchanged")
def shares_exchanged(logits, labels, smoothing):
    N, K = logits.shape
    T = np.eye(K)[labels] * smoothing + (1 - smoothing) / K
    return (softmax(logits) - T) / N


@wrong("weighted_cross_entropy_backward", "weights squared", "power", "operand")
def weights_squared(logits, labels, weights):
    w = weights[labels]
    g = softmax(logits) - np.eye(len(weights))[labels]
    return g * (w**2)[:, None] / w.sum()


@wrong("two_layer_forward", "the logits come first", "swapped outputs")
def logits_first(X, W1, b1, W2, b2):
    H = np.maximum(X @ W1 + b1, 0)
    return H @ W2 + b2, H


@wrong("two_layer_backward", "the gradients of the two layers exchanged", "swapped outputs")
def layers_exchanged(X, W1, b1, W2, b2, labels):
    Z = X @ W1 + b1
    H = np.maximum(Z, 0)
    d2 = (softmax(H @ W2 + b2) - np.eye(len(b2))[labels]) / len(X)
    d1 = d2 @ W2.T * (Z > 0)
    return H.T @ d2, d2.sum(0), X.T @ d1, d1.sum(0)


@wrong("two_layer_backward", "1/N twice", "averaged_twice")
def averaged_twice(X, W1, b1, W2, b2, labels):
    N = len(X)
    Z = X @ W1 + b1
    H = np.maximum(Z, 0)
    d2 = (softmax(H @ W2 + b2) - np.eye(len(b2))[labels]) / N
    d1 = d2 @ W2.T * (Z > 0)
    return X.T @ d1 / N, d1.sum(0) / N, H.T @ d2 / N, d2.sum(0) / N


@wrong("accuracy", "answers counted from 1", "count")
def classes_from_one(logits, labels):
    answers = logits.argmax(axis=1) + 1
    return answers, np.mean(answers - 1 == labels)


@wrong("one_epoch", "the step goes uphill", "uphill")
def climbs(X, labels, W, b, order, batch_size, lr):
    for k in range(0, len(X), batch_size):
        rows = order[k : k + batch_size]
        d = (softmax(X[rows] @ W + b) - np.eye(len(b))[labels[rows]]) / len(rows)
        W, b = W + lr * X[rows].T @ d, b + lr * d.sum(0)
    return W, b


@wrong("tied_backward", "the factor 2 is missing", "two_missing")
def no_two(X, W, b, c):
    H = np.tanh(X @ W + b)
    dY = (H @ W.T + c - X) / X.size
    dZ = dY @ W * (1 - H**2)
    return X.T @ dZ + dY.T @ H, dZ.sum(0), dY.sum(0)


@wrong("sgd_step", "only the step", "step_alone")
def step_only(w, g, lr):
    return -lr * g


@wrong("early_stopping", "an epoch too much in both", "counted_from_one")
def from_one(losses, patience):
    best = 0
    for t, loss in enumerate(losses):
        if loss < losses[best]:
            best = t
        if t - best >= patience:
            break
    return t + 1, best + 1


@wrong("exact_step", "the rate and the weights exchanged", "swapped outputs")
def rate_first(X, y, w):
    g = 2 * X.T @ (X @ w - y) / len(y)
    lr = g @ g / (2 * np.mean((X @ g) ** 2))
    return lr, w - lr * g


@wrong(
    "momentum_step",
    "minus in the velocity and plus in the step, rate forgotten",
    "independent",
    "term",
)
def no_rate(w, g, v, lr, beta):
    v = beta * v - g
    return w + v, v


@wrong("nesterov_step", "beta once more on the gradient", "gradient_fades_too")
def beta_everywhere(w, g, v, lr, beta):
    v = beta * v + g
    return w - lr * beta * (g + v), v


@wrong("rmsprop_step", "eps in the root and the rate forgotten", "eps_inside", "rate_missing")
def eps_and_rate(w, g, s, lr, decay, eps):
    s = decay * s + (1 - decay) * g**2
    return w - g / np.sqrt(s + eps), s


@wrong("adam_step", "v is a mean of m squared", "operand")
def square_of_the_mean(w, g, m, v, t, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * m**2
    return w - lr * m / (1 - beta1**t) / (np.sqrt(v / (1 - beta2**t)) + eps), m, v


@wrong("adamw_step", "the decay is divided by the root too", "decay_divided")
def decay_divided(w, g, m, v, t, lr, beta1, beta2, eps, weight_decay):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g * g
    mh, vh = m / (1 - beta1**t), v / (1 - beta2**t)
    return w - lr * (mh + weight_decay * w) / (np.sqrt(vh) + eps), m, v


@wrong("cosine_schedule", "the floor is added, not kept as the lowest", "floor_added")
def floor_added(lr, floor, warmup, total):
    t = np.arange(total)
    x = (t - warmup) / (total - warmup)
    return np.where(t < warmup, lr * (t + 1) / warmup, floor + lr * (1 + np.cos(np.pi * x)) / 2)


@wrong("amsgrad_step", "with Adam's correction of m")
def corrected_m(w, g, m, v, top, lr, beta1, beta2, eps):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g * g
    top = np.maximum(top, v)
    return w - lr * m / (1 - beta1) / (np.sqrt(top) + eps), m, v, top


@wrong("he_scales", "inputs and outputs averaged, as Glorot does", "both_ways")
def glorot(shapes):
    out = []
    for s in shapes:
        window = math.prod(s[2:])
        out.append(math.sqrt(2 / ((s[0] + s[1]) * window)) if len(s) > 2 else math.sqrt(2 / sum(s)))
    return out


@wrong("clip_by_norm", "the largest entry is taken for the length", "largest_entry")
def largest_entry(grads, limit):
    size = max(np.abs(g).max() for g in grads)
    return [g * limit / size if size > limit else g for g in grads]


@wrong("residual_backward", "da lacks what later blocks make of it", "da_from_the_top")
def da_from_the_top(dY, X, a):
    top, T = dY, []
    for scale in a:
        T.append(np.tanh(X))
        X = X + scale * T[-1]
    for k in reversed(range(len(a))):
        dY = dY * (1 + a[k] * (1 - T[k] ** 2))
    return dY, np.array([np.sum(top * t) for t in T])


@wrong("dropout_forward", "the mask is added", "operator")
def mask_added(X, keep, rate):
    return (X + keep) / (1 - rate)


@wrong("batch_norm_forward", "gamma and beta exchanged", "gamma_beta_exchanged")
def gamma_and_beta(X, gamma, beta, running_mean, running_var, momentum, eps):
    m, v = X.mean(0), X.var(0)
    Y = beta * (X - m) / np.sqrt(v + eps) + gamma
    rm = (1 - momentum) * running_mean + momentum * m
    return Y, rm, (1 - momentum) * running_var + momentum * X.var(0, ddof=1)


@wrong("batch_norm_backward", "dbeta and dgamma exchanged", "swapped outputs")
def beta_before_gamma(dY, X, gamma, eps):
    std = np.sqrt(X.var(0) + eps)
    Z = (X - X.mean(0)) / std
    d = dY * gamma
    return (d - d.mean(0) - Z * (d * Z).mean(0)) / std, dY.sum(0), (dY * Z).sum(0)


@wrong("layer_norm_backward", "eps is forgotten", "eps_missing")
def no_eps(dY, X, gamma, eps):
    std = X.std(1, keepdims=True)
    Z = (X - X.mean(1, keepdims=True)) / std
    d = dY * gamma
    dX = (d - d.mean(1, keepdims=True) - Z * (d * Z).mean(1, keepdims=True)) / std
    return dX, (dY * Z).sum(0), dY.sum(0)


@wrong("conv2d_forward", "rows and columns of the image exchanged in the stride", "operator")
def bias_per_window(X, W, b, stride):
    rows = (X.shape[2] - W.shape[2]) // stride + 1
    columns = (X.shape[3] - W.shape[3]) // stride + 1
    Y = np.zeros((len(X), len(W), rows, columns))
    for i, j in np.ndindex(rows, columns):
        r, s = i * stride, j * stride
        window = X[:, :, r : r + W.shape[2], s : s + W.shape[3]]
        Y[:, :, i, j] = np.einsum("nchw,ochw->no", window, W) * b
    return Y


@wrong("avg_pool_backward", "pixels outside all windows receive as well", "axis")
def spread_everywhere(dY, X, size, stride):
    total = dY.sum(axis=(2, 3), keepdims=True) / (X.shape[2] * X.shape[3])
    return np.broadcast_to(total, X.shape).copy()


@wrong(
    "rnn_step", "the input's product lacks the bias but the state is doubled", "supposed", "operand"
)
def state_doubled(x, h, Wx, Wh, b):
    return np.tanh(x @ Wx + 2 * (h @ Wh) + b)


@wrong("rnn_backward", "the way back runs one step short", "first_step_left_out")
def stops_before_the_first(dH, X, H, h0, Wx, Wh):
    dWx, dWh, db = np.zeros_like(Wx), np.zeros_like(Wh), np.zeros(len(Wh))
    dh = np.zeros_like(h0)
    for t in range(X.shape[1] - 1, 0, -1):
        dz = (dH[:, t] + dh) * (1 - H[:, t] ** 2)
        dWx += X[:, t].T @ dz
        dWh += H[:, t - 1].T @ dz
        db += dz.sum(0)
        dh = dz @ Wh.T
    return dWx, dWh, db, dh


@wrong("lstm_step_backward", "the candidate's slope is that of a sigmoid", "candidate_as_gate")
def candidate_as_a_gate(dh, dc, z, c):
    i, f, o, g = np.split(z, 4, axis=1)
    i, f, o, g = sigmoid(i), sigmoid(f), sigmoid(o), np.tanh(g)
    t = np.tanh(f * c + i * g)
    total = dc + dh * o * (1 - t**2)
    parts = [total * g * i * (1 - i), total * c * f * (1 - f), dh * t * o * (1 - o)]
    return np.hstack([*parts, total * i * g * (1 - g)]), total * f


@wrong("gru_step", "tanh for the gates", "gates_tanh")
def tanh_gates(zx, zh, h):
    xr, xu, xn = np.split(zx, 3, axis=1)
    hr, hu, hn = np.split(zh, 3, axis=1)
    r, u = np.tanh(xr + hr), np.tanh(xu + hu)
    return u * h + (1 - u) * np.tanh(xn + r * hn)


@wrong("embedding_backward", "counts of tokens, not gradients", "uses_counted")
def token_counts(dY, ids, count):
    dW = np.zeros((count, dY.shape[-1]))
    for token in ids.ravel():
        dW[token] += 1
    return dW


@wrong("attention_backward", "dv with the weights not transposed", "p_not_transposed")
def dv_plain(dO, q, k, v):
    T, d = q.shape
    S = np.where(np.tri(T, dtype=bool), q @ k.T / np.sqrt(d), -np.inf)
    P = softmax(S)
    dP = dO @ v.T
    dS = P * (dP - (dP * P).sum(axis=1, keepdims=True)) / np.sqrt(d)
    return dS @ k, dS.T @ q, P @ dO


@wrong("jacobian_vector_product", "the slope is taken at V", "supposed")
def slope_at_v(X, V, W1, b1, W2, b2):
    H = np.tanh(X @ W1 + b1)
    return H @ W2 + b2, (V @ W1 * (1 - np.tanh(V @ W1 + b1) ** 2)) @ W2


@wrong("hessian_vector_product", "p in place of p times 1 - p", "p_alone")
def p_alone(w, v, X, y):
    p = sigmoid(X @ w)
    return X.T @ (p * (X @ v)) / len(X)
