"""One source, three forms: the catalog as the learner's notebooks, for nbgrader, and for otter.

Each form is a module whose `files()` gives the texts of all its files by their paths. To read it
through: cells, what the forms share; then learner, nbgrader, otter.
"""

from bpkit.tasks.notebooks import learner, nbgrader, otter

FORMS = {"learner": learner, "nbgrader": nbgrader, "otter": otter}
