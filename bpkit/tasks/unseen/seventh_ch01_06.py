"""A seventh wave, written from the statements alone: chapters 1 to 6."""

# ruff: noqa: B905 - it stands as it was written

import numpy as np

from bpkit.tasks.unseen import wrong


@wrong(
    "one_sided_difference",
    "the rise is divided by the right point's position x + h, not by the distance h",
    "over_the_place",
)
def rise_over_position(f, x, h):
    x2 = x + h
    rise = f(x2) - f(x)
    return rise / x2


@wrong(
    "centered_difference",
    "averages two one-sided slopes, but the left one is taken with the wrong sign, f(x - "
    "h) - f(x) over h",
    "sign",
)
def mean_of_two_slopes(f, x, h):
    here = f(x)
    right = (f(x + h) - here) / h
    left = (f(x - h) - here) / h
    return (right + left) / 2


@wrong(
    "complex_step_derivative",
    "divides by the whole step 1j * h and then still takes the imaginary part, where the "
    "slope now is the real part",
    "real_part_of_difference",
    "sign",
)
def divides_by_ih(f, x, h):
    step = 1j * h
    quotient = (f(x + step) - f(x)) / step
    return quotient.imag


@wrong(
    "best_step",
    "returns the smallest error itself in place of the step that has it",
    "error_returned",
)
def returns_the_error(f, x, slope, steps):
    measured = np.array([(f(x + h) - f(x - h)) / (2 * h) for h in steps])
    errors = np.abs(measured - slope)
    return errors, errors.min()


@wrong(
    "chain_of_three",
    "the derivatives are composed, dh(dg(df(x))), rather than multiplied",
    "nested",
)
def composes_derivatives(x, f, df, g, dg, h, dh):
    y = h(g(f(x)))
    slope = dh(dg(df(x)))
    return y, slope


@wrong(
    "chain_backward",
    "the walk begins at x[0] with the upstream and multiplies from front to back",
    "forward",
)
def walks_forward(slopes, upstream):
    K = len(slopes)
    grads = np.zeros(K + 1)
    grads[0] = upstream
    for k in range(K):
        grads[k + 1] = grads[k] * slopes[k]
    return grads


@wrong(
    "forward_mode",
    "dx is overwritten by each link's slope instead of multiplied by it, so only the last"
    " link's slope stays",
    "last_link_only",
)
def only_last_slope(x, dx, links):
    y = x
    dy = dx
    for f, df in links:
        dy = df(y) * dx
        y = f(y)
    return y, dy


@wrong(
    "fork_gradient",
    "da takes the product of the two factors' derivatives in place of the product rule",
    "slopes_multiplied",
)
def product_of_derivatives(a, b):
    d_sum = 1.0
    d_sin = np.cos(a)
    da = d_sum * d_sin
    db = np.sin(a)
    return da, db


@wrong(
    "total_derivative",
    "the partial derivatives are taken at (x, x), since f 'is fed the same x twice', and "
    "not at (x, g(x))",
    "at_x_x",
)
def partials_at_x_x(x, f, fx, fy, g, dg):
    z = f(x, g(x))
    direct = fx(x, x)
    through_g = fy(x, x) * dg(x)
    return z, direct + through_g


@wrong(
    "count_paths",
    "walks from start down through its parts to look for end, the wrong way along the lists",
    "never_counted",
)
def searches_downward_from_start(graph, start, end):
    if start == end:
        return 1
    n = 0
    for part in graph[start]:
        n += searches_downward_from_start(graph, part, end)
    return n


@wrong(
    "sum_over_paths",
    "the pairs are turned into a dictionary, which keeps one slope of a part that stands "
    "there twice",
    "double_use",
)
def dict_loses_a_slope(edges, start, end):
    if end == start:
        return 1.0
    slopes = dict(edges[end])
    return sum(s * dict_loses_a_slope(edges, start, p) for p, s in slopes.items())


@wrong(
    "sum_over_paths",
    "returns as soon as a direct edge to start is found and leaves out the other paths",
    "direct_only",
)
def takes_the_shortcut(edges, start, end):
    if start == end:
        return 1.0
    for part, slope in edges[end]:
        if part == start:
            return slope
    total = 0.0
    for part, slope in edges[end]:
        total += slope * takes_the_shortcut(edges, start, part)
    return total


@wrong(
    "count_consumers",
    "counts how many parts each node has, and not how often it is a part",
    "parts_counted",
)
def counts_own_parts(graph):
    counts = {}
    for node, parts in graph.items():
        counts[node] = len(parts)
    return counts


