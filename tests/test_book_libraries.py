"""Chapter 24 shows PyTorch's and JAX's code as text; here it is run, each library's as one script.

The chapter's own environment has neither. Every block ends in an assertion on what bpkit gave.
"""

import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from bpkit.book.notebook import Chapter, markdown

CHAPTER = Path(__file__).parents[1] / "chapters" / "24_pytorch_and_jax.ipynb"
BLOCK = re.compile(r"^```python\n(# (PyTorch|JAX)\n.*?)^```$", re.MULTILINE | re.DOTALL)
MODULES = {"PyTorch": "torch", "JAX": "jax"}


def blocks(library):
    """The chapter's blocks of one library's code, in order."""
    found = BLOCK.findall(markdown(Chapter(CHAPTER).cells))
    return [code for code, name in found if name == library]


def run(code):
    words = [sys.executable, "-W", "error", "-c", code]
    return subprocess.run(words, capture_output=True, text=True, timeout=300)


@pytest.fixture(params=MODULES)
def library(request):
    if find_spec(MODULES[request.param]) is None:
        pytest.skip(f"{request.param} isn't installed: the extras peers and bench")
    return request.param


def test_the_blocks_give_what_the_chapter_says(library):
    found = blocks(library)
    assert len(found) >= 5 and all("assert " in block for block in found)
    done = run("\n".join(found))
    assert done.returncode == 0, done.stderr


def test_a_block_with_another_number_fails(library):
    first = blocks(library)[0]
    wrong = first.replace("[3.0, 6, 3]", "[3.0, 6, 4]")
    assert wrong != first
    assert "AssertionError" in run(wrong).stderr
