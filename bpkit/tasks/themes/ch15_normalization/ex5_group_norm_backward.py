"""Group norm; the closed task of the chapter.

The same three terms, over a group of channels and all their places.
"""

import numpy as np

import bpkit as bp
from bpkit.tasks.spec import Mistake, task
from bpkit.tasks.themes.ch15_normalization.shared import normalization_mistakes
from bpkit.tasks.tools import pullback


def group_norm_backward(dY, X, gamma, groups, eps):
    """The gradients of group norm.

    dY, X (N, C, L), gamma (C,), groups a divisor of C, eps a number. Returns dX (N, C, L), dgamma
    (C,), dbeta (C,).
    """
    parts = X.reshape(len(X), groups, -1)
    mean = parts.mean(axis=2, keepdims=True)
    deviation = np.sqrt(parts.var(axis=2, keepdims=True) + eps)
    Z = (parts - mean) / deviation
    dZ = (dY * gamma[:, None]).reshape(parts.shape)
    level = dZ.mean(axis=2, keepdims=True)
    tilt = (dZ * Z).mean(axis=2, keepdims=True)
    dX = ((dZ - level - Z * tilt) / deviation).reshape(X.shape)
    dgamma = (dY * Z.reshape(X.shape)).sum(axis=(0, 2))
    dbeta = dY.sum(axis=(0, 2))
    return dX, dgamma, dbeta


def groups_to_normalize(draw):
    N, G, K, L = draw.sizes("N G K L", least=2)
    return {
        "dY": draw.real(N, G * K, L),
        "X": draw.real(N, G * K, L),
        "gamma": draw.real(G * K),
        "groups": G,
        "eps": draw.positive(low=0.1, high=0.5),
    }


def group_by_group(dY, X, gamma, groups, eps):
    dX, dgamma, dbeta = np.empty_like(X), np.zeros(len(gamma)), np.zeros(len(gamma))
    width = X.shape[1] // groups
    for n in range(len(X)):
        for first in range(0, X.shape[1], width):
            some = slice(first, first + width)
            x, up = X[n, some], dY[n, some]
            s = np.sqrt(np.mean((x - x.mean()) ** 2) + eps)
            z, dz = (x - x.mean()) / s, up * gamma[some, np.newaxis]
            dX[n, some] = (dz - dz.mean() - z * np.vdot(z, dz) / z.size) / s
            dgamma[some] += (up * z).sum(axis=1)
            dbeta[some] += up.sum(axis=1)
    return dX, dgamma, dbeta


def group_norm_split(dY, X, gamma, groups, eps):
    done = []
    for x, up, g in zip(
        np.split(X, groups, axis=1),
        np.split(dY, groups, axis=1),
        np.split(gamma, groups),
        strict=True,
    ):
        centered = x - x.mean(axis=(1, 2), keepdims=True)
        inverse = (np.mean(centered**2, axis=(1, 2), keepdims=True) + eps) ** -0.5
        dz = up * g[:, None]
        slope = (dz * centered).mean(axis=(1, 2), keepdims=True) * inverse**3
        dx = dz * inverse - centered * slope
        dx -= dx.mean(axis=(1, 2), keepdims=True)
        done.append((dx, np.einsum("ncl,ncl->c", up, centered * inverse), up.sum((0, 2))))
    return tuple(np.concatenate(p, axis=min(1, p[0].ndim - 1)) for p in zip(*done, strict=True))


