"""The table of derivatives: arithmetic and functions of one number, entry by entry.

Each entry is one NumPy expression and, for each input, the gradient it passes on, written with
the table itself. Inputs of different shapes are broadcast; what a broadcast repeated, the way back
adds.
"""

import math

import numpy as np

from bpkit.graph import rule
from bpkit.shapes import broadcast_shape, sum_to


def elementwise(*vjps):
    """A rule that broadcasts: each VJP's answer is summed back to the shape of its input."""

    def summed(vjp, place):
        def back(up, y, *inputs):
            return sum_to(vjp(up, y, *inputs), to=inputs[place].shape)

        return back

    return rule(broadcast_shape, *map(summed, vjps, range(len(vjps))), late=True)


def single(vjp, parts=None):
    """A rule of one input, whose shape it keeps: nothing to broadcast."""
    return rule(lambda shape, **params: shape, vjp, parts=parts, late=True)


@elementwise(lambda up, y, a, b: up, lambda up, y, a, b: up)
def add(a, b):
    """a + b. Chapter 2.

    >>> add(Tensor(2.0), 3.0).item()
    5.0
    """
    return a + b


@elementwise(lambda up, y, a, b: up, lambda up, y, a, b: -up)
def sub(a, b):
    """a - b. Chapter 2.

    >>> sub(Tensor(2.0), 3.0).item()
    -1.0
    """
    return a - b


@elementwise(lambda up, y, a, b: up * b, lambda up, y, a, b: up * a)
def mul(a, b):
    """a * b. Chapter 2.

    >>> mul(Tensor(2.0), 3.0).item()
    6.0
    """
    return a * b


@elementwise(lambda up, y, a, b: up / b, lambda up, y, a, b: -up * y / b)
def div(a, b):
    """a / b. Chapter 2.

    >>> div(Tensor(3.0), 2.0).item()
    1.5
    """
    return a / b


@elementwise(
    lambda up, y, a, b: up * b * power(a, where(equal(b, 0), 1.0, b - 1)),
    lambda up, y, a, b: up * y * log(where(equal(a, 0), 1.0, a)),
)
def _power(a, b):
    return np.power(a, b)


@single(lambda up, y, x, to: up * to * _to_power(x, to=to - 1) if to else 0.0 * up)
def _to_power(x, *, to):
    return x**to  # the operator has a fast path for small whole numbers


def power(a, b):
    """a to the power b; b is a number or a tensor. Chapter 2.

    >>> power(Tensor(3.0), 2).item()
    9.0
    """
    if isinstance(b, (int, float)):
        return _to_power(a, to=b)
    if isinstance(a, (int, float)):  # as an array of its own dtype: float32 stays float32 there
        a = np.asarray(a, np.result_type(a, b.dtype))
    return _power(a, b)


@single(lambda up, y, x: -up)
def neg(x):
    """-x. Chapter 2.

    >>> neg(Tensor(2.0)).item()
    -2.0
    """
    return -x


@single(lambda up, y, x: up * y)
def exp(x):
    """e to the power x. Chapter 2.

    >>> exp(Tensor(0.0)).item()
    1.0
    """
    return np.exp(x)


@single(lambda up, y, x: up / x)
def log(x):
    """The natural logarithm of x > 0. Chapter 2.

    >>> log(Tensor(1.0)).item()
    0.0
    """
    return np.log(x)


@single(lambda up, y, x: up / (1 + x))
def log1p(x):
    """log(1 + x), accurate for small x. Chapter 9.

    >>> log1p(Tensor(1e-20)).item()
    1e-20
    """
    return np.log1p(x)


@single(lambda up, y, x: 0.5 * up / y)
def sqrt(x):
    """The square root of x; its derivative at 0 is infinite. Chapter 2.

    >>> sqrt(Tensor(9.0)).item()
    3.0
    """
    return np.sqrt(x)


@single(lambda up, y, x: up * cos(x))
def sin(x):
    """The sine of x in radians. Chapter 2.

    >>> sin(Tensor(0.0)).item()
    0.0
    """
    return np.sin(x)


@single(lambda up, y, x: -up * sin(x))
def cos(x):
    """The cosine of x in radians. Chapter 2.

    >>> cos(Tensor(0.0)).item()
    1.0
    """
    return np.cos(x)


@single(lambda up, y, x: up * sign(x))
def abs(x):
    """The distance of x from 0; at 0 the derivative is taken as 0. Chapter 9.

    >>> abs(Tensor(-2.0)).item()
    2.0
    """
    return np.abs(x)


@single(lambda up, y, x: up * (1 - y * y))
def tanh(x):
    """The hyperbolic tangent: an S from -1 to 1. Chapter 8.

    >>> tanh(Tensor(0.0)).item()
    0.0
    """
    return np.tanh(x)


@single(lambda up, y, x: up * y * (1 - y), parts=lambda x: 1.0 / (1.0 + exp(-x)))
def sigmoid(x):
    """1 / (1 + exp(-x)), an S from 0 to 1, without overflow on either side. Chapter 8.

    >>> sigmoid(Tensor(-1000.0)).item()
    0.0
    """
    small = np.exp(-np.abs(x))
    return np.where(np.greater_equal(x, 0), 1, small) / (1 + small)


