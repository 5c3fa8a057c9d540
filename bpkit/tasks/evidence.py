"""What is known about one answer: the trials it was put to, and more on demand.

A trial is one call. Three ordinary inputs and the task's extreme ones decide whether an answer is
right; a wrong one is tried on further inputs, on square ones and on very small ones, so that what
is said about it rests on more than luck. Cases are kept: the same seed is asked for many times.
"""

import functools
import types
import weakref
import zlib

import numpy as np

from bpkit.tasks.draw import Draw
from bpkit.tasks.outcome import MATCH, close, size_of
from bpkit.tasks.run import Case, Ran
from bpkit.tasks.trouble import Trouble

TRIALS = 3  # ordinary inputs that a right answer is tried on
ENOUGH = 6  # ordinary inputs that a wrong answer is explained on
MANY = 24  # the same where outputs are whole numbers or choices, which agree by chance
MORE = 16  # further inputs, to tell apart mistakes that agree
SMALL = 12  # very small inputs that are looked through for an example
ENDLESS = weakref.WeakSet()  # mutants that have been given up
PATIENCE = 0.5  # seconds that a slow function may take before fewer further inputs are drawn


class Trial:
    """One call: its case, what came of it, and which outputs are wrong."""

    def __init__(self, case, ran):
        self.case, self.ran, self.sizes = case, ran, {}
        self.wrong = [name for name in case.expected if not self.agrees(name)]

    def agrees(self, name):
        found = self.ran.found.get(name)
        if found is None:
            return False
        tolerance = max(self.case.task.tolerance, precision(found))
        return close(found, self.case.expected[name], tolerance, self.case.sizes[name])

    def size(self, name):
        """The size of an output that came."""
        if name not in self.sizes:
            self.sizes[name] = size_of(self.ran.found[name])
        return self.sizes[name]

    @property
    def right(self):
        ran = self.ran
        return not (self.wrong or ran.faults or ran.changed or ran.trouble)

    def alike(self, other, names):
        """Whether another trial of the same case gave the same numbers for these outputs."""
        mine, theirs = self.ran, other.ran
        if mine.trouble or theirs.trouble:
            return bool(mine.trouble and theirs.trouble)
        if self is other:
            return all(name in mine.found for name in names)
        for name in names:
            a, b = mine.found.get(name), theirs.found.get(name)
            if a is None or b is None or not close(a, b, precision(a), other.size(name)):
                return False
        return True


def precision(array):
    """How exactly two codes that compute the same agree in an array's dtype."""
    if array.dtype.kind == "f" and array.dtype.itemsize < 8:
        return 100 * float(np.finfo(array.dtype).eps)
    return MATCH


@functools.lru_cache(maxsize=512)
def drawn(task, seed, index, small=None, square=False):
    """The case that a seed and a place decide; None where the task can't be so small, or square."""
    draw = Draw(seed, zlib.crc32(task.key.encode()), index, small=small, square=square)
    if small is None and not square:
        return Case(task, task.inputs(draw), draw.lengths)
    try:
        case = Case(task, task.inputs(draw), draw.lengths)
        case.expected  # noqa: B018 - computed here, since a reference may refuse such inputs
    except Exception:
        return None
    return case


@functools.lru_cache(maxsize=128)
def extremes(task, seed):
    """The task's extreme cases, each with its label."""
    if task.extremes is None:
        return []
    draw = Draw(seed, zlib.crc32(task.key.encode()))
    cases = task.extremes(draw).items()
    return [Case(task, inputs, draw.lengths, label) for label, inputs in cases]


@functools.lru_cache(maxsize=512)
def by_chance(case):
    """The outputs that are whole numbers, truths, or a number picked from the inputs."""
    values = case.inputs.values()
    lists = [np.array(v) for v in values if type(v) is list and all(type(x) is float for x in v)]
    given = [np.ravel(v) for v in values if isinstance(v, (np.ndarray, float))]
    chosen = np.concatenate([*lists, *given, [0.0]])
    return {
        name
        for name, v in case.expected.items()
        if v.dtype.kind != "f" or (v.size == 1 and np.isin(v, chosen).all())
    }


