"""What can go wrong at one place besides the slips: a function, a choice, an index, brackets.

These are tried where the slips explain nothing. Each is a node for the place of another, with a
kind and a clause.
"""

import ast

from bpkit.tasks.trees import name_of, over_part, sum_of, terms_of, with_article

STANDS_FOR = {
    "max": ("mean", "sum"),
    "mean": ("max", "median"),
    "prod": ("sum",),
    "sum": ("prod",),
    "cumprod": ("cumsum",),
    "cumsum": ("cumprod",),
    "zeros": ("ones",),
    "ones": ("zeros",),
    "zeros_like": ("ones_like",),
    "ones_like": ("zeros_like",),
    "abs": ("square",),
    "square": ("abs",),
    "floor": ("ceil",),
    "logaddexp": ("maximum",),
    "exp": ("square", "abs"),
    "sqrt": ("square",),
    "list": ("set",),
}
PLAIN = {"range", "zip", "enumerate", "len", "list", "reversed", "dict", "set", "tuple", "sorted"}
SMOOTH = ("tanh", "sigmoid", "relu")


def variants(node, task, local):
    """(kind, text, new node) for what can go wrong at one node. local: the source's own names."""
    if isinstance(node, ast.BinOp):
        yield from _brackets(node)
        yield from _values(node)
    elif isinstance(node, ast.Call):
        yield from _call(node, task)
    elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
        yield from _index(node)
    elif isinstance(node, ast.Compare) and len(node.ops) == 1:
        yield from _comparison(node)
    elif isinstance(node, ast.IfExp):
        yield "choice", "one side of a choice is taken always", node.body
        yield "choice", "one side of a choice is taken always", node.orelse
    elif isinstance(node, ast.BoolOp):
        other = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        yield "choice", "`and` and `or` are exchanged", ast.BoolOp(other, node.values)
        for part in node.values:
            yield "choice", "one of two conditions is left out", part
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield "comparison", "a condition is the wrong way round", node.operand
    elif isinstance(node, ast.comprehension) and node.ifs:
        text = "a condition is left out: all are taken, not some"
        yield "choice", text, ast.comprehension(node.target, node.iter, [], 0)
    elif isinstance(node, (ast.For, ast.comprehension)):
        yield from _turns(node)
    elif isinstance(node, ast.Constant) and type(node.value) is float:
        for by, word in ((2, "twice"), (0.5, "half")):
            text = f"a number is {word} as large as it should be"
            yield "count", text, ast.Constant(node.value * by)
    elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
        yield from _name(node, task, local)


def _call_of(name, *args, **keywords):
    """`np.name(...)`."""
    keywords = [ast.keyword(k, v) for k, v in keywords.items()]
    return ast.Call(ast.parse(f"np.{name}", mode="eval").body, [*args], keywords)


def _applied(name, node):
    """tanh, sigmoid or relu of a node."""
    if name == "relu":
        return _call_of("maximum", node, ast.Constant(0))
    if name == "tanh":
        return _call_of("tanh", node)
    one = ast.Constant(1)
    below = ast.BinOp(one, ast.Add(), _call_of("exp", ast.UnaryOp(ast.USub(), node)))
    return ast.BinOp(one, ast.Div(), below)


def _product(a, b):
    return ast.BinOp(a, ast.Mult(), b)


def _brackets(node):
    """Brackets that stand around too much: a factor of one term acts on a whole sum."""
    left, op, right = node.left, node.op, node.right
    if isinstance(op, (ast.Add, ast.Sub)):
        text = "a factor or divisor of one term acts on a whole sum or difference"
        if isinstance(left, ast.BinOp) and isinstance(left.op, (ast.Mult, ast.MatMult, ast.Div)):
            inner = ast.BinOp(left.right, op, right)
            yield "brackets", text, ast.BinOp(left.left, left.op, inner)
            if not isinstance(left.op, ast.MatMult):
                inner = ast.BinOp(left.left, op, right)
                yield "brackets", text, ast.BinOp(inner, left.op, left.right)
        if isinstance(right, ast.BinOp) and isinstance(right.op, (ast.Mult, ast.MatMult, ast.Div)):
            inner = ast.BinOp(left, op, right.left)
            yield "brackets", text, ast.BinOp(inner, right.op, right.right)
            if isinstance(right.op, ast.Mult):
                inner = ast.BinOp(left, op, right.right)
                yield "brackets", text, _product(right.left, inner)
        terms = terms_of(node)
        if len(terms) > 2:
            for place, term in enumerate(terms):
                rest = sum_of([*terms[:place], *terms[place + 1 :]])
                yield "operator", "a product stands where a sum belongs", _product(rest, term)
    elif isinstance(op, ast.Div):
        for by, word in ((ast.Sub(), "few"), (ast.Add(), "many")):
            count = ast.BinOp(right, by, ast.Constant(1))
            yield "count", f"a division is by one too {word}", ast.BinOp(left, op, count)


