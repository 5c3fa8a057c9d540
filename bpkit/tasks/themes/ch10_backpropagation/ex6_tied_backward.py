"""An autoencoder with shared weights; the closed task of the chapter.

One matrix is used twice, once transposed, and both uses send back.
"""

import numpy as np

import bpkit as bp
from bpkit.tasks.spec import Mistake, task
from bpkit.tasks.tools import pullback, slopes


def tied_backward(X, W, b, c):
    """The gradients of an autoencoder whose two layers share their weights.

    X (N, D), W (D, M), b (M,), c (D,). Returns dW (D, M), db (M,), dc (D,).
    """
    H = np.tanh(X @ W + b)
    Y = H @ W.T + c
    dY = 2 * (Y - X) / X.size
    dH = dY @ W
    dZ = dH * (1 - H**2)
    dW = X.T @ dZ + dY.T @ H
    db = dZ.sum(axis=0)
    dc = dY.sum(axis=0)
    return dW, db, dc


def tied_inputs(draw):
    N, D, M = draw.sizes("N D M")
    return {
        "X": draw.real(N, D, high=1.5),
        "W": draw.real(D, M, low=0.1, high=0.8),
        "b": draw.real(M, low=0.1, high=0.6),
        "c": draw.real(D),
    }


def tied_in_rows(X, W, b, c):
    dW, db, dc = np.zeros(W.shape), np.zeros(b.shape), np.zeros(c.shape)
    for x in X:
        h = np.tanh(x @ W + b)
        dy = (W @ h + c - x) * (2 / X.size)
        dW += np.outer(dy, h)
        dz = (dy @ W) / np.cosh(x @ W + b) ** 2
        dW += np.outer(x, dz)
        db += dz
        dc += dy
    return dW, db, dc


def as_two_layers(X, W, b, c):
    V = W.T.copy()
    H = np.tanh(X @ W + b)
    dY = 2 * (H @ V + c - X) / X.size
    dV = H.T @ dY
    dZ = dY @ V.T * (1 + H) * (1 - H)
    return X.T @ dZ + dV.T, dZ.sum(axis=0), dY.sum(axis=0)


def tied_by_bpkit(X, W, b, c):
    fixed = bp.Tensor(X, requires_grad=False)

    def loss(W, b, c):
        return bp.mse(bp.tanh(fixed @ W + b) @ bp.swap(W) + c, fixed)

    return pullback(loss, 1.0, W, b, c)


def tied_by_differences(X, W, b, c):
    def loss(W, b, c):
        return np.mean((np.tanh(X @ W + b) @ W.T + c - X) ** 2)

    return slopes(loss, W, b, c)


