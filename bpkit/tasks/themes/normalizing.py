"""Tasks on normalization: over a row, over the batch, over a group, and by size alone."""

import numpy as np

import bpkit as bp
from bpkit.tasks.spec import Mistake, task
from bpkit.tasks.tools import changed_in_place, pullback, slopes


def normalization_mistakes(axis, over, gamma):
    """What goes wrong in any of the backward passes here; their lines are cut alike.

    axis: as in the reference. over: what the mean runs over. gamma: {old: new} that leaves it out.
    """
    at = f"axis={axis}"
    return [
        Mistake(
            "gamma_forgotten",
            "dX does not know gamma",
            "Z is multiplied by gamma on the way to Y, so what arrives at Z is dY times gamma. "
            "With gamma = 1 this can't be seen.",
            gamma,
        ),
        Mistake(
            "mean_constant",
            "The mean is treated as a constant",
            f"An entry of X also moves the mean over {over}, and so all of them: the mean of what "
            "arrives at Z is taken away.",
            {"dZ - level - Z": "dZ - Z"},
        ),
        Mistake(
            "deviation_constant",
            "The deviation is treated as a constant",
            f"An entry of X also moves the deviation over {over}: Z times the mean of dY gamma Z "
            "is taken away.",
            {" - Z * tilt": ""},
        ),
        Mistake(
            "both_constant",
            "Mean and deviation are treated as constants",
            f"Both depend on X, so an entry moves all of {over}; only dividing by the deviation "
            "leaves that out.",
            {" - level - Z * tilt": ""},
        ),
        Mistake(
            "sums_for_means",
            "Sums stand where means belong",
            "Each entry is one of many in the mean and in the variance, so both terms that are "
            "taken away are means.",
            {f"dZ.mean({at}": f"dZ.sum({at}", f"Z).mean({at}": f"Z).sum({at}"},
        ),
        Mistake(
            "tilt_not_spread",
            "The second term lacks its factor Z",
            "How much an entry moves the deviation is in proportion to its own Z, which "
            "multiplies the mean of dY gamma Z.",
            {"Z * tilt": "tilt"},
        ),
        Mistake(
            "wrong_sign",
            "One term is added where it is taken away",
            "The gradient loses its mean and its part along Z: both terms are subtracted.",
            {"- Z * tilt": "+ Z * tilt"},
        ),
        Mistake(
            "not_divided",
            "dX is not divided by the deviation",
            "Z is X over the deviation, so a small step of X moves Z by one over it.",
            {"Z * tilt) / deviation": "Z * tilt)"},
        ),
        Mistake(
            "divided_by_variance",
            "dX is divided by the variance",
            "The deviation, its root, divides X, and it divides the gradient too.",
            {"Z * tilt) / deviation": "Z * tilt) / deviation**2"},
        ),
        Mistake(
            "eps_missing",
            "eps is left out",
            "The deviation is the root of the variance plus eps, as in the forward pass.",
            {" + eps)": ")"},
        ),
        Mistake(
            "eps_outside",
            "eps stands outside the root",
            "The forward pass adds it to the variance, before the root is taken.",
            {"keepdims=True) + eps)": "keepdims=True)) + eps"},
        ),
        Mistake(
            "one_fewer",
            "The variance is divided by one fewer",
            "The forward pass takes the mean of the squares, with all of them counted.",
            {f"var({at}, keepdims=True)": f"var({at}, keepdims=True, ddof=1)"},
        ),
    ]


def table_mistakes(left):
    """What goes wrong besides where X is (N, D). left: the sum's axis."""
    at = f"sum(axis={left})"
    return [
        Mistake(
            "tilt_without_gamma",
            "One of the two means does not know gamma",
            "What arrives at Z is dY times gamma, in both terms that are taken away.",
            {"tilt = (dZ": "tilt = (dY"},
        ),
        Mistake(
            "tilt_with_X",
            "X stands where Z belongs in a mean",
            "The mean is that of dY gamma Z, with the normalized Z.",
            {"(dZ * Z).mean": "(dZ * X).mean"},
        ),
        Mistake(
            "dgamma_with_X",
            "dgamma uses X instead of Z",
            "gamma multiplies the normalized Z, so that is its slope.",
            {"(dY * Z).sum": "(dY * X).sum"},
        ),
        Mistake(
            "dgamma_with_gamma",
            "dgamma contains gamma",
            "Y is gamma times Z: the derivative with respect to gamma is Z, without gamma.",
            {"(dY * Z).sum": "(dZ * Z).sum"},
        ),
        Mistake(
            "dbeta_with_gamma",
            "dbeta contains gamma",
            "beta is added last, so what arrives at Y reaches it as it is.",
            {"dbeta = dY": "dbeta = dZ"},
        ),
        Mistake(
            "parameters_averaged",
            "dgamma and dbeta are averaged over the rows",
            "Every row uses the same gamma and beta, so what the rows send is added up.",
            {f"(dY * Z).{at}": "(dY * Z).mean(axis=0)", f"dY.{at}": "dY.mean(axis=0)"},
        ),
        Mistake(
            "parameters_over_features",
            "dgamma and dbeta are summed over the wrong axis",
            "Each feature has its own gamma and beta, (D,), which serve all rows: the sum runs "
            "over the rows.",
            {f"(dY * Z).{at}": "(dY * Z).sum(axis=1)", f"dY.{at}": "dY.sum(axis=1)"},
        ),
    ]


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


def rows_to_normalize(draw):
    D, N = draw.size("D", least=3), draw.size("N", least=2)
    return {
        "dY": draw.real(N, D),
        "X": draw.real(N, D),
        "gamma": draw.real(D),
        "eps": draw.positive(low=0.1, high=0.5),
    }


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
