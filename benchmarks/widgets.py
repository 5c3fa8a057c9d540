"""How fast the widgets answer: `python -m benchmarks.widgets` prints the table.

Each is dragged for two seconds in a real JupyterLab, and so is a slider of ipywidgets.interact
around matplotlib, in the same run. Measured in the page: from an input event to the new picture,
pictures a second, the longest time for which the page could not answer, and (for a busy machine)
the processor time of the page's main thread for each picture.
"""

import argparse
import math
import os
import sys
import tempfile
import time
from pathlib import Path

import nbformat
import numpy as np
from nbformat.v4 import new_code_cell, new_notebook

from bpkit.book.notebook import METADATA

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

import lab_page
from widget_page import CHROMIUM, FLAGS

SETUP = """
import ipywidgets, numpy as np, matplotlib.pyplot as plt
import bpkit as bp
from bpkit import widgets
def neuron():
    x, w, b, t = bp.Tensor(2.0, name="x"), bp.Tensor(1.0, name="w"), bp.Tensor(0.5), bp.Tensor(3.0)
    return (w * x + b - t) ** 2
"""
INTERACT = """
@ipywidgets.interact(w=(0.0, 2.5, 0.01))
def touch(w=1.0):
    x = np.linspace(-0.25, 3.6, 200)
    plt.plot(x, (2 * x - 3) ** 2)
    plt.plot(x, (2 * w - 3) ** 2 + 4 * (2 * w - 3) * (x - w))
    plt.show()
"""
CARD = '[{"id": "1", "question": "Why?", "answer": "So."}]'
DIGIT = "bp.Sequential(bp.Affine(64, 32, seed=0), bp.ReLU(), bp.Affine(32, 10, seed=1))"
# name: (the code that makes it, what is dragged; the first that is found)
DRAGGED = {
    "Slope": ("widgets.Slope()", ".bpw-handle"),
    "Chain": ("widgets.Chain()", ".bpw-handle"),
    "Fork": ("widgets.Fork()", ".bpw-handle"),
    "Stepper": ("widgets.Stepper(neuron())", "input[aria-label^='value of']"),
    "Shapes": ("widgets.Shapes()", ".bpw-handle"),
    "Activations": ("widgets.Activations(spread=2.6)", ".bpw-handle"),
    "Losses": ("widgets.Losses()", ".bpw-handle"),
    "Playground": ("widgets.Playground(noise=0.25)", "input[aria-label=noise]"),
    "Descent": ("widgets.Descent()", ".bpw-handle"),
    "DrawDigit": (f"widgets.DrawDigit({DIGIT}, strokes=[])", "canvas"),
    "interact": (INTERACT, ".noUi-handle"),
}
LAYERS = ["ArrowRight", "ArrowRight", "ArrowLeft", "ArrowLeft"]
# name: (the code, what has the keyboard, the keys that are pressed in turn)
PRESSED = {
    "Playground, layers": ("widgets.Playground()", "input[aria-label=layers]", LAYERS),
    "Predict": ('widgets.Predict("Why?", ["a", "b"])', "input[type=radio]", ["ArrowDown"]),
    "Cards": (f"widgets.Cards({CARD})", "button:visible", [" ", "1"]),
}
RUNNING = {"Playground, training": ("widgets.Playground()", "Train")}
SECONDS = 2.0
REACH = 40  # pixels to either side: none meets its end, so that each move changes the picture
MOVES = 6  # of the mouse, sent at a time
TARGET = "to reach: median 16, 95 % 33, pictures a second 50 (in training 58), longest task 50"
HEADER = " " * 23 + "median ms  95 % ms  pictures/s  longest task ms  work a picture ms"

# Watches an element: how long from each first event to the picture after it, painted; pictures
# that changed; tasks of more than 50 ms. A message of a frame arrives after its paint.
# images: only a new image is a picture; a slider's own number isn't.
WATCH = """(root, [events, images]) => {
    const seen = { delays: [], pictures: 0, longest: 0 }, from = performance.now();
    let start = null, pending = false, inFrame = false;
    const after = (then) => {
        const channel = new MessageChannel();
        channel.port1.onmessage = then;
        channel.port2.postMessage(null);
    };
    const ask = window.requestAnimationFrame;
    window.requestAnimationFrame = (fn) => ask((now) => {
        inFrame = true;
        after(() => { inFrame = false; });
        fn(now);
    });
    const painted = () => {
        pending = false;
        seen.pictures++;
        if (start !== null) seen.delays.push(performance.now() - start);
        start = null;
    };
    const changed = (records) => {
        const image = (node) => node.querySelector?.("img") || node.nodeName === "IMG";
        if (pending || (images && !records.some((r) => [...r.addedNodes].some(image)))) return;
        pending = true;
        const loading = [...root.querySelectorAll("img")].filter((img) => !img.complete);
        if (inFrame) after(painted);
        else Promise.all(loading.map((img) => img.decode().catch(() => 0)))
            .then(() => ask(() => after(painted)));
    };
    const began = (event) => { start ??= event.timeStamp; };
    for (const name of events) root.addEventListener(name, began, true);
    const watcher = new MutationObserver(changed);
    const all = { subtree: true, childList: true, attributes: true, characterData: true };
    watcher.observe(root, all);
    const kept = {}, pen = CanvasRenderingContext2D.prototype;
    for (const name of ["putImageData", "drawImage", "clearRect", "fillRect", "stroke", "fill"]) {
        kept[name] = pen[name];
        pen[name] = function (...args) {
            if (root.contains(this.canvas)) changed([]);
            return kept[name].apply(this, args);
        };
    }
    const tasks = new PerformanceObserver((list) => {
        for (const task of list.getEntries()) seen.longest = Math.max(seen.longest, task.duration);
    });
    tasks.observe({ type: "longtask" });
    window.unwatch = () => {
        for (const name of events) root.removeEventListener(name, began, true);
        window.requestAnimationFrame = ask;
        Object.assign(pen, kept);
        watcher.disconnect();
        tasks.disconnect();
        return { ...seen, seconds: (performance.now() - from) / 1000 };
    };
}"""


