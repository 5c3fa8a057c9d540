"""Answers to the tasks on descent."""

import numpy as np

from bpkit.tasks.unseen import right, wrong


@wrong("sgd_step", "the step is added", "uphill")
def uphill(w, g, lr):
    new = w + lr * g
    return new


@wrong("sgd_step", "the rate is forgotten", "rate_missing")
def whole_gradient(w, g, lr):
    return np.subtract(w, g)


@wrong("sgd_step", "w is changed in place", "changed_in_place")
def in_place(w, g, lr):
    w -= lr * g
    return w


@wrong("sgd_step", "the gradient is made a unit vector", "unit_length")
def unit_step(w, g, lr):
    return w - lr * g / np.linalg.norm(g)


@right("sgd_step")
def by_list(w, g, lr):
    return np.array([wi - lr * gi for wi, gi in zip(w, g, strict=True)])


@wrong("early_stopping", "an equal loss counts as better", "equal_counts")
def equal_is_better(losses, patience):
    best = 0
    for t, loss in enumerate(losses):
        if loss <= losses[best]:
            best = t
        elif t - best >= patience:
            return t, best
    return len(losses) - 1, best


@wrong("early_stopping", "it counts epochs that are worse than the one before", "worse_than_before")
def against_the_last(losses, patience):
    worse, best = 0, 0
    for t in range(1, len(losses)):
        if losses[t] < losses[best]:
            best = t
        worse = worse + 1 if losses[t] >= losses[t - 1] else 0
        if worse >= patience:
            return t, best
    return len(losses) - 1, best


@wrong("early_stopping", "the best of all epochs, also of those after the stop", "best_of_all")
def best_of_all(losses, patience):
    best = 0
    for t, loss in enumerate(losses):
        if loss < losses[best]:
            best = t
        if t - best >= patience:
            return t, int(np.argmin(losses))
    return len(losses) - 1, int(np.argmin(losses))


@wrong("early_stopping", "one epoch too late", "waits_longer")
def one_too_late(losses, patience):
    best, wait = 0, 0
    for t, loss in enumerate(losses):
        if t == 0 or loss < losses[best]:
            best, wait = t, 0
        else:
            wait += 1
            if wait > patience:
                return t, best
    return len(losses) - 1, best


@right("early_stopping")
def with_a_running_minimum(losses, patience):
    for t in range(len(losses)):
        best = int(np.argmin(losses[: t + 1]))
        if t - best == patience:
            break
    return t, best


@wrong("exact_step", "the factor 2 of the gradient is missing", "two_forgotten")
def no_two(X, y, w):
    g = X.T @ (X @ w - y) / len(y)
    Xg = X @ g
    lr = (g @ g) / (2 * (Xg @ Xg) / len(y))
    return w - lr * g, lr


@wrong("exact_step", "the rate for a sum of squares", "curvature_summed")
def sum_in_curvature(X, y, w):
    g = 2 * X.T @ (X @ w - y) / len(y)
    return w - g * (g @ g) / (2 * np.sum((X @ g) ** 2)), (g @ g) / (2 * np.sum((X @ g) ** 2))


@wrong("exact_step", "the rate is doubled", "rate_doubled")
def twice_as_far(X, y, w):
    e = X @ w - y
    g = 2 / len(y) * X.T @ e
    v = X @ g
    lr = 2 * (e @ v) / (v @ v)
    return w - lr * g, lr


@right("exact_step")
def by_hessian(X, y, w):
    H = 2 * X.T @ X / len(y)
    g = H @ w - 2 * X.T @ y / len(y)
    lr = np.dot(g, g) / np.dot(g, H @ g)
    return w - lr * g, float(lr)


@right("exact_step")
def by_least_squares(X, y, w):
    g = np.mean(2 * (X @ w - y)[:, None] * X, axis=0)
    (lr,), *_ = np.linalg.lstsq((X @ g)[:, None], X @ w - y)
    return w - lr * g, lr
