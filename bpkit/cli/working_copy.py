"""The reader's own copy of the notebooks, so that reading never changes the book itself.

A manifest in the copy holds two marks of each file as it was copied: one of its bytes, one of the
words in its cells. Running a notebook changes the bytes, and such a copy follows the book when the
book changes; one whose words were changed is the reader's and is left alone.
"""

import hashlib
import json
import os
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from .notebooks import FOLDERS, home, names
from .refusal import Refusal

MANIFEST = ".bpkit.json"


def place(directory: str | None) -> Path:
    """The copy's folder: the one named, or the copy that we stand in, or `my-book` beside us."""
    if directory is not None:
        return Path(directory).resolve()
    here = Path.cwd()
    around = (folder for folder in (here, *here.parents) if (folder / MANIFEST).is_file())
    return next(around, here / "my-book")


def refresh(copy: Path) -> tuple[list[str], list[str]]:
    """Bring `copy` up to date; return the names written, and those kept though outdated."""
    if copy.exists() and not copy.is_dir():
        raise Refusal(f"{copy} is a file; choose a folder with --dir")
    if copy == home() or any(copy.is_relative_to(home() / folder) for folder in FOLDERS):
        raise Refusal(f"{copy} holds the book itself; choose another folder with --dir")
    known = _read_manifest(copy)
    written, kept = [], []
    for name in names("*"):
        content = (home() / name).read_bytes()
        new = mark(content)
        mine = mark((copy / name).read_bytes()) if (copy / name).exists() else None
        copied = known.get(name)
        if mine and mine != copied and mine.words == new.words:
            known[name] = new
        elif mine is None or (copied and mine.words == copied.words):
            if mine != new:
                _write(copy / name, content)
                written.append(name)
            known[name] = new
        elif copied is None or copied.words != new.words:
            kept.append(name)
    _write_manifest(copy, known)
    return written, kept


def reset(copy: Path, name: str) -> Path | None:
    """Put the book's version of `name` into `copy`; return where the reader's version is kept."""
    if not (copy / MANIFEST).is_file():
        raise Refusal(f"{copy} is no copy of the book; `bpkit open` makes one, --dir names one")
    mine, new = copy / name, (home() / name).read_bytes()
    backup = None
    if mine.exists() and mine.read_bytes() != new:
        now = datetime.now().strftime("%Y-%m-%d-%H%M%S")
        backup = mine.with_name(f"{mine.stem}.{now}{mine.suffix}")
        _write(backup, mine.read_bytes())
    _write(mine, new)
    _write_manifest(copy, _read_manifest(copy) | {name: mark(new)})
    return backup


class Mark(NamedTuple):
    """What a file is recognized by: the hashes of its bytes and of the words in its cells."""

    bytes: str
    words: str


def mark(content: bytes) -> Mark:
    """The mark of a file with this content; what isn't a notebook has its bytes for words."""
    try:
        cells = json.loads(content)["cells"]
        words = json.dumps([(cell["cell_type"], "".join(cell["source"])) for cell in cells])
    except (ValueError, LookupError, TypeError):
        return Mark(_hash(content), _hash(content))
    return Mark(_hash(content), _hash(words.encode()))


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _write(path: Path, content: bytes) -> None:
    # All or nothing: a reader's file is never left half written.
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.new")
    draft.write_bytes(content)
    os.replace(draft, path)


def _read_manifest(copy: Path) -> dict[str, Mark]:
    # An unreadable manifest means that every file in the copy counts as the reader's.
    try:
        known = json.loads((copy / MANIFEST).read_text(encoding="utf-8"))
        return {name: Mark(*marks) for name, marks in known.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def _write_manifest(copy: Path, known: dict[str, Mark]) -> None:
    _write(copy / MANIFEST, json.dumps(known, indent=1, sort_keys=True).encode())
