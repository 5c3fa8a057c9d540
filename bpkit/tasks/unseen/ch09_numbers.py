"""Answers to the tasks on losses of numbers, and of yes or no."""

import numpy as np

from bpkit.tasks.unseen import right, wrong


@wrong("mse_loss", "summed, not averaged", "summed")
def sum_of_squares(Y, T):
    total = 0.0
    for y, t in zip(Y.flat, T.flat, strict=True):
        total += (y - t) ** 2
    return total


@wrong("mse_loss", "divided by N only", "divided_by_N")
def over_examples(Y, T):
    return np.sum((Y - T) ** 2) / len(Y)


@wrong("mse_loss", "the root is taken", "root")
def root(Y, T):
    return np.linalg.norm(Y - T) / np.sqrt(Y.size)


@wrong("mse_loss", "a factor one half", "halved")
def half(Y, T):
    return 0.5 * np.mean(np.square(Y - T))


@wrong("mse_loss", "the square of the mean difference", "squared_after_the_mean")
def square_of_mean(Y, T):
    return np.mean(Y - T) ** 2


@right("mse_loss")
def by_dot(Y, T):
    e = (Y - T).ravel()
    return e @ e / e.size


@right("mse_loss")
def variance_plus_bias(Y, T):
    e = Y - T
    return e.var() + e.mean() ** 2


@wrong("mse_backward", "the factor 2 is missing", "two_missing")
def no_two(Y, T):
    return (Y - T) / Y.size


@wrong("mse_backward", "divided by N, not by all entries", "divided_by_N")
def over_n(Y, T):
    N = Y.shape[0]
    return 2 * (Y - T) / N


@wrong("mse_backward", "target minus prediction", "sign")
def other_way(Y, T):
    return 2 * (T - Y) / T.size


@wrong("mse_backward", "the square is kept", "still_squared")
def squared(Y, T):
    return 2 * (Y - T) ** 2 / Y.size


@right("mse_backward")
def by_loop(Y, T):
    dY = np.empty(Y.shape)
    for i, j in np.ndindex(Y.shape):
        dY[i, j] = 2.0 / (Y.shape[0] * Y.shape[1]) * (Y[i, j] - T[i, j])
    return dY


@wrong("mae_backward", "the difference itself, not its sign", "difference")
def the_difference(Y, T):
    return (Y - T) / Y.size


@wrong("mae_backward", "the sign without the mean", "not_divided")
def sign_alone(Y, T):
    return np.sign(Y - T)


@wrong("mae_backward", "1 everywhere, over all entries", "always_one")
def always_up(Y, T):
    return np.ones_like(Y) / Y.size


@wrong("mae_backward", "the sign of the prediction", "sign_of_Y")
def sign_of_prediction(Y, T):
    return np.sign(Y) / Y.size


@right("mae_backward")
def by_ratio(Y, T):
    e = Y - T
    return e / np.abs(e) * (1 / e.size)


@right("mae_backward")
def by_where(Y, T):
    return np.where(Y > T, 1.0, -1.0) / np.prod(Y.shape)


@wrong("huber_backward", "beyond delta the slope is 1, not delta", "slope_one")
def slope_one(Y, T, delta):
    e = Y - T
    return np.where(np.abs(e) <= delta, e, np.sign(e)) / e.size


@wrong("huber_backward", "a square everywhere", "not_limited")
def quadratic_everywhere(Y, T, delta):
    return (Y - T) / Y.size


@wrong("huber_backward", "the sign is lost beyond delta", "sign_lost")
def sign_lost(Y, T, delta):
    e = Y - T
    g = e.copy()
    g[np.abs(e) > delta] = delta
    return g / e.size


@wrong("huber_backward", "the sides are exchanged", "sides_exchanged")
def sides(Y, T, delta):
    e = Y - T
    inside = np.abs(e) > delta
    return (inside * e + ~inside * delta * np.sign(e)) / e.size


@wrong("huber_backward", "the factor 2 of a plain square", "factor_two")
def with_two(Y, T, delta):
    e = Y - T
    return np.where(abs(e) <= delta, 2 * e, delta * np.sign(e)) / e.size


@right("huber_backward")
def by_clipping(Y, T, delta):
    return np.clip(Y - T, -delta, delta) / Y.size


@wrong("bce_with_logits", "the naive formula", "logarithm_of_zero")
def naive(logits, targets):
    p = 1 / (1 + np.exp(-logits))
    return np.mean(-targets * np.log(p) - (1 - targets) * np.log(1 - p))


@wrong("bce_with_logits", "probabilities are clipped", "cut off")
def clipped(logits, targets):
    p = np.clip(1 / (1 + np.exp(-np.clip(logits, -500, 500))), 1e-7, 1 - 1e-7)
    return -np.mean(targets * np.log(p) + (1 - targets) * np.log(1 - p))


@wrong("bce_with_logits", "only the part of the yes", "yes_only")
def yes_only(logits, targets):
    return np.mean(targets * np.logaddexp(0, -logits))


@wrong("bce_with_logits", "targets and their opposites exchanged", "targets_exchanged")
def labels_exchanged(logits, targets):
    return np.mean((1 - targets) * np.logaddexp(0, -logits) + targets * np.logaddexp(0, logits))


@right("bce_with_logits")
def by_logaddexp(logits, targets):
    return float(np.mean(np.logaddexp(0.0, logits) - logits * targets))


@right("bce_with_logits")
def by_cases(logits, targets):
    total = 0.0
    for z, t in zip(logits.tolist(), targets.tolist(), strict=True):
        if z >= 0:
            total += (1 - t) * z + np.log1p(np.exp(-z))
        else:
            total += -t * z + np.log1p(np.exp(z))
    return total / len(logits)


@wrong("bce_with_logits_backward", "the mean is forgotten", "not_averaged")
def not_averaged(logits, targets):
    p = np.exp(-np.logaddexp(0, -logits))
    return p - targets


@wrong(
    "bce_with_logits_backward",
    "the sigmoid's slope is multiplied in once more",
    "slope_of_sigmoid_again",
)
def slope_again(logits, targets):
    p = np.exp(-np.logaddexp(0, -logits))
    return (p - targets) * p * (1 - p) / len(logits)


@wrong("bce_with_logits_backward", "logits minus targets", "logits_for_probabilities")
def no_sigmoid(logits, targets):
    return (logits - targets) / logits.size


@wrong("bce_with_logits_backward", "the gradient for the probabilities", "stopped_at_p")
def for_p(logits, targets):
    p = np.clip(np.exp(-np.logaddexp(0, -logits)), 1e-12, 1 - 1e-12)
    return (-targets / p + (1 - targets) / (1 - p)) / len(p)


@right("bce_with_logits_backward")
def by_tanh(logits, targets):
    return (np.tanh(logits / 2) + 1 - 2 * targets) / (2 * len(targets))
