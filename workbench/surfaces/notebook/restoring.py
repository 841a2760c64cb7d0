"""Points as a whole: read before they are changed, and written back as they were."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import orjson

from workbench.collection import payloads, updates
from workbench.models.config import CollectionConfig
from workbench.models.points import IdArray, PointBatch, PointId, Record, VectorBatch
from workbench.models.vectors import MultiRows, SparseRows

if TYPE_CHECKING:
    from workbench.surfaces.notebook.collection import Collection


def read(collection: Collection, ids: Sequence[PointId]) -> list[Record]:
    """Return the points of `ids` that exist, with payloads and all vectors."""
    return collection.get(list(ids), vectors=True)


def restore(collection: Collection, records: Sequence[Record]) -> int:
    """Write points back as :func:`read` returned them; return how many.

    Vectors come back in the form in which they were stored: of unit length under Cosine.
    """
    if not records:
        return 0
    batch = PointBatch(
        IdArray.of([r.id for r in records]),
        _columns(collection._inner.config, records),
        [orjson.dumps(r.payload or {}) for r in records],
    )
    updates.upsert(collection._inner, batch)
    return len(records)


def overwrite_payload(collection: Collection, point_id: PointId, payload: Mapping[str, Any]) -> None:
    """Replace the whole payload of a point.

    Raises
    ------
    InvalidPayload
        When it is no JSON object.
    NotFound
        When there is no such point.
    """
    payloads.overwrite_payload(collection._inner, IdArray.of([point_id]), dict(payload))


def _columns(config: CollectionConfig, records: Sequence[Record]) -> dict[str, VectorBatch]:
    found = {}
    for name in (*config.vectors, *config.sparse_vectors):
        rows = [at for at, r in enumerate(records) if name in (r.vectors or {})]
        if rows:
            own = [(records[at].vectors or {})[name] for at in rows]
            found[name] = VectorBatch(_joined(config, name, own), _some(rows, len(records)))
    return found


def _joined(config: CollectionConfig, name: str, own: list[Any]) -> Any:
    if name in config.sparse_vectors:
        return SparseRows.of(own)
    if own[0].ndim == 2:
        return MultiRows.of([np.asarray(m, np.float32) for m in own], config.vectors[name].size)
    return np.stack(own).astype(np.float32)


def _some(rows: list[int], count: int) -> npt.NDArray[np.intp] | None:
    return None if len(rows) == count else np.array(rows, np.intp)
