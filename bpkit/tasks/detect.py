"""What can be seen in a wrong array without knowing the task: a factor, a sign, an axis.

Each detector looks at one output over all trials and answers with a clause that holds on every one
of them, or with nothing. A detector never guesses: what it says is an equation between what came
out, what was expected and what was given.
"""

import itertools
import math
from dataclasses import dataclass, replace

import numpy as np

from bpkit.tasks.outcome import close

NUMBERS = {
    -1: "the sign is flipped",
    2: "it is 2 times too large",
    0.5: "it is half as large as it should be",
}


@dataclass(frozen=True)
class View:
    """One output in one trial: what came out, what was expected, and from what."""

    got: np.ndarray
    want: np.ndarray
    inputs: dict
    lengths: dict

    def arrays(self):
        """The inputs that hold decimals: arrays, and single numbers as arrays without axes."""
        for name, value in self.inputs.items():
            if isinstance(value, (float, np.ndarray)) and np.asarray(value).dtype.kind == "f":
                yield name, np.asarray(value)

    def array(self, name):
        return np.asarray(self.inputs[name])

    def scaled(self, factor):
        return replace(self, got=self.got * factor)


@dataclass(frozen=True)
class Clause:
    """Something established. kind: a word for machines. text: half a sentence."""

    kind: str
    text: str


def explain(views):
    """The clauses that together account for a wrong output: one, two, or none."""
    if not all(v.got.dtype.kind in "biuf" and v.want.dtype.kind in "fiu" for v in views):
        return []
    if any(v.got.dtype.kind == "b" for v in views):
        views = [replace(v, got=v.got.astype(float)) for v in views]
    if not all(np.isfinite(v.got).all() for v in views):
        return []
    for detector in (_truncated, factor, _constant, *_SINGLE):
        if clauses := detector(views):
            return clauses if isinstance(clauses, list) else [clauses]
    for symbol, values in _symbols(views):
        turned = [v.scaled(1 / c) for v, c in zip(views, values, strict=True)]
        for detector in _BESIDE_A_FACTOR:
            if clause := detector(turned):
                return [*_say_factor(symbol), clause]
    return []


def number(views):
    """The clauses of a factor -1, 2, 1/2 between two wrong answers; None if there is none."""
    ratios = [_ratio(v) for v in views]
    for c in (-1, 2, 0.5, -2, -0.5):
        if None not in ratios and np.allclose(ratios, c, 1e-8, 0):
            return _say_factor((c, "", ""))
    return None


def shape(views):
    """How an output's shape is wrong, with the lengths' names where they have one."""
    view = views[0]
    got, want = view.got.shape, view.want.shape
    text = f"its shape is {got}{_meaning(got, views)}; it should be {want}{_meaning(want, views)}"
    if len(got) == len(want):
        axes = [a for a in range(len(got)) if got[a] != want[a]]
        which = ", ".join(map(str, axes))
        text += f": axis {which} is wrong" if len(axes) == 1 else f": axes {which} are wrong"
    else:
        text += f": it has {len(got)} {'axis' if len(got) == 1 else 'axes'}, not {len(want)}"
    return Clause("shape", text)


def _meaning(shape, views):
    """`, that is (N, D)`, where each length of the shape has one name in every trial."""
    lengths = {n: [k for k, v in views[0].lengths.items() if v == n] for n in shape}
    if shape and all(len(names) == 1 for names in lengths.values()):
        names = [lengths[n][0] for n in shape]
        return f", that is ({', '.join(names)}{',' if len(names) == 1 else ''})"
    return ""


def _constant(views):
    """Zero everywhere, or one number everywhere, where the right answer varies."""
    if all(np.ptp(v.want) > 0 and v.got.size > 1 for v in views if v.want.size):
        if all(not np.any(v.got) for v in views):
            return Clause("zeros", "it is 0 everywhere")
        if all(np.ptp(v.got) == 0 for v in views):
            return Clause("constant", "all its entries are equal")
    return None


def _function_of(views):
    """The right answer, with a function applied to it that doesn't belong; maybe times a factor."""
    functions = {
        "without its sign": np.abs,
        "squared": np.square,
        "under a root": np.sqrt,
        "turned upside down, 1 over it": np.reciprocal,
        "put into exp": np.exp,
        "put into log": np.log,
    }
    with np.errstate(all="ignore"):
        for words, f in functions.items():
            bent = [replace(v, want=np.asarray(f(v.want))) for v in views]
            if not all(np.isfinite(v.want).all() for v in bent):
                continue
            clause = Clause("function", f"it is the right answer {words}")
            if _every(bent, lambda v: close(v.got, v.want)):
                return [clause]
            if found := factor(bent) if views[0].want.ndim else None:
                return [clause, *found]
    return None


