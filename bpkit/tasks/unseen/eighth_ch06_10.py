"""An eighth wave, written from the statements alone: chapters 6 to 10."""

# ruff: noqa: B905, E731 - it stands as it was written

import numpy as np

from bpkit.tasks.unseen import wrong
from bpkit.tasks.unseen.shared import sigmoid
from bpkit.tasks.unseen.shared import softmax as soft


@wrong(
    "square_matmul_backward",
    "both products stand in the wrong order: B.T comes first, and A.T last",
    "dA_other_order",
    "dB_other_order",
)
def matmul_order_swapped(dC, A, B):
    dA = B.T @ dC
    dB = dC @ A.T
    return dA, dB


@wrong(
    "affine_backward",
    "dW is the product of the sums over the batch instead of the sum of the products",
    "supposed",
)
def dw_from_batch_sums(dY, X, W):
    db = dY.sum(axis=0)
    dX = dY @ W.T
    dW = np.outer(X.sum(axis=0), db)
    return dX, dW, db


@wrong("unbroadcast", "along new axes in front only the first copy's gradient is kept", "index")
def unbroadcast_first_copy(up, shape):
    extra = up.ndim - len(shape)
    g = up[(0,) * extra]
    axes = tuple(i for i, n in enumerate(shape) if n == 1)
    return np.array(np.sum(g, axis=axes, keepdims=True)).reshape(shape)


@wrong("per_example_gradients", "each[n] holds the running sum up to example n", "running_sum")
def per_example_running_sum(dY, X):
    each = []
    total = np.zeros((X.shape[1], dY.shape[1]))
    for x, g in zip(X, dY):
        total = total + np.outer(x, g)
        each.append(total)
    return np.stack(each), total


@wrong(
    "leaky_relu_backward",
    "on the negative side it gives the slope alone, not multiplied by dY",
    "missing factor",
)
def leaky_forgets_upstream(dY, X, slope):
    dX = np.full(X.shape, float(slope))
    positive = X > 0
    dX[positive] = dY[positive]
    return dX


@wrong(
    "sigmoid",
    "for negative inputs the value for the positive one is returned: 1 - is missing",
    "sign_of_X_lost",
)
def sigmoid_of_absolute(X):
    # never a large exponential
    small = np.exp(-np.abs(X))
    return 1 / (1 + small)


@wrong(
    "sigmoid_backward",
    "the sigmoid is applied to Y once more, as if it were the input",
    "sigmoid_again",
)
def sigmoid_twice(dY, Y):
    s = sigmoid(Y)
    return dY * s * (1 - s)


@wrong(
    "tanh_backward",
    "the bracket is squared, (1 - tanh)**2, instead of the tanh alone",
    "whole_squared",
)
def tanh_bracket_squared(dY, X):
    return dY * (1 - np.tanh(X)) ** 2


@wrong(
    "softplus_backward",
    "the slope has the wrong sign in the exponent: 1 / (1 + exp(X)), which falls with X",
    "inner_derivative_missing",
)
def softplus_falls(dY, X):
    slope = 0.5 * (1 - np.tanh(X / 2))
    return dY * slope


@wrong(
    "gelu_backward",
    "the product rule is forgotten: only the factor x is differentiated",
    "first_term_only",
)
def gelu_first_factor_only(dY, X):
    k = np.sqrt(2 / np.pi)
    u = k * (X + 0.044715 * X**3)
    return dY * 0.5 * (1 + np.tanh(u))


@wrong(
    "gelu_backward",
    "the cube's derivative lacks the 3, and tanh's slope is 1 - tanh instead of 1 - tanh**2",
    "cube_not_differentiated",
    "tanh_not_squared",
)
def gelu_two_slopes_wrong(dY, X):
    c = (2 / np.pi) ** 0.5
    th = np.tanh(c * (X + 0.044715 * X * X * X))
    du = c * (1 + 0.044715 * X * X)
    left = 0.5 * (1 + th)
    right = 0.5 * X * (1 - th) * du
    return dY * (left + right)


@wrong(
    "dead_units",
    "a unit counts as dead if its inputs sum to 0 or less, even if some are positive",
    "mean_negative",
)
def dead_by_the_sum(Z):
    total = Z.sum(axis=0)
    return int(np.sum(total <= 0))


@wrong("mse_loss", "the root of the mean squared error is returned", "root")
def mse_is_a_length(Y, T):
    diff = Y - T
    return np.linalg.norm(diff) / np.sqrt(diff.size)


@wrong(
    "mse_backward",
    "it divides by the number of examples only, not by all N D entries",
    "divided_by_N",
)
def mse_back_by_rows(Y, T):
    N = len(Y)
    dY = 2 * (Y - T) / N
    return dY


@wrong(
    "mae_backward",
    "the sign is that of the prediction instead of that of the difference",
    "sign_of_Y",
)
def mae_sign_of_prediction(Y, T):
    N, D = Y.shape
    dY = np.zeros((N, D))
    for n in range(N):
        for d in range(D):
            dY[n, d] = 1 if Y[n, d] > 0 else -1
    return dY / (N * D)


