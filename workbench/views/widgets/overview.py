"""``db.dashboard()``: the whole database at one look."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import anywidget
from traitlets import Bool, Dict, List, Unicode

from workbench.errors import WorkbenchError
from workbench.surfaces import html
from workbench.surfaces.notebook.overview import CollectionLine, JobLine, Load
from workbench.surfaces.notebook.screens import OF_DATABASE, SCREENS, open_screen
from workbench.views.state.overviewing import OverviewState
from workbench.views.widgets import assets
from workbench.views.widgets.binding import bind
from workbench.views.widgets.screen import Screen

if TYPE_CHECKING:
    from workbench.surfaces.notebook.database import Database
    from workbench.surfaces.notebook.memory import CollectionMemory
    from workbench.surfaces.server import Server

# What a browser may ask for, and what its arguments are.
_ACTIONS = {
    "snapshot": (str,),
    "delete": (str, str),
    "serve": (int | None, int | None, str),
    "stop_server": (int,),
}


class OverviewCanvas(anywidget.AnyWidget):
    """What is drawn: lines of a table, bars, and words."""

    _esm = assets.script("charts", "overview")
    _css = assets.style("overview")

    problem = Unicode("").tag(sync=True)
    told = Unicode("").tag(sync=True)
    code = Unicode("").tag(sync=True)

    _title = Unicode("").tag(sync=True)
    _screens: List[Any] = List().tag(sync=True)
    _looked = Bool(True).tag(sync=True)
    _data: Dict[str, Any] = Dict().tag(sync=True)


class Overview(Screen):
    """Collections, memory, work, aliases, snapshots, load and servers of a database.

    It looks again every two seconds while somebody sees it.

    Parameters
    ----------
    database : Database

    Attributes
    ----------
    opened : Screen or None
        What was opened from here; in a notebook it stands below.
    status, problem, code : str
    """

    def __init__(self, database: Database) -> None:
        self.opened: Any = None
        self._go: Callable[[str, str], None] | None = None
        name = str(database.engine.root or "in memory")
        canvas = OverviewCanvas(_title=name, _screens=[s for s in SCREENS if s not in OF_DATABASE])
        super().__init__(OverviewState(database), canvas, f"Workbench: {name}")
        self._parts = list(self.children)
        bind(self.state, canvas, ("problem", "told", "code"), both=False)
        bind(self.state, self, ("problem", "status", "code"), both=False)
        self.follow(["looks"], self._show)

    # -- what a person can do --------------------------------------------------------------------------

    def refresh(self) -> Overview:
        """Look again."""
        self.state.look()
        return self

    def show(self, screen: str, collection: str) -> Any:
        """Open a screen of a collection, here or, in a page, in this one's place; return it.

        Raises
        ------
        NotFound
            When there is no such collection.
        InvalidRequest
            When the screen cannot show it.
        """
        self.state.code = f"db[{collection!r}].{screen}()"
        if self._go is not None:
            self._go(screen, collection)
            return None
        self.opened = open_screen(screen, self.state.database[collection])
        self.children = [*self._parts, self.opened]
        return self.opened

    def opens(self, go: Callable[[str, str], None]) -> None:
        """Let a page open screens: it is called with the screen and the collection."""
        self._go = go

    def cancel(self) -> None:
        """Stop waiting for what runs in the background."""
        self.state.cancel()

    def wait(self, timeout: float | None = None) -> Overview:
        """Wait until nothing runs in the background."""
        self.state.wait(timeout)
        return self

    # -- following the state ---------------------------------------------------------------------------

    def _show(self) -> None:
        state = self.state
        self.view._data = {
            "collections": [_collection(line) for line in state.collections],
            "jobs": [_job(line) for line in state.jobs],
            "snapshots": [
                [name, s.name, f"{s.created:%Y-%m-%d %H:%M:%S} UTC", html.size(s.size)]
                for name, s in state.snapshots
            ],
            "aliases": sorted(state.aliases.items()),
            "servers": [_server(server) for server in state.servers],
            "load": _load(state.load),
            "memory": [] if state.memory is None else [_memory(known) for known in state.memory],
        }

    # -- what the browser says -------------------------------------------------------------------------

    def _answer(self, said: dict[str, Any]) -> None:
        if "look" in said:
            if not self.state.database.engine.closed:
                self.state.do("look")
            self.view.send({"looked": True})
        elif "open" in said:
            self._open_safely(*map(str, said["open"]))
        elif "do" in said and said["do"] in _ACTIONS:
            kinds, given = _ACTIONS[said["do"]], said["with"]
            if len(kinds) == len(given) and all(map(isinstance, given, kinds)):
                self.state.do(said["do"], *given)

    def _open_safely(self, screen: str, collection: str) -> None:
        self.state.problem = ""
        try:
            if screen in SCREENS:
                self.show(screen, collection)
        except (WorkbenchError, TypeError) as error:
            self.state.problem = f"{screen}: {error}"

    # -- without a browser -----------------------------------------------------------------------------

    def _summary(self) -> str:
        state = self.state
        points = sum(line.points for line in state.collections)
        count = len(state.collections)
        return f"{count} {'collection' if count == 1 else 'collections'}, {points:,} points"

    def _body(self) -> str:
        rows = [
            [c.name, f"{c.points:,}", c.vectors, c.status, html.size(c.disk) if c.disk else "–"]
            for c in self.state.collections
        ]
        head = "".join(
            f"<th>{html.cell(h)}</th>" for h in ("collection", "points", "vectors", "status", "disk")
        )
        body = "".join("<tr>" + "".join(f"<td>{html.cell(v)}</td>" for v in row) + "</tr>" for row in rows)
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>" if rows else ""


def _collection(line: CollectionLine) -> dict[str, Any]:
    return {
        "name": line.name,
        "status": line.status,
        "points": line.points,
        "vectors": line.vectors,
        "segments": line.segments,
        "indexed": line.indexed,
        "disk": html.size(line.disk) if line.disk else "–",
        "memory": html.size(line.memory),
        "problem": line.problem,
    }


def _job(line: JobLine) -> dict[str, Any]:
    share = line.done / line.total if line.total else None
    return {
        "collection": line.collection,
        "what": line.reason,
        "state": line.state,
        "text": line.text,
        "points": line.points,
        # An ended job has no share to show, and a running one changes it with every look.
        "share": share if line.state == "running" else None,
        "seconds": None if line.state == "waiting" else round(line.seconds, 1),
    }


def _server(server: Server) -> dict[str, Any]:
    settings = server.settings
    return {
        "rest": server.url,
        "grpc": server.grpc_address,
        "key": bool(settings.api_key or settings.read_only_api_key),
    }


def _load(load: Load) -> dict[str, Any]:
    share = load.resident / load.memory if load.resident and load.memory else None
    return {
        "resident": "–" if load.resident is None else html.size(load.resident),
        "of": "" if load.memory is None else f"of {html.size(load.memory)}",
        "share": share,
        "cpu": load.cpu,
        "cores": load.cores,
        "threads": load.threads,
        "device": load.device,
    }


def _memory(known: CollectionMemory) -> dict[str, Any]:
    """Describe the bytes of a collection, and of its components that have any."""

    def line(name: str, part: Any) -> dict[str, Any]:
        size = part.mapped + part.held
        sizes = [part.disk, part.mapped, part.held, part.resident]
        return {
            "name": name,
            "size": size,
            "said": html.size(size),
            "sizes": ["–" if value is None else html.size(value) for value in sizes],
        }

    parts = [
        line(f"{part.component} {part.name}".strip(), part)
        for part in known.parts
        if part.mapped + part.held + part.disk
    ]
    return {**line(known.name, known.total), "parts": parts}
