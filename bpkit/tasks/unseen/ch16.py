"""Answers to the tasks on convolution and pooling."""

import numpy as np

from bpkit.tasks.unseen import right, wrong


def windows(X, kh, kw, stride):
    """(i, j, the pixels of window i, j) for all positions."""
    for i in range((X.shape[2] - kh) // stride + 1):
        for j in range((X.shape[3] - kw) // stride + 1):
            yield (
                i,
                j,
                (..., slice(i * stride, i * stride + kh), slice(j * stride, j * stride + kw)),
            )


def empty_output(X, W, stride):
    rows = (X.shape[2] - W.shape[2]) // stride + 1
    columns = (X.shape[3] - W.shape[3]) // stride + 1
    return np.zeros((len(X), len(W), rows, columns))


@wrong("conv2d_forward", "the stride is ignored: the window moves by 1", "stride_not_used")
def stride_one(X, W, b, stride):
    Y = empty_output(X, W, stride)
    kh, kw = W.shape[2:]
    for i in range(Y.shape[2]):
        for j in range(Y.shape[3]):
            Y[:, :, i, j] = np.einsum("nchw,ochw->no", X[:, :, i : i + kh, j : j + kw], W) + b
    return Y


@wrong("conv2d_forward", "the kernel is flipped", "flipped")
def true_convolution(X, W, b, stride):
    Y = empty_output(X, W, stride)
    for i, j, at in windows(X, *W.shape[2:], stride):
        Y[:, :, i, j] = np.einsum("nchw,ochw->no", X[at], W[:, :, ::-1, ::-1]) + b
    return Y


@wrong("conv2d_forward", "the bias is forgotten", "bias_missing")
def no_bias(X, W, b, stride):
    Y = empty_output(X, W, stride)
    for i, j, at in windows(X, *W.shape[2:], stride):
        Y[:, :, i, j] = np.tensordot(X[at], W, axes=([1, 2, 3], [1, 2, 3]))
    return Y


@wrong("conv2d_forward", "channels are averaged", "channels_averaged")
def channels_averaged(X, W, b, stride):
    Y = empty_output(X, W, stride)
    C = X.shape[1]
    for i, j, at in windows(X, *W.shape[2:], stride):
        Y[:, :, i, j] = np.einsum("nchw,ochw->no", X[at], W) / C + b
    return Y


@right("conv2d_forward")
def sliding_windows(X, W, b, stride):
    views = np.lib.stride_tricks.sliding_window_view(X, W.shape[2:], axis=(2, 3))
    views = views[:, :, ::stride, ::stride]
    return np.einsum("ncijhw,ochw->noij", views, W) + b[None, :, None, None]


@right("conv2d_forward")
def kernel_by_kernel(X, W, b, stride):
    out = empty_output(X, W, stride)
    rows, columns = out.shape[2:]
    for y in range(W.shape[2]):
        for x in range(W.shape[3]):
            pixels = X[:, :, y : y + stride * rows : stride, x : x + stride * columns : stride]
            out += np.einsum("ncij,oc->noij", pixels[:, :, :rows, :columns], W[:, :, y, x])
    return out + b.reshape(1, -1, 1, 1)


@wrong("conv2d_backward", "overlapping windows overwrite", "dX_assigned")
def assigned(dY, X, W, stride):
    dX, dW = np.zeros(X.shape), np.zeros(W.shape)
    for i, j, at in windows(X, *W.shape[2:], stride):
        up = dY[:, :, i, j]
        dX[at] = np.einsum("no,ochw->nchw", up, W)
        dW += np.einsum("no,nchw->ochw", up, X[at])
    return dX, dW, dY.sum(axis=(0, 2, 3))


@wrong("conv2d_backward", "db is averaged over the places", "factor")
def db_mean(dY, X, W, stride):
    dX, dW = np.zeros(X.shape), np.zeros(W.shape)
    for i, j, at in windows(X, *W.shape[2:], stride):
        dX[at] += np.einsum("no,ochw->nchw", dY[:, :, i, j], W)
        dW += np.einsum("no,nchw->ochw", dY[:, :, i, j], X[at])
    return dX, dW, dY.mean(axis=(2, 3)).sum(axis=0)


@wrong("conv2d_backward", "the kernel is flipped in dX", "flipped_in_dX")
def flipped_in_dx(dY, X, W, stride):
    dX, dW = np.zeros(X.shape), np.zeros(W.shape)
    flipped = W[:, :, ::-1, ::-1]
    for i, j, at in windows(X, *W.shape[2:], stride):
        dX[at] += np.einsum("no,ochw->nchw", dY[:, :, i, j], flipped)
        dW += np.einsum("no,nchw->ochw", dY[:, :, i, j], X[at])
    return dX, dW, dY.sum(axis=(0, 2, 3))


@wrong("conv2d_backward", "dW holds the last image only", "supposed")
def last_image(dY, X, W, stride):
    dX, dW = np.zeros(X.shape), np.zeros(W.shape)
    for n in range(len(X)):
        dW = np.zeros(W.shape)
        for i, j, at in windows(X, *W.shape[2:], stride):
            for o in range(len(W)):
                dX[n][at] += dY[n, o, i, j] * W[o]
                dW[o] += dY[n, o, i, j] * X[n][at]
    return dX, dW, dY.sum(axis=(0, 2, 3))


@right("conv2d_backward")
def by_kernel_pixels(dY, X, W, stride):
    rows, columns = dY.shape[2:]
    dX, dW = np.zeros(X.shape), np.empty(W.shape)
    for y in range(W.shape[2]):
        for x in range(W.shape[3]):
            at = (
                slice(None),
                slice(None),
                slice(y, y + stride * (rows - 1) + 1, stride),
                slice(x, x + stride * (columns - 1) + 1, stride),
            )
            dX[at] += np.einsum("noij,oc->ncij", dY, W[:, :, y, x])
            dW[:, :, y, x] = np.einsum("noij,ncij->oc", dY, X[at])
    return dX, dW, dY.sum(axis=3).sum(axis=2).sum(axis=0)


@wrong("max_pool_backward", "overlapping windows overwrite", "assigned")
def last_window(dY, X, size, stride):
    dX = np.zeros(X.shape)
    for i, j, at in windows(X, size, size, stride):
        for n, c in np.ndindex(X.shape[:2]):
            w = X[n, c][at]
            y, x = np.unravel_index(w.argmax(), w.shape)
            dX[n, c, i * stride + y, j * stride + x] = dY[n, c, i, j]
    return dX


@wrong("max_pool_backward", "all largest pixels receive", "all_equal_receive")
def all_ties(dY, X, size, stride):
    dX = np.zeros(X.shape)
    for i, j, at in windows(X, size, size, stride):
        w = X[at]
        top = w.max(axis=(2, 3), keepdims=True)
        dX[at] += (w == top) * dY[:, :, i : i + 1, j : j + 1]
    return dX


@wrong("max_pool_backward", "shared by all pixels of the window", "shared")
def as_average(dY, X, size, stride):
    dX = np.zeros(X.shape)
    for i, j, at in windows(X, size, size, stride):
        dX[at] += dY[:, :, i, j][:, :, None, None] / size**2
    return dX


@wrong("max_pool_backward", "windows lie side by side", "supposed")
def stride_is_size(dY, X, size, stride):
    dX = np.zeros(X.shape)
    for n, c, i, j in np.ndindex(dY.shape):
        w = X[n, c, i * size : (i + 1) * size, j * size : (j + 1) * size]
        if w.size:
            y, x = np.unravel_index(w.argmax(), w.shape)
            dX[n, c, i * size + y, j * size + x] += dY[n, c, i, j]
    return dX


@right("max_pool_backward")
def pixel_by_pixel(dY, X, size, stride):
    dX = np.zeros_like(X)
    for n, c, i, j in np.ndindex(dY.shape):
        best, place = -np.inf, None
        for y in range(i * stride, i * stride + size):
            for x in range(j * stride, j * stride + size):
                if X[n, c, y, x] > best:
                    best, place = X[n, c, y, x], (n, c, y, x)
        dX[place] += dY[n, c, i, j]
    return dX


@wrong("avg_pool_backward", "not divided", "not_divided")
def undivided(dY, X, size, stride):
    dX = np.zeros(X.shape)
    for i, j, at in windows(X, size, size, stride):
        dX[at] += dY[:, :, i : i + 1, j : j + 1]
    return dX


@wrong("avg_pool_backward", "divided by size, not its square", "divided_by_size")
def by_size(dY, X, size, stride):
    dX = np.zeros(X.shape)
    for i, j, at in windows(X, size, size, stride):
        dX[at] += dY[:, :, i, j][..., None, None] / size
    return dX


@wrong("avg_pool_backward", "overlapping windows overwrite", "assigned")
def overwritten(dY, X, size, stride):
    dX = np.zeros_like(X)
    for n, c, i, j in np.ndindex(dY.shape):
        r, s = i * stride, j * stride
        dX[n, c, r : r + size, s : s + size] = dY[n, c, i, j] / size**2
    return dX


@wrong("avg_pool_backward", "the first pixel of each window gets all", "first_pixel", "not_divided")
def corner_only(dY, X, size, stride):
    dX = np.zeros_like(X)
    for n, c, i, j in np.ndindex(dY.shape):
        dX[n, c, i * stride, j * stride] += dY[n, c, i, j]
    return dX


@right("avg_pool_backward")
def as_a_convolution(dY, X, size, stride):
    dX = np.zeros(X.shape)
    rows, columns = dY.shape[2:]
    for y, x in np.ndindex(size, size):
        for i in range(rows):
            dX[:, :, i * stride + y, x : x + stride * (columns - 1) + 1 : stride] += dY[:, :, i]
    return dX * (1 / (size * size))


@wrong("dilated_conv_backward", "the dilation is ignored", "no_gaps")
def no_gaps(dY, X, W, dilation):
    steps, k = dY.shape[2], W.shape[2]
    dX, dW = np.zeros(X.shape), np.zeros(W.shape)
    for i in range(k):
        dX[:, :, i : i + steps] += np.einsum("not,oc->nct", dY, W[:, :, i])
        dW[:, :, i] = np.einsum("not,nct->oc", dY, X[:, :, i : i + steps])
    return dX, dW, dY.sum((0, 2))


@wrong("dilated_conv_backward", "what a step receives is overwritten", "step_overwritten")
def step_overwritten(dY, X, W, dilation):
    steps, k = dY.shape[2], W.shape[2]
    dX, dW = np.zeros(X.shape), np.zeros(W.shape)
    for t in range(steps):
        at = t + dilation * np.arange(k)
        dX[:, :, at] = np.einsum("no,oci->nci", dY[:, :, t], W)
        dW += np.einsum("no,nci->oci", dY[:, :, t], X[:, :, at])
    return dX, dW, dY.sum((0, 2))


@wrong("dilated_conv_backward", "the kernel's order is turned in dW", "dW_turned")
def turned_dw(dY, X, W, dilation):
    steps, k = dY.shape[2], W.shape[2]
    dX, dW = np.zeros(X.shape), np.zeros(W.shape)
    for i in range(k):
        at = slice(i * dilation, i * dilation + steps)
        dX[:, :, at] += np.einsum("not,oc->nct", dY, W[:, :, i])
        dW[:, :, k - 1 - i] = np.einsum("not,nct->oc", dY, X[:, :, at])
    return dX, dW, dY.sum((0, 2))


@right("dilated_conv_backward")
def six_loops(dY, X, W, dilation):
    dX, dW, db = np.zeros(X.shape), np.zeros(W.shape), np.zeros(len(W))
    for n, o, t in np.ndindex(dY.shape):
        up = dY[n, o, t]
        db[o] += up
        for c, i in np.ndindex(W.shape[1:]):
            dX[n, c, t + i * dilation] += up * W[o, c, i]
            dW[o, c, i] += up * X[n, c, t + i * dilation]
    return dX, dW, db
