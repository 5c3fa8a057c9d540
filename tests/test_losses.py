"""Losses: values by hand, one mean over the batch, targets that are refused, and no overflow."""

import math

import numpy as np
import pytest
from cases import shares, some

import bpkit as bp

Z = np.array([[0.5, -1.0, 2.0], [1.5, 0.25, -0.5]])
P = np.exp(Z) / np.exp(Z).sum(axis=1, keepdims=True)
BY_HAND = {  # the loss, and what it is
    "mse": (lambda: bp.mse(Z[0], np.array([1.0, 1.0, 0.5])), (0.25 + 4 + 2.25) / 3),
    "mae": (lambda: bp.mae(Z[0], np.array([1.0, 1.0, 0.5])), (0.5 + 2 + 1.5) / 3),
    "huber": (lambda: bp.huber(Z[0], np.array([1.0, 1.0, 0.5])), (0.125 + 1.5 + 1.0) / 3),
    "huber, wide": (lambda: bp.huber(Z[0], np.array([1.0, 1.0, 0.5]), delta=5.0), 6.5 / 6),
    "bce": (
        lambda: bp.bce_with_logits(np.array([0.0, 2.0]), np.array([1.0, 0.0])),
        (math.log(2) + 2 + math.log1p(math.exp(-2))) / 2,
    ),
    "labels": (
        lambda: bp.softmax_cross_entropy(Z, np.array([2, 0])),
        -(math.log(P[0, 2]) + math.log(P[1, 0])) / 2,
    ),
    "probabilities": (
        lambda: bp.softmax_cross_entropy(Z, np.array([[0.2, 0.3, 0.5], [0.5, 0.4, 0.1]])),
        -(np.log(P) * [[0.2, 0.3, 0.5], [0.5, 0.4, 0.1]]).sum() / 2,
    ),
    "smoothed": (
        lambda: bp.softmax_cross_entropy(Z, np.array([2, 0]), smoothing=0.3),
        -(np.log(P) * [[0.1, 0.1, 0.8], [0.8, 0.1, 0.1]]).sum() / 2,
    ),
}


@pytest.mark.parametrize("name", BY_HAND)
def test_the_value_by_hand(name):
    call, expected = BY_HAND[name]
    assert float(call()) == pytest.approx(expected, rel=1e-14)


LOSSES = {  # a loss, and predictions and targets of a batch
    "mse": (bp.mse, some(5, 3), some(5, 3)),
    "mae": (bp.mae, some(5, 3), some(5, 3)),
    "huber": (bp.huber, some(5, 3), some(5, 3)),
    "bce": (bp.bce_with_logits, some(5, 3), shares(5, 3)),
    "labels": (bp.softmax_cross_entropy, some(5, 3), np.array([2, 0, 1, 2, 2])),
    "probabilities": (bp.softmax_cross_entropy, some(5, 3), shares(5, 3)),
}


@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_is_a_mean_over_the_batch(name):
    """The batch twice over: the same loss, and half the gradient for each row."""
    loss, z, t = LOSSES[name]
    once, twice = bp.Tensor(z), bp.Tensor(np.concatenate([z, z]))
    value = loss(once, t)
    value.backward()
    again = loss(twice, np.concatenate([t, t]))
    again.backward()
    assert again.item() == pytest.approx(value.item(), rel=1e-14)
    np.testing.assert_allclose(twice.grad[:5], once.grad / 2, rtol=1e-14)


@pytest.mark.parametrize("name", LOSSES)
def test_gradients(name):
    loss, z, t = LOSSES[name]
    bp.gradcheck(lambda z: loss(z, t), z, method="centered", tolerance=1e-7)
    if t.dtype.kind == "f":
        bp.gradcheck(loss, z, t, method="centered", tolerance=1e-7)


@pytest.mark.parametrize("name", LOSSES)
def test_float32_stays_float32(name):
    loss, z, t = LOSSES[name]
    x = bp.Tensor(z.astype("float32"))
    y = loss(x, t.astype("float32") if t.dtype.kind == "f" else t)
    y.backward()
    assert y.dtype == x.grad.dtype == "float32"


