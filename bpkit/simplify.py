"""Simplifying a recorded step: fewer operations, the same numbers.

Six ideas. What depends on constants alone is computed now. What was computed before isn't
computed again. A sum of pieces that lie in different places is put together in place. A sum of
matrix products is one product of longer matrices. A short table is multiplied before its rows are
looked up. Arrays that meet lie in one order.
"""

from collections import Counter

import numpy as np

from bpkit.graph import RULES
from bpkit.lookup import multiply_tables
from bpkit.record import EFFECTS, Operation, Value, spelled

KEEPING = {"reshape", "broadcast", "cast", "alias"}  # these give the numbers that they are given


def simplify(recording):
    """Rewrite a recording's operations, its loss and its gradients in place."""
    _number(recording)
    _gather(recording)
    multiply_tables(recording)
    _prune(recording)
    _compare_early(recording)
    _align(recording)


def _number(recording):
    """Fold constants and give equal operations one result."""
    moved, seen, kept = {}, {}, []
    for op in recording.operations:
        op.args = [moved.get(a, a) for a in op.args]
        _as_assembly(op)
        found = _known(op)
        key = None if found else _key(op)
        found = found or seen.get(key)
        if found:
            moved[op.out] = found
        else:
            if key:
                seen[key] = op.out
            kept.append(op)
    recording.operations = kept
    recording.loss = moved.get(recording.loss, recording.loss)
    recording.gradients = [moved.get(g, g) for g in recording.gradients]


def _as_assembly(op):
    """Joining, stacking, padding and scattering by slices are all one thing: an assembly."""
    name, shape = op.rule.name, op.out.data.shape
    if name == "concatenate":
        axis, start, keys = op.params.get("axis", 0) % len(shape), 0, []
        for a in op.args:
            keys.append((slice(None),) * axis + (slice(start, start + a.data.shape[axis]),))
            start += a.data.shape[axis]
    elif name == "stack":
        axis = op.params.get("axis", 0) % len(shape)
        keys = [(slice(None),) * axis + (i,) for i in range(len(op.args))]
    elif name == "pad":
        inner = zip(op.params["width"], op.args[0].data.shape, strict=True)
        keys = [tuple(slice(before, before + n) for (before, _), n in inner)]
    elif name == "scatter_add" and _plain(op.params["key"]):
        key = op.params["key"]
        keys = [key if isinstance(key, tuple) else (key,)]
    else:
        return
    op.rule, op.params = RULES["assemble"], {"keys": keys, "to": shape}


def _plain(key):
    parts = key if isinstance(key, tuple) else (key,)
    return all(isinstance(k, (int, slice, type(...))) for k in parts)


def _known(op):
    """The value that an operation gives, where it needn't be computed, or None."""
    name, data = op.rule.name, op.out.data
    if not op.args or name in EFFECTS:
        return None
    fixed = [a for a in op.args if a.kind == "constant"]
    if len(fixed) == len(op.args):
        return Value(op.rule.forward(*(a.data for a in op.args), **op.params), "constant")
    first = op.args[0]
    same = name in KEEPING or (name in ("sum", "max") and data.ndim == 0)
    if same and _alike(first, op.out):
        return first
    for a in fixed:
        if name in ("mul", "matmul") and _all_are(a, 0):
            return Value(np.zeros_like(data), "constant")
        if name in ("mul", "add") and _all_are(a, 1 if name == "mul" else 0):
            other = op.args[1] if a is first else first
            if _alike(other, op.out):
                return other
    return None


def _alike(a, b):
    return a.data is b.data or (
        np.shape(a.data) == b.data.shape and np.result_type(a.data) == b.data.dtype
    )


def _all_are(value, number):
    return bool(np.all(np.equal(value.data, number)))


def _key(op):
    """Equal keys, equal results; None for what must run each time."""
    said = spelled(op.params)
    if not op.args or op.rule.name in EFFECTS or said is None:
        return None
    return (
        op.rule,
        said,
        *[repr(a.data) if a.kind == "constant" and np.ndim(a.data) == 0 else a for a in op.args],
    )


def _gather(recording):
    """Rewrite each sum of many terms: pieces into assemblies, products into one product."""
    maker = {op.out: op for op in recording.operations}
    uses = Counter(a for op in recording.operations for a in op.args)
    uses.update([recording.loss, *recording.gradients])
    inner = {  # sums that only another sum looks at
        a
        for op in recording.operations
        if op.rule.name == "add"
        for a in op.args
        if uses[a] == 1 and a in maker and maker[a].rule.name == "add"
    }
    kept = []
    for op in recording.operations:
        if op.rule.name == "add" and op.out not in inner:
            kept += _regrouped(op, maker, inner, recording)
        else:
            kept.append(op)
    recording.operations = kept


