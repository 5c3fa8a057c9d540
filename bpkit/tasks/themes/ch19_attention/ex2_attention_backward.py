"""Causal attention, backward. Through a product, a softmax with a mask, and a scaled product."""

import numpy as np

import bpkit as bp
from bpkit.tasks.spec import Mistake, task
from bpkit.tasks.tools import pullback, slopes


def attention_backward(dO, q, k, v):
    """The gradients of causal attention.

    dO (T, e), q, k (T, d), v (T, e). Returns dq (T, d), dk (T, d), dv (T, e).
    """
    T, d = q.shape
    scores = q @ k.T / np.sqrt(d)
    scores = np.where(np.tri(T, dtype=bool), scores, -np.inf)
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    p = powers / powers.sum(axis=1, keepdims=True)
    dv = p.T @ dO
    dp = dO @ v.T
    ds = p * (dp - (p * dp).sum(axis=1, keepdims=True))
    dq = ds @ k / np.sqrt(d)
    dk = ds.T @ q / np.sqrt(d)
    return dq, dk, dv


def queries_keys_values(draw):
    T = draw.size("T", least=3)
    d, e = draw.sizes("d e", least=2)
    return {
        "dO": draw.real(T, e),
        "q": draw.real(T, d),
        "k": draw.real(T, d),
        "v": draw.real(T, e),
    }


def large_scores(draw):
    q = np.array([[36.0, 0.5], [37.0, -0.8], [-38.0, 1.2]])
    k = np.array([[40.0, 0.7], [40.0, -0.3], [40.0, 1.4]])
    v = np.array([[0.3, -0.7], [1.4, 0.6], [-0.9, 0.2]])
    return {"scores near 1000": {"dO": v[::-1] * 1.3, "q": q, "k": k, "v": v}}


def attention_row_by_row(dO, q, k, v):
    dq, dk, dv = np.zeros_like(q), np.zeros_like(k), np.zeros_like(v)
    root = q.shape[1] ** 0.5
    for t in range(len(q)):
        s = k[: t + 1] @ q[t] / root
        p = np.exp(s - s.max())
        p /= p.sum()
        dp = v[: t + 1] @ dO[t]
        ds = (np.diag(p) - np.outer(p, p)) @ dp / root
        dq[t] = ds @ k[: t + 1]
        dk[: t + 1] += np.outer(ds, q[t])
        dv[: t + 1] += np.outer(p, dO[t])
    return dq, dk, dv


def attention_with_the_output(dO, q, k, v):
    """The sum in softmax's way back is dO times O: what memory-saving attention uses."""
    T, d = q.shape
    s = np.einsum("td,sd->ts", q * d**-0.5, k) - 1e30 * np.triu(np.ones((T, T)), 1)
    p = np.exp(s - np.logaddexp.reduce(s, axis=1)[:, None])
    out = p @ v
    ds = p * (dO @ v.T - np.einsum("te,te->t", dO, out)[:, None])
    return ds @ k * d**-0.5, np.einsum("ts,td->sd", ds, q) * d**-0.5, np.einsum("ts,te->se", p, dO)


def attention_masked_powers(dO, q, k, v):
    """The mask as zeros after the exponential."""
    T, d = q.shape
    seen = np.arange(T)[:, None] >= np.arange(T)
    s = q.dot(k.T) / d**0.5
    top = np.where(seen, s, -np.inf).max(1)[:, None]
    powers = seen * np.exp(np.minimum(s - top, 0))
    p = powers / powers.sum(1)[:, None]
    dp = np.einsum("te,se->ts", dO, v)
    ds = (p * dp - p * np.sum(p * dp, 1)[:, None]) / np.sqrt(d)
    return ds.dot(k), (q.T @ ds).T, (dO.T @ p).T


def attention_by_differences(dO, q, k, v):
    def loss(q, k, v):
        s = np.where(np.tri(len(q), dtype=bool), q @ k.T / np.sqrt(q.shape[1]), -np.inf)
        p = np.exp(s - s.max(1, keepdims=True))
        return float((dO * (p / p.sum(1, keepdims=True) @ v)).sum())

    return slopes(loss, q, k, v)


