"""Grades that the teacher gives by hand, each with a reason, kept beside those that were found.

Grading never touches them. Of two for one task the later counts; `auto` gives the found one back.
"""

import copy
import json
from pathlib import Path

from bpkit.grading.disk import write

FILE = "overrides.jsonl"


def load(folder):
    """{(student, task): its last override}; without points if they were taken back."""
    path = Path(folder) / FILE
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    found = {}
    for line in map(json.loads, filter(None, lines)):
        found[line["student"], line["task"]] = line
    return found


def add(folder, records, student, task, points, reason, when):
    """Write an override. points: a number, or `auto`. Raises ValueError, and says why."""
    mine = [r for r in records.values() if r["student"] == student]
    if not mine:
        raise ValueError(f"there is no result of a student called {student!r}")
    graded = [t for r in mine for t in r["tasks"] if t["task"] == task]
    if not graded:
        known = ", ".join(dict.fromkeys(t["task"] for r in mine for t in r["tasks"]))
        raise ValueError(f"{student} has no result for {task!r}; there is {known or 'none at all'}")
    if not reason.strip():
        raise ValueError("an override needs a reason")
    line = {
        "student": student,
        "task": task,
        "points": _number(points, graded[0]["of"]),
        "reason": reason.strip(),
        "when": when,
    }
    path = Path(folder) / FILE
    before = path.read_text(encoding="utf-8") if path.exists() else ""
    write(path, f"{before}{json.dumps(line)}\n")


def _number(text, most):
    if text == "auto":
        return None
    try:
        number = float(text)
    except ValueError:
        raise ValueError(f"{text!r} is neither a number of points nor `auto`") from None
    if not 0 <= number <= most:
        raise ValueError(f"{text} points are not between 0 and {most}")
    return number


def apply(records, folder):
    """The records with the overrides in force; the points that were found stay as `found`."""
    given = load(folder)
    if not given:
        return records
    changed = {}
    for key, record in records.items():
        changed[key] = copy.deepcopy(record)
        for task in changed[key]["tasks"]:
            line = given.get((record["student"], task["task"]))
            if line and line["points"] is None:
                task["taken_back"] = True
            elif line:
                task["found"], task["points"] = task["points"], line["points"]
                task["override"] = {"reason": line["reason"], "when": line["when"]}
    return changed
