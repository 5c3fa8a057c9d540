"""Tasks on directions: the Jacobian, the Hessian and a relative of it, each times a vector."""

import numpy as np

import bpkit as bp
from bpkit.tasks.spec import Mistake, task
from bpkit.tasks.tools import averaged_twice, not_averaged, pullback


def sigmoid(x):
    """1 / (1 + exp(-x)), entry by entry."""
    return 1 / (1 + np.exp(-x))


def jacobian_vector_product(X, V, W1, b1, W2, b2):
    """A network of two layers, and by how much its output moves when X moves along V.

    X, V (N, D), W1 (D, M), b1 (M,), W2 (M, K), b2 (K,). Returns Y (N, K) and its derivative along
    V (N, K).
    """
    H = np.tanh(X @ W1 + b1)
    Y = H @ W2 + b2
    VH = (1 - H**2) * (V @ W1)
    VY = VH @ W2
    return Y, VY


def network_and_direction(draw):
    N, D, M, K = draw.sizes("N D M K", least=1 if draw.small is not None else 2)
    return {
        "X": draw.real(N, D),
        "V": draw.real(N, D),
        "W1": draw.real(D, M, low=0.1, high=0.8),
        "b1": draw.real(M, low=0.1, high=0.8),
        "W2": draw.real(M, K),
        "b2": draw.real(K),
    }


def output(X, W1, b1, W2, b2):
    return np.tanh(X @ W1 + b1) @ W2 + b2


def jvp_with_the_jacobian(X, V, W1, b1, W2, b2):
    Y, VY = [], []
    for x, v in zip(X, V, strict=True):
        h = np.tanh(x @ W1 + b1)
        jacobian = (W1 * (1 - h * h)) @ W2
        Y.append(h @ W2 + b2)
        VY.append(v @ jacobian)
    return np.array(Y), np.array(VY)


def jvp_complex_step(X, V, W1, b1, W2, b2):
    moved = output(X + 1e-30j * V, W1, b1, W2, b2)
    return moved.real, moved.imag * 1e30


def jvp_pairs(X, V, W1, b1, W2, b2):
    """Values and tangents stacked, and carried through each step together."""
    pair = np.einsum("ind,dm->inm", np.stack([X, V]), W1)
    pair[0] += b1
    pair = np.stack([np.tanh(pair[0]), pair[1] / np.cosh(pair[0]) ** 2])
    pair = np.einsum("inm,mk->ink", pair, W2)
    return pair[0] + b2, pair[1]


def jvp_by_reverse_mode(X, V, W1, b1, W2, b2):
    """One pass of bpkit's engine for each entry of the output."""

    def forward(X):
        return bp.tanh(X @ W1 + b1) @ W2 + b2

    Y = forward(bp.Tensor(X)).data
    VY = np.zeros(Y.shape)
    for at in np.ndindex(Y.shape):
        up = np.zeros(Y.shape)
        up[at] = 1
        VY[at] = np.vdot(pullback(forward, up, X), V)
    return Y, VY


def jvp_by_differences(X, V, W1, b1, W2, b2):
    h = 1e-5
    ahead, behind = output(X + h * V, W1, b1, W2, b2), output(X - h * V, W1, b1, W2, b2)
    return output(X, W1, b1, W2, b2), (ahead - behind) / (2 * h)


