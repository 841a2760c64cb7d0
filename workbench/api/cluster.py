"""What Qdrant answers about a cluster when there is none: one peer, one shard a collection."""

from __future__ import annotations

from typing import Any

from workbench.api.body import REQUIRED
from workbench.api.operations import Access, Call, operation
from workbench.api.service import Service
from workbench.collection import Collection
from workbench.errors import BadRequest, Corrupted, FormatError, NotStandalone


@operation(Access.READ)
def cluster_status(service: Service, call: Call) -> dict[str, str]:
    """Tell that there is no cluster."""
    return {"status": "disabled"}


@operation(Access.MANAGE)
def recover_current_peer(service: Service, call: Call) -> bool:
    """Refuse: there is no cluster."""
    raise NotStandalone


@operation(Access.MANAGE)
def remove_peer(service: Service, call: Call) -> bool:
    """Refuse: there is no cluster."""
    raise NotStandalone


@operation(Access.READ)
def cluster_telemetry(service: Service, call: Call) -> dict[str, Any]:
    """Describe the cluster of one peer: its collections, each of one shard."""
    call.number("details_level")
    call.number("timeout", 1)
    names = service.engine.names()
    return {
        "collections": {name: {"id": name, "shards": [_shard(service, name)]} for name in names},
        "cluster": {"enabled": False, "number_of_peers": 1, "peers": {}},
    }


@operation(Access.READ)
def collection_cluster_info(service: Service, call: Call) -> dict[str, Any]:
    """Describe the one shard of a collection."""
    collection = service.engine.collection(call.collection_name)
    return {
        "peer_id": service.peer,
        "shard_count": 1,
        "local_shards": [{"shard_id": 0, "points_count": collection.view.live, "state": "Active"}],
        "remote_shards": [],
        "shard_transfers": [],
    }


@operation(Access.MANAGE)
def update_collection_cluster(service: Service, call: Call) -> bool:
    """Refuse: there is no cluster."""
    service.engine.collection(call.collection_name)
    raise NotStandalone


@operation(Access.READ)
def list_shard_keys(service: Service, call: Call) -> dict[str, Any]:
    """List no key: only a cluster can give shards keys."""
    custom = _sharding(service.engine.collection(call.collection_name)) == "custom"
    return {"shard_keys": [] if custom else None}


@operation(Access.MANAGE)
def create_shard_key(service: Service, call: Call) -> bool:
    """Refuse: there is no cluster."""
    _check_key(service, call)
    raise BadRequest("Distributed mode disabled")


@operation(Access.MANAGE)
def delete_shard_key(service: Service, call: Call) -> bool:
    """Refuse: there is no cluster."""
    _check_key(service, call)
    raise BadRequest("Distributed mode disabled")


def _check_key(service: Service, call: Call) -> None:
    service.engine.collection(call.collection_name)
    key = call.reader().raw("shard_key", REQUIRED)
    if isinstance(key, bool) or not isinstance(key, str | int):
        raise FormatError("shard_key: data did not match any variant of untagged enum ShardKey")


def _sharding(collection: Collection) -> str:
    return str(collection.config.params.get("sharding_method", "auto"))


def _shard(service: Service, name: str) -> dict[str, Any]:
    replica = {"peer_id": service.peer, "state": "Active"}
    try:
        replica["num_points"] = service.engine.collection(name).view.live
    except Corrupted:
        replica["state"] = "Dead"
    return {"id": 0, "replicas": [replica]}
