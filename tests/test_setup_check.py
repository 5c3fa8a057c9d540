"""The start page's look at the installation: quiet when all is well, useful when it is not."""

import sys
from importlib.metadata import PackageNotFoundError

import pytest

import bpkit as bp
from bpkit.book import setup_check as check


def missing(name):
    raise PackageNotFoundError(name)


def test_here_all_is_well(capsys):
    check.setup_check()
    out = capsys.readouterr().out
    assert out.rstrip().endswith("All is well.")
    assert out.count("  yes") == len(check.findings()) > 5


def test_the_output_names_no_version_of_this_machine(capsys):
    check.setup_check()
    out = capsys.readouterr().out
    assert sys.executable not in out
    assert "{}.{}.{}".format(*sys.version_info) not in out


def test_what_is_needed_comes_from_the_metadata():
    needed = dict(check.needs(check.metadata("bpkit").get_all("Requires-Dist")))
    assert {"numpy", "jupyterlab", "ipywidgets", "anywidget", "matplotlib"} <= needed.keys()
    assert not {"torch", "pytest", "ruff"} & needed.keys()


@pytest.mark.parametrize(
    "version, found",
    [(missing, "no"), (lambda name: "8.0.7", "no, 8.0.7"), (lambda name: "7", "no, 7")],
)
def test_a_missing_or_old_package_is_named_with_its_cure(version, found):
    finding = check.package("ipywidgets", "8.1", version)
    assert finding.found == found
    assert '-m pip install "ipywidgets>=8.1"' in finding.mend and sys.executable in finding.mend


@pytest.mark.parametrize("version", ["8.1", "8.1.9", "8.10.0rc1", "9"])
def test_a_new_enough_package_is_well(version):
    assert check.package("ipywidgets", "8.1", lambda name: version).mend == ""


def test_an_old_python_is_named():
    finding = check.python("3.11", running="3.9.18")
    assert finding.found == "no, 3.9.18" and "newer Python" in finding.mend
    assert check.python("3.11", running="3.13.0").mend == ""


def test_a_library_that_was_spoiled_is_found():
    double = bp.custom(lambda x: 2 * x, lambda up, x: 2.02 * up)
    finding = check.gradient(double)
    assert finding.found == "no" and "backward says" in finding.mend
    assert check.gradient().mend == ""


def test_bpkit_that_is_not_installed_is_one_fault_and_no_traceback(monkeypatch, capsys):
    monkeypatch.setattr(check, "metadata", missing)
    check.setup_check()
    out = capsys.readouterr().out
    assert "bpkit, installed: In a terminal" in out and "All is well" not in out
