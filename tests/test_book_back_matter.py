"""The glossary and the index of names are made from the chapters and the docstrings."""

import nbformat
import numpy as np
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

import bpkit as bp
from bpkit.book import derivatives, glossary, index, lint
from bpkit.book.back_matter import PAGES, text, write_back_matter
from bpkit.book.execute import execute
from bpkit.book.notebook import NOT_PROSE, dumps, mask, read_folder, sentences

FOUR = """## Words

A plain sentence. The *whole* **forward pass** computes
every value, e.g. $a. b$, in order. It ends.

- A **Node** is a value `x. y` and what made it.

| a | b |
"""


@pytest.fixture
def folder(tmp_path):
    """Two chapters and nothing else."""
    for name, cells in {
        "04_graph": [
            new_markdown_cell("# 4 · Why?", id="title"),
            new_markdown_cell(FOUR, id="words"),
            new_code_cell("2 ** 3 ** 4", id="powers"),
        ],
        "10_net": [new_markdown_cell("(An **`epoch`** is one walk over the data.)", id="epoch")],
    }.items():
        nbformat.write(new_notebook(cells=cells), tmp_path / f"{name}.ipynb")
    return tmp_path


def test_a_definition_is_the_sentence_around_a_bold_term(folder):
    assert [
        (entry.term, entry.sentence, entry.chapter.number, entry.cell)
        for entry in glossary.entries(read_folder(folder))
    ] == [
        (
            "forward pass",
            "The *whole* **forward pass** computes every value, e.g. $a. b$, in order.",
            4,
            "words",
        ),
        ("Node", "A **Node** is a value `x. y` and what made it.", 4, "words"),
        ("`epoch`", "(An **`epoch`** is one walk over the data.)", 10, "epoch"),
    ]


def test_sentences_end_where_they_end():
    markdown = (
        "# Not this\n\nOne. *Two?* (Three.) **Four.** Five is 0.5, i.e. $a. b$\n"
        "and on.\n1. Six\n2. Seven.\n\n> Eight.\n\n$$\na. b\n$$\n\n```\nx. y\n```\n\n`f. g` ends."
    )
    assert list(sentences(markdown)) == [
        "One.",
        "*Two?*",
        "(Three.)",
        "**Four.**",
        "Five is 0.5, i.e. $a. b$ and on.",
        "Six",
        "Seven.",
        "Eight.",
        "`f. g` ends.",
    ]


def test_prose_is_what_is_neither_code_nor_mathematics_nor_markup():
    markdown = "a `b` ``c ` d`` $e$ $$f\ng$$ <i>h</i> [i](j) <!-- k --> 1 < 2\n```\nl\n```\nm"
    prose = mask(NOT_PROSE, markdown)
    assert prose.split() == ["a", "h", "[i]", "1", "<", "2", "m"]
    assert len(prose) == len(markdown)


def test_the_glossary_is_sorted_and_links_to_its_cells(folder):
    ten, four = (
        "[Chapter 10](10_net.ipynb#cell-id=epoch)",
        "[Chapter 4](04_graph.ipynb#cell-id=words)",
    )
    assert glossary.page(read_folder(folder)).split("\n")[2:] == [
        f"- **`epoch`**: (An `epoch` is one walk over the data.) {ten}",
        "- **forward pass**: The *whole* forward pass computes every value, e.g. $a. b$, in order. "
        + four,
        f"- **Node**: A Node is a value `x. y` and what made it. {four}",
    ]


def test_pages_are_written_the_same_each_time_and_only_from_the_chapters(folder):
    written = write_back_matter(folder)
    assert [path.name for path in written] == list(PAGES)
    first = [path.read_bytes() for path in written]
    assert [path.read_bytes() for path in write_back_matter(folder)] == first
    for path in written:
        nbformat.validate(nbformat.read(path, 4))
        assert dumps(nbformat.read(path, 4)).encode() == path.read_bytes()
        assert list(lint.sound_links(lint.Chapter(path))) == []


def test_executing_a_page_makes_it_anew(folder):
    page = write_back_matter(folder)[0]
    good = page.read_bytes()
    page.write_text(dumps(new_notebook()), encoding="utf-8")
    assert execute([page]) == [page] and execute([page]) == []
    assert page.read_bytes() == good == text(page).encode()


def test_every_public_name_says_its_chapter_and_what_it_is():
    names = index.names()
    assert [n.name for n in names if n.chapter not in lint.CHAPTERS] == []
    assert [n.name for n in names if not n.summary.endswith(".")] == []


def test_names_are_those_that_a_chapter_writes_each_once():
    names = [name.name for name in index.names()]
    assert len(names) == len(set(names)) and names == sorted(names, key=str.lower)
    assert {"bp.Tensor", "bp.Affine", "bp.fit", "bp.data.digits", "bp.graph.order"} <= set(names)
    assert not {"bp.graph.Tensor", "bp.data", "bp.np", "bp.graph.contextmanager"} & set(names)


def test_the_index_links_to_the_chapters_that_stand(folder):
    lines = index.page(read_folder(folder)).split("\n")
    (tensor,) = [line for line in lines if line.startswith("| `bp.Tensor` |")]
    assert tensor == "| `bp.Tensor` | An array that remembers what made it. | [4](04_graph.ipynb) |"
    (adam,) = [line for line in lines if line.startswith("| `bp.Adam` |")]
    assert adam.endswith("| 12 |")


def test_a_docstring_without_a_chapter_is_noticed():
    def plain():
        """It does something."""

    assert index.Name("bp.plain", plain).chapter is None
    assert index.Name("bp.Tensor", bp.Tensor).chapter == 4


def test_the_table_of_derivatives_has_every_rule_and_the_code_that_runs():
    page = derivatives.page([])
    rows = {line.split("`")[1].split("(")[0]: line for line in page.split("\n") if "| `" in line}
    assert rows.keys() == bp.RULES.keys()
    x, up, checked = np.array([0.3, 0.7]), np.array([1.1, -0.6]), 0
    for name, rule in bp.RULES.items():
        if rule.inputs == ["x"] and not rule.params and "dx = `_" not in rows[name] and rule.vjps:
            code = rows[name].split("dx = `")[1].split("`")[0]
            y = bp.Tensor(rule.forward(x))
            got = eval(code, {**vars(bp.rules), "x": bp.Tensor(x), "y": y, "up": bp.Tensor(up)})
            want = rule.vjps[0](bp.Tensor(up), y, bp.Tensor(x))
            assert np.array_equal(got.data, want.data), name
            checked += 1
    assert checked > 10


def test_longer_derivatives_stand_whole_below_the_table():
    page = derivatives.page([])
    assert "def _softmax_back(up, y, x" in page and "def _max_back(" in page
    assert "dW = `swap(_rows(X)) @ _rows(up)`" in page
