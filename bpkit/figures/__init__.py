"""Pictures for the book, drawn with matplotlib: graphs, curves, images, tables, networks.

Every function returns a matplotlib Figure; `show` puts it on the page with its description.
"""

from bpkit.figures.chains import factory
from bpkit.figures.charts import bars, boundary, curves, line
from bpkit.figures.checking import claims, fan, shadows
from bpkit.figures.curves_of_functions import curves_of_functions
from bpkit.figures.graph import draw_graph
from bpkit.figures.grids import confusion, images
from bpkit.figures.matrices import blocks, pattern
from bpkit.figures.networks import flow, layers
from bpkit.figures.nodes import graph_text
from bpkit.figures.paths import draw_paths
from bpkit.figures.picture import html_of, show
from bpkit.figures.slopes import secants, valley, zoom
from bpkit.figures.style import COLORS, canvas, number
from bpkit.figures.wires import wires

__all__ = [
    "COLORS",
    "bars",
    "blocks",
    "boundary",
    "canvas",
    "claims",
    "confusion",
    "curves",
    "curves_of_functions",
    "draw_graph",
    "draw_paths",
    "factory",
    "fan",
    "flow",
    "graph_text",
    "html_of",
    "images",
    "layers",
    "line",
    "number",
    "pattern",
    "secants",
    "shadows",
    "show",
    "valley",
    "wires",
    "zoom",
]
