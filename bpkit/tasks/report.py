"""The catalog in figures: `python -m bpkit.tasks.report` tries every mistake and prints a table.

Tasks, named mistakes, how many are called by their own name, how many the detectors alone say
something true about, how many get a name that isn't theirs, and the median time of a check. With
names of tasks it prints what a learner is told for each of their mistakes, to be read. With
`--unseen` it tries answers that no task lists, and counts who is told the truth.
"""

import collections
import statistics
import sys
import time

from bpkit.tasks import diagnosis, unseen
from bpkit.tasks.spec import find, load

SEEDS = 3
SYMPTOMS = {"where", "shape", "nonfinite", "extreme", "error"}  # what is seen, not why


def measure(task):
    """One row: mistakes, named, seen by detectors alone, misnamed, milliseconds of each check.

    Each answer is timed once, on inputs that nothing was computed for before.
    """
    named = alone = misnamed = 0
    times = []
    for place, answer in enumerate((task.reference, *task.right, *task.wrong.values())):
        start = time.perf_counter()
        diagnosis.examine(task, answer, seed=1000 + place)
        times.append(1000 * (time.perf_counter() - start))
    for key, answer in task.wrong.items():
        verdicts = [diagnosis.examine(task, answer, seed) for seed in range(SEEDS)]
        named += all(v.mistakes == (key,) for v in verdicts)
        misnamed += any(set(v.mistakes) - {key} for v in verdicts)
        alone += bool(diagnosis.examine(task, answer, named=False).detectors)
    return len(task.mistakes), named, alone, misnamed, times


def table(tasks):
    header = ("task", "mistakes", "named", "alone", "misnamed", "median ms", "largest ms")
    rows, sums, times = [], [0] * 4, []
    for task in tasks:
        *counts, taken = measure(task)
        sums = [a + b for a, b in zip(sums, counts, strict=True)]
        times += taken
        rows.append((task.key, *counts, statistics.median(taken), max(taken)))
    rows.append((f"{len(rows)} tasks", *sums, statistics.median(times), max(times)))
    lines = [f"{header[0]:<34}" + "".join(f"{h:>11}" for h in header[1:])]
    for key, *counts, median, largest in rows:
        lines.append(
            f"{key:<34}" + "".join(f"{c:>11}" for c in counts) + f"{median:>11.1f}{largest:>11.1f}"
        )
    return "\n".join(lines)


def messages(task):
    """All that a learner can be told about one task's mistakes."""
    parts = [f"{task.key}\n\n{task.statement}\n\n{task.example}"]
    for key, answer in task.wrong.items():
        parts.append(f"--- {key}\n{diagnosis.examine(task, answer).message}")
    parts.append(f"--- right\n{diagnosis.examine(task, task.reference).message}")
    return "\n\n".join(parts)


def told(answer, seed):
    """What becomes of an answer: true, none or false for the cause it is told, passes, or fails."""
    verdict = diagnosis.examine(find(answer.task), answer.function, seed)
    if not answer.cause:
        return "passes" if verdict.passed else "fails"
    said = {*verdict.mistakes, *verdict.candidates, *verdict.detectors}
    if verdict.passed:
        return "passes"
    if said - SYMPTOMS - answer.true:
        return "false"
    return "true" if said & answer.true else "none"


def unseen_table():
    """How many answers that no task lists are told their true cause, on a few seeds each."""
    counts, notes = {"wrong": collections.Counter(), "right": collections.Counter()}, []
    for answer in unseen.load():
        kind = "wrong" if answer.cause else "right"
        for seed in range(SEEDS):
            became = told(answer, seed)
            counts[kind][became] += 1
            if became != ("true" if answer.cause else "passes"):
                name = f"{answer.task}, {answer.function.__name__}"
                notes.append(f"{became:<7} {name} (seed {seed}): {answer.cause}")
    wrong, right = counts["wrong"], counts["right"]
    lines = [
        f"{wrong.total() // SEEDS} wrong answers, {SEEDS} seeds each",
        *(
            f"  {words:<24}{wrong[key]:>6}{100 * wrong[key] / wrong.total():>8.2f} %"
            for key, words in (
                ("true", "told their true cause"),
                ("none", "told no cause"),
                ("false", "told a false cause"),
                ("passes", "pass"),
            )
        ),
        f"{right.total() // SEEDS} right answers, {SEEDS} seeds each",
        f"  {'fail':<24}{right['fails']:>6}",
    ]
    return "\n".join([*lines, "", *notes])


def main(keys):
    if keys == ["--unseen"]:
        print(unseen_table())
    elif keys:
        print("\n\n\n".join(messages(find(key)) for key in keys))
    else:
        print(table(load().values()))


if __name__ == "__main__":
    main(sys.argv[1:])
