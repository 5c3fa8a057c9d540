"""A student's process, seen from the grader: its functions can be called as if they were here.

What a function returns, prints, raises and does to its inputs comes back over the line and looks as
it would in a notebook. A process that dies or takes too long is started again for the next call.

The cells, and the calls that are sure to come, are sent all at once, and their replies come all at
once. Where anything goes wrong in that, nothing of it counts: it is done again, one by one.
"""

import collections
import contextlib
import hashlib
import linecache
import sys

from bpkit.grading import remote, wire
from bpkit.grading.remote import Crashed, Raised
from bpkit.tasks.run import Stopped
from bpkit.tasks.trouble import describe

KEPT = 2**20  # characters of output that are kept
DEATHS = 3  # after so many a function is called no more, and cells are run no further
AT_ONCE = 2**16  # bytes that are sent at once: they fit into the line
HASTE = 0.25  # seconds of processor time for all that was sent at once
REPLIES = 2**23  # bytes that the replies to it may have
LONGEST = 2**19  # characters of a cell
TOLD = ("result", "left", "trouble", "printed")  # what a reply to a call says of the function


BY_IPYTHON = "Its cells need IPython, which has run them within the same walls."


def unwritten(): ...


def asked(name, args, named):
    """A call's inputs, and the message that asks for it."""
    inputs = remote.Inputs()
    packed = {
        "args": [inputs.pack(value) for value in args],
        "named": {key: inputs.pack(value) for key, value in named.items()},
    }
    return inputs, wire.message({"do": "call", "name": name, **packed}, inputs.chunks)


def giving(name, source):
    """The message that defines what a task gives."""
    return wire.message({"do": "give", "file": f"<{name}>", "source": source})


def portions(messages):
    """The messages in lists, each of which fits into the line."""
    portion, size = [], 0
    for message in messages:
        if portion and size + len(message) > AT_ONCE:
            yield portion
            portion, size = [], 0
        portion.append(message)
        size += len(message)
    if portion:
        yield portion


def facts(header):
    """What a reply says of the functions that a cell defines."""
    found = header.get("functions")
    return found if type(found) is dict else {}


class Function:
    """A student's function: called here, it runs there."""

    def __init__(self, student, name, signature):
        self._student, self.__name__, self.__signature__ = student, name, signature

    def __call__(self, *args, **named):
        return self._student.call(self.__name__, args, named)


