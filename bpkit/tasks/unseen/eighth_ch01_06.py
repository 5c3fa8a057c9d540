"""An eighth wave, written from the statements alone: chapters 1 to 6."""

# ruff: noqa: B007, B905, C420 - it stands as it was written

import numpy as np

from bpkit.tasks.unseen import wrong


@wrong(
    "one_sided_difference",
    "the second value is taken to the left of x instead of to the right",
    "leftward",
)
def difference_to_the_left(f, x, h):
    rise = f(x) - f(x - h)
    return rise / h


@wrong(
    "complex_step_derivative",
    "it measures how far f moves in the complex plane instead of reading off the imaginary part",
    "distance",
)
def complex_distance(f, x, h):
    moved = f(x + 1j * h) - f(x)
    return abs(moved) / h


@wrong(
    "best_step",
    "step is the place of the best step in the list instead of the step itself",
    "place_returned",
)
def best_step_is_an_index(f, x, slope, steps):
    errors = np.array([abs((f(x + h) - f(x - h)) / (2 * h) - slope) for h in steps])
    return errors, int(np.argmin(errors))


@wrong(
    "best_step",
    "the difference is one-sided, and the errors are divided by the true slope",
    "one_sided",
    "relative",
)
def best_step_one_sided_and_relative(f, x, slope, steps):
    errors = np.zeros(len(steps))
    for k in range(len(steps)):
        d = (f(x + steps[k]) - f(x)) / steps[k]
        errors[k] = abs((d - slope) / slope)
    return errors, steps[errors.argmin()]


@wrong(
    "chain_backward",
    "each place multiplies upstream by its own slope only, not by all the later ones",
    "one_link",
)
def chain_own_slope_only(slopes, upstream):
    K = len(slopes)
    grads = np.zeros(K + 1)
    grads[K] = upstream
    for k in range(K - 1, -1, -1):
        grads[k] = slopes[k] * upstream
    return grads


@wrong(
    "fork_gradient",
    "the derivative of the product is taken as the product of the derivatives",
    "slopes_multiplied",
)
def fork_product_of_slopes(a, b):
    d_sum, d_sin = 1.0, np.cos(a)
    da = d_sum * d_sin
    db = np.sin(a)
    return da, db


@wrong("total_derivative", "g's derivative is taken at g(x) instead of at x", "dg_at_y")
def total_dg_at_y(x, f, fx, fy, g, dg):
    y = g(x)
    z = f(x, y)
    slope = fx(x, y) + fy(x, y) * dg(y)
    return z, slope


@wrong(
    "total_derivative",
    "the partial derivatives are taken at (x, x) instead of at (x, g(x))",
    "at_x_x",
)
def total_partials_at_x_x(x, f, fx, fy, g, dg):
    return f(x, g(x)), fx(x, x) + dg(x) * fy(x, x)


@wrong("count_paths", "every leaf ends a path, whether it is the start or not", "any_leaf")
def paths_to_any_leaf(graph, start, end):
    if end == start or not graph[end]:
        return 1
    n = 0
    for part in graph[end]:
        n += paths_to_any_leaf(graph, start, part)
    return n


@wrong(
    "sum_over_paths",
    "a part that stands twice keeps only its last slope, since the pairs are made into a "
    "dictionary",
    "double_use",
)
def paths_pairs_as_dict(edges, start, end):
    if start == end:
        return 1.0
    slopes = dict(edges[end])
    return sum(slopes[p] * paths_pairs_as_dict(edges, start, p) for p in slopes)


@wrong("count_consumers", "a part that stands twice in a list is counted once", "double_use")
def consumers_counted_once(graph):
    counts = {node: 0 for node in graph}
    for node in graph:
        for other, parts in graph.items():
            if node in parts:
                counts[node] += 1
    return counts


@wrong(
    "zero_gradients",
    "a node that is reached by several paths is counted once for each path",
    "counted_twice",
)
def zero_counts_paths(root):
    root.grad = 0.0
    n = 1
    for part in root.parts:
        n += zero_counts_paths(part)
    return n


@wrong(
    "topological_order",
    "nodes are listed in the order of a walk down from each, then reversed; a shared part"
    " may be met before another of its users",
    "before_parts",
    "reversed",
)
def topological_preorder_reversed(graph):
    seen = []

    def walk(node):
        if node in seen:
            return
        seen.append(node)
        for p in graph[node]:
            walk(p)

    for node in graph:
        walk(node)
    return seen[::-1]


