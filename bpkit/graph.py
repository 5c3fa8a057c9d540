"""The tape: tensors that remember what made them, and the sweep that carries gradients back.

A rule says how an operation is computed and how a gradient passes back through it. Applying a rule
to tensors records one node of a graph. `sweep` walks that graph from its result to its leaves and
lets a node pass its gradient on only when every consumer of the node has reported.
"""

import functools
import threading
from contextlib import contextmanager

import numpy as np

from bpkit.errors import GradientError, GraphError, NonFiniteError, ShapeError
from bpkit.table import RULES, Every, Rule


class _Mode(threading.local):
    recording = True
    checking = False
    tape = None  # what `replay` is recording into


mode = _Mode()


@contextmanager
def switched(switch, value):
    """A context in which one of the switches of `mode` has another value."""
    before = getattr(mode, switch)
    setattr(mode, switch, value)
    try:
        yield
    finally:
        setattr(mode, switch, before)


def no_grad():
    """A context in which nothing is recorded: forward passes cost no memory. Chapter 4.

    >>> x = bp.Tensor(3.0)
    >>> with bp.no_grad():
    ...     y = x * x
    >>> y.requires_grad
    False
    """
    return switched("recording", False)


def finite_checks():
    """A context in which the first operation to give a NaN or an infinity raises. Chapter 4.

    Every forward and backward step is looked at, so use it to find a fault, not to train.

    >>> with np.errstate(divide="ignore"), bp.finite_checks():
    ...     bp.log(bp.Tensor([1.0, 0.0]))
    Traceback (most recent call last):
        ...
    bpkit.errors.NonFiniteError: log: entry [1] of its result, shape (2,), is -inf
    """
    return switched("checking", True)


class Tensor:
    """An array that remembers what made it. Chapter 4.

    data: numbers of any shape, copied. Python numbers and lists become float64; an array keeps its
    dtype, and an array of integers or booleans never asks for a gradient. requires_grad: whether
    `backward` is to leave a gradient here. name: a label for pictures and messages.
    After `backward`, `grad` has the shape of `data`.

    >>> x = bp.Tensor(3.0)
    >>> y = x * x + x
    >>> y.backward()
    >>> float(y), float(x.grad)
    (12.0, 7.0)
    """

    __slots__ = ("__weakref__", "data", "grad", "inputs", "name", "params", "requires_grad", "rule")
    __array_ufunc__ = None  # array * tensor asks the tensor, not NumPy

    def __init__(self, data, requires_grad=True, name=None):
        data = data.data if isinstance(data, Tensor) else data
        self.data = np.array(data)
        if self.data.dtype.kind in "biu" and not isinstance(data, np.ndarray):
            self.data = self.data.astype(float)
        if self.data.dtype.kind not in "biufc":
            raise TypeError(f"Tensor: data must be numbers; its dtype is {self.data.dtype}")
        self.requires_grad = bool(requires_grad) and self.data.dtype.kind in "fc"
        self.grad, self.name = None, name
        self.rule, self.inputs, self.params = None, (), {}

    shape = property(lambda self: self.data.shape)
    ndim = property(lambda self: self.data.ndim)
    size = property(lambda self: self.data.size)
    dtype = property(lambda self: self.data.dtype)

    def __repr__(self):
        made = f", made by {self.rule.name}" if self.rule else ""
        name = f", name={self.name!r}" if self.name else ""
        return f"Tensor({np.array2string(np.asarray(self.data), separator=', ')}{made}{name})"

    def __len__(self):
        return len(self.data)

    def __iter__(self):
        return (self[i] for i in range(len(self)))

    def __float__(self):
        return float(self.item())

    def __bool__(self):
        return bool(self.item())

    def __array__(self, *args, **kwargs):
        raise TypeError("a Tensor is not an array: pass its .data to NumPy")

    def item(self):
        """The number in a tensor of one number, as Python's own."""
        if mode.tape is not None:
            mode.tape.refuse_look(self)
        return self.data.item()

    def detach(self):
        """The same numbers, cut off from what made them."""
        return Tensor(self.data, requires_grad=False)

    def backward(self, upstream=None, keep=False):
        """Leave the gradient of this tensor in every leaf below it, added to what is there.

        upstream: the gradient that arrives from above, of this tensor's shape; 1 for a scalar.
        keep: keep the graph and every node's gradient, to look at or to sweep again. Otherwise
        nodes are released as the sweep passes them. Raises GraphError on a graph that was released,
        NonFiniteError if the value isn't finite, ShapeError if `upstream` doesn't fit.
        """
        if not self.requires_grad:
            raise GraphError(
                "backward: no tensor that asks for a gradient leads here "
                "(was it made under no_grad, or from constants?)"
            )
        if upstream is None and self.data.size != 1:
            raise ShapeError(
                f"backward: a result of shape {self.shape} needs an upstream gradient of that "
                "shape; only a single number starts from 1"
            )
        up = np.ones(self.shape) if upstream is None else array_of(upstream)
        up = np.array(up, self.dtype)
        if up.shape != self.shape:
            raise ShapeError(f"backward: upstream is {up.shape} but the result is {self.shape}")
        if not np.isfinite(self.data).all():
            raise NonFiniteError("backward: " + _first_nonfinite(self))
        for node, gradient in sweep(self, up[()], release=not keep):
            if node.rule is None:
                gradient = np.array(gradient, node.dtype)
                node.grad = gradient if node.grad is None else node.grad + gradient
            elif keep:
                node.grad = gradient


