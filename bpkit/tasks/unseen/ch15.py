"""Answers to the tasks on normalization."""

import numpy as np

from bpkit.tasks.unseen import right, wrong


@wrong(
    "batch_norm_forward",
    "the running variance takes the batch's own variance",
    "running_var_over_N",
)
def biased_running(X, gamma, beta, running_mean, running_var, momentum, eps):
    mean, var = X.mean(axis=0), X.var(axis=0)
    Y = gamma * (X - mean) / np.sqrt(var + eps) + beta
    running_mean = (1 - momentum) * running_mean + momentum * mean
    running_var = (1 - momentum) * running_var + momentum * var
    return Y, running_mean, running_var


@wrong("batch_norm_forward", "momentum is the share of the old", "momentum_exchanged")
def shares_exchanged(X, gamma, beta, running_mean, running_var, momentum, eps):
    mean, var = X.mean(axis=0), X.var(axis=0)
    Y = gamma * (X - mean) / np.sqrt(var + eps) + beta
    rm = momentum * running_mean + (1 - momentum) * mean
    rv = momentum * running_var + (1 - momentum) * X.var(axis=0, ddof=1)
    return Y, rm, rv


@wrong("batch_norm_forward", "rows are normalized", "rows_normalized")
def over_rows(X, gamma, beta, running_mean, running_var, momentum, eps):
    mu = X.mean(axis=1, keepdims=True)
    Y = gamma * (X - mu) / np.sqrt(X.var(axis=1, keepdims=True) + eps) + beta
    rm = (1 - momentum) * running_mean + momentum * X.mean(axis=0)
    rv = (1 - momentum) * running_var + momentum * X.var(axis=0, ddof=1)
    return Y, rm, rv


@wrong("batch_norm_forward", "eps outside the root", "eps_outside")
def eps_outside(X, gamma, beta, running_mean, running_var, momentum, eps):
    m = X.mean(0)
    Z = (X - m) / (X.std(0) + eps)
    rm = running_mean + momentum * (m - running_mean)
    rv = running_var + momentum * (X.var(0, ddof=1) - running_var)
    return Z * gamma + beta, rm, rv


@right("batch_norm_forward")
def feature_by_feature(X, gamma, beta, running_mean, running_var, momentum, eps):
    N, D = X.shape
    Y, rm, rv = np.empty((N, D)), running_mean.copy(), running_var.copy()
    for d in range(D):
        x = X[:, d]
        mean = sum(x) / N
        squares = sum((x - mean) ** 2)
        Y[:, d] = (x - mean) * gamma[d] / (squares / N + eps) ** 0.5 + beta[d]
        rm[d] += momentum * (mean - rm[d])
        rv[d] += momentum * (squares / (N - 1) - rv[d])
    return Y, rm, rv


@wrong("batch_norm_backward", "mean and variance are constants", "both_constant")
def statistics_constant(dY, X, gamma, eps):
    std = np.sqrt(X.var(axis=0) + eps)
    Z = (X - X.mean(axis=0)) / std
    return dY * gamma / std, (dY * Z).sum(axis=0), dY.sum(axis=0)


@wrong("batch_norm_backward", "the variance's part is forgotten", "deviation_constant")
def variance_forgotten(dY, X, gamma, eps):
    std = np.sqrt(X.var(0) + eps)
    Z = (X - X.mean(0)) / std
    dZ = dY * gamma
    return (dZ - dZ.mean(0)) / std, np.sum(dY * Z, 0), np.sum(dY, 0)


@wrong("batch_norm_backward", "gamma is forgotten in dX", "gamma_forgotten")
def no_gamma(dY, X, gamma, eps):
    std = np.sqrt(X.var(0) + eps)
    Z = (X - X.mean(0)) / std
    dX = (dY - dY.mean(0) - Z * (dY * Z).mean(0)) / std
    return dX, np.sum(dY * Z, 0), dY.sum(0)


