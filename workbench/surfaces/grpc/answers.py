"""Results of the points API as protobuf messages."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from qdrant_client import grpc

from workbench.models.answers import PointGroup, ScoredPoint, UpdateResult
from workbench.models.points import PointId, Record
from workbench.models.vectors import SparseVector
from workbench.surfaces.grpc.messages import fill_map

_STATUS = {
    "acknowledged": grpc.UpdateStatus.Acknowledged,
    "completed": grpc.UpdateStatus.Completed,
    "wait_timeout": grpc.UpdateStatus.WaitTimeout,
}


def set_id(message: Any, point: PointId | str) -> None:
    """Write an id into a ``PointId``."""
    if isinstance(point, uuid.UUID | str):
        message.uuid = str(point)
    else:
        message.num = point


def update(answer: Any, result: UpdateResult) -> None:
    """Write the receipt of a write."""
    answer.result.operation_id = result.operation_id
    answer.result.status = _STATUS[result.status]


def updates(answer: Any, results: Iterable[UpdateResult]) -> None:
    """Write the receipts of a batch of writes."""
    for result in results:
        answer.result.add(operation_id=result.operation_id, status=_STATUS[result.status])


def scored(answer: Any, points: Iterable[ScoredPoint]) -> None:
    """Write points with scores into ``result``."""
    add = answer.result.add
    for point in points:
        _point(add(score=point.score, version=point.version), point)


def columns(answer: Any, ids: Iterable[PointId], scores: Iterable[float], versions: Iterable[int]) -> None:
    """Write points that are nothing but ids, scores and versions."""
    add = answer.result.add
    for point, score, version in zip(ids, scores, versions, strict=True):
        message = add(score=score, version=version)
        if isinstance(point, uuid.UUID):
            message.id.uuid = str(point)
        else:
            message.id.num = point


def batches(answer: Any, results: Iterable[Iterable[ScoredPoint]]) -> None:
    """Write the points of several queries."""
    for points in results:
        scored(answer.result.add(), points)


def records(answer: Any, points: Iterable[Record]) -> None:
    """Write points without scores into ``result``."""
    for point in points:
        _point(answer.result.add(), point)


def page(answer: Any, result: tuple[Iterable[Record], PointId | None]) -> None:
    """Write a page of a scroll, and where the next one starts."""
    points, following = result
    records(answer, points)
    if following is not None:
        set_id(answer.next_page_offset, following)


def groups(answer: Any, result: Iterable[PointGroup]) -> None:
    """Write points by group."""
    answer.result.SetInParent()
    for group in result:
        message = answer.result.groups.add()
        if isinstance(group.id, str):
            message.id.string_value = group.id
        elif group.id >= 0:
            message.id.unsigned_value = group.id
        else:
            message.id.integer_value = group.id
        for hit in group.hits:
            found = message.hits.add(version=hit.version)
            found.score = hit.score
            _point(found, hit)
        if group.lookup is not None:
            _point(message.lookup, group.lookup)


def count(answer: Any, result: int) -> None:
    """Write how many there are."""
    answer.result.count = result


def facet(answer: Any, result: Iterable[tuple[Any, int]]) -> None:
    """Write values and how often they are there."""
    for value, number in result:
        hit = answer.hits.add(count=number)
        if isinstance(value, bool):
            hit.value.bool_value = value
        elif isinstance(value, int):
            hit.value.integer_value = value
        else:
            hit.value.string_value = str(value)


def pairs(answer: Any, result: Iterable[tuple[PointId, PointId, float]]) -> None:
    """Write a matrix of distances as pairs."""
    answer.result.SetInParent()
    for a, b, score in result:
        pair = answer.result.pairs.add(score=float(score))
        set_id(pair.a, a)
        set_id(pair.b, b)


def offsets(answer: Any, result: Mapping[str, Any]) -> None:
    """Write a matrix of distances as coordinates."""
    answer.result.SetInParent()
    for name in ("offsets_row", "offsets_col", "scores"):
        getattr(answer.result, name).extend(np.asarray(result[name]).tolist())
    for point in result["ids"]:
        set_id(answer.result.ids.add(), point)


def _point(message: Any, point: Record | ScoredPoint) -> None:
    """Write what points with and without scores have in common."""
    if isinstance(point.id, uuid.UUID):
        message.id.uuid = str(point.id)
    else:
        message.id.num = point.id
    if point.payload:
        fill_map(message.payload, point.payload)
    if point.vectors is not None:
        _vectors(message.vectors, point.vectors)
    if point.order_value is not None:
        kind = "float" if isinstance(point.order_value, float) else "int"
        setattr(message.order_value, kind, point.order_value)


def _vectors(message: Any, vectors: Mapping[str, Any]) -> None:
    if vectors.keys() == {""}:
        _vector(message.vector, vectors[""])
        return
    message.vectors.SetInParent()
    for name, vector in vectors.items():
        _vector(message.vectors.vectors[name], vector)


def _vector(message: Any, vector: Any) -> None:
    """Write a vector twice: as a variant, and flat, which is all that clients before 1.16 read."""
    if isinstance(vector, SparseVector):
        indices, values = vector.indices.tolist(), vector.values.tolist()
        message.sparse.indices.extend(indices)
        message.sparse.values.extend(values)
        message.sparse.SetInParent()
        message.indices.data.extend(indices)
        message.indices.SetInParent()
        message.data.extend(values)
        return
    numbers = np.asarray(vector)
    if numbers.ndim == 1:
        flat = numbers.tolist()
        message.dense.data.extend(flat)
    else:
        message.multi_dense.SetInParent()
        for row in numbers.tolist():
            message.multi_dense.vectors.add().data.extend(row)
        flat = numbers.ravel().tolist()
        message.vectors_count = len(numbers)
    message.data.extend(flat)
