"""Calling somebody else's function: on copies, with a time limit, and without trusting it.

What it returns is read while the guard still stands, so that nothing it does can reach the learner
as a traceback of ours. Only Ctrl-C passes.
"""

import contextlib
import gc
import io
import signal
import threading
import time
import types
import warnings
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from bpkit.tasks import outcome
from bpkit.tasks.trouble import Trouble, describe

LIMIT = 2.0  # seconds for one call
SIMPLE = {int, float, complex, bool, str, bytes, type(None)}  # values that nothing can change


@dataclass(eq=False)
class Case:
    """Inputs to try a function on, and what the reference makes of them.

    label: a few words, for inputs that are special. lengths: what each named length is here.
    outcomes: what other functions made of it, kept for the next who asks. seconds: what the
    reference took.
    """

    task: object
    inputs: dict
    lengths: dict = field(default_factory=dict)
    label: str = ""
    outcomes: dict = field(default_factory=dict, repr=False)
    seconds: float = 0.0

    @cached_property
    def result(self):
        """What the reference returns, and the inputs as it left them."""
        given = duplicate(self.inputs)
        args, named = arrange(self.task, given)
        start = time.perf_counter()
        with np.errstate(all="ignore"):
            result = self.task.reference(*args, **named)
        self.seconds = time.perf_counter() - start
        return result, given

    @cached_property
    def expected(self):
        """The right outputs: name -> array."""
        result, given = self.result
        if self.task.observe is None:
            return outcome.leaves(result, self.task.returns)
        return {k: np.asarray(v) for k, v in self.task.observe(result, **given).items()}

    @cached_property
    def sizes(self):
        """The size of each right output."""
        return {name: outcome.size_of(array) for name, array in self.expected.items()}

    def read(self, result, given):
        """The outputs in what a function returned, and what is wrong with their form."""
        if self.task.observe is None:
            return outcome.read(result, self.result[0], self.task.returns)
        if result is None and self.result[0] is not None:
            return {}, [outcome.nothing()]
        if type(result) in (str, types.GeneratorType, types.CoroutineType):
            return {}, [outcome.unreadable(self.task.returns[0], result)]
        meant = {
            name: value if name in self.task.changes or same(value, self.inputs[name]) else before
            for (name, value), before in zip(given.items(), self.inputs.values(), strict=True)
        }
        try:
            seen = self.task.observe(result, **meant)
        except Exception:
            return {}, [outcome.unreadable(self.task.returns[0], result)]
        return {k: np.asarray(v) for k, v in seen.items()}, []


@dataclass
class Ran:
    """What came of one call. found: output name -> array. changed: the inputs it changed."""

    found: dict = field(default_factory=dict)
    faults: list = field(default_factory=list)
    changed: tuple = ()
    trouble: Trouble | None = None
    seconds: float = 0.0


class Stopped(BaseException):
    """The time is up. Not an Exception, so that a learner's `except Exception` doesn't catch it."""


class _Heard(io.TextIOBase):
    """What was printed: the first characters, however much came."""

    def __init__(self):
        self.text = ""

    def writable(self):
        return True

    def write(self, text):
        self.text += text[: max(0, 400 - len(self.text))]
        return len(text)


def _collecting(frame):
    """Whether the garbage collector has called this; an exception would be lost there.

    The alarm rings again. A signal that came while it collected is heard in what it calls first: a
    hook, or what takes a dead object out of a weak set or dictionary.
    """
    if frame is None:
        return False
    hooks = {getattr(hook, "__code__", None) for hook in gc.callbacks}
    return frame.f_code in hooks or frame.f_globals.get("__name__") in ("_weakrefset", "weakref")


