"""Where the book's notebooks are, and how a reader names one.

A clone has them in `chapters/`; an installed wheel carries them inside the package. A notebook's
name is its path from there, such as `chapters/04_the_graph.ipynb`; a reader may say `04`.
"""

import json
import re
from importlib.resources import files
from pathlib import Path

from .refusal import Refusal

FOLDERS = ("chapters", "exercises")
PACKAGE = Path(str(files("bpkit"))).resolve()


def packed() -> bool:
    """Whether the notebooks travel inside the package, as they do in a wheel."""
    return (PACKAGE / "chapters").is_dir()


def home() -> Path:
    """The folder that holds `chapters/`: the package in a wheel, the clone's root otherwise."""
    return PACKAGE if packed() else PACKAGE.parent


def names(pattern: str = "*.ipynb") -> list[str]:
    """The names of the book's files that match `pattern`, in reading order."""
    found = [path for folder in FOLDERS for path in sorted((home() / folder).rglob(pattern))]
    relative = [path.relative_to(home()) for path in found if path.is_file()]
    return [path.as_posix() for path in relative if not any(part[0] in "._" for part in path.parts)]


def find(wanted: str) -> str:
    """The full name of the notebook that a reader calls `04`, `04_the_graph` or `exercises/04`."""
    parts = wanted.removesuffix(".ipynb").replace("\\", "/").split("/")
    folder, stem = [FOLDERS[0], *parts][-2:]
    stem = stem.zfill(2) if stem.isdigit() else stem
    for name in names():
        if name == f"{folder}/{stem}.ipynb" or name.startswith(f"{folder}/{stem}_"):
            return name
    known = "\n".join(f"  {name.removesuffix('.ipynb')}" for name in names())
    raise Refusal(f"the book has no notebook {wanted!r}; it has\n{known}")


def title(name: str) -> str:
    """The text of the first heading of a notebook."""
    notebook = json.loads((home() / name).read_text(encoding="utf-8"))
    markdown = "\n".join(
        "".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "markdown"
    )
    heading = re.search(r"^# +(.*\S)", markdown, re.MULTILINE)
    return heading[1] if heading else ""
