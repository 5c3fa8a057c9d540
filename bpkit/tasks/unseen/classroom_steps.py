"""What a teaching assistant sees every week in optimizers, depth, regularization and norms."""

import numpy as np

from bpkit.tasks.unseen import wrong


@wrong("momentum_step", "the rate and the sign are in the velocity", "rate_and_sign_in_velocity")
def velocity_is_the_step(w, g, v, lr, beta):
    v_new = beta * v - lr * g
    return w + v_new, v_new


@wrong("rmsprop_step", "eps inside the root", "eps_inside")
def eps_under_the_root(w, g, s, lr, decay, eps):
    s = decay * s + (1 - decay) * g**2
    return w - lr * g / np.sqrt(s + eps), s


@wrong("rmsprop_step", "decay and 1 - decay exchanged", "weights_exchanged")
def decay_turned(w, g, s, lr, decay, eps):
    s_new = (1 - decay) * s + decay * g * g
    return w - lr * g / (np.sqrt(s_new) + eps), s_new


@wrong("adam_step", "the corrected means are returned", "corrected_means_kept")
def corrected_returned(w, g, m, v, t, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    m = m / (1 - beta1**t)
    v = v / (1 - beta2**t)
    return w - lr * m / (np.sqrt(v) + eps), m, v


@wrong("adam_step", "v corrected with beta1, not beta2", "operand")
def beta1_for_both(w, g, m, v, t, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    mh = m / (1 - beta1**t)
    vh = v / (1 - beta1**t)
    return w - lr * mh / (np.sqrt(vh) + eps), m, v


@wrong("adam_step", "v is the running mean of m squared", "operand")
def square_of_m(w, g, m, v, t, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * m**2
    mh = m / (1 - beta1**t)
    vh = v / (1 - beta2**t)
    return w - lr * mh / (np.sqrt(vh) + eps), m, v


@wrong("adamw_step", "decay applied to the new w, not the old", "decay_after_step")
def decay_of_new_w(w, g, m, v, t, lr, beta1, beta2, eps, weight_decay):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    mh, vh = m / (1 - beta1**t), v / (1 - beta2**t)
    w = w - lr * mh / (np.sqrt(vh) + eps)
    w = w - lr * weight_decay * w
    return w, m, v


@wrong("adamw_step", "the decay isn't multiplied by lr", "decay_without_rate")
def decay_without_lr(w, g, m, v, t, lr, beta1, beta2, eps, weight_decay):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    mh, vh = m / (1 - beta1**t), v / (1 - beta2**t)
    return w - lr * (mh / (np.sqrt(vh) + eps)) - weight_decay * w, m, v


@wrong("cosine_schedule", "the warm-up starts at 0", "warmup_from_zero")
def first_update_zero(lr, floor, warmup, total):
    t = np.arange(total)
    up = lr * t / warmup
    down = floor + 0.5 * (lr - floor) * (1 + np.cos(np.pi * (t - warmup) / (total - warmup)))
    return np.where(t < warmup, up, down)


@wrong(
    "cosine_schedule",
    "the cosine is counted from 0 over total, ignoring warm-up",
    "cosine_counts_warmup",
)
def cosine_from_zero(lr, floor, warmup, total):
    t = np.arange(total)
    up = lr * (t + 1) / warmup
    down = floor + 0.5 * (lr - floor) * (1 + np.cos(np.pi * t / total))
    return np.where(t < warmup, up, down)


@wrong("he_scales", "for kernels the number of outputs is taken as fan-in", "kernel_as_matrix")
def first_axis_always(shapes):
    return [np.sqrt(2 / s[0]) for s in shapes]


@wrong("he_scales", "for matrices (D, M) the outputs are taken as fan-in", "matrix_outputs")
def all_but_the_first_axis(shapes):
    return [np.sqrt(2 / np.prod(s[1:])) for s in shapes]


@wrong(
    "clip_by_norm",
    "also short gradients are scaled up: no test that the norm exceeds limit",
    "always_scaled",
)
def always_to_limit(grads, limit):
    n = np.sqrt(sum((g**2).sum() for g in grads))
    return [g * limit / n if n > 0 else g for g in grads]


@wrong("clip_by_norm", "each array is clipped by its own norm", "each_by_itself")
def own_norms(grads, limit):
    out = []
    for g in grads:
        n = np.linalg.norm(g)
        out.append(g * limit / n if n > limit else g)
    return out


@wrong("weight_decay_gradient", "the sum of W is added to each entry,, not the entry", "supposed")
def sum_of_W(dW, db, W, b, decay):
    return dW + decay * np.sum(W), db


@wrong("dropout_forward", "divided by the rate of dropping, not keeping", "divided_by_rate")
def over_rate(X, keep, rate):
    return X * keep / rate


@wrong("dropout_forward", "mask inverted", "mask_inverted")
def mask_turned(X, keep, rate):
    return X * (1 - keep) / (1 - rate)


@wrong("dropout_backward", "scale 1/(1-rate) missing", "not_scaled")
def mask_alone(dY, keep, rate):
    return dY * keep


@wrong("batch_norm_forward", "the running variance takes N, not N - 1", "running_var_over_N")
def running_variance_by_N(X, gamma, beta, running_mean, running_var, momentum, eps):
    mu, var = X.mean(axis=0), X.var(axis=0)
    Y = gamma * (X - mu) / np.sqrt(var + eps) + beta
    return (
        Y,
        (1 - momentum) * running_mean + momentum * mu,
        (1 - momentum) * running_var + momentum * var,
    )


@wrong(
    "batch_norm_forward", "normalized with running statistics, not the batch's", "new_running_used"
)
def normalized_by_running(X, gamma, beta, running_mean, running_var, momentum, eps):
    mu = X.mean(axis=0)
    rm = (1 - momentum) * running_mean + momentum * mu
    rv = (1 - momentum) * running_var + momentum * X.var(axis=0, ddof=1)
    Y = gamma * (X - rm) / np.sqrt(rv + eps) + beta
    return Y, rm, rv


@wrong("batch_norm_backward", "mean and variance treated as constants", "both_constant")
def statistics_constant(dY, X, gamma, eps):
    mu, var = X.mean(axis=0), X.var(axis=0)
    Z = (X - mu) / np.sqrt(var + eps)
    dZ = dY * gamma
    dX = dZ / np.sqrt(var + eps)
    return dX, (dY * Z).sum(axis=0), dY.sum(axis=0)


@wrong("batch_norm_backward", "gamma missing in dX", "gamma_forgotten")
def dX_without_gamma(dY, X, gamma, eps):
    mu, var = X.mean(axis=0), X.var(axis=0)
    s = np.sqrt(var + eps)
    Z = (X - mu) / s
    dX = (dY - dY.mean(axis=0) - Z * (dY * Z).mean(axis=0)) / s
    return dX, (dY * Z).sum(axis=0), dY.sum(axis=0)


@wrong("layer_norm_backward", "gamma multiplies after the means, not before them", "gamma_last")
def gamma_outside(dY, X, gamma, eps):
    mu = X.mean(axis=1, keepdims=True)
    s = np.sqrt(X.var(axis=1, keepdims=True) + eps)
    Z = (X - mu) / s
    dX = (
        gamma * (dY - dY.mean(axis=1, keepdims=True) - Z * (dY * Z).mean(axis=1, keepdims=True)) / s
    )
    return dX, (dY * Z).sum(axis=0), dY.sum(axis=0)


@wrong("layer_norm_backward", "dgamma uses X, not Z", "dgamma_with_X")
def dgamma_from_X(dY, X, gamma, eps):
    mu = X.mean(axis=1, keepdims=True)
    s = np.sqrt(X.var(axis=1, keepdims=True) + eps)
    Z = (X - mu) / s
    d = dY * gamma
    dX = (d - d.mean(axis=1, keepdims=True) - Z * (d * Z).mean(axis=1, keepdims=True)) / s
    return dX, (dY * X).sum(axis=0), dY.sum(axis=0)


@wrong("rms_norm_backward", "sum, not mean in the second term: 1/D missing", "sum_for_mean")
def sum_in_second_term(dY, X, gamma, eps):
    r = np.sqrt((X**2).mean(axis=1, keepdims=True) + eps)
    d = dY * gamma
    dX = d / r - X * (d * X).sum(axis=1, keepdims=True) / r**3
    return dX, (dY * X / r).sum(axis=0)


@wrong("rms_norm_backward", "X for Z in the second term", "X_spread")
def X_in_second_term(dY, X, gamma, eps):
    r = np.sqrt((X**2).mean(axis=1, keepdims=True) + eps)
    d = dY * gamma
    Z = X / r
    dX = (d - X * (d * Z).mean(axis=1, keepdims=True)) / r
    return dX, (dY * Z).sum(axis=0)
