"""Draw a digit: strokes of a pen become 64 pixels, and a model of bpkit says what it sees."""

import numpy as np

PEN = 1.8  # the reach of the pen, in the points of a 32 by 32 drawing


def ink(strokes):
    """Strokes as 64 pixels in [0, 1], made as `bp.data.digits` were. Chapter 10.

    strokes: a list of lists of points (x, y), y downward. The drawing is fitted to 32 by 32 points,
    a point that the pen reaches is black, and a pixel is the share of black in its block of 4 by 4.

    >>> from bpkit.widgets.digit import ink
    >>> ink([[(0, 0), (0, 9)]]).reshape(8, 8)[4].tolist()
    [0.0, 0.0, 0.0, 0.5, 0.5, 0.0, 0.0, 0.0]
    """
    dots = np.array([dot for stroke in strokes for dot in stroke], float).reshape(-1, 2)
    if not len(dots):
        return np.zeros(64)
    low, size = dots.min(axis=0), np.ptp(dots, axis=0)
    with np.errstate(divide="ignore"):
        scale = min(*((np.array([24, 32]) - 2 * PEN) / size), 1e6)
    black = np.zeros((32, 32), bool)
    row, column = np.mgrid[:32, :32] + 0.5
    for stroke in strokes:
        path = 16 + scale * (np.array(stroke, float).reshape(-1, 2) - low - size / 2)
        for (ax, ay), (bx, by) in zip([*path[:1], *path], path, strict=False):
            dx, dy = bx - ax, by - ay
            along = ((column - ax) * dx + (row - ay) * dy) / (dx * dx + dy * dy or 1)
            share = np.clip(along, 0, 1)
            black |= np.hypot(column - ax - share * dx, row - ay - share * dy) <= PEN
    return black.reshape(8, 4, 8, 4).mean(axis=(1, 3)).ravel()
