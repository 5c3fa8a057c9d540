"""Reads a notebook that was handed in, however damaged: its cells, and what had to be mended.

Nothing here runs the notebook or believes it: every field may be missing, or of another type. What
can't be read at all raises Unreadable, with the reason in words. nbformat 3 and 4 are read alike.
"""

import hashlib
import json
import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

LARGE = 8 * 2**20  # bytes; a larger file is read in a process of its own
LARGEST = 2**29  # bytes
CODE = 4 * 2**20  # characters of code and text in all; outputs don't count
MEMORY = 3 * 2**30  # bytes that reading a large file may take
PATIENCE = 120  # seconds that it may take


class Unreadable(Exception):
    """A file isn't a notebook that can be graded; says why in one sentence."""


@dataclass(frozen=True)
class Cell:
    """A cell. number: its place, from 1. kind: "code", or what else. id: nbgrader's, or its own."""

    number: int
    kind: str
    source: str
    id: str = ""

    @property
    def label(self):
        """What a message calls it.

        >>> Cell(5, "code", "x = 1", "relu-backward").label
        'cell 5 (relu-backward)'
        """
        return f"cell {self.number} ({self.id})" if self.id else f"cell {self.number}"


@dataclass(frozen=True)
class Notebook:
    """What was read. notes: what was mended, one sentence each. marked: it has nbgrader's ids."""

    cells: list
    notes: list = field(default_factory=list)
    marked: bool = True


def content(path):
    """(a notebook file's bytes, a digest of them, notes).

    Of a large file, the bytes are those of a notebook with the same code and text. Raises
    Unreadable, and OSError where the file can't be opened.
    """
    size = Path(path).stat().st_size
    if size <= LARGE:
        data = Path(path).read_bytes()
        return data, hashlib.sha256(data).hexdigest(), []
    if size > LARGEST:
        raise Unreadable(f"The file has {size >> 20} MB; more than {LARGEST >> 20} are not read.")
    try:
        done = subprocess.run(
            [sys.executable, "-m", "bpkit.grading.notebook", str(path)],
            capture_output=True,
            timeout=PATIENCE,
        )
    except subprocess.TimeoutExpired:
        raise Unreadable(f"Reading it took longer than {PATIENCE} seconds.") from None
    if done.returncode:
        words = done.stdout.decode() or "Reading it took more memory than there is for it."
        raise Unreadable(words)
    cells, notes = json.loads(done.stdout)
    with open(path, "rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return json.dumps({"nbformat": 4, "cells": cells}).encode(), digest, notes


def _small(notebook):
    """A notebook's cells without outputs, as JSON has them, and its notes."""
    cells = [
        {
            "cell_type": cell.kind,
            "source": cell.source,
            "metadata": {"nbgrader": {"grade_id": cell.id}} if notebook.marked else {"id": cell.id},
        }
        for cell in notebook.cells
    ]
    return cells, notebook.notes


def parse(data, notes=()):
    """The Notebook in a file's bytes. notes: what was mended in them before. Raises Unreadable.

    >>> read = parse(b'{"nbformat": 4, "cells": [{"cell_type": "code", "source": ["x = 1"]}]}')
    >>> read.cells
    [Cell(number=1, kind='code', source='x = 1', id='')]
    """
    tree, mended = _tree(data)
    found, old = _listed(tree)
    notes = [*notes, *mended, *old]
    cells = [_cell(number, raw) for number, raw in enumerate(found, start=1)]
    if bad := [str(n) for n, cell in enumerate(cells, start=1) if cell is None]:
        which = ", ".join(bad[:10]) + (", ..." if len(bad) > 10 else "")
        notes.append(f"Left out, since they are no cells: number {which} of its list.")
    cells = [cell for cell in cells if cell is not None]
    if (length := sum(len(cell.source) for cell in cells)) > CODE:
        raise Unreadable(f"It holds {length >> 20} MB of code and text; {CODE >> 20} are read.")
    marked = any(_mark(raw) for raw in found)
    if cells and not marked:
        notes.append("It carries none of nbgrader's ids: functions were found by their names.")
    return Notebook(cells, list(dict.fromkeys(notes)), marked)


def _tree(data):
    """(the file's JSON as a dictionary, notes)."""
    notes = []
    if not data.strip(b"\0 \t\r\n"):
        raise Unreadable("The file is empty.")
    try:
        text = data.decode(json.detect_encoding(data))
    except UnicodeDecodeError:
        text = data.decode("utf-8", "replace")
        notes.append("Some of its characters are not UTF-8; each was read as a replacement mark.")
    text = text.removeprefix("\ufeff")
    try:
        tree, end = json.JSONDecoder().raw_decode(text, len(text) - len(text.lstrip()))
    except json.JSONDecodeError as error:
        raise Unreadable(_broken(text, error)) from None
    except (RecursionError, MemoryError):
        raise Unreadable("It is nested too deeply to be a notebook.") from None
    except ValueError:
        raise Unreadable("It holds a number that is too long to be read.") from None
    if text[end:].strip():
        notes.append("What follows the notebook in its file was left out.")
    if not isinstance(tree, dict):
        raise Unreadable("It is valid JSON, but not a notebook: there is no dictionary in it.")
    return tree, notes


def _broken(text, error):
    if re.search(r"^(<{7}|>{7}|={7})", text, re.MULTILINE):
        return "It is not valid JSON: marks of an unfinished merge (<<<<<<<) stand in it."
    if text.lstrip()[:1] != "{":
        return "It is not a notebook: a notebook's file is JSON and begins with a brace."
    return f"It is not valid JSON: {error.msg} in line {error.lineno}, column {error.colno}."


def _listed(tree):
    """(the raw cells, notes): of version 4 in one list, of version 3 in a list of worksheets."""
    if isinstance(cells := tree.get("cells"), list):
        return cells, []
    if isinstance(sheets := tree.get("worksheets"), list):
        found = [sheet.get("cells") for sheet in sheets if isinstance(sheet, dict)]
        cells = [cell for part in found if isinstance(part, list) for cell in part]
        return cells, ["It is in the old format 3."]
    raise Unreadable("It is valid JSON, but not a notebook: it has no list of cells.")


def _cell(number, raw):
    """A Cell, or None where there is none."""
    if not isinstance(raw, dict):
        return None
    source = raw.get("source", raw.get("input", ""))
    if isinstance(source, list):
        source = "".join(piece for piece in source if isinstance(piece, str))
    if not isinstance(source, str):
        source = ""
    source = source.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
    source = source.removeprefix("\ufeff")
    if not source.isascii():
        source = source.encode("utf-8", "replace").decode()  # half a character can't be compiled
    kind = raw.get("cell_type")
    kind = kind if isinstance(kind, str) else "code"
    return Cell(number, kind, source, _mark(raw) or _own_id(raw))


def _mark(raw):
    """nbgrader's id of a cell, or ""."""
    for key in ("metadata", "nbgrader", "grade_id"):
        raw = raw.get(key) if isinstance(raw, dict) else None
    return _short(raw)


def _own_id(raw):
    metadata = raw.get("metadata")
    inner = metadata.get("id") if isinstance(metadata, dict) else None
    return _short(raw.get("id")) or _short(inner)


def _short(text):
    """An id as one word that can be printed; "" for what is none."""
    return text if isinstance(text, str) and re.fullmatch(r"[\w.-]{1,80}", text) else ""


def _apart(path):
    """What the process of its own does: print the small notebook, or the reason why not."""
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    try:
        json.dump(_small(parse(Path(path).read_bytes())), sys.stdout)
    except Unreadable as error:
        print(error, end="")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(_apart(sys.argv[1]))
