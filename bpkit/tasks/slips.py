"""What can go wrong at one place of a source: a sign, a term left out, an axis, `=` for `+=`.

Each slip is a change of the syntax tree that can be made and undone, with a clause that says it.
"""

import ast

from bpkit.tasks.trees import (
    name_of,
    over_part,
    placed,
    stored,
    sum_of,
    swap,
    terms_of,
    walk,
    with_article,
)

EXCHANGED = {
    "sum": ("mean", "max"),
    "mean": ("sum",),
    "max": ("min",),
    "min": ("max",),
    "maximum": ("minimum",),
    "minimum": ("maximum",),
    "sin": ("cos",),
    "cos": ("sin",),
    "tanh": ("sin",),
    "argmax": ("argmin",),
    "argmin": ("argmax",),
    "any": ("all",),
    "all": ("any",),
    "log": ("log10", "log2"),
    "std": ("var",),
    "var": ("std",),
}
FUNCTIONS = {"exp", "log", "sqrt", "tanh", "abs", "square", "sign", "sin", "cos", "log1p", "expm1"}


def changes(tree, task):
    """(statement, kind, text, change, undo) for each mutant; change and undo work on the tree."""
    local = stored(tree)
    for statement, parent, field, index, node in walk(tree):
        for kind, text, new in variants(node, task, local):
            yield (statement, kind, text, *swap(parent, field, index, node, new))
        if isinstance(parent, ast.For) and isinstance(node, ast.Assign):
            for kind, text, new in _added(node):
                yield (statement, kind, text, *swap(parent, field, index, node, new))
        if isinstance(node, ast.stmt) and index is not None:
            yield from _without(statement, parent, field, index, node)
    yield from _axes_everywhere(tree)


def _axes_everywhere(tree):
    """Every sum, mean and the like that runs over one axis runs over another one."""
    keywords = [k for k in ast.walk(tree) if isinstance(k, ast.keyword) and k.arg == "axis"]
    for written in dict.fromkeys(ast.unparse(k.value) for k in keywords):
        group = [k for k in keywords if ast.unparse(k.value) == written]
        value = group[0].value
        others = value.elts if isinstance(value, ast.Tuple) else map(ast.Constant, (0, 1, -1))
        for other in others if len(group) > 1 else ():
            if ast.unparse(other) != written:
                text = "all of its sums or means run over the wrong axis"
                yield (tree.body[0], "axis", text, *_together(group, value, other))


def _together(keywords, old, new):
    placed(new)

    def put(value):
        for keyword in keywords:
            keyword.value = value

    return lambda: put(new), lambda: put(old)


def _without(statement, parent, field, index, node):
    """A statement left out, where the function can do without it."""
    if isinstance(node, (ast.AugAssign, ast.Expr)) or (
        isinstance(node, ast.Assign)
        and all(isinstance(t, (ast.Subscript, ast.Name)) for t in node.targets)
    ):
        change, undo = swap(parent, field, index, node, ast.Pass())
        yield statement, "step", "a step is missing", change, undo


def variants(node, task, local):
    """(kind, text, new node) for what can go wrong at one node. local: the source's own names."""
    if isinstance(node, ast.BinOp):
        yield from _operator(node, task)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        yield "sign", "one sign is flipped on the way", node.operand
    elif isinstance(node, ast.Assign):
        yield from _scaled(node, task)
    elif isinstance(node, ast.AugAssign):
        yield from _accumulation(node)
    elif isinstance(node, ast.Attribute) and node.attr == "T":
        yield "transpose", "one matrix is used without its transpose", node.value
    elif isinstance(node, ast.Call):
        yield from _call(node)
    elif isinstance(node, (ast.For, ast.comprehension)):
        yield from _turns(node)
    elif isinstance(node, ast.Compare) and len(node.ops) == 1:
        yield from _comparison(node)
    elif isinstance(node, ast.Constant) and type(node.value) is int:
        for by in (1, -1):
            yield "count", "one number or index is off by one", ast.Constant(node.value + by)
    elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
        yield from _name(node, task, local)


