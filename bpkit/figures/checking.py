"""Pictures of a gradient check: claimed slopes at a curve, and what a direction sees of a gradient.

Chapter 5 uses them: a check measures a slope between two points and holds a claim against it.
"""

import numpy as np

from bpkit.figures.charts import name_ends, point_out
from bpkit.figures.style import COLORS, GRAY, INK, SERIES, SMALL, canvas, house, number

REACH = 2.2  # how far a picture goes to either side, in steps
DOTS = (0, (1, 1.5))


@house()
def claims(f, at, h, slopes, xlabel="w", ylabel="loss"):
    """A curve, the line through two of its points, and the slopes claimed between them. Chapter 5.

    f takes an array and returns one; the points are at - h and at + h. slopes: a dict from a name
    to a number. Each is drawn through the curve at `at`; a true one runs beside the measured line.

    >>> fig = claims(lambda w: (2 * w - 3) ** 2, 1.0, 0.3, {"true": -4.0, "wrong": -2.0})
    """
    fig, ax = canvas(height=3.4)
    around = np.linspace(at - REACH * h, at + REACH * h, 200)
    ax.plot(around, f(around), color=GRAY, ls="-", lw=1.5)
    run, behind, ahead = np.array([-1.8 * h, 1.8 * h]), f(at - h), f(at + h)
    lines = {"measured": ((ahead + behind) / 2, (ahead - behind) / (2 * h), INK, DOTS)}
    for (name, slope), (color, dash) in zip(slopes.items(), SERIES, strict=False):
        lines[name] = f(at), slope, color, dash
    ends = []
    for name, (middle, slope, color, dash) in lines.items():
        y = middle + slope * run
        ax.plot(at + run, y, color=color, ls=dash)
        ends.append((f"{name}, {number(slope)}", at + run[1], y[1], color))
    ax.plot([at - h, at + h], [behind, ahead], "o", color=INK, markersize=7, zorder=5)
    ax.plot([at], [f(at)], "o", color="white", mec=INK, markersize=7, zorder=5)
    ax.set(xlabel=xlabel, ylabel=ylabel)
    name_ends(ax, ends, 3.4)
    return fig


@house()
def shadows(arrows, directions):
    """Arrows from one point, and the shadow that each throws on a line: a panel a line. Chapter 5.

    arrows: a dict from a name to a pair of numbers; directions: pairs of numbers, each of which
    gives the line of one panel. Two arrows with one shadow can't be told apart along that line.

    >>> fig = shadows({"true": (-4, -2), "wrong": (-2, -4)}, [(1, 1), (2, -1)])
    """
    fig, axes = canvas(columns=len(directions), height=3.4)
    reach = 1.15 * max(max(map(abs, arrow)) for arrow in arrows.values())
    for ax, direction in zip(np.atleast_1d(axes), directions, strict=True):
        unit = np.array(direction) / np.hypot(*direction)
        ax.plot(*np.outer(unit, [-2 * reach, 2 * reach]), color=GRAY, ls="-", lw=1)
        for (name, arrow), (color, dash) in zip(arrows.items(), SERIES, strict=False):
            tip, foot = np.array(arrow, float), unit * np.dot(unit, arrow)
            ax.plot(*zip((0, 0), tip, strict=True), color=color, ls=dash)
            ax.plot(*tip, "o", color=color, markersize=7)
            ax.plot(*zip(tip, foot, strict=True), color=color, ls=DOTS, lw=1.2)
            ax.plot(*foot, "s", color=color, markersize=6, zorder=5)
            ax.annotate(
                name,
                tip,
                (0, -15),
                textcoords="offset points",
                size=SMALL,
                color=color,
                ha="center",
            )
        title = f"along ({', '.join(map(number, direction))})"
        limits = (-reach * 1.25, reach * 0.75)
        ax.set(title=title, xlim=limits, ylim=limits, aspect="equal", xlabel="w", ylabel="b")
    return fig


@house()
def fan(f, at, slopes, reach=1.0, xlabel="", ylabel=""):
    """A curve with a kink, and lines of the given slopes through it. Chapter 5.

    f takes an array and returns one; reach: how far to either side of `at` the picture goes.

    >>> fig = fan(lambda z: np.maximum(z, 0), 0.0, [0, 0.5, 1])
    """
    fig, ax = canvas(height=3.0)
    run = np.linspace(-reach, reach, 201)
    for slope in slopes:
        ax.plot(at + run, f(at) + slope * run, color=COLORS["orange"], ls=(0, (4, 2)), lw=1.4)
        end = (at + 1.02 * reach, f(at) + slope * reach)
        ax.annotate(number(slope), end, (4, 0), textcoords="offset points", size=SMALL, va="center")
    ax.plot(at + run, f(at + run), color=INK, ls="-", lw=3)
    point_out(ax, at, f(at), "")
    ax.set(xlabel=xlabel, ylabel=ylabel, xlim=(at - reach, at + 1.2 * reach))
    return fig