class Student:
    """One student's code, run. printed: its text. notes: what is to be told besides troubles.

    given: name -> source of what a task gives its solvers. ahead: the calls that are sure to come,
    as `asked` makes them.
    """

    def __init__(self, sandbox, cells, given=None, ahead=()):
        self.sandbox = sandbox
        self.cells = [(f"<{label}>", label, source) for label, source in cells]
        self.socket, self.printed = None, ""
        self.notes = [BY_IPYTHON] if sandbox.slow else []
        self._told, self._left_out, self._given = {}, set(), {}
        for name, source in (given or {}).items():
            self._given[name] = giving(name, source)
        self._fatal = 0  # cells that have ended the process
        self._facts = {}  # of functions that cells define: name -> (empty, signature)
        self._functions, self._deaths = {}, collections.defaultdict(list)
        self._ahead, self._one_by_one = list(ahead), False
        self._kept = collections.defaultdict(collections.deque)  # call -> replies to it

    @property
    def troubles(self):
        """What went wrong in cells, a sentence for each of them."""
        return [self._told[place] for place in sorted(self._told)]

    def start(self):
        """Run the cells. One that ends the process is left out, and the others run again."""
        for place, (file, label, source) in enumerate(self.cells):
            linecache.cache[file] = len(source), None, source.splitlines(keepends=True), file
            if len(source) > LONGEST:
                self._told[place] = f"{label}: it is too long to be run."
                self._left_out.add(place)
        while not self._run():
            pass

    def _run(self):
        """Whether a new process has run the cells and is still there."""
        self._open()
        places = [place for place in range(len(self.cells)) if place not in self._left_out]
        messages = [*map(self._cell, places), *self._given.values()]
        if self._one_by_one:
            replies = map(self._ask, messages)
        else:
            try:
                replies = iter(self._at_once([*messages, *self._ahead]))
            except (Crashed, Stopped):
                self._one_by_one = True
                return False
        for place in places:
            try:
                header, _ = next(replies)
                self._hear(header)
                self._facts.update(facts(header))
                self._raise(header)
            except (Raised, Stopped) as error:
                self._told[place] = f"{self.cells[place][1]}: {self._sentence(error)}"
            if self.socket is None:
                self._left_out.add(place)
                self._fatal += 1
                if self._fatal == DEATHS:
                    self._left_out.update(range(place, len(self.cells)))
                return False
        rest = list(replies)[len(self._given) :]
        for message, reply in zip(self._ahead, rest, strict=False):
            self._kept[message].append(reply)
        self._ahead = []
        return True

    def _cell(self, place):
        file, _, source = self.cells[place]
        return wire.message({"do": "run", "file": file, "source": source})

    def _sentence(self, error):
        if isinstance(error, Stopped):
            return f"it was stopped after {self.sandbox.seconds:g} seconds."
        trouble = describe(error)
        return f"{trouble.line}: {trouble.text}" if trouble.line else trouble.text

    def function(self, name):
        """The function of that name, to be called; None where there is none."""
        if name not in self._functions:
            self._functions[name] = self._find(name)
        return self._functions[name]

    def _find(self, name):
        try:
            empty, signature = self._facts.get(name) or self._asked_for(name)
        except (Raised, Stopped) as error:
            self._told[len(self.cells)] = f"{name}: {self._sentence(error)}"
            return None
        except (TypeError, ValueError):
            return None
        return unwritten if empty is True else Function(self, name, remote.signature(signature))

    def _asked_for(self, name):
        """What there is of that name, if no cell has defined it as a function of its own."""
        header, _ = self._ask(wire.message({"do": "find", "name": name}))
        return header.get("found")

    def said(self, name, calls):
        """A digest of what was said of a function ahead: how it is called, what came of the calls.

        None where anything of that is missing.
        """
        replies = [reply for call in dict.fromkeys(calls) for reply in self._kept.get(call, ())]
        if name not in self._facts or len(replies) != len(calls) or not calls:
            return None
        digest = hashlib.sha256(repr(self._facts[name]).encode())
        for header, payload in replies:
            parts = [*(header.get(part) for part in TOLD), len(payload)]
            digest.update(repr(parts).encode() + payload)
        return digest.digest()

    def give(self, name, source):
        """Define what a task gives its solvers, where the cells don't."""
        if name not in self._given:
            self._given[name] = giving(name, source)
            if self.socket is not None:
                self._ask(self._given[name])

    def call(self, name, args, named):
        """Call a function: what it returns or raises; the inputs are changed as it changed them."""
        if len(self._deaths[name]) >= DEATHS:
            raise self._deaths[name][-1]
        inputs, message = asked(name, args, named)
        try:
            kept = self._kept.get(message)
            header, payload = kept.popleft() if kept else self._ask(message, inputs)
            self._hear(header)
            result = self._take(header, payload, inputs)
        except (Crashed, Stopped) as error:
            self._deaths[name].append(error)
            raise
        self._raise(header)
        return result

    def _take(self, header, payload, inputs):
        """The result in a reply; the inputs are made what the call has left of them."""
        try:
            outputs = remote.Outputs(payload, inputs)
            for entry in header["left"]:
                outputs.changed(entry)
            return outputs.unpack(header["result"])
        except (wire.WireError, KeyError, TypeError) as error:
            self._drop()
            raise Crashed(remote.NO_ANSWER) from error

    def _raise(self, header):
        """Raise what the student's code has raised."""
        if header.get("trouble") is not None:
            raise remote.raised(header["trouble"], [file for file, _, _ in self.cells])

    def _ask(self, message, inputs=None):
        """Send a message and wait for the reply to it: (header, bytes)."""
        if self.socket is None:
            self.start()
        with self._dropping_it_on_errors(), remote.alarm_paused():
            self._clock.start(self._used, self.sandbox.seconds)
            self._line.send(message)
            return self._reply(inputs)

    def _at_once(self, messages):
        """The replies to messages that are sent at once, as far as there is room for them."""
        replies, size = [], 0
        with self._dropping_it_on_errors(), remote.alarm_paused():
            self._clock.start(self._used, min(HASTE, self.sandbox.seconds))
            for portion in portions(messages):
                self._line.send(b"".join(portion))
                for _ in portion:
                    replies.append(self._reply(None))
                    size += len(replies[-1][1])
                    if size > REPLIES:
                        raise wire.WireError("so much should be asked for one by one")
        return replies

    def _reply(self, inputs):
        """The next reply, once what is asked on the way is answered."""
        self._count += 1
        while True:
            reply = self._line.receive()
            if reply is None:
                raise ConnectionResetError
            header, payload = reply
            if header.get("to") != self._count:
                raise wire.WireError("a reply to nothing that was asked")
            if "ask" not in header:
                printed, self._used = header.get("printed"), header.get("used")
                if type(printed) is not str or type(self._used) is not float:
                    raise wire.WireError("a reply lacks a part")
                return reply
            if inputs is None:
                raise wire.WireError("a question that was not to be asked")
            self._clock.look()
            self._line.send(inputs.answer(header, payload))

    @contextlib.contextmanager
    def _dropping_it_on_errors(self):
        """Whatever goes wrong on the line, the process is ended."""
        try:
            yield
        except OSError as error:
            self._drop()
            raise Crashed(remote.ending(self.sandbox.ended())) from error
        except wire.WireError as error:
            self._drop()
            raise Crashed(remote.NO_ANSWER) from error
        except BaseException:
            self._drop()
            raise

    def _hear(self, header):
        """Keep what was printed."""
        if printed := wire.clean(header["printed"]):
            self.printed += printed[: KEPT - len(self.printed)]
            if "result" in header:
                sys.stdout.write(printed)

    def _open(self):
        self._drop()
        self.socket, self._used, self._count = self.sandbox.fork(), 0.0, 0
        self._clock = remote.Clock(self.sandbox, self.socket.fileno())
        self._line = wire.Line(self.socket.fileno(), self._clock.wait)

    def _drop(self):
        """End the process; the next call starts another."""
        if self.socket is not None:
            self.sandbox.kill()
            self.socket.close()
            self.socket = None

    def close(self):
        """End the process and forget the cells."""
        self._drop()
        for file, _, _ in self.cells:
            linecache.cache.pop(file, None)
