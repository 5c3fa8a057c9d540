"""Cross-entropy with a weight for each class; the closed task of the chapter.

A weighted mean divides by the sum of the weights, not by N.
"""

import numpy as np

import bpkit as bp
from bpkit.tasks.spec import Mistake, task
from bpkit.tasks.themes.ch09_losses.shared import FAR, stable_log_sum
from bpkit.tasks.tools import averaged_twice, pullback, slopes


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
