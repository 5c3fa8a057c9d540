"""The nodes that a learner is given, and the recorded graphs that tasks are tried on."""

import numpy as np

import bpkit as bp


class Node:
    """A number in a graph: the nodes it is made from, its local slope to each, its gradient."""

    def __init__(self, name, parts=(), slopes=()):
        self.name, self.parts, self.slopes = name, parts, slopes
        self.grad = 0.0


class Drawn(Node):
    """A node that shows the graph below it. text: the graph, a line of sums. nodes: all of them."""

    text, nodes = "", ()

    def __repr__(self):
        return self.text


def net(draw):
    """Six nodes: {name: its parts' names}, parts first. One part is used twice, two are skipped to.

    Whoever walks it by depth or by breadth, from either side, meets a node too early.
    """
    a, b, c, d, e, f = draw.rng.permutation(list("abcdef")).tolist()
    parts = {a: [], b: [], c: [a, b, a], d: [c, b], e: [d, c], f: [c, e]}
    if draw.rng.random() < 0.5:
        parts = {name: below[::-1] for name, below in parts.items()}
    parts[draw.choice([e, f])].insert(1, b)
    return parts


def drawn_tape(draw):
    made = {}
    for name, parts in net(draw).items():
        slopes = tuple(np.round(draw.real(len(parts)), 2).tolist()) if parts else ()
        made[name] = Drawn(name, tuple(made[part] for part in parts), slopes)
    root = made[name]
    root.nodes = list(made.values())
    root.text = "; ".join(map(written, reversed(root.nodes)))
    return {"root": root}


def written(node):
    """A node as a learner reads it: f = 0.4 c - 1.2 e, or a leaf's name."""
    terms = " + ".join(f"({s}) {p.name}" for p, s in zip(node.parts, node.slopes, strict=True))
    return f"{node.name} = {terms}" if terms else f"{node.name} is a leaf"


def tensors(root):
    """A bpkit tensor for each node of a graph."""
    made = {}

    def make(node):
        if node not in made:
            terms = [make(p) * s for p, s in zip(node.parts, node.slopes, strict=True)]
            made[node] = sum(terms, bp.Tensor(0.0)) if terms else bp.Tensor(1.0)
        return made[node]

    make(root)
    return made
