"""Qdrant's own core in process (qdrant-edge-py), without and with int8 codes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.benchmarks.peers.peer import BUILD_THREADS, EF_CONSTRUCT, Ask, M, Peer, Points, Where, bounds

BATCH = 1000


class QdrantEdge(Peer):
    name, package, module = "qdrant-edge", "qdrant-edge-py", "qdrant_edge"
    setting = "optimized into one segment, one search thread"
    codes = False

    def build(self, points: Points, folder: Path) -> None:
        import qdrant_edge as edge

        folder.mkdir(parents=True)
        self.shard = edge.EdgeShard.create(str(folder), self._config(edge, points))
        rows = None if points.payloads is None else points.payloads.to_dict("records")
        for start in range(0, len(points.vectors), BATCH):
            part = range(start, min(start + BATCH, len(points.vectors)))
            made = [edge.Point(i, points.vectors[i].tolist(), rows[i] if rows else None) for i in part]
            self.shard.update(edge.UpdateOperation.upsert_points(made))
        for key, values in () if points.payloads is None else points.payloads.items():
            kinds = edge.PayloadSchemaType
            kind = {"f": kinds.Float, "i": kinds.Integer}.get(values.dtype.kind, kinds.Keyword)
            self.shard.update(edge.UpdateOperation.create_field_index(str(key), kind))
        self.settle()

    def _config(self, edge: Any, points: Points) -> Any:
        size, distance = points.vectors.shape[1], getattr(edge.Distance, points.distance)
        int8 = edge.ScalarQuantizationConfig(edge.ScalarType.Int8, quantile=0.99, always_ram=True)
        return edge.EdgeConfig(
            vectors={"": edge.EdgeVectorParams(size, distance)},
            hnsw_config=edge.HnswIndexConfig(M, EF_CONSTRUCT, 10_000, BUILD_THREADS),
            optimizers=edge.EdgeOptimizersConfig(default_segment_number=1, max_segment_size=100_000_000),
            quantization_config=int8 if self.codes else None,
            max_search_threads=1,
        )

    def open(self, folder: Path) -> None:
        import qdrant_edge as edge

        self.shard = edge.EdgeShard.load(str(folder))

    def searcher(self, k: int, effort: int) -> Ask:
        return self._search(k, hnsw_ef=effort)

    def exact(self, k: int) -> Ask:
        return self._search(k, exact=True)

    def filtered(self, k: int, effort: int, where: Where) -> Ask:
        import qdrant_edge as edge

        key, operator, value = bounds(where)
        condition = (
            edge.FieldCondition(key, match=edge.MatchValue(value))
            if operator == "eq"
            else edge.FieldCondition(key, range=edge.RangeFloat(**{operator: value}))
        )
        return self._search(k, edge.Filter(must=[condition]), hnsw_ef=effort)

    def _search(self, k: int, where: Any = None, **settings: Any) -> Ask:
        import qdrant_edge as edge

        rescore = edge.QuantizationSearchParams(rescore=True) if self.codes else None
        params = edge.SearchParams(quantization=rescore, **settings)
        search, request, nearest = self.shard.search, edge.SearchRequest, edge.Query.Nearest
        return lambda query: search(request(nearest(query), k, filter=where, params=params))

    def delete(self, ids: list[int]) -> None:
        import qdrant_edge as edge

        self.shard.update(edge.UpdateOperation.delete_points(ids))

    def replace(self, ids: list[int], vectors: Any) -> None:
        import qdrant_edge as edge

        for start in range(0, len(ids), BATCH):
            part = range(start, min(start + BATCH, len(ids)))
            made = [edge.Point(ids[i], vectors[i].tolist()) for i in part]
            self.shard.update(edge.UpdateOperation.upsert_points(made))

    def settle(self) -> None:
        while self.shard.optimize():
            pass
        self.shard.flush()

    def ids(self, answer: Any) -> list[int]:
        return [point.id for point in answer]

    def close(self) -> None:
        self.shard.close()


class QdrantEdgeInt8(QdrantEdge):
    name, setting, codes = "qdrant-edge int8", "int8 codes (quantile .99, always_ram), rescored", True
