"""What a teaching assistant sees every week in losses, networks and descent."""

import numpy as np

from bpkit.tasks.unseen import wrong
from bpkit.tasks.unseen.shared import batch_gradients


@wrong("mse_backward", "the mean of the differences, for every entry", "axis")
def mean_for_all(Y, T):
    return 2 * np.mean(Y - T) * np.ones_like(Y)


@wrong("mse_backward", "factor 2 missing", "two_missing")
def two_forgotten(Y, T):
    N, D = Y.shape
    return (Y - T) / (N * D)


@wrong("mae_backward", "divided by D only, not by N too", "factor")
def over_D_alone(Y, T):
    return np.sign(Y - T) / Y.shape[1]


@wrong("huber_backward", "delta missing in the linear part", "slope_one")
def sign_beyond_delta(Y, T, delta):
    e = Y - T
    g = np.where(np.abs(e) <= delta, e, np.sign(e))
    return g / e.size


@wrong("huber_backward", "no absolute value in the comparison with delta", "positive_only")
def positive_clipped(Y, T, delta):
    e = Y - T
    return np.where(e <= delta, e, delta) / e.size


@wrong("bce_with_logits", "abs missing in exp(-|z|)", "absolute_missing")
def exp_without_abs(logits, targets):
    z = logits
    return np.mean(np.maximum(z, 0) - z * targets + np.log1p(np.exp(-z)))


@wrong("bce_with_logits", "the probability is clipped", "cut off")
def probability_clipped(logits, targets):
    p = np.where(
        logits > 0, 1 / (1 + np.exp(-np.abs(logits))), 1 - 1 / (1 + np.exp(-np.abs(logits)))
    )
    p = np.clip(p, 1e-7, 1 - 1e-7)
    return -np.mean(targets * np.log(p) + (1 - targets) * np.log(1 - p))


@wrong(
    "bce_with_logits_backward", "the sigmoid's slope multiplied once more", "slope_of_sigmoid_again"
)
def slope_of_sigmoid_too(logits, targets):
    p = 0.5 * (1 + np.tanh(logits / 2))
    return (p - targets) * p * (1 - p) / len(logits)


@wrong("bce_with_logits_backward", "targets rounded to 0 or 1", "supposed")
def targets_rounded(logits, targets):
    p = 0.5 * (1 + np.tanh(logits / 2))
    return (p - (targets > 0.5)) / len(logits)


@wrong("logsumexp", "maximum not added back", "maximum_not_added")
def maximum_not_put_back(logits):
    m = logits.max(axis=1, keepdims=True)
    return np.log(np.exp(logits - m).sum(axis=1))


@wrong("logsumexp", "one maximum for the whole array", "one_maximum_for_all")
def one_maximum(logits):
    m = logits.max()
    with np.errstate(all="ignore"):
        return m + np.log(np.exp(logits - m).sum(axis=1))


@wrong("softmax", "the maximum runs over the columns", "axis")
def maximum_of_columns(logits):
    e = np.exp(logits - logits.max(axis=0))
    return e / e.sum(axis=1, keepdims=True)


@wrong("softmax", "divided by the sum of all, not of the row", "axis")
def sum_of_all(logits):
    e = np.exp(logits - np.max(logits, axis=1, keepdims=True))
    return e / e.sum()


@wrong("softmax_backward", "inner sum over axis 0, not 1", "wrong_axis")
def sum_along_columns(dP, P):
    s = np.sum(dP * P, axis=0, keepdims=True)
    return P * (dP - s)


@wrong("cross_entropy", "every row is paired with every label", "whole_columns")
def columns_of_labels(logits, labels):
    z = logits - logits.max(axis=1, keepdims=True)
    logp = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
    return -logp[:, labels].mean()


@wrong("cross_entropy", "the mean over N K, not over N", "averaged_over_all")
def mean_over_classes_too(logits, labels):
    z = logits - logits.max(axis=1, keepdims=True)
    logp = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
    onehot = np.eye(logits.shape[1])[labels]
    return -np.mean(onehot * logp)


@wrong("softmax_cross_entropy_backward", "1 is subtracted in whole columns", "whole_columns")
def columns_minus_one(logits, labels):
    z = np.exp(logits - logits.max(axis=1, keepdims=True))
    p = z / z.sum(axis=1, keepdims=True)
    p[:, labels] -= 1
    return p / len(labels)


@wrong("softmax_cross_entropy_backward", "only the right class has a gradient", "zeros")
def right_class_only(logits, labels):
    z = np.exp(logits - logits.max(axis=1, keepdims=True))
    p = z / z.sum(axis=1, keepdims=True)
    g = np.zeros_like(p)
    n = np.arange(len(labels))
    g[n, labels] = p[n, labels] - 1
    return g / len(labels)


@wrong(
    "label_smoothing_backward", "the share is dealt to the other K - 1 classes only", "others_only"
)
def dealt_to_the_others(logits, labels, smoothing):
    K = logits.shape[1]
    z = np.exp(logits - logits.max(axis=1, keepdims=True))
    p = z / z.sum(axis=1, keepdims=True)
    t = np.full_like(p, smoothing / (K - 1))
    t[np.arange(len(labels)), labels] = 1 - smoothing
    return (p - t) / len(labels)


@wrong("label_smoothing_backward", "smoothing not divided by K", "whole_share_for_each")
def not_shared_by_K(logits, labels, smoothing):
    K = logits.shape[1]
    z = np.exp(logits - logits.max(axis=1, keepdims=True))
    p = z / z.sum(axis=1, keepdims=True)
    t = np.eye(K)[labels] * (1 - smoothing) + smoothing
    return (p - t) / len(labels)