class Evidence:
    """All the trials of one answer. ordinary, special: what it was tried on, in order."""

    def __init__(self, task, function, seed, guard):
        self.task, self.function, self.seed, self.guard = task, function, seed, guard
        self.ordinary, self.special, self.spent = [], [], 0.0
        plain = type(function) is types.FunctionType  # others may refuse to be compared
        self.ours = plain and function in task.wrong.values()

    @property
    def trials(self):
        return self.ordinary + self.special

    @property
    def coarse(self):
        """Whether all outputs are such that answers agree by chance."""
        case = self.ordinary[0].case
        return by_chance(case) == set(case.expected)

    def attempt(self, case):
        if self.ours:
            trial = self._kept(self.function, case)
        else:
            trial = Trial(case, self.guard.call(self.function, case))
        self.spent += trial.ran.seconds
        return trial

    def drawn(self, index):
        return self.attempt(drawn(self.task, self.seed, index))

    def gather(self):
        """The trials that decide: ordinary inputs, then extreme ones, until a call hangs."""
        while len(self.ordinary) < TRIALS and not self.hangs():
            self.ordinary.append(self.drawn(len(self.ordinary)))
        for case in extremes(self.task, self.seed):
            if not self.hangs():
                self.special.append(self.attempt(case))

    @property
    def right(self):
        """Whether every trial is right, and the first one also when it is made again."""
        return all(t.right for t in self.trials) and self.repeats()

    def hangs(self):
        return any(t.ran.trouble is not None and t.ran.trouble.kind == "time" for t in self.trials)

    def extend(self):
        """More ordinary inputs, so that what is said holds on more of them."""
        enough = MANY if self.coarse else ENOUGH
        while len(self.ordinary) < enough and not self.hangs() and self.spent < PATIENCE:
            self.ordinary.append(self.drawn(len(self.ordinary)))

    def more(self):
        """Yield further ordinary trials, one by one."""
        for index in range(len(self.ordinary), len(self.ordinary) + MORE):
            yield self.drawn(index)

    def repeats(self):
        """Whether the first input gives the same answer a second time."""
        first = self.ordinary[0]
        again = Trial(first.case, self.guard.call(self.function, first.case))
        return first.alike(again, first.ran.found)

    def square(self):
        """Trials in which all lengths are equal; none where the task can't have them so."""
        cases = [drawn(self.task, self.seed, index, square=True) for index in range(TRIALS)]
        return [] if None in cases else [self.attempt(case) for case in cases]

    def small(self):
        """Yield trials on very small inputs, the smallest first."""
        for place in range(SMALL if self.spent < PATIENCE else 2):
            if case := drawn(self.task, self.seed, 0, small=place):
                yield self.attempt(case)

    def under(self, function, trial):
        """The trial of another function, a mistake's or mutant's, on a trial's inputs; kept."""
        return trial if function is self.function else self._kept(function, trial.case)

    def _kept(self, function, case):
        if function not in case.outcomes:
            case.outcomes[function] = Trial(case, self._run(function, case))
        return case.outcomes[function]

    def _run(self, function, case):
        """Call a mistake's or mutant's function. A mutant may never end, and is given up for good.

        A mistake ends; if it seems not to, the machine has paused, and it is called again.
        """
        named = function in self.task.wrong.values()
        limit = (0.1 if named else 0.02) + 20 * case.seconds
        if function in ENDLESS:
            return Ran(trouble=Trouble("time", ""))
        ran = self.guard.call(function, case, limit, ours=True)
        if ran.trouble is not None and ran.trouble.kind == "time":
            if named:
                return self.guard.call(function, case, ours=True)
            ENDLESS.add(function)
        return ran

    def spoils(self, function, trials):
        """The outputs in which another function is wrong in some trial."""
        return {name for t in trials for name in self.under(function, t).wrong}

    def matches(self, function, trials, names):
        """Whether another function gives this answer's numbers for these outputs in all trials.

        What is tried on square inputs since it raises on others is matched only by what does too.
        """
        first = self.ordinary[0]
        if (
            first not in trials
            and first.ran.trouble
            and not self.under(function, first).ran.trouble
        ):
            return False
        return all(t.alike(self.under(function, t), names) for t in trials)
