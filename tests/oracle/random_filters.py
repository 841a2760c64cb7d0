"""Random payload values and filters over them, from a seed: few of each, so that they meet often."""

from __future__ import annotations

import random
from typing import Any


def random_value(rng: random.Random, depth: int) -> Any:
    if depth and rng.random() < 0.35:
        return [random_value(rng, depth - 1) for _ in range(rng.randrange(4))]
    if depth and rng.random() < 0.35:
        return {key: random_value(rng, depth - 1) for key in "ab" if rng.random() < 0.6}
    texts = ["", "cat", "Cat sat", "the cat", "2020-01-01", "2021-06-01T12:00:00+02:00", "Straße", "हिन्दी"]
    places = [{"lon": 1.0, "lat": 1.5}, {"lon": -179.5, "lat": 3.0}, {"lon": 2, "lat": "2"}]
    return rng.choice([0, 1, 2, -1, 2**53 + 1, 2**63, 1.0, 0.5, None, True, False, *texts, *places, *places])


def random_bounds(rng: random.Random, choices: list[Any]) -> dict[str, Any]:
    return {name: rng.choice(choices) for name in ("lt", "gt", "lte", "gte") if rng.random() < 0.4}


def random_area(rng: random.Random) -> dict[str, Any]:
    """A condition on a place, whose corners come from a small grid that places stand on too."""

    def corner() -> dict[str, float]:
        return {"lon": rng.choice([-180.0, -1.0, 1.0, 2.0, 179.0]), "lat": rng.choice([-2.0, 1.5, 2.0, 9.0])}

    ring = [
        {"lon": lon, "lat": lat} for lon, lat in ((0.0, 0.0), (3.0, 0.0), (3.0, 3.0), (0.0, 3.0), (0.0, 0.0))
    ]
    hole = [{"lon": p["lon"] / 4 + 0.5, "lat": p["lat"] / 4 + 1} for p in ring]
    return rng.choice([
        {"geo_radius": {"center": corner(), "radius": rng.choice([0.0, 1e5, 3e5, 2e7])}},
        {"geo_bounding_box": {"top_left": corner(), "bottom_right": corner()}},
        {"geo_polygon": {"exterior": {"points": ring}}},
        {"geo_polygon": {"exterior": {"points": ring}, "interiors": [{"points": hole}]}},
    ])  # fmt: skip


def random_condition(rng: random.Random, depth: int) -> dict[str, Any]:
    key = rng.choice(["a", "b", "a.b", "a[]", "a[].b", "a[0]", "b[].a", "a[][]"])
    kind = rng.randrange(16 if depth else 12)
    words = ["cat", "CAT sat", "the cat", "", "2020", "straße", "हिन"]
    listed = rng.choice([[1, 2], ["cat", ""], [], [2**53 + 1, 0]])
    match = [
        {"value": rng.choice([0, 1, 2**53 + 1, "cat", "", "2020-01-01"])},
        {"any": listed},
        {"except": listed},
        {rng.choice(["text", "text_any", "phrase", "prefix", "substring"]): rng.choice(words)},
    ]
    if kind < 4:
        return {"key": key, "match": match[kind]} | ({"range": {"gte": 1}} if rng.random() < 0.2 else {})
    if kind == 4:
        return {"key": key, "range": random_bounds(rng, [0, 0.5, 1, 2**53, 1e300])}
    if kind == 5:
        return {"key": key, "range": random_bounds(rng, ["2020-01-01", "2021-06-01T10:00:00Z"])}
    if kind == 6:
        tests = {"values_count": random_bounds(rng, [0, 1, 2]), "is_empty": rng.random() < 0.5}
        return {"key": key, **tests, "is_null": rng.random() < 0.5}
    if kind == 7:
        return {rng.choice(["is_empty", "is_null"]): {"key": key}}
    if kind == 8:
        return rng.choice([{"has_id": [1, 3, 500]}, {"key": key, "is_null": rng.random() < 0.5}])
    if kind == 9:
        return {"key": key, **random_area(rng)}
    if kind == 10:
        return {"key": key, **random_area(rng), "match": match[0]}
    if kind == 11:
        return rng.choice([{"has_vector": ""}, {"has_vector": "x"}, {"slice": {"total": 3, "index": 1}}])
    if kind < 14:
        return {
            "nested": {
                "key": rng.choice(["a", "b", "a[]", "a[0]", "a.b"]),
                "filter": random_filter(rng, depth - 1),
            }
        }
    return random_filter(rng, depth - 1)


def random_filter(rng: random.Random, depth: int) -> dict[str, Any]:
    def conditions() -> list[dict[str, Any]]:
        return [random_condition(rng, depth) for _ in range(rng.randrange(3))]

    flt: dict[str, Any] = {
        name: conditions() for name in ("must", "should", "must_not") if rng.random() < 0.45
    }
    if rng.random() < 0.15:
        flt["min_should"] = {"conditions": conditions(), "min_count": 1}
    return flt or {"must": [random_condition(rng, depth)]}
