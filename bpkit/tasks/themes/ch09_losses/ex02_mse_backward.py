"""The gradient of the mean squared error. A factor 2 and a division by all entries."""

import numpy as np

import bpkit as bp
from bpkit.tasks.spec import Mistake, task
from bpkit.tasks.themes.ch09_losses.shared import predictions_and_targets
from bpkit.tasks.tools import changed_in_place, pullback, slopes


def mse_backward(Y, T):
    """The gradient of the mean squared error with respect to the predictions.

    Y (N, D): predictions. T (N, D): targets. Returns dY (N, D).
    """
    return 2 * (Y - T) / Y.size


def mse_backward_loops(Y, T):
    N, D = Y.shape
    dY = np.zeros((N, D))
    for n in range(N):
        for d in range(D):
            dY[n, d] = 2 / (N * D) * Y[n, d] - 2 / (N * D) * T[n, d]
    return dY


task(
    mse_backward,
    chapter=9,
    title="The mean squared error, backward",
    minutes=6,
    points=1,
    returns="dY",
    inputs=predictions_and_targets,
    statement="""
        The loss is the mean, over all N D entries, of the squared difference between the
        predictions `Y` and the targets `T`, both `(N, D)`. There is no factor 1/2. This is where
        the way back starts: nothing arrives from above.

        Write `mse_backward(Y, T)`, which returns the gradient of the loss with respect to `Y`,
        `dY` `(N, D)`.
        """,
    example="""
        >>> mse_backward(np.array([[1.0, 4.0]]), np.array([[1.0, 2.0]])).tolist()
        [[0.0, 2.0]]
        """,
    variants=[
        {"2 * (Y - T) / Y.size": "(Y - T) / (0.5 * Y.shape[0] * Y.shape[1])"},
        {"2 * (Y - T) / Y.size": "np.subtract(Y, T) * np.full(Y.shape, 2.0 / T.size)"},
        mse_backward_loops,
    ],
    oracle=lambda Y, T: pullback(lambda y: bp.mse(y, T), 1.0, Y),
    differences=lambda Y, T: slopes(lambda Y: np.mean((Y - T) ** 2), Y),
    mistakes=[
        Mistake(
            "two_missing",
            "The factor 2 is missing",
            "The derivative of a square is twice what was squared; this loss has no 1/2 to cancel "
            "the 2.",
            {"2 * ": ""},
        ),
        Mistake(
            "divided_by_N",
            "Divided by N only",
            "The mean runs over all entries, so the factor is 1 over N times D.",
            {"Y.size": "len(Y)"},
        ),
        Mistake(
            "divided_by_D",
            "Divided by D only",
            "The mean runs over all entries, so the factor is 1 over N times D.",
            {"Y.size": "Y.shape[1]"},
        ),
        Mistake(
            "not_divided",
            "The mean's division is missing",
            "The loss is a mean over N D entries, so each derivative is divided by their number; "
            "yours is that of a sum.",
            {" / Y.size": ""},
        ),
        Mistake(
            "sign",
            "The sign is flipped",
            "The loss grows when a prediction that is too large grows: the gradient is Y - T, not "
            "T - Y.",
            {"(Y - T)": "(T - Y)"},
        ),
        Mistake(
            "still_squared",
            "The difference is still squared",
            "The derivative of a square is twice the difference itself, which keeps its sign.",
            {"(Y - T)": "(Y - T) ** 2"},
        ),
        Mistake(
            "sign_lost",
            "The sign of the difference is lost",
            "Predictions that are too small must be pushed up, others down; an absolute value "
            "pushes all the same way.",
            {"(Y - T)": "np.abs(Y - T)"},
        ),
        Mistake(
            "sign_only",
            "Only the sign of the difference is left",
            "That belongs to the absolute error; a square's slope grows with the difference.",
            {"(Y - T)": "np.sign(Y - T)"},
        ),
        Mistake(
            "target_forgotten",
            "The targets are left out",
            "What was squared is the difference to the target, and so the difference remains.",
            {"(Y - T)": "Y"},
        ),
        Mistake(
            "averaged",
            "The gradient is averaged to one number",
            "Every prediction has its own derivative; the mean in the loss leaves the factor "
            "1 over N D, not a mean of the gradients.",
            {"2 * (Y - T) / Y.size": "2 * np.mean(Y - T)"},
        ),
        changed_in_place({"return 2 * (Y - T) / Y.size": "Y -= T\n    return 2 * Y / Y.size"}, "Y"),
    ],
    nudge="How much does the mean of six squares move when one of the six numbers moves?",
    sketch="""
        Only one term of the mean holds a given prediction. The derivative of a square is twice
        what was squared, with its sign. The mean divides by the number of terms, which is the
        number of entries, not of examples.
        """,
    skeleton="""
        def mse_backward(Y, T):
            errors = ...            # (N, D)
            return ... * errors / ...
        """,
    notice="A prediction that is off by twice as much is pulled back twice as hard: that is why "
    "one wild target can rule a whole batch.",
)
