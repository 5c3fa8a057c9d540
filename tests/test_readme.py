"""The README keeps its word: its example runs, its commands exist, its picture is described.

Packaging too: each dependency is listed once, and each has a tested version.
"""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import bpkit as bp
from bpkit.cli import main
from bpkit.figures import readme

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
LINES = README.splitlines()


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def test_the_example_passes_and_its_mistake_is_named_as_quoted():
    [example] = blocks("python")
    exec(example, {})
    wrong = example.replace("X.T @ dZ", "X.T @ dZ / len(X)")
    with pytest.raises(bp.GradientError) as caught:
        exec(wrong, {})
    [quoted] = blocks("text")
    assert str(caught.value).startswith(quoted.strip())


def test_each_command_is_one_line_in_three_forms():
    commands = [*blocks("sh"), *blocks("powershell")]
    assert all(command.count("\n") == 1 for command in commands)
    for goal in ("bpkit open", "pytest"):
        starts = sorted(command.split()[0] for command in commands if command.endswith(f"{goal}\n"))
        assert starts == ["py", "python3", "uv"]


def test_the_gate_runs_the_readmes_test_command():
    [pattern] = re.findall(r"grep -E '(.*)' README\.md", (ROOT / ".ci" / "run").read_text())
    [command] = [line for line in LINES if re.search(pattern, line)]
    assert command + "\n" in blocks("sh")


def test_the_command_has_the_subcommands_named(capsys):
    for name in set(re.findall(r"\bbpkit (open|reset|chapters|execute)\b", README)):
        with pytest.raises(SystemExit) as stop:
            main([name, "--help"])
        assert stop.value.code == 0
    named = re.search(r"`bpkit` command: (.*) \|", README)[1]
    with pytest.raises(SystemExit):
        main(["--help"])
    listed = re.findall(r"^    (\w+)", capsys.readouterr().out, re.MULTILINE)
    assert set(re.findall(r"`(\w+)`", named)) <= set(listed)


def test_links_and_folders_exist():
    links = re.findall(r"\]\((?!https:)(.+?)\)", README)
    folders = re.findall(r"`([\w/.]+/)`", "\n".join(line for line in LINES if line[:1] == "|"))
    assert len(links) >= 4 and len(folders) >= 6
    for name in [*links, *folders]:
        assert (ROOT / name).exists(), name


def test_the_picture_is_described_as_its_command_says():
    assert f"![{readme.ALT}](docs/graph.png)" in " ".join(LINES)


PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]


def test_dependencies_are_listed_once():
    for line in (ROOT / "requirements.txt").read_text().splitlines():
        assert line.startswith(("#", "-c constraints.txt", "-e .["))
    listed = [Requirement(line).name for extra in EXTRAS.values() for line in extra]
    assert len(listed) == len(set(listed))


def test_every_dependency_has_a_tested_version():
    pinned = {}
    for line in (ROOT / "constraints.txt").read_text().splitlines():
        if not line.startswith("#"):
            pin = Requirement(line)
            pinned.setdefault(pin.name, []).extend(spec.version for spec in pin.specifier)
    for line in [*PROJECT["dependencies"], *EXTRAS["book"], *EXTRAS["test"]]:
        need = Requirement(line)
        if need.name != "bpkit":
            assert pinned.get(need.name), f"constraints.txt lacks {need.name}"
            assert all(version in need.specifier for version in pinned[need.name]), line
    for line in EXTRAS["peers"]:
        assert [spec.operator for spec in Requirement(line).specifier] == ["=="]
