"""A real JupyterLab and a real browser on it: start, open a notebook, run it, ask its kernel, look.

Works on ids and models of JupyterLab itself (``window.jupyterapp``) rather than on what the page shows at the
moment: a notebook draws only the cells that are in view.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import nbformat
from playwright.sync_api import ConsoleMessage, Locator, Page, Request

# Seconds until a kernel has what its page was told; a loaded machine takes some.
_PATIENCE_S = 60.0

# Measured alone: 3 to 9 s until the server answers, 4 to 8 s until a kernel is idle; busy cores need more.
START_TIMEOUT_S = 60
KERNEL_TIMEOUT_MS = 60_000

KERNEL = "jupyterapp.shell.currentWidget.context.sessionContext.session?.kernel"
CELLS = "Array.from(jupyterapp.shell.currentWidget.content.model.cells)"

CONFIG = """\
c.ServerApp.ip = "127.0.0.1"
c.ServerApp.port = {port}
c.ServerApp.port_retries = 0
c.ServerApp.root_dir = {root!r}
c.ServerApp.open_browser = False
c.ServerApp.allow_root = True
c.IdentityProvider.token = ""
c.ServerApp.password = ""
c.ServerApp.disable_check_xsrf = True
c.LabApp.expose_app_in_browser = True
c.JupyterNotebookApp.expose_app_in_browser = True
c.LabApp.workspaces_dir = {workspaces!r}
c.LabApp.user_settings_dir = {settings!r}
c.LabApp.news_url = None
c.LabApp.check_for_updates_class = "jupyterlab.handlers.announcements.NeverCheckForUpdate"
"""


class Lab:
    """A JupyterLab server on loopback, in its own process group, with all its folders under ``home``.

    It asks for no token: it serves one test run and is reachable from this machine only.
    """

    def __init__(self, home: Path) -> None:
        self.root = home / "notebooks"
        self._log = home / "server.log"
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        folders = {
            name: home / name for name in ("config", "data", "runtime", "ipython", "workspaces", "settings")
        }
        for folder in (self.root, *folders.values()):
            folder.mkdir(parents=True)
        config = folders["config"] / "jupyter_test_config.py"
        config.write_text(
            CONFIG.format(
                port=port,
                root=str(self.root),
                workspaces=str(folders["workspaces"]),
                settings=str(folders["settings"]),
            )
        )
        self._refuse_news(folders["settings"])
        environment = os.environ | {
            "JUPYTER_CONFIG_DIR": str(folders["config"]),
            "JUPYTER_DATA_DIR": str(folders["data"]),
            "JUPYTER_RUNTIME_DIR": str(folders["runtime"]),
            "IPYTHONDIR": str(folders["ipython"]),
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        }
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "jupyter", "lab", f"--config={config}"],
                env=environment,
                cwd=self.root,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._wait_until_it_answers()

    @staticmethod
    def _refuse_news(settings: Path) -> None:
        """A toast that asks about news would lie over the page."""
        folder = settings / "@jupyterlab" / "apputils-extension"
        folder.mkdir(parents=True)
        (folder / "notification.jupyterlab-settings").write_text('{"fetchNews": "false"}')

    def _wait_until_it_answers(self) -> None:
        give_up = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < give_up and self._process.poll() is None:
            try:
                with urllib.request.urlopen(f"{self.url}/api/status", timeout=2):
                    return
            except (urllib.error.URLError, OSError):
                time.sleep(0.2)
        self.close()
        raise AssertionError(f"JupyterLab does not answer; its log ends:\n{self._log.read_text()[-4000:]}")

    def close(self) -> None:
        """End the server and its kernels: asked first, then made to."""
        for sign, patience in ((signal.SIGTERM, 15), (signal.SIGKILL, 5)):
            if self._process.poll() is not None:
                return
            os.killpg(self._process.pid, sign)
            try:
                self._process.wait(patience)
            except subprocess.TimeoutExpired:
                continue

    def write_notebook(self, name: str, *cells: str) -> str:
        """Put a notebook of code cells into the server's folder and return its name."""
        book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
        book.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
        nbformat.write(book, self.root / name)
        return name

    def copy_notebook(self, path: Path) -> str:
        """Copy a notebook into the server's folder, so that running it changes no file of the project."""
        (self.root / path.name).write_bytes(path.read_bytes())
        return path.name


