"""Hostile and broken submissions, on every tier that this machine can give.

Each runs between two good ones, which must get full marks. It must come to the expected end, say so
in words, reach nothing outside, and leave nothing behind.
"""

import os
import re
import signal
import socket
import sys
from pathlib import Path

import pytest
from grading_hostile import lying, reaching, taking
from grading_hostile.case import family

import bpkit
from bpkit.grading.judge import expected, judge
from bpkit.grading.sandbox import Refused, Sandbox
from bpkit.grading.tiers import TIERS
from bpkit.tasks.spec import find

CASES = [*taking.CASES, *reaching.CASES, *lying.CASES]
WALLED = [tier for tier in TIERS if tier != "none"]
MARK = "bpkit-was-here"
GOOD = "relu_backward", "affine_backward"

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="there are walls on Linux only")


def handed_in(sandbox, cells, *keys):
    """Cells in a process of their own, asked as a grader asks them."""
    return sandbox.student(cells, *expected(keys, dict.fromkeys(keys, 11)))


def full_marks(sandbox):
    """Whether a good submission is right in all of its tasks."""
    cells = [("imports", "import numpy as np"), *((key, find(key).solution) for key in GOOD)]
    with handed_in(sandbox, cells, *GOOD) as student:
        return [judge(key, student, 11).status for key in GOOD] == ["right"] * len(GOOD)


class Outside:
    """What must not be reached: ports, a file, this process's signals."""

    def __init__(self, folder):
        self.tcp = socket.create_server(("127.0.0.1", 0))
        self.port = self.tcp.getsockname()[1]
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind(("127.0.0.1", self.port))
        self.unix = socket.socket(socket.AF_UNIX)
        self.unix.bind("\0bpkit")
        self.unix.listen()
        self.secret = folder / "secret.txt"
        self.secret.write_text("an answer")
        self.secret.chmod(0o644)
        self.signals = []
        self.before = signal.signal(signal.SIGTERM, lambda number, _: self.signals.append(number))
        for listener in (self.tcp, self.udp, self.unix):
            listener.setblocking(False)

    def reached(self):
        """What was, in words."""
        found = ["a signal" for _ in self.signals]
        for what, receive in (
            ("TCP", self.tcp.accept),
            ("UDP", lambda: self.udp.recv(9)),
            ("Unix", self.unix.accept),
        ):
            try:
                receive()
            except BlockingIOError:
                continue
            found.append(what)
        return found

    def close(self):
        signal.signal(signal.SIGTERM, self.before)
        for listener in (self.tcp, self.udp, self.unix):
            listener.close()


@pytest.fixture(scope="module")
def outside(tmp_path_factory):
    outside = Outside(tmp_path_factory.mktemp("outside"))
    yield outside
    outside.close()


@pytest.fixture(scope="module", params=WALLED)
def sandbox(request):
    os.environ["BPKIT_TEACHER_KEY"] = "the secret"
    try:
        sandbox = Sandbox(tier=request.param)
    except Refused as refused:
        pytest.skip(f"tier {request.param}: {refused}")
    finally:
        del os.environ["BPKIT_TEACHER_KEY"]
    with sandbox:
        print(f"\ntier {request.param}: {sandbox.tier}")
        assert full_marks(sandbox)
        yield sandbox


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_hostile_submission(case, sandbox, outside):
    sandbox.seconds = case.seconds
    assert full_marks(sandbox)
    sandbox.ended()
    warm = family(sandbox.process.pid)
    code = case.code.replace("PORT", str(outside.port)).replace("SECRET", str(outside.secret))
    with handed_in(sandbox, [("answer", code)], "relu_backward") as student:
        verdict = judge("relu_backward", student, 11)
        told = "\n".join([verdict.message, *student.troubles])
        assert len(student.printed) <= 2**20
    assert re.fullmatch(case.status, verdict.status), told
    assert re.search(case.says, told), told
    assert len(told) < 5000
    told.encode()
    sandbox.prepare()  # the next one's process, as a grader does
    assert full_marks(sandbox)
    sandbox.ended()
    assert family(sandbox.process.pid) == warm
    assert not outside.reached()


def test_nothing_was_written(sandbox):
    package = Path(bpkit.__file__).parent
    places = [
        "/",
        "/tmp",
        "/var/tmp",
        "/etc",
        "/dev/shm",
        "/root",
        package,
        package.parent,
        *sys.path,
    ]
    assert not [place for place in places if os.path.exists(os.path.join(place, MARK))]


def test_a_sandbox_leaves_nothing_when_it_is_closed():
    sandbox = Sandbox()
    leader, base = sandbox.process.pid, Path(sandbox.base)
    with sandbox, sandbox.student([("loop", "import threading\n")]):
        assert family(leader) and base.exists()
    assert not family(leader) and not base.exists()


def test_the_suite_is_large_and_its_names_are_different():
    assert len({case.name for case in CASES}) == len(CASES) >= 40
