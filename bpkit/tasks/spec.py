"""What a task is: a reference, seeded inputs, named mistakes, other right answers, hints.

A file of themes writes a task with one call of `task(reference, ...)`, which enters it in TASKS. A
mistake is code that runs: a function of its own or, mostly, the reference with one line changed.
The learner's stub and the solution are cut from the reference's source: they can't differ from it.
"""

import ast
import contextlib
import difflib
import functools
import importlib
import inspect
import itertools
import pkgutil
import textwrap
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

TASKS = {}  # key -> Task: the catalog


@dataclass(frozen=True)
class Mistake:
    """A wrong answer that people give.

    key: short, of letters and underscores. name: what a learner reads first, a few words. why: one
    sentence that says what went wrong. how: a function, or {old: new} pieces of the reference's
    source, each of which must occur there exactly once.
    """

    key: str
    name: str
    why: str
    how: Callable | dict = field(repr=False)


@dataclass(frozen=True, eq=False, repr=False)
class Task:
    """The whole of an exercise. `task` makes one and explains the fields."""

    reference: Callable
    chapter: int
    title: str
    minutes: int
    points: int
    returns: tuple
    statement: str
    example: str
    inputs: Callable
    mistakes: tuple
    variants: tuple
    nudge: str
    sketch: str
    skeleton: str
    notice: str
    extremes: Callable | None
    oracle: Callable | None
    differences: Callable | None
    given: tuple
    observe: Callable | None
    changes: tuple
    tolerance: float
    closed: bool

    def __repr__(self):
        return f"<task {self.key}>"

    @property
    def key(self):
        return self.reference.__name__

    @functools.cached_property
    def parameters(self):
        """The names of the arguments, in order."""
        return tuple(inspect.signature(self.reference).parameters)

    @property
    def signature(self):
        """As a learner calls it: `relu_backward(dY, X)`."""
        return f"{self.key}{inspect.signature(self.reference)}"

    @functools.cached_property
    def solution(self):
        """The reference's source."""
        return source(self.reference)

    @functools.cached_property
    def stub(self):
        """The solution's first lines, to the end of its docstring, and nothing in its body."""
        lines = self.solution.splitlines()
        docstring = ast.parse(self.solution).body[0].body[0]
        return "\n".join([*lines[: docstring.end_lineno], "    ..."])

    @functools.cached_property
    def given_source(self):
        """The source of what the learner is given: helper functions and classes."""
        return "\n\n".join(source(thing) for thing in self.given)

    @functools.cached_property
    def wrong(self):
        """The mistakes' keys, each with the function that makes it."""
        return {m.key: changed(self.reference, m.how) for m in self.mistakes}

    def mistake(self, key):
        """The mistake of that key."""
        return next(m for m in self.mistakes if m.key == key)

    @functools.cached_property
    def right(self):
        """The right answers that aren't the reference, as functions."""
        return [changed(self.reference, v) for v in self.variants]


def task(
    reference,
    *,
    chapter,
    title,
    minutes,
    points,
    returns,
    statement,
    example,
    inputs,
    mistakes,
    variants,
    nudge,
    sketch,
    skeleton,
    notice,
    extremes=None,
    oracle=None,
    differences=None,
    given=(),
    observe=None,
    changes=(),
    tolerance=1e-6,
    closed=False,
):
    """Enter a task in the catalog.

    reference: the right answer, readable, NumPy or plain Python. Its name is the task's key, its
        signature the learner's, its docstring (which gives shapes) the stub's.
    chapter, title, minutes, points: where it stands, what it is called, how long it takes, what
        it is worth.
    returns: the names of what comes out, "dX" or "dX dW db"; messages use them.
    statement: Markdown with every shape. example: a doctest with small numbers, run in the tests.
    inputs(draw): a dictionary from argument names to values; see bpkit.tasks.draw.Draw.
    extremes(draw): a dictionary from a few words ("logits near 1000") to inputs, on which the
        answer must be right too; the reference must be finite there.
    mistakes: a list of Mistake. variants: at least three other right answers, functions or edits.
    oracle: the same answer from bpkit's engine. differences: the same from centered differences of
        the forward pass. At least one of them, with the reference's signature, for the tests.
    nudge, sketch, skeleton: the hints; the solution follows them. notice: told when it is right.
    given: functions and classes that the learner finds written, before the stub.
    observe(result, **inputs): for answers that aren't arrays, or of which several are right: what
        is compared instead, a dictionary from a few words to numbers. It sees the inputs after
        the call.
    changes: the names of inputs that the function is meant to change.
    tolerance: of the largest entry; at 1e-6 an answer by differences passes and 0.1 % fails.
    closed: no feedback before it is handed in.
    """
    key = reference.__name__
    if key in TASKS and TASKS[key].reference.__module__ != reference.__module__:
        raise ValueError(f"two tasks are called {key}")
    TASKS[key] = Task(
        reference=reference,
        chapter=chapter,
        title=title,
        minutes=minutes,
        points=points,
        returns=tuple(returns.split()),
        statement=textwrap.dedent(statement).strip(),
        example=textwrap.dedent(example).strip(),
        inputs=inputs,
        mistakes=tuple(mistakes),
        variants=tuple(variants),
        nudge=" ".join(nudge.split()),
        sketch=textwrap.dedent(sketch).strip(),
        skeleton=textwrap.dedent(skeleton).strip(),
        notice=" ".join(notice.split()),
        extremes=extremes,
        oracle=oracle,
        differences=differences,
        given=tuple(given),
        observe=observe,
        changes=tuple(changes),
        tolerance=tolerance,
        closed=closed,
    )
    return TASKS[key]


