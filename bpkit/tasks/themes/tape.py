"""Tasks on the tape: sweeping gradients back through a recorded graph, and clearing them."""

import numpy as np

import bpkit as bp
from bpkit.tasks.spec import Mistake, task
from bpkit.tasks.tools import slopes as measured


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


def count_consumers(graph):
    """How often each node of a graph is used by others.

    graph: a dictionary from each node to the list of nodes it is made from, its parts; a part that
    is used twice is listed twice. Returns a dictionary from each node to a whole number.
    """
    counts = dict.fromkeys(graph, 0)
    for parts in graph.values():
        for part in parts:
            counts[part] += 1
    return counts


def drawn_graph(draw):
    """The net with one more node on top, listed in any order."""
    parts = net(draw)
    last = list(parts)[-1]
    leaf = list(parts)[1]
    parts["g"] = [leaf, last, leaf]
    order = draw.rng.permutation(list(parts)).tolist()
    return {"graph": {name: parts[name] for name in order}}


def consumers_by_count(graph):
    everything = [part for parts in graph.values() for part in parts]
    return {node: everything.count(node) for node in graph}


def consumers_by_matrix(graph):
    names = list(graph)
    uses = np.array([[parts.count(name) for name in names] for parts in graph.values()])
    return dict(zip(names, uses.sum(axis=0).tolist(), strict=True))


def consumers_counter(graph):
    from collections import Counter

    found = Counter(part for parts in graph.values() for part in parts)
    return {node: found[node] for node in graph}


def consumers_from_bpkit(graph):
    made = {name: bp.Tensor(1.0) for name in graph}
    sum((made[part] for parts in graph.values() for part in parts), bp.Tensor(0.0)).backward()
    return {n: 0 if tensor.grad is None else int(tensor.grad) for n, tensor in made.items()}


def all_above(graph):
    counts = dict.fromkeys(graph, 0)

    def below(node):
        return {*graph[node], *(b for part in graph[node] for b in below(part))}

    for node in graph:
        for other in below(node):
            counts[other] += 1
    return counts


task(
    count_consumers,
    chapter=4,
    title="Who still has to report",
    minutes=6,
    points=1,
    returns="counts",
    inputs=drawn_graph,
    statement="""
        An engine may let a node pass its gradient on once all who use it have reported. So it
        must know how many there are. `graph` is a dictionary: each key is a node, and its value
        is the list of its parts, the nodes it is made from. A part that is used twice stands in
        the list twice, and hears two reports.

        Write `count_consumers(graph)`, which returns a dictionary from every node of the graph to
        the number of times it is used as a part, a whole number.
        """,
    example="""
        >>> count_consumers({"c": ["a", "b", "a"], "b": ["a"], "a": []})
        {'c': 0, 'b': 1, 'a': 3}
        """,
    variants=[consumers_by_count, consumers_by_matrix, consumers_counter],
    oracle=consumers_from_bpkit,
    mistakes=[
        Mistake(
            "parts_counted",
            "The parts of each node are counted",
            "That is from how many a node is made; asked for is how many are made from it.",
            {"return counts": "return {node: len(parts) for node, parts in graph.items()}"},
        ),
        Mistake(
            "double_use",
            "A node that is used twice by another counts once",
            "In c = a * a both uses of a send a gradient back, so a hears two reports.",
            {"for part in parts": "for part in set(parts)"},
        ),
        Mistake(
            "used_or_not",
            "It says whether a node is used, not how often",
            "Every use sends its own report, so the uses are added up.",
            {"counts[part] += 1": "counts[part] = 1"},
        ),
        Mistake(
            "starts_at_one",
            "Every count is one too high",
            "A node that nobody uses has 0 to wait for; the counts start there.",
            {"(graph, 0)": "(graph, 1)"},
        ),
        Mistake(
            "first_part",
            "Only the first part of each node is counted",
            "Each part in the list is used, and hears a report.",
            {"for part in parts": "for part in parts[:1]"},
        ),
        Mistake(
            "all_above",
            "All nodes further up are counted, not the direct users",
            "A node hears only from those that have it in their own list of parts.",
            all_above,
        ),
        Mistake(
            "unused_one",
            "A node that nobody uses is given 1",
            "It has no report to wait for, so its number is 0: it is the one that can begin.",
            {"return counts": "return {node: max(1, n) for node, n in counts.items()}"},
        ),
        Mistake(
            "leaves_alone",
            "Only the leaves are counted",
            "Nodes with parts are used by others too, and wait for their reports.",
            {"counts[part] += 1": "counts[part] += not graph[part]"},
        ),
        Mistake(
            "last_part",
            "Only the last part of each node is counted",
            "Each part in the list is used, and hears a report.",
            {"for part in parts": "for part in parts[-1:]"},
        ),
    ],
    nudge="In whose lists does a node stand, and how often?",
    sketch="""
        Give every node of the graph a counter at 0, also those that nobody uses. Then go through
        the lists of parts, all of them, and raise the counter of every part you meet, each time
        you meet it.
        """,
    skeleton="""
        def count_consumers(graph):
            counts = dict.fromkeys(graph, ...)
            for parts in graph.values():
                for part in ...:
                    ...
            return counts
        """,
    notice="In the sweep back each report lowers the number by one; at 0 the node is ready. "
    "bpkit's "
    "engine works like this, without sorting first.",
)


