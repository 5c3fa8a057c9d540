"""The table of cases that the tests of the rules share: every rule of bpkit, at inputs made for it.

Lengths are distinct primes, never 1 but where a broadcast is meant; no two numbers are equal and
none is 0 or 1. `CASES` covers what a rule can be asked; `SQUARE` holds one square input a rule,
where a transposed gradient has the right shape and only its values give it away.
"""

import os
import sys
import zlib

import numpy as np

import bpkit as bp
from bpkit import graph

_streams = {}


def _stream():
    """The random numbers of the test that runs, or of the file that is read: none moves another's.

    So a test sees the same numbers whichever others run, and in whatever order.
    """
    reader = sys._getframe(2).f_globals["__name__"]
    key = os.environ.get("PYTEST_CURRENT_TEST", reader)
    return _streams.setdefault(key, np.random.default_rng(zlib.crc32(key.encode())))


def _drawn(rng, shape, positive=False):
    count = int(np.prod(shape))
    size = rng.permutation(np.linspace(0.3, 1.8, count)) + rng.uniform(0, 0.1 / (count + 1))
    signs = 1.0 if positive else np.where(rng.permutation(count) % 2, 1.0, -1.0)
    return np.reshape(size * signs, shape)


def some(*shape, positive=False):
    """Distinct numbers of this shape, between 0.3 and 1.9 in size, of both signs."""
    return _drawn(_stream(), shape, positive)


def shares(*shape):
    """Positive numbers, each row of which sums to 1."""
    rows = _drawn(_stream(), shape, positive=True)
    return rows / rows.sum(axis=-1, keepdims=True)


class Case:
    """One call of a rule. Arrays of decimals are its variables, other inputs are constants.

    fixed: places of decimals that are constants too.
    """

    def __init__(self, rule, *inputs, fixed=(), **params):
        self.rule, self.inputs, self.params = rule, inputs, params
        self.places = [
            i
            for i, x in enumerate(inputs)
            if isinstance(x, np.ndarray) and x.dtype.kind == "f" and i not in fixed
        ]

    @property
    def entry(self):
        return bp.RULES[self.rule]

    @property
    def arrays(self):
        return [self.inputs[i] for i in self.places]

    @property
    def differentiable(self):
        return bool(self.entry.vjps)

    def filled(self, variables):
        """The rule's inputs, with `variables` in place of the arrays."""
        inputs = list(self.inputs)
        for place, x in zip(self.places, variables, strict=True):
            inputs[place] = x
        return tuple(inputs)

    def __call__(self, *variables):
        return graph.apply(self.entry, self.filled(variables), self.params)

    def __repr__(self):
        def brief(x):
            if isinstance(x, np.ndarray):
                return "x".join(map(str, x.shape)) or "scalar"
            return "number" if isinstance(x, float) else str(x)

        params = [f"{key}={_spelled(value)}" for key, value in self.params.items()]
        return "-".join([self.rule, *map(brief, self.inputs), *params])


def _spelled(value):
    """A static parameter in few characters, for the name of a test."""
    if isinstance(value, np.ndarray):
        return ("mask" if value.dtype == bool else "array") + "x".join(map(str, value.shape))
    if isinstance(value, tuple):
        return "(" + ",".join(map(_spelled, value)) + ")"
    if isinstance(value, slice):
        return ":".join("" if n is None else str(n) for n in (value.start, value.stop, value.step))
    return value.__name__ if isinstance(value, type) else str(value).replace("Ellipsis", "...")


# Shapes of two inputs that broadcast: alike, an axis missing on either side, an axis of 1 on
# either side or on both, a scalar on either side, nothing at all.
PAIRS = [
    ((5, 3), (5, 3)),
    ((5, 3), (3,)),
    ((3,), (5, 3)),
    ((5, 3), (5, 1)),
    ((1, 3), (5, 3)),
    ((5, 1), (1, 3)),
    ((5, 1), (3,)),
    ((2, 1, 3), (5, 1)),
    ((7,), (2, 5, 1)),
    ((5, 3), ()),
    ((), (5, 3)),
    ((), ()),
    ((1,), (1, 1)),
    ((0, 3), (3,)),
    ((5, 1), (5, 0)),
]

