"""A computation graph as a list of nodes with their texts, and as a table.

The picture and the table are made from this one list, so they cannot disagree. Nothing here draws.
"""

from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from bpkit.errors import GraphError
from bpkit.figures.style import number, shape_text, superscript
from bpkit.graph import Tensor, pull
from bpkit.graph import order as inputs_first

INFIX = {"add": "+", "sub": "−", "mul": "×", "div": "÷", "matmul": "@"}


@dataclass
class Node:
    """One tensor of the graph, or one constant array (then `tensor` is None)."""

    tensor: object
    name: str
    operation: str
    value: str
    gradient: str = ""
    sources: list = field(default_factory=list)  # its inputs' places in the list of nodes
    slots: list = field(default_factory=list)  # those inputs' places in tensor.inputs


def nodes_of(root, digits):
    """Every node below root, inputs before results; constant arrays are nodes of their own."""
    if not isinstance(root, Tensor):
        raise TypeError(f"a graph is drawn from a bpkit Tensor, not from a {type(root).__name__}")
    nodes, place = [], {}
    for tensor in inputs_first(root):
        if tensor.inputs is None:
            raise GraphError(
                f"the graph below {tensor.rule.name}, shape {tensor.shape}, was released: "
                "draw it before backward, or call backward(keep=True)"
            )
        gradient = "" if tensor.grad is None else short(tensor.grad, digits)
        node = Node(
            tensor, tensor.name or "", operation(tensor), short(tensor.data, digits), gradient
        )
        for slot, x in enumerate(tensor.inputs):
            if not isinstance(x, Tensor) and np.ndim(x) == 0:
                continue
            if not isinstance(x, Tensor):
                nodes.append(Node(None, "", "constant", shape_text(np.shape(x))))
            node.sources.append(place[x] if isinstance(x, Tensor) else len(nodes) - 1)
            node.slots.append(slot)
        place[tensor] = len(nodes)
        nodes.append(node)
    return nodes


def short(array, digits):
    """A single number as it is, anything larger by its shape."""
    return number(array, digits) if np.ndim(array) == 0 else shape_text(np.shape(array))


def operation(tensor):
    """What made a tensor, with constant numbers in their places: "×", "3 ×", "(·)²", "exp"."""
    if tensor.rule is None:
        return ""
    name, inputs = tensor.rule.name.strip("_").replace("_", " "), tensor.inputs
    if name == "to power":
        return raised(tensor.params["to"])
    shown = ["·" if isinstance(x, Tensor) or np.ndim(x) else number(x) for x in inputs]
    if all(text == "·" for text in shown):
        return INFIX.get(name, name)
    if name in INFIX:
        return f"{shown[0]} {INFIX[name]} {shown[1]}".strip("· ")
    return f"{name}({', '.join(shown)})"


def raised(exponent):
    """A power: (·)² for a whole exponent, (·)^0.5 for another."""
    if float(exponent).is_integer():
        return "(·)" + superscript(int(exponent))
    return "(·)^" + number(exponent)


def graph_text(root, digits=4):
    """The graph below `root` as a table: a row for each node, inputs before results. Chapter 4.

    root: a Tensor. A node without a name is called by its row's number. Numbers keep `digits`
    significant digits; a tensor that isn't a single number is given by its shape.

    >>> a = bp.Tensor(2.0, name="a")
    >>> b = a * a + 1.0
    >>> b.backward(keep=True)
    >>> print(graph_text(b))
    node  operation  inputs  value  gradient
    a                        2      4
    #2    ×          a, a    4      1
    #3    + 1        #2      5      1
    """
    nodes = nodes_of(root, digits)
    names = [node.name or f"#{n}" for n, node in enumerate(nodes, 1)]
    rows = [("node", "operation", "inputs", "value", "gradient")]
    for name, node in zip(names, nodes, strict=True):
        sources = ", ".join(names[s] for s in node.sources)
        rows.append((name, node.operation, sources, node.value, node.gradient))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ("  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)) for row in rows)
    return "\n".join(line.rstrip() for line in lines)


def arrow_texts(node, nodes, kind, digits):
    """A text for each arrow into a node: its local derivative, what it passes back, or both.

    Only arrows between single numbers, on which a gradient runs, have one.
    """
    texts = [""] * len(node.sources)
    if kind is None or not node.sources or np.ndim(node.tensor.data):
        return texts
    up = node.tensor.grad
    local = pull(node.tensor, np.ones_like(node.tensor.data))
    passed = local if up is None else pull(node.tensor, up)
    for k, (source, slot) in enumerate(zip(node.sources, node.slots, strict=True)):
        if local[slot] is None or np.ndim(nodes[source].tensor.data):
            continue
        if kind == "local" or (kind == "both" and up is None):
            texts[k] = number(local[slot], digits)
        elif up is not None:
            product = f"{number(local[slot], digits)} × {number(up, digits)}\n= "
            texts[k] = (product if kind == "both" else "") + number(passed[slot], digits)
    return texts


def path_arrows(path, nodes):
    """The arrows along a path of tensors, as a set of (node, which of its inputs)."""
    found = set()
    for a, b in pairwise(path):
        arrows = {
            (i, k)
            for i, node in enumerate(nodes)
            for k, s in enumerate(node.sources)
            if node.tensor is b and nodes[s].tensor is a
        }
        if not arrows:
            raise ValueError(f"a highlighted path goes from {a} to {b}, but no arrow does")
        found |= arrows
    return found


def visits(order, nodes):
    """For each node that is visited: "1", or "2, 5" if it comes second and again fifth."""
    found = {}
    for n, tensor in enumerate(order, 1):
        place = [i for i, node in enumerate(nodes) if node.tensor is tensor]
        if not place:
            raise ValueError(f"order names {tensor}, which isn't in this graph")
        found.setdefault(place[0], []).append(str(n))
    return {i: ", ".join(ns) for i, ns in found.items()}
