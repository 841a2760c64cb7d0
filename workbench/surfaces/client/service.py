"""Snapshots, the cluster that this is not, and the service itself."""

from __future__ import annotations

from typing import Any

from qdrant_client.http import models

from workbench.api.operations import ACCEPTED
from workbench.surfaces.client.base import EngineCalls, parameters
from workbench.surfaces.client.plain import plain, without_none
from workbench.surfaces.client.results import validated

_Snapshots = list[models.SnapshotDescription]


class ServiceCalls(EngineCalls):
    """Answers the calls about snapshots, shards, peers and the version."""

    # -- snapshots -------------------------------------------------------------------------------------

    def list_snapshots(self, collection_name: str, **options: Any) -> _Snapshots:
        """Return the snapshots of a collection."""
        found: _Snapshots = validated(_Snapshots, self._run("list_snapshots", collection_name))
        return found

    def create_snapshot(
        self, collection_name: str, *, wait: bool = True, **options: Any
    ) -> models.SnapshotDescription | None:
        """Take a snapshot of a collection; None when the caller does not wait for it."""
        return _described(self._run("create_snapshot", collection_name, params={"wait": wait}))

    def delete_snapshot(
        self, collection_name: str, snapshot_name: str, *, wait: bool = True, **options: Any
    ) -> bool | None:
        """Remove a snapshot."""
        return _done(
            self._run("delete_snapshot", collection_name, params={"wait": wait}, snapshot_name=snapshot_name)
        )

    def list_full_snapshots(self, **options: Any) -> _Snapshots:
        """Return the snapshots of the whole database."""
        found: _Snapshots = validated(_Snapshots, self._run("list_full_snapshots"))
        return found

    def create_full_snapshot(self, *, wait: bool = True, **options: Any) -> models.SnapshotDescription | None:
        """Take a snapshot of the whole database; None when the caller does not wait for it."""
        return _described(self._run("create_full_snapshot", params={"wait": wait}))

    def delete_full_snapshot(self, snapshot_name: str, *, wait: bool = True, **options: Any) -> bool | None:
        """Remove a snapshot of the whole database."""
        return _done(self._run("delete_full_snapshot", params={"wait": wait}, snapshot_name=snapshot_name))

    def recover_snapshot(
        self, collection_name: str, location: str, *, wait: bool = True, **options: Any
    ) -> bool | None:
        """Make a collection what a snapshot says, from a file or an address."""
        body = _recovery(location, options)
        return _done(self._run("recover_from_snapshot", collection_name, body, {"wait": wait}))

    def list_shard_snapshots(self, collection_name: str, shard_id: int, **options: Any) -> _Snapshots:
        """Return the snapshots of a shard, of which there is number 0."""
        found = self._run("list_shard_snapshots", collection_name, shard_id=str(shard_id))
        snapshots: _Snapshots = validated(_Snapshots, found)
        return snapshots

    def create_shard_snapshot(
        self, collection_name: str, shard_id: int, *, wait: bool = True, **options: Any
    ) -> models.SnapshotDescription | None:
        """Take a snapshot of a shard."""
        return _described(
            self._run("create_shard_snapshot", collection_name, params={"wait": wait}, shard_id=str(shard_id))
        )

    def delete_shard_snapshot(
        self, collection_name: str, shard_id: int, snapshot_name: str, *, wait: bool = True, **options: Any
    ) -> bool | None:
        """Remove a snapshot of a shard."""
        return _done(
            self._run(
                "delete_shard_snapshot",
                collection_name,
                params={"wait": wait},
                shard_id=str(shard_id),
                snapshot_name=snapshot_name,
            )
        )

    def recover_shard_snapshot(
        self, collection_name: str, shard_id: int, location: str, *, wait: bool = True, **options: Any
    ) -> bool | None:
        """Make a shard what a snapshot says, from a file or an address."""
        body = _recovery(location, options)
        return _done(
            self._run(
                "recover_shard_from_snapshot", collection_name, body, {"wait": wait}, shard_id=str(shard_id)
            )
        )

    # -- cluster ---------------------------------------------------------------------------------------

    def create_shard_key(
        self,
        collection_name: str,
        shard_key: Any,
        shards_number: int | None = None,
        replication_factor: int | None = None,
        placement: list[int] | None = None,
        initial_state: Any = None,
        **options: Any,
    ) -> bool:
        """Ask for shards under a key, which a single machine refuses."""
        body = without_none(
            shard_key=shard_key,
            shards_number=shards_number,
            replication_factor=replication_factor,
            placement=placement,
            initial_state=initial_state,
        )
        return bool(self._run("create_shard_key", collection_name, body, parameters(options)))

    def delete_shard_key(self, collection_name: str, shard_key: Any, **options: Any) -> bool:
        """Ask to remove the shards of a key, which a single machine refuses."""
        body = without_none(shard_key=shard_key)
        return bool(self._run("delete_shard_key", collection_name, body, parameters(options)))

    def list_shard_keys(self, collection_name: str, **options: Any) -> models.ShardKeysResponse:
        """Return the keys of shards."""
        return validated(models.ShardKeysResponse, self._run("list_shard_keys", collection_name))

    def cluster_collection_update(self, collection_name: str, cluster_operation: Any, **options: Any) -> bool:
        """Ask to move or copy shards, which a single machine refuses."""
        body = plain(cluster_operation)
        return bool(self._run("update_collection_cluster", collection_name, body, parameters(options)))

    def collection_cluster_info(self, collection_name: str) -> models.CollectionClusterInfo:
        """Return where the shards of a collection are."""
        found = self._run("collection_cluster_info", collection_name)
        return validated(models.CollectionClusterInfo, found)

    def cluster_status(self) -> models.ClusterStatus:
        """Return that there is no cluster."""
        return validated(models.ClusterStatus, self._run("cluster_status"))

    def cluster_telemetry(self, **options: Any) -> models.DistributedTelemetryData:
        """Return figures of a cluster, which a single machine refuses."""
        found = self._run("cluster_telemetry", params=parameters(options, "details_level"))
        return validated(models.DistributedTelemetryData, found)

    def recover_current_peer(self) -> bool:
        """Ask to join the cluster again, which a single machine refuses."""
        return bool(self._run("recover_current_peer"))

    def remove_peer(self, peer_id: int, **options: Any) -> bool:
        """Ask to remove a machine, which a single one refuses."""
        params = parameters(options, "force")
        return bool(self._run("remove_peer", params=params, peer_id=str(peer_id)))

    # -- service ---------------------------------------------------------------------------------------

    def info(self) -> models.VersionInfo:
        """Return the version of Qdrant's API that is spoken."""
        return validated(models.VersionInfo, self._run("root"))


def _described(result: Any) -> models.SnapshotDescription | None:
    if result is ACCEPTED:
        return None
    found: models.SnapshotDescription = validated(models.SnapshotDescription, result)
    return found


def _done(result: Any) -> bool:
    return result is ACCEPTED or bool(result)


def _recovery(location: str, options: dict[str, Any]) -> dict[str, Any]:
    names = ("priority", "checksum", "api_key")
    return without_none(location=location, **{name: options.get(name) for name in names})
