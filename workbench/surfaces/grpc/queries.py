"""Vectors, queries and selectors: where their messages differ from the REST API."""

from __future__ import annotations

from typing import Any

import numpy as np

from workbench.errors import FormatError
from workbench.surfaces.grpc.filters import moment
from workbench.surfaces.grpc.messages import chosen, entries, payload, plain, shape

# Queries whose REST counterpart has the same name and content.
_UNWRAPPED = ("mult", "sum", "max", "min")


# -- vectors -----------------------------------------------------------------------------------------------


@shape("DenseVector")
def dense(message: Any) -> Any:
    """Return float32[d].

    The message is one packed field, so its bytes are those of the numbers after a head: a third of the time
    of NumPy's reading of the container.
    """
    wire = message.SerializeToString()
    count = len(message.data)
    head = packed_head(count)
    if len(wire) != len(head) + 4 * count or not wire.startswith(head):  # fields of another version
        return np.array(message.data, np.float32)
    return np.frombuffer(wire, "<f4", offset=len(head))


def packed_head(count: int) -> bytes:
    """Return the bytes that come before `count` packed floats in field 1; none before none."""
    if not count:
        return b""
    size, found = 4 * count, bytearray(b"\x0a")  # field 1, length-delimited
    while size > 0x7F:
        found.append(size & 0x7F | 0x80)
        size >>= 7
    found.append(size)
    return bytes(found)


@shape("SparseVector")
def _sparse(message: Any) -> dict[str, Any]:
    return _pairs(message.indices, message.values)


@shape("MultiDenseVector")
def _multi(message: Any) -> Any:
    rows = [dense(row) for row in message.vectors]
    return np.array(rows) if len({len(row) for row in rows}) == 1 else [row.tolist() for row in rows]


@shape("Document", "Image", "InferenceObject")
def _inference(message: Any) -> dict[str, Any]:
    found = entries(message)
    if "options" in found:
        found["options"] = payload(message.options)
    return found


@shape("Vector")
def vector(message: Any) -> Any:
    """Return a vector of whatever kind, also in the flat fields that clients sent before 1.16."""
    kind = message.WhichOneof("vector")
    if kind is not None:
        return plain(getattr(message, kind))
    numbers = np.array(message.data, np.float32)
    if message.HasField("indices"):
        return _pairs(message.indices.data, numbers)
    if not message.HasField("vectors_count"):
        return numbers
    count = message.vectors_count
    if not count or len(numbers) % count:
        raise FormatError(
            "Data length is not divisible by vectors count. "
            f"Data length: {len(numbers)}, vectors count: {count}"
        )
    return numbers.reshape(count, -1)


@shape("Vectors")
def vectors(message: Any) -> Any:
    """Return the vectors of a point: one, or several by name."""
    kind = message.WhichOneof("vectors_options")
    if kind == "vector":
        return vector(message.vector)
    named = message.vectors.vectors
    return {name: vector(named[name]) for name in named}


@shape("VectorInput")
def _vector_input(message: Any) -> Any:
    return plain(getattr(message, chosen(message, "variant")))


@shape("VectorExample")
def _vector_example(message: Any) -> Any:
    return plain(getattr(message, chosen(message, "example")))


@shape("TargetVector")
def _target(message: Any) -> Any:
    return plain(getattr(message, chosen(message, "target")))


def _pairs(indices: Any, values: Any) -> dict[str, Any]:
    return {"indices": np.array(indices, np.uint32), "values": np.array(values, np.float32)}


# -- selectors ---------------------------------------------------------------------------------------------


@shape("WithPayloadSelector")
def _with_payload(message: Any) -> Any:
    kind = chosen(message, "selector_options")
    if kind == "enable":
        return message.enable
    fields = list(getattr(message, kind).fields)
    return fields if kind == "include" else {"exclude": fields}


@shape("WithVectorsSelector")
def _with_vectors(message: Any) -> Any:
    kind = chosen(message, "selector_options")
    return message.enable if kind == "enable" else list(message.include.names)


@shape("ShardKey")
def _shard_key(message: Any) -> Any:
    return getattr(message, chosen(message, "key"))


@shape("ShardKeySelector")
def _shard_keys(message: Any) -> Any:
    keys = [_shard_key(key) for key in message.shard_keys]
    if message.HasField("fallback"):
        if len(keys) != 1:
            raise FormatError("Fallback shard key can only be set when a single shard key is provided")
        return {"target": keys[0], "fallback": _shard_key(message.fallback)}
    return keys


@shape("ReadConsistency")
def _consistency(message: Any) -> Any:
    return entries(message)[chosen(message, "value")]


@shape("WriteOrdering")
def _ordering(message: Any) -> Any:
    return entries(message)["type"]


@shape("LookupLocation")
def _lookup(message: Any) -> dict[str, Any]:
    names = {"collection_name": "collection", "vector_name": "vector", "shard_key_selector": "shard_key"}
    return {names[name]: value for name, value in entries(message).items()}


# -- queries -----------------------------------------------------------------------------------------------


@shape("Query")
def _query(message: Any) -> Any:
    kind = chosen(message, "variant")
    content = getattr(message, kind)
    if kind == "nearest":
        return {"nearest": _vector_input(content)}
    if kind == "nearest_with_mmr":
        return {"nearest": _vector_input(content.nearest), "mmr": plain(content.mmr)}
    if kind == "formula":
        found = {"formula": plain(content.expression)}
        return {**found, "defaults": payload(content.defaults)} if content.defaults else found
    if kind in ("fusion", "sample"):
        return {kind: entries(message)[kind]}
    return {kind: plain(content)}


@shape("RecommendInput")
def _recommend(message: Any) -> dict[str, Any]:
    return {"positive": [], "negative": [], **entries(message)}


@shape("ContextInput")
def _context(message: Any) -> list[Any]:
    return [entries(pair) for pair in message.pairs]


@shape("DiscoverInput")
def _discover(message: Any) -> dict[str, Any]:
    return {"target": plain(message.target), "context": _context(message.context)}


@shape("RelevanceFeedbackInput")
def _feedback(message: Any) -> dict[str, Any]:
    return {"feedback": [], **entries(message)}


@shape("TextQuery")
def _text(message: Any) -> dict[str, Any]:
    found = {"query": message.query}
    if message.WhichOneof("scoring") is None:
        return found
    return {**found, "scoring": {"bm25": entries(message.bm25)}}


@shape("IdfParams")
def _idf(message: Any) -> Any:
    return {"corpus": plain(message.corpus)} if message.HasField("corpus") else "global"


@shape("StartFrom")
def _start_from(message: Any) -> Any:
    kind = chosen(message, "value")
    content = getattr(message, kind)
    return moment(content) if kind == "timestamp" else content


@shape("Expression")
def _expression(message: Any) -> Any:
    kind = chosen(message, "variant")
    content = getattr(message, kind)
    if kind in ("constant", "variable"):
        return content
    if kind == "condition":
        return plain(content)
    if kind in ("datetime", "datetime_key"):
        return {kind: content}
    if kind in _UNWRAPPED:
        return {kind: [_expression(part) for part in getattr(content, kind)]}
    return {kind: plain(content)}
