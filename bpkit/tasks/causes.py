"""Why outputs are wrong: by name where one mistake explains them, else by what detectors see.

A named mistake is claimed only if it gives the learner's numbers on every input tried and no other
one does. What neither a name nor a detector explains goes to the searches of `compound`.
"""

import itertools

import numpy as np

from bpkit.tasks import compound, detect, regions
from bpkit.tasks.evidence import by_chance
from bpkit.tasks.example import wrong_outputs
from bpkit.tasks.further import comparisons, further, further_of_variants, one_or_further
from bpkit.tasks.mutants import twins
from bpkit.tasks.outcome import close
from bpkit.tasks.run import Case
from bpkit.tasks.verdict import NOT_RIGHT, Finding, grouped, told_as
from bpkit.tasks.views import View

LARGE = 30  # inputs beyond this are extreme: the exponential of -30 is lost beside 1


def values(task, evidence, ordinary, special, named):
    """Why outputs are wrong: by name, else by what the detectors see."""
    ordinary = [t for t in ordinary if t.ran.found]
    special = [t for t in special if t.ran.found or t.ran.trouble]
    if not ordinary:
        return []
    known = task.wrong if named else {}
    everywhere = ordinary + special
    if keys := _whole(evidence, everywhere, known):
        return _by_name(task, keys)
    wrong = wrong_outputs(ordinary)
    late = [n for n in wrong_outputs([t for t in special if t.ran.found]) if n not in wrong]
    extra = [_on_extremes(task, evidence, special, n, known) for n in late]
    if not wrong:
        return _slight(task, evidence, everywhere, late) or extra
    if special and not evidence.coarse and (keys := _whole(evidence, ordinary, known)):
        return _by_name(task, keys) + extra + _overflow(evidence, special, wrong, known[keys[0]])
    if evidence.coarse:
        ordinary = everywhere  # what agrees by chance must agree on the extreme inputs too
    seen = {name: detect.explain(views_of(ordinary, name)) for name in wrong}
    each = _swapped(ordinary) or _each_output(task, evidence, ordinary, known, seen)
    if len(each) == 1:
        return each + extra
    found = (
        _two_named(task, evidence, everywhere, named)
        or (len(wrong) > 1 and compound.mutated(task, evidence, ordinary))
        or each
        or compound.arguments(task, evidence)
        or compound.mutated(task, evidence, ordinary)
        or compound.scaled(task, evidence, ordinary, known)
        or compound.supposed(ordinary, list(ordinary[0].case.expected))
        or compound.mutated_apart(task, evidence, ordinary, wrong)
        or compound.supposed(ordinary, wrong)
        or compound.mutated(task, evidence, ordinary, twins)
        or compound.variant_mutated(task, evidence, ordinary)
        or compound.mutated(task, evidence, ordinary, further)
        or compound.mutated_apart(task, evidence, ordinary, wrong, one_or_further)
        or (
            not evidence.coarse
            and compound.variant_mutated(task, evidence, ordinary, further_of_variants)
        )
        or (
            not evidence.coarse
            and compound.named_and_mutated(task, evidence, ordinary, known, wrong)
        )
        or compound.mutated_twice(evidence, ordinary)
        or _each_output(task, evidence, ordinary, known, seen, partly=True)
    )
    return found + extra


def _whole(evidence, trials, known):
    """The named mistakes that give the learner's outcome everywhere, told apart where possible."""
    names = list(trials[0].case.expected)
    keys = [k for k, function in known.items() if evidence.matches(function, trials, names)]
    changed = {
        k: [evidence.under(known[k], t).ran.changed == t.ran.changed for t in trials] for k in keys
    }
    shows = [k for k in keys if evidence.spoils(known[k], trials)]
    spoils_input = [k for k in keys if any(evidence.under(known[k], t).ran.changed for t in trials)]
    exact = [k for k in keys if all(changed[k]) and (k in shows or k in spoils_input)]
    keys = exact or shows
    if len(keys) > 1 and trials[0] in evidence.ordinary:
        for trial in evidence.more():
            keys = [k for k in keys if evidence.matches(known[k], [trial], names)]
            if len(keys) < 2:
                break
    return keys


