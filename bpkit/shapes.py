"""Rules that move numbers without changing them: reshape, transpose, broadcast, pick, join, pad.

They come in pairs. What one spreads out, the other adds up: broadcast and sum_to, index and
scatter_add, unfold and fold (in images). Each is the other's backward step.
"""

import math

import numpy as np

from bpkit.errors import ShapeError
from bpkit.graph import Every, Tensor, rule


def _reshaped(shape, *, to):
    free = [n for n in to if n < 0]
    known = math.prod(n for n in to if n >= 0)
    size = math.prod(shape)
    fits = known and size % known == 0 if free == [-1] else size == known and not free
    if not fits:
        raise ShapeError(f"{shape} holds {size} numbers and can't become {tuple(to)}")
    return tuple(size // known if n == -1 else n for n in to)


@rule(_reshaped, lambda up, y, x, to: reshape(up, to=x.shape))
def reshape(x, *, to):
    """The same numbers in another shape; one length may be -1. Chapter 6.

    >>> reshape(Tensor(np.arange(6.0)), to=(2, 3)).shape
    (2, 3)
    """
    return np.reshape(x, to)


def _transposed(shape, *, axes=None):
    axes = tuple(range(len(shape)))[::-1] if axes is None else axes
    n = len(shape)
    if any(not -n <= a < n for a in axes) or sorted(a % n for a in axes) != list(range(n)):
        raise ShapeError(f"axes {tuple(axes)} don't reorder the axes of {shape}")
    return tuple(shape[a] for a in axes)


def _transpose_back(up, y, x, axes=None):
    return transpose(up, axes=None if axes is None else tuple(np.argsort(np.mod(axes, x.ndim))))


@rule(_transposed, _transpose_back)
def transpose(x, *, axes=None):
    """The axes in another order; reversed if none is given. Chapter 6.

    >>> transpose(Tensor(np.zeros((2, 3, 5))), axes=(1, 2, 0)).shape
    (3, 5, 2)
    """
    return np.transpose(x, axes)


def swap(x):
    """Transpose the last two axes: the matrix transpose, for one matrix or a stack. Chapter 6.

    >>> swap(Tensor(np.zeros((2, 3, 5)))).shape
    (2, 5, 3)
    """
    return x.T if x.ndim == 2 else transpose(x, axes=(*range(x.ndim - 2), x.ndim - 1, x.ndim - 2))


def broadcast_shape(*shapes):
    """The shape that NumPy's broadcasting gives, or a ShapeError that names the axis. Chapter 6.

    >>> broadcast_shape((5, 3), (3,))
    (5, 3)
    """
    first = shapes[0]
    if all(shape == first for shape in shapes):
        return first
    n = max(map(len, shapes))
    out = []
    for axis in range(-n, 0):
        lengths = {shape[axis] for shape in shapes if len(shape) >= -axis} - {1}
        if len(lengths) > 1:
            listed = " and ".join(map(str, shapes))
            raise ShapeError(f"{listed} can't be broadcast: axis {axis} is {sorted(lengths)}")
        out.append(lengths.pop() if lengths else 1)
    return tuple(out)


def _broadcast_to(shape, *, to):
    if broadcast_shape(shape, tuple(to)) != tuple(to):
        raise ShapeError(f"{shape} can't be broadcast to {tuple(to)}")
    return tuple(to)


@rule(_broadcast_to, lambda up, y, x, to: sum_to(up, to=x.shape))
def broadcast(x, *, to):
    """Repeat x along new axes and axes of length 1, without copying. Chapter 6.

    >>> broadcast(Tensor([1.0, 2.0]), to=(3, 2)).data.tolist()
    [[1.0, 2.0], [1.0, 2.0], [1.0, 2.0]]
    """
    return np.broadcast_to(x, to)


def _summed_to(shape, *, to):
    if broadcast_shape(shape, tuple(to)) != shape:
        raise ShapeError(f"{shape} can't be added up to {tuple(to)}")
    return tuple(to)


@rule(_summed_to, lambda up, y, x, to: broadcast(up, to=x.shape), late=True)
def _sum_to(x, *, to):
    if len(to) == 1 and x.shape[1:] == to and x.dtype.kind == "f":
        return np.ones(len(x), x.dtype) @ x  # several times as fast as to add up the rows
    extra = np.ndim(x) - len(to)
    axes = [a + extra for a, n in enumerate(to) if n == 1 and x.shape[a + extra] != 1]
    out = np.add.reduce(x, axis=(*range(extra), *axes), keepdims=True)
    if out.shape[extra:] != to:
        raise ValueError  # `fit` finds the words
    return out.reshape(to)


def sum_to(x, *, to):
    """Undo a broadcast: add up what was repeated, so that the result has shape `to`. Chapter 6.

    >>> sum_to(Tensor(np.ones((3, 2))), to=(2,)).data.tolist()
    [3.0, 3.0]
    """
    return x if x.shape == tuple(to) else _sum_to(x, to=tuple(to))


def _indexed(shape, *, key):
    # a zero-stride stand-in: the right shape, and no memory
    try:
        return np.broadcast_to(np.False_, shape)[key].shape
    except IndexError as error:
        raise ShapeError(f"{key!r} doesn't index an array of shape {shape}: {error}") from None


@rule(_indexed, lambda up, y, x, key: scatter_add(up, key=key, to=x.shape))
def index(x, *, key):
    """x[key]: numbers, slices, integer arrays or a mask; what `tensor[key]` calls. Chapter 6.

    >>> index(Tensor([1.0, 2.0, 3.0]), key=[2, 2, 0]).data.tolist()
    [3.0, 3.0, 1.0]
    """
    return x[key]


def _scattered(shape, *, key, to):
    _broadcast_to(shape, to=_indexed(to, key=key))
    return tuple(to)


@rule(_scattered, lambda up, y, x, key, to: sum_to(index(up, key=key), to=x.shape))
def scatter_add(x, *, key, to):
    """Zeros of shape `to` with x added at `key`; an entry named twice receives both. Chapter 6.

    >>> scatter_add(Tensor([1.0, 10.0]), key=[2, 2], to=(3,)).data.tolist()
    [0.0, 0.0, 11.0]
    """
    out = np.zeros(to, np.asarray(x).dtype)
    parts = key if isinstance(key, tuple) else (key,)
    if all(isinstance(k, (int, slice, type(None), type(...))) for k in parts):
        out[key] += x  # slices never name an entry twice
    else:
        np.add.at(out, key, x)
    return out


def _taken(table, rows):
    return (*rows, *table[1:])


@rule(_taken, lambda up, y, table, rows: add_rows(up, rows, count=len(table)), None)
def _take(table, rows):
    return take_rows(table, rows)


@rule(
    lambda shape, rows, *, count: (count, *shape[len(rows) :]),
    lambda up, y, x, rows, count: _take(up, rows),
    None,
)
def add_rows(x, rows, *, count):
    """A table of `count` rows of zeros, with row i of x added to row rows[i]. Chapter 19.

    >>> add_rows(Tensor([[1.0], [10.0]]), np.array([2, 2]), count=3).data.tolist()
    [[0.0], [0.0], [11.0]]
    """
    out = np.empty((count, *x.shape[np.ndim(rows) :]), x.dtype)
    width = math.prod(out.shape[1:])
    add_runs(x.reshape(np.size(rows), width), rows, out.reshape(count, width))
    return out


def add_runs(x, rows, out, room=None):
    """The work of add_rows for matrices x and out; room: a place for x with its rows sorted."""
    rows = np.ravel(rows).astype(np.min_scalar_type(len(out)))  # small numbers are sorted faster
    order = np.argsort(rows, kind="stable")  # equal rows side by side, to be added as one run
    pieces = np.take(x, order, axis=0, out=room, mode="clip")
    counts = np.bincount(rows, minlength=len(out))
    ends = np.cumsum(counts)
    if pieces.size < 1024 * len(out):
        met = np.flatnonzero(counts)
        out[...] = 0
        out[met] = np.add.reduceat(pieces, (ends - counts)[met], axis=0)
    else:  # long runs: a product with ones for each is faster
        ones, first = np.ones(len(rows), x.dtype), 0
        for total, last in zip(out, ends.tolist(), strict=True):
            np.dot(ones[first:last], pieces[first:last], out=total)
            first = last


def take(table, rows):
    """Rows of a table by number: an embedding. table (V, D), rows any integer array. Chapter 19.

    Raises ShapeError if a row number is below 0 or is V or more.

    >>> take(Tensor([[1.0, 2.0], [3.0, 4.0]]), np.array([1, 1, 0])).data.tolist()
    [[3.0, 4.0], [3.0, 4.0], [1.0, 2.0]]
    """
    values = np.asarray(rows.data if isinstance(rows, Tensor) else rows)
    if values.dtype.kind not in "iu":
        raise TypeError(f"take: row numbers must be integers; their dtype is {values.dtype}")
    return _take(table, rows if isinstance(rows, Tensor) else values)


def take_rows(table, rows, out=None):
    """The work of take; out: a place for the answer."""
    if rows.size and (rows.min() < 0 or rows.max() >= len(table)):
        bad = rows.min() if rows.min() < 0 else rows.max()
        raise ShapeError(
            f"take: row {bad} is asked for; the table, {table.shape}, has {len(table)}"
        )
    return np.take(table, rows, axis=0, out=out, mode="clip")  # NumPy's own "raise" copies


def _zeros_like(x, shape, dtype):
    """Zeros whose axes lie in memory in the order of x's, if there are as many."""
    if x.ndim != len(shape):
        return np.zeros(shape, dtype)
    axes = np.argsort([-abs(step) for step in x.strides], kind="stable")
    return np.zeros([shape[a] for a in axes], dtype).transpose(np.argsort(axes))


def _assembled(*shapes, keys, to):
    for shape, key in zip(shapes, keys, strict=True):
        if _indexed(to, key=key) != shape:
            raise ShapeError(f"a piece of shape {shape} doesn't fit {key!r} of {tuple(to)}")
    return tuple(to)


@rule(_assembled, Every(lambda place, up, y, *xs, keys, to: index(up, key=keys[place])))
def assemble(*pieces, keys, to):
    """Zeros of shape `to` with each piece added at its key, a tuple of slices. Chapter 16.

    >>> keys = [(slice(0, 2),), (slice(1, 3),)]
    >>> assemble(Tensor([1.0, 2.0]), Tensor([10.0, 20.0]), keys=keys, to=(3,)).data.tolist()
    [1.0, 12.0, 20.0]
    """
    out = _zeros_like(pieces[0], to, np.result_type(*pieces))
    for piece, key in zip(pieces, keys, strict=True):
        out[key] += piece
    return out


def _joined(*shapes, axis=0):
    first = shapes[0]
    if not -len(first) <= axis < len(first):
        raise ShapeError(f"shape {first} has no axis {axis}")
    axis %= len(first)
    for shape in shapes:
        if len(shape) != len(first) or shape[:axis] + shape[axis + 1 :] != (
            first[:axis] + first[axis + 1 :]
        ):
            raise ShapeError(f"{first} and {shape} differ on an axis other than {axis}")
    return (*first[:axis], sum(shape[axis] for shape in shapes), *first[axis + 1 :])


def _split_back(place, up, y, *xs, axis=0):
    start = sum(x.shape[axis] for x in xs[:place])
    part = slice(start, start + xs[place].shape[axis])
    return index(up, key=(slice(None),) * (axis % up.ndim) + (part,))


@rule(_joined, Every(_split_back))
def _concatenate(*xs, axis=0):
    return np.concatenate(xs, axis)


def concatenate(tensors, axis=0):
    """Join tensors end to end along an axis they have. Chapter 18.

    >>> concatenate([Tensor([1.0, 2.0]), Tensor([3.0])]).data.tolist()
    [1.0, 2.0, 3.0]
    """
    if len(tensors) == 0:
        raise ShapeError("concatenate: there is nothing to join")
    return _concatenate(*tensors, axis=axis)


def _stacked(*shapes, axis=0):
    if len(set(shapes)) != 1:
        listed = ", ".join(map(str, shapes)) or "nothing"
        raise ShapeError(f"the tensors must have one shape; given {listed}")
    if not -len(shapes[0]) - 1 <= axis <= len(shapes[0]):
        raise ShapeError(f"shape {shapes[0]} has no place for a new axis {axis}")
    axis %= len(shapes[0]) + 1
    return (*shapes[0][:axis], len(shapes), *shapes[0][axis:])


def _unstack(place, up, y, *xs, axis=0):
    return index(up, key=(slice(None),) * (axis % up.ndim) + (place,))


@rule(_stacked, Every(_unstack))
def _stack(*xs, axis=0):
    return np.stack(xs, axis)


def stack(tensors, axis=0):
    """Join tensors of one shape along a new axis. Chapter 17.

    >>> stack([Tensor([1.0, 2.0]), Tensor([3.0, 4.0])], axis=1).data.tolist()
    [[1.0, 3.0], [2.0, 4.0]]
    """
    if len(tensors) == 0:
        raise ShapeError("stack: there is nothing to join")
    return _stack(*tensors, axis=axis)


def _padded(shape, *, width):
    if len(width) != len(shape) or min(map(min, width), default=0) < 0:
        raise ShapeError(f"width {width} needs one (before, after) pair for each axis of {shape}")
    return tuple(n + before + after for n, (before, after) in zip(shape, width, strict=True))


def _unpad(up, y, x, width):
    inner = (slice(before, before + n) for n, (before, _) in zip(x.shape, width, strict=True))
    return index(up, key=tuple(inner))


@rule(_padded, _unpad)
def pad(x, *, width):
    """Zeros around x: one (before, after) pair an axis. Chapter 16.

    >>> pad(Tensor([1.0, 2.0]), width=((1, 2),)).data.tolist()
    [0.0, 1.0, 2.0, 0.0, 0.0]
    """
    out = np.zeros(_padded(x.shape, width=width), x.dtype)
    out[tuple(slice(b, b + n) for n, (b, _) in zip(x.shape, width, strict=True))] = x
    return out
