"""Tasks on whole networks: forward, the way back, L layers, accuracy, an epoch, tied weights."""

from itertools import pairwise

import numpy as np

import bpkit as bp
from bpkit.tasks.spec import Mistake, task
from bpkit.tasks.tools import averaged_twice, changed_in_place, not_averaged, pullback, slopes


def mean_loss(logits, labels):
    """The mean cross-entropy, for centered differences."""
    top = logits.max(axis=1)
    log_sum = top + np.log(np.exp(logits - top[:, None]).sum(axis=1))
    return np.mean(log_sum - logits[np.arange(len(labels)), labels])


def two_layer_forward(X, W1, b1, W2, b2):
    """The scores of a network of two layers, and its hidden values.

    X (N, D), W1 (D, M), b1 (M,), W2 (M, K), b2 (K,). Returns H (N, M), logits (N, K).
    """
    Z = X @ W1 + b1
    H = np.maximum(Z, 0)
    logits = H @ W2 + b2
    return H, logits


def two_layers(draw):
    N, D, M, K = draw.sizes("N D M K")
    return {
        "X": draw.real(N, D),
        "W1": draw.real(D, M),
        "b1": draw.real(M),
        "W2": draw.real(M, K),
        "b2": draw.real(K),
    }


def forward_loops(X, W1, b1, W2, b2):
    hidden, scores = [], []
    for x in X:
        h = [max(0.0, sum(x * w) + b) for w, b in zip(W1.T, b1, strict=True)]
        hidden.append(h)
        scores.append([sum(np.array(h) * w) + b for w, b in zip(W2.T, b2, strict=True)])
    return np.array(hidden), np.array(scores)


def forward_by_bpkit(X, W1, b1, W2, b2):
    H = bp.relu(bp.affine(bp.Tensor(X), bp.Tensor(W1), bp.Tensor(b1)))
    return H.data, bp.affine(H, bp.Tensor(W2), bp.Tensor(b2)).data


task(
    two_layer_forward,
    chapter=10,
    title="A network of two layers, forward",
    minutes=8,
    points=2,
    returns="H logits",
    inputs=two_layers,
    statement="""
        A network of two layers: an affine layer, ReLU, and a second affine layer, which gives the
        scores. `X` is `(N, D)`, one example a row; `W1` is `(D, M)` and `b1` `(M,)`; `W2` is `(M,
        K)` and `b2` `(K,)`. Nothing follows the second layer: softmax belongs to the loss.

        Write `two_layer_forward(X, W1, b1, W2, b2)`, which returns two arrays: the hidden values
        `H` `(N, M)`, which the way back will need, and the `logits` `(N, K)`.
        """,
    example="""
        >>> X, W1, b1 = np.array([[2.0]]), np.array([[3.0, -3.0]]), np.array([1.0, 1.0])
        >>> W2, b2 = np.array([[10.0], [100.0]]), np.array([5.0])
        >>> H, logits = two_layer_forward(X, W1, b1, W2, b2)
        >>> H.tolist(), logits.tolist()
        ([[7.0, 0.0]], [[75.0]])
        """,
    variants=[
        {"np.maximum(Z, 0)": "Z * (Z > 0)", "X @ W1": 'np.einsum("nd,dm->nm", X, W1)'},
        {"np.maximum(Z, 0)": "(Z + np.abs(Z)) / 2", "H @ W2 + b2": "(W2.T @ H.T).T + b2[None]"},
        forward_loops,
    ],
    oracle=forward_by_bpkit,
    mistakes=[
        Mistake(
            "relu_missing",
            "ReLU between the layers is missing",
            "Without it two affine layers are one affine layer, and depth brings nothing.",
            {"np.maximum(Z, 0)": "Z"},
        ),
        Mistake(
            "relu_at_the_end",
            "ReLU is applied to the scores too",
            "Scores may be negative: softmax or the loss takes them as they are.",
            {"logits = H @ W2 + b2": "logits = np.maximum(H @ W2 + b2, 0)"},
        ),
        Mistake(
            "relu_at_the_start",
            "ReLU is applied to the inputs",
            "It stands between the layers: what it cuts off is the first layer's result, not X.",
            {"X @ W1": "np.maximum(X, 0) @ W1", "np.maximum(Z, 0)": "Z"},
        ),
        Mistake(
            "Z_returned",
            "The values before ReLU are returned as H",
            "H is what the second layer is given, after ReLU; its gradient needs that one.",
            {"return H": "return Z"},
        ),
        Mistake(
            "b1_missing",
            "b1 is left out",
            "Each of the M hidden units has a bias, which moves the place where its ReLU bends.",
            {" + b1": ""},
        ),
        Mistake(
            "b2_missing",
            "b2 is left out",
            "Each of the K scores has a bias of its own.",
            {" + b2": ""},
        ),
        Mistake(
            "b1_after_relu",
            "b1 is added after ReLU",
            "The bias belongs to the affine layer, so it is added before ReLU decides what is cut "
            "off.",
            {"X @ W1 + b1": "X @ W1", "np.maximum(Z, 0)": "np.maximum(Z, 0) + b1"},
        ),
        Mistake(
            "sigmoid",
            "The activation is the sigmoid",
            "Asked for is ReLU, which keeps what is positive and cuts off the rest.",
            {"np.maximum(Z, 0)": "1 / (1 + np.exp(-Z))"},
        ),
        Mistake(
            "softmax_applied",
            "The scores are turned into probabilities",
            "Logits are what goes into softmax; the loss applies it, in a form that can't "
            "overflow.",
            {
                "return H, logits": (
                    "e = np.exp(logits - logits.max(axis=1, keepdims=True))\n"
                    "    return H, e / e.sum(axis=1, keepdims=True)"
                )
            },
        ),
        Mistake(
            "mask_returned",
            "H holds the mask of ReLU, not its values",
            "Where a unit is active its value is passed on, not 1.",
            {"np.maximum(Z, 0)": "(Z > 0).astype(float)"},
        ),
        Mistake(
            "W1_transposed",
            "W1 is transposed",
            "W1 is (D, M), so the D columns of X meet its D rows as they are.",
            {"X @ W1": "X @ W1.T"},
        ),
        Mistake(
            "W2_transposed",
            "W2 is transposed",
            "W2 is (M, K), so the M columns of H meet its M rows as they are.",
            {"H @ W2": "H @ W2.T"},
        ),
    ],
    nudge="What shape has the result of each of the three steps, and which step comes last?",
    sketch="""
        Three steps in a row. The first layer: inputs times weights plus bias, with M numbers for
        each example. Then keep what is positive. The second layer takes those, and gives K
        numbers for each example; they are the scores as they are. Keep the middle result under a
        name of its own, since you return it too.
        """,
    skeleton="""
        def two_layer_forward(X, W1, b1, W2, b2):
            Z = ...                 # (N, M)
            H = ...                 # (N, M): what is positive
            logits = ...            # (N, K)
            return H, logits
        """,
    notice="H is all that must be kept for ReLU's way back too: H is positive where Z is.",
)


