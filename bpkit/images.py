"""Rules for images: windows of pixels, convolution, pooling. An image batch is (N, C, H, W).

`unfold` lays out the window under every position of the kernel; convolution is then a matrix
product, and pooling a reduction. `fold` is its way back: a pixel that lay in several windows adds
up what they all send.
"""

import numpy as np

from bpkit.errors import ShapeError
from bpkit.graph import rule
from bpkit.reductions import max, mean, sum
from bpkit.shapes import pad, reshape, transpose


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
)
def fold(x, *, to, kernel, stride):
    """Add every window back where it lay: the backward step of unfold (col2im). Chapter 16.

    >>> windows = Tensor(np.ones((1, 1, 2, 2, 2, 2)))
    >>> fold(windows, to=(1, 1, 3, 3), kernel=(2, 2), stride=(1, 1)).data[0, 0].tolist()
    [[1.0, 2.0, 1.0], [2.0, 4.0, 2.0], [1.0, 2.0, 1.0]]
    """
    out = np.zeros(to, x.dtype)
    rows, columns = x.shape[2], x.shape[3]
    for i in range(kernel[0]):
        for j in range(kernel[1]):
            down = slice(i, i + stride[0] * rows, stride[0])
            right = slice(j, j + stride[1] * columns, stride[1])
            out[:, :, down, right] += x[:, :, :, :, i, j]
    return out


def _conv_shape(x, w, b, *, stride, padding):
    if len(x) != 4 or len(w) != 4:
        raise ShapeError(f"X is {x} and W is {w}; they must be (N, C, H, W) and (O, C, kh, kw)")
    if x[1] != w[1]:
        raise ShapeError(f"X is {x} but W is {w}; X has {x[1]} channels and W expects {w[1]}")
    if b != w[:1]:
        raise ShapeError(f"W is {w} but b is {b}; b must have one entry for each output channel")
    if min(padding) < 0:
        raise ShapeError(f"padding {padding} can't be negative")
    padded = (*x[:2], x[2] + 2 * padding[0], x[3] + 2 * padding[1])
    windows = _unfolded(padded, kernel=w[2:], stride=stride)
    return (x[0], w[0], windows[2], windows[3])


def _width(padding):
    return ((0, 0), (0, 0), (padding[0],) * 2, (padding[1],) * 2)


def _columns(X, W, stride, padding):
    """Every window of X as a row: (N * Ho * Wo, C * kh * kw)."""
    windows = unfold(pad(X, width=_width(padding)), kernel=W.shape[2:], stride=stride)
    return reshape(transpose(windows, axes=(0, 2, 3, 1, 4, 5)), to=(-1, W[0].size))


def _pixels(Y):
    """(N, O, Ho, Wo) as rows of output channels: (N * Ho * Wo, O)."""
    return reshape(transpose(Y, axes=(0, 2, 3, 1)), to=(-1, Y.shape[1]))


def _conv_dx(up, y, X, W, b, stride, padding):
    n, _, rows, columns = up.shape
    kernel, channels = W.shape[2:], X.shape[1]
    windows = _pixels(up) @ reshape(W, to=(W.shape[0], -1))
    windows = reshape(windows, to=(n, rows, columns, channels, *kernel))
    windows = transpose(windows, axes=(0, 3, 1, 2, 4, 5))
    width = _width(padding)
    padded = tuple(length + 2 * before for length, (before, _) in zip(X.shape, width, strict=True))
    dx = fold(windows, to=padded, kernel=kernel, stride=stride)
    return dx[:, :, padding[0] : padding[0] + X.shape[2], padding[1] : padding[1] + X.shape[3]]


def _conv_dw(up, y, X, W, b, stride, padding):
    return reshape(transpose(_pixels(up)) @ _columns(X, W, stride, padding), to=W.shape)


@rule(
    _conv_shape,
    _conv_dx,
    _conv_dw,
    lambda up, y, X, W, b, stride, padding: sum(up, axis=(0, 2, 3)),
)
def _conv2d(X, W, b, *, stride, padding):
    n, outputs, rows, columns = _conv_shape(
        X.shape, W.shape, b.shape, stride=stride, padding=padding
    )
    y = _columns(X, W, stride, padding) @ W.reshape(outputs, -1).T + b
    return np.ascontiguousarray(y.reshape(n, rows, columns, outputs).transpose(0, 3, 1, 2))


def conv2d(X, W, b, stride=1, padding=0):
    """Slide each kernel over the images. Chapter 16.

    X (N, C, H, W), W (O, C, kh, kw), b (O,) to (N, O, Ho, Wo), where
    Ho = (H + 2 padding - kh) // stride + 1. The kernel isn't flipped (a mathematician's
    cross-correlation). stride and padding: a number, or one for rows and one for columns.

    >>> X, W = Tensor(np.arange(9.0).reshape(1, 1, 3, 3)), Tensor(np.ones((1, 1, 2, 2)))
    >>> conv2d(X, W, np.array([0.5])).data[0, 0].tolist()
    [[8.5, 12.5], [20.5, 24.5]]
    """
    return _conv2d(X, W, b, stride=_pair(stride), padding=_pair(padding))


def max_pool2d(X, kernel, stride=None):
    """The largest pixel of each window; stride is the kernel's size unless given. Chapter 16.

    >>> max_pool2d(Tensor(np.arange(16.0).reshape(1, 1, 4, 4)), 2).data[0, 0].tolist()
    [[5.0, 7.0], [13.0, 15.0]]
    """
    kernel = _pair(kernel)
    return max(unfold(X, kernel=kernel, stride=_pair(stride or kernel)), axis=(4, 5))


def avg_pool2d(X, kernel, stride=None):
    """The mean pixel of each window; stride is the kernel's size unless given. Chapter 16.

    >>> avg_pool2d(Tensor(np.arange(16.0).reshape(1, 1, 4, 4)), 2).data[0, 0].tolist()
    [[2.5, 4.5], [10.5, 12.5]]
    """
    kernel = _pair(kernel)
    return mean(unfold(X, kernel=kernel, stride=_pair(stride or kernel)), axis=(4, 5))
