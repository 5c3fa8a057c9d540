r"""Equations that prove themselves.

A chapter writes a claim with a tag, `\tag{10.2}`, and its next code cell computes both sides on
random inputs. `prove` compares them in twenty cases, and refuses a proof that could not have
failed: one that would also pass with its right side off by 0.1 % of its largest term.
"""

import re
from itertools import combinations

import numpy as np
from IPython.display import display

from bpkit.book.shown import Shown
from bpkit.graph import Tensor

CASES = 20
OFF = 0.001  # the error that every proof must notice, relative to the largest term


class ProofError(AssertionError):
    """A claim that is false, or a proof that could not have noticed."""


class Case:
    """One random case of a claim: where a proof takes its shapes and numbers from.

    The numbers depend on the claim's tag and the case's number alone, so they are the same on
    every run. `rng` is a NumPy generator, for what the methods do not offer.

    >>> case = Case("7.2", 0)
    >>> N, D = case.primes(2)
    >>> case.normal(N, D).shape == (N, D) and N != D
    True
    """

    def __init__(self, tag, number):
        self.number = number
        self.drawn = False
        self._rng = np.random.default_rng([*map(int, tag.split(".")), number])

    @property
    def rng(self):
        self.drawn = True
        return self._rng

    def primes(self, count, low=2, high=13):
        """A list of `count` distinct primes from low to high: sizes that no two axes share."""
        pool = [n for n in range(max(low, 2), high + 1) if all(n % d for d in range(2, n))]
        if count > len(pool):
            raise ValueError(f"case.primes({count}): only {len(pool)} primes in {low} to {high}")
        return [int(p) for p in self._rng.permutation(pool)[:count]]

    def normal(self, *shape):
        """float64 numbers of the given shape, mean 0, standard deviation 1; no shape: a number."""
        return self.rng.normal(size=shape)[()]

    def uniform(self, low, high, *shape):
        """float64 numbers of the given shape from low to high; no shape: a number."""
        return self.rng.uniform(low, high, size=shape)[()]

    def labels(self, classes, *shape):
        """Integers of the given shape from 0 to classes - 1."""
        return self.rng.integers(classes, size=shape)[()]


def prove(tag, tolerance=1e-9):
    r"""Prove the equation that carries `tag`, on twenty random cases, and display one line.

    Decorates a function that takes a `Case` and returns `left, right`: numbers, arrays or Tensors
    of one shape. Several pairs may be returned, `(left1, right1), (left2, right2)`; each is held
    to all of it. The sides agree if no entry differs by more than `tolerance` times the largest
    absolute entry of either; a side made of differences needs 1e-6 or so. Raises ProofError if a
    case disagrees, or if the proof could not have failed.

    >>> @prove("7.2")
    ... def _(case):
    ...     a, b = case.normal(3), case.normal(3)
    ...     return (a + b) ** 2, a**2 + 2 * a * b + b**2
    Equation (7.2) holds in 20 of 20 random cases; off by 0.1 %, it fails in 20.
    """
    if not (isinstance(tag, str) and re.fullmatch(r"\d+\.\d+", tag)):
        raise ValueError(f'prove takes the tag of an equation, such as "10.2"; it got {tag!r}')

    def decorate(proof):
        claim = f"Equation ({tag})"
        cases = [_run(proof, Case(tag, number), claim, tolerance) for number in range(CASES)]
        if len({len(pairs) for pairs in cases}) > 1:
            raise ProofError(f"{claim}: the number of pairs returned changes from case to case.")
        held = len(cases)
        caught = sum(all(_notices(*pair, tolerance) for pair in pairs) for pairs in cases)
        if caught < held:
            raise ProofError(
                f"{claim}: in {held - caught} of {CASES} cases this proof would also pass with its "
                f"right side off by 0.1 % of its largest term. Its tolerance, {tolerance:g}, is "
                "too loose."
            )
        for parts in zip(*cases, strict=True):
            if not any(_differ(a, b, tolerance) for (a, _), (b, _) in combinations(parts, 2)):
                raise ProofError(
                    f"{claim}: all {CASES} cases are the same. Make both sides from `case`."
                )
        line = (
            f"{claim} holds in {held} of {CASES} random cases; off by 0.1 %, it fails in {caught}."
        )
        display(Shown(line, f"> {line}"))
        return proof

    return decorate


def _run(proof, case, claim, tolerance):
    """One case's pairs of arrays, compared."""
    where = f"{claim}, case {case.number}"
    pairs = [_sides(left, right, where) for left, right in _pairs(proof(case), where)]
    if not case.drawn:
        raise ProofError(f"{claim}: the proof draws no numbers from `case`, so nothing varies.")
    for left, right in pairs:
        if _differ(left, right, tolerance):
            error = np.abs(left - right)
            at = tuple(int(i) for i in np.unravel_index(error.argmax(), error.shape))
            raise ProofError(
                f"{where}: the sides differ. "
                f"{f'At {list(at)} the' if at else 'The'} left side is {left[at]:.10g} "
                f"and the right side is {right[at]:.10g}; the largest term is "
                f"{_largest(left, right):.4g}, the tolerance {tolerance:g} of it."
            )
    return pairs


def _pairs(result, where):
    """The pairs that a proof returned: one, or a tuple of several."""
    several = isinstance(result, tuple) and result and isinstance(result[0], tuple)
    pairs = result if several else (result,)
    for pair in pairs:
        if not (isinstance(pair, tuple) and len(pair) == 2):
            raise ProofError(
                f"{where}: the proof returned {type(pair).__name__} where a pair was expected. "
                "Return left, right, or several such pairs."
            )
    return pairs


def _sides(left, right, where):
    """Both sides as float64 arrays, or why they prove nothing."""
    left, right = _array(left, where), _array(right, where)
    if np.shares_memory(left, right):
        raise ProofError(f"{where}: the right side is the left side, the same object or memory.")
    if left.shape != right.shape:
        raise ProofError(f"{where}: the left side is {left.shape}, the right side {right.shape}.")
    if left.size == 0:
        raise ProofError(f"{where}: both sides are empty, shape {left.shape}.")
    for side, values in ("left", left), ("right", right):
        if not np.isfinite(values).all():
            raise ProofError(f"{where}: the {side} side holds a NaN or an infinity.")
    if not left.any() and not right.any():
        raise ProofError(f"{where}: 0 = 0. Move a term to the other side, or draw other numbers.")
    return left.astype(float), right.astype(float)


def _array(side, where):
    if isinstance(side, Tensor):
        side = side.data
    if not isinstance(side, (int, float, np.ndarray, np.generic)) or isinstance(side, bool):
        raise ProofError(
            f"{where}: a side is {type(side).__name__}; it must be a number, an array or a Tensor."
        )
    array = np.asarray(side)
    if array.dtype.kind not in "iuf":
        raise ProofError(f"{where}: a side has dtype {array.dtype}; it must hold real numbers.")
    return array


def _largest(*sides):
    return max(np.abs(side).max() for side in sides)


def _differ(left, right, tolerance):
    """Whether two sides disagree; written so that a NaN disagrees."""
    if left.shape != right.shape:
        return True
    return not np.abs(left - right).max() <= tolerance * _largest(left, right)


def _notices(left, right, tolerance):
    """Whether the comparison refuses a wrong right side: all of it scaled, and one entry moved."""
    moved = right.copy()
    moved.flat[np.abs(right).argmin()] += OFF * _largest(right)
    return all(_differ(left, wrong, tolerance) for wrong in (right * (1 + OFF), moved))