def _by_name(task, keys):
    if len(keys) == 1:
        return [told_as(task, keys[0])]
    told = [task.mistake(k) for k in keys[:3]]
    text = "\nOr: ".join(f"{m.name}. {m.why}" for m in told)
    return [Finding(f"On every input tried these give the same. {text}", "either", tuple(keys))]


def _two_named(task, evidence, trials, named):
    """Two named mistakes at once; or one change that gives the same, where it can be said."""
    found = compound.pairs(task, evidence, trials, named)
    one = compound.mutated(task, evidence, trials, one_or_further) if found else []
    return one if one and "value" not in one[0].text and "several" not in one[0].text else found


def _slight(task, evidence, trials, late):
    """The reference with one thing changed that shows on extreme inputs alone."""
    if not late or any(not_finite(t, n) or t.ran.trouble for t in trials for n in late):
        return []
    whole = by_chance(trials[0].case) & set(late)
    return compound.mutated(task, evidence, trials, comparisons if whole else one_or_further)


def views_of(trials, name):
    return [
        View(t.ran.found[name], t.case.expected[name], t.case.inputs, t.case.lengths)
        for t in trials
        if name in t.ran.found
    ]


def _swapped(trials):
    """Outputs that came in another order."""
    names = list(trials[0].case.expected)
    if not 2 <= len(names) <= 4 or any(list(t.case.expected) != names for t in trials):
        return []
    for order in itertools.permutations(names):
        if list(order) != names and all(
            n in t.ran.found and close(t.ran.found[n], t.case.expected[o], t.case.task.tolerance)
            for t in trials
            for n, o in zip(names, order, strict=True)
        ):
            came, due = ", ".join(order), ", ".join(names)
            text = f"The outputs are in another order: ({came}) came, ({due}) should."
            return [Finding(text, "swapped outputs")]
    return []


def _each_output(task, evidence, trials, known, seen, partly=False):
    """An explanation for each wrong output; without one for all, nothing, unless partly.

    seen: for each wrong output what detectors see.
    """
    first = next(iter(seen.values()))
    if len(seen) > 1 and first and all(clauses == first for clauses in seen.values()):
        return grouped(trials, [(n, Finding(c.text, c.kind)) for n in seen for c in first])
    pairs = []
    for name, clauses in seen.items():
        found = _one_output(task, evidence, trials, known, name, seen)
        found = found or [Finding(c.text, c.kind) for c in clauses]
        if partly and not found and len(seen) > 1:
            found = compound.mutated_in(task, evidence, trials, name, one_or_further)
        if not found and not partly:
            return []
        pairs += [(name, f) for f in found or _unexplained(task, evidence, trials, name)]
    return grouped(trials, pairs)


def _one_output(task, evidence, trials, known, name, wrong):
    """The mistake that explains one wrong output and all else that it touches, if there is one."""
    whole = []
    if trials[0].case.expected[name].dtype.kind != "f":
        known = {}  # one whole number of several outputs: many mistakes make the same
    for key, function in known.items():
        touched = evidence.spoils(function, trials)
        if name in touched <= set(wrong) and evidence.matches(function, trials, touched):
            whole.append(key)
    return [told_as(task, whole[0])] if len(whole) == 1 else []


def not_finite(trial, name):
    """Whether a NaN or infinity came where the right answer is finite."""
    found = trial.ran.found.get(name)
    return (
        found is not None
        and found.dtype.kind == "f"
        and not np.isfinite(found).all()
        and np.isfinite(trial.case.expected[name]).all()
    )


