"""What is wrong with an answer: the named mistake, what the detectors see, the smallest example.

An answer is tried on several inputs. If it is wrong, every named mistake is run on the same inputs,
and one is claimed only if it gives the same numbers on all of them and no other one does. What
no named mistake explains goes to the detectors. A claim is always an equation that was checked.
"""

import itertools
from dataclasses import dataclass, field

import numpy as np

from bpkit.tasks import card, detect, form
from bpkit.tasks.draw import Draw
from bpkit.tasks.outcome import MATCH, close
from bpkit.tasks.run import Case, run
from bpkit.tasks.spec import changed

TRIALS = 3  # ordinary inputs that a right answer is tried on
EVIDENCE = 8  # ordinary inputs that a wrong answer is explained on
MORE = 16  # further inputs on which mistakes that agree are told apart
PATIENCE = 0.5  # seconds that a slow function may take before no further inputs are drawn


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


@dataclass
class Finding:
    """Something established, as a sentence. mistake: its key, if it has a name."""

    text: str
    kind: str = ""
    mistake: str | None = None


class Trial:
    """One call: its case, what came of it, and which outputs are wrong."""

    def __init__(self, case, ran):
        self.case, self.ran = case, ran
        self.wrong = [name for name in case.expected if not self.agrees(name)]

    def agrees(self, name):
        found = self.ran.found.get(name)
        tolerance = max(self.case.task.tolerance, precision(found))
        return found is not None and close(found, self.case.expected[name], tolerance)

    @property
    def right(self):
        ran = self.ran
        return not (self.wrong or ran.faults or ran.changed or ran.trouble)


def precision(array):
    """How exactly two codes that compute the same agree in an array's dtype."""
    if array is not None and array.dtype.kind == "f" and array.dtype.itemsize < 8:
        return 100 * float(np.finfo(array.dtype).eps)
    return MATCH


def examine(task, function, seed=0, named=True):
    """Try a function on seeded inputs and explain what is wrong. named: use the named mistakes."""
    refusal = form.look(task, function)
    if refusal is not None:
        status, kind, text = refusal
        return _verdict(task, status, [Finding(text, kind)])
    answer = form.adapt(task, function)
    evidence = Evidence(task, answer, seed)
    evidence.gather()
    trials = evidence.trials + evidence.special
    if all(t.right for t in trials) and evidence.repeats():
        return _passed(task, trials)
    first = next((t.ran.trouble for t in trials if t.ran.trouble), None)
    if first is not None and first.kind == "NotImplementedError" and not trials[0].ran.found:
        return _verdict(task, "not attempted", [Finding(form.EMPTY)])
    evidence.extend()
    return explain(task, evidence, named)


class Evidence:
    """All the trials of one answer, and more on demand."""

    def __init__(self, task, function, seed):
        self.task, self.function, self.seed = task, function, seed
        self.trials, self.special, self.extra = [], [], []
        self.cache = {}

    def case(self, index, **how):
        key = int.from_bytes(self.task.key.encode()[-6:], "little")
        draw = Draw(self.seed, key, index, **how)
        return Case(self.task, self.task.inputs(draw), draw.lengths)

    def gather(self):
        """The trials that decide: ordinary inputs, then extreme ones, until a call hangs."""
        for index in range(TRIALS):
            self.trials.append(self.try_on(self.case(index)))
            if self.hangs():
                return
        for case in self.extremes():
            self.special.append(self.try_on(case))
            if self.hangs():
                return

    def extremes(self):
        if self.task.extremes is not None:
            draw = Draw(self.seed, 1)
            for label, inputs in self.task.extremes(draw).items():
                yield Case(self.task, inputs, draw.lengths, label)

    def try_on(self, case):
        return Trial(case, run(self.function, case))

    def hangs(self):
        trials = self.trials + self.special
        return trials[-1].ran.trouble is not None and trials[-1].ran.trouble.kind == "time"

    def repeats(self):
        """Whether the first input gives the same answer a second time."""
        first = self.trials[0].ran.found
        again = self.try_on(self.trials[0].case).ran.found
        return all(n in again and close(again[n], first[n], precision(first[n])) for n in first)

    def extend(self):
        """More ordinary inputs, so that what is claimed holds on more of them."""
        slow = sum(t.ran.seconds for t in self.trials)
        while len(self.trials) < EVIDENCE and not self.hangs() and slow < PATIENCE:
            self.trials.append(self.try_on(self.case(len(self.trials))))
            slow += self.trials[-1].ran.seconds

    def square(self):
        """Trials in which all lengths are equal; none where the task can't have them so."""
        found = []
        for index in range(TRIALS):
            try:
                case = self.case(index, square=True)
                case.expected  # noqa: B018 - the reference may refuse such inputs
            except Exception:
                return []
            found.append(self.try_on(case))
        return found

    def of(self, key, function, trial):
        """What another function makes of a trial's inputs; kept, since many ask."""
        at = (key, id(trial))
        if at not in self.cache:
            self.cache[at] = run(function, trial.case)
        return self.cache[at]

    def agrees(self, key, function, trial, names):
        """Whether another function gives the learner's numbers for these outputs in a trial."""
        other, ran = self.of(key, function, trial), trial.ran
        if other.trouble or ran.trouble:
            return bool(other.trouble and ran.trouble and other.trouble.kind == ran.trouble.kind)
        return all(
            name in ran.found
            and name in other.found
            and close(ran.found[name], other.found[name], precision(ran.found[name]))
            for name in names
        )

    def changes(self, key, function, trials):
        """The outputs in which another function is wrong in some trial."""
        return {
            name
            for trial in trials
            for name in Trial(trial.case, self.of(key, function, trial)).wrong
        }


