"""NumPy: one matrix product and a partial sort, the floor of every exact answer in float32."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from tests.benchmarks.peers.peer import Ask, Peer, Points


class NumPy(Peer):
    name, package, module = "numpy", "numpy", "numpy"
    setting = "float32, exact"
    efforts = ()

    def build(self, points: Points, folder: Path) -> None:
        folder.mkdir(parents=True)
        np.save(folder / "vectors.npy", points.vectors)
        (folder / "distance").write_text(points.distance)
        self.open(folder)

    def open(self, folder: Path) -> None:
        self.vectors = np.load(folder / "vectors.npy")
        cosine = (folder / "distance").read_text() == "Cosine"
        self.norms = 0.0 if cosine else np.einsum("ij,ij->i", self.vectors, self.vectors) / 2

    def searcher(self, k: int, effort: int) -> Ask:
        return self.exact(k)

    def exact(self, k: int) -> Ask:
        """Return what orders by half the distance: |x|²/2 - q·x, or -q·x for unit vectors."""
        vectors, norms = self.vectors, self.norms

        def ask(query: Any) -> Any:
            gaps = norms - vectors @ query
            best = np.argpartition(gaps, k)[:k]
            best = best[np.argsort(gaps[best])]
            return best, gaps[best]

        return ask

    def ids(self, answer: Any) -> list[int]:
        return answer[0].tolist()
