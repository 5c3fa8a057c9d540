"""The learner's notebooks: what lies in exercises/, and what nbgrader releases, cell for cell.

They carry nbgrader's marks, so a notebook that was taken from the book itself can be handed in.
"""

from nbformat.v4 import new_code_cell

from bpkit.book.notebook import dumps
from bpkit.tasks.notebooks.cells import checked, graded, name_of, notebook
from bpkit.tasks.sheets import sheets


def files():
    """The texts of the notebooks, without outputs, by their names."""
    return {f"{sheet.name}.ipynb": dumps(notebook(sheet, _answer)) for sheet in sheets()}


def _answer(task):
    return answer(task, task.stub, checked(task))


def answer(task, written, test):
    """The cell that is answered, and the one that grades it, with nbgrader's marks."""
    id_ = name_of(task.key)
    return [
        graded(new_code_cell(written, id=id_), solution=True),
        graded(new_code_cell(test, id=f"{id_}-check"), grade=True, locked=True, points=task.points),
    ]
