"""One epoch of minibatch gradient descent.

Every example is used once, the last and smaller minibatch too.
"""

import numpy as np

import bpkit as bp
from bpkit.tasks.spec import Mistake, task
from bpkit.tasks.tools import changed_in_place


def batch_gradients(X, labels, W, b):
    """The gradients of a softmax layer's mean loss on a batch: dW (D, K), db (K,)."""
    logits = X @ W + b
    e = np.exp(logits - logits.max(axis=1, keepdims=True))
    dlogits = (e / e.sum(axis=1, keepdims=True) - np.eye(len(b))[labels]) / len(X)
    return X.T @ dlogits, dlogits.sum(axis=0)


def one_epoch(X, labels, W, b, order, batch_size, lr):
    """The weights after one pass over the data in minibatches.

    X (N, D), labels (N,), W (D, K), b (K,). order (N,): the rows' numbers, shuffled. batch_size:
    an integer, lr: a number. Returns W (D, K), b (K,).
    """
    for start in range(0, len(order), batch_size):
        rows = order[start : start + batch_size]
        dW, db = batch_gradients(X[rows], labels[rows], W, b)
        W = W - lr * dW
        b = b - lr * db
    return W, b


def an_epoch(draw):
    """The last batch is smaller than the others, except in a small draw."""
    N = draw.size("N", least=5, most=11)
    D, K = draw.sizes("D K", least=2, most=7) if draw.small is None else (2, 3)
    order = draw.rng.permutation(N)
    if order[0] == 0:
        order = np.roll(order, 1)
    return {
        "X": draw.real(N, D),
        "labels": draw.labels(N, K),
        "W": draw.real(D, K),
        "b": draw.real(K),
        "order": order,
        "batch_size": draw.whole(2, 3),
        "lr": draw.positive(low=0.2, high=0.8),
    }


def epoch_split(X, labels, W, b, order, batch_size, lr):
    W, b = W.copy(), b.copy()
    for rows in np.split(order, range(batch_size, len(order), batch_size)):
        dW, db = batch_gradients(X[rows], labels[rows], W, b)
        W -= lr * dW
        b -= lr * db
    return W, b


def epoch_while(X, labels, W, b, order, batch_size, lr):
    left = list(order)
    while left:
        rows, left = left[:batch_size], left[batch_size:]
        steps = batch_gradients(X[rows], labels[rows], W, b)
        W, b = (p + -lr * step for p, step in zip((W, b), steps, strict=True))
    return W, b


