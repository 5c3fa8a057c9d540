"""The reference with one thing changed, for mistakes that nobody named.

A sign, a term left out, an axis, `=` for `+=`: each place of the reference where such a thing can
go wrong gives one mutant, compiled and run like a named mistake. A learner whose numbers are a
mutant's is told the kind of the change, and of the place no more than the name of an output.
"""

import ast
import functools
import itertools
import warnings
from dataclasses import dataclass

import numpy as np

from bpkit.tasks.slips import changes
from bpkit.tasks.spec import body, edited

LIKELIHOOD = (  # of what makes the same numbers, the first is told
    *("assign", "added", "missing factor", "extra factor", "function", "power", "axis"),
    *("transpose", "sign", "term", "brackets", "operator", "comparison", "order", "count"),
    *("slope", "index", "choice", "operand", "stale", "step"),
)
FEW = 10  # places where the same may be changed, so that pairs of them are looked through


@dataclass(frozen=True)
class Mutant:
    """kind: a word for machines. text: a clause for the learner. function: the changed code.

    place: its number among all changes of this source, compiled or not.
    """

    kind: str
    text: str
    function: object
    place: int


@functools.lru_cache(maxsize=512)
def mutants(task, key=None):
    """All mutants of a task's reference that compile; or of the named mistake, if it is an edit.

    What a mistake has changed isn't changed once more: that would be a third thing, not two.
    """
    if key is None:
        return _mutants(task, task.reference, body(task.reference))
    text = edited(task.reference, task.mistake(key).how)
    return _mutants(task, task.reference, text, only=lines(body(task.reference)))


@functools.lru_cache(maxsize=512)
def mutants_of_variants(task):
    """All mutants of the other right answers, wherever their source isn't the reference's."""
    found, known = [], lines(body(task.reference))
    for base, text in sources_of_variants(task):
        found += _mutants(task, base, text, only=lines(text) - known, said=_says_something)
        known |= lines(text)
    return found


def _says_something(kind, clause):
    """What is said of a function or a value that the learner never wrote would say nothing."""
    return kind != "function" and "one value" not in clause


def sources_of_variants(task):
    """(function whose names it sees, source) of each other right answer."""
    for variant in task.variants:
        base = task.reference if isinstance(variant, dict) else variant
        if getattr(base, "__name__", "<lambda>") != "<lambda>":  # that has no source of its own
            yield base, edited(base, variant) if isinstance(variant, dict) else body(base)


@functools.lru_cache(maxsize=512)
def twins(task):
    """The reference with the same thing changed in two places, where it can be in a few."""
    tree = ast.parse(body(task.reference))
    alike = {}
    for _, kind, clause, change, undo in list(changes(tree, task)):
        alike.setdefault((kind, clause), []).append((change, undo))
    found = []
    for (kind, clause), places in alike.items():
        told = len(places) <= FEW and "one value" not in clause
        pairs = itertools.combinations(places, 2) if told else ()
        for (one, back), (two, back_again) in pairs:
            one()
            two()
            function = compiled_tree(tree, task.reference)
            back_again()
            back()
            if function is not None:
                found.append(Mutant(kind, f"in two places, {clause}", function, -1))
    return found


def _mutants(task, base, text, only=None, said=lambda kind, clause: True):
    """The mutants of a source. base: the function whose names it sees; only: lines to change."""
    tree, found = ast.parse(text), []
    firsts = first_lines(tree)
    for place, (statement, kind, clause, change, undo) in enumerate(list(changes(tree, task))):
        if (only is not None and firsts.get(statement) not in only) or not said(kind, clause):
            continue
        change()
        function = compiled_tree(tree, base)
        undo()
        if function is not None:
            found.append(Mutant(kind, where(statement, task) + clause, function, place))
    return found


def first_lines(tree):
    """The first line of each statement in a tree."""
    found = (node for node in ast.walk(tree) if isinstance(node, ast.stmt))
    return {node: ast.unparse(node).partition("\n")[0] for node in found}


def lines(text):
    return set(first_lines(ast.parse(text)).values())


def together(task, places):
    """The reference with several changes made at once; None if they don't go together."""
    tree = ast.parse(body(task.reference))
    made = list(changes(tree, task))
    for place in places:
        _, _, _, change, _ = made[place]
        change()
    return compiled_tree(tree, task.reference)


def compiled_tree(tree, base):
    """The function that a changed source makes; None where it makes no sense to Python."""
    space, name = {"np": np, **base.__globals__}, base.__name__
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", SyntaxWarning)  # the learner wrote none of it
            exec(compile(tree, f"<{name}, changed>", "exec"), space)
    except (SyntaxError, ValueError, TypeError):
        return None
    return space[name]


def where(statement, task):
    """`in dW, `, where a statement makes an output of several; else nothing."""
    target = None
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        target = statement.targets[0]
    elif isinstance(statement, ast.AugAssign):
        target = statement.target
    while isinstance(target, ast.Subscript):
        target = target.value
    if isinstance(target, ast.Name) and target.id in task.returns and len(task.returns) > 1:
        return f"in `{target.id}`, "
    return ""
