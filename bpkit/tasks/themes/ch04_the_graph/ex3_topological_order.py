"""The nodes of a graph, each after all that it is made from.

The order in which a sweep may go; many orders are right.
"""

from bpkit.tasks.spec import Mistake, task


def topological_order(graph):
    """The nodes of a graph, each after all that it is made from.

    graph: a dictionary from each node to the list of nodes it is made from. Returns a list.
    """
    order, seen = [], set()

    def visit(node):
        if node in seen:
            return
        seen.add(node)
        for part in graph[node]:
            visit(part)
        order.append(node)

    for node in graph:
        visit(node)
    return order


def graphs(draw):
    """A chain with shortcuts, its last node listed first; one made from its third, for no other."""
    count = draw.size("nodes", least=3, most=11)
    chain = [chr(ord("a") + i) for i in draw.rng.permutation(count + 1)]
    alone = chain.pop()
    graph = {chain[0]: [], chain[1]: [chain[0]]}
    for i in range(2, count):
        shortcuts = draw.rng.choice(i - 1, size=draw.whole(1, min(i - 1, 2)), replace=False)
        graph[chain[i]] = [*(chain[j] for j in shortcuts), chain[i - 1]]
    graph[alone] = [chain[2]]
    others = draw.rng.permutation([*chain[:-1], alone]).tolist()
    return {"graph": {node: graph[node] for node in [chain[-1], *others]}}


def seen_order(order, graph):
    """What makes an order right, whichever of the right ones it is."""
    order = list(order)
    place = {node: i for i, node in enumerate(order)}
    edges = [(part, node) for node in graph for part in graph[node]]
    return {
        "the number of nodes listed twice": len(order) - len(place),
        "the number of nodes missing": len(set(graph) - set(place)),
        "the number of strangers": len(set(place) - set(graph)),
        "the number of pairs in the wrong order": sum(
            place[a] > place[b] for a, b in edges if a in place and b in place
        ),
    }


def by_counting(graph):
    waiting = {node: len(parts) for node, parts in graph.items()}
    ready = [node for node, count in waiting.items() if count == 0]
    order = []
    while ready:
        node = ready.pop()
        order.append(node)
        for other, parts in graph.items():
            if node in parts:
                waiting[other] -= 1
                if waiting[other] == 0:
                    ready.append(other)
    return tuple(order)


def by_rounds(graph):
    order = []
    while len(order) < len(graph):
        order += [n for n in graph if n not in order and all(p in order for p in graph[n])]
    return order


def with_a_stack(graph):
    order, stack = [], [(node, False) for node in graph]
    while stack:
        node, ready = stack.pop()
        if node in order:
            continue
        if ready:
            order.append(node)
        else:
            stack += [(node, True), *((part, False) for part in graph[node])]
    return order


def from_bpkit(graph):
    import bpkit as bp

    made = {}
    for node in by_rounds(graph):
        made[node] = sum((made[p] for p in graph[node]), bp.Tensor(1.0) * 1.0)
    top = sum(made.values(), bp.Tensor(0.0))
    names = {id(tensor): node for node, tensor in made.items()}
    return [names[id(t)] for t in bp.graph.order(top) if id(t) in names]


task(
    topological_order,
    chapter=4,
    title="An order in which every part comes first",
    minutes=12,
    points=3,
    returns="order",
    inputs=graphs,
    observe=seen_order,
    statement="""
        `graph` is a dictionary: each key is a node, and its value is the list of the nodes that
        it is made from. No node leads back to itself.

        Write `topological_order(graph)`, which returns a list of all nodes, each once, in which
        every node stands after all the nodes that it is made from. Where several orders are
        right, any will do.
        """,
    example="""
        >>> topological_order({"c": ["a", "b"], "b": ["a"], "a": []})
        ['a', 'b', 'c']
        """,
    variants=[by_counting, by_rounds, with_a_stack],
    oracle=from_bpkit,
    mistakes=[
        Mistake(
            "reversed",
            "The order is reversed",
            "Each node stands before what it is made from: that is the order of the way back.",
            {"return order": "return order[::-1]"},
        ),
        Mistake(
            "not_marked",
            "Nodes are visited more than once",
            "A node that is used twice is reached twice; it must be remembered as seen.",
            {"        seen.add(node)\n": ""},
        ),
        Mistake(
            "before_parts",
            "A node is listed before its parts",
            "The node is added when it is reached; it must be added when all its parts have been.",
            {
                "        seen.add(node)\n": "        seen.add(node)\n        order.append(node)\n",
                "            visit(part)\n        order.append(node)": "            visit(part)",
            },
        ),
        Mistake(
            "as_given",
            "The nodes come as the dictionary lists them",
            "The dictionary's own order says nothing about what is made from what.",
            {"return order": "return list(graph)"},
        ),
        Mistake(
            "by_number_of_parts",
            "The nodes are sorted by how many parts they have",
            "A node with one part may be made from a node with three; what counts is which parts "
            "they are, not how many.",
            {"return order": "return sorted(graph, key=lambda node: len(graph[node]))"},
        ),
        Mistake(
            "from_last_only",
            "Only what the dictionary's first node needs is listed",
            "The walk must start from every node: not all are parts of the first one.",
            {"for node in graph:\n        visit(node)": "visit(next(iter(graph)))"},
        ),
        Mistake(
            "first_part_only",
            "Only the first part of each node is followed",
            "A return inside the loop leaves after one part; the others are never visited.",
            {"for part in graph[node]:": "for part in graph[node][:1]:"},
        ),
        Mistake(
            "leaves_only",
            "Nodes with parts are left out",
            "The walk stops at nodes that have parts instead of adding them after their parts.",
            {"order.append(node)": "if not graph[node]:\n            order.append(node)"},
        ),
    ],
    nudge="When may a node be added to the list: when you reach it, or when something else has "
    "happened first?",
    sketch="""
        Walk from every node to its parts, and remember which nodes were seen. A node is added to
        the list only after the walk has come back from all of its parts. A node that was seen is
        not entered again.
        """,
    skeleton="""
        def topological_order(graph):
            order, seen = [], set()

            def visit(node):
                if ...:
                    return
                seen.add(node)
                for part in ...:
                    ...
                order.append(...)

            for node in graph:
                visit(node)
            return order
        """,
    notice="Read backward, the list is the order in which gradients flow: a node passes its "
    "gradient on only when "
    "all who used it have reported. A deep graph needs a stack of your own: Python stops at "
    "1,000 calls.",
)