@wrong("batch_norm_backward", "dgamma is averaged", "parameters_averaged")
def dgamma_mean(dY, X, gamma, eps):
    std = np.sqrt(X.var(0) + eps)
    Z = (X - X.mean(0)) / std
    d = dY * gamma
    dX = (d - d.mean(0) - Z * (d * Z).mean(0)) / std
    return dX, (dY * Z).mean(0), dY.mean(0)


@right("batch_norm_backward")
def through_the_jacobian(dY, X, gamma, eps):
    N, D = X.shape
    std = np.sqrt(X.var(0) + eps)
    Z = (X - X.mean(0)) / std
    dX = np.empty((N, D))
    for d in range(D):
        J = (np.eye(N) - 1 / N - np.outer(Z[:, d], Z[:, d]) / N) / std[d]
        dX[:, d] = J @ (dY[:, d] * gamma[d])
    return dX, np.einsum("nd,nd->d", dY, Z), np.ones(N) @ dY


@wrong("layer_norm_backward", "over the batch, as in batch norm", "over_the_batch")
def over_batch(dY, X, gamma, eps):
    std = np.sqrt(X.var(0) + eps)
    Z = (X - X.mean(0)) / std
    d = dY * gamma
    return (d - d.mean(0) - Z * (d * Z).mean(0)) / std, (dY * Z).sum(0), dY.sum(0)


@wrong("layer_norm_backward", "dgamma is summed over the features", "parameters_over_features")
def gamma_over_features(dY, X, gamma, eps):
    std = np.sqrt(X.var(axis=1, keepdims=True) + eps)
    Z = (X - X.mean(axis=1, keepdims=True)) / std
    d = dY * gamma
    dX = (d - d.mean(1, keepdims=True) - Z * (d * Z).mean(1, keepdims=True)) / std
    return dX, (dY * Z).sum(axis=1), dY.sum(axis=1)


@wrong("layer_norm_backward", "the means in dX are sums", "sums_for_means")
def sums_for_means(dY, X, gamma, eps):
    std = np.sqrt(X.var(axis=1, keepdims=True) + eps)
    Z = (X - X.mean(axis=1, keepdims=True)) / std
    d = dY * gamma
    dX = (d - d.sum(1, keepdims=True) - Z * (d * Z).sum(1, keepdims=True)) / std
    return dX, (dY * Z).sum(0), dY.sum(0)


@wrong("layer_norm_backward", "the division by the deviation is missing", "not_divided")
def no_std(dY, X, gamma, eps):
    mu = X.mean(-1, keepdims=True)
    Z = (X - mu) / np.sqrt(X.var(-1, keepdims=True) + eps)
    d = dY * gamma
    dX = d - d.mean(-1, keepdims=True) - Z * (d * Z).mean(-1, keepdims=True)
    return dX, (dY * Z).sum(0), dY.sum(0)


@right("layer_norm_backward")
def three_paths(dY, X, gamma, eps):
    D = X.shape[1]
    c = X - X.mean(1)[:, None]
    var = (c**2).mean(1)[:, None]
    inv = (var + eps) ** -0.5
    dZ = dY * gamma
    dvar = (dZ * c).sum(1)[:, None] * -0.5 * inv**3
    dmean = -(dZ * inv).sum(1)[:, None] - 2 * dvar * c.mean(1)[:, None]
    dX = dZ * inv + dvar * 2 * c / D + dmean / D
    return dX, (dY * c * inv).sum(0), dY.sum(0)


@wrong("rms_norm_backward", "the size is a constant", "size_constant")
def size_constant(dY, X, gamma, eps):
    size = np.sqrt((X**2).mean(1, keepdims=True) + eps)
    return dY * gamma / size, (dY * X / size).sum(0)


@wrong("rms_norm_backward", "a mean is subtracted as in layer norm", "mean_taken_away")
def centered(dY, X, gamma, eps):
    size = np.sqrt((X**2).mean(1, keepdims=True) + eps)
    Z = X / size
    d = dY * gamma
    dX = (d - d.mean(1, keepdims=True) - Z * (d * Z).mean(1, keepdims=True)) / size
    return dX, (dY * Z).sum(0)