# Keys of an array of shape (5, 7, 3).
KEYS = [
    2,
    -1,
    (4, 0, 2),
    slice(1, 4),
    slice(None, None, -2),
    slice(2, 2),
    (slice(None), 2),
    (slice(None), slice(1, None, 3), -1),
    (..., 1),
    (1, ..., slice(None, 2)),
    None,
    (None, 2, ..., None),
    [0, 2, 2, 0],
    [-1, 4],
    np.array([[0, 4], [4, 4], [1, 1]]),
    np.array([], int),
    (slice(None), [1, 1, 6]),
    ([0, 0, 3], [1, 1, 2]),
    (0, slice(None), [1, 1]),
    ([[0], [3]], [2, 2], slice(None, None, 2)),
    (None, [3, 3]),
    np.array([True, False, True, True, False]),
    (np.array([True, False, True, True, False]), 2),
    np.arange(105).reshape(5, 7, 3) % 4 == 1,
    (slice(None), np.arange(7) % 3 == 0, [2, 2, 2]),
]

AXES = [None, 0, -1, 1, (0, 2), (-1, 0), (0, 1, 2), ()]
WINDOWS = [  # image, kernel, stride: windows that overlap, touch, leave gaps, leave a rest
    ((2, 3, 7, 5), (3, 2), (1, 1)),
    ((2, 3, 7, 5), (3, 2), (2, 3)),
    ((2, 3, 7, 5), (2, 2), (3, 2)),
    ((2, 1, 5, 3), (5, 3), (1, 1)),
    ((0, 3, 5, 5), (2, 3), (1, 2)),
]
CONVOLUTIONS = [  # image, kernels, result, stride, padding
    ((2, 3, 7, 5), (11, 3, 3, 2), (2, 11, 5, 4), (1, 1), (0, 0)),
    ((2, 3, 7, 5), (5, 3, 3, 2), (2, 5, 3, 2), (2, 3), (0, 0)),
    ((2, 3, 5, 7), (5, 3, 2, 3), (2, 5, 6, 9), (1, 1), (1, 2)),
    ((2, 3, 5, 7), (5, 3, 3, 3), (2, 5, 3, 4), (3, 2), (2, 1)),
    ((2, 3, 5, 3), (7, 3, 2, 2), (2, 7, 3, 5), (3, 2), (2, 4)),
    ((3, 2, 5, 3), (7, 2, 5, 3), (3, 7, 1, 1), (1, 1), (0, 0)),
    ((0, 3, 5, 5), (2, 3, 3, 2), (0, 2, 5, 4), (1, 1), (1, 0)),
]


def _shape_of(key):
    return np.zeros((5, 7, 3))[key].shape


SINGLE = ["neg", "exp", "sin", "cos", "abs", "tanh", "sigmoid", "softplus", "relu", "gelu", "alias"]
POSITIVE = ["log", "log1p", "sqrt"]
TWO = ["add", "sub", "mul", "div", "maximum", "minimum", "greater", "greater_equal", "equal"]
REDUCED = ["sum", "max", "logsumexp"]
PAIRED_LOSSES = ["mse", "bce_with_logits"]

