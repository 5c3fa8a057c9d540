"""Against HIPS autograd: every rule that NumPy can spell, to the second derivative."""

import numpy as np
import pytest
from cases import CASES, by_name
from peers import near, ours, probes

import bpkit as bp

autograd = pytest.importorskip("autograd")
anp = autograd.numpy


def theirs(f, arrays):
    """What `peers.ours` gives, by autograd."""
    y = f(*arrays)
    up, *vs = probes(np.shape(y), *(a.shape for a in arrays))

    def number(*xs):
        return anp.sum(up * anp.sin(f(*xs)))

    def turned(*xs):
        slopes = (autograd.grad(number, i)(*xs) for i in range(len(xs)))
        return sum(anp.sum(v * g) for v, g in zip(vs, slopes, strict=True))

    places = range(len(arrays))
    first = [autograd.grad(number, i)(*arrays) for i in places]
    return [y, *first, *(autograd.grad(turned, i)(*arrays) for i in places)]


def _logsumexp(x, axis=None, keepdims=False):
    top = np.max(autograd.tracer.getval(x), initial=-np.inf)
    return top + anp.log(anp.sum(anp.exp(x - top), axis=axis, keepdims=keepdims))


def _log_softmax(x, axis=-1):
    return x - _logsumexp(x, axis, keepdims=True)


def _axes(f):
    """A reduction of theirs, whose derivative doesn't know an empty tuple of axes."""

    def reduction(x, axis=None, keepdims=False):
        return x * 1.0 if axis == () else f(x, axis=axis, keepdims=keepdims)

    return reduction


def _summed(x, to):
    x = anp.sum(x, axis=tuple(range(anp.ndim(x) - len(to)))) if anp.ndim(x) > len(to) else x
    return anp.sum(x, axis=tuple(a for a, n in enumerate(to) if n == 1), keepdims=True)


def _placed(x, places, shape):
    """Zeros with x added at these places of the flat array: a product with ones and zeros."""
    ones = np.zeros((int(np.prod(shape)), places.size))
    ones[places.ravel(), np.arange(places.size)] = 1
    flat = anp.reshape(x * np.ones(places.shape), (places.size,))
    return anp.reshape(anp.dot(ones, flat), shape)


def _places(key, shape):
    return np.asarray(np.arange(np.prod(shape)).reshape(shape)[key])


def _moved(x, axis, **params):
    mean = anp.mean(x, axis=axis, keepdims=True)
    return (x - mean) / anp.sqrt(
        anp.mean((x - mean) ** 2, axis=axis, keepdims=True) + params["eps"]
    )


def _where(choice, a, b):
    """Choose, with the broadcast done before: its own doesn't add up what was repeated."""
    ones = np.ones(np.broadcast_shapes(np.shape(choice), np.shape(a), np.shape(b)))
    return anp.where(choice, a * ones, b * ones)


def _gelu(x):
    return 0.5 * x * (1 + anp.tanh((2 / np.pi) ** 0.5 * (x + 0.044715 * x**3)))


RULES = {
    "alias": lambda x: x * 1.0,
    "reshape": lambda x, to: anp.reshape(x, to),
    "transpose": lambda x, axes=None: anp.transpose(
        x, None if axes is None else np.mod(axes, x.ndim)
    ),
    "broadcast": lambda x, to: x * np.ones(to),
    "sum_to": _summed,
    "index": lambda x, key: x[key],
    "scatter_add": lambda x, key, to: _placed(x, _places(key, to), to),
    "take": lambda table, rows: table[rows],
    "add_rows": lambda x, rows, count: _placed(
        x, _places(rows, (count, *x.shape[rows.ndim :])), (count, *x.shape[rows.ndim :])
    ),
    "assemble": lambda *xs, keys, to: sum(
        _placed(x, _places(key, to), to) for x, key in zip(xs, keys, strict=True)
    ),
    "concatenate": lambda *xs, axis=0: anp.concatenate(xs, axis),
    "stack": lambda *xs, axis=0: anp.stack(xs, axis),
    "pad": lambda x, width: anp.pad(x, width or 0, "constant"),
    "add": anp.add,
    "sub": anp.subtract,
    "mul": anp.multiply,
    "div": anp.divide,
    "power": anp.power,
    "to_power": lambda x, to: x**to,
    "neg": anp.negative,
    "exp": anp.exp,
    "log": anp.log,
    "log1p": anp.log1p,
    "sqrt": anp.sqrt,
    "sin": anp.sin,
    "cos": anp.cos,
    "abs": anp.abs,
    "tanh": anp.tanh,
    "sigmoid": lambda x: 1 / (1 + anp.exp(-x)),
    "softplus": lambda x: anp.log1p(anp.exp(x)),
    "relu": lambda x: anp.maximum(x, 0.0),
    "leaky_relu": lambda x, slope=0.01: anp.where(x > 0, x, slope * x),
    "gelu": _gelu,
    "maximum": anp.maximum,
    "minimum": anp.minimum,
    "where": _where,
    "clip": lambda x, low, high: anp.clip(x, low, high),
    "cast": lambda x, dtype: x * 1.0,
    "sum": _axes(anp.sum),
    "max": _axes(anp.max),
    "logsumexp": _axes(_logsumexp),
    "softmax": lambda x, axis=-1: anp.exp(_log_softmax(x, axis)),
    "log_softmax": _log_softmax,
    "matmul": anp.matmul,
    "affine": lambda X, W, b: anp.dot(X, W) + b,
    "normalize": lambda x, gamma, beta, axis, eps: gamma * _moved(x, axis, eps=eps) + beta,
    "rms_norm": lambda x, gamma, eps=1e-5: (
        gamma * x / anp.sqrt(anp.mean(x * x, axis=-1, keepdims=True) + eps)
    ),
    "follow": lambda x, **_: x * 1.0,
    "mse": lambda z, t: anp.mean((z - t) ** 2),
    "bce_with_logits": lambda z, t: anp.mean(anp.log1p(anp.exp(z)) - z * t),
    "softmax_cross_entropy": lambda z, q, **_: (
        -anp.sum(q * _log_softmax(z)) / (z.size // z.shape[-1])
    ),
}
IMAGES = {  # NumPy has no function of these; PyTorch has, and is asked
    *("slide", "unfold", "fold", "conv2d", "conv2d_dx", "conv2d_dw", "max_pool2d"),
}


def test_every_rule_has_its_peer_but_those_of_images():
    assert {n for n, rule in bp.RULES.items() if rule.vjps} == set(RULES) | IMAGES


def askable(case):
    """Whether autograd takes this case: its sums and indices don't take arrays of nothing."""
    empty = any(np.size(x) == 0 for x in case.inputs if isinstance(x, np.ndarray))
    return case.rule in RULES and not empty


@pytest.mark.parametrize("case", **by_name([case for case in CASES if askable(case)]))
def test_rules(case):
    def peer(*variables):
        return RULES[case.rule](*case.filled(variables), **case.params)

    near(ours(case, case.arrays), theirs(peer, case.arrays))
