"""Tasks on paths: along a path slopes multiply, and over all paths the products add up."""

import numpy as np

import bpkit as bp
from bpkit.tasks.draw import Formula
from bpkit.tasks.spec import Mistake, task
from bpkit.tasks.themes.chains import chain
from bpkit.tasks.tools import slopes as measured


class Formula2(Formula):
    """A function of two numbers that can be shown."""

    def __call__(self, x, y):
        return self.function(x, y)

    def __repr__(self):
        return f"x, y -> {self.text}"


def surface(draw):
    """A function of x and y with both of its partial derivatives."""
    a, b = round(draw.real(low=0.4), 2), round(draw.real(low=0.4), 2)
    return draw.choice(
        [
            (
                Formula2(f"({a}) x**2 y + ({b}) y**2", lambda x, y: a * x**2 * y + b * y**2),
                Formula2(f"2 ({a}) x y", lambda x, y: 2 * a * x * y),
                Formula2(f"({a}) x**2 + 2 ({b}) y", lambda x, y: a * x**2 + 2 * b * y),
            ),
            (
                Formula2(f"sin(({a}) x) y**2 + ({b}) x", lambda x, y: np.sin(a * x) * y**2 + b * x),
                Formula2(
                    f"({a}) cos(({a}) x) y**2 + ({b})", lambda x, y: a * np.cos(a * x) * y**2 + b
                ),
                Formula2(f"2 sin(({a}) x) y", lambda x, y: 2 * np.sin(a * x) * y),
            ),
        ]
    )


def total_derivative(x, f, fx, fy, g, dg):
    """The value of z = f(x, g(x)) and its derivative with respect to x.

    x is a number. f takes two numbers and returns one; fx and fy are its partial derivatives with
    respect to the first and the second, and do too. g takes one number and returns one; dg is its
    derivative. Returns z and slope, two numbers.
    """
    y = g(x)
    z = f(x, y)
    slope = fx(x, y) + fy(x, y) * dg(x)
    return z, slope


def two_ways(draw):
    x, ((g, dg),) = chain(draw, 1)
    f, fx, fy = surface(draw)
    return {"x": x, "f": f, "fx": fx, "fy": fy, "g": g, "dg": dg}


def total_by_complex_step(x, f, fx, fy, g, dg):
    z = f(x + 1e-25j, g(x + 1e-25j))
    return z.real, z.imag / 1e-25


def total_by_differences(x, f, fx, fy, g, dg):
    def z(x):
        return f(x, g(x))

    return z(x), (z(x + 1e-5) - z(x - 1e-5)) / 2e-5


