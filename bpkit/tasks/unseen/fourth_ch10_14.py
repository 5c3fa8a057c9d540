"""A fourth wave, written from the statements alone: chapters 10 to 14."""

import numpy as np

from bpkit.tasks.unseen import wrong
from bpkit.tasks.unseen.shared import batch_gradients


@wrong("accuracy", "the largest score itself", "constant", "dtype")
def the_score(logits, labels):
    answers = logits.max(axis=1)
    return answers, (answers == labels).mean()


@wrong("one_epoch", "all minibatches use the first weights", "stale_gradients")
def first_weights(X, labels, W, b, order, batch_size, lr):
    W1, b1 = W.copy(), b.copy()
    for s in range(0, len(order), batch_size):
        i = order[s : s + batch_size]
        dW, db = batch_gradients(X[i], labels[i], W, b)
        W1 -= lr * dW
        b1 -= lr * db
    return W1, b1


@wrong("one_epoch", "the rows are shuffled, the labels are not", "labels_not_shuffled")
def labels_unshuffled(X, labels, W, b, order, batch_size, lr):
    for s in range(0, len(order), batch_size):
        dW, db = batch_gradients(X[order[s : s + batch_size]], labels[s : s + batch_size], W, b)
        W, b = W - lr * dW, b - lr * db
    return W, b


@wrong("tied_backward", "only the decoder's use of W", "second_use_only")
def decoder_only(X, W, b, c):
    H = np.tanh(X @ W + b)
    d = 2 * (H @ W.T + c - X) / X.size
    dZ = (d @ W) * (1 - H**2)
    return d.T @ H, dZ.sum(0), d.sum(0)


@wrong("tied_backward", "averaged over the rows", "divided_by_N")
def rows_averaged(X, W, b, c):
    H = np.tanh(X @ W + b)
    d = 2 * (H @ W.T + c - X) / len(X)
    dZ = (d @ W) * (1 - H**2)
    return X.T @ dZ + d.T @ H, dZ.sum(0), d.sum(0)


@wrong("sgd_step", "the gradient's sign only", "sign_only")
def sign_only(w, g, lr):
    return w - lr * np.sign(g)


@wrong("sgd_step", "lr scales w too", "rate_on_both")
def lr_scales(w, g, lr):
    return lr * (w - g)


@wrong("early_stopping", "patience counts from the first epoch, not the best", "counter_not_reset")
def patience_total(losses, patience):
    best, waited = 0, 0
    for t in range(1, len(losses)):
        if losses[t] < losses[best]:
            best = t
        else:
            waited += 1
        if waited == patience:
            return t, best
    return len(losses) - 1, best


@wrong("early_stopping", "compares with the epoch before", "compared_with_previous")
def epoch_before(losses, patience):
    best, waited = 0, 0
    for t in range(1, len(losses)):
        if losses[t] < losses[t - 1]:
            best, waited = t, 0
        else:
            waited += 1
            if waited >= patience:
                return t, best
    return len(losses) - 1, best


@wrong("early_stopping", "an equal loss counts as better", "equal_counts")
def equal_is_better(losses, patience):
    best = 0
    for t, loss in enumerate(losses):
        if loss <= losses[best]:
            best = t
        if t - best >= patience:
            return t, best
    return len(losses) - 1, best


@wrong("exact_step", "the rate's 2 is forgotten in the gradient", "two_forgotten")
def gradient_without_two(X, y, w):
    N = len(y)
    g = X.T @ (X @ w - y) / N
    lr = g @ g / (2 * np.sum((X @ g) ** 2) / N)
    return w - lr * g, lr


@wrong("exact_step", "a unit gradient")
def unit_gradient(X, y, w):
    g = 2 * X.T @ (X @ w - y) / len(y)
    u = g / np.linalg.norm(g)
    lr = (g @ u) * len(y) / (2 * np.sum((X @ u) ** 2))
    return w - lr * u, lr


@wrong("momentum_step", "the step uses the old velocity", "old_memory_used")
def old_velocity(w, g, v, lr, beta):
    return w - lr * v, beta * v + g


@wrong("momentum_step", "lr is inside the velocity, as in other books", "rate_and_sign_in_velocity")
def lr_inside(w, g, v, lr, beta):
    v = beta * v - lr * g
    return w + v, v


@wrong("nesterov_step", "plain momentum's step plus the gradient, without beta", "not_faded")
def beta_lost(w, g, v, lr, beta):
    v = beta * v + g
    return w - lr * (g + v), v


@wrong("nesterov_step", "the look-ahead uses the old velocity", "plain_momentum")
def looks_back(w, g, v, lr, beta):
    new = beta * v + g
    return w - lr * (g + beta * v), new


@wrong("rmsprop_step", "the running mean is of g, not its square", "not_squared", "operand")
def mean_of_g(w, g, s, lr, decay, eps):
    s = decay * s + (1 - decay) * g
    return w - lr * g / (np.sqrt(np.abs(s)) + eps), s


@wrong("rmsprop_step", "no root", "no_root")
def no_root(w, g, s, lr, decay, eps):
    s = decay * s + (1 - decay) * g * g
    return w - lr * g / (s + eps), s


