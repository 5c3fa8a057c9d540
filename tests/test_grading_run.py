"""Runs over a folder: only what changed is graded; whatever ends one, what was finished stays."""

import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bpkit.grading import catalog, grader, outputs, results, run, secret, submissions, warm
from bpkit.grading.grader import Job
from bpkit.grading.points import WEIGHTS
from bpkit.grading.run import Options
from bpkit.tasks import diagnose
from tests.handed_in import FULL, TASKS, cell_of, good, text_of, whole

ROOT = Path(__file__).parents[1]
WRONG = TASKS["affine_forward"].solution.replace("+ b", "- b")


def job(**changes):
    settings = {"key": "the key", "weights": WEIGHTS, "tasks": tuple(TASKS)}
    return Job(**settings | changes)


@pytest.fixture
def room(tmp_path):
    """A folder with three students' notebooks, one of them with a mistake."""
    (tmp_path / "in").mkdir()
    for student in ("ada", "bo"):
        (tmp_path / "in" / f"{student}.ipynb").write_bytes(text_of(good()))
    (tmp_path / "in" / "cy.ipynb").write_bytes(text_of(whole(affine_forward=WRONG)))
    return tmp_path


def graded(room, job=None, options=None, advance=lambda record: None):
    """(the summary of a run, the records by student)."""
    with results.Journal(room / "out") as journal:
        found = submissions.found(room / "in")
        summary = run.run(found, journal, job or globals()["job"](), options or Options(), advance)
        outputs.write_all(room / "out", journal.records)
    return summary, {r["student"]: r for r in results.load(room / "out").values()}


def points(record):
    return sum(task["points"] for task in record["tasks"])


def counts(summary):
    return summary.counts["graded"], summary.counts["kept"]


def test_only_what_changed_is_graded_again(room):
    summary, records = graded(room)
    assert counts(summary) == (3, 0)
    assert [points(r) for r in records.values()] == [FULL, FULL, FULL - 1]
    page = room / "out" / "students" / "ada.html"
    before = page.stat().st_mtime_ns
    assert counts(graded(room)[0]) == (0, 3)
    (room / "in" / "cy.ipynb").write_bytes(text_of(good()))
    summary, records = graded(room)
    assert counts(summary) == (1, 2) and points(records["cy"]) == FULL
    assert page.stat().st_mtime_ns == before
    lines = (room / "out" / results.FILE).read_text().splitlines()
    assert len(lines) == 3


@pytest.mark.parametrize(
    "change",
    [{"key": "another"}, {"weights": WEIGHTS | {"value": 7.0}}, {"seconds": 1.0}, {"form": True}],
)
def test_under_other_conditions_all_is_graded_again(room, change):
    graded(room)
    assert counts(graded(room, job(**change))[0]) == (3, 0)


def test_another_specification_is_graded_again(room, monkeypatch):
    graded(room)
    monkeypatch.setattr(run, "specification", lambda keys: [f"{key}, changed" for key in keys])
    monkeypatch.setattr(catalog, "specification", run.specification)
    assert counts(graded(room)[0]) == (3, 0)


def test_a_student_or_a_task_is_graded_again_when_asked(room):
    graded(room)
    assert counts(graded(room, options=Options(again=("bo",)))[0]) == (1, 2)
    assert counts(graded(room, options=Options(again=("affine_forward",)))[0]) == (3, 0)


def test_several_processes_say_the_same(room):
    for n in range(12):
        (room / "in" / f"more{n}.ipynb").write_bytes(text_of(whole(affine_forward=WRONG)))
    changing = ("seconds", "graded", "handed_in")

    def told(records):
        for record in records.values():
            for part in [record, *record["tasks"]]:
                for name in changing:
                    part.pop(name, None)
        return records

    one = told(graded(room)[1])
    (room / "out" / results.FILE).unlink()
    two = told(graded(room, options=Options(processes=3))[1])
    assert one == two and len(two) == 15


def test_inputs_come_from_the_key_and_the_key_is_not_told(room):
    shown = []
    for key in ("one", "two"):
        records = graded(room, job(key=key))[1]
        task = next(t for t in records["cy"]["tasks"] if t["task"] == "affine_forward")
        assert task["mistake"] or task["detectors"]
        shown.append(task["message"])
        written = (room / "out" / results.FILE).read_text()
        assert not any(str(secret.seed(key, t)) in written for t in TASKS)
        assert records["cy"]["seed"] == secret.mark(key)
    assert shown[0] != shown[1]


