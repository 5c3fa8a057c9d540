"""Tasks on images: convolution there and back, pooling backward, a dilated convolution."""

import numpy as np

import bpkit as bp
from bpkit.tasks.spec import Mistake, task
from bpkit.tasks.tools import pullback, slopes


def image_sizes(draw):
    """Lengths of images and kernels: X's shape, W's, the number of positions, the stride.

    Windows overlap along at least one axis, and a row lies in no window. Lengths that have no name
    of their own must not look like those that have one: 4 and even widths are no primes.
    """
    kh, kw = draw.sizes("kh kw", least=2, most=5)
    N, C, kernels = draw.sizes("N C O", most=11)
    stride = draw.whole(2, max(2, max(kh, kw) - 1))
    rows, columns = draw.choice([(2, 4), (4, 2)]) if draw.small is None else (2, 2)
    X = (N, C, kh + stride * (rows - 1) + 1, even(kw + stride * (columns - 1)))
    return X, (kernels, C, kh, kw), (rows, columns), stride


def even(length):
    return length + length % 2


def flipped_once(how):
    """The kernel turned along one axis; how: the piece of the reference that names it."""
    ways = (("rows", "[:, :, ::-1]"), ("columns", "[:, :, :, ::-1]"))
    return [
        Mistake(
            f"{name}_flipped",
            f"The kernel's {name} are flipped",
            "Entry (y, x) of the kernel lies on pixel (y, x) of the window, in both directions.",
            {f"({how}, W,": f"({how}, W{turn},"},
        )
        for name, turn in ways
    ]


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


def conv2d_backward(dY, X, W, stride):
    """The gradients of a convolution without padding.

    dY (N, O, rows, columns), X (N, C, H, width), W (O, C, kh, kw), stride an integer. Returns dX
    and dW, with the shapes of X and W, and db (O,).
    """
    kh, kw = W.shape[2:]
    dX, dW = np.zeros(X.shape), np.zeros(W.shape)
    for i in range(dY.shape[2]):
        for j in range(dY.shape[3]):
            up = dY[:, :, i, j]
            top, left = i * stride, j * stride
            here = np.s_[:, :, top : top + kh, left : left + kw]
            dX[here] += np.tensordot(up, W, axes=1)
            dW += np.tensordot(up.T, X[here], axes=1)
    db = dY.sum(axis=(0, 2, 3))
    return dX, dW, db


def upstream_images(draw):
    X, W, places, stride = image_sizes(draw)
    dY = draw.real(X[0], W[0], *places)
    return {"dY": dY, "X": draw.real(*X), "W": draw.real(*W), "stride": stride}


def conv_back_kernel_pixels(dY, X, W, stride):
    rows, columns = dY.shape[2:]
    dX, dW = np.zeros_like(X), np.empty_like(W)
    for y, x in np.ndindex(W.shape[2:]):
        seen = np.s_[:, :, y : y + stride * rows : stride, x : x + stride * columns : stride]
        dX[seen] += np.einsum("noij,oc->ncij", dY, W[:, :, y, x])
        dW[:, :, y, x] = np.einsum("noij,ncij->oc", dY, X[seen])
    return dX, dW, np.einsum("noij->o", dY)


def conv_back_spread_out(dY, X, W, stride):
    """dY with zeros between its entries, then a plain convolution with the kernel turned."""
    kh, kw = W.shape[2:]
    rows, columns = dY.shape[2:]
    spread = np.zeros((*dY.shape[:2], X.shape[2] - kh + 1, X.shape[3] - kw + 1))
    spread[:, :, : stride * rows : stride, : stride * columns : stride] = dY
    edges = ((0, 0), (0, 0), (kh - 1, kh - 1), (kw - 1, kw - 1))
    view = np.lib.stride_tricks.sliding_window_view
    dX = np.einsum(
        "noijyx,ocyx->ncij", view(np.pad(spread, edges), (kh, kw), (2, 3)), W[:, :, ::-1, ::-1]
    )
    dW = np.einsum("ncyxij,noij->ocyx", view(X, spread.shape[2:], (2, 3)), spread)
    return dX, dW, dY.sum((2, 3)).sum(0)


