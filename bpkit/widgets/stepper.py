"""Stepper: walk through a recorded graph, forward and back, one node at a time."""

import numpy as np
import traitlets

from bpkit import figures
from bpkit.figures import number
from bpkit.graph import Tensor
from bpkit.widgets.base import Widget, refuse
from bpkit.widgets.chain import term
from bpkit.widgets.replays import Graph, template


class Stepper(Widget, js="stepper"):
    """The steps of a computation and of its backward sweep, node by node. Chapter 4.

    tensor: a computed number, before `backward` or after `backward(keep=True)`; `of_fit` makes
    the loss of a training step. at: the step, 0 for the given leaves; the sweep's first report if
    it isn't said. A graph of numbers is computed again in the browser when a leaf is changed
    (`leaves`, in the order of the graph); one with arrays shows shapes and lengths. Above 60 nodes,
    those of one depth and kind fold into blocks.

    >>> from bpkit import widgets
    >>> a = bp.Tensor(2.0, name="a")
    >>> stepper = widgets.Stepper(3 * a + a)
    >>> stepper.at = 5
    >>> print(stepper.text())
    Step 5 of 5. Backward 2 of 2: #2 reports, with grad #2 = 1.
    To a: upstream × local = 1 × 3 = 3, so grad a = 1 + 3 = 4.
    a = 2, grad a = 4
    #2 = 6, grad #2 = 1
    #3 = 8, grad #3 = 1
    """

    ask = traitlets.Unicode(
        "Which node reports next, and what does it pass to each of its inputs?"
    ).tag(sync=True)
    graph = traitlets.Dict().tag(sync=True)
    leaves = traitlets.List(traitlets.Float()).tag(sync=True)
    at = traitlets.Int().tag(sync=True)

    def __init__(self, tensor, at=None, leaves=None, **more):
        if not isinstance(tensor, Tensor) or tensor.size != 1 or not tensor.requires_grad:
            raise TypeError(
                f"Stepper: {tensor!r} isn't a number that was computed from a tensor that asks for "
                "a gradient; pass a loss, before backward or after backward(keep=True)"
            )
        self._recorded = self._now = Graph(tensor)
        super().__init__(graph=described(self._recorded), leaves=self._recorded.leaves(), **more)
        self.at = len(self._recorded.forward()) + 2 if at is None else at
        if leaves is not None:
            self.leaves = leaves

    @classmethod
    def of_fit(cls, model, loss, X, y, **more):
        """The step that `bp.fit` takes on a batch, before it moves the weights. Chapter 10.

        model, loss, X (N, ...), y (N, ...): as for `fit`. Parameters have the names that they have
        in the model. Raises TypeError for a model that is no Module.

        >>> from bpkit import widgets
        >>> model, X, y = bp.Affine(3, 1, seed=0), np.ones((5, 3)), np.ones((5, 1))
        >>> print(widgets.Stepper.of_fit(model, bp.mse, X, y).text())
        Step 4 of 5. Backward 1 of 2: #6 reports, with grad #6 = 1.
        To #4: passes length 0.431, so grad #4 = length 0.431.
        X = (5, 3), length 3.87
        W = (3, 1), length 0.544
        b = (1,), length 0
        #4 = (5, 1), length 1.16, grad #4 = length 0.431
        #5 = (5, 1), length 2.24
        #6 = 0.233, grad #6 = 1
        """
        if not hasattr(model, "parameters"):
            raise TypeError(f"of_fit: model is a {type(model).__name__}; it must be a Module")
        parameters = model.parameters()
        before = {name: tensor.name for name, tensor in parameters.items()}
        X = np.asarray(X)
        batch = Tensor(X, False, name="X") if X.dtype.kind == "f" else X
        try:
            for name, tensor in parameters.items():
                tensor.name = tensor.name or name
            return cls(loss(model(batch), y), **more)
        finally:
            for name, tensor in parameters.items():
                tensor.name = before[name]

    @property
    def steps(self):
        """How many steps there are after step 0."""
        return len(self.graph["forward"]) + 1 + len(self.graph["order"])

    @traitlets.validate("at")
    def _check_at(self, proposal):
        if not 0 <= proposal.value <= self.steps:
            refuse(self, "at", proposal.value, f"a step from 0 to {self.steps}")
        return proposal.value

    @traitlets.validate("leaves")
    def _check_leaves(self, proposal):
        count = len(self._recorded.leaves())
        if len(proposal.value) != count or not np.isfinite(proposal.value).all():
            refuse(self, "leaves", proposal.value, f"{count} finite numbers, one for each leaf")
        return proposal.value

    @traitlets.observe("leaves")
    def _replay(self, change):
        if change.new != self._recorded.leaves():
            self._now = Graph(self._recorded.changed(change.new))
        else:
            self._now = self._recorded

    def text(self):
        told, held = self._step()
        lines = [f"Step {self.at} of {self.steps}. {told}"]
        for b, block in enumerate(self._now.blocks):
            if block.leaf or self.at > self._now.forward().index(b):
                lines.append(f"{block.name} = {block.value()}" + held.get(b, ""))
        return "\n".join(lines)

    def _step(self):
        """What happens at this step, and what is held at each block: (text, {block: text})."""
        graph, forward, at = self._now, self._now.forward(), self.at
        names = graph.names
        if at == 0:
            given = (f"{b.name} = {b.value()}" for b in graph.blocks if b.leaf)
            return f"Given: {', '.join(given)}.", {}
        if at <= len(forward):
            b = forward[at - 1]
            return f"Forward {at} of {len(forward)}: {computed(graph, b)}.", {}
        reports = graph.reports()
        root = reports[0][0]
        held = {root: f", grad {names[root]} = 1"}
        if at == len(forward) + 1:
            return f"Backward starts: grad {names[root]} = 1.", held
        done = at - len(forward) - 1
        for b, up, passes in reports[:done]:
            lines = [
                f"Backward {done} of {len(reports)}: {names[b]} reports, "
                f"with grad {names[b]} = {amount(graph, b, up)}."
            ]
            for p in passes:
                lines.append(passed(graph, up, p))
                wait = f", waiting for {p['waiting']} more" if p["waiting"] else ""
                held[p["to"]] = (
                    f", grad {names[p['to']]} = {amount(graph, p['to'], p['held'])}{wait}"
                )
        return "\n".join(lines), held

    def still(self):
        graph = self._now
        if any(block.single is None for block in graph.blocks):
            reports = {b: up for b, up, _ in graph.reports()}
            names = [f"{graph.names[b]}: {graph.blocks[b].operation}" for b in reports]
            return figures.bars(names, list(reports.values()), "length of the gradient")
        return figures.draw_graph(graph.root, edges="local" if graph.live else None)


