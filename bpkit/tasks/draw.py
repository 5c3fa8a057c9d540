"""Inputs from a seed: what a task's `inputs(draw)` asks for its arrays and numbers.

Lengths are distinct primes and entries are never zero, one or equal, since square shapes and round
numbers hide mistakes. The same generator also draws the very small inputs that a learner is shown,
and square ones, to see whether a wrong answer works on those alone.
"""

import itertools
import math

import numpy as np

PRIMES = (2, 3, 5, 7, 11, 13)


class Draw:
    """One draw. seed: numbers that decide it. small: None, or a place in the list of small lengths.

    >>> draw = Draw(0)
    >>> N, D = draw.sizes("N D")
    >>> draw.lengths, draw.real(N, D).shape
    ({'N': 5, 'D': 2}, (5, 2))
    """

    def __init__(self, *seed, small=None, square=False):
        self.rng = np.random.default_rng(seed)
        self.small, self.square = small, square
        self.lengths = {}

    def sizes(self, names, least=1, most=7):
        """A length for each name in "N D M": distinct primes from `least` to `most`.

        The names are used in messages. In a small draw lengths start at `least`; in a square draw
        all are equal.
        """
        names = names.split()
        if self.small is not None:
            small = sorted(
                itertools.product(range(least, least + 3), repeat=len(names)),
                key=lambda lengths: (math.prod(lengths), max(lengths), lengths[::-1]),
            )
            lengths = small[self.small % len(small)]
        elif self.square:
            lengths = [max(3, least)] * len(names)
        else:
            taken = self.lengths.values()
            free = [p for p in PRIMES if least <= p <= most and p not in taken]
            if len(free) < len(names):
                raise ValueError(f"sizes: {len(names)} distinct primes are asked for, of {free}")
            lengths = self.rng.permutation(free)[: len(names)].tolist()
        self.lengths.update(zip(names, lengths, strict=True))
        return lengths

    def size(self, name, least=1, most=7):
        """One length; `sizes` for one name."""
        return self.sizes(name, least, most)[0]

    def positive(self, *shape, low=0.2, high=2.0):
        """Numbers between low and high, no two equal; without a shape, one Python float."""
        count = math.prod(shape)
        grid = self._grid(count, low, high)
        if grid is not None:
            flat = self.rng.choice(grid, count, replace=False)
        else:
            flat = self.rng.uniform(low, high, count)
        return flat.reshape(shape) if shape else float(flat[0])

    def _grid(self, count, low, high):
        """Short decimals to choose from in a small draw; None where they don't suffice."""
        for digits in (1, 2) if self.small is not None else ():
            step = 10.0**-digits
            grid = np.round(
                np.arange(np.ceil(low / step), np.floor(high / step) + 1) * step, digits
            )
            grid = grid[(grid != 0) & (grid != 1)]
            if len(grid) >= 2 * count:
                return grid
        return None

    def real(self, *shape, low=0.2, high=2.0):
        """As `positive`, with signs: two numbers or more never have all the same sign."""
        x = self.positive(*shape, low=low, high=high)
        if not shape:
            return x * float(self.rng.choice([-1, 1]))
        signs = self.rng.choice([-1.0, 1.0], x.shape)
        if x.size > 1 and abs(signs.sum()) == x.size:
            signs.flat[self.rng.integers(x.size)] *= -1
        return x * signs

    def whole(self, low, high):
        """A Python int from low to high, both possible."""
        return int(self.rng.integers(low, high + 1))

    def labels(self, count, classes):
        """Integers (count,) from 0 to classes - 1; two or more are never all the same."""
        labels = self.rng.integers(classes, size=count)
        if count > 1 and classes > 1 and (labels == labels[0]).all():
            labels[self.rng.integers(count)] = (labels[0] + 1) % classes
        return labels

    def mask(self, *shape):
        """True and False, both present where there is room."""
        mask = self.rng.random(shape) < 0.5
        if mask.size > 1 and (mask.all() or not mask.any()):
            at = self.rng.integers(mask.size)
            mask.flat[at] = not mask.flat[at]
        return mask

    def probabilities(self, *shape):
        """Positive numbers that sum to 1 along the last axis."""
        x = self.positive(*shape)
        return x / x.sum(axis=-1, keepdims=True)

    def choice(self, options):
        """One of the options."""
        return options[int(self.rng.integers(len(options)))]


class Formula:
    """A function that can be shown: it is called as `f(x)` and printed as its formula.

    >>> square = Formula("x**2", lambda x: x**2)
    >>> square, square(3.0)
    (x -> x**2, 9.0)
    """

    def __init__(self, text, function):
        self.text, self.function = text, function

    def __call__(self, x):
        return self.function(x)

    def __repr__(self):
        return f"x -> {self.text}"
