"""`bpkit chapters`: the book's notebooks and their titles, in reading order."""

import argparse

from .notebooks import names, title


def add(commands) -> None:
    parser = commands.add_parser("chapters", help="list the book's notebooks")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    for name in names():
        print(f"{name.removesuffix('.ipynb'):40} {title(name)}".rstrip())
