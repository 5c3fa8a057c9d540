"""Wrong answers that no task names, or names in other words: what is each told?

They were written after the tasks, by asking what else goes wrong, and in styles of their own. Each
stands with what may truly be said of it: keys of named mistakes, or kinds of what detectors see.
"""

import math

import numpy as np
import pytest

from bpkit.tasks import diagnosis, spec

CATALOG = spec.load()
UNSEEN = []


def unseen(task, *causes):
    """Register a wrong answer to a task, with the causes that would be true."""

    def keep(function):
        UNSEEN.append((task, function, set(causes)))
        return function

    return keep


# centered_difference


@unseen("centered_difference", "factor", "half_width")
def four_h(f, x, h):
    return (f(x + h) - f(x - h)) / (4 * h)


@unseen("centered_difference", "factor", "extra factor", "power")
def h_squared(f, x, h):
    return (f(x + h) - f(x - h)) / (2 * h**2)


@unseen("centered_difference", "one_sided", "factor")
def one_sided_twice_too_large(f, x, h):
    return 2 * (f(x + h) - f(x)) / h


@unseen("centered_difference", "sign", "backward")
def backward_with_a_sign(f, x, h):
    return -(f(x) - f(x - h)) / h


@unseen("centered_difference", "count", "term")
def second_derivative(f, x, h):
    return (f(x + h) - 2 * f(x) + f(x - h)) / h**2


@unseen("centered_difference", "own_step", "independent")
def complex_step(f, x, h):
    return f(x + 1e-20j).imag / 1e-20


@unseen("centered_difference", "signature")
def x_and_h_mixed_up(f, h, x):
    return (f(x + h) - f(x - h)) / (2 * h)


@unseen("centered_difference", "brackets")
def two_h_forgotten_brackets(f, x, h):
    return f(x + h) - f(x - h) / (2 * h)


@unseen("centered_difference", "dtype")
def rounded_to_an_integer(f, x, h):
    return int((f(x + h) - f(x - h)) / (2 * h))


@unseen("centered_difference", "dtype")
def in_single_precision(f, x, h):
    return np.float32((f(x + h) - f(x - h)) / (2 * h))


@unseen("centered_difference", "function")
def absolute_slope(f, x, h):
    return abs(f(x + h) - f(x - h)) / (2 * h)


# fork_gradient


@unseen("fork_gradient", "swapped outputs")
def fork_order(a, b):
    return np.sin(a), np.sin(a) + (a + b) * np.cos(a)


@unseen("fork_gradient", "sign", "cosine_sign")
def minus_cosine(a, b):
    return np.sin(a) + (a + b) * -math.cos(a), np.sin(a)


@unseen("fork_gradient", "factor")
def both_doubled(a, b):
    return 2 * (np.sin(a) + (a + b) * np.cos(a)), 2 * np.sin(a)


@unseen("fork_gradient", "function", "operand")
def cosine_for_sine(a, b):
    return np.cos(a) + (a + b) * np.cos(a), np.cos(a)


@unseen("fork_gradient", "term", "missing factor")
def b_forgotten_in_the_sum(a, b):
    return np.sin(a) + a * np.cos(a), np.sin(a)


@unseen("fork_gradient", "assigned", "sign")
def assigned_and_signs(a, b):
    return -(a + b) * np.cos(a), -np.sin(a)


@unseen("fork_gradient", "operand")
def value_of_y(a, b):
    y = (a + b) * np.sin(a)
    return y, y


@unseen("fork_gradient", "count")
def one_number(a, b):
    return np.sin(a) + (a + b) * np.cos(a)


@unseen("fork_gradient", "multiplied", "db_both_paths")
def paths_multiplied_twice(a, b):
    da = np.sin(a) * (a + b) * np.cos(a)
    return da, da


# topological_order


@unseen("topological_order", "reversed")
def by_counting_backward(graph):
    order = CATALOG["topological_order"].variants[0](graph)
    return list(reversed(order))


@unseen("topological_order", "as_given")
def alphabetical(graph):
    return sorted(graph)


@unseen("topological_order", "leaves_only")
def nodes_without_parts(graph):
    return [node for node, parts in graph.items() if len(parts) == 0]


