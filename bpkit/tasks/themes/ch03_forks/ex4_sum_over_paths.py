"""A derivative as a sum over paths of products of slopes.

What the engine does in one sweep, done path by path.
"""

import numpy as np

from bpkit.tasks.spec import Mistake, task
from bpkit.tasks.themes.ch03_forks.shared import derivative_from_bpkit, graph_of_paths


def sum_over_paths(edges, start, end):
    """The derivative of one node of a graph with respect to another, as a sum over all paths.

    edges: a dictionary from each node to a list of pairs (part, slope): a node it is made from, and
    the local derivative with respect to it. Returns a number.
    """
    if end == start:
        return 1.0
    total = 0.0
    for part, slope in edges[end]:
        total += slope * sum_over_paths(edges, start, part)
    return total


def edges_of_paths(draw):
    """Such a graph with slopes, in which a walk by breadth meets some node too early."""
    while True:
        inputs = graph_of_paths(draw)
        graph = inputs.pop("graph")
        slopes = iter(np.round(draw.real(sum(map(len, graph.values()))), 2).tolist())
        edges = {node: [(p, next(slopes)) for p in parts] for node, parts in graph.items()}
        inputs = {"edges": edges, **inputs}
        if abs(derivative_by_breadth(**inputs) - derivative_from_the_start(**inputs)) > 0.01:
            return inputs


def derivative_from_the_end(edges, start, end):
    total, arrived = 0.0, [(end, 1.0)]
    while arrived:
        node, grad = arrived.pop()
        total += grad if node == start else 0.0
        arrived += [(part, grad * slope) for part, slope in edges[node]]
    return total


def derivative_from_the_start(edges, start, end):
    rates = {start: 1.0}
    while end not in rates:
        for node, parts in edges.items():
            if node not in rates and all(part in rates for part, _ in parts):
                rates[node] = sum(rates[part] * slope for part, slope in parts)
    return rates[end]


def derivative_by_matrix(edges, start, end):
    place = {node: i for i, node in enumerate(edges)}
    local = np.zeros((len(edges), len(edges)))
    for node, parts in edges.items():
        for part, slope in parts:
            local[place[node], place[part]] += slope
    return np.linalg.solve(np.eye(len(edges)) - local, np.eye(len(edges)))[place[end], place[start]]


def derivative_each_node_once(edges, start, end):
    seen = set()

    def visit(node):
        if node == start:
            return 1.0
        if node in seen:
            return 0.0
        seen.add(node)
        return sum(slope * visit(part) for part, slope in edges[node])

    return visit(end)


def derivative_again_at_every_visit(edges, start, end):
    grads, waiting = dict.fromkeys(edges, 0.0), [end]
    grads[end] = 1.0
    while waiting:
        node = waiting.pop()
        for part, slope in edges[node]:
            grads[part] += slope * grads[node]
            waiting.append(part)
    return grads[start]


def derivative_by_breadth(edges, start, end):
    grads, order = dict.fromkeys(edges, 0.0), [end]
    grads[end] = 1.0
    for node in order:
        for part, slope in edges[node]:
            grads[part] += slope * grads[node]
            if part not in order:
                order.append(part)
    return grads[start]


def derivative_first_path(edges, start, end):
    seen = set()

    def visit(node):
        if node in seen:
            return 0.0
        seen.add(node)
        if node == start:
            return 1.0
        return sum(slope * visit(part) for part, slope in edges[node])

    return visit(end)


def derivative_once_a_part(edges, start, end):
    if end == start:
        return 1.0
    return sum(s * derivative_once_a_part(edges, start, p) for p, s in dict(edges[end]).items())


