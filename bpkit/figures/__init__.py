"""Pictures for the book, drawn with matplotlib: graphs, curves, images, tables, networks.

Every function returns a matplotlib Figure; `show` puts it on the page with its description.
"""

from bpkit.figures.charts import bars, boundary, curves, line
from bpkit.figures.graph import draw_graph
from bpkit.figures.grids import confusion, images
from bpkit.figures.networks import flow, layers
from bpkit.figures.nodes import graph_text
from bpkit.figures.picture import html_of, show
from bpkit.figures.style import COLORS, canvas, number

__all__ = [
    "COLORS",
    "bars",
    "boundary",
    "canvas",
    "confusion",
    "curves",
    "draw_graph",
    "flow",
    "graph_text",
    "html_of",
    "images",
    "layers",
    "line",
    "number",
    "show",
]
