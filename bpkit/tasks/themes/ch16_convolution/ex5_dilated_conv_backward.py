"""A dilated convolution along time; the closed task of the chapter.

The weights leave gaps, and the way back leaves the same.
"""

import numpy as np

import bpkit as bp
from bpkit.tasks.spec import Mistake, task
from bpkit.tasks.tools import pullback, slopes


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
        Mistake(
            "step_overwritten",
            "In dX a later step overwrites an earlier one",
            "A step of X lies under several entries of the kernel, and adds up what all "
            "of them send.",
            {
                'dX[:, :, first : first + steps] += np.einsum("not,oc->nct", dY, W[:, :, '
                "i])": "pass",
                "    db = dY": "    for t in range(steps):\n        at = t + dilation * "
                'np.arange(W.shape[2])\n        dX[:, :, at] = np.einsum("no,oci->nci", '
                "dY[:, :, t], W)\n    db = dY",
            },
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