def epoch_sorted_first(X, labels, W, b, order, batch_size, lr):
    X, labels = X[order], labels[order]
    for i in range(-(-len(X) // batch_size)):
        batch = slice(i * batch_size, min(len(X), (i + 1) * batch_size))
        dW, db = batch_gradients(X[batch], labels[batch], W, b)
        W, b = W - lr * dW, b - lr * db
    return W, b


def epoch_by_bpkit(X, labels, W, b, order, batch_size, lr):
    W, b = bp.Tensor(W), bp.Tensor(b)
    sgd = bp.SGD(lr=lr)
    for start in range(0, len(order), batch_size):
        rows = order[start : start + batch_size]
        W.grad = b.grad = None
        logits = bp.affine(bp.Tensor(X[rows], requires_grad=False), W, b)
        bp.softmax_cross_entropy(logits, labels[rows]).backward()
        sgd.step([W, b])
    return W.data, b.data


task(
    one_epoch,
    chapter=10,
    title="One epoch of minibatch gradient descent",
    minutes=15,
    points=3,
    returns="W b",
    inputs=an_epoch,
    given=(batch_gradients,),
    statement="""
        An epoch is one pass over all N examples. They are taken in a shuffled order, a few at a
        time; after each minibatch the weights take one step against its gradient. `X` is `(N,
        D)`, `labels` `(N,)`, `W` `(D, K)`, `b` `(K,)`. `order` `(N,)` is a shuffled list of the
        rows' numbers: the first `batch_size` of them make the first minibatch, and so on. The
        last one is smaller where N is no multiple of `batch_size`; it is used too. `lr` is the
        learning rate.

        `batch_gradients(X, labels, W, b)` is given: it returns `dW` and `db` for the examples it
        is handed, already averaged over them.

        Write `one_epoch(X, labels, W, b, order, batch_size, lr)`, which returns `W` and `b` after
        the epoch, and leaves the arrays that it was given as they are.
        """,
    example="""
        >>> X, labels = np.array([[1.0], [2.0], [3.0]]), np.array([0, 1, 1])
        >>> W, b, order = np.array([[0.5, -0.5]]), np.zeros(2), np.array([2, 0, 1])
        >>> W, b = one_epoch(X, labels, W, b, order, 2, 0.1)
        >>> W.round(4).tolist(), b.round(4).tolist()
        ([[0.2097, -0.2097]], [-0.1146, 0.1146])
        """,
    variants=[epoch_split, epoch_while, epoch_sorted_first],
    oracle=epoch_by_bpkit,
    mistakes=[
        Mistake(
            "order_ignored",
            "The rows are taken in their stored order",
            "`order` says which rows make up each minibatch; without it, every epoch sees the "
            "same batches.",
            {"rows = order[start : start + batch_size]": "rows = slice(start, start + batch_size)"},
        ),
        Mistake(
            "labels_not_shuffled",
            "The labels are not taken in the same order as X",
            "X and labels must be indexed with the same rows, or examples get other examples' "
            "labels.",
            {"labels[rows]": "labels[start : start + batch_size]"},
        ),
        Mistake(
            "last_batch_dropped",
            "The last, smaller batch is left out",
            "An epoch uses every example; the rest that does not fill a batch makes a smaller one.",
            {"len(order), batch_size)": "len(order) - batch_size + 1, batch_size)"},
        ),
        Mistake(
            "first_batch_only",
            "Only the first minibatch is used",
            "An epoch goes on until every example was used; a return inside the loop ends it after "
            "one step.",
            {
                "b = b - lr * db\n    return": "b = b - lr * db\n        return",
            },
        ),
        Mistake(
            "stale_gradients",
            "All gradients are taken at the first weights",
            "Each step starts from the weights that the last one left, and so must its gradient.",
            {
                "    for start": "    W0, b0 = W, b\n    for start",
                "labels[rows], W, b)": "labels[rows], W0, b0)",
            },
        ),
        Mistake(
            "not_carried_on",
            "Each step starts again from the first weights",
            "The steps add up: each goes on from what the last one left, so only the last batch "
            "has counted here.",
            {
                "    for start": "    W0, b0 = W, b\n    for start",
                "W, b)\n": "W0, b0)\n",
                "W = W - lr": "W = W0 - lr",
                "b = b - lr": "b = b0 - lr",
            },
        ),
        Mistake(
            "whole_batch",
            "All examples are taken at once",
            "That is one step with the whole data; with minibatches there are several steps in an "
            "epoch.",
            {"len(order), batch_size)": "1)", "order[start : start + batch_size]": "order"},
        ),
        Mistake(
            "one_at_a_time",
            "The examples are taken one at a time",
            "`batch_size` examples share a step, whose gradient is their mean.",
            {
                "range(0, len(order), batch_size)": "range(len(order))",
                "start + batch_size]": "start + 1]",
            },
        ),
        Mistake(
            "overlapping",
            "The minibatches overlap",
            "The next minibatch begins where the last one ended, batch_size rows further; each "
            "example comes once.",
            {"range(0, len(order), batch_size)": "range(len(order))"},
        ),
        Mistake(
            "uphill",
            "The step goes uphill",
            "The gradient points to where the loss grows; the step is subtracted.",
            {"W - lr": "W + lr", "b - lr": "b + lr"},
        ),
        Mistake(
            "divided_again",
            "The step is divided by the batch size",
            "The gradients are averaged over the minibatch already; the step is lr times them.",
            {"W - lr * dW": "W - lr * dW / len(rows)", "b - lr * db": "b - lr * db / len(rows)"},
        ),
        Mistake(
            "lr_missing",
            "The learning rate is left out",
            "A step is lr times the gradient; the whole gradient jumps too far.",
            {"lr * dW": "dW", "lr * db": "db"},
        ),
        Mistake(
            "bias_not_updated",
            "The bias is not updated",
            "Both W and b take a step on every minibatch.",
            {"b = b - lr * db": "pass"},
        ),
        changed_in_place({"W = W - lr * dW": "W -= lr * dW"}, "W"),
        Mistake(
            "times_batch_size",
            "The step is multiplied by the size of the minibatch",
            "The gradients are means over the minibatch; a step is lr times them, not times their "
            "number too.",
            {"W - lr * dW": "W - lr * dW * len(rows)", "b - lr * db": "b - lr * db * len(rows)"},
        ),
    ],
    nudge="After the first minibatch the weights have moved; at which weights is the gradient of "
    "the second one taken?",
    sketch="""
        Walk through the order in strides of batch_size. Cut out the next row numbers; a slice
        that runs past the end is shorter by itself, and that is the last, smaller batch. Index X
        and the labels with these numbers, ask for the gradients at the present weights, and make
        new weights by a step against them. The names then stand for the new weights, and the
        arrays that were handed in are untouched.
        """,
    skeleton="""
        def one_epoch(X, labels, W, b, order, batch_size, lr):
            for start in range(...):
                rows = order[...]
                dW, db = batch_gradients(...)
                W = W - ...         # a new array
                b = b - ...
            return W, b
        """,
    notice="W = W - step makes a new array; W -= step writes into the one that the caller still "
    "holds. Here the first is asked for; an optimizer does the second on purpose.",
)
