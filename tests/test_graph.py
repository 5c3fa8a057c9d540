"""The tape: what is recorded, in which order gradients flow, what is freed, what is refused."""

import gc
import weakref

import numpy as np
import pytest
from cases import some
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import bpkit as bp
from bpkit import graph

DEEP = 100_000


def fork():
    """b = 3a, c = 2a, d = b + c, e = d + b: each a reaches e by three ways, and de/da is 8."""
    a = bp.Tensor(1.7, name="a")
    b, c = 3 * a, 2 * a
    d = b + c
    return a, d + b


def test_the_slope_is_8_where_a_hasty_recursion_says_14():
    def recursive(node):
        below = [
            (x, down)
            for x, down in zip(node.inputs, graph.pull(node, node.grad), strict=True)
            if down
        ]
        for x, down in below:
            x.grad = down + (x.grad or 0.0)
        for x, _ in below:
            if x.rule:
                recursive(x)

    a, e = fork()
    e.backward()
    assert a.grad == 8
    a, e = fork()
    e.grad = 1.0
    recursive(e)
    assert a.grad == 14


def test_a_fork_adds():
    x = bp.Tensor(some(5, 3))
    (x * x + x).backward(np.full((5, 3), 2.0))
    np.testing.assert_allclose(x.grad, 2 * (2 * x.data + 1))


def test_a_chain_of_100_000_operations():
    x = bp.Tensor(0.5)
    y = x
    for _ in range(DEEP):
        y = y + 1e-6
    y.backward()
    assert y.item() == pytest.approx(0.6) and x.grad == 1


def test_a_graph_with_100_000_forks():
    x = bp.Tensor(0.5)
    y = x
    for _ in range(DEEP):
        y = 0.5 * y + 0.5 * y
    y.backward()
    assert y.item() == 0.5 and x.grad == 1


def test_one_tensor_used_100_000_times():
    x, total = bp.Tensor(0.5), 0.0
    for _ in range(DEEP):
        total = total + x
    total.backward()
    assert x.grad == DEEP


@pytest.mark.parametrize("swept", [True, False])
def test_a_deep_graph_is_freed_without_recursion(swept):
    x = bp.Tensor(0.5)
    y = x
    for _ in range(DEEP):
        y = bp.sin(y)
    seen = weakref.ref(y.inputs[0])
    if swept:
        y.backward()
    del y
    gc.collect()
    assert seen() is None


def test_backward_frees_the_graph_as_it_goes():
    x = bp.Tensor(some(5))
    y = bp.exp(x)
    seen = weakref.ref(y)
    z = y.sum()
    del y
    assert seen() is not None
    z.backward()
    assert seen() is None


def test_a_second_backward_on_a_released_graph_is_refused():
    x = bp.Tensor(some(5, 3))
    y = (x * x).sum()
    y.backward()
    with pytest.raises(bp.GraphError, match=r"below sum, shape \(\), was released by an earlier"):
        y.backward()
    assert np.array_equal(x.grad, 2 * x.data)


def test_a_graph_released_in_part_is_refused_and_leaves_gradients_alone():
    x = bp.Tensor(some(5, 3))
    shared = x * x
    first, second = shared.sum(), (2 * shared).sum()
    first.backward()
    before = x.grad.copy()
    with pytest.raises(bp.GraphError, match=r"below mul, shape \(5, 3\), was released"):
        second.backward()
    assert np.array_equal(x.grad, before)


def test_a_kept_graph_can_be_swept_again_and_adds():
    a, e = fork()
    e.backward(keep=True)
    e.backward(keep=True)
    assert a.grad == 16
    e.backward()
    assert a.grad == 24
    with pytest.raises(bp.GraphError, match="released"):
        e.backward()


def test_keep_leaves_every_gradient():
    a, e = fork()
    e.backward(keep=True)
    d, b = e.inputs
    assert [float(t.grad) for t in (e, d, b, d.inputs[1], a)] == [1, 1, 2, 1, 8]
    a, e = fork()
    d, b = e.inputs
    e.backward()
    assert d.grad is b.grad is e.grad is None


def test_zero_grad_starts_anew():
    model = bp.Affine(3, 2, seed=0)
    gradients = []
    for _ in range(2):
        model.zero_grad()
        model(some(5, 3)).sum().backward()
        gradients.append(model.b.grad.copy())
    assert np.array_equal(*gradients)
    model(some(5, 3)).sum().backward()
    assert np.array_equal(model.b.grad, 2 * gradients[0])


