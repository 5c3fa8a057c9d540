"""Tests of the exercises' notebooks: they are what the catalog makes, in order, and unanswered.

What the stored outputs say is held by nbval, which runs every notebook of exercises/.
"""

import json
import re

import nbformat
import pytest

from bpkit.cli import main, notebooks
from bpkit.cli.exercises import same, write
from bpkit.tasks import check, progress
from bpkit.tasks.notebooks import FORMS, cells
from bpkit.tasks.sheets import SHEETS, in_order, sheets
from bpkit.tasks.spec import TASKS, load

FOLDER = notebooks.home() / "exercises"
LEARNER = FORMS["learner"].files()
OPEN = [sheet for sheet in sheets() if sheet.chapters[0] <= 10]


@pytest.fixture
def key(monkeypatch):
    monkeypatch.setenv("BPKIT_TEACHER_KEY", "a door that is blue")


@pytest.fixture
def no_key(monkeypatch):
    monkeypatch.delenv("BPKIT_TEACHER_KEY", raising=False)


def read(text):
    return nbformat.reads(text, as_version=4)


def stored(name):
    return (FOLDER / name).read_text(encoding="utf-8")


# What is committed


def test_the_catalog_makes_these_files_and_no_others():
    assert sorted(path.name for path in FOLDER.glob("*.ipynb")) == sorted(LEARNER)


@pytest.mark.parametrize("name", LEARNER)
def test_a_committed_notebook_is_what_the_catalog_makes(name):
    assert same(stored(name), LEARNER[name]), f"run `bpkit exercises`: {name} is out of date"


@pytest.mark.parametrize("name", LEARNER)
def test_an_untouched_notebook_says_not_attempted(name):
    shown = {
        cell.id: [output.get("data", {}).get("text/plain", "") for output in cell.outputs]
        for cell in read(stored(name)).cells
        if cell.cell_type == "code"
    }
    for sheet in (sheet for sheet in sheets() if f"{sheet.name}.ipynb" == name):
        for task in sheet.tasks:
            said = shown[f"{cells.name_of(task.key)}-check"]
            if task.closed:
                assert said == []
                assert re.search(rf"graded later +{task.key}$", shown["progress"][0], re.MULTILINE)
            else:
                assert said == [f"{task.key}: not attempted\n\nNothing is written in it yet."]
                assert re.search(rf"not attempted +{task.key}$", shown["progress"][0], re.MULTILINE)


def test_a_changed_word_or_id_or_mark_is_noticed_and_an_output_is_not():
    text = LEARNER["08_activations.ipynb"]
    changes = {
        "source": lambda cell: cell.update(source=cell.source + " "),
        "id": lambda cell: cell.update(id="other"),
        "points": lambda cell: cell.metadata.nbgrader.update(points=99),
    }
    for change in changes.values():
        notebook = read(text)
        change(next(cell for cell in notebook.cells if cell.id == "relu-backward-check"))
        assert not same(json.dumps(notebook), text)
    notebook = read(text)
    notebook.cells[1].update(execution_count=3, outputs=[nbformat.v4.new_output("stream")])
    assert same(json.dumps(notebook), text)


# What a notebook is


def test_every_task_stands_in_one_notebook():
    placed = [task.key for sheet in SHEETS for task in sheet.tasks]
    assert sorted(placed) == sorted(load())


@pytest.mark.parametrize("sheet", sheets(), ids=lambda sheet: sheet.name)
def test_the_last_task_alone_is_closed(sheet):
    assert [task.closed for task in sheet.tasks] == [False] * (len(sheet.tasks) - 1) + [True]


def test_chapters_1_to_10_have_a_notebook_each():
    assert [sheet.chapters for sheet in OPEN] == [(number,) for number in range(1, 11)]


@pytest.mark.parametrize("form", FORMS)
def test_ids_come_from_keys_and_are_made_once(form, key):
    for name, text in FORMS[form].files().items():
        if name.endswith(".ipynb"):
            ids = [cell.id for cell in read(text).cells]
            assert len(set(ids)) == len(ids)
            assert all(re.fullmatch(r"[a-z][a-z0-9-]{0,63}", id_) for id_ in ids)


