"""Damaged notebooks: what can be graded is, what was mended is said, and no neighbor notices.

Each of them lies between two good notebooks, which get full marks. A fuzzer looks for what nobody
thought of; `python -m tests.fuzz_notebook` runs one for longer.
"""

import json
import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bpkit.grading import results, submissions
from bpkit.grading.grader import Job
from bpkit.grading.needs import Code, sessions
from bpkit.grading.notebook import Unreadable, parse
from bpkit.grading.points import WEIGHTS
from bpkit.grading.run import Options, run
from bpkit.grading.statements import blocks, masked
from tests.handed_in import FULL, TASKS, cell_of, code, good, text_of, whole

FORWARD, BACKWARD = TASKS["affine_forward"], TASKS["affine_backward"]
CASES = {}  # name -> (file name, how to make it, points, words that are said)


def case(points, words, file="{}.ipynb"):
    """Enter a damaged notebook: its function returns a dictionary, or the file's bytes."""

    def enter(make):
        name = make.__name__.replace("_", "-")
        CASES[name] = (file.format(name), make, points, words)
        return make

    return enter


def without(key):
    return FULL - TASKS[key].points


@case(0, "not valid JSON: Unterminated string")
def cut_off():
    return text_of(good())[:5000]


@case(0, "marks of an unfinished merge")
def merge_marks():
    text = text_of(good()).decode()
    return text.replace(' "cells"', '<<<<<<< HEAD\n "cells"\n=======\n "cells"').encode()


@case(0, "The file is empty.")
def empty():
    return b""


@case(0, "begins with a brace")
def a_picture():
    return b"\x89PNG\r\n\x1a\n" + bytes(range(256))


@case(0, "begins with a brace", file="{}.pdf")
def another_kind_of_file():
    return b"%PDF-1.7 \xff\xfe"


@case(FULL, "", file="{}.txt")
def wrong_suffix():
    return good()


@case(0, "no list of cells")
def json_but_no_notebook():
    return {"answers": [1, 2, 3]}


@case(0, "no dictionary")
def a_list():
    return b" [] "


@case(0, "nested too deeply")
def nested_list():
    return b"[" * 100_000


@case(0, "nested too deeply")
def nested():
    return b'{"cells":' * 100_000


@case(0, "a number that is too long")
def long_number():
    return b'{"cells": [], "nbformat": ' + b"9" * 5000 + b"}"


@case(FULL, "What follows the notebook")
def something_behind():
    return text_of(good()) + b"\n}}} saved by another program"


@case(FULL, "old format 3")
def nbformat_3():
    book = good()
    for cell in book["cells"]:
        cell.pop("id")
        cell["input"] = cell.pop("source")
    return {"nbformat": 3, "metadata": {}, "worksheets": [{"cells": book["cells"]}]}


@case(FULL, "")
def byte_order_mark():
    return b"\xef\xbb\xbf" + text_of(good())


@case(FULL, "")
def utf_16():
    return text_of(good()).decode().encode("utf-16")


@case(FULL, "not UTF-8")
def latin_1():
    book = good()
    book["cells"][0]["source"] = "René"
    return json.dumps(book, ensure_ascii=False).encode("latin-1")


@case(FULL, "")
def carriage_returns():
    book = good()
    for cell in book["cells"]:
        cell["source"] = cell["source"].replace("\n", "\r\n")
    return text_of(book).replace(b"\n", b"\r\n")


@case(FULL, "")
def a_hundred_megabytes():
    book = good()
    output = {"output_type": "stream", "name": "stdout", "text": "x" * 100 * 2**20}
    book["cells"][-1]["outputs"] = [output]
    return book


@case(0, "MB of code and text")
def too_much_code():
    book = good()
    book["cells"].append(code("x = 1\n" * 10**6))
    return book


@case(FULL, "")
def ten_thousand_cells():
    book = good()
    book["cells"][1:1] = [code(f"x{n} = {n}\nprint(x{n})") for n in range(10_000)]
    return book


@case(FULL, "have the id of the cell of `affine_backward`")
def duplicated_ids():
    book = good()
    cell = cell_of(book, "affine_backward")
    book["cells"].append({**cell, "id": "other", "source": FORWARD.stub.replace("forward", "x")})
    book["cells"].append({**cell, "source": f"{BACKWARD.stub}"})
    return book


