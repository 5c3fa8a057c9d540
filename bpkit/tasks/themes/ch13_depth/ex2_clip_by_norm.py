"""Gradients shortened to a joint length.

One factor for all arrays, and only if they are too long.
"""

import numpy as np

import bpkit as bp
from bpkit.tasks.spec import Mistake, task
from bpkit.tasks.tools import changed_in_place


def clip_by_norm(grads, limit):
    """Gradients whose joint length is at most limit.

    grads: a list of arrays of any shapes. limit: a number. Returns a list of as many arrays of the
    same shapes.
    """
    total = sum(np.sum(g * g) for g in grads)
    norm = np.sqrt(total)
    scale = min(1.0, limit / norm) if norm > 0 else 1.0
    return [scale * g for g in grads]


def long_gradients(draw):
    D, M = draw.sizes("D M", least=2)
    entries = draw.real(D * M + M)
    grads = [entries[M:].reshape(D, M), entries[:M]]
    least = min(np.sqrt(np.mean(entries**2)), *map(np.linalg.norm, grads))
    return {"grads": grads, "limit": float(least) * draw.positive(low=0.3, high=0.9)}


def short_gradients(draw):
    short = [np.array([0.3, -0.2]), np.array([0.4, -0.6])]
    zero = [np.zeros(2), np.zeros(2)]
    return {
        "gradients shorter than the limit": {"grads": short, "limit": 3.0},
        "gradients that are all 0": {"grads": zero, "limit": 3.0},
    }


def clip_flat(grads, limit):
    flat = np.concatenate([g.ravel() for g in grads])
    norm = np.linalg.norm(flat)
    if norm <= limit:
        return list(grads)
    flat = flat * limit / norm
    cuts = np.cumsum([g.size for g in grads])[:-1]
    return [part.reshape(g.shape) for part, g in zip(np.split(flat, cuts), grads, strict=True)]


def clip_by_loops(grads, limit):
    total = 0.0
    for g in grads:
        for value in g.flat:
            total += float(value) ** 2
    factor = limit / max(total**0.5, limit)
    return [np.array(g) * factor for g in grads]


def clip_from_norms(grads, limit):
    norm = np.hypot.reduce([np.linalg.norm(g) for g in grads])
    return [g / np.maximum(norm / limit, 1.0) for g in grads]


def clip_from_bpkit(grads, limit):
    tensors = [bp.Tensor(g) for g in grads]
    for tensor, g in zip(tensors, grads, strict=True):
        tensor.grad = g
    bp.clip_by_norm(tensors, limit)
    return [tensor.grad for tensor in tensors]


def each_by_itself(grads, limit):
    return [g * min(1.0, limit / max(np.linalg.norm(g), 1e-300)) for g in grads]


