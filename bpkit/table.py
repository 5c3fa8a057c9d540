"""What a rule is: how an operation is computed, and how a gradient passes back through it.

The table itself fills up as the files that define rules are read: shapes, rules, reductions, fused,
images, losses.
"""

import functools
import inspect

from bpkit.errors import ShapeError

RULES = {}  # name -> Rule: the whole table


class Rule:
    """One entry of the table. Chapter 4.

    forward: NumPy arrays and static parameters to one array. shape: the inputs' shapes and the
    same parameters to the result's shape, or a ShapeError; `late` says that NumPy refuses what it
    refuses, so that it is asked only for its words. vjps: for each input a function
    (up, y, *inputs, **params) to the gradient with respect to that input, written with rules
    and so itself differentiable; `once` marks one that isn't. No vjps: a constant, derivative 0.
    parts: the same function written with smaller rules, for `replay` to look into, or None.
    """

    __slots__ = ("forward", "inputs", "late", "name", "once", "params", "parts", "shape", "vjps")

    def __init__(self, forward, shape, vjps, once=False, parts=None, late=False):
        self.name = forward.__name__.lstrip("_")
        self.forward, self.shape, self.vjps = forward, shape, vjps
        self.once, self.parts, self.late = once, parts, late
        signature = inspect.signature(forward).parameters.values()
        self.params = [p.name for p in signature if p.kind is p.KEYWORD_ONLY]
        variadic = any(p.kind is p.VAR_POSITIONAL for p in signature)
        self.inputs = None if variadic else [p.name for p in signature if p.kind < p.KEYWORD_ONLY]

    def __repr__(self):
        return f"<rule {self.name}>"

    def fit(self, values, params):
        """Raise a ShapeError, with the rule's name, if these values' shapes don't fit together."""
        if self.shape is None:
            return
        try:
            self.shape(*[v.shape if hasattr(v, "shape") else () for v in values], **params)
        except ShapeError as error:
            raise ShapeError(f"{self.name}: {error}") from None

    def bind(self, args, params):
        """Sort a call's arguments into inputs and static parameters, as a Python call would."""
        if self.inputs is None:
            return args, params
        n, names = len(self.inputs), [*self.inputs, *self.params]
        if len(args) > len(names):
            raise TypeError(f"{self.name}: {len(args)} arguments; it takes {', '.join(names)}")
        params = {**dict(zip(self.params, args[n:], strict=False)), **params}
        args = args[:n] + tuple(
            params.pop(name) for name in self.inputs[len(args) :] if name in params
        )
        if len(args) < n:
            raise TypeError(f"{self.name}: the input {self.inputs[len(args)]} is missing")
        if unknown := params.keys() - set(self.params):
            raise TypeError(f"{self.name}: unknown argument {', '.join(sorted(unknown))}")
        return args, params


class Every:
    """The VJPs of a rule that takes any number of inputs: one for each place. Chapter 4."""

    def __init__(self, vjp):
        self.vjp = vjp

    def __getitem__(self, place):
        return functools.partial(self.vjp, place)
