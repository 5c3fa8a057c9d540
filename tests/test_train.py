"""Training: the same bits from the same seed, early stopping, Ctrl-C, NaN, and what is refused."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from cases import some

import bpkit as bp

ROOT = Path(__file__).parents[1]
X, Y = some(23, 5), np.arange(23) % 3
XV, YV = some(11, 5), np.arange(11) % 3


def network(kind="plain", dtype=float):
    middle = {
        "plain": [bp.Tanh()],
        "norm": [bp.BatchNorm(7, dtype=dtype), bp.Tanh()],
        "dropout": [bp.Tanh(), bp.Dropout(0.3, seed=3)],
    }[kind]
    first, last = bp.Affine(5, 7, seed=1, dtype=dtype), bp.Affine(7, 3, seed=2, dtype=dtype)
    return bp.Sequential(first, *middle, last)


def fit(model, X=X, y=Y, loss=bp.softmax_cross_entropy, **options):
    options = {"optimizer": bp.SGD(0.1, momentum=0.9), "epochs": 3, "batch_size": 7} | options
    return bp.fit(model, loss, X, y, progress=False, **options)


def bits(model):
    return {name: a.tobytes() for name, a in model.state().items()}


def by_hand(model, optimizer, loss=bp.softmax_cross_entropy, X=X, y=Y, steps=None, seed=0):
    """The four lines, written out: as many steps as asked, or three epochs. Returns the losses."""
    rng, losses = np.random.default_rng(seed), []
    model.train()
    for _ in range(3):
        for rows in bp.batches(len(X), 7, rng):
            if len(losses) == steps:
                return losses
            model.zero_grad()
            value = loss(model(X[rows]), y[rows])
            value.backward()
            optimizer.step(model.parameters().values())
            losses.append(value.item())
    return losses


# --- the same bits ---


@pytest.mark.parametrize("kind", ["plain", "norm", "dropout"])
def test_the_same_seed_gives_the_same_bits(kind):
    runs = []
    for seed in (4, 4, 5):
        model = network(kind)
        history = fit(model, seed=seed, validation=(XV, YV), metric=bp.accuracy)
        runs.append((bits(model), history))
    assert runs[0] == runs[1]
    assert runs[0][0] != runs[2][0]


def test_another_process_gives_the_same_bits():
    code = (
        "import sys; sys.path[:0] = ['tests']\n"
        "import hashlib, test_train as t\n"
        "model = t.network('norm')\n"
        "history = t.fit(model)\n"
        "print(hashlib.sha256(repr((t.bits(model), history)).encode()).hexdigest())"
    )
    said = {python(code, PYTHONHASHSEED=seed).stdout for seed in ("1", "2")}
    assert len(said) == 1 and len(said.pop()) == 65


@pytest.mark.parametrize("kind", ["plain", "norm", "dropout"])
def test_fit_is_the_four_lines(kind):
    mine, other = network(kind), network(kind)
    history = fit(mine)
    losses = by_hand(other, bp.SGD(0.1, momentum=0.9))
    for name, array in mine.state().items():
        np.testing.assert_allclose(array, other.state()[name], rtol=1e-10, atol=1e-12)
    weights = [7, 7, 7, 2]
    expected = [np.dot(losses[i : i + 4], weights) / 23 for i in (0, 4, 8)]
    assert history.loss == pytest.approx(expected, rel=1e-10)


def test_tied_weights_learn_as_one():
    def tied():
        layer = bp.Affine(5, 5, seed=1)
        return bp.Sequential(layer, bp.Tanh(), layer)

    mine, other = tied(), tied()
    fit(mine)
    by_hand(other, bp.SGD(0.1, momentum=0.9))
    np.testing.assert_allclose(mine[0].W.data, other[0].W.data, rtol=1e-10)


def test_a_step_that_cannot_be_replayed_is_made_on_the_tape():
    class Noisy(bp.Module):
        def __init__(self):
            self.layer, self.rng = bp.Affine(5, 3, seed=1), np.random.default_rng(1)

        def forward(self, x):
            return self.layer(x) + 0.1 * self.rng.normal(size=3)

    model = Noisy()
    before = bits(model)
    for optimizer in (bp.SGD(0.1, momentum=0.9), bp.Adam(0.01)):
        with pytest.warns(
            UserWarning, match="fit runs on the tape, not replayed: .* random numbers"
        ):
            history = fit(model, optimizer=optimizer, epochs=20)
        assert history.loss[-1] < history.loss[0] and bits(model) != before


def test_it_learns():
    X, y = bp.data.moons(300, noise=0.1)
    model = bp.Sequential(bp.Affine(2, 16, seed=0), bp.Tanh(), bp.Affine(16, 2, seed=1))
    fit(model, X, y, optimizer=bp.SGD(0.3, momentum=0.9), epochs=40, batch_size=32)
    assert bp.accuracy(bp.predict(model, X), y) > 0.98


# --- the history ---


def test_the_history_says_what_happened():
    model = network("norm")
    rate = bp.schedules.exponential(0.1, 0.9)
    history = fit(model, optimizer=bp.SGD(rate), validation=(XV, YV), metric=bp.accuracy)
    for name in ("loss", "val_loss", "metric", "val_metric", "grad_norm", "lr"):
        numbers = getattr(history, name)
        assert len(numbers) == 3 and all(type(n) is float for n in numbers), name
    outputs = bp.predict(model, XV)
    assert history.val_loss[-1] == float(bp.softmax_cross_entropy(outputs, YV))
    assert history.val_metric[-1] == bp.accuracy(outputs, YV)
    assert history.metric[-1] == bp.accuracy(bp.predict(model, X), Y)
    assert history.lr == pytest.approx([0.1 * 0.9 ** (4 * e + 3) for e in range(3)])
    assert history.best_epoch == int(np.argmin(history.val_loss))
    assert history.stopped == "all 3 epochs done"


def test_the_history_is_empty_of_what_was_not_asked():
    history = fit(network())
    assert history.val_loss == history.metric == history.val_metric == []
    assert history.best_epoch == int(np.argmin(history.loss))
    assert bp.History().best_epoch is None and bp.History().stopped == "not started"


def test_the_gradients_length_is_a_mean_over_the_batches():
    model = network()
    norms, rng = [], np.random.default_rng(0)
    for rows in bp.batches(23, 7, rng):
        model.zero_grad()
        bp.softmax_cross_entropy(model(X[rows]), Y[rows]).backward()
        norms.append(bp.grad_norm(model.parameters().values()))
    history = fit(model, optimizer=bp.SGD(1e-12), epochs=1)
    assert history.grad_norm == pytest.approx([np.mean(norms)])


@pytest.mark.parametrize(("batch_size", "steps"), [(None, 1), (100, 1), (23, 1), (22, 2), (1, 23)])
def test_batches_of_any_size(batch_size, steps):
    optimizer = bp.SGD(0.1)
    history = fit(network(), batch_size=batch_size, optimizer=optimizer, epochs=1)
    assert optimizer.t == steps and len(history.loss) == 1


def test_batches_hold_each_row_once():
    rng = np.random.default_rng(0)
    rows = bp.batches(23, 7, rng)
    assert [len(r) for r in rows] == [7, 7, 7, 2]
    assert sorted(np.concatenate(rows)) == list(range(23))
    assert not np.array_equal(np.concatenate(rows), np.concatenate(bp.batches(23, 7, rng)))


# --- dtypes, modes ---


@pytest.mark.parametrize("kind", ["plain", "norm", "dropout"])
def test_float32_stays_float32(kind):
    model = network(kind, dtype="float32")
    history = fit(model, validation=(XV, YV), optimizer=bp.Adam(0.01, weight_decay=0.1, clip=1.0))
    assert {a.dtype.name for a in model.state().values()} == {"float32"}
    assert bp.predict(model, X.astype("float32")).dtype == "float32"
    close = network(kind)
    exact = fit(close, validation=(XV, YV), optimizer=bp.Adam(0.01, weight_decay=0.1, clip=1.0))
    assert history.loss == pytest.approx(exact.loss, rel=1e-3)


def test_integers_are_looked_up():
    rows = np.arange(22).reshape(11, 2) % 7
    model = bp.Sequential(bp.Embedding(7, 3, seed=0), bp.Flatten(), bp.Affine(6, 3, seed=1))
    history = fit(model, rows, YV, epochs=30)
    assert history.loss[-1] < history.loss[0]


def test_metrics_see_the_model_in_evaluation_and_fit_leaves_it_in_training():
    model, seen = network("dropout"), []

    def metric(outputs, targets):
        seen.append(np.array_equal(outputs, bp.predict(model, X if len(targets) == 23 else XV)))
        return 0.0

    model.eval()
    fit(model, metric=metric, validation=(XV, YV))
    assert seen == [True] * 6
    assert model.training and model[2].training


def test_predict_uses_evaluation_and_puts_the_mode_back():
    model = network("dropout")
    np.testing.assert_allclose(bp.predict(model, X), bp.predict(model, X, batch_size=2))
    assert model.training and model[2].training
    model.eval()
    bp.predict(model, X)
    assert not model[2].training
    with pytest.raises(bp.ShapeError, match=r"predict: X is \(0, 5\): there are no rows"):
        bp.predict(model, X[:0])


def test_accuracy_takes_tensors_and_sequences():
    outputs = np.array([[[0.1, 0.9], [0.8, 0.2]], [[0.3, 0.7], [0.6, 0.4]]])
    labels = np.array([[1, 1], [1, 0]])
    assert bp.accuracy(outputs, labels) == 0.75
    assert bp.accuracy(bp.Tensor(outputs), bp.Tensor(labels)) == 0.75


# --- early stopping ---


MISLEADING = (X[:19], np.where(np.arange(19) % 3 == 1, 0, Y[:19]))


def overfit(model, states=None, **options):
    """Training whose validation gets better, and then worse: a third of its labels are others."""
    options = {"epochs": 100, "optimizer": bp.SGD(0.3), "patience": 3} | options

    def keep(outputs, targets):
        if len(targets) == 19 and states is not None:
            states.append(bits(model))
        return 0.0

    return fit(model, validation=MISLEADING, metric=keep, **options)


def test_early_stopping_puts_the_best_back():
    model, states = network("norm"), []
    history = overfit(model, states)
    best = history.best_epoch
    assert history.stopped == "no lower validation loss for 3 epochs"
    assert len(history.loss) == best + 1 + 3 and best > 0
    assert bits(model) == states[best] != states[-1]
    value = float(bp.softmax_cross_entropy(bp.predict(model, MISLEADING[0]), MISLEADING[1]))
    assert value == history.val_loss[best] == min(history.val_loss)


def test_the_best_is_put_back_when_the_epochs_run_out():
    model, states = network("norm"), []
    history = overfit(model, states, patience=50, epochs=30)
    assert history.stopped == "all 30 epochs done"
    assert bits(model) == states[history.best_epoch] != states[-1]


def test_without_patience_the_last_weights_stay():
    model, states = network("norm"), []
    overfit(model, states, patience=None, epochs=10)
    assert bits(model) == states[-1]


# --- Ctrl-C ---

LISTS = ("loss", "val_loss", "metric", "val_metric", "grad_norm", "lr")


@pytest.mark.parametrize("call", [1, 2, 5, 6])
def test_an_interruption_keeps_what_was_learned(call):
    """Two metrics an epoch: calls 5 and 6 are in epoch 2, of which nothing is in the history."""
    model, before, calls = network(), bits(network()), []

    def metric(outputs, targets):
        calls.append(1)
        if len(calls) == call:
            raise KeyboardInterrupt
        return 0.0

    history = fit(model, metric=metric, validation=(XV, YV), epochs=9)
    whole = (call - 1) // 2
    assert history.stopped == f"interrupted in epoch {whole}"
    assert {len(getattr(history, name)) for name in LISTS} == {whole}
    assert bits(model) != before
    assert all(np.isfinite(a).all() for a in model.state().values())


def test_an_interruption_inside_a_step():
    class Interrupted(bp.SGD):
        def step(self, tensors):
            if self.t == 6:
                raise KeyboardInterrupt
            return super().step(tensors)

    model, other = network(), network()
    history = fit(model, optimizer=Interrupted(0.1), validation=(XV, YV))
    assert len(history.loss) == len(history.val_loss) == 1
    by_hand(other, bp.SGD(0.1), steps=6)
    np.testing.assert_allclose(model[0].W.data, other[0].W.data, rtol=1e-10)


def test_an_interruption_with_patience_puts_the_best_back():
    model, states = network(), []

    def metric(outputs, targets):
        if len(states) == 12:
            raise KeyboardInterrupt
        if len(targets) == 19:
            states.append(bits(model))
        return 0.0

    history = fit(
        model,
        metric=metric,
        validation=MISLEADING,
        epochs=100,
        optimizer=bp.SGD(0.3),
        patience=50,
    )
    assert history.stopped == "interrupted in epoch 12"
    assert bits(model) == states[history.best_epoch]


def python(code, timeout=60, **settings):
    """Run code in a new process, from the project's root."""
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)} | settings,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=True,
    )