def _regrouped(op, maker, inner, recording):
    terms, todo = [], [op]
    while todo:
        for a in reversed(todo.pop().args):
            todo.append(maker[a]) if a in inner else terms.append(a)
    groups = {"assemble": [], "product": [], "other": []}
    for term in terms:
        groups[_kind(maker.get(term), op.out.data.shape, maker)].append(term)
    new, rest = [], groups["other"]
    for kind, combine in (("assemble", _one_assembly), ("product", _one_product)):
        if len(groups[kind]) > 1:
            new += combine([maker[term] for term in groups[kind]], maker, recording)
            rest = [*rest, new[-1].out]
        else:
            rest = [*rest, *groups[kind]]
    if not new:
        return [op]
    total = rest[0]
    for term in rest[1:]:
        new.append(recording.operation("add", [total, term], {}))
        total = new[-1].out
    new[-1].out = op.out
    return new


def _kind(op, shape, maker):
    """What a term of a sum is: an assembly, a product A.T @ B of matrices, or something else."""
    if op is None or op.out.data.shape != shape:
        return "other"
    if op.rule.name == "matmul" and op.out.data.ndim == 2:
        left = maker.get(op.args[0])
        return "product" if left is not None and left.rule.name == "transpose" else "other"
    return "assemble" if op.rule.name == "assemble" else "other"


def _one_assembly(operations, maker, recording):
    """assemble(a) + assemble(b) is assemble(a, b)."""
    args = [a for op in operations for a in op.args]
    keys = [key for op in operations for key in op.params["keys"]]
    to = operations[0].out.data.shape
    out = Value(operations[0].out.data, "result")
    return [Operation(RULES["assemble"], args, {"keys": keys, "to": to}, out)]


def _one_product(operations, maker, recording):
    """A.T @ B + C.T @ D is [A; C].T @ [B; D]."""
    left = recording.operation("concatenate", [maker[op.args[0]].args[0] for op in operations], {})
    right = recording.operation("concatenate", [op.args[1] for op in operations], {})
    _as_assembly(left)
    _as_assembly(right)
    flipped = recording.operation("transpose", [left.out], {})
    return [left, right, flipped, recording.operation("matmul", [flipped.out, right.out], {})]


def _prune(recording):
    """Drop what nobody needs."""
    needed, kept = {recording.loss, *recording.gradients}, []
    for op in reversed(recording.operations):
        if op.out in needed or op.rule.name in EFFECTS:
            needed.update(op.args)
            kept.append(op)
    recording.operations = kept[::-1]


def _compare_early(recording):
    """Compare arrays as soon as they are there: in the cache still, and free sooner."""
    made = {op.out: at for at, op in enumerate(recording.operations)}

    def place(op):
        early = op.rule.name in ("greater", "greater_equal", "equal")
        return (max(made.get(a, -1) for a in op.args), 1) if early else (made[op.out], 0)

    recording.operations.sort(key=place)


def _align(recording):
    """Where two arrays meet that lie along different axes in memory, copy the first, once.

    To go through one of them against its grain costs several times as much, and the results would
    go on lying so. What follows from the copy is computed anew, to see how it lies. A transposed
    matrix that many products need is copied too.
    """
    kept, laid, moved = [], {}, set()  # laid: a value -> its copy. moved: what lies otherwise now
    products = Counter(op.args[1] for op in recording.operations if op.rule.name == "matmul")
    often = {value for value, count in products.items() if count > 3 and value.data.ndim == 2}

    def copied(a, like):
        form = recording.forms.of(np.empty_like(like, dtype=a.data.dtype))
        laid[a] = Value(form, "result")
        kept.append(Operation(RULES["cast"], [a], {"dtype": form.dtype}, laid[a]))
        moved.add(laid[a])

    for op in recording.operations:
        if op.rule.name in ("mul", "sub") and _across(*op.args):
            a, b = op.args
            if a not in laid or _across(laid[a], b):
                copied(a, b.data)
            op.args = [laid[a], b]
        elif op.rule.name == "matmul" and op.args[1] in often and _grain(op.args[1].data) == 0:
            a, b = op.args
            if b not in laid:
                copied(b, np.empty(b.data.shape))
            op.args = [a, laid[b]]
        if not moved.isdisjoint(op.args) and op.rule.name not in EFFECTS:
            form = recording.forms.result(op.rule, op.args, op.params)
            if form is not op.out.data:
                op.out.data = form
                moved.add(op.out)
        kept.append(op)
    recording.operations = kept


def _across(a, b):
    """Whether two arrays of one shape have their neighbors in memory along different axes."""
    if a.data is b.data:
        return False
    a, b = np.asarray(a.data), np.asarray(b.data)
    return a.shape == b.shape and len({_grain(a), _grain(b)} - {None}) == 2


def _grain(array):
    """The axis along which entries lie side by side; None if a step repeats entries."""
    steps = [(s, axis) for axis, s in enumerate(array.strides) if array.shape[axis] > 1]
    return min(steps)[1] if steps and min(steps)[0] > 0 else None