def explain(task, evidence, named):
    """The verdict on a wrong answer: what is established, and the smallest example."""
    findings = [*_trouble(task, evidence)]
    trials = evidence.trials + evidence.special
    if all(t.ran.trouble for t in evidence.trials):
        square = evidence.square()
        if square and not any(t.ran.trouble for t in square):
            findings += _on_squares(task, evidence, square, named)
        return _verdict(task, "wrong", findings, trials)
    findings += _faults(trials)
    findings += _values(task, evidence, trials, named)
    findings += _changed(task, trials, findings)
    if not findings or not any(t.wrong for t in trials):
        findings += _state(evidence)
    return _verdict(task, "wrong", findings, trials, _example(task, evidence, trials))


def _trouble(task, evidence):
    """The learner's own errors: the first one, and on which inputs it comes."""
    trials = evidence.trials + evidence.special
    first = next((t for t in trials if t.ran.trouble), None)
    if first is None:
        return
    trouble = first.ran.trouble
    if first in evidence.special:
        text = f"On {first.case.label} it raises an error. {trouble.text}"
    elif not all(t.ran.trouble for t in evidence.trials):
        text = f"On some inputs it raises an error. {trouble.text}"
    else:
        text = trouble.text
    yield Finding(text, "time" if trouble.kind == "time" else "error")


def _on_squares(task, evidence, square, named):
    """What an answer that raises on every other input says on square ones."""
    if all(t.right for t in square):
        yield Finding(
            "Where all lengths are equal it is right, so a transpose or an axis is at fault.",
            "square only",
        )
    else:
        yield from _values(task, evidence, square, named)


def _faults(trials):
    """What is wrong with the form of the results; each once."""
    told = set()
    for trial in trials:
        for fault in trial.ran.faults:
            if (fault.kind, fault.where) not in told:
                told.add((fault.kind, fault.where))
                yield Finding(fault.text, fault.kind)


def _values(task, evidence, trials, named):
    """Why outputs are wrong: by name, else by what the detectors see."""
    trials = [t for t in trials if t.ran.found or t.ran.trouble]
    wrong = (
        [
            n
            for n in trials[0].case.expected
            if any(n in t.wrong and n in t.ran.found for t in trials)
        ]
        if trials
        else []
    )
    changed_ = any(t.ran.changed for t in trials)
    known = task.wrong if named else {}
    if not wrong and not (changed_ and known):
        return []
    keys = _whole(evidence, trials, known)
    if keys:
        return _by_name(task, evidence, trials, keys)
    if not wrong:
        return []
    if swapped := _swapped(trials):
        return [swapped]
    left, findings = list(wrong), []
    for name in wrong:
        if found := _one_output(task, evidence, trials, known, name, wrong):
            findings += found
            left.remove(name)
    if left and (found := _arguments(task, evidence)):
        return [found]
    if left and (found := _pairs(task, evidence, trials, named)):
        return found
    if left and (found := _scaled(task, evidence, trials, known, wrong)):
        return found
    findings = _grouped(task, findings)
    for name in left:
        findings.append(_unexplained(task, trials, name))
    return findings