def test_an_id_stays_when_a_task_is_added(monkeypatch):
    before = read(LEARNER["08_activations.ipynb"])
    monkeypatch.delitem(TASKS, "relu_backward")
    after = read(FORMS["learner"].files()["08_activations.ipynb"])
    gone = {f"relu-backward{ending}" for ending in ("", "-title", "-task", "-check")}
    assert {cell.id for cell in before.cells} - {cell.id for cell in after.cells} == gone


def test_what_is_given_stands_once_and_before_its_task():
    ids = [cell.id for cell in read(LEARNER["04_the_graph.ipynb"]).cells]
    assert ids.count("given-node") == 1
    assert ids.index("given-node") < ids.index("zero-gradients-task")


def test_links_lead_to_chapters_that_stand():
    for text in LEARNER.values():
        for link in re.findall(r"\]\((.*?)\)", read(text).cells[0].source):
            assert (FOLDER / link).is_file()


# The forms for a course


@pytest.mark.parametrize("task", load().values(), ids=lambda task: task.key)
def test_the_solution_is_cut_where_its_docstring_ends(task):
    opening, written = cells.parts(task)
    assert f"{opening}\n    ..." == task.stub
    assert f"{opening}\n{written}" == task.solution


def test_nbgraders_form_holds_no_secret(key, monkeypatch):
    made = FORMS["nbgrader"].files()
    monkeypatch.setenv("BPKIT_TEACHER_KEY", "another door")
    assert FORMS["nbgrader"].files() == made


def test_otters_form_changes_with_the_key_and_does_not_hold_it(key, monkeypatch):
    made = FORMS["otter"].files()
    assert not any("blue" in text for text in made.values())
    monkeypatch.setenv("BPKIT_TEACHER_KEY", "another door")
    again = FORMS["otter"].files()
    assert all(again[name] != made[name] for name in made)


def test_otters_form_needs_a_key(no_key, tmp_path, capsys):
    assert main(["exercises", "--form", "otter", "--out", str(tmp_path)]) == 1
    assert "BPKIT_TEACHER_KEY" in capsys.readouterr().err
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize("form", ["nbgrader", "otter"])
def test_the_command_makes_a_form_and_leaves_alone_what_is_made(form, key, tmp_path, capsys):
    command = ["exercises", "--form", form, "--out", str(tmp_path)]
    assert main(command) == 0
    made = {
        path.relative_to(tmp_path).as_posix(): path.read_text(encoding="utf-8")
        for path in tmp_path.rglob("*.*")
        if path.is_file()
    }
    assert made == FORMS[form].files()
    capsys.readouterr()
    assert main(command) == 0
    assert capsys.readouterr().out == ""


def test_a_teachers_settings_are_kept(tmp_path):
    settings = tmp_path / "nbgrader_config.py"
    settings.write_text("mine")
    assert write(settings, "the book's") is None
    assert settings.read_text() == "mine"


def test_an_unchanged_notebook_keeps_its_outputs(tmp_path):
    path = tmp_path / "08_activations.ipynb"
    path.write_text(stored(path.name), encoding="utf-8")
    assert write(path, LEARNER[path.name]) is None
    assert path.read_text(encoding="utf-8") == stored(path.name)


# The line of progress


def test_progress_follows_the_last_check(monkeypatch, capsys, no_key):
    monkeypatch.setattr("bpkit.tasks.learner.done", {})
    first, second, *_ = in_order((8,))
    check(first.reference)
    check(next(iter(second.wrong.values())), task=second.key)
    capsys.readouterr()
    progress(8)
    said = capsys.readouterr().out
    assert said.startswith("Chapter 8: 1 of ")
    assert re.search(rf"done +{first.key}$", said, re.MULTILINE)
    assert re.search(rf"tried +{second.key}$", said, re.MULTILINE)
    assert re.search(r"graded later +\w+$", said.rstrip(), re.MULTILINE)
    check(next(iter(first.wrong.values())), task=first.key)
    capsys.readouterr()
    progress(8)
    assert capsys.readouterr().out.startswith("Chapter 8: 0 of ")
