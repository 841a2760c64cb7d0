"""What each kind of quantization costs and finds: bytes a vector, recall and speed beside unquantized walks.

One collection is given one configuration after the other, which encodes it anew over the same graph. The
unquantized walk, ``quantization={"ignore": True}``, is timed in the same rounds, so a ratio compares walks of
one graph at one `ef`: by codes, and by float32.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

import workbench as wb
from tests.benchmarks.report import grid, number
from tests.benchmarks.session import Session

K, EF, QUERIES = 10, 64, 400
RAM = {"always_ram": True}
KINDS: dict[str, dict[str, Any]] = {
    "scalar int8": {"scalar": {"type": "int8", "quantile": 0.99, **RAM}},
    **{
        f"product {ratio}": {"product": {"compression": ratio, **RAM}}
        for ratio in ("x4", "x8", "x16", "x32", "x64")
    },
    "binary": {"binary": RAM},
    "binary, 4-bit query": {"binary": {"query_encoding": "scalar4bits", **RAM}},
    "binary, 8-bit query": {"binary": {"query_encoding": "scalar8bits", **RAM}},
    "binary 1.5": {"binary": {"encoding": "one_and_half_bits", **RAM}},
    "binary 1.5, 8-bit query": {
        "binary": {"encoding": "one_and_half_bits", "query_encoding": "scalar8bits", **RAM}
    },
    "binary 2": {"binary": {"encoding": "two_bits", **RAM}},
    "binary 2, 8-bit query": {"binary": {"encoding": "two_bits", "query_encoding": "scalar8bits", **RAM}},
    "turbo 1": {"turbo": {"bits": "bits1", **RAM}},
    "turbo 1.5": {"turbo": {"bits": "bits1_5", **RAM}},
    "turbo 2": {"turbo": {"bits": "bits2", **RAM}},
    "turbo 4": {"turbo": {"bits": "bits4", **RAM}},
}
ASKED: dict[str, dict[str, Any]] = {
    "codes only": {"rescore": False},
    "oversampling 1": {"rescore": True, "oversampling": 1.0},
    "oversampling 2": {"rescore": True, "oversampling": 2.0},
    "oversampling 4": {"rescore": True, "oversampling": 4.0},
}
FLOAT = "float32"


def run(session: Session) -> dict[str, Any]:
    """Measure all kinds on the session's data."""
    data, rounds = session.data, session.rounds
    queries = data.queries[: min(QUERIES, len(data.queries))]
    kinds = {}
    with wb.open(session.folder / "quantization") as db:
        session.say("building the graph")
        collection = db.create("bench", vectors=data.vectors, distance=data.distance, progress=False)
        for kind, config in KINDS.items():
            session.say(kind)
            started = time.perf_counter()
            collection.configure(quantization=config).wait()
            took = time.perf_counter() - started
            kinds[kind] = {"encoding_s": round(took, 1), **_kind(collection, queries, data.truth, rounds)}
    return {
        "data": data.name,
        "points": len(data.vectors),
        "dim": data.vectors.shape[1],
        "distance": data.distance,
        "queries": len(queries),
        "ef": EF,
        "k": K,
        "rounds": rounds,
        "kinds": kinds,
    }


def _kind(collection: Any, queries: Any, truth: Any, rounds: int) -> dict[str, Any]:
    (part,) = [p for p in collection.memory().parts if p.component == "quantized codes"]
    asks = {FLOAT: {"ignore": True}, **ASKED}
    recalls = {name: _recall(_asking(collection, asked), queries, truth) for name, asked in asks.items()}
    times: dict[str, list[float]] = {name: [] for name in asks}
    for _ in range(rounds):
        for name, asked in asks.items():
            ask, started = _asking(collection, asked), time.thread_time()
            for query in queries:
                ask(query)
            times[name].append(time.thread_time() - started)
    qps = {name: len(queries) / float(np.median(own)) for name, own in times.items()}
    return {
        "bytes_a_vector": round((part.held + part.mapped) / len(collection), 1),
        "recall": {name: round(value, 4) for name, value in recalls.items()},
        "qps": {name: round(value) for name, value in qps.items()},
        "ratio_to_float": {name: round(value / qps[FLOAT], 2) for name, value in qps.items()},
    }


def _asking(collection: Any, asked: dict[str, Any]) -> Callable[[Any], Any]:
    return lambda query: collection.search(query, k=K, ef=EF, quantization=asked, payload=False)


def _recall(ask: Callable[[Any], Any], queries: Any, truth: Any) -> float:
    found = sum(len(np.intersect1d(ask(q).ids, t)) for q, t in zip(queries, truth, strict=False))
    return found / (K * len(queries))


def table(r: dict[str, Any]) -> str:
    """Return the result as Markdown."""
    head = ["kind", "bytes a vector", *(f"{name}: recall, speed" for name in ASKED), "encoded in s"]
    rows = [
        [
            kind,
            number(own["bytes_a_vector"]),
            *(f"{own['recall'][name]:.3f}, {own['ratio_to_float'][name]:.2f} ×" for name in ASKED),
            number(own["encoding_s"]),
        ]
        for kind, own in r["kinds"].items()
    ]
    first = next(iter(r["kinds"].values()))
    full = first["recall"][FLOAT]
    return (
        f"## Quantization: {r['points']:,} × {r['dim']}, {r['distance']}, one thread, single calls, "
        f"ef {r['ef']}\n\nRecall@{r['k']} and speed beside a walk of the same graph by float32 "
        f"({4 * r['dim']:,} bytes a vector, recall {full:.3f}), timed in the same {r['rounds']} rounds of "
        f"{r['queries']:,} queries. *Codes only*: `rescore` False. Codes are in memory; encoding includes "
        f"writing the segment anew.\n\n{grid(head, rows)}"
    )
