"""Queries with a part replaced by what does not belong there are answered or refused, never broken."""

from __future__ import annotations

import copy
import random
from typing import Any

import pytest

from tests.api.calls import Api
from tests.api.plane import BERLIN, make
from workbench.api.failures import failure_of
from workbench.errors import WorkbenchError

EAST = [1.0, 0.0]
PAIR = {"positive": 2, "negative": [0.0, -1.0]}
LEAF = {
    "query": EAST, "using": "", "limit": 3, "filter": {"must": [{"key": "color", "match": {"value": "red"}}]},
    "score_threshold": 0.1, "lookup_from": {"collection": "plane", "vector": ""},
    "params": {"hnsw_ef": 9, "exact": True, "quantization": {"oversampling": 2.0}, "acorn": {"enable": True}},
}  # fmt: skip
DECAY = {"x": "$score", "target": {"datetime": "2020-01-01"}, "scale": 2, "midpoint": 0.5}
FORMULA = {
    "sum": [
        "$score", "$score[1]", {"mult": [2, "size"]}, {"key": "color", "match": {"value": "red"}}, {"neg": 1},
        {"geo_distance": {"origin": BERLIN, "to": "place"}}, {"gauss_decay": DECAY}, {"lin_decay": DECAY},
        {"div": {"left": 1, "right": "$score", "by_zero_default": 1}}, {"pow": {"base": 2, "exponent": 2}},
        {"datetime_key": "at"}, {"max": [1, 2]},
    ]
}  # fmt: skip
NAIVE = {"naive": {"a": 1.0, "b": 1.0, "c": 1.0}}
QUERIES: list[Any] = [
    EAST,
    {"nearest": 1, "mmr": {"diversity": 0.5, "candidates_limit": 4}},
    {"recommend": {"positive": [1, EAST], "negative": [4], "strategy": "best_score"}},
    {"recommend": {"positive": [1, EAST], "negative": [4]}},
    {"discover": {"target": 1, "context": [PAIR]}},
    {"context": [PAIR, PAIR]},
    {"order_by": {"key": "size", "direction": "desc", "start_from": 2}},
    {"fusion": "dbsf"},
    {"rrf": {"k": 3, "weights": [1.0, 2.0]}},
    {"formula": FORMULA, "defaults": {"size": 1, "place": BERLIN, "at": "2020-01-01", "$score[1]": 2}},
    {"sample": "random"},
    {"relevance_feedback": {"target": 1, "feedback": [{"example": 2, "score": 1.0}], "strategy": NAIVE}},
]
LOOKUP = {"collection": "plane", "with_payload": ["size"], "with_vectors": True}
BODIES = [
    *(("query_points", LEAF | {"query": query, "prefetch": [LEAF, LEAF]}) for query in QUERIES),
    *(("query_points", LEAF | {"query": query, "with_payload": ["size"], "offset": 1}) for query in QUERIES),
    ("query_batch_points", {"searches": [LEAF, LEAF]}),
    ("query_points_groups", LEAF | {"group_by": "color", "group_size": 2, "with_lookup": LOOKUP}),
    ("search_matrix_pairs", {"sample": 3, "limit": 2, "filter": LEAF["filter"], "using": ""}),
    ("search_matrix_offsets", {"sample": 3, "limit": 2, "using": ""}),
    ("facet", {"key": "color", "limit": 2, "filter": LEAF["filter"], "exact": True}),
    ("search_points", {"vector": {"name": "", "vector": EAST}, "limit": 2, "params": LEAF["params"]}),
    ("recommend_points", {"positive": [1], "negative": [EAST], "limit": 2, "strategy": "sum_scores"}),
    ("discover_points", {"target": 1, "context": [PAIR], "limit": 2}),
]  # fmt: skip
STRANGE = [
    None, True, 0, -1, 1.5, 2**63, 2**64, 10**30, 1e39, float("nan"), float("inf"), "", "x", "$score", "a..b",
    "\ud800", "2020", [], [[]], [1], [[1.0, 2.0]], ["x"], [None], {}, {"x": 1}, {"nearest": 1}, 99, b"x",
    {"indices": [1], "values": [1]}, {"text": "x", "model": "none"}, {"key": "size"},
]  # fmt: skip


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the path of every part of a value."""
    found = [path] if path else []
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, own in items:
        found += places(own, (*path, key))
    return found


def mutated(body: dict[str, Any], rng: random.Random) -> dict[str, Any]:
    """Return the body with one part replaced or, in an object, left out."""
    changed = copy.deepcopy(body)
    *above, last = rng.choice(places(changed))
    part: Any = changed
    for key in above:
        part = part[key]
    if isinstance(part, dict) and rng.random() < 0.2:
        del part[last]
    else:
        part[last] = copy.deepcopy(rng.choice(STRANGE))
    return changed


def status(api: Api, name: str, body: dict[str, Any]) -> int:
    try:
        api(name, "plane", body)
    except WorkbenchError as error:
        return failure_of(error).status
    return 200


@pytest.fixture
def plane(api: Api) -> Api:
    make(api)
    api("create_field_index", "plane", {"field_name": "size", "field_schema": "float"})
    api("create_field_index", "plane", {"field_name": "color", "field_schema": "keyword"})
    return api


@pytest.mark.parametrize(("name", "body"), BODIES, ids=lambda own: str(own)[:40])
def test_a_query_with_a_strange_part(plane: Api, name: str, body: dict[str, Any]) -> None:
    rng = random.Random(5)
    for _ in range(60):
        asked = mutated(body, rng)
        assert status(plane, name, asked) in (200, 400, 404, 422), asked
