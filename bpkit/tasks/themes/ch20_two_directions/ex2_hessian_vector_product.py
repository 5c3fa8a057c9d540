"""The Hessian times a vector, without the Hessian.

The gradient's rate of change as the weights move.
"""

import numpy as np

import bpkit as bp
from bpkit.tasks.spec import Mistake, task
from bpkit.tasks.tools import averaged_twice, not_averaged, pullback


def sigmoid(x):
    """1 / (1 + exp(-x)), entry by entry."""
    return 1 / (1 + np.exp(-x))


def hessian_vector_product(w, v, X, y):
    """The Hessian of the logistic loss times a vector.

    w, v (D,): weights and direction. X (N, D), y (N,) of 0 and 1. The loss is the mean binary
    cross-entropy of sigmoid(X @ w). Returns the product (D,).
    """
    p = sigmoid(X @ w)
    curvature = p * (1 - p)
    return X.T @ (curvature * (X @ v)) / len(X)


def examples_and_direction(draw):
    N, D = draw.sizes("N D", least=2)
    return {
        "w": draw.real(D),
        "v": draw.real(D),
        "X": draw.real(N, D),
        "y": draw.labels(N, 2),
    }


def logistic_gradient(w, X, y):
    return X.T @ (1 / (1 + np.exp(-X @ w)) - y) / len(y)


def hvp_difference_of_gradients(w, v, X, y):
    h = 1e-5
    return (logistic_gradient(w + h * v, X, y) - logistic_gradient(w - h * v, X, y)) / (2 * h)


def hvp_whole_matrix(w, v, X, y):
    p = 1 / (1 + np.exp(-(X @ w)))
    H = np.einsum("nd,n,ne->de", X, p - p**2, X) / X.shape[0]
    return H @ v


def hvp_complex_step(w, v, X, y):
    return logistic_gradient(w + 1e-30j * v, X, y).imag * 1e30


def hvp_examples(w, v, X, y):
    total = np.zeros(len(w))
    for x in X:
        total += x * (x @ v) / (2 * np.cosh(x @ w / 2)) ** 2
    return total / len(X)


def hvp_in_bpkit(w, v, X, y):
    """The gradient of the gradient along v; the gradient is written with the engine's rules."""

    def gradient_along(w):
        return ((bp.sigmoid(X @ w) - y) * (X @ v)).mean()

    return pullback(gradient_along, 1.0, w)


