"""`bpkit open`: copy the notebooks to a folder of the reader's own and start JupyterLab there.

JupyterLab runs in this very process, so its kernels use the Python that has bpkit. The settings in
`jupyter/` beside this file switch off what asks the network: news, updates, other extensions.
"""

import argparse
import os
from pathlib import Path

from .refusal import require
from .working_copy import place, refresh

FIRST_PAGE = "chapters/00_start_here.ipynb"


def add(commands) -> None:
    parser = commands.add_parser(
        "open",
        help="open the book in JupyterLab",
        description="Open the book's first page in JupyterLab, in a copy of the notebooks that is "
        "yours to change. A notebook that you changed is never overwritten.",
    )
    parser.add_argument(
        "--dir", help="your copy's folder (default: the copy you stand in, else ./my-book)"
    )
    parser.add_argument("--no-browser", action="store_true", help="print the address instead")
    parser.add_argument(
        "jupyter",
        nargs="*",
        metavar="-- JUPYTER",
        help="arguments for JupyterLab, such as -- --port=8899",
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    require("jupyterlab", "book")
    copy = place(args.dir)
    written, kept = refresh(copy)
    print(f"Your copy of the book: {copy}")
    for name in kept:
        print(f"  {name}: yours is kept, the book's is newer (bpkit reset {name})")
    trust(copy, written)

    settings = [str(Path(__file__).with_name("jupyter")), os.environ.get("JUPYTER_CONFIG_PATH")]
    os.environ["JUPYTER_CONFIG_PATH"] = os.pathsep.join(filter(None, settings))
    from jupyterlab.labapp import LabApp

    LabApp.launch_instance(
        [
            f"--ServerApp.root_dir={copy}",
            f"--LabApp.default_url=/lab/tree/{FIRST_PAGE}",
            f"--LabApp.workspaces_dir={copy / '.workspaces'}",
            *(["--no-browser"] if args.no_browser else []),
            *args.jupyter,
        ]
    )


def trust(copy: Path, written: list[str]) -> None:
    """Sign the book's own notebooks, so that JupyterLab shows their stored outputs in full."""
    import nbformat
    from nbformat.sign import NotebookNotary

    notary = NotebookNotary()
    for name in written:
        if name.endswith(".ipynb"):
            notary.sign(nbformat.read(copy / name, as_version=4))
