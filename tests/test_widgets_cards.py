"""Recall cards, from the chapter to the schedule and to Anki; predictions before experiments."""

import json
import sqlite3
import zipfile
from datetime import UTC, datetime, timedelta

import pytest
import widget_page
from widget_page import model, mount, node, outside, settle

from bpkit import widgets
from bpkit.book.cards import cards, home, plain, written
from bpkit.book.contents import standing
from bpkit.cli import main
from bpkit.widgets.deck import NAME, Deck, place

browser, shared, page = widget_page.browser, widget_page.shared, widget_page.page

THREE = [
    {"id": f"04-{n}", "question": f"What is {n}, `x` or $y$?", "answer": f"It is {n}."}
    for n in ("one", "two", "three")
]
CHAPTER = """## Recall

<details>
<summary>When is <code>a &lt; b</code> the same as the other, $a$?</summary>

When $\\bar a^2 \\le \\frac{1}{2}$, *always*, see [there](x.ipynb).

</details>
"""


@pytest.fixture
def folder(tmp_path):
    def cell(kind, text):
        return {"cell_type": "markdown", "id": kind, "metadata": {}, "source": text}

    cells = [
        cell("title", "# 4 · Why?\n\nA **leaf** is a node that no operation made."),
    ]
    notebook = {"cells": [*cells, cell("recall", CHAPTER)], "metadata": {}}
    notebook |= {"nbformat": 4, "nbformat_minor": 5}
    (tmp_path / "04_leaf.ipynb").write_text(json.dumps(notebook))
    return tmp_path


def test_cards_come_from_recall_and_from_definitions(folder):
    asked, defined = cards("04", folder)
    assert asked["question"] == "When is `a < b` the same as the other, $a$?"
    assert asked["answer"] == "When $a\u0304² ≤ 1/2$, always, see there."
    assert written(4, folder)[0]["answer"] == r"When $\bar a^2 \le \frac{1}{2}$, always, see there."
    assert defined["question"] == "What is meant by “leaf”?"
    with pytest.raises(LookupError, match=r"there is no chapter 7 in .*, but 4"):
        cards(7, folder)


def test_every_card_of_the_book_can_be_read():
    for number in standing(home()):
        found = cards(number)
        assert len({card["id"] for card in found}) == len(found)
        for card in found:
            for text in (card["question"], card["answer"]):
                assert text and "\\" not in text.replace("`\\`", "") and text.count("$") % 2 == 0


@pytest.mark.parametrize(
    ("tex", "text"),
    [
        (r"x_i^2", "xᵢ²"),
        (r"e^{\log x}", "e^(log x)"),
        (r"\sum_k e^{s_k - c}", "Σₖ e^(sₖ − c)"),
        (r"\sigma'(x) \cdot W_{l-1}^\top", "σ′(x) · Wₗ₋₁ᵀ"),
        (r"\sqrt[3]\varepsilon, \sqrt{x + 1}", "∛ε, √(x + 1)"),
        (r"\frac{1}{n + 1} \times 3", "1/(n + 1) × 3"),
    ],
)
def test_mathematics_in_plain_characters(tex, text):
    assert plain(tex) == text


def test_the_schedule_is_kept_in_a_file_of_the_readers(tmp_path):
    now, deck = datetime(2030, 1, 1, tzinfo=UTC), Deck(tmp_path / NAME)
    ids = [card["id"] for card in THREE]
    assert deck.due(ids, now) == ids and not deck.path.exists()
    soon, later = deck.rate(ids[0], 1, now), deck.rate(ids[1], 4, now)
    assert now < soon < now + timedelta(hours=1) < later
    assert deck.due(ids, now) == ids[2:]
    assert Deck(deck.path).due(ids, later) == [ids[0], ids[1], ids[2]]
    far = [deck.rate(ids[1], 3, later) - later, deck.rate(ids[2], 3, now) - now]
    assert far[0] > timedelta(days=7) > far[1]
    with sqlite3.connect(deck.path) as file:
        assert file.execute("select count(*) from reviews").fetchone() == (4,)
    with pytest.raises(ValueError, match="a rating is one of"):
        deck.rate(ids[0], 5)


def test_the_file_lies_in_the_readers_copy(tmp_path, monkeypatch):
    (tmp_path / "copy/chapters").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "copy/chapters")
    assert place() == tmp_path / "copy/chapters" / NAME
    (tmp_path / "copy/.bpkit.json").touch()
    assert place() == tmp_path / "copy" / NAME


def relay(page, widget):
    """A kernel's part: Python hears what the browser said, and the browser the answer."""
    page.wait_for_function(
        f"saved.length && saved.at(-1).said.n !== {json.dumps(widget.said.get('n'))}"
    )
    widget.said = page.evaluate("saved.at(-1).said")
    outside(page, heard=widget.heard)


def test_cards_by_keyboard_with_a_kernel(page, tmp_path):
    widget = widgets.Cards(THREE, path=tmp_path / NAME)
    widget.deck.rate("04-one", 4)
    root = mount(page, widget)
    relay(page, widget)
    assert str(tmp_path / NAME) in root.text_content() and "2 of 3 to go" in root.text_content()
    for rating, left in ((1, 2), (3, 1), (4, 0)):
        root.get_by_role("button", name="turn").press(" ")
        settle(page)
        page.keyboard.press(str(rating))
        relay(page, widget)
        assert f"{left} of 3" in root.text_content() or not left
    assert "Nothing is due now." in root.text_content() and "comes back in" in root.text_content()
    with sqlite3.connect(tmp_path / NAME) as file:
        given = file.execute("select id, rating from reviews").fetchall()[1:]
    assert given == [("04-two", 1), ("04-three", 3), ("04-two", 4)]


