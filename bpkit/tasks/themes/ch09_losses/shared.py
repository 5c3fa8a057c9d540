"""The inputs that several losses are tried on: predictions, logits, labels, and extreme ones."""

import numpy as np


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


def stable_log_sum(z):
    top = z.max(axis=1)
    return top + np.log(np.exp(z - top[:, None]).sum(axis=1))


def logits_and_targets(draw):
    N = draw.size("N", least=2)
    return {"logits": draw.real(N), "targets": draw.positive(N, low=0.1, high=0.9)}


def far_logits(draw):
    logits = np.array([1000.0, -1000.0, 0.4, -1000.0, 800.0])
    return {
        "logits near 1000": {"logits": logits, "targets": np.array([1.0, 0.0, 0.3, 1.0, 0.0])},
    }
