"""Pages over HTTP from the process that holds the database: its own thread, its own event loop."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import panel as pn
from panel.io.server import get_server
from tornado.websocket import WebSocketClosedError

from workbench.errors import StorageFailed
from workbench.surfaces import html
from workbench.surfaces.settings import LOCAL, address
from workbench.views.dashboards.page import Page

if TYPE_CHECKING:
    from workbench.surfaces.notebook.database import Database

# Seconds for the thread to begin and to end; it takes a few hundredths of one.
_PATIENCE = 20.0


class Dashboard:
    """The screens of a database as web pages; serves from the moment it is made, until :meth:`stop`.

    Parameters
    ----------
    database : Database
    port : int
        0 takes a free one.
    host : str
        The address to listen on. Pages ask for no password: whoever reaches them can delete everything.
    origins : sequence of str
        Under what ``host:port`` browsers may come besides that address, such as a proxy's.

    Attributes
    ----------
    url : str
        Where the overview is.
    running : bool

    Raises
    ------
    StorageFailed
        When the port is taken.
    """

    def __init__(
        self, database: Database, port: int = 0, host: str = "127.0.0.1", origins: Sequence[str] = ()
    ) -> None:
        self.database = database
        self.running = False
        self.url = ""
        self._asked = (port, host, tuple(origins))
        self._loop: asyncio.AbstractEventLoop | None = None
        self._server: Any = None
        self._failures: list[OSError] = []
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="workbench-dashboard", daemon=True)
        self._thread.start()
        self._ready.wait(_PATIENCE)
        for failure in self._failures:
            self._thread.join(_PATIENCE)
            raise StorageFailed(
                f"the dashboard cannot listen on {address(host, port)}: {failure}; port=0 takes a free port"
            ) from failure

    def stop(self) -> None:
        """Close the pages and stop listening; the database stays open. Doing it twice is harmless."""
        loop = self._loop
        if not self.running or loop is None:
            return
        self.running = False
        loop.call_soon_threadsafe(loop.stop)
        if threading.current_thread() is not self._thread:
            self._thread.join(_PATIENCE)

    def __enter__(self) -> Dashboard:
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()

    def __repr__(self) -> str:
        return f"<Dashboard {self.url if self.running else 'stopped'}>"

    def _repr_html_(self) -> str:
        if not self.running:
            return html.card("Dashboard", "stopped", {"start it again": "db.dashboard(page=True)"})
        url = html.cell(self.url)
        return html.framed(
            "Dashboard", "running", f'<p><a href="{url}" target="_blank" rel="noopener">{url}</a></p>'
        )

    # -- on its own thread -----------------------------------------------------------------------------

    def _run(self) -> None:
        self._loop = loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
        loop.set_exception_handler(_unless_closed)
        pages: list[Page] = []
        try:
            self._start(pages)
            self.running = True
            self._ready.set()
            loop.run_forever()
        except OSError as error:
            self._failures.append(error)
        finally:
            self.running = False
            self._end(loop, pages)
            self._ready.set()

    def _start(self, pages: list[Page]) -> None:
        port, host, origins = self._asked

        def make() -> Any:
            page = Page(self.database, pn.state.location.search if pn.state.location else "")
            pages.append(page)

            def left(_context: Any) -> None:
                pages.remove(page)
                page.close()

            pn.state.on_session_destroyed(left)
            return page.template()

        # Browsers tell from whose page they come: another site's must not reach the database through them.
        port = _bindable(host, port)
        shown = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
        names = {shown, "127.0.0.1", "localhost"} if shown in LOCAL else {shown}
        allowed = [*(address(name, port) for name in sorted(names)), *origins]
        self._server = get_server(
            {"/": make}, port=port, address=host, title="Workbench", websocket_origin=allowed
        )
        self._server.start()
        self.url = f"http://{address(shown, port)}/"

    def _end(self, loop: asyncio.AbstractEventLoop, pages: list[Page]) -> None:
        for page in list(pages):
            page.close()
        if self._server is not None:
            self._server.unlisten()
            self._server.stop(wait=False)
        left = asyncio.all_tasks(loop)
        for task in left:
            task.cancel()
        loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()


def _unless_closed(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Report what went wrong on the loop, but not that a tab was closed while something was on its way."""
    if not isinstance(context.get("exception"), WebSocketClosedError):
        loop.default_exception_handler(context)


def _bindable(host: str, port: int) -> int:
    """Return the port, or a free one for 0; raise ``OSError`` when it is taken.

    Browsers are checked by the port, so it must be known before the server is made.
    """
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((host, port))
        return int(probe.getsockname()[1])
