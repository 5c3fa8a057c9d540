"""Every gradient of a recorded graph, set back to zero.

Gradients are added to, so an old one would stay in the next.
"""

import numpy as np

import bpkit as bp
from bpkit.tasks.spec import Mistake, task
from bpkit.tasks.themes.ch04_the_graph.shared import Node, drawn_tape, tensors


def zero_gradients(root):
    """Set the gradient of every node of a graph to 0.

    root: a Node; its graph is changed. Returns how many nodes there are, each counted once.
    """
    seen, waiting = set(), [root]
    while waiting:
        node = waiting.pop()
        if node in seen:
            continue
        seen.add(node)
        node.grad = 0.0
        waiting.extend(node.parts)
    return len(seen)


def used_tape(draw):
    """A tape after a sweep. Two gradients are 0 already, one of them above others that aren't."""
    root = drawn_tape(draw)["root"]
    nodes = root.nodes
    for node, grad in zip(nodes, draw.real(len(nodes)).tolist(), strict=True):
        node.grad = round(grad, 2)
    alone = next(n for n in nodes if n.parts and [o for o in nodes if n in o.parts] == [root])
    alone.grad = nodes[0].grad = 0.0
    grads = ", ".join(f"{node.name} {node.grad:g}" for node in reversed(nodes))
    root.text += f"; gradients: {grads}"
    return {"root": root}


def spoiled_tape(draw):
    root = used_tape(draw)["root"]
    for node in root.nodes:
        node.grad = float("nan")
    root.text = root.text.split("; gradients")[0] + "; all gradients are NaN"
    return {"a tape whose gradients are NaN": {"root": root}}


def seen_gradients(count, root):
    """The gradients that are left, whether the graph is still whole, and the number returned."""
    grads = {n.name: np.nan if n.grad is None else float(n.grad) for n in root.nodes}
    seen = {f"the gradient of {name}": grads[name] for name in sorted(grads)}
    seen["the number of uses left in the graph"] = sum(len(n.parts) for n in root.nodes)
    return {**seen, "the number returned": count}


def zero_by_recursion(root):
    seen = []

    def visit(node):
        if node not in seen:
            seen.append(node)
            for part in node.parts:
                visit(part)

    visit(root)
    for node in seen:
        node.grad = 0.0
    return len(seen)


def zero_by_levels(root):
    level, everything = {root}, set()
    while level:
        everything |= level
        level = {part for node in level for part in node.parts}
    for node in everything:
        node.grad = 0.0
    return sum(1 for _ in everything)


def zero_in_a_growing_list(root):
    nodes = [root]
    for node in nodes:
        node.grad = 0.0
        for part in node.parts:
            if not any(part is other for other in nodes):
                nodes.append(part)
    return len(nodes)


def zero_from_bpkit(root):
    made = tensors(root)
    nodes = {id(tensor): node for node, tensor in made.items()}
    found = [nodes[id(t)] for t in bp.graph.order(made[root]) if id(t) in nodes]
    for node in found:
        node.grad = 0.0
    return len(found)


