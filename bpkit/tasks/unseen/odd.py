"""Right answers in odd forms: other types, other ways, other tools."""

import collections
import functools
import itertools
import operator
from fractions import Fraction

import numpy as np

from bpkit.tasks.unseen import right


@right("one_sided_difference")
def a_number_in_an_array(f, x, h):
    return np.asarray((f(x + h) - f(x)) / h)


@right("centered_difference")
def in_long_doubles(f, x, h):
    rise = np.longdouble(f(x + h)) - np.longdouble(f(x - h))
    return rise / (2 * np.longdouble(h))


class Derivative:
    """A callable that keeps its formula in a method."""

    def __call__(self, f, x, h):
        return self.quotient(f(x + h) - f(x - h), 2 * h)

    @staticmethod
    def quotient(a, b):
        return a / b


centered = Derivative()
centered.__name__ = "centered"
right("centered_difference")(centered)


@right("second_difference")
def by_np_diff(f, x, h):
    return np.diff([f(x - h), f(x), f(x + h)], n=2).item() / h**2


@right("chain_of_three")
def a_list_of_two(x, f, df, g, dg, h, dh):
    values = list(itertools.accumulate([x, f, g, h], lambda v, step: step(v)))
    slopes = [d(v) for d, v in zip((df, dg, dh), values, strict=False)]
    return [values[-1], functools.reduce(operator.mul, slopes)]


@right("chain_backward")
def a_view_backward(slopes, upstream):
    out = np.full(len(slopes) + 1, upstream)
    np.multiply.accumulate(np.append(upstream, slopes[::-1]), out=out)
    return out[::-1]


Pair = collections.namedtuple("Pair", "y dy")


@right("forward_mode")
def a_named_tuple(x, dx, links):
    pair = Pair(x, dx)
    for f, df in links:
        pair = Pair(f(pair.y), df(pair.y) * pair.dy)
    return pair


@right("gauge_gradient")
def by_fine_differences(d, P):
    def r(d, P):
        return np.log1p(P / d**2) ** 2

    h = 1e-5
    return (
        (8 * (r(d + h, P) - r(d - h, P)) - (r(d + 2 * h, P) - r(d - 2 * h, P))) / (12 * h),
        (8 * (r(d, P + h) - r(d, P - h)) - (r(d, P + 2 * h) - r(d, P - 2 * h))) / (12 * h),
    )


@right("fork_gradient")
def a_map_made_a_tuple(a, b):
    return tuple(map(float, (np.sin(a) + (a + b) * np.cos(a), np.sin(a))))


@right("count_paths")
def a_numpy_integer(graph, start, end):
    return np.int32(
        sum(a_numpy_integer(graph, start, p) for p in graph[end]) if end != start else 1
    )


@right("count_consumers")
def a_default_dictionary(graph):
    counts = collections.defaultdict(int)
    for node, parts in graph.items():
        counts[node] += 0
        for part in parts:
            counts[part] += 1
    return counts


@right("topological_order")
def an_array_of_names(graph):
    import graphlib

    return np.array(list(graphlib.TopologicalSorter(graph).static_order()))


@right("tape_backward")
def an_ordered_dictionary(root):
    waiting, nodes = collections.Counter(), {}
    stack = [root]
    while stack:
        node = stack.pop()
        if node.name not in nodes:
            nodes[node.name] = node
            for part in node.parts:
                waiting[part.name] += 1
                stack.append(part)
    grads = collections.OrderedDict.fromkeys(nodes, 0.0)
    grads[root.name], ready = 1.0, [root]
    while ready:
        node = ready.pop(0)
        for part, slope in zip(node.parts, node.slopes, strict=True):
            grads[part.name] += slope * grads[node.name]
            waiting[part.name] -= 1
            if not waiting[part.name]:
                ready.append(part)
    return grads


@right("numeric_gradient")
def a_masked_array(f, X, h):
    def slope(place):
        E = np.zeros(X.shape)
        E[place] = h
        return (f(X + E) - f(X - E)) / (2 * h)

    return np.ma.array([[slope((i, j)) for j in range(X.shape[1])] for i in range(X.shape[0])])


@right("find_wrong_entry")
def by_flat_order(f, dX, X, h):
    def gap(place):
        E = np.zeros(X.size)
        E[place] = h
        E = E.reshape(X.shape)
        return dX.flat[place] - (f(X + E) - f(X - E)) / (2 * h)

    best = max(range(X.size), key=lambda place: abs(gap(place)))
    return (*divmod(best, X.shape[1]), gap(best))


@right("jacobian_of_map")
def sparse_then_filled(x):
    entries = {(0, 0): x[1], (0, 1): x[0], (0, 2): 1, (1, 0): np.cos(x[0]) * x[2] ** 2}
    entries[1, 2] = 2 * np.sin(x[0]) * x[2]
    return np.array([[entries.get((i, j), 0.0) for j in range(3)] for i in range(2)])


@right("sum_backward")
def a_read_only_view(dY, X, axis):
    out = np.broadcast_to(np.expand_dims(dY, axis), X.shape)
    out.flags.writeable = False
    return out


@right("transpose_backward")
def in_fortran_order(dY, axes):
    return np.asfortranarray(dY.transpose([axes.index(i) for i in range(3)]))


