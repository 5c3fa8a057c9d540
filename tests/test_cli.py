"""The `bpkit` command: a reader's copy is never overwritten, and every refusal says what to do."""

import json
import os
import re
import socket
import subprocess
import sys
import time
import types
import urllib.request
from pathlib import Path

import pytest

from bpkit.book import execute
from bpkit.cli import main, notebooks, refusal, working_copy

GRAPH = "chapters/04_the_graph.ipynb"


def write(path, *cells):
    """Write a notebook whose markdown cells are `cells`."""
    cells = [
        {"cell_type": "markdown", "id": f"c{i}", "metadata": {}, "source": cell}
        for i, cell in enumerate(cells)
    ]
    notebook = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(notebook))


def run_in_jupyter(path):
    """Change a notebook as opening and running it does: its words stay."""
    notebook = json.loads(path.read_text())
    notebook["metadata"]["language_info"] = {"name": "python", "version": "3.13.0"}
    for cell in notebook["cells"]:
        cell["source"] = cell["source"].splitlines(keepends=True)
    path.write_text(json.dumps(notebook))


@pytest.fixture
def book(tmp_path, monkeypatch):
    """A small book of two chapters and one exercise, and a reader who stands in another folder."""
    root = tmp_path / "clone"
    write(root / "chapters/00_start_here.ipynb", "# Start here\n\nWelcome.")
    write(root / GRAPH, "Before.", "# Which order?\n\n## Later")
    write(root / "exercises/04_the_graph.ipynb", "# Exercises: the graph")
    write(root / "chapters/.ipynb_checkpoints/04_the_graph-checkpoint.ipynb", "# Old")
    (root / "chapters/images").mkdir()
    (root / "chapters/images/fork.png").write_bytes(b"a fork")
    monkeypatch.setattr(notebooks, "PACKAGE", root / "bpkit")
    reader = tmp_path / "reader"
    reader.mkdir()
    monkeypatch.chdir(reader)
    return root


@pytest.fixture
def jupyter(monkeypatch):
    """JupyterLab replaced by a list of the arguments that it was started with."""
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", "")  # so that it is restored
    starts = []
    lab = types.SimpleNamespace(LabApp=types.SimpleNamespace(launch_instance=starts.append))
    monkeypatch.setitem(sys.modules, "jupyterlab.labapp", lab)
    return starts


def run(*words):
    """Run `bpkit words...` and return its exit status."""
    try:
        return main([str(word) for word in words])
    except SystemExit as stop:
        return stop.code


# Naming


@pytest.mark.parametrize("wanted", ["4", "04", "04_the_graph", "04_the_graph.ipynb", GRAPH])
def test_a_chapter_has_short_names(book, wanted):
    assert notebooks.find(wanted) == GRAPH


@pytest.mark.parametrize("wanted", ["exercises/04", "my-book/exercises/04_the_graph.ipynb"])
def test_an_exercise_is_named_with_its_folder(book, wanted):
    assert notebooks.find(wanted) == "exercises/04_the_graph.ipynb"


@pytest.mark.parametrize("wanted", ["05", "", "the_graph", "04_the_gra", "../04", "*"])
def test_an_unknown_name_lists_the_known_ones(book, wanted, capsys):
    assert run("reset", wanted) == 2
    said = capsys.readouterr().err
    assert repr(wanted) in said
    assert "chapters/00_start_here" in said and "exercises/04_the_graph" in said


def test_chapters_lists_names_and_titles(book, capsys):
    assert run("chapters") == 0
    lines = [line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines()]
    assert lines == [
        ["chapters/00_start_here", "Start here"],
        ["chapters/04_the_graph", "Which order?"],
        ["exercises/04_the_graph", "Exercises: the graph"],
    ]


def test_a_wheel_carries_the_notebooks_inside_the_package(book):
    assert notebooks.home() == book
    write(book / "bpkit/chapters/00_start_here.ipynb", "# Inside")
    assert notebooks.home() == book / "bpkit"
    assert notebooks.names() == ["chapters/00_start_here.ipynb"]


# The reader's copy


@pytest.fixture
def copy(book):
    """A fresh copy of the book, in the reader's folder."""
    folder = working_copy.place(None)
    working_copy.refresh(folder)
    return folder


def test_the_copy_has_every_notebook_and_picture_and_no_checkpoint(book, copy, tmp_path):
    assert copy == tmp_path / "reader" / "my-book"
    found = sorted(path.relative_to(copy).as_posix() for path in copy.rglob("[!.]*.*"))
    assert found == sorted([*notebooks.names(), "chapters/images/fork.png"])
    assert all((copy / name).read_bytes() == (book / name).read_bytes() for name in found)


def test_an_unchanged_notebook_follows_the_book(book, copy):
    write(book / GRAPH, "# Which order, then?")
    write(book / "chapters/05_checking.ipynb", "# A new chapter")
    assert working_copy.refresh(copy) == ([GRAPH, "chapters/05_checking.ipynb"], [])
    assert (copy / GRAPH).read_bytes() == (book / GRAPH).read_bytes()
    assert working_copy.refresh(copy) == ([], [])


