"""The check is checked: for every rule, planted faults must be caught, and nothing else.

Four faults are planted in each rule's backward step: scaled by 1.001, the sign turned, an
assignment where there should be a sum, and a transpose on a square input.
"""

import inspect

import numpy as np
import pytest
from cases import CASES, SQUARE, by_name, some

import bpkit as bp
from bpkit import fused, graph, images, reductions, rules, shapes


def plant(monkeypatch, entry, place, fault):
    """Put fault(gradient) in place of one backward step of a rule."""

    def faulty(i, *args, **params):
        down = true[i](*args, **params)
        return fault(down) if i == place else down

    true = entry.vjps
    monkeypatch.setattr(entry, "vjps", graph.Every(faulty))


ONE_EACH = {case.rule: case for case in reversed(CASES) if case.differentiable and case.arrays}
STEPS = [
    (case, place)
    for case in [ONE_EACH[rule] for rule in bp.RULES if rule in ONE_EACH]
    for place in case.places
]


def test_every_rule_with_a_derivative_is_tried():
    assert set(ONE_EACH) == {name for name, rule in bp.RULES.items() if rule.vjps}


@pytest.mark.parametrize("fault", [lambda g: 1.001 * g, lambda g: -g], ids=["scaled", "sign"])
@pytest.mark.parametrize(("case", "place"), **by_name(STEPS, lambda s: f"{s[0].rule}-{s[1]}"))
def test_a_scale_and_a_sign_are_caught(monkeypatch, case, place, fault):
    bp.gradcheck(case, *case.arrays)
    plant(monkeypatch, case.entry, place, fault)
    named = rf"gradient of input {case.places.index(place)}, shape .*: the worst entry is \["
    for method in ("auto", "centered"):
        with pytest.raises(bp.GradientError, match=named):
            bp.gradcheck(case, *case.arrays, method=method)


def transposed(gradient):
    return np.swapaxes(gradient, -1, -2)


# A vector has no transpose: these are biases and scales, one number a feature.
VECTORS = {("affine", 2), ("rms_norm", 1)}
TURNED = [
    (case, place) for case in SQUARE for place in case.places if (case.rule, place) not in VECTORS
]


def test_only_vectors_are_left_out():
    left = {(c.rule, p): c.inputs[p] for c in SQUARE for p in c.places}
    assert all(left[step].ndim == 1 for step in VECTORS)
    assert all(c.inputs[p].shape[-1] == c.inputs[p].shape[-2] for c, p in TURNED)


@pytest.mark.parametrize(("case", "place"), **by_name(TURNED, lambda s: f"{s[0].rule}-{s[1]}"))
def test_a_transpose_is_caught_where_shapes_do_not_tell(monkeypatch, case, place):
    bp.gradcheck(case, *case.arrays)
    plant(monkeypatch, case.entry, place, transposed)
    with pytest.raises(bp.GradientError, match="the worst entry is"):
        bp.gradcheck(case, *case.arrays)


# --- assigning where it should add ---


def last_of(x, *, to):
    """sum_to's shape, but what was repeated is overwritten: the last one stays."""
    if x.size == 0:
        return np.zeros(to)
    extra = x.ndim - len(to)
    x = x[(-1,) * extra]
    for axis, n in enumerate(to):
        if n == 1 and x.shape[axis] != 1:
            x = x.take([-1], axis=axis)
    return x


def last_scattered(x, *, key, to):
    out = np.zeros(to)
    out[key] = x
    return out


def last_rows(x, rows, *, count):
    out = np.zeros((count, *x.shape[rows.ndim :]))
    out[rows] = x
    return out


def last_assembled(*pieces, keys, to):
    out = np.zeros(to)
    for piece, key in zip(pieces, keys, strict=True):
        out[key] = piece
    return out


ADDERS = [  # where a backward step calls what adds, and what assigns in its place
    *((module, "sum_to", last_of) for module in (rules, reductions, fused, shapes)),
    (shapes, "scatter_add", last_scattered),
    (shapes, "add_rows", last_rows),
    (images, "assemble", last_assembled),
]
SCATTERING = {  # the rules whose backward step adds up what the forward step spread out
    *("add", "sub", "mul", "div", "power", "maximum", "minimum", "where", "matmul", "broadcast"),
    *("scatter_add", "index", "take", "affine", "normalize", "rms_norm"),
    *("slide", "unfold", "conv2d", "conv2d_dw", "max_pool2d"),
}


