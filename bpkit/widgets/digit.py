"""Draw a digit: strokes of a pen become 64 pixels, and a model of bpkit says what it sees.

The pixels are made as those of `bp.data.digits` were, and show the gradient that reaches them.
"""

import numpy as np
import traitlets

from bpkit import figures
from bpkit.figures import number
from bpkit.graph import Tensor
from bpkit.layers import Affine, ReLU, Sequential
from bpkit.reductions import log_softmax, softmax
from bpkit.widgets.base import Whole, Widget, refuse

MARGIN = 2.2  # around the drawing, in points
AREA = 140  # of ink: thin digits get a broad pen, as in the data
PAD = 100  # the side of the drawing pad
MOST = 2000  # dots of a drawing
THREE = [
    *([26, 24], [34, 14], [46, 10], [58, 13], [66, 22], [65, 33], [56, 43], [44, 47]),
    *([58, 50], [69, 59], [71, 71], [64, 83], [51, 90], [37, 88], [26, 78]),
]


def ink(strokes):
    """Strokes as 64 pixels in [0, 1], made as `bp.data.digits` were. Chapter 10.

    strokes: a list of lists of points (x, y), y downward. The drawing is fitted to 22 by 32 of 32
    by 32 points, a point that the pen reaches is black, and a pixel is the share of black points
    in its block of 4 by 4. The pen is broader the shorter the strokes are, from 1.6 to 3.4 points.

    >>> from bpkit.widgets.digit import ink
    >>> ink([[(0, 0), (0, 9)]]).reshape(8, 8)[4].tolist()
    [0.0, 0.0, 0.0, 0.75, 0.75, 0.0, 0.0, 0.0]
    """
    dots = np.array([dot for stroke in strokes for dot in stroke], float).reshape(-1, 2)
    if not len(dots):
        return np.zeros(64)
    low, size = dots.min(axis=0), np.ptp(dots, axis=0)
    with np.errstate(divide="ignore"):
        scale = min(*((np.array([22, 32]) - 2 * MARGIN) / size), 1e6)
    paths = [
        16 + scale * (np.reshape(np.asarray(s, float), (-1, 2)) - low - size / 2) for s in strokes
    ]
    segments = [pair for path in paths for pair in zip([*path[:1], *path], path, strict=False)]
    length = sum(np.hypot(*(end - start)) for start, end in segments)
    reach = np.clip(AREA / (length or 1), 1.6, 3.4)
    black = np.zeros((32, 32), bool)
    row, column = np.mgrid[:32, :32] + 0.5
    for (ax, ay), (bx, by) in segments:
        dx, dy = bx - ax, by - ay
        along = ((column - ax) * dx + (row - ay) * dy) / (dx * dx + dy * dy or 1)
        share = np.clip(along, 0, 1)
        black |= (column - ax - share * dx) ** 2 + (row - ay - share * dy) ** 2 <= reach**2
    return black.reshape(8, 4, 8, 4).mean(axis=(1, 3)).ravel()


def _weights_of(model):
    """The sizes of a model's layers, and the bytes of its weights."""
    modules = list(model) if isinstance(model, Sequential) else [model]
    affines, between = modules[::2], modules[1::2]
    fits = all(isinstance(m, Affine) for m in affines) and len(modules) % 2
    if not fits or not all(isinstance(m, ReLU) for m in between):
        raise TypeError(f"DrawDigit: {model!r} must be Affine layers with a ReLU between them")
    sizes = [affines[0].n_in, *(m.n_out for m in affines)]
    if sizes[0] != 64 or sizes[-1] != 10:
        raise ValueError(f"DrawDigit: the model's sizes are {sizes}; they must be 64 to 10")
    arrays = [p.data.ravel() for m in affines for p in (m.W, m.b)]
    return {"sizes": sizes, "weights": np.concatenate(arrays).astype("<f8").tobytes()}


