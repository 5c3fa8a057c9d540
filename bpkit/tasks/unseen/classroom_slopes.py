"""What a teaching assistant sees every week in slopes, chains, graphs and checks."""

import numpy as np

from bpkit.tasks.unseen import wrong


@wrong("one_sided_difference", "the value to the left, divided by 2h", "leftward", "twice_the_step")
def leftward_over_two_h(f, x, h):
    return (f(x) - f(x - h)) / (2 * h)


@wrong("one_sided_difference", "the result is rounded to two decimals", "function")
def rounded_to_two(f, x, h):
    rise = f(x + h) - f(x)
    return round(rise / h, 2)


@wrong("centered_difference", "a step of its own, divided by h", "half_width", "own_step")
def own_step_over_h(f, x, h):
    h = 1e-5
    return (f(x + h) - f(x - h)) / h


@wrong("complex_step_derivative", "not divided by h", "not_divided")
def not_divided_by_h(f, x, h):
    z = complex(x, h)
    return f(z).imag


@wrong("complex_step_derivative", "real part taken, not imaginary part", "real_part")
def real_part_of_quotient(f, x, h):
    return (f(x + 1j * h) / h).real


@wrong("best_step", "the smallest error so far is never updated: the last step wins", "supposed")
def lowest_never_updated(f, x, slope, steps):
    errors = []
    best = None
    low = 1.0
    for h in steps:
        e = abs((f(x + h) - f(x - h)) / (2 * h) - slope)
        errors.append(e)
        if e < low:
            best = h
    return np.array(errors), best


@wrong("best_step", "/ 2 * h multiplies by h: brackets around 2 * h missing", "brackets")
def no_brackets_around_two_h(f, x, slope, steps):
    d = np.array([(f(x + h) - f(x - h)) / 2 * h for h in steps])
    errors = np.abs(d - slope)
    return errors, steps[np.argmin(errors)]


@wrong("best_step", "the errors are sorted, and the first step is returned", "independent", "order")
def errors_sorted(f, x, slope, steps):
    errors = np.array([abs((f(x + h) - f(x - h)) / (2 * h) - slope) for h in steps])
    errors.sort()
    return errors, steps[0]


@wrong("chain_of_three", "dh is evaluated at its output y, not its input", "dh_at_y")
def dh_at_y(x, f, df, g, dg, h, dh):
    a = f(x)
    b = g(a)
    y = h(b)
    return y, df(x) * dg(a) * dh(y)


@wrong("chain_of_three", "dg and df are added, not multiplied", "operator")
def inner_slopes_added(x, f, df, g, dg, h, dh):
    a = f(x)
    b = g(a)
    return h(b), dh(b) * (dg(a) + df(x))


@wrong("chain_backward", "the slopes are taken from the first to the last", "slopes_reversed")
def slopes_from_the_front(slopes, upstream):
    grads = [upstream]
    for s in slopes:
        grads.insert(0, grads[0] * s)
    return np.array(grads)


@wrong(
    "chain_backward",
    "the cumulative product isn't turned back: the result is in the wrong order",
    "not_turned_back",
)
def products_not_turned_back(slopes, upstream):
    return upstream * np.append(np.cumprod(slopes[::-1]), 1.0)


@wrong("forward_mode", "dx is ignored: starts with 1", "start_ignored")
def dx_ignored(x, dx, links):
    y = x
    dy = 1.0
    for f, df in links:
        dy *= df(y)
        y = f(y)
    return y, dy


@wrong("fork_gradient", "sine times cosine: a + b is left out of da", "independent")
def sine_times_cosine(a, b):
    da = np.sin(a) * np.cos(a)
    db = np.sin(a)
    return da, db


@wrong("fork_gradient", "in the second term of da the factor is a, not a + b: b left out", "term")
def b_left_out(a, b):
    da = np.sin(a) + a * np.cos(a)
    db = np.sin(a)
    return da, db


@wrong("total_derivative", "dg multiplies the wrong partial derivative, fx, not fy", "dg_on_direct")
def dg_on_fx(x, f, fx, fy, g, dg):
    y = g(x)
    return f(x, y), fx(x, y) * dg(x) + fy(x, y)


@wrong("total_derivative", "g(x) multiplied, not its slope dg(x)", "operand")
def g_for_dg(x, f, fx, fy, g, dg):
    y = g(x)
    return f(x, y), fx(x, y) + fy(x, y) * y