def plant_assignment(monkeypatch, entry):
    """Let what adds assign instead, in a rule's backward step; a list says where it mattered."""
    true, met = entry.vjps, []

    def beside(right, wrong):
        def adder(*inputs, **params):
            given = wrong(*inputs, **params)
            if not np.array_equal(given, right(*inputs, **params)):
                met.append(right.__name__)
            return given

        return adder

    def faulty(place, *args, **params):
        with monkeypatch.context() as patch:
            for module, name, wrong in ADDERS:
                patch.setattr(module, name, beside(getattr(module, name), wrong))
            return true[place](*args, **params)

    monkeypatch.setattr(entry, "vjps", graph.Every(faulty))
    return met


@pytest.mark.parametrize("rule", ONE_EACH)
def test_an_assignment_in_place_of_a_sum_is_caught(monkeypatch, rule):
    mattered = 0
    for case in (case for case in CASES if case.rule == rule):
        with monkeypatch.context() as patch:
            met = plant_assignment(patch, case.entry)
            try:
                bp.gradcheck(case, *case.arrays, method="centered")
                caught = False
            except bp.GradientError:
                caught = True
        assert caught == bool(met), case
        mattered += caught
    assert bool(mattered) == (rule in SCATTERING)


def engine(wrong):
    """The engine's own sweep with one line changed."""
    source, right = inspect.getsource(graph.sweep), "arrived[x] + down if x in arrived else down"
    assert source.count(right) == 1
    space = dict(vars(graph))
    exec(source.replace(right, wrong), space)
    return space["sweep"]


@pytest.mark.parametrize("wrong", ["down", "down if x in arrived else 0 * down", "-down"])
@pytest.mark.parametrize(
    "f", [lambda x: x * x, lambda x: bp.exp(x) + x, lambda x: bp.sin(y := x + 1) * y]
)
def test_an_engine_that_assigns_is_caught(monkeypatch, f, wrong):
    bp.gradcheck(f, some(5, 3))
    monkeypatch.setattr(graph, "sweep", engine(wrong))
    with pytest.raises(bp.GradientError, match="the worst entry is"):
        bp.gradcheck(f, some(5, 3))


def test_an_engine_that_does_not_wait_is_caught(monkeypatch):
    """The 14 of a hasty recursion, as a sweep that passes on what has arrived so far."""

    def hasty(root, up, record=False, release=False):
        arrived, ready = {}, [(root, up)]
        while ready:
            node, up = ready.pop()
            arrived[node] = arrived.get(node, 0) + up
            if node.rule:
                downs = zip(node.inputs, graph.pull(node, arrived[node]), strict=True)
                ready.extend((x, down) for x, down in downs if down is not None)
        yield from arrived.items()

    def f(a):
        d = 3 * a + 2 * a
        return d + bp.sin(d)

    bp.gradcheck(f, some(5))
    monkeypatch.setattr(graph, "sweep", hasty)
    with pytest.raises(bp.GradientError):
        bp.gradcheck(f, some(5))


# --- what the checker says ---


def wrong_at(entry_at, factor=1.001):
    """The identity, with one entry of its gradient off."""

    def backward(dy, x):
        dx = dy.copy()
        dx[entry_at] *= factor
        return dx

    return bp.custom(lambda x: x * 1.0, backward)


@pytest.mark.parametrize("at", [(0, 0), (3, 1), (4, 2)])
def test_the_worst_entry_and_its_input_are_named(at):
    off = wrong_at(at)
    words = rf"gradient of second, shape \(5, 3\): the worst entry is \[{at[0]}, {at[1]}\]: backwa"
    with pytest.raises(
        bp.GradientError, match=words + r".* the centered difference .* error 1.0e-0"
    ):
        bp.gradcheck(lambda first, second: first + off(second), some(5, 3), some(5, 3))


