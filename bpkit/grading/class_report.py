"""What the class found hard: tasks and mistakes by how often they came, as one page with plots."""

from collections import Counter
from html import escape

from bpkit.grading.page import bar, number, page, table, words
from bpkit.grading.results import latest
from bpkit.grading.tables import total

TENTHS = 10
OTHERS = {
    "not attempted": "Nothing is written yet",
    "no function": "There is no function",
    "not graded": "The notebook could not be graded",
    "refused": "It was not graded",
}
SHOWN = {"time": "it takes too long", "error": "it raises an error"}


def class_page(records):
    """The report on a class's records, overrides applied."""
    records = latest(records)
    parts = [
        "<h1>What the class found hard</h1>",
        f'<p class="lead">{_opening(records)}</p>',
        _tasks(records),
        _distribution(records),
        *(_task(key, answers) for key, answers in _by_difficulty(records)),
        _problems(records),
    ]
    return page("What the class found hard", "\n".join(filter(None, parts)))


def _opening(records):
    students = len({record["student"] for record in records})
    said = f"{words(students, 'student')}, {words(len(records), 'notebook')}"
    points, of = (sum(n) for n in zip(*map(total, records), strict=True)) if records else (0, 0)
    if of:
        said += f", on average {points / of:.0%} of the points"
    late = sum(bool(record["late"]) for record in records)
    return f"{said}; {late} handed in late." if late else f"{said}."


def _by_difficulty(records):
    """(task's key, all answers to it), the hardest first."""
    answers = {}
    for record in records:
        for task in record["tasks"]:
            answers.setdefault(task["task"], []).append(task)
    return sorted(answers.items(), key=lambda pair: _mean(pair[1]))


def _mean(answers):
    """The share of the points that was given."""
    return sum(a["points"] for a in answers) / sum(a["of"] for a in answers)


def _tasks(records):
    rows = []
    for key, answers in _by_difficulty(records):
        right = sum(a["status"] == "right" for a in answers)
        empty = sum(a["status"] == "not attempted" for a in answers)
        rows.append(
            [
                f'<a href="#{escape(key)}">{escape(answers[0]["title"])}</a>',
                str(answers[0]["chapter"]),
                f"{right} of {len(answers)}",
                str(empty),
                f"{_mean(answers):.0%}",
                bar(_mean(answers)),
            ]
        )
    head = ("Task", "Chapter", "Right", "Not attempted", "Points given", "")
    section = table("Tasks, the hardest first", head, rows, numbers=(1, 2, 3, 4), bars=(5,))
    return f"<section><h2>Tasks</h2>{section}</section>" if rows else ""


def _distribution(records):
    shares = [points / of for points, of in map(total, records) if of]
    if not shares:
        return ""
    counts = Counter(min(int(share * TENTHS), TENTHS - 1) for share in shares)
    most = max(counts.values())
    rows = [
        [f"{10 * n} to {10 * (n + 1)} %", str(counts[n]), bar(counts[n] / most)]
        for n in reversed(range(TENTHS))
    ]
    head = ("Share of the points", "Notebooks", "")
    section = table("How the points are spread", head, rows, numbers=(1,), bars=(2,))
    return f"<section><h2>Points</h2>{section}</section>"


def _task(key, answers):
    """The mistakes in one task, by frequency."""
    wrong = [a for a in answers if a["status"] != "right"]
    title = f"<h2>{escape(answers[0]['title'])}</h2>"
    said = f"{words(len(wrong), 'answer')} of {len(answers)} not right, {number(answers[0]['of'])}"
    said += f" point{'s' * (answers[0]['of'] != 1)} each."
    opening = f"{title}<p><code>{escape(key)}</code>. {said}</p>"
    counts = Counter(reason for a in wrong for reason in reasons(a))
    rows = [
        [_reason(*reason), str(n), f"{n / len(answers):.0%}", bar(n / len(answers))]
        for reason, n in counts.most_common()
    ]
    head = ("What went wrong", "Answers", "Of all", "")
    listed = table("Mistakes by frequency", head, rows, numbers=(1, 2), bars=(3,)) if rows else ""
    return f'<section id="{escape(key)}">{opening}{listed}</section>'


def reasons(answer):
    """Why an answer isn't right, as (name, explanation): its named mistakes, or what was seen."""
    if answer["mistakes"]:
        return [(mistake["name"], mistake["why"]) for mistake in answer["mistakes"]]
    if answer["status"] in OTHERS:
        return [(OTHERS[answer["status"]], "")]
    if answer["detectors"]:
        shown = ", ".join(SHOWN.get(kind, kind) for kind in answer["detectors"])
        return [(f"No named mistake; what shows: {shown}", "")]
    return [("No named mistake", "")]


def _reason(name, why):
    return f"{escape(name)}<br><small>{escape(why)}</small>" if why else escape(name)


def _problems(records):
    rows = [
        [escape(r["student"]), escape(r["notebook"]), escape(r["problem"])]
        for r in records
        if r["status"] != "graded"
    ]
    if not rows:
        return ""
    head = ("Student", "Notebook", "Why")
    listed = table("They have no points until they are handed in anew", head, rows)
    return f"<section><h2>Could not be graded</h2>{listed}</section>"
