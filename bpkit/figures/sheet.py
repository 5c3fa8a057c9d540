"""A blank sheet on which one unit is one inch: what is measured fits, and text keeps its size."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch, PathPatch, Polygon
from matplotlib.path import Path

from bpkit.figures.style import DPI, INK, SMALL, TITLE

MARGIN = 0.15  # inches
HEAD = 0.09  # the length of an arrow's head
BACKWARD = (0, (4, 1.5))  # the dash of an arrow that carries a gradient


class Sheet:
    """A figure of a size in inches, with a title above it if one is given."""

    def __init__(self, width, height, title=None):
        top = height + (0.32 if title else 0)
        self.fig = Figure(figsize=(width, top), dpi=DPI)
        self.ax = self.fig.add_axes([0, 0, 1, 1], xlim=(0, width), ylim=(0, top))
        self.ax.axis("off")
        if title:
            self.write(MARGIN, top - MARGIN, title, TITLE, ha="left", va="top")

    def write(self, x, y, text, size=SMALL, color=INK, ha="center", va="center", **more):
        self.ax.text(
            x, y, text, **{"size": size, "color": color, "ha": ha, "va": va, "zorder": 5, **more}
        )

    def box(self, x, y, w, h, fill, edge=INK, line=1.0, corner=0.1):
        """A box around the middle (x, y)."""
        style = f"round,pad=0,rounding_size={corner}" if corner else "square,pad=0"
        place = {"xy": (x - w / 2, y - h / 2), "width": w, "height": h}
        box = FancyBboxPatch(**place, boxstyle=style, fc=fill, ec=edge, lw=line, zorder=4)
        self.ax.add_patch(box)

    def arrow(self, start, end, color=INK, dash="-", line=1.5):
        """A straight arrow."""
        start, end = np.array(start, float), np.array(end, float)
        back = (start - end) / np.hypot(*(start - end))
        self.stroke(Path([start, end + 0.8 * HEAD * back]), color, dash, line)
        self.head(end, back, color, 0.5)

    def stroke(self, path, color, dash="-", line=1.5):
        stroke = PathPatch(path, fill=False, ec=color, ls=dash, lw=line, zorder=1)
        stroke.set_capstyle("butt")
        self.ax.add_patch(stroke)

    def head(self, tip, back, color, half):
        """An arrow's head; back: a unit vector against the arrow; half: half its width in HEADs."""
        aside = half * HEAD * back[::-1] * [1, -1]
        corners = [tip, tip + HEAD * back + aside, tip + HEAD * back - aside]
        self.ax.add_patch(Polygon(corners, fc=color, lw=0, zorder=3))
