"""``workbench lab``: JupyterLab on the quickstart."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path
from urllib.parse import quote

from workbench import kernels
from workbench.errors import MissingDependency, NotFound

QUICKSTART = "01_quickstart.ipynb"


def lab(notebook: str | None, port: int, *, browser: bool) -> int:
    """Open JupyterLab and return its exit status; it prints its address and listens on 127.0.0.1 only."""
    if importlib.util.find_spec("jupyterlab") is None:
        raise MissingDependency('JupyterLab is not installed: pip install "vector-workbench"')
    path = Path(notebook) if notebook is not None else quickstart()
    if not path.exists():
        raise NotFound(f"no notebook or folder {path}")
    command = _command(path.resolve(), port)
    if not browser:
        command.append("--no-browser")
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--allow-root")
    print(f"Opening {path} in JupyterLab; its address follows. Stop it with Ctrl-C.", flush=True)
    threading.Thread(target=kernels.compile_ahead, daemon=True).start()  # before a first cell asks for them
    return subprocess.call(command)


def _command(path: Path, port: int) -> list[str]:
    """Return the call of JupyterLab; the address it prints is that of the notebook itself."""
    root, page = (path, "/lab") if path.is_dir() else (path.parent, f"/lab/tree/{quote(path.name)}")
    settings = {"ip": "127.0.0.1", "port": port, "root_dir": root}
    options = [f"--ServerApp.{name}={value}" for name, value in settings.items()]
    return [sys.executable, "-m", "jupyterlab", *options, f"--LabApp.default_url={page}"]


def quickstart() -> Path:
    """Return the quickstart: the checkout's own, or a copy of the shipped one in the current folder."""
    checkout = Path(__file__).parents[2] / "notebooks" / QUICKSTART
    if checkout.exists():
        return checkout
    shipped = Path(__file__).parents[1] / "_notebooks" / QUICKSTART
    mine = Path.cwd() / "workbench-quickstart.ipynb"
    if not mine.exists():
        shutil.copyfile(shipped, mine)
    return mine