task(
    total_derivative,
    chapter=3,
    title="Two ways from x",
    minutes=8,
    points=2,
    returns="z slope",
    inputs=two_ways,
    statement="""
        A function of two numbers is fed the same `x` twice: once as it is, and once after it has
        been through `g`. So `z = f(x, g(x))`, and `x` reaches `z` by two ways.

        Write `total_derivative(x, f, fx, fy, g, dg)`. `f` takes two numbers, and `fx` and `fy`
        are its partial derivatives with respect to the first and to the second; they take two
        numbers too. `g` and its derivative `dg` take one. Return the numbers `z` and `slope`, the
        derivative of `z` with respect to `x` when everything that depends on `x` moves along.
        """,
    example="""
        >>> f, fx, fy = lambda x, y: x * y, lambda x, y: y, lambda x, y: x
        >>> total_derivative(3.0, f, fx, fy, lambda x: x**2, lambda x: 2 * x)
        (27.0, 27.0)
        """,
    variants=[
        {"fx(x, y) + fy(x, y) * dg(x)": "np.dot([fx(x, y), fy(x, y)], [1.0, dg(x)])"},
        {"slope = fx(x, y) + fy(x, y) * dg(x)": "slope = 0.0\n    slope += dg(x) * fy(x, g(x))"}
        | {"return z": "slope += fx(x, g(x))\n    return z"},
        total_by_complex_step,
        total_by_differences,
    ],
    differences=lambda x, f, fx, fy, g, dg: (
        f(x, g(x)),
        measured(lambda x: f(x, g(x)), np.array(x)),
    ),
    mistakes=[
        Mistake(
            "direct_only",
            "The way through g is missing",
            "x moves z in two ways; here only the first place of f moves, and g(x) stands still.",
            {" + fy(x, y) * dg(x)": ""},
        ),
        Mistake(
            "through_only",
            "The direct way is missing",
            "x moves z in two ways; here only the second place of f moves.",
            {"fx(x, y) + ": ""},
        ),
        Mistake(
            "dg_missing",
            "The way through g lacks the slope of g",
            "When x moves a little, g(x) moves dg(x) times as much; that factor belongs to the "
            "second way.",
            {" * dg(x)": ""},
        ),
        Mistake(
            "wrong_partial",
            "The way through g uses the partial derivative for x",
            "g(x) stands in the second place of f, so its way goes through fy; and the direct way "
            "is missing.",
            {"fx(x, y) + fy(x, y) * dg(x)": "fx(x, y) * dg(x)"},
        ),
        Mistake(
            "dg_on_both",
            "Both ways are multiplied by the slope of g",
            "The direct way does not go through g, so dg belongs to the second way alone.",
            {"fx(x, y) + fy(x, y) * dg(x)": "(fx(x, y) + fy(x, y)) * dg(x)"},
        ),
        Mistake(
            "dg_on_direct",
            "The slope of g is on the wrong way",
            "The first place of f takes x itself; it is the second that takes g(x), so dg belongs "
            "to fy.",
            {"fx(x, y) + fy(x, y) * dg(x)": "fx(x, y) * dg(x) + fy(x, y)"},
        ),
        Mistake(
            "multiplied",
            "The two ways are multiplied",
            "Along a way slopes multiply; where two ways meet, what they bring is added.",
            {"fx(x, y) + fy": "fx(x, y) * fy"},
        ),
        Mistake(
            "all_added",
            "The slope of g is added",
            "On the second way fy and dg follow each other, and slopes in a row multiply.",
            {"* dg(x)": "+ dg(x)"},
        ),
        Mistake(
            "subtracted",
            "The second way is subtracted",
            "What two ways bring to the same place is added, whatever their signs.",
            {"+ fy": "- fy"},
        ),
        Mistake(
            "at_x_x",
            "The partial derivatives are taken at (x, x)",
            "The second number that f is given is g(x), so that is where its slopes count.",
            {"fx(x, y) + fy(x, y)": "fx(x, x) + fy(x, x)"},
        ),
        Mistake(
            "at_slope",
            "The partial derivatives are taken at (x, dg(x))",
            "f is given the value g(x), not the slope of g; its slopes count there.",
            {"fx(x, y) + fy(x, y)": "fx(x, dg(x)) + fy(x, dg(x))"},
        ),
        Mistake(
            "places_exchanged",
            "The partial derivatives get their numbers in the wrong order",
            "fx and fy take the same two numbers as f: x first, then g(x).",
            {"fx(x, y) + fy(x, y)": "fx(y, x) + fy(y, x)"},
        ),
        Mistake(
            "dg_at_y",
            "The slope of g is taken at g(x)",
            "What goes into g is x, so that is where its slope counts.",
            {"dg(x)": "dg(y)"},
        ),
        Mistake(
            "value_at_x_x",
            "z is taken at (x, x)",
            "The second number that f is given is g(x).",
            {"z = f(x, y)": "z = f(x, x)"},
        ),
    ],
    nudge="If x moves a little, which of the two numbers that f is given move, and how far does "
    "each?",
    sketch="""
        Move x by a little. The first number that f is given moves as much, and z follows with the
        partial derivative for the first. The second number moves too, by the slope of g times as
        much, and z follows with the partial derivative for the second. z feels both, so the two
        are added. All slopes count where the numbers are: f's at x and g(x), g's at x.
        """,
    skeleton="""
        def total_derivative(x, f, fx, fy, g, dg):
            y = ...
            z = f(x, y)
            direct = ...
            through_g = ... * ...
            return z, direct + through_g
        """,
    notice="The partial derivative fx keeps y still; the total derivative lets it move. The "
    "difference between the two is the second way.",
)


def graph_of_paths(draw):
    """A graph with many paths: {node: its parts}, start, end.

    A node uses one part twice, another leaf and a node above the end lie off all paths.
    """
    count = draw.size("nodes", least=4, most=7)
    names = [chr(ord("a") + i) for i in draw.rng.permutation(count + 2)]
    above, other, *chain = names
    graph = {chain[0]: [], chain[1]: [chain[0], other, chain[0]], other: []}
    for i in range(2, count):
        shortcuts = draw.rng.choice(i - 1, size=draw.whole(1, min(i - 1, 2)), replace=False)
        graph[chain[i]] = [chain[i - 1], *(chain[j] for j in shortcuts)]
    graph[chain[-1]] += [other] if chain[0] in graph[chain[-1]] else [other, chain[0]]
    graph[above] = [chain[0], chain[-1]]
    graph = {node: draw.rng.permutation(parts).tolist() for node, parts in graph.items()}
    order = draw.rng.permutation(list(graph)).tolist()
    return {"graph": {node: graph[node] for node in order}, "start": chain[0], "end": chain[-1]}


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