def test_a_changed_notebook_is_kept(book, copy):
    write(copy / GRAPH, "# My notes")
    mine = (copy / GRAPH).read_bytes()
    assert working_copy.refresh(copy) == ([], [])
    write(book / GRAPH, "# Which order, then?")
    assert working_copy.refresh(copy) == ([], [GRAPH])
    assert (copy / GRAPH).read_bytes() == mine


def test_a_notebook_that_was_only_run_follows_the_books_words(book, copy):
    run_in_jupyter(copy / GRAPH)
    mine = (copy / GRAPH).read_bytes()
    assert working_copy.refresh(copy) == ([], [])
    run_in_jupyter(book / GRAPH)
    (book / GRAPH).write_text((book / GRAPH).read_text() + "\n")
    assert working_copy.refresh(copy) == ([], [])
    assert (copy / GRAPH).read_bytes() == mine
    write(book / GRAPH, "# Which order, then?")
    assert working_copy.refresh(copy) == ([GRAPH], [])
    assert (copy / GRAPH).read_bytes() == (book / GRAPH).read_bytes()


def test_outputs_that_changed_in_the_book_reach_an_untouched_copy(book, copy):
    run_in_jupyter(book / GRAPH)
    assert working_copy.refresh(copy) == ([GRAPH], [])
    assert (copy / GRAPH).read_bytes() == (book / GRAPH).read_bytes()


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b'{"cells": [{}]}', b"\xff"])
def test_a_damaged_notebook_is_the_readers(book, copy, content):
    (copy / GRAPH).write_bytes(content)
    write(book / GRAPH, "# Which order, then?")
    assert working_copy.refresh(copy) == ([], [GRAPH])
    assert (copy / GRAPH).read_bytes() == content


def test_a_deleted_notebook_comes_back(book, copy):
    (copy / GRAPH).unlink()
    assert working_copy.refresh(copy) == ([GRAPH], [])


@pytest.mark.parametrize("damage", ["", "{", "[1]", f'{{"{GRAPH}": 3}}'])
def test_without_a_manifest_every_file_is_the_readers(book, copy, damage):
    write(copy / GRAPH, "# My notes")
    (copy / working_copy.MANIFEST).write_text(damage)
    working_copy.refresh(copy)
    assert "My notes" in (copy / GRAPH).read_text()


def test_the_copy_is_found_from_inside_it(copy, monkeypatch):
    monkeypatch.chdir(copy / "chapters")
    assert working_copy.place(None) == copy


@pytest.mark.parametrize("inside", [".", "chapters", "chapters/mine", "exercises"])
def test_the_book_itself_is_no_copy(book, inside, capsys, jupyter):
    before = sorted(book.rglob("*"))
    assert run("open", "--dir", book / inside) == 2
    assert "holds the book itself" in capsys.readouterr().err
    assert sorted(book.rglob("*")) == before and not jupyter


