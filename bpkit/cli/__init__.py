"""The `bpkit` command: read the book in a copy of your own, run chapters again, grade a class.

Each subcommand is a module with one function, `add`, which names it, its arguments and what it
runs. Exit status: 0 done, 1 refused (something is missing) or not all done, 2 wrong usage.
"""

import argparse
import os
import sys
from importlib import import_module

from .refusal import Refusal

MODULES = {
    "open": "open_book",
    "reset": "reset",
    "chapters": "chapters",
    "execute": "execute",
    "exercises": "exercises",
    "cards": "cards",
    "grade": "grade",
    "report": "report",
    "doctor": "doctor",
}


class Version(argparse.Action):
    """Tell the version, which takes longer to find than all else takes to load."""

    def __call__(self, parser, *args):
        from importlib.metadata import version

        print(f"bpkit {version('bpkit')}")
        parser.exit()


def main(argv: list[str] | None = None) -> int:
    """Run the command line `argv` (default: this process's own) and return its exit status."""
    argv = sys.argv[1:] if argv is None else argv
    parser = argparse.ArgumentParser(
        prog="bpkit", description="Every Gradient, Checked: the book's command."
    )
    parser.add_argument(
        "--version", action=Version, nargs=0, help="show program's version number and exit"
    )
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for name in MODULES.keys() & set(argv[:1]) or MODULES:  # one is loaded if it is named
        import_module(f".{MODULES[name]}", __package__).add(commands)
    args = parser.parse_args(argv)
    try:
        return args.run(args) or 0
    except Refusal as refusal:
        print(f"bpkit: {refusal}", file=sys.stderr)
        return refusal.status
    except BrokenPipeError:  # nobody reads on, as in `bpkit ... | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
