"""Snapshots: collections, or the whole database, as single files that can be kept, moved and restored.

A snapshot of a collection is a tar archive of its folder (``points.sqlite`` and ``segments/``, see
``segments/segment.py``) with ``snapshot.json`` beside it, so graphs need not be built again. A full snapshot
is a tar archive of such archives, with the aliases. The SHA-256 of each stands in a file beside it.

They are Workbench's own files: a snapshot of a Qdrant server holds the segments of its Rust core, which this
engine does not read, and says so.
"""

from __future__ import annotations

import builtins
import re
import secrets
import shutil
import tempfile
import threading
import weakref
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from workbench.collection import Collection
from workbench.collection.opening import create
from workbench.collection.snapshot import copy_files
from workbench.collection.updates import upsert
from workbench.engine import Engine
from workbench.errors import BadRequest, ChecksumMismatch, InvalidRequest, NotFound
from workbench.models.points import PointBatch, VectorBatch
from workbench.models.vectors import MultiRows, SparseRows
from workbench.segments.view import SegmentView, View
from workbench.storage.archive import file_sum, pack, unpack
from workbench.storage.files import is_file, make_folder

FORMAT = 1
_META = "snapshot.json"
_SUFFIX, _SUM = ".snapshot", ".checksum"

# Points copied at a time out of a database in memory: 12 MB of vectors at 768 dimensions.
_CHUNK = 4096

