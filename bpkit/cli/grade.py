"""`bpkit grade`: grade notebooks that were handed in, one to the terminal or a folder of them.

Students' code runs in a sandbox; where the system gives none, the command refuses. `bpkit doctor`
tells which there is.
"""

import argparse
import atexit
import gc
import os
import sys
from datetime import datetime
from pathlib import Path

from .refusal import Refusal, require


def add(commands) -> None:
    parser = commands.add_parser(
        "grade",
        help="grade notebooks that were handed in",
        description="Grade a notebook, or a folder of them: files, a folder for each student, or "
        "nbgrader's submitted/ tree. What was graded before and hasn't changed is kept. The exit "
        "status is 0 when all were graded, 1 when some could not be, 2 for wrong usage.",
    )
    parser.add_argument("path", type=Path, nargs="?", help="a notebook, or a folder")
    parser.add_argument("--out", type=Path, help="the folder for results; needed for a folder")
    parser.add_argument(
        "--processes", type=int, default=1, metavar="N", help="graders at once (default: 1)"
    )
    parser.add_argument("--cluster", metavar="ADDRESS", help="a Dask scheduler, tcp://host:8786")
    parser.add_argument(
        "--tasks", nargs="+", default=(), metavar="TASK", help="the tasks that count (default: all)"
    )
    parser.add_argument(
        "--key", type=Path, help="the file of the teacher's key (default: BPKIT_TEACHER_KEY, else "
        "a file in your settings, made when it is first needed)",
    )  # fmt: skip
    parser.add_argument(
        "--deadline", metavar="TIME", help="mark as late what came after, as 2026-11-20T18:00"
    )
    parser.add_argument(
        "--pseudonyms", type=Path, metavar="CSV", help="call students by pseudonyms; which is "
        "whose stands in this file, which is not to be in the results",
    )  # fmt: skip
    parser.add_argument(
        "--weights", default="", help="of what counts in a task, as value=6,shape=1,dtype=1,"
        "finite=1,unchanged=1 (the default)",
    )  # fmt: skip
    parser.add_argument(
        "--form-counts", action="store_true", help="wrong numbers still earn the points of form"
    )
    parser.add_argument(
        "--regrade", nargs="+", default=(), metavar="NAME", help="students or tasks to grade again"
    )
    parser.add_argument(
        "--override", nargs=4, action="append", default=[],
        metavar=("STUDENT", "TASK", "POINTS", "REASON"),
        help="points given by hand; `auto` takes them back",
    )  # fmt: skip
    parser.add_argument(
        "--gradebook", metavar="URL", help="nbgrader's database, as sqlite:///gradebook.db"
    )
    parser.add_argument("--seconds", type=float, default=2.0, help="of a call (default: 2)")
    parser.add_argument("--memory", type=int, default=1024, help="megabytes (default: 1024)")
    parser.add_argument("--trust", action="store_true", help="grade even where there is no sandbox")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    check(args)
    from bpkit.grading.sandbox import Refused, refusal

    if not hasattr(os, "fork"):
        raise Refusal(refusal("It has no fork, with which a student's process is made."), 1)
    atexit.register(gc.freeze)  # Python ends sooner where it has nothing to look through
    try:
        job = job_of(args)
        if args.path is not None and args.path.is_file():
            return one(args, job)
        return many(args, job)
    except Refused as refused:
        raise Refusal(str(refused), status=1) from None
    except LookupError as error:  # of a task
        raise Refusal(error.args[0]) from None


def check(args: argparse.Namespace) -> None:
    """Refuse what can't be meant."""
    if args.path is None and not args.override:
        raise Refusal("name a notebook or a folder to grade")
    if args.path is not None and not args.path.exists():
        raise Refusal(f"there is no {args.path}")
    if args.out is None and (args.path is None or args.path.is_dir()):
        raise Refusal("name a folder for the results: --out")
    if args.processes < 1 or args.seconds <= 0 or args.memory < 256:
        raise Refusal("needed are at least 1 process, 256 megabytes and more than 0 seconds")
    if (
        args.pseudonyms
        and args.out
        and args.pseudonyms.resolve().is_relative_to(args.out.resolve())
    ):
        raise Refusal("the pseudonyms' file would lie in the results; name one elsewhere")
    if args.cluster:
        require("distributed", "cluster")
    if args.gradebook:
        require("nbgrader", "course")


