"""Chroma's persistent client.

`ef_search` is fixed when a collection is first asked (a later ``modify`` is accepted and ignored, 1.5.9), so
each ef has a copy of the database of its own.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from tests.benchmarks.peers.peer import EF_CONSTRUCT, Ask, M, Peer, Points, Where, bounds

BATCH = 2000


class Chroma(Peer):
    name, package, module = "chroma", "chromadb", "chromadb"
    setting = "PersistentClient; three ef, interpolated"
    efforts = (16, 100, 400)
    most = 200_000

    def build(self, points: Points, folder: Path) -> None:
        collection = self._client(folder).create_collection(
            "bench",
            embedding_function=None,
            configuration={
                "hnsw": {
                    "space": "ip" if points.distance == "Cosine" else "l2",
                    "max_neighbors": M,
                    "ef_construction": EF_CONSTRUCT,
                    "num_threads": 2,
                }
            },
        )
        rows = None if points.payloads is None else points.payloads.to_dict("records")
        for start in range(0, len(points.vectors), BATCH):
            stop = min(start + BATCH, len(points.vectors))
            collection.add(
                ids=[str(i) for i in range(start, stop)],
                embeddings=points.vectors[start:stop],
                metadatas=rows[start:stop] if rows else None,
            )
        self.collection = collection
        self.folder = folder
        self.opened: dict[int, Any] = {}

    def open(self, folder: Path) -> None:
        self.folder, self.opened = folder, {}
        self.collection = self._client(folder).get_collection("bench", embedding_function=None)

    def _client(self, folder: Path) -> Any:
        import chromadb

        quiet = chromadb.Settings(anonymized_telemetry=False)
        return chromadb.PersistentClient(str(folder), settings=quiet)

    def _at(self, effort: int) -> Any:
        if effort not in self.efforts:
            return self.collection  # at Chroma's own ef, without a copy that opening would have to wait for
        if effort not in self.opened:
            copy = self.folder.with_name(f"{self.folder.name}-ef{effort}")
            if not copy.exists():
                shutil.copytree(self.folder, copy)
            collection = self._client(copy).get_collection("bench", embedding_function=None)
            collection.modify(configuration={"hnsw": {"ef_search": effort}})
            self.opened[effort] = self._client(copy).get_collection("bench", embedding_function=None)
        return self.opened[effort]

    def searcher(self, k: int, effort: int) -> Ask:
        search = self._at(effort).query
        return lambda query: search(query_embeddings=[query], n_results=k, include=["distances"])

    def batch(self, k: int, effort: int, threads: int) -> Ask:
        """Return its call for several queries; how many threads it takes is its own affair."""
        search = self._at(effort).query
        return lambda queries: search(query_embeddings=queries, n_results=k, include=["distances"])

    def filtered(self, k: int, effort: int, where: Where) -> Ask:
        key, operator, value = bounds(where)
        search, condition = self._at(effort).query, {key: {f"${operator}": value}}
        return lambda query: search(
            query_embeddings=[query], n_results=k, where=condition, include=["distances"]
        )

    def delete(self, ids: list[int]) -> None:
        for start in range(0, len(ids), BATCH):
            self.collection.delete(ids=[str(i) for i in ids[start : start + BATCH]])

    def replace(self, ids: list[int], vectors: Any) -> None:
        for start in range(0, len(ids), BATCH):
            part = [str(i) for i in ids[start : start + BATCH]]
            self.collection.upsert(ids=part, embeddings=vectors[start : start + BATCH])

    def ids(self, answer: Any) -> list[int]:
        return [int(point) for point in answer["ids"][0]]

    def batch_ids(self, answer: Any) -> list[list[int]]:
        return [[int(point) for point in points] for points in answer["ids"]]