@case(FULL, "none of nbgrader's ids")
def stripped_metadata():
    book = good()
    for cell in book["cells"]:
        cell["metadata"] = {}
        cell.pop("id")
    return book | {"metadata": {}}


@case(FULL, "")
def wrong_types():
    book = good()
    odd = [None, 3, "cell", [], {"cell_type": 5, "source": 7, "metadata": "none"}, {}]
    odd += [{"cell_type": "code", "source": [1, None], "metadata": {"nbgrader": []}}]
    odd += [{"cell_type": "code", "source": None, "metadata": {"nbgrader": {"grade_id": {}}}}]
    return book | {"cells": [*odd, *book["cells"]], "metadata": [], "nbformat": "four"}


@case(without("affine_backward"), "Its cell is missing, and nowhere")
def a_cell_deleted():
    book = good()
    book["cells"].remove(cell_of(book, "affine_backward"))
    return book


@case(FULL, "The cell of `affine_forward` is missing")
def a_cell_written_anew():
    book = good()
    book["cells"].remove(cell_of(book, "affine_forward"))
    book["cells"].append(code(FORWARD.solution))
    return book


@case(FULL, "were read as one")
def split_in_two():
    book = good()
    cell = cell_of(book, "affine_backward")
    head, tail = cell["source"].split("    dW = ")
    place = book["cells"].index(cell)
    parts = [{**cell, "source": head}, {**cell, "id": "other", "source": "    dW = " + tail}]
    book["cells"][place : place + 1] = parts
    return book


@case(FULL, "")
def moved():
    book = good()
    return book | {"cells": book["cells"][::-1]}


@case(FULL, "is text; it was read as code")
def turned_into_text():
    book = good()
    cell_of(book, "affine_backward")["cell_type"] = "markdown"
    return book


@case(FULL, "is text; it was read as code")
def turned_into_a_fence():
    book = good()
    cell = cell_of(book, "affine_backward")
    cell |= {"cell_type": "markdown", "source": f"```python\n{BACKWARD.solution}\n```"}
    return book


@case(FULL, "is defined 2 times")
def two_versions():
    book = good()
    cell = cell_of(book, "affine_forward")
    cell["source"] = f"{FORWARD.stub}\n    return X\n\n{FORWARD.solution}"
    return book


@case(FULL, "not in its own cell")
def written_elsewhere():
    book = good()
    cell_of(book, "affine_forward")["source"] = FORWARD.stub
    book["cells"].insert(2, code(FORWARD.solution))
    return book


@case(FULL, "is defined 2 times")
def its_own_cell_counts():
    book = good()
    book["cells"].append(code(FORWARD.stub + "\n    return X"))
    return book


@case(without("affine_forward"), "defines `forward`; the task asks for `affine_forward`")
def another_name():
    return whole(affine_forward=FORWARD.solution.replace("affine_forward", "forward"))


@case(FULL, "", file="Žofie Ångström 李.ipynb")
def names_in_other_letters():
    text = "λ = 1.0\ndef größe(x):\n    return λ * x\n\n" + FORWARD.solution
    return whole(affine_forward=text.replace("X @ W + b", "größe(X) @ W + b"))


@case(FULL, "", file="..\\..%2f..%2fx.ipynb")
def a_name_that_is_a_path():
    book = good()
    for cell in book["cells"]:
        cell["metadata"].get("nbgrader", {})["grade_id"] = "../../../etc/passwd"
    return book


@case(without("affine_forward"), "can't be read: '(' was never closed")
def a_syntax_error():
    return whole(affine_forward=FORWARD.stub.replace("...", "return (X @ W"))


@case(FULL, "`import numpy as np` is missing; it was added.")
def no_imports():
    book = good()
    book["cells"].pop(1)
    text = BACKWARD.solution.replace("dY.sum(axis=0)", "np.sum(dY, axis=0)")
    cell_of(book, "affine_backward")["source"] = text
    return book


@case(FULL, "")
def helpers_and_constants():
    book = good()
    book["cells"].insert(2, code("from numpy import einsum as e\nSPEC: str = 'nd,dm->nm'"))
    book["cells"].insert(3, code("def product(A, B, *, spec=SPEC):\n    return e(spec, A, B)"))
    text = FORWARD.solution.replace("X @ W", "product(X, W)")
    cell_of(book, "affine_forward")["source"] = text
    return book


