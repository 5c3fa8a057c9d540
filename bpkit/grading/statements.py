"""A notebook's code as statements: what each one binds, and which names it uses.

A cell that can't be parsed is mended where that is safe: IPython's lines are masked, and a cell
that was split in two is joined again.
"""

import ast
import builtins
import functools
import re
import symtable
from dataclasses import dataclass, field

BUILTIN = frozenset(dir(builtins)) | {"__name__", "__file__", "__doc__"}
HARMLESS = ("%%time", "%%capture", "%%prun")  # they change nothing in what a cell defines
KEPT = 64  # pieces of code of which is kept what was read in them
SHORT = 2000  # characters of such a piece
UNREADABLE = (SyntaxError, RecursionError, MemoryError, ValueError)
SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)


@dataclass(frozen=True, eq=False)
class Block:
    """Code that is parsed as one: a cell, or the cells it was split into.

    source: what Python can read; magic: the numbers of lines that IPython alone can. body: its
    statements, as (node, names); error: the SyntaxError of a block that can't be read. title: what
    it is called if it is in no cell.
    """

    cells: tuple
    source: str
    magic: frozenset = frozenset()
    body: list | None = None
    error: SyntaxError | None = None
    title: str = ""

    @property
    def number(self):
        return self.cells[0].number if self.cells else 0

    @property
    def label(self):
        if not self.cells:
            return self.title
        if len(self.cells) == 1:
            return self.cells[0].label
        numbers = " and ".join(str(cell.number) for cell in self.cells)
        return f"cells {numbers} ({self.cells[0].id})" if self.cells[0].id else f"cells {numbers}"

    @property
    def raw(self):
        """The source as it stands in the notebook."""
        return "\n".join(cell.source for cell in self.cells)

    @functools.cached_property
    def lines(self):
        return self.source.split("\n")


@dataclass(frozen=True, eq=False)
class Statement:
    """A statement at the top of a block. binds: the names it makes or changes."""

    block: Block
    node: ast.stmt
    binds: frozenset = field(default=frozenset())

    @property
    def first(self):
        decorators = getattr(self.node, "decorator_list", [])
        return min(node.lineno for node in (self.node, *decorators))

    @property
    def last(self):
        return self.node.end_lineno

    @property
    def defines(self):
        return isinstance(self.node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))

    @property
    def imports(self):
        return isinstance(self.node, (ast.Import, ast.ImportFrom))

    @property
    def assigns(self):
        return isinstance(self.node, (ast.Assign, ast.AugAssign, ast.AnnAssign))

    def makes(self, name):
        """Whether it gives a name a value, rather than change the value that the name has."""
        if name not in self.binds or isinstance(self.node, (ast.Expr, ast.AugAssign, ast.Delete)):
            return False
        return not self.assigns or name in _stored(self.node)

    @property
    def masked(self):
        """Whether IPython is needed for it."""
        return any(self.first <= line <= self.last for line in self.block.magic)

    @property
    def empty(self):
        """Whether it is a function in which nothing is written yet."""
        if not isinstance(self.node, ast.FunctionDef):
            return False
        return all(isinstance(node, ast.Pass) or _is_remark(node) for node in self.node.body)

    @functools.cached_property
    def text(self):
        """Its source, by itself."""
        lines = self.block.lines[self.first - 1 : self.last]
        start, end = self._columns()
        lines[-1] = lines[-1].encode()[:end].decode()
        lines[0] = lines[0].encode()[start:].decode()
        return "\n".join(lines)

    def _columns(self):
        start = self.node.col_offset if self.first == self.node.lineno else 0
        return start, self.node.end_col_offset

    @functools.cached_property
    def uses(self):
        """The names it takes from the notebook: those that it neither makes nor finds built in."""
        try:
            return _looked_up(self.text)
        except UNREADABLE:
            return frozenset(n.id for n in ast.walk(self.node) if isinstance(n, ast.Name))


def _is_remark(node):
    """Whether a statement is a docstring, an ellipsis, or says that nothing is written."""
    if isinstance(node, ast.Raise) and node.exc is not None:
        return "NotImplementedError" in ast.dump(node.exc)
    constant = node.value if isinstance(node, ast.Expr) else None
    return isinstance(constant, ast.Constant) and (
        constant.value is ... or isinstance(constant.value, str)
    )


def _keeping(function):
    """A function of code that keeps its answers: most cells in a class's notebooks are alike."""
    kept = functools.lru_cache(maxsize=KEPT)(function)
    return lambda text: (kept if len(text) < SHORT else function)(text)


