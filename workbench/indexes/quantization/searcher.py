"""Search by quantized vectors: what is nearest by its codes, and then, if wanted, by its vectors."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench import kernels
from workbench.indexes.hnsw import HnswSearcher
from workbench.indexes.quantization.codes import FloatArray, Quantized
from workbench.indexes.space import Space, as_queries, as_vectors
from workbench.models.quantization import Quantization

Slots = NDArray[np.int32]


class QuantizedSearcher:
    """Codes with the vectors they stand for. Any number of threads may search at once.

    Only to be searched when the kernels are loaded (``kernels.ready()``).

    Parameters
    ----------
    codes : Quantized
        Validated: kernels check no bounds.
    settings : Quantization
        What they were made with.
    vectors : float32, float16 or uint8 [n, d]
    graph : HnswSearcher, optional
        The graph of the vectors, if there is one.
    """

    def __init__(
        self,
        codes: Quantized,
        settings: Quantization,
        vectors: NDArray[Any],
        graph: HnswSearcher | None,
    ) -> None:
        self.codes, self.settings, self.graph = codes, settings, graph
        self.vectors = as_vectors(vectors)
        self._space: Space | None = None
        self._others: dict[Quantization, QuantizedSearcher] = {}
        self._nothing = np.empty(0, np.float32)
        self._every = np.empty(0, np.int32)

    def without_graph(self) -> QuantizedSearcher:
        """Return a searcher of the same codes that scans them only."""
        return QuantizedSearcher(self.codes, self.settings, self.vectors, None)

    def under(self, wanted: Quantization) -> QuantizedSearcher | None:
        """Return a searcher of the same codes under settings that were changed since: itself if nothing was,
        None if these want other codes.
        """
        if wanted == self.settings:
            return self
        if wanted.codes != self.settings.codes:
            return None
        known = self._others.get(wanted)
        if known is None:
            arrays = self.codes.arrays()
            if wanted.placement == "pinned" != self.settings.placement:
                arrays = {name: np.array(array) for name, array in arrays.items()}
            codes = type(self.codes).from_arrays(arrays, self.codes.meta(), self.codes.metric, wanted)
            known = self._others[wanted] = QuantizedSearcher(codes, wanted, self.vectors, self.graph)
        return known

    def all_arrays(self) -> list[list[NDArray[Any]]]:
        """Return the arrays of the codes, and of their copies under other settings."""
        return [list(s.codes.arrays().values()) for s in [self, *self._others.values()]]

    @property
    def nbytes(self) -> int:
        """Bytes of the codes."""
        return self.codes.nbytes

    @property
    def row_bytes(self) -> int:
        """Bytes of the codes of one vector."""
        return self.codes.space()[1]

    def walk(
        self,
        query: FloatArray,
        k: int,
        count: int,
        ef: int,
        *,
        rescore: bool = True,
        allowed: NDArray[Any] | None = None,
        seeds: Slots | None = None,
    ) -> tuple[Slots, FloatArray]:
        """Find about the `k` nearest by walking the graph.

        Parameters
        ----------
        query : float32 [d]
        k : int
        count : int
            How many are found by their codes, at least `k`.
        ef : int
            Width of the beam; `count` if that is more.
        rescore : bool
            Measure what was found by its vectors, and return the nearest `k` by these.
        allowed, seeds
            See :meth:`HnswSearcher.search`.

        Returns
        -------
        rows : int32 [k']
            ``k' ≤ k``, ascending by (distance, row).
        distances : float32 [k']
        """
        assert self.graph is not None
        prepared, extra = self.codes.prepare(as_queries(query))
        count = min(count, len(self.vectors))
        rows, gaps = self.graph.walk(self._key(), prepared, count, ef, allowed, seeds)
        return self._finish(query, k, rows.astype(np.int32), gaps + extra[0], rescore)

    def scan(
        self, query: FloatArray, k: int, count: int, *, rescore: bool = True, chosen: Slots | None = None
    ) -> tuple[Slots, FloatArray]:
        """Find the `k` nearest of the rows `chosen`, int32 [m] ascending, or of all; see :meth:`walk`."""
        among = self._every if chosen is None else chosen
        total = len(self.vectors) if chosen is None else len(chosen)
        count = min(count, total)
        if count <= 0:
            return np.empty(0, np.int32), np.empty(0, np.float32)
        prepared, extra = self.codes.prepare(as_queries(query))
        rows, gaps = self._scan(self._key(), prepared, count, among)
        return self._finish(query, k, rows, gaps + extra[0], rescore)

    def _finish(
        self, query: FloatArray, k: int, rows: Slots, gaps: FloatArray, rescore: bool
    ) -> tuple[Slots, FloatArray]:
        if not rescore or len(rows) == 0:
            # A square that the codes make less than 0 has no root.
            return rows[:k], np.maximum(gaps[:k], 0.0) if self.codes.metric != kernels.NEGATIVE_DOT else gaps[
                :k
            ]
        if self._space is None:
            self._space = Space(self.vectors, self.codes.metric)
        return self._scan(
            self._space.key, as_queries(query), min(k, len(rows)), np.sort(rows).astype(np.int32)
        )

    def _key(self) -> Any:
        return self.codes.space()

    def _scan(self, key: Any, query: FloatArray, k: int, among: Slots) -> tuple[Slots, FloatArray]:
        cpu = importlib.import_module("workbench.kernels.cpu")
        rows, distances = np.empty(k, np.int32), np.empty(k, np.float32)
        no_codes = key, self._nothing, 0.0
        cpu.scan(key, no_codes, 0, len(self.vectors), query.reshape(-1), k, among, rows, distances)
        return rows, distances