def amount(graph, b, value):
    """A gradient as it is told: a number, or the length of an array."""
    return ("" if graph.blocks[b].number else "length ") + number(value)


def inside(block):
    """A value inside an expression: a number, a negative one in brackets, or a shape."""
    return term(float(block.tensors[0].data)) if block.number else block.short()


def computed(graph, b):
    """What block b computes: "d = b + c = 6 + 4 = 10"."""
    block, names = graph.blocks[b], graph.names
    if block.single is None:
        return f"{names[b]} = {block.operation}, length {block.value().split('length ')[1]}"
    inputs = [graph.blocks[s] for s in graph.sources[b]]
    shorts = map(inside, inputs)
    written = template(block.single).format(*(x.name for x in inputs))
    return f"{names[b]} = {written} = {template(block.single).format(*shorts)} = {block.value()}"


def passed(graph, up, p):
    """What one input receives, and what it then holds."""
    to, name = p["to"], graph.names[p["to"]]
    terms = p["terms"] if len(p["terms"]) <= 4 else [p["held"] - p["passed"], p["passed"]]
    if p["local"] is None:
        said = f"To {name}: passes {amount(graph, to, p['passed'])}"
        total = amount(graph, to, p["held"])
    else:
        said = (
            f"To {name}: upstream × local = {term(up)} × {term(p['local'])} = {number(p['passed'])}"
        )
        total = (
            " + ".join(map(term, terms)) + f" = {number(p['held'])}"
            if len(terms) > 1
            else number(p["held"])
        )
    wait = f"; {name} waits for {p['waiting']} more" if p["waiting"] else ""
    return f"{said}, so grad {name} = {total}{wait}."


def described(graph):
    """The graph as the browser reads it."""
    blocks = []
    for b, block in enumerate(graph.blocks):
        told = {"name": block.name, "op": block.operation, "from": graph.sources[b]}
        if block.leaf:
            told["leaf"] = True
        elif block.single:
            told["expr"] = template(block.single)
        if block.asks:
            told["asks"] = True
        if block.number:
            told["number"] = True
        tensor = block.tensors[0] if block.tensors else None
        if graph.live and tensor.rule is not None:
            slots = iter(graph.sources[b])
            told["rule"] = tensor.rule.name
            told["args"] = [
                next(slots) if isinstance(x, Tensor) else {"is": float(x)} for x in tensor.inputs
            ]
            told.update({k: float(v) for k, v in tensor.params.items()})
        blocks.append(told)
    reports = graph.reports()
    found = {
        "blocks": blocks,
        "forward": graph.forward(),
        "order": [b for b, *_ in reports],
        "live": graph.live,
        "layouts": graph.layouts(),
    }
    if not graph.live:
        found["short"] = [inside(block) for block in graph.blocks]
        found["value"] = [block.value() for block in graph.blocks]
        found["reports"] = reports
    return found
