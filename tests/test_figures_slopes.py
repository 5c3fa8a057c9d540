"""The pictures of slopes: what they write is what the function says."""

import numpy as np
import pytest
from matplotlib.text import Text

from bpkit.figures.picture import png
from bpkit.figures.slopes import secants, valley, zoom


def loss(w):
    return (2 * w - 3) ** 2


def words(fig):
    return [text.get_text() for text in fig.findobj(Text)]


def test_each_secant_is_named_with_its_own_slope():
    drawn = words(secants(loss, 1.0, [1.5, 1.0, 0.5], -4.0, ends=(0.2, 2.9)))
    assert {"h = 1.5, slope 2", "h = 1, slope 0", "h = 0.5, slope −2"} <= set(drawn)
    assert "tangent, slope −4" in drawn


def test_a_closer_look_is_straighter():
    fig = zoom(loss, 1.0, -4.0, [0.5, 0.05])
    gaps = []
    for ax in fig.axes:
        curve, tangent = (line.get_ydata() for line in ax.lines[:2])
        gaps.append(np.max(curve - tangent) / np.ptp(curve))
    assert gaps[1] < gaps[0] / 5
    assert {"within 0.5", "within 0.05"} <= set(words(fig))


def test_pictures_are_the_same_bytes_every_time():
    one, two = (png(zoom(loss, 1.0, -4.0, [0.5, 0.05])) for _ in range(2))
    assert one == two


def test_a_valley_shows_every_error_that_is_not_zero():
    h = np.array([0.1, 0.01, 0.001])
    fig = valley(h, {"one-sided": h, "centered": np.array([0.01, 0.0001, 0.0])}, {"one-sided": h})
    assert [len(line.get_xdata()) for line in fig.axes[0].lines] == [3, 3, 2]
    assert {"one-sided", "one-sided: model", "centered"} <= set(words(fig))


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="4 steps"):
        secants(loss, 1.0, [4, 3, 2, 1], -4.0, ends=(0, 3))
    with pytest.raises(ValueError, match="4 kinds"):
        valley(np.ones(2), dict.fromkeys("abcd", np.ones(2)))
