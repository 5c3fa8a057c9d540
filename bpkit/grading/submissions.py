"""Which notebooks were handed in, by whom and when: a folder of them, or nbgrader's tree.

A student's name is the folder's that holds the notebook, or the file's own. No path is followed out
of the folder. Every name is made printable, and no two students get the same one.
"""

import hashlib
import os
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bpkit.tasks.sheets import SHEETS

IGNORED = ("timestamp.txt", "feedback")  # nbgrader's own
LISTED = 100_000  # files that are looked at in a folder


@dataclass(frozen=True)
class Submission:
    """One file that was handed in. name: what it is among the student's; "" for the only one.

    problem: why it isn't opened, or "". handed_in: a datetime with a time zone, or None.
    """

    student: str
    name: str
    path: Path
    problem: str = ""
    handed_in: datetime | None = None

    @property
    def label(self):
        return f"{self.student} ({self.name})" if self.name else self.student


def single(path):
    """One file as a submission."""
    path = Path(path)
    return _made(path, *_names(path.stem), path.parent)


def found(folder):
    """The submissions in a folder, in the order of their students' names.

    In the folder lie files, each a student's; or folders, each a student's, with files in it or in
    a folder for each assignment. Raises NotADirectoryError.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise NotADirectoryError(f"{folder} is not a folder")
    made = []
    for entry in _entries(folder):
        if entry.is_dir():
            made += _of_student(entry, folder)
        else:
            made.append(_made(entry, *_names(_stem(entry)), folder))
    return _apart(sorted(made, key=lambda s: (s.student, s.name)))


def _entries(folder):
    """What lies in a folder and isn't hidden, sorted."""
    names = sorted(os.listdir(folder))[:LISTED]
    hidden = re.compile(r"\.(?!\.)")  # a name that begins as ../x does is somebody's
    return [folder / name for name in names if not hidden.match(name) and name not in IGNORED]


def _of_student(place, folder):
    """The submissions in a student's folder. Other files count where there is no notebook."""
    if _leads_out(place, folder):
        return [Submission(printable(place.name), "", place, "It is a link out of the folder.")]
    files = list(_walk(place, 3))
    notebooks = [f for f in files if f.suffix.lower() == ".ipynb"] or files
    if not notebooks:
        return [Submission(printable(place.name), "", place, "There is no notebook in the folder.")]
    return [_made(f, place.name, _inner(f.relative_to(place)), folder) for f in notebooks]


def _walk(folder, depth):
    """The files in a folder and, so deep, in the folders in it."""
    for entry in _entries(folder):
        if entry.is_dir() and not entry.is_symlink():
            yield from _walk(entry, depth - 1) if depth > 1 else ()
        else:
            yield entry


def _inner(relative):
    """A file's name among a student's: `07_affine/07_affine.ipynb` is 07_affine."""
    *parents, _ = relative.parts
    parts = [*parents, _stem(relative)]
    if len(parts) > 1 and parts[-1] == parts[-2]:
        parts.pop()
    return "/".join(parts)


def _stem(path):
    """A file's name, without `.ipynb`; other suffixes stay."""
    return path.stem if path.suffix.lower() == ".ipynb" else path.name


def _names(stem):
    """(student, name) in a file's name: `ada_07_affine` is (ada, 07_affine)."""
    for sheet in SHEETS:
        if match := re.fullmatch(rf"(.+?)[ _.-]+({sheet.name}.*)", stem):
            return match[1], match[2]
    return stem, ""


def _made(path, student, name, folder):
    """A Submission, with the reason where the file must not be opened."""
    problem = ""
    if _leads_out(path, folder):
        problem = "It is a link out of the folder."
    elif not path.is_file():
        problem = "It is not a file." if path.exists() else "It is a link to nothing."
    when = None if problem else _time(path)
    return Submission(printable(student), printable(name), path, problem, when)


def _leads_out(path, folder):
    """Whether a path that lies in the folder is a link out of it."""
    if not path.is_symlink():
        return False
    try:
        return not path.resolve().is_relative_to(Path(folder).resolve())
    except (OSError, RuntimeError):
        return True


def _time(path):
    """When a file was handed in: as nbgrader noted beside it, else when it was written last."""
    note = path.parent / "timestamp.txt"
    try:
        if note.is_file() and not note.is_symlink() and note.stat().st_size < 100:
            words = note.read_text().strip().removesuffix("UTC").strip()
            when = datetime.fromisoformat(words)
            return when.astimezone(UTC) if when.tzinfo else when.replace(tzinfo=UTC)
    except (OSError, ValueError):
        pass
    return datetime.fromtimestamp(int(path.stat().st_mtime), UTC)


def printable(name):
    """A name that can be written anywhere: whole characters, none that steers a terminal."""
    text = os.fsencode(name).decode("utf-8", "replace")
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def _apart(submissions):
    """The same, with a mark on names that became alike when they were made printable."""
    made, seen = [], set()
    for one in submissions:
        if (one.student, one.name) in seen:
            mark = hashlib.sha256(os.fsencode(one.path)).hexdigest()[:6]
            one = Submission(one.student, f"{one.name}~{mark}", *list(vars(one).values())[2:])
        seen.add((one.student, one.name))
        made.append(one)
    return made