def _whole(evidence, trials, known):
    """The named mistakes that give the learner's outcome everywhere, told apart where possible."""
    names = list(trials[0].case.expected)
    keys = [
        key
        for key, function in known.items()
        if all(evidence.agrees(key, function, t, names) for t in trials)
        and _bites(evidence, key, function, trials)
    ]
    exact = [
        k for k in keys if all(evidence.of(k, known[k], t).changed == t.ran.changed for t in trials)
    ]
    keys = exact or [k for k in keys if evidence.changes(k, known[k], trials)]
    if (
        trials[0].case.inputs is not None
        and len(keys) > 1
        and not any(t.ran.trouble for t in trials)
    ):
        for index in range(EVIDENCE, EVIDENCE + MORE):
            trial = evidence.try_on(evidence.case(index))
            keys = [k for k in keys if evidence.agrees(k, known[k], trial, names)]
            if len(keys) < 2:
                break
    return keys


def _bites(evidence, key, function, trials):
    """Whether a mistake shows at all in these trials: a wrong output, or a changed input."""
    return evidence.changes(key, function, trials) or any(
        evidence.of(key, function, t).changed for t in trials
    )


def _mistake(task, key):
    return next(m for m in task.mistakes if m.key == key)


def _told(task, key, where=""):
    mistake = _mistake(task, key)
    name = f"In {where}: {mistake.name}." if where else f"{mistake.name}."
    return Finding(f"{name}\n{mistake.why}", "named", key)


def _by_name(task, evidence, trials, keys):
    if len(keys) == 1:
        return [_told(task, keys[0])]
    either = " Or: ".join(f"{_mistake(task, k).name}. {_mistake(task, k).why}" for k in keys[:3])
    text = f"One of these, which give the same on every input tried: {either}"
    return [Finding(text, "either", tuple(keys))]


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
        return None
    for order in itertools.permutations(names):
        if list(order) != names and all(
            n in t.ran.found and close(t.ran.found[n], t.case.expected[o], t.case.task.tolerance)
            for t in trials
            for n, o in zip(names, order, strict=True)
        ):
            came = ", ".join(order)
            return Finding(
                f"The outputs are in another order: ({came}) came, ({', '.join(names)}) should.",
                "swapped outputs",
            )
    return None


def _one_output(task, evidence, trials, known, name, wrong):
    """What explains one wrong output: a mistake that explains all it touches, then detectors."""
    keys = []
    for key, function in known.items():
        touched = evidence.changes(key, function, trials)
        if name in touched and all(evidence.agrees(key, function, t, [name]) for t in trials):
            keys.append((key, touched))
    whole = [
        key
        for key, touched in keys
        if touched <= set(wrong)
        and all(evidence.agrees(key, known[key], t, touched) for t in trials)
    ]
    if len(whole) == 1:
        return [(name, _told(task, whole[0]))]
    views = _views(trials, name)
    if bad := _nonfinite(trials, name):
        return [(name, bad)]
    if clauses := detect.explain(views):
        return [(name, Finding(c.text, c.kind)) for c in clauses]
    if len(keys) == 1:
        return [(name, _told(task, keys[0][0], f"`{name}`"))]
    return []


def _nonfinite(trials, name):
    """A NaN or infinity where the right answer is finite."""

    def bad(trial):
        found = trial.ran.found.get(name)
        return (
            found is not None
            and found.dtype.kind == "f"
            and not np.isfinite(found).all()
            and np.isfinite(trial.case.expected[name]).all()
        )

    hit = [t for t in trials if bad(t)]
    if not hit:
        return None
    what = "NaN" if np.isnan(hit[0].ran.found[name]).any() else "an infinity"
    ordinary = [t for t in trials if not t.case.label]
    if all(t.case.label for t in hit):
        if all(t.agrees(name) for t in ordinary):
            return Finding(
                f"On {hit[0].case.label} there is {what}; on ordinary inputs it is right. "
                "Something overflows, or 0 is divided by 0.",
                "overflow",
            )
        return None
    return Finding(f"there is {what} in it", "nonfinite")