task(
    jacobian_vector_product,
    chapter=20,
    title="The Jacobian times a vector, going forward",
    minutes=15,
    points=3,
    returns="Y VY",
    inputs=network_and_direction,
    statement="""
        Forward mode carries, beside each value, by how much it moves when the input moves in a
        given direction. A network computes `H = tanh(X @ W1 + b1)` and `Y = H @ W2 + b2`. `X` is
        `(N, D)`, `W1` `(D, M)`, `b1` `(M,)`, `W2` `(M, K)` and `b2` `(K,)`. The direction `V`
        `(N, D)` says how fast each entry of `X` moves; the parameters stand still. `VY` is how
        fast each entry of `Y` moves then: its derivative, at step 0, when `X` is replaced by `X`
        plus a step times `V`.

        Write `jacobian_vector_product(X, V, W1, b1, W2, b2)`, which returns `Y` `(N, K)` and `VY`
        `(N, K)`, in one pass forward.
        """,
    example="""
        >>> X, V, W1 = np.array([[1.0]]), np.array([[10.0]]), np.array([[2.0]])
        >>> b1, W2, b2 = np.array([-2.0]), np.array([[3.0]]), np.array([4.0])
        >>> Y, VY = jacobian_vector_product(X, V, W1, b1, W2, b2)
        >>> Y.tolist(), VY.tolist()
        ([[4.0]], [[60.0]])
        """,
    variants=[jvp_with_the_jacobian, jvp_complex_step, jvp_pairs],
    oracle=jvp_by_reverse_mode,
    differences=jvp_by_differences,
    mistakes=[
        Mistake(
            "b1_moves",
            "The first bias is added to the direction",
            "b1 stands still while X moves, so it adds nothing to how fast the sum moves.",
            {"(V @ W1)": "(V @ W1 + b1)"},
        ),
        Mistake(
            "b2_moves",
            "The second bias is added to the direction",
            "b2 stands still while H moves, so it adds nothing to how fast Y moves.",
            {"VH @ W2": "VH @ W2 + b2"},
        ),
        Mistake(
            "both_biases_move",
            "The direction goes through the whole network with its biases",
            "The biases stand still: only what is multiplied by a moving value moves.",
            {"(V @ W1)": "(V @ W1 + b1)", "VH @ W2": "VH @ W2 + b2"},
        ),
        Mistake(
            "slope_missing",
            "The slope of tanh is left out",
            "H moves more slowly than what goes into tanh: by the factor 1 minus H squared.",
            {"(1 - H**2) * (V @ W1)": "V @ W1"},
        ),
        Mistake(
            "tanh_of_direction",
            "The direction is put through tanh",
            "A rate is multiplied by the slope at the value; tanh itself is for values.",
            {"(1 - H**2) * (V @ W1)": "np.tanh(V @ W1)"},
        ),
        Mistake(
            "slope_of_direction",
            "The slope of tanh is taken at the direction",
            "It is the slope at the value, X W1 + b1, that says how fast H moves.",
            {"(1 - H**2)": "(1 - np.tanh(V @ W1) ** 2)"},
        ),
        Mistake(
            "slope_before_tanh",
            "The slope is made from what goes into tanh",
            "It is 1 minus the square of tanh, that is, of H.",
            {"(1 - H**2)": "(1 - (X @ W1 + b1) ** 2)"},
        ),
        Mistake(
            "slope_not_squared",
            "The slope is 1 minus H",
            "The slope of tanh is 1 minus the square of its value.",
            {"H**2": "H"},
        ),
        Mistake(
            "slope_of_sigmoid",
            "The slope is that of a sigmoid",
            "H (1 - H) belongs to the sigmoid; tanh has 1 minus H squared.",
            {"(1 - H**2)": "H * (1 - H)"},
        ),
        Mistake(
            "tanh_twice",
            "The slope takes the tanh of H",
            "H has been through tanh already: the slope is 1 minus its square.",
            {"1 - H**2": "1 - np.tanh(H) ** 2"},
        ),
        Mistake(
            "whole_step",
            "It is the change over a whole step V",
            "A derivative is the rate at the start; over a whole step the curve bends.",
            {"VY = VH @ W2": "VY = np.tanh((X + V) @ W1 + b1) @ W2 + b2 - Y"},
        ),
        Mistake(
            "moved_output",
            "It is the output at X + V",
            "VY is how fast Y moves, not where it would be after a step.",
            {"VY = VH @ W2": "VY = np.tanh((X + V) @ W1 + b1) @ W2 + b2"},
        ),
        Mistake(
            "stops_at_H",
            "VY stops at the hidden layer",
            "Y is H times W2, so how fast H moves goes through W2 as well.",
            {"VY = VH @ W2": "VY = VH"},
        ),
        Mistake(
            "value_added",
            "The output is added to its derivative",
            "VY is how fast Y moves, without Y itself.",
            {"VY = VH @ W2": "VY = Y + VH @ W2"},
        ),
        Mistake(
            "X_moves_along",
            "X is added to the direction",
            "The rate at which X moves is V alone, wherever X is.",
            {"(V @ W1)": "((X + V) @ W1)"},
        ),
    ],
    nudge="If X moves at the speed V, how fast does a sum with a constant move, and how fast the "
    "tanh of it?",
    sketch="""
        Beside each line of the forward pass stands a line for the speed. A matrix product carries
        the speed through the same matrix; a bias, which stands still, adds none; tanh multiplies
        the speed by its slope at the value that is there. No transposes, and nothing to store.
        """,
    skeleton="""
        def jacobian_vector_product(X, V, W1, b1, W2, b2):
            H = np.tanh(X @ W1 + b1)
            Y = H @ W2 + b2
            VH = ...            # (N, M): how fast H moves
            VY = ...            # (N, K): how fast Y moves
            return Y, VY
        """,
    notice="One pass gives the derivative of all outputs along one direction; reverse mode gives "
    "that of one output along all directions. A loss is one output.",
)


