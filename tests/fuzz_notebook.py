"""Fuzz the reader of notebooks for as long as you like: `python -m tests.fuzz_notebook [FOLDER]`.

It needs atheris. Options of libFuzzer may follow, such as -max_total_time=600; inputs that reach
new code are kept in FOLDER.
"""

import sys

import atheris

with atheris.instrument_imports(include=["bpkit.grading"]):
    from tests.test_grading_notebook import look


def main():
    atheris.Setup(sys.argv, look)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
