"""A computation graph as a picture: boxes for tensors, arrows from inputs to results.

Everything is placed in inches by `layout`, and drawn at that size, so that text keeps its size.
"""

from itertools import pairwise
from textwrap import wrap

import numpy as np
from matplotlib.path import Path

from bpkit.figures.layout import bend, place
from bpkit.figures.nodes import arrow_texts, nodes_of, path_arrows, visits
from bpkit.figures.sheet import HEAD, MARGIN, Sheet
from bpkit.figures.style import (
    COLORS,
    GRAY,
    INK,
    SERIES,
    SMALL,
    TEXT,
    TITLE,
    WIDTH,
    house,
    text_width,
    tint,
)

GRADIENT = COLORS["blue"]
ARROWS = {
    "local": "local derivative",
    "gradient": "gradient passed back",
    "both": "local × upstream = gradient passed back",
}
MOST = 80  # nodes in a picture
PAD = 0.08  # inches, as every length here
HIGHLIGHT = 2.2  # points
UP, LEFT = (0, 1), (-1, 0)


@house()
def draw_graph(
    root,
    values=True,
    gradients=True,
    edges=None,
    highlight=(),
    order=(),
    direction=None,
    title=None,
    key=True,
    digits=3,
):
    """A picture of the computation graph below `root`. Chapter 4.

    root: a Tensor, before `backward` or after `backward(keep=True)`. A single number shows its
    value and its gradient, any other tensor the shapes of both. edges: None, "local" (the local
    derivative on each arrow), "gradient" (what each arrow passes back) or "both"; single numbers
    only. highlight: paths, each a list of tensors from an input to a result. order: tensors in the
    order in which they are visited, numbered at their boxes. direction: "right", "down", or None
    for whichever fits the page. Returns a Figure. Raises GraphError if the graph was released, and
    ValueError if it has more than 80 nodes.

    >>> a = bp.Tensor(2.0, name="a")
    >>> fig = draw_graph(3 * a + a, edges="local")
    """
    choose("edges", edges, (None, *ARROWS))
    choose("direction", direction, (None, "right", "down"))
    nodes = nodes_of(root, digits)
    if len(nodes) > MOST:
        raise ValueError(f"draw_graph: {len(nodes)} nodes; a picture holds {MOST}; use graph_text")
    boxes = [box_rows(node, values, gradients) for node in nodes]
    labels = [arrow_texts(node, nodes, edges, digits) for node in nodes]
    layouts = [lay_out(nodes, boxes, labels, gap, down) for gap, down in ways(direction)]
    layout = min(layouts, key=lambda layout: max(layout.width, WIDTH - 2 * MARGIN))

    paths = [path_arrows(path, nodes) for path in highlight]
    lines = [(None, text) for text in key_texts(nodes, values, gradients, edges) if key]
    lines += [(path_style(p), path_name(path, nodes)) for p, path in enumerate(highlight)]
    page = Page(layout, lines, title)
    for i, routes in enumerate(layout.routes):
        for k, route in enumerate(routes):
            page.connect(route, [p for p, path in enumerate(paths) if (i, k) in path], bool(paths))
    for i, (node, rows) in enumerate(zip(nodes, boxes, strict=True)):
        page.node(i, rows, leaf=not node.sources, asks=asks(node), last=node.tensor is root)
        for route, text in zip(layout.routes[i], labels[i], strict=True):
            if text:
                page.label(route, text, GRADIENT if edges == "gradient" else INK)
    for i, text in visits(order, nodes).items():
        page.badge(i, text)
    return page.fig


def choose(what, given, allowed):
    if given not in allowed:
        raise ValueError(
            f"draw_graph: {what} is {given!r}; choose one of {', '.join(map(repr, allowed))}"
        )


def asks(node):
    return node.tensor is not None and node.tensor.requires_grad


def ways(direction):
    """Gaps and directions to try, the roomiest first."""
    right, down = [(0.55, False), (0.4, False), (0.22, False)], [(0.28, True)]
    return {"right": right, "down": down, None: right + down}[direction]


def path_style(p):
    """Color and dash of the p-th highlighted path; blue is kept for gradients."""
    return SERIES[1 + p % (len(SERIES) - 1)]


def path_name(path, nodes):
    """A path by the names of its tensors, or by what made them."""
    texts = {id(node.tensor): node.name or node.operation for node in nodes}
    return " → ".join(texts[id(tensor)] for tensor in path)


def key_texts(nodes, values, gradients, edges):
    """The line below the picture that says what stands where."""
    parts = []
    if values and any(node.value.startswith("(") for node in nodes):
        parts.append("in brackets: shape")
    if gradients and any(node.gradient for node in nodes):
        parts.append(f"grad: derivative of {nodes[-1].name or 'the result'}")
    if edges:
        parts.append("on an arrow: " + ARROWS[edges])
    return [" · ".join(parts)] if parts else []


def box_rows(node, values, gradients):
    """The rows of text in a box; a row is a list of (text, points, weight, color)."""
    lines = wrap(node.operation, 14, break_long_words=False) or [""]
    symbol = 13 if len(node.operation) == 1 else TEXT
    shade = GRAY if node.name or node.tensor is None else INK
    rows = [[(line, symbol, "normal", shade)] if line else [] for line in lines]
    if node.name:
        rows[0].insert(0, (node.name, TEXT + 1, "bold", INK))
    if not rows[0]:
        rows[0].append(("leaf", TEXT, "normal", GRAY))
    if values:
        rows.append([(node.value, TEXT, "normal", INK)])
    if gradients and node.gradient:
        rows.append([("grad " + node.gradient, SMALL + 0.5, "normal", GRADIENT)])
    return rows