@functools.cache
def _read_themes(chapter):
    """Import the files of one chapter's tasks; those of all chapters where none is given."""
    from bpkit.tasks import themes

    begin = "" if chapter is None else f"ch{chapter:02}_"
    for folder in pkgutil.iter_modules(themes.__path__, f"{themes.__name__}."):
        if folder.name.rpartition(".")[2].startswith(begin):
            package = importlib.import_module(folder.name)
            for module in pkgutil.iter_modules(package.__path__, f"{folder.name}."):
                importlib.import_module(module.name)


def load(*chapters):
    """The catalog, by chapters, then by the files' names; of some chapters alone, or whole.

    A closed task is the last of its chapter. Only the files of the chapters that are asked for are
    read: to read all takes half as long as to load NumPy.
    """
    for chapter in chapters or (None,):
        _read_themes(chapter)
    found = [t for t in TASKS.values() if not chapters or t.chapter in chapters]
    order = sorted(found, key=lambda t: (t.chapter, t.closed, t.reference.__module__))
    return {t.key: t for t in order}


def find(key):
    """The task of that name. Raises LookupError, which offers the names that come near."""
    if key in TASKS:
        return TASKS[key]
    tasks = load()
    if key not in tasks:
        near = difflib.get_close_matches(str(key), tasks, n=3)
        offer = f"; did you mean {' or '.join(near)}?" if near else "; catalog() lists them all"
        raise LookupError(f"there is no task called {key!r}{offer}")
    return tasks[key]


@functools.cache
def source(thing):
    """The source of a function or class, from the left margin on."""
    return textwrap.dedent(inspect.getsource(thing)).rstrip()


@functools.cache
def body(function):
    """A function's source without its docstring: the text that a mistake changes."""
    text = source(function)
    first = ast.parse(text).body[0].body[0]
    lines = text.splitlines()
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
        del lines[first.lineno - 1 : first.end_lineno]
    return "\n".join(lines)


def changed(function, how):
    """`function` with pieces of its source replaced, compiled; functions are given back."""
    return how if callable(how) else compiled(function, edited(function, how))


def edited(function, how):
    """The source of `function`, docstring left out, with pieces replaced."""
    text = body(function)
    for old, new in how.items():
        if text.count(old) != 1:
            raise ValueError(
                f"{function.__name__}: {old!r} occurs {text.count(old)} times in its source; "
                "a change must name a piece that occurs once"
            )
        text = text.replace(old, new)
    return text


@functools.lru_cache(maxsize=64)
def pairs_of_mistakes(task):
    """Two mistakes at once: (key, key) -> the reference with both changes, where they allow it."""
    pairs = {}
    edits = [m for m in task.mistakes if isinstance(m.how, dict)]
    for a, b in itertools.combinations(edits, 2):
        with contextlib.suppress(ValueError, SyntaxError):
            pairs[a.key, b.key] = changed(task.reference, {**a.how, **b.how})
    return pairs


def compiled(function, text):
    """The function that `text` defines, with NumPy and the names that `function` sees."""
    space = {"np": np, **function.__globals__}
    exec(compile(text, f"<{function.__name__}, changed>", "exec"), space)
    return space[function.__name__]
