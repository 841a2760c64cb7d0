"""The engines that are measured: each through its own Python API, with its own best single-thread settings.

Settings are those of a person who read the engine's manual: the same graph (16 links, 100 candidates),
everything built and optimized before it is asked, one search thread, payloads off.
"""

from __future__ import annotations

from collections.abc import Sequence

from tests.benchmarks.peers.chroma_peer import Chroma
from tests.benchmarks.peers.faiss_peer import FaissFlat, FaissHnsw, FaissSq8
from tests.benchmarks.peers.hnswlib_peer import Hnswlib
from tests.benchmarks.peers.lancedb_peer import LanceDb
from tests.benchmarks.peers.numpy_peer import NumPy
from tests.benchmarks.peers.peer import Peer, Points
from tests.benchmarks.peers.qdrant_edge_peer import QdrantEdge, QdrantEdgeInt8
from tests.benchmarks.peers.qdrant_local_peer import QdrantLocal
from tests.benchmarks.peers.svs_peer import Svs, SvsLvq
from tests.benchmarks.peers.usearch_peer import Usearch, UsearchInt8
from tests.benchmarks.peers.workbench_peer import Workbench, WorkbenchOptimized

__all__ = ["GRAPHS", "PEERS", "REFERENCE", "Peer", "Points", "present"]

REFERENCE = "hnswlib"
"""Ratios are of this engine."""

PEERS: dict[str, type[Peer]] = {
    peer.name: peer
    for peer in (
        Workbench, WorkbenchOptimized, Hnswlib, FaissHnsw, FaissSq8, Svs, SvsLvq, Usearch, UsearchInt8,
        QdrantEdge, QdrantEdgeInt8, Chroma, LanceDb, QdrantLocal, FaissFlat, NumPy,
    )
}  # fmt: skip
GRAPHS = tuple(name for name, peer in PEERS.items() if peer.efforts)


def present(wanted: Sequence[str]) -> tuple[dict[str, Peer], dict[str, str]]:
    """Return a new object for each engine wanted, and why those that are left out are."""
    why = {name: PEERS[name].missing() for name in wanted}
    return (
        {name: PEERS[name]() for name in wanted if not why[name]},
        {name: reason for name, reason in why.items() if reason},
    )
