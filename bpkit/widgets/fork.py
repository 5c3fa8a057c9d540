"""Fork: one weight prices two houses; the paths' slopes must be added, and assigning loses one."""

import numpy as np
import traitlets

from bpkit import figures
from bpkit.figures import COLORS, number
from bpkit.graph import Tensor
from bpkit.widgets.base import Choice, Number, Whole, Widget
from bpkit.widgets.chain import term

HOUSES = ((2.0, 3.0), (3.0, 5.0))  # area, price


def loss(w):
    """The loss of both houses, and its parts: for each house guess g, miss m and loss L."""
    parts = []
    for x, t in HOUSES:
        g = w * x
        m = g - t
        parts.append((g, m, m * m))
    return parts[0][2] + parts[1][2], parts


class Fork(Widget, js="fork"):
    """One weight is used twice; two paths bring slopes back, and the sum grows. Chapter 3.

    w: from 0 to 3. mode: "add", as it must be, or "assign", which keeps the last slope only.
    stage: how many of the two paths have reported.

    >>> from bpkit import widgets
    >>> fork = widgets.Fork(w=1)
    >>> fork
    At w = 1 the paths bring −4 and −12. Adding, w holds −16; the slope of the loss is −16.
    >>> fork.mode = "assign"
    >>> fork.held()
    -12.0
    """

    ask = traitlets.Unicode(
        "One $w$ prices two houses. What must $w$ do with the two slopes that come back?"
    ).tag(sync=True)
    w = Number(1.0, 0, 3)
    mode = Choice(["add", "assign"], "add")
    stage = Whole(2, 0, 2)

    def products(self):
        """What each path brings to w: the product of the local slopes along it."""
        found = []
        for x, t in HOUSES:
            w = Tensor(self.w)
            ((w * x - t) ** 2).backward()
            found.append(float(w.grad))
        return found

    def held(self):
        """What w holds after `stage` paths have reported."""
        arrived = [0.0, *self.products()[: self.stage]]
        return sum(arrived) if self.mode == "add" else arrived[-1]

    def truth(self):
        """The derivative of the loss at w."""
        w = Tensor(self.w)
        loss(w)[0].backward()
        return float(w.grad)

    def text(self):
        total, parts = loss(self.w)
        how = "Adding" if self.mode == "add" else "Assigning"
        brought = self.products()
        lines = [
            f"At w = {number(self.w)} the paths bring {' and '.join(map(number, brought))}. "
            f"{how}, w holds {number(self.held())}"
            f"{'' if self.stage == 2 else f' after {self.stage} of 2 paths'}; "
            f"the slope of the loss is {number(self.truth())}."
        ]
        for i, ((x, _), (g, m, part)) in enumerate(zip(HOUSES, parts, strict=True), 1):
            lines.append(
                f"House {i}: g = {number(g)}, m = {number(m)}, L = {number(part)}; "
                f"its path brings 1 × {term(2 * m)} × 1 × {number(x)} = {number(brought[i - 1])}."
            )
        lines.append(f"The loss of both is {number(total)}.")
        return "\n".join(lines)

    def still(self):
        fig, ax = figures.canvas(height=3.0)
        w, held = np.linspace(0, 3, 200), self.held()
        total = loss(self.w)[0]
        ax.plot(w, loss(w)[0], color=COLORS["black"], ls="-")
        color = COLORS["blue" if np.isclose(held, self.truth()) else "vermilion"]
        ax.plot(w, total + held * (w - self.w), color=color, ls="--", label=f"slope {number(held)}")
        ax.plot(self.w, total, "o", color=color)
        ax.set(xlabel="w", ylabel="L", ylim=(-6, 34), title=self.text().split("\n")[0])
        ax.legend()
        return fig
