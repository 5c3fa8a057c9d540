"""Draws the picture at the top of the README: python -m bpkit.figures.readme [docs/graph.png]"""

import sys
from pathlib import Path

import bpkit as bp
from bpkit.figures.graph import draw_graph
from bpkit.figures.picture import png

ALT = (
    "The graph of one neuron, drawn by bpkit. Weights, inputs and a bias lead through two products "
    "and two sums to z, and through tanh to y. Each box shows its value and, in blue, the "
    "derivative of y with respect to it."
)


def neuron():
    """One neuron with two inputs, after its backward sweep."""
    numbers = {"w₁": -0.5, "x₁": 2.0, "w₂": -1.5, "x₂": -1.0, "b": 0.3}
    w1, x1, w2, x2, b = (bp.Tensor(value, name=name) for name, value in numbers.items())
    z = w1 * x1 + w2 * x2 + b
    y = bp.tanh(z)
    z.name, y.name = "z", "y"
    y.backward(keep=True)
    return y


def main(path="docs/graph.png"):
    Path(path).write_bytes(png(draw_graph(neuron())))
    print(f"![{ALT}]({path})")


if __name__ == "__main__":
    main(*sys.argv[1:])
