"""Slope: drag a point and a step; see secant, tangent, and how far the one is from the other."""

import math

import numpy as np
import traitlets

from bpkit import figures
from bpkit.figures import COLORS, number
from bpkit.widgets.base import Choice, Number, Widget

FUNCTIONS = {  # name: how it is written, the function, its derivative
    "square": ("(2w − 3)²", lambda w: (2 * w - 3) * (2 * w - 3), lambda w: 4 * (2 * w - 3)),
    "sin": ("sin w", lambda w: type(w)(math.sin(w)), math.cos),
    "exp": ("exp w", lambda w: type(w)(math.exp(w)), math.exp),
}
DTYPES = {"float64": np.float64, "float32": np.float32}
STEPS = [float(f"1e-{k}") for k in range(17)]


class Slope(Widget, js="slope"):
    """Drag the point w and the step h: the secant, the tangent, the error over h. Chapter 1.

    function: "square", which is the loss (2w - 3)² of one house, "sin" or "exp". w: from 0 to 2.5.
    h: from 1e-16 to 1. way: "one-sided", from w to w + h, or "centered", from w - h to w + h.
    dtype: "float64" or "float32", in which every step of the secant is computed.

    >>> from bpkit import widgets
    >>> slope = widgets.Slope(w=1, h=0.25)
    >>> slope
    L(w) = (2w − 3)² at w = 1: over the step h = 0.25 the secant's slope is −3, the tangent's −4.
    >>> slope.h = 1e-16
    >>> slope.secant()
    0.0
    """

    ask = traitlets.Unicode(
        "Make $h$ smaller and smaller. Does the secant come closer to the tangent all the way?"
    ).tag(sync=True)
    function = Choice(list(FUNCTIONS), "square")
    w = Number(1.0, 0, 2.5)
    h = Number(0.5, 1e-16, 1)
    way = Choice(["one-sided", "centered"], "one-sided")
    dtype = Choice(list(DTYPES), "float64")

    def parts(self, h=None, dtype=None):
        """Rise and run of the secant over `h`, each step rounded to `dtype`."""
        kind, f = DTYPES[dtype or self.dtype], FUNCTIONS[self.function][1]
        w, h = kind(self.w), kind(self.h if h is None else h)
        if self.way == "centered":
            return f(w + h) - f(w - h), 2 * h
        return f(w + h) - f(w), h

    def secant(self, h=None, dtype=None):
        """The secant's slope."""
        rise, run = self.parts(h, dtype)
        return float(rise / run)

    def tangent(self):
        """The derivative at w."""
        return float(FUNCTIONS[self.function][2](self.w))

    def error(self, h=None, dtype=None):
        """How far the secant's slope is from the tangent's."""
        return abs(self.secant(h, dtype) - self.tangent())

    def text(self):
        rise, run = map(number, self.parts())
        best = {kind: min(STEPS, key=lambda h: self.error(h, kind)) for kind in DTYPES}
        told = (
            f"{kind} h = {number(h)}, off by {number(self.error(h, kind))}"
            for kind, h in best.items()
        )
        return (
            f"L(w) = {FUNCTIONS[self.function][0]} at w = {number(self.w)}: over the step "
            f"h = {number(self.h)} the secant's slope is {number(self.secant())}, "
            f"the tangent's {number(self.tangent())}.\n"
            f"{self.way.capitalize()}, in {self.dtype}: {rise} / {run}, "
            f"off by {number(self.error())}.\n"
            f"Of the steps 1, 0.1, 0.01 and so on, the best is in {'; in '.join(told)}."
        )

    def still(self):
        fig, (left, right) = figures.canvas(columns=2, height=3.0)
        f, w, slope = FUNCTIONS[self.function][1], self.w, self.tangent()
        x = np.linspace(-0.25, 3.6, 200)
        left.plot(x, [f(v) for v in x], color=COLORS["black"], ls="-")
        left.plot(x, f(w) + slope * (x - w), color=COLORS["blue"], ls="-", label="tangent")
        middle = f(w) if self.way == "one-sided" else (f(w + self.h) + f(w - self.h)) / 2
        left.plot(x, middle + self.secant() * (x - w), color=COLORS["vermilion"], label="secant")
        tall = max(f(v) for v in x)
        left.set(xlabel="w", title=FUNCTIONS[self.function][0], ylim=(min(0, -0.2 * tall), tall))
        left.legend()
        for kind in DTYPES:
            right.plot(STEPS, [max(self.error(h, kind), 1e-16) for h in STEPS], label=kind)
        right.set(xscale="log", yscale="log", xlabel="step h", title="the secant's error")
        right.legend()
        return fig
