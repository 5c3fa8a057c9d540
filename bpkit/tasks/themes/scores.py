"""Tasks on losses and their gradients: squares, absolute values, probabilities, class labels.

Softmax cross-entropy's gradient, the one that most networks start back from, stands in losses.py.
"""

import numpy as np

import bpkit as bp
from bpkit.tasks.spec import Mistake, task
from bpkit.tasks.tools import averaged_twice, changed_in_place, not_averaged, pullback, slopes


def predictions_and_targets(draw):
    N, D = draw.sizes("N D")
    return {"Y": draw.real(N, D), "T": draw.real(N, D)}


def logits_and_labels(draw):
    N, K = draw.sizes("N K", least=2)
    return {"logits": draw.real(N, K), "labels": draw.labels(N, K)}


def scores(draw):
    N, K = draw.sizes("N K", least=2)
    return {"logits": draw.real(N, K)}


FAR = np.array([[1000.0, -1000.0, -900.7], [-2000.0, 0.4, -1.1], [-1000.0, -1001.0, -1002.5]])


def far_scores(draw):
    return {"logits near 1000": {"logits": FAR.copy()}}


def far_and_labels(draw):
    return {"logits near 1000": {"logits": FAR.copy(), "labels": np.array([1, 2, 0])}}


def stable_log_sum(z):
    top = z.max(axis=1)
    return top + np.log(np.exp(z - top[:, None]).sum(axis=1))


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


def huber_backward(Y, T, delta):
    """The gradient of the mean Huber loss with respect to the predictions.

    Y (N, D): predictions. T (N, D): targets. delta: a number. Returns dY (N, D).
    """
    errors = Y - T
    return np.clip(errors, -delta, delta) / Y.size


def near_and_far(draw):
    """Differences on both sides of delta, with both signs."""
    N, D = draw.sizes("N D")
    delta = draw.positive(low=0.5, high=0.9)
    near = draw.mask(N, D)
    errors = np.where(near, draw.real(N, D, low=0.2, high=0.8), draw.real(N, D, low=1.2, high=3.0))
    for place, error in enumerate([1.7, -2.3, 0.4, -0.6][: errors.size]):
        errors.flat[place] = error
    T = draw.real(N, D)
    return {"Y": T + delta * draw.rng.permuted(errors), "T": T, "delta": delta}


def huber_loops(Y, T, delta):
    dY = np.zeros_like(Y)
    for i in np.ndindex(Y.shape):
        e = Y[i] - T[i]
        if e > delta:
            e = delta
        elif e < -delta:
            e = -delta
        dY[i] = e / Y.size
    return dY


def huber_sum(Y, T, delta):
    e = np.abs(Y - T)
    return np.mean(np.where(e <= delta, 0.5 * e * e, delta * (e - 0.5 * delta)))


