"""A fifth wave, written from the statements alone: chapters 1 to 4."""

import numpy as np

from bpkit.tasks.unseen import wrong


@wrong("one_sided_difference", "the mean of the slopes on both sides: centered", "centered")
def both_sides(f, x, h):
    return ((f(x + h) - f(x)) / h + (f(x) - f(x - h)) / h) / 2


@wrong("one_sided_difference", "multiplied by h", "multiplied")
def times_h(f, x, h):
    return (f(x + h) - f(x)) * h


@wrong("centered_difference", "divided by 2 and multiplied by h", "brackets")
def over_two_times_h(f, x, h):
    return (f(x + h) - f(x - h)) / 2 * h


@wrong("centered_difference", "the left point is at h - x", "sign")
def left_turned(f, x, h):
    return (f(x + h) - f(h - x)) / (2 * h)


@wrong("complex_step_derivative", "divided by x", "operand")
def over_x(f, x, h):
    return f(complex(x, h)).imag / x


@wrong("complex_step_derivative", "x itself is imaginary", "x_turned_too")
def x_imaginary(f, x, h):
    return np.imag(f((x + h) * 1j)) / h


@wrong("best_step", "signed errors are returned and the least is taken", "sign_kept")
def signed_errors(f, x, slope, steps):
    errors = np.array([(f(x + h) - f(x - h)) / (2 * h) - slope for h in steps])
    return errors, steps[np.argmin(errors)]


@wrong("best_step", "the smallest step", "smallest")
def smallest_step(f, x, slope, steps):
    return np.array([abs((f(x + h) - f(x - h)) / (2 * h) - slope) for h in steps]), min(steps)


@wrong("second_difference", "divided by h once", "divided_once")
def once_by_h(f, x, h):
    return (f(x + h) - 2 * f(x) + f(x - h)) / h


@wrong("second_difference", "the slopes' difference over 2 h", "half")
def over_two_h(f, x, h):
    right, left = (f(x + h) - f(x)) / h, (f(x) - f(x - h)) / h
    return (right - left) / (2 * h)


@wrong("chain_of_three", "the functions in the opposite order", "other_order")
def other_way_round(x, f, df, g, dg, h, dh):
    u = h(x)
    v = g(u)
    return f(v), dh(x) * dg(u) * df(v)


@wrong("chain_of_three", "dh at g(x)", "operand")
def h_slope_at_gx(x, f, df, g, dg, h, dh):
    u = f(x)
    return h(g(u)), df(x) * dg(u) * dh(g(x))


@wrong(
    "chain_backward",
    "cumulative product of the reversed slopes, upstream left out at the end",
    "factor",
)
def no_upstream_at_end(slopes, upstream):
    run = np.cumprod(slopes[::-1])[::-1] * upstream
    return np.append(run, 1.0)


@wrong("chain_backward", "each slope times upstream only, not products", "one_link")
def single_links(slopes, upstream):
    return np.append(slopes * upstream, upstream)


@wrong("forward_mode", "dx is not used", "start_ignored")
def dx_unused(x, dx, links):
    d = 1.0
    for f, df in links:
        d *= df(x)
        x = f(x)
    return x, d


@wrong("forward_mode", "the last link is left out of the slope", "count")
def last_link_lost(x, dx, links):
    for k, (f, df) in enumerate(links):
        if k < len(links) - 1:
            dx = dx * df(x)
        x = f(x)
    return x, dx


@wrong(
    "gauge_gradient",
    "d squared's derivative by the power rule without lowering the power",
    "power_kept",
)
def power_kept(d, P):
    E = P / d**2
    c = 2 * np.log1p(E) / (1 + E)
    return c * -2 * P / d**2, c / d**2


@wrong("gauge_gradient", "one factor 2 for the square is missing in dP only", "factor")
def two_missing_in_dp(d, P):
    E = P / d**2
    c = np.log1p(E) / (1 + E)
    return -4 * c * P / d**3, c / d**2


@wrong("fork_gradient", "the product rule is a product of slopes", "slopes_multiplied")
def product_of_slopes(a, b):
    return np.cos(a), np.sin(a)


@wrong("fork_gradient", "b's gradient has the cosine")
def db_cosine(a, b):
    return np.sin(a) + (a + b) * np.cos(a), (a + b) * np.cos(a)


@wrong("total_derivative", "fy alone, with dg; the direct way is squared away", "through_only")
def only_through_g(x, f, fx, fy, g, dg):
    y = g(x)
    return f(x, y), fx(x, y) * 0 + fy(x, y) * dg(x)


@wrong("count_paths", "multiplies where it should add", "exists")
def multiplied(graph, start, end):
    if start == end:
        return 1
    total = 1
    for p in graph[end]:
        total *= multiplied(graph, start, p) or 1
    return total


