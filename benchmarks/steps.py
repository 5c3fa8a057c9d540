"""The benchmark: one command that compares gradients, then speed, and prints the table.

`python -m benchmarks.steps` runs every workload; `--only moons digits` some of them; `--out
results.json` keeps the numbers, for `python -m benchmarks.plot`. NumPy's products run on one
thread. PyTorch runs on one and on two, in both of its spellings.
"""

import os

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # before NumPy loads
os.environ["XLA_FLAGS"] = (
    "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"  # the same for JAX
)

import argparse
import gc
import importlib.metadata
import json
import platform
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from benchmarks import contenders, timing
from benchmarks.bpkit_form import Replay
from benchmarks.micrograd_form import count
from benchmarks.workloads import WORKLOADS

SCALAR = "scalar"
MICROGRAD = "micrograd's form"
REFERENCE = "naive NumPy"  # the hand-written form: the others' gradients must equal its
TOLERANCE = 1e-3  # of an array's largest entry: float32, sums in different orders


def check(work, made):
    """All contenders' gradients, and what one step does to the parameters, must agree."""
    gradients = {name: c.gradients() for name, c in made.items()}
    timing.compare(work.name, gradients[REFERENCE], gradients, TOLERANCE)
    before, moved = work.weights(), {}
    for name, c in made.items():
        c.step()
        after = c.parameters()
        moved[name] = {"step": np.concatenate([(after[k] - before[k]).ravel() for k in before])}
    # as a whole: float32 rounds a small step, and Adam divides noise by noise where a slope is 0
    timing.compare(
        f"{work.name}, after one step", moved[REFERENCE], moved, 0.05, size=np.linalg.norm
    )


def measure(work, rounds, without, children, clock):
    """One row: seconds a step for each contender, and what else is known of it."""
    made = contenders.make_all(work, without)
    team = made["bpkit, 2 workers"]
    check(work, made)
    recorded, start = Replay(work), clock()
    recorded.step()
    first = clock() - start
    limit = timing.Products(recorded.products())
    row = {"title": work.title, "first": first, "flops": limit.flops}
    if clock is time.process_time:
        made = {name: c for name, c in made.items() if getattr(c, "threads", 1) == 1}
    row["times"] = timing.interleaved(made | {"products alone": limit}, rounds, clock)
    team.close()
    if children:
        row["children"] = {name: child(work.name, name) for name in made}
    return row


def measure_scalars(rounds, clock):
    """The row of the scalar graph."""
    made = contenders.make_all()
    answers = {}
    for name, c in made.items():
        c.step()
        answers[name] = {"weights": np.array([float(w.grad) for w in c.flat])}
    timing.compare(SCALAR, answers[MICROGRAD], answers, 1e-9)
    recorded, start = contenders.make("bpkit replay"), clock()
    recorded.step()
    return {
        "title": f"scalar graph, {count():,} nodes, forward and backward",
        "first": clock() - start,
        "times": timing.interleaved(made, rounds, clock),
    }


def child(work, name):
    """Seconds from starting Python to the first step, and memory in MB, in a fresh process."""
    command = [sys.executable, "-m", "benchmarks.child", work, name]
    start = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        process.stdout.readline()
        cold = time.perf_counter() - start
        resident, peak = map(float, process.stdout.readline().split())
    return {"cold": cold, "resident": resident, "peak": peak}


def ratio(row, slow, fast):
    """How many times as fast as `slow` is `fast`: the median over the rounds' own ratios."""
    return float(np.median(np.array(row["times"][slow]) / np.array(row["times"][fast])))


def fastest(row, names):
    """Of some contenders, the one with the lowest median; None if none took part."""
    taking = [n for n in names if n in row["times"]]
    return min(taking, key=lambda n: np.median(row["times"][n]), default=None)


def peers(row):
    """The yardsticks of a row: PyTorch on one thread, on two, and its best of both."""
    torch = [n for n in row["times"] if n.startswith("PyTorch")]
    two = [n for n in torch if "threads" in n]
    return fastest(row, [n for n in torch if n not in two]), fastest(row, two), fastest(row, torch)


