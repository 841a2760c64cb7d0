"""What one run of the benchmarks shares: the data, the engines, and the indexes they built on it."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

from tests.benchmarks import alone
from tests.benchmarks.peers import PEERS, Peer, Points, present
from tests.benchmarks.sets import BenchSet


@dataclass
class Session:
    """A run over one data set; each engine builds its index once, in a process of its own.

    Attributes
    ----------
    peers : sequence of str, optional
        Only these engines are measured.
    largest : int
        The most points of the benchmark of growth.
    """

    data: BenchSet
    rounds: int = 5
    peers: Sequence[str] | None = None
    quick: bool = False
    largest: int = 100_000
    costs: dict[str, dict[str, Any]] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)

    def __enter__(self) -> Session:
        self._place = tempfile.TemporaryDirectory(prefix="workbench-bench-", ignore_cleanup_errors=True)
        self.folder = Path(self._place.name)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        self._place.cleanup()

    def wanted(self, names: Sequence[str]) -> list[str]:
        """Return those of `names` that this run measures, in the order of the tables."""
        return [name for name in PEERS if name in names and (self.peers is None or name in self.peers)]

    def built(self, names: Sequence[str]) -> list[str]:
        """Build what is not there yet; return the engines that have an index now."""
        found, missing = present(self.wanted(names))
        self.missing.update(missing)
        for name in found:
            if name in self.costs or name in self.missing:
                continue
            self.say(f"building {name}")
            try:
                self.costs[name] = alone.build(name, self.source, self.place(name))
            except RuntimeError as error:
                self.missing[name] = str(error)
        return [name for name in found if name in self.costs]

    def opened(self, names: Sequence[str]) -> dict[str, Peer]:
        """Return engines that are open and ready, building what is not there yet."""
        found: dict[str, Peer] = {}
        for name in self.built(names):
            found[name] = PEERS[name]()
            found[name].open(self.place(name))
            found[name].ready()
        return found

    def place(self, name: str) -> Path:
        """Return where an engine keeps its index."""
        return self.folder / name.replace(" ", "-")

    @property
    def source(self) -> Path:
        """The data as other processes read it."""
        folder = self.folder / "source"
        if not folder.exists():
            alone.prepare(Points(self.data.vectors, self.data.distance), self.data.queries, folder)
        return folder

    def say(self, text: str) -> None:
        """Tell what is being done."""
        print(f"  {text}", flush=True)
