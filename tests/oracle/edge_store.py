"""Qdrant's own core behind the calls of the REST API: a collection that answers operations by their names."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import qdrant_edge as edge

from tests.oracle.edge_filters import edge_filter, edge_index
from tests.oracle.edge_queries import edge_request, edge_vector, payload_selector

Body = dict[str, Any]
_OP = edge.UpdateOperation
_MODES = {
    "upsert": edge.UpdateMode.Upsert,
    "insert_only": edge.UpdateMode.InsertOnly,
    "update_only": edge.UpdateMode.UpdateOnly,
}


class Refused(Exception):
    """What the core answers with an error."""


class EdgeStore:
    """One collection in Qdrant's core.

    The core writes the first points of a request before it finds that a later one does not exist; here such
    a request is refused before it writes, see `partial writes` in ``workbench/testing/disagreements.py``.

    Parameters
    ----------
    path : Path
        A folder that does not exist yet.
    config : dict
        The body of ``create_collection``.
    """

    def __init__(self, path: Path, config: Body) -> None:
        self.shard = edge.EdgeShard.create(str(path), edge_config(config))

    def __call__(self, operation: str, body: Body) -> Any:
        """Run an operation; what the core refuses raises ``Refused``."""
        try:
            if (write := _WRITES.get(operation)) is not None:
                self._require(operation, body)
                return self.shard.update(write(body))
            return getattr(self, operation)(body)
        except BaseException as error:
            if type(error) is not Exception and not _is_panic(error):
                raise
            raise Refused(str(error)) from error

    def close(self) -> None:
        """Close the files."""
        self.shard.close()

    def _require(self, operation: str, body: Body) -> None:
        if operation in ("upsert_points", "delete_points") or "points" not in body:
            return
        ids = [p["id"] if isinstance(p, dict) else p for p in body["points"]]
        found = {plain_id(record.id) for record in self.shard.retrieve(ids, False, False)}
        if missing := [i for i in ids if plain_id(i) not in found]:
            raise Exception(f"No point with id {missing[0]}")

    def scroll_points(self, body: Body) -> Any:
        return self.shard.scroll(
            edge.ScrollRequest(
                offset=body.get("offset"),
                limit=body.get("limit", 10),
                filter=_filter(body),
                with_payload=payload_selector(body.get("with_payload", True)),
                with_vector=body.get("with_vector", False),
                order_by=_order_by(body.get("order_by")),
            )
        )

    def get_points(self, body: Body) -> Any:
        payload = payload_selector(body.get("with_payload", True))
        return self.shard.retrieve(body["ids"], payload, body.get("with_vector", False))

    def count_points(self, body: Body) -> int:
        found: int = self.shard.count(edge.CountRequest(exact=True, filter=_filter(body)))
        return found

    def facet(self, body: Body) -> Any:
        request = edge.FacetRequest(body["key"], body.get("limit", 10), exact=True, filter=_filter(body))
        return [(hit.value, hit.count) for hit in self.shard.facet(request).hits]

    def query_points(self, body: Body) -> Any:
        return self.shard.query(edge_request(body))


def _is_panic(error: BaseException) -> bool:
    return type(error).__name__ == "PanicException" or isinstance(error, ValueError | TypeError)


def plain_id(value: Any) -> int | str:
    """Return an id that compares equal however it was spelled."""
    return value if isinstance(value, int) else str(uuid.UUID(str(value)))


def edge_config(config: Body) -> Any:
    """Return the settings of a collection whose vectors have names."""
    vectors = {}
    for name, own in config.get("vectors", {}).items():
        vectors[name] = edge.EdgeVectorParams(
            own["size"],
            getattr(edge.Distance, own["distance"]),
            multivector_config=_many(own),
            datatype=_datatype(own),
        )
    sparse = {
        name: edge.EdgeSparseVectorParams(
            modifier=edge.Modifier.Idf if own.get("modifier") == "idf" else None
        )
        for name, own in config.get("sparse_vectors", {}).items()
    }
    return edge.EdgeConfig(vectors=vectors, sparse_vectors=sparse)


def _many(own: Body) -> Any:
    comparator = edge.MultiVectorComparator.MaxSim
    return edge.MultiVectorConfig(comparator) if "multivector_config" in own else None


def _datatype(own: Body) -> Any:
    return getattr(edge.VectorStorageDatatype, own.get("datatype", "float32").capitalize())


def _filter(body: Body, key: str = "filter") -> Any:
    return None if body.get(key) is None else edge_filter(edge, body[key])


def _order_by(value: Any) -> Any:
    if value is None:
        return None
    given = {"key": value} if isinstance(value, str) else value
    direction = edge.Direction.Desc if given.get("direction") == "desc" else edge.Direction.Asc
    return edge.OrderBy(given["key"], direction, given.get("start_from"))


def _named(vectors: Body) -> Body:
    return {name: edge_vector(vector) for name, vector in vectors.items()}


def _upsert(body: Body) -> Any:
    points = [edge.Point(p["id"], _named(p["vector"]), p.get("payload")) for p in body["points"]]
    mode = _MODES[body.get("update_mode", "upsert")]
    return _OP.upsert_points(points, _filter(body, "update_filter"), mode)


def _update_vectors(body: Body) -> Any:
    points = [edge.PointVectors(p["id"], _named(p["vector"])) for p in body["points"]]
    return _OP.update_vectors(points, _filter(body, "update_filter"))


def _of(by_ids: Any, by_filter: Any, *names: str) -> Any:
    """Return an operation on ids or a filter, followed by the fields `names`."""

    def make(body: Body) -> Any:
        rest = [body[name] for name in names if name in body]
        if "points" in body:
            return by_ids(body["points"], *rest)
        return by_filter(_filter(body) or edge.Filter(), *rest)

    return make


def _create_index(body: Body) -> Any:
    given = body["field_schema"]
    given = {"type": given} if isinstance(given, str) else given
    params = {name: value for name, value in given.items() if name != "type"}
    return _OP.create_field_index(body["field_name"], edge_index(edge, given["type"], params))


def _create_vector(body: Body) -> Any:
    if "sparse" in body:
        return _OP.create_sparse_vector(body["vector_name"])
    own = body["dense"]
    distance = getattr(edge.Distance, own["distance"])
    return _OP.create_dense_vector(body["vector_name"], own["size"], distance, _many(own), _datatype(own))


_WRITES = {
    "upsert_points": _upsert,
    "update_vectors": _update_vectors,
    "delete_points": _of(_OP.delete_points, _OP.delete_points_by_filter),
    "delete_vectors": _of(_OP.delete_vectors, _OP.delete_vectors_by_filter, "vector"),
    "set_payload": _of(_OP.set_payload, _OP.set_payload_by_filter, "payload", "key"),
    "overwrite_payload": _of(_OP.overwrite_payload, _OP.overwrite_payload_by_filter, "payload"),
    "delete_payload": _of(_OP.delete_payload, _OP.delete_payload_by_filter, "keys"),
    "clear_payload": _of(_OP.clear_payload, _OP.clear_payload_by_filter),
    "create_field_index": _create_index,
    "create_vector_name": _create_vector,
    "delete_vector_name": lambda body: _OP.delete_vector_name(body["vector_name"]),
    "delete_field_index": lambda body: _OP.delete_field_index(body["field_name"]),
}
