"""The workloads as layers with hand-written forward and backward passes, in plain NumPy.

This is the form that courses teach: each layer keeps what its backward pass needs, arrays are made
anew at every step, and an optimizer goes through the parameters one by one.
"""

import math

import numpy as np


class Layer:
    """forward(x) and backward(dy), with parameters `p` and their gradients `g` by name."""

    def __init__(self, p, *sizes):
        self.p, self.g, self.sizes = p, {}, sizes


class Affine(Layer):
    def forward(self, x):
        self.x = x
        return x @ self.p["W"] + self.p["b"]

    def backward(self, dy):
        rows, flat = dy.reshape(-1, dy.shape[-1]), self.x.reshape(-1, self.x.shape[-1])
        self.g = {"W": flat.T @ rows, "b": rows.sum(axis=0)}
        return dy @ self.p["W"].T


class Tanh(Layer):
    def forward(self, x):
        self.y = np.tanh(x)
        return self.y

    def backward(self, dy):
        return dy * (1 - self.y * self.y)


class ReLU(Layer):
    def forward(self, x):
        self.y = np.maximum(x, 0)
        return self.y

    def backward(self, dy):
        return dy * (self.y > 0)


class Conv(Layer):
    """Every window as a row (im2col), then one product."""

    def forward(self, x):
        outputs, kernel = self.p["W"].shape[0], self.p["W"].shape[2]
        windows = np.lib.stride_tricks.sliding_window_view(x, (kernel, kernel), axis=(2, 3))
        n, _, h, w = windows.shape[:4]
        self.shape = x.shape
        self.rows = windows.transpose(0, 2, 3, 1, 4, 5).reshape(n * h * w, -1)
        y = self.rows @ self.p["W"].reshape(outputs, -1).T + self.p["b"]
        return y.reshape(n, h, w, outputs).transpose(0, 3, 1, 2)

    def backward(self, dy):
        n, outputs, h, w = dy.shape
        (inputs, outputs, kernel), W = self.sizes, self.p["W"]
        rows = dy.transpose(0, 2, 3, 1).reshape(-1, outputs)
        self.g = {"W": (rows.T @ self.rows).reshape(W.shape), "b": rows.sum(axis=0)}
        windows = (rows @ W.reshape(outputs, -1)).reshape(n, h, w, inputs, kernel, kernel)
        dx = np.zeros(self.shape, dy.dtype)
        for i in range(kernel):
            for j in range(kernel):
                dx[:, :, i : i + h, j : j + w] += windows[..., i, j].transpose(0, 3, 1, 2)
        return dx


