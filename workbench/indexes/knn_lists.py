"""The nearest of every point, by tiles of scores: what a graph is made of on a device."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from workbench.distances import L1
from workbench.kernels.gpu import measure, products, topk
from workbench.kernels.gpu.arrays import Arrays
from workbench.kernels.gpu.table import Table

Report = Callable[[int, int], None]

# Proposals of 8 or 11 bits for each neighbor wanted: K and 32 more are measured in float32.
SPARE = 32
# Columns of a tile: 65,536 x 8,192 float32 scores are the 2 GB that a device gives a tile.
_COLUMNS = 65_536
# Tiles are halved down to this many scores; with less memory than that a device is of no use.
_SMALLEST = 1 << 16
# Points by which bf16 is tried: it is used if it proposes this share of what TF32 finds.
_PROBES, _ENOUGH = 256, 0.995


@dataclass(slots=True)
class Lists:
    """The nearest of the first points of a table.

    Attributes
    ----------
    ids : int32 [n, k]
        Nearest first, −1 for nobody.
    gaps : float32 [n, k]
        Their distances, measured in float32; infinite for nobody.
    """

    ids: Any
    gaps: Any


class DeviceIsFull(Exception):
    """Not even the smallest tile fits; `lists` holds what was found before, on the host."""

    def __init__(self, lists: Lists) -> None:
        self.lists = lists
        super().__init__(f"no room for the smallest tile after the lists of {len(lists.ids)} points")


@dataclass(frozen=True, slots=True)
class Tiling:
    """How many rows and columns a tile has."""

    rows: int
    columns: int

    @classmethod
    def of(cls, arrays: Arrays, n: int, rows: int | None = None) -> Tiling:
        """Return tiles of the size that a namespace likes, for `n` columns and as many rows, or `rows`."""
        columns, rows = min(n, _COLUMNS), n if rows is None else rows
        blocks = -(-4 * rows * columns // arrays.tile_bytes)
        return cls(max(1, -(-rows // blocks)), columns)  # as many in the last block as in the others

    def halved(self) -> Tiling | None:
        """Return tiles of half the size, or None if these are the smallest."""
        if self.rows * self.columns <= _SMALLEST:
            return None
        if self.rows > 1:
            return Tiling(self.rows // 2, self.columns)
        return Tiling(1, self.columns // 2)


def exact_lists(
    table: Table,
    metric: int,
    k: int,
    report: Report,
    *,
    precision: str = "auto",
    tiling: Tiling | None = None,
) -> Lists:
    """Find the `k` nearest of every point, itself left out, by comparing it with all.

    Parameters
    ----------
    table : Table
    metric : int
    k : int
        At most ``n − 1``.
    report : callable
        Called as ``report(done, n)`` between tiles; may raise ``Cancelled``.
    precision : str
        Of the proposals: ``"bf16"``, ``"tf32"``, or ``"auto"``, which tries bf16 on a few points.
    tiling : Tiling, optional
        The first size of tiles; halved while they do not fit.

    Raises
    ------
    DeviceIsFull
    """
    search = _Search(table, metric, k, precision)
    ids = table.arrays.xp.empty((table.n, k), np.int32)
    gaps = table.arrays.xp.empty((table.n, k), np.float32)
    current: Tiling | None = tiling or Tiling.of(table.arrays, table.n)
    start = 0
    while start < table.n:
        assert current is not None
        stop = min(start + current.rows, table.n)
        try:
            ids[start:stop], gaps[start:stop] = search.block(start, stop, current.columns)
            table.arrays.wait()
        except Exception as error:
            if not table.arrays.memory_is_full(error):
                raise
            current = current.halved()
            if current is None:
                get = table.arrays.get
                raise DeviceIsFull(Lists(get(ids[:start]), get(gaps[:start]))) from error
            continue
        start = stop
        report(start, table.n)
    return Lists(ids, gaps)


class Columns:
    """All rows of a table as tiles compare them, prepared once where the table is on the device.

    Parameters
    ----------
    table : Table
    proposals : Proposals
        How they are rounded.
    """

    def __init__(self, table: Table, proposals: products.Proposals) -> None:
        self.table, self.proposals = table, proposals
        self._prepared: list[tuple[int, Any, Any]] = []
        if table.resident:  # else each part is prepared each time it is fetched
            step = max(1, table.arrays.tile_bytes // (16 * table.dim))
            for start in range(0, table.n, step):
                self._prepared.append((start, *proposals.rows(table.rows(start, start + step))))

    def merge(self, best: Any, queries: Any, columns: int, **wanted: Any) -> None:
        """Merge the scores of prepared queries and all rows into `best`, tile by tile; see ``topk.merge``."""
        arrays, scale = self.table.arrays, self.proposals.scale
        for first, rows, bias in self._parts(columns):
            tile = self.proposals.tile(queries, rows)
            topk.merge(arrays, best, tile, scale=scale, bias=bias, first=first, **wanted)
            del tile  # else it would stand beside the next

    def _parts(self, columns: int) -> Any:
        """Yield the first id, the prepared rows and the bias of each tile's columns."""
        for first, rows, bias in self._prepared:
            for start in range(0, len(rows), columns):
                part = slice(start, start + columns)
                yield first + start, rows[part], None if bias is None else bias[part]
        if not self._prepared:
            for start in range(0, self.table.n, columns):
                yield start, *self.proposals.rows(self.table.rows(start, start + columns))


class _Search:
    def __init__(self, table: Table, metric: int, k: int, precision: str) -> None:
        self.table, self.metric, self.k, self.arrays = table, metric, k, table.arrays
        self.wide = min(k + SPARE, table.n, topk.LARGEST_K)
        first = table.rows(0, min(table.n, 100_000))
        self.mean = products.mean_of(self.arrays, first)
        self._use(self._chosen() if precision == "auto" else precision)

    def _use(self, precision: str) -> None:
        self.columns: Columns | None = None  # gone before the others are made
        self.proposals = products.Proposals(self.arrays, self.metric, self.mean, precision)
        self.columns = Columns(self.table, self.proposals)

    def _chosen(self) -> str:
        """Return bf16 where it proposes what TF32 does, on a few points."""
        if not self.arrays.compiles or self.metric == L1:
            return "tf32"
        probes = min(_PROBES, self.table.n)
        found = []
        for precision in ("tf32", "bf16"):
            self._use(precision)
            found.append(self.arrays.get(self.block(0, probes, _COLUMNS)[0]))
        same = [len(np.intersect1d(a, b)) / len(a) for a, b in zip(*found, strict=True)]
        return "bf16" if float(np.mean(same)) >= _ENOUGH else "tf32"

    def block(self, start: int, stop: int, columns: int) -> tuple[Any, Any]:
        """Find the nearest of the points `start` ... `stop` − 1."""
        assert self.columns is not None
        queries = self.table.queries(start, stop)
        own = self.arrays.xp.arange(start, stop, dtype=np.int32)
        best = topk.nobody(self.arrays, stop - start, self.wide)
        self.columns.merge(best, self.proposals.queries(queries), columns, own=own)
        return decide(self.table, queries, topk.unpack(self.arrays, best)[0], self.metric, self.k)


def decide(table: Table, queries: Any, ids: Any, metric: int, k: int) -> tuple[Any, Any]:
    """Measure proposals in float32, and return the `k` nearest of each row: ids and distances."""
    base, local = table.near(ids)
    gaps = measure.measure(table.arrays, base, queries, local, metric)
    best = topk.nobody(table.arrays, len(ids), k)
    topk.merge(table.arrays, best, gaps, ids=ids)
    return topk.unpack(table.arrays, best)
