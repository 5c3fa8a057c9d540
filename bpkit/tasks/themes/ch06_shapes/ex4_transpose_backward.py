"""The backward step of a permutation of axes.

The way back is the inverse permutation, which differs from the permutation for three axes.
"""

import numpy as np

import bpkit as bp
from bpkit.tasks.spec import Mistake, task
from bpkit.tasks.tools import pullback, slopes


def transpose_backward(dY, axes):
    """The gradient of Y = X.transpose(axes).

    X has three axes; axis i of Y is axis axes[i] of X. dY has the shape of Y, which is X's in
    another order. Returns dX, in the shape of X.
    """
    return dY.transpose(np.argsort(axes))


ROUND = [(1, 2, 0), (2, 0, 1)]


def turned(draw):
    shape, axes = draw.sizes("N D M", least=2), draw.choice(ROUND)
    return {"dY": draw.real(*[shape[a] for a in axes]), "axes": axes}


def both_ways_round(draw):
    dY = draw.real(2, 3, 5)
    return {f"the order {axes}": {"dY": dY, "axes": axes} for axes in ROUND}


def transpose_by_view(dY, axes):
    shape = [0, 0, 0]
    for place, axis in enumerate(axes):
        shape[axis] = dY.shape[place]
    dX = np.empty(shape)
    dX.transpose(axes)[...] = dY
    return dX


def transpose_by_loops(dY, axes):
    dX = np.zeros([dY.shape[axes.index(axis)] for axis in range(3)])
    for place in np.ndindex(dY.shape):
        back = [0, 0, 0]
        for i, axis in enumerate(axes):
            back[axis] = place[i]
        dX[tuple(back)] = dY[place]
    return dX


task(
    transpose_backward,
    chapter=6,
    title="Axes, put back in order",
    minutes=8,
    points=2,
    returns="dX",
    inputs=turned,
    extremes=both_ways_round,
    statement="""
        Attention and convolution reorder axes all the time, and a gradient must find its way
        back. `X` has three axes, and `Y = X.transpose(axes)`: axis `i` of `Y` is axis `axes[i]`
        of `X`. With `axes = (1, 2, 0)`, an `X` of shape `(N, D, M)` becomes a `Y` of shape `(D,
        M, N)`.

        Write `transpose_backward(dY, axes)`. `dY` has the shape of `Y`, and `axes` is a tuple, an
        order of 0, 1 and 2. It returns `dX`, in the shape of `X`.
        """,
    example="""
        >>> dY = np.zeros((3, 5, 2))        # X was (2, 3, 5)
        >>> transpose_backward(dY, (1, 2, 0)).shape
        (2, 3, 5)
        """,
    variants=[
        {"dY.transpose(np.argsort(axes))": "np.moveaxis(dY, (0, 1, 2), axes)"},
        {"dY.transpose(np.argsort(axes))": "dY.transpose([axes.index(i) for i in range(3)])"},
        {"dY.transpose(np.argsort(axes))": "np.einsum(dY, list(axes), [0, 1, 2])"},
        transpose_by_view,
        transpose_by_loops,
    ],
    oracle=lambda dY, axes: pullback(
        lambda X: bp.transpose(X, axes), dY, np.zeros([dY.shape[axes.index(i)] for i in range(3)])
    ),
    differences=lambda dY, axes: slopes(
        lambda X: np.sum(dY * X.transpose(axes)),
        np.zeros([dY.shape[axes.index(i)] for i in range(3)]),
    ),
    mistakes=[
        Mistake(
            "same_again",
            "The same order of axes is applied again",
            "That would undo an exchange of two axes; here all three go round, and the way back is "
            "the opposite order.",
            {"np.argsort(axes)": "axes"},
        ),
        Mistake(
            "unchanged",
            "dY is returned as it came",
            "Its axes still stand in the order of Y; dX has the order of X.",
            {"dY.transpose(np.argsort(axes))": "dY"},
        ),
        Mistake(
            "reshaped",
            "The numbers are laid out anew, not moved with their axes",
            "The shape is that of X, but reshape keeps the numbers in their sequence; a transpose "
            "carries each along with its axes.",
            {
                "dY.transpose(np.argsort(axes))": "dY.reshape([dY.shape[i] for i in np.argsort("
                "axes)])"
            },
        ),
        Mistake(
            "all_reversed",
            "All axes are reversed",
            "Without an order given, a transpose reverses all axes; that is right for two axes, "
            "and not for three.",
            {"np.argsort(axes)": ""},
        ),
        Mistake(
            "order_read_backward",
            "The order of axes is read from its end",
            "The opposite of an order is not the same list backward: it says for each axis of X "
            "where in Y it went.",
            {"np.argsort(axes)": "axes[::-1]"},
        ),
        Mistake(
            "inverse_read_backward",
            "The opposite order is read from its end",
            "Axis 0 of dX is found first: it is the place in axes where 0 stands.",
            {"np.argsort(axes)": "np.argsort(axes)[::-1]"},
        ),
        Mistake(
            "first_two",
            "Only the first two axes are exchanged",
            "Every axis of X went somewhere else, so all three must come back.",
            {"np.argsort(axes)": "1, 0, 2"},
        ),
        Mistake(
            "last_two",
            "Only the last two axes are exchanged",
            "Every axis of X went somewhere else, so all three must come back.",
            {"np.argsort(axes)": "0, 2, 1"},
        ),
    ],
    nudge="At which place of Y does axis 0 of X stand now?",
    sketch="""
        A transpose only moves numbers, so the way back moves each gradient to where its number
        came from. Ask for each axis of X where it went: axis 0 of X stands in Y at the place
        where the tuple holds 0, and so on. These three places, in order, are the order that takes
        the axes back.
        """,
    skeleton="""
        def transpose_backward(dY, axes):
            back = ...              # for axis 0, 1, 2 of X: its place in Y
            return dY.transpose(back)
        """,
    notice="For a matrix the two orders are the same, which hides the difference. And a reshape to "
    "the right shape would have passed every test that looks at shapes alone.",
)
