"""A verdict on a student's answer: the learner's own `check`, asked of a function elsewhere."""

import functools

from bpkit.grading.student import asked
from bpkit.tasks import Verdict, card
from bpkit.tasks.diagnosis import HEADINGS, examine
from bpkit.tasks.evidence import TRIALS, drawn, extremes
from bpkit.tasks.run import arrange
from bpkit.tasks.spec import find


def judge(key, student, seed):
    """What `check` says of a student's answer to a task, on inputs drawn from a seed.

    Returns a Verdict; its properties say what held. The status is "no function" where the student's
    cells define none of that name. Raises LookupError for an unknown task.
    """
    task = find(key)
    if task.given:
        student.give(key, task.given_source)
    function = student.function(key)
    if function is None:
        return missing(task, student.troubles)
    return examine(task, function, seed)


def expected(keys, seeds):
    """What is asked of every answer to some tasks: (what they give, calls), for a Student."""
    tasks = [find(key) for key in keys]
    given = {task.key: task.given_source for task in tasks if task.given}
    return given, [call for task in tasks for call in first_calls(task, seeds[task.key])]


@functools.lru_cache(maxsize=256)
def first_calls(task, seed):
    """The calls that every answer is tried on first, unless they need the grader on the way."""
    ordinary = [drawn(task, seed, index) for index in range(TRIALS)]
    cases = [*ordinary, *extremes(task, seed), ordinary[0]]  # that one is made again at the end
    pairs = [asked(task.key, *arrange(task, case.inputs)) for case in cases]
    return () if any(inputs.formulas for inputs, _ in pairs) else [text for _, text in pairs]


def missing(task, troubles):
    """The verdict where there is no function, with what went wrong in the cells."""
    blocks = [("text", f"{task.key}: {HEADINGS['no function']}")]
    blocks.append(("text", f"After the cells have run there is no function `{task.key}`."))
    blocks += [("code", trouble) for trouble in troubles]
    return Verdict(task.key, "no function", card.plain(blocks), blocks=blocks)
