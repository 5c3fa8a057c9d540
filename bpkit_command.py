"""The `bpkit` command, up to where it loads the package.

To load NumPy takes longest of all that is done before a notebook is graded. Two processes need it,
and the one that students' processes come from must not learn what this one knows: so it is started
anew, and it is started first.
"""

import importlib.util
import os
import sys

ORIGIN = "bpkit.grading.start"  # which needs nothing of its package


def main():
    """Run the command line."""
    if grades_here(sys.argv[1:]):
        start = alone(ORIGIN)
        start.origin()
        for name in start.QUIET:  # of NumPy's threads: a grader has no matrices for them
            os.environ.setdefault(name, "1")
    from bpkit.cli import main

    return main()


def grades_here(words):
    """Whether a command line asks for grading on this machine, and not for help with it."""
    elsewhere = any(word.startswith(("-h", "--h", "--c")) for word in words)
    return words[:1] == ["grade"] and hasattr(os, "fork") and not elsewhere


def alone(name):
    """A module of the package, loaded without the package."""
    path = os.path.join(os.path.dirname(__file__), *name.split(".")) + ".py"
    spec = importlib.util.spec_from_file_location(name, path)
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
