"""The sandbox: its tiers, its limits, what students' code finds in it, and what outlives what."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from grading_hostile.case import family

from bpkit.grading import calls, doctor, tiers
from bpkit.grading.remote import Crashed
from bpkit.grading.sandbox import Refused, Sandbox
from bpkit.grading.student import asked
from bpkit.tasks.run import Stopped

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="there are walls on Linux only")

LOOKS = """
import os, sys

def environment():
    return dict(os.environ)

def descriptors():
    found = []
    for fd in range(200):
        try:
            os.fstat(fd)
            found.append(fd)
        except OSError:
            pass
    return found

def modules():
    return [name for name in sys.modules if name.startswith("bpkit.")]

def folder():
    return os.getcwd(), os.listdir(".")

def leave(name):
    open(name, "w").close()
"""


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox(seconds=0.3) as sandbox:
        yield sandbox


@pytest.fixture(params=[tier for tier in tiers.TIERS if tier != "none"])
def each_tier(request):
    try:
        sandbox = Sandbox(seconds=0.3, tier=request.param)
    except Refused as refused:
        pytest.skip(str(refused))
    with sandbox:
        yield sandbox


def test_a_student_finds_little(each_tier, monkeypatch):
    monkeypatch.setenv("BPKIT_TEACHER_KEY", "the secret")
    with each_tier.student([("looks", LOOKS)]) as student:
        look = student.function
        assert "the secret" not in str(look("environment")())
        assert look("descriptors")() == [0, 1, 2, 3]
        ours = set(look("modules")())
        assert not [name for name in ours if name.startswith("bpkit.tasks.")]
        assert not {"bpkit.grading.judge", "bpkit.grading.student"} & ours
        home, files = look("folder")()
        assert home.startswith(each_tier.base) and files == []
        look("leave")("a file")
        assert look("folder")()[1] == ["a file"]
    with each_tier.student([("looks", LOOKS)]) as student:
        assert student.function("folder")()[1] == []


def test_the_doctor_tries_each_tier(each_tier):
    tried = doctor.attempts(each_tier)
    assert len(tried) == len(doctor.ATTEMPTS) and all(error for _, error in tried)


def test_the_doctor_says_what_is_there(monkeypatch):
    lines, safe = doctor.examine("landlock")
    page = "\n".join(lines)
    assert safe and "missing" in page and "Strongest tier: Landlock; seccomp; rlimits" in page
    monkeypatch.setitem(doctor.ATTEMPTS, "add", "1 + 1")
    lines, safe = doctor.examine()
    assert not safe and any("ALLOWED" in line and "add" in line for line in lines)
    monkeypatch.setattr(tiers, "possible", lambda: ["landlock"])
    lines, safe = doctor.examine()
    assert not safe and "Other people's code is not run" in "\n".join(lines)


def test_without_walls_code_is_refused_unless_it_is_trusted(monkeypatch):
    monkeypatch.setattr(tiers, "possible", lambda: ["namespaces"])
    with pytest.raises(Refused, match="--trust"):
        Sandbox()
    with Sandbox(trust=True) as sandbox, sandbox.student([("a", "def f(): return 1")]) as student:
        assert sandbox.tier == "rlimits" and student.function("f")() == 1


def test_a_wall_that_can_not_be_built_is_left_out(monkeypatch):
    monkeypatch.setattr(tiers, "readable", lambda: ["/lib", "/no/such/folder"])
    with Sandbox() as sandbox:
        assert sandbox.kind == "landlock" and "No such file" in sandbox.missing["namespaces"]


def test_time_is_that_of_the_processor(sandbox):
    code = "import time\ndef spin():\n    while True: pass\ndef nap(s):\n    time.sleep(s)"
    with sandbox.student([("a", code)]) as student:
        start = time.monotonic()
        with pytest.raises(Stopped):
            student.function("spin")()
        assert time.monotonic() - start > 0.28
        student.function("nap")(0.6)  # longer than the limit, but idle
        with pytest.raises(Stopped):
            student.function("nap")(60)
        assert time.monotonic() - start < 20


def test_calls_add_up_only_one_by_one(sandbox):
    code = "import time\ndef work():\n    t = time.process_time()\n"
    code += "    while time.process_time() - t < 0.12: pass"
    with sandbox.student([("a", code)]) as student:
        for _ in range(5):
            student.function("work")()


def test_a_function_that_kills_is_not_called_for_ever(sandbox):
    with sandbox.student([("a", "import os\ndef f(): os._exit(9)")]) as student:
        start = time.monotonic()
        for _ in range(200):
            with pytest.raises(Crashed, match="exit status 9"):
                student.function("f")()
        assert time.monotonic() - start < 5


def test_cells_that_kill_are_left_out_and_the_rest_runs(sandbox):
    cells = [("one", "a = 1"), ("two", "import os; os._exit(1)"), ("three", "def f(): return a")]
    with sandbox.student(cells) as student:
        assert len(student.troubles) == 1 and student.troubles[0].startswith("two: ")
        assert student.function("f")() == 1
    with sandbox.student([*cells[1:2] * 9, *cells[2:]]) as student:
        assert len(student.troubles) == 3 and student.function("f") is None


def test_many_cells_and_long_ones(sandbox):
    cells = [(f"cell {n}", f"x{n} = {n}") for n in range(3000)]
    cells += [("long", f"text = {'x' * 600_000!r}"), ("f", "def f(): return x0 + x2999")]
    with sandbox.student(cells) as student:
        assert student.troubles == ["long: it is too long to be run."]
        assert student.function("f")() == 2999


def test_output_is_kept_up_to_a_megabyte(sandbox):
    with sandbox.student([("a", "print('start')\nprint('x' * 10**7)")]) as student:
        assert student.printed.startswith("start\nxxx") and len(student.printed) == 2**20


SEEN = "seen = []\ndef f(x):\n    x += 1\n    seen.append(float(x[0]))\n    return seen"


def test_students_run_where_the_grader_may():
    code = "import os\ndef f(): return sorted(os.sched_getaffinity(0))"
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(before)})
    try:
        with Sandbox() as sandbox, sandbox.student([("a", code)]) as student:
            assert student.function("f")() == [max(before)]
    finally:
        os.sched_setaffinity(0, before)


def test_what_was_asked_ahead_is_the_same(sandbox):
    calls = [asked("f", (np.full(2, float(n)),), {})[1] for n in (0, 1, 2, 0)]
    with sandbox.student([("a", SEEN)], {}, calls) as student:
        f = student.function("f")
        given = np.full(2, 0.0)
        assert f(given) == [1.0] and given.tolist() == [1.0, 1.0]
        assert f(np.full(2, 1.0)) == [1.0, 2.0]
        assert f(np.full(2, 9.0)) == [1.0, 2.0, 3.0, 1.0, 10.0]  # called after all of them
        assert f(np.full(2, 2.0)) == [1.0, 2.0, 3.0]
        assert f(np.full(2, 0.0)) == [1.0, 2.0, 3.0, 1.0]
        assert f(np.full(2, 0.0)) == [1.0, 2.0, 3.0, 1.0, 10.0, 1.0]


TROUBLES = {
    "ends itself": ("os._exit(1)", Crashed),
    "never ends": ("while True: pass", Stopped),
    "sends noise": ("os.write(3, b'x' * 99)", Crashed),
    "returns much": ("return np.zeros(2**22)", None),
}


@pytest.mark.parametrize("code, error", TROUBLES.values(), ids=TROUBLES)
def test_what_goes_wrong_ahead_is_done_again_one_by_one(sandbox, code, error):
    cells = [("a", f"import os\nimport numpy as np\n{SEEN}"), ("b", f"def g(x):\n    {code}")]
    calls = [asked(name, (np.full(2, 0.0),), {})[1] for name in "fgf"]
    with sandbox.student(cells, {}, calls) as student:
        assert student.function("f")(np.full(2, 0.0)) == [1.0] and not student.troubles
        if error is None:
            assert student.function("g")(np.full(2, 0.0)).size == 2**22
        else:
            with pytest.raises(error):
                student.function("g")(np.full(2, 0.0))
        assert student.function("f")(np.full(2, 5.0))[-1] == 6.0


def test_printing_ahead_is_told_with_its_call(sandbox, capsys):
    cells = [("a", "print('cell')\ndef f(x):\n    print('called', x)")]
    calls = [asked("f", (n,), {})[1] for n in range(2)]
    with sandbox.student(cells, {}, calls) as student:
        assert student.printed == "cell\n" and not capsys.readouterr().out
        student.function("f")(1)
        assert capsys.readouterr().out == "called 1\n"


def test_formulas_are_called_back(sandbox):
    code = "def f(g, x):\n    try:\n        return g(x), g(x * 1j), repr(g)\n"
    code += "    except ZeroDivisionError as error:\n        return str(error)"
    with sandbox.student([("a", code)]) as student:
        f = student.function("f")
        x = np.array([2.0, 3.0])
        value, complex_value, _ = f(np.square, x)
        assert value.tolist() == [4.0, 9.0] and complex_value.dtype == complex
        assert f(lambda x: 1 / 0, 1.0) == "division by zero"


def test_a_lost_process_is_replaced(sandbox):
    with sandbox.student([("a", "x = 1")]):
        pass
    sandbox.ended()
    os.kill(sandbox.process.pid, signal.SIGKILL)
    time.sleep(0.1)
    with sandbox.student([("a", "def f(): return 2")]) as student:
        assert student.function("f")() == 2


GRADER = """
import sys
from bpkit.grading.sandbox import Sandbox

