"""An affine layer as units joined by lines, one sheet for each example of the batch.

Three views of one layer, each with the lines along which one number reaches the outputs: a weight,
an input, a bias. Where the lines fan out going forward, gradients are added going back.
"""

from matplotlib.patches import Circle, Rectangle

from bpkit.figures.sheet import Sheet
from bpkit.figures.style import COLORS, INK, TEXT, WIDTH, house, tint

PALE = "#BDBDBD"
ASIDE, UP = 0.12, 0.3  # how far each sheet lies behind the last


@house()
def wires(examples=3, inputs=3, outputs=2, title=None):
    """Where one weight, one input and one bias of an affine layer go. Chapter 7.

    examples: sheets, at most 4; inputs and outputs: units drawn in a column, at most 4. Raises
    ValueError for more.

    >>> fig = wires(examples=3, inputs=3, outputs=2)
    """
    if not all(1 <= n <= 4 for n in (examples, inputs, outputs)):
        raise ValueError(
            f"wires: {examples} examples, {inputs} inputs, {outputs} outputs; each is drawn 1 to 4"
        )
    tall = 0.42 * (max(inputs, outputs) - 1)
    sheet = Sheet(WIDTH, tall + 1.25 + UP * examples, title)
    views = (
        ("a weight", "one line in every example:\nadd over the examples", "vermilion"),
        ("an input", "one example, every output:\nadd over the outputs", "blue"),
        ("a bias", "one output in every example:\nadd over the examples", "green"),
    )
    for place, (name, words, color) in enumerate(views):
        left, bottom = 0.35 + place * 2.13, 0.95
        for n in reversed(range(examples)):
            corner = left + ASIDE * n, bottom + UP * n
            _layer(sheet, corner, inputs, outputs, tall, name, COLORS[color], n)
        middle = left + 0.55 + ASIDE * (examples - 1) / 2
        sheet.write(middle, 0.4, words)
        sheet.write(middle, tall + 1.1 + UP * examples, name, TEXT, COLORS[color])
    return sheet.fig


def _layer(sheet, corner, inputs, outputs, tall, lit, color, behind):
    """One sheet: the layer for one example, so many behind the first; the lit lines in color."""
    (x, y), front, z = corner, behind == 0, -4 * behind
    page = Rectangle((x - 0.18, y - 0.18), 1.46, tall + 0.36, fc="white", ec=PALE, lw=0.8, zorder=z)
    sheet.ax.add_patch(page)
    left, right = (
        [(x + across, y + tall - 0.42 * i) for i in range(count)]
        for across, count in ((0.0, inputs), (1.1, outputs))
    )
    for d, a in enumerate(left):
        for m, b in enumerate(right):
            on = (lit == "a weight" and (d, m) == (0, 0)) or (
                lit == "an input" and d == 0 and front
            )
            style = {"color": color, "lw": 2.4} if on else {"color": PALE, "lw": 0.8}
            sheet.ax.plot(*zip(a, b, strict=True), ls="-", zorder=z + 1 + on, **style)
    if lit == "a bias":
        start = (right[0][0] - 0.45, right[0][1])
        sheet.ax.plot(*zip(start, right[0], strict=True), color=color, lw=2.4, ls="-", zorder=z + 2)
        sheet.ax.add_patch(Circle(start, 0.06, fc=color, lw=0, zorder=z + 3))
    for spot in left + right:
        on = lit == "an input" and front and spot == left[0]
        fill = color if on else tint(INK, 0.08)
        sheet.ax.add_patch(Circle(spot, 0.085, fc=fill, ec=INK, lw=0.9, zorder=z + 3))
