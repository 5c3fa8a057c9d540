"""A fifth wave, written from the statements alone: chapters 9 to 12."""

import numpy as np

from bpkit.tasks.unseen import wrong
from bpkit.tasks.unseen.shared import batch_gradients, sigmoid, softmax


@wrong("mse_loss", "the root of it", "root")
def root(Y, T):
    return np.sqrt(np.mean((Y - T) ** 2))


@wrong("mse_loss", "halved", "halved")
def halved(Y, T):
    return 0.5 * np.mean((Y - T) ** 2)


@wrong("mse_backward", "the targets' gradient", "sign")
def of_targets(Y, T):
    return -2 * (Y - T) / Y.size


@wrong("mse_backward", "without the targets", "target_forgotten")
def targets_forgotten(Y, T):
    return 2 * Y / Y.size


@wrong("mae_backward", "over N alone", "divided_by_N")
def over_n(Y, T):
    return np.sign(Y - T) / len(Y)


@wrong("mae_backward", "0.5 for positive", "factor")
def halves(Y, T):
    return np.where(Y > T, 0.5, -0.5) / Y.size


@wrong("huber_backward", "the two cases exchanged", "sides_exchanged")
def cases_exchanged(Y, T, delta):
    e = Y - T
    return np.where(np.abs(e) > delta, e, delta * np.sign(e)) / e.size


@wrong("huber_backward", "the loss itself beyond delta", "value_beyond")
def loss_beyond(Y, T, delta):
    e = Y - T
    return np.where(np.abs(e) <= delta, e, delta * (np.abs(e) - delta / 2)) / e.size


@wrong("bce_with_logits", "summed", "summed")
def summed(logits, targets):
    return np.sum(np.logaddexp(0, logits) - logits * targets)


@wrong("bce_with_logits", "targets and their complement exchanged", "targets_exchanged")
def complement(logits, targets):
    return np.mean(np.logaddexp(0, logits) - logits * (1 - targets))


@wrong("bce_with_logits_backward", "logits minus targets", "logits_for_probabilities")
def raw_logits(logits, targets):
    return (logits - targets) / len(logits)


@wrong(
    "bce_with_logits_backward",
    "times the sigmoid's slope: squared error",
    "factor",
    "slope_of_sigmoid_again",
)
def of_squared_error(logits, targets):
    p = sigmoid(logits)
    return 2 * (p - targets) * p * (1 - p) / len(p)


@wrong("logsumexp", "the maximum only", "maximum_alone")
def the_maximum(logits):
    return logits.max(axis=1)


@wrong("softmax", "normalized over the columns", "columns")
def columns(logits):
    e = np.exp(logits - logits.max(axis=0))
    return e / e.sum(axis=0)


@wrong("softmax", "the sigmoid of each", "sigmoid")
def sigmoids(logits):
    return sigmoid(logits)


@wrong("softmax_backward", "sum over the whole batch", "summed_over_all")
def whole_batch(dP, P):
    return P * (dP - (dP * P).sum())


@wrong("cross_entropy", "the logits' own score, not its logarithm", "sum_missing")
def minus_score(logits, labels):
    return -logits[np.arange(len(labels)), labels].mean()


@wrong("cross_entropy", "the largest class in place of the label", "largest_chosen")
def largest_class(logits, labels):
    m = logits.max(axis=1)
    return np.mean(np.log(np.exp(logits - m[:, None]).sum(axis=1)))


@wrong("softmax_cross_entropy_backward", "the whole batch is one softmax", "axis")
def one_softmax(logits, labels):
    e = np.exp(logits - logits.max())
    d = e / e.sum()
    d[np.arange(len(d)), labels] -= 1
    return d / len(d)


@wrong("softmax_cross_entropy_backward", "divided by N K", "averaged_over_all")
def by_all(logits, labels):
    d = softmax(logits)
    d[np.arange(len(d)), labels] -= 1
    return d / d.size


@wrong("label_smoothing_backward", "smoothing taken from the label, not dealt out", "not_dealt_out")
def not_dealt(logits, labels, smoothing):
    K = logits.shape[1]
    return (softmax(logits) - (1 - smoothing) * np.eye(K)[labels]) / len(logits)


@wrong("weighted_cross_entropy_backward", "weights only on the label's entry", "target_only")
def on_label_only(logits, labels, weights):
    d = softmax(logits) - np.eye(logits.shape[1])[labels] * weights
    return d / weights[labels].sum()


@wrong("two_layer_forward", "b1 and softmax at the end", "softmax_applied")
def with_softmax(X, W1, b1, W2, b2):
    H = np.maximum(X @ W1 + b1, 0)
    return H, softmax(H @ W2 + b2)