def test_a_scalar_has_an_entry_too():
    double = bp.custom(lambda x: x * 1.0, lambda dy, x: 2 * dy)
    with pytest.raises(bp.GradientError, match=r"gradient of x, shape \(\): .* entry is \[\]"):
        bp.gradcheck(lambda x: double(x), 1.7)


@pytest.mark.parametrize(("factor", "caught"), [(1 + 1e-4, True), (1 + 1e-12, False)])
def test_the_tolerance_decides(factor, caught):
    f = bp.custom(np.sin, lambda dy, x: factor * dy * np.cos(x))
    for tolerance, refused in [(1e-6, caught), (1e-3, False)]:
        if refused:
            with pytest.raises(bp.GradientError):
                bp.gradcheck(f, some(5), tolerance=tolerance)
        else:
            bp.gradcheck(f, some(5), tolerance=tolerance)


def test_the_gradient_that_is_missing_is_seen():
    with pytest.raises(bp.GradientError, match="backward says 0"):
        bp.gradcheck(lambda x: x.detach() * 2.0, some(5))
    bp.gradcheck(lambda x, y: x * 2.0, some(5), some(3))


def test_values_looked_at_by_other_code_are_seen():
    """A step along i passes np.abs unseen, so the complex step alone would let this pass."""
    with pytest.raises(bp.GradientError, match="centered difference"):
        bp.gradcheck(lambda x: x * np.abs(x.data), some(5))
    assert bp.gradcheck(lambda x: x * bp.sign(x), some(5)).method == "centered difference"


def test_a_rule_of_the_same_name_is_not_taken_for_the_tables():
    def exp(x):
        return np.abs(x)

    report = bp.gradcheck(bp.custom(exp, lambda dy, x: dy * np.sign(x)), some(5))
    assert report.method == "centered difference"


SHARP = {  # kinks, each at its place
    "relu": (bp.relu, [np.array([0.0, 0.7, -0.4])], [("x", (0,))]),
    "abs": (bp.abs, [np.array([0.7, 0.0])], [("x", (1,))]),
    "leaky_relu": (bp.leaky_relu, [np.array([0.0])], [("x", (0,))]),
    "a tie": (bp.maximum, [np.array([0.7, 0.2]), np.array([0.7, 0.4])], [("a", (0,)), ("b", (0,))]),
    "max": (bp.max, [np.array([0.7, 0.2, 0.7])], [("x", (0,)), ("x", (2,))]),
    "clip": (lambda x: bp.clip(x, -1, 1), [np.array([1.0, 0.5])], [("x", (0,))]),
    "far from 0": (lambda x: bp.relu(x - 1000), [np.array([1000.0, 1500.0])], [("x", (0,))]),
}


@pytest.mark.parametrize("name", SHARP)
def test_kinks_are_reported(name):
    f, arrays, kinks = SHARP[name]
    assert bp.gradcheck(f, *arrays).kinks == kinks


@pytest.mark.parametrize(
    "f",
    [
        bp.cos,
        lambda x: x * x,
        lambda x: 1000 + bp.cos(x),
        lambda x: 1e5 * x * x,
        bp.gelu,
        bp.sigmoid,
        lambda x: bp.exp(5 * x),
    ],
)
def test_curves_are_not_taken_for_kinks(f):
    assert bp.gradcheck(f, np.array([0.0, 0.001, 0.5]), method="centered").kinks == []


@pytest.mark.parametrize(
    ("slope", "right"),
    [
        (0.0, True),
        (0.3, True),
        (0.5, True),
        (1.0, True),
        (-0.01, False),
        (1.01, False),
        (2.0, False),
    ],
)
def test_any_slope_between_left_and_right_is_accepted_at_a_kink(slope, right):
    def backward(dy, x):
        return dy * np.where(x == 0, slope, x > 0)

    x = np.array([0.0, 0.7, -0.4])
    relu = bp.custom(lambda x: np.maximum(x, 0), backward)
    for check in (
        lambda: bp.gradcheck(lambda x: relu(x), x),
        lambda: bp.vjpcheck(lambda x: np.maximum(x, 0), backward, x),
    ):
        if right:
            assert check().kinks == [("x", (0,))]
        else:
            with pytest.raises(bp.GradientError, match=r"gradient of x, .* worst entry is \[0\]"):
                check()


