"""A gradient summed back to the shape that was broadcast.

Axes that were added vanish, and axes of length 1 are kept.
"""

import numpy as np

from bpkit.tasks.spec import Mistake, task
from bpkit.tasks.tools import pullback, slopes


def unbroadcast(up, shape):
    """The gradient of an array that was broadcast from `shape` to the shape of `up`.

    up: the upstream gradient. shape: a tuple. Returns an array of that shape.
    """
    while up.ndim > len(shape):
        up = up.sum(axis=0)
    for axis, length in enumerate(shape):
        if length == 1:
            up = up.sum(axis=axis, keepdims=True)
    return up


def broadcast_up(draw):
    A, N, T, D = draw.sizes("A N T D")
    return {"up": draw.real(A, N, T, D), "shape": draw.choice([(1, D), (T, 1)])}


def other_broadcasts(draw):
    return {
        "a shape with two ones": {"up": draw.real(2, 3, 5), "shape": (1, 3, 1)},
        "a shape that equals up's": {"up": draw.real(3, 5), "shape": (3, 5)},
        "the shape ()": {"up": draw.real(3, 5), "shape": ()},
    }


def by_axes(up, shape):
    padded = (1,) * (up.ndim - len(shape)) + tuple(shape)
    axes = tuple(axis for axis, length in enumerate(padded) if length == 1)
    return up.sum(axis=axes).reshape(shape)


def entry_to_entry(up, shape):
    out = np.zeros(shape)
    for place in np.ndindex(up.shape):
        last = place[len(place) - len(shape) :]
        out[tuple(0 if n == 1 else i for i, n in zip(last, shape, strict=True))] += up[place]
    return out


def ones_in_front(up, shape):
    missing = up.ndim - len(shape)
    for axis in reversed(range(up.ndim)):
        if axis < missing:
            up = np.add.reduce(up, axis)
        elif shape[axis - missing] == 1:
            up = np.expand_dims(np.add.reduce(up, axis), axis)
    return up


def leading_axes_left(up, shape):
    for axis in range(-len(shape), 0):
        if shape[axis] == 1:
            up = up.sum(axis=axis, keepdims=True)
    return up


task(
    unbroadcast,
    chapter=7,
    title="Undoing a broadcast",
    minutes=15,
    points=3,
    returns="gradient",
    inputs=broadcast_up,
    extremes=other_broadcasts,
    statement="""
        NumPy repeats a small array to fit a large one: `(T, 1)` beside `(A, N, T, D)` is repeated
        along the last axis and along two new axes in front. On the way back, an entry that was
        used many times adds up what all its copies receive.

        `up` is the gradient at the large shape; `shape` is the tuple of the small one, to which
        nothing but such repeating was done.

        Write `unbroadcast(up, shape)`, which returns the gradient of the small array: an array of
        shape `shape`. Both may have any number of axes, also the same; `shape` may be `()`.
        """,
    example="""
        >>> unbroadcast(np.array([[1.0, 2.0], [30.0, 40.0]]), (2,)).tolist()
        [31.0, 42.0]
        >>> unbroadcast(np.array([[1.0, 2.0], [30.0, 40.0]]), (2, 1)).tolist()
        [[3.0], [70.0]]
        """,
    variants=[by_axes, entry_to_entry, ones_in_front],
    oracle=lambda up, shape: pullback(lambda x: x * np.ones(up.shape), up, np.zeros(shape)),
    differences=lambda up, shape: slopes(lambda x: np.sum(up * x), np.zeros(shape)),
    mistakes=[
        Mistake(
            "ones_not_summed",
            "The axes of length 1 are not summed",
            "An axis of length 1 was repeated too, so its gradient adds up along it; only the "
            "new axes in front were summed.",
            {"            up = up.sum(axis=axis, keepdims=True)": "            pass"},
        ),
        Mistake(
            "leading_not_summed",
            "The new axes in front are not summed",
            "Broadcasting put new axes in front of the shape; the sum over them removes them.",
            leading_axes_left,
        ),
        Mistake(
            "one_leading_axis",
            "Only one of the new axes in front is summed",
            "Broadcasting can put several axes in front, and each of them is summed away.",
            {"while up.ndim": "if up.ndim"},
        ),
        Mistake(
            "aligned_at_the_front",
            "The lengths are matched from the front",
            "Shapes are lined up at their last axes, so the first length of the shape belongs to "
            "a later axis of up once there are new ones.",
            {"while up.ndim > len(shape):\n        up = up.sum(axis=0)\n    ": ""},
        ),
        Mistake(
            "wrong_end",
            "The surplus axes are summed from the end",
            "Shapes are lined up at their last axes, so the axes that broadcasting adds stand in "
            "front.",
            {"axis=0": "axis=-1"},
        ),
        Mistake(
            "keepdims_missing",
            "The axes of length 1 are gone",
            "The gradient has the shape of what it belongs to, and that keeps its axes of length "
            "1; a plain sum removes them.",
            {"return up": "return up.reshape([n for n in shape if n != 1])"},
        ),
        Mistake(
            "averaged",
            "The copies are averaged",
            "Each copy acts on the loss by itself, so what the copies receive is added; nothing "
            "is divided.",
            {"up.sum(axis=0)": "up.mean(axis=0)", "up.sum(axis=axis": "up.mean(axis=axis"},
        ),
        Mistake(
            "first_copy",
            "Only the first copy's gradient is kept",
            "All copies come from one entry, so all that they receive counts, not the first alone.",
            {"up.sum(axis=0)": "up[0]", "up.sum(axis=axis, keepdims=True)": "up.take([0], axis)"},
        ),
        Mistake(
            "kept_axes_summed",
            "The axes that were not repeated are summed",
            "An axis whose length is the same on both sides was not repeated and stays; the ones "
            "of length 1 are to be summed.",
            {"length == 1": "length != 1"},
        ),
        Mistake(
            "everything_summed",
            "Everything is summed into every entry",
            "Each entry adds up its own copies; the copies of other entries don't belong to it.",
            {"return up": "return np.full(shape, up.sum())"},
        ),
    ],
    nudge="If one number is written into six places, and each place sends back a gradient, what "
    "does the number receive?",
    sketch="""
        Two things may have happened, and each is undone by a sum. Axes may have been added: they
        stand in front, and are summed away one by one until up has as many axes as the shape.
        Then axes of length 1 may have been stretched: wherever the shape says 1, sum along that
        axis and keep it, with length 1.
        """,
    skeleton="""
        def unbroadcast(up, shape):
            while ...:              # more axes than the shape has
                up = ...
            for axis, length in enumerate(shape):
                if ...:
                    up = ...        # summed, and the axis kept
            return up
        """,
    notice="This is how every engine gives a bias its gradient: db is the case of a (M,) that was "
    "broadcast to (N, M). Copying forward is adding backward.",
)
