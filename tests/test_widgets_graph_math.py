"""The arithmetic of the widgets of single numbers, in Node and in bpkit: the same to 1e-12.

Their words are compared too, letter by letter, because the browser writes them and so does Python.
"""

import math

import numpy as np
import pytest
from widget_page import node

import bpkit as bp
from bpkit import widgets
from bpkit.figures import number
from bpkit.widgets.replays import LIVE, MOST, Graph

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
        written = node(["numbers"], f"data.map((x) => num(x, {digits}))", xs)
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
    got = node(["math"], SECANTS, [states(s) for s in made])
    assert got == [[s.secant(), s.tangent(), s.error()] for s in made]


@pytest.mark.parametrize("function", ["sin", "exp"])
def test_secants_of_other_functions(rng, function):
    """sin and exp may differ by a last digit, which a secant magnifies by 1 / h."""
    made = list(slopes(rng, function))
    for s, got in zip(made, node(["math"], SECANTS, [states(s) for s in made]), strict=True):
        last = np.finfo(s.dtype).eps * math.exp(s.w + s.h)
        near([s.secant(), s.tangent(), s.error()], got, TOLERANCE + 2 * last / s.h)


def test_chain(rng):
    made = [widgets.Chain(w=rng.uniform(-1, 4), broken=i % 4) for i in range(CASES)]
    got = node(["math"], "data.map((s) => chainNumbers(s.w, s.broken))", [*map(states, made)])
    for chain, found in zip(made, got, strict=True):
        for name, numbers in chain.numbers().items():
            near(numbers, found[name])


def test_fork(rng):
    made = [
        widgets.Fork(w=rng.uniform(0, 3), mode=("add", "assign")[i % 2], stage=i % 3)
        for i in range(CASES)
    ]
    got = node(["math"], "data.map((s) => forkNumbers(s.w, s.mode))", [*map(states, made)])
    for fork, found in zip(made, got, strict=True):
        near(fork.products(), [path["product"] for path in found["paths"]])
        near([fork.held(), fork.truth()], [found["held"][fork.stage], found["truth"]])


UNARY = [bp.neg, bp.exp, bp.sin, bp.cos, bp.abs, bp.tanh, bp.sigmoid, bp.softplus, bp.relu]
UNARY += [bp.gelu, bp.leaky_relu, lambda x: bp.leaky_relu(x, slope=0.2), lambda x: bp.power(x, 3)]
UNARY += [lambda x: x**2, lambda x: 2.0 * x, lambda x: x - 3.0, lambda x: bp.sqrt(bp.abs(x) + 1.0)]
UNARY += [lambda x: bp.log(x * x + 1.0), lambda x: bp.log1p(x * x), lambda x: 1.0 / (x * x + 2.0)]
UNARY += [lambda x: 0.0 * x, lambda x: x**0]
BINARY = [bp.add, bp.sub, bp.mul, lambda a, b: a / (b * b + 1.0), bp.maximum, bp.minimum]
BINARY += [lambda a, b: bp.power(bp.abs(a) + 0.5, bp.tanh(b))]


def recorded(rng, size):
    """A graph of numbers on which every primitive may stand, with forks."""
    values = [bp.Tensor(rng.normal(), i < 2, name="abc"[i]) for i in range(3)]
    for i in range(size):
        if rng.random() < 0.5:
            made = UNARY[rng.integers(len(UNARY))](values[rng.integers(len(values))])
        else:
            pair = rng.integers(len(values), size=2)
            made = BINARY[rng.integers(len(BINARY))](*(values[k] for k in pair))
        made = bp.tanh(made) if abs(made.item()) > 20 else made
        made.name = f"v{i}"
        values.append(made)
    out = values[0] * values[1]
    for value in values[-8:]:
        out = out + value
    return out


def test_replay_of_recorded_graphs(rng):
    """Values, local derivatives, what is passed and what is held, at other leaves than recorded."""
    made, used = [], set()
    for _ in range(24):
        stepper = widgets.Stepper(recorded(rng, 12))
        assert stepper.graph["live"]
        stepper.leaves = rng.normal(size=len(stepper.leaves)).tolist()
        used |= {block.get("rule") for block in stepper.graph["blocks"]}
        made.append(stepper)
    assert used >= LIVE
    got = node(["math"], "data.map((s) => replay(s.graph, s.leaves))", [*map(states, made)])
    for stepper, found in zip(made, got, strict=True):
        graph = stepper._now
        near([float(block.tensors[0].data) for block in graph.blocks], found["values"])
        for (b, up, passes), (b_js, up_js, passes_js) in zip(
            graph.reports(), found["reports"], strict=True
        ):
            assert b == b_js
            near(up, up_js)
            for p, q in zip(passes, passes_js, strict=True):
                assert (p["to"], p["waiting"]) == (q["to"], q["waiting"])
                for key in ("local", "passed", "terms", "held"):
                    near(p[key], q[key])


def test_held_gradients_are_those_of_backward(rng):
    loss = recorded(rng, 12)
    held = {p["to"]: p["held"] for *_, passes in Graph(loss).reports() for p in passes}
    loss.backward(keep=True)
    graph = Graph(loss)
    for b, block in enumerate(graph.blocks):
        if block.asks and b in held:
            near(block.tensors[0].grad, held[b])


def network(rng, layers):
    """A loss of arrays: affine maps and bends."""
    x, n = bp.Tensor(rng.normal(size=(5, 3)), False, name="X"), 3
    for m in layers:
        x, n = bp.tanh(x @ bp.Tensor(rng.normal(size=(n, m))) + bp.Tensor(rng.normal(size=m))), m
    return bp.mse(x, rng.normal(size=x.shape))


@pytest.mark.parametrize("layers", [(7, 2), (2,) * 30])
def test_a_graph_of_arrays_is_told_by_shapes_and_lengths(rng, layers):
    stepper = widgets.Stepper(network(rng, layers))
    assert not stepper.graph["live"] and len(stepper.graph["blocks"]) <= MOST
    told, state = [], states(stepper)
    for at in range(stepper.steps + 1):
        stepper.at = at
        told.append(stepper.text())
    every = f"Array.from({{length: {len(told)}}}, (_, at) => stepperWords({{...data, at}}))"
    assert node(["stepper"], every, state) == told


@pytest.mark.parametrize(
    ("file", "words", "make"),
    [
        ("slope", "slopeWords", lambda rng, i: next(slopes(rng, "square"))),
        ("chain", "chainWords", lambda rng, i: widgets.Chain(w=rng.uniform(-1, 4), broken=i % 4)),
        ("fork", "forkWords", lambda rng, i: widgets.Fork(w=rng.uniform(0, 3), stage=i % 3)),
        ("stepper", "stepperWords", lambda rng, i: widgets.Stepper(recorded(rng, 3), at=i % 9)),
    ],
)
def test_words_are_the_same_in_the_browser_and_in_python(rng, file, words, make):
    made = [make(rng, i) for i in range(20)]
    assert node([file], f"data.map({words})", [*map(states, made)]) == [w.text() for w in made]


def test_a_formula_that_is_off_is_caught():
    with pytest.raises(AssertionError):
        near(widgets.Chain(w=1).numbers()["grads"][0], -4.004)