def hessian_vector_product(w, v, X, y):
    """The Hessian of the logistic loss times a vector.

    w, v (D,): weights and direction. X (N, D), y (N,) of 0 and 1. The loss is the mean binary
    cross-entropy of sigmoid(X @ w). Returns the product (D,).
    """
    p = sigmoid(X @ w)
    curvature = p * (1 - p)
    return X.T @ (curvature * (X @ v)) / len(X)


def examples_and_direction(draw):
    N, D = draw.sizes("N D", least=2)
    return {
        "w": draw.real(D),
        "v": draw.real(D),
        "X": draw.real(N, D),
        "y": draw.labels(N, 2),
    }


def logistic_gradient(w, X, y):
    return X.T @ (1 / (1 + np.exp(-X @ w)) - y) / len(y)


def hvp_difference_of_gradients(w, v, X, y):
    h = 1e-5
    return (logistic_gradient(w + h * v, X, y) - logistic_gradient(w - h * v, X, y)) / (2 * h)


def hvp_whole_matrix(w, v, X, y):
    p = 1 / (1 + np.exp(-(X @ w)))
    H = np.einsum("nd,n,ne->de", X, p - p**2, X) / X.shape[0]
    return H @ v


def hvp_complex_step(w, v, X, y):
    return logistic_gradient(w + 1e-30j * v, X, y).imag * 1e30


def hvp_examples(w, v, X, y):
    total = np.zeros(len(w))
    for x in X:
        total += x * (x @ v) / (2 * np.cosh(x @ w / 2)) ** 2
    return total / len(X)


def hvp_in_bpkit(w, v, X, y):
    """The gradient of the gradient along v; the gradient is written with the engine's rules."""

    def gradient_along(w):
        return ((bp.sigmoid(X @ w) - y) * (X @ v)).mean()

    return pullback(gradient_along, 1.0, w)


