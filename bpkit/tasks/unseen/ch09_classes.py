"""Answers to the tasks on losses of classes."""

import numpy as np

from bpkit.tasks.unseen import right, wrong


def probabilities(logits):
    e = np.exp(logits - logits.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def targets_of(labels, K):
    T = np.zeros((len(labels), K))
    for n, label in enumerate(labels):
        T[n, label] = 1
    return T


@wrong("logsumexp", "one maximum for the whole batch", "one_maximum_for_all")
def one_maximum(logits):
    m = logits.max()
    return m + np.log(np.exp(logits - m).sum(axis=1))


@wrong("logsumexp", "the maximum is not put back", "maximum_not_added")
def not_put_back(logits):
    shifted = logits - logits.max(axis=1, keepdims=True)
    return np.log(np.exp(shifted).sum(axis=1))


@wrong("logsumexp", "over the examples", "wrong_axis")
def over_examples_of(logits):
    m = logits.max(axis=0)
    return m + np.log(np.exp(logits - m).sum(axis=0))


@wrong("logsumexp", "the mean of the exponentials", "mean")
def mean_of_exponentials(logits):
    m = logits.max(axis=1)
    return m + np.log(np.mean(np.exp(logits - m[:, None]), axis=1))


@right("logsumexp")
def reduced(logits):
    return np.logaddexp.reduce(logits, axis=1)


@right("logsumexp")
def sorted_rows(logits):
    out = []
    for row in np.sort(logits, axis=1)[:, ::-1]:
        out.append(row[0] + np.log1p(np.exp(row[1:] - row[0]).sum()))
    return np.array(out)


@wrong("softmax", "normalized over the whole batch", "axis")
def over_all(logits):
    e = np.exp(logits - logits.max(axis=1, keepdims=True))
    return e / e.sum()


@wrong("softmax", "without taking the maximum", "no_maximum")
def plain(logits):
    e = np.exp(logits)
    return e / e.sum(axis=1, keepdims=True)


@wrong("softmax", "scores divided by their sum", "no_exponential")
def no_exponential(logits):
    return logits / logits.sum(axis=1, keepdims=True)


@wrong("softmax", "divided by the largest, not by the sum", "not_normalized")
def by_the_largest(logits):
    return np.exp(logits - logits.max(axis=1, keepdims=True))


@wrong("softmax", "a sigmoid of each score", "sigmoid")
def sigmoids(logits):
    return np.exp(-np.logaddexp(0, -logits))


@right("softmax")
def by_log_sum(logits):
    return np.exp(logits - np.logaddexp.reduce(logits, axis=1, keepdims=True))


@wrong("cross_entropy", "the sum over the batch", "summed")
def batch_sum(logits, labels):
    z = logits - logits.max(axis=1, keepdims=True)
    logs = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
    return -sum(logs[n, label] for n, label in enumerate(labels))


@wrong("cross_entropy", "the log of softmax taken in two steps", "logarithm_of_zero")
def log_of_probabilities(logits, labels):
    p = probabilities(logits)
    return -np.mean(np.log(p[np.arange(len(labels)), labels]))


@wrong("cross_entropy", "the minus sign is forgotten", "sign")
def log_likelihood(logits, labels):
    z = logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)
    return np.mean(z[np.arange(len(z)), labels])


@wrong("cross_entropy", "averaged over examples and classes", "averaged_over_all")
def mean_over_all(logits, labels):
    z = logits - np.logaddexp.reduce(logits, axis=1)[:, None]
    T = targets_of(labels, logits.shape[1])
    return -np.mean(T * z)


@wrong("cross_entropy", "the probability, not its logarithm", "probability_missed")
def one_minus_p(logits, labels):
    p = probabilities(logits)
    return np.mean(1 - p[np.arange(len(p)), labels])


@right("cross_entropy")
def differences_of_scores(logits, labels):
    total = 0.0
    for row, label in zip(logits, labels, strict=True):
        total += np.logaddexp.reduce(row - row[label])
    return total / len(labels)


