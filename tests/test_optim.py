"""Optimizers and schedules: what each tensor's step is, what is kept for it, what is refused."""

import gc
import math

import numpy as np
import pytest
from cases import some

import bpkit as bp

MAKE = {
    "descent": lambda **o: bp.GradientDescent(0.1, **o),
    "sgd": lambda **o: bp.SGD(0.1, momentum=0.9, **o),
    "nesterov": lambda **o: bp.SGD(0.1, momentum=0.9, nesterov=True, **o),
    "rmsprop": lambda **o: bp.RMSProp(0.1, **o),
    "adam": lambda **o: bp.Adam(0.1, **o),
    "adamw": lambda **o: bp.AdamW(0.1, **o),
}


def leaf(data, grad):
    x = bp.Tensor(data)
    x.grad = np.array(grad, x.dtype)
    return x


FIRST = {  # the first step at a gradient of 4, and the second at 1: by hand, without decay
    "descent": [0.4, 0.1],
    "sgd": [0.4, 0.1 * (0.9 * 4 + 1)],
    "nesterov": [0.1 * (4 + 0.9 * 4), 0.1 * (1 + 0.9 * (0.9 * 4 + 1))],
    "rmsprop": [0.1 * 4 / math.sqrt(0.16), 0.1 / math.sqrt(0.99 * 0.16 + 0.01)],
    "adam": [
        0.1,
        0.1 * ((0.9 * 0.4 + 0.1) / 0.19) / math.sqrt((0.999 * 0.016 + 0.001) / (1 - 0.999**2)),
    ],
}


@pytest.mark.parametrize("name", FIRST)
def test_two_steps_by_hand(name):
    x, optimizer = leaf(3.0, 4.0), MAKE[name]()
    for grad, step in zip([4.0, 1.0], FIRST[name], strict=True):
        before, x.grad = x.item(), np.array(grad)
        assert optimizer.step([x]) == grad
        assert before - x.item() == pytest.approx(step, rel=1e-6)


@pytest.mark.parametrize("name", MAKE)
def test_weight_decay_by_hand(name):
    """A gradient of nearly 0: what is left is the decay, which AdamW keeps out of the memory."""
    x = leaf(3.0, 0.0)
    MAKE[name](weight_decay=0.5).step([x])
    through = {"descent": 0.15, "sgd": 0.15, "nesterov": 0.285, "rmsprop": 1.0, "adam": 0.1}
    assert 3.0 - x.item() == pytest.approx({**through, "adamw": 0.15}[name], rel=1e-6)


@pytest.mark.parametrize("name", MAKE)
def test_every_optimizer_reaches_the_bottom(name):
    x, optimizer = bp.Tensor(some(5)), MAKE[name]()
    optimizer.lr = bp.schedules.exponential(0.1, 0.99)
    for _ in range(500):
        x.grad = None
        ((x - 1) * (x - 1)).sum().backward()
        optimizer.step([x])
    np.testing.assert_allclose(x.data, 1, atol=0.02)


@pytest.mark.parametrize("name", MAKE)
def test_float32_stays_float32(name):
    x = leaf(some(5).astype("float32"), some(5))
    optimizer = MAKE[name](weight_decay=0.1, clip=0.5)
    for _ in range(3):
        optimizer.step([x])
    assert x.dtype == x.grad.dtype == "float32"
    assert {a.dtype.name for arrays in optimizer.memory.values() for a in arrays} <= {"float32"}


@pytest.mark.parametrize("name", MAKE)
@pytest.mark.parametrize(
    "shape_it", [np.ascontiguousarray, np.asfortranarray, lambda a: a[::2, ::3]]
)
def test_arrays_of_any_size_and_order_take_the_same_step(name, shape_it):
    """Large arrays are moved piece by piece; what is stored otherwise must move all the same."""
    data = np.random.default_rng(0).normal(size=(210, 330))
    large = leaf(shape_it(data), shape_it(data[::-1]))
    rows = [leaf(row, grad) for row, grad in zip(large.data, large.grad, strict=True)]
    for tensors in ([large], rows):
        optimizer = MAKE[name](weight_decay=0.1)
        for _ in range(3):
            optimizer.step(tensors)
    np.testing.assert_allclose(large.data, [row.data for row in rows], rtol=1e-12)


def test_a_tensor_without_gradient_stays():
    x, y = leaf(3.0, 4.0), bp.Tensor(3.0)
    bp.Adam(0.1).step([x, y])
    assert x.item() != 3.0 and y.item() == 3.0


def test_a_shared_tensor_moves_once_and_counts_once():
    x = leaf(3.0, 4.0)
    assert bp.grad_norm([x, x]) == 4.0
    assert bp.SGD(0.1).step([x, x]) == 4.0
    assert x.item() == pytest.approx(2.6)
    bp.clip_by_norm([x, x], 1.0)
    assert x.grad == 1.0


def test_memory_belongs_to_its_tensor_and_goes_with_it():
    optimizer = bp.SGD(0.1, momentum=0.9)
    x, y = leaf(some(5), some(5)), leaf(some(3, 2), some(3, 2))
    optimizer.step([x, y])
    alone, before = y.data.copy(), y.grad.copy()
    optimizer.step([y])
    np.testing.assert_allclose(alone - y.data, 0.1 * 1.9 * before)
    del x
    gc.collect()
    assert len(optimizer.memory) == 1


