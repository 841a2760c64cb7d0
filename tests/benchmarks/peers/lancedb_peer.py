"""LanceDB: IVF_HNSW_SQ in one partition, answers rescored from twice as many."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.benchmarks.peers.peer import EF_CONSTRUCT, Ask, M, Peer, Points, Where, bounds

BATCH = 20_000


class LanceDb(Peer):
    name, package, module = "lancedb", "lancedb", "lancedb"
    setting = "IVF_HNSW_SQ, 1 partition, m 32, refine_factor 2"
    efforts = (24, 32, 64, 100, 200, 400)  # from k times refine_factor on: less is an error

    def build(self, points: Points, folder: Path) -> None:
        import lancedb
        import pyarrow as pa
        from lancedb.index import Bitmap, BTree

        database = lancedb.connect(str(folder))
        for start in range(0, len(points.vectors), BATCH):
            stop = min(start + BATCH, len(points.vectors))
            rows = self._rows(range(start, stop), points.vectors[start:stop])
            if points.payloads is not None:
                for key, values in points.payloads.items():
                    rows = rows.append_column(str(key), pa.array(values.iloc[start:stop]))
            if start == 0:
                self.table = database.create_table("bench", rows)
            else:
                self.table.add(rows)
        self.metric = "dot" if points.distance == "Cosine" else "l2"
        self._index()
        for key, values in () if points.payloads is None else points.payloads.items():
            text = values.dtype.kind not in "if"
            self.table.create_index(str(key), config=Bitmap() if text else BTree())

    def _index(self) -> None:
        from lancedb.index import IvfHnswSq

        graph = IvfHnswSq(distance_type=self.metric, num_partitions=1, m=2 * M, ef_construction=EF_CONSTRUCT)
        self.table.create_index("vector", config=graph)

    def _rows(self, ids: Any, vectors: Any) -> Any:
        import numpy as np
        import pyarrow as pa

        flat = pa.array(np.ascontiguousarray(vectors, dtype=np.float32).ravel())
        values = pa.FixedSizeListArray.from_arrays(flat, vectors.shape[1])
        return pa.table({"id": pa.array(list(ids), pa.int64()), "vector": values})

    def open(self, folder: Path) -> None:
        import lancedb

        self.table = lancedb.connect(str(folder)).open_table("bench")

    def searcher(self, k: int, effort: int) -> Ask:
        return self._search(k, effort, None)

    def filtered(self, k: int, effort: int, where: Where) -> Ask:
        key, operator, value = bounds(where)
        sign = {"eq": "=", "lt": "<", "lte": "<="}[operator]
        literal = f"'{value}'" if isinstance(value, str) else value
        return self._search(k, effort, f"{key} {sign} {literal}")

    def exact(self, k: int) -> Ask:
        search = self.table.search
        return lambda query: (
            search(query).bypass_vector_index().limit(k).select(["id", "_distance"]).to_arrow()
        )

    def _search(self, k: int, effort: int, where: str | None) -> Ask:
        table = self.table

        def ask(query: Any) -> Any:
            asked = table.search(query).nprobes(1).ef(effort).refine_factor(2).limit(k)
            asked = asked.where(where, prefilter=True) if where else asked
            return asked.select(["id", "_distance"]).to_arrow()

        return ask

    def delete(self, ids: list[int]) -> None:
        for start in range(0, len(ids), BATCH):
            self.table.delete(f"id IN ({', '.join(map(str, ids[start : start + BATCH]))})")

    def replace(self, ids: list[int], vectors: Any) -> None:
        rows = self._rows(ids, vectors)
        self.table.merge_insert("id").when_matched_update_all().when_not_matched_insert_all().execute(rows)

    def settle(self) -> None:
        self.table.optimize()

    def ids(self, answer: Any) -> list[int]:
        return answer["id"].to_pylist()
