"""The process that students' processes are forked from: `python -m bpkit.grading.worker`.

It has NumPy and bpkit's core loaded, builds the walls that all students share, and waits. Nothing
of the tasks, their answers, their inputs or the seeds is ever in it.
"""

import contextlib
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
SHORT = calls.short_filter()
WAITER = "import os; os.wait()"
SILENT = ("check", "diagnose", "hint", "progress", "solution", "catalog", "grading_seed")


def main(settings):
    """Build the walls, say what came of it, and serve until the line is closed."""
    line = socket.socket(fileno=settings["line"])
    ruleset = None
    shell = kernel.shell() if settings["slow"] else None
    session.rehearse(shell)
    for wall in settings["walls"]:
        try:
            if wall == "namespaces":
                confine.enter_namespaces()
                fork_inside()
                confine.enter_tree(*(settings[k] for k in ("readable", "hidden", "base", "home")))
            elif wall == "landlock":
                within = "namespaces" in settings["walls"]
                writable = settings["base"] if within else settings["home"]
                ruleset = confine.rules(settings["readable"], settings["hidden"], writable)
            else:
                confine.filter_is_known()
                confine.never_more()
                confine.filter_calls(calls.long_filter())
        except OSError as error:
            wire.Line(line.fileno()).send(wire.message({"failed": wall, "why": str(error)}))
            return
    limit(settings["memory"])
    sys.modules["bpkit.tasks"] = silent_tasks()
    with contextlib.suppress(ConnectionError):  # the grader is gone: nothing is left to do
        wire.Line(line.fileno()).send(wire.message({"failed": None}))
        serve(line, settings, ruleset, shell)


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


def fork_inside():
    """Go on as the first process of the new namespace; the old one only waits for it."""
    if os.fork():
        os.execv(sys.executable, [sys.executable, "-I", "-S", "-c", WAITER])
    confine.die_with_parent()


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
            wire.Line(line.fileno()).send(wire.message({"used": used(student, started)}))
        elif command == b"k":
            os.kill(student, signal.SIGKILL)
            _, status = os.waitpid(student, 0)
            wire.Line(line.fileno()).send(wire.message({"status": status}))
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
        confine.filter_calls(SHORT)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