@wrong("rms_norm_backward", "the second term is added", "wrong_sign")
def plus(dY, X, gamma, eps):
    size = np.sqrt(np.mean(X * X, axis=1, keepdims=True) + eps)
    Z = X / size
    d = gamma * dY
    return (d + Z * np.mean(d * Z, axis=1, keepdims=True)) / size, np.sum(dY * Z, axis=0)


@wrong("rms_norm_backward", "X in place of Z in dgamma", "dgamma_with_X")
def dgamma_from_x(dY, X, gamma, eps):
    size = np.sqrt(np.mean(X * X, axis=1, keepdims=True) + eps)
    Z = X / size
    d = gamma * dY
    return (d - Z * np.mean(d * Z, axis=1, keepdims=True)) / size, np.sum(dY * X, axis=0)


@right("rms_norm_backward")
def row_by_row(dY, X, gamma, eps):
    dX, dgamma = np.empty_like(X), np.zeros_like(gamma)
    for n, (dy, x) in enumerate(zip(dY, X, strict=True)):
        s = (x @ x / len(x) + eps) ** 0.5
        d = dy * gamma
        dX[n] = d / s - x * (d @ x) / (len(x) * s**3)
        dgamma += dy * x / s
    return dX, dgamma


def grouped(X, groups):
    N, C, L = X.shape
    return X.reshape(N, groups, C // groups * L)


@wrong("group_norm_backward", "each channel by itself", "one_channel_each")
def instance_norm(dY, X, gamma, groups, eps):
    std = np.sqrt(X.var(axis=2, keepdims=True) + eps)
    Z = (X - X.mean(axis=2, keepdims=True)) / std
    d = dY * gamma[:, None]
    dX = (d - d.mean(2, keepdims=True) - Z * (d * Z).mean(2, keepdims=True)) / std
    return dX, (dY * Z).sum((0, 2)), dY.sum((0, 2))


@wrong("group_norm_backward", "channels are dealt out to the groups in turn", "every_other_channel")
def interleaved(dY, X, gamma, groups, eps):
    N, C, L = X.shape
    R = X.reshape(N, C // groups, groups, L)
    d = (dY * gamma[:, None]).reshape(R.shape)
    std = np.sqrt(R.var(axis=(1, 3), keepdims=True) + eps)
    Z = (R - R.mean(axis=(1, 3), keepdims=True)) / std
    dX = (d - d.mean((1, 3), keepdims=True) - Z * (d * Z).mean((1, 3), keepdims=True)) / std
    Z = Z.reshape(X.shape)
    return dX.reshape(X.shape), (dY * Z).sum((0, 2)), dY.sum((0, 2))


@wrong("group_norm_backward", "gamma is multiplied in at the end", "gamma_late")
def gamma_late(dY, X, gamma, groups, eps):
    R, d = grouped(X, groups), grouped(dY, groups)
    std = np.sqrt(R.var(axis=2, keepdims=True) + eps)
    Z = (R - R.mean(axis=2, keepdims=True)) / std
    dX = (d - d.mean(2, keepdims=True) - Z * (d * Z).mean(2, keepdims=True)) / std
    Z = Z.reshape(X.shape)
    return dX.reshape(X.shape) * gamma[:, None], (dY * Z).sum((0, 2)), dY.sum((0, 2))


@right("group_norm_backward")
def group_after_group(dY, X, gamma, groups, eps):
    N, C, _ = X.shape
    dX, dgamma, dbeta = np.zeros_like(X), np.zeros(C), np.zeros(C)
    size = C // groups
    for n in range(N):
        for start in range(0, C, size):
            part = slice(start, start + size)
            x, dy = X[n, part], dY[n, part]
            inv = 1 / np.sqrt(x.var() + eps)
            z = (x - x.mean()) * inv
            d = dy * gamma[part, None]
            dX[n, part] = inv * (d - d.mean() - z * (d * z).mean())
            dgamma[part] += (dy * z).sum(1)
            dbeta[part] += dy.sum(1)
    return dX, dgamma, dbeta
