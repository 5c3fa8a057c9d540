"""Where the boxes and arrows of a graph go. Nothing here draws.

Nodes stand in layers, each to the right of its inputs. An edge that spans several layers gets a
lane through each of them, so that it goes around boxes, never through one. Barycenter sweeps
(Sugiyama, Tagawa, Toda, 1981) choose the order within a layer that has the fewest crossings.
"""

from collections import Counter
from dataclasses import dataclass
from itertools import pairwise

LANE = 0.10  # inches that a passing edge keeps free


@dataclass
class Layout:
    """Centers and sizes of boxes, and for each edge the points that it passes, all in inches.

    x grows to the right and y upward. routes[i][k] leads from input k of node i to node i. Between
    its points 0 and 1, 2 and 3, … it bends; between 1 and 2, 3 and 4, … it runs straight.
    """

    centers: list
    sizes: list
    routes: list
    width: float
    height: float
    down: bool


def place(inputs, sizes, gap=0.36, run=0.1, space=0.16, down=False):
    """Lay out a graph whose nodes are numbered so that inputs come before results.

    inputs: for each node the numbers of its inputs, in order; sizes: (width, height) of each box in
    inches; gap: what a bend takes between two layers; run: the straight end of each arrow; space:
    between neighbors in a layer; down: layers go downward.

    >>> chain = place([[], [0], [1]], [(1, 0.5)] * 3, gap=0.25, run=0.25)
    >>> chain.width, chain.height, [x for x, _ in chain.centers]
    (4.0, 0.5, [0.5, 2.0, 3.5])
    """
    along, across = (1, 0) if down else (0, 1)
    deep = layers(inputs)
    depth = [
        max((s[along] for s, d in zip(sizes, deep, strict=True) if d == k))
        for k in range(max(deep) + 1)
    ]
    sizes = [(depth[d], s[across]) for s, d in zip(sizes, deep, strict=True)]

    points, lanes, links = list(deep), {}, []  # points: the layer of each node, then of each lane
    for i, sources in enumerate(inputs):
        for k, source in enumerate(sources):
            chain = [source]
            for layer in range(deep[source] + 1, deep[i]):
                chain.append(len(points))
                points.append(layer)
            lanes[i, k] = chain[1:]
            shift = port(k, len(sources), sizes[i][1])
            links += [(a, b, 0.0) for a, b in pairwise(chain)] + [(chain[-1], i, shift)]
    extents = [s[1] for s in sizes] + [LANE] * (len(points) - len(sizes))

    rows = arrange(points, links)
    y = settle(rows, links, extents, space, len(inputs))
    top = min(y[i] - extents[i] / 2 for i in range(len(y)))
    y = [value - top for value in y]
    total = max(y[i] + extents[i] / 2 for i in range(len(y)))

    starts, here = [], 0.0
    for thickness in depth:
        starts.append(here)
        here += thickness + gap + run
    length = here - gap - run

    def spot(a, b):
        return (b, length - a) if down else (a, total - b)

    centers = [spot(starts[d] + depth[d] / 2, y[i]) for i, d in enumerate(deep)]
    routes = []
    for i, sources in enumerate(inputs):
        routes.append([])
        for k, source in enumerate(sources):
            route = [(starts[deep[source]] + depth[deep[source]], y[source])]
            for lane in lanes[i, k]:
                start = starts[points[lane]]
                route += [(start - run, y[lane]), (start + depth[points[lane]], y[lane])]
            end, arrival = starts[deep[i]], y[i] + port(k, len(sources), sizes[i][1])
            route += [(end - run, arrival), (end, arrival)]
            routes[i].append([spot(*p) for p in route])
    boxes = [(b, a) if down else (a, b) for a, b in sizes]
    width, height = (total, length) if down else (length, total)
    return Layout(centers, boxes, routes, width, height, down)


def layers(inputs):
    """The layer of each node: its longest way from a leaf. A leaf stands before its first use.

    >>> layers([[], [], [0], [2], [3, 1]])
    [0, 2, 1, 2, 3]
    """
    deep = []
    for sources in inputs:
        deep.append(1 + max((deep[s] for s in sources), default=-1))
    for leaf, own in enumerate(inputs):
        uses = [deep[i] for i, sources in enumerate(inputs) if leaf in sources]
        if not own and uses:
            deep[leaf] = min(uses) - 1
    return deep


def port(k, n, extent):
    """How far from a box's middle its k-th of n arrows arrives.

    >>> port(0, 1, 0.6), port(0, 2, 0.6), port(1, 2, 0.6)
    (0.0, -0.15, 0.15)
    """
    return extent * ((k + 0.5) / n - 0.5)


