"""Results on disk, points, overrides, names and the teacher's key, without a notebook being run."""

import csv
import json
import os
import subprocess
import sys

import pytest

from bpkit.grading import overrides, points, results, secret, submissions
from bpkit.grading.disk import write
from bpkit.grading.names import Pseudonyms
from bpkit.grading.tables import write_tables
from bpkit.tasks import diagnose
from bpkit.tasks.spec import find
from tests.handed_in import good, text_of


def record(student="ada", **fields):
    """A record as a grader makes it, with one task."""
    task = {"task": "relu_backward", "title": "ReLU", "points": 1.0, "of": 2, "status": "wrong"}
    task |= {"mistakes": [], "notes": [], "mistake": "", "seconds": 0.1}
    base = {"student": student, "notebook": "", "sheet": "08_activations", "status": "graded"}
    base |= {"tasks": [task], "notes": [], "versions": {"bpkit": "1"}, "handed_in": None}
    return base | {"late": "", "problem": "", "seed": "x", "tier": "t", "way": "w"} | fields


def test_what_was_added_is_there_again(tmp_path):
    with results.Journal(tmp_path) as journal:
        journal.add(record("bo"))
        journal.add(record("ada"))
        journal.add(record("bo", late="1 day"))
        journal.tidy()
    lines = (tmp_path / results.FILE).read_text().splitlines()
    assert [json.loads(line)["student"] for line in lines] == ["ada", "bo"]
    assert results.load(tmp_path)["bo", ""]["late"] == "1 day"


@pytest.mark.parametrize("kept", [0, 1, 5, 100])
def test_a_line_that_was_cut_off_is_dropped(tmp_path, kept):
    with results.Journal(tmp_path) as journal:
        journal.add(record("ada"))
        whole = (tmp_path / results.FILE).read_bytes()
        journal.add(record("bo"))
    path = tmp_path / results.FILE
    path.write_bytes(path.read_bytes()[: len(whole) + kept])
    assert list(results.load(tmp_path)) == [("ada", "")]
    with results.Journal(tmp_path) as journal:
        assert list(journal.records) == [("ada", "")]
        journal.add(record("cy"))
    assert list(results.load(tmp_path)) == [("ada", ""), ("cy", "")]


def test_lines_that_are_no_records_are_not_counted(tmp_path):
    lines = [b"{", b"[]", b'{"student": "x"}', json.dumps(record()).encode(), b"\xff\xfe"]
    (tmp_path / results.FILE).write_bytes(b"\n".join(lines) + b"\n")
    assert list(results.load(tmp_path)) == [("ada", "")]


FULL_DISK = """
import resource, signal, sys
from bpkit.grading import results
from tests.test_grading_results import record
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
with results.Journal(sys.argv[1]) as journal:
    journal.add(record("ada"))
    size = journal.path.stat().st_size
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 50, size + 50))
    try:
        journal.add(record("bo"))
    except OSError:
        assert journal.path.stat().st_size == size
        print("full")
"""


def test_a_full_disk_leaves_whole_lines(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, tmp_path], capture_output=True, text=True
    )
    assert done.stdout == "full\n", done.stderr
    assert list(results.load(tmp_path)) == [("ada", "")]


def test_two_runs_do_not_write_at_once(tmp_path):
    with results.Journal(tmp_path), pytest.raises(results.Busy, match="another run"):
        results.Journal(tmp_path)
    with results.Journal(tmp_path):
        pass


def test_a_file_is_written_whole_or_not_at_all(tmp_path, monkeypatch):
    path = tmp_path / "page.html"
    write(path, "old")

    def full(old, new):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="No space"):
        write(path, "new")
    assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]


def test_of_two_notebooks_of_a_sheet_the_last_that_was_graded_counts():
    records = {
        1: record(notebook="first", handed_in="2026-01-01"),
        2: record(notebook="second", handed_in="2026-01-02"),
        3: record(notebook="third", handed_in="2026-01-03", status="not graded"),
    }
    assert [r["notebook"] for r in results.latest(records)] == ["second"]


# points


def verdict(**changes):
    """The verdict on ReLU's backward pass with a piece of its reference changed."""
    task = find("relu_backward")
    space = {}
    text = task.solution
    for old, new in changes.items():
        text = text.replace("return dY * (X > 0)", new) if old == "body" else text
    exec(text, {"np": __import__("numpy")}, space)
    return diagnose("relu_backward", space["relu_backward"])


def test_points_are_shares_of_weights():
    earned, properties = points.given(verdict(), 2, points.WEIGHTS)
    assert earned == 2.0 and all(p["held"] for p in properties.values())
    in_place = verdict(body="dY *= X > 0\n    return dY")
    assert points.given(in_place, 2, points.WEIGHTS)[0] == 1.8
    assert points.given(in_place, 2, points.weights("unchanged=0"))[0] == 2.0


def test_a_wrong_answer_earns_nothing_unless_form_counts():
    wrong = verdict(body="return dY")
    assert points.given(wrong, 2, points.WEIGHTS)[0] == 0
    assert points.given(wrong, 2, points.WEIGHTS, form=True)[0] == 0.8


def test_an_answer_that_changes_from_call_to_call_earns_nothing():
    text = "global n\n    n = globals().get('n', 0) + 1\n    return dY * (X > 0) + (n == {})"
    found = [verdict(body=text.format(calls)) for calls in range(3, 12)]
    kept = [v for v in found if not v.passed and v.properties["value"]]
    assert kept and all(points.given(v, 2, points.WEIGHTS)[0] == 0 for v in kept)


@pytest.mark.parametrize("words", ["size=1", "value=x", "value=-1", "value=0", "shape=nan"])
def test_weights_that_mean_nothing_are_refused(words):
    with pytest.raises(ValueError, match="weights"):
        points.weights(words)


