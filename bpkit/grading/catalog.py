"""Which tasks a notebook holds, and how they are specified.

Most runs need the tasks of one chapter; to read those of all takes half as long as to load NumPy.
So a chapter is read when a file's name tells of it, and all are where that does not do.
"""

import functools
import hashlib
import pkgutil
from importlib import import_module
from pathlib import Path

from bpkit.tasks import spec, themes
from bpkit.tasks.sheets import SHEETS


def find(key):
    """The task of that name. Raises LookupError, which offers the names that come near."""
    return spec.TASKS.get(key) or spec.find(key)


@functools.cache
def tasks_in(sheet):
    """A sheet's tasks, in the order in which they stand."""
    for place in themes.__path__:
        for chapter in sheet.chapters:
            for folder in Path(place).glob(f"ch{chapter:02}_*"):
                package = f"{themes.__name__}.{folder.name}"
                for module in pkgutil.iter_modules([str(folder)]):
                    import_module(f"{package}.{module.name}")
    found = [task for task in spec.TASKS.values() if task.chapter in sheet.chapters]
    return sorted(found, key=lambda task: (task.chapter, task.closed, task.reference.__module__))


def named(name):
    """The tasks of the sheet that a file's name tells; none where it tells none."""
    return next((tasks_in(sheet) for sheet in SHEETS if sheet.name in name), [])


def tasks_of(name, code):
    """The tasks that a notebook should hold: by its file's name, else by what is found in it."""
    if tasks := named(name):
        return tasks
    ids = {cell.id.replace("-", "_") for cell in code.notebook.cells if cell.id}
    keys = {sheet: [task.key for task in tasks_in(sheet)] for sheet in SHEETS}
    counts = {
        sheet: sum(key in code.binding or key.strip("_").lower() in ids for key in held)
        for sheet, held in keys.items()
    }
    best = max(counts, key=counts.get)
    return tasks_in(best) if counts[best] else []


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
