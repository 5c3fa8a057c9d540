"""A grader in a process of its own, which stays warm: `python -m bpkit.grading.warm`.

The process that asks sends a job, then one notebook at a time, and gets a record for each, as JSON.
If a grader dies or falls silent, it is started again; what it held is tried once more.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from multiprocessing.connection import Connection, Pipe

from bpkit.grading.grader import Grader, nothing_of
from bpkit.grading.sandbox import Refused


class Warm:
    """One such process, seen from outside. Raises Refused if it has no sandbox.

    It holds one notebook at a time. held: the last that it was given; waiting: whether its record
    is still to come. tier: its sandbox's.
    """

    def __init__(self, job):
        self.job, self.held, self.waiting = job, None, False
        self.start()
        self.introduce()

    def start(self):
        self.line, theirs = Pipe()
        with theirs:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "bpkit.grading.warm", str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
            )
        self.line.send(self.job)

    def introduce(self):
        """Wait until it is ready."""
        said = json.loads(self.line.recv_bytes())
        if "refused" in said:
            self.close()
            raise Refused(said["refused"])
        self.tier = said["tier"]

    def give(self, item):
        """Send it a notebook: an Item."""
        self.held, self.waiting = item, True
        self.tries, self.since = 1, time.monotonic()
        self._send()

    def _send(self):
        with contextlib.suppress(OSError):  # it has died, which `take` finds out
            self.line.send((self.held.name, self.held.data, self.held.notes))

    def take(self):
        """The record of what it holds; None if it had to be started again, and works on it."""
        try:
            record = json.loads(self.line.recv_bytes())
        except (EOFError, OSError):
            record = self._again("The process that graded it ended unexpectedly.")
        self.waiting = record is None
        return record

    def check(self):
        """The record of what it holds, if it has been silent for too long and was ended twice."""
        if time.monotonic() - self.since < self.patience:
            return None
        self.process.kill()
        record = self._again(f"Grading it took longer than {self.patience:.0f} seconds.")
        self.waiting = record is None
        return record

    @property
    def patience(self):
        return 60 + 300 * self.job.seconds

    def _again(self, problem):
        """Start anew and try once more; the second time, a record that says what happened."""
        self.close()
        self.start()
        self.introduce()
        if self.tries == 2:
            return nothing_of(self.held.name, self.job, problem) | {"status": "failed"}
        self.tries, self.since = 2, time.monotonic()
        self._send()
        return None

    def ask(self, item):
        """The record of a notebook, waited for."""
        self.give(item)
        while (record := self.take()) is None:
            continue
        return record

    def close(self):
        """Let it end, with all that it started."""
        self.line.close()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def serve(line):
    """What the process does: grade until the line is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the one who asks
    job = line.recv()
    try:
        grader = Grader(job)
    except Refused as refusal:
        line.send_bytes(json.dumps({"refused": str(refusal)}).encode())
        return
    with grader:
        _say(line, {"tier": grader.sandbox(slow=False).tier})
        while True:
            try:
                name, data, notes = line.recv()
            except EOFError:
                return
            _say(line, grader.grade(name, data, notes))


def _say(line, words):
    line.send_bytes(json.dumps(words).encode())


if __name__ == "__main__":
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    serve(Connection(int(sys.argv[1])))
