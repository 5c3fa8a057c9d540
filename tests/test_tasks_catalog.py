"""What must be true of every task: its right answers pass, its mistakes get their own names.

By default on 10 seeds; on 200 where CI or BPKIT_FULL is set. One task alone: -k "[relu_backward]".
"""

import ast
import doctest
import inspect
import itertools
import os
import re
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from bpkit.tasks import diagnosis, run, spec, themes
from bpkit.tasks.draw import PRIMES, Draw
from bpkit.tasks.evidence import Evidence
from bpkit.tasks.mutants import mutants
from bpkit.tasks.outcome import close, leaves
from bpkit.tasks.run import Case, Guard

FEW = 10  # seeds for what hardly depends on them
SEEDS = 200 if os.environ.get("CI") or os.environ.get("BPKIT_FULL") else 10
CATALOG = spec.load()
every_task = pytest.mark.parametrize("task", CATALOG.values(), ids=list(CATALOG))


@pytest.fixture(scope="module")
def over_seeds():
    """Calls trial(key, seed) for every seed, in as many processes as there are cores if many."""
    if SEEDS <= FEW:
        yield lambda trial, key: [trial(key, seed) for seed in range(SEEDS)]
        return
    with ProcessPoolExecutor() as pool:
        yield lambda trial, key: list(pool.map(trial, [key] * SEEDS, range(SEEDS), chunksize=5))


def told_apart(key, seed):
    """What is said of right answers that don't pass, or of mistakes not called by their names."""
    return all_right(key, seed) or all_named(key, seed)


def all_right(key, seed):
    """What is said of right answers that don't pass."""
    task = CATALOG[key]
    with Guard() as guard:
        for place, answer in enumerate([task.reference, *task.right]):
            if not passes(task, answer, seed, guard):
                return f"variant {place - 1}: {diagnosis.examine(task, answer, seed).message}"
    return None


def all_named(key, seed):
    """What is said of mistakes that pass, or are given another name than their own."""
    task = CATALOG[key]
    with Guard() as guard:
        for name, answer in task.wrong.items():
            status, findings, _ = diagnosis.investigate(task, answer, seed, guard)
            if status != "wrong":
                return f"{name} passes"
            if [f.mistake for f in findings if f.kind in ("named", "either")] != [name]:
                return f"{name}: {diagnosis.examine(task, answer, seed).message}"
    return None


@every_task
def test_right_answers_pass_and_each_mistake_is_called_by_its_own_name(task, over_seeds):
    assert len(task.variants) >= 3
    for seed, told in enumerate(over_seeds(told_apart, task.key)):
        assert told is None, f"seed {seed}, {told}"


@every_task
def test_mistakes_are_worded(task):
    keys = [m.key for m in task.mistakes]
    assert len(set(keys)) == len(keys) >= 4
    for mistake in task.mistakes:
        assert re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", mistake.key)
        assert mistake.name[-1] not in ".!?" and len(mistake.name) <= 70, mistake.key
        assert mistake.why.endswith(".") and 30 <= len(mistake.why) <= 260, mistake.key
        assert_plain(mistake.name + " " + mistake.why)


@every_task
def test_general_mutations_fail(task):
    """Wrong in any task: scaled, negated, transposed, changed in place, nothing returned."""
    with Guard() as guard:
        for seed in range(FEW):
            for name, mutant in mutations(task, Case(task, *drawn(task, seed))):
                assert not passes(task, mutant, seed, guard), f"{name} passes with seed {seed}"


def passes(task, answer, seed, guard):
    """Whether an answer is right, without asking what is wrong with it."""
    evidence = Evidence(task, answer, seed, guard)
    evidence.gather()
    return evidence.right


@every_task
def test_what_is_dropped_or_assigned_in_the_reference_fails(task):
    spoiling = [m for m in mutants(task) if m.kind in ("term", "assign")]
    with Guard() as guard:
        for mutant, seed in itertools.product(spoiling, range(FEW)):
            assert not passes(task, mutant.function, seed, guard), f"{mutant.text}, seed {seed}"


def mutations(task, case):
    """Wrappers around the reference that spoil its answer; those that apply to its kind."""
    result, _ = case.result

    def after(change):
        return lambda *args: change(task.reference(*args))

    if result is not None:
        yield "nothing returned", after(lambda out: None)
    if task.observe is None:
        outputs = leaves(result, task.returns)
        floats = [n for n, v in outputs.items() if v.dtype.kind == "f" and np.any(v)]
        for name in floats:
            for factor in (1.001, 2, -1):
                yield (
                    f"{name} times {factor}",
                    after(spoiled(task, name, lambda v, c=factor: c * v)),
                )
            if outputs[name].ndim == 2:
                yield f"{name} transposed", after(spoiled(task, name, np.transpose))
    arrays = [
        n
        for n, v in case.inputs.items()
        if isinstance(v, np.ndarray) and v.dtype.kind == "f" and n not in task.changes
    ]
    for name in arrays:
        place = task.parameters.index(name)

        def in_place(*args, place=place):
            out = task.reference(*args)
            args[place][...] *= 1.5
            return out

        yield f"{name} changed in place", in_place


