"""A fourth wave of right answers, each odd in some way: chapters 1 to 5."""

import collections
import functools
import itertools
import math
import operator

import numpy as np

from bpkit.tasks.unseen import right


def timed(function):
    @functools.wraps(function)
    def inner(*args, **named):
        return function(*args, **named)

    return inner


def loosely(function):
    return lambda *args, **named: function(*args, **named)


@right("one_sided_difference")
@timed
def decorated(f, x, h, *, sides=(1, 0)):
    a, b = (f(x + s * h) for s in sides)
    return (a - b) / h


class Slope:
    def __init__(self, sides):
        self.sides = sides
        self.__name__ = "slope_object"
        self.__module__ = __name__

    def __call__(self, f, x, h):
        return sum(s * f(x + s * h) for s in self.sides) / (2 * h)


right("centered_difference")(Slope((1, -1)))


def fractional(f, x, h, denominator):
    return float(f(x + h) - f(x - h)) / (denominator * h)


class Named(functools.partial):
    __name__ = "a_partial"
    __module__ = __name__


right("centered_difference")(Named(fractional, denominator=2))


@right("complex_step_derivative")
def polar(f, x, h):
    z = f(np.complex128(x + h * 1j))
    return np.abs(z) * np.sin(np.angle(z)) / h


@right("best_step")
def sorted_steps(f, x, slope, steps):
    errors = np.fromiter((abs((f(x + h) - f(x - h)) / h / 2 - slope) for h in steps), float)
    _, best = min(zip(errors, steps, strict=True))
    return errors, best


@right("second_difference")
def nested(f, x, h):
    def slope(at):
        return (f(at + h / 2) - f(at - h / 2)) / h

    return (slope(x + h / 2) - slope(x - h / 2)) / h


@right("chain_of_three")
def by_reduce(x, f, df, g, dg, h, dh):
    def link(state, pair):
        return pair[0](state[0]), state[1] * pair[1](state[0])

    return functools.reduce(link, [(f, df), (g, dg), (h, dh)], (x, 1.0))


@right("chain_backward")
def accumulated(slopes, upstream):
    run = itertools.accumulate(reversed(slopes), operator.mul, initial=upstream)
    return np.array(collections.deque(run))[::-1]


@right("chain_backward")
def logs_of_slopes(slopes, upstream):
    rest = [np.prod(slopes[k:]) for k in range(len(slopes) + 1)]
    return upstream * np.asarray(rest)


@right("forward_mode")
def recursive(x, dx, links):
    if not links:
        return [x, dx]
    (f, df), *rest = links
    return recursive(f(x), df(x) * dx, rest)


@right("gauge_gradient")
def from_logs(d, P):
    E = math.exp(math.log(P) - 2 * math.log(d))
    share = E / (1 + E)
    up = 2 * math.log1p(E) * share
    return -2 * up / d, up / P


@right("fork_gradient")
def complex_steps(a, b):
    def y(a, b):
        return (a + b) * np.sin(a)

    return y(a + 1e-30j, b).imag / 1e-30, np.sin(a)


@right("total_derivative")
def with_a_vector(x, f, fx, fy, g, dg):
    u = (x, g(x))
    return f(*u), float(np.array([fx(*u), fy(*u)]) @ [1, dg(x)])


@right("count_paths")
def by_matrix(graph, start, end):
    names = list(graph)
    A = np.array([[graph[a].count(b) for b in names] for a in names], dtype=object)
    total, power = A * 0, np.eye(len(names), dtype=object)
    for _ in names:
        total, power = total + power, power @ A
    return int(total[names.index(end), names.index(start)])


@right("count_paths")
def kept(graph, start, end):
    @functools.cache
    def go(node):
        return (node == start) + sum(map(go, graph[node])) if node != start else 1

    return go(end)


@right("sum_over_paths")
def forward_sweep(edges, start, end):
    grads = collections.defaultdict(float, {start: 1.0})

    def d(node):
        if node not in grads:
            grads[node] = math.fsum(s * d(p) for p, s in edges[node])
        return grads[node]

    return d(end)


@right("savings_gradient")
def with_horner(start, rate, deposits):
    value, slope, left = start, 0.0, []
    for t, deposit in enumerate(deposits, 1):
        slope = slope * rate + value
        value = value * rate + deposit
        left.append(rate ** (len(deposits) - t))
    return rate ** len(deposits), slope, np.array(left)


@right("count_consumers")
def with_counter(graph):
    used = collections.Counter(itertools.chain.from_iterable(graph.values()))
    return collections.OrderedDict((n, used[n]) for n in reversed(list(graph)))


@right("zero_gradients")
def by_levels(root):
    seen, grown = {id(root): root}, True
    while grown:
        size = len(seen)
        for node in list(seen.values()):
            seen |= {id(p): p for p in node.parts}
        grown = len(seen) > size
    for node in seen.values():
        node.grad = 0
    return len(seen)


@right("topological_order")
def standard_library(graph):
    import graphlib

    return [*graphlib.TopologicalSorter(graph).static_order()]


@right("tape_backward")
def over_all_paths(root):
    grads = collections.Counter()

    def walk(node, product):
        grads[node.name] += product
        for part, slope in zip(node.parts, node.slopes, strict=True):
            walk(part, product * slope)

    walk(root, 1)
    return dict(grads)


@right("program_backward")
def dual_numbers(x, program):
    dx = []
    for k in range(len(x)):
        v = [(float(a), float(i == k)) for i, a in enumerate(x)]
        for op, i, j in program:
            (a, da), (b, db) = v[i], v[j]
            v.append(
                {
                    "add": lambda a=a, b=b, da=da, db=db: (a + b, da + db),
                    "sub": lambda a=a, b=b, da=da, db=db: (a - b, da - db),
                    "mul": lambda a=a, b=b, da=da, db=db: (a * b, da * b + a * db),
                    "div": lambda a=a, b=b, da=da, db=db: (a / b, (da - a / b * db) / b),
                }[op]()
            )
        dx.append(v[-1][1])
    return np.array(dx)


@right("relative_error")
def by_sorting(dX, dX_numeric):
    largest = sorted(map(abs, [*dX.flat, *dX_numeric.flat]))[-1]
    return largest and np.ptp(np.stack([dX, dX_numeric]), axis=0).max() / largest