def arrange(points, links, sweeps=24):
    """Each layer as a list of points in the order with the fewest crossings that was found.

    points: the layer of each point; links: (from, to, shift) with `to` one layer further.
    """
    before, after = [[] for _ in points], [[] for _ in points]
    for a, b, shift in links:
        after[a].append((b, shift / 10))
        before[b].append((a, 0.0))
    rows = [[p for p, at in enumerate(points) if at == k] for k in range(max(points) + 1)]
    best, fewest = [row[:] for row in rows], crossings(rows, links)
    for sweep in range(sweeps):
        toward, turned = (before, rows) if sweep % 2 else (after, rows[::-1])
        for row in turned:
            place_of = ranks(rows)
            near = {
                p: [place_of[q] + shift for q, shift in toward[p]] or [place_of[p]] for p in row
            }
            row.sort(key=lambda p, near=near: sum(near[p]) / len(near[p]))
        swap_neighbors(rows, before, after)
        if (count := crossings(rows, links)) < fewest:
            best, fewest = [row[:] for row in rows], count
    return best


def ranks(rows):
    """The place of each point in its layer."""
    return {p: n for row in rows for n, p in enumerate(row)}


def swap_neighbors(rows, before, after):
    """Swap two neighbors in a layer wherever that removes a crossing."""
    place_of = ranks(rows)

    def tangle(p, q):
        return sum(
            place_of[a] + s > place_of[b] + t
            for links in (before, after)
            for a, s in links[p]
            for b, t in links[q]
        )

    for row in rows:
        for n in range(len(row) - 1):
            p, q = row[n : n + 2]
            if tangle(q, p) < tangle(p, q):
                row[n], row[n + 1] = q, p
                place_of[p], place_of[q] = n + 1, n


def crossings(rows, links):
    """How many pairs of links cross when the points stand in this order.

    >>> crossings([[0, 1], [2, 3]], [(0, 3, 0.0), (1, 2, 0.0)])
    1
    """
    place_of = ranks(rows)
    layer = {p: n for n, row in enumerate(rows) for p in row}
    ends = [[] for _ in rows]
    for a, b, shift in links:
        ends[layer[a]].append((place_of[a], place_of[b] + shift / 10))
    return sum(
        (p[0] - q[0]) * (p[1] - q[1]) < 0
        for group in ends
        for n, p in enumerate(group)
        for q in group[:n]
    )


def settle(rows, links, extents, space, boxes, sweeps=60):
    """A position across for each point: near its neighbors, in order, and clear of the others.

    Lanes and only children pull harder, so that long edges and chains run straight.
    """
    pulls = [[] for _ in extents]
    out, into = Counter(a for a, *_ in links), Counter(b for _, b, _ in links)
    for a, b, shift in links:
        weight = 1 + 2 * (a >= boxes) + 2 * (b >= boxes) + 8 * (out[a] == into[b] == 1)
        pulls[a].append((b, shift, weight))
        pulls[b].append((a, -shift, weight))
    y = [0.0] * len(extents)
    for row in rows:
        here = 0.0
        for p in row:
            y[p] = here + extents[p] / 2
            here += extents[p] + space
    layer = {p: n for n, row in enumerate(rows) for p in row}
    for sweep in range(sweeps):
        side = (-1, 1, 0)[sweep % 3] if sweep < sweeps // 2 else 0
        for row in rows if side <= 0 else reversed(rows):
            wanted, weights = [], []
            for p in row:
                near = [(q, s, w) for q, s, w in pulls[p] if side in (0, layer[q] - layer[p])]
                weights.append(sum(w for *_, w in near) or 1e-3)
                wanted.append(
                    sum(w * (y[q] + s) for q, s, w in near) / weights[-1] if near else y[p]
                )
            gaps = [(extents[a] + extents[b]) / 2 + space for a, b in pairwise(row)]
            for p, value in zip(row, spread(wanted, gaps, weights), strict=True):
                y[p] = value
    return y


def spread(wanted, gaps, weights=None):
    """The positions nearest to `wanted` (least squares) that keep the order and these gaps.

    >>> spread([1.0, 1.0, 5.0], [2.0, 2.0])
    [0.0, 2.0, 5.0]
    """
    offsets = [0.0]
    for gap in gaps:
        offsets.append(offsets[-1] + gap)
    blocks = []  # [weighted sum, weight, count]: neighbors that touch move as one
    for want, offset, weight in zip(wanted, offsets, weights or [1.0] * len(wanted), strict=True):
        blocks.append([weight * (want - offset), weight, 1])
        while len(blocks) > 1 and blocks[-2][0] / blocks[-2][1] > blocks[-1][0] / blocks[-1][1]:
            total, weight_, count = blocks.pop()
            blocks[-1][0] += total
            blocks[-1][1] += weight_
            blocks[-1][2] += count
    levels = [total / weight for total, weight, count in blocks for _ in range(count)]
    return [level + offset for level, offset in zip(levels, offsets, strict=True)]


def bend(start, end, down=False):
    """The two inner control points of the cubic curve that crosses a channel."""
    (x0, y0), (x1, y1) = start, end
    if down:
        middle = (y0 + y1) / 2
        return (x0, middle), (x1, middle)
    middle = (x0 + x1) / 2
    return (middle, y0), (middle, y1)
