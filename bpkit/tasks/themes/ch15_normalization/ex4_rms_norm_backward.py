"""The backward step of RMS norm. Nothing is centered, so one of the two corrections is gone."""

import numpy as np

import bpkit as bp
from bpkit.tasks.spec import Mistake, task
from bpkit.tasks.themes.ch15_normalization.shared import rows_to_normalize, table_mistakes
from bpkit.tasks.tools import pullback, slopes


def rms_norm_backward(dY, X, gamma, eps):
    """The gradients of RMS norm, Y = gamma * X / sqrt(mean of X * X + eps).

    dY, X (N, D), gamma (D,), eps a number. Returns dX (N, D), dgamma (D,).
    """
    size = np.sqrt((X * X).mean(axis=1, keepdims=True) + eps)
    Z = X / size
    dZ = dY * gamma
    tilt = (dZ * Z).mean(axis=1, keepdims=True)
    dX = (dZ - Z * tilt) / size
    dgamma = (dY * Z).sum(axis=0)
    return dX, dgamma


def rms_norm_rows(dY, X, gamma, eps):
    dX, dgamma = np.zeros_like(X), np.zeros_like(gamma)
    for n in range(len(X)):
        size = np.sqrt(X[n] @ X[n] / X.shape[1] + eps)
        inner = (dY[n] * gamma) @ X[n]
        dX[n] = dY[n] * gamma / size - X[n] * inner / (X.shape[1] * size**3)
        dgamma += dY[n] * X[n] / size
    return dX, dgamma


def rms_norm_einsum(dY, X, gamma, eps):
    inverse = (np.einsum("nd,nd->n", X, X) / X.shape[1] + eps) ** -0.5
    along = np.einsum("nd,d,nd,n->n", dY, gamma, X, inverse**3) / X.shape[1]
    dX = np.einsum("nd,d,n->nd", dY, gamma, inverse) - X * along[:, None]
    return dX, np.einsum("nd,nd,n->d", dY, X, inverse)


def rms_norm_jacobians(dY, X, gamma, eps):
    D = X.shape[1]
    size = ((X**2).sum(1) / D + eps) ** 0.5
    Z = (X.T / size).T
    J = (np.eye(D) - Z[:, :, None] * Z[:, None, :] / D) / size[:, None, None]
    return ((dY * gamma)[:, None, :] @ J)[:, 0], (dY * Z).sum(0)


