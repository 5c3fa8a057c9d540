"""The affine layer in PyTorch's layout; the closed task of the chapter.

W is (M, D) here, so each transpose must be found again.
"""

import numpy as np

import bpkit as bp
from bpkit.tasks.spec import Mistake, task
from bpkit.tasks.tools import averaged_twice, pullback, slopes


def linear_backward(dY, X, W):
    """The gradients of a linear layer that serves every place of every sequence.

    dY (N, T, M), X (N, T, D), W (M, D). Returns dX (N, T, D), dW (M, D), db (M,).
    """
    dX = dY @ W
    dW = np.einsum("ntm,ntd->md", dY, X)
    db = dY.sum(axis=(0, 1))
    return dX, dW, db


def sequences(draw):
    N, T, D, M = draw.sizes("N T D M")
    return {"dY": draw.real(N, T, M), "X": draw.real(N, T, D), "W": draw.real(M, D)}


def flattened(dY, X, W):
    up, rows = dY.reshape(-1, dY.shape[-1]), X.reshape(-1, X.shape[-1])
    return (up @ W).reshape(X.shape), up.T @ rows, np.ones(len(up)) @ up


def place_by_place(dY, X, W):
    dX, dW, db = np.zeros(X.shape), np.zeros(W.shape), np.zeros(len(W))
    for n, t in np.ndindex(X.shape[:2]):
        dX[n, t] = W.T @ dY[n, t]
        dW += np.outer(dY[n, t], X[n, t])
        db += dY[n, t]
    return dX, dW, db


task(
    linear_backward,
    chapter=7,
    title="A linear layer on sequences, as PyTorch stores it",
    minutes=20,
    points=4,
    closed=True,
    returns="dX dW db",
    inputs=sequences,
    statement="""
        PyTorch stores a layer's weights with the outputs first: `W` is `(M, D)`, `b` is `(M,)`.
        The layer is used on sequences: `X` is `(N, T, D)`, N sequences of T places with D numbers
        each, and at every place of every sequence `y = W @ x + b`, with the same `W` and `b`.
        From above arrives `dY` `(N, T, M)`.

        Write `linear_backward(dY, X, W)`, which returns `dX` `(N, T, D)`, `dW` `(M, D)` and `db`
        `(M,)`. What has to be averaged is averaged in the loss: divide by nothing here.
        """,
    example="""
        >>> dY, X, W = np.array([[[10.0], [2.0]]]), np.array([[[3.0], [5.0]]]), np.array([[7.0]])
        >>> dX, dW, db = linear_backward(dY, X, W)
        >>> dX.tolist(), dW.tolist(), db.tolist()
        ([[[70.0], [14.0]]], [[40.0]], [12.0])
        """,
    variants=[
        flattened,
        place_by_place,
        {
            "dY @ W": 'np.einsum("ntm,md->ntd", dY, W)',
            'np.einsum("ntm,ntd->md", dY, X)': "np.tensordot(dY, X, axes=([0, 1], [0, 1]))",
            "axis=(0, 1)": "axis=0).sum(axis=0",
        },
        {'np.einsum("ntm,ntd->md", dY, X)': "(dY.swapaxes(1, 2) @ X).sum(axis=0)"},
    ],
    oracle=lambda dY, X, W: pullback(
        lambda X, W, b: X @ bp.swap(W) + b, dY, X, W, np.zeros(len(W))
    ),
    differences=lambda dY, X, W: slopes(
        lambda X, W, b: np.sum(dY * (X @ W.T + b)), X, W, np.zeros(len(W))
    ),
    mistakes=[
        Mistake(
            "dW_transposed",
            "dW is transposed",
            "W is stored as (M, D), outputs first, and its gradient has the same shape.",
            {"->md": "->dm"},
        ),
        Mistake(
            "W_transposed",
            "W is transposed on the way back",
            "W is (M, D) and so takes M numbers to D when it stands on the right, as it is.",
            {"dY @ W": "dY @ W.T"},
        ),
        Mistake(
            "dW_for_each_sequence",
            "dW is not summed over the sequences",
            "One W serves all N sequences, so what they send is added.",
            {"->md": "->nmd"},
        ),
        Mistake(
            "dW_for_each_place",
            "dW is not summed over the places",
            "One W serves all T places of a sequence, so what they send is added.",
            {"->md": "->tmd"},
        ),
        Mistake(
            "db_over_sequences_only",
            "db is summed over the sequences only",
            "The bias serves every place too, so the sum runs over both N and T.",
            {"axis=(0, 1)": "axis=0"},
        ),
        Mistake(
            "db_over_places_only",
            "db is summed over the places only",
            "The bias serves every sequence too, so the sum runs over both N and T.",
            {"axis=(0, 1)": "axis=1"},
        ),
        Mistake(
            "db_over_everything",
            "db is summed over the outputs too",
            "Each of the M outputs has a bias of its own; the sum runs over N and T and leaves M "
            "numbers.",
            {"axis=(0, 1)": ""},
        ),
        Mistake(
            "places_mixed",
            "Every place is paired with every other place",
            "An output at place t saw only the input at place t; summed apart and then "
            "multiplied, inputs meet gradients of other places.",
            {"ntm,ntd->md": "ntm,nsd->md"},
        ),
        Mistake(
            "last_place_only",
            "dW and db come from the last place only",
            "W and b are used at all T places, and every use adds to their gradients.",
            {"dY, X)": "dY[:, -1:], X[:, -1:])", "dY.sum(axis=(0, 1))": "dY[:, -1].sum(axis=0)"},
        ),
        Mistake(
            "last_sequence_only",
            "dW and db come from the last sequence only",
            "Assigned in a loop, each sequence's gradient replaces the one before; they are to "
            "be added.",
            {"dY, X)": "dY[-1:], X[-1:])", "dY.sum(axis=(0, 1))": "dY[-1].sum(axis=0)"},
        ),
        Mistake(
            "averaged_over_places",
            "dW and db are averaged over the places",
            "Every place adds its part to the gradients; a division by T is not in the layer.",
            {"dY, X)": "dY, X) / X.shape[1]", "axis=(0, 1))": "axis=(0, 1)) / X.shape[1]"},
        ),
        averaged_twice({"dY, X)": "dY, X) / len(X)", "axis=(0, 1))": "axis=(0, 1)) / len(X)"}),
    ],
    nudge="How often is one weight used in the whole batch, and what happens to the gradients of "
    "all these uses?",
    sketch="""
        Nothing new happens at a place: it is an affine layer whose weights lie the other way
        round, so each transpose of the usual equations is turned. The two first axes, N and T,
        are both only many uses of one layer. You may lay them out as one long axis of N T rows,
        solve that, and give dX its shape back.
        """,
    skeleton="""
        def linear_backward(dY, X, W):
            dX = ...                # (N, T, M) with (M, D)
            dW = ...                # (M, D): summed over N and T
            db = ...                # (M,): summed over N and T
            return dX, dW, db
        """,
    notice="A batch axis is an axis along which the same weights are used again. However many "
    "there are, the gradients of the weights are summed over all of them.",
)
