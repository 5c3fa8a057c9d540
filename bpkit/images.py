"""Rules for images: windows of pixels, convolution, pooling. An image batch is (N, C, H, W).

`unfold` shows the window under every position of a kernel, and pooling reduces it. `fold` is its
way back: a pixel that lay in several windows adds up what they all send. Convolution is three
products of matrices, one forward and two back, and each is the way back of the other two.
"""

import functools
import itertools

import numpy as np

from bpkit import reductions
from bpkit.errors import ShapeError
from bpkit.graph import rule
from bpkit.rules import greater, maximum
from bpkit.shapes import assemble, index, reshape, swap, transpose


def _pair(value):
    return (value, value) if isinstance(value, int) else tuple(value)


def _positions(length, kernel, stride):
    return (length - kernel) // stride + 1


def _unfolded(shape, *, kernel, stride):
    if len(shape) != 4:
        raise ShapeError(f"x is {shape}; images must be (N, C, H, W)")
    if min(kernel) < 1 or min(stride) < 1:
        raise ShapeError(f"kernel {kernel} and stride {stride} must be 1 or more")
    n, c, h, w = shape
    if kernel[0] > h or kernel[1] > w:
        raise ShapeError(f"the window {kernel} is larger than the image, {(h, w)}")
    return (n, c, _positions(h, kernel[0], stride[0]), _positions(w, kernel[1], stride[1]), *kernel)


@rule(
    _unfolded,
    lambda up, y, x, kernel, stride: fold(up, to=x.shape, kernel=kernel, stride=stride),
)
def unfold(x, *, kernel, stride):
    """The window at every position: (N, C, H, W) to (N, C, Ho, Wo, kh, kw), a view. Chapter 16.

    >>> x = Tensor(np.arange(9.0).reshape(1, 1, 3, 3))
    >>> unfold(x, kernel=(2, 2), stride=(1, 1)).data[0, 0, 1, 1].tolist()
    [[4.0, 5.0], [7.0, 8.0]]
    """
    windows = np.lib.stride_tricks.sliding_window_view(x, kernel, axis=(2, 3))
    return windows[:, :, :: stride[0], :: stride[1]]


def _folded(shape, *, to, kernel, stride):
    if _unfolded(to, kernel=kernel, stride=stride) != shape:
        raise ShapeError(f"windows {shape} don't come from images {to}")
    return tuple(to)


@rule(
    _folded,
    lambda up, y, x, to, kernel, stride: unfold(up, kernel=kernel, stride=stride),
    parts="itself",
)
def fold(x, *, to, kernel, stride):
    """Add every window back where it lay: the backward step of unfold (col2im). Chapter 16.

    >>> windows = Tensor(np.ones((1, 1, 2, 2, 2, 2)))
    >>> fold(windows, to=(1, 1, 3, 3), kernel=(2, 2), stride=(1, 1)).data[0, 0].tolist()
    [[1.0, 2.0, 1.0], [2.0, 4.0, 2.0], [1.0, 2.0, 1.0]]
    """
    rows, columns = x.shape[2], x.shape[3]
    places = [(i, j) for i in range(kernel[0]) for j in range(kernel[1])]
    keys = [
        (
            ...,
            slice(i, i + stride[0] * rows, stride[0]),
            slice(j, j + stride[1] * columns, stride[1]),
        )
        for i, j in places
    ]
    return assemble(*(index(x, key=(..., i, j)) for i, j in places), keys=keys, to=to)


def _conv_shape(x, w, *, stride, padding):
    if len(x) != 4 or len(w) != 4:
        raise ShapeError(f"X is {x} and W is {w}; they must be (N, C, H, W) and (O, C, kh, kw)")
    if x[1] != w[1]:
        raise ShapeError(f"X is {x} but W is {w}; X has {x[1]} channels and W expects {w[1]}")
    if min(padding) < 0:
        raise ShapeError(f"padding {padding} can't be negative")
    padded = (*x[:2], x[2] + 2 * padding[0], x[3] + 2 * padding[1])
    windows = _unfolded(padded, kernel=w[2:], stride=stride)
    return (x[0], w[0], windows[2], windows[3])