def notebook(folder, name, code):
    """Write a notebook of two cells; its name as JupyterLab wants it."""
    file = f"{name.lower()}.ipynb"
    cells = [new_code_cell(SETUP, id="setup"), new_code_cell(code, id="made")]
    nbformat.write(new_notebook(cells=cells, metadata=METADATA), Path(folder, file))
    return file


def drag(page, handle):
    """Drag to and fro for two seconds, with a real mouse.

    Moves are sent some at a time: one at a time, Python sends 40 to 55 a second and sets the pace.
    """
    box = handle.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    start = time.perf_counter()
    while (now := time.perf_counter() - start) < SECONDS:
        then = now + MOVES / 60
        page.mouse.move(
            x + REACH * math.sin(4 * then), y + 0.2 * REACH * math.sin(9 * then), steps=MOVES
        )
    page.mouse.up()


def press(page, keys):
    """Press keys in turn for two seconds, ten times a second."""
    for n in range(int(10 * SECONDS)):
        page.keyboard.press(keys[n % len(keys)])
        page.wait_for_timeout(100)


def work(page):
    """Seconds of processor time that the page's main thread has taken so far."""
    if not hasattr(page, "devtools"):
        page.devtools = page.context.new_cdp_session(page)
        page.devtools.send("Performance.enable", {"timeDomain": "threadTicks"})
    metrics = page.devtools.send("Performance.getMetrics")["metrics"]
    return next(m["value"] for m in metrics if m["name"] == "TaskDuration")


def measured(page, folder, name):
    """Open the notebook of one widget, act for two seconds, and return what was seen."""
    code, at, *keys = {**DRAGGED, **PRESSED, **RUNNING}[name]
    lab_page.open_notebook(page, notebook(folder, name, code))
    lab_page.run_all(page)
    root = page.locator(".jp-Cell").nth(1).locator(".jp-Cell-outputArea")
    if name in RUNNING:
        target = root.get_by_role("button", name=at, exact=True)
    else:
        target = root.locator(at).first
    target.scroll_into_view_if_needed()
    # A browser's own slider may stay where it is when the mouse moves; if not, it has input.
    slides = name in DRAGGED and target.get_attribute("type") == "range"
    events = ["input"] if slides else ["pointerdown", "pointermove", "input", "keydown"]
    page.wait_for_timeout(1000)
    if name in RUNNING:
        target.click()
        page.wait_for_timeout(500)
    root.evaluate(WATCH, [events, name == "interact"])
    before = work(page)
    if name in DRAGGED:
        drag(page, target)
    elif name in PRESSED:
        target.focus()
        press(page, keys[0])
    else:
        page.wait_for_timeout(1000 * SECONDS)
    seen = page.evaluate("unwatch()") | {"work": 1000 * (work(page) - before)}
    lab_page.close_notebook(page)
    return seen


def row(name, seen):
    """One line of the table."""
    delays = seen["delays"]
    median, high = (
        np.percentile(delays, [50, 95]) if delays and name not in RUNNING else [np.nan] * 2
    )
    rate = seen["pictures"] / seen["seconds"] if name not in PRESSED else np.nan
    each = seen["work"] / max(1, seen["pictures"])
    numbers = [
        (median, 10, 1),
        (high, 9, 1),
        (rate, 12, 1),
        (seen["longest"], 17, 0),
        (each, 19, 1),
    ]
    texts = (f"{x:{w}.{d}f}" if np.isfinite(x) else f"{'–':>{w}}" for x, w, d in numbers)
    return f"{name:22}" + "".join(texts)


def main(argv=None):
    parser = argparse.ArgumentParser(prog="python -m benchmarks.widgets", description=__doc__)
    everything = [*DRAGGED, *PRESSED, *RUNNING]
    parser.add_argument("names", nargs="*", help=f"of {', '.join(everything)}; all by default")
    args = parser.parse_args(argv)
    from playwright.sync_api import sync_playwright

    with (
        tempfile.TemporaryDirectory() as folder,
        lab_page.lab(folder) as at,
        sync_playwright() as p,
    ):
        browser = p.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 1000})
        lab_page.open_lab(page, at)
        print(f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}. {TARGET}\n{HEADER}")
        for name in args.names or everything:
            print(row(name, measured(page, folder, name)), flush=True)
        browser.close()


if __name__ == "__main__":
    main()
