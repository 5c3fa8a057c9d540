"""What a cell displays is the library's own text, folded to one screen, with no path in it."""

import inspect

import numpy as np
import pytest

import bpkit as bp
import bpkit.book.shown as shown


@pytest.fixture
def displayed(monkeypatch):
    things = []
    monkeypatch.setattr(shown, "display", things.append)
    return things


def test_source_is_the_librarys_own(displayed):
    shown.show_source(bp.graph.order, docstrings="all")
    (thing,) = displayed
    source = inspect.getsource(bp.graph.order).rstrip()
    assert repr(thing) == f"# bpkit/graph.py\n{source}"
    assert thing._repr_markdown_() == f"````python\n# bpkit/graph.py\n{source}\n````"


def test_long_source_is_folded_and_nothing_is_lost(displayed):
    shown.show_source(bp.graph.order, lines=3)
    plain, markdown = repr(displayed[0]), displayed[0]._repr_markdown_()
    opened, _, folded = markdown.partition("<details>")
    lines = plain.split("\n")
    assert opened == "````python\n" + "\n".join(lines[:3]) + "\n````\n\n"
    assert f"<summary>{len(lines) - 3} more lines</summary>" in folded
    assert "\n".join(lines[3:]) in folded


def test_docstrings_are_cut_as_asked(displayed):
    for docstrings in "all", "first", "none":
        shown.show_source(bp.Tensor, docstrings=docstrings)
    whole, first, none = map(repr, displayed)
    assert ">>> x = bp.Tensor(3.0)" in whole and ">>>" not in first
    assert '    """An array that remembers what made it. Chapter 4."""\n' in first
    assert '"""' not in none
    for source in whole, first, none:
        compile(source, "source", "exec")


def test_a_rule_a_method_and_several_files_in_one_block(displayed):
    shown.show_source(bp.exp, bp.log, bp.Tensor.detach)
    text = repr(displayed[0])
    assert text.count("# bpkit/rules.py\n") == text.count("# bpkit/graph.py\n") == 1
    assert text.index("def exp") < text.index("def log") < text.index("\ndef detach")


@pytest.mark.parametrize("thing", [np.exp, np.random.default_rng, inspect.unwrap, 3])
def test_source_from_elsewhere_is_refused(thing, displayed):
    with pytest.raises(ValueError, match="bpkit's own source"):
        shown.show_source(thing)
    assert not displayed


def test_table_aligns_numbers_right_and_writes_both_forms(displayed):
    shown.table(
        [["a|b", 0.5, "1.20 %", 7], ["c", np.float32(12.5), "30 %", 11]], ["x", "y", "z", "n"]
    )
    assert repr(displayed[0]).split("\n") == [
        "x       y       z   n",
        "a|b   0.5  1.20 %   7",
        "c    12.5    30 %  11",
    ]
    assert displayed[0]._repr_markdown_().split("\n") == [
        "| x | y | z | n |",
        "| :--- | ---: | ---: | ---: |",
        r"| a\|b | 0.5 | 1.20 % | 7 |",
        "| c | 12.5 | 30 % | 11 |",
    ]


def test_table_refuses_a_row_of_another_length():
    with pytest.raises(ValueError, match="a row has 1 cells, the header 2"):
        shown.table([["a"]], ["x", "y"])