def conv_back_unfolded(dY, X, W, stride):
    """Windows as rows of a matrix, and their places added back."""
    kh, kw = W.shape[2:]
    places = np.arange(X[0].size).reshape(X.shape[1:])
    rows, columns = dY.shape[2:]
    at = np.array(
        [
            places[:, i * stride : i * stride + kh, j * stride : j * stride + kw].ravel()
            for i in range(rows)
            for j in range(columns)
        ]
    )
    flat, up = X.reshape(len(X), -1), dY.reshape(*dY.shape[:2], -1)
    dX, dW = np.zeros(flat.shape), np.zeros((len(W), W[0].size))
    for n in range(len(X)):
        dW += up[n] @ flat[n][at]
        np.add.at(dX[n], at, up[n].T @ W.reshape(len(W), -1))
    return dX.reshape(X.shape), dW.reshape(W.shape), up.sum(axis=(0, 2))


def conv_back_in_bpkit(dY, X, W, stride):
    return pullback(lambda X, W, b: bp.conv2d(X, W, b, stride), dY, X, W, np.zeros(len(W)))


task(
    conv2d_backward,
    chapter=16,
    title="Convolution, backward",
    minutes=25,
    points=4,
    returns="dX dW db",
    inputs=upstream_images,
    statement="""
        A convolution computed `Y[n, o, i, j]` as the sum, over channels and window, of kernel `o`
        times the pixels under it, plus `b[o]`; the window at position `(i, j)` starts at row `i *
        stride` and column `j * stride`. `X` is `(N, C, H, width)`, `W` is `(O, C, kh, kw)`, `b`
        is `(O,)`, and `dY` `(N, O, rows, columns)` arrives from above. Windows may overlap, and
        pixels at the right and at the bottom may lie in no window.

        Write `conv2d_backward(dY, X, W, stride)`, which returns `dX` `(N, C, H, width)`, `dW`
        `(O, C, kh, kw)` and `db` `(O,)`.
        """,
    example="""
        >>> dY, X = np.array([[[[1.0, 10.0]]]]), np.array([[[[2.0, 3.0, 5.0]]]])
        >>> dX, dW, db = conv2d_backward(dY, X, np.array([[[[7.0, 4.0]]]]), 1)
        >>> dX.tolist(), dW.tolist(), db.tolist()
        ([[[[7.0, 74.0, 40.0]]]], [[[[32.0, 53.0]]]], [11.0])
        """,
    variants=[conv_back_kernel_pixels, conv_back_spread_out, conv_back_unfolded],
    oracle=conv_back_in_bpkit,
    mistakes=[
        Mistake(
            "dX_assigned",
            "In dX a later window overwrites an earlier one",
            "A pixel that lies in several windows adds up what all of them send.",
            {"dX[here] +=": "dX[here] ="},
        ),
        Mistake(
            "dW_assigned",
            "dW holds the last position alone",
            "The kernel is used at every position, so its gradient adds up all of them.",
            {"dW +=": "dW ="},
        ),
        Mistake(
            "stride_not_used",
            "The windows are taken one pixel apart",
            "Position (i, j) belongs to the window at row i * stride and column j * stride.",
            {"top, left = i * stride, j * stride": "top, left = i, j"},
        ),
        Mistake(
            "flipped_in_dX",
            "In dX the kernel is flipped",
            "Each window gets W back as it lay there. Flipping belongs to another way of writing "
            "it, as a convolution of dY.",
            {"np.tensordot(up, W,": "np.tensordot(up, W[:, :, ::-1, ::-1],"},
        ),
        *flipped_once("up"),
        Mistake(
            "flipped_dW",
            "dW is flipped",
            "Entry (y, x) of the kernel lay on pixel (y, x) of every window: nothing turns round.",
            {"return dX, dW, db": "return dX, dW[:, :, ::-1, ::-1], db"},
        ),
        Mistake(
            "db_averaged",
            "db is averaged over images and positions",
            "The same b[o] is added at every position of every image, so all are summed.",
            {"dY.sum(axis=(0, 2, 3))": "dY.mean(axis=(0, 2, 3))"},
        ),
        Mistake(
            "db_over_images",
            "db is summed over the images alone",
            "b[o] is added at every position too, so the sum also runs over rows and columns.",
            {"dY.sum(axis=(0, 2, 3))": "dY.sum(axis=0)"},
        ),
        Mistake(
            "db_not_over_images",
            "db is not summed over the images",
            "b[o] serves all images, so the sum runs over them as well as over the positions.",
            {"dY.sum(axis=(0, 2, 3))": "dY.sum(axis=(2, 3))"},
        ),
        Mistake(
            "dW_averaged",
            "dW is averaged over the images",
            "1/N is in the loss already, and so in dY; the images add up.",
            {"return dX, dW, db": "return dX, dW / len(X), db"},
        ),
        Mistake(
            "dW_over_positions",
            "dW is averaged over the positions",
            "The kernel is used at every position, and what they send is added.",
            {"return dX, dW, db": "return dX, dW / dY[0, 0].size, db"},
        ),
        Mistake(
            "dX_shared",
            "dX is divided by how many windows cover each pixel",
            "What the windows send to a pixel is added, not averaged.",
            {
                "dX, dW = np.zeros(X.shape)": "dX, cover, dW = np.zeros(X.shape), "
                "np.zeros(X.shape)",
                "dX[here] +=": "cover[here] += 1\n            dX[here] +=",
                "return dX,": "return dX / np.maximum(cover, 1),",
            },
        ),
        Mistake(
            "one_image",
            "dW knows the first image alone",
            "All N images use the same kernel, so each adds its part.",
            {"np.tensordot(up.T, X[here], axes=1)": "np.tensordot(up[:1].T, X[here][:1], axes=1)"},
        ),
        Mistake(
            "last_position_missing",
            "The last row of positions is left out",
            "Every position of dY sends something back, the last row too.",
            {"range(dY.shape[2])": "range(dY.shape[2] - 1)"},
        ),
        Mistake(
            "last_column_missing",
            "The last column of positions is left out",
            "Every position of dY sends something back, the last column too.",
            {"range(dY.shape[3])": "range(dY.shape[3] - 1)"},
        ),
        Mistake(
            "W_for_X",
            "dW is made from dX instead of X",
            "The slope with respect to the kernel is the pixel that it lay on.",
            {"X[here], axes=1": "dX[here], axes=1"},
        ),
    ],
    nudge="A pixel in the middle of an image lies in several windows. From how many entries of "
    "dY does it hear, and what becomes of what they say?",
    sketch="""
        Go through the positions, as going forward. At each one, three things. The pixels under
        the window receive the kernels, each times what arrives at its output, summed over the
        output channels; this is added to what these pixels have received already. The kernels
        receive the window's pixels times what arrives, summed over the images, and also added up
        over positions. The bias receives what arrives, as it is.
        """,
    skeleton="""
        def conv2d_backward(dY, X, W, stride):
            kh, kw = W.shape[2:]
            dX, dW = np.zeros(X.shape), np.zeros(W.shape)
            for i in range(dY.shape[2]):
                for j in range(dY.shape[3]):
                    up = dY[:, :, i, j]             # (N, O)
                    here = np.s_[:, :, ..., ...]    # where the window lies
                    dX[here] += ...                 # (N, C, kh, kw)
                    dW += ...                       # (O, C, kh, kw)
            db = ...                                # (O,)
            return dX, dW, db
        """,
    notice="Putting windows back where they lay, and adding, is known as col2im. An equals sign "
    "in place of += is right only where windows don't overlap, and that hides it.",
)


