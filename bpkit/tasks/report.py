"""The catalog in figures: `python -m bpkit.tasks.report` tries every mistake and prints a table.

Tasks, named mistakes, how many are called by their own name, how many the detectors alone say
something true about, how many get a name that isn't theirs, and the median time of a check. With
names of tasks it prints what a learner is told for each of their mistakes, to be read.
"""

import statistics
import sys
import time

from bpkit.tasks import diagnosis
from bpkit.tasks.spec import find, load

SEEDS = 3


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


def main(keys):
    if keys:
        print("\n\n\n".join(messages(find(key)) for key in keys))
    else:
        print(table(load().values()))


if __name__ == "__main__":
    main(sys.argv[1:])