@right("square_matmul_backward")
def by_basis_matrices(dC, A, B):
    n = len(A)
    dA, dB = np.zeros((n, n)), np.zeros((n, n))
    for i, k in np.ndindex(n, n):
        E = np.zeros((n, n))
        E[i, k] = 1
        dA[i, k] = np.sum(dC * (E @ B))
        dB[i, k] = np.sum(dC * (A @ E))
    return dA, dB


@right("affine_forward")
def a_matrix_object(X, W, b):
    return np.asmatrix(X) * np.asmatrix(W) + b


@right("affine_backward")
def with_keyword_defaults(dY, X, W, *, sum_over=0, **unused):
    return np.dot(dY, np.transpose(W)), np.dot(X.T, dY), np.add.reduce(dY, axis=sum_over)


affine_lambda = right("affine_backward")(lambda dY, X, W: [dY @ W.T, X.T @ dY, sum(dY)])


@right("unbroadcast")
def by_einsum_and_reshape(up, shape):
    padded = (1,) * (up.ndim - len(shape)) + tuple(shape)
    keep = [i for i, (n, m) in enumerate(zip(up.shape, padded, strict=True)) if n == m]
    return np.einsum(up, list(range(up.ndim)), keep).reshape(shape)


@right("relu_backward")
def by_heaviside(dY, X):
    return np.heaviside(X, 0) * dY


@right("sigmoid")
def entry_by_entry_with_a_branch(X):
    def one(x):
        return 1 / (1 + np.exp(-x)) if x >= 0 else np.exp(x) / (1 + np.exp(x))

    return np.array([one(x) for x in np.ravel(X)]).reshape(np.shape(X))


@right("dead_units")
def a_numpy_count(Z):
    return np.count_nonzero(np.max(Z, axis=0) <= 0)


@right("mse_loss")
def with_exact_fractions(Y, T):
    gaps = [Fraction(float(y)) - Fraction(float(t)) for y, t in zip(Y.flat, T.flat, strict=True)]
    return float(sum(g * g for g in gaps) / len(gaps))


@right("mse_loss")
def a_fraction(Y, T):
    gaps = [Fraction(float(y)) - Fraction(float(t)) for y, t in zip(Y.flat, T.flat, strict=True)]
    return sum(g * g for g in gaps) / len(gaps)


@right("accuracy")
def unsigned_answers(logits, labels):
    answers = np.argmax(logits, axis=1).astype(np.uint8)
    return answers, np.float64((answers == labels).sum()) / labels.size


@right("network_backward")
def tuples_of_arrays(X, Ws, bs, labels):
    H = [X]
    for W, b in zip(Ws, bs, strict=True):
        H.append(H[-1] @ W + b)
        if len(H) <= len(Ws):
            H[-1] = np.maximum(H[-1], 0)
    e = np.exp(H[-1] - H[-1].max(axis=1, keepdims=True))
    d = (e / e.sum(axis=1, keepdims=True) - np.eye(e.shape[1])[labels]) / len(X)
    grads = []
    for k in range(len(Ws) - 1, -1, -1):
        grads.append((H[k].T @ d, d.sum(axis=0)))
        d = (d @ Ws[k].T) * (H[k] > 0)
    dWs, dbs = zip(*grads[::-1], strict=True)
    return dWs, dbs


@right("early_stopping")
def numpy_integers(losses, patience):
    best = np.int64(0)
    for t in np.arange(len(losses)):
        if losses[t] < losses[best]:
            best = t
        if t - best >= patience:
            return t, best
    return np.int64(len(losses) - 1), best


@right("clip_by_norm")
def with_hypot(grads, limit):
    length = functools.reduce(np.hypot, (x for g in grads for x in g.flat), 0.0)
    return [g.copy() if length <= limit else g / (length / limit) for g in grads]


@right("he_scales")
def an_array_of_scales(shapes):
    return np.array([np.sqrt(2 / np.prod(s[1:] if len(s) == 4 else s[:1])) for s in shapes])


@right("weight_decay_gradient")
def the_same_db(dW, db, W, b, decay):
    return np.add(dW, np.multiply(W, decay)), db


@right("embedding_backward")
def by_add_at(dY, ids, count):
    dW = np.zeros((count, dY.shape[2]))
    np.add.at(dW, ids, dY)
    return dW


@right("rnn_step")
def printing_on_the_way(x, h, Wx, Wh, b):
    z = x @ Wx + h @ Wh + b
    print("z", z.shape)
    return np.tanh(z)


@right("hessian_vector_product")
def with_an_inner_class(w, v, X, y):
    class Dual:
        def __init__(self, value, rate):
            self.value, self.rate = value, rate

    z = Dual(X @ w, X @ v)
    p = 1 / (1 + np.exp(-z.value))
    return np.mean(X * (p * (1 - p) * z.rate)[:, None], axis=0)


@right("jacobian_vector_product")
def by_many_small_steps(X, V, W1, b1, W2, b2):
    def run(t):
        return np.tanh((X + t * V) @ W1 + b1) @ W2 + b2

    h = 1e-4
    first = (run(h) - run(-h)) / (2 * h)
    second = (run(2 * h) - run(-2 * h)) / (4 * h)
    return run(0), (4 * first - second) / 3
