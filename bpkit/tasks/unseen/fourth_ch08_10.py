"""A fourth wave, written from the statements alone: chapters 8 to 10."""

import numpy as np

from bpkit.tasks.unseen import wrong
from bpkit.tasks.unseen.shared import sigmoid, softmax


@wrong("dead_units", "counts the entries", "entries_counted")
def dead_entries(Z):
    return int((Z <= 0).sum())


@wrong("dead_units", "0 counts as active", "zero_is_active")
def zero_active(Z):
    return int(np.all(Z < 0, axis=0).sum())


@wrong("swiglu_backward", "dA without B", "B_missing")
def b_lost(dY, A, B):
    s = sigmoid(A)
    return dY * (s + A * s * (1 - s)), dY * A * s


@wrong("swiglu_backward", "dA: only through the sigmoid", "factor_constant")
def through_gate_only(dY, A, B):
    s = sigmoid(A)
    return dY * B * A * s * (1 - s), dY * A * s


@wrong("mse_loss", "the mean over the examples of the sum over D", "divided_by_N")
def sum_over_d(Y, T):
    return np.mean(np.sum((Y - T) ** 2, axis=-1))


@wrong("mse_loss", "the square of the mean error", "squared_after_the_mean")
def square_of_mean(Y, T):
    return (Y - T).mean() ** 2


@wrong("mse_loss", "cross terms lost: Y squared minus T squared", "difference_of_squares")
def difference_of_squares(Y, T):
    return (Y**2 - T**2).mean()


@wrong("mse_backward", "averaged over the rows only", "divided_by_N")
def over_rows(Y, T):
    return 2 * (Y - T) / len(Y)


@wrong("mse_backward", "without its sign", "sign_lost")
def unsigned(Y, T):
    return 2 * np.abs(Y - T) / Y.size


@wrong("huber_backward", "the far slope is delta without a sign", "sign_lost")
def far_unsigned(Y, T, delta):
    e = Y - T
    return np.where(np.abs(e) <= delta, e, delta) / e.size


@wrong("huber_backward", "clipped at 1 instead of delta", "supposed")
def clipped_at_one(Y, T, delta):
    return np.clip(Y - T, -1, 1) / Y.size


@wrong("huber_backward", "the condition without abs", "positive_only")
def no_abs(Y, T, delta):
    e = Y - T
    return np.where(e <= delta, e, delta * np.sign(e)) / e.size


@wrong("bce_with_logits", "logits are taken for probabilities")
def as_probabilities(logits, targets):
    p = np.clip(logits, 1e-12, 1 - 1e-12)
    return -np.mean(targets * np.log(p) + (1 - targets) * np.log(1 - p))


@wrong("bce_with_logits", "probabilities are clipped", "cut off")
def clipped_logs(logits, targets):
    p = np.clip(sigmoid(logits), 1e-7, 1 - 1e-7)
    return -(targets * np.log(p) + (1 - targets) * np.log(1 - p)).mean()


@wrong("bce_with_logits_backward", "targets' side divided by p again", "stopped_at_p")
def not_fused(logits, targets):
    p = sigmoid(logits)
    return (p - targets) / (p * (1 - p) + 1e-12) / len(p)


@wrong("bce_with_logits_backward", "rounded to decide", "rounded")
def rounded(logits, targets):
    return ((logits > 0) - targets) / len(logits)


@wrong("logsumexp", "the maximum is not added back", "maximum_not_added")
def max_lost(logits):
    return np.log(np.exp(logits - logits.max(axis=1, keepdims=True)).sum(axis=1))


@wrong("logsumexp", "log of mean", "mean")
def log_mean(logits):
    m = logits.max(axis=1)
    return m + np.log(np.exp(logits - m[:, None]).mean(axis=1))


