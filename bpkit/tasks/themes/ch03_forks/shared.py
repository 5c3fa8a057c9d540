"""The graphs that tasks on paths are tried on, and the engine's derivative of them."""

import bpkit as bp


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


def derivative_from_bpkit(edges, start, end):
    made = {node: bp.Tensor(1.0) for node, parts in edges.items() if not parts}
    while len(made) < len(edges):
        for node, parts in edges.items():
            if node not in made and all(part in made for part, _ in parts):
                made[node] = sum((made[part] * slope for part, slope in parts), bp.Tensor(0.0))
    made[end].backward()
    return made[start].grad
