"""Answers to the tasks on the graph."""

from collections import Counter, deque

import numpy as np

from bpkit.tasks.unseen import right, wrong


@wrong("count_consumers", "the parts of each node are counted", "parts_counted")
def number_of_parts(graph):
    return {node: len(parts) for node, parts in graph.items()}


@wrong("count_consumers", "a part that is used twice counts once", "double_use")
def consumers_not_uses(graph):
    return {node: sum(node in parts for parts in graph.values()) for node in graph}


@wrong("count_consumers", "nodes that nobody uses are missing", "keys")
def used_ones_only(graph):
    counts = {}
    for parts in graph.values():
        for part in parts:
            counts[part] = counts.get(part, 0) + 1
    return counts


@wrong("count_consumers", "counts begin at 1", "starts_at_one")
def begins_at_one(graph):
    counts = dict.fromkeys(graph, 1)
    for parts in graph.values():
        for part in parts:
            counts[part] += 1
    return counts


@right("count_consumers")
def with_a_counter(graph):
    uses = Counter(part for parts in graph.values() for part in parts)
    return {node: uses[node] for node in graph}


@right("count_consumers")
def by_counting_lists(graph):
    everything = [part for parts in graph.values() for part in parts]
    return {name: everything.count(name) for name in reversed(list(graph))}


@wrong("zero_gradients", "only the root and its parts are cleared", "one_level")
def one_level(root):
    root.grad = 0.0
    for part in root.parts:
        part.grad = 0.0
    return 1 + len(set(root.parts))


@wrong("zero_gradients", "a node reached twice is counted twice", "counted_twice")
def counted_by_paths(root):
    root.grad = 0.0
    return 1 + sum(counted_by_paths(part) for part in root.parts)


@wrong("zero_gradients", "it stops at nodes that are zero already", "stops_below_zero")
def stops_at_zero(root):
    seen = set()

    def clear(node):
        if node in seen:
            return
        seen.add(node)
        if node.grad == 0:
            return
        node.grad = 0.0
        for part in node.parts:
            clear(part)

    clear(root)
    return len(seen)


@wrong("zero_gradients", "the root is left out", "root_left", "root_not_counted")
def without_root(root):
    found = set()
    todo = list(root.parts)
    while todo:
        node = todo.pop()
        if node not in found:
            found.add(node)
            node.grad = 0.0
            todo.extend(node.parts)
    return len(found)


@right("zero_gradients")
def breadth_first(root):
    queue, found = deque([root]), {id(root)}
    count = 0
    while queue:
        node = queue.popleft()
        node.grad = 0.0
        count += 1
        for part in node.parts:
            if id(part) not in found:
                found.add(id(part))
                queue.append(part)
    return count


@wrong("topological_order", "by number of parts", "by_number_of_parts")
def by_number_of_parts(graph):
    return sorted(graph, key=lambda node: len(graph[node]))


@wrong("topological_order", "a node is put down before its parts", "before_parts")
def before_its_parts(graph):
    order = []

    def visit(node):
        if node in order:
            return
        order.append(node)
        for part in graph[node]:
            visit(part)

    for node in graph:
        visit(node)
    return order


@wrong("topological_order", "the order in which it was written down", "as_given")
def as_written(graph):
    return list(graph.keys())


@wrong("topological_order", "by levels, from the leaves, each level with what it makes next")
def levels(graph):
    order = [n for n, parts in graph.items() if not parts]
    for node in graph:
        if node not in order and any(p in order for p in graph[node]):
            order.append(node)
    for node in graph:
        if node not in order:
            order.append(node)
    return order


@right("topological_order")
def again_and_again(graph):
    order = []
    while len(order) < len(graph):
        for node, parts in graph.items():
            if node not in order and all(part in order for part in parts):
                order.append(node)
    return order


@right("topological_order")
def by_depth(graph):
    def depth(node):
        return 1 + max(map(depth, graph[node]), default=0)

    return tuple(sorted(graph, key=depth))


@wrong("tape_backward", "gradients are assigned, not added", "assigned")
def assigned(root):
    order, seen = [], set()

    def visit(node):
        if node not in seen:
            seen.add(node)
            for part in node.parts:
                visit(part)
            order.append(node)

    visit(root)
    root.grad = 1.0
    for node in order[::-1]:
        for part, slope in zip(node.parts, node.slopes, strict=True):
            part.grad = slope * node.grad
    return {node.name: node.grad for node in order}


