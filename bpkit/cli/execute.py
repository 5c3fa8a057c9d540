"""`bpkit execute`: run notebooks again and store their outputs, the same bytes each time."""

import argparse
from pathlib import Path

from .notebooks import find, home, names, packed
from .refusal import Refusal, require


def add(commands) -> None:
    parser = commands.add_parser(
        "execute",
        help="run notebooks again and store their outputs",
        description="Run notebooks from top to bottom and store their outputs in them: those "
        "named, or all of the book's.",
    )
    parser.add_argument(
        "notebooks", nargs="*", metavar="NOTEBOOK", help="04, 04_the_graph, or a file's path"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    require("nbclient", "book")
    from bpkit.book.execute import execute

    execute([path(wanted) for wanted in args.notebooks or names()])


def path(wanted: str) -> Path:
    """The file that `wanted` means: a notebook of that path, else the book's own."""
    if wanted.endswith(".ipynb") and Path(wanted).is_file():
        return Path(wanted)
    if packed():
        raise Refusal(f"{wanted!r} is part of the installed package; run your copy's file by path")
    return home() / find(wanted)
