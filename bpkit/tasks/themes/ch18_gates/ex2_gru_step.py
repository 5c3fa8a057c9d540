"""One step of a GRU. The reset gate acts on the state's part of the candidate."""

import numpy as np

import bpkit as bp
from bpkit.tasks.spec import Mistake, task
from bpkit.tasks.themes.ch18_gates.shared import gru_inputs, sigmoid


def gru_step(zx, zh, h):
    """One step of a gated recurrent unit, from its two products.

    zx (N, 3 M): the input times its weights, plus bias. zh (N, 3 M): the state times its weights.
    h (N, M): the state before. Columns: reset gate, update gate, candidate. Returns the new state
    (N, M).
    """
    rx, ux, nx = np.split(zx, 3, axis=1)
    rh, uh, nh = np.split(zh, 3, axis=1)
    r = sigmoid(rx + rh)
    u = sigmoid(ux + uh)
    n = np.tanh(nx + r * nh)
    return u * h + (1 - u) * n


def gru_toward_candidate(zx, zh, h):
    M = h.shape[1]
    gates = 0.5 * (1 + np.tanh((zx[:, : 2 * M] + zh[:, : 2 * M]) / 2))
    candidate = np.tanh(zx[:, 2 * M :] + gates[:, :M] * zh[:, 2 * M :])
    return candidate + gates[:, M:] * (h - candidate)


def gru_entries(zx, zh, h):
    out, M = np.empty_like(h), h.shape[1]
    for row, m in np.ndindex(h.shape):
        a, b = zx[row].reshape(3, M)[:, m], zh[row].reshape(3, M)[:, m]
        r, u = 1 / (1 + np.exp(-(a[:2] + b[:2])))
        out[row, m] = (1 - u) * np.tanh(a[2] + r * b[2]) + u * h[row, m]
    return out


def gru_in_bpkit(zx, zh, h):
    N, M = h.shape
    layer = bp.GRU(1, M, seed=0)
    # weights of the state such that h @ Wh is zh, one example at a time
    rows = []
    for n in range(N):
        layer.Wh.data[...] = np.linalg.pinv(h[n : n + 1]) @ zh[n : n + 1]
        rows.append(layer.step(bp.Tensor(zx[n : n + 1]), bp.Tensor(h[n : n + 1]))[0].data)
    return np.concatenate(rows)


