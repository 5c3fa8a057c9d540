"""Shapes: a shape rule agrees with NumPy on any shapes, and says in shapes what doesn't fit."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import bpkit as bp

shapes = st.lists(st.sampled_from([0, 1, 2, 3, 5]), max_size=3).map(tuple)
axes = st.one_of(st.none(), st.integers(-4, 3), st.lists(st.integers(-3, 2), max_size=3).map(tuple))
lengths = st.lists(st.sampled_from([-1, 0, 1, 2, 3, 5, 6]), max_size=3).map(tuple)
orders = st.one_of(st.none(), st.lists(st.integers(-4, 3), max_size=3).map(tuple))

# For each rule: shapes of its inputs, and its parameters. NumPy must agree on what fits.
ANY = {
    "add": (st.tuples(shapes, shapes), {}),
    "where": (st.tuples(shapes, shapes, shapes), {}),
    "matmul": (st.tuples(*[shapes.filter(lambda s: len(s) > 1)] * 2), {}),
    "reshape": (st.tuples(shapes), {"to": lengths}),
    "transpose": (st.tuples(shapes), {"axes": orders}),
    "broadcast": (st.tuples(shapes), {"to": shapes}),
    "concatenate": (st.lists(shapes, min_size=1, max_size=3), {"axis": st.integers(-4, 3)}),
    "stack": (st.lists(shapes, min_size=1, max_size=3), {"axis": st.integers(-4, 3)}),
    # NumPy lets a number be reduced over its axis 0 or -1, which it hasn't; bpkit doesn't
    **{
        name: (st.tuples(shapes.filter(bool)), {"axis": axes, "keepdims": st.booleans()})
        for name in ["sum", "max"]
    },
}


def outcome(f):
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return tuple(f())
    except (ValueError, IndexError, TypeError):
        return "refused"


@pytest.mark.parametrize("name", ANY)
@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_a_shape_rule_agrees_with_numpy(name, data):
    inputs, params = ANY[name]
    rule = bp.RULES[name]
    given_shapes = data.draw(inputs)
    chosen = {key: data.draw(value) for key, value in params.items()}
    arrays = [np.ones(s) for s in given_shapes]
    try:
        found = tuple(rule.shape(*given_shapes, **chosen))
    except bp.ShapeError:
        found = "refused"
    assert found == outcome(lambda: rule.forward(*arrays, **chosen).shape)


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_any_key_of_numpys(data):
    shape = data.draw(hnp.array_shapes(max_dims=3, max_side=5))
    keys = st.one_of(
        hnp.basic_indices(shape, allow_newaxis=True),
        hnp.integer_array_indices(shape),
        hnp.arrays(bool, shape),
    )
    key = data.draw(keys)
    x = np.random.default_rng(0).normal(size=shape)
    tensor = bp.Tensor(x)
    y = tensor[key]
    assert np.array_equal(y.data, x[key]) and y.shape == np.shape(x[key])
    up = np.asarray(np.random.default_rng(1).normal(size=y.shape))
    y.backward(up)
    expected = np.zeros(shape)
    np.add.at(expected, key, up)
    np.testing.assert_allclose(tensor.grad, expected, atol=1e-15)
    added = bp.scatter_add(bp.Tensor(up), key=key, to=shape)
    np.testing.assert_allclose(added.data, expected, atol=1e-15)


@settings(max_examples=150, deadline=None)
@given(
    st.tuples(st.just(2), st.just(3), st.integers(1, 7), st.integers(1, 7)),
    st.tuples(st.integers(0, 4), st.integers(0, 4)),
    st.tuples(st.integers(0, 3), st.integers(0, 3)),
    st.tuples(st.integers(-1, 3), st.integers(-1, 3)),
)
def test_any_convolution(image, kernel, stride, padding):
    """What the rule accepts is what the plain definition gives; else the reason is a size."""
    X, W = np.random.default_rng(0).normal(size=image), np.ones((5, 3, *kernel))
    W *= np.random.default_rng(1).normal(size=W.shape)
    try:
        y = bp.conv2d(bp.Tensor(X), bp.Tensor(W), np.zeros(5), stride, padding).data
    except bp.ShapeError:
        large = [k > n + 2 * p for k, n, p in zip(kernel, image[2:], padding, strict=True)]
        assert any(large) or min(kernel) < 1 or min(stride) < 1 or min(padding) < 0
        return
    padded = np.pad(X, ((0, 0), (0, 0), (padding[0],) * 2, (padding[1],) * 2))
    for at in np.ndindex(y.shape[2:]):
        i, j = (a * s for a, s in zip(at, stride, strict=True))
        window = padded[:, :, i : i + kernel[0], j : j + kernel[1]]
        expected = np.einsum("ncij,ocij->no", window, W)
        np.testing.assert_allclose(y[:, :, *at], expected, atol=1e-12)


def T(*shape):
    return bp.Tensor(np.ones(shape))


REFUSED = {  # what doesn't fit, and the words that say so, with the shapes
    "add": (
        lambda: T(5, 3) + T(5),
        r"add: \(5, 3\) and \(5,\) can't be broadcast: axis -1 is \[3, 5\]",
    ),
    "where": (
        lambda: bp.where(np.ones(2, bool), T(5, 3), 0.0),
        r"where: \(2,\) and \(5, 3\) and \(\) can't be broadcast: axis -1",
    ),
    "reshape": (lambda: T(5, 3).reshape(2, 7), r"reshape: \(5, 3\) holds 15 numbers .* \(2, 7\)"),
    "reshape, two free": (lambda: T(5, 3).reshape(-1, -1), r"reshape: \(5, 3\) .* \(-1, -1\)"),
    "reshape, below 0": (lambda: T(5, 3).reshape(-3, -5), r"reshape: \(5, 3\) .* \(-3, -5\)"),
    "reshape, nothing": (lambda: T(0, 3).reshape(0, -1), r"reshape: \(0, 3\) holds 0 numbers"),
    "transpose": (
        lambda: T(5, 3).transpose(0, 0),
        r"transpose: axes \(0, 0\) don't reorder .* \(5, 3",
    ),
    "transpose, far": (lambda: T(5, 3).transpose(0, 3), r"transpose: axes \(0, 3\) don't reorder"),
    "broadcast": (
        lambda: bp.broadcast(T(5, 3), to=(5, 1)),
        r"broadcast: \(5, 3\) can't be broadcast to \(5, 1\)",
    ),
    "sum_to": (lambda: bp.sum_to(T(5, 3), to=(3, 5)), r"sum_to: \(5, 3\) .* \(3, 5\) can't be"),
    "sum_to, larger": (lambda: bp.sum_to(T(3), to=(5, 3)), r"sum_to: \(3,\) can't be added up to"),
    "index": (
        lambda: T(5, 3)[7],
        r"index: 7 doesn't index an array of shape \(5, 3\): index 7 is out",
    ),
    "index, too many": (lambda: T(5)[0, 0], r"doesn't index an array of shape \(5,\): too many"),
    "scatter_add": (
        lambda: bp.scatter_add(T(5, 3), key=slice(0, 3), to=(7,)),
        r"scatter_add: \(5, 3\) can't be broadcast to \(3,\)",
    ),
    "take": (
        lambda: bp.take(T(5, 3), [4, 5]),
        r"take: row 5 is asked for; the table, \(5, 3\), has 5",
    ),
    "take, below 0": (lambda: bp.take(T(5, 3), [-1]), r"take: row -1 is asked for; .*\(5, 3\)"),
    "concatenate": (
        lambda: bp.concatenate([T(5, 3), T(5, 2)]),
        r"concatenate: \(5, 3\) and \(5, 2\) differ on an axis other than 0",
    ),
    "concatenate, axis": (lambda: bp.concatenate([T(5, 3)], 2), r"\(5, 3\) has no axis 2"),
    "concatenate, nothing": (lambda: bp.concatenate([]), "concatenate: there is nothing to join"),
    "stack": (lambda: bp.stack([T(5, 3), T(3)]), r"must have one shape; given \(5, 3\), \(3,\)"),
    "stack, axis": (lambda: bp.stack([T(5, 3)], 3), r"stack: shape \(5, 3\) has no place for .* 3"),
    "stack, nothing": (lambda: bp.stack([]), "stack: there is nothing to join"),
    "pad": (
        lambda: bp.pad(T(5, 3), width=((1, 1),)),
        r"pad: width \(\(1, 1\),\) needs .* \(5, 3\)",
    ),
    "sum": (lambda: T(5, 3).sum(2), r"sum: shape \(5, 3\) has no axis 2"),
    "sum, twice": (
        lambda: T(5, 3).sum((0, -2)),
        r"sum: axis \(0, -2\) names an axis of \(5, 3\) twi",
    ),
    "max": (lambda: T(5, 0).max(1), r"max: shape \(5, 0\) is empty along axis 1"),
    "mean": (lambda: T(5, 0).mean(), r"mean: shape \(5, 0\) is empty along axis None"),
    "logsumexp": (lambda: bp.logsumexp(T(0, 3), axis=0), r"logsumexp: shape \(0, 3\) is empty"),
    "softmax": (lambda: bp.softmax(T(5, 3), axis=2), r"softmax: shape \(5, 3\) has no axis 2"),
    "log_softmax": (lambda: bp.log_softmax(T()), r"log_softmax: shape \(\) has no axis -1"),
    "matmul": (
        lambda: T(5, 3) @ T(5, 7),
        r"matmul: \(5, 3\) @ \(5, 7\): the left's last axis is 3, ",
    ),
    "matmul, stacks": (
        lambda: T(2, 5, 3) @ T(7, 3, 5),
        r"matmul: \(2,\) and \(7,\) can't be broadc",
    ),
    "matmul, number": (
        lambda: T(5, 3) @ T(),
        r"matmul: \(5, 3\) @ \(\): a single number has no rows",
    ),
    "affine": (
        lambda: bp.affine(T(5, 3), T(4, 7), T(7)),
        r"affine: X is \(5, 3\) but W is \(4, 7\); X's columns must equal W's rows",
    ),
    "affine, b": (
        lambda: bp.affine(T(5, 3), T(3, 7), T(3)),
        r"affine: W is \(3, 7\) but b is \(3,\)",
    ),
    "affine, W": (
        lambda: bp.affine(T(5, 3), T(3), T(3)),
        r"affine: X is \(5, 3\) and W is \(3,\);",
    ),
    "layer_norm": (
        lambda: bp.layer_norm(T(5, 3), T(5), T(5)),
        r"normalize: \(5, 3\) and \(5,\) can't be broadcast",
    ),
    "layer_norm, beta": (
        lambda: bp.layer_norm(T(5, 3), T(3), T()),
        r"normalize: x is \(5, 3\), gamma \(3,\), beta \(\)",
    ),
    "layer_norm, nothing": (
        lambda: bp.layer_norm(T(0, 3), T(3), T(3)),
        r"x is \(0, 3\): there is no",
    ),
    "batch_norm": (
        lambda: bp.batch_norm(T(5, 3), T(5), T(5)),
        r"batch_norm: x is \(5, 3\) and .*\(5,\)",
    ),
    "batch_norm, axes": (
        lambda: bp.batch_norm(T(5), T(5), T(5)),
        r"batch_norm: x is \(5,\) and gamma",
    ),
    "rms_norm": (lambda: bp.rms_norm(T(5, 3), T(5)), r"rms_norm: x is \(5, 3\) and gamma \(5,\)"),
    "unfold": (
        lambda: bp.unfold(T(5, 3), kernel=(1, 1), stride=(1, 1)),
        r"unfold: x is \(5, 3\); imag",
    ),
    "fold": (
        lambda: bp.fold(T(1, 1, 2, 2, 2, 2), to=(1, 1, 5, 5), kernel=(2, 2), stride=(1, 1)),
        r"fold: windows \(1, 1, 2, 2, 2, 2\) don't come from images \(1, 1, 5, 5\)",
    ),
    "conv2d": (
        lambda: bp.conv2d(T(2, 3, 5, 5), T(7, 2, 3, 3), T(7)),
        r"conv2d: X is \(2, 3, 5, 5\) but W is \(7, 2, 3, 3\); X has 3 channels and W expects 2",
    ),
    "conv2d, b": (
        lambda: bp.conv2d(T(2, 3, 5, 5), T(7, 3, 3, 3), T(3)),
        r"conv2d: W is \(7, 3, 3, 3\) but b is \(3,\)",
    ),
    "conv2d, axes": (
        lambda: bp.conv2d(T(3, 5, 5), T(7, 3, 3, 3), T(7)),
        r"conv2d: X is \(3, 5, 5\) and W is \(7, 3, 3, 3\); they must be",
    ),
    "conv2d, window": (
        lambda: bp.conv2d(T(2, 3, 5, 5), T(7, 3, 7, 3), T(7)),
        r"conv2d: the window \(7, 3\) is larger than the image, \(5, 5\)",
    ),
    "conv2d, stride": (
        lambda: bp.conv2d(T(2, 3, 5, 5), T(7, 3, 3, 3), T(7), stride=0),
        r"conv2d: kernel \(3, 3\) and stride \(0, 0\) must be 1 or more",
    ),
    "conv2d, padding": (
        lambda: bp.conv2d(T(2, 3, 5, 5), T(7, 3, 3, 3), T(7), padding=-1),
        r"conv2d: padding \(-1, -1\) can't be negative",
    ),
    "max_pool2d": (
        lambda: bp.max_pool2d(T(2, 3, 5, 5), 7),
        r"max_pool2d: the window \(7, 7\) is larg",
    ),
    "max_pool2d, stride": (
        lambda: bp.max_pool2d(T(2, 3, 5, 5), 2, stride=0),
        r"stride \(0, 0\) must",
    ),
    "avg_pool2d": (lambda: bp.avg_pool2d(T(5, 3), 2), r"unfold: x is \(5, 3\); images must be"),
    "attention": (
        lambda: bp.attention(T(2, 5, 3), T(2, 7, 11), T(2, 7, 3)),
        r"attention: q is \(2, 5, 3\), k \(2, 7, 11\), v \(2, 7, 3\)",
    ),
    "attention, flat": (
        lambda: bp.attention(T(3), T(3), T(3)),
        r"attention: q is \(3,\), k \(3,\), v",
    ),
    "mse": (lambda: bp.mse(T(5, 1), T(5)), r"mse: predictions are \(5, 1\) but targets are \(5,\)"),
    "mse, nothing": (
        lambda: bp.mse(T(0, 3), T(0, 3)),
        r"mse: predictions are \(0, 3\): the mean of an",
    ),
    "mae": (
        lambda: bp.mae(T(5, 1), np.ones(5)),
        r"mae: predictions are \(5, 1\) but targets are \(5,",
    ),
    "huber": (
        lambda: bp.huber(T(5, 1), T(5)),
        r"huber: predictions are \(5, 1\) but targets are \(5,",
    ),
    "bce": (
        lambda: bp.bce_with_logits(T(5, 1), T(5)),
        r"bce_with_logits: predictions are \(5, 1\) but",
    ),
    "cross-entropy": (
        lambda: bp.softmax_cross_entropy(T(5, 3), T(5)),
        r"softmax_cross_entropy: logits are \(5, 3\) but the target probabilities are \(5,\)",
    ),
    "cross-entropy, labels": (
        lambda: bp.softmax_cross_entropy(T(5, 3), np.zeros(3, int)),
        r"softmax_cross_entropy: logits are \(5, 3\) but labels are \(3,\)",
    ),
    "cross-entropy, nothing": (
        lambda: bp.softmax_cross_entropy(T(0, 3), np.zeros(0, int)),
        r"softmax_cross_entropy: logits are \(0, 3\); they must be \(N, K\), with at least one row",
    ),
    "fans": (
        lambda: bp.fans((5, 3, 2)),
        r"fans: a weight of shape \(5, 3, 2\); expected \(D, M\) or",
    ),
    "fans, nothing": (
        lambda: bp.Affine(0, 3),
        r"fans: a weight of shape \(0, 3\); every length must",
    ),
    "orthogonal": (
        lambda: bp.orthogonal((5, 3, 2, 2), np.random.default_rng(0)),
        r"orthogonal: a weight of shape \(5, 3, 2, 2\); expected a matrix",
    ),
    "accuracy": (
        lambda: bp.accuracy(np.ones((5, 3)), np.ones(3, int)),
        r"accuracy: outputs are \(5, 3\) but labels are \(3,\)",
    ),
    "accuracy, nothing": (lambda: bp.accuracy(np.ones((0, 3)), []), r"\(0, 3\): there are no rows"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_does_not_fit_is_refused_in_words(name):
    call, words = REFUSED[name]
    with pytest.raises(bp.ShapeError, match=words):
        call()


PLAIN = {  # losses are given plain arrays too, as a metric is: those must fit as well
    name: getattr(bp, name) for name in ["mse", "mae", "huber", "bce_with_logits"]
}


@pytest.mark.parametrize("name", PLAIN)
def test_losses_of_plain_arrays_are_not_broadcast(name):
    with pytest.raises(
        bp.ShapeError, match=rf"{name}: predictions are \(5, 1\) but targets are \(5,"
    ):
        PLAIN[name](np.ones((5, 1)), np.ones(5))


@pytest.mark.parametrize(
    "f, shapes",
    [
        (bp.add, [(2, 3), (5, 2)]),
        (bp.matmul, [(2, 3), (5, 2)]),
        (bp.affine, [(5, 3), (4, 7), (7,)]),
        (bp.conv2d, [(1, 2, 5, 5), (3, 3, 3, 3), (3,)]),
    ],
    ids=lambda case: getattr(case, "__name__", ""),
)
def test_plain_arrays_are_refused_in_the_same_words(f, shapes):
    arrays = [np.zeros(shape) for shape in shapes]
    with pytest.raises(bp.ShapeError) as ours:
        f(*map(bp.Tensor, arrays))
    with pytest.raises(bp.ShapeError) as plain:
        f(*arrays)
    assert str(plain.value) == str(ours.value)


def test_a_shape_error_is_a_value_error():
    assert issubclass(bp.ShapeError, ValueError)
    assert issubclass(bp.NonFiniteError, ArithmeticError)
    assert issubclass(bp.GradientError, AssertionError)
    assert issubclass(bp.GraphError, RuntimeError)
