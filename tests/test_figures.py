"""The figures: layouts in which nothing overlaps, pictures that repeat, numbers that are true."""

import io
import subprocess
import sys
from itertools import combinations, pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.colors import to_hex
from matplotlib.text import Text
from PIL import Image

import bpkit as bp
from bpkit import figures
from bpkit.figures import readme, style
from bpkit.figures.layout import arrange, bend, crossings, place, spread
from bpkit.figures.nodes import nodes_of
from bpkit.figures.picture import Picture, png

FORK = [[], [0], [0], [1, 2], [3, 1]]
NEURON = [[], [], [0, 1], [], [], [3, 4], [2, 5], [], [6, 7], [8]]
TWICE = [[], [0, 0], [1, 0]]
SKIPS = [[], [0], [1], [2, 0], [3, 1], [4, 0, 2], [5]]


def fork():
    a = bp.Tensor(1.0, name="a")
    b, c = 3 * a, 2 * a
    d = b + c
    e = d + b
    for tensor, name in zip((b, c, d, e), "bcde", strict=True):
        tensor.name = name
    return a, b, c, d, e


def matrices():
    rng = np.random.default_rng(0)
    X = bp.Tensor(rng.normal(size=(7, 5)), requires_grad=False, name="X")
    W, b = bp.Tensor(rng.normal(size=(5, 3)), name="W"), bp.Tensor(rng.normal(size=3), name="b")
    S = bp.affine(X, W, b)
    S.name = "S"
    return bp.softmax_cross_entropy(S, np.array([0, 1, 2, 1, 0, 2, 2]))


def words(fig):
    return [text.get_text() for text in fig.findobj(Text)]


# --- the layout, without drawing -----------------------------------------------------------------


