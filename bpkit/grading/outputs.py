"""All that is made from the results: tables, pages, Gradescope's files. Nothing here is graded."""

import itertools
from collections import Counter, defaultdict
from pathlib import Path

from bpkit.grading import gradescope, overrides
from bpkit.grading.disk import write
from bpkit.grading.pages import file_name, student_page
from bpkit.grading.results import key_of, latest
from bpkit.grading.tables import write_tables


class Early:
    """Writes a student's files while others are graded: as soon as all that they handed in is.

    made: each such student's records, as the files tell them.
    """

    def __init__(self, folder, submissions):
        self.folder, self.made = Path(folder), {}
        self.left = Counter(submission.student for submission in submissions)
        self.records = defaultdict(dict)

    def add(self, record):
        """One more is graded."""
        student = record["student"]
        self.records[student][key_of(record)] = record
        self.left[student] -= 1
        if not self.left[student]:
            mine = latest(self.records.pop(student))
            write_student(self.folder, student, mine)
            self.made[student] = mine  # not before: it may be interrupted


def write_all(folder, records, made=None):
    """Write the tables, and each student's page and file for Gradescope, where they change.

    records: as in the results, before the overrides. Returns them with the overrides. made: an
    Early's, whose files are left as they are.
    """
    folder, made = Path(folder), made or {}
    records = overrides.apply(records, folder)
    write_tables(folder, records)
    for student, mine in by_student(records).items():
        if made.get(student) != mine:
            write_student(folder, student, mine)
    return records


def write_student(folder, student, records):
    """Write a student's page and file for Gradescope, where they change."""
    name = file_name(student)
    renew(folder / "students" / f"{name}.html", student_page(student, records))
    renew(folder / "gradescope" / f"{name}.json", gradescope.text(records))


def renew(path, text):
    """Write a file unless it says the same already."""
    try:
        if path.read_bytes() == text.encode("utf-8", "replace"):
            return
    except FileNotFoundError:
        path.parent.mkdir(exist_ok=True)
    write(path, text)


def by_student(records):
    """Each student's records that count, in the order of names."""
    grouped = itertools.groupby(latest(records), key=lambda r: r["student"])
    return {student: list(mine) for student, mine in grouped}
