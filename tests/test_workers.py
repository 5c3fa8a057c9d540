"""Several processes at one batch: the same numbers as one, and nothing that hangs."""

import multiprocessing
import os
import signal
import sys
import time

import numpy as np
import pytest

import bpkit as bp

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are forked on Linux")


BEFORE = []  # processes that other tests have left


@pytest.fixture(autouse=True)
def _note_what_runs():
    BEFORE[:] = multiprocessing.active_children()


def left():
    """Processes that weren't there when the test began."""
    return set(multiprocessing.active_children()) - set(BEFORE)


def data(rows=53):
    rng = np.random.default_rng(5)
    return rng.normal(size=(rows, 7)), rng.integers(0, 3, rows)


def network(*middle):
    return bp.Sequential(bp.Affine(7, 11, seed=0), bp.Tanh(), *middle, bp.Affine(11, 3, seed=1))


def fitted(workers, make=network, optimizer=None, loss=bp.softmax_cross_entropy, **settings):
    model = make()
    X, y = data()
    settings = {"epochs": 3, "batch_size": 13, "validation": data(17), **settings}
    history = bp.fit(
        model,
        loss,
        X,
        y,
        optimizer=optimizer() if optimizer else bp.SGD(lr=0.1, momentum=0.9),
        progress=False,
        workers=workers,
        **settings,
    )
    return history, np.concatenate([p.data.ravel() for p in model.parameters().values()])


def together(workers=2, **settings):
    """The greatest difference in weights between one process and several, and both histories."""
    (one, a), (many, b) = fitted(1, **settings), fitted(workers, **settings)
    assert not left()
    return np.max(np.abs(a - b)), one, many


@pytest.mark.parametrize("workers", [2, 3])
@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"optimizer": lambda: bp.Adam(lr=0.01)},
        {"optimizer": lambda: bp.GradientDescent(lr=0.5, clip=0.2)},  # the length is a joint one
        {"optimizer": lambda: bp.AdamW(lr=bp.schedules.cosine(0.01, 40, floor=0.001))},
        {"make": lambda: network(bp.Dropout(0.4, seed=2))},  # one mask for the whole batch
        {"batch_size": 2},  # shares of one row, and a last batch of one: all do it
        {"patience": 1, "epochs": 9, "metric": bp.accuracy},
    ],
    ids=["momentum", "Adam", "clipped", "AdamW, schedule", "dropout", "batches of 2", "patience"],
)
def test_several_processes_give_what_one_gives(workers, settings):
    apart, one, many = together(workers, **settings)
    assert apart <= 1e-12
    assert one.stopped == many.stopped
    for kind in ("loss", "val_loss", "grad_norm", "lr", "metric"):
        np.testing.assert_allclose(getattr(many, kind), getattr(one, kind), rtol=1e-11)


@pytest.mark.parametrize("ways", [(1, 2), (2, 1), (2, 2)])
def test_an_optimizer_remembers_from_one_fit_to_the_next(ways):
    X, y = data()
    ends = []
    for workers in (ways, (1, 1)):
        model, optimizer = network(), bp.Adam(lr=0.01)
        for count in workers:
            bp.fit(
                *(model, bp.softmax_cross_entropy, X, y),
                optimizer=optimizer,
                epochs=2,
                progress=False,
                workers=count,
            )
        ends.append(model[0].W.data)
    np.testing.assert_allclose(*ends, rtol=1e-12)


def test_random_state_moves_on_as_in_one_process():
    states = []
    for workers in (1, 2):
        dropout = bp.Dropout(0.4, seed=2)
        fitted(workers, make=lambda dropout=dropout: network(dropout))
        states.append(dropout.rng.bit_generator.state)
    assert states[0] == states[1]


def test_batch_normalization_is_refused():
    norm = bp.BatchNorm(11)
    before = {name: array.copy() for name, array in norm.state().items()}
    with pytest.raises(ValueError, match="batch normalization needs the whole batch, so 2 workers"):
        fitted(2, make=lambda: network(norm))
    assert all(np.array_equal(before[name], array) for name, array in norm.state().items())


def summed(outputs, y):
    return bp.softmax_cross_entropy(outputs, y) * len(y)


def looks_at_others(outputs, y):
    return bp.softmax_cross_entropy(outputs - outputs.mean(axis=0), y)


@pytest.mark.parametrize("loss", [summed, looks_at_others])
def test_a_loss_that_can_not_be_shared_is_refused(loss):
    with pytest.raises(ValueError, match="isn't the mean of its 2 shares' gradients"):
        fitted(2, loss=loss)
    assert not left()


def test_a_worker_that_dies_is_reported():
    def kill(outputs, y):
        for process in left():
            os.kill(process.pid, signal.SIGKILL)
            process.join()
        return bp.accuracy(outputs, y)

    start = time.perf_counter()
    with pytest.raises(RuntimeError, match=r"worker 2 of 2 died \(exit status -9\)"):
        fitted(2, metric=kill)
    assert time.perf_counter() - start < 30
    assert not left()


def test_an_infinite_loss_is_named_and_no_step_is_made():
    X, y = data()
    X[5] = 1e308
    model = bp.Affine(7, 3, seed=0)
    before = model.W.data.copy()
    with pytest.raises(bp.NonFiniteError, match="fit, epoch 0"):
        bp.fit(
            model,
            bp.softmax_cross_entropy,
            X,
            y,
            optimizer=bp.SGD(lr=0.1),
            batch_size=53,
            progress=False,
            workers=2,
        )
    assert np.array_equal(before, model.W.data)
    assert not left()


def test_ctrl_c_returns_what_was_learned():
    calls = []

    def interrupt(outputs, y):
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return bp.accuracy(outputs, y)

    history, _ = fitted(2, metric=interrupt, validation=None)
    assert history.stopped == "interrupted in epoch 1"
    assert not left()


def test_what_can_not_be_replayed_runs_with_one_process():
    square = bp.custom(lambda x: x * x, lambda up, x: 2 * up * x)
    with pytest.warns(UserWarning, match="fit runs on the tape, not replayed") as told:
        history, _ = fitted(2, loss=lambda out, y: bp.softmax_cross_entropy(square(out), y))
    assert len(history.loss) == 3 and len(told) == 1


def test_elsewhere_it_says_so_and_runs_with_one(monkeypatch):
    monkeypatch.setattr("bpkit.workers.sys.platform", "darwin")
    with pytest.warns(UserWarning, match="2 workers need Linux; it runs with one"):
        history, _ = fitted(2)
    assert len(history.loss) == 3


@pytest.mark.parametrize("workers", [0, 1.5, True, "2"])
def test_workers_are_counted_in_whole_numbers(workers):
    with pytest.raises(ValueError, match="workers is"):
        fitted(workers)
