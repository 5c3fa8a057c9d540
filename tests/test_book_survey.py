"""The table of what each chapter holds: counted from notebooks, not typed."""

from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from bpkit.book import survey
from bpkit.book.notebook import dumps

RECALL = "## Recall\n\n<details>\n<summary>Why?</summary>\n\nSo.\n\n</details>\n"


def task(name):
    return new_code_cell("def f(): ...", metadata={"nbgrader": {"solution": True}}, id=name)


def test_a_chapter_is_counted(tmp_path, capsys):
    cells = [
        new_markdown_cell(
            "# 4 · Why?\n\n$$a = b \\tag{4.1}$$\n\nMany -" + " words" * 142, id="title"
        ),
        new_code_cell("widgets.Fork()", id="fork"),
        new_code_cell("widgets.Cards(cards)", id="cards"),
        new_code_cell("@ipywidgets.interact(a=1)\ndef _(a): ...", id="touch"),
        new_markdown_cell("<details>\n<summary>Not a card</summary>\n\nx\n\n</details>", id="fold"),
        new_markdown_cell(RECALL + "## In other books", id="recall"),
    ]
    notebooks = {
        "chapters/00_start.ipynb": [],
        "chapters/04_graph.ipynb": cells,
        "chapters/05_check.ipynb": [],
        "chapters/90_glossary.ipynb": [],
        "exercises/04_the_graph.ipynb": [task("one"), task("two")],
        "exercises/05_checking.ipynb": [task("one")],
    }
    for name, made in notebooks.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(dumps(new_notebook(cells=made)), encoding="utf-8")
    survey.show(tmp_path / "chapters", last=4)
    header, row, total = capsys.readouterr().out.strip().split("\n")
    assert header.split() == survey.HEADER
    assert row.split()[0] == "04_graph" and row.split()[1:] == ["200", "1", "0", "2", "2", "1"]
    assert total.split() == ["all", *row.split()[1:]]
    survey.show(tmp_path / "chapters")
    assert "05_check" in capsys.readouterr().out