def derivative_from_bpkit(edges, start, end):
    made = {node: bp.Tensor(1.0) for node, parts in edges.items() if not parts}
    while len(made) < len(edges):
        for node, parts in edges.items():
            if node not in made and all(part in made for part, _ in parts):
                made[node] = sum((made[part] * slope for part, slope in parts), bp.Tensor(0.0))
    made[end].backward()
    return made[start].grad


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
            "Where the walk arrives at start a path is complete, and counts 1; here it counts 0.",
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


def savings_gradient(start, rate, deposits):
    """The gradients of an account's last balance: balance = balance * rate + deposit, every year.

    start, rate numbers; deposits (T,), one a year. Returns dstart and drate, numbers, and ddeposits
    (T,): the derivatives of the last balance.
    """
    balances = [start]
    for deposit in deposits:
        balances.append(balances[-1] * rate + deposit)
    up = 1.0
    drate = 0.0
    ddeposits = np.zeros(len(deposits))
    for t in reversed(range(len(deposits))):
        ddeposits[t] = up
        drate += up * balances[t]
        up = up * rate
    return up, drate, ddeposits


def an_account(draw):
    T = draw.size("T", least=3)
    return {
        "start": draw.positive(low=0.4),
        "rate": draw.positive(low=0.6, high=1.7),
        "deposits": draw.real(T),
    }


def savings_forward(start, rate, deposits):
    T = len(deposits)
    balance, moves = start, np.eye(T + 2)[0]
    for t, deposit in enumerate(deposits):
        moves = moves * rate
        moves[1] += balance
        moves[t + 2] += 1
        balance = balance * rate + deposit
    return moves[0], moves[1], moves[2:]


def savings_in_closed_form(start, rate, deposits):
    years = np.arange(len(deposits))[::-1]
    drate = len(deposits) * start * rate ** (len(deposits) - 1)
    drate += np.sum(deposits * years * rate ** (years - 1.0))
    return rate ** len(deposits), drate, rate**years


def last_balance(start, rate, deposits):
    for deposit in deposits:
        start = start * rate + deposit
    return start


def savings_by_complex_step(start, rate, deposits):
    steps = 1e-25j * np.eye(len(deposits))
    return (
        last_balance(start + 1e-25j, rate, deposits).imag / 1e-25,
        last_balance(start, rate + 1e-25j, deposits).imag / 1e-25,
        np.array([last_balance(start, rate, deposits + step).imag / 1e-25 for step in steps]),
    )


def savings_from_bpkit(start, rate, deposits):
    tensors = bp.Tensor(start), bp.Tensor(rate), bp.Tensor(deposits)
    last_balance(*tensors).backward()
    return tuple(t.grad for t in tensors)


