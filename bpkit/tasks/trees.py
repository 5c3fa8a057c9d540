"""Ways through a syntax tree, and ways to change it and back: what all slips are made with."""

import ast
import functools


def stored(tree):
    """The names that a source makes."""
    found = (n for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store))
    return tuple(dict.fromkeys(n.id for n in found))


def walk(tree):
    """Every node below the function's definition, with its statement and where it hangs."""
    return walk_below(tree.body[0], "body")


def walk_below(root, field="body"):
    """Every node below one, with its statement and where it hangs."""
    stack = [(None, root, field)]
    while stack:
        statement, parent, field = stack.pop()
        value = getattr(parent, field)
        for index, node in enumerate(value) if isinstance(value, list) else [(None, value)]:
            if not isinstance(node, ast.AST):
                continue
            if isinstance(parent, ast.Slice) and field == "step":
                continue  # backward is not a sign
            here = node if isinstance(node, ast.stmt) else statement
            yield here, parent, field, index, node
            stack += [(here, node, name) for name in node._fields]


def placed(node):
    """A new node, given a place in the source; what hangs in it from before has its own."""
    if not hasattr(node, "lineno"):
        if "lineno" in node._attributes:
            node.lineno, node.col_offset = node.end_lineno, node.end_col_offset = 1, 0
        for child in ast.iter_child_nodes(node):
            placed(child)
    return node


def swap(parent, field, index, old, new):
    """(change, undo): another node where one hangs. index: its place in a list, else None."""
    placed(new)

    def put(value):
        if index is None:
            setattr(parent, field, value)
        else:
            getattr(parent, field)[index] = value

    return lambda: put(new), lambda: put(old)


def name_of(call):
    """The name of the function that a call calls."""
    func = call.func
    return func.attr if isinstance(func, ast.Attribute) else getattr(func, "id", "")


def terms_of(node):
    """The terms of a sum; of anything else, itself."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return [*terms_of(node.left), *terms_of(node.right)]
    return [node]


def sum_of(nodes):
    """The sum of some nodes."""
    return functools.reduce(lambda a, b: ast.BinOp(a, ast.Add(), b), nodes)


def with_article(name):
    """A name with its article."""
    return f"an {name}" if name[0] in "aeiou" else f"a {name}"


def over_part(loop, part):
    """A loop over a slice of what it runs over."""
    taken = ast.Call(ast.Name("list", ast.Load()), [loop.iter], [])
    rest = {field: getattr(loop, field, None) for field in loop._fields}
    return type(loop)(**rest | {"iter": ast.Subscript(taken, part, ast.Load())})
