"""The mean cross-entropy from logits. The logarithm of softmax is taken without softmax."""

import numpy as np

import bpkit as bp
from bpkit.tasks.spec import Mistake, task
from bpkit.tasks.themes.ch09_losses.shared import FAR, logits_and_labels


def far_and_labels(draw):
    return {"logits near 1000": {"logits": FAR.copy(), "labels": np.array([1, 2, 0])}}


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
            "log_of_the_mean",
            "The logarithm is taken of the mean",
            "Each example has a loss of its own: first the logarithm of its probability, then the "
            "mean over the examples.",
            {"np.mean(log_sum - chosen)": "-np.log(np.mean(np.exp(chosen - log_sum)))"},
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
        Mistake(
            "probability_missed",
            "It is 1 minus the probability",
            "The loss is minus the logarithm of the probability: it grows without limit "
            "as that goes to 0.",
            {"np.mean(log_sum - chosen)": "np.mean(1 - np.exp(chosen - log_sum))"},
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
