"""From a folder to a collection: what the manifest names is loaded and checked, the rest is removed."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from workbench.collection.collection import Collection
from workbench.collection.files import make_tail, open_arrays, segment_folder, tail_info
from workbench.errors import Corrupted, WorkbenchError
from workbench.models.config import CollectionConfig
from workbench.models.points import IdArray
from workbench.segments.ids import Rows
from workbench.segments.segment import Segment
from workbench.segments.tail import Tail
from workbench.segments.view import SegmentView, absent
from workbench.storage.files import explained, remove_folder
from workbench.storage.points import FORMAT, PointStore


def create(name: str, folder: Path | None, config: CollectionConfig) -> Collection:
    """Make an empty collection in `folder`, which exists and is empty; in memory when it is None."""
    store = PointStore(None if folder is None else folder / "points.sqlite", new=True)
    tail = make_tail(folder, 1, 1, config, store)
    with store.transaction():
        store.set_meta("format", FORMAT)
        store.set_meta("config", config.to_json())
        store.add_segment(tail.number, "tail", tail_info(tail))
    return Collection(name, folder, store, config, [SegmentView(tail, 0)])


def open_collection(name: str, folder: Path) -> Collection:
    """Open a collection that was created before.

    Raises
    ------
    Corrupted
        When a file is missing, cut short or fails its checksum; the text names it. Large files of vectors are
        read in the background (:mod:`workbench.collection.verification`).
    StorageFailed
        When the system cannot open or read them now: too many open files, a disk that fails.
    """
    path = folder / "points.sqlite"
    if not path.exists():
        raise Corrupted(str(path), "the file is missing", "Restore the folder from a copy")
    with ExitStack() as undo:
        store = undo.enter_context(closing(PointStore(path, new=False)))
        try:
            with explained(folder, "opening"):
                collection = _load(name, folder, store, undo)
        except WorkbenchError:
            raise
        except Exception as error:  # what is read is not what this program writes, whatever Python calls that
            raise Corrupted(
                str(folder),
                f"the collection cannot be read ({type(error).__name__}: {error})",
                "Restore the folder from a copy",
            ) from error
        undo.pop_all()
    collection.verification.start()
    return collection


def _load(name: str, folder: Path, store: PointStore, undo: ExitStack) -> Collection:
    version = store.meta("format")
    if version != FORMAT:
        raise Corrupted(
            str(store.path),
            f"expected format {FORMAT}, found {version}",
            "Open it with the version of Workbench that wrote it",
        )
    config = CollectionConfig.from_json(store.meta("config"))
    manifest = store.rows("SELECT number, state, info FROM segments ORDER BY number")
    dead = np.array([row[0] for row in store.rows("SELECT key FROM dead ORDER BY key")], dtype=np.int64)
    sealed: list[SegmentView] = []
    tails: list[SegmentView] = []
    for number, state, raw in manifest:
        info = orjson.loads(raw)
        if state == "tail":
            tail = make_tail(folder, number, info["first_key"], config, store, info.get("files"))
            undo.callback(tail.close)
            _fill(tail, store)
            tails.append(_bury(SegmentView(tail, tail.count, absent=absent(config, tail.names)), dead))
        else:
            arrays = open_arrays(folder, number, info["arrays"])
            segment = Segment(number, info, arrays, config, store)
            whole = SegmentView(segment, segment.count, absent=absent(config, segment.names))
            sealed.append(_bury(whole, dead))
    keys, operations = store.payload_versions()
    for view in (*sealed, *tails):
        rows = view.segment.rows_of_keys(keys)
        view.segment.raise_versions(rows[rows >= 0], operations[rows >= 0])
    _sweep(folder, {number for number, _, _ in manifest})
    ((operation,),) = store.rows("SELECT coalesce(max(op), 0) FROM log")
    return Collection(name, folder, store, config, [*sealed, *tails], operation)


def _fill(tail: Tail, store: PointStore) -> None:
    """Load what was committed into a tail."""
    rows = store.rows("SELECT first, count, crcs FROM appends WHERE segment=? ORDER BY first", (tail.number,))
    receipts = [_receipt(orjson.loads(crcs)) for _, _, crcs in rows]
    appended = [(row[0], row[1], vectors) for row, (_, vectors) in zip(rows, receipts, strict=True)]
    total = sum(count for _, count, _ in appended)
    ids = store.ids(tail.first_key, total) if total else []
    crcs = {n: [(e[n][0], e[n][1]) for _, _, e in appended if n in e] for n in tail.names}
    places = {n: _tail_rows(n, appended) for n in tail.names}
    operations = np.repeat([op for op, _ in receipts], [row[1] for row in rows]).astype(np.int64)
    tail.load(IdArray.from_stored(ids), crcs, places, operations)


def _receipt(entry: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    """Return the operation of an append, and what it appended; of before operations were kept, 0."""
    operation = entry.get("op")
    if isinstance(operation, int):
        return operation, entry["vectors"]
    return 0, entry


def _tail_rows(name: str, appended: Sequence[tuple[int, int, dict[str, Any]]]) -> Rows | None:
    """Return the rows that have a vector of this name, or None when all have."""
    if all(name in entry and entry[name][2] is None for _, _, entry in appended):
        return None
    parts = [np.empty(0, np.intp)]
    for first, count, entry in appended:
        if name in entry:
            own = entry[name][2]
            parts.append(first + (np.arange(count) if own is None else np.array(own, dtype=np.intp)))
    return np.concatenate(parts)


def _bury(view: SegmentView, dead: np.ndarray[Any, np.dtype[np.int64]]) -> SegmentView:
    if len(dead) == 0 or view.count == 0:
        return view
    rows = view.segment.rows_of_keys(dead)
    rows = rows[rows >= 0]
    if len(rows) == 0:
        return view
    mask = np.zeros(view.count, np.bool_)
    mask[rows] = True
    return replace(view, dead=mask, dead_count=len(rows))


def _sweep(folder: Path, known: set[int]) -> None:
    """Remove segment folders that no manifest names: builds that were cut off, or already replaced."""
    root = folder / "segments"
    if not root.is_dir():
        return
    names = {segment_folder(folder, number).name for number in known}
    for entry in root.iterdir():
        if entry.name not in names:
            remove_folder(entry)
