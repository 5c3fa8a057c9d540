"""What can be seen in a wrong array without knowing the task: a factor, a sign, an axis.

Each detector looks at one output over all trials and answers with a clause that holds on every one
of them, or with nothing. A detector never guesses: what it says is an equation between what came
out, what was expected and what was given.
"""

from dataclasses import replace

import numpy as np

from bpkit.tasks import axes, entries
from bpkit.tasks.factors import factor, number, say_factor, symbols
from bpkit.tasks.views import Clause

_SINGLE = (
    axes.reduced_and_repeated,
    entries.constant,
    axes.transposed,
    axes.laid_out,
    entries.is_input,
    axes.left_axis,
    axes.wrong_axis,
    axes.not_reduced,
    axes.reduced,
    entries.input_factor,
    entries.input_term,
    entries.function_of,
    entries.is_made_of_inputs,
    axes.backward,
    axes.in_order,
    axes.shifted,
    entries.rounded,
    entries.is_function_of_inputs,
    axes.scattered,
)


_OF_WHOLE_NUMBERS = (
    entries.off_by_one,
    number,
    entries.constant,
    axes.transposed,
    entries.is_input,
    axes.left_axis,
    axes.backward,
    axes.shifted,
)
_BESIDE_A_FACTOR = (
    axes.transposed,
    axes.left_axis,
    axes.not_reduced,
    axes.reduced,
    axes.backward,
)


def explain(views):
    """The clauses that together account for a wrong output: one, two, or none.

    Whole numbers agree by chance: of these only what moves or counts them is looked at.
    """
    if not all(v.numeric and v.want.dtype.kind != "b" for v in views):
        return []
    if any(v.got.dtype.kind == "b" for v in views):
        views = [replace(v, got=v.got.astype(float)) for v in views]
    if not all(np.isfinite(v.got).all() for v in views):
        return []
    whole = any(v.want.dtype.kind in "iu" for v in views)
    for detector in _OF_WHOLE_NUMBERS if whole else (entries.truncated, factor, *_SINGLE):
        if clauses := detector(views):
            return clauses if isinstance(clauses, list) else [clauses]
    if whole:
        return []
    summed = next(axes.reductions(views, "want"), None) is not None
    beside = (*_BESIDE_A_FACTOR, axes.wrong_axis) if summed else _BESIDE_A_FACTOR
    for symbol, values in symbols(views):
        turned = [v.scaled(1 / c) for v, c in zip(views, values, strict=True)]
        for detector in beside:
            if clause := detector(turned):
                return [*say_factor(symbol), clause]
    return []


def shape(views):
    """How an output's shape is wrong, with the lengths' names where they have one."""
    got, want = views[0].got.shape, views[0].want.shape
    alike = [v for v in views if (v.got.ndim, v.want.ndim) == (len(got), len(want))]
    lengths = [v.lengths for v in alike]
    came = _meaning([v.got.shape for v in alike], lengths)
    due = _meaning([v.want.shape for v in alike], lengths)
    text = f"its shape is {got}{came}; it should be {want}{due}"
    if len(got) == len(want):
        axes = [a for a in range(len(got)) if got[a] != want[a]]
        which = ", ".join(map(str, axes))
        text += f": axis {which} is wrong" if len(axes) == 1 else f": axes {which} are wrong"
    else:
        text += f": it has {len(got)} {'axis' if len(got) == 1 else 'axes'}, not {len(want)}"
    return Clause("shape", text)


def _meaning(shapes, lengths):
    """`, that is (N, D)`, where each length of the shape has one name, the same in every trial."""
    names = [
        [
            k
            for k in lengths[0]
            if all(s[axis] == n.get(k) for s, n in zip(shapes, lengths, strict=True))
        ]
        for axis in range(len(shapes[0]))
    ]
    if names and all(len(named) == 1 for named in names):
        names = [named[0] for named in names]
        return f", that is ({', '.join(names)}{',' if len(names) == 1 else ''})"
    return ""
