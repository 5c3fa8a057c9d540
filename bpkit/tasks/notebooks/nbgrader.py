"""The form for nbgrader 0.9: an assignment for each notebook, with solutions and hidden tests.

A hidden test asks `diagnose` with the secret seed that the teacher's key makes. So neither the
tests nor what nbgrader shows of them hold an expected number.
"""

from bpkit.book.notebook import dumps
from bpkit.tasks.notebooks.cells import checked, notebook, parts
from bpkit.tasks.notebooks.learner import answer
from bpkit.tasks.sheets import sheets

CONFIG = '''\
"""nbgrader's settings for this course. Add your own."""

import os
import sys

if not os.environ.get("BPKIT_TEACHER_KEY"):
    sys.exit("Set BPKIT_TEACHER_KEY to a text of your choice: the hidden tests need it.")

c = get_config()
c.CourseDirectory.course_id = "every-gradient-checked"
c.ClearSolutions.code_stub = {"python": "..."}  # the stub that `check` knows as not attempted
# Files from elsewhere, for `nbgrader zip_collect`: ada_07_affine.ipynb is ada's.
c.FileNameCollectorPlugin.named_regexp = r".*/(?P<student_id>[^_/]+)_(?P<file_id>[^/]+)[.]ipynb"
'''

TEST = """\
{checked}
### BEGIN HIDDEN TESTS
from bpkit.tasks import diagnose, grading_seed

verdict = diagnose("{key}", {key}, seed=grading_seed("{key}"))
assert verdict.passed, verdict.message
### END HIDDEN TESTS"""


def files():
    """The texts of the settings and of the source notebooks, by their paths in the course."""
    found = {"nbgrader_config.py": CONFIG}
    for sheet in sheets():
        path = f"source/{sheet.name}/{sheet.name}.ipynb"
        found[path] = dumps(notebook(sheet, _answer))
    return found


def _answer(task):
    opening, written = parts(task)
    solved = f"{opening}\n    ### BEGIN SOLUTION\n{written}\n    ### END SOLUTION"
    return answer(task, solved, TEST.format(checked=checked(task), key=task.key))
