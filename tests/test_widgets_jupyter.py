"""Every chapter that has a widget, in a real JupyterLab, and every widget in Notebook 7.

Of a chapter, the cells are run that its widgets need. After an act on each widget, its words on the
page must be those of its Python side in the kernel.
"""

import ast
import json
import shutil
from pathlib import Path

import lab_page
import nbformat
import pytest
import widget_page
from nbformat.v4 import new_code_cell, new_notebook
from widget_page import EACH, act, words

import bpkit
from bpkit import widgets
from bpkit.book.notebook import METADATA

browser = widget_page.browser

CHAPTERS = Path(bpkit.__file__).parents[1] / "chapters"
KERNEL = """
import json
from ipywidgets.widgets.widget import _instances
from bpkit.widgets.base import Widget
print(json.dumps([w.text() for w in _instances.values() if isinstance(w, Widget)]))
"""


INNER = (ast.FunctionDef, ast.ClassDef, ast.Lambda, ast.ListComp, ast.GeneratorExp, ast.DictComp)


def names(cell):
    """The names that a code cell uses, those that it makes, and whether it makes a widget."""
    used, made, widget = set(), set(), False
    stack = [(ast.parse(cell.source), True)]
    while stack:
        part, outer = stack.pop()
        match part:
            case ast.Name(id=name, ctx=ast.Load()):
                used.add(name)
            case ast.Name(id=name) | ast.FunctionDef(name=name) | ast.ClassDef(name=name) if outer:
                made.add(name)
            case ast.alias(name=name, asname=asname):
                made.add(asname or name)
            case ast.Attribute(value=ast.Name(id="widgets"), attr=name):
                widget |= name in widgets.__all__
        outer = outer and not isinstance(part, INNER)
        stack += [(child, outer) for child in ast.iter_child_nodes(part)]
    return used, made, widget


def needed(notebook):
    """The code cells that make widgets, and those before them that make what these use."""
    wanted, kept = set(), []
    for cell in reversed([cell for cell in notebook.cells if cell.cell_type == "code"]):
        used, made, widget = names(cell)
        if widget or wanted & made:
            wanted = (wanted - made) | used
            kept.insert(0, cell)
    return kept if any(names(cell)[2] for cell in kept) else []


def chapters():
    """Each chapter that has a widget, cut down to what its widgets need."""
    found = {}
    for path in sorted(CHAPTERS.glob("[0-2]*.ipynb")):
        notebook = nbformat.read(path, 4)
        notebook.cells = needed(notebook)
        if notebook.cells:
            notebook.metadata.pop("widgets", None)
            found[path.name] = notebook
    return found


CUT = chapters()


@pytest.fixture(scope="module")
def lab(tmp_path_factory, browser):
    folder = tmp_path_factory.mktemp("copy")
    for name, notebook in CUT.items():
        nbformat.write(notebook, folder / name)
    shutil.copy(CHAPTERS / "02_chains.ipynb", folder / "stored.ipynb")
    with lab_page.lab(folder) as address:
        page = browser.new_page(viewport={"width": 1280, "height": 1000})
        lab_page.open_lab(page, address)
        yield page
        page.close()


def test_a_page_that_was_not_run_answers_too(lab):
    """Widgets as a chapter stores them, without their Python side."""
    lab_page.open_notebook(lab, "stored.ipynb")
    lab_page.trust(lab)
    chain = lab.locator(".bpw-chain pre")
    assert "dL/dw = 2 × 1 × (−2) = −4" in chain.text_content()
    act(lab.locator(".bpw-chain"))
    chain.get_by_text("At w = 1.1").wait_for(state="attached")
    lab_page.close_notebook(lab)


def test_some_chapters_have_widgets():
    assert len(CUT) >= 8


@pytest.mark.parametrize("name", CUT)
def test_a_chapters_widgets_answer(lab, name):
    lab_page.open_notebook(lab, name)
    lab_page.run_all(lab)
    before, roots = told(lab)[0], lab.locator(".bpw")
    assert roots.count() == len(before) > 0
    for root in roots.all():
        if root.is_visible():
            act(root)
    agreed(lab, before, 1)
    lab_page.close_notebook(lab)


def told(page):
    """The words of all widgets: in the kernel, and on the page."""
    return json.loads(lab_page.ask(page, KERNEL)), words(page)


def agreed(page, before, count):
    """The words on which kernel and page agree, once so many widgets say other ones than before."""
    for _ in range(50):
        kernel, shown = told(page)
        changed = sum(old != new for old, new in zip(before, kernel, strict=True))
        if kernel == shown and changed >= count:
            break
        page.wait_for_timeout(100)
    assert kernel == shown and changed >= count
    return kernel


def test_every_widget_answers_in_notebook_7(tmp_path, browser):
    """After the mouse, all but Predict and Cards say other words; after keys, all but Cards."""
    pytest.importorskip("notebook")
    assert set(EACH) == set(widgets.__all__)
    codes = ["import bpkit as bp\nfrom bpkit import widgets", *EACH.values()]
    nbformat.write(
        new_notebook(
            cells=[new_code_cell(code, id=f"cell-{n}") for n, code in enumerate(codes)],
            metadata=METADATA,
        ),
        tmp_path / "all.ipynb",
    )
    with lab_page.lab(tmp_path, "notebook") as address:
        page = browser.new_page(viewport={"width": 1280, "height": 1000})
        lab_page.open_page(page, address, "all.ipynb")
        lab_page.run_all(page)
        first = told(page)[0]
        for name in EACH:
            pull(page, page.get_by_role("group", name=name, exact=True))
        second = agreed(page, first, len(EACH) - 2)
        for name in EACH:
            act(page.get_by_role("group", name=name, exact=True))
        agreed(page, second, len(EACH) - 1)
        page.close()


def pull(page, root):
    """Drag the first thing that can be dragged a little to the left and down."""
    handles = root.locator(".bpw-handle, input[type=range], canvas:not([aria-hidden])")
    if not handles.count():
        return
    handles.first.scroll_into_view_if_needed()
    box = handles.first.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x - 30, y + 20, steps=4)
    page.mouse.up()
