"""Dropout, forward and backward, as a pair. One mask and one scale serve both ways."""

import numpy as np

from bpkit.tasks.spec import Mistake, task
from bpkit.tasks.tools import changed_in_place, pullback, slopes, upstream_ignored


def dropout_forward(X, keep, rate):
    """Dropout while training, with the mask given.

    X (N, D). keep (N, D): True where an entry is kept. rate: the probability with which an entry
    is dropped. Returns Y (N, D).
    """
    return X * keep / (1 - rate)


def dropout_inputs(draw):
    N, D = draw.sizes("N D", least=2)
    X, keep = draw.real(N, D), draw.mask(N, D)
    return {"X": X, "keep": keep, "rate": _rate(draw, keep)}


def _rate(draw, keep):
    """A probability that is neither one half nor the share that the mask drops."""
    rates = [r for r in np.arange(0.15, 0.45, 0.01).round(2) if abs(r - (1 - keep.mean())) > 0.02]
    return float(draw.choice(rates))


def dropout_by_loops(X, keep, rate):
    Y = np.zeros(X.shape)
    for n, d in zip(*np.nonzero(keep), strict=True):
        Y[n, d] = X[n, d] / (1 - rate)
    return Y


def dropout_zeroed(X, keep, rate):
    Y = X + X * rate / (1 - rate)
    Y[~keep] = 0
    return Y


task(
    dropout_forward,
    chapter=14,
    title="Dropout, forward",
    minutes=6,
    points=1,
    returns="Y",
    inputs=dropout_inputs,
    statement="""
        Dropout makes a network rely on no single unit: in training each entry is set to 0 with
        probability `rate`. The entries that are kept are scaled up so that, on average over all
        masks, each entry comes out as large as it went in; then nothing needs to change in
        evaluation. `X` is `(N, D)`. The mask has been drawn for you: `keep` `(N, D)` is True
        where an entry is kept. `rate` is a number between 0 and 1.

        Write `dropout_forward(X, keep, rate)`, which returns `Y` `(N, D)` and leaves `X` as it
        is.
        """,
    example="""
        >>> dropout_forward(np.array([[3.0, 5.0]]), np.array([[True, False]]), 0.25).tolist()
        [[4.0, 0.0]]
        """,
    variants=[
        {"X * keep / (1 - rate)": "np.where(keep, X / (1 - rate), 0.0)"},
        {"X * keep / (1 - rate)": "np.einsum('nd,nd->nd', X, keep.astype(float)) / (1 - rate)"},
        dropout_by_loops,
        dropout_zeroed,
    ],
    differences=lambda X, keep, rate: slopes(
        lambda Z: float((Z * X * keep).sum() / (1 - rate)), np.zeros(X.shape)
    ),
    mistakes=[
        Mistake(
            "not_scaled",
            "What is kept is not scaled up",
            "With a share of the entries gone the sums of the next layer shrink; dividing by "
            "1 - rate makes up for it.",
            {" / (1 - rate)": ""},
        ),
        Mistake(
            "scaled_down",
            "What is kept is scaled down",
            "Multiplying by 1 - rate shrinks twice; the kept entries are divided by it.",
            {"/ (1 - rate)": "* (1 - rate)"},
        ),
        Mistake(
            "divided_by_rate",
            "Divided by the rate itself",
            "rate is the share that is dropped; what is kept is divided by the share that is "
            "kept, 1 - rate.",
            {"/ (1 - rate)": "/ rate"},
        ),
        Mistake(
            "multiplied_by_rate",
            "Multiplied by the rate",
            "The kept entries must grow, to stand in for those that are gone.",
            {"/ (1 - rate)": "* rate"},
        ),
        Mistake(
            "mask_inverted",
            "The mask is the wrong way round",
            "keep is True where an entry stays; here those are the ones set to 0.",
            {"* keep": "* ~keep"},
        ),
        Mistake(
            "mask_unused",
            "Nothing is dropped",
            "All entries are scaled, but those where keep is False must become 0.",
            {"X * keep": "X"},
        ),
        Mistake(
            "share_counted",
            "Divided by the share that this mask keeps",
            "The average runs over all masks, so the divisor is the probability, 1 - rate, not "
            "what one draw happened to keep.",
            {"(1 - rate)": "keep.mean()"},
        ),
        Mistake(
            "dropped_left",
            "Dropped entries stay as they were",
            "Where keep is False the output is 0; only the kept ones are scaled here.",
            {"X * keep / (1 - rate)": "np.where(keep, X / (1 - rate), X)"},
        ),
        changed_in_place(
            {"return X * keep / (1 - rate)": "X[~keep] = 0\n    return X / (1 - rate)"}, "X"
        ),
    ],
    nudge="If a quarter of all entries is set to 0, by what must the others grow so that their "
    "sum stays the same on average?",
    sketch="""
        An entry is kept with probability 1 - rate. So over many masks it comes out as this
        probability times the value that a kept entry is given. Choose that value such that the
        average is the entry itself; where the mask is False, the output is 0.
        """,
    skeleton="""
        def dropout_forward(X, keep, rate):
            kept = ...              # (N, D): X where it is kept, else 0
            return ...
        """,
    notice="Dividing in training instead of multiplying in evaluation is called inverted dropout: "
    "the network that is used in the end has no dropout left in it.",
)


