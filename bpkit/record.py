"""Recording: one run of a training step, forward and backward, as a flat list of operations.

While a tape is set, every rule that is applied writes itself down, and a rule made of smaller
rules writes those down instead. Gradients are swept back through tensors, so the backward pass is
recorded by the same means as the forward pass.
"""

import numpy as np

from bpkit.errors import GraphError
from bpkit.graph import RULES, Tensor, apply, array_of, order, recording, sweep, switched

EFFECTS = {"follow"}  # rules that do something besides giving a result


class ReplayError(RuntimeError):
    """A step can't be recorded once and run again; the message says what stands in the way.

    Chapter 21.
    """


class Value:
    """One array of a recorded step. kind: input, parameter, constant or result."""

    __slots__ = ("data", "kind")

    def __init__(self, data, kind):
        self.data, self.kind = data, kind


class Operation:
    """One rule applied: the values it takes, its static parameters, the value it makes."""

    __slots__ = ("args", "out", "params", "rule")

    def __init__(self, rule, args, params, out):
        self.rule, self.args, self.params, self.out = rule, args, params, out


class Tape:
    """What `apply` hands every rule to while a step is recorded."""

    def __init__(self):
        self.operations, self._values, self._kept, self._before = [], {}, [], {}

    def value(self, x, kind=None):
        """The value that a tensor or a constant stands for."""
        if not isinstance(x, (Tensor, np.ndarray)):
            return Value(x, "constant")
        if id(x) not in self._values:
            wanted = isinstance(x, Tensor) and x.requires_grad
            kind = kind or ("parameter" if wanted else "constant")
            self._set_value(x, Value(array_of(x), kind))
        return self._values[id(x)]

    def _set_value(self, x, value):
        self._values[id(x)] = value
        self._kept.append(x)  # an id is only good while its object lives

    def _remember(self, params):
        """Note the state of what an operation will change besides giving its result."""
        for p in params.values():
            if id(p) not in self._before and isinstance(p, (np.random.Generator, np.ndarray)):
                drawn = isinstance(p, np.random.Generator)
                self._before[id(p)] = (p, p.bit_generator.state if drawn else p.copy())

    def restore(self):
        """Undo what recording did to random generators and running statistics."""
        for p, state in self._before.values():
            if isinstance(p, np.random.Generator):
                p.bit_generator.state = state
            else:
                p[...] = state

    def apply(self, entry, inputs, params):
        sooner = _pool_sooner(entry, inputs, params)
        if sooner is not None:
            return sooner
        if entry.name in EFFECTS or entry.inputs == []:
            self._remember(params)
        with switched("tape", None):
            out = apply(entry, inputs, params)
        if entry.once:
            raise ReplayError(f"{entry.name} is NumPy code of your own, so it can't be recorded")
        if not any(isinstance(x, Tensor) for x in inputs):
            if entry.inputs != []:
                return out  # numbers made of constants are a constant
            out = Tensor(out, requires_grad=False)  # a source: drawn anew in each run
        if entry.parts is not None:
            with recording(False):
                self._set_value(out, self.value(entry.parts(*inputs, **params)))
            return out
        made = Value(out.data, "result")
        self.operations.append(Operation(entry, [self.value(x) for x in inputs], params, made))
        self._set_value(out, made)
        return out

    def refuse_look(self, tensor):
        raise ReplayError(
            f"the step looks at a value, of shape {tensor.shape}, to decide what to do next; "
            "replay would decide the same way for ever"
        )


def _pool_sooner(entry, inputs, params):
    """The same numbers from a smaller image: the largest relu is the relu of the largest.

    So it is with a bias that a whole image shares.
    """
    made = getattr(inputs[0], "rule", None) if entry.name == "max_pool2d" else None
    if made is RULES["relu"]:
        return apply(made, (apply(entry, inputs[0].inputs, params),), {})
    if made is RULES["add"]:
        x, b = inputs[0].inputs
        if x.shape == inputs[0].shape and b.shape[-2:] == (1, 1):
            return apply(made, (apply(entry, (x,), params), b), {})
    return None


class Recording:
    """A step's operations, its inputs, its loss, and each parameter with its gradient."""

    def __init__(self, f, arrays):
        tape = Tape()
        inputs = [Tensor(a, requires_grad=False) for a in arrays]
        self.inputs = [tape.value(x, "input") for x in inputs]
        try:
            self._run(f, tape, inputs)
        finally:
            tape.restore()
        self.operations = tape.operations

    def _run(self, f, tape, inputs):
        with switched("tape", tape), recording(True):
            loss = f(*inputs)
            if not isinstance(loss, Tensor) or loss.size != 1 or not loss.requires_grad:
                what = f"shape {loss.shape}" if isinstance(loss, Tensor) else type(loss).__name__
                raise GraphError(f"replay: the step must return a loss of one number, not {what}")
            self.loss = tape.value(loss)
            up = Tensor(np.ones_like(loss.data), requires_grad=False)
            with recording(False):
                swept = {t: g for t, g in sweep(loss, up, record=True) if t.rule is None}
            self.parameters = [t for t in order(loss) if t in swept]
            self.values = [tape.value(t) for t in self.parameters]
            self.gradients = [tape.value(swept[t]) for t in self.parameters]
