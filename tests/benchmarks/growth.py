"""What ten times the points cost: building, opening, the first answer, a query at equal recall, memory.

Every size is the beginning of the same sequence (see `synthetic.py`), so only the size differs. Beside it:
a collection that is filled and then indexed in the background, asked all the while.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np

import workbench as wb
from tests.benchmarks import alone, compare, curves, synthetic
from tests.benchmarks.peers import PEERS
from tests.benchmarks.report import grid
from tests.benchmarks.search import close
from tests.benchmarks.session import Session
from tests.benchmarks.sets import BenchSet

ENGINES = ("workbench", "hnswlib", "faiss SQ8", "svs", "usearch", "qdrant-edge int8")
BEYOND, ENGINES_BEYOND = 200_000, ("workbench", "hnswlib")
"""From here on other engines take minutes to build; they do when they are asked for by name."""
QUERIES = 1000
RECALL = 0.95
EFFORTS = (16, 32, 64, 128, 200, 400)
ASK_EVERY_S = 0.05


def run(session: Session) -> dict[str, Any]:
    """Measure each size up to the session's largest."""
    sizes = [
        n
        for n in (2_000, 10_000, 100_000, 1_000_000)
        if n <= session.largest and (n > 2_000 or session.quick)
    ]
    told = {}
    for size in sizes:
        session.say(f"making {size:,} points")
        told[str(size)] = _size(
            session, synthetic.like(session.data, size, 200 if session.quick else QUERIES)
        )
    return {
        "data": session.data.name,
        "dim": session.data.vectors.shape[1],
        "recall": RECALL,
        "rounds": session.rounds,
        "sizes": told,
        "exponents": _exponents(told),
    }


def _size(session: Session, data: BenchSet) -> dict[str, Any]:
    size = len(data.vectors)
    names = session.peers or (ENGINES if size <= BEYOND else ENGINES_BEYOND)
    names = tuple(n for n in names if (most := PEERS[n].most) is None or size <= most)
    with Session(data, session.rounds, session.peers, session.quick) as own:
        built = own.built(names)
        opened = {name: alone.reopen(name, own.source, own.place(name)) for name in built}
        engines = own.opened(built)
        found = compare.sweep(
            engines, data.queries, data.truth, own.rounds, EFFORTS, say=own.say, failed=own.missing
        )
        built = list(found)
        close(engines)
        at = compare.reached(found, [RECALL])[f"{RECALL:.2f}"]
        session.missing.update(own.missing)
        engines_told = {
            name: own.costs[name] | opened[name] | {"query_us": _microseconds(at[name])} for name in built
        }
        told: dict[str, Any] = {"engines": engines_told}
        if "workbench" in built:
            own.say("indexing in the background, asked all the while")
            told["background"] = background(own, data)
    return told


def background(session: Session, data: BenchSet) -> dict[str, Any]:
    """Fill a collection, let it index itself, ask it until that is done, and open it again.

    Returns
    -------
    dict
        Seconds to be ``filled`` and to be ``indexed`` after that; of the queries asked meanwhile their
        number, recall, and milliseconds: median, 99th percentile and longest; seconds to be ``reopened`` and
        answer.
    """
    folder, taken, found = session.folder / "background", [], []
    with wb.open(folder) as database:
        started = time.perf_counter()
        made = database.create(
            "bench", vectors=data.vectors, distance=data.distance, index=False, progress=False
        )
        filled = time.perf_counter() - started
        done = False
        while not done:
            query = data.queries[len(found) % len(data.queries)]
            asked = time.perf_counter()
            found.append(made.search(query, payload=False).ids)
            taken.append((time.perf_counter() - asked) * 1e3)
            done = made.wait(ASK_EVERY_S)
        indexed = time.perf_counter() - started - filled
    started = time.perf_counter()
    with wb.open(folder) as database:
        database["bench"].search(data.queries[0], payload=False)
        reopened = time.perf_counter() - started
    truth = np.array([data.truth[i % len(data.queries)] for i in range(len(found))])
    middle, rare = np.percentile(taken, [50, 99])
    return {
        "filled": round(filled, 2),
        "indexed": round(indexed, 2),
        "queries": len(found),
        "recall": round(compare.hits(found, truth), 4),
        "ms": {
            "median": round(float(middle), 2),
            "p99": round(float(rare), 2),
            "longest": round(max(taken), 2),
        },
        "reopened": round(reopened, 3),
    }


