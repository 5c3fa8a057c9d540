"""The backward step of softmax.

Every output of a row depends on every input of it, so a row is needed, not an entry.
"""

import numpy as np

import bpkit as bp
from bpkit.tasks.spec import Mistake, task
from bpkit.tasks.tools import changed_in_place, pullback, slopes


def softmax_backward(dP, P):
    """The gradient of softmax, row by row, from its output.

    dP (N, K). P (N, K): what softmax gave going forward; each row sums to 1. Returns dlogits
    (N, K).
    """
    pull = (dP * P).sum(axis=1, keepdims=True)
    return P * (dP - pull)


def upstream_and_p(draw):
    N, K = draw.sizes("N K", least=2)
    return {"dP": draw.real(N, K), "P": draw.probabilities(N, K)}


def softmax_jacobian(dP, P):
    rows = [(np.diag(p) - np.outer(p, p)) @ up for up, p in zip(dP, P, strict=True)]
    return np.array(rows)


def softmax_loops(dP, P):
    out = np.zeros_like(P)
    N, K = P.shape
    for n in range(N):
        for k in range(K):
            for j in range(K):
                out[n, k] += dP[n, j] * P[n, j] * ((j == k) - P[n, k])
    return out


def softmax_sum(dP, logits):
    e = np.exp(logits)
    return np.sum(dP * e / e.sum(axis=1, keepdims=True))


task(
    softmax_backward,
    chapter=9,
    title="Softmax, backward, without a Jacobian",
    minutes=15,
    points=3,
    returns="dlogits",
    inputs=upstream_and_p,
    statement="""
        Softmax turns a row of K scores into K probabilities. Each probability depends on every
        score of its row, so the derivative of one row is a K by K matrix. The way back doesn't
        need that matrix, only its product with the upstream row.

        Going forward gave `P` `(N, K)`, whose rows sum to 1; from above arrives `dP` `(N, K)`.

        Write `softmax_backward(dP, P)`, which returns the gradient with respect to the scores,
        `dlogits` `(N, K)`. `P` is the output: softmax has been applied already.
        """,
    example="""
        >>> softmax_backward(np.array([[8.0, 0.0]]), np.array([[0.25, 0.75]])).tolist()
        [[1.5, -1.5]]
        """,
    variants=[
        {"P * (dP - pull)": "P * dP - P * pull"},
        {"(dP * P).sum(axis=1, keepdims=True)": 'np.einsum("nk,nk->n", dP, P)[:, None]'},
        softmax_jacobian,
        softmax_loops,
    ],
    oracle=lambda dP, P: pullback(bp.softmax, dP, np.log(P)),
    differences=lambda dP, P: slopes(lambda z: softmax_sum(dP, z), np.log(P)),
    mistakes=[
        Mistake(
            "diagonal_only",
            "Each probability is taken to depend on its own score alone",
            "P (1 - P) is the diagonal of the derivative. A score also lowers the other "
            "probabilities of its row, and what they send back counts too.",
            {"(dP * P).sum(axis=1, keepdims=True)": "dP * P"},
        ),
        Mistake(
            "wrong_axis",
            "The sum runs over the examples",
            "The K scores of one example compete with each other; examples don't. The sum runs "
            "along each row.",
            {"axis=1": "axis=0"},
        ),
        Mistake(
            "summed_over_all",
            "The sum runs over the whole batch",
            "Each row has a sum of its own; here one number is subtracted from all rows.",
            {"(dP * P).sum(axis=1, keepdims=True)": "(dP * P).sum()"},
        ),
        Mistake(
            "not_weighted",
            "The upstream gradient is summed without its weights",
            "What is subtracted is the mean of dP weighted by P; the plain sum leaves P out.",
            {"(dP * P).sum": "dP.sum"},
        ),
        Mistake(
            "plain_mean",
            "The mean that is subtracted is not weighted by P",
            "What is subtracted is the mean of dP weighted by the probabilities, not the plain "
            "mean of the row.",
            {"(dP * P).sum": "dP.mean"},
        ),
        Mistake(
            "divided_by_K",
            "The weighted sum is divided by K",
            "The weights P sum to 1, so the weighted sum is a mean already.",
            {"(dP * P).sum": "(dP * P).mean"},
        ),
        Mistake(
            "P_missing",
            "The factor P in front is missing",
            "A score moves its probabilities in proportion to P; here the weighted mean is "
            "subtracted, and that is all.",
            {"P * (dP - pull)": "dP - pull"},
        ),
        Mistake(
            "first_term_only",
            "Only the first term is there",
            "The rows of P sum to 1 whatever the scores are: raising one score takes from all "
            "others, and that term is missing.",
            {"P * (dP - pull)": "P * dP"},
        ),
        Mistake(
            "plus",
            "The weighted mean is added",
            "It is subtracted: adding the same number to every upstream entry must change "
            "nothing, since the probabilities always sum to 1.",
            {"dP - pull": "dP + pull"},
        ),
        Mistake(
            "softmax_again",
            "Softmax is applied a second time",
            "P is softmax's output already; taken again, it flattens the probabilities.",
            {"pull =": "P = np.exp(P) / np.exp(P).sum(axis=1, keepdims=True)\n    pull ="},
        ),
        Mistake(
            "keepdims_missing",
            "The sums of the rows are laid along the columns",
            "A sum over a row is one number a row, (N, 1); without its last axis it is broadcast "
            "across the columns.",
            {", keepdims=True": ""},
        ),
        Mistake(
            "cross_entropy",
            "dP is treated as the target of a cross-entropy",
            "P minus the target is the gradient of cross-entropy; here dP is an upstream "
            "gradient and is passed through softmax.",
            {"P * (dP - pull)": "P - dP"},
        ),
        changed_in_place({"return P * (dP - pull)": "dP -= pull\n    return P * dP"}, "dP"),
        Mistake(
            "brackets",
            "P multiplies the first term alone",
            "Both terms carry P: what is subtracted stands in the brackets.",
            {"P * (dP - pull)": "P * dP - pull"},
        ),
    ],
    nudge="If every entry of the upstream row were raised by the same amount, would the gradient "
    "of the scores change, given that the probabilities always sum to 1?",
    sketch="""
        Take one row. A small change of score k changes probability j by p at j times (1 if j is
        k, else 0, minus p at k). Multiply by the upstream entry of j and sum over j: the part
        with 1 leaves one term, and the rest is p at k times a sum that is the same for all k.
        That sum is the mean of the upstream row, weighted by the probabilities. It is one number
        a row, so keep its axis.
        """,
    skeleton="""
        def softmax_backward(dP, P):
            pull = ...              # (N, 1): one number a row
            return ... * (dP - ...)
        """,
    notice="Each row of the gradient sums to 0: to raise one probability is to lower the others. "
    "And a matrix of K times K was never built.",
)
