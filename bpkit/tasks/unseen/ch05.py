"""Answers to the tasks on gradient checking."""

import numpy as np

from bpkit.tasks.unseen import right, wrong


@wrong("relative_error", "relative to each entry, then the largest", "entry_by_entry")
def largest_ratio(dX, dX_numeric):
    size = np.maximum(np.abs(dX), np.abs(dX_numeric))
    ratios = np.where(size > 0, np.abs(dX - dX_numeric) / np.where(size > 0, size, 1), 0.0)
    return ratios.max()


@wrong("relative_error", "norms stand in place of the largest entries", "euclidean")
def norms(dX, dX_numeric):
    gap = np.linalg.norm(dX - dX_numeric)
    size = max(np.linalg.norm(dX), np.linalg.norm(dX_numeric))
    return gap / size if size else 0.0


@wrong("relative_error", "the absolute error", "absolute")
def absolute_error(dX, dX_numeric):
    worst = 0.0
    for a, b in zip(dX.flat, dX_numeric.flat, strict=True):
        worst = max(worst, abs(a - b))
    return worst


@wrong("relative_error", "the size is that of both added", "sum_of_sizes")
def both_sizes(dX, dX_numeric):
    size = np.abs(dX).max() + np.abs(dX_numeric).max()
    if size == 0:
        return 0.0
    return np.abs(dX - dX_numeric).max() / size


@wrong("relative_error", "0 divided by 0 for a dead unit", "zero_over_zero")
def no_guard(dX, dX_numeric):
    gap = np.max(np.abs(dX - dX_numeric))
    size = np.max(np.abs([dX, dX_numeric]))
    return gap / size


@right("relative_error")
def with_sorted_lists(dX, dX_numeric):
    sizes = sorted(map(abs, [*dX.ravel(), *dX_numeric.ravel()]))
    gaps = [abs(a - b) for a, b in zip(dX.ravel(), dX_numeric.ravel(), strict=True)]
    return max(gaps) / sizes[-1] if sizes[-1] > 0 else 0


@wrong("numeric_gradient", "all entries are moved at once", "all_at_once")
def all_at_once(f, X, h):
    return (f(X + h) - f(X - h)) / (2 * h) * np.ones(X.shape)


@wrong("numeric_gradient", "entries are not put back", "not_put_back_low")
def not_put_back(f, X, h):
    Z = X.copy()
    dX = np.zeros(X.shape)
    for place in np.ndindex(X.shape):
        Z[place] += h
        up = f(Z)
        Z[place] -= 2 * h
        down = f(Z)
        dX[place] = (up - down) / (2 * h)
    return dX


@wrong("numeric_gradient", "one-sided", "one_sided")
def one_sided(f, X, h):
    base = f(X)
    dX = np.empty_like(X)
    it = np.nditer(X, flags=["multi_index"])
    for value in it:
        Z = X.copy()
        Z[it.multi_index] = value + h
        dX[it.multi_index] = (f(Z) - base) / h
    return dX


@wrong("numeric_gradient", "divided by h, not 2 h", "half_width")
def over_h(f, X, h):
    dX = np.zeros(X.shape)
    for i in range(X.shape[0]):
        for j in range(X.shape[1]):
            E = np.zeros(X.shape)
            E[i, j] = h
            dX[i, j] = (f(X + E) - f(X - E)) / h
    return dX


@right("numeric_gradient")
def by_flat_places(f, X, h):
    steps = h * np.eye(X.size).reshape(X.size, *X.shape)
    slopes = [(f(X + step) - f(X - step)) / (2 * h) for step in steps]
    return np.reshape(slopes, X.shape)


@right("numeric_gradient")
def in_place_and_back(f, X, h):
    flat, out = X.reshape(-1), np.zeros(X.size)
    for k in range(X.size):
        kept = flat[k]
        flat[k] = kept + h
        a = f(X)
        flat[k] = kept - h
        b = f(X)
        flat[k] = kept
        out[k] = (a - b) / h / 2
    return out.reshape(X.shape)


@wrong("directional_check", "the claim is not summed", "not_summed")
def claim_not_summed(f, dX, X, V, h):
    measured = (f(X + h * V) - f(X - h * V)) / (2 * h)
    return measured, dX * V


@wrong("directional_check", "the direction is made a unit vector first", "direction_normalized")
def unit_direction(f, dX, X, V, h):
    U = V / np.linalg.norm(V)
    measured = (f(X + h * U) - f(X - h * U)) / (2 * h)
    return measured, np.sum(dX * U)


@wrong("directional_check", "the claim sums the gradient alone", "gradient_summed")
def without_v(f, dX, X, V, h):
    ahead, behind = f(X + h * V), f(X - h * V)
    return (ahead - behind) / (2 * h), dX.sum()


@wrong("directional_check", "the step is one-sided", "one_sided")
def forward_step(f, dX, X, V, h):
    return (f(X + h * V) - f(X)) / h, np.vdot(dX, V)


@right("directional_check")
def by_a_line(f, dX, X, V, h):
    def along(t):
        return f(X + t * V)

    return (along(h) - along(-h)) / (h + h), float(np.einsum("nd,nd->", dX, V))


@right("directional_check")
def by_a_trace(f, dX, X, V, h):
    claimed = np.trace(dX.T @ V)
    return [0.5 / h * (f(X + V * h) - f(X - V * h)), claimed]


def measured_gradient(f, X, h):
    out = np.zeros(X.shape)
    for place in np.ndindex(X.shape):
        E = np.zeros(X.shape)
        E[place] = h
        out[place] = (f(X + E) - f(X - E)) / (2 * h)
    return out


@wrong("find_wrong_entry", "only too large entries are found", "sign_kept")
def above_only(f, dX, X, h):
    gap = dX - measured_gradient(f, X, h)
    row, column = np.unravel_index(np.argmax(gap), gap.shape)
    return row, column, gap[row, column]


@wrong("find_wrong_entry", "measured minus claimed", "gap_sign")
def other_sign(f, dX, X, h):
    gap = measured_gradient(f, X, h) - dX
    row, column = np.unravel_index(np.abs(gap).argmax(), gap.shape)
    return row, column, gap[row, column]


@wrong("find_wrong_entry", "row and column exchanged", "exchanged")
def column_first(f, dX, X, h):
    gap = dX - measured_gradient(f, X, h)
    i, j = np.unravel_index(np.abs(gap).argmax(), gap.shape)
    return j, i, gap[i, j]


@wrong("find_wrong_entry", "the gap has no sign", "gap_without_sign")
def gap_without_sign(f, dX, X, h):
    gap = np.abs(dX - measured_gradient(f, X, h))
    place = int(np.argmax(gap))
    return place // X.shape[1], place % X.shape[1], gap.max()


@right("find_wrong_entry")
def by_a_loop(f, dX, X, h):
    best = (-1.0, 0, 0, 0.0)
    numeric = measured_gradient(f, X, h)
    for i, row in enumerate(dX):
        for j, claimed in enumerate(row):
            gap = claimed - numeric[i, j]
            if abs(gap) > best[0]:
                best = (abs(gap), i, j, gap)
    return best[1:]
