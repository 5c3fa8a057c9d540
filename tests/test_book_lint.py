"""Every rule of the lint accepts a good chapter and rejects a bad one made for it."""

import base64
import copy
import struct
import subprocess
import sys

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from bpkit.book import index, lint
from bpkit.book.notebook import METADATA, Chapter, dumps

PROVED = "Equation (4.1) holds in 20 of 20 random cases; off by 0.1 %, it fails in 20."
SEEN = "A line that falls from left to right."


def png(height=300, note=b""):
    """The beginning of a PNG, 400 pixels wide; nothing here reads further."""
    return b"\x89PNG\r\n\x1a\n" + b"\x00\x00\x00\x0dIHDR" + struct.pack(">II", 400, height) + note


def picture(data, alt=SEEN):
    source = f"data:image/png;base64,{base64.b64encode(data).decode()}"
    return new_output(
        "display_data", {"text/html": f'<img alt="{alt}" width="400" src="{source}">'}
    )


def said(text):
    return new_output("stream", text=text)


def question(n):
    asked = f"<summary>Why {n}<code>+=</code>?</summary>"
    return f"<details>\n{asked}\n\nBecause both count.\n\n</details>"


GOOD = {
    "title": "# 4 · Why must a graph be sorted?",
    "minute": (
        "## In one minute\n\nA **tape** is a list of the steps that were taken. You read it "
        "backward, e.g. from the end. That gives $y!$ and `x!=1`, and no `simply` in prose."
    ),
    "minute-picture": ("draw()", [picture(png())]),
    "numbers": "## Numbers by hand: one sum\n\nTake two numbers and add them.",
    "derive": "## The derivation\n\n" + "Some words about sums. " * 800,
    "claim": "The sum commutes.\n\n$$a + b = b + a \\tag{4.1}$$",
    "proof": ('@prove("4.1")\ndef _(case):\n    return a + b, b + a', [said(PROVED)]),
    "screen": (
        "## One screen of code\n\nSee [above](#Numbers-by-hand:-one-sum), [here](#cell-id=claim), "
        "[more](https://example.org/x) and [the next](05_next.ipynb#Break-it)."
    ),
    "screen-code": ("x = 1  # one\nprint(1 / 2)", [said("0.5\n")]),
    "try": "## An experiment\n\nWhat happens at zero?",
    "try-code": ("print('x' != 'just')", [said("True\n")]),
    "break": "## Break it\n\nAssign where you should add.",
    "break-code": (
        "raise ValueError",
        [new_output("error", ename="E", evalue="", traceback=["E"])],
    ),
    "facts": "## Must-know facts\n\n1. The first.\n2. The second.",
    "recall": "## Recall\n\n" + "\n\n".join(map(question, "abc")),
    "others": "## In other books\n\nThe tape is called a trace there.",
    "next": "## What to do next\n\nGo on.",
}


def good():
    """A good chapter as a notebook."""
    cells, count = [], 0
    for name, content in GOOD.items():
        if isinstance(content, str):
            cells.append(new_markdown_cell(content, id=name))
        else:
            count += 1
            source, outputs = content
            cell = new_code_cell(source, id=name, outputs=outputs, execution_count=count)
            cells.append(copy.deepcopy(cell))
    notebook = new_notebook(cells=cells, metadata=METADATA)
    cell_of(notebook, "break-code").metadata["tags"] = ["raises-exception"]
    return notebook


def cell_of(notebook, name):
    return next(cell for cell in notebook.cells if cell.id == name)


def saved(notebook, folder, name="04_good.ipynb"):
    nbformat.write(
        new_notebook(cells=[new_markdown_cell("## Break it", id="a")]), folder / "05_next.ipynb"
    )
    (folder / name).write_text(dumps(notebook), encoding="utf-8")
    return Chapter(folder / name)


def source(name, text):
    """A fault: this cell's source is that."""

    def spoil(notebook):
        cell_of(notebook, name).source = text

    return spoil


def added(name, text):
    """A fault: this cell's source ends so."""

    def spoil(notebook):
        cell_of(notebook, name).source += text

    return spoil


def output(name, *outputs):
    """A fault: this cell shows that."""

    def spoil(notebook):
        cell_of(notebook, name).outputs = list(outputs)

    return spoil


def tagged(name, *tags):
    def spoil(notebook):
        cell_of(notebook, name).metadata["tags"] = list(tags)

    return spoil


def named(name, new):
    def spoil(notebook):
        cell_of(notebook, name).id = new

    return spoil


def removed(name):
    def spoil(notebook):
        notebook.cells.remove(cell_of(notebook, name))

    return spoil


