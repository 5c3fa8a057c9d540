"""A fifth wave, written from the statements alone: chapters 5 to 8."""

import numpy as np

from bpkit.tasks.unseen import wrong
from bpkit.tasks.unseen.shared import sigmoid


@wrong("relative_error", "the mean gap in place of the largest", "averaged")
def mean_gap(dX, dX_numeric):
    size = max(np.abs(dX).max(), np.abs(dX_numeric).max())
    return np.abs(dX - dX_numeric).mean() / size if size else 0.0


@wrong("relative_error", "the largest without abs in the size", "size_signed")
def size_without_abs(dX, dX_numeric):
    size = max(dX.max(), dX_numeric.max())
    return np.abs(dX - dX_numeric).max() / size if size else 0.0


@wrong("relative_error", "the small number below, no zero case", "eps_added", "size_of_claimed")
def small_number(dX, dX_numeric):
    return np.abs(dX - dX_numeric).max() / (np.abs(dX).max() + 1e-8)


@wrong("numeric_gradient", "one-sided", "one_sided")
def one_sided(f, X, h):
    dX, here = np.zeros_like(X), f(X)
    for at in np.ndindex(X.shape):
        E = np.zeros_like(X)
        E[at] = h
        dX[at] = (f(X + E) - here) / h
    return dX


@wrong("numeric_gradient", "the step scales with the entry")
def relative_step(f, X, h):
    dX = np.zeros_like(X)
    for at in np.ndindex(X.shape):
        E = np.zeros_like(X)
        E[at] = h * X[at]
        dX[at] = (f(X + E) - f(X - E)) / (2 * h)
    return dX


@wrong("directional_check", "one-sided along V", "one_sided")
def one_sided_along(f, dX, X, V, h):
    return (f(X + h * V) - f(X)) / h, np.sum(dX * V)


@wrong("directional_check", "the claim is divided by the length of V", "claimed_per_length")
def claim_per_length(f, dX, X, V, h):
    return (f(X + h * V) - f(X - h * V)) / (2 * h), np.sum(dX * V) / np.linalg.norm(V)


@wrong("find_wrong_entry", "measured minus claimed", "gap_sign")
def other_sign(f, dX, X, h):
    gap = np.zeros(X.shape)
    for at in np.ndindex(X.shape):
        E = np.zeros(X.shape)
        E[at] = h
        gap[at] = (f(X + E) - f(X - E)) / (2 * h) - dX[at]
    i, j = np.unravel_index(np.abs(gap).argmax(), gap.shape)
    return i, j, gap[i, j]


@wrong("find_wrong_entry", "a flat index")
def flat_index(f, dX, X, h):
    gap = np.zeros(X.shape)
    for at in np.ndindex(X.shape):
        E = np.zeros(X.shape)
        E[at] = h
        gap[at] = dX[at] - (f(X + E) - f(X - E)) / (2 * h)
    k = np.abs(gap).argmax()
    return k, k, gap.flat[k]


@wrong("jacobian_of_map", "sine and cosine exchanged", "both_at_once", "sine_kept")
def sine_cosine(x):
    return np.array([[x[1], x[0], 1], [np.sin(x[0]) * x[2] ** 2, 0, 2 * np.cos(x[0]) * x[2]]])


@wrong("jacobian_of_map", "the transposed table", "transposed")
def table_turned(x):
    J = np.array([[x[1], x[0], 1], [np.cos(x[0]) * x[2] ** 2, 0, 2 * np.sin(x[0]) * x[2]]])
    return J.T


@wrong("vjp_from_jacobian", "summed over the examples as well", "axis")
def over_examples(dY, J):
    return np.broadcast_to(np.einsum("nm,nmd->d", dY, J), (len(dY), J.shape[2])).copy()


@wrong(
    "vjp_from_jacobian",
    "the Jacobians are averaged first",
    "averaged_twice",
    "examples_mixed",
    "operand",
)
def mean_jacobian(dY, J):
    return dY @ J.mean(axis=0)


@wrong("sum_backward", "repeated along the first axis by tile and reshape", "layout")
def tiled(dY, X, axis):
    return np.resize(dY, X.shape)


@wrong("sum_backward", "0 but in the first slice", "first_place")
def first_slice(dY, X, axis):
    dX = np.zeros_like(X)
    at = [slice(None)] * 3
    at[axis] = 0
    dX[tuple(at)] = dY
    return dX


@wrong("transpose_backward", "reshaped to X's shape", "reshaped")
def reshaped(dY, axes):
    shape = [dY.shape[axes.index(i)] for i in range(3)]
    return dY.reshape(shape)


@wrong("vector_matrix_vjp", "dx entry by entry with the sum of dy", "supposed")
def sum_of_dy(dy, x, W):
    return W.sum(axis=1) * dy.sum(), np.outer(x, dy)


@wrong("square_matmul_backward", "the product's transposed", "transpose")
def transposed_results(dC, A, B):
    return (dC @ B.T).T, (A.T @ dC).T


@wrong("bilinear_backward", "dX with A transposed the wrong way: X's own side", "independent")
def own_side(dS, X, A, Y):
    return dS[:, None] * (X @ A @ A.T), X.T @ (dS[:, None] * Y), dS[:, None] * (X @ A)