def program_backward(x, program):
    """The gradient of the last number that a program computes, with respect to its inputs.

    x (N,): numbers 0 to N - 1. program: a list of steps (operation, i, j), each of which makes the
    next number from numbers i and j; the operation is "add", "sub", "mul" or "div". Returns dx
    (N,).
    """
    values = list(x)
    for op, i, j in program:
        a, b = values[i], values[j]
        values.append({"add": a + b, "sub": a - b, "mul": a * b, "div": a / b}[op])
    grads = np.zeros(len(values))
    grads[-1] = 1.0
    for k in reversed(range(len(program))):
        op, i, j = program[k]
        up = grads[len(x) + k]
        a, b = values[i], values[j]
        da, db = 1.0, 1.0
        if op == "sub":
            db = -1.0
        if op == "mul":
            da, db = b, a
        if op == "div":
            da, db = 1 / b, -a / b**2
        grads[i] += up * da
        grads[j] += up * db
    return grads[: len(x)]


def value_of(x, program):
    values = list(x)
    for op, i, j in program:
        a, b = values[i], values[j]
        if op == "add":
            values.append(a + b)
        elif op == "sub":
            values.append(a - b)
        elif op == "mul":
            values.append(a * b)
        else:
            values.append(a / b)
    return values


def drawn_program(draw):
    """Every operation at least once, one number multiplied by itself, every number used."""
    N = draw.size("N", least=2, most=5)
    while True:
        x = draw.real(N, low=0.4)
        operations = ["add", "sub", "mul", "div", *draw.rng.choice(["add", "mul", "sub"], N - 1)]
        others = [*draw.rng.permutation(N).tolist(), *draw.rng.integers(N + 1, size=3).tolist()]
        program = [("mul", others[0], others[0])]
        for op, other in zip(draw.rng.permutation(operations).tolist(), others, strict=True):
            pair = [N + len(program) - 1, other]
            program.append((op, *(pair if draw.rng.random() < 0.5 else pair[::-1])))
        values = np.abs(value_of(x, program))
        if values.min() > 0.3 and values.max() < 4:
            return {"x": x, "program": program}


def program_by_forward_mode(x, program):
    values, rates = list(x), list(np.eye(len(x)))
    for op, i, j in program:
        a, b, da, db = values[i], values[j], rates[i], rates[j]
        if op in ("add", "sub"):
            sign = 1 if op == "add" else -1
            values.append(a + sign * b)
            rates.append(da + sign * db)
        elif op == "mul":
            values.append(a * b)
            rates.append(da * b + a * db)
        else:
            values.append(a / b)
            rates.append((da * b - a * db) / b**2)
    return rates[-1]


