"""The pictures of slopes: what they write is what the function says."""

import numpy as np
from matplotlib.text import Text

from bpkit.figures.picture import png
from bpkit.figures.slopes import secants, zoom


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