def job_of(args: argparse.Namespace):
    """What holds for the run, from the teacher's key and the arguments."""
    from bpkit.grading import points, secret
    from bpkit.grading.grader import Job

    try:
        weights = points.weights(args.weights)
        key, made = secret.find(args.key)
    except (ValueError, OSError) as error:
        raise Refusal(str(error)) from None
    if made is not None:
        print(f"A teacher's key was made: {made}. Keep it: the hidden inputs are drawn from it.",
              file=sys.stderr)  # fmt: skip
    return Job(
        key=key,
        weights=weights,
        form=args.form_counts,
        tasks=tuple(args.tasks),
        seconds=args.seconds,
        memory=args.memory * 2**20,
        trust=args.trust,
    )


def one(args: argparse.Namespace, job) -> int:
    """Grade a notebook; its results go to the terminal, and to a folder if one is named."""
    from bpkit.grading import terminal
    from bpkit.grading.submissions import single

    if args.out is not None:
        return many(args, job)
    record = terminal.graded(single(args.path), job)
    print(terminal.told(record))
    return int(record["status"] != "graded")


def many(args: argparse.Namespace, job) -> int:
    """Grade a folder; the results go to another, and what came of it is said at the end."""
    from bpkit.grading import outputs
    from bpkit.grading.results import Busy, Journal
    from bpkit.grading.run import Summary, run
    from bpkit.grading.terminal import Progress, summary_of

    found, options, summary = handed_in(args), options_of(args), Summary()
    early = outputs.Early(args.out, found)

    def advance(record):
        progress.advance(record)
        early.add(record)

    try:
        with Journal(args.out) as journal:
            if found:
                with Progress(len(found)) as progress:
                    summary = run(found, journal, job, options, advance)
            override(args, journal.records)
            records = outputs.write_all(args.out, journal.records, early.made)
            if args.gradebook:
                enter(args, records)
    except Busy as busy:
        raise Refusal(str(busy), status=1) from None
    except OSError as error:
        why = f"{error.strerror or error}: {error.filename or args.out}"
        raise Refusal(f"{why}\nWhat was graded is kept; the same command goes on.", 1) from None
    print(summary_of(summary, len(found), args.out))
    return int(bool(summary.stopped or summary.counts["problems"]))


def handed_in(args: argparse.Namespace) -> list:
    """The submissions at the path, under pseudonyms if it is wished; none without a path."""
    from bpkit.grading import submissions

    if args.path is None:
        return []
    single = args.path.is_file()
    found = [submissions.single(args.path)] if single else submissions.found(args.path)
    if not found:
        raise Refusal(f"{args.path} holds no submissions", status=1)
    if args.pseudonyms:
        from bpkit.grading.names import Pseudonyms

        try:
            found = Pseudonyms(args.pseudonyms).hide(found)
        except (ValueError, OSError) as error:
            raise Refusal(str(error)) from None
    return found


def options_of(args: argparse.Namespace):
    from bpkit.grading.run import Options

    deadline = None
    if args.deadline:
        try:
            deadline = datetime.fromisoformat(args.deadline).astimezone()
        except ValueError:
            raise Refusal(f"--deadline {args.deadline}: a time looks as 2026-11-20T18:00") from None
    return Options(args.processes, args.cluster or "", deadline, tuple(args.regrade))


def override(args: argparse.Namespace, records: dict) -> None:
    """Enter the points given by hand."""
    from bpkit.grading import overrides
    from bpkit.grading.grader import now

    for student, task, points, reason in args.override:
        try:
            overrides.add(args.out, records, student, task, points, reason, now())
        except ValueError as error:
            raise Refusal(str(error)) from None


def enter(args: argparse.Namespace, records: dict) -> None:
    """Enter the points in nbgrader's gradebook."""
    from bpkit.grading.gradebook import enter

    try:
        entered = enter(args.gradebook, records)
    except ValueError as error:
        raise Refusal(str(error), status=1) from None
    print(f"{entered} grades are in nbgrader's gradebook, {args.gradebook}")