def pool_sizes(draw):
    """The shape of X, the number of positions, the window's size and the stride."""
    size = draw.size("size", least=3, most=5)
    N, C = draw.sizes("N C", least=2 if draw.small is None else 1, most=7)
    stride = draw.whole(2, size - 1)
    rows, columns = draw.choice([(2, 4), (4, 2)]) if draw.small is None else (1, 2)
    X = (N, C, size + stride * (rows - 1) + 1, even(size + stride * (columns - 1)))
    return X, (rows, columns), size, stride


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


def dilated_conv_backward(dY, X, W, dilation):
    """The gradients of a dilated convolution along time.

    dY (N, O, steps), X (N, C, T), W (O, C, k), dilation an integer, steps = T - (k - 1) *
    dilation. Returns dX (N, C, T), dW (O, C, k), db (O,).
    """
    steps = dY.shape[2]
    dX, dW = np.zeros(X.shape), np.zeros(W.shape)
    for i in range(W.shape[2]):
        first = i * dilation
        seen = X[:, :, first : first + steps]
        dX[:, :, first : first + steps] += np.einsum("not,oc->nct", dY, W[:, :, i])
        dW[:, :, i] = np.einsum("not,nct->oc", dY, seen)
    db = dY.sum(axis=(0, 2))
    return dX, dW, db


