"""Batch norm in training, with its running statistics.

Two variances: the batch's own, and the one that is kept.
"""

import numpy as np

import bpkit as bp
from bpkit.tasks.spec import Mistake, task
from bpkit.tasks.tools import changed_in_place


def batch_norm_forward(X, gamma, beta, running_mean, running_var, momentum, eps):
    """Batch norm in training, and its running statistics.

    X (N, D), gamma, beta, running_mean, running_var (D,), momentum, eps numbers. Returns Y (N, D)
    and the new running_mean and running_var, each (D,).
    """
    mean = X.mean(axis=0)
    var = X.var(axis=0)
    Y = gamma * (X - mean) / np.sqrt(var + eps) + beta
    new_mean = (1 - momentum) * running_mean + momentum * mean
    new_var = (1 - momentum) * running_var + momentum * X.var(axis=0, ddof=1)
    return Y, new_mean, new_var


def batch_with_statistics(draw):
    N, D = draw.size("N", least=3), draw.size("D")
    return {
        "X": draw.real(N, D),
        "gamma": draw.real(D),
        "beta": draw.real(D),
        "running_mean": draw.real(D),
        "running_var": draw.positive(D),
        "momentum": draw.positive(low=0.1, high=0.4),
        "eps": draw.positive(low=0.1, high=0.5),
    }


def batch_norm_scale_and_shift(X, gamma, beta, running_mean, running_var, momentum, eps):
    N = len(X)
    mean = np.ones(N) @ X / N
    var = (X**2).mean(axis=0) - mean**2
    scale = gamma * (var + eps) ** -0.5
    running_mean = running_mean + momentum * (mean - running_mean)
    running_var = running_var + momentum * (var * N / (N - 1) - running_var)
    return X * scale + (beta - mean * scale), running_mean, running_var


def batch_norm_by_columns(X, gamma, beta, running_mean, running_var, momentum, eps):
    Y, means, variances = np.empty_like(X), [], []
    for d, x in enumerate(X.T):
        centered = x - np.average(x)
        Y[:, d] = gamma[d] * centered / np.sqrt(np.dot(centered, centered) / len(x) + eps) + beta[d]
        sample = np.dot(centered, centered) / (len(x) - 1)
        means.append(running_mean[d] * (1 - momentum) + momentum * np.average(x))
        variances.append(running_var[d] * (1 - momentum) + momentum * sample)
    return Y, np.array(means), np.array(variances)


def batch_norm_in_bpkit(X, gamma, beta, running_mean, running_var, momentum, eps):
    layer = bp.BatchNorm(X.shape[1], momentum=momentum, eps=eps)
    layer.gamma.data[:], layer.beta.data[:] = gamma, beta
    layer.mean[:], layer.variance[:] = running_mean, running_var
    return layer(X).data, layer.mean, layer.variance


