"""The four equations for any number of layers.

Forward keeps what backward needs; backward walks the layers in reverse.
"""

from itertools import pairwise

import numpy as np

import bpkit as bp
from bpkit.tasks.spec import Mistake, task
from bpkit.tasks.tools import averaged_twice, not_averaged, pullback


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
