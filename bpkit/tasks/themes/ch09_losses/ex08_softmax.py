"""Softmax for logits of any size. The maximum of each row is subtracted first."""

import numpy as np

import bpkit as bp
from bpkit.tasks.spec import Mistake, task
from bpkit.tasks.themes.ch09_losses.shared import far_scores, scores
from bpkit.tasks.tools import changed_in_place


def softmax(logits):
    """Each row's scores as probabilities.

    logits (N, K). Returns p (N, K); each row sums to 1.
    """
    e = np.exp(logits - logits.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def softmax_from_logs(logits):
    return np.exp(logits - np.logaddexp.reduce(logits, axis=1, keepdims=True))


def softmax_loops(logits):
    rows = []
    for z in logits:
        e = [np.exp(v - max(z)) for v in z]
        rows.append([v / sum(e) for v in e])
    return np.array(rows)


def softmax_from_differences(logits):
    gaps = logits[:, None, :] - logits[:, :, None]
    return 1 / np.exp(gaps).sum(axis=2)


task(
    softmax,
    chapter=9,
    title="Softmax without overflow",
    minutes=8,
    points=2,
    returns="p",
    inputs=scores,
    extremes=far_scores,
    statement="""
        Softmax turns the K scores of an example into K probabilities: each is the exponential of
        its score, divided by the sum of the exponentials of that row. `logits` is `(N, K)`.

        Write `softmax(logits)`, which returns the probabilities, `p` `(N, K)`. They must be right
        for logits of any size; exp of 1000 is infinity.
        """,
    example="""
        >>> softmax(np.array([[0.0, np.log(3.0)], [1000.0, 1000.0]])).round(6).tolist()
        [[0.25, 0.75], [0.5, 0.5]]
        """,
    variants=[
        softmax_from_logs,
        softmax_loops,
        softmax_from_differences,
        {"e / e.sum(axis=1, keepdims=True)": "(e.T / e.sum(axis=1)).T"},
    ],
    oracle=lambda logits: bp.softmax(bp.Tensor(logits)).data,
    mistakes=[
        Mistake(
            "no_maximum",
            "The maximum is not subtracted",
            "exp overflows for logits near 1000; subtracting each row's largest changes no "
            "probability.",
            {" - logits.max(axis=1, keepdims=True)": ""},
        ),
        Mistake(
            "one_maximum_for_all",
            "One maximum is subtracted from all rows",
            "A row that lies far below the largest of all is turned into zeros, and 0 is divided "
            "by 0; each row needs its own maximum.",
            {"logits.max(axis=1, keepdims=True)": "logits.max()"},
        ),
        Mistake(
            "columns",
            "The columns sum to 1, not the rows",
            "The K scores of one example compete, so the sum runs along each row.",
            {"logits.max(axis=1": "logits.max(axis=0", "e.sum(axis=1": "e.sum(axis=0"},
        ),
        Mistake(
            "columns_below",
            "Each entry is divided by the sum of its column",
            "The K scores of one example compete, so the sum runs along each row.",
            {"e.sum(axis=1": "e.sum(axis=0"},
        ),
        Mistake(
            "whole_batch",
            "All entries together sum to 1",
            "Each row is an example of its own and sums to 1 by itself.",
            {
                "logits.max(axis=1, keepdims=True)": "logits.max()",
                "e.sum(axis=1, keepdims=True)": "e.sum()",
            },
        ),
        Mistake(
            "keepdims_missing",
            "What was computed for each row is laid along the columns",
            "A maximum or a sum over a row is one number a row, (N, 1); without its last axis it "
            "is broadcast across the columns.",
            {
                "logits.max(axis=1, keepdims=True)": "logits.max(axis=1)",
                "e.sum(axis=1, keepdims=True)": "e.sum(axis=1)",
            },
        ),
        Mistake(
            "keepdims_missing_below",
            "The rows' sums are laid along the columns",
            "A sum over a row is one number a row, (N, 1); without its last axis it is broadcast "
            "across the columns.",
            {"e.sum(axis=1, keepdims=True)": "e.sum(axis=1)"},
        ),
        Mistake(
            "not_normalized",
            "The exponentials are not divided by their sum",
            "Probabilities sum to 1; each exponential is divided by the sum of its row.",
            {" / e.sum(axis=1, keepdims=True)": ""},
        ),
        Mistake(
            "no_exponential",
            "The exponential is missing",
            "Scores can be negative; their exponentials are positive and keep the order.",
            {"np.exp(logits - logits.max(axis=1, keepdims=True))": "logits"},
        ),
        Mistake(
            "logarithms",
            "These are the logarithms of the probabilities",
            "Asked for are the probabilities themselves, which lie between 0 and 1.",
            {
                "return e / e.sum(axis=1, keepdims=True)": (
                    "return logits - logits.max(axis=1, keepdims=True)"
                    " - np.log(e.sum(axis=1, keepdims=True))"
                )
            },
        ),
        Mistake(
            "sigmoid",
            "It is the sigmoid of each score",
            "The sigmoid looks at each score alone; in softmax the scores of a row share a sum "
            "of 1.",
            {"return e / e.sum(axis=1, keepdims=True)": "return 1 / (1 + np.exp(-logits))"},
        ),
        Mistake(
            "sign",
            "The largest score gets the smallest probability",
            "The exponent is the score itself, not minus the score.",
            {
                "np.exp(logits - logits.max(axis=1, keepdims=True))": (
                    "np.exp(logits.min(axis=1, keepdims=True) - logits)"
                )
            },
        ),
        Mistake(
            "largest_only",
            "The largest score gets everything",
            "That is the hard maximum; softmax gives every class a share.",
            {"e / e.sum(axis=1, keepdims=True)": "(e == 1).astype(float)"},
        ),
        Mistake(
            "twice",
            "Softmax is applied twice",
            "A softmax of probabilities flattens them; one is enough.",
            {
                "return e / e.sum(axis=1, keepdims=True)": (
                    "e = np.exp(e / e.sum(axis=1, keepdims=True))\n"
                    "    return e / e.sum(axis=1, keepdims=True)"
                )
            },
        ),
        changed_in_place(
            {
                "e = np.exp(logits - logits.max(axis=1, keepdims=True))": (
                    "logits -= logits.max(axis=1, keepdims=True)\n    e = np.exp(logits)"
                )
            },
            "logits",
        ),
        Mistake(
            "exponentials_only",
            "These are the exponentials alone",
            "Probabilities sum to 1; each exponential is divided by the sum of its row.",
            {"return e / e.sum(axis=1, keepdims=True)": "return np.exp(logits)"},
        ),
        Mistake(
            "mean_subtracted",
            "The mean is subtracted, not the maximum",
            "Where one score lies far above the mean of its row, its exponential still overflows; "
            "with the maximum, none is above 1.",
            {"logits.max(axis=1": "logits.mean(axis=1"},
        ),
    ],
    nudge="If every score of a row is lowered by the same number, what happens to the fractions?",
    sketch="""
        A number subtracted from all scores of a row divides every exponential of the row by the
        same factor, which cancels in the fraction. Subtract the largest score of the row: then
        every exponential is at most 1, and their sum at least 1. Keep the reduced axis, so that
        each row meets its own number.
        """,
    skeleton="""
        def softmax(logits):
            e = np.exp(logits - ...)        # (N, K): at most 1
            return e / ...
        """,
    notice="Only differences between scores matter: adding 7 to all of them changes nothing. So "
    "one of the K logits is free.",
)