task(
    hessian_vector_product,
    chapter=20,
    title="The Hessian times a vector",
    minutes=15,
    points=3,
    given=(sigmoid,),
    returns="Hv",
    inputs=examples_and_direction,
    statement="""
        The Hessian says how the gradient changes when the weights move. For a million weights it
        has a trillion entries, but its product with one vector costs as little as a gradient: `H
        @ v` is how fast the gradient changes when `w` moves along `v`. Take logistic regression:
        with `p = sigmoid(X @ w)`, the mean cross-entropy of the labels `y` has the gradient `X.T
        @ (p - y) / N`. `w` and `v` are `(D,)`, `X` is `(N, D)`, `y` `(N,)` holds 0 and 1;
        `sigmoid` is given.

        Write `hessian_vector_product(w, v, X, y)`, which returns the product `(D,)`. No array of
        shape `(D, D)` is needed.
        """,
    example="""
        >>> X = np.array([[2.0, 0.0], [0.0, 4.0]])
        >>> v, y = np.array([3.0, 1.0]), np.array([0, 1])
        >>> hessian_vector_product(np.zeros(2), v, X, y).tolist()
        [1.5, 2.0]
        """,
    variants=[hvp_difference_of_gradients, hvp_whole_matrix, hvp_complex_step, hvp_examples],
    oracle=hvp_in_bpkit,
    differences=hvp_difference_of_gradients,
    mistakes=[
        not_averaged({" / len(X)": ""}),
        averaged_twice({"/ len(X)": "/ len(X) ** 2"}),
        Mistake(
            "slope_missing",
            "The slope of the sigmoid is left out",
            "X v is how fast the logits move; p moves more slowly, by the factor p (1 - p).",
            {"(curvature * (X @ v))": "(X @ v)"},
        ),
        Mistake(
            "p_alone",
            "The slope of the sigmoid is taken to be p",
            "It is p (1 - p), largest at one half and small where p is sure.",
            {"p * (1 - p)": "p"},
        ),
        Mistake(
            "slope_squared",
            "The slope of the sigmoid enters twice",
            "The gradient holds p once, so its change holds one factor p (1 - p).",
            {"p * (1 - p)": "(p * (1 - p)) ** 2"},
        ),
        Mistake(
            "errors_squared",
            "The squared errors stand in place of the curvature",
            "(p - y) squared is a guess at p (1 - p), good on average only: the labels drop out "
            "when the gradient is differentiated.",
            {"p * (1 - p)": "(p - y) ** 2"},
        ),
        Mistake(
            "error_for_slope",
            "The error p - y stands where the slope belongs",
            "The gradient holds p - y; when w moves, p moves by its slope p (1 - p), and y stands "
            "still.",
            {"curvature = p * (1 - p)": "curvature = p - y"},
        ),
        Mistake(
            "error_kept",
            "The error p - y is still a factor",
            "Differentiating p - y leaves the slope of p alone; the labels are gone.",
            {"p * (1 - p)": "(p - y) * p * (1 - p)"},
        ),
        Mistake(
            "gradient",
            "It is the gradient",
            "The product is how the gradient changes along v; this one doesn't know v.",
            {"curvature * (X @ v)": "p - y"},
        ),
        Mistake(
            "gradient_times_v",
            "It is the gradient times v, entry by entry",
            "The Hessian is the gradient's derivative, and mixes the entries of v.",
            {"return X.T @ (curvature * (X @ v)) / len(X)": ("return X.T @ (p - y) / len(X) * v")},
        ),
        Mistake(
            "diagonal",
            "Only the Hessian's diagonal is used",
            "Each weight's slope changes when any of the weights moves: X v sums over all of them "
            "first.",
            {"X.T @ (curvature * (X @ v)) / len(X)": ("(X * X).T @ curvature / len(X) * v")},
        ),
        Mistake(
            "w_for_v",
            "w stands where v belongs",
            "v says in which direction the weights move; w only says where they are.",
            {"(X @ v)": "(X @ w)"},
        ),
        Mistake(
            "taken_at_v",
            "The Hessian is taken at v",
            "p belongs to the weights w; v is a direction, not a place.",
            {"sigmoid(X @ w)": "sigmoid(X @ v)"},
        ),
        Mistake(
            "whole_matrix",
            "The whole Hessian is returned",
            "What is asked for is its product with v, (D,).",
            {"(curvature * (X @ v))": "(curvature[:, None] * X)"},
        ),
        Mistake(
            "quadratic_form",
            "It is v times the Hessian times v",
            "That is one number, the curvature along v; the product with v has D entries.",
            {"X.T @ (curvature * (X @ v))": "(X @ v) @ (curvature * (X @ v))"},
        ),
        Mistake(
            "whole_step",
            "It is the gradient's change over a whole step v",
            "The product is the rate at the start; over a whole step the gradient's curve bends.",
            {"X.T @ (curvature * (X @ v)) / len(X)": ("X.T @ (sigmoid(X @ (w + v)) - p) / len(X)")},
        ),
        Mistake(
            "not_brought_back",
            "The product stops at the examples",
            "It must go back from the N examples to the D weights, through X transposed.",
            {"X.T @ (curvature * (X @ v))": "(curvature * (X @ v))"},
        ),
        Mistake(
            "solved",
            "The system is solved instead of multiplied",
            "This is Newton's step, the inverse Hessian times v.",
            {
                "X.T @ (curvature * (X @ v)) / len(X)": (
                    "np.linalg.lstsq(X.T @ (curvature[:, None] * X) / len(X), v)[0]"
                )
            },
        ),
    ],
    nudge="When the weights move along v, how fast does each logit move, how fast each "
    "probability, and how fast therefore the gradient?",
    sketch="""
        Differentiate the gradient along v, from the inside out. The logits move as fast as X
        carries v to them. Each probability moves by the slope of the sigmoid times that. The
        labels stand still. The rest of the gradient, X transposed and the division by the number
        of examples, is linear and stays as it is.
        """,
    skeleton="""
        def hessian_vector_product(w, v, X, y):
            p = ...                 # (N,)
            speed = ...             # (N,): how fast p moves along v
            return ...              # (D,)
        """,
    notice="The labels drop out: this loss curves the same way whatever the answers are, and "
    "never downward, so it has one valley.",
)
