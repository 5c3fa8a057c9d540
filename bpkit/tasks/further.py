"""The reference with one thing changed that goes wrong less often, or with two things changed.

What the mutants don't explain is looked for among these: a step, a test, brackets, an index; what
goes wrong at one use of a value among several; two slips at once, where the reference is short.
"""

import ast
import collections
import functools
import itertools

from bpkit.tasks import rewrites, slips, steps, trees
from bpkit.tasks.mutants import (
    Mutant,
    compiled_tree,
    first_lines,
    lines,
    mutants,
    sources_of_variants,
    where,
)
from bpkit.tasks.spec import body

GROUPING = ("brackets", "order", "operator")  # kinds that regroup an expression
UNSAID = ("function", "operand")  # kinds that say nothing of another right answer
PLAIN = ("sign", "term", "missing factor", "count", "function", "axis", "power", "operator")
WORK = 15_000  # couples of slips times statements, so that it stays quick
MANY = 1500  # further mutants of a source, so that it stays quick


@functools.lru_cache(maxsize=512)
def further(task):
    """The reference with one thing changed: a step, a test, brackets, an index, at one use."""
    return _further(task, task.reference, body(task.reference))


@functools.lru_cache(maxsize=512)
def further_of_variants(task):
    """The same of the other right answers, where their sources aren't the reference's."""
    found, known = [], lines(body(task.reference))
    for base, text in sources_of_variants(task):
        found += _further(task, base, text, MANY // 3 - len(found), known)
        known |= lines(text)
    return found


def one_or_further(task):
    """The reference with one thing changed, likely or less so."""
    return [*mutants(task), *further(task)]


def comparisons(task):
    """The reference with one comparison made otherwise."""
    return [m for m in one_or_further(task) if m.kind == "comparison"]


def _further(task, base, text, most=MANY, known=()):
    """Such mutants of a source. base: the function whose names it sees; known: lines to leave."""
    tree, whole = steps.prepared(ast.parse(text)), inlined(ast.parse(text))
    told, found = (*task.parameters, *task.returns), []
    for source in (tree, whole):
        new = {s for s, first in first_lines(source).items() if first not in known}
        if source is tree:
            made = [*rewritten(tree, task, new), *steps.changes(tree, told)]
            made += [*at_one_use(tree, task, new), *at_one_turn(tree, task, new)]
        else:
            made = [*rewritten(whole, task, new, slips.variants)]
            made = [m for m in made if m[1] in GROUPING]
        for statement, kind, clause, change, undo in made:
            if known and (kind in UNSAID or "value" in clause or statement not in new):
                continue  # of a function or a value that the learner never wrote
            change()
            function = compiled_tree(source, base) if len(found) < most else None
            undo()
            if function is not None:
                found.append(Mutant(kind, where(statement, task) + clause, function, -1))
    return found


def inlined(tree):
    """A source with what is made once and used once put where it is used."""
    made = _made_once(tree)
    names = [
        n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)
    ]
    once = {name for name in made if names.count(name) == 1}

    class Inline(ast.NodeTransformer):
        def visit_Name(self, node):
            inner = isinstance(node.ctx, ast.Load) and node.id in once
            return self.visit(made[node.id]) if inner else node

    for node in ast.walk(tree):
        if isinstance(node, ast.stmt):
            for field, value in ast.iter_fields(node):
                if isinstance(value, ast.expr):
                    setattr(node, field, Inline().visit(value))
    return ast.fix_missing_locations(tree)


def rewritten(tree, task, new, more=lambda *_: ()):
    """What goes wrong at one node of the statements that are new."""
    local = trees.stored(tree)
    for statement, parent, field, index, node in list(trees.walk(tree)):
        if statement not in new or (isinstance(node, ast.Name) and rewrites.counts(parent)):
            continue
        for kind, text, other in [*rewrites.variants(node, task, local), *more(node, task, local)]:
            yield (statement, kind, text, *trees.swap(parent, field, index, node, other))


def at_one_use(tree, task, new):
    """A value that is used in several places, made wrongly for one of them."""
    local = trees.stored(tree)
    made = _made_once(tree)
    uses = {}
    for statement, parent, field, index, node in list(trees.walk(tree)):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in made:
            uses.setdefault(node.id, []).append((statement, parent, field, index, node))
    for name, places in uses.items():
        for statement, parent, field, index, node in places if len(places) > 1 else ():
            if statement not in new:
                continue
            copy = ast.parse(ast.unparse(made[name]), mode="eval")
            hung = trees.swap(parent, field, index, node, copy.body)
            for _, above, part, at, inner in list(trees.walk_below(copy)):
                there = [*slips.variants(inner, task, local)]
                there += rewrites.variants(inner, task, local)
                for kind, text, other in there:
                    put = trees.swap(above, part, at, inner, other)
                    if above is copy:  # the whole of it
                        put = trees.swap(parent, field, index, node, other)
                    text = f"in one place of several, {text}"
                    yield (statement, kind, text, *steps.both(hung, put))