task(
    huber_backward,
    chapter=9,
    title="The Huber loss, backward",
    minutes=10,
    points=2,
    returns="dY",
    inputs=near_and_far,
    statement=r"""
        The Huber loss is a square for small differences and a straight line for large ones, so
        that a wild target can't rule the batch. For one entry, with $e = y - t$, it is
        $\frac12 e^2$ where $|e| \le \delta$, and $\delta\,(|e| - \frac12 \delta)$ beyond. The
        loss is the mean over all N D entries. `Y` and `T` are `(N, D)`, `delta` is a positive
        number.

        Write `huber_backward(Y, T, delta)`, which returns the gradient of the loss with respect
        to `Y`, `dY` `(N, D)`.
        """,
    example="""
        >>> huber_backward(np.array([[3.0, 4.5]]), np.array([[9.0, 4.0]]), 2.0).tolist()
        [[-1.0, 0.25]]
        """,
    variants=[
        {
            "np.clip(errors, -delta, delta)": (
                "np.where(np.abs(errors) <= delta, errors, delta * np.sign(errors))"
            )
        },
        {"np.clip(errors, -delta, delta)": "np.maximum(np.minimum(errors, delta), -delta)"},
        {
            "np.clip(errors, -delta, delta)": (
                "errors * np.minimum(1, delta / np.maximum(np.abs(errors), delta))"
            )
        },
        huber_loops,
    ],
    oracle=lambda Y, T, delta: pullback(lambda y: bp.huber(y, T, delta), 1.0, Y),
    differences=lambda Y, T, delta: slopes(lambda Y: huber_sum(Y, T, delta), Y),
    mistakes=[
        Mistake(
            "not_limited",
            "Large differences are not limited",
            "Beyond delta the loss is a straight line, whose slope no longer grows with the "
            "difference.",
            {"np.clip(errors, -delta, delta)": "errors"},
        ),
        Mistake(
            "positive_only",
            "Only large positive differences are limited",
            "A prediction can be far below its target too: it is the size of the difference, "
            "whatever its sign, that is compared with delta.",
            {"np.clip(errors, -delta, delta)": "np.minimum(errors, delta)"},
        ),
        Mistake(
            "sign_lost",
            "Beyond delta the sign is lost",
            "On the left the line falls: a prediction far below its target has slope -delta.",
            {"np.clip(errors, -delta, delta)": "np.where(np.abs(errors) <= delta, errors, delta)"},
        ),
        Mistake(
            "slope_one",
            "Beyond delta the slope is 1 instead of delta",
            "The line continues the square where it ends, and there the slope is delta.",
            {
                "np.clip(errors, -delta, delta)": (
                    "np.where(np.abs(errors) <= delta, errors, np.sign(errors))"
                )
            },
        ),
        Mistake(
            "nothing_beyond",
            "Large differences get no gradient",
            "Beyond delta the loss goes on rising, along a line; it is not flat.",
            {"np.clip(errors, -delta, delta)": "np.where(np.abs(errors) <= delta, errors, 0.0)"},
        ),
        Mistake(
            "sides_exchanged",
            "The square and the line are exchanged",
            "Small differences, up to delta, lie on the square; large ones on the line.",
            {
                "np.clip(errors, -delta, delta)": (
                    "np.where(np.abs(errors) <= delta, delta * np.sign(errors), errors)"
                )
            },
        ),
        Mistake(
            "factor_two",
            "For small differences there is a factor 2",
            "The square stands with 1/2 in the loss, and the 2 of its derivative cancels that.",
            {
                "np.clip(errors, -delta, delta)": (
                    "np.where(np.abs(errors) <= delta, 2 * errors, delta * np.sign(errors))"
                )
            },
        ),
        Mistake(
            "flipped",
            "The sign is flipped",
            "The loss grows when a prediction that is too large grows: the difference is Y - T.",
            {"Y - T": "T - Y"},
        ),
        Mistake(
            "value_for_slope",
            "It is the loss of each entry, not its slope",
            "These are the values of the square and of the line; asked for are their slopes.",
            {
                "np.clip(errors, -delta, delta)": (
                    "np.where(np.abs(errors) <= delta, errors**2 / 2, "
                    "delta * (np.abs(errors) - delta / 2))"
                )
            },
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
        changed_in_place({"errors = Y - T": "errors = Y\n    errors -= T"}, "Y"),
        Mistake(
            "value_beyond",
            "Beyond delta the value of the line stands, not its slope",
            "The line rises by delta for each unit of the difference, so its slope is delta, with "
            "the difference's sign.",
            {
                "np.clip(errors, -delta, delta)": (
                    "np.where(np.abs(errors) <= delta, errors, "
                    "delta * (np.abs(errors) - delta / 2))"
                )
            },
        ),
    ],
    nudge="What is the slope of the square at the place where the line takes over, and what is it "
    "further out, on both sides?",
    sketch="""
        Differentiate the two pieces. The square with its half has the difference itself as slope.
        The line has a constant slope, positive on the right and negative on the left, and it fits
        the square where they meet. So the slope is the difference, kept between two bounds. The
        mean adds a division by the number of entries.
        """,
    skeleton="""
        def huber_backward(Y, T, delta):
            errors = ...
            slopes = ...            # (N, D): never beyond delta in size
            return slopes / ...
        """,
    notice="The gradient is the difference, clipped. Huber's loss is what clipping the gradient "
    "of a squared error amounts to.",
)


def bce_with_logits(logits, targets):
    """The mean binary cross-entropy of the sigmoid of the logits.

    logits, targets (N,); targets from 0 to 1. Returns a number.
    """
    positive = np.maximum(logits, 0)
    losses = positive - logits * targets + np.log1p(np.exp(-np.abs(logits)))
    return np.mean(losses)


def logits_and_targets(draw):
    N = draw.size("N", least=2)
    return {"logits": draw.real(N), "targets": draw.positive(N, low=0.1, high=0.9)}


def far_logits(draw):
    logits = np.array([1000.0, -1000.0, 0.4, -1000.0, 800.0])
    return {
        "logits near 1000": {"logits": logits, "targets": np.array([1.0, 0.0, 0.3, 1.0, 0.0])},
    }


def bce_two_terms(logits, targets):
    return np.mean(targets * np.logaddexp(0, -logits) + (1 - targets) * np.logaddexp(0, logits))


def bce_loops(logits, targets):
    from math import exp, log1p

    total = 0.0
    for z, t in zip(logits, targets, strict=True):
        total += (1 - t) * z + log1p(exp(-z)) if z > 0 else -t * z + log1p(exp(z))
    return total / len(targets)


task(
    bce_with_logits,
    chapter=9,
    title="Binary cross-entropy from logits",
    minutes=15,
    points=3,
    returns="loss",
    inputs=logits_and_targets,
    extremes=far_logits,
    statement=r"""
        For a yes-or-no question a network gives one number, the logit $z$; its sigmoid $p$ is the
        probability of yes. The loss of one example is $-t \log p - (1 - t) \log(1 - p)$, where
        the target $t$ is 1 for yes, 0 for no, or anything between. `logits` and `targets` are
        `(N,)`.

        Write `bce_with_logits(logits, targets)`, which returns the mean loss, one number. It must
        be right for logits of any size: at 1000, p is rounded to 1, and the logarithm of 1 - p is
        minus infinity.
        """,
    example="""
        >>> round(float(bce_with_logits(np.array([0.0, 2.0]), np.array([1.0, 1.0]))), 4)
        0.41
        >>> float(bce_with_logits(np.array([1000.0, -1000.0]), np.array([1.0, 1.0])))
        500.0
        """,
    variants=[
        lambda logits, targets: np.mean(np.logaddexp(0, logits) - logits * targets),
        bce_two_terms,
        bce_loops,
    ],
    oracle=lambda logits, targets: bp.bce_with_logits(logits, targets),
    mistakes=[
        Mistake(
            "logarithm_of_zero",
            "The logarithm of a rounded probability is taken",
            "For logits near 1000 the sigmoid is 0 or 1 exactly, and a logarithm of 0 follows; "
            "put the logarithm and the sigmoid together first.",
            lambda logits, targets: np.mean(
                -targets * np.log(1 / (1 + np.exp(-logits)))
                - (1 - targets) * np.log(1 - 1 / (1 + np.exp(-logits)))
            ),
        ),
        Mistake(
            "overflow",
            "An exponential overflows before the logarithm",
            "For logits near 1000, exp is infinity, and so is its logarithm; take out the large "
            "part first, so that exp is given only negative numbers.",
            {
                "positive = np.maximum(logits, 0)": "positive = np.log(1 + np.exp(logits))",
                " + np.log1p(np.exp(-np.abs(logits)))": "",
            },
        ),
        Mistake(
            "small_constant",
            "A small constant inside the logarithm hides the loss",
            "With 1e-12 added to the probabilities no loss can exceed 28, and a logit that is "
            "wrong by 1000 looks no worse; put the logarithm and the sigmoid together instead.",
            lambda logits, targets: np.mean(
                -targets * np.log(1 / (1 + np.exp(-logits)) + 1e-12)
                - (1 - targets) * np.log(1 - 1 / (1 + np.exp(-logits)) + 1e-12)
            ),
        ),
        Mistake(
            "summed",
            "The losses are summed, not averaged",
            "The loss of a batch is the mean of its N examples' losses, so that it does not grow "
            "with the batch.",
            {"np.mean": "np.sum"},
        ),
        Mistake(
            "negated",
            "The sign is flipped",
            "The logarithm of a probability is negative, and the loss is minus it: a number that "
            "is 0 at best.",
            {"np.mean": "-np.mean"},
        ),
        Mistake(
            "target_missing",
            "The targets are left out",
            "Without the term that holds them, the loss is least for very negative logits, "
            "whatever the targets are.",
            {" - logits * targets": ""},
        ),
        Mistake(
            "yes_only",
            "The term for no is missing",
            "Where the target is below 1, the logarithm of 1 - p counts too, with weight 1 - t.",
            {"return np.mean(losses)": "return np.mean(targets * np.logaddexp(0, -logits))"},
        ),
        Mistake(
            "no_only",
            "The term for yes is missing",
            "Where the target is above 0, the logarithm of p counts too, with weight t.",
            {"return np.mean(losses)": "return np.mean((1 - targets) * np.logaddexp(0, logits))"},
        ),
        Mistake(
            "targets_exchanged",
            "Yes and no are exchanged",
            "The logarithm of p is weighted by t, and that of 1 - p by 1 - t; here it is the "
            "other way round.",
            {"logits * targets": "logits * (1 - targets)"},
        ),
        Mistake(
            "sigmoid_twice",
            "The sigmoid is applied twice",
            "The logits go through one sigmoid; after two, no probability is below 1/2.",
            {"positive = ": "logits = 1 / (1 + np.exp(-logits))\n    positive = "},
        ),
        Mistake(
            "squared_error",
            "It is the squared error of the probability",
            "Cross-entropy takes the logarithm of the probability; a squared error is almost flat "
            "where the network is sure and wrong.",
            {
                "return np.mean(losses)": (
                    "p = 1 / (1 + np.exp(-logits))\n    return np.mean((p - targets) ** 2)"
                )
            },
        ),
        Mistake(
            "maximum_missing",
            "The logit is taken where its positive part belongs",
            "In the form without overflow, what stands before the logarithm is the larger of the "
            "logit and 0.",
            {"np.maximum(logits, 0)": "logits"},
        ),
        Mistake(
            "absolute_missing",
            "The exponent lacks its absolute value",
            "In the form without overflow, exp is taken of minus the absolute value of the logit; "
            "with the positive part in front, the plain form counts negative logits twice.",
            {"-np.abs(logits)": "-logits"},
        ),
        Mistake(
            "one_for_each",
            "There is one loss for each example",
            "Asked for is the mean over the batch, one number.",
            {"np.mean(losses)": "losses"},
        ),
    ],
    nudge="Write minus the logarithm of the sigmoid as a logarithm of a sum; when is the sum huge, "
    "and what can be taken out of it then?",
    sketch="""
        Minus the logarithm of the sigmoid is softplus of minus z; for 1 minus the sigmoid it is
        softplus of z. The two differ by z, so the loss is softplus of z, minus z times the
        target. Softplus overflows only in a careless form: take out the larger of z and 0, and
        what is left is the logarithm of 1 plus an exponential that is never above 1.
        """,
    skeleton="""
        def bce_with_logits(logits, targets):
            softplus = ... + np.log1p(np.exp(...))      # (N,): the exponent is never positive
            losses = softplus - ...
            return np.mean(losses)
        """,
    notice="At a logit of 1000 and target 0 the loss is 1000, not infinity: far out, cross-entropy "
    "is a straight line, and its slope is at most 1.",
)


def bce_with_logits_backward(logits, targets):
    """The gradient of the mean binary cross-entropy with respect to the logits.

    logits, targets (N,); targets from 0 to 1. Returns dlogits (N,).
    """
    p = 1 / (1 + np.exp(-logits))
    return (p - targets) / len(logits)


def bce_backward_loops(logits, targets):
    out = []
    for z, t in zip(logits, targets, strict=True):
        p = 0.5 + 0.5 * np.tanh(0.5 * z)
        out.append(((1 - t) * p - t * (1 - p)) / len(targets))
    return np.array(out)


def bce_sum(logits, targets):
    return np.mean(np.logaddexp(0, logits) - logits * targets)


task(
    bce_with_logits_backward,
    chapter=9,
    title="Binary cross-entropy, backward",
    minutes=10,
    points=2,
    returns="dlogits",
    inputs=logits_and_targets,
    extremes=far_logits,
    statement=r"""
        `logits` and `targets` are `(N,)`. The loss is the mean over the N examples of
        $-t \log p - (1 - t) \log(1 - p)$, where $p$ is the sigmoid of the logit and the target
        $t$ lies between 0 and 1.

        Write `bce_with_logits_backward(logits, targets)`, which returns the gradient of the loss
        with respect to the logits, `dlogits` `(N,)`. It must be finite for logits of any size.
        """,
    example="""
        >>> bce_with_logits_backward(np.array([0.0, 0.0]), np.array([1.0, 0.0])).tolist()
        [-0.25, 0.25]
        """,
    variants=[
        {"1 / (1 + np.exp(-logits))": "0.5 * (1 + np.tanh(logits / 2))"},
        {"(p - targets)": "((1 - targets) * p - targets * (1 - p))"},
        bce_backward_loops,
    ],
    oracle=lambda logits, targets: pullback(lambda z: bp.bce_with_logits(z, targets), 1.0, logits),
    differences=lambda logits, targets: slopes(lambda z: bce_sum(z, targets), logits),
    mistakes=[
        not_averaged({" / len(logits)": ""}),
        averaged_twice({"/ len(logits)": "/ len(logits) ** 2"}),
        Mistake(
            "sign",
            "The sign is flipped",
            "A step against the gradient must raise the logit where the target is above p: it is "
            "p minus the target.",
            {"(p - targets)": "(targets - p)"},
        ),
        Mistake(
            "target_not_subtracted",
            "The targets are left out",
            "These are the probabilities alone; what the target pulls is subtracted from them.",
            {"(p - targets)": "p"},
        ),
        Mistake(
            "logits_for_probabilities",
            "The logits stand where the probabilities belong",
            "The gradient is p minus the target, and p is the sigmoid of the logit.",
            {"(p - targets)": "(logits - targets)"},
        ),
        Mistake(
            "slope_of_sigmoid_again",
            "The sigmoid's slope is multiplied in again",
            "p minus the target already contains it: it has cancelled the denominator that the "
            "logarithms left.",
            {"(p - targets)": "(p - targets) * p * (1 - p)"},
        ),
        Mistake(
            "stopped_at_p",
            "It is the gradient with respect to p",
            "Asked for is the gradient with respect to the logits, so the way goes on through the "
            "sigmoid, whose slope is p (1 - p).",
            {"(p - targets)": "(p - targets) / (p * (1 - p))"},
        ),
        Mistake(
            "zero_over_zero",
            "The sigmoid's slope does not cancel for large logits",
            "Divided by p (1 - p) and multiplied by it again, the gradient is 0/0 where p is "
            "rounded to 0 or 1; cancel it on paper first.",
            {"(p - targets)": "(p - targets) / (p * (1 - p)) * (p * (1 - p))"},
        ),
        Mistake(
            "sigmoid_twice",
            "The sigmoid is applied twice",
            "p is one sigmoid of the logit; a second one flattens it.",
            {"(p - targets)": "(1 / (1 + np.exp(-p)) - targets)"},
        ),
        Mistake(
            "overflow",
            "A large exponential is divided by itself",
            "For a logit near 1000, exp is infinity, and infinity over infinity is NaN; write the "
            "sigmoid with the exponential below the line only.",
            {"1 / (1 + np.exp(-logits))": "np.exp(logits) / (1 + np.exp(logits))"},
        ),
        Mistake(
            "yes_only",
            "The term for no is missing",
            "This is the gradient of -t log p alone; the logarithm of 1 - p has one too.",
            {"(p - targets)": "targets * (p - 1)"},
        ),
        Mistake(
            "rounded",
            "The probability is rounded to yes or no",
            "The gradient uses p itself; rounded, an unsure answer pulls as hard as a sure one.",
            {"(p - targets)": "((p > 0.5) - targets)"},
        ),
        changed_in_place({"return (p - targets)": "targets -= p\n    return -targets"}, "targets"),
    ],
    nudge="The slope of the logarithms has p (1 - p) below the line; what is the slope of the "
    "sigmoid?",
    sketch="""
        First differentiate with respect to p: the two logarithms give p minus t, over p times 1
        minus p. Then pass back through the sigmoid, whose slope is p times 1 minus p. On paper
        the two cancel, and what is left is short, and finite however large the logit is. The mean
        divides by the number of examples.
        """,
    skeleton="""
        def bce_with_logits_backward(logits, targets):
            p = ...                 # (N,)
            return (...) / ...
        """,
    notice="A prediction minus a target, over N: the same as for softmax, and as for half the "
    "squared error. The losses are made to fit their outputs.",
)


def logsumexp(logits):
    """The logarithm of the sum of the exponentials of each row.

    logits (N, K). Returns (N,).
    """
    top = logits.max(axis=1)
    total = np.exp(logits - top[:, None]).sum(axis=1)
    return top + np.log(total)


def logsumexp_loops(logits):
    from math import exp, log

    out = []
    for row in logits:
        top = max(row)
        out.append(top + log(sum(exp(z - top) for z in row)))
    return np.array(out)


def column_by_column(logits):
    total = logits[:, 0]
    for column in logits.T[1:]:
        high, low = np.maximum(total, column), np.minimum(total, column)
        total = high + np.log1p(np.exp(low - high))
    return total


task(
    logsumexp,
    chapter=9,
    title="Log-sum-exp without overflow",
    minutes=10,
    points=2,
    returns="result",
    inputs=scores,
    extremes=far_scores,
    statement="""
        Every loss on softmax contains the logarithm of a sum of exponentials. Computed as it
        stands, exp of 1000 is infinity, and exp of -1000 is 0, whose logarithm is minus infinity;
        the right answers are near 1000 and -1000.

        Write `logsumexp(logits)`: `logits` is `(N, K)`; for each row it returns the logarithm of
        the sum of the exponentials, an array `(N,)`. It must be right for logits of any size,
        also when one row holds large numbers and another very negative ones.
        """,
    example="""
        >>> logsumexp(np.array([[1000.0, 1000.0], [-1000.0, -1000.0]])).round(4).tolist()
        [1000.6931, -999.3069]
        """,
    variants=[
        {"top + np.log(total)": "np.logaddexp.reduce(logits, axis=1)"},
        {
            "top[:, None]": "top.reshape(-1, 1)",
            "top + np.log(total)": "np.log(total) + np.sort(logits)[:, -1]",
        },
        logsumexp_loops,
        column_by_column,
    ],
    oracle=lambda logits: bp.logsumexp(bp.Tensor(logits), axis=1).data,
    mistakes=[
        Mistake(
            "no_maximum",
            "The maximum is not taken out",
            "exp overflows for logits near 1000; the largest of each row is subtracted before and "
            "added again after.",
            {"logits - top[:, None]": "logits", "top + np.log": "np.log"},
        ),
        Mistake(
            "one_maximum_for_all",
            "One maximum is taken out of all rows",
            "A row that lies far below the largest of all is turned into zeros, and the logarithm "
            "of 0 follows; each row needs its own maximum.",
            {"logits.max(axis=1)": "np.full(len(logits), logits.max())"},
        ),
        Mistake(
            "maximum_not_added",
            "The maximum is not added again",
            "What was subtracted inside the exponential comes out of the logarithm as a term, and "
            "must be put back.",
            {"top + np.log": "np.log"},
        ),
        Mistake(
            "added_without_subtracting",
            "The maximum is added but was never taken out",
            "The two belong together: subtracted inside the exponential, added outside the "
            "logarithm.",
            {"logits - top[:, None]": "logits"},
        ),
        Mistake(
            "wrong_sign",
            "The maximum is subtracted at the end",
            "What was taken out inside the exponential is put back with a plus.",
            {"top + np.log(total)": "np.log(total) - top"},
        ),
        Mistake(
            "multiplied",
            "The maximum is multiplied, not added",
            "A factor of exp(top) in the sum is a term top in the logarithm.",
            {"top + np.log": "top * np.log"},
        ),
        Mistake(
            "wrong_axis",
            "The sum runs over the examples",
            "The K scores of one example belong together: there is one result for each row.",
            {
                "logits.max(axis=1)": "logits.max(axis=0)",
                "top[:, None]).sum(axis=1)": "top).sum(axis=0)",
            },
        ),
        Mistake(
            "whole_batch",
            "The sum runs over the whole batch",
            "There is one result for each row, N in all.",
            {
                "logits.max(axis=1)": "logits.max()",
                "top[:, None]).sum(axis=1)": "top).sum()",
            },
        ),
        Mistake(
            "maximum_alone",
            "It is the maximum alone",
            "Log-sum-exp is a smooth maximum: a little more than the largest, since the others "
            "add to the sum.",
            {"top + np.log(total)": "top"},
        ),
        Mistake(
            "mean",
            "The exponentials are averaged, not summed",
            "The mean has a division by K, which comes out of the logarithm as minus log K.",
            {".sum(axis=1)": ".mean(axis=1)"},
        ),
        Mistake(
            "no_logarithm",
            "The logarithm is missing",
            "The sum of the exponentials is not yet the result; its logarithm is asked for.",
            {"np.log(total)": "total"},
        ),
        Mistake(
            "one_added",
            "1 is added to the sum",
            "np.log1p takes the logarithm of 1 plus its argument, and the sum is complete as it "
            "is.",
            {"np.log(total)": "np.log1p(total)"},
        ),
        changed_in_place(
            {
                "total = np.exp(logits - top[:, None])": "logits -= top[:, None]\n    "
                "total = np.exp(logits)"
            },
            "logits",
        ),
        Mistake(
            "scores_summed",
            "The scores themselves are summed",
            "The logarithm is taken of the sum; taken of each exponential before the sum, it "
            "undoes it.",
            {"return top + np.log(total)": "return logits.sum(axis=1)"},
        ),
        Mistake(
            "mean_taken_out",
            "The mean is taken out, not the maximum",
            "Where one score lies far above the mean of its row, its exponential still overflows; "
            "with the maximum, none is above 1.",
            {"logits.max(axis=1)": "logits.mean(axis=1)"},
        ),
    ],
    nudge="If every score of a row is lowered by the same number, what happens to the logarithm of "
    "the sum?",
    sketch="""
        Lowering all scores of a row by c divides the sum by exp of c, and so lowers its logarithm
        by c: nothing is lost if you add c again. Choose c so that nothing overflows and the sum
        is not 0: with the largest score of that row, every exponential is at most 1 and one of
        them is 1 exactly.
        """,
    skeleton="""
        def logsumexp(logits):
            top = ...               # (N,): one number for each row
            total = np.exp(...).sum(...)
            return ... + np.log(total)
        """,
    notice="The result lies between the largest score and the largest score plus log K. Its "
    "gradient is softmax.",
)


def softmax(logits):
    """Each row's scores as probabilities.

    logits (N, K). Returns p (N, K); each row sums to 1.
    """
    e = np.exp(logits - logits.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def softmax_from_logs(logits):
    return np.exp(logits - np.logaddexp.reduce(logits, axis=1, keepdims=True))


def softmax_loops(logits):
    rows = []
    for z in logits:
        e = [np.exp(v - max(z)) for v in z]
        rows.append([v / sum(e) for v in e])
    return np.array(rows)


def softmax_from_differences(logits):
    gaps = logits[:, None, :] - logits[:, :, None]
    return 1 / np.exp(gaps).sum(axis=2)


task(
    softmax,
    chapter=9,
    title="Softmax without overflow",
    minutes=8,
    points=2,
    returns="p",
    inputs=scores,
    extremes=far_scores,
    statement="""
        Softmax turns the K scores of an example into K probabilities: each is the exponential of
        its score, divided by the sum of the exponentials of that row. `logits` is `(N, K)`.

        Write `softmax(logits)`, which returns the probabilities, `p` `(N, K)`. They must be right
        for logits of any size; exp of 1000 is infinity.
        """,
    example="""
        >>> softmax(np.array([[0.0, np.log(3.0)], [1000.0, 1000.0]])).round(6).tolist()
        [[0.25, 0.75], [0.5, 0.5]]
        """,
    variants=[
        softmax_from_logs,
        softmax_loops,
        softmax_from_differences,
        {"e / e.sum(axis=1, keepdims=True)": "(e.T / e.sum(axis=1)).T"},
    ],
    oracle=lambda logits: bp.softmax(bp.Tensor(logits)).data,
    mistakes=[
        Mistake(
            "no_maximum",
            "The maximum is not subtracted",
            "exp overflows for logits near 1000; subtracting each row's largest changes no "
            "probability.",
            {" - logits.max(axis=1, keepdims=True)": ""},
        ),
        Mistake(
            "one_maximum_for_all",
            "One maximum is subtracted from all rows",
            "A row that lies far below the largest of all is turned into zeros, and 0 is divided "
            "by 0; each row needs its own maximum.",
            {"logits.max(axis=1, keepdims=True)": "logits.max()"},
        ),
        Mistake(
            "columns",
            "The columns sum to 1, not the rows",
            "The K scores of one example compete, so the sum runs along each row.",
            {"logits.max(axis=1": "logits.max(axis=0", "e.sum(axis=1": "e.sum(axis=0"},
        ),
        Mistake(
            "columns_below",
            "Each entry is divided by the sum of its column",
            "The K scores of one example compete, so the sum runs along each row.",
            {"e.sum(axis=1": "e.sum(axis=0"},
        ),
        Mistake(
            "whole_batch",
            "All entries together sum to 1",
            "Each row is an example of its own and sums to 1 by itself.",
            {
                "logits.max(axis=1, keepdims=True)": "logits.max()",
                "e.sum(axis=1, keepdims=True)": "e.sum()",
            },
        ),
        Mistake(
            "keepdims_missing",
            "What was computed for each row is laid along the columns",
            "A maximum or a sum over a row is one number a row, (N, 1); without its last axis it "
            "is broadcast across the columns.",
            {
                "logits.max(axis=1, keepdims=True)": "logits.max(axis=1)",
                "e.sum(axis=1, keepdims=True)": "e.sum(axis=1)",
            },
        ),
        Mistake(
            "keepdims_missing_below",
            "The rows' sums are laid along the columns",
            "A sum over a row is one number a row, (N, 1); without its last axis it is broadcast "
            "across the columns.",
            {"e.sum(axis=1, keepdims=True)": "e.sum(axis=1)"},
        ),
        Mistake(
            "not_normalized",
            "The exponentials are not divided by their sum",
            "Probabilities sum to 1; each exponential is divided by the sum of its row.",
            {" / e.sum(axis=1, keepdims=True)": ""},
        ),
        Mistake(
            "no_exponential",
            "The exponential is missing",
            "Scores can be negative; their exponentials are positive and keep the order.",
            {"np.exp(logits - logits.max(axis=1, keepdims=True))": "logits"},
        ),
        Mistake(
            "logarithms",
            "These are the logarithms of the probabilities",
            "Asked for are the probabilities themselves, which lie between 0 and 1.",
            {
                "return e / e.sum(axis=1, keepdims=True)": (
                    "return logits - logits.max(axis=1, keepdims=True)"
                    " - np.log(e.sum(axis=1, keepdims=True))"
                )
            },
        ),
        Mistake(
            "sigmoid",
            "It is the sigmoid of each score",
            "The sigmoid looks at each score alone; in softmax the scores of a row share a sum "
            "of 1.",
            {"return e / e.sum(axis=1, keepdims=True)": "return 1 / (1 + np.exp(-logits))"},
        ),
        Mistake(
            "sign",
            "The largest score gets the smallest probability",
            "The exponent is the score itself, not minus the score.",
            {
                "np.exp(logits - logits.max(axis=1, keepdims=True))": (
                    "np.exp(logits.min(axis=1, keepdims=True) - logits)"
                )
            },
        ),
        Mistake(
            "largest_only",
            "The largest score gets everything",
            "That is the hard maximum; softmax gives every class a share.",
            {"e / e.sum(axis=1, keepdims=True)": "(e == 1).astype(float)"},
        ),
        Mistake(
            "twice",
            "Softmax is applied twice",
            "A softmax of probabilities flattens them; one is enough.",
            {
                "return e / e.sum(axis=1, keepdims=True)": (
                    "e = np.exp(e / e.sum(axis=1, keepdims=True))\n"
                    "    return e / e.sum(axis=1, keepdims=True)"
                )
            },
        ),
        changed_in_place(
            {
                "e = np.exp(logits - logits.max(axis=1, keepdims=True))": (
                    "logits -= logits.max(axis=1, keepdims=True)\n    e = np.exp(logits)"
                )
            },
            "logits",
        ),
        Mistake(
            "exponentials_only",
            "These are the exponentials alone",
            "Probabilities sum to 1; each exponential is divided by the sum of its row.",
            {"return e / e.sum(axis=1, keepdims=True)": "return np.exp(logits)"},
        ),
        Mistake(
            "mean_subtracted",
            "The mean is subtracted, not the maximum",
            "Where one score lies far above the mean of its row, its exponential still overflows; "
            "with the maximum, none is above 1.",
            {"logits.max(axis=1": "logits.mean(axis=1"},
        ),
    ],
    nudge="If every score of a row is lowered by the same number, what happens to the fractions?",
    sketch="""
        A number subtracted from all scores of a row divides every exponential of the row by the
        same factor, which cancels in the fraction. Subtract the largest score of the row: then
        every exponential is at most 1, and their sum at least 1. Keep the reduced axis, so that
        each row meets its own number.
        """,
    skeleton="""
        def softmax(logits):
            e = np.exp(logits - ...)        # (N, K): at most 1
            return e / ...
        """,
    notice="Only differences between scores matter: adding 7 to all of them changes nothing. So "
    "one of the K logits is free.",
)


def cross_entropy(logits, labels):
    """The mean cross-entropy of softmax(logits) against the labels.

    logits (N, K), labels (N,): integers from 0 to K - 1. Returns a number.
    """
    top = logits.max(axis=1)
    log_sum = top + np.log(np.exp(logits - top[:, None]).sum(axis=1))
    chosen = logits[np.arange(len(labels)), labels]
    return np.mean(log_sum - chosen)


def one_hot_cross_entropy(logits, labels):
    target = np.eye(logits.shape[1])[labels]
    log_p = logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)
    return -(target * log_p).sum() / len(labels)


def cross_entropy_loops(logits, labels):
    total = 0.0
    for z, label in zip(logits, labels, strict=True):
        total += np.log(sum(np.exp(v - max(z)) for v in z)) + max(z) - z[label]
    return total / len(labels)


def by_gaps(logits, labels):
    gaps = logits - np.take_along_axis(logits, labels[:, None], axis=1)
    return np.logaddexp.reduce(gaps, axis=1).mean()


task(
    cross_entropy,
    chapter=9,
    title="Cross-entropy from logits",
    minutes=12,
    points=3,
    returns="loss",
    inputs=logits_and_labels,
    extremes=far_and_labels,
    statement="""
        `logits` is `(N, K)`: a row of K scores for each of N examples; `labels` `(N,)` holds the
        right class of each. The loss of an example is minus the logarithm of the probability that
        softmax gives to its right class.

        Write `cross_entropy(logits, labels)`, which returns the mean of these over the batch, one
        number. It must be finite for logits of any size: a probability may be too small for the
        computer, but its logarithm is not.
        """,
    example="""
        >>> float(cross_entropy(np.array([[1000.0, 0.0], [0.0, 1000.0]]), np.array([1, 1])))
        500.0
        """,
    variants=[one_hot_cross_entropy, cross_entropy_loops, by_gaps],
    oracle=lambda logits, labels: bp.softmax_cross_entropy(logits, labels),
    mistakes=[
        Mistake(
            "summed",
            "The losses are summed, not averaged",
            "The loss of a batch is the mean of its N examples' losses, so that it does not grow "
            "with the batch.",
            {"np.mean": "np.sum"},
        ),
        Mistake(
            "averaged_over_all",
            "Divided by the number of all entries",
            "There is one loss for each example; the mean divides by N, not by N times K.",
            {"np.mean(log_sum - chosen)": "np.sum(log_sum - chosen) / logits.size"},
        ),
        Mistake(
            "averaged_over_classes",
            "Divided by the number of classes",
            "There is one loss for each example; the mean divides by N, not by K.",
            {"np.mean(log_sum - chosen)": "np.sum(log_sum - chosen) / logits.shape[1]"},
        ),
        Mistake(
            "sign",
            "The sign is flipped",
            "The logarithm of a probability is negative, and the loss is minus it: a number that "
            "is 0 at best.",
            {"log_sum - chosen": "chosen - log_sum"},
        ),
        Mistake(
            "no_maximum",
            "The maximum is not taken out",
            "exp overflows for logits near 1000; the largest of each row is subtracted before and "
            "added again after.",
            {"top + np.log(np.exp(logits - top[:, None])": "np.log(np.exp(logits)"},
        ),
        Mistake(
            "logarithm_of_zero",
            "The logarithm is taken of a probability that is rounded to 0",
            "For logits near 1000, exp of a difference is 0; take the logarithm on paper first: "
            "the chosen logit minus the logarithm of the sum.",
            {
                "return np.mean(log_sum - chosen)": (
                    "return np.mean(-np.log(np.exp(chosen - log_sum)))"
                )
            },
        ),
        Mistake(
            "small_constant",
            "A small constant inside the logarithm hides the loss",
            "With 1e-12 added to the probabilities no loss can exceed 28, and a logit that is "
            "wrong by 1000 looks no worse; take the logarithm on paper first.",
            {
                "return np.mean(log_sum - chosen)": (
                    "return np.mean(-np.log(np.exp(chosen - log_sum) + 1e-12))"
                )
            },
        ),
        Mistake(
            "maximum_not_added",
            "The maximum is not added again",
            "It was subtracted inside the exponential, so it must be added to the logarithm.",
            {"top + np.log": "np.log"},
        ),
        Mistake(
            "whole_columns",
            "Every example is paired with every label",
            "logits[:, labels] takes whole columns; row n needs the entry at its own label only.",
            {"chosen = logits[np.arange(len(labels)), labels]": "chosen = logits[:, labels]"},
        ),
        Mistake(
            "largest_chosen",
            "The largest score is used, not the label's",
            "The loss is about the right class, whether or not its score is the largest.",
            {"log_sum - chosen": "log_sum - top"},
        ),
        Mistake(
            "labels_from_one",
            "The labels are counted from 1",
            "Classes are numbered from 0, so the label is the column as it is.",
            {"len(labels)), labels]": "len(labels)), labels - 1]"},
        ),
        Mistake(
            "all_classes",
            "All classes count, not the right one alone",
            "Only the logarithm of the right class's probability belongs to the loss.",
            {"np.mean(log_sum - chosen)": "np.sum(log_sum[:, None] - logits) / len(labels)"},
        ),
        Mistake(
            "no_logarithm",
            "The probability is used without its logarithm",
            "The loss is minus the logarithm of the right class's probability, which has no "
            "upper bound; minus the probability does.",
            {"np.mean(log_sum - chosen)": "np.mean(-np.exp(chosen - log_sum))"},
        ),
        Mistake(
            "wrong_axis",
            "Softmax runs over the examples",
            "The K scores of one example compete, so the exponentials are summed along a row.",
            {
                "top = logits.max(axis=1)": "top = logits.max(axis=0)",
                "top + np.log(np.exp(logits - top[:, None]).sum(axis=1))": (
                    "(top + np.log(np.exp(logits - top).sum(axis=0)))[labels]"
                ),
            },
        ),
        Mistake(
            "softmax_twice",
            "Softmax is applied twice",
            "The loss takes logits and applies softmax itself; given probabilities, it flattens "
            "them again.",
            {
                "top = logits": "e = np.exp(logits - logits.max(axis=1, keepdims=True))\n    "
                "logits = e / e.sum(axis=1, keepdims=True)\n    top = logits"
            },
        ),
        Mistake(
            "sum_missing",
            "The logarithm of the sum is missing",
            "The logarithm of a fraction has two terms; without the one below the line, all "
            "scores could grow together and the loss would fall.",
            {"log_sum - chosen": "-chosen"},
        ),
    ],
    nudge="What is the logarithm of a fraction whose top is an exponential?",
    sketch="""
        The probability of the right class is a fraction: the exponential of its score over the
        sum of the exponentials of the row. Minus its logarithm is the logarithm of the sum, minus
        the score. The first is log-sum-exp, which takes out each row's largest score; the second
        is one entry of each row, taken with two lists of indices: the rows in order, and the
        labels. Then the mean.
        """,
    skeleton="""
        def cross_entropy(logits, labels):
            top = ...
            log_sum = ... + np.log(...)     # (N,)
            chosen = logits[..., ...]       # (N,): the score at each label
            return np.mean(...)
        """,
    notice="For K classes and scores near 0, the loss is about log K: the first number to look "
    "at when training starts.",
)


def label_smoothing_backward(logits, labels, smoothing):
    """The gradient of cross-entropy against smoothed labels.

    logits (N, K), labels (N,): integers from 0 to K - 1. smoothing: a number between 0 and 1.
    Returns dlogits (N, K).
    """
    K = logits.shape[1]
    e = np.exp(logits - logits.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    target = (1 - smoothing) * np.eye(K)[labels] + smoothing / K
    return (p - target) / len(labels)


def labels_and_smoothing(draw):
    return {**logits_and_labels(draw), "smoothing": draw.positive(low=0.1, high=0.5)}


def far_and_smoothing(draw):
    far = {"logits": FAR.copy(), "labels": np.array([1, 2, 0]), "smoothing": 0.2}
    return {"logits near 1000": far}


def smoothing_in_two_losses(logits, labels, smoothing):
    p = np.exp(logits - np.logaddexp.reduce(logits, axis=1, keepdims=True))
    hard = p.copy()
    hard[np.arange(len(labels)), labels] -= 1
    even = p - 1 / p.shape[1]
    return ((1 - smoothing) * hard + smoothing * even) / len(p)


def smoothing_loops(logits, labels, smoothing):
    N, K = logits.shape
    out = np.zeros((N, K))
    for n in range(N):
        e = np.exp(logits[n] - max(logits[n]))
        for k in range(K):
            q = smoothing / K
            if k == labels[n]:
                q += 1 - smoothing
            out[n, k] = (e[k] / e.sum() - q) / N
    return out


def smoothed_loss(logits, labels, smoothing):
    K = logits.shape[1]
    target = np.full(logits.shape, smoothing / K)
    target[np.arange(len(labels)), labels] += 1 - smoothing
    return np.sum(target * (stable_log_sum(logits)[:, None] - logits)) / len(labels)


task(
    label_smoothing_backward,
    chapter=9,
    title="Label smoothing, backward",
    minutes=15,
    points=3,
    returns="dlogits",
    inputs=labels_and_smoothing,
    extremes=far_and_smoothing,
    statement="""
        A network that is told to be certain drives its logits ever further apart. Label smoothing
        asks for less: it takes the share `smoothing` from the right class's probability 1, and
        deals it out to all K classes evenly, the right one included. The loss is the mean, over
        the N examples, of the cross-entropy of softmax against these targets.

        `logits` is `(N, K)`, `labels` `(N,)` holds classes, `smoothing` is a number.

        Write `label_smoothing_backward(logits, labels, smoothing)`, which returns the gradient of
        the loss with respect to the logits, `dlogits` `(N, K)`. It must be finite for logits of
        any size.
        """,
    example="""
        >>> logits = np.array([[0.0, 0.0], [0.0, 0.0]])
        >>> label_smoothing_backward(logits, np.array([0, 1]), 0.2).round(6).tolist()
        [[-0.2, 0.2], [0.2, -0.2]]
        """,
    variants=[
        smoothing_in_two_losses,
        smoothing_loops,
        {
            "(1 - smoothing) * np.eye(K)[labels] + smoothing / K": (
                "np.where(np.arange(K) == labels[:, None], "
                "1 - smoothing + smoothing / K, smoothing / K)"
            )
        },
    ],
    oracle=lambda logits, labels, smoothing: pullback(
        lambda z: bp.softmax_cross_entropy(z, labels, smoothing), 1.0, logits
    ),
    differences=lambda logits, labels, smoothing: slopes(
        lambda z: smoothed_loss(z, labels, smoothing), logits
    ),
    mistakes=[
        Mistake(
            "not_smoothed",
            "The labels are not smoothed",
            "This is the gradient against the hard labels; the share `smoothing` goes to all "
            "classes.",
            {"(1 - smoothing) * np.eye(K)[labels] + smoothing / K": "np.eye(K)[labels]"},
        ),
        Mistake(
            "label_not_lowered",
            "The right class keeps its whole 1",
            "What is dealt out is taken from the right class, so that the targets still sum to 1.",
            {"(1 - smoothing) * np.eye": "np.eye"},
        ),
        Mistake(
            "not_dealt_out",
            "What is taken from the right class is not dealt out",
            "The targets must sum to 1: every class receives an equal part of the share.",
            {" + smoothing / K": ""},
        ),
        Mistake(
            "whole_share_for_each",
            "Every class receives the whole share",
            "The share is divided among the K classes, so each receives smoothing / K.",
            {"smoothing / K": "smoothing"},
        ),
        Mistake(
            "others_only",
            "The share is dealt out to the wrong classes only",
            "Here the right class receives its part too; then the part is smoothing / K, and not "
            "smoothing / (K - 1).",
            {
                "(1 - smoothing) * np.eye(K)[labels] + smoothing / K": (
                    "np.where(np.eye(K)[labels] == 1, 1 - smoothing, smoothing / (K - 1))"
                )
            },
        ),
        Mistake(
            "label_left_out",
            "The right class does not receive its part",
            "The share is dealt out to all K classes, the right one included; here the targets "
            "sum to less than 1.",
            {
                "(1 - smoothing) * np.eye(K)[labels] + smoothing / K": (
                    "np.where(np.eye(K)[labels] == 1, 1 - smoothing, smoothing / K)"
                )
            },
        ),
        Mistake(
            "weights_exchanged",
            "The two shares are exchanged",
            "The right class keeps 1 - smoothing, and `smoothing` is dealt out.",
            {
                "(1 - smoothing) * np.eye(K)[labels] + smoothing / K": (
                    "smoothing * np.eye(K)[labels] + (1 - smoothing) / K"
                )
            },
        ),
        Mistake(
            "divided_by_N",
            "The share is divided by N, not by K",
            "It is dealt out among the K classes of one example.",
            {"smoothing / K": "smoothing / len(labels)"},
        ),
        Mistake(
            "probabilities_smoothed",
            "The probabilities are smoothed, not the targets",
            "Smoothing changes what the network is asked for; what it answers stays softmax of "
            "the logits.",
            {
                "target = (1 - smoothing) * np.eye(K)[labels] + smoothing / K": (
                    "target = np.eye(K)[labels]\n    p = (1 - smoothing) * p + smoothing / K"
                )
            },
        ),
        Mistake(
            "sign",
            "The sign is flipped",
            "It is p minus the target: a step against it must move p toward the target.",
            {"(p - target)": "(target - p)"},
        ),
        not_averaged({" / len(labels)": ""}),
        Mistake(
            "no_maximum",
            "The maximum is not subtracted",
            "exp overflows for logits near 1000; subtracting each row's largest changes no p.",
            {" - logits.max(axis=1, keepdims=True)": ""},
        ),
        Mistake(
            "gradient_shrunk",
            "The whole gradient is shrunk",
            "Smoothing changes the target alone; the probabilities that it is taken from stay "
            "whole.",
            {
                "(1 - smoothing) * np.eye(K)[labels] + smoothing / K": "np.eye(K)[labels]",
                "(p - target)": "(1 - smoothing) * (p - target)",
            },
        ),
        Mistake(
            "logits_for_probabilities",
            "The logits stand where the probabilities belong",
            "The gradient is p minus the target, and p is softmax of the logits.",
            {"(p - target)": "(logits - target)"},
        ),
    ],
    nudge="With smoothing, what must the K targets of one example sum to, and how much of that "
    "does the right class hold?",
    sketch="""
        Cross-entropy against any row of probabilities has the same gradient: softmax minus that
        row, over the number of examples. So only the target changes. Shrink the one-hot row by
        the share that is taken away, and add an equal part of that share to all K entries. Check
        that the row still sums to 1.
        """,
    skeleton="""
        def label_smoothing_backward(logits, labels, smoothing):
            K = logits.shape[1]
            p = ...                 # (N, K): softmax
            target = ... * np.eye(K)[labels] + ...
            return ...
        """,
    notice="The gradient is 0 at a finite logit: once the right class's probability has reached "
    "its target, nothing drives it further.",
)


def weighted_cross_entropy_backward(logits, labels, weights):
    """The gradient of the weighted mean of the examples' cross-entropies.

    logits (N, K), labels (N,): integers from 0 to K - 1, weights (K,): one for each class.
    Returns dlogits (N, K).
    """
    e = np.exp(logits - logits.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    target = np.eye(len(weights))[labels]
    w = weights[labels]
    return w[:, None] * (p - target) / w.sum()


def labels_and_weights(draw):
    N, K = draw.sizes("N K", least=2)
    return {
        "logits": draw.real(N, K),
        "labels": draw.labels(N, K),
        "weights": draw.positive(K, low=0.3, high=3.0),
    }


def far_and_weights(draw):
    weights = np.array([0.6, 2.5, 1.4])
    far = {"logits": FAR.copy(), "labels": np.array([1, 2, 0]), "weights": weights}
    return {"logits near 1000": far}


def weighted_rows(logits, labels, weights):
    rows, total = [], 0.0
    for z, label in zip(logits, labels, strict=True):
        p = np.exp(z - np.logaddexp.reduce(z))
        p[label] -= 1
        rows.append(weights[label] * p)
        total += weights[label]
    return np.array(rows) / total


def weighted_targets(logits, labels, weights):
    q = np.zeros_like(logits)
    q[np.arange(len(labels)), labels] = weights[labels] / weights[labels].sum()
    p = np.exp(logits - np.logaddexp.reduce(logits, axis=1, keepdims=True))
    return p * q.sum(axis=1, keepdims=True) - q


def by_matrix(logits, labels, weights):
    p = np.exp(logits - np.logaddexp.reduce(logits, axis=1, keepdims=True))
    shares = np.diag(weights[labels] / np.bincount(labels, minlength=len(weights)).dot(weights))
    return shares @ (p - (labels[:, None] == np.arange(len(weights))))


def weighted_loss(logits, labels, weights):
    w = weights[labels]
    losses = stable_log_sum(logits) - logits[np.arange(len(labels)), labels]
    return np.sum(w * losses) / np.sum(w)


def weighted_by_bpkit(logits, labels, weights):
    w = weights[labels] / weights[labels].sum()
    q = np.eye(len(weights))[labels] * w[:, None]
    return pullback(lambda z: -bp.sum(bp.log_softmax(z) * q), 1.0, logits)


task(
    weighted_cross_entropy_backward,
    chapter=9,
    title="Cross-entropy with a weight for each class, backward",
    minutes=20,
    points=4,
    closed=True,
    returns="dlogits",
    inputs=labels_and_weights,
    extremes=far_and_weights,
    statement="""
        Where one class is rare, its examples are given more weight. `logits` is `(N, K)`,
        `labels` `(N,)` holds the right classes, `weights` `(K,)` a positive number for each
        class. An example's weight is that of its right class. The loss is the weighted mean of
        the examples' cross-entropies: their weighted sum, divided by the sum of the N examples'
        weights.

        Write `weighted_cross_entropy_backward(logits, labels, weights)`, which returns the
        gradient of this loss with respect to the logits, `dlogits` `(N, K)`. It must be finite
        for logits of any size.
        """,
    example="""
        >>> logits, labels = np.array([[0.0, 0.0], [0.0, 0.0]]), np.array([0, 1])
        >>> weighted_cross_entropy_backward(logits, labels, np.array([1.0, 3.0])).tolist()
        [[-0.125, 0.125], [0.375, -0.375]]
        """,
    variants=[weighted_rows, weighted_targets, by_matrix],
    oracle=weighted_by_bpkit,
    differences=lambda logits, labels, weights: slopes(
        lambda z: weighted_loss(z, labels, weights), logits
    ),
    mistakes=[
        Mistake(
            "weights_ignored",
            "The weights are left out",
            "This is the gradient of the plain mean; each example counts with the weight of its "
            "right class.",
            {"w[:, None] * ": "", "w.sum()": "len(labels)"},
        ),
        Mistake(
            "divided_by_N",
            "Divided by N instead of the sum of the weights",
            "A weighted mean divides by the sum of its weights, so that doubling all of them "
            "changes nothing.",
            {"w.sum()": "len(labels)"},
        ),
        Mistake(
            "not_divided",
            "The division by the sum of the weights is missing",
            "The loss is a weighted mean; yours is the gradient of a weighted sum.",
            {" / w.sum()": ""},
        ),
        Mistake(
            "all_classes_summed",
            "Divided by the sum over the classes",
            "The mean runs over the examples: what is summed is the weight of each example's "
            "label, so a class that comes twice counts twice.",
            {"w.sum()": "weights.sum()"},
        ),
        Mistake(
            "weighted_by_column",
            "The weights are laid along the columns",
            "The whole row of an example has one weight, that of its right class; here each "
            "column has its own.",
            {"w[:, None] *": "weights *"},
        ),
        Mistake(
            "target_only",
            "Only the target is weighted",
            "The weight multiplies the example's whole loss, and so both p and the target.",
            {"w[:, None] * (p - target)": "(p - w[:, None] * target)"},
        ),
        Mistake(
            "probabilities_only",
            "Only the probabilities are weighted",
            "The weight multiplies the example's whole loss, and so both p and the target.",
            {"w[:, None] * (p - target)": "(w[:, None] * p - target)"},
        ),
        Mistake(
            "logits_weighted",
            "The logits are weighted, not the losses",
            "The weights change how much each example counts, not the probabilities that softmax "
            "gives.",
            {
                "e = np.exp(logits": "logits = logits * weights\n    e = np.exp(logits",
                "w[:, None] * ": "",
                "w.sum()": "len(labels)",
            },
        ),
        Mistake(
            "weight_of_the_prediction",
            "An example's weight is that of its predicted class",
            "The weight belongs to the right class, which the label names, not to the class with "
            "the largest score.",
            {"weights[labels]": "weights[logits.argmax(axis=1)]"},
        ),
        Mistake(
            "divided_by_weight",
            "The examples are divided by their weights",
            "A larger weight must make an example count more: it multiplies.",
            {"w[:, None] * (p - target)": "(p - target) / w[:, None]"},
        ),
        Mistake(
            "sign",
            "The sign is flipped",
            "It is p minus the target: a step against it must raise the right class's logit.",
            {"(p - target)": "(target - p)"},
        ),
        Mistake(
            "no_maximum",
            "The maximum is not subtracted",
            "exp overflows for logits near 1000; subtracting each row's largest changes no p.",
            {" - logits.max(axis=1, keepdims=True)": ""},
        ),
        averaged_twice({"w.sum()": "w.sum() / len(labels)"}),
        Mistake(
            "normalized_over_classes",
            "The class weights are made to sum to 1, and the loss divided by N",
            "The division is by the sum of the N examples' weights, in which a class counts as "
            "often as it comes.",
            {"weights[labels]": "weights[labels] / weights.sum()", "w.sum()": "len(labels)"},
        ),
    ],
    nudge="By what number is the gradient of one example's own cross-entropy multiplied, before "
    "the rows are put together?",
    sketch="""
        You know the gradient of one example's cross-entropy: softmax minus the one-hot target, a
        row of K numbers. The loss multiplies each example by a number that does not depend on the
        logits: its weight over the sum of all examples' weights. So each row is multiplied by its
        own number. Look up the N weights with the labels first.
        """,
    skeleton="""
        def weighted_cross_entropy_backward(logits, labels, weights):
            p = ...                 # (N, K): softmax
            target = ...            # (N, K): one-hot
            w = ...                 # (N,): the weight of each example
            return ... * (p - target) / ...
        """,
    notice="The same weights in a sum divided by N would make the step depend on which classes a "
    "batch happens to hold; the weighted mean does not.",
)