task(
    attention_backward,
    chapter=19,
    title="Attention, backward",
    minutes=30,
    points=5,
    returns="dq dk dv",
    inputs=queries_keys_values,
    extremes=large_scores,
    statement="""
        Attention lets each of `T` tokens gather from those before it. `q` and `k` are `(T, d)`,
        `v` is `(T, e)`. The score of query `t` for key `s` is their product over the root of `d`:
        row `t`, column `s` of `q @ k.T / sqrt(d)`. Attention is causal: a token sees itself and
        what came before, so scores with `s > t` are hidden, as if they were minus infinity.
        Softmax makes each row of scores into weights `p` `(T, T)`, and the output is `O = p @ v`,
        `(T, e)`. `dO` `(T, e)` arrives from above.

        Write `attention_backward(dO, q, k, v)`, which returns `dq` `(T, d)`, `dk` `(T, d)` and
        `dv` `(T, e)`. It must be finite for scores of any size.
        """,
    example="""
        >>> dO, q = np.array([[1.0], [4.0]]), np.array([[3.0], [0.0]])
        >>> k, v = np.array([[5.0], [7.0]]), np.array([[1.0], [3.0]])
        >>> [g.tolist() for g in attention_backward(dO, q, k, v)]
        [[[0.0], [4.0]], [[0.0], [0.0]], [[3.0], [2.0]]]
        """,
    variants=[attention_row_by_row, attention_with_the_output, attention_masked_powers],
    oracle=lambda dO, q, k, v: pullback(
        lambda q, k, v: bp.attention(q, k, v, mask=np.tri(len(dO), dtype=bool)), dO, q, k, v
    ),
    differences=attention_by_differences,
    mistakes=[
        Mistake(
            "no_mask",
            "The mask is left out",
            "Each token sees itself and what came before; here it sees what comes after as well.",
            {"np.where(np.tri(T, dtype=bool), scores, -np.inf)": "scores"},
        ),
        Mistake(
            "sees_the_future",
            "The mask is the wrong way round",
            "Query t sees the keys s up to t; here it sees those from t on.",
            {"np.tri(T, dtype=bool)": "np.tri(T, dtype=bool).T"},
        ),
        Mistake(
            "not_itself",
            "A token does not see itself",
            "Query t sees key t too. Without it the first token sees nothing, and 0 over 0 is NaN.",
            {"np.tri(T, dtype=bool)": "np.tri(T, k=-1, dtype=bool)"},
        ),
        Mistake(
            "hidden_scores_zero",
            "Hidden scores are set to 0",
            "exp(0) is 1, so they still count; minus infinity gives them no weight.",
            {"-np.inf": "0"},
        ),
        Mistake(
            "masked_after_softmax",
            "The mask comes after the softmax",
            "Then hidden keys have taken their share of the sum, and the weights no longer add up "
            "to 1.",
            {
                "np.where(np.tri(T, dtype=bool), scores, -np.inf)": "scores",
                "p = powers / powers": "p = np.tri(T) * powers / powers",
            },
        ),
        Mistake(
            "not_scaled",
            "The root of d is left out",
            "Scores are divided by it going forward, and so are the gradients of q and k.",
            {
                "q @ k.T / np.sqrt(d)": "q @ k.T",
                "ds @ k / np.sqrt(d)": "ds @ k",
                "ds.T @ q / np.sqrt(d)": "ds.T @ q",
            },
        ),
        Mistake(
            "not_scaled_back",
            "On the way back the root of d is left out",
            "Scores are q times k over the root of d, so both gradients carry it as well.",
            {"ds @ k / np.sqrt(d)": "ds @ k", "ds.T @ q / np.sqrt(d)": "ds.T @ q"},
        ),
        Mistake(
            "not_scaled_forward",
            "The scores are not divided by the root of d",
            "The weights come from scores over the root of d, going back as well.",
            {"q @ k.T / np.sqrt(d)": "q @ k.T"},
        ),
        Mistake(
            "scaled_by_d",
            "Divided by d, not by its root",
            "A sum of d products has a spread like the root of d, and that is taken away.",
            {
                "q @ k.T / np.sqrt(d)": "q @ k.T / d",
                "ds @ k / np.sqrt(d)": "ds @ k / d",
                "ds.T @ q / np.sqrt(d)": "ds.T @ q / d",
            },
        ),
        Mistake(
            "softmax_diagonal",
            "Softmax is differentiated as if each score stood alone",
            "p (1 - p) is only the diagonal of its Jacobian; the scores of a row compete, so each "
            "moves all weights.",
            {"(dp - (p * dp).sum(axis=1, keepdims=True))": "dp * (1 - p)"},
        ),
        Mistake(
            "softmax_sum_missing",
            "In softmax's way back the sum is missing",
            "The weights of a row add up to 1, so from what arrives at each of them the row's "
            "mean, weighted by p, is taken away.",
            {"(dp - (p * dp).sum(axis=1, keepdims=True))": "dp"},
        ),
        Mistake(
            "softmax_skipped",
            "The gradient does not pass back through softmax",
            "dO v.T arrives at the weights; the scores stand before the softmax.",
            {"ds = p * (dp - (p * dp).sum(axis=1, keepdims=True))": "ds = dp"},
        ),
        Mistake(
            "softmax_factor_missing",
            "In softmax's way back the factor p is missing",
            "A weight near 0 hardly moves, whatever its score does: p multiplies the difference.",
            {"ds = p * (dp": "ds = (dp"},
        ),
        Mistake(
            "plain_mean",
            "The sum in softmax's way back is not weighted by p",
            "What is taken away is the row's sum of p times what arrives at p.",
            {"(p * dp).sum(axis=1": "dp.sum(axis=1"},
        ),
        Mistake(
            "dp_transposed",
            "What arrives at the weights is transposed",
            "Entry (t, s) of what arrives at p is dO of query t times v of key s. The matrix is "
            "square, so the shapes do not tell.",
            {"dp = dO @ v.T": "dp = v @ dO.T"},
        ),
        Mistake(
            "scaled_by_T",
            "Divided by the root of T",
            "The root of d is meant, the number of products that make a score.",
            {
                "q @ k.T / np.sqrt(d)": "q @ k.T / np.sqrt(T)",
                "ds @ k / np.sqrt(d)": "ds @ k / np.sqrt(T)",
                "ds.T @ q / np.sqrt(d)": "ds.T @ q / np.sqrt(T)",
            },
        ),
        Mistake(
            "sum_over_queries",
            "The sum in softmax's way back runs over the queries",
            "Softmax made each row add up to 1, so the sum runs along the row.",
            {"(p * dp).sum(axis=1": "(p * dp).sum(axis=0"},
        ),
        Mistake(
            "softmax_over_queries",
            "Softmax runs over the queries",
            "Each query shares its attention among the keys: the weights of a row add up to 1.",
            {"powers.sum(axis=1": "powers.sum(axis=0", "scores.max(axis=1": "scores.max(axis=0"},
        ),
        Mistake(
            "p_not_transposed",
            "In dv the weights are not transposed",
            "Value s went to all queries t with weight p[t, s], so the sum runs over t. p is "
            "square, so the shapes don't tell.",
            {"p.T @ dO": "p @ dO"},
        ),
        Mistake(
            "ds_not_transposed",
            "In dk the scores' gradient is not transposed",
            "Key s met all queries t, so the sum runs over t. The matrix is square, so the shapes "
            "don't tell.",
            {"ds.T @ q": "ds @ q"},
        ),
        Mistake(
            "dq_transposed",
            "In dq the scores' gradient is transposed",
            "Query t met all keys s, so the sum runs over s, along its row.",
            {"ds @ k": "ds.T @ k"},
        ),
        Mistake(
            "own_factor",
            "dq is made with q, and dk with k",
            "In the product of q and k, the slope of each is the other.",
            {"ds @ k": "ds @ q", "ds.T @ q": "ds.T @ k"},
        ),
        Mistake(
            "no_maximum",
            "The maximum is not subtracted",
            "exp overflows for scores near 1000; subtracting each row's largest changes no weight.",
            {"scores - scores.max(axis=1, keepdims=True)": "scores"},
        ),
    ],
    nudge="The output is a product of weights and values. If you knew the gradient of the "
    "weights, which function stands between them and the scores, and does it mix the scores "
    "of a row?",
    sketch="""
        Compute the weights again. The output is the product of weights and values, so each gets
        the other's part, transposed where the sum over tokens asks for it. Then pass back through
        softmax, row by row: from each gradient of a weight take away the row's sum of weight
        times gradient, and multiply by the weight; hidden scores have weight 0 and get nothing.
        The scores are a product of queries and keys over the root of d, so again each gets the
        other's part, over that root.
        """,
    skeleton="""
        def attention_backward(dO, q, k, v):
            T, d = q.shape
            scores = ...                # (T, T), hidden ones minus infinity
            p = ...                     # (T, T), each row adds up to 1
            dv = ... @ dO
            dp = dO @ ...               # (T, T)
            ds = ...                    # (T, T): back through softmax
            dq = ...
            dk = ...
            return dq, dk, dv
        """,
    notice="The weighted sum in softmax's way back is also the product of dO and O, row by row: "
    "that is how attention can be differentiated without keeping the weights.",
)
