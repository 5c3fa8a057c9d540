"""Layers for sequences: recurrent networks, attention, a transformer block. Batches are (N, T, D).

All are composed from rules. A recurrent layer multiplies the inputs of all its steps at once, and
steps through time with what is left.
"""

import math

import numpy as np

from bpkit.errors import ShapeError
from bpkit.fused import affine
from bpkit.graph import Tensor
from bpkit.init import orthogonal, xavier
from bpkit.layers import GELU, Affine, Dropout, LayerNorm, Module, Sequential
from bpkit.reductions import softmax
from bpkit.rules import cast, sigmoid, tanh, where
from bpkit.shapes import reshape, stack, swap, transpose


class _Recurrent(Module):
    """What recurrent layers share: parameters for `gates` blocks, and the loop over time."""

    def __init__(self, n_in, n_hidden, seed=None, dtype=float):
        self.n_in, self.n_hidden, self.seed = n_in, n_hidden, seed
        rng = np.random.default_rng(seed)
        blocks = range(self.gates)
        inner = [xavier((n_in, n_hidden), rng) for _ in blocks]
        outer = [orthogonal((n_hidden, n_hidden), rng) for _ in blocks]
        self.Wx = Tensor(np.concatenate(inner, axis=1).astype(dtype))
        self.Wh = Tensor(np.concatenate(outer, axis=1).astype(dtype))
        self.b = Tensor(np.zeros(self.gates * n_hidden, dtype))

    def forward(self, x):
        return self.unroll(x)[0]

    def unroll(self, x, state=None):
        """All hidden states (N, T, H), and the last state, to go on from. x is (N, T, D)."""
        if x.ndim != 3 or x.shape[2] != self.n_in or x.shape[1] == 0:
            raise ShapeError(
                f"{type(self).__name__}: x is {x.shape}; it must be (N, T, {self.n_in}), T > 0"
            )
        projected = affine(transpose(x, axes=(1, 0, 2)), self.Wx, self.b)  # (T, N, gates * H)
        if state is None:
            zero = Tensor(np.zeros((x.shape[0], self.n_hidden), x.dtype), requires_grad=False)
            state = (zero,) * self.states
        hidden = []
        for t in range(x.shape[1]):
            state = self.step(projected[t], *state)
            hidden.append(state[0])
        return transpose(stack(hidden), axes=(1, 0, 2)), state

    def _blocks(self, z):
        """(N, gates * H) as (gates, N, H)."""
        return transpose(reshape(z, to=(-1, self.gates, self.n_hidden)), axes=(1, 0, 2))


class RNN(_Recurrent):
    """h = tanh(x Wx + h Wh + b), step after step (Elman, 1990). Chapter 17.

    x (N, T, n_in) to hidden states (N, T, n_hidden).

    >>> bp.RNN(3, 5, seed=0)(np.zeros((2, 7, 3))).shape
    (2, 7, 5)
    """

    gates, states = 1, 1

    def step(self, z, h):
        return (tanh(z + h @ self.Wh),)


class LSTM(_Recurrent):
    """Input, forget and output gates around a cell (Hochreiter and Schmidhuber, 1997). Chapter 18.

    The columns hold input gate, forget gate, output gate, candidate; the forget gate's bias
    starts at 1 (Gers et al., 2000).

    >>> bp.LSTM(3, 5, seed=0)(np.zeros((2, 7, 3))).shape
    (2, 7, 5)
    """

    gates, states = 4, 2

    def __init__(self, n_in, n_hidden, seed=None, dtype=float):
        super().__init__(n_in, n_hidden, seed, dtype)
        self.b.data[n_hidden : 2 * n_hidden] = 1

    def step(self, z, h, c):
        z = self._blocks(z + h @ self.Wh)
        write, keep, show = sigmoid(z[:3])
        c = keep * c + write * tanh(z[3])
        return show * tanh(c), c


