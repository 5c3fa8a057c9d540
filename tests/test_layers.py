"""Layers: shapes, parameters and their gradients, training and evaluation, seeds, refusals.

Fused entries are held here against the composition that they stand for.
"""

import inspect

import numpy as np
import pytest
from cases import shares, slopes, some
from peers import near, ours

import bpkit as bp

LAYERS = {  # what makes it, what it is given, the shape that it gives
    "Sequential": (
        lambda **o: bp.Sequential(bp.Affine(3, 7, seed=1, **o), bp.Tanh()),
        (5, 3),
        (5, 7),
    ),
    "Affine": (lambda **o: bp.Affine(3, 7, seed=1, **o), (5, 3), (5, 7)),
    "ReLU": (bp.ReLU, (5, 3), (5, 3)),
    "LeakyReLU": (lambda: bp.LeakyReLU(0.2), (5, 3), (5, 3)),
    "Sigmoid": (bp.Sigmoid, (5, 3), (5, 3)),
    "Tanh": (bp.Tanh, (5, 3), (5, 3)),
    "GELU": (bp.GELU, (5, 3), (5, 3)),
    "Softplus": (bp.Softplus, (5, 3), (5, 3)),
    "Flatten": (bp.Flatten, (5, 3, 2, 7), (5, 42)),
    "Dropout": (lambda: bp.Dropout(0.3, seed=1).eval(), (5, 3), (5, 3)),
    "LayerNorm": (lambda **o: bp.LayerNorm(3, **o), (2, 5, 3), (2, 5, 3)),
    "RMSNorm": (lambda **o: bp.RMSNorm(3, **o), (2, 5, 3), (2, 5, 3)),
    "BatchNorm": (lambda **o: bp.BatchNorm(3, **o), (2, 3, 5, 7), (2, 3, 5, 7)),
    "Conv2d": (
        lambda **o: bp.Conv2d(3, 11, kernel=(2, 3), stride=2, padding=1, seed=1, **o),
        (2, 3, 5, 7),
        (2, 11, 3, 4),
    ),
    "MaxPool2d": (lambda: bp.MaxPool2d(2), (2, 3, 5, 7), (2, 3, 2, 3)),
    "AvgPool2d": (lambda: bp.AvgPool2d(3, stride=2), (2, 3, 5, 7), (2, 3, 2, 3)),
    "RNN": (lambda **o: bp.RNN(3, 5, seed=1, **o), (2, 7, 3), (2, 7, 5)),
    "LSTM": (lambda **o: bp.LSTM(3, 5, seed=1, **o), (2, 7, 3), (2, 7, 5)),
    "GRU": (lambda **o: bp.GRU(3, 5, seed=1, **o), (2, 7, 3), (2, 7, 5)),
    "MultiHeadAttention": (
        lambda **o: bp.MultiHeadAttention(6, heads=3, causal=True, seed=1, **o),
        (2, 5, 6),
        (2, 5, 6),
    ),
    "TransformerBlock": (
        lambda **o: bp.TransformerBlock(6, heads=2, hidden=11, seed=1, **o),
        (2, 5, 6),
        (2, 5, 6),
    ),
}
LEARNED = [name for name, (make, _, _) in LAYERS.items() if make().parameters()]


def made(name, **options):
    """A layer whose parameters are no ones or zeros, so that none of them hides a fault."""
    layer = LAYERS[name][0](**options)
    for p in layer.parameters().values():
        p.data += 0.1 * some(*p.shape)
    return layer


def test_every_layer_is_tried():
    public = {n for n, c in vars(bp).items() if inspect.isclass(c) and issubclass(c, bp.Module)}
    assert set(LAYERS) | {"Embedding", "Module"} == public


@pytest.mark.parametrize("name", LAYERS)
def test_shape_and_gradient_of_the_input(name):
    _, given, expected = LAYERS[name]
    layer, x = made(name), some(*given)
    assert layer(x).shape == expected
    bp.gradcheck(layer, x, method="centered")


