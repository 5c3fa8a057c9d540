"""The workloads in bpkit: on the tape, replayed, and replayed by two processes."""

import numpy as np

import bpkit as bp
from bpkit.workers import Team

LAYERS = {
    "affine": bp.Affine,
    "tanh": bp.Tanh,
    "relu": bp.ReLU,
    "conv": bp.Conv2d,
    "pool": bp.MaxPool2d,
    "flatten": bp.Flatten,
    "embedding": bp.Embedding,
    "rnn": bp.RNN,
    "lstm": bp.LSTM,
    "block": lambda width, heads: bp.TransformerBlock(width, heads, causal=True),
}
LOSSES = {"bce": bp.bce_with_logits, "cross_entropy": bp.softmax_cross_entropy}
OPTIMIZERS = {
    "gd": bp.GradientDescent,
    "momentum": lambda lr, clip: bp.SGD(lr=lr, momentum=0.9, clip=clip),
    "adam": bp.Adam,
}


class Tape:
    """Forward, backward, step: the graph is built anew each time."""

    def __init__(self, work):
        self.model = bp.Sequential(*(LAYERS[kind](*sizes) for kind, *sizes in work.layers))
        self.tensors = self.model.parameters()
        for name, array in work.weights().items():
            self.tensors[name].data = array
        self.loss = LOSSES[work.loss]
        self.optimizer = OPTIMIZERS[work.optimizer](lr=work.lr, clip=work.clip)
        self.X, self.y = (bp.Tensor(a, requires_grad=False) for a in work.batch())

    def backward(self):
        for t in self.tensors.values():
            t.grad = None
        self.loss(self.model(self.X), self.y).backward()

    def gradients(self):
        self.backward()
        return {name: t.grad.copy() for name, t in self.tensors.items()}

    def step(self):
        self.backward()
        self.optimizer.step(self.tensors.values())

    def parameters(self):
        return {name: t.data for name, t in self.tensors.items()}


class Replay(Tape):
    """The step is recorded once and run again."""

    def __init__(self, work):
        super().__init__(work)
        self.arrays = work.batch()
        self.replay = bp.replay(lambda X, y: self.loss(self.model(X), y), self.optimizer)

    def gradients(self):
        bp.replay(lambda X, y: self.loss(self.model(X), y))(*self.arrays)
        return {name: t.grad.copy() for name, t in self.tensors.items()}

    def step(self):
        self.replay(*self.arrays)

    def products(self):
        """The shapes of the step's matrix products, and its arrays, for `timing.limit`."""
        program = self.replay.program
        return [
            (*(a.data.shape for a in op.args), op.out.data.dtype)
            for op in program.recording.operations
            if op.rule.name == "matmul"
        ]


class Workers(Tape):
    """Two processes, each with half of the batch."""

    threads = 2

    def __init__(self, work):
        super().__init__(work)
        self.arrays, self.team = work.batch(), None

    def _make_team(self, optimizer):
        rows = np.arange(len(self.arrays[0]))
        self.rows = rows
        return Team(lambda X, y: self.loss(self.model(X), y), optimizer, *self.arrays, 2, rows)

    def gradients(self):
        team = self._make_team(bp.GradientDescent(lr=1e-30))  # a step too short to move anything
        team(self.rows)
        team.close()
        return {name: t.grad.copy() for name, t in self.tensors.items()}

    def step(self):
        if self.team is None:
            self.team = self._make_team(self.optimizer)
        self.team(self.rows)

    def close(self):
        if self.team:
            self.team.close()
