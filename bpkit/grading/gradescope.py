"""Results as Gradescope's autograders give them: a results.json for each student."""

import json

from bpkit.grading.tables import total
from bpkit.tasks import card


def results(records):
    """One student's records as Gradescope reads them; a test for each task.

    Gradescope shows the text of a test as HTML: it is the card that a notebook shows.
    """
    tests = [_test(record, task) for record in records for task in record["tasks"]]
    said = [text for record in records for text in remarks(record)]
    return {
        "score": round(sum(total(record)[0] for record in records), 4),
        "execution_time": round(sum(record["seconds"] for record in records), 4),
        "output": "\n".join(said),
        "output_format": "text",
        "visibility": "visible",
        "tests": tests,
        "extra_data": {"versions": records[0]["versions"], "seed": records[0]["seed"]},
    }


def _test(record, task):
    shown = [*task["blocks"], *(["text", note] for note in task["notes"])]
    if "override" in task:
        shown.append(["text", f"The teacher gave these points: {task['override']['reason']}"])
    return {
        "name": task["title"],
        "number": task["task"],
        "score": task["points"],
        "max_score": task["of"],
        "status": "passed" if task["points"] == task["of"] else "failed",
        "output": card.card(shown),
        "output_format": "html",
        "visibility": "visible",
    }


def remarks(record):
    """What is to be said of a notebook as a whole, in sentences."""
    yield from [record["problem"]] if record["problem"] else []
    yield from record["notes"]
    if record.get("late"):
        yield f"It was handed in late, by {record['late']}."


def text(records):
    return json.dumps(results(records))
