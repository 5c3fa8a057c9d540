"""Writing a planned step as Python: one line of NumPy for each operation, into the arrays planned.

A step of single numbers becomes Python's own arithmetic instead, which is faster for those.
"""

import inspect
import math
import textwrap
from collections import Counter

import numpy as np

from bpkit.graph import Tensor
from bpkit.plan import UFUNCS, VIEWS, Plan
from bpkit.record import Recording, ReplayError
from bpkit.shapes import add_runs, take_rows
from bpkit.simplify import simplify

CHOICE, SUM, PRODUCT, CALL = range(4)  # how tightly an expression holds together
# how tightly its first operand and the others must hold, to stand there without parentheses
OPERANDS = [(SUM, SUM), (SUM, PRODUCT), (PRODUCT, CALL), (CHOICE, CHOICE)]
SCALARS = {  # the same operations for single numbers: Python's own arithmetic
    "add": ("{0} + {1}", SUM),
    "sub": ("{0} - {1}", SUM),
    "mul": ("{0} * {1}", PRODUCT),
    "div": ("{0} / {1}", PRODUCT),
    "neg": ("-{0}", PRODUCT),
    "abs": ("abs({0})", CALL),
    "to_power": ("pow({0}, {to})", CALL),
    "greater": ("{0} > {1}", CHOICE),
    "greater_equal": ("{0} >= {1}", CHOICE),
    "equal": ("{0} == {1}", CHOICE),
    "where": ("{1} if {0} else {2}", CHOICE),
    "maximum": ("{0} if {0} > {1} else {1}", CHOICE),
    "minimum": ("{0} if {0} < {1} else {1}", CHOICE),
    "sign": ("({0} > 0) - ({0} < 0)", SUM),
}
FUNCTIONS = ("exp", "log", "log1p", "sqrt", "sin", "cos", "tanh")
SCALARS |= {name: (name + "({0})", CALL) for name in FUNCTIONS}
SPELLED = str.maketrans(".-+()", "_np__")  # a number as part of a name
WIDTH = 80  # of an expression, in characters


def _listed(names):
    return textwrap.fill(f"({', '.join(names)},)", WIDTH, subsequent_indent=" " * 8)


def _whole(array):
    """Whether a product can read a matrix as it lies, by rows or by columns, without a copy."""
    return array.ndim <= 2 and (array.flags.c_contiguous or array.flags.f_contiguous)


class Flat:
    """Parameters as views of one array, and their gradients of another: one step for all."""

    def __init__(self, tensors, make=np.zeros):
        """make(size, dtype): the two arrays, one after the other."""
        kinds = {t.dtype for t in tensors}
        if len(kinds) != 1:
            raise ReplayError(f"the parameters have several dtypes: {', '.join(map(str, kinds))}")
        self.tensors = tensors
        ends, dtype = np.cumsum([t.size for t in tensors]), kinds.pop()
        self.all = Tensor(0.0)
        self.all.data, self.all.grad = make(ends[-1], dtype), make(ends[-1], dtype)
        self.cuts = [slice(end - t.size, end) for t, end in zip(tensors, ends, strict=True)]
        self.views, self.grads = self._parts(self.all.data), self._parts(self.all.grad)
        self.places = list(zip(tensors, self.views, self.grads, strict=True))

    def _parts(self, array):
        """Each parameter's part of an array that holds something for all of them."""
        return [array[c].reshape(t.shape) for c, t in zip(self.cuts, self.tensors, strict=True)]

    def claim(self):
        """See to it that the parameters and their gradients lie here, whoever moved them."""
        for t, view, grad in self.places:
            if t.data is not view:
                view[...] = t.data
                t.data = view
            t.grad = grad

    def remember(self, optimizer, make=np.zeros):
        """Lay the optimizer's memories of the parameters side by side too, as they are now."""
        if self.all not in optimizer.memory:
            arrays = [make(self.all.size, self.all.dtype) for _ in range(optimizer.memories)]
            parts = zip(self.tensors, *map(self._parts, arrays), strict=True)
            for t, *mine in parts:
                for array, before in zip(mine, optimizer.memory.get(t, ()), strict=False):
                    array[...] = before
                optimizer.memory[t] = mine
            optimizer.memory[self.all] = arrays


