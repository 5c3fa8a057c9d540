"""What a cell displays: the library's own source, and small tables.

Both are sent as plain text and as Markdown, so that every reader's program sets them in its own
style, and both are the same on every machine.
"""

import ast
import inspect
import re
import textwrap
from itertools import groupby
from numbers import Integral, Real
from pathlib import Path

from IPython.display import display

import bpkit


class Shown:
    """Something to display, as plain text and as Markdown."""

    def __init__(self, plain, markdown):
        self.plain, self.markdown = plain, markdown

    def __repr__(self):
        return self.plain

    def _repr_markdown_(self):
        return self.markdown


def show_source(*things, lines=30, docstrings="first"):
    """Display the installed library's own source of functions, classes, methods or rules.

    The first `lines` lines are open, the rest is folded. docstrings: "first" keeps their first
    line, "all" keeps them whole, "none" leaves them out. Raises ValueError for what isn't bpkit's.
    """
    blocks = []
    for file, group in groupby(things, _file):
        blocks.append(f"# {file}\n" + "\n\n".join(_source(thing, docstrings) for thing in group))
    source = "\n\n".join(blocks)
    all_lines = source.split("\n")
    markdown = _fence(all_lines[:lines])
    if rest := all_lines[lines:]:
        summary = f"{len(rest)} more line{'s' if len(rest) > 1 else ''}"
        markdown += f"\n\n<details>\n<summary>{summary}</summary>\n\n{_fence(rest)}\n\n</details>"
    display(Shown(source, markdown))


def _fence(lines):
    code = "\n".join(lines)
    return f"````python\n{code}\n````"


def _file(thing):
    """The file that defines a thing, from the package's folder on: bpkit/layers.py."""
    try:
        file = Path(inspect.getsourcefile(inspect.unwrap(thing)))
        return file.relative_to(Path(bpkit.__file__).parent.parent).as_posix()
    except (TypeError, ValueError):
        raise ValueError(f"show_source shows bpkit's own source, not that of {thing!r}") from None


def _source(thing, docstrings):
    """A thing's source, its docstrings cut as asked."""
    source = textwrap.dedent(inspect.getsource(thing)).rstrip()
    if docstrings == "all":
        return source
    lines = source.split("\n")
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, (ast.FunctionDef, ast.ClassDef)) or not ast.get_docstring(node):
            continue
        text = node.body[0]
        first = ast.get_docstring(node).split("\n")[0]
        kept = f'{" " * text.col_offset}"""{first}"""' if docstrings == "first" else None
        lines[text.lineno - 1] = kept
        lines[text.lineno : text.end_lineno] = [None] * (text.end_lineno - text.lineno)
        after = text.end_lineno
        if kept is None and after < len(lines) and lines[after] == "":
            lines[after] = None
    return "\n".join(line for line in lines if line is not None)


def table(rows, header):
    """Display a small table. rows: sequences of numbers and strings, as long as `header`.

    A column of numbers stands right. Floats are written with four digits (`.4g`); pass strings for
    any other format.

    >>> table([["SGD", 0.51234], ["Adam", 12]], header=["rule", "loss"])
    rule    loss
    SGD   0.5123
    Adam      12
    """
    cells = [[_text(value) for value in row] for row in rows]
    for row in cells:
        if len(row) != len(header):
            raise ValueError(f"table: a row has {len(row)} cells, the header {len(header)}: {row}")
    right = [all(_NUMBER.fullmatch(row[j]) for row in cells) for j in range(len(header))]
    widths = [max(map(len, column)) for column in zip(header, *cells, strict=True)]
    plain = [
        "  ".join(
            text.rjust(width) if side else text.ljust(width)
            for text, width, side in zip(row, widths, right, strict=True)
        ).rstrip()
        for row in [header, *cells]
    ]
    ruler = ["---:" if side else ":---" for side in right]
    bars = [[text.replace("|", r"\|") for text in row] for row in [header, ruler, *cells]]
    display(Shown("\n".join(plain), "\n".join(f"| {' | '.join(row)} |" for row in bars)))


_NUMBER = re.compile(r"[-+−]?\d[\d.,]*(e[-+]?\d+)?( ?%)?|")


def _text(value):
    return (
        f"{value:.4g}"
        if isinstance(value, Real) and not isinstance(value, Integral)
        else str(value)
    )