task(
    rms_norm_backward,
    chapter=15,
    title="RMS norm, backward",
    minutes=15,
    points=3,
    returns="dX dgamma",
    inputs=rows_to_normalize,
    statement="""
        RMS norm, which large language models use, divides each row of `X` `(N, D)` by its size
        and takes no mean away: `Z = X / size` and `Y = gamma * Z`, where `size` is the root of
        the mean square of the row plus `eps`. `gamma` is `(D,)`; `dY` `(N, D)` arrives from
        above.

        Write `rms_norm_backward(dY, X, gamma, eps)`, which returns `dX` `(N, D)` and `dgamma`
        `(D,)`.
        """,
    example="""
        >>> dY, X = np.array([[8.0, 0.0]]), np.array([[1.0, 3.0]])
        >>> dX, dgamma = rms_norm_backward(dY, X, np.array([2.0, 3.0]), 4.0)
        >>> dX.round(3).tolist(), dgamma.round(3).tolist()
        ([[5.037, -0.889]], [2.667, 0.0])
        """,
    variants=[rms_norm_rows, rms_norm_einsum, rms_norm_jacobians],
    oracle=lambda dY, X, gamma, eps: pullback(
        lambda X, g: bp.rms_norm(X, g, eps=eps), dY, X, gamma
    ),
    differences=lambda dY, X, gamma, eps: slopes(
        lambda X, gamma: float(
            (dY * gamma * X / np.sqrt((X * X).mean(1, keepdims=True) + eps)).sum()
        ),
        X,
        gamma,
    ),
    mistakes=[
        Mistake(
            "gamma_forgotten",
            "dX does not know gamma",
            "Z is multiplied by gamma on the way to Y, so what arrives at Z is dY times gamma. "
            "With gamma = 1 this can't be seen.",
            {"dZ = dY * gamma": "dZ = dY"},
        ),
        Mistake(
            "gamma_last",
            "gamma multiplies at the end",
            "gamma differs from feature to feature, so it must be in the gradient before the mean "
            "over the features is taken.",
            {"dZ = dY * gamma": "dZ = dY", "tilt) / size": "tilt) / size * gamma"},
        ),
        Mistake(
            "mean_without_gamma",
            "The mean does not know gamma",
            "What arrives at Z is dY times gamma; the mean is that of its product with Z.",
            {"tilt = (dZ": "tilt = (dY"},
        ),
        Mistake(
            "size_constant",
            "The size is treated as a constant",
            "An entry of X also moves the size of its row, and so the whole row.",
            {" - Z * tilt": ""},
        ),
        Mistake(
            "mean_taken_away",
            "The mean is taken away, as in layer norm",
            "RMS norm doesn't center X, so there is no such term on the way back.",
            {"dZ - Z * tilt": "dZ - dZ.mean(axis=1, keepdims=True) - Z * tilt"},
        ),
        Mistake(
            "centered",
            "The size is taken around the mean",
            "That is a deviation; RMS norm takes the mean square of the row as it is.",
            {"(X * X).mean(axis=1, keepdims=True)": "X.var(axis=1, keepdims=True)"},
        ),
        Mistake(
            "sum_for_mean",
            "A sum stands where the mean belongs",
            "Each entry has a share of 1/D in the mean square, so the term taken away is a mean.",
            {"(dZ * Z).mean": "(dZ * Z).sum"},
        ),
        Mistake(
            "sum_of_squares",
            "The size is a length: the squares are not averaged",
            "The size is the root of the mean of the D squares, not of their sum.",
            {"(X * X).mean": "(X * X).sum"},
        ),
        Mistake(
            "tilt_not_spread",
            "The second term lacks its factor Z",
            "How much an entry moves the size is in proportion to its own Z.",
            {"Z * tilt)": "tilt)"},
        ),
        Mistake(
            "wrong_sign",
            "The second term is added where it is taken away",
            "A larger entry makes the size larger and so the row smaller: the term is subtracted.",
            {"dZ - Z": "dZ + Z"},
        ),
        Mistake(
            "not_divided",
            "dX is not divided by the size",
            "Z is X over the size, so a small step of X moves Z by one over it.",
            {"tilt) / size": "tilt)"},
        ),
        Mistake(
            "X_for_Z",
            "X stands where Z belongs in dX",
            "Both factors of the second term are the normalized Z.",
            {"(dZ * Z).mean": "(dZ * X).mean", "dZ - Z": "dZ - X"},
        ),
        Mistake(
            "X_spread",
            "X stands where Z belongs in the second term",
            "How much an entry moves the size is in proportion to its normalized Z.",
            {"dZ - Z": "dZ - X"},
        ),
        Mistake(
            "divided_by_square",
            "dX is divided by the size squared",
            "The size divides X, and it divides the gradient once.",
            {"tilt) / size": "tilt) / size**2"},
        ),
        Mistake(
            "no_root",
            "The root of the mean square is missing",
            "The size is a root, so that Z keeps the units of a plain number.",
            {"np.sqrt((X": "((X"},
        ),
        Mistake(
            "over_the_batch",
            "The size is taken over the batch",
            "Each row is normalized by itself: the mean square runs over its D features.",
            {"X).mean(axis=1": "X).mean(axis=0", "Z).mean(axis=1": "Z).mean(axis=0"},
        ),
        Mistake(
            "eps_missing",
            "eps is left out",
            "The size is the root of the mean square plus eps, as in the forward pass.",
            {" + eps)": ")"},
        ),
        Mistake(
            "eps_outside",
            "eps stands outside the root",
            "The forward pass adds it to the mean square, before the root is taken.",
            {"keepdims=True) + eps)": "keepdims=True)) + eps"},
        ),
        *(m for m in table_mistakes(0) if m.key in ("dgamma_with_X", "dgamma_with_gamma")),
        Mistake(
            "dgamma_averaged",
            "dgamma is averaged over the rows",
            "Every row uses the same gamma, so what the rows send is added up.",
            {"(dY * Z).sum(axis=0)": "(dY * Z).mean(axis=0)"},
        ),
        Mistake(
            "dgamma_over_features",
            "dgamma is summed over the wrong axis",
            "Each feature has its own gamma, which serves all rows: the sum runs over the rows.",
            {"(dY * Z).sum(axis=0)": "(dY * Z).sum(axis=1)"},
        ),
    ],
    nudge="If a row of X doubles, what becomes of Y? And which part of the gradient can therefore "
    "not matter?",
    sketch="""
        Compute Z. What arrives at Z is the upstream gradient times gamma. An entry of X reaches
        the loss through its own Z and through the size of its row. The second way takes away the
        part along Z: Z times the mean over the row of the product with Z. Divide by the size. For
        gamma, the rows add up.
        """,
    skeleton="""
        def rms_norm_backward(dY, X, gamma, eps):
            size = ...              # (N, 1)
            Z = ...                 # (N, D)
            dZ = ...                # (N, D): what arrives at Z
            tilt = ...              # (N, 1)
            dX = (dZ - ...) / size
            dgamma = ...            # (D,)
            return dX, dgamma
        """,
    notice="It is layer norm's backward pass with one term fewer. Where eps is small, each row of "
    "dX is at right angles to its row of X.",
)
