"""What several tasks of this chapter measure, and other ways to measure it."""

import numpy as np

from bpkit.tasks.draw import Formula


def exact(x):
    """Numbers with few bits, so that X + h - 2 * h + h is X again, to the last bit."""
    return np.round(x * 2**20) / 2**20


def bowl(draw, least=1):
    """A function of an array whose slopes all differ and depend on each other; a place, a step."""
    N, D = draw.sizes("N D", least=least, most=5)
    a, b = round(draw.real(low=0.4), 2), round(draw.positive(low=0.4, high=1.2), 2)

    def f(X):
        squares = X * X
        return float(np.sum(squares * X) + a * np.sin(b * np.sum(squares)) + a * np.sum(X) ** 2)

    text = f"sum(x**3) + ({a}) sin({b} sum(x**2)) + ({a}) sum(x)**2"
    X, h = draw.real(N, D), draw.positive(low=0.1, high=0.4)
    if draw.small is None:
        X, h = exact(X), float(exact(h))
    return {"f": Formula(text, f), "X": X, "h": h}


def numeric_by_basis(f, X, h):
    steps = h * np.eye(X.size).reshape(-1, *X.shape)
    return np.array([(f(X + s) - f(X - s)) / (2 * h) for s in steps]).reshape(X.shape)


def numeric_with_one_copy(f, X, h):
    Z, dX = X.copy(), np.empty_like(X)
    for n in range(X.shape[0]):
        for d in range(X.shape[1]):
            Z[n, d] = X[n, d] + h
            up = f(Z)
            Z[n, d] = X[n, d] - h
            dX[n, d] = (up - f(Z)) / h / 2
            Z[n, d] = X[n, d]
    return dX
