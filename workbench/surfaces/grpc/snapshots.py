"""The calls of the services ``qdrant.Snapshots`` and ``qdrant.Qdrant``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from workbench.api.operations import Call
from workbench.surfaces.grpc.table import Rpc, call_of


def _create(message: Any) -> Call:
    return call_of(message, {}, wait=True)


def _delete(message: Any) -> Call:
    return call_of(message, {}, path=["snapshot_name"], wait=True)


def _describe(answer: Any, snapshot: Mapping[str, Any]) -> None:
    answer.name, answer.size = snapshot["name"], snapshot["size"]
    if snapshot.get("creation_time"):
        answer.creation_time.FromDatetime(datetime.fromisoformat(snapshot["creation_time"]))
    if snapshot.get("checksum"):
        answer.checksum = snapshot["checksum"]


def _one(answer: Any, result: Mapping[str, Any]) -> None:
    _describe(answer.snapshot_description, result)


def _many(answer: Any, result: Iterable[Mapping[str, Any]]) -> None:
    for snapshot in result:
        _describe(answer.snapshot_descriptions.add(), snapshot)


def _nothing(answer: Any, result: bool) -> None:
    """Write nothing: the answer says only how long it took."""


def _version(answer: Any, result: Mapping[str, Any]) -> None:
    answer.title, answer.version = result["title"], result["version"]
    if result.get("commit"):
        answer.commit = result["commit"]


TABLE: dict[str, Rpc] = {
    "Create": Rpc("create_snapshot", _create, _one),
    "List": Rpc("list_snapshots", call_of, _many),
    "Delete": Rpc("delete_snapshot", _delete, _nothing),
    "CreateFull": Rpc("create_full_snapshot", _create, _one),
    "ListFull": Rpc("list_full_snapshots", call_of, _many),
    "DeleteFull": Rpc("delete_full_snapshot", _delete, _nothing),
}

SERVICE: dict[str, Rpc] = {"HealthCheck": Rpc("root", call_of, _version)}
