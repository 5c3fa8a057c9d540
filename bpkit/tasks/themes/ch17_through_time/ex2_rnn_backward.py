"""Backpropagation through all steps.

The state sends back through its own step and through the next.
"""

import numpy as np

import bpkit as bp
from bpkit.tasks.spec import Mistake, task
from bpkit.tasks.themes.ch17_through_time.shared import (
    bias_of,
    bptt_all_at_once,
    in_time_mistakes,
    unrolled,
    whole_sequence,
)
from bpkit.tasks.tools import pullback, slopes


def rnn_backward(dH, X, H, h0, Wx, Wh):
    """The gradients of a recurrent network, back through all steps.

    dH, H (N, T, M), X (N, T, D), h0 (N, M), Wx (D, M), Wh (M, M). Returns dWx (D, M), dWh (M, M),
    db (M,), dh0 (N, M).
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
    return dWx, dWh, db, dh


def bptt_recursive(dH, X, H, h0, Wx, Wh):
    def back(t, dh):
        if t < 0:
            return np.zeros(Wx.shape), np.zeros(Wh.shape), np.zeros(len(Wh)), dh
        dz = (dH[:, t] + dh) / np.cosh(np.arctanh(H[:, t])) ** 2
        before = h0 if t == 0 else H[:, t - 1]
        dWx, dWh, db, dh0 = back(t - 1, (Wh @ dz.T).T)
        return dWx + X[:, t].T @ dz, dWh + before.T @ dz, db + dz.sum(0), dh0

    return back(H.shape[1] - 1, 0)


def bptt_each_output_alone(dH, X, H, h0, Wx, Wh):
    """For each step's gradient its own way back; then all are added."""
    out = [np.zeros(Wx.shape), np.zeros(Wh.shape), np.zeros(len(Wh)), np.zeros(h0.shape)]
    for last in range(H.shape[1]):
        dh = dH[:, last]
        for t in range(last, -1, -1):
            dz = dh - dh * H[:, t] ** 2
            out[0] += X[:, t].T @ dz
            out[1] += (H[:, t - 1] if t else h0).T @ dz
            out[2] += np.ones(len(dz)) @ dz
            dh = dz @ Wh.T
        out[3] += dh
    return out


def bptt_in_bpkit(dH, X, H, h0, Wx, Wh):
    def forward(Wx, Wh, b, h):
        states = []
        for t in range(X.shape[1]):
            h = bp.tanh(bp.affine(X[:, t], Wx, b) + h @ Wh)
            states.append(h)
        return bp.stack(states)

    b = bias_of(X, H, h0, Wx, Wh)
    return pullback(forward, dH.swapaxes(0, 1), Wx, Wh, b, h0)


def bptt_by_differences(dH, X, H, h0, Wx, Wh):
    b = bias_of(X, H, h0, Wx, Wh)
    return slopes(
        lambda Wx, Wh, b, h0: float((dH * unrolled(X, h0, Wx, Wh, b)).sum()), Wx, Wh, b, h0
    )


task(
    rnn_backward,
    chapter=17,
    title="Backpropagation through time",
    minutes=30,
    points=5,
    returns="dWx dWh db dh0",
    inputs=whole_sequence,
    statement="""
        A recurrent network made its states one after the other: `H[:, t] = tanh(X[:, t] @ Wx + h
        @ Wh + b)`, where `h` is the state before, `H[:, t - 1]`, and `h0` for the first step. `X`
        is `(N, T, D)`, the states `H` are `(N, T, M)`, `h0` is `(N, M)`, `Wx` `(D, M)`, `Wh` `(M,
        M)` and `b` `(M,)`. The loss looks at every state: `dH` `(N, T, M)` is what arrives at
        each of them from above, not counting what later states send back.

        Write `rnn_backward(dH, X, H, h0, Wx, Wh)`, which returns the gradients `dWx` `(D, M)`,
        `dWh` `(M, M)`, `db` `(M,)` and `dh0` `(N, M)`.
        """,
    example="""
        >>> X, H, dH = np.array([[[2.0], [0.0]]]), np.array([[[0.6], [0.0]]]), np.ones((1, 2, 1))
        >>> h0, Wx, Wh = np.array([[0.5]]), np.array([[1.0]]), np.array([[3.0]])
        >>> [g.round(3).tolist() for g in rnn_backward(dH, X, H, h0, Wx, Wh)]
        [[[5.12]], [[1.88]], [3.56], [[7.68]]]
        """,
    variants=[bptt_all_at_once, bptt_recursive, bptt_each_output_alone],
    oracle=bptt_in_bpkit,
    differences=bptt_by_differences,
    mistakes=[
        *in_time_mistakes(),
        Mistake(
            "carry_adds_up",
            "What is carried back adds up from step to step",
            "The step before receives what this one sends; all that later steps sent is in it "
            "already, and is not added again.",
            {
                "        dh = dH[:, t] + dh\n        dz = dh * ": "        dz = (dH[:, t] + dh) * ",
                "        dh = dz @ Wh.T": "        dh = dh + dz @ Wh.T",
            },
        ),
        Mistake(
            "dh0_stops_short",
            "dh0 lacks the last step back",
            "From the first step to h0 the gradient passes through Wh once more.",
            {"        dh = dz @ Wh.T": "        dh = dz @ Wh.T if t > 0 else dz"},
        ),
        Mistake(
            "dh0_before_the_slope",
            "dh0 is what arrives at the first state",
            "It is one step further back: through the slope of tanh, and through Wh.",
            {"        dh = dz @ Wh.T": "        dh = dz @ Wh.T if t > 0 else dh"},
        ),
    ],
    nudge="Through how many paths does the first state reach the loss, and which of them does a "
    "single step back gather up?",
    sketch="""
        Walk from the last step to the first, carrying one array: what the later steps send to the
        state you are at, which is 0 at the end. At each step, add what arrives there from above;
        go back through tanh with the slope that its own value gives; now you stand before the
        sum. From there the three parameters get their parts, added to what other steps have given
        them, and what goes on to the state before passes through the transpose of Wh. What is
        carried when the walk is over belongs to h0.
        """,
    skeleton="""
        def rnn_backward(dH, X, H, h0, Wx, Wh):
            T = H.shape[1]
            dWx, dWh, db = np.zeros(Wx.shape), np.zeros(Wh.shape), np.zeros(len(Wh))
            dh = np.zeros(h0.shape)             # what later steps send back
            for t in ...:
                before = ...                    # (N, M): the state before this step
                dh = ... + dh
                dz = ...                        # (N, M): before tanh
                dWx += ...
                dWh += ...
                db += ...
                dh = ...                        # on to the step before
            return dWx, dWh, db, dh
        """,
    notice="On its way from step T to the start the gradient meets the transpose of Wh T times: "
    "that product is what vanishes or explodes.",
)
