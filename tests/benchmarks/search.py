"""Search without a filter: every engine's recall against its speed, and what its index costs.

One thread, one query a call, ids and scores out, payloads off; all engines in one process, in turn, round
after round. Queries a second are compared at equal recall, never at equal `ef`, which finds different shares
in different engines. Building and opening are measured in a process of their own.
"""

from __future__ import annotations

from typing import Any

from tests.benchmarks import alone, compare
from tests.benchmarks.peers import GRAPHS, PEERS, REFERENCE, Peer
from tests.benchmarks.peers.peer import BUILD_THREADS, EF_CONSTRUCT, M
from tests.benchmarks.report import grid, left_out, number, spread
from tests.benchmarks.session import Session

ENGINES = (*GRAPHS, "qdrant local", "numpy")
BATCH_RECALL, BATCH_THREADS = 0.95, 2


def run(session: Session) -> dict[str, Any]:
    """Measure all engines on the session's data."""
    data, rounds = session.data, session.rounds
    names = session.built(ENGINES)
    opening = _opening(session, names)
    engines = session.opened(names)
    found = compare.sweep(engines, data.queries, data.truth, rounds, say=session.say, failed=session.missing)
    names = list(found)
    session.say("batches")
    batch = compare.batches(
        engines, found, data.queries, data.truth, BATCH_RECALL, rounds, threads=BATCH_THREADS
    )
    close(engines)
    return {
        "data": data.name,
        "points": len(data.vectors),
        "dim": data.vectors.shape[1],
        "distance": data.distance,
        "queries": len(data.queries),
        "k": data.truth.shape[1],
        "m": M,
        "ef_construct": EF_CONSTRUCT,
        "build_threads": BUILD_THREADS,
        "batch_threads": BATCH_THREADS,
        "rounds": rounds,
        "engines": {
            name: {"version": PEERS[name].version(), "setting": PEERS[name].setting} for name in names
        },
        "missing": {name: why for name, why in session.missing.items() if name in ENGINES},
        "building": {name: session.costs[name] for name in names},
        "opening": opening,
        "curves": {name: [vars(cell) for cell in cells] for name, cells in found.items()},
        "reached": compare.reached(found),
        "batch": batch,
    }


def _opening(session: Session, names: list[str]) -> dict[str, Any]:
    """Return the least of several fresh processes: what disturbs them can only add."""
    runs: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
    for _ in range(min(session.rounds, 3)):
        for name in names:
            session.say(f"opening {name}")
            runs[name].append(alone.reopen(name, session.source, session.place(name)))
    return {name: {key: min(one[key] for one in own) for key in own[0]} for name, own in runs.items()}


def close(engines: dict[str, Peer]) -> None:
    """Close all of them."""
    for engine in engines.values():
        engine.close()


def table(r: dict[str, Any]) -> str:
    """Return the result as Markdown."""
    return "\n\n".join(
        [
            f"## Search: {r['points']:,} × {r['dim']}, {r['distance']}, one thread, single calls",
            f"All engines in one process, {r['rounds']} interleaved rounds, k = {r['k']}, M {r['m']}, "
            f"ef_construct {r['ef_construct']}, payloads off. Queries a CPU second of the whole process at "
            "equal recall, interpolated between neighboring efforts; × is the ratio to hnswlib in the same "
            "round: "
            "median (least–most). “≥”: even the least effort found more than that.",
            _rates(r),
            f"The same at recall {BATCH_RECALL} by the clock: single calls, and all queries in one call on "
            f"{r['batch_threads']} threads.",
            _walls(r),
            f"### What the index costs\n\nBuilt with {r['build_threads']} threads in a process of its own; "
            "opened in a fresh one, everything in the page cache, the least of three. Resident: more than "
            "before opening, with the code that is loaded at the first use (of workbench, numba's compiler).",
            _costs(r) + left_out(r["missing"]),
        ]
    )


def _rates(r: dict[str, Any]) -> str:
    heads = [part for recall in r["reached"] for part in (f"q/s at {recall}", "×")]
    rows = []
    for name, about in r["engines"].items():
        cells = []
        for at in r["reached"].values():
            own = at[name]
            cells += [_rate(own), spread(own.get("ratio") if own else None)]
        most = max(cell["recall"] for cell in r["curves"][name])
        rows.append([f"{name} {about['version']}", about["setting"], f"{most:.4f}", *cells])
    return grid(["engine", "setting", "most recall", *heads], rows)


def _rate(own: dict[str, Any] | None, clock: str = "cpu") -> str:
    return ("≥ " if own["floor"] else "") + number(own[clock]["median"]) if own else "–"


def _walls(r: dict[str, Any]) -> str:
    single = r["reached"][f"{BATCH_RECALL:.2f}"]
    rows = []
    for name in r["engines"]:
        both = r["batch"].get(name)
        ratio = _clock_ratio(r["batch"], name)
        rows.append([name, _rate(single[name], "wall"), _rate(both, "wall"), ratio, _rate(both)])
    return grid(["engine", "single q/s", "batch q/s", "×", "batch q/s a CPU second"], rows)


def _clock_ratio(batch: dict[str, Any], name: str) -> str:
    own, reference = batch.get(name), batch.get(REFERENCE)
    return f"{own['wall']['median'] / reference['wall']['median']:.2f}" if own and reference else "–"


def _costs(r: dict[str, Any]) -> str:
    reference = r["building"].get(REFERENCE)
    rows = []
    for name, cost in r["building"].items():
        ratio = f"{cost['cpu'] / reference['cpu']:.2f}" if reference else "–"
        build = [cost["cpu"], ratio, cost["wall"], f"{cost['added_mb']:,}", f"{cost['disk_mb']:,}"]
        opened = r["opening"][name]
        rows.append([name, *build, *(opened[k] for k in ("import", "open", "first_answer", "resident_mb"))])
    head = [
        "engine", "build CPU s", "×", "wall s", "most memory MB", "disk MB",
        "import s", "open s", "to first answer s", "resident MB",
    ]  # fmt: skip
    return grid(head, rows)
