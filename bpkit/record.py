"""Recording: one run of a training step, forward and backward, as a flat list of operations.

While a tape is set, every rule that is applied writes itself down, and a rule made of smaller
rules writes those down instead. Gradients are swept back through tensors, so the backward pass is
recorded by the same means as the forward pass. What follows from the parameters isn't computed: to
see how such a result will lie in memory, each kind of operation is tried once, on zeros.
"""

import copy
import functools

import numpy as np

from bpkit.errors import GraphError
from bpkit.graph import RULES, Tensor, apply, array_of, mode, order, sweep, switched

EFFECTS = {"follow"}  # rules that do something besides giving a result


class ReplayError(RuntimeError):
    """A step can't be recorded once and run again; the message says what stands in the way.

    Chapter 21.
    """


class Value:
    """One array of a recorded step. kind: input, parameter, constant or result.

    data: a constant's numbers; of what a run may change the form, as zeros.
    """

    __slots__ = ("data", "kind")

    def __init__(self, data, kind):
        self.data, self.kind = data, kind


class Operation:
    """One rule applied: the values it takes, its static parameters, the value it makes."""

    __slots__ = ("args", "out", "params", "rule")

    def __init__(self, rule, args, params, out):
        self.rule, self.args, self.params, self.out = rule, args, params, out


ZEROS = np.zeros(2**25, np.uint8)  # never written to, so the system finds no memory for it
ZEROS.flags.writeable = False


def packed(x):
    """The strides of an array of this form without gaps, its axes in the same order in memory.

    If the last axis is the innermost, all are put in order.
    """
    return _packed(x.shape, x.strides, x.itemsize)


@functools.cache
def _packed(shape, steps, size):
    strides, axes = [0] * len(shape), range(len(shape))[::-1]
    inward = sorted(axes, key=lambda a: (abs(steps[a]), -a))
    for axis in axes if inward[:1] == [len(shape) - 1] else inward:
        strides[axis], size = size, size * shape[axis]
    return tuple(strides)


class Forms:
    """How results lie in memory: shape, dtype and strides.

    All arrays of one form are stood for by the same array of zeros.
    """

    def __init__(self):
        self._zeros, self._results = {}, {}

    def of(self, x):
        """The zeros that stand for an array; a number stands for itself."""
        if not isinstance(x, np.ndarray):
            return x
        key = x.shape, x.dtype, x.strides
        if key not in self._zeros:
            self._zeros[key] = x if np.may_share_memory(x, ZEROS) else _zeros_like(x)
        return self._zeros[key]

    def result(self, entry, args, params):
        """The form of what a rule gives for some values."""
        args = [a.data if a.kind == "result" else self.of(a.data) for a in args]
        # where something is added doesn't matter
        said = repr(params["to"]) if entry.name == "scatter_add" else spelled(params)
        if said is None:
            return self._tried(entry, args, params)
        key = (entry, said, *[id(a) if isinstance(a, np.ndarray) else type(a) for a in args])
        if key not in self._results:
            self._results[key] = self._tried(entry, args, params)
        return self._results[key]

    def _tried(self, entry, args, params):
        entry.fit(args, params)
        if entry.name == "matmul":  # a column times a row looks the same
            args = args[0][..., :1], args[1][..., :1, :]
        try:
            with np.errstate(all="ignore"):
                return self.of(np.asarray(entry.forward(*args, **params)))
        except (ArithmeticError, ValueError) as error:
            raise ReplayError(f"{entry.name} can't be tried on zeros: {error}") from error


def _zeros_like(x):
    if x.nbytes > ZEROS.nbytes:
        return np.zeros_like(x)
    return np.ndarray(x.shape, x.dtype, ZEROS, 0, packed(x))


def spelled(params):
    """All there is to say of static parameters, as a text; None if an array is among them."""
    text = repr(params) if params else ""
    return None if "array(" in text or " at 0x" in text else text


def _refuse_look(tensor):
    raise ReplayError(
        f"the step looks at a value, of shape {tensor.shape}, to decide what to do next; "
        "replay would decide the same way for ever"
    )


class Unknown(Tensor):
    """A result that follows from parameters while a step is recorded: a form without numbers."""

    __slots__ = ("value",)

    shape = property(lambda self: self.value.data.shape)
    ndim = property(lambda self: self.value.data.ndim)
    size = property(lambda self: self.value.data.size)
    dtype = property(lambda self: self.value.data.dtype)
    data = property(_refuse_look)

    def __init__(self, value, made=None):
        """made: rule, inputs and parameters, where a gradient is asked for."""
        self.value, self.requires_grad = value, made is not None
        self.rule, self.inputs, self.params = made or (None, (), {})
        self.grad = self.name = None

    def __len__(self):
        return len(self.value.data)

    def __repr__(self):
        return f"Tensor(not computed yet, shape={self.shape}, dtype={self.dtype})"