def _name(node, task, local):
    """Another value in place of one, or something done to it. Learners know arguments by name."""
    if node.id not in local and node.id not in task.parameters:
        return
    told = (*task.parameters, *task.returns)  # the names that the learner knows
    for other in dict.fromkeys((*task.parameters, *local)):
        if other != node.id:
            text = "one value stands where another belongs"
            if node.id in told and other in told:
                text = f"`{other}` stands once where `{node.id}` belongs"
            yield "operand", text, ast.Name(other, ast.Load())
    what = f"`{node.id}`" if node.id in task.parameters else "one value"
    two = ast.Constant(2)
    for text, new in (
        ("squared once too often", ast.BinOp(node, ast.Pow(), two)),
        ("taken twice", ast.BinOp(two, ast.Mult(), node)),
        ("halved", ast.BinOp(node, ast.Div(), two)),
        ("taken with the wrong sign", ast.UnaryOp(ast.USub(), node)),
        ("taken without its sign", ast.Call(ast.Name("abs", ast.Load()), [node], [])),
        ("taken from 1", ast.BinOp(ast.Constant(1), ast.Sub(), node)),
    ):
        yield "operand", f"{what} is {text}", new


def _operator(node, task):
    left, op, right = node.left, node.op, node.right
    squared = ast.BinOp(node, ast.Pow(), ast.Constant(2))
    yield "power", "a square is there once too often", squared
    if isinstance(op, (ast.Mult, ast.Div, ast.MatMult)):
        text = "brackets are missing around a sum or a difference"
        for new in _apart(left, op, right):
            yield "brackets", text, new
    if isinstance(op, (ast.Add, ast.Sub)):
        other = ast.Sub() if isinstance(op, ast.Add) else ast.Add()
        sign = "a minus stands where a plus belongs"
        if isinstance(op, ast.Sub):
            sign = "a plus stands where a minus belongs"
        yield "sign", sign, ast.BinOp(left, other, right)
        if isinstance(op, ast.Sub):
            yield "sign", "a difference is taken the wrong way round", ast.BinOp(right, op, left)
            yield "term", f"a term is missing{_called(left, task)}", ast.UnaryOp(ast.USub(), right)
        else:
            yield "term", f"a term is missing{_called(left, task)}", right
            text = "a product stands where a sum belongs"
            yield "operator", text, ast.BinOp(left, ast.Mult(), right)
        yield "term", f"a term is missing{_called(right, task)}", left
        if power := _power(right):
            base, exponent = power
            if isinstance(op, ast.Sub) and ast.unparse(left) == "1":
                yield "operand", "a value stands where its slope belongs", base
            text = "a power is taken of a whole sum or difference, not of its last term"
            yield "brackets", text, ast.BinOp(ast.BinOp(left, op, base), ast.Pow(), exponent)
    elif isinstance(op, ast.Mult):
        yield "missing factor", f"a factor is missing{_called(left, task)}", right
        yield "missing factor", f"a factor is missing{_called(right, task)}", left
        if isinstance(left, ast.BinOp) and isinstance(left.op, ast.Mult):
            last = ast.BinOp(left.right, ast.Add(), right)
            text = "a sum stands where a product belongs"
            yield "operator", text, ast.BinOp(left.left, ast.Mult(), last)
        text = "a division stands where a product belongs"
        yield "operator", text, ast.BinOp(left, ast.Div(), right)
        yield "operator", "a sum stands where a product belongs", ast.BinOp(left, ast.Add(), right)
    elif isinstance(op, ast.Div):
        yield "missing factor", f"a division is missing{_called(right, task)}", left
        text = "a product stands where a division belongs"
        yield "operator", text, ast.BinOp(left, ast.Mult(), right)
        yield "operator", "a quotient is upside down", ast.BinOp(right, op, left)
        text = f"a division is made twice{_called(right, task)}"
        yield "extra factor", text, ast.BinOp(node, ast.Div(), right)
    elif isinstance(op, ast.Pow):
        yield "power", "a power is missing", left
        text = "a product stands where a power belongs"
        yield "operator", text, ast.BinOp(left, ast.Mult(), right)
    elif isinstance(op, ast.MatMult):
        for a, b in ((_flipped(left), right), (left, _flipped(right)), (right, left)):
            text = "a matrix is transposed, or stands on the wrong side of a product"
            yield "transpose", text, ast.BinOp(a, op, b)
        text = "a product entry by entry stands where a matrix product belongs"
        yield "operator", text, ast.BinOp(left, ast.Mult(), right)


