"""Answers that no task lists, written as people write them: what is each of them told?

A wrong answer stands with what is wrong with it, in words, and with all that may truly be said of
it: keys of named mistakes, kinds of what detectors see. A right answer stands alone, however odd it
is. `python -m bpkit.tasks.report --unseen` tries them all.
"""

import importlib
import pkgutil
from collections.abc import Callable
from typing import NamedTuple


class Answer(NamedTuple):
    """An answer. cause: what is wrong, none if it is right. true: what may be said of it."""

    task: str
    function: Callable
    cause: str = ""
    true: frozenset = frozenset()


ANSWERS = []


def wrong(task, cause, *true):
    """Enter a wrong answer."""

    def enter(function):
        ANSWERS.append(Answer(task, function, cause, frozenset(true)))
        return function

    return enter


def right(task):
    """Enter a right answer."""

    def enter(function):
        ANSWERS.append(Answer(task, function))
        return function

    return enter


def load():
    """All answers, in the order of the chapters."""
    for module in pkgutil.iter_modules(__path__, f"{__name__}."):
        importlib.import_module(module.name)
    return ANSWERS