class Notebook:
    """A notebook that is open in the browser with an idle kernel.

    Attributes
    ----------
    page : playwright.sync_api.Page
        The browser's page, for whatever these helpers do not cover.
    problems : list of str
        Errors of the console and of scripts, and requests that failed: those to any CDN are among them.
    """

    def __init__(
        self, page: Page, lab: Lab, name: str, pictures: Path, where: str = "lab/tree/{name}?reset"
    ) -> None:
        self.page, self._pictures = page, pictures
        self.problems: list[str] = []
        page.on("console", self._note_console)
        page.on("pageerror", lambda error: self.problems.append(f"script: {error}"))
        page.on("requestfailed", self._note_request)
        page.goto(f"{lab.url}/{where.format(name=name)}")
        page.wait_for_function("window.jupyterapp !== undefined", timeout=KERNEL_TIMEOUT_MS)
        page.evaluate("async () => { await jupyterapp.restored }")
        page.locator(".jp-Notebook .jp-Cell").first.wait_for(timeout=KERNEL_TIMEOUT_MS)
        self.wait_until_idle()

    def _note_console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.problems.append(f"console: {message.text} ({message.location.get('url', '')})")

    def _note_request(self, request: Request) -> None:
        # The browser itself ends requests of a page that it leaves or replaces.
        if request.failure != "net::ERR_ABORTED":
            self.problems.append(f"request: {request.url}: {request.failure}")

    def wait_until_idle(self, timeout_s: float = 60) -> None:
        """Wait until the kernel has nothing left to do."""
        self.page.wait_for_function(f"{KERNEL}?.status === 'idle'", timeout=timeout_s * 1000)

    def interrupt(self) -> None:
        """Interrupt the running cell, and wait until the kernel takes code again.

        It turns down what is asked of it just after a cell has failed.
        """
        self._execute("notebook:interrupt-kernel", _PATIENCE_S)
        end = time.monotonic() + _PATIENCE_S
        while self.kernel_run("print('here')") != "here\n":
            assert time.monotonic() < end, "the kernel takes no code after an interrupt"
            time.sleep(0.1)

    def run_all(self, timeout_s: float = 100) -> None:
        """Run all cells to the end; a cell that raises fails the test with its error."""
        self._execute("notebook:run-all-cells", timeout_s)
        fail_on(self.errors())

    def run_cell(self, index: int, timeout_s: float = 100) -> None:
        """Run one cell to its end; an error in it fails the test."""
        self.page.evaluate(
            """index => { const book = jupyterapp.shell.currentWidget.content;
            book.deselectAll(); book.activeCellIndex = index }""",
            index,
        )
        self._execute("notebook:run-cell", timeout_s)
        fail_on([f"{o['ename']}: {o['evalue']}" for o in self.outputs(index) if o["output_type"] == "error"])

    def _execute(self, command: str, timeout_s: float) -> None:
        self.page.evaluate(
            """command => { window.commandDone = false;
            jupyterapp.commands.execute(command).finally(() => { window.commandDone = true }) }""",
            command,
        )
        self.page.wait_for_function("window.commandDone", timeout=timeout_s * 1000)
        self.wait_until_idle(timeout_s)

    def outputs(self, index: int) -> list[dict[str, Any]]:
        """Outputs of a cell as a notebook file would hold them."""
        found: list[dict[str, Any]] = self.page.evaluate(
            f"index => {CELLS}[index].toJSON().outputs ?? []", index
        )
        return found

    def errors(self) -> list[str]:
        """Exceptions in the outputs of all cells, as ``Name: message``."""
        found: list[str] = self.page.evaluate(
            f"""() => {CELLS}.flatMap(cell => cell.toJSON().outputs ?? [])
            .filter(output => output.output_type === 'error')
            .map(output => `${{output.ename}}: ${{output.evalue}}`)"""
        )
        return found

    def kernel_run(self, code: str) -> str:
        """Run code in the notebook's own kernel, beside its cells, and return what it printed."""
        done: dict[str, str] = self.page.evaluate(
            f"""async code => {{ const future = {KERNEL}.requestExecute({{code, store_history: false}});
            const done = {{text: '', error: ''}};
            future.onIOPub = message => {{
              if (message.header.msg_type === 'stream') done.text += message.content.text;
              if (message.header.msg_type === 'error')
                done.error = message.content.ename + ': ' + message.content.evalue }};
            await future.done; return done }}""",
            code,
        )
        fail_on([done["error"]] if done["error"] else [])
        return done["text"]

    def kernel_eval(self, expression: str) -> Any:
        """Value of an expression in the notebook's own kernel, through JSON."""
        return json.loads(self.kernel_run(f"import json as _json; print(_json.dumps({expression}))"))

    def wait_for(self, expression: str, value: Any) -> Any:
        """Wait until an expression has a value, or one that the function `value` accepts; return it.

        A page may show what it was told before the kernel's thread has told the traits of the screen.
        """
        holds = value if callable(value) else lambda found: found == value
        end = time.monotonic() + _PATIENCE_S
        while not holds(found := self.kernel_eval(expression)):
            assert time.monotonic() < end, f"{expression} is {found!r}, expected {value!r}"
            time.sleep(0.1)
        return found

    def slider(self, label: str) -> Locator:
        """Handle of the ipywidgets slider with this label; press ``ArrowRight`` on it."""
        row = self.page.locator(".widget-slider", has=self.page.get_by_text(label, exact=True))
        return row.locator(".noUi-handle")

    def screenshot(self, name: str) -> Path:
        """Save what the browser shows as ``name.png`` and return where."""
        path = self._pictures / f"{name}.png"
        self.page.screenshot(path=path)
        return path


def fail_on(errors: list[str]) -> None:
    """Fail the test with what the kernel raised."""
    if errors:
        raise AssertionError("the kernel raised " + "; ".join(errors))