@wrong("count_paths", "a part used twice is counted once (set)", "double_use")
def parts_as_a_set(graph, start, end):
    def ways(node):
        if node == start:
            return 1
        n = 0
        for p in set(graph[node]):
            n += ways(p)
        return n

    return ways(end)


@wrong("count_paths", "base case returns 0, not 1", "never_counted")
def zero_at_the_start(graph, start, end):
    if start == end:
        return 0
    return sum(zero_at_the_start(graph, start, p) for p in graph[end])


@wrong("sum_over_paths", "slopes along a path are added, not multiplied", "added_along")
def slopes_added_along(edges, start, end):
    def go(node):
        if node == start:
            return 1.0
        out = 0.0
        for part, s in edges[node]:
            out += s + go(part)
        return out

    return go(end)


@wrong("sum_over_paths", "returns inside the loop: only the first part is followed", "first_part")
def returned_from_the_loop(edges, start, end):
    if start == end:
        return 1.0
    for part, s in edges[end]:
        return s * returned_from_the_loop(edges, start, part)
    return 0.0


@wrong("count_consumers", "assigned 1, not counted up", "used_or_not")
def one_instead_of_counting(graph):
    counts = dict.fromkeys(graph, 0)
    for parts in graph.values():
        for p in parts:
            counts[p] = 1
    return counts


@wrong(
    "zero_gradients",
    "a node reached by several paths is counted several times: no set of visited",
    "counted_twice",
)
def counted_by_every_path(root):
    def clear(node):
        node.grad = 0.0
        n = 1
        for p in node.parts:
            n += clear(p)
        return n

    return clear(root)


@wrong("zero_gradients", "only the root's gradient is set to zero", "root_each_time")
def root_alone_set(root):
    seen = set()
    stack = [root]
    while stack:
        node = stack.pop()
        if node in seen:
            continue
        seen.add(node)
        stack.extend(node.parts)
    root.grad = 0.0
    return len(seen)


@wrong(
    "tape_backward",
    "goes down at every visit with all that has arrived so far",
    "again_at_every_visit",
)
def down_at_every_visit(root):
    grads = {root.name: 1.0}

    def go(node):
        for p, s in zip(node.parts, node.slopes, strict=True):
            grads[p.name] = grads.get(p.name, 0.0) + s * grads[node.name]
            go(p)

    go(root)
    return grads


@wrong("tape_backward", "the upstream gradient n.grad isn't multiplied in", "upstream_missing")
def slope_without_upstream(root):
    order, seen = [], set()

    def visit(n):
        if n.name in seen:
            return
        seen.add(n.name)
        for p in n.parts:
            visit(p)
        order.append(n)

    visit(root)
    root.grad = 1.0
    for n in order[::-1]:
        for p, s in zip(n.parts, n.slopes, strict=True):
            p.grad += s
    return {n.name: n.grad for n in order}


@wrong("relative_error", "divided by the sum of the two sizes, not the larger", "sum_of_sizes")
def two_sizes_added(dX, dX_numeric):
    num = np.abs(dX - dX_numeric).max()
    den = np.abs(dX).max() + np.abs(dX_numeric).max()
    return 0.0 if den == 0 else num / den


@wrong("relative_error", "no absolute value in the size", "size_signed")
def size_without_absolute(dX, dX_numeric):
    den = max(dX.max(), dX_numeric.max())
    if den == 0:
        return 0.0
    return np.abs(dX - dX_numeric).max() / den


@wrong("numeric_gradient", "the entry isn't put back", "in place", "not_put_back_low")
def entry_left_low(f, X, h):
    g = np.zeros_like(X)
    for idx in np.ndindex(X.shape):
        old = X[idx]
        X[idx] = old + h
        up = f(X)
        X[idx] = old - h
        down = f(X)
        g[idx] = (up - down) / (2 * h)
    return g


@wrong("directional_check", "the direction is normalized in measured", "supposed")
def direction_of_length_one(f, dX, X, V, h):
    U = V / np.linalg.norm(V)
    measured = (f(X + h * U) - f(X - h * U)) / (2 * h)
    return measured, (dX * V).sum()


@wrong("directional_check", "claimed takes the product with X, not with V", "with_x")
def claim_with_X(f, dX, X, V, h):
    measured = (f(X + h * V) - f(X - h * V)) / (2 * h)
    claimed = np.sum(dX * X)
    return measured, claimed
