"""Pictures for the book, drawn with matplotlib: graphs, curves, images, tables, networks.

Every function returns a matplotlib Figure; `show` puts it on the page with its description.
"""

from bpkit.figures.graph import draw_graph
from bpkit.figures.nodes import graph_text
from bpkit.figures.picture import show
from bpkit.figures.style import COLORS, canvas, number

__all__ = ["COLORS", "canvas", "draw_graph", "graph_text", "number", "show"]
