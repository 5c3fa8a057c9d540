"""Answers to the tasks on two directions."""

import numpy as np

from bpkit.tasks.unseen import right, wrong
from bpkit.tasks.unseen.shared import sigmoid


@wrong("jacobian_vector_product", "the slope of tanh is missing", "slope_missing")
def no_slope(X, V, W1, b1, W2, b2):
    H = np.tanh(X @ W1 + b1)
    return H @ W2 + b2, V @ W1 @ W2


@wrong("jacobian_vector_product", "biases move too", "both_biases_move")
def biases_move(X, V, W1, b1, W2, b2):
    H = np.tanh(X @ W1 + b1)
    VH = (V @ W1 + b1) * (1 - H**2)
    return H @ W2 + b2, VH @ W2 + b2


@wrong("jacobian_vector_product", "the direction goes through the network itself", "independent")
def network_of_v(X, V, W1, b1, W2, b2):
    def run(A):
        return np.tanh(A @ W1 + b1) @ W2 + b2

    return run(X), run(V)


@wrong("jacobian_vector_product", "a finite difference with step 1", "whole_step")
def whole_step(X, V, W1, b1, W2, b2):
    def run(A):
        return np.tanh(A @ W1 + b1) @ W2 + b2

    return run(X), run(X + V) - run(X)


@right("jacobian_vector_product")
def by_complex_step(X, V, W1, b1, W2, b2):
    Z = (X + 1e-30j * V) @ W1 + b1
    Y = np.tanh(Z) @ W2 + b2
    return Y.real.copy(), Y.imag / 1e-30


@wrong("hessian_vector_product", "not averaged", "not_averaged")
def summed(w, v, X, y):
    p = sigmoid(X @ w)
    return X.T @ (p * (1 - p) * (X @ v))


@wrong("hessian_vector_product", "the slope of the sigmoid is missing", "slope_missing")
def no_sigmoid_slope(w, v, X, y):
    return X.T @ (X @ v) / len(X)


@wrong("hessian_vector_product", "the gradient times v", "gradient_times_v")
def gradient_times_v(w, v, X, y):
    g = X.T @ (sigmoid(X @ w) - y) / len(y)
    return g * v


@wrong("hessian_vector_product", "the labels stay in", "error_kept")
def labels_left(w, v, X, y):
    p = sigmoid(X @ w)
    return X.T @ ((p - y) * p * (1 - p) * (X @ v)) / len(X)


@right("hessian_vector_product")
def with_the_whole_hessian(w, v, X, y):
    p = sigmoid(X @ w)
    H = (X.T * (p - p * p)) @ X / len(y)
    return H.dot(v)


@right("hessian_vector_product")
def gradient_at_two_points(w, v, X, y):
    def gradient(w):
        return X.T @ (sigmoid(X @ w) - y) / len(y)

    h = 1e-5
    return (gradient(w + h * v) - gradient(w - h * v)) / (2 * h)


@wrong("gauss_newton_product", "the slope of tanh once only", "slope_once")
def slope_once(X, W, V):
    Y = np.tanh(X @ W)
    return X.T @ ((X @ V) * (1 - Y**2)) / len(X)


@wrong("gauss_newton_product", "not divided by N", "not_averaged")
def not_averaged(X, W, V):
    s = 1 - np.tanh(X @ W) ** 2
    return X.T @ (s * s * (X @ V))


@wrong("gauss_newton_product", "no slope at all", "slope_missing")
def linear_layer(X, W, V):
    return X.T @ X @ V / X.shape[0]


@wrong("gauss_newton_product", "the forward half only")
def forward_only(X, W, V):
    Y = np.tanh(X @ W)
    moved = (1 - Y * Y) * (X @ V)
    return moved / len(X)


@right("gauss_newton_product")
def example_by_example(X, W, V):
    total = np.zeros_like(W)
    for x in X:
        s = 1 / np.cosh(x @ W) ** 2
        total += np.outer(x, s * s * (x @ V))
    return total / len(X)
