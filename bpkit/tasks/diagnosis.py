"""What is wrong with an answer: the named mistake, what the detectors see, the smallest example.

An answer is tried on several inputs. If it is wrong, every named mistake is run on the same inputs,
and one is claimed only if it gives the same numbers on all of them and no other one does. What
no named mistake explains goes to the detectors, and then to the reference's mutants. A claim is
always an equation that was checked.
"""

import itertools
import re
from dataclasses import dataclass, field, replace

import numpy as np

from bpkit.tasks import card, detect, form, outcome
from bpkit.tasks.evidence import Evidence, Trial, precision
from bpkit.tasks.mutants import LIKELIHOOD, mutants, together
from bpkit.tasks.outcome import close
from bpkit.tasks.run import Guard
from bpkit.tasks.spec import pairs_of_mistakes
from bpkit.tasks.supposed import supposed, suppositions

COMBINATIONS = 600  # mutants of named mistakes that are looked through, so that it stays quick

HEADINGS = {
    "right": "right",
    "wrong": "not right yet",
    "not attempted": "not attempted",
    "no function": "nothing to check",
    "refused": "no answer before it is handed in",
}


@dataclass(frozen=True)
class Example:
    """The smallest input found on which an answer is wrong: one entry, what came, what should."""

    inputs: dict
    output: str
    entry: tuple
    got: object
    expected: object
    text: str


@dataclass
class Verdict:
    """What was found. mistake: the key of the one named mistake, or None.

    status: "right", "wrong", "not attempted", "no function" or "refused". mistakes: all the keys
    that are claimed together. candidates: keys that can't be told apart. detectors: the kinds of
    what else was established. properties: whether each holds; None where it was not seen.
    """

    task: str
    status: str
    message: str = ""
    mistake: str | None = None
    mistakes: tuple = ()
    candidates: tuple = ()
    detectors: tuple = ()
    properties: dict = field(default_factory=dict)
    example: Example | None = None
    printed: str = ""
    blocks: list = field(default_factory=list, repr=False)

    @property
    def passed(self):
        return self.status == "right"


@dataclass(frozen=True)
class Finding:
    """Something established, as a sentence. kind: a word for machines; none where no cause is told.

    mistake: its key, if it has a name; for several that can't be told apart, a tuple of keys.
    code: lines shown below it.
    """

    text: str
    kind: str = ""
    mistake: object = None
    code: str = ""


def examine(task, function, seed=0, named=True):
    """Try a function on seeded inputs and explain what is wrong. named: use the named mistakes."""
    with Guard() as guard:
        status, findings, evidence = investigate(task, function, seed, guard, named)
        example = _example(evidence) if status == "wrong" and evidence else None
        return _verdict(task, status, findings, evidence, example)


def investigate(task, function, seed, guard, named=True):
    """(status, findings, evidence); without evidence where there was nothing to try."""
    answer, refusal = form.look(task, function)
    if refusal is not None:
        status, kind, text = refusal
        return status, [Finding(text, kind)], None
    evidence = Evidence(task, answer, seed, guard)
    evidence.gather()
    if evidence.right:
        return "right", [Finding(task.notice)], evidence
    first = evidence.ordinary[0].ran.trouble
    if first is not None and first.kind == "NotImplementedError":
        return "not attempted", [Finding(form.EMPTY)], None
    evidence.extend()
    return "wrong", _explain(task, evidence, named), evidence


def _explain(task, evidence, named):
    """The findings on a wrong answer."""
    findings = [*_trouble(evidence)]
    if all(t.ran.trouble for t in evidence.ordinary):
        return findings if evidence.hangs() else findings + _on_squares(task, evidence, named)
    findings += _faults(evidence.trials)
    if any(f.kind == "none" for f in findings) and evidence.guard.heard.text:
        findings.append(Finding("It prints, but what is printed is not returned."))
    if not evidence.repeats():
        text = (
            "Called a second time with the same inputs it gives another answer: "
            "something is kept from call to call."
        )
        findings.append(Finding(text, "state"))
    if not any(f.kind == "state" for f in findings) or not evidence.ordinary[0].right:
        findings += _values(task, evidence, evidence.ordinary, evidence.special, named)
    return findings + _changed(task, evidence, findings)


def _trouble(evidence):
    """The learner's own error: the first one, and on which inputs it comes."""
    first = next((t for t in evidence.trials if t.ran.trouble), None)
    if first is None:
        return
    trouble, text = first.ran.trouble, first.ran.trouble.text
    if first.case.label:
        text = f"On {first.case.label} this happens. {text}"
    elif not all(t.ran.trouble for t in evidence.ordinary):
        text = f"On some inputs this happens. {text}"
    lines = [trouble.line] if trouble.line else []
    lines += [f"there, {trouble.shapes}"] if trouble.shapes else []
    yield Finding(text, "time" if trouble.kind == "time" else "error", code="\n".join(lines))