@unseen("topological_order", "not_marked")
def every_path(graph):
    order = []

    def walk(node):
        for part in graph[node]:
            walk(part)
        order.append(node)

    for node in graph:
        walk(node)
    return order


@unseen("topological_order", "from_last_only")
def from_the_first_key(graph):
    order = []

    def walk(node):
        if node not in order:
            for part in graph[node]:
                walk(part)
            order.append(node)

    for node in list(graph)[:1]:
        walk(node)
    return order


@unseen("topological_order", "in place")
def pops_from_the_graph(graph):
    order = []
    while graph:
        node = next(n for n in graph if all(p in order for p in graph[n]))
        order.append(node)
        del graph[node]
    return order


@unseen("topological_order", "error")
def wrong_key(graph):
    return [graph[0]]


# affine_backward


@unseen("affine_backward", "db_averaged", "factor")
def bias_divided(dY, X, W):
    db = np.zeros(dY.shape[1])
    for row in dY:
        db += row / len(dY)
    return np.dot(dY, W.T), np.dot(X.T, dY), db


@unseen("affine_backward", "factor")
def everything_averaged(dY, X, W):
    N = X.shape[0]
    return dY @ W.T / N, X.T @ dY / N, dY.sum(0) / N


@unseen("affine_backward", "sign")
def signs_flipped(dY, X, W):
    return -(dY @ W.T), -(X.T @ dY), -dY.sum(axis=0)


@unseen("affine_backward", "transpose", "dW_transposed")
def both_transposed(dY, X, W):
    return W @ dY.T, dY.T @ X, dY.sum(axis=0)


@unseen("affine_backward", "axis")
def bias_a_number(dY, X, W):
    return dY @ W.T, X.T @ dY, np.array([dY.sum()])


@unseen("affine_backward", "sign", "db_averaged")
def two_at_once(dY, X, W):
    return -(dY @ W.T), X.T @ dY, dY.mean(axis=0)


@unseen("affine_backward", "dW_transposed", "db_averaged")
def two_named_at_once(dY, X, W):
    return dY @ W.T, dY.T @ X, np.average(dY, axis=0)


@unseen("affine_backward", "supposed")
def last_example_only(dY, X, W):
    dW = np.zeros_like(W)
    for x, dy in zip(X, dY, strict=True):
        dW = np.outer(x, dy)
    return dY @ W.T, dW, dY.sum(axis=0)


@unseen("affine_backward", "supposed")
def first_example_only(dY, X, W):
    return dY @ W.T, np.outer(X[0], dY[0]), dY[0]


@unseen("affine_backward", "W_not_transposed", "error")
def products_the_wrong_way(dY, X, W):
    dX = np.dot(dY, W)
    return dX, X.T @ dY, dY.sum(axis=0)


@unseen("affine_backward", "dW_transposed", "error", "transpose")
def transposed_twice(dY, X, W):
    return dY @ W.T, (X.T @ dY).T, dY.sum(axis=0)


@unseen("affine_backward", "operand", "error")
def w_from_w(dY, X, W):
    return dY @ W.T, W.T @ dY, dY.sum(axis=0)


@unseen("affine_backward", "shape")
def bias_as_a_column(dY, X, W):
    return dY @ W.T, X.T @ dY, dY.sum(axis=0)[:, None]


@unseen("affine_backward", "not_summed", "db_not_summed", "unchanged")
def bias_per_row(dY, X, W):
    return dY @ W.T, X.T @ dY, np.array([list(row) for row in dY])


@unseen("affine_backward", "supposed")
def upstream_ignored(dY, X, W):
    return np.ones_like(dY) @ W.T, X.T @ np.ones_like(dY), np.ones_like(dY).sum(axis=0)


# relu_backward


@unseen("relu_backward", "made of inputs")
def product(dY, X):
    return dY * X


@unseen("relu_backward", "sign")
def minus(dY, X):
    return np.where(X > 0, -dY, 0.0)


@unseen("relu_backward", "where")
def leaky(dY, X):
    return np.where(X > 0, dY, 0.01 * dY)


@unseen("relu_backward", "upstream_ignored", "times_value")
def forward_pass(dY, X):
    return np.maximum(X, 0)


