"""Replay: the recorded step gives the tape's numbers, and refuses what it can't repeat."""

import numpy as np
import pytest

import bpkit as bp
from bpkit.graph import apply
from bpkit.record import ZEROS, Recording
from bpkit.table import Rule
from bpkit.train import _Step


class Reader(bp.Module):
    """An embedding, a layer for sequences, scores for each position."""

    def __init__(self, layer, width, dtype=float):
        self.table = bp.Embedding(11, width[0], seed=0, dtype=dtype)
        self.layer, self.scores = layer, bp.Affine(width[1], 11, seed=1, dtype=dtype)

    def forward(self, x):
        return self.scores(self.layer(self.table(x)))


def images(rng, n=7):
    return rng.random((n, 1, 13, 11)), rng.integers(0, 5, n)


def rows(rng, n=7):
    return rng.normal(size=(n, 3)), rng.integers(0, 5, n)


def words(rng, n=3):
    return rng.integers(0, 11, (n, 7)), rng.integers(0, 11, (n, 7))


def network(*inner, dtype=float):
    return bp.Sequential(bp.Affine(3, 13, 0, dtype=dtype), *inner, bp.Affine(13, 5, 1, dtype=dtype))


def convolution(**options):
    return bp.Sequential(
        bp.Conv2d(1, 3, (3, 2), seed=0, **options),
        bp.ReLU(),
        bp.MaxPool2d(2),
        bp.Conv2d(3, 2, 3, padding=(1, 2), seed=1),
        bp.GELU(),
        bp.AvgPool2d(2),
        bp.Flatten(),
    )


ACTIVATIONS = [bp.ReLU, bp.LeakyReLU, bp.Sigmoid, bp.Tanh, bp.GELU, bp.Softplus]
CASES = {
    **{kind.__name__: (lambda kind=kind: network(kind()), rows) for kind in ACTIVATIONS},
    "LayerNorm": (lambda: network(bp.LayerNorm(13)), rows),
    "RMSNorm": (lambda: network(bp.RMSNorm(13)), rows),
    "BatchNorm": (lambda: network(bp.BatchNorm(13)), rows),
    "Dropout": (lambda: network(bp.Dropout(0.3, seed=0)), rows),
    "convolution": (convolution, images),
    "strided": (lambda: convolution(stride=(2, 1), padding=2), images),
    "RNN": (lambda: Reader(bp.RNN(13, 5, seed=2), (13, 5)), words),
    "LSTM": (lambda: Reader(bp.LSTM(13, 5, seed=2), (13, 5)), words),
    "GRU": (lambda: Reader(bp.GRU(13, 5, seed=2), (13, 5)), words),
    "attention": (
        lambda: Reader(bp.TransformerBlock(6, 2, dropout=0.2, causal=True, seed=2), (6, 6)),
        words,
    ),
}


def loss_of(model, outputs_wide=False):
    def step(X, y):
        outputs = model(X)
        known = outputs.ndim == y.ndim + 1 and outputs.shape[-1] > 4
        return bp.softmax_cross_entropy(outputs, y) if known else (outputs * outputs).mean()

    return step


def tape_step(f, model, optimizer, X, y):
    model.zero_grad()
    loss = f(bp.Tensor(X, requires_grad=False), bp.Tensor(y, requires_grad=False))
    loss.backward()
    norm = optimizer.step(model.parameters().values())
    return loss.item(), norm


@pytest.mark.parametrize("name", CASES)
def test_replay_gives_the_tapes_numbers(name):
    make, draw = CASES[name]
    slow, fast = make(), make()
    by_tape, by_replay = bp.SGD(lr=0.1, momentum=0.9), bp.SGD(lr=0.1, momentum=0.9)
    step, f = bp.replay(loss_of(fast), by_replay), loss_of(slow)
    rng = np.random.default_rng(0)
    for n in (7, 7, 3, 7, 3, 7):  # two shapes, in turn
        X, y = draw(rng, n)
        true, norm = tape_step(f, slow, by_tape, X, y)
        assert step(X, y) == pytest.approx(true, rel=1e-12)
        assert step.norm == pytest.approx(norm, rel=1e-10)
        for (key, p), q in zip(slow.parameters().items(), fast.parameters().values(), strict=True):
            size = max(np.abs(p.grad).max(), 1e-3 * norm)  # some gradients are 0 by design
            assert np.abs(p.grad - q.grad).max() <= 1e-12 * size, key
    assert slow.state().keys() == fast.state().keys()
    for key, array in slow.state().items():  # running statistics too
        np.testing.assert_allclose(fast.state()[key], array, rtol=1e-9, atol=1e-12, err_msg=key)


