"""Pictures of arrays as blocks of cells: what fits on what, and where a Jacobian is not zero.

A block has a row of cells for each row of the array, so that shapes can be compared by eye.
"""

import numpy as np

from bpkit.figures.sheet import Sheet
from bpkit.figures.style import (
    COLORS,
    GRAY,
    INK,
    SMALL,
    TEXT,
    WIDTH,
    house,
    number,
    shape_text,
    text_width,
    tint,
)

CELL = 0.26  # the side of a cell in inches, at most
GAP = 0.16  # around an operator
ROOM = 0.72  # above and below a block: its name and its shape
FILLS = ("sky", "orange")


@house()
def blocks(rows, lit=None, title=None):
    """Rows of arrays and signs, each array a block of cells under its name. Chapter 6.

    rows: a list of rows, or of pairs (text at the left, row). A row is a list of signs, such as "@"
    or "=", and arrays, (name, shape); a shape of one axis is drawn as a row of cells, () as one
    cell. lit: a dict from an array's name to cells (row, column) in the strong color. The rows
    alternate in color. Raises ValueError if a shape has more than two axes, or a row is too wide.

    >>> fig = blocks([[("X", (5, 3)), "@", ("W", (3, 2)), "=", ("Y", (5, 2))]], lit={"X": [(0, 1)]})
    """
    rows = [row if isinstance(row, tuple) else ("", row) for row in rows]
    left = max(text_width(text, TEXT) for text, _ in rows) + (0.3 if any(t for t, _ in rows) else 0)
    cell = min(_cell(row, WIDTH - left - 0.3) for _, row in rows)
    talls = [max(_grid(s)[0] for _, s in _arrays(row)) * cell + ROOM for _, row in rows]
    sheet, bottom = Sheet(WIDTH, sum(talls) + 0.1, title), sum(talls)
    for n, ((text, row), tall) in enumerate(zip(rows, talls, strict=True)):
        middle = bottom - tall / 2
        sheet.write(0.15, middle, text, TEXT, ha="left")
        x = left + (WIDTH - left - _width(row, cell)) / 2
        for item in row:
            wide = _item_width(item, cell)
            if isinstance(item, str):
                sheet.write(x + wide / 2, middle, item, TEXT + 3)
            else:
                cells = (lit or {}).get(item[0], ())
                _block(sheet, x + wide / 2, middle, item, cell, COLORS[FILLS[n % 2]], cells)
            x += wide
        bottom -= tall
    return sheet.fig


def _arrays(row):
    return [item for item in row if not isinstance(item, str)]


def _grid(shape):
    """Rows and columns of cells."""
    if len(shape) > 2:
        raise ValueError(f"blocks: shape {shape} has {len(shape)} axes; a block has at most two")
    return (1, 1, *shape)[-2:]


def _labels(item):
    name, shape = item
    return max(text_width(name, TEXT), text_width(shape_text(shape), SMALL)) + 0.1


def _item_width(item, cell):
    if isinstance(item, str):
        return text_width(item, TEXT + 3) + 2 * GAP
    return max(_grid(item[1])[1] * cell, _labels(item))


def _width(row, cell):
    return sum(_item_width(item, cell) for item in row)


def _cell(row, room):
    """The largest cell with which a row fits."""
    for cell in np.linspace(CELL, 0.04, 23):
        if _width(row, cell) <= room:
            return cell
    raise ValueError(f"blocks: a row is {_width(row, 0.04):.1f} inches wide; there are {room:.1f}")


def _block(sheet, x, y, item, cell, color, lit):
    name, shape = item
    tall, wide = _grid(shape)
    left, top = x - wide * cell / 2, y + tall * cell / 2
    for i in range(tall):
        for j in range(wide):
            fill = color if (i, j) in lit else tint(color, 0.25)
            place = left + (j + 0.5) * cell, top - (i + 0.5) * cell
            sheet.box(*place, cell, cell, fill, "white", 1.2, corner=0)
    sheet.box(x, y, wide * cell, tall * cell, "none", INK, 1.0, corner=0)
    sheet.write(x, top + 0.15, name, TEXT)
    sheet.write(x, top - tall * cell - 0.14, shape_text(shape), color=GRAY)


@house()
def pattern(matrix, every=None, xlabel="", ylabel="", title=None):
    """A matrix of numbers as cells: zeros are left empty, so that its pattern shows. Chapter 6.

    matrix: (n, m). every: (rows, columns) between heavier lines. Numbers are written if they fit.

    >>> fig = pattern(np.kron(np.eye(2), [[1.0, 2.0]]), every=(1, 2))
    """
    matrix = np.asarray(matrix, float)
    n, m = matrix.shape
    cell = min((WIDTH - 0.7) / m, 0.5)
    sheet = Sheet(WIDTH, n * cell + 0.6, title)
    left, top = (WIDTH - m * cell) / 2 + 0.1, n * cell + 0.15
    peak = np.abs(matrix).max() or 1
    size = min(SMALL, 72 * cell / 2.6)
    for (i, j), value in np.ndenumerate(matrix):
        x, y = left + (j + 0.5) * cell, top - (i + 0.5) * cell
        fill = COLORS["sky" if value > 0 else "orange"]
        shade = tint(fill, 0.2 + 0.6 * abs(value) / peak) if value else "white"
        sheet.box(x, y, cell, cell, shade, "#DDDDDD", 0.6, corner=0)
        if value:
            sheet.write(x, y, number(value, 2), size)
    down, across = every or (n, m)
    for i in range(0, n + 1, down):
        sheet.ax.plot(
            [left, left + m * cell], [top - i * cell] * 2, color=INK, ls="-", lw=1.2, zorder=6
        )
    for j in range(0, m + 1, across):
        sheet.ax.plot(
            [left + j * cell] * 2, [top, top - n * cell], color=INK, ls="-", lw=1.2, zorder=6
        )
    sheet.write(left + m * cell / 2, top + 0.2, xlabel)
    sheet.write(left - 0.2, top - n * cell / 2, ylabel, rotation=90)
    return sheet.fig