def rule(shape, *vjps, parts=None, late=False):
    """Enter the decorated NumPy function into the table, as a function of tensors. Chapter 4.

    parts="itself" says that the function is already written with smaller rules.
    """

    def decorate(forward):
        backs = vjps[0] if len(vjps) == 1 and isinstance(vjps[0], Every) else vjps
        smaller = forward if parts == "itself" else parts
        entry = Rule(forward, shape, backs, parts=smaller, late=late)
        RULES[entry.name] = entry
        n, known = len(entry.inputs or ()), set(entry.params)

        @functools.wraps(forward)
        def call(*args, **params):
            if len(args) != n or (params and not params.keys() <= known):
                args, params = entry.bind(args, params)
            return apply(entry, args, params)

        call.rule = entry
        return call

    return decorate


def apply(entry, inputs, params):
    """Compute one rule, and record it if a gradient may be asked for. Chapter 4.

    Arrays alone give an array.
    """
    if mode.tape is not None:
        return mode.tape.apply(entry, inputs, params)
    values, found, wanted = [], False, False
    for x in inputs:
        if isinstance(x, Tensor):
            found = True
            wanted = wanted or x.requires_grad
            values.append(_numbers(x))
        elif isinstance(x, (float, int)) or (isinstance(x, np.ndarray) and x.dtype.kind in "biufc"):
            values.append(x)
        else:
            values.append(_constant(entry, x))
            inputs = (*inputs[: len(values) - 1], values[-1], *inputs[len(values) :])
    if found and not entry.late:
        entry.fit(values, params)
    try:
        data = entry.forward(*values, **params)
    except ValueError:
        entry.fit(values, params)  # what NumPy refuses is said in shapes
        raise
    if not found:
        return data
    out = Tensor.__new__(Tensor)
    out.data, out.grad, out.name = data, None, None
    kept = out.requires_grad = wanted and mode.recording and bool(entry.vjps)
    out.rule, out.inputs, out.params = (entry, inputs, params) if kept else (None, (), {})
    if mode.checking:
        _check(data, f"{entry.name}:", "its result")
    return out


def pull(node, up, record=False):
    """What `node` passes on: one downstream gradient an input, None where nobody asks. Chapter 4.

    up has the node's shape; 1.0 gives the local derivatives of a number. With `record`, up and the
    answers are tensors and the step back is itself recorded.
    """
    entry, inputs = node.rule, node.inputs
    if type(up) in (int, float):
        up = np.asarray(up, node.dtype)[()]
    if record and not entry.once:
        y, values = node, inputs
    else:
        y, values = node.data, [_numbers(x) if isinstance(x, Tensor) else x for x in inputs]
    checking, downs = mode.checking, []
    for i, x in enumerate(inputs):
        if not (isinstance(x, Tensor) and x.requires_grad):
            downs.append(None)
            continue
        down = entry.vjps[i](array_of(up) if entry.once else up, y, *values, **node.params)
        if checking:
            _check(array_of(down), f"the backward step of {entry.name}:", f"input {i}'s gradient")
        downs.append(_only_once(down, up, entry) if record and entry.once else down)
    return downs


