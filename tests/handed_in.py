"""Notebooks as students hand them in, for the tests of grading: whole, then damaged."""

import copy
import json

from bpkit.tasks.notebooks.cells import checked, name_of, notebook
from bpkit.tasks.notebooks.learner import answer
from bpkit.tasks.sheets import SHEETS

SHEET = next(sheet for sheet in SHEETS if sheet.name == "07_affine")
TASKS = {
    task.key: task
    for task in SHEET.tasks
    if task.key in ("affine_forward", "per_example_gradients", "affine_backward")
}
FULL = sum(task.points for task in TASKS.values())


def whole(**answers):
    """A notebook as a dictionary: every task solved, but for the texts given by task."""
    made = notebook(SHEET, lambda t: answer(t, answers.get(t.key, t.solution), checked(t)))
    return json.loads(json.dumps(made))


GOOD = whole()


def good():
    return copy.deepcopy(GOOD)


def cell_of(book, key):
    """The cell of a task's answer."""
    return next(c for c in book["cells"] if c.get("id") == name_of(key))


def code(source, **fields):
    """A code cell as a dictionary."""
    cell = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
    return {**cell, "source": source, **fields}


def text_of(book):
    return json.dumps(book, indent=1).encode()
