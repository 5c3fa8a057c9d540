"""The smallest input found on which an answer is wrong: one entry of what came, and what should.

Inputs are written as lines of code that a learner can read and run.
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Example:
    """The smallest input found on which an answer is wrong: one entry, what came, what should."""

    inputs: dict
    output: str
    entry: tuple
    got: object
    expected: object
    text: str


def label(name, entry=()):
    """An output's name in a message: a variable's as code, a phrase as the sentence's beginning."""
    if " " in name:
        return name[0].upper() + name[1:]
    at = f"[{', '.join(map(str, entry))}]" if entry else ""
    return f"`{name}{at}`"


def labels(names):
    """Several outputs' names in a sentence."""
    first, *more = names
    *others, last = [label(first), *(f"`{n}`" if " " not in n else n for n in more)]
    return f"{', '.join(others)} and {last}" if others else last


def wrong_outputs(trials):
    """The outputs that came out wrong in some trial."""
    names = dict.fromkeys(n for t in trials for n in t.wrong if n in t.ran.found)
    return list(names)


def smallest(evidence):
    """The smallest input found on which the answer is wrong in the same output, shown."""
    wrong = set(wrong_outputs(evidence.trials))
    if not wrong:
        return None
    failing = [t for t in evidence.trials if wrong & set(wrong_outputs([t]))]
    for trial in evidence.small():
        if wrong & set(wrong_outputs([trial])):
            return _shown(trial, wrong)
    return _shown(min(failing, key=lambda t: _size(list(t.case.inputs.values()))), wrong)


def _size(value):
    """How many numbers there are in an input, or in a list of inputs."""
    return sum(map(_size, value)) if isinstance(value, (list, tuple)) else np.size(value)


def _shown(trial, wrong):
    name = next(n for n in wrong_outputs([trial]) if n in wrong)
    got, want = trial.ran.found[name], trial.case.expected[name]
    if got.shape != want.shape:
        text = f"{label(name)} came out with shape {got.shape}; it should be {want.shape}."
        return Example(trial.case.inputs, name, (), got.shape, want.shape, text)
    entry = _worst(got, want)
    came, due = got.item(*entry), want.item(*entry)
    text = f"{label(name, entry)} came out as {_number(came)}; it should be {_number(due)}."
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
    return "\n".join(line for name, value in inputs.items() for line in _lines(name, value))


def _lines(name, value):
    """An input as lines; of a list of arrays each array by itself."""
    if isinstance(value, list) and value and all(isinstance(v, np.ndarray) for v in value):
        return [line for i, v in enumerate(value) for line in _lines(f"{name}[{i}]", v)]
    if isinstance(value, np.ndarray) and value.size > 30:
        text = f"an array of shape {value.shape}"
    elif isinstance(value, np.ndarray):
        text = np.array2string(value, separator=", ", precision=4)
        text = text.replace("\n", "\n" + " " * (len(name) + 3))
    else:
        text = f"{value:.6g}" if isinstance(value, float) else repr(value)
        text = text if len(text) <= 300 else f"a {type(value).__name__} of {len(value)}"
    return [f"{name} = {text}"]
