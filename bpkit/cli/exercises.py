"""`bpkit exercises`: make the notebooks of exercises from the catalog, in one of three forms.

The learner's are those of the book, with their outputs; the others are for a teacher's course.
"""

import argparse
from pathlib import Path

from .notebooks import home, packed
from .refusal import Refusal, require


def add(commands) -> None:
    parser = commands.add_parser(
        "exercises",
        help="make the exercises, for nbgrader or otter too",
        description="Make the notebooks of exercises from the catalog of tasks: those that the "
        "learner gets, the source of an nbgrader course, or notebooks for `otter assign`. Files "
        "that it made before are replaced, a changed nbgrader_config.py is not.",
    )
    parser.add_argument("--form", choices=("learner", "nbgrader", "otter"), default="learner")
    parser.add_argument(
        "--out", type=Path, help="the folder to fill (default: exercises, or course-FORM)"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    require("nbclient", "book")
    from bpkit.tasks.notebooks import FORMS

    try:
        files = FORMS[args.form].files()
    except LookupError as error:
        raise Refusal(str(error), status=1) from None
    folder = args.out or place(args.form)
    made = [write(folder / name, text) for name, text in files.items()]
    changed = [path for path in made if path is not None]
    if args.form == "learner":
        show(changed)
    for path in changed:
        print(f"{path} changed")


def place(form: str) -> Path:
    """The folder that a form goes to unless another is named."""
    if form != "learner":
        return Path(f"course-{form}")
    if packed():
        raise Refusal(
            "the book's exercises are part of the installed package; name a folder: --out"
        )
    return home() / "exercises"


def write(path: Path, text: str) -> Path | None:
    """Write a file unless it says the same already, or is settings; return its path if written."""
    if path.exists() and (path.suffix == ".py" or same(path.read_text("utf-8"), text)):
        return None
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")
    return path


def same(old: str, new: str) -> bool:
    """Whether two notebooks differ in nothing but what running them left."""
    from bpkit.tasks.notebooks.cells import without_outputs

    return without_outputs(old) == without_outputs(new)


def show(paths: list[Path]) -> None:
    """Run notebooks, so that they hold what an untouched one shows."""
    from bpkit.book.execute import execute

    execute(paths)