@wrong("two_layer_forward", "returns Z, before ReLU,, not H", "Z_returned")
def Z_for_H_returned(X, W1, b1, W2, b2):
    Z = X @ W1 + b1
    H = Z * (Z > 0)
    return Z, H @ W2 + b2


@wrong("two_layer_backward", "ReLU's derivative missing", "relu_not_passed")
def no_relu_back(X, W1, b1, W2, b2, labels):
    N = len(X)
    Z = X @ W1 + b1
    H = np.maximum(Z, 0)
    S = H @ W2 + b2
    P = np.exp(S - S.max(1, keepdims=True))
    P /= P.sum(1, keepdims=True)
    P[range(N), labels] -= 1
    P /= N
    dW2 = H.T @ P
    db2 = P.sum(0)
    dH = P @ W2.T
    dW1 = X.T @ dH
    db1 = dH.sum(0)
    return dW1, db1, dW2, db2


@wrong("two_layer_backward", "db1 isn't divided by N", "factor")
def db1_summed(X, W1, b1, W2, b2, labels):
    N = len(X)
    Z = X @ W1 + b1
    H = np.maximum(Z, 0)
    S = H @ W2 + b2
    P = np.exp(S - S.max(1, keepdims=True))
    P /= P.sum(1, keepdims=True)
    P[range(N), labels] -= 1
    dW2 = H.T @ P / N
    db2 = P.sum(0) / N
    dZ = (P @ W2.T) * (Z > 0)
    dW1 = X.T @ dZ / N
    db1 = dZ.sum(0)
    return dW1, db1, dW2, db2


@wrong("two_layer_backward", "dW2 uses Z, not H", "Z_for_H")
def dW2_from_Z(X, W1, b1, W2, b2, labels):
    N = len(X)
    Z = X @ W1 + b1
    H = np.maximum(Z, 0)
    S = H @ W2 + b2
    P = np.exp(S - S.max(1, keepdims=True))
    P /= P.sum(1, keepdims=True)
    P[range(N), labels] -= 1
    P /= N
    dW2 = Z.T @ P
    db2 = P.sum(0)
    dZ = (P @ W2.T) * (Z > 0)
    return X.T @ dZ, dZ.sum(0), dW2, db2


@wrong(
    "network_backward",
    "lists returned in the order of the way back, not reversed",
    "order_of_the_way_back",
)
def back_to_front(X, Ws, bs, labels):
    A = [X]
    for i, (w, b) in enumerate(zip(Ws, bs, strict=True)):
        Z = A[-1] @ w + b
        A.append(np.maximum(Z, 0) if i < len(Ws) - 1 else Z)
    S = A[-1]
    e = np.exp(S - S.max(axis=1, keepdims=True))
    d = e / e.sum(axis=1, keepdims=True)
    d[np.arange(len(X)), labels] -= 1
    d /= len(X)
    dWs, dbs = [], []
    for i in reversed(range(len(Ws))):
        dWs.append(A[i].T @ d)
        dbs.append(d.sum(axis=0))
        d = (d @ Ws[i].T) * (A[i] > 0)
    return dWs, dbs


@wrong("network_backward", "ReLU's mask is taken from the next layer's first column")
def mask_of_one_column(X, Ws, bs, labels):
    A = [X]
    for i, (w, b) in enumerate(zip(Ws, bs, strict=True)):
        Z = A[-1] @ w + b
        A.append(np.maximum(Z, 0) if i < len(Ws) - 1 else Z)
    S = A[-1]
    e = np.exp(S - S.max(axis=1, keepdims=True))
    d = e / e.sum(axis=1, keepdims=True)
    d[np.arange(len(X)), labels] -= 1
    d /= len(X)
    dWs, dbs = [], []
    for i in reversed(range(len(Ws))):
        dWs.insert(0, A[i].T @ d)
        dbs.insert(0, d.sum(axis=0))
        d = (d @ Ws[i].T) * (A[i + 1][:, :1] > 0)
    return dWs, dbs


@wrong("accuracy", "argmax along the wrong axis", "axis")
def argmax_of_columns(logits, labels):
    ans = logits.argmax(axis=0)
    return ans, np.mean(ans[: len(labels)] == labels[: len(ans)])


@wrong("accuracy", "number of right answers, not share", "counted")
def hits_counted(logits, labels):
    ans = logits.argmax(axis=1)
    return ans, np.sum(ans == labels)


@wrong("one_epoch", "changes W and b in place", "in place")
def weights_in_place(X, labels, W, b, order, batch_size, lr):
    for k in range(0, len(order), batch_size):
        rows = order[k : k + batch_size]
        dW, db = batch_gradients(X[rows], labels[rows], W, b)
        W -= lr * dW
        b -= lr * db
    return W, b


@wrong("one_epoch", "the last, smaller minibatch is dropped", "last_batch_dropped")
def rest_dropped(X, labels, W, b, order, batch_size, lr):
    for k in range(len(order) // batch_size):
        rows = order[k * batch_size : (k + 1) * batch_size]
        dW, db = batch_gradients(X[rows], labels[rows], W, b)
        W = W - lr * dW
        b = b - lr * db
    return W, b


@wrong("early_stopping", "the first epoch counts as waiting, and > stands for ==")
def first_epoch_waits(losses, patience):
    best, wait = 0, 0
    for t, loss in enumerate(losses):
        if loss < losses[best]:
            best, wait = t, 0
        else:
            wait += 1
        if wait > patience:
            return t, best
    return len(losses) - 1, best


@wrong("early_stopping", "compared with the epoch before, not the best", "compared_with_previous")
def lower_than_before(losses, patience):
    best, wait = 0, 0
    for t in range(1, len(losses)):
        if losses[t] < losses[t - 1]:
            best, wait = t, 0
        else:
            wait += 1
        if wait == patience:
            return t, best
    return len(losses) - 1, best
