"""The workloads as pure functions of NumPy's names, for JAX (compiled) and HIPS autograd.

One spelling serves both: `np` is jax.numpy or autograd.numpy. The two differ in how a convolution
is said and in who compiles.
"""

import math
from functools import partial

import numpy

from benchmarks.naive import OPTIMIZERS


def sigmoid(np, x):
    return 0.5 * (np.tanh(0.5 * x) + 1)


def conv(np, p, x, inputs, outputs, kernel):
    """Every window as a column, then one product."""
    rows, columns = x.shape[2] - kernel + 1, x.shape[3] - kernel + 1
    windows = np.stack(
        [x[:, :, i : i + rows, j : j + columns] for i in range(kernel) for j in range(kernel)], 2
    )
    windows = windows.reshape(len(x), inputs * kernel * kernel, rows * columns)
    y = np.matmul(p["W"].reshape(outputs, -1), windows) + p["b"][:, None]
    return y.reshape(len(x), outputs, rows, columns)


def pool(np, p, x, size):
    n, c, h, w = x.shape
    return np.max(x.reshape(n, c, h // size, size, w // size, size), axis=(3, 5))


def rnn(np, p, x, n_in, hidden):
    z, h, all_h = np.matmul(x, p["Wx"]) + p["b"], np.zeros((len(x), hidden), x.dtype), []
    for t in range(x.shape[1]):
        h = np.tanh(z[:, t] + np.matmul(h, p["Wh"]))
        all_h.append(h)
    return np.stack(all_h, 1)


def lstm(np, p, x, n_in, hidden):
    z = np.matmul(x, p["Wx"]) + p["b"]
    h = c = np.zeros((len(x), hidden), x.dtype)
    all_h = []
    for t in range(x.shape[1]):
        a = z[:, t] + np.matmul(h, p["Wh"])
        gates = sigmoid(np, a[:, : 3 * hidden])
        i, f, o = (gates[:, k * hidden : (k + 1) * hidden] for k in range(3))
        c = f * c + i * np.tanh(a[:, 3 * hidden :])
        h = o * np.tanh(c)
        all_h.append(h)
    return np.stack(all_h, 1)


def block(np, p, x, d, heads):
    def affine(name, x):
        return np.matmul(x, p[f"{name}.W"]) + p[f"{name}.b"]

    def norm(name, x):
        x = x - np.mean(x, axis=-1, keepdims=True)
        x = x / np.sqrt(np.mean(x * x, axis=-1, keepdims=True) + 1e-5)
        return p[f"{name}.gamma"] * x + p[f"{name}.beta"]

    n, t, _ = x.shape
    qkv = affine("attention.qkv", norm("norm1", x)).reshape(n, t, 3, heads, d // heads)
    q, k, v = np.transpose(qkv, (2, 0, 3, 1, 4))
    scores = np.matmul(q, np.swapaxes(k, -1, -2)) * (1 / math.sqrt(d // heads))
    scores = np.where(numpy.tri(t, dtype=bool), scores, numpy.float32(-1e30))
    weights = np.exp(scores - np.max(scores, axis=-1, keepdims=True))
    weights = weights / np.sum(weights, axis=-1, keepdims=True)
    mixed = np.transpose(np.matmul(weights, v), (0, 2, 1, 3)).reshape(n, t, d)
    x = x + affine("attention.out", mixed)
    a = affine("network.0", norm("norm2", x))
    a = 0.5 * a * (1 + np.tanh(math.sqrt(2 / math.pi) * (a + 0.044715 * (a * a * a))))
    return x + affine("network.2", a)


LAYERS = {
    "affine": lambda np, p, x, *_: np.matmul(x, p["W"]) + p["b"],
    "tanh": lambda np, p, x: np.tanh(x),
    "relu": lambda np, p, x: np.maximum(x, 0),
    "conv": conv,
    "pool": pool,
    "flatten": lambda np, p, x: x.reshape(len(x), -1),
    "embedding": lambda np, p, x, *_: p["W"][x],
    "rnn": rnn,
    "lstm": lstm,
    "block": block,
}


def loss(np, work, layers, p, X, y):
    x = X
    for i, (kind, *sizes) in enumerate(work.layers):
        mine = {k.split(".", 1)[1]: v for k, v in p.items() if k.startswith(f"{i}.")}
        x = layers[kind](np, mine, x, *sizes)
    if work.loss == "bce":
        return np.mean(np.maximum(x, 0) - x * y + np.log(1 + np.exp(-np.abs(x))))
    z = x.reshape(-1, x.shape[-1])
    z = z - np.max(z, axis=-1, keepdims=True)
    logs = z - np.log(np.sum(np.exp(z), axis=-1, keepdims=True))
    return -np.mean(logs[numpy.arange(len(z)), y.reshape(-1)])


class Autograd:
    """HIPS autograd: traces NumPy as it runs."""

    def __init__(self, work):
        import autograd
        import autograd.numpy as anp

        self.p, self.arrays = work.weights(), work.batch()
        self.gradient = autograd.grad(partial(loss, anp, work, LAYERS))
        self.update = OPTIMIZERS[work.optimizer](work)

    def gradients(self):
        return self.gradient(self.p, *self.arrays)

    def step(self):
        self.update(self.p, self.gradient(self.p, *self.arrays))

    def parameters(self):
        return self.p


def jax_conv(np, p, x, *_):
    from jax import lax

    return lax.conv(x, p["W"], (1, 1), "VALID") + p["b"][:, None, None]


class Jax:
    """JAX: gradient, clipping and optimizer compiled as one function."""

    def __init__(self, work):
        import jax

        self.work, self.block = work, jax.block_until_ready
        f = partial(loss, jax.numpy, work, LAYERS | {"conv": jax_conv})
        self.gradient = jax.jit(jax.grad(f))
        self.p = jax.tree.map(jax.numpy.asarray, work.weights())
        self.arrays = [jax.numpy.asarray(a) for a in work.batch()]
        zeros = {k: jax.numpy.zeros_like(v) for k, v in self.p.items()}
        self.memory = (zeros, jax.tree.map(jax.numpy.copy, zeros), 0.0)

        def step(p, memory, X, y):
            return self._update(jax.numpy, p, jax.grad(f)(p, X, y), memory)

        self.compiled = jax.jit(step, donate_argnums=(0, 1))

    def _update(self, np, p, g, memory):
        work, (m, s, t) = self.work, memory
        if work.clip:
            norm = np.sqrt(sum(np.sum(a * a) for a in g.values()))
            g = {k: a * np.minimum(1.0, work.clip / norm) for k, a in g.items()}
        t = t + 1
        if work.optimizer == "gd":
            way = g
        elif work.optimizer == "momentum":
            way = m = {k: 0.9 * m[k] + g[k] for k in g}
        else:
            m = {k: 0.9 * m[k] + 0.1 * g[k] for k in g}
            s = {k: 0.999 * s[k] + 0.001 * g[k] * g[k] for k in g}
            way = {k: m[k] / (1 - 0.9**t) / (np.sqrt(s[k] / (1 - 0.999**t)) + 1e-8) for k in g}
        return {k: p[k] - work.lr * way[k] for k in p}, (m, s, t)

    def gradients(self):
        return {k: numpy.asarray(g) for k, g in self.gradient(self.p, *self.arrays).items()}

    def step(self):
        self.p, self.memory = self.block(self.compiled(self.p, self.memory, *self.arrays))

    def parameters(self):
        return {k: numpy.array(v) for k, v in self.p.items()}