def group_norm_five_axes(dY, X, gamma, groups, eps):
    N, C, L = X.shape
    fold = (N, groups, C // groups, L)
    x, up = X.reshape(fold), (gamma * dY.swapaxes(1, 2)).swapaxes(1, 2).reshape(fold)
    s = np.sqrt(x.var((2, 3), keepdims=True) + eps)
    z = (x - x.mean((2, 3), keepdims=True)) / s
    along = (up * z).mean((2, 3), keepdims=True)
    dx = (up - up.mean((2, 3), keepdims=True) - z * along) / s
    return dx.reshape(N, C, L), (dY * z.reshape(N, C, L)).sum((0, 2)), dY.sum(2).sum(0)


def group_norm_in_bpkit(dY, X, gamma, groups, eps):
    N, C, L = X.shape
    width = C // groups * L

    def forward(X, gamma, beta):
        Z = bp.layer_norm(X.reshape(N, groups, width), np.ones(width), np.zeros(width), eps)
        return Z.reshape(N, C, L) * gamma.reshape(C, 1) + beta.reshape(C, 1)

    return pullback(forward, dY, X, gamma, np.zeros(C))


def every_other_channel(dY, X, gamma, groups, eps):
    order = np.arange(X.shape[1]).reshape(-1, groups).T.ravel()
    back = np.argsort(order)
    dX, dgamma, dbeta = group_norm_backward(dY[:, order], X[:, order], gamma[order], groups, eps)
    return dX[:, back], dgamma[back], dbeta[back]


task(
    group_norm_backward,
    chapter=15,
    title="Group norm, backward",
    minutes=25,
    points=4,
    closed=True,
    returns="dX dgamma dbeta",
    inputs=groups_to_normalize,
    statement="""
        Group norm stands between layer norm and one norm for each channel. `X` is `(N, C, L)`:
        `N` examples, `C` channels, `L` positions. The channels are cut into `groups` groups of
        equal size, the first `C / groups` channels being the first group, and so on. For each
        example, each group is normalized by itself: mean and variance run over its channels and
        all positions, `Z = (X - mean) / sqrt(variance + eps)`. Then each channel has its own
        scale and shift, `Y = gamma * Z + beta`, with `gamma` and `beta` `(C,)`. `dY` `(N, C, L)`
        arrives from above.

        Write `group_norm_backward(dY, X, gamma, groups, eps)`, which returns `dX` `(N, C, L)`,
        `dgamma` `(C,)` and `dbeta` `(C,)`.
        """,
    example="""
        >>> dY, X = np.array([[[8.0], [0.0]]]), np.array([[[1.0], [5.0]]])
        >>> dX, dgamma, dbeta = group_norm_backward(dY, X, np.array([2.0, 3.0]), 1, 5.0)
        >>> dX.round(3).tolist(), dgamma.round(3).tolist(), dbeta.tolist()
        ([[[1.481], [-1.481]]], [-5.333, 0.0], [8.0, 0.0])
        """,
    variants=[group_by_group, group_norm_split, group_norm_five_axes],
    oracle=group_norm_in_bpkit,
    mistakes=[
        *normalization_mistakes(2, "the group", {"dY * gamma[:, None]": "dY"}),
        Mistake(
            "one_channel_each",
            "Each channel is normalized by itself",
            "The C channels form groups; all channels of a group share mean and variance.",
            {"groups, -1)": "len(gamma), -1)"},
        ),
        Mistake(
            "all_channels",
            "All channels are one group",
            "The C channels are cut into groups, and each group has its own mean and variance.",
            {"groups, -1)": "1, -1)"},
        ),
        Mistake(
            "groups_for_size",
            "groups is taken for the size of a group",
            "groups says how many there are; each holds C / groups channels.",
            {"groups, -1)": "len(gamma) // groups, -1)"},
        ),
        Mistake(
            "every_other_channel",
            "Channels far apart are put in one group",
            "A group is a run of neighboring channels: the first C / groups are the first group.",
            every_other_channel,
        ),
        Mistake(
            "batch_together",
            "Mean and variance run over the examples too",
            "Each example is normalized by itself, so that it doesn't depend on the batch.",
            {
                "parts.mean(axis=2": "parts.mean(axis=(0, 2)",
                "parts.var(axis=2": "parts.var(axis=(0, 2)",
                "dZ.mean(axis=2": "dZ.mean(axis=(0, 2)",
                "Z).mean(axis=2": "Z).mean(axis=(0, 2)",
            },
        ),
        Mistake(
            "positions_not_summed",
            "dgamma and dbeta are not summed over the positions",
            "A channel's gamma and beta serve all N examples and all L positions.",
            {
                "(dY * Z.reshape(X.shape)).sum(axis=(0, 2))": (
                    "(dY * Z.reshape(X.shape)).sum(axis=0)"
                ),
                "dY.sum(axis=(0, 2))": "dY.sum(axis=0)",
            },
        ),
        Mistake(
            "dgamma_with_gamma",
            "dgamma contains gamma",
            "Y is gamma times Z: the derivative with respect to gamma is Z, without gamma.",
            {"(dY * Z.reshape(X.shape))": "(dZ * Z).reshape(X.shape)"},
        ),
        Mistake(
            "dgamma_with_X",
            "dgamma uses X instead of Z",
            "gamma multiplies the normalized Z, so that is its slope.",
            {"(dY * Z.reshape(X.shape))": "(dY * X)"},
        ),
        Mistake(
            "gamma_late",
            "gamma is multiplied in at the end",
            "gamma acts on Z, before the group's mean and deviation: it differs from "
            "channel to channel, so it can't wait.",
            {
                "dZ = (dY * gamma[:, None])": "dZ = dY",
                "/ deviation).reshape(X.shape)": "/ deviation).reshape(X.shape) * gamma[:, None]",
            },
        ),
    ],
    nudge="Which entries of X does one mean serve, and which entries of Y does one gamma serve?",
    sketch="""
        Lay X out so that each group of each example is one row: a reshape does it, since the
        channels of a group are neighbors. On these rows it is layer norm's backward pass; what
        arrives there is the upstream gradient times the scale of its channel, laid out the same
        way. Bring the result back to the shape of X. For the scales and shifts, go back to
        channels, and add up over examples and positions.
        """,
    skeleton="""
        def group_norm_backward(dY, X, gamma, groups, eps):
            parts = ...             # one row for each group of each example
            mean = ...
            deviation = ...
            Z = ...
            dZ = ...                # laid out like parts
            level = ...
            tilt = ...
            dX = ...                # back to (N, C, L)
            dgamma = ...            # (C,)
            dbeta = ...             # (C,)
            return dX, dgamma, dbeta
        """,
    notice="With one group it is layer norm over channels and positions; with as many groups as "
    "channels, each channel is normalized alone.",
)
