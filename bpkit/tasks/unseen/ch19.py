"""Answers to the tasks on embeddings and attention."""

import numpy as np

from bpkit.tasks.unseen import right, wrong


@wrong("embedding_backward", "a token's later gradient replaces the earlier one", "overwritten")
def indexed_assignment(dY, ids, count):
    dW = np.zeros((count, dY.shape[2]))
    dW[ids] = dY
    return dW


@wrong("embedding_backward", "fancy += loses repeats", "overwritten")
def fancy_plus(dY, ids, count):
    dW = np.zeros((count, dY.shape[-1]))
    dW[ids] += dY
    return dW


@wrong("embedding_backward", "averaged over how often a token comes", "averaged_over_uses")
def mean_per_token(dY, ids, count):
    dW = np.zeros((count, dY.shape[-1]))
    for token in range(count):
        here = ids == token
        if here.any():
            dW[token] = dY[here].mean(axis=0)
    return dW


@wrong("embedding_backward", "only the last sequence counts", "supposed")
def last_sequence(dY, ids, count):
    for n in range(len(ids)):
        dW = np.zeros((count, dY.shape[2]))
        for t in range(ids.shape[1]):
            dW[ids[n, t]] += dY[n, t]
    return dW


@right("embedding_backward")
def by_one_hot(dY, ids, count):
    hot = (ids[..., None] == np.arange(count)).astype(float)
    return np.tensordot(hot, dY, axes=([0, 1], [0, 1]))


@right("embedding_backward")
def by_bincount(dY, ids, count):
    flat = ids.ravel()
    columns = dY.reshape(flat.size, -1).T
    return np.stack([np.bincount(flat, weights=c, minlength=count) for c in columns], axis=1)


def weights(q, k):
    T, d = q.shape
    S = np.where(np.tri(T, dtype=bool), q @ k.T / np.sqrt(d), -np.inf)
    P = np.exp(S - S.max(axis=1, keepdims=True))
    return P / P.sum(axis=1, keepdims=True)


@wrong("attention_backward", "the mask is forgotten", "no_mask")
def sees_all(dO, q, k, v):
    S = q @ k.T / np.sqrt(q.shape[1])
    P = np.exp(S - S.max(axis=1, keepdims=True))
    P /= P.sum(axis=1, keepdims=True)
    dP = dO @ v.T
    dS = P * (dP - (dP * P).sum(axis=1, keepdims=True)) / np.sqrt(q.shape[1])
    return dS @ k, dS.T @ q, P.T @ dO


@wrong("attention_backward", "the scale is forgotten on the way back", "not_scaled_back")
def unscaled_back(dO, q, k, v):
    P = weights(q, k)
    dP = dO @ v.T
    dS = P * (dP - (dP * P).sum(axis=1, keepdims=True))
    return dS @ k, dS.T @ q, P.T @ dO


@wrong("attention_backward", "softmax's backward lacks its sum", "softmax_sum_missing")
def softmax_half(dO, q, k, v):
    P = weights(q, k)
    dS = P * (dO @ v.T) / np.sqrt(q.shape[1])
    return dS @ k, dS.T @ q, P.T @ dO


@wrong("attention_backward", "dk lacks the transpose", "ds_not_transposed")
def dk_plain(dO, q, k, v):
    P = weights(q, k)
    dP = dO @ v.T
    dS = P * (dP - (dP * P).sum(axis=1, keepdims=True)) / np.sqrt(q.shape[1])
    return dS @ k, dS @ q, P.T @ dO


@wrong("attention_backward", "scaled by d, not by its root", "scaled_by_d")
def scaled_by_d(dO, q, k, v):
    T, d = q.shape
    S = np.where(np.tri(T, dtype=bool), q @ k.T / d, -np.inf)
    P = np.exp(S - S.max(axis=1, keepdims=True))
    P /= P.sum(axis=1, keepdims=True)
    dP = dO @ v.T
    dS = P * (dP - (dP * P).sum(axis=1, keepdims=True)) / d
    return dS @ k, dS.T @ q, P.T @ dO


@right("attention_backward")
def query_by_query(dO, q, k, v):
    dq, dk, dv = np.zeros_like(q), np.zeros_like(k), np.zeros_like(v)
    scale = q.shape[1] ** -0.5
    for t in range(len(q)):
        s = k[: t + 1] @ q[t] * scale
        p = np.exp(s - s.max())
        p /= p.sum()
        dv[: t + 1] += np.outer(p, dO[t])
        up = v[: t + 1] @ dO[t]
        ds = p * (up - up @ p) * scale
        dq[t] = ds @ k[: t + 1]
        dk[: t + 1] += np.outer(ds, q[t])
    return dq, dk, dv


@wrong("relative_bias_backward", "averaged over the sequences", "averaged_over_batch")
def batch_averaged(dS):
    _, heads, T, S = dS.shape
    dB = np.zeros((heads, T + S - 1))
    for t in range(T):
        for s in range(S):
            dB[:, t - s + S - 1] += dS[:, :, t, s].mean(axis=0)
    return dB


@wrong("relative_bias_backward", "key minus query", "other_direction")
def distance_turned(dS):
    _, heads, T, S = dS.shape
    dB = np.zeros((heads, T + S - 1))
    for t in range(T):
        for s in range(S):
            dB[:, s - t + T - 1] += dS[:, :, t, s].sum(axis=0)
    return dB


@wrong("relative_bias_backward", "one pair for each distance", "assigned")
def overwritten(dS):
    _, heads, T, S = dS.shape
    dB = np.zeros((heads, T + S - 1))
    for t in range(T):
        for s in range(S):
            dB[:, t - s + S - 1] = dS[:, :, t, s].sum(axis=0)
    return dB


@wrong("relative_bias_backward", "heads are added up", "heads_share")
def heads_added(dS):
    _, heads, T, S = dS.shape
    dB = np.zeros((heads, T + S - 1))
    total = dS.sum(axis=(0, 1))
    for t, s in np.ndindex(T, S):
        dB[:, t - s + S - 1] += total[t, s]
    return dB


@right("relative_bias_backward")
def by_traces(dS):
    total = dS.sum(axis=0)
    T, S = total.shape[1:]
    return np.array([[np.trace(head, offset=-d) for d in range(-(S - 1), T)] for head in total])
