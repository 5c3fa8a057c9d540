"""The backward pass over a recorded graph.

Each node passes on what it got, once it got all of it.
"""

from bpkit.tasks.spec import Mistake, task
from bpkit.tasks.themes.ch04_the_graph.shared import Node, drawn_tape, tensors


def tape_backward(root):
    """The gradient of a graph's last node with respect to every node below it.

    root: a Node. Returns a dictionary from each node's name to its gradient, root's own included.
    """
    order = []

    def visit(node):
        if node not in order:
            for part in node.parts:
                visit(part)
            order.append(node)

    visit(root)
    root.grad = 1.0
    for node in reversed(order):
        for part, slope in zip(node.parts, node.slopes, strict=True):
            part.grad += slope * node.grad
    return {node.name: node.grad for node in order}


def nodes_below(root):
    """All nodes of a graph, each once, in the order in which a search by breadth meets them."""
    found = [root]
    for node in found:
        found += [part for part in dict.fromkeys(node.parts) if part not in found]
    return found


def every_path(root):
    grads = {}

    def push(node, grad):
        grads[node.name] = grads.get(node.name, 0.0) + grad
        for part, slope in zip(node.parts, node.slopes, strict=True):
            push(part, slope * grad)

    push(root, 1.0)
    return grads


def when_all_have_reported(root):
    nodes = nodes_below(root)
    waiting = {node: sum(other.parts.count(node) for other in nodes) for node in nodes}
    ready, grads = [root], dict.fromkeys(nodes, 0.0)
    grads[root] = 1.0
    while ready:
        node = ready.pop()
        for part, slope in zip(node.parts, node.slopes, strict=True):
            grads[part] += slope * grads[node]
            waiting[part] -= 1
            if not waiting[part]:
                ready.append(part)
    return {node.name: grad for node, grad in grads.items()}


def pulled_by_each(root):
    nodes = nodes_below(root)

    def grad(node):
        pulls = [(o, s) for o in nodes for p, s in zip(o.parts, o.slopes, strict=True) if p is node]
        return 1.0 if node is root else sum(grad(other) * slope for other, slope in pulls)

    return {node.name: grad(node) for node in nodes}


def tape_from_bpkit(root):
    made = tensors(root)
    made[root].backward(keep=True)
    return {node.name: tensor.grad for node, tensor in made.items()}


def again_at_every_visit(root):
    def push(node):
        for part, slope in zip(node.parts, node.slopes, strict=True):
            part.grad += slope * node.grad
            push(part)

    root.grad = 1.0
    push(root)
    return {node.name: node.grad for node in nodes_below(root)}


def last_path_only(root):
    def push(node, grad):
        node.grad = grad
        for part, slope in zip(node.parts, node.slopes, strict=True):
            push(part, slope * grad)

    push(root, 1.0)
    return {node.name: node.grad for node in nodes_below(root)}


def last_in_first_out(root):
    root.grad = 1.0
    order, waiting = [], [root]
    while waiting:
        node = waiting.pop()
        if node not in order:
            order.append(node)
            waiting += node.parts
            for part, slope in zip(node.parts, node.slopes, strict=True):
                part.grad += slope * node.grad
    return {node.name: node.grad for node in order}