@pytest.mark.parametrize(
    "optimizer",
    [
        lambda: bp.GradientDescent(0.1),
        lambda: bp.SGD(0.1, momentum=0.9, nesterov=True, weight_decay=0.01),
        lambda: bp.RMSProp(0.01),
        lambda: bp.Adam(0.01, weight_decay=0.1),
        lambda: bp.AdamW(0.01, clip=0.5),
    ],
)
def test_float32_stays_and_agrees_with_every_optimizer(optimizer):
    slow, fast = network(bp.ReLU(), dtype=np.float32), network(bp.ReLU(), dtype=np.float32)
    by_tape, by_replay = optimizer(), optimizer()
    step, f = bp.replay(loss_of(fast), by_replay), loss_of(slow)
    rng = np.random.default_rng(0)
    for _ in range(5):
        X, y = rows(rng)
        X = X.astype(np.float32)
        true, _ = tape_step(f, slow, by_tape, X, y)
        assert step(X, y) == pytest.approx(true, rel=1e-5)
    for p, q in zip(slow.parameters().values(), fast.parameters().values(), strict=True):
        assert q.dtype == q.grad.dtype == np.float32
        np.testing.assert_allclose(q.data, p.data, rtol=1e-4, atol=1e-6)


def test_parameters_are_views_of_one_array():
    model = network(bp.ReLU())
    bp.replay(loss_of(model))(*rows(np.random.default_rng(0)))
    assert len({id(p.data.base) for p in model.parameters().values()}) == 1
    assert len({id(p.grad.base) for p in model.parameters().values()}) == 1


def test_a_parameter_that_was_moved_is_taken_up_again():
    model = network(bp.ReLU())
    step, (X, y) = bp.replay(loss_of(model)), rows(np.random.default_rng(0))
    step(X, y)
    model[0].W.data = model[0].W.data * 0
    assert step(X, y) == pytest.approx(loss_of(model)(bp.Tensor(X), y).item(), rel=1e-12)


def test_scalars_become_pythons_arithmetic():
    w, v = bp.Tensor(1.5), bp.Tensor(-0.5)

    def f(x):
        for _ in range(30):
            x = bp.tanh(w * x + v) + bp.relu(x) / 3 - bp.sin(x) ** 2
        return x * bp.sigmoid(w) + bp.exp(v)

    step = bp.replay(f)
    for x in (0.3, -0.7, 2.0):
        w.grad = v.grad = None
        true = f(bp.Tensor(x, requires_grad=False))
        true.backward()
        expected = true.item(), w.grad.item(), v.grad.item()
        got = step(x), w.grad.item(), v.grad.item()
        assert got == pytest.approx(expected, rel=1e-12)
    assert "math" not in step.source
    assert "matmul" not in step.source


STEPS = [
    *(lambda a, b: a + b, lambda a, b: a - b, lambda a, b: a * b, lambda a, b: a / (2 + b * b)),
    *(lambda a, b: -a, lambda a, b: bp.sin(a), lambda a, b: bp.relu(a) - 0.5, bp.maximum),
    *(lambda a, b: bp.where(a > b, a, b - 1.5), lambda a, b: bp.sin(b) ** 3, lambda a, b: abs(b)),
]


