"""The picture of machines in a row: its numbers, and its needles."""

import numpy as np
import pytest
from matplotlib.text import Text

from bpkit.figures.chains import factory
from bpkit.figures.picture import png


def house():
    machines, slopes = ["double", "subtract 3", "square"], [2, 1, -2]
    return factory(
        machines, ["w = 1", 2, -1, 1], slopes, [0.01, 0.02, 0.02, -0.0396], [-4, -2, -2, 1]
    )


def test_everything_is_written_down():
    drawn = [text.get_text() for text in house().findobj(Text)]
    assert {
        "double",
        "subtract 3",
        "square",
        "slope 2",
        "slope −2",
        "+0.01",
        "−0.0396",
        "w = 1",
    } <= {*drawn}
    assert drawn.count("−2") == 2 and drawn.count("−4") == 1


def test_a_needle_is_as_steep_as_the_slope():
    lines = [line for line in house().axes[0].lines if line.get_linewidth() == 3]
    rises = [np.ptp(line.get_ydata()) / np.ptp(line.get_xdata()) for line in lines]
    assert rises == pytest.approx([2, 1, 2])


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="2 slopes"):
        factory(["a"], [1, 2], [3, 4])
    with pytest.raises(ValueError, match="don't fit"):
        factory(["a very long name"] * 5, [1] * 6, [1] * 5)


def test_the_picture_is_the_same_bytes_every_time():
    assert png(house()) == png(house())