def test_a_gradient_is_a_copy_of_its_own():
    x, y, up = bp.Tensor(some(5, 3)), bp.Tensor(some(5, 3)), some(5, 3)
    before = up.copy()
    (x + y).backward(up)
    assert not np.shares_memory(x.grad, y.grad) and not np.shares_memory(x.grad, up)
    x.grad += 1
    assert np.array_equal(y.grad, before) and np.array_equal(up, before)


@pytest.mark.parametrize("f", [bp.sum, lambda x: bp.broadcast(x, to=(2, 5, 3)), bp.transpose])
def test_a_gradient_can_be_written_to(f):
    x = bp.Tensor(some(5, 3))
    f(x).sum().backward()
    x.grad += 1
    assert x.grad.shape == x.shape


def test_data_is_copied():
    array = some(5, 3)
    x = bp.Tensor(array)
    array += 1
    assert not np.array_equal(x.data, array)
    y = bp.Tensor(x)
    y.data += 1
    assert not np.array_equal(x.data, y.data)


def test_no_grad_records_nothing():
    x = bp.Tensor(some(5, 3))
    with bp.no_grad():
        y = x * x
        with graph.switched("recording", True):
            inner = x * x
    assert not y.requires_grad and y.rule is None and y.inputs == ()
    assert inner.requires_grad and (x * x).requires_grad
    with pytest.raises(bp.GraphError, match="no tensor that asks for a gradient leads here"):
        y.backward()


def test_no_grad_ends_with_its_block_even_after_an_error():
    with pytest.raises(ZeroDivisionError), bp.no_grad():
        raise ZeroDivisionError
    assert (bp.Tensor(1.7) * 2).requires_grad


def test_a_leaf_that_asks_for_none_gets_none():
    x, c = bp.Tensor(some(5, 3)), bp.Tensor(some(5, 3), requires_grad=False)
    (x * c).sum().backward()
    assert c.grad is None and np.array_equal(x.grad, c.data)
    integers = bp.Tensor(np.arange(3))
    assert integers.dtype.kind == "i" and not integers.requires_grad
    with pytest.raises(bp.GraphError, match="no tensor that asks for a gradient leads here"):
        (c * 2).backward(np.ones((5, 3)))


def test_a_leaf_is_its_own_result():
    x = bp.Tensor(1.7)
    x.backward()
    assert x.grad == 1


def test_detach_cuts():
    x = bp.Tensor(some(5))
    (x * x.detach()).sum().backward()
    assert np.array_equal(x.grad, x.data)


def test_a_single_number_starts_from_one_whatever_its_shape():
    x = bp.Tensor([[1.7]])
    (x * x).backward()
    assert x.grad.tolist() == [[3.4]]


def test_an_upstream_may_be_a_tensor_or_a_list():
    for up in ([2.0, 3.0], np.array([2, 3]), bp.Tensor([2.0, 3.0])):
        x = bp.Tensor([0.5, 0.7])
        (x * 2).backward(up)
        assert x.grad.tolist() == [4.0, 6.0]


def test_a_gradient_has_its_leafs_dtype():
    x = bp.Tensor(some(5).astype("float32"))
    for _ in range(2):
        (x * some(5)).sum().backward()
        assert x.grad.dtype == "float32"


@pytest.mark.parametrize(
    ("data", "kept"),
    [
        (3, float),
        (True, float),
        ([1, 2], float),
        (np.float32(1.5), "float32"),
        (np.ones(2, "float32"), "float32"),
        (np.arange(2), int),
        (np.array([True]), bool),
        ((0.5, 2), float),
    ],
)
def test_what_dtype_a_tensor_has(data, kept):
    assert bp.Tensor(data).dtype == kept


@pytest.mark.parametrize(
    ("data", "dtype"),
    [
        ("abc", "<U3"),
        (["a", "b"], "<U1"),
        (None, "object"),
        (np.array([1, None]), "object"),
        (np.array(["2020-01-01"], "datetime64[D]"), "datetime64"),
    ],
)
def test_only_numbers_make_a_tensor(data, dtype):
    with pytest.raises(TypeError, match=rf"Tensor: data must be numbers; its dtype is {dtype}"):
        bp.Tensor(data)


