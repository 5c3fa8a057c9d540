"""An eighth wave, written from the statements alone: chapter 20."""

import numpy as np

from bpkit.tasks.unseen import wrong
from bpkit.tasks.unseen.shared import sigmoid


@wrong(
    "jacobian_vector_product",
    "returns how far Y moves for a whole step of V, not the derivative at step 0",
    "whole_step",
)
def whole_step_along_v(X, V, W1, b1, W2, b2):
    def net(inp):
        hidden = np.tanh(inp @ W1 + b1)
        return hidden @ W2 + b2

    Y = net(X)
    VY = net(X + V) - Y
    return Y, VY


@wrong(
    "hessian_vector_product",
    "the middle factor is the error p - y, not the sigmoid's slope p (1 - p)",
    "error_for_slope",
)
def hvp_with_error(w, v, X, y):
    N = len(y)
    p = sigmoid(X @ w)
    err = p - y
    Xv = X @ v
    return X.T @ (err * Xv) / N


@wrong(
    "hessian_vector_product",
    "the sigmoid's slope is taken at X @ v, the direction, instead of at X @ w",
    "taken_at_v",
)
def hvp_slope_at_v(w, v, X, y):
    z = X @ v
    p = sigmoid(z)
    out = np.zeros_like(w)
    for n in range(X.shape[0]):
        out += p[n] * (1 - p[n]) * z[n] * X[n]
    return out / X.shape[0]
