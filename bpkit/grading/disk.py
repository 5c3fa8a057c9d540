"""Writing files so that none is ever half written: a new file takes the old one's place at once."""

import contextlib
import csv
import io
import os

FORMULA = ("=", "+", "-", "@", "\t")  # what a spreadsheet's formulas begin with


def write(path, text, private=False):
    """Put text into a file, whole or not at all. private: for its owner's eyes only.

    Raises OSError; the old file then stands as it stood.
    """
    folder, name = os.path.split(path)
    new = os.path.join(folder, f".{name[:200]}.{os.getpid()}.new")
    data = text.encode("utf-8", "replace")
    handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600 if private else 0o666)
    try:
        with open(handle, "wb") as file:
            file.write(data)
        os.replace(new, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(new)
        raise


def table(rows):
    """Rows as CSV. None is an empty cell.

    >>> table([["ada", 3], ["bo, jr", 0]])
    'ada,3\\n"bo, jr",0\\n'
    """
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def tame(cell):
    """A cell with an apostrophe before what a spreadsheet would run as a formula.

    >>> tame("=1+1"), tame(-1)
    ("'=1+1", -1)
    """
    return f"'{cell}" if type(cell) is str and cell.startswith(FORMULA) else cell