def _on_squares(task, evidence, named):
    """What an answer that raises on every other input says on square ones."""
    square = evidence.square()
    if not square or any(t.ran.trouble for t in square):
        return []
    if all(t.right for t in square):
        text = "Where all lengths are equal it is right: a transpose or an axis is at fault."
        return [Finding(text, "square only")]
    found = _values(task, evidence, square, [], named)
    return [f for f in found if f.kind]


def _faults(trials):
    """What is wrong with the form of the results; each once."""
    told = {}
    for fault in (f for t in trials for f in t.ran.faults):
        told.setdefault(fault.kind, {}).setdefault(fault.where, fault.text)
    findings = []
    for kind, places in told.items():
        (_, text), *others = places.items()
        if others:
            text += f" So it is with {outcome.listed(name for name, _ in others)}."
        findings.append(Finding(text, kind))
    return findings


def _values(task, evidence, ordinary, special, named):
    """Why outputs are wrong: by name, else by what the detectors see."""
    ordinary = [t for t in ordinary if t.ran.found]
    special = [t for t in special if t.ran.found or t.ran.trouble]
    if not ordinary:
        return []
    known = task.wrong if named else {}
    everywhere = ordinary + special
    if keys := _whole(evidence, everywhere, known):
        return _by_name(task, keys)
    wrong = _wrong(ordinary)
    late = [n for n in _wrong([t for t in special if t.ran.found]) if n not in wrong]
    extra = [_on_extremes(task, evidence, special, n, known) for n in late]
    if not wrong:
        return extra
    if special and (keys := _whole(evidence, ordinary, known)):
        return _by_name(task, keys) + extra + _overflow(evidence, special, wrong, known[keys[0]])
    each = _swapped(ordinary) or _each_output(task, evidence, ordinary, known, wrong)
    if len(each) == 1:
        return each + extra
    found = (
        _pairs(task, evidence, ordinary, named)
        or each
        or _arguments(task, evidence)
        or _scaled(task, evidence, ordinary, known)
        or _mutated(task, evidence, ordinary)
        or _supposed(ordinary, list(ordinary[0].case.expected))
        or _mutated_apart(task, evidence, ordinary, wrong)
        or _supposed(ordinary, wrong)
        or _named_and_mutated(task, evidence, ordinary, known, wrong)
        or _each_output(task, evidence, ordinary, known, wrong, partly=True)
    )
    return found + extra


def _wrong(trials):
    """The outputs that came out wrong in some trial."""
    names = dict.fromkeys(n for t in trials for n in t.wrong if n in t.ran.found)
    return list(names)


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
        return [_told(task, keys[0])]
    told = [task.mistake(k) for k in keys[:3]]
    text = "\nOr: ".join(f"{m.name}. {m.why}" for m in told)
    return [Finding(f"On every input tried these give the same. {text}", "either", tuple(keys))]


def _told(task, key, where=""):
    mistake = task.mistake(key)
    name = f"In `{where}`: {mistake.name}." if where else f"{mistake.name}."
    return Finding(f"{name}\n{mistake.why}", "named", key)


