"""All that is made from the results: tables, pages, Gradescope's files. Nothing here is graded."""

import itertools
from pathlib import Path

from bpkit.grading import gradescope, overrides
from bpkit.grading.disk import write
from bpkit.grading.pages import file_name, student_page
from bpkit.grading.results import latest
from bpkit.grading.tables import write_tables


def write_all(folder, records):
    """Write the tables, and each student's page and file for Gradescope, where they change.

    records: as in the results, before the overrides. Returns them with the overrides.
    """
    folder = Path(folder)
    records = overrides.apply(records, folder)
    write_tables(folder, records)
    for part in ("students", "gradescope"):
        (folder / part).mkdir(exist_ok=True)
    for student, mine in by_student(records).items():
        name = file_name(student)
        renew(folder / "students" / f"{name}.html", student_page(student, mine))
        renew(folder / "gradescope" / f"{name}.json", gradescope.text(mine))
    return records


def renew(path, text):
    """Write a file unless it says the same already."""
    if not path.exists() or path.read_bytes() != text.encode("utf-8", "replace"):
        write(path, text)


def by_student(records):
    """Each student's records that count, in the order of names."""
    grouped = itertools.groupby(latest(records), key=lambda r: r["student"])
    return {student: list(mine) for student, mine in grouped}