# One name, no way out of the folder.
_NAME = re.compile(r"[^/\\\x00]+")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A snapshot that is there.

    Attributes
    ----------
    name : str
        Its file's name.
    created : datetime
        When it was finished, UTC.
    size : int
        Bytes.
    checksum : str or None
        SHA-256 in hexadecimal.
    """

    name: str
    created: datetime
    size: int
    checksum: str | None


class Snapshots:
    """The snapshots of one database.

    Parameters
    ----------
    engine : Engine
        The database.
    folder : Path or None
        Where they are kept; None means ``snapshots`` in the database's folder, or, in memory, a temporary
        folder that goes when the database does.

    Attributes
    ----------
    taken, taking, restoring : Counter
        By collection: snapshots taken since the start, and what runs now.
    """

    def __init__(self, engine: Engine, folder: Path | None = None) -> None:
        self.engine = engine
        self._folder = engine.root / "snapshots" if folder is None and engine.root is not None else folder
        self._guard, self._placing = threading.Lock(), threading.Lock()
        self._counting = threading.Lock()
        self.taken: Counter[str] = Counter()
        self.taking: Counter[str] = Counter()
        self.restoring: Counter[str] = Counter()

    @property
    def folder(self) -> Path:
        """Where they are kept."""
        with self._placing:
            if self._folder is None:
                self._folder = Path(tempfile.mkdtemp(prefix="workbench-snapshots-"))
                weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
            return self._folder

    # -- of one collection, or of its shard 0 -----------------------------------------------------------

    def take(self, collection: Collection, *, shard: bool = False) -> Snapshot:
        """Write a snapshot of `collection` as it is now; writers wait only while files are linked."""
        target = self._of(collection.name, shard) / _file_name(collection.name, shard)
        with self._counted(self.taking, collection.name), self._workspace() as space:
            write_files(collection, space)
            snapshot = self._pack(space, target)
        with self._counting:
            self.taken[collection.name] += 1
        return snapshot

    def list(self, collection: str, *, shard: bool = False) -> list[Snapshot]:
        """Return the snapshots of a collection, the oldest first."""
        return _listed(self._of(collection, shard))

    def path(self, collection: str, name: str, *, shard: bool = False) -> Path:
        """Return the file of a snapshot; raise ``NotFound`` when there is none of this name."""
        return _existing(self._of(collection, shard), name)

    def delete(self, collection: str, name: str, *, shard: bool = False) -> None:
        """Remove a snapshot; raise ``NotFound`` when there is none of this name."""
        _remove(self.path(collection, name, shard=shard))

    def restore(self, name: str, archive: Path, checksum: str | None = None) -> Collection:
        """Make the collection `name` what `archive` holds, in one step, in place of what it was.

        Raises
        ------
        ChecksumMismatch
            When the file is another than `checksum` says.
        InvalidRequest, Corrupted
            When it is no snapshot, or a damaged one; nothing was changed.
        BadRequest
            When the collection exists and has other vectors.
        """
        verify(archive, checksum)

        def fill(folder: Path) -> None:
            unpack(archive, folder)
            _check_meta(folder, archive.name)

        def check(new: Collection) -> None:
            with suppress(NotFound):
                _check_compatible(self.engine.collection(name), new)

        with self._counted(self.restoring, name):
            return self.engine.install(name, fill, check)

    # -- of everything ---------------------------------------------------------------------------------

    def take_full(self) -> Snapshot:
        """Write a snapshot of every collection and alias."""
        with self._workspace() as space:
            files: dict[str, str] = {}
            for number, name in enumerate(self.engine.names()):
                with self._workspace() as inner:
                    write_files(self.engine.collection(name), inner)
                    files[name] = f"{number}{_SUFFIX}"
                    pack(inner, space / files[name])
            meta = {"format": FORMAT, "collections": files, "aliases": self.engine.aliases()}
            (space / _META).write_bytes(orjson.dumps(meta))
            return self._pack(space, self.folder / f"full-snapshot-{_stamp()}{_SUFFIX}")

    def list_full(self) -> builtins.list[Snapshot]:
        """Return the full snapshots, the oldest first."""
        return _listed(self.folder)

    def full_path(self, name: str) -> Path:
        """Return the file of a full snapshot; raise ``NotFound`` when there is none of this name."""
        return _existing(self.folder, name)

    def delete_full(self, name: str) -> None:
        """Remove a full snapshot; raise ``NotFound`` when there is none of this name."""
        _remove(self.full_path(name))

    def restore_full(self, archive: Path) -> builtins.list[str]:
        """Restore every collection and alias of a full snapshot; return the names of the collections."""
        with self._workspace() as space:
            unpack(archive, space)
            meta = _read_meta(space, archive.name)
            if "collections" not in meta:
                raise InvalidRequest(
                    f"{archive.name}: expected a full snapshot, got one of a single collection"
                )
            for name, file in meta["collections"].items():
                self.restore(name, space / file)
            self.engine.change_aliases(lambda known: {**known, **meta["aliases"]})
        return sorted(meta["collections"])

    # -- inside ----------------------------------------------------------------------------------------

    def _of(self, collection: str, shard: bool) -> Path:
        own = self.folder / "collections" / collection
        return own / "shards" / "0" if shard else own

    @contextmanager
    def _counted(self, running: Counter[str], name: str) -> Iterator[None]:
        """Count what runs under a name while it does."""
        with self._counting:
            running[name] += 1
        try:
            yield
        finally:
            with self._counting:
                running[name] -= 1

    def _workspace(self) -> _Space:
        make_folder(self.folder)
        return _Space(self.folder / f".{secrets.token_hex(6)}")

    def _pack(self, space: Path, target: Path) -> Snapshot:
        with self._guard:
            checksum = pack(space, target)
            target.with_name(target.name + _SUM).write_text(checksum)
        return _described(target)


class _Space:
    """A folder beside the snapshots, so that links need no copy; gone at the end."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __enter__(self) -> Path:
        make_folder(self.path)
        return self.path

    def __exit__(self, *exception: object) -> None:
        shutil.rmtree(self.path, ignore_errors=True)


def write_files(collection: Collection, folder: Path) -> None:
    """Write what :meth:`Snapshots.restore` reads into the empty `folder`."""
    if collection.folder is None:
        _write_points(collection, folder)
    else:
        copy_files(collection, folder)
    meta = {"format": FORMAT, "collection": collection.name}
    (folder / _META).write_bytes(orjson.dumps(meta))


def verify(archive: Path, checksum: str | None) -> None:
    """Raise ``ChecksumMismatch`` when the SHA-256 of `archive` is not `checksum`; None is not checked."""
    if checksum is None:
        return
    actual = file_sum(archive)
    if actual != checksum.lower():
        raise ChecksumMismatch(checksum, actual)