task(
    gru_step,
    chapter=18,
    title="One step of a GRU",
    minutes=10,
    points=2,
    given=(sigmoid,),
    returns="h",
    inputs=gru_inputs,
    statement="""
        A gated recurrent unit has two gates and no cell. Two products have been made for you:
        `zx` `(N, 3 M)` from this step's input, bias included, and `zh` `(N, 3 M)` from the state
        before, `h` `(N, M)`. Both hold three blocks of `M` columns: for the reset gate, the
        update gate and the candidate, in this order. A gate is the sigmoid, which is given, of
        its two blocks added. The candidate is the tanh of its block of `zx` plus the reset gate
        times its block of `zh`. The new state is the update gate times the old state plus one
        minus the update gate times the candidate.

        Write `gru_step(zx, zh, h)`, which returns the new state `(N, M)`.
        """,
    example="""
        >>> gru_step(np.array([[5.0, 0.0, 0.0]]), np.zeros((1, 3)), np.array([[0.5]])).tolist()
        [[0.25]]
        """,
    variants=[
        gru_toward_candidate,
        gru_entries,
        {"u * h + (1 - u) * n": "h + (1 - u) * (n - h)"},
    ],
    oracle=gru_in_bpkit,
    mistakes=[
        Mistake(
            "update_exchanged",
            "The update gate is the wrong way round",
            "Here the update gate says how much of the old state is kept; some papers have it the "
            "other way.",
            {"u * h + (1 - u) * n": "(1 - u) * h + u * n"},
        ),
        Mistake(
            "gates_exchanged",
            "The reset and the update gate are exchanged",
            "The first block is the reset gate's, the second the update gate's.",
            {"rx, ux, nx =": "ux, rx, nx =", "rh, uh, nh =": "uh, rh, nh ="},
        ),
        Mistake(
            "no_reset",
            "The reset gate is not used",
            "It multiplies what the state brings to the candidate, so that the past can be "
            "dropped.",
            {"r * nh": "nh"},
        ),
        Mistake(
            "reset_inverted",
            "The reset gate is the wrong way round",
            "Where it is 1 the state is let through, where it is 0 the past is dropped.",
            {"r * nh": "(1 - r) * nh"},
        ),
        Mistake(
            "reset_on_h",
            "The reset gate multiplies h, not its block of zh",
            "The state has met its weights already: the candidate takes the third block of zh.",
            {"r * nh": "r * h"},
        ),
        Mistake(
            "reset_on_input",
            "The reset gate acts on the input",
            "It resets what is remembered: it multiplies the candidate's block of zh, not of zx.",
            {"nx + r * nh": "r * nx + nh"},
        ),
        Mistake(
            "reset_on_both",
            "The reset gate acts on input and state",
            "What is read now counts in full; only the block of zh is multiplied by it.",
            {"nx + r * nh": "r * (nx + nh)"},
        ),
        Mistake(
            "reset_outside",
            "The reset gate acts after the tanh",
            "It multiplies the block of zh before the sum is squashed.",
            {"np.tanh(nx + r * nh)": "r * np.tanh(nx + nh)"},
        ),
        Mistake(
            "candidate_without_state",
            "The candidate does not see the state",
            "Its block of zh is added, times the reset gate.",
            {"nx + r * nh": "nx"},
        ),
        Mistake(
            "candidate_sigmoid",
            "The candidate goes through the sigmoid",
            "It is a state, of either sign: it goes through tanh.",
            {"np.tanh": "sigmoid"},
        ),
        Mistake(
            "gates_tanh",
            "The gates go through tanh",
            "A gate is a share between 0 and 1: it goes through the sigmoid.",
            {"r = sigmoid": "r = np.tanh", "u = sigmoid": "u = np.tanh"},
        ),
        Mistake(
            "gates_without_state",
            "The gates do not see the state",
            "Each gate adds its block of zx and its block of zh.",
            {"rx + rh": "rx", "ux + uh": "ux"},
        ),
        Mistake(
            "candidate_first",
            "The candidate is read from the first block",
            "The order of the columns is reset gate, update gate, candidate.",
            {"rx, ux, nx =": "nx, rx, ux =", "rh, uh, nh =": "nh, rh, uh ="},
        ),
        Mistake(
            "not_mixed",
            "The candidate is added whole",
            "The two shares add up to 1: what is not kept of the old state is left to the "
            "candidate.",
            {"(1 - u) * n": "n"},
        ),
        Mistake(
            "old_state_whole",
            "The old state is kept whole",
            "The two shares add up to 1: the old state is multiplied by the update gate.",
            {"u * h": "h"},
        ),
        Mistake(
            "old_state_lost",
            "The old state is not kept at all",
            "Its share, the update gate times h, is added to the candidate's.",
            {"u * h + ": ""},
        ),
    ],
    nudge="If the update gate is 1, what should be left of the old state, and what of the "
    "candidate?",
    sketch="""
        Cut both products into their three blocks. Add the blocks of each gate and squash them to
        between 0 and 1. For the candidate, scale the state's block by the reset gate, add the
        input's block, and squash to between -1 and 1. Then mix the old state and the candidate
        with shares that add up to 1, the update gate being the old state's share.
        """,
    skeleton="""
        def gru_step(zx, zh, h):
            rx, ux, nx = np.split(zx, 3, axis=1)
            rh, uh, nh = np.split(zh, 3, axis=1)
            r = ...
            u = ...
            n = ...
            return ... * h + ... * n
        """,
    notice="Where the update gate is near 1 the state passes through unchanged, and so does the "
    "gradient: it plays the forget gate's part.",
)