def row_width(row):
    return sum(text_width(*run[:3]) for run in row) + 0.07 * (len(row) - 1)


def row_height(row):
    return 1.3 / 72 * max(min(size, TEXT + 1) for _, size, *_ in row)


def label_size(text):
    """Width and height of the label on an arrow."""
    return text_width(text, SMALL) + 0.08, 0.16 * (1 + text.count("\n")) + 0.02


def lay_out(nodes, boxes, labels, gap, down):
    """Sizes of boxes from their texts and the labels that arrive, and then the layout."""
    along, across = (1, 0) if down else (0, 1)
    sizes, run = [], HEAD + 0.02
    for rows, texts in zip(boxes, labels, strict=True):
        size = [
            max(0.5, max(map(row_width, rows)) + 2 * PAD),
            sum(map(row_height, rows)) + 1.2 * PAD,
        ]
        for text in filter(None, texts):
            label = label_size(text)
            size[across] = max(size[across], len(texts) * (label[across] + 0.04))
            run = max(run, HEAD + 0.04 + label[along])
        sizes.append(tuple(size))
    return place([node.sources for node in nodes], sizes, gap, run, 0.2 if down else 0.16, down)


def smooth(points, down):
    """The route of an arrow as a path: bends and straight pieces in turn."""
    vertices, codes = [points[0]], [Path.MOVETO]
    for n, (a, b) in enumerate(pairwise(points)):
        vertices += [b] if n % 2 else [*bend(a, b, down), b]
        codes += [Path.LINETO] if n % 2 else [Path.CURVE4] * 3
    return Path(vertices, codes)


class Page(Sheet):
    """A sheet with the parts of a graph at their places, a key below them, a title above."""

    def __init__(self, layout, lines, title):
        wide = [text_width(text, SMALL) + (0.4 if stroke else 0) for stroke, text in lines]
        wide += [layout.width, text_width(title or "", TITLE)]
        below = MARGIN + (0.08 if lines else 0) + 0.18 * len(lines)
        super().__init__(max(wide) + 2 * MARGIN, below + layout.height + MARGIN, title)
        self.layout = layout
        self.shift = np.array([(max(wide) - layout.width) / 2 + MARGIN, below])
        for n, (stroke, text) in enumerate(lines):
            x, y = MARGIN, MARGIN + 0.18 * (len(lines) - n - 0.5)
            if stroke:
                self.stroke(Path([(x, y), (x + 0.32, y)]), *stroke, HIGHLIGHT)
                x += 0.4
            self.write(x, y, text, color=GRAY, ha="left")

    def connect(self, route, paths, faded):
        """One arrow along its route; on highlighted paths, one stroke beside the other for each."""
        strokes = [(*path_style(p), HIGHLIGHT) for p in paths]
        strokes = strokes or [("#C4C4C4" if faded else "#8A8A8A", "-", 1.2)]
        points, back = (
            np.array(route) + self.shift,
            np.array([0, 1] if self.layout.down else [-1, 0]),
        )
        tip = points[-1].copy()
        points[-1] += 0.8 * HEAD * back
        for n, (color, dash, line) in enumerate(strokes):
            aside = 0.05 * (n - (len(strokes) - 1) / 2) * np.abs(back[::-1])
            self.stroke(smooth(points + aside, self.layout.down), color, dash, line)
        self.head(tip, back, strokes[0][0] if len(strokes) == 1 else INK, 0.6 if paths else 0.42)

    def node(self, i, rows, leaf, asks, last):
        """A box with its rows of text: square for a leaf, gray where no gradient is asked for."""
        (x, y), (w, h) = self.layout.centers[i] + self.shift, self.layout.sizes[i]
        fill = (tint(COLORS["sky"], 0.22) if asks else "#F0F0F0") if leaf else "white"
        edge = INK if last or asks else "#AAAAAA"
        self.box(x, y, w, h, fill, edge, 1.8 if last else 0.9, 0 if leaf else 0.1)
        y += sum(map(row_height, rows)) / 2
        for row in rows:
            y -= row_height(row) / 2
            at = x - row_width(row) / 2
            for text, size, weight, color in row:
                self.write(at, y, text, size, color, "left", "center_baseline", weight=weight)
                at += text_width(text, size, weight) + 0.07
            y -= row_height(row) / 2

    def label(self, route, text, color):
        """A text on the straight end of an arrow."""
        (x, y), (w, h) = np.array(route[-1]) + self.shift, label_size(text)
        x, y = (x, y + HEAD + h / 2) if self.layout.down else (x - HEAD - w / 2, y)
        blank = {"boxstyle": "round,pad=0.12", "fc": "white", "ec": "none"}
        self.write(x, y, text, color=color, linespacing=1.05, bbox=blank, zorder=2)

    def badge(self, i, text):
        """Visit numbers on the upper left corner of a box."""
        (x, y), (w, h) = self.layout.centers[i] + self.shift, self.layout.sizes[i]
        x, y = x - w / 2 - 0.03, y + h / 2 + 0.04
        dark = {"boxstyle": "round,pad=0.2,rounding_size=0.5", "fc": INK, "ec": "white"}
        self.write(x, y, text, color="white", ha="left", weight="bold", bbox=dark, zorder=6)
