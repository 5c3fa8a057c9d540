"""The proof helper proves what is true, and refuses what is false or could not have failed."""

import numpy as np
import pytest

import bpkit as bp
from bpkit.book.proof import CASES, Case, ProofError, prove


def product(case):
    a, b = case.normal(3), case.normal(3)
    return (a + b) ** 2, a**2 + 2 * a * b + b**2


def gradient(case):
    N, D, M = case.primes(3)
    X, W, up = case.normal(N, D), case.normal(D, M), case.normal(N, M)
    return bp.numeric_gradient(lambda X: (up * (X @ W)).sum(), X), up @ W.T


def two_pairs(case):
    x = case.uniform(0.5, 2.0, 5)
    return (np.log(x * x), 2 * np.log(x)), (np.exp(-x) * np.exp(x), x / x.copy() * x / x)


def tensors(case):
    x = case.normal(2, 3)
    return bp.Tensor(x), x + 0


def numbers(case):
    x = case.normal()
    return float(x + x), float(2 * x)


@pytest.mark.parametrize("proof", [product, gradient, tensors, numbers])
def test_a_true_claim_is_proved_in_one_line(proof, capsys):
    assert prove("10.2", tolerance=1e-8)(proof) is proof
    line = "Equation (10.2) holds in 20 of 20 random cases; off by 0.1 %, it fails in 20.\n"
    assert capsys.readouterr().out == line


def with_sides(left, right):
    """A proof whose sides are made from five random numbers by the two given functions."""

    def proof(case):
        x = case.normal(5)
        return left(x), right(x)

    return proof


def nothing(case):
    case.normal()


def one_wrong_pair(case):
    x = case.normal(5)
    return (x + x, 2 * x), (x + x, 2.002 * x)


def alternating(case):
    x = case.normal(5)
    pair = (x + x, 2 * x)
    return pair if case.number % 2 else (pair, pair)


def wrong_once(case):
    x = case.normal(5)
    return 2 * x, 2 * x + (case.number == 13)


def view(case):
    x = case.normal(5, 7)
    return x, x.T.T


def undrawn(case):
    N, D = case.primes(2)
    return np.ones((N, D)) * N, np.full((N, D), float(N))


def constant(case):
    case.normal()
    return np.arange(1.0, 4.0), np.array([1.0, 2.0, 3.0])


BAD = {
    "false": (with_sides(lambda x: x**2, lambda x: x**3), "case 0: the sides differ. At ["),
    "off by 0.1 %": (with_sides(lambda x: x * 1.001, lambda x: x + 0), "the sides differ"),
    "one entry off": (
        with_sides(lambda x: x + 0, lambda x: x + 0.001 * abs(x).max() * np.eye(5)[2]),
        "the sides differ. At [2]",
    ),
    "one wrong pair of two": (one_wrong_pair, "the sides differ"),
    "wrong in one case": (wrong_once, "case 13: the sides differ"),
    "0 = 0": (with_sides(lambda x: 0 * x, lambda x: x - x), "0 = 0"),
    "NaN on the left": (
        with_sides(lambda x: x * np.nan, lambda x: x * np.nan),
        "the left side holds a NaN",
    ),
    "infinity on the right": (
        with_sides(lambda x: x + 0, lambda x: x + np.inf),
        "the right side holds a NaN or an infinity",
    ),
    "empty": (with_sides(lambda x: x[:0].copy(), lambda x: x[:0].copy()), "both sides are empty"),
    "same object": (with_sides(*[lambda x: x] * 2), "the right side is the left side"),
    "same memory": (view, "the right side is the left side"),
    "same tensor": (
        lambda case: (bp.Tensor(case.normal(3)),) * 2,
        "the right side is the left side",
    ),
    "shapes": (
        with_sides(lambda x: x + 0, lambda x: x[None] + 0),
        "the left side is (5,), the right side (1, 5)",
    ),
    "broadcastable": (with_sides(lambda x: x[0], lambda x: x + 0), "the left side is ()"),
    "nothing returned": (nothing, "returned NoneType"),
    "a list": (lambda case: [case.normal(3), case.normal(3)], "returned list"),
    "one side": (lambda case: case.normal(3), "returned ndarray"),
    "a list as a side": (with_sides(list, list), "a side is list"),
    "booleans": (with_sides(lambda x: x > 9, lambda x: x > 9), "dtype bool"),
    "complex numbers": (with_sides(lambda x: x * 1j, lambda x: x * 1j), "dtype complex128"),
    "draws nothing": (undrawn, "draws no numbers"),
    "never varies": (constant, "all 20 cases are the same"),
    "pairs come and go": (alternating, "the number of pairs"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_proof_is_refused_in_its_own_words(name, capsys):
    proof, words = BAD[name]
    with pytest.raises(ProofError) as error:
        prove("10.2")(proof)
    assert words in str(error.value)
    assert str(error.value).startswith("Equation (10.2)")
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("tolerance", [1e-3, 0.1, np.inf])
def test_a_tolerance_that_would_pass_an_error_of_a_thousandth_is_refused(tolerance):
    with pytest.raises(ProofError, match=r"would also pass with its right side off by 0\.1 %"):
        prove("10.2", tolerance)(product)


def test_a_tolerance_for_differences_still_refuses_a_thousandth():
    def wrong(case):
        left, right = gradient(case)
        return left, right * 1.001

    prove("10.2", tolerance=4e-4)(gradient)
    with pytest.raises(ProofError, match="the sides differ"):
        prove("10.2", tolerance=4e-4)(wrong)


def test_several_pairs_are_each_held_to_all_of_it(capsys):
    prove("10.2")(lambda case: two_pairs(case)[:1])
    assert "holds in 20 of 20" in capsys.readouterr().out
    with pytest.raises(ProofError, match="all 20 cases are the same"):
        prove("10.2")(two_pairs)


@pytest.mark.parametrize("tag", ["10", "10.2.1", "10.", "(10.2)", 10.2])
def test_a_tag_is_a_chapter_and_a_number(tag):
    with pytest.raises(ValueError, match="takes the tag of an equation"):
        prove(tag)


def test_cases_differ_from_each_other_and_are_the_same_on_every_run():
    first, again = ([Case("10.2", n) for n in range(CASES)] for _ in range(2))
    drawn = [[tuple(case.primes(3)), case.normal(), case.labels(1000)] for case in first]
    assert drawn == [[tuple(case.primes(3)), case.normal(), case.labels(1000)] for case in again]
    assert len({primes for primes, *_ in drawn}) > CASES / 2
    assert len({normal for _, normal, _ in drawn}) == CASES
    assert Case("10.3", 0).normal() != Case("10.2", 0).normal()


def test_primes_are_distinct_primes_within_the_limits():
    assert sorted(Case("1.1", 0).primes(6)) == [2, 3, 5, 7, 11, 13]
    assert sorted(Case("1.1", 0).primes(3, low=5, high=11)) == [5, 7, 11]
    with pytest.raises(ValueError, match="only 6 primes in 2 to 13"):
        Case("1.1", 0).primes(7)


def test_draws_have_the_asked_shape_and_range():
    case = Case("1.1", 0)
    assert case.normal(2, 3).shape == (2, 3) and case.normal().shape == ()
    assert case.uniform(2.0, 3.0, 100).min() >= 2.0
    assert set(case.labels(3, 100)) == {0, 1, 2}
