"""The workloads: networks as rows of layers, with their weights and one batch of data.

A layer is a tuple, its kind and its sizes. Parameters are named and shaped as in bpkit, so that
every implementation can be handed the same numbers and asked for its gradients under one name.
"""

import itertools
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Workload:
    """layers: the network. loss: "bce" or "cross_entropy". optimizer: gd, momentum or adam.

    Rates are small, so that thousands of timed steps leave the numbers in an ordinary range.
    """

    name: str
    title: str
    layers: tuple
    shape: tuple  # of the batch
    loss: str = "cross_entropy"
    optimizer: str = "momentum"
    lr: float = 1e-4
    clip: float | None = None

    def batch(self):
        """X and y, in place for everyone: float32 rows or images, or integer words."""
        rng = np.random.default_rng(1)
        if self.layers[0][0] == "embedding":
            return (
                rng.integers(0, self.layers[0][1], self.shape),
                rng.integers(0, self.layers[-1][2], self.shape),
            )
        X = rng.normal(size=self.shape).astype(np.float32)
        if self.loss == "bce":
            return X, (rng.random((len(X), 1)) < 0.5).astype(np.float32)
        return X, rng.integers(0, self.layers[-1][2], len(X))

    def weights(self):
        """Every parameter by bpkit's name, float32. No bias is zero and no gamma is one."""
        rng, weights = np.random.default_rng(2), {}
        for i, layer in enumerate(self.layers):
            for name, shape in parameter_shapes(*layer).items():
                values = rng.normal(size=shape)
                if len(shape) > 1:
                    values /= np.sqrt(shape[0] if len(shape) == 2 else np.prod(shape[1:]))
                else:
                    values = 0.1 * values + name.endswith("gamma")
                weights[f"{i}.{name}"] = values.astype(np.float32)
        return weights


def parameter_shapes(kind, *sizes):
    """The names and shapes of one layer's parameters.

    >>> parameter_shapes("affine", 2, 16)
    {'W': (2, 16), 'b': (16,)}
    """
    if kind == "affine":
        return {"W": sizes, "b": sizes[1:]}
    if kind == "conv":
        inputs, outputs, kernel = sizes
        return {"W": (outputs, inputs, kernel, kernel), "b": (outputs,)}
    if kind == "embedding":
        return {"W": sizes}
    if kind in ("rnn", "lstm"):
        n_in, hidden = sizes
        wide = hidden * (4 if kind == "lstm" else 1)
        return {"Wx": (n_in, wide), "Wh": (hidden, wide), "b": (wide,)}
    if kind == "block":
        d, _ = sizes
        affines = {
            "attention.qkv": (d, 3 * d),
            "attention.out": (d, d),
            "network.0": (d, 4 * d),
            "network.2": (4 * d, d),
        }
        norms = {f"{n}.{p}": (d,) for n in ("norm1", "norm2") for p in ("gamma", "beta")}
        matrices = {f"{n}.W": shape for n, shape in affines.items()}
        return norms | matrices | {f"{n}.b": shape[1:] for n, shape in affines.items()}
    return {}


def mlp(activation, *sizes):
    """Affine layers of these sizes, an activation between them."""
    layers = []
    for n_in, n_out in itertools.pairwise(sizes):
        layers += [("affine", n_in, n_out), (activation,)]
    return tuple(layers[:-1])


def reader(layer, width):
    """Words of a vocabulary of 64 to scores for the next one."""
    return (("embedding", 64, width), layer, ("affine", width, 64))


LIST = [
    Workload(
        "moons",
        "moons MLP 2-16-16-1, batch 200, gradient descent",
        mlp("tanh", 2, 16, 16, 1),
        (200, 2),
        loss="bce",
        optimizer="gd",
    ),
    Workload(
        "digits", "digits MLP 64-64-10, batch 32, momentum", mlp("relu", 64, 64, 10), (32, 64)
    ),
    Workload(
        "mlp",
        "MLP 784-128-64-10, batch 64, Adam",
        mlp("relu", 784, 128, 64, 10),
        (64, 784),
        optimizer="adam",
        lr=1e-5,
    ),
    Workload(
        "cnn",
        "CNN 5×5×8, pool, 5×5×16, pool, affine, 28×28, batch 64",
        (
            *(("conv", 1, 8, 5), ("relu",), ("pool", 2)),
            *(("conv", 8, 16, 5), ("relu",), ("pool", 2)),
            *(("flatten",), ("affine", 256, 10)),
        ),
        (64, 1, 28, 28),
    ),
    Workload(
        "rnn",
        "Elman RNN, hidden 128, vocabulary 64, T 32, batch 32, clipping",
        reader(("rnn", 128, 128), 128),
        (32, 32),
        optimizer="gd",
        clip=0.05,
    ),
    Workload(
        "lstm",
        "LSTM, the same sizes",
        reader(("lstm", 128, 128), 128),
        (32, 32),
        optimizer="gd",
        clip=0.05,
    ),
    Workload(
        "transformer",
        "transformer block d 64, 4 heads, T 64, batch 16",
        reader(("block", 64, 4), 64),
        (16, 64),
        optimizer="adam",
        lr=1e-5,
    ),
    Workload(
        "large",
        "beyond the book: MLP 1024-1024-1024-10, batch 128",
        mlp("relu", 1024, 1024, 1024, 10),
        (128, 1024),
    ),
]
WORKLOADS = {w.name: w for w in LIST}