@pytest.mark.parametrize("name", LEARNED)
def test_gradients_of_the_parameters(name):
    layer, x = made(name), some(*LAYERS[name][1])
    y = layer(x)
    up = some(*y.shape)
    y.backward(up)
    for p in layer.parameters().values():

        def value(data, p=p):
            p.data[...] = data
            with bp.no_grad():
                return np.sum(up * layer(x).data)

        before = p.data.copy()
        expected = slopes(value, [before], 0)
        p.data[...] = before
        np.testing.assert_allclose(p.grad, expected, rtol=1e-7, atol=1e-8)


@pytest.mark.parametrize("name", LEARNED)
def test_float32_layers_stay_float32(name):
    layer = made(name, dtype="float32")
    y = layer(some(*LAYERS[name][1]).astype("float32"))
    y.backward(np.ones(y.shape, "float32"))
    state = {key: a.dtype.name for key, a in layer.state().items()}
    assert set(state.values()) == {"float32"} and y.dtype == "float32"
    assert {p.grad.dtype.name for p in layer.parameters().values()} == {"float32"}
    layer.eval()
    assert layer(some(*LAYERS[name][1]).astype("float32")).dtype == "float32"


@pytest.mark.parametrize("name", [n for n in LEARNED if "Norm" not in n])
def test_the_seed_decides_the_weights(name):
    first, again = (LAYERS[name][0]().state() for _ in range(2))
    assert all(np.array_equal(first[key], again[key]) for key in first)


@pytest.mark.parametrize("make", [bp.Affine, bp.RNN, bp.LSTM, bp.GRU, bp.Embedding])
def test_other_seeds_give_other_weights(make):
    states = [make(3, 5, seed=seed).state() for seed in (0, 1, None, None)]
    key = next(iter(states[0]))
    for i in range(4):
        for j in range(i):
            assert not np.array_equal(states[i][key], states[j][key])


def test_blocks_of_one_layer_are_drawn_apart():
    lstm = bp.LSTM(5, 5, seed=0)
    inner, outer = np.split(lstm.Wx.data, 4, axis=1), np.split(lstm.Wh.data, 4, axis=1)
    every = [*inner, *outer]
    assert len({block.tobytes() for block in every}) == 8
    for block in outer:
        np.testing.assert_allclose(block.T @ block, np.eye(5), atol=1e-12)
    assert lstm.b.data.tolist() == [0.0] * 5 + [1.0] * 5 + [0.0] * 10


# --- initializations ---


@pytest.mark.parametrize(
    ("init", "shape", "variance"),
    [
        (bp.he, (200, 300), 2 / 200),
        (bp.he, (30, 20, 5, 5), 2 / 500),
        (bp.xavier, (200, 300), 2 / 500),
        (bp.xavier, (30, 20, 5, 5), 2 / 1250),
    ],
)
def test_initial_weights_have_the_spread_that_they_promise(init, shape, variance):
    w = init(shape, np.random.default_rng(0))
    assert w.shape == shape
    assert w.var() == pytest.approx(variance, rel=0.05) and abs(w.mean()) < 0.05 * variance**0.5
    assert np.array_equal(w, init(shape, np.random.default_rng(0)))


@pytest.mark.parametrize("shape", [(7, 3), (3, 7), (5, 5)])
def test_orthogonal_keeps_lengths(shape):
    w = bp.orthogonal(shape, np.random.default_rng(0))
    small = w.T @ w if shape[0] >= shape[1] else w @ w.T
    assert w.shape == shape
    np.testing.assert_allclose(small, np.eye(min(shape)), atol=1e-12)


# --- what a module is ---


class Nested(bp.Module):
    """Parameters in every place where a module may keep them."""

    def __init__(self):
        self.scale = bp.Tensor(1.7)
        self.layers = [bp.Affine(3, 3, seed=i) for i in range(2)]
        self.tail = bp.Sequential(bp.BatchNorm(3), bp.Dropout(0.5, seed=0))
        self.note = "a word"

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return self.tail(self.scale * x)


def test_parameters_are_named_by_where_they_stand():
    names = ["scale", "layers.0.W", "layers.0.b", "layers.1.W", "layers.1.b"]
    model = Nested()
    assert list(model.parameters()) == [*names, "tail.0.gamma", "tail.0.beta"]
    assert model.state().keys() - model.parameters().keys() == {"tail.0.mean", "tail.0.variance"}
    assert model.parameters()["layers.1.W"] is model.layers[1].W