def _every(views, agrees):
    """Whether `agrees` holds in every view, and the output isn't all zeros in all of them."""
    return all(agrees(v) for v in views) and any(np.any(v.want) and np.any(v.got) for v in views)


def _truncated(views):
    if all(v.got.dtype.kind in "iu" and v.want.dtype.kind == "f" for v in views) and _every(
        views, lambda v: close(v.got.astype(float), np.trunc(v.want))
    ):
        return Clause("dtype", "its fractions are cut off: it is stored in an array of integers")
    return None


# A constant factor


def factor(views):
    ratios = [_ratio(v) for v in views]
    if None in ratios or all(abs(r - 1) < 1e-9 for r in ratios):
        return None
    found = [s for s, values in _symbols(views) if np.allclose(values, ratios, 1e-8, 0)]
    if found:
        simplest = min(found, key=_weight)
        equals = [s for s in found if _weight(s) == _weight(simplest)]
        return _say_factor(simplest) if len(equals) == 1 else None
    if len(views) > 2 and np.ptp(ratios) <= 1e-8 * abs(ratios[0]) and ratios[0]:
        return [Clause("factor", f"it is {ratios[0]:.4g} times what it should be")]
    return None


def _ratio(view):
    """The number c for which got = c * want, or None."""
    if view.got.shape != view.want.shape:
        return None
    norm = np.vdot(view.want, view.want)
    c = np.vdot(view.want, view.got) / norm if norm and np.isfinite(norm) else None
    return float(c) if c and close(view.got, c * view.want) else None


def _symbols(views):
    """Factors to try: ((number, name, form), its value in each trial)."""
    known = {}
    for name in views[0].lengths:
        known[name] = [float(v.lengths.get(name, math.nan)) for v in views]
    for name, value in views[0].inputs.items():
        if type(value) in (int, float):
            known[name] = [float(v.inputs.get(name, math.nan)) for v in views]
    forms = {
        "s": lambda s: s,
        "1/s": lambda s: 1 / s,
        "s²": lambda s: s * s,
        "1/s²": lambda s: 1 / (s * s),
        "√s": np.sqrt,
        "1/√s": lambda s: 1 / np.sqrt(s),
        "1 - s": lambda s: 1 - s,
        "1/(1 - s)": lambda s: 1 / (1 - s),
    }
    signs = (1, -1, 2, 0.5, -2, -0.5)
    for number in signs[1:]:
        yield (number, "", ""), [float(number)] * len(views)
    with np.errstate(all="ignore"):
        for number, (name, values), (form, f) in itertools.product(
            signs, known.items(), forms.items()
        ):
            if len(set(values)) == 1 and name in views[0].lengths and len(views) > 1:
                continue  # a length that never changed can't be told from a number
            out = number * f(np.array(values))
            if np.isfinite(out).all() and np.all(out != 0):
                yield (number, name, form), list(out)


def _weight(symbol):
    number, _, form = symbol
    return (number != 1) + (number not in (1, -1)) + len(form)


def _say_factor(symbol):
    number, name, form = symbol
    clauses = []
    if number < 0:
        clauses.append(Clause("sign", NUMBERS[-1]))
    if abs(number) != 1:
        clauses.append(Clause("factor", NUMBERS[abs(number)]))
    if form == "s":
        clauses.append(
            Clause("factor", f"it is `{name}` times too large: is a division by `{name}` missing?")
        )
    elif form == "1/s":
        clauses.append(
            Clause(
                "factor",
                f"it is `{name}` times too small: is it divided by `{name}` once too often, "
                "or a product with it missing?",
            )
        )
    elif form:
        clauses.append(
            Clause("factor", f"it is {form.replace('s', f'`{name}`')} times what it should be")
        )
    return clauses


# One thing that is not a factor


def _transposed(views):
    n = views[0].got.ndim
    for a, b in itertools.combinations(range(n), 2):
        if _every(
            views, lambda v, a=a, b=b: v.got.ndim == n and close(v.got.swapaxes(a, b), v.want)
        ):
            text = "it is transposed" if n == 2 else f"its axes {a} and {b} are exchanged"
            return Clause("transpose", text)
    return None


