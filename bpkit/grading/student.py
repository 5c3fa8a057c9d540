"""A student's process, seen from the grader: its functions can be called as if they were here.

What a function returns, prints, raises and does to its inputs comes back over the line and looks as
it would in a notebook. A process that dies or takes too long is started again for the next call.
"""

import collections
import contextlib
import linecache
import sys

from bpkit.grading import remote, wire
from bpkit.grading.remote import Crashed, Raised
from bpkit.tasks.run import Stopped
from bpkit.tasks.trouble import describe

KEPT = 2**20  # characters of output that are kept
DEATHS = 3  # after so many a function is called no more, and cells are run no further
AHEAD, MESSAGES = 2**16, 50  # bytes and messages that may be under way: they fit into the line
LONGEST = 2**19  # characters of a cell


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

    def foresee(self, messages):
        """Say which calls come next, as `message` makes them: they are sent all at once."""
        self._student.foresee(messages)


class Student:
    """One student's code, run. printed: its text. notes: what is to be told besides troubles."""

    def __init__(self, sandbox, cells):
        self.sandbox = sandbox
        self.cells = [(f"<{label}>", label, source) for label, source in cells]
        self.socket, self.printed = None, ""
        self.notes = [BY_IPYTHON] if sandbox.slow else []
        self._told, self._left_out, self._given = {}, set(), {}
        self._fatal = 0  # cells that have ended the process
        self._facts = {}  # of functions that cells define: name -> (empty, signature)
        self._functions, self._deaths = {}, collections.defaultdict(list)
        self._foreseen, self._replies = collections.deque(), None

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
        replies = self._exchange([self._cell(place) for place in places])
        for place in places:
            try:
                header, _ = next(replies)
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
        return all(self._ask(message) for message in self._given.values())

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

    def give(self, name, source):
        """Define what a task gives its solvers, where the cells don't."""
        if name not in self._given:
            self._given[name] = wire.message({"do": "give", "file": f"<{name}>", "source": source})
            if self.socket is not None:
                self._ask(self._given[name])

    def call(self, name, args, named):
        """Call a function: what it returns or raises; the inputs are changed as it changed them."""
        if len(self._deaths[name]) >= DEATHS:
            raise self._deaths[name][-1]
        inputs, message = asked(name, args, named)
        try:
            header, payload = self._foreseen_reply(message) or self._ask(message, inputs)
            result = self._take(header, payload, inputs)
        except (Crashed, Stopped) as error:
            self._deaths[name].append(error)
            raise
        self._raise(header)
        return result

    def foresee(self, messages):
        """Calls that come next."""
        self._foreseen, self._replies = collections.deque(messages), None

    def _foreseen_reply(self, message):
        """The reply to a call that was foreseen, or None."""
        if not self._foreseen:
            return None
        if message != self._foreseen[0]:
            if self._replies is not None:  # others were made in its place: begin anew
                self._drop()
            self._foreseen.clear()
            return None
        if self._replies is None:
            self._ready()
            self._replies = self._exchange(list(self._foreseen))
        self._foreseen.popleft()
        return next(self._replies)

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
        self._ready()
        return next(self._exchange([message], inputs))

    def _ready(self):
        if self.socket is None:
            self.start()

    def _exchange(self, messages, inputs=None):
        """Yield the replies to messages, which are sent ahead as far as there is room for them."""
        waiting, under_way, room = collections.deque(messages), collections.deque(), AHEAD
        while waiting or under_way:
            with self._dropping_it_on_errors(), remote.alarm_paused():
                self._clock.start(self._used)
                while waiting and (
                    not under_way or (len(waiting[0]) <= room and len(under_way) < MESSAGES)
                ):
                    self._line.send(waiting[0])
                    room -= len(waiting[0])
                    under_way.append(len(waiting.popleft()))
                reply = self._reply(inputs)
                room += under_way.popleft()
            yield reply

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
                self._hear(header)
                return reply
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
        """Keep what was printed, and the processor time that the process says it has used."""
        printed, used = header.get("printed"), header.get("used")
        if type(printed) is not str or type(used) is not float:
            raise wire.WireError("a reply lacks a part")
        self._used = used
        if printed:
            printed = wire.clean(printed)
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
            self.socket.close()
            self.socket = None
            self.sandbox.kill()
            self._foreseen.clear()

    def close(self):
        """End the process and forget the cells."""
        self._drop()
        for file, _, _ in self.cells:
            linecache.cache.pop(file, None)
