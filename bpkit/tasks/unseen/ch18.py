"""Answers to the tasks on gates."""

import numpy as np

from bpkit.tasks.unseen import right, wrong
from bpkit.tasks.unseen.shared import sigmoid


def lstm_parts(z, c):
    i, f, o, g = np.split(z, 4, axis=1)
    i, f, o, g = sigmoid(i), sigmoid(f), sigmoid(o), np.tanh(g)
    return i, f, o, g, f * c + i * g


@wrong("lstm_step_backward", "dc lacks what comes through the state", "not_through_the_state")
def cell_from_above_only(dh, dc, z, c):
    i, f, o, g, new = lstm_parts(z, c)
    do = dh * np.tanh(new)
    di, df, dg = dc * g, dc * c, dc * i
    dz = [di * i * (1 - i), df * f * (1 - f), do * o * (1 - o), dg * (1 - g**2)]
    return np.concatenate(dz, axis=1), dc * f


@wrong("lstm_step_backward", "the slope of tanh of the cell is missing", "cell_tanh_forgotten")
def cell_slope_missing(dh, dc, z, c):
    i, f, o, g, new = lstm_parts(z, c)
    dc = dc + dh * o
    do = dh * np.tanh(new)
    dz = [dc * g * i * (1 - i), dc * c * f * (1 - f), do * o * (1 - o), dc * i * (1 - g**2)]
    return np.hstack(dz), dc * f


@wrong("lstm_step_backward", "the forget gate meets the new cell", "forget_with_new_cell")
def forget_with_new_cell(dh, dc, z, c):
    i, f, o, g, new = lstm_parts(z, c)
    dc = dc + dh * o * (1 - np.tanh(new) ** 2)
    do = dh * np.tanh(new)
    dz = [dc * g * i * (1 - i), dc * new * f * (1 - f), do * o * (1 - o), dc * i * (1 - g**2)]
    return np.hstack(dz), dc * f


@wrong("lstm_step_backward", "the blocks are put in another order", "blocks_returned_otherwise")
def gates_reordered(dh, dc, z, c):
    i, f, o, g, new = lstm_parts(z, c)
    dc = dc + dh * o * (1 - np.tanh(new) ** 2)
    do = dh * np.tanh(new)
    parts = {
        "i": dc * g * i * (1 - i),
        "f": dc * c * f * (1 - f),
        "g": dc * i * (1 - g**2),
        "o": do * o * (1 - o),
    }
    return np.concatenate(list(parts.values()), axis=1), dc * f


@wrong("lstm_step_backward", "the gates' slopes are missing", "gate_slopes_forgotten")
def gates_without_slopes(dh, dc, z, c):
    i, f, o, g, new = lstm_parts(z, c)
    dc = dc + dh * o * (1 - np.tanh(new) ** 2)
    return np.hstack([dc * g, dc * c, dh * np.tanh(new), dc * i]), dc * f


@right("lstm_step_backward")
def by_unit(dh, dc, z, c):
    N, M = c.shape
    dz, before = np.empty_like(z), np.empty_like(c)
    for n, m in np.ndindex(N, M):
        zi, zf, zo, zg = z[n, m::M]
        i, f, o, g = sigmoid(zi), sigmoid(zf), sigmoid(zo), np.tanh(zg)
        t = np.tanh(f * c[n, m] + i * g)
        total = dc[n, m] + dh[n, m] * o * (1 - t * t)
        dz[n, m::M] = (
            total * g * i * (1 - i),
            total * c[n, m] * f * (1 - f),
            dh[n, m] * t * o * (1 - o),
            total * i * (1 - g * g),
        )
        before[n, m] = total * f
    return dz, before


@wrong("gru_step", "the update gate is the wrong way round", "update_exchanged")
def gate_turned(zx, zh, h):
    xr, xu, xn = np.split(zx, 3, axis=1)
    hr, hu, hn = np.split(zh, 3, axis=1)
    r, u = sigmoid(xr + hr), sigmoid(xu + hu)
    n = np.tanh(xn + r * hn)
    return (1 - u) * h + u * n