@case(FULL, "")
def what_is_not_needed_is_not_run():
    book = good()
    bad = "import os, time\nopen('/tmp/x', 'w')\nwhile True: pass"
    book["cells"] += [code(bad), code("raise SystemExit"), code("%run other.py\n!rm -rf .")]
    cell_of(book, "affine_forward")["source"] += "\naffine_forward(1, 2, 3)\nprint(undefined)"
    return book


@case(FULL, "")
def magics():
    book = good()
    book["cells"][1]["source"] = "%matplotlib inline\n" + book["cells"][1]["source"] + "\n!ls"
    cell_of(book, "affine_forward")["source"] = f"%%time\n{FORWARD.solution}\nhelp?"
    return book


@case(FULL, "It was run cell by cell in IPython: it uses IPython's own commands.")
def a_magic_in_the_function():
    book = good()
    book["cells"].insert(2, code("place = %pwd\ncheck(affine_forward)"))
    text = FORWARD.solution.replace("X @ W", "(len(place) > 0) * X @ W")
    cell_of(book, "affine_forward")["source"] = text
    return book


@case(FULL, "It was run cell by cell in IPython: it needs a class of its own, Product.")
def a_class_of_its_own():
    text = "class Product:\n    def __call__(self, A, B):\n        return A @ B\n\n\n"
    return whole(affine_forward=text + FORWARD.solution.replace("X @ W", "Product()(X, W)"))


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """The records of all cases and of the good notebooks around them, by file name."""
    folder = tmp_path_factory.mktemp("class") / "handed_in"
    folder.mkdir()
    for number, (name, make, _, _) in enumerate(CASES.values()):
        made = make()
        (folder / name).write_bytes(made if isinstance(made, bytes) else text_of(made))
        (folder / f"{name} {number} after.ipynb").write_bytes(text_of(good()))
    (folder / ".. before.ipynb").write_bytes(text_of(good()))
    (folder / "! before.ipynb").write_bytes(text_of(good()))
    outside = folder.parent / "secret.ipynb"
    outside.write_bytes(text_of(good()))
    (folder / "linked.ipynb").symlink_to(outside)
    (folder / "linked folder").symlink_to(folder.parent)
    (folder / "loop.ipynb").symlink_to("loop.ipynb")
    (folder / "no file.ipynb").mkdir()
    os.mkfifo(folder / "pipe.ipynb")
    (folder / os.fsdecode(b"\xff\xfe.ipynb")).write_bytes(text_of(good()))
    found = submissions.found(folder)
    job = Job("key", weights=WEIGHTS, tasks=tuple(TASKS))
    with results.Journal(folder.parent / "results") as journal:
        summary = run(found, journal, job, Options())
    assert not summary.stopped and len(journal.records) == len(found)
    print(summary.tier)
    return {s.path.name: journal.records[s.student, s.name] for s in found}


def points(record):
    return sum(task["points"] for task in record["tasks"])


def words(record):
    """All that is said of a notebook."""
    told = [text for t in record["tasks"] for text in [t["message"], *t["notes"]]]
    return "\n".join([record["problem"], *record["notes"], *told])


@pytest.mark.parametrize("name", CASES)
def test_a_damaged_notebook_gets_what_it_is_worth(graded, name):
    file, _, expected, said = CASES[name]
    record = graded[file]
    assert points(record) == expected, words(record)
    assert said in words(record)
    assert (record["status"] == "not graded") == (expected == 0)


def test_neighbors_get_full_marks(graded):
    around = {name: r for name, r in graded.items() if "after" in name or "before" in name}
    assert len(around) == len(CASES) + 2
    assert {points(record) for record in around.values()} == {FULL}


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("linked.ipynb", "It is a link out of the folder."),
        ("linked folder", "It is a link out of the folder."),
        ("loop.ipynb", "It is a link out of the folder."),
        ("no file.ipynb", "There is no notebook in the folder."),
        ("pipe.ipynb", "It is not a file."),
    ],
)
def test_what_is_no_file_of_the_folder_is_not_opened(graded, name, said):
    assert graded[name]["problem"] == said
    assert graded[name]["status"] == "not graded"


def test_a_name_that_is_no_text_is_made_printable(graded):
    record = graded[os.fsdecode(b"\xff\xfe.ipynb")]
    assert record["student"].isprintable() and points(record) == FULL


