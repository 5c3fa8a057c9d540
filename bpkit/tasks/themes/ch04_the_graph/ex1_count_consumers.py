"""How many uses of each node have yet to report.

An engine must know it before a node may pass its gradient on.
"""

import numpy as np

import bpkit as bp
from bpkit.tasks.spec import Mistake, task
from bpkit.tasks.themes.ch04_the_graph.shared import net


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
