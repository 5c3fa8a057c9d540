"""Losses: three logits to drag, and softmax cross-entropy in one step beside the same in five."""

import numpy as np
import traitlets

from bpkit import figures
from bpkit.figures import COLORS, number
from bpkit.graph import Tensor
from bpkit.losses import softmax_cross_entropy
from bpkit.reductions import softmax
from bpkit.widgets.base import Choice, Number, Widget, refuse

CLASSES = ("cat", "dog", "owl")
LIMIT = 4  # of a logit before it is magnified


def unfused(z, label):
    """Softmax cross-entropy of one example as it is first written down, step by step. Chapter 9.

    z (K,): logits. Returns a dict: e = exp(z), their sum, p = e / sum, the loss -log(p[label]), and
    the gradients dp and dz. Large logits overflow to infinity and NaN, as they would in a program.

    >>> from bpkit.widgets.losses import unfused
    >>> unfused(np.array([0.0, 0.0]), 1)["dz"].tolist()
    [0.5, -0.5]
    """
    z = np.asarray(z, float)
    with np.errstate(all="ignore"):
        e = np.exp(z)
        p = e / e.sum()
        dp = np.where(np.arange(len(z)) == label, -1 / p, 0.0)
        dz = p * (dp - (dp * p).sum())
        return {"e": e, "sum": e.sum(), "p": p, "loss": -np.log(p[label]), "dp": dp, "dz": dz}


def _why_broken(z, steps):
    if np.isinf(steps["e"]).any():
        return f"exp({number(max(z))}) is more than a float64 can hold"
    if steps["sum"] == 0:
        return "every exponential rounds to 0, and 0 / 0 is no number"
    if np.isinf(steps["loss"]):
        return "the probability rounds to 0, whose logarithm is −∞"
    finite = np.isfinite([*steps["dz"], *steps["p"]]).all()
    return "" if finite else "a step divides by 0"


def _listed(numbers):
    return ", ".join(map(number, numbers))


def _settled(gradient):
    """The numbers of a gradient; what is below 1e-9 is 0, because rounding errors decide there."""
    return _listed(np.where(np.abs(gradient) < 1e-9, 0, gradient))


class Losses(Widget, js="losses"):
    """Drag three logits; see probabilities, loss and gradient, and a computation break. Chapter 9.

    logits: three numbers from -4 to 4, multiplied by scale, 1 to 1000. truth: the right class,
    0 to 2.

    >>> from bpkit import widgets
    >>> print(widgets.Losses(logits=[2, 1, -1], truth=1).text().split("\\n")[1])
    In one step, the loss is 1.35 and its gradient p − y is 0.705, −0.741, 0.0351.
    """

    ask = traitlets.Unicode(
        "Drag the logits. What is the gradient, in terms of what is said and what is true? And "
        "which of the two computations survives large logits?"
    ).tag(sync=True)
    logits = traitlets.List([2.0, 1.0, -1.0]).tag(sync=True)
    scale = Number(1.0, 1, 1000)
    truth = Choice([0, 1, 2], 1)

    @traitlets.validate("logits")
    def _three(self, proposal):
        z = proposal["value"]
        numbers = [isinstance(x, (int, float)) and abs(x) <= LIMIT for x in z]
        if numbers != [True] * 3:
            refuse(self, "logits", z, f"three numbers from {-LIMIT} to {LIMIT}")
        return [float(x) for x in z]

    def computed(self):
        """The logits as magnified, probabilities, loss and gradient, and the steps of `unfused`."""
        z = Tensor(self.scale * np.array(self.logits))
        loss = softmax_cross_entropy(z, np.array(self.truth))
        loss.backward()
        p = softmax(z.data)
        return {"z": z.data, "p": p, "loss": loss.item(), "dz": z.grad} | {
            "steps": unfused(z.data, self.truth)
        }

    def text(self):
        """The widget's content in words, as the browser says it."""
        found = self.computed()
        steps, z = found["steps"], found["z"]
        why = _why_broken(z, steps)
        return "\n".join(
            [
                f"Losses: the logits {_listed(z)} give the probabilities {_listed(found['p'])}; "
                f"the truth is {CLASSES[self.truth]}.",
                f"In one step, the loss is {number(found['loss'])} and its gradient p − y is "
                f"{_settled(found['dz'])}.",
                f"Step by step, the loss is {number(steps['loss'])} and its gradient is "
                f"{_settled(steps['dz'])}" + (f": {why}." if why else "."),
            ]
        )

    def still(self):
        """A picture for print: logits, probabilities, and the gradient between p and the truth."""
        found, at, y = self.computed(), np.arange(3), np.eye(3)[self.truth]
        fig, (left, right) = figures.canvas(1, 2, height=2.8)
        left.bar(at, found["z"], width=0.5, color="#9AA0A8")
        left.axhline(0, color="#666666", linewidth=1)
        left.set(title="logits z", xticks=at, xticklabels=CLASSES)
        right.bar(at, found["p"], width=0.5, color="#C9CDD3")
        right.bar(at, y, width=0.5, fill=False, linestyle="--", edgecolor="#222222")
        for k, (p, dz) in enumerate(zip(found["p"], found["dz"], strict=True)):
            arrow = {"arrowstyle": "-|>", "color": COLORS["blue"], "linewidth": 2}
            right.annotate("", (k + 0.34, p), (k + 0.34, y[k]), arrowprops=arrow)
            right.text(k + 0.38, (p + y[k]) / 2, number(dz, 2), color=COLORS["blue"], va="center")
        right.set(title="p, truth (dashed), and p − y", xticks=at, xticklabels=CLASSES)
        right.set(xlim=(-0.5, 2.9), ylim=(0, 1.1))
        return fig
