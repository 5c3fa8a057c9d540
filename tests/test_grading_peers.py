"""Grading beside others: nbgrader's gradebook, made by nbgrader or by us, and a Dask cluster.

They come with the extras `course` and `cluster`.
"""

import copy
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bpkit.cli import main
from bpkit.grading import results
from bpkit.tasks.notebooks import FORMS
from tests import handed_in
from tests.handed_in import FULL, TASKS, good, text_of, whole
from tests.test_grading_run import WRONG

ROOT = Path(__file__).parents[1]
SHEET = handed_in.SHEET.name
KEY = "the key"

SCORES = """
import json
from nbgrader.api import Gradebook
with Gradebook("sqlite:///gradebook.db") as book:
    print(json.dumps({
        s.student.id: {
            "score": s.score, "max": s.max_score,
            "grades": {g.name: g.score for n in s.notebooks for g in n.grades},
            "comments": [c.comment or "" for n in s.notebooks for c in n.comments],
        }
        for s in book.assignment_submissions("07_affine")
    }))
"""


@pytest.fixture
def room(tmp_path, monkeypatch):
    """A folder of hand-ins, and what the commands find in their environment."""
    monkeypatch.chdir(tmp_path)
    for name in ("HOME", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "IPYTHONDIR"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    monkeypatch.setenv("BPKIT_TEACHER_KEY", KEY)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    beside = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    monkeypatch.setenv("PATH", beside)
    for student, book in {"ada": good(), "bo": whole(affine_forward=WRONG)}.items():
        folder = tmp_path / "submitted" / student / SHEET
        folder.mkdir(parents=True)
        (folder / f"{SHEET}.ipynb").write_bytes(text_of(book))
    return tmp_path


def command(*words):
    done = subprocess.run(list(map(str, words)), capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def scores():
    return json.loads(command(sys.executable, "-c", SCORES))


def grade(*words):
    return main(["grade", "submitted", "--out", "out", "--tasks", *TASKS, *map(str, words)])


def test_points_go_into_a_gradebook_of_our_own_making(room):
    pytest.importorskip("nbgrader")
    gradebook = ("--gradebook", "sqlite:///gradebook.db")
    assert grade(*gradebook, "--override", "bo", "affine_forward", "0.5", "Nearly.") == 0
    found = scores()
    assert [found[s]["score"] for s in ("ada", "bo")] == [FULL, FULL - 0.5]
    assert found["bo"]["max"] == FULL
    assert any("not right yet" in comment for comment in found["bo"]["comments"])
    assert grade(*gradebook, "--override", "bo", "affine_forward", "auto", "No.") == 0
    assert scores()["bo"]["score"] == FULL - 1


def test_points_are_those_that_nbgrader_gives_in_its_own_gradebook(room):
    pytest.importorskip("nbgrader")
    files = FORMS["nbgrader"].files()
    (room / "nbgrader_config.py").write_text(files["nbgrader_config.py"])
    source = room / "source" / SHEET
    source.mkdir(parents=True)
    (source / f"{SHEET}.ipynb").write_text(files[f"source/{SHEET}/{SHEET}.ipynb"])
    shutil.rmtree(room / "submitted" / "ada")
    command("nbgrader", "generate_assignment", SHEET)
    command("nbgrader", "autograde", SHEET)
    theirs = scores()
    words = ["submitted", "--out", "out", "--gradebook", "sqlite:///gradebook.db"]
    assert main(["grade", *words]) == 0
    ours = scores()
    most = sum(task.points for task in handed_in.SHEET.tasks)
    assert theirs["bo"]["score"] == most - 1
    assert {s: f["grades"] for s, f in ours.items()} == {s: f["grades"] for s, f in theirs.items()}


def test_a_gradebook_that_is_none_is_refused(room, capsys):
    pytest.importorskip("nbgrader")
    assert grade("--gradebook", "sqlite:////nowhere/at/all.db") == 1
    assert "the gradebook sqlite:////nowhere/at/all.db" in capsys.readouterr().err
    assert len(results.load(room / "out")) == 2


@pytest.fixture
def cluster(room):
    """A scheduler and two workers, started by hand as the README says."""
    pytest.importorskip("distributed")
    processes = []

    def start(*words):
        with open(room / f"log{len(processes)}", "w") as log:
            processes.append(subprocess.Popen(["dask", *words], stdout=log, stderr=log))
        return processes[-1]

    start("scheduler", "--port", "0", "--no-dashboard", "--scheduler-file", "where.json")
    options = ("--nthreads", "1", "--no-dashboard", "--no-nanny")
    workers = [start("worker", "--scheduler-file", "where.json", *options) for _ in range(2)]
    started = time.monotonic()
    while not (room / "where.json").exists():
        assert time.monotonic() - started < 30
        time.sleep(0.05)
    yield json.loads((room / "where.json").read_text())["address"], workers
    for process in processes:
        process.kill()  # told to end, a worker of Dask's may wait for ever
        process.wait()


def test_a_cluster_says_the_same_and_a_worker_that_is_killed_loses_nothing(room, cluster, capsys):
    address, workers = cluster
    for n in range(120):
        folder = room / "submitted" / f"more{n:03}"
        folder.mkdir()
        (folder / f"{SHEET}.ipynb").write_bytes(text_of(good()))
    (room / "submitted" / "broken.ipynb").write_bytes(b"{")
    seen = []

    def killed(self, record):
        seen.append(record)
        if len(seen) == 10:
            os.kill(workers[0].pid, signal.SIGKILL)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("bpkit.grading.terminal.Progress.advance", killed)
        assert grade("--cluster", address) == 1
    said = capsys.readouterr().out
    assert "123 notebooks: 122 graded, 0 kept from before, 1 could not be graded." in said
    assert workers[0].poll() == -signal.SIGKILL and workers[1].poll() is None
    records = copy.deepcopy(results.load(room / "out"))
    points = {s: sum(t["points"] for t in r["tasks"]) for (s, _), r in records.items()}
    assert points.pop("bo") == FULL - 1 and points.pop("broken") == 0
    assert set(points.values()) == {FULL} and records["ada", SHEET]["tier"]


def test_a_cluster_that_is_not_there_is_said(room, capsys, monkeypatch):
    pytest.importorskip("distributed")
    monkeypatch.setattr("bpkit.grading.cluster.PATIENCE", "1s")
    assert grade("--cluster", "tcp://127.0.0.1:1") == 1
    assert "127.0.0.1:1" in capsys.readouterr().err
