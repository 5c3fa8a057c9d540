"""Answers to the tasks on forks and paths."""

import math

import numpy as np

from bpkit.tasks.unseen import right, wrong


@wrong("fork_gradient", "the sine's use of a is forgotten", "first_path_only")
def sum_only(a, b):
    dy_ds = math.sin(a)  # s = a + b
    return dy_ds, dy_ds


@wrong("fork_gradient", "b's gradient is that of a", "db_both_paths")
def same_for_both(a, b):
    da = math.sin(a) + (a + b) * math.cos(a)
    db = da
    return da, db


@wrong("fork_gradient", "the slope of the sine is minus the cosine", "cosine_sign")
def slope_of_cosine(a, b):
    s, q = a + b, np.sin(a)
    ds, dq = q, s
    da = ds * 1
    da += dq * -np.cos(a)
    return da, ds


@wrong("fork_gradient", "the second use overwrites the first", "assigned")
def overwritten(a, b):
    grads = {"a": 0.0, "b": 0.0}
    s, q = a + b, math.sin(a)
    grads["a"] = q
    grads["b"] = q
    grads["a"] = s * math.cos(a)
    return grads["a"], grads["b"]


@right("fork_gradient")
def expanded(a, b):
    # y = a sin a + b sin a
    first = math.sin(a) + a * math.cos(a)
    second = b * math.cos(a)
    return np.array([first + second, math.sin(a)])


@wrong("total_derivative", "the path through g is forgotten", "direct_only")
def direct_only(x, f, fx, fy, g, dg):
    y = g(x)
    return f(x, y), fx(x, y)


@wrong("total_derivative", "the direct path is forgotten", "through_only")
def indirect_only(x, f, fx, fy, g, dg):
    y = g(x)
    z = f(x, y)
    return z, fy(x, y) * dg(x)


@wrong("total_derivative", "the second path lacks g's slope", "dg_missing")
def no_slope_of_g(x, f, fx, fy, g, dg):
    u = g(x)
    return f(x, u), fx(x, u) + fy(x, u)


@wrong("total_derivative", "g's slope is taken at g(x)", "dg_at_y")
def slope_at_value(x, f, fx, fy, g, dg):
    y = g(x)
    return f(x, y), fx(x, y) + fy(x, y) * dg(y)


@right("total_derivative")
def dot_product(x, f, fx, fy, g, dg):
    y = g(x)
    gradient = np.array([fx(x, y), fy(x, y)])
    direction = np.array([1.0, dg(x)])
    return f(x, y), gradient.dot(direction)


@wrong("count_paths", "a part that is used twice counts once", "double_use")
def parts_as_a_set(graph, start, end):
    if start == end:
        return 1
    return sum(parts_as_a_set(graph, start, part) for part in set(graph[end]))


@wrong("count_paths", "edges are counted, not paths", "edges_counted")
def edges_below(graph, start, end):
    seen, todo, count = set(), [end], 0
    while todo:
        node = todo.pop()
        if node in seen:
            continue
        seen.add(node)
        count += len(graph[node])
        todo.extend(graph[node])
    return count


@wrong("count_paths", "every leaf counts as an end", "any_leaf")
def any_leaf(graph, start, end):
    parts = graph[end]
    if not parts:
        return 1
    return sum(any_leaf(graph, start, p) for p in parts)


@wrong("count_paths", "only whether there is a path", "exists")
def reachable(graph, start, end):
    if start == end:
        return 1
    return int(any(reachable(graph, start, p) for p in graph[end]))


@right("count_paths")
def by_powers_of_a_matrix(graph, start, end):
    names = sorted(graph)
    A = np.array([[graph[a].count(b) for b in names] for a in names], dtype=int)
    total, power = np.eye(len(names), dtype=int), np.eye(len(names), dtype=int)
    for _ in names:
        power = power @ A
        total = total + power
    return int(total[names.index(end), names.index(start)])


@right("count_paths")
def with_a_memory(graph, start, end):
    known = {start: 1}

    def paths(node):
        if node not in known:
            known[node] = sum(map(paths, graph[node]))
        return known[node]

    return paths(end)


@wrong("sum_over_paths", "slopes along a path are added", "added_from_zero")
def slopes_added(edges, start, end):
    if start == end:
        return 0.0
    total = 0.0
    for part, slope in edges[end]:
        total += slope + slopes_added(edges, start, part)
    return total


@wrong("sum_over_paths", "a second edge to the same part replaces the first", "double_use")
def edges_in_a_dictionary(edges, start, end):
    if start == end:
        return 1.0
    total = 0.0
    for part, slope in dict(edges[end]).items():
        total += slope * edges_in_a_dictionary(edges, start, part)
    return total


@wrong("sum_over_paths", "only direct edges count", "direct_only")
def direct_edges(edges, start, end):
    return sum(slope for part, slope in edges[end] if part == start)


@wrong("sum_over_paths", "only the first path is followed", "first_path")
def first_path(edges, start, end):
    if start == end:
        return 1.0
    for part, slope in edges[end]:
        below = first_path(edges, start, part)
        if below != 0:
            return slope * below
    return 0.0


@right("sum_over_paths")
def pushed_down_in_order(edges, start, end):
    order, seen = [], set()

    def visit(node):
        if node not in seen:
            seen.add(node)
            for part, _ in edges[node]:
                visit(part)
            order.append(node)

    visit(end)
    grad = dict.fromkeys(edges, 0.0)
    grad[end] = 1.0
    for node in reversed(order):
        for part, slope in edges[node]:
            grad[part] += slope * grad[node]
    return grad[start]


@wrong("savings_gradient", "the rate's gradient sees the last year only", "last_year_only")
def last_year_only(start, rate, deposits):
    balance = start
    for deposit in deposits:
        before = balance
        balance = balance * rate + deposit
    T = len(deposits)
    return rate**T, before, rate ** np.arange(T - 1, -1, -1.0)


@wrong("savings_gradient", "deposits grow in the wrong order", "deposits_reversed")
def deposits_from_front(start, rate, deposits):
    balance, drate = start, 0.0
    for deposit in deposits:
        drate = drate * rate + balance
        balance = balance * rate + deposit
    T = len(deposits)
    return rate**T, drate, rate ** np.arange(T)


@wrong("savings_gradient", "the deposits' part of the rate's gradient is forgotten", "start_alone")
def rate_of_start_only(start, rate, deposits):
    T = len(deposits)
    dstart = rate**T
    drate = T * rate ** (T - 1) * start
    ddeposits = np.array([rate ** (T - 1 - t) for t in range(T)])
    return dstart, drate, ddeposits


@wrong("savings_gradient", "a deposit grows in the year it is made", "deposits_too_early")
def one_year_too_many(start, rate, deposits):
    T = len(deposits)
    balances = [start]
    for deposit in deposits:
        balances.append(balances[-1] * rate + deposit)
    up, drate, dd = 1.0, 0.0, np.zeros(T)
    for t in reversed(range(T)):
        drate += up * balances[t]
        up *= rate
        dd[t] = up
    return up, drate, dd


@right("savings_gradient")
def by_polynomials(start, rate, deposits):
    p = np.poly1d([start, *deposits])
    T = len(deposits)
    return rate**T, p.deriv()(rate), np.array([rate**k for k in range(T)])[::-1]
