"""The map of the book: chapters as boxes, each below or beside what it needs."""

from matplotlib.patches import Rectangle

from bpkit.figures.style import COLORS, GRAY, INK, PALE, SMALL, WIDTH, canvas, house, tint

ROWS = [  # where each chapter stands; 0 is an empty place
    (1, 2, 3, 4, 5),
    (0, 0, 6, 20, 0),
    (0, 7, 8, 9, 0),
    (0, 0, 10, 0, 0),
    (11, 16, 21, 23, 24),
    (12, 13, 14, 0, 0),
    (22, 15, 17, 0, 0),
    (0, 19, 18, 0, 0),
]
PLACES = {n: (row, col) for row, line in enumerate(ROWS) for col, n in enumerate(line) if n}
COLUMN, ROW, BOX = WIDTH / 5, 0.68, (1.14, 0.42)  # inches


@house()
def chapter_map(entries, standing):
    """A picture of which chapter needs which.

    entries: chapters with a number, a name and the numbers that each needs; standing: the numbers
    of those that exist, which are filled. Returns a Figure.
    """
    fig, ax = canvas(height=ROW * len(ROWS) + 0.1)
    fig.set_layout_engine("none")
    ax.set_position([0, 0, 1, 1])
    ax.set(xlim=(0, WIDTH), ylim=(0, fig.get_figheight()))
    ax.axis("off")
    for entry in entries:
        for need in entry.needs:
            start, end = ends(need, entry.number)
            arrow = {"arrowstyle": "-|>", "color": GRAY, "lw": 1.1, "shrinkA": 0, "shrinkB": 0}
            ax.annotate("", end, start, arrowprops=arrow)
        x, y = middle(entry.number)
        stands = entry.number in standing
        box = {"facecolor": tint(COLORS["sky"], 0.35) if stands else "white"}
        box |= {"edgecolor": INK if stands else PALE, "lw": 1.4 if stands else 1.0}
        ax.add_patch(Rectangle((x - BOX[0] / 2, y - BOX[1] / 2), *BOX, zorder=2, **box))
        text = {"color": INK if stands else GRAY, "ha": "center", "va": "center", "zorder": 3}
        ax.text(x, y + 0.09, entry.number, size=SMALL, weight="bold", **text)
        ax.text(x, y - 0.09, entry.name, size=SMALL, **text)
    return fig


def middle(number):
    """The middle of a chapter's box, in inches from the lower left corner."""
    row, column = PLACES[number]
    return (column + 0.5) * COLUMN, (len(ROWS) - row - 0.5) * ROW + 0.05


def ends(need, number):
    """Where the arrow from one box to another starts and ends."""
    (x0, y0), (x1, y1) = middle(need), middle(number)
    if y0 == y1:
        return (x0 + BOX[0] / 2, y0), (x1 - BOX[0] / 2, y1)
    return (x0, y0 - BOX[1] / 2), (x1, y1 + BOX[1] / 2)