@pytest.mark.parametrize(
    ("constant", "words"),
    [
        (None, "mul: an input is a NoneType of dtype object; pass tensors or numbers"),
        ("abc", "mul: an input is a str of dtype <U3; pass tensors or numbers"),
        (np.array([1, "a"], object), "mul: an input is a ndarray of dtype object"),
    ],
)
def test_only_numbers_are_computed_with(constant, words):
    with pytest.raises(TypeError, match=words):
        bp.Tensor([1.5, 2.5]) * constant


def test_numpy_does_not_take_a_tensor_for_an_array():
    x = bp.Tensor(some(3))
    for f in (np.exp, np.asarray, lambda x: np.array([x, x])):
        with pytest.raises(TypeError, match="Tensor"):
            f(x)


def test_what_a_tensor_says_of_itself():
    x = bp.Tensor([1.0, 2.5], name="x")
    assert repr(x) == "Tensor([1. , 2.5], name='x')"
    assert repr(x * 2) == "Tensor([2., 5.], made by mul)"
    assert (len(x), x.ndim, x.size, x.shape) == (2, 1, 2, (2,))
    assert [t.item() for t in x] == [1.0, 2.5]
    assert bool(bp.Tensor(0.0)) is False and float(bp.Tensor(1.5)) == 1.5


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: bp.exp(), "exp: the input x is missing"),
        (lambda: bp.add(bp.Tensor(1.0)), "add: the input b is missing"),
        (lambda: bp.exp(bp.Tensor(1.0), 2), "exp: 2 arguments; it takes x"),
        (lambda: bp.sum(bp.Tensor(1.0), None, True, 7), "sum: 4 arguments; it takes x, axis, keep"),
        (lambda: bp.sum(bp.Tensor(1.0), axes=0), "sum: unknown argument axes"),
        (lambda: bp.affine(bp.Tensor([1.0]), W=[[2.0]]), "affine: the input b is missing"),
    ],
)
def test_a_call_that_does_not_fit_its_rule(call, words):
    with pytest.raises(TypeError, match=words):
        call()


def test_arguments_may_be_named():
    x = bp.Tensor([-2.0, 0.5, 2.0])
    assert bp.clip(x, -1, 1).data.tolist() == bp.clip(x=x, high=1, low=-1).data.tolist()
    assert bp.add(b=2.0, a=x).data.tolist() == [0.0, 2.5, 4.0]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda x: x.backward(), r"a result of shape \(5, 3\) needs an upstream gradient of that"),
        (lambda x: x.backward(np.ones((3, 5))), r"upstream is \(3, 5\) but the result is \(5, 3\)"),
        (lambda x: x.backward(1.0), r"upstream is \(\) but the result is \(5, 3\)"),
        (lambda x: x.sum().backward([1.0]), r"upstream is \(1,\) but the result is \(\)"),
    ],
)
def test_an_upstream_that_does_not_fit(call, words):
    x = bp.Tensor(some(5, 3))
    with pytest.raises(bp.ShapeError, match=words):
        call(x * 2)
    assert x.grad is None


# --- a NaN or an infinity names what first gave it ---


@pytest.fixture
def quiet():
    with np.errstate(all="ignore"):
        yield


def test_backward_names_the_first_operation_that_went_wrong(quiet):
    x = bp.Tensor([1.5, 0.0, 2.0])
    y = (bp.log(x * 2) * 0.0 + 1).sum()
    with pytest.raises(bp.NonFiniteError, match=r"log: entry \[1\] .* shape \(3,\), is -inf"):
        y.backward()
    assert x.grad is None


def test_backward_names_a_leaf_that_went_wrong(quiet):
    x = bp.Tensor([[1.5, np.nan]], name="x")
    with pytest.raises(bp.NonFiniteError, match=r"the leaf x: entry \[0, 1\] .* is nan"):
        (bp.exp(x) * 2).sum().backward()
    y = bp.Tensor(np.inf)
    with pytest.raises(bp.NonFiniteError, match=r"the leaf \(unnamed\): entry \[0\] .* is inf"):
        (y * 2).backward()


def test_zero_over_zero_is_named(quiet):
    x = bp.Tensor([0.0, 1.5])
    with pytest.raises(bp.NonFiniteError, match=r"div: entry \[0\]"):
        (x / x).sum().backward()