def _grouped(task, pairs):
    """(output, finding) pairs as findings: what is said of several outputs is said once."""
    told = {}
    for name, finding in pairs:
        told.setdefault((finding.text, finding.kind, finding.mistake), []).append(name)
    findings = []
    for (text, kind, mistake), names in told.items():
        if mistake is None and not text[0].isupper():
            listed = [f"`{n}`" for n in names]
            where = listed[0] if len(listed) == 1 else f"{', '.join(listed[:-1])} and {listed[-1]}"
            end = "" if text.endswith("?") else "."
            text = f"In {where}, {text}{end}"
        findings.append(Finding(text, kind, mistake))
    return findings


def _arguments(task, evidence):
    """Two arguments mixed up: with them exchanged, the answer is right."""
    for a, b in itertools.combinations(task.parameters, 2):
        if all(a in t.case.inputs and b in t.case.inputs for t in evidence.trials):
            place = (task.parameters.index(a), task.parameters.index(b))

            def exchanged(*args, place=place, **named):
                args = list(args)
                args[place[0]], args[place[1]] = args[place[1]], args[place[0]]
                return evidence.function(*args, **named)

            if all(Trial(t.case, run(exchanged, t.case)).right for t in evidence.trials):
                return Finding(
                    f"It would be right if `{a}` and `{b}` were exchanged: are the two mixed up?",
                    "arguments",
                )
    return None


def _pairs(task, evidence, trials, named):
    """Two named mistakes made at once: the reference with both changes."""
    if not named:
        return None
    names, found = list(trials[0].case.expected), []
    written = [m for m in task.mistakes if isinstance(m.how, dict)]
    for a, b in itertools.combinations(written, 2):
        try:
            both = changed(task.reference, {**a.how, **b.how})
        except (ValueError, SyntaxError):
            continue
        key = f"{a.key} and {b.key}"
        if all(evidence.agrees(key, both, t, names) for t in trials):
            found.append((a.key, b.key))
    if len(found) == 1:
        return [_told(task, key) for key in found[0]]
    return None


def _scaled(task, evidence, trials, known, wrong):
    """A named mistake, and a constant factor or a sign besides."""
    found = []
    for key, function in known.items():
        if not evidence.changes(key, function, trials):
            continue
        clauses = []
        for name in trials[0].case.expected:
            views = [
                detect.View(
                    t.ran.found[name],
                    evidence.of(key, function, t).found[name],
                    t.case.inputs,
                    t.case.lengths,
                )
                for t in trials
                if name in t.ran.found and name in evidence.of(key, function, t).found
            ]
            if not views:
                break
            if all(close(v.got, v.want) for v in views):
                continue
            clause = detect.factor(views)
            if not clause:
                break
            clauses += [(name, Finding(c.text, c.kind)) for c in clause]
        else:
            if clauses:
                found.append([_told(task, key), *_grouped(task, clauses)])
    return found[0] if len(found) == 1 else None


def _unexplained(task, trials, name):
    """No cause was found: what can be said is where the output is wrong."""
    views = _views(trials, name)
    if any(v.got.shape != v.want.shape for v in views):
        bad = [v for v in views if v.got.shape != v.want.shape]
        return _grouped(task, [(name, Finding(detect.shape(name, bad).text, "shape"))])[0]
    hint = detect.where(views)
    return Finding(f"`{name}` is not right{': ' + hint if hint else ''}.", "")


def _changed(task, trials, findings):
    """Inputs changed in place, unless a named mistake has said so."""
    names = sorted({name for t in trials for name in t.ran.changed})
    if not names or any(f.kind == "named" and _says_changed(task, f, trials) for f in findings):
        return []
    listed = " and ".join(f"`{n}`" for n in names)
    return [
        Finding(
            f"It changes its input {listed} in place: whoever called it finds other numbers there "
            "afterwards. Make a new array instead.",
            "in place",
        )
    ]


def _says_changed(task, finding, trials):
    function = task.wrong[finding.mistake]
    return all(run(function, t.case).changed == t.ran.changed for t in trials)


def _state(evidence):
    if not evidence.repeats():
        yield Finding(
            "Called a second time with the same inputs it gives another answer: "
            "something is kept from call to call.",
            "state",
        )


