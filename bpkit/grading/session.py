"""One student's code, in a process of its own: run its cells, answer calls of its functions.

All that is said to the grader goes over one line. The code may do what it likes to this process:
what comes of it stays here.
"""

import builtins
import dis
import gc
import inspect
import io
import itertools
import linecache
import socket
import sys
import time
import types
import warnings

import numpy as np

from bpkit.grading import kernel, wire

KEPT = 2**20  # characters of output that are kept in all
REHEARSED = "def f(x, y):\n    x = (x + x @ x.T).sum(axis=0)\n    return x, y"
OFTEN = 30  # calls that make Python's code as quick as it gets
TRACEBACK = BaseException.__dict__["__traceback__"]
FORMS = {
    "function": (types.FunctionType, types.MethodType, types.BuiltinFunctionType),
    "generator": types.GeneratorType,
    "coroutine": types.CoroutineType,
    "class": type,
}
LOADS = {dis.opmap[name] for name in ("LOAD_CONST", "RETURN_CONST") if name in dis.opmap}
PLAIN = {dis.opmap[name] for name in ("RESUME", "NOP", "RETURN_VALUE")}  # steps of empty functions
ITERABLE = (range, type({}.keys()), type({}.values()), type(reversed([])), map, zip, enumerate)


class Output(io.TextIOBase):
    """Where printed text goes: as much as is kept, however much comes."""

    def __init__(self):
        self.parts, self.left = [], KEPT

    def writable(self):
        return True

    def write(self, text):
        if self.left > 0:
            kept = str(text)[: self.left]
            self.parts.append(kept)
            self.left -= len(kept) or 1
        return len(text)

    def take(self):
        """What was written since the last time."""
        text = "".join(self.parts)
        self.parts.clear()
        return text


class Formula:
    """A function that stays with the grader: called here, it is computed there."""

    def __init__(self, ask, number, text):
        self._ask, self._number, self._text = ask, number, text

    def __call__(self, *args, **named):
        return self._ask(self._number, args, named)

    def __repr__(self):
        return self._text

    def __deepcopy__(self, memo):
        return self


FIXED = (Formula, tuple, frozenset)  # inputs that can't be changed


class Given(wire.Unpacker):
    """The inputs of a call. classes: where theirs are looked for; seen: those that were found."""

    def __init__(self, payload, classes, ask):
        super().__init__(payload)
        self.classes, self.ask, self.seen = classes, ask, set()

    def other(self, tag, number, rest, depth):
        if tag == "formula":
            thing = self.things[number] = Formula(self.ask, number, *rest)
            return thing
        names, *fields = rest
        found = [self.classes[name] for name in names if type(self.classes.get(name)) is type]
        made = found[0] if found else type(names[0], (), {})
        self.seen.add(made)
        thing = self.things[number] = object.__new__(made)
        self.fill(thing, "object", fields, depth)
        return thing


class Result(wire.Packer):
    """What a call gives back. seen: classes whose instances the grader knows how to make."""

    def __init__(self, known=None, seen=()):
        super().__init__(known)
        self.seen = seen

    def left(self, thing):
        """What the call has left in one of its inputs."""
        tag = wire.tag_of(thing) or "object"
        return [tag, *self.contents(thing, tag)]

    def other(self, value, depth):
        kind = type(value)
        if kind in self.seen:
            names = [c.__name__ for c in kind.__mro__[:-1]]
            return ["object", self.enter(value), names, *self.contents(value, "object", depth)]
        number, name = self.enter(value), _name(kind)[:60]
        if kind in ITERABLE:
            parts = [self.pack(part, depth + 1) for part in itertools.islice(value, wire.VALUES)]
            return ["stranger", number, name, "iterable", *parts]
        form = next((form for form, kinds in FORMS.items() if issubclass(kind, kinds)), "")
        return ["stranger", number, name, form]