def curve(a, b, down, steps=24):
    points = np.array([a, *bend(a, b, down), b])
    t = np.linspace(0, 1, steps)[:, None]
    parts = [(1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3]
    return sum(part * point for part, point in zip(parts, points, strict=True))


def faults(inputs, layout):
    """What is wrong with a layout: boxes that touch, arrows through boxes, arrows that miss."""
    middles, sizes = np.array(layout.centers), np.array(layout.sizes)
    low, high = middles - sizes / 2, middles + sizes / 2
    found = []
    for i, j in combinations(range(len(inputs)), 2):
        if (low[i] < high[j] + 0.05).all() and (low[j] < high[i] + 0.05).all():
            found.append(f"boxes {i} and {j} touch")
    if (low < -1e-9).any() or (high > np.array([layout.width, layout.height]) + 1e-9).any():
        found.append("a box leaves the page")
    for i, sources in enumerate(inputs):
        for source, route in zip(sources, layout.routes[i], strict=True):
            legs = [
                np.array([a, b]) if n % 2 else curve(a, b, layout.down)
                for n, (a, b) in enumerate(pairwise(route))
            ]
            path = np.concatenate([np.linspace(p, q, 9) for leg in legs for p, q in pairwise(leg)])
            for j in range(len(inputs)):
                if ((path > low[j] + 1e-6) & (path < high[j] - 1e-6)).all(1).any():
                    found.append(f"the arrow from {source} to {i} passes through box {j}")
            for end, box in ((route[0], source), (route[-1], i)):
                if (np.array(end) < low[box] - 1e-6).any() or (end > high[box] + 1e-6).any():
                    found.append(f"the arrow from {source} to {i} misses box {box}")
    return found


@st.composite
def graphs(draw):
    count = draw(st.integers(2, 40))
    inputs = [
        draw(st.lists(st.integers(max(0, i - 9), i - 1), max_size=3)) if i else []
        for i in range(count)
    ]
    size = st.tuples(st.floats(0.3, 1.4), st.floats(0.3, 0.9))
    return inputs, [draw(size) for _ in inputs], draw(st.booleans())


@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(graphs())
def test_nothing_overlaps_in_any_graph(graph):
    inputs, sizes, down = graph
    layout = place(inputs, sizes, down=down)
    assert faults(inputs, layout) == []
    assert place(inputs, sizes, down=down) == layout


@pytest.mark.parametrize("down", [False, True])
@pytest.mark.parametrize(
    "inputs", [FORK, NEURON, TWICE, SKIPS], ids=["fork", "neuron", "twice", "skips"]
)
def test_known_graphs(inputs, down):
    layout = place(inputs, [(0.7, 0.5)] * len(inputs), down=down)
    assert faults(inputs, layout) == []
    forward = [c[1] * -1 if down else c[0] for c in layout.centers]
    assert all(forward[s] < forward[i] for i, sources in enumerate(inputs) for s in sources)


def test_the_overlap_check_rejects_bad_layouts():
    layout = place(FORK, [(0.7, 0.5)] * 5)
    layout.centers[1] = layout.centers[2]
    assert "boxes 1 and 2 touch" in faults(FORK, layout)

    layout = place(TWICE, [(0.7, 0.5)] * 3)
    layout.routes[2][1] = [layout.routes[2][1][0], layout.routes[2][1][-1]]
    layout.centers[1] = tuple(np.mean([layout.centers[0], layout.centers[2]], axis=0))
    assert "the arrow from 0 to 2 passes through box 1" in faults(TWICE, layout)

    layout = place(FORK, [(0.7, 0.5)] * 5)
    layout.routes[4][0][-1] = (0.0, 9.0)
    assert "the arrow from 3 to 4 misses box 4" in faults(FORK, layout)


def test_a_chain_is_straight_and_a_leaf_stands_before_its_use():
    layout = place([[], [0], [1], [], [2, 3]], [(0.7, 0.5)] * 5)
    heights = [layout.centers[i][1] for i in range(3)]
    assert max(heights) - min(heights) < 0.02
    assert layout.centers[3][0] == layout.centers[2][0]


def test_spread_is_the_nearest_that_keeps_its_distance():
    assert spread([0.0, 5.0], [1.0]) == [0.0, 5.0]
    assert spread([3.0, 1.0, 2.0], [1.0, 1.0]) == [1.0, 2.0, 3.0]
    assert spread([0.0, 0.0], [1.0], [3.0, 1.0]) == [-0.25, 0.75]


def test_crossings_counts_pairs():
    rows, links = [[0, 1, 2], [3, 4, 5]], [(0, 5, 0.0), (1, 4, 0.0), (2, 3, 0.0)]
    assert crossings(rows, links) == 3
    assert crossings([[0, 1, 2], [5, 4, 3]], links) == 0
    assert crossings(arrange([0, 0, 0, 1, 1, 1], links), links) == 0


def test_arrows_into_one_box_keep_the_order_of_its_inputs():
    layout = place([[], [], [1, 0]], [(0.7, 0.5)] * 3)
    assert layout.centers[1][1] > layout.centers[0][1]  # the first input arrives above the second


# --- graphs --------------------------------------------------------------------------------------


def test_the_numbers_in_a_graph_are_the_tensors_own():
    e = fork()[-1]
    e.backward(keep=True)
    drawn = words(figures.draw_graph(e))
    for node in nodes_of(e, 3):
        assert figures.number(node.tensor.data) in drawn
        assert "grad " + figures.number(node.tensor.grad) in drawn
    assert {"a", "b", "c", "d", "e", "3 ×", "2 ×", "+", "grad 8"} <= set(drawn)


def test_arrows_carry_local_derivatives_and_gradients():
    a, *_, e = fork()
    local = words(figures.draw_graph(e, edges="local"))
    assert {"3", "2", "1"} <= set(local)
    e.backward(keep=True)
    both = words(figures.draw_graph(e, edges="both"))
    assert {"3 × 2\n= 6", "2 × 1\n= 2"} <= set(both)
    assert {"6", "2"} <= set(words(figures.draw_graph(e, values=False, edges="gradient")))
    assert float(a.grad) == 6 + 2


def test_a_gradient_passed_back_twice_through_one_tensor():
    x = bp.Tensor(1.5, name="x")
    y = x * x
    y.backward(keep=True)
    assert words(figures.draw_graph(y, edges="local")).count("1.5") == 3  # x, and both arrows


def test_tensors_of_more_numbers_show_shapes():
    loss = matrices()
    loss.backward(keep=True)
    drawn = words(figures.draw_graph(loss, edges="local"))
    assert {"X", "(7, 5)", "W", "(5, 3)", "grad (5, 3)", "S", "grad (7, 3)"} <= set(drawn)
    assert "grad (7, 5)" not in drawn


def test_constants_stand_in_the_operation():
    x = bp.Tensor(2.0, name="x")
    operations = {
        "3 ×": 3 * x,
        "× 3": x * 3,
        "1 −": 1 - x,
        "− 1": x - 1,
        "÷ 4": x / 4,
        "(·)²": x**2,
        "(·)^0.5": x**0.5,
        "maximum(·, 0)": bp.maximum(x, 0.0),
        "exp": bp.exp(x),
        "×": x * x,
    }
    for text, tensor in operations.items():
        assert nodes_of(tensor, 3)[-1].operation == text


def test_a_constant_array_is_a_node():
    y = bp.Tensor([1.0, 2.0, 3.0], name="x") * np.array([2.0, 5.0, 7.0])
    assert [node.operation for node in nodes_of(y, 3)] == ["", "constant", "×"]
    assert "constant" in words(figures.draw_graph(y))


def test_highlighted_paths_are_named_and_must_exist():
    a, b, c, d, e = fork()
    drawn = words(figures.draw_graph(e, highlight=[[a, b, e], [a, c, d, e]]))
    assert {"a → b → e", "a → c → d → e"} <= set(drawn)
    with pytest.raises(ValueError, match="no arrow"):
        figures.draw_graph(e, highlight=[[a, d]])


def test_visits_are_numbered():
    a, b, c, d, e = fork()
    drawn = words(figures.draw_graph(e, order=[e, d, b, a, c, a]))
    assert {"1", "2", "3", "5", "4, 6"} <= set(drawn)
    with pytest.raises(ValueError, match="isn't in this graph"):
        figures.draw_graph(e, order=[bp.Tensor(1.0)])


def test_text_stays_readable():
    for fig in (figures.draw_graph(fork()[-1], edges="both"), figures.layers([64, 32, 10])):
        sizes = {t.get_size() for t in fig.findobj(Text)}
        assert min(sizes) >= 9 and fig.get_figwidth() <= 6.4


def test_graph_text_lists_what_the_picture_shows():
    e = fork()[-1]
    e.backward(keep=True)
    assert figures.graph_text(e).splitlines() == [
        "node  operation  inputs  value  gradient",
        "a                        1      8",
        "b     3 ×        a       3      2",
        "c     2 ×        a       2      1",
        "d     +          b, c    5      1",
        "e     +          d, b    8      1",
    ]


def test_graph_refuses_what_it_cannot_draw():
    with pytest.raises(TypeError, match="float"):
        figures.draw_graph(3.0)
    with pytest.raises(ValueError, match="edges is 'all'"):
        figures.draw_graph(fork()[-1], edges="all")
    x = bp.Tensor(1.0)
    for _ in range(81):
        x = bp.sin(x)
    with pytest.raises(ValueError, match="82 nodes"):
        figures.draw_graph(x)
    x.backward()
    with pytest.raises(bp.GraphError, match=r"sin.*keep=True"):
        figures.graph_text(x)


# --- pictures in a notebook ----------------------------------------------------------------------


def some_figures():
    rng = np.random.default_rng(0)
    yield figures.draw_graph(fork()[-1])
    yield figures.draw_graph(matrices(), title="A loss")
    yield figures.curves({"training": [3, 2, 1], "validation": [3, 2.5, 2.6]}, best=1, log=True)
    yield figures.line([1, 2, 3], {"x²": [1, 4, 9]}, marks=[(2, 4, "here")])
    yield figures.bars(["a", "b"], [3.0, -1.0], stand_out=[0])
    yield figures.boundary(
        lambda p: p @ rng.normal(size=(2, 3)), rng.normal(size=(9, 2)), [0, 1, 2] * 3
    )
    yield figures.images(rng.random((5, 64)), titles=list("abcde"), wrong=[0, 1, 0, 0, 0])
    yield figures.confusion([[5, 1], [0, 7]], title="Two classes")
    yield figures.layers([64, 3, 2], names=["in", "hidden", "out"])
    yield figures.flow(["affine", "loss"], ["X", "S", "L"], ["", "dS", "1"], below=["dW, db", None])


def test_pictures_are_the_same_bytes_every_time():
    for one, two in zip(some_figures(), some_figures(), strict=True):
        first, again = png(one), png(two)
        assert first == again
        assert b"Software" not in first
        image = Image.open(io.BytesIO(first)).convert("RGB")
        assert image.getpixel((0, 0)) == (255, 255, 255)


def test_the_readers_own_settings_change_nothing():
    import matplotlib

    before = png(figures.line([1, 2, 3], [1, 4, 9]))
    with matplotlib.rc_context({"lines.linewidth": 9, "font.size": 20, "figure.facecolor": "red"}):
        assert png(figures.line([1, 2, 3], [1, 4, 9])) == before


def test_the_description_is_stored_once_with_the_picture():
    picture = Picture(figures.canvas()[0], 'Axes,\n    "empty" & <plain>.')
    assert repr(picture) == 'Axes, "empty" & <plain>.'
    page = picture._repr_html_()
    assert 'alt="Axes, &quot;empty&quot; &amp; &lt;plain&gt;." width="640"' in page
    assert page.count("base64,") == 1


@pytest.mark.parametrize("alt", ["", "  \n ", None, 3])
def test_a_description_is_required(alt):
    with pytest.raises((TypeError, ValueError), match="what is to be seen"):
        figures.show(figures.canvas()[0], alt)
    with pytest.raises(TypeError):
        figures.show(figures.canvas()[0])


def test_show_closes_a_figure_of_pyplot():
    pyplot = pytest.importorskip("matplotlib.pyplot")
    fig, _ = pyplot.subplots()
    figures.show(fig, "Empty axes.")
    assert fig.number not in pyplot.get_fignums()


def test_colors_come_from_the_palette():
    shades = {to_hex(c).upper() for c in style.COLORS.values()}
    assert {to_hex(color).upper() for color, _ in style.SERIES} <= shades
    fig = figures.curves({name: [3, 2, 1] for name in "abcdefg"})
    lines = [line for line in fig.axes[0].lines if len(line.get_xdata()) == 3]
    assert {to_hex(line.get_color()).upper() for line in lines} <= shades
    looks = [
        (line.get_color(), line.get_linestyle(), line._unscaled_dash_pattern) for line in lines
    ]
    assert len({str(dash) for *_, dash in looks}) == len(lines) == 7, (
        "dashes alone tell lines apart"
    )
    with pytest.raises(ValueError, match="8 lines"):
        figures.curves({name: [1, 2] for name in "abcdefgh"})


def test_numbers():
    assert [figures.number(x) for x in (0.1 + 0.2, 14.0, -2.5, 1e-12, 12345.6, 0.00123456)] == [
        "0.3", "14", "−2.5", "1×10⁻¹²", "12346", "0.00123",
    ]  # fmt: skip
    assert [figures.number(x) for x in (np.inf, -np.inf, np.nan)] == ["∞", "−∞", "nan"]
    assert figures.number(2 / 3, digits=5) == "0.66667"


# --- charts, grids, networks ---------------------------------------------------------------------


def test_curves_take_a_history():
    history = bp.History()
    history.loss, history.val_loss = [3.0, 2.0, 1.5], [3.0, 1.25, 2.0]
    drawn = words(figures.curves(history))
    assert {"training", "validation", "best: epoch 2, 1.25", "epoch", "loss"} <= set(drawn)
    ends = figures.curves({"a": [1, 2, 3], "b": [1, 2]}).axes[0].lines
    assert [np.isfinite(line.get_ydata()).sum() for line in ends] == [3, 2]


def test_names_of_lines_do_not_touch():
    fig = figures.line([0, 1], {f"line {n}": [0, 1 + n / 1000] for n in range(6)})
    fig.draw_without_rendering()
    boxes = [t.get_window_extent() for t in fig.axes[0].texts if t.get_text()]
    assert len(boxes) == 6
    assert not any(a.overlaps(b) for a, b in combinations(boxes, 2))


def test_boundary_asks_a_model():
    model = bp.Sequential(bp.Affine(2, 5, seed=0), bp.ReLU(), bp.Affine(5, 3, seed=1))
    X = np.random.default_rng(2).normal(size=(7, 2))
    fig = figures.boundary(model, X, np.array([0, 1, 2, 0, 1, 2, 0]), steps=11)
    answer = fig.axes[0].collections[0].get_array().ravel()
    assert len(answer) == 121 and set(np.unique(answer)) <= {0, 1, 2}
    assert {"class 0", "class 1", "class 2"} <= set(words(fig))


def test_confusion_shows_every_count():
    drawn = words(figures.confusion([[50, 1], [13, 7]], labels=["cat", "dog"]))
    assert {"50", "1", "13", "7", "cat", "dog", "answered", "true"} <= set(drawn)


def test_wrong_images_are_marked_twice():
    fig = figures.images(np.eye(3)[None].repeat(2, 0), titles=["a", "b"], wrong=[False, True])
    assert [ax.get_title() for ax in fig.axes] == ["a", "✗ b"]
    assert fig.axes[1].spines["top"].get_linewidth() > fig.axes[0].spines["top"].get_linewidth()


def test_layers_and_flow_say_their_shapes():
    assert {"W (64, 32)", "W (32, 10)", "64 units"} <= set(words(figures.layers([64, 32, 10])))
    drawn = words(figures.flow(["f"], ["x", "y"], ["dx", "dy"], below=["dW"]))
    assert {"f", "x", "y", "dx", "dy", "dW"} <= set(drawn)


@pytest.mark.parametrize(
    ("draw", "words"),
    [
        (lambda: figures.line([1, 2], {"f": [1, 2, 3]}), r"\(2,\).*f is \(3,\)"),
        (lambda: figures.bars(["a"], [1, 2]), r"1 labels.*\(2,\)"),
        (lambda: figures.images(np.ones((2, 7))), r"\(2, 7\)"),
        (lambda: figures.images(np.ones((2, 3, 3)), titles=["a"]), "2 pictures but 1 titles"),
        (lambda: figures.confusion(np.ones((2, 3))), r"\(2, 3\)"),
        (lambda: figures.confusion(np.ones((2, 2)), labels="abc"), r"\(2, 2\).*3 labels"),
        (lambda: figures.boundary(len, np.ones((5, 3)), np.ones(5)), r"\(5, 3\).*\(5,\)"),
        (lambda: figures.layers([3]), r"\[3\]"),
        (lambda: figures.layers([3, 2], names=["a"]), "2 layers but 1 names"),
        (lambda: figures.flow(["f"], ["x"], ["", ""]), "1 steps need 2"),
        (lambda: figures.flow(["m" * 90], ["", ""], ["", ""]), "inches"),
    ],
)
def test_errors_name_shapes(draw, words):
    with pytest.raises(ValueError, match=words):
        draw()


# --- the whole -----------------------------------------------------------------------------------


def test_the_core_does_not_load_matplotlib():
    code = "import sys, bpkit; assert not {'matplotlib', 'IPython', 'PIL'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_readme_picture_is_the_one_that_the_command_draws(tmp_path, capsys):
    kept = Path(__file__).parent.parent / "docs" / "graph.png"
    readme.main(tmp_path / "graph.png")
    assert readme.ALT in capsys.readouterr().out
    new, old = (
        np.asarray(Image.open(p).convert("L"), float) for p in (tmp_path / "graph.png", kept)
    )
    assert new.shape == old.shape
    assert abs(new - old).mean() < 1  # another version of matplotlib may smooth letters differently
