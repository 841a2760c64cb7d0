"""The table of paths: which operation answers which, and how a path finds its row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final
from urllib.parse import unquote_to_bytes


class Takes(StrEnum):
    """What a request brings beside its address."""

    NOTHING = "nothing"
    JSON = "json"
    FILE = "file"


class Gives(StrEnum):
    """What a success is answered with: the envelope, the result alone, text, or a file."""

    ENVELOPE = "envelope"
    BARE = "bare"
    TEXT = "text"
    FILE = "file"


@dataclass(frozen=True, slots=True)
class Route:
    """One row of the table.

    Parameters
    ----------
    method, path : str
        As in the OpenAPI schema; ``{name}`` stands for one segment.
    operation : str
        Its ``operationId``.
    takes, gives : Takes, Gives
        What comes and what goes.
    deferrable : bool
        Whether ``wait=false`` is answered by 202 here; other operations answer ``ACCEPTED`` themselves.
    names : tuple of str
        The names of the segments that vary, in order.
    """

    method: str
    path: str
    operation: str
    takes: Takes = Takes.NOTHING
    gives: Gives = Gives.ENVELOPE
    deferrable: bool = False
    names: tuple[str, ...] = field(default=())


def _route(row: str, gives: Gives = Gives.ENVELOPE) -> Route:
    method, path, operation, *marks = row.split()
    path = path.replace("C/", "/collections/{collection_name}/", 1) if path.startswith("C/") else path
    path = "/collections/{collection_name}" if path == "C" else path
    names = tuple(part[1:-1] for part in path.split("/") if part.startswith("{"))
    takes = next((kind for kind in Takes if kind in marks), Takes.NOTHING)
    gives = next((kind for kind in Gives if f">{kind}" in marks), gives)
    return Route(method, path, operation, takes, gives, "202" in marks, names)


# C stands for /collections/{collection_name}; what is called most stands first.
ROUTES: Final[tuple[Route, ...]] = tuple(
    _route(row)
    for row in """
