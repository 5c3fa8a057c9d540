"""`bpkit execute`: run notebooks again and store what they show, the same bytes each time.

The pages made from the chapters, the glossary and the index of names, are made again with them.
"""

import argparse
from pathlib import Path

from .notebooks import find, home, names, packed
from .refusal import Refusal, require


def add(commands) -> None:
    parser = commands.add_parser(
        "execute",
        help="run notebooks again and store what they show",
        description="Run notebooks from top to bottom and store what they show: those named, or "
        "all of the book's. The glossary and the index of names are made again.",
    )
    parser.add_argument(
        "notebooks", nargs="*", metavar="NOTEBOOK", help="04, 04_the_graph, or a file's path"
    )
    parser.add_argument(
        "--timings", action="store_true", help="store new run times too; else they stay as they are"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    require("nbclient", "book")
    from bpkit.book.back_matter import write_back_matter
    from bpkit.book.execute import ExecutionError, execute

    try:
        changed = execute([path(wanted) for wanted in args.notebooks or names()], args.timings)
    except ExecutionError as error:
        raise Refusal(str(error), status=1) from None
    for file in changed:
        print(f"{file} changed")
    if not packed():
        write_back_matter(home() / "chapters")


def path(wanted: str) -> Path:
    """The file that `wanted` means: a notebook of that path, else the book's own."""
    if wanted.endswith(".ipynb") and Path(wanted).is_file():
        return Path(wanted)
    if packed():
        raise Refusal(f"{wanted!r} is part of the installed package; run your copy's file by path")
    return home() / find(wanted)