@wrong("adam_step", "t counts from 0 in the correction", "t_off_by_one")
def t_from_zero(w, g, m, v, t, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    return w - lr * (m / (1 - beta1 ** (t + 1))) / (np.sqrt(v / (1 - beta2 ** (t + 1))) + eps), m, v


@wrong("adamw_step", "the decay is not scaled by lr", "decay_without_rate")
def decay_unscaled(w, g, m, v, t, lr, beta1, beta2, eps, weight_decay):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    mh, vh = m / (1 - beta1**t), v / (1 - beta2**t)
    return w - lr * mh / (np.sqrt(vh) + eps) - weight_decay * w, m, v


@wrong("adamw_step", "the decay is in the gradient, plain Adam with L2", "decay_in_gradient")
def l2(w, g, m, v, t, lr, beta1, beta2, eps, weight_decay):
    g = g + weight_decay * w
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    return w - lr * (m / (1 - beta1**t)) / (np.sqrt(v / (1 - beta2**t)) + eps), m, v


@wrong("cosine_schedule", "the cosine runs from update 0", "cosine_counts_warmup")
def from_zero(lr, floor, warmup, total):
    t = np.arange(total)
    cos = floor + (lr - floor) * (1 + np.cos(np.pi * t / total)) / 2
    return np.where(t < warmup, lr * (t + 1) / warmup, cos)


@wrong("cosine_schedule", "falls to 0, not the floor", "no_floor")
def to_zero(lr, floor, warmup, total):
    t = np.arange(total)
    part = (t - warmup) / (total - warmup)
    return np.where(t < warmup, lr * (t + 1) / warmup, lr * (1 + np.cos(np.pi * part)) / 2)


@wrong("amsgrad_step", "the old maximum divides", "old_top_used")
def old_top(w, g, m, v, top, lr, beta1, beta2, eps):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    return w - lr * m / (np.sqrt(top) + eps), m, v, np.maximum(top, v)


@wrong("amsgrad_step", "the maximum over all parameters", "one_for_all")
def one_maximum(w, g, m, v, top, lr, beta1, beta2, eps):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    top = np.full_like(top, max(top.max(), v.max()))
    return w - lr * m / (np.sqrt(top) + eps), m, v, top


@wrong("he_scales", "the variance, not its root", "variance")
def variances(shapes):
    return [2 / int(np.prod(s[1:])) if len(s) == 4 else 2 / s[0] for s in shapes]


@wrong("he_scales", "Glorot's rule", "both_ways")
def glorot(shapes):
    out = []
    for s in shapes:
        if len(s) == 2:
            out.append((2 / (s[0] + s[1])) ** 0.5)
        else:
            out.append((2 / ((s[0] + s[1]) * s[2] * s[3])) ** 0.5)
    return out


@wrong("clip_by_norm", "each array by its own norm", "each_by_itself")
def each_by_itself(grads, limit):
    out = []
    for g in grads:
        n = np.linalg.norm(g)
        out.append(g * limit / n if n > limit else g.copy())
    return out


@wrong("clip_by_norm", "always scaled, also short ones", "always_scaled")
def always(grads, limit):
    n = np.sqrt(sum((g * g).sum() for g in grads))
    return [g * (limit / n if n else 1.0) for g in grads]


@wrong("clip_by_norm", "the sum of the norms is the joint norm", "lengths_added")
def sum_of_norms(grads, limit):
    n = sum(np.linalg.norm(g) for g in grads)
    return [g * (limit / n) if n > limit else g + 0 for g in grads]


@wrong("residual_backward", "the skip is left out going back", "skip_forgotten")
def skip_lost(dY, X, a):
    states = [X]
    for k in a:
        states.append(states[-1] + k * np.tanh(states[-1]))
    da = np.zeros_like(a)
    for k in range(len(a) - 1, -1, -1):
        t = np.tanh(states[k])
        da[k] = (dY * t).sum()
        dY = dY * a[k] * (1 - t**2)
    return dY, da


@wrong("residual_backward", "the upstream gradient of da is always the last one", "da_from_the_top")
def last_upstream(dY, X, a):
    states = [X]
    for k in a:
        states.append(states[-1] + k * np.tanh(states[-1]))
    da, g = np.zeros_like(a), dY
    for k in range(len(a) - 1, -1, -1):
        t = np.tanh(states[k])
        da[k] = np.sum(dY * t)
        g = g * (1 + a[k] * (1 - t**2))
    return g, da


@wrong("residual_backward", "blocks are not chained going forward: X everywhere", "nothing_kept")
def x_everywhere(dY, X, a):
    t = np.tanh(X)
    da, g = np.zeros_like(a), dY
    for k in range(len(a) - 1, -1, -1):
        da[k] = np.sum(g * t)
        g = g * (1 + a[k] * (1 - t**2))
    return g, da


@wrong("weight_decay_gradient", "the sign of W only, as in L1", "absolute_values")
def l1(dW, db, W, b, decay):
    return dW + decay * np.sign(W), db


@wrong("weight_decay_gradient", "the penalty's value is added", "penalty_added")
def penalty_value(dW, db, W, b, decay):
    return dW + decay / 2 * np.sum(W**2), db


@wrong("dropout_forward", "divided by the rate", "divided_by_rate")
def by_rate(X, keep, rate):
    return np.where(keep, X / rate, 0)


@wrong("dropout_backward", "the mask's share in place of the rate", "share_counted")
def measured_share(dY, keep, rate):
    return dY * keep / keep.mean()