def _power(node):
    """(base, exponent) of a power, or of a product of something with itself; else nothing."""
    if not isinstance(node, ast.BinOp):
        return None
    if isinstance(node.op, ast.Pow):
        return node.left, node.right
    squared = isinstance(node.op, ast.Mult) and ast.dump(node.left) == ast.dump(node.right)
    return (node.left, ast.Constant(2)) if squared else None


def _apart(left, op, right):
    """A product or quotient of a sum that reaches one of the sum's two terms only."""
    if isinstance(left, ast.BinOp) and isinstance(left.op, (ast.Add, ast.Sub)):
        yield ast.BinOp(left.left, left.op, ast.BinOp(left.right, op, right))
        yield ast.BinOp(ast.BinOp(left.left, op, right), left.op, left.right)
    if isinstance(right, ast.BinOp) and isinstance(right.op, (ast.Add, ast.Sub)):
        yield ast.BinOp(ast.BinOp(left, op, right.left), right.op, right.right)
        yield ast.BinOp(right.left, right.op, ast.BinOp(left, op, right.right))


def _flipped(node):
    if isinstance(node, ast.Attribute) and node.attr == "T":
        return node.value
    return ast.Attribute(node, "T", ast.Load())


def _called(node, task):
    """`: `lr``, where the node is an argument that the learner knows by name."""
    return f": `{node.id}`" if isinstance(node, ast.Name) and node.id in task.parameters else ""


def _scaled(node, task):
    """A value is made with a factor that doesn't belong; all that is made of it has it too."""
    target = node.targets[0]
    name = target.id if isinstance(target, ast.Name) else ""
    what = "the value" if name in task.returns else "one value"
    two = ast.Constant(2)
    for text, value in (
        ("made twice as large", ast.BinOp(two, ast.Mult(), node.value)),
        ("made half as large", ast.BinOp(node.value, ast.Div(), two)),
        ("made with the wrong sign", ast.UnaryOp(ast.USub(), node.value)),
    ):
        if name:
            yield "operand", f"{what} is {text}", ast.Assign(node.targets, value)


def _added(node):
    """In a loop, what is made anew at each turn is added to what was there."""
    if len(node.targets) == 1 and isinstance(node.targets[0], (ast.Name, ast.Subscript)):
        text = "a value is added to what was there where it should replace it"
        yield "added", text, ast.AugAssign(node.targets[0], ast.Add(), node.value)


def _accumulation(node):
    if isinstance(node.op, ast.Add):
        text = "what was there is overwritten where it should be added to"
        yield "assign", text, ast.Assign([node.target], node.value)
        there = ast.parse(ast.unparse(node.target), mode="eval").body
        larger = ast.Call(
            ast.Attribute(ast.Name("np", ast.Load()), "maximum", ast.Load()),
            [there, node.value],
            [],
        )
        text = "the largest is kept where all should be added"
        yield "function", text, ast.Assign([node.target], larger)
        yield (
            "sign",
            "something is subtracted where it belongs added",
            ast.AugAssign(node.target, ast.Sub(), node.value),
        )
    elif isinstance(node.op, ast.Sub):
        yield (
            "sign",
            "something is added where it belongs subtracted",
            ast.AugAssign(node.target, ast.Add(), node.value),
        )


