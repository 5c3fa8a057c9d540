"""The reader's own copy of the notebooks, so that reading never changes the book itself.

A manifest in the copy holds the hash of each file as it was copied. A file that still has that
hash follows the book when the book changes; any other file is the reader's and is left alone.
"""

import hashlib
import json
import os
from datetime import datetime
from pathlib import Path

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
        new = (home() / name).read_bytes()
        mine = copy / name
        old = _hash(mine.read_bytes()) if mine.exists() else None
        if old == _hash(new):
            known[name] = old
        elif old is None or old == known.get(name):
            _write(mine, new)
            known[name] = _hash(new)
            written.append(name)
        elif known.get(name) != _hash(new):
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
    _write_manifest(copy, _read_manifest(copy) | {name: _hash(new)})
    return backup


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _write(path: Path, content: bytes) -> None:
    # All or nothing: a reader's file is never left half written.
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.new")
    draft.write_bytes(content)
    os.replace(draft, path)


def _read_manifest(copy: Path) -> dict[str, str]:
    # An unreadable manifest means that every file in the copy counts as the reader's.
    try:
        return dict(json.loads((copy / MANIFEST).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return {}


def _write_manifest(copy: Path, known: dict[str, str]) -> None:
    _write(copy / MANIFEST, json.dumps(known, indent=1, sort_keys=True).encode())