def test_train_and_eval_reach_every_module():
    model = Nested()
    assert model.eval() is model
    assert not any(m.training for m in [*model.layers, model.tail[0], model.tail[1]])
    model.train()
    assert all(m.training for m in [*model.layers, model.tail[0], model.tail[1]])


def test_zero_grad_reaches_every_parameter():
    model = Nested()
    model(some(5, 3)).sum().backward()
    assert all(p.grad is not None for p in model.parameters().values())
    model.zero_grad()
    assert all(p.grad is None for p in model.parameters().values())


def test_sequential_is_a_row():
    model = bp.Sequential(bp.Affine(3, 2, seed=0), bp.ReLU())
    assert len(model) == 2 and isinstance(model[1], bp.ReLU)
    assert repr(model) == "Sequential(Affine(n_in=3, n_out=2, init='he', seed=0), ReLU())"
    x = some(5, 3)
    assert np.array_equal(model(x).data, np.maximum(x @ model[0].W.data + model[0].b.data, 0))


def test_sequential_takes_modules_only():
    with pytest.raises(TypeError, match="Sequential: item 1 is a function, not a module"):
        bp.Sequential(bp.Affine(3, 2), lambda x: x)


def test_a_model_takes_arrays_lists_and_tensors():
    model, x = bp.Affine(2, 3, seed=0), [[0.5, 0.7]]
    results = [model(given).data for given in (x, np.array(x), bp.Tensor(x))]
    assert np.array_equal(results[0], results[1]) and np.array_equal(results[1], results[2])
    assert model(bp.Tensor(x)).data.shape == (1, 3)


# --- fused entries beside their compositions ---


def _normalized(axis):
    def f(x, gamma, beta):
        z = x - x.mean(axis, keepdims=True)
        return gamma * z / bp.sqrt((z * z).mean(axis, keepdims=True) + 1e-5) + beta

    return f


def _convolved(X, W, b):
    windows = bp.unfold(
        bp.pad(X, width=((0, 0), (0, 0), (1, 1), (2, 2))), kernel=(3, 2), stride=(1, 2)
    )
    flat = windows.transpose(0, 2, 3, 1, 4, 5).reshape(-1, 18)
    y = flat @ W.reshape(7, -1).T + b
    return y.reshape(2, *windows.shape[2:4], 7).transpose(0, 3, 1, 2)


RECURRENT = bp.RNN(3, 5, seed=1)


def _two_steps(x):
    first = bp.tanh(x[:, 0] @ RECURRENT.Wx + RECURRENT.b)
    second = bp.tanh(x[:, 1] @ RECURRENT.Wx + RECURRENT.b + first @ RECURRENT.Wh)
    return bp.stack([first, second], axis=1)


FUSED = {
    "affine": (bp.affine, lambda X, W, b: X @ W + b, [some(2, 5, 3), some(3, 7), some(7)]),
    "layer_norm": (bp.layer_norm, _normalized(-1), [some(2, 5, 3), some(3), some(3)]),
    "batch_norm": (bp.batch_norm, _normalized(0), [some(5, 3), some(3), some(3)]),
    "rms_norm": (
        bp.rms_norm,
        lambda x, g: g * x / bp.sqrt((x * x).mean(-1, keepdims=True) + 1e-5),
        [some(2, 5, 3), some(3)],
    ),
    "conv2d": (
        lambda X, W, b: bp.conv2d(X, W, b, stride=(1, 2), padding=(1, 2)),
        _convolved,
        [some(2, 3, 5, 7), some(7, 3, 3, 2), some(7)],
    ),
    "max_pool2d": (
        lambda X: bp.max_pool2d(X, (3, 2), 1),
        lambda X: bp.unfold(X, kernel=(3, 2), stride=(1, 1)).max((4, 5)),
        [some(2, 3, 5, 7)],
    ),
    "mse": (bp.mse, lambda z, t: ((z - t) ** 2).mean(), [some(5, 3), some(5, 3)]),
    "bce": (
        bp.bce_with_logits,
        lambda z, t: -(t * bp.log(bp.sigmoid(z)) + (1 - t) * bp.log(1 - bp.sigmoid(z))).mean(),
        [some(5, 3), shares(5, 3)],
    ),
    "cross-entropy": (
        bp.softmax_cross_entropy,
        lambda z, q: -(q * bp.log(bp.exp(z) / bp.exp(z).sum(-1, keepdims=True))).sum() / 5,
        [some(5, 3), shares(5, 3)],
    ),
    "softmax": (bp.softmax, lambda x: bp.exp(x) / bp.exp(x).sum(-1, keepdims=True), [some(5, 3)]),
    "logsumexp": (bp.logsumexp, lambda x: bp.log(bp.exp(x).sum()), [some(5, 3)]),
    "sigmoid": (bp.sigmoid, lambda x: 1 / (1 + bp.exp(-x)), [some(5, 3)]),
    "softplus": (bp.softplus, lambda x: bp.log(1 + bp.exp(x)), [some(5, 3)]),
    "tanh": (bp.tanh, lambda x: 1 - 2 / (bp.exp(2 * x) + 1), [some(5, 3)]),
    "RNN": (RECURRENT, _two_steps, [some(7, 2, 3)]),
}