def _views(trials, name):
    return [
        detect.View(t.ran.found[name], t.case.expected[name], t.case.inputs, t.case.lengths)
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


def _each_output(task, evidence, trials, known, wrong, partly=False):
    """An explanation for each wrong output; without one for all, nothing, unless partly."""
    seen = [detect.explain(_views(trials, name)) for name in wrong]
    if len(wrong) > 1 and seen[0] and all(clauses == seen[0] for clauses in seen):
        return _grouped(trials, [(n, Finding(c.text, c.kind)) for n in wrong for c in seen[0]])
    pairs = []
    for name in wrong:
        found = _one_output(task, evidence, trials, known, name, wrong)
        if not found and not partly:
            return []
        pairs += [(name, f) for f in found or [_unexplained(task, evidence, trials, name)]]
    return _grouped(trials, pairs)


def _one_output(task, evidence, trials, known, name, wrong):
    """What explains one wrong output: a mistake that explains all it touches, then detectors."""
    touching = {}
    for key, function in known.items():
        touched = evidence.spoils(function, trials)
        if name in touched and evidence.matches(function, trials, [name]):
            touching[key] = touched
    whole = [
        key
        for key, touched in touching.items()
        if touched <= set(wrong) and evidence.matches(known[key], trials, touched)
    ]
    if len(whole) == 1:
        return [_told(task, whole[0])]
    if clauses := detect.explain(_views(trials, name)):
        return [Finding(c.text, c.kind) for c in clauses]
    if len(touching) == 1:
        return [_told(task, next(iter(touching)), name)]
    return []


def _not_finite(trial, name):
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
    if _not_finite(trial, name):
        what = "NaN" if np.isnan(trial.ran.found[name]).any() else "an infinity"
        return Finding(
            f"On {trial.case.label} there is {what} in `{name}`; on ordinary inputs it is right. "
            "Something overflows, or 0 is divided by 0.",
            "overflow",
        )
    return Finding(
        f"On {trial.case.label}, `{name}` is wrong; on ordinary inputs it is right.", "extreme"
    )


def _overflow(evidence, special, wrong, mistake):
    """A NaN on extreme inputs that a named mistake, found on ordinary ones, doesn't account for."""
    for trial in special:
        for name in wrong:
            if _not_finite(trial, name) and not _not_finite(evidence.under(mistake, trial), name):
                what = "NaN" if np.isnan(trial.ran.found[name]).any() else "an infinity"
                text = f"On {trial.case.label} there is {what} in `{name}` besides."
                return [Finding(text, "overflow")]
    return []


def _grouped(trials, pairs):
    """(output, finding) pairs as findings: what is said of several outputs is said once."""
    told, several = {}, len(trials[0].case.expected) > 1
    for name, finding in pairs:
        told.setdefault(finding, []).append(name)
    findings = []
    for finding, names in told.items():
        text = finding.text
        if text[0].islower():
            text = f"In {outcome.listed(names)}, {text}" if several else text[0].upper() + text[1:]
            text += "" if text.endswith("?") else "."
        findings.append(Finding(text, finding.kind, finding.mistake))
    return findings


def _arguments(task, evidence):
    """Two arguments mixed up: with them exchanged, the answer is right."""
    for a, b in itertools.combinations(range(len(task.parameters)), 2):

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


def _pairs(task, evidence, trials, named):
    """Two named mistakes made at once: the reference with both changes."""
    names = list(trials[0].case.expected)
    found = [
        keys
        for keys, function in (pairs_of_mistakes(task) if named else {}).items()
        if evidence.matches(function, trials, names)
    ]
    return [_told(task, key) for key in found[0]] if len(found) == 1 else []


def _scaled(task, evidence, trials, known):
    """A named mistake, and a constant factor or a sign besides."""
    found = []
    for key, function in known.items():
        if not evidence.spoils(function, trials):
            continue
        pairs = []
        for name in trials[0].case.expected:
            views = _beside(evidence, function, trials, name)
            clauses = [] if all(close(v.got, v.want) for v in views) else detect.number(views)
            if clauses is None or not views:
                break
            pairs += [(name, Finding(c.text, c.kind)) for c in clauses]
        else:
            if pairs:
                found.append([_told(task, key), *_grouped(trials, pairs)])
    return found[0] if len(found) == 1 else []


def _beside(evidence, function, trials, name):
    """Views of an output against what a mistake gives for it."""
    views = []
    for t in trials:
        other = evidence.under(function, t).ran.found
        if name in t.ran.found and name in other:
            views.append(detect.View(t.ran.found[name], other[name], t.case.inputs, t.case.lengths))
    return views


def _mutated(task, evidence, trials):
    """The reference with one thing changed gives the learner's numbers."""
    names = list(trials[0].case.expected)
    mutant = _one_mutant(mutants(task), evidence, trials, names)
    return [Finding(f"{_capital(mutant.text)}.", mutant.kind)] if mutant else []


def _mutated_apart(task, evidence, trials, wrong):
    """The reference with one thing changed for each wrong output, or for those that others need."""
    if len(wrong) == 1:
        return []
    each = {n: _one_mutant(mutants(task), evidence, trials, [n]) for n in wrong}
    each = {n: m for n, m in each.items() if m}
    if len(each) < len(wrong):
        names = list(trials[0].case.expected)
        both = together(task, [m.place for m in each.values()]) if len(each) > 1 else None
        if both is None or not evidence.matches(both, trials, names):
            return []
    pairs = [(n, Finding(_without_place(m.text), m.kind)) for n, m in each.items()]
    return _grouped(trials, pairs)


def _one_mutant(mutated, evidence, trials, names):
    """The mutant that gives these outputs in every trial; of several, the likeliest.

    Several that agree are one function, written in several ways: all that is said of one is true
    of the others. Two of a kind are both told; of more, nothing is said.
    """
    found = [m for m in mutated if evidence.matches(m.function, trials, names)]
    if not found:
        return None
    likeliest = LIKELIHOOD[min(LIKELIHOOD.index(m.kind) for m in found)]
    told = {m.text: m for m in found if m.kind == likeliest}
    if len(told) > 2:
        return None
    text = "; or, which comes to the same, ".join(told)
    return replace(next(iter(told.values())), text=text)


def _without_place(text):
    """A mutant's clause without `in dW, `, which is said of the output anyway."""
    return re.sub(r"in `\w+`, ", "", text)


def _capital(text):
    return text[0].upper() + text[1:]


def _supposed(trials, outputs):
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
        wanted, found = supposed(trial, change), trial.ran.found
        for name in outputs if wanted else ():
            if name not in found or not close(found[name], wanted[name], precision(found[name])):
                return False
        seen += bool(wanted)
    return seen >= 3


def _named_and_mutated(task, evidence, trials, known, wrong):
    """A named mistake, and one thing changed besides.

    Where there are several outputs, the mistake must account for one of them by itself.
    """
    names, found, tried = list(trials[0].case.expected), [], 0
    for key, function in known.items():
        alone = len(names) == 1 or any(evidence.matches(function, trials, [n]) for n in wrong)
        if not alone or callable(task.mistake(key).how) or tried > COMBINATIONS:
            continue
        besides = mutants(task, key)
        tried += len(besides)
        mutant = _one_mutant(besides, evidence, trials, names)
        if mutant and evidence.spoils(function, trials):
            found.append([_told(task, key), Finding(f"{_capital(mutant.text)}.", mutant.kind)])
    return found[0] if len(found) == 1 else []


def _unexplained(task, evidence, trials, name):
    """No cause was found: what can be said is where the output is wrong, or on what it hangs."""
    views = _views(trials, name)
    if any(_not_finite(t, name) for t in trials):
        kind = "NaN" if any(np.isnan(v.got).any() for v in views) else "an infinity"
        return Finding(f"there is {kind}", "nonfinite")
    if bad := [v for v in views if v.got.shape != v.want.shape]:
        return Finding(detect.shape(bad).text, "shape")
    if unmoved := _unmoved(task, evidence, trials, name):
        listed = " or ".join(f"`{n}`" for n in unmoved)
        return Finding(f"nothing moves when {listed} changes, and it should", "independent")
    if hint := detect.where(views):
        return Finding(f"{_label(name)} is not right: {hint}.", "where")
    return Finding(f"{_label(name)} is not right.")


def _label(name, entry=()):
    """An output's name in a message: a variable's as code, a phrase as the sentence's beginning."""
    if " " in name:
        return name[0].upper() + name[1:]
    at = f"[{', '.join(map(str, entry))}]" if entry else ""
    return f"`{name}{at}`"


def _unmoved(task, evidence, trials, name):
    """The inputs that move the right output but not the learner's."""
    unmoved = []
    for parameter in trials[0].case.inputs:
        moved = [_moved(evidence, t, parameter, name) for t in trials[:3]]
        if all(m == (False, True) for m in moved):
            unmoved.append(parameter)
    return unmoved


def _moved(evidence, trial, parameter, name):
    """Whether another value of one input moves (the learner's output, the right one)."""
    value = trial.case.inputs[parameter]
    if isinstance(value, float) or (isinstance(value, np.ndarray) and value.dtype.kind == "f"):
        case = type(trial.case)(
            trial.case.task, {**trial.case.inputs, parameter: value * 1.37}, trial.case.lengths
        )
        try:
            right = not close(case.expected[name], trial.case.expected[name])
        except Exception:
            return None
        found = evidence.guard.call(evidence.function, case).found.get(name)
        mine = found is None or not close(found, trial.ran.found[name])
        return mine, right
    return None


def _changed(task, evidence, findings):
    """Inputs changed in place, unless a named mistake has said so."""
    names = sorted({name for t in evidence.trials for name in t.ran.changed})
    told = [f.mistake for f in findings if f.kind == "named"]
    if not names or any(
        evidence.under(task.wrong[key], t).ran.changed for key in told for t in evidence.ordinary
    ):
        return []
    listed = " and ".join(f"`{n}`" for n in names)
    text = (
        f"It changes its input {listed} in place: whoever called it finds other numbers there "
        "afterwards. Make a new array instead."
    )
    return [Finding(text, "in place")]


def _example(evidence):
    """The smallest input found on which the answer is wrong in the same output, shown."""
    wrong = set(_wrong(evidence.trials))
    if not wrong:
        return None
    failing = [t for t in evidence.trials if wrong & set(_wrong([t]))]
    for trial in evidence.small():
        if wrong & set(_wrong([trial])):
            return _shown(trial, wrong)
    return _shown(min(failing, key=lambda t: _size(list(t.case.inputs.values()))), wrong)


def _size(value):
    """How many numbers there are in an input, or in a list of inputs."""
    return sum(map(_size, value)) if isinstance(value, (list, tuple)) else np.size(value)


def _shown(trial, wrong):
    name = next(n for n in _wrong([trial]) if n in wrong)
    got, want = trial.ran.found[name], trial.case.expected[name]
    if got.shape != want.shape:
        text = f"{_label(name)} came out with shape {got.shape}; it should be {want.shape}."
        return Example(trial.case.inputs, name, (), got.shape, want.shape, text)
    entry = _worst(got, want)
    came, due = got[entry].item(), want[entry].item()
    text = f"{_label(name, entry)} came out as {_number(came)}; it should be {_number(due)}."
    return Example(trial.case.inputs, name, entry, came, due, text)


def _worst(got, want):
    """The place of the entry that is furthest off."""
    if got.dtype.kind in "biufc" and want.dtype.kind in "biuf":
        with np.errstate(all="ignore"):
            gap = np.abs(got.astype(complex) - want)
        gap = np.where(np.isnan(gap), np.inf, gap)
    else:
        gap = got != want
    return tuple(int(i) for i in np.unravel_index(int(np.argmax(gap)), got.shape))


def _number(value):
    return f"{value + 0.0:.6g}" if isinstance(value, (float, complex)) else repr(value)


def written(inputs):
    """Inputs as lines of code that a learner can read; long ones by their shapes."""
    lines = []
    for name, value in inputs.items():
        if isinstance(value, np.ndarray) and value.size > 30:
            text = f"an array of shape {value.shape}"
        elif isinstance(value, np.ndarray):
            text = np.array2string(value, separator=", ", precision=4)
            text = text.replace("\n", "\n" + " " * (len(name) + 3))
        else:
            text = f"{value:.6g}" if isinstance(value, float) else repr(value)
            text = text if len(text) <= 300 else f"a {type(value).__name__} of {len(value)}"
        lines.append(f"{name} = {text}")
    return "\n".join(lines)


def _verdict(task, status, findings, evidence=None, example=None):
    trials = evidence.trials if evidence else []
    causes = [f for f in findings if f.kind and f.kind != "error"]
    blocks = [("text", f"{task.key}: {HEADINGS[status]}")]
    if len(causes) > 1:
        count = {2: "Two", 3: "Three"}.get(len(causes), "Several")
        blocks.append(("text", f"{count} things:"))
    for finding in findings:
        blocks.append(("text", finding.text))
        if finding.code:
            blocks.append(("code", finding.code))
    if example is not None:
        blocks.append(("text", "The smallest input found on which it shows:"))
        blocks.append(("code", written(example.inputs)))
        blocks.append(("text", example.text))
    printed = evidence.guard.heard.text.strip() if evidence else ""
    if printed:
        blocks.append(("text", "It also prints. The first line:"))
        blocks.append(("code", printed.splitlines()[0][:80]))
    keys = tuple(dict.fromkeys(f.mistake for f in findings if f.kind == "named"))
    seen = dict.fromkeys(f.kind for f in findings if f.kind not in ("", "named", "either"))
    return Verdict(
        task=task.key,
        status=status,
        message=card.plain(blocks),
        mistake=keys[0] if keys else None,
        mistakes=keys,
        candidates=next((f.mistake for f in findings if f.kind == "either"), ()),
        detectors=tuple(seen),
        properties=_properties(trials),
        example=example,
        printed=printed,
        blocks=blocks,
    )


def _properties(trials):
    """What held on every trial. An output that can't be read leaves what it would show open."""
    if not trials:
        return {}
    read = all(not t.ran.trouble and set(t.ran.found) >= set(t.case.expected) for t in trials)
    pairs = (
        [(t.ran.found[n], t.case.expected[n]) for t in trials for n in t.case.expected]
        if read
        else []
    )
    faults = {f.kind for t in trials for f in t.ran.faults}
    return {
        "returns": read,
        "shape": all(a.shape == b.shape for a, b in pairs) if read else None,
        "value": not any(t.wrong for t in trials) if read else None,
        "dtype": "dtype" not in faults if read else None,
        "finite": all(np.isfinite(a).all() for a, _ in pairs if a.dtype.kind == "f")
        if read
        else None,
        "unchanged": not any(t.ran.changed for t in trials),
    }
