"""How tests try widgets: in a bare page of the system's Chromium, and their arithmetic in Node.

The page has a stand-in for anywidget's model and nothing else: no Jupyter, no server, no network.
"""

import base64
import json
import shutil
import subprocess

import pytest

from bpkit.widgets.base import compose

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), ""
)
NODE = shutil.which("node")
FLAGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),
]
PAGE = """<!doctype html><meta charset="utf-8"><style>body { margin: 0; padding: 8px }</style>
<style id="css"></style><div id="at"></div>"""
# A model as anywidget's: get, set, on, off; what was saved is kept for the test to read.
MOUNT = """async ({ esm, css, state, bytes, width }) => {
    const seen = {}, saved = [];
    for (const [key, text] of Object.entries(bytes))
        state[key] = new DataView(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer);
    const emit = (event, ...args) => (seen[event] ?? []).slice().forEach((fn) => fn(...args));
    window.model = {
        get: (key) => state[key],
        set(key, value) {
            if (state[key] === value) return;
            state[key] = value;
            emit(`change:${key}`);
            emit("change");
        },
        save_changes: () => saved.push({ ...state }),
        on: (event, fn) => (seen[event] ??= []).push(fn),
        off: (event, fn) => { seen[event] = (seen[event] ?? []).filter((f) => f !== fn); },
        send: (message) => saved.push(message),
    };
    window.saved = saved;
    window.emit = emit;
    const url = URL.createObjectURL(new Blob([esm], { type: "text/javascript" }));
    const el = document.getElementById("at");
    document.getElementById("css").textContent = css;
    window.close_widget?.();
    el.replaceChildren();
    el.style.width = `${width}px`;
    window.close_widget = await (await import(url)).default.render({ model: window.model, el });
    await new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(go)));
}"""


@pytest.fixture(scope="module")
def browser():
    """A Chromium for the tests of one file; closed at their end, because it owns the event loop."""
    playwright = pytest.importorskip("playwright.sync_api")
    if not CHROMIUM:
        pytest.skip("no Chromium on this machine")
    with playwright.sync_playwright() as play:
        chromium = play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


def opened(browser):
    """An empty page that keeps the errors of its scripts."""
    page = browser.new_page()
    page.set_default_timeout(5000)
    page.errors = []
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    page.on("console", lambda m: page.errors.append(m.text) if m.type == "error" else None)
    return page


@pytest.fixture(scope="module")
def shared(browser):
    """The page of all tests of one file: a new one takes longer than most of them."""
    page = opened(browser)
    yield page
    page.close()


@pytest.fixture
def page(shared):
    """The shared page, emptied; the test fails if a script on it did."""
    shared.goto("about:blank")
    shared.set_viewport_size({"width": 1000, "height": 900})
    shared.emulate_media(reduced_motion="no-preference")
    shared.set_content(PAGE)
    shared.errors.clear()
    yield shared
    assert not shared.errors


@pytest.fixture
def clocked(browser):
    """A page of its own whose clock stands until it is told to run."""
    page = opened(browser)
    page.set_content(PAGE)
    yield page
    page.close()
    assert not page.errors


def mount(page, widget, width=720, theme="light"):
    """Show a widget made in Python in the page, `width` CSS pixels wide, in a light or dark theme.

    page.evaluate("model.get('x')") reads its state, "saved" what it sent to a kernel.
    """
    state, raw = {}, {}
    for key, value in widget.get_state().items():
        if isinstance(value, (bytes, memoryview)):
            raw[key] = base64.b64encode(value).decode()
        elif not key.startswith("_"):
            state[key] = None if key == "layout" else value
    page.emulate_media(color_scheme=theme)
    light = json.dumps(theme == "light")
    page.evaluate(f"document.body.dataset.jpThemeLight = '{light}'")
    page.evaluate(f"document.body.style.background = {light} ? '#fff' : '#111'")
    args = {"esm": widget._esm, "css": widget._css, "state": state, "bytes": raw, "width": width}
    page.evaluate(MOUNT, args)
    return page.locator("#at .bpw")


def settle(page):
    """Wait for two frames: what was asked for is then drawn."""
    page.evaluate(
        "() => new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(go)))"
    )


def model(page, name):
    """A trait of the mounted widget, as the browser has it."""
    return page.evaluate(f"model.get({json.dumps(name)})")


def outside(page, **changes):
    """Change traits as a kernel would."""
    for name, value in changes.items():
        page.evaluate("([name, value]) => model.set(name, value)", [name, value])
    settle(page)


def node(files, expression, data=None):
    """The value of a JavaScript expression over files of `js/` and `data`, computed by Node.

    files: names without .js, such as ["math"]. Numbers travel as JSON, so each keeps its last bit.
    """
    if not NODE:
        pytest.skip("no Node on this machine")
    script = f"{compose(*files)}\nconst data = {json.dumps(data)};\n"
    script += f"process.stdout.write(JSON.stringify({expression}));"
    script = script.replace("export default", "const exported =")
    run = [NODE, "--input-type=module", "-"]
    done = subprocess.run(run, input=script, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def words(page):
    """What all widgets of a page say."""
    return page.locator(".bpw pre").evaluate_all("all => all.map((pre) => pre.textContent)")


def act(root):
    """Move the first thing that slides by a step, predict, or choose."""
    sliders = root.locator("[role=slider], input[type=range]")
    if root.get_attribute("aria-label") == "Predict":
        root.get_by_role("radio").first.check()
        root.get_by_role("button", name="predict", exact=True).click()
    elif sliders.count():
        sliders.first.focus()
        at_its_end = sliders.first.evaluate("(s) => Boolean(s.max) && s.value === s.max")
        sliders.first.press("ArrowLeft" if at_its_end else "ArrowRight")
    elif root.get_by_role("radio").count():
        root.get_by_role("radio", checked=False).last.click()


# name: the code that makes one of each widget, with `bp` and `widgets`
EACH = {
    "Slope": "widgets.Slope()",
    "Chain": "widgets.Chain()",
    "Fork": "widgets.Fork()",
    "Stepper": "widgets.Stepper((bp.Tensor(2.0) * bp.Tensor(3.0) - 1.0) ** 2)",
    "Shapes": "widgets.Shapes()",
    "Activations": "widgets.Activations()",
    "Losses": "widgets.Losses()",
    "Playground": "widgets.Playground()",
    "Descent": "widgets.Descent()",
    "DrawDigit": "widgets.DrawDigit(bp.Sequential(bp.Affine(64, 10, seed=0)))",
    "Predict": 'widgets.Predict("Why?", ["a", "b"])',
    "Cards": 'widgets.Cards([{"id": "1", "question": "Why?", "answer": "So."}], "cards.sqlite")',
}
