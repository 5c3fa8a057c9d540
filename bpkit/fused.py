"""Rules that could be composed from others, but that the book derives as one step.

The affine map, the normalizations and dropout. Each has a shorter backward pass than its
composition would; the tests hold the two together.
"""

import math

import numpy as np

from bpkit.errors import ShapeError
from bpkit.graph import rule
from bpkit.reductions import sum
from bpkit.rules import sqrt
from bpkit.shapes import broadcast_shape, reshape, sum_to, swap


def _affine_shape(x, w, b=None):
    if len(w) != 2 or not x:
        raise ShapeError(f"X is {x} and W is {w}; X needs rows (N, D) and W must be (D, M)")
    if x[-1] != w[0]:
        raise ShapeError(f"X is {x} but W is {w}; X's columns must equal W's rows")
    if b is not None and b != w[1:]:
        raise ShapeError(f"W is {w} but b is {b}; b must have one entry for each of W's columns")
    return (*x[:-1], w[1])


def _rows(x):
    return reshape(x, to=(-1, x.shape[-1])) if x.ndim != 2 else x


@rule(
    _affine_shape,
    lambda up, y, X, W, b: up @ swap(W),
    lambda up, y, X, W, b: swap(_rows(X)) @ _rows(up),
    lambda up, y, X, W, b: sum_to(up, to=b.shape),
    parts="itself",
)
def affine(X, W, b):
    """X @ W + b. X (N, D) or (..., D), W (D, M), b (M,) to (N, M) or (..., M). Chapter 7.

    Backward: dX = dY @ W.T, dW = X.T @ dY, db = dY summed over the rows.

    >>> affine(Tensor([[1.0, 2.0]]), Tensor([[3.0], [4.0]]), Tensor([5.0])).data.tolist()
    [[16.0]]
    """
    return X @ W + b


def _standard(x, axis, eps):
    """x with mean 0 and variance 1 over `axis`, and the deviation that it was divided by."""
    n = math.prod(x.shape[a] for a in axis)  # Python's own number: NumPy's would widen float32
    centered = x - sum(x, axis=axis, keepdims=True) / n
    deviation = sqrt(sum(centered * centered, axis=axis, keepdims=True) / n + eps)
    return centered / deviation, deviation, n


def _normalize_shape(x, gamma, beta, *, axis, eps):
    if gamma != beta or broadcast_shape(x, gamma) != x:
        raise ShapeError(f"x is {x}, gamma {gamma}, beta {beta}; one gamma and beta a feature")
    if 0 in x:
        raise ShapeError(f"x is {x}: there is nothing to take a mean of")
    return x


def _normalize_back(up, y, x, gamma, beta, axis, eps):
    z, deviation, n = _standard(x, axis, eps)
    dz = up * gamma
    mean = sum(dz, axis=axis, keepdims=True) / n
    along = sum(dz * z, axis=axis, keepdims=True) / n
    return (dz - mean - z * along) / deviation


@rule(
    _normalize_shape,
    _normalize_back,
    lambda up, y, x, gamma, beta, axis, eps: sum_to(
        up * _standard(x, axis, eps)[0], to=gamma.shape
    ),
    lambda up, y, x, gamma, beta, axis, eps: sum_to(up, to=beta.shape),
    parts="itself",
)
def normalize(x, gamma, beta, *, axis, eps):
    """gamma * (x - mean) / sqrt(variance + eps) + beta, over the axes given. Chapter 15.

    layer_norm and batch_norm are this rule on different axes.

    >>> x = Tensor([[1.0, 3.0]])
    >>> normalize(x, np.array(2.0), np.array(5.0), axis=(1,), eps=0.0).data.tolist()
    [[3.0, 7.0]]
    """
    return gamma * _standard(x, axis, eps)[0] + beta


def layer_norm(x, gamma, beta, eps=1e-5):
    """Normalize each row over its features. x (..., D), gamma and beta (D,). Chapter 15.

    Ba, Kiros and Hinton, 2016.

    >>> layer_norm(Tensor([[1.0, 3.0]]), np.ones(2), np.zeros(2), eps=0.0).data.tolist()
    [[-1.0, 1.0]]
    """
    return normalize(x, gamma, beta, axis=(x.ndim - 1,), eps=eps)