task(
    zero_gradients,
    chapter=4,
    title="A clean tape",
    minutes=8,
    points=2,
    returns="count",
    inputs=used_tape,
    extremes=spoiled_tape,
    given=(Node,),
    observe=seen_gradients,
    changes=("root",),
    statement="""
        A sweep adds to the gradients it finds, so they must be cleared before the next one. A
        graph is made of `Node` objects (in the cell above): `parts` is a tuple of the nodes a
        node is made from, `grad` a number.

        Write `zero_gradients(root)`, which sets `grad` to 0 in `root` and in every node below it,
        however far, whatever was there before. It returns how many nodes there are, a number; a
        node that is reached by several paths counts once.
        """,
    example="""
        >>> a = Node("a")
        >>> b = Node("b", (a, a), (3.0, 3.0))
        >>> a.grad, b.grad = 6.0, 1.0
        >>> zero_gradients(b), a.grad, b.grad
        (2, 0.0, 0.0)
        """,
    variants=[zero_by_recursion, zero_by_levels, zero_in_a_growing_list],
    oracle=zero_from_bpkit,
    mistakes=[
        Mistake(
            "own_name",
            "No gradient has changed",
            "Every node holds what it held before. A new value given to a name of your own leaves "
            "the node alone; set its attribute grad.",
            {"node.grad = 0.0": "grad = node.grad\n        grad = 0.0"},
        ),
        Mistake(
            "multiplied",
            "A gradient that was NaN is still NaN",
            "0 times NaN is NaN, and so is NaN minus NaN: once a gradient is spoiled, it can "
            "only be "
            "replaced.",
            {"node.grad = 0.0": "node.grad *= 0.0"},
        ),
        Mistake(
            "stops_at_zero",
            "The walk stops at a node whose gradient is 0 already",
            "A gradient of 0 doesn't say that the node was visited: below it there are others that "
            "aren't 0.",
            {"if node in seen:": "if node in seen or node.grad == 0:"},
        ),
        Mistake(
            "root_alone",
            "Only root is cleared",
            "The nodes it is made from hold gradients too, and theirs, down to the leaves.",
            {"        waiting.extend(node.parts)\n": ""},
        ),
        Mistake(
            "root_each_time",
            "All nodes are visited, but only root is cleared",
            "Each node that the walk meets has a gradient of its own, and that one must become 0.",
            {"node.grad = 0.0": "root.grad = 0.0"},
        ),
        Mistake(
            "one_level",
            "Only root and its own parts are cleared",
            "The parts have parts: the walk must go on down to the leaves.",
            {"waiting.extend(node.parts)": "waiting.extend(node.parts if node is root else ())"},
        ),
        Mistake(
            "leaves_alone",
            "Only the leaves are cleared",
            "Nodes between root and the leaves keep what they had, and would pass it on again in "
            "the next sweep.",
            {"node.grad = 0.0": "node.grad = node.grad if node.parts else 0.0"},
        ),
        Mistake(
            "leaves_left",
            "The leaves are left as they were",
            "The leaves are the weights and inputs: it is their gradients that would add up from "
            "step to step.",
            {"node.grad = 0.0": "node.grad = 0.0 if node.parts else node.grad"},
        ),
        Mistake(
            "root_left",
            "root is left as it was",
            "root has a gradient too; it belongs to the graph as much as the others.",
            {"node.grad = 0.0": "node.grad = node.grad if node is root else 0.0"},
        ),
        Mistake(
            "first_part",
            "Only the first part of each node is followed",
            "Each part leads to nodes of its own, and all of them are to be cleared.",
            {"waiting.extend(node.parts)": "waiting.extend(node.parts[:1])"},
        ),
        Mistake(
            "counted_twice",
            "A node is counted once for each path",
            "Several paths lead to the same node; it is one node, and counts once.",
            {"set(), [root]": "[], [root]", "if node in seen:": "if False:"}
            | {"seen.add(node)": "seen.append(node)"},
        ),
        Mistake(
            "zeros_not_counted",
            "Nodes whose gradient was 0 already are not counted",
            "Every node of the graph counts, whatever its gradient was.",
            {
                "while waiting:": "zeros = 0\n    while waiting:",
                "node.grad = 0.0": "zeros += node.grad == 0\n        node.grad = 0.0",
                "return len(seen)": "return len(seen) - zeros",
            },
        ),
        Mistake(
            "root_not_counted",
            "root is not counted",
            "The number of nodes includes root itself.",
            {"return len(seen)": "return len(seen) - 1"},
        ),
        Mistake(
            "none",
            "The gradients are None, not 0",
            "The next sweep adds to what it finds, and nothing can be added to None here.",
            {"node.grad = 0.0": "node.grad = None"},
        ),
        Mistake(
            "one",
            "The gradients are set to 1",
            "Only root begins a sweep with 1, and the sweep itself sees to that; a clean tape "
            "holds "
            "zeros.",
            {"node.grad = 0.0": "node.grad = 1.0"},
        ),
        Mistake(
            "stops_below_zero",
            "The walk stops where a gradient is 0 already",
            "A node whose gradient is 0 may stand above others whose gradient is not: "
            "the walk goes on below it.",
            {
                "        node.grad = 0.0\n": "        if node.grad == 0:\n            continue\n"
                "        node.grad = 0.0\n"
            },
        ),
    ],
    nudge="How do you get from root to a node that lies three steps below it, and how do you know "
    "that you have been there already?",
    sketch="""
        Keep a list of nodes that wait, with root in it, and a set of those you have seen. Take a
        node from the list. If it was seen, go on with the next one. If not, mark it, set its
        gradient, and put its parts on the list. When nobody waits any more, the set holds every
        node once.
        """,
    skeleton="""
        def zero_gradients(root):
            seen, waiting = set(), [root]
            while waiting:
                node = waiting.pop()
                if ...:
                    continue
                seen.add(node)
                ...
                waiting.extend(...)
            return len(seen)
        """,
    notice="Setting is not the same as multiplying by 0: a single NaN would stay in the tape for "
    "good. And a list of your own, unlike recursion, has no limit of depth.",
)
