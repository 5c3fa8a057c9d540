"""Where a network starts: random weights whose spread is chosen so that signals keep their size.

Each function takes a shape and a generator and returns an array. A matrix W is (inputs, outputs); a
convolution kernel is (outputs, inputs, height, width).
"""

import math

import numpy as np

from bpkit.errors import ShapeError


def fans(shape):
    """How many inputs feed one output, and how many outputs one input feeds. Chapter 13.

    >>> fans((3, 5)), fans((7, 3, 5, 5))
    ((3, 5), (75, 175))
    """
    if min(shape) < 1:
        raise ShapeError(f"fans: a weight of shape {shape}; every length must be 1 or more")
    if len(shape) == 2:
        return shape[0], shape[1]
    if len(shape) == 4:
        window = shape[2] * shape[3]
        return shape[1] * window, shape[0] * window
    raise ShapeError(f"fans: a weight of shape {shape}; expected (D, M) or (O, C, kh, kw)")


def he(shape, rng):
    """Normal with variance 2 / inputs, made for ReLU (He et al., 2015). Chapter 13.

    >>> he((1000, 100), np.random.default_rng(0)).std().round(3) == round((2 / 1000) ** 0.5, 3)
    np.True_
    """
    return rng.normal(0, math.sqrt(2 / fans(shape)[0]), shape)


def xavier(shape, rng):
    """Uniform with variance 2 / (inputs + outputs) (Glorot and Bengio, 2010). Chapter 13.

    >>> w = xavier((300, 300), np.random.default_rng(0))
    >>> bool(abs(w).max() <= (6 / 600) ** 0.5)
    True
    """
    limit = math.sqrt(6 / sum(fans(shape)))
    return rng.uniform(-limit, limit, shape)


def orthogonal(shape, rng):
    """A matrix (D, M) that keeps lengths (Saxe, McClelland and Ganguli, 2014). Chapter 13.

    >>> w = orthogonal((5, 3), np.random.default_rng(0))
    >>> np.allclose(w.T @ w, np.eye(3))
    True
    """
    if len(shape) != 2:
        raise ShapeError(f"orthogonal: a weight of shape {shape}; expected a matrix (D, M)")
    q, r = np.linalg.qr(rng.normal(size=(max(shape), min(shape))))
    q = q * np.sign(np.diag(r))
    return q if shape[0] >= shape[1] else q.T
