"""faiss: HNSW over float32 and over its 8-bit scalar quantizer, and the flat index for exact answers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from tests.benchmarks.peers.peer import BUILD_THREADS, EF_CONSTRUCT, Ask, M, Peer, Points, Where, accepted


class FaissHnsw(Peer):
    name, package, module = "faiss", "faiss-cpu", "faiss"
    setting = "IndexHNSWFlat"

    def build(self, points: Points, folder: Path) -> None:
        import faiss

        faiss.omp_set_num_threads(BUILD_THREADS)
        metric = faiss.METRIC_INNER_PRODUCT if points.distance == "Cosine" else faiss.METRIC_L2
        self.index = self._index(faiss, points.vectors.shape[1], metric)
        self._fill(points.vectors)
        folder.mkdir(parents=True)
        faiss.write_index(self.index, str(folder / "index"))
        self.payloads = points.payloads

    def _index(self, faiss: Any, dim: int, metric: int) -> Any:
        return faiss.IndexHNSWFlat(dim, M, metric)

    def _fill(self, vectors: Any) -> None:
        self.index.hnsw.efConstruction = EF_CONSTRUCT
        self.index.train(vectors)
        self.index.add(vectors)

    def open(self, folder: Path) -> None:
        import faiss

        self.index = faiss.read_index(str(folder / "index"))

    def searcher(self, k: int, effort: int) -> Ask:
        return self._search(k, effort, 1, one=True)

    def batch(self, k: int, effort: int, threads: int) -> Ask:
        return self._search(k, effort, threads, one=False)

    def _search(self, k: int, effort: int, threads: int, *, one: bool) -> Ask:
        import faiss

        faiss.omp_set_num_threads(threads)
        self.index.hnsw.efSearch = effort
        search = self.index.search
        return (lambda query: search(query[np.newaxis], k)) if one else (lambda queries: search(queries, k))

    def filtered(self, k: int, effort: int, where: Where) -> Ask:
        """Return a search with a bitmap of the ids that may be found."""
        import faiss

        faiss.omp_set_num_threads(1)
        bits = np.packbits(accepted(self.payloads, where), bitorder="little")
        selector = faiss.IDSelectorBitmap(bits)
        params = faiss.SearchParametersHNSW(sel=selector, efSearch=effort)
        search = self.index.search
        return lambda query: search(query[np.newaxis], k, params=params)

    def ids(self, answer: Any) -> list[int]:
        return answer[1][0].tolist()

    def batch_ids(self, answer: Any) -> list[list[int]]:
        return answer[1].tolist()


class FaissSq8(FaissHnsw):
    name, setting = "faiss SQ8", "IndexHNSWSQ, QT_8bit, no rescoring"

    def _index(self, faiss: Any, dim: int, metric: int) -> Any:
        return faiss.IndexHNSWSQ(dim, faiss.ScalarQuantizer.QT_8bit, M, metric)


class FaissFlat(FaissHnsw):
    name, setting = "faiss flat", "IndexFlat"
    efforts = ()
    batch = None
    filtered = None

    def _index(self, faiss: Any, dim: int, metric: int) -> Any:
        return faiss.IndexFlat(dim, metric)

    def _fill(self, vectors: Any) -> None:
        self.index.add(vectors)

    def searcher(self, k: int, effort: int) -> Ask:
        return self.exact(k)

    def exact(self, k: int) -> Ask:
        import faiss

        faiss.omp_set_num_threads(1)
        search = self.index.search
        return lambda query: search(query[np.newaxis], k)