TRAIN = """
import numpy as np, bpkit as bp
X, y = np.random.default_rng(0).normal(size=(50, 5)), np.arange(50) % 3
model = bp.Affine(5, 3, seed=0)
before = model.W.data.copy()
def metric(outputs, targets):
    print("epoch", flush=True)
    return 0.0
history = bp.fit(model, bp.softmax_cross_entropy, X, y, optimizer=bp.SGD(0.1), metric=metric,
                 epochs={epochs}, progress={progress})
print(len(history.loss) == len(history.grad_norm) == len(history.metric))
print(history.stopped, np.array_equal(model.W.data, before))
"""


@pytest.mark.skipif(os.name == "nt", reason="a signal for one process is sent otherwise there")
def test_a_real_ctrl_c():
    child = subprocess.Popen(
        [sys.executable, "-c", TRAIN.format(epochs=10**9, progress=False)],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )
    with child:
        for _ in range(20):
            assert child.stdout.readline() == "epoch\n"
        child.send_signal(signal.SIGINT)
        *_, counts, stopped = child.stdout.read().splitlines()
    assert child.returncode == 0
    assert counts == "True" and stopped.startswith("interrupted in epoch ")
    assert stopped.endswith(" False") and int(stopped.split()[3]) >= 19


# --- without tqdm ---


