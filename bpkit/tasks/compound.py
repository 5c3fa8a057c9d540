"""Causes that are found by trying: arguments exchanged, two mistakes at once, one thing changed.

Each search runs something near the reference on the learner's inputs, and tells what it found only
if the numbers agree on all of them.
"""

import itertools
import re
from dataclasses import replace

import numpy as np

from bpkit.tasks import factors, outcome
from bpkit.tasks.evidence import Trial, by_chance, precision
from bpkit.tasks.further import couples
from bpkit.tasks.mutants import LIKELIHOOD, mutants, mutants_of_variants, together
from bpkit.tasks.outcome import close
from bpkit.tasks.spec import pairs_of_mistakes
from bpkit.tasks.supposed import of_one_kind, outputs_if, suppositions
from bpkit.tasks.verdict import Finding, grouped, told_as
from bpkit.tasks.views import View

COMBINATIONS = 600  # mutants of named mistakes that are looked through, so that it stays quick


def arguments(task, evidence):
    """Two arguments of one kind mixed up: with them exchanged, the answer is right."""
    values = list(evidence.ordinary[0].case.inputs.values())
    for a, b in itertools.combinations(range(len(values)), 2):
        if not of_one_kind(values[a], values[b]):
            continue

        def exchanged(*args, a=a, b=b, **named):
            args = list(args)
            if b < len(args):
                args[a], args[b] = args[b], args[a]
            return evidence.function(*args, **named)

        if all(
            Trial(t.case, evidence.guard.call(exchanged, t.case)).right for t in evidence.ordinary
        ):
            a, b = task.parameters[a], task.parameters[b]
            text = f"It would be right if `{a}` and `{b}` were exchanged: are the two mixed up?"
            return [Finding(text, "arguments")]
    return []


def pairs(task, evidence, trials, named):
    """Two named mistakes made at once: the reference with both changes."""
    names = list(trials[0].case.expected)
    found = [
        keys
        for keys, function in (pairs_of_mistakes(task) if named else {}).items()
        if evidence.matches(function, trials, names)
        and all(evidence.under(function, t).ran.changed == t.ran.changed for t in trials)
    ]
    return [told_as(task, key) for key in found[0]] if len(found) == 1 else []


def scaled(task, evidence, trials, known):
    """A named mistake, and a constant factor or a sign besides."""
    found = []
    for key, function in known.items():
        if not evidence.spoils(function, trials):
            continue
        pairs = []
        for name in trials[0].case.expected:
            views = _beside(evidence, function, trials, name)
            clauses = [] if all(close(v.got, v.want) for v in views) else factors.number(views)
            if clauses is None or not views:
                break
            pairs += [(name, Finding(c.text, c.kind)) for c in clauses]
        else:
            if pairs:
                found.append([told_as(task, key), *grouped(trials, pairs)])
    return found[0] if len(found) == 1 else []


def _beside(evidence, function, trials, name):
    """Views of an output against what a mistake gives for it."""
    views = []
    for t in trials:
        other = evidence.under(function, t).ran.found
        if name in t.ran.found and name in other:
            views.append(View(t.ran.found[name], other[name], t.case.inputs, t.case.lengths))
    return views


def mutated(task, evidence, trials, among=mutants):
    """The reference with one thing changed gives the learner's numbers."""
    names = list(trials[0].case.expected)
    mutant = _one_mutant(among(task), evidence, trials, names)
    return [Finding(f"{_capital(mutant.text)}.", mutant.kind)] if mutant else []


def mutated_twice(evidence, trials):
    """The reference with two things changed gives them, where it is short."""
    names = list(trials[0].case.expected)
    if evidence.coarse or not any(_says(trials, n) for t in trials for n in t.wrong):
        return []
    found = [c for c in couples(evidence.task) if evidence.matches(c[2], trials, names)]
    if not found:
        return []
    likely = min(found, key=lambda c: sum(LIKELIHOOD.index(kind) for kind, _ in c[:2]))
    return [Finding(f"{_capital(text)}.", kind) for kind, text in likely[:2]]


def variant_mutated(task, evidence, trials, among=mutants_of_variants):
    """Another right answer with one thing changed gives them; which the learner need not write."""
    names = list(trials[0].case.expected)
    mutant = _one_mutant(among(task), evidence, trials, names)
    if not mutant:
        return []
    text = "Another right answer would give these numbers with one thing changed"
    return [Finding(f"{text}: {mutant.text}.", mutant.kind)]