def _microseconds(at: dict[str, Any] | None) -> float | None:
    return round(1e6 / at["cpu"]["median"], 1) if at else None


def _exponents(told: dict[str, Any]) -> dict[str, dict[str, float]]:
    """Return, by engine and cost, b of cost ≈ a·points^b; and the memory that one more vector takes."""
    found: dict[str, dict[str, float]] = {}
    for name in dict.fromkeys(name for at in told.values() for name in at["engines"]):
        own = [(int(size), at["engines"][name]) for size, at in told.items() if name in at["engines"]]
        found[name] = {
            key: curves.growth([size for size, _ in own], [cost[key] for _, cost in own])
            for key in ("cpu", "added_mb", "resident_mb", "disk_mb", "first_answer", "query_us")
            if len(own) > 1 and all(cost[key] for _, cost in own)
        }
        if len(own) > 1:
            (fewer, low), (more, high) = own[-2:]
            added = high["resident_mb"] - low["resident_mb"]
            found[name]["bytes_a_vector"] = round(added * 1e6 / (more - fewer))
    return found


def table(r: dict[str, Any]) -> str:
    """Return the result as Markdown."""
    return "\n\n".join(
        [
            f"## Growth: {r['data']} perturbed, × {r['dim']}, recall {r['recall']}",
            "Every size is the beginning of one sequence that keeps the intrinsic dimension of the set "
            "(`synthetic.py`). One thread for queries, two for builds.",
            _costs(r),
            "Exponents b of cost ≈ a·points^b: 1 is proportional, 0 does not grow. What a vector more "
            "takes in memory leaves out what an engine takes once, as its code.",
            _slopes(r),
            _background(r),
        ]
    )


def _costs(r: dict[str, Any]) -> str:
    keys = ("cpu", "wall", "added_mb", "resident_mb", "disk_mb", "open", "first_answer")
    rows = [
        [f"{int(size):,}", name, *(own[key] for key in keys), own["query_us"] or "–"]
        for size, at in r["sizes"].items()
        for name, own in at["engines"].items()
    ]
    head = ["points", "engine", "build CPU s", "wall s", "most memory MB", "resident MB", "disk MB", "open s"]
    return grid([*head, "to first answer s", "query CPU µs"], rows)


def _slopes(r: dict[str, Any]) -> str:
    keys = {
        "cpu": "build", "added_mb": "most memory", "resident_mb": "resident", "disk_mb": "disk",
        "first_answer": "first answer", "query_us": "query",
        "bytes_a_vector": "resident bytes a vector more",
    }  # fmt: skip
    rows = [[name, *(own.get(key, "–") for key in keys)] for name, own in r["exponents"].items() if own]
    return grid(["engine", *keys.values()], rows)


def _background(r: dict[str, Any]) -> str:
    rows = [
        [
            f"{int(size):,}", own["filled"], own["indexed"], own["queries"], f"{own['recall']:.4f}",
            *own["ms"].values(), own["reopened"],
        ]
        for size, at in r["sizes"].items()
        if (own := at.get("background"))
    ]  # fmt: skip
    head = [
        "points", "filled s", "then indexed s", "queries meanwhile", "recall", "median ms", "p99 ms",
        "longest ms", "reopened to an answer s",
    ]  # fmt: skip
    return (
        "### Workbench fills, indexes in the background, and answers all the while\n\n"
        f"`db.create(..., index=False)`, and a query every {ASK_EVERY_S * 1e3:.0f} ms until it is "
        "indexed.\n\n" + grid(head, rows)
    )
