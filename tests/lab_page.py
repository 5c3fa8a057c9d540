"""A real JupyterLab or Notebook 7 for tests: on a free port, with folders of its own, in Chromium.

`lab` starts one server. `open_lab` opens JupyterLab's page, and there `open_notebook` a notebook;
in Notebook 7 a notebook is a page, which `open_page` opens. `run_all` runs it and waits.
"""

import contextlib
import json
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

SETTINGS = {  # every cell is on the page at once; nothing asks the network
    "notebook-extension/tracker": {"windowingMode": "none", "autoStartDefaultKernel": True},
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
}
IDLE = """() => {
    const kernel = window.opened?.sessionContext.session?.kernel;
    return kernel?.status === "idle" && kernel.connectionStatus === "connected";
}"""
ASK = """async (code) => {
    const kernel = opened.sessionContext.session.kernel;
    let text = "";
    const future = kernel.requestExecute({ code, store_history: false });
    future.onIOPub = ({ content }) => { text += content.text ?? content.evalue ?? ""; };
    await future.done;
    return text.trim();
}"""


APPS = {"jupyterlab": "LabApp", "notebook": "JupyterNotebookApp"}


@contextlib.contextmanager
def lab(folder, module="jupyterlab"):
    """A running JupyterLab or Notebook 7 on the notebooks of a folder; yields its address."""
    with tempfile.TemporaryDirectory() as own, socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port, token = free.getsockname()[1], secrets.token_hex(16)
        free.close()
        for name, settings in SETTINGS.items():
            path = Path(own, "settings", "@jupyterlab", f"{name}.jupyterlab-settings")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(settings))
        command = [
            *(sys.executable, "-m", module, "--no-browser", "--allow-root"),
            f"--ServerApp.port={port}",
            "--ServerApp.port_retries=0",
            f"--IdentityProvider.token={token}",
            f"--ServerApp.root_dir={folder}",
            f"--{APPS[module]}.expose_app_in_browser=True",
            f"--{APPS[module]}.user_settings_dir={own}/settings",
            f"--{APPS[module]}.workspaces_dir={own}/workspaces",
        ]
        homes = {f"JUPYTER_{name}_DIR": f"{own}/{name}" for name in ("CONFIG", "DATA", "RUNTIME")}
        log = Path(own, "log")
        with log.open("w") as file:
            server = subprocess.Popen(
                command, env={**os.environ, **homes, "IPYTHONDIR": own}, stdout=file, stderr=file
            )
        try:
            _wait(f"http://127.0.0.1:{port}/api?token={token}", server, log)
            yield f"http://127.0.0.1:{port}", token
        finally:
            server.terminate()
            server.wait(20)


def _wait(url, server, log):
    for _ in range(300):
        with contextlib.suppress(OSError), urllib.request.urlopen(url):
            return
        if server.poll() is not None:
            break
        time.sleep(0.1)
    raise RuntimeError(f"Jupyter did not start:\n{log.read_text()}")


def open_lab(page, address):
    """Open JupyterLab itself and wait until it can be told what to do."""
    url, token = address
    page.goto(f"{url}/lab?token={token}&reset")
    page.wait_for_function("window.jupyterapp?.commands.hasCommand('docmanager:open')")


OPEN = """async (path) => {
    await jupyterapp.restored;
    window.opened = await jupyterapp.commands.execute("docmanager:open", { path });
    jupyterapp.shell.activateById(opened.id);
}"""


def open_notebook(page, path):
    """Open a notebook in JupyterLab and wait for its kernel."""
    page.evaluate(OPEN, path)
    page.wait_for_function(IDLE, timeout=60_000)


OPENED = """() => {
    window.opened = window.jupyterapp?.shell?.currentWidget;
    return opened?.sessionContext;
}"""


def open_page(page, address, path):
    """Open a notebook in Notebook 7 and wait for its kernel."""
    url, token = address
    page.goto(f"{url}/notebooks/{path}?token={token}")
    page.wait_for_function(OPENED)
    page.wait_for_function(IDLE, timeout=60_000)


def trust(page):
    """Show the stored outputs of the notebook in front, as of one that the reader trusts."""
    page.evaluate("() => { for (const cell of opened.content.widgets) cell.model.trusted = true; }")


def close_notebook(page):
    """Close the notebook in front without asking, and end its kernel."""
    page.evaluate("async () => { await opened.sessionContext.shutdown(); opened.dispose(); }")


def run_all(page):
    """Run every cell; whatever a cell raised fails the test."""
    page.evaluate("jupyterapp.commands.execute('notebook:run-all-cells')")
    page.wait_for_function(IDLE, timeout=120_000)
    assert ask(page, "1 + 1; print('ready')") == "ready"


def ask(page, code):
    """What the kernel prints for this code."""
    return page.evaluate(ASK, code)
