"""Where a collection's segments are kept, and what the manifest says of them."""

from __future__ import annotations

from pathlib import Path

import orjson

from workbench import distances
from workbench.models.config import CollectionConfig
from workbench.segments.segment import Segment, Tail
from workbench.storage.arrays import ArrayStore, FolderArrays, Manifest, MemoryArrays
from workbench.storage.points import PointStore
from workbench.storage.vectors import VectorFile


def make_tail(
    folder: Path | None, number: int, first_key: int, config: CollectionConfig, store: PointStore
) -> Tail:
    """Return an empty tail; `folder` is the collection's, None in memory."""
    files = {
        name: VectorFile(
            None if folder is None else segment_folder(folder, number) / f"tail-{index}.raw",
            params.size,
            distances.dtype(params.datatype),
        )
        for index, (name, params) in enumerate(sorted(config.vectors.items()))
    }
    return Tail(number, first_key, config, files, store)


def open_arrays(folder: Path | None, number: int, manifest: Manifest | None = None) -> ArrayStore:
    """Return the arrays of the segment `number` of the collection in `folder`."""
    return MemoryArrays() if folder is None else FolderArrays(segment_folder(folder, number), manifest)


def segment_folder(folder: Path, number: int) -> Path:
    """Return where the files of a segment are."""
    return folder / "segments" / f"{number:06d}"


def tail_info(tail: Tail) -> bytes:
    """Return a tail's entry in the manifest."""
    return orjson.dumps({"first_key": tail.first_key})


def sealed_info(segment: Segment) -> bytes:
    """Return a sealed segment's entry in the manifest."""
    return orjson.dumps(dict(segment.info))
