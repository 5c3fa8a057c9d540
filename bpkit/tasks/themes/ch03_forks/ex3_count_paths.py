"""How many paths lead from one node of a graph to another.

A part that is used twice counts as two ways.
"""

import numpy as np

from bpkit.tasks.spec import Mistake, task
from bpkit.tasks.themes.ch03_forks.shared import derivative_from_bpkit, graph_of_paths


def count_paths(graph, start, end):
    """How many paths lead from one node of a graph to another.

    graph: a dictionary from each node to the list of nodes it is made from, its parts; a part that
    is used twice is listed twice. Returns a whole number.
    """
    if end == start:
        return 1
    total = 0
    for part in graph[end]:
        total += count_paths(graph, start, part)
    return total


def paths_in_a_list(graph, start, end):
    found, paths = [], [[end]]
    while paths:
        path = paths.pop()
        if path[-1] == start:
            found.append(path)
        paths += [[*path, part] for part in graph[path[-1]]]
    return len(found)


def paths_by_counts(graph, start, end):
    counts = {start: 1}
    while end not in counts:
        for node, parts in graph.items():
            if node not in counts and all(part in counts for part in parts):
                counts[node] = sum(counts[part] for part in parts)
    return counts[end]


def paths_by_matrix(graph, start, end):
    place = {node: i for i, node in enumerate(graph)}
    uses = np.zeros((len(graph), len(graph)))
    for node, parts in graph.items():
        for part in parts:
            uses[place[node], place[part]] += 1
    return round(np.linalg.inv(np.eye(len(graph)) - uses)[place[end], place[start]])


def paths_from_bpkit(graph, start, end):
    edges = {node: [(part, 1.0) for part in parts] for node, parts in graph.items()}
    return round(float(derivative_from_bpkit(edges, start, end)))


def nodes_between(graph, start, end):
    def reaches(node):
        return node == start or any(map(reaches, graph[node]))

    met, waiting = set(), [end]
    while waiting:
        node = waiting.pop()
        if node not in met and reaches(node):
            met.add(node)
            waiting += graph[node]
    return len(met)


def each_node_once(graph, start, end):
    seen = set()

    def visit(node):
        if node == start:
            return 1
        if node in seen:
            return 0
        seen.add(node)
        return sum(visit(part) for part in graph[node])

    return visit(end)


task(
    count_paths,
    chapter=3,
    title="How many paths there are",
    minutes=10,
    points=2,
    returns="paths",
    inputs=graph_of_paths,
    statement="""
        A change of one number reaches another along every path that leads there. How many are
        there? `graph` is a dictionary: each key is a node, and its value is the list of its
        parts, the nodes it is made from. A part that is used twice stands in the list twice, and
        counts as two ways. No node leads back to itself.

        Write `count_paths(graph, start, end)`, which returns the number of paths from the node
        `start` up to the node `end`, a whole number. From a node to itself there is one path.
        """,
    example="""
        >>> graph = {"a": [], "b": ["a", "a"], "c": ["a", "b"]}
        >>> count_paths(graph, "a", "c")
        3
        """,
    variants=[
        paths_in_a_list,
        paths_by_counts,
        paths_by_matrix,
    ],
    oracle=paths_from_bpkit,
    mistakes=[
        Mistake(
            "never_counted",
            "No path is ever counted",
            "It is always 0. A walk from end down through the parts completes a path where it "
            "arrives at start, and counts 1 there.",
            {"return 1": "return 0"},
        ),
        Mistake(
            "any_leaf",
            "Paths from every leaf are counted",
            "A path counts only if it begins at start; a node without parts may be another one.",
            {"if end == start": "if not graph[end]"},
        ),
        Mistake(
            "double_use",
            "A part that is used twice counts once",
            "Each use is a way of its own: in b = a * a there are two paths from a to b.",
            {"in graph[end]": "in set(graph[end])"},
        ),
        Mistake(
            "once_each",
            "Each node is entered once only",
            "When a node is reached by a second path, the walk does not go on from it; but that is "
            "another path, and counts.",
            each_node_once,
        ),
        Mistake(
            "first_part",
            "Only the first part of each node is followed",
            "Each part leads to paths of its own; a return inside the loop would leave after the "
            "first.",
            {"in graph[end]": "in graph[end][:1]"},
        ),
        Mistake(
            "last_part",
            "Only the last part of each node is left",
            "Each part's count replaces the one before; the counts of all parts add up.",
            {"total += ": "total = "},
        ),
        Mistake(
            "exists",
            "The answer is 1 wherever there is a path",
            "Every path counts: each part brings paths of its own, and a node that was met before "
            "brings them again.",
            {"total += count": "total = max(total, count", "start, part)": "start, part))"},
        ),
        Mistake(
            "steps_counted",
            "Each step of the walk counts as a path",
            "1 is added at every part that the walk meets; it belongs only where it arrives at "
            "start.",
            {"total += ": "total += 1 + "},
        ),
        Mistake(
            "longest",
            "This is the length of the longest path",
            "Asked for is how many paths there are, not how many steps the longest takes.",
            {"return 1": "return 0", "total += count": "total = max(total, 1 + count"}
            | {"start, part)": "start, part))"},
        ),
        Mistake(
            "nodes",
            "Nodes are counted, not paths",
            "This is how many nodes lie on the way, start and end included; several paths run "
            "through the same nodes, and each counts.",
            nodes_between,
        ),
        Mistake(
            "parts_of_end",
            "The parts of end are counted",
            "Each part of end may be reached from start by many paths, or by none.",
            {"return total": "return len(graph[end])"},
        ),
        Mistake(
            "every_node_adds_one",
            "Every node adds a path of its own",
            "The counts begin at 1, so each node that is met adds one; a path is complete only at "
            "start.",
            {"total = 0": "total = 1"},
        ),
        Mistake(
            "uses_of_start",
            "The uses of start are counted",
            "This is how often start is a part of other nodes; from each of those, many paths may "
            "lead on, or none.",
            {"return total": "return sum(parts.count(start) for parts in graph.values())"},
        ),
        Mistake(
            "edges_counted",
            "The uses are counted, not the paths",
            "Paths that share a stretch are different paths, and a use that leads "
            "elsewhere is on none.",
            {
                "def count_paths(graph, start, end):\n": "def count_paths(graph, start, end):\n"
                "    seen, todo = set(), [end]\n    "
                "while todo:\n        node = todo.pop()\n        if node not in "
                "seen:\n            seen.add(node)\n            todo += graph[node]\n    "
                "return sum(len(graph[node]) for node in seen)\n"
            },
        ),
    ],
    nudge="If you knew for each part of the last node how many paths lead to it, how many would "
    "lead to the node itself?",
    sketch="""
        Begin at the end. Every path to a node comes through one of its parts, so the number of
        paths to the node is the sum of the numbers for its parts, with a part that is listed
        twice taken twice. Ask the same function for them. It stops at start, to which there is
        one path; another node without parts has none.
        """,
    skeleton="""
        def count_paths(graph, start, end):
            if ...:
                return 1
            total = 0
            for part in ...:
                ...
            return total
        """,
    notice="The number of paths can double with every fork: 30 forks in a row make a billion. "
    "Backpropagation adds at the nodes, so that no path is walked twice.",
)