def at_one_turn(tree, task, new):
    """A slip in a loop that is made in its first or its last turn alone."""
    for loop in [n for n in ast.walk(tree) if isinstance(n, ast.For)]:
        for at, step in enumerate(loop.body):
            for kind, text, other in _steps_gone_wrong(step, task) if step in new else ():
                for word, turn in (("first", "0"), ("last", "len(_turns) - 1")):
                    there = ast.parse(f"if _turn == {turn}:\n    pass\nelse:\n    pass").body[0]
                    there.body, there.orelse = [other], [step]
                    steps_ = [*loop.body[:at], there, *loop.body[at + 1 :]]
                    clause = f"in the {word} turn of a loop, {text}"
                    yield loop, kind, clause, *_counting(loop, steps_)


def _steps_gone_wrong(step, task):
    """(kind, text, new statement): a step left out, or with a factor or a term left out."""
    if isinstance(step, (ast.Assign, ast.AugAssign, ast.Expr)):
        yield "step", "a step is missing", ast.Pass()
        source = ast.unparse(step)
        places = len(list(trees.walk_below(ast.parse(source))))
        for place in range(places):
            copy = ast.parse(source)
            _, parent, field, index, node = list(trees.walk_below(copy))[place]
            for kind, text, new in slips.variants(node, task, ()):
                if kind in ("missing factor", "term"):
                    change, undo = trees.swap(parent, field, index, node, new)
                    change()
                    yield kind, text, ast.parse(ast.unparse(copy)).body[0]
                    undo()


def _counting(loop, block):
    """A loop that knows its turns, with other steps."""
    target, over, old = loop.target, loop.iter, loop.body
    turns = ast.parse("enumerate(_turns := list(x))", mode="eval").body
    turns.args[0].value.args[0] = over
    counted = ast.Tuple([ast.Name("_turn", ast.Store()), target], ast.Store())
    for node in (turns, counted, *block):
        ast.fix_missing_locations(ast.copy_location(node, over))

    def put(a, b, c):
        loop.target, loop.iter, loop.body = a, b, c

    return lambda: put(counted, turns, block), lambda: put(target, over, old)


def _made_once(tree):
    """The expressions of names that one statement makes, of what nothing changes later."""
    made, often = {}, collections.Counter(arg.arg for arg in tree.body[0].args.args)
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            made[node.targets[0].id] = node.value
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            often[node.id] += 1
        elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store):
            often.update(2 * [n.id for n in ast.walk(node.value) if isinstance(n, ast.Name)])
        elif isinstance(node, ast.AugAssign):
            often.update(2 * [n.id for n in ast.walk(node.target) if isinstance(n, ast.Name)])
    changing = {name for name, count in often.items() if count > 1}
    return {
        name: value
        for name, value in made.items()
        if not changing & {name, *(n.id for n in ast.walk(value) if isinstance(n, ast.Name))}
    }


@functools.lru_cache(maxsize=128)
def couples(task):
    """Two slips in different places of a short reference: pairs of clauses, and the function."""
    tree, made = ast.parse(body(task.reference)), []
    local = trees.stored(tree)
    for statement, parent, field, index, node in list(trees.walk(tree)):
        likely = [*slips.variants(node, task, local)]
        rare = [r for r in rewrites.variants(node, task, local) if r[0] != "operand"]
        for kind, text, new in likely + rare:
            if kind in (*PLAIN, "operand") and "one value" not in text:
                change = trees.swap(parent, field, index, node, new)
                made.append((node, kind, where(statement, task) + text, *change))
    most = (WORK / len(tree.body[0].body)) ** 0.5
    if len(made) > most:
        made = [m for m in made if m[1] in PLAIN]
    found = []
    for one, other in itertools.combinations(made if len(made) <= most else (), 2):
        if one[0] is other[0]:
            continue
        one[3]()
        other[3]()
        function = compiled_tree(tree, task.reference)
        other[4]()
        one[4]()
        if function is not None:
            found.append((one[1:3], other[1:3], function))
    return found