def batch_norm(x, gamma, beta, eps=1e-5):
    """Normalize each feature over the batch. gamma and beta (D,) or (C,). Chapter 15.

    x is (N, D), or (N, C, H, W) with one mean a channel. Ioffe and Szegedy, 2015.

    >>> batch_norm(Tensor([[1.0], [3.0]]), np.ones(1), np.zeros(1), eps=0.0).data.tolist()
    [[-1.0], [1.0]]
    """
    if x.ndim not in (2, 4) or gamma.shape != x.shape[1:2]:
        raise ShapeError(
            f"batch_norm: x is {x.shape} and gamma {gamma.shape}; "
            "x must be (N, D) or (N, C, H, W), with one gamma for each D or C"
        )
    if x.ndim == 4:
        gamma, beta = (reshape(p, to=(-1, 1, 1)) for p in (gamma, beta))
    axis = tuple(a for a in range(x.ndim) if a != 1)
    return normalize(x, gamma, beta, axis=axis, eps=eps)


def _rms(x, eps):
    return sqrt(sum(x * x, axis=-1, keepdims=True) / x.shape[-1] + eps)


def _rms_norm_back(up, y, x, gamma, eps=1e-5):
    size = _rms(x, eps)
    z, dz = x / size, up * gamma
    return (dz - z * (sum(dz * z, axis=-1, keepdims=True) / x.shape[-1])) / size


def _rms_norm_shape(x, gamma, *, eps=1e-5):
    if not x or gamma != x[-1:] or 0 in x:
        raise ShapeError(f"x is {x} and gamma {gamma}; gamma needs one entry for each feature of x")
    return x


@rule(
    _rms_norm_shape,
    _rms_norm_back,
    lambda up, y, x, gamma, eps=1e-5: sum_to(up * x / _rms(x, eps), to=gamma.shape),
    parts="itself",
)
def rms_norm(x, gamma, *, eps=1e-5):
    """gamma * x / sqrt(mean(x * x) + eps), over the last axis: no mean taken out. Chapter 15.

    Zhang and Sennrich, 2019.

    >>> rms_norm(Tensor([[3.0, 3.0]]), np.ones(2), eps=0.0).data.tolist()
    [[1.0, 1.0]]
    """
    return gamma * (x / _rms(x, eps))


# (first row, rows, rows of the whole batch) while a process works on its share of a batch: it draws
# for all of them, so that a share gets what the whole batch gives it
SHARE = None


@rule(lambda *, shape, rate, rng, dtype: shape)
def dropout_mask(*, shape, rate, rng, dtype):
    """Zeros with probability `rate`, else 1 / (1 - rate): drawn anew at each call. Chapter 14.

    >>> rng = np.random.default_rng(0)
    >>> dropout_mask(shape=(4,), rate=0.5, rng=rng, dtype=float).tolist()
    [2.0, 0.0, 0.0, 0.0]
    """
    first, rows, total = SHARE or (0, None, 0)
    shared = shape[:1] == (rows,)
    drawn = rng.random((total, *shape[1:]) if shared else shape)
    drawn = drawn[first : first + rows] if shared else drawn
    return (drawn >= rate).astype(dtype) / np.dtype(dtype).type(1 - rate)


@rule(lambda shape, *, mean, variance, momentum: shape, lambda up, y, x, **_: up)
def follow(x, *, mean, variance, momentum):
    """x itself; on the way its batch mean and variance move the running ones. Chapter 15.

    x (N, D) or (N, C, H, W). mean and variance: arrays (D,) or (C,), changed in place:
    running += momentum * (batch - running), the variance with N - 1.

    >>> mean, variance = np.zeros(1), np.ones(1)
    >>> x = follow(Tensor([[1.0], [3.0]]), mean=mean, variance=variance, momentum=0.5)
    >>> mean.tolist(), variance.tolist()
    ([1.0], [1.5])
    """
    axis = tuple(a for a in range(x.ndim) if a != 1)
    mean += momentum * (x.mean(axis) - mean)
    variance += momentum * (x.var(axis, ddof=1) - variance)
    return x


def dropout(x, rate, rng):
    """Set each entry to 0 with probability `rate`; scale the others by 1 / (1 - rate). Chapter 14.

    rng: the NumPy Generator that draws the mask. Srivastava et al., 2014, in the form that leaves
    evaluation alone.

    >>> dropout(Tensor(np.full(4, 3.0)), 0.5, np.random.default_rng(0)).data.tolist()
    [6.0, 0.0, 0.0, 0.0]
    """
    if not 0 <= rate < 1:
        raise ValueError(f"dropout: rate is {rate}; it must be at least 0 and below 1")
    return x * dropout_mask(shape=x.shape, rate=rate, rng=rng, dtype=x.dtype)