task(
    tape_backward,
    chapter=4,
    title="The sweep back",
    minutes=20,
    points=4,
    returns="grads",
    inputs=drawn_tape,
    given=(Node,),
    changes=("root",),
    statement="""
        Here is the heart of every engine. A graph is made of `Node` objects (in the cell above).
        A node has `name`, `parts`, a tuple of the nodes it is made from, and `slopes`, a tuple of
        the local derivatives, one number for each part; a part that is used twice stands there
        twice. A leaf has no parts. `grad` is 0.0 in every node when you begin, and you may use it
        as you like.

        Write `tape_backward(root)`, which returns a dictionary from the name of every node that
        `root` is made from, however far below, to the derivative of `root` with respect to it, a
        number. `root` itself is in it too, with 1. Mind that a node may be reached by several
        paths, and may pass its gradient on only when all of it has arrived.
        """,
    example="""
        >>> a = Node("a")
        >>> b, c = Node("b", (a,), (3.0,)), Node("c", (a,), (2.0,))
        >>> d = Node("d", (b, c), (1.0, 1.0))
        >>> e = Node("e", (d, b), (1.0, 1.0))
        >>> grads = tape_backward(e)
        >>> grads["a"], grads["b"]
        (8.0, 2.0)
        """,
    variants=[every_path, when_all_have_reported, pulled_by_each],
    oracle=tape_from_bpkit,
    mistakes=[
        Mistake(
            "assigned",
            "Each path replaces the one before",
            "A node that is used more than once receives from every use, and what arrives is added "
            "to what is there.",
            {"part.grad += ": "part.grad = "},
        ),
        Mistake(
            "last_path_only",
            "Only one path to each node is left",
            "Each path sets the gradient anew, and what other paths brought is gone; the paths' "
            "products are added.",
            last_path_only,
        ),
        Mistake(
            "again_at_every_visit",
            "What has arrived is passed on more than once",
            "Each time a node receives, it passes on all it has so far, and so the earlier part "
            "again. It must pass on once, when all has arrived.",
            again_at_every_visit,
        ),
        Mistake(
            "as_reached",
            "A node passes its gradient on too early",
            "A walk down from root, by depth or by breadth, meets a node before all who use it "
            "have "
            "reported; what arrives later is never passed on.",
            {
                "        if node not in order:\n": "        if node not in order:\n            "
                "order.append(node)\n",
                "visit(part)\n            order.append(node)": "visit(part)",
            }
            | {"reversed(order)": "order"},
        ),
        Mistake(
            "last_in_first_out",
            "A node passes its gradient on before all of it is there",
            "A walk with a stack takes the part that was met last; others who use it may still "
            "have to report, and what they bring is never passed on.",
            last_in_first_out,
        ),
        Mistake(
            "not_seeded",
            "Every gradient is 0",
            "The derivative of root with respect to itself is 1; the sweep begins there, or only "
            "zeros are passed on.",
            {"    root.grad = 1.0\n": ""},
        ),
        Mistake(
            "slope_missing",
            "The local slopes are left out",
            "A part receives the node's gradient times the local slope to that part.",
            {"slope * node.grad": "node.grad"},
        ),
        Mistake(
            "upstream_missing",
            "The node's own gradient is left out",
            "A part receives the local slope times what has arrived at the node above it.",
            {"slope * node.grad": "slope"},
        ),
        Mistake(
            "added",
            "Slope and gradient are added",
            "Along a path slopes multiply; only where paths meet is there a sum.",
            {"slope * node.grad": "slope + node.grad"},
        ),
        Mistake(
            "double_use",
            "A part that is used twice receives once",
            "In c = a * a each use of a has a slope of its own, and both contribute.",
            {
                "zip(node.parts, node.slopes, strict=True)": "dict(zip(node.parts, "
                "node.slopes, strict=True)).items()"
            },
        ),
        Mistake(
            "from_the_leaves",
            "Only the parts of root receive",
            "The sweep goes on down to the leaves, and root comes first in it: from the leaves up, "
            "nobody has anything to pass on yet.",
            {"reversed(order)": "order"},
        ),
        Mistake(
            "first_part",
            "Only the first part of each node receives",
            "Each part of a node receives by its own slope.",
            {"node.slopes, strict=True)": "node.slopes[:1])"},
        ),
    ],
    nudge="When may a node pass its gradient on: when the first of its users has reported, or when "
    "all have?",
    sketch="""
        First find an order: walk down from root and list each node once, after all of its parts.
        Then give root the gradient 1 and go through the list from its end. Whoever stands there
        has heard from all who use it, for they come later in the list. It passes to each of its
        parts its own gradient times the slope, added to what the part already has.
        """,
    skeleton="""
        def tape_backward(root):
            order = []

            def visit(node):
                if node not in order:
                    ...                     # its parts first, then the node

            visit(root)
            root.grad = ...
            for node in ...:
                for part, slope in zip(node.parts, node.slopes):
                    part.grad += ...
            return {node.name: node.grad for node in order}
        """,
    notice="Every edge was walked once, however many paths there are. With the slopes computed "
    "from values, this loop is the backward method of bpkit.",
)
