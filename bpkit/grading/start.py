"""Starts the one process that all sandboxes of a run come from: `origin().room(settings)`.

It takes Python longest to load NumPy. So that is done once, in a process of its own, which knows
nothing of tasks, answers or keys, and as early as can be: it goes on while all else is loaded.
"""

import atexit
import contextlib
import functools
import json
import os
import select
import signal
import socket
import subprocess
import sys

# No thread but one runs in it: what modules would do after a fork costs a student a tenth.
FIRST = """
import os, sys
os.register_at_fork = lambda **hooks: None
from bpkit.grading import worker
worker.main(int(sys.argv[1]))
"""
QUIET = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")


class Origin:
    """The process that sandboxes' processes are forked from."""

    def __init__(self):
        self.line, theirs = socket.socketpair()
        with theirs:
            self.process = subprocess.Popen(
                [sys.executable, "-P", "-B", "-c", FIRST, str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                env=environment(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                start_new_session=True,
            )

    def room(self, settings):
        """A new process, told these settings: the line to it. Raises OSError."""
        ours, theirs = socket.socketpair()
        with theirs:
            socket.send_fds(self.line, [json.dumps(settings).encode()], [theirs.fileno()])
        return ours

    def close(self):
        """End it; what was forked from it ends when its own line is closed."""
        self.line.close()
        self.process.kill()
        self.process.wait()


class Process:
    """A process that is no child of this one. Where pids are all that is known, it is killed."""

    def __init__(self, pid):
        self.pid, self.fd = pid, None
        with contextlib.suppress(ProcessLookupError):
            self.fd = os.pidfd_open(pid) if hasattr(os, "pidfd_open") else None

    def end(self):
        """Wait for its end, which is near; after a second, kill it."""
        if self.fd is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
            return
        if not select.select([self.fd], [], [], 1)[0]:
            signal.pidfd_send_signal(self.fd, signal.SIGKILL)
            select.select([self.fd], [], [])
        os.close(self.fd)


@functools.cache
def origin():
    """This process's Origin; those that are forked from it share it."""
    made = Origin()
    atexit.register(made.close)
    return made


def environment():
    """What a student's process finds in its environment: nothing of the grader's own."""
    return {
        "PYTHONPATH": os.pathsep.join(path or os.getcwd() for path in sys.path),
        "LANG": "C.UTF-8",
        "MPLBACKEND": "agg",
        **dict.fromkeys(QUIET, "1"),
    }