def _slid(shape, *, size, stride=1):
    if not 1 <= size <= shape[0] or stride < 1:
        raise ShapeError(f"x is {shape}; a window of {size} rows, stride {stride}, doesn't fit")
    return (_positions(shape[0], size, stride), size, *shape[1:])


def _slide_back(up, y, x, size, stride=1):
    last = stride * (up.shape[0] - 1) + 1
    keys = [(slice(i, i + last, stride),) for i in range(size)]
    return assemble(*(index(up, key=(slice(None), i)) for i in range(size)), keys=keys, to=x.shape)


@rule(_slid, _slide_back)
def slide(x, *, size, stride=1):
    """Every run of `size` rows: (H, ...) to (Ho, size, ...), an overlapping view. Chapter 16.

    >>> slide(Tensor([1.0, 2.0, 3.0]), size=2).data.tolist()
    [[1.0, 2.0], [2.0, 3.0]]
    """
    windows = np.lib.stride_tricks.sliding_window_view(x, size, axis=0)[::stride]
    return np.moveaxis(windows, -1, 1)


def _bands(X, kernel, stride, padding):
    """For each row of the result, what the kernel's rows meet there: (Ho, kh * C * kw, Wo * N).

    Only the kernel's columns are laid out: the pixels are stored as (H, C, kw, Wo, N), so the
    kh rows under one row of the result lie side by side, and the bands are overlapping views.
    """
    (n, channels, height, width), (kh, kw) = X.shape, kernel
    columns = _positions(width + 2 * padding[1], kw, stride[1])
    pixels = transpose(X, axes=(2, 1, 3, 0))  # (H, C, W, N)
    pieces, keys = [], []
    for j in range(kw):
        first, last, meets = _reach(j - padding[1], stride[1], columns, width)
        pieces.append(index(pixels, key=(slice(None), slice(None), meets)))
        inside = slice(padding[0], padding[0] + height)
        keys.append((inside, slice(None), j, slice(first, last)))
    laid = assemble(*pieces, keys=keys, to=(height + 2 * padding[0], channels, kw, columns, n))
    bands = slide(laid, size=kh, stride=stride[0])  # (Ho, kh, C, kw, Wo, N)
    return reshape(bands, to=(bands.shape[0], kh * channels * kw, columns * n))


