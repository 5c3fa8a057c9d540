"""`bpkit doctor`: which walls this system can put around students' code, and what is missing."""

import argparse

from .refusal import Refusal


def add(commands) -> None:
    parser = commands.add_parser(
        "doctor",
        help="say whether submissions can be graded safely here",
        description="Build the sandbox that `bpkit grade` uses, try to get out of it, and say what "
        "came of it. The exit status is 1 where other people's code should not be run.",
    )
    parser.add_argument("--tier", choices=("full", "landlock", "namespaces"), help="try this one")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    from bpkit.grading.doctor import examine

    lines, safe = examine(args.tier)
    print("\n".join(lines))
    if not safe:
        raise Refusal("other people's code should not be run here", status=1)