def swapped(name, other):
    def spoil(notebook):
        first, second = cell_of(notebook, name), cell_of(notebook, other)
        i, j = notebook.cells.index(first), notebook.cells.index(second)
        notebook.cells[i], notebook.cells[j] = second, first

    return spoil


def counted(name, count):
    def spoil(notebook):
        cell_of(notebook, name).execution_count = count

    return spoil


def other_kernel(notebook):
    notebook.metadata = {**METADATA, "kernelspec": {"name": "mine", "display_name": "Mine"}}


def html(text, kind="text/html"):
    return new_output("display_data", {kind: text, "text/plain": "x"})


def described(alt):
    data = {"image/png": base64.b64encode(png()).decode()}
    return new_output("display_data", data, metadata={"image/png": {"alt": alt}})


BAD = [
    (lint.hand_made_ids, named("screen", "1f2e3d4c"), "1f2e3d4c: this id"),
    (lint.hand_made_ids, named("screen", "a1b2c3d4-1111-4222-8333-abcdefabcdef"), "this id"),
    (lint.hand_made_ids, named("screen", "Screen_1"), "this id"),
    (lint.known_tags, tagged("try-code", "skip-execution"), "unknown tag skip-execution"),
    (lint.known_tags, tagged("try-code", "nbval-ignore-output"), "go together"),
    (lint.known_tags, tagged("try-code", "timing"), "go together"),
    (lint.known_tags, added("try-code", "\n# NBVAL_SKIP"), "hides this cell from nbval"),
    (lint.plain_python, source("try-code", "%matplotlib inline"), "not plain Python"),
    (lint.plain_python, source("try-code", "!ls"), "not plain Python"),
    (lint.plain_python, source("try-code", ""), "empty"),
    (lint.short_cells, source("try-code", "\n".join(["x = 1"] * 16)), "16 lines of code"),
    (lint.short_outputs, output("try-code", said("x\n" * 41)), "41 lines of output"),
    (lint.short_outputs, output("try-code", said("x\n" * 21), html("<p>\n" * 21)), "43 lines"),
    (lint.short_outputs, output("try-code", html("<table>" + "<tr>" * 50)), "50 lines"),
    (lint.short_outputs, output("try-code", picture(png(height=801))), "801 px high"),
    (lint.plain_words, added("next", " It is simply so."), "'simply'"),
    (lint.plain_words, added("next", " Of course."), "'Of course'"),
    (lint.plain_words, added("facts", " *Just* so."), "'Just'"),
    (lint.plain_words, added("next", " Look!"), "an exclamation mark"),
    (lint.plain_words, added("next", " Done \u2705."), "an emoji"),
    (lint.plain_words, added("next", " \U0001f680"), "an emoji"),
    (lint.plain_words, added("next", " Normalise the colours."), "'Normalise'"),
    (lint.plain_words, added("next", " Normalise the colours."), "'colours'"),
    (lint.plain_words, added("try-code", "  # clearly"), "'clearly'"),
    (
        lint.plain_words,
        output("minute-picture", picture(png(), "It is easy to see this.")),
        "'easy'",
    ),
    (lint.described_pictures, output("minute-picture", picture(png(), "")), "too little: ''"),
    (lint.described_pictures, output("minute-picture", picture(png(), "A figure.")), "too little"),
    (lint.described_pictures, output("minute-picture", described("")), "too little: ''"),
    (
        lint.described_pictures,
        output("minute-picture", html("<img src='a.png'>")),
        "too little: ''",
    ),
    (lint.described_pictures, added("next", "\n\n![](a.png)"), "too little: ''"),
    (
        lint.settled_pictures,
        output("minute-picture", picture(png(note=b"tEXtSoftware\0Matplotlib"))),
        "a PNG says",
    ),
    (
        lint.proved_claims,
        removed("proof"),
        "screen-code: this cell proves nothing",
    ),
    (lint.proved_claims, removed("claim"), "proof: this cell proves ['4.1']; due is nothing"),
    (
        lint.proved_claims,
        source("claim", "$$a = a \\tag{4.2}$$"),
        "tag 4.2 stands where 4.1 is due",
    ),
    (lint.proved_claims, source("claim", "$$a = a \\tag{5.1}$$"), "due is ['5.1']"),
    (lint.proved_claims, added("claim", " $$a = a \\tag{4.2}$$"), "a second tag before"),
    (lint.proved_claims, swapped("proof", "screen-code"), "screen-code: this cell proves nothing"),
    (lint.proved_claims, added("proof", "\nprove(tag)(f)"), "proves ['4.1', '?']"),
    (lint.proved_claims, output("proof"), "doesn't say that equation (4.1) holds"),
    (lint.proved_claims, added("next", " $$a = a \\tag{4.2}$$"), "tag 4.2 is never proved"),
    (lint.sound_links, added("next", " [x](06_none.ipynb)"), "leads nowhere"),
    (lint.sound_links, added("next", " [x](../README.md)"), "leaves the book"),
    (lint.sound_links, added("next", " [x](#Nothing)"), "no heading or cell"),
    (lint.sound_links, added("next", " [x](05_next.ipynb#cell-id=b)"), "no heading or cell"),
    (lint.sound_links, added("next", ' <a href="gone.ipynb">x</a>'), "leads nowhere"),
    (lint.no_places, added("try-code", "\nopen('/home/me/x.txt')"), "an absolute path: '/home/me"),
    (lint.no_places, added("try-code", "\nopen('~/x.txt')"), "an absolute path"),
    (lint.no_places, added("next", " See [x](/files/x.txt)."), "an absolute path"),
    (lint.no_places, output("try-code", said("C:\\Users\\me")), "an absolute path"),
    (lint.no_places, output("try-code", said("<f at 0x7f00deadbeef>")), "a memory address"),
    (lint.offline, added("try-code", "\nx = 'http://example.org'"), "may use the network"),
    (lint.offline, added("try-code", "\nfrom urllib.request import urlopen"), "imports urllib"),
    (lint.offline, added("try-code", "\nfetch_openml('mnist')"), "may use the network"),
    (lint.offline, added("next", " ![x](https://example.org/x.png)"), "to be fetched"),
    (lint.offline, output("try-code", html("<script src='x.js'>")), "to be fetched"),
    (lint.offline, output("try-code", html("<img src='//x.org/a.png'>")), "to be fetched"),
    (lint.timed_cells, added("try-code", "\nimport time"), "imports time without the tag"),
    (lint.timed_cells, added("try-code", "\nfrom timeit import repeat"), "imports timeit"),
    (lint.freshly_run, other_kernel, "metadata"),
    (lint.freshly_run, counted("try-code", 9), "its count is 9, its place 4"),
    (lint.freshly_run, counted("try-code", None), "its count is None"),
    (lint.freshly_run, tagged("break-code"), "an error is stored"),
    (lint.freshly_run, tagged("try-code", "raises-exception"), "an error is stored"),
    (lint.freshly_run, output("try-code", new_output("stream", name="stderr", text="x")), "stderr"),
    (lint.sound_definitions, added("numbers", "\n\n### A **sum**"), "bold in a heading"),
    (lint.sound_definitions, added("numbers", " A <b>sum</b> is this."), "the glossary can't see"),
    (lint.sound_definitions, added("numbers", " A __sum__ is this."), "the glossary can't see"),
    (
        lint.sound_definitions,
        added("numbers", " **Never ever do this in your life** is a rule."),
        "for terms, not for emphasis",
    ),
    (lint.sound_definitions, added("numbers", " Call it **result**:\n\n$$x$$"), "a whole sentence"),
    (lint.sound_definitions, added("numbers", " A **result**."), "a whole sentence"),
    (
        lint.sound_definitions,
        added("numbers", " A **result** is what [this](#Recall) says it is."),
        "can't stand alone",
    ),
    (
        lint.sound_definitions,
        added("others", " Those **numbers** are what you add up."),
        "'numbers' appears before",
    ),
    (lint.title_asks, source("title", "# 4 · Sorting"), "must begin '# 4"),
    (lint.title_asks, source("title", "# Why must a graph be sorted?"), "must begin '# 4"),
    (lint.title_asks, source("title", "# 5 · Why must a graph be sorted?"), "must begin '# 4"),
    (lint.title_asks, named("title", "start"), "id title"),
    (lint.all_sections, removed("break"), "the sections are"),
    (lint.all_sections, swapped("facts", "others"), "the sections are"),
    (lint.all_sections, added("others", "\n\n## More"), "has two #"),
    (lint.all_sections, added("others", "\n\n# More"), "has two #"),
    (lint.all_sections, source("others", "## In other books"), "In other books has no text"),
    (lint.one_minute, added("minute", " A fourth sentence."), "4 sentences, 1 pictures"),
    (lint.one_minute, removed("minute-picture"), "3 sentences, 0 pictures"),
    (lint.prediction_first, source("try", "## An experiment\n\nSee what happens."), "no question"),
    (lint.few_facts, added("facts", "\n3. x\n4. x\n5. x\n6. x"), "6 must-know facts"),
    (lint.few_facts, source("facts", "## Must-know facts\n\nNone."), "0 must-know facts"),
    (lint.folded_answers, source("recall", "## Recall\n\n" + question("a") * 2), "2 whole folds"),
    (lint.folded_answers, added("recall", "\n\n<details>\nWhy?"), "3 whole folds of 4"),
    (lint.folded_answers, added("recall", question("`x`")), "not a question"),
    (lint.folded_answers, added("recall", question("a").replace("?", ".")), "not a question"),
    (lint.folded_answers, added("recall", question("a").replace("\n\n", "\n")), "no blank line"),
    (
        lint.right_length,
        source("derive", "## The derivation\n\nIt is short."),
        "words; due are 3000",
    ),
    (lint.right_length, added("derive", " word" * 2000), "words; due are 3000 to 5000"),
]