def test_finite_checks_look_at_each_step_forward(quiet):
    x = bp.Tensor([1.5, -1.0])
    with bp.finite_checks():
        bp.exp(x)
        with pytest.raises(bp.NonFiniteError, match=r"sqrt: entry \[1\] of its result, .* is nan"):
            bp.sqrt(x)
    bp.sqrt(x)


def test_finite_checks_look_at_each_step_back(quiet):
    x = bp.Tensor([4.0, 0.0])
    y = bp.sqrt(x).sum()
    with (
        bp.finite_checks(),
        pytest.raises(
            bp.NonFiniteError,
            match=r"the backward step of sqrt: entry \[1\] of input 0's gradient, .* is inf",
        ),
    ):
        y.backward()


# --- derivatives of derivatives ---


def cube(x):
    return x * x * x


def test_grad_of_grad_of_grad():
    third = bp.grad(bp.grad(bp.grad(cube)))
    assert float(third(1.7)) == pytest.approx(6)
    assert float(bp.grad(third)(1.7)) == 0


def test_value_and_grad_takes_numbers_arrays_and_tensors():
    for x in (2.0, np.array(2.0), bp.Tensor(2.0)):
        value, slope = bp.value_and_grad(cube)(x)
        assert isinstance(value, bp.Tensor) and isinstance(slope, bp.Tensor)
        assert (float(value), float(slope)) == (8, 12)


def test_grad_leaves_tensors_as_they_were():
    x, w = bp.Tensor(some(5)), bp.Tensor(some(5))
    bp.grad(lambda x: (w * x * x).sum())(x)
    assert x.grad is None and w.grad is None


def test_grad_names_its_argument():
    slope = bp.grad(lambda a, b: (a * b * b).sum(), argnum=1)
    assert slope(np.array([3.0]), np.array([5.0])).data.tolist() == [30.0]


def test_grad_of_what_does_not_depend_is_zero():
    assert bp.grad(lambda x: bp.Tensor(3.0))(np.ones((2, 3))).data.tolist() == [[0.0] * 3] * 2
    w = bp.Tensor(2.0)
    assert float(bp.grad(lambda x: w * w)(5.0)) == 0


def test_a_gradient_can_be_swept():
    """A gradient penalty: the gradient is part of what is differentiated."""
    w, x = bp.Tensor(some(5)), bp.Tensor(some(5))
    slope = bp.grad(lambda x: (w * x * x * x).sum())(x)
    (slope * slope).sum().backward()
    np.testing.assert_allclose(w.grad, 2 * 9 * w.data * x.data**4)
    np.testing.assert_allclose(x.grad, 4 * 9 * w.data**2 * x.data**3)


@pytest.mark.parametrize("inner_first", [True, False])
def test_derivatives_of_two_levels_are_not_confused(inner_first):
    """Siskind and Pearlmutter, 2005: d/dx x (d/dy (x + y)) = 1, where confusion gives 2."""

    def f(x):
        inner = bp.grad(lambda y: x + y)(1.0)
        return inner * x if inner_first else x * inner

    assert float(bp.grad(f)(1.7)) == 1


def test_an_inner_derivative_may_use_the_outer_variable():
    # g(x) = d/dy (x² y³) at y = x is 3x⁴, and g'(x) = 12x³
    f = bp.grad(lambda x: bp.grad(lambda y: x * x * y * y * y)(x))
    assert float(f(1.5)) == pytest.approx(12 * 1.5**3)
    # the inner variable shadows nothing: both are the same tensor
    same = bp.grad(lambda x: bp.grad(lambda y: x * y)(x) * bp.grad(lambda y: y * y)(x))
    assert float(same(1.5)) == pytest.approx(4 * 1.5)


def test_hessian_vector_product():
    x, v = some(5), some(5)
    a = some(5, 5)

    def f(x):
        return (x * bp.sin(a @ x)).sum()

    product = bp.grad(lambda x: (bp.grad(f)(x) * v).sum())(x)
    bp.gradcheck(lambda x: (bp.grad(f)(x) * v).sum(), x)
    h = 1e-6
    expected = (bp.grad(f)(x + h * v).data - bp.grad(f)(x - h * v).data) / (2 * h)
    np.testing.assert_allclose(product.data, expected, rtol=1e-6, atol=1e-7)


