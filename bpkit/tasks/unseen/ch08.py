"""Answers to the tasks on activations."""

import math

import numpy as np

from bpkit.tasks.unseen import right, wrong


@wrong("relu_backward", "the gradient is clipped, not masked", "forward_again")
def gradient_clipped(dY, X):
    return np.maximum(dY, 0)


@wrong("relu_backward", "the mask is on the wrong side", "wrong_side")
def blocked_side(dY, X):
    dX = dY.copy()
    dX[X > 0] = 0
    return dX


@wrong("relu_backward", "the slope is X where positive", "times_value")
def slope_is_x(dY, X):
    out = np.zeros_like(dY)
    for i in np.ndindex(X.shape):
        if X[i] > 0:
            out[i] = dY[i] * X[i]
    return out


@wrong("relu_backward", "a list of rows is returned", "container")
def rows(dY, X):
    return [
        [d if x > 0 else 0.0 for d, x in zip(dr, xr, strict=True)]
        for dr, xr in zip(dY, X, strict=True)
    ]


@right("relu_backward")
def by_division(dY, X):
    return dY * (np.maximum(X, 0) / X)


@right("relu_backward")
def clipped_mask(dY, X):
    mask = np.clip(np.sign(X), 0, None)
    return np.multiply(mask, dY)


@wrong("leaky_relu_backward", "the negative side is dead", "as_relu")
def plain_relu(dY, X, slope):
    return np.where(X > 0, dY, 0)


@wrong("leaky_relu_backward", "the slope is on the positive side", "wrong_side")
def sides_exchanged(dY, X, slope):
    dX = np.empty(X.shape)
    dX[X > 0] = slope * dY[X > 0]
    dX[X <= 0] = dY[X <= 0]
    return dX


@wrong(
    "leaky_relu_backward",
    "the output of the negative side, slope times X, is used",
    "output_for_slope",
)
def output_for_slope(dY, X, slope):
    local = np.where(X > 0, 1.0, slope * X)
    return dY * local


@wrong("leaky_relu_backward", "it decides by the sign of dY", "forward_again")
def by_sign_of_dy(dY, X, slope):
    return np.where(dY > 0, dY, slope * dY)


@right("leaky_relu_backward")
def as_a_blend(dY, X, slope):
    step = (np.sign(X) + 1) / 2
    return dY * slope + dY * (1 - slope) * step


@wrong("sigmoid", "the sign of the exponent is lost", "mirrored")
def falling(X):
    return 1 / (1 + np.exp(np.clip(X, -700, 700)))


@wrong("sigmoid", "the plain formula, which overflows in exp(x)", "overflow")
def quotient(X):
    e = np.exp(X)
    return e / (1 + e)


@wrong("sigmoid", "tanh without shift")
def tanh_half(X):
    return 0.5 * np.tanh(X / 2)


@wrong("sigmoid", "large inputs are cut off too early")
def cut_at_one(X):
    return 1 / (1 + np.exp(-np.clip(X, -1, 1)))


@right("sigmoid")
def by_tanh(X):
    return 0.5 + 0.5 * np.tanh(0.5 * X)


@right("sigmoid")
def by_logaddexp(X):
    return np.exp(-np.logaddexp(0, -X))


@wrong("sigmoid_backward", "the sigmoid is taken once more", "sigmoid_again")
def sigmoid_again(dY, Y):
    s = 1 / (1 + np.exp(-Y))
    return dY * s * (1 - s)


@wrong("sigmoid_backward", "the slope of tanh", "slope_of_tanh")
def tanh_slope(dY, Y):
    return dY * (1 - Y**2)


@wrong("sigmoid_backward", "the factor Y is missing", "one_minus_alone")
def one_minus_y(dY, Y):
    return (1 - Y) * dY


@wrong("sigmoid_backward", "brackets are missing", "brackets")
def no_brackets(dY, Y):
    return dY * Y * 1 - Y


@right("sigmoid_backward")
def from_the_logit(dY, Y):
    x = np.log(Y) - np.log1p(-Y)
    return dY / (2 + np.exp(x) + np.exp(-x))


@wrong("tanh_backward", "X is taken for the output", "X_as_output")
def x_as_output(dY, X):
    return dY * (1 - X**2)


@wrong("tanh_backward", "the slope is the cosine squared, upside down", "operator")
def cosh_squared(dY, X):
    return dY * np.cosh(X) ** 2


@wrong("tanh_backward", "the square is missing", "not_squared")
def no_square(dY, X):
    y = np.tanh(X)
    return dY * (1 - y)


@wrong("tanh_backward", "the slope of the sigmoid", "slope_of_sigmoid")
def sigmoid_slope(dY, X):
    y = np.tanh(X)
    return y * (1 - y) * dY


@right("tanh_backward")
def by_sech(dY, X):
    return (
        dY * 4 / (np.exp(X) + np.exp(-X)) ** 2
        if np.abs(X).max() < 300
        else dY / np.cosh(np.clip(X, -300, 300)) ** 2
    )


@wrong("softplus_backward", "the slope of the sigmoid of X", "second_derivative")
def sigmoid_slope_of_x(dY, X):
    s = 1 / (1 + np.exp(-X))
    return dY * s * (1 - s)


@wrong(
    "softplus_backward", "1 over 1 + exp(X), without the inner slope", "inner_derivative_missing"
)
def inner_slope_missing(dY, X):
    return dY / (1 + np.exp(X))


