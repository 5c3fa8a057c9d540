"""The gradient of cross-entropy against smoothed labels. The targets change, and the rest stays."""

import numpy as np

import bpkit as bp
from bpkit.tasks.spec import Mistake, task
from bpkit.tasks.themes.ch09_losses.shared import FAR, logits_and_labels, stable_log_sum
from bpkit.tasks.tools import not_averaged, pullback, slopes


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
