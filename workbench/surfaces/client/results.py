"""From what the engine found to the client's answers."""

from __future__ import annotations

import uuid
from typing import Any

from qdrant_client.http import models

from workbench.models.points import PointId, Record, UpdateResult
from workbench.models.query import Selector
from workbench.query.fetch import records
from workbench.query.group import Group
from workbench.query.nearest import Found
from workbench.query.ranking import Scored
from workbench.segments.view import View


def client_id(point: PointId) -> int | str:
    """Return an id as Qdrant writes it: an integer, or a UUID with hyphens."""
    return str(point) if isinstance(point, uuid.UUID) else point


def client_records(view: View, found: Found, payload: Selector, vectors: Selector) -> list[models.Record]:
    """Return points as ``models.Record``."""
    return [
        models.Record(id=client_id(r.id), payload=r.payload, vector=_vector(r))
        for r in records(view, found, payload, vectors)
    ]


def client_points(view: View, hits: Scored, payload: Selector, vectors: Selector) -> list[models.ScoredPoint]:
    """Return hits as ``models.ScoredPoint``; the version is 0, as the client's own in-process engine says."""
    scores = hits.scores.tolist()
    return [
        models.ScoredPoint(id=client_id(r.id), version=0, score=score, payload=r.payload, vector=_vector(r))
        for r, score in zip(records(view, hits.found, payload, vectors), scores, strict=True)
    ]


def client_group(view: View, group: Group, payload: Selector, vectors: Selector) -> models.PointGroup:
    """Return one group as ``models.PointGroup``."""
    return models.PointGroup(id=group.id, hits=client_points(view, group.hits, payload, vectors))


def client_update(result: UpdateResult, wait: bool) -> models.UpdateResult:
    """Return the receipt of a write; it is applied in any case, but only a caller who waits is told so."""
    status = models.UpdateStatus.COMPLETED if wait else models.UpdateStatus.ACKNOWLEDGED
    return models.UpdateResult(operation_id=result.operation_id, status=status)


def _vector(record: Record) -> Any:
    if record.vectors is None:
        return None
    vectors = {name: values.astype(float).tolist() for name, values in record.vectors.items()}
    return vectors[""] if vectors.keys() == {""} else vectors
