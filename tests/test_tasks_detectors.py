"""What the general detectors see by themselves, with no named mistake to help."""

import numpy as np
import pytest

from bpkit.tasks import diagnosis, regions, spec
from bpkit.tasks.detect import explain
from bpkit.tasks.views import View

TASKS = spec.load()
AFFINE = TASKS["affine_backward"].reference
RELU = TASKS["relu_backward"].reference
SCE = TASKS["softmax_cross_entropy_backward"].reference


def alone(task, function):
    """The verdict without named mistakes."""
    return diagnosis.examine(TASKS[task], function, named=False)


@pytest.mark.parametrize(
    ("spoil", "kinds", "words"),
    [
        (lambda dX, N: -dX, ("sign",), "The sign is flipped."),
        (lambda dX, N: 2 * dX, ("factor",), "It is 2 times too large."),
        (lambda dX, N: dX / 2, ("factor",), "It is half as large as it should be."),
        (lambda dX, N: N * dX, ("factor",), "`N` times too large: is a division by `N` missing?"),
        (lambda dX, N: dX / N, ("factor",), "`N` times too small"),
        (lambda dX, N: -dX / N, ("sign", "factor"), "Two things:"),
        (lambda dX, N: 3.7 * dX, ("factor",), "It is 3.7 times what it should be."),
        (lambda dX, N: 1.001 * dX, ("factor",), "It is 1.001 times what it should be."),
        (lambda dX, N: dX.T, ("transpose",), "It is transposed."),
        (lambda dX, N: -dX.T, ("sign", "transpose"), "It is transposed."),
        (lambda dX, N: dX[::-1], ("order",), "It runs backward along axis 0."),
        (lambda dX, N: np.roll(dX, 1, axis=0), ("shift",), "stands one place later"),
        (lambda dX, N: np.sort(dX, axis=0), ("order",), "sorted along axis 0, from smallest to"),
        (lambda dX, N: -np.sort(-dX, axis=1), ("order",), "sorted along axis 1, from largest to"),
        (lambda dX, N: np.round(dX), ("function",), "right answer, rounded to whole numbers."),
        (lambda dX, N: dX.sum(axis=0), ("axis",), "summed over axis 0, and should not be"),
        (lambda dX, N: dX.mean(axis=1, keepdims=True), ("axis",), "averaged over axis 1"),
        (lambda dX, N: np.stack([dX, dX]), ("broadcast",), "right, but repeated along axis 0"),
        (lambda dX, N: dX[:, :, None], ("shape",), "The numbers are right, but its shape is"),
        (lambda dX, N: dX.reshape(-1), ("shape",), "The numbers are right, but laid out as"),
        (lambda dX, N: dX[1:], ("supposed",), "if all but the first along `N` counted"),
        (lambda dX, N: dX[:, 1:-1], ("shape",), "axis 1 is wrong"),
        (lambda dX, N: 0 * dX, ("zeros",), "It is 0 everywhere."),
        (lambda dX, N: np.full(dX.shape, 7.0), ("constant",), "All its entries are equal."),
        (lambda dX, N: dX * np.nan, ("nonfinite",), "There is NaN."),
        (lambda dX, N: dX.astype(np.float32), ("dtype",), "float32"),
        (lambda dX, N: dX.astype(int), ("dtype",), "fractions are cut off"),
        (lambda dX, N: None, ("none",), "returned nothing"),
    ],
)
def test_one_output(spoil, kinds, words):
    verdict = alone("relu_backward", lambda dY, X: spoil(RELU(dY, X), len(X)))
    assert verdict.detectors == kinds
    assert words in verdict.message
    assert not verdict.mistakes


@pytest.mark.parametrize(
    ("function", "kinds", "words"),
    [
        (lambda dY, X: dY.copy(), ("unchanged",), "the input `dY`, unchanged"),
        (lambda dY, X: dY * X, ("made of inputs",), "`dY * X`"),
        (lambda dY, X: 1.0 * (X > 0), ("missing factor",), "A factor `dY` is missing."),
        (lambda dY, X: RELU(dY, X) * X, ("extra factor",), "A factor `X` is there once too often."),
        (lambda dY, X: RELU(dY, X) - dY, ("term",), "the right answer minus `dY`"),
        (lambda dY, X: RELU(X, dY), ("arguments",), "if `dY` and `X` were exchanged"),
        (lambda dY, X: X - RELU(dY, X), ("term",), "`X` minus the right answer"),
        (lambda dY, X: np.where(X > 0, dY, 0.1), ("where",), "wrong exactly where `X` is negative"),
        (
            lambda dY, X: RELU(dY, X) * (X > 0.8),
            ("zeros",),
            "Where it is wrong, it is 0.",
        ),
        (
            lambda dY, X: RELU(dY, X) * np.eye(len(X))[0][:, None],
            ("zeros",),
            "wrong, only outside the first entry along axis 0, it is 0",
        ),
    ],
)
def test_made_of_its_inputs(function, kinds, words):
    verdict = alone("relu_backward", function)
    assert verdict.detectors == kinds
    assert words in verdict.message


