"""The form for otter-grader 7: a notebook for `otter assign`, with solutions and hidden tests.

Otter grades in containers that see nothing of the teacher's machine. So the secret seeds are
written into the tests when this form is made; the teacher's key, which makes them, stays at home.
"""

from nbformat.v4 import new_code_cell, new_raw_cell

from bpkit.book.notebook import dumps
from bpkit.tasks.learner import grading_seed
from bpkit.tasks.notebooks.cells import checked, name_of, notebook, parts
from bpkit.tasks.sheets import sheets

CONFIG = """\
# ASSIGNMENT CONFIG
name: "{name}"
init_cell: false
export_cell: false
tests:
    ok_format: false"""

QUESTION = """\
# BEGIN QUESTION
name: {key}
points: {points}
check_cell: false"""

# Any text opens the closed task where the tests run; the seed is the secret.
TEST = '''\
""" # BEGIN TEST CONFIG
hidden: true
""" # END TEST CONFIG
def test_{key}({key}):
    import os

    from bpkit.tasks import diagnose

    os.environ.setdefault("BPKIT_TEACHER_KEY", "grading")
    verdict = diagnose("{key}", {key}, seed={seed})
    assert verdict.passed, verdict.message'''


def files():
    """The texts of the notebooks, by their names. Raises LookupError without a teacher's key."""
    found = {}
    for sheet in sheets():
        made = notebook(sheet, _answer)
        made.cells.insert(0, new_raw_cell(CONFIG.format(name=sheet.name), id="assignment"))
        found[f"{sheet.name}.ipynb"] = dumps(made)
    return found


def _answer(task):
    id_ = name_of(task.key)
    opening, written = parts(task)
    solved = f"{opening}\n    # BEGIN SOLUTION\n{written}\n    # END SOLUTION"
    test = TEST.format(key=task.key, seed=grading_seed(task.key))

    def mark(place, text):
        return new_raw_cell(text, id=f"{id_}-{place}")

    return [
        mark("begin", QUESTION.format(key=task.key, points=task.points)),
        mark("solution", "# BEGIN SOLUTION"),
        new_code_cell(solved, id=id_),
        mark("solution-end", "# END SOLUTION"),
        mark("tests", "# BEGIN TESTS"),
        new_code_cell(test, id=f"{id_}-test"),
        mark("tests-end", "# END TESTS"),
        mark("end", "# END QUESTION"),
        new_code_cell(checked(task), id=f"{id_}-check"),
    ]
