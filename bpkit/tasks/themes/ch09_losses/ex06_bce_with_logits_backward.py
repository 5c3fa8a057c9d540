"""The gradient of binary cross-entropy with respect to the logits.

Sigmoid and logarithm together leave a difference.
"""

import numpy as np

import bpkit as bp
from bpkit.tasks.spec import Mistake, task
from bpkit.tasks.themes.ch09_losses.shared import far_logits, logits_and_targets
from bpkit.tasks.tools import averaged_twice, changed_in_place, not_averaged, pullback, slopes


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
