"""Numbers and the arrows between them, drawn from a plain dictionary: forks, and the paths through.

Chapter 3 uses it before there is a graph that records itself.
"""

from itertools import pairwise
from types import SimpleNamespace

from bpkit.figures.graph import GRADIENT, Page, lay_out, path_style
from bpkit.figures.style import INK, SMALL, TEXT, WIDTH, house, number


@house()
def draw_paths(edges, values=None, gradients=None, highlight=(), slopes=True, title=None):
    """Numbers as boxes, an arrow from each to whatever is made from it. Chapter 3.

    edges: a dictionary from each name, parts first, to its list of (part, local slope), as in the
    exercises; the last is the result. values, gradients: dictionaries from some names to numbers,
    written into the boxes. highlight: paths, each a list of names. slopes: whether arrows carry
    them. Raises ValueError if a path takes an arrow that isn't there.

    >>> fig = draw_paths({"a": [], "b": [("a", 3)], "c": [("a", 2), ("b", 1)]}, highlight=["abc"])
    """
    names = list(edges)
    nodes = [SimpleNamespace(sources=[names.index(p) for p, _ in edges[name]]) for name in names]
    boxes = [box_rows(name, values or {}, gradients or {}) for name in names]
    labels = [[number(s) if slopes else "" for _, s in edges[name]] for name in names]
    layout = min(
        (lay_out(nodes, boxes, labels, gap, down=False) for gap in (0.55, 0.4, 0.22)),
        key=lambda layout: max(layout.width, WIDTH - 0.3),
    )
    paths = [arrows(path, edges) for path in highlight]
    key = [(path_style(p), " → ".join(path)) for p, path in enumerate(highlight)]
    page = Page(layout, key, title)
    for i, (name, routes) in enumerate(zip(names, layout.routes, strict=True)):
        for k, route in enumerate(routes):
            used = [p for p, path in enumerate(paths) if (name, k) in path]
            page.connect(route, used, faded=bool(paths))
        page.node(i, boxes[i], leaf=not edges[name], asks=True, last=name == names[-1])
        for route, text in zip(routes, labels[i], strict=True):
            if text:
                page.label(route, text, INK)
    return page.fig


def box_rows(name, values, gradients):
    """The rows of text in a box: the name, and below it the value and the gradient if given."""
    rows = [[(name, TEXT + 1, "bold", INK)]]
    if name in values:
        rows.append([(number(values[name]), TEXT, "normal", INK)])
    if name in gradients:
        rows.append([("grad " + number(gradients[name]), SMALL + 0.5, "normal", GRADIENT)])
    return rows


def arrows(path, edges):
    """The arrows of a path: (the name an arrow leads to, which of its parts it comes from)."""
    found = []
    for start, end in pairwise(path):
        parts = [part for part, _ in edges[end]]
        if start not in parts:
            raise ValueError(f"draw_paths: no arrow leads from {start} to {end}")
        found.append((end, parts.index(start)))
    return found
