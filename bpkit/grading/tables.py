"""All results as two tables: a line for each task, and a line for each notebook."""

from bpkit.grading.disk import table, tame, write

TASKS = [
    *("student", "notebook", "task", "title", "points", "of", "status", "mistake", "why"),
    *("late", "found", "reason", "notes", "seed", "tier", "way", "bpkit", "numpy", "python"),
    *("seconds", "handed_in", "graded"),
]
NOTEBOOKS = ["student", "notebook", "sheet", "points", "of", "late", "status", "problem", "graded"]


def total(record):
    """(the points of a record, of how many).

    >>> total({"tasks": [{"points": 0.5, "of": 1}, {"points": 2.0, "of": 2}]})
    (2.5, 3)
    """
    points = sum(task["points"] for task in record["tasks"])
    return round(points, 4), sum(task["of"] for task in record["tasks"])


def write_tables(folder, records):
    """Write results.csv and grades.csv."""
    rows = [_task_row(record, task) for record in records.values() for task in record["tasks"]]
    _write(folder / "results.csv", TASKS, rows)
    rows = [_notebook_row(record) for record in records.values()]
    _write(folder / "grades.csv", NOTEBOOKS, rows)


def _task_row(record, task):
    mistakes = task["mistakes"]
    return (
        record
        | record["versions"]
        | task
        | {
            "mistake": "; ".join(m["name"] for m in mistakes),
            "why": " ".join(m["why"] for m in mistakes),
            "reason": task.get("override", {}).get("reason", ""),
            "notes": " ".join(record["notes"] + task["notes"]),
        }
    )


def _notebook_row(record):
    points, of = total(record)
    return record | {"points": points, "of": of}


def _write(path, head, rows):
    cells = ([tame(row.get(name)) for name in head] for row in rows)
    write(path, table([head, *cells]))
