"""`bpkit reset 04`: start a chapter or an exercise afresh, and keep what the reader had."""

import argparse

from .notebooks import find
from .working_copy import place, reset


def add(commands) -> None:
    parser = commands.add_parser(
        "reset",
        help="put back the book's version of a notebook",
        description="Put back the book's version of a notebook. Yours is kept beside it, with the "
        "date in its name.",
    )
    parser.add_argument("notebooks", nargs="+", metavar="NOTEBOOK", help="04, or 04_the_graph")
    parser.add_argument(
        "--dir", help="your copy's folder (default: the copy you stand in, else ./my-book)"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    copy = place(args.dir)
    for name in [find(wanted) for wanted in args.notebooks]:
        backup = reset(copy, name)
        ending = f"; yours is kept as {backup.name}" if backup else ""
        print(f"{name} is the book's again{ending}")
