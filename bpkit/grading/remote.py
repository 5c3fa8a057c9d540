"""What a grader's call of a student's function is made of: inputs, outputs, errors and a clock.

Things that can't come over the line are stood for by others of the same name, so that a message
about them reads as it would in a notebook.
"""

import contextlib
import inspect
import linecache
import math
import os
import select
import signal
import threading
import time
import types

import numpy as np

from bpkit.grading import wire
from bpkit.tasks.run import Stopped

PATIENCE = 5  # times the seconds of processor time: how long a call may take on a busy machine
FUNCTIONS = {
    "function": lambda: None,
    "method": "".join,
    "builtin_function_or_method": len,
}
PARTS_OF_TROUBLE = ("kind", "said", "file", "line", "arrays")
NO_ANSWER = "what came over its line to the grader is no answer."


class Raised(Exception):
    """What a student's code raised; the class that is raised has the name that theirs had."""


class Crashed(Raised):
    """The process ended in the middle of a call."""


def ending(status):
    """How a process ended, in words."""
    if os.WIFEXITED(status):
        return f"its process ended itself, with exit status {os.WEXITSTATUS(status)}."
    number = os.WTERMSIG(status)
    words = {
        signal.SIGSEGV: "a segmentation fault ended its process.",
        signal.SIGABRT: "its process was aborted.",
        signal.SIGKILL: "its process no longer answers.",
    }
    return words.get(number, f"signal {number} ended its process.")


class Inputs(wire.Packer):
    """The inputs of a call, as they are sent. formulas: number -> function that stays here."""

    def __init__(self):
        super().__init__()
        self.formulas, self.classes = {}, {}

    def other(self, value, depth):
        number = self.enter(value)
        if callable(value):
            self.formulas[number] = value
            return ["formula", number, repr(value)]
        names = [kind.__name__ for kind in type(value).__mro__[:-1]]
        self.classes.update(zip(names, type(value).__mro__, strict=False))
        return ["object", number, names, *self.contents(value, "object", depth)]

    def answer(self, header, payload):
        """The call of a formula that a student's code asks for, made: a message."""
        with wire.strictly():
            formula = self.formulas[header["ask"]]
            args, named = wire.Unpacker(payload).unpack(header["inputs"])
        packer = wire.Packer()
        try:
            with np.errstate(all="ignore"):
                return wire.message({"answer": packer.pack(formula(*args, **named))}, packer.chunks)
        except Exception as error:
            return wire.message({"raised": [type(error).__name__, str(error)[:300]]})


class Outputs(wire.Unpacker):
    """What came of a call. A thing that can't be sent is stood for by one of the same name."""

    def __init__(self, payload, inputs):
        super().__init__(payload, inputs.things)
        self.inputs = inputs

    def other(self, tag, number, rest, depth):
        if tag == "object":
            names, *fields = rest
            kinds = [self.inputs.classes[name] for name in names if name in self.inputs.classes]
            thing = self.things[number] = object.__new__(kinds[0])
            self.fill(thing, tag, fields, depth)
            return thing
        if tag != "stranger":
            return super().other(tag, number, rest, depth)
        name, form, *parts = rest
        parts = [self.read(part, depth + 1) for part in parts]
        thing = self.things[number] = _stranger(named(name), form, parts)
        return thing

    def change(self, number, tag, rest):
        if tag == "object" and type(self.things[number]) in self.inputs.classes.values():
            self.fill(self.things[number], tag, rest)
        else:
            super().change(number, tag, rest)


def named(name):
    """A class's name that came over the line; some name in place of what is none."""
    return name if type(name) is str and name.isidentifier() and len(name) <= 60 else "thing"


def _stranger(name, form, parts):
    if form == "generator":
        return (part for part in parts)
    if form == "coroutine":

        async def coroutine(): ...

        return coroutine()
    if form == "function":
        return FUNCTIONS.get(name, FUNCTIONS["function"])
    body = {"__iter__": lambda self: iter(parts)} if form == "iterable" else {}
    made = types.new_class(name, exec_body=lambda space: space.update(body))
    return made if form == "class" else made()


def signature(told):
    """A signature from [name, kind, whether it has a default] for each argument; 0 for none."""
    try:
        return inspect.Signature(
            inspect.Parameter(name, kind, default=None if optional else inspect.Parameter.empty)
            for name, kind, optional in told
        )
    except (TypeError, ValueError):
        return 0


def raised(told, files):
    """The exception that a student's code raised, with its line, and the arrays on hand there."""
    try:
        kind, said, file, line, arrays = (told[part] for part in PARTS_OF_TROUBLE)
        error = type(named(kind), (Raised,), {})(wire.clean(said)[: wire.SAID])
        if file not in files or line not in range(1, len(linecache.getlines(file)) + 1):
            return error
        around, inside = {"__error__": error}, {}
        for name, shape, local in arrays:
            if name.isidentifier() and not name.startswith("__"):
                (inside if local else around)[name] = np.broadcast_to(0.0, shape)
        code = compile("\n" * int(line - 1) + "raise __error__", file, "exec")
    except wire.UNFIT:
        return Raised(NO_ANSWER)
    try:
        exec(code, around, inside)
    except Raised as placed:
        return placed


class Clock:
    """How long the other side may take for what it was asked."""

    def __init__(self, sandbox, fd):
        self.sandbox, self.polls = sandbox, (select.poll(), select.poll())
        self.polls[False].register(fd, select.POLLIN)
        self.polls[True].register(fd, select.POLLOUT)

    def start(self, used, seconds):
        """Begin anew. used: the processor seconds that the process has used before."""
        self.used, self.seconds, self.begun = used, seconds, time.monotonic()
        self.next = self.begun + seconds

    def look(self):
        """Raise Stopped when the time is up; else give the seconds until the next look is due."""
        now = time.monotonic()
        if now >= self.next:
            seconds = self.seconds
            spent, passed = self.sandbox.used() - self.used, now - self.begun
            if spent >= seconds or passed >= PATIENCE * seconds:
                stopped = Stopped()
                stopped.seconds = seconds
                raise stopped
            self.next = now + min(seconds - spent, PATIENCE * seconds - passed) + 0.01
        return self.next - now

    def wait(self, writing):
        """Until the line can be written, or read; raises Stopped when the time is up."""
        while not self.polls[writing].poll(math.ceil(1000 * self.look())):
            pass


@contextlib.contextmanager
def alarm_paused():
    """The grader's own limit on a call doesn't count the time in which the other side works."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    left = signal.setitimer(signal.ITIMER_REAL, 0)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, *left)
