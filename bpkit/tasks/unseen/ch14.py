"""Answers to the tasks on regularization."""

import numpy as np

from bpkit.tasks.unseen import right, wrong


@wrong("weight_decay_gradient", "a factor 2 too many", "factor_two")
def with_two(dW, db, W, b, decay):
    return dW + 2 * decay * W, db


@wrong("weight_decay_gradient", "half the decay", "half_kept")
def half(dW, db, W, b, decay):
    return dW + decay / 2 * W, db


@wrong("weight_decay_gradient", "the bias decays too", "bias_decays")
def bias_too(dW, db, W, b, decay):
    return dW + decay * W, db + decay * b


@wrong("weight_decay_gradient", "the penalty itself is added", "penalty_added")
def penalty_added(dW, db, W, b, decay):
    penalty = decay / 2 * np.sum(W * W)
    return dW + penalty, db


@wrong("weight_decay_gradient", "in place", "changed_in_place")
def in_place(dW, db, W, b, decay):
    dW += decay * W
    return dW, db


@right("weight_decay_gradient")
def by_lists(dW, db, W, b, decay):
    rows = [
        [g + decay * w for g, w in zip(gr, wr, strict=True)] for gr, wr in zip(dW, W, strict=True)
    ]
    return np.array(rows), db + 0.0


@wrong("dropout_forward", "not scaled", "not_scaled")
def unscaled(X, keep, rate):
    return np.where(keep, X, 0)


@wrong("dropout_forward", "divided by the rate", "divided_by_rate")
def by_rate(X, keep, rate):
    Y = X * keep
    return Y / rate


@wrong("dropout_forward", "the dropped ones are kept", "mask_inverted")
def mask_inverted(X, keep, rate):
    Y = X / (1 - rate)
    Y[keep] = 0
    return Y


@wrong("dropout_forward", "scaled down as for evaluation", "scaled_down")
def scaled_down(X, keep, rate):
    return X * keep * (1 - rate)


@wrong("dropout_forward", "scaled by the share that this mask kept", "share_counted")
def by_share(X, keep, rate):
    return X * keep / keep.mean()


@right("dropout_forward")
def by_choose(X, keep, rate):
    return np.where(keep, X, 0.0) * (1 + rate / (1 - rate))


@wrong("dropout_backward", "the mask is forgotten", "mask_unused")
def no_mask(dY, keep, rate):
    return dY / (1 - rate)


@wrong("dropout_backward", "not scaled", "not_scaled")
def unscaled_back(dY, keep, rate):
    dX = np.zeros(dY.shape)
    dX[keep] = dY[keep]
    return dX


@wrong("dropout_backward", "multiplied by 1 - rate, as if undoing", "scaled_down")
def undone(dY, keep, rate):
    return dY * keep * (1 - rate)


@wrong("dropout_backward", "dY is changed in place", "changed_in_place")
def written_into(dY, keep, rate):
    dY[~keep] = 0
    return dY / (1 - rate)


@right("dropout_backward")
def entry_by_entry(dY, keep, rate):
    out = [g / (1 - rate) if k else 0.0 for g, k in zip(dY.flat, keep.flat, strict=True)]
    return np.array(out).reshape(dY.shape)


@wrong("dropconnect_backward", "the mask is not on dW", "dW_not_masked")
def dw_unmasked(dY, X, W, keep, rate):
    used = np.where(keep, W, 0) / (1 - rate)
    return dY @ used.T, X.T @ dY / (1 - rate)


@wrong("dropconnect_backward", "no scale at all", "not_scaled")
def no_scale(dY, X, W, keep, rate):
    return dY @ (W * keep).T, (X.T @ dY) * keep


@wrong("dropconnect_backward", "dX uses the whole W", "dX_not_masked")
def dx_with_all(dY, X, W, keep, rate):
    dX = dY @ W.T / (1 - rate)
    return dX, np.where(keep, X.T @ dY, 0) / (1 - rate)


@wrong("dropconnect_backward", "the scale is taken twice in dW", "factor")
def scaled_twice(dY, X, W, keep, rate):
    scale = keep / (1 - rate)
    return dY @ (W * scale).T, X.T @ dY * scale * scale


@right("dropconnect_backward")
def by_einsum(dY, X, W, keep, rate):
    M = keep.astype(float) / (1 - rate)
    return np.einsum("nm,dm,dm->nd", dY, W, M), np.einsum("nd,nm,dm->dm", X, dY, M)
