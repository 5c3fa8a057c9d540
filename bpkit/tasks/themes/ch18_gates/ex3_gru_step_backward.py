"""One step of a GRU, backward; the closed task of the chapter.

The old state is used in three places.
"""

import numpy as np

import bpkit as bp
from bpkit.tasks.spec import Mistake, task
from bpkit.tasks.themes.ch18_gates.ex2_gru_step import gru_step
from bpkit.tasks.themes.ch18_gates.shared import gru_inputs, sigmoid
from bpkit.tasks.tools import pullback, slopes


def gru_step_backward(dh, zx, zh, h):
    """Back through one step of a gated recurrent unit, as far as its two products.

    dh (N, M): what arrives at the new state. zx, zh (N, 3 M), h (N, M): as in the step. Returns
    dzx (N, 3 M), dzh (N, 3 M), dh_before (N, M), the last without what goes through zh.
    """
    rx, ux, nx = np.split(zx, 3, axis=1)
    rh, uh, nh = np.split(zh, 3, axis=1)
    r, u = sigmoid(rx + rh), sigmoid(ux + uh)
    n = np.tanh(nx + r * nh)
    du = dh * (h - n)
    dn = dh * (1 - u)
    dan = dn * (1 - n**2)
    dr = dan * nh
    dar = dr * r * (1 - r)
    dau = du * u * (1 - u)
    dzx = np.concatenate([dar, dau, dan], axis=1)
    dzh = np.concatenate([dar, dau, dan * r], axis=1)
    return dzx, dzh, dh * u


def gru_back_inputs(draw):
    inputs = gru_inputs(draw)
    return {"dh": draw.real(*inputs["h"].shape)} | inputs


def gru_back_entries(dh, zx, zh, h):
    M = h.shape[1]
    dzx, dzh, before = np.empty_like(zx), np.empty_like(zh), np.empty_like(h)
    for row, m in np.ndindex(h.shape):
        a, b, c = (zx[row, m + k * M] for k in range(3))
        p, q, s = (zh[row, m + k * M] for k in range(3))
        r, u = 1 / (1 + np.exp(-a - p)), 1 / (1 + np.exp(-b - q))
        n = np.tanh(c + r * s)
        to_n = dh[row, m] * (1 - u) / np.cosh(c + r * s) ** 2
        parts = (to_n * s * r * (1 - r), dh[row, m] * (h[row, m] - n) * u * (1 - u))
        dzx[row, [m, m + M, m + 2 * M]] = (*parts, to_n)
        dzh[row, [m, m + M, m + 2 * M]] = (*parts, to_n * r)
        before[row, m] = dh[row, m] * u
    return dzx, dzh, before


def gru_back_stacked(dh, zx, zh, h):
    N, M = h.shape
    x, y = zx.reshape(N, 3, M), zh.reshape(N, 3, M)
    gates = 1 / (1 + np.exp(-(x + y)[:, :2]))
    n = np.tanh(x[:, 2] + gates[:, 0] * y[:, 2])
    inner = dh * (1 - gates[:, 1]) * (1 + n) * (1 - n)
    d = np.stack([inner * y[:, 2], dh * (h - n)], axis=1) * (gates - gates**2)
    dzx = np.concatenate([d, inner[:, None]], axis=1)
    dzh = np.concatenate([d, (inner * gates[:, 0])[:, None]], axis=1)
    return dzx.reshape(N, -1), dzh.reshape(N, -1), gates[:, 1] * dh


def gru_back_in_bpkit(dh, zx, zh, h):
    M = h.shape[1]

    def forward(zx, zh, h):
        gates = bp.sigmoid(zx[:, : 2 * M] + zh[:, : 2 * M])
        n = bp.tanh(zx[:, 2 * M :] + gates[:, :M] * zh[:, 2 * M :])
        return n + gates[:, M:] * (h - n)

    return pullback(forward, dh, zx, zh, h)


