"""Answers to a few tasks, many to each: one task from every kind of chapter."""

import math

import numpy as np

from bpkit.tasks.unseen import wrong


@wrong("centered_difference", "four h", "factor", "half_width")
def four_h(f, x, h):
    return (f(x + h) - f(x - h)) / (4 * h)


@wrong("centered_difference", "h squared", "factor", "extra factor", "power")
def h_squared(f, x, h):
    return (f(x + h) - f(x - h)) / (2 * h**2)


@wrong("centered_difference", "one sided twice too large", "one_sided", "factor")
def one_sided_twice_too_large(f, x, h):
    return 2 * (f(x + h) - f(x)) / h


@wrong("centered_difference", "backward with a sign", "sign", "backward")
def backward_with_a_sign(f, x, h):
    return -(f(x) - f(x - h)) / h


@wrong("centered_difference", "second derivative", "count", "term")
def second_derivative(f, x, h):
    return (f(x + h) - 2 * f(x) + f(x - h)) / h**2


@wrong("centered_difference", "complex step", "own_step", "independent")
def complex_step(f, x, h):
    return f(x + 1e-20j).imag / 1e-20


@wrong("centered_difference", "x and h mixed up", "signature")
def x_and_h_mixed_up(f, h, x):
    return (f(x + h) - f(x - h)) / (2 * h)


@wrong("centered_difference", "two h forgotten brackets", "brackets")
def two_h_forgotten_brackets(f, x, h):
    return f(x + h) - f(x - h) / (2 * h)


@wrong("centered_difference", "rounded to an integer", "dtype")
def rounded_to_an_integer(f, x, h):
    return int((f(x + h) - f(x - h)) / (2 * h))


@wrong("centered_difference", "in single precision", "dtype")
def in_single_precision(f, x, h):
    return np.float32((f(x + h) - f(x - h)) / (2 * h))


@wrong("centered_difference", "absolute slope", "function")
def absolute_slope(f, x, h):
    return abs(f(x + h) - f(x - h)) / (2 * h)


@wrong("fork_gradient", "fork order", "swapped outputs")
def fork_order(a, b):
    return np.sin(a), np.sin(a) + (a + b) * np.cos(a)


@wrong("fork_gradient", "minus cosine", "sign", "cosine_sign")
def minus_cosine(a, b):
    return np.sin(a) + (a + b) * -math.cos(a), np.sin(a)


@wrong("fork_gradient", "both doubled", "factor")
def both_doubled(a, b):
    return 2 * (np.sin(a) + (a + b) * np.cos(a)), 2 * np.sin(a)


@wrong("fork_gradient", "cosine for sine", "function", "operand")
def cosine_for_sine(a, b):
    return np.cos(a) + (a + b) * np.cos(a), np.cos(a)


@wrong("fork_gradient", "b forgotten in the sum", "term", "missing factor")
def b_forgotten_in_the_sum(a, b):
    return np.sin(a) + a * np.cos(a), np.sin(a)


@wrong("fork_gradient", "assigned and signs", "assigned", "sign")
def assigned_and_signs(a, b):
    return -(a + b) * np.cos(a), -np.sin(a)


@wrong("fork_gradient", "value of y", "operand")
def value_of_y(a, b):
    y = (a + b) * np.sin(a)
    return y, y


@wrong("fork_gradient", "one number", "count")
def one_number(a, b):
    return np.sin(a) + (a + b) * np.cos(a)


@wrong("fork_gradient", "paths multiplied twice", "multiplied", "db_both_paths")
def paths_multiplied_twice(a, b):
    da = np.sin(a) * (a + b) * np.cos(a)
    return da, da


def depth(graph, node):
    return 1 + max((depth(graph, part) for part in graph[node]), default=0)


@wrong("topological_order", "by counting backward", "reversed")
def by_counting_backward(graph):
    order = sorted(graph, key=lambda node: depth(graph, node))
    return list(reversed(order))


@wrong("topological_order", "alphabetical", "as_given")
def alphabetical(graph):
    return sorted(graph)


@wrong("topological_order", "nodes without parts", "leaves_only")
def nodes_without_parts(graph):
    return [node for node, parts in graph.items() if len(parts) == 0]


@wrong("topological_order", "every path", "not_marked")
def every_path(graph):
    order = []

    def walk(node):
        for part in graph[node]:
            walk(part)
        order.append(node)

    for node in graph:
        walk(node)
    return order


@wrong("topological_order", "from the first key", "from_last_only")
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


@wrong("topological_order", "pops from the graph", "in place")
def pops_from_the_graph(graph):
    order = []
    while graph:
        node = next(n for n in graph if all(p in order for p in graph[n]))
        order.append(node)
        del graph[node]
    return order


@wrong("topological_order", "wrong key", "error")
def wrong_key(graph):
    return [graph[0]]


@wrong("affine_backward", "bias divided", "db_averaged", "factor")
def bias_divided(dY, X, W):
    db = np.zeros(dY.shape[1])
    for row in dY:
        db += row / len(dY)
    return np.dot(dY, W.T), np.dot(X.T, dY), db


