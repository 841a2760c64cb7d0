"""Makes a sealed segment out of the live rows of others: sealing, merging and vacuuming are all this."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from workbench import distances
from workbench.indexes import codes as int8
from workbench.indexes import hnsw_build
from workbench.indexes.code_bounds import CodeBounds
from workbench.indexes.hnsw import ARRAYS, HnswGraph, HnswSearcher
from workbench.models.config import CollectionConfig, SparseVectorParams, VectorParams
from workbench.models.points import IdArray
from workbench.models.vectors import MultiRows, VectorRows, join_rows, take_rows
from workbench.segments import candidate_columns, code_columns, payload_links, quantized_columns
from workbench.segments.array_checks import read_vectors
from workbench.segments.segment import Segment
from workbench.segments.vector_columns import VectorColumn, named_vectors
from workbench.segments.view import SegmentView
from workbench.storage.arrays import ArrayStore
from workbench.tasks import Progress, silent

AnyArray = npt.NDArray[Any]

# Rows gathered at a time: 4096 x 768 float32 are 12 MB, a copy of 2 ms, so that the kernel's event loop is
# never held up by one long NumPy call.
_CHUNK = 4096

# A graph that lost more than this share of its nodes, in all its life, is built anew. Where 30 % of 30,000 to
# 40,000 texts were removed at once, recall at ef 100 fell by .001 to .005 against a fresh graph.
_MOST_REMOVED = 0.15
# Where as many come as go, new links take the place of mended ones: with 30 % of 82,361 texts replaced, the
# recall is .971 at ef 64 and .985 at 100, that of a graph built anew .965 and .985; 6.6 s of CPU, not 9.7.
_MOST_REPLACED = 0.35


def build(
    sources: Sequence[SegmentView],
    config: CollectionConfig,
    arrays: ArrayStore,
    *,
    builder: str = "auto",
    device: str = "cpu",
    progress: Progress = silent,
) -> dict[str, Any]:
    """Write the live rows of `sources` as one segment with graphs.

    Parameters
    ----------
    sources : sequence of SegmentView
        Segments to merge; their dead rows are left behind.
    config : CollectionConfig
        Vectors and HNSW settings.
    arrays : ArrayStore
        Where the new arrays are written.
    builder : {"auto", "hnswlib", "numba"}
        Who builds the graphs; "auto" extends the graph of the oldest source where that can be done.
    device : {"auto", "cpu", "gpu"}
        Where graphs are built anew; "gpu" extends none.
    progress : Progress
        Called with points linked and points to link, over all vector names.

    Returns
    -------
    dict
        The segment's entry in the manifest; the arrays are on disk and synced when this returns.
    """
    origin, rows, keys = _live_rows(sources)
    count = len(keys)
    _write(arrays, "keys", keys)
    _write(arrays, "operations", _operations(sources, origin, rows))
    ids = IdArray.concatenate([s.ids() for s in sources]).take(_flat(sources, origin, rows))
    _write(arrays, "ids_low", ids.low)
    if ids.high is not None and ids.is_uuid is not None:
        _write(arrays, "ids_high", ids.high)
        _write(arrays, "ids_uuid", ids.is_uuid)
    named = named_vectors(config)
    graphs = [n for n in sorted(config.vectors) if _wants_graph(config, n)]
    vectors = {}
    for index, name in enumerate(sorted(named)):
        slots = _Slots(sources, origin, rows, name)
        vectors[name] = entry = _write_column(slots, index, named[name], arrays)
        if name in graphs and len(slots):
            step = _Share(progress, graphs.index(name), len(graphs))
            _build_graph(slots, entry, index, name, config, arrays, (builder, device), step)
        if name in config.vectors and len(slots) and payload_links.fields(config, config.hnsw_of(name)):
            _link_payloads(slots, entry, index, name, config, arrays, progress)
        if name in config.vectors:
            _propose(entry, index, name, config, arrays)
            _quantize(entry, index, name, config, arrays)
    return {
        "rows": count,
        "uuids": ids.high is not None,
        "operations": True,
        "vectors": vectors,
        "arrays": arrays.finish(),
    }


def _wants_graph(config: CollectionConfig, name: str) -> bool:
    """Whether vectors of this name get a graph: multivectors and sparse vectors are scanned."""
    return not config.vectors[name].multivector and config.hnsw_of(name).m > 0


def _live_rows(sources: Sequence[SegmentView]) -> tuple[AnyArray, AnyArray, AnyArray]:
    """Return source number, row and version key of every live row, in ascending order of key."""
    origin, rows, keys = [], [], []
    for number, source in enumerate(sources):
        alive = source.alive()
        own = np.arange(source.count) if alive is None else np.flatnonzero(alive)
        origin.append(np.full(len(own), number, np.int32))
        rows.append(own)
        keys.append(source.segment.keys(own))
    all_keys = np.concatenate(keys).astype(np.int64)
    order = np.argsort(all_keys, kind="stable")
    return np.concatenate(origin)[order], np.concatenate(rows)[order], all_keys[order]


def _operations(sources: Sequence[SegmentView], origin: AnyArray, rows: AnyArray) -> AnyArray:
    """Return the operation that wrote each row."""
    operations = np.zeros(len(rows), np.int64)
    for number, source in enumerate(sources):
        mine = origin == number
        operations[mine] = source.segment.versions(rows[mine])
    return operations


def _flat(sources: Sequence[SegmentView], origin: AnyArray, rows: AnyArray) -> AnyArray:
    starts = np.cumsum([0, *(s.count for s in sources)])[:-1]
    return starts[origin] + rows if len(rows) else np.empty(0, np.intp)


class _Slots:
    """Where the vectors of one name stand that a new segment takes over, in the order of its rows.

    Parameters
    ----------
    sources : sequence of SegmentView
        Segments.
    origin, rows : int32[n], intp[n]
        Source number and row there of each row of the new segment.
    name : str
        The vector's.

    Attributes
    ----------
    stored : list of VectorRows
        The vectors of each source.
    has : intp[v]
        Rows of the new segment that have a vector.
    """

    def __init__(self, sources: Sequence[SegmentView], origin: AnyArray, rows: AnyArray, name: str) -> None:
        columns = [s.column(name) for s in sources]
        slots = np.empty(len(rows), np.intp)
        for number, column in enumerate(columns):
            mine = origin == number
            slots[mine] = column.slots(rows[mine])
        self.sources, self.columns = sources, columns
        self.stored: list[VectorRows] = [c.stored for c in columns]
        self.has = np.flatnonzero(slots >= 0)
        self.all_have = len(self.has) == len(rows)
        # Whether these are all the vectors of one source.
        self.unchanged = len(columns) == 1 and columns[0].count == len(self.has)
        self._origin, self._slots, self._rows = origin[self.has], slots[self.has], rows[self.has]

    def __len__(self) -> int:
        return len(self.has)

    def gather(self) -> Iterator[VectorRows]:
        """Return the vectors in parts, in order."""
        for start in range(0, len(self), _CHUNK):
            origin, slots = self._origin[start : start + _CHUNK], self._slots[start : start + _CHUNK]
            if len(self.stored) == 1:
                yield take_rows(self.stored[0], slots)
                continue
            places = [np.flatnonzero(origin == number) for number in np.unique(origin).tolist()]
            taken = [take_rows(self.stored[int(origin[own[0]])], slots[own]) for own in places]
            yield take_rows(join_rows(taken), np.argsort(np.concatenate(places)))

    def places(self) -> list[npt.NDArray[np.intp]]:
        """Return, for each source, which of these vectors each of its rows has; −1 for none."""
        found = []
        for number, source in enumerate(self.sources):
            own = np.flatnonzero(self._origin == number)
            place = np.full(source.count, -1, np.intp)
            place[self._rows[own]] = own
            found.append(place)
        return found

    def inherited(
        self, name: str, m: int, ef_construct: int
    ) -> tuple[HnswGraph, npt.NDArray[np.bool_], float] | None:
        """Return a graph of the first of these vectors, which of its nodes they are, and what share of nodes
        will have been removed from it in all; None if there is none of these settings, or too little left.
        """
        column = self.columns[first := int(self._origin[0])]
        own = int(np.count_nonzero(self._origin == first))
        if not isinstance(column, VectorColumn) or column.searcher is None:
            return None
        graph = column.searcher.graph
        source = self.sources[first].segment
        assert isinstance(source, Segment)
        worn = float(source.info["vectors"][name].get("worn", 0.0)) + 1 - own / graph.n
        most = _MOST_REPLACED if len(self) >= graph.n else _MOST_REMOVED
        if (graph.m, graph.ef_construct) != (m, ef_construct) or worn > most:
            return None
        if (self._origin[:own] != first).any():  # vectors of others stand between
            return None
        kept = np.zeros(graph.n, np.bool_)
        kept[self._slots[:own]] = True
        return graph, kept, worn

    def starts(self) -> npt.NDArray[np.int64]:
        """Return where each sparse vector or multivector will begin."""
        lengths = np.empty(len(self), np.int64)
        for number, stored in enumerate(self.stored):
            assert not isinstance(stored, np.ndarray)
            mine = self._origin == number
            own = self._slots[mine]
            lengths[mine] = stored.starts[own + 1] - stored.starts[own]
        return np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])


def _write_column(
    slots: _Slots, index: int, params: VectorParams | SparseVectorParams, arrays: ArrayStore
) -> dict[str, Any]:
    """Write the vectors of one name; return their entry in the manifest."""
    if isinstance(params, SparseVectorParams):
        _write_ragged(slots, index, arrays, "indices", (), np.dtype(np.uint32))
        _write_ragged(slots, index, arrays, "values", (), np.dtype(np.float32))
        _write(arrays, f"starts-{index}", slots.starts())
    elif params.multivector:
        _write_ragged(
            slots, index, arrays, "vectors", (params.size,), distances.dtype(params.datatype), "values"
        )
        _write(arrays, f"starts-{index}", slots.starts())
    else:
        shape = (len(slots), params.size)
        parts = (p for p in slots.gather() if isinstance(p, np.ndarray))
        arrays.write(f"vectors-{index}", parts, shape, distances.dtype(params.datatype))
    if not slots.all_have:
        _write(arrays, f"rows-{index}", slots.has)
    return {"index": index, "sparse": not slots.all_have, "graph": None, "codes": None, "quantized": None}


def _write_ragged(
    slots: _Slots,
    index: int,
    arrays: ArrayStore,
    name: str,
    width: tuple[int, ...],
    dtype: np.dtype[Any],
    field: str | None = None,
) -> None:
    """Write one array of the elements of sparse vectors or multivectors: their `field`, `name` by default."""
    shape = (int(slots.starts()[-1]), *width)
    parts = (getattr(p, field or name) for p in slots.gather())
    arrays.write(f"{name}-{index}", parts, shape, dtype)


def _build_graph(
    slots: _Slots,
    entry: dict[str, Any],
    index: int,
    name: str,
    config: CollectionConfig,
    arrays: ArrayStore,
    by: tuple[str, str],
    progress: Progress,
) -> None:
    """Build and write the graph of written vectors, and their codes; both are entered in `entry`."""
    params, settings = config.vectors[name], config.hnsw_of(name)
    builder, device = by
    searched = distances.search_form(arrays.read(f"vectors-{index}"), params.distance)
    metric = distances.metric(params.distance)
    codes = int8.make(searched, metric)
    base = slots.inherited(name, settings.m, settings.ef_construct) if builder == "auto" else None
    if base is not None and slots.unchanged:
        graph = base[0]
    elif base is not None and device != "gpu":
        graph = hnsw_build.extend(
            *base[:2], searched, metric, threads=settings.max_indexing_threads, progress=progress, codes=codes
        )
    else:
        graph = hnsw_build.build(
            searched,
            metric,
            m=settings.m,
            ef_construct=settings.ef_construct,
            threads=settings.max_indexing_threads,
            builder=builder,
            device=device,
            seed=100,
            progress=progress,
            codes=codes,
        )
    entry["graph"] = _write_graph(arrays, index, graph)
    entry["worn"] = 0.0 if base is None or (device == "gpu" and not slots.unchanged) else round(base[2], 4)
    if config.quantization_of(name) is not None:
        return  # those codes are what is searched by
    bounds = None if codes is None else CodeBounds.of(codes, searched)
    searcher = HnswSearcher(graph, searched, metric, codes, bounds)
    entry.update(code_columns.make(searcher, index, partial(_write, arrays), cold=params.cold))


def _link_payloads(
    slots: _Slots,
    entry: dict[str, Any],
    index: int,
    name: str,
    config: CollectionConfig,
    arrays: ArrayStore,
    progress: Progress,
) -> None:
    """Build and write the links among points that share the value of an indexed field."""
    params = config.vectors[name]
    if params.multivector:
        return
    searched = distances.search_form(arrays.read(f"vectors-{index}"), params.distance)
    entry["payload"] = payload_links.make(
        slots.sources,
        slots.places(),
        searched,
        int8.make(searched, distances.metric(params.distance)),
        config,
        name,
        lambda part, array: _write(arrays, f"payload-{index}-{part}", array),
        progress,
    )


def _propose(
    entry: dict[str, Any], index: int, name: str, config: CollectionConfig, arrays: ArrayStore
) -> None:
    """Make and write what proposes multivectors to compare."""
    params = config.vectors[name]
    stored = read_vectors(arrays, index, params) if params.multivector else None
    if not isinstance(stored, MultiRows) or not candidate_columns.wanted(stored, config.hnsw_of(name)):
        return
    searched = MultiRows(stored.starts, distances.search_form(stored.values, params.distance))
    metric = distances.metric(params.distance)
    entry["candidates"] = candidate_columns.make(
        searched, metric, index, lambda part, array: _write(arrays, part, array)
    )


def _quantize(
    entry: dict[str, Any], index: int, name: str, config: CollectionConfig, arrays: ArrayStore
) -> None:
    """Make and write the codes that the configuration asks for."""
    params, settings = config.vectors[name], config.quantization_of(name)
    if settings is None:
        return
    searched = distances.search_form(arrays.read(f"vectors-{index}"), params.distance)
    entry["quantized"] = quantized_columns.make(
        searched,
        distances.metric(params.distance),
        settings,
        index,
        lambda part, array: _write(arrays, part, array),
    )


def _write(arrays: ArrayStore, name: str, array: AnyArray) -> None:
    step = max(1, _CHUNK * 1024 // max(1, array.nbytes // max(1, len(array))))
    parts = (array[start : start + step] for start in range(0, len(array), step))
    arrays.write(name, parts, array.shape, array.dtype)


def _write_graph(arrays: ArrayStore, index: int, graph: HnswGraph) -> dict[str, int]:
    parts = graph.arrays()
    for name in ARRAYS:
        _write(arrays, f"graph-{index}-{name}", parts[name])
    return graph.meta()


class _Share:
    """Progress of one vector name as its share of the whole."""

    def __init__(self, progress: Progress, index: int, names: int) -> None:
        self.progress, self.index, self.names = progress, index, names

    def __call__(self, done: int, total: int, text: str = "") -> None:
        self.progress(self.index * total + done, self.names * total, text)
