"""The mean squared error. The mean is over all entries, and the square comes before it."""

import numpy as np

import bpkit as bp
from bpkit.tasks.spec import Mistake, task
from bpkit.tasks.themes.ch09_losses.shared import predictions_and_targets
from bpkit.tasks.tools import changed_in_place


def mse_loss(Y, T):
    """The mean squared error, over all entries.

    Y (N, D): predictions. T (N, D): targets. Returns a number.
    """
    return np.mean((Y - T) ** 2)


def mse_loops(Y, T):
    total = 0.0
    for y, t in zip(Y, T, strict=True):
        for a, b in zip(y, t, strict=True):
            total += (a - b) * (a - b)
    return total / (Y.shape[0] * Y.shape[1])


task(
    mse_loss,
    chapter=9,
    title="The mean squared error",
    minutes=5,
    points=1,
    returns="loss",
    inputs=predictions_and_targets,
    statement="""
        A loss says in one number how far predictions are from their targets. The mean squared
        error squares each difference and takes the mean over all entries. `Y` is `(N, D)`, D
        predictions for each of N examples; `T` `(N, D)` holds the targets.

        Write `mse_loss(Y, T)`, which returns the loss, one number: the mean over all N D entries,
        with no factor 1/2.
        """,
    example="""
        >>> float(mse_loss(np.array([[1.0, 4.0]]), np.array([[1.0, 2.0]])))
        2.0
        """,
    variants=[
        {"np.mean((Y - T) ** 2)": "np.linalg.norm(Y - T) ** 2 / Y.size"},
        {"np.mean((Y - T) ** 2)": 'np.einsum("nd,nd->", Y - T, Y - T) / Y.size'},
        {"np.mean((Y - T) ** 2)": "((Y - T) ** 2).mean(axis=1).mean()"},
        mse_loops,
    ],
    oracle=lambda Y, T: bp.mse(Y, T),
    mistakes=[
        Mistake(
            "summed",
            "The squares are summed, not averaged",
            "A sum grows with the batch; the mean divides it by the number of entries, N times D.",
            {"np.mean": "np.sum"},
        ),
        Mistake(
            "divided_by_N",
            "The sum is divided by N only",
            "The mean runs over all entries, so the sum is divided by N times D.",
            {"np.mean((Y - T) ** 2)": "np.sum((Y - T) ** 2) / len(Y)"},
        ),
        Mistake(
            "halved",
            "There is a factor 1/2",
            "Some books put 1/2 in front, to cancel the 2 of the derivative; here the loss is the "
            "plain mean.",
            {"np.mean": "0.5 * np.mean"},
        ),
        Mistake(
            "not_squared",
            "The differences are not squared",
            "Without the square, differences of opposite signs cancel, and a bad prediction can "
            "have loss 0.",
            {" ** 2": ""},
        ),
        Mistake(
            "squared_after_the_mean",
            "The mean is squared, not the differences",
            "Square first, then average: averaged first, differences of opposite signs cancel.",
            {"np.mean((Y - T) ** 2)": "np.mean(Y - T) ** 2"},
        ),
        Mistake(
            "absolute",
            "It is the mean absolute error",
            "The differences are squared, not made positive: large ones count more.",
            {"np.mean((Y - T) ** 2)": "np.mean(np.abs(Y - T))"},
        ),
        Mistake(
            "root",
            "The root is taken",
            "The root of the mean squared error is another measure; the loss is the mean itself.",
            {"np.mean((Y - T) ** 2)": "np.sqrt(np.mean((Y - T) ** 2))"},
        ),
        Mistake(
            "difference_of_squares",
            "The squares are subtracted, not the numbers",
            "It is the difference that is squared; a difference of squares can be negative.",
            {"(Y - T) ** 2": "Y**2 - T**2"},
        ),
        Mistake(
            "per_column",
            "The mean runs over the examples only",
            "A loss is one number: the mean runs over both axes.",
            {") ** 2)": ") ** 2, axis=0)"},
        ),
        Mistake(
            "per_example",
            "There is one loss for each example",
            "A loss is one number: the mean runs over both axes.",
            {") ** 2)": ") ** 2, axis=1)"},
        ),
        changed_in_place({"return np.mean((Y - T) ** 2)": "Y -= T\n    return np.mean(Y**2)"}, "Y"),
    ],
    nudge="How many squared differences are there in all, and what must their sum be divided by?",
    sketch="""
        Subtract the targets from the predictions, square each difference, and take the mean over
        everything. The order matters: a square before the mean keeps differences of opposite
        signs from cancelling.
        """,
    skeleton="""
        def mse_loss(Y, T):
            errors = ...            # (N, D)
            return np.mean(...)
        """,
    notice="The mean makes the loss independent of the batch's size: a learning rate that suits "
    "one batch suits another.",
)