def _reach(offset, stride, positions, length):
    """The positions, first to last, at which p * stride + offset is a pixel, and those pixels."""
    first = max(0, -(offset // stride))
    last = max(first, min(positions, (length - 1 - offset) // stride + 1))
    skip = first * stride + offset
    return first, last, slice(skip, skip + (last - first) * stride, stride)


def _rows_first(Y):
    """(N, O, Ho, Wo) as (Ho, O, Wo * N): one matrix for each row of the result."""
    _, outputs, rows, _ = Y.shape
    return reshape(transpose(Y, axes=(2, 1, 3, 0)), to=(rows, outputs, -1))


def _kernel_matrix(W):
    """(O, C, kh, kw) as (O, kh * C * kw), in the order of the bands."""
    return reshape(transpose(W, axes=(0, 2, 1, 3)), to=(W.shape[0], -1))


@rule(
    _conv_shape,
    lambda up, y, X, W, stride, padding: conv2d_dx(
        up, W, size=X.shape[2:], stride=stride, padding=padding
    ),
    lambda up, y, X, W, stride, padding: conv2d_dw(
        X, up, kernel=W.shape[2:], stride=stride, padding=padding
    ),
    parts="itself",
)
def _conv2d(X, W, *, stride, padding):
    bands = _bands(X, W.shape[2:], stride, padding)
    y = _kernel_matrix(W) @ bands  # (Ho, O, Wo * N)
    columns = _positions(X.shape[3] + 2 * padding[1], W.shape[3], stride[1])
    return transpose(reshape(y, to=(*y.shape[:2], columns, X.shape[0])), axes=(3, 1, 0, 2))


def _conv_dx_shape(dy, w, *, size, stride, padding):
    x = (dy[0], w[1], *size)
    if _conv_shape(x, w, stride=stride, padding=padding) != dy:
        raise ShapeError(f"dY is {dy}, which X {x} and W {w} don't give")
    return x


@rule(
    _conv_dx_shape,
    lambda up, y, dY, W, size, stride, padding: _conv2d(up, W, stride=stride, padding=padding),
    lambda up, y, dY, W, size, stride, padding: conv2d_dw(
        up, dY, kernel=W.shape[2:], stride=stride, padding=padding
    ),
    parts="itself",
)
def conv2d_dx(dY, W, *, size, stride, padding):
    """What reaches a convolution's image: each window's pixels get their share, added. Chapter 16.

    dY (N, O, Ho, Wo), W (O, C, kh, kw) to (N, C, *size).

    >>> dY, W = Tensor(np.ones((1, 1, 2, 2))), Tensor(np.ones((1, 1, 2, 2)))
    >>> dX = conv2d_dx(dY, W, size=(3, 3), stride=(1, 1), padding=(0, 0))
    >>> dX.data[0, 0].tolist()
    [[1.0, 2.0, 1.0], [2.0, 4.0, 2.0], [1.0, 2.0, 1.0]]
    """
    (n, outputs, rows, columns), (_, channels, kh, kw) = dY.shape, W.shape
    (height, width), (down, right) = size, padding
    # a row of the image looks back at kh rows of dY: the bands again, and the kernel's rows flipped
    first, last, meets = _reach(kh - 1 - down, stride[0], rows, height + kh - 1)
    rows_met = index(_rows_first(dY), key=(slice(first, last),))
    laid = assemble(rows_met, keys=[(meets,)], to=(height + kh - 1, outputs, columns * n))
    bands = reshape(slide(laid, size=kh), to=(height, kh * outputs, columns * n))
    flipped = transpose(index(W, key=(..., slice(None, None, -1), slice(None))), axes=(3, 1, 2, 0))
    sent = reshape(flipped, to=(kw * channels, kh * outputs)) @ bands
    sent = reshape(sent, to=(height, kw, channels, columns, n))
    pieces, keys = [], []
    for j in range(kw):  # to each column, what the kernel's column j sends there
        first, last, meets = _reach(j - right, stride[1], columns, width)
        pieces.append(index(sent, key=(slice(None), j, slice(None), slice(first, last))))
        keys.append((slice(None), slice(None), meets))
    out = assemble(*pieces, keys=keys, to=(height, channels, width, n))
    return transpose(out, axes=(3, 1, 0, 2))


def _conv_dw_shape(x, dy, *, kernel, stride, padding):
    w = (dy[1], x[1], *kernel)
    if _conv_shape(x, w, stride=stride, padding=padding) != dy:
        raise ShapeError(f"dY is {dy}, which X {x} and W {w} don't give")
    return w


@rule(
    _conv_dw_shape,
    lambda up, y, X, dY, kernel, stride, padding: conv2d_dx(
        dY, up, size=X.shape[2:], stride=stride, padding=padding
    ),
    lambda up, y, X, dY, kernel, stride, padding: _conv2d(X, up, stride=stride, padding=padding),
    parts="itself",
)
def conv2d_dw(X, dY, *, kernel, stride, padding):
    """What reaches a convolution's kernels: every window times what came from above. Chapter 16.

    X (N, C, H, W), dY (N, O, Ho, Wo) to (O, C, kh, kw).

    >>> X, dY = Tensor(np.arange(9.0).reshape(1, 1, 3, 3)), Tensor(np.ones((1, 1, 2, 2)))
    >>> dW = conv2d_dw(X, dY, kernel=(2, 2), stride=(1, 1), padding=(0, 0))
    >>> dW.data[0, 0].tolist()
    [[8.0, 12.0], [20.0, 24.0]]
    """
    bands = _bands(X, kernel, stride, padding)
    dw = reductions.sum(bands @ swap(_rows_first(dY)), axis=0)  # (kh * C * kw, O)
    dw = reshape(dw, to=(kernel[0], X.shape[1], kernel[1], dY.shape[1]))
    return transpose(dw, axes=(3, 1, 0, 2))


def conv2d(X, W, b, stride=1, padding=0):
    """Slide each kernel over the images. Chapter 16.

    X (N, C, H, W), W (O, C, kh, kw), b (O,) to (N, O, Ho, Wo), where
    Ho = (H + 2 padding - kh) // stride + 1. The kernel isn't flipped (a mathematician's
    cross-correlation). stride and padding: a number, or one for rows and one for columns.

    >>> X, W = Tensor(np.arange(9.0).reshape(1, 1, 3, 3)), Tensor(np.ones((1, 1, 2, 2)))
    >>> conv2d(X, W, np.array([0.5])).data[0, 0].tolist()
    [[8.5, 12.5], [20.5, 24.5]]
    """
    if b.shape != W.shape[:1]:
        raise ShapeError(
            f"conv2d: W is {W.shape} but b is {b.shape}; b needs one entry for each output channel"
        )
    y = _conv2d(X, W, stride=_pair(stride), padding=_pair(padding))
    return y + reshape(b, to=(-1, 1, 1))


def _corners(X, kernel, stride):
    """For each pixel of a window, the key of that pixel in every window."""
    rows, columns = (
        _positions(n, k, s) for n, k, s in zip(X.shape[2:], kernel, stride, strict=True)
    )
    return [
        (
            ...,
            slice(i, i + (rows - 1) * stride[0] + 1, stride[0]),
            slice(j, j + (columns - 1) * stride[1] + 1, stride[1]),
        )
        for i in range(kernel[0])
        for j in range(kernel[1])
    ]


def _pool_back(up, y, x, kernel, stride):
    """From the last pixel to the first: what is larger than all before it takes what arrives."""
    keys = _corners(x, kernel, stride)
    pixels = [index(x, key=key) for key in keys]
    before, pieces = list(itertools.accumulate(pixels[:-1], maximum)), []
    for pixel, largest in zip(pixels[:0:-1], before[::-1], strict=True):
        pieces.append(up * greater(pixel, largest))
        up = up - pieces[-1]  # what was taken isn't passed on
    return assemble(*pieces, up, keys=keys[::-1], to=x.shape)


@rule(
    lambda shape, *, kernel, stride: _unfolded(shape, kernel=kernel, stride=stride)[:4],
    _pool_back,
    parts="itself",
)
def _max_pool2d(X, *, kernel, stride):
    return functools.reduce(maximum, (index(X, key=key) for key in _corners(X, kernel, stride)))


def _steps(kernel, stride):
    """Kernel and stride as pairs; windows touch unless a stride is given."""
    return {"kernel": _pair(kernel), "stride": _pair(kernel if stride is None else stride)}


def max_pool2d(X, kernel, stride=None):
    """The largest pixel of each window; stride is the kernel's size unless given. Chapter 16.

    Where several pixels are the largest, the first, row by row, receives the gradient.

    >>> max_pool2d(Tensor(np.arange(16.0).reshape(1, 1, 4, 4)), 2).data[0, 0].tolist()
    [[5.0, 7.0], [13.0, 15.0]]
    """
    return _max_pool2d(X, **_steps(kernel, stride))


def avg_pool2d(X, kernel, stride=None):
    """The mean pixel of each window; stride is the kernel's size unless given. Chapter 16.

    >>> avg_pool2d(Tensor(np.arange(16.0).reshape(1, 1, 4, 4)), 2).data[0, 0].tolist()
    [[2.5, 4.5], [10.5, 12.5]]
    """
    return reductions.mean(unfold(X, **_steps(kernel, stride)), axis=(4, 5))
