"""The pages at the end of the book that are made from the rest of it, never written by hand."""

from pathlib import Path

from nbformat.v4 import new_markdown_cell, new_notebook

from bpkit.book import derivatives, glossary, index
from bpkit.book.notebook import METADATA, dumps, read_folder, write

PAGES = {
    "90_glossary.ipynb": ("Glossary", glossary.page),
    "91_names.ipynb": ("Index of names", index.page),
    "92_derivatives.ipynb": ("Table of derivatives", derivatives.page),
}
FIRST = 90  # the number from which on a notebook is back matter


def text(path):
    """The notebook that belongs at `path`, one of PAGES, made from the chapters beside it."""
    title, page = PAGES[Path(path).name]
    chapters = [chapter for chapter in read_folder(Path(path).parent) if chapter.number < FIRST]
    made = "Made from the rest of the book by `bpkit execute`: changes belong there, not here."
    cells = [
        new_markdown_cell(f"# {title}\n\n{made}", id="title"),
        new_markdown_cell(page(chapters), id="entries"),
    ]
    return dumps(new_notebook(cells=cells, metadata=METADATA))


def write_back_matter(folder="chapters"):
    """Write every page of the back matter into the chapters' folder and return their paths."""
    return [write(Path(folder, name), text(Path(folder, name))) for name in PAGES]
