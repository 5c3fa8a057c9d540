"""All that is made from the results: tables, pages, Gradescope's files. Nothing here is graded."""

import itertools
from pathlib import Path

from bpkit.grading import gradescope, overrides
from bpkit.grading.disk import write
from bpkit.grading.pages import file_name, student_page
from bpkit.grading.results import latest
from bpkit.grading.tables import write_tables


def write_all(folder, records, students=None):
    """Write the tables, and the page and Gradescope's file of each student, or of some.

    records: as in the results, before the overrides. Returns them with the overrides.
    """
    folder = Path(folder)
    records = overrides.apply(records, folder)
    write_tables(folder, records)
    for part in ("students", "gradescope"):
        (folder / part).mkdir(exist_ok=True)
    for student, mine in by_student(records).items():
        name = file_name(student)
        paths = folder / "students" / f"{name}.html", folder / "gradescope" / f"{name}.json"
        if students is None or student in students or not all(p.exists() for p in paths):
            write(paths[0], student_page(student, mine))
            write(paths[1], gradescope.text(mine))
    return records


def by_student(records):
    """Each student's records that count, in the order of names."""
    grouped = itertools.groupby(latest(records), key=lambda r: r["student"])
    return {student: list(mine) for student, mine in grouped}
