"""A recorded graph as steps to walk through: forward one node at a time, then backward.

What a step says is put in words here; `js/stepper.js` says the same of the same graph. A graph with
arrays shows their shapes and lengths; one with more than 60 nodes is folded into blocks first.
"""

from collections import Counter, defaultdict

import numpy as np

from bpkit.figures.layout import layers, place
from bpkit.figures.nodes import INFIX, nodes_of
from bpkit.figures.style import number, shape_text, superscript, text_width
from bpkit.graph import Tensor, apply, pull, sweep
from bpkit.widgets.chain import term

MOST = 60  # nodes that are drawn one by one
LIVE = {  # rules that js/math.js has too
    *("add", "sub", "mul", "div", "power", "to_power", "neg", "exp", "log", "log1p", "sqrt", "sin"),
    *("cos", "abs", "tanh", "sigmoid", "softplus", "relu", "leaky_relu", "gelu"),
    *("maximum", "minimum"),
}
PIXELS = 100  # an inch of the layout


class Block:
    """Nodes that are shown as one: a single node, or all of one kind at one depth.

    places: their numbers among all nodes, inputs before results.
    """

    def __init__(self, nodes, places, n):
        self.nodes, self.places = [nodes[i] for i in places], places
        self.single = self.nodes[0] if len(places) == 1 else None
        self.tensors = [node.tensor for node in self.nodes if node.tensor is not None]
        self.leaf = all(not node.sources for node in self.nodes)
        self.asks = any(t.requires_grad for t in self.tensors)
        self.number = self.single is not None and not np.ndim(_data(self.single))
        self.name = (self.single.name if self.single else "") or f"#{n}"
        kinds = Counter(node.operation or "leaf" for node in self.nodes)
        counted = ", ".join(f"{count} {kind}" for kind, count in kinds.items())
        self.operation = self.single.operation if self.single else counted

    def short(self):
        """The value inside an expression: a number, or a shape."""
        if self.number:
            return number(_data(self.single))
        return (
            shape_text(np.shape(_data(self.single))) if self.single else f"{len(self.nodes)} nodes"
        )

    def value(self):
        """The value on its own: arrays with their length."""
        if self.number:
            return self.short()
        return f"{self.short()}, length {number(_length(map(_data, self.nodes)))}"


def _data(node):
    return node.tensor.data if node.tensor is not None else node.constant


def _length(arrays):
    return np.sqrt(sum(float(np.sum(np.square(np.asarray(a, float)))) for a in arrays))


