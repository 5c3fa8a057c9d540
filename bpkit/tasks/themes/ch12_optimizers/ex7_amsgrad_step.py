"""One step of AMSGrad; the closed task of the chapter.

The divisor is the largest mean of squares so far, which is a memory of its own.
"""

import numpy as np

from bpkit.tasks.spec import Mistake, task
from bpkit.tasks.themes.ch11_descent.shared import uphill
from bpkit.tasks.themes.ch12_optimizers.shared import eps_inside, eps_missing, no_root, not_squared
from bpkit.tasks.tools import changed_in_place


def amsgrad_step(w, g, m, v, top, lr, beta1, beta2, eps):
    """One step of AMSGrad, without bias correction.

    w, g, m, v, top (D,): parameters, gradient, running mean of g, running mean of g * g, the
    largest that this mean has been. Returns the new w, m, v, top, each (D,).
    """
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g * g
    top = np.maximum(top, v)
    w = w - lr * m / (np.sqrt(top) + eps)
    return w, m, v, top


def amsgrad_inputs(draw):
    D = draw.size("D", least=2)
    g, v, beta2 = draw.real(D), draw.positive(D), draw.positive(low=0.3, high=0.9)
    new = beta2 * v + (1 - beta2) * g * g
    higher, lower = draw.positive(D, low=1.2, high=2.0), draw.positive(D, low=0.3, high=0.8)
    return {
        "w": draw.real(D),
        "g": g,
        "m": draw.real(D),
        "v": v,
        "top": new * np.where(draw.mask(D), higher, lower),
        "lr": draw.positive(low=0.1, high=0.5),
        "beta1": draw.positive(low=0.3, high=0.9),
        "beta2": beta2,
        "eps": draw.positive(low=0.1, high=0.5),
    }


def amsgrad_by_entries(w, g, m, v, top, lr, beta1, beta2, eps):
    out = np.empty((4, len(w)))
    for d in range(len(w)):
        mean = beta1 * m[d] + (1 - beta1) * g[d]
        square = beta2 * v[d] + (1 - beta2) * g[d] ** 2
        most = square if square > top[d] else top[d]
        out[:, d] = w[d] - lr * mean / (most**0.5 + eps), mean, square, most
    return tuple(out)


def amsgrad_smallest_rate(w, g, m, v, top, lr, beta1, beta2, eps):
    m = m + (1 - beta1) * (g - m)
    v = v + (1 - beta2) * (g**2 - v)
    rate = np.minimum(lr / (np.sqrt(v) + eps), lr / (np.sqrt(top) + eps))
    return w - rate * m, m, v, np.max([top, v], axis=0)