@wrong(
    "tape_backward",
    "at every visit a node passes on all it has gathered so far, so earlier parts are sent twice",
    "again_at_every_visit",
)
def tape_passes_on_everything(root):
    grads = {root.name: 1.0}

    def push(node):
        for part, slope in zip(node.parts, node.slopes):
            grads[part.name] = grads.get(part.name, 0.0) + slope * grads[node.name]
            push(part)

    push(root)
    return grads


@wrong(
    "tape_backward",
    "a node passes its gradient on at the first visit, before all of it has arrived",
    "as_reached",
)
def tape_breadth_first(root):
    grads = {root.name: 1.0}
    queue, seen = [root], {root.name}
    while queue:
        node = queue.pop(0)
        for part, slope in zip(node.parts, node.slopes):
            grads[part.name] = grads.get(part.name, 0.0) + slope * grads[node.name]
            if part.name not in seen:
                seen.add(part.name)
                queue.append(part)
    return grads


@wrong(
    "relative_error",
    "each entry's error is divided by that entry's own size, and the largest such ratio is taken",
    "entry_by_entry",
)
def relative_entry_by_entry(dX, dX_numeric):
    size = np.maximum(np.abs(dX), np.abs(dX_numeric))
    if size.max() == 0:
        return 0.0
    return np.max(np.abs(dX - dX_numeric) / np.where(size == 0, 1, size))


@wrong(
    "relative_error",
    "the largest difference is taken with its sign, and the size is that of dX alone",
    "difference_signed",
    "size_of_claimed",
)
def relative_signed_and_one_sized(dX, dX_numeric):
    scale = np.abs(dX).max()
    if scale == 0:
        return 0.0
    return (dX - dX_numeric).max() / scale


@wrong(
    "numeric_gradient",
    "an entry that was moved is not put back before the next one is measured",
    "not_put_back_low",
)
def numeric_not_put_back(f, X, h):
    P = X.copy()
    dX = np.zeros(X.shape)
    for i in range(X.shape[0]):
        for j in range(X.shape[1]):
            P[i, j] += h
            up = f(P)
            P[i, j] -= 2 * h
            down = f(P)
            dX[i, j] = (up - down) / (2 * h)
    return dX


@wrong(
    "numeric_gradient",
    "after the step to the right it goes back by h only, so the left value is taken at X itself",
    "factor",
    "one_sided",
)
def numeric_half_way_back(f, X, h):
    dX = np.zeros_like(X)
    it = np.nditer(X, flags=["multi_index"])
    for _ in it:
        idx = it.multi_index
        Q = X.copy()
        Q[idx] += h
        right = f(Q)
        Q[idx] -= h
        left = f(Q)
        dX[idx] = (right - left) / (2 * h)
    return dX


@wrong(
    "directional_check",
    "claimed is the slope along V brought to length 1, while measured moves along V as it is",
    "claimed_per_length",
)
def directional_claim_per_unit(f, dX, X, V, h):
    measured = (f(X + h * V) - f(X - h * V)) / (2 * h)
    unit = V / np.linalg.norm(V)
    claimed = np.sum(dX * unit)
    return measured, claimed


@wrong(
    "jacobian_of_map",
    "the derivatives are listed input by input, and so land in the wrong places of the 2 "
    "by 3 table",
    "layout",
)
def jacobian_listed_by_input(x):
    d_x0 = [x[1], np.cos(x[0]) * x[2] ** 2]
    d_x1 = [x[0], 0]
    d_x2 = [1, 2 * x[2] * np.sin(x[0])]
    return np.array(d_x0 + d_x1 + d_x2).reshape(2, 3)


@wrong(
    "sum_backward",
    "the gradient is shared out evenly along the axis, as for a mean",
    "averaged",
)
def sum_backward_shares_out(dY, X, axis):
    n = X.shape[axis]
    part = np.expand_dims(dY, axis) / n
    return np.concatenate([part] * n, axis=axis)


@wrong(
    "vector_matrix_vjp",
    "dW is the outer product the wrong way round, reshaped instead of transposed",
    "layout",
)
def outer_reshaped(dy, x, W):
    dx = np.array([dy @ W[d] for d in range(len(x))])
    dW = np.outer(dy, x).reshape(W.shape)
    return dx, dW