def _reversed(views):
    for axis in range(views[0].want.ndim):
        if _every(
            views,
            lambda v, axis=axis: (
                v.got.shape == v.want.shape and close(np.flip(v.got, axis), v.want)
            ),
        ):
            return Clause("order", f"it runs backward along axis {axis}")
    return None


def _shifted(views):
    for axis in range(views[0].want.ndim):
        if min(v.want.shape[axis] for v in views if v.want.ndim > axis) < 2:
            continue
        if max(v.want.shape[axis] for v in views) < 3:
            continue
        for by, word in ((1, "later"), (-1, "earlier")):

            def agrees(v, axis=axis, by=by):
                if v.got.shape != v.want.shape:
                    return False
                keep = v.want.shape[axis] - 1
                got = np.take(v.got, range(keep) if by < 0 else range(1, keep + 1), axis)
                want = np.take(v.want, range(keep) if by > 0 else range(1, keep + 1), axis)
                return close(got, want)

            if _every(views, agrees):
                return Clause("shift", f"along axis {axis} every entry stands one place {word}")
    return None


def _left_axis(views):
    if all(
        v.got.shape != v.want.shape and v.got.size == v.want.size and v.want.size for v in views
    ) and _every(views, lambda v: close(v.got.reshape(v.want.shape), v.want)):
        if all(
            tuple(n for n in v.got.shape if n != 1) == tuple(n for n in v.want.shape if n != 1)
            for v in views
        ):
            got, want = views[0].got.shape, views[0].want.shape
            return Clause(
                "shape", f"the numbers are right, but its shape is {got} and should be {want}"
            )
        return Clause("shape", f"the numbers are right, but laid out as {views[0].got.shape}")
    return None


def _axes(n, least=1):
    return itertools.chain.from_iterable(
        itertools.combinations(range(n), k) for k in range(least, n + 1)
    )


def _not_reduced(views):
    """Want is a sum or mean of got over some axes."""
    n = views[0].got.ndim
    if not all(v.got.ndim == n and v.got.size > v.want.size for v in views):
        return None
    for axes in _axes(n):
        for word, reduce in (("summed", np.sum), ("averaged", np.mean)):

            def agrees(v, axes=axes, reduce=reduce):
                out = reduce(v.got, axis=axes, keepdims=True)
                kept = np.squeeze(out, axes)
                return close(kept, v.want) or close(out, v.want)

            if _every(views, agrees):
                repeated = all(_constant_along(v.got, axes) for v in views)
                if repeated and word == "averaged":
                    return Clause("broadcast", f"it is right, but repeated along {_along(axes)}")
                return Clause("axis", f"it is not yet {word} over {_along(axes)}")
    return None


def _constant_along(array, axes):
    return close(array, np.broadcast_to(array.mean(axis=axes, keepdims=True), array.shape))


def _along(axes):
    return f"axis {axes[0]}" if len(axes) == 1 else f"axes {', '.join(map(str, axes))}"


def _reduced(views):
    """Got is a sum or mean of want over some axes."""
    n = views[0].want.ndim
    if not all(v.want.ndim == n and v.got.size < v.want.size for v in views):
        return None
    for axes in _axes(n):
        for word, reduce in (("summed", np.sum), ("averaged", np.mean)):

            def agrees(v, axes=axes, reduce=reduce):
                out = reduce(v.want, axis=axes, keepdims=True)
                return close(v.got, out) or close(v.got, np.squeeze(out, axes))

            if _every(views, agrees):
                return Clause("axis", f"it is {word} over {_along(axes)}, and should not be")
    return None


def _wrong_axis(views):
    """Both are sums or means of one input, over different axes."""
    for name, array in views[0].arrays():
        ways = [
            (axes, word, reduce)
            for axes in _axes(array.ndim)
            for word, reduce in (("summed", np.sum), ("averaged", np.mean))
        ]

        def matches(way, side, name=name):
            def agrees(v):
                out = way[2](v.array(name), axis=way[0])
                got = getattr(v, side)
                return close(got, out) or close(got.squeeze(), out)

            return _every(views, agrees)

        right = next((way for way in ways if matches(way, "want")), None)
        wrong = right and next((way for way in ways if matches(way, "got")), None)
        if right and wrong:
            return Clause(
                "axis",
                f"it is `{name}` {wrong[1]} over {_along(wrong[0])}, "
                f"not {right[1]} over {_along(right[0])}",
            )
    return None


def _is_input(views):
    for name, array in views[0].arrays():
        if array.shape == views[0].got.shape and _every(
            views, lambda v, name=name: close(v.got, v.array(name))
        ):
            return Clause("unchanged", f"it is the input `{name}`, unchanged")
    return None


