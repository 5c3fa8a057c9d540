"""The index of names, collected from the core's docstrings.

The docstring of a public name says in which chapter the book introduces it: the first "Chapter 7"
in it. The docstring's first sentence says what the thing is.
"""

import inspect
import re
from dataclasses import dataclass

import bpkit as bp

MODULES = {"bp": bp, "bp.data": bp.data, "bp.graph": bp.graph, "bp.schedules": bp.schedules}
CHAPTER = re.compile(r"\s*\bChapter (\d+)\b\.?")


@dataclass
class Name:
    """A public name of the core, as a chapter writes it (bp.data.digits), and its chapter."""

    name: str
    thing: object

    @property
    def chapter(self):
        """The chapter that the docstring names; None if it names none."""
        found = CHAPTER.search(inspect.getdoc(self.thing) or "")
        return found and int(found[1])

    @property
    def summary(self):
        """The docstring's first paragraph, on one line, without the chapter."""
        first = (inspect.getdoc(self.thing) or "").split("\n\n")[0]
        return " ".join(CHAPTER.sub("", first).split())


def names():
    """The public functions and classes of the core, each once, sorted by name.

    All that `bp` offers; of its modules, what has a chapter: the rest is for the library itself.
    """
    found = {}
    for prefix, module in MODULES.items():
        for name, thing in vars(module).items():
            if callable(thing) and not name.startswith("_"):
                named = Name(f"{prefix}.{name}", thing)
                own = module is bp or (thing.__module__ == module.__name__ and named.chapter)
                if own:
                    found.setdefault(id(thing), named)
    return sorted(found.values(), key=lambda name: (name.name.lower(), name.name))


def links(chapters):
    """Writes a chapter's number in Markdown: as a link if the chapter stands; "" for None."""
    files = {chapter.number: chapter.path.name for chapter in chapters}
    return lambda number: f"[{number}]({files[number]})" if number in files else str(number or "")


def page(chapters):
    """The index's page, in Markdown: a table of names."""
    link = links(chapters)
    lines = ["| name | what it is | chapter |", "| :--- | :--- | ---: |"]
    for name in names():
        summary = name.summary.replace("|", r"\|")
        lines.append(f"| `{name.name}` | {summary} | {link(name.chapter)} |")
    return "\n".join(lines)
