"""What can go wrong among the steps of a source: their order, a test, an old value for a new one.

Like the slips, each is a change of the syntax tree that can be made and undone, with a clause.
"""

import ast
import itertools

from bpkit.tasks.rewrites import STANDS_FOR, replaced
from bpkit.tasks.trees import name_of, stored, swap

FIRST = "_first_"  # before a name: its value before a loop, or as it came into the function


def prepared(tree):
    """The tree, with the first values kept of what is made anew later; they change nothing."""
    function = tree.body[0]
    given = [arg.arg for arg in (*function.args.posonlyargs, *function.args.args)]
    known, body = set(given), []
    body += [_keep(name) for name in given if name in _stored(function.body)]
    for statement in function.body:
        if isinstance(statement, (ast.For, ast.While)):
            body += [_keep(n) for n in sorted(_stored([statement]) & (known - set(given)))]
        body.append(statement)
        if isinstance(statement, ast.Assign):
            known |= _stored(statement.targets)
    function.body = body
    return ast.fix_missing_locations(tree)


def _keep(name):
    return ast.Assign([ast.Name(FIRST + name, ast.Store())], ast.Name(name, ast.Load()))


def _kept(statement):
    """Whether a statement only keeps a first value."""
    target = statement.targets[0] if isinstance(statement, ast.Assign) else None
    return isinstance(target, ast.Name) and target.id.startswith(FIRST)


def _stored(statements):
    return {name for statement in statements for name in stored(statement)}


def changes(tree, told):
    """(statement, kind, text, change, undo) for what can go wrong among the steps of a tree.

    told: the names that the learner knows.
    """
    function = tree.body[0]
    kept = {s.targets[0].id[len(FIRST) :] for s in function.body if _kept(s)}
    for node in ast.walk(function):
        for block in (getattr(node, "body", None), getattr(node, "orelse", None)):
            if isinstance(block, list):
                yield from _of_block(block)
        if isinstance(node, (ast.If, ast.While)) and not isinstance(node.test, ast.Compare):
            for always in (True, False):
                change = swap(node, "test", None, node.test, ast.Constant(always))
                yield node, "choice", "a condition is left out", *change
    for statement in _simple(function):
        yield from _old_values(statement, kept, told)
    yield from _everywhere(function)


def _simple(function):
    """The statements that hold no others, but for those that keep first values."""
    for node in ast.walk(function):
        if isinstance(node, ast.stmt) and not hasattr(node, "body") and not _kept(node):
            yield node


def _old_values(statement, kept, told):
    """The first value in place of the current one; in one place, or in the whole statement."""
    loads = [
        n
        for n in ast.walk(statement)
        if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load) and n.id in kept
    ]
    groups = [[n] for n in loads]
    groups += [loads] if len(loads) > 1 else []
    for group in groups:
        names = sorted({n.id for n in group if n.id in told})
        text = "{} stands as it was at first where what it has become belongs"
        if len(names) > 1:
            text = "{} stand as they were at first where what they have become belongs"
        text = text.format(" and ".join(f"`{n}`" for n in names) or "a value")
        yield statement, "stale", text, *_renamed(group)


def _renamed(group):
    names = [n.id for n in group]

    def put(prefix):
        for node, name in zip(group, names, strict=True):
            node.id = prefix + name

    return lambda: put(FIRST), lambda: put("")


def _of_block(block):
    """Two steps in the other order, one made too early in each turn, a pair made one by one."""
    steps = [s for s in block if not _kept(s)]
    for first, second in itertools.pairwise(steps):
        if not isinstance(second, ast.Return):
            text = "two steps are made in the other order"
            yield first, "order", text, *_rearranged(block, _exchanged(block, first, second))
    yield from _indented(block, steps)
    for place, step in enumerate(steps):
        if isinstance(step, (ast.AugAssign, ast.Assign, ast.Expr)):
            at = block.index(step)
            twice = _rearranged(block, [*block[:at], step, *block[at:]])
            yield step, "step", "a step is made twice", *twice
        if isinstance(step, ast.Assign) and all(isinstance(t, ast.Name) for t in step.targets):
            for loop in steps[place + 1 :]:
                if isinstance(loop, ast.For) and _stored([step]) & _stored([loop]):
                    text = "what is begun before a loop begins anew at every turn"
                    yield loop, "stale", text, *_rearranged(loop.body, [step, *loop.body])
        if isinstance(step, ast.Assign) and isinstance(step.targets[0], ast.Tuple):
            targets, value = step.targets[0].elts, step.value
            if isinstance(value, ast.Tuple) and len(value.elts) == len(targets):
                parts = [
                    ast.fix_missing_locations(ast.copy_location(ast.Assign([t], v), step))
                    for t, v in zip(targets, value.elts, strict=True)
                ]
                text = "a new value stands where the old one belongs"
                for order in (parts, parts[::-1]):
                    at = block.index(step)
                    new = [*block[:at], *order, *block[at + 1 :]]
                    yield step, "stale", text, *_rearranged(block, new)
        if isinstance(step, ast.If) and not step.orelse and isinstance(step.body[-1], _LEAVES):
            text = "a case that ends it early is left out"
            new = [s for s in block if s is not step]
            yield step, "choice", text, *_rearranged(block, new or [ast.Pass()])


def _indented(block, steps):
    """A step that stands in a loop or a case and belongs after it, or the other way round."""
    for place, outer in enumerate(steps):
        if not isinstance(outer, (ast.For, ast.While, ast.If)) or getattr(outer, "orelse", None):
            continue
        what = "a case" if isinstance(outer, ast.If) else "a loop"
        at = block.index(outer)
        if len(outer.body) > 1:
            last = outer.body[-1]
            text = f"the last step of {what} stands after it"
            inside = _rearranged(outer.body, outer.body[:-1])
            outside = _rearranged(block, [*block[: at + 1], last, *block[at + 1 :]])
            yield last, "step", text, *both(inside, outside)
        if place + 1 < len(steps):
            after = steps[place + 1]
            text = f"a step that follows {what} stands inside it"
            inside = _rearranged(outer.body, [*outer.body, after])
            outside = _rearranged(block, [s for s in block if s is not after])
            yield after, "step", text, *both(inside, outside)


def both(first, second):
    """Two changes made at once, and undone: (change, undo) of (change, undo) twice."""

    def made(which):
        first[which]()
        second[which]()

    return lambda: made(0), lambda: made(1)


_LEAVES = (ast.Return, ast.Continue, ast.Break)


def _exchanged(block, first, second):
    other = {id(first): second, id(second): first}
    return [other.get(id(s), s) for s in block]


def _rearranged(block, new):
    old = [*block]

    def put(steps):
        block[:] = steps

    return lambda: put(new), lambda: put(old)


def _everywhere(function):
    """One function in place of another, wherever it is called."""
    calls = {}
    for parent in ast.walk(function):
        for node in ast.iter_child_nodes(parent):
            if isinstance(node, ast.Call) and name_of(node) in STANDS_FOR:
                calls.setdefault(name_of(node), []).append(node)
    for name, group in calls.items():
        for other in STANDS_FOR[name] if len(group) > 1 else ():
            text = f"`{other}` stands everywhere where `{name}` belongs"
            yield function, "function", text, *_called(group, other)


def _called(calls, other):
    old = [call.func for call in calls]
    new = [ast.fix_missing_locations(ast.copy_location(replaced(c, other).func, c)) for c in calls]

    def put(funcs):
        for call, func in zip(calls, funcs, strict=True):
            call.func = func

    return lambda: put(new), lambda: put(old)
