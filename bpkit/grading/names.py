"""Pseudonyms: every student gets one, and whose it is stands apart from the results."""

import csv
import secrets
from dataclasses import replace
from pathlib import Path

from bpkit.grading.disk import table, write

HEAD = ["student", "pseudonym"]


class Pseudonyms:
    """Students' names and their pseudonyms, kept in a CSV file that can be written by hand too.

    Raises ValueError, which names the line, where the file says something else.
    """

    def __init__(self, path):
        self.path, self.of = Path(path), {}
        if self.path.exists():
            with self.path.open(encoding="utf-8", newline="") as file:
                for number, row in enumerate(csv.reader(file), start=1):
                    self._enter(number, row)

    def _enter(self, number, row):
        if number == 1 and row == HEAD:
            return
        if len(row) != 2 or not all(row) or row[0] in self.of or row[1] in self.of.values():
            text = f"{self.path}, line {number}: a student and a pseudonym, each once, stand here"
            raise ValueError(f"{text}, not {','.join(row)!r}")
        self.of[row[0]] = row[1]

    def hide(self, submissions):
        """The submissions under pseudonyms; students who have none get one, and it is written."""
        known = len(self.of)
        for one in submissions:
            if one.student not in self.of:
                self.of[one.student] = self._new()
        if len(self.of) > known:
            self._save()
        return [
            replace(
                one,
                student=self.of[one.student],
                name=one.name.replace(one.student, self.of[one.student]),
            )
            for one in submissions
        ]

    def _new(self):
        while (made := f"student-{secrets.token_hex(3)}") in self.of.values():
            continue
        return made

    def _save(self):
        self.path.parent.mkdir(parents=True, exist_ok=True)
        write(self.path, table([HEAD, *self.of.items()]), private=True)
