"""What was once said falsely, or badly, of an answer: each test holds one such message right."""

import re
import signal
import sys
import time
import weakref
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from test_tasks_catalog import clone

from bpkit.tasks import card, diagnosis, spec
from bpkit.tasks.detect import explain, shape
from bpkit.tasks.draw import Draw, Formula
from bpkit.tasks.evidence import drawn
from bpkit.tasks.example import written
from bpkit.tasks.mutants import mutants
from bpkit.tasks.run import Guard
from bpkit.tasks.views import View

TASKS = spec.load()


def told(task, function, seed=0):
    return diagnosis.examine(TASKS[task], function, seed)


def causes(verdict):
    return {*verdict.mistakes, *verdict.detectors}


# Functions that work by changing their inputs


def filled(target):
    """Fill target with twos. Returns nothing."""
    target[:] = 2.0


def filler(observe):
    """A task whose reference returns nothing."""
    return clone(
        TASKS["relu_backward"],
        reference=filled,
        returns=("target",),
        inputs=lambda draw: {"target": draw.real(draw.size("N", least=3))},
        mistakes=(spec.Mistake("threes", "It is 3", "Two was asked for.", {"2.0": "3.0"}),),
        variants=(),
        observe=observe,
        changes=("target",),
    )


def test_a_reference_may_return_nothing():
    task = filler(lambda result, target: {"the sum": target.sum()})
    assert diagnosis.examine(task, lambda target: target.fill(2.0)).passed
    assert diagnosis.examine(task, lambda target: target.fill(3.0)).mistake == "threes"
    idle = diagnosis.examine(task, lambda target: print(target))
    assert idle.status == "wrong" and "returned nothing" not in idle.message


def test_what_is_observed_may_be_none():
    task = filler(lambda result, target: {"the middle": None if target[0] == 5 else target[0]})
    verdict = diagnosis.examine(task, lambda target: target.fill(5.0))
    assert verdict.status == "wrong" and not causes(verdict)


def test_none_and_texts_are_not_measured():
    for got in (np.array(None), np.array("text")):
        assert explain([View(got, np.array(2.0), {}, {})] * 3) == []


# How a message looks


def test_code_in_a_card_keeps_its_distance_from_what_follows():
    markup = card.card([("text", "a"), ("code", "b"), ("text", "c")])
    assert re.search(r'<pre style="margin: 0 0 1em', markup)


def test_a_list_of_arrays_is_written_an_array_a_line():
    lines = written({"Ws": [np.array([[0.5, 0.7]]), np.array([0.1])], "k": 3}).splitlines()
    assert lines == ["Ws[0] = [[0.5, 0.7]]", "Ws[1] = [0.1]", "k = 3"]


def test_many_outputs_without_a_cause_are_one_sentence():
    def noise(X, W1, b1, W2, b2, labels):
        state = np.random.default_rng(int(1e6 * abs(sum(np.sum(a) for a in (X, W1, b1, W2, b2)))))
        return tuple(state.normal(size=np.shape(a)) for a in (W1, b1, W2, b2))

    message = told("two_layer_backward", noise).message
    assert "`dW1`, `db1`, `dW2` and `db2` are not right." in message


def test_formulas_say_what_they_compute():
    """1.23 x**2 is shown and 1.23 x**2 is computed, for every function that a learner is shown."""
    space = {name: getattr(np, name) for name in ("sin", "cos", "exp", "sum")}
    seen = 0
    for task in TASKS.values():
        for seed in range(5):
            for formula in formulas(list(task.inputs(Draw(seed)).values())):
                code = re.sub(r"(?<=[\d)xy]) (?=[(a-z])", " * ", formula.text.split(", to ")[0])
                names = repr(formula).split(" ->")[0].split(", ")
                values = dict(zip(names, (0.37, 1.91), strict=False))
                right = eval(code, space, values)
                off = 1e-4 if ", to " in formula.text else 1e-12
                assert abs(formula(*values.values()) - right) < off, (task.key, formula.text)
                seen += 1
    assert seen > 50