def spoiled(task, name, change):
    """A function that changes one output of a result and leaves the others."""

    def walk(value, path):
        if isinstance(value, dict):
            return {k: walk(v, f"{path}[{k!r}]") for k, v in value.items()}
        if isinstance(value, (list, tuple)):
            return type(value)(walk(v, f"{path}[{i}]") for i, v in enumerate(value))
        return change(value) if path == name else value

    def whole(result):
        if isinstance(result, tuple) and len(task.returns) > 1:
            return tuple(walk(v, n) for v, n in zip(result, task.returns, strict=True))
        return walk(result, task.returns[0])

    return whole


def drawn(task, seed):
    draw = Draw(seed, 99)
    return task.inputs(draw), draw.lengths


def hide_nothing(key, seed):
    """Raises AssertionError if a draw's inputs hide mistakes, or come out otherwise again."""
    task = CATALOG[key]
    inputs, lengths = drawn(task, seed)
    assert set(inputs) <= set(task.parameters)
    assert set(lengths.values()) <= set(PRIMES), lengths
    assert len(set(lengths.values())) == len(lengths), lengths
    for name, value in inputs.items():
        if isinstance(value, np.ndarray) and value.dtype.kind == "f":
            assert value.dtype == float and np.isfinite(value).all()
            assert len(np.unique(value)) == value.size, f"{name} holds equal entries"
            assert not np.isin(value, [0, 1, -1]).any(), f"{name} holds a 0 or a 1"
        elif isinstance(value, float):
            assert value not in (0, 1, -1), name
    again, _ = drawn(task, seed)
    assert run.same(again, inputs) and shown(again) == shown(inputs), "one seed draws the same"


def shown(inputs):
    """What inputs look like but for arrays, which are long; functions are told apart by it."""
    return repr({k: v for k, v in inputs.items() if not isinstance(v, np.ndarray)})


@every_task
def test_inputs_hide_nothing(task, over_seeds):
    over_seeds(hide_nothing, task.key)


@every_task
def test_outputs_differ_from_draw_to_draw(task):
    """What is always the same number could be written down, and makes factors by chance."""
    cases = [Case(task, *drawn(task, seed)) for seed in range(FEW)]
    for name, value in cases[0].expected.items():
        if task.observe is None and value.dtype.kind == "f":
            others = [c.expected[name] for c in cases[1:] if name in c.expected]
            assert any(not np.array_equal(value, other) for other in others), name


@every_task
def test_reference_agrees_with_bpkit_and_with_differences(task):
    assert task.oracle or task.differences
    for seed in range(FEW):
        case = Case(task, *drawn(task, seed))
        for other, tolerance in ((task.oracle, 1e-9), (task.differences, 1e-6)):
            if other is None:
                continue
            with Guard() as guard:
                ran = guard.call(other, case)
            assert not ran.trouble, ran.trouble
            for name, want in case.expected.items():
                assert close(ran.found[name], want, tolerance), f"{name}, seed {seed}"


@every_task
def test_reference_is_finite(task):
    for seed in range(FEW):
        with Guard() as guard:
            evidence = Evidence(task, task.reference, seed, guard)
            evidence.gather()
        for trial in evidence.trials:
            for name, value in trial.case.expected.items():
                assert value.dtype.kind != "f" or np.isfinite(value).all(), name


@every_task
def test_statement_and_stub(task):
    names = ", ".join(
        re.findall(r"\w+(?=[,=)])", task.signature.split("(", 1)[1]) and task.parameters
    )
    called = [
        ast.parse(found).body[0].value
        for found in re.findall(r"`(\w+\(.*?\))`", task.statement)
        if found.startswith(f"{task.key}(")
    ]
    assert called, f"the statement must contain `{task.key}({names})`"
    spelled = [a.id for a in called[0].args] + [k.arg for k in called[0].keywords]
    assert spelled == list(task.parameters)
    assert re.search(r"`\([A-Z0-9a-z_, ]*\)`|[Aa] number|numbers|list|dictionary", task.statement)
    space = {"np": np}
    exec(task.given_source, space)
    exec(task.stub, space)
    assert inspect.signature(space[task.key]) == inspect.signature(task.reference)
    assert diagnosis.examine(task, space[task.key]).status == "not attempted"
    assert task.title[0].isupper() and task.title[-1] not in ".?!"
    assert 1 <= task.minutes <= 60 and 1 <= task.points <= 10
    assert_plain(re.sub(r"`[^`]*`|\$[^$]*\$", "", task.statement))
    assert_plain(task.notice)


@every_task
def test_solution_stands_alone(task):
    """With NumPy and what is given, the solution that a learner is shown runs and is right."""
    space = {"np": np}
    exec(task.given_source, space)
    exec(task.solution, space)
    assert diagnosis.examine(task, space[task.key]).passed


