"""A seventh wave, written from the statements alone: chapters 9 to 12."""

# ruff: noqa: B905, E741 - it stands as it was written

import numpy as np

from bpkit.tasks.unseen import wrong
from bpkit.tasks.unseen.shared import batch_gradients
from bpkit.tasks.unseen.shared import softmax as row_softmax


@wrong(
    "cross_entropy",
    "takes minus the logarithm of the mean probability, not the mean of the logarithms",
    "log_of_the_mean",
)
def log_of_the_mean(logits, labels):
    p = row_softmax(logits)
    right = [p[n, labels[n]] for n in range(len(labels))]
    return -np.log(np.mean(right))


@wrong(
    "softmax_cross_entropy_backward",
    "the 1 is taken from the exponential before the division by the row's sum, so it is "
    "divided too",
    "brackets",
)
def one_before_the_division(logits, labels):
    N = len(labels)
    e = np.exp(logits - logits.max(axis=1, keepdims=True))
    total = e.sum(axis=1, keepdims=True)
    e[np.arange(N), labels] -= 1
    return e / total / N


@wrong(
    "label_smoothing_backward",
    "shrinks the gradient of the hard labels by 1 - smoothing, and deals nothing out to "
    "the classes",
    "gradient_shrunk",
)
def shrinks_the_gradient(logits, labels, smoothing):
    N, K = logits.shape
    hard = np.eye(K)[labels]
    return (1 - smoothing) * (row_softmax(logits) - hard) / N


@wrong("two_layer_forward", "ReLU is applied before the bias is added", "b1_after_relu")
def bias_after_relu(X, W1, b1, W2, b2):
    H = np.maximum(X @ W1, 0) + b1
    logits = H @ W2 + b2
    return H, logits


@wrong(
    "two_layer_backward",
    "two mistakes: db1 is summed from the gradient at H, before it has gone back through "
    "ReLU, and nothing is divided by N",
    "not_averaged",
    "operand",
)
def db1_above_the_relu(X, W1, b1, W2, b2, labels):
    N = len(X)
    Z = X @ W1 + b1
    H = np.maximum(Z, 0)
    d = row_softmax(H @ W2 + b2)
    d[np.arange(N), labels] -= 1
    dW2 = H.T @ d
    db2 = d.sum(axis=0)
    dH = d @ W2.T
    db1 = dH.sum(axis=0)
    dZ = dH * (Z > 0)
    dW1 = X.T @ dZ
    return dW1, db1, dW2, db2


@wrong(
    "network_backward",
    "keeps the values before ReLU and uses them as the layers' inputs when it makes the "
    "weight gradients",
)
def keeps_z_for_h(X, Ws, bs, labels):
    L = len(Ws)
    inputs = [X]
    H = X
    for l in range(L):
        Z = H @ Ws[l] + bs[l]
        inputs.append(Z)
        H = np.maximum(Z, 0)
    logits = inputs[-1]
    delta = row_softmax(logits)
    delta[np.arange(len(X)), labels] -= 1
    delta /= len(X)
    dWs = [None] * L
    dbs = [None] * L
    for l in reversed(range(L)):
        dWs[l] = inputs[l].T @ delta
        dbs[l] = delta.sum(axis=0)
        if l > 0:
            delta = (delta @ Ws[l].T) * (inputs[l] > 0)
    return dWs, dbs


@wrong(
    "network_backward",
    "going forward, ReLU also follows the last layer, so negative logits are lost",
    "relu_on_the_scores",
)
def relu_on_the_logits(X, Ws, bs, labels):
    Hs = [X]
    for W, b in zip(Ws, bs):
        Hs.append(np.maximum(Hs[-1] @ W + b, 0))
    N = len(labels)
    g = (row_softmax(Hs[-1]) - np.eye(Hs[-1].shape[1])[labels]) / N
    dWs, dbs = [], []
    for l in range(len(Ws) - 1, -1, -1):
        g = g * (Hs[l + 1] > 0)
        dWs.insert(0, Hs[l].T @ g)
        dbs.insert(0, g.sum(axis=0))
        g = g @ Ws[l].T
    return dWs, dbs


@wrong(
    "network_backward",
    "the mask of ReLU is left out at the first hidden layer, since the loop masks only while l > 1",
)
def mask_stops_one_early(X, Ws, bs, labels):
    L = len(Ws)
    Hs = [X]
    for l in range(L - 1):
        Hs.append(np.maximum(Hs[l] @ Ws[l] + bs[l], 0))
    p = row_softmax(Hs[-1] @ Ws[-1] + bs[-1])
    p[np.arange(len(X)), labels] -= 1
    d = p / len(X)
    dWs, dbs = [0] * L, [0] * L
    l = L - 1
    while l >= 0:
        dWs[l] = Hs[l].T @ d
        dbs[l] = d.sum(0)
        d = d @ Ws[l].T
        if l > 1:
            d = d * (Hs[l] > 0)
        l -= 1
    return dWs, dbs


@wrong(
    "accuracy",
    "divides the number of right answers by the number of classes, not of examples",
    "divided_by_K",
)
def divided_by_classes(logits, labels):
    answers = np.argmax(logits, axis=1)
    right = 0
    for a, label in zip(answers, labels):
        if a == label:
            right += 1
    return answers, right / logits.shape[1]