def sequences_and_kernels(draw):
    k = draw.size("k", least=2, most=3)
    N, C, kernels = draw.sizes("N C O", least=1 if draw.small is not None else 2, most=7)
    dilation = draw.whole(2, 3)
    steps = (6 if dilation * (k - 1) % 2 else 4) if draw.small is None else 2
    T = steps + (k - 1) * dilation
    return {
        "dY": draw.real(N, kernels, steps),
        "X": draw.real(N, C, T),
        "W": draw.real(kernels, C, k),
        "dilation": dilation,
    }


def dilated_back_by_steps(dY, X, W, dilation):
    dX, dW, db = np.zeros_like(X), np.zeros_like(W), np.zeros(len(W))
    reach = (W.shape[2] - 1) * dilation + 1
    for t in range(dY.shape[2]):
        up = dY[:, :, t]
        dX[:, :, t : t + reach : dilation] += np.tensordot(up, W, 1)
        dW += np.tensordot(up, X[:, :, t : t + reach : dilation], axes=(0, 0))
        db += up.sum(axis=0)
    return dX, dW, db


def dilated_back_wide_kernel(dY, X, W, dilation):
    """The kernel with zeros between its entries, then a plain convolution."""
    wide = np.zeros((*W.shape[:2], (W.shape[2] - 1) * dilation + 1))
    wide[:, :, ::dilation] = W
    edge = wide.shape[2] - 1
    view = np.lib.stride_tricks.sliding_window_view
    padded = view(np.pad(dY, ((0, 0), (0, 0), (edge, edge))), edge + 1, axis=2)
    dX = np.einsum("notk,ock->nct", padded, wide[:, :, ::-1])
    dwide = np.einsum("nckt,not->ock", view(X, dY.shape[2], axis=2), dY)
    return dX, dwide[:, :, ::dilation], dY.sum(2).sum(0)


def dilated_back_as_matrix(dY, X, W, dilation):
    steps, T, k = dY.shape[2], X.shape[2], W.shape[2]
    meets = np.zeros((k, steps, T))
    for i in range(k):
        meets[i, np.arange(steps), np.arange(steps) + i * dilation] = 1
    dX = np.einsum("not,oci,its->ncs", dY, W, meets, optimize=True)
    dW = np.einsum("not,ncs,its->oci", dY, X, meets, optimize=True)
    return dX, dW, np.sum(dY, axis=(0, 2))


def dilated_by_differences(dY, X, W, dilation):
    steps = dY.shape[2]

    def loss(X, W, b):
        Y = sum(
            np.einsum("nct,oc->not", X[:, :, i * dilation : i * dilation + steps], W[:, :, i])
            for i in range(W.shape[2])
        )
        return float((dY * (Y + b[:, None])).sum())

    return slopes(loss, X, W, np.zeros(len(W)))


def dilated_in_bpkit(dY, X, W, dilation):
    """As a plain convolution of one row, with zeros between the kernel's entries."""
    wide = np.zeros((*W.shape[:2], (W.shape[2] - 1) * dilation + 1))
    wide[:, :, ::dilation] = W
    dX, dW, db = pullback(
        bp.conv2d, dY[:, :, None], X[:, :, None], wide[:, :, None], np.zeros(len(W))
    )
    return dX[:, :, 0], dW[:, :, 0, ::dilation], db


