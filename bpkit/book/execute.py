"""Runs notebooks again and stores what they show, the same each time.

Each notebook runs in a fresh kernel of this very Python, one thread, fixed hashing, none of the
user's own settings. What depends on the moment is left out, so running twice gives the same bytes.
"""

import json
import os
import re
import tempfile
from pathlib import Path

import nbformat
from ipykernel.kernelspec import get_kernel_dict
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

from bpkit.book import back_matter
from bpkit.book.notebook import METADATA, dumps, tags, write

SETTINGS = {
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "PYTHONHASHSEED": "0",
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
}
PASSING = ("ExecuteTime", "collapsed", "execution", "scrolled")  # metadata of the moment
STATE = "application/vnd.jupyter.widget-state+json"
COLOR = re.compile(r"\x1b\[[0-9;]*m")


class ExecutionError(RuntimeError):
    """A cell failed; the message names the notebook, the cell's id and what it raised."""


def execute(paths, timings=False, timeout=600):
    """Run the notebooks at `paths` in place and return the paths of those that changed.

    A cell that raises stops everything unless it is tagged `raises-exception`, and so does one that
    writes to stderr unless it is tagged `stderr`. A cell tagged `timing` keeps the outputs it has,
    unless `timings`. A page of the back matter is made anew from the notebooks beside it. timeout:
    seconds for one cell. Raises ExecutionError; a notebook in which something failed is left as it
    was.
    """
    changed = []
    for path in map(Path, paths):
        before = path.read_text(encoding="utf-8")
        if path.name in back_matter.PAGES:
            after = back_matter.text(path)
        else:
            after = _executed(path, nbformat.reads(before, as_version=4), timings, timeout)
        if after != before:
            write(path, after)
            changed.append(path)
    return changed


class _ThisPython(AsyncKernelManager):
    """Starts the Python that runs this, whatever kernels are installed elsewhere."""

    transport_encryption = "auto"  # otherwise ipykernel 7.4 warns on the terminal

    @property
    def kernel_spec(self):
        return KernelSpec(**get_kernel_dict())


def _executed(path, notebook, timings, timeout):
    kept = {c.id: c.outputs for c in notebook.cells if "timing" in tags(c) and c.outputs}
    notebook.metadata.pop("widgets", None)
    _run(path, notebook, timeout)
    notebook.metadata.update(METADATA)
    for cell in notebook.cells:
        for key in PASSING:
            cell.metadata.pop(key, None)
        if cell.cell_type == "code":
            _refuse(path, cell)
            _settle(cell)
            if not timings:
                cell.outputs = kept.get(cell.id, cell.outputs)
    _number_widgets(notebook)
    return dumps(notebook)


def _run(path, notebook, timeout):
    """Run every cell, in a kernel that reads none of the user's own settings."""
    current = None

    def starting(cell, cell_index):
        nonlocal current
        current = cell.id

    with tempfile.TemporaryDirectory() as empty:
        Path(empty, "matplotlibrc").touch()
        client = NotebookClient(
            notebook,
            kernel_manager_class=_ThisPython,
            resources={"metadata": {"path": str(path.parent)}},
            timeout=timeout,
            record_timing=False,
            store_widget_state=True,
            coalesce_streams=True,
            on_cell_execute=starting,
        )
        try:
            client.execute(
                env={**os.environ, **SETTINGS, "IPYTHONDIR": empty, "MATPLOTLIBRC": empty}
            )
        except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
            message = COLOR.sub("", str(error))
            raise ExecutionError(f"{path}, cell {current}: {message}") from None


def _refuse(path, cell):
    """A message on stderr that nobody expected, or an expected error that did not come."""
    for output in cell.outputs:
        if output.get("name") == "stderr" and "stderr" not in tags(cell):
            raise ExecutionError(f"{path}, cell {cell.id} wrote to stderr: {output.text}")
    errors = [output for output in cell.outputs if output.output_type == "error"]
    if "raises-exception" in tags(cell) and not errors:
        raise ExecutionError(
            f"{path}, cell {cell.id} is tagged raises-exception and raised nothing"
        )


def _settle(cell):
    """Of an error, keep what it says, not where the files lie; fold code that is to be hidden."""
    if "hide-input" in tags(cell):
        cell.metadata["jupyter"] = {"source_hidden": True}
    for output in cell.outputs:
        if output.output_type == "error":
            output.traceback = [COLOR.sub("", f"{output.ename}: {output.evalue}")]


def _number_widgets(notebook):
    """Replace the random names of widgets by their numbers, in the order of their making.

    Their state is kept, so that a page that hasn't run yet shows them as they were.
    """
    kept = notebook.metadata.get("widgets", {}).get(STATE, {}).get("state")
    if not kept:
        notebook.metadata.pop("widgets", None)
        return
    numbers = {name: f"{i:032x}" for i, name in enumerate(kept, start=1)}
    named = re.compile("|".join(map(re.escape, kept)))
    for holder in [notebook.metadata, *notebook.cells]:
        for key in ("widgets", "outputs"):
            if holder.get(key):
                text = named.sub(lambda name: numbers[name[0]], json.dumps(holder[key]))
                holder[key] = nbformat.from_dict(json.loads(text))
