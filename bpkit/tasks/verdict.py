"""What is said about an answer: findings, put together into a verdict and its message.

A finding is a sentence that was established. A verdict holds them all, as words for the learner
and as keys and kinds for a program.
"""

from dataclasses import dataclass, field

import numpy as np

from bpkit.tasks import card, outcome
from bpkit.tasks.example import Example, labels, written

HEADINGS = {
    "right": "right",
    "wrong": "not right yet",
    "not attempted": "not attempted",
    "no function": "nothing to check",
    "refused": "no answer before it is handed in",
}


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


NOT_RIGHT = Finding("not right")  # of an output for which no cause was found


def told_as(task, key):
    """The finding of a named mistake."""
    mistake = task.mistake(key)
    return Finding(f"{mistake.name}.\n{mistake.why}", "named", key)


def grouped(trials, pairs):
    """(output, finding) pairs as findings: what is said of several outputs is said once."""
    told, several = {}, len(trials[0].case.expected) > 1
    for name, finding in pairs:
        told.setdefault(finding, []).append(name)
    findings = []
    for finding, names in told.items():
        text = finding.text
        if finding is NOT_RIGHT:
            text = f"{labels(names)} {'is' if len(names) == 1 else 'are'} not right."
        elif text[0].islower() and finding.kind != "named":
            text = f"In {outcome.listed(names)}, {text}" if several else text[0].upper() + text[1:]
            text += "" if text.endswith("?") else "."
        findings.append(Finding(text, finding.kind, finding.mistake))
    return findings


def verdict_of(task, status, findings, evidence=None, example=None):
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
