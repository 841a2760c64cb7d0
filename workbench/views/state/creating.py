"""Making a collection without a face: settings, what they will cost, the code, and the making itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from traitlets import Any as Anything
from traitlets import Bool, Enum, Float, Int, List, Unicode

from workbench.errors import WorkbenchError
from workbench.surfaces.notebook.build_probe import probe
from workbench.surfaces.notebook.column_types import number_columns
from workbench.surfaces.notebook.devices import Devices
from workbench.surfaces.notebook.size_estimate import (
    EXAMPLE_MACHINES,
    PROBED,
    Estimate,
    Rates,
    estimate,
    fitting,
)
from workbench.tasks import Progress, Task
from workbench.views.state.create_code import Recipe, qdrant_code, workbench_code
from workbench.views.state.create_source import NUMBERS, CreateSource, name_for
from workbench.views.state.settings import apply_settings

if TYPE_CHECKING:
    from workbench.surfaces.notebook.database import Database

QUANTIZATIONS: dict[str, dict[str, Any] | None] = {
    "none": None,
    "scalar int8": {"scalar": {"type": "int8"}},
    **{f"product x{n}": {"product": {"compression": f"x{n}"}} for n in (4, 8, 16, 32, 64)},
    "binary": {"binary": {}},
    "turbo 4 bits": {"turbo": {"bits": "bits4"}},
    "turbo 2 bits": {"turbo": {"bits": "bits2"}},
    "turbo 1.5 bits": {"turbo": {"bits": "bits1_5"}},
    "turbo 1 bit": {"turbo": {"bits": "bits1"}},
}
DISTANCES = ("Cosine", "Dot", "Euclid", "Manhattan")
DATATYPES = ("float32", "float16", "uint8")
CHOICES = ("name", "text", "vector", "id", "embedder")
SETTINGS = (
    *("distance", "datatype", "m", "ef_construct", "payload_m", "on_disk", "quantization", "device"),
    *("replace", "grow"),
)
_MEASURED = ("text", "vector", "embedder", "distance", "datatype", "m", "ef_construct", "size", "fields")
_MACHINE = ("name", "ram", "gpu", "price")


class CreateState(CreateSource):
    """A collection that is about to be made.

    Attributes
    ----------
    name : str
        Of the collection.
    distance, datatype, m, ef_construct, payload_m, on_disk, replace
        As in ``db.create``; a `payload_m` of 0 is none.
    quantization : str
        One of :data:`QUANTIZATIONS`.
    device : {"auto", "cpu", "gpu"}
        Where graphs are built.
    grow : int
        Points to estimate for; 0 for as many as there are rows.
    rates : Rates or None
        What was measured on the first rows.
    estimate : Estimate or None
    machines : list of dict
        ``name``, ``ram`` and ``gpu`` in GB and ``price`` a month, to be edited.
    blocker : str
        Why it cannot be made yet, and what to do; empty when it can.
    creating : bool
        Whether it is being made.
    collection : Collection or None
        What was made.
    """

    name = Unicode("")
    distance = Enum(DISTANCES, "Cosine")
    datatype = Enum(DATATYPES, "float32")
    m = Int(16, min=0, max=2048)
    ef_construct = Int(100, min=4, max=4096)
    payload_m = Int(0, min=0, max=256)
    on_disk = Bool(False)
    quantization = Enum(tuple(QUANTIZATIONS), "none")
    device = Enum(("auto", "cpu", "gpu"), "auto")
    replace = Bool(False)
    grow = Int(0, min=0)
    rates = Anything(None, allow_none=True)
    estimate = Anything(None, allow_none=True)
    machines: List[Any] = List()
    blocker = Unicode("")
    creating = Bool(False)
    collection = Anything(None, allow_none=True)
    took = Float(0.0)

    def __init__(self, db: Database, source: Any = None, **settings: Any) -> None:
        self._wanted = settings
        self._proposed = ""
        super().__init__(db)
        self.machines = [dict(machine) for machine in EXAMPLE_MACHINES]
        known = [*CHOICES, *SETTINGS, "machines"]
        now = {n: v for n, v in settings.items() if n not in CHOICES}
        apply_settings(self, "create_wizard", known, {n: None for n in settings if n not in known})
        apply_settings(self, "create_wizard", known, now)
        self.observe(lambda _: self.weigh(), [*CHOICES, *SETTINGS, "rates", "fields", "flaw", "size", "rows"])
        self.observe(lambda _: self._measure(), list(_MEASURED))
        if source is not None:
            self.take(source)
        self.weigh()

    # -- what a person can do --------------------------------------------------------------------------

    def create(self) -> None:
        """Make the collection in the background; nothing is left of it when that is cancelled or fails."""
        self.weigh()
        if self.creating:
            return
        if self.blocker:
            self.problem = self.blocker
            return
        self.creating, self.collection = True, None
        self.cancelled_text = f"Cancelled: {self.name} was not made, and nothing is left of it."
        self._start(f"making {self.name}", self._make)

    def set_machine(self, at: int, **values: Any) -> None:
        """Change a machine's ``name``, ``ram``, ``gpu`` (GB) or ``price`` a month."""
        machines = [dict(machine) for machine in self.machines]
        for key, value in values.items():
            if key in _MACHINE:
                machines[at][key] = str(value) if key == "name" else max(0.0, float(value))
        self.machines = machines

    def add_machine(self) -> None:
        """Add a machine to be filled in."""
        self.machines = [*self.machines, {"name": "new machine", "ram": 32, "gpu": 0, "price": 100}]

    def remove_machine(self, at: int) -> None:
        """Remove a machine from the table."""
        self.machines = [machine for i, machine in enumerate(self.machines) if i != at]

    @property
    def fitting(self) -> list[dict[str, Any]]:
        """The machines, those that hold the collection first, the cheapest of them at the top."""
        found: Estimate | None = self.estimate
        return [] if found is None else fitting(self.machines, found.wanted)

    @property
    def device_note(self) -> str:
        """Where graphs are built here."""
        here = Devices.here()
        if not here:
            return f"Graphs are built on the CPU. {here.reason}"
        return (
            f"{here[0].name} ({here[0].memory_bytes / 1e9:.0f} GB): auto builds graphs of many points on it."
        )

    # -- following -------------------------------------------------------------------------------------

    def _took(self, rows: Any) -> None:
        self.rates = None
        super()._took(rows)
        kept = self.name not in ("", self._proposed) and self.collection is None
        self.collection = None
        wanted, self._wanted = {n: v for n, v in self._wanted.items() if n in CHOICES}, {}
        apply_settings(self, "create_wizard", CHOICES, wanted)
        if "name" not in wanted and not kept:
            self.name = self._proposed = name_for(rows.title, self.db)

    def weigh(self) -> None:
        """Estimate anew, and see what stands in the way."""
        self.blocker = self._blocked()
        if self.rows is None or self.size == 0 or self.m == 1:
            self.estimate = None
            return
        try:
            self.estimate = estimate(
                max(self.grow, len(self.rows)),
                self.size,
                distance=self.distance,
                datatype=self.datatype,
                m=self.m,
                payload_m=self.payload_m if self.indexes else 0,
                on_disk=self.on_disk,
                quantization=QUANTIZATIONS[self.quantization],
                embedded=bool(self.text),
                rates=self.rates,
            )
        except WorkbenchError as error:
            self.estimate, self.blocker = None, str(error)

    def _blocked(self) -> str:
        if self.rows is None:
            return "Pick the rows first: a built-in set, a file, or a variable of this notebook."
        if self.flaw:
            return self.flaw
        if not self.name.strip():
            return "name: expected a name for the collection, got none."
        if self.collection is not None and self.collection.name == self.name and not self.replace:
            return f"{self.name!r} was made. For another, choose another name."
        if self.name in self.db and not self.replace:
            return f"name: {self.name!r} is taken; choose another, or tick Replace to make it anew."
        if self.m == 1:
            return "m: expected 0 (no graph, exact search) or at least 2, got 1."
        lacking = Devices.lacking(self.device)
        return f"device: {lacking}" if lacking else ""

    # -- background ------------------------------------------------------------------------------------

    def _read(self, task: Task, kind: str, name: str) -> None:
        super()._read(task, kind, name)
        with self._lock:
            if task is not self._task:
                return
        self._look(task, task.progress)

    def _measure(self) -> None:
        """Check the vectors and measure anew, unless something more important runs."""
        if self.rows is None or self.m == 1 or self.creating or (self.working and not self._measuring):
            return
        self.cancelled_text = "Measuring was cancelled; times are unknown."
        self._start("measuring on the first rows", self._look)

    @property
    def _measuring(self) -> bool:
        return self._task is not None and self._task.title.startswith("measuring")

    def _look(self, task: Task, progress: Progress) -> None:
        """Check all vectors, then make a small collection of the first rows to see how fast that is."""
        flaw = self.flaw or self.check_vectors(progress)
        if not self._newest(task, flaw=flaw) or flaw or self.m == 1:
            return
        first = self.rows.frame.head(PROBED)
        held = [f["name"] for f in self.fields if f["keep"]]
        texts = [] if not self.text else [str(t) for t in first[self.text].dropna().head(256)]
        vectors = None if self.text else self.vectors(PROBED)
        settings = {n: getattr(self, n) for n in ("distance", "datatype", "m", "ef_construct")}
        rates: Rates = probe(
            first[held],
            vectors,
            texts,
            settings=settings,
            indexes=self.indexes,
            embedder=self.embedder if self.text else None,
            progress=progress,
        )
        self._newest(task, rates=rates)

    def _make(self, task: Task, progress: Progress) -> None:
        try:
            made = self.db.create(progress=progress, **self._arguments())
            self._newest(task, collection=made)
        finally:
            self.creating = False
            self.weigh()

    def _arguments(self) -> dict[str, Any]:
        rows = self.rows
        frame = rows.frame.drop(columns=self.dropped) if self.dropped else rows.frame
        arguments = {"name": self.name, "frame": frame if len(frame.columns) else None, **self._settings()}
        if self.text:
            arguments["text"] = self.text
            arguments["embedder"] = self.embedder
        elif not self.brought:
            in_frame = self.vector in frame.columns
            arguments["vectors"] = self.vector if in_frame else self.vectors()
        if self.id:
            arguments["id"] = self.id
        return arguments

    def _settings(self) -> dict[str, Any]:
        return {
            "distance": self.distance,
            "datatype": self.datatype,
            "m": self.m,
            "ef_construct": self.ef_construct,
            "payload_m": self.payload_m or None,
            "device": None if self.device == "auto" else self.device,
            "on_disk": self.on_disk,
            "quantization": QUANTIZATIONS[self.quantization],
            "payload_indexes": self.indexes,
            "replace": self.replace,
        }

    # -- code ------------------------------------------------------------------------------------------

    @property
    def code(self) -> str:
        """The Python that makes the same."""
        return workbench_code(self._recipe()) if self.rows is not None else ""

    @property
    def qdrant_code(self) -> str:
        """The same by ``qdrant_client``."""
        return qdrant_code(self._recipe()) if self.rows is not None and self.size else ""

    def _recipe(self) -> Recipe:
        code, column = "", ""
        if self.vector.startswith("(array"):
            code = self.rows.arrays_code[self.vector.removeprefix("(array").strip(" )")]
        elif self.vector == NUMBERS:
            code = f"frame[{number_columns(self.columns, self.id)!r}].to_numpy()"
        elif self.vector:
            code, column = ("" if self.brought else repr(self.vector)), self.vector
        dropped = [name for name in self.dropped if name != self.vector]
        settings = {**self._settings(), "embedder": self.embedder if self.text else "minilm"}
        return Recipe(
            self.name,
            self.rows,
            code,
            column,
            self.text,
            self.id,
            dropped,
            settings,
            self.size,
            self.embedder,
        )
