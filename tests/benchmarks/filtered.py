"""Queries a second with filters that let 50 to 0.1 % through.

One thread, one query a call, ids and scores out, payloads off. Each engine takes the first of `EFS` that
reaches the recall wanted. A filter is asked for again and again, as a program does, so what an engine keeps
of it counts. `spread` filters go by a number drawn for each point; `region` filters by how near a point is to
one place, with noise: they are correlated with the vectors, as those by what a text is about are. What is
filtered by has a payload index where an engine has such a thing.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from tests.benchmarks import compare, curves
from tests.benchmarks.peers import PEERS, Peer, Points, present
from tests.benchmarks.peers.peer import Ask, Where, accepted
from tests.benchmarks.report import grid, left_out, spread
from tests.benchmarks.search import close
from tests.benchmarks.session import Session
from tests.benchmarks.sets import BenchSet

ENGINES = tuple(name for name, peer in PEERS.items() if peer.filtered is not None)
SLOW = ("chroma", "lancedb", "qdrant local")
"""Engines that answer 1 to 350 filtered queries a second are measured when they are asked for by name."""
REFERENCE = "qdrant-edge int8"
"""The fastest of the others at most filters; ratios are of it."""
EFS = (16, 24, 32, 48, 64, 100, 200, 400)
K, WANTED, QUERIES = 10, 0.95, 500
FIRST_SECONDS, CELL_SECONDS = 2.0, 0.4
"""A first pass, which finds the recall, and one engine's part of a round take no longer."""

SPREAD = {f"spread {share:.1%}": {"spread": {"lt": share}} for share in (0.5, 0.2, 0.1, 0.05, 0.01, 0.001)}
REGION = {f"region {share:.0%}": {"region": {"lt": share}} for share in (0.2, 0.05)}
WORDNET: dict[str, Where] = {
    "n_chars ≤ 50": {"n_chars": {"lte": 50}},
    "noun.artifact": {"lexfile": "noun.artifact"},
    "noun.time": {"lexfile": "noun.time"},
    "verb.weather": {"lexfile": "verb.weather"},
}


class Chosen(NamedTuple):
    """An engine at the first ef that finds enough; `ready` sets its knob and returns what answers."""

    ready: Callable[[], Ask]
    ef: int
    recall: float
    first: int
    queries: int


def run(session: Session) -> dict[str, Any]:
    """Measure each filter on the session's data."""
    data = session.data
    payloads = payloads_of(data)
    filters = {**(WORDNET if data.name == "wordnet" else {}), **SPREAD, **REGION}
    engines = _built(session, payloads)
    told = {}
    for name, where in filters.items():
        session.say(f"filter {name}")
        told[name] = _compare(engines, data, payloads, where, session.rounds)
    close(engines)
    return {
        "data": data.name,
        "points": len(data.vectors),
        "k": K,
        "rounds": session.rounds,
        "wanted": WANTED,
        "engines": list(engines),
        "missing": {name: why for name, why in session.missing.items() if name in ENGINES},
        "filters": told,
    }


def _built(session: Session, payloads: pd.DataFrame) -> dict[str, Peer]:
    """Build each engine's index with payloads, in this process: some keep them in memory only."""
    names = [name for name in ENGINES if name not in SLOW or session.peers is not None]
    engines, missing = present(session.wanted(names))
    session.missing.update(missing)
    for name, engine in engines.items():
        session.say(f"building {name}")
        points = Points(session.data.vectors, session.data.distance, payloads)
        engine.build(points, session.folder / "filtered" / name.replace(" ", "-"))
        if engine.settle is not None:
            engine.settle()
        engine.ready()
    return engines


