"""A student's page: the words and the card that the notebook shows, with the points they earned."""

import hashlib
import re
from html import escape

from bpkit.grading import gradescope
from bpkit.grading.needs import capital
from bpkit.grading.page import bar, number, page, table, words
from bpkit.grading.points import MEANING
from bpkit.grading.tables import total
from bpkit.tasks import card
from bpkit.tasks.sheets import SHEETS

STATUS = {
    "right": "right",
    "wrong": "not right yet",
    "not attempted": "not attempted",
    "no function": "no function was found",
    "refused": "not graded",
    "not graded": "not graded",
}
TITLES = {sheet.name: capital(sheet.title) for sheet in SHEETS}
HELD = {True: "yes", False: "no", None: "not seen"}


def file_name(student):
    """The name of a student's page: readable, safe in any folder, and of no other student.

    >>> file_name("ada"), file_name("../x")[:2]
    ('ada', 'x-')
    """
    safe = re.sub(r"[^\w.-]+", "-", student).strip("-._")
    safe = safe.encode()[:150].decode("utf-8", "ignore")
    if safe and safe == student:
        return safe
    return f"{safe}-{hashlib.sha256(student.encode()).hexdigest()[:8]}".lstrip("-")


def student_page(student, records):
    """A student's records as a page."""
    points, of = _sum(records)
    parts = [
        f"<h1>{escape(student)}</h1>",
        f'<p class="lead">{number(points)} of {number(of)} points</p>',
        *(_notebook(record) for record in records),
        _foot(records),
    ]
    return page(f"{student}: {number(points)} of {number(of)} points", "\n".join(parts))


def _sum(records):
    totals = [total(record) for record in records]
    return sum(points for points, _ in totals), sum(of for _, of in totals)


def _notebook(record):
    points, of = total(record)
    name = TITLES.get(record["sheet"]) or record["notebook"] or "The notebook"
    said = [("text", "About the notebook"), *(("text", r) for r in gradescope.remarks(record))]
    graded = record["status"] == "graded"
    rows = [
        [
            _link(record, task) if graded else escape(task["title"]),
            escape(outcome(task)),
            f"{number(task['points'])} of {number(task['of'])}",
            bar(task["points"] / task["of"]),
        ]
        for task in record["tasks"]
    ]
    head = ("Task", "What came of it", "Points", "")
    return "\n".join(
        [
            f"<section><h2>{escape(name)}: {number(points)} of {number(of)} points</h2>",
            card.card(said) if len(said) > 1 else "",
            table(words(len(rows), "task"), head, rows, numbers=(2,), bars=(3,)) if rows else "",
            "</section>",
            *(_task(record, task) for task in record["tasks"] if graded),
        ]
    )


def outcome(task):
    """What came of a task, in a few words: its status, or the names of its mistakes."""
    named = " and ".join(mistake["name"] for mistake in task["mistakes"])
    by_hand = "; points given by hand" if "override" in task else ""
    return (named or STATUS[task["status"]]) + by_hand


def _link(record, task):
    return f'<a href="#{_anchor(record, task)}">{escape(task["title"])}</a>'


def _anchor(record, task):
    return escape(f"{record['notebook']}-{task['task']}".strip("-"))


def _task(record, task):
    points = f"{number(task['points'])} of {number(task['of'])} points"
    shown = [*task["blocks"], *(("text", note) for note in task["notes"])]
    parts = [
        f'<section id="{_anchor(record, task)}"><h3>{escape(task["title"])}: {points}</h3>',
        card.card(shown),
    ]
    if "override" in task:
        found = f"{number(task['found'])} of {number(task['of'])}"
        parts.append(
            f"<p>The teacher gave these points in place of {found}: "
            f"{escape(task['override']['reason'])}</p>"
        )
    seen = any(p["held"] is not None for p in task["properties"].values())
    if seen and task["status"] != "right":
        parts.append(_properties(task))
    return "\n".join([*parts, "</section>"])


def _properties(task):
    """What was examined in an answer that isn't right, and what each part earned."""
    found = task["properties"]
    rows = [
        [MEANING[name], HELD[p["held"]], f"{number(p['points'])} of {number(p['of'])}"]
        for name, p in found.items()
    ]
    said = "How the points were found"
    if not any(p["points"] for p in found.values()):
        said += ": while the numbers are wrong, the rest earns nothing"
    return table(said, ("What counts", "Does it hold?", "Points"), rows, numbers=(2,))


def _foot(records):
    last = max(records, key=lambda record: record["graded"])
    versions = ", ".join(f"{name} {number}" for name, number in last["versions"].items())
    said = [
        f"Graded {last['graded'].replace('T', ' ').replace('+00:00', ' UTC')}, {versions}.",
        f"The inputs were drawn with the key {last['seed']}.",
        f"Sandbox: {last['tier']}." if last["tier"] else "",
    ]
    return f"<footer><small>{escape(' '.join(said))}</small></footer>"
