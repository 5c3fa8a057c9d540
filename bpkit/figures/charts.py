"""Curves, bars and decision boundaries. Names stand at the lines themselves, not in a legend."""

import numpy as np
from matplotlib.colors import ListedColormap
from matplotlib.patheffects import withStroke

from bpkit.figures.layout import spread
from bpkit.figures.style import COLORS, GRAY, INK, SERIES, SMALL, TEXT, canvas, house, number, tint
from bpkit.graph import Tensor, no_grad

MARKERS = "os^DvPX"
HISTORY = {  # what to draw -> (label of the axis, the history's lists and their names)
    "loss": ("loss", {"loss": "training", "val_loss": "validation"}),
    "metric": ("metric", {"metric": "training", "val_metric": "validation"}),
    "grad_norm": ("norm of the gradient", {"grad_norm": ""}),
}


@house()
def line(x, ys, title=None, xlabel="", ylabel="", log="", marks=(), height=3.2):
    """Lines over a common x, each named at its right end. Chapter 1.

    x: (N,); ys: an array (N,), or a dict from a name to one. log: which axes are logarithmic, "x",
    "y" or "xy". marks: points (x, y, text) to point out. Lines differ in color and in dash.
    Raises ValueError, with both lengths, if a line doesn't fit x.

    >>> x = np.linspace(-2, 2, 9)
    >>> fig = line(x, {"x²": x**2, "2x": 2 * x}, xlabel="x")
    """
    x = np.asarray(x, float)
    ys = ys if isinstance(ys, dict) else {"": ys}
    told_apart(len(ys), "lines")
    fig, ax = canvas(height=height)
    ax.set(title=title, xlabel=xlabel, ylabel=ylabel)
    ax.set(xscale="log" if "x" in log else "linear", yscale="log" if "y" in log else "linear")
    ends = []
    for name, y in ys.items():
        y = np.asarray(y, float)
        if x.ndim != 1 or y.shape != x.shape:
            raise ValueError(
                f"line: x is {x.shape} but {name or 'y'} is {y.shape}; both must be (N,)"
            )
        color = ax.plot(x, y)[0].get_color()
        last = np.flatnonzero(np.isfinite(y))[-1:]
        ends += [(name, x[n], y[n], color) for n in last if name]
    name_ends(ax, ends, height)
    for at_x, at_y, text in marks:
        point_out(ax, at_x, at_y, text)
    return fig


def told_apart(n, what):
    if n > len(SERIES):
        raise ValueError(f"{n} {what} in one picture; at most {len(SERIES)} can be told apart")


def name_ends(ax, ends, height):
    """Write each line's name to the right of its end, spread so that no two touch."""
    if not ends:
        return
    bottom, top = ax.get_ylim()
    flat = ax.transData + ax.transAxes.inverted()
    spots = [flat.transform((x, y)) for _, x, y, *_ in ends]
    order = sorted(range(len(ends)), key=lambda n: spots[n][1])
    row = 1.35 * SMALL / 72 / (0.75 * height)
    levels = spread([spots[n][1] for n in order], [row] * (len(ends) - 1))
    for n, level in zip(order, levels, strict=True):
        name, _, _, color = ends[n]
        joint = {"arrowstyle": "-", "color": color, "lw": 0.9, "shrinkA": 0, "shrinkB": 0}
        fixed = {"xycoords": "axes fraction", "textcoords": "axes fraction"}
        ax.annotate("", spots[n], (1.05, level), arrowprops=joint, annotation_clip=False, **fixed)
        ax.annotate(name, (1, level), (1.06, level), va="center", size=SMALL, **fixed)
    ax.set_ylim(bottom, top)


def point_out(ax, x, y, text):
    """A dot with a text above it, or below it in the upper half of the axes."""
    low, high = ax.transAxes.transform([(0, 0), (0, 1)])[:, 1]
    above = ax.transData.transform((x, y))[1] < (low + high) / 2
    ax.plot([x], [y], "o", color=INK, markersize=6, zorder=5)
    note = ax.annotate(
        text,
        (x, y),
        (0, 13 if above else -13),
        textcoords="offset points",
        size=SMALL,
        ha="center",
        va="bottom" if above else "top",
        zorder=6,
    )
    note.set_path_effects([withStroke(linewidth=3, foreground="white")])


