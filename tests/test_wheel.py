"""The wheel, installed with NumPy alone in an empty environment, as someone without a clone has it.

Run by itself with `pytest -m wheel`. It needs a package index, from which pip fetches NumPy.
"""

import os
import re
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

from bpkit.cli import notebooks

pytestmark = pytest.mark.wheel
ROOT = Path(__file__).parents[1]


def run(*command, cwd, status=0):
    """Run a command away from the clone; return what it said, on both channels."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    done = subprocess.run(command, cwd=cwd, env=clean, capture_output=True, text=True)
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel's file, built from this clone."""
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder, cwd=ROOT)
    [file] = folder.glob("*.whl")
    return file


@pytest.fixture(scope="module")
def empty(wheel, tmp_path_factory):
    """Runs a program of an environment that holds the wheel and what it depends on."""
    folder = tmp_path_factory.mktemp("empty")
    venv.create(folder / "venv", with_pip=True)
    programs = folder / "venv" / ("Scripts" if os.name == "nt" else "bin")

    def program(name, *words, status=0):
        return run(programs / name, *words, cwd=folder, status=status)

    program("python", "-m", "pip", "install", "-q", "-c", ROOT / "constraints.txt", wheel)
    return program


def test_the_wheel_carries_the_notebooks_and_no_tests(wheel):
    files = zipfile.ZipFile(wheel).namelist()
    carried = [file for file in files if file.endswith(".ipynb")]
    assert carried == [f"bpkit/{name}" for name in notebooks.names()]
    tops = {file.split("/")[0].split("-")[0] for file in files}
    assert tops == {"bpkit", "bpkit_command.py"}
    assert not [file for file in files if re.search(r"test|conftest|checkpoint", file)]


def test_numpy_is_all_that_it_brings(empty):
    installed = empty("python", "-m", "pip", "list", "--format=freeze").lower()
    assert set(re.findall(r"^[\w-]+", installed, re.MULTILINE)) <= {
        "bpkit", "numpy", "pip", "setuptools"
    }  # fmt: skip


def test_the_library_works_without_a_warning(empty):
    [example] = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    empty("python", "-W", "error", "-c", example)


def test_the_command_works(empty):
    assert "open the book in JupyterLab" in empty("bpkit", "--help")
    listed = [line.split()[0] for line in empty("bpkit", "chapters").splitlines()]
    assert listed == [name.removesuffix(".ipynb") for name in notebooks.names()]


@pytest.mark.parametrize("words", [["open"], ["execute", "00"]])
def test_what_needs_the_book_extra_names_it(empty, words):
    assert 'pip install "bpkit[book]"' in empty("bpkit", *words, status=1)
