"""Two stores of the same points, ours and Qdrant's own core, that are asked the same questions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import qdrant_edge as edge

from workbench.collection import Collection, updates
from workbench.engine import open_engine
from workbench.models.config import (
    CollectionConfig,
    Datatype,
    Distance,
    OptimizersConfig,
    SparseVectorParams,
    VectorParams,
)
from workbench.models.points import IdArray, PointBatch, VectorBatch
from workbench.models.vectors import MultiRows, SparseRows, SparseVector
from workbench.query.examples import Examples
from workbench.query.nearest import ids_of
from workbench.query.scored import Scored

COUNT, DIM, TERMS = 120, 4, 25
Vectors = list[Any]


def dense(rng: np.random.Generator, count: int = COUNT) -> Vectors:
    return list(rng.normal(size=(count, DIM)).astype(np.float32))


def sparse(rng: np.random.Generator, count: int = COUNT) -> Vectors:
    made = []
    for _ in range(count):
        indices = np.flatnonzero(rng.random(TERMS) < 0.2)
        made.append(SparseVector.of(indices, rng.normal(size=len(indices)).astype(np.float32)))
    return made


def multi(rng: np.random.Generator, count: int = COUNT) -> Vectors:
    return [rng.normal(size=(n, DIM)).astype(np.float32) for n in rng.integers(1, 5, count)]


MAKERS = {"dense": dense, "sparse": sparse, "multi": multi}


@contextmanager
def both(
    path: Path,
    kind: str,
    distance: Distance = Distance.DOT,
    *,
    idf: bool = False,
    sealed: bool = False,
    datatype: Datatype = Datatype.FLOAT32,
) -> Iterator[Both]:
    """Store random vectors in both, one of them zero or empty, and seal half of ours if asked for."""
    vectors = MAKERS[kind](np.random.default_rng(1))
    vectors[7] = SparseVector.of([], []) if kind == "sparse" else vectors[7] * np.float32(0)
    if datatype is Datatype.UINT8:
        vectors = [np.abs(vector * 60).astype(np.float32) for vector in vectors]
    params = VectorParams(size=DIM, distance=distance, datatype=datatype, multivector=kind == "multi")
    config = CollectionConfig(
        vectors={} if kind == "sparse" else {"v": params},
        sparse_vectors={"v": SparseVectorParams(idf=idf)} if kind == "sparse" else {},
        optimizers=OptimizersConfig(indexing_threshold=0),
    )
    with open_engine() as engine:
        ours = engine.create("v", config)
        for first, last in ((0, COUNT // 2), (COUNT // 2, COUNT)):
            bodies = [orjson.dumps({"even": i % 2 == 0, "third": i % 3}) for i in range(first, last)]
            batch = VectorBatch(joined(kind, vectors[first:last]))
            updates.upsert(ours, PointBatch(IdArray.of(range(first, last)), {"v": batch}, bodies))
            if sealed and first == 0:
                ours.upkeep.optimize()
        shard = edge.EdgeShard.create(str(path), edge_config(kind, params, idf))
        points = [
            edge.Point(i, {"v": plain(v)}, {"even": i % 2 == 0, "third": i % 3})
            for i, v in enumerate(vectors)
        ]
        shard.update(edge.UpdateOperation.upsert_points(points))
        try:
            yield Both(ours, shard)
        finally:
            shard.close()


def joined(kind: str, vectors: Vectors) -> Any:
    if kind == "dense":
        return np.stack(vectors)
    return SparseRows.of(vectors) if kind == "sparse" else MultiRows.of(vectors, DIM)


def edge_config(kind: str, params: VectorParams, idf: bool) -> Any:
    if kind == "sparse":
        modifier = edge.Modifier.Idf if idf else None
        return edge.EdgeConfig(sparse_vectors={"v": edge.EdgeSparseVectorParams(modifier=modifier)})
    shape = edge.MultiVectorConfig(edge.MultiVectorComparator.MaxSim) if kind == "multi" else None
    metric = getattr(edge.Distance, params.distance.value)
    kept = getattr(edge.VectorStorageDatatype, params.datatype.value.capitalize())
    own = edge.EdgeVectorParams(DIM, metric, multivector_config=shape, datatype=kept)
    return edge.EdgeConfig(vectors={"v": own})


def plain(vector: Any) -> Any:
    """Return a vector as Qdrant's core takes it."""
    if isinstance(vector, SparseVector):
        return edge.SparseVector(vector.indices.tolist(), vector.values.tolist())
    return vector.tolist()


class Both:
    """Asks both, and compares."""

    def __init__(self, ours: Collection, shard: Any) -> None:
        self.collection, self.shard = ours, shard

    @property
    def examples(self) -> Examples:
        return Examples(self.collection.view, "v")

    def agree(self, ours: Scored, theirs: Any, k: int, *, ordered: bool = False, **settings: Any) -> None:
        """Check that hits and scores are the same; points of equal score may change places."""
        hits = self.shard.query(edge.QueryRequest(limit=k, query=theirs, **settings))
        ids = ids_of(self.collection.view, ours.found).tolist()
        assert len(ids) == len(hits)
        np.testing.assert_allclose(ours.scores, [h.score for h in hits], rtol=2e-5, atol=2e-5)
        if ordered:
            assert ids == [h.id for h in hits]
        else:
            by_id = {h.id: h.score for h in hits}
            last = hits[-1].score if hits else 0.0
            for point, score in zip(ids, ours.scores.tolist(), strict=True):
                expected = by_id.get(point, last)  # another of the points that share the last score
                assert abs(score - expected) <= 2e-5 * max(1.0, abs(expected)), (point, score, expected)


def queries(kind: str, count: int, seed: int = 2) -> Vectors:
    return MAKERS[kind](np.random.default_rng(seed), count)


def context_pairs(vectors: Sequence[Any]) -> list[Any]:
    return [edge.ContextPair(plain(a), plain(b)) for a, b in zip(vectors[0::2], vectors[1::2], strict=True)]
