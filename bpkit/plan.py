"""Planning memory for a recorded step: every result gets its place before the step ever runs.

A result that is only another way to look at an array becomes a view, made once. The others get
buffers: a buffer is free again after its last use, an entry-by-entry operation writes over an input
that nobody needs any more, and a piece of an assembly is computed where it belongs.
"""

import itertools
from collections import defaultdict

import numpy as np

from bpkit.record import packed

VIEWS = {"reshape", "transpose", "broadcast", "index", "unfold", "slide", "alias", "follow"}
# the rules that are one call of NumPy, entry by entry
UFUNCS = {"sub": "subtract", "mul": "multiply", "div": "divide", "neg": "negative"}
SAME = "add abs exp log log1p sqrt sin cos tanh sign maximum minimum greater greater_equal equal"
UFUNCS |= {name: name for name in SAME.split()}


LINE, GROUND = 64, 2**23  # bytes: of a line of the cache, and of memory asked for at once


class Buffer:
    """A piece of memory. until: the last operation that needs what is in it."""

    __slots__ = ("bytes", "until")

    def __init__(self, memory):
        self.bytes, self.until = memory, None


class Plan:
    """Where each value of a recording lies. arrays: value to array, views included."""

    def __init__(self, recording, places):
        """places: arrays that are there already, by value (inputs, parameters)."""
        self.operations, self.kept = recording.operations, [recording.loss, *recording.gradients]
        self.arrays, self.buffers = dict(places), {}
        self.ground = np.empty(0, np.uint8)  # memory that no buffer has yet
        self.free = defaultdict(list)  # a size -> the buffers that nobody needs now
        self.ending = defaultdict(list)  # an operation's number -> the buffers that end there
        self.maker = {op.out: op for op in self.operations}
        self.looks = {op.out for op in self.operations if _looks(op)}
        self.tiling, self.over = {}, {}  # an assembly -> what `tiling` says of it
        self.homes = {}  # value -> (assembly, key): computed in place there
        self.goals = {}  # value -> the array it must end in

    def aim(self, value, array):
        """Have `value` computed straight into `array`, if it is an operation's own result."""
        op = self.maker.get(value)
        free = op is not None and value not in self.looks and value not in self.goals
        if free and op.out.data.shape == array.shape:
            self.goals[value] = array
        return free

    def run(self, emit):
        """Walk through the operations, give each its arrays, and let `emit` write its code."""
        self._find_homes()
        self._find_ends()
        for at, op in enumerate(self.operations):
            for a in op.args:
                if a not in self.arrays:
                    self.arrays[a] = a.data  # a constant
            seen = self._view(op)
            if seen is not None:
                self.arrays[op.out] = seen
                self.buffers[op.out] = self.buffers.get(op.args[0])
            elif op.out not in self.arrays:
                self._give(op, at)
            if seen is None or op.rule.name == "follow":
                emit(op)
            self._release(at)
        return self

    def _view(self, op):
        """An operation's result, if it is its input looked at in another way, or None."""
        if op.out in self.looks:
            source = self.arrays[op.args[0]]
            if op.rule.name == "follow":  # its effects are for each run
                return source
            view = op.rule.forward(source, **op.params)
            if np.may_share_memory(view, source):
                return view
        return None

    def _find_homes(self):
        """Which values can be computed where an assembly wants them: larger assemblies first."""
        assemblies = [op for op in self.operations if op.rule.name == "assemble"]
        for op in assemblies:
            self.tiling[op.out], self.over[op.out] = tiling(op)
        for op in sorted(assemblies, key=lambda op: -len(op.args)):
            pieces = zip(op.args, op.params["keys"], self.over[op.out], strict=True)
            for value, key, over in pieces:
                if self._may_move(value, op.out) and not over:
                    self.homes[value] = (op.out, key)
        self.runs = {op: self._run_of(op) for op in assemblies}

    def _may_move(self, value, whole):
        made = self.maker.get(value)
        return (
            made is not None
            and value not in self.looks
            and value not in self.homes
            and value not in self.goals
            and self.tiling.get(value, "full") == "full"
            and self.tiling[whole] != "overlapping"
            and value.data.dtype == whole.data.dtype
        )

    def root(self, value):
        """The value whose buffer this one lies in."""
        while True:
            op = self.maker.get(value)
            if value in self.homes:
                value = self.homes[value][0]
            elif value in self.looks:
                value = op.args[0]
            elif run := self.runs.get(op):
                value = run[0]
            else:
                return value

    def _run_of(self, op):
        """(assembly, first, last) if an assembly's pieces lie side by side in another, in order."""
        homes = [self.homes.get(a) for a in op.args]
        if None in homes or homes[0][0] is op.out:
            return None
        other = homes[0][0]
        rows = [key[0] for _, key in homes]
        stacked = all(
            home is other and len(key) == 1 and isinstance(key[0], int) for home, key in homes
        )
        if stacked and rows == list(range(rows[0], rows[0] + len(rows))):
            ends = np.cumsum([0, *(len(a.data) for a in op.args)])
            if [key[0] for key in op.params["keys"]] == [
                slice(a, b) for a, b in itertools.pairwise(ends)
            ]:
                return other, rows[0], rows[-1] + 1
        return None

    def _find_ends(self):
        self.ends = {}
        for at, op in enumerate(self.operations):
            for value in (*op.args, op.out):
                self.ends[self.root(value)] = at
        for value in self.kept:
            self.ends[self.root(value)] = len(self.operations)

    def _give(self, op, at):
        """Find a place for an operation's result."""
        value, data = op.out, op.out.data
        if value in self.goals:
            self.arrays[value] = self.goals[value]
        elif value in self.homes:
            self.arrays[value] = self._home(value)
        elif run := self.runs.get(op):
            whole, first, last = run
            self.arrays[value] = self.arrays[whole][first:last].reshape(data.shape)
        elif op.rule.name == "assemble":
            self._lay_out(value)
        else:
            self._put(value, self._over(op, at) or self._take(data.nbytes))

    def _home(self, value):
        """The slice of an assembly that a value is computed in; makes the assembly's buffer."""
        whole, key = self.homes[value]
        if whole not in self.arrays:
            if whole in self.goals:
                self.arrays[whole] = self.goals[whole]
            elif whole in self.homes:
                self.arrays[whole] = self._home(whole)
            else:
                self._lay_out(whole)
        return self.arrays[whole][key]

    def _lay_out(self, whole):
        """A buffer for an assembly; if pieces leave gaps, one of its own, so that they stay 0."""
        if self.tiling[whole] != "gaps":
            self._put(whole, self._take(whole.data.nbytes))
        else:
            self.ends[self.root(whole)] = len(self.operations)
            self._put(whole, self._new(whole.data.nbytes))
            self.arrays[whole][...] = 0

    def _put(self, value, buffer):
        """The array of a value in a buffer, its axes in the order that it was recorded with."""
        form, buffer.until = value.data, self.ends[self.root(value)]
        self.arrays[value] = np.ndarray(form.shape, form.dtype, buffer.bytes, 0, packed(form))
        self.buffers[value] = buffer
        self.ending[buffer.until].append(buffer)

    def _over(self, op, at):
        """The buffer of an input that ends here and has the result's form."""
        if op.rule.name not in UFUNCS:
            return None
        form = op.out.data
        for a in op.args:
            buffer, array = self.buffers.get(a), self.arrays[a]
            if (
                buffer is not None
                and buffer.until == at
                and (array.shape, array.dtype) == (form.shape, form.dtype)
                and array.strides == packed(form)
            ):
                return buffer
        return None

    def _take(self, size):
        """A free buffer that is large enough and not much larger, or a new one."""
        fitting = [n for n, free in self.free.items() if free and size <= n <= 2 * size + 64]
        return self.free[min(fitting)].pop() if fitting else self._new(size)

    def _new(self, size):
        """A new buffer: a piece of ground that is large, so that the system gives it large pages.

        It starts on a line of the cache, and no two of one size start on lines that push each
        other out.
        """
        room = (size // LINE + 1) * LINE
        if room > len(self.ground):
            ground = np.empty(max(room, GROUND) + LINE, np.uint8)
            self.ground = ground[-ground.ctypes.data % LINE :]
        memory, self.ground = self.ground[:size], self.ground[room:]
        return Buffer(memory)

    def _release(self, at):
        for buffer in self.ending.pop(at, ()):
            if buffer.until == at:
                self.free[len(buffer.bytes)].append(buffer)


def _looks(op):
    """Whether an operation only looks at its input; some reshapes and indices must copy."""
    name, x = op.rule.name, op.args[0].data if op.args else ()
    if name not in VIEWS or name == "follow":
        return name == "follow"
    return np.may_share_memory(op.rule.forward(x, **op.params), x)


def tiling(op):
    """How an assembly's pieces lie: "full", with "gaps", or "overlapping" in part.

    Also, for each piece, whether it lies over an earlier one.
    """
    seen, over, partly = np.zeros(op.params["to"], bool), [], False
    for key in op.params["keys"]:
        part = seen[key]
        over.append(bool(part.any()))
        partly = partly or (over[-1] and not part.all())
        seen[key] = True
    return "overlapping" if partly else "full" if seen.all() else "gaps", over
