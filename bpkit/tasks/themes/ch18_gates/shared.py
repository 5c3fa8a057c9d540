"""The sigmoid that a learner is given, for tasks on gates."""

import numpy as np


def sigmoid(x):
    """1 / (1 + exp(-x)), entry by entry."""
    return 1 / (1 + np.exp(-x))


def gru_inputs(draw):
    N, M = draw.sizes("N M", least=2 if draw.small is None else 1)
    return {
        "zx": draw.real(N, 3 * M),
        "zh": draw.real(N, 3 * M),
        "h": draw.real(N, M, low=0.2, high=0.9),
    }
