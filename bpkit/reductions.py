"""Rules that make fewer numbers out of many: sums, means, maxima, products of matrices.

With them come the tensor's operators and methods: `a @ b` is matmul(a, b), `x.sum()` is sum(x).
"""

import math

import numpy as np

from bpkit.errors import ShapeError
from bpkit.graph import Tensor, rule
from bpkit.rules import (
    abs,
    add,
    cast,
    div,
    equal,
    exp,
    greater,
    greater_equal,
    log,
    mul,
    neg,
    power,
    sub,
)
from bpkit.shapes import broadcast, broadcast_shape, index, reshape, sum_to, swap, transpose


def kept_shape(shape, axis):
    """The shape after a reduction over `axis` that keeps the axes, with length 1. Chapter 6.

    >>> kept_shape((5, 3), axis=1)
    (5, 1)
    """
    axes = range(len(shape)) if axis is None else np.atleast_1d(axis).tolist()
    for a in axes:
        if not -len(shape) <= a < len(shape):
            raise ShapeError(f"shape {shape} has no axis {a}")
    places = {a % len(shape) for a in axes}
    if len(places) < len(axes):
        raise ShapeError(f"axis {axis} names an axis of {shape} twice")
    return tuple(1 if a in places else n for a, n in enumerate(shape))


def _reduced(shape, *, axis=None, keepdims=False):
    kept = kept_shape(shape, axis)
    if keepdims:
        return kept
    axes = set(range(len(shape))) if axis is None else {a % len(shape) for a in np.atleast_1d(axis)}
    return tuple(n for a, n in enumerate(shape) if a not in axes)


def _chosen(shape, *, axis=None, keepdims=False):
    out = _reduced(shape, axis=axis, keepdims=keepdims)
    if 0 in shape and (0, 1) in zip(shape, kept_shape(shape, axis), strict=True):
        raise ShapeError(
            f"shape {shape} is empty along axis {axis}: there is nothing to choose from"
        )
    return out


def _kept(z, x, axis):
    """z, a reduction of x over `axis`, with the reduced axes put back as length 1."""
    return reshape(z, to=kept_shape(x.shape, axis))


@rule(
    _reduced, lambda up, y, x, axis=None, keepdims=False: broadcast(_kept(up, x, axis), to=x.shape)
)
def sum(x, *, axis=None, keepdims=False):
    """The sum over an axis, several, or all. Chapter 3.

    >>> sum(Tensor([[1.0, 2.0], [3.0, 4.0]]), axis=0).data.tolist()
    [4.0, 6.0]
    """
    return np.add.reduce(x, axis=axis, keepdims=keepdims)


def mean(x, axis=None, keepdims=False):
    """The sum divided by how many there are, over an axis, several, or all. Chapter 9.

    >>> mean(Tensor([1.0, 2.0, 6.0])).item()
    3.0
    """
    kept = kept_shape(x.shape, axis)
    count = math.prod(n for n, k in zip(x.shape, kept, strict=True) if k == 1)
    if count == 0:
        raise ShapeError(f"mean: shape {x.shape} is empty along axis {axis}")
    return sum(x, axis=axis, keepdims=keepdims) * (1.0 / count)


def _max_back(up, y, x, axis=None, keepdims=False):
    hits = equal(x, _kept(y, x, axis))
    ties = cast(sum(hits, axis=axis, keepdims=True), dtype=up.dtype)
    return hits * (_kept(up, x, axis) / ties)


@rule(_chosen, _max_back)
def max(x, *, axis=None, keepdims=False):
    """The largest over an axis, several, or all; equal largest share the gradient. Chapter 16.

    >>> max(Tensor([[1.0, 5.0], [3.0, 4.0]]), axis=1).data.tolist()
    [5.0, 4.0]
    """
    return np.maximum.reduce(x, axis=axis, keepdims=keepdims)


def _logsumexp_back(up, y, x, axis=None, keepdims=False):
    return _kept(up, x, axis) * exp(x - _kept(y, x, axis))


@rule(_chosen, _logsumexp_back, parts="itself")
def logsumexp(x, *, axis=None, keepdims=False):
    """log(sum(exp(x))) without overflow: the largest is taken out first. Chapter 9.

    >>> round(logsumexp(Tensor([1000.0, 1000.0])).item(), 4)
    1000.6931
    """
    top = max(x, axis=axis, keepdims=True)
    out = top + log(sum(exp(x - top), axis=axis, keepdims=True))
    return out if keepdims else reshape(out, to=_reduced(x.shape, axis=axis))


