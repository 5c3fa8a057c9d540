"""A run over many submissions: what has been graded stays graded, the rest goes to warm graders.

Records come in as they are finished and are on disk before the next is looked at. So a run can be
stopped at any time; the next one goes on.
"""

import hashlib
import json
import signal
import threading
from collections import Counter
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from multiprocessing.connection import wait

from bpkit.grading.catalog import named, specification
from bpkit.grading.grader import nothing_of, now, versions
from bpkit.grading.notebook import Unreadable, content
from bpkit.grading.warm import Warm

HELD = 4  # items that a process is given: it works on one, the others wait


@dataclass(frozen=True)
class Item:
    """A submission on its way: what a grader needs of it, and what makes it another one."""

    submission: object
    data: bytes
    notes: list
    digest: str

    @property
    def name(self):
        """What may tell the notebook's sheet."""
        return f"{self.submission.name}/{self.submission.path.name}"


@dataclass
class Options:
    """What a run is told. deadline: a datetime. again: names of students and tasks to regrade."""

    processes: int = 1
    cluster: str = ""
    deadline: datetime | None = None
    again: tuple = ()


@dataclass
class Summary:
    """What came of a run. counts: how many were graded, kept, not graded, failed."""

    counts: Counter = field(default_factory=Counter)
    problems: list = field(default_factory=list)
    tier: str = ""
    stopped: str = ""


def run(submissions, journal, job, options, advance=lambda record: None):
    """Grade what has changed; returns a Summary. advance: called with each record, new or kept.

    Ctrl-C and a full disk end it early; the Summary says so.
    """
    summary = Summary()
    todo = _changed(submissions, journal, job, options, summary, advance)
    try:
        with closing(todo), closing(_graded(todo, job, options, summary)) as records:
            for item, record in records:
                record = finished(record, item, job, options)
                with undisturbed():
                    journal.add(record)
                    _count(summary, record, record["status"])
                    advance(record)
        journal.tidy()
    except KeyboardInterrupt:
        summary.stopped = "It was interrupted."
    except OSError as error:
        if error.errno is None:
            raise
        summary.stopped = f"It could not go on: {error.strerror} ({journal.path})."
    return summary


@contextmanager
def undisturbed():
    """Ctrl-C waits for the end of the body: what is on disk is counted too, and has its page."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came, before = [], signal.getsignal(signal.SIGINT)
    signal.signal(signal.SIGINT, lambda *args: came.append(args))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        if came and callable(before):
            before(*came[0])


def _changed(submissions, journal, job, options, summary, advance):
    """The Items that have to be graded; the others are counted."""
    for submission in submissions:
        old = journal.records.get((submission.student, submission.name))
        item = _item(submission)
        if old is None or not _holds(old, item, job, options):
            yield item
            continue
        record = old | {"late": lateness(submission, options, old["late"])}
        with undisturbed():
            if record != old:
                journal.add(record)
            _count(summary, record, "kept")
            advance(record)


def _item(submission):
    """A submission with its bytes, or with the reason why there are none."""
    try:
        if submission.problem:
            raise Unreadable(submission.problem)
        data, digest, notes = content(submission.path)
    except (Unreadable, OSError) as error:
        words = getattr(error, "strerror", None) or str(error)
        return Item(submission, b"", [words], f"unreadable: {words}")
    return Item(submission, data, notes, digest)


def _holds(record, item, job, options):
    """Whether a record says what grading would say again."""
    if record["status"] == "failed" or record["student"] in options.again:
        return False
    tasks = [task["task"] for task in record["tasks"]]
    if set(tasks) & set(options.again):
        return False
    return record["fingerprint"] == fingerprint(item.digest, specification(tasks), job)


def fingerprint(digest, specified, job):
    """What a record hangs on: the file, its tasks as they are specified, the key, the settings."""
    parts = [digest, sorted(job.tasks), specified, job.settings, versions()]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _graded(items, job, options, summary):
    """Yield (item, record) for each Item, as they are finished."""
    if options.cluster:
        from bpkit.grading.cluster import graded

        yield from graded(_readable(items, job), job, options.cluster, summary)
    else:
        yield from _graded_here(_readable(items, job), job, options.processes, summary)


def _readable(items, job):
    """(item, None), or (item, its record) for those that can't even be opened."""
    for item in items:
        unread = item.digest.startswith("unreadable")
        yield item, nothing_of(item.name, job, item.notes[0]) if unread else None


def _graded_here(items, job, processes, summary):
    """The same on this machine: each process holds a few items, so that it never waits for one."""
    pool = []
    try:
        for item, record in items:
            if record is not None:
                yield item, record
                continue
            if len(pool) < processes:
                named(item.name)  # reads its tasks, which all processes share
                pool.append(Warm(job))
            idlest = min(pool, key=lambda warm: len(warm.held))
            while len(idlest.held) == HELD:
                idlest, *done = _first(pool)
                summary.tier = idlest.tier
                yield done
            idlest.give(item)
        while any(warm.held for warm in pool):
            warm, *done = _first(pool)
            summary.tier = warm.tier
            yield done
    finally:
        for warm in pool:
            warm.dismiss()  # so that all end at once
        for warm in pool:
            warm.close()


def _first(pool):
    """(a process that has done the first item that it held, the item, its record)."""
    while True:
        ready = wait([warm.line for warm in pool if warm.held], timeout=1)
        for warm in pool:
            if warm.held:
                done = warm.take() if warm.line in ready else warm.check()
                if done is not None:
                    return warm, *done


def finished(record, item, job, options):
    """A record as it is written: whose it is, and under which conditions it was made."""
    submission, specified = item.submission, record.pop("specification")
    return {
        "student": submission.student,
        "notebook": submission.name,
        **record,
        "handed_in": submission.handed_in and submission.handed_in.isoformat(timespec="seconds"),
        "late": lateness(submission, options, ""),
        "graded": now(),
        "seed": job.mark,
        "versions": versions(),
        "fingerprint": fingerprint(item.digest, specified, job),
    }


def lateness(submission, options, known):
    """How late it was handed in, in words; "" for in time. known: what was found before."""
    if options.deadline is None or submission.handed_in is None:
        return known
    seconds = (submission.handed_in - options.deadline.astimezone(UTC)).total_seconds()
    if seconds <= 0:
        return ""
    days, rest = divmod(int(seconds), 86400)
    hours, minutes = divmod(rest // 60, 60)
    units = ((days, "day"), (hours, "hour"), (minutes, "minute"))
    said = [f"{n} {unit}{'s' * (n != 1)}" for n, unit in units if n][:2]
    return " ".join(said) or "less than a minute"


def _count(summary, record, status):
    summary.counts[status] += 1
    if record["status"] != "graded":
        summary.counts["problems"] += 1
        name = f"{record['student']} {record['notebook']}".strip()
        summary.problems.append((name, record["problem"]))
