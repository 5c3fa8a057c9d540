"""What this system offers to keep students' code in: each wall, and what to do where one lacks.

The findings are of two kinds: what the system says it has, and what a student's process, started
within the walls, finds that it can't do. Only the second is proof.
"""

import os
import platform
import textwrap
from pathlib import Path

from bpkit.grading import tiers
from bpkit.grading.sandbox import Lost, Refused, Sandbox

ADVICE = {
    "namespaces": "Without it the other walls still keep students' code in. To have it: on Ubuntu "
    "24.04 or newer, `sysctl kernel.apparmor_restrict_unprivileged_userns=0`; on other systems "
    "`sysctl user.max_user_namespaces=10000`; in Docker, a seccomp profile that allows unshare and "
    "mount.",
    "landlock": "It needs Linux 5.13 or newer, with `landlock` among the modules in "
    "/sys/kernel/security/lsm.",
    "seccomp": "It needs a kernel with CONFIG_SECCOMP_FILTER, on x86_64 or aarch64.",
}
GUARDS = {
    "namespaces": "no other process, no network and no other folder is there to be found",
    "landlock": "only Python, its packages and an empty folder can be read; only that is written",
    "seccomp": "no process, program or connection can be started",
}

# What must fail within the walls: a few words, and code.
ATTEMPTS = {
    "start a process": "os.fork() or os._exit(0)",
    "run a program": "os.execv('/bin/true', ['true'])",
    "connect over TCP": "socket.create_connection(('127.0.0.1', 9), 1)",
    "send over UDP": "socket.socket(type=socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', 9))",
    "open a Unix socket": "socket.socket(socket.AF_UNIX)",
    "read a file of the system": "open('/etc/passwd')",
    "read the processes": "os.listdir('/proc')",
    "read the tasks": "open({task!r})",
    "read the grading": "open({grading!r})",
    "write beside its folder": "open({beside!r}, 'w')",
    "signal the grader": "os.kill(os.getppid(), 0)",
    "take 3 GB": "bytearray(3 * 2**30)",
}
PROBE = """
import os, socket

def attempt(code):
    try:
        eval(code)
    except (OSError, MemoryError) as error:
        return type(error).__name__
    return ""
"""


def attempts(sandbox):
    """What a student's process tries in vain, or not: (words, the error's name or nothing)."""
    home = Path(__file__).parents[1]
    places = {
        "task": str(home / "tasks" / "spec.py"),
        "grading": str(Path(__file__)),
        "beside": os.path.join(sandbox.base, "beside"),
    }
    with sandbox.student([("probe", PROBE)]) as student:
        attempt = student.function("attempt")
        return [(words, attempt(code.format(**places))) for words, code in ATTEMPTS.items()]


def examine(tier=None):
    """(lines, whether other people's code may be graded here)."""
    system = f"{platform.system()} {platform.release()}, {platform.machine()}"
    lines = [f"{system}, Python {platform.python_version()}"]
    try:
        sandbox = Sandbox(trust=True, tier=tier)
    except (Refused, Lost) as refused:
        return [*lines, "", *textwrap.wrap(str(refused), 88)], False
    with sandbox:
        lines += ["", *_walls(sandbox), "", f"Strongest tier: {sandbox.tier}"]
        if sandbox.kind == "none":
            return [*lines, "", *textwrap.wrap(sandbox.refusal(), 88)], False
        tried = attempts(sandbox)
        lines += ["", "Tried from within:"]
        lines += [f"  {_mark(error)}  {words:<28}{error}" for words, error in tried]
        holds = all(error for _, error in tried)
    return [*lines, "", VERDICTS[holds]], holds


VERDICTS = {
    True: "Submissions can be graded here.",
    False: "Something got out that should not have. Don't grade other people's code here, and "
    "please report this page.",
}


def _walls(sandbox):
    for wall, words in tiers.WORDS.items():
        if wall in sandbox.walls:
            yield from _wrapped("there", f"{words}: {GUARDS[wall]}.")
        elif wall in sandbox.missing:
            yield from _wrapped("missing", f"{words}: {sandbox.missing[wall]}. {ADVICE[wall]}")
        else:
            yield from _wrapped("missing", f"{words}: not tried.")


def _wrapped(mark, text):
    return textwrap.wrap(text, 88, initial_indent=f"  {mark:<9}", subsequent_indent=" " * 11)


def _mark(error):
    return "refused" if error else "ALLOWED"
