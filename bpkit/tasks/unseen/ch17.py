"""Answers to the tasks on networks through time."""

import numpy as np

from bpkit.tasks.unseen import right, wrong


@wrong("rnn_step", "the old state is forgotten", "state_ignored")
def input_only(x, h, Wx, Wh, b):
    return np.tanh(x @ Wx + b)


@wrong("rnn_step", "no tanh", "no_tangent")
def linear(x, h, Wx, Wh, b):
    return np.matmul(x, Wx) + np.matmul(h, Wh) + b


@wrong("rnn_step", "the old state is added outside", "state_added")
def skip_added(x, h, Wx, Wh, b):
    return h + np.tanh(x @ Wx + h @ Wh + b)


@wrong("rnn_step", "the bias comes twice", "bias_twice")
def bias_twice(x, h, Wx, Wh, b):
    from_input = x @ Wx + b
    from_state = h @ Wh + b
    return np.tanh(from_input + from_state)


@right("rnn_step")
def by_exponentials(x, h, Wx, Wh, b):
    z = np.einsum("nd,dm->nm", x, Wx) + np.einsum("nk,km->nm", h, Wh) + b
    return 1 - 2 / (np.exp(2 * z) + 1)


def start(H, Wx, Wh):
    return np.zeros_like(Wx), np.zeros_like(Wh), np.zeros(len(Wh)), np.zeros(H[:, 0].shape)


@wrong("rnn_backward", "the states' gradients are not passed on", "no_carry")
def each_step_alone(dH, X, H, h0, Wx, Wh):
    dWx, dWh, db, dh0 = start(H, Wx, Wh)
    for t in range(X.shape[1]):
        before = h0 if t == 0 else H[:, t - 1]
        dz = dH[:, t] * (1 - H[:, t] ** 2)
        dWx += X[:, t].T @ dz
        dWh += before.T @ dz
        db += dz.sum(0)
        if t == 0:
            dh0 = dz @ Wh.T
    return dWx, dWh, db, dh0


@wrong("rnn_backward", "the slope of tanh is missing", "tangent_forgotten")
def no_slope(dH, X, H, h0, Wx, Wh):
    dWx, dWh, db, dh = start(H, Wx, Wh)
    for t in reversed(range(X.shape[1])):
        dz = dH[:, t] + dh
        dWx += X[:, t].T @ dz
        dWh += (H[:, t - 1] if t else h0).T @ dz
        db += dz.sum(0)
        dh = dz @ Wh.T
    return dWx, dWh, db, dh


@wrong("rnn_backward", "dWh is taken with the new state", "dWh_with_new_state")
def own_state(dH, X, H, h0, Wx, Wh):
    dWx, dWh, db, dh = start(H, Wx, Wh)
    for t in range(X.shape[1] - 1, -1, -1):
        dz = (dH[:, t] + dh) * (1 - H[:, t] ** 2)
        dWx += X[:, t].T @ dz
        dWh += H[:, t].T @ dz
        db += dz.sum(0)
        dh = dz @ Wh.T
    return dWx, dWh, db, dh


@wrong("rnn_backward", "Wh without transpose on the way back", "Wh_not_transposed")
def wh_plain(dH, X, H, h0, Wx, Wh):
    T = X.shape[1]
    before = np.concatenate([h0[:, None], H[:, :-1]], axis=1)
    dWx, dWh, db, dh = start(H, Wx, Wh)
    for k in range(T):
        t = T - 1 - k
        dz = (dH[:, t] + dh) * (1 - H[:, t] ** 2)
        dWx, dWh, db = dWx + X[:, t].T @ dz, dWh + before[:, t].T @ dz, db + dz.sum(0)
        dh = dz @ Wh
    return dWx, dWh, db, dh


@wrong("rnn_backward", "the batch is averaged", "factor")
def batch_mean(dH, X, H, h0, Wx, Wh):
    N = len(X)
    dWx, dWh, db, dh = start(H, Wx, Wh)
    for t in reversed(range(X.shape[1])):
        dz = (dH[:, t] + dh) * (1 - H[:, t] ** 2)
        dWx += X[:, t].T @ dz / N
        dWh += (H[:, t - 1] if t else h0).T @ dz / N
        db += dz.mean(0)
        dh = dz @ Wh.T
    return dWx, dWh, db, dh


@right("rnn_backward")
def all_z_first(dH, X, H, h0, Wx, Wh):
    T = H.shape[1]
    dZ, arriving = [None] * T, dH[:, T - 1]
    for t in range(T - 1, -1, -1):
        dZ[t] = arriving - arriving * H[:, t] ** 2
        arriving = dZ[t] @ Wh.T + (dH[:, t - 1] if t else 0)
    before = [h0, *np.moveaxis(H, 1, 0)[:-1]]
    dWx = sum(X[:, t].T @ dZ[t] for t in range(T))
    dWh = sum(h.T @ dz for h, dz in zip(before, dZ, strict=True))
    return dWx, dWh, np.sum(dZ, axis=(0, 1)), arriving


@wrong("truncated_rnn_backward", "not truncated", "not_cut")
def whole(dH, X, H, h0, Wx, Wh, k):
    dWx, dWh, db, dh = start(H, Wx, Wh)
    for t in reversed(range(X.shape[1])):
        dz = (dH[:, t] + dh) * (1 - H[:, t] ** 2)
        dWx += X[:, t].T @ dz
        dWh += (H[:, t - 1] if t else h0).T @ dz
        db += dz.sum(0)
        dh = dz @ Wh.T
    return dWx, dWh, db


