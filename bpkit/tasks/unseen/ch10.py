"""Answers to the tasks on whole networks."""

import numpy as np

from bpkit.tasks.unseen import right, wrong
from bpkit.tasks.unseen.shared import batch_gradients, softmax


def start(z, labels):
    """The gradient of the mean cross-entropy with respect to the logits."""
    return (softmax(z) - np.eye(z.shape[1])[labels]) / len(z)


@wrong("two_layer_forward", "no ReLU", "relu_missing")
def no_relu(X, W1, b1, W2, b2):
    H = X @ W1 + b1
    return H, H @ W2 + b2


@wrong("two_layer_forward", "ReLU after the second layer too", "relu_at_the_end")
def relu_twice(X, W1, b1, W2, b2):
    H = np.maximum(X @ W1 + b1, 0)
    out = np.maximum(H @ W2 + b2, 0)
    return H, out


@wrong("two_layer_forward", "softmax at the end", "softmax_applied")
def probabilities_out(X, W1, b1, W2, b2):
    hidden = np.where(X @ W1 + b1 > 0, X @ W1 + b1, 0)
    return hidden, softmax(hidden @ W2 + b2)


@wrong("two_layer_forward", "the hidden values before ReLU are returned", "Z_returned")
def before_relu(X, W1, b1, W2, b2):
    Z = X @ W1 + b1
    logits = Z.clip(min=0) @ W2 + b2
    return Z, logits


@right("two_layer_forward")
def unit_by_unit(X, W1, b1, W2, b2):
    H = np.stack([np.maximum(X @ W1[:, m] + b1[m], 0) for m in range(len(b1))], axis=1)
    logits = b2 + sum(np.outer(H[:, m], W2[m]) for m in range(len(b1)))
    return [H, logits]


@wrong("two_layer_backward", "ReLU's mask is forgotten", "relu_not_passed")
def no_mask(X, W1, b1, W2, b2, labels):
    H = np.maximum(X @ W1 + b1, 0)
    dlogits = start(H @ W2 + b2, labels)
    dZ = dlogits @ W2.T
    return X.T @ dZ, dZ.sum(axis=0), H.T @ dlogits, dlogits.sum(axis=0)


@wrong("two_layer_backward", "dW2 uses the values before ReLU", "Z_for_H")
def z_for_h(X, W1, b1, W2, b2, labels):
    Z = X @ W1 + b1
    H = np.maximum(Z, 0)
    dlogits = start(H @ W2 + b2, labels)
    dZ = dlogits @ W2.T * (Z > 0)
    return X.T @ dZ, dZ.sum(axis=0), Z.T @ dlogits, dlogits.sum(axis=0)


@wrong("two_layer_backward", "1/N is forgotten", "not_averaged")
def sum_over_batch(X, W1, b1, W2, b2, labels):
    Z = X @ W1 + b1
    H = np.maximum(Z, 0)
    p = softmax(H @ W2 + b2)
    p[range(len(p)), labels] -= 1
    dZ = np.where(Z > 0, p @ W2.T, 0)
    return X.T @ dZ, dZ.sum(axis=0), H.T @ p, p.sum(axis=0)


@wrong("two_layer_backward", "biases are averaged", "biases_averaged")
def biases_averaged(X, W1, b1, W2, b2, labels):
    H = np.maximum(X @ W1 + b1, 0)
    dlogits = start(H @ W2 + b2, labels)
    dZ = dlogits @ W2.T
    dZ[H == 0] = 0
    return X.T @ dZ, dZ.mean(axis=0), H.T @ dlogits, dlogits.mean(axis=0)


@wrong("two_layer_backward", "the first bias is forgotten on the way forward", "term")
def b1_forgotten(X, W1, b1, W2, b2, labels):
    Z = X @ W1
    H = np.maximum(Z, 0)
    d2 = start(H @ W2 + b2, labels)
    d1 = d2 @ W2.T * (Z > 0)
    return X.T @ d1, d1.sum(0), H.T @ d2, d2.sum(0)


