"""Which walls can stand around students' code, and which of them together are enough."""

import os
import site
import sys
from pathlib import Path

import numpy as np

import bpkit

# From the strongest on: each is enough. Walls are built in this order.
TIERS = {
    "full": ("namespaces", "landlock", "seccomp"),
    "landlock": ("landlock", "seccomp"),
    "namespaces": ("namespaces", "seccomp"),
    "none": (),
}
WORDS = {
    "namespaces": "user, pid, mount and network namespaces",
    "landlock": "Landlock",
    "seccomp": "seccomp",
}


def best(walls):
    """The strongest tier that these walls make."""
    return next(tier for tier, needed in TIERS.items() if set(needed) <= set(walls))


def sentence(tier):
    """A tier in one line.

    >>> sentence("landlock")
    'Landlock; seccomp; rlimits'
    """
    return "; ".join([*(WORDS[wall] for wall in TIERS[tier]), "rlimits"])


def possible():
    """The walls that are worth a try on this system."""
    return list(WORDS) if sys.platform == "linux" else []


def readable():
    """What students' code may read: Python, its packages, bpkit's core, the system's libraries."""
    paths = [os.path.dirname(os.__file__), *site.getsitepackages()]
    paths += [path for path in sys.path if os.path.basename(path) == "lib-dynload"]
    paths += [str(Path(np.__file__).parents[1])]  # a user's own folder of packages, for one
    paths += [str(Path(bpkit.__file__).parent), "/lib", "/lib64", "/usr/lib", "/usr/lib64"]
    paths += ["/etc/ld.so.cache", "/dev/null", "/dev/zero", "/dev/urandom", "/dev/random"]
    return _existing(paths)


def hidden():
    """What it may not read even there: the tasks and the grading, of every copy of bpkit."""
    homes = [Path(bpkit.__file__).parent, *(Path(path, "bpkit") for path in readable())]
    return _existing(str(home / part) for home in homes for part in ("tasks", "grading"))


def _existing(paths):
    """Those that exist, as they are written and without links on the way."""
    paths = {form for path in paths for form in (path, os.path.realpath(path))}
    return sorted(path for path in paths if os.path.exists(path))
