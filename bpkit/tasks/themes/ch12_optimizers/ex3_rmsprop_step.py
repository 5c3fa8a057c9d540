"""One step of RMSProp. Each parameter's step is divided by how large its gradients have been."""

import numpy as np

import bpkit as bp
from bpkit.tasks.spec import Mistake, task
from bpkit.tasks.themes.ch11_descent.shared import moved, uphill
from bpkit.tasks.themes.ch12_optimizers.shared import (
    eps_inside,
    eps_missing,
    no_root,
    not_squared,
    old_memory_kept,
    old_memory_used,
)
from bpkit.tasks.tools import changed_in_place


def rmsprop_step(w, g, s, lr, decay, eps):
    """One step of RMSProp.

    w, g, s (D,): parameters, gradient, running mean of g * g. lr, decay, eps: numbers. Returns the
    new w, s, each (D,).
    """
    s = decay * s + (1 - decay) * g * g
    w = w - lr * g / (np.sqrt(s) + eps)
    return w, s


def rmsprop_inputs(draw):
    D = draw.size("D", least=2)
    return {
        "w": draw.real(D),
        "g": draw.real(D),
        "s": draw.positive(D),
        "lr": draw.positive(low=0.1, high=0.5),
        "decay": draw.positive(low=0.3, high=0.9),
        "eps": draw.positive(low=0.1, high=0.5),
    }


def rmsprop_towards(w, g, s, lr, decay, eps):
    s = s + (1 - decay) * (g**2 - s)
    return w - np.divide(lr * g, eps + s**0.5), s


def rmsprop_by_entries(w, g, s, lr, decay, eps):
    pairs = []
    for wi, gi, si in zip(w, g, s, strict=True):
        si = decay * si + (1 - decay) * gi**2
        pairs.append((wi - lr / (si**0.5 + eps) * gi, si))
    return tuple(np.array(pairs).T)


task(
    rmsprop_step,
    chapter=12,
    title="One step of RMSProp",
    minutes=8,
    points=2,
    returns="w s",
    inputs=rmsprop_inputs,
    statement="""
        RMSProp gives each parameter a rate of its own: it divides by how large that parameter's
        gradients have been of late. `s` is a running mean of the squared gradient: `decay` is the
        share of the old mean that is kept, `1 - decay` the share of the new square. The step is
        `lr` times `g` over the root of the new mean, with `eps` added outside the root.

        Write `rmsprop_step(w, g, s, lr, decay, eps)`. `w`, `g` and `s` are `(D,)`, the others
        numbers. It returns the new `w` and the new `s`, each `(D,)`, and changes no input.
        """,
    example="""
        >>> w, s = rmsprop_step(np.array([5.0]), np.array([4.0]), np.array([2.0]), 0.1, 0.5, 1.0)
        >>> w.tolist(), s.tolist()
        ([4.9], [9.0])
        """,
    variants=[
        rmsprop_towards,
        rmsprop_by_entries,
        {"lr * g / (np.sqrt(s) + eps)": "lr * g * (np.exp(0.5 * np.log(s)) + eps) ** -1"},
    ],
    oracle=lambda w, g, s, lr, decay, eps: moved(bp.RMSProp(lr, decay, eps), w, g, s),
    mistakes=[
        eps_inside({"np.sqrt(s) + eps": "np.sqrt(s + eps)"}),
        eps_missing({"(np.sqrt(s) + eps)": "np.sqrt(s)"}),
        no_root({"np.sqrt(s)": "s"}, "s"),
        not_squared({"* g * g": "* g"}, "s"),
        old_memory_used(
            {"s = decay * s": "new = decay * s", "return w, s": "return w, new"}, "mean"
        ),
        old_memory_kept({"s = decay * s": "new = decay * s", "np.sqrt(s)": "np.sqrt(new)"}, "mean"),
        Mistake(
            "weights_exchanged",
            "The weights of the running mean are exchanged",
            "decay is what is kept of the old mean, 1 - decay what the new square brings.",
            {"decay * s + (1 - decay)": "(1 - decay) * s + decay"},
        ),
        Mistake(
            "adagrad",
            "The squares are added up, not averaged",
            "A sum that never fades makes ever smaller steps; the mean forgets old gradients.",
            {"decay * s + (1 - decay) * g": "s + g"},
        ),
        Mistake(
            "new_square_whole",
            "The new square is not weighted",
            "The weights of a mean add up to 1: the new square enters with 1 - decay.",
            {"(1 - decay) * g": "g"},
        ),
        Mistake(
            "decay_on_both",
            "decay multiplies the new square too",
            "The weights of a mean add up to 1: the new square enters with 1 - decay.",
            {"(1 - decay) * g": "decay * g"},
        ),
        Mistake(
            "sign_only",
            "The sign of g is divided, not g",
            "g itself stands above the root; dividing takes away its size only on average.",
            {"lr * g": "lr * np.sign(g)"},
        ),
        Mistake(
            "same_for_all",
            "All parameters share one size",
            "Each entry of g is divided by the root of its own mean, so that none drowns another.",
            {"np.sqrt(s)": "np.sqrt(s.mean())"},
        ),
        Mistake(
            "rate_missing",
            "The learning rate is left out",
            "The quotient has about the size 1 whatever the gradient; lr makes it a small step.",
            {"lr * g": "g"},
        ),
        uphill({"w - lr": "w + lr"}),
        changed_in_place({"s = decay * s +": "s *= decay\n    s +="}, "s"),
        Mistake(
            "size_for_square",
            "The size of the gradient stands in place of its square",
            "s is a mean of squares; its root then has the size of a gradient.",
            {"* g * g": "* np.abs(g)"},
        ),
    ],
    nudge="Two parameters have gradients of 0.01 and 100, step after step. By what would you "
    "divide each so that both move equally far?",
    sketch="""
        First the mean: the old one with weight decay, the square of the gradient with the rest of
        the weight. Then the step: the gradient over the root of the mean you have made, entry by
        entry, where eps is added to the root itself. Go against it, lr times as far.
        """,
    skeleton="""
        def rmsprop_step(w, g, s, lr, decay, eps):
            s = decay * s + ...
            w = w - lr * g / ...
            return w, s
        """,
    notice="Scale all gradients by 1000 and the step hardly changes: RMSProp sees directions and "
    "recent ratios, not sizes.",
)
