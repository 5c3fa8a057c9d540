"""Which tasks a notebook holds, and how they are specified.

Most runs need the tasks of one chapter: it is read when a file's name tells of it, and all are
where that does not do.
"""

import functools
import hashlib
from pathlib import Path

from bpkit.tasks.sheets import SHEETS
from bpkit.tasks.spec import find


def named(name):
    """The tasks of the sheet that a file's name tells; none where it tells none."""
    return next((sheet.tasks for sheet in SHEETS if sheet.name in name), [])


def tasks_of(name, code):
    """The tasks that a notebook should hold: by its file's name, else by what is found in it."""
    if tasks := named(name):
        return tasks
    ids = {cell.id.replace("-", "_") for cell in code.notebook.cells if cell.id}
    keys = {sheet: [task.key for task in sheet.tasks] for sheet in SHEETS}
    counts = {
        sheet: sum(key in code.binding or key.strip("_").lower() in ids for key in held)
        for sheet, held in keys.items()
    }
    best = max(counts, key=counts.get)
    return best.tasks if counts[best] else []


@functools.cache
def belonging(keys):
    """What follows from a record's tasks: their sheet's name, and how they are specified."""
    chapters = {find(key).chapter for key in keys}
    sheets = (sheet.name for sheet in SHEETS if chapters & set(sheet.chapters))
    return {"sheet": next(sheets, ""), "specification": specification(keys)}


def specification(keys):
    """How tasks are specified, as words that change with the source of any."""
    return [_specified(key) for key in keys]


@functools.cache
def _specified(key):
    """A digest of the files in which a task is specified: its own, and what its chapter shares."""
    try:
        path = Path(find(key).reference.__code__.co_filename)
    except LookupError:
        return "unknown"
    files = [path, *sorted(path.parent.glob("shared*.py"))]
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()
