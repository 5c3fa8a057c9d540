"""One step of AdamW. Weight decay goes round the division by the root."""

import numpy as np

import bpkit as bp
from bpkit.tasks.spec import Mistake, task
from bpkit.tasks.themes.ch11_descent.shared import moved
from bpkit.tasks.themes.ch12_optimizers.shared import eps_inside, eps_missing, no_root, not_squared
from bpkit.tasks.tools import changed_in_place


def adamw_step(w, g, m, v, t, lr, beta1, beta2, eps, weight_decay):
    """One step of AdamW.

    w, g, m, v (D,): parameters, gradient, running mean of g, running mean of g * g. t: the number
    of this step, 1 for the first. Returns the new w, m, v, each (D,).
    """
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g * g
    m_hat = m / (1 - beta1**t)
    v_hat = v / (1 - beta2**t)
    step = m_hat / (np.sqrt(v_hat) + eps)
    w = w - lr * step - lr * weight_decay * w
    return w, m, v


def adamw_inputs(draw):
    D = draw.size("D")
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
        "weight_decay": draw.positive(low=0.1, high=0.5),
    }


def adamw_shrunk_first(w, g, m, v, t, lr, beta1, beta2, eps, weight_decay):
    w = w * (1 - lr * weight_decay)
    m = m + (1 - beta1) * (g - m)
    v = v + (1 - beta2) * (g**2 - v)
    rate = lr * np.sqrt(1 - beta2**t) / (1 - beta1**t)
    return w - rate * m / (np.sqrt(v) + eps * np.sqrt(1 - beta2**t)), m, v


def adamw_by_entries(w, g, m, v, t, lr, beta1, beta2, eps, weight_decay):
    out = np.empty((3, len(w)))
    for d in range(len(w)):
        mean = beta1 * m[d] + (1 - beta1) * g[d]
        square = beta2 * v[d] + (1 - beta2) * g[d] ** 2
        direction = mean / (1 - beta1**t) / ((square / (1 - beta2**t)) ** 0.5 + eps)
        out[:, d] = w[d] - lr * (direction + weight_decay * w[d]), mean, square
    return tuple(out)


def adamw_from_bpkit(w, g, m, v, t, lr, beta1, beta2, eps, weight_decay):
    """bpkit keeps sums that fade, which are the means over 1 - beta."""
    adamw = bp.AdamW(lr, weight_decay, beta1=beta1, beta2=beta2, eps=eps)
    w, m, v = moved(adamw, w, g, m / (1 - beta1), v / (1 - beta2), t=t)
    return w, m * (1 - beta1), v * (1 - beta2)


