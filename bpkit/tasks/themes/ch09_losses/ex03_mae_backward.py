"""The gradient of the mean absolute error. Only the sign of the difference matters."""

import numpy as np

import bpkit as bp
from bpkit.tasks.spec import Mistake, task
from bpkit.tasks.themes.ch09_losses.shared import predictions_and_targets
from bpkit.tasks.tools import changed_in_place, pullback


def mae_backward(Y, T):
    """The gradient of the mean absolute error with respect to the predictions.

    Y (N, D): predictions. T (N, D): targets. Returns dY (N, D).
    """
    return np.sign(Y - T) / Y.size


def mae_masks(Y, T):
    dY = np.zeros(Y.shape)
    dY[Y > T] = 1 / Y.size
    dY[Y < T] = -1 / Y.size
    return dY


task(
    mae_backward,
    chapter=9,
    title="The mean absolute error, backward",
    minutes=6,
    points=1,
    returns="dY",
    inputs=predictions_and_targets,
    statement="""
        The mean absolute error takes each difference between prediction and target without its
        sign, and averages over all N D entries. `Y` and `T` are `(N, D)`. No prediction equals
        its target here, so every slope is well defined.

        Write `mae_backward(Y, T)`, which returns the gradient of the loss with respect to `Y`,
        `dY` `(N, D)`.
        """,
    example="""
        >>> mae_backward(np.array([[1.5, 4.0]]), np.array([[7.0, 2.0]])).tolist()
        [[-0.5, 0.5]]
        """,
    variants=[
        {"np.sign(Y - T)": "np.where(Y > T, 1.0, -1.0)"},
        {"np.sign(Y - T)": "(Y - T) / np.abs(Y - T)"},
        {"np.sign(Y - T)": "(2.0 * (Y > T) - 1)"},
        mae_masks,
    ],
    oracle=lambda Y, T: pullback(lambda y: bp.mae(y, T), 1.0, Y),
    mistakes=[
        Mistake(
            "of_the_square",
            "It is the gradient of the squared error",
            "An absolute value has slope 1 or -1, however large the difference is.",
            {"np.sign(Y - T)": "2 * (Y - T)"},
        ),
        Mistake(
            "difference",
            "The difference stands where its sign belongs",
            "An absolute value has slope 1 or -1, however large the difference is.",
            {"np.sign(Y - T)": "(Y - T)"},
        ),
        Mistake(
            "value_for_slope",
            "It is the absolute difference, not its slope",
            "The absolute value is what the loss is made of; its slope is 1 where the prediction "
            "is too large and -1 where it is too small.",
            {"np.sign(Y - T)": "np.abs(Y - T)"},
        ),
        Mistake(
            "flipped",
            "The sign is flipped",
            "The loss grows when a prediction that is too large grows, so its slope is positive "
            "there.",
            {"Y - T": "T - Y"},
        ),
        Mistake(
            "sign_of_Y",
            "The sign is that of the prediction alone",
            "What decides is whether the prediction lies above or below its target.",
            {"np.sign(Y - T)": "np.sign(Y)"},
        ),
        Mistake(
            "one_side_only",
            "Predictions that are too small get no gradient",
            "Below its target a prediction has slope -1: the loss falls when it is raised.",
            {"np.sign(Y - T)": "(Y > T)"},
        ),
        Mistake(
            "always_one",
            "The slope is 1 everywhere",
            "The absolute value falls on the left of 0 and rises on the right: its slope changes "
            "sign.",
            {"np.sign(Y - T)": "np.ones(Y.shape)"},
        ),
        Mistake(
            "not_divided",
            "The mean's division is missing",
            "The loss is a mean over N D entries, so each slope is divided by their number.",
            {" / Y.size": ""},
        ),
        Mistake(
            "divided_by_N",
            "Divided by N only",
            "The mean runs over all entries, so the factor is 1 over N times D.",
            {"Y.size": "len(Y)"},
        ),
        Mistake(
            "averaged",
            "The gradient is averaged to one number",
            "Every prediction has its own slope; the mean in the loss leaves the factor 1 over "
            "N D, not a mean of the slopes.",
            {"np.sign(Y - T) / Y.size": "np.mean(np.sign(Y - T))"},
        ),
        changed_in_place({"return": "Y -= T\n    return", "np.sign(Y - T)": "np.sign(Y)"}, "Y"),
    ],
    nudge="A prediction is far too large; does the slope of its absolute error depend on how far?",
    sketch="""
        The graph of an absolute value is a V: the slope is the same all along each side, and only
        its sign differs. So the size of the difference drops out. What remains is the sign, and
        the division by the number of entries that the mean brings.
        """,
    skeleton="""
        def mae_backward(Y, T):
            slopes = ...            # (N, D): 1 or -1
            return slopes / ...
        """,
    notice="Every target pulls with the same force, wild ones too. The price: near the target the "
    "pull does not grow weaker, so small steps keep jumping across it.",
)