def test_a_bar_is_shown_where_tqdm_is():
    pytest.importorskip("tqdm")
    assert "epoch" in python(TRAIN.format(epochs=3, progress=True)).stderr
    assert python(TRAIN.format(epochs=3, progress=False)).stderr == ""


def test_without_tqdm_there_is_no_bar_and_no_failure():
    blocked = "import sys; sys.modules['tqdm'] = None\n"
    done = python(blocked + TRAIN.format(epochs=3, progress=True))
    assert done.stderr == "" and "all 3 epochs done False" in done.stdout


# --- a NaN in training ---


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("kind", ["plain", "norm", "dropout"])
def test_a_nan_names_the_operation_and_leaves_the_model_as_it_was(kind, bad):
    rows = bp.batches(23, 7, np.random.default_rng(0))
    spoiled = X.copy()
    spoiled[rows[2][3], 1] = bad
    model, other = network(kind), network(kind)
    named = r"fit, epoch 0: affine: entry \[3, \d\] of its result, shape \(7, 7\), is -?(nan|inf)"
    with pytest.raises(bp.NonFiniteError, match=named):
        fit(model, X=spoiled)
    by_hand(other, bp.SGD(0.1, momentum=0.9), steps=2)
    for name, array in model.state().items():
        np.testing.assert_allclose(array, other.state()[name], rtol=1e-10, atol=1e-12)


