"""What a learner calls: check an answer, ask for a hint, see the solution, list the tasks.

The last task of each notebook is closed: nothing is said about it before it is handed in. A
teacher's key opens it. The key is any text a teacher chooses, in the environment variable
BPKIT_TEACHER_KEY; the secret seeds of grading are made from it. It is a curtain, not a lock: the
references are public, and whoever wants to read them can. What it keeps is the seeds.
"""

import hashlib
import os
from typing import NamedTuple

from bpkit.tasks import card, diagnosis, form
from bpkit.tasks.spec import find, load

_asked = {}  # task -> how many hints were given in this session
done = {}  # task -> the status of its last check in this session


class Entry(NamedTuple):
    """One line of the catalog. mistakes: the keys of the named ones."""

    key: str
    chapter: int
    title: str
    minutes: int
    points: int
    mistakes: tuple


class Catalog(list):
    """The tasks as entries; printed, a table."""

    def __repr__(self):
        rows = [
            f"{e.chapter:>2}  {e.key:<32} {e.minutes:>3} min  {e.points:>2} points  {e.title}"
            for e in self
        ]
        return "\n".join(rows)


def catalog():
    """Every task: key, chapter, title, minutes, points, mistakes.

    >>> from bpkit.tasks import catalog
    >>> catalog()[0].chapter
    1
    """
    return Catalog(
        Entry(t.key, t.chapter, t.title, t.minutes, t.points, tuple(m.key for m in t.mistakes))
        for t in load().values()
    )


def check(function, task=None):
    """Try an answer and say what is wrong with it, and where it shows. Nothing is returned.

    function: any callable. task: the task's name; the function's own unless given.

    >>> from bpkit.tasks import check
    >>> def relu_backward(dY, X):
    ...     return dY * X
    >>> check(relu_backward)  # doctest: +ELLIPSIS
    relu_backward: not right yet
    ...
    """
    key = task if task is not None else form.name_of(function)
    if key is None:
        if callable(function):
            text = 'This function has no name. Say which task it is for: `check(f, task="...")`.'
        else:
            text = "`check` needs a function. Pass the function itself, without brackets."
        card.show([("text", text)])
        return
    verdict = _guarded(key, function)
    if verdict is not None:
        done[key] = verdict.status
        card.show(verdict.blocks)


def _guarded(key, function):
    """The verdict; or None once it was said why there is none."""
    try:
        find(key)
    except LookupError as error:
        _say_unknown(error)
        return None
    try:
        return diagnose(key, function)
    except Exception as error:
        text = f"{type(error).__name__}: {error}"
        blocks = [("text", f"{key}: it could not be examined. The fault is ours, not yours.")]
        card.show([*blocks, ("code", text)])
        return None


def _say_unknown(error):
    card.show([("text", f"{error.args[0][0].upper()}{error.args[0][1:]}.")])


def diagnose(task, function, seed=0):
    """The verdict on an answer: passed, mistake, message, and what lies behind them.

    seed decides the inputs; a grader keeps its own secret. Raises LookupError for an unknown task.

    >>> from bpkit.tasks import diagnose
    >>> verdict = diagnose("relu_backward", lambda dY, X: dY)
    >>> verdict.passed, verdict.mistake
    (False, 'passes_all')
    """
    task = find(task)
    if closed(task):
        return refusal(task)
    return diagnosis.examine(task, function, seed)


def closed(task):
    """Whether a task is closed in this process: it is a last one, and there is no teacher's key."""
    return task.closed and not os.environ.get("BPKIT_TEACHER_KEY")


def refusal(task):
    text = "This task is answered when it is handed in: no check, no hint, no solution before."
    blocks = [("text", f"{task.key}: {diagnosis.HEADINGS['refused']}"), ("text", text)]
    return diagnosis.Verdict(task.key, "refused", card.plain(blocks), blocks=blocks)


def grading_seed(task):
    """The secret seed of a task's grading, made from the teacher's key. Raises LookupError without.

    The same key gives the same seed on every machine, so that a grading can be repeated.
    """
    key = os.environ.get("BPKIT_TEACHER_KEY")
    if not key:
        raise LookupError("grading_seed: set BPKIT_TEACHER_KEY to a text of your choice")
    return int(hashlib.sha256(f"{key}\n{task}".encode()).hexdigest()[:12], 16)


def hint(task):
    """The next hint: a question, then a sketch, then a skeleton. Then `solution` is left.

    task: its name, or the function.
    """
    task = _known(task)
    if task is None:
        return
    step = _asked.get(task.key, 0)
    _asked[task.key] = min(step + 1, 3)
    ladder = [("text", task.nudge), ("text", task.sketch), ("code", task.skeleton)]
    names = ["a question", "a sketch", "a skeleton"]
    if step == 3:
        blocks = [("text", f'The hints are used up. `solution("{task.key}")` shows the whole.')]
    else:
        blocks = [("text", f"{task.key}, hint {step + 1} of 3: {names[step]}"), ladder[step]]
    card.show(blocks)


def solution(task):
    """Show a task's solution. task: its name, or the function."""
    task = _known(task)
    if task is not None:
        card.show([("text", f"{task.key}: a solution"), ("code", task.solution)])


def _known(task):
    """The task, or None once it was said that it is unknown or closed."""
    key = task if isinstance(task, str) else form.name_of(task)
    try:
        task = find(key)
    except LookupError as error:
        _say_unknown(error)
        return None
    if closed(task):
        card.show(refusal(task).blocks)
        return None
    return task