task(
    tied_backward,
    chapter=10,
    title="An autoencoder whose layers share their weights",
    minutes=30,
    points=6,
    closed=True,
    returns="dW db dc",
    inputs=tied_inputs,
    statement="""
        An autoencoder squeezes each example into a few numbers and rebuilds it from them: `H =
        tanh(X @ W + b)`, then `Y = H @ W.T + c`. The same `W` is used twice. `X` is `(N, D)`, `W`
        `(D, M)`, `b` `(M,)`, `c` `(D,)`, and so `H` is `(N, M)` and `Y` `(N, D)`. The loss is the
        mean, over all N D entries, of the squared difference between `Y` and `X`.

        Write `tied_backward(X, W, b, c)`, which goes forward and then back, and returns the
        gradients of the loss: `dW` `(D, M)`, `db` `(M,)` and `dc` `(D,)`.
        """,
    example="""
        >>> X, W, b, c = np.array([[2.0]]), np.array([[1.0]]), np.log([2.0]) - 2, np.array([0.4])
        >>> [d.round(6).tolist() for d in tied_backward(X, W, b, c)]
        [[[-3.76]], [-1.28], [-2.0]]
        """,
    variants=[
        tied_in_rows,
        as_two_layers,
        {"dY.T @ H": "(H.T @ dY).T", "X.T @ dZ": 'np.einsum("nd,nm->dm", X, dZ)'},
    ],
    oracle=tied_by_bpkit,
    differences=tied_by_differences,
    mistakes=[
        Mistake(
            "first_use_only",
            "dW counts the first use of W only",
            "W is used twice, and each use adds its part; the one in the second layer is missing.",
            {"X.T @ dZ + dY.T @ H": "X.T @ dZ"},
        ),
        Mistake(
            "second_use_only",
            "dW counts the second use of W only",
            "W is used twice, and each use adds its part; the one in the first layer is missing.",
            {"X.T @ dZ + dY.T @ H": "dY.T @ H"},
        ),
        Mistake(
            "uses_averaged",
            "The two uses of W are averaged",
            "Contributions that meet are added, not averaged.",
            {"X.T @ dZ + dY.T @ H": "(X.T @ dZ + dY.T @ H) / 2"},
        ),
        Mistake(
            "uses_subtracted",
            "The two uses of W are subtracted",
            "Contributions that meet are added.",
            {"+ dY.T @ H": "- dY.T @ H"},
        ),
        Mistake(
            "tanh_not_passed",
            "The slope of tanh is missing",
            "On the way from H back to the first layer, the gradient is multiplied by the slope "
            "of tanh.",
            {"dH * (1 - H**2)": "dH"},
        ),
        Mistake(
            "slope_of_sigmoid",
            "The slope of the sigmoid stands where that of tanh belongs",
            "The slope of tanh is 1 minus the square of its output.",
            {"(1 - H**2)": "H * (1 - H)"},
        ),
        Mistake(
            "slope_of_relu",
            "The slope of ReLU stands where that of tanh belongs",
            "The activation is tanh, whose slope is 1 minus the square of its output.",
            {"(1 - H**2)": "(H > 0)"},
        ),
        Mistake(
            "tanh_not_squared",
            "The square in the slope of tanh is missing",
            "The slope of tanh is 1 minus the square of its output.",
            {"H**2": "H"},
        ),
        Mistake(
            "tanh_again",
            "Tanh is applied to H again",
            "H is the output of tanh already, and the slope is made of it as it is.",
            {"(1 - H**2)": "(1 - np.tanh(H) ** 2)"},
        ),
        Mistake(
            "two_missing",
            "The factor 2 is missing",
            "The derivative of a square is twice what was squared; this loss has no 1/2.",
            {"2 * (Y - X)": "(Y - X)"},
        ),
        Mistake(
            "divided_by_N",
            "Divided by N only",
            "The mean runs over all entries, so the factor is 1 over N times D.",
            {"X.size": "len(X)"},
        ),
        Mistake(
            "not_divided",
            "The mean's division is missing",
            "The loss is a mean over N D entries, so its gradients are divided by their number.",
            {" / X.size": ""},
        ),
        Mistake(
            "sign",
            "The sign is flipped",
            "The loss grows with Y where Y is above X: the difference is Y minus X.",
            {"(Y - X)": "(X - Y)"},
        ),
        Mistake(
            "relu_network",
            "The activation going forward is ReLU",
            "The gradients belong to the network with tanh.",
            {"np.tanh(X @ W + b)": "np.maximum(X @ W + b, 0)"},
        ),
        Mistake(
            "biases_averaged",
            "The biases' gradients are averaged over the batch",
            "The mean is in the loss already; the rows are added up.",
            {"dZ.sum(axis=0)": "dZ.mean(axis=0)", "dY.sum(axis=0)": "dY.mean(axis=0)"},
        ),
    ],
    nudge="How many times does W appear on the way from X to the loss, and what does that mean for "
    "its gradient?",
    sketch="""
        Go forward and keep H and Y. The loss gives the gradient at Y. The second layer is affine
        with the transpose of W as its weights: write down its weights' gradient, which has the
        shape of that transpose, and turn it. Pass on to H, then through tanh, to the first layer,
        which is affine with W itself. W has been met twice; add what the two meetings gave.
        """,
    skeleton="""
        def tied_backward(X, W, b, c):
            H = ...
            Y = ...
            dY = ...                # (N, D)
            dZ = ...                # (N, M): through W, then tanh
            dW = ... + ...          # two uses
            db, dc = ..., ...
            return dW, db, dc
        """,
    notice="A gradient check finds the missing use at once; training would only be a little worse, "
    "and nobody would ask why.",
)
