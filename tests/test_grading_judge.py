"""A verdict from the sandbox is the verdict from the notebook: same status, words and properties.

Every right variant and every named mistake of every task is tried both ways where CI or BPKIT_FULL
is set, a sample of them elsewhere.
"""

import ast
import inspect
import itertools
import linecache
import os
import sys
import types

import pytest

from bpkit.grading.judge import expected, judge
from bpkit.grading.sandbox import Refused, Sandbox
from bpkit.tasks import diagnosis
from bpkit.tasks.spec import edited, load, source

FULL = bool(os.environ.get("CI") or os.environ.get("BPKIT_FULL"))
SEED = 7

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="there are walls on Linux only")


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox() as sandbox:
        yield sandbox


def names_in(text):
    return sorted({n.id for n in ast.walk(ast.parse(text)) if isinstance(n, ast.Name)})


def cells(task, how):
    """An answer as a learner would write it: a cell of what it uses, and the function's cell."""
    function = how if callable(how) else task.reference
    module = sys.modules[function.__module__]
    lines = inspect.getsource(module)
    tree = ast.parse(lines).body
    text = source(how) if callable(how) else edited(task.reference, how) if how else task.solution
    text += "" if function.__name__ == task.key else f"\n{task.key} = {function.__name__}"
    imports = [ast.get_source_segment(lines, n) for n in tree if isinstance(n, ast.Import)]
    assigned = {
        target.id: ast.get_source_segment(lines, node)
        for node in tree
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    needed, queue = {}, names_in(text)
    while queue:
        name = queue.pop()
        thing = getattr(module, name, None)
        ours = isinstance(thing, (types.FunctionType, type)) and thing.__module__[:6] == "bpkit."
        if name not in needed and name != function.__name__ and (ours or name in assigned):
            needed[name] = source(thing) if ours else assigned[name]
            queue += names_in(needed[name])
    helpers = sorted(needed.values(), key=lambda part: part.startswith(("def ", "class ")))
    return [("helpers", "\n".join([*imports, *helpers])), ("answer", text)]


def here(task, cells):
    """The function that cells define, in this process, as in a notebook."""
    space = {"__name__": "__main__"}
    for label, text in cells:
        file = f"<{label}>"
        linecache.cache[file] = len(text), None, text.splitlines(True), file
        exec(compile(text, file, "exec"), space)
    return space[task.key]


def answers(task):
    """Every answer that a task knows, by a name; lambdas have no source of their own."""
    wrong = {m.key: m.how for m in task.mistakes}
    right = {f"variant {n}": how for n, how in enumerate(task.variants)}
    every = {"reference": {}, **right, **wrong}.items()
    return {k: how for k, how in every if getattr(how, "__name__", "") != "<lambda>"}


def told(verdict):
    return verdict.status, verdict.message, verdict.mistakes, verdict.properties, verdict.printed


def ahead(task):
    """What a grader asks of every answer to a task, before it looks at one."""
    return expected([task.key], {task.key: SEED})


@pytest.mark.parametrize("task", load().values(), ids=lambda task: task.key)
def test_the_sandbox_says_what_the_notebook_says(task, sandbox):
    for how in itertools.islice(answers(task).values(), 0, None, 1 if FULL else 6):
        written = cells(task, how)
        known = diagnosis.examine(task, here(task, written), SEED)
        with sandbox.student(written, *ahead(task)) as student:
            found = judge(task.key, student, SEED)
            assert not student.troubles
        assert told(found) == told(known)


ODD = {
    "empty": "def relu_backward(dY, X):\n    '''Words.'''\n    ...",
    "arguments in another order": "def relu_backward(X, dY):\n    return dY * (X > 0)",
    "arguments by name": "def relu_backward(*, dY, X):\n    return dY * (X > 0)",
    "more arguments": "def relu_backward(dY, X, slope=0.0):\n    return dY * (X > 0)",
    "too few arguments": "def relu_backward(dY):\n    return dY",
    "no arguments at all": "def relu_backward():\n    return 0",
    "partial": "import functools\n"
    "relu_backward = functools.partial(lambda a, dY, X: a * dY * (X > 0), 1.0)",
    "class": "class relu_backward:\n    def __new__(cls, dY, X):\n        return dY * (X > 0)",
    "built-in": "relu_backward = max",
    "ufunc": "import numpy as np\nrelu_backward = np.multiply",
    "shapes": "def relu_backward(dY, X):\n    Z = dY\n    return Z @ X",
    "global array": "import numpy as np\nW = np.ones((2, 9))\n"
    "def relu_backward(dY, X):\n    return X @ W",
    "raised below": "def inner(A):\n    return A[99]\n"
    "def relu_backward(dY, X):\n    return inner(X)",
    "raised in NumPy": "import numpy as np\n"
    "def relu_backward(dY, X):\n    return np.concatenate([dY, X[0]])",
    "own error": "class Mine(Exception):\n    pass\n"
    "def relu_backward(dY, X):\n    raise Mine('so', 1)",
    "a long error": "def relu_backward(dY, X):\n    raise ValueError('one  two\\n\\n' * 99)",
    "prints": "def relu_backward(dY, X):\n    print('a', X.shape)\n    return dY",
    "in place": "def relu_backward(dY, X):\n    X[X > 0] = 1\n    return dY",
    "in place, right": "def relu_backward(dY, X):\n    dY *= X > 0\n    return dY",
    "reshaped in place": "def relu_backward(dY, X):\n"
    "    out = dY * (X > 0)\n    X.resize(X.size, refcheck=False)\n    return out",
    "list": "def relu_backward(dY, X):\n    return (dY * (X > 0)).tolist()",
    "tuple of one": "def relu_backward(dY, X):\n    return dY * (X > 0),",
    "float32": "def relu_backward(dY, X):\n    return (dY * (X > 0)).astype('float32')",
    "objects": "def relu_backward(dY, X):\n    return (dY * (X > 0)).astype(object)",
    "texts": "def relu_backward(dY, X):\n    return (dY * (X > 0)).astype(str)",
    "tensor": "import bpkit as bp\ndef relu_backward(dY, X):\n    return bp.Tensor(dY * (X > 0))",
    "generator": "def relu_backward(dY, X):\n    yield dY",
    "nothing": "def relu_backward(dY, X):\n    dY * X",
    "function": "def relu_backward(dY, X):\n    return dY.sum",
    "type": "def relu_backward(dY, X):\n    return float",
    "range": "def relu_backward(dY, X):\n    return range(3)",
    "state": "calls = []\n"
    "def relu_backward(dY, X):\n    calls.append(1)\n    return dY * (X > 0) + len(calls)",
    "not written": "def relu_backward(dY, X):\n    raise NotImplementedError",
    "sparse": "import numpy as np\n"
    "def relu_backward(dY, X):\n    return np.ma.masked_array(dY, X < 0)",
}


@pytest.mark.parametrize("text", ODD.values(), ids=ODD)
def test_odd_answers_are_told_the_same(text, sandbox):
    task = load()["relu_backward"]
    written = [("answer", text)]
    known = diagnosis.examine(task, here(task, written), SEED)
    for asked in ((), ahead(task)):
        with sandbox.student(written, *asked) as student:
            assert told(judge(task.key, student, SEED)) == told(known)


def test_a_difference_would_be_seen(sandbox):
    task = load()["relu_backward"]
    right, wrong = cells(task, {}), cells(task, task.mistakes[0].how)
    known = diagnosis.examine(task, here(task, right), SEED)
    with sandbox.student(wrong, *ahead(task)) as student:
        assert told(judge(task.key, student, SEED)) != told(known)


def test_the_same_numbers_are_judged_once(sandbox, monkeypatch):
    task = load()["relu_backward"]
    with sandbox.student(cells(task, {}), *ahead(task)) as student:
        verdict = judge(task.key, student, SEED)
    monkeypatch.setattr("bpkit.grading.judge.examine", None)
    other = [("answer", "def relu_backward(dY, X):\n    mask = X > 0\n    return mask * dY")]
    with sandbox.student(other, *ahead(task)) as student:
        assert judge(task.key, student, SEED) is verdict
    with sandbox.student(other, *ahead(task)) as student, pytest.raises(TypeError):
        judge(task.key, student, SEED + 1)


def test_what_differs_in_anything_is_judged_by_itself(sandbox):
    task = load()["relu_backward"]
    plain = "def relu_backward(dY, X):\n    {}return dY * (X > 0)"
    odd = [text for name, text in ODD.items() if "dY * (X > 0)" in text and name != "class"]
    texts = [plain.format(""), plain.format("print(1)\n    "), *odd]
    seen = []
    for text in texts:
        with sandbox.student([("answer", text)], *ahead(task)) as student:
            seen.append(student.said(task.key, ahead(task)[1]))
    assert len(set(seen) - {None}) == len(seen) - seen.count(None) and seen.count(None) <= 2
    with sandbox.student([("answer", texts[0])]) as student:
        assert student.said(task.key, ahead(task)[1]) is None


def test_what_a_task_gives_need_not_be_in_the_notebook(sandbox):
    task = next(t for t in load().values() if t.given)
    for asked in ((), ahead(task)):
        with sandbox.student([("answer", task.solution)], *asked) as student:
            assert judge(task.key, student, SEED).passed


def test_no_function(sandbox):
    with sandbox.student([("cell 4", "def relu_backward(dY, X:\n    pass")]) as student:
        verdict = judge("relu_backward", student, SEED)
    assert verdict.status == "no function" and "cell 4: SyntaxError" in verdict.message
    with sandbox.student([]) as student, pytest.raises(LookupError):
        judge("relu_backwards", student, SEED)


def test_a_process_that_ended_is_started_again(sandbox):
    code = "import os\ndef f(x):\n    return os._exit(1) if x else 7"
    with sandbox.student([("a", "n = 5"), ("b", code), ("c", "def g():\n    return n")]) as student:
        f, g = student.function("f"), student.function("g")
        for _ in range(5):
            with pytest.raises(Exception, match="exit status 1"):
                f(1)
            assert g() == 5


def test_refusal_is_in_plain_words(monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    with pytest.raises(Refused, match="macOS"):
        Sandbox()
    with Sandbox(trust=True) as trusted, trusted.student([("a", "x = 1")]) as student:
        assert trusted.tier == "rlimits" and not student.troubles
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.delattr(os, "fork")
    with pytest.raises(Refused, match=r"Windows.*fork"):
        Sandbox(trust=True)
