"""What a run says in the terminal: a bar while it goes on, a summary, one notebook in full."""

import sys

from bpkit.grading.gradescope import remarks
from bpkit.grading.page import number, words
from bpkit.grading.tables import total
from bpkit.tasks import card

SHOWN = 20  # problems that are listed; the rest is counted


class Progress:
    """A bar with how many are left and how many failed; none without tqdm or a terminal."""

    def __init__(self, count):
        self.bar, self.failed = None, 0
        if sys.stderr.isatty():
            try:
                from tqdm import tqdm
            except ImportError:
                return
            self.bar = tqdm(total=count, unit="notebook", dynamic_ncols=True)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        if self.bar is not None:
            self.bar.close()

    def advance(self, record):
        """One more is done."""
        if self.bar is None:
            return
        self.failed += record["status"] != "graded"
        left = self.bar.total - self.bar.n - 1
        self.bar.set_postfix_str(f"{left} left, {self.failed} failed", refresh=False)
        self.bar.update()


def summary_of(summary, count, folder):
    """The end of a run, in a few lines."""
    counts = summary.counts
    graded = counts["graded"]
    lines = []
    if count:
        said = f"{words(count, 'notebook')}: {graded} graded, {counts['kept']} kept from before"
        if problems := counts["problems"]:
            said += f", {problems} could not be graded"
        lines.append(f"{said}.")
    lines += [f"  {name}: {why}" for name, why in summary.problems[:SHOWN]]
    if len(summary.problems) > SHOWN:
        lines.append(f"  and {len(summary.problems) - SHOWN} more, in {folder / 'grades.csv'}")
    if summary.stopped:
        lines.append(f"{summary.stopped} What was graded is kept; the same command goes on.")
    if summary.tier:
        lines.append(f"Sandbox: {summary.tier}")
    lines.append(f"Results: {folder}")
    return "\n".join(lines)


def graded(submission, job):
    """The record of one notebook, graded in this process."""
    from bpkit.grading.catalog import named
    from bpkit.grading.grader import Grader, nothing_of
    from bpkit.grading.notebook import Unreadable, content

    name = f"{submission.name}/{submission.path.name}"
    try:
        data, _, notes = content(submission.path)
    except (Unreadable, OSError) as error:
        words = getattr(error, "strerror", None) or str(error)
        return nothing_of(name, job, words)
    named(name)  # reads its tasks: where these are all that count, no others are read
    with Grader(job) as grader:
        return grader.grade(name, data, notes)


def told(record):
    """A record in full: what a notebook shows of each task, and its points."""
    parts = list(remarks(record))
    for task in record["tasks"]:
        parts.append(f"{task['title']}: {number(task['points'])} of {number(task['of'])} points")
        shown = [*task["blocks"], *(("text", note) for note in task["notes"])]
        parts.append(_indented(card.plain(shown)))
    if record["tasks"]:
        points, of = total(record)
        parts.append(f"In all {number(points)} of {number(of)} points.")
    if record["tier"]:
        parts.append(f"Sandbox: {record['tier']}")
    return "\n\n".join(parts)


def _indented(text):
    return "\n".join(f"  {line}".rstrip() for line in text.splitlines())
