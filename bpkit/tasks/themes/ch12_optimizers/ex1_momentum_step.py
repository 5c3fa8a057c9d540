"""One step with momentum. The new velocity moves the parameters, not the old one."""

import numpy as np

import bpkit as bp
from bpkit.tasks.spec import Mistake, task
from bpkit.tasks.themes.ch11_descent.shared import moved, uphill
from bpkit.tasks.themes.ch12_optimizers.shared import (
    old_memory_kept,
    old_memory_used,
    velocity_inputs,
)
from bpkit.tasks.tools import changed_in_place


def momentum_step(w, g, v, lr, beta):
    """One step of gradient descent with momentum.

    w, g, v (D,): parameters, gradient, velocity. lr, beta: numbers. Returns the new w, v, each
    (D,).
    """
    v = beta * v + g
    w = w - lr * v
    return w, v


def momentum_as_a_matrix(w, g, v, lr, beta):
    M = np.array([[1.0, -lr, -lr * beta], [0.0, 1.0, beta]])
    w, v = M @ np.stack([w, g, v])
    return w, v


def momentum_by_entries(w, g, v, lr, beta):
    new_w, new_v = w.copy(), v.copy()
    for d in range(len(w)):
        new_v[d] = new_v[d] * beta + g[d]
        new_w[d] -= lr * new_v[d]
    return new_w, new_v


def momentum_from_the_change(w, g, v, lr, beta):
    change = -lr * g - beta * lr * v
    return w + change, change / -lr


task(
    momentum_step,
    chapter=12,
    title="One step with momentum",
    minutes=8,
    points=2,
    returns="w v",
    inputs=velocity_inputs,
    statement="""
        Momentum keeps a velocity `v`, so that steps which agree add up and steps which disagree
        cancel. The new velocity is `beta` times the old one plus the gradient `g`; the parameters
        `w` then move by `lr` times the new velocity, against it.

        Write `momentum_step(w, g, v, lr, beta)`. `w`, `g` and `v` are `(D,)`, `lr` and `beta` are
        numbers. It returns the new `w` and the new `v`, each `(D,)`, and changes no input.
        """,
    example="""
        >>> w, v = momentum_step(np.array([5.0]), np.array([2.0]), np.array([4.0]), 0.1, 0.5)
        >>> w.tolist(), v.tolist()
        ([4.6], [4.0])
        """,
    variants=[momentum_as_a_matrix, momentum_by_entries, momentum_from_the_change],
    oracle=lambda w, g, v, lr, beta: moved(bp.SGD(lr, momentum=beta), w, g, v),
    mistakes=[
        old_memory_used(
            {"v = beta * v + g": "new = beta * v + g", "return w, v": "return w, new"}, "velocity"
        ),
        old_memory_kept(
            {"v = beta * v + g": "new = beta * v + g", "lr * v": "lr * new"}, "velocity"
        ),
        Mistake(
            "velocity_ignored",
            "w moves by the gradient alone",
            "The velocity is made but not used; it is what the step follows.",
            {"lr * v": "lr * g"},
        ),
        Mistake(
            "beta_missing",
            "The old velocity is kept whole",
            "beta below 1 lets it fade; without it the velocity adds up all gradients for ever.",
            {"beta * v": "v"},
        ),
        Mistake(
            "gradient_fades_too",
            "beta multiplies the gradient as well",
            "Only the old velocity fades; the gradient enters whole.",
            {"beta * v + g": "beta * (v + g)"},
        ),
        Mistake(
            "faded_again",
            "The new velocity fades once more in the step",
            "w moves by lr times the new velocity; beta has done its part when that was made.",
            {"lr * v": "lr * beta * v"},
        ),
        Mistake(
            "mean_exchanged",
            "It is a running mean, with its weights exchanged",
            "The old velocity is multiplied by beta, and the gradient by nothing.",
            {"beta * v + g": "(1 - beta) * v + beta * g"},
        ),
        Mistake(
            "running_mean",
            "The gradient is weighted by 1 - beta",
            "That is a running mean, as in Adam; here the gradient enters the velocity whole.",
            {"+ g": "+ (1 - beta) * g"},
        ),
        Mistake(
            "weights_exchanged",
            "beta multiplies the gradient, not the velocity",
            "beta is the share of the old velocity that is kept; the gradient enters whole.",
            {"beta * v + g": "v + beta * g"},
        ),
        Mistake(
            "rate_in_velocity",
            "The learning rate is inside the velocity",
            "The velocity here adds up gradients; lr enters once, when w moves.",
            {"beta * v + g": "beta * v + lr * g", "lr * v": "v"},
        ),
        Mistake(
            "rate_twice",
            "The learning rate is used twice",
            "It scales the gradient in the velocity and then the velocity too; it belongs in one "
            "place, where w moves.",
            {"beta * v + g": "beta * v + lr * g"},
        ),
        Mistake(
            "rate_missing",
            "The learning rate is left out",
            "w moves by lr times the velocity, not by all of it.",
            {"lr * v": "v"},
        ),
        Mistake(
            "velocity_downhill",
            "The velocity takes the gradient with a minus",
            "The velocity adds up gradients as they are; the one minus stands where w moves.",
            {"+ g": "- g"},
        ),
        Mistake(
            "rate_and_sign_in_velocity",
            "The velocity holds the learning rate and the minus",
            "That form is used too, but here the velocity adds up gradients as they are; lr and "
            "the minus enter once, when w moves.",
            {"beta * v + g": "beta * v - lr * g", "w - lr * v": "w + v"},
        ),
        Mistake(
            "nesterov",
            "This is the step of Nesterov",
            "Plain momentum moves by the new velocity; it doesn't look ahead and add g again.",
            {"lr * v": "lr * (g + beta * v)"},
        ),
        uphill({"w - lr": "w + lr"}),
        changed_in_place({"v = beta * v + g": "v *= beta\n    v += g"}, "v"),
    ],
    nudge="Which velocity moves the parameters: the one that came in, or the one that already "
    "holds this gradient?",
    sketch="""
        Two lines. First the velocity: let the old one fade by the factor beta and add the
        gradient, whole. Then the parameters: go lr times the velocity you have made, downhill.
        Return both, since the next step needs the velocity.
        """,
    skeleton="""
        def momentum_step(w, g, v, lr, beta):
            v = ... * v + ...
            w = w - ...
            return w, v
        """,
    notice="Where the gradient keeps its value, the velocity grows to g / (1 - beta): with beta "
    "at 0.9 the steps become ten times as long.",
)
