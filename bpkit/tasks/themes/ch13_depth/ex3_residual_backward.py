"""Residual blocks, backward; the closed task of the chapter.

Each block adds to what passes, so the gradient has a way on which nothing shrinks it.
"""

import numpy as np

import bpkit as bp
from bpkit.tasks.spec import Mistake, task
from bpkit.tasks.tools import pullback, slopes


def residual_backward(dY, X, a):
    """The gradients of K residual blocks, X + a[k] * tanh(X), one after the other.

    dY, X (N, D), a (K,). Returns dX (N, D), da (K,).
    """
    kept = []
    for scale in a:
        kept.append(np.tanh(X))
        X = X + scale * kept[-1]
    da = np.zeros(len(a))
    for k in reversed(range(len(a))):
        da[k] = np.sum(dY * kept[k])
        dY = dY * (1 + a[k] * (1 - kept[k] ** 2))
    return dY, da


def blocks(draw):
    K = draw.size("K", least=2, most=5)
    N, D = draw.sizes("N D", least=2 if draw.small is None else 1)
    return {
        "dY": draw.real(N, D),
        "X": draw.real(N, D),
        "a": draw.real(K, low=0.3, high=0.9),
    }


def forward(X, a):
    for k in range(a.size):
        X = X + a[k] * np.tanh(X)
    return X


def recursive(dY, X, a):
    if len(a) == 0:
        return dY, np.zeros(0)
    T = np.tanh(X)
    dY, later = recursive(dY, X + a[0] * T, a[1:])
    return dY + dY * a[0] / np.cosh(X) ** 2, np.append((dY * T).sum(), later)


def carried_forward(dY, X, a):
    """Every derivative is carried forward, and what arrives is multiplied in at the end."""
    moved = [np.ones(X.shape)] + [np.zeros(X.shape) for _ in a]
    for k, scale in enumerate(a):
        T = np.tanh(X)
        moved = [m * (1 + scale - scale * T * T) for m in moved]
        moved[k + 1] = moved[k + 1] + T
        X = X + scale * T
    return dY * moved[0], np.array([np.sum(dY * m) for m in moved[1:]])


def in_bpkit(dY, X, a):
    def run(X, a):
        for k in range(a.shape[0]):
            X = X + a[k] * bp.tanh(X)
        return X

    return pullback(run, dY, X, a)