# overrides


def test_points_given_by_hand_stand_beside_those_found(tmp_path):
    records = {("ada", ""): record()}
    overrides.add(tmp_path, records, "ada", "relu_backward", "2", "She explained it.", "now")
    task = overrides.apply(records, tmp_path)["ada", ""]["tasks"][0]
    assert (task["points"], task["found"]) == (2.0, 1.0)
    assert task["override"] == {"reason": "She explained it.", "when": "now"}
    assert records["ada", ""]["tasks"][0]["points"] == 1.0
    overrides.add(tmp_path, records, "ada", "relu_backward", "auto", "No.", "later")
    task = overrides.apply(records, tmp_path)["ada", ""]["tasks"][0]
    assert task["points"] == 1.0 and task["taken_back"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("eve", "relu_backward", "1", "why"), "no result of a student called 'eve'"),
        (("ada", "softmax", "1", "why"), "no result for 'softmax'; there is relu_backward"),
        (("ada", "relu_backward", "3", "why"), "not between 0 and 2"),
        (("ada", "relu_backward", "nan", "why"), "not between 0 and 2"),
        (("ada", "relu_backward", "much", "why"), "neither a number"),
        (("ada", "relu_backward", "1", " "), "needs a reason"),
    ],
)
def test_overrides_that_mean_nothing_are_refused(tmp_path, words, said):
    with pytest.raises(ValueError, match=said):
        overrides.add(tmp_path, {("ada", ""): record()}, *words, "now")
    assert not list(tmp_path.iterdir())


def test_tables_can_be_opened_in_a_spreadsheet(tmp_path):
    write_tables(tmp_path, {1: record('=HYPERLINK("x")'), 2: record("bo, jr\nx")})
    with (tmp_path / "results.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["student"] for row in rows] == ['\'=HYPERLINK("x")', "bo, jr\nx"]
    assert rows[0]["points"] == "1.0" and rows[0]["seed"] == "x"


# names


def folder_of(tmp_path, *names):
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(text_of(good()))
    return [(s.student, s.name) for s in submissions.found(tmp_path)]


@pytest.mark.parametrize(
    ("name", "student", "rest"),
    [
        ("ada.ipynb", "ada", ""),
        ("ada_07_affine.ipynb", "ada", "07_affine"),
        ("de la cruz_07_affine (1).ipynb", "de la cruz", "07_affine (1)"),
        ("ada/07_affine.ipynb", "ada", "07_affine"),
        ("ada/07_affine/07_affine.ipynb", "ada", "07_affine"),
        ("ada/week1/mine.ipynb", "ada", "week1/mine"),
        ("ada.IPYNB", "ada", ""),
    ],
)
def test_a_file_tells_its_student(tmp_path, name, student, rest):
    assert folder_of(tmp_path, name) == [(student, rest)]


def test_what_is_not_handed_in_is_left_out(tmp_path):
    found = folder_of(
        tmp_path, "ada/x.ipynb", "ada/data.csv", "ada/.ipynb_checkpoints/x.ipynb", "._bo.ipynb"
    )
    assert found == [("ada", "x")]


def test_the_time_is_nbgraders_or_the_files(tmp_path):
    folder_of(tmp_path, "ada/07_affine/07_affine.ipynb", "bo.ipynb")
    note = tmp_path / "ada" / "07_affine" / "timestamp.txt"
    note.write_text("2026-11-20 15:58:23.948203 UTC")
    os.utime(tmp_path / "bo.ipynb", (0, 0))
    ada, bo = submissions.found(tmp_path)
    assert ada.handed_in.isoformat().startswith("2026-11-20T15:58:23")
    assert bo.handed_in.year == 1970
    note.write_text("yesterday")
    assert submissions.found(tmp_path)[0].handed_in is not None


def test_pseudonyms_stay_and_are_kept_apart(tmp_path):
    folder_of(tmp_path / "in", "ada/ada_07.ipynb", "bo.ipynb")
    found, path = submissions.found(tmp_path / "in"), tmp_path / "names.csv"
    hidden = Pseudonyms(path).hide(found)
    again = Pseudonyms(path).hide(submissions.found(tmp_path / "in"))
    assert [(s.student, s.name) for s in hidden] == [(s.student, s.name) for s in again]
    assert not any("ada" in s.student + s.name or "bo" in s.student for s in hidden)
    assert len({s.student for s in hidden}) == 2 and path.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("line", ["ada", "ada,", "ada,x\nada,y", "ada,x\nbo,x"])
def test_a_file_of_pseudonyms_that_is_wrong_is_refused(tmp_path, line):
    (tmp_path / "names.csv").write_text(f"student,pseudonym\n{line}\n")
    with pytest.raises(ValueError, match=r"names.csv, line [23]"):
        Pseudonyms(tmp_path / "names.csv")


# the key


def test_a_key_is_made_once_and_kept_private(tmp_path, monkeypatch):
    monkeypatch.delenv(secret.VARIABLE, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    key, made = secret.find()
    assert len(key) == 64 and made.stat().st_mode & 0o077 == 0
    assert secret.find() == (key, None)
    monkeypatch.setenv(secret.VARIABLE, "another")
    assert secret.find() == ("another", None) and secret.find(made) == (key, None)
    assert secret.seed(key, "relu_backward") != secret.seed("another", "relu_backward")
    assert os.environ[secret.VARIABLE] == "another"
    assert secret.mark(key) not in key


def test_an_empty_key_is_refused(tmp_path):
    (tmp_path / "key").write_text("\n")
    with pytest.raises(ValueError, match="is empty"):
        secret.find(tmp_path / "key")