@pytest.mark.parametrize(
    ("spoil", "kinds", "words"),
    [
        (lambda a, b, c: (b, a, c), ("swapped outputs",), "(dW, dX, db) came, (dX, dW, db) should"),
        (lambda a, b, c: (-a, b, 2 * c), ("sign", "factor"), "In `dX`, the sign is flipped."),
        (lambda a, b, c: (-a, b, -c), ("sign",), "In `dX` and `db`, the sign is flipped."),
        (lambda a, b, c: (a, b.T, c), ("transpose",), "In `dW`, it is transposed."),
        (lambda a, b, c: (a, b), ("count",), "2 values came out; it should be 3"),
    ],
)
def test_several_outputs(spoil, kinds, words):
    verdict = alone("affine_backward", lambda *args: spoil(*AFFINE(*args)))
    assert verdict.detectors == kinds
    assert words in verdict.message


def test_a_sum_over_the_wrong_axis():
    verdict = alone("affine_backward", lambda dY, X, W: (*AFFINE(dY, X, W)[:2], dY.sum(axis=1)))
    assert verdict.detectors == ("axis",)
    assert "In `db`, it is `dY` summed over axis 1, not summed over axis 0." in verdict.message


def test_right_on_square_input_only():
    def affine_backward(dY, X, W):
        X.T.reshape(dY.shape)
        return AFFINE(dY, X, W)

    verdict = alone("affine_backward", affine_backward)
    assert verdict.detectors == ("error", "square only")
    assert "Where all lengths are equal it is right" in verdict.message


def test_overflow_on_large_inputs():
    def unstable(logits, labels):
        p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        return (p - np.eye(logits.shape[1])[labels]) / len(labels)

    verdict = alone("softmax_cross_entropy_backward", unstable)
    assert verdict.detectors == ("overflow",)
    assert "On logits near 1000 there is NaN in `dlogits`" in verdict.message


def test_changed_in_place_and_wrong_besides():
    def relu_backward(dY, X):
        dY *= 2
        return RELU(dY, X)

    verdict = alone("relu_backward", relu_backward)
    assert verdict.detectors == ("factor", "in place")
    assert "Two things:" in verdict.message


@pytest.mark.parametrize(
    ("words", "function"),
    [
        ("if `t` were `t + 1`", lambda w, g, m, v, t, *rest: (w, g, m, v, t + 1, *rest)),
        ("if `g` were `g` from back to front", lambda w, g, *rest: (w, g[::-1], *rest)),
        ("if `g` were 1 everywhere", lambda w, g, *rest: (w, np.ones_like(g), *rest)),
        ("if `beta2` were `1 - beta2`", lambda *a: (*a[:7], 1 - a[7], a[8])),
        ("with `w` in place of `g`", lambda w, g, *rest: (w, w, *rest)),
    ],
)
def test_right_for_other_inputs(words, function):
    adam = TASKS["adam_step"].reference
    verdict = alone("adam_step", lambda *args: adam(*function(*args)))
    assert verdict.detectors == ("supposed",)
    assert words in verdict.message


def test_part_of_the_batch():
    verdict = alone("affine_backward", lambda dY, X, W: (dY @ W.T, *AFFINE(dY[1:], X[1:], W)[1:]))
    assert verdict.detectors == ("supposed",)
    assert "In `dW` and `db`, it is what would be right if all but the first along `N` counted" in (
        verdict.message
    )


@pytest.mark.parametrize(
    ("old", "new", "kind", "words"),
    [
        ("(1 - beta1) * g", "g", "missing factor", "a factor is missing"),
        ("beta2 * v +", "beta2 * v -", "sign", "a minus stands where a plus belongs"),
        ("+ eps", "- eps", "sign", "a minus stands where a plus belongs"),
        ("np.sqrt(v_hat)", "v_hat", "function", "`sqrt` is missing"),
        ("m / (1 - beta1**t)", "m / 1 - beta1**t", "brackets", "brackets are missing"),
        ("lr * m_hat", "lr * (1 - m_hat)", "operand", "one value is taken from 1"),
    ],
)
def test_one_thing_changed_in_the_reference(old, new, kind, words):
    adam = TASKS["adam_step"]
    verdict = alone("adam_step", spec.changed(adam.reference, {old: new}))
    assert verdict.detectors == ((kind,) if kind else ())
    assert words in verdict.message.lower()


RNN, APART = "np.tanh(x @ Wx + h @ Wh + b)", "np.tanh(x @ Wx) + np.tanh(h @ Wh) + np.tanh(b)"