def test_a_file_that_cannot_be_written_is_said(page, tmp_path):
    widget = widgets.Cards(THREE, path=tmp_path / "nowhere" / NAME)
    root = mount(page, widget)
    relay(page, widget)
    root.get_by_role("button", name="turn").click()
    settle(page)
    root.get_by_role("button", name="3 good").click()
    relay(page, widget)
    assert "unable to open database file" in root.text_content()
    assert "Kept in this browser." in root.text_content()


def test_cards_without_a_kernel(page):
    root = mount(page, widgets.Cards(THREE))
    for _ in THREE:
        root.get_by_role("button", name="turn").click()
        settle(page)
        root.get_by_role("button", name="3 good").click()
        settle(page)
    assert "comes back in a day. Kept in this browser." in root.text_content()
    root.get_by_role("button", name="go through all").click()
    settle(page)
    assert "3 of 3 to go" in root.text_content()


def test_boxes_of_a_page_without_a_kernel():
    assert node(["cards"], "[1, 2, 3, 4].map((r) => [0, 3, 6].map((b) => nextBox(b, r)))") == [
        *([0, 0, 0], [1, 3, 6], [1, 4, 6], [2, 5, 6]),
    ]


def test_what_cards_refuse():
    for wrong in ([], [{"id": "a", "question": "Why?"}]):
        with pytest.raises(Exception, match="Cards: cards is"):
            widgets.Cards(wrong)


@pytest.mark.parametrize("given", [0, 1])
def test_predict_before_seeing(page, given):
    widget = widgets.Predict("What does $a$ hold?", ["eight", "three"], 1, "One path is left.")
    root = mount(page, widget)
    tall = root.bounding_box()["height"]
    assert not root.get_by_text("One path is left.").first.is_visible()
    assert root.get_by_role("button", name="predict", exact=True).is_disabled()
    root.get_by_role("radio").nth(given).press(" ")
    root.get_by_role("button", name="predict", exact=True).click()
    settle(page)
    widget.given = given
    assert (model(page, "given"), model(page, "display")) == (given, "block")
    assert root.get_by_text("One path is left.").first.is_visible()
    assert ("You predicted it: three." in root.text_content()) == widget.right == bool(given)
    assert root.bounding_box()["height"] == tall
    told = f"document.querySelector('pre').textContent === {json.dumps(widget.text())}"
    page.wait_for_function(told)
    root.get_by_role("button", name="predict again").click()
    settle(page)
    assert model(page, "given") is None


def test_predict_a_number(page):
    widget = widgets.Predict("How large is the slope?", answer=-4)
    root = mount(page, widget)
    root.get_by_role("spinbutton", name="your prediction").fill("-3.97")
    page.keyboard.press("Enter")
    settle(page)
    widget.given = model(page, "given")
    assert widget.right and "You predicted it: −4." in root.text_content()
    widget.given = 4
    assert not widget.right and widget.text().endswith("You said: 4. It is: −4.")


def test_a_prediction_unlocks_what_comes_after():
    asked, slope = widgets.Predict("Why?", ["a", "b"]), widgets.Slope()
    box = asked.before(slope)
    assert slope.layout.display == "none" and box.children == (asked, slope)
    assert box.link.source == (asked, "display") and box.link.target == (slope.layout, "display")


def test_what_predict_refuses():
    with pytest.raises(Exception, match="the place of one of the 2 choices"):
        widgets.Predict("Why?", ["a", "b"], answer=2)
    asked = widgets.Predict("Why?", ["a", "b"], answer=1)
    for wrong in (2, 0.5, float("nan")):
        with pytest.raises(Exception, match="Predict: given is"):
            asked.given = wrong
    assert asked.given is None and asked.right is None


def test_both_have_a_picture_for_print():
    for widget in (widgets.Cards(THREE), widgets.Predict("Why?", ["a", "b"])):
        assert widget.still().axes


def test_bpkit_cards_lists_and_exports(tmp_path, capsys):
    assert main(["cards", "04"]) == 0
    listed = capsys.readouterr().out.splitlines()
    assert len(listed) == len(written(4)) > 5
    assert main(["cards", "04", "--anki", str(tmp_path / "deck.apkg")]) == 0
    with zipfile.ZipFile(tmp_path / "deck.apkg") as package:
        package.extract("collection.anki2", tmp_path)
    with sqlite3.connect(tmp_path / "collection.anki2") as file:
        notes = file.execute("select guid, flds from notes").fetchall()
    assert [guid for guid, _ in notes] == [line.split()[0] for line in listed]
    assert any("<code>" in fields for _, fields in notes)
    assert any("\\(" in fields for _, fields in notes)


@pytest.mark.parametrize(
    ("given", "said"), [(["x"], "there is no chapter x"), (["04", "--anki", "a.txt"], ".apkg")]
)
def test_bpkit_cards_refuses(given, said, capsys):
    assert main(["cards", *given]) == 2
    assert said in capsys.readouterr().err
