"""The teacher's key, from which the secret inputs of grading are drawn.

It stands in the environment, or in a file of the teacher's that is made when it is first needed.
What is told of it is a mark by which two gradings with the same key are known.
"""

import hashlib
import os
import secrets
from pathlib import Path

VARIABLE = "BPKIT_TEACHER_KEY"


def place():
    """Where the key's file is, unless another is named."""
    folder = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(folder) / "bpkit" / "teacher-key"


def find(path=None):
    """(the key, the path of the file that was made for it, or None).

    path: a file; without one, the environment's variable counts, then the file at `place()`.
    Raises ValueError for an empty file, and OSError.
    """
    if path is None and os.environ.get(VARIABLE):
        return os.environ[VARIABLE], None
    path = Path(path) if path is not None else place()
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(handle, "w", encoding="utf-8") as file:
            file.write(secrets.token_hex(32) + "\n")
        return path.read_text(encoding="utf-8").strip(), path
    key = path.read_text(encoding="utf-8").strip()
    if not key:
        raise ValueError(f"{path} is empty; a key is a text of your choice")
    return key, None


def mark(key):
    """Eight letters that tell one key from another, and don't tell the key."""
    return hashlib.sha256(f"a mark of the key {key}".encode()).hexdigest()[:8]


def seed(key, task):
    """A task's secret seed."""
    from bpkit.tasks.learner import grading_seed  # whose module loads all tasks' code

    before = os.environ.get(VARIABLE)
    os.environ[VARIABLE] = key
    try:
        return grading_seed(task)
    finally:
        os.environ.pop(VARIABLE)
        if before is not None:
            os.environ[VARIABLE] = before
