"""The backward step of average-pooling. Each place of a window receives an equal share."""

import numpy as np

import bpkit as bp
from bpkit.tasks.spec import Mistake, task
from bpkit.tasks.themes.ch16_convolution.shared import pool_sizes
from bpkit.tasks.tools import pullback


def avg_pool_backward(dY, X, size, stride):
    """The gradient of average pooling.

    dY (N, C, rows, columns), X (N, C, H, width), size and stride integers. Returns dX, with the
    shape of X.
    """
    dX = np.zeros(X.shape)
    for i in range(dY.shape[2]):
        for j in range(dY.shape[3]):
            top, left = i * stride, j * stride
            share = dY[:, :, i, j] / (size * size)
            dX[:, :, top : top + size, left : left + size] += share[:, :, None, None]
    return dX


def pixels_to_average(draw):
    X, places, size, stride = pool_sizes(draw)
    return {"dY": draw.real(*X[:2], *places), "X": draw.real(*X), "size": size, "stride": stride}


def avg_pool_window_pixels(dY, X, size, stride):
    dX = np.zeros_like(X)
    rows, columns = dY.shape[2:]
    for y, x in np.ndindex(size, size):
        dX[:, :, y : y + stride * rows : stride, x : x + stride * columns : stride] += dY
    return dX / size**2


def avg_pool_two_matrices(dY, X, size, stride):
    """Rows and columns are averaged one after the other: two products with sparse matrices."""

    def averaging(positions, length):
        starts = stride * np.arange(positions)[:, None]
        inside = (np.arange(length) >= starts) & (np.arange(length) < starts + size)
        return inside / size

    down, across = averaging(dY.shape[2], X.shape[2]), averaging(dY.shape[3], X.shape[3])
    return down.T @ dY @ across


def avg_pool_by_loops(dY, X, size, stride):
    dX = np.zeros(X.shape)
    for i, j in np.ndindex(dY.shape[2:]):
        for y in range(size):
            for x in range(size):
                dX[:, :, i * stride + y, j * stride + x] += dY[:, :, i, j] / size / size
    return dX


task(
    avg_pool_backward,
    chapter=16,
    title="Average pooling, backward",
    minutes=12,
    points=2,
    returns="dX",
    inputs=pixels_to_average,
    statement="""
        Average pooling replaces each window by its mean: `Y[n, c, i, j]` is the mean of the
        `size` by `size` pixels of channel `c` of image `n` whose first row is `i * stride` and
        whose first column is `j * stride`. `X` is `(N, C, H, width)`, and `dY` `(N, C, rows,
        columns)` arrives from above. Windows may overlap, and pixels may be left over at the
        bottom.

        Write `avg_pool_backward(dY, X, size, stride)`, which returns `dX` `(N, C, H, width)`.
        """,
    example="""
        >>> X = np.array([[[[3.0, 1.0, 2.0], [4.0, 9.0, 5.0]]]])
        >>> avg_pool_backward(np.array([[[[4.0, 8.0]]]]), X, 2, 1).tolist()
        [[[[1.0, 3.0, 2.0], [1.0, 3.0, 2.0]]]]
        """,
    variants=[avg_pool_window_pixels, avg_pool_two_matrices, avg_pool_by_loops],
    oracle=lambda dY, X, size, stride: pullback(lambda X: bp.avg_pool2d(X, size, stride), dY, X),
    mistakes=[
        Mistake(
            "not_divided",
            "The gradient is not divided by the window's pixels",
            "A pixel is one of size times size in the mean, so its share is as small.",
            {" / (size * size)": ""},
        ),
        Mistake(
            "divided_by_size",
            "Divided by the window's side, not by its pixels",
            "The window holds size times size pixels, and the mean divides by all of them.",
            {"(size * size)": "size"},
        ),
        Mistake(
            "assigned",
            "A later window overwrites an earlier one",
            "A pixel that lies in several windows adds up what all of them send.",
            {"left + size] +=": "left + size] ="},
        ),
        Mistake(
            "divided_by_cover",
            "Divided by how many windows cover each pixel",
            "What the windows send is added; the division is by the pixels of a window.",
            {
                "dX = np.zeros(X.shape)": "dX, cover = np.zeros(X.shape), np.zeros(X.shape)",
                "share = dY[:, :, i, j] / (size * size)": (
                    "share = dY[:, :, i, j]\n"
                    "            cover[:, :, top : top + size, left : left + size] += 1"
                ),
                "return dX": "return dX / np.maximum(cover, 1)",
            },
        ),
        Mistake(
            "shares_averaged",
            "What several windows send to a pixel is averaged",
            "Each window sends its share, and the shares are added.",
            {
                "dX = np.zeros(X.shape)": "dX, cover = np.zeros(X.shape), np.zeros(X.shape)",
                "share = dY": "cover[:, :, top : top + size, left : left + size] += 1\n"
                "            share = dY",
                "return dX": "return dX / np.maximum(cover, 1)",
            },
        ),
        Mistake(
            "stride_not_used",
            "The windows are taken one pixel apart",
            "Position (i, j) belongs to the window at row i * stride and column j * stride.",
            {"top, left = i * stride, j * stride": "top, left = i, j"},
        ),
        Mistake(
            "stride_for_size",
            "Only a part of each window, as wide as the stride, receives",
            "The window is size by size; stride says how far apart windows are.",
            {"top : top + size, left : left + size]": "top : top + stride, left : left + stride]"},
        ),
        Mistake(
            "divided_by_stride",
            "Divided by the stride squared",
            "The mean is over the size by size pixels of a window, however far windows are apart.",
            {"(size * size)": "(stride * stride)"},
        ),
        Mistake(
            "to_the_largest",
            "The gradient goes to the largest pixel alone",
            "That is max pooling; in a mean every pixel of the window has the same share.",
            {
                "dX[:, :, top : top + size, left : left + size] += share[:, :, None, None]": (
                    "window = X[:, :, top : top + size, left : left + size]\n"
                    "            hit = window == window.max(axis=(2, 3), keepdims=True)\n"
                    "            part = dX[:, :, top : top + size, left : left + size]\n"
                    "            part += dY[:, :, i, j][:, :, None, None] * hit"
                )
            },
        ),
        Mistake(
            "times_pixel",
            "The gradient is multiplied by the pixels",
            "The mean grows by the same amount whichever of its pixels grows: X has no part in "
            "the slope.",
            {"return dX": "return dX * X"},
        ),
        Mistake(
            "first_pixel",
            "The gradient goes to the first pixel of each window",
            "Every pixel of the window has its share in the mean.",
            {"top : top + size, left : left + size]": "top : top + 1, left : left + 1]"},
        ),
        Mistake(
            "divided_by_image",
            "Divided by the pixels of the whole image",
            "The mean is over one window, size times size pixels.",
            {"(size * size)": "(X.shape[2] * X.shape[3])"},
        ),
    ],
    nudge="By how much does the mean of nine numbers grow when one of them grows by 1?",
    sketch="""
        Start from zeros. Visit each position; what arrives there is divided by the number of
        pixels in the window, and this share is added to every pixel of the window, in every image
        and channel. A pixel in several windows ends with the sum of its shares.
        """,
    skeleton="""
        def avg_pool_backward(dY, X, size, stride):
            dX = np.zeros(X.shape)
            for i in range(dY.shape[2]):
                for j in range(dY.shape[3]):
                    share = ...                     # (N, C)
                    dX[:, :, ..., ...] += ...
            return dX
        """,
    notice="X itself is not needed, only its shape: the mean is linear, so its slope is the same "
    "everywhere.",
)
