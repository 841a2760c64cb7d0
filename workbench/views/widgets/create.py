"""``db.create_wizard()``: a collection made step by step on one page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import anywidget
from traitlets import Any as Anything
from traitlets import Bool, Dict, Int, List, Unicode

from workbench.errors import InvalidRequest
from workbench.models.payload_schema import SchemaType
from workbench.surfaces import html
from workbench.views.state.create_source import EMBEDDERS
from workbench.views.state.creating import DATATYPES, DISTANCES, QUANTIZATIONS, CreateState
from workbench.views.widgets import assets
from workbench.views.widgets.binding import bind
from workbench.views.widgets.screen import Screen

if TYPE_CHECKING:
    from workbench.surfaces.notebook.collection import Collection
    from workbench.surfaces.notebook.database import Database

_BOUND = (
    *("name", "id", "embedder", "distance", "datatype", "m", "ef_construct", "payload_m", "on_disk"),
    *("quantization", "device", "replace", "grow"),
)
_ROLES = ("text", "vector")


class CreateCanvas(anywidget.AnyWidget):
    """What is drawn: the steps, and beside them what they will cost."""

    _esm = assets.script("create")
    _css = assets.style("create")

    name = Unicode("").tag(sync=True)
    text = Unicode("").tag(sync=True)
    vector = Unicode("").tag(sync=True)
    id = Unicode("").tag(sync=True)
    embedder = Unicode("minilm").tag(sync=True)
    distance = Unicode("Cosine").tag(sync=True)
    datatype = Unicode("float32").tag(sync=True)
    m = Int(16).tag(sync=True)
    ef_construct = Int(100).tag(sync=True)
    payload_m = Int(0).tag(sync=True)
    on_disk = Bool(False).tag(sync=True)
    quantization = Unicode("none").tag(sync=True)
    device = Unicode("auto").tag(sync=True)
    replace = Bool(False).tag(sync=True)
    grow = Int(0).tag(sync=True)
    problem = Unicode("").tag(sync=True)
    code = Unicode("").tag(sync=True)

    _qdrant = Unicode("").tag(sync=True)
    _lists: Dict[str, Any] = Dict().tag(sync=True)
    _offered: Dict[str, Any] = Dict().tag(sync=True)
    _title = Unicode("").tag(sync=True)
    _count = Int(0).tag(sync=True)
    _columns: List[Any] = List().tag(sync=True)
    _preview: List[Any] = List().tag(sync=True)
    _whats: List[Any] = List().tag(sync=True)
    _ids: List[Any] = List().tag(sync=True)
    _embedders: List[Any] = List().tag(sync=True)
    _fields: List[Any] = List().tag(sync=True)
    _estimate: Dict[str, Any] = Dict().tag(sync=True)
    _machines: List[Any] = List().tag(sync=True)
    _device_note = Unicode("").tag(sync=True)
    _blocker = Unicode("").tag(sync=True)
    _creating = Bool(False).tag(sync=True)
    _made: Dict[str, Any] = Dict().tag(sync=True)
    _next = Unicode("").tag(sync=True)
    _taken = Bool(False).tag(sync=True)


class CreateWizard(Screen):
    """Rows, their columns, the index and its price on one page, and a button that makes the collection.

    Parameters
    ----------
    db : Database
    source : optional
        A frame, records, columns, an array, arrays by name, a file's path, or the name of a variable of the
        notebook or of a set of ``workbench.datasets``.
    **settings
        The attributes below, to begin with.

    Attributes
    ----------
    name, id, embedder, distance, datatype, m, ef_construct, payload_m, on_disk, quantization, device, \
