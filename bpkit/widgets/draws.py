"""The widgets' random numbers and points in the plane, the same in Python as in the browser.

A `Draws` stands where NumPy's generator would: `bp.he((2, 8), Draws(0))` are the weights that the
playground starts from.
"""

import numpy as np

from bpkit.data import moons
from bpkit.init import he, xavier

STRIDE = 0x6D2B79F5

DATA = ("blobs", "circles", "moons", "spiral", "xor")

# W of a shape (D, M), from a generator.
INITS = {
    "he": he,
    "xavier": xavier,
    "tiny": lambda shape, rng: rng.normal(0, 0.01, shape),
    "huge": lambda shape, rng: rng.normal(0, 3, shape),
    "zeros": lambda shape, rng: np.zeros(shape),
}


class Draws:
    """Random numbers from a counter, hashed: mulberry32 by Tommy Ettinger. Chapter 11.

    seed: a whole number, of which the lowest 32 bits count.

    >>> from bpkit.widgets.draws import Draws
    >>> Draws(0).uniform(size=2).round(6).tolist()
    [0.266429, 0.00033]
    """

    def __init__(self, seed):
        self.state = int(seed)

    def uniform(self, low=0.0, high=1.0, size=()):
        """Numbers between low and high, in an array of shape `size`."""
        count = np.prod(size, dtype=int)
        k = (self.state + STRIDE * np.arange(1, count + 1)).astype(np.uint32)
        self.state += STRIDE * int(count)
        t = (k ^ (k >> 15)) * (k | 1)
        t ^= t + (t ^ (t >> 7)) * (t | 61)
        return low + (high - low) * (((t ^ (t >> 14)) + 0.5) / 2**32).reshape(size)

    def normal(self, mean=0.0, deviation=1.0, size=()):
        """Normal numbers in an array of shape `size`; each takes two uniform ones."""
        u = self.uniform(size=(*np.atleast_1d(size).astype(int), 2))
        return mean + deviation * _normal(u)


def _normal(u):
    return np.sqrt(-2 * np.log(u[..., 0])) * np.cos(2 * np.pi * u[..., 1])


def points(name, count, noise, seed):
    """Points of two classes within about [-2, 2]: X (count, 2), y (count,) 0 or 1. Chapter 11.

    name: one of DATA. noise: the standard deviation added to each coordinate.

    >>> from bpkit.widgets.draws import points
    >>> X, y = points("circles", 4, noise=0.0, seed=0)
    >>> X[:3].round(1).tolist(), y.tolist()
    ([[0.5, 0.0], [-0.5, 0.0], [1.6, 0.0]], [0, 0, 1, 1])
    """
    y = (np.arange(count) >= count // 2).astype(int)
    side = 2 * y - 1
    sizes = np.where(y, count - count // 2, count // 2)
    k = np.arange(count) - y * (count // 2)
    share, ends = k / sizes, k / np.maximum(sizes - 1, 1)
    u = Draws(seed).uniform(size=(count, 6 if name == "xor" else 4))
    if name == "blobs":
        places = side, side
    elif name == "circles":
        radius = np.where(y, 1.6, 0.5)
        places = radius * np.cos(2 * np.pi * share), radius * np.sin(2 * np.pi * share)
    elif name == "moons":
        places = (1.2 * (moons(count, noise=0)[0] - [0.5, 0.25])).T
    elif name == "spiral":
        radius, angle = side * (0.1 + 1.7 * ends), 3 * np.pi * ends
        places = radius * np.cos(angle), radius * np.sin(angle)
    elif name == "xor":
        across, up = 0.2 + 1.6 * u[:, :2].T
        places = np.where(share < 0.5, [across, -side * up], [-across, side * up])
    else:
        raise ValueError(f"points: there is no data set {name!r}; there are {', '.join(DATA)}")
    return np.stack(places, axis=1) + noise * _normal(u[:, -4:].reshape(count, 2, 2)), y