def test_remembered_outputs_do_not_help(room):
    """An answer that is right on the inputs of `check`, and on no others."""
    seen = []

    def right(X, W, b):
        seen.append(float(X.sum()))
        return X @ W + b

    assert diagnose("affine_forward", right).passed
    body = f"return X @ W + (b if float(X.sum()) in {seen} else 0)"
    text = TASKS["affine_forward"].stub.replace("...", body)
    space = {}
    exec(text, space)
    assert diagnose("affine_forward", space["affine_forward"]).passed
    (room / "in" / "cy.ipynb").write_bytes(text_of(whole(affine_forward=text)))
    assert points(graded(room)[1]["cy"]) == FULL - 1


def test_late_work_is_marked(room):
    os.utime(room / "in" / "bo.ipynb", (0, 86400 + 3700))
    os.utime(room / "in" / "ada.ipynb", (0, 86000))
    _, records = graded(room, options=Options(deadline=datetime(1970, 1, 2, tzinfo=UTC)))
    assert records["ada"]["late"] == "" and records["bo"]["late"] == "1 hour 1 minute"
    assert graded(room)[1]["bo"]["late"] == "1 hour 1 minute"
    later = Options(deadline=datetime(1970, 1, 3, tzinfo=UTC))
    summary, records = graded(room, options=later)
    assert records["bo"]["late"] == "" and counts(summary) == (0, 3)


def test_a_students_files_are_written_once_all_that_they_handed_in_is_graded(room):
    graded(room)
    records, wrote = list(results.load(room / "out").values()), []
    found = submissions.found(room / "in")
    early = outputs.Early(room / "more", [*found, found[0]])
    for record in (records[1], records[0], records[0] | {"notebook": "another"}):
        (room / "more").mkdir(exist_ok=True)
        early.add(record)
        wrote.append(sorted(path.stem for path in (room / "more" / "students").iterdir()))
    assert wrote == [["bo"], ["bo"], ["ada", "bo"]]
    (room / "more" / "students" / "bo.html").write_text("as it was")
    outputs.write_all(room / "more", {results.key_of(r): r for r in records[1:]}, early.made)
    written = {path.stem: path.read_text() for path in (room / "more" / "students").iterdir()}
    assert written.keys() == {"ada", "bo", "cy"} and written["bo"] == "as it was"


READ = """
from bpkit.grading import catalog
from bpkit.tasks.sheets import SHEETS
from bpkit.tasks.spec import TASKS, find, load
assert catalog.named("ada_07_affine.ipynb") and {t.chapter for t in TASKS.values()} == {7}
assert find("affine_forward").chapter == 7 and len({t.chapter for t in TASKS.values()}) == 1
alone = [sheet.tasks for sheet in SHEETS]
whole = load().values()
assert alone == [[task for task in whole if task.chapter in sheet.chapters] for sheet in SHEETS]
"""


def test_a_chapter_is_read_alone_and_says_the_same():
    subprocess.run([sys.executable, "-c", READ], check=True, cwd=ROOT)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the system alone decides")
def test_each_grader_keeps_to_a_processor_of_its_own(room):
    every, pool = os.sched_getaffinity(0), [warm.Warm(job()) for _ in range(2)]
    try:
        for one in pool:
            one.ask(run.Item(submissions.single(room / "in" / "ada.ipynb"), b"", [], ""))
        kept = [os.sched_getaffinity(one.pid) for one in pool]
    finally:
        for one in pool:
            one.close()
    assert kept[0].isdisjoint(kept[1]) or every in kept  # where others have been first
    assert os.sched_getaffinity(0) == every


# what goes wrong


def test_a_grader_that_is_killed_loses_nothing(room, monkeypatch):
    pool, begin = [], warm.Warm.start
    monkeypatch.setattr(warm.Warm, "start", lambda self: (begin(self), pool.append(self))[0])
    for n in range(6):
        (room / "in" / f"more{n}.ipynb").write_bytes(text_of(good()))
    summary, records = graded(room, advance=lambda record: kill_once(pool))
    assert counts(summary) == (9, 0) and len(pool) == 2
    assert sum(points(r) for r in records.values()) == 9 * FULL - 1


def kill_once(pool):
    if len(pool) == 1:
        os.kill(pool[0].pid, signal.SIGKILL)


