"""The real graders, nbgrader and otter, on the forms made for them: points as `diagnose` says.

Each grader makes its assignments from the catalog, is handed right, wrong, mixed and empty
notebooks, and grades them. They come with the extra `course`.
"""

import copy
import json
import os
import subprocess
import sys
from pathlib import Path

import nbformat
import numpy as np
import pytest

from bpkit.tasks import diagnose, grading_seed
from bpkit.tasks.notebooks import FORMS
from bpkit.tasks.notebooks.cells import name_of
from bpkit.tasks.sheets import SHEETS
from bpkit.tasks.spec import body

SHEET = next(sheet for sheet in SHEETS if sheet.name == "07_affine")
LEARNER = {
    name: nbformat.reads(text, as_version=4) for name, text in FORMS["learner"].files().items()
}
KEY = "the color of the door"


@pytest.fixture(scope="module")
def teacher(tmp_path_factory):
    """Runs a command in a course's folder as the teacher does, with nothing of this machine's."""
    home = tmp_path_factory.mktemp("home")
    places = ("HOME", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")
    outside = os.environ | dict.fromkeys(places, str(home)) | {"BPKIT_TEACHER_KEY": KEY}
    # nbgrader calls alembic, which lies beside this Python.
    outside["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{outside['PATH']}"

    def run(*words, folder, **settings):
        done = subprocess.run(
            [sys.executable, *map(str, words)],
            cwd=folder,
            env=outside | settings,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run


@pytest.fixture
def key(monkeypatch):
    monkeypatch.setenv("BPKIT_TEACHER_KEY", KEY)


def make(form, folder, monkeypatch):
    """Write a form's files."""
    monkeypatch.setenv("BPKIT_TEACHER_KEY", KEY)
    for name, text in FORMS[form].files().items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")


def mistaken(task):
    """The text of a wrong answer: the first named mistake that is a changed line."""
    text = body(task.reference)
    how = next(m.how for m in task.mistakes if isinstance(m.how, dict))
    for old, new in how.items():
        text = text.replace(old, new)
    return text


def answers():
    """What four students write: a dictionary from their names to the texts of their answers."""
    tasks = SHEET.tasks
    right = {task.key: task.solution for task in tasks}
    wrong = {task.key: mistaken(task) for task in tasks}
    mixed = right | {tasks[0].key: "def unfinished(:", tasks[1].key: wrong[tasks[1].key]}
    return {"ada": right, "bo": wrong, "cy": mixed, "di": {}}


def handed_in(texts):
    """The book's notebook with these answers in it."""
    notebook = copy.deepcopy(LEARNER[f"{SHEET.name}.ipynb"])
    cells = {cell.id: cell for cell in notebook.cells}
    for key, text in texts.items():
        cells[name_of(key)].source = text
    return notebook


def points(texts):
    """What `diagnose` gives for these answers, task by task."""
    found = {}
    for task in SHEET.tasks:
        space = {"np": np}
        try:
            exec(texts.get(task.key, task.stub), space)
            verdict = diagnose(task.key, space[task.key], seed=grading_seed(task.key))
            found[task.key] = task.points * verdict.passed
        except SyntaxError:
            found[task.key] = 0
    return found


def test_the_students_differ(key):
    every = {task.key: task.points for task in SHEET.tasks}
    first, second, *others = every
    given = {student: points(texts) for student, texts in answers().items()}
    assert given["ada"] == every
    assert given["bo"] == given["di"] == dict.fromkeys(every, 0)
    assert given["cy"] == every | {first: 0, second: 0} and others


RELEASE = """
from pathlib import Path
from nbgrader.apps import NbGraderAPI
from nbgrader.apps.baseapp import NbGrader
app = NbGrader()
app.initialize([])
api = NbGraderAPI(config=app.config)
for name in sorted(path.name for path in Path("source").iterdir()):
    result = api.generate_assignment(name)
    assert result["success"], result
"""

SCORES = """
import json
from nbgrader.api import Gradebook
with Gradebook("sqlite:///gradebook.db") as book:
    print(json.dumps({
        submission.student.id: {grade.name: grade.score for n in submission.notebooks
                                for grade in n.grades}
        for submission in book.assignment_submissions("NAME")
    }))
"""


def sources(notebook):
    return [(cell.cell_type, cell.source) for cell in notebook.cells]


def test_nbgrader_releases_the_books_notebooks_and_gives_the_points(
    teacher, key, tmp_path, monkeypatch
):
    pytest.importorskip("nbgrader")
    make("nbgrader", tmp_path, monkeypatch)
    teacher("-c", RELEASE, folder=tmp_path)
    released = sorted((tmp_path / "release").rglob("*.ipynb"))
    assert [path.name for path in released] == sorted(LEARNER)
    for path in released:
        assert sources(nbformat.read(path, as_version=4)) == sources(LEARNER[path.name])

    for student, texts in answers().items():
        folder = tmp_path / "submitted" / student / SHEET.name
        folder.mkdir(parents=True)
        nbformat.write(handed_in(texts), folder / f"{SHEET.name}.ipynb")
    teacher("-m", "nbgrader", "autograde", SHEET.name, folder=tmp_path)
    given = json.loads(teacher("-c", SCORES.replace("NAME", SHEET.name), folder=tmp_path))
    for student, texts in answers().items():
        expected = {f"{name_of(k)}-check": score for k, score in points(texts).items()}
        assert given[student] == expected, student


def test_nbgrader_refuses_to_work_without_a_key(teacher, tmp_path, monkeypatch):
    pytest.importorskip("nbgrader")
    make("nbgrader", tmp_path, monkeypatch)
    with pytest.raises(AssertionError, match="Set BPKIT_TEACHER_KEY"):
        teacher("-m", "nbgrader", "autograde", SHEET.name, folder=tmp_path, BPKIT_TEACHER_KEY="")


ASSIGN = """
import sys
from pathlib import Path
from otter.assign import main
for master in sorted(Path(".").glob("*.ipynb")):
    main(str(master), f"made/{master.stem}", no_run_tests=master.stem != "NAME")
"""

GRADE = """
import json
from pathlib import Path
from otter.api import grade_submission
archive = next(Path("made/NAME/autograder").glob("*.zip"))
print(json.dumps({
    path.stem: {name: [result.score, result.passed_all_public] for name, result in
                grade_submission(str(path), str(archive), quiet=True).results.items()}
    for path in sorted(Path("handed_in").glob("*.ipynb"))
}))
"""


def test_otter_assigns_all_notebooks_and_gives_the_points(teacher, key, tmp_path, monkeypatch):
    pytest.importorskip("otter")
    make("otter", tmp_path, monkeypatch)
    teacher("-c", ASSIGN.replace("NAME", SHEET.name), folder=tmp_path)
    for name, ours in LEARNER.items():
        path = tmp_path / "made" / name.removesuffix(".ipynb") / "student" / name
        assert sources(nbformat.read(path, as_version=4)) == sources(ours)

    (tmp_path / "handed_in").mkdir()
    for student, texts in answers().items():
        nbformat.write(handed_in(texts), tmp_path / "handed_in" / f"{student}.ipynb")
    # Graded elsewhere, in a container, there is no key.
    grading = GRADE.replace("NAME", SHEET.name)
    said = teacher("-c", grading, folder=tmp_path, BPKIT_TEACHER_KEY="")
    given = json.loads(said.splitlines()[-1])
    for student, texts in answers().items():
        seen = {task.key: task.closed for task in SHEET.tasks}
        expected = {k: [score, seen[k] or score > 0] for k, score in points(texts).items()}
        assert given[student] == expected, student