@pytest.mark.parametrize("name", FUSED)
def test_a_fused_entry_equals_its_composition(name):
    fused, composed, arrays = FUSED[name]
    near(ours(fused, arrays), ours(composed, arrays))


# --- dropout ---


def test_dropout_drops_and_scales_in_training_only():
    layer, x = bp.Dropout(0.3, seed=0), np.full((100, 101), 1.7)
    y = layer(x).data
    np.testing.assert_allclose(np.unique(y), [0.0, 1.7 / 0.7])
    assert np.mean(y == 0) == pytest.approx(0.3, abs=0.02)
    assert y.mean() == pytest.approx(1.7, rel=0.02)
    layer.eval()
    assert np.array_equal(layer(x).data, x)


def test_dropout_sends_the_gradient_the_way_that_it_let_pass():
    x = bp.Tensor(some(5, 3))
    y = bp.Dropout(0.5, seed=0)(x)
    y.backward(np.full((5, 3), 2.0))
    np.testing.assert_allclose(x.grad, np.where(y.data == 0, 0, 4.0))


def test_dropout_draws_anew_and_a_seed_repeats_it():
    x = np.ones((5, 3))
    first, second = (bp.Dropout(0.5, seed=1) for _ in range(2))
    one, two = first(x).data, first(x).data
    assert not np.array_equal(one, two)
    assert np.array_equal(second(x).data, one) and np.array_equal(second(x).data, two)


@pytest.mark.parametrize("rate", [-0.1, 1.0, 1.5, np.nan])
def test_dropout_refuses_a_rate_that_is_none(rate):
    for call in (lambda: bp.Dropout(rate), lambda: bp.dropout(np.ones(3), rate, None)):
        with pytest.raises(
            ValueError, match=r"ropout: rate is .*; it must be at least 0 and below 1"
        ):
            call()


# --- batch normalization ---


def test_batch_norm_follows_the_batch_in_training():
    layer, x = bp.BatchNorm(3, momentum=0.25), some(7, 3)
    layer(x)
    np.testing.assert_allclose(layer.mean, 0.25 * x.mean(0))
    np.testing.assert_allclose(layer.variance, 0.75 + 0.25 * x.var(0, ddof=1))


def test_batch_norm_uses_what_it_followed_in_evaluation():
    layer = bp.BatchNorm(3)
    for _ in range(20):
        layer(some(7, 3))
    mean, variance = layer.mean.copy(), layer.variance.copy()
    layer.eval()
    x = some(1, 3)
    expected = (x - mean) / np.sqrt(variance + layer.eps)
    np.testing.assert_allclose(layer(x).data, expected)
    assert np.array_equal(layer.mean, mean) and np.array_equal(layer.variance, variance)


def test_batch_norm_gives_the_gradient_that_gamma_of_1_hides():
    layer = bp.BatchNorm(3)
    layer.gamma.data[:] = [0.5, 2.0, -3.0]
    bp.gradcheck(layer, some(7, 3), method="centered")


