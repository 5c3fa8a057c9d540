"""The backward step of max-pooling. The whole gradient goes to the place of the largest."""

import numpy as np

import bpkit as bp
from bpkit.tasks.spec import Mistake, task
from bpkit.tasks.themes.ch16_convolution.shared import pool_sizes
from bpkit.tasks.tools import pullback


def max_pool_backward(dY, X, size, stride):
    """The gradient of max pooling.

    dY (N, C, rows, columns), X (N, C, H, width), size and stride integers. Returns dX, with the
    shape of X.
    """
    dX = np.zeros(X.shape)
    n, c = np.ogrid[: X.shape[0], : X.shape[1]]
    for i in range(dY.shape[2]):
        for j in range(dY.shape[3]):
            top, left = i * stride, j * stride
            window = X[:, :, top : top + size, left : left + size]
            at = window.reshape(*X.shape[:2], -1).argmax(axis=2)
            y, x = at // size, at % size
            dX[n, c, top + y, left + x] += dY[:, :, i, j]
    return dX


def pixels_to_pool(draw):
    X, places, size, stride = pool_sizes(draw)
    pixels = draw.real(*X)
    # in every channel a pixel that two windows share is the largest of both
    pixels[:, :, 1, stride] = np.abs(pixels[:, :, 1, stride]) + 2.1
    pixels[:, 0] -= 5.3  # and in the first channel all are negative
    return {"dY": draw.real(*X[:2], *places), "X": pixels, "size": size, "stride": stride}


def equal_pixels(draw):
    X = np.array([[[[3.0, 5.0, 1.0, 5.0], [5.0, 2.0, 5.0, 4.0], [0.5, 5.0, 2.0, 0.3]]]])
    dY = np.array([[[[0.7, 0.4, -0.6], [0.2, -0.9, 0.3]]]])
    return {"windows with equal largest pixels": {"dY": dY, "X": X, "size": 2, "stride": 1}}


def max_pool_by_loops(dY, X, size, stride):
    dX = np.zeros(X.shape)
    for n, c, i, j in np.ndindex(dY.shape):
        best, at = -np.inf, None
        for y in range(i * stride, i * stride + size):
            for x in range(j * stride, j * stride + size):
                if X[n, c, y, x] > best:
                    best, at = X[n, c, y, x], (n, c, y, x)
        dX[at] += dY[n, c, i, j]
    return dX


def max_pool_one_hot(dY, X, size, stride):
    windows = np.lib.stride_tricks.sliding_window_view(X, (size, size), axis=(2, 3))
    windows = windows[:, :, ::stride, ::stride].reshape(*dY.shape, -1)
    hot = np.eye(size * size)[windows.argmax(axis=-1)] * dY[..., None]
    dX = np.zeros(X.shape)
    rows, columns = dY.shape[2:]
    for k in range(size * size):
        y, x = divmod(k, size)
        dX[:, :, y : y + stride * rows : stride, x : x + stride * columns : stride] += hot[..., k]
    return dX


def max_pool_flat_places(dY, X, size, stride):
    places = np.arange(X.size).reshape(X.shape)
    dX = np.zeros(X.size)
    for i, j in np.ndindex(dY.shape[2:]):
        here = np.s_[:, :, i * stride : i * stride + size, j * stride : j * stride + size]
        flat = X[here].reshape(-1, size * size)
        chosen = np.take_along_axis(
            places[here].reshape(-1, size * size), flat.argmax(1)[:, None], axis=1
        )
        np.add.at(dX, chosen[:, 0], dY[:, :, i, j].ravel())
    return dX.reshape(X.shape)