@wrong("count_paths", "every leaf counts", "any_leaf")
def leaves_count(graph, start, end):
    if end == start or not graph[end]:
        return 1
    return sum(leaves_count(graph, start, p) for p in graph[end])


@wrong("sum_over_paths", "the first edge to each part only")
def first_edge(edges, start, end):
    if start == end:
        return 1.0
    return sum(s * first_edge(edges, start, p) for p, s in dict(edges[end][::-1]).items())


@wrong("sum_over_paths", "slopes of the direct edges only", "direct_only")
def direct_edges(edges, start, end):
    return float(sum(s for p, s in edges[end] if p == start)) if start != end else 1.0


@wrong(
    "savings_gradient",
    "drate: each year's balance is not carried on by the later rates",
    "rate_without_upstream",
)
def balances_summed(start, rate, deposits):
    b, drate, T = start, 0.0, len(deposits)
    for d in deposits:
        drate += b
        b = b * rate + d
    return rate**T, drate, rate ** np.arange(T - 1, -1, -1.0)


@wrong("savings_gradient", "ddeposits in reverse order", "deposits_reversed")
def reversed_deposits(start, rate, deposits):
    T, b, drate = len(deposits), start, 0.0
    for d in deposits:
        drate = drate * rate + b
        b = b * rate + d
    return rate**T, drate, rate ** np.arange(T * 1.0)


@wrong("count_consumers", "all above, however far", "all_above")
def all_above(graph):
    def below(n):
        return set(graph[n]).union(*(below(p) for p in graph[n]))

    return {n: sum(n in below(m) for m in graph) for n in graph}


@wrong("zero_gradients", "root itself is left out", "root_left", "root_not_counted")
def without_root(root):
    seen, todo = set(), list(root.parts)
    while todo:
        n = todo.pop()
        if n not in seen:
            seen.add(n)
            n.grad = 0.0
            todo += n.parts
    return len(seen)


@wrong("zero_gradients", "only root and its own parts", "one_level")
def two_levels(root):
    nodes = {root, *root.parts}
    for n in nodes:
        n.grad = 0.0
    return len(nodes)


@wrong("topological_order", "breadth first from the last node, reversed")
def breadth_first(graph):
    used = {p for parts in graph.values() for p in parts}
    order = [n for n in graph if n not in used]
    for n in order:
        order.extend(p for p in dict.fromkeys(graph[n]) if p not in order)
    return order[::-1]


@wrong("topological_order", "a node that is used twice stands twice")
def stands_twice(graph):
    order = []

    def visit(n):
        for p in graph[n]:
            visit(p)
        order.append(n)

    used = {p for parts in graph.values() for p in parts}
    for n in graph:
        if n not in used:
            visit(n)
    return order


@wrong("tape_backward", "slopes are not multiplied by what arrived", "upstream_missing")
def own_slopes(root):
    grads = {root.name: 1.0}
    todo, seen = [root], {root}
    while todo:
        n = todo.pop()
        for p, s in zip(n.parts, n.slopes, strict=True):
            grads[p.name] = grads.get(p.name, 0.0) + s
            if p not in seen:
                seen.add(p)
                todo.append(p)
    return grads


@wrong("tape_backward", "only leaves are returned", "keys")
def only_leaves(root):
    grads = {}

    def go(n, up):
        if not n.parts:
            grads[n.name] = grads.get(n.name, 0.0) + up
        for p, s in zip(n.parts, n.slopes, strict=True):
            go(p, up * s)

    go(root, 1.0)
    return grads


@wrong("program_backward", "gradients are assigned", "assigned")
def assigned(x, program):
    v = list(x)
    for op, i, j in program:
        a, b = v[i], v[j]
        v.append({"add": a + b, "sub": a - b, "mul": a * b, "div": a / b}[op])
    g = [0.0] * len(v)
    g[-1] = 1.0
    for n in reversed(range(len(x), len(v))):
        op, i, j = program[n - len(x)]
        a, b = v[i], v[j]
        di, dj = {"add": (1, 1), "sub": (1, -1), "mul": (b, a), "div": (1 / b, -a / b**2)}[op]
        g[i] = g[n] * di
        g[j] = g[n] * dj
    return np.array(g[: len(x)])


@wrong("program_backward", "the numerator's slope is b", "div_numerator")
def numerator_times(x, program):
    v = list(x)
    for op, i, j in program:
        a, b = v[i], v[j]
        v.append({"add": a + b, "sub": a - b, "mul": a * b, "div": a / b}[op])
    g = np.zeros(len(v))
    g[-1] = 1.0
    for n in reversed(range(len(x), len(v))):
        op, i, j = program[n - len(x)]
        a, b = v[i], v[j]
        di, dj = {"add": (1, 1), "sub": (1, -1), "mul": (b, a), "div": (b, -a / b**2)}[op]
        g[i] += g[n] * di
        g[j] += g[n] * dj
    return g[: len(x)]
