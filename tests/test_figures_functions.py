"""The figures of layers and functions: what is drawn is what was asked for."""

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.patches import Circle
from matplotlib.text import Text

from bpkit.figures.curves_of_functions import curves_of_functions
from bpkit.figures.picture import png
from bpkit.figures.style import COLORS
from bpkit.figures.wires import wires

X = np.linspace(-3, 3, 61)
CURVES = {
    "tanh": (np.tanh, lambda x: 1 - np.tanh(x) ** 2),
    "step": (lambda x: 1.0 * (x > 0.01), lambda x: 0 * x),
    "square": (lambda x: x**2, lambda x: 2 * x),
}


def lit(fig, color):
    """How many lines are drawn in a color."""
    return sum(to_hex(line.get_color()).upper() == COLORS[color] for line in fig.axes[0].lines)


@pytest.mark.parametrize(("examples", "inputs", "outputs"), [(3, 3, 2), (1, 2, 4), (4, 1, 3)])
def test_a_number_is_lit_wherever_it_goes(examples, inputs, outputs):
    fig = wires(examples, inputs, outputs)
    assert lit(fig, "vermilion") == examples  # a weight: one line in every example
    assert lit(fig, "blue") == outputs  # an input: one example, a line to every output
    assert lit(fig, "green") == examples  # a bias: one line in every example
    units = [c for c in fig.findobj(Circle) if c.radius > 0.07]
    assert len(units) == 3 * examples * (inputs + outputs)


def test_the_sheets_stay_on_the_page():
    fig = wires(4, 4, 4)
    fig.draw_without_rendering()
    width, height = fig.bbox.width, fig.bbox.height
    for text in filter(Text.get_text, fig.findobj(Text)):
        box = text.get_window_extent()
        assert box.x0 >= 0 and box.y0 >= 0 and box.x1 <= width and box.y1 <= height, text


def test_a_layer_too_large_to_draw_is_refused():
    with pytest.raises(ValueError, match="5 inputs"):
        wires(inputs=5)


def test_each_panel_holds_a_curve_and_its_slope():
    fig = curves_of_functions(CURVES, X, columns=2, ylim=(-2, 3))
    panels = [ax for ax in fig.axes if ax.axison]
    assert [ax.get_title(loc="left") for ax in panels] == list(CURVES)
    for ax, (f, slope) in zip(panels, CURVES.values(), strict=True):
        for line, y in zip(ax.lines, (f(X), slope(X)), strict=False):
            drawn = line.get_ydata()
            shown = np.isfinite(drawn)
            np.testing.assert_array_equal(drawn[shown], y[shown])
        assert ax.get_ylim() == (-2, 3)
    words = [text.get_text() for text in fig.findobj(Text)]
    assert words.count("value") == words.count("slope") == 1


def test_a_jump_is_not_joined():
    step = curves_of_functions(CURVES, X, columns=3).axes[1].lines[0].get_ydata()
    assert np.isnan(step).sum() == 1
    smooth = curves_of_functions(CURVES, X, columns=3).axes[2].lines[0].get_ydata()
    assert not np.isnan(smooth).any()


def test_a_curve_of_another_length_is_named():
    with pytest.raises(ValueError, match=r"slope of cut is \(60,\)"):
        curves_of_functions({"cut": (np.tanh, lambda x: x[1:])}, X)


def test_pictures_repeat():
    assert png(wires()) == png(wires())
    assert png(curves_of_functions(CURVES, X)) == png(curves_of_functions(CURVES, X))
