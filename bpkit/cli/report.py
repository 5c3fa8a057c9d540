"""`bpkit report`: what a class found hard, as one page, from the results of `bpkit grade`."""

import argparse
from pathlib import Path

from .refusal import Refusal


def add(commands) -> None:
    parser = commands.add_parser(
        "report",
        help="show what a class found hard",
        description="Make a page from a folder of results: the tasks by difficulty, and in each "
        "the mistakes by frequency.",
    )
    parser.add_argument("results", type=Path, help="the folder that `bpkit grade` filled")
    parser.add_argument("--out", type=Path, help="the page (default: class.html in that folder)")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    from bpkit.grading import overrides, results
    from bpkit.grading.class_report import class_page
    from bpkit.grading.disk import write

    try:
        records = overrides.apply(results.load(args.results), args.results)
        if not records:
            raise Refusal(f"there are no results in {args.results}")
        page = args.out or args.results / "class.html"
        write(page, class_page(records))
    except OSError as error:
        raise Refusal(f"{error.strerror}: {error.filename}", status=1) from None
    print(page)
