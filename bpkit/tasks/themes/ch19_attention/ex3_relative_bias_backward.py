"""A bias for each distance; the closed task of the chapter.

All pairs at one distance send back to one number.
"""

import numpy as np

import bpkit as bp
from bpkit.tasks.spec import Mistake, task
from bpkit.tasks.tools import pullback


def relative_bias_backward(dS):
    """The gradient of a bias that depends on the distance of query and key.

    dS (N, heads, T, S): what arrives at the scores. Returns dB (heads, T + S - 1); entry t - s + S
    - 1 belongs to query t and key s.
    """
    heads, T, S = dS.shape[1:]
    dB = np.zeros((heads, T + S - 1))
    for t in range(T):
        for s in range(S):
            dB[:, t - s + S - 1] += dS[:, :, t, s].sum(axis=0)
    return dB


def score_gradients(draw):
    N, heads, T, S = draw.sizes("N heads T S", least=2)
    if T + S - 1 in (N, heads):  # then a shape could be read in two ways
        N, T = T, N
        draw.lengths |= {"N": N, "T": T}
    return {"dS": draw.real(N, heads, T, S)}


def bias_along_diagonals(dS):
    total = dS.sum(axis=0)[:, :, ::-1]
    T, S = total.shape[1:]
    columns = [
        np.trace(np.flip(total, axis=2), offset=-shift, axis1=1, axis2=2)
        for shift in range(-(S - 1), T)
    ]
    return np.stack(columns, axis=1)


def bias_by_places(dS):
    _, heads, T, S = dS.shape
    place = np.arange(T)[:, None] - np.arange(S) + S - 1
    dB = np.zeros((T + S - 1, heads))
    np.add.at(dB, place, np.einsum("nhts->tsh", dS))
    return dB.T


def bias_row_by_row(dS):
    _, heads, T, S = dS.shape
    dB = np.zeros((heads, T + S - 1))
    for t in range(T):
        dB[:, t : t + S] += dS[:, :, t, ::-1].sum(axis=0)
    return dB


def relative_bias_in_bpkit(dS):
    N, heads, T, S = dS.shape
    place = np.arange(T)[:, None] - np.arange(S) + S - 1
    B = np.zeros((heads, T + S - 1))
    return pullback(lambda B: bp.broadcast(B[:, place], to=(N, heads, T, S)), dS, B)


task(
    relative_bias_backward,
    chapter=19,
    title="A bias for each distance, backward",
    minutes=20,
    points=3,
    closed=True,
    returns="dB",
    inputs=score_gradients,
    statement="""
        Attention does not know where tokens stand, so a bias for each distance is added to its
        scores: in head `h`, the score of query `t` for key `s` gets `B[h, t - s + S - 1]`. There
        are `T` queries and `S` keys, so `t - s` runs from `-(S - 1)` to `T - 1`, and `B` is
        `(heads, T + S - 1)`. It serves all `N` sequences. `dS` `(N, heads, T, S)` is the gradient
        that arrives at the scores.

        Write `relative_bias_backward(dS)`, which returns `dB` `(heads, T + S - 1)`.
        """,
    example="""
        >>> relative_bias_backward(np.array([[[[1.0, 20.0, 300.0], [4.0, 50.0, 600.0]]]])).tolist()
        [[300.0, 620.0, 51.0, 4.0]]
        """,
    variants=[bias_along_diagonals, bias_by_places, bias_row_by_row],
    oracle=relative_bias_in_bpkit,
    mistakes=[
        Mistake(
            "assigned",
            "Of all scores at one distance only the last counts",
            "The same bias is added at every pair with its distance, so what they send adds up.",
            {"+= dS": "= dS"},
        ),
        Mistake(
            "other_direction",
            "The distance is counted from key to query",
            "It is t minus s: query behind key comes first, query far ahead comes last.",
            {"t - s + S - 1": "s - t + T - 1"},
        ),
        Mistake(
            "wraps_around",
            "The distance is used as an index without being shifted",
            "t - s may be negative, and then counts from the end of B: S - 1 is added to it.",
            {"t - s + S - 1": "t - s"},
        ),
        Mistake(
            "without_sign",
            "The sign of the distance is lost",
            "Ahead and behind have biases of their own: t - s keeps its sign.",
            {"t - s + S - 1": "abs(t - s)"},
        ),
        Mistake(
            "sums_not_differences",
            "The places are added, not subtracted",
            "Pairs with the same t - s share a bias; those with the same t + s don't.",
            {"t - s + S - 1": "t + s"},
        ),
        Mistake(
            "averaged_over_batch",
            "dB is averaged over the sequences",
            "1/N is in the loss already, and so in dS; the sequences add up.",
            {".sum(axis=0)": ".mean(axis=0)"},
        ),
        Mistake(
            "one_sequence",
            "Only the first sequence counts",
            "B serves all N sequences, so they are summed.",
            {"dS[:, :, t, s].sum(axis=0)": "dS[0, :, t, s]"},
        ),
        Mistake(
            "averaged_over_pairs",
            "The pairs at one distance are averaged",
            "Each pair sends its own gradient, and they are added, however many there are.",
            {
                "dB = np.zeros((heads, T + S - 1))": (
                    "dB, pairs = np.zeros((heads, T + S - 1)), np.zeros(T + S - 1)"
                ),
                "dB[:, t": "pairs[t - s + S - 1] += 1\n            dB[:, t",
                "return dB": "return dB / pairs",
            },
        ),
        Mistake(
            "heads_share",
            "All heads get the same",
            "Each head has a row of biases of its own, so heads are not summed.",
            {"dS[:, :, t, s].sum(axis=0)": "dS[:, :, t, s].sum()"},
        ),
        Mistake(
            "causal",
            "Keys after the query are left out",
            "Nothing is hidden here: all pairs of query and key send something back.",
            {"range(S)": "range(min(t + 1, S))"},
        ),
    ],
    nudge="Which pairs of query and key use the same entry of the bias, and how do they lie in "
    "the matrix of scores?",
    sketch="""
        Start from zeros. Visit every pair of query and key; sum what arrives there over the
        sequences, keep the heads apart, and add it to the entry whose place the distance gives,
        shifted so that the smallest distance has place 0. In the matrix of scores these pairs
        form a line parallel to the diagonal.
        """,
    skeleton="""
        def relative_bias_backward(dS):
            heads, T, S = dS.shape[1:]
            dB = np.zeros((heads, T + S - 1))
            for t in range(T):
                for s in range(S):
                    dB[:, ...] += ...           # (heads,)
            return dB
        """,
    notice="It is the embedding's backward pass again: a table looked up by distance, with rows "
    "that many pairs share.",
)