def test_a_file_is_no_copy(book, capsys, jupyter, tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    assert run("open", "--dir", tmp_path / "notes.txt") == 2
    assert "notes.txt is a file" in capsys.readouterr().err


# bpkit reset


def test_reset_keeps_the_readers_version_under_a_date(book, copy, capsys):
    write(copy / GRAPH, "# My notes")
    assert run("reset", "04") == 0
    assert (copy / GRAPH).read_bytes() == (book / GRAPH).read_bytes()
    [backup] = copy.glob("chapters/04_the_graph.*-*.ipynb")
    assert re.fullmatch(r"04_the_graph\.\d{4}-\d\d-\d\d-\d{6}\.ipynb", backup.name)
    assert "My notes" in backup.read_text()
    assert backup.name in capsys.readouterr().out
    write(book / GRAPH, "# Which order, then?")
    assert working_copy.refresh(copy) == ([GRAPH], [])


def test_resetting_an_unchanged_notebook_keeps_no_backup(copy, capsys):
    assert run("reset", "04") == 0
    assert len(list(copy.glob("chapters/04*"))) == 1
    assert capsys.readouterr().out == f"{GRAPH} is the book's again\n"


def test_reset_wants_a_copy(book, capsys):
    assert run("reset", "04") == 2
    assert "bpkit open" in capsys.readouterr().err


def test_one_unknown_name_resets_nothing(copy):
    write(copy / GRAPH, "# My notes")
    assert run("reset", "04", "77") == 2
    assert "My notes" in (copy / GRAPH).read_text()


# bpkit execute


@pytest.fixture
def executed(monkeypatch):
    """The notebooks that would have been executed; those called `broken` fail."""
    paths = []

    def fake(given, timings):
        for path in given:
            if path.stem == "broken":
                raise execute.ExecutionError(f"{path.name}, cell fork: ZeroDivisionError")
        paths.extend(given)
        return given[:1]

    monkeypatch.setattr(execute, "execute", fake)
    return paths


def test_execute_runs_the_whole_book_or_what_is_named(book, executed):
    assert run("execute") == 0
    assert executed[:2] == [book / "chapters/00_start_here.ipynb", book / GRAPH]
    executed.clear()
    assert run("execute", "04", "exercises/04") == 0
    assert executed == [book / GRAPH, book / "exercises/04_the_graph.ipynb"]


def test_execute_says_what_changed_and_makes_the_back_matter(book, executed, capsys):
    assert run("execute") == 0
    assert capsys.readouterr().out == f"{book / 'chapters/00_start_here.ipynb'} changed\n"
    assert "chapters/90_glossary.ipynb" in notebooks.names()


def test_execute_names_the_cell_that_failed(book, executed, capsys, tmp_path):
    write(tmp_path / "broken.ipynb", "# Mine")
    assert run("execute", tmp_path / "broken.ipynb") == 1
    assert capsys.readouterr().err == "bpkit: broken.ipynb, cell fork: ZeroDivisionError\n"


def test_execute_takes_a_readers_file(book, executed, tmp_path):
    write(tmp_path / "mine.ipynb", "# Mine")
    assert run("execute", tmp_path / "mine.ipynb") == 0
    assert executed == [tmp_path / "mine.ipynb"]


def test_execute_leaves_an_installed_package_alone(book, executed, capsys):
    write(book / "bpkit/chapters/00_start_here.ipynb", "# Inside")
    assert run("execute", "00") == 2
    assert "installed package" in capsys.readouterr().err and not executed


# bpkit open, and the words of the command


def test_open_copies_and_starts_jupyterlab_in_the_copy(book, jupyter, capsys, tmp_path):
    assert run("open", "--no-browser", "--", "--port=8899") == 0
    [arguments] = jupyter
    assert f"--ServerApp.root_dir={tmp_path / 'reader' / 'my-book'}" in arguments
    assert "--LabApp.default_url=/lab/tree/chapters/00_start_here.ipynb" in arguments
    assert arguments[-2:] == ["--no-browser", "--port=8899"]
    [settings] = Path(os.environ["JUPYTER_CONFIG_PATH"]).rglob("*.json")
    assert all(json.loads(settings.read_text())["disabledExtensions"].values())
    assert str(tmp_path / "reader" / "my-book") in capsys.readouterr().out


def test_open_names_the_notebooks_that_lag_behind(book, copy, jupyter, capsys):
    write(copy / GRAPH, "# My notes")
    write(book / GRAPH, "# Which order, then?")
    assert run("open") == 0
    assert f"{GRAPH}: yours is kept" in capsys.readouterr().out


def test_open_without_jupyterlab_names_the_extra(book, monkeypatch, capsys):
    monkeypatch.setattr(refusal, "find_spec", lambda module: None)
    assert run("open") == 1
    said = capsys.readouterr().err
    assert "jupyterlab" in said and 'pip install "bpkit[book]"' in said
    assert not working_copy.place(None).exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "COMMAND"),
        (["opne"], "'open', 'reset', 'chapters', 'execute'"),
        (["reset"], "NOTEBOOK"),
        (["open", "--dirr", "x"], "--dirr"),
    ],
)
def test_wrong_usage_exits_with_2(words, said, capsys):
    assert run(*words) == 2
    assert said in capsys.readouterr().err


def test_help_and_version(capsys):
    assert run("--help") == 0
    assert "open the book in JupyterLab" in capsys.readouterr().out
    assert run("--version") == 0
    assert re.fullmatch(r"bpkit \d+\.\d+\.\d+\n", capsys.readouterr().out)


def test_open_serves_the_first_page(tmp_path):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings = [f"--port={port}", "--ServerApp.port_retries=0", "--IdentityProvider.token=t"]
    command = ["bpkit.cli", "open", "--no-browser", "--", "--allow-root", *settings]
    server = subprocess.Popen(
        [sys.executable, "-m", *command],
        cwd=tmp_path,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        page = f"http://127.0.0.1:{port}/lab/tree/chapters/00_start_here.ipynb?token=t"
        file = f"http://127.0.0.1:{port}/api/contents/chapters/00_start_here.ipynb?token=t"
        assert fetch(page, server).startswith("<!doctype html>")
        assert "apputils-extension:announcements" in fetch(page, server)
        cells = json.loads(fetch(file, server))["content"]["cells"]
        assert all(cell["metadata"]["trusted"] for cell in cells if cell["cell_type"] == "code")
    finally:
        server.kill()
        server.wait()


def fetch(address, server):
    """The page at `address`, once `server` answers; fails after a minute or if the server ends."""
    for _ in range(240):
        assert server.poll() is None, "bpkit open ended"
        try:
            with urllib.request.urlopen(address, timeout=60) as answer:
                return answer.read().decode()
        except ConnectionError:
            pass
        except urllib.error.URLError as error:
            if not isinstance(error.reason, ConnectionError):
                raise
        time.sleep(0.25)
    raise AssertionError(f"{address} did not answer")
