"""The gradients of a convolution. Where windows overlap, what they send back adds up."""

import numpy as np

import bpkit as bp
from bpkit.tasks.spec import Mistake, task
from bpkit.tasks.themes.ch16_convolution.shared import flipped_once, image_sizes
from bpkit.tasks.tools import pullback


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
