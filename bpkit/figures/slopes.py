"""A curve and the straight lines that stand for its slope: secants, a tangent, a magnifying glass.

Chapter 1 uses them to show what a slope is: what is left of a curve when you look closely enough.
"""

import numpy as np

from bpkit.figures.style import COLORS, INK, SERIES, SMALL, canvas, house, number

POINTS = 400  # of a drawn curve
MOST = 3  # secants in a picture


@house()
def secants(f, x, steps, slope, ends, xlabel="", ylabel=""):
    """A curve, its secants from x to x + h for each step h, and its tangent at x. Chapter 1.

    f takes an array and returns one; steps: the h, at most 3; slope: the tangent's; ends: the
    first and the last x that is drawn. Each line is named with its slope. Raises ValueError if
    there are more steps.

    >>> fig = secants(lambda x: x**2, 1.0, [1.0, 0.5], 2.0, ends=(0.0, 2.5))
    """
    if len(steps) > MOST:
        raise ValueError(f"secants: {len(steps)} steps; a picture holds {MOST}")
    fig, ax = canvas(height=3.8)
    along = np.linspace(*ends, POINTS)
    ax.plot(along, f(along), color=INK, ls="-", lw=2.5)
    low, high = ax.get_ylim()
    reach = 0.1 * (ends[1] - ends[0])
    lines = [(f"h = {number(h)}", (f(x + h) - f(x)) / h, h, -reach) for h in steps]
    lines.append(("tangent", slope, reach, -2 * reach))
    looks = [*SERIES[: len(steps)], (COLORS["orange"], "-")]
    for (name, rise, right, left), (color, dash) in zip(lines, looks, strict=True):
        tangent = name == "tangent"
        run = np.array([left, right])
        ax.plot(x + run, f(x) + rise * run, color=color, ls=dash, lw=3 if tangent else 2)
        ax.annotate(
            f"{name}, slope {number(rise)}",
            (x + right, f(x) + rise * right),
            (-6 if tangent else 6, -4),
            textcoords="offset points",
            size=SMALL,
            ha="right" if tangent else "left",
            va="top",
        )
        if not tangent:
            ax.plot([x + right], [f(x + right)], "o", color=color, markersize=6, zorder=4)
    ax.plot([x], [f(x)], "o", color=INK, markersize=7, zorder=5)
    ax.set(xlabel=xlabel, ylabel=ylabel, xlim=ends, ylim=(low - 0.06 * (high - low), high))
    return fig


@house()
def zoom(f, x, slope, widths, xlabel=""):
    """A curve and the line of this slope through x, looked at more and more closely. Chapter 1.

    f takes an array and returns one; widths: how far each panel reaches to either side of x.

    >>> fig = zoom(np.sin, 0.5, np.cos(0.5), [1.0, 0.1, 0.01])
    """
    fig, axes = canvas(columns=len(widths), height=2.5)
    for ax, width in zip(axes, widths, strict=True):
        run = np.linspace(-width, width, POINTS)
        ax.plot(x + run, f(x + run), color=INK, ls="-", lw=3, label="curve")
        ax.plot(x + run, f(x) + slope * run, color=COLORS["orange"], ls=(0, (3, 1.5)), label="line")
        ax.plot([x], [f(x)], "o", color=INK, markersize=6)
        ax.set(title=f"within {number(width)}", xlabel=xlabel)
        ax.set_xticks([x - width, x, x + width], [number(v) for v in (x - width, x, x + width)])
    axes[-1].legend(frameon=False)
    return fig


@house()
def valley(steps, errors, models=None, title=None):
    """Errors of difference quotients against their steps, on logarithmic axes. Chapter 1.

    steps: (K,); errors: a dict from a name to (K,), at most 3; an error of 0 has no place on the
    axis and is left out. models: a dict from some of these names to (K,), drawn as lines.

    >>> h = 10.0 ** -np.arange(1, 9)
    >>> fig = valley(h, {"one-sided": h + 1e-16 / h}, {"one-sided": h})
    """
    if len(errors) > MOST:
        raise ValueError(f"valley: {len(errors)} kinds of error; a picture holds {MOST}")
    fig, ax = canvas(height=3.6)
    for (name, error), (color, dash), marker in zip(
        errors.items(), SERIES[: len(errors)], "osD"[: len(errors)], strict=True
    ):
        seen = np.asarray(error) > 0
        ax.plot(
            steps[seen], error[seen], marker, color=color, markersize=5, label=name, linestyle=""
        )
        if models and name in models:
            ax.plot(steps, models[name], color=color, ls=dash, lw=1.5, label=f"{name}: model")
    ax.set(xscale="log", yscale="log", xlabel="step h", ylabel="error of the slope", title=title)
    ax.legend(frameon=True, framealpha=1, edgecolor="white", loc="lower left")
    return fig
