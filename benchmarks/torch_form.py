"""The workloads in PyTorch eager, in its fastest spellings: the benchmark takes the faster.

`Modules` is written with torch.nn, `Functions` with plain functions of parameters in a list. Both
use fused optimizers. PyTorch keeps W as (out, in), and an LSTM's gates as input, forget,
candidate, output.
"""

import torch
import torch.nn.functional as F
from torch import nn

LOSSES = {
    "bce": F.binary_cross_entropy_with_logits,
    "cross_entropy": lambda z, y: F.cross_entropy(z.reshape(-1, z.shape[-1]), y.reshape(-1)),
}


def swap_gates(array):
    """From input, forget, output, candidate to input, forget, candidate, output, or back."""
    i, f, o, g = array.chunk(4)
    return torch.cat([i, f, g, o])


def to_torch(kind, name, array):
    """A parameter of bpkit in PyTorch's layout; its own inverse but for the copy."""
    array = array.T if array.ndim == 2 and kind != "embedding" else array
    return (swap_gates(array) if kind == "lstm" else array).contiguous()


def to_bpkit(kind, name, array):
    array = swap_gates(array) if kind == "lstm" else array
    array = array.T if array.ndim == 2 and kind != "embedding" else array
    return array.detach().numpy().copy()


class Recurrent(nn.Module):
    """nn.RNN or nn.LSTM; bpkit has one bias, so the second stays zero."""

    def __init__(self, cell, n_in, hidden):
        super().__init__()
        self.cell = cell(n_in, hidden, batch_first=True)
        self.cell.bias_hh_l0.data.zero_()
        self.cell.bias_hh_l0.requires_grad_(False)

    def forward(self, x):
        return self.cell(x)[0]


class Block(nn.Module):
    """A transformer block whose norm comes first, with the fused attention."""

    def __init__(self, d, heads):
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(d), nn.LayerNorm(d)
        self.qkv, self.out = nn.Linear(d, 3 * d), nn.Linear(d, d)
        self.network = nn.Sequential(
            nn.Linear(d, 4 * d), nn.GELU(approximate="tanh"), nn.Linear(4 * d, d)
        )

    def forward(self, x):
        x = x + self.out(attend(self.qkv(self.norm1(x)), self.heads))
        return x + self.network(self.norm2(x))


