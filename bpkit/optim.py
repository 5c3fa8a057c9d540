"""Optimizers: how a gradient becomes a step. All share one skeleton and differ in `way`.

Each step is p = p - way, and a way is the rate times a direction. It may keep arrays of its own
(velocity, averages), one set for each parameter; they start at zero.
"""

import math
import weakref

import numpy as np

from bpkit import schedules
from bpkit.errors import NonFiniteError


def clip_by_norm(tensors, limit):
    """Scale all gradients so that their joint length is at most `limit`; return it. Chapter 13.

    Returns the length before scaling, the square root of the sum of all entries squared.

    >>> x = bp.Tensor([3.0, 4.0]); (x * x).sum().backward()
    >>> bp.clip_by_norm([x], 5.0), x.grad.tolist()
    (10.0, [3.0, 4.0])
    """
    if not limit > 0:
        raise ValueError(f"clip_by_norm: limit is {limit}; it must be positive")
    tensors = list(dict.fromkeys(tensors))
    norm = grad_norm(tensors)
    if limit < norm < math.inf:
        for p in tensors:
            if p.grad is not None:
                p.grad *= p.dtype.type(limit / norm)
    return norm


def grad_norm(tensors):
    """The joint length of all gradients: the root of the sum of squares of all entries. Chapter 11.

    >>> x = bp.Tensor([3.0, 4.0]); (x * x).sum().backward()
    >>> bp.grad_norm([x])
    10.0
    """
    once = dict.fromkeys(tensors)  # a shared one counts once
    return math.sqrt(math.fsum([np.vdot(p.grad, p.grad) for p in once if p.grad is not None]))


BLOCK = 131072  # entries


class Optimizer:
    """The skeleton: lr is a number or a schedule; weight decay adds weight_decay * p. Chapter 12.

    clip: the greatest joint length of the gradients, or None. Raises ValueError for a rate that
    isn't positive and finite.

    >>> x = bp.Tensor(3.0); (x * x).backward()
    >>> norm = bp.SGD(lr=0.1).step([x])
    >>> norm, x.item()
    (6.0, 2.4)
    """

    memories = 0  # arrays kept for each parameter
    decoupled = False  # whether weight decay bypasses `way`

    def __init__(self, lr, weight_decay=0.0, clip=None):
        if not callable(lr):
            lr = schedules.constant(_positive(type(self).__name__, "lr", lr))
        if not 0 <= weight_decay < math.inf:
            raise ValueError(
                f"{type(self).__name__}: weight_decay is {weight_decay}; it can't be negative"
            )
        self.lr, self.weight_decay = lr, weight_decay
        self.clip = None if clip is None else _positive(type(self).__name__, "clip", clip)
        self.t, self.memory = 0, weakref.WeakKeyDictionary()

    def step(self, tensors):
        """Move each tensor that has a gradient; returns the gradients' joint length."""
        tensors = list(dict.fromkeys(tensors))
        norm = clip_by_norm(tensors, self.clip) if self.clip else grad_norm(tensors)
        if not math.isfinite(norm):
            name = type(self).__name__
            raise NonFiniteError(f"{name}: the gradients' length is {norm}; no step made")
        self.move(tensors)
        return norm

    def move(self, tensors):
        """The step itself, with the gradients as they are."""
        lr = _positive(type(self).__name__, "lr", self.lr(self.t))
        self.t += 1
        for p in tensors:
            if p.grad is None:
                continue
            memory = self.memory.get(p) if self.memories else ()
            if memory is None:
                memory = self.memory[p] = [np.zeros_like(p.data) for _ in range(self.memories)]
            for array in memory if self.t % 64 == 0 else ():
                # what is so small that the processor computes with it slowly
                array[np.abs(array) < np.finfo(array.dtype).tiny * 1e8] = 0
            if p.data.size <= BLOCK or not p.data.flags.c_contiguous:
                self._move(lr, p.data, p.grad, *memory)
                continue
            arrays = [a.reshape(-1) for a in (p.data, p.grad, *memory)]
            for start in range(0, p.size, BLOCK):  # each piece stays in the processor's cache
                self._move(lr, *(a[start : start + BLOCK] for a in arrays))

    def _move(self, lr, p, g, *memory):
        if self.weight_decay and self.decoupled:
            p -= lr * self.weight_decay * p
        elif self.weight_decay:
            g = g + self.weight_decay * p
        p -= self.way(lr, g, *memory)


