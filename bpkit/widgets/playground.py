"""The playground: a network learns points in the plane in the browser, and its gradient is seen.

Python has the same network: its start from the same random numbers, or what the browser learned.
"""

import base64
import binascii
import json
import math
from itertools import pairwise

import numpy as np
import traitlets

from bpkit import figures
from bpkit.figures import number
from bpkit.graph import Tensor
from bpkit.layers import GELU, Affine, ReLU, Sequential, Sigmoid, Tanh
from bpkit.losses import bce_with_logits
from bpkit.optim import grad_norm
from bpkit.rules import sigmoid
from bpkit.widgets.base import Choice, Number, Whole, Widget, refuse
from bpkit.widgets.draws import INITS, Draws, points

COUNT, MOST, VIEW = 120, 300, 2.4
SETS = ["moons", "circles", "spiral", "xor", "blobs", "clicks"]
ACTIVATIONS = {"tanh": Tanh, "relu": ReLU, "sigmoid": Sigmoid, "gelu": GELU, "linear": None}
NAMES = {"tanh": "tanh", "relu": "ReLU", "sigmoid": "sigmoid", "gelu": "GELU", "linear": "none"}
SHARED = [
    *("data", "noise", "layers", "width", "activation", "init", "lr", "batch", "momentum", "seed"),
    *("row", "clicks", "learned"),
]


