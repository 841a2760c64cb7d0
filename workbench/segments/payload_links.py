"""Links among the points that share a value of an indexed field: what ``payload_m`` asks for.

For each such *block* of points a graph of its own is built, and the links of all are kept in one table: a
filter on the value is then answered by a walk through its block alone, however small a part of the
collection that is. With ``m = 0`` there are no other graphs: Qdrant's recipe for many tenants.

==================  ==========  ==========================================================================
array               type        meaning
==================  ==========  ==========================================================================
payload-i-counts    u16 [v]     links of each vector of the i-th name
payload-i-links     i32 [v, w]  the links; w is 2 · payload_m for each field that has blocks
payload-i-rows      i32 [t]     the vectors of each block, ascending, one block after the other
payload-i-starts    i64 [b+1]   where each block begins
==================  ==========  ==========================================================================
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from workbench import distances
from workbench.errors import Corrupted
from workbench.indexes.codes import Codes
from workbench.indexes.hnsw import HnswGraph, HnswSearcher
from workbench.models.config import CollectionConfig, HnswConfig
from workbench.models.payload_schema import SchemaType
from workbench.segments.array_checks import read
from workbench.segments.selection import Selection
from workbench.segments.vector_columns import VectorColumn
from workbench.storage.arrays import ArrayStore
from workbench.tasks import Progress

if TYPE_CHECKING:
    from workbench.segments.view import SegmentView

AnyArray = npt.NDArray[Any]
Numbers = npt.NDArray[np.int32]

ARRAYS = ("counts", "links", "rows", "starts")
KINDS = (SchemaType.KEYWORD, SchemaType.INTEGER, SchemaType.BOOL, SchemaType.UUID)
# Vectors gathered at a time, 6 MB of 384 numbers: no NumPy call takes more than some milliseconds.
_CHUNK = 4096
# Vectors outside a block from which a walk begins, too, so that none is missed: those whose payload was set
# after the links were made. Measuring more of them costs more than the walk.
_STRAYS = 256


def fields(config: CollectionConfig, settings: HnswConfig) -> list[str]:
    """Return the indexed fields whose values are to have links of their own."""
    if not settings.payload_m:
        return []
    return sorted(
        key
        for key, index in config.payload_indexes.items()
        if index.type in KINDS and index.params.get("enable_hnsw", True)
    )


def outdated(entry: Mapping[str, Any], config: CollectionConfig, name: str) -> bool:
    """Whether the links in a segment are others than those wanted now."""
    made, settings = entry.get("payload"), config.hnsw_of(name)
    wanted = fields(config, settings)
    if not wanted:
        return made is not None
    return made is None or (made["m"], made["fields"]) != (settings.payload_m, wanted)


def blocks_of(
    sources: Sequence[SegmentView], key: str, kind: str, slots: Sequence[AnyArray]
) -> Iterator[Numbers]:
    """Return the vectors of each value of a field, ascending.

    Parameters
    ----------
    sources : sequence of SegmentView
    key, kind : str
        The field, and what its index reads.
    slots : sequence of intp[n]
        For each source, the new place of the vector of each row, −1 where there is none.
    """
    known: dict[Any, int] = {}
    places, codes = [np.empty(0, np.intp)], [np.empty(0, np.intp)]
    for source, places_of in zip(sources, slots, strict=True):
        rows, values = source.values(key, kind)
        own = places_of[rows]
        # A dictionary and not a sort: sorting objects would hold the interpreter from start to end.
        code = np.array([known.setdefault(v, len(known)) for v in values.tolist()], np.intp)
        places.append(own[own >= 0])
        codes.append(code[own >= 0])
    place, code = np.concatenate(places), np.concatenate(codes)
    order = np.lexsort((place, code))
    bounds = np.cumsum(np.bincount(code, minlength=len(known)))
    for part in np.split(place[order], bounds[:-1]) if len(known) else []:
        yield np.unique(part).astype(np.int32)


def make(
    sources: Sequence[SegmentView],
    slots: Sequence[AnyArray],
    searched: AnyArray,
    codes: Codes | None,
    config: CollectionConfig,
    name: str,
    write: Callable[[str, AnyArray], None],
    progress: Progress,
) -> dict[str, Any] | None:
    """Build and write the links of one vector name; return their entry in the manifest.

    Left alone are blocks of less than ``full_scan_threshold`` kilobytes of vectors, which are scanned, and,
    beside a graph of all points, those of more than 2/m of the points: the graph leads through those well.
    """
    from workbench.indexes import hnsw_build

    settings, params = config.hnsw_of(name), config.vectors[name]
    wanted, m = fields(config, settings), settings.payload_m
    if not wanted or not m:
        return None
    count, width = len(searched), searched.itemsize * searched.shape[1]
    most = 2 * count / settings.m if settings.m else count
    metric, room = distances.metric(params.distance), 2 * max(m, 2)
    counts, tables = np.zeros(count, np.uint16), []
    rows: list[Numbers] = []
    for key in wanted:
        table = np.zeros((count, room), np.int32)
        used = np.zeros(count, np.uint16)
        for block in blocks_of(sources, key, config.payload_indexes[key].type.value, slots):
            if len(block) * width <= settings.full_scan_threshold * 1024 or len(block) > most:
                continue
            own = None if codes is None else _codes_of(codes, block)
            graph = hnsw_build.build(
                _take(searched, block),
                metric,
                m=max(m, 2),
                ef_construct=settings.ef_construct,
                threads=settings.max_indexing_threads,
                progress=lambda done, total, text="": progress(count, count, "linking payload values"),
                codes=own,
            )
            _add(table, used, block, graph)
            rows.append(block)
        if used.any():
            tables.append((table, used))
    links = np.zeros((count, max(len(tables), 1) * room), np.int32)
    for table, used in tables:
        _append(links, counts, table, used)
    starts = np.cumsum([0, *(len(block) for block in rows)])
    joined = np.concatenate([np.empty(0, np.int32), *rows])
    made: tuple[AnyArray, ...] = (counts, links, joined, starts.astype(np.int64))
    for part, array in zip(ARRAYS, made, strict=True):
        write(part, array)
    return {"m": m, "fields": wanted, "blocks": len(rows)}


def _take(vectors: AnyArray, rows: Numbers) -> AnyArray:
    taken = np.empty((len(rows), *vectors.shape[1:]), vectors.dtype)
    for start in range(0, len(rows), _CHUNK):
        taken[start : start + _CHUNK] = vectors[rows[start : start + _CHUNK]]
    return taken


def _codes_of(codes: Codes, rows: Numbers) -> Codes:
    terms = codes.terms[rows] if len(codes.terms) else codes.terms
    return Codes(_take(codes.codes, rows), terms, codes.mean, codes.scale)


def _add(table: Numbers, used: npt.NDArray[np.uint16], block: Numbers, graph: HnswGraph) -> None:
    """Write the links of a block's graph to the table of its field.

    A point with several values of the field is in several blocks, which share its row.
    """
    own = np.zeros((len(table), graph.links0.shape[1]), np.int32)
    count = np.zeros(len(table), np.uint16)
    own[block], count[block] = block[graph.links0], graph.counts0
    _append(table, used, own, count)


def _append(links: Numbers, counts: npt.NDArray[np.uint16], more: Numbers, used: AnyArray) -> None:
    """Write ``more[i, :used[i]]`` behind ``links[i, :counts[i]]``, as far as there is room."""
    room = links.shape[1]
    for slot in range(more.shape[1]):
        rows = np.flatnonzero((used > slot) & (counts < room))
        links[rows, counts[rows]] = more[rows, slot]
        counts[rows] += 1


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class PayloadLinks:
    """The blocks of one column.

    Parameters
    ----------
    searcher : HnswSearcher
        Over the links of all blocks.
    rows, starts : int32 [t], int64 [b + 1]
        The vectors of each block.
    """

    searcher: HnswSearcher
    rows: Numbers
    starts: npt.NDArray[np.int64]

    def seeds(self, allowed: Selection) -> Numbers | None:
        """Return where to begin a walk among the vectors allowed; None if no block holds them.

        A block holds them if all but a few are in it, and if they are not too small a part of it to be led
        from one to the other.
        """
        if "payload" not in allowed.plans:
            allowed.plans["payload"] = self._seeds(allowed)
        found: Numbers | None = allowed.plans["payload"]
        return found

    def _seeds(self, allowed: Selection) -> Numbers | None:
        if allowed.mask is None or allowed.count == 0:
            return None
        some = allowed.seeds
        for start, stop in zip(self.starts[:-1].tolist(), self.starts[1:].tolist(), strict=True):
            block = self.rows[start:stop]
            at = np.minimum(np.searchsorted(block, some), len(block) - 1)
            if np.count_nonzero(block[at] == some) * 2 <= len(some):
                continue
            inside = int(np.count_nonzero(allowed.mask[block]))
            if allowed.count - inside <= _STRAYS and inside * 4 >= len(block):
                strays = np.setdiff1d(allowed.chosen, block, assume_unique=True)
                return np.union1d(some, strays).astype(np.int32)
        return None


def load(
    arrays: ArrayStore, entry: Mapping[str, Any], settings: HnswConfig, column: VectorColumn
) -> PayloadLinks | None:
    """Read and check the links of a column; None if it has none.

    Raises
    ------
    Corrupted
        When they are not what a kernel relies on.
    """
    made, at = entry.get("payload"), entry["index"]
    if made is None or not made["blocks"]:
        return None
    n, path = column.count, f"payload-{at}"
    counts, links = arrays.read(f"{path}-counts"), arrays.read(f"{path}-links")
    rows, starts = (read(arrays, f"{path}-{p}", t, (None,)) for p, t in (("rows", "i4"), ("starts", "i8")))
    if links.ndim != 2 or links.shape[1] % 2:
        raise Corrupted(f"{path}-links", f"expected an even number of columns, got {links.shape}")
    m = links.shape[1] // 2
    empty = HnswGraph.empty(m, settings.ef_construct, np.zeros(n, np.int32)).arrays()
    graph = HnswGraph.from_arrays(
        {**empty, "counts0": counts, "links0": links},
        {"m": m, "ef_construct": settings.ef_construct, "entry": 0, "top_level": 0},
    )
    graph.validate(n, path)
    if len(starts) < 2 or starts[0] != 0 or starts[-1] != len(rows):
        raise Corrupted(f"{path}-starts", f"expected numbers from 0 to {len(rows)}")
    if (np.diff(starts) <= 0).any() or rows.min() < 0 or rows.max() >= n:
        raise Corrupted(f"{path}-rows", f"expected blocks of numbers from 0 to {n - 1}")
    codes = None if column.searcher is None else column.searcher.codes
    metric = distances.metric(column.params.distance)
    return PayloadLinks(HnswSearcher(graph, column.searched, metric, codes), rows, starts)