def test_numbers_too_small_to_matter_are_let_go():
    x, optimizer = leaf(some(5), np.full(5, 1e-302)), bp.SGD(0.1, momentum=0.9)
    for _ in range(63):
        optimizer.step([x])
    assert optimizer.memory[x][0].all()
    x.grad[:] = 0
    optimizer.step([x])
    assert not optimizer.memory[x][0].any()


def test_clipping_by_the_joint_length():
    x, y = leaf([0.0, 0.0], [3.0, 0.0]), leaf(0.0, 4.0)
    assert bp.clip_by_norm((t for t in (x, y)), 1.0) == 5.0
    np.testing.assert_allclose([*x.grad, y.grad], [0.6, 0.0, 0.8])
    assert bp.clip_by_norm([x, y, bp.Tensor(1.0)], 2.0) == pytest.approx(1.0)
    np.testing.assert_allclose([*x.grad, y.grad], [0.6, 0.0, 0.8])


def test_an_optimizer_that_clips_moves_no_further():
    x = leaf([0.0, 0.0], [3.0, 4.0])
    assert bp.SGD(0.5, clip=1.0).step([x]) == 5.0
    np.testing.assert_allclose(x.data, [-0.3, -0.4])


def test_a_schedule_is_asked_for_each_update():
    asked = []

    def rate(t):
        asked.append(t)
        return 0.1 / (t + 1)

    x, optimizer = leaf(3.0, 1.0), bp.SGD(rate)
    for _ in range(3):
        optimizer.step([x])
    assert asked == [0, 1, 2]
    assert x.item() == pytest.approx(3 - 0.1 * (1 + 1 / 2 + 1 / 3))


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_gradient_that_is_not_finite_moves_nothing(bad):
    x, y = leaf(3.0, 4.0), leaf([1.0, 2.0], [0.5, bad])
    optimizer = bp.Adam(0.1, clip=1.0)
    with pytest.raises(
        bp.NonFiniteError, match=f"Adam: the gradients' length is {bad}; no step mad"
    ):
        optimizer.step([x, y])
    assert x.item() == 3.0 and y.data.tolist() == [1.0, 2.0] and optimizer.t == 0
    assert x.grad == 4.0


SCHEDULES = {
    "constant": (bp.schedules.constant(0.1), [0.1, 0.1, 0.1, 0.1]),
    "step": (bp.schedules.step_decay(0.4, every=2, factor=0.5), [0.4, 0.4, 0.2, 0.2, 0.1]),
    "exponential": (bp.schedules.exponential(0.8, 0.5), [0.8, 0.4, 0.2, 0.1]),
    "cosine": (
        bp.schedules.cosine(1.0, updates=4, floor=0.2),
        [1.0, 0.6 + 0.4 * 0.5**0.5, 0.6, 0.6 - 0.4 * 0.5**0.5, 0.2, 0.2],
    ),
    "warm-up": (bp.schedules.warm_up(0.4, updates=4), [0.1, 0.2, 0.3, 0.4, 0.4]),
    "warm-up, then another": (
        bp.schedules.warm_up(bp.schedules.exponential(0.8, 0.5), updates=2),
        [0.4, 0.8, 0.8, 0.4, 0.2],
    ),
}


@pytest.mark.parametrize("name", SCHEDULES)
def test_schedules(name):
    rate, expected = SCHEDULES[name]
    assert [rate(t) for t in range(len(expected))] == pytest.approx(expected, rel=1e-14)


OPTIMIZERS = [bp.GradientDescent, bp.SGD, bp.RMSProp, bp.Adam, bp.AdamW]


@pytest.mark.parametrize("make", OPTIMIZERS)
@pytest.mark.parametrize("lr", [0, -0.1, math.nan, math.inf, "fast", None])
def test_a_learning_rate_must_be_positive(make, lr):
    words = f"{make.__name__}: lr is {lr!r}; it must be a positive, finite number"
    with pytest.raises(ValueError, match=words):
        make(lr=lr)


@pytest.mark.parametrize("lr", [0.0, -0.1, math.nan])
def test_a_schedule_must_be_positive_when_it_is_asked(lr):
    x = leaf(3.0, 1.0)
    with pytest.raises(ValueError, match=f"SGD: lr is {lr}; it must be a positive"):
        bp.SGD(lambda t: lr).step([x])
    assert x.item() == 3.0


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (
            lambda: bp.SGD(0.1, momentum=1.0),
            "SGD: momentum is 1.0; it must be at least 0 and below 1",
        ),
        (lambda: bp.SGD(0.1, momentum=-0.1), "SGD: momentum is -0.1"),
        (lambda: bp.RMSProp(decay=1.0), "RMSProp: decay is 1.0"),
        (lambda: bp.Adam(beta1=math.nan), "Adam: beta1 is nan"),
        (lambda: bp.AdamW(beta2=1.5), "beta2 is 1.5"),
        (lambda: bp.SGD(0.1, weight_decay=-0.1), "SGD: weight_decay is -0.1; it can't be negative"),
        (lambda: bp.SGD(0.1, weight_decay=math.nan), "SGD: weight_decay is nan"),
        (lambda: bp.SGD(0.1, clip=0.0), "SGD: clip is 0.0; it must be a positive, finite number"),
        (lambda: bp.clip_by_norm([], 0.0), "clip_by_norm: limit is 0.0; it must be positive"),
        (lambda: bp.clip_by_norm([], math.nan), "clip_by_norm: limit is nan"),
    ],
)
def test_what_is_refused(call, words):
    with pytest.raises(ValueError, match=words):
        call()
