"""Exercises that name the mistake: `check` tries an answer and says what is wrong with it.

    from bpkit.tasks import check, hint, solution, diagnose, catalog

To read it through: draw, spec, outcome, trouble, run, form, detect, diagnosis, card, learner,
sheets; then the tasks themselves, in themes, and the notebooks made of them, in notebooks.
"""

from bpkit.tasks.diagnosis import Verdict
from bpkit.tasks.learner import catalog, check, diagnose, grading_seed, hint, solution
from bpkit.tasks.sheets import progress

__all__ = [
    "Verdict",
    "catalog",
    "check",
    "diagnose",
    "grading_seed",
    "hint",
    "progress",
    "solution",
]
