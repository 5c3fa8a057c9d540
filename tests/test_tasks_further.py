"""Slips beyond the first ones, in bpkit.tasks.further: what is told of answers that hold them."""

import ast

import numpy as np
import pytest

from bpkit.tasks import diagnosis, further, slips, spec, steps
from bpkit.tasks.evidence import Evidence
from bpkit.tasks.mutants import compiled_tree, sources_of_variants
from bpkit.tasks.run import Guard

CATALOG = spec.load()


@pytest.mark.parametrize("key", CATALOG)
def test_what_a_source_is_prepared_with_changes_nothing(key):
    task = CATALOG[key]
    sources = [(task.reference, spec.body(task.reference)), *sources_of_variants(task)]
    with Guard() as guard:
        for base, text in sources:
            for prepare in (steps.prepared, further.inlined):
                function = compiled_tree(prepare(ast.parse(text)), base)
                evidence = Evidence(task, function, 0, guard)
                evidence.gather()
                assert evidence.right, f"{prepare.__name__}: {text}"


@pytest.mark.parametrize("key", ["one_epoch", "tape_backward", "lstm_step_backward", "softmax"])
def test_every_change_is_undone(key):
    task = CATALOG[key]
    tree = steps.prepared(ast.parse(spec.body(task.reference)))
    before, told = ast.unparse(tree), (*task.parameters, *task.returns)
    new = {node for node in ast.walk(tree) if isinstance(node, ast.stmt)}
    for made in (
        steps.changes(tree, told),
        further.rewritten(tree, task, new),
        further.at_one_use(tree, task, new),
        further.at_one_turn(tree, task, new),
        slips.changes(tree, task),
    ):
        for _, _, text, change, undo in list(made):
            change()
            assert ast.unparse(ast.fix_missing_locations(tree)) != "", text
            undo()
            assert ast.unparse(tree) == before, text


def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def epoch_at_first_weights(X, labels, W, b, order, batch_size, lr):
    V, c = W, b
    for start in range(0, len(order), batch_size):
        rows = order[start : start + batch_size]
        d = (softmax(X[rows] @ W + b) - np.eye(len(b))[labels[rows]]) / len(rows)
        V, c = V - lr * X[rows].T @ d, c - lr * d.sum(axis=0)
    return V, c


def numerator_alone_shifted(logits):
    top = logits.max(axis=1, keepdims=True)
    return np.exp(logits - top) / np.exp(logits).sum(axis=1, keepdims=True)


TOLD = (
    ("mse_loss", lambda Y, T: np.mean(Y - T) ** 2, "`mean` and `**` are taken in the other order"),
    ("affine_forward", lambda X, W, b: X @ (W + b), "acts on a whole sum or difference"),
    ("transpose_backward", lambda dY, axes: dY.transpose(axes), "`argsort` is missing"),
    ("rnn_step", lambda x, h, Wx, Wh, b: np.tanh(x @ Wx) + h @ Wh + b, "of one term of a sum"),
    ("softmax", numerator_alone_shifted, "In one place of several, a term is missing"),
    ("one_epoch", epoch_at_first_weights, "`W` and `b` stand as they were at first"),
    ("relative_error", lambda a, b: np.abs(a - b).mean() / max(abs(a).max(), abs(b).max()), "mean"),
    ("centered_difference", lambda f, x, h: (f(x + 2 * h) - f(x)) / (2 * h), "`h` is taken twice"),
    ("sum_backward", lambda dY, X, axis: np.resize(dY, X.shape), "they stand in other places"),
    ("tanh_backward", lambda dY, X: np.tanh(X), "What came out is `tanh` of `X`"),
)


@pytest.mark.parametrize(("key", "answer", "words"), TOLD, ids=[key for key, *_ in TOLD])
def test_what_is_told_without_a_name(key, answer, words):
    verdict = diagnosis.examine(CATALOG[key], answer, named=False)
    assert not verdict.passed and words in verdict.message


def test_what_agrees_by_chance_is_not_told_by_a_rare_slip():
    """The first step is the best one only by luck; no cause is made up for that."""

    def first(f, x, slope, tried):
        errors = np.array([abs((f(x + h) - f(x - h)) / (2 * h) - slope) for h in tried])
        return np.sort(errors), tried[0]

    verdict = diagnosis.examine(CATALOG["best_step"], first, named=False)
    assert "sign" not in verdict.detectors
