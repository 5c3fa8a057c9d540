"""Exercises that name the mistake: `check` tries an answer and says what is wrong with it.

    from bpkit.tasks import check, hint, solution, diagnose, catalog

To read it through: draw, spec, outcome, trouble, run, evidence, form; what is seen in an array:
views, factors, axes, entries, regions, detect; what is tried: trees, slips, mutants, rewrites,
steps, further, supposed, compound, causes; what is said: example, verdict, diagnosis, card,
learner, sheets. Then the tasks themselves, in themes, the notebooks made of them, in notebooks, and
answers that they don't list, in unseen (see report).
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
