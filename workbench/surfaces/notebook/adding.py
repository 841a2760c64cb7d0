"""From a DataFrame to points: embed or take vectors, turn columns into payloads, write in bulk."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import numpy.typing as npt

from workbench import collection as core
from workbench.collection import updates
from workbench.embedding import Embedder
from workbench.errors import DimensionMismatch, InvalidRequest, WorkbenchError
from workbench.models.points import IdArray, PointBatch, VectorBatch
from workbench.surfaces.notebook.frame_payloads import payload_chunks
from workbench.surfaces.notebook.frames import read_frame, read_ids, read_vectors
from workbench.surfaces.notebook.progress import Wanted, bar
from workbench.surfaces.notebook.texts import TextRecord

if TYPE_CHECKING:
    import pandas as pd

FloatArray = npt.NDArray[np.float32]
T = TypeVar("T")

# Rows a transaction. One fsync a batch costs 0.2 to 4 ms, and a batch of 10,000 rows is encoded in 20 ms.
_BATCH = 10_000

# Texts embedded before they are written: at 46 paragraphs a second, three quarters of a minute of work is
# the most that is lost when somebody presses Stop.
_TEXTS = 2_000


@dataclass(frozen=True, slots=True)
class Added:
    """What an ``add`` wrote: points, seconds, and the number of the last operation."""

    points: int
    seconds: float
    operation_id: int

    def __repr__(self) -> str:
        rate = f", {self.points / self.seconds:,.0f} a second" if self.seconds > 0 else ""
        return f"added {self.points:,} points in {self.seconds:.2f} s{rate}"


@dataclass(frozen=True, slots=True)
class Source:
    """Rows to be added: vectors that are there (by name), or a text column to embed; payload columns; ids."""

    payload: pd.DataFrame
    vectors: Mapping[str, FloatArray]
    texts: list[str | None] | None
    ids: IdArray

    def __len__(self) -> int:
        return len(self.ids)


def read_source(
    frame: Any,
    *,
    text: str | None,
    vectors: Any,
    id: Any,
    first_id: int,
    name: str = "",
    fingerprint: str | None = None,
) -> Source:
    """Read what a caller gave.

    A frame from ``workbench.datasets`` brings vectors of its own: they are used when their model is
    `fingerprint`, or when no other text column is asked for.

    Raises
    ------
    InvalidRequest, InvalidVector, InvalidPointId
    """
    if text is not None and vectors is not None:
        raise InvalidRequest("expected either text=<column to embed> or vectors=, got both")
    if frame is None and vectors is None:
        raise InvalidRequest("expected rows to add: a frame, vectors=, or both")
    table = read_frame(frame) if frame is not None else None
    named = _read_vectors(vectors, table, name)
    own = table.attrs.get("embedder") if table is not None and "vector" in table.columns else None
    texts = None
    if not named and table is not None:
        if own is not None and text in (None, table.attrs.get("text")) and fingerprint in (None, own):
            named = {name: read_vectors("vector", table)}
        elif text is not None:
            texts = _texts(table, text)
        else:
            raise InvalidRequest(
                "expected text=<column to embed> or vectors=<array, column, file>; the frame has the columns "
                + ", ".join(map(str, table.columns))
            )
    count = len(table) if table is not None else len(next(iter(named.values()), ()))
    for key, array in named.items():
        if len(array) != count:
            raise InvalidRequest(
                f"vectors{f' {key!r}' if key else ''}: expected {count} rows, one a point, got {len(array)}"
            )
    return Source(
        _payload(table, vectors, id, own is not None, count),
        named,
        texts,
        read_ids(id, table, count, first_id),
    )


def _read_vectors(vectors: Any, table: pd.DataFrame | None, name: str) -> dict[str, FloatArray]:
    if vectors is None:
        return {}
    if isinstance(vectors, Mapping):
        return {str(key): read_vectors(value, table) for key, value in vectors.items()}
    return {name: read_vectors(vectors, table)}


def _texts(table: pd.DataFrame, text: str) -> list[str | None]:
    """Return the texts to embed, None for rows without one: they get no vector, and so are never alike."""
    if text not in table.columns:
        raise InvalidRequest(f"text: no column {text!r}; the frame has {', '.join(map(str, table.columns))}")
    gaps = table[text].isna().tolist()
    for row, (value, gap) in enumerate(zip(table[text], gaps, strict=True)):
        if not gap and isinstance(value, list | tuple | np.ndarray):
            raise InvalidRequest(
                f"text: expected a text in each row of {text!r}, row {row} holds a {type(value).__name__}; "
                f"lists of numbers are vectors: vectors={text!r}"
            )
    return [None if gap else str(value) for value, gap in zip(table[text].tolist(), gaps, strict=True)]


def _payload(table: pd.DataFrame | None, vectors: Any, id: Any, own: bool, count: int) -> pd.DataFrame:
    """Return the columns that become payload: all but ids and vectors."""
    if table is None:
        import pandas as pd

        return pd.DataFrame(index=range(count))
    given = vectors.values() if isinstance(vectors, Mapping) else [vectors]
    out = {v for v in given if isinstance(v, str)} | ({id} if isinstance(id, str) else set())
    if own:
        out.add("vector")
    return table.drop(columns=[c for c in table.columns if c in out])


def add_frame(
    collection: core.Collection,
    frame: Any,
    *,
    text: str | None,
    vectors: Any,
    id: Any,
    record: TextRecord | None,
    embedder: Embedder | None,
    progress: Wanted,
) -> Added:
    """Insert rows into a collection that exists."""
    known = list(collection.config.vectors)
    if vectors is not None and not isinstance(vectors, Mapping) and len(known) > 1:
        raise InvalidRequest(
            f"vectors: expected a mapping of arrays by name, because there are several: {', '.join(known)}"
        )
    name = record.vector if record is not None else next(iter(collection.config.vectors), "")
    column = text if text is not None or record is None or vectors is not None else record.column
    source = read_source(
        frame,
        text=column,
        vectors=vectors,
        id=id,
        first_id=next_id(collection),
        name=name,
        fingerprint=record.fingerprint if record is not None else None,
    )
    return write_source(collection, source, embedder, name, progress)


def next_id(collection: core.Collection) -> int:
    """Return the integer after the greatest integer id, so that rows without ids replace nothing."""
    greatest = -1
    for segment in collection.view.segments:
        ids, alive = segment.ids(), segment.alive()
        if alive is not None:
            ids = ids.take(alive)
        numbers = ids.low if ids.is_uuid is None else ids.low[~ids.is_uuid]
        if len(numbers):
            greatest = max(greatest, int(numbers.max()))
    return greatest + 1


def write_source(
    collection: core.Collection, source: Source, embedder: Embedder | None, name: str, progress: Wanted
) -> Added:
    """Write `source` batch by batch, embedding texts on the way; one graph is built when all is in."""
    started, done, operation = time.perf_counter(), 0, collection.view.operation
    for key, array in source.vectors.items():
        params = collection.config.vectors.get(key)
        if params is not None and len(array) and array.shape[1] != params.size:
            raise DimensionMismatch(params.size, array.shape[1], f"vectors {key!r}" if key else "vectors")
    title = f"{'embedding' if source.texts is not None else 'adding to'} {collection.name}"
    if source.texts is None and source.vectors:
        collection.write(lambda: collection.tail.reserve(len(source), source.vectors))
    with collection.upkeep.held(), bar(title, "rows", progress) as report:
        try:
            batches = _batches(collection, source, embedder, name, report)
            # A model is not to be at work on a thread that Stop does not reach.
            for stop, points in _ahead(batches) if source.texts is None else batches:
                result = updates.write(collection, points)
                done, operation = stop, result.operation_id
                report(done, len(source))
        except WorkbenchError as error:
            if done:
                error.add_note(
                    f"The first {done} of {len(source)} rows are in; add frame[{done}:] for the rest."
                )
            raise
    if collection.config.optimizers.prevent_unoptimized:
        collection.upkeep.settle()
    return Added(len(source), time.perf_counter() - started, operation)


def _batches(
    collection: core.Collection, source: Source, embedder: Embedder | None, name: str, report: Any
) -> Iterator[tuple[int, updates.Checked]]:
    """Yield the points of each batch, checked, and the row after its last."""
    texts, start = source.texts, 0
    chunks = payload_chunks(source.payload, _BATCH if texts is None else _TEXTS)
    for payloads in chunks if texts is None else _ahead(chunks):
        stop = start + len(payloads)
        batch = {key: VectorBatch(array[start:stop]) for key, array in source.vectors.items()}
        if texts is not None:
            batch[name] = _embed(embedder, texts[start:stop], start, len(source), report)
        ids = source.ids.take(slice(start, stop))
        yield stop, updates.checked(collection, PointBatch(ids, batch, payloads))
        start = stop


def _ahead(items: Iterator[T]) -> Iterator[T]:
    """Yield what `items` does, each made on a thread while the one before it is used."""
    with ThreadPoolExecutor(1, thread_name_prefix="workbench-encode") as ahead:
        coming = ahead.submit(next, items, None)
        while (item := coming.result()) is not None:
            coming = ahead.submit(next, items, None)
            yield item


def _embed(
    embedder: Embedder | None, texts: list[str | None], start: int, total: int, report: Any
) -> VectorBatch:
    if embedder is None:
        raise InvalidRequest("expected vectors=, because no embedder is known for this collection")
    rows = np.array([row for row, text in enumerate(texts) if text is not None], dtype=np.intp)
    given = [text for text in texts if text is not None]
    if not given:
        return VectorBatch(np.empty((0, embedder.dim), np.float32), rows)
    values = embedder.embed(given, progress=lambda done, _, text="": report(start + done, total, text))
    return VectorBatch(values, None if len(given) == len(texts) else rows)