def curves(series, what="loss", title=None, log=False, best=None, xlabel="epoch", ylabel=None):
    """How training went: one line for each list, over epochs counted from 1. Chapter 10.

    series: the history that `fit` returns (what: "loss", "metric" or "grad_norm"), or a dict from a
    name to a list; a list may be shorter than the others. log: a logarithmic vertical axis. best:
    the epoch to mark, counted from 0; a history brings its own.

    >>> fig = curves({"training": [2.3, 1.1, 0.7], "validation": [2.3, 1.3, 1.2]}, best=2)
    """
    if not isinstance(series, dict):
        label, lists = HISTORY[what]
        best = series.best_epoch if best is None and what != "grad_norm" else best
        series = {name: getattr(series, key) for key, name in lists.items() if getattr(series, key)}
        ylabel = ylabel or label
    length = max(map(len, series.values()))
    padded = {name: [*ys, *[np.nan] * (length - len(ys))] for name, ys in series.items()}
    marks = []
    if best is not None:
        value = list(padded.values())[-1][best]
        marks.append((best + 1, value, f"best: epoch {best + 1}, {number(value)}"))
    epochs = np.arange(1, length + 1)
    fig = line(epochs, padded, title, xlabel, ylabel or what, "y" if log else "", marks)
    fig.axes[0].xaxis.get_major_locator().set_params(integer=True)
    return fig


@house()
def bars(labels, values, title=None, xlabel="", digits=3, stand_out=()):
    """Horizontal bars with their values written at the end. Chapter 9.

    labels: K texts; values: (K,). stand_out: which bars are drawn in the strong color.

    >>> fig = bars(["sum", "mean"], [32.0, 1.0], stand_out=[1])
    """
    values = np.asarray(values, float)
    if values.shape != (len(labels),):
        raise ValueError(f"bars: {len(labels)} labels but values of shape {values.shape}")
    fig, ax = canvas(height=0.55 + 0.34 * len(labels) + (0.3 if title else 0))
    colors = [
        COLORS["blue"] if n in stand_out or not stand_out else "#B8B8B8" for n in range(len(labels))
    ]
    drawn = ax.barh(range(len(labels)), values, color=colors, height=0.62)
    ax.bar_label(drawn, [number(v, digits) for v in values], padding=4, size=SMALL)
    ax.set_yticks(range(len(labels)), labels, size=TEXT)
    ax.set(title=title, xlabel=xlabel)
    ax.invert_yaxis()
    ax.axvline(0, color=GRAY, lw=0.8)
    ax.margins(x=0.12)
    ax.tick_params(axis="y", length=0)
    ax.grid(False)
    ax.spines["left"].set_visible(False)
    return fig


@house()
def boundary(model, X, y, title=None, xlabel="x₁", ylabel="x₂", names=None, steps=200):
    """Which class a model gives to each point of the plane, and the data. Chapter 8.

    model: a bpkit model or a function of an array, from (M, 2) to scores (M, K), or to one score a
    row, (M,) or (M, 1), positive for class 1. X: (N, 2); y: (N,), classes from 0. names: for the
    classes. Raises ValueError, with the shapes, if X and y don't fit.

    >>> X = np.array([[0.0, 1.0], [1.0, 0.0], [2.0, 3.0]])
    >>> fig = boundary(lambda points: points[:, 0] - points[:, 1], X, [0, 1, 0])
    """
    X, y = np.asarray(X, float), np.asarray(y)
    if X.ndim != 2 or X.shape[1] != 2 or y.shape != X.shape[:1]:
        raise ValueError(
            f"boundary: X is {X.shape} and y is {y.shape}; they must be (N, 2) and (N,)"
        )
    low, high = X.min(0), X.max(0)
    low, high = low - 0.08 * (high - low), high + 0.08 * (high - low)
    across, up = np.meshgrid(*(np.linspace(a, b, steps) for a, b in zip(low, high, strict=True)))
    answer = classes(model, np.column_stack([across.ravel(), up.ravel()])).reshape(across.shape)
    count = int(max(answer.max(), y.max())) + 1
    told_apart(count, "classes")
    colors = [color for color, _ in SERIES[:count]]

    fig, ax = canvas(height=4.2)
    tints = ListedColormap([tint(color, 0.2) for color in colors])
    ax.pcolormesh(across, up, answer, cmap=tints, vmin=-0.5, vmax=count - 0.5, rasterized=True)
    for k in range(count - 1):
        ax.contour(across, up, answer > k, [0.5], colors=GRAY, linewidths=1)
    for k, color in enumerate(colors):
        name = names[k] if names else f"class {k}"
        ax.scatter(
            *X[y == k].T, s=28, color=color, marker=MARKERS[k], ec="white", lw=0.6, label=name
        )
    ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False)
    ax.set(title=title, xlabel=xlabel, ylabel=ylabel, aspect="equal")
    ax.grid(False)
    return fig


def classes(model, points):
    """The class that a model gives to each row of points."""
    with no_grad():
        scores = model(points if not hasattr(model, "parameters") else Tensor(points))
    scores = scores.data if isinstance(scores, Tensor) else np.asarray(scores)
    if scores.ndim == 2 and scores.shape[1] > 1:
        return scores.argmax(1)
    return (scores.reshape(len(points)) > 0).astype(int)
