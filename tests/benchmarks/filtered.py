"""Queries a second with filters that let 50 to 0.1 % through, beside Qdrant's own core with int8 codes.

One thread, one query a call, ids and scores out, payloads off. Each engine takes the first of `EFS` that
reaches the recall wanted. A filter is asked for again and again, as a program does, so what an engine keeps
of it counts. `spread` filters go by a number drawn for each point; `region` filters by how near a point is to
one place, with noise: they are correlated with the vectors, as those by what a text is about are.
"""

from __future__ import annotations

import contextlib
import tempfile
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

import workbench as wb
from tests.benchmarks.report import grid
from tests.benchmarks.sets import BenchSet
from workbench import kernels

EFS = (16, 24, 32, 48, 64, 100, 200)
M, EF_CONSTRUCT, K, WANTED, QUERIES = 16, 100, 10, 0.95, 500

Where = dict[str, Any]
Ask = Callable[[Any], list[int]]
Engine = Callable[[Where, int], Ask]

SPREAD = {f"spread {share:.1%}": {"spread": {"lt": share}} for share in (0.5, 0.2, 0.1, 0.05, 0.01, 0.001)}
REGION = {f"region {share:.0%}": {"region": {"lt": share}} for share in (0.2, 0.05)}
WORDNET: dict[str, Where] = {
    "n_chars ≤ 50": {"n_chars": {"lte": 50}},
    "noun.artifact": {"lexfile": "noun.artifact"},
    "noun.time": {"lexfile": "noun.time"},
    "verb.weather": {"lexfile": "verb.weather"},
}


def run(data: BenchSet, rounds: int) -> dict[str, Any]:
    """Measure each filter on one data set."""
    kernels.warm(block=True)
    payloads = _payloads(data)
    filters = {**(WORDNET if data.name == "wordnet" else {}), **SPREAD, **REGION}
    engines: dict[str, Engine] = {"workbench": _ours(data, payloads)}
    with tempfile.TemporaryDirectory() as folder:
        with contextlib.suppress(ImportError):
            engines["qdrant-edge int8"] = _peer(data, payloads, folder)
        results = {name: _compare(engines, data, payloads, where, rounds) for name, where in filters.items()}
    return {"data": data.name, "points": len(data.vectors), "k": K, "rounds": rounds, "filters": results}


