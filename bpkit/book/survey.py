"""The book in numbers: what each chapter holds, counted from the notebooks.

`python -m bpkit.book.survey` prints the table; `--seconds` runs each chapter too, and times it.
"""

import argparse
import re
import shutil
import tempfile
import time
from pathlib import Path

from bpkit.book.lint import CHAPTERS, TAG
from bpkit.book.notebook import (
    Chapter,
    count_words,
    markdown,
    pictures,
    read_folder,
    recall,
)
from bpkit.book.shown import table

HEADER = ["chapter", "words", "proofs", "figures", "experiments", "tasks", "cards"]
EXPERIMENT = re.compile(r"^widgets\.(?!Cards)[A-Z]\w+\(|@ipywidgets\.interact\(", re.MULTILINE)


def show(folder=".", last=24, seconds=False):
    """Display a row for each chapter in `folder` up to the number `last`, and the sums.

    Words are rounded to hundreds, so that a mended sentence leaves the table as it is. Experiments
    are widgets, and cells with `interact`; tasks those of the exercises that go with the chapter.
    seconds: run each chapter, in a folder of its own, and time it.
    """
    chapters = [c for c in read_folder(folder) if c.number in CHAPTERS and c.number <= last]
    rows = [count(chapter) for chapter in chapters]
    if seconds:
        rows = [[*row, timed(chapter)] for row, chapter in zip(rows, chapters, strict=True)]
    sums = [sum(column) for column in zip(*(row[1:] for row in rows), strict=True)]
    table([*rows, ["all", *sums]], HEADER + ["seconds"] * seconds)


def count(chapter):
    """A chapter's row: its file's name, and how many of each it has."""
    code = "\n".join(cell.source for cell in chapter.of("code"))
    return [
        chapter.path.stem,
        round(count_words(chapter), -2),
        len(TAG.findall(markdown(chapter.cells))),
        sum(len(list(pictures(cell))) for cell in chapter.of("code")),
        len(EXPERIMENT.findall(code)),
        tasks(chapter),
        len(recall(chapter)),
    ]


def tasks(chapter):
    """How many tasks the exercises that go with a chapter have."""
    folder = chapter.path.resolve().parent.parent / "exercises"
    return sum(
        cell.metadata.get("nbgrader", {}).get("solution", False)
        for path in folder.glob(f"{chapter.number:02}_*.ipynb")
        for cell in Chapter(path).cells
    )


def timed(chapter):
    """Seconds to start a kernel and run a copy of a chapter from top to bottom."""
    from bpkit.book.execute import execute

    with tempfile.TemporaryDirectory() as folder:
        copy = shutil.copy(chapter.path, folder)
        start = time.perf_counter()
        execute([Path(copy)])
        return round(time.perf_counter() - start, 1)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", default="chapters")
    parser.add_argument("--seconds", action="store_true", help="run each chapter and time it")
    chosen = parser.parse_args()
    show(chosen.folder, seconds=chosen.seconds)
