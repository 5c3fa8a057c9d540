"""The committed notebooks keep the book's promises: every rule of the lint, on every one of them.

That their stored outputs are what their code prints is nbval's part of the same test run.
"""

from collections import Counter
from pathlib import Path

import nbformat
import pytest

from bpkit.book import back_matter, lint
from bpkit.book.notebook import dumps, read_folder, tags

FOLDER = Path(__file__).parent.parent / "chapters"
BOOK = read_folder(FOLDER)
# notebook: how many of its cells are tagged `timing`, and so not compared
TIMED = {"10_backpropagation": 1}

each = pytest.mark.parametrize("chapter", BOOK, ids=lambda chapter: chapter.path.stem)


@pytest.mark.parametrize(
    ("chapter", "rule"),
    [
        pytest.param(chapter, rule, id=f"{chapter.path.stem}-{rule.__name__}")
        for chapter in BOOK
        for rule in lint.rules_for(chapter)
    ],
)
def test_a_notebook_keeps_the_rule(chapter, rule):
    faults = [f"{cell}: {words}" for cell, words in rule(chapter)]
    assert not faults, "\n".join(faults)


def test_the_book_keeps_the_rules_over_all_of_it():
    faults = list(lint.book_faults(BOOK))
    assert not faults, "\n".join(faults)


def test_every_notebook_has_its_own_number():
    assert [chapter.path for chapter in BOOK] == sorted(FOLDER.glob("*.ipynb"))
    assert max(Counter(chapter.number for chapter in BOOK).values()) == 1


@each
def test_a_file_is_written_as_the_book_writes_it(chapter):
    text = chapter.path.read_text(encoding="utf-8")
    assert text == dumps(nbformat.reads(text, as_version=4)), "run `bpkit execute`"


@pytest.mark.parametrize("name", back_matter.PAGES)
def test_the_back_matter_is_made_from_the_book(name):
    path = FOLDER / name
    assert path.read_text(encoding="utf-8") == back_matter.text(path), "run `bpkit execute`"


def test_cells_that_nbval_does_not_compare_are_counted():
    timed = Counter(c.path.stem for c in BOOK for cell in c.cells if "timing" in tags(cell))
    assert timed == TIMED