def test_an_overflow_names_the_operation():
    def loss(z, t):
        return bp.exp(z * 1000.0).mean()

    model = network()
    before = bits(model)
    with pytest.raises(bp.NonFiniteError, match=r"fit, epoch 0: exp: entry .* is inf"):
        fit(model, loss=loss)
    assert bits(model) == before


def test_a_nan_on_the_way_back_names_the_backward_step():
    def loss(z, t):
        return bp.sqrt(z * 0.0).mean()

    model = network()
    before = bits(model)
    with pytest.raises(bp.NonFiniteError, match=r"fit, epoch 0: the backward step of sqrt: entry"):
        fit(model, loss=loss)
    assert bits(model) == before


def test_a_nan_in_validation_is_named():
    spoiled = XV.copy()
    spoiled[5, 1] = np.nan
    with pytest.raises(
        bp.NonFiniteError, match=r"fit, epoch 0, validation: affine: entry \[5, 0\]"
    ):
        fit(network(), validation=(spoiled, YV))


# --- refused before any step ---


def labels(place, label, count=23):
    y = np.arange(count) % 3
    y[place] = label
    return y


def deep(label):
    """2,500 rows, of which the last but one has a label that isn't a class."""
    return {"X": np.resize(X, (2500, 5)), "y": labels(-2, label, 2500)}


