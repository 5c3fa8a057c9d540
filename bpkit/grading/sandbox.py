"""A warm process for students' code, and the walls around it, seen from the grader's side.

with Sandbox() as sandbox:
    with sandbox.student([("cell 3", "def relu_backward(dY, X): ...")]) as student:
        student.function("relu_backward")
"""

import contextlib
import os
import shutil
import signal
import socket
import sys
import tempfile

from bpkit.grading import start, tiers, wire

NAMES_OF_SYSTEMS = {"darwin": "macOS", "win32": "Windows"}


class Refused(Exception):
    """Nothing here keeps students' code from the rest of the machine; the message says why."""


class Lost(Exception):
    """The warm process has ended."""


class Sandbox:
    """A process that students' processes are forked from, and walls around them.

    seconds: of processor time for one call. memory: bytes of address space for a student, in which
    Python and NumPy take 0.1 GB. trust: run students' code even where there are no walls. tier: the
    name of a tier; the strongest that can be had unless given. slow: cells may need IPython.

    Raises Refused where there are no walls and trust is False.
    """

    def __init__(self, seconds=2.0, memory=2**30, trust=False, tier=None, slow=False):
        self.seconds, self.memory, self.slow = seconds, memory, slow
        self.missing = {}  # wall -> why it can't be had
        self.process = self.line = self._next = None
        self._status = 0  # how the one that was killed last has ended; None until that is told
        if not hasattr(os, "fork"):
            raise Refused(refusal("It has no fork, with which a student's process is made."))
        self.base = os.path.realpath(tempfile.mkdtemp(prefix="bpkit-"))
        try:
            self.walls = self._build(tiers.TIERS[tier] if tier else tiers.possible())
            self.kind = tiers.best(self.walls)
            if (self.kind == "none" and not trust) or (tier and self.kind != tier):
                raise Refused(self.refusal())
        except BaseException:
            self.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()

    @property
    def tier(self):
        """The walls that stand, in one line."""
        return tiers.sentence(self.kind)

    @contextlib.contextmanager
    def student(self, cells, *expected):
        """Run (label, source) cells in a process of their own; a Student while the body runs.

        expected: what will be asked of it; see Student.
        """
        from bpkit.grading.student import Student  # which takes longer to load than the walls

        student = Student(self, cells, *expected)
        try:
            student.start()
            yield student
        finally:
            student.close()

    def close(self):
        """End the process, and with it all that runs in it; remove its folder."""
        self._end()
        shutil.rmtree(self.base, ignore_errors=True)

    def prepare(self):
        """Have the next student's process made, while the grader does something else."""
        if self._next is None:
            self._next = self._forked()

    def fork(self):
        """A new student's process: the grader's end of the line to it, a socket."""
        self.prepare()
        ours, self._next = self._next, None
        return ours

    def _forked(self):
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        with theirs:
            try:
                socket.send_fds(self.line, [b"s"], [theirs.fileno()])
            except OSError:
                self._launch(self.walls)
                socket.send_fds(self.line, [b"s"], [theirs.fileno()])
        return ours

    def used(self):
        """Processor seconds that the student's process has used."""
        self._settle()
        self.line.sendall(b"c")
        return self._answer()["used"]

    def kill(self):
        """Have the student's process ended; `ended` says how it did."""
        self.ended()  # of the one before: unread, a few hundred would fill the line and block it
        with contextlib.suppress(OSError):  # then `ended` will say that all is lost
            self.line.sendall(b"k")
        self._status = None

    def ended(self):
        """What the system says of how the process that was killed had ended."""
        with contextlib.suppress(Lost):  # the next one will be forked from another
            self._settle()
        return self._status

    def _settle(self):
        """Wait for what is told of the one that was killed last."""
        if self._status is None:
            self._status = signal.SIGKILL
            self._status = self._answer()["status"]

    def _answer(self):
        try:
            message = self._answers.receive()
        except OSError:
            message = None
        if message is None:
            raise Lost("the process that students' processes are forked from has ended")
        return message[0]

    def _build(self, walls):
        """Start the process within as many of these walls as can be had; they are returned."""
        while True:
            told = self._launch(walls)
            if told["failed"] is None:
                return walls
            self.missing[told["failed"]] = told["why"]
            walls = [wall for wall in walls if wall != told["failed"]]

    def _launch(self, walls):
        self._end()
        self._status = 0
        home = os.path.join(self.base, "student")
        os.makedirs(home, exist_ok=True)
        settings = {
            "walls": walls,
            "readable": tiers.readable(),
            "hidden": tiers.hidden(),
            "base": self.base,
            "home": home,
            "memory": self.memory,
            "slow": self.slow,
            "processors": sorted(os.sched_getaffinity(0)) if sys.platform == "linux" else [],
        }
        try:
            return self._told(settings)
        except (OSError, Lost):  # the process that it is forked from has ended
            start.origin.cache_clear()
            return self._told(settings)

    def _told(self, settings):
        """What a new process says of the walls, once it is known which process it is."""
        told, self.line = {}, start.origin().room(settings)
        self._answers = wire.Line(self.line.fileno())
        while "failed" not in told:
            told |= self._answer()
        self.process = start.Process(told["pid"])
        return told

    def _end(self):
        for line in filter(None, (self._next, self.line)):
            line.close()
        self._next = self.line = None
        if self.process is not None:
            self.process.end()
            self.process = None

    def refusal(self):
        """Why other people's code is not run here, and what to do."""
        lacking = [f"{tiers.WORDS[wall]} ({why})" for wall, why in self.missing.items()]
        return refusal(f"It lacks {', and '.join(lacking)}." if lacking else "")


def refusal(why):
    system = NAMES_OF_SYSTEMS.get(sys.platform, "this system")
    words = (
        f"Other people's code is not run on {system}: nothing here would keep it from your files, "
        "your network and other students' work.",
        why,
        "Grade on Linux 5.13 or newer, which may be a virtual machine. `bpkit doctor` tells more. "
        "Code that you trust runs with --trust."
        if hasattr(os, "fork")
        else "Grade on Linux 5.13 or newer, which may be a virtual machine.",
    )
    return " ".join(filter(None, words))