@pytest.mark.parametrize("name", LOSSES)
def test_targets_may_be_tensors(name):
    loss, z, t = LOSSES[name]
    target = bp.Tensor(t, requires_grad=False)
    assert loss(bp.Tensor(z), target).item() == loss(bp.Tensor(z), t).item()


def test_the_gradient_is_what_was_said_minus_what_was_so_over_n():
    z, labels = bp.Tensor(Z), np.array([2, 0])
    bp.softmax_cross_entropy(z, labels).backward()
    np.testing.assert_allclose(z.grad, (P - np.eye(3)[labels]) / 2, rtol=1e-12)
    z, t = bp.Tensor(Z), shares(2, 3)
    bp.bce_with_logits(z, t).backward()
    np.testing.assert_allclose(z.grad, (1 / (1 + np.exp(-Z)) - t) / 6, rtol=1e-12)


@pytest.mark.parametrize("dtype", ["uint8", "int8", "int64"])
def test_labels_of_any_integers(dtype):
    labels = np.array([2, 0], dtype)
    expected = bp.softmax_cross_entropy(Z, np.array([2, 0]))
    assert bp.softmax_cross_entropy(bp.Tensor(Z), labels).item() == pytest.approx(float(expected))


def test_one_hot():
    assert bp.one_hot([[2, 0], [1, 1]], classes=3).tolist() == np.eye(3)[[[2, 0], [1, 1]]].tolist()
    smooth = bp.one_hot(np.array([2]), 3, smoothing=0.3)
    np.testing.assert_allclose(smooth, [[0.1, 0.1, 0.8]])
    assert bp.one_hot(np.array([2]), 3, dtype="float32").dtype == "float32"


CERTAIN = {  # far out on the right side, and on the wrong one, by 1000
    "bce": (lambda z: bp.bce_with_logits(z, np.array([1.0, 0.0])), [1000.0, -1000.0]),
    "labels": (lambda z: bp.softmax_cross_entropy(z[None], np.array([0])), [1000.0, 0.0]),
}


@pytest.mark.parametrize("name", CERTAIN)
@pytest.mark.parametrize(("side", "loss"), [(1, 0.0), (-1, 1000.0)])
def test_no_overflow_far_out(name, side, loss):
    f, z = CERTAIN[name]
    x = bp.Tensor(side * np.array(z))
    with np.errstate(all="raise", under="ignore"):
        y = f(x)
        y.backward()
    assert y.item() == loss and np.isfinite(x.grad).all()


REFUSED = {
    "label": (
        lambda: bp.softmax_cross_entropy(Z, np.array([3, 0])),
        ValueError,
        "label 3 is outside the 3 classes, which are 0 to 2",
    ),
    "label below 0": (
        lambda: bp.softmax_cross_entropy(bp.Tensor(Z), np.array([0, -1])),
        ValueError,
        "label -1 is outside the 3 classes, which are 0 to 2",
    ),
    "one_hot": (lambda: bp.one_hot([7], 3), ValueError, "label 7 is outside the 3 classes"),
    "one_hot of decimals": (
        lambda: bp.one_hot([1.0], 3),
        TypeError,
        "labels must be integers; their dtype is float64",
    ),
    "smoothing": (
        lambda: bp.softmax_cross_entropy(Z, np.array([2, 0]), smoothing=1.0),
        ValueError,
        "smoothing is 1.0; it must be at least 0 and below 1",
    ),
    "negative smoothing": (
        lambda: bp.softmax_cross_entropy(Z, np.array([2, 0]), smoothing=-0.1),
        ValueError,
        "smoothing is -0.1",
    ),
    "bce": (
        lambda: bp.bce_with_logits(Z, Z),
        ValueError,
        r"targets run from -1.0 to 2.0; they must lie in \[0, 1\]",
    ),
    "bce of nan": (
        lambda: bp.bce_with_logits(Z, np.full(Z.shape, np.nan)),
        ValueError,
        "targets run from nan to nan",
    ),
    **{
        f"huber {delta}": (
            lambda delta=delta: bp.huber(Z, Z, delta),
            ValueError,
            f"huber: delta is {delta}; it must be positive and finite",
        )
        for delta in [0.0, -1.0, math.inf, math.nan]
    },
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused(name):
    call, error, words = REFUSED[name]
    with pytest.raises(error, match=words):
        call()
