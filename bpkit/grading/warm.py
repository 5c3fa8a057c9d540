"""A grader in a process of its own, which stays warm and gets one notebook after the other.

It is a copy of the process that asks; or, where that one has threads of its own, one started anew:
`python -m bpkit.grading.warm`. If it dies or falls silent it is started again, and what it held is
tried once more.

A grader and its sandbox work by turns, and keep to one processor: to wake each other on another
one, where nothing of theirs is in the caches, costs a fifth of the time.
"""

import collections
import contextlib
import gc
import json
import os
import signal
import socket
import subprocess
import sys
import time
from multiprocessing.connection import Connection, Pipe
from pathlib import Path

from bpkit.grading import start
from bpkit.grading.grader import Grader, nothing_of
from bpkit.grading.sandbox import Refused


class Warm:
    """One such process, seen from outside. What its Grader raises, is raised by `take`.

    held: the Items whose records are still to come, in order. tier: its sandbox's, once it has said
    so. anew: start it anew.
    """

    def __init__(self, job, anew=False):
        self.job, self.anew = job, anew
        self.held, self.tries, self.tier = collections.deque(), 1, ""
        self.start()

    def start(self):
        self.line, theirs = Pipe()
        with theirs:
            if self.anew:
                words = [sys.executable, "-m", "bpkit.grading.warm", str(theirs.fileno())]
                number = theirs.fileno()
                self.pid = subprocess.Popen(words, pass_fds=[number], stdin=subprocess.DEVNULL).pid
            else:
                kept = {theirs.fileno(), start.origin().line.fileno()}
                self.pid = os.fork()
                if self.pid == 0:
                    _begin(theirs, kept)
        self.send(self.job)

    def send(self, thing):
        with contextlib.suppress(OSError):  # it has died, which `take` finds out
            self.line.send(thing)

    def give(self, item):
        """Send it a notebook: an Item."""
        if not self.held:
            self.since = time.monotonic()
        self.held.append(item)
        self.send((item.name, item.data, item.notes))

    def take(self):
        """(the first Item that it holds, its record); None where it is still to be waited for."""
        try:
            said = json.loads(self.line.recv_bytes())
        except (EOFError, OSError):
            return self._again("The process that graded it ended unexpectedly.")
        if "refused" in said:
            raise (Refused if said["system"] else LookupError)(said["refused"])
        self.tier = said["tier"] or self.tier
        return self._done(said)

    def _done(self, record):
        self.tries, self.since = 1, time.monotonic()
        return self.held.popleft(), record

    def check(self):
        """The same for an Item over which it has been silent for too long, twice; else None."""
        if time.monotonic() - self.since < self.patience:
            return None
        os.kill(self.pid, signal.SIGKILL)
        return self._again(f"Grading it took longer than {self.patience:.0f} seconds.")

    @property
    def patience(self):
        return 60 + 300 * self.job.seconds

    def _again(self, problem):
        """Start it again, and try once more; the second time, a record that says what happened."""
        self.close()
        self.start()
        done = None
        if self.tries == 2:
            record = nothing_of(self.held[0].name, self.job, problem) | {"status": "failed"}
            done = self._done(record)
        else:
            self.tries, self.since = 2, time.monotonic()
        for item in self.held:
            self.send((item.name, item.data, item.notes))
        return done

    def ask(self, item):
        """The record of a notebook, waited for."""
        self.give(item)
        done = None
        while done is None:
            done = self.take() if self.line.poll(1) else self.check()
        return done[1]

    def dismiss(self):
        """Tell it to end, and don't wait until it has."""
        self.send(None)
        self.line.close()

    def close(self):
        """Let it end, with all that it started."""
        self.dismiss()
        deadline = time.monotonic() + 5
        while not _ended(self.pid):
            if time.monotonic() > deadline:
                os.kill(self.pid, signal.SIGKILL)
            time.sleep(0.001)


def _ended(pid):
    try:
        return os.waitpid(pid, os.WNOHANG)[0] != 0
    except ChildProcessError:
        return True


def _begin(line, kept):
    """What the copy of a process does: serve, and never come back."""
    status, last = 1, 2
    for number in sorted(kept):  # not other graders' lines, the results and their lock
        os.closerange(last + 1, number)
        last = number
    os.closerange(last + 1, 4096)
    try:
        serve(line)
        status = 0
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        os._exit(status)


def serve(line):
    """Grade what comes until the line is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the one who asks
    job = line.recv()
    try:
        grader = Grader(job)
    except LookupError as error:
        _say(line, {"refused": error.args[0], "system": False})
        return
    gc.freeze()  # what is there now stays: it need not be looked through again
    with grader, own_processor(), contextlib.suppress(EOFError, ConnectionError):
        while (given := line.recv()) is not None:
            try:
                record = grader.grade(*given)
            except Refused as refused:
                record = {"refused": str(refused), "system": True}
            _say(line, record)


def own_processor():
    """Keep to a processor to which no other grader keeps: best to that on which this one is.

    Returns a socket whose name tells the others so until it is closed.
    """
    if sys.platform != "linux":
        return contextlib.nullcontext()
    on = int(Path("/proc/self/stat").read_text().rpartition(")")[2].split()[36])
    for number in sorted(os.sched_getaffinity(0), key=lambda number: number != on):
        mark = socket.socket(socket.AF_UNIX)
        with contextlib.suppress(OSError):  # another has it
            mark.bind(f"\0bpkit grades on {number}")
            os.sched_setaffinity(0, {number})
            return mark
        mark.close()
    return contextlib.nullcontext()  # the system chooses


def _say(line, words):
    line.send_bytes(json.dumps(words).encode())


if __name__ == "__main__":
    serve(Connection(int(sys.argv[1])))