class Playground(Widget, js="playground"):
    """Train a network on points in the plane, and watch the gradient flow back. Chapters 10, 11.

    data: moons, circles, spiral, xor, blobs, or "clicks", a list of [x, y, 0 or 1]. layers and
    width: of the hidden units. learned: what the browser learned; `model()` has its weights.

    >>> from bpkit import widgets
    >>> playground = widgets.Playground(layers=1, width=3)
    >>> list(playground.model().parameters())
    ['0.W', '0.b', '2.W', '2.b']
    """

    ask = traitlets.Unicode(
        "Blue edges are gradients on their way back. Before you press Train: which layer's will be "
        "largest, and what becomes of them once the points are right?"
    ).tag(sync=True)
    data = Choice(SETS, "moons")
    noise = Number(0.15, 0, 0.5)
    layers = Whole(2, 0, 4)
    width = Whole(6, 1, 8)
    activation = Choice(list(ACTIVATIONS), "tanh")
    init = Choice(list(INITS), "xavier")
    lr = Number(0.1, 0.001, 3)
    batch = Whole(16, 1, MOST)
    momentum = Number(0.9, 0, 0.99)
    seed = Whole(0, 0, 999)
    row = Whole(0, 0, MOST - 1)
    clicks = traitlets.List().tag(sync=True)
    learned = traitlets.Dict().tag(sync=True)

    @traitlets.validate("clicks")
    def _points(self, proposal):
        clicks = proposal["value"]
        try:
            good = all(max(abs(x), abs(y)) <= VIEW and label in (0, 1) for x, y, label in clicks)
        except (TypeError, ValueError):
            good = False
        if not good or len(clicks) > MOST:
            refuse(self, "clicks", clicks, f"at most {MOST} points [x, y, 0 or 1]")
        return [[float(x), float(y), int(label)] for x, y, label in clicks]

    @traitlets.validate("learned")
    def _weights(self, proposal):
        learned = proposal["value"]
        weights = learned.get("weights", [])
        finite = all(isinstance(w, (int, float)) and math.isfinite(w) for w in weights)
        if not finite or (learned and set(learned) != {"key", "steps", "weights"}):
            refuse(self, "learned", learned, "empty, or a key, steps and finite weights")
        return learned

    @property
    def _sizes(self):
        return [2] + [self.width] * self.layers + [1]

    def _kept(self):
        """What was learned, if it is of a network like this one; else no weights, no steps."""
        key = "|".join(map(str, (self.layers, self.width, self.activation, self.init, self.seed)))
        count = sum((n_in + 1) * n_out for n_in, n_out in pairwise(self._sizes))
        if self.learned.get("key") == key and len(self.learned["weights"]) == count:
            return self.learned
        return {"weights": [], "steps": 0}

    def model(self):
        """The network as a bpkit model, with the same weights as in the browser."""
        random, phi, modules = Draws(self.seed), ACTIVATIONS[self.activation], []
        for sizes in pairwise(self._sizes):
            modules.append(Affine(*sizes, init=lambda shape, _: INITS[self.init](shape, random)))
            modules += [phi()] if phi else []
        model = Sequential(*(modules[:-1] if phi else modules))
        weights = self._kept()["weights"]
        if weights:
            arrays = [p.data for p in model.parameters().values()]
            ends = np.cumsum([a.size for a in arrays])
            for array, part in zip(arrays, np.split(weights, ends), strict=False):
                array[...] = np.reshape(part, array.shape)
        return model

    def points(self):
        """The points: X (N, 2), y (N,), each 0 or 1."""
        if self.data != "clicks":
            return points(self.data, COUNT, self.noise, seed=1)
        rows = np.array(self.clicks, float).reshape(-1, 3)
        return rows[:, :2], rows[:, 2].astype(int)

    def text(self):
        """The widget's content in words, as the browser says it."""
        model, (X, y) = self.model(), self.points()
        steps, sizes = self._kept()["steps"], "-".join(map(str, self._sizes))
        said = "no points yet."
        norms = [0.0] * (self.layers + 1)
        if len(y):
            score = model(X)
            loss = bce_with_logits(score, y[:, None])
            loss.backward()
            norms = [grad_norm([m.W]) for m in model if isinstance(m, Affine)]
            right = int(((score.data[:, 0] > 0) == (y == 1)).sum())
            said = f"loss {number(loss.item())}, {right} right."
        lines = [
            f"Playground: {self.data}, {len(y)} points; a network {sizes} with "
            f"{NAMES[self.activation]}, after {steps} steps: {said}",
            f"The norms of dW, first layer to last: {', '.join(map(number, norms))}.",
        ]
        if self.row < len(y):
            x, t = Tensor(X[self.row : self.row + 1]), y[self.row]
            score = model(x)
            loss = bce_with_logits(score, np.array([[t]]))
            loss.backward()
            p, (dx, dy) = sigmoid(score.data).item(), x.grad[0]
            lines.append(
                f"Point {self.row} at ({number(x.data[0, 0])}, {number(x.data[0, 1])}), class {t}: "
                f"score {number(score.item())}, p = {number(p)}, loss {number(loss.item())}; back: "
                f"p − y = {number(p - t)} at the score, ({number(dx)}, {number(dy)}) at the input."
            )
        return "\n".join(lines)

    def link(self):
        """The part of a link after # that restores this state, here or in the browser.

        >>> from bpkit import widgets
        >>> link = widgets.Playground(width=5).link()
        >>> widgets.Playground.from_link(link).width
        5
        """
        text = json.dumps({name: getattr(self, name) for name in SHARED})
        return "playground=" + base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

    @classmethod
    def from_link(cls, link):
        """The playground of a link that was copied; ValueError if it isn't one."""
        code = link.partition("playground=")[2]
        try:
            state = json.loads(base64.urlsafe_b64decode(code + "=" * (-len(code) % 4)))
            return cls(**{name: state[name] for name in SHARED})
        except (binascii.Error, UnicodeDecodeError, json.JSONDecodeError, KeyError, TypeError):
            raise ValueError(f"from_link: {link[:40]!r} is no link to a playground") from None

    def still(self):
        """A picture for print: the points and what the network answers between them."""
        model, (X, y) = self.model(), self.points()
        fig, ax = figures.canvas(height=4.2, width=4.4)
        side = np.linspace(-VIEW, VIEW, 80)
        grid = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
        p = sigmoid(model(grid).data).reshape(80, 80)
        ax.contourf(side, side, p, levels=np.linspace(0, 1, 13), cmap="PuOr")
        for label, mark in enumerate("so"):
            color = figures.COLORS["blue" if label else "orange"]
            ax.plot(*X[y == label].T, mark, color=color, markeredgecolor="white", linewidth=0)
        ax.set(xticks=[], yticks=[], aspect="equal")
        return fig
