"""The gradient of softmax and cross-entropy together.

Probabilities minus targets, divided by the batch once.
"""

import numpy as np

import bpkit as bp
from bpkit.tasks.spec import Mistake, task
from bpkit.tasks.tools import averaged_twice, changed_in_place, not_averaged, pullback, slopes


def softmax_cross_entropy_backward(logits, labels):
    """The gradient of the mean cross-entropy of softmax(logits) against the labels.

    logits (N, K), labels (N,) integers from 0 to K - 1. Returns dlogits (N, K).
    """
    z = logits - logits.max(axis=1, keepdims=True)
    p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    target = np.eye(logits.shape[1])[labels]
    return (p - target) / len(labels)


def logits_and_labels(draw):
    N, K = draw.sizes("N K", least=2)
    return {"logits": draw.real(N, K), "labels": draw.labels(N, K)}


def large_logits(draw):
    logits = np.array([[1000.0, -3.0, 0.7], [-2000.0, 0.4, -1.1]])
    return {"logits near 1000": {"logits": logits, "labels": np.array([1, 2])}}


def from_logarithms(logits, labels):
    top = np.max(logits, axis=-1)
    log_sum = top + np.log(np.sum(np.exp(logits.T - top), axis=0))
    p = np.exp(logits.T - log_sum).T
    p[np.arange(len(labels)), labels] -= 1
    return p / logits.shape[0]


def by_rows(logits, labels):
    rows = []
    for z, label in zip(logits, labels, strict=True):
        e = [np.exp(v - max(z)) for v in z]
        rows.append([v / sum(e) - (k == label) for k, v in enumerate(e)])
    return np.array(rows) / len(rows)


def through_the_jacobian(logits, labels):
    out = np.empty_like(logits)
    for n, (z, label) in enumerate(zip(logits, labels, strict=True)):
        p = np.exp(z - z.max()) / np.exp(z - z.max()).sum()
        p = np.maximum(p, 1e-200)
        jacobian = np.diag(p) - np.outer(p, p)
        out[n] = -jacobian[label] / p[label] / len(labels)
    return out


def sce_by_differences(logits, labels):
    def loss(z):
        top = z.max(axis=1)
        log_sum = top + np.log(np.exp(z - top[:, None]).sum(axis=1))
        return np.mean(log_sum - z[np.arange(len(labels)), labels])

    return slopes(loss, logits)


task(
    softmax_cross_entropy_backward,
    chapter=9,
    title="Softmax cross-entropy, backward",
    minutes=15,
    points=3,
    returns="dlogits",
    inputs=logits_and_labels,
    extremes=large_logits,
    statement="""
        `logits` is `(N, K)`: a row of K scores for each of N examples; `labels` `(N,)` holds the
        right class of each. The loss is the mean over the examples of minus the logarithm of the
        probability that softmax gives to the right class.

        Write `softmax_cross_entropy_backward(logits, labels)`, which returns the gradient of this
        loss with respect to the logits, `dlogits` `(N, K)`. It must be finite for logits of any
        size.
        """,
    example="""
        >>> logits = np.array([[0.0, 0.0], [0.0, 0.0]])
        >>> softmax_cross_entropy_backward(logits, np.array([0, 1])).tolist()
        [[-0.25, 0.25], [0.25, -0.25]]
        """,
    variants=[from_logarithms, by_rows, through_the_jacobian],
    oracle=lambda logits, labels: pullback(
        lambda z: bp.softmax_cross_entropy(z, labels), 1.0, logits
    ),
    differences=sce_by_differences,
    mistakes=[
        not_averaged({" / len(labels)": ""}),
        averaged_twice({"/ len(labels)": "/ len(labels) ** 2"}),
        Mistake(
            "averaged_over_classes",
            "Divided by the number of classes",
            "The mean runs over the N examples; the K classes of one example are not averaged.",
            {"/ len(labels)": "/ logits.shape[1]"},
        ),
        Mistake(
            "averaged_over_all",
            "Divided by the number of all entries",
            "The mean runs over the N examples, so the factor is 1/N, not 1/(N K).",
            {"/ len(labels)": "/ logits.size"},
        ),
        Mistake(
            "sign",
            "The sign is flipped",
            "It is p minus the target: a step against it must raise the right class's logit.",
            {"(p - target)": "(target - p)"},
        ),
        Mistake(
            "target_not_subtracted",
            "The target is not subtracted",
            "These are the probabilities alone; what the label's own logit adds is missing.",
            {"(p - target)": "p"},
        ),
        Mistake(
            "wrong_axis",
            "Softmax runs over the examples",
            "The K scores of one example compete, so the exponentials are summed along a row.",
            {"np.exp(z).sum(axis=1,": "np.exp(z).sum(axis=0,"},
        ),
        Mistake(
            "no_maximum",
            "The maximum is not subtracted",
            "exp overflows for logits near 1000; subtracting each row's largest changes no p.",
            {" - logits.max(axis=1, keepdims=True)": ""},
        ),
        Mistake(
            "logits_for_probabilities",
            "The logits stand where the probabilities belong",
            "The gradient is p minus the target, and p is softmax(logits), not the logits.",
            {"(p - target)": "(logits - target)"},
        ),
        Mistake(
            "softmax_twice",
            "Softmax is applied twice",
            "The derivative uses the probabilities as they are; a softmax of them flattens them.",
            {"(p - target)": "(np.exp(p) / np.exp(p).sum(axis=1, keepdims=True) - target)"},
        ),
        Mistake(
            "softmax_derivative_again",
            "Softmax's own derivative is multiplied in again",
            "p minus the target already contains it; a factor p (1 - p) counts it twice.",
            {"(p - target)": "(p - target) * p * (1 - p)"},
        ),
        Mistake(
            "logarithm_only",
            "Only the logarithm is differentiated",
            "-1/p at the right class is the gradient with respect to p; it must still pass back "
            "through softmax.",
            {"(p - target)": "-target / np.maximum(p, 1e-300)"},
        ),
        changed_in_place({"z = logits - logits": "z = logits\n    z -= logits"}, "logits"),
        Mistake(
            "whole_columns",
            "1 is subtracted in whole columns",
            "Each example has one right class: 1 is subtracted at its own row and label, "
            "not in that column for all.",
            {"np.eye(logits.shape[1])[labels]": "np.isin(np.arange(logits.shape[1]), labels)"},
        ),
        Mistake(
            "wrong_axes",
            "Softmax runs over the examples",
            "The K scores of one example compete, so the maximum and the sum are taken "
            "along a row.",
            {"max(axis=1": "max(axis=0", "sum(axis=1": "sum(axis=0"},
        ),
    ],
    nudge="If the logit of a wrong class grows a little, by how much does the loss grow, and what "
    "probability does that class have?",
    sketch="""
        Write the loss of one example as log(sum of exp(z)) minus z at the label. The first part's
        derivative with respect to a logit is that class's probability; the second part subtracts
        1 at the label and nothing elsewhere. Then remember that the loss is a mean over N
        examples, and that exp must not be given large numbers.
        """,
    skeleton="""
        def softmax_cross_entropy_backward(logits, labels):
            z = logits - ...                    # (N, K): the largest of each row is now 0
            p = ...                             # (N, K): each row sums to 1
            target = ...                        # (N, K): 1 at the label, 0 elsewhere
            return ...                          # a mean over N
        """,
    notice="Each row sums to 0: what the right class gains the others lose. Softmax's Jacobian is "
    "not lost; it cancels against the logarithm's derivative.",
)