@wrong("two_layer_backward", "dZ is multiplied by H", "relu_value")
def times_h(X, W1, b1, W2, b2, labels):
    H = np.maximum(X @ W1 + b1, 0)
    d = (softmax(H @ W2 + b2) - np.eye(len(b2))[labels]) / len(X)
    dZ = d @ W2.T * H
    return X.T @ dZ, dZ.sum(0), H.T @ d, d.sum(0)


@wrong("network_backward", "divided by N at every layer", "averaged_at_every_layer")
def n_at_each_layer(X, Ws, bs, labels):
    Hs = [X]
    for W, b in zip(Ws[:-1], bs[:-1], strict=True):
        Hs.append(np.maximum(Hs[-1] @ W + b, 0))
    d = softmax(Hs[-1] @ Ws[-1] + bs[-1]) - np.eye(len(bs[-1]))[labels]
    dWs, dbs = [], []
    for W, H in zip(Ws[::-1], Hs[::-1], strict=True):
        d = d / len(X)
        dWs.append(H.T @ d)
        dbs.append(d.sum(0))
        d = d @ W.T * (H > 0)
    return dWs[::-1], dbs[::-1]


@wrong("accuracy", "the least score answers", "smallest_score")
def least_score(logits, labels):
    answers = logits.argmin(axis=1)
    return answers, np.mean(answers == labels)


@wrong("accuracy", "the share of wrong ones", "error_rate")
def error_rate(logits, labels):
    answers = logits.argmax(axis=1)
    return answers, np.mean(answers != labels)


@wrong("one_epoch", "one step on the whole epoch's mean", "whole_batch")
def one_step(X, labels, W, b, order, batch_size, lr):
    dW, db = batch_gradients(X[order], labels[order], W, b)
    return W - lr * dW, b - lr * db


@wrong("one_epoch", "uphill", "uphill")
def uphill(X, labels, W, b, order, batch_size, lr):
    for s in range(0, len(order), batch_size):
        dW, db = batch_gradients(
            X[order[s : s + batch_size]], labels[order[s : s + batch_size]], W, b
        )
        W, b = W + lr * dW, b + lr * db
    return W, b


@wrong("tied_backward", "the encoder's part misses the slope of tanh", "tanh_not_passed")
def slope_missing(X, W, b, c):
    H = np.tanh(X @ W + b)
    d = 2 * (H @ W.T + c - X) / X.size
    dZ = d @ W
    return X.T @ dZ + d.T @ H, dZ.sum(0), d.sum(0)


@wrong("tied_backward", "X's own place in the target is sent back too", "factor", "second_use_only")
def both_transposed(X, W, b, c):
    H = np.tanh(X @ W + b)
    d = 2 * (H @ W.T + c - X) / X.size
    dZ = (d @ W) * (1 - H**2)
    return 2 * (d.T @ H), dZ.sum(0), d.sum(0)


@wrong("early_stopping", "the best over all losses")
def sees_the_future(losses, patience):
    best = int(np.argmin(losses))
    return min(best + patience, len(losses) - 1), best


@wrong("early_stopping", "one epoch too patient", "waits_longer")
def one_too_many(losses, patience):
    best = 0
    for t in range(len(losses)):
        if losses[t] < losses[best]:
            best = t
        if t - best > patience:
            return t, best
    return len(losses) - 1, best


@wrong("exact_step", "the step is taken uphill", "uphill")
def uphill_exact(X, y, w):
    g = 2 * X.T @ (X @ w - y) / len(y)
    lr = g @ g * len(y) / (2 * np.sum((X @ g) ** 2))
    return w + lr * g, lr


@wrong("momentum_step", "v is not multiplied by beta", "beta_missing")
def no_beta(w, g, v, lr, beta):
    v = v + g
    return w - lr * v, v


@wrong("rmsprop_step", "eps inside the root", "eps_inside")
def eps_inside(w, g, s, lr, decay, eps):
    s = decay * s + (1 - decay) * g * g
    return w - lr * g / np.sqrt(s + eps), s


@wrong("adam_step", "the correction is multiplied", "operator")
def correction_multiplied(w, g, m, v, t, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    m, v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g * g
    return w - lr * m * (1 - beta1**t) / (np.sqrt(v * (1 - beta2**t)) + eps), m, v


@wrong("adam_step", "t powers become products")
def times_t(w, g, m, v, t, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    m, v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g * g
    return w - lr * m / (1 - beta1 * t) / (np.sqrt(np.abs(v / (1 - beta2 * t))) + eps), m, v


@wrong("adamw_step", "the decay acts on the new w", "decay_after_step")
def decay_after(w, g, m, v, t, lr, beta1, beta2, eps, weight_decay):
    m, v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g * g
    w = w - lr * m / (1 - beta1**t) / (np.sqrt(v / (1 - beta2**t)) + eps)
    return w - lr * weight_decay * w, m, v
