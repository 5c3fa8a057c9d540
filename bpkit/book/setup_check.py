"""Looks whether everything that the book needs is here, and says how to mend what is not.

What is needed, and from which version on, is read from bpkit's own package metadata, where it is
listed once. When all is well, the output is the same on every machine.
"""

import re
import sys
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, metadata, version

import numpy as np
from IPython.display import display

import bpkit as bp
from bpkit.book.shown import Shown, table

NEED = re.compile(r"([\w.-]+?)>=([\d.]+)(?:; extra == ['\"](\w+)['\"])?")
AGAIN = "Then choose Kernel > Restart Kernel and run this cell again."


@dataclass
class Finding:
    """One thing that was looked at: what, what was found, and how to mend it ("" if all is well).

    >>> Finding("numpy 2.0 or later", "yes").mend
    ''
    """

    what: str
    found: str
    mend: str = ""


def setup_check():
    """Look at everything, display it as a table, and under it what to do about each fault."""
    found = findings()
    table([[f.what, f.found] for f in found], header=["what the book needs", "is it here?"])
    faults = [f"{f.what}: {f.mend}" for f in found if f.mend]
    if faults:
        display(Shown("\n".join(faults), "\n".join(f"1. {fault}" for fault in faults)))
    else:
        display(Shown("All is well.", "All is well."))


def findings():
    """Everything looked at: Python, the packages, bpkit itself, one gradient."""
    try:
        known = metadata("bpkit")
    except PackageNotFoundError:
        return [not_installed()]
    packages = [package(name, least) for name, least in needs(known.get_all("Requires-Dist"))]
    return [python(known["Requires-Python"].removeprefix(">=")), *packages, gradient()]


def needs(lines):
    """The packages that reading the book takes: (name, least version), from metadata's lines.

    >>> needs(["numpy>=2.0", "tqdm>=4.66; extra == 'book'", "pytest>=9.0; extra == 'test'"])
    [('numpy', '2.0'), ('tqdm', '4.66')]
    """
    found = [NEED.fullmatch(line) for line in lines]
    return [(m[1], m[2]) for m in found if m and m[3] in (None, "book")]


def python(least, running=None):
    """Whether this Python is new enough; `running` stands in for its version in tests."""
    running = "{}.{}.{}".format(*sys.version_info) if running is None else running
    what = f"Python {least} or later"
    if numbers(running) >= numbers(least):
        return Finding(what, "yes")
    mend = (
        "Install a newer Python, delete the folder `.venv` in the book's clone, and run the "
        "README's first command again with the newer Python's name."
    )
    return Finding(what, f"no, {running}", mend)


def package(name, least, version=version):
    """Whether a package is installed and new enough; `version` gives the installed version."""
    what = f"{name} {least} or later"
    try:
        here = version(name)
    except PackageNotFoundError:
        return Finding(what, "no", pip(f"{name}>={least}"))
    if numbers(here) >= numbers(least):
        return Finding(what, "yes")
    return Finding(what, f"no, {here}", pip(f"{name}>={least}"))


def not_installed():
    """bpkit was imported, from a folder on Python's path, but not installed."""
    mend = "In a terminal, in the book's clone, run the first command of its README. " + AGAIN
    return Finding("bpkit, installed", "no", mend)


def gradient(f=lambda x: bp.sin(x) * bp.exp(x) + x):
    """Whether bpkit's gradient of a small function agrees with differences."""
    what = "a gradient that agrees with differences"
    try:
        bp.gradcheck(f, np.array([0.3, -1.2, 2.5]))
    except bp.GradientError as error:
        mend = f"bpkit's own code has been changed ({error}). Undo the change, or clone it anew."
        return Finding(what, "no", mend)
    return Finding(what, "yes")


def pip(requirement):
    """What to type to install a package into the Python that runs this notebook."""
    return f'In a terminal, run `"{sys.executable}" -m pip install "{requirement}"`. {AGAIN}'


def numbers(version):
    """A version's numbers, to compare by: 4.10 is later than 4.9.

    >>> numbers("4.10.0rc1") > numbers("4.9")
    True
    """
    return [int(part) for part in re.match(r"[\d.]*\d", version)[0].split(".")]
