"""Losses: one number that says how wrong a batch is. Each is a mean over the batch.

1/N enters here and nowhere else. Each loss is one step whose derivative is shorter than that of its
parts: predictions minus targets, over N.
"""

import math

import numpy as np

from bpkit.errors import ShapeError
from bpkit.graph import Tensor, array_of, rule
from bpkit.reductions import log_softmax, mean, softmax, sum
from bpkit.rules import abs, cast, equal, sigmoid, softplus, where
from bpkit.shapes import reshape


def _pairs(z, t):
    if z != t:
        raise ShapeError(f"predictions are {z} but targets are {t}; they must have one shape")
    if 0 in z:
        raise ShapeError(f"predictions are {z}: the mean of an empty batch is not defined")
    return ()


@rule(
    _pairs,
    lambda up, y, z, t: up * (2.0 / z.size) * (z - t),
    lambda up, y, z, t: up * (2.0 / z.size) * (t - z),
    parts="itself",
)
def _mse(z, t):
    error = z - t
    return mean(error * error)


def mse(z, t):
    """The mean squared error, over every entry; z and t of one shape. Chapter 9.

    >>> mse(Tensor([1.0, 4.0]), np.array([1.0, 2.0])).item()
    2.0
    """
    _refuse("mse", _pairs, z, t)
    return _mse(z, t)


def mae(z, t):
    """The mean absolute error, over every entry; z and t of one shape. Chapter 9.

    >>> mae(Tensor([1.0, 4.0]), np.array([1.0, 2.0])).item()
    1.0
    """
    _refuse("mae", _pairs, z, t)
    return mean(abs(z - t))


def huber(z, t, delta=1.0):
    """Half the squared error up to delta, a straight line beyond; the mean. Chapter 9.

    >>> huber(Tensor([1.0, 4.0]), np.array([1.0, 2.0])).item()
    0.75
    """
    _refuse("huber", _pairs, z, t)
    if not 0 < delta < math.inf:
        raise ValueError(f"huber: delta is {delta}; it must be positive and finite")
    error = abs(z - t)
    return mean(where(error > delta, delta * (error - 0.5 * delta), 0.5 * error * error))


@rule(
    _pairs,
    lambda up, y, z, t: up * (1.0 / z.size) * (sigmoid(z) - t),
    lambda up, y, z, t: up * (-1.0 / z.size) * z,
    parts="itself",
)
def _bce_with_logits(z, t):
    return mean(softplus(z) - z * t)


def bce_with_logits(z, t):
    """Binary cross-entropy of logits z against targets t in [0, 1]; the mean. Chapter 9.

    The sigmoid is inside: its derivative and the logarithm's cancel to sigmoid(z) - t.

    >>> round(bce_with_logits(Tensor([0.0, 2.0]), np.array([1.0, 1.0])).item(), 4)
    0.41
    """
    _refuse("bce_with_logits", _pairs, z, t)
    values = np.asarray(array_of(t))
    if not (values.min() >= 0 and values.max() <= 1):
        raise ValueError(
            f"bce_with_logits: targets run from {values.min()} to {values.max()}; "
            "they must lie in [0, 1]"
        )
    return _bce_with_logits(z, t)


def _classes(z, q, **_):
    if z != q:
        raise ShapeError(f"logits are {z} but the target probabilities are {q}")
    if not z or 0 in z:
        raise ShapeError(
            f"logits are {z}; they must be (N, K), with at least one row and one class"
        )
    return ()


def _batch(z):
    return z.size // z.shape[-1]


def _cross_entropy_back(up, y, z, q, sums_to_1=False):
    p = softmax(z) if sums_to_1 else softmax(z) * sum(q, axis=-1, keepdims=True)
    return up * (1.0 / _batch(z)) * (p - q)


@rule(
    _classes,
    _cross_entropy_back,
    lambda up, y, z, q, **_: up * (-1.0 / _batch(z)) * log_softmax(z),
    parts="itself",
)
def _softmax_cross_entropy(z, q, *, sums_to_1=False):
    return sum(q * log_softmax(z)) * (-1.0 / _batch(z))


def _hits(labels, *, classes, dtype=float):
    return cast(equal(reshape(labels, to=(*labels.shape, 1)), np.arange(classes)), dtype=dtype)


@rule(lambda shape, *, classes, dtype=float: (*shape, classes), parts=_hits)
def _one_hot(labels, *, classes, dtype=float):
    return (labels[..., None] == np.arange(classes)).astype(dtype)


def one_hot(labels, classes, smoothing=0.0, dtype=float):
    """Labels as rows of probabilities: 1 at the label, or a little less, shared out. Chapter 9.

    labels: integers of any shape. Raises ValueError for a label outside 0 to classes - 1.

    >>> one_hot(np.array([2, 0]), classes=3).tolist()
    [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]
    """
    values = np.asarray(array_of(labels))
    if values.dtype.kind not in "iu":
        raise TypeError(f"labels must be integers; their dtype is {values.dtype}")
    outside = values[(values < 0) | (values >= classes)]
    if outside.size:
        raise ValueError(
            f"label {outside[0]} is outside the {classes} classes, which are 0 to {classes - 1}"
        )
    hits = _one_hot(labels if isinstance(labels, Tensor) else values, classes=classes, dtype=dtype)
    return hits * (1 - smoothing) + smoothing / classes if smoothing else hits


def softmax_cross_entropy(logits, targets, smoothing=0.0):
    """Minus the log probability that softmax gives to the target; the mean. Chapter 9.

    logits (N, K) or (..., K). targets: integer labels (N,), or probabilities (N, K). smoothing
    moves that share of a label's probability to all classes evenly (Szegedy et al., 2016).
    Raises ShapeError where shapes don't fit, ValueError for a label outside 0 to K - 1.

    >>> round(softmax_cross_entropy(Tensor([[0.0, 0.0], [0.0, 3.0]]), np.array([0, 1])).item(), 4)
    0.3709
    """
    name = "softmax_cross_entropy"
    if not 0 <= smoothing < 1:
        raise ValueError(f"{name}: smoothing is {smoothing}; it must be at least 0 and below 1")
    targets = targets if isinstance(targets, Tensor) else np.asarray(targets)
    labels = targets.dtype.kind in "iu"
    if labels:
        if targets.shape != logits.shape[:-1]:
            raise ShapeError(
                f"{name}: logits are {logits.shape} but labels are {targets.shape}; "
                "there must be one label for each row of logits"
            )
        targets = one_hot(targets, logits.shape[-1], smoothing, logits.dtype)
    elif smoothing:
        targets = targets * (1 - smoothing) + smoothing / logits.shape[-1]
    _refuse(name, _classes, logits, targets)
    return _softmax_cross_entropy(logits, targets, sums_to_1=labels)


def _refuse(name, shape, z, t):
    """A loss checks shapes itself: it may be given arrays, which rules take as they come."""
    try:
        shape(np.shape(z), np.shape(t))
    except ShapeError as error:
        raise ShapeError(f"{name}: {error}") from None
