"""Shapes: the blocks of an affine layer and its gradients, and the products that could be one."""

from itertools import permutations, product

import numpy as np
import traitlets

from bpkit import figures
from bpkit.check import numeric_gradient
from bpkit.figures import number
from bpkit.widgets.base import Choice, Whole, Widget
from bpkit.widgets.draws import Draws

LARGEST = 7
OF = {"dX": "X", "dW": "W", "db": "b"}
RIGHT = "right: equals nudging"


def _products(*names):
    """Both orders and all transposes of two factors, as Python writes them."""
    return [
        f"{left}{'.T' * t} @ {right}{'.T' * u}"
        for left, right in permutations(names)
        for u, t in product((0, 1), repeat=2)
    ]


CANDIDATES = {
    "dW": _products("X", "dY"),
    "dX": _products("dY", "W"),
    "db": [
        "dY.sum(axis=0)",
        "dY.sum(axis=1)",
        "dY.mean(axis=0)",
        "dY.sum()",
        "X.sum(axis=0)",
    ],
}


def _value(candidate, arrays):
    """What a candidate comes to, or None and the two sizes that clash."""
    factors = [
        arrays[name.removesuffix(".T")].T if name.endswith(".T") else arrays[name]
        for name in candidate.split(" @ ")
        if "(" not in name
    ]
    if not factors:
        name, call = candidate.rstrip(")").split(".")
        how, _, axis = call.partition("(")
        return getattr(arrays[name], how)(axis=int(axis[-1]) if axis else None), None
    left, right = factors
    if left.shape[1] != right.shape[0]:
        return None, (left.shape[1], right.shape[0])
    return left @ right, None


class Shapes(Widget, js="shapes"):
    """Which products have a gradient's shape, and which is the gradient? Chapters 6 and 7.

    N, D, M: the sizes, 1 to 7. target: the gradient to find, "dW", "dX" or "db". pick: the
    candidate that is shown, from 0.

    >>> from bpkit import widgets
    >>> print(widgets.Shapes(N=4, D=4, M=4).text().split("\\n")[1])
    For dW, 8 of 8 products have W's shape (4, 4); one is right. Shapes alone don't decide.
    """

    ask = traitlets.Unicode(
        "Which of these products is the gradient of W? Do the shapes tell you, and do they still "
        "when N, D and M are equal?"
    ).tag(sync=True)
    N = Whole(5, 1, LARGEST)
    D = Whole(3, 1, LARGEST)
    M = Whole(7, 1, LARGEST)
    target = Choice(list(CANDIDATES), "dW")
    pick = Whole(5, 0, 7)

    def arrays(self):
        """X, W, b, Y, dY, and the gradients dX, dW, db found by nudging; a dict of arrays."""
        random, N, D, M = Draws(7), self.N, self.D, self.M
        X, W, b, dY = (random.normal(size=s) for s in ((N, D), (D, M), (M,), (N, M)))
        found = {"X": X, "W": W, "b": b, "Y": X @ W + b, "dY": dY}
        for name in ("X", "W", "b"):

            def loss(array, name=name):
                at = {"X": X, "W": W, "b": b} | {name: array}
                return ((at["X"] @ at["W"] + at["b"]) * dY).sum()

            found["d" + name] = numeric_gradient(loss, found[name])
        return found

    def verdicts(self):
        """{candidate: (whether it fits, how far it is off relative to the truth, in words)}."""
        arrays = self.arrays()
        truth, said = arrays[self.target], {}
        for candidate in CANDIDATES[self.target]:
            value, clash = _value(candidate, arrays)
            fits = clash is None and value.shape == truth.shape
            off = abs(value - truth).max() / abs(truth).max() if fits else None
            if clash:
                words = f"can't: inner sizes {clash[0]} and {clash[1]}"
            elif not fits:
                words = f"{value.shape}, not {OF[self.target]}'s shape"
            elif off < 1e-6:
                words = RIGHT
            else:
                words = f"fits, and is off by {number(100 * off, 2)} %"
            said[candidate] = fits, off, words
        return said

    def text(self):
        """The widget's content in words, as the browser says it."""
        said, arrays = self.verdicts(), self.arrays()
        X, W, b, Y = (arrays[name].shape for name in "XWbY")
        fitting = sum(fits for fits, _, _ in said.values())
        what = "candidates" if self.target == "db" else "products"
        has = (
            f"{fitting} of {len(said)} {what} {'has' if fitting == 1 else 'have'} "
            f"{OF[self.target]}'s shape {arrays[self.target].shape}"
        )
        right = sum(words == RIGHT for _, _, words in said.values())
        end = "; one is right. Shapes alone don't decide."
        if fitting == 1:
            end = ": the shapes alone decide."
        elif right > 1:
            end = f"; {right} are right. A size of 1 hides the mistakes."
        return "\n".join(
            [
                f"Shapes: X is {X}, W {W}, b {b}, Y {Y}; N = {self.N}, D = {self.D}, M = {self.M}.",
                f"For {self.target}, {has}{end}",
                *(f"{candidate}: {words}." for candidate, (_, _, words) in said.items()),
            ]
        )

    def still(self):
        """A picture for print: every candidate that can be computed beside the true gradient."""
        arrays, said = self.arrays(), self.verdicts()
        tiles = {
            name: np.atleast_2d(value)
            for name in said
            for value, clash in [_value(name, arrays)]
            if clash is None
        }
        tiles = {f"{self.target}, by nudging": np.atleast_2d(arrays[self.target])} | tiles
        rows = -(-len(tiles) // 3)
        fig, axes = figures.canvas(rows, 3, height=1.9 * rows)
        for ax in np.ravel(axes):
            ax.axis("off")
        for ax, (name, value) in zip(np.ravel(axes), tiles.items(), strict=False):
            most = abs(value).max() or 1
            ax.imshow(value, cmap="PuOr", vmin=-most, vmax=most)
            words = said[name][2].replace("fits, and is ", "") if name in said else ""
            ax.set_title(f"{name}\n{words}", fontsize=8)
        return fig
