"""Uploads cut into upserts of a good size."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from workbench.errors import InvalidRequest
from workbench.surfaces.client.plain import plain, point_json

# Points written as one operation of an upload. Each operation costs a sync of the disk, 6.6 ms where it was
# measured: 20,000 small points went in at 11,000, 22,000 and 57,000 points/s by 256, 1024 and 4096. Their
# vectors are held twice meanwhile, 2 x 16 MB at 1024 dimensions.
UPLOAD_BATCH = 4096


def row_bodies(points: Iterable[Any]) -> Iterator[dict[str, Any]]:
    """Cut points into bodies of upserts."""
    for part in _parts(points):
        yield {"points": [point_json(point) for point in part]}


def column_bodies(
    vectors: Any, payload: Iterable[Any] | None, ids: Iterable[Any] | None
) -> Iterator[dict[str, Any]]:
    """Cut columns into bodies of upserts; arrays are sliced, never made lists.

    Parameters
    ----------
    vectors : float[n, d], mapping of str to float[n, d], or iterable of vectors
        Of all points.
    payload, ids : iterable or None
        As many; no payload and random UUIDs for None.

    Raises
    ------
    InvalidRequest
        When the columns have different lengths.
    """
    next_ids = (uuid.uuid4() for _ in itertools.count()) if ids is None else iter(ids)
    next_payloads = itertools.repeat(None) if payload is None else iter(payload)
    for part, count in _slices(vectors):
        own_ids = list(itertools.islice(next_ids, count))
        own_payloads = list(itertools.islice(next_payloads, count))
        if not len(own_ids) == len(own_payloads) == count:
            raise InvalidRequest(
                f"upload_collection: expected as many ids and payloads as vectors; {count} "
                f"vectors have {len(own_ids)} ids and {len(own_payloads)} payloads"
            )
        if isinstance(part, Mapping):
            yield {"batch": {"ids": own_ids, "vectors": part, "payloads": own_payloads}}
        else:
            rows = zip(own_ids, part, own_payloads, strict=True)
            yield {"points": [{"id": i, "vector": plain(v), "payload": p} for i, v, p in rows]}


def _slices(vectors: Any) -> Iterator[tuple[Any, int]]:
    if isinstance(vectors, np.ndarray):
        vectors = {"": vectors}
    if not isinstance(vectors, Mapping):
        for rows in _parts(vectors):
            yield rows, len(rows)
        return
    arrays = {name: np.asarray(values) for name, values in vectors.items()}
    if len({len(array) for array in arrays.values()}) != 1:
        shapes = {name: array.shape for name, array in arrays.items()}
        raise InvalidRequest(f"upload_collection: expected arrays of one length, got {shapes}")
    for start in range(0, len(next(iter(arrays.values()))), UPLOAD_BATCH):
        part = {name: array[start : start + UPLOAD_BATCH] for name, array in arrays.items()}
        yield part, len(next(iter(part.values())))


def _parts(items: Iterable[Any]) -> Iterator[list[Any]]:
    rest = iter(items)
    while part := list(itertools.islice(rest, UPLOAD_BATCH)):
        yield part
