"""Slope, chain, fork and stepper in a bare page: act as a reader would, read what changed."""

import json

import numpy as np
import pytest
import widget_page
from widget_page import model, mount, outside, settle

import bpkit as bp
from bpkit import widgets
from bpkit.figures import number

browser, shared, page = widget_page.browser, widget_page.shared, widget_page.page
clocked = widget_page.clocked


def fork():
    a = bp.Tensor(2.0, name="a")
    b, c = 3.0 * a, 2.0 * a
    d = b + c
    e = d + b
    for tensor, name in zip((b, c, d, e), "bcde", strict=True):
        tensor.name = name
    return e


def network():
    x = bp.Tensor([[1.0, 2.0, 3.0]] * 5, False, name="X")
    w = bp.Tensor([[1.0, -1.0], [0.5, 2.0], [-1.0, 1.0]], name="W")
    return bp.mse(bp.tanh(x @ w), [[0.0, 1.0]] * 5)


MAKE = {
    "Slope": widgets.Slope,
    "Chain": widgets.Chain,
    "Fork": widgets.Fork,
    "Stepper": lambda: widgets.Stepper(fork()),
    "Stepper of arrays": lambda: widgets.Stepper(network()),
}


CONTROLS = """root => [...root.querySelectorAll("button, input, select, summary, [tabindex]")]
    .filter((node) => !node.disabled && node.tabIndex >= 0)
    .map((node) => {
        node.focus();
        const ring = getComputedStyle(node.querySelector(".ring, .halo") ?? node);
        const wide = node instanceof SVGElement ? ring.strokeWidth : ring.outlineWidth;
        return {
            name: (node.ariaLabel || node.textContent || node.labels?.[0]?.textContent).trim(),
            keeps: node.dataset.lmSuppressShortcuts,
            ring: node.matches(":focus-visible") && parseFloat(wide) >= 2,
        };
    })"""


# Moves everything that slides to both its ends and a step further; the heights after each.
HEIGHTS = """async root => {
    const heights = [], frame = () => new Promise((go) => requestAnimationFrame(go));
    for (const node of root.querySelectorAll("[role=slider], input[type=range]"))
        for (const key of ["Home", "ArrowRight", "End"]) {
            if (node.type === "range") {
                node.value = { Home: node.min, End: node.max }[key] ?? node.value;
                node.dispatchEvent(new Event("input"));
            } else node.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
            await frame();
            await frame();
            heights.push(root.getBoundingClientRect().height);
        }
    return heights;
}"""


@pytest.fixture(params=MAKE, ids=str)
def widget(request):
    return MAKE[request.param]()


def says(root, text):
    """Wait until the widget says this of itself, in words."""
    pre, want = root.locator(".bpw-words pre"), json.dumps(text)
    root.page.wait_for_function(f"pre => pre.textContent === {want}", arg=pre.element_handle())


def drag(page, at, dx, dy=0):
    """Drag the middle of an element."""
    box = at.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + dx, y + dy, steps=4)
    page.mouse.up()
    settle(page)


def test_it_says_what_python_says(page, widget):
    says(mount(page, widget), widget.text())


def test_it_fits_any_width_and_does_not_jump(page, widget):
    """At 320 to 1,200 pixels nothing sticks out, and acting doesn't change the height."""
    page.set_viewport_size({"width": 1300, "height": 1000})
    for width in (320, 720, 1200):
        root = mount(page, widget, width)
        assert root.evaluate("node => node.scrollWidth <= node.clientWidth")
        assert len(set(root.evaluate(HEIGHTS))) == 1


def test_everything_that_acts_has_a_name_a_ring_and_keeps_its_keys(page, widget):
    root = mount(page, widget)
    page.keyboard.press("Tab")
    found = root.evaluate(CONTROLS)
    assert len(found) > 4
    assert not [control for control in found if not (control["name"] and control["ring"])]
    assert all(control["keeps"] == "true" for control in found)


def test_a_state_that_makes_no_sense_is_refused_in_words(page, widget):
    root = mount(page, widget)
    name = next(n for n in ("w", "at") if widget.has_trait(n))
    outside(page, **{name: 1e9})
    assert f"{name} can't be 1000000000" in root.locator(".bpw-refused").text_content()
    page.wait_for_timeout(320)
    says(root, widget.text())
    outside(page, **{name: 2})
    assert root.locator(".bpw-refused").text_content() == ""
    setattr(widget, name, 2)
    says(root, widget.text())


def test_what_a_reader_does_reaches_the_kernel(page):
    root = mount(page, widgets.Slope())
    root.get_by_role("slider", name="point w").press("ArrowRight")
    page.wait_for_function("saved.length && saved.at(-1).w === 1.05")


