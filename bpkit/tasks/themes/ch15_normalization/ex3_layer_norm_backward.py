"""The backward step of layer norm. The same algebra along the other axis."""

import numpy as np

import bpkit as bp
from bpkit.tasks.spec import Mistake, task
from bpkit.tasks.themes.ch15_normalization.shared import (
    normalization_mistakes,
    rows_to_normalize,
    table_mistakes,
)
from bpkit.tasks.tools import pullback, slopes


def layer_norm_backward(dY, X, gamma, eps):
    """The gradients of layer norm, Y = gamma * (X - mean) / sqrt(variance + eps) + beta.

    dY, X (N, D), gamma (D,), eps a number. Returns dX (N, D), dgamma (D,), dbeta (D,).
    """
    mean = X.mean(axis=1, keepdims=True)
    deviation = np.sqrt(X.var(axis=1, keepdims=True) + eps)
    Z = (X - mean) / deviation
    dZ = dY * gamma
    level = dZ.mean(axis=1, keepdims=True)
    tilt = (dZ * Z).mean(axis=1, keepdims=True)
    dX = (dZ - level - Z * tilt) / deviation
    dgamma = (dY * Z).sum(axis=0)
    dbeta = dY.sum(axis=0)
    return dX, dgamma, dbeta


def layer_norm_step_by_step(dY, X, gamma, eps):
    """Every step of the forward pass, undone one by one."""
    D = X.shape[1]
    centered = X - X.sum(axis=1, keepdims=True) / D
    variance = (centered**2).sum(axis=1, keepdims=True) / D
    inverse = (variance + eps) ** -0.5
    dZ = dY * gamma
    dcentered = dZ * inverse
    dinverse = (dZ * centered).sum(axis=1, keepdims=True)
    dvariance = -0.5 * dinverse * inverse**3
    dcentered = dcentered + 2 * centered * dvariance / D
    dX = dcentered - dcentered.sum(axis=1, keepdims=True) / D
    return dX, np.einsum("nd,nd->d", dY, centered * inverse), dY.T @ np.ones(len(X))


def layer_norm_row_by_row(dY, X, gamma, eps):
    D = X.shape[1]
    dX, dgamma, dbeta = np.empty_like(X), np.zeros(D), np.zeros(D)
    for n, x in enumerate(X):
        deviation = np.sqrt(x.var() + eps)
        z = (x - x.mean()) / deviation
        jacobian = (np.eye(D) - 1 / D - np.outer(z, z) / D) / deviation
        dX[n] = jacobian @ (gamma * dY[n])
        dgamma += dY[n] * z
        dbeta += dY[n]
    return dX, dgamma, dbeta


def layer_norm_long_formula(dY, X, gamma, eps):
    D = X.shape[1]
    mu = X.mean(1)[:, None]
    s = np.sqrt(((X - mu) ** 2).mean(1)[:, None] + eps)
    xhat, up = (X - mu) / s, dY * gamma[None, :]
    inner = D * up - up.sum(1)[:, None] - xhat * (up * xhat).sum(1)[:, None]
    return inner / (D * s), (dY * xhat).sum(0), dY.sum(0)


def layer_norm_by_differences(dY, X, gamma, eps):
    def loss(X, gamma, beta):
        Z = (X - X.mean(1, keepdims=True)) / np.sqrt(X.var(1, keepdims=True) + eps)
        return float((dY * (gamma * Z + beta)).sum())

    return slopes(loss, X, gamma, np.zeros(len(gamma)))


task(
    layer_norm_backward,
    chapter=15,
    title="Layer norm, backward",
    minutes=25,
    points=4,
    returns="dX dgamma dbeta",
    inputs=rows_to_normalize,
    statement="""
        Layer norm gives each row of `X` `(N, D)` mean 0 and variance 1, and then a learned scale
        and shift: `Z = (X - mean) / sqrt(variance + eps)` and `Y = gamma * Z + beta`. Mean and
        variance run over the `D` features of a row (the variance is the mean of the squares);
        `gamma` and `beta` are `(D,)` and serve every row. `dY` `(N, D)` arrives from above.

        Write `layer_norm_backward(dY, X, gamma, eps)`, which returns `dX` `(N, D)`, `dgamma`
        `(D,)` and `dbeta` `(D,)`.
        """,
    example="""
        >>> dY, X = np.array([[8.0, 0.0]]), np.array([[1.0, 5.0]])
        >>> dX, dgamma, dbeta = layer_norm_backward(dY, X, np.array([2.0, 3.0]), 5.0)
        >>> dX.round(3).tolist(), dgamma.round(3).tolist(), dbeta.tolist()
        ([[1.481, -1.481]], [-5.333, 0.0], [8.0, 0.0])
        """,
    variants=[layer_norm_step_by_step, layer_norm_row_by_row, layer_norm_long_formula],
    oracle=lambda dY, X, gamma, eps: pullback(
        lambda X, g, b: bp.layer_norm(X, g, b, eps), dY, X, gamma, np.zeros(len(gamma))
    ),
    differences=layer_norm_by_differences,
    mistakes=[
        *normalization_mistakes(1, "the row", {"dZ = dY * gamma": "dZ = dY"}),
        *table_mistakes(0),
        Mistake(
            "gamma_last",
            "gamma multiplies at the end",
            "gamma differs from feature to feature, so it must be in the gradient before the "
            "means over the features are taken.",
            {"dZ = dY * gamma": "dZ = dY", "tilt) / deviation": "tilt) / deviation * gamma"},
        ),
        Mistake(
            "means_without_gamma",
            "The two means are taken of dY, without gamma",
            "Both terms that are taken away are means of what arrives at Z: dY times gamma.",
            {"level = dZ": "level = dY", "tilt = (dZ": "tilt = (dY"},
        ),
        Mistake(
            "over_the_batch",
            "Mean and variance run over the batch",
            "That is batch norm; here each row is normalized by itself, over its features.",
            {
                "X.mean(axis=1": "X.mean(axis=0",
                "X.var(axis=1": "X.var(axis=0",
                "dZ.mean(axis=1": "dZ.mean(axis=0",
                "Z).mean(axis=1": "Z).mean(axis=0",
            },
        ),
        Mistake(
            "backward_over_the_batch",
            "Going back, the means run over the batch",
            "What was averaged over the features going forward is averaged over them going back.",
            {"dZ.mean(axis=1": "dZ.mean(axis=0", "Z).mean(axis=1": "Z).mean(axis=0"},
        ),
    ],
    nudge="If all features of a row grow by the same amount, does Y change? And if they all "
    "double? What does that say about dX?",
    sketch="""
        Compute Z as in the forward pass. What arrives at Z is the upstream gradient times gamma.
        From this, take away its mean over the row, since shifting a row changes nothing; take
        away its part along Z, which is Z times the mean of the product with Z, since stretching a
        row changes (almost) nothing; and divide by the deviation. For gamma and beta, look at one
        feature: it appears in every row with the same gamma and beta, so the rows add up.
        """,
    skeleton="""
        def layer_norm_backward(dY, X, gamma, eps):
            mean = ...              # (N, 1)
            deviation = ...         # (N, 1)
            Z = ...                 # (N, D)
            dZ = ...                # (N, D): what arrives at Z
            level = ...             # (N, 1)
            tilt = ...              # (N, 1)
            dX = (dZ - ...) / deviation
            dgamma = ...            # (D,)
            dbeta = ...             # (D,)
            return dX, dgamma, dbeta
        """,
    notice="Each row of dX sums to 0: the gradient never pushes a whole row up or down, since "
    "the mean would take it away again.",
)