task(
    sum_over_paths,
    chapter=3,
    title="A derivative is a sum over all paths",
    minutes=10,
    points=3,
    returns="slope",
    inputs=edges_of_paths,
    statement="""
        Take any two nodes of a graph. Along one path between them local slopes multiply; the
        derivative is the sum of these products over all paths.

        `edges` is a dictionary: each key is a node, and its value is a list of pairs `(part,
        slope)`, a node that it is made from and the local derivative with respect to it. The same
        part may stand there twice, with two slopes. Write `sum_over_paths(edges, start, end)`,
        which returns the derivative of the node `end` with respect to the node `start`, a number.
        A node's derivative with respect to itself is 1.
        """,
    example="""
        >>> edges = {"a": [], "b": [("a", 3.0)], "c": [("a", 10.0), ("b", 2.0)]}
        >>> sum_over_paths(edges, "a", "c")
        16.0
        """,
    variants=[
        {
            "slope * sum_over_paths(edges, start, part)": "np.prod([slope, "
            "sum_over_paths(edges, start, part)])"
        },
        derivative_from_the_end,
        derivative_from_the_start,
        derivative_by_matrix,
    ],
    oracle=derivative_from_bpkit,
    mistakes=[
        Mistake(
            "slopes_ignored",
            "The paths are counted, and the slopes left out",
            "Each path contributes the product of its slopes, not 1.",
            {"slope * ": ""},
        ),
        Mistake(
            "added_along",
            "The slopes along a path are added",
            "Each step of a path stretches the change that comes to it: along a path slopes "
            "multiply.",
            {"slope * ": "slope + "},
        ),
        Mistake(
            "multiplied_across",
            "The contributions of different paths are multiplied",
            "Along a path slopes multiply; where paths meet, what they bring is added.",
            {"total = 0.0": "total = 1.0", "total += ": "total *= "},
        ),
        Mistake(
            "last_part",
            "Only the last part of each node is left",
            "Each part's contribution replaces the one before; the contributions of all parts add "
            "up.",
            {"total += ": "total = "},
        ),
        Mistake(
            "first_part",
            "Only the first part of each node is followed",
            "Each part contributes; a return inside the loop would leave after the first.",
            {"in edges[end]": "in edges[end][:1]"},
        ),
        Mistake(
            "divided",
            "Divided by the slopes instead of multiplied",
            "A change of the part is stretched by the slope on its way up, so the slope is a "
            "factor.",
            {
                "slope * sum_over_paths(edges, start, part)": "1 / slope * sum_over_paths(edges, "
                "start, part)"
            },
        ),
        Mistake(
            "direct_only",
            "Only the direct way from start to end counts",
            "start reaches end through other nodes as well, and each such path contributes.",
            {"return total": "return sum(slope for part, slope in edges[end] if part == start)"},
        ),
        Mistake(
            "again_at_every_visit",
            "What has arrived is passed on more than once",
            "Each time a node is reached again, it passes on all it has so far, and so the earlier "
            "part again.",
            derivative_again_at_every_visit,
        ),
        Mistake(
            "by_breadth",
            "A node passes its share on too early",
            "Level by level, a node is met before all who use it have reported; what arrives later "
            "is never passed on.",
            derivative_by_breadth,
        ),
        Mistake(
            "first_path",
            "Only the first path that arrives at start counts",
            "start is entered once and then never again, like every other node; but each path that "
            "arrives contributes.",
            derivative_first_path,
        ),
        Mistake(
            "every_node_adds_one",
            "Every node adds 1 of its own",
            "The sums begin at 1; only start has the derivative 1, and all others have what their "
            "parts bring.",
            {"total = 0.0": "total = 1.0"},
        ),
        Mistake(
            "double_use",
            "A part that is listed twice contributes once",
            "In b = a * a each of the two uses of a has its slope, and both contribute.",
            derivative_once_a_part,
        ),
        Mistake(
            "once_each",
            "Each node is entered once only",
            "When a node is reached by a second path, the walk does not go on from it; but that is "
            "another path, and contributes.",
            derivative_each_node_once,
        ),
        Mistake(
            "any_leaf",
            "Paths from every leaf contribute",
            "Only paths that begin at start count; another node without parts does not move when "
            "start does.",
            {"if end == start": "if not edges[end]"},
        ),
        Mistake(
            "never_started",
            "Every path's product is 0",
            "Where the walk arrives at start the product is complete; the derivative of start with "
            "respect to itself is 1, not 0.",
            {"return 1.0": "return 0.0"},
        ),
        Mistake(
            "averaged",
            "The paths are averaged",
            "A node feels what all its parts bring to it, so contributions are added and divided "
            "by nothing.",
            {"return total": "return total / max(1, len(edges[end]))"},
        ),
        Mistake(
            "largest",
            "Only the largest contribution is kept",
            "At each node one part's contribution is chosen; all of them count, and add up.",
            {
                "total += slope * sum_over_paths(edges, start, part)": "total = max(total, slope * "
                "sum_over_paths(edges, start, part), key=abs)"
            },
        ),
        Mistake(
            "last_edges",
            "Only the last step to the end counts",
            "The slopes next to the end are added up; a path's earlier slopes belong to its "
            "product too.",
            {"return total": "return sum(slope for _, slope in edges[end])"},
        ),
        Mistake(
            "added_from_zero",
            "The slopes along a path are added",
            "Each step of a path stretches the change that comes to it: along a path "
            "slopes multiply.",
            {"return 1.0": "return 0.0", "slope * sum": "slope + sum"},
        ),
    ],
    nudge="If you knew the derivative of each part with respect to the start, how would the node "
    "made of them follow?",
    sketch="""
        Begin at the end. If it is the start itself, the derivative is 1. Otherwise it moves
        because its parts move: each part brings its own derivative with respect to the start,
        stretched by the slope on the way up. Add these over all entries of the list. A node
        without parts that is not the start does not move at all.
        """,
    skeleton="""
        def sum_over_paths(edges, start, end):
            if ...:
                return 1.0
            total = 0.0
            for part, slope in edges[end]:
                total += ...
            return total
        """,
    notice="Right, and slow: every path is walked by itself, and their number can double with "
    "every fork. Backpropagation computes the same sum with one visit to each edge.",
)