task(
    dilated_conv_backward,
    chapter=16,
    title="A dilated convolution, backward",
    minutes=20,
    points=4,
    closed=True,
    returns="dX dW db",
    inputs=sequences_and_kernels,
    statement="""
        A dilated convolution looks far back along time with few weights, by leaving gaps. `X` is
        `(N, C, T)`: `N` sequences, `C` channels, `T` steps. `W` is `(O, C, k)` and `b` is `(O,)`.
        `Y[n, o, t]` is the sum, over the channels `c` and over `i` from 0 to `k - 1`, of `W[o, c,
        i] * X[n, c, t + i * dilation]`, plus `b[o]`. It has as many steps as fit: `steps = T - (k
        - 1) * dilation`. `dY` `(N, O, steps)` arrives from above.

        Write `dilated_conv_backward(dY, X, W, dilation)`, which returns `dX` `(N, C, T)`, `dW`
        `(O, C, k)` and `db` `(O,)`.
        """,
    example="""
        >>> dY, X = np.array([[[1.0, 10.0]]]), np.array([[[2.0, 3.0, 5.0, 7.0]]])
        >>> dX, dW, db = dilated_conv_backward(dY, X, np.array([[[4.0, 9.0]]]), 2)
        >>> dX.tolist(), dW.tolist(), db.tolist()
        ([[[4.0, 40.0, 9.0, 90.0]]], [[[32.0, 75.0]]], [11.0])
        """,
    variants=[dilated_back_by_steps, dilated_back_wide_kernel, dilated_back_as_matrix],
    oracle=dilated_in_bpkit,
    differences=dilated_by_differences,
    mistakes=[
        Mistake(
            "assigned",
            "In dX a later entry of the kernel overwrites an earlier one",
            "A step of X that several entries of the kernel meet adds up what all of them send.",
            {"first + steps] +=": "first + steps] ="},
        ),
        Mistake(
            "no_gaps",
            "The gaps are forgotten",
            "Entry i of the kernel meets the step t + i * dilation, not t + i.",
            {"first = i * dilation": "first = i"},
        ),
        Mistake(
            "gaps_in_dW_only",
            "dX is made without the gaps",
            "What entry i of the kernel met going forward, t + i * dilation, receives going back.",
            {"dX[:, :, first : first + steps]": "dX[:, :, i : i + steps]"},
        ),
        Mistake(
            "gaps_in_dX_only",
            "dW is made without the gaps",
            "Entry i of the kernel met X at t + i * dilation: those steps are its slope.",
            {"seen = X[:, :, first : first + steps]": "seen = X[:, :, i : i + steps]"},
        ),
        Mistake(
            "kernel_turned",
            "In dX the kernel is turned round",
            "Entry i goes back to where it lay, i * dilation steps after t.",
            {"W[:, :, i])": "W[:, :, -1 - i])"},
        ),
        Mistake(
            "dW_turned",
            "dW is turned round along time",
            "Entry i of the kernel met the steps t + i * dilation, and its gradient is made of "
            "those.",
            {"dW[:, :, i] =": "dW[:, :, -1 - i] ="},
        ),
        Mistake(
            "looks_back",
            "The gaps lead back in time",
            "Entry i meets a later step of X, t + i * dilation, so the first entry sees the "
            "earliest.",
            {"first = i * dilation": "first = (W.shape[2] - 1 - i) * dilation"},
        ),
        Mistake(
            "db_over_sequences",
            "db is summed over the sequences alone",
            "b[o] is added at every step too, so the sum also runs over the steps.",
            {"dY.sum(axis=(0, 2))": "dY.sum(axis=0)"},
        ),
        Mistake(
            "db_over_steps",
            "db is summed over the steps alone",
            "b[o] serves all N sequences, so the sum runs over them too.",
            {"dY.sum(axis=(0, 2))": "dY.sum(axis=2)"},
        ),
        Mistake(
            "db_averaged",
            "db is averaged",
            "The same b[o] is added at every step of every sequence, so all are summed.",
            {"dY.sum(axis=(0, 2))": "dY.mean(axis=(0, 2))"},
        ),
        Mistake(
            "dW_averaged",
            "dW is averaged over the sequences",
            "1/N is in the loss already, and so in dY; the sequences add up.",
            {"return dX, dW, db": "return dX, dW / len(X), db"},
        ),
        Mistake(
            "one_step_of_dW",
            "dW knows the first step alone",
            "The kernel is used at every step, so all steps are summed.",
            {'"not,nct->oc", dY, seen': '"not,nct->oc", dY[:, :, :1], seen[:, :, :1]'},
        ),
    ],
    nudge="Which steps of X does the second entry of the kernel meet while t runs through all "
    "steps of Y?",
    sketch="""
        Take the kernel entry by entry along its last axis. Entry number i meets a stretch of X as
        long as Y, which starts i times dilation after the beginning. To that stretch of the
        gradient of X, add what arrives, carried from output to input channels by this entry. The
        entry's own gradient is the product of what arrives with that stretch of X, summed over
        sequences and steps.
        """,
    skeleton="""
        def dilated_conv_backward(dY, X, W, dilation):
            steps = dY.shape[2]
            dX, dW = np.zeros(X.shape), np.zeros(W.shape)
            for i in range(W.shape[2]):
                first = ...
                dX[:, :, ...] += ...        # (N, C, steps)
                dW[:, :, i] = ...           # (O, C)
            db = ...                        # (O,)
            return dX, dW, db
        """,
    notice="Layers whose dilations double, 1, 2, 4 and so on, see a number of steps that grows "
    "like a power of 2 with their depth.",
)
