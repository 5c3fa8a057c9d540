"""Tasks on tokens: the embedding table, attention, and a bias for each distance."""

import numpy as np

import bpkit as bp
from bpkit.tasks.spec import Mistake, task
from bpkit.tasks.tools import pullback, slopes


def embedding_backward(dY, ids, count):
    """The gradient of a table of embeddings, from which rows were looked up.

    dY (N, T, D), ids (N, T) integers from 0 to count - 1, count: the number of rows of the table.
    Returns dW (count, D).
    """
    dW = np.zeros((count, dY.shape[2]))
    np.add.at(dW, ids, dY)
    return dW


def tokens(draw):
    count = draw.size("count", least=5, most=7)
    N, T, D = draw.sizes("N T D", least=2)
    # row 0 is used, the last one never
    seen = draw.rng.permutation([0, *1 + draw.rng.permutation(count - 2)[:2]])
    ids = draw.rng.choice(seen, (N, T))
    ids[0, :2], ids[-1, -1] = [0, seen[1] or seen[0]], 0
    return {"dY": draw.real(N, T, D), "ids": ids, "count": count}


def embedding_loops(dY, ids, count):
    dW = np.zeros((count, dY.shape[-1]))
    for row, token in zip(dY.reshape(-1, dY.shape[-1]), ids.ravel(), strict=True):
        dW[token] += row
    return dW


def embedding_one_hot(dY, ids, count):
    return np.einsum("ntv,ntd->vd", np.eye(count)[ids], dY)


def embedding_token_by_token(dY, ids, count):
    return np.array([dY[ids == token].sum(axis=0) for token in range(count)])


def embedding_bincount(dY, ids, count):
    flat = dY.reshape(ids.size, -1)
    columns = [np.bincount(ids.ravel(), weights=c, minlength=count) for c in flat.T]
    return np.stack(columns, axis=1)


task(
    embedding_backward,
    chapter=19,
    title="An embedding, backward",
    minutes=10,
    points=2,
    returns="dW",
    inputs=tokens,
    statement="""
        An embedding is a table `W` `(count, D)` with a row of numbers for each token. Going
        forward, the tokens `ids` `(N, T)`, integers from `0` to `count - 1`, look up their rows:
        `Y[n, t]` is row `ids[n, t]` of the table, so `Y` is `(N, T, D)`. The same token may come
        many times, or never. `dY` `(N, T, D)` arrives from above.

        Write `embedding_backward(dY, ids, count)`, which returns `dW` `(count, D)`.
        """,
    example="""
        >>> dY = np.array([[[1.0], [10.0], [100.0]]])
        >>> embedding_backward(dY, np.array([[2, 0, 2]]), 4).tolist()
        [[10.0], [0.0], [101.0], [0.0]]
        """,
    variants=[
        embedding_loops,
        embedding_one_hot,
        embedding_token_by_token,
        embedding_bincount,
    ],
    oracle=lambda dY, ids, count: pullback(
        lambda W: bp.take(W, ids), dY, np.zeros((count, dY.shape[2]))
    ),
    differences=lambda dY, ids, count: slopes(
        lambda W: float((dY * W[ids]).sum()), np.zeros((count, dY.shape[2]))
    ),
    mistakes=[
        Mistake(
            "overwritten",
            "Of a repeated token only the last use counts",
            "A row that is looked up several times adds up what all its uses send. Assigning, and "
            "also += on a list of indices, writes each row once.",
            {"np.add.at(dW, ids, dY)": "dW[ids] = dY"},
        ),
        Mistake(
            "first_only",
            "Of a repeated token only the first use counts",
            "A row that is looked up several times adds up what all its uses send.",
            {"np.add.at(dW, ids, dY)": "dW[ids.ravel()[::-1]] = dY.reshape(-1, dY.shape[2])[::-1]"},
        ),
        Mistake(
            "averaged_over_uses",
            "The uses of a token are averaged",
            "Each use sends its own gradient, and they are added, however many there are.",
            {
                "return dW": "return dW / np.maximum(np.bincount(ids.ravel(), minlength=count), "
                "1)[:, None]"
            },
        ),
        Mistake(
            "averaged_over_batch",
            "dW is averaged over the batch",
            "1/N is in the loss already, and so in dY; the uses add up.",
            {"return dW": "return dW / len(ids)"},
        ),
        Mistake(
            "averaged_over_tokens",
            "dW is averaged over all places",
            "Each place sends its gradient to its token's row, whole.",
            {"return dW": "return dW / ids.size"},
        ),
        Mistake(
            "uses_counted",
            "The uses are counted, dY is left out",
            "How often a token comes isn't enough: each use brings the dY of its place.",
            {"np.add.at(dW, ids, dY)": "np.add.at(dW, ids, 1.0)"},
        ),
        Mistake(
            "other_order",
            "Tokens and gradients are paired in different orders",
            "Place (n, t) of ids belongs to place (n, t) of dY; laid out in one row, both must be "
            "read row by row.",
            {"np.add.at(dW, ids, dY)": "np.add.at(dW, ids.T.ravel(), dY.reshape(ids.size, -1))"},
        ),
        Mistake(
            "one_sequence",
            "Only the first sequence counts",
            "All N sequences look up rows of the same table.",
            {"np.add.at(dW, ids, dY)": "np.add.at(dW, ids[0], dY[0])"},
        ),
        Mistake(
            "one_token",
            "Only the last token of each sequence counts",
            "All T places look up a row, and each sends a gradient back.",
            {"np.add.at(dW, ids, dY)": "np.add.at(dW, ids[:, -1], dY[:, -1])"},
        ),
        Mistake(
            "largest_token",
            "dW ends at the largest token that came",
            "The table has count rows; those that were never looked up have a gradient of 0.",
            {"np.zeros((count,": "np.zeros((ids.max() + 1,"},
        ),
        Mistake(
            "used_rows_only",
            "dW has rows only for the tokens that came",
            "It has the shape of the table, (count, D), with 0 where a token never came.",
            {"return dW": "return dW[np.unique(ids)]"},
        ),
        Mistake(
            "counted_from_one",
            "Tokens are counted from 1",
            "Token 0 has the first row of the table, row 0.",
            {"(dW, ids,": "(dW, ids - 1,"},
        ),
        Mistake(
            "all_rows",
            "Every row receives everything",
            "A row receives only what comes from the places where its own token stands.",
            {"np.add.at(dW, ids, dY)": "dW += dY.sum(axis=(0, 1))"},
        ),
        Mistake(
            "looked_up_again",
            "What was collected is looked up once more",
            "dW has one row for each token of the table, not one for each place of ids.",
            {"return dW": "return dW[ids]"},
        ),
    ],
    nudge="If a token comes three times and its row grows a little, how many places of Y move?",
    sketch="""
        Start from a table of zeros as large as the one that was looked up. Each place sends what
        arrives there to the row of its token, where it is added to what other places have sent. A
        plain assignment to a list of rows forgets all but one of the equal ones, and so does an
        addition written that way: use a loop, or NumPy's way of adding at places that may repeat.
        """,
    skeleton="""
        def embedding_backward(dY, ids, count):
            dW = np.zeros(...)
            for n in range(ids.shape[0]):
                for t in range(ids.shape[1]):
                    ...
            return dW
        """,
    notice="Looking up a row is a product with a row of a one-hot matrix, and the way back is "
    "the product with its transpose: that is why repeated tokens add up.",
)


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