with Sandbox() as sandbox, sandbox.student([("a", "def f():\\n    while True: pass")]) as student:
    print(sandbox.process.pid, sandbox.base, flush=True)
    student.function("f")()
"""


def test_what_is_told_of_the_dead_is_read(sandbox):
    for n in range(20):
        with sandbox.student([("cell 1", f"def f(): return {n}")]) as student:
            assert student.function("f")() == n  # so those before have been killed
            unread = b""
            with contextlib.suppress(BlockingIOError):
                unread = sandbox.line.recv(2**16, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    assert unread.count(b"status") <= 1


def test_nothing_outlives_a_grader_that_is_killed(each_tier):
    grader = subprocess.Popen(
        [sys.executable, "-c", GRADER.replace("Sandbox()", f"Sandbox(tier={each_tier.kind!r})")],
        stdout=subprocess.PIPE,
        text=True,
    )
    with grader:
        leader, base = grader.stdout.readline().split()
        assert family(int(leader))
        grader.kill()
    waited = 0.0
    while family(int(leader)) and waited < 5:
        time.sleep(0.05)
        waited += 0.05
    assert not family(int(leader))
    os.rmdir(f"{base}/student")
    os.rmdir(base)


def test_it_works_in_threads_and_side_by_side():
    def work(results, place):
        with Sandbox() as own, own.student([("a", f"def f(): return {place}")]) as student:
            results[place] = student.function("f")()

    results = {}
    threads = [threading.Thread(target=work, args=(results, n)) for n in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == {0: 0, 1: 1}


def test_magics_run_in_ipython_within_the_walls():
    cells = [
        ("magics", "%precision 3\n%matplotlib inline"),
        ("shell", "!touch /tmp/bpkit-was-here\nlisting = !ls /etc"),
        ("timed", "%%time\ndef f(x):\n    return x + offset"),
        ("own", "get_ipython().user_ns['offset'] = 2"),
        ("wrong", "1 / 0"),
    ]
    with Sandbox(slow=True) as slow, slow.student(cells) as student:
        assert student.function("f")(1) == 3
        assert "IPython" in student.notes[0]
        assert [t.split(":")[0] for t in student.troubles if "ZeroDivision" in t] == ["wrong"]
        assert not Path("/tmp/bpkit-was-here").exists()


def test_every_call_in_the_table_has_a_number():
    tables = (calls.FREE, calls.OWN, ",".join(calls.ASKED), ",".join(calls.REFUSED), calls.CLONE)
    entries = [calls.numbered(entry)[0] for entry in ",".join(tables).split(",")]
    assert len(entries) == len(set(entries))
    forbidden = {"socket", "connect", "fork", "vfork", "execve", "execveat", "ptrace", "tkill"}
    assert not forbidden & set(entries)