POST C/points/query query_points json
PUT C/points upsert_points json
POST C/points/search search_points json
POST C/points/scroll scroll_points json
POST C/points get_points json
POST C/points/query/batch query_batch_points json
POST C/points/query/groups query_points_groups json
POST C/points/count count_points json
GET C/points/count count_points
POST C/facet facet json
GET C/points/{id} get_point
POST C/points/delete delete_points json
POST C/points/batch batch_update json
PUT C/points/vectors update_vectors json
POST C/points/vectors/delete delete_vectors json
POST C/points/payload set_payload json
PUT C/points/payload overwrite_payload json
POST C/points/payload/delete delete_payload json
POST C/points/payload/clear clear_payload json
POST C/points/search/matrix/pairs search_matrix_pairs json
POST C/points/search/matrix/offsets search_matrix_offsets json
POST C/points/search/batch search_batch_points json
POST C/points/search/groups search_point_groups json
POST C/points/recommend recommend_points json
POST C/points/recommend/batch recommend_batch_points json
POST C/points/recommend/groups recommend_point_groups json
POST C/points/discover discover_points json
POST C/points/discover/batch discover_batch_points json
GET /collections get_collections
GET C get_collection
PUT C create_collection json
PATCH C update_collection json
DELETE C delete_collection
GET C/exists collection_exists
GET C/optimizations get_optimizations
PUT C/index create_field_index json
DELETE C/index/{field_name} delete_field_index
PUT C/vectors/{vector_name} create_vector_name json
DELETE C/vectors/{vector_name} delete_vector_name
GET /aliases get_collections_aliases
GET C/aliases get_collection_aliases
POST /collections/aliases update_aliases json
GET / root >bare
GET /healthz healthz >text
GET /livez livez >text
GET /readyz readyz >text
GET /telemetry telemetry
GET /metrics metrics >text
GET /issues get_issues
DELETE /issues clear_issues
GET /quotas get_quotas
PUT /quotas update_quotas json
GET C/snapshots list_snapshots
POST C/snapshots create_snapshot
GET C/snapshots/{snapshot_name} get_snapshot >file
DELETE C/snapshots/{snapshot_name} delete_snapshot
PUT C/snapshots/recover recover_from_snapshot json
POST C/snapshots/upload recover_from_uploaded_snapshot file 202
GET /snapshots list_full_snapshots
POST /snapshots create_full_snapshot
GET /snapshots/{snapshot_name} get_full_snapshot >file
DELETE /snapshots/{snapshot_name} delete_full_snapshot
GET C/shards/{shard_id}/snapshot stream_shard_snapshot >file
GET C/shards/{shard_id}/snapshots list_shard_snapshots
POST C/shards/{shard_id}/snapshots create_shard_snapshot
GET C/shards/{shard_id}/snapshots/{snapshot_name} get_shard_snapshot >file
DELETE C/shards/{shard_id}/snapshots/{snapshot_name} delete_shard_snapshot
PUT C/shards/{shard_id}/snapshots/recover recover_shard_from_snapshot json
POST C/shards/{shard_id}/snapshots/upload recover_shard_from_uploaded_snapshot file 202
GET /cluster cluster_status
GET /cluster/telemetry cluster_telemetry
POST /cluster/recover recover_current_peer
DELETE /cluster/peer/{peer_id} remove_peer
GET C/cluster collection_cluster_info
POST C/cluster update_collection_cluster json
GET C/shards list_shard_keys
PUT C/shards create_shard_key json
POST C/shards/delete delete_shard_key json
""".strip().splitlines()
)

QUERY: Final = ROUTES[0]
"""What is asked most: ``POST /collections/{collection_name}/points/query``."""


class _Node:
    """What follows a part of a path."""

    __slots__ = ("any", "literal", "routes")

    def __init__(self) -> None:
        self.literal: dict[str, _Node] = {}
        self.any: _Node | None = None
        self.routes: dict[str, Route] = {}


@dataclass(frozen=True, slots=True)
class Match:
    """What a path was found to be.

    Parameters
    ----------
    route : Route or None
        None when no row has this path, or none has it with this method.
    values : mapping of str to str
        The segments that vary, decoded.
    allowed : tuple of str
        The methods that the path has, when it has not this one.
    """

    route: Route | None
    values: dict[str, str] = field(default_factory=dict)
    allowed: tuple[str, ...] = ()


class Router:
    """Finds the row of a path: a segment as written first, then the one that varies.

    Parameters
    ----------
    routes : sequence of Route
        The table.
    """

    def __init__(self, routes: Sequence[Route] = ROUTES) -> None:
        self._root = _Node()
        for route in routes:
            node = self._root
            for part in route.path.split("/")[1:]:
                if part.startswith("{"):
                    node.any = node = node.any or _Node()
                else:
                    node = node.literal.setdefault(part, _Node())
            node.routes[route.method] = route

    def match(self, method: str, path: bytes) -> Match:
        """Return the row of `method` and `path` (still percent-encoded).

        Raises
        ------
        UnicodeDecodeError
            When a segment is not UTF-8.
        """
        parts = [unquote_to_bytes(part).decode() for part in path.split(b"/")[1:]]
        allowed: set[str] = set()
        values: list[str] = []
        route = _walk(self._root, parts, 0, method, values, allowed)
        if route is None:
            return Match(None, allowed=tuple(sorted(allowed)))
        return Match(route, dict(zip(route.names, values, strict=True)))


def _walk(
    node: _Node, parts: list[str], at: int, method: str, values: list[str], allowed: set[str]
) -> Route | None:
    if at == len(parts):
        allowed.update(node.routes)
        return node.routes.get(method)
    following = node.literal.get(parts[at])
    if following and (route := _walk(following, parts, at + 1, method, values, allowed)):
        return route
    if node.any is None or not parts[at]:
        return None
    values.append(parts[at])
    route = _walk(node.any, parts, at + 1, method, values, allowed)
    if route is None:
        values.pop()
    return route