task(
    residual_backward,
    chapter=13,
    title="Through residual blocks, backward",
    minutes=20,
    points=4,
    returns="dX da",
    inputs=blocks,
    statement="""
        In a deep network a gradient is multiplied at every layer, and dies if the factors are
        small. A residual block *adds* to what passes through it. `K` blocks stand one after the
        other; block `k` turns `X` into `X + a[k] * tanh(X)`, entry by entry, with a number
        `a[k]` of its own. `X` is `(N, D)`, `a` is `(K,)`, and `dY` `(N, D)` is what arrives at
        the output of the last block.

        Write `residual_backward(dY, X, a)`, which goes forward and then back, and returns `dX`
        `(N, D)` and `da` `(K,)`. No input is changed.
        """,
    example="""
        >>> dY, X, a = np.array([[8.0]]), np.array([[0.0]]), np.array([0.5, 2.0])
        >>> dX, da = residual_backward(dY, X, a)
        >>> dX.tolist(), da.tolist()
        ([[36.0]], [0.0, 0.0])
        """,
    variants=[
        {"1 + a[k] * (1 - kept[k] ** 2)": "1 + a[k] - a[k] * kept[k] * kept[k]"},
        recursive,
        carried_forward,
    ],
    oracle=in_bpkit,
    differences=lambda dY, X, a: slopes(lambda X, a: np.sum(dY * forward(X, a)), X, a),
    mistakes=[
        Mistake(
            "skip_forgotten",
            "The way round each block is left out",
            "X reaches a block's output twice, as it is and through tanh; the first way has slope "
            "1.",
            {"(1 + a[k] * (1 - kept[k] ** 2))": "(a[k] * (1 - kept[k] ** 2))"},
        ),
        Mistake(
            "block_forgotten",
            "The gradient goes round every block and through none",
            "X reaches a block's output twice, as it is and through tanh, and both ways add up.",
            {"(1 + a[k] * (1 - kept[k] ** 2))": "1"},
        ),
        Mistake(
            "scale_forgotten",
            "The number a[k] is left out on the way through tanh",
            "The block adds a[k] times tanh, so its slope carries a[k].",
            {"a[k] * (1 -": "(1 -"},
        ),
        Mistake(
            "slope_forgotten",
            "The slope of the hyperbolic tangent is left out",
            "What passes through tanh is multiplied by its slope, 1 minus the square of its value.",
            {"(1 - kept[k] ** 2))": "1)"},
        ),
        Mistake(
            "slope_not_squared",
            "The slope is 1 minus the value",
            "The slope of tanh is 1 minus the square of its value.",
            {"kept[k] ** 2": "kept[k]"},
        ),
        Mistake(
            "slope_of_sigmoid",
            "The slope is that of a sigmoid",
            "y (1 - y) belongs to the sigmoid; tanh has 1 minus the square of its value.",
            {"(1 - kept[k] ** 2)": "kept[k] * (1 - kept[k])"},
        ),
        Mistake(
            "da_scaled",
            "da holds a factor a[k] too many",
            "The derivative of a[k] times tanh with respect to a[k] is tanh alone.",
            {"np.sum(dY * kept[k])": "a[k] * np.sum(dY * kept[k])"},
        ),
        Mistake(
            "da_without_upstream",
            "da leaves out what arrives from above",
            "tanh is the local derivative; what arrives at the block's output multiplies it.",
            {"np.sum(dY * kept[k])": "np.sum(kept[k])"},
        ),
        Mistake(
            "da_averaged",
            "da is a mean over the entries",
            "One number serves all entries of its block, so what they send back is added up.",
            {"np.sum(dY": "np.mean(dY"},
        ),
        Mistake(
            "da_too_late",
            "da is taken after the block was passed",
            "a[k] acts at its block's output, so it meets the gradient before that goes through "
            "the block.",
            {
                "        da[k] = np.sum(dY * kept[k])\n": "",
                "kept[k] ** 2))": "kept[k] ** 2))\n        da[k] = np.sum(dY * kept[k])",
            },
        ),
        Mistake(
            "first_block_first",
            "The blocks are walked from the first to the last",
            "What arrives stands behind the last block, so that one comes first on the way back.",
            {"reversed(range(len(a)))": "range(len(a))"},
        ),
        Mistake(
            "nothing_kept",
            "All blocks use the first input",
            "Each block's slope is taken where its own input stood, which the way forward finds.",
            {"        X = X + scale * kept[-1]": "        X = X"},
        ),
        Mistake(
            "forward_without_skip",
            "On the way forward the blocks don't add",
            "A block's output is its input plus what it makes of it; later slopes hang on that.",
            {"X = X + scale": "X = scale"},
        ),
        Mistake(
            "slope_at_the_output",
            "The slope of tanh is taken at the block's output",
            "tanh was applied to what went into the block, so its slope is taken there.",
            {
                "np.tanh(X))\n        X = X + scale * kept[-1]": "np.tanh(X))\n"
                "        X = X + scale * kept[-1]\n        "
                "out.append(np.tanh(X))",
                "kept = []": "kept, out = [], []",
                "1 - kept[k] ** 2": "1 - out[k] ** 2",
            },
        ),
        Mistake(
            "da_from_the_top",
            "da is taken with what arrives at the last block",
            "The blocks behind a block stand between it and the end: what arrives at its "
            "own output counts.",
            {
                "    da = np.zeros(len(a))": "    da, top = np.zeros(len(a)), dY",
                "np.sum(dY * kept[k])": "np.sum(top * kept[k])",
            },
        ),
    ],
    nudge="By how many ways does the input of one block reach its output, and what is the slope "
    "of each?",
    sketch="""
        Go forward first and keep the tanh of every block's input. Then walk the blocks from the
        last to the first. At each, the number of the block gets its part: what arrives, times the
        tanh that was kept, summed over all entries. After that the gradient goes through: once
        round the block as it is, and once through tanh, with its slope and the number of the
        block. The two add up.
        """,
    skeleton="""
        def residual_backward(dY, X, a):
            kept = []
            for scale in a:
                ...                     # keep what the way back needs; X moves on
            da = np.zeros(len(a))
            for k in ...:
                da[k] = ...             # a number
                dY = dY * (...)         # both ways through the block
            return dY, da
        """,
    notice="The factor of a block is 1 plus something: even where tanh is flat the gradient "
    "arrives whole, and so a hundred blocks can be trained.",
    closed=True,
)
