"""Functions of one number and their slopes, in small panels that share their axes.

For activations and losses: what a function does to a number, and how much of a gradient it lets
through there.
"""

import numpy as np
from matplotlib.ticker import MaxNLocator

from bpkit.figures.style import GRAY, SERIES, SMALL, canvas, house


@house()
def curves_of_functions(functions, x, columns=4, title=None, xlabel="", ylim=None):
    """A panel for each function: its curve, and dashed its slope. Chapter 8.

    functions: a dict from a name to a pair (f, slope), each a function of an array (N,). x: (N,).
    ylim: the vertical range, shared by all panels. Values are not joined across a jump.

    >>> x = np.linspace(-3, 3, 61)
    >>> fig = curves_of_functions({"tanh": (np.tanh, lambda x: 1 - np.tanh(x) ** 2)}, x, columns=1)
    """
    x = np.asarray(x, float)
    rows = -(-len(functions) // columns)
    fig, axes = canvas(rows=rows, columns=columns, height=0.35 + 1.62 * rows)
    axes = np.ravel(axes)
    for ax, (name, pair) in zip(axes, functions.items(), strict=False):
        for f, (color, dash), what in zip(pair, SERIES, ("value", "slope"), strict=False):
            y = np.asarray(f(x), float)
            if y.shape != x.shape:
                raise ValueError(
                    f"curves_of_functions: the {what} of {name} is {y.shape}, x {x.shape}"
                )
            ax.plot(x, _broken(y), color=color, ls=dash)
        ax.set_title(name, fontsize=10, pad=4)
        ax.axhline(0, color=GRAY, lw=0.6)
        ax.axvline(0, color=GRAY, lw=0.6)
        ax.set(ylim=ylim, xlabel=xlabel)
        ax.xaxis.set_major_locator(MaxNLocator(4, integer=True))
        ax.xaxis.label.set_size(SMALL)
    for ax in axes[len(functions) :]:
        ax.axis("off")
    key = axes[len(functions)] if len(axes) > len(functions) else axes[0]
    for n, what in enumerate(("value", "slope")):
        key.plot([], [], color=SERIES[n][0], ls=SERIES[n][1], label=what)
    key.legend(loc="center" if len(axes) > len(functions) else "upper left", frameon=False)
    fig.suptitle(title, x=0.01, ha="left") if title else None
    return fig


def _broken(y):
    """y with a gap where it jumps by much more than it moves elsewhere."""
    moves = np.abs(np.diff(y))
    jumps = moves > 20 * np.median(moves) + 0.2 * np.ptp(y)
    return np.where(np.append(jumps, False), np.nan, y)
