"""A page with widgets and no kernel, as nbconvert and ipywidgets write it, in Chromium.

Such a page loads three scripts from the web. Here they come from a folder, which
`python tests/static_page.py FOLDER` fills from npm's registry and from the installed anywidget.
"""

import io
import re
import sys
import tarfile
import urllib.request
from hashlib import sha256
from pathlib import Path

NPM = "https://registry.npmjs.org"
# name: (its package's archive, the file in it, that file's SHA-256)
PARTS = {
    "embed-amd.js": (
        f"{NPM}/@jupyter-widgets/html-manager/-/html-manager-1.0.14.tgz",
        "package/dist/embed-amd.js",
        "c159d8154aff82681307e4a6cd55d8d5de4715b4b4df868c943e82b9e4c28ee0",
    ),
    "require.js": (
        f"{NPM}/requirejs/-/requirejs-2.3.7.tgz",
        "package/require.js",
        "8215b90000b571bd241d28512c83f59855cecc3158db94b79b2d974c9923b5d2",
    ),
}


def fetch(folder):
    """Put the scripts into a folder. Raises OSError where the registry can't be reached."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, (address, inside, digest) in PARTS.items():
        with urllib.request.urlopen(address, timeout=60) as answer:
            packed = io.BytesIO(answer.read())
        with tarfile.open(fileobj=packed) as archive:
            data = archive.extractfile(inside).read()
        if sha256(data).hexdigest() != digest:
            raise SystemExit(f"{address}: {inside} isn't the file that was expected")
        (folder / name).write_bytes(data)


def open_static(page, text, path, folder):
    """Open a page, written to `path`, whose scripts come from the folder; wait for its widgets."""
    import anywidget

    # One page names the digest of its require.js; the registry's isn't shortened.
    path.write_text(re.sub(r' (integrity|crossorigin)="[^"]*"', "", text), encoding="utf-8")

    ours = Path(anywidget.__file__).parent / "nbextension" / "index.js"
    scripts = {
        "embed-amd": folder / "embed-amd.js",
        "require": folder / "require.js",
        "anywidget": ours,
    }

    def serve(route):
        address = route.request.url
        if not address.startswith("http"):
            return route.continue_()
        for name, script in scripts.items():
            if name in address:
                return route.fulfill(body=script.read_bytes(), content_type="text/javascript")
        return route.abort()  # of the formulas' typesetting and of fonts, nothing is tried here

    page.route("**/*", serve)
    page.goto(path.as_uri())
    page.locator(".bpw pre").first.wait_for(state="attached", timeout=30_000)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit("usage: python tests/static_page.py FOLDER")
    fetch(Path(sys.argv[1]))
