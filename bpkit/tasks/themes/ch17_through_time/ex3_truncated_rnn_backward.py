"""Backpropagation through time in chunks.

States cross the border between chunks, and gradients don't.
"""

import numpy as np

import bpkit as bp
from bpkit.tasks.spec import Mistake, task
from bpkit.tasks.themes.ch17_through_time.ex2_rnn_backward import rnn_backward
from bpkit.tasks.themes.ch17_through_time.shared import (
    bias_of,
    bptt_all_at_once,
    in_time_mistakes,
    whole_sequence,
)
from bpkit.tasks.tools import pullback


def truncated_rnn_backward(dH, X, H, h0, Wx, Wh, k):
    """The gradients of a recurrent network, back through time but not across chunks.

    dH, H (N, T, M), X (N, T, D), h0 (N, M), Wx (D, M), Wh (M, M), k an integer: steps 0 to k - 1
    are the first chunk, and so on. Returns dWx (D, M), dWh (M, M), db (M,).
    """
    T = H.shape[1]
    dWx, dWh, db = np.zeros(Wx.shape), np.zeros(Wh.shape), np.zeros(len(Wh))
    dh = np.zeros(h0.shape)
    for t in reversed(range(T)):
        before = H[:, t - 1] if t > 0 else h0
        dh = dH[:, t] + dh
        dz = dh * (1 - H[:, t] ** 2)
        dWx += X[:, t].T @ dz
        dWh += before.T @ dz
        db += dz.sum(axis=0)
        dh = dz @ Wh.T
        if t % k == 0:
            dh = np.zeros(h0.shape)
    return dWx, dWh, db


