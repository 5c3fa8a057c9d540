"""Chain: three machines in a row whose slopes multiply, and a link that can be broken."""

import traitlets

from bpkit import figures
from bpkit.figures import number
from bpkit.graph import Tensor
from bpkit.widgets.base import Number, Whole, Widget

MACHINES = ("double", "subtract 3", "square")
STUCK = (2.0, -1.0, 1.0)  # what a broken machine gives: what it gave at w = 1


class Chain(Widget, js="chain"):
    """Drag w through w → g = 2w → m = g − 3 → L = m²; local slopes multiply. Chapter 2.

    w: from -1 to 4. broken: 0, or the number of the machine, 1 to 3, that has stopped: it gives
    what it gave at w = 1, whatever goes in.

    >>> from bpkit import widgets
    >>> chain = widgets.Chain(w=1)
    >>> chain
    At w = 1, dL/dw = 2 × 1 × (−2) = −4: nudge w by 0.1 and L moves by about −0.4.
    >>> chain.broken = 2
    >>> chain.numbers()["grads"]
    [0.0, 0.0, -2.0, 1.0]
    """

    ask = traitlets.Unicode(
        "How far does $L$ move when $w$ moves a little? What if one machine stops?"
    ).tag(sync=True)
    w = Number(1.0, -1, 4)
    broken = Whole(0, 0, 3)

    def numbers(self):
        """values [w, g, m, L], local slopes, and grads: dL by each of the four values."""
        tensors, local = [Tensor(self.w)], []
        machines = (lambda x: 2.0 * x, lambda x: x - 3.0, lambda x: x * x)
        for n, machine in enumerate(machines):
            x = Tensor(tensors[-1].data)
            y = x * 0.0 + STUCK[n] if self.broken == n + 1 else machine(x)
            y.backward()
            local.append(float(x.grad))
            tensors.append(y)
        grads = [1.0]
        for slope in reversed(local):
            grads.insert(0, grads[0] * slope + 0.0)
        return {"values": [float(t) for t in tensors], "local": local, "grads": grads}

    def text(self):
        n = self.numbers()
        product = " × ".join(term(slope) for slope in n["local"])
        lines = [
            f"At w = {number(self.w)}, dL/dw = {product} = {number(n['grads'][0])}: "
            f"nudge w by 0.1 and L moves by about {number(0.1 * n['grads'][0])}."
        ]
        for k, name in enumerate(MACHINES):
            state = "is broken: it gives" if self.broken == k + 1 else "gives"
            x, y, slope, grad = map(number, (*n["values"][k : k + 2], n["local"][k], n["grads"][k]))
            lines.append(
                f"Machine {k + 1}, {name}, {state} {y} for {x}; "
                f"local slope {slope}, and dL/d{'wgm'[k]} = {grad}."
            )
        return "\n".join(lines)

    def still(self):
        w = Tensor(self.w, name="w")
        g = 2.0 * w
        m = g - 3.0
        loss = m * m
        g.name, m.name, loss.name = "g", "m", "L"
        loss.backward(keep=True)
        return figures.draw_graph(loss, edges="local")


def term(x):
    """A number as a factor or a term: a negative one stands in brackets.

    >>> term(-2.0), term(2.0)
    ('(−2)', '2')
    """
    return f"({number(x)})" if x < 0 else number(x)
