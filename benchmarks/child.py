"""A process of its own for one contender: how soon it makes a step, how much memory it takes.

`python -m benchmarks.child digits "bpkit replay"` prints one line after the first step and, after
twenty more, a second one: resident and peak memory in MB.
"""

import sys
from pathlib import Path

from benchmarks.contenders import make
from benchmarks.workloads import WORKLOADS


def memory():
    """Resident memory now, and its peak, in MB. Linux only."""
    lines = Path("/proc/self/status").read_text().splitlines()
    fields = dict(line.split(":", 1) for line in lines)
    return [int(fields[key].split()[0]) / 1024 for key in ("VmRSS", "VmHWM")]


def main(work, name):
    contender = make(name, WORKLOADS[work])
    contender.step()
    print("stepped", flush=True)
    for _ in range(20):
        contender.step()
    print(*memory())


if __name__ == "__main__":
    main(*sys.argv[1:])
