"""Every widget on a page that has no kernel: it answers to the mouse's and the keyboard's acts.

The scripts of such a page are in the folder that BPKIT_STATIC names; see static_page.
"""

import io
import os
from pathlib import Path

import pytest
import static_page
import widget_page
from ipywidgets.embed import embed_minimal_html
from nbconvert import HTMLExporter
from widget_page import EACH, act, words

import bpkit as bp
from bpkit import widgets

browser = widget_page.browser
CHAPTERS = Path(bp.__file__).parents[1] / "chapters"
FOLDER = os.environ.get("BPKIT_STATIC")
pytestmark = [
    pytest.mark.static,
    pytest.mark.skipif(not FOLDER, reason="BPKIT_STATIC names no folder with a page's scripts"),
]


@pytest.fixture
def page(browser):
    page = browser.new_page(viewport={"width": 1280, "height": 1000})
    yield page
    page.close()


def answered(page, count):
    """Act on every widget; so many then say other words."""
    before = words(page)
    for root in page.locator(".bpw").all():
        if root.is_visible():
            act(root)
    for _ in range(50):
        changed = sum(old != new for old, new in zip(before, words(page), strict=True))
        if changed >= count:
            break
        page.wait_for_timeout(100)
    assert changed == count


def test_every_widget_answers_without_a_kernel(tmp_path, page, monkeypatch):
    monkeypatch.chdir(tmp_path)
    made = [eval(code, {"bp": bp, "widgets": widgets}) for code in EACH.values()]
    text = io.StringIO()
    embed_minimal_html(text, views=made, drop_defaults=False)
    static_page.open_static(page, text.getvalue(), tmp_path / "all.html", Path(FOLDER))
    page.get_by_role("group", name="Cards", exact=True).wait_for()
    assert page.locator(".bpw").count() == len(EACH)
    answered(page, len(EACH) - 1)  # a card has nothing to slide or choose
    cards = page.get_by_role("group", name="Cards", exact=True)
    cards.get_by_role("button").first.click()
    cards.get_by_text("So.", exact=True).wait_for()


def test_a_chapters_widgets_answer_on_its_exported_page(tmp_path, page):
    body, _ = HTMLExporter().from_filename(str(CHAPTERS / "10_backpropagation.ipynb"))
    static_page.open_static(page, body, tmp_path / "chapter.html", Path(FOLDER))
    page.wait_for_function("document.querySelectorAll('.bpw pre').length === 3")
    answered(page, 3)