def consumers(root):
    """For each tensor on the way to a leaf: how many uses of it lead to `root`. Chapter 4."""
    counts, stack = {root: 0}, [root]
    while stack:
        node = stack.pop()
        if node.inputs is None:
            raise GraphError(
                f"backward: the graph below {node.rule.name}, shape {node.shape}, was released by "
                "an earlier backward; compute the result again, or keep the graph with keep=True"
            )
        for x in node.inputs:
            if isinstance(x, Tensor) and x.requires_grad:
                seen = counts.get(x, 0)
                counts[x] = seen + 1
                if not seen:
                    stack.append(x)
    return counts


def sweep(root, up, record=False, release=False):
    """Yield each tensor below `root` with its gradient, complete, from the root to the leaves.

    A tensor is ready when all of its consumers have reported. There is no recursion, so depth
    doesn't matter. Chapter 4; the counting follows autograd (Maclaurin, Duvenaud, Adams, 2015).
    """
    waiting, arrived, ready = consumers(root), {root: up}, [root]
    while ready:
        node = ready.pop()
        up = arrived.pop(node)
        yield node, up
        if node.rule is None:
            continue
        for x, down in zip(node.inputs, pull(node, up, record), strict=True):
            if down is None:
                continue
            arrived[x] = arrived[x] + down if x in arrived else down
            waiting[x] -= 1
            if waiting[x] == 0:
                del waiting[x]
                ready.append(x)
        if release:
            node.inputs = None


def order(root):
    """Every tensor below `root`, inputs before results. Chapter 4.

    >>> x = bp.Tensor(2.0, name="x")
    >>> [t.rule.name if t.rule else t.name for t in bp.graph.order(bp.exp(x * x))]
    ['x', 'mul', 'exp']
    """
    found, stack = {}, [(root, False)]
    while stack:
        node, ready = stack.pop()
        if ready:
            found[node] = None
        elif node not in found:
            stack.append((node, True))
            inputs = [x for x in node.inputs or () if isinstance(x, Tensor)]
            stack.extend((x, False) for x in reversed(inputs) if x not in found)
    return list(found)


def _only_once(down, up, entry):
    """A gradient from a NumPy-only backward: it refuses to be differentiated itself."""

    def refuse(*_, **__):
        raise GradientError(
            f"{entry.name}: its backward step is NumPy code, not rules, so it can be "
            "differentiated once, not twice"
        )

    out = Tensor(down)
    out.rule, out.inputs = Rule(entry.forward, None, Every(refuse), once=True), (up, Tensor(0.0))
    return out


def array_of(x):
    """A tensor's numbers; anything else as it is."""
    return x.data if isinstance(x, Tensor) else x


def _numbers(x):
    """A tensor's numbers; a single one not as an array, with which NumPy is ten times as slow."""
    return x.data if x.data.shape else x.data[()]


def _constant(entry, x):
    """A constant input as an array; anything but numbers is refused."""
    array = np.asarray(x)
    if array.dtype.kind not in "biufc":
        raise TypeError(
            f"{entry.name}: an input is a {type(x).__name__} of dtype {array.dtype}; "
            "pass tensors or numbers"
        )
    return array


def _check(data, where, what):
    if not np.isfinite(data).all():
        raise NonFiniteError(_entry(data, where, what))


def _entry(data, where, what):
    """The first entry that isn't finite, in words."""
    at = np.argwhere(~np.isfinite(np.atleast_1d(data)))[0].tolist()
    bad = np.atleast_1d(data)[tuple(at)]
    return f"{where} entry {at} of {what}, shape {np.shape(data)}, is {bad}"


def _first_nonfinite(root):
    """Which operation, in the order of computation, first gave a NaN or an infinity."""
    node = next(t for t in order(root) if not np.isfinite(t.data).all())
    if node.rule:
        return _entry(node.data, f"{node.rule.name}:", "its result")
    return _entry(node.data, f"the leaf {node.name or '(unnamed)'}:", "its data")
