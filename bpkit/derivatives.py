"""Derivatives of whole functions: `grad`, and rules from NumPy code of your own.

`grad(f)` is a function again, so it can be differentiated again: where somebody asks for the
derivative of a gradient, the sweep back is itself recorded.
"""

import numpy as np

from bpkit.errors import GradientError, GraphError
from bpkit.graph import Every, Rule, Tensor, apply, consumers, rule, sweep, switched


def value_and_grad(f, argnum=0):
    """A function that gives f's value and its gradient with respect to one argument. Chapter 20.

    f takes tensors and returns a tensor of one number. The answer takes arrays or tensors, and
    returns two tensors. It can be differentiated again wherever f's rules are made of rules.

    >>> value, slope = bp.value_and_grad(lambda x: x * x * x)(2.0)
    >>> float(value), float(slope)
    (8.0, 12.0)
    """

    def differentiate(*args):
        with switched("recording", True):
            given = args[argnum]
            x = alias(given) if _asks(given) else Tensor(given)
            if not x.requires_grad:
                raise TypeError(f"grad: argument {argnum} has dtype {x.dtype}; pass real numbers")
            value = f(*args[:argnum], x, *args[argnum + 1 :])
            if not isinstance(value, Tensor) or value.size != 1:
                got = f"shape {value.shape}" if isinstance(value, Tensor) else type(value).__name__
                raise GraphError(f"grad: f must return a tensor of one number; it returned {got}")
            return value, _gradient(value, x)

    return differentiate


def _gradient(value, x):
    """The gradient of `value` with respect to `x`, recorded if anything else asks for one."""
    if value.requires_grad:
        record = any(t is not x and t.rule is None for t in consumers(value))
        up = np.ones(value.shape, value.dtype)
        for node, gradient in sweep(
            value, Tensor(up, requires_grad=False) if record else up, record
        ):
            if node is x:
                return gradient if record else Tensor(gradient, requires_grad=False)
    return Tensor(np.zeros(x.shape, x.dtype), requires_grad=False)


def grad(f, argnum=0):
    """The gradient of f as a function: grad(f)(x) has the shape of x. Chapter 20.

    >>> cube = lambda x: x * x * x
    >>> float(bp.grad(cube)(2.0)), float(bp.grad(bp.grad(cube))(2.0))
    (12.0, 12.0)
    """
    both = value_and_grad(f, argnum)
    return lambda *args: both(*args)[1]


def custom(forward, backward):
    """A function of tensors from a NumPy pair of your own. Chapter 7.

    y = forward(*arrays), and backward(dy, *arrays) returns the gradient of the one input, or a
    tuple with one for each. What is made of it can be differentiated once, not twice. Raises
    GradientError if a gradient is missing or has another shape than its input.

    >>> square = bp.custom(lambda x: x * x, lambda dy, x: 2 * x * dy)
    >>> x = bp.Tensor(3.0)
    >>> square(x).backward()
    >>> float(x.grad)
    6.0
    """

    def computed(*arrays):
        y = forward(*arrays)
        if y is None:
            raise TypeError(f"{computed.__name__}: forward gave nothing; is a return missing?")
        return np.asarray(y)

    def vjp(place, up, y, *inputs):
        downs = backward(np.array(up), *inputs)  # a copy: dy may be changed, the sweep's array not
        downs = downs if isinstance(downs, tuple) else (downs,)
        if len(downs) != len(inputs):
            raise GradientError(
                f"{entry.name}: backward gave {len(downs)} gradients for {len(inputs)} inputs"
            )
        down = downs[place]
        if down is None:
            raise GradientError(
                f"{entry.name}: backward gave no gradient for input {place}; is a return missing?"
            )
        if np.shape(down) != np.shape(inputs[place]):
            raise GradientError(
                f"{entry.name}: input {place} is {np.shape(inputs[place])} "
                f"but its gradient is {np.shape(down)}"
            )
        return down

    computed.__name__ = getattr(forward, "__name__", "custom")
    entry = Rule(computed, None, Every(vjp), once=True)
    return lambda *inputs: apply(entry, inputs, {})


@rule(lambda shape: shape, lambda up, y, x: up)
def alias(x):
    """x itself, as a node of its own. Chapter 20.

    >>> float(alias(Tensor(3.0)))
    3.0
    """
    return x


def _asks(x):
    return isinstance(x, Tensor) and x.requires_grad
