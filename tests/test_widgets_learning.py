"""The widgets of layers and learning: their words beside Python's, and each one touched in a page.

Shapes, Activations, Losses, Playground, Descent and DrawDigit, in the system's Chromium.
"""

import json

import numpy as np
import pytest
import traitlets
import widget_page
from test_widgets_one_number import CONTROLS, HEIGHTS
from widget_page import model, mount, node, outside, settle

import bpkit as bp
from bpkit import widgets
from bpkit.widgets.playground import SHARED, Playground

browser, shared, page = widget_page.browser, widget_page.shared, widget_page.page


def network(seed=0):
    """An untrained reader of digits; its first scores are far from even."""
    return bp.Sequential(bp.Affine(64, 7, seed=seed), bp.ReLU(), bp.Affine(7, 10, seed=seed + 1))


def kept(playground, seed):
    """What the browser would have learned: weights for this network, any finite ones."""
    arrays = [p.data for p in playground.model().parameters().values()]
    weights = np.random.default_rng(seed).normal(size=sum(a.size for a in arrays))
    parts = playground.layers, playground.width, playground.activation, playground.init
    key = "|".join(map(str, (*parts, playground.seed)))
    return {"key": key, "steps": 17, "weights": weights.tolist()}


def playgrounds():
    for seed, data in enumerate(("moons", "circles", "spiral", "xor", "blobs", "clicks")):
        made = Playground(
            data=data,
            layers=seed % 5,
            width=2 + seed,
            activation=["tanh", "relu", "sigmoid", "gelu", "linear"][seed % 5],
            init=["he", "xavier", "tiny", "huge", "zeros"][seed % 5],
            seed=seed,
            row=2,
            clicks=[[0.3, -1.2, 1], [2.1, 0.7, 0], [-0.45, 1, 1]],
        )
        if seed % 2:
            made.learned = kept(made, seed)
        yield made
    yield Playground(data="clicks")


STATES = {
    "shapes": lambda: [
        widgets.Shapes(N=N, D=D, M=M, target=target)
        for N, D, M in ((5, 3, 7), (4, 4, 4), (1, 2, 1), (3, 5, 3), (1, 1, 1))
        for target in ("dW", "dX", "db")
    ],
    "activations": lambda: [
        widgets.Activations(activation=name, spread=spread, scale=scale, seed=seed)
        for seed, (spread, scale) in enumerate(((1, 1), (0.35, 1.7), (4.5, 0.3)))
        for name in ("step", "sigmoid", "tanh", "relu", "leaky_relu", "gelu", "softplus")
    ],
    "losses": lambda: [
        widgets.Losses(logits=logits, scale=scale, truth=truth)
        for logits in ([2, 1, -1], [-0.3, -3.7, 0.2])
        for scale in (1, 30, 210, 1000)
        for truth in (0, 1, 2)
    ],
    "playground": lambda: [*playgrounds()],
    "descent": lambda: [
        widgets.Descent(surface=surface, x=-1.1, y=0.7, lr=lr, step=step)
        for surface in ("bowl", "ravine", "tilted", "saddle", "banana")
        for lr, step in ((0.01, 120), (0.03, 25), (1.5, 7))
    ],
    "digit": lambda: [
        widgets.DrawDigit(network(seed), strokes=strokes, target=target)
        for seed, strokes in enumerate(
            ([], [[(50, 50)]], [[(10, 9), (40, 80), (90, 75)], [(1, 2), (3, 40)]])
        )
        for target in (-1, 4)
    ],
}


@pytest.mark.parametrize("name", STATES)
def test_words_are_the_same_in_python_and_in_the_browser(name):
    """Each number in them too: the widget computes in both."""
    made = STATES[name]()
    states = [
        {k: v for k, v in w.get_state().items() if k[0] != "_" and k != "layout"} for w in made
    ]
    data = json.loads(json.dumps(states, default=lambda array: list(array)))
    view = "new DataView(Uint8Array.from(s.weights).buffer)"
    ready = f"(s) => s.sizes ? {{ ...s, weights: {view} }} : s"
    said = node([name], f"data.map({ready}).map((s) => words(s))", data)
    for widget, words in zip(made, said, strict=True):
        assert widget.text() == words