@wrong(
    "huber_backward",
    "beyond delta the slope is plus or minus 1 instead of delta, and the mean is over the"
    " examples only",
    "divided_by_N",
    "slope_one",
)
def huber_slope_one_and_by_rows(Y, T, delta):
    e = Y - T
    slope = np.where(np.abs(e) <= delta, e, np.sign(e))
    return slope / Y.shape[0]


@wrong(
    "huber_backward",
    "the difference is compared with delta without taking its absolute value",
    "positive_only",
)
def huber_no_absolute(Y, T, delta):
    e = Y - T
    g = e.copy()
    g[e > delta] = delta
    return g / e.size


@wrong("bce_with_logits", "targets between 0 and 1 are rounded to yes or no", "supposed")
def bce_hard_targets(logits, targets):
    total = 0.0
    for z, t in zip(logits, targets):
        if t > 0.5:
            total += np.logaddexp(0, -z)
        else:
            total += np.logaddexp(0, z)
    return total / len(logits)


@wrong(
    "bce_with_logits_backward",
    "p - t is multiplied by the sigmoid's slope once more, though that has cancelled already",
    "slope_of_sigmoid_again",
)
def bce_back_slope_again(logits, targets):
    p = 0.5 * (1 + np.tanh(logits / 2))
    dz = (p - targets) * p * (1 - p)
    return dz / logits.size


@wrong("logsumexp", "the sum runs over the whole array instead of over each row", "axis")
def logsumexp_sums_everything(logits):
    m = logits.max(axis=1)
    shifted = np.exp(logits - m[:, None])
    return m + np.log(np.sum(shifted))


@wrong("softmax", "the maximum is subtracted in the numerator, but not in the sum below", "term")
def softmax_shift_above_only(logits):
    out = np.empty(logits.shape)
    for n, row in enumerate(logits):
        top = np.exp(row - row.max())
        out[n] = top / sum(np.exp(s) for s in row)
    return out


@wrong(
    "softmax_backward",
    "the plain mean of dP is taken away in each row, not the mean weighted by P",
    "plain_mean",
)
def softmax_back_plain_mean(dP, P):
    centered = dP - dP.mean(axis=1, keepdims=True)
    return P * centered


@wrong(
    "softmax_backward",
    "softmax is applied to P once more, as if P were the scores",
    "softmax_again",
)
def softmax_back_of_p_again(dP, P):
    S = soft(P)
    dlogits = np.zeros(P.shape)
    for n in range(len(P)):
        J = np.diag(S[n]) - np.outer(S[n], S[n])
        dlogits[n] = dP[n] @ J
    return dlogits


@wrong(
    "cross_entropy",
    "[:, labels] takes the labels' columns of every row, so each example is scored on all"
    " examples' labels",
    "whole_columns",
)
def cross_entropy_all_columns(logits, labels):
    m = logits.max(axis=1, keepdims=True)
    logp = logits - m - np.log(np.exp(logits - m).sum(axis=1, keepdims=True))
    return -logp[:, labels].mean()


@wrong(
    "softmax_cross_entropy_backward",
    "only the probabilities are divided by N, the 1 of the right class is not",
    "brackets",
)
def ce_back_divides_half(logits, labels):
    N = logits.shape[0]
    dlogits = soft(logits) / N
    for n in range(N):
        dlogits[n, labels[n]] -= 1
    return dlogits


@wrong(
    "label_smoothing_backward",
    "the share is dealt out to the K - 1 other classes only, not to the right one too",
    "others_only",
)
def smoothing_others_only(logits, labels, smoothing):
    N, K = logits.shape
    target = np.full((N, K), smoothing / (K - 1))
    target[np.arange(N), labels] = 1 - smoothing
    return (soft(logits) - target) / N


@wrong(
    "label_smoothing_backward",
    "every class gets the whole share instead of a Kth of it, and the mean over the "
    "examples is forgotten",
    "not_averaged",
    "whole_share_for_each",
)
def smoothing_whole_share_no_mean(logits, labels, smoothing):
    K = logits.shape[1]
    hard = np.eye(K)[labels]
    soft_targets = (1 - smoothing) * hard + smoothing
    return soft(logits) - soft_targets


@wrong("two_layer_forward", "H is returned as it was before the ReLU", "Z_returned")
def forward_returns_z(X, W1, b1, W2, b2):
    H = X @ W1 + b1
    relu = lambda a: a * (a > 0)
    logits = relu(H) @ W2 + b2
    return H, logits


@wrong(
    "two_layer_backward",
    "ReLU's mask is taken from the gradient, dH > 0, instead of from Z > 0",
    "relu_of_the_gradient",
)
def two_layer_mask_from_gradient(X, W1, b1, W2, b2, labels):
    N = len(X)
    H = np.maximum(X @ W1 + b1, 0)
    p = soft(H @ W2 + b2)
    d2 = p.copy()
    d2[np.arange(N), labels] -= 1
    d2 /= N
    dH = d2 @ W2.T
    dZ = np.maximum(dH, 0)
    return X.T @ dZ, dZ.sum(axis=0), H.T @ d2, d2.sum(axis=0)