def dropout_backward(dY, keep, rate):
    """The gradient of dropout, Y = X * keep / (1 - rate).

    dY (N, D). keep (N, D): the mask of the forward pass, True where an entry was kept. rate: a
    number. Returns dX (N, D).
    """
    return dY * keep / (1 - rate)


def dropout_upstream(draw):
    N, D = draw.sizes("N D", least=2)
    dY, keep = draw.real(N, D), draw.mask(N, D)
    return {"dY": dY, "keep": keep, "rate": _rate(draw, keep)}


def dropout_back_by_loops(dY, keep, rate):
    dX = np.zeros(dY.shape)
    for n, d in np.ndindex(dY.shape):
        if keep[n, d]:
            dX[n, d] = dY[n, d] / (1 - rate)
    return dX


def dropout_back_zeroed(dY, keep, rate):
    dX = np.array(dY) / (1 - rate)
    dX[np.logical_not(keep)] = 0.0
    return dX


task(
    dropout_backward,
    chapter=14,
    title="Dropout, backward",
    minutes=6,
    points=1,
    returns="dX",
    inputs=dropout_upstream,
    statement="""
        In the forward pass dropout computed `Y = X * keep / (1 - rate)`: the mask `keep` `(N, D)`
        is True where an entry was kept, and `rate` is the probability of dropping one. The
        gradient goes back through the same mask. `dY` `(N, D)` arrives from above.

        Write `dropout_backward(dY, keep, rate)`, which returns `dX` `(N, D)` and changes no
        input.
        """,
    example="""
        >>> dropout_backward(np.array([[3.0, 5.0]]), np.array([[True, False]]), 0.25).tolist()
        [[4.0, 0.0]]
        """,
    variants=[
        {"dY * keep / (1 - rate)": "np.where(keep, dY / (1 - rate), 0.0)"},
        {"dY * keep / (1 - rate)": "dY * (keep.astype(float) * (1.0 / (1.0 - rate)))"},
        dropout_back_by_loops,
        dropout_back_zeroed,
    ],
    oracle=lambda dY, keep, rate: pullback(
        lambda X: X * (keep / (1 - rate)), dY, np.full(dY.shape, 0.7)
    ),
    differences=lambda dY, keep, rate: slopes(
        lambda X: float((dY * X * keep / (1 - rate)).sum()), np.full(dY.shape, 0.7)
    ),
    mistakes=[
        upstream_ignored({"dY * keep": "keep"}),
        Mistake(
            "not_scaled",
            "The scale of the forward pass is forgotten",
            "Y holds what is kept divided by 1 - rate, so a step of X moves Y by as much more.",
            {" / (1 - rate)": ""},
        ),
        Mistake(
            "scaled_down",
            "The scale is turned upside down",
            "The derivative of X / (1 - rate) is 1 / (1 - rate): backward divides as forward did.",
            {"/ (1 - rate)": "* (1 - rate)"},
        ),
        Mistake(
            "divided_by_rate",
            "Divided by the rate itself",
            "The forward pass divided by the share that is kept, 1 - rate.",
            {"/ (1 - rate)": "/ rate"},
        ),
        Mistake(
            "multiplied_by_rate",
            "Multiplied by the rate",
            "The forward pass divided by the share that is kept, 1 - rate.",
            {"/ (1 - rate)": "* rate"},
        ),
        Mistake(
            "scaled_twice",
            "The scale enters twice",
            "The derivative carries 1 / (1 - rate) once, as the forward pass did.",
            {"(1 - rate)": "(1 - rate) ** 2"},
        ),
        Mistake(
            "mask_inverted",
            "The mask is the wrong way round",
            "An entry that was kept passes its gradient; one that was dropped had no part in Y.",
            {"* keep": "* ~keep"},
        ),
        Mistake(
            "mask_unused",
            "The gradient passes where entries were dropped",
            "A dropped entry had no part in Y, so nothing comes back to it.",
            {"dY * keep": "dY"},
        ),
        Mistake(
            "passes_as_it_is",
            "dY is passed on as it is",
            "That is right in evaluation; in training the mask and the scale act on the way back "
            "too.",
            {"dY * keep / (1 - rate)": "dY.copy()"},
        ),
        Mistake(
            "share_counted",
            "Divided by the share that this mask keeps",
            "The forward pass divided by the probability, 1 - rate, whatever the mask kept.",
            {"(1 - rate)": "keep.mean()"},
        ),
        changed_in_place(
            {"return dY * keep / (1 - rate)": "dY[~keep] = 0\n    return dY / (1 - rate)"}, "dY"
        ),
    ],
    nudge="If an entry of X that was dropped moves a little, does Y move? And one that was kept: "
    "by how much?",
    sketch="""
        Once the mask is drawn, dropout is a product of each entry with a constant: 0 where it was
        dropped, one over the share that is kept elsewhere. The way back multiplies by the same
        constants.
        """,
    skeleton="""
        def dropout_backward(dY, keep, rate):
            slope = ...             # (N, D): by how much Y moves when X does
            return ... * slope
        """,
    notice="The mask must be the one of the forward pass. A fresh one would give the gradient of "
    "another network.",
)
