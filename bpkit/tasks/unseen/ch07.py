"""Answers to the tasks on the affine layer."""

import numpy as np

from bpkit.tasks.unseen import right, wrong


@wrong("affine_forward", "the bias is forgotten", "bias_missing")
def no_bias(X, W, b):
    return np.matmul(X, W)


@wrong("affine_forward", "the bias is subtracted", "bias_subtracted")
def bias_subtracted(X, W, b):
    Y = X @ W
    for n in range(len(Y)):
        Y[n] -= b
    return Y


@wrong("affine_forward", "the bias is added once for every input", "bias_in_every_term")
def bias_every_time(X, W, b):
    Y = np.zeros((len(X), len(b)))
    for d in range(X.shape[1]):
        Y += np.outer(X[:, d], W[d]) + b
    return Y


@wrong("affine_forward", "the result is transposed", "transpose")
def outputs_in_rows(X, W, b):
    return W.T @ X.T + b[:, None]


@right("affine_forward")
def bias_as_a_row_of_w(X, W, b):
    one = np.ones((len(X), 1))
    return np.hstack([X, one]) @ np.vstack([W, b])


@right("affine_forward")
def plain_lists(X, W, b):
    rows = []
    for x in X.tolist():
        rows.append(
            [sum(p * w for p, w in zip(x, W[:, m], strict=True)) + b[m] for m in range(len(b))]
        )
    return np.array(rows)


@wrong("affine_backward", "db is the sum of everything in a row, over D", "constant", "axis")
def db_all(dY, X, W):
    dX = np.einsum("nm,dm->nd", dY, W)
    dW = np.einsum("nd,nm->dm", X, dY)
    db = np.full(W.shape[1], dY.sum())
    return dX, dW, db


@wrong("affine_backward", "dW is averaged over the batch", "factor")
def dw_averaged(dY, X, W):
    N = len(X)
    dW = sum(np.outer(x, dy) for x, dy in zip(X, dY, strict=True)) / N
    return dY @ W.T, dW, dY.sum(0)


@wrong("affine_backward", "dX is multiplied by X", "extra factor")
def dx_times_x(dY, X, W):
    dX = X * (dY @ W.T)
    return dX, X.T @ dY, np.sum(dY, axis=0)


@wrong("affine_backward", "db is one row of dY", "supposed")
def db_first_row(dY, X, W):
    return dY.dot(W.T), X.T.dot(dY), dY[0]


@wrong("affine_backward", "dW and db have the wrong sign", "sign")
def minus_parameters(dY, X, W):
    dX = dY @ W.T
    return dX, -X.T @ dY, -dY.sum(axis=0)


@right("affine_backward")
def with_a_column_of_ones(dY, X, W):
    both = np.column_stack([X, np.ones(len(X))]).T @ dY
    return np.tensordot(dY, W, axes=([1], [1])), both[:-1], both[-1]


@wrong("unbroadcast", "leading axes are summed, axes of length 1 are not", "ones_not_summed")
def leading_only(up, shape):
    while up.ndim > len(shape):
        up = up.sum(axis=0)
    return up


@wrong("unbroadcast", "copies are averaged", "averaged")
def averaged(up, shape):
    extra = tuple(range(up.ndim - len(shape)))
    up = up.mean(axis=extra)
    ones = tuple(i for i, n in enumerate(shape) if n == 1)
    return up.mean(axis=ones, keepdims=True)


@wrong("unbroadcast", "the first copy is taken", "first_copy")
def first_copy(up, shape):
    while up.ndim > len(shape):
        up = up[0]
    for axis, n in enumerate(shape):
        if n == 1:
            up = up.take([0], axis=axis)
    return up


@wrong("unbroadcast", "axes of length 1 vanish", "keepdims_missing")
def no_keepdims(up, shape):
    extra = up.ndim - len(shape)
    axes = tuple(range(extra)) + tuple(i + extra for i, n in enumerate(shape) if n == 1)
    return up.sum(axis=axes)


@right("unbroadcast")
def padded_shape(up, shape):
    padded = (1,) * (up.ndim - len(shape)) + tuple(shape)
    axes = tuple(i for i, (n, m) in enumerate(zip(up.shape, padded, strict=True)) if n != m)
    return up.sum(axis=axes).reshape(shape)


@right("unbroadcast")
def by_adding_entries(up, shape):
    out = np.zeros(shape)
    seen = np.broadcast_to(np.arange(out.size).reshape(shape), up.shape)
    np.add.at(out.reshape(-1), seen.ravel(), up.ravel())
    return out


@wrong("per_example_gradients", "each is divided by N", "averaged_twice")
def each_averaged(dY, X):
    each = X[:, :, None] * dY[:, None, :] / len(X)
    return each, each.sum(axis=0)


@wrong("per_example_gradients", "the sum is a mean", "dW_averaged")
def mean_of_each(dY, X):
    each = np.array([np.outer(x, dy) for x, dy in zip(X, dY, strict=True)])
    return each, np.mean(each, axis=0)


@wrong("per_example_gradients", "each is transposed", "transpose")
def outputs_first(dY, X):
    each = np.einsum("nm,nd->nmd", dY, X)
    return each, X.T @ dY


@wrong("per_example_gradients", "each holds the running sum", "running_sum")
def running_sum(dY, X):
    total = np.zeros((X.shape[1], dY.shape[1]))
    each = []
    for x, dy in zip(X, dY, strict=True):
        total = total + np.outer(x, dy)
        each.append(total)
    return np.array(each), total


@right("per_example_gradients")
def by_kron(dY, X):
    N = len(X)
    each = np.stack([np.kron(X[n][:, None], dY[n]) for n in range(N)])
    return each, np.add.reduce(each)


@wrong("linear_backward", "W is transposed as if it were (D, M)", "dW_transposed")
def other_layout(dY, X, W):
    dW = np.einsum("ntd,ntm->dm", X, dY)
    return dY @ W, dW, dY.sum(axis=(0, 1))


@wrong(
    "linear_backward", "db is summed over the sequences and not over time", "db_over_sequences_only"
)
def over_n_only(dY, X, W):
    dX = dY @ W
    dW = np.tensordot(dY, X, axes=([0, 1], [0, 1]))
    return dX, dW, dY.sum(axis=0)


@wrong("linear_backward", "only the last place of each sequence is used for dW", "supposed")
def last_place(dY, X, W):
    dX = np.einsum("ntm,md->ntd", dY, W)
    dW = dY[:, -1].T @ X[:, -1]
    return dX, dW, dY.sum((0, 1))


@wrong("linear_backward", "averaged over time", "averaged_over_places")
def mean_over_time(dY, X, W):
    _, T, D = X.shape
    dX = dY @ W
    dW = dY.reshape(-1, len(W)).T @ X.reshape(-1, D) / T
    db = dY.reshape(-1, len(W)).sum(axis=0) / T
    return dX, dW, db


@right("linear_backward")
def place_by_place(dY, X, W):
    dX, dW, db = np.zeros_like(X), np.zeros_like(W), np.zeros(len(W))
    for n, t in np.ndindex(X.shape[:2]):
        dX[n, t] = W.T @ dY[n, t]
        dW += np.outer(dY[n, t], X[n, t])
        db += dY[n, t]
    return dX, dW, db