class Pool(Layer):
    def forward(self, x):
        (size,), (n, c, h, w) = self.sizes, x.shape
        tiles = x.reshape(n, c, h // size, size, w // size, size).transpose(0, 1, 2, 4, 3, 5)
        tiles = tiles.reshape(n, c, h // size, w // size, size * size)
        self.shape, self.at = x.shape, tiles.argmax(axis=-1)[..., None]
        return np.take_along_axis(tiles, self.at, axis=-1)[..., 0]

    def backward(self, dy):
        (size,), (n, c, h, w) = self.sizes, self.shape
        tiles = np.zeros((*dy.shape, size * size), dy.dtype)
        np.put_along_axis(tiles, self.at, dy[..., None], axis=-1)
        tiles = tiles.reshape(n, c, h // size, w // size, size, size)
        return tiles.transpose(0, 1, 2, 4, 3, 5).reshape(self.shape)


class Flatten(Layer):
    def forward(self, x):
        self.shape = x.shape
        return x.reshape(len(x), -1)

    def backward(self, dy):
        return dy.reshape(self.shape)


class Embedding(Layer):
    def forward(self, x):
        self.x = x
        return self.p["W"][x]

    def backward(self, dy):
        self.g = {"W": np.zeros_like(self.p["W"])}
        np.add.at(self.g["W"], self.x, dy)


class RNN(Layer):
    def forward(self, x):
        self.x, self.h = x, [np.zeros((len(x), self.sizes[1]), np.float32)]
        for t in range(x.shape[1]):
            z = x[:, t] @ self.p["Wx"] + self.h[-1] @ self.p["Wh"] + self.p["b"]
            self.h.append(np.tanh(z))
        return np.stack(self.h[1:], axis=1)

    def backward(self, dy):
        self.g = {name: np.zeros_like(p) for name, p in self.p.items()}
        dx, dh = np.empty_like(self.x), 0
        for t in reversed(range(dy.shape[1])):
            dz = (dy[:, t] + dh) * (1 - self.h[t + 1] * self.h[t + 1])
            dx[:, t], dh = self._one(dz, t)
        return dx

    def _one(self, dz, t):
        """One step's share of the parameters' gradients; what goes to x and to h before it."""
        self.g["Wx"] += self.x[:, t].T @ dz
        self.g["Wh"] += self.h[t].T @ dz
        self.g["b"] += dz.sum(axis=0)
        return dz @ self.p["Wx"].T, dz @ self.p["Wh"].T


class LSTM(RNN):
    def forward(self, x):
        hidden = self.sizes[1]
        self.x, self.h = x, [np.zeros((len(x), hidden), np.float32)]
        self.c, self.gates = [self.h[0]], []
        for t in range(x.shape[1]):
            z = x[:, t] @ self.p["Wx"] + self.h[-1] @ self.p["Wh"] + self.p["b"]
            i, f, o = np.split(1 / (1 + np.exp(-z[:, : 3 * hidden])), 3, axis=1)
            g = np.tanh(z[:, 3 * hidden :])
            self.c.append(f * self.c[-1] + i * g)
            self.gates.append((i, f, o, g, np.tanh(self.c[-1])))
            self.h.append(o * self.gates[-1][-1])
        return np.stack(self.h[1:], axis=1)

    def backward(self, dy):
        self.g = {name: np.zeros_like(p) for name, p in self.p.items()}
        dx, dh, dc = np.empty_like(self.x), 0, 0
        for t in reversed(range(dy.shape[1])):
            i, f, o, g, shown = self.gates[t]
            dh = dh + dy[:, t]
            dc = dc + dh * o * (1 - shown * shown)
            do, di, df, dg = dh * shown, dc * g, dc * self.c[t], dc * i
            dz = [di * i * (1 - i), df * f * (1 - f), do * o * (1 - o), dg * (1 - g * g)]
            dx[:, t], dh = self._one(np.concatenate(dz, axis=1), t)
            dc = dc * f
        return dx


class Norm(Layer):
    def forward(self, x):
        x = x - x.mean(axis=-1, keepdims=True)
        self.deviation = np.sqrt((x * x).mean(axis=-1, keepdims=True) + np.float32(1e-5))
        self.z = x / self.deviation
        return self.p["gamma"] * self.z + self.p["beta"]

    def backward(self, dy):
        axes = tuple(range(dy.ndim - 1))
        self.g = {"gamma": (dy * self.z).sum(axis=axes), "beta": dy.sum(axis=axes)}
        dz = dy * self.p["gamma"]
        along = (dz * self.z).mean(axis=-1, keepdims=True)
        return (dz - dz.mean(axis=-1, keepdims=True) - self.z * along) / self.deviation


class GELU(Layer):
    def forward(self, x):
        self.x = x
        self.t = np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x * x * x))
        return 0.5 * x * (1 + self.t)

    def backward(self, dy):
        slope = math.sqrt(2 / math.pi) * (1 + 3 * 0.044715 * self.x * self.x)
        return dy * (0.5 * (1 + self.t) + 0.5 * self.x * (1 - self.t * self.t) * slope)


class Attention(Layer):
    """Causal attention of queries, keys and values that lie side by side in x."""

    def forward(self, x):
        n, t, _ = x.shape
        d, heads = self.sizes
        self.q, self.k, self.v = x.reshape(n, t, 3, heads, d // heads).transpose(2, 0, 3, 1, 4)
        scores = self.q @ self.k.swapaxes(-1, -2) / math.sqrt(d // heads)
        scores = np.where(np.tri(t, dtype=bool), scores, np.float32(-1e30))
        self.a = softmax(scores)
        return (self.a @ self.v).transpose(0, 2, 1, 3).reshape(n, t, d)

    def backward(self, dy):
        n, t, d = dy.shape
        heads = self.sizes[1]
        dy = dy.reshape(n, t, heads, d // heads).transpose(0, 2, 1, 3)
        dv, da = self.a.swapaxes(-1, -2) @ dy, dy @ self.v.swapaxes(-1, -2)
        ds = self.a * (da - (da * self.a).sum(axis=-1, keepdims=True)) / math.sqrt(d // heads)
        parts = np.stack([ds @ self.k, ds.swapaxes(-1, -2) @ self.q, dv])
        return parts.transpose(1, 3, 0, 2, 4).reshape(n, t, 3 * d)


class Block(Layer):
    """Two residual branches; the parts' gradients are gathered under the block's names."""

    def __init__(self, p, *sizes):
        super().__init__(p, *sizes)
        kinds = {"norm1": Norm, "attention.qkv": Affine, "attention": Attention}
        kinds |= {"attention.out": Affine, "norm2": Norm, "network.0": Affine}
        kinds |= {"gelu": GELU, "network.2": Affine}
        self.parts = {
            name: kind(
                {k.rsplit(".", 1)[1]: v for k, v in p.items() if k[: k.rfind(".")] == name}, *sizes
            )
            for name, kind in kinds.items()
        }
        rows = list(self.parts.values())
        self.branches = rows[:4], rows[4:]

    def forward(self, x):
        for branch in self.branches:
            inner = x
            for part in branch:
                inner = part.forward(inner)
            x = x + inner
        return x

    def backward(self, dy):
        for branch in self.branches[::-1]:
            inner = dy
            for part in branch[::-1]:
                inner = part.backward(inner)
            dy = dy + inner
        self.g = {f"{n}.{k}": g for n, part in self.parts.items() for k, g in part.g.items()}
        return dy


def softmax(z):
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def bce(z, y):
    """The loss of logits z, and its gradient."""
    value = np.mean(np.maximum(z, 0) - z * y + np.log1p(np.exp(-np.abs(z))))
    return value, (1 / (1 + np.exp(-z)) - y) / z.size


def cross_entropy(z, y):
    p, rows = softmax(z.reshape(-1, z.shape[-1])), np.arange(y.size)
    value = -np.mean(np.log(p[rows, y.reshape(-1)]))
    p[rows, y.reshape(-1)] -= 1
    return value, (p / len(p)).reshape(z.shape)


LAYERS = {
    "affine": Affine,
    "tanh": Tanh,
    "relu": ReLU,
    "conv": Conv,
    "pool": Pool,
    "flatten": Flatten,
    "embedding": Embedding,
    "rnn": RNN,
    "lstm": LSTM,
    "block": Block,
}
LOSSES = {"bce": bce, "cross_entropy": cross_entropy}


class Descent:
    """p -= lr * g for each parameter, after clipping the gradients' joint length."""

    def __init__(self, work):
        self.lr, self.clip, self.t = work.lr, work.clip, 0
        self.m, self.s = ({k: np.zeros_like(a) for k, a in work.weights().items()} for _ in "ms")

    def __call__(self, p, g):
        if self.clip:
            norm = math.sqrt(sum(float((a * a).sum()) for a in g.values()))
            g = {k: a * np.float32(min(1, self.clip / norm)) for k, a in g.items()}
        self.t += 1
        for k in p:
            p[k] -= self.lr * self.direction(k, g[k])

    def direction(self, k, g):
        return g


class Momentum(Descent):
    def direction(self, k, g):
        self.m[k] = 0.9 * self.m[k] + g
        return self.m[k]


class Adam(Descent):
    def direction(self, k, g):
        self.m[k] = 0.9 * self.m[k] + 0.1 * g
        self.s[k] = 0.999 * self.s[k] + 0.001 * g * g
        m, s = self.m[k] / (1 - 0.9**self.t), self.s[k] / (1 - 0.999**self.t)
        return m / (np.sqrt(s) + 1e-8)


OPTIMIZERS = {"gd": Descent, "momentum": Momentum, "adam": Adam}


class Naive:
    """A row of layers, forward and then backward."""

    def __init__(self, work):
        self.p, (self.X, self.y) = work.weights(), work.batch()
        self.layers = [
            LAYERS[kind](
                {k.split(".", 1)[1]: v for k, v in self.p.items() if k.startswith(f"{i}.")}, *sizes
            )
            for i, (kind, *sizes) in enumerate(work.layers)
        ]
        self.loss, self.update = LOSSES[work.loss], OPTIMIZERS[work.optimizer](work)

    def gradients(self):
        x = self.X
        for layer in self.layers:
            x = layer.forward(x)
        _, dy = self.loss(x, self.y)
        for layer in reversed(self.layers):
            dy = layer.backward(dy)
        return {f"{i}.{k}": g for i, layer in enumerate(self.layers) for k, g in layer.g.items()}

    def step(self):
        self.update(self.p, self.gradients())

    def parameters(self):
        return self.p
