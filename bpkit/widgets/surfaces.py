"""The surfaces that Descent rolls down: functions of two numbers or two tensors.

Their gradients and curvatures are the tape's; the browser has them by hand, and a test holds the
two together.
"""

import numpy as np

from bpkit.derivatives import grad

SURFACES = {
    "bowl": lambda x, y: 0.5 * (x * x + 3 * y * y),
    "ravine": lambda x, y: 0.5 * (x * x + 20 * y * y),
    "tilted": lambda x, y: 0.25 * (x + y) * (x + y) + 5 * (x - y) * (x - y),
    "saddle": lambda x, y: 0.5 * (x * x - y * y) + 0.25 * y * y * y * y,
    "banana": lambda x, y: (1 - x) * (1 - x) + 5 * (y - x * x) * (y - x * x),
}


def gradient(name, x, y):
    """The slopes of a surface along x and y, an array (2,). Chapter 11.

    >>> from bpkit.widgets.surfaces import gradient
    >>> gradient("bowl", 2.0, 1.0).tolist()
    [2.0, 3.0]
    """
    return np.array([grad(SURFACES[name], i)(x, y).item() for i in (0, 1)])


def curvature(name, x, y):
    """The second derivatives of a surface, an array (2, 2), symmetric. Chapter 11.

    >>> from bpkit.widgets.surfaces import curvature
    >>> curvature("ravine", 2.0, 1.0).tolist()
    [[1.0, 0.0], [0.0, 20.0]]
    """
    slopes = [grad(SURFACES[name], i) for i in (0, 1)]
    return np.array([[grad(slope, j)(x, y).item() for j in (0, 1)] for slope in slopes])


def sharpness(name, x, y):
    """The largest curvature in any direction: plain descent needs a rate below 2 over it.

    >>> from bpkit.widgets.surfaces import sharpness
    >>> round(sharpness("tilted", 0.0, 0.0), 6)
    20.0
    """
    return float(np.linalg.eigvalsh(curvature(name, x, y)).max())
