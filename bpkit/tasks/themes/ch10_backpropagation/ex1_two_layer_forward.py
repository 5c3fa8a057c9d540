"""A network of two layers, forward. ReLU stands between the layers and nothing after the second."""

import numpy as np

import bpkit as bp
from bpkit.tasks.spec import Mistake, task


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