def two_layer_backward(X, W1, b1, W2, b2, labels):
    """The gradients of the mean cross-entropy of a network of two layers.

    X (N, D), W1 (D, M), b1 (M,), W2 (M, K), b2 (K,), labels (N,): integers from 0 to K - 1.
    Returns dW1 (D, M), db1 (M,), dW2 (M, K), db2 (K,).
    """
    Z = X @ W1 + b1
    H = np.maximum(Z, 0)
    logits = H @ W2 + b2
    e = np.exp(logits - logits.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    target = np.eye(len(b2))[labels]
    dlogits = (p - target) / len(X)
    dW2 = H.T @ dlogits
    db2 = dlogits.sum(axis=0)
    dH = dlogits @ W2.T
    dZ = dH * (Z > 0)
    dW1 = X.T @ dZ
    db1 = dZ.sum(axis=0)
    return dW1, db1, dW2, db2


def two_layers_and_labels(draw):
    """No hidden unit is dead on all examples or active on all, wherever there are two examples."""
    N, D, M, K = draw.sizes("N D M K", least=2)
    X, W1 = draw.real(N, D), draw.real(D, M, low=0.1, high=0.7)
    Z = X @ W1
    b1 = -(Z.min(axis=0) + Z.max(axis=0)) / 2 + draw.real(M, low=0.01, high=0.05)
    return {
        "X": X,
        "W1": W1,
        "b1": np.round(b1, 3) if draw.small is not None else b1,
        "W2": draw.real(M, K, low=0.1, high=0.7),
        "b2": draw.real(K),
        "labels": draw.labels(N, K),
    }


def far_network(draw):
    far = two_layers_and_labels(draw)
    return {"logits near 1000": {**far, "b2": far["b2"] + 1000}}


def example_by_example(X, W1, b1, W2, b2, labels):
    dW1, db1, dW2, db2 = (np.zeros(a.shape) for a in (W1, b1, W2, b2))
    for x, label in zip(X, labels, strict=True):
        h = np.maximum(x @ W1 + b1, 0)
        z = h @ W2 + b2
        up = np.exp(z - np.logaddexp.reduce(z))
        up[label] -= 1
        dW2 += np.outer(h, up)
        db2 += up
        down = np.where(h > 0, W2 @ up, 0)
        dW1 += np.outer(x, down)
        db1 += down
    return dW1 / len(X), db1 / len(X), dW2 / len(X), db2 / len(X)


def network_by_bpkit(X, W1, b1, W2, b2, labels):
    def loss(W1, b1, W2, b2):
        H = bp.relu(bp.affine(bp.Tensor(X, requires_grad=False), W1, b1))
        return bp.softmax_cross_entropy(bp.affine(H, W2, b2), labels)

    return pullback(loss, 1.0, W1, b1, W2, b2)


def network_by_differences(X, W1, b1, W2, b2, labels):
    def loss(W1, b1, W2, b2):
        return mean_loss(np.maximum(X @ W1 + b1, 0) @ W2 + b2, labels)

    return slopes(loss, W1, b1, W2, b2)


task(
    two_layer_backward,
    chapter=10,
    title="The four equations, for two layers",
    minutes=30,
    points=5,
    returns="dW1 db1 dW2 db2",
    inputs=two_layers_and_labels,
    extremes=far_network,
    statement="""
        The network computes `Z = X @ W1 + b1`, `H = max(Z, 0)` and `logits = H @ W2 + b2`. The
        loss is the mean over the batch of the cross-entropy of softmax(logits) against the
        labels. `X` is `(N, D)`, `W1` `(D, M)`, `b1` `(M,)`, `W2` `(M, K)`, `b2` `(K,)`, and
        `labels` `(N,)` holds the right classes.

        Write `two_layer_backward(X, W1, b1, W2, b2, labels)`, which goes forward and then back,
        and returns the gradients of the loss: `dW1` `(D, M)`, `db1` `(M,)`, `dW2` `(M, K)` and
        `db2` `(K,)`, in this order. They must be finite for logits of any size.
        """,
    example="""
        >>> X, W1, b1 = np.array([[2.0]]), np.array([[3.0]]), np.array([-2.0])
        >>> W2, b2, labels = np.array([[0.5, -0.5]]), np.array([-4.0, 0.0]), np.array([0])
        >>> [d.round(6).tolist() for d in two_layer_backward(X, W1, b1, W2, b2, labels)]
        [[[-1.0]], [-0.5], [[-2.0, 2.0]], [-0.5, 0.5]]
        """,
    variants=[
        example_by_example,
        {"(Z > 0)": "(H > 0)", "H.T @ dlogits": 'np.einsum("nm,nk->mk", H, dlogits)'},
        {
            "dlogits = (p - target) / len(X)": "dlogits = p - target",
            "return dW1, db1, dW2, db2": "return [d / len(X) for d in (dW1, db1, dW2, db2)]",
        },
        {"dlogits @ W2.T": "(W2 @ dlogits.T).T", "dH * (Z > 0)": "np.where(Z > 0, dH, 0.0)"},
    ],
    oracle=network_by_bpkit,
    differences=network_by_differences,
    mistakes=[
        Mistake(
            "relu_not_passed",
            "The slope of ReLU is missing",
            "dH passes on to Z only where Z is positive; elsewhere H stays 0 whatever Z does.",
            {"dH * (Z > 0)": "dH"},
        ),
        Mistake(
            "relu_of_the_gradient",
            "ReLU is applied to the gradient",
            "Whether a gradient passes is decided by the sign of Z, not by its own sign.",
            {"dH * (Z > 0)": "np.maximum(dH, 0)"},
        ),
        Mistake(
            "relu_value",
            "The gradient is multiplied by H, not by ReLU's slope",
            "ReLU's slope is 1 where Z is positive and 0 elsewhere; H is its value.",
            {"(Z > 0)": "H"},
        ),
        Mistake(
            "relu_on_the_scores",
            "The gradient is stopped where a score is negative",
            "ReLU stands between the layers; after the second one there is none.",
            {"/ len(X)": "/ len(X) * (logits > 0)"},
        ),
        not_averaged({" / len(X)": ""}),
        averaged_twice({"/ len(X)": "/ len(X) ** 2"}),
        Mistake(
            "biases_averaged",
            "The biases' gradients are averaged over the batch",
            "1/N is in the loss already, and so in dlogits; the rows are added up.",
            {"dlogits.sum(axis=0)": "dlogits.mean(axis=0)", "dZ.sum(axis=0)": "dZ.mean(axis=0)"},
        ),
        Mistake(
            "Z_for_H",
            "dW2 is made with Z instead of H",
            "The second layer was given H, so H is what its weights multiply.",
            {"H.T @ dlogits": "Z.T @ dlogits"},
        ),
        Mistake(
            "target_not_subtracted",
            "The target is not subtracted",
            "The gradient of the loss with respect to the logits is p minus the one-hot target.",
            {"(p - target)": "p"},
        ),
        Mistake(
            "logits_for_probabilities",
            "The logits stand where the probabilities belong",
            "The way back starts with p minus the target, and p is softmax of the logits.",
            {"(p - target)": "(logits - target)"},
        ),
        Mistake(
            "softmax_derivative_again",
            "Softmax's own derivative is multiplied in again",
            "p minus the target already contains it; a factor p (1 - p) counts it twice.",
            {"(p - target)": "(p - target) * p * (1 - p)"},
        ),
        Mistake(
            "sign",
            "The sign is flipped",
            "The way back starts with p minus the target; turned round, a step of gradient "
            "descent climbs.",
            {"(p - target)": "(target - p)"},
        ),
        Mistake(
            "relu_missing_forward",
            "ReLU is missing on the way forward",
            "The gradients belong to the network with ReLU, so it must be applied before the "
            "second layer.",
            {"np.maximum(Z, 0)": "Z"},
        ),
        Mistake(
            "W2_not_transposed",
            "W2 is used without its transpose",
            "Going forward W2 takes M numbers to K; the way back takes K to M, which is W2.T.",
            {"W2.T": "W2"},
        ),
        Mistake(
            "no_maximum",
            "The maximum is not subtracted",
            "exp overflows for large logits; subtracting each row's largest changes no p.",
            {" - logits.max(axis=1, keepdims=True)": ""},
        ),
    ],
    nudge="At each step back, which array did the step forward use, and does the gradient have "
    "the shape of what it belongs to?",
    sketch="""
        Forward first, and keep Z and H. Then four steps back. One: the gradient at the logits is
        softmax minus the one-hot target, over N. Two: the second layer's weights pair what went
        in, H, with it; its bias adds up the rows. Three: pass it through the weights to H, and
        through ReLU to Z, which stops it where Z is not positive. Four: the first layer is an
        affine layer like the second, with X as what went in.
        """,
    skeleton="""
        def two_layer_backward(X, W1, b1, W2, b2, labels):
            Z = X @ W1 + b1
            H = ...
            logits = ...
            p = ...                         # (N, K): softmax
            dlogits = ...                   # (N, K)
            dW2, db2 = ..., ...
            dZ = ... * ...                  # (N, M): through W2, then ReLU
            dW1, db1 = ..., ...
            return dW1, db1, dW2, db2
        """,
    notice="Both layers have the same two lines. That is all that a network of any depth needs: "
    "the next task.",
)


def network_backward(X, Ws, bs, labels):
    """The gradients of the mean cross-entropy of a network of L layers.

    X (N, D). Ws, bs: lists of L arrays, first layer first; the last layer has K columns. labels
    (N,): integers from 0 to K - 1. Returns two lists, dWs and dbs, with the shapes of Ws and bs.
    """
    Hs = [X]
    for W, b in zip(Ws[:-1], bs[:-1], strict=True):
        Hs.append(np.maximum(Hs[-1] @ W + b, 0))
    logits = Hs[-1] @ Ws[-1] + bs[-1]
    e = np.exp(logits - logits.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    target = np.eye(logits.shape[1])[labels]
    dZ = (p - target) / len(X)
    dWs, dbs = [], []
    for W, H in zip(Ws[::-1], Hs[::-1], strict=True):
        dWs.append(H.T @ dZ)
        dbs.append(dZ.sum(axis=0))
        dZ = (dZ @ W.T) * (H > 0)
    return dWs[::-1], dbs[::-1]


def layers(draw, X, sizes):
    """Weights and biases such that every hidden unit is active on some examples only."""
    Ws, bs, H = [], [], X
    for n, m in pairwise(sizes):
        W = draw.real(n, m, low=0.1, high=0.7)
        Z = H @ W
        b = -(Z.min(axis=0) + Z.max(axis=0)) / 2 + draw.real(m, low=0.01, high=0.05)
        if draw.small is not None:
            b = np.round(b, 3)
        Ws, bs, H = [*Ws, W], [*bs, b], np.maximum(Z + b, 0)
    return {"Ws": Ws, "bs": bs}


def three_layers(draw):
    N, D, M, P, K = draw.sizes("N D M P K", least=2, most=11)
    X = draw.real(N, D)
    return {"X": X, **layers(draw, X, [D, M, P, K]), "labels": draw.labels(N, K)}


def other_networks(draw):
    X = draw.real(7, 2)
    deep = {"X": X, **layers(draw, X, [2, 5, 3, 11, 5]), "labels": draw.labels(7, 5)}
    far = three_layers(draw)
    return {
        "a network of four layers": deep,
        "logits near 1000": {**far, "bs": [*far["bs"][:-1], far["bs"][-1] + 1000]},
    }


def network_recursive(X, Ws, bs, labels):
    dWs, dbs = [], []

    def back(H, place):
        Z = H @ Ws[place] + bs[place]
        if place == len(Ws) - 1:
            dZ = np.exp(Z - np.logaddexp.reduce(Z, axis=1, keepdims=True))
            dZ[np.arange(len(labels)), labels] -= 1
            dZ /= len(labels)
        else:
            dZ = np.where(Z > 0, back(np.maximum(Z, 0), place + 1), 0)
        dWs.insert(0, H.T @ dZ)
        dbs.insert(0, dZ.sum(axis=0))
        return dZ @ Ws[place].T

    back(X, 0)
    return dWs, dbs


def network_with_indices(X, Ws, bs, labels):
    L, N = len(Ws), len(X)
    Z, H = [None] * L, [X] + [None] * L
    for i in range(L):
        Z[i] = H[i] @ Ws[i] + bs[i]
        H[i + 1] = Z[i] * (Z[i] > 0)
    p = np.exp(Z[-1] - np.logaddexp.reduce(Z[-1], axis=1, keepdims=True))
    up = (p - (labels[:, None] == np.arange(p.shape[1]))) / N
    dWs, dbs = [None] * L, [None] * L
    for i in range(L - 1, -1, -1):
        if i < L - 1:
            up = up * (Z[i] > 0)
        dWs[i], dbs[i] = np.einsum("ni,nj->ij", H[i], up), np.ones(N) @ up
        up = up @ Ws[i].T
    return tuple(dWs), tuple(dbs)


def deep_by_bpkit(X, Ws, bs, labels):
    L = len(Ws)

    def loss(*parameters):
        H = bp.Tensor(X, requires_grad=False)
        for W, b in zip(parameters[: L - 1], parameters[L:-1], strict=True):
            H = bp.relu(bp.affine(H, W, b))
        return bp.softmax_cross_entropy(bp.affine(H, parameters[L - 1], parameters[-1]), labels)

    gradients = list(pullback(loss, 1.0, *Ws, *bs))
    return gradients[:L], gradients[L:]


task(
    network_backward,
    chapter=10,
    title="The four equations, for any number of layers",
    minutes=30,
    points=6,
    returns="dWs dbs",
    inputs=three_layers,
    extremes=other_networks,
    statement="""
        `Ws` and `bs` are lists with the weights and biases of L layers, the first layer first.
        Each layer is affine, `Z = H @ W + b`; after every layer but the last comes ReLU. What the
        last one gives are the logits, and the loss is the mean over the batch of the
        cross-entropy of softmax(logits) against the labels. `X` is `(N, D)`, `labels` is `(N,)`;
        `Ws[0]` is `(D, M)`, the last of `Ws` has K columns, and L may be any number.

        Write `network_backward(X, Ws, bs, labels)`, which returns two lists: the gradients of all
        weights, `dWs`, and of all biases, `dbs`, in the order of `Ws` and `bs`. They must be
        finite for logits of any size.
        """,
    example="""
        >>> X, Ws = np.array([[2.0]]), [np.array([[3.0]]), np.array([[0.5, -0.5]])]
        >>> bs, labels = [np.array([-2.0]), np.array([-4.0, 0.0])], np.array([0])
        >>> dWs, dbs = network_backward(X, Ws, bs, labels)
        >>> [dW.round(6).tolist() for dW in dWs], [db.round(6).tolist() for db in dbs]
        ([[[-1.0]], [[-2.0, 2.0]]], [[-0.5], [-0.5, 0.5]])
        """,
    variants=[
        network_with_indices,
        network_recursive,
        {"H.T @ dZ": "sum(map(np.outer, H, dZ))", "(dZ @ W.T)": "(W @ dZ.T).T"},
        {"dZ = (dZ @ W.T) * (H > 0)": "dZ = np.where(H > 0, dZ @ W.T, 0.0)"},
    ],
    oracle=deep_by_bpkit,
    mistakes=[
        Mistake(
            "relu_not_passed",
            "The slope of ReLU is missing",
            "A hidden layer's gradient passes through ReLU on its way: it is stopped where the "
            "hidden value is 0.",
            {"(dZ @ W.T) * (H > 0)": "dZ @ W.T"},
        ),
        Mistake(
            "relu_value",
            "The gradient is multiplied by H, not by ReLU's slope",
            "ReLU's slope is 1 where H is positive and 0 elsewhere; H is its value.",
            {"(H > 0)": "H"},
        ),
        Mistake(
            "relu_of_the_gradient",
            "ReLU is applied to the gradient",
            "Whether a gradient passes is decided by what went forward, not by its own sign.",
            {"(dZ @ W.T) * (H > 0)": "np.maximum(dZ @ W.T, 0)"},
        ),
        Mistake(
            "relu_on_the_scores",
            "ReLU is applied after the last layer too",
            "The last layer gives the scores; there is no ReLU between them and softmax.",
            {
                "logits = Hs[-1] @ Ws[-1] + bs[-1]": (
                    "logits = np.maximum(Hs[-1] @ Ws[-1] + bs[-1], 0)"
                ),
                "/ len(X)": "/ len(X) * (logits > 0)",
            },
        ),
        Mistake(
            "order_of_the_way_back",
            "The lists run from the last layer to the first",
            "The way back meets the last layer first; what it collects must be turned round in "
            "the end.",
            {"return dWs[::-1], dbs[::-1]": "return dWs, dbs"},
        ),
        not_averaged({" / len(X)": ""}),
        averaged_twice({"/ len(X)": "/ len(X) ** 2"}),
        Mistake(
            "averaged_at_every_layer",
            "Each layer divides by N again",
            "1/N enters once, in the loss; carried along, it is in every gradient already.",
            {"(dZ @ W.T) * (H > 0)": "(dZ @ W.T) * (H > 0) / len(X)"},
        ),
        Mistake(
            "biases_averaged",
            "The biases' gradients are averaged over the batch",
            "1/N is in the loss already, and so in what comes back; the rows are added up.",
            {"dZ.sum(axis=0)": "dZ.mean(axis=0)"},
        ),
        Mistake(
            "relu_missing_forward",
            "ReLU is missing on the way forward",
            "Between the layers, what is negative is cut off before it goes on.",
            {"np.maximum(Hs[-1] @ W + b, 0)": "Hs[-1] @ W + b"},
        ),
        Mistake(
            "biases_forgotten_forward",
            "The hidden layers' biases are left out going forward",
            "They decide where each ReLU bends, and so which gradients pass.",
            {"Hs[-1] @ W + b, 0": "Hs[-1] @ W, 0"},
        ),
        Mistake(
            "target_not_subtracted",
            "The target is not subtracted",
            "The gradient of the loss with respect to the logits is p minus the one-hot target.",
            {"(p - target)": "p"},
        ),
        Mistake(
            "sign",
            "The sign is flipped",
            "The way back starts with p minus the target; turned round, a step of gradient "
            "descent climbs.",
            {"(p - target)": "(target - p)"},
        ),
        Mistake(
            "W_not_transposed",
            "W is used without its transpose",
            "Going forward W takes the numbers before the layer to those after it; the way back "
            "needs W.T.",
            {"W.T": "W"},
        ),
        Mistake(
            "no_maximum",
            "The maximum is not subtracted",
            "exp overflows for large logits; subtracting each row's largest changes no p.",
            {" - logits.max(axis=1, keepdims=True)": ""},
        ),
    ],
    nudge="Standing at one layer, which two things do you need for its gradients, and which one "
    "thing must you hand to the layer below?",
    sketch="""
        Forward: keep a list of what goes into each layer, X first. The gradient at the scores is
        softmax minus the one-hot target, over N. Then walk through the layers from the last to
        the first, each with what went into it. Three lines serve them all: the weights' gradient,
        the bias's gradient, and the gradient for the layer below, through W and then through
        ReLU. What went into a layer also says where ReLU was active. Turn the lists round in the
        end.
        """,
    skeleton="""
        def network_backward(X, Ws, bs, labels):
            Hs = [X]                        # what goes into each layer
            for W, b in zip(Ws[:-1], bs[:-1], strict=True):
                Hs.append(...)
            logits = ...
            dZ = ...                        # at the logits
            dWs, dbs = [], []
            for W, H in zip(Ws[::-1], Hs[::-1], strict=True):
                dWs.append(...)
                dbs.append(...)
                dZ = ...                    # for the layer below
            return ..., ...
        """,
    notice="The walk costs about twice as much as going forward, however many parameters there "
    "are: that is what backpropagation is for.",
)


def accuracy(logits, labels):
    """The network's answers, and the share of them that is right.

    logits (N, K), labels (N,): integers from 0 to K - 1. Returns answers (N,), integers, and the
    share, a number.
    """
    answers = logits.argmax(axis=1)
    share = np.mean(answers == labels)
    return answers, share


def some_right(draw):
    """One label is next to the answer, and some are the class of the smallest score.

    Scores are negative, but in a few rows whose answers are right.
    """
    N, K = draw.sizes("N K", least=3, most=13)
    logits = draw.real(N, K) - 3
    rows = draw.rng.permutation(N)
    beside, least, right = rows[0], rows[1 : 1 + N // 4], rows[-draw.whole(1, N // 2) :]
    logits[right] += 5.5
    labels = logits.argmax(axis=1)
    labels[beside] = (labels[beside] + draw.choice([-1, 1])) % K
    labels[least] = logits[least].argmin(axis=1)
    return {"logits": logits, "labels": labels}


def all_right(draw):
    logits = draw.real(5, 3)
    return {"a batch with no wrong answer": {"logits": logits, "labels": logits.argmax(axis=1)}}


def accuracy_loops(logits, labels):
    answers, right = [], 0
    for z, label in zip(logits, labels, strict=True):
        best = 0
        for k, score in enumerate(z):
            if score > z[best]:
                best = k
        answers.append(best)
        right += best == label
    return np.array(answers), right / len(labels)


task(
    accuracy,
    chapter=10,
    title="Answers and accuracy",
    minutes=6,
    points=1,
    returns="answers share",
    inputs=some_right,
    extremes=all_right,
    statement="""
        The loss is what training lowers; people want to know how often the network is right. Its
        answer for an example is the class with the largest score; the accuracy is the share of
        the examples that it answers right. `logits` is `(N, K)`, `labels` `(N,)` holds the right
        classes.

        Write `accuracy(logits, labels)`, which returns the answers, `(N,)` integers from 0 to K -
        1, and the accuracy, a number from 0 to 1.
        """,
    example="""
        >>> answers, share = accuracy(np.array([[1.0, 3.0], [2.0, 0.0]]), np.array([1, 1]))
        >>> answers.tolist(), float(share)
        ([1, 0], 0.5)
        """,
    variants=[
        {"np.mean(answers == labels)": "np.count_nonzero(answers == labels) / labels.size"},
        {
            "logits.argmax(axis=1)": "np.argsort(logits)[:, -1]",
            "np.mean(answers == labels)": "1 - np.mean(answers != labels)",
        },
        {"np.mean(answers == labels)": "float((answers - labels == 0).mean())"},
        accuracy_loops,
    ],
    oracle=lambda logits, labels: (logits.argmax(axis=1), bp.accuracy(logits, labels)),
    mistakes=[
        Mistake(
            "counted",
            "The right answers are counted, not averaged",
            "Asked for is the share, so the count is divided by the N examples.",
            {"np.mean": "np.sum"},
        ),
        Mistake(
            "divided_by_K",
            "Divided by the number of classes",
            "The share is of the N examples; how many classes there are does not matter.",
            {"np.mean(answers == labels)": "np.sum(answers == labels) / logits.shape[1]"},
        ),
        Mistake(
            "percent",
            "The share is in percent",
            "Asked for is a number from 0 to 1.",
            {"np.mean": "100 * np.mean"},
        ),
        Mistake(
            "error_rate",
            "It is the share of wrong answers",
            "This is 1 minus the accuracy: what is counted are the answers that differ from the "
            "label.",
            {"answers == labels": "answers != labels"},
        ),
        Mistake(
            "smallest_score",
            "The smallest score is taken for the answer",
            "The answer is the class with the largest score.",
            {"argmax": "argmin"},
        ),
        Mistake(
            "over_examples",
            "The largest score is looked for among the examples",
            "An example's answer is the largest score of its own row: N answers, one for each row.",
            {"axis=1": "axis=0"},
        ),
        Mistake(
            "scores_for_classes",
            "The largest scores themselves are returned",
            "An answer is a class: the place of the largest score in its row, not its value.",
            {"return answers": "return logits.max(axis=1)"},
        ),
        Mistake(
            "counted_from_one",
            "The classes are counted from 1",
            "Labels are numbered from 0, and so are the columns.",
            {"argmax(axis=1)": "argmax(axis=1) + 1"},
        ),
        Mistake(
            "labels_returned",
            "The labels are returned as the answers",
            "The answers are what the network says, right or wrong.",
            {"return answers": "return labels"},
        ),
        Mistake(
            "positive_score",
            "An answer counts as right when the label's score is positive",
            "Scores are compared with each other: the right class's must be the largest, whatever "
            "its sign.",
            {"answers == labels": "logits[np.arange(len(labels)), labels] > 0"},
        ),
        Mistake(
            "mean_probability",
            "The share is the mean probability of the right class",
            "Accuracy counts an answer as right or wrong, however sure it is.",
            {
                "share = np.mean(answers == labels)": (
                    "e = np.exp(logits)\n"
                    "    share = np.mean(e[np.arange(len(labels)), labels] / e.sum(axis=1))"
                )
            },
        ),
        Mistake(
            "marked",
            "The examples are marked, not counted",
            "There is a True or False for each example; their mean is the share of True.",
            {"np.mean(answers == labels)": "answers == labels"},
        ),
    ],
    nudge="In which column does the answer of an example stand, and along which axis do you look "
    "for it?",
    sketch="""
        For each row, find the column that holds the largest score: a number of the same kind as
        the labels. Compare the two lists, entry by entry. The mean of True and False is the share
        of True.
        """,
    skeleton="""
        def accuracy(logits, labels):
            answers = ...           # (N,): the column of the largest score
            share = np.mean(...)
            return answers, share
        """,
    notice="Accuracy is flat almost everywhere: a small change of the weights changes no answer. "
    "So it has no useful gradient, and training lowers the loss instead.",
)


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


def tied_backward(X, W, b, c):
    """The gradients of an autoencoder whose two layers share their weights.

    X (N, D), W (D, M), b (M,), c (D,). Returns dW (D, M), db (M,), dc (D,).
    """
    H = np.tanh(X @ W + b)
    Y = H @ W.T + c
    dY = 2 * (Y - X) / X.size
    dH = dY @ W
    dZ = dH * (1 - H**2)
    dW = X.T @ dZ + dY.T @ H
    db = dZ.sum(axis=0)
    dc = dY.sum(axis=0)
    return dW, db, dc


def tied_inputs(draw):
    N, D, M = draw.sizes("N D M")
    return {
        "X": draw.real(N, D, high=1.5),
        "W": draw.real(D, M, low=0.1, high=0.8),
        "b": draw.real(M, low=0.1, high=0.6),
        "c": draw.real(D),
    }


def tied_in_rows(X, W, b, c):
    dW, db, dc = np.zeros(W.shape), np.zeros(b.shape), np.zeros(c.shape)
    for x in X:
        h = np.tanh(x @ W + b)
        dy = (W @ h + c - x) * (2 / X.size)
        dW += np.outer(dy, h)
        dz = (dy @ W) / np.cosh(x @ W + b) ** 2
        dW += np.outer(x, dz)
        db += dz
        dc += dy
    return dW, db, dc


def as_two_layers(X, W, b, c):
    V = W.T.copy()
    H = np.tanh(X @ W + b)
    dY = 2 * (H @ V + c - X) / X.size
    dV = H.T @ dY
    dZ = dY @ V.T * (1 + H) * (1 - H)
    return X.T @ dZ + dV.T, dZ.sum(axis=0), dY.sum(axis=0)


def tied_by_bpkit(X, W, b, c):
    fixed = bp.Tensor(X, requires_grad=False)

    def loss(W, b, c):
        return bp.mse(bp.tanh(fixed @ W + b) @ bp.swap(W) + c, fixed)

    return pullback(loss, 1.0, W, b, c)


def tied_by_differences(X, W, b, c):
    def loss(W, b, c):
        return np.mean((np.tanh(X @ W + b) @ W.T + c - X) ** 2)

    return slopes(loss, W, b, c)


task(
    tied_backward,
    chapter=10,
    title="An autoencoder whose layers share their weights",
    minutes=30,
    points=6,
    closed=True,
    returns="dW db dc",
    inputs=tied_inputs,
    statement="""
        An autoencoder squeezes each example into a few numbers and rebuilds it from them: `H =
        tanh(X @ W + b)`, then `Y = H @ W.T + c`. The same `W` is used twice. `X` is `(N, D)`, `W`
        `(D, M)`, `b` `(M,)`, `c` `(D,)`, and so `H` is `(N, M)` and `Y` `(N, D)`. The loss is the
        mean, over all N D entries, of the squared difference between `Y` and `X`.

        Write `tied_backward(X, W, b, c)`, which goes forward and then back, and returns the
        gradients of the loss: `dW` `(D, M)`, `db` `(M,)` and `dc` `(D,)`.
        """,
    example="""
        >>> X, W, b, c = np.array([[2.0]]), np.array([[1.0]]), np.log([2.0]) - 2, np.array([0.4])
        >>> [d.round(6).tolist() for d in tied_backward(X, W, b, c)]
        [[[-3.76]], [-1.28], [-2.0]]
        """,
    variants=[
        tied_in_rows,
        as_two_layers,
        {"dY.T @ H": "(H.T @ dY).T", "X.T @ dZ": 'np.einsum("nd,nm->dm", X, dZ)'},
    ],
    oracle=tied_by_bpkit,
    differences=tied_by_differences,
    mistakes=[
        Mistake(
            "first_use_only",
            "dW counts the first use of W only",
            "W is used twice, and each use adds its part; the one in the second layer is missing.",
            {"X.T @ dZ + dY.T @ H": "X.T @ dZ"},
        ),
        Mistake(
            "second_use_only",
            "dW counts the second use of W only",
            "W is used twice, and each use adds its part; the one in the first layer is missing.",
            {"X.T @ dZ + dY.T @ H": "dY.T @ H"},
        ),
        Mistake(
            "uses_averaged",
            "The two uses of W are averaged",
            "Contributions that meet are added, not averaged.",
            {"X.T @ dZ + dY.T @ H": "(X.T @ dZ + dY.T @ H) / 2"},
        ),
        Mistake(
            "uses_subtracted",
            "The two uses of W are subtracted",
            "Contributions that meet are added.",
            {"+ dY.T @ H": "- dY.T @ H"},
        ),
        Mistake(
            "tanh_not_passed",
            "The slope of tanh is missing",
            "On the way from H back to the first layer, the gradient is multiplied by the slope "
            "of tanh.",
            {"dH * (1 - H**2)": "dH"},
        ),
        Mistake(
            "slope_of_sigmoid",
            "The slope of the sigmoid stands where that of tanh belongs",
            "The slope of tanh is 1 minus the square of its output.",
            {"(1 - H**2)": "H * (1 - H)"},
        ),
        Mistake(
            "slope_of_relu",
            "The slope of ReLU stands where that of tanh belongs",
            "The activation is tanh, whose slope is 1 minus the square of its output.",
            {"(1 - H**2)": "(H > 0)"},
        ),
        Mistake(
            "tanh_not_squared",
            "The square in the slope of tanh is missing",
            "The slope of tanh is 1 minus the square of its output.",
            {"H**2": "H"},
        ),
        Mistake(
            "tanh_again",
            "Tanh is applied to H again",
            "H is the output of tanh already, and the slope is made of it as it is.",
            {"(1 - H**2)": "(1 - np.tanh(H) ** 2)"},
        ),
        Mistake(
            "two_missing",
            "The factor 2 is missing",
            "The derivative of a square is twice what was squared; this loss has no 1/2.",
            {"2 * (Y - X)": "(Y - X)"},
        ),
        Mistake(
            "divided_by_N",
            "Divided by N only",
            "The mean runs over all entries, so the factor is 1 over N times D.",
            {"X.size": "len(X)"},
        ),
        Mistake(
            "not_divided",
            "The mean's division is missing",
            "The loss is a mean over N D entries, so its gradients are divided by their number.",
            {" / X.size": ""},
        ),
        Mistake(
            "sign",
            "The sign is flipped",
            "The loss grows with Y where Y is above X: the difference is Y minus X.",
            {"(Y - X)": "(X - Y)"},
        ),
        Mistake(
            "relu_network",
            "The activation going forward is ReLU",
            "The gradients belong to the network with tanh.",
            {"np.tanh(X @ W + b)": "np.maximum(X @ W + b, 0)"},
        ),
        Mistake(
            "biases_averaged",
            "The biases' gradients are averaged over the batch",
            "The mean is in the loss already; the rows are added up.",
            {"dZ.sum(axis=0)": "dZ.mean(axis=0)", "dY.sum(axis=0)": "dY.mean(axis=0)"},
        ),
    ],
    nudge="How many times does W appear on the way from X to the loss, and what does that mean for "
    "its gradient?",
    sketch="""
        Go forward and keep H and Y. The loss gives the gradient at Y. The second layer is affine
        with the transpose of W as its weights: write down its weights' gradient, which has the
        shape of that transpose, and turn it. Pass on to H, then through tanh, to the first layer,
        which is affine with W itself. W has been met twice; add what the two meetings gave.
        """,
    skeleton="""
        def tied_backward(X, W, b, c):
            H = ...
            Y = ...
            dY = ...                # (N, D)
            dZ = ...                # (N, M): through W, then tanh
            dW = ... + ...          # two uses
            db, dc = ..., ...
            return dW, db, dc
        """,
    notice="A gradient check finds the missing use at once; training would only be a little worse, "
    "and nobody would ask why.",
)
