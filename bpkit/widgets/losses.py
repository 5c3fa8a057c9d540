"""Losses: three logits to drag, and softmax cross-entropy in one step beside the same in five."""

import numpy as np


def unfused(z, label):
    """Softmax cross-entropy of one example as it is first written down, step by step. Chapter 9.

    z (K,): logits. Returns a dict: e = exp(z), their sum, p = e / sum, the loss -log(p[label]), and
    the gradients dp and dz. Large logits overflow to infinity and NaN, as they would in a program.

    >>> from bpkit.widgets.losses import unfused
    >>> unfused(np.array([0.0, 0.0]), 1)["dz"].tolist()
    [0.5, -0.5]
    """
    z = np.asarray(z, float)
    with np.errstate(all="ignore"):
        e = np.exp(z)
        p = e / e.sum()
        dp = np.where(np.arange(len(z)) == label, -1 / p, 0.0)
        dz = p * (dp - (dp * p).sum())
        return {"e": e, "sum": e.sum(), "p": p, "loss": -np.log(p[label]), "dp": dp, "dz": dz}