class Session:
    """The student's names, and what the grader asks of them."""

    def __init__(self, shell=None):
        self.shell, self.output, self.files = shell, Output(), set()
        self.module = shell.user_module if shell else types.ModuleType("__main__")
        self.names = vars(self.module)
        sys.modules["__main__"] = self.module

    def serve(self, fd):
        """Answer until the line is closed."""
        self.line, self.count, self.replies = wire.Line(fd), 0, []
        while message := self.line.receive():
            self.count += 1
            header, payload = message
            getattr(self, f"do_{header.pop('do')}")(payload, **header)

    def reply(self, chunks=(), **header):
        """Answer the last message; where others have come with it, together with those."""
        header.update(to=self.count, printed=self.output.take(), used=time.process_time())
        self.replies.append(wire.message(header, chunks))
        if not self.line.buffer or len(self.replies[-1]) > wire.CHUNK:
            self.flush()

    def flush(self):
        self.line.send(b"".join(self.replies))
        self.replies.clear()

    def quietly(self, function, *args, **named):
        """(result, None) of a call, or (None, what it raised)."""
        sys.stdout = sys.stderr = self.output
        try:
            warnings.simplefilter("ignore")
            np.seterr(all="ignore")
            return function(*args, **named), None
        except BaseException as error:
            return None, self.described(error)

    def do_run(self, payload, file, source):
        """Run a cell."""
        self.files.add(file)
        linecache.cache[file] = len(source), None, source.splitlines(keepends=True), file
        _, trouble = self.quietly(self.run, source, file)
        functions = {
            name: [_empty(thing), _plain_signature(thing)]
            for name, thing in list(self.names.items())
            if type(thing) is types.FunctionType
            and thing.__code__.co_filename == file
            and not thing.__dict__
        }
        self.reply(trouble=trouble, functions=functions)

    def run(self, source, file):
        if self.shell is None:
            exec(compile(source, file, "exec"), self.names)
        else:
            kernel.run(self.shell, source, file)

    def do_find(self, payload, name):
        """Whether there is a function of that name, and how it is called."""
        function = self.names.get(name)
        found = [_empty(function), _signature(function)] if callable(function) else None
        self.reply(found=found)

    def do_give(self, payload, file, source):
        """Define what a task gives and the cells have not defined."""
        space = {"np": np, "__name__": "__main__"}
        exec(compile(source, file, "exec"), space)
        for name, value in space.items():
            self.names.setdefault(name, value)
        self.reply()

    def do_call(self, payload, name, args, named):
        """Call a function: what it returns, and what it has done to its inputs."""
        given = Given(payload, self.names, self.ask)
        args = [given.read(node, 0) for node in args]
        named = {key: given.read(node, 0) for key, node in named.items()}
        before = {number: _state(thing) for number, thing in given.things.items()}
        result, trouble = self.quietly(self.names.get(name), *args, **named)
        packer = Result(given.things, given.seen)
        try:
            left = [
                [number, *packer.left(thing)]
                for number, thing in given.things.items()
                if not issubclass(type(thing), FIXED) and before.get(number) != _state(thing)
            ]
            header = {"trouble": trouble, "left": left, "result": packer.pack(result)}
            self.reply(packer.chunks, **header)
        except wire.WireError as error:
            told = {"kind": "TooMuch", "said": f"what it returns can't be graded: {error}."}
            trouble = {**told, "file": "", "line": 0, "arrays": []}
            self.reply(trouble=trouble, left=[], result=None)

    def ask(self, number, args, named):
        """Have the grader call one of its own functions."""
        packer = Result()
        asked = packer.pack([list(args), named])
        header = {"to": self.count, "ask": number, "inputs": asked}
        self.replies.append(wire.message(header, packer.chunks))
        self.flush()
        header, payload = self.line.receive()
        if "raised" in header:
            kind, said = header["raised"]
            raise getattr(builtins, kind, RuntimeError)(said)
        return wire.Unpacker(payload).unpack(header["answer"])

    def described(self, error):
        """An exception, as far as a message about it needs it: words, line, arrays on hand."""
        try:
            said = str(error)[: wire.SAID]
        except BaseException:
            said = ""
        told = {"kind": _name(type(error)), "said": said, "file": "", "line": 0, "arrays": []}
        place, line = self.last_line(error)
        if place is not None:
            local, around = place.f_locals, place.f_globals
            named = {name: around.get(name) for name in place.f_code.co_names} | local
            arrays = [(k, v.shape, k in local) for k, v in named.items() if type(v) is np.ndarray]
            told.update(file=place.f_code.co_filename, line=line, arrays=arrays[:100])
        return told

    def last_line(self, error):
        """The frame and line, innermost in the student's own cells."""
        last, traceback = (None, 0), TRACEBACK.__get__(error)
        while traceback is not None:
            if traceback.tb_frame.f_code.co_filename in self.files:
                last = traceback.tb_frame, traceback.tb_lineno
            traceback = traceback.tb_next
        return last


