"""`bpkit grade` and `bpkit report` as a teacher meets them: words, files and exit status."""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest

import bpkit
import bpkit_command
from bpkit.cli import main
from bpkit.grading import results, sandbox
from tests.handed_in import FULL, TASKS, good, text_of, whole
from tests.test_grading_run import WRONG

AFFINE = TASKS["affine_forward"]
NOBODY = 65534
PACKAGES = os.pathsep.join(str(Path(m.__file__).parents[1]) for m in (np, bpkit))


@pytest.fixture(autouse=True)
def key(monkeypatch):
    monkeypatch.setenv("BPKIT_TEACHER_KEY", "the key")


@pytest.fixture
def room(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "ada.ipynb").write_bytes(text_of(good()))
    (tmp_path / "in" / "bo.ipynb").write_bytes(text_of(whole(affine_forward=WRONG)))
    return tmp_path


def grade(*words):
    return main(["grade", *map(str, words), "--tasks", *TASKS])


def test_a_folder_of_wrong_answers_is_graded(room, capsys):
    (room / "in" / "ada.ipynb").unlink()
    assert grade("in", "--out", "out") == 0
    said = capsys.readouterr().out
    assert "1 notebook: 1 graded, 0 kept from before." in said
    assert "Sandbox: " in said and "Results: out" in said


def test_what_could_not_be_graded_is_named(room, capsys):
    (room / "in" / "cy.ipynb").write_bytes(b"{")
    for kept in (0, 3):
        assert grade("in", "--out", "out") == 1
        said = capsys.readouterr().out
        assert f"{kept} kept from before, 1 could not be graded." in said
        assert "  cy: It is not valid JSON" in said


def test_one_notebook_is_told_in_the_terminal(room, capsys):
    assert grade("in/bo.ipynb") == 0
    said = capsys.readouterr().out
    assert "affine_forward: not right yet" in said and "affine_backward: right" in said
    assert f"In all {FULL - 1} of {FULL} points." in said
    assert not (room / "out").exists()
    (room / "in" / "bo.ipynb").write_bytes(b"")
    assert grade("in/bo.ipynb") == 1
    assert "The file is empty." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "name a notebook or a folder"),
        (["in"], "name a folder for the results"),
        (["nowhere"], "there is no nowhere"),
        (["in", "--out", "out", "--processes", "0"], "at least 1 process"),
        (["in", "--out", "out", "--weights", "size=1"], "weights: 'size'"),
        (["in", "--out", "out", "--deadline", "soon"], "--deadline soon"),
        (["in", "--out", "out", "--pseudonyms", "out/names.csv"], "would lie in the results"),
        (["in", "--out", "out", "--tasks", "affine"], "there is no task called 'affine'"),
        (["in", "--out", "out", "--key", "in"], "Is a directory"),
        (["--out", "out", "--override", "eve", "softmax", "1", "why"], "no result of a student"),
    ],
)
def test_wrong_usage_is_said(room, capsys, words, said):
    assert main(["grade", *words]) == 2
    assert said in capsys.readouterr().err
    assert not results.load(room / "out")


def test_an_empty_folder_is_said(room, capsys):
    (room / "empty").mkdir()
    assert grade("empty", "--out", "out") == 1
    assert "empty holds no submissions" in capsys.readouterr().err


def test_without_a_sandbox_nothing_is_run(room, capsys, monkeypatch):
    def refuse(*args, **named):
        raise sandbox.Refused("Other people's code is not run on this system.")

    monkeypatch.setattr("bpkit.grading.grader.Sandbox", refuse)
    for words in (["in", "--out", "out"], ["in/ada.ipynb"]):
        assert grade(*words) == 1
        assert "Other people's code is not run" in capsys.readouterr().err
    assert not results.load(room / "out")


def test_another_run_in_the_same_folder_is_refused(room, capsys):
    with results.Journal(room / "out"):
        assert grade("in", "--out", "out") == 1
    assert "another run is writing" in capsys.readouterr().err


def test_points_are_given_by_hand(room, capsys):
    grade("in", "--out", "out")
    assert main(["grade", "--out", "out", "--override", "bo", AFFINE.key, "1", "A slip."]) == 0
    page = (room / "out" / "students" / "bo.html").read_text()
    assert f"{FULL} of {FULL} points" in page and "A slip." in page
    assert grade("in", "--out", "out", "--regrade", "bo") == 0
    assert "A slip." in (room / "out" / "results.csv").read_text()
    assert "A slip." in (room / "out" / "gradescope" / "bo.json").read_text()


def test_pseudonyms_stand_everywhere(room, capsys):
    (room / "in" / "ada.ipynb").rename(room / "in" / "lovelace_07_affine.ipynb")
    (room / "in" / "lovelace.ipynb").write_bytes(b"{")
    assert grade("in", "--out", "out", "--pseudonyms", "names.csv") == 1
    assert main(["report", "out"]) == 0
    said = capsys.readouterr()
    written = [path for path in (room / "out").rglob("*") if path.is_file()]
    texts = [said.out, said.err, *map(str, written), *(path.read_text() for path in written)]
    assert len(written) == 9 and not any("lovelace" in text for text in texts)
    assert "lovelace" in (room / "names.csv").read_text()