task(
    hessian_vector_product,
    chapter=20,
    title="The Hessian times a vector",
    minutes=15,
    points=3,
    given=(sigmoid,),
    returns="Hv",
    inputs=examples_and_direction,
    statement="""
        The Hessian says how the gradient changes when the weights move. For a million weights it
        has a trillion entries, but its product with one vector costs as little as a gradient: `H
        @ v` is how fast the gradient changes when `w` moves along `v`. Take logistic regression:
        with `p = sigmoid(X @ w)`, the mean cross-entropy of the labels `y` has the gradient `X.T
        @ (p - y) / N`. `w` and `v` are `(D,)`, `X` is `(N, D)`, `y` `(N,)` holds 0 and 1;
        `sigmoid` is given.

        Write `hessian_vector_product(w, v, X, y)`, which returns the product `(D,)`. No array of
        shape `(D, D)` is needed.
        """,
    example="""
        >>> X = np.array([[2.0, 0.0], [0.0, 4.0]])
        >>> v, y = np.array([3.0, 1.0]), np.array([0, 1])
        >>> hessian_vector_product(np.zeros(2), v, X, y).tolist()
        [1.5, 2.0]
        """,
    variants=[hvp_difference_of_gradients, hvp_whole_matrix, hvp_complex_step, hvp_examples],
    oracle=hvp_in_bpkit,
    differences=hvp_difference_of_gradients,
    mistakes=[
        not_averaged({" / len(X)": ""}),
        averaged_twice({"/ len(X)": "/ len(X) ** 2"}),
        Mistake(
            "slope_missing",
            "The slope of the sigmoid is left out",
            "X v is how fast the logits move; p moves more slowly, by the factor p (1 - p).",
            {"(curvature * (X @ v))": "(X @ v)"},
        ),
        Mistake(
            "p_alone",
            "The slope of the sigmoid is taken to be p",
            "It is p (1 - p), largest at one half and small where p is sure.",
            {"p * (1 - p)": "p"},
        ),
        Mistake(
            "slope_squared",
            "The slope of the sigmoid enters twice",
            "The gradient holds p once, so its change holds one factor p (1 - p).",
            {"p * (1 - p)": "(p * (1 - p)) ** 2"},
        ),
        Mistake(
            "errors_squared",
            "The squared errors stand in place of the curvature",
            "(p - y) squared is a guess at p (1 - p), good on average only: the labels drop out "
            "when the gradient is differentiated.",
            {"p * (1 - p)": "(p - y) ** 2"},
        ),
        Mistake(
            "error_kept",
            "The error p - y is still a factor",
            "Differentiating p - y leaves the slope of p alone; the labels are gone.",
            {"p * (1 - p)": "(p - y) * p * (1 - p)"},
        ),
        Mistake(
            "gradient",
            "It is the gradient",
            "The product is how the gradient changes along v; this one doesn't know v.",
            {"curvature * (X @ v)": "p - y"},
        ),
        Mistake(
            "gradient_times_v",
            "It is the gradient times v, entry by entry",
            "The Hessian is the gradient's derivative, and mixes the entries of v.",
            {"return X.T @ (curvature * (X @ v)) / len(X)": ("return X.T @ (p - y) / len(X) * v")},
        ),
        Mistake(
            "diagonal",
            "Only the Hessian's diagonal is used",
            "Each weight's slope changes when any of the weights moves: X v sums over all of them "
            "first.",
            {"X.T @ (curvature * (X @ v)) / len(X)": ("(X * X).T @ curvature / len(X) * v")},
        ),
        Mistake(
            "w_for_v",
            "w stands where v belongs",
            "v says in which direction the weights move; w only says where they are.",
            {"(X @ v)": "(X @ w)"},
        ),
        Mistake(
            "taken_at_v",
            "The Hessian is taken at v",
            "p belongs to the weights w; v is a direction, not a place.",
            {"sigmoid(X @ w)": "sigmoid(X @ v)"},
        ),
        Mistake(
            "whole_matrix",
            "The whole Hessian is returned",
            "What is asked for is its product with v, (D,).",
            {"(curvature * (X @ v))": "(curvature[:, None] * X)"},
        ),
        Mistake(
            "quadratic_form",
            "It is v times the Hessian times v",
            "That is one number, the curvature along v; the product with v has D entries.",
            {"X.T @ (curvature * (X @ v))": "(X @ v) @ (curvature * (X @ v))"},
        ),
        Mistake(
            "whole_step",
            "It is the gradient's change over a whole step v",
            "The product is the rate at the start; over a whole step the gradient's curve bends.",
            {"X.T @ (curvature * (X @ v)) / len(X)": ("X.T @ (sigmoid(X @ (w + v)) - p) / len(X)")},
        ),
        Mistake(
            "not_brought_back",
            "The product stops at the examples",
            "It must go back from the N examples to the D weights, through X transposed.",
            {"X.T @ (curvature * (X @ v))": "(curvature * (X @ v))"},
        ),
        Mistake(
            "solved",
            "The system is solved instead of multiplied",
            "This is Newton's step, the inverse Hessian times v.",
            {
                "X.T @ (curvature * (X @ v)) / len(X)": (
                    "np.linalg.lstsq(X.T @ (curvature[:, None] * X) / len(X), v)[0]"
                )
            },
        ),
    ],
    nudge="When the weights move along v, how fast does each logit move, how fast each "
    "probability, and how fast therefore the gradient?",
    sketch="""
        Differentiate the gradient along v, from the inside out. The logits move as fast as X
        carries v to them. Each probability moves by the slope of the sigmoid times that. The
        labels stand still. The rest of the gradient, X transposed and the division by the number
        of examples, is linear and stays as it is.
        """,
    skeleton="""
        def hessian_vector_product(w, v, X, y):
            p = ...                 # (N,)
            speed = ...             # (N,): how fast p moves along v
            return ...              # (D,)
        """,
    notice="The labels drop out: this loss curves the same way whatever the answers are, and "
    "never downward, so it has one valley.",
)