@wrong("bilinear_backward", "dA by outer products of the batch's sums", "supposed")
def sums_outer(dS, X, A, Y):
    dA = np.outer((dS[:, None] * X).sum(0), Y.sum(0))
    return dS[:, None] * (Y @ A.T), dA, dS[:, None] * (X @ A)


@wrong("affine_forward", "W is multiplied from the left", "bias_on_weights")
def bias_in_product(X, W, b):
    return X @ (W + b)


@wrong("affine_backward", "dX is multiplied by X", "extra factor")
def dx_times_x(dY, X, W):
    return dY @ W.T * X, X.T @ dY, dY.sum(0)


@wrong("affine_backward", "the first example alone for the bias", "supposed")
def first_bias(dY, X, W):
    return dY @ W.T, X.T @ dY, dY[0]


@wrong("affine_backward", "dW is made of the mean example", "supposed")
def mean_example(dY, X, W):
    return dY @ W.T, np.outer(X.mean(0), dY.sum(0)), dY.sum(0)


@wrong("unbroadcast", "sums down to a number and fills", "everything_summed")
def filled(up, shape):
    return np.full(shape, up.sum())


@wrong("unbroadcast", "only axes in front are summed; inner ones are cut", "supposed", "index")
def cut_inside(up, shape):
    up = up.sum(axis=tuple(range(up.ndim - len(shape))))
    return up[tuple(slice(0, n) for n in shape)]


@wrong("per_example_gradients", "dW is the mean", "dW_averaged")
def dw_mean(dY, X):
    each = X[:, :, None] * dY[:, None, :]
    return each, each.mean(axis=0)


@wrong("linear_backward", "dX without the transposed layout: W.T", "averaged_twice")
def sequences_only(dY, X, W):
    return dY @ W, np.einsum("ntm,ntd->md", dY, X) / len(X), dY.sum((0, 1)) / len(X)


@wrong("linear_backward", "the places are paired with all other places", "places_mixed")
def all_pairs(dY, X, W):
    return dY @ W, np.einsum("ntm,nsd->md", dY, X), dY.sum((0, 1))


@wrong("relu_backward", "negative upstream is flipped", "function")
def size_of_upstream(dY, X):
    return np.abs(dY) * (X > 0)


@wrong("relu_backward", "at least 1", "count")
def above_one(dY, X):
    return dY * (X > 1)


@wrong("leaky_relu_backward", "negative entries are divided by slope", "operator")
def divided(dY, X, slope):
    return np.where(X > 0, dY, dY / slope)


@wrong("leaky_relu_backward", "the activation itself times dY", "times_value")
def activation(dY, X, slope):
    return dY * np.where(X > 0, X, slope * X)


@wrong("sigmoid", "tanh", "tanh")
def only_tanh(X):
    return np.tanh(X)


@wrong("sigmoid", "a step", "independent", "function")
def step(X):
    return np.where(X > 0, 1.0, 0.0)


@wrong("sigmoid_backward", "Y is multiplied once too often", "extra factor")
def y_twice(dY, Y):
    return dY * Y * Y * (1 - Y)


@wrong("sigmoid_backward", "plus in place of minus", "sign")
def plus_y(dY, Y):
    return dY * Y * (1 + Y)


@wrong("tanh_backward", "1 minus tanh", "not_squared")
def not_squared(dY, X):
    return dY * (1 - np.tanh(X))


@wrong("tanh_backward", "the sigmoid's rule on tanh", "slope_of_sigmoid")
def sigmoid_rule(dY, X):
    t = np.tanh(X)
    return dY * t * (1 - t)


@wrong("softplus_backward", "exp of X in the numerator left out, capped", "term")
def tanh_of_half(dY, X):
    return dY * np.tanh(X / 2)


@wrong("gelu_backward", "the forward value times dY", "value_for_slope")
def value(dY, X):
    return dY * 0.5 * X * (1 + np.tanh(np.sqrt(2 / np.pi) * (X + 0.044715 * X**3)))


@wrong("gelu_backward", "the slope of tanh is not squared", "tanh_not_squared")
def slope_not_squared(dY, X):
    c = np.sqrt(2 / np.pi)
    t = np.tanh(c * (X + 0.044715 * X**3))
    return dY * (0.5 * (1 + t) + 0.5 * X * (1 - t) * c * (1 + 3 * 0.044715 * X**2))


@wrong("dead_units", "examples on which no unit is active", "examples_counted")
def dead_examples(Z):
    return int(np.sum(np.all(Z <= 0, axis=1)))


@wrong("dead_units", "units with a negative sum", "mean_negative")
def negative_sums(Z):
    return int((Z.sum(axis=0) <= 0).sum())


@wrong("swiglu_backward", "dB with B", "dB_times_B")
def db_with_b(dY, A, B):
    s = sigmoid(A)
    return dY * B * (s + A * s * (1 - s)), dY * A * s * B


@wrong("swiglu_backward", "the gate's slope without A", "A_missing_in_slope")
def slope_without_a(dY, A, B):
    s = sigmoid(A)
    return dY * B * (s + s * (1 - s)), dY * A * s