@wrong("softplus_backward", "the output itself multiplies", "value_for_slope")
def forward_value(dY, X):
    Y = np.logaddexp(0, X)
    return dY * Y


@wrong("softplus_backward", "relu's slope", "slope_of_relu")
def hard_corner(dY, X):
    return dY * (X > 0)


@right("softplus_backward")
def difference_of_softplus(dY, X):
    return dY * (1 - np.exp(-np.logaddexp(0, X)))


@wrong("gelu_backward", "the tanh is treated as a constant", "first_term_only")
def product_rule_first_half(dY, X):
    u = np.sqrt(2 / np.pi) * (X + 0.044715 * X**3)
    return dY * 0.5 * (1 + np.tanh(u))


@wrong("gelu_backward", "the inner derivative lacks the 3", "cube_not_differentiated")
def cube_without_three(dY, X):
    c = np.sqrt(2 / np.pi)
    t = np.tanh(c * (X + 0.044715 * X**3))
    du = c * (1 + 0.044715 * X**2)
    return dY * (0.5 * (1 + t) + 0.5 * X * (1 - t**2) * du)


@wrong("gelu_backward", "the inner derivative is missing", "inner_missing")
def no_inner(dY, X):
    t = np.tanh(np.sqrt(2 / np.pi) * (X + 0.044715 * X**3))
    return dY * 0.5 * (1 + t + X * (1 - t * t))


@wrong("gelu_backward", "the second half lacks its one half", "half_missing")
def half_missing(dY, X):
    c = math.sqrt(2 / math.pi)
    t = np.tanh(c * (X + 0.044715 * X**3))
    du = c * (1 + 3 * 0.044715 * X**2)
    return dY * (0.5 * (1 + t) + X * (1 - t**2) * du)


@right("gelu_backward")
def by_complex_step(dY, X):
    Z = X + 1e-30j
    u = math.sqrt(2 / math.pi) * (Z + 0.044715 * Z**3)
    return dY * (0.5 * Z * (1 + np.tanh(u))).imag / 1e-30


@wrong("dead_units", "units that are dead for one example", "inactive_once")
def dead_once(Z):
    return int((Z <= 0).any(axis=0).sum())


@wrong("dead_units", "dead examples are counted", "examples_counted")
def dead_rows(Z):
    return sum(1 for row in Z if max(row) <= 0)


@wrong("dead_units", "living units are counted", "alive_counted")
def living(Z):
    count = 0
    for column in Z.T:
        if (column > 0).any():
            count += 1
    return count


@wrong("dead_units", "the share of dead units", "dtype", "share")
def share(Z):
    return float(np.mean(np.all(Z <= 0, axis=0)))


@wrong("dead_units", "units whose sum is not positive", "mean_negative")
def by_sums(Z):
    return int(np.count_nonzero(Z.sum(axis=0) <= 0))


@right("dead_units")
def by_maximum(Z):
    active = {int(m) for _, m in zip(*np.nonzero(Z > 0), strict=True)}
    return Z.shape[1] - len(active)


@wrong("softmax_backward", "the slope is taken entry by entry, P (1 - P)", "diagonal_only")
def diagonal_only(dP, P):
    return dP * P * (1 - P)


@wrong("softmax_backward", "the row's sum is not subtracted", "first_term_only")
def no_sum(dP, P):
    return P * dP


@wrong("softmax_backward", "the sum runs over the examples", "wrong_axis")
def sum_over_examples(dP, P):
    inner = (dP * P).sum(axis=0, keepdims=True)
    return P * (dP - inner)


@wrong("softmax_backward", "the sum lacks P", "not_weighted")
def sum_without_p(dP, P):
    return P * (dP - dP.sum(axis=1, keepdims=True))


@wrong("softmax_backward", "P multiplies the first term only", "brackets")
def brackets(dP, P):
    return P * dP - np.sum(P * dP, axis=1)[:, None]


@right("softmax_backward")
def by_jacobians(dP, P):
    rows = []
    for up, p in zip(dP, P, strict=True):
        J = np.diag(p) - np.outer(p, p)
        rows.append(J.T @ up)
    return np.array(rows)


@wrong("swiglu_backward", "the gate's own slope is forgotten", "sigmoid_constant")
def gate_constant(dY, A, B):
    s = 1 / (1 + np.exp(-A))
    return dY * s * B, dY * A * s


@wrong("swiglu_backward", "dA is missing B", "B_missing")
def without_b(dY, A, B):
    s = 1 / (1 + np.exp(-A))
    dA = dY * (s + A * s * (1 - s))
    return dA, dY * A * s


@wrong("swiglu_backward", "dA takes only the slope of the sigmoid", "factor_constant")
def sigmoid_part(dY, A, B):
    s = 1 / (1 + np.exp(-A))
    return dY * B * A * s * (1 - s), dY * s * A


@wrong("swiglu_backward", "dB lacks A", "dB_sigmoid_only")
def db_is_the_gate(dY, A, B):
    s = 1 / (1 + np.exp(-A))
    return dY * B * s * (1 + A * (1 - s)), dY * s


@right("swiglu_backward")
def by_swish_identity(dY, A, B):
    s = 0.5 * (1 + np.tanh(A / 2))
    swish = A * s
    return dY * B * (swish + s * (1 - swish)), dY * swish
