"""The four equations for two layers.

From the loss back through both layers, with the mask of ReLU between.
"""

import numpy as np

import bpkit as bp
from bpkit.tasks.spec import Mistake, task
from bpkit.tasks.tools import averaged_twice, not_averaged, pullback, slopes


def mean_loss(logits, labels):
    """The mean cross-entropy, for centered differences."""
    top = logits.max(axis=1)
    log_sum = top + np.log(np.exp(logits - top[:, None]).sum(axis=1))
    return np.mean(log_sum - logits[np.arange(len(labels)), labels])


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
