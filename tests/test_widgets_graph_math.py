"""The arithmetic of the widgets of single numbers, in Node and in bpkit: the same to 1e-12.

Their words are compared too, letter by letter, because the browser writes them and so does Python.
"""

import math

import numpy as np
import pytest
from widget_page import node

from bpkit import widgets
from bpkit.figures import number

TOLERANCE = 1e-12
CASES = 60


def states(widget):
    """The state of a widget as the browser has it."""
    return {k: v for k, v in widget.get_state().items() if not k.startswith("_")}


def near(mine, theirs, tolerance=TOLERANCE):
    np.testing.assert_allclose(theirs, mine, rtol=tolerance, atol=tolerance)


@pytest.fixture(scope="module")
def rng():
    return np.random.default_rng(7)


def test_numbers_are_written_alike(rng):
    xs = [0.125, 1.125, 2.5, -1.125, 1e-7, 0.0, -0.0, 99999.5, 99995, 0.0005, 1e22, -3.5e-4]
    xs += (rng.normal(size=400) * 10.0 ** rng.integers(-9, 9, 400)).tolist()
    xs += (rng.integers(-4000, 4000, 400) / 2.0 ** rng.integers(0, 12, 400)).tolist()
    for digits in (1, 2, 3, 6):
        written = node(["draw"], f"data.map((x) => num(x, {digits}))", xs)
        assert written == [number(x, digits) for x in xs]


def slopes(rng, function):
    for _ in range(CASES):
        yield widgets.Slope(
            function=function,
            w=rng.uniform(0, 2.5),
            h=10 ** -rng.uniform(0, 16),
            way=rng.choice(["one-sided", "centered"]).item(),
            dtype=rng.choice(["float64", "float32"]).item(),
        )


SECANTS = """data.map((s) => [secant(s.function, s.w, s.h, s.way, s.dtype).slope,
    CURVES[s.function].slope(s.w), slopeError(s.function, s.w, s.h, s.way, s.dtype)])"""


def test_secants_of_the_loss_agree_to_the_last_bit(rng):
    """Only +, −, × and / are used, so that rounding is the same everywhere."""
    made = list(slopes(rng, "square"))
    got = node(["graph_math"], SECANTS, [states(s) for s in made])
    assert got == [[s.secant(), s.tangent(), s.error()] for s in made]


@pytest.mark.parametrize("function", ["sin", "exp"])
def test_secants_of_other_functions(rng, function):
    """sin and exp may differ by a last digit, which a secant magnifies by 1 / h."""
    made = list(slopes(rng, function))
    for s, got in zip(made, node(["graph_math"], SECANTS, [states(s) for s in made]), strict=True):
        last = np.finfo(s.dtype).eps * math.exp(s.w + s.h)
        near([s.secant(), s.tangent(), s.error()], got, TOLERANCE + 2 * last / s.h)


def test_chain(rng):
    made = [widgets.Chain(w=rng.uniform(-1, 4), broken=i % 4) for i in range(CASES)]
    got = node(["graph_math"], "data.map((s) => chainNumbers(s.w, s.broken))", [*map(states, made)])
    for chain, found in zip(made, got, strict=True):
        for name, numbers in chain.numbers().items():
            near(numbers, found[name])


def test_fork(rng):
    made = [
        widgets.Fork(w=rng.uniform(0, 3), mode=("add", "assign")[i % 2], stage=i % 3)
        for i in range(CASES)
    ]
    got = node(["graph_math"], "data.map((s) => forkNumbers(s.w, s.mode))", [*map(states, made)])
    for fork, found in zip(made, got, strict=True):
        near(fork.products(), [path["product"] for path in found["paths"]])
        near([fork.held(), fork.truth()], [found["held"][fork.stage], found["truth"]])


@pytest.mark.parametrize(
    ("file", "words", "make"),
    [
        ("slope", "slopeWords", lambda rng, i: next(slopes(rng, "square"))),
        ("chain", "chainWords", lambda rng, i: widgets.Chain(w=rng.uniform(-1, 4), broken=i % 4)),
        ("fork", "forkWords", lambda rng, i: widgets.Fork(w=rng.uniform(0, 3), stage=i % 3)),
    ],
)
def test_words_are_the_same_in_the_browser_and_in_python(rng, file, words, make):
    made = [make(rng, i) for i in range(CASES)]
    assert node([file], f"data.map({words})", [*map(states, made)]) == [w.text() for w in made]


def test_a_formula_that_is_off_is_caught():
    with pytest.raises(AssertionError):
        near(widgets.Chain(w=1).numbers()["grads"][0], -4.004)
