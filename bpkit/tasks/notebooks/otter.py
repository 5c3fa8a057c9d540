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
init_cell: false
export_cell: false
tests:
    ok_format: false"""

QUESTION = """\
# BEGIN QUESTION
name: {key}
check_cell: false"""

# What a student sees of a hand-in: of open tasks what `check` says, of the closed one nothing yet.
# (Otter keeps one function of a name, so the tests of a question are called differently.)
SEEN = '''\
""" # BEGIN TEST CONFIG
points: 0
""" # END TEST CONFIG
def seen_{key}({key}):
    from bpkit.tasks import diagnose

    verdict = diagnose("{key}", {key})
    assert verdict.passed, verdict.message'''

UNSEEN = '''\
""" # BEGIN TEST CONFIG
points: 0
success_message: It was handed in. Its grade is told later.
""" # END TEST CONFIG
def seen_{key}({key}):
    assert {key} is not None, "There is no function {key}."'''

# Any text opens the closed task where the tests run; the seed is the secret.
HIDDEN = '''\
""" # BEGIN TEST CONFIG
hidden: true
points: {points}
""" # END TEST CONFIG
def graded_{key}({key}):
    import os

    from bpkit.tasks import diagnose

    os.environ["BPKIT_TEACHER_KEY"] = "grading"
    verdict = diagnose("{key}", {key}, seed={seed})
    assert verdict.passed, verdict.message'''


def files():
    """The texts of the notebooks, by their names. Raises LookupError without a teacher's key."""
    found = {}
    for sheet in sheets():
        made = notebook(sheet, _answer)
        made.cells.insert(0, new_raw_cell(CONFIG, id="assignment"))
        found[f"{sheet.name}.ipynb"] = dumps(made)
    return found


def _answer(task):
    id_ = name_of(task.key)
    opening, written = parts(task)
    solved = f"{opening}\n    # BEGIN SOLUTION\n{written}\n    # END SOLUTION"
    seen = (UNSEEN if task.closed else SEEN).format(key=task.key)
    hidden = HIDDEN.format(key=task.key, points=task.points, seed=grading_seed(task.key))

    def mark(place, text):
        return new_raw_cell(text, id=f"{id_}-{place}")

    return [
        mark("begin", QUESTION.format(key=task.key)),
        mark("solution", "# BEGIN SOLUTION"),
        new_code_cell(solved, id=id_),
        mark("solution-end", "# END SOLUTION"),
        mark("tests", "# BEGIN TESTS"),
        new_code_cell(seen, id=f"{id_}-seen"),
        new_code_cell(hidden, id=f"{id_}-hidden"),
        mark("tests-end", "# END TESTS"),
        mark("end", "# END QUESTION"),
        new_code_cell(checked(task), id=f"{id_}-check"),
    ]