REFUSED = {
    "label": (
        {"y": labels(20, 3)},
        ValueError,
        "label 3 is outside the 3 classes, which are 0 to 2",
    ),
    "label, deep": (deep(-1), ValueError, "label -1 is outside the 3 classes"),
    "label, through a lambda": (
        deep(7) | {"loss": lambda z, t: bp.softmax_cross_entropy(z, t, smoothing=0.1)},
        ValueError,
        "label 7 is outside the 3 classes",
    ),
    "label, validation": (
        {"validation": (XV, labels(9, 3, 11))},
        ValueError,
        "label 3 is outside the 3 classes",
    ),
    "bce target, deep": (
        {"y": np.where(np.arange(69) == 65, 2.0, 0.5).reshape(23, 3), "loss": bp.bce_with_logits},
        ValueError,
        r"targets run from 0.5 to 2.0; they must lie in \[0, 1\]",
    ),
    "rows": (
        {"y": Y[:20]},
        bp.ShapeError,
        r"training data have 23 rows of X, \(23, 5\), but 20 of y, \(20,\)",
    ),
    "rows, validation": (
        {"validation": (XV, YV[:7])},
        bp.ShapeError,
        r"validation data have 11 rows of X, \(11, 5\), but 7 of y, \(7,\)",
    ),
    "empty": ({"X": X[:0], "y": Y[:0]}, bp.ShapeError, r"training data are empty: X is \(0, 5\)"),
    "empty, validation": (
        {"validation": (XV[:0], YV[:0])},
        bp.ShapeError,
        r"validation data are empty: X is \(0, 5\)",
    ),
    "width": (
        {"X": some(23, 2)},
        bp.ShapeError,
        r"affine: X is \(1, 2\) but W is \(5, 7\); X's columns must equal W's rows",
    ),
    "width, validation": (
        {"validation": (some(11, 2), YV)},
        bp.ShapeError,
        r"affine: X is \(1, 2\) but W is \(5, 7\)",
    ),
    "mse of a column": (
        {"y": some(23), "loss": lambda z, t: bp.mse(z[:, :1], t)},
        bp.ShapeError,
        r"mse: predictions are \(23, 1\) but targets are \(23,\)",
    ),
    "a number": ({"X": 3.0}, bp.ShapeError, "fit: X is a single number; its first axis must count"),
    "text": (
        {"X": np.array(["a"] * 23)},
        TypeError,
        "fit: X must hold real numbers; its dtype is <U1",
    ),
    "objects": (
        {"y": np.array([None] * 23)},
        TypeError,
        "fit: y must hold real numbers; .* object",
    ),
    "complex": ({"X": X * 1j}, TypeError, "fit: X must hold real numbers; its dtype is complex128"),
    "loss": (
        {"loss": lambda z, t: z},
        bp.ShapeError,
        r"loss\(outputs, targets\) must return a tensor of one number",
    ),
    **{
        f"{name} {value}": (
            {name: value, "validation": (XV, YV)},
            ValueError,
            f"fit: {name} is {value!r}; it must be a whole number, 1 or more",
        )
        for name in ["epochs", "batch_size", "patience"]
        for value in [0, -1, 2.5, 2.0, "3", True, float("nan")]
    },
    "patience": ({"patience": 2}, ValueError, r"fit: patience needs validation=\(Xv, yv\)"),
    "validation": ({"validation": XV}, ValueError, r"fit: validation must be a pair, \(Xv, yv\)"),
    "seed": ({"seed": -1}, ValueError, "expected non-negative integer"),
    "seed, text": ({"seed": "a"}, TypeError, "expects int"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_fit_refuses_before_any_step(name):
    options, error, words = REFUSED[name]
    model, optimizer = network("norm"), bp.SGD(0.1)
    before = bits(model)
    with pytest.raises(error, match=words):
        fit(model, **{"optimizer": optimizer} | options)
    assert bits(model) == before and optimizer.t == 0


def test_a_function_is_refused_as_a_model():
    with pytest.raises(TypeError, match="fit: model is a ufunc; it must be a Module"):
        fit(np.tanh)


def test_a_model_with_nothing_to_learn_is_refused():
    with pytest.raises(bp.GraphError):
        fit(bp.Sequential(bp.Tanh()), X[:, :3])


@pytest.mark.parametrize(
    ("f", "x"),
    [
        (bp.log, 0.0),
        (bp.log, -1.0),
        (bp.exp, 1000.0),
        (bp.sqrt, 0.0),
        (lambda x: 1 / x, 0.0),
        (lambda x: x**-2, 0.0),
        (lambda x: x**0.5, -1.0),
    ],
)
def test_a_replayed_step_of_single_numbers_makes_no_step_where_there_is_no_number(f, x):
    p = bp.Tensor(x)
    step = bp.replay(lambda: f(p) * 2.0, optimizer=bp.SGD(0.1))
    with np.errstate(all="ignore"), pytest.raises(bp.NonFiniteError, match="no step made"):
        step()
    assert p.item() == x


def test_a_loss_that_does_not_depend_on_the_weights_moves_nothing():
    model = network()
    before = bits(model)
    history = fit(model, loss=lambda z, t: (z * 0.0 + 1.5).mean())
    assert history.loss == pytest.approx([1.5] * 3) and history.grad_norm == [0.0] * 3
    assert bits(model) == before