task(
    amsgrad_step,
    chapter=12,
    title="One step of AMSGrad",
    minutes=15,
    points=3,
    closed=True,
    returns="w m v top",
    inputs=amsgrad_inputs,
    statement="""
        Adam's rate can grow again when the running mean of squares falls. AMSGrad prevents that:
        it divides by the largest mean of squares seen so far. `m` is the running mean of `g` with
        decay `beta1`, `v` that of its square with decay `beta2`, both as in Adam but without bias
        correction. `top` holds, for each parameter, the largest that `v` has been; it is brought
        up to date with the new `v`. The step is `lr` times the new `m` over the root of the new
        `top`, with `eps` added outside the root.

        Write `amsgrad_step(w, g, m, v, top, lr, beta1, beta2, eps)`. `w`, `g`, `m`, `v` and `top`
        are `(D,)`, the others numbers. It returns the new `w`, `m`, `v` and `top`, each `(D,)`,
        and changes no input.
        """,
    example="""
        >>> one = np.ones(1)
        >>> w, m, v, top = amsgrad_step(5 * one, 2 * one, one, one, 9 * one, 0.1, 0.5, 0.5, 0.75)
        >>> w.round(3).tolist(), m.tolist(), v.tolist(), top.tolist()
        ([4.96], [1.5], [2.5], [9.0])
        """,
    variants=[
        amsgrad_by_entries,
        amsgrad_smallest_rate,
        {"np.maximum(top, v)": "np.where(v > top, v, top)", "np.sqrt(top)": "top**0.5"},
    ],
    differences=amsgrad_by_entries,
    mistakes=[
        Mistake(
            "divided_by_v",
            "The step divides by the root of v",
            "That is Adam; here the root of top, the largest v so far, keeps the rate from "
            "growing.",
            {"np.sqrt(top)": "np.sqrt(v)"},
        ),
        Mistake(
            "old_top_used",
            "The step uses the old top",
            "top is brought up to date first: if the new v is larger, that is what divides.",
            {"top = np": "new = np", "return w, m, v, top": "return w, m, v, new"},
        ),
        Mistake(
            "old_v_compared",
            "top is compared with the old v",
            "The new v counts: it holds this gradient's square too.",
            {
                "v = beta2 * v": "old = v\n    v = beta2 * v",
                "np.maximum(top, v)": ("np.maximum(top, old)"),
            },
        ),
        Mistake(
            "smallest",
            "The smaller of the two is kept",
            "top is the largest that v has been, so that the rate never grows.",
            {"np.maximum(top, v)": "np.minimum(top, v)"},
        ),
        Mistake(
            "v_replaced",
            "The maximum is returned as v as well",
            "The running mean goes on from v itself and may fall; only top never does.",
            {"return w, m, v, top": "return w, m, top, top"},
        ),
        Mistake(
            "mean_for_maximum",
            "top is a running mean",
            "It is the larger of what it was and the new v, so that it never falls.",
            {"np.maximum(top, v)": "beta2 * top + (1 - beta2) * v"},
        ),
        Mistake(
            "added",
            "top and v are added",
            "The larger of the two is kept, entry by entry.",
            {"np.maximum(top, v)": "top + v"},
        ),
        Mistake(
            "largest_square",
            "top is compared with g's square",
            "top follows the running mean of squares, which is smoother than one square.",
            {"np.maximum(top, v)": "np.maximum(top, g * g)"},
        ),
        Mistake(
            "one_for_all",
            "All parameters share one top",
            "The larger of two is taken entry by entry: each parameter has its own.",
            {"np.maximum(top, v)": "np.maximum(top, v).max() * np.ones_like(v)"},
        ),
        Mistake(
            "gradient_for_mean",
            "The step follows g, not m",
            "What is divided is the new running mean of the gradients.",
            {"lr * m": "lr * g"},
        ),
        Mistake(
            "betas_swapped",
            "beta1 and beta2 are exchanged",
            "beta1 belongs to the mean of the gradient, beta2 to that of its square.",
            {"m = beta1 * m": "beta1, beta2 = beta2, beta1\n    m = beta1 * m"},
        ),
        eps_inside({"np.sqrt(top) + eps": "np.sqrt(top + eps)"}),
        eps_missing({"(np.sqrt(top) + eps)": "np.sqrt(top)"}),
        no_root({"np.sqrt(top)": "top"}, "top"),
        not_squared({"* g * g": "* g"}, "v"),
        uphill({"w - lr": "w + lr"}),
        changed_in_place({"top = np.maximum(top, v)": "np.maximum(top, v, out=top)"}, "top"),
    ],
    nudge="When the gradients become small, what happens to Adam's mean of squares, and what to "
    "the length of its steps?",
    sketch="""
        Four lines, in this order: the new mean of the gradient; the new mean of its square; the
        larger, entry by entry, of the top that came in and the mean of squares you have made; and
        the step, over the root of that.
        """,
    skeleton="""
        def amsgrad_step(w, g, m, v, top, lr, beta1, beta2, eps):
            m = ...
            v = ...
            top = ...
            w = w - lr * ...
            return w, m, v, top
        """,
    notice="The rate of each parameter, lr over the root of top, never grows again: that is what "
    "the proof of convergence needs and Adam lacks.",
)