def table(rows):
    """The results as lines of Markdown."""
    head = [
        *("workload", "bpkit replay", "over PyTorch, 1 thread", "over its best"),
        *("2 workers over PyTorch, 2 threads", "over its best", "tape over its best"),
        *("over JAX", "over autograd", "over naive NumPy", "of the products alone"),
    ]
    lines = [f"| {' | '.join(head)} |", "|---|" + "---:|" * (len(head) - 1)]
    for name, row in rows.items():
        if name == SCALAR:
            continue
        one, two, best = peers(row)
        mine = np.median(row["times"]["bpkit replay"])
        cells = [row["title"], duration(mine)]
        for slow, fast in (
            *((one, "bpkit replay"), (best, "bpkit replay")),
            *((two, "bpkit, 2 workers"), (best, "bpkit, 2 workers"), (best, "bpkit tape")),
            *((other, "bpkit replay") for other in ("JAX jit", "autograd", "naive NumPy")),
        ):
            known = slow in row["times"] and fast in row["times"]
            cells.append(f"{ratio(row, slow, fast):.2f}×" if known else "not measured")
        cells.append(f"{ratio(row, 'bpkit replay', 'products alone'):.1f}×")
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def details(rows):
    """Every contender's time, in lines; then recording, cold start and memory."""
    for row in rows.values():
        yield f"\n{row['title']}"
        children = row.get("children", {})
        for name, times in sorted(row["times"].items(), key=lambda item: np.median(item[1])):
            low, mid, high = np.percentile(times, [25, 50, 75])
            line = f"  {name:30} {duration(mid):>9}  ({duration(low)} to {duration(high)})"
            if name in children:
                c = children[name]
                line += (
                    f"  peak {c['peak']:4.0f} MB, resident {c['resident']:4.0f} MB,"
                    f" first step after {c['cold']:.2f} s"
                )
            yield line
        recording = row["first"] - np.median(row["times"]["bpkit replay"])
        yield f"  recorded and compiled in {duration(recording)}"
        if "flops" in row:
            yield f"  {row['flops'] / 1e6:,.1f} MFLOP of matrix products a step"
        else:
            for fast in ("bpkit tape", "bpkit replay"):
                yield f"  {fast}: {ratio(row, MICROGRAD, fast):.1f}× {MICROGRAD}"


def duration(seconds):
    return f"{seconds * 1e3:.2f} ms" if seconds >= 1e-3 else f"{seconds * 1e6:.0f} µs"


def machine():
    """What the numbers were measured with."""
    versions = {}
    for package in ("numpy", "torch", "jax", "autograd"):
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            versions[package] = None
    model = platform.processor()
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = [line for line in info.read_text().splitlines() if line.startswith("model name")]
        model = names[0].split(":")[1].strip() if names else model
    return {"processor": model, "cores": os.cpu_count(), "python": platform.python_version()} | {
        "system": platform.system(),
        "versions": versions,
    }


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    names = [*WORKLOADS, SCALAR]
    parser.add_argument("--only", nargs="+", choices=names, default=names, metavar="ROW")
    parser.add_argument("--rounds", type=int, default=15, help="turns for each contender (15)")
    parser.add_argument("--out", type=Path, help="write the numbers here, as JSON")
    parser.add_argument(
        "--no-children", action="store_true", help="leave out cold starts and memory"
    )
    parser.add_argument(
        "--busy",
        action="store_true",
        help="for a machine with other work: count processor time, one thread against one",
    )
    chosen = parser.parse_args(arguments)
    clock = time.process_time if chosen.busy else time.perf_counter
    without = contenders.missing()
    for package in without:
        print(f"{package} isn't installed: its columns are left out")
    rows = {}
    for name in chosen.only:
        gc.collect()
        gc.freeze()  # what other rows left is not for this row to sweep through
        if name == SCALAR:
            rows[name] = measure_scalars(chosen.rounds, clock)
        else:
            children = not chosen.no_children
            rows[name] = measure(WORKLOADS[name], chosen.rounds, without, children, clock)
        print(f"measured {name}", file=sys.stderr)
    result = {"machine": machine() | {"clock": clock.__name__}, "rows": rows}
    print(json.dumps(result["machine"], ensure_ascii=False))
    print(*table(rows), *details(rows), sep="\n")
    if chosen.out:
        chosen.out.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
