"""The results on disk: a line of JSON for each notebook, added when it is graded and never changed.

A line is whole or is not counted: after a kill or on a full disk, what was finished is there, and
the next run goes on. Of two lines for one notebook the later counts. All else is made from these.
"""

import fcntl
import json
import os
from pathlib import Path

from bpkit.grading.disk import write

FILE = "results.jsonl"


class Busy(Exception):
    """Another run is writing into the folder."""


def key_of(record):
    """What a record is of: a student's notebook."""
    return record["student"], record["notebook"]


def latest(records):
    """Of each student's notebooks of one sheet, the one that counts: the last that was graded."""
    found = {}
    for record in sorted(records.values(), key=_rank):
        found[record["student"], record["sheet"] or record["notebook"]] = record
    return sorted(found.values(), key=key_of)


def _rank(record):
    return record["status"] == "graded", record["handed_in"] or ""


def load(folder):
    """The records in a results folder by (student, notebook), in the order of names."""
    path = Path(folder) / FILE
    data = path.read_bytes() if path.exists() else b""
    found, _ = _records(data)
    return dict(sorted(found.items()))


def _records(data):
    """(records by key, whether some line is superseded or broken)."""
    found, clean = {}, data.endswith(b"\n") or not data
    for line in data.splitlines():
        record = _record(line)
        clean = clean and record is not None and key_of(record) not in found
        if record is not None:
            found[key_of(record)] = record
    return found, clean


def _record(line):
    """A line's record; None for a line that isn't whole."""
    try:
        record = json.loads(line)
    except ValueError:
        return None
    return record if isinstance(record, dict) and {"student", "notebook"} <= set(record) else None


class Journal:
    """The file of results, open for one run. records: what it holds. Raises Busy, and OSError."""

    def __init__(self, folder):
        self.path = Path(folder) / FILE
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.lock = os.open(self.path.parent / ".lock", os.O_RDWR | os.O_CREAT, 0o666)
        try:
            fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self.lock)
            raise Busy(f"another run is writing into {folder}") from None
        data = self.path.read_bytes() if self.path.exists() else b""
        self.records, self.clean = _records(data)
        self.handle = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o666)
        whole = data.rfind(b"\n") + 1
        if whole < len(data):  # a run was killed within a line
            os.ftruncate(self.handle, whole)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        os.close(self.handle)
        os.close(self.lock)

    def add(self, record):
        """Write a record's line. Raises OSError, and the file then ends with the line before."""
        line = json.dumps(record, separators=(",", ":")).encode() + b"\n"
        size = os.fstat(self.handle).st_size
        try:
            written = os.write(self.handle, line)
            while written < len(line):
                written += os.write(self.handle, line[written:])
        except OSError:
            os.ftruncate(self.handle, size)
            raise
        self.clean = self.clean and key_of(record) not in self.records
        self.records[key_of(record)] = record

    def tidy(self):
        """Bring the lines into the order of names, one for each notebook."""
        os.fsync(self.handle)
        ordered = dict(sorted(self.records.items()))
        if not self.clean or list(ordered) != list(self.records):
            lines = (json.dumps(r, separators=(",", ":")) for r in ordered.values())
            write(self.path, "".join(f"{line}\n" for line in lines))
        self.records = ordered
