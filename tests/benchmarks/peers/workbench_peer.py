"""Workbench itself, through ``db["name"].search``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.benchmarks.peers.peer import EF_CONSTRUCT, Ask, M, Peer, Points, Where


class Workbench(Peer):
    name, package, module = "workbench", "vector-workbench", "workbench"
    setting = "as it comes; durable"

    @classmethod
    def version(cls) -> str:
        import workbench

        return workbench.__version__

    def build(self, points: Points, folder: Path) -> None:
        import workbench as wb

        self.database = wb.open(folder)
        self.collection = self.database.create(
            "bench",
            points.payloads,
            vectors=points.vectors,
            distance=points.distance,
            m=M,
            ef_construct=EF_CONSTRUCT,
            progress=False,
        )

    def open(self, folder: Path) -> None:
        import workbench as wb

        self.database = wb.open(folder)
        self.collection = self.database["bench"]

    def ready(self) -> None:
        from workbench import kernels

        kernels.warm(block=True)

    def searcher(self, k: int, effort: int) -> Ask:
        search = self.collection.search
        return lambda query: search(query, k=k, ef=effort, payload=False)

    def exact(self, k: int) -> Ask:
        search = self.collection.search
        return lambda query: search(query, k=k, exact=True, payload=False)

    def batch(self, k: int, effort: int, threads: int) -> Ask:
        search = self.collection.search_batch
        return lambda queries: search(queries, k=k, ef=effort, payload=False, threads=threads)

    def filtered(self, k: int, effort: int, where: Where) -> Ask:
        search = self.collection.search
        return lambda query: search(query, where=where, k=k, ef=effort, payload=False)

    def delete(self, ids: list[int]) -> None:
        self.collection.delete(ids)

    def replace(self, ids: list[int], vectors: Any) -> None:
        self.collection.add(None, vectors=vectors, id=ids, progress=False)

    def settle(self) -> None:
        self.collection.wait()

    def ids(self, answer: Any) -> list[int]:
        return answer.ids

    def close(self) -> None:
        self.database.close()


class WorkbenchOptimized(Workbench):
    """Whose writes return when what they wrote is indexed; its searches are the same."""

    name, efforts = "workbench, prevent_unoptimized", ()
    exact = batch = filtered = None

    def build(self, points: Points, folder: Path) -> None:
        super().build(points, folder)
        self.collection.configure(optimizers={"prevent_unoptimized": True})
