"""The glossary, collected from the chapters.

A term is defined once, in bold, where it first appears; the sentence that holds it is its entry.
Bold is used for nothing else.
"""

import re
from dataclasses import dataclass

from bpkit.book.notebook import NOT_PROSE, Chapter, mask, sentences

BOLD = re.compile(r"\*\*(?!\s)(.+?)(?<!\s)\*\*")


@dataclass
class Entry:
    """A term, the sentence that defines it, and where: the chapter and the cell's id."""

    term: str
    sentence: str
    chapter: Chapter
    cell: str


def entries(chapters):
    """Every definition in the chapters, in the order of the book."""
    return [
        Entry(sentence[found.start(1) : found.end(1)], sentence, chapter, cell.id)
        for chapter in chapters
        for cell in chapter.of("markdown")
        for sentence in sentences(cell.source)
        for found in BOLD.finditer(mask(NOT_PROSE, sentence, "x"))
    ]


def page(chapters):
    """The glossary's page, in Markdown."""
    lines = ["Each sentence is the one with which the chapter introduces the term.", ""]
    for entry in sorted(entries(chapters), key=lambda entry: entry.term.strip("`$").lower()):
        link = f"{entry.chapter.path.name}#cell-id={entry.cell}"
        sentence = BOLD.sub(r"\1", entry.sentence)
        lines.append(f"- **{entry.term}**: {sentence} [Chapter {entry.chapter.number}]({link})")
    return "\n".join(lines)
