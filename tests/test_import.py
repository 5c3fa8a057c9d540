"""What `import bpkit` loads, what may import what, and how large the core is."""

import ast
import io
import subprocess
import sys
import tokenize
from pathlib import Path

import pytest

import bpkit as bp

PACKAGE = Path(bp.__file__).parent
CORE = sorted(PACKAGE.glob("*.py"))
FILES = sorted(PACKAGE.rglob("*.py"))

# Each part of the package, and the other parts that it may import; the core is "".
MAY_IMPORT = {
    "": set(),
    "figures": {""},
    "book": {"", "figures"},
    "widgets": {"", "figures"},
    "tasks": {"", "book"},  # its notebooks are written and run as the chapters are
    "grading": {"", "tasks"},
    "cli": {"", "book", "figures", "tasks", "grading", "widgets"},
}
OPTIONAL = {"tqdm", "sklearn"}  # imported inside the call that needs them
REPLAY = {
    "record",
    "lookup",
    "simplify",
    "plan",
    "write",
    "replay",
}  # what makes a recorded step fast


def part_of(path):
    """Which part of the package a file is in."""
    inside = path.relative_to(PACKAGE).parts
    return inside[0] if len(inside) > 1 else ""


def imports(path):
    """(module, whether it is imported when the file is) for each import statement."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    inner = {
        id(node)
        for function in ast.walk(tree)
        if isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
        for node in ast.walk(function)
    }
    package = ("bpkit", *path.relative_to(PACKAGE).parts[:-1])
    for node in ast.walk(tree):
        at_once = id(node) not in inner
        if isinstance(node, ast.Import):
            yield from ((alias.name, at_once) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            base = ".".join([*above, *([node.module] if node.module else [])])
            yield base, at_once
            yield from ((f"{base}.{alias.name}", at_once) for alias in node.names)


def parts_imported(path):
    """The parts of the package that a file imports, anywhere in it."""
    for module, _ in imports(path):
        top, _, rest = module.partition(".")
        if top == "bpkit":
            first = rest.partition(".")[0]
            yield first if (PACKAGE / first).is_dir() and first else ""


def test_every_part_has_its_rule():
    assert {part_of(path) for path in FILES} <= set(MAY_IMPORT)


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_run_one_way(path):
    mine = part_of(path)
    wrong = set(parts_imported(path)) - MAY_IMPORT[mine] - {mine}
    assert not wrong


def test_the_rule_of_imports_can_be_broken(tmp_path, monkeypatch):
    package = tmp_path / "bpkit"
    for folder in ("book", "cli"):
        (package / folder).mkdir(parents=True)
    monkeypatch.setattr(sys.modules[__name__], "PACKAGE", package)
    bad = package / "graph.py"
    for line in (
        "from bpkit.book import proof",
        "from bpkit import cli, data",
        "import bpkit.cli.main",
        "from .book.proof import prove",
        "def f():\n    from . import book",
    ):
        bad.write_text(line)
        assert set(parts_imported(bad)) & {"book", "cli"}, line
    bad.write_text("from bpkit import data\nfrom bpkit.errors import ShapeError\nimport math")
    assert set(parts_imported(bad)) == {""}


@pytest.mark.parametrize("path", CORE, ids=lambda p: p.name)
def test_the_core_needs_numpy_and_nothing_else(path):
    known = {"bpkit", "numpy", *sys.stdlib_module_names}
    for module, at_once in imports(path):
        top = module.partition(".")[0]
        assert top in known or (top in OPTIONAL and not at_once), module


def loaded(code):
    """The names of the outside packages that a new process has loaded after this code."""
    said = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys; print(*sys.modules)"],
        cwd=PACKAGE.parent,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return {name.partition(".")[0] for name in said.split()} - set(sys.stdlib_module_names)


def test_importing_loads_numpy_only():
    extra = loaded("import bpkit") - loaded("import numpy")
    assert extra == {"bpkit"}


def test_importing_loads_no_other_part():
    said = subprocess.run(
        [sys.executable, "-c", "import bpkit, sys; print(*sys.modules)"],
        cwd=PACKAGE.parent,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    parts = [name for name in MAY_IMPORT if name]
    assert not [p for p in parts if f"bpkit.{p}" in said.split()]


def lines_of_code(path):
    """Lines that hold code: no docstrings, comments or blank lines."""
    source = path.read_text(encoding="utf-8")
    skipped = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT}
    lines = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in skipped and token.string:
            lines.update(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(ast.parse(source)):
        body = getattr(node, "body", None)
        first = body[0] if isinstance(body, list) and body else None
        if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
            lines -= set(range(first.lineno, first.end_lineno + 1))
    return len(lines)


def test_lines_of_code_are_counted_right(tmp_path):
    path = tmp_path / "some.py"
    path.write_text(
        '"""A\nB."""\n\n# no\nx = (\n    1\n)  # yes\n\n\ndef f():\n    """D."""\n    return x\n'
    )
    assert lines_of_code(path) == 5


@pytest.mark.parametrize("path", CORE, ids=lambda p: p.name)
def test_no_file_of_the_core_is_long(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400


def test_the_core_stays_small():
    """About 2,000 lines that learn, under half as many that replay, one file for several cores."""
    counts = {path.stem: lines_of_code(path) for path in CORE}
    fast = sum(n for name, n in counts.items() if name in REPLAY)
    rest = sum(counts.values()) - fast - counts["workers"]
    print(*(f"{n:5} {name}" for name, n in counts.items()), sep="\n")
    print(f"{rest} lines, and {fast} of replay")
    assert rest <= 2200 and fast <= 1000 and counts["workers"] <= 160


@pytest.mark.parametrize("path", CORE, ids=lambda p: p.name)
def test_each_file_of_the_core_says_what_it_is_for(path):
    said = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    assert said and said.endswith(".")


def public_names():
    """(name, object) for each function and class that `bpkit` offers."""
    return [
        (name, thing)
        for name, thing in vars(bp).items()
        if not name.startswith("_") and callable(thing)
    ]


@pytest.mark.parametrize(
    ("name", "thing"), public_names(), ids=lambda x: x if isinstance(x, str) else ""
)
def test_every_public_name_says_its_chapter_and_shows_itself(name, thing):
    said = thing.__doc__ or ""
    assert "Chapter " in said, name
    if not issubclass(thing if isinstance(thing, type) else object, Exception):
        assert ">>>" in said or name in NO_EXAMPLE, name


NO_EXAMPLE = {  # parts of the machine that a reader meets in the book's own examples
    *("Rule", "Every", "Replay", "rule", "load"),
}


def test_the_list_of_files_in_reading_order_is_whole():
    order = bp.__doc__.split("read it through:")[1].replace(".", "").replace("\n", " ").split(",")
    assert sorted(name.strip() for name in order) == sorted(
        path.stem for path in CORE if path.stem != "__init__"
    )