replace, grow
        As in :class:`workbench.views.state.creating.CreateState`.
    text, vector : str
        The column to embed, or the one that holds vectors.
    estimate : Estimate or None
        Bytes and seconds, before anything is made.
    machines : list of dict
        ``name``, ``ram`` and ``gpu`` in GB, ``price`` a month; example prices, to be replaced.
    collection : Collection or None
        What was made.
    status, problem, code : str

    Raises
    ------
    InvalidRequest
        For an unknown setting, or a source that is no rows.
    """

    name = Unicode("")
    text = Unicode("")
    vector = Unicode("")
    id = Unicode("")
    embedder = Unicode("minilm")
    distance = Unicode("Cosine")
    datatype = Unicode("float32")
    m = Int(16)
    ef_construct = Int(100)
    payload_m = Int(0)
    on_disk = Bool(False)
    quantization = Unicode("none")
    device = Unicode("auto")
    replace = Bool(False)
    grow = Int(0)
    machines: List[Any] = List()
    estimate = Anything(None, allow_none=True)
    collection = Anything(None, allow_none=True)

    def __init__(self, db: Database, source: Any = None, **settings: Any) -> None:
        state = CreateState(db, source, **settings)
        canvas = CreateCanvas(_device_note=state.device_note, _lists=_lists())
        super().__init__(state, canvas, "New collection")
        for face in (canvas, self):
            bind(state, face, _BOUND)
        bind(state, canvas, _ROLES, both=False)
        bind(state, self, (*_ROLES, "machines"))
        bind(state, self, ("status", "estimate", "collection"), both=False)
        self.follow(["problem", "blocker"], self._show_problem)
        self.follow(["offered", "rows", "preview", "columns"], self._show_rows)
        self.follow(["rows", "columns", "fields", "id", "vector", "embedder"], self._show_choices)
        self.follow(["estimate", "machines", "working"], self._show_estimate)
        self.follow(["estimate", "fields", *_BOUND, *_ROLES], self._show_code)
        self.follow(["creating", "collection", "blocker", "name"], self._show_made)

    # -- what a person can do --------------------------------------------------------------------------

    def take(self, source: Any) -> CreateWizard:
        """Take other rows: anything that `source` may be."""
        self.state.take(source)
        return self

    def set_field(self, name: str, **changes: Any) -> CreateWizard:
        """Change what becomes of a payload column: ``keep``, ``index`` and ``type``."""
        self.state.set_field(name, **changes)
        return self

    def create(self) -> CreateWizard:
        """Make the collection, in the background; see :attr:`collection` when it is done."""
        self.state.create()
        return self

    def cancel(self) -> None:
        """Stop what runs in the background; a collection that was being made leaves nothing behind."""
        self.state.cancel()

    def wait(self, timeout: float | None = None) -> CreateWizard:
        """Wait until nothing runs in the background."""
        self.state.wait(timeout)
        return self

    # -- following the state ---------------------------------------------------------------------------

    def _show_problem(self) -> None:
        self.problem = self.state.problem or self.state.blocker
        self.view.problem = self.state.problem

    def _show_rows(self) -> None:
        state = self.state
        with self.view.hold_sync():
            self.view._offered = state.offered
            self.view._title = "" if state.rows is None else state.rows.title
            self.view._count = 0 if state.rows is None else len(state.rows)
            self.view._columns = [{"name": c.name, "words": c.words} for c in state.columns]
            self.view._preview = state.preview

    def _show_choices(self) -> None:
        state, view = self.state, self.view
        held = [[f"v:{value}", f"vectors: {words}"] for value, words in state.vector_choices()]
        texts = [[f"t:{name}", f"embed the texts of {name}"] for name in state.text_choices()]
        able = [c.name for c in state.columns if c.kind in ("integer", "uuid") or c.name == state.id]
        with view.hold_sync():
            view._whats = [["", "nothing yet"], *held, *texts]
            view._ids = [["", "numbered from 0"], *([name, name] for name in able)]
            view._embedders = [[name, name] for name in dict.fromkeys([*EMBEDDERS, state.embedder])]
            view._fields = state.fields

    def _show_estimate(self) -> None:
        state, found = self.state, self.state.estimate
        with self.view.hold_sync():
            self.view._machines = [{**row, "used": round(min(row["used"], 99), 3)} for row in state.fitting]
            self.view._estimate = {} if found is None else _words(found, measuring=state.rates is None)

    def _show_code(self) -> None:
        with self.view.hold_sync():
            self.code = self.view.code = self.state.code
            self.view._qdrant = self.state.qdrant_code

    def _show_made(self) -> None:
        state, made = self.state, self.state.collection
        with self.view.hold_sync():
            self.view._creating, self.view._blocker = state.creating, state.blocker
            self.view._taken = state.replace or state.name in state.db
            self.view._made = {} if made is None else {"name": made.name, "count": len(made)}
            self.view._next = "" if made is None else _next_steps(made)

    # -- what the browser says -------------------------------------------------------------------------

    def _answer(self, said: dict[str, Any]) -> None:
        state = self.state
        if "open" in said:
            state.open(*said["open"])
        elif "look" in said:
            state.look_again()
        elif "what" in said:
            kind, _, name = said["what"].partition(":")
            state.set_trait("vector" if kind == "v" else "text", name)
        elif "field" in said:
            state.set_field(said["field"], **said["changes"])
        elif "machine" in said:
            self._edit(said)
        elif "create" in said:
            state.create()

    def _edit(self, said: dict[str, Any]) -> None:
        at, values = said["machine"], said.get("values", {})
        if said.get("remove"):
            self.state.remove_machine(at)
        elif at < 0:
            self.state.add_machine()
        else:
            try:
                self.state.set_machine(at, **values)
            except ValueError:
                raise InvalidRequest(
                    f"machines: expected a number, got {next(iter(values.values()))!r}"
                ) from None

    # -- without a browser -----------------------------------------------------------------------------

    def _summary(self) -> str:
        state = self.state
        if state.collection is not None:
            return f"{state.collection.name!r} was made: {len(state.collection):,} points"
        if state.rows is None:
            return "no rows yet"
        size = "" if state.estimate is None else f", {html.size(state.estimate.ram)} in RAM"
        return f"{state.name!r} from {len(state.rows):,} rows of {state.rows.title}{size}"

    def _body(self) -> str:
        found = self.state.estimate
        if found is None:
            return f"<p>{html.cell(self.state.blocker)}</p>"
        rows = "".join(
            f'<tr><td>{html.cell(p.name)}</td><td class="n">{html.size(p.ram)}</td>'
            f'<td class="n">{html.size(p.disk)}</td></tr>'
            for p in found.parts
        )
        table = f"<table><tr><th>component</th><th>RAM</th><th>disk</th></tr>{rows}</table>"
        return f"<p>{html.cell(found.sentence)}</p>{table}<pre>{html.cell(self.state.code, 2000)}</pre>"


def _lists() -> dict[str, Any]:
    names = {"distance": DISTANCES, "datatype": DATATYPES, "quantization": QUANTIZATIONS}
    listed = {key: [[name, name] for name in values] for key, values in names.items()}
    listed["device"] = [["auto", "auto"], ["cpu", "CPU"], ["gpu", "GPU"]]
    listed["type"] = [[str(kind), str(kind)] for kind in SchemaType]
    return listed


def _words(found: Any, *, measuring: bool) -> dict[str, Any]:
    """Return an estimate as texts, with shares of the whole for bars."""
    most = max(1, *(max(part.ram, part.disk) for part in found.parts))
    times = [["links", "index", found.build], ["texts", "embed", found.embed], ["rows", "write", found.write]]
    known = [value for _, _, value in times if value is not None]
    return {
        "count": found.count,
        "sentence": found.sentence,
        "ram": html.size(found.ram),
        "disk": html.size(found.disk),
        "wanted": html.size(found.wanted),
        "time": "measuring …" if measuring else duration(sum(known)),
        "times": [
            f"{name} {'…' if value is None else duration(value)}" for _, name, value in times if value != 0
        ],
        "parts": [
            {
                "name": p.name,
                "ram": html.size(p.ram) if p.ram else "–",
                "disk": html.size(p.disk) if p.disk else "–",
                "share": round(p.ram / most, 4),
                "rest": round(max(0, p.disk - p.ram) / most, 4),
                "note": p.note,
            }
            for p in found.parts
        ],
    }


def duration(seconds: float) -> str:
    """Return seconds as a person says them: ``4 min``."""
    if 0 < seconds < 0.1:
        return "< 0.1 s"
    for limit, unit, one in ((90, "s", 1), (5400, "min", 60), (172_800, "h", 3600)):
        if seconds < limit:
            value = seconds / one
            return f"{value:.1f} {unit}" if value < 10 else f"{value:.0f} {unit}"
    return f"{seconds / 86_400:.0f} days"


def _next_steps(made: Collection) -> str:
    ask = 'collection.search("…", k=10)' if made.searchable else "collection.search(vector, k=10)"
    first = "collection = wizard.collection  # where this page is `wizard`"
    return "\n".join([first, ask, "collection.browse()", "collection.map()", "collection.tune()"])
