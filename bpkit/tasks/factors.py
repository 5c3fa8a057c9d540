"""A constant factor between what came out and what should: -1, 2, a half, N, 1/N, a rate."""

import itertools
import math

import numpy as np

from bpkit.tasks.outcome import close
from bpkit.tasks.views import Clause

NUMBERS = {
    -1: "the sign is flipped",
    2: "it is 2 times too large",
    0.5: "it is half as large as it should be",
}


def number(views):
    """The clauses of a factor -1, 2, 1/2 between two wrong answers; None if there is none."""
    ratios = [ratio(v) for v in views]
    for c in (-1, 2, 0.5, -2, -0.5):
        if None not in ratios and np.allclose(ratios, c, 1e-8, 0):
            return say_factor((c, "", ""))
    return None


def factor(views):
    ratios = [ratio(v) for v in views]
    if None in ratios or all(abs(r - 1) < 1e-9 for r in ratios):
        return None
    found = [s for s, values in symbols(views) if np.allclose(values, ratios, 1e-8, 0)]
    if found:
        simplest = min(found, key=_weight)
        equals = [s for s in found if _weight(s) == _weight(simplest)]
        return say_factor(simplest) if len(equals) == 1 else None
    if len(views) > 2 and np.ptp(ratios) <= 1e-8 * abs(ratios[0]) and ratios[0]:
        return [Clause("factor", f"it is {ratios[0]:.4g} times what it should be")]
    return None


def ratio(view):
    """The number c for which got = c * want, or None."""
    if view.got.shape != view.want.shape or not view.numeric:
        return None
    norm = np.vdot(view.want, view.want)
    c = np.vdot(view.want, view.got) / norm if norm and np.isfinite(norm) else None
    return float(c) if c and close(view.got, c * view.want) else None


def symbols(views):
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


def say_factor(symbol):
    number, name, form = symbol
    clauses = []
    if number < 0:
        clauses.append(Clause("sign", NUMBERS[-1]))
    if abs(number) != 1:
        clauses.append(Clause("factor", NUMBERS[abs(number)]))
    if form == "s":
        clauses.append(
            Clause(
                "factor",
                f"it is `{name}` times too large: is a division by `{name}` missing? "
                f"Or is it multiplied by `{name}` once too often?",
            )
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
