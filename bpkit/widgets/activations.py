"""Activations: seven of them, with their slopes, and what ten layers of one do to a gradient."""

import numpy as np
import traitlets

from bpkit import figures
from bpkit.figures import COLORS, number
from bpkit.fused import affine
from bpkit.graph import Tensor
from bpkit.rules import cast, gelu, greater, leaky_relu, relu, sigmoid, softplus, tanh
from bpkit.widgets.base import Choice, Number, Whole, Widget
from bpkit.widgets.draws import Draws

DEPTH, UNITS, ROWS = 10, 24, 24
NAMES = {
    "step": "step",
    "sigmoid": "sigmoid",
    "tanh": "tanh",
    "relu": "ReLU",
    "leaky_relu": "leaky ReLU",
    "gelu": "GELU",
    "softplus": "softplus",
}


def step(x):
    """1 where x is positive, else 0; its slope is 0 everywhere."""
    return cast(greater(x, 0), dtype=float) + 0.0 * x


SEVEN = {
    "step": step,
    "sigmoid": sigmoid,
    "tanh": tanh,
    "relu": relu,
    "leaky_relu": leaky_relu,
    "gelu": gelu,
    "softplus": softplus,
}


def _rms(a):
    return float(np.sqrt(np.mean(np.square(a))))


class Activations(Widget, js="activations"):
    """Spread the input of ten layers and see what becomes of the gradient. Chapter 8.

    activation: one of seven. spread: the standard deviation of the input, 0.05 to 5. scale: that of
    the weights, over the root of the 24 units, 0.25 to 4. seed: 0 to 999.

    >>> from bpkit import widgets
    >>> print(widgets.Activations(activation="step").text().split("\\n")[1])
    The gradient dies: none of it reaches the input.
    """

    ask = traitlets.Unicode(
        "A gradient comes in behind layer 10. How much of it reaches the input, and what can you "
        "change so that it neither fades nor bursts?"
    ).tag(sync=True)
    activation = Choice(list(SEVEN), "sigmoid")
    spread = Number(1.0, 0.05, 5)
    scale = Number(1.0, 0.25, 4)
    seed = Whole(0, 0, 999)

    def flow(self):
        """(sizes, slopes): the gradient's at the input of layers 1 to 10 and at the output; each
        layer's slopes, as root mean squares."""
        random, phi, b = Draws(self.seed), SEVEN[self.activation], np.zeros(UNITS)
        H = self.spread * random.normal(size=(ROWS, UNITS))
        W = random.normal(size=(DEPTH, UNITS, UNITS)) * self.scale / np.sqrt(UNITS)
        up, kept = random.normal(size=(ROWS, UNITS)), []
        for w in W:
            kept.append(H)
            H = phi(affine(Tensor(H), w, b)).data
        sizes, slopes = [_rms(up)], []
        for w, H in zip(W[::-1], kept[::-1], strict=True):
            Z = Tensor(affine(Tensor(H), w, b).data)
            phi(Z).backward(np.ones_like(Z.data))
            slopes.insert(0, _rms(Z.grad))
            up = up * Z.grad @ w.T
            sizes.insert(0, _rms(up))
        return sizes, slopes

    def text(self):
        """The widget's content in words, as the browser says it."""
        sizes, slopes = self.flow()
        back, met = (", ".join(number(x, 2) for x in xs) for xs in (sizes[::-1], slopes))
        return "\n".join(
            [
                f"Activations: {NAMES[self.activation]}; inputs of spread {number(self.spread)}, "
                f"weights of scale {number(self.scale)}, ten layers of {UNITS} units.",
                _verdict(sizes[0] / sizes[-1]),
                f"Its size at the output, then at the input of layers 10 to 1: {back}.",
                f"The slopes met in layers 1 to 10 (root mean square): {met}.",
            ]
        )

    def still(self):
        """A picture for print: the curve, its slope, and the gradient's size on its way back."""
        fig, (left, right) = figures.canvas(1, 2, height=2.8)
        z = np.linspace(-6, 6, 241)
        x = Tensor(z)
        y = SEVEN[self.activation](x)
        y.backward(np.ones_like(z))
        left.plot(z, y.data, color="#222222", label=NAMES[self.activation])
        left.plot(z, x.grad, "--", color=COLORS["green"], label="its slope")
        left.set(ylim=(-1.4, 3), xlabel="z")
        left.legend(frameon=False)
        sizes = self.flow()[0]
        right.plot(range(DEPTH + 1), np.maximum(sizes, 1e-14), "o-", color=COLORS["blue"])
        right.set(yscale="log", ylim=(1e-12, 1e6), xlabel="layers passed", title="← gradient")
        return fig


def _verdict(left):
    if left == 0:
        return "The gradient dies: none of it reaches the input."
    fate = "fades" if left < 0.01 else "bursts" if left > 100 else "lives"
    return f"The gradient {fate}: at the input it is {number(left)} times what came in."
