"""A convolution over images, forward. A window that moves by the stride, over all channels."""

import numpy as np

import bpkit as bp
from bpkit.tasks.spec import Mistake, task
from bpkit.tasks.themes.ch16_convolution.shared import flipped_once, image_sizes


def conv2d_forward(X, W, b, stride):
    """Slide each kernel over the images, without padding.

    X (N, C, H, width), W (O, C, kh, kw), b (O,), stride an integer. Returns Y (N, O, rows,
    columns), where rows = (H - kh) // stride + 1 and columns = (width - kw) // stride + 1.
    """
    kh, kw = W.shape[2:]
    rows = (X.shape[2] - kh) // stride + 1
    columns = (X.shape[3] - kw) // stride + 1
    Y = np.zeros((len(X), len(W), rows, columns))
    for i in range(rows):
        for j in range(columns):
            top, left = i * stride, j * stride
            window = X[:, :, top : top + kh, left : left + kw]
            Y[:, :, i, j] = np.tensordot(window, W, axes=([1, 2, 3], [1, 2, 3])) + b
    return Y


def images_and_kernels(draw):
    X, W, _, stride = image_sizes(draw)
    return {"X": draw.real(*X), "W": draw.real(*W), "b": draw.real(W[0]), "stride": stride}


def conv_windows(X, W, b, stride):
    windows = np.lib.stride_tricks.sliding_window_view(X, W.shape[2:], axis=(2, 3))
    windows = windows[:, :, ::stride, ::stride]
    return np.einsum("ncijyx,ocyx->noij", windows, W) + b[:, None, None]


def conv_kernel_pixels(X, W, b, stride):
    """One pixel of the kernel at a time."""
    kh, kw = W.shape[2:]
    rows, columns = (X.shape[2] - kh) // stride + 1, (X.shape[3] - kw) // stride + 1
    Y = np.zeros((rows, columns, X.shape[0], W.shape[0])) + b
    for y, x in np.ndindex(kh, kw):
        seen = X[:, :, y : y + stride * rows : stride, x : x + stride * columns : stride]
        Y += np.moveaxis(seen, (2, 3), (0, 1)) @ W[:, :, y, x].T
    return Y.transpose(2, 3, 0, 1)


def conv_as_one_product(X, W, b, stride):
    N, _, H, width = X.shape
    kernels, _, kh, kw = W.shape
    rows, columns = (H - kh) // stride + 1, (width - kw) // stride + 1
    patches = [
        X[n, :, i * stride : i * stride + kh, j * stride : j * stride + kw].ravel()
        for n in range(N)
        for i in range(rows)
        for j in range(columns)
    ]
    Y = np.array(patches) @ W.reshape(kernels, -1).T + b
    return np.moveaxis(Y.reshape(N, rows, columns, kernels), 3, 1)