class GRU(_Recurrent):
    """Reset and update gates (Cho et al., 2014), the reset after the product. Chapter 18.

    The columns hold reset gate, update gate, candidate; c is the candidate's hidden bias.

    >>> bp.GRU(3, 5, seed=0)(np.zeros((2, 7, 3))).shape
    (2, 7, 5)
    """

    gates, states = 3, 1

    def __init__(self, n_in, n_hidden, seed=None, dtype=float):
        super().__init__(n_in, n_hidden, seed, dtype)
        self.c = Tensor(np.zeros(n_hidden, dtype))

    def step(self, z, h):
        z, from_h = self._blocks(z), self._blocks(h @ self.Wh)
        reset, update = sigmoid(z[:2] + from_h[:2])
        candidate = tanh(z[2] + reset * (from_h[2] + self.c))
        return (candidate + update * (h - candidate),)


def attention(q, k, v, mask=None):
    """softmax(q k.T / sqrt(d)) v: a mixture of values (Vaswani et al., 2017). Chapter 19.

    q (..., T, d), k (..., S, d), v (..., S, e) to (..., T, e). mask (T, S) or broadcastable: True
    where a query may look.

    >>> q = k = v = Tensor(np.eye(2)[None])
    >>> attention(q, k, v, mask=np.eye(2, dtype=bool)).data[0].tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    flat = min(q.ndim, k.ndim, v.ndim) < 2
    if flat or q.shape[-1] != k.shape[-1] or k.shape[-2] != v.shape[-2]:
        raise ShapeError(
            f"attention: q is {q.shape}, k {k.shape}, v {v.shape}; "
            "q and k must agree in width, k and v in length"
        )
    scores = (q * (1 / math.sqrt(q.shape[-1]))) @ swap(k)
    if mask is not None:
        scores = scores + cast(where(mask, 0.0, -1e30), dtype=scores.dtype)  # all else drowns
    return softmax(scores) @ v


class MultiHeadAttention(Module):
    """Self-attention in `heads` parts of width / heads each. x (N, T, width). Chapter 19.

    causal: a position sees itself and what came before.

    >>> bp.MultiHeadAttention(6, heads=2, seed=0)(np.zeros((2, 5, 6))).shape
    (2, 5, 6)
    """

    def __init__(self, width, heads, causal=False, seed=None, dtype=float):
        if heads < 1 or width % heads:
            raise ShapeError(f"MultiHeadAttention: {heads} heads don't divide a width of {width}")
        self.width, self.heads, self.causal, self.seed = width, heads, causal, seed
        rng = np.random.default_rng(seed)
        self.qkv = Affine(width, 3 * width, rng, xavier, dtype)
        self.out = Affine(width, width, rng, xavier, dtype)

    def forward(self, x):
        if x.ndim != 3 or x.shape[2] != self.width:
            raise ShapeError(f"MultiHeadAttention: x is {x.shape}; it must be (N, T, {self.width})")
        n, t, width = x.shape
        parts = reshape(self.qkv(x), to=(n, t, 3, self.heads, width // self.heads))
        q, k, v = (transpose(parts[:, :, i], axes=(0, 2, 1, 3)) for i in range(3))
        mask = np.tri(t, dtype=bool) if self.causal else None
        mixed = transpose(attention(q, k, v, mask), axes=(0, 2, 1, 3))
        return self.out(reshape(mixed, to=(n, t, width)))


class TransformerBlock(Module):
    """Attention, then a two-layer network, each added to what it was given. Chapter 19.

    x (N, T, width). The norm comes before each part (Xiong et al., 2020). hidden is 4 * width
    unless given.

    >>> bp.TransformerBlock(6, heads=2, seed=0)(np.zeros((2, 5, 6))).shape
    (2, 5, 6)
    """

    def __init__(
        self, width, heads, hidden=None, dropout=0.0, causal=False, seed=None, dtype=float
    ):
        rng = np.random.default_rng(seed)
        hidden = hidden or 4 * width
        self.norm1, self.norm2 = LayerNorm(width, dtype=dtype), LayerNorm(width, dtype=dtype)
        self.attention = MultiHeadAttention(width, heads, causal, rng, dtype)
        self.network = Sequential(
            Affine(width, hidden, rng, xavier, dtype),
            GELU(),
            Affine(hidden, width, rng, xavier, dtype),
        )
        self.dropout = Dropout(dropout, rng)

    def forward(self, x):
        x = x + self.dropout(self.attention(self.norm1(x)))
        return x + self.dropout(self.network(self.norm2(x)))
