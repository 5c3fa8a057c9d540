"""Saving and loading: bit for bit, whole or not at all, nothing from a file that isn't right."""

import io
import os
import pickle
import stat
import zipfile

import numpy as np
import pytest

import bpkit as bp
from bpkit import store


def network(seed, width=3):
    """A model with parameters, and with running statistics that are not at their start."""
    model = bp.Sequential(bp.Affine(5, width, seed=seed), bp.BatchNorm(width), bp.Tanh())
    model(np.random.default_rng(seed).normal(size=(7, 5)))
    return model


def bits(model):
    return {name: (a.dtype.str, a.shape, a.tobytes()) for name, a in model.state().items()}


@pytest.fixture
def saved(tmp_path):
    path = tmp_path / "model.npz"
    bp.save(network(1), path)
    return path


def test_a_round_trip_keeps_every_bit(saved):
    model = network(2)
    assert bits(model) != bits(network(1))
    assert bp.load(model, saved) is model
    assert bits(model) == bits(network(1))
    assert {"0.W", "0.b", "1.mean", "1.variance"} <= bits(model).keys()


@pytest.mark.parametrize(
    "model",
    [
        bp.Affine(5, 3, seed=0, dtype="float32"),
        bp.LSTM(3, 5, seed=0),
        bp.TransformerBlock(6, heads=2, seed=0),
        bp.Sequential(bp.ReLU()),
    ],
    ids=lambda model: type(model).__name__,
)
def test_every_kind_of_model_comes_back(tmp_path, model):
    before = bits(model)
    bp.save(model, tmp_path / "model")
    for array in model.state().values():
        array += 1
    bp.load(model, str(tmp_path / "model"))
    assert bits(model) == before


def test_numpy_can_open_it_too(saved):
    assert zipfile.ZipFile(saved).testzip() is None
    with np.load(saved) as file:
        assert set(file.files) == set(network(1).state())


def refused(path, words, model=None):
    """The file is refused in these words, and the model stays as it was."""
    model = network(2) if model is None else model
    before = bits(model)
    with pytest.raises(ValueError, match=words):
        bp.load(model, path)
    assert bits(model) == before


def test_a_file_cut_short_is_refused_at_every_length(saved):
    whole = saved.read_bytes()
    for length in range(0, len(whole), 7):
        saved.write_bytes(whole[:length])
        refused(saved, "damaged or isn't a model")


@pytest.mark.parametrize("flip", [0x01, 0x80, 0xFF])
def test_a_file_with_one_byte_changed_is_refused_wherever_it_is(saved, flip):
    whole = saved.read_bytes()
    for place in range(0, len(whole), 5):
        damaged = bytearray(whole)
        damaged[place] ^= flip
        saved.write_bytes(damaged)
        refused(saved, "damaged or isn't a model")


def signed(body):
    """These bytes with the digest that a saved file would have."""
    return body + store._digest(body)


def npz(tmp_path, **arrays):
    np.savez(tmp_path / "made.npz", **arrays)
    return (tmp_path / "made.npz").read_bytes()


class Planted:
    """What a pickle can do: run code when it is opened."""

    opened = False

    def __reduce__(self):
        return setattr, (Planted, "opened", True)


@pytest.mark.parametrize(
    "content",
    {
        "empty": lambda _: b"",
        "text": lambda _: b"these are not weights",
        "a pickle": lambda _: pickle.dumps(Planted()),
        "a signed pickle": lambda _: signed(pickle.dumps(Planted())),
        "another npz": lambda tmp: npz(tmp, W=np.eye(3)),
        "a pickle in an array": lambda tmp: signed(npz(tmp, W=np.array([Planted()]))),
    }.items(),
    ids=lambda item: item[0],
)
def test_other_files_are_refused(saved, tmp_path, content):
    saved.write_bytes(content[1](tmp_path))
    refused(saved, "damaged or isn't a model")
    assert not Planted.opened


@pytest.mark.parametrize(
    ("other", "words"),
    [
        (network(2, width=7), r"0\.W is \(5, 3\) float64 in .* but \(5, 7\) float64 in the model"),
        (bp.Sequential(bp.Affine(5, 3)), r"differ in what they hold: 1\.beta, 1\.gamma"),
        (bp.LSTM(5, 3), "differ in what they hold: .*Wh"),
        (
            bp.Sequential(bp.Affine(5, 3, dtype="float32"), bp.BatchNorm(3)),
            "float64 in .* but .* float32 in the model",
        ),
    ],
)
def test_a_file_of_another_model_is_refused(saved, other, words):
    refused(saved, words, other)


def test_a_missing_file_says_so(tmp_path):
    with pytest.raises(FileNotFoundError):
        bp.load(network(1), tmp_path / "nowhere.npz")


@pytest.mark.parametrize("error", [OSError("disk full"), KeyboardInterrupt()])
@pytest.mark.parametrize("step", ["write", "fsync", "replace"])
def test_a_crash_while_writing_leaves_the_old_file_and_no_other(saved, monkeypatch, step, error):
    before = saved.read_bytes()

    def crash(*_):
        raise error

    class Half(io.FileIO):
        """A file that takes the first half of what it is given."""

        def write(self, data):
            super().write(data[: len(data) // 2])
            crash()

    if step == "write":
        monkeypatch.setattr(store, "open", Half, raising=False)
    else:
        monkeypatch.setattr(os, step, crash)
    with pytest.raises(type(error)):
        bp.save(network(2), saved)
    assert saved.read_bytes() == before
    assert [path.name for path in saved.parent.iterdir()] == [saved.name]


def test_a_saved_file_has_the_permissions_of_any_other(saved, tmp_path):
    (tmp_path / "other").write_bytes(b"")
    modes = {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert len(modes) == 1