def _on_extremes(task, evidence, special, name, known):
    """Why an output that is right on ordinary inputs is wrong on extreme ones."""
    trial = next(t for t in special if name in t.wrong and name in t.ran.found)
    if not_finite(trial, name):
        what = "NaN" if np.isnan(trial.ran.found[name]).any() else "an infinity"
        return Finding(
            f"On {trial.case.label} there is {what} in `{name}`; on ordinary inputs it is right. "
            "Something overflows, or 0 is divided by 0.",
            "overflow",
        )
    text = f"On {trial.case.label}, `{name}` is wrong; on ordinary inputs it is right."
    if large := _without_effect(evidence, trial, name):
        listed = " or ".join(f"`{n}`" for n in large)
        text += (
            f" It stays the same there when {listed} grows still further: is something cut off, "
            "or is a small number added that keeps it from 0?"
        )
        return Finding(text, "cut off")
    return Finding(text, "extreme")


def _without_effect(evidence, trial, name):
    """The inputs whose very large entries a wrong output doesn't follow when they double, twice."""
    found = []
    for parameter, value in trial.case.inputs.items():
        if isinstance(value, np.ndarray) and value.dtype == float and np.abs(value).max() > LARGE:
            sizes = [np.where(np.abs(value) > LARGE, by, 1) for by in (2, 4)]
            grown = [_with(trial.case, parameter, size * value) for size in sizes]
            ran = [evidence.guard.call(evidence.function, case) for case in grown]
            if all(name in r.found and close(r.found[name], trial.ran.found[name]) for r in ran):
                found.append(parameter)
    return found


def _with(case, parameter, value):
    """A case with one input exchanged."""
    return Case(case.task, {**case.inputs, parameter: value}, case.lengths)


def _overflow(evidence, special, wrong, mistake):
    """A NaN on extreme inputs that a named mistake, found on ordinary ones, doesn't account for."""
    for trial in special:
        for name in wrong:
            if not_finite(trial, name) and not not_finite(evidence.under(mistake, trial), name):
                what = "NaN" if np.isnan(trial.ran.found[name]).any() else "an infinity"
                text = f"On {trial.case.label} there is {what} in `{name}` besides."
                return [Finding(text, "overflow")]
    return []


def _unexplained(task, evidence, trials, name):
    """No cause was found for all of it: where the output is wrong is told, or on what it hangs."""
    views = views_of(trials, name)
    if any(not_finite(t, name) for t in trials):
        kind = "NaN" if any(np.isnan(v.got).any() for v in views) else "an infinity"
        return [Finding(f"there is {kind}", "nonfinite")]
    if bad := [v for v in views if v.got.shape != v.want.shape]:
        return [Finding(detect.shape(bad).text, "shape")]
    if unmoved := _unmoved(evidence, trials, name):
        listed = " or ".join(f"`{n}`" for n in unmoved)
        return [Finding(f"nothing moves when {listed} changes, and it should", "independent")]
    return [Finding(c.text, c.kind) for c in regions.explain(views)] or [NOT_RIGHT]


def _unmoved(evidence, trials, name):
    """The inputs that move the right output but not the learner's; whole numbers move rarely."""
    found = [t.ran.found.get(name) for t in trials]
    if not all(a is not None and a.dtype.kind == "f" for a in found):
        return []
    unmoved = []
    for parameter in trials[0].case.inputs:
        moved = [_moved(evidence, t, parameter, name) for t in trials[:6]]
        if all(m == (False, True) for m in moved):
            unmoved.append(parameter)
    return unmoved


def _moved(evidence, trial, parameter, name):
    """Whether another value of one input moves (the learner's output, the right one)."""
    value = trial.case.inputs[parameter]
    if not isinstance(value, (float, np.ndarray)) or np.asarray(value).dtype.kind != "f":
        return None
    # each entry by a factor of its own: what depends on directions alone must move too
    factors = 1.37 + 0.3 * np.cos(np.arange(np.size(value))).reshape(np.shape(value))
    moved = value * factors if np.ndim(value) else value * 1.37
    case = _with(trial.case, parameter, moved)
    try:
        right = not close(case.expected[name], trial.case.expected[name])
    except Exception:
        return None
    found = evidence.guard.call(evidence.function, case).found.get(name)
    mine = found is None or not close(found, trial.ran.found[name])
    return mine, right
