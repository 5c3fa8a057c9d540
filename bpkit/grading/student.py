"""A student's process, seen from the grader: its functions can be called as if they were here.

What a function returns, prints, raises and does to its inputs comes back over the line and looks as
it would in a notebook. A process that dies or takes too long is started again for the next call.
"""

import linecache
import secrets
import sys

from bpkit.grading import remote, wire
from bpkit.grading.remote import Crashed, Raised
from bpkit.tasks.run import Stopped
from bpkit.tasks.trouble import describe

KEPT = 2**20  # characters of output that are kept
DEATHS = 3  # after so many, a function is called no more, and cells are run no further


def unwritten(): ...


class Function:
    """A student's function: called here, it runs there."""

    def __init__(self, student, name, signature):
        self._student, self.__name__, self.__signature__ = student, name, signature

    def __call__(self, *args, **named):
        return self._student.call(self.__name__, args, named)


class Student:
    """One student's code, run. notes: what is to be told besides the troubles."""

    def __init__(self, sandbox, cells):
        self.sandbox = sandbox
        self.cells = [(f"<{label}>", label, source) for label, source in cells]
        self.line, self.printed, self.notes = None, "", []
        self._told, self._deadly, self._given = {}, set(), {}
        self._functions, self._deaths = {}, {}

    @property
    def troubles(self):
        """What went wrong in cells, a sentence for each of them."""
        return [self._told[place] for place in sorted(self._told)]

    def start(self):
        """Run the cells. One that ends the process is left out, and the others run again."""
        for file, _, source in self.cells:
            linecache.cache[file] = len(source), None, source.splitlines(keepends=True), file
        while not self._run():
            pass

    def _run(self):
        """Whether a new process has run the cells and is still there."""
        self._open()
        for place, (file, label, source) in enumerate(self.cells):
            if place in self._deadly:
                continue
            try:
                header, _ = self._ask({"do": "run", "file": file, "source": source})
                self._raise(header)
            except (Raised, Stopped) as error:
                self._told[place] = f"{label}: {self._sentence(error)}"
            if self.line is None:
                self._deadly.add(place)
                if len(self._deadly) == DEATHS:
                    self._deadly.update(range(place, len(self.cells)))
                return False
        for name, source in self._given.items():
            self._ask({"do": "give", "file": f"<{name}>", "source": source})
        return True

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
            header, _ = self._ask({"do": "find", "name": name})
        except (Raised, Stopped) as error:
            self._told[len(self.cells)] = f"{name}: {self._sentence(error)}"
            return None
        if header.get("empty") is True:
            return unwritten
        signature = remote.signature(header.get("signature"))
        return Function(self, name, signature) if header.get("found") is True else None

    def give(self, name, source):
        """Define what a task gives its solvers and these cells don't define."""
        if name not in self._given:
            self._given[name] = source
            self._ask({"do": "give", "file": f"<{name}>", "source": source})

    def call(self, name, args, named):
        """Call a function; returns or raises what it did, and changes what it changed."""
        if len(self._deaths.get(name, ())) >= DEATHS:
            raise self._deaths[name][-1]
        inputs = remote.Inputs()
        message = {"do": "call", "name": name, "ticket": secrets.token_hex(8)}
        message["inputs"] = inputs.pack([list(args), named])
        try:
            header, payload = self._ask(message, inputs)
            return self._take(header, payload, inputs)
        except BaseException as error:
            if self.line is None and isinstance(error, (Crashed, Stopped)):
                self._deaths.setdefault(name, []).append(error)
            raise

    def _take(self, header, payload, inputs):
        """The result in a reply; the inputs are made what the call has left of them."""
        try:
            outputs = remote.Outputs(payload, inputs)
            for change in header["left"]:
                outputs.change(*change)
            result = outputs.unpack(header["result"])
        except (wire.WireError, KeyError, TypeError) as error:
            self._drop()
            raise Crashed(remote.NO_ANSWER) from error
        self._raise(header)
        return result

    def _raise(self, header):
        """Raise what the student's code has raised."""
        if header.get("trouble") is not None:
            raise remote.raised(header["trouble"], [file for file, _, _ in self.cells])

    def _ask(self, message, inputs=None):
        """Send a message, serve what is asked back, and return the reply: (header, bytes)."""
        if self.line is None:
            self.start()
        fd, ticket = self.line.fileno(), message.get("ticket")
        clock = remote.Clock(self.sandbox, fd, self._used)
        try:
            wire.send(fd, message, inputs.chunks if inputs else (), clock.wait)
            while True:
                reply = wire.receive(fd, clock.wait)
                if reply is None:
                    raise Crashed(remote.ending(self._drop()))
                header, payload = reply
                if header.get("ticket") != ticket:
                    raise wire.WireError("a reply to nothing that was asked")
                if "ask" not in header:
                    break
                wire.send(fd, *inputs.answer(header, payload), clock.wait)
            self._hear(header)
        except OSError as error:
            raise Crashed(remote.ending(self._drop())) from error
        except wire.WireError as error:
            self._drop()
            raise Crashed(remote.NO_ANSWER) from error
        except BaseException:
            self._drop()
            raise
        return header, payload

    def _hear(self, header):
        """Keep what was printed, and the processor time that the process says it has used."""
        printed, used = header.get("printed", ""), header.get("used", 0.0)
        if type(printed) is not str or type(used) is not float:
            raise wire.WireError("a reply lacks a part")
        self._used = used
        self.printed += wire.clean(printed)[: KEPT - len(self.printed)]
        if header.get("ticket") and printed:
            sys.stdout.write(wire.clean(printed))

    def _open(self):
        self._drop()
        self.line, self._used = self.sandbox.fork(), 0.0

    def _drop(self):
        """End the process; what the system says of how it ended."""
        if self.line is None:
            return None
        self.line.close()
        self.line = None
        return self.sandbox.kill()

    def close(self):
        """End the process and forget the cells."""
        self._drop()
        for file, _, _ in self.cells:
            linecache.cache.pop(file, None)