class DrawDigit(Widget, js="digit"):
    """Draw a digit and see what a network makes of it, and which pixels matter. Chapter 10.

    model: a Sequential of Affine and ReLU, from 64 pixels to 10 scores; its weights are copied.
    strokes: lists of points [x, y], 0 to 100, y downward. target: the class whose gradient is
    shown, 0 to 9, or -1 for the likeliest. Raises TypeError or ValueError for another model.

    >>> from bpkit import widgets
    >>> model = bp.Sequential(bp.Affine(64, 10, seed=0))
    >>> widgets.DrawDigit(model, strokes=[]).text().split("\\n")[0].split(";")[0]
    'DrawDigit: nothing is drawn'
    """

    ask = traitlets.Unicode(
        "Which pixels would you change to turn this 3 into an 8? Pick the 8 and see what the "
        "gradient says; then draw a digit of your own."
    ).tag(sync=True)
    strokes = traitlets.List([THREE]).tag(sync=True)
    target = Whole(-1, -1, 9)
    sizes = traitlets.List().tag(sync=True)
    weights = traitlets.Bytes().tag(sync=True)

    def __init__(self, model, **state):
        super().__init__(**_weights_of(model), **state)

    def show(self, model):
        """Use this model's weights from now on."""
        with self.hold_sync():
            for name, value in _weights_of(model).items():
                setattr(self, name, value)

    @traitlets.validate("strokes")
    def _dots(self, proposal):
        strokes = proposal["value"]
        try:
            dots = [dot for stroke in strokes for dot in stroke]
            good = all(map(len, strokes)) and all(
                len(dot) == 2 and 0 <= min(dot) <= max(dot) <= PAD for dot in dots
            )
        except TypeError:
            good = False
        if not good or len(dots) > MOST:
            refuse(self, "strokes", strokes, f"lists of at most {MOST} points [x, y], 0 to {PAD}")
        return [[[float(x), float(y)] for x, y in stroke] for stroke in strokes]

    def model(self):
        """The network, as a bpkit model with the same weights."""
        rest, modules = np.frombuffer(self.weights, "<f8"), []
        for n_in, n_out in zip(self.sizes[:-1], self.sizes[1:], strict=True):
            affine = Affine(n_in, n_out, seed=0)
            affine.W.data[...] = rest[: n_in * n_out].reshape(n_in, n_out)
            affine.b.data[...] = rest[n_in * n_out :][:n_out]
            modules, rest = [*modules, affine, ReLU()], rest[(n_in + 1) * n_out :]
        return Sequential(*modules[:-1])

    def seen(self):
        """(pixels (64,), probabilities (10,), the class shown, the pixels' gradient (64,)).

        The gradient is that of the class's log probability: minus the loss's, were it the truth.
        """
        x = Tensor(ink(self.strokes)[None])
        scores = self.model()(x)
        p = softmax(scores.data)[0]
        shown = int(p.argmax()) if self.target < 0 else self.target
        log_softmax(scores)[0, shown].backward()
        return x.data[0], p, shown, x.grad[0]

    def text(self):
        """The widget's content in words, as the browser says it."""
        pixels, p, shown, gradient = self.seen()
        first, second, third = np.argsort(-p, kind="stable")[:3]
        drawn = "" if pixels.any() else " nothing is drawn; still,"
        up, down = gradient.argmax(), gradient.argmin()
        rows = (" ".join(f"{int(10 * v + 0.5):2d}" for v in row) for row in pixels.reshape(8, 8))
        return "\n".join(
            [
                f"DrawDigit:{drawn} the network sees a {first}, with probability "
                f"{number(p[first])}; then {second} ({number(p[second])}) and {third} "
                f"({number(p[third])}).",
                f"For a {shown}, ink matters most at row {up // 8 + 1}, column {up % 8 + 1}, "
                f"where it raises the log probability by {number(gradient[up])} a unit, and at row "
                f"{down // 8 + 1}, column {down % 8 + 1}, where it changes it by "
                f"{number(gradient[down])}.",
                "The ink in tenths, row by row:",
                *rows,
            ]
        )

    def still(self):
        """A picture for print: the pixels, their gradient, and the probabilities."""
        pixels, p, shown, gradient = self.seen()
        fig, (left, middle, right) = figures.canvas(1, 3, height=2.4)
        most = abs(gradient).max() or 1
        left.imshow(pixels.reshape(8, 8), cmap="Greys", vmin=0, vmax=1)
        middle.imshow(gradient.reshape(8, 8), cmap="PuOr", vmin=-most, vmax=most)
        left.set_title("pixels")
        middle.set_title(f"gradient for a {shown}")
        for ax in (left, middle):
            ax.set(xticks=[], yticks=[])
        right.barh(range(10), p, color=figures.COLORS["blue"])
        right.set(yticks=range(10), xlim=(0, 1), title="probability")
        right.invert_yaxis()
        return fig
