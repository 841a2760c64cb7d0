"""One exact query: every vector is compared, so recall is 1 unless an engine scans codes and rescores."""

from __future__ import annotations

from typing import Any

from tests.benchmarks import compare
from tests.benchmarks.peers import PEERS, Peer
from tests.benchmarks.peers.peer import Ask
from tests.benchmarks.report import grid, left_out
from tests.benchmarks.search import close
from tests.benchmarks.session import Session

ENGINES = tuple(name for name, peer in PEERS.items() if peer.exact is not None)


class Exactly(Peer):
    """An engine that is only asked for exact answers."""

    efforts = ()

    def __init__(self, engine: Peer) -> None:
        self.engine = engine

    def searcher(self, k: int, effort: int) -> Ask:
        assert self.engine.exact is not None
        return self.engine.exact(k)

    def ids(self, answer: Any) -> list[int]:
        return self.engine.ids(answer)


def run(session: Session) -> dict[str, Any]:
    """Measure milliseconds a query, of processor and of clock."""
    data = session.data
    engines = session.opened(ENGINES)
    asked = {name: Exactly(engine) for name, engine in engines.items()}
    found = compare.sweep(
        asked, data.queries[:200], data.truth[:200], session.rounds, say=session.say, failed=session.missing
    )
    close(engines)
    return {
        "data": data.name,
        "points": len(data.vectors),
        "dim": data.vectors.shape[1],
        "rounds": session.rounds,
        "gigabytes": round(data.vectors.nbytes / 1e9, 3),
        "engines": {
            name: {
                "recall": cell.recall,
                "cpu_ms": compare.milliseconds(cell.cpu),
                "wall_ms": compare.milliseconds(cell.wall),
            }
            for name, (cell,) in found.items()
        },
        "missing": {name: why for name, why in session.missing.items() if name in ENGINES},
    }


def table(r: dict[str, Any]) -> str:
    """Return the result as Markdown."""
    rows = [
        [
            name,
            f"{own['recall']:.4f}",
            *(own[clock][part] for clock in ("cpu_ms", "wall_ms") for part in ("median", "least")),
        ]
        for name, own in r["engines"].items()
    ]
    head = ["engine", "recall", "CPU ms", "least", "wall ms", "least"]
    return (
        f"## One exact query: {r['points']:,} × {r['dim']}, {r['gigabytes']} GB of float32, one thread\n\n"
        f"Median of {r['rounds']} interleaved rounds, and the least.\n\n"
        f"{grid(head, rows)}{left_out(r['missing'])}"
    )
