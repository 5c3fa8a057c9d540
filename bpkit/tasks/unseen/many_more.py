"""Answers to two tasks, many to each: a loss and an optimizer."""

import numpy as np

from bpkit.tasks.unseen import wrong
from bpkit.tasks.unseen.shared import softmax


def one_hot(labels, logits):
    return (np.arange(logits.shape[1]) == labels[:, None]).astype(float)


@wrong("softmax_cross_entropy_backward", "sum with a sign", "not_averaged", "sign")
def sum_with_a_sign(logits, labels):
    return one_hot(labels, logits) - softmax(logits)


@wrong("softmax_cross_entropy_backward", "unstable sum", "no_maximum", "not_averaged", "overflow")
def unstable_sum(logits, labels):
    e = np.exp(logits)
    return e / e.sum(axis=1, keepdims=True) - one_hot(labels, logits)


@wrong("softmax_cross_entropy_backward", "unstable", "no_maximum", "overflow")
def unstable(logits, labels):
    e = np.exp(logits)
    p = e / np.sum(e, axis=1).reshape(-1, 1)
    for n in range(len(labels)):
        p[n, labels[n]] -= 1
    return p / len(p)


@wrong("softmax_cross_entropy_backward", "doubled", "factor")
def doubled(logits, labels):
    return 2 * (softmax(logits) - one_hot(labels, logits)) / len(labels)


@wrong("softmax_cross_entropy_backward", "target added", "sign")
def target_added(logits, labels):
    return (softmax(logits) + one_hot(labels, logits)) / len(labels)


@wrong("softmax_cross_entropy_backward", "squared", "function", "factor")
def squared(logits, labels):
    return (softmax(logits) - one_hot(labels, logits)) ** 2 / len(labels)


@wrong("softmax_cross_entropy_backward", "only at the label", "where", "zeros")
def only_at_the_label(logits, labels):
    p = softmax(logits)
    return one_hot(labels, logits) * (p - 1) / len(labels)


@wrong("softmax_cross_entropy_backward", "labels off by one", "supposed")
def labels_off_by_one(logits, labels):
    shifted = (labels + 1) % logits.shape[1]
    return (softmax(logits) - one_hot(shifted, logits)) / len(labels)


@wrong("softmax_cross_entropy_backward", "sigmoid for softmax", "logits_for_probabilities")
def sigmoid_for_softmax(logits, labels):
    p = 1 / (1 + np.exp(-np.clip(logits, -500, 500)))
    return (p - one_hot(labels, logits)) / len(labels)


@wrong("softmax_cross_entropy_backward", "log softmax", "function")
def log_softmax(logits, labels):
    p = np.log(softmax(logits) + 1e-300)
    return (p - one_hot(labels, logits)) / len(labels)


@wrong("softmax_cross_entropy_backward", "turned softmax", "transpose")
def turned_softmax(logits, labels):
    return ((softmax(logits) - one_hot(labels, logits)) / len(labels)).T


@wrong("softmax_cross_entropy_backward", "the loss", "shape")
def the_loss(logits, labels):
    return -np.mean(np.log(softmax(logits)[np.arange(len(labels)), labels] + 1e-300))


@wrong("softmax_cross_entropy_backward", "loss and gradient", "container")
def loss_and_gradient(logits, labels):
    return 1.0, (softmax(logits) - one_hot(labels, logits)) / len(labels)


@wrong("softmax_cross_entropy_backward", "averaged over the batch", "axis")
def averaged_over_the_batch(logits, labels):
    return ((softmax(logits) - one_hot(labels, logits)) / len(labels)).sum(axis=0)


def adam(w, g, m, v, t, lr, beta1, beta2, eps, **change):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    mh, vh = m / (1 - beta1**t), v / (1 - beta2**t)
    return w, m, v, mh, vh


@wrong("adam_step", "no root and uphill", "no_root", "uphill")
def no_root_and_uphill(w, g, m, v, t, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    w, m, v, mh, vh = adam(w, g, m, v, t, lr, beta1, beta2, eps)
    return w + lr * mh / (vh + eps), m, v


@wrong("adam_step", "only the step", "term")
def only_the_step(w, g, m, v, t, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    w, m, v, mh, vh = adam(w, g, m, v, t, lr, beta1, beta2, eps)
    return -lr * mh / (np.sqrt(vh) + eps), m, v


@wrong("adam_step", "two named edits", "eps_inside", "no_correction")
def two_named_edits(w, g, m, v, t, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    return w - lr * m / np.sqrt(v + eps), m, v


@wrong("adam_step", "no rate", "missing factor")
def no_rate(w, g, m, v, t, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    w, m, v, mh, vh = adam(w, g, m, v, t, lr, beta1, beta2, eps)
    return w - mh / (np.sqrt(vh) + eps), m, v


@wrong("adam_step", "gradient for the mean", "operand", "supposed")
def gradient_for_the_mean(w, g, m, v, t, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    _, m, v, _, vh = adam(w, g, m, v, t, lr, beta1, beta2, eps)
    return w - lr * g / (np.sqrt(vh) + eps), m, v


@wrong("adam_step", "old means returned", "unchanged")
def old_means_returned(w, g, m, v, t, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    _, _, _, mh, vh = adam(w, g, m, v, t, lr, beta1, beta2, eps)
    return w - lr * mh / (np.sqrt(vh) + eps), m, v


@wrong("adam_step", "betas fixed", "independent")
def betas_fixed(w, g, m, v, t, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    w, m, v, mh, vh = adam(w, g, m, v, t, lr, 0.9, 0.999, eps)
    return w - lr * mh / (np.sqrt(vh) + eps), m, v


@wrong("adam_step", "weights in place", "in place")
def weights_in_place(w, g, m, v, t, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    _, m, v, mh, vh = adam(w, g, m, v, t, lr, beta1, beta2, eps)
    w -= lr * mh / (np.sqrt(vh) + eps)
    return w, m, v


@wrong("adam_step", "outputs swapped", "swapped outputs")
def outputs_swapped(w, g, m, v, t, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    w, m, v, mh, vh = adam(w, g, m, v, t, lr, beta1, beta2, eps)
    return w - lr * mh / (np.sqrt(vh) + eps), v, m


@wrong("adam_step", "gradient subtracted", "supposed", "sign")
def gradient_subtracted(w, g, m, v, t, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    w, m, v, mh, vh = adam(w, -g, m, v, t, lr, beta1, beta2, eps)
    return w - lr * mh / (np.sqrt(vh) + eps), m, v


@wrong("adam_step", "t minus one", "supposed")
def t_minus_one(w, g, m, v, t, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    w, m, v, mh, vh = adam(w, g, m, v, t - 1, lr, beta1, beta2, eps)
    return w - lr * mh / (np.sqrt(vh) + eps), m, v


@wrong("adam_step", "no decay of the mean", "missing factor")
def no_decay_of_the_mean(w, g, m, v, t, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    m = m + (1 - beta1) * g
    v = v + (1 - beta2) * g**2
    mh, vh = m / (1 - beta1**t), v / (1 - beta2**t)
    return w - lr * mh / (np.sqrt(vh) + eps), m, v