CASES = [
    *(Case(rule, some(*s)) for rule in [*SINGLE, "sign"] for s in [(5, 3), (), (7,), (0, 3)]),
    *(Case(rule, some(*s, positive=True)) for rule in POSITIVE for s in [(5, 3), (), (3, 0)]),
    *(Case("leaky_relu", some(5, 3), **p) for p in [{}, {"slope": 0.2}]),
    *(Case("to_power", some(5, 3), to=to) for to in [2, 3, 0, 1, -1, -2]),
    *(Case("to_power", some(2, 3, positive=True), to=to) for to in [0.5, -1.7]),
    *(Case("to_power", x, to=3) for x in [some(), some(0, 3)]),
    *(Case("clip", some(5, 3), low=low, high=1.23) for low in [-0.71, -5]),
    *(Case("cast", some(5, 3), dtype=t) for t in [float, np.float64]),
    *(Case(rule, some(*a), some(*b)) for rule in TWO for a, b in PAIRS),
    *(Case(rule, some(5, 3), 1.7) for rule in TWO),
    *(Case(rule, -1.7, some(5, 3)) for rule in TWO),
    *(Case("power", some(*a, positive=True), some(*b)) for a, b in PAIRS),
    Case("power", some(5, 3), np.array([2.0, 3.0, 0.0]), fixed=[1]),
    Case("where", some(5, 3) > 0, some(5, 3), some(5, 3)),
    Case("where", some(3) > 0, some(5, 1), some()),
    Case("where", some(2, 5, 1) > 0, some(1, 3), -1.7),
    Case("where", some(5, 3) > 0, 1.7, some(3)),
    Case("where", some(0, 3) > 0, some(3), some(1, 3)),
    *(Case("reshape", some(5, 2, 3), to=to) for to in [(2, 15), (-1, 5), (30,), (3, 1, 2, 5)]),
    *(Case("reshape", some(*s), to=to) for s, to in [((), (1, 1)), ((1,), ()), ((0, 3), (7, 0))]),
    Case("reshape", some(0, 3), to=(-1, 3)),
    *(Case("transpose", some(2, 3, 5), axes=a) for a in [None, (1, 2, 0), (-1, 0, -2), (0, 2, 1)]),
    *(Case("transpose", some(*s)) for s in [(), (3,), (5, 3), (0, 3)]),
    *(
        Case("broadcast", some(*s), to=to)
        for s, to in [
            ((3,), (5, 3)),
            ((5, 1), (5, 3)),
            ((1, 3), (2, 5, 3)),
            ((), (5, 3)),
            ((2, 1, 3), (2, 5, 3)),
            ((5, 3), (5, 3)),
            ((3,), (0, 3)),
        ]
    ),
    *(
        Case("sum_to", some(*s), to=to)
        for s, to in [
            ((5, 3), (3,)),
            ((5, 3), (5, 1)),
            ((2, 5, 3), (5, 1)),
            ((2, 5, 3), (1, 5, 1)),
            ((5, 3), ()),
            ((5, 3), (1, 1)),
            ((5, 3), (5, 3)),
            ((0, 3), (3,)),
            ((5, 0), (5, 1)),
        ]
    ),
    *(Case("index", some(5, 7, 3), key=key) for key in KEYS),
    Case("index", some(0, 3), key=(slice(None), 1)),
    *(Case("scatter_add", some(*_shape_of(key)), key=key, to=(5, 7, 3)) for key in KEYS),
    *(Case("scatter_add", some(*s), key=[2, 0, 2], to=(5, 3)) for s in [(3,), (3, 1), (), (1, 3)]),
    *(
        Case(rule, some(*s), np.array(rows), **p)
        for rows in [[4, 0, 4], [[4, 4], [1, 0], [4, 2]], np.zeros(0, int), 3]
        for rule, s, p in [
            ("take", (5, 3), {}),
            ("add_rows", (*np.shape(rows), 3), {"count": 5}),
        ]
    ),
    Case("take", some(7, 2, 3), np.array([6, 0, 0])),
    Case("concatenate", some(5, 3), some(2, 3)),
    Case("concatenate", some(3, 5), some(3, 2), some(3, 7), axis=1),
    Case("concatenate", some(2, 5, 3), some(2, 7, 3), axis=-2),
    Case("concatenate", some(7), axis=0),
    Case("concatenate", some(3), some(0), some(2), axis=0),
    Case("concatenate", some(2, 3), some(5, 3), fixed=[0]),
    *(Case("stack", some(5, 3), some(5, 3), some(5, 3), axis=axis) for axis in [0, 1, 2, -1, -3]),
    *(Case("stack", *(some(*s) for _ in range(2)), axis=0) for s in [(), (0, 3), (7,)]),
    Case("stack", some(5, 3), some(5, 3), fixed=[0], axis=1),
    *(
        Case("assemble", *(some(*np.zeros(to)[key].shape) for key in keys), keys=keys, to=to)
        for keys, to in [
            ([(slice(0, 3),), (slice(2, 5),)], (7,)),
            ([(..., slice(0, 2)), (slice(1, 5, 2),), (slice(0, 2), slice(1, 3))], (5, 3)),
            ([(slice(0, 0),), (slice(None),)], (5, 3)),
        ]
    ),
    *(Case("pad", some(3, 5), width=w) for w in [((1, 2), (0, 3)), ((0, 0), (2, 0))]),
    *(Case("pad", some(*s), width=w) for s, w in [((0,), ((2, 1),)), ((), ())]),
    *(
        Case(rule, some(2, 5, 3), axis=axis, keepdims=keepdims)
        for rule in REDUCED
        for axis in AXES
        for keepdims in [False, True]
    ),
    *(Case(rule, some(*s), axis=1) for rule in REDUCED for s in [(0, 3), (2, 3, 0)]),
    *(Case(rule, some()) for rule in REDUCED),
    *(Case("sum", some(*s), axis=0) for s in [(0, 3), (0,)]),
    *(
        Case(rule, some(*s), **p)
        for rule in ["softmax", "log_softmax"]
        for s, p in [((5, 3), {}), ((2, 5, 3), {"axis": 1}), ((7,), {"axis": 0}), ((0, 3), {})]
    ),
    *(
        Case("matmul", some(*a), some(*b))
        for a, b in [
            ((5, 3), (3, 7)),
            ((2, 5, 3), (2, 3, 7)),
            ((2, 5, 3), (3, 7)),
            ((5, 3), (2, 3, 7)),
            ((2, 1, 5, 3), (11, 3, 7)),
            ((1, 5, 3), (2, 3, 7)),
            ((0, 3), (3, 5)),
            ((5, 0), (0, 3)),
            ((0, 5, 3), (3, 7)),
        ]
    ),
    Case("matmul", some(5, 3), some(3, 7), fixed=[0]),
    *(
        Case("affine", some(*s), some(3, 7), some(7))
        for s in [(5, 3), (3,), (2, 5, 3), (0, 3), (2, 0, 3)]
    ),
    Case("affine", some(5, 3), some(3, 7), some(7), fixed=[0]),
    *(
        Case("normalize", some(*s), some(*g), some(*g), axis=axis, eps=eps)
        for s, g, axis, eps in [
            ((5, 3), (3,), (1,), 1e-5),
            ((5, 3), (3,), (0,), 0.1),
            ((2, 3, 5, 7), (3, 1, 1), (0, 2, 3), 1e-3),
            ((2, 5, 3), (5, 1), (0, 2), 1e-5),
            ((2, 5, 3), (), (-1,), 1e-5),
        ]
    ),
    *(
        Case("rms_norm", some(*s), some(3), **p)
        for s, p in [((5, 3), {}), ((2, 5, 3), {"eps": 0.1}), ((3,), {"eps": 0.0})]
    ),
    *(
        Case("follow", some(*s), mean=np.zeros(3), variance=np.zeros(3) + 2, momentum=0.1)
        for s in [(5, 3), (2, 3, 5, 7)]
    ),
    Case("dropout_mask", shape=(5, 3), rate=0.3, rng=np.random.default_rng(3), dtype=float),
    *(Case("slide", some(7, *s), size=3, **p) for s in [(), (3, 2)] for p in [{}, {"stride": 2}]),
    *(
        Case(rule, some(*s), kernel=k, stride=t)
        for rule in ["unfold", "max_pool2d"]
        for s, k, t in WINDOWS
    ),
    *(
        Case(
            "fold", some(*bp.RULES["unfold"].shape(s, kernel=k, stride=t)), to=s, kernel=k, stride=t
        )
        for s, k, t in WINDOWS
    ),
    *(
        case
        for x, w, y, t, p in CONVOLUTIONS
        for case in [
            Case("conv2d", some(*x), some(*w), stride=t, padding=p),
            Case("conv2d_dx", some(*y), some(*w), size=x[2:], stride=t, padding=p),
            Case("conv2d_dw", some(*x), some(*y), kernel=w[2:], stride=t, padding=p),
        ]
    ),
    *(Case("mse", some(*s), some(*s)) for s in [(5, 3), (7,), ()]),
    *(Case("bce_with_logits", some(*s), shares(*s)) for s in [(5, 3), (7,)]),
    *(Case("softmax_cross_entropy", some(*s), shares(*s)) for s in [(5, 3), (7,), (2, 5, 3)]),
    Case("softmax_cross_entropy", some(5, 3), some(5, 3, positive=True)),
    Case("softmax_cross_entropy", some(5, 3), shares(5, 3), fixed=[1], sums_to_1=True),
    *(Case("one_hot", np.array(labels), classes=5) for labels in [[4, 0, 4], 2, [[1, 3], [0, 2]]]),
    Case("one_hot", np.array([4, 0, 4]), classes=5, dtype=np.float32),
]