task(
    batch_norm_forward,
    chapter=15,
    title="Batch norm, forward, with running statistics",
    minutes=15,
    points=3,
    returns="Y running_mean running_var",
    inputs=batch_with_statistics,
    statement="""
        In training, batch norm gives each feature of `X` `(N, D)` mean 0 and variance 1 over the
        batch, then a learned scale and shift: `Y = gamma * (X - mean) / sqrt(variance + eps) +
        beta`, where the variance is the mean of the squares. For evaluation, when there may be no
        batch, it keeps running statistics: each new one is `1 - momentum` times the old one plus
        `momentum` times the batch's. The running variance takes the batch's variance with `N - 1`
        in place of `N`, which is right on average.

        Write `batch_norm_forward(X, gamma, beta, running_mean, running_var, momentum, eps)`.
        `gamma`, `beta`, `running_mean` and `running_var` are `(D,)`, `momentum` and `eps`
        numbers. It returns `Y` `(N, D)` and the new `running_mean` and `running_var`, each
        `(D,)`, and changes no input.
        """,
    example="""
        >>> X, two = np.array([[1.0], [7.0]]), np.array([2.0])
        >>> Y, mean, var = batch_norm_forward(X, two, 5 * two, two, two, 0.5, 7.0)
        >>> Y.tolist(), mean.tolist(), var.tolist()
        ([[8.5], [11.5]], [3.0], [10.0])
        """,
    variants=[
        batch_norm_scale_and_shift,
        batch_norm_by_columns,
        {"X.var(axis=0, ddof=1)": "np.cov(X, rowvar=False).reshape(len(beta), -1).diagonal()"},
        {
            "gamma * (X - mean) / np.sqrt(var + eps) + beta": (
                "np.einsum('d,nd->nd', gamma / np.sqrt(var + eps), X - mean) + beta"
            )
        },
    ],
    oracle=batch_norm_in_bpkit,
    mistakes=[
        Mistake(
            "running_var_over_N",
            "The running variance is that of the batch, over N",
            "A batch's own variance is too small on average; for the running one, N - 1 makes up "
            "for it.",
            {"X.var(axis=0, ddof=1)": "var"},
        ),
        Mistake(
            "normalized_with_N_minus_1",
            "The batch is normalized with N - 1",
            "Y divides by the batch's own variance, the mean of the squares; N - 1 serves the "
            "running variance alone.",
            {"var = X.var(axis=0)": "var = X.var(axis=0, ddof=1)"},
        ),
        Mistake(
            "momentum_exchanged",
            "The weights of the running statistics are exchanged",
            "momentum is here the share of the new batch; what is kept of the old is 1 - momentum.",
            {
                "(1 - momentum) * running_mean + momentum": (
                    "momentum * running_mean + (1 - momentum)"
                ),
                "(1 - momentum) * running_var + momentum": (
                    "momentum * running_var + (1 - momentum)"
                ),
            },
        ),
        Mistake(
            "running_used",
            "The batch is normalized by the running statistics",
            "That is for evaluation; in training Y uses the batch's own mean and variance.",
            {"X - mean) / np.sqrt(var + eps)": "X - running_mean) / np.sqrt(running_var + eps)"},
        ),
        Mistake(
            "new_running_used",
            "The batch is normalized by the new running statistics",
            "In training Y uses the batch's own mean and variance; the running ones wait for "
            "evaluation.",
            {
                "return Y,": "Y = gamma * (X - new_mean) / np.sqrt(new_var + eps) + beta\n"
                "    return Y,"
            },
        ),
        Mistake(
            "rows_normalized",
            "Each row is normalized, not each feature",
            "That is layer norm; batch norm takes mean and variance over the N rows.",
            {
                "X - mean) / np.sqrt(var + eps)": (
                    "X - X.mean(axis=1, keepdims=True)) "
                    "/ np.sqrt(X.var(axis=1, keepdims=True) + eps)"
                )
            },
        ),
        Mistake(
            "not_updated",
            "The running statistics come out as they went in",
            "Each batch moves them by the share momentum toward its own mean and variance.",
            {
                "(1 - momentum) * running_mean + momentum * mean": "running_mean.copy()",
                "(1 - momentum) * running_var + momentum * X.var(axis=0, ddof=1)": (
                    "running_var.copy()"
                ),
            },
        ),
        Mistake(
            "batch_returned",
            "The batch's own statistics are returned as running ones",
            "One batch is noisy; the running statistics keep 1 - momentum of what they were.",
            {
                "(1 - momentum) * running_mean + momentum * mean": "mean",
                "(1 - momentum) * running_var + momentum * X": "X",
            },
        ),
        Mistake(
            "old_kept_whole",
            "The old running statistics are kept whole",
            "The two weights must add up to 1, else the statistics grow with every batch.",
            {
                "(1 - momentum) * running_mean": "running_mean",
                "(1 - momentum) * running_var": "running_var",
            },
        ),
        Mistake(
            "deviation_kept",
            "The running variance takes a deviation",
            "What is averaged is the variance; its root is taken only where it divides.",
            {"X.var(axis=0, ddof=1)": "X.std(axis=0, ddof=1)"},
        ),
        Mistake(
            "eps_outside",
            "eps stands outside the root",
            "It is added to the variance, before the root is taken.",
            {"np.sqrt(var + eps)": "(np.sqrt(var) + eps)"},
        ),
        Mistake(
            "eps_missing",
            "eps is left out",
            "It is added to the variance, so that a feature that never varies can't divide by 0.",
            {"var + eps": "var"},
        ),
        Mistake(
            "no_root",
            "Divided by the variance, not by its root",
            "The root of the variance has the size of X, so that Z comes out with variance 1.",
            {"np.sqrt(var + eps)": "(var + eps)"},
        ),
        Mistake(
            "not_centered",
            "The variance is taken around 0, not around the mean",
            "It is the mean square of what is left when each feature's mean is taken away.",
            {"var = X.var(axis=0)": "var = (X * X).mean(axis=0)"},
        ),
        Mistake(
            "scale_and_shift_missing",
            "gamma and beta are left out",
            "Y is gamma times the normalized X plus beta, so that the network can undo the norm.",
            {"gamma * (X": "(X", " + beta": ""},
        ),
        Mistake(
            "gamma_beta_exchanged",
            "gamma and beta are exchanged",
            "gamma is the scale, which multiplies; beta is the shift, which is added.",
            {"gamma * (X": "beta * (X", "+ beta": "+ gamma"},
        ),
        Mistake(
            "beta_scaled",
            "beta is multiplied by gamma",
            "The shift comes last: first gamma scales the normalized X, then beta is added.",
            {"gamma * (X": "gamma * ((X", "+ beta": "+ beta)"},
        ),
        changed_in_place(
            {
                "new_mean = (1 - momentum) * running_mean + momentum * mean": (
                    "running_mean += momentum * (mean - running_mean)\n    new_mean = running_mean"
                )
            },
            "running_mean",
        ),
    ],
    nudge="Which statistics does this batch see, its own or the ones kept for later, and which of "
    "the two must forget slowly?",
    sketch="""
        Take mean and variance of each feature over the rows. The output uses these two, and eps
        under the root, then gamma and beta. Besides, move each running statistic a share momentum
        of the way toward this batch's; the variance that enters there is the one divided by one
        fewer than the number of rows.
        """,
    skeleton="""
        def batch_norm_forward(X, gamma, beta, running_mean, running_var, momentum, eps):
            mean = ...              # (D,)
            var = ...               # (D,)
            Y = gamma * ... + beta
            new_mean = ... * running_mean + ...
            new_var = ... * running_var + ...
            return Y, new_mean, new_var
        """,
    notice="The output of one example depends on the others in its batch. Other books call "
    "momentum what is 1 - momentum here: look it up before you set it.",
)