def _positive(who, what, value):
    if not (isinstance(value, (int, float, np.number)) and 0 < value < math.inf):
        raise ValueError(f"{who}: {what} is {value!r}; it must be a positive, finite number")
    return float(value)


class GradientDescent(Optimizer):
    """Straight down the gradient. Chapter 11.

    >>> x = bp.Tensor(3.0); (x * x).backward()
    >>> norm = bp.GradientDescent(lr=0.5).step([x])
    >>> norm, x.item()
    (6.0, 0.0)
    """

    def way(self, lr, g):
        return lr * g


class SGD(Optimizer):
    """Gradient descent with momentum: a velocity that forgets slowly (Polyak, 1964). Chapter 10.

    Without momentum it is plain. nesterov: look ahead along the velocity (Sutskever et al., 2013).

    >>> x = bp.Tensor(1.0)
    >>> optimizer = bp.SGD(lr=0.1, momentum=0.9)
    """

    memories = 1

    def __init__(self, lr, momentum=0.0, nesterov=False, **shared):
        super().__init__(lr, **shared)
        self.momentum, self.nesterov = _fraction("SGD", "momentum", momentum), nesterov

    def way(self, lr, g, v):
        v *= self.momentum
        v += g
        return lr * (g + self.momentum * v if self.nesterov else v)


class RMSProp(Optimizer):
    """Divide by the root of a running mean of squares (Tieleman and Hinton, 2012). Chapter 12.

    >>> optimizer = bp.RMSProp(lr=0.01)
    """

    memories = 1

    def __init__(self, lr=0.01, decay=0.99, eps=1e-8, **shared):
        super().__init__(lr, **shared)
        self.decay, self.eps = _fraction("RMSProp", "decay", decay), eps

    def way(self, lr, g, s):
        s += (1 - self.decay) * (g * g - s)
        return lr * (g / (np.sqrt(s) + self.eps))


class Adam(Optimizer):
    """Momentum over the root of squares, both corrected for starting at 0. Chapter 12.

    Kingma and Ba, 2015: eps stands outside the root.

    >>> optimizer = bp.Adam(lr=0.001)
    """

    memories = 2

    def __init__(self, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8, **shared):
        super().__init__(lr, **shared)
        self.beta1 = _fraction("Adam", "beta1", beta1)
        self.beta2, self.eps = _fraction("Adam", "beta2", beta2), eps

    def way(self, lr, g, m, s):
        # m and s are sums that forget; (1 - beta) / (1 - beta**t) makes them means
        m *= self.beta1
        m += g
        s *= self.beta2
        s += g * g
        mean = (1 - self.beta1) / (1 - self.beta1**self.t)
        root = math.sqrt((1 - self.beta2) / (1 - self.beta2**self.t))
        under = np.sqrt(s)
        under += self.eps / root
        way = m / under
        way *= lr * mean / root
        return way


class AdamW(Adam):
    """Adam with weight decay straight to the weights (Loshchilov and Hutter, 2019). Chapter 12.

    >>> optimizer = bp.AdamW(lr=0.001, weight_decay=0.01)
    """

    decoupled = True

    def __init__(self, lr=0.001, weight_decay=0.01, **rest):
        super().__init__(lr, weight_decay=weight_decay, **rest)


def _fraction(who, what, value):
    if not 0 <= value < 1:
        raise ValueError(f"{who}: {what} is {value!r}; it must be at least 0 and below 1")
    return value