@wrong("gru_step", "the reset gate acts on all of the candidate", "reset_on_both")
def reset_outside(zx, zh, h):
    M = h.shape[1]
    r = sigmoid(zx[:, :M] + zh[:, :M])
    u = sigmoid(zx[:, M : 2 * M] + zh[:, M : 2 * M])
    n = np.tanh(r * (zx[:, 2 * M :] + zh[:, 2 * M :]))
    return u * h + (1 - u) * n


@wrong("gru_step", "update gate first", "gates_exchanged")
def blocks_exchanged(zx, zh, h):
    xu, xr, xn = np.split(zx, 3, axis=1)
    hu, hr, hn = np.split(zh, 3, axis=1)
    u, r = sigmoid(xu + hu), sigmoid(xr + hr)
    n = np.tanh(xn + r * hn)
    return u * h + (1 - u) * n


@wrong("gru_step", "the reset gate is unused", "no_reset")
def no_reset(zx, zh, h):
    M = h.shape[1]
    z = zx + zh
    u, n = sigmoid(z[:, M : 2 * M]), np.tanh(z[:, 2 * M :])
    return u * h + (1 - u) * n


@right("gru_step")
def by_reshape(zx, zh, h):
    N, M = h.shape
    x, s = zx.reshape(N, 3, M), zh.reshape(N, 3, M)
    gates = 0.5 + 0.5 * np.tanh((x[:, :2] + s[:, :2]) / 2)
    n = np.tanh(x[:, 2] + gates[:, 0] * s[:, 2])
    return n + gates[:, 1] * (h - n)


def gru_parts(zx, zh):
    xr, xu, xn = np.split(zx, 3, axis=1)
    hr, hu, hn = np.split(zh, 3, axis=1)
    r, u = sigmoid(xr + hr), sigmoid(xu + hu)
    return r, u, np.tanh(xn + r * hn), hn


@wrong("gru_step_backward", "dzh is dzx", "reset_missing_in_dzh")
def same_for_both(dh, zx, zh, h):
    r, u, n, hn = gru_parts(zx, zh)
    dn = dh * (1 - u) * (1 - n**2)
    du = dh * (h - n) * u * (1 - u)
    dr = dn * hn * r * (1 - r)
    d = np.concatenate([dr, du, dn], axis=1)
    return d, d, dh * u


@wrong("gru_step_backward", "the update gate sees only the old state", "update_sees_h_alone")
def du_without_candidate(dh, zx, zh, h):
    r, u, n, hn = gru_parts(zx, zh)
    dn = dh * (1 - u) * (1 - n**2)
    du = dh * h * u * (1 - u)
    dr = dn * hn * r * (1 - r)
    return np.hstack([dr, du, dn]), np.hstack([dr, du, dn * r]), dh * u


@wrong("gru_step_backward", "the reset gate is treated as a constant", "reset_constant")
def reset_constant(dh, zx, zh, h):
    r, u, n, _ = gru_parts(zx, zh)
    dn = dh * (1 - u) * (1 - n**2)
    du = dh * (h - n) * u * (1 - u)
    zero = np.zeros_like(dn)
    return np.hstack([zero, du, dn]), np.hstack([zero, du, dn * r]), dh * u


@wrong("gru_step_backward", "the old state's share is 1 - u", "old_state_nothing")
def share_turned(dh, zx, zh, h):
    r, u, n, hn = gru_parts(zx, zh)
    dn = dh * (1 - u) * (1 - n**2)
    du = dh * (h - n) * u * (1 - u)
    dr = dn * hn * r * (1 - r)
    return np.hstack([dr, du, dn]), np.hstack([dr, du, dn * r]), dh * (1 - u)


@right("gru_step_backward")
def by_complex_steps(dh, zx, zh, h):
    def loss(zx, zh, h):
        _, u, n, _ = gru_parts(zx, zh)
        return (dh * (u * h + (1 - u) * n)).sum()

    out = []
    for place, a in enumerate((zx, zh, h)):
        g = np.zeros(a.shape)
        for at in np.ndindex(a.shape):
            inputs = [x.astype(complex) for x in (zx, zh, h)]
            inputs[place][at] += 1e-30j
            g[at] = loss(*inputs).imag / 1e-30
        out.append(g)
    return out