def test_gradescope_gets_its_form(room):
    grade("in", "--out", "out")
    found = json.loads((room / "out" / "gradescope" / "bo.json").read_text())
    assert found["score"] == FULL - 1
    assert [test["max_score"] for test in found["tests"]] == [t.points for t in TASKS.values()]
    wrong = next(test for test in found["tests"] if test["number"] == AFFINE.key)
    assert wrong["score"] == 0 and wrong["status"] == "failed" and "<pre" in wrong["output"]
    states = {"visible", "hidden", "after_due_date", "after_published"}
    assert {test["visibility"] for test in found["tests"]} <= states


def test_the_report_needs_results(room, capsys):
    assert main(["report", "out"]) == 2
    assert "there are no results in out" in capsys.readouterr().err
    grade("in", "--out", "out")
    assert main(["report", "out", "--out", "class.html"]) == 0
    assert "What the class found hard" in (room / "class.html").read_text()


def test_a_bar_shows_what_is_left(room, capsys, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    (room / "in" / "cy.ipynb").write_bytes(b"{")
    grade("in", "--out", "out")
    said = capsys.readouterr().err
    assert "3/3" in said and "0 left, 1 failed" in said


EARLY = """
import sys

import bpkit_command

start = bpkit_command.alone(bpkit_command.ORIGIN)
print(start.origin().process.poll(), {"numpy", "bpkit"} & set(sys.modules))
from bpkit.grading.start import origin
from bpkit.grading import start as known
print(known is start, origin is start.origin)
"""
COMMAND = "import sys, bpkit_command; sys.exit(bpkit_command.main())"


def test_the_command_starts_the_origin_before_it_loads_numpy():
    done = subprocess.run([sys.executable, "-c", EARLY], capture_output=True, text=True)
    assert done.stdout.splitlines() == ["None set()", "True True"], done.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="threads are counted on Linux only")
def test_the_command_starts_no_threads_for_matrices():
    count = "import os; print(os.listdir('/proc/self/task'))"
    code = f"{COMMAND.replace('sys.exit', 'print')}; {count}"
    quiet = {name: value for name, value in os.environ.items() if "THREADS" not in name}
    words = [sys.executable, "-c", code, "grade", "nothing"]
    done = subprocess.run(words, capture_output=True, text=True, env=quiet)
    assert done.stdout.count("'") == 2, done.stdout + done.stderr


def test_the_command_is_that_of_the_package(room):
    words = ["grade", "in", "--out", "out", "--tasks", *TASKS]
    for status, said, line in (
        (0, "2 graded", words),
        (0, "usage: bpkit grade", ["grade", "--help"]),
        (2, "there is no nothing", ["grade", "nothing"]),
        (0, "bpkit ", ["--version"]),
    ):
        done = subprocess.run(
            [sys.executable, "-c", COMMAND, *line], capture_output=True, text=True, timeout=60
        )
        assert done.returncode == status and said in done.stdout + done.stderr
    assert bpkit_command.grades_here(words)
    assert not bpkit_command.grades_here([*words, "--cluster=tcp://host:8786"])


class Nobody:
    """A user who is not root, in a folder of theirs, with a Python that they may run."""

    def __init__(self, folder):
        self.folder = folder
        os.chown(folder, NOBODY, NOBODY)
        usual = shutil.which(f"python3.{sys.version_info.minor}", path="/usr/bin:/usr/local/bin")
        for self.python in filter(None, (sys.executable, usual)):
            with contextlib.suppress(OSError):
                if self.runs("-c", "import numpy, bpkit").returncode == 0:
                    return
        pytest.skip("no Python here can be run by others than root")

    def runs(self, *words):
        settings = {
            "PYTHONPATH": PACKAGES,
            "HOME": str(self.folder),
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        return subprocess.run(
            [self.python, *map(str, words)],
            cwd=self.folder,
            env=settings | {"BPKIT_TEACHER_KEY": "the key"},
            user=NOBODY,
            group=NOBODY,
            extra_groups=[],
            capture_output=True,
            text=True,
        )


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="not run by root")
def test_a_user_who_is_not_root_grades_in_a_sandbox_too(room):
    with tempfile.TemporaryDirectory() as folder:
        nobody = Nobody(folder)
        shutil.copytree("in", f"{folder}/in")
        doctor = nobody.runs("-m", "bpkit.cli", "doctor")
        assert doctor.returncode == 0 and "ALLOWED" not in doctor.stdout, doctor.stdout
        done = nobody.runs("-m", "bpkit.cli", "grade", "in", "--out", "out", "--tasks", *TASKS)
        assert done.returncode == 0 and not done.stderr, done.stderr
        assert "2 graded" in done.stdout and "seccomp" in done.stdout
        points = [
            sum(t["points"] for t in r["tasks"]) for r in results.load(f"{folder}/out").values()
        ]
        assert points == [FULL, FULL - 1]
