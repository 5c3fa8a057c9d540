"""The test settings themselves: what a skip means, what docstrings see, what a notebook compares.

Each test runs pytest on a small project that uses this one's pyproject.toml and conftest.py.
"""

import os
import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture
def suite(tmp_path):
    """Writes files into the small project and runs its tests; returns the status and the output."""
    (tmp_path / "tests").mkdir()
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    shutil.copy(ROOT / "tests" / "conftest.py", tmp_path / "tests")

    def run(files, **settings):
        for name, content in files.items():
            path = tmp_path / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(textwrap.dedent(content), encoding="utf-8")
        mine = ("CI", "BPKIT_NO_SKIPS", "PYTEST_ADDOPTS")
        outside = {key: value for key, value in os.environ.items() if key not in mine}
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "--continue-on-collection-errors", "tests", *files],
            cwd=tmp_path,
            env=outside | {"PYTHONPATH": str(ROOT)} | settings,
            capture_output=True,
            text=True,
        )
        return done.returncode, done.stdout + done.stderr

    return run


SKIPS = {
    "tests/test_call.py": """
        import pytest

        def test_peer():
            pytest.importorskip("no_such_peer")
        """,
    "tests/test_file.py": """
        import pytest

        pytest.importorskip("no_such_peer")
        """,
    "tests/test_mark.py": """
        import pytest

        @pytest.mark.skip(reason="no_such_peer")
        def test_peer():
            pass

        @pytest.mark.xfail
        def test_known():
            raise ValueError
        """,
}


def test_a_skip_is_listed_by_name(suite):
    status, said = suite(SKIPS)
    assert status == 0, said
    for name in SKIPS:
        assert re.search(f"^SKIPPED {name}.*no_such_peer", said, re.MULTILINE)


@pytest.mark.parametrize("setting", ["CI", "BPKIT_NO_SKIPS"])
def test_a_skip_fails_where_everything_is_installed(suite, setting):
    status, said = suite(SKIPS, **{setting: "true"})
    assert status == 1
    for name in SKIPS:
        assert re.search(f"^{name}.*a skip is a failure here.*no_such_peer", said, re.MULTILINE)
    closing = said.splitlines()[-1]
    assert "skipped" not in closing and "1 xfailed" in closing


def example(answer):
    """A module whose docstring says that a five is `answer`."""
    return f'''"""An example.\n\n>>> float(bp.Tensor(np.array(5.0)).data)\n{answer}\n"""\n'''


def notebook(printed="1\n", alt="A fork.", picture="AAAA"):
    """A notebook that stores these outputs, and really shows 1 and a picture AAAA of a fork."""
    v4 = nbformat.v4
    image = '<img alt="{}" src="data:image/png;base64,{}">'
    shown = {"text/html": image.format("A fork.", "AAAA"), "text/plain": "A fork."}
    stored = shown | {"text/html": image.format(alt, picture)}
    cells = [
        v4.new_code_cell(
            "print(1)", execution_count=1, outputs=[v4.new_output("stream", text=printed)]
        ),
        v4.new_code_cell(
            f"display({shown}, raw=True)",
            execution_count=2,
            outputs=[v4.new_output("display_data", stored)],
        ),
    ]
    return nbformat.writes(v4.new_notebook(cells=cells))


def test_what_is_true_passes(suite):
    files = {
        "library/right.py": example("5.0"),
        "chapters/right.ipynb": notebook(),
        "chapters/other_processor.ipynb": notebook(picture="BBBB"),
    }
    status, said = suite(files)
    assert status == 0 and "5 passed" in said, said


def test_what_is_false_fails(suite):
    files = {
        "library/wrong.py": example("6.0"),
        "chapters/wrong_text.ipynb": notebook(printed="1.0\n"),
        "chapters/wrong_alt.ipynb": notebook(alt="A knife."),
    }
    status, said = suite(files)
    assert status == 1 and "3 failed, 2 passed" in said, said