def test_a_good_chapter_has_no_faults(tmp_path):
    assert list(lint.faults(saved(good(), tmp_path))) == []


@pytest.mark.parametrize(
    ("rule", "spoil", "words"),
    BAD,
    ids=[f"{rule.__name__}-{n}" for n, (rule, *_) in enumerate(BAD)],
)
def test_a_bad_chapter_is_rejected_by_its_rule(rule, spoil, words, tmp_path):
    notebook = good()
    spoil(notebook)
    faults = [f"{cell}: {said}" for cell, said in rule(saved(notebook, tmp_path))]
    assert any(words in fault for fault in faults), faults


def test_every_rule_has_its_bad_example():
    rules = {*lint.EVERY_NOTEBOOK, *lint.WRITTEN_BY_HAND, *lint.EVERY_CHAPTER}
    assert rules == {rule for rule, *_ in BAD}


def test_two_cells_of_one_id_are_rejected(tmp_path):
    chapter = saved(good(), tmp_path)
    chapter.cells[3].id = "claim"
    assert ("claim", "two cells have this id") in list(lint.hand_made_ids(chapter))


def test_what_is_folded_counts_as_one_line(tmp_path):
    notebook = good()
    long = "````python\nx = 1\n````\n\n<details>\n<summary>90 more lines</summary>\n\n" + "x\n" * 90
    cell_of(notebook, "try-code").outputs = [html(long + "</details>", "text/markdown")]
    assert list(lint.short_outputs(saved(notebook, tmp_path))) == []


