"""The same query through our own API, through a ``QdrantClient`` in process, and through Qdrant's own core.

What the client itself costs is measured with a client behind which nothing is searched: it gets ten points
that are made anew of the client's own models, which is the least that any engine behind it has to do.
"""

from __future__ import annotations

import copy
from typing import Any

from tests.benchmarks import compare
from tests.benchmarks.peers import Peer
from tests.benchmarks.peers.peer import Ask
from tests.benchmarks.report import grid, left_out
from tests.benchmarks.search import close
from tests.benchmarks.session import Session

EFFORTS = (16, 64)


class ThroughClient(Peer):
    """Our collection behind the official client class, or a client behind which nothing is searched."""

    def __init__(self, client: Any) -> None:
        self.client = client

    def searcher(self, k: int, effort: int) -> Ask:
        from qdrant_client import models

        params, search = models.SearchParams(hnsw_ef=effort), self.client.query_points
        return lambda query: search("bench", query=query, limit=k, search_params=params, with_payload=False)

    def ids(self, answer: Any) -> list[int]:
        return [point.id for point in answer.points]


class Nothing:
    """What stands behind a client that is measured alone."""

    def query_points(self, collection_name: str, limit: int = 10, **settings: Any) -> Any:
        """Return `limit` points of the client's models."""
        from qdrant_client.http import models

        points = [models.ScoredPoint(id=i, version=0, score=0.5) for i in range(limit)]
        return models.QueryResponse(points=points)

    def close(self, **settings: Any) -> None:
        """Have nothing to close."""


def run(session: Session) -> dict[str, Any]:
    """Measure microseconds a call."""
    data = session.data
    opened = session.opened(("workbench", "qdrant-edge", "qdrant-edge int8"))
    engines: dict[str, Peer] = dict(opened)
    ours = getattr(opened.get("workbench"), "database", None)
    if ours is not None:
        client = ours.client()
        alone = copy.copy(client)
        alone._client = Nothing()
        engines |= {
            "QdrantClient over workbench": ThroughClient(client),
            "QdrantClient alone": ThroughClient(alone),
        }
    found = compare.sweep(engines, data.queries, data.truth, session.rounds, EFFORTS, say=session.say)
    close(opened)
    return {
        "data": data.name,
        "points": len(data.vectors),
        "rounds": session.rounds,
        "calls": {
            name: [
                {
                    "ef": cell.effort,
                    "recall": None if name == "QdrantClient alone" else cell.recall,
                    "cpu_us": _micro(compare.milliseconds(cell.cpu)),
                    "wall_us": _micro(compare.milliseconds(cell.wall)),
                }
                for cell in cells
            ]
            for name, cells in found.items()
        },
        "missing": {name: why for name, why in session.missing.items() if "edge" in name},
    }


def _micro(milliseconds: dict[str, float]) -> dict[str, float]:
    return {key: round(value * 1000, 1) for key, value in milliseconds.items()}


def table(r: dict[str, Any]) -> str:
    """Return the result as Markdown."""
    base = {own["ef"]: own["cpu_us"]["median"] for own in r["calls"].get("workbench", ())}
    rows = [
        [
            name,
            own["ef"],
            "–" if own["recall"] is None else f"{own['recall']:.4f}",
            own["cpu_us"]["median"],
            own["wall_us"]["median"],
            round(own["cpu_us"]["median"] - base[own["ef"]], 1) if own["ef"] in base else "–",
        ]
        for name, calls in r["calls"].items()
        for own in calls
    ]
    head = ["through", "ef", "recall", "CPU µs a call", "wall µs", "more than our own API, CPU µs"]
    return (
        f"## The same query through a client in process: {r['points']:,} points\n\n`collection.search` "
        "beside "
        "`QdrantClient.query_points` over the same collection, a `QdrantClient` behind which nothing is "
        "searched (ten points made anew of its own models), and Qdrant's core. Wanted: at most 80 µs "
        "more.\n\n"
        f"{grid(head, rows)}{left_out(r['missing'])}"
    )
