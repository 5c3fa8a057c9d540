"""Descent: five optimizers race down a surface; theory says which rates are too high for them."""

import numpy as np
import traitlets

from bpkit import figures
from bpkit.figures import number
from bpkit.graph import Tensor
from bpkit.optim import SGD, Adam, RMSProp
from bpkit.widgets.base import Choice, Number, Whole, Widget, refuse
from bpkit.widgets.surfaces import SURFACES, gradient, sharpness

STEPS, FAR = 120, 10
WIDE, TALL = 2.4, 1.6  # the plane is shown from -WIDE to WIDE, and from -TALL to TALL
NAMES = {name: name for name in SURFACES} | {"tilted": "tilted ravine"}
BOTTOM = dict.fromkeys(SURFACES, (0.0, 0.0)) | {"saddle": (0.0, 1.0), "banana": (1.0, 1.0)}
RACERS = {
    "sgd": "descent",
    "momentum": "momentum",
    "nesterov": "Nesterov",
    "rmsprop": "RMSProp",
    "adam": "Adam",
}


class Descent(Widget, js="descent"):
    """Race plain descent, momentum, Nesterov, RMSProp and Adam. Chapters 11 and 12.

    surface: bowl, ravine, tilted, saddle or banana. x, y: the start. lr: the rate of all five,
    0.001 to 2. momentum: of the two that have one. step: how far the race is, 0 to 120. shown: the
    racers in the picture.

    >>> from bpkit import widgets
    >>> places = widgets.Descent(surface="bowl", lr=0.1, x=1, y=1).race("sgd")
    >>> places[1].round(2).tolist()
    [0.9, 0.7, 1.14]
    """

    ask = traitlets.Unicode(
        "Drag the rate to the right until plain descent leaves its valley. Is it where the mark at "
        "2/λ says? Which of the other four can go on, and why?"
    ).tag(sync=True)
    surface = Choice(list(SURFACES), "ravine")
    x = Number(-2.0, -WIDE, WIDE)
    y = Number(0.9, -TALL, TALL)
    lr = Number(0.065, 0.001, 2)
    momentum = Number(0.8, 0, 0.99)
    step = Whole(30, 0, STEPS)
    shown = traitlets.List(list(RACERS)).tag(sync=True)

    @traitlets.validate("shown")
    def _racers(self, proposal):
        if not set(proposal["value"]) <= set(RACERS):
            refuse(self, "shown", proposal["value"], f"some of {', '.join(RACERS)}")
        return proposal["value"]

    def race(self, name):
        """The places (x, y, height) of one racer, (steps + 1, 3); it ends where it flies away."""
        made = {
            "sgd": lambda: SGD(self.lr),
            "momentum": lambda: SGD(self.lr, self.momentum),
            "nesterov": lambda: SGD(self.lr, self.momentum, nesterov=True),
            "rmsprop": lambda: RMSProp(self.lr),
            "adam": lambda: Adam(self.lr),
        }
        optimizer, p = made[name](), Tensor(np.array([self.x, self.y]))
        height, places = SURFACES[self.surface], []
        while len(places) <= STEPS and (abs(p.data) < FAR).all():
            places.append([*p.data, height(*p.data)])
            p.grad = gradient(self.surface, *p.data)
            optimizer.step([p])
        return np.array(places)

    def edges(self):
        """(λ at the bottom, the largest rates of plain descent, momentum and Nesterov)."""
        curve, beta = sharpness(self.surface, *BOTTOM[self.surface]), self.momentum
        edges = 2 / curve, 2 * (1 + beta) / curve, 2 * (1 + beta) / (1 + 2 * beta) / curve
        return curve, edges

    def text(self):
        """The widget's content in words, as the browser says it."""
        curve, edges = self.edges()
        plain, momentum, nesterov = map(number, edges)
        lines = [
            f"Descent: {NAMES[self.surface]} from ({number(self.x)}, {number(self.y)}), rate "
            f"{number(self.lr)}, momentum {number(self.momentum)}, after {self.step} steps.",
            f"The greatest curvature at the bottom is λ = {number(curve)}: plain descent needs a "
            f"rate below 2/λ = {plain}, momentum below {momentum}, Nesterov below {nesterov}.",
        ]
        for key, name in RACERS.items():
            places = self.race(key)
            if self.step < len(places):
                x, y, height = (number(v if abs(v) >= 1e-9 else 0) for v in places[self.step])
                lines.append(f"{name}: at ({x}, {y}), height {height}.")
            else:
                lines.append(f"{name}: flew away at step {len(places)}.")
        return "\n".join(lines)

    def still(self):
        """A picture for print: the surface from above, and the five paths so far."""
        fig, ax = figures.canvas(height=4.2)
        x, y = np.meshgrid(np.linspace(-WIDE, WIDE, 121), np.linspace(-TALL, TALL, 81))
        levels = np.log2(1 + 6 * (SURFACES[self.surface](x, y) + 0.25))
        ax.contour(x, y, levels, 14, colors="#C4CAD2", linewidths=0.8)
        for key in self.shown:
            path = self.race(key)[: self.step + 1].T
            ax.plot(path[0], path[1], label=RACERS[key])
        ax.set(xlim=(-WIDE, WIDE), ylim=(-TALL, TALL), aspect="equal")
        ax.legend(frameon=False, ncols=5, loc="upper center", bbox_to_anchor=(0.5, 1.1))
        return fig