MADE = {
    "Shapes": widgets.Shapes,
    "Activations": widgets.Activations,
    "Losses": widgets.Losses,
    "Playground": widgets.Playground,
    "Descent": widgets.Descent,
    "DrawDigit": lambda **state: widgets.DrawDigit(network(), **state),
}
BAD = {  # a state that makes no sense, for each
    "Shapes": {"N": 0},
    "Activations": {"activation": "cube"},
    "Losses": {"logits": [1, 2, "a"]},
    "Playground": {"clicks": [[0, 9, 1]]},
    "Descent": {"lr": -1},
    "DrawDigit": {"strokes": [[[0, 200]]]},
}


@pytest.mark.parametrize("name", MADE)
def test_it_fits_any_width_and_does_not_jump(page, name):
    """At 320 and at 1,200 pixels nothing sticks out, and acting doesn't change the height."""
    page.set_viewport_size({"width": 1300, "height": 1000})
    for width in (320, 1200):
        root = mount(page, MADE[name](), width, theme="dark")
        assert root.evaluate("node => node.scrollWidth <= node.clientWidth")
        assert len(set(root.evaluate(HEIGHTS))) <= 1


@pytest.mark.parametrize("name", MADE)
def test_controls_have_names_and_rings_and_nonsense_is_refused(page, name):
    root = mount(page, MADE[name]())
    page.keyboard.press("Tab")
    found = root.evaluate(CONTROLS)
    assert len(found) > 3
    assert all(one["name"] and one["ring"] and one["keeps"] == "true" for one in found), found
    before = root.locator("pre").text_content()
    (key,) = BAD[name]
    outside(page, **BAD[name])
    assert key in root.get_by_role("alert").text_content()
    assert root.locator("pre").text_content() == before
    with pytest.raises(traitlets.TraitError, match=key):
        MADE[name](**BAD[name])


LATE = """() => {
    const find = document.getElementById.bind(document), at = find("at");
    at.remove();
    document.getElementById = (id) => (id === "at" ? at : find(id));
    const wait = () => (at.firstChild ? document.body.append(at) : setTimeout(wait, 30));
    wait();
}"""
BRIGHT = """(canvas) => [...canvas.getContext("2d").getImageData(0, 0, 200, 200).data]
    .filter((value, i) => i % 4 === 2 && value > 25).length"""


@pytest.mark.parametrize("name", ["Playground", "Descent", "DrawDigit"])
def test_canvases_take_their_colors_once_they_are_on_the_page(page, name):
    """JupyterLab makes a widget before it has a place for it."""
    page.evaluate(LATE)
    mount(page, MADE[name](), theme="dark")
    page.wait_for_function("document.querySelector('.bpw-words pre')?.textContent")
    settle(page)
    assert page.evaluate(f"({BRIGHT})(document.querySelector('.bpw canvas'))") > 50


def agrees(page, widget):
    """Put the browser's state into the Python widget; the browser must soon say its words."""
    settle(page)
    with widget.hold_trait_notifications():
        for name in widget.trait_names(sync=True):
            if name[0] != "_" and name not in OWN:
                widget.set_trait(name, model(page, name))
    words = widget.text()
    page.wait_for_function(
        "words => document.querySelector('.bpw-words pre').textContent === words",
        arg=words,
        timeout=5000,
    )
    return words


OWN = {"ask", "sizes", "weights", "layout", "tooltip", "tabbable"}  # not the reader's to change


def test_shapes(page):
    widget = widgets.Shapes()
    root = mount(page, widget)
    root.get_by_role("slider", name="N, from 1 to 7").press("ArrowLeft")
    settle(page)
    assert model(page, "N") == 4
    root.get_by_role("button", name="All equal").click()
    settle(page)
    assert "8 of 8" in root.locator(".bpw-sum").text_content()
    root.get_by_role("button", name="dY @ X", exact=False).first.press("Enter")
    agrees(page, widget)
    assert model(page, "pick") == 4


def test_activations(page):
    widget = widgets.Activations()
    root = mount(page, widget)
    root.get_by_role("button", name="step").click()
    settle(page)
    assert "dies" in root.locator(".bpw-fate").text_content()
    root.get_by_role("button", name="leaky ReLU").click()
    root.get_by_role("slider", name="spread of the input").press("ArrowRight")
    agrees(page, widget)
    assert model(page, "spread") == 1.05


