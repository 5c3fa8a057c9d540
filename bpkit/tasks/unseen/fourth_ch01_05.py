"""A fourth wave, written from the statements alone: chapters 1 to 5."""

import math

import numpy as np

from bpkit.tasks.unseen import wrong


@wrong(
    "one_sided_difference",
    "the rise is divided by x + h instead of by the distance",
    "over_the_place",
)
def over_the_point(f, x, h):
    return (f(x + h) - f(x)) / (x + h)


@wrong("centered_difference", "the points are half a step away, the distance is 2 h", "half_steps")
def half_points(f, x, h):
    rise = f(x + h / 2) - f(x - h / 2)
    return rise / (2 * h)


@wrong("centered_difference", "the right point alone is used twice as far", "term", "operand")
def far_right(f, x, h):
    return (f(x + 2 * h) - f(x)) / (2 * h)


@wrong(
    "complex_step_derivative",
    "f(x) is subtracted and the size of what is left is taken",
    "distance",
)
def size_of_rise(f, x, h):
    return abs(f(x + 1j * h) - f(x)) / h


@wrong("complex_step_derivative", "the step is real", "step_is_real")
def real_step(f, x, h):
    return np.imag(f(complex(x + h, 0))) / h


@wrong("best_step", "the relative error is taken", "relative")
def relative_errors(f, x, slope, steps):
    d = [(f(x + h) - f(x - h)) / (2 * h) for h in steps]
    errors = np.abs(np.array(d) - slope) / abs(slope)
    return errors, steps[np.argmin(errors)]


@wrong("best_step", "the place of the best step, not the step", "place_returned")
def place_of_best(f, x, slope, steps):
    errors = np.array([abs((f(x + h) - f(x - h)) / (2 * h) - slope) for h in steps])
    return errors, float(np.argmin(errors))


@wrong("second_difference", "one-sided: points at x, x + h, x + 2 h", "rightward")
def to_the_right(f, x, h):
    return (f(x + 2 * h) - 2 * f(x + h) + f(x)) / h**2


@wrong("second_difference", "the middle value is counted once", "middle_once")
def middle_once(f, x, h):
    return (f(x + h) - f(x) + f(x - h)) / h**2


@wrong("chain_of_three", "g's slope is taken at x", "dg_at_x")
def g_slope_at_x(x, f, df, g, dg, h, dh):
    u = f(x)
    v = g(u)
    return h(v), df(x) * dg(x) * dh(v)


@wrong("chain_of_three", "the slopes are added", "added")
def added_slopes(x, f, df, g, dg, h, dh):
    return h(g(f(x))), df(x) + dg(f(x)) + dh(g(f(x)))


@wrong("chain_backward", "a running product from the front", "forward")
def from_the_front(slopes, upstream):
    out = [upstream]
    for s in slopes:
        out.append(out[-1] * s)
    return np.array(out)


@wrong("chain_backward", "the last entry is 1", "factor")
def last_is_one(slopes, upstream):
    grads = np.ones(len(slopes) + 1)
    for k in reversed(range(len(slopes))):
        grads[k] = slopes[k] * (grads[k + 1] if k + 1 < len(slopes) else upstream)
    return grads


@wrong("forward_mode", "the slopes are added up")
def summed_slopes(x, dx, links):
    total = 0
    for f, df in links:
        total += df(x)
        x = f(x)
    return x, total * dx


@wrong("fork_gradient", "the product rule's second half has a minus", "cosine_sign")
def minus_cosine(a, b):
    return np.sin(a) - (a + b) * np.cos(a), np.sin(a)


@wrong("fork_gradient", "degrees")
def degrees(a, b):
    r = math.radians(a)
    return math.sin(r) + (a + b) * math.cos(r), math.sin(r)


@wrong("total_derivative", "the partials are taken at (x, x)", "at_x_x")
def both_at_x(x, f, fx, fy, g, dg):
    return f(x, g(x)), fx(x, x) + fy(x, x) * dg(x)


@wrong("count_paths", "counts the edges passed, not the ends", "steps_counted")
def nodes_seen(graph, start, end):
    if start == end:
        return 1
    return sum(1 + nodes_seen(graph, start, p) for p in graph[end])


@wrong("sum_over_paths", "the slopes along a path are added")
def added_along(edges, start, end):
    def go(node, acc):
        if node == start:
            return acc
        return sum(go(part, acc + s) for part, s in edges[node])

    return go(end, 0.0) if start != end else 1.0


@wrong("sum_over_paths", "only the largest path counts", "function")
def largest_path(edges, start, end):
    if start == end:
        return 1.0
    return max((s * largest_path(edges, start, p) for p, s in edges[end]), default=0.0)


