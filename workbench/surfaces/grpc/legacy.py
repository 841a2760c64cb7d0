"""The eight calls of ``qdrant.Points`` that are deprecated: search, recommend and discover."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from workbench.api.operations import Call
from workbench.surfaces.grpc import answers
from workbench.surfaces.grpc.table import Rpc, call_of, inner

Json = dict[str, Any]

Body = Callable[[Any], Json]


def _search(message: Any) -> Json:
    body = inner(message, "vector", "vector_name", "sparse_indices")
    vector: Any = np.array(message.vector, np.float32)
    if message.HasField("sparse_indices"):
        vector = {"indices": np.array(message.sparse_indices.data, np.uint32), "values": vector}
    if message.vector_name or isinstance(vector, dict):
        vector = {"name": message.vector_name, "vector": vector}
    return {"vector": vector, **body}


def _recommend(message: Any) -> Json:
    body = inner(message)
    for side in ("positive", "negative"):
        body[side] = [*body.get(side, []), *body.pop(f"{side}_vectors", [])]
    return body


def _discover(message: Any) -> Json:
    return inner(message)


def _one(read: Body) -> Callable[[Any], Call]:
    return lambda message: call_of(message, read(message))


def _many(read: Body, field: str) -> Callable[[Any], Call]:
    return lambda message: call_of(message, {"searches": [read(one) for one in getattr(message, field)]})


TABLE: dict[str, Rpc] = {
    "Search": Rpc("search_points", _one(_search), answers.scored),
    "SearchBatch": Rpc("search_batch_points", _many(_search, "search_points"), answers.batches),
    "SearchGroups": Rpc("search_point_groups", _one(_search), answers.groups),
    "Recommend": Rpc("recommend_points", _one(_recommend), answers.scored),
    "RecommendBatch": Rpc("recommend_batch_points", _many(_recommend, "recommend_points"), answers.batches),
    "RecommendGroups": Rpc("recommend_point_groups", _one(_recommend), answers.groups),
    "Discover": Rpc("discover_points", _one(_discover), answers.scored),
    "DiscoverBatch": Rpc("discover_batch_points", _many(_discover, "discover_points"), answers.batches),
}