@unseen("relu_backward", "sign_of_both", "forward_again")
def masked_by_dy(dY, X):
    return dY * (dY > 0)


@unseen("relu_backward", "upstream_ignored", "dtype")
def the_mask(dY, X):
    return X > 0


@unseen("relu_backward", "upstream_ignored")
def heaviside(dY, X):
    return np.heaviside(X, 0.0)


@unseen("relu_backward", "axis")
def summed(dY, X):
    return (dY * (X > 0)).sum(axis=0)


@unseen("relu_backward", "transpose")
def turned(dY, X):
    return (dY * (X > 0)).T


@unseen("relu_backward", "zeros")
def zero(dY, X):
    return np.zeros_like(X)


@unseen("relu_backward", "factor")
def averaged(dY, X):
    return np.where(X > 0, dY, 0) / len(X)


@unseen("relu_backward", "factor", "sign")
def averaged_and_negative(dY, X):
    return np.where(X > 0, -dY, 0) / X.shape[0]


@unseen("relu_backward", "where")
def only_the_first_row(dY, X):
    out = np.zeros_like(X)
    out[0] = dY[0] * (X[0] > 0)
    return out


@unseen("relu_backward", "in place", "changed_in_place")
def writes_to_x(dY, X):
    X[X < 0] = 0
    X[X > 0] = 1
    return dY * X


# softmax_cross_entropy_backward


