"""The scalar graph: micrograd's algorithm as the reference form, and bpkit on the same network.

The algorithm is that of Andrej Karpathy's micrograd, written anew: a number that remembers its
inputs and carries a function that passes its gradient on; a recursive topological sort; each
function called in reverse order. The network is an MLP 2-16-16-1 of single numbers on 16 points,
about 10,000 nodes.
"""

import itertools
import math

import numpy as np

import bpkit as bp

POINTS, SIZES = 16, (2, 16, 16, 1)


class Number:
    """A float, its gradient, and how to pass that gradient on."""

    def __init__(self, data, inputs=()):
        self.data, self.grad = data, 0.0
        self.inputs, self.pass_on = set(inputs), lambda: None

    def __add__(self, other):
        other = other if isinstance(other, Number) else Number(other)
        out = Number(self.data + other.data, (self, other))

        def pass_on():
            self.grad += out.grad
            other.grad += out.grad

        out.pass_on = pass_on
        return out

    def __mul__(self, other):
        other = other if isinstance(other, Number) else Number(other)
        out = Number(self.data * other.data, (self, other))

        def pass_on():
            self.grad += other.data * out.grad
            other.grad += self.data * out.grad

        out.pass_on = pass_on
        return out

    def tanh(self):
        out = Number(math.tanh(self.data), (self,))

        def pass_on():
            self.grad += (1 - out.data * out.data) * out.grad

        out.pass_on = pass_on
        return out

    def backward(self):
        order, seen = [], set()

        def visit(node):
            if node not in seen:
                seen.add(node)
                for x in node.inputs:
                    visit(x)
                order.append(node)

        visit(self)
        self.grad = 1.0
        for node in reversed(order):
            node.pass_on()


def forward(weights, points, tanh):
    """The sum of squared outputs, in the numbers' own arithmetic; weights: layers of neurons."""
    total = 0.0
    for row in points:
        for layer in weights:
            row = [tanh(_neuron(neuron, row)) for neuron in layer]
        total = row[0] * row[0] + total
    return total


def _neuron(neuron, row):
    total = neuron[-1]
    for w, x in zip(neuron, row, strict=False):
        total = w * x + total
    return total


def numbers():
    """Weights, layer by layer and neuron by neuron, the bias last; and the points."""
    rng = np.random.default_rng(3)
    pairs = itertools.pairwise(SIZES)
    weights = [(rng.normal(size=(m, n + 1)) / math.sqrt(n)).tolist() for n, m in pairs]
    return weights, rng.normal(size=(POINTS, SIZES[0])).tolist()


def count():
    """How many results the graph has: two for each weight, one for each tanh, two for each sum."""
    weights, neurons = sum(n * m for n, m in itertools.pairwise(SIZES)), sum(SIZES[1:])
    return POINTS * (2 * weights + neurons + 2)


class Micrograd:
    """The reference form."""

    def __init__(self, kind=Number):
        weights, self.points = numbers()
        self.weights = [[[kind(w) for w in neuron] for neuron in layer] for layer in weights]
        self.flat = [w for layer in self.weights for neuron in layer for w in neuron]

    def step(self):
        for w in self.flat:
            w.grad = 0.0
        forward(self.weights, self.points, Number.tanh).backward()

    def gradients(self):
        self.step()
        return {"weights": np.array([w.grad for w in self.flat], dtype=float)}


class Tape(Micrograd):
    def __init__(self):
        super().__init__(bp.Tensor)

    def step(self):
        for w in self.flat:
            w.grad = None
        forward(self.weights, self.points, bp.tanh).backward()


class Replay(Tape):
    def __init__(self):
        super().__init__()
        self.replay = bp.replay(lambda: forward(self.weights, self.points, bp.tanh))

    def step(self):
        self.replay()
