"""What a hostile submission is: the code of one cell, and what must come of it.

The code answers `relu_backward`, whose right body is `return dY * (X > 0)`. In `inside` it is that
body; RIGHT in it stands for the right return.
"""

import textwrap
from pathlib import Path
from typing import NamedTuple


class Case(NamedTuple):
    """name: what it tries. status: of the verdict. says: a pattern in what the student is told.

    seconds: of processor time for a call. A short limit keeps the suite short; a case that must end
    well, and has much to do, gets the one that students get.
    """

    name: str
    status: str
    says: str
    code: str
    seconds: float = 0.25


def inside(name, status, says, body, **more):
    """A case that does its work when it is called."""
    body = textwrap.dedent(body).strip().replace("RIGHT", "return dY * (X > 0)")
    code = f"def relu_backward(dY, X):\n{textwrap.indent(body, '    ')}\n"
    return Case(name, status, says, code, **more)


def before(name, status, says, cell):
    """A case that does its work when its cell is run, and answers right in the end."""
    right = "def relu_backward(dY, X):\n    return dY * (X > 0)\n"
    return Case(name, status, says, f"{textwrap.dedent(cell).strip()}\n\n\n{right}")


def family(leader):
    """The processes that were started by this one, and it."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[3]) == leader and fields[0] != "Z":
                found.append(int(entry.name))
    return sorted(found)
