"""Where a collection's segments are kept, and what the manifest says of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

import orjson

from workbench import distances
from workbench.models.config import CollectionConfig, SparseVectorParams, VectorParams
from workbench.segments.segment import Segment
from workbench.segments.tail import Tail
from workbench.segments.vector_columns import named_vectors
from workbench.storage.arrays import ArrayStore, FolderArrays, Manifest, MemoryArrays
from workbench.storage.points import PointStore
from workbench.storage.vectors import GrowingVectors, VectorFile


def make_tail(
    folder: Path | None,
    number: int,
    first_key: int,
    config: CollectionConfig,
    store: PointStore,
    places: Mapping[str, int] | None = None,
) -> Tail:
    """Return an empty tail.

    Parameters
    ----------
    folder : Path or None
        The collection's; None in memory.
    number, first_key : int
        Its number in the manifest and the version key of its first row.
    config : CollectionConfig
        Vectors by name.
    store : PointStore
        Where ids and payloads are.
    places : mapping of str to int, or None
        The number of each name's files; names without one have no vectors there. None numbers all names.
    """
    named = named_vectors(config)
    if places is None:
        places = {name: index for index, name in enumerate(sorted(named))}
    own = None if folder is None else segment_folder(folder, number)
    files = {name: _vector_file(own, index, named[name]) for name, index in places.items()}
    return Tail(number, first_key, config, files, store, places)


def _vector_file(own: Path | None, index: int, params: VectorParams | SparseVectorParams) -> GrowingVectors:
    stem = None if own is None else own / f"tail-{index}"
    if isinstance(params, VectorParams) and not params.multivector:
        raw = None if stem is None else stem.with_suffix(".raw")
        return VectorFile(raw, params.size, distances.dtype(params.datatype))
    from workbench.storage.ragged import MultiFile, SparseFile

    if isinstance(params, SparseVectorParams):
        return SparseFile(stem)
    return MultiFile(stem, params.size, distances.dtype(params.datatype))


def open_arrays(folder: Path | None, number: int, manifest: Manifest | None = None) -> ArrayStore:
    """Return the arrays of the segment `number` of the collection in `folder`."""
    return MemoryArrays() if folder is None else FolderArrays(segment_folder(folder, number), manifest)


def segment_folder(folder: Path, number: int) -> Path:
    """Return where the files of a segment are."""
    return folder / "segments" / f"{number:06d}"


def tail_info(tail: Tail, without: Collection[str] = ()) -> bytes:
    """Return a tail's entry in the manifest, less the vector names `without`."""
    places = {name: index for name, index in tail.places.items() if name not in without}
    return orjson.dumps({"first_key": tail.first_key, "files": places})


def sealed_info(segment: Segment, without: Collection[str] = ()) -> bytes:
    """Return a sealed segment's entry in the manifest, less the vector names `without`."""
    vectors = {name: entry for name, entry in segment.info["vectors"].items() if name not in without}
    return orjson.dumps({**segment.info, "vectors": vectors})