task(
    savings_gradient,
    chapter=3,
    title="A rate that is used every year",
    minutes=15,
    points=4,
    returns="dstart drate ddeposits",
    closed=True,
    inputs=an_account,
    statement="""
        An account begins with the balance `start`. Every year it is multiplied by the same growth
        factor `rate`, and then the year's deposit is added (a negative one is a withdrawal):
        `balance = balance * rate + deposit`. How does the last balance depend on everything?

        Write `savings_gradient(start, rate, deposits)`. `start` and `rate` are numbers and
        `deposits` is `(T,)`, the first year first. It returns the derivatives of the last
        balance: the numbers `dstart` and `drate`, and `ddeposits` `(T,)`, in this order. `rate`
        is one number, used in all `T` years.
        """,
    example="""
        >>> dstart, drate, ddeposits = savings_gradient(10.0, 2.0, np.array([3.0, 4.0]))
        >>> float(dstart), float(drate), ddeposits.tolist()
        (4.0, 43.0, [2.0, 1.0])
        """,
    variants=[
        {"drate += up * balances[t]\n        ": ""}
        | {"return up, drate": "drate = np.dot(ddeposits, balances[:-1])\n    return up, drate"},
        savings_forward,
        savings_in_closed_form,
        savings_by_complex_step,
    ],
    oracle=savings_from_bpkit,
    differences=lambda start, rate, deposits: measured(
        last_balance, np.array(start), np.array(rate), deposits
    ),
    mistakes=[
        Mistake(
            "rate_assigned",
            "drate keeps one year alone",
            "The rate is used every year, and each use contributes; here the first year's "
            "contribution has replaced the others.",
            {"drate += ": "drate = "},
        ),
        Mistake(
            "last_year_only",
            "drate knows only the last year",
            "The rate was used in every year before as well, and each of these uses still moves "
            "the last balance.",
            {"drate += up * balances[t]": "drate = balances[-2]"},
        ),
        Mistake(
            "balance_after",
            "drate uses the balance after the year",
            "The rate multiplies the balance from before the year, so that is its slope.",
            {"balances[t]": "balances[t + 1]"},
        ),
        Mistake(
            "rate_without_upstream",
            "drate adds up the balances alone",
            "What a year adds is multiplied by the rate in all the years that follow; that factor "
            "is missing.",
            {"up * balances[t]": "balances[t]"},
        ),
        Mistake(
            "start_alone",
            "drate leaves the deposits out",
            "Without deposits the last balance would be start times rate to the T, and this is its "
            "derivative; but the deposits grow too.",
            {"return up, drate": "T = len(deposits)\n    return up, T * start * rate ** (T - 1)"},
        ),
        Mistake(
            "rate_once_too_often",
            "Each year's share of drate has grown a year too long",
            "The rate's use in a year is followed by the growth of the later years alone; the "
            "year's own growth is that use.",
            {"up * balances[t]": "up * rate * balances[t]"},
        ),
        Mistake(
            "all_grown_alike",
            "All years' balances are grown alike",
            "What the first year's use brings grows for all the years that follow, the last "
            "year's not at all.",
            {"return up, drate": "return up, sum(balances[:-1]) * rate ** (len(deposits) - 1)"},
        ),
        Mistake(
            "start_each_year",
            "Each year's slope is taken at the start balance",
            "In year t the rate multiplies the balance of that year, not the one of the beginning.",
            {"balances[t]": "start"},
        ),
        Mistake(
            "step_too_early",
            "The step back is taken before the year's gradients",
            "The deposit comes after the growth, and the rate's slope is the old balance: neither "
            "passes this year's rate, so the factor comes too early.",
            {"        ddeposits[t] = up\n": "        up = up * rate\n        ddeposits[t] = up\n"}
            | {"balances[t]\n        up = up * rate": "balances[t]"},
        ),
        Mistake(
            "deposits_too_early",
            "Each deposit is one year too long on the account",
            "A deposit is added after the year's growth, so the last one has not grown at all: its "
            "derivative is 1.",
            {"ddeposits[t] = up": "ddeposits[t] = up * rate"},
        ),
        Mistake(
            "deposits_all_one",
            "Every deposit counts 1",
            "That is its slope in its own year; after that it grows with the balance, by the rate "
            "each year.",
            {"ddeposits[t] = up": "ddeposits[t] = 1.0"},
        ),
        Mistake(
            "deposits_reversed",
            "The deposits' gradients stand in reverse",
            "The first year's deposit grows the longest.",
            {"ddeposits[t] = up": "ddeposits[-1 - t] = up"},
        ),
        Mistake(
            "deposits_sized",
            "The deposits' gradients are multiplied by the deposits",
            "A derivative says what one more unit would bring; the deposit itself is no part of "
            "it.",
            {"ddeposits[t] = up": "ddeposits[t] = up * deposits[t]"},
        ),
        Mistake(
            "one_year_short",
            "dstart lacks a year",
            "The start balance grows in all T years, the first one included.",
            {"return up, drate": "return up / rate, drate"},
        ),
        Mistake(
            "years_times_rate",
            "dstart is T times the rate",
            "The start balance is multiplied by the rate every year, and multiplying T times is a "
            "power.",
            {"return up, drate": "return len(deposits) * rate, drate"},
        ),
        Mistake(
            "start_one",
            "dstart is 1",
            "That is where the way back begins, at the last balance; from there it passes T years.",
            {"return up, drate": "return 1.0, drate"},
        ),
        Mistake(
            "balance_on_the_way",
            "The step back multiplies by the balance",
            "From one year's balance to the one before, the slope is the rate; the balance is the "
            "slope for the rate.",
            {"up = up * rate": "up = up * balances[t]"},
        ),
        Mistake(
            "deposit_first",
            "The deposit is added before the growth",
            "The year's growth comes first, then the deposit: the balances on the way are others.",
            {"balances[-1] * rate + deposit": "(balances[-1] + deposit) * rate"},
        ),
        Mistake(
            "stops_early",
            "The first year is left out",
            "The way back stops one year too early; the first year passes the gradient to start.",
            {"range(len(deposits)))": "range(1, len(deposits)))"},
        ),
    ],
    nudge="In how many years is the rate used, and through which later years does each of these "
    "uses reach the last balance?",
    sketch="""
        Walk forward first and keep the balance of every year. Then walk back from the last year.
        At each year three things receive from the gradient that arrives: the deposit as it is;
        the rate, times the balance that it multiplied, added to what it has from other years; and
        the balance before, times the rate, which is what arrives at the year before. What is left
        in the end belongs to start.
        """,
    skeleton="""
        def savings_gradient(start, rate, deposits):
            balances = [start]
            for deposit in deposits:
                balances.append(...)
            up, drate, ddeposits = 1.0, 0.0, np.zeros(len(deposits))
            for t in reversed(range(len(deposits))):
                ddeposits[t] = ...
                drate += ...
                up = ...
            return up, drate, ddeposits
        """,
    notice="One parameter, used at every step of time, receives from every step: this is "
    "backpropagation through time, chapter 17, with the rate in the place of the weights.",
)
