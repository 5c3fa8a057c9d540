"""The benchmark of grading: bpkit, nbgrader and otter on the same notebooks, in one run.

`python -m benchmarks.grading` prints the table; `--out results.json` keeps the numbers. The peers
grade fewer copies, one by one in a warm process, so that their start isn't counted; bpkit's times
are of the whole command, start and all, with pages, tables and Gradescope's files. All take turns.
Beside the time on the clock stands the processor's, of all processes, which a busy machine distorts
less.
"""

import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

os.environ["OPENBLAS_NUM_THREADS"] = "1"
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # all keep their compiled modules
os.environ["BPKIT_TEACHER_KEY"] = "the key of the benchmark"
os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"

import nbformat

from bpkit.tasks.notebooks import FORMS
from bpkit.tasks.notebooks.cells import name_of
from bpkit.tasks.sheets import SHEETS

SHEET = next(sheet for sheet in SHEETS if sheet.name == "07_affine")
TASKS = ["affine_forward", "affine_backward", "per_example_gradients"]
NAME = SHEET.name
BPKIT = ["bpkit"]

# Each grades the submissions named on its command line and prints the seconds that each took, on
# the clock and of the processor.
TIMED = """
import contextlib, io, json, resource, sys, time, warnings
warnings.simplefilter("ignore")

def processor():
    used = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(u.ru_utime + u.ru_stime for u in used)

took = []

@contextlib.contextmanager
def timed():
    start = time.perf_counter(), processor()
    yield
    took.append((time.perf_counter() - start[0], processor() - start[1]))
"""
NBGRADER = """
from nbgrader.apps import NbGraderAPI
from nbgrader.apps.baseapp import NbGrader
app = NbGrader()
app.initialize([])
api = NbGraderAPI(config=app.config)
for student in sys.argv[1:]:
    with timed():
        result = api.autograde("NAME", student)
    assert result["success"], result
    assert api.get_submission("NAME", student)["score"] == POINTS
print(json.dumps(took))
"""
OTTER = """
from otter.run import main
for path in sys.argv[1:]:
    with timed(), contextlib.redirect_stdout(io.StringIO()):
        results = main(path, autograder="otter.zip", no_logo=True)
    assert results.total == POINTS, results.total
print(json.dumps(took))
"""


def three(text):
    """A form's notebook with three of the sheet's tasks."""
    book = nbformat.reads(text, as_version=4)
    others = [name_of(task.key) for task in SHEET.tasks if task.key not in TASKS]
    book.cells = [c for c in book.cells if not any(c.id.startswith(name) for name in others)]
    return book


def solved():
    """The learner's notebook with right answers; in each stands WHO for what tells students apart.

    Since they write different answers, a grader must not profit from copies that are all alike.
    """
    book = three(FORMS["learner"].files()[f"{NAME}.ipynb"])
    solutions = {}
    for task in SHEET.tasks:
        *most, last = task.solution.splitlines()
        solutions[name_of(task.key)] = "\n".join([*most, "    # WHO", last])
    for cell in book.cells:
        cell.source = solutions.get(cell.id, cell.source)
    return nbformat.writes(book)


def command(*words, folder):
    """Run a command; ((seconds, the processor's), what it printed)."""
    start = time.perf_counter(), processor()
    done = subprocess.run(list(map(str, words)), cwd=folder, capture_output=True, text=True)
    took = time.perf_counter() - start[0], processor() - start[1]
    if done.returncode:
        raise SystemExit(f"{words}: {done.stdout}{done.stderr}")
    return took, done.stdout