def test_grad_works_where_nothing_is_recorded():
    with bp.no_grad():
        assert float(bp.grad(cube)(2.0)) == 12


@pytest.mark.parametrize(
    ("f", "x", "error", "words"),
    [
        (cube, np.arange(3), TypeError, "argument 0 has dtype int64; pass real numbers"),
        (cube, np.ones(3), bp.GraphError, r"tensor of one number; it returned shape \(3,\)"),
        (lambda x: 3.0, 2.0, bp.GraphError, "tensor of one number; it returned float"),
    ],
)
def test_what_grad_refuses(f, x, error, words):
    with pytest.raises(error, match=words):
        bp.grad(f)(x)


def cubed(x):
    return x**3


CUBE = bp.custom(cubed, lambda dy, x: 3 * x * x * dy)


def test_custom_is_differentiated_once():
    x = some(5, 3)
    bp.gradcheck(CUBE, x)
    np.testing.assert_allclose(bp.grad(lambda x: CUBE(x).sum())(x).data, 3 * x * x)


@pytest.mark.parametrize(
    "twice",
    [
        lambda x: bp.grad(bp.grad(CUBE))(x),
        lambda x: bp.grad(lambda x: bp.grad(lambda x: CUBE(x) * x)(x) ** 2)(x),
        lambda x: bp.grad(CUBE)(bp.Tensor(x)).backward(),
    ],
)
def test_custom_differentiated_twice_says_that_it_cannot_be(twice):
    with pytest.raises(bp.GradientError, match=r"cubed: its backward step is NumPy code, not rule"):
        twice(2.0)


@pytest.mark.parametrize(
    ("backward", "words"),
    [
        (lambda dy, a, b: None, "mix: backward gave 1 gradients for 2 inputs"),
        (lambda dy, a, b: (dy, None), "mix: backward gave no gradient for input 1; is a return"),
        (lambda dy, a, b: (dy, dy), r"mix: input 1 is \(3,\) but its gradient is \(5, 3\)"),
        (lambda dy, a, b: dy, "mix: backward gave 1 gradients for 2 inputs"),
    ],
)
def test_a_custom_backward_that_does_not_fit(backward, words):
    def mix(a, b):
        return a + b

    with pytest.raises(bp.GradientError, match=words):
        bp.custom(mix, backward)(bp.Tensor(some(5, 3)), bp.Tensor(some(3))).sum().backward()


def test_a_custom_backward_may_change_dy():
    def zeroed(dy, x):
        dy[x < 0] = 0
        return dy

    x, other = bp.Tensor(some(5, 3)), bp.Tensor(some(5, 3))
    up = some(5, 3)
    (other + bp.custom(lambda x: np.maximum(x, 0), zeroed)(x)).backward(up)
    assert np.array_equal(other.grad, up)
    assert np.array_equal(x.grad, np.where(x.data < 0, 0, up))


def test_custom_takes_constants_and_any_callable():
    from functools import partial

    double = bp.custom(partial(np.multiply, 2.0), lambda dy, x: 2 * dy)
    bp.gradcheck(double, some(3))
    bp.gradcheck(bp.custom(np.sin, lambda dy, x: dy * np.cos(x)), some(3))
    power = bp.custom(np.power, lambda dy, x, n: (dy * n * x ** (n - 1), None))
    bp.gradcheck(lambda x: power(x, 3.0), some(3))
    with pytest.raises(TypeError, match="forward gave nothing; is a return missing"):
        bp.custom(lambda x: None, lambda dy, x: dy)(bp.Tensor(1.7))


# --- the order of things ---


def test_order_gives_inputs_before_results_and_each_once():
    _, e = fork()
    found = graph.order(e)
    assert len(found) == len(set(found)) == 5
    for node in found:
        for x in node.inputs:
            if isinstance(x, bp.Tensor):
                assert found.index(x) < found.index(node)


def test_pull_gives_the_local_derivatives_of_a_number():
    a, b = bp.Tensor(3.0), bp.Tensor(5.0)
    assert graph.pull(a * b, 1.0) == [5.0, 3.0]
    assert graph.pull(a * 7.0, 1.0) == [7.0, None]