def program_by_complex_step(x, program):
    tiny = 1e-25j * np.eye(len(x))
    return np.array([value_of(x + step, program)[-1].imag / 1e-25 for step in tiny])


def program_by_paths(x, program):
    values, dx = value_of(x, program), np.zeros(len(x))

    def push(place, grad):
        if place < len(x):
            dx[place] += grad
            return
        op, i, j = program[place - len(x)]
        a, b, y = values[i], values[j], values[place]
        left, right = {"add": (1, 1), "sub": (1, -1), "mul": (b, a), "div": (1 / b, -y / b)}[op]
        push(i, grad * left)
        push(j, grad * right)

    push(len(values) - 1, 1.0)
    return dx


def program_from_bpkit(x, program):
    tensors = [bp.Tensor(float(number)) for number in x]
    value_of(tensors, program)[-1].backward()
    return np.array([tensor.grad for tensor in tensors])


task(
    program_backward,
    chapter=4,
    title="A program, run backward",
    minutes=25,
    points=5,
    returns="dx",
    closed=True,
    inputs=drawn_program,
    statement="""
        A calculation can be written as a list of steps, each of which makes one new number. The
        input `x` `(N,)` gives the numbers 0 to N - 1. `program` is a list of steps `(op, i, j)`,
        where `op` is `"add"`, `"sub"`, `"mul"` or `"div"`: the first step makes number N from the
        numbers `i` and `j`, the next makes number N + 1, and so on. `("sub", 2, 0)` is number 2
        minus number 0, `("div", 2, 0)` is number 2 divided by number 0. A number may be used many
        times, or by both sides of one step.

        Write `program_backward(x, program)`, which returns `dx` `(N,)`, the derivatives of the
        last number with respect to `x`.
        """,
    example="""
        >>> x = np.array([3.0, 2.0])
        >>> program = [("mul", 0, 0), ("div", 2, 1)]        # number 2 is 9, number 3 is 4.5
        >>> program_backward(x, program).tolist()
        [3.0, -2.25]
        """,
    variants=[
        {"-a / b**2": "-values[len(x) + k] / b"},
        program_by_forward_mode,
        program_by_complex_step,
        program_by_paths,
    ],
    oracle=program_from_bpkit,
    differences=lambda x, program: measured(lambda x: value_of(x, program)[-1], x),
    mistakes=[
        Mistake(
            "assigned",
            "Each use replaces the one before",
            "A number that is used by several steps receives from each of them, and what arrives "
            "is "
            "added up.",
            {"grads[i] += ": "grads[i] = ", "grads[j] += ": "grads[j] = "},
        ),
        Mistake(
            "right_assigned",
            "What the right side receives replaces what was there",
            "The number on the right of a step may have received before, as the left one may; both "
            "add.",
            {"grads[j] += ": "grads[j] = "},
        ),
        Mistake(
            "left_assigned",
            "What the left side receives replaces what was there",
            "The number on the left of a step may have received before, as the right one may; both "
            "add.",
            {"grads[i] += ": "grads[i] = "},
        ),
        Mistake(
            "self_once",
            "A number multiplied by itself receives once",
            "Where one number stands on both sides of a step, it receives from both sides.",
            {"grads[j] += up * db": "grads[j] += up * db * (i != j)"},
        ),
        Mistake(
            "loop_forward",
            "The steps are walked from the first to the last",
            "A step can pass on only what has arrived from later steps, so the last step comes "
            "first.",
            {"reversed(range(len(program)))": "range(len(program))"},
        ),
        Mistake(
            "not_seeded",
            "Every gradient is 0",
            "The gradient of the last number is 1 from the beginning, and step k passes on what "
            "has arrived at the number it made, N + k.",
            {"    grads[-1] = 1.0\n": ""},
        ),
        Mistake(
            "seeded_with_value",
            "The sweep starts from the last number's value",
            "The derivative of the last number with respect to itself is 1, whatever its value.",
            {"grads[-1] = 1.0": "grads[-1] = values[-1]"},
        ),
        Mistake(
            "all_seeded",
            "Every number starts with the gradient 1",
            "Only the last number's derivative with respect to itself is known at the beginning; "
            "all others start at 0.",
            {"np.zeros": "np.ones"},
        ),
        Mistake(
            "upstream_missing",
            "The gradient from above is left out",
            "A step passes on its local slope times what has arrived at the number it made.",
            {"up = grads[len(x) + k]": "up = 1.0"},
        ),
        Mistake(
            "factors_exchanged",
            "In a product each factor receives itself",
            "The slope with respect to one factor is the other factor.",
            {"da, db = b, a": "da, db = a, b"},
        ),
        Mistake(
            "sub_sign",
            "In a difference the right side has the wrong sign",
            "When what is subtracted grows, the difference falls: its slope is -1.",
            {"db = -1.0": "db = 1.0"},
        ),
        Mistake(
            "sub_left",
            "In a difference the left side has the wrong sign",
            "When the left side grows, the difference grows: its slope is 1, and that of the right "
            "side is -1.",
            {"db = -1.0": "da, db = -1.0, 1.0"},
        ),
        Mistake(
            "div_inverse",
            "In a quotient the denominator's slope is 1 over the numerator",
            "As a function of its denominator b the quotient is a/b; its derivative is minus a "
            "over b squared.",
            {"-a / b**2": "1 / a"},
        ),
        Mistake(
            "div_sign",
            "In a quotient the denominator has the wrong sign",
            "When the denominator grows, the size of a quotient shrinks: the slope is minus the "
            "numerator over the denominator squared.",
            {"-a / b**2": "a / b**2"},
        ),
        Mistake(
            "div_not_squared",
            "In a quotient the denominator is not squared",
            "The derivative of 1/b is minus one over b squared.",
            {"-a / b**2": "-a / b"},
        ),
        Mistake(
            "div_without_numerator",
            "In a quotient the denominator's slope lacks the numerator",
            "The quotient is the numerator times 1/b, so its slope carries the numerator as well.",
            {"-a / b**2": "-1 / b**2"},
        ),
        Mistake(
            "div_numerator",
            "In a quotient the numerator receives as in a product",
            "Dividing by b stretches a change of the numerator by 1/b, not by b.",
            {"1 / b,": "b,"},
        ),
        Mistake(
            "first_step_left",
            "The first step is left out on the way back",
            "The sweep stops one step too early; the first step passes its gradient on as well.",
            {"range(len(program))": "range(1, len(program))"},
        ),
        Mistake(
            "all_returned",
            "The gradients of all numbers are returned",
            "Asked for are those of the inputs, the first N.",
            {"grads[: len(x)]": "grads"},
        ),
    ],
    nudge="In which order do the numbers' gradients become complete, and which numbers must be "
    "kept "
    "from the way forward?",
    sketch="""
        Run the program once and keep every number. Give every number a gradient of 0, and the
        last one 1. Then take the steps from the last to the first: look up what has arrived at
        the number that the step made, and add to each of its two sides that much times the local
        slope. The slopes need the kept values: in a product the other factor, in a quotient both.
        The first N gradients are the answer.
        """,
    skeleton="""
        def program_backward(x, program):
            values = list(x)
            for op, i, j in program:
                values.append(...)
            grads = np.zeros(len(values))
            grads[-1] = ...
            for k in ...:
                op, i, j = program[k]
                up = grads[...]
                da, db = ..., ...           # the two local slopes, by op
                grads[i] += ...
                grads[j] += ...
            return grads[: len(x)]
        """,
    notice="This list is called a Wengert list, after the man who wrote one down in 1964. No "
    "sorting "
    "is needed: the steps were written in an order that works, and its reverse works for the "
    "way back.",
)
