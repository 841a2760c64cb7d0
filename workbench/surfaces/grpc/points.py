"""The calls of the service ``qdrant.Points``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from workbench.api.operations import Call
from workbench.errors import FormatError
from workbench.surfaces.grpc import answers, legacy
from workbench.surfaces.grpc.filters import point_id
from workbench.surfaces.grpc.messages import chosen, entries, payload, plain
from workbench.surfaces.grpc.point_batch import read_rows
from workbench.surfaces.grpc.table import Rpc, call_of, inner

Json = dict[str, Any]


# -- writes ------------------------------------------------------------------------------------------------


def _selected(selector: Any) -> Json:
    """Return the points that a selector means."""
    kind = selector.WhichOneof("points_selector_one_of")
    if kind is None:
        raise FormatError("PointsSelector is expected: either list of points or filter must be provided")
    if kind == "filter":
        return {"filter": plain(selector.filter)}
    return {"points": [point_id(point) for point in selector.points.ids]}


def _optional(message: Any, **names: str) -> Json:
    """Return fields that are set, under their names in the REST API."""
    found: Json = {}
    for name, theirs in {**names, "shard_key_selector": "shard_key"}.items():
        if message.HasField(name):
            value = getattr(message, name)
            found[theirs] = plain(value) if hasattr(value, "DESCRIPTOR") else value
    return found


# By number, because walking the whole message for its one enum would read every vector.
_MODES = {0: "upsert", 1: "insert_only", 2: "update_only"}


def _upsert(message: Any) -> Json:
    optional = _optional(message, update_filter="update_filter")
    if message.HasField("update_mode"):
        optional["update_mode"] = _MODES.get(message.update_mode, str(message.update_mode))
    return {"points": read_rows(message.points), **optional}


def _update_vectors(message: Any) -> Json:
    return {"points": read_rows(message.points), **_optional(message, update_filter="update_filter")}


def _delete_vectors(message: Any) -> Json:
    return {
        "vector": list(message.vectors.names),
        **_selected(message.points_selector),
        **_optional(message),
    }


def _set_payload(message: Any) -> Json:
    return {
        "payload": payload(message.payload),
        **_selected(message.points_selector),
        **_optional(message, key="key"),
    }


def _delete_payload(message: Any) -> Json:
    return {"keys": list(message.keys), **_selected(message.points_selector), **_optional(message)}


def _select(message: Any) -> Json:
    return {**_selected(message.points), **_optional(message)}


# The kinds of a batch: their key in the REST API, and how they are read. The two without a shard key are old.
_OPERATIONS: dict[str, tuple[str, Callable[[Any], Json]]] = {
    "upsert": ("upsert", _upsert),
    "delete_points": ("delete", _select),
    "delete_deprecated": ("delete", _selected),
    "set_payload": ("set_payload", _set_payload),
    "overwrite_payload": ("overwrite_payload", _set_payload),
    "delete_payload": ("delete_payload", _delete_payload),
    "clear_payload": ("clear_payload", _select),
    "clear_payload_deprecated": ("clear_payload", _selected),
    "update_vectors": ("update_vectors", _update_vectors),
    "delete_vectors": ("delete_vectors", _delete_vectors),
}


def _batch(message: Any) -> Json:
    operations = []
    for operation in message.operations:
        kind = chosen(operation, "operation")
        name, read = _OPERATIONS[kind]
        operations.append({name: read(getattr(operation, kind))})
    return {"operations": operations}


def _field_index(message: Any) -> Json:
    found = inner(message)
    kind, params = found.pop("field_type", None), found.pop("field_index_params", None)
    if params is not None:
        if kind is not None and kind != params["type"]:
            raise FormatError(f"field_type is {kind}, but field_index_params are those of {params['type']}")
        found["field_schema"] = params
    elif kind is not None:
        found["field_schema"] = kind
    return found


def _vector_name(message: Any) -> Json:
    kind = chosen(message, "vector_config")
    return {kind.removesuffix("_config"): entries(getattr(message, kind))}


# -- reads -------------------------------------------------------------------------------------------------


def _ids(message: Any) -> Json:
    return {"ids": [], **inner(message)}  # an empty list is a list, not an absent one


def _query_batch(message: Any) -> Json:
    return {"searches": [inner(query) for query in message.query_points]}


def _of(read: Callable[[Any], Json], *path: str) -> Callable[[Any], Call]:
    """Return a reader of requests out of one of their bodies."""
    return lambda message: call_of(message, read(message), path=path)


TABLE: dict[str, Rpc] = {
    "Upsert": Rpc("upsert_points", _of(_upsert), answers.update),
    "Delete": Rpc("delete_points", _of(_select), answers.update),
    "Get": Rpc("get_points", _of(_ids), answers.records),
    "UpdateVectors": Rpc("update_vectors", _of(_update_vectors), answers.update),
    "DeleteVectors": Rpc("delete_vectors", _of(_delete_vectors), answers.update),
    "SetPayload": Rpc("set_payload", _of(_set_payload), answers.update),
    "OverwritePayload": Rpc("overwrite_payload", _of(_set_payload), answers.update),
    "DeletePayload": Rpc("delete_payload", _of(_delete_payload), answers.update),
    "ClearPayload": Rpc("clear_payload", _of(_select), answers.update),
    "CreateFieldIndex": Rpc("create_field_index", _of(_field_index), answers.update),
    "DeleteFieldIndex": Rpc(
        "delete_field_index", lambda message: call_of(message, path=["field_name"]), answers.update
    ),
    "CreateVectorName": Rpc("create_vector_name", _of(_vector_name, "vector_name"), answers.update),
    "DeleteVectorName": Rpc(
        "delete_vector_name", lambda message: call_of(message, path=["vector_name"]), answers.update
    ),
    "Scroll": Rpc("scroll_points", call_of, answers.page),
    "Count": Rpc("count_points", call_of, answers.count),
    "UpdateBatch": Rpc("batch_update", _of(_batch), answers.updates),
    "Query": Rpc("query_points", call_of, answers.scored),
    "QueryBatch": Rpc("query_batch_points", _of(_query_batch), answers.batches),
    "QueryGroups": Rpc("query_points_groups", call_of, answers.groups),
    "Facet": Rpc("facet", call_of, answers.facet),
    "SearchMatrixPairs": Rpc("search_matrix_pairs", call_of, answers.pairs),
    "SearchMatrixOffsets": Rpc("search_matrix_offsets", call_of, answers.offsets),
    **legacy.TABLE,
}