def formulas(value):
    """All formulas in an input."""
    if isinstance(value, (list, tuple)):
        return [f for part in value for f in formulas(part)]
    return [value] if isinstance(value, Formula) else []


@pytest.mark.parametrize("task", TASKS.values(), ids=list(TASKS))
def test_the_whole_message_of_every_mistake_can_be_made(task):
    for key, answer in task.wrong.items():
        assert diagnosis.examine(task, answer).message.count("\n") < 120, key


# What is claimed


def test_square_inputs_name_only_what_fails_on_others_too():
    """An argmax over the wrong axis raises unless N equals K; the smallest score never does."""

    def accuracy(logits, labels):
        answers = np.argmax(logits, axis=0)
        return answers, (answers == labels).mean()

    task = TASKS["accuracy"]
    smallest = tuple(m for m in task.mistakes if "argmin" in str(m.how))
    for seed in range(100):
        assert not diagnosis.examine(clone(task, mistakes=smallest), accuracy, seed).mistakes


def test_a_length_has_a_name_only_if_it_has_it_on_all_inputs():
    views = [
        View(np.zeros((3, n)), np.zeros((n, 2)), {}, {"N": n, "C": c})
        for n, c in ((3, 2), (5, 3), (2, 5))
    ]
    assert "that is" not in shape(views).text.split(";")[0]
    views = [View(np.zeros(n), np.zeros((n, c)), {}, {"N": n, "C": c}) for n, c in ((3, 2), (5, 3))]
    assert shape(views).text.startswith("its shape is (3,), that is (N,); it should be (3, 2), ")


@pytest.mark.parametrize(
    ("task", "function"),
    [
        ("weight_decay_gradient", lambda dW, db, W, b, c: (dW + c * W / np.linalg.norm(W), db)),
        ("relative_error", lambda a, b: (a * b).sum() / np.linalg.norm(a) / np.linalg.norm(b)),
    ],
)
def test_an_answer_that_hangs_on_a_direction_does_move(task, function):
    for seed in range(5):
        assert "independent" not in told(task, function, seed).detectors


def test_an_answer_that_ignores_an_input_does_not_move():
    def betas_fixed(w, g, v, lr, beta):
        v = 0.9 * v + g
        return w - lr * v, v

    verdict = told("momentum_step", betas_fixed)
    assert verdict.detectors == ("independent",) and "when `beta` changes" in verdict.message


@pytest.mark.parametrize(
    ("task", "function"),
    [
        ("sgd_step", lambda w, g, lr: w - lr * np.mean(g)),
        ("weight_decay_gradient", lambda dW, db, W, b, c: (dW + c * np.linalg.norm(W), db)),
    ],
)
def test_only_arguments_of_one_kind_are_exchanged(task, function):
    for seed in range(5):
        verdict = diagnosis.examine(TASKS[task], function, seed, named=False)
        assert "arguments" not in verdict.detectors


def conv_mirrored(X, W, b, stride):
    return TASKS["conv2d_forward"].reference(X, W[..., ::-1], b, stride)


def best_twice(losses, patience):
    _, best = TASKS["early_stopping"].reference(losses, patience)
    return best, best


def rate_and_beta(w, g, v, lr, beta):
    v = beta * v + g
    return w - lr * beta * v, v


@pytest.mark.parametrize(
    ("task", "function", "name"),
    [
        ("early_stopping", best_twice, "best_for_stop"),
        ("momentum_step", rate_and_beta, "faded_again"),
        ("conv2d_forward", conv_mirrored, "columns_flipped"),
    ],
)
def test_without_its_name_an_answer_is_not_told_two_others(task, function, name):
    others = tuple(m for m in TASKS[task].mistakes if m.key != name)
    for seed in range(5):
        verdict = diagnosis.examine(clone(TASKS[task], mistakes=others), function, seed)
        assert not verdict.mistakes and len(verdict.detectors) <= 1, verdict.message


def test_a_step_of_a_slice_is_no_sign():
    task = clone(TASKS["sgd_step"], reference=turned, mistakes=(), variants=())
    assert "one sign is flipped on the way" not in [m.text for m in mutants(task)]


def turned(w):
    """From back to front."""
    return w[::-1]