@wrong("softmax_cross_entropy_backward", "probabilities alone, averaged", "target_not_subtracted")
def without_targets(logits, labels):
    return probabilities(logits) / len(labels)


@wrong("softmax_cross_entropy_backward", "divided by N and by K", "averaged_over_all")
def by_size(logits, labels):
    p = probabilities(logits)
    p[np.arange(len(labels)), labels] -= 1
    return p / logits.size


@wrong("softmax_cross_entropy_backward", "softmax over the batch", "wrong_axes")
def batch_softmax(logits, labels):
    e = np.exp(logits - logits.max(axis=0))
    p = e / e.sum(axis=0)
    return (p - targets_of(labels, logits.shape[1])) / len(labels)


@wrong(
    "softmax_cross_entropy_backward",
    "1 is subtracted in a column for all examples",
    "whole_columns",
)
def whole_columns(logits, labels):
    p = probabilities(logits)
    p[:, labels] -= 1
    return p / len(labels)


@right("softmax_cross_entropy_backward")
def through_the_jacobian(logits, labels):
    out = np.zeros_like(logits)
    for n, (p, label) in enumerate(zip(probabilities(logits), labels, strict=True)):
        for k in range(len(p)):
            out[n, k] = (p[k] - (k == label)) / len(labels)
    return out


@wrong(
    "label_smoothing_backward",
    "the share is dealt to the wrong classes only, over K",
    "label_left_out",
)
def not_to_the_right_one(logits, labels, smoothing):
    N, K = logits.shape
    T = np.full((N, K), smoothing / K)
    T[np.arange(N), labels] = 1 - smoothing
    return (probabilities(logits) - T) / N


@wrong("label_smoothing_backward", "dealt out to K - 1 classes", "others_only")
def k_minus_one(logits, labels, smoothing):
    N, K = logits.shape
    T = np.full((N, K), smoothing / (K - 1))
    T[np.arange(N), labels] = 1 - smoothing
    return (probabilities(logits) - T) / N


@wrong("label_smoothing_backward", "no smoothing", "not_smoothed")
def hard_labels(logits, labels, smoothing):
    return (probabilities(logits) - targets_of(labels, logits.shape[1])) / len(logits)


@wrong("label_smoothing_backward", "the mean is forgotten", "not_averaged")
def smooth_sum(logits, labels, smoothing):
    K = logits.shape[1]
    T = targets_of(labels, K) * (1 - smoothing) + smoothing / K
    return probabilities(logits) - T


@right("label_smoothing_backward")
def blended_gradients(logits, labels, smoothing):
    N, K = logits.shape
    p = probabilities(logits)
    hard = p - np.eye(K)[labels]
    even = p - 1 / K
    return ((1 - smoothing) * hard + smoothing * even) / N


@wrong("weighted_cross_entropy_backward", "divided by N", "divided_by_N")
def over_n_examples(logits, labels, weights):
    g = probabilities(logits) - targets_of(labels, len(weights))
    return g * weights[labels][:, None] / len(labels)


@wrong(
    "weighted_cross_entropy_backward", "each column gets its class's weight", "weighted_by_column"
)
def weights_by_column(logits, labels, weights):
    g = probabilities(logits) - targets_of(labels, len(weights))
    return g * weights / weights[labels].sum()


@wrong(
    "weighted_cross_entropy_backward",
    "divided by the sum of all classes' weights",
    "all_classes_summed",
)
def sum_of_classes(logits, labels, weights):
    g = probabilities(logits) - np.eye(len(weights))[labels]
    return g * weights[labels, None] / weights.sum()


@wrong("weighted_cross_entropy_backward", "weights are forgotten", "weights_ignored")
def unweighted(logits, labels, weights):
    return (probabilities(logits) - np.eye(len(weights))[labels]) / len(labels)


@right("weighted_cross_entropy_backward")
def examples_one_by_one(logits, labels, weights):
    rows, total = [], 0.0
    for p, label in zip(probabilities(logits), labels, strict=True):
        p[label] -= 1
        rows.append(weights[label] * p)
        total += weights[label]
    return np.array(rows) / total
