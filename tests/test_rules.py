"""Every rule, held against differences of its own forward pass, and against what NumPy does.

Two ways of taking differences are used: bpkit's checker, and a small one that lives in cases.py.
"""

import numpy as np
import pytest
from cases import CASES, SQUARE, by_name, slopes, some

import bpkit as bp
from bpkit import graph
from bpkit.check import HOLOMORPHIC

SMOOTH = [case for case in CASES if case.differentiable]
FLAT = [case for case in CASES if not case.differentiable]


def upstream(y):
    return np.asarray(some(*np.shape(y)))


def gradients(case, arrays=None, up=None):
    """The result, and the gradient of each of the case's arrays, by `backward`."""
    tensors = [bp.Tensor(a) for a in (case.arrays if arrays is None else arrays)]
    y = case(*tensors)
    y.backward(upstream(y.data) if up is None else up)
    return y, [t.grad for t in tensors]


def test_every_rule_has_a_case():
    assert {case.rule for case in CASES} == set(bp.RULES)
    assert {case.rule for case in SQUARE} == {n for n, rule in bp.RULES.items() if rule.vjps}


@pytest.mark.parametrize("case", **by_name(SMOOTH))
def test_gradient_equals_centered_differences(case):
    report = bp.gradcheck(case, *case.arrays, method="centered", tolerance=1e-7)
    assert report.method == "centered difference" and report.kinks == []


@pytest.mark.parametrize("case", **by_name(SMOOTH))
def test_gradient_equals_differences_taken_here(case):
    y, found = gradients(case)
    up = upstream(y.data)
    _, found = gradients(case, up=up)
    for place, gradient in enumerate(found):
        expected = slopes(lambda *xs: np.sum(up * case(*xs)), case.arrays, place)
        assert gradient.shape == expected.shape
        np.testing.assert_allclose(gradient, expected, rtol=1e-7, atol=1e-8)


@pytest.mark.parametrize("case", **by_name([c for c in SMOOTH if c.rule in HOLOMORPHIC]))
def test_gradient_equals_the_complex_step(case):
    report = bp.gradcheck(case, *case.arrays, method="complex", tolerance=1e-12)
    assert report.method == "complex step"


def test_the_complex_step_is_refused_where_it_cannot_pass():
    with pytest.raises(ValueError, match=r"complex step can't pass through abs"):
        bp.gradcheck(bp.abs, some(5, 3), method="complex")


@pytest.mark.parametrize("case", **by_name([*SMOOTH, *SQUARE]))
def test_second_derivatives_equal_differences_of_the_first(case):
    weights = np.asarray(some(*np.shape(case(*case.arrays))))

    def number(*tensors):
        return (weights * bp.sin(case(*tensors))).sum()

    for place in range(len(case.places)):
        slope = bp.grad(number, place)
        bp.gradcheck(slope, *case.arrays, method="centered")


@pytest.mark.parametrize("case", **by_name(CASES))
def test_shape_rule_gives_the_shape_of_the_result(case):
    shape = case.entry.shape(*map(np.shape, case.inputs), **case.params)
    result = case(*case.arrays)
    assert tuple(shape) == np.shape(result)
    assert case(*map(bp.Tensor, case.arrays)).shape == np.shape(result)


@pytest.mark.parametrize("case", **by_name(CASES))
def test_arrays_in_array_out_and_inputs_unchanged(case):
    kept = [np.copy(x) for x in case.inputs]
    result = case(*case.arrays)
    assert isinstance(result, (np.ndarray, np.generic))
    if case.differentiable:
        y, found = gradients(case)
        assert isinstance(y, bp.Tensor) and np.array_equal(y.data, result)
        for gradient, array in zip(found, case.arrays, strict=True):
            assert gradient.shape == array.shape and gradient.flags.writeable
    for x, before in zip(case.inputs, kept, strict=True):
        assert np.array_equal(x, before)


