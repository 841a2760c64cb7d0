"""The local mode of the official Qdrant client: NumPy in memory, always exact."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.benchmarks.peers.peer import Ask, Peer, Points, Where, bounds

BATCH = 500


class QdrantLocal(Peer):
    name, package, module = "qdrant local", "qdrant-client", "qdrant_client"
    setting = "QdrantClient(':memory:'); exact"
    efforts = ()
    most = 200_000

    def build(self, points: Points, folder: Path) -> None:
        """Fill it in memory: its own files take a commit a point, a thousand points a second."""
        import numpy as np

        folder.mkdir(parents=True)
        np.save(folder / "vectors.npy", points.vectors)
        (folder / "distance").write_text(points.distance)
        self.fill(points)

    def open(self, folder: Path) -> None:
        """Fill it again: nothing of it outlives a process."""
        import numpy as np

        self.fill(Points(np.load(folder / "vectors.npy"), (folder / "distance").read_text()))

    def fill(self, points: Points) -> None:
        """Insert everything."""
        from qdrant_client import QdrantClient, models

        self.client = QdrantClient(":memory:")
        params = models.VectorParams(
            size=points.vectors.shape[1], distance=models.Distance[points.distance.upper()]
        )
        self.client.create_collection("bench", vectors_config=params)
        rows = None if points.payloads is None else points.payloads.to_dict("records")
        for start in range(0, len(points.vectors), BATCH):
            stop = min(start + BATCH, len(points.vectors))
            self.client.upsert(
                "bench",
                models.Batch(
                    ids=list(range(start, stop)),
                    vectors=points.vectors[start:stop].tolist(),
                    payloads=rows[start:stop] if rows else None,
                ),
            )

    def searcher(self, k: int, effort: int) -> Ask:
        return self.exact(k)

    def exact(self, k: int) -> Ask:
        search = self.client.query_points
        return lambda query: search("bench", query=query, limit=k, with_payload=False)

    def filtered(self, k: int, effort: int, where: Where) -> Ask:
        from qdrant_client import models

        key, operator, value = bounds(where)
        condition = (
            models.FieldCondition(key=key, match=models.MatchValue(value=value))
            if operator == "eq"
            else models.FieldCondition(key=key, range=models.Range(**{operator: value}))
        )
        only, search = models.Filter(must=[condition]), self.client.query_points
        return lambda query: search("bench", query=query, query_filter=only, limit=k, with_payload=False)

    def delete(self, ids: list[int]) -> None:
        self.client.delete("bench", ids)

    def replace(self, ids: list[int], vectors: Any) -> None:
        from qdrant_client import models

        for start in range(0, len(ids), BATCH):
            part = models.Batch(
                ids=ids[start : start + BATCH], vectors=vectors[start : start + BATCH].tolist()
            )
            self.client.upsert("bench", part)

    def ids(self, answer: Any) -> list[int]:
        return [point.id for point in answer.points]

    def close(self) -> None:
        self.client.close()
