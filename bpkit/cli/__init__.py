"""The `bpkit` command: read the book in a copy of your own, run chapters again, grade a class.

Each subcommand is a module with one function, `add`, which names it, its arguments and what it
runs. Exit status: 0 done, 1 refused (something is missing) or not all done, 2 wrong usage.
"""

import argparse
import sys
from importlib.metadata import version

from . import cards, chapters, doctor, execute, exercises, grade, open_book, report, reset
from .refusal import Refusal


def main(argv: list[str] | None = None) -> int:
    """Run the command line `argv` (default: this process's own) and return its exit status."""
    parser = argparse.ArgumentParser(
        prog="bpkit", description="Every Gradient, Checked: the book's command."
    )
    parser.add_argument("--version", action="version", version=f"bpkit {version('bpkit')}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for module in (open_book, reset, chapters, execute, exercises, cards, grade, report, doctor):
        module.add(commands)
    args = parser.parse_args(argv)
    try:
        return args.run(args) or 0
    except Refusal as refusal:
        print(f"bpkit: {refusal}", file=sys.stderr)
        return refusal.status