def _values(node):
    """A size for a square; the slope of another function."""
    one = ast.Constant(1)
    if isinstance(node.op, ast.Pow):
        text = "a size without its sign stands where a power belongs"
        yield "power", text, _call_of("abs", node.left)
    told = "the slope of the {} stands where the slope of the {} belongs"
    if (s := _of_tanh(node)) is not None:
        yield "slope", told.format("sigmoid", "tanh"), _product(s, ast.BinOp(one, ast.Sub(), s))
        positive = ast.Compare(s, [ast.Gt()], [ast.Constant(0)])
        yield "slope", told.format("ReLU", "tanh"), positive
        text = "tanh is taken once more in its slope"
        again = ast.BinOp(_call_of("tanh", s), ast.Pow(), ast.Constant(2))
        yield "slope", text, ast.BinOp(one, ast.Sub(), again)
    if (found := _of_sigmoid(node)) is not None:
        before, s = found
        slope = ast.BinOp(one, ast.Sub(), ast.BinOp(s, ast.Pow(), ast.Constant(2)))
        positive = ast.Compare(s, [ast.Gt()], [ast.Constant(0)])
        for name, new in (("tanh", slope), ("ReLU", positive)):
            new = new if before is None else _product(before, new)
            yield "slope", told.format(name, "sigmoid"), new
        text = "the value itself stands where its slope belongs"
        yield "slope", text, s if before is None else _product(before, s)


def _of_tanh(node):
    """s of `1 - s**2` or `1 - s * s`."""
    if not isinstance(node.op, ast.Sub) or ast.unparse(node.left) != "1":
        return None
    square = node.right
    if isinstance(square, ast.BinOp) and isinstance(square.op, ast.Pow):
        return square.left if ast.unparse(square.right) == "2" else None
    if isinstance(square, ast.BinOp) and isinstance(square.op, ast.Mult):
        return square.left if ast.unparse(square.left) == ast.unparse(square.right) else None
    return None


def _of_sigmoid(node):
    """(x, s) of `x * s * (1 - s)`, (None, s) of `s * (1 - s)`."""
    if not isinstance(node.op, ast.Mult) or not isinstance(node.right, ast.BinOp):
        return None
    s = node.right.right
    if ast.unparse(node.right) != f"1 - {ast.unparse(s)}":
        return None
    if ast.unparse(node.left) == ast.unparse(s):
        return None, s
    if isinstance(node.left, ast.BinOp) and isinstance(node.left.op, ast.Mult):
        return (node.left.left, s) if ast.unparse(node.left.right) == ast.unparse(s) else None
    return None


def replaced(call, other):
    """A call of another function of the same module or array."""
    func = call.func
    if isinstance(func, ast.Attribute):
        func = ast.Attribute(func.value, other, ast.Load())
    else:
        func = ast.Attribute(ast.Name("np", ast.Load()), other, ast.Load())
    return ast.Call(func, call.args, call.keywords)