def _is_made_of_inputs(views):
    """It is two inputs combined entry by entry."""
    names = [name for name, _ in views[0].arrays()]
    for a, b in itertools.permutations(names, 2):
        for sign, combine in (
            ("*", np.multiply),
            ("/", np.divide),
            ("+", np.add),
            ("-", np.subtract),
        ):

            def agrees(v, a=a, b=b, combine=combine):
                x, y = (v.array(name) for name in (a, b))
                return x.shape == y.shape == v.got.shape and close(v.got, combine(x, y))

            if _every(views, agrees):
                return Clause("made of inputs", f"what came out is `{a} {sign} {b}`")
    return None


def _input_factor(views):
    """An input is a factor too few or too many, entry by entry."""
    for name, _ in views[0].arrays():

        def missing(v, name=name):
            return (
                v.got.shape == v.want.shape
                and _fits(v, name)
                and close(v.got * v.array(name), v.want)
            )

        def extra(v, name=name):
            return (
                v.got.shape == v.want.shape
                and _fits(v, name)
                and close(v.got, v.want * v.array(name))
            )

        if _every(views, missing):
            return Clause("missing factor", f"a factor `{name}` is missing")
        if _every(views, extra):
            return Clause("extra factor", f"a factor `{name}` is there once too often")
    return None


def _fits(view, name):
    try:
        return np.broadcast_shapes(np.shape(view.array(name)), view.want.shape) == view.want.shape
    except ValueError:
        return False


def _input_term(views):
    """The difference to what was expected is an input, or a small multiple of one."""
    for name, _ in views[0].arrays():
        for c, text in (
            (1, "the right answer plus `{}`"),
            (-1, "the right answer minus `{}`"),
            (2, "the right answer plus 2 `{}`"),
            (-2, "the right answer minus 2 `{}`"),
        ):

            def agrees(v, name=name, c=c):
                return (
                    v.got.shape == v.want.shape
                    and _fits(v, name)
                    and np.any(v.got - v.want)
                    and close(v.got, v.want + c * v.array(name))
                )

            if _every(views, agrees):
                hint = {
                    1: ": is it added where it should not be",
                    -1: ": is that term missing",
                }.get(c, ": is a sign wrong")
                return Clause("term", f"what came out is {text.format(name)}{hint}?")
    return None


_SINGLE = (
    _transposed,
    _is_input,
    _left_axis,
    _wrong_axis,
    _not_reduced,
    _reduced,
    _input_factor,
    _input_term,
    _function_of,
    _is_made_of_inputs,
    _reversed,
    _shifted,
)

_BESIDE_A_FACTOR = (_transposed, _left_axis, _wrong_axis, _not_reduced, _reduced, _reversed)


def where(views):
    """Where a wrong output is right: a clause, or None. It tells no cause, but where to look."""
    views = [v for v in views if v.got.shape == v.want.shape]
    wrong = [_wrong(v) for v in views]
    mixed = [(v, w) for v, w in zip(views, wrong, strict=True) if w.any() and not w.all()]
    if len(mixed) < 3:
        return None
    for name, array in views[0].arrays():
        if array.ndim and all(v.array(name).shape == w.shape for v, w in mixed):
            for word, test in (("positive", np.greater), ("negative", np.less)):
                if all(np.array_equal(test(v.array(name), 0), w) for v, w in mixed):
                    return f"it is wrong exactly where `{name}` is {word}"
    if all(not np.any(v.got[w]) for v, w in mixed):
        return "it is right where it is not 0, and 0 stands where something else should"
    for axis, (place, word) in itertools.product(
        range(views[0].want.ndim), ((0, "first"), (-1, "last"))
    ):
        lines = [_line(w.shape, axis, place) for _, w in mixed]
        if not any((w & ~line).any() for (_, w), line in zip(mixed, lines, strict=True)):
            return f"only the {word} entry along axis {axis} is wrong"
        if not any((w & line).any() for (_, w), line in zip(mixed, lines, strict=True)):
            return f"the {word} entry along axis {axis} is right, others aren't"
    return None


def _line(shape, axis, place):
    """True at one place along an axis."""
    mask = np.zeros(shape, bool)
    np.moveaxis(mask, axis, 0)[place] = True
    return mask


def _wrong(view):
    scale = np.abs(view.want).max(initial=0) or 1.0
    with np.errstate(all="ignore"):
        return ~(np.abs(view.got - view.want) <= 1e-6 * scale)