def _write_points(collection: Collection, folder: Path) -> None:
    """Write the points of a collection in memory; its graphs are built again where it is restored."""
    view = collection.view
    copy = create(collection.name, folder, view.config)
    try:
        for segment in view.segments:
            alive = segment.alive()
            rows = np.arange(segment.count) if alive is None else np.flatnonzero(alive)
            for start in range(0, len(rows), _CHUNK):
                upsert(copy, _batch(view, segment, rows[start : start + _CHUNK]))
    finally:
        copy.close()


def _batch(view: View, segment: SegmentView, rows: np.ndarray[tuple[int], np.dtype[np.intp]]) -> PointBatch:
    keys = segment.segment.keys(rows).tolist()
    bodies = view.store.payloads(keys)
    vectors: dict[str, VectorBatch] = {}
    for name in (*view.config.vectors, *view.config.sparse_vectors):
        column = segment.column(name)
        slots = column.slots(rows)
        has = np.flatnonzero(slots >= 0)
        if len(has) == 0:
            continue
        stored = column.stored
        values = stored.take(slots[has]) if isinstance(stored, SparseRows | MultiRows) else stored[slots[has]]
        vectors[name] = VectorBatch(values, None if len(has) == len(rows) else has)
    return PointBatch(segment.ids().take(rows), vectors, [bodies[key] for key in keys])


def _check_compatible(old: Collection, new: Collection) -> None:
    for kind in ("vectors", "sparse_vectors"):
        ours, theirs = getattr(old.config, kind), getattr(new.config, kind)
        same = ours.keys() == theirs.keys()
        if same and kind == "vectors":
            same = all((v.size, v.distance) == (theirs[n].size, theirs[n].distance) for n, v in ours.items())
        if not same:
            raise BadRequest(
                "Snapshot is not compatible with existing collection: "
                f"Collection vectors: {dict(ours)!r} Snapshot Vectors: {dict(theirs)!r}"
            )


def _read_meta(folder: Path, name: str) -> dict[str, Any]:
    path = folder / _META
    if not path.exists():
        raise InvalidRequest(
            f"{name}: expected a snapshot that Workbench made; a snapshot of a Qdrant server cannot be read "
            "here, but `migrate` of its client copies a collection"
        )
    meta: dict[str, Any] = orjson.loads(path.read_bytes())
    if meta.get("format") != FORMAT:
        raise InvalidRequest(f"{name}: expected a snapshot of format {FORMAT}, got {meta.get('format')!r}")
    return meta


def _check_meta(folder: Path, name: str) -> None:
    meta = _read_meta(folder, name)
    if "collection" not in meta:
        raise InvalidRequest(f"{name}: expected the snapshot of one collection, got a full snapshot")
    (folder / _META).unlink()


def _file_name(collection: str, shard: bool) -> str:
    # A file's name has 255 bytes at most: the collection's is cut, for the rest and for what stands behind it
    # while the file is written.
    own = collection.encode()[:180].decode(errors="ignore")
    return f"{own}-{'shard-0-' if shard else ''}{_stamp()}{_SUFFIX}"


def _stamp() -> str:
    """Return what makes a name unique and tells when it was made."""
    return f"{secrets.randbelow(10**16):016d}-{datetime.now(UTC):%Y-%m-%d-%H-%M-%S}"


def _listed(folder: Path) -> list[Snapshot]:
    files = folder.glob(f"*{_SUFFIX}") if folder.is_dir() else ()
    return sorted((_described(path) for path in files if path.is_file()), key=lambda s: (s.created, s.name))


def _described(path: Path) -> Snapshot:
    status, beside = path.stat(), path.with_name(path.name + _SUM)
    created = datetime.fromtimestamp(int(status.st_mtime), UTC)
    checksum = beside.read_text() if beside.exists() else None
    return Snapshot(path.name, created, status.st_size, checksum)


def _existing(folder: Path, name: str) -> Path:
    path = folder / name
    if not _NAME.fullmatch(name) or name in (".", "..") or not is_file(path):
        raise NotFound(f"Snapshot {name} not found")
    return path


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)
    path.with_name(path.name + _SUM).unlink(missing_ok=True)
