"""The table of contents and the map: complete, in order, and true to the folder."""

import json

import pytest

from bpkit.book.contents import ENTRIES, PARTS, contents, standing
from bpkit.book.lint import CHAPTERS
from bpkit.figures.chapter_map import PLACES, chapter_map


def notebook(path):
    path.write_text(json.dumps({"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))


def test_every_chapter_is_listed_once_and_in_order():
    assert [entry.number for entry in ENTRIES] == list(CHAPTERS)
    assert len(PARTS) == 5


def test_a_chapter_needs_earlier_ones():
    for entry in ENTRIES:
        assert all(need < entry.number for need in entry.needs)
        assert entry.needs or entry.number == 1


def test_questions_are_questions():
    assert all(entry.question.endswith("?") for entry in ENTRIES)


def test_only_chapters_that_stand_are_links(tmp_path, capsys):
    notebook(tmp_path / "00_start_here.ipynb")
    notebook(tmp_path / "04_the_graph.ipynb")
    notebook(tmp_path / "90_glossary.ipynb")
    assert standing(tmp_path) == {4: "04_the_graph.ipynb"}
    contents(tmp_path)
    out = capsys.readouterr().out
    assert " 4  The graph" in out and out.count(".ipynb") == 1


def test_the_map_has_a_place_for_every_chapter():
    assert PLACES.keys() == {entry.number for entry in ENTRIES}
    assert len(set(PLACES.values())) == len(PLACES)


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_an_arrow_passes_over_no_other_chapter(entry):
    row, column = PLACES[entry.number]
    for need in entry.needs:
        from_row, from_column = PLACES[need]
        beside = row == from_row and column == from_column + 1
        assert beside or row == from_row + 1


def test_the_map_names_every_chapter_inside_its_box():
    fig = chapter_map(ENTRIES, {4})
    texts = [text.get_text() for text in fig.axes[0].texts]
    assert all(entry.name in texts for entry in ENTRIES)
    fig.draw_without_rendering()
    boxes = {tuple(box.get_xy()): box.get_window_extent() for box in fig.axes[0].patches}
    names = {entry.name for entry in ENTRIES}
    for text in (text for text in fig.axes[0].texts if text.get_text() in names):
        around = text.get_window_extent()
        assert any(b.x0 < around.x0 and around.x1 < b.x1 for b in boxes.values()), text.get_text()