task(
    conv2d_forward,
    chapter=16,
    title="Convolution, forward",
    minutes=15,
    points=3,
    returns="Y",
    inputs=images_and_kernels,
    statement="""
        A convolution looks everywhere for the same small patterns. `X` is `(N, C, H, width)`: `N`
        images with `C` channels. `W` is `(O, C, kh, kw)`: `O` kernels, each with a window of `kh`
        by `kw` pixels in all `C` channels; `b` is `(O,)`. The number `Y[n, o, i, j]` is the sum,
        over channels and window, of kernel `o` times the pixels under it, plus `b[o]`. The
        window's first row is row `i * stride` of the image, its first column is column `j *
        stride`. The kernel is used as it is, not flipped. There is no padding: the window takes
        all positions at which it lies inside the image, and pixels may be left over.

        Write `conv2d_forward(X, W, b, stride)`, which returns `Y` `(N, O, rows, columns)`, with
        `rows = (H - kh) // stride + 1` and `columns = (width - kw) // stride + 1`.
        """,
    example="""
        >>> X = np.arange(12.0).reshape(1, 1, 3, 4)
        >>> W, b = np.array([[[[1.0, 0.0], [0.0, 10.0]]]]), np.array([0.5])
        >>> conv2d_forward(X, W, b, 2).tolist()
        [[[[50.5, 72.5]]]]
        """,
    variants=[conv_windows, conv_kernel_pixels, conv_as_one_product],
    oracle=lambda X, W, b, stride: bp.conv2d(bp.Tensor(X), bp.Tensor(W), b, stride=stride).data,
    mistakes=[
        Mistake(
            "flipped",
            "The kernel is flipped",
            "That is the mathematician's convolution; here W lies on the window as it is.",
            {"(window, W,": "(window, W[:, :, ::-1, ::-1],"},
        ),
        *flipped_once("window"),
        Mistake(
            "stride_not_used",
            "The window moves by one pixel",
            "From one position to the next it moves by stride; only the number of positions "
            "knows that here.",
            {"top, left = i * stride, j * stride": "top, left = i, j"},
        ),
        Mistake(
            "every_position",
            "Every position is visited, as with a stride of 1",
            "The window moves by stride, so there are fewer rows and columns.",
            {
                "// stride + 1\n    columns": "+ 1\n    columns",
                "kw) // stride": "kw)",
                "i * stride, j * stride": "i, j",
            },
        ),
        Mistake(
            "one_too_few",
            "The last row and the last column are missing",
            "The first position counts too: that is the + 1 in rows and columns.",
            {
                "// stride + 1\n    columns": "// stride\n    columns",
                "kw) // stride + 1": ("kw) // stride"),
            },
        ),
        Mistake(
            "bias_missing",
            "The bias is left out",
            "Each output channel o adds its own b[o] to all of its pixels.",
            {" + b": ""},
        ),
        Mistake(
            "bias_each_channel",
            "The bias is added once for each input channel",
            "It is added once to the whole sum over channels and window.",
            {" + b": " + b * X.shape[1]"},
        ),
        Mistake(
            "bias_each_pixel",
            "The bias is added once for each product",
            "It is added once to the whole sum over channels and window.",
            {" + b": " + b * W[0].size"},
        ),
        Mistake(
            "one_channel",
            "Only the first input channel is looked at",
            "Each kernel has a window in every input channel, and all of them are summed.",
            {"(window, W,": "(window[:, :1], W[:, :1],"},
        ),
        Mistake(
            "last_channel",
            "Only the last input channel is looked at",
            "The channels add up; each one here overwrites the one before.",
            {"(window, W,": "(window[:, -1:], W[:, -1:],"},
        ),
        Mistake(
            "mean_of_window",
            "The products are averaged, not summed",
            "Y is the sum over channels and window; no count divides it.",
            {" + b": " / W[0].size + b"},
        ),
        Mistake(
            "channels_averaged",
            "The input channels are averaged",
            "The C channels are summed like the pixels of the window.",
            {" + b": " / X.shape[1] + b"},
        ),
    ],
    nudge="Which pixels does the window cover in its second position, and how many numbers are "
    "added up there?",
    sketch="""
        Go through the positions. At position (i, j) the window starts at the row i times stride
        and the column j times stride and is as large as the kernel. Cut it out of all images and
        channels at once: an array with axes image, channel, row, column. Multiply it with each
        kernel and sum over channel, row and column, which leaves image and kernel; add the bias.
        """,
    skeleton="""
        def conv2d_forward(X, W, b, stride):
            kh, kw = W.shape[2:]
            rows = ...
            columns = ...
            Y = np.zeros((len(X), len(W), rows, columns))
            for i in range(rows):
                for j in range(columns):
                    window = X[:, :, ..., ...]      # (N, C, kh, kw)
                    Y[:, :, i, j] = ...             # (N, O)
            return Y
        """,
    notice="An affine layer with a weight for each pair of pixels would do the same: a "
    "convolution is one whose weights are shared and mostly 0.",
)
