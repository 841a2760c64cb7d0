"""From results of operations to the models of Qdrant's client."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from pydantic import TypeAdapter
from qdrant_client.http import models

from workbench.api.values import id_json
from workbench.models.points import PointGroup, Record, ScoredPoint, UpdateResult
from workbench.models.vectors import SparseVector

_STATUSES = {status.value: status for status in models.UpdateStatus}


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def validated(kind: Any, value: Any) -> Any:
    """Return a JSON value as a model, or a list of models; for answers that are rare."""
    return _adapter(kind).validate_python(value)


def client_vector(vectors: dict[str, Any] | None) -> Any:
    """Return the vectors of a point as the client has them: bare where there is only the unnamed one."""
    if vectors is None:
        return None
    values = {name: _numbers(vector) for name, vector in vectors.items()}
    return values[""] if values.keys() == {""} else values


def _numbers(vector: Any) -> Any:
    if isinstance(vector, SparseVector):
        return models.SparseVector(indices=vector.indices.tolist(), values=vector.values.tolist())
    return np.asarray(vector, np.float64).tolist()


def client_record(record: Record) -> models.Record:
    """Return a stored point as ``models.Record``."""
    made: models.Record = models.Record.model_construct(
        id=id_json(record.id),
        payload=record.payload,
        vector=client_vector(record.vectors),
        shard_key=None,
        order_value=record.order_value,
    )
    return made


def client_point(point: ScoredPoint) -> models.ScoredPoint:
    """Return a hit as ``models.ScoredPoint``."""
    made: models.ScoredPoint = models.ScoredPoint.model_construct(
        id=id_json(point.id),
        version=point.version,
        score=float(point.score),
        payload=point.payload,
        vector=client_vector(point.vectors),
        shard_key=None,
        order_value=point.order_value,
    )
    return made


def client_points(points: list[ScoredPoint]) -> list[models.ScoredPoint]:
    """Return hits as ``models.ScoredPoint``."""
    return [client_point(point) for point in points]


def client_group(group: PointGroup) -> models.PointGroup:
    """Return one group as ``models.PointGroup``."""
    lookup = None if group.lookup is None else client_record(group.lookup)
    made: models.PointGroup = models.PointGroup.model_construct(
        id=group.id, hits=client_points(group.hits), lookup=lookup
    )
    return made


def client_update(result: UpdateResult) -> models.UpdateResult:
    """Return the receipt of a write."""
    return models.UpdateResult(operation_id=result.operation_id, status=_STATUSES[result.status])