@pytest.mark.parametrize(
    ("task", "old", "new", "kind", "words"),
    [
        ("affine_backward", "X.T @ dY", "dX.T @ dY", "operand", "`dX` stands once where `X`"),
        ("rnn_step", RNN, APART, "brackets", "`tanh` is taken of each term by itself"),
        ("rnn_step", "Wh + b)", "Wh) + np.tanh(b)", "brackets", "is taken of two parts of a sum"),
        ("rnn_backward", "(1 - H[:, t] ** 2)", "H[:, t]", "operand", "A value stands where its"),
        ("rnn_step", "(x @ Wx +", "(np.tanh(x @ Wx) +", "brackets", "one term too early"),
        ("rnn_step", "h @ Wh + b)", "h @ Wh) + b", "brackets", "term of a sum stands outside"),
        ("lstm_step_backward", "(1 - g**2)", "(1 - g) ** 2", "brackets", "a power is taken"),
        ("chain_of_three", "dg(u) * df(x)", "(dg(u) + df(x))", "operator", "a sum stands where"),
        ("rnn_backward", "dh = dz @", "dh += dz @", "added", "where it should replace it"),
    ],
)
def test_one_thing_changed_in_another_reference(task, old, new, kind, words):
    verdict = alone(task, spec.changed(TASKS[task].reference, {old: new}))
    assert verdict.detectors == (kind,)
    assert words in verdict.message


def test_a_reshape_for_a_transpose():
    def reshaped(dY, X, W):
        dX, dW, db = AFFINE(dY, X, W)
        return dX, dW.T.reshape(dW.shape), db

    verdict = alone("affine_backward", reshaped)
    assert verdict.detectors == ("layout",)
    assert "In `dW`, the numbers are right" in verdict.message


def test_what_is_cut_off_on_extreme_inputs():
    verdict = alone("sigmoid", lambda X: np.clip(0.5 + 0.5 * np.tanh(X / 2), 0.001, 0.999))
    assert verdict.detectors == ("cut off",)
    assert "stays the same there when `X` grows" in verdict.message


def test_an_output_that_never_changes_is_told_no_further_cause():
    verdict = diagnosis.examine(
        TASKS["accuracy"], lambda z, y: (z.max(axis=1), (z.max(axis=1) == y).mean())
    )
    assert "In `share`, it is 0 whatever comes in." in verdict.message
    assert not {"axis", "operand"} & set(verdict.detectors)


def test_the_places_where_it_is_wrong_are_told_no_more_exactly_than_they_are():
    def wrong_in_the_middle(want, x):
        got = want.copy()
        got[1] += x[1] ** 2
        return got

    (clause,) = regions.explain(views(wrong_in_the_middle))
    assert clause.text == "it is wrong only outside the first entry along axis 0"


def test_two_mistakes_are_said_as_two():
    task = TASKS["adam_step"]
    pieces = {**task.mistake("no_root").how, **task.mistake("uphill").how}
    verdict = diagnosis.examine(task, spec.changed(task.reference, pieces))
    assert set(verdict.mistakes) == {"no_root", "uphill"}
    negated = diagnosis.examine(
        TASKS["softmax_cross_entropy_backward"],
        lambda z, y: (
            -np.exp(z - z.max(1, keepdims=True))
            / np.exp(z - z.max(1, keepdims=True)).sum(1, keepdims=True)
            / len(y)
        ),
    )
    assert negated.mistakes == ("target_not_subtracted",)
    assert negated.detectors == ("sign",)
    assert "Two things:" in negated.message


def test_mistakes_that_agree_are_both_offered():
    from test_tasks_catalog import clone

    task = TASKS["relu_backward"]
    twin = spec.Mistake("twin", "The twin", "It gives the same as another.", task.mistakes[1].how)
    verdict = diagnosis.examine(
        clone(task, mistakes=(*task.mistakes, twin)), task.wrong["passes_all"]
    )
    assert verdict.mistake is None
    assert verdict.candidates == ("passes_all", "twin")
    assert "On every input tried these give the same." in verdict.message


def views(change, count=6):
    """Views of a two-dimensional output, changed."""
    rng = np.random.default_rng(0)
    found = []
    for n in range(count):
        shape = (3 + n, 2 + n)
        want, x = rng.normal(size=shape), rng.normal(size=shape)
        found.append(View(change(want, x), want, {"x": x, "c": 0.3 + n}, {"N": shape[0]}))
    return found


def test_a_function_of_the_right_answer():
    for f, words in (
        (np.square, "squared"),
        (np.abs, "without its sign"),
        (np.exp, "put into exp"),
    ):
        (clause,) = explain(views(lambda want, x, f=f: f(want)))
        assert clause.text == f"it is the right answer {words}"


def test_a_right_output_is_not_explained():
    assert explain(views(lambda want, x: want.copy())) == []
    assert regions.explain(views(lambda want, x: want.copy())) == []


def test_noise_is_not_explained():
    rng = np.random.default_rng(1)
    for _ in range(50):
        noise = views(lambda want, x: rng.normal(size=want.shape))
        assert explain(noise) == []
        assert regions.explain(noise) == []


def test_what_holds_in_all_but_one_trial_is_not_said():
    for change in (lambda w, x: -w, lambda w, x: w.T, lambda w, x: w * x, lambda w, x: w + x):
        spoiled = views(change)
        last = spoiled[-1]
        off = last.got.copy()
        off.flat[0] += 1e-3
        assert explain(spoiled)
        assert explain([*spoiled[:-1], View(off, last.want, last.inputs, last.lengths)]) == []
