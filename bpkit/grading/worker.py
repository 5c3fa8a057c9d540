"""The process that students' processes are forked from; see start.

It has NumPy and bpkit's core loaded. For each sandbox a process is forked from it, which builds the
walls that all its students share, and waits. Nothing of the tasks, their answers, their inputs or
the seeds is ever in it.
"""

import contextlib
import functools
import json
import os
import resource
import signal
import socket
import sys
import time
import traceback
import types

from bpkit.grading import calls, confine, kernel, session, wire

FOLDER = 32 * 2**20  # bytes of a student's folder, and of a file in it
STACK = 8 * 2**20  # bytes, as is common
OPEN_FILES = 64
SHORT = confine.Filter(calls.short_filter())
HOMES = ("HOME", "TMPDIR", "MPLCONFIGDIR", "IPYTHONDIR")
SILENT = ("check", "diagnose", "hint", "progress", "solution", "catalog", "grading_seed")


def main(number):
    """Load what students need, then fork a process for each sandbox that is asked for."""
    line = socket.socket(fileno=number)
    if sys.platform == "linux":
        confine.adopt_orphans()
    signal.signal(signal.SIGCHLD, reap)
    session.rehearse()
    while True:
        settings, fds, _, _ = socket.recv_fds(line, 2**16, 1)
        if not settings:
            return
        if os.fork() == 0:
            line.close()
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            begin(socket.socket(fileno=fds[0]), json.loads(settings))
            os._exit(0)
        os.close(fds[0])


def reap(*signal):
    """Take note of the processes that have ended."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def begin(line, settings):
    """Build the walls, say what came of it, and serve until the line is closed."""
    os.setsid()
    os.environ.update(dict.fromkeys(HOMES, settings["home"]))
    if settings["processors"]:  # the grader's: see bpkit.grading.warm
        with contextlib.suppress(OSError):
            os.sched_setaffinity(0, settings["processors"])
    say = functools.partial(tell, line)
    ruleset = shell = None
    if settings["slow"]:
        shell = kernel.shell()
        session.rehearse(shell)
    say(pid=os.getpid())
    for wall in settings["walls"]:
        try:
            if wall == "namespaces":
                confine.enter_namespaces()
                fork_inside(say)
                confine.enter_tree(*(settings[k] for k in ("readable", "hidden", "base", "home")))
            elif wall == "landlock":
                within = "namespaces" in settings["walls"]
                writable = settings["base"] if within else settings["home"]
                ruleset = confine.rules(settings["readable"], settings["hidden"], writable)
            else:
                confine.filter_is_known()
                confine.never_more()
                confine.Filter(calls.long_filter()).set()
        except OSError as error:
            say(failed=wall, why=str(error))
            return
    limit(settings["memory"])
    sys.modules["bpkit.tasks"] = silent_tasks()
    with contextlib.suppress(ConnectionError):  # the grader is gone: nothing is left to do
        say(failed=None)
        serve(line, settings, ruleset, shell)


def fork_inside(say):
    """Go on as the first process of the new namespace; the old one ends."""
    ours, theirs = os.pipe()
    if pid := os.fork():
        say(pid=pid)
        os._exit(0)
    os.setsid()
    os.close(theirs)
    os.read(ours, 1)  # until that was said
    os.close(ours)


def tell(line, **words):
    wire.Line(line.fileno()).send(wire.message(words))


def limit(memory):
    """Limits that students' processes inherit; this one needs no more."""
    for kind, size in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_FSIZE, FOLDER),
        (resource.RLIMIT_NOFILE, OPEN_FILES),
        (resource.RLIMIT_STACK, STACK),
        (resource.RLIMIT_CORE, 0),
    ):
        with contextlib.suppress(OSError, ValueError):  # macOS knows some of them by name only
            resource.setrlimit(kind, (size, size))


def silent_tasks():
    """What `from bpkit.tasks import check` finds here: functions that do nothing."""
    module = types.ModuleType("bpkit.tasks")
    for name in SILENT:
        setattr(module, name, lambda *args, **named: None)
    return module


def serve(line, settings, ruleset, shell):
    """Obey one-letter commands: fork for a (s)tudent, say what (c)pu it used, (k)ill it.

    Only the last two are answered; a student that could not be forked shows as a line cut off.
    """
    student, started = 0, 0.0
    while True:
        command, fds, _, _ = socket.recv_fds(line, 1, 1)
        if command == b"s":
            empty(settings)
            started = time.monotonic()
            student = os.fork()
            if not student:
                become_student(fds[0], settings, ruleset, shell)
            os.close(fds[0])
        elif command == b"c":
            tell(line, used=used(student, started))
        elif command == b"k":
            os.kill(student, signal.SIGKILL)
            _, status = os.waitpid(student, 0)
            tell(line, status=status)
        else:
            return


def used(student, started):
    """Processor seconds of a process; where only Linux would tell, the seconds since its start."""
    if sys.platform != "linux":
        return time.monotonic() - started
    return time.clock_gettime(~student << 3 | 2)  # as clock_getcpuclockid(3) numbers its clock


def empty(settings):
    """Give the next student an empty folder."""
    if "namespaces" in settings["walls"]:
        confine.fresh_folder(settings["home"], FOLDER)
    else:
        clear(settings["home"])


def clear(folder):
    """Remove all that is in a folder, however deep: what lies in a folder in it is moved up."""
    count = 0
    while entries := list(os.scandir(folder)):
        for entry in entries:
            if not entry.is_dir(follow_symlinks=False):
                os.unlink(entry.path)
                continue
            os.chmod(entry.path, 0o700)
            for inner in list(os.scandir(entry.path)):
                count += 1
                os.rename(inner.path, f"{folder}/{count} {time.time_ns()}")
            os.rmdir(entry.path)


def become_student(fd, settings, ruleset, shell):
    """Shut the doors, and serve one student's code. It never returns."""
    try:
        shut(fd, settings, ruleset)
        session.Session(shell).serve(3)
        os._exit(0)
    except BaseException:
        traceback.print_exc()
        os._exit(1)


def shut(fd, settings, ruleset):
    """Keep one line and the walls; let go of all else."""
    os.chdir(settings["home"])
    nothing = os.open(os.devnull, os.O_RDWR)
    if sys.platform == "linux":
        confine.die_with_parent()
        confine.give_up_privileges()
    if ruleset is not None:
        confine.obey(ruleset)
    for old, new in ((nothing, 0), (nothing, 1), (nothing, 2), (fd, 3)):
        os.dup2(old, new)
    os.closerange(4, 4096)
    if "seccomp" in settings["walls"]:
        SHORT.set()