def processor():
    """The processor's seconds that ended children, and theirs, have used."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


class Class:
    """A folder with all that is graded, and the graders."""

    def __init__(self, folder, copies, peers):
        self.folder, self.copies, self.peers = Path(folder), copies, peers
        self.points = sum(task.points for task in SHEET.tasks if task.key in TASKS)
        self.rounds = 0
        text = solved()
        (self.folder / "one.ipynb").write_text(text)
        for count in {copies, 4 * copies}:
            (self.folder / f"class{count}").mkdir()
            for n in range(count):
                path = self.folder / f"class{count}" / f"s{n:04}_{NAME}.ipynb"
                path.write_text(text.replace("WHO", f"s{n:04}"))
        if peers:
            self.make_nbgrader(text)
            self.make_otter()

    def make_nbgrader(self, text):
        files = FORMS["nbgrader"].files()
        (self.folder / "nbgrader_config.py").write_text(files["nbgrader_config.py"])
        source = self.folder / "source" / NAME
        source.mkdir(parents=True)
        nbformat.write(three(files[f"source/{NAME}/{NAME}.ipynb"]), source / f"{NAME}.ipynb")
        command("nbgrader", "generate_assignment", NAME, folder=self.folder)
        for n in range(self.peers):
            place = self.folder / "submitted" / f"s{n}" / NAME
            place.mkdir(parents=True)
            (place / f"{NAME}.ipynb").write_text(text.replace("WHO", f"s{n}"))

    def make_otter(self):
        nbformat.write(three(FORMS["otter"].files()[f"{NAME}.ipynb"]), self.folder / "otter.ipynb")
        command("otter", "assign", "otter.ipynb", "otter", folder=self.folder)
        made = next((self.folder / "otter" / "autograder").glob("*.zip"))
        made.rename(self.folder / "otter.zip")

    def bpkit(self, count, *more):
        """Seconds for a whole folder, pages and all, on the clock and of the processor."""
        self.rounds += 1
        out = self.folder / f"results{self.rounds}"
        words = ["grade", f"class{count}", "--out", out, "--tasks", *TASKS, *more]
        took, _ = command(*BPKIT, *words, folder=self.folder)
        grades = (out / "grades.csv").read_text().splitlines()[1:]
        assert [line.split(",")[3] for line in grades] == [f"{self.points:.1f}"] * count
        assert len(list((out / "students").iterdir())) == count
        return took

    def nbgrader(self):
        """Seconds for each of some submissions."""
        return self.warm(NBGRADER, [f"s{n}" for n in range(self.peers)])

    def otter(self):
        return self.warm(OTTER, ["one.ipynb"] * self.peers)

    def warm(self, script, names):
        script = TIMED + script.replace("NAME", NAME).replace("POINTS", str(self.points))
        _, said = command(sys.executable, "-c", script, *names, folder=self.folder)
        return json.loads(said.splitlines()[-1])

    def cold(self):
        """Seconds for one notebook, from start to end: (bpkit grade, nbgrader validate)."""
        (ours, _), _ = command(*BPKIT, "grade", "one.ipynb", "--tasks", *TASKS, folder=self.folder)
        (theirs, _), said = command("nbgrader", "validate", "one.ipynb", folder=self.folder)
        assert "Success" in said
        return ours, theirs

    def memory(self):
        """The most that the whole tree of processes took: megabytes by (its share, resident)."""
        words = [*BPKIT, "grade", f"class{self.copies}", "--out", "memory", "--tasks", *TASKS]
        process = subprocess.Popen(words, cwd=self.folder, stdout=subprocess.DEVNULL)
        most = (0, 0)
        while process.poll() is None:
            most = tuple(map(max, most, tree(process.pid)))
            time.sleep(0.02)
        return [round(kilobytes / 1024) for kilobytes in most]


def tree(pid):
    """Kilobytes of a process and all below it: (proportional share, resident)."""
    share = resident = 0
    for line in rollup(pid):
        if line.startswith("Pss:"):
            share += int(line.split()[1])
        elif line.startswith("Rss:"):
            resident += int(line.split()[1])
    for child in children(pid):
        below = tree(child)
        share, resident = share + below[0], resident + below[1]
    return share, resident


def rollup(pid):
    try:
        return Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return []


def children(pid):
    try:
        return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []


def slope(small, large, copies):
    """Milliseconds for one more submission: of `copies` and of 4 times as many."""
    return 1000 * (large - small) / (3 * copies)


def dask(room, processes, rounds):
    """Milliseconds for one more submission with (local processes, a cluster of as many workers)."""
    from distributed import LocalCluster

    with LocalCluster(processes, threads_per_worker=1, dashboard_address=None) as cluster:
        how = {
            "local": ("--processes", processes),
            "dask": ("--cluster", cluster.scheduler_address),
        }
        room.bpkit(room.copies, *how["dask"])  # its graders are warm from now on
        took = {(name, n): [] for name in how for n in (1, 4)}
        for _ in range(rounds):
            for name, n in took:
                took[name, n].append(room.bpkit(n * room.copies, *how[name])[0])
    best = {key: min(times) for key, times in took.items()}
    return [slope(best[name, 1], best[name, 4], room.copies) for name in how]


def measure(args):
    turns = {"bpkit": [], "bpkit, 2": [], "4": [], "4, 2": [], "nbgrader": [], "otter": []}
    cold = []
    with tempfile.TemporaryDirectory() as folder:
        room = Class(folder, args.copies, args.peers)
        tier = command(*BPKIT, "grade", "one.ipynb", folder=folder)[1].splitlines()[-1]
        for turn in range(args.rounds):
            print(f"round {turn + 1} of {args.rounds}", file=sys.stderr)
            for name, factor in (("bpkit", 1), ("4", 4)):
                turns[name].append(room.bpkit(factor * args.copies))
                turns[f"{name}, 2"].append(room.bpkit(factor * args.copies, "--processes", 2))
            turns["nbgrader"] += room.nbgrader()
            turns["otter"] += room.otter()
            cold.append(room.cold())
        share, resident = room.memory()
        local, cluster = dask(room, 2, args.rounds)
    clock, used = (
        {name: statistics.median(t[which] for t in times) for name, times in turns.items()}
        for which in (0, 1)
    )
    one, two = (
        slope(clock[a], clock[b], args.copies) for a, b in (("bpkit", "4"), ("bpkit, 2", "4, 2"))
    )
    return {
        "tier": tier.removeprefix("Sandbox: "),
        "copies": args.copies,
        "python": platform.python_version(),
        "milliseconds": {
            name: {
                "bpkit": 1000 * found["bpkit"] / args.copies,
                "one more": slope(found["bpkit"], found["4"], args.copies),
                "nbgrader": 1000 * found["nbgrader"],
                "otter": 1000 * found["otter"],
            }
            for name, found in (("clock", clock), ("processor", used))
        },
        "two processes": {
            f"of {args.copies}": clock["bpkit"] / clock["bpkit, 2"],
            f"of {4 * args.copies}": clock["4"] / clock["4, 2"],
            "for one more": one / two,
        },
        "cold": [statistics.median(times) for times in zip(*cold, strict=True)],
        "Dask": cluster - local,
        "memory": {"proportional": share, "resident": resident},
    }


def table(found):
    """The results in words."""
    clock, used = found["milliseconds"]["clock"], found["milliseconds"]["processor"]

    def row(what, name):
        cells = [f"{clock[name]:.1f} ms", f"{used[name]:.1f} ms"]
        if name in ("nbgrader", "otter"):
            cells.append(f"{clock[name] / clock['bpkit']:.0f} times bpkit's, ")
            cells[-1] += f"{used[name] / used['bpkit']:.0f} by the processor"
        return what, *cells

    ours, theirs = found["cold"]
    rows = [
        ("", "clock", "processor"),
        row("bpkit grade, a submission, start and all", "bpkit"),
        row("  one more submission", "one more"),
        row("nbgrader autograde", "nbgrader"),
        row("otter run", "otter"),
        *(
            (f"two processes, the rate {what}", "", "", f"{times:.2f} times that of one")
            for what, times in found["two processes"].items()
        ),
        ("one notebook, bpkit grade", f"{ours:.2f} s"),
        ("one notebook, nbgrader validate", f"{theirs:.2f} s", "", f"{theirs / ours:.1f} times"),
        ("Dask, one more than locally", f"{found['Dask']:+.2f} ms"),
        ("memory of all processes, each page once", f"{found['memory']['proportional']} MB"),
        ("  a shared page in each", f"{found['memory']['resident']} MB"),
    ]
    lines = []
    for what, *cells in rows:
        value, processor, words = (*cells, "", "", "")[:3]
        lines.append(f"{what:<41} {value:>10} {processor:>10}  {words}".rstrip())
    head = f"{found['copies']} copies of a notebook with three tasks; Python {found['python']}"
    return "\n".join([head, f"Sandbox: {found['tier']}", *lines])


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--copies", type=int, default=100)
    parser.add_argument("--peers", type=int, default=3, help="copies for a peer in each round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--out", type=Path)
    args = parser.parse_args(argv)
    found = measure(args)
    print(table(found))
    if args.out:
        args.out.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