def payloads_of(data: BenchSet) -> pd.DataFrame:
    """Return what is filtered by: two numbers made here, and two fields of the set if it has them."""
    rng = np.random.default_rng(5)
    count = len(data.vectors)
    middle = data.vectors[count // 10]
    near = -np.linalg.norm(data.vectors - middle, axis=1)
    near += 0.25 * near.std() * rng.standard_normal(count)
    made = pd.DataFrame({"spread": rng.random(count), "region": np.argsort(np.argsort(-near)) / count})
    known = [key for key in ("n_chars", "lexfile") if key in data.records]
    return made.assign(**{key: data.records[key].to_numpy() for key in known})


def _compare(
    engines: dict[str, Peer], data: BenchSet, payloads: pd.DataFrame, where: Where, rounds: int
) -> dict[str, Any]:
    queries = np.array(data.queries[:QUERIES])
    passes = np.flatnonzero(accepted(payloads, where))
    truth = _exact(data, queries, passes)
    chosen = {name: _good_enough(engine, where, queries, truth) for name, engine in engines.items()}
    rates: dict[str, list[float]] = {name: [] for name in chosen}
    for number in range(rounds):
        for name in chosen if number % 2 == 0 else reversed(chosen):
            ask, part = chosen[name].ready(), queries[: chosen[name].queries]
            started = time.process_time()  # of all threads: an engine may use others
            for query in part:
                ask(query)
            rates[name].append(len(part) / (time.process_time() - started))
    return {
        "matching": len(passes),
        "engines": {
            name: {"ef": own.ef, "recall": round(own.recall, 4), "queries": own.first}
            | {"qps": curves.summary(rates[name])}
            for name, own in chosen.items()
        },
        "ratio": _ratio(rates),
    }


def _exact(data: BenchSet, queries: Any, passes: Any) -> Any:
    """Return the ids of the nearest that pass, int64[q, K or as many as pass]."""
    gaps = -queries @ data.vectors[passes].T
    if data.distance != "Cosine":
        gaps = 2 * gaps + np.einsum("ij,ij->i", data.vectors[passes], data.vectors[passes])
    k = min(K, len(passes))
    return passes[np.argpartition(gaps, k - 1, axis=1)[:, :k]]


def _good_enough(engine: Peer, where: Where, queries: Any, truth: Any) -> Chosen:
    """Return the engine with the first ef that finds enough, or with the last."""
    assert engine.filtered is not None
    for ef in EFS if engine.efforts == Peer.efforts else engine.efforts or (0,):
        ask = engine.filtered(K, ef, where)
        answers, started = [], time.perf_counter()
        for query in queries:
            answers.append(ask(query))
            if len(answers) >= 10 and time.perf_counter() - started > FIRST_SECONDS:
                break
        took = (time.perf_counter() - started) / len(answers)
        recall = compare.hits([engine.ids(answer) for answer in answers], truth)
        if recall >= WANTED:
            break
    fit = min(max(int(CELL_SECONDS / took), 5), len(queries))
    return Chosen(lambda: engine.filtered(K, ef, where), ef, recall, len(answers), fit)


def _ratio(rates: dict[str, list[float]]) -> dict[str, float] | None:
    """Return our rate through the reference's of the same round."""
    ours, reference = rates.get("workbench"), rates.get(REFERENCE)
    if ours is None or reference is None:
        return None
    return curves.summary([own / other for own, other in zip(ours, reference, strict=True)])


def table(r: dict[str, Any]) -> str:
    """Return the result as Markdown."""
    rows = [
        [name, f"{own['matching']:,}", *_cells(r, own), spread(own["ratio"])]
        for name, own in r["filters"].items()
    ]
    return (
        f"## Filters: {r['points']:,} points, one thread, single calls\n\n"
        f"Queries a CPU second / recall@{r['k']}, at the first ef that reaches {r['wanted']} (in bold where "
        f"none does: the figure is of the last); medians of {r['rounds']} interleaved rounds. × is workbench "
        f"through {REFERENCE} in the same round, median (least–most); wanted: at least 2.\n\n"
        f"{grid(['filter', 'matching', *r['engines'], '×'], rows)}{left_out(r['missing'])}"
    )


def _cells(r: dict[str, Any], own: dict[str, Any]) -> list[str]:
    found = [own["engines"][name] for name in r["engines"]]
    return [
        f"{e['qps']['median']:,.0f} / "
        + (f"{e['recall']:.3f}" if e["recall"] >= r["wanted"] else f"**{e['recall']:.3f}**")
        for e in found
    ]