@pytest.mark.parametrize("case", **by_name([c for c in SMOOTH if "dtype" not in c.params]))
def test_float32_stays_float32_there_and_back(case):
    single = [a.astype("float32") for a in case.arrays]
    inputs = case.filled(map(bp.Tensor, single))
    inputs = [
        x.astype("float32") if isinstance(x, np.ndarray) and x.dtype.kind == "f" else x
        for x in inputs
    ]
    y = graph.apply(case.entry, tuple(inputs), case.params)
    assert y.dtype == "float32"
    up = upstream(y.data)
    downs = graph.pull(y, up.astype("float32"))
    assert [down.dtype for down in downs if down is not None] == ["float32"] * len(single)
    _, exact = gradients(case, up=up)
    for down, gradient in zip([d for d in downs if d is not None], exact, strict=True):
        np.testing.assert_allclose(down, gradient, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("case", **by_name(FLAT))
def test_a_rule_without_derivative_gives_a_constant(case):
    y = case(*map(bp.Tensor, case.arrays))
    if case.places:
        assert not y.requires_grad and y.rule is None
        assert bp.gradcheck(lambda *xs: case(*xs) * 2.0, *case.arrays).kinks == []


# Functions that are composed from rules, or choose between them.
COMPOSED = {
    "mean": (bp.mean, [some(5, 3)]),
    "mean, an axis": (lambda x: x.mean(-1), [some(2, 5, 3)]),
    "mean, axes kept": (lambda x: x.mean((0, 2), keepdims=True), [some(2, 5, 3)]),
    "power, number": (lambda x: x**3, [some(5, 3)]),
    "power, tensor": (lambda x, n: x**n, [some(5, 3, positive=True), some(3)]),
    "number to a power": (lambda x: 1.7**x, [some(5, 3)]),
    "vector @ vector": (lambda a, b: a @ b, [some(5), some(5)]),
    "vector @ matrix": (lambda a, b: a @ b, [some(5), some(5, 3)]),
    "matrix @ vector": (lambda a, b: a @ b, [some(5, 3), some(3)]),
    "stack @ vector": (lambda a, b: a @ b, [some(2, 5, 3), some(3)]),
    "vector @ stack": (lambda a, b: a @ b, [some(5), some(2, 5, 3)]),
    "array @ tensor": (lambda b: np.ones((2, 5)) @ b, [some(5, 3)]),
    "operators": (lambda a, b: 2 - (a + 1) * -b / 3 - 1 / b, [some(5, 3), some(3)]),
    "abs": (abs, [some(5, 3)]),
    "methods": (lambda x: x.T.reshape(5, -1).transpose(1, 0).sum(0), [some(5, 3)]),
    "max": (lambda x: x.max(axis=1, keepdims=True), [some(5, 3)]),
    "key": (lambda x: x[1:, [2, 2, 0]], [some(5, 3)]),
    "take": (lambda t: bp.take(t, [[4, 0], [4, 4]]), [some(5, 3)]),
    "concatenate": (lambda a, b: bp.concatenate([a, b], axis=-1), [some(5, 3), some(5, 2)]),
    "stack": (lambda a, b: bp.stack([a, b], axis=-1), [some(5, 3), some(5, 3)]),
    "stack, in front": (lambda a, b: bp.stack([a, b]), [some(5, 3), some(5, 3)]),
    "sum_to": (lambda x: bp.sum_to(x, to=(3,)), [some(5, 3)]),
    "layer_norm": (bp.layer_norm, [some(2, 5, 3), some(3), some(3)]),
    "batch_norm": (bp.batch_norm, [some(5, 3), some(3), some(3)]),
    "batch_norm, images": (bp.batch_norm, [some(2, 3, 5, 7), some(3), some(3)]),
    "rms_norm": (bp.rms_norm, [some(5, 3), some(3)]),
    "conv2d": (
        lambda X, W, b: bp.conv2d(X, W, b, stride=(2, 1), padding=1),
        [some(2, 3, 5, 7), some(11, 3, 3, 2), some(11)],
    ),
    "max_pool2d": (lambda x: bp.max_pool2d(x, (2, 3), stride=(1, 2)), [some(2, 3, 5, 7)]),
    "avg_pool2d": (lambda x: bp.avg_pool2d(x, 2), [some(2, 3, 5, 7)]),
    "dropout": (
        lambda x: bp.dropout(x, 0.3, np.random.default_rng(0)),
        [some(5, 3)],
    ),
    "attention": (bp.attention, [some(2, 5, 3), some(2, 7, 3), some(2, 7, 11)]),
    "attention, masked": (
        lambda q, k, v: bp.attention(q, k, v, mask=np.tri(5, 7, dtype=bool)),
        [some(2, 5, 3), some(2, 7, 3), some(2, 7, 11)],
    ),
}


@pytest.mark.parametrize("name", COMPOSED)
def test_composed_functions(name):
    f, arrays = COMPOSED[name]
    weights = np.asarray(some(*f(*map(bp.Tensor, arrays)).shape))
    bp.gradcheck(f, *arrays, method="centered", tolerance=1e-7)
    for place in range(len(arrays)):
        slope = bp.grad(lambda *xs: (weights * bp.sin(f(*xs))).sum(), place)
        bp.gradcheck(slope, *arrays, method="centered")


def test_an_array_beside_a_tensor_leaves_the_work_to_the_tensor():
    x, array = bp.Tensor(some(3)), some(5, 3, positive=True)
    for y in (array + x, array - x, array * x, array / x, array @ x, array**x):
        assert isinstance(y, bp.Tensor)


def test_lists_are_constants_like_arrays():
    x, rows = some(2, 3), [[1.5, -2.0, 0.5], [0.25, 3.0, -1.0]]
    functions = [
        lambda x: x * rows,
        lambda x: bp.exp(x) ** rows,
        lambda x: bp.maximum(x, rows),
        lambda x: bp.concatenate([rows, x]),
        lambda x: bp.affine(rows, bp.reshape(x, to=(3, 2)), [1.0, 2.0]),
        lambda x: bp.mse(x, rows),
        lambda x: bp.softmax_cross_entropy(x, rows),
        lambda x: bp.softmax_cross_entropy(x, [1, 0], smoothing=0.1),
        lambda x: bp.softmax_cross_entropy(x, [[0.2, 0.3, 0.5], [0.5, 0.4, 0.1]], smoothing=0.1),
    ]
    for f in functions:
        bp.gradcheck(f, x)


EXTREME = {
    "sigmoid": [0.0, 1.0],
    "softplus": [0.0, 1000.0],
    "tanh": [-1.0, 1.0],
    "gelu": [0.0, 1000.0],
    "softmax": [0.0, 1.0],
    "log_softmax": [-2000.0, 0.0],
}


@pytest.mark.parametrize("rule", EXTREME)
def test_no_overflow_far_out(rule):
    x = bp.Tensor([-1000.0, 1000.0])
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        y = getattr(bp, rule)(x)
        y.backward(np.array([2.0, 3.0]))
    assert y.data.tolist() == EXTREME[rule]
    assert np.isfinite(x.grad).all()


def test_equal_largest_share_the_gradient():
    x = bp.Tensor([2.0, 5.0, 5.0, 1.0, 5.0])
    bp.max(x).backward(np.array(3.0))
    assert x.grad.tolist() == [0.0, 1.0, 1.0, 0.0, 1.0]
    for choose in (bp.maximum, bp.minimum):
        a, b = bp.Tensor([2.0]), bp.Tensor([2.0])
        choose(a, b).backward(np.array([6.0]))
        assert a.grad.tolist() == b.grad.tolist() == [3.0]


@pytest.mark.parametrize(
    ("rule", "slope"), [("relu", 0.0), ("abs", 0.0), ("leaky_relu", 0.01), ("gelu", 0.5)]
)
def test_the_slope_taken_at_zero(rule, slope):
    x = bp.Tensor(0.0)
    getattr(bp, rule)(x).backward()
    assert x.grad == slope


@pytest.mark.parametrize(
    "f",
    [lambda x: 2**x, lambda x: x**2.5, lambda x: bp.mean(1 / x), bp.logsumexp, bp.softmax],
)
def test_numbers_do_not_widen_float32(f):
    x = bp.Tensor(some(5, 3, positive=True).astype("float32"))
    y = f(x)
    y.backward(np.ones(y.shape, "float32"))
    assert y.dtype == x.grad.dtype == "float32"


def test_a_number_to_the_power_of_integers():
    assert (0.5 ** bp.Tensor(np.array([1, 2]))).data.tolist() == [0.5, 0.25]