task(
    gru_step_backward,
    chapter=18,
    title="One step of a GRU, backward",
    minutes=25,
    points=4,
    closed=True,
    given=(sigmoid,),
    returns="dzx dzh dh_before",
    inputs=gru_back_inputs,
    statement="""
        A gated recurrent unit made its new state from two products, `zx` `(N, 3 M)` and `zh` `(N,
        3 M)`, and the state before, `h` `(N, M)`. Each product holds three blocks of `M` columns:
        for the reset gate `r`, the update gate `u` and the candidate `n`, in this order. `r` and
        `u` are the sigmoid, which is given, of their two blocks added; `n` is the tanh of its
        block of `zx` plus `r` times its block of `zh`; the new state is `u * h + (1 - u) * n`.
        `dh` `(N, M)` arrives at the new state.

        Write `gru_step_backward(dh, zx, zh, h)`, which returns the gradients `dzx` `(N, 3 M)`,
        `dzh` `(N, 3 M)` and `dh_before` `(N, M)`, where `zx`, `zh` and `h` are taken as three
        separate inputs: what reaches the old state through `zh` is not in `dh_before`.
        """,
    example="""
        >>> dh, zx, zh, h = np.array([[8.0]]), np.zeros((1, 3)), np.zeros((1, 3)), np.array([[2.0]])
        >>> [d.tolist() for d in gru_step_backward(dh, zx, zh, h)]
        [[[0.0, 4.0, 4.0]], [[0.0, 4.0, 2.0]], [[4.0]]]
        """,
    variants=[
        gru_back_entries,
        gru_back_stacked,
        {"dan = dn * (1 - n**2)": "dan = dn - dn * n * n", "dh * (h - n)": "h * dh - dh * n"},
    ],
    oracle=gru_back_in_bpkit,
    differences=lambda dh, zx, zh, h: slopes(
        lambda zx, zh, h: float((dh * gru_step(zx, zh, h)).sum()), zx, zh, h
    ),
    mistakes=[
        Mistake(
            "update_exchanged",
            "The update gate is the wrong way round",
            "The old state's share is u and the candidate's 1 - u, here and on the way back.",
            {
                "dh * (h - n)": "dh * (n - h)",
                "dh * (1 - u)": "dh * u",
                ", dh * u": ", dh * (1 - u)",
            },
        ),
        Mistake(
            "update_sees_h_alone",
            "The update gate lacks the candidate's part",
            "u multiplies h and, as 1 - u, also n: its slope is h minus n.",
            {"(h - n)": "h"},
        ),
        Mistake(
            "update_sign",
            "The update gate's gradient has the wrong sign",
            "A larger u brings more of h and less of n: its slope is h minus n.",
            {"(h - n)": "(n - h)"},
        ),
        Mistake(
            "candidate_share_missing",
            "The candidate receives everything",
            "Only the share 1 - u of the candidate is in the new state.",
            {"dh * (1 - u)": "dh"},
        ),
        Mistake(
            "candidate_through_u",
            "The candidate receives the old state's share",
            "The old state's share is u; the candidate's is 1 - u.",
            {"dh * (1 - u)": "dh * u"},
        ),
        Mistake(
            "tanh_forgotten",
            "The slope of tanh is left out",
            "The candidate went through tanh: what arrives is multiplied by 1 minus its square.",
            {"dn * (1 - n**2)": "dn"},
        ),
        Mistake(
            "gate_slopes_forgotten",
            "The slopes of the gates are left out",
            "A gate went through the sigmoid: its gradient is multiplied by gate times 1 - gate.",
            {"dr * r * (1 - r)": "dr", "du * u * (1 - u)": "du"},
        ),
        Mistake(
            "candidate_as_gate",
            "The candidate has the slope of a sigmoid",
            "The candidate went through tanh, whose slope is 1 minus its square.",
            {"(1 - n**2)": "n * (1 - n)"},
        ),
        Mistake(
            "reset_before_tanh",
            "The reset gate's gradient skips the tanh",
            "The reset gate acts inside the tanh, so its slope comes first.",
            {"dr = dan * nh": "dr = dn * nh"},
        ),
        Mistake(
            "reset_sees_h",
            "The reset gate is multiplied by the state",
            "r multiplies the candidate's block of zh: that block is its slope.",
            {"dr = dan * nh": "dr = dan * h"},
        ),
        Mistake(
            "reset_missing_in_dzh",
            "dzh lacks the reset gate",
            "The candidate's block of zh is multiplied by r going forward, and so is its gradient.",
            {"dan * r]": "dan]"},
        ),
        Mistake(
            "reset_in_dzx",
            "dzx has the reset gate in its candidate",
            "The block of zx enters the tanh as it is; only that of zh is multiplied by r.",
            {"[dar, dau, dan], axis": "[dar, dau, dan * r], axis"},
        ),
        Mistake(
            "gates_exchanged",
            "The blocks of the two gates are exchanged",
            "The order of the columns is reset gate, update gate, candidate.",
            {
                "[dar, dau, dan], axis": "[dau, dar, dan], axis",
                "[dar, dau, dan * r]": ("[dau, dar, dan * r]"),
            },
        ),
        Mistake(
            "old_state_whole",
            "The old state receives everything",
            "Only the share u of it is in the new state.",
            {", dh * u": ", dh + 0 * u"},
        ),
        Mistake(
            "old_state_nothing",
            "The old state receives the candidate's share",
            "The old state's share is u; 1 - u is the candidate's.",
            {", dh * u": ", dh * (1 - u)"},
        ),
        Mistake(
            "reset_constant",
            "The reset gate is treated as a constant",
            "The reset gate is made of its own blocks of zx and zh, so these receive a "
            "gradient too.",
            {"dar = dr * r * (1 - r)": "dar = 0 * dr"},
        ),
    ],
    nudge="Where does the update gate stand in the formula of the new state, and how often?",
    sketch="""
        Compute the gates and the candidate again. From the new state three ways lead back: to the
        old state, by its share; to the candidate, by the other share; to the update gate, by the
        difference of the two that it mixes. Through the tanh the candidate's way leads to both of
        its blocks and to the reset gate. Each gate goes back through its sigmoid, and its two
        blocks, being added, receive the same.
        """,
    skeleton="""
        def gru_step_backward(dh, zx, zh, h):
            rx, ux, nx = np.split(zx, 3, axis=1)
            rh, uh, nh = np.split(zh, 3, axis=1)
            r, u = ..., ...
            n = ...
            du = ...
            dn = ...
            dan = ...           # before the tanh
            dr = ...
            dar, dau = ..., ...     # before the sigmoids
            dzx = np.concatenate([dar, dau, ...], axis=1)
            dzh = np.concatenate([dar, dau, ...], axis=1)
            return dzx, dzh, ...
        """,
    notice="The two products receive the same in their gates' blocks, and differ only where the "
    "reset gate stands between.",
)
