"""A step of the best length; the closed task of the chapter.

On a bowl the rate need not be guessed: gradient and curvature along it say how far to go.
"""

import numpy as np

import bpkit as bp
from bpkit.tasks.spec import Mistake, task
from bpkit.tasks.themes.ch11_descent.shared import uphill
from bpkit.tasks.tools import not_averaged, pullback, slopes


def exact_step(X, y, w):
    """One step of gradient descent on the mean squared error, with the best rate.

    X (N, D), y (N,), w (D,). Returns the new w (D,) and the rate that was used, a number.
    """
    g = 2 * X.T @ (X @ w - y) / len(y)
    lr = g @ g / (2 * np.mean((X @ g) ** 2))
    return w - lr * g, lr


def line(draw):
    N, D = draw.sizes("N D", least=2)
    return {"X": draw.real(N, D), "y": draw.real(N), "w": draw.real(D)}


def loss(X, y, w):
    return np.mean((X @ w - y) ** 2)


def lowest(X, y, w, g):
    """The step against g to the lowest point of a parabola, from three of its values."""
    a, b, c = (loss(X, y, w - k * g) for k in (0, 1, 2))
    lr = (3 * a - 4 * b + c) / (2 * (a - 2 * b + c))
    return w - lr * g, lr


def by_loops(X, y, w):
    N, D = X.shape
    errors = [sum(X[n, d] * w[d] for d in range(D)) - y[n] for n in range(N)]
    g = [sum(2 * errors[n] * X[n, d] for n in range(N)) / N for d in range(D)]
    moved = [sum(X[n, d] * g[d] for d in range(D)) for n in range(N)]
    lr = sum(errors[n] * moved[n] for n in range(N)) / sum(m * m for m in moved)
    return np.array([w[d] - lr * g[d] for d in range(D)]), lr


def in_bpkit(X, y, w):
    return lowest(X, y, w, pullback(lambda w: bp.mse(bp.Tensor(X) @ w, y), 1.0, w))


def by_differences(X, y, w):
    return lowest(X, y, w, slopes(lambda w: loss(X, y, w), w))


task(
    exact_step,
    chapter=11,
    title="A step of the best length",
    minutes=15,
    points=3,
    returns="w lr",
    inputs=line,
    statement="""
        A line is fitted to data: `X` is `(N, D)`, one example a row, `y` is `(N,)`, and the loss
        of the weights `w` `(D,)` is the mean, over the N examples, of the squared errors of `X @
        w`. Along any direction this loss is a parabola. So there is one best rate for a step
        against the gradient: the one that ends at the lowest point of that parabola.

        Write `exact_step(X, y, w)`, which returns the new weights `(D,)` after a step of gradient
        descent with the best rate, and that rate, a number. The array that is given as `w` stays
        as it is.
        """,
    example="""
        >>> X, y, w = np.array([[1.0, 0.0], [0.0, 2.0]]), np.zeros(2), np.array([4.0, 1.0])
        >>> w, lr = exact_step(X, y, w)
        >>> w.round(6).tolist(), float(lr)
        ([2.4, -0.6], 0.4)
        """,
    variants=[
        {"2 * X.T @ (X @ w - y) / len(y)": "2 * np.mean(X * (X @ w - y)[:, None], axis=0)"},
        {"g @ g / (2 * np.mean((X @ g) ** 2))": "(X @ w - y) @ (X @ g) / ((X @ g) @ (X @ g))"},
        {
            "2 * X.T @ (X @ w - y) / len(y)": "X.T @ X @ w - X.T @ y",
            "(2 * np.mean((X @ g) ** 2))": "(g @ (X.T @ X) @ g)",
            "return w - lr * g, lr": "return w - lr * g, lr * len(y) / 2",
        },
        by_loops,
    ],
    oracle=in_bpkit,
    differences=by_differences,
    mistakes=[
        uphill({"w - lr": "w + lr"}),
        not_averaged({"/ len(y)": ""}),
        Mistake(
            "two_forgotten",
            "The gradient lacks the factor 2",
            "The derivative of a square is twice its root, so the mean of squares has a gradient "
            "with a 2 in front.",
            {"g = 2 * X": "g = X"},
        ),
        Mistake(
            "rate_doubled",
            "The step goes to the other side of the parabola",
            "The curvature along the gradient is twice the mean of the squares of X @ g; without "
            "that 2 the step ends as high as it began.",
            {"(2 * np.mean": "(np.mean"},
        ),
        Mistake(
            "curvature_summed",
            "The curvature is a sum over the examples",
            "The loss is a mean over the N examples, and so is its curvature.",
            {"np.mean((X @ g)": "np.sum((X @ g)"},
        ),
        Mistake(
            "upside_down",
            "The rate is upside down",
            "A stronger curvature calls for a smaller step, so it stands below the line.",
            {"g @ g / (2 * np.mean((X @ g) ** 2))": "2 * np.mean((X @ g) ** 2) / (g @ g)"},
        ),
        Mistake(
            "without_the_data",
            "The curvature does not know X",
            "How fast the loss bends along g depends on how far the outputs move, which is X @ g.",
            {"(X @ g) ** 2": "g**2"},
        ),
        Mistake(
            "errors_for_curvature",
            "The errors stand in place of what a step moves",
            "The curvature is made of how far the outputs move along g, not of how wrong they are.",
            {"(X @ g) ** 2": "(X @ w - y) ** 2"},
        ),
        Mistake(
            "length_not_squared",
            "The gradient's length is not squared",
            "A step of rate lr lowers the loss by lr times the squared length of g, at first.",
            {"g @ g /": "np.sqrt(g @ g) /"},
        ),
        Mistake(
            "targets_forgotten",
            "The targets are left out",
            "The loss looks at how far X @ w is from y.",
            {"(X @ w - y)": "(X @ w)"},
        ),
        Mistake(
            "step_alone",
            "The step is returned, not the new weights",
            "The new weights are the old ones with the step taken from them.",
            {"return w - lr * g": "return -lr * g"},
        ),
    ],
    nudge="If you stand on a parabola and know its slope and its bend, how far away is its lowest "
    "point?",
    sketch="""
        Write down the loss after a step of rate r against g: it is a parabola in r. At r = 0 its
        slope is minus the squared length of g. Its bend comes from the squares alone: moving the
        weights along g moves the outputs along X times g, and the loss is the mean of squares of
        outputs. The lowest point of a parabola lies at minus its slope over its bend.
        """,
    skeleton="""
        def exact_step(X, y, w):
            g = ...                 # (D,): the gradient of the mean of squares
            lr = ... / ...          # slope over bend, along g
            return ...
        """,
    notice="The best rate is one over the curvature along the gradient: a fixed rate must be small "
    "enough for the steepest direction, and is too small for all others.",
    closed=True,
)
