"""Binary cross-entropy from logits of any size. Written so that no exponential overflows."""

import numpy as np

import bpkit as bp
from bpkit.tasks.spec import Mistake, task
from bpkit.tasks.themes.ch09_losses.shared import far_logits, logits_and_targets


def bce_with_logits(logits, targets):
    """The mean binary cross-entropy of the sigmoid of the logits.

    logits, targets (N,); targets from 0 to 1. Returns a number.
    """
    positive = np.maximum(logits, 0)
    losses = positive - logits * targets + np.log1p(np.exp(-np.abs(logits)))
    return np.mean(losses)


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
        Mistake(
            "clipped",
            "The probability is kept away from 0 and 1",
            "Far out the loss is as large as the logit; kept away from 0 and 1, the "
            "probability lets it grow no further.",
            {
                "losses = positive - logits * targets + np.log1p(np.exp(-np.abs(logits)))": "p = "
                "np.clip(1 / (1 + np.exp(-logits)), 1e-12, 1 - 1e-12)\n    losses = "
                "-targets * np.log(p) - (1 - targets) * np.log(1 - p)"
            },
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
