"""How soon an engine is as fast as before when 30 % of its points get other vectors in one go.

Asked when the call that replaces has returned, some seconds later, and when the engine has done what it puts
off, with a beam that finds .985 of the neighbors before and with one that finds .995. The time of the call is
told beside: who inserts into a graph at once has done it then. Queries a second are of CPU time of the asking
thread, so work in the background does not count against them.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from tests.benchmarks.churn import EF_CONSTRUCT, LIVE, SHARE, K, nearest, recall_of
from tests.benchmarks.peers import PEERS, Peer, Points
from tests.benchmarks.report import grid
from tests.benchmarks.session import Session
from tests.benchmarks.sets import BenchSet

ENGINES = ("workbench", "workbench, prevent_unoptimized", "hnswlib", "qdrant-edge int8")
# Seconds after the call, and the queries asked then: few, so that they are over before much has changed.
MOMENTS, ASKED = (0.0, 1.0, 2.0, 4.0), 200
EFS = (EF_CONSTRUCT, 2 * EF_CONSTRUCT)


def run(session: Session) -> dict[str, Any]:
    """Measure each engine that can replace points."""
    found = {name: _engine(session, name) for name in session.wanted(ENGINES)}
    return {"data": session.data.name, "share": SHARE, "engines": found}


def table(r: dict[str, Any]) -> str:
    """Tell what was measured."""
    moments = ["at once", *(f"after {seconds:.0f} s" for seconds in MOMENTS[1:]), "when done"]
    head = ["engine", "ef", "q/s before", "recall", "replaced in s", *(f"{m}: × (recall)" for m in moments)]
    rows = [
        [
            name,
            before["ef"],
            f"{before['qps']:,}",
            f"{before['recall']:.4f}",
            own["took"],
            *(f"{at[i]['qps'] / before['qps']:.2f} ({at[i]['recall']:.4f})" for at in own["after"]),
            own["done"],
        ]
        for name, own in r["engines"].items()
        for i, before in enumerate(own["before"])
    ]
    return (
        f"## Speed after {r['share']:.0%} of the points got other vectors\n\n"
        f"× is the speed through that before, at the same ef. Wanted: at once at least .995 at 0.9.\n\n"
        f"{grid([*head, 'done after s'], rows)}"
    )


def _engine(session: Session, name: str) -> dict[str, Any]:
    data, draw = session.data, np.random.default_rng(0)
    order = draw.permutation(len(data.vectors))
    count = int(LIVE * len(order))
    vectors, spare = data.vectors[order[:count]].copy(), data.vectors[order[count:]]
    gone = draw.permutation(count)[: min(int(SHARE * count), len(spare))]
    peer: Peer = PEERS[name]()
    session.say(f"building {name}")
    peer.build(Points(vectors, data.distance), session.folder / f"replaced-{name}")
    peer.ready()
    before = _ask(peer, data, _truth(data, vectors))
    vectors[gone] = spare[: len(gone)]
    truth = _truth(data, vectors)
    assert peer.replace is not None
    started = time.perf_counter()
    peer.replace(gone.tolist(), vectors[gone])
    returned = time.perf_counter()
    after = []
    for moment in MOMENTS:
        time.sleep(max(0.0, returned + moment - time.perf_counter()))
        after.append(_ask(peer, data, truth))
    if peer.settle is not None:
        peer.settle()
    done = time.perf_counter() - returned
    after.append(_ask(peer, data, truth))
    peer.close()
    return {
        "before": before,
        "took": round(returned - started, 2),
        "after": after,
        "done": round(done, 1),
    }


def _truth(data: BenchSet, vectors: Any) -> Any:
    return nearest(data, vectors, data.queries[:ASKED], np.arange(len(vectors)))


def _ask(peer: Peer, data: BenchSet, truth: Any) -> list[dict[str, Any]]:
    """Ask at each ef."""
    queries, told = data.queries[:ASKED], []
    for ef in EFS:
        ask, began = peer.searcher(K, ef), time.thread_time()
        answers = [ask(query) for query in queries]
        took = (time.thread_time() - began) / len(queries)
        recall = recall_of([peer.ids(answer) for answer in answers], truth)
        told.append({"ef": ef, "recall": recall, "qps": round(1 / took)})
    return told
