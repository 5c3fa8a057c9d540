"""A student's page and the class's report: the notebook's words, well formed, safe, readable."""

import html
import re
from html.parser import HTMLParser

import pytest

from bpkit.grading.class_report import class_page
from bpkit.grading.page import STYLE
from bpkit.grading.pages import file_name, student_page
from bpkit.tasks import card, diagnose
from bpkit.tasks.spec import find

EVIL = "<script>alert(1)</script>"
VOID = {"meta", "rect", "br"}


class Reader(HTMLParser):
    """Reads a page as a browser would, and refuses what isn't well formed."""

    def __init__(self, page):
        super().__init__()
        self.open, self.tags, self.ids, self.links, self.text = [], [], [], [], []
        self.headings, self.svg = [], []
        self.feed(page)
        assert not self.open

    def handle_starttag(self, tag, attributes):
        named = dict(attributes)
        self.tags.append(tag)
        if tag not in VOID:
            self.open.append(tag)
        self.ids += [named["id"]] if "id" in named else []
        self.links += [named["href"]] if "href" in named else []
        self.headings += [int(tag[1])] if re.fullmatch("h[1-6]", tag) else []
        if tag == "svg":
            self.svg.append(named)
        if tag == "th":
            assert named["scope"] in ("row", "col")

    def handle_startendtag(self, tag, attributes):
        self.tags.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, text):
        if "style" not in self.open:
            self.text.append(text)

    @property
    def words(self):
        return " ".join(" ".join(self.text).split())


def answer(key, text, points=0.0, **fields):
    """A task's part of a record, from what `diagnose` says."""
    task, space = find(key), {}
    exec(text, {"np": __import__("numpy")}, space)
    verdict = diagnose(key, space[key])
    named = [task.mistake(k) for k in verdict.mistakes]
    return {
        "task": key,
        "title": task.title,
        "chapter": task.chapter,
        "of": task.points,
        "points": points,
        "status": verdict.status,
        "mistakes": [{"key": m.key, "name": m.name, "why": m.why} for m in named],
        "detectors": list(verdict.detectors),
        "blocks": verdict.blocks,
        "properties": {"value": {"held": False, "points": 0.0, "of": 1.0}},
        "notes": [],
    } | fields


def record(student, *tasks, **fields):
    base = {"student": student, "notebook": "07_affine", "sheet": "07_affine", "problem": ""}
    base |= {"status": "graded", "notes": [], "late": "", "graded": "2026-11-20T18:00:00+00:00"}
    base |= {"versions": {"bpkit": "0.1"}, "seed": "0123", "tier": "walls", "handed_in": None}
    return base | {"tasks": list(tasks)} | fields


RIGHT = find("affine_forward").solution
WRONG = RIGHT.replace(" + b", "")


@pytest.fixture
def wrong():
    return answer("affine_forward", WRONG)


def test_a_page_shows_the_card_of_the_notebook(wrong):
    page = student_page("ada", [record("ada", wrong)])
    assert card.card(wrong["blocks"]) in page
    assert wrong["mistakes"][0]["name"] in Reader(page).words
    assert "0 of 1 points" in Reader(page).words


def test_pages_are_well_formed_and_for_everybody(wrong):
    right = answer("affine_forward", RIGHT, points=1.0)
    given = wrong | {"points": 0.5, "found": 0.0, "override": {"reason": "Nearly.", "when": ""}}
    broken = record("eve", status="not graded", problem="The file is empty.", late="1 day")
    other = wrong | {"task": "another", "notes": ["A note."]}
    ada, bo = record("ada", right, other), record("bo", given)
    pages = [student_page(r["student"], [r]) for r in (ada, bo, broken)]
    pages.append(class_page(dict(enumerate((ada, bo, broken)))))
    for page in pages:
        read = Reader(page)
        assert read.tags.count("h1") == read.tags.count("main") == read.tags.count("title") == 1
        assert all(b - a <= 1 for a, b in zip(read.headings, read.headings[1:], strict=False))
        assert len(set(read.ids)) == len(read.ids)
        assert all(link[1:] in read.ids for link in read.links)
        assert all(svg == {"aria-hidden": "true"} | svg for svg in read.svg)
        assert "http" not in page and '<html lang="en">' in page and "script" not in read.tags
    assert "Nearly." in pages[1] and "given by hand" in pages[1] and "0.5 of 1" in pages[1]
    assert "The file is empty." in pages[2] and "late, by 1 day" in pages[2]


def test_nothing_that_a_student_wrote_is_markup(wrong):
    wrong |= {"title": EVIL, "notes": [EVIL], "blocks": [("text", EVIL), ("code", EVIL)]}
    wrong["mistakes"] = [{"key": EVIL, "name": EVIL, "why": EVIL}]
    told = record(EVIL, wrong, notebook=EVIL, sheet=EVIL, notes=[EVIL])
    worse = record(EVIL, status="not graded", problem=EVIL, notebook='"><b>')
    for page in (student_page(EVIL, [told]), class_page({1: told, 2: worse})):
        assert EVIL not in page and html.escape(EVIL) in page
        assert not {"script", "b"} & set(Reader(page).tags)


@pytest.mark.parametrize(
    "name", ["../x", "a/b", "..", "", "a\0b", "ж" * 300, "𝔸" * 200, "CON:", ".hidden", "a b"]
)
def test_a_page_has_a_name_that_is_safe(name):
    made = file_name(name)
    assert made and re.fullmatch(r"[\w-][\w.-]*", made) and len(made.encode()) < 240
    assert file_name(name) == made != file_name(name + "x")


def test_the_report_counts_what_went_wrong():
    right, wrong = answer("affine_forward", RIGHT, points=1.0), answer("affine_forward", WRONG)
    other = answer("affine_forward", RIGHT.replace("+ b", "- b"))
    empty = answer("affine_forward", find("affine_forward").stub)
    tasks = [wrong, wrong, right, wrong, other, empty]
    records = {n: record(f"s{n}", task) for n, task in enumerate(tasks)}
    records[6] = record("eve", status="not graded", problem="The file is empty.")
    words = Reader(class_page(records)).words
    name = wrong["mistakes"][0]["name"]
    assert f"{name} {wrong['mistakes'][0]['why']} 3 50%" in words
    assert "Nothing is written yet 1 17%" in words and "1 of 6 1 17%" in words
    assert words.index(name) < words.index("Nothing is written yet")
    assert "7 students, 7 notebooks, on average 17% of the points." in words
    assert "eve 07_affine The file is empty." in words


def test_a_report_on_nothing_is_a_page():
    assert "0 students" in Reader(class_page({})).words


def contrast(one, two):
    """WCAG's contrast of two colors such as #1c1e21."""

    def light(color):
        parts = [int(color[n : n + 2], 16) / 255 for n in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    bright, dark = sorted((light(one), light(two)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def test_text_can_be_read_in_light_and_in_dark():
    assert contrast("#777777", "#ffffff") < 4.5
    palettes = re.findall(r":root \{[^}]*\}", STYLE)
    assert len(palettes) == 2
    for palette in palettes:
        colors = dict(re.findall(r"--(\w+): (#\w{6})", palette))
        for ink in ("ink", "soft"):
            for paper in ("paper", "panel"):
                assert contrast(colors[ink], colors[paper]) >= 4.5
        assert contrast(colors["bar"], colors["panel"]) >= 3
