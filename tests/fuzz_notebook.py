"""Fuzz the reader of notebooks for as long as you like: `python -m tests.fuzz_notebook [FOLDER]`.

It needs atheris. Options of libFuzzer may follow, such as -max_total_time=600; inputs that reach
new code are kept in FOLDER. An input is a list of changes to a good notebook: of its cells, then of
its bytes.
"""

import sys

from tests.handed_in import TASKS, good, text_of

KEYS = ["cell_type", "source", "id", "metadata", "input"]
SOURCES = [
    *(task.solution for task in TASKS.values()),
    "%%time\n",
    "import numpy as np\n",
    "@",
    "  ",
]


def damaged(choose):
    """The bytes of a notebook that was changed as the fuzzer chooses."""
    book = good()
    for _ in range(choose.ConsumeIntInRange(0, 6)):
        cell = book["cells"][choose.ConsumeIntInRange(0, len(book["cells"]) - 1)]
        key = choose.PickValueInList(KEYS)
        if choose.ConsumeBool():
            cell[key] = choose.PickValueInList([None, 3, [], {}, "code", "raw", *SOURCES])
        else:
            text = str(cell.get(key))
            place = choose.ConsumeIntInRange(0, len(text))
            extra = choose.ConsumeUnicode(20) + choose.PickValueInList(["", *SOURCES])
            cell[key] = text[:place] + extra + text[place + choose.ConsumeIntInRange(0, 20) :]
    text = text_of(book)
    for _ in range(choose.ConsumeIntInRange(0, 2)):
        place = choose.ConsumeIntInRange(0, len(text))
        cut = choose.ConsumeIntInRange(0, 50)
        text = text[:place] + choose.ConsumeBytes(10) + text[place + cut :]
    return text


def main():
    import atheris

    with atheris.instrument_imports(include=["bpkit.grading"]):
        from tests.test_grading_notebook import look

    provider = atheris.FuzzedDataProvider
    atheris.Setup(sys.argv, lambda data: look(damaged(provider(data))))
    atheris.Fuzz()


if __name__ == "__main__":
    main()