@wrong(
    "zero_gradients",
    "a leaf is returned from before its gradient is cleared, so the leaves keep theirs",
    "leaves_left",
)
def leaves_keep_theirs(root):
    seen = set()

    def visit(node):
        if id(node) in seen:
            return
        seen.add(id(node))
        if not node.parts:
            return
        node.grad = 0.0
        for p in node.parts:
            visit(p)

    visit(root)
    return len(seen)


@wrong(
    "topological_order",
    "nodes are noted when they are entered, and the list reversed: a reversed preorder is"
    " no topological order",
    "before_parts",
    "reversed",
)
def reversed_preorder(graph):
    order = []

    def go(node):
        if node in order:
            return
        order.append(node)
        for part in graph[node]:
            go(part)

    for node in graph:
        go(node)
    return order[::-1]


@wrong(
    "tape_backward",
    "a node passes on all of its accumulated gradient at every arrival, so earlier "
    "arrivals are sent down again",
    "again_at_every_visit",
)
def resends_everything(root):
    grads = {}

    def push(node, arriving):
        node.grad += arriving
        grads[node.name] = node.grad
        for p, s in zip(node.parts, node.slopes):
            push(p, node.grad * s)

    push(root, 1.0)
    return grads


@wrong(
    "tape_backward",
    "a node passes its gradient on at its first turn, before all of it has arrived, and "
    "what arrives later goes no further down",
    "last_in_first_out",
)
def too_early(root):
    grads = {root.name: 1.0}
    stack, done = [root], []
    while stack:
        node = stack.pop()
        if node.name in done:
            continue
        done.append(node.name)
        for part, slope in zip(node.parts, node.slopes):
            grads[part.name] = grads.get(part.name, 0.0) + slope * grads[node.name]
            stack.append(part)
    return grads


@wrong(
    "tape_backward",
    "a part's gradient is set, not added to, so the last consumer's report replaces the others",
    "assigned",
)
def last_report_wins(root):
    order, seen = [], set()

    def visit(n):
        if n.name in seen:
            return
        seen.add(n.name)
        for p in n.parts:
            visit(p)
        order.append(n)

    visit(root)
    grads = {n.name: 0.0 for n in order}
    grads[root.name] = 1.0
    for n in reversed(order):
        for p, s in zip(n.parts, n.slopes):
            grads[p.name] = grads[n.name] * s
    return grads


@wrong(
    "relative_error",
    "takes the difference of the absolute values, so entries of opposite sign seem to agree",
    "brackets",
)
def compares_magnitudes(dX, dX_numeric):
    a = np.abs(dX)
    b = np.abs(dX_numeric)
    scale = max(a.max(), b.max())
    return 0.0 if scale == 0 else np.abs(a - b).max() / scale


@wrong(
    "numeric_gradient",
    "the entry is moved up by h and then down by h only, so the second value is at X "
    "itself and not at X - h",
    "factor",
    "one_sided",
)
def back_by_h_only(f, X, h):
    dX = np.zeros_like(X)
    for i in range(X.shape[0]):
        for j in range(X.shape[1]):
            X[i, j] += h
            up = f(X)
            X[i, j] -= h
            down = f(X)
            dX[i, j] = (up - down) / (2 * h)
    return dX


@wrong(
    "numeric_gradient",
    "X is not copied: both names are the same array, so both values of f are the same and"
    " the gradient is 0",
    "one_array",
)
def same_array_twice(f, X, h):
    dX = np.zeros(X.shape)
    for idx in np.ndindex(*X.shape):
        right = X
        left = X
        right[idx] = right[idx] + h
        left[idx] = left[idx] - h
        dX[idx] = (f(right) - f(left)) / (2 * h)
    return dX


@wrong(
    "directional_check",
    "the claim is the length of the gradient times that of V, as if V pointed along the gradient",
)
def product_of_lengths(f, dX, X, V, h):
    plus, minus = X + h * V, X - h * V
    measured = (f(plus) - f(minus)) / (2 * h)
    claimed = np.sqrt((dX**2).sum()) * np.sqrt((V**2).sum())
    return measured, claimed


@wrong(
    "jacobian_of_map",
    "the derivative of y1 by x0 differentiates both factors at once: cos(x0) * 2 * x2",
    "both_at_once_0",
)
def both_factors_at_once(x):
    x0, x1, x2 = x
    row0 = [x1, x0, 1.0]
    row1 = [np.cos(x0) * 2 * x2, 0.0, np.sin(x0) * 2 * x2]
    return np.array([row0, row1])