def test_slope(page):
    slope = widgets.Slope()
    root = mount(page, slope)
    drag(page, root.get_by_role("slider", name="point w"), 40)
    slope.w = model(page, "w")
    assert 1.3 < slope.w < 1.7
    root.get_by_role("slider", name="step h", exact=True).focus()
    page.keyboard.press("Home")
    root.get_by_role("radio", name="centered").click()
    root.get_by_role("radio", name="one-sided").press("ArrowRight")
    root.get_by_role("radio", name="float32").click()
    settle(page)
    slope.set_trait("h", 1e-16)
    slope.way, slope.dtype = "centered", "float32"
    says(root, slope.text())
    assert "0 / 2×10⁻¹⁶" in slope.text()


def test_chain(page):
    chain = widgets.Chain()
    root = mount(page, chain)
    drag(page, root.get_by_role("slider", name="input w").first, 60)
    assert model(page, "w") == 2
    machine = root.locator("svg").get_by_role("button", name="machine 2")
    machine.press("Enter")
    settle(page)
    assert machine.get_attribute("aria-pressed") == "true"
    chain.w, chain.broken = 2, 2
    says(root, chain.text())
    root.get_by_role("button", name="break machine 2").click()
    settle(page)
    assert model(page, "broken") == 0


def test_fork(clocked):
    fork = widgets.Fork()
    root = mount(clocked, fork)
    assert "the curve's slope is −16 too" in root.text_content()
    root.get_by_role("radio", name="assign").click()
    settle(clocked)
    assert "path 1 was overwritten" in root.text_content()
    clocked.clock.install()
    for after, stage in ((500, 0), (1100, 1), (1100, 2)):
        if stage == 0:
            root.get_by_role("button", name="sweep back").click()
        clocked.clock.run_for(after)
        assert model(clocked, "stage") == stage
    clocked.clock.resume()
    clocked.emulate_media(reduced_motion="reduce")
    root.get_by_role("button", name="sweep back").click()
    settle(clocked)
    assert model(clocked, "stage") == 0


def test_stepper_walks_and_jumps(clocked):
    stepper = widgets.Stepper(fork())
    root = mount(clocked, stepper)
    for press, at in (("Home", 0), ("ArrowRight", 1), ("ArrowLeft", 0), ("End", 9)):
        root.get_by_role("button", name="d +").press(press)
        settle(clocked)
        assert model(clocked, "at") == stepper.at + at - stepper.at
    assert "grad a = 2 + 6 = 8" in root.text_content()
    root.get_by_role("button", name="e +").click()
    settle(clocked)
    assert model(clocked, "at") == 6 and "waits for 1 more" in root.text_content()
    clocked.clock.install()
    root.get_by_role("button", name="play").click()
    clocked.clock.run_for(2600)
    assert model(clocked, "at") == 8


def test_stepper_follows_a_changed_leaf(page):
    stepper = widgets.Stepper(fork(), at=9)
    root = mount(page, stepper)
    root.get_by_role("slider", name="value of a").focus()
    page.keyboard.press("End")
    settle(page)
    stepper.leaves = model(page, "leaves")
    assert stepper.leaves == [4]
    says(root, stepper.text())
    assert "e = 32, grad e = 1" in stepper.text()
    root.get_by_role("button", name="as recorded").click()
    settle(page)
    assert model(page, "leaves") == [2]


def test_python_refuses_in_words():
    with pytest.raises(TypeError, match="pass a loss"):
        widgets.Stepper(bp.Tensor([1.0, 2.0]))
    with pytest.raises(Exception, match="Stepper: at is 10; it must be a step from 0 to 9"):
        widgets.Stepper(fork(), at=10)
    with pytest.raises(Exception, match="Slope: h is 0; it must be a number from 1e-16 to 1"):
        widgets.Slope(h=0)
    with pytest.raises(Exception, match="1 finite numbers"):
        widgets.Stepper(fork(), leaves=[1, 2])


def test_the_stepper_of_a_training_step_ends_with_the_gradients_that_fit_would_use():
    rng = np.random.default_rng(0)
    model = bp.Sequential(bp.Affine(4, 3, seed=0), bp.ReLU(), bp.Affine(3, 2, seed=1))
    X, y = rng.normal(size=(7, 4)), rng.integers(0, 2, 7)
    stepper = widgets.Stepper.of_fit(model, bp.softmax_cross_entropy, X, y)
    stepper.at = stepper.steps
    bp.softmax_cross_entropy(model(X), y).backward()
    for name, parameter in model.parameters().items():
        length = number(np.linalg.norm(parameter.grad))
        said = next(x for x in stepper.text().splitlines() if x.startswith(f"{name} = "))
        assert said.endswith(f", grad {name} = length {length}")
        assert not parameter.name
    with pytest.raises(TypeError, match="of_fit: model is a function; it must be a Module"):
        widgets.Stepper.of_fit(lambda x: x, bp.mse, X, X)


def test_a_picture_for_print(widget):
    assert widget.still().get_figwidth() > 1