def _name(kind):
    """A class's name, past anything its metaclass may do."""
    return type.__dict__["__name__"].__get__(kind)


def _state(thing):
    """What tells whether an array was changed; of other things, nothing does."""
    return (thing.shape, thing.tobytes()) if wire.tag_of(thing) == "array" else object()


def _signature(function):
    """[name, kind, whether it has a default] for each argument; None where it isn't known."""
    try:
        parameters = inspect.signature(function).parameters.values()
        return [[p.name, int(p.kind), p.default is not p.empty] for p in parameters]
    except BaseException:
        return None


def _plain_signature(function):
    """The same for a function that nothing wraps; read from its code, which is quicker."""
    code, defaults = function.__code__, function.__defaults__ or ()
    positional, keyword = code.co_argcount, code.co_kwonlyargcount
    names = list(code.co_varnames)
    found = [
        [name, int(n >= code.co_posonlyargcount), n >= positional - len(defaults)]
        for n, name in enumerate(names[:positional])
    ]
    rest = names[positional + keyword :]
    if code.co_flags & inspect.CO_VARARGS:
        found.append([rest.pop(0), int(inspect.Parameter.VAR_POSITIONAL), False])
    for name in names[positional : positional + keyword]:
        given = name in (function.__kwdefaults__ or ())
        found.append([name, int(inspect.Parameter.KEYWORD_ONLY), given])
    if code.co_flags & inspect.CO_VARKEYWORDS:
        found.append([rest.pop(0), int(inspect.Parameter.VAR_KEYWORD), False])
    return found


def _empty(function):
    """Whether a function's code is a docstring, `...` or `pass`, and no more."""
    if type(function) is not types.FunctionType:
        return False
    code = function.__code__
    if code.co_names or code.co_flags & inspect.CO_GENERATOR:
        return False
    steps = list(zip(code.co_code[::2], code.co_code[1::2], strict=True))
    if not {step for step, _ in steps} <= PLAIN | LOADS:
        return False
    return [code.co_consts[place] for step, place in steps if step in LOADS] == [None]


def rehearse(shell=None):
    """Serve a student of our own, so that what Python does only once is done before the fork."""
    kept = sys.stdout, sys.stderr, sys.modules["__main__"]
    ours, theirs = socket.socketpair()
    with ours, theirs:
        packer = wire.Packer()
        args = [packer.pack(np.ones((2, 3))), "a"]
        run = wire.message({"do": "run", "file": "<a>", "source": REHEARSED})
        asked = {"do": "call", "name": "f", "args": args, "named": {}}
        ours.sendall((run + wire.message(asked, packer.chunks)) * OFTEN)
        ours.sendall(wire.message({"do": "find", "name": "f"}))
        ours.shutdown(socket.SHUT_WR)
        Session(shell).serve(theirs.fileno())
    sys.stdout, sys.stderr, sys.modules["__main__"] = kept
    linecache.clearcache()
    gc.freeze()