@wrong("savings_gradient", "deposits are thought to earn in their own year", "deposits_too_early")
def deposit_first(start, rate, deposits):
    T = len(deposits)
    powers = rate ** np.arange(T, 0, -1.0)
    drate = T * start * rate ** (T - 1)
    drate += sum((T - t) * d * rate ** (T - t - 1) for t, d in enumerate(deposits))
    return rate**T, drate, powers


@wrong("savings_gradient", "the last balance instead of the one before the year", "balance_after")
def balance_after(start, rate, deposits):
    b, balances = start, []
    for d in deposits:
        b = b * rate + d
        balances.append(b)
    up, drate, dd = 1.0, 0.0, np.zeros(len(deposits))
    for t in range(len(deposits) - 1, -1, -1):
        dd[t] = up
        drate += up * balances[t]
        up *= rate
    return up, drate, dd


@wrong("zero_gradients", "nodes on several paths are counted again", "counted_twice")
def counted_again(root):
    root.grad = 0
    return 1 + sum(counted_again(p) for p in root.parts)


@wrong("zero_gradients", "stops at nodes whose gradient is 0", "stops_at_zero")
def stops_at_zero(root):
    seen = set()

    def go(node):
        if node in seen or (node is not root and node.grad == 0):
            return
        seen.add(node)
        node.grad = 0.0
        for p in node.parts:
            go(p)

    go(root)
    return len(seen)


@wrong("topological_order", "users before what they are made from", "reversed")
def users_first(graph):
    order, seen = [], set()

    def visit(n):
        if n not in seen:
            seen.add(n)
            for p in graph[n]:
                visit(p)
            order.append(n)

    for n in graph:
        visit(n)
    return order[::-1]


@wrong(
    "tape_backward",
    "visits depth first, passing on what has arrived so far",
    "again_at_every_visit",
)
def too_early(root):
    grads = {}

    def go(node, up):
        grads[node.name] = grads.get(node.name, 0.0) + up
        for p, s in zip(node.parts, node.slopes, strict=True):
            go(p, s * grads[node.name])

    go(root, 1.0)
    return grads


@wrong("tape_backward", "the last path wins", "last_path_only")
def last_wins(root):
    grads = {}

    def go(node, up):
        grads[node.name] = up
        for p, s in zip(node.parts, node.slopes, strict=True):
            go(p, s * up)

    go(root, 1.0)
    return grads


@wrong("program_backward", "division: the denominator's slope lacks its minus", "div_sign")
def plus_in_division(x, program):
    v = list(x)
    for op, i, j in program:
        a, b = v[i], v[j]
        v.append(
            a + b if op == "add" else a - b if op == "sub" else a * b if op == "mul" else a / b
        )
    g = [0.0] * len(v)
    g[-1] = 1.0
    for n in range(len(v) - 1, len(x) - 1, -1):
        op, i, j = program[n - len(x)]
        if op in ("add", "sub"):
            g[i] += g[n]
            g[j] += g[n] if op == "add" else -g[n]
        elif op == "mul":
            g[i] += g[n] * v[j]
            g[j] += g[n] * v[i]
        else:
            g[i] += g[n] / v[j]
            g[j] += g[n] * v[i] / v[j] ** 2
    return np.array(g[: len(x)])


@wrong("relative_error", "the sum of the two sizes below", "sum_of_sizes")
def sum_of_sizes(dX, dX_numeric):
    size = np.abs(dX).max() + np.abs(dX_numeric).max()
    return 0.0 if size == 0 else np.abs(dX - dX_numeric).max() / size


@wrong("relative_error", "entry by entry, then the largest", "entry_by_entry")
def entrywise(dX, dX_numeric):
    size = np.maximum(np.abs(dX), np.abs(dX_numeric))
    return float(np.max(np.abs(dX - dX_numeric) / np.where(size == 0, 1, size)))


@wrong("relative_error", "the norm of the difference over the norm of the larger", "euclidean")
def with_norms(dX, dX_numeric):
    size = max(np.linalg.norm(dX), np.linalg.norm(dX_numeric))
    return np.linalg.norm(dX - dX_numeric) / size if size else 0.0


@wrong("numeric_gradient", "the whole row is moved", "whole_row")
def whole_row(f, X, h):
    dX = np.zeros_like(X)
    for i in range(X.shape[0]):
        for j in range(X.shape[1]):
            E = np.zeros_like(X)
            E[i] = h
            dX[i, j] = (f(X + E) - f(X - E)) / (2 * h)
    return dX