def _call(node):
    name = name_of(node)
    for other in EXCHANGED.get(name, ()):
        text = f"`{other}` stands where `{name}` belongs"
        if isinstance(node.func, ast.Attribute):
            func = ast.Attribute(node.func.value, other, ast.Load())
            yield "function", text, ast.Call(func, node.args, node.keywords)
        elif other in ("max", "min", "any", "all"):
            few = [ast.keyword("default", ast.Constant(0))] if name == "sum" else node.keywords
            yield "function", text, ast.Call(ast.Name(other, ast.Load()), node.args, few)
    if name in FUNCTIONS and len(node.args) == 1:
        yield "function", f"`{name}` is missing", node.args[0]
    if name in {*FUNCTIONS, "sigmoid"} and len(node.args) == 1:
        yield from _of_terms(node, name)
    if name == "where" and len(node.args) == 3:
        a, b, c = node.args
        yield "order", "the two sides of a choice are exchanged", ast.Call(node.func, [a, c, b], [])
    if name == "reversed" and len(node.args) == 1:
        yield "order", "a loop runs in the wrong direction", node.args[0]
    if name == "range":
        turned = ast.Call(ast.Name("list", ast.Load()), [node], [])
        step = ast.Slice(step=ast.UnaryOp(ast.USub(), ast.Constant(1)))
        text = "a loop runs in the wrong direction"
        yield "order", text, ast.Subscript(turned, step, ast.Load())
    for place, keyword in enumerate(node.keywords):
        rest = [k for i, k in enumerate(node.keywords) if i != place]
        if keyword.arg == "axis":
            for axis in (0, 1, -1):
                new = ast.keyword("axis", ast.Constant(axis))
                if ast.dump(new) != ast.dump(keyword):
                    text = f"{with_article(name)} runs over the wrong axis"
                    yield "axis", text, ast.Call(node.func, node.args, [*rest, new])
            text = f"{with_article(name)} runs over all axes"
            yield "axis", text, ast.Call(node.func, node.args, rest)
    if name in ("sum", "mean") and isinstance(node.func, ast.Attribute):
        inner = node.args[0] if node.args else node.func.value
        yield "axis", f"a {name} is missing", inner


def _of_terms(call, name):
    """A function of a sum, taken of its terms: of each or of two parts, of one too early or not."""
    terms = terms_of(call.args[0])
    if len(terms) < 2:
        return
    apart = [ast.Call(call.func, [term], []) for term in terms]
    yield "brackets", f"`{name}` is taken of each term by itself, not of their sum", sum_of(apart)
    for place, term in enumerate(terms):
        rest = [*terms[:place], *terms[place + 1 :]]
        if len(rest) > 1:
            text = f"`{name}` is taken of two parts of a sum by themselves"
            yield "brackets", text, sum_of([ast.Call(call.func, [sum_of(rest)], []), apart[place]])
        text = f"`{name}` is taken of one term too early, and of the sum again"
        yield "brackets", text, ast.Call(call.func, [sum_of([apart[place], *rest])], [])
        text = f"a term of a sum stands outside `{name}`"
        yield "brackets", text, sum_of([ast.Call(call.func, [sum_of(rest)], []), term])


def _turns(loop):
    """A loop that does not run over all."""
    for word, part in (
        ("first", ast.Slice(lower=ast.Constant(1))),
        ("last", ast.Slice(upper=ast.Constant(-1))),
    ):
        yield "count", f"a loop leaves out its {word} turn", over_part(loop, part)


def _comparison(node):
    turned = {ast.Gt: ast.Lt, ast.Lt: ast.Gt, ast.GtE: ast.LtE, ast.LtE: ast.GtE}
    turned |= {ast.Eq: ast.NotEq, ast.NotEq: ast.Eq}
    if new := turned.get(type(node.ops[0])):
        text = "a comparison is the wrong way round"
        yield "comparison", text, ast.Compare(node.left, [new()], node.comparators)