@wrong(
    "tape_backward",
    "each node passes on all it has every time it is reached",
    "again_at_every_visit",
)
def by_recursion(root):
    grads = {}

    def push(node):
        grads.setdefault(node.name, node.grad)
        grads[node.name] = node.grad
        for part, slope in zip(node.parts, node.slopes, strict=True):
            part.grad += slope * node.grad
            push(part)

    root.grad = 1.0
    push(root)
    return grads


@wrong("tape_backward", "the root begins with 0", "not_seeded")
def no_seed(root):
    order, seen = [], set()

    def visit(node):
        if node not in seen:
            seen.add(node)
            for part in node.parts:
                visit(part)
            order.append(node)

    visit(root)
    for node in reversed(order):
        for part, slope in zip(node.parts, node.slopes, strict=True):
            part.grad += slope * node.grad
    return {node.name: node.grad for node in order}


@wrong("tape_backward", "only the leaves are returned", "keys")
def leaves_only(root):
    grads = Counter()

    def walk(node, product):
        if not node.parts:
            grads[node.name] += product
        for part, slope in zip(node.parts, node.slopes, strict=True):
            walk(part, product * slope)

    walk(root, 1.0)
    return dict(grads)


@right("tape_backward")
def sum_over_all_paths(root):
    grads = {}

    def walk(node, product):
        grads[node.name] = grads.get(node.name, 0.0) + product
        for part, slope in zip(node.parts, node.slopes, strict=True):
            walk(part, product * slope)

    walk(root, 1.0)
    return grads


@wrong("program_backward", "the quotient's second derivative has the wrong sign", "div_sign")
def quotient_sign(x, program):
    v = list(x)
    for op, i, j in program:
        a, b = v[i], v[j]
        v.append({"add": a + b, "sub": a - b, "mul": a * b, "div": a / b}[op])
    g = [0.0] * len(v)
    g[-1] = 1.0
    for k in range(len(program) - 1, -1, -1):
        op, i, j = program[k]
        up = g[len(x) + k]
        if op == "add":
            di, dj = 1, 1
        elif op == "sub":
            di, dj = 1, -1
        elif op == "mul":
            di, dj = v[j], v[i]
        else:
            di, dj = 1 / v[j], v[i] / v[j] ** 2
        g[i] += up * di
        g[j] += up * dj
    return np.array(g[: len(x)])


@wrong("program_backward", "the product's slopes are exchanged", "factors_exchanged")
def own_factor(x, program):
    v = [*x]
    for op, i, j in program:
        if op == "add":
            v.append(v[i] + v[j])
        elif op == "sub":
            v.append(v[i] - v[j])
        elif op == "mul":
            v.append(v[i] * v[j])
        else:
            v.append(v[i] / v[j])
    g = np.zeros(len(v))
    g[-1] = 1
    for k, (op, i, j) in reversed(list(enumerate(program, start=len(x)))):
        if op == "mul":
            g[i] += g[k] * v[i]
            g[j] += g[k] * v[j]
        elif op == "div":
            g[i] += g[k] / v[j]
            g[j] -= g[k] * v[k] / v[j]
        else:
            g[i] += g[k]
            g[j] += g[k] if op == "add" else -g[k]
    return g[: len(x)]


@wrong("program_backward", "subtraction is treated like addition on the way back", "sub_sign")
def sub_like_add(x, program):
    v = [*x]
    for op, i, j in program:
        v.append(
            {"add": v[i] + v[j], "sub": v[i] - v[j], "mul": v[i] * v[j], "div": v[i] / v[j]}[op]
        )
    g = np.zeros(len(v))
    g[-1] = 1
    for k, (op, i, j) in reversed(list(enumerate(program, start=len(x)))):
        slopes = {
            "add": (1, 1),
            "sub": (1, 1),
            "mul": (v[j], v[i]),
            "div": (1 / v[j], -v[i] / v[j] ** 2),
        }
        g[i] += g[k] * slopes[op][0]
        g[j] += g[k] * slopes[op][1]
    return g[: len(x)]


@right("program_backward")
def forward_with_all_directions(x, program):
    N = len(x)
    values = [(value, np.eye(N)[n]) for n, value in enumerate(x)]
    for op, i, j in program:
        (a, da), (b, db) = values[i], values[j]
        if op == "add":
            values.append((a + b, da + db))
        elif op == "sub":
            values.append((a - b, da - db))
        elif op == "mul":
            values.append((a * b, a * db + b * da))
        else:
            values.append((a / b, (da - a / b * db) / b))
    return values[-1][1]