def gauss_newton_product(X, W, V):
    """The Gauss-Newton matrix of a tanh layer under half the mean squared error, times V.

    X (N, D), W, V (D, M). Returns the product (D, M).
    """
    Y = np.tanh(X @ W)
    slope = 1 - Y**2
    speed = slope * (X @ V)
    return X.T @ (slope * speed) / len(X)


def layer_and_direction(draw):
    N, D, M = draw.sizes("N D M", least=1 if draw.small is not None else 2)
    return {
        "X": draw.real(N, D),
        "W": draw.real(D, M, low=0.1, high=0.8),
        "V": draw.real(D, M),
    }


def gauss_newton_by_matrix(X, W, V):
    """The Jacobian written out, for each example and output."""
    D, M = W.shape
    G = np.zeros((D * M, D * M))
    for x in X:
        slope = 1 / np.cosh(x @ W) ** 2
        for m in range(M):
            row = np.zeros((D, M))
            row[:, m] = slope[m] * x
            G += np.outer(row, row) / len(X)
    return (G @ V.ravel()).reshape(D, M)


def gauss_newton_columns(X, W, V):
    out = np.empty(W.shape)
    for m in range(W.shape[1]):
        weight = (1 - np.tanh(X @ W[:, m]) ** 2) ** 2
        out[:, m] = (X.T * weight) @ X @ V[:, m] / X.shape[0]
    return out


def gauss_newton_complex_step(X, W, V):
    moved = np.tanh(X @ (W + 1e-30j * V))
    speed = moved.imag * 1e30
    return np.einsum("nd,nm->dm", X, (1 - moved.real**2) * speed) / len(speed)


def gauss_newton_in_bpkit(X, W, V):
    h = 1e-5
    speed = (np.tanh(X @ (W + h * V)) - np.tanh(X @ (W - h * V))) / (2 * h)
    return pullback(lambda W: bp.tanh(X @ W), speed / len(X), W)


