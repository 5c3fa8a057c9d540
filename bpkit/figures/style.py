"""How every figure looks: colors, sizes of text, numbers, an empty canvas.

The colors are those of Okabe and Ito (2008), which readers with any color vision can tell apart.
A figure is 6.4 inches wide and shown 640 pixels wide, so that its smallest text is read with ease.
"""

import math
from contextlib import contextmanager

import matplotlib
from cycler import cycler
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path

COLORS = {
    "black": "#000000",
    "orange": "#E69F00",
    "sky": "#56B4E9",
    "green": "#009E73",
    "yellow": "#F0E442",
    "blue": "#0072B2",
    "vermilion": "#D55E00",
    "purple": "#CC79A7",
}
INK, GRAY, PALE = "#222222", "#666666", "#D8D8D8"
SMALL, TEXT, TITLE = 9, 10, 12  # points
WIDTH = 6.4  # inches
PIXELS = 100  # shown for each inch
DPI = 200  # stored for each inch: sharp on a screen of double density

# One entry a series: two series differ in color and in dash, so color is never alone.
SERIES = [
    (COLORS["blue"], "-"),
    (COLORS["vermilion"], (0, (5, 2))),
    (COLORS["green"], (0, (1.2, 1.4))),
    (COLORS["purple"], (0, (6, 2, 1.2, 2))),
    (COLORS["orange"], (0, (9, 2))),
    (COLORS["black"], (0, (3, 1, 1.2, 1, 1.2, 1))),
    (COLORS["sky"], (0, (2.5, 2.5))),
]

RC = {
    "font.family": "DejaVu Sans",
    "mathtext.fontset": "dejavusans",
    "font.size": TEXT,
    "axes.titlesize": TITLE,
    "axes.titlelocation": "left",
    "axes.titlepad": 10,
    "figure.titlesize": TITLE,
    "axes.labelsize": TEXT,
    "xtick.labelsize": SMALL,
    "ytick.labelsize": SMALL,
    "legend.fontsize": SMALL,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": GRAY,
    "xtick.color": GRAY,
    "ytick.color": GRAY,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.titlecolor": INK,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.axisbelow": True,
    "grid.color": "#E8E8E8",
    "axes.prop_cycle": cycler(color=[color for color, _ in SERIES])
    + cycler(linestyle=[dash for _, dash in SERIES])
    + cycler(linewidth=[2] * len(SERIES)),
    "axes.unicode_minus": True,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
}


@contextmanager
def house():
    """The book's style and nothing of the reader's own settings; also decorates a function."""
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(RC)
        yield


@house()
def canvas(rows=1, columns=1, height=3.2, width=WIDTH):
    """An empty figure in the book's style, and its axes: one, or an array of rows by columns.

    height and width are in inches; 6.4 inches fill the 640 pixels of a page.

    >>> fig, ax = canvas(height=2.5)
    >>> ax.plot([1, 2, 3], [1, 4, 9])[0].get_linewidth()
    2.0
    """
    fig = Figure(figsize=(width, height), dpi=DPI, layout="constrained")
    return fig, fig.subplots(rows, columns)


def text_width(text, size, weight="normal"):
    """The width in inches of a text of this many points; of its longest line, if it has several.

    >>> text_width("longer", 10) > text_width("long", 10) == text_width("long\\nlo", 10)
    True
    """
    font = FontProperties(family="DejaVu Sans", weight=weight, size=size)
    lines = str(text).split("\n")
    return max(text_to_path.get_text_width_height_descent(s, font, False)[0] for s in lines) / 72


def tint(color, amount):
    """A color mixed with white: amount 0 is white, amount 1 the color itself.

    >>> tint("#000000", 0.5)
    (0.5, 0.5, 0.5)
    """
    return tuple(1 - amount * (1 - part) for part in to_rgb(color))


def number(x, digits=3):
    """A number as short text: significant digits, no idle zeros, a true minus sign.

    >>> number(14.0), number(-1 / 3), number(1234567.0), number(1e-7), number(-0.0)
    ('14', '−0.333', '1.23×10⁶', '1×10⁻⁷', '0')
    """
    x = float(x)
    if not math.isfinite(x):
        return "nan" if x != x else "∞" if x > 0 else "−∞"
    mantissa, power = f"{x:.{digits - 1}e}".split("e")
    if float(mantissa) == 0:
        return "0"
    power = int(power)
    plain = -3 <= power < max(digits, 5)
    text = f"{x:.{max(0, digits - 1 - power)}f}" if plain else mantissa
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    if not plain:
        text += "×10" + superscript(power)
    return text.replace("-", "−")


def superscript(n):
    """A whole number written high: 10 to the power -7 is 10⁻⁷.

    >>> superscript(-12)
    '⁻¹²'
    """
    return str(n).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))


def shape_text(shape):
    """A shape as Python writes it.

    >>> shape_text((5,)), shape_text((5, 3))
    ('(5,)', '(5, 3)')
    """
    return str(tuple(int(n) for n in shape))
