"""Dropout on weights instead of values; the closed task of the chapter.

One mask thins a matrix, and both gradients must see the matrix as it was used.
"""

import numpy as np

from bpkit.tasks.spec import Mistake, task
from bpkit.tasks.tools import averaged_twice, pullback, slopes


def dropconnect_backward(dY, X, W, keep, rate):
    """The gradients of Y = X @ (W * keep / (1 - rate)).

    dY (N, M), X (N, D), W (D, M), keep (D, M): True where a weight was kept. rate: a number.
    Returns dX (N, D), dW (D, M).
    """
    thinned = W * keep / (1 - rate)
    dX = dY @ thinned.T
    dW = X.T @ dY * keep / (1 - rate)
    return dX, dW


def thinned_layer(draw):
    N, D, M = draw.sizes("N D M", least=2)
    return {
        "dY": draw.real(N, M),
        "X": draw.real(N, D),
        "W": draw.real(D, M),
        "keep": draw.mask(D, M),
        "rate": draw.positive(low=0.2, high=0.45),
    }


def by_loops(dY, X, W, keep, rate):
    dX, dW = np.zeros(X.shape), np.zeros(W.shape)
    for d, m in zip(*np.nonzero(keep), strict=True):
        for n in range(len(X)):
            dX[n, d] += dY[n, m] * W[d, m] / (1 - rate)
            dW[d, m] += dY[n, m] * X[n, d] / (1 - rate)
    return dX, dW


def in_bpkit(dY, X, W, keep, rate):
    return pullback(lambda X, W: X @ (W * (keep / (1 - rate))), dY, X, W)


def by_differences(dY, X, W, keep, rate):
    return slopes(lambda X, W: np.sum(dY * (X @ (W * keep / (1 - rate)))), X, W)


task(
    dropconnect_backward,
    chapter=14,
    title="Dropout on the weights, backward",
    minutes=15,
    points=3,
    returns="dX dW",
    inputs=thinned_layer,
    statement="""
        Dropout sets values to 0. DropConnect does the same to weights: in training a layer
        computes `Y = X @ (W * keep / (1 - rate))`, with one mask for the whole batch. `X` is `(N,
        D)`, `W` is `(D, M)`, and `keep` `(D, M)` is True where a weight was kept; `rate` is the
        probability of dropping one. `dY` `(N, M)` arrives from above.

        Write `dropconnect_backward(dY, X, W, keep, rate)`, which returns `dX` `(N, D)` and `dW`
        `(D, M)`, the gradient for the whole `W`. No input is changed.
        """,
    example="""
        >>> dY, X, W = np.array([[3.0]]), np.array([[2.0, 4.0]]), np.array([[5.0], [7.0]])
        >>> dX, dW = dropconnect_backward(dY, X, W, np.array([[True], [False]]), 0.25)
        >>> dX.tolist(), dW.tolist()
        ([[20.0, 0.0]], [[8.0], [0.0]])
        """,
    variants=[
        {
            "X.T @ dY * keep / (1 - rate)": "np.where(keep, np.einsum('nd,nm->dm', "
            "X, dY), 0) / (1 - rate)"
        },
        {"X.T @ dY * keep / (1 - rate)": "(dY.T @ X).T / (1 - rate)\n    dW[~keep] = 0"},
        by_loops,
    ],
    oracle=in_bpkit,
    differences=by_differences,
    mistakes=[
        Mistake(
            "dW_not_masked",
            "dW reaches weights that were dropped",
            "A weight that was dropped had no part in Y, so its gradient is 0.",
            {"X.T @ dY * keep": "X.T @ dY"},
        ),
        Mistake(
            "dX_not_masked",
            "dX goes back through weights that were dropped",
            "The way back uses the matrix of the way forward, in which dropped weights are 0.",
            {"W * keep": "W"},
        ),
        Mistake(
            "never_masked",
            "The mask is left out of both gradients",
            "A dropped weight neither passes a gradient on nor receives one.",
            {"W * keep": "W", "X.T @ dY * keep": "X.T @ dY"},
        ),
        Mistake(
            "mask_upside_down",
            "The mask is upside down",
            "keep is True where a weight was used; these are the ones that count.",
            {"W * keep": "W * ~keep", "dY * keep": "dY * ~keep"},
        ),
        Mistake(
            "not_scaled",
            "The division by 1 - rate is left out",
            "The kept weights were scaled up on the way forward, and that factor is in both "
            "gradients.",
            {"keep / (1 - rate)\n    dX": "keep\n    dX", "dY * keep / (1 - rate)": "dY * keep"},
        ),
        Mistake(
            "dX_not_scaled",
            "dX lacks the division by 1 - rate",
            "The matrix of the way forward was scaled up, and dX goes back through that one.",
            {"keep / (1 - rate)\n    dX": "keep\n    dX"},
        ),
        Mistake(
            "dW_not_scaled",
            "dW lacks the division by 1 - rate",
            "Y depends on W through W times keep over 1 - rate, so that factor is in its slope.",
            {"dY * keep / (1 - rate)": "dY * keep"},
        ),
        Mistake(
            "divided_by_rate",
            "It is divided by rate",
            "rate is the share that was dropped; the share that was kept is 1 - rate.",
            {
                "keep / (1 - rate)\n    dX": "keep / rate\n    dX",
                "dY * keep / (1 - rate)": "dY * keep / rate",
            },
        ),
        Mistake(
            "scaled_down",
            "It is multiplied by 1 - rate",
            "What was kept was scaled up, by one over 1 - rate, and so are the gradients.",
            {
                "keep / (1 - rate)\n    dX": "keep * (1 - rate)\n    dX",
                "dY * keep / (1 - rate)": "dY * keep * (1 - rate)",
            },
        ),
        Mistake(
            "dW_times_W",
            "dW is multiplied by the weights",
            "W enters in the first power, so it is gone from its own derivative.",
            {"dY * keep": "dY * thinned * keep"},
        ),
        averaged_twice({"dY * keep": "dY / len(X) * keep"}),
    ],
    nudge="A weight that was dropped: how much does the output move if you move that weight, and "
    "how much of the gradient goes back through it?",
    sketch="""
        Give the matrix that was used a name of its own: the weights, masked and scaled. The layer
        is linear in it, so the two gradients of a linear layer hold: dX goes back through this
        matrix, and the matrix itself gets X and dY over the batch. From the matrix to the
        weights is one more step, entry by entry: the same mask, and the same scale.
        """,
    skeleton="""
        def dropconnect_backward(dY, X, W, keep, rate):
            thinned = ...           # (D, M): the matrix of the way forward
            dX = dY @ ...           # (N, D)
            dW = ...                # (D, M): first for the thinned matrix, then for W
            return dX, dW
        """,
    notice="A mask is a constant of the step: it multiplies whatever passes it, forward and back, "
    "values and weights alike.",
    closed=True,
)
