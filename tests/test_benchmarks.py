"""The benchmarks' forms agree: every library's gradients on every workload, on small sizes."""

import dataclasses
import importlib.util
import json
import multiprocessing
from concurrent.futures import ProcessPoolExecutor

import numpy as np
import pytest

from benchmarks import contenders, plot, steps, timing
from benchmarks.workloads import WORKLOADS

# the same layers, fewer rows: small enough to run in moments
ROWS = {"rnn": (3, 4), "lstm": (3, 4), "transformer": (2, 5), "cnn": (2, 1, 28, 28)}


def small(name):
    work = WORKLOADS[name]
    return dataclasses.replace(work, shape=ROWS.get(name, (7, *work.shape[1:])))


@pytest.fixture(scope="module")
def apart():
    """A process of its own: where JAX has once started its threads, every later fork warns."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        yield pool


def agree(name):
    """The forms of a workload that can be made here, once their answers were compared."""
    # JAX is further away than the other peers: the benchmark says so where it isn't there
    made = contenders.make_all(small(name), without=contenders.missing())
    steps.check(small(name), made)
    made["bpkit, 2 workers"].close()
    return set(made)


@pytest.mark.parametrize("name", WORKLOADS)
def test_every_form_gives_the_same_gradients_and_step(apart, name):
    pytest.importorskip("torch")
    pytest.importorskip("autograd")
    made = apart.submit(agree, name).result()
    assert {"bpkit replay", "PyTorch functions", "autograd", "naive NumPy"} <= made


def test_a_wrong_gradient_stops_the_run():
    work = small("digits")
    made = {name: contenders.make(name, work) for name in ("bpkit replay", "naive NumPy")}
    right = made["bpkit replay"].gradients

    def wrong():
        answers = right()
        answers["2.b"][3] *= 1.01
        return answers

    made["bpkit replay"].gradients = wrong
    with pytest.raises(ValueError, match=r"digits: bpkit replay gives another 2.b"):
        steps.check(work, made)


def test_a_wrong_optimizer_stops_the_run():
    work = small("digits")
    made = {name: contenders.make(name, work) for name in ("bpkit tape", "naive NumPy")}
    made["bpkit tape"].optimizer.lr = lambda t: 1.1 * work.lr
    with pytest.raises(ValueError, match="after one step: bpkit tape"):
        steps.check(work, made)


def test_answers_with_other_names_or_shapes_stop_the_run():
    true = {"W": np.ones((2, 3))}
    with pytest.raises(ValueError, match="other arrays than the reference: \\['W', 'w'\\]"):
        timing.compare("row", true, {"x": {"w": true["W"]}}, 1.0)
    with pytest.raises(ValueError, match="x's W is \\(3, 2\\), not \\(2, 3\\)"):
        timing.compare("row", true, {"x": {"W": true["W"].T}}, 1.0)


@pytest.mark.parametrize("options", [[], ["--busy"]])
def test_the_command_prints_a_table_and_keeps_its_numbers(capsys, tmp_path, monkeypatch, options):
    pytest.importorskip("torch")
    pytest.importorskip("autograd")
    monkeypatch.setitem(steps.WORKLOADS, "digits", small("digits"))
    monkeypatch.setattr(contenders, "missing", lambda: ["jax"])
    out = tmp_path / "results.json"
    steps.main(["--only", "digits", "--rounds", "1", "--no-children", *options, "--out", str(out)])
    shown = capsys.readouterr().out
    assert "jax isn't installed" in shown
    assert "| digits MLP 64-64-10, batch 32, momentum |" in shown
    rows = json.loads(out.read_text())["rows"]
    assert set(rows["digits"]["times"]) == {
        *(
            name
            for name in contenders.CONTENDERS
            if name != "JAX jit" and not (options and ("2 threads" in name or "2 work" in name))
        ),
        "products alone",
    }
    plot.main([str(out), str(tmp_path / "speed.png")])
    assert (tmp_path / "speed.png").stat().st_size > 1000


def test_the_scalar_graphs_agree_and_are_counted():
    made = contenders.make_all()
    answers = {name: c.gradients()["weights"] for name, c in made.items()}
    for got in answers.values():
        np.testing.assert_allclose(got, answers["micrograd's form"], rtol=1e-9, atol=1e-12)
    assert 9_000 < steps.count() < 11_000


def test_missing_packages_are_named(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "jax" else 1)
    assert contenders.missing() == ["jax"]
