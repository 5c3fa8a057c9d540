"""An eighth wave, written from the statements alone: chapters 10 to 15."""

# ruff: noqa: B905, E741 - it stands as it was written

import numpy as np

from bpkit.tasks.unseen import wrong
from bpkit.tasks.unseen.shared import batch_gradients
from bpkit.tasks.unseen.shared import softmax as soft


@wrong(
    "two_layer_backward",
    "db1 is summed before ReLU's mask is applied, and nothing is divided by the number of examples",
    "not_averaged",
    "operand",
)
def two_layer_db1_early_and_no_mean(X, W1, b1, W2, b2, labels):
    Z = X @ W1 + b1
    H = np.maximum(Z, 0)
    dlogits = soft(H @ W2 + b2) - np.eye(W2.shape[1])[labels]
    dW2 = H.T @ dlogits
    db2 = dlogits.sum(axis=0)
    dH = dlogits @ W2.T
    db1 = dH.sum(axis=0)
    dH[Z <= 0] = 0
    dW1 = X.T @ dH
    return dW1, db1, dW2, db2


@wrong(
    "network_backward",
    "the gradients are collected from the last layer on and returned in that order",
    "order_of_the_way_back",
)
def network_lists_backward(X, Ws, bs, labels):
    acts = [X]
    for W, b in zip(Ws[:-1], bs[:-1]):
        acts.append(np.maximum(acts[-1] @ W + b, 0))
    delta = soft(acts[-1] @ Ws[-1] + bs[-1])
    delta[range(len(X)), labels] -= 1
    delta = delta / len(X)
    dWs, dbs = [], []
    while acts:
        H = acts.pop()
        dWs.append(H.T @ delta)
        dbs.append(delta.sum(axis=0))
        delta = (delta @ Ws[len(acts)].T) * (H > 0)
    return dWs, dbs


@wrong(
    "network_backward",
    "ReLU is applied after the last layer too, going forward",
    "relu_on_the_scores",
)
def network_relu_on_logits(X, Ws, bs, labels):
    L = len(Ws)
    Hs = [X]
    for l in range(L):
        Hs.append(np.maximum(0, Hs[l] @ Ws[l] + bs[l]))
    g = (soft(Hs[L]) - np.eye(Hs[L].shape[1])[labels]) / X.shape[0]
    dWs, dbs = [None] * L, [None] * L
    for l in range(L - 1, -1, -1):
        g = g * (Hs[l + 1] > 0)
        dWs[l] = Hs[l].T @ g
        dbs[l] = g.sum(axis=0)
        g = g @ Ws[l].T
    return dWs, dbs


@wrong(
    "accuracy",
    "the number of right answers is divided by the number of logits instead of by that of"
    " the examples",
    "factor",
)
def accuracy_over_all_logits(logits, labels):
    answers = logits.argmax(axis=1)
    right = 0
    for a, l in zip(answers, labels):
        if a == l:
            right += 1
    return answers, right / logits.size


@wrong(
    "one_epoch",
    "all gradients of the epoch are taken at the weights it began with",
    "stale_gradients",
)
def epoch_gradients_at_first_weights(X, labels, W, b, order, batch_size, lr):
    W_new, b_new = W.copy(), b.copy()
    for start in range(0, len(order), batch_size):
        rows = order[start : start + batch_size]
        dW, db = batch_gradients(X[rows], labels[rows], W, b)
        W_new = W_new - lr * dW
        b_new = b_new - lr * db
    return W_new, b_new


