"""What the overview shows of a database, and what can be done there."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

from traitlets import Any as Anything
from traitlets import Int, List, Unicode

from workbench.errors import InvalidRequest, WorkbenchError
from workbench.surfaces.notebook import overview
from workbench.tasks import Progress, Task
from workbench.views.state.working import Working

if TYPE_CHECKING:
    from workbench.surfaces.notebook.database import Database

# Memory is measured page by page, so it may take at most this share of the time.
_MEMORY_SHARE = 0.05


class OverviewState(Working):
    """A database at the last look; :meth:`look` looks again.

    Parameters
    ----------
    database : Database

    Attributes
    ----------
    collections : list of CollectionLine
    jobs : list of JobLine
    snapshots : list of (str, Snapshot)
    aliases : dict of str to str
    servers : list of Server
        Those that run.
    load : Load
    memory : DatabaseMemory or None
    looks : int
        How often it looked.
    code : str
        The Python of what was done last.
    """

    collections: List[Any] = List()
    jobs: List[Any] = List()
    snapshots: List[Any] = List()
    aliases = Anything({})
    servers: List[Any] = List()
    load = Anything(None, allow_none=True)
    memory = Anything(None, allow_none=True)
    looks = Int(0)
    code = Unicode("")
    told = Unicode("")

    def __init__(self, database: Database) -> None:
        super().__init__()
        self.database = database
        self._meter = overview.LoadMeter()
        self._looking = threading.Lock()
        self._measure_again = 0.0
        self.look()

    def look(self) -> None:
        """Look at the database now; one look at a time."""
        with self._looking:
            database = self.database
            found = {
                "collections": overview.collections(database),
                "jobs": overview.jobs(database),
                "snapshots": overview.snapshots(database),
                "aliases": database.engine.aliases(),
                "servers": [server for server in database._servers if server.running],
                "load": self._meter.read(),
            }
            if time.monotonic() >= self._measure_again:
                started = time.monotonic()
                found["memory"] = database.memory()
                now = time.monotonic()
                self._measure_again = now + (now - started) / _MEMORY_SHARE
            with self.hold_trait_notifications():
                for name, value in found.items():
                    self.set_trait(name, value)
                self.looks += 1

    def snapshot(self, collection: str = "") -> None:
        """Take a snapshot of a collection, or of everything, in the background."""

        def work(task: Task, _progress: Progress) -> None:
            taken = overview.take_snapshot(self.database, collection)
            self._newest(task, told=f"Snapshot {taken.name} was taken.")
            self.look()

        self.told = ""
        self._start(f"Taking a snapshot of {collection or 'the whole database'}", work)

    def delete(self, collection: str, typed: str) -> bool:
        """Delete a collection if `typed` is its name; return whether it was.

        Raises
        ------
        InvalidRequest
            When it is not.
        """
        if typed != collection:
            raise InvalidRequest(
                f"Deleting {collection!r} needs its name: expected {collection!r}, got {typed!r:.80}"
            )
        gone = self.database.delete(collection)
        self.code = f"db.delete({collection!r})"
        self.told = f"{collection} was deleted." if gone else f"{collection} was gone already."
        self._measure_again = 0.0
        self.look()
        return gone

    def serve(self, http_port: int | None, grpc_port: int | None, api_key: str = "") -> None:
        """Start a server on 127.0.0.1; 0 takes a free port, None leaves that wire out."""
        self.database.serve(http_port, grpc_port, api_key=api_key or None)
        key = ", api_key=…" if api_key else ""
        self.code, self.told = f"server = db.serve({http_port}, {grpc_port}{key})", "The server answers."
        self.look()

    def stop_server(self, at: int) -> None:
        """Stop a server, by its place among those that run."""
        running = list(self.servers)
        if 0 <= at < len(running):
            running[at].stop()
            self.code, self.told = "server.stop()", "The server was stopped."
        self.look()

    def do(self, action: str, *arguments: Any) -> None:
        """Do what a person asked for; what is wrong with it stands in `problem`."""
        self.problem = self.told = ""
        try:
            getattr(self, action)(*arguments)
        except WorkbenchError as error:
            self.problem = str(error)