def test_rules_depend_on_the_number(tmp_path):
    start, chapter, back = (
        lint.rules_for(saved(good(), tmp_path, name))
        for name in ("00_a.ipynb", "24_b.ipynb", "90_c.ipynb")
    )
    assert set(lint.EVERY_NOTEBOOK) == set(back) < set(start) < set(chapter)


def test_a_term_is_defined_once_in_the_book(tmp_path):
    again = new_notebook(cells=[new_markdown_cell("All **Tapes** are lists of steps.", id="tapes")])
    chapters = [saved(good(), tmp_path), saved(again, tmp_path, "07_again.ipynb")]
    assert list(lint.one_definition(chapters[:1])) == []
    (fault,) = lint.one_definition(chapters)
    assert fault[1:] == ("tapes", "'Tapes' is defined already in 04_good.ipynb, cell minute")


@pytest.fixture
def two_names(monkeypatch):
    def early():
        """Chapter 4."""

    def late():
        """Chapter 7."""

    monkeypatch.setattr(
        index, "names", lambda: [index.Name("bp.early", early), index.Name("bp.data.late", late)]
    )


@pytest.mark.parametrize(
    ("code", "prose", "faults"),
    [
        ("bp.early(1)", "", []),
        ("", "Use `bp.early`.", []),
        ("from bpkit import early", "", []),
        ("", "It is early.", ["bp.early belongs to this chapter, which never names it"]),
        ("bp.early(bp.data.late)", "", ["bp.data.late is introduced in chapter 7"]),
        (
            "from bpkit.data import late\nbp.early",
            "",
            ["bp.data.late is introduced in chapter 7"],
        ),
    ],
)
def test_a_name_is_met_first_where_its_docstring_says(code, prose, faults, two_names, tmp_path):
    cells = [new_code_cell(code, id="code"), new_markdown_cell(prose, id="prose")]
    chapter = saved(new_notebook(cells=cells), tmp_path)
    assert [words for *_, words in lint.introduced_names([chapter])] == faults
    start = saved(new_notebook(cells=cells), tmp_path, "00_start.ipynb")
    assert list(lint.introduced_names([start])) == []


def test_the_command_prints_faults_and_fails(tmp_path):
    chapter = saved(good(), tmp_path)
    command = [sys.executable, "-m", "bpkit.book.lint"]
    run = subprocess.run([*command, chapter.path], capture_output=True, text=True)
    assert run.returncode == 1
    assert "04_good.ipynb, cell title: bp.Tensor belongs to this chapter" in run.stdout