def attend(qkv, heads):
    n, t, wide = qkv.shape
    q, k, v = qkv.view(n, t, 3, heads, wide // 3 // heads).permute(2, 0, 3, 1, 4)
    mixed = F.scaled_dot_product_attention(q, k, v, is_causal=True)
    return mixed.transpose(1, 2).reshape(n, t, wide // 3)


MODULES = {
    "affine": nn.Linear,
    "tanh": nn.Tanh,
    "relu": nn.ReLU,
    "conv": nn.Conv2d,
    "pool": nn.MaxPool2d,
    "flatten": nn.Flatten,
    "embedding": nn.Embedding,
    "rnn": lambda *sizes: Recurrent(nn.RNN, *sizes),
    "lstm": lambda *sizes: Recurrent(nn.LSTM, *sizes),
    "block": Block,
}
NAMES = {  # bpkit's names of parameters in PyTorch's
    "affine": {"W": "weight", "b": "bias"},
    "conv": {"W": "weight", "b": "bias"},
    "embedding": {"W": "weight"},
    "rnn": {"Wx": "cell.weight_ih_l0", "Wh": "cell.weight_hh_l0", "b": "cell.bias_ih_l0"},
    "block": {
        f"{mine}.{a}": f"{theirs}.{b}"
        for mine, theirs in {
            "norm1": "norm1",
            "norm2": "norm2",
            "attention.qkv": "qkv",
            "attention.out": "out",
            "network.0": "network.0",
            "network.2": "network.2",
        }.items()
        for a, b in (
            {"gamma": "weight", "beta": "bias"}
            if mine.startswith("norm")
            else {"W": "weight", "b": "bias"}
        ).items()
    },
}
NAMES["lstm"] = NAMES["rnn"]


def rnn(p, x):
    z, h, hidden = F.linear(x, p["Wx"], p["b"]), x.new_zeros(len(x), p["Wh"].shape[1]), []
    for z_t in z.unbind(1):
        h = torch.tanh(torch.addmm(z_t, h, p["Wh"].t()))
        hidden.append(h)
    return torch.stack(hidden, 1)


def lstm(p, x):
    z = F.linear(x, p["Wx"], p["b"])
    h = c = x.new_zeros(len(x), p["Wh"].shape[1])
    hidden = []
    for z_t in z.unbind(1):
        i, f, g, o = torch.addmm(z_t, h, p["Wh"].t()).chunk(4, 1)
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        h = torch.sigmoid(o) * torch.tanh(c)
        hidden.append(h)
    return torch.stack(hidden, 1)


def block(p, x, d, heads):
    def affine(name, x):
        return F.linear(x, p[f"{name}.W"], p[f"{name}.b"])

    def norm(name, x):
        return F.layer_norm(x, (d,), p[f"{name}.gamma"], p[f"{name}.beta"])

    x = x + affine("attention.out", attend(affine("attention.qkv", norm("norm1", x)), heads))
    inner = F.gelu(affine("network.0", norm("norm2", x)), approximate="tanh")
    return x + affine("network.2", inner)


FUNCTIONS = {
    "affine": lambda p, x, *_: F.linear(x, p["W"], p["b"]),
    "tanh": lambda p, x: torch.tanh(x),
    "relu": lambda p, x: torch.relu(x),
    "conv": lambda p, x, *_: F.conv2d(x, p["W"], p["b"]),
    "pool": lambda p, x, size: F.max_pool2d(x, size),
    "flatten": lambda p, x: x.flatten(1),
    "embedding": lambda p, x, *_: F.embedding(x, p["W"]),
    "rnn": lambda p, x, *_: rnn(p, x),
    "lstm": lambda p, x, *_: lstm(p, x),
    "block": block,
}


class Modules:
    """nn.Sequential, a fused optimizer, gradients set to None."""

    threads = 1

    def __init__(self, work):
        self.work = work
        self.tensors = self.build({k: torch.from_numpy(a) for k, a in work.weights().items()})
        self.X, self.y = map(torch.from_numpy, work.batch())
        self.loss, self.clip = LOSSES[work.loss], work.clip
        parameters = list(self.tensors.values())
        if work.optimizer == "adam":
            self.optimizer = torch.optim.Adam(parameters, lr=work.lr, fused=True)
        else:
            momentum = 0.9 if work.optimizer == "momentum" else 0.0
            self.optimizer = torch.optim.SGD(parameters, lr=work.lr, momentum=momentum, fused=True)
        self.list = parameters

    def build(self, weights):
        kinds = [kind for kind, *_ in self.work.layers]
        self.model = nn.Sequential(*(MODULES[kind](*sizes) for kind, *sizes in self.work.layers))
        tensors = {}
        for name, array in weights.items():
            i, rest = name.split(".", 1)
            kind = kinds[int(i)]
            tensor = self.model.get_parameter(f"{i}.{NAMES[kind][rest]}")
            tensor.data.copy_(to_torch(kind, rest, array))
            tensors[name] = tensor
        return tensors

    def step(self):
        self.optimizer.zero_grad(set_to_none=True)
        self.loss(self.model(self.X), self.y).backward()
        if self.clip:
            nn.utils.clip_grad_norm_(self.list, self.clip)
        self.optimizer.step()

    def gradients(self):
        self.optimizer.zero_grad(set_to_none=True)
        self.loss(self.model(self.X), self.y).backward()
        return self._named(lambda tensor: tensor.grad)

    def parameters(self):
        return self._named(lambda tensor: tensor)

    def _named(self, look):
        kind_of = {str(i): kind for i, (kind, *_) in enumerate(self.work.layers)}
        return {
            name: to_bpkit(kind_of[name.split(".")[0]], name, look(tensor))
            for name, tensor in self.tensors.items()
        }


class Functions(Modules):
    """Plain functions of parameters."""

    def build(self, weights):
        tensors, self.layers = {}, []
        for i, (kind, *sizes) in enumerate(self.work.layers):
            mine = {
                name.split(".", 1)[1]: nn.Parameter(to_torch(kind, name, array).clone())
                for name, array in weights.items()
                if name.startswith(f"{i}.")
            }
            tensors |= {f"{i}.{name}": tensor for name, tensor in mine.items()}
            self.layers.append((FUNCTIONS[kind], mine, sizes))
        return tensors

    def model(self, x):
        for function, p, sizes in self.layers:
            x = function(p, x, *sizes)
        return x


class Modules2(Modules):
    threads = 2


class Functions2(Functions):
    threads = 2
