"""One step of Adam. Two running means, both corrected, and eps outside the root."""

import numpy as np

import bpkit as bp
from bpkit.tasks.spec import Mistake, task
from bpkit.tasks.tools import changed_in_place


def adam_step(w, g, m, v, t, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    """One step of Adam.

    w, g, m, v (D,): parameters, gradient, running mean of g, running mean of g * g. t: the number
    of this step, 1 for the first. Returns the new w, m, v, each (D,).
    """
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g * g
    m_hat = m / (1 - beta1**t)
    v_hat = v / (1 - beta2**t)
    w = w - lr * m_hat / (np.sqrt(v_hat) + eps)
    return w, m, v


def inputs(draw):
    D = draw.size("D", least=1, most=7)
    return {
        "w": draw.real(D),
        "g": draw.real(D),
        "m": draw.real(D),
        "v": draw.positive(D),
        "t": draw.whole(2, 5),
        "lr": draw.positive(low=0.1, high=0.5),
        "beta1": draw.positive(low=0.3, high=0.9),
        "beta2": draw.positive(low=0.3, high=0.9),
        "eps": draw.positive(low=0.1, high=0.5),
    }


def folded(w, g, m, v, t, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    m = m + (1 - beta1) * (g - m)
    v = v + (1 - beta2) * (g**2 - v)
    rate = lr * np.sqrt(1 - beta2**t) / (1 - beta1**t)
    return w - rate * m / (np.sqrt(v) + eps * np.sqrt(1 - beta2**t)), m, v


def entry_by_entry(w, g, m, v, t, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    out = [[], [], []]
    for wi, gi, mi, vi in zip(w, g, m, v, strict=True):
        mi = beta1 * mi + (1 - beta1) * gi
        vi = beta2 * vi + (1 - beta2) * gi**2
        step = lr * (mi / (1 - beta1**t)) / ((vi / (1 - beta2**t)) ** 0.5 + eps)
        for kept, value in zip(out, (wi - step, mi, vi), strict=True):
            kept.append(value)
    return [np.array(values) for values in out]


def from_bpkit(w, g, m, v, t, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    p, adam = bp.Tensor(w), bp.Adam(lr, beta1, beta2, eps)
    keep = np.array([[1 - beta1], [1 - beta2]])  # bpkit keeps sums, means without their weights
    p.grad, adam.t, adam.memory[p] = g, t - 1, list([m, v] / keep)
    adam.step([p])
    return p.data, *(keep * adam.memory[p])


task(
    adam_step,
    chapter=12,
    title="One step of Adam",
    minutes=15,
    points=3,
    returns="w m v",
    inputs=inputs,
    statement="""
        Adam keeps two running means for each parameter: `m` of the gradient `g`, with decay
        `beta1`, and `v` of its square, with decay `beta2`. Both start at 0, so both are
        corrected: they are divided by 1 minus the decay to the power `t`, where `t` is 1 at the
        first step. The step is `lr` times the corrected mean over the root of the corrected
        square, with `eps` added outside the root.

        Write `adam_step(w, g, m, v, t, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-08)`. `w`, `g`,
        `m` and `v` are `(D,)`. It returns the new `w`, `m` and `v`, each `(D,)`, and changes none
        of its inputs.
        """,
    example="""
        >>> w, g, m, v = np.array([5.0]), np.array([2.0]), np.zeros(1), np.zeros(1)
        >>> w, m, v = adam_step(w, g, m, v, 1, lr=0.1)
        >>> w.round(6).tolist(), m.round(6).tolist(), v.round(6).tolist()
        ([4.9], [0.2], [0.004])
        """,
    variants=[
        folded,
        entry_by_entry,
        {
            "w = w - lr * m_hat /": "w = w + -lr * m_hat *",
            "(np.sqrt(v_hat) + eps)": "(v_hat**0.5 + eps) ** -1.0",
        },
    ],
    oracle=from_bpkit,
    mistakes=[
        Mistake(
            "no_correction",
            "The bias correction is missing",
            "m and v start at 0 and are too small at first; dividing by 1 - beta**t makes up for "
            "it.",
            {"m / (1 - beta1**t)": "m", "v / (1 - beta2**t)": "v"},
        ),
        Mistake(
            "corrected_means_kept",
            "The corrected means are returned",
            "The correction serves this step alone; the next one goes on from the plain m and v.",
            {"return w, m, v": "return w, m_hat, v_hat"},
        ),
        Mistake(
            "m_not_corrected",
            "m is not corrected",
            "Both means start at 0, so both are divided by 1 minus their decay to the power t.",
            {"m / (1 - beta1**t)": "m"},
        ),
        Mistake(
            "v_not_corrected",
            "v is not corrected",
            "Both means start at 0, so both are divided by 1 minus their decay to the power t.",
            {"v / (1 - beta2**t)": "v"},
        ),
        Mistake(
            "t_not_used",
            "The correction does not depend on t",
            "The correction is 1 minus the decay to the power t, and fades as t grows; yours is "
            "that of t = 1.",
            {"beta1**t": "beta1", "beta2**t": "beta2"},
        ),
        Mistake(
            "t_off_by_one",
            "t is counted from one too far",
            "t is 1 at the first step and is given so; adding 1 corrects too little.",
            {"beta1**t": "beta1 ** (t + 1)", "beta2**t": "beta2 ** (t + 1)"},
        ),
        Mistake(
            "eps_inside",
            "eps stands inside the root",
            "It is added after the root is taken; inside, it acts as its own root.",
            {"np.sqrt(v_hat) + eps": "np.sqrt(v_hat + eps)"},
        ),
        Mistake(
            "eps_missing",
            "eps is left out",
            "eps is added to the root, so that a v near 0 can't blow up the step.",
            {"np.sqrt(v_hat) + eps": "np.sqrt(v_hat)"},
        ),
        Mistake(
            "betas_swapped",
            "beta1 and beta2 are exchanged",
            "beta1 belongs to the mean of the gradient, beta2 to that of its square.",
            {"m = beta1 * m": "beta1, beta2 = beta2, beta1\n    m = beta1 * m"},
        ),
        Mistake(
            "no_root",
            "The root is missing",
            "v is a mean of squares; its root has the size of a gradient.",
            {"np.sqrt(v_hat)": "v_hat"},
        ),
        Mistake(
            "not_squared",
            "v averages g, not its square",
            "v measures size, whatever the sign: it is the running mean of g times g.",
            {"* g * g": "* g"},
        ),
        Mistake(
            "uphill",
            "The step goes uphill",
            "The gradient points to where the loss grows; the step is subtracted.",
            {"w - lr": "w + lr"},
        ),
        Mistake(
            "weights_of_the_mean",
            "The weights of the running means are exchanged",
            "beta is what is kept of the old mean, 1 - beta what the new gradient brings.",
            {
                "beta1 * m + (1 - beta1) * g": "(1 - beta1) * m + beta1 * g",
                "beta2 * v + (1 - beta2) * g": "(1 - beta2) * v + beta2 * g",
            },
        ),
        changed_in_place(
            {"m = beta1 * m + (1 - beta1) * g": "m *= beta1\n    m += (1 - beta1) * g"}, "m"
        ),
        Mistake(
            "times_t",
            "The correction takes beta times t",
            "What is left of the start after t steps is beta to the power t.",
            {"beta1**t": "beta1 * t", "beta2**t": "beta2 * t"},
        ),
    ],
    nudge="After the first step, from a mean that starts at 0, what share of the gradient does m "
    "hold, and what would make it whole again?",
    sketch="""
        Five short lines: the new mean of the gradient; the new mean of its square; each divided
        by 1 minus its decay to the power t, under a new name, since the plain means are what you
        return; then the step against the corrected mean, divided by the root of the other plus
        eps.
        """,
    skeleton="""
        def adam_step(w, g, m, v, t, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
            m = ... * m + ... * g
            v = ... * v + ...
            m_hat = ...
            v_hat = ...
            w = w - lr * ...
            return w, m, v
        """,
    notice="Where the gradient keeps its sign, the step is about lr, whatever the gradient's "
    "size: that is what the "
    "division by the root of v buys.",
)
