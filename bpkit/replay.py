"""Replay: a training step recorded once, then run again as plain calls of NumPy.

The stages stand in files of their own: record, simplify, plan, write. `print(step.source)` shows
what runs. No graph is built while it does, and the buffers that it writes to were planned ahead.
"""

import math
from collections import OrderedDict

import numpy as np

from bpkit.errors import NonFiniteError
from bpkit.graph import array_of
from bpkit.record import ReplayError, on_tape
from bpkit.write import Program


class Replay:
    """A step that is recorded at its first call for each set of shapes. Chapter 21."""

    def __init__(self, f, optimizer=None, limit=8):
        self.f, self.optimizer, self.limit = f, optimizer, limit
        self.programs, self.flat, self.norm, self.last = OrderedDict(), None, None, None

    @property
    def source(self):
        """The code of the program that ran last."""
        if not self.programs:
            raise ReplayError("nothing is recorded yet: call the step once")
        return next(reversed(self.programs.values())).source

    def __call__(self, *arrays):
        arrays = [a if type(a) is np.ndarray else np.asarray(array_of(a)) for a in arrays]
        key = [(a.shape, a.dtype) for a in arrays]
        if key != self.last:
            self._choose(key, arrays)
        program, flat = self.program, self.flat
        flat.claim()
        again = on_tape(self.f, arrays) if program.runs == 1 else None
        try:
            loss = program.step(*arrays)
        except (ArithmeticError, ValueError) as error:
            if not program.single:
                raise
            # Python's own arithmetic raises where NumPy's gives a NaN or an infinity
            raise NonFiniteError(f"replay: {error}; no step made") from None
        program.runs += 1
        if again:
            self._compare(*again, loss)
        if self.optimizer is not None:
            if not math.isfinite(loss):
                raise NonFiniteError(f"replay: the loss is {loss}; no step made")
            flat.remember(self.optimizer)
            self.norm = self.optimizer.step([flat.all])
        return loss

    def _compare(self, true_loss, gradients, loss):
        """Hold the second run against the step itself: what recording froze shows here."""
        near = 1e-3 if self.flat.all.dtype.itemsize < 8 else 1e-6
        pairs = zip(self.flat.tensors, self.flat.grads, strict=True)
        pairs = [(gradients.get(t, 0.0), grad) for t, grad in pairs]  # 0: made anew in each run
        largest = np.max([np.max(np.abs(true), initial=0) for true, _ in pairs])
        for true, got in [(true_loss, loss), *pairs]:
            # beside the largest gradient, one that is 0 by design is its rounding
            size = max(np.max(np.abs(true), initial=0), 1e-3 * largest)
            far = not np.max(np.abs(true - got), initial=0) <= near * size + 1e-12
            if far and np.isfinite(size):
                raise ReplayError(
                    "the recorded step and the step itself give different numbers: it makes "
                    "parameters, draws random numbers or reads .data, outside bpkit's rules"
                )

    def _choose(self, key, arrays):
        """Make the program for these shapes the one to run; record it if there is none."""
        self.last = None
        program = self.programs.pop(tuple(key), None) or Program(self.f, arrays, self.flat)
        self.programs[tuple(key)] = program
        if len(self.programs) > self.limit:
            self.programs.popitem(last=False)
        self.program, self.flat, self.last = program, program.flat, key


def replay(f, optimizer=None):
    """Record a training step once and run it again fast. Chapter 21.

    f takes arrays, given to it as tensors, and returns a loss. The answer takes arrays, returns
    the loss as a number, and leaves each parameter's gradient in .grad; with an optimizer it also
    steps.
    New shapes are recorded anew; the last 8 sets are kept. `print(step.source)` shows the code.
    f must do the same operations each time: Python code that looks at a result, with if, float,
    item or .data, is refused (ReplayError); what it reads elsewhere is frozen.

    >>> model = bp.Affine(3, 2, seed=0)
    >>> step = bp.replay(lambda X, y: bp.mse(model(X), y), optimizer=bp.SGD(lr=0.1))
    >>> X, y = np.ones((5, 3)), np.zeros((5, 2))
    >>> step(X, y) > step(X, y)
    True
    """
    return Replay(f, optimizer)
