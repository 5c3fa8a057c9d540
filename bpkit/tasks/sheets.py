"""Which notebooks of exercises there are, which tasks each holds, and what is done in one of them.

Each chapter that has tasks has a notebook. Within it they stand in reading order, and the closed
one comes last.
"""

from typing import NamedTuple

from bpkit.tasks import card, learner
from bpkit.tasks.spec import load


class Sheet(NamedTuple):
    """A notebook of exercises: its file's name, its title, the chapters whose tasks it holds."""

    name: str
    title: str
    chapters: tuple

    @property
    def tasks(self):
        """Its tasks, in the order in which they stand."""
        return in_order(self.chapters)


SHEETS = (
    Sheet("01_slopes", "slopes", (1,)),
    Sheet("02_chains", "chains", (2,)),
    Sheet("03_forks", "forks", (3,)),
    Sheet("04_the_graph", "the graph", (4,)),
    Sheet("05_checking", "checking", (5,)),
    Sheet("06_shapes", "shapes", (6,)),
    Sheet("07_affine", "the affine layer", (7,)),
    Sheet("08_activations", "activations", (8,)),
    Sheet("09_losses", "losses", (9,)),
    Sheet("10_backpropagation", "backpropagation", (10,)),
    Sheet("11_descent", "descent", (11,)),
    Sheet("12_optimizers", "optimizers", (12,)),
    Sheet("13_depth", "depth", (13,)),
    Sheet("14_regularization", "regularization", (14,)),
    Sheet("15_normalization", "normalization", (15,)),
    Sheet("16_convolution", "convolution and pooling", (16,)),
    Sheet("17_through_time", "through time", (17,)),
    Sheet("18_gates", "gates", (18,)),
    Sheet("19_attention", "embeddings and attention", (19,)),
    Sheet("20_two_directions", "two directions", (20,)),
    Sheet("21_machine", "the machine", (21, 22, 23, 24)),
)


def sheets():
    """The notebooks that have tasks."""
    return [sheet for sheet in SHEETS if sheet.tasks]


def in_order(chapters):
    """The tasks of some chapters, in reading order."""
    return list(load(*chapters).values())


def progress(*chapters):
    """Say which tasks of these chapters are done, which were tried, which were not attempted.

    What counts is the last `check` of each, since the notebook was started.

    >>> from bpkit.tasks import progress
    >>> progress(3)  # doctest: +ELLIPSIS
    Chapter 3: 0 of ... done
    ...
    """
    rows = [(_state(task), task.key) for task in in_order(chapters)]
    done = sum(state == "done" for state, _ in rows)
    open_tasks = sum(not task.closed for task in in_order(chapters))
    which = " and ".join(map(str, chapters))
    heading = f"Chapter{'s' * (len(chapters) > 1)} {which}: {done} of {open_tasks} done"
    width = max((len(state) for state, _ in rows), default=0)
    lines = "\n".join(f"{state:<{width}}  {key}" for state, key in rows)
    card.show([("text", heading), ("code", lines)])


def _state(task):
    """A task's state in words."""
    if learner.closed(task):
        return "graded later"
    return {"right": "done", "wrong": "tried"}.get(learner.done.get(task.key), "not attempted")
