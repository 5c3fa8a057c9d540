"""Wrong and odd answers that no task lists, in bpkit.tasks.unseen: what is each of them told?

At least nine wrong ones in ten hear their true cause, at most one in two hundred a false one, none
passes; no right one fails, however odd.
"""

import collections
import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor

import pytest

from bpkit.tasks import report, spec, unseen

ANSWERS = sorted(unseen.load(), key=lambda answer: answer.task)  # a task's cases are made once
SEEDS = 5 if os.environ.get("CI") or os.environ.get("BPKIT_FULL") else 1


def told(place):
    """What one answer, by its place, is told on each seed."""
    return [report.told(ANSWERS[place], seed) for seed in range(SEEDS)]


@pytest.fixture(scope="module")
def became():
    """What became of the wrong and of the right answers: (answer, seed) -> a word."""
    fresh = multiprocessing.get_context("spawn")  # not a copy: other tests have started threads
    with ProcessPoolExecutor(mp_context=fresh) as pool:
        words = list(pool.map(told, range(len(ANSWERS)), chunksize=20))
    return {
        bool(cause): {
            (answer, seed): word
            for answer, its in zip(ANSWERS, words, strict=True)
            if bool(answer.cause) == cause
            for seed, word in enumerate(its)
        }
        for cause in (True, False)
    }


def test_there_are_many_and_some_for_every_task():
    wrong = collections.Counter(a.task for a in ANSWERS if a.cause)
    right = collections.Counter(a.task for a in ANSWERS if not a.cause)
    assert wrong.total() >= 300 and right.total() >= 150
    assert min(wrong[key] for key in spec.load()) >= 3
    assert min(right[key] for key in spec.load()) >= 1


def test_most_wrong_answers_are_told_their_true_cause(became):
    counts = collections.Counter(became[True].values())
    assert counts["true"] >= 0.9 * counts.total(), counts


def test_hardly_any_is_told_a_false_cause(became):
    false = [a.function.__name__ for (a, _), word in became[True].items() if word == "false"]
    assert len(false) <= len(became[True]) / 200, false


def test_none_passes(became):
    assert not [a for (a, _), word in became[True].items() if word == "passes"]


def test_no_right_answer_fails(became):
    assert not [a for (a, _), word in became[False].items() if word == "fails"]


def test_the_measure_notices_a_false_cause_a_pass_and_a_failure():
    right = next(a for a in ANSWERS if not a.cause)
    wrong = next(a for a in ANSWERS if report.told(a, 0) == "true")
    assert report.told(right._replace(cause="none"), 0) == "passes"
    assert report.told(wrong._replace(true=frozenset({"another"})), 0) == "false"
    assert report.told(wrong._replace(cause=""), 0) == "fails"