task(
    clip_by_norm,
    chapter=13,
    title="Clipping by norm",
    minutes=10,
    points=2,
    returns="clipped",
    inputs=long_gradients,
    extremes=short_gradients,
    statement="""
        One step with a huge gradient can undo an hour of training. Clipping shortens the gradient
        and keeps its direction. `grads` is a list of arrays, one for each parameter, for instance
        of shapes `(D, M)` and `(M,)`. Their joint length is the root of the sum of the squares of
        all entries of all arrays. If it exceeds `limit`, all arrays are scaled by one factor,
        such that the joint length becomes `limit`; otherwise they stay as they are.

        Write `clip_by_norm(grads, limit)`, which returns a list of arrays of the same shapes. No
        input is changed. Gradients that are all 0 stay 0.
        """,
    example="""
        >>> W, b = clip_by_norm([np.array([[3.0, 0.0]]), np.array([4.0])], 1.0)
        >>> W.round(6).tolist(), b.round(6).tolist()
        ([[0.6, 0.0]], [0.8])
        """,
    variants=[clip_flat, clip_by_loops, clip_from_norms],
    oracle=clip_from_bpkit,
    mistakes=[
        Mistake(
            "each_by_itself",
            "Each array is clipped by itself",
            "The arrays are one gradient: scaled by different factors, it points elsewhere.",
            each_by_itself,
        ),
        Mistake(
            "clipped_entries",
            "Each entry is cut off at the limit",
            "That bends the direction; clipping by norm scales all entries by one factor.",
            {"[scale * g for g in grads]": "[np.clip(g, -limit, limit) for g in grads]"},
        ),
        Mistake(
            "always_scaled",
            "Short gradients are made longer",
            "Only a length above the limit is changed; a shorter gradient stays as it is.",
            {"min(1.0, limit / norm)": "limit / norm"},
        ),
        Mistake(
            "no_root",
            "The squared length is taken for the length",
            "The length is the root of the sum of squares.",
            {"np.sqrt(total)": "total"},
        ),
        Mistake(
            "unit_length",
            "The length becomes 1, not limit",
            "The factor is limit over the length, so that limit is the length that is left.",
            {"min(1.0, limit / norm)": "min(1.0, 1.0 / norm) if norm > limit else 1.0"},
        ),
        Mistake(
            "largest_entry",
            "The largest entry is taken for the length",
            "The length is made of all entries: the root of the sum of their squares.",
            {"norm = np.sqrt(total)": "norm = max(np.abs(g).max() for g in grads)"},
        ),
        Mistake(
            "absolute_values",
            "The length adds absolute values",
            "Squares are added, and the root of the sum is taken.",
            {"np.sum(g * g)": "np.sum(np.abs(g))", "np.sqrt(total)": "total"},
        ),
        Mistake(
            "lengths_added",
            "The lengths of the arrays are added",
            "Squares add up, lengths don't: the joint length is the root of one sum over all.",
            {"np.sum(g * g)": "np.sqrt(np.sum(g * g))", "np.sqrt(total)": "total"},
        ),
        Mistake(
            "mean_square",
            "The squares are averaged, not added",
            "A root mean square doesn't grow with the number of entries; a length does.",
            {"np.sqrt(total)": "np.sqrt(total / sum(g.size for g in grads))"},
        ),
        Mistake(
            "one_array",
            "Only the first array's length is looked at",
            "The joint length takes the entries of every array in the list.",
            {"for g in grads)": "for g in grads[:1])"},
        ),
        Mistake(
            "last_array",
            "Only the last array's length is looked at",
            "The joint length adds up the squares of every array; set anew in a loop, the sum "
            "holds the last one's alone.",
            {"for g in grads)": "for g in grads[-1:])"},
        ),
        Mistake(
            "upside_down",
            "The factor is upside down",
            "The longer the gradient, the smaller the factor: limit over the length.",
            {"min(1.0, limit / norm)": "max(1.0, norm / limit)"},
        ),
        Mistake(
            "never_clipped",
            "Long gradients are not shortened",
            "They come out as they went in; a length above the limit is scaled down to it.",
            {"min(1.0, limit / norm)": "max(1.0, limit / norm) if norm > limit else 1.0"},
        ),
        Mistake(
            "zero_divided",
            "Gradients of 0 are divided by their length",
            "0 over 0 is NaN; a gradient of length 0 is short enough.",
            {
                "min(1.0, limit / norm) if norm > 0 else 1.0": "np.minimum(1.0, limit / norm)",
                "scale * g": "g / norm * (scale * norm)",
            },
        ),
        changed_in_place(
            {"return [": "for g in grads:\n        g *= scale\n    return list(grads)\n    ["},
            "grads",
        ),
    ],
    nudge="If one array is shortened and another isn't, does their joint gradient still point "
    "the same way?",
    sketch="""
        First one number for the whole list: square every entry of every array, add all that up,
        take the root. Then one factor: the limit over that number, but never more than 1, and
        without a division where the number is 0. Last, a new list: each array times this factor.
        """,
    skeleton="""
        def clip_by_norm(grads, limit):
            norm = ...              # one number, from all entries of all arrays
            scale = ...             # at most 1
            return [... for g in grads]
        """,
    notice="The direction is kept, so the step still goes downhill; what clipping limits is how "
    "far one batch can throw the weights.",
)