@right("two_layer_backward")
def example_by_example(X, W1, b1, W2, b2, labels):
    grads = [np.zeros_like(a) for a in (W1, b1, W2, b2)]
    for x, label in zip(X, labels, strict=True):
        z = x @ W1 + b1
        h = np.maximum(z, 0)
        s = h @ W2 + b2
        p = np.exp(s - s.max())
        p /= p.sum()
        p[label] -= 1
        dz = (W2 @ p) * (z > 0)
        for g, part in zip(grads, (np.outer(x, dz), dz, np.outer(h, p), p), strict=True):
            g += part / len(X)
    return tuple(grads)


def forward(X, Ws, bs):
    H = [X]
    for W, b in zip(Ws[:-1], bs[:-1], strict=True):
        H.append(np.maximum(H[-1] @ W + b, 0))
    return H, H[-1] @ Ws[-1] + bs[-1]


@wrong("network_backward", "the lists come in the order of the way back", "order_of_the_way_back")
def last_first(X, Ws, bs, labels):
    H, logits = forward(X, Ws, bs)
    d = start(logits, labels)
    dWs, dbs = [], []
    for k in reversed(range(len(Ws))):
        dWs.append(H[k].T @ d)
        dbs.append(d.sum(axis=0))
        d = d @ Ws[k].T * (H[k] > 0)
    return dWs, dbs


@wrong("network_backward", "no masks on the way back", "relu_not_passed")
def without_masks(X, Ws, bs, labels):
    H, logits = forward(X, Ws, bs)
    d = start(logits, labels)
    dWs, dbs = [None] * len(Ws), [None] * len(Ws)
    for k in range(len(Ws) - 1, -1, -1):
        dWs[k], dbs[k] = H[k].T @ d, d.sum(axis=0)
        d = d @ Ws[k].T
    return dWs, dbs


@wrong("network_backward", "ReLU after the last layer as well", "relu_on_the_scores")
def relu_everywhere(X, Ws, bs, labels):
    H = [X]
    for W, b in zip(Ws, bs, strict=True):
        H.append(np.maximum(H[-1] @ W + b, 0))
    d = start(H[-1], labels) * (H[-1] > 0)
    dWs, dbs = [], []
    for k in range(len(Ws) - 1, -1, -1):
        dWs.insert(0, H[k].T @ d)
        dbs.insert(0, d.sum(axis=0))
        d = d @ Ws[k].T * (H[k] > 0)
    return dWs, dbs


@wrong("network_backward", "the biases' gradients are averaged", "biases_averaged")
def mean_biases(X, Ws, bs, labels):
    H, logits = forward(X, Ws, bs)
    d = start(logits, labels)
    dWs, dbs = [], []
    for k in reversed(range(len(Ws))):
        dWs = [H[k].T @ d, *dWs]
        dbs = [d.mean(axis=0), *dbs]
        d = (d @ Ws[k].T) * (H[k] > 0)
    return dWs, dbs


@right("network_backward")
def recursive(X, Ws, bs, labels):
    def back(H, k):
        Z = H @ Ws[k] + bs[k]
        if k == len(Ws) - 1:
            d, dWs, dbs = start(Z, labels), [], []
        else:
            d, dWs, dbs = back(np.maximum(Z, 0), k + 1)
            d = d * (Z > 0)
        return d @ Ws[k].T, [H.T @ d, *dWs], [d.sum(0), *dbs]

    return back(X, 0)[1:]


@wrong("accuracy", "the number of right answers, not their share", "counted")
def how_many(logits, labels):
    answers = logits.argmax(axis=1)
    return answers, int((answers == labels).sum())


@wrong("accuracy", "the share of wrong answers", "error_rate")
def error_rate(logits, labels):
    answers = np.argmax(logits, axis=-1)
    return answers, np.mean(answers != labels)


@wrong("accuracy", "the largest scores, not their places", "dtype", "scores_for_classes")
def scores_returned(logits, labels):
    best = logits.max(axis=1)
    return best, np.mean(logits.argmax(axis=1) == labels)


@wrong("accuracy", "in percent", "percent")
def percent(logits, labels):
    answers = np.array([int(np.argmax(row)) for row in logits])
    return answers, 100 * np.mean(answers == labels)


@right("accuracy")
def by_sorting(logits, labels):
    answers = np.argsort(logits, axis=1)[:, -1]
    hits = [a == b for a, b in zip(answers, labels, strict=True)]
    return answers, sum(hits) / len(hits)


