"""The inputs that most activations are tried on."""

import numpy as np


def upstream_and_x(draw):
    N, D = draw.sizes("N D")
    return {"dY": draw.real(N, D), "X": draw.real(N, D)}


def large_x(draw):
    dY = np.array([[0.7, -1.3], [0.4, 1.6]])
    return {"X near 1000": {"dY": dY, "X": np.array([[1000.0, -0.3], [1.2, -1000.0]])}}