def _same(shape, *, axis=-1):
    _chosen(shape, axis=axis)
    return shape


def _softmax_back(up, y, x, axis=-1):
    return y * (up - sum(up * y, axis=axis, keepdims=True))


@rule(_same, _softmax_back, parts="itself")
def softmax(x, *, axis=-1):
    """Positive numbers that sum to 1 along an axis, in proportion to exp(x). Chapter 9.

    >>> softmax(Tensor([0.0, 0.0, np.log(2.0)])).data.round(3).tolist()
    [0.25, 0.25, 0.5]
    """
    out = exp(x - max(x, axis=axis, keepdims=True))
    return out / sum(out, axis=axis, keepdims=True)


def _log_softmax_back(up, y, x, axis=-1):
    return up - exp(y) * sum(up, axis=axis, keepdims=True)


@rule(_same, _log_softmax_back, parts="itself")
def log_softmax(x, *, axis=-1):
    """log(softmax(x)), accurate where softmax rounds to 0. Chapter 9.

    >>> log_softmax(Tensor([0.0, -1000.0])).data.tolist()
    [0.0, -1000.0]
    """
    out = x - max(x, axis=axis, keepdims=True)
    return out - log(sum(exp(out), axis=axis, keepdims=True))


def _multiplied(a, b):
    if a[-1] != b[-2]:
        raise ShapeError(
            f"{a} @ {b}: the left's last axis is {a[-1]}, the right's rows are {b[-2]}"
        )
    return (*broadcast_shape(a[:-2], b[:-2]), a[-2], b[-1])


@rule(
    _multiplied,
    lambda up, y, a, b: sum_to(up @ swap(b), to=a.shape),
    lambda up, y, a, b: sum_to(swap(a) @ up, to=b.shape),
)
def _matmul(a, b):
    return np.matmul(a, b)


def matmul(a, b):
    """The matrix product a @ b; leading axes are stacks of matrices and broadcast. Chapter 6.

    A vector on the left is a row, on the right a column, and its axis of length 1 goes again.

    >>> matmul(Tensor([[1.0, 2.0]]), Tensor([[3.0], [4.0]])).data.tolist()
    [[11.0]]
    """
    a, b = (x if isinstance(x, (Tensor, np.ndarray)) else np.asarray(x) for x in (a, b))
    if a.ndim == 0 or b.ndim == 0:
        raise ShapeError(f"matmul: {a.shape} @ {b.shape}: a single number has no rows; use *")
    left = reshape(a, to=(1, a.size)) if a.ndim == 1 else a
    right = reshape(b, to=(b.size, 1)) if b.ndim == 1 else b
    y = _matmul(left, right)
    if a.ndim > 1 and b.ndim > 1:
        return y
    drop = ((y.ndim - 2,) if a.ndim == 1 else ()) + ((y.ndim - 1,) if b.ndim == 1 else ())
    return reshape(y, to=tuple(n for i, n in enumerate(y.shape) if i not in drop))


def _reshape_method(x, *shape):
    return reshape(x, to=shape[0] if len(shape) == 1 and not isinstance(shape[0], int) else shape)


for _name, _operator in {
    "__add__": add,
    "__radd__": lambda a, b: add(b, a),
    "__sub__": sub,
    "__rsub__": lambda a, b: sub(b, a),
    "__mul__": mul,
    "__rmul__": lambda a, b: mul(b, a),
    "__truediv__": div,
    "__rtruediv__": lambda a, b: div(b, a),
    "__pow__": power,
    "__rpow__": lambda a, b: power(b, a),
    "__matmul__": matmul,
    "__rmatmul__": lambda a, b: matmul(b, a),
    "__neg__": neg,
    "__abs__": abs,
    "__gt__": greater,
    "__lt__": lambda a, b: greater(b, a),
    "__ge__": greater_equal,
    "__le__": lambda a, b: greater_equal(b, a),
    "__getitem__": lambda x, key: index(x, key=key),
    "sum": lambda x, axis=None, keepdims=False: sum(x, axis=axis, keepdims=keepdims),
    "mean": mean,
    "max": lambda x, axis=None, keepdims=False: max(x, axis=axis, keepdims=keepdims),
    "reshape": _reshape_method,
    "transpose": lambda x, *axes: transpose(x, axes=axes or None),
    "T": property(lambda x: transpose(x, axes=None)),
}.items():
    setattr(Tensor, _name, _operator)
