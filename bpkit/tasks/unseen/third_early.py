"""Wrong answers with a slip in an unusual place: the first half of the book."""

import numpy as np

from bpkit.tasks.unseen import wrong
from bpkit.tasks.unseen.shared import sigmoid


@wrong("one_sided_difference", "to the left, with the sign of the right", "leftward", "sign")
def left_minus_here(f, x, h):
    return (f(x - h) - f(x)) / h


@wrong("centered_difference", "points at x + h and x - 2 h", "operand", "count")
def uneven_points(f, x, h):
    return (f(x + h) - f(x - 2 * h)) / (3 * h)


@wrong("best_step", "one-sided differences", "one_sided")
def one_sided_errors(f, x, slope, steps):
    errors = np.array([abs((f(x + h) - f(x)) / h - slope) for h in steps])
    return errors, steps[errors.argmin()]


@wrong("second_difference", "with steps of 2 h, over h squared", "operand")
def wide_points(f, x, h):
    return (f(x + 2 * h) - 2 * f(x) + f(x - 2 * h)) / h**2


@wrong("chain_of_three", "the last derivative is left out", "outer_missing")
def two_of_three(x, f, df, g, dg, h, dh):
    a = f(x)
    return h(g(a)), df(x) * dg(a)


@wrong("chain_backward", "upstream is multiplied in at every link", "upstream_each_time")
def upstream_again(slopes, upstream):
    grads = [upstream]
    for slope in slopes[::-1]:
        grads.append(grads[-1] * slope * upstream)
    return np.array(grads[::-1])


@wrong("gauge_gradient", "the logarithm is to base ten", "factor")
def base_ten(d, P):
    E = P / d**2
    V = np.log10(1 + E)
    common = 2 * V / (np.log(10) * (1 + E))
    return common * -2 * P / d**3, common / d**2


@wrong("total_derivative", "the partials get their numbers in the wrong order", "places_exchanged")
def places_exchanged(x, f, fx, fy, g, dg):
    y = g(x)
    return f(x, y), fx(y, x) + fy(y, x) * dg(x)


@wrong("sum_over_paths", "absolute slopes", "operand")
def without_signs(edges, start, end):
    if start == end:
        return 1.0
    return sum(abs(slope) * without_signs(edges, start, part) for part, slope in edges[end])


@wrong("savings_gradient", "the rate's gradient without the balance of the year", "independent")
def years_only(start, rate, deposits):
    T = len(deposits)
    return rate**T, T * rate ** (T - 1), rate ** np.arange(T - 1, -1, -1.0)


@wrong("program_backward", "the last step is forgotten", "count")
def without_the_last_step(x, program):
    v = [*x]
    for op, i, j in program[:-1]:
        v.append(
            {"add": v[i] + v[j], "sub": v[i] - v[j], "mul": v[i] * v[j], "div": v[i] / v[j]}[op]
        )
    g = np.zeros(len(v))
    g[-1] = 1
    for k in range(len(program) - 2, -1, -1):
        op, i, j = program[k]
        up = g[len(x) + k]
        g[i] += up * {"add": 1, "sub": 1, "mul": v[j], "div": 1 / v[j]}[op]
        g[j] += up * {"add": 1, "sub": -1, "mul": v[i], "div": -v[i] / v[j] ** 2}[op]
    return g[: len(x)]


@wrong("relative_error", "divided by the smaller size", "size_of_smaller")
def smaller_size(dX, dX_numeric):
    gap = np.abs(dX - dX_numeric).max()
    size = min(np.abs(dX).max(), np.abs(dX_numeric).max())
    return gap / size if size else 0.0


@wrong("directional_check", "the step is not scaled by h", "without_h")
def whole_direction(f, dX, X, V, h):
    return (f(X + V) - f(X - V)) / (2 * h), np.sum(dX * V)


@wrong("find_wrong_entry", "relative gaps decide", "relative")
def relative_gaps(f, dX, X, h):
    numeric = np.zeros(X.shape)
    for place in np.ndindex(X.shape):
        E = np.zeros(X.shape)
        E[place] = h
        numeric[place] = (f(X + E) - f(X - E)) / (2 * h)
    worst = np.unravel_index(np.argmax(np.abs(dX - numeric) / np.abs(numeric)), X.shape)
    return *worst, (dX - numeric)[worst]


@wrong("jacobian_of_map", "x2 squared became x1 squared", "operand")
def other_entry(x):
    J = np.zeros((2, 3))
    J[0] = x[1], x[0], 1
    J[1] = np.cos(x[0]) * x[1] ** 2, 0, 2 * np.sin(x[0]) * x[2]
    return J


@wrong("vector_matrix_vjp", "dx with the sign flipped and dW averaged", "factor", "sign")
def two_slips_in_vjp(dy, x, W):
    return -(W @ dy), np.outer(x, dy) / len(x)


@wrong("affine_backward", "dX from the transposed product of X", "dW_transposed", "factor")
def db_and_transposed(dY, X, W):
    return dY @ W.T, (X.T @ dY).T, dY.sum(axis=0) * 2


@wrong("affine_backward", "an index too few in the batch", "supposed")
def last_row_left_out(dY, X, W):
    dW, db = np.zeros_like(W), np.zeros(W.shape[1])
    for n in range(len(X) - 1):
        dW += np.outer(X[n], dY[n])
        db += dY[n]
    return dY @ W.T, dW, db


@wrong("linear_backward", "the positions are averaged in db only", "factor")
def db_over_positions(dY, X, W):
    return dY @ W, np.einsum("ntm,ntd->md", dY, X), dY.mean(axis=1).sum(axis=0)


@wrong("relu_backward", "one where it should pass, minus one where not", "term")
def by_sign(dY, X):
    return dY * np.sign(X)


@wrong("sigmoid_backward", "the slope is squared", "power")
def slope_squared(dY, Y):
    return dY * (Y * (1 - Y)) ** 2


@wrong("tanh_backward", "2 in front", "factor")
def doubled(dY, X):
    return 2 * dY * (1 - np.tanh(X) ** 2)


@wrong("softmax_backward", "P squared in the sum", "operand")
def p_squared(dP, P):
    return P * (dP - (dP * P**2).sum(axis=1, keepdims=True))


@wrong("swiglu_backward", "dB with the sigmoid's slope")
def db_with_slope(dY, A, B):
    s = sigmoid(A)
    return dY * B * s * (1 + A * (1 - s)), dY * A * s * (1 - s)


@wrong("mse_loss", "the mean of the roots of the rows")
def mean_of_norms(Y, T):
    return np.linalg.norm(Y - T, axis=1).mean()


@wrong("huber_backward", "beyond delta the slope shrinks", "extra factor")
def shrinks(Y, T, delta):
    e = Y - T
    return np.where(np.abs(e) <= delta, e, delta / e) / e.size


@wrong("bce_with_logits", "the mean forgotten and the sign flipped", "factor", "sign")
def negative_sum(logits, targets):
    return -(np.logaddexp(0, logits) - logits * targets).sum()
