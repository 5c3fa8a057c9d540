"""The backward step of ReLU. The gradient passes where X is positive, and nowhere else."""

import numpy as np

import bpkit as bp
from bpkit.tasks.spec import Mistake, task
from bpkit.tasks.tools import changed_in_place, pullback, slopes, upstream_ignored


def upstream_and_x(draw):
    N, D = draw.sizes("N D")
    return {"dY": draw.real(N, D), "X": draw.real(N, D)}


def relu_backward(dY, X):
    """The gradient of Y = max(X, 0).

    dY, X (N, D). Returns dX (N, D); at 0 the derivative is 0.
    """
    return dY * (X > 0)


def relu_loops(dY, X):
    dX = np.zeros_like(X)
    for n, d in np.ndindex(X.shape):
        if X[n, d] > 0:
            dX[n, d] = dY[n, d]
    return dX


def relu_zeroed(dY, X):
    dX = dY.copy()
    dX[X <= 0] = 0
    return dX


task(
    relu_backward,
    chapter=8,
    title="ReLU, backward",
    minutes=6,
    points=1,
    returns="dX",
    inputs=upstream_and_x,
    statement="""
        ReLU keeps what is positive: `Y = max(X, 0)`, entry by entry. `X` is `(N, D)`, and so are
        `Y` and the upstream gradient `dY`.

        Write `relu_backward(dY, X)`, which returns `dX` `(N, D)`.
        """,
    example="""
        >>> relu_backward(np.array([[10.0, 20.0]]), np.array([[-3.0, 0.5]])).tolist()
        [[0.0, 20.0]]
        """,
    variants=[
        {"dY * (X > 0)": "np.where(X > 0, dY, 0.0)"},
        {"dY * (X > 0)": "dY * (np.sign(X) + np.abs(np.sign(X))) / 2"},
        relu_loops,
        relu_zeroed,
    ],
    oracle=lambda dY, X: pullback(bp.relu, dY, X),
    differences=lambda dY, X: slopes(lambda X: np.sum(dY * np.maximum(X, 0)), X),
    mistakes=[
        upstream_ignored({"dY * (X > 0)": "(X > 0).astype(float)"}),
        Mistake(
            "passes_all",
            "The upstream gradient passes everywhere",
            "Where X is negative, Y does not move when X does, so nothing may pass there.",
            {"dY * (X > 0)": "dY.copy()"},
        ),
        Mistake(
            "forward_again",
            "The forward pass is applied to dY",
            "What decides is the sign of X, which went in, not the sign of the gradient.",
            {"dY * (X > 0)": "np.maximum(dY, 0)"},
        ),
        Mistake(
            "sign_of_both",
            "The sign of dY is looked at as well",
            "A negative upstream gradient passes like a positive one; only X decides.",
            {"(X > 0)": "(X > 0) * (dY > 0)"},
        ),
        Mistake(
            "wrong_side",
            "The gradient passes where X is negative",
            "ReLU is flat for negative X and has slope 1 for positive X; here it is the other "
            "way round.",
            {"X > 0": "X < 0"},
        ),
        Mistake(
            "times_value",
            "Multiplied by the value instead of the slope",
            "The slope of ReLU is 1 where X is positive; yours multiplies by X, which is its "
            "value.",
            {"(X > 0)": "np.maximum(X, 0)"},
        ),
        changed_in_place({"return dY * (X > 0)": "dY[X <= 0] = 0\n    return dY"}, "dY"),
        Mistake(
            "mask_of_the_product",
            "The mask is taken of dY times X",
            "What decides is the sign of X alone: a negative gradient passes a positive X as well.",
            {"(X > 0)": "(dY * X > 0)"},
        ),
    ],
    nudge="If an entry of X is -3 and you move it a little, does Y move?",
    sketch="""
        The derivative of max(x, 0) is 1 where x is positive and 0 where it is not. So each entry
        of the upstream gradient either passes as it is, or is stopped; the mask that decides is
        made from X.
        """,
    skeleton="""
        def relu_backward(dY, X):
            passes = ...            # (N, D): True where the slope is 1
            return ... * passes
        """,
    notice="The mask comes from X, which the forward pass must keep. A unit whose X is negative "
    "on every example "
    "receives no gradient at all: it is dead.",
)