@pytest.mark.parametrize("seed", range(50))
def test_expressions_are_put_together_as_they_were_computed(seed):
    w, v = bp.Tensor(0.7), bp.Tensor(-1.3)

    def f(x):
        rng, numbers = np.random.default_rng(seed), [w, v, x]
        for _ in range(60):  # mostly of what came last, so that many numbers are used once
            a, b = (numbers[-int(i)] for i in rng.integers(1, min(9, len(numbers) + 1), 2))
            numbers.append(STEPS[rng.integers(len(STEPS))](a, b))
        return bp.sin(numbers[-1]) * w + bp.sin(numbers[-2] - numbers[-3]) * v

    step, x = bp.replay(f), 0.4
    true = f(bp.Tensor(x, requires_grad=False))
    true.backward()
    expected = true.item(), w.grad.item(), v.grad.item()
    got = step(x), w.grad.item(), v.grad.item()
    assert got == pytest.approx(expected, rel=1e-9, abs=1e-9)
    assert max(map(len, step.source.splitlines())) <= 100


def test_the_source_is_a_function_that_reads_like_the_step():
    model = network(bp.ReLU())
    step = bp.replay(loss_of(model))
    with pytest.raises(bp.ReplayError, match="call the step once"):
        _ = step.source
    step(*rows(np.random.default_rng(0)))
    assert step.source.startswith("def step(X_, y_):\n")
    for line in ("dot(X, W1, out=matmul1)  # (7, 13)", "out=dW1)  # (3, 13)"):
        assert line in step.source


def test_a_copy_in_another_shape_may_lie_apart_in_a_larger_array():
    w = bp.Tensor(np.random.default_rng(0).normal(size=(6, 4)))

    def f(x):
        h = x @ w
        turned = bp.reshape(bp.transpose(h), to=(6, 4))
        wide = bp.concatenate([turned, h], axis=1)
        deep = bp.concatenate([bp.reshape(t, to=(2, 3, 4)) for t in (bp.transpose(h), h)], axis=2)
        return (bp.sin(wide) * wide).sum() + (deep * deep * deep).sum()

    x = np.random.default_rng(1).normal(size=(6, 6))
    loss = f(bp.Tensor(x, requires_grad=False))
    loss.backward()
    true = w.grad
    assert bp.replay(f)(x) == pytest.approx(loss.item(), rel=1e-12)
    assert np.allclose(w.grad, true, rtol=1e-12)


def test_numbers_of_several_dtypes_and_an_input_named_like_one():
    w = bp.Tensor(np.linspace(-1, 1, 6, dtype=np.float32))

    def f(float64_0_5):
        wide = (bp.cast(w, dtype=float) * 0.5 + float64_0_5 / 1e16).sum()
        return ((w * 0.5 - 1e-5) * wide * bp.greater(w, -np.inf)).sum()

    x = np.linspace(-2, 3, 6)
    loss = f(bp.Tensor(x, requires_grad=False))
    loss.backward()
    true = w.grad
    assert bp.replay(f)(x) == pytest.approx(loss.item(), rel=1e-6)
    assert w.grad.dtype == np.float32 and np.allclose(w.grad, true, rtol=1e-5)


def test_an_input_keeps_its_name_whatever_that_is():
    w = bp.Tensor(2.0)
    step = bp.replay(lambda w1, v1, v2: bp.sin(w * w1) * v1 + bp.sin(w * v2) * bp.sin(w * w1))
    assert step.f(3.0, 5.0, 7.0).item() == pytest.approx(step(3.0, 5.0, 7.0), rel=1e-12)
    assert step.source.startswith("def step(w1_, v1_, v2_):\n    (w2,) = parameters.tolist()\n")


def test_a_gradient_that_two_parameters_share_reaches_both():
    a, b = bp.Tensor([1.0, 2.0, 3.0]), bp.Tensor([5.0, 7.0, 11.0])
    step = bp.replay(lambda x: ((a + b) * x).sum())
    x = np.array([2.0, 3.0, 5.0])
    for _ in range(2):
        step(x)
        assert a.grad.tolist() == b.grad.tolist() == x.tolist()


@pytest.mark.parametrize("shape", [(), (3,)])
def test_a_parameter_that_only_decides_is_read_where_it_lies(shape):
    limit, w = bp.Tensor(np.full(shape, 1.0)), bp.Tensor(5.0)
    step = bp.replay(lambda x: (w * bp.where(x > limit, x, 0.0)).sum())
    for least, true in ((1.0, 10.0), (1.5, 10.0), (2.5, 0.0)):
        limit.data[...] = least
        assert step(np.full(shape, 2.0)) == true * limit.size
        assert w.grad == true * limit.size / 5