@wrong("truncated_rnn_backward", "chunks begin with a state of zeros", "states_cut_too")
def zero_states(dH, X, H, h0, Wx, Wh, k):
    dWx, dWh, db, dh = start(H, Wx, Wh)
    for t in reversed(range(X.shape[1])):
        dz = (dH[:, t] + dh) * (1 - H[:, t] ** 2)
        dWx += X[:, t].T @ dz
        if t % k:
            dWh += H[:, t - 1].T @ dz
        elif t == 0:
            dWh += h0.T @ dz
        db += dz.sum(0)
        dh = dz @ Wh.T if t % k else np.zeros_like(dh)
    return dWx, dWh, db


@wrong(
    "truncated_rnn_backward",
    "the chunks' borders lie one step later",
    "cut_one_step_into_the_chunk",
)
def border_late(dH, X, H, h0, Wx, Wh, k):
    dWx, dWh, db, dh = start(H, Wx, Wh)
    for t in reversed(range(X.shape[1])):
        dz = (dH[:, t] + dh) * (1 - H[:, t] ** 2)
        dWx += X[:, t].T @ dz
        dWh += (H[:, t - 1] if t else h0).T @ dz
        db += dz.sum(0)
        dh = dz @ Wh.T if (t - 1) % k else np.zeros_like(dh)
    return dWx, dWh, db


@wrong("truncated_rnn_backward", "only the first chunk counts", "first_chunk_only")
def first_chunk(dH, X, H, h0, Wx, Wh, k):
    dWx, dWh, db, dh = start(H, Wx, Wh)
    for t in reversed(range(min(k, X.shape[1]))):
        dz = (dH[:, t] + dh) * (1 - H[:, t] ** 2)
        dWx += X[:, t].T @ dz
        dWh += (H[:, t - 1] if t else h0).T @ dz
        db += dz.sum(0)
        dh = dz @ Wh.T
    return dWx, dWh, db


@right("truncated_rnn_backward")
def chunk_by_chunk(dH, X, H, h0, Wx, Wh, k):
    totals = [np.zeros_like(Wx), np.zeros_like(Wh), np.zeros(len(Wh))]
    for s in range(0, X.shape[1], k):
        dh = 0
        for t in range(min(s + k, X.shape[1]) - 1, s - 1, -1):
            dz = (dH[:, t] + dh) * (1 - H[:, t] ** 2)
            before = h0 if t == 0 else H[:, t - 1]
            for total, part in zip(totals, (X[:, t].T @ dz, before.T @ dz, dz.sum(0)), strict=True):
                total += part
            dh = dz @ Wh.T
    return totals


@wrong("leaky_rnn_backward", "the direct way is forgotten", "direct_way_forgotten")
def no_direct_way(dH, X, H, C, h0, Wh, leak):
    dWx = np.zeros((X.shape[2], len(Wh)))
    dWh, db, dh = np.zeros_like(Wh), np.zeros(len(Wh)), np.zeros_like(h0)
    for t in reversed(range(X.shape[1])):
        dz = (dH[:, t] + dh) * leak * (1 - C[:, t] ** 2)
        dWx += X[:, t].T @ dz
        dWh += (H[:, t - 1] if t else h0).T @ dz
        db += dz.sum(0)
        dh = dz @ Wh.T
    return dWx, dWh, db, dh


@wrong("leaky_rnn_backward", "the slope is taken from the state", "slope_of_the_state")
def slope_from_state(dH, X, H, C, h0, Wh, leak):
    dWx = np.zeros((X.shape[2], len(Wh)))
    dWh, db, dh = np.zeros_like(Wh), np.zeros(len(Wh)), np.zeros_like(h0)
    for t in reversed(range(X.shape[1])):
        up = dH[:, t] + dh
        dz = up * leak * (1 - H[:, t] ** 2)
        dWx += X[:, t].T @ dz
        dWh += (H[:, t - 1] if t else h0).T @ dz
        db += dz.sum(0)
        dh = up * (1 - leak) + dz @ Wh.T
    return dWx, dWh, db, dh


@wrong(
    "leaky_rnn_backward",
    "what goes the direct way is only what comes from later steps",
    "own_part_not_passed",
)
def direct_without_own(dH, X, H, C, h0, Wh, leak):
    dWx = np.zeros((X.shape[2], len(Wh)))
    dWh, db, dh = np.zeros_like(Wh), np.zeros(len(Wh)), np.zeros_like(h0)
    for t in reversed(range(X.shape[1])):
        dz = (dH[:, t] + dh) * leak * (1 - C[:, t] ** 2)
        dWx += X[:, t].T @ dz
        dWh += (H[:, t - 1] if t else h0).T @ dz
        db += dz.sum(0)
        dh = (1 - leak) * dh + dz @ Wh.T
    return dWx, dWh, db, dh


@right("leaky_rnn_backward")
def scanned(dH, X, H, C, h0, Wh, leak):
    T, M = H.shape[1:]
    before = np.concatenate([h0[:, None], H[:, :-1]], axis=1)
    slopes = leak / np.cosh(np.arctanh(C)) ** 2
    dZ, carried = np.zeros_like(H), np.zeros_like(h0)
    for t in range(T)[::-1]:
        total = dH[:, t] + carried
        dZ[:, t] = total * slopes[:, t]
        carried = np.stack([(1 - leak) * u + Wh @ z for u, z in zip(total, dZ[:, t], strict=True)])
    flat = dZ.reshape(-1, M)
    dWx = X.reshape(-1, X.shape[2]).T @ flat
    return dWx, before.reshape(-1, M).T @ flat, flat.sum(0), carried
