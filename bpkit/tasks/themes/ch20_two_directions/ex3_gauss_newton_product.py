"""The Gauss-Newton matrix times a vector; the closed task of the chapter.

Forward with a direction, then back with what came out.
"""

import numpy as np

import bpkit as bp
from bpkit.tasks.spec import Mistake, task
from bpkit.tasks.tools import averaged_twice, not_averaged, pullback


def gauss_newton_product(X, W, V):
    """The Gauss-Newton matrix of a tanh layer under half the mean squared error, times V.

    X (N, D), W, V (D, M). Returns the product (D, M).
    """
    Y = np.tanh(X @ W)
    slope = 1 - Y**2
    speed = slope * (X @ V)
    return X.T @ (slope * speed) / len(X)


def layer_and_direction(draw):
    N, D, M = draw.sizes("N D M", least=1 if draw.small is not None else 2)
    return {
        "X": draw.real(N, D),
        "W": draw.real(D, M, low=0.1, high=0.8),
        "V": draw.real(D, M),
    }


def gauss_newton_by_matrix(X, W, V):
    """The Jacobian written out, for each example and output."""
    D, M = W.shape
    G = np.zeros((D * M, D * M))
    for x in X:
        slope = 1 / np.cosh(x @ W) ** 2
        for m in range(M):
            row = np.zeros((D, M))
            row[:, m] = slope[m] * x
            G += np.outer(row, row) / len(X)
    return (G @ V.ravel()).reshape(D, M)


def gauss_newton_columns(X, W, V):
    out = np.empty(W.shape)
    for m in range(W.shape[1]):
        weight = (1 - np.tanh(X @ W[:, m]) ** 2) ** 2
        out[:, m] = (X.T * weight) @ X @ V[:, m] / X.shape[0]
    return out


def gauss_newton_complex_step(X, W, V):
    moved = np.tanh(X @ (W + 1e-30j * V))
    speed = moved.imag * 1e30
    return np.einsum("nd,nm->dm", X, (1 - moved.real**2) * speed) / len(speed)


def gauss_newton_in_bpkit(X, W, V):
    h = 1e-5
    speed = (np.tanh(X @ (W + h * V)) - np.tanh(X @ (W - h * V))) / (2 * h)
    return pullback(lambda W: bp.tanh(X @ W), speed / len(X), W)


task(
    gauss_newton_product,
    chapter=20,
    title="The Gauss-Newton matrix times a vector",
    minutes=15,
    points=3,
    closed=True,
    returns="GV",
    inputs=layer_and_direction,
    statement="""
        The Gauss-Newton matrix stands in for the Hessian where that one might bend downward. For
        a layer `Y = tanh(X @ W)` under half the mean squared error (half the squared errors,
        summed over the outputs and averaged over the `N` examples), its product with a direction
        `V` is made in two passes. Going forward, find how fast `Y` moves when `W` moves along
        `V`. Then send that back to the weights, as a gradient that arrives at `Y`, and divide by
        `N`. `X` is `(N, D)`, `W` and `V` are `(D, M)`.

        Write `gauss_newton_product(X, W, V)`, which returns the product, `(D, M)`.
        """,
    example="""
        >>> gauss_newton_product(np.array([[2.0], [4.0]]), np.zeros((1, 1)), np.ones((1, 1)))
        array([[10.]])
        """,
    variants=[gauss_newton_by_matrix, gauss_newton_columns, gauss_newton_complex_step],
    differences=gauss_newton_in_bpkit,
    mistakes=[
        not_averaged({" / len(X)": ""}),
        averaged_twice({"/ len(X)": "/ len(X) ** 2"}),
        Mistake(
            "slope_once",
            "The slope of tanh enters once",
            "It acts on the way forward and again on the way back: once in each pass.",
            {"(slope * speed)": "speed"},
        ),
        Mistake(
            "slope_missing",
            "The slope of tanh is left out",
            "Between X W and Y stands tanh: its slope acts in both passes.",
            {"(slope * speed)": "speed", "speed = slope * (X @ V)": "speed = X @ V"},
        ),
        Mistake(
            "slope_not_squared",
            "The slope is 1 minus Y",
            "The slope of tanh is 1 minus the square of its value.",
            {"1 - Y**2": "1 - Y"},
        ),
        Mistake(
            "slope_before_tanh",
            "The slope is made from what goes into tanh",
            "It is 1 minus the square of tanh, that is, of Y.",
            {"1 - Y**2": "1 - (X @ W) ** 2"},
        ),
        Mistake(
            "tanh_of_direction",
            "The direction is put through tanh",
            "A rate is multiplied by the slope at the value; tanh itself is for values.",
            {"slope * (X @ V)": "np.tanh(X @ V)"},
        ),
        Mistake(
            "taken_at_V",
            "The slope is taken at V",
            "The slope belongs to the weights W; V is a direction, not a place.",
            {"np.tanh(X @ W)": "np.tanh(X @ V)"},
        ),
        Mistake(
            "W_for_V",
            "W stands where V belongs",
            "V says in which direction the weights move; W only says where they are.",
            {"(X @ V)": "(X @ W)"},
        ),
        Mistake(
            "forward_only",
            "The second pass is missing",
            "How fast Y moves, (N, M), must still be sent back to the weights, (D, M).",
            {"X.T @ (slope * speed) / len(X)": "speed"},
        ),
        Mistake(
            "output_sent_back",
            "Y is sent back, not its speed",
            "What arrives at Y in the second pass is how fast it moves along V.",
            {"slope * speed)": "slope * Y)"},
        ),
        Mistake(
            "diagonal",
            "Only the matrix's diagonal is used",
            "An entry of W moves outputs that other entries move too: X V sums over all of them "
            "first.",
            {"X.T @ (slope * speed) / len(X)": "(X * X).T @ slope**2 / len(X) * V"},
        ),
        Mistake(
            "whole_step",
            "The speed is the change over a whole step V",
            "The rate at the start is meant; over a whole step tanh bends.",
            {"slope * (X @ V)": "np.tanh(X @ (W + V)) - Y"},
        ),
    ],
    nudge="By what is a speed multiplied where it meets tanh going forward, and by what is a "
    "gradient multiplied where it meets the same tanh going back?",
    sketch="""
        Compute the output and the slope of tanh there. First pass: the direction goes through X
        and is slowed by the slope, which gives the speed of each output. Second pass: treat these
        speeds as what arrives from above, multiply by the slope again, and bring them to the
        weights through X transposed. The loss is a mean, so one division by the number of
        examples is left.
        """,
    skeleton="""
        def gauss_newton_product(X, W, V):
            Y = np.tanh(X @ W)
            slope = ...             # (N, M)
            speed = ...             # (N, M): how fast Y moves along V
            return ...              # (D, M)
        """,
    notice="The product with V, times V again, is a mean of squared speeds, so it is never "
    "negative: along no direction does this matrix bend downward.",
)