def _payloads(data: BenchSet) -> pd.DataFrame:
    rng = np.random.default_rng(5)
    count = len(data.vectors)
    middle = data.vectors[count // 10]
    near = -np.linalg.norm(data.vectors - middle, axis=1)
    near += 0.25 * near.std() * rng.standard_normal(count)
    made = pd.DataFrame({"spread": rng.random(count), "region": np.argsort(np.argsort(-near)) / count})
    known = [key for key in ("n_chars", "lexfile") if key in data.records]
    return made.assign(**{key: data.records[key].to_numpy() for key in known})


def _accepted(payloads: pd.DataFrame, where: Where) -> Any:
    ((key, wanted),) = where.items()
    if isinstance(wanted, str):
        return (payloads[key] == wanted).to_numpy()
    ((bound, limit),) = wanted.items()
    return getattr(payloads[key], "le" if bound == "lte" else bound)(limit).to_numpy()


def _compare(
    engines: dict[str, Engine], data: BenchSet, payloads: pd.DataFrame, where: Where, rounds: int
) -> dict[str, Any]:
    queries = np.array(data.queries[:QUERIES])
    accepted = np.flatnonzero(_accepted(payloads, where))
    gaps = -queries @ data.vectors[accepted].T
    if data.distance != "Cosine":
        gaps = 2 * gaps + np.einsum("ij,ij->i", data.vectors[accepted], data.vectors[accepted])
    truth = [set(accepted[best].tolist()) for best in np.argpartition(gaps, K, axis=1)[:, :K]]
    asks = {name: _good_enough(engine, where, queries, truth) for name, engine in engines.items()}
    seconds: dict[str, list[float]] = {name: [] for name in asks}
    for number in range(rounds):
        for name in asks if number % 2 == 0 else reversed(asks):
            started = time.process_time()  # of all threads: the peer may use others
            for query in queries:
                asks[name][0](query)
            seconds[name].append((time.process_time() - started) / len(queries))
    rates = {name: round(1 / float(np.median(own))) for name, own in seconds.items()}
    return {
        "matching": len(accepted),
        "engines": {
            name: {"ef": ef, "recall": round(found, 4), "qps": rates[name]}
            for name, (_, ef, found) in asks.items()
        },
        "ratio": round(rates["workbench"] / rates["qdrant-edge int8"], 2) if len(rates) > 1 else None,
    }


def _good_enough(engine: Engine, where: Where, queries: Any, truth: list[set[int]]) -> tuple[Ask, int, float]:
    """Return the engine with the first ef that finds enough."""
    for ef in EFS:
        ask = engine(where, ef)
        hits = [len(own.intersection(ask(query))) for query, own in zip(queries, truth, strict=True)]
        found = sum(hits) / sum(map(len, truth))
        if found >= WANTED:
            break
    return ask, ef, found


def _ours(data: BenchSet, payloads: pd.DataFrame) -> Engine:
    made = wb.open().create(
        "filtered", payloads, vectors=data.vectors, distance=data.distance,
        m=M, ef_construct=EF_CONSTRUCT, progress=False,
    )  # fmt: skip
    return lambda where, ef: lambda query: made.search(query, where=where, k=K, ef=ef, payload=False).ids


def _peer(data: BenchSet, payloads: pd.DataFrame, folder: str) -> Engine:
    import qdrant_edge as edge

    quantization = edge.ScalarQuantizationConfig(edge.ScalarType.Int8, always_ram=True)
    vectors = {"": edge.EdgeVectorParams(data.vectors.shape[1], getattr(edge.Distance, data.distance))}
    graph = edge.HnswIndexConfig(M, EF_CONSTRUCT, 10_000, 1)
    shard = edge.EdgeShard.create(
        folder, edge.EdgeConfig(vectors=vectors, hnsw_config=graph, quantization_config=quantization)
    )
    records = payloads.to_dict("records")
    for start in range(0, len(records), 1000):
        part = range(start, min(start + 1000, len(records)))
        points = [edge.Point(i, data.vectors[i].tolist(), records[i]) for i in part]
        shard.update(edge.UpdateOperation.upsert_points(points))
    kinds = edge.PayloadSchemaType
    for key in payloads:
        kind = {"n_chars": kinds.Integer, "lexfile": kinds.Keyword}.get(str(key), kinds.Float)
        shard.update(edge.UpdateOperation.create_field_index(key, kind))
    shard.optimize()
    rescored = edge.QuantizationSearchParams(rescore=True)

    def engine(where: Where, ef: int) -> Ask:
        ((key, wanted),) = where.items()
        text = isinstance(wanted, str)
        condition = edge.FieldCondition(
            key,
            match=edge.MatchValue(wanted) if text else None,
            range=None if text else edge.RangeFloat(**wanted),
        )
        settings = {
            "filter": edge.Filter(must=[condition]),
            "params": edge.SearchParams(hnsw_ef=ef, quantization=rescored),
        }
        return lambda query: [
            point.id for point in shard.search(edge.SearchRequest(edge.Query.Nearest(query), K, **settings))
        ]

    return engine


def table(r: dict[str, Any]) -> str:
    """Return the result as Markdown."""
    names = list(next(iter(r["filters"].values()))["engines"])
    head = [
        "filter",
        "matching",
        *(part for name in names for part in (f"{name} q/s", "recall, ef")),
        "ratio",
    ]
    rows = [
        [
            name,
            f"{own['matching']:,}",
            *(
                part
                for e in own["engines"].values()
                for part in (f"{e['qps']:,}", f"{e['recall']:.3f}, {e['ef']}")
            ),
            own["ratio"] or "–",
        ]
        for name, own in r["filters"].items()
    ]
    return (
        f"## Filters: {r['points']:,} points, one thread, single calls\n\n"
        f"Queries a CPU second at the first ef that reaches recall@{r['k']} .95; median of {r['rounds']} "
        "rounds. Wanted: ratios of at least 2.\n\n"
        f"{grid(head, rows)}"
    )
