"""The backward step of a table of embeddings. A token that comes twice receives twice."""

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