REFUSED = {
    "BatchNorm, width": (
        lambda: bp.BatchNorm(3)(np.ones((5, 2))),
        r"BatchNorm\(3\): x is \(5, 2\)",
    ),
    "BatchNorm, axes": (
        lambda: bp.BatchNorm(3)(np.ones((5, 3, 2))),
        r"x is \(5, 3, 2\); axis 1 must",
    ),
    "BatchNorm, one row": (
        lambda: bp.BatchNorm(3)(np.ones((1, 3))),
        r"x is \(1, 3\); training needs",
    ),
    "RNN": (
        lambda: bp.RNN(3, 5)(np.ones((2, 7, 5))),
        r"RNN: x is \(2, 7, 5\); it must be \(N, T, 3\)",
    ),
    "LSTM": (
        lambda: bp.LSTM(3, 5)(np.ones((7, 3))),
        r"LSTM: x is \(7, 3\); it must be \(N, T, 3\)",
    ),
    "GRU, no steps": (lambda: bp.GRU(3, 5)(np.ones((2, 0, 3))), r"GRU: x is \(2, 0, 3\); .* T > 0"),
    "heads": (lambda: bp.MultiHeadAttention(6, heads=4), "4 heads don't divide a width of 6"),
    "no heads": (lambda: bp.MultiHeadAttention(6, heads=0), "0 heads don't divide a width of 6"),
    "attention": (
        lambda: bp.MultiHeadAttention(6, heads=2)(np.ones((5, 6))),
        r"MultiHeadAttention: x is \(5, 6\); it must be \(N, T, 6\)",
    ),
    "Affine": (
        lambda: bp.Sequential(bp.Affine(3, 7), bp.Affine(5, 2))(np.ones((2, 3))),
        r"affine: X is \(2, 7\) but W is \(5, 2\); X's columns must equal W's rows",
    ),
    "Embedding": (
        lambda: bp.Embedding(7, 3)(np.array([7])),
        r"row 7 is asked for; the table, \(7, 3\)",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_a_layer_refuses(name):
    call, words = REFUSED[name]
    with pytest.raises(bp.ShapeError, match=words):
        call()


def test_an_embedding_takes_integers_only():
    with pytest.raises(TypeError, match="row numbers must be integers; their dtype is float64"):
        bp.Embedding(7, 3)(np.array([1.0]))


def test_an_embedding_adds_the_gradients_of_a_row_used_twice():
    layer, rows, up = bp.Embedding(7, 3, seed=0), np.array([2, 5, 2]), some(3, 3)
    layer(rows).backward(up)
    expected = np.zeros((7, 3))
    np.add.at(expected, rows, up)
    assert np.array_equal(layer.W.grad, expected)


# --- attention ---


@pytest.mark.parametrize(
    "layer",
    [
        bp.MultiHeadAttention(6, heads=2, causal=True, seed=0),
        bp.TransformerBlock(6, heads=2, causal=True, seed=0),
    ],
    ids=lambda layer: type(layer).__name__,
)
def test_a_causal_layer_does_not_look_ahead(layer):
    x = some(2, 7, 6)
    later = x.copy()
    later[:, 4:] += 1
    before, after = layer(x).data, layer(later).data
    assert np.array_equal(before[:, :4], after[:, :4])
    assert not np.array_equal(before[:, 4:], after[:, 4:])


def test_attention_mixes_values_in_shares():
    q, k, v = some(2, 5, 3), some(2, 7, 3), np.full((2, 7, 11), 1.7)
    np.testing.assert_allclose(bp.attention(q, k, v), 1.7)
    mask = np.zeros((5, 7), bool)
    mask[:, 2] = True
    v = some(2, 7, 11)
    chosen = bp.attention(bp.Tensor(q), bp.Tensor(k), bp.Tensor(v), mask).data
    np.testing.assert_allclose(chosen, np.repeat(v[:, 2:3], 5, axis=1))


def test_a_transformer_block_drops_in_training_only():
    block, x = bp.TransformerBlock(6, heads=2, dropout=0.5, seed=0), some(2, 5, 6)
    assert not np.array_equal(block(x).data, block(x).data)
    block.eval()
    assert np.array_equal(block(x).data, block(x).data)
