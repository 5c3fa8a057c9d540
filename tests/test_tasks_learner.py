"""The learner's side: check, hint, solution, catalog, the card, and tasks that are closed."""

import re
import subprocess
import sys
from html.parser import HTMLParser

import numpy as np
import pytest
from test_tasks_catalog import clone

from bpkit.tasks import card, catalog, check, diagnose, grading_seed, hint, learner, solution, spec


@pytest.fixture(autouse=True)
def new_session(monkeypatch):
    monkeypatch.setattr(learner, "_asked", {})
    monkeypatch.setattr(learner, "done", {})
    monkeypatch.delenv("BPKIT_TEACHER_KEY", raising=False)


@pytest.fixture
def closed(monkeypatch):
    """A task that is answered when it is handed in."""
    task = clone(spec.find("relu_backward"), closed=True)
    monkeypatch.setitem(spec.TASKS, task.key, task)
    return task


def relu_backward(dY, X):
    return dY * (X > 0)


def test_check_finds_the_task_by_name_and_returns_nothing(capsys):
    assert check(relu_backward) is None
    assert capsys.readouterr().out.startswith("relu_backward: right\n")
    check(lambda dY, X: dY, task="relu_backward")
    assert capsys.readouterr().out.startswith("relu_backward: not right yet\n")
    assert learner.done == {"relu_backward": "wrong"}


def test_check_of_an_unknown_name(capsys):
    def relu_backwards(dY, X):
        return dY

    check(relu_backwards)
    assert "did you mean relu_backward" in capsys.readouterr().out
    with pytest.raises(LookupError, match="did you mean relu_backward"):
        diagnose("relu_backwards", relu_backward)


def test_a_fault_of_our_own_is_no_traceback(capsys, monkeypatch):
    def broken(*args):
        raise ZeroDivisionError("ours")

    monkeypatch.setattr("bpkit.tasks.diagnosis.examine", broken)
    check(relu_backward)
    out = capsys.readouterr().out
    assert "could not be examined" in out and "ZeroDivisionError: ours" in out


def test_the_same_seed_gives_the_same_words():
    wrong = spec.find("softmax_cross_entropy_backward").wrong["wrong_axis"]
    first, again = (diagnose("softmax_cross_entropy_backward", wrong, seed=3) for _ in range(2))
    assert first.message == again.message
    other = diagnose("softmax_cross_entropy_backward", wrong, seed=4)
    assert other.message != first.message and other.mistake == first.mistake


def test_only_one_entry_of_what_was_expected_is_shown():
    for task in spec.load().values():
        for key, answer in task.wrong.items():
            example = diagnose(task.key, answer).example if not task.closed else None
            if example is not None:
                assert np.ndim(example.expected) <= 1, (task.key, key)
                assert example.text.count("it should be") == 1


def test_the_verdict():
    verdict = diagnose("relu_backward", lambda dY, X: dY.copy())
    assert (verdict.passed, verdict.mistake, verdict.status) == (False, "passes_all", "wrong")
    assert verdict.properties == {
        "returns": True,
        "shape": True,
        "value": False,
        "dtype": True,
        "finite": True,
        "unchanged": True,
    }
    assert set(verdict.example.inputs) == {"dY", "X"}
    right = diagnose("relu_backward", relu_backward)
    assert right.passed and right.mistake is None and all(right.properties.values())


def test_hints_climb(capsys):
    task = spec.find("relu_backward")
    for words in (task.nudge, task.sketch, "passes = ...", "hints are used up", "used up"):
        hint("relu_backward")
        assert words in capsys.readouterr().out.replace("\n    ", "\n")
    hint(spec.find("affine_backward").reference)
    assert "affine_backward, hint 1 of 3" in capsys.readouterr().out
    hint("no_task")
    assert "no task called 'no_task'" in capsys.readouterr().out


def test_solution(capsys):
    solution("relu_backward")
    assert "return dY * (X > 0)" in capsys.readouterr().out


def test_catalog():
    entries = catalog()
    assert len(entries) >= 7
    keys = [e.key for e in entries]
    assert len(set(keys)) == len(keys)
    entry = entries[keys.index("relu_backward")]
    assert entry.chapter == 8 and entry.minutes > 0 and entry.points > 0 and entry.title
    assert "passes_all" in entry.mistakes
    assert len(repr(entries).splitlines()) == len(entries)


def test_a_closed_task_says_nothing(closed, capsys):
    for ask in (check, hint, solution):
        ask(relu_backward)
        out = capsys.readouterr().out
        assert "handed in" in out and "X > 0" not in out and closed.nudge not in out
    verdict = diagnose("relu_backward", relu_backward)
    assert verdict.status == "refused" and not verdict.passed
    assert not verdict.mistake and not verdict.detectors and verdict.example is None


def test_a_teachers_key_opens_it(closed, capsys, monkeypatch):
    with pytest.raises(LookupError, match="BPKIT_TEACHER_KEY"):
        grading_seed("relu_backward")
    monkeypatch.setenv("BPKIT_TEACHER_KEY", "spring")
    assert diagnose("relu_backward", relu_backward).passed
    hint("relu_backward")
    assert closed.nudge in capsys.readouterr().out
    seed = grading_seed("relu_backward")
    assert seed == grading_seed("relu_backward") != grading_seed("affine_backward")
    assert diagnose("relu_backward", relu_backward, seed=seed).passed
    monkeypatch.setenv("BPKIT_TEACHER_KEY", "autumn")
    assert grading_seed("relu_backward") != seed


class Words(HTMLParser):
    def __init__(self):
        super().__init__()
        self.words, self.open = [], []

    def handle_starttag(self, tag, attributes):
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words += data.split()


def test_the_card_has_the_same_words_and_no_color():
    for answer in (relu_backward, lambda dY, X: dY @ X, lambda dY, X: print("<b>&") or dY):
        blocks = diagnose("relu_backward", answer).blocks
        parser = Words()
        markup = card.card(blocks)
        parser.feed(markup)
        assert not parser.open
        assert " ".join(parser.words) == " ".join(card.plain(blocks).replace("`", "").split())
        assert not re.search(r"color|#[0-9a-f]{3}|rgb", markup)


def test_in_a_notebook_the_card_is_displayed(monkeypatch):
    shown = []
    import IPython
    import IPython.display

    class Shell:
        kernel = object()

    monkeypatch.setattr(IPython, "get_ipython", Shell)
    monkeypatch.setattr(IPython.display, "display", lambda data, raw: shown.append(data))
    check(relu_backward)
    assert set(shown[0]) == {"text/plain", "text/html"}
    assert shown[0]["text/plain"].startswith("relu_backward: right")


def test_imports():
    code = (
        "import sys, bpkit; assert 'bpkit.tasks' not in sys.modules; "
        "import bpkit.tasks; bpkit.tasks.catalog(); "
        "extra = {'IPython', 'matplotlib', 'nbformat', 'sklearn', 'bpkit.book', 'bpkit.cli'}; "
        "assert not extra & set(sys.modules), extra & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
