"""A collection of points on the unit circle and beyond it, small enough to answer queries in one's head.

=====  ===========  ========================================================
id     vector       payload
=====  ===========  ========================================================
1      (1, 0)       color red, size 3, tags [a, b]
2      (0.8, 0.6)   color red, size 1.5, at 2020-01-01
3      (0, 1)       color blue, size -2, at 2021-01-01, place Berlin
4      (-1, 0)      color blue, size 0
5      (0.6, 0.8)   nothing
=====  ===========  ========================================================
"""

from __future__ import annotations

from typing import Any

from tests.api.calls import Api

BERLIN = {"lon": 13.4, "lat": 52.5}
POINTS: list[dict[str, Any]] = [
    {"id": 1, "vector": [1, 0], "payload": {"color": "red", "size": 3, "tags": ["a", "b"]}},
    {"id": 2, "vector": [0.8, 0.6], "payload": {"color": "red", "size": 1.5, "at": "2020-01-01"}},
    {
        "id": 3,
        "vector": [0, 1],
        "payload": {"color": "blue", "size": -2, "at": "2021-01-01", "place": BERLIN},
    },
    {"id": 4, "vector": [-1, 0], "payload": {"color": "blue", "size": 0}},
    {"id": 5, "vector": [0.6, 0.8], "payload": {}},
]


def make(api: Api, name: str = "plane", points: list[dict[str, Any]] | None = None) -> None:
    """Create the collection."""
    api("create_collection", name, {"vectors": {"size": 2, "distance": "Cosine"}})
    api("upsert_points", name, {"points": POINTS if points is None else points})


def ask(api: Api, query: Any = None, **body: Any) -> list[tuple[int, float]]:
    """Return the ids and scores of a query, scores with four digits."""
    found = api("query_points", "plane", {"query": query, **body})
    return [(point.id, round(float(point.score), 4)) for point in found]


def ids(api: Api, query: Any = None, **body: Any) -> list[int]:
    """Return the ids of a query."""
    return [point for point, _ in ask(api, query, **body)]


def refused(api: Api, query: Any = None, **body: Any) -> tuple[int, str]:
    """Return the status and the text of a query that fails."""
    return api.fails("query_points", "plane", {"query": query, **body})