@wrong(
    "one_epoch",
    "the labels are not shuffled along with X, and a last, smaller minibatch is dropped",
    "labels_not_shuffled",
    "last_batch_dropped",
)
def epoch_labels_stay_and_rest_dropped(X, labels, W, b, order, batch_size, lr):
    Xs = X[order]
    for k in range(len(X) // batch_size):
        s = slice(k * batch_size, (k + 1) * batch_size)
        dW, db = batch_gradients(Xs[s], labels[s], W, b)
        W, b = W - lr * dW, b - lr * db
    return W, b


@wrong(
    "sgd_step",
    "the gradient is brought to length 1 first, so that every step is lr long",
    "unit_length",
)
def sgd_unit_direction(w, g, lr):
    direction = g / np.linalg.norm(g)
    return w - lr * direction


@wrong(
    "early_stopping",
    "each epoch is compared with the one before it, not with the best so far",
    "compared_with_previous",
)
def stopping_compares_with_previous(losses, patience):
    bad = 0
    best = 0
    for epoch in range(1, len(losses)):
        if losses[epoch] < losses[epoch - 1]:
            bad = 0
            best = epoch
        else:
            bad += 1
        if bad == patience:
            return epoch, best
    return len(losses) - 1, best


@wrong(
    "early_stopping",
    "best is the lowest of all losses, also of those after the stop",
    "best_of_all",
)
def stopping_best_of_all(losses, patience):
    best = int(np.argmin(losses))
    low, since = np.inf, 0
    stop = len(losses) - 1
    for t, loss in enumerate(losses):
        if loss < low:
            low, since = loss, 0
        else:
            since += 1
            if since >= patience:
                stop = t
                break
    return stop, best


@wrong(
    "rmsprop_step",
    "decay is swapped: it weighs the new square, and 1 - decay the old mean",
    "weights_exchanged",
)
def rmsprop_decay_swapped(w, g, s, lr, decay, eps):
    s_new = s + decay * (g * g - s)
    return w - lr * g / (np.sqrt(s_new) + eps), s_new


@wrong(
    "adam_step",
    "the corrected means are returned as the new m and v, so that they are corrected "
    "again at the next step",
    "corrected_means_kept",
)
def adam_returns_corrected(w, g, m, v, t, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    m = m / (1 - beta1**t)
    v = v / (1 - beta2**t)
    w = w - lr * m / (np.sqrt(v) + eps)
    return w, m, v


@wrong("adam_step", "the mean of squares is corrected with beta1 instead of beta2", "operand")
def adam_one_correction(w, g, m, v, t, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    m_new = beta1 * m + (1 - beta1) * g
    v_new = beta2 * v + (1 - beta2) * g * g
    bias = 1 - beta1**t
    m_hat, v_hat = m_new / bias, v_new / bias
    return w - lr * m_hat / (v_hat**0.5 + eps), m_new, v_new


@wrong(
    "adamw_step",
    "the decay is added to the gradient before the running means, so that Adam's division"
    " touches it",
    "decay_in_gradient",
)
def adamw_decay_in_gradient(w, g, m, v, t, lr, beta1, beta2, eps, weight_decay):
    g = g + weight_decay * w
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    mh = m / (1 - beta1**t)
    vh = v / (1 - beta2**t)
    return w - lr * mh / (np.sqrt(vh) + eps), m, v


@wrong(
    "adamw_step",
    "the decay is not multiplied by lr, and no bias correction is made",
    "decay_without_rate",
    "no_correction",
)
def adamw_decay_without_lr(w, g, m, v, t, lr, beta1, beta2, eps, weight_decay):
    new_m = beta1 * m + (1 - beta1) * g
    new_v = beta2 * v + (1 - beta2) * g**2
    new_w = (1 - weight_decay) * w
    new_w = new_w - lr * new_m / (np.sqrt(new_v) + eps)
    return new_w, new_m, new_v


@wrong(
    "cosine_schedule",
    "the cosine counts from update 0 over all updates, not from the end of the warm-up",
    "cosine_counts_warmup",
)
def cosine_counts_from_zero(lr, floor, warmup, total):
    rates = np.zeros(total)
    for t in range(total):
        if t < warmup:
            rates[t] = lr * (t + 1) / warmup
        else:
            rates[t] = floor + (lr - floor) * (1 + np.cos(np.pi * t / total)) / 2
    return rates


@wrong(
    "cosine_schedule",
    "the climb starts at 0 instead of lr / warmup, and the floor is reached at the last "
    "update instead of one after it",
    "floor_at_the_last",
    "warmup_from_zero",
)
def cosine_off_at_both_ends(lr, floor, warmup, total):
    t = np.arange(total)
    climb = lr * t / max(warmup, 1)
    along = (t - warmup) / max(total - 1 - warmup, 1)
    fall = floor + 0.5 * (lr - floor) * (1 + np.cos(np.pi * along))
    return np.where(t < warmup, climb, fall)


@wrong(
    "he_scales",
    "a kernel counts its output channels as inputs: the first number of every shape is "
    "taken, as in a matrix",
    "kernel_outputs",
)
def he_first_axis_always(shapes):
    out = []
    for first, *rest in shapes:
        window = rest[1] * rest[2] if len(rest) == 3 else 1
        out.append((2 / (first * window)) ** 0.5)
    return out


@wrong(
    "clip_by_norm",
    "the joint length is the sum of the arrays' lengths, not the root of the sum of squares",
    "lengths_added",
)
def clip_adds_lengths(grads, limit):
    total = sum(np.linalg.norm(g) for g in grads)
    factor = min(1.0, limit / total) if total > 0 else 1.0
    return [factor * g for g in grads]


@wrong("weight_decay_gradient", "the bias is penalized too", "bias_decays")
def decay_on_bias_too(dW, db, W, b, decay):
    grads = []
    for grad, param in ((dW, W), (db, b)):
        grads.append(grad + decay * param)
    return tuple(grads)


@wrong(
    "dropout_forward",
    "the kept entries are scaled by the share that was really kept, not by 1 - rate",
    "share_counted",
)
def dropout_by_share_of_mask(X, keep, rate):
    Y = np.where(keep, X, 0.0)
    really_kept = keep.sum() / keep.size
    if really_kept > 0:
        Y = Y / really_kept
    return Y


@wrong(
    "dropout_backward",
    "where an entry was dropped, the gradient is let through unscaled instead of being 0",
    "unchanged",
)
def dropout_back_lets_dropped_through(dY, keep, rate):
    dX = dY.copy()
    dX[keep] /= 1 - rate
    return dX


@wrong(
    "batch_norm_forward",
    "the batch is normalized by the running statistics instead of by its own",
    "new_running_used",
)
def bn_normalizes_by_running(X, gamma, beta, running_mean, running_var, momentum, eps):
    N = len(X)
    mu, var = X.mean(axis=0), X.var(axis=0)
    new_mean = (1 - momentum) * running_mean + momentum * mu
    new_var = (1 - momentum) * running_var + momentum * var * N / (N - 1)
    Y = gamma * (X - new_mean) / np.sqrt(new_var + eps) + beta
    return Y, new_mean, new_var
