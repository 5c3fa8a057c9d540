"""The gradient that each example of a batch gives by itself.

An outer product for each row, and no sum over the batch.
"""

import numpy as np

import bpkit as bp
from bpkit.tasks.spec import Mistake, task
from bpkit.tasks.tools import averaged_twice, pullback, upstream_ignored


def per_example_gradients(dY, X):
    """Each example's own gradient of W in Y = X @ W + b, and their sum.

    dY (N, M), X (N, D). Returns each (N, D, M) and dW (D, M).
    """
    each = X[:, :, None] * dY[:, None, :]
    dW = each.sum(axis=0)
    return each, dW


def upstream_and_inputs(draw):
    N, D, M = draw.sizes("N D M")
    return {"dY": draw.real(N, M), "X": draw.real(N, D)}


def example_by_example(dY, X):
    each, dW = [], 0
    for x, dy in zip(X, dY, strict=True):
        each.append(np.outer(x, dy))
        dW = dW + each[-1]
    return np.array(each), dW


def one_row_at_a_time(dY, X):
    D = X.shape[1]
    rows = [pullback(bp.matmul, dY[[n]], X[[n]], np.zeros((D, dY.shape[1]))) for n in range(len(X))]
    each = np.array([dW for _, dW in rows])
    return each, pullback(bp.matmul, dY, X, np.zeros((D, dY.shape[1])))[1]


task(
    per_example_gradients,
    chapter=7,
    title="The weight gradient, example by example",
    minutes=10,
    points=2,
    returns="each dW",
    inputs=upstream_and_inputs,
    statement="""
        A layer computes `Y = X @ W + b` for a batch: `X` is `(N, D)`, `W` is `(D, M)`, and `dY`
        `(N, M)` arrives from above. The gradient of `W` is a sum of N parts, one from each
        example. To see which example pulls the hardest, or to clip each by itself, the parts are
        needed before they are added.

        Write `per_example_gradients(dY, X)`, which returns two arrays: `each` `(N, D, M)`, where
        `each[n]` is what example n alone gives to the gradient of `W`, and their sum `dW` `(D,
        M)`.
        """,
    example="""
        >>> dY, X = np.array([[10.0], [2.0]]), np.array([[3.0], [5.0]])
        >>> each, dW = per_example_gradients(dY, X)
        >>> each.tolist(), dW.tolist()
        ([[[30.0]], [[10.0]]], [[40.0]])
        """,
    variants=[
        {"X[:, :, None] * dY[:, None, :]": 'np.einsum("nd,nm->ndm", X, dY)'},
        {"each.sum(axis=0)": "X.T @ dY", "X[:, :, None] *": "X[..., None] @"},
        example_by_example,
    ],
    oracle=one_row_at_a_time,
    mistakes=[
        Mistake(
            "transposed",
            "Each gradient is transposed",
            "each[n] has the shape of W, (D, M): entry (d, m) pairs input d with output m.",
            {"X[:, :, None] * dY[:, None, :]": "dY[:, :, None] * X[:, None, :]"},
        ),
        Mistake(
            "running_sum",
            "Each entry holds the examples before it too",
            "each[n] is what example n gives alone; here it is the running sum up to it.",
            {"return each, dW": "return each.cumsum(axis=0), dW"},
        ),
        Mistake(
            "one_array_for_all",
            "Every entry is the sum over the batch",
            "each[n] is what example n gives alone. An array that is added to in place, and put "
            "in a list N times, shows the sum N times.",
            {"return each, dW": "return np.array([dW] * len(X)), dW"},
        ),
        Mistake(
            "sums_multiplied",
            "The sums are multiplied instead of the products summed",
            "dW adds X times dY example by example; multiplied after summing, every input is "
            "paired with the upstream of other examples.",
            {"each.sum(axis=0)": "np.outer(X.sum(axis=0), dY.sum(axis=0))"},
        ),
        Mistake(
            "last_example_only",
            "dW holds the last example only",
            "The examples' gradients are added; assigned, each replaces the one before.",
            {"each.sum(axis=0)": "each[-1]"},
        ),
        Mistake(
            "dW_averaged",
            "dW is averaged over the batch",
            "1/N is in the loss already, and so in dY; the parts are added, not averaged.",
            {"each.sum(axis=0)": "each.mean(axis=0)"},
        ),
        Mistake(
            "summed_over_inputs",
            "dW is summed over the wrong axis",
            "The batch is axis 0 of each; here another axis was summed, and the examples are "
            "still apart.",
            {"axis=0": "axis=1"},
        ),
        averaged_twice(
            {"X[:, :, None] * dY[:, None, :]": "X[:, :, None] * dY[:, None, :] / len(X)"}
        ),
        Mistake(
            "X_left_out",
            "The inputs X are left out",
            "A weight acts through the input that it multiplies, so its gradient is that input "
            "times the upstream gradient.",
            {"X[:, :, None] *": "np.ones_like(X)[:, :, None] *"},
        ),
        upstream_ignored({"* dY[:, None, :]": "* np.ones_like(dY)[:, None, :]"}),
    ],
    nudge="For a single example, which entry of X and which entry of its upstream gradient does "
    "the weight from input d to output m meet?",
    sketch="""
        For one example, the gradient of W is a table: input d down, output m across, and in each
        place the product of the two. That is an outer product. For all examples at once, give X a
        new last axis and dY a new middle axis, and let broadcasting make the table for each n.
        Then add along the batch.
        """,
    skeleton="""
        def per_example_gradients(dY, X):
            each = ... * ...        # (N, D, 1) times (N, 1, M)
            dW = each.sum(...)
            return each, dW
        """,
    notice="X.T @ dY gives the same sum without ever building the N tables: a matrix product is "
    "the cheap way to add up outer products.",
)