def test_a_fault_beside_a_kink_is_caught():
    relu = bp.custom(lambda x: np.maximum(x, 0), lambda dy, x: 1.001 * dy * (x > 0))
    with pytest.raises(bp.GradientError, match=r"the worst entry is \[1\]"):
        bp.gradcheck(relu, np.array([0.0, 0.7, -0.4]))


def test_float32_arrays_are_checked_in_float64():
    seen = []

    def f(x):
        seen.append(x.dtype)
        return bp.sin(x)

    bp.gradcheck(f, some(5).astype("float32"), method="centered", tolerance=1e-8)
    assert {dtype.name for dtype in seen} == {"float64"}


def test_integers_are_checked_as_decimals():
    bp.gradcheck(lambda x: x * x, np.array([2, 3]))


def test_empty_arrays_have_nothing_to_check():
    assert bp.gradcheck(lambda x: x * 2.0, np.zeros((0, 3))).error == 0


ROLL = np.random.default_rng(0)
REFUSED = {
    "nan": (lambda: bp.gradcheck(bp.exp, [1.0, np.nan]), bp.ShapeError, r"input 0, .* a NaN or an"),
    "complex": (
        lambda: bp.gradcheck(bp.exp, [1j]),
        TypeError,
        "must hold real numbers; its dtype i",
    ),
    "text": (
        lambda: bp.gradcheck(bp.exp, ["a"]),
        TypeError,
        "must hold real numbers; its dtype is <U",
    ),
    "nothing": (lambda: bp.gradcheck(bp.exp), TypeError, "gradcheck: give at least one array"),
    "method": (
        lambda: bp.gradcheck(bp.exp, [1.0], method="onesided"),
        ValueError,
        "method is 'onesided'; it must be auto, complex or centered",
    ),
    "no tensor": (
        lambda: bp.gradcheck(lambda x: x.data, [1.0]),
        TypeError,
        "f must return a Tensor; it returned a ndarray",
    ),
    "0/0": (
        lambda: bp.gradcheck(lambda x: x / x, [0.0, 1.5]),
        bp.NonFiniteError,
        r"div: entry \[0\]",
    ),
    "chance": (
        lambda: bp.gradcheck(lambda x: bp.dropout(x, 0.5, ROLL), some(5, 3)),
        bp.GradientError,
        "two answers to one input; fix its seed first",
    ),
    "infinite slope": (
        lambda: bp.gradcheck(bp.sqrt, [4.0, 0.0]),
        bp.GradientError,
        r"gradient of x, shape \(2,\): entry \(1,\) is -?inf",
    ),
    "rounding": (
        lambda: bp.gradcheck(lambda x: bp.sin(x) + 1e12, [0.5], method="centered"),
        bp.GradientError,
        "rounding hides an error",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_gradcheck_refuses(name):
    call, error, words = REFUSED[name]
    with np.errstate(all="ignore"), pytest.raises(error, match=words):
        call()


# --- a reader's own pair ---


def affine(X, W, b):
    return X @ W + b


PAIR = [some(5, 3), some(3, 7), some(7)]
SQUARE_PAIR = [some(3, 3), some(3, 3), some(3)]


def right(dY, X, W, b):
    return dY @ W.T, X.T @ dY, dY.sum(axis=0)


def in_place(dY, X, W, b):
    X *= 2
    return right(dY, X / 2, W, b)


def dy_in_place(dY, X, W, b):
    dY += 1
    return right(dY - 1, X, W, b)


PAIRS = {  # a wrong backward of X @ W + b, and what must be said about it
    "scaled": (
        lambda dY, X, W, b: (1.001 * dY @ W.T, X.T @ dY, dY.sum(0)),
        "gradient of X, .* worst",
    ),
    "sign": (
        lambda dY, X, W, b: (dY @ W.T, -X.T @ dY, dY.sum(0)),
        r"gradient of W, shape \(3, 7\)",
    ),
    "mean": (lambda dY, X, W, b: (dY @ W.T, X.T @ dY, dY.mean(0)), r"gradient of b, shape \(7,\)"),
    "no return": (lambda dY, X, W, b: None, "backward gave 1 gradients for 3 inputs"),
    "one missing": (
        lambda dY, X, W, b: (dY @ W.T, None, dY.sum(0)),
        "no gradient for W; is a return",
    ),
    "two of three": (lambda dY, X, W, b: (dY @ W.T, X.T @ dY), "gave 2 gradients for 3 inputs"),
    "axis kept": (
        lambda dY, X, W, b: (dY @ W.T, X.T @ dY, dY.sum(0, keepdims=True)),
        r"b is \(7,\) but its gradient is \(1, 7\)",
    ),
    "shape": (
        lambda dY, X, W, b: (dY @ W.T, (X.T @ dY).T, dY.sum(0)),
        r"W is \(3, 7\) but .* \(7, 3\)",
    ),
    "ignores dy": (
        lambda dY, X, W, b: right(np.ones_like(dY), X, W, b),
        "gradient of X, .* the worst entry",
    ),
    "in place": (in_place, "changed its input X in place"),
    "dy in place": (dy_in_place, "changed its input dy in place"),
    "nan": (lambda dY, X, W, b: (dY @ W.T * np.nan, X.T @ dY, dY.sum(0)), r"entry \(0, 0\) is nan"),
}


def test_a_right_pair_passes():
    report = bp.vjpcheck(affine, right, *PAIR)
    assert report.kinks == [] and report.error < 1e-6
    bp.vjpcheck(affine, right, *SQUARE_PAIR)


@pytest.mark.parametrize("name", PAIRS)
def test_a_wrong_pair_is_refused(name):
    backward, words = PAIRS[name]
    with pytest.raises(bp.GradientError, match=words):
        bp.vjpcheck(affine, backward, *PAIR)


def only_square(dY, X, W, b):
    return dY @ W, dY.T @ X, dY.sum(axis=0)


def test_what_is_right_only_in_shape_and_only_for_squares_is_refused():
    with pytest.raises(bp.GradientError, match=r"gradient of X, shape \(3, 3\): the worst entry"):
        bp.vjpcheck(affine, only_square, *SQUARE_PAIR)
    with pytest.raises(ValueError):
        bp.vjpcheck(affine, only_square, *PAIR)


def test_a_backward_that_is_right_for_symmetric_values_is_refused_elsewhere():
    def backward(dY, X, W, b):
        return dY @ W, X.T @ dY, dY.sum(axis=0)

    symmetric = SQUARE_PAIR[1] + SQUARE_PAIR[1].T
    bp.vjpcheck(affine, backward, SQUARE_PAIR[0], symmetric, SQUARE_PAIR[2])
    with pytest.raises(bp.GradientError, match="gradient of X"):
        bp.vjpcheck(affine, backward, *SQUARE_PAIR)


@pytest.mark.parametrize(
    ("forward", "words"),
    [
        (lambda x: None, "forward gave nothing; is a return missing"),
        (lambda x: np.log(x - 10), "the function gives nan here"),
        (lambda x: x * ROLL.normal(), "two answers to one input"),
        (lambda x: np.multiply(x, 2, out=x), "changed its input x in place"),
    ],
)
def test_a_forward_that_cannot_be_checked(forward, words):
    with np.errstate(invalid="ignore"), pytest.raises(bp.GradientError, match=words):
        bp.vjpcheck(forward, lambda dy, x: dy * 2, some(5))


def test_one_gradient_need_not_be_a_tuple():
    for backward in (lambda dy, x: 3 * x * x * dy, lambda dy, x: (3 * x * x * dy,)):
        bp.vjpcheck(lambda x: x**3, backward, some(5, 3))


def test_numeric_gradient():
    x = some(5, 3)
    np.testing.assert_allclose(bp.numeric_gradient(lambda x: np.sin(x).sum(), x), np.cos(x), 1e-8)
    assert bp.numeric_gradient(lambda x: float(x) ** 2, 3).round(6) == 6
