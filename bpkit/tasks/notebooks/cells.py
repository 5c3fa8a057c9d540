"""The cells that a notebook of exercises is made of, the same in every form.

A cell's id comes from its task's key, so it stays when tasks are added, moved or reworded. Where
the forms differ, it is in the cell that is answered and in the one that grades it.
"""

from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from bpkit.book.contents import PARTS
from bpkit.book.notebook import METADATA, dumps
from bpkit.tasks.spec import source

IMPORTS = """\
import numpy as np

import bpkit as bp
from bpkit.tasks import check, hint, progress, solution"""

HOW = (
    "Write each function in place of the three dots, run its cell, then run the check below it. "
    "The check says whether the function is right; if it isn't, what is wrong with it and where "
    'that shows. When you are stuck, `hint("{first}")` asks a question; called again, it gives a '
    'sketch, then a skeleton. `solution("{first}")` shows the whole. The last task has none of '
    "this: it is graded when you hand it in."
)

CLOSED = (
    "This task has no check, no hint and no solution: it is graded when you hand it in. Try it on "
    "the example, and on numbers of your own."
)
HANDED_IN = "# Graded when it is handed in."


def notebook(sheet, answer):
    """A sheet as a notebook. answer(task): the cells that hold a task's answer and its check."""
    cells = [_head(sheet), new_code_cell(IMPORTS, id="imports")]
    known = set()
    for number, task in enumerate(sheet.tasks, start=1):
        new = [thing for thing in task.given if thing not in known]
        known.update(new)
        title = _text(f"{name_of(task.key)}-title", _title(task, number))
        cells += [title, *map(_given, new), _text(f"{name_of(task.key)}-task", _statement(task))]
        cells += answer(task)
    cells.append(_text("progress-title", "## What is done"))
    cells.append(new_code_cell(f"progress({', '.join(map(str, sheet.chapters))})", id="progress"))
    return new_notebook(cells=cells, metadata=METADATA)


def name_of(key):
    """A key as a part of a cell's id: `relu_backward` is relu-backward."""
    return key.strip("_").replace("_", "-").lower()


def graded(cell, **settings):
    """Mark a cell for nbgrader; its id there is its id here."""
    metadata = {"grade": False, "locked": False, "solution": False, "task": False, **settings}
    cell.metadata["nbgrader"] = {**metadata, "grade_id": cell.id, "schema_version": 3}
    return cell


def without_outputs(text):
    """A notebook's text without what running it left, to be compared."""
    notebook = nbformat.reads(text, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return dumps(notebook)


def parts(task):
    """The solution in two pieces: its signature with the docstring, and what a learner writes."""
    opening = task.stub.removesuffix("\n    ...")
    return opening, task.solution.removeprefix(opening).strip("\n")


def checked(task):
    """The line that checks an answer while it is written; a closed task has none."""
    return HANDED_IN if task.closed else f"check({task.key})"


def _text(id_, text):
    return new_markdown_cell(text, id=id_)


def _head(sheet):
    minutes, points = (sum(getattr(t, what) for t in sheet.tasks) for what in ("minutes", "points"))
    lines = [
        f"# Exercises: {sheet.title}",
        _belonging(sheet.chapters),
        HOW.format(first=sheet.tasks[0].key),
        f"{len(sheet.tasks)} tasks, about {minutes} minutes, {points} points.",
    ]
    return _text("title", "\n\n".join(lines))


def _belonging(chapters):
    """Which chapters a notebook goes with; those that stand are links."""
    folder = Path(__file__).parents[3] / "chapters"
    entries = [entry for part in PARTS.values() for entry in part if entry.number in chapters]
    found = []
    for entry in entries:
        label = f"chapter {entry.number}, {entry.question}"
        file = next(folder.glob(f"{entry.number:02}_*.ipynb"), None)
        found.append(f"[{label}](../chapters/{file.name})" if file else label)
    return f"They go with {' and '.join(found)}"


def _title(task, number):
    points = f"{task.points} point{'s' * (task.points != 1)}"
    return f"## {number}. {task.title}\n\n*About {task.minutes} minutes, {points}.*"


def _given(thing):
    """The cell that gives a function or a class to the learner."""
    cell = new_code_cell(source(thing), id=f"given-{name_of(thing.__name__)}")
    return graded(cell, locked=True)


def _statement(task):
    text = f"{task.statement}\n\nFor example:\n\n```python\n{task.example}\n```"
    return f"{text}\n\n{CLOSED}" if task.closed else text