def _call(node, task):
    name = name_of(node)
    for other in STANDS_FOR.get(name, ()):
        yield "function", f"`{other}` stands where `{name}` belongs", replaced(node, other)
    if name in SMOOTH and len(node.args) == 1:
        for other in SMOOTH:
            if other != name:
                text = f"`{other}` stands where `{name}` belongs"
                yield "function", text, _applied(other, node.args[0])
    if name in ("max", "mean", "sum") and not node.keywords:
        of = node.args[0] if node.args else node.func.value
        norm = _call_of("linalg.norm", of)
        yield "function", f"a length, `norm`, stands where `{name}` belongs", norm
    if name == "maximum" and ast.unparse(node.args[-1]) in ("0", "0.0"):
        yield "function", "`tanh` stands where a ReLU belongs", _applied("tanh", node.args[0])
        yield "function", "`sigmoid` stands where a ReLU belongs", _applied("sigmoid", node.args[0])
    if name in ("sum", "mean") and node.keywords and node.keywords[0].arg == "axis":
        of = node.args[0] if node.args else node.func.value
        kept = any(k.arg == "keepdims" for k in node.keywords)
        first = ast.List([ast.Constant(0)], ast.Load()) if kept else ast.Constant(0)
        text = f"only the first is taken where {with_article(name)} belongs"
        yield "index", text, _call_of("take", of, first, axis=node.keywords[0].value)
    if name not in PLAIN and name != "where":
        for place, arg in enumerate(node.args):
            if not isinstance(arg, (ast.Constant, ast.Starred, ast.Tuple)):
                yield "function", f"`{name}` is missing", arg
            for later in range(place + 1, len(node.args) if name != task.key else 0):
                args = [*node.args]
                args[place], args[later] = args[later], args[place]
                text = f"two arguments of `{name}` are exchanged"
                yield "order", text, ast.Call(node.func, args, node.keywords)
    for keyword in node.keywords:
        rest = [k for k in node.keywords if k is not keyword]
        if keyword.arg not in ("axis", "strict", "dtype"):
            text = f"`{keyword.arg}` is left out of `{name}`"
            yield "function", text, ast.Call(node.func, node.args, rest)
    if name in ("var", "std") and "ddof" not in [k.arg for k in node.keywords]:
        fewer = [*node.keywords, ast.keyword("ddof", ast.Constant(1))]
        text = f"`{name}` divides by one less than the number of entries"
        yield "count", text, ast.Call(node.func, node.args, fewer)
    if name == "where" and len(node.args) == 3:
        yield "choice", "one side of a choice is taken everywhere", node.args[1]
        yield "choice", "one side of a choice is taken everywhere", node.args[2]
    yield from _inside_out(node)
    yield from _of_terms(node, name)


def counts(node):
    """Whether a node only asks how long something is, or goes through it."""
    if isinstance(node, ast.Call):
        return name_of(node) in PLAIN
    return isinstance(node, ast.Attribute) and node.attr in ("shape", "size", "ndim", "dtype")


def _inside_out(node):
    """Two functions of one argument in the other order: the logarithm of a mean."""
    outer = _of_one(node)
    negative = outer and isinstance(outer[1], ast.UnaryOp) and isinstance(outer[1].op, ast.USub)
    inner = outer and _of_one(outer[1].operand if negative else outer[1])
    if not inner:
        return
    (name, _, outside), (other, argument, inside) = outer, inner
    text = f"`{name}` and `{other}` are taken in the other order"
    new = inside(outside(argument))
    yield "order", text, ast.UnaryOp(ast.USub(), new) if negative else new