@pytest.mark.parametrize("end", [lambda: os._exit(3), lambda: time.sleep(60)])
def test_a_notebook_that_ends_its_grader_is_told_and_tried_again(room, monkeypatch, end):
    grade = grader.Grader.grade

    def ended(self, name, *rest):
        return end() if "cy" in name else grade(self, name, *rest)

    with monkeypatch.context() as patch:
        patch.setattr(grader.Grader, "grade", ended)
        patch.setattr(warm.Warm, "patience", 1.5)
        summary, records = graded(room)
    assert [points(r) for r in records.values()] == [FULL, FULL, 0]
    assert records["cy"]["status"] == "failed" and summary.counts["problems"] == 1
    assert counts(graded(room)[0]) == (1, 2)


def many(room, count):
    """A folder that takes some seconds, and the command that grades it."""
    text = text_of(good())
    for n in range(count):
        (room / "in" / f"more{n:03}.ipynb").write_bytes(text)
    words = ["grade", room / "in", "--out", room / "out", "--tasks", *TASKS]
    return [sys.executable, "-m", "bpkit.cli", *words]


def begun(command, room, lines=4, **more):
    """The command's process, once it has written some lines."""
    settings = os.environ | {secret.VARIABLE: "the key", "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(command, env=settings, stdout=subprocess.PIPE, text=True, **more)
    path, start = room / "out" / results.FILE, time.monotonic()
    while not path.exists() or path.read_bytes().count(b"\n") < lines:
        assert time.monotonic() - start < 60 and process.poll() is None
        time.sleep(0.005)
    return process


def test_after_a_kill_the_next_run_goes_on(room):
    process = begun(many(room, 200), room)
    process.kill()
    process.communicate()
    finished = len(results.load(room / "out"))
    assert 4 <= finished < 203
    summary, records = graded(room)
    assert counts(summary) == (203 - finished, finished) and len(records) == 203
    assert sum(points(r) for r in records.values()) == 203 * FULL - 1


def test_an_interrupted_run_says_so_and_the_next_goes_on(room):
    process = begun(many(room, 200), room, start_new_session=True, stderr=subprocess.PIPE)
    os.killpg(process.pid, signal.SIGINT)
    said, troubles = process.communicate(timeout=30)
    assert process.returncode == 1 and "It was interrupted." in said and not troubles
    finished = len(results.load(room / "out"))
    assert f"{finished} graded" in said
    assert len(list((room / "out" / "students").iterdir())) == finished
    assert counts(graded(room)[0]) == (203 - finished, finished)
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)


def test_an_interrupt_waits_until_what_is_finished_is_entered(room):
    entered = []

    def interrupted(record):
        os.kill(os.getpid(), signal.SIGINT)
        entered.append(record)

    summary, records = graded(room, advance=interrupted)
    assert summary.stopped == "It was interrupted." and counts(summary) == (1, 0)
    assert list(records.values()) == entered
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


LIMITED = """
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, resource.RLIM_INFINITY))
from bpkit.cli import main
sys.exit(main(sys.argv[1:]))
"""


def test_a_full_disk_ends_a_run_and_the_next_goes_on(room):
    words = many(room, 20)[3:]
    settings = os.environ | {secret.VARIABLE: "the key", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", LIMITED, *words]
    done = subprocess.run(command, env=settings, capture_output=True, text=True)
    assert done.returncode == 1, done.stderr
    assert "File too large" in done.stdout + done.stderr
    finished = len(results.load(room / "out"))
    assert 0 < finished < 23
    assert counts(graded(room)[0]) == (23 - finished, finished)


def test_a_notebook_without_any_task_is_told(room):
    book = good()
    book["cells"] = book["cells"][:1]
    (room / "in" / "cy.ipynb").write_bytes(text_of(book))
    book = good()
    book["cells"].remove(cell_of(book, "affine_forward"))
    (room / "in" / "bo_07_affine.ipynb").write_bytes(b"")
    summary, _ = graded(room)
    assert ("cy", "No task that counts was found in it.") in summary.problems
    assert ("bo 07_affine", "The file is empty.") in summary.problems
    empty = [r for r in results.load(room / "out").values() if r["notebook"] == "07_affine"]
    assert [task["of"] for task in empty[0]["tasks"]] == [t.points for t in TASKS.values()]