class Trial:
    """A tape on which a step draws from copies of random generators and changes copies of arrays.

    So nothing is changed that a later run would notice.
    """

    refuse_look = staticmethod(_refuse_look)

    def __init__(self):
        self._copies = {}

    def copied(self, entry, params):
        """Parameters that a rule may change: copies, the same ones each time."""
        changes = entry.name in EFFECTS or entry.inputs == []
        return copy.deepcopy(params, self._copies) if changes else params

    def apply(self, entry, inputs, params):
        with switched("tape", None):
            return apply(entry, inputs, self.copied(entry, params))


class Tape(Trial):
    """What `apply` hands every rule to while a step is recorded."""

    def __init__(self):
        super().__init__()
        self.operations, self.forms, self._values = [], Forms(), {}

    def value(self, x, kind="constant"):
        """The value that a tensor or a constant stands for."""
        if type(x) is Unknown:
            return x.value
        if isinstance(x, (int, float)):
            return Value(x, kind)
        if id(x) not in self._values:
            kind = "parameter" if isinstance(x, Tensor) and x.requires_grad else kind
            self._set_value(x, Value(np.asarray(array_of(x)), kind))
        return self._values[id(x)][0]

    def _set_value(self, x, value):
        self._values[id(x)] = value, x  # an id is only good while its object lives

    def apply(self, entry, inputs, params):
        sooner = _pool_sooner(entry, inputs, params)
        if sooner is not None:
            return sooner
        if entry.once:
            raise ReplayError(f"{entry.name} is NumPy code of your own, so it can't be recorded")
        found, wanted, unknown = False, False, entry.inputs == []
        for x in inputs:
            if isinstance(x, Tensor):
                found, wanted = True, wanted or x.requires_grad
                unknown = unknown or wanted or type(x) is Unknown
        if not found and not unknown:
            return super().apply(entry, inputs, params)  # numbers made of constants
        if entry.parts is not None:
            entry.fit(inputs, params)
            with switched("recording", False):
                out = entry.parts(*inputs, **params)
            made = self.value(out)
        else:
            args = [self.value(x) for x in inputs]
            made = Value(self.forms.result(entry, args, self.copied(entry, params)), "result")
            self.operations.append(Operation(entry, args, params, made))
            if not unknown:
                out = super().apply(entry, inputs, params)
                self._set_value(out, made)
        if unknown:
            asked = wanted and mode.recording and entry.vjps
            out = Unknown(made, (entry, inputs, params) if asked else None)
        return out


def _loss(f, tape, inputs):
    """A step's loss, its operations handed to a tape."""
    with switched("tape", tape), switched("recording", True):
        loss = f(*inputs)
    if not isinstance(loss, Tensor) or loss.size != 1 or not loss.requires_grad:
        what = f"shape {loss.shape}" if isinstance(loss, Tensor) else type(loss).__name__
        raise GraphError(f"replay: the step must return a loss of one number, not {what}")
    return loss


def _pool_sooner(entry, inputs, params):
    """The same numbers from a smaller image: the largest relu is the relu of the largest.

    So it is with a bias that a whole image shares.
    """
    made = getattr(inputs[0], "rule", None) if entry.name == "max_pool2d" else None
    if made is RULES["relu"]:
        return apply(made, (apply(entry, inputs[0].inputs, params),), {})
    if made is RULES["add"]:
        x, b = inputs[0].inputs
        if np.shape(x) == inputs[0].shape and np.shape(b)[-2:] == (1, 1):
            return apply(made, (apply(entry, (x,), params), b), {})
    return None


class Recording:
    """A step's operations, its inputs, its loss, and each parameter with its gradient."""

    def __init__(self, f, arrays, parameters=()):
        """parameters: the order that they are to be in, if it is these that are found."""
        tape = Tape()
        inputs = [Tensor(a, requires_grad=False) for a in arrays]
        self.inputs = [tape.value(x, "input") for x in inputs]
        loss = _loss(f, tape, inputs)
        up = Tensor(np.ones(loss.shape, loss.dtype), requires_grad=False)
        with switched("tape", tape), switched("checking", False), switched("recording", False):
            swept = {t: g for t, g in sweep(loss, up, record=True) if t.rule is None}
        self.loss, self.operations, self.forms = tape.value(loss), tape.operations, tape.forms
        found = [t for t in order(loss) if t in swept]
        self.parameters = parameters if set(parameters) == set(found) else found
        self.values = [tape.value(t) for t in self.parameters]
        self.gradients = [tape.value(swept[t]) for t in self.parameters]
        for value in (*self.inputs, *self.values):
            value.data = self.forms.of(value.data)

    def operation(self, name, args, params):
        """A new operation, its result's form found by trying."""
        form = self.forms.result(RULES[name], args, params)
        return Operation(RULES[name], args, params, Value(form, "result"))


def on_tape(f, arrays):
    """What the step itself gives, on trial: its loss and each parameter's gradient, in numbers."""
    loss = _loss(f, Trial(), [Tensor(a, requires_grad=False) for a in arrays])
    swept = sweep(loss, np.ones(loss.shape, loss.dtype), release=True)
    return loss.data, {t: g for t, g in swept if t.rule is None}
