"""One step of Nesterov's momentum. The step is by what the velocity will be after one more push."""

import numpy as np

import bpkit as bp
from bpkit.tasks.spec import Mistake, task
from bpkit.tasks.themes.ch11_descent.shared import moved, uphill
from bpkit.tasks.themes.ch12_optimizers.shared import old_memory_kept, velocity_inputs
from bpkit.tasks.tools import changed_in_place


def nesterov_step(w, g, v, lr, beta):
    """One step of gradient descent with Nesterov's momentum.

    w, g, v (D,): parameters, gradient, velocity. lr, beta: numbers. Returns the new w, v, each
    (D,).
    """
    v = beta * v + g
    ahead = g + beta * v
    w = w - lr * ahead
    return w, v


def nesterov_expanded(w, g, v, lr, beta):
    return w - lr * (1 + beta) * g - lr * beta**2 * v, g + beta * v


def nesterov_by_entries(w, g, v, lr, beta):
    new_w, new_v = [], []
    for wi, gi, vi in zip(w, g, v, strict=True):
        vi = gi + beta * vi
        new_v.append(vi)
        new_w.append(wi - lr * (gi + beta * vi))
    return np.array(new_w), np.array(new_v)


def nesterov_as_a_matrix(w, g, v, lr, beta):
    M = np.array([[1.0, -lr * (1 + beta), -lr * beta * beta], [0.0, 1.0, beta]])
    out = np.einsum("ij,jd->id", M, np.stack([w, g, v]))
    return out[0], out[1]


task(
    nesterov_step,
    chapter=12,
    title="One step of Nesterov's momentum",
    minutes=8,
    points=2,
    returns="w v",
    inputs=velocity_inputs,
    statement="""
        Nesterov's momentum looks ahead: it steps by what the velocity will be after one more
        push. The new velocity is `beta` times the old one plus the gradient `g`, as in plain
        momentum. The direction of the step is the gradient plus `beta` times the new velocity,
        and `w` moves against it, `lr` times as far.

        Write `nesterov_step(w, g, v, lr, beta)`. `w`, `g` and `v` are `(D,)`, `lr` and `beta` are
        numbers. It returns the new `w` and the new `v`, each `(D,)`, and changes no input.
        """,
    example="""
        >>> w, v = nesterov_step(np.array([5.0]), np.array([2.0]), np.array([4.0]), 0.1, 0.5)
        >>> w.tolist(), v.tolist()
        ([4.6], [4.0])
        """,
    variants=[nesterov_expanded, nesterov_by_entries, nesterov_as_a_matrix],
    oracle=lambda w, g, v, lr, beta: moved(bp.SGD(lr, momentum=beta, nesterov=True), w, g, v),
    mistakes=[
        Mistake(
            "plain_momentum",
            "This is the step of plain momentum",
            "w moves by the gradient plus beta times the new velocity; with the old velocity "
            "there, or with the new one alone, nothing looks ahead.",
            {"ahead = g + beta * v": "ahead = v"},
        ),
        Mistake(
            "gradient_missing",
            "The direction lacks the gradient",
            "The direction is beta times the new velocity and, added to it, g.",
            {"ahead = g + beta * v": "ahead = beta * v"},
        ),
        Mistake(
            "not_faded",
            "The new velocity is not multiplied by beta",
            "Looking ahead, the velocity fades once more before the gradient is added.",
            {"ahead = g + beta * v": "ahead = g + v"},
        ),
        Mistake(
            "weights_exchanged",
            "beta multiplies g, not the velocity",
            "In the direction the velocity is weighted by beta and the gradient is whole.",
            {"ahead = g + beta * v": "ahead = v + beta * g"},
        ),
        Mistake(
            "faded_twice",
            "beta multiplies the velocity twice",
            "Looking one step ahead, the new velocity fades once.",
            {"g + beta * v\n": "g + beta * beta * v\n"},
        ),
        Mistake(
            "gradient_fades_too",
            "beta multiplies the gradient in the direction as well",
            "Only the velocity fades; the gradient enters the direction whole.",
            {"ahead = g + beta * v": "ahead = beta * (g + v)"},
        ),
        Mistake(
            "velocity_not_faded",
            "The old velocity is kept whole",
            "beta lets it fade before g is added; else it adds up all gradients for ever.",
            {"v = beta * v + g": "v = v + g"},
        ),
        Mistake(
            "running_mean",
            "The gradient is weighted by 1 - beta",
            "That is a running mean, as in Adam; here the gradient enters the velocity whole.",
            {"v = beta * v + g": "v = beta * v + (1 - beta) * g"},
        ),
        Mistake(
            "direction_kept",
            "The direction is returned as the velocity",
            "Looking ahead serves this step alone; the next goes on from the plain velocity.",
            {"return w, v": "return w, ahead"},
        ),
        old_memory_kept(
            {"v = beta * v + g": "u = beta * v + g", "g + beta * v\n": "g + beta * u\n"},
            "velocity",
        ),
        Mistake(
            "rate_in_velocity",
            "The learning rate is inside the velocity",
            "The velocity here adds up gradients; lr enters once, when w moves.",
            {
                "v = beta * v + g": "v = beta * v + lr * g",
                "ahead = g + beta * v": "ahead = lr * g + beta * v",
                "lr * ahead": "ahead",
            },
        ),
        Mistake(
            "rate_and_sign_in_velocity",
            "The velocity holds the learning rate and the minus",
            "That form is used too, but here the velocity adds up gradients as they are; lr and "
            "the minus enter once, when w moves.",
            {
                "v = beta * v + g": "v = beta * v - lr * g",
                "ahead = g + beta * v": "ahead = beta * v - lr * g",
                "w - lr * ahead": "w + ahead",
            },
        ),
        Mistake(
            "rate_missing",
            "The learning rate is left out",
            "w moves by lr times the direction, not by all of it.",
            {"lr * ahead": "ahead"},
        ),
        uphill({"w - lr": "w + lr"}),
        changed_in_place({"v = beta * v + g": "v *= beta\n    v += g"}, "v"),
    ],
    nudge="If the next gradient were the same as this one, what would the velocity be after one "
    "more step?",
    sketch="""
        Make the new velocity as in plain momentum. Then imagine one more update of it with the
        same gradient: the new velocity fades by beta and the gradient is added again. That is the
        direction of this step. The velocity you return is the first one, not the imagined one.
        """,
    skeleton="""
        def nesterov_step(w, g, v, lr, beta):
            v = ...                 # as in plain momentum
            ahead = ...             # one more update of it, with the same g
            w = w - lr * ...
            return w, v
        """,
    notice="Nesterov's own form takes the gradient at a point ahead of w; this one, which "
    "libraries use, keeps that point as its w and needs no second gradient.",
)
