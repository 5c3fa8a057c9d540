"""The logarithm of a sum of exponentials, without overflow.

The maximum is taken out, and put back.
"""

import numpy as np

import bpkit as bp
from bpkit.tasks.spec import Mistake, task
from bpkit.tasks.themes.ch09_losses.shared import far_scores, scores
from bpkit.tasks.tools import changed_in_place


def logsumexp(logits):
    """The logarithm of the sum of the exponentials of each row.

    logits (N, K). Returns (N,).
    """
    top = logits.max(axis=1)
    total = np.exp(logits - top[:, None]).sum(axis=1)
    return top + np.log(total)


def logsumexp_loops(logits):
    from math import exp, log

    out = []
    for row in logits:
        top = max(row)
        out.append(top + log(sum(exp(z - top) for z in row)))
    return np.array(out)


def column_by_column(logits):
    total = logits[:, 0]
    for column in logits.T[1:]:
        high, low = np.maximum(total, column), np.minimum(total, column)
        total = high + np.log1p(np.exp(low - high))
    return total


task(
    logsumexp,
    chapter=9,
    title="Log-sum-exp without overflow",
    minutes=10,
    points=2,
    returns="result",
    inputs=scores,
    extremes=far_scores,
    statement="""
        Every loss on softmax contains the logarithm of a sum of exponentials. Computed as it
        stands, exp of 1000 is infinity, and exp of -1000 is 0, whose logarithm is minus infinity;
        the right answers are near 1000 and -1000.

        Write `logsumexp(logits)`: `logits` is `(N, K)`; for each row it returns the logarithm of
        the sum of the exponentials, an array `(N,)`. It must be right for logits of any size,
        also when one row holds large numbers and another very negative ones.
        """,
    example="""
        >>> logsumexp(np.array([[1000.0, 1000.0], [-1000.0, -1000.0]])).round(4).tolist()
        [1000.6931, -999.3069]
        """,
    variants=[
        {"top + np.log(total)": "np.logaddexp.reduce(logits, axis=1)"},
        {
            "top[:, None]": "top.reshape(-1, 1)",
            "top + np.log(total)": "np.log(total) + np.sort(logits)[:, -1]",
        },
        logsumexp_loops,
        column_by_column,
    ],
    oracle=lambda logits: bp.logsumexp(bp.Tensor(logits), axis=1).data,
    mistakes=[
        Mistake(
            "no_maximum",
            "The maximum is not taken out",
            "exp overflows for logits near 1000; the largest of each row is subtracted before and "
            "added again after.",
            {"logits - top[:, None]": "logits", "top + np.log": "np.log"},
        ),
        Mistake(
            "one_maximum_for_all",
            "One maximum is taken out of all rows",
            "A row that lies far below the largest of all is turned into zeros, and the logarithm "
            "of 0 follows; each row needs its own maximum.",
            {"logits.max(axis=1)": "np.full(len(logits), logits.max())"},
        ),
        Mistake(
            "maximum_not_added",
            "The maximum is not added again",
            "What was subtracted inside the exponential comes out of the logarithm as a term, and "
            "must be put back.",
            {"top + np.log": "np.log"},
        ),
        Mistake(
            "added_without_subtracting",
            "The maximum is added but was never taken out",
            "The two belong together: subtracted inside the exponential, added outside the "
            "logarithm.",
            {"logits - top[:, None]": "logits"},
        ),
        Mistake(
            "wrong_sign",
            "The maximum is subtracted at the end",
            "What was taken out inside the exponential is put back with a plus.",
            {"top + np.log(total)": "np.log(total) - top"},
        ),
        Mistake(
            "multiplied",
            "The maximum is multiplied, not added",
            "A factor of exp(top) in the sum is a term top in the logarithm.",
            {"top + np.log": "top * np.log"},
        ),
        Mistake(
            "wrong_axis",
            "The sum runs over the examples",
            "The K scores of one example belong together: there is one result for each row.",
            {
                "logits.max(axis=1)": "logits.max(axis=0)",
                "top[:, None]).sum(axis=1)": "top).sum(axis=0)",
            },
        ),
        Mistake(
            "whole_batch",
            "The sum runs over the whole batch",
            "There is one result for each row, N in all.",
            {
                "logits.max(axis=1)": "logits.max()",
                "top[:, None]).sum(axis=1)": "top).sum()",
            },
        ),
        Mistake(
            "maximum_alone",
            "It is the maximum alone",
            "Log-sum-exp is a smooth maximum: a little more than the largest, since the others "
            "add to the sum.",
            {"top + np.log(total)": "top"},
        ),
        Mistake(
            "mean",
            "The exponentials are averaged, not summed",
            "The mean has a division by K, which comes out of the logarithm as minus log K.",
            {".sum(axis=1)": ".mean(axis=1)"},
        ),
        Mistake(
            "no_logarithm",
            "The logarithm is missing",
            "The sum of the exponentials is not yet the result; its logarithm is asked for.",
            {"np.log(total)": "total"},
        ),
        Mistake(
            "one_added",
            "1 is added to the sum",
            "np.log1p takes the logarithm of 1 plus its argument, and the sum is complete as it "
            "is.",
            {"np.log(total)": "np.log1p(total)"},
        ),
        changed_in_place(
            {
                "total = np.exp(logits - top[:, None])": "logits -= top[:, None]\n    "
                "total = np.exp(logits)"
            },
            "logits",
        ),
        Mistake(
            "scores_summed",
            "The scores themselves are summed",
            "The logarithm is taken of the sum; taken of each exponential before the sum, it "
            "undoes it.",
            {"return top + np.log(total)": "return logits.sum(axis=1)"},
        ),
        Mistake(
            "mean_taken_out",
            "The mean is taken out, not the maximum",
            "Where one score lies far above the mean of its row, its exponential still overflows; "
            "with the maximum, none is above 1.",
            {"logits.max(axis=1)": "logits.mean(axis=1)"},
        ),
    ],
    nudge="If every score of a row is lowered by the same number, what happens to the logarithm of "
    "the sum?",
    sketch="""
        Lowering all scores of a row by c divides the sum by exp of c, and so lowers its logarithm
        by c: nothing is lost if you add c again. Choose c so that nothing overflows and the sum
        is not 0: with the largest score of that row, every exponential is at most 1 and one of
        them is 1 exactly.
        """,
    skeleton="""
        def logsumexp(logits):
            top = ...               # (N,): one number for each row
            total = np.exp(...).sum(...)
            return ... + np.log(total)
        """,
    notice="The result lies between the largest score and the largest score plus log K. Its "
    "gradient is softmax.",
)