SLOW = {
    "its own commands": ("files = !echo 1\n", "len(files) * X @ W + b", "IPython's own commands"),
    "a class": ("class Scale:\n    one = 1.0\n", "Scale.one * X @ W + b", "a class of its own"),
    "globals": ("globals()['one'] = 1.0\n", "one * X @ W + b", "one may come from globals"),
}


@pytest.mark.parametrize("kind", SLOW)
def test_what_needs_more_than_functions_goes_the_slow_way(kind):
    before, expression, reason = SLOW[kind]
    text = before + FORWARD.solution.replace("X @ W + b", expression)
    code = Code(parse(text_of(whole(affine_forward=text))))
    parts = [code.part(task) for task in TASKS.values()]
    assert [reason in part.slow for part in parts] == [part.task is FORWARD for part in parts]
    slow = [session for session in sessions(code, parts) if session.slow]
    assert [part.task.key for part in slow[0].parts] == ["affine_forward"]
    assert "bpkit.tasks" not in "".join(source for _, source in slow[0].cells)


def test_tasks_that_mean_different_things_by_a_name_are_run_apart():
    one = "def scale(x):\n    return x\n\n" + FORWARD.solution.replace("X @ W", "scale(X) @ W")
    two = "def scale(x):\n    return 2 * x\n\n" + BACKWARD.solution.replace(
        "dW = ", "dW = scale(X.T @ dY) - "
    )
    code = Code(parse(text_of(whole(affine_forward=one, affine_backward=two))))
    parts = [code.part(task) for task in TASKS.values()]
    assert len(sessions(code, parts)) == 2


def test_statements_stand_on_their_lines():
    text = f"x = 1\n\n\nscale = 2; y = 3\n\n{FORWARD.solution.replace('X @ W', 'scale * X @ W')}"
    code = Code(parse(text_of(whole(affine_forward=text))))
    (label, source), *_ = sessions(code, [code.part(FORWARD)])[0].cells
    assert label.endswith("(affine-forward)")
    assert source.split("\n")[:6] == ["", "", "", "scale = 2", "", FORWARD.solution.split("\n")[0]]


def test_masking_leaves_python_alone():
    text = 'x = """\n%d\n!\n"""\ny = 5 \\\n% 3'
    assert blocks(parse(text_of({"cells": [code(text)]})).cells)[0].source == text
    assert masked("%%bash\nrm x") == ("pass", frozenset({1}))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=20,
)
sources = st.one_of(
    st.sampled_from([task.solution for task in TASKS.values()]),
    st.text(st.sampled_from("def af(x):\n =%!?;'\"\\#[]{}@λ\r\t\0"), max_size=60),
    st.sampled_from([*TASKS]).flatmap(lambda k: st.text(max_size=10).map(lambda t: f"{k} = {t}")),
    json_values,
)
raw_cells = st.fixed_dictionaries(
    {},
    optional={
        "cell_type": st.sampled_from(["code", "markdown", "raw"]) | json_values,
        "source": sources,
        "input": sources,
        "id": st.sampled_from(["affine-forward", "x"]) | json_values,
        "metadata": json_values
        | st.fixed_dictionaries({"nbgrader": st.fixed_dictionaries({"grade_id": sources})}),
    },
)
books = st.fixed_dictionaries({"cells": st.lists(raw_cells | json_values, max_size=8)})


def look(data):
    """Read a file's bytes as far as it goes without running anything."""
    try:
        notebook = parse(data)
    except Unreadable as error:
        assert str(error).endswith(".")
        return
    code = Code(notebook)
    parts = [code.part(task) for task in TASKS.values()]
    for session in sessions(code, parts):
        for label, source in session.cells:
            assert label and isinstance(source, str)
            if not session.slow:
                compile(source, label, "exec", dont_inherit=True)
    for part in parts:
        assert bool(part.missing) != bool(part.meaning)


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(books | json_values, st.booleans())
def test_whatever_a_notebook_holds_it_is_read_or_refused(book, escaped):
    look(json.dumps(book, ensure_ascii=escaped).encode("utf-8", "surrogatepass"))


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200), st.integers(0, 4000), st.integers(0, 200))
def test_whatever_bytes_there_are_they_are_read_or_refused(patch, place, length):
    data = text_of(good())
    look(patch)
    look(data[:place] + patch + data[place + length :])