@wrong("one_epoch", "the last, smaller minibatch is dropped", "last_batch_dropped")
def whole_batches_only(X, labels, W, b, order, batch_size, lr):
    for k in range(len(order) // batch_size):
        rows = order[k * batch_size : (k + 1) * batch_size]
        dW, db = batch_gradients(X[rows], labels[rows], W, b)
        W, b = W - lr * dW, b - lr * db
    return W, b


@wrong("one_epoch", "the order is ignored", "order_ignored")
def unshuffled(X, labels, W, b, order, batch_size, lr):
    for k in range(0, len(X), batch_size):
        dW, db = batch_gradients(X[k : k + batch_size], labels[k : k + batch_size], W, b)
        W, b = W - lr * dW, b - lr * db
    return W, b


@wrong("one_epoch", "labels are not shuffled along", "labels_not_shuffled")
def labels_left_behind(X, labels, W, b, order, batch_size, lr):
    X = X[order]
    for k in range(0, len(X), batch_size):
        dW, db = batch_gradients(X[k : k + batch_size], labels[k : k + batch_size], W, b)
        W = W - lr * dW
        b = b - lr * db
    return W, b


@wrong("one_epoch", "W is changed in place", "in place")
def in_place(X, labels, W, b, order, batch_size, lr):
    for k in range(0, len(X), batch_size):
        rows = order[k : k + batch_size]
        dW, db = batch_gradients(X[rows], labels[rows], W, b)
        W -= lr * dW
        b -= lr * db
    return W, b


@wrong("one_epoch", "all gradients are taken at the first weights", "stale_gradients")
def one_step_of_all(X, labels, W, b, order, batch_size, lr):
    W0, b0 = W.copy(), b.copy()
    for k in range(0, len(X), batch_size):
        rows = order[k : k + batch_size]
        dW, db = batch_gradients(X[rows], labels[rows], W0, b0)
        W = W - lr * dW
        b = b - lr * db
    return W, b


@right("one_epoch")
def by_split(X, labels, W, b, order, batch_size, lr):
    todo = list(order)
    while todo:
        rows, todo = todo[:batch_size], todo[batch_size:]
        dW, db = batch_gradients(X[rows], labels[rows], W, b)
        W, b = W + -lr * dW, b + -lr * db
    return W, b


@wrong("tied_backward", "only the decoder's use of W sends back", "second_use_only")
def decoder_only(X, W, b, c):
    H = np.tanh(X @ W + b)
    dY = 2 * (H @ W.T + c - X) / X.size
    dZ = dY @ W * (1 - H**2)
    return dY.T @ H, dZ.sum(axis=0), dY.sum(axis=0)


@wrong("tied_backward", "only the encoder's use of W sends back", "first_use_only")
def encoder_only(X, W, b, c):
    H = np.tanh(X @ W + b)
    dY = 2 * (H @ W.T + c - X) / X.size
    dZ = dY @ W * (1 - H**2)
    return X.T @ dZ, dZ.sum(axis=0), dY.sum(axis=0)


@wrong("tied_backward", "divided by N, not by all entries", "divided_by_N")
def over_n(X, W, b, c):
    H = np.tanh(X @ W + b)
    dY = 2 * (H @ W.T + c - X) / len(X)
    dZ = dY @ W * (1 - H**2)
    return X.T @ dZ + dY.T @ H, dZ.sum(axis=0), dY.sum(axis=0)


@wrong("tied_backward", "the slope of tanh is missing", "tanh_not_passed")
def no_slope(X, W, b, c):
    H = np.tanh(X @ W + b)
    E = H @ W.T + c - X
    dY = E * 2 / E.size
    dH = dY @ W
    return X.T @ dH + dY.T @ H, dH.sum(axis=0), dY.sum(axis=0)


@right("tied_backward")
def by_einsum(X, W, b, c):
    H = np.tanh(np.einsum("nd,dm->nm", X, W) + b)
    E = (np.einsum("nm,dm->nd", H, W) + c - X) * (2 / X.size)
    Z = np.einsum("nd,dm,nm->nm", E, W, 1 / np.cosh(np.arctanh(H)) ** 2)
    return np.einsum("nd,nm->dm", X, Z) + np.einsum("nd,nm->dm", E, H), Z.sum(0), E.sum(0)