@every_task
def test_example_is_true(task):
    space = {"np": np}
    exec(task.given_source, space)
    exec(task.solution, space)
    test = doctest.DocTestParser().get_doctest(task.example, space, task.key, None, 0)
    assert test.examples
    runner = doctest.DocTestRunner(verbose=False, optionflags=doctest.ELLIPSIS)
    told = []
    assert runner.run(test, out=told.append).failed == 0, "".join(told)


@every_task
def test_hints_grow_and_keep_the_solution(task, monkeypatch):
    monkeypatch.setattr(run, "LIMIT", 0.2)  # a skeleton may have a loop that never ends yet
    nudge, sketch, skeleton = task.nudge, task.sketch, task.skeleton
    assert nudge.endswith("?") and not re.search(r"[=`@]|np\.|\w\(", nudge), "a nudge asks"
    assert len(nudge) < len(sketch) and "```" not in sketch and "np." not in sketch
    assert_plain(nudge + " " + re.sub(r"`[^`]*`|\$[^$]*\$", "", sketch))
    flat = [re.sub(r"\s", "", text) for text in (nudge, sketch)]
    for line in solution_lines(task):
        assert not any(line in text for text in flat), line
    kept = [line for line in solution_lines(task) if line in re.sub(r"\s", "", skeleton)]
    assert len(kept) < len(solution_lines(task)), "the skeleton is the solution"
    assert "..." in skeleton
    space = {"np": np}
    exec(task.given_source, space)
    exec(skeleton, space)
    assert inspect.signature(space[task.key]) == inspect.signature(task.reference)
    assert not diagnosis.examine(task, space[task.key]).passed


def solution_lines(task):
    """The reference's statements that carry the answer, without blanks."""
    lines = []
    for node in ast.walk(ast.parse(spec.body(task.reference)).body[0]):
        if isinstance(node, (ast.Assign, ast.AugAssign, ast.Return)) and node.value is not None:
            text = re.sub(r"\s", "", ast.unparse(node.value))
            if len(text) > 8 and any(c in text for c in "+-*/@(["):
                lines.append(text)
    return lines or [re.sub(r"\s", "", ast.unparse(ast.parse(spec.body(task.reference))))]


WORDS = re.compile(
    r"\b(simply|just|obvious(?:ly)?|clear(?:ly)?|trivial(?:ly)?|easy|easily|of course|note that|"
    r"basically|merely|needless to say|straightforward(?:ly)?|let's)\b|!",
    re.IGNORECASE,
)


def assert_plain(text):
    assert not (found := WORDS.search(text)), f"not our words: {found[0]!r} in {text!r}"
    assert text.isascii() or not re.search("[\U0001f000-\U0001ffff]", text)


def test_the_catalog_is_ordered_and_its_keys_are_unique():
    places = [(t.chapter, t.closed, t.reference.__module__) for t in CATALOG.values()]
    assert places == sorted(places)
    titles = [t.title for t in CATALOG.values()]
    assert len(set(titles)) == len(titles)


def test_chapter_7_stands_in_reading_order():
    assert [key for key, t in CATALOG.items() if t.chapter == 7] == [
        "affine_forward",
        "affine_backward",
        "unbroadcast",
        "per_example_gradients",
        "linear_backward",
    ]


def test_a_task_lies_in_its_chapters_folder_in_a_short_file():
    for task in CATALOG.values():
        *_, folder, file = task.reference.__module__.split(".")
        assert folder.startswith(f"ch{task.chapter:02}_")
        assert re.fullmatch(r"ex\d+_\w+", file)
    for path in Path(themes.__file__).parent.parent.rglob("*.py"):
        assert len(path.read_text(encoding="utf-8").splitlines()) <= 400, path.name


def test_mistakes_on_average():
    assert np.mean([len(t.mistakes) for t in CATALOG.values()]) >= 6


def test_changes_name_one_place():
    task = next(iter(CATALOG.values()))
    with pytest.raises(ValueError, match="occurs 0 times"):
        spec.changed(task.reference, {"no such text": ""})


def test_a_mistake_that_is_none_and_one_named_twice_are_noticed(monkeypatch):
    task = CATALOG["relu_backward"]
    how = task.mistakes[1].how
    same = spec.Mistake("same", "The same", "It is the reference, and so no mistake at all.", {})
    twice = spec.Mistake("twice", "Twice", "It is another one's code under a second name.", how)
    for extra, told in ((same, "same passes"), (twice, "passes_all: ")):
        double = clone(task, mistakes=(*task.mistakes, extra))
        monkeypatch.setitem(CATALOG, "relu_backward", double)
        assert all_named("relu_backward", 0).startswith(told)


def clone(task, **changes):
    fields = {f: getattr(task, f) for f in task.__dataclass_fields__}
    return spec.Task(**{**fields, **changes})


def test_pairs_of_lengths_never_stay_equal():
    pairs = itertools.combinations(Draw(0).sizes("N D M"), 2)
    assert all(a != b for a, b in pairs)