@single(lambda up, y, x: up * sigmoid(x), parts=lambda x: maximum(x, 0.0) + log1p(exp(-abs(x))))
def softplus(x):
    """log(1 + exp(x)), a smooth ReLU, without overflow. Chapter 8.

    >>> softplus(Tensor(1000.0)).item()
    1000.0
    """
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


@single(lambda up, y, x: up * greater(x, 0), parts=lambda x: maximum(x, 0.0))
def relu(x):
    """max(x, 0); at 0 the derivative is taken as 0. Chapter 8.

    >>> relu(Tensor([-2.0, 3.0])).data.tolist()
    [0.0, 3.0]
    """
    return np.maximum(x, 0)


@single(
    lambda up, y, x, slope=0.01: up * greater(x, 0) + slope * up * greater_equal(0, x),
    parts="itself",
)
def leaky_relu(x, *, slope=0.01):
    """x where it is positive, slope * x elsewhere. Chapter 8.

    >>> leaky_relu(Tensor([-2.0, 3.0]), slope=0.1).data.tolist()
    [-0.2, 3.0]
    """
    return maximum(x, 0.0) + slope * minimum(x, 0.0)


_ROOT = 2 * math.sqrt(2 / math.pi)
_CUBE = 0.044715 * _ROOT


def _gelu_gate(x):
    return sigmoid(x * (_ROOT + _CUBE * (x * x)))  # (1 + tanh u) / 2 is sigmoid(2 u)


def _gelu_back(up, y, x):
    gate = _gelu_gate(x)
    slope = _ROOT + 3 * _CUBE * (x * x)
    return up * (gate + y * (1 - gate) * slope)


@single(_gelu_back, parts="itself")
def gelu(x):
    """x times an S: the tanh form of GELU (Hendrycks and Gimpel, 2016). Chapter 8.

    >>> round(gelu(Tensor(1.0)).item(), 4)
    0.8412
    """
    return x * _gelu_gate(x)


def _winner(wins):
    """The VJP of a choice between a and b: all to the winner, half each at a tie."""
    return lambda up, y, a, b: where(wins(a, b), up, where(equal(a, b), 0.5 * up, 0.0))


@elementwise(_winner(lambda a, b: greater(a, b)), _winner(lambda a, b: greater(b, a)))
def maximum(a, b):
    """The larger of a and b, entry by entry; a tie shares its gradient. Chapter 3.

    >>> maximum(Tensor([1.0, 5.0]), 3.0).data.tolist()
    [3.0, 5.0]
    """
    return np.maximum(a, b)


@elementwise(_winner(lambda a, b: greater(b, a)), _winner(lambda a, b: greater(a, b)))
def minimum(a, b):
    """The smaller of a and b, entry by entry; a tie shares its gradient. Chapter 3.

    >>> minimum(Tensor([1.0, 5.0]), 3.0).data.tolist()
    [1.0, 3.0]
    """
    return np.minimum(a, b)


@elementwise(
    lambda up, y, choice, a, b: 0.0 * where(choice, up, up),
    lambda up, y, choice, a, b: where(choice, up, 0.0),
    lambda up, y, choice, a, b: where(choice, 0.0, up),
)
def where(choice, a, b):
    """a where choice is true, b elsewhere. Chapter 3.

    >>> where(np.array([True, False]), Tensor([1.0, 2.0]), 0.0).data.tolist()
    [1.0, 0.0]
    """
    return np.where(choice, a, b)


@single(lambda up, y, x, low, high: where((x >= low) * (x <= high), up, 0.0))
def clip(x, *, low, high):
    """x held between low and high; outside, the derivative is 0. Chapter 13.

    >>> clip(Tensor([-2.0, 0.5, 2.0]), low=-1, high=1).data.tolist()
    [-1.0, 0.5, 1.0]
    """
    return np.clip(x, low, high)


@rule(broadcast_shape, late=True)
def sign(x):
    """-1, 0 or 1: a constant as far as derivatives go. Chapter 9.

    >>> sign(Tensor(-2.0)).item()
    -1.0
    """
    return np.sign(x)


@rule(broadcast_shape, late=True)
def greater(a, b):
    """a > b. Chapter 3.

    >>> greater(Tensor([1.0, 3.0]), 2.0).data.tolist()
    [False, True]
    """
    return np.greater(a, b)


@rule(broadcast_shape, late=True)
def greater_equal(a, b):
    """a >= b. Chapter 3.

    >>> greater_equal(Tensor([1.0, 2.0]), 2.0).data.tolist()
    [False, True]
    """
    return np.greater_equal(a, b)


@rule(broadcast_shape, late=True)
def equal(a, b):
    """a == b, entry by entry. Chapter 3.

    >>> equal(Tensor([1.0, 2.0]), 2.0).data.tolist()
    [False, True]
    """
    return np.equal(a, b)


@rule(lambda shape, *, dtype: shape, lambda up, y, x, dtype: cast(up, dtype=x.dtype))
def cast(x, *, dtype):
    """The same numbers in another dtype. Chapter 22.

    >>> cast(Tensor([1.5]), dtype=np.float32).dtype
    dtype('float32')
    """
    return np.asarray(x).astype(dtype)
