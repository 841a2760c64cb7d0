"""hnswlib: the reference that ratios are of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from tests.benchmarks.peers.peer import BUILD_THREADS, EF_CONSTRUCT, Ask, M, Peer, Points, Where, accepted


class Hnswlib(Peer):
    name, package, module = "hnswlib", "hnswlib", "hnswlib"
    setting = "inner product of unit vectors, or l2"

    def build(self, points: Points, folder: Path) -> None:
        import hnswlib

        space = "ip" if points.distance == "Cosine" else "l2"
        self.index = hnswlib.Index(space, points.vectors.shape[1])
        self.index.init_index(len(points.vectors), ef_construction=EF_CONSTRUCT, M=M)
        self.index.set_num_threads(BUILD_THREADS)
        self.index.add_items(points.vectors)
        folder.mkdir(parents=True)
        self.index.save_index(str(folder / "index"))
        np.save(folder / "about.npy", [points.vectors.shape[1], space == "ip"])
        self.payloads = points.payloads

    def open(self, folder: Path) -> None:
        import hnswlib

        dim, inner = np.load(folder / "about.npy")
        self.index = hnswlib.Index("ip" if inner else "l2", int(dim))
        self.index.load_index(str(folder / "index"))

    def searcher(self, k: int, effort: int) -> Ask:
        self.index.set_ef(effort)
        self.index.set_num_threads(1)
        search = self.index.knn_query
        return lambda query: search(query, k)

    def batch(self, k: int, effort: int, threads: int) -> Ask:
        self.index.set_ef(effort)
        search = self.index.knn_query
        return lambda queries: search(queries, k, num_threads=threads)

    def filtered(self, k: int, effort: int, where: Where) -> Ask:
        """Return a search with a Python callback, which is what its API has for filters."""
        passes = accepted(self.payloads, where).tolist().__getitem__
        self.index.set_ef(effort)
        search = self.index.knn_query
        return lambda query: search(query, k, num_threads=1, filter=passes)

    def delete(self, ids: list[int]) -> None:
        for point in ids:
            self.index.mark_deleted(point)

    def replace(self, ids: list[int], vectors: Any) -> None:
        self.index.set_num_threads(BUILD_THREADS)
        self.index.add_items(vectors, ids)

    def ids(self, answer: Any) -> list[int]:
        return answer[0][0].tolist()

    def batch_ids(self, answer: Any) -> list[list[int]]:
        return answer[0].tolist()
