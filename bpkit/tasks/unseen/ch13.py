"""Answers to the tasks on depth."""

import math

import numpy as np

from bpkit.tasks.unseen import right, wrong


@wrong("he_scales", "the number of outputs counts", "outputs_counted")
def fan_out(shapes):
    scales = []
    for shape in shapes:
        n = shape[1] if len(shape) == 2 else shape[0] * shape[2] * shape[3]
        scales.append(math.sqrt(2 / n))
    return scales


@wrong("he_scales", "the variance, not the deviation", "variance")
def variances(shapes):
    return [2 / (s[0] if len(s) == 2 else s[1] * s[2] * s[3]) for s in shapes]


@wrong("he_scales", "1 in place of 2", "one_for_two")
def xavier(shapes):
    return [(s[0] if len(s) == 2 else np.prod(s[1:])) ** -0.5 for s in shapes]


@wrong("he_scales", "a kernel's window is forgotten", "window_forgotten")
def channels_only(shapes):
    return [np.sqrt(2 / (s[0] if len(s) == 2 else s[1])) for s in shapes]


@wrong("he_scales", "the first length in all shapes", "kernel_as_matrix")
def first_length(shapes):
    return [np.sqrt(2.0 / shape[0]) for shape in shapes]


@right("he_scales")
def by_pattern(shapes):
    out = []
    for shape in shapes:
        match shape:
            case (D, _):
                fan = D
            case (_, *window):
                fan = math.prod(window)
        out.append(math.exp(0.5 * (math.log(2) - math.log(fan))))
    return out


@wrong("clip_by_norm", "each array by itself", "each_by_itself")
def one_by_one(grads, limit):
    clipped = []
    for g in grads:
        norm = np.linalg.norm(g)
        clipped.append(g * min(1, limit / norm) if norm > 0 else g)
    return clipped


@wrong("clip_by_norm", "always scaled to the limit", "always_scaled")
def always(grads, limit):
    norm = np.sqrt(sum(np.sum(g**2) for g in grads))
    return [g * limit / norm if norm else g for g in grads]


@wrong("clip_by_norm", "entries are clipped", "clipped_entries")
def entries(grads, limit):
    return [np.clip(g, -limit, limit) for g in grads]


@wrong("clip_by_norm", "norms are added, not squares", "lengths_added")
def norms_added(grads, limit):
    total = sum(np.linalg.norm(g) for g in grads)
    if total <= limit:
        return grads
    return [g * (limit / total) for g in grads]


@right("clip_by_norm")
def one_long_vector(grads, limit):
    flat = np.concatenate([g.ravel() for g in grads])
    length = float(np.linalg.norm(flat))
    factor = 1.0 if length <= limit else limit / length
    return tuple(np.multiply(factor, g) for g in grads)


@wrong("residual_backward", "the skip is forgotten on the way back", "skip_forgotten")
def no_skip(dY, X, a):
    T = []
    for scale in a:
        T.append(np.tanh(X))
        X = X + scale * T[-1]
    da = np.zeros_like(a)
    for k in range(len(a) - 1, -1, -1):
        da[k] = (dY * T[k]).sum()
        dY = dY * a[k] * (1 - T[k] ** 2)
    return dY, da


@wrong(
    "residual_backward", "the slope of tanh is taken at the block's output", "slope_at_the_output"
)
def slope_at_output(dY, X, a):
    outs = []
    T = []
    for scale in a:
        T.append(np.tanh(X))
        X = X + scale * T[-1]
        outs.append(np.tanh(X))
    da = np.zeros(len(a))
    for k in reversed(range(len(a))):
        da[k] = np.sum(dY * T[k])
        dY = dY + dY * a[k] * (1 - outs[k] ** 2)
    return dY, da


@wrong("residual_backward", "da is a mean", "da_averaged")
def mean_da(dY, X, a):
    T = []
    for scale in a:
        T.append(np.tanh(X))
        X = X + scale * T[-1]
    da = np.zeros(len(a))
    for k in reversed(range(len(a))):
        da[k] = np.mean(dY * T[k])
        dY = dY * (1 + a[k] * (1 - T[k] ** 2))
    return dY, da


@right("residual_backward")
def with_saved_inputs(dY, X, a):
    inputs = [X]
    for scale in a:
        inputs.append(inputs[-1] + scale * np.tanh(inputs[-1]))
    grad, da = dY.copy(), []
    for x, scale in list(zip(inputs, a, strict=False))[::-1]:
        da.insert(0, np.vdot(grad, np.tanh(x)))
        grad += grad * scale / np.cosh(x) ** 2
    return grad, np.array(da)