class Program:
    """One recorded step for one set of shapes: its source, and the function made from it."""

    def __init__(self, f, arrays, flat=None):
        recording = Recording(f, arrays, flat.tensors if flat else ())
        if flat is not None and flat.tensors is not recording.parameters:
            raise ReplayError("the step uses other parameters than when it was first recorded")
        self.flat = flat or Flat(recording.parameters)
        self.flat.claim()
        simplify(recording)
        self.recording, self.names, self.lines, self.space = recording, {}, [], {}
        self.counts, self.plan = {}, None
        self._name_leaves(f)
        used = {a for op in recording.operations for a in (op.out, *op.args)} | self.names.keys()
        self.single = (
            all(op.rule.name in SCALARS for op in recording.operations)
            and all(np.ndim(value.data) == 0 for value in used)
            and all(value.kind != "parameter" or value in self.names for value in used)
            and self.flat.all.dtype == float
        )
        (self._write_scalars if self.single else self._write_arrays)()
        given = ", ".join(f"{name}_" for name in self.given)
        self.source = "\n    ".join([f"def step({given}):", *self.lines]) + "\n"
        exec(compile(self.source, "<replay>", "exec"), self.space)
        self.step, self.runs = self.space["step"], 0
        if "exp(neg" in self.source:  # a sigmoid is 0 where exp(-x) is infinite
            self.step = np.errstate(over="ignore")(self.step)

    def _fresh(self, stem):
        self.counts[stem] = self.counts.get(stem, 0) + 1
        name = f"{stem}{self.counts[stem]}"
        return self._fresh(stem) if name in self.given else name

    def _name_leaves(self, f):
        spelled = list(inspect.signature(f).parameters)
        self.given = [
            spelled[i] if i < len(spelled) else f"x{i}" for i in range(len(self.recording.inputs))
        ]
        self.names.update(zip(self.recording.inputs, self.given, strict=True))
        for value in self.recording.values:
            self.names[value] = self._fresh("wbW"[min(value.data.ndim, 2)])

    def _name(self, value):
        """A value's name in the code; small constants are written out."""
        if value not in self.names:
            maker = self.plan.maker.get(value) if self.plan else None
            if maker is not None and maker.rule.name in VIEWS:
                kind = "T" if maker.rule.name == "transpose" else maker.rule.name
                stem = f"{self._name(maker.args[0])}_{kind}"
                self.names[value] = self._fresh(stem) if stem in self.space else stem
                return self.names[value]
            if value.kind == "constant" and np.ndim(value.data) == 0:
                number = np.asarray(value.data).item()
                return repr(number) if math.isfinite(number) else f'float("{number}")'
            self.names[value] = self._fresh("constant")
        return self.names[value]

    # arrays

    def _write_arrays(self):
        recording, flat = self.recording, self.flat
        places = dict(zip(recording.values, flat.views, strict=True))
        for name, value in zip(self.given, recording.inputs, strict=True):
            places[value] = np.empty_like(value.data)
            self.lines.append(f"copyto({self._bind(name, places[value])}, {name}_)")
        self.plan = Plan(recording, places)
        late = []
        for value, gradient, array in zip(
            recording.values, recording.gradients, flat.grads, strict=True
        ):
            name = f"d{self.names[value]}"
            if self.plan.aim(gradient, array):
                self.names[gradient] = name
            else:
                late.append((name, gradient, array))
        self.plan.run(self._write)
        for name, gradient, array in late:
            self._bind(name, array)
            self.lines.append(f"copyto({name}, {self._read(gradient)})")
        number = recording.loss.kind == "constant" and np.ndim(recording.loss.data) == 0
        self.lines.append(f"return {self._read(recording.loss)}{'' if number else '.item()'}")
        self.space |= {
            name: getattr(np, name) for name in ("copyto", "dot", "matmul", *UFUNCS.values())
        }

    def _bind(self, name, thing):
        self.space[name] = thing
        return name

    def _read(self, value):
        """The name of a value's array, known to the code from here on."""
        name = self._name(value)
        if name not in self.space and value in self.names:
            self._bind(name, self.plan.arrays.get(value, value.data))
        return name

    def _seen_as(self, value, *shape):
        """The name of a value's array in another shape: flat ones for sums and products."""
        array, name = self.plan.arrays[value], self._read(value)
        if array.shape == shape:
            return name
        return self._bind(f"{name}_{'x'.join(map(str, shape))}", array.reshape(shape))

    def _write(self, op):
        """Write one operation as a line or two."""
        rule = op.rule.name
        self.names.setdefault(op.out, self._fresh(rule))
        if rule in UFUNCS:
            args = ", ".join(self._number(a, op) or self._read(a) for a in op.args)
            code = [f"{UFUNCS[rule]}({args}, out={self._read(op.out)})"]
        elif writer := getattr(self, f"_write_{rule}", None):
            code = writer(op)
        else:
            code = [self._write_any(op)]
        if code:
            code[0] += f"  # {op.out.data.shape}"
        self.lines += code

    def _number(self, value, op):
        """A constant number's name, bound to an array of the dtype it meets: NumPy's fastest."""
        if value.kind == "constant" and np.ndim(value.data) == 0:
            number = np.asarray(value.data).item()
            others = [a.data for a in op.args if a is not value]
            array = np.asarray(number, np.result_type(number, *others))
            name = f"{array.dtype}_{number}".translate(SPELLED)
            return self._bind(self._fresh(name) if name in self.given else name, array)
        return None

    def _write_any(self, op):
        """The rule's own function, its answer copied into place."""
        function = self._bind(op.rule.name + "_", op.rule.forward)
        args = list(map(self._read, op.args))
        if op.params:
            args.append(f"**{self._bind(self._fresh('params'), op.params)}")
        call = f"{function}({', '.join(args)})"
        return call if op.rule.name == "follow" else f"copyto({self._read(op.out)}, {call})"

    def _write_reshape(self, op):
        if not self.plan.arrays[op.out].flags.c_contiguous:
            return [self._write_any(op)]
        into = self._seen_as(op.out, *op.args[0].data.shape)
        return [f"copyto({into}, {self._read(op.args[0])})"]

    def _write_cast(self, op):
        return [f'copyto({self._read(op.out)}, {self._read(op.args[0])}, casting="unsafe")']

    def _write_matmul(self, op):
        (a, b), out = (self.plan.arrays[v] for v in op.args), self.plan.arrays[op.out]
        left, right = map(self._read, op.args)
        into = self._read(op.out)
        if a.ndim > 2 and b.ndim == 2 and a.flags.c_contiguous and out.flags.c_contiguous:
            # a stack of matrices times one: the same as one long matrix times it
            rows = math.prod(a.shape[:-1])
            left = self._seen_as(op.args[0], rows, a.shape[-1])
            into = self._seen_as(op.out, rows, out.shape[-1])
            a, out = self.space[left], self.space[into]
        if a.ndim <= 2 and out.flags.c_contiguous and _whole(a) and _whole(b):
            return [f"dot({left}, {right}, out={into})"]  # matmul's answer, called faster
        # a column times a row: every pair once, which NumPy does faster entry by entry
        call = "multiply" if a.shape[-1] == 1 else "matmul"
        return [f"{call}({left}, {right}, out={into})"]

    def _write_sum(self, op):
        x = self.plan.arrays[op.args[0]]
        axis = op.params.get("axis")
        axes = range(x.ndim) if axis is None else {int(a) % x.ndim for a in np.atleast_1d(axis)}
        return self._sum(op, x, tuple(sorted(axes)))

    def _write_sum_to(self, op):
        x, to = self.plan.arrays[op.args[0]], op.params["to"]
        extra = x.ndim - len(to)
        kept = (a + extra for a, n in enumerate(to) if n == 1 and x.shape[a + extra] != 1)
        return self._sum(op, x, (*range(extra), *kept))

    def _sum(self, op, x, axes):
        """A sum over the first or the last axes is a product with ones, which is faster."""
        out, count = self.plan.arrays[op.out], math.prod(x.shape[a] for a in axes)
        first = axes == tuple(range(len(axes)))
        last = axes == tuple(range(x.ndim - len(axes), x.ndim))
        whole = x.flags.c_contiguous and out.flags.c_contiguous
        if x.dtype.kind == "f" and whole and (first or last):
            ones = self._bind(f"ones_{count}", np.ones(count, x.dtype))
            rest = (out.size,) if not (first and last) else ()
            wide = self._seen_as(op.args[0], *((count, *rest) if first else (*rest, count)))
            order = (ones, wide) if first else (wide, ones)
            return [f"dot({order[0]}, {order[1]}, out={self._seen_as(op.out, *rest)})"]
        self._bind("add_reduce", np.add.reduce)
        kept = self._bind(
            self._fresh("kept"), out.reshape([1 if a in axes else n for a, n in enumerate(x.shape)])
        )
        return [f"add_reduce({self._read(op.args[0])}, {axes}, None, {kept}, True)"]

    def _write_max(self, op):
        x, axis = self.plan.arrays[op.args[0]], op.params.get("axis")
        keep, out = op.params.get("keepdims", False), self.plan.arrays[op.out]
        if axis in (-1, x.ndim - 1) and x.flags.c_contiguous:
            # along short rows NumPy is faster at finding where the largest is
            firsts = self._bind(self._fresh("firsts"), np.arange(0, x.size, x.shape[-1]))
            at = self._bind(self._fresh("at"), np.empty(out.size, np.intp))
            flat = self._seen_as(op.args[0], x.size)
            rows = self._seen_as(op.args[0], out.size, x.shape[-1])
            return [
                f"{rows}.argmax(1, out={at})",
                f"add({at}, {firsts}, out={at})",
                f'{flat}.take({at}, out={self._seen_as(op.out, out.size)}, mode="clip")',
            ]
        self._bind("max_reduce", np.maximum.reduce)
        return [f"max_reduce({self._read(op.args[0])}, {axis}, None, {self._read(op.out)}, {keep})"]

    def _write_take(self, op):
        self._bind("take_rows", take_rows)
        return [f"take_rows({', '.join(map(self._read, (*op.args, op.out)))})"]

    def _write_add_rows(self, op):
        x, out = self.plan.arrays[op.args[0]], self.plan.arrays[op.out]
        if not (x.flags.c_contiguous and out.flags.c_contiguous):
            return [self._write_any(op)]
        self._bind("add_runs", add_runs)
        width, room = math.prod(out.shape[1:]), self._fresh("room")
        wide = self._seen_as(op.args[0], op.args[1].data.size, width)
        into = self._seen_as(op.out, len(out), width)
        self._bind(room, np.empty_like(self.space[wide]))
        return [f"add_runs({wide}, {self._read(op.args[1])}, {into}, {room})"]

    def _write_assemble(self, op):
        """Copy in the pieces that weren't computed in place; add where one lies over another."""
        whole, lines = self.plan.arrays[op.out], []
        overlapping = self.plan.tiling[op.out] == "overlapping"
        if overlapping:
            lines.append(f"{self._read(op.out)}.fill(0)")
        pieces = zip(op.args, op.params["keys"], self.plan.over[op.out], strict=True)
        for value, key, over in pieces:
            part, piece = whole[key], self.plan.arrays[value]
            same = piece.shape == part.shape and piece.strides == part.strides
            if same and piece.ctypes.data == part.ctypes.data:
                continue
            name = self._bind(self._fresh("part"), part)
            lines.append(
                f"add({name}, {self._read(value)}, out={name})"
                if over or overlapping
                else f"copyto({name}, {self._read(value)})"
            )
        return lines

    # single numbers

    def _write_scalars(self):
        recording, flat = self.recording, self.flat
        self.space |= {"parameters": flat.all.data, "gradients": flat.all.grad}
        self.space |= {name: getattr(math, name) for name in (*FUNCTIONS, "pow")}
        names = [self.names[value] for value in recording.values]
        self.lines.append(f"{_listed(names)} = parameters.tolist()")
        self.lines += [f"{name} = float({name}_)" for name in self.given]
        wanted = {g: f"d{name}" for g, name in zip(recording.gradients, names, strict=True)}
        wanted[recording.loss] = "loss"
        uses = Counter(a for op in recording.operations for a in op.args)
        self.inner = {}  # value -> its expression, for the one line that uses it, and how it holds
        for op in recording.operations:
            self.inner[op.out] = self._expression(op)
            if op.out in wanted or uses[op.out] > 1:
                self._set(op.out, wanted.get(op.out))
        answers = _listed(map(self._name, recording.gradients))
        self.lines += [f"gradients[:] = {answers}", f"return {self._name(recording.loss)}"]

    def _set(self, value, name=None):
        """Write the line that gives a value its name."""
        self.names[value] = name or self._fresh("v")
        self.lines.append(f"{self.names[value]} = {self.inner.pop(value)[0]}")

    def _expression(self, op):
        """An operation as an expression, which holds what is used nowhere else, and how tightly."""
        (code, hold), args = SCALARS[op.rule.name], op.args
        if op.rule.name in ("add", "mul"):  # the looser one first needs no parentheses
            args = sorted(args, key=lambda a: self.inner.get(a, ("", CALL))[1])
        for i, a in enumerate(args):
            if a in self.inner and code.count(f"{{{i}}}") > 1:
                self._set(a)
        while len(text := code.format(*self._operands(args, hold), **op.params)) > WIDTH:
            inside = [a for a in args if a in self.inner]
            if not inside:
                break
            self._set(max(inside, key=lambda a: len(self.inner[a][0])))
        for a in args:
            self.inner.pop(a, None)
        return text, hold

    def _operands(self, args, hold):
        for i, a in enumerate(args):
            text, its = self.inner.get(a) or (self._name(a), CALL)
            yield text if its >= OPERANDS[hold][i > 0] else f"({text})"
