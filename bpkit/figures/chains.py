"""Machines in a row, each with a dial that shows its local slope.

Chapter 2 uses them for a chain of steps: what runs forward above, what comes back below.
"""

import numpy as np
from matplotlib.patches import Circle

from bpkit.figures.sheet import BACKWARD, Sheet
from bpkit.figures.style import COLORS, INK, SMALL, TEXT, WIDTH, house, number, text_width, tint

DIAL = 0.19  # inches from a dial's middle to its rim
EDGE = 0.1  # inches left free on either side


@house()
def factory(machines, values, slopes, nudges=None, gradients=None, title=None):
    """A chain of steps as machines, each with its local slope on a dial below. Chapter 2.

    machines: K names; values: K + 1 numbers or texts, before, between and after them; slopes:
    (K,), each shown by a needle that is as steep as the slope. nudges: K + 1 numbers, written
    under the values; gradients: K + 1 numbers that come back. Raises ValueError if their numbers
    don't match, or if the machines' names are too wide for the page.

    >>> fig = factory(["double", "square"], [1, 2, 4], [2, 4], gradients=[8, 4, 1])
    """
    counts = [len(values), len(slopes) + 1, *(len(x) for x in (nudges, gradients) if x is not None)]
    if set(counts) != {len(machines) + 1}:
        raise ValueError(
            f"factory: {len(machines)} machines need {len(machines)} slopes and "
            f"{len(machines) + 1} of everything else; there are {len(slopes)} slopes, "
            f"{len(values)} values"
        )
    wide = [text_width(name, TEXT) + 0.24 for name in machines]
    gap = (WIDTH - 2 * EDGE - sum(wide)) / len(values)
    if gap < 0.5:
        raise ValueError(f"factory: {len(machines)} machines of these names don't fit the page")
    sheet, y = Sheet(WIDTH, 1.75, title), 1.15
    x = EDGE
    for k, value in enumerate(values):
        start, end, middle = x + 0.04, x + gap - 0.04, x + gap / 2
        sheet.arrow((start, y + 0.09), (end, y + 0.09))
        low = y + 0.17
        if nudges is not None:
            sheet.write(middle, low, signed(nudges[k]), color=COLORS["vermilion"], va="bottom")
            low += 0.17
        sheet.write(middle, low, written(value), TEXT, va="bottom", weight="bold")
        if gradients is not None:
            blue = COLORS["blue"]
            sheet.arrow((end, y - 0.11), (start, y - 0.11), blue, BACKWARD)
            sheet.write(middle, y - 0.19, number(gradients[k]), TEXT, blue, va="top")
        x += gap
        if k < len(machines):
            middle = x + wide[k] / 2
            sheet.box(middle, y, wide[k], 0.56, tint(COLORS["sky"], 0.22))
            sheet.write(middle, y, machines[k], TEXT)
            dial(sheet, middle, y - 0.56, slopes[k])
            x += wide[k]
    return sheet.fig


def dial(sheet, x, y, slope):
    """A round gauge with a needle as steep as the slope, and the slope below it."""
    sheet.ax.add_patch(Circle((x, y), DIAL, fc="white", ec=INK, lw=1, zorder=4))
    needle = 0.8 * DIAL * np.array([1, slope]) / np.hypot(1, slope)
    ends = np.array([x, y]) + np.array([[-1], [1]]) * needle
    look = {"color": COLORS["orange"], "lw": 3, "ls": "-", "solid_capstyle": "round"}
    sheet.ax.plot(*ends.T, **look, zorder=5)
    sheet.write(x, y - DIAL - 0.06, f"slope {number(slope)}", SMALL, va="top")


def written(value):
    """A value as text: "g = 2" as it is, 2.0 as 2."""
    return value if isinstance(value, str) else number(value)


def signed(x):
    """A change, with its sign: +0.02, −0.0396.

    >>> signed(0.02), signed(-0.0396)
    ('+0.02', '−0.0396')
    """
    return ("+" if x > 0 else "") + number(x)
