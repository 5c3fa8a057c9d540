"""Results in nbgrader's gradebook, entered with nbgrader's own API: any database that it takes."""

import os
import sys
import warnings
from pathlib import Path

from bpkit.grading.results import latest


def enter(url, records):
    """Enter the points of all records, overrides applied; returns how many grades were entered.

    A sheet is an assignment with one notebook, both of the sheet's name. Points given by hand are
    nbgrader's manual scores; what a student reads is the comment. Other entries are left alone.
    Raises ValueError where the database can't be opened.
    """
    from nbgrader.api import Gradebook
    from sqlalchemy.exc import SAWarning, SQLAlchemyError

    # it calls alembic, which lies beside this Python
    os.environ["PATH"] = f"{os.environ['PATH']}{os.pathsep}{Path(sys.executable).parent}"
    records = [r for r in latest(records) if r["sheet"] and r["tasks"]]
    try:
        with warnings.catch_warnings(), Gradebook(url) as book:
            warnings.simplefilter("ignore", SAWarning)  # of nbgrader's own making
            for sheet in dict.fromkeys(record["sheet"] for record in records):
                mine = [record for record in records if record["sheet"] == sheet]
                _assignment(book, sheet, mine)
                for record in mine:
                    _submission(book, record)
    except SQLAlchemyError as error:
        raise ValueError(f"the gradebook {url}: {str(error).splitlines()[0]}") from None
    return sum(len(record["tasks"]) for record in records)


def _cells(task):
    """The names of a task's two cells: the one that is answered, the one that is graded."""
    from bpkit.tasks.notebooks.cells import name_of

    name = name_of(task["task"])
    return name, f"{name}-check"


def _assignment(book, sheet, records):
    """The assignment and its cells, as `nbgrader generate_assignment` makes them."""
    book.update_or_create_assignment(sheet)
    book.update_or_create_notebook(sheet, sheet)
    for task in {t["task"]: t for record in records for t in record["tasks"]}.values():
        answer, check = _cells(task)
        book.update_or_create_solution_cell(answer, sheet, sheet)
        book.update_or_create_grade_cell(
            check, sheet, sheet, max_score=task["of"], cell_type="code"
        )


def _submission(book, record):
    sheet, student = record["sheet"], record["student"]
    book.update_or_create_student(student)
    handed_in = {"timestamp": record["handed_in"]} if record["handed_in"] else {}
    book.update_or_create_submission(sheet, student, **handed_in)
    notebook = book.find_submission_notebook(sheet, sheet, student)
    for task in record["tasks"]:
        answer, check = _cells(task)
        grade = _found(book, "grade", check, notebook)
        grade.auto_score, grade.needs_manual_grade = task.get("found", task["points"]), False
        if "override" in task or task.get("taken_back"):
            grade.manual_score = task["points"] if "override" in task else None
        comment = _found(book, "comment", answer, notebook)
        comment.auto_comment = "\n\n".join([task["message"], *task["notes"]])
    book.db.commit()


def _found(book, kind, cell, notebook):
    """A submission's grade or comment; made where the cell is newer than the submission."""
    from nbgrader.api import Comment, Grade, MissingEntry

    place = (notebook.name, notebook.assignment.name, notebook.student.id)
    try:
        return getattr(book, f"find_{kind}")(cell, *place)
    except MissingEntry:
        find = book.find_grade_cell if kind == "grade" else book.find_solution_cell
        made = {"grade": Grade, "comment": Comment}[kind]
        return made(cell_id=find(cell, *place[:2]).id, notebook=notebook)
