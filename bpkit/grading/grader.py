"""Grades one notebook: reads it, runs what its tasks need in the sandbox, and judges each.

What comes of it is a record: a dictionary that JSON can hold, with all that the pages and tables
tell. A notebook that can't be read has a record too, with the reason.
"""

import functools
import platform
import time
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime

import numpy as np

import bpkit
from bpkit.grading import points, secret, start
from bpkit.grading.catalog import belonging, named, tasks_of
from bpkit.grading.judge import expected, judge
from bpkit.grading.needs import Code, sessions
from bpkit.grading.notebook import Unreadable, parse
from bpkit.grading.sandbox import Sandbox
from bpkit.tasks.diagnosis import HEADINGS
from bpkit.tasks.spec import find


@dataclass(frozen=True)
class Job:
    """What holds for a whole run. key: the teacher's, which decides the inputs.

    weights, form: see bpkit.grading.points. tasks: the keys of those that count; all do if none is
    named. seconds, memory, trust: see Sandbox.
    """

    key: str = field(repr=False)
    weights: dict
    form: bool = False
    tasks: tuple = ()
    seconds: float = 2.0
    memory: int = 2**30
    trust: bool = False

    def wanted(self, found):
        """Those of some tasks that count."""
        return [task for task in found if not self.tasks or task.key in self.tasks]

    @functools.cached_property
    def settings(self):
        """What of it, besides the tasks and their seeds, a grade hangs on."""
        left_out = ("key", "tasks", "trust")
        kept = {name: value for name, value in asdict(self).items() if name not in left_out}
        return {**kept, "mark": self.mark}

    @property
    def mark(self):
        """What tells one key from another, and doesn't tell the key."""
        return secret.mark(self.key)


class Grader:
    """Grades notebooks, one by one, in a warm sandbox.

    Raises LookupError for a task that isn't known; `grade` raises Refused where nothing can be run.
    """

    def __init__(self, job):
        self.job, self.sandboxes, self.seeds = job, {}, {}
        start.origin()
        for task in job.tasks:
            find(task)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()

    def close(self):
        for sandbox in self.sandboxes.values():
            sandbox.close()

    def sandbox(self, slow):
        """The sandbox for cells that need IPython, or for those that don't; started when needed."""
        if slow not in self.sandboxes:
            job = self.job
            self.sandboxes[slow] = Sandbox(job.seconds, job.memory, job.trust, slow=slow)
        return self.sandboxes[slow]

    def grade(self, name, data, notes=()):
        """The record of a notebook's bytes. name: the file's, which tells its sheet."""
        begun = time.perf_counter()
        record = {"status": "graded", "problem": "", "notes": [], "way": "functions", "tasks": []}
        try:
            notebook = parse(data, notes)
            code = Code(notebook)
            tasks = self.job.wanted(tasks_of(name, code))
            if not tasks:
                raise Unreadable("No task that counts was found in it.")
            record["notes"] = notebook.notes
            self._tasks(record, code, tasks)
            record |= belonging(tuple(task.key for task in tasks))
        except Unreadable as error:
            record |= nothing_of(name, self.job, str(error))
        record["tier"] = next((made.tier for made in self.sandboxes.values()), "")
        record["seconds"] = round(time.perf_counter() - begun, 4)
        return record

    def _tasks(self, record, code, tasks):
        for task in tasks:
            if task.key not in self.seeds:
                self.seeds[task.key] = secret.seed(self.job.key, task.key)
        parts = [code.part(task) for task in tasks]
        results = {part.task.key: missing(part) for part in parts if not part.meaning}
        for session in sessions(code, parts):
            if session.slow:
                record["way"] = "kernel"
            keys = [part.task.key for part in session.parts]
            asked = expected(keys, self.seeds)
            with self.sandbox(session.slow).student(session.cells, *asked) as student:
                for part in session.parts:
                    results[part.task.key] = self._judged(part, student)
            self.sandbox(session.slow).prepare()
        record["tasks"] = [results[task.key] for task in tasks]

    def _judged(self, part, student):
        """What came of one task."""
        begun = time.perf_counter()
        task, notes = part.task, list(part.notes)
        verdict = judge(task.key, student, self.seeds[task.key])
        if part.slow:
            notes.append(f"It was run cell by cell in IPython: {part.slow}.")
        if not verdict.passed:
            notes += [text for text in student.troubles if text not in verdict.message]
        earned, properties = points.given(verdict, task.points, self.job.weights, self.job.form)
        mistakes = [task.mistake(key) for key in verdict.mistakes]
        return {
            **about(task),
            "points": earned,
            "status": verdict.status,
            "mistake": verdict.mistake or "",
            "mistakes": [{"key": m.key, "name": m.name, "why": m.why} for m in mistakes],
            "detectors": list(verdict.detectors),
            "message": verdict.message,
            "blocks": [list(block) for block in verdict.blocks],
            "properties": properties,
            "notes": notes,
            "seconds": round(time.perf_counter() - begun, 4),
        }


def about(task):
    """What is known of a task before an answer to it is seen."""
    return {"task": task.key, "title": task.title, "chapter": task.chapter, "of": task.points}


def missing(part):
    """What is told of a task whose function isn't there."""
    heading = f"{part.task.key}: {HEADINGS['no function']}"
    return nothing(part.task, "no function", heading, part.missing)


def nothing(task, status, heading, why):
    """A task's part of a record, with no points, for a reason."""
    return {
        **about(task),
        "points": 0.0,
        "status": status,
        "mistake": "",
        "mistakes": [],
        "detectors": [],
        "message": f"{heading}\n\n{why}",
        "blocks": [["text", heading], ["text", why]],
        "properties": {},
        "notes": [],
        "seconds": 0.0,
    }


def nothing_of(name, job, problem):
    """The record of a notebook that can't be graded, for a reason. name: as for `grade`."""
    tasks = job.wanted(named(name))
    return {
        "status": "not graded",
        "problem": problem,
        "notes": [],
        "way": "",
        "tasks": [nothing(t, "not graded", f"{t.key}: not graded", problem) for t in tasks],
        "tier": "",
        "seconds": 0.0,
        **belonging(tuple(task.key for task in tasks)),
    }


def versions():
    """What a result depends on besides."""
    return {
        "bpkit": bpkit.__version__,
        "numpy": np.__version__,
        "python": platform.python_version(),
    }


def now():
    return datetime.now(UTC).isoformat(timespec="seconds")