def test_at_most_eight_shapes_are_kept():
    step = bp.replay(loss_of(network(bp.ReLU())))
    for n in range(2, 14):
        step(*rows(np.random.default_rng(0), n))
    assert len(step.programs) == 8


LOOKS = [float, bool, lambda t: t.item(), lambda t: 1.0 if t > 0 else 2.0, lambda t: t.data + 1]


@pytest.mark.parametrize("look", LOOKS)
def test_a_step_that_looks_at_a_value_is_refused(look):
    w = bp.Tensor(2.0)
    with pytest.raises(bp.ReplayError, match="looks at a value"):
        bp.replay(lambda x: w * x * look(w * x))(3.0)


def test_a_tensor_printed_while_it_is_recorded_says_that_it_has_no_numbers():
    w, seen = bp.Tensor([2.0, 3.0]), []
    bp.replay(lambda x: (seen.append(repr(w * x)) or w * x).sum())([1.0, 5.0])
    assert seen == ["Tensor(not computed yet, shape=(2,), dtype=float64)"]


@pytest.mark.parametrize("name", CASES)
def test_a_recording_keeps_no_numbers_but_constants(name):
    make, draw = CASES[name]
    made = Recording(loss_of(make()), draw(np.random.default_rng(0)))
    values = {v for op in made.operations for v in (op.out, *op.args) if v.kind != "constant"}
    assert len(values) > 20
    assert all(np.ndim(v.data) == 0 or np.may_share_memory(v.data, ZEROS) for v in values)


def test_what_follows_from_the_inputs_alone_may_be_looked_at():
    model = Reader(bp.RNN(13, 5, seed=2), (13, 5))

    def loss(x):
        start, rest = x[:, :-1], x[:, 1:]  # both are looked at, to see that they are in range
        return bp.softmax_cross_entropy(model(start), rest)

    step, (x, _) = bp.replay(loss), words(np.random.default_rng(0))
    assert step(x) == pytest.approx(loss(bp.Tensor(x)).item(), rel=1e-12)
    assert step(x[::-1]) == pytest.approx(loss(bp.Tensor(x[::-1])).item(), rel=1e-12)


def test_numbers_frozen_by_recording_are_noticed_at_the_second_run():
    rng, w = np.random.default_rng(0), bp.Tensor([2.0, 3.0])
    step = bp.replay(lambda x: (w * x * rng.random(2)).sum())
    step([1.0, 2.0])
    with pytest.raises(bp.ReplayError, match="different numbers"):
        step([1.0, 2.0])


def test_a_parameter_made_inside_the_step_is_refused():
    step = bp.replay(lambda x: bp.sum(bp.Tensor(np.ones(3)) * x))
    step(np.ones(3))
    with pytest.raises(bp.ReplayError, match="it makes parameters"):
        step(np.ones(3))


def test_code_without_rules_is_refused_by_name():
    def cube(x):
        return x**3

    w = bp.Tensor(2.0)
    mine = bp.custom(cube, lambda dy, x: 3 * x**2 * dy)
    with pytest.raises(bp.ReplayError, match="cube"):
        bp.replay(lambda x: mine(w * x))(3.0)


def test_a_rule_that_refuses_zeros_is_refused_by_name():
    def root(x):
        if np.any(x <= 0):
            raise ValueError("x must be positive")
        return np.sqrt(x)

    entry, w = Rule(root, None, [lambda up, y, x: up / (2 * y)]), bp.Tensor(2.0)
    with pytest.raises(bp.ReplayError, match="root can't be tried on zeros: x must be positive"):
        bp.replay(lambda x: apply(entry, (w * x,), {}))(8.0)


def test_parameters_of_two_dtypes_and_results_of_no_number_are_refused():
    a, b = bp.Tensor(2.0), bp.Tensor(np.array(3.0, np.float32))
    with pytest.raises(bp.ReplayError, match="several dtypes"):
        bp.replay(lambda x: a * b * x)(1.0)
    with pytest.raises(bp.GraphError, match=r"\(2,\)"):
        bp.replay(lambda x: a * x)([1.0, 2.0])