task(
    adamw_step,
    chapter=12,
    title="One step of AdamW",
    minutes=12,
    points=3,
    returns="w m v",
    inputs=adamw_inputs,
    statement="""
        AdamW lets the weights decay by a way of its own, so that Adam's division does not touch
        the decay. The running means, their correction and the step are Adam's: `m` of `g` with
        decay `beta1`, `v` of its square with decay `beta2`, both divided by 1 minus the decay to
        the power `t`; then `lr` times the one over the root of the other, `eps` outside the root.
        Besides, `lr` times `weight_decay` times the old `w` is subtracted from `w`.

        Write `adamw_step(w, g, m, v, t, lr, beta1, beta2, eps, weight_decay)`. `w`, `g`, `m` and
        `v` are `(D,)`, the others numbers. It returns the new `w`, `m` and `v`, each `(D,)`, and
        changes no input.
        """,
    example="""
        >>> w, g, m, v = np.array([5.0]), np.array([2.0]), np.zeros(1), np.zeros(1)
        >>> w, m, v = adamw_step(w, g, m, v, 1, 0.1, 0.9, 0.999, 1e-8, 0.01)
        >>> w.round(6).tolist(), m.round(6).tolist(), v.round(6).tolist()
        ([4.895], [0.2], [0.004])
        """,
    variants=[
        adamw_shrunk_first,
        adamw_by_entries,
        {
            "w = w - lr * step - lr * weight_decay * w": (
                "keep = 1 - lr * weight_decay\n    w = keep * w - lr * step"
            )
        },
    ],
    oracle=adamw_from_bpkit,
    mistakes=[
        Mistake(
            "decay_in_gradient",
            "The decay is added to the gradient",
            "Then it passes through m and v, and is divided by the root; AdamW applies it to w "
            "directly.",
            {
                "m = beta1 * m": "g = g + weight_decay * w\n    m = beta1 * m",
                " - lr * weight_decay * w": "",
            },
        ),
        Mistake(
            "decay_without_rate",
            "The decay is not multiplied by lr",
            "Each step takes lr times weight_decay of w; when the rate falls, so does the decay.",
            {"lr * weight_decay * w": "weight_decay * w"},
        ),
        Mistake(
            "decay_missing",
            "The weights do not decay",
            "This is plain Adam; besides, w loses lr times weight_decay of itself.",
            {" - lr * weight_decay * w": ""},
        ),
        Mistake(
            "decay_grows",
            "The decay makes the weights grow",
            "It is subtracted, so that w shrinks toward 0.",
            {"- lr * weight_decay": "+ lr * weight_decay"},
        ),
        Mistake(
            "decay_after_step",
            "The decay acts on the new w",
            "It takes its share of the w that came in, not of what the step has made of it.",
            {" - lr * weight_decay * w": "\n    w = w - lr * weight_decay * w"},
        ),
        Mistake(
            "decay_divided",
            "The decay is divided by the root",
            "The root scales the gradient's mean alone; w decays at the same rate everywhere.",
            {
                "m_hat / (np": "(m_hat + weight_decay * w) / (np",
                " - lr * weight_decay * w": "",
            },
        ),
        Mistake(
            "decay_of_the_sign",
            "Every weight loses the same amount",
            "The decay is in proportion to w, as from a squared penalty, not to its sign.",
            {"weight_decay * w": "weight_decay * np.sign(w)"},
        ),
        Mistake(
            "no_correction",
            "The bias correction is missing",
            "m and v start at 0 and are too small at first; dividing by 1 minus the decay to the "
            "power t makes up for it.",
            {"m / (1 - beta1**t)": "m", "v / (1 - beta2**t)": "v"},
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
            "weights_exchanged",
            "The weights of the running means are exchanged",
            "beta is what is kept of the old mean, 1 - beta what the new gradient brings.",
            {
                "beta1 * m + (1 - beta1) * g": "(1 - beta1) * m + beta1 * g",
                "beta2 * v + (1 - beta2) * g": "(1 - beta2) * v + beta2 * g",
            },
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
            "corrected_means_kept",
            "The corrected means are returned",
            "The correction serves this step alone; the next one goes on from the plain m and v.",
            {"return w, m, v": "return w, m_hat, v_hat"},
        ),
        Mistake(
            "betas_swapped",
            "beta1 and beta2 are exchanged",
            "beta1 belongs to the mean of the gradient, beta2 to that of its square.",
            {"m = beta1 * m": "beta1, beta2 = beta2, beta1\n    m = beta1 * m"},
        ),
        eps_inside({"np.sqrt(v_hat) + eps": "np.sqrt(v_hat + eps)"}),
        eps_missing({"np.sqrt(v_hat) + eps": "np.sqrt(v_hat)"}),
        no_root({"np.sqrt(v_hat)": "v_hat"}, "v"),
        not_squared({"* g * g": "* g"}, "v"),
        Mistake(
            "uphill",
            "The step goes uphill",
            "The gradient points to where the loss grows, so the step is subtracted from w.",
            {"w - lr * step": "w + lr * step"},
        ),
        changed_in_place({"m = beta1 * m +": "m *= beta1\n    m +="}, "m"),
    ],
    nudge="If weight decay were added to the gradient, by what would Adam divide it, and would a "
    "weight with large gradients still decay as fast as one with small ones?",
    sketch="""
        Do Adam's step first: two running means, two corrected copies of them, and the quotient.
        Then take two things away from the old parameters: lr times that quotient, and lr times
        weight_decay times the old parameters themselves. The decay sees neither the means nor the
        root.
        """,
    skeleton="""
        def adamw_step(w, g, m, v, t, lr, beta1, beta2, eps, weight_decay):
            m = ...
            v = ...
            m_hat = ...
            v_hat = ...
            step = m_hat / ...
            w = w - lr * step - ...
            return w, m, v
        """,
    notice="For plain gradient descent, decay and an L2 penalty are the same. For Adam they "
    "differ, since the penalty's gradient would be divided by the root of v.",
)
