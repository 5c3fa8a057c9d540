"""Diagrams of networks: layers of units with the shapes between them, and the flow of gradients."""

from itertools import pairwise

import numpy as np
from matplotlib.patches import Circle

from bpkit.figures.sheet import BACKWARD, Sheet
from bpkit.figures.style import COLORS, GRAY, INK, SMALL, TEXT, WIDTH, house, text_width, tint

SHOWN = 7  # units drawn of a layer that has more


@house()
def layers(sizes, names=None, weights=True, title=None):
    """A feed-forward network: a column of units for each layer, all joined to the next. Chapter 10.

    sizes: the number of units in each layer, input first; names: a text below each layer. weights:
    write the shape of W above each gap, (units before, units after). A layer of more than 7 units
    is drawn with a gap. Raises ValueError if names don't match sizes.

    >>> fig = layers([64, 32, 10], names=["pixels", "hidden", "scores"])
    """
    names = names or [""] * len(sizes)
    if len(sizes) < 2 or min(sizes) < 1:
        raise ValueError(f"layers: sizes is {sizes}; give at least two layers of at least one unit")
    if len(names) != len(sizes):
        raise ValueError(f"layers: {len(sizes)} layers but {len(names)} names")
    tall = 0.31 * min(max(sizes), SHOWN)
    sheet, middle = Sheet(WIDTH, tall + 0.85, title), 0.53 + tall / 2
    columns = [
        [(x, middle + y) for y in heights(n)]
        for x, n in zip(np.linspace(0.9, WIDTH - 0.9, len(sizes)), sizes, strict=True)
    ]
    for (left, right), shape in zip(pairwise(columns), pairwise(sizes), strict=True):
        for a in left:
            for b in right:
                sheet.ax.plot(*zip(a, b, strict=True), color="#CFCFCF", lw=0.7, zorder=1)
        if weights:
            sheet.write((left[0][0] + right[0][0]) / 2, tall + 0.69, f"W {shape}")
    fills = [COLORS["sky"], *["#FFFFFF"] * (len(sizes) - 2), COLORS["orange"]]
    for column, n, name, fill in zip(columns, sizes, names, fills, strict=True):
        for spot in column:
            sheet.ax.add_patch(Circle(spot, 0.105, fc=tint(fill, 0.35), ec=INK, lw=1, zorder=3))
        x = column[0][0]
        if n > SHOWN:
            for dot in (-0.07, 0, 0.07):
                sheet.ax.add_patch(Circle((x, middle + dot), 0.014, fc=INK, lw=0))
        sheet.write(x, 0.36, name, TEXT)
        sheet.write(x, 0.14, "1 unit" if n == 1 else f"{n} units", color=GRAY)
    return sheet.fig


def heights(n):
    """Where n units stand, around 0; of more than 7 the middle one gives way to dots."""
    places = np.arange(min(n, SHOWN)) - (min(n, SHOWN) - 1) / 2
    return 0.31 * (places[places != 0] if n > SHOWN else places)


@house()
def flow(steps, forward, backward, below=None, title=None):
    """Steps in a row: values go forward, and below them gradients come back. Chapter 10.

    steps: K texts for boxes. forward and backward: K + 1 texts for the arrows into the first box,
    between boxes and out of the last; "" for no arrow. below: K texts, "" for none: what leaves a
    box downward, such as the gradients of its parameters. Raises ValueError if the numbers of
    texts don't match, or if they are too wide for the page.

    >>> fig = flow(["affine", "loss"], ["X", "S", "L"], ["", "dS", "1"], below=["dW, db", ""])
    """
    below = below or [""] * len(steps)
    counts = len(forward), len(backward), len(below)
    if counts != (len(steps) + 1, len(steps) + 1, len(steps)):
        raise ValueError(
            f"flow: {len(steps)} steps need {len(steps) + 1} texts forward, as many backward and "
            f"{len(steps)} below; there are {counts[0]}, {counts[1]} and {counts[2]}"
        )
    boxes = [text_width(step, TEXT) + 0.2 for step in steps]
    pairs = list(zip(forward, backward, strict=True))
    gaps = [max(0.42, *(text_width(t, SMALL) + 0.1 for t in p)) if any(p) else 0.1 for p in pairs]
    room = WIDTH - 0.2 - sum(boxes)
    if room < sum(gaps):
        raise ValueError(
            f"flow: the texts take {sum(boxes) + sum(gaps):.1f} inches; there are {WIDTH - 0.2:.1f}"
        )
    stretch, color = min(2.0, room / sum(gaps)), COLORS["blue"]
    middle = 0.95 + (0.3 if any(below) else 0)
    sheet = Sheet(WIDTH, middle + 0.8, title)
    x = (WIDTH - sum(boxes) - stretch * sum(gaps)) / 2
    for n, (gap, (out, back)) in enumerate(zip(gaps, pairs, strict=True)):
        start, end = x + 0.04, x + stretch * gap - 0.04
        if out:
            sheet.arrow((start, middle + 0.2), (end, middle + 0.2))
            sheet.write((start + end) / 2, middle + 0.28, out, va="bottom")
        if back:
            sheet.arrow((end, middle - 0.2), (start, middle - 0.2), color, BACKWARD)
            sheet.write((start + end) / 2, middle - 0.28, back, color=color, va="top")
        x += stretch * gap
        if n == len(steps):
            break
        center = x + boxes[n] / 2
        sheet.box(center, middle, boxes[n], 0.84, tint(COLORS["sky"], 0.22))
        sheet.write(center, middle, steps[n], TEXT)
        if below[n]:
            sheet.arrow((center, middle - 0.42), (center, middle - 0.74), color, BACKWARD)
            sheet.write(center, middle - 0.85, below[n], color=color)
        x += boxes[n]
    sheet.write(0.15, middle + 0.68, "forward: values", ha="left")
    sheet.write(0.15, 0.12, "backward: gradients", color=color, ha="left")
    return sheet.fig