def softmax(z):
    e = np.exp(z - np.max(z, axis=-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def one_hot(labels, logits):
    return (np.arange(logits.shape[1]) == labels[:, None]).astype(float)


SCE = "softmax_cross_entropy_backward"


@unseen(SCE, "not_averaged", "sign")
def sum_with_a_sign(logits, labels):
    return one_hot(labels, logits) - softmax(logits)


@unseen(SCE, "no_maximum", "not_averaged", "overflow")
def unstable_sum(logits, labels):
    e = np.exp(logits)
    return e / e.sum(axis=1, keepdims=True) - one_hot(labels, logits)


@unseen(SCE, "no_maximum", "overflow")
def unstable(logits, labels):
    e = np.exp(logits)
    p = e / np.sum(e, axis=1).reshape(-1, 1)
    for n in range(len(labels)):
        p[n, labels[n]] -= 1
    return p / len(p)


@unseen(SCE, "factor")
def doubled(logits, labels):
    return 2 * (softmax(logits) - one_hot(labels, logits)) / len(labels)


@unseen(SCE, "sign")
def target_added(logits, labels):
    return (softmax(logits) + one_hot(labels, logits)) / len(labels)


@unseen(SCE, "function", "factor")
def squared(logits, labels):
    return (softmax(logits) - one_hot(labels, logits)) ** 2 / len(labels)


@unseen(SCE, "where")
def only_at_the_label(logits, labels):
    p = softmax(logits)
    return one_hot(labels, logits) * (p - 1) / len(labels)


@unseen(SCE, "supposed")
def labels_off_by_one(logits, labels):
    shifted = (labels + 1) % logits.shape[1]
    return (softmax(logits) - one_hot(shifted, logits)) / len(labels)


@unseen(SCE, "logits_for_probabilities")
def sigmoid_for_softmax(logits, labels):
    p = 1 / (1 + np.exp(-np.clip(logits, -500, 500)))
    return (p - one_hot(labels, logits)) / len(labels)


@unseen(SCE, "function")
def log_softmax(logits, labels):
    p = np.log(softmax(logits) + 1e-300)
    return (p - one_hot(labels, logits)) / len(labels)


@unseen(SCE, "transpose")
def turned_softmax(logits, labels):
    return ((softmax(logits) - one_hot(labels, logits)) / len(labels)).T


@unseen(SCE, "shape")
def the_loss(logits, labels):
    return -np.mean(np.log(softmax(logits)[np.arange(len(labels)), labels] + 1e-300))


@unseen(SCE, "container")
def loss_and_gradient(logits, labels):
    return 1.0, (softmax(logits) - one_hot(labels, logits)) / len(labels)


@unseen(SCE, "axis")
def averaged_over_the_batch(logits, labels):
    return ((softmax(logits) - one_hot(labels, logits)) / len(labels)).sum(axis=0)


# adam_step


def adam(w, g, m, v, t, lr, beta1, beta2, eps, **change):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    mh, vh = m / (1 - beta1**t), v / (1 - beta2**t)
    return w, m, v, mh, vh


@unseen("adam_step", "no_root", "uphill")
def no_root_and_uphill(w, g, m, v, t, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    w, m, v, mh, vh = adam(w, g, m, v, t, lr, beta1, beta2, eps)
    return w + lr * mh / (vh + eps), m, v


@unseen("adam_step", "term")
def only_the_step(w, g, m, v, t, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    w, m, v, mh, vh = adam(w, g, m, v, t, lr, beta1, beta2, eps)
    return -lr * mh / (np.sqrt(vh) + eps), m, v


@unseen("adam_step", "eps_inside", "no_correction")
def two_named_edits(w, g, m, v, t, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    return w - lr * m / np.sqrt(v + eps), m, v


@unseen("adam_step", "missing factor")
def no_rate(w, g, m, v, t, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    w, m, v, mh, vh = adam(w, g, m, v, t, lr, beta1, beta2, eps)
    return w - mh / (np.sqrt(vh) + eps), m, v


@unseen("adam_step", "operand", "supposed")
def gradient_for_the_mean(w, g, m, v, t, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    _, m, v, _, vh = adam(w, g, m, v, t, lr, beta1, beta2, eps)
    return w - lr * g / (np.sqrt(vh) + eps), m, v


@unseen("adam_step", "unchanged")
def old_means_returned(w, g, m, v, t, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    _, _, _, mh, vh = adam(w, g, m, v, t, lr, beta1, beta2, eps)
    return w - lr * mh / (np.sqrt(vh) + eps), m, v


@unseen("adam_step", "independent")
def betas_fixed(w, g, m, v, t, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    w, m, v, mh, vh = adam(w, g, m, v, t, lr, 0.9, 0.999, eps)
    return w - lr * mh / (np.sqrt(vh) + eps), m, v


@unseen("adam_step", "in place")
def weights_in_place(w, g, m, v, t, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    _, m, v, mh, vh = adam(w, g, m, v, t, lr, beta1, beta2, eps)
    w -= lr * mh / (np.sqrt(vh) + eps)
    return w, m, v


@unseen("adam_step", "swapped outputs")
def outputs_swapped(w, g, m, v, t, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    w, m, v, mh, vh = adam(w, g, m, v, t, lr, beta1, beta2, eps)
    return w - lr * mh / (np.sqrt(vh) + eps), v, m


@unseen("adam_step", "supposed", "sign")
def gradient_subtracted(w, g, m, v, t, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    w, m, v, mh, vh = adam(w, -g, m, v, t, lr, beta1, beta2, eps)
    return w - lr * mh / (np.sqrt(vh) + eps), m, v


@unseen("adam_step", "supposed")
def t_minus_one(w, g, m, v, t, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    w, m, v, mh, vh = adam(w, g, m, v, t - 1, lr, beta1, beta2, eps)
    return w - lr * mh / (np.sqrt(vh) + eps), m, v


@unseen("adam_step", "missing factor")
def no_decay_of_the_mean(w, g, m, v, t, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    m = m + (1 - beta1) * g
    v = v + (1 - beta2) * g**2
    mh, vh = m / (1 - beta1**t), v / (1 - beta2**t)
    return w - lr * mh / (np.sqrt(vh) + eps), m, v


cases = pytest.mark.parametrize(
    ("task", "function", "causes"), UNSEEN, ids=[f"{t}-{f.__name__}" for t, f, _ in UNSEEN]
)


@cases
def test_it_fails_and_nothing_false_is_said(task, function, causes):
    verdict = diagnosis.examine(CATALOG[task], function)
    assert not verdict.passed
    told = {*verdict.mistakes, *verdict.detectors}
    assert told <= causes, f"{told}\n{verdict.message}"


def test_most_are_told_a_cause():
    told = 0
    for task, function, _ in UNSEEN:
        verdict = diagnosis.examine(CATALOG[task], function)
        told += bool(verdict.mistakes or verdict.detectors)
    assert told >= 0.9 * len(UNSEEN), f"{told} of {len(UNSEEN)}"