def _example(task, evidence, trials):
    """The smallest input found on which the answer is wrong in the same output, shown."""
    wrong = {n for t in trials for n in t.wrong if n in t.ran.found}
    if not wrong:
        return None
    for small in range(12):
        try:
            case = evidence.case(0, small=small)
            case.expected  # noqa: B018 - the reference may refuse such inputs
        except Exception:
            continue
        trial = evidence.try_on(case)
        if hit := [n for n in trial.wrong if n in wrong and n in trial.ran.found]:
            return _shown(trial, hit[0])
    failing = [t for t in trials if any(n in t.ran.found for n in t.wrong)]
    trial = min(failing, key=lambda t: sum(np.size(v) for v in t.case.inputs.values()))
    return _shown(trial, next(n for n in trial.wrong if n in trial.ran.found))


def _shown(trial, name):
    got, want = trial.ran.found[name], trial.case.expected[name]
    if got.shape != want.shape:
        entry, came, due = (), got.shape, want.shape
        text = f"`{name}` came out with shape {came}; it should be {due}."
    else:
        with np.errstate(all="ignore"):
            gap = (
                np.nan_to_num(np.abs(got.astype(float) - want), nan=np.inf)
                if got.dtype.kind in "fiub" and want.dtype.kind in "fiub"
                else got != want
            )
        entry = tuple(int(i) for i in np.unravel_index(int(np.argmax(gap)), got.shape))
        came, due = got[entry].item(), want[entry].item()
        at = f"[{', '.join(map(str, entry))}]" if entry else ""
        text = f"`{name}{at}` came out as {_number(came)}; it should be {_number(due)}."
    return Example(trial.case.inputs, name, entry, came, due, text)


def _number(value):
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def written(inputs):
    """Inputs as lines of code that a learner can read; long ones by their shapes."""
    lines = []
    for name, value in inputs.items():
        if isinstance(value, np.ndarray):
            text = np.array2string(value, separator=", ", precision=4, suppress_small=False)
            text = text.replace("\n", "\n" + " " * (len(name) + 3))
            if value.size > 30:
                text = f"an array of shape {value.shape}"
        else:
            text = f"{value:.6g}" if isinstance(value, float) else repr(value)
            if len(text) > 300:
                text = f"a {type(value).__name__} of {len(value)}"
        lines.append(f"{name} = {text}")
    return "\n".join(lines)


HEADINGS = {
    "right": "right",
    "wrong": "not right yet",
    "not attempted": "not attempted",
    "no function": "nothing to check",
    "refused": "no answer before it is handed in",
}


def _passed(task, trials):
    verdict = _verdict(task, "right", [Finding(task.notice)], trials)
    return verdict


def _verdict(task, status, findings, trials=(), example=None):
    blocks = [("text", f"{task.key}: {HEADINGS[status]}")]
    causes = [f for f in findings if f.kind]
    if len(causes) > 1:
        blocks.append(("text", f"{['Two', 'Three', 'Several'][min(len(causes), 4) - 2]} things:"))
    blocks += [("text", f.text) for f in findings]
    trouble = next((t.ran.trouble for t in trials if t.ran.trouble), None)
    if trouble is not None and trouble.line:
        at = [trouble.line] + ([f"there, {trouble.shapes}"] if trouble.shapes else [])
        blocks.insert(2 if len(causes) < 2 else 3, ("code", "\n".join(at)))
    if example is not None:
        blocks += [
            ("text", "The smallest input found on which it shows:"),
            ("code", written(example.inputs)),
            ("text", example.text),
        ]
    printed = next((t.ran.printed for t in trials if t.ran.printed), "")
    if printed:
        first = printed.strip().splitlines()[0][:80] if printed.strip() else ""
        blocks.append(("text", f"It also prints, first: {first}"))
    keys = [f.mistake for f in findings if f.kind == "named"]
    either = next((f.mistake for f in findings if f.kind == "either"), ())
    return Verdict(
        task=task.key,
        status=status,
        message=card.plain(blocks),
        mistake=keys[0] if keys else None,
        mistakes=tuple(dict.fromkeys(keys)),
        candidates=either,
        detectors=tuple(
            dict.fromkeys(f.kind for f in findings if f.kind not in ("", "named", "either"))
        ),
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
    pairs = [
        (t.ran.found[n], t.case.expected[n])
        for t in trials
        for n in t.ran.found
        if n in t.case.expected
    ]
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