def mutated_apart(task, evidence, trials, wrong, among=mutants):
    """The reference with one thing changed for each wrong output, or for those that others need."""
    rare = among is not mutants
    if len(wrong) == 1 or (rare and by_chance(trials[0].case) & set(wrong)):
        return []
    each = {n: _one_mutant(among(task), evidence, trials, [n]) for n in wrong}
    each = {n: m for n, m in each.items() if m}
    if len(each) < len(wrong):
        names = list(trials[0].case.expected)
        if rare:
            return []
        both = together(task, [m.place for m in each.values()]) if len(each) > 1 else None
        if both is None or not evidence.matches(both, trials, names):
            return []
    pairs = [(n, Finding(_without_place(m.text), m.kind)) for n, m in each.items()]
    return grouped(trials, pairs)


def mutated_in(task, evidence, trials, name, among):
    """The reference with one thing changed gives one of several outputs."""
    if name in by_chance(trials[0].case):
        return []
    mutant = _one_mutant(among(task), evidence, trials, [name])
    return [Finding(_without_place(mutant.text), mutant.kind)] if mutant else []


def _one_mutant(mutated, evidence, trials, names):
    """The mutant that gives these outputs in every trial; of several, the likeliest.

    Several that agree are one function, written in several ways: all that is said of one is true
    of the others. Two of a kind are both told; of more, those with a name that the learner knows.
    """
    wrong = {name for t in trials for name in t.wrong if name in names}
    if not any(_says(trials, name) for name in wrong):
        return None  # where nothing but NaN or one number came, much would match by chance
    found = [m for m in mutated if evidence.matches(m.function, trials, names)]
    if not found:
        return None
    likeliest = LIKELIHOOD[min(LIKELIHOOD.index(m.kind) for m in found)]
    alike = {}
    for m in found:
        if m.kind == likeliest:
            alike.setdefault(_without_place(m.text).removeprefix("in one place of several, "), m)
    told = {m.text: m for m in alike.values()}
    told = {a: m for a, m in told.items() if not any(b != a and b.startswith(a) for b in told)}
    if len(told) > 2:
        told = {text: m for text, m in told.items() if "`" in text}  # which name something known
    if not 0 < len(told) < 3:
        return None
    text = "; or, which comes to the same, ".join(told)
    return replace(next(iter(told.values())), text=text)


def _says(trials, name):
    """Whether there are different numbers in an output."""
    found = [np.ravel(t.ran.found[name]) for t in trials if name in t.ran.found]
    seen = np.concatenate(found or [np.zeros(0)])
    return seen.dtype.kind not in "biuf" or np.unique(seen[np.isfinite(seen)]).size > 1


def _without_place(text):
    """A mutant's clause without `in dW, `, which is said of the output anyway."""
    return re.sub(r"in `\w+`, ", "", text)


def _capital(text):
    return text[0].upper() + text[1:]


def supposed(trials, outputs):
    """It is what would be right for other inputs, in these outputs."""
    for clause, change in suppositions(trials[0].case):
        if _as_supposed(trials, change, outputs):
            whole = len(outputs) == len(trials[0].case.expected)
            text = "It" if whole else f"In {outcome.listed(outputs)}, it"
            return [Finding(f"{text} is what would be right {clause}.", "supposed")]
    return []


def _as_supposed(trials, change, outputs):
    """Whether the outputs are those of the changed inputs, wherever the reference takes these."""
    seen = 0
    for trial in trials:
        wanted, found = outputs_if(trial, change), trial.ran.found
        for name in outputs if wanted else ():
            if name not in found or not close(found[name], wanted[name], precision(found[name])):
                return False
        seen += bool(wanted)
    return seen >= 3


def named_and_mutated(task, evidence, trials, known, wrong):
    """A named mistake, and one thing changed besides.

    Where there are several outputs, the mistake must account for one of them by itself. Outputs
    that agree by chance tell no such thing.
    """
    names, found, tried = list(trials[0].case.expected), [], 0
    for key, function in known.items() if not evidence.coarse else ():
        alone = len(names) == 1 or any(evidence.matches(function, trials, [n]) for n in wrong)
        if not alone or callable(task.mistake(key).how) or tried > COMBINATIONS:
            continue
        left = [n for n in wrong if not evidence.matches(function, trials, [n])]
        if not any(_says(trials, n) for n in left):
            continue
        besides = mutants(task, key)
        tried += len(besides)
        mutant = _one_mutant(besides, evidence, trials, names)
        if mutant and evidence.spoils(function, trials):
            found.append([told_as(task, key), Finding(f"{_capital(mutant.text)}.", mutant.kind)])
    return found[0] if len(found) == 1 else []