def test_a_loss_that_is_not_finite_makes_no_step():
    w = bp.Tensor(1.0)
    step = bp.replay(lambda x: bp.log(w * x), bp.SGD(lr=0.1))
    step(2.0)
    kept = w.item()
    with pytest.raises((bp.NonFiniteError, ValueError)), np.errstate(all="ignore"):
        step(-2.0)
    assert w.item() == kept


def test_recording_leaves_random_state_and_statistics_as_one_run_does():
    model = network(bp.BatchNorm(13), bp.Dropout(0.5, seed=0))
    other = network(bp.BatchNorm(13), bp.Dropout(0.5, seed=0))
    X, y = rows(np.random.default_rng(0))
    bp.replay(loss_of(model))(X, y)
    loss_of(other)(bp.Tensor(X), y)
    assert model[2].rng.bit_generator.state == other[2].rng.bit_generator.state
    np.testing.assert_allclose(model[1].mean, other[1].mean, rtol=1e-12)


def test_fit_replays_and_agrees_with_the_tape(monkeypatch):
    X, y = rows(np.random.default_rng(0), 50)

    def train():
        model = network(bp.ReLU(), bp.Dropout(0.2, seed=3))
        history = bp.fit(
            *(model, bp.softmax_cross_entropy, X, y),
            optimizer=bp.Adam(0.01),
            epochs=5,
            batch_size=7,
            progress=False,
        )
        return model, history

    (fast, replayed), (again, _) = train(), train()
    monkeypatch.setattr(_Step, "_fast", lambda *args: None)
    slow, taped = train()
    np.testing.assert_allclose(replayed.loss, taped.loss, rtol=1e-9)
    np.testing.assert_allclose(replayed.grad_norm, taped.grad_norm, rtol=1e-9)
    for key, array in slow.state().items():
        np.testing.assert_allclose(fast.state()[key], array, rtol=1e-8, atol=1e-10)
        assert np.array_equal(fast.state()[key], again.state()[key])  # the same bits


def weights_after(ways):
    """The weights after a replayed step for each r in `ways`, one on the tape for each t."""
    X, y = rows(np.random.default_rng(0), 21)
    model, optimizer = network(bp.ReLU()), bp.Adam(0.01)

    def loss(X, y):
        return bp.softmax_cross_entropy(model(X), y)

    for way in ways:
        if way == "r":
            bp.replay(loss, optimizer)(X, y)
        else:
            model.zero_grad()
            loss(X, y).backward()
            optimizer.step(model.parameters().values())
    return np.concatenate([p.data.ravel() for p in model.parameters().values()])


def test_an_optimizer_remembers_from_replay_to_the_tape_and_back():
    np.testing.assert_allclose(weights_after("rttr"), weights_after("tttt"), rtol=1e-10)


def test_fit_goes_on_with_the_tape_and_says_so_once():
    class Curious(bp.Module):
        def __init__(self):
            self.inner = bp.Affine(3, 1, seed=0)

        def forward(self, x):
            y = self.inner(x)
            return y if float(y.sum()) > 0 else 2 * y

    X = np.random.default_rng(0).normal(size=(20, 3))
    with pytest.warns(UserWarning, match="looks at a value") as said:
        history = bp.fit(
            *(Curious(), bp.mse, X, X[:, :1]),
            optimizer=bp.SGD(0.01),
            epochs=3,
            progress=False,
        )
    assert len(said) == 1
    assert history.loss[-1] < history.loss[0]


@pytest.mark.parametrize("row", [-1, 11])
def test_a_row_that_the_table_lacks_is_refused_in_a_later_run(row):
    model = Reader(bp.RNN(13, 5, seed=2), (13, 5))
    x, y = words(np.random.default_rng(0))
    step = bp.replay(lambda x, y: bp.softmax_cross_entropy(model(x), y))
    step(x, y)
    x[1, 2] = row
    with pytest.raises(bp.ShapeError, match=f"take: row {row} is asked for; the table"):
        step(x, y)