@wrong("affine_backward", "everything averaged", "factor")
def everything_averaged(dY, X, W):
    N = X.shape[0]
    return dY @ W.T / N, X.T @ dY / N, dY.sum(0) / N


@wrong("affine_backward", "signs flipped", "sign")
def signs_flipped(dY, X, W):
    return -(dY @ W.T), -(X.T @ dY), -dY.sum(axis=0)


@wrong("affine_backward", "both transposed", "transpose", "dW_transposed")
def both_transposed(dY, X, W):
    return W @ dY.T, dY.T @ X, dY.sum(axis=0)


@wrong("affine_backward", "bias a number", "axis")
def bias_a_number(dY, X, W):
    return dY @ W.T, X.T @ dY, np.array([dY.sum()])


@wrong("affine_backward", "two at once", "sign", "db_averaged")
def two_at_once(dY, X, W):
    return -(dY @ W.T), X.T @ dY, dY.mean(axis=0)


@wrong("affine_backward", "two named at once", "dW_transposed", "db_averaged")
def two_named_at_once(dY, X, W):
    return dY @ W.T, dY.T @ X, np.average(dY, axis=0)


@wrong("affine_backward", "last example only", "supposed")
def last_example_only(dY, X, W):
    dW = np.zeros_like(W)
    for x, dy in zip(X, dY, strict=True):
        dW = np.outer(x, dy)
    return dY @ W.T, dW, dY.sum(axis=0)


@wrong("affine_backward", "first example only", "supposed")
def first_example_only(dY, X, W):
    return dY @ W.T, np.outer(X[0], dY[0]), dY[0]


@wrong("affine_backward", "products the wrong way", "W_not_transposed", "error")
def products_the_wrong_way(dY, X, W):
    dX = np.dot(dY, W)
    return dX, X.T @ dY, dY.sum(axis=0)


@wrong("affine_backward", "transposed twice", "dW_transposed", "error", "transpose")
def transposed_twice(dY, X, W):
    return dY @ W.T, (X.T @ dY).T, dY.sum(axis=0)


@wrong("affine_backward", "w from w", "operand", "error")
def w_from_w(dY, X, W):
    return dY @ W.T, W.T @ dY, dY.sum(axis=0)


@wrong("affine_backward", "bias as a column", "shape")
def bias_as_a_column(dY, X, W):
    return dY @ W.T, X.T @ dY, dY.sum(axis=0)[:, None]


@wrong("affine_backward", "bias per row", "not_summed", "db_not_summed", "unchanged")
def bias_per_row(dY, X, W):
    return dY @ W.T, X.T @ dY, np.array([list(row) for row in dY])


@wrong("affine_backward", "upstream ignored", "supposed")
def upstream_ignored(dY, X, W):
    return np.ones_like(dY) @ W.T, X.T @ np.ones_like(dY), np.ones_like(dY).sum(axis=0)


@wrong("relu_backward", "product", "made of inputs")
def product(dY, X):
    return dY * X


@wrong("relu_backward", "minus", "sign")
def minus(dY, X):
    return np.where(X > 0, -dY, 0.0)


@wrong("relu_backward", "leaky", "where")
def leaky(dY, X):
    return np.where(X > 0, dY, 0.01 * dY)


@wrong("relu_backward", "forward pass", "upstream_ignored", "times_value", "made of inputs")
def forward_pass(dY, X):
    return np.maximum(X, 0)


@wrong("relu_backward", "masked by dy", "sign_of_both", "forward_again")
def masked_by_dy(dY, X):
    return dY * (dY > 0)


@wrong("relu_backward", "the mask", "upstream_ignored", "dtype")
def the_mask(dY, X):
    return X > 0


@wrong("relu_backward", "heaviside", "upstream_ignored")
def heaviside(dY, X):
    return np.heaviside(X, 0.0)


@wrong("relu_backward", "summed", "axis")
def summed(dY, X):
    return (dY * (X > 0)).sum(axis=0)


@wrong("relu_backward", "turned", "transpose")
def turned(dY, X):
    return (dY * (X > 0)).T


@wrong("relu_backward", "zero", "zeros")
def zero(dY, X):
    return np.zeros_like(X)


@wrong("relu_backward", "averaged", "factor")
def averaged(dY, X):
    return np.where(X > 0, dY, 0) / len(X)


@wrong("relu_backward", "averaged and negative", "factor", "sign")
def averaged_and_negative(dY, X):
    return np.where(X > 0, -dY, 0) / X.shape[0]


@wrong("relu_backward", "only the first row", "where", "zeros")
def only_the_first_row(dY, X):
    out = np.zeros_like(X)
    out[0] = dY[0] * (X[0] > 0)
    return out


@wrong("relu_backward", "writes to x", "in place", "changed_in_place")
def writes_to_x(dY, X):
    X[X < 0] = 0
    X[X > 0] = 1
    return dY * X
