"""The pictures of chapter 5: lines have the slopes they name, shadows fall where they should."""

import numpy as np
import pytest
from matplotlib.text import Text

from bpkit.figures import checking


def slope(line):
    x, y = line.get_data()
    return (y[-1] - y[0]) / (x[-1] - x[0])


def test_a_true_claim_runs_beside_the_measured_line_and_a_wrong_one_does_not():
    fig = checking.claims(lambda w: (2 * w - 3) ** 2, 1.0, 0.3, {"true": -4.0, "wrong": -2.0})
    measured, true, wrong = [slope(line) for line in fig.axes[0].lines[1:4]]
    assert (measured, true, wrong) == pytest.approx((-4, -4, -2))
    texts = {text.get_text() for text in fig.findobj(Text)}
    assert {"measured, −4", "true, −4", "wrong, −2"} <= texts


def test_a_shadow_is_the_foot_of_a_right_angle():
    arrows = {"true": (-4, -2), "swapped": (-2, -4)}
    fig = checking.shadows(arrows, [(1, 1), (2, -1)])
    for ax, direction in zip(fig.axes, [(1, 1), (2, -1)], strict=True):
        feet = [np.ravel(line.get_data()) for line in ax.lines if line.get_marker() == "s"]
        for foot, arrow in zip(feet, arrows.values(), strict=True):
            assert np.dot(np.subtract(arrow, foot), direction) == pytest.approx(0)
            assert np.cross([*foot, 0], [*direction, 0])[2] == pytest.approx(0)
    same, different = ([line for line in ax.lines if line.get_marker() == "s"] for ax in fig.axes)
    assert same[0].get_xdata() == pytest.approx(same[1].get_xdata())
    assert different[0].get_xdata() != pytest.approx(different[1].get_xdata())


def test_a_fan_lies_between_the_sides_of_its_kink():
    fig = checking.fan(lambda z: np.maximum(z, 0), 0.0, [0, 0.5, 1])
    *lines, curve, _ = fig.axes[0].lines
    assert [slope(line) for line in lines] == pytest.approx([0, 0.5, 1])
    x, y = curve.get_data()
    for line in lines:
        assert (line.get_ydata()[x > 0] <= y[x > 0] + 1e-12).all()
        assert (line.get_ydata()[x < 0] <= y[x < 0] + 1e-12).all()
