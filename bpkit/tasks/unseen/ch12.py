"""Answers to the tasks on optimizers."""

import math

import numpy as np

from bpkit.tasks.unseen import right, wrong


@wrong("momentum_step", "the old velocity moves w", "old_memory_used")
def old_velocity(w, g, v, lr, beta):
    new_w = w - lr * v
    new_v = beta * v + g
    return new_w, new_v


@wrong("momentum_step", "a running mean", "running_mean")
def running_mean(w, g, v, lr, beta):
    v = beta * v + (1 - beta) * g
    return w - lr * v, v


@wrong("momentum_step", "the rate is in the velocity", "rate_in_velocity")
def rate_in_velocity(w, g, v, lr, beta):
    v = beta * v + lr * g
    return w - v, v


@wrong("momentum_step", "beta stands with the gradient", "weights_exchanged")
def beta_with_g(w, g, v, lr, beta):
    velocity = v + beta * g
    return w - lr * velocity, velocity


@right("momentum_step")
def entry_by_entry(w, g, v, lr, beta):
    pairs = []
    for wi, gi, vi in zip(w, g, v, strict=True):
        vi = gi + vi * beta
        pairs.append((wi - vi * lr, vi))
    return tuple(np.array(column) for column in zip(*pairs, strict=True))


@wrong("nesterov_step", "plain momentum", "plain_momentum")
def plain(w, g, v, lr, beta):
    v = beta * v + g
    return w - lr * v, v


@wrong("nesterov_step", "the old velocity in the direction", "plain_momentum")
def old_in_direction(w, g, v, lr, beta):
    direction = g + beta * v
    v_new = beta * v + g
    return w - lr * direction, v_new


@wrong("nesterov_step", "the gradient is left out of the direction", "gradient_missing")
def without_gradient(w, g, v, lr, beta):
    v = beta * v + g
    return w - lr * beta * v, v


@wrong("nesterov_step", "the direction is returned as the velocity", "direction_kept")
def direction_returned(w, g, v, lr, beta):
    v = beta * v + g
    d = g + beta * v
    return w - lr * d, d


@right("nesterov_step")
def expanded(w, g, v, lr, beta):
    return w - lr * ((1 + beta) * g + beta**2 * v), g + beta * v


@wrong("rmsprop_step", "the root is forgotten", "no_root")
def no_root(w, g, s, lr, decay, eps):
    s = decay * s + (1 - decay) * g**2
    return w - lr * g / (s + eps), s


@wrong("rmsprop_step", "the old mean divides", "old_memory_used")
def old_mean(w, g, s, lr, decay, eps):
    step = lr * g / (np.sqrt(s) + eps)
    return w - step, decay * s + (1 - decay) * np.square(g)


@wrong("rmsprop_step", "the gradient is not squared", "size_for_square")
def not_squared(w, g, s, lr, decay, eps):
    s = decay * s + (1 - decay) * np.abs(g)
    return w - lr * g / (np.sqrt(s) + eps), s


@wrong("rmsprop_step", "decay and 1 - decay exchanged", "weights_exchanged")
def shares_exchanged(w, g, s, lr, decay, eps):
    s = (1 - decay) * s + decay * g * g
    return w - lr * g / (s**0.5 + eps), s


@right("rmsprop_step")
def as_a_correction(w, g, s, lr, decay, eps):
    new = s + (1 - decay) * (g * g - s)
    root = np.array([math.sqrt(x) for x in new])
    return w - np.divide(lr * g, root + eps), new