def test_consumers_counts_uses():
    a, e = fork()
    counts = {t.name or t.rule.name: n for t, n in graph.consumers(e).items()}
    assert graph.consumers(e)[a] == 2 and graph.consumers(e)[e] == 0
    assert counts["a"] == 2


# --- random expressions, beside dual numbers that share nothing with the library ---


class Dual:
    """A value and its derivative along one direction, carried forward together."""

    def __init__(self, value, slope):
        self.value, self.slope = np.asarray(value, float), np.asarray(slope, float)

    def __add__(self, other):
        return Dual(self.value + other.value, self.slope + other.slope)

    def __sub__(self, other):
        return Dual(self.value - other.value, self.slope - other.slope)

    def __mul__(self, other):
        return Dual(self.value * other.value, self.slope * other.value + self.value * other.slope)

    def __truediv__(self, other):
        value = self.value / other.value
        return Dual(value, (self.slope - value * other.slope) / other.value)


def _one(value, slope):
    return lambda x: Dual(value(x.value), slope(x.value) * x.slope)


ONE = {  # the library's function, and the same for dual numbers
    "sin": (bp.sin, _one(np.sin, np.cos)),
    "tanh": (bp.tanh, _one(np.tanh, lambda v: np.cosh(v) ** -2.0)),
    "sigmoid": (bp.sigmoid, _one(lambda v: 1 / (1 + np.exp(-v)), lambda v: 0.5 / (1 + np.cosh(v)))),
    "negate": (lambda x: -x, _one(np.negative, lambda v: -1.0)),
    "shrink": (
        lambda x: bp.exp(-x * x),
        _one(lambda v: np.exp(-v * v), lambda v: -2 * v * np.exp(-v * v)),
    ),
}
TWO = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
}

steps = st.lists(
    st.tuples(st.sampled_from([*ONE, *TWO]), st.integers(0, 30), st.integers(0, 30)),
    min_size=1,
    max_size=12,
)
numbers = st.floats(-2, 2, allow_nan=False, width=16)
hundredths = st.integers(-200, 200).map(lambda n: n / 100)  # differences lose what is tiny
SHAPES = [(), (3,), (2, 1), (2, 3), (1, 3)]  # any two of these broadcast


def build(steps, leaves, kind):
    """Run the steps on a growing list of values; each uses earlier ones, the last is the result."""
    values = list(leaves)
    for name, i, j in steps:
        a, b = values[i % len(values)], values[j % len(values)]
        values.append(ONE[name][kind](a) if name in ONE else TWO[name](a, b))
    return values[-1]


@settings(max_examples=150, deadline=None)
@given(
    steps,
    st.lists(st.sampled_from(SHAPES), min_size=1, max_size=3).flatmap(
        lambda shapes: st.tuples(*(hnp.arrays(float, s, elements=numbers) for s in shapes))
    ),
    st.randoms(use_true_random=False),
)
def test_random_expressions_agree_with_dual_numbers(steps, arrays, random):
    tensors = [bp.Tensor(a) for a in arrays]
    y = build(steps, tensors, 0)
    rng = np.random.default_rng(random.randrange(1000))
    up = np.asarray(rng.normal(size=y.shape))
    if y.requires_grad:
        y.backward(up)
    directions = [rng.normal(size=a.shape) for a in arrays]
    dual = build(steps, [Dual(a, v) for a, v in zip(arrays, directions, strict=True)], 1)
    np.testing.assert_allclose(y.data, dual.value, rtol=1e-12, atol=1e-12)
    swept = sum(
        np.sum(t.grad * v) for t, v in zip(tensors, directions, strict=True) if t.grad is not None
    )
    scale = 1 + sum(np.abs(t.grad).sum() for t in tensors if t.grad is not None)
    assert abs(swept - np.sum(up * dual.slope)) <= 1e-11 * scale


@settings(max_examples=40, deadline=None)
@given(steps, st.lists(hundredths, min_size=1, max_size=3))
def test_random_expressions_agree_with_differences_twice(steps, points):
    def f(*xs):  # no gradient is 0 for a reason that a difference can't see
        return build(steps, xs, 0) + sum(bp.exp(0.7 * x) for x in xs)

    arrays = [np.array(p) for p in points]
    bp.gradcheck(f, *arrays, method="centered", tolerance=1e-5)
    bp.gradcheck(bp.grad(f), *arrays, method="centered", tolerance=1e-5)
