"""usearch: HNSW over float32 and, for cosine, over int8."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.benchmarks.peers.peer import BUILD_THREADS, EF_CONSTRUCT, Ask, M, Peer, Points


class Usearch(Peer):
    name, package, module = "usearch", "usearch", "usearch"
    setting = "float32; inner product of unit vectors, or l2sq"
    dtype = "f32"

    def build(self, points: Points, folder: Path) -> None:
        import numpy as np
        from usearch.index import Index

        self.index = Index(
            ndim=points.vectors.shape[1],
            metric=self._metric(points.distance),
            dtype=self.dtype,
            connectivity=M,
            expansion_add=EF_CONSTRUCT,
        )
        self.index.add(np.arange(len(points.vectors)), points.vectors, threads=BUILD_THREADS)
        folder.mkdir(parents=True)
        self.index.save(str(folder / "index"))

    def _metric(self, distance: str) -> str:
        return "ip" if distance == "Cosine" else "l2sq"

    def open(self, folder: Path) -> None:
        from usearch.index import Index

        self.index = Index.restore(str(folder / "index"))

    def searcher(self, k: int, effort: int) -> Ask:
        return self.batch(k, effort, 1)

    def batch(self, k: int, effort: int, threads: int) -> Ask:
        self.index.expansion_search = effort
        search = self.index.search
        return lambda query: search(query, k, threads=threads)

    def delete(self, ids: list[int]) -> None:
        self.index.remove(ids)

    def replace(self, ids: list[int], vectors: Any) -> None:
        self.index.remove(ids)
        self.index.add(ids, vectors, threads=BUILD_THREADS)

    def ids(self, answer: Any) -> list[int]:
        return answer.keys.tolist()

    def batch_ids(self, answer: Any) -> list[list[int]]:
        return answer.keys.tolist()


class UsearchInt8(Usearch):
    name, setting, dtype = "usearch i8", "int8, cosine", "i8"

    def _metric(self, distance: str) -> str:
        return "cos" if distance == "Cosine" else "l2sq"