@wrong("softmax", "minimum subtracted", "overflow")
def min_subtracted(logits):
    e = np.exp(logits - logits.min(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


@wrong("softmax", "divided by the largest", "not_normalized")
def by_largest(logits):
    e = np.exp(logits - logits.max(axis=1, keepdims=True))
    return e / e.max(axis=1, keepdims=True)


@wrong("softmax_backward", "the mean in place of the weighted sum", "plain_mean")
def mean_subtracted(dP, P):
    return P * (dP - dP.mean(axis=1, keepdims=True))


@wrong("cross_entropy", "the whole probability row is summed", "all_classes")
def all_classes(logits, labels):
    return -np.log(softmax(logits) + 1e-300).sum(axis=1).mean()


@wrong("cross_entropy", "a small number inside the logarithm")
def eps_inside(logits, labels):
    p = softmax(logits)[np.arange(len(labels)), labels]
    return -np.log(p + 1e-8).mean()


@wrong("cross_entropy", "one minus the probability")
def of_the_others(logits, labels):
    p = softmax(logits)[np.arange(len(labels)), labels]
    return -np.mean(np.log(np.maximum(1 - p, 1e-300)))


@wrong("softmax_cross_entropy_backward", "1 is added at the label", "sign")
def one_added(logits, labels):
    p = softmax(logits)
    p[np.arange(len(p)), labels] += 1
    return p / len(p)


@wrong("softmax_cross_entropy_backward", "only the label's entry has a gradient", "zeros")
def only_label(logits, labels):
    p = softmax(logits)
    d = np.zeros_like(p)
    rows = np.arange(len(p))
    d[rows, labels] = (p[rows, labels] - 1) / len(p)
    return d


@wrong("softmax_cross_entropy_backward", "minus one at column labels of every row", "whole_columns")
def every_row(logits, labels):
    p = softmax(logits)
    p[:, labels] -= 1
    return p / len(p)


@wrong(
    "label_smoothing_backward", "the share is dealt to the wrong classes only, K - 1", "others_only"
)
def others_only(logits, labels, smoothing):
    N, K = logits.shape
    q = np.full((N, K), smoothing / (K - 1))
    q[np.arange(N), labels] = 1 - smoothing
    return (softmax(logits) - q) / N


@wrong("label_smoothing_backward", "every class gets the whole share", "whole_share_for_each")
def share_not_divided(logits, labels, smoothing):
    N, K = logits.shape
    q = (1 - smoothing) * np.eye(K)[labels] + smoothing
    return (softmax(logits) - q) / N


@wrong(
    "label_smoothing_backward",
    "the right class does not get its part of the share",
    "label_left_out",
)
def right_without_share(logits, labels, smoothing):
    N, K = logits.shape
    q = np.full((N, K), smoothing / K)
    q[np.arange(N), labels] = 1 - smoothing
    return (softmax(logits) - q) / N


@wrong("weighted_cross_entropy_backward", "weights by columns", "weighted_by_column")
def by_columns(logits, labels, weights):
    d = softmax(logits) - np.eye(logits.shape[1])[labels]
    return d * weights / weights[labels].sum()


@wrong("weighted_cross_entropy_backward", "divided by N", "divided_by_N")
def by_n(logits, labels, weights):
    d = softmax(logits) - np.eye(logits.shape[1])[labels]
    return d * weights[labels][:, None] / len(labels)


@wrong(
    "weighted_cross_entropy_backward", "divided by the sum of the K weights", "all_classes_summed"
)
def sum_of_all_weights(logits, labels, weights):
    d = softmax(logits) - np.eye(logits.shape[1])[labels]
    return d * weights[labels][:, None] / weights.sum()


@wrong("two_layer_forward", "ReLU also after the second layer", "relu_at_the_end")
def relu_twice(X, W1, b1, W2, b2):
    H = np.maximum(X @ W1 + b1, 0)
    return H, np.maximum(H @ W2 + b2, 0)


@wrong("two_layer_forward", "the values before the ReLU are returned", "Z_returned")
def before_relu(X, W1, b1, W2, b2):
    Z = X @ W1 + b1
    return Z, np.maximum(Z, 0) @ W2 + b2


@wrong("two_layer_forward", "the bias is added after the ReLU", "b1_after_relu")
def bias_after(X, W1, b1, W2, b2):
    H = np.maximum(X @ W1, 0) + b1
    return H, H @ W2 + b2


@wrong("two_layer_backward", "dZ's mask is left out", "relu_not_passed")
def no_mask(X, W1, b1, W2, b2, labels):
    H = np.maximum(X @ W1 + b1, 0)
    d = softmax(H @ W2 + b2)
    d[np.arange(len(d)), labels] -= 1
    d /= len(d)
    dH = d @ W2.T
    return X.T @ dH, dH.sum(0), H.T @ d, d.sum(0)


@wrong("two_layer_backward", "Z in place of H for dW2", "Z_for_H")
def z_for_h(X, W1, b1, W2, b2, labels):
    Z = X @ W1 + b1
    H = np.maximum(Z, 0)
    d = (softmax(H @ W2 + b2) - np.eye(len(b2))[labels]) / len(X)
    dZ = (d @ W2.T) * (Z > 0)
    return X.T @ dZ, dZ.sum(0), Z.T @ d, d.sum(0)


@wrong("two_layer_backward", "the biases' gradients are means", "biases_averaged")
def bias_means(X, W1, b1, W2, b2, labels):
    Z = X @ W1 + b1
    H = np.maximum(Z, 0)
    d = (softmax(H @ W2 + b2) - np.eye(len(b2))[labels]) / len(X)
    dZ = (d @ W2.T) * (Z > 0)
    return X.T @ dZ, dZ.mean(0), H.T @ d, d.mean(0)


@wrong("network_backward", "the mask is taken of the layer's own output side")
def mask_of_other_layer(X, Ws, bs, labels):
    Hs = [X]
    for i, (W, b) in enumerate(zip(Ws, bs, strict=True)):
        Z = Hs[-1] @ W + b
        Hs.append(np.maximum(Z, 0) if i < len(Ws) - 1 else Z)
    d = (softmax(Hs[-1]) - np.eye(Hs[-1].shape[1])[labels]) / len(X)
    dWs, dbs = [], []
    for i in reversed(range(len(Ws))):
        dWs.insert(0, Hs[i].T @ d)
        dbs.insert(0, d.sum(0))
        d = d @ Ws[i].T
        if i > 1:
            d = d * (Hs[i] > 0)
    return dWs, dbs


@wrong("network_backward", "the lists come last layer first", "order_of_the_way_back")
def last_first(X, Ws, bs, labels):
    Hs = [X]
    for i, (W, b) in enumerate(zip(Ws, bs, strict=True)):
        Z = Hs[-1] @ W + b
        Hs.append(np.maximum(Z, 0) if i < len(Ws) - 1 else Z)
    d = (softmax(Hs[-1]) - np.eye(Hs[-1].shape[1])[labels]) / len(X)
    dWs, dbs = [], []
    for i in reversed(range(len(Ws))):
        dWs.append(Hs[i].T @ d)
        dbs.append(d.sum(0))
        if i:
            d = (d @ Ws[i].T) * (Hs[i] > 0)
    return dWs, dbs


@wrong("accuracy", "the share is a percentage", "percent")
def percent(logits, labels):
    answers = logits.argmax(axis=1)
    return answers, 100 * np.mean(answers == labels)


@wrong("accuracy", "the number of right ones, not their share", "counted")
def number_right(logits, labels):
    answers = np.array([row.argmax() for row in logits])
    return answers, float((answers == labels).sum())
