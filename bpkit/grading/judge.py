"""A verdict on a student's answer: the learner's own `check`, asked of a function elsewhere."""

import functools

from bpkit.grading.student import asked
from bpkit.tasks import Verdict, card
from bpkit.tasks.diagnosis import HEADINGS, examine
from bpkit.tasks.evidence import TRIALS, drawn, extremes
from bpkit.tasks.run import arrange
from bpkit.tasks.spec import find

RIGHT = {}  # (task, seed, what was said of an answer): the verdict, where it is right
MANY = 1000  # that are kept


def judge(key, student, seed):
    """What `check` says of a student's answer to a task, on inputs drawn from a seed.

    Most right answers to a task give the same numbers; what these mean is found out once. Returns a
    Verdict; its properties say what held. The status is "no function" where the student's
    cells define none of that name. Raises LookupError for an unknown task.
    """
    task = find(key)
    if task.given:
        student.give(key, task.given_source)
    said = student.said(key, first_calls(task, seed))
    if (key, seed, said) in RIGHT:
        return RIGHT[key, seed, said]
    function = student.function(key)
    if function is None:
        return missing(task, student.troubles)
    verdict = examine(task, function, seed)
    if verdict.passed and said is not None:  # then nothing else was asked
        if len(RIGHT) == MANY:
            RIGHT.clear()
        RIGHT[key, seed, said] = verdict
    return verdict


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
