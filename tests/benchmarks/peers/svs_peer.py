"""Scalable Vector Search: Vamana over float32, and over its LVQ codes, which need an Intel processor."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from tests.benchmarks.peers.peer import BUILD_THREADS, EF_CONSTRUCT, Ask, M, Peer, Points

PARTS = ("config", "graph", "data")


class Svs(Peer):
    name, package, module = "svs", "scalable-vs", "svs"
    setting = "Vamana, float32, graph_max_degree 32"

    def build(self, points: Points, folder: Path) -> None:
        import svs

        cosine = points.distance == "Cosine"
        distance = svs.DistanceType.MIP if cosine else svs.DistanceType.L2
        graph = svs.VamanaBuildParameters(
            alpha=0.95 if cosine else 1.2, graph_max_degree=2 * M, window_size=EF_CONSTRUCT
        )
        self.index = self._built(svs, graph, points.vectors, distance, folder)
        self.index.save(*(str(folder / part) for part in PARTS))
        (folder / "about.json").write_text(json.dumps({"cosine": cosine}))

    def _built(self, svs: Any, graph: Any, vectors: Any, distance: Any, folder: Path) -> Any:
        folder.mkdir(parents=True)
        return svs.Vamana.build(graph, vectors, distance, num_threads=BUILD_THREADS)

    def _loader(self, svs: Any, folder: Path) -> Any:
        return svs.VectorDataLoader(str(folder / "data"), svs.DataType.float32)

    def open(self, folder: Path) -> None:
        import svs

        cosine = json.loads((folder / "about.json").read_text())["cosine"]
        distance = svs.DistanceType.MIP if cosine else svs.DistanceType.L2
        graph = svs.GraphLoader(str(folder / "graph"))
        self.index = svs.Vamana(
            str(folder / "config"), graph, self._loader(svs, folder), distance, num_threads=1
        )

    def searcher(self, k: int, effort: int) -> Ask:
        return self.batch(k, effort, 1)

    def batch(self, k: int, effort: int, threads: int) -> Ask:
        self.index.num_threads = threads
        self.index.search_window_size = effort
        search = self.index.search
        return lambda query: search(query, k)

    def ids(self, answer: Any) -> list[int]:
        return np.ravel(answer[0]).tolist()

    def batch_ids(self, answer: Any) -> list[list[int]]:
        return answer[0].tolist()


class SvsLvq(Svs):
    name, setting = "svs LVQ", "Vamana, LVQ of 4 and 8 bits (turbo), graph_max_degree 32"

    @classmethod
    def missing(cls) -> str:
        """Say so where the processor is not one that LVQ accepts."""
        if why := super().missing():
            return why
        info = Path("/proc/cpuinfo")
        if info.exists() and "GenuineIntel" not in info.read_text():
            return "LVQ needs an Intel processor"
        return ""

    def _built(self, svs: Any, graph: Any, vectors: Any, distance: Any, folder: Path) -> Any:
        folder.mkdir(parents=True)
        rows, native, kind = folder / "rows.fvecs", folder / "rows.svs", svs.DataType.float32
        svs.write_vecs(np.ascontiguousarray(vectors), str(rows))
        svs.convert_vecs_to_svs(str(rows), str(native), dtype=kind)
        source = svs.VectorDataLoader(str(native), kind, dims=vectors.shape[1])
        codes = svs.LVQLoader(source, primary=4, residual=8, strategy=svs.LVQStrategy.Turbo)
        made = svs.Vamana.build(graph, codes, distance, num_threads=BUILD_THREADS)
        rows.unlink()
        native.unlink()
        return made

    def _loader(self, svs: Any, folder: Path) -> Any:
        return svs.LVQLoader(str(folder / "data"), strategy=svs.LVQStrategy.Turbo)