@_keeping
def _body(text):
    return [(node, frozenset(_bound(node))) for node in ast.parse(text).body]


@_keeping
def _looked_up(text):
    return frozenset(_globals(symtable.symtable(text, "<cell>", "exec")))


def _globals(table):
    """The names that a scope, and what lies in it, looks up outside of itself."""
    outermost = table.get_type() == "module"
    for symbol in table.get_symbols():
        if symbol.is_referenced() and (symbol.is_global() or outermost):
            yield symbol.get_name()
    for inner in table.get_children():
        yield from _globals(inner)


def blocks(cells):
    """The code cells as blocks, in order; what was split is joined."""
    found = []
    for cell in cells:
        if cell.kind != "code" or not cell.source.strip():
            continue
        block = _block((cell,))
        if found and (block.error or found[-1].error) and not block.magic:
            joined = _parsed((*found[-1].cells, cell), f"{found[-1].raw}\n{cell.source}")
            if joined.body is not None:
                found[-1] = joined
                continue
        found.append(block)
    return found


def _block(cells):
    block = _parsed(cells, cells[0].source)
    if block.body is not None:
        return block
    source, magic = masked(cells[0].source)
    again = _parsed(cells, source, magic) if magic else block
    return block if again.body is None else again


def _parsed(cells, source, magic=frozenset()):
    try:
        return Block(cells, source, magic, body=_body(source))
    except SyntaxError as error:
        return Block(cells, source, magic, error=error)
    except UNREADABLE:
        error = SyntaxError("it is nested too deeply")
        return Block(cells, source, magic, error=error)


def masked(source):
    """(the source with IPython's own lines made harmless, the numbers of those lines).

    >>> masked("%matplotlib inline\\nfiles = !ls\\nx = 1")
    ('pass\\nfiles = None\\nx = 1', frozenset({1, 2}))
    """
    lines, magic = source.split("\n"), set()
    first = next((n for n, line in enumerate(lines) if line.strip()), 0)
    if lines[first].startswith("%%"):
        if not lines[first].startswith(HARMLESS):
            return "pass", frozenset({1})
        lines[first] = ""
    for number, line in enumerate(lines):
        changed = re.sub(r"^(\s*[\w, ]+=\s*)[%!].*", r"\1None", line)
        changed = re.sub(r"^(\s*)([%!?].*|.*\?)$", r"\1pass", changed)
        if changed != line:
            lines[number] = changed
            magic.add(number + 1)
    return "\n".join(lines), frozenset(magic)


def statements(block):
    """The statements of a block; none where it can't be read."""
    return [Statement(block, node, binds) for node, binds in block.body or ()]


@functools.cache
def statement(title, source):
    """A statement that is in no notebook; title: what messages call it."""
    return statements(Block((), source, body=_body(source), title=title))[0]


def _bound(node):
    """The names that a statement binds in the notebook, or whose values it changes in place."""
    if isinstance(node, SCOPES):
        yield node.name
        return
    called = getattr(node.value, "func", None) if isinstance(node, ast.Expr) else None
    if isinstance(called, ast.Attribute):
        yield from _base(called)
    stack = [node]
    while stack:
        inner = stack.pop()
        if isinstance(inner, ast.alias):
            yield inner.asname or inner.name.partition(".")[0]
        elif isinstance(inner, ast.Name) and not isinstance(inner.ctx, ast.Load):
            yield inner.id
        elif isinstance(inner, (ast.Attribute, ast.Subscript)) and isinstance(inner.ctx, ast.Store):
            yield from _base(inner)
        elif isinstance(inner, SCOPES):
            yield getattr(inner, "name", "")
            continue
        elif isinstance(inner, ast.ExceptHandler) and inner.name:
            yield inner.name
        stack.extend(ast.iter_child_nodes(inner))


def _stored(node):
    """The names that a statement stores to, as in `(a, b), c = ...`."""
    names = (n for n in ast.walk(node) if isinstance(n, ast.Name))
    return {n.id for n in names if isinstance(n.ctx, ast.Store)}


def _base(node):
    """The name at the root of `name.a[0].b`."""
    while isinstance(node, (ast.Attribute, ast.Subscript)):
        node = node.value
    if isinstance(node, ast.Name):
        yield node.id


def cut(chosen):
    """The source of some statements of one block, each on the line that it has there."""
    block = chosen[0].block
    lines = [""] * len(block.lines)
    for statement in chosen:
        for number, text in enumerate(statement.text.split("\n"), start=statement.first - 1):
            lines[number] = f"{lines[number]}; {text}" if lines[number] else text
    return "\n".join(lines).rstrip()
