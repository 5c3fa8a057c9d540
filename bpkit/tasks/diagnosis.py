"""What is wrong with an answer: the named mistake, what the detectors see, the smallest example.

An answer is tried on several inputs. If it is wrong, every named mistake is run on the same inputs,
and one is claimed only if it gives the same numbers on all of them and no other one does. What
no named mistake explains goes to the detectors, and then to the reference's mutants. A claim is
always an equation that was checked.
"""

from bpkit.tasks import form, outcome
from bpkit.tasks.causes import values
from bpkit.tasks.evidence import Evidence
from bpkit.tasks.example import smallest
from bpkit.tasks.run import Guard
from bpkit.tasks.verdict import HEADINGS, Finding, Verdict, verdict_of

__all__ = ["HEADINGS", "Verdict", "examine", "investigate"]


def examine(task, function, seed=0, named=True):
    """Try a function on seeded inputs and explain what is wrong. named: use the named mistakes."""
    with Guard() as guard:
        status, findings, evidence = investigate(task, function, seed, guard, named)
        example = smallest(evidence) if status == "wrong" and evidence else None
        return verdict_of(task, status, findings, evidence, example)


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
        findings += values(task, evidence, evidence.ordinary, evidence.special, named)
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
    found = values(task, evidence, square, [], named)
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