PLAIN = {"stride": (1, 1), "padding": (0, 0)}

# One square input a rule: the last two axes of every input that has two are of one length.
SQUARE = [
    *(Case(rule, some(3, 3)) for rule in SINGLE),
    *(Case(rule, some(3, 3, positive=True)) for rule in POSITIVE),
    *(Case(rule, some(3, 3), some(3, 3)) for rule in TWO if bp.RULES[rule].vjps),
    *(Case(rule, some(3, 3), some(3, 3)) for rule in ["concatenate", "matmul", "mse"]),
    *(Case(rule, some(2, 3, 3), axis=0) for rule in ["sum", "max", "logsumexp", "softmax"]),
    Case("log_softmax", some(3, 3)),
    Case("leaky_relu", some(3, 3)),
    Case("to_power", some(3, 3), to=3),
    Case("clip", some(3, 3), low=-0.71, high=1.23),
    Case("cast", some(3, 3), dtype=float),
    Case("power", some(3, 3, positive=True), some(3, 3)),
    Case("where", some(3, 3) > 0, some(3, 3), some(3, 3)),
    Case("reshape", some(3, 3), to=(9,)),
    Case("transpose", some(3, 3)),
    Case("broadcast", some(3, 3), to=(2, 3, 3)),
    Case("sum_to", some(2, 3, 3), to=(3, 3)),
    Case("index", some(3, 3), key=[2, 0, 2, 1]),
    Case("scatter_add", some(3, 3), key=[2, 0, 2], to=(5, 3)),
    Case("take", some(3, 3), np.array([2, 0, 2, 1])),
    Case("add_rows", some(3, 3), np.array([2, 0, 2]), count=5),
    Case("pad", some(3, 3), width=((1, 0), (0, 2))),
    Case("affine", some(3, 3), some(3, 3), some(3)),
    Case("normalize", some(2, 3, 3), some(3, 3), some(3, 3), axis=(0,), eps=1e-3),
    Case("rms_norm", some(3, 3), some(3)),
    Case("follow", some(3, 3), mean=np.zeros(3), variance=np.zeros(3) + 2, momentum=0.1),
    Case("stack", some(3, 3), some(3, 3), axis=1),
    Case("assemble", some(3, 3), some(3, 3), keys=[(slice(0, 3),), (slice(2, 5),)], to=(5, 3)),
    Case("slide", some(3, 3), size=2),
    Case("unfold", some(2, 1, 3, 3), kernel=(2, 2), stride=(1, 1)),
    Case("fold", some(2, 1, 2, 2, 2, 2), to=(2, 1, 3, 3), kernel=(2, 2), stride=(1, 1)),
    Case("conv2d", some(2, 3, 5, 5), some(7, 3, 2, 2), **PLAIN),
    Case("conv2d_dx", some(2, 7, 3, 3), some(7, 5, 2, 2), size=(4, 4), **PLAIN),
    Case("conv2d_dw", some(2, 3, 4, 4), some(2, 7, 3, 3), kernel=(2, 2), **PLAIN),
    Case("max_pool2d", some(2, 3, 5, 5), kernel=(2, 2), stride=(1, 1)),
    Case("bce_with_logits", some(3, 3), shares(3, 3)),
    Case("softmax_cross_entropy", some(3, 3), shares(3, 3)),
]


def slopes(f, arrays, place):
    """The gradient of f, arrays to a number, with respect to one array: differences of order 4.

    Not bpkit's own differences, so that the rules are not tested by the checker alone.
    """
    x, gradient = arrays[place], np.zeros(arrays[place].shape)
    h = 1e-4
    for at in np.ndindex(x.shape):

        def moved(steps, at=at):
            there = x.copy()
            there[at] += steps * h
            return float(f(*arrays[:place], there, *arrays[place + 1 :]))

        gradient[at] = (8 * (moved(1) - moved(-1)) - (moved(2) - moved(-2))) / (12 * h)
    return gradient


def by_name(cases, name=repr):
    """Arguments for pytest.mark.parametrize that name each case in the report."""
    return {"argvalues": cases, "ids": [name(case) for case in cases]}
