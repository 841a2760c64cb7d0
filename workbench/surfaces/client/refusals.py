"""The calls of Qdrant's client that this version does not answer: each says so, and what to do instead."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

from qdrant_client.client_base import QdrantBase

from workbench.engine import Engine
from workbench.errors import Unsupported

_SERVER = "a cluster: this is one process on one machine"
_SNAPSHOTS = "snapshots; close the database and copy its folder"
_ALIASES = "aliases; call the collection by its name"
_VECTORS = "changing single vectors of a point; upsert the whole point"
_NAMES = "adding or removing a named vector; create a collection with the vectors you need"
_MATRIX = "distance matrices; retrieve the vectors and compare them"

REFUSED = {
    "search_matrix_offsets": _MATRIX,
    "search_matrix_pairs": _MATRIX,
    "facet": "facets; count with a filter for each value",
    "update_vectors": _VECTORS,
    "delete_vectors": _VECTORS,
    "batch_update_points": "batches of different writes; call them one after the other",
    "update_collection_aliases": _ALIASES,
    "get_collection_aliases": _ALIASES,
    "get_aliases": _ALIASES,
    "create_vector_name": _NAMES,
    "delete_vector_name": _NAMES,
    "list_snapshots": _SNAPSHOTS,
    "create_snapshot": _SNAPSHOTS,
    "delete_snapshot": _SNAPSHOTS,
    "list_full_snapshots": _SNAPSHOTS,
    "create_full_snapshot": _SNAPSHOTS,
    "delete_full_snapshot": _SNAPSHOTS,
    "recover_snapshot": _SNAPSHOTS,
    "list_shard_snapshots": _SNAPSHOTS,
    "create_shard_snapshot": _SNAPSHOTS,
    "delete_shard_snapshot": _SNAPSHOTS,
    "recover_shard_snapshot": _SNAPSHOTS,
    "create_shard_key": _SERVER,
    "delete_shard_key": _SERVER,
    "list_shard_keys": _SERVER,
    "cluster_collection_update": _SERVER,
    "collection_cluster_info": _SERVER,
    "cluster_status": _SERVER,
    "cluster_telemetry": _SERVER,
    "recover_current_peer": _SERVER,
    "remove_peer": _SERVER,
    "get_optimizations": "reports of the optimizer; get_collection tells its status",
}


def _refusal(name: str, what: str) -> Callable[..., NoReturn]:
    def refused(self: QdrantBase, *args: Any, **kwargs: Any) -> NoReturn:
        raise Unsupported(f"{name}: this version does not answer {what}")

    refused.__name__, refused.__doc__ = name, f"Raise ``Unsupported``: no {what}."
    return refused


class EngineCalls(QdrantBase):
    """What answers over an engine; raises ``Unsupported`` for every call in ``REFUSED``.

    Parameters
    ----------
    engine : Engine
        Where the collections are.
    """

    def __init__(self, engine: Engine) -> None:
        super().__init__()
        self.engine = engine


for _name, _what in REFUSED.items():
    setattr(EngineCalls, _name, _refusal(_name, _what))
