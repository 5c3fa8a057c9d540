"""Puts a figure on the page of a notebook, together with the words that describe it.

JupyterLab and nbconvert drop the description of an `image/png` output, so the picture is stored
once, inside an HTML image whose `alt` they keep; the plain text of the output is the description.
"""

import base64
import html
import io
import sys

from PIL import Image

from bpkit.figures.style import DPI, PIXELS, WIDTH, house


def show(fig, alt):
    """Display a figure below a cell, and close it. Chapter 4.

    fig: a matplotlib Figure. alt: what is to be seen, in one to three sentences, for a reader who
    can't see it; it must not be empty. Outside a notebook it is printed instead.

    >>> from bpkit.figures import canvas
    >>> show(canvas()[0], "An empty pair of axes.")
    An empty pair of axes.
    """
    from IPython.display import display

    display(Picture(fig, alt))


def html_of(fig, alt):
    """What `show` stores, as HTML: for an ipywidgets.HTML that changes its picture. Chapter 4.

    >>> from bpkit.figures import canvas
    >>> html_of(canvas()[0], "An empty pair of axes.")[:34]
    '<img alt="An empty pair of axes." '
    """
    return Picture(fig, alt)._repr_html_()


class Picture:
    """A figure as a PNG and its description, in the form in which a notebook stores them."""

    def __init__(self, fig, alt):
        if not isinstance(alt, str):
            raise TypeError(f"show: alt must say what is to be seen; it is a {type(alt).__name__}")
        self.alt = " ".join(alt.split())
        if not self.alt:
            raise ValueError("show: alt is empty; it must say what is to be seen")
        self.png, self.width = png(fig), round(PIXELS * min(WIDTH, fig.get_figwidth()))
        if pyplot := sys.modules.get("matplotlib.pyplot"):
            pyplot.close(fig)

    def __repr__(self):
        return self.alt

    def _repr_html_(self):
        data = base64.b64encode(self.png).decode()
        source = f"data:image/png;base64,{data}"
        return f'<img alt="{html.escape(self.alt)}" width="{self.width}" src="{source}">'


@house()
def png(fig):
    """A figure as the bytes of a PNG file of 256 colors, the same bytes every time."""
    full, small = io.BytesIO(), io.BytesIO()
    fig.savefig(full, format="png", dpi=DPI)
    Image.open(full).convert("RGB").quantize(256, dither=Image.Dither.NONE).save(small, "PNG")
    return small.getvalue()
