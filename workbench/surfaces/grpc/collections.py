"""The calls of the service ``qdrant.Collections``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from qdrant_client.conversions.conversion import RestToGrpc
from qdrant_client.http import models as rest

from workbench.api.operations import Call
from workbench.surfaces.grpc.messages import chosen, plain
from workbench.surfaces.grpc.table import Rpc, call_of, inner

# What changes of a cluster are called in the REST API, where that differs.
_CLUSTER = {"create_shard_key": "create_sharding_key", "delete_shard_key": "drop_sharding_key"}


def _aliases(message: Any) -> Call:
    return call_of(message, {"actions": [], **inner(message)})


def _cluster_setup(message: Any) -> Call:
    kind = chosen(message, "operation")
    return call_of(message, {_CLUSTER.get(kind, kind): plain(getattr(message, kind))})


def _shard_key(message: Any) -> Call:
    return call_of(message, plain(message.request))


def _info(answer: Any, result: Mapping[str, Any]) -> None:
    # The client's own conversion, through its models: this call is rare, and its answer has a hundred fields.
    answer.result.CopyFrom(RestToGrpc.convert_collection_info(rest.CollectionInfo.model_validate(result)))


def _cluster(answer: Any, result: Mapping[str, Any]) -> None:
    answer.CopyFrom(
        RestToGrpc.convert_collection_cluster_info(rest.CollectionClusterInfo.model_validate(result))
    )


def _names(answer: Any, result: Mapping[str, Any]) -> None:
    for collection in result["collections"]:
        answer.collections.add(name=collection["name"])


def _alias_list(answer: Any, result: Mapping[str, Any]) -> None:
    for alias in result["aliases"]:
        answer.aliases.add(alias_name=alias["alias_name"], collection_name=alias["collection_name"])


def _exists(answer: Any, result: Mapping[str, Any]) -> None:
    answer.result.exists = result["exists"]


def _shard_keys(answer: Any, result: Mapping[str, Any]) -> None:
    for found in result.get("shard_keys") or ():
        answer.shard_keys.add(key=RestToGrpc.convert_shard_key(found["key"]))


def _done(answer: Any, result: bool) -> None:
    answer.result = result


TABLE: dict[str, Rpc] = {
    "Get": Rpc("get_collection", call_of, _info),
    "List": Rpc("get_collections", call_of, _names),
    "Create": Rpc("create_collection", call_of, _done),
    "Update": Rpc("update_collection", call_of, _done),
    "Delete": Rpc("delete_collection", call_of, _done),
    "UpdateAliases": Rpc("update_aliases", _aliases, _done),
    "ListCollectionAliases": Rpc("get_collection_aliases", call_of, _alias_list),
    "ListAliases": Rpc("get_collections_aliases", call_of, _alias_list),
    "CollectionExists": Rpc("collection_exists", call_of, _exists),
    "CollectionClusterInfo": Rpc("collection_cluster_info", call_of, _cluster),
    "UpdateCollectionClusterSetup": Rpc("update_collection_cluster", _cluster_setup, _done),
    "CreateShardKey": Rpc("create_shard_key", _shard_key, _done),
    "DeleteShardKey": Rpc("delete_shard_key", _shard_key, _done),
    "ListShardKeys": Rpc("list_shard_keys", call_of, _shard_keys),
}
