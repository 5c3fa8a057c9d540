"""Draws the README's picture: python docs/picture.py [FILE].

A fork: a is used twice, so its gradient is the sum of what two arrows bring back.
"""

import sys
from pathlib import Path

import bpkit as bp
from bpkit import figures

a = bp.Tensor(2.0, requires_grad=True, name="a")
b = bp.Tensor(3.0, requires_grad=True, name="b")
y = (a + b) * a
y.backward(keep=True)

file = sys.argv[1] if sys.argv[1:] else Path(__file__).with_name("graph.png")
figures.draw_graph(y, edges="both").savefig(file, metadata={"Software": None})