task(
    max_pool_backward,
    chapter=16,
    title="Max pooling, backward",
    minutes=20,
    points=3,
    returns="dX",
    inputs=pixels_to_pool,
    extremes=equal_pixels,
    statement="""
        Max pooling keeps the largest pixel of each window: `Y[n, c, i, j]` is the largest of the
        `size` by `size` pixels of channel `c` of image `n` whose first row is `i * stride` and
        whose first column is `j * stride`. `X` is `(N, C, H, width)`, and `dY` `(N, C, rows,
        columns)` arrives from above. Windows may overlap, and pixels may be left over at the
        bottom. Where several pixels of a window are the largest, the first of them, row by row,
        is the one that counts.

        Write `max_pool_backward(dY, X, size, stride)`, which returns `dX` `(N, C, H, width)`.
        """,
    example="""
        >>> X = np.array([[[[3.0, 1.0, 2.0], [4.0, 9.0, 5.0]]]])
        >>> max_pool_backward(np.array([[[[10.0, 20.0]]]]), X, 2, 1).tolist()
        [[[[0.0, 0.0, 0.0], [0.0, 30.0, 0.0]]]]
        """,
    variants=[max_pool_by_loops, max_pool_one_hot, max_pool_flat_places],
    oracle=lambda dY, X, size, stride: pullback(lambda X: bp.max_pool2d(X, size, stride), dY, X),
    mistakes=[
        Mistake(
            "assigned",
            "A later window overwrites an earlier one",
            "A pixel that is the largest of several windows adds up what all of them send.",
            {"] += dY": "] = dY"},
        ),
        Mistake(
            "all_equal_receive",
            "Every one of several equal pixels receives the gradient",
            "The output moves once, not once for each of them: the first one, row by row, "
            "receives it.",
            {
                "at = window.reshape(*X.shape[:2], -1).argmax(axis=2)": (
                    "hit = window == window.max(axis=(2, 3), keepdims=True)"
                ),
                "y, x = at // size, at % size\n            dX[n, c, top + y, left + x] += "
                "dY[:, :, i, j]": "part = dX[:, :, top : top + size, left : left + size]\n"
                "            part += hit * dY[:, :, i, j][:, :, None, None]",
            },
        ),
        Mistake(
            "last_receives",
            "The last of several equal pixels receives the gradient",
            "Where several are the largest, the first of them, row by row, is the one that counts.",
            {
                ".argmax(axis=2)": "[:, :, ::-1].argmax(axis=2)",
                "y, x = at": "at = size * size - 1 - at\n            y, x = at",
            },
        ),
        Mistake(
            "all_receive",
            "Every pixel of a window receives the gradient",
            "Only the largest pixel moves the output; the others can move without any effect.",
            {
                "dX[n, c, top + y, left + x] += dY[:, :, i, j]": (
                    "dX[:, :, top : top + size, left : left + size] "
                    "+= dY[:, :, i, j][:, :, None, None]"
                )
            },
        ),
        Mistake(
            "shared",
            "The gradient is shared by all pixels of a window",
            "That is average pooling; here all of it goes to the largest pixel.",
            {
                "dX[n, c, top + y, left + x] += dY[:, :, i, j]": (
                    "dX[:, :, top : top + size, left : left + size] "
                    "+= dY[:, :, i, j][:, :, None, None] / size**2"
                )
            },
        ),
        Mistake(
            "first_pixel",
            "The gradient goes to the first pixel of each window",
            "Where the window starts isn't where its largest pixel is: add the place inside it.",
            {"top + y, left + x": "top, left"},
        ),
        Mistake(
            "place_exchanged",
            "Row and column of the largest pixel are exchanged",
            "Counted row by row, a place divided by size gives the row and leaves the column.",
            {"top + y, left + x": "top + x, left + y"},
        ),
        Mistake(
            "smallest",
            "The gradient goes to the smallest pixel",
            "The output is the largest pixel of the window, so that is the one it follows.",
            {"argmax": "argmin"},
        ),
        Mistake(
            "largest_in_size",
            "The sign of the pixels is ignored",
            "The largest pixel is meant, not the one farthest from 0.",
            {"window.reshape": "np.abs(window).reshape"},
        ),
        Mistake(
            "times_pixel",
            "The gradient is multiplied by the pixel",
            "The output is the pixel itself: its slope is 1, not its value.",
            {"+= dY[:, :, i, j]": "+= dY[:, :, i, j] * window.max(axis=(2, 3))"},
        ),
        Mistake(
            "stride_not_used",
            "The windows are taken one pixel apart",
            "Position (i, j) belongs to the window at row i * stride and column j * stride.",
            {"top, left = i * stride, j * stride": "top, left = i, j"},
        ),
        Mistake(
            "stride_forgotten_in_dX",
            "In dX the windows stand one pixel apart",
            "The largest pixel is found in the right window, but its place in dX is counted from "
            "(i, j); the window begins at row i * stride and column j * stride.",
            {"top + y, left + x": "i + y, j + x"},
        ),
        Mistake(
            "one_place_for_all",
            "All channels use the first channel's largest pixel",
            "Each channel of each image has a largest pixel of its own.",
            {"at = window": "window = window[:, :1] + 0 * window\n            at = window"},
        ),
        Mistake(
            "upstream_ignored",
            "The upstream gradient dY is left out",
            "This says where the largest pixels are; what arrives from above goes there.",
            {"+= dY[:, :, i, j]": "+= 1"},
        ),
        Mistake(
            "side_by_side",
            "The windows lie side by side",
            "Windows begin stride pixels apart, and may overlap or leave gaps; size is "
            "how large they are.",
            {
                "i * stride, j * stride": "min(i * size, X.shape[2] - size), "
                "min(j * size, X.shape[3] - size)"
            },
        ),
    ],
    nudge="If a pixel that isn't the largest of its window moves a little, does the output move? "
    "And what if a pixel is the largest of two windows?",
    sketch="""
        Start from zeros. Visit each position; find, for each image and channel, where in the
        window the largest pixel stands, as a row and a column inside it; add the row and column
        at which the window starts. What arrives for this position is added to that one pixel, and
        no other pixel of the window receives anything.
        """,
    skeleton="""
        def max_pool_backward(dY, X, size, stride):
            dX = np.zeros(X.shape)
            n, c = np.ogrid[: X.shape[0], : X.shape[1]]
            for i in range(dY.shape[2]):
                for j in range(dY.shape[3]):
                    window = X[:, :, ..., ...]      # (N, C, size, size)
                    y, x = ..., ...                 # (N, C) each: where the largest stands
                    dX[n, c, ..., ...] += ...
            return dX
        """,
    notice="Most of dX is 0: pooling decides going forward who is heard, and only those learn "
    "from it. Frameworks differ in who counts among equals.",
)