def test_losses(page):
    widget = widgets.Losses()
    root = mount(page, widget)
    knob = root.get_by_role("slider", name="logit of cat")
    box = knob.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, y + 40, steps=3)
    page.mouse.up()
    settle(page)
    assert model(page, "logits")[0] < 1
    knob.press("End")
    root.get_by_role("slider", name="multiply the logits by").press("End")
    settle(page)
    assert "✗ Breaks: exp(4000)" in root.text_content()
    words = agrees(page, widget)
    assert "nan" in words


def test_the_playground_trains_and_python_has_its_network(page):
    widget = Playground(layers=1, width=5)
    root = mount(page, widget)
    root.get_by_role("button", name="Train").click()
    page.wait_for_function(
        "document.querySelector('.bpw-state').textContent.match(/Step [1-9]\\d\\d/)"
    )
    root.get_by_role("button", name="Pause").click()
    words = agrees(page, widget)
    assert widget.learned["steps"] >= 100
    X, y = widget.points()
    right = int(((widget.model()(X).data[:, 0] > 0) == y).sum())
    assert f"{right} right" in words and right > 70
    root.get_by_role("button", name="Copy a link").click()
    link = root.get_by_role("textbox").input_value()
    again = Playground.from_link(link)
    assert {name: getattr(again, name) for name in SHARED} == {
        name: getattr(widget, name) for name in SHARED
    }


def test_a_link_restores_the_playground_and_clicks_add_points(page):
    made = Playground(data="spiral", layers=2, width=3, lr=0.5)
    made.learned = kept(made, 0)
    page.evaluate("(hash) => { location.hash = hash; }", made.link())
    root = mount(page, Playground())
    assert agrees(page, Playground()) == made.text()
    field = root.get_by_role("textbox")
    field.fill("playground=no")
    field.press("Enter")
    assert "Nothing was changed" in root.text_content()
    made.width = 4
    field.fill("https://a.page/#" + made.link())
    field.press("Enter")
    assert agrees(page, Playground()) == made.text()
    root.get_by_role("radio", name="add ■").click()
    plane = root.get_by_role("application")
    plane.press("ArrowUp")
    plane.press("Enter")
    plane.click(position={"x": 30, "y": 30})
    settle(page)
    assert model(page, "data") == "clicks" and len(model(page, "clicks")) == 122
    assert model(page, "clicks")[120] == [0, 0.1, 0]


def test_descent_races_and_without_motion_it_is_there_at_once(page):
    widget = widgets.Descent()
    page.emulate_media(reduced_motion="reduce")
    root = mount(page, widget)
    root.get_by_role("slider", name="learning rate").press("ArrowRight")
    root.get_by_role("button", name="Race").click()
    settle(page)
    assert model(page, "step") == 120 and model(page, "lr") > 0.065
    root.get_by_role("application").press("ArrowRight")
    root.get_by_role("button", name="RMSProp").click()
    agrees(page, widget)
    assert "rmsprop" not in model(page, "shown")
    page.emulate_media(reduced_motion="no-preference")
    root.get_by_role("slider", name="step").press("Home")
    root.get_by_role("button", name="Race").click()
    page.wait_for_function("model.get('step') > 5")


def test_a_digit_is_drawn_by_mouse_and_by_keys(page):
    widget = widgets.DrawDigit(network())
    root = mount(page, widget)
    root.get_by_role("button", name="Clear").click()
    settle(page)
    assert "Nothing is drawn" in root.text_content()
    pad = root.get_by_role("application")
    box = pad.bounding_box()
    page.mouse.move(box["x"] + 60, box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + 90, box["y"] + 150, steps=6)
    page.mouse.up()
    for key in ("Space", "ArrowLeft", "ArrowLeft", "Shift+ArrowDown", "Space"):
        pad.press(key)
    root.get_by_role("radio", name="gradient for a 8").click()
    words = agrees(page, widget)
    assert len(model(page, "strokes")) == 2 and model(page, "target") == 8
    assert "nothing" not in words


def test_draw_digit_names_what_it_can_not_show():
    with pytest.raises(TypeError, match="ReLU between"):
        widgets.DrawDigit(bp.Sequential(bp.Affine(64, 10), bp.Tanh()))
    with pytest.raises(ValueError, match="64 to 10"):
        widgets.DrawDigit(bp.Affine(3, 10))


@pytest.mark.parametrize("name", MADE)
def test_a_picture_for_print(name):
    assert MADE[name]().still().axes