def test_mistakes_in_several_outputs_keep_their_sentences():
    def both(dY, X, W):
        return dY @ W.T, dY.T @ X, 2 * dY.sum(axis=0)

    message = told("affine_backward", both).message
    assert "\ndW is transposed.\n" in message and "In `db`, it is 2 times" in message


def test_two_mistakes_are_told_only_if_extreme_inputs_agree():
    """Softmax over the batch equals softmax without a maximum, but for large logits."""

    def over_the_batch(logits, labels):
        e = np.exp(logits - logits.max(axis=0))
        return (e / e.sum(axis=0) - np.eye(logits.shape[1])[labels]) / len(labels)

    for seed in range(3):
        verdict = told("softmax_cross_entropy_backward", over_the_batch, seed)
        assert "no_maximum" not in verdict.mistakes


def test_where_only_nan_came_no_mutant_is_named():
    def times_t(w, g, m, v, t, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
        w, m, v = TASKS["adam_step"].reference(w, g, m, v, t, lr, beta1, beta2, eps)
        return w * np.nan, m, v

    assert told("adam_step", times_t).detectors == ("nonfinite",)


def test_one_whole_number_of_several_outputs_names_no_mistake():
    def zero_gradients(root):
        found, todo = [], [root]
        while todo:
            node = todo.pop()
            if node not in found:
                found.append(node)
                todo.extend(node.parts)
        for node in found[2:]:
            node.grad = 0.0
        return len(found) - 1

    assert not told("zero_gradients", zero_gradients).mistakes


def test_exact_numbers_are_numbers():
    answer = TASKS["centered_difference"].reference
    assert told("centered_difference", lambda f, x, h: Fraction(float(answer(f, x, h)))).passed
    assert told("centered_difference", lambda f, x, h: Decimal(float(answer(f, x, h)))).passed


def test_what_is_not_yet_averaged_is_one_cause():
    task = TASKS["relative_error"]
    for key in ("not_reduced", "averaged"):
        others = tuple(m for m in task.mistakes if m.key != key)
        for seed in range(5):
            verdict = diagnosis.examine(clone(task, mistakes=others), task.wrong[key], seed)
            assert len(causes(verdict)) <= 1, verdict.message


def test_whole_numbers_have_no_causes_by_chance():
    rng = np.random.default_rng(3)
    wanted = [np.array(k) for k in (0, 1, 2, 3, 4, 2)]
    for f in (np.exp, np.square, np.sqrt, np.abs):
        views = [View(np.asarray(f(w)), w, {"x": rng.normal(size=3)}, {"N": 3}) for w in wanted]
        assert not any(c.kind == "function" for c in explain(views))
    (clause,) = explain([View(w + 1, w, {}, {}) for w in wanted])
    assert clause.text == "it is 1 too large"


def test_whole_numbers_are_not_said_to_stand_still():
    right = TASKS["accuracy"].reference
    for seed in range(5):
        verdict = told("accuracy", lambda z, y: (np.zeros_like(y), right(z, y)[1]), seed)
        assert "independent" not in verdict.detectors


def test_code_of_ours_is_timed_by_what_it_works():
    """A machine that is busy with others stops no mistake or mutant."""

    def waits(dY, X):
        time.sleep(0.3)
        return dY * (X > 0)

    case = drawn(TASKS["relu_backward"], 0, 0)
    with Guard() as guard:
        assert guard.call(waits, case, 0.1, ours=True).trouble is None
        assert guard.call(waits, case, 0.1).trouble.kind == "time"
    assert signal.getitimer(signal.ITIMER_VIRTUAL) == (0.0, 0.0)


def test_an_alarm_that_comes_while_the_dead_are_collected_is_not_lost(monkeypatch):
    lost = []
    monkeypatch.setattr(sys, "unraisablehook", lost.append)

    def never_ends(dY, X):
        things = weakref.WeakSet()
        while True:
            things.add(lambda: None)

    case = drawn(TASKS["relu_backward"], 0, 0)
    with Guard() as guard:
        for _ in range(10):
            assert guard.call(never_ends, case, 0.01).trouble.kind == "time"
    assert not lost