def _of_one(node):
    """(name, argument, a function that applies it) of a call of one array, or of a square."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):
        return "**", node.left, lambda x: ast.BinOp(x, ast.Pow(), node.right)
    if not isinstance(node, ast.Call):
        return None
    name = name_of(node)
    if len(node.args) == 1 and name not in PLAIN:
        return name, node.args[0], lambda x: ast.Call(node.func, [x], node.keywords)
    if not node.args and isinstance(node.func, ast.Attribute):

        def method(x):
            return ast.Call(ast.Attribute(x, name, ast.Load()), [], node.keywords)

        return name, node.func.value, method
    return None


def _of_terms(call, name):
    """A function of a sum, with some of the terms left outside or put through it twice."""
    if not call.args or name in PLAIN:
        return
    inner, more = call.args[0], call.args[1:]
    if not all(isinstance(arg, ast.Constant) for arg in more):
        return

    def taken(x):
        return ast.Call(call.func, [x, *more], call.keywords)

    if isinstance(inner, ast.BinOp) and isinstance(inner.op, ast.Sub):
        apart = ast.BinOp(taken(inner.left), ast.Sub(), taken(inner.right))
        yield "brackets", f"`{name}` is taken on both sides of a difference, not of it", apart
        text = f"`{name}` is taken on both sides of a difference too early, and of it again"
        yield "brackets", text, taken(apart)
    terms = terms_of(inner)
    if len(terms) < 2:
        return
    for place, term in enumerate(terms):
        rest = sum_of([*terms[:place], *terms[place + 1 :]])
        text = f"a term of a sum stands outside `{name}`"
        yield "brackets", text, ast.BinOp(taken(rest), ast.Add(), term)
        if len(terms) > 2:
            text = f"`{name}` is taken of one term of a sum alone"
            yield "brackets", text, ast.BinOp(taken(term), ast.Add(), rest)
        text = f"`{name}` is taken of some terms too early, and of the sum again"
        yield "brackets", text, taken(ast.BinOp(taken(rest), ast.Add(), term))


def _index(node):
    at = node.slice
    if not (isinstance(at, ast.Slice) and at.step is not None):
        text = "an index is missing: a whole stands where a part of it belongs"
        yield "index", text, node.value
    if isinstance(at, ast.Tuple):
        for place, one in enumerate(at.elts):
            if not isinstance(one, ast.Slice) and ast.unparse(one) not in ("None", "..."):
                all_ = [*at.elts[:place], ast.Slice(), *at.elts[place + 1 :]]
                text = "along one axis all are taken where an index should pick one"
                index = ast.Tuple(all_, ast.Load())
                yield "index", text, ast.Subscript(node.value, index, ast.Load())
        return
    if isinstance(at, ast.Slice) and at.step is not None:
        yield "order", "an order is not turned round where it should be", node.value
        return
    if isinstance(at, ast.Slice):
        other = ast.Slice(at.upper, at.lower)
        text = "the other part of what is cut in two is taken"
        yield "index", text, ast.Subscript(node.value, other, ast.Load())
        return
    for place, word in ((0, "first"), (-1, "last")):
        text = f"the {word} one is taken where an index should pick one"
        picked = ast.Subscript(node.value, ast.Constant(place), ast.Load())
        yield "index", text, picked
    for by in (ast.Add(), ast.Sub()):
        near = ast.BinOp(at, by, ast.Constant(1))
        text = "one number or index is off by one"
        yield "count", text, ast.Subscript(node.value, near, ast.Load())
    if isinstance(node.value, ast.Subscript) or isinstance(at, ast.Subscript):
        inner = at.slice if isinstance(at, ast.Subscript) else at
        text = "an index is used as it is, without the list that says what stands there"
        yield "index", text, ast.Subscript(node.value, inner, ast.Load())


def _comparison(node):
    nearly = {ast.Gt: ast.GtE, ast.Lt: ast.LtE, ast.GtE: ast.Gt, ast.LtE: ast.Lt}
    turned = {ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is}
    if new := nearly.get(type(node.ops[0])):
        text = "what is equal falls on the wrong side of a comparison"
        yield "comparison", text, ast.Compare(node.left, [new()], node.comparators)
    if new := turned.get(type(node.ops[0])):
        text = "a condition is the wrong way round"
        yield "comparison", text, ast.Compare(node.left, [new()], node.comparators)
    for always in (True, False):
        yield "choice", "a condition is left out", ast.Constant(always)
    if isinstance(node.ops[0], ast.Gt):
        yield "slope", "a value stands where it should only be asked if it is positive", node.left


def _turns(loop):
    """A loop that makes one turn."""
    for word, part in (
        ("first", ast.Slice(upper=ast.Constant(1))),
        ("last", ast.Slice(lower=ast.UnaryOp(ast.USub(), ast.Constant(1)))),
    ):
        yield "count", f"a loop makes only its {word} turn", over_part(loop, part)


def _name(node, task, local):
    """Something else is done to a value."""
    if node.id not in local and node.id not in task.parameters:
        return
    what = f"`{node.id}`" if node.id in (*task.parameters, *task.returns) else "one value"
    kept = {"keepdims": ast.Constant(True)}
    zero, last = ast.Constant(0), ast.UnaryOp(ast.USub(), ast.Constant(1))
    for text, new in (
        ("taken only where it is positive", _applied("relu", node)),
        ("set to 0", _product(zero, node)),
        ("put through `tanh`", _applied("tanh", node)),
        ("put through the sigmoid", _applied("sigmoid", node)),
        ("averaged over axis 0", _call_of("mean", node, axis=zero, **kept)),
        ("summed over axis 0", _call_of("sum", node, axis=zero, **kept)),
        ("averaged over its last axis", _call_of("mean", node, axis=last, **kept)),
        ("summed over its last axis", _call_of("sum", node, axis=last, **kept)),
        ("scaled to length 1", ast.BinOp(node, ast.Div(), _call_of("linalg.norm", node))),
        ("transposed", ast.Attribute(node, "T", ast.Load())),
    ):
        yield "operand", f"{what} is {text}, in one place", new
