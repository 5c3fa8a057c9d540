"""The backward step of batch norm.

Mean and variance depend on every example, so all of them send back.
"""

import numpy as np

import bpkit as bp
from bpkit.tasks.spec import Mistake, task
from bpkit.tasks.themes.ch15_normalization.shared import normalization_mistakes, table_mistakes
from bpkit.tasks.tools import pullback, slopes


def batch_norm_backward(dY, X, gamma, eps):
    """The gradients of batch norm, Y = gamma * (X - mean) / sqrt(variance + eps) + beta.

    dY, X (N, D), gamma (D,), eps a number. Returns dX (N, D), dgamma (D,), dbeta (D,).
    """
    mean = X.mean(axis=0, keepdims=True)
    deviation = np.sqrt(X.var(axis=0, keepdims=True) + eps)
    Z = (X - mean) / deviation
    dZ = dY * gamma
    level = dZ.mean(axis=0, keepdims=True)
    tilt = (dZ * Z).mean(axis=0, keepdims=True)
    dX = (dZ - level - Z * tilt) / deviation
    dgamma = (dY * Z).sum(axis=0)
    dbeta = dY.sum(axis=0)
    return dX, dgamma, dbeta


def batch_to_normalize(draw):
    N, D = draw.size("N", least=3), draw.size("D")
    return {
        "dY": draw.real(N, D),
        "X": draw.real(N, D),
        "gamma": draw.real(D),
        "eps": draw.positive(low=0.1, high=0.5),
    }


def batch_norm_step_by_step(dY, X, gamma, eps):
    N = len(X)
    centered = X - X.mean(0)
    variance = (centered**2).mean(0)
    inverse = 1 / np.sqrt(variance + eps)
    dZ = dY * gamma
    dvariance = (dZ * centered * -0.5 * inverse**3).sum(0)
    dmean = (-dZ * inverse).sum(0) + dvariance * (-2 * centered).mean(0)
    dX = dZ * inverse + dvariance * 2 * centered / N + dmean / N
    return dX, (dY * centered * inverse).sum(0), dY.sum(0)


def batch_norm_with_parameters(dY, X, gamma, eps):
    """dX written with dgamma and dbeta, as in the paper's short form."""
    N = X.shape[0]
    s = (X.var(axis=0) + eps) ** 0.5
    Z = (X - X.mean(axis=0)) / s
    dgamma, dbeta = np.einsum("nd,nd->d", dY, Z), np.add.reduce(dY)
    return gamma / (N * s) * (N * dY - dbeta - Z * dgamma), dgamma, dbeta


def batch_norm_columns(dY, X, gamma, eps):
    N, D = X.shape
    dX, dgamma, dbeta = np.empty((N, D)), np.empty(D), np.empty(D)
    for d in range(D):
        s = np.sqrt(X[:, d].var() + eps)
        z = (X[:, d] - X[:, d].mean()) / s
        jacobian = (np.eye(N) - np.full((N, N), 1 / N) - np.outer(z, z) / N) / s
        dX[:, d] = gamma[d] * dY[:, d] @ jacobian
        dgamma[d], dbeta[d] = z @ dY[:, d], sum(dY[:, d])
    return dX, dgamma, dbeta


def batch_norm_by_differences(dY, X, gamma, eps):
    def loss(X, gamma, beta):
        Z = (X - X.mean(0)) / np.sqrt(X.var(0) + eps)
        return float((dY * (gamma * Z + beta)).sum())

    return slopes(loss, X, gamma, np.zeros(len(gamma)))


task(
    batch_norm_backward,
    chapter=15,
    title="Batch norm, backward",
    minutes=25,
    points=4,
    returns="dX dgamma dbeta",
    inputs=batch_to_normalize,
    statement="""
        In training, batch norm computes `Z = (X - mean) / sqrt(variance + eps)` and `Y = gamma *
        Z + beta`. Mean and variance of each feature run over the `N` rows of `X` `(N, D)` (the
        variance is the mean of the squares), so the examples of a batch depend on each other.
        `gamma` and `beta` are `(D,)`; `dY` `(N, D)` arrives from above.

        Write `batch_norm_backward(dY, X, gamma, eps)`, which returns `dX` `(N, D)`, `dgamma`
        `(D,)` and `dbeta` `(D,)`.
        """,
    example="""
        >>> dY, X = np.array([[8.0], [0.0]]), np.array([[1.0], [5.0]])
        >>> dX, dgamma, dbeta = batch_norm_backward(dY, X, np.array([2.0]), 5.0)
        >>> dX.round(3).tolist(), dgamma.round(3).tolist(), dbeta.tolist()
        ([[1.481], [-1.481]], [-5.333], [8.0])
        """,
    variants=[batch_norm_step_by_step, batch_norm_with_parameters, batch_norm_columns],
    oracle=lambda dY, X, gamma, eps: pullback(
        lambda X, g, b: bp.batch_norm(X, g, b, eps), dY, X, gamma, np.zeros(len(gamma))
    ),
    differences=batch_norm_by_differences,
    mistakes=[
        *normalization_mistakes(0, "the batch", {"dZ = dY * gamma": "dZ = dY"}),
        *table_mistakes(0),
        Mistake(
            "over_the_features",
            "Mean and variance run over the features",
            "That is layer norm; here each feature is normalized over the rows of the batch.",
            {
                "X.mean(axis=0": "X.mean(axis=1",
                "X.var(axis=0": "X.var(axis=1",
                "dZ.mean(axis=0": "dZ.mean(axis=1",
                "Z).mean(axis=0": "Z).mean(axis=1",
            },
        ),
        Mistake(
            "backward_over_the_features",
            "Going back, the means run over the features",
            "What was averaged over the rows going forward is averaged over them going back.",
            {"dZ.mean(axis=0": "dZ.mean(axis=1", "Z).mean(axis=0": "Z).mean(axis=1"},
        ),
        Mistake(
            "gamma_twice",
            "gamma enters twice in dX",
            "Y is gamma times Z, so it multiplies the gradient once on the way back.",
            {"dZ = dY * gamma": "dZ = dY * gamma * gamma"},
        ),
    ],
    nudge="If one example of a batch moves, do the normalized values of the other examples stay "
    "where they are?",
    sketch="""
        Compute Z as in the forward pass. What arrives at Z is the upstream gradient times gamma.
        An entry of X reaches the loss in three ways: through its own Z, through the mean of its
        feature, and through the deviation. The second takes away the mean over the rows of what
        arrives at Z; the third takes away Z times the mean of the product with Z; all is divided
        by the deviation. gamma and beta add up what the rows send.
        """,
    skeleton="""
        def batch_norm_backward(dY, X, gamma, eps):
            mean = ...              # (1, D)
            deviation = ...         # (1, D)
            Z = ...                 # (N, D)
            dZ = ...                # (N, D): what arrives at Z
            level = ...             # (1, D)
            tilt = ...              # (1, D)
            dX = (dZ - ...) / deviation
            dgamma = ...            # (D,)
            dbeta = ...             # (D,)
            return dX, dgamma, dbeta
        """,
    notice="Each column of dX sums to 0, so a bias before a batch norm gets no gradient at all: "
    "leave it out.",
)