class Graph:
    """The blocks below a tensor, how they hang together, and in which order they report.

    root: a computed bpkit Tensor, before `backward` or after `backward(keep=True)`.

    >>> a = bp.Tensor(2.0, name="a")
    >>> graph = Graph(a * a + 1.0)
    >>> graph.live, graph.names
    (True, ['a', '#2', '#3'])
    """

    def __init__(self, root):
        nodes = nodes_of(root, 3)
        for i, node in enumerate(nodes):  # constant arrays stand before the node that uses them
            if node.tensor is None:
                user = next(n for n in nodes[i:] if i in n.sources)
                node.constant = np.asarray(user.tensor.inputs[user.slots[user.sources.index(i)]])
        self.nodes, self.root = nodes, root
        self.blocks = [Block(nodes, places, n) for n, places in enumerate(_folded(nodes), 1)]
        self.of = {i: b for b, block in enumerate(self.blocks) for i in block.places}
        self.sources = [
            _unique(self.of[s] for i in block.places for s in nodes[i].sources if self.of[s] != b)
            if block.single is None
            else list(map(self.of.get, block.single.sources))
            for b, block in enumerate(self.blocks)
        ]
        self.names = [block.name for block in self.blocks]
        self.live = all(b.number and b.tensors and _known(b.tensors[0]) for b in self.blocks)
        self.place = {id(node.tensor): i for i, node in enumerate(nodes) if node.tensor is not None}

    def leaves(self):
        """The values of the leaves, in order, of a graph whose leaves can be changed."""
        return [float(b.tensors[0].data) for b in self.blocks if b.leaf] if self.live else []

    def changed(self, leaves):
        """The root computed again, by the recorded steps, from other values of the leaves."""
        fresh, values = {}, iter(leaves)
        for block in self.blocks:
            old = block.tensors[0]
            if old.rule is None:
                new = Tensor(next(values), old.requires_grad, old.name)
            else:
                inputs = [fresh[id(x)] if isinstance(x, Tensor) else x for x in old.inputs]
                new = apply(old.rule, tuple(inputs), old.params)
                new.name = old.name
            fresh[id(old)] = new
        return fresh[id(self.root)]

    def expression(self, b, texts):
        """What block b computes, with these texts for its inputs."""
        block = self.blocks[b]
        if block.single is None:
            return block.operation
        return template(block.single).format(*texts)

    def forward(self):
        """The blocks that are computed, in order."""
        return [b for b, block in enumerate(self.blocks) if not block.leaf]

    def reports(self):
        """The backward sweep: (block, its gradient, passes) for each block that reports, in order.

        A pass goes to one input: a dict with the block `to`, the `local` derivative (None unless
        both are numbers), what is `passed`, the `terms` that have arrived there so far, the sum
        `held`, and how many consumers are still `waiting`.
        """
        swept = {
            self.place[id(tensor)]: up
            for tensor, up in sweep(self.root, np.ones_like(self.root.data))
        }
        order = _unique(self.of[i] for i in swept)
        if any(block.single is None for block in self.blocks):
            order = sorted(order, reverse=True)
        order = [b for b in order if not self.blocks[b].leaf]
        arrived, terms, found = {}, defaultdict(list), []
        waiting = Counter(to for b in order for to, _ in self._edges(b))
        for b in order:
            passes = []
            for to, edges in self._edges(b):
                sent = [self._down(i, slot, swept[i]) for i, _, slot in edges]
                for (_, s, _), (_, down) in zip(edges, sent, strict=True):
                    arrived[s] = arrived[s] + down if s in arrived else down
                waiting[to] -= 1
                terms[to].append(self._amount(to, [down for _, down in sent]))
                here = [arrived[i] for i in self.blocks[to].places if i in arrived]
                numbers = self.blocks[b].number and self.blocks[to].number
                passes.append(
                    {
                        "to": to,
                        "local": float(sent[0][0]) if numbers else None,
                        "passed": terms[to][-1],
                        "terms": list(terms[to]),
                        "held": self._amount(to, here),
                        "waiting": waiting[to],
                    }
                )
            found.append((b, self._amount(b, [swept[i] for i in self.blocks[b].places]), passes))
        return found

    def _edges(self, b):
        """[(block, [(node, input's node, slot), …])]: where block b passes gradients to."""
        block, found = self.blocks[b], defaultdict(list)
        for i in block.places:
            node = self.nodes[i]
            for s, slot in zip(node.sources, node.slots, strict=True):
                tensor = self.nodes[s].tensor
                if tensor is not None and tensor.requires_grad and self.of[s] != b:
                    found[self.of[s], slot if block.single else 0].append((i, s, slot))
        return [(to, edges) for (to, _), edges in found.items()]

    def _down(self, i, slot, up):
        """A number's local derivative (of an array, what is passed), and what is passed."""
        tensor = self.nodes[i].tensor
        down = pull(tensor, up)[slot]
        return (pull(tensor, np.ones_like(tensor.data))[slot] if tensor.ndim == 0 else down), down

    def _amount(self, b, arrays):
        """A gradient as it is told: a number for a number, a length for arrays."""
        return float(arrays[0]) if self.blocks[b].number else _length(arrays)

    def layouts(self):
        """Where boxes and arrows go, in pixels, in two directions: {right, down}.

        side: the room to be left on either side of the picture.
        """
        wide = max(text_width(f"{b.name}  {b.operation}", 10) for b in self.blocks)
        box = (min(1.5, max(0.8, wide + 0.25)), 0.6)
        slopes = any(  # they stand beside arrows between numbers
            block.number and any(self.blocks[a].number for a in sources)
            for block, sources in zip(self.blocks, self.sources, strict=True)
        )
        long, apart, beside = (0.5, 0.56, 36) if slopes else (0.36, 0.14, 6)
        found = {}
        for name, gap, run, space, side, down in (
            ("right", 0.2, long, 0.16, 6, False),
            ("down", 0.2, 0.2, apart, beside, True),
        ):
            layout = place(self.sources, [box] * len(self.blocks), gap, run, space, down)

            def pixels(point, tall=layout.height):
                return [round(PIXELS * point[0]), round(PIXELS * (tall - point[1]))]

            found[name] = {
                "size": [round(PIXELS * layout.width), round(PIXELS * layout.height)],
                "side": side,
                "box": [round(PIXELS * side) for side in box],
                "at": list(map(pixels, layout.centers)),
                "routes": [
                    [list(map(pixels, route)) for route in routes] for routes in layout.routes
                ],
            }
        return found


def _unique(items):
    return list(dict.fromkeys(items))


def _known(tensor):
    """Whether the browser can compute this node by itself, with the same digits."""
    if tensor.dtype != np.float64:
        return False
    return tensor.rule is None or tensor.rule.name in LIVE


def _folded(nodes):
    """The nodes' numbers in blocks: one each, or, in a large graph, by depth and kind."""
    if len(nodes) <= MOST:
        return [[i] for i in range(len(nodes))]
    deep = layers([node.sources for node in nodes])
    blocks, depth = _gathered(zip(deep, (node.operation for node in nodes), strict=True)), 1
    while len(blocks) > MOST:
        depth += 1
        blocks = _gathered((d // depth, bool(n.sources)) for d, n in zip(deep, nodes, strict=True))
    return blocks


def _gathered(keys):
    """The places of equal keys, in the order of the keys."""
    found = defaultdict(list)
    for i, key in enumerate(keys):
        found[key].append(i)
    return [found[key] for key in sorted(found)]


def template(node):
    """How a node is computed, with {0}, {1} for its inputs: "{0} + {1}", "3 × {0}", "({0})²".

    >>> from bpkit.figures.nodes import nodes_of
    >>> template(nodes_of(3.0 * bp.Tensor(2.0), 3)[-1])
    '3 × {0}'
    """
    tensor = node.tensor
    texts = iter(f"{{{k}}}" for k in range(len(node.sources)))
    inputs = [
        next(texts) if slot in node.slots else term(float(x))
        for slot, x in enumerate(tensor.inputs)
    ]
    name = tensor.rule.name
    if name in INFIX:
        return f"{inputs[0]} {INFIX[name]} {inputs[1]}"
    if name == "to_power":
        to = tensor.params["to"]
        return inputs[0] + (superscript(int(to)) if float(to).is_integer() else f"^{number(to)}")
    if name == "neg":
        return f"−{inputs[0]}"
    return f"{name.strip('_').replace('_', ' ')}({', '.join(inputs)})"
