"""Running a notebook again gives the same bytes, and refuses what a reader should not see."""

import contextlib
import json
import os
import sys

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from bpkit.book.execute import ExecutionError, execute

CELLS = {
    "streams": "print('one')\nprint('two')\nset('abc')",
    "here": "import os, sys\nopen('beside.txt').read(), sys.executable == os.environ['WANTED']",
    "settings": (
        "import IPython, matplotlib\n"
        "os.environ['OPENBLAS_NUM_THREADS'], len(os.listdir(IPython.paths.get_ipython_dir())) < 9, "
        "matplotlib.get_backend()"
    ),
    "refused": "import bpkit\nraise bpkit.errors.ShapeError('X is (2, 3)')",
    "figure": "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()",
    "slow": "import time\ntime.time()",
    "slider": "import ipywidgets\nipywidgets.IntSlider()",
}
TAGS = {"refused": ["raises-exception"], "slow": ["timing", "nbval-ignore-output"]}


def save(path, cells, tags=None):
    """Write a notebook of code cells, id to source, as a careless editor would leave it."""
    made = [new_markdown_cell("# A title", id="title")]
    for name, source in cells.items():
        cell = new_code_cell(source, id=name, execution_count=7)
        cell.outputs = [new_output("stream", text="stale\n")] if name != "slow" else []
        cell.metadata = {
            "execution": {"iopub.execute_input": "now"},
            "tags": (tags or {}).get(name, []),
        }
        made.append(cell)
    metadata = {
        "kernelspec": {"name": "no-such-kernel", "display_name": "Mine"},
        "widgets": {"a": 1},
    }
    nbformat.write(new_notebook(cells=made, metadata=metadata), path)
    return path


@pytest.fixture(scope="module")
def twice(tmp_path_factory):
    """A notebook run twice: what each run said had changed, both texts, and the notebook."""
    path = save(tmp_path_factory.mktemp("book") / "01_small.ipynb", CELLS, TAGS)
    (path.parent / "beside.txt").write_text("found")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WANTED", sys.executable)
        patch.setenv("OPENBLAS_NUM_THREADS", "2")
        patch.setenv("MPLBACKEND", "agg")
        changed = execute([path])
        first = path.read_bytes()
        again = execute([path])
    return changed, again, first, path.read_bytes(), nbformat.read(path, 4)


def outputs(notebook, name):
    return next(cell.outputs for cell in notebook.cells if cell.id == name)


def test_running_twice_gives_the_same_bytes(twice):
    changed, again, first, second, _ = twice
    assert len(changed) == 1 and again == []
    assert first == second


def test_cells_are_counted_from_one_and_keep_their_ids(twice):
    *_, notebook = twice
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.id for cell in code] == list(CELLS)
    assert [cell.execution_count for cell in code] == list(range(1, len(CELLS) + 1))


def test_nothing_of_the_moment_is_kept(twice):
    _, _, first, _, notebook = twice
    assert {k: v for k, v in notebook.metadata.items() if k != "widgets"} == {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    assert not any("execution" in cell.metadata for cell in notebook.cells)
    assert first.endswith(b"}\n") and b"stale" not in first
    assert (
        json.dumps(json.loads(first), sort_keys=True, indent=1, ensure_ascii=False).encode() + b"\n"
        == first
    )


def test_streams_are_one_and_hashing_is_fixed(twice):
    stream, result = outputs(twice[-1], "streams")
    assert stream.text == "one\ntwo\n"
    assert sorted(eval(result.data["text/plain"])) == ["a", "b", "c"]


def test_a_notebook_runs_in_its_folder_with_this_python_and_no_settings_of_the_user(twice):
    assert outputs(twice[-1], "here")[0].data["text/plain"] == "('found', True)"
    backend = "module://matplotlib_inline.backend_inline"
    assert outputs(twice[-1], "settings")[0].data["text/plain"] in (
        f"('1', True, '{backend}')",
        "('1', True, 'inline')",
    )


def test_an_expected_error_says_what_and_not_where(twice):
    (error,) = outputs(twice[-1], "refused")
    assert error.traceback == ["ShapeError: X is (2, 3)"]


def test_widgets_are_numbered(twice):
    (view,) = outputs(twice[-1], "slider")
    (states,) = twice[-1].metadata["widgets"].values()
    shown = states["state"][view.data["application/vnd.jupyter.widget-view+json"]["model_id"]]
    assert shown["model_name"] == "IntSliderModel"  # what a page that hasn't run shows
    assert set(states["state"]) == {f"{i:032x}" for i in range(1, len(states["state"]) + 1)}


def test_timings_change_when_asked(tmp_path):
    path = save(tmp_path / "01_slow.ipynb", {"slow": CELLS["slow"]}, TAGS)
    assert execute([path]) == [path]
    assert execute([path]) == []
    assert execute([path], timings=True) == [path]


@pytest.mark.parametrize(
    ("source", "tags", "words"),
    [
        ("x = 1\n1 / 0", [], "ZeroDivisionError: division by zero"),
        ("import sys\nprint('careful', file=sys.stderr)", [], "wrote to stderr: careful"),
        ("x = 1", ["raises-exception"], "is tagged raises-exception and raised nothing"),
        ("import time\ntime.sleep(9)", [], "timed out"),
        ("import os\nos._exit(1)", [], "died"),
    ],
)
def test_a_failing_cell_is_named_and_the_file_left_as_it_was(source, tags, words, tmp_path):
    path = save(tmp_path / "01_bad.ipynb", {"fine": "y = 2", "bad": source}, {"bad": tags})
    before = path.read_bytes()
    with pytest.raises(ExecutionError) as error:
        execute([path], timeout=3)
    assert f"{path}, cell bad" in str(error.value)
    assert words in str(error.value) and "\x1b" not in str(error.value)
    assert path.read_bytes() == before and list(tmp_path.iterdir()) == [path]


def test_stderr_may_be_allowed(tmp_path):
    source = "import sys\nprint('careful', file=sys.stderr)"
    path = save(tmp_path / "01_loud.ipynb", {"loud": source}, {"loud": ["stderr"]})
    execute([path])
    assert outputs(nbformat.read(path, 4), "loud")[0].text == "careful\n"


def test_code_that_is_to_be_hidden_is_folded(tmp_path):
    path = save(tmp_path / "01_two.ipynb", {"a": "1", "b": "2"}, {"a": ["hide-input"]})
    execute([path])
    _, hidden, seen = nbformat.read(path, 4).cells
    assert hidden.metadata["jupyter"] == {"source_hidden": True}
    assert "jupyter" not in seen.metadata


@pytest.mark.skipif(os.name == "nt", reason="asks a POSIX system whether a process lives")
@pytest.mark.parametrize("source", ["x = 1", "import nothing"])
def test_no_kernel_is_left_running(source, tmp_path):
    cells = {"pid": "import os\nopen('pid', 'w').write(str(os.getpid()))", "last": source}
    path = save(tmp_path / "01_pid.ipynb", cells)
    with contextlib.suppress(ExecutionError):
        execute([path])
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)
