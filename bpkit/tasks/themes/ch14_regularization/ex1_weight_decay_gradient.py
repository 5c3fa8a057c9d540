"""The gradient of a penalty on large weights. It is added for the weights and not for the bias."""

import numpy as np

from bpkit.tasks.spec import Mistake, task
from bpkit.tasks.tools import changed_in_place, pullback, slopes


def weight_decay_gradient(dW, db, W, b, decay):
    """The gradients of the loss plus decay / 2 times the sum of the squares of W.

    dW, W (D, M), db, b (M,): the gradients of the loss alone, and the parameters. decay: a number.
    Returns dW (D, M), db (M,).
    """
    dW = dW + decay * W
    return dW, db


def decay_inputs(draw):
    D, M = draw.sizes("D M", least=2)
    return {
        "dW": draw.real(D, M),
        "db": draw.real(M),
        "W": draw.real(D, M),
        "b": draw.real(M),
        "decay": draw.positive(low=0.1, high=0.5),
    }


def decay_by_loops(dW, db, W, b, decay):
    total = np.empty(W.shape)
    for place in np.ndindex(W.shape):
        total[place] = dW[place] + decay / 2 * 2 * W[place]
    return total, np.array(db)


def penalized(dW, db, W, b, decay):
    """The loss is stood for by its linear part, with slopes dW and db."""
    return pullback(
        lambda W, b: (W * dW).sum() + (b * db).sum() + (W * W).sum() * (decay / 2), 1.0, W, b
    )


def penalized_by_differences(dW, db, W, b, decay):
    return slopes(
        lambda W, b: float((W * dW).sum() + (b * db).sum() + decay / 2 * (W**2).sum()), W, b
    )


task(
    weight_decay_gradient,
    chapter=14,
    title="The gradient of weight decay",
    minutes=6,
    points=1,
    returns="dW db",
    inputs=decay_inputs,
    statement="""
        Large weights make a curve that bends too much, so a penalty is added to the loss: `decay
        / 2` times the sum of the squares of all entries of `W`. The bias `b` is not penalized,
        since it only shifts. `W` is `(D, M)` and `b` is `(M,)`; `dW` `(D, M)` and `db` `(M,)` are
        the gradients of the loss without the penalty, and `decay` is a number.

        Write `weight_decay_gradient(dW, db, W, b, decay)`, which returns the gradients of loss
        and penalty together, `dW` `(D, M)` and `db` `(M,)`. No input is changed.
        """,
    example="""
        >>> dW, db, W, b = np.array([[1.0]]), np.array([2.0]), np.array([[10.0]]), np.array([20.0])
        >>> dW, db = weight_decay_gradient(dW, db, W, b, 0.5)
        >>> dW.tolist(), db.tolist()
        ([[6.0]], [2.0])
        """,
    variants=[
        {"dW + decay * W": "np.add(dW, np.einsum('dm->dm', W) * decay)"},
        {"dW = dW + decay * W": "dW = decay * (dW / decay + W)"},
        {"return dW, db": "return dW, db.copy()"},
        decay_by_loops,
    ],
    oracle=penalized,
    differences=penalized_by_differences,
    mistakes=[
        Mistake(
            "factor_two",
            "The penalty's gradient is twice too large",
            "The derivative of W squared is 2 W, and the 2 cancels against the half in decay / 2.",
            {"decay * W": "2 * decay * W"},
        ),
        Mistake(
            "half_kept",
            "The penalty's gradient is half too small",
            "The derivative of W squared is 2 W, and the 2 cancels against the half in decay / 2.",
            {"decay * W": "decay / 2 * W"},
        ),
        Mistake(
            "bias_decays",
            "The bias is penalized as well",
            "The penalty holds the squares of W alone, so db stays as it came.",
            {"return dW, db": "return dW, db + decay * b"},
        ),
        Mistake(
            "sign",
            "The penalty's gradient is subtracted",
            "Both are gradients of one sum, so they are added; the step subtracts them later.",
            {"dW + decay": "dW - decay"},
        ),
        Mistake(
            "loss_lost",
            "The loss's own gradient is lost",
            "The penalty's gradient is added to dW, not put in its place.",
            {"dW + decay * W": "decay * W"},
        ),
        Mistake(
            "penalty_missing",
            "The penalty is left out",
            "dW comes out as it went in; the penalty adds decay times W to it.",
            {"dW + decay * W": "dW.copy()"},
        ),
        Mistake(
            "penalty_added",
            "The penalty itself is added, not its gradient",
            "Each entry gets the slope of the penalty with respect to that entry, which is in "
            "proportion to it.",
            {"decay * W": "decay / 2 * (W * W).sum()"},
        ),
        Mistake(
            "squares_added",
            "The squares are added, not their derivatives",
            "The derivative of a square is in proportion to W itself, and has its sign.",
            {"decay * W": "decay * W * W"},
        ),
        Mistake(
            "absolute_values",
            "This is the gradient of an L1 penalty",
            "It pulls every weight by the same amount; the squares pull in proportion to W.",
            {"decay * W": "decay * np.sign(W)"},
        ),
        Mistake(
            "length_added",
            "The length of W is added, one number for all entries",
            "Each entry is pulled in proportion to itself.",
            {"decay * W": "decay * np.sqrt((W * W).sum())"},
        ),
        Mistake(
            "length_penalized",
            "The length of W is penalized, not its square",
            "The gradient of a length has the same size whatever the weights; that of the "
            "squares grows with them.",
            {"decay * W": "decay * W / np.sqrt((W * W).sum())"},
        ),
        Mistake(
            "two_shares",
            "The loss is given the share 1 - decay",
            "The penalty is added to the loss; nothing is taken from the loss for it.",
            {"dW + decay * W": "(1 - decay) * dW + decay * W"},
        ),
        Mistake(
            "gradient_scaled",
            "The gradient decays, not the weights",
            "What is added is decay times W; decay times dW has nothing to do with the weights' "
            "size.",
            {"decay * W": "decay * dW"},
        ),
        Mistake(
            "not_scaled",
            "decay is left out",
            "W is added whole; decay says how heavy the penalty is.",
            {"decay * W": "W"},
        ),
        Mistake(
            "averaged",
            "The penalty is averaged over the entries",
            "It is a sum of squares, so each entry's gradient is decay times that entry.",
            {"decay * W": "decay * W / W.size"},
        ),
        changed_in_place({"dW = dW + decay * W": "dW += decay * W"}, "dW"),
    ],
    nudge="By how much does half the square of a number grow when the number grows a little?",
    sketch="""
        The gradient of a sum of two things is the sum of their gradients. The first is given. For
        the second, look at one entry of the weights: it stands in one square only, whose
        derivative is twice the entry, and the half in front takes the two away. The bias is in no
        square at all.
        """,
    skeleton="""
        def weight_decay_gradient(dW, db, W, b, decay):
            penalty = ...           # (D, M): the gradient of the penalty alone
            return ..., ...
        """,
    notice="For plain gradient descent this shrinks every weight by the factor 1 - lr * decay at "
    "each step: hence the name.",
)