@wrong("adam_step", "no correction of v", "v_not_corrected")
def v_uncorrected(w, g, m, v, t, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g * g
    return w - lr * (m / (1 - beta1**t)) / (np.sqrt(v) + eps), m, v


@wrong("adam_step", "the corrected means are returned", "corrected_means_kept")
def corrected_returned(w, g, m, v, t, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    m = (beta1 * m + (1 - beta1) * g) / (1 - beta1**t)
    v = (beta2 * v + (1 - beta2) * g**2) / (1 - beta2**t)
    return w - lr * m / (np.sqrt(v) + eps), m, v


@wrong("adam_step", "eps inside the root", "eps_inside")
def eps_in_root(w, g, m, v, t, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    mh, vh = m / (1 - beta1**t), v / (1 - beta2**t)
    return w - lr * mh / np.sqrt(vh + eps), m, v


@wrong("adam_step", "corrected by beta times t", "times_t")
def times_t(w, g, m, v, t, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    return w - lr * m / (1 - beta1 * t) / (np.sqrt(v / (1 - beta2 * t)) + eps), m, v


@right("adam_step")
def one_rate(w, g, m, v, t, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    m = m + (1 - beta1) * (g - m)
    v = v + (1 - beta2) * (g * g - v)
    c = np.sqrt(1 - beta2**t)
    return w - lr * c / (1 - beta1**t) * m / (np.sqrt(v) + c * eps), m, v


def adam_means(g, m, v, beta1, beta2):
    return beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g * g


@wrong("adamw_step", "the decay is added to the gradient", "decay_in_gradient")
def l2_in_gradient(w, g, m, v, t, lr, beta1, beta2, eps, weight_decay):
    g = g + weight_decay * w
    m, v = adam_means(g, m, v, beta1, beta2)
    return w - lr * m / (1 - beta1**t) / (np.sqrt(v / (1 - beta2**t)) + eps), m, v


@wrong("adamw_step", "the decay lacks the rate", "decay_without_rate")
def decay_without_rate(w, g, m, v, t, lr, beta1, beta2, eps, weight_decay):
    m, v = adam_means(g, m, v, beta1, beta2)
    step = lr * m / (1 - beta1**t) / (np.sqrt(v / (1 - beta2**t)) + eps)
    return w - step - weight_decay * w, m, v


@wrong("adamw_step", "the decay acts on the new w", "decay_after_step")
def decay_after_step(w, g, m, v, t, lr, beta1, beta2, eps, weight_decay):
    m, v = adam_means(g, m, v, beta1, beta2)
    w = w - lr * m / (1 - beta1**t) / (np.sqrt(v / (1 - beta2**t)) + eps)
    w = w - lr * weight_decay * w
    return w, m, v


@wrong("adamw_step", "weights grow", "decay_grows")
def decay_with_plus(w, g, m, v, t, lr, beta1, beta2, eps, weight_decay):
    m, v = adam_means(g, m, v, beta1, beta2)
    mh, vh = m / (1 - beta1**t), v / (1 - beta2**t)
    return w - lr * (mh / (np.sqrt(vh) + eps) - weight_decay * w), m, v


@right("adamw_step")
def shrink_first(w, g, m, v, t, lr, beta1, beta2, eps, weight_decay):
    m, v = adam_means(g, m, v, beta1, beta2)
    shrunk = w * (1 - lr * weight_decay)
    return shrunk - lr * m / (1 - beta1**t) / (np.sqrt(v / (1 - beta2**t)) + eps), m, v


@wrong("cosine_schedule", "the climb begins at 0", "warmup_from_zero")
def from_zero(lr, floor, warmup, total):
    rates = []
    for t in range(total):
        if t < warmup:
            rates.append(lr * t / warmup)
        else:
            x = (t - warmup) / (total - warmup)
            rates.append(floor + (lr - floor) * (1 + math.cos(math.pi * x)) / 2)
    return np.array(rates)


@wrong("cosine_schedule", "the cosine ends at the last update", "floor_at_the_last")
def reaches_floor(lr, floor, warmup, total):
    t = np.arange(total)
    up = lr * (t + 1) / warmup
    x = (t - warmup) / (total - 1 - warmup)
    down = floor + 0.5 * (lr - floor) * (1 + np.cos(np.pi * x))
    return np.where(t < warmup, up, down)


@wrong("cosine_schedule", "the cosine begins at update 0", "cosine_counts_warmup")
def cosine_from_start(lr, floor, warmup, total):
    t = np.arange(total)
    down = floor + 0.5 * (lr - floor) * (1 + np.cos(np.pi * t / total))
    return np.where(t < warmup, lr * (t + 1) / warmup, down)


@wrong("cosine_schedule", "a straight line down", "linear")
def linear(lr, floor, warmup, total):
    t = np.arange(total)
    x = (t - warmup) / (total - warmup)
    return np.where(t < warmup, lr * (t + 1) / warmup, lr + (floor - lr) * x)


@right("cosine_schedule")
def by_sine_squared(lr, floor, warmup, total):
    up = np.linspace(0, lr, warmup + 1)[1:]
    x = np.arange(total - warmup) / (total - warmup)
    return np.concatenate([up, lr - (lr - floor) * np.sin(np.pi * x / 2) ** 2])


@wrong("amsgrad_step", "the old top divides", "old_top_used")
def old_top(w, g, m, v, top, lr, beta1, beta2, eps):
    m, v = adam_means(g, m, v, beta1, beta2)
    w = w - lr * m / (np.sqrt(top) + eps)
    return w, m, v, np.maximum(top, v)


@wrong("amsgrad_step", "v divides, top is kept only", "divided_by_v")
def v_divides(w, g, m, v, top, lr, beta1, beta2, eps):
    m, v = adam_means(g, m, v, beta1, beta2)
    return w - lr * m / (np.sqrt(v) + eps), m, v, np.maximum(top, v)


@wrong("amsgrad_step", "top replaces v", "v_replaced")
def top_for_v(w, g, m, v, top, lr, beta1, beta2, eps):
    m, v = adam_means(g, m, v, beta1, beta2)
    top = np.maximum(top, v)
    return w - lr * m / (np.sqrt(top) + eps), m, top, top


@wrong("amsgrad_step", "one top for all parameters", "one_for_all")
def one_top(w, g, m, v, top, lr, beta1, beta2, eps):
    m, v = adam_means(g, m, v, beta1, beta2)
    top = np.full_like(top, max(top.max(), v.max()))
    return w - lr * m / (np.sqrt(top) + eps), m, v, top


@right("amsgrad_step")
def by_where(w, g, m, v, top, lr, beta1, beta2, eps):
    m, v = adam_means(g, m, v, beta1, beta2)
    top = np.where(v > top, v, top)
    return w - lr / (eps + top**0.5) * m, m, v, top