class Guard:
    """What stands around calls of somebody else's function.

    It keeps what is printed, silences warnings, and stops a call that takes too long: on the main
    thread, where signals exist. Elsewhere nothing can stop a loop that never ends.
    """

    def __enter__(self):
        self.heard, self.stack, self.armed = _Heard(), contextlib.ExitStack(), False
        self.stack.enter_context(np.errstate(all="ignore"))
        self.stack.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore")
        self.stack.enter_context(contextlib.redirect_stdout(self.heard))
        self.stack.enter_context(contextlib.redirect_stderr(self.heard))
        on_main_thread = threading.current_thread() is threading.main_thread()
        self.stops = hasattr(signal, "setitimer") and on_main_thread
        if self.stops:
            self._wind(signal.ITIMER_REAL, signal.SIGALRM)
            self._wind(signal.ITIMER_VIRTUAL, signal.SIGVTALRM)
        return self

    def _wind(self, timer, number):
        """Take over a timer and its signal until the end."""
        before = signal.signal(number, self._ring)
        left = signal.setitimer(timer, 0)
        self.stack.callback(signal.setitimer, timer, *left)
        self.stack.callback(signal.signal, number, before or signal.SIG_DFL)

    def __exit__(self, *error):
        self.stack.close()

    def _ring(self, signum, frame):
        if self.armed and not _collecting(frame):
            raise Stopped

    @contextlib.contextmanager
    def limit(self, seconds, ours):
        """Raise Stopped in the body when the time is up, again and again until it leaves.

        A learner's function may sleep, so it is timed by the wall's clock. Code of ours never does,
        and a busy machine must not stop it: it is timed by what it works.
        """
        if not self.stops:
            yield
            return
        timer = signal.ITIMER_VIRTUAL if ours else signal.ITIMER_REAL
        self.armed = True
        signal.setitimer(timer, seconds, 0.1)
        try:
            try:
                yield
            finally:
                self.armed = False
        finally:
            signal.setitimer(timer, 0)

    def call(self, function, case, limit=None, ours=False):
        """Call function on copies of a case's inputs and read what it returns.

        ours: whether it is a mistake or mutant of the catalog, not a learner's.
        """
        limit = LIMIT if limit is None else limit
        given = duplicate(case.inputs)
        args, named = arrange(case.task, given)
        ran, returned, start = Ran(), False, time.perf_counter()
        case.result  # noqa: B018 - computed before the clock of the call is wound up
        try:
            with self.limit(limit, ours):
                result = function(*args, **named)
                returned = True
                ran.found, ran.faults = case.read(result, given)
        except KeyboardInterrupt:
            raise
        except Stopped as stopped:
            seconds = getattr(stopped, "seconds", limit)  # a grader may have a limit of its own
            ran.trouble = Trouble(
                "time",
                f"It was stopped after {seconds:g} seconds. Is there a loop that never ends?",
            )
        except BaseException as error:
            if returned:
                ran.faults = [outcome.unreadable(case.task.returns[0], result)]
            else:
                ran.trouble = describe(error)
        ran.seconds = time.perf_counter() - start
        ran.changed = tuple(
            name
            for name in case.inputs
            if name not in case.task.changes and not same(case.inputs[name], given[name])
        )
        return ran


def duplicate(inputs):
    """Inputs copied all the way down; what two of them share is shared by the copies."""
    made = {}
    return {name: _copied(value, made) for name, value in inputs.items()}


def _copied(value, made):
    """A copy of what inputs are made of: arrays, lists, tuples, dictionaries, plain objects.

    What can't be changed stands for itself. made: id -> copy.
    """
    kind = type(value)
    if kind in SIMPLE or callable(value):
        return value
    if id(value) in made:
        return made[id(value)]
    if kind is tuple:
        new = made[id(value)] = tuple([_copied(part, made) for part in value])
    elif kind is np.ndarray:
        new = made[id(value)] = value.copy()
    elif kind is list:
        new = made[id(value)] = []
        new += [_copied(part, made) for part in value]
    elif kind is dict:
        new = made[id(value)] = {}
        new.update((_copied(k, made), _copied(part, made)) for k, part in value.items())
    else:
        new = made[id(value)] = object.__new__(kind)
        vars(new).update((name, _copied(part, made)) for name, part in vars(value).items())
    return new


def arrange(task, inputs):
    """Inputs as a call's arguments: by position, and by name after one that is left out."""
    args = []
    for name in task.parameters:
        if name not in inputs:
            break
        args.append(inputs[name])
    return args, {name: inputs[name] for name in task.parameters[len(args) :] if name in inputs}


def same(a, b, seen=None):
    """Whether two values are alike all the way down: arrays by dtype, shape and bytes."""
    kind = type(a)
    if a is b:
        return True
    if kind is not type(b):
        return False
    if kind is np.ndarray:
        return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
    if kind in SIMPLE or isinstance(a, (set, frozenset, np.generic)):
        return a == b
    seen = set() if seen is None else seen
    if (id(a), id(b)) in seen:
        return True
    seen.add((id(a), id(b)))
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(
            x is y or same(x, y, seen) for x, y in zip(a, b, strict=True)
        )
    if isinstance(a, dict):
        return list(a) == list(b) and all(a[k] is b[k] or same(a[k], b[k], seen) for k in a)
    if hasattr(a, "__dict__") and not callable(a):
        return same(vars(a), vars(b), seen)
    return True
