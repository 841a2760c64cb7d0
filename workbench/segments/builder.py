"""Makes a sealed segment out of the live rows of others: sealing, merging and vacuuming are all this."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from workbench import distances
from workbench.indexes import codes as int8
from workbench.indexes import hnsw_build
from workbench.indexes.hnsw import ARRAYS, HnswGraph
from workbench.models.config import CollectionConfig
from workbench.models.points import IdArray
from workbench.segments.view import SegmentView
from workbench.storage.arrays import ArrayStore
from workbench.tasks import Progress, silent

AnyArray = npt.NDArray[Any]

# Rows gathered at a time: 4096 x 768 float32 are 12 MB, a copy of 2 ms, so that the kernel's event loop is
# never held up by one long NumPy call.
_CHUNK = 4096


def build(
    sources: Sequence[SegmentView],
    config: CollectionConfig,
    arrays: ArrayStore,
    *,
    builder: str = "auto",
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
        Who builds the graphs.
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
    ids = IdArray.concatenate([s.ids() for s in sources]).take(_flat(sources, origin, rows))
    _write(arrays, "ids_low", ids.low)
    if ids.high is not None and ids.is_uuid is not None:
        _write(arrays, "ids_high", ids.high)
        _write(arrays, "ids_uuid", ids.is_uuid)
    vectors, names = {}, sorted(config.vectors)
    for index, name in enumerate(names):
        step = _Share(progress, index, len(names))
        vectors[name] = _build_column(sources, origin, rows, name, index, config, arrays, builder, step)
    return {"rows": count, "uuids": ids.high is not None, "vectors": vectors, "arrays": arrays.finish()}


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


def _flat(sources: Sequence[SegmentView], origin: AnyArray, rows: AnyArray) -> AnyArray:
    starts = np.cumsum([0, *(s.count for s in sources)])[:-1]
    return starts[origin] + rows if len(rows) else np.empty(0, np.intp)


def _build_column(
    sources: Sequence[SegmentView],
    origin: AnyArray,
    rows: AnyArray,
    name: str,
    index: int,
    config: CollectionConfig,
    arrays: ArrayStore,
    builder: str,
    progress: Progress,
) -> dict[str, Any]:
    params, settings = config.vectors[name], config.hnsw_of(name)
    columns = [s.dense(name) for s in sources]
    slots = np.empty(len(rows), np.intp)
    for number, column in enumerate(columns):
        mine = origin == number
        slots[mine] = column.slots(rows[mine])
    has = np.flatnonzero(slots >= 0)
    shape = (len(has), params.size)
    parts = _gather([c.stored for c in columns], origin[has], slots[has], shape)
    arrays.write(f"vectors-{index}", parts, shape, distances.dtype(params.datatype))
    sparse = len(has) < len(rows)
    if sparse:
        _write(arrays, f"rows-{index}", has)
    entry: dict[str, Any] = {"index": index, "sparse": sparse, "graph": None, "codes": None}
    if settings.m > 0 and len(has) > 0:
        searched = distances.search_form(arrays.read(f"vectors-{index}"), params.distance)
        metric = distances.metric(params.distance)
        graph = hnsw_build.build(
            searched,
            metric,
            m=settings.m,
            ef_construct=settings.ef_construct,
            threads=settings.max_indexing_threads,
            builder=builder,
            seed=100,
            progress=progress,
        )
        entry["graph"] = _write_graph(arrays, index, graph)
        codes = int8.make(searched, metric)
        if codes is not None:
            for part, array in codes.arrays().items():
                _write(arrays, f"codes-{index}-{part}", array)
            entry["codes"] = codes.meta()
    return entry


def _gather(
    stored: Sequence[AnyArray], origin: AnyArray, slots: AnyArray, shape: tuple[int, int]
) -> Iterator[AnyArray]:
    for start in range(0, shape[0], _CHUNK):
        part_origin, part_slots = origin[start : start + _CHUNK], slots[start : start + _CHUNK]
        if len(stored) == 1:
            yield stored[0][part_slots]
            continue
        part = np.empty((len(part_slots), shape[1]), stored[0].dtype)
        for number in np.unique(part_origin).tolist():
            mine = part_origin == number
            part[mine] = stored[number][part_slots[mine]]
        yield part


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