def sequence_in_chunks(draw):
    inputs = whole_sequence(draw, least=7, most=11)
    T = inputs["H"].shape[1]
    return inputs | {"k": draw.choice([k for k in range(3, (T + 1) // 2) if T % k])}


def chunk_by_chunk(dH, X, H, h0, Wx, Wh, k):
    total, h = None, h0
    for first in range(0, H.shape[1], k):
        chunk = np.s_[:, first : first + k]
        part = rnn_backward(dH[chunk], X[chunk], H[chunk], h, Wx, Wh)[:3]
        total = part if total is None else tuple(a + b for a, b in zip(total, part, strict=True))
        h = H[chunk][:, -1]
    return total


def chunks_by_recursion(dH, X, H, h0, Wx, Wh, k):
    if H.shape[1] == 0:
        return np.zeros_like(Wx), np.zeros_like(Wh), np.zeros(Wh.shape[0])
    first = bptt_all_at_once(dH[:, :k], X[:, :k], H[:, :k], h0, Wx, Wh)[:3]
    rest = chunks_by_recursion(dH[:, k:], X[:, k:], H[:, k:], H[:, :k][:, -1], Wx, Wh, k)
    return [a + b for a, b in zip(first, rest, strict=True)]


def chunks_masked(dH, X, H, h0, Wx, Wh, k):
    """Every dz at once; what is carried is multiplied by 0 at the borders."""
    N, T, M = H.shape
    dZ = np.zeros((N, T + 1, M))
    for t in range(T - 1, -1, -1):
        carried = dZ[:, t + 1] @ Wh.T * ((t + 1) % k != 0)
        dZ[:, t] = (dH[:, t] + carried) * (1 - H[:, t] ** 2)
    dZ = dZ[:, :T]
    before = np.concatenate([h0[:, None], H[:, :-1]], axis=1)
    return (
        np.einsum("ntd,ntm->dm", X, dZ),
        np.einsum("ntk,ntm->km", before, dZ),
        dZ.sum((0, 1)),
    )


def chunks_in_bpkit(dH, X, H, h0, Wx, Wh, k):
    def forward(Wx, Wh, b):
        states, h = [], h0
        for t in range(X.shape[1]):
            if t % k == 0 and t:
                h = H[:, t - 1]
            h = bp.tanh(bp.affine(X[:, t], Wx, b) + bp.matmul(h, Wh))
            states.append(h)
        return bp.stack(states)

    return pullback(forward, dH.swapaxes(0, 1), Wx, Wh, bias_of(X, H, h0, Wx, Wh))


task(
    truncated_rnn_backward,
    chapter=17,
    title="Truncated backpropagation through time",
    minutes=15,
    points=3,
    returns="dWx dWh db",
    inputs=sequence_in_chunks,
    statement="""
        A sequence of a million steps can't be kept in memory, so it is cut into chunks of `k`
        steps: steps `0` to `k - 1` are the first chunk, the next `k` the second, and the last may
        be shorter. States are carried from chunk to chunk as ever, but no gradient goes back
        across a border: what a chunk's first step would send to the step before it is dropped.
        All else is as in full backpropagation through time: `H[:, t] = tanh(X[:, t] @ Wx + h @ Wh
        + b)` with `h` the state before, `h0` for the first step. `X` is `(N, T, D)`, `H` `(N, T,
        M)`, `h0` `(N, M)`, `Wx` `(D, M)`, `Wh` `(M, M)`, and `dH` `(N, T, M)` is what arrives at
        each state from above.

        Write `truncated_rnn_backward(dH, X, H, h0, Wx, Wh, k)`, which returns `dWx` `(D, M)`,
        `dWh` `(M, M)` and `db` `(M,)`, added up over all chunks.
        """,
    example="""
        >>> X, H, dH = np.array([[[2.0], [0.0]]]), np.array([[[0.6], [0.0]]]), np.ones((1, 2, 1))
        >>> h0, Wx, Wh = np.array([[0.5]]), np.array([[1.0]]), np.array([[3.0]])
        >>> [g.round(3).tolist() for g in truncated_rnn_backward(dH, X, H, h0, Wx, Wh, 1)]
        [[[1.28]], [[0.92]], [1.64]]
        """,
    variants=[chunk_by_chunk, chunks_by_recursion, chunks_masked],
    oracle=chunks_in_bpkit,
    mistakes=[
        *in_time_mistakes(),
        Mistake(
            "not_cut",
            "The gradient goes back across the borders",
            "This is full backpropagation through time; what a chunk's first step would send back "
            "is dropped.",
            {"t % k == 0": "False"},
        ),
        Mistake(
            "cut_one_late",
            "The cut is one step off",
            "The first step of a chunk is a multiple of k; what goes back from there is dropped, "
            "not what arrives there or what goes back from its neighbor.",
            {"t % k == 0": "(t + 1) % k == 0"},
        ),
        Mistake(
            "cut_one_step_into_the_chunk",
            "The cut is one step after the border",
            "What is dropped is sent by the first step of a chunk, not by its second.",
            {"t % k == 0": "t % k == 1"},
        ),
        Mistake(
            "counted_from_the_end",
            "The chunks are counted from the end",
            "The first chunk holds the first k steps; the short one, if any, is the last.",
            {"t % k == 0": "(T - t) % k == 0"},
        ),
        Mistake(
            "cut_once",
            "Only one border is cut",
            "Every chunk begins with a border: the gradient is dropped at each multiple of k.",
            {"t % k == 0": "t == k"},
        ),
        Mistake(
            "states_cut_too",
            "The state is set to 0 at the border",
            "States go from chunk to chunk; only the gradient is cut.",
            {"if t > 0 else h0": "if t % k else (h0 if t == 0 else np.zeros(h0.shape))"},
        ),
        Mistake(
            "h0_at_each_chunk",
            "Each chunk starts from h0",
            "A chunk starts from the last state of the chunk before; h0 is for the first alone.",
            {"if t > 0 else h0": "if t % k else h0"},
        ),
        Mistake(
            "last_chunk_only",
            "Only the last chunk counts",
            "Each chunk has a gradient of its own, and all of them are added up.",
            {
                "            dh = np.zeros(h0.shape)": "            break",
            },
        ),
        Mistake(
            "window",
            "Only the last k steps count",
            "All T steps add to the gradients; what is cut is the way from one chunk to another.",
            {"reversed(range(T))": "reversed(range(T - k, T))"},
        ),
        Mistake(
            "first_chunk_only",
            "Only the first chunk counts",
            "Every chunk sends its gradients; those of all chunks are added up.",
            {"reversed(range(T))": "reversed(range(min(k, T)))"},
        ),
    ],
    nudge="In chunks of three steps, which steps still hear what the loss says at step 4, and "
    "which don't?",
    sketch="""
        Take the full walk back through time and change one thing. After a step has computed what
        it would send to the step before, ask whether it is the first of its chunk, that is,
        whether its number is a multiple of k. If so, nothing is sent. The states stay as they
        are, also the one that Wh met at the border.
        """,
    skeleton="""
        def truncated_rnn_backward(dH, X, H, h0, Wx, Wh, k):
            T = H.shape[1]
            dWx, dWh, db = np.zeros(Wx.shape), np.zeros(Wh.shape), np.zeros(len(Wh))
            dh = np.zeros(h0.shape)
            for t in reversed(range(T)):
                ...                             # as in full backpropagation through time
                if ...:
                    dh = np.zeros(h0.shape)
            return dWx, dWh, db
        """,
    notice="The result is not the gradient of the loss: it lacks all influence that crosses a "
    "border. It is biased toward what can be learned within k steps.",
)