task(
    gauss_newton_product,
    chapter=20,
    title="The Gauss-Newton matrix times a vector",
    minutes=15,
    points=3,
    closed=True,
    returns="GV",
    inputs=layer_and_direction,
    statement="""
        The Gauss-Newton matrix stands in for the Hessian where that one might bend downward. For
        a layer `Y = tanh(X @ W)` under half the mean squared error (half the squared errors,
        summed over the outputs and averaged over the `N` examples), its product with a direction
        `V` is made in two passes. Going forward, find how fast `Y` moves when `W` moves along
        `V`. Then send that back to the weights, as a gradient that arrives at `Y`, and divide by
        `N`. `X` is `(N, D)`, `W` and `V` are `(D, M)`.

        Write `gauss_newton_product(X, W, V)`, which returns the product, `(D, M)`.
        """,
    example="""
        >>> gauss_newton_product(np.array([[2.0], [4.0]]), np.zeros((1, 1)), np.ones((1, 1)))
        array([[10.]])
        """,
    variants=[gauss_newton_by_matrix, gauss_newton_columns, gauss_newton_complex_step],
    differences=gauss_newton_in_bpkit,
    mistakes=[
        not_averaged({" / len(X)": ""}),
        averaged_twice({"/ len(X)": "/ len(X) ** 2"}),
        Mistake(
            "slope_once",
            "The slope of tanh enters once",
            "It acts on the way forward and again on the way back: once in each pass.",
            {"(slope * speed)": "speed"},
        ),
        Mistake(
            "slope_missing",
            "The slope of tanh is left out",
            "Between X W and Y stands tanh: its slope acts in both passes.",
            {"(slope * speed)": "speed", "speed = slope * (X @ V)": "speed = X @ V"},
        ),
        Mistake(
            "slope_not_squared",
            "The slope is 1 minus Y",
            "The slope of tanh is 1 minus the square of its value.",
            {"1 - Y**2": "1 - Y"},
        ),
        Mistake(
            "slope_before_tanh",
            "The slope is made from what goes into tanh",
            "It is 1 minus the square of tanh, that is, of Y.",
            {"1 - Y**2": "1 - (X @ W) ** 2"},
        ),
        Mistake(
            "tanh_of_direction",
            "The direction is put through tanh",
            "A rate is multiplied by the slope at the value; tanh itself is for values.",
            {"slope * (X @ V)": "np.tanh(X @ V)"},
        ),
        Mistake(
            "taken_at_V",
            "The slope is taken at V",
            "The slope belongs to the weights W; V is a direction, not a place.",
            {"np.tanh(X @ W)": "np.tanh(X @ V)"},
        ),
        Mistake(
            "W_for_V",
            "W stands where V belongs",
            "V says in which direction the weights move; W only says where they are.",
            {"(X @ V)": "(X @ W)"},
        ),
        Mistake(
            "forward_only",
            "The second pass is missing",
            "How fast Y moves, (N, M), must still be sent back to the weights, (D, M).",
            {"X.T @ (slope * speed) / len(X)": "speed"},
        ),
        Mistake(
            "output_sent_back",
            "Y is sent back, not its speed",
            "What arrives at Y in the second pass is how fast it moves along V.",
            {"slope * speed)": "slope * Y)"},
        ),
        Mistake(
            "diagonal",
            "Only the matrix's diagonal is used",
            "An entry of W moves outputs that other entries move too: X V sums over all of them "
            "first.",
            {"X.T @ (slope * speed) / len(X)": "(X * X).T @ slope**2 / len(X) * V"},
        ),
        Mistake(
            "whole_step",
            "The speed is the change over a whole step V",
            "The rate at the start is meant; over a whole step tanh bends.",
            {"slope * (X @ V)": "np.tanh(X @ (W + V)) - Y"},
        ),
    ],
    nudge="By what is a speed multiplied where it meets tanh going forward, and by what is a "
    "gradient multiplied where it meets the same tanh going back?",
    sketch="""
        Compute the output and the slope of tanh there. First pass: the direction goes through X
        and is slowed by the slope, which gives the speed of each output. Second pass: treat these
        speeds as what arrives from above, multiply by the slope again, and bring them to the
        weights through X transposed. The loss is a mean, so one division by the number of
        examples is left.
        """,
    skeleton="""
        def gauss_newton_product(X, W, V):
            Y = np.tanh(X @ W)
            slope = ...             # (N, M)
            speed = ...             # (N, M): how fast Y moves along V
            return ...              # (D, M)
        """,
    notice="The product with V, times V again, is a mean of squared speeds, so it is never "
    "negative: along no direction does this matrix bend downward.",
)