@wrong(
    "one_epoch",
    "the rows of X are shuffled but the labels are not, so they no longer belong together",
    "labels_not_shuffled",
)
def labels_not_shuffled(X, labels, W, b, order, batch_size, lr):
    Xs = X[order]
    W, b = W.copy(), b.copy()
    for i in range(0, len(X), batch_size):
        dW, db = batch_gradients(Xs[i : i + batch_size], labels[i : i + batch_size], W, b)
        W -= lr * dW
        b -= lr * db
    return W, b


@wrong(
    "one_epoch",
    "two mistakes: the gradients are all taken at the weights the epoch began with, and "
    "the smaller last minibatch is left out",
    "last_batch_dropped",
    "stale_gradients",
)
def stale_and_short(X, labels, W, b, order, batch_size, lr):
    newW = W.copy()
    newb = b.copy()
    for k in range(len(order) // batch_size):
        rows = order[k * batch_size : (k + 1) * batch_size]
        dW, db = batch_gradients(X[rows], labels[rows], W, b)
        newW = newW - lr * dW
        newb = newb - lr * db
    return newW, newb


@wrong(
    "early_stopping",
    "each loss is compared with the epoch before it and not with the best so far",
    "compared_with_previous",
)
def compares_with_the_last(losses, patience):
    best = 0
    for t in range(1, len(losses)):
        if losses[t] < losses[t - 1]:
            best = t
        if t - best >= patience:
            return t, best
    return len(losses) - 1, best


@wrong(
    "early_stopping",
    "the bad epochs are counted in all, and the count does not go back to 0 at a new best",
    "counter_not_reset",
)
def counter_not_reset(losses, patience):
    best, low, bad = 0, losses[0], 0
    for t in range(1, len(losses)):
        if losses[t] < low:
            low = losses[t]
            best = t
        else:
            bad += 1
            if bad == patience:
                return t, best
    return len(losses) - 1, best


@wrong(
    "early_stopping",
    "the best epoch is searched in all losses, also in those after training has stopped",
    "best_of_all",
)
def best_of_the_future(losses, patience):
    lowest, since = np.inf, 0
    stop = len(losses) - 1
    for t, loss in enumerate(losses):
        if loss < lowest:
            lowest, since = loss, 0
        else:
            since += 1
        if since == patience:
            stop = t
            break
    return stop, int(np.argmin(losses))


@wrong(
    "momentum_step",
    "the learning rate is put into the velocity, v = beta v + lr g, and the parameters "
    "move by v alone",
    "rate_in_velocity",
)
def rate_inside_the_velocity(w, g, v, lr, beta):
    v = beta * v + lr * g
    w = w - v
    return w, v


@wrong(
    "nesterov_step",
    "beta multiplies the old velocity in the direction, which makes it plain momentum",
    "plain_momentum",
)
def old_velocity_in_the_direction(w, g, v, lr, beta):
    new_v = beta * v + g
    direction = g + beta * v
    return w - lr * direction, new_v


@wrong("rmsprop_step", "decay and 1 - decay are exchanged in the running mean", "weights_exchanged")
def shares_exchanged(w, g, s, lr, decay, eps):
    s_new = (1 - decay) * s + decay * g**2
    w_new = w - lr * g / (np.sqrt(s_new) + eps)
    return w_new, s_new


@wrong(
    "adam_step",
    "returns the corrected means, so they will be corrected again at the next step",
    "corrected_means_kept",
)
def keeps_the_corrected(w, g, m, v, t, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    m = (beta1 * m + (1 - beta1) * g) / (1 - beta1**t)
    v = (beta2 * v + (1 - beta2) * g**2) / (1 - beta2**t)
    w = w - lr * m / (np.sqrt(v) + eps)
    return w, m, v


@wrong(
    "adam_step",
    "two mistakes: the square's mean is not corrected, and its decay is beta1 in place of beta2",
    "independent",
)
def square_uncorrected_with_beta1(w, g, m, v, t, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    m2 = beta1 * m + (1 - beta1) * g
    v2 = beta1 * v + (1 - beta1) * g**2
    mhat = m2 / (1 - beta1**t)
    return w - lr * mhat / (np.sqrt(v2) + eps), m2, v2


@wrong(
    "adamw_step",
    "the decay is taken from the weights after Adam's step and not from the old ones",
    "decay_after_step",
)
def decays_the_new_weights(w, g, m, v, t, lr, beta1, beta2, eps, weight_decay):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    mh = m / (1 - beta1**t)
    vh = v / (1 - beta2**t)
    w = w - lr * mh / (np.sqrt(vh) + eps)
    w = w - lr * weight_decay * w
    return w, m, v


@wrong(
    "cosine_schedule",
    "the cosine is counted from update 0 over all of total, and not from the end of the warm-up",
    "cosine_counts_warmup",
)
def cosine_from_zero(lr, floor, warmup, total):
    rates = np.zeros(total)
    for t in range(total):
        if t < warmup:
            rates[t] = lr * (t + 1) / warmup
        else:
            rates[t] = floor + 0.5 * (lr - floor) * (1 + np.cos(np.pi * t / total))
    return rates


@wrong(
    "cosine_schedule",
    "half the cosine is scaled by lr and then floor is added, so it begins at lr + floor",
    "floor_added",
)
def floor_on_top(lr, floor, warmup, total):
    up = [lr * (k + 1) / warmup for k in range(warmup)]
    n = total - warmup
    down = [floor + lr * 0.5 * (1 + np.cos(np.pi * k / n)) for k in range(n)]
    return np.array(up + down)
