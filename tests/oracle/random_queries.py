"""Random queries of every kind, in the shape of the REST API, from a seed.

What would let equal scores decide is left out, because Qdrant leaves their order open: no fusion below a
fusion by rank, no cut inside a context query, no sample that is smaller than the collection.
"""

from __future__ import annotations

from typing import Any

import numpy as np

DIM, COUNT = 4, 80
MOMENTS = ["2020-01-31", "2021-06-01T12:30:00Z", "2022-03-04 05:06:07.5"]


def payload(rng: np.random.Generator, number: int) -> dict[str, Any]:
    """Return the payload of a point; every field but `n` is missing in some."""
    body: dict[str, Any] = {"n": number, "price": round(float(rng.normal()) * 10, 3)}
    if number % 3:
        body["many"] = [number * 10 + int(i) for i in range(number % 4)]
    if number % 4:
        body["place"] = {"lon": float(rng.uniform(-180, 180)), "lat": float(rng.uniform(-90, 90))}
    if number % 5:
        body["at"] = f"20{10 + number % 20}-01-{1 + number % 28:02d}T00:00:{number % 60:02d}Z"
    if number % 7:
        body["word"] = ["red", "green", "blue"][number % 3]
    return body


def vector(rng: np.random.Generator) -> list[float]:
    """Return a vector whose numbers float32 holds exactly."""
    return [float(x) for x in rng.normal(size=DIM).astype(np.float32)]


def leaf(rng: np.random.Generator, *, below: bool) -> dict[str, Any]:
    """Return a query without prefetches; `below` if its answer is to be the source of another."""
    body: dict[str, Any] = {"limit": int(rng.integers(3, 30)), "using": str(rng.choice(["dot", "euclid"]))}
    body["query"] = _vector_query(rng) if rng.random() < 0.8 else _plain_query(rng)
    if "context" in (body["query"] or {}) and below:
        body["limit"] = COUNT
    if rng.random() < 0.3:
        body["filter"] = flt(rng)
    if rng.random() < 0.2:
        body["score_threshold"] = float(np.float32(rng.normal()))
    return body


def tree(rng: np.random.Generator, depth: int) -> dict[str, Any]:
    """Return a query on prefetches, nested up to `depth` levels."""
    fusing = rng.random() < 0.4
    count = int(rng.integers(1, 4))
    sources = [
        tree(rng, depth - 1) if depth > 1 and not fusing and rng.random() < 0.4 else leaf(rng, below=True)
        for _ in range(count)
    ]
    body = leaf(rng, below=True) | {"prefetch": sources, "limit": COUNT}
    if fusing:
        for own in sources:
            if "context" in (own["query"] or {}):
                own["query"] = vector(rng)
        weights = [round(float(w), 2) for w in rng.uniform(-0.5, 3, count)]
        given = {"rrf": {"k": int(rng.integers(1, 10)), "weights": weights}}
        body["query"] = given if rng.random() < 0.5 else {"fusion": str(rng.choice(["rrf", "dbsf"]))}
    elif rng.random() < 0.6:
        defaults = {"price": 1.5, "place": {"lon": 1.0, "lat": 2.0}, "at": "2015-01-01", "many[0]": 3}
        given = {k: v for k, v in defaults.items() if rng.random() < 0.8}
        body["query"] = {"formula": expression(rng, 3), "defaults": given}
    elif body["query"] is None:
        body["query"] = vector(rng)
    return body


def _vector_query(rng: np.random.Generator) -> Any:
    match int(rng.integers(0, 6)):
        case 0 | 1:
            return vector(rng)
        case 2:
            mmr = {"diversity": float(np.float32(rng.random())), "candidates_limit": 20}
            return {"nearest": vector(rng), "mmr": mmr}
        case 3:
            strategy = str(rng.choice(["best_score", "sum_scores"]))
            liked, not_liked = [vector(rng), vector(rng)], [vector(rng)]
            return {"recommend": {"positive": liked, "negative": not_liked, "strategy": strategy}}
        case 4:
            return {"discover": {"target": vector(rng), "context": pairs(rng)}}
        case _:
            return {"context": pairs(rng)}


def _plain_query(rng: np.random.Generator) -> Any:
    if rng.random() < 0.3:
        return None
    key = str(rng.choice(["n", "price", "many", "at"]))
    order: dict[str, Any] = {"key": key, "direction": str(rng.choice(["asc", "desc"]))}
    if rng.random() < 0.5:
        order["start_from"] = "2015-06-01" if key == "at" else 20 if key != "price" else 0.5
    return {"order_by": order}


def pairs(rng: np.random.Generator) -> list[dict[str, Any]]:
    """Return two pairs of examples."""
    return [{"positive": vector(rng), "negative": vector(rng)} for _ in range(2)]


def flt(rng: np.random.Generator) -> dict[str, Any]:
    """Return a filter that accepts about half of the points."""
    bound = float(rng.integers(20, 60))
    low = {"must": [{"key": "n", "range": {"lt" if rng.random() < 0.5 else "gte": bound}}]}
    word = {"must_not": [{"key": "word", "match": {"value": "red"}}]}
    return low if rng.random() < 0.5 else word


def expression(rng: np.random.Generator, depth: int) -> Any:
    """Return an expression of a formula, which may well fail for some points."""
    if depth == 0 or rng.random() < 0.2:
        leaves = ["$score", "$score[1]", "price", "n", "many[0]", float(np.float32(rng.normal()))]
        return leaves[int(rng.integers(0, len(leaves)))]
    inner = [expression(rng, depth - 1) for _ in range(3)]
    name = str(rng.choice(_NAMES))
    match name:
        case "mult" | "sum" | "max" | "min":
            return {name: inner[: int(rng.integers(1, 4))]}
        case "pow":
            return {"pow": {"base": {"abs": inner[0]}, "exponent": 0.5}}
        case "div":
            default = {"by_zero_default": 2.5} if rng.random() < 0.7 else {}
            return {"div": {"left": inner[0], "right": inner[1], **default}}
        case "sqrt" | "ln" | "log10":
            return {name: {"sum": [{"abs": inner[0]}, 0.5]}}
        case "acosh":
            return {"acosh": {"max": [1.0, inner[0]]}}
        case "exp":
            return {"exp": {"min": [inner[0], 5.0]}}
        case "condition":
            return {"key": "n", "range": {"lt": 40.0}}
        case "geo_distance":
            return {"geo_distance": {"origin": {"lon": 13.4, "lat": 52.5}, "to": "place"}}
        case "datetime":
            moments = [{"datetime_key": "at"}, {"neg": {"datetime": str(rng.choice(MOMENTS))}}]
            return {"div": {"left": {"sum": moments}, "right": 1e6}}
        case "neg" | "abs":
            return {name: inner[0]}
    given = {"x": inner[0], "scale": 2.0, "midpoint": 0.25} if rng.random() < 0.5 else {"x": inner[0]}
    return {name: {**given, "target": inner[1]} if rng.random() < 0.5 else given}


_NAMES = (
    "mult", "sum", "max", "min", "pow", "div", "sqrt", "ln", "log10", "acosh", "exp", "condition",
    "geo_distance", "datetime", "neg", "abs", "lin_decay", "exp_decay", "gauss_decay",
)  # fmt: skip
