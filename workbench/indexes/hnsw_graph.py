"""An HNSW graph as plain arrays.

Whoever built it (hnswlib, numba, a GPU, a file), a graph is the same six arrays, so a segment can map them
from disk and the search kernels need to know one layout only.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from workbench import errors
from workbench.indexes.hnsw_faults import ARRAYS, fault_of

META = ("m", "ef_construct", "entry", "top_level")


class HnswGraph(NamedTuple):
    """A graph of n nodes; node i is the vector in row i.

    Attributes
    ----------
    m : int
        Links of a node on an upper layer; on layer 0 it is twice as many.
    ef_construct : int
        Width of the beam that built the graph.
    entry, top_level : int
        The node where every search begins and its layer; −1 and −1 in an empty graph.
    counts0, links0 : uint16 [n], int32 [n, 2m]
        Layer 0. Slots from the count on hold 0, which is a valid node: always read the count.
    levels : int32 [n]
        Top layer of each node.
    upper_offsets : int64 [n + 1]
        Running sum of the levels: node i on layer L ≥ 1 is row ``upper_offsets[i] + L - 1`` of
    upper_counts, upper_links : uint16 [s], int32 [s, m]
    """

    m: int
    ef_construct: int
    entry: int
    top_level: int
    counts0: NDArray[np.uint16]
    links0: NDArray[np.int32]
    levels: NDArray[np.int32]
    upper_offsets: NDArray[np.int64]
    upper_counts: NDArray[np.uint16]
    upper_links: NDArray[np.int32]

    @property
    def n(self) -> int:
        """Number of nodes."""
        return len(self.counts0)

    @property
    def nbytes(self) -> int:
        """Bytes of all arrays."""
        return sum(array.nbytes for array in self.arrays().values())

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the arrays by name, not copied."""
        return {name: getattr(self, name) for name in ARRAYS}

    def meta(self) -> dict[str, int]:
        """Return the scalars by name."""
        return {name: int(getattr(self, name)) for name in META}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]], meta: Mapping[str, int]) -> HnswGraph:
        """Put a graph together from what :meth:`arrays` and :meth:`meta` returned; copies nothing."""
        return cls(**{name: int(meta[name]) for name in META}, **{name: arrays[name] for name in ARRAYS})  # type: ignore[arg-type]

    @classmethod
    def empty(cls, m: int, ef_construct: int, levels: NDArray[np.int32]) -> HnswGraph:
        """Make a graph of ``len(levels)`` nodes without links, entered at the first node of the top layer."""
        n, total = len(levels), int(levels.sum(dtype=np.int64))
        offsets = np.zeros(n + 1, np.int64)
        np.cumsum(levels, out=offsets[1:])
        return cls(
            m=m,
            ef_construct=ef_construct,
            entry=int(np.argmax(levels)) if n else -1,
            top_level=int(levels.max()) if n else -1,
            counts0=np.zeros(n, np.uint16),
            links0=np.zeros((n, 2 * m), np.int32),
            levels=levels,
            upper_offsets=offsets,
            upper_counts=np.zeros(total, np.uint16),
            upper_links=np.zeros((total, m), np.int32),
        )

    def validate(self, n: int, path: str = "HNSW graph") -> None:
        """Check everything that a kernel relies on; kernels themselves check no bounds.

        Parameters
        ----------
        n : int
            Number of vectors that the graph belongs to.
        path : str
            The file to name in the error.

        Raises
        ------
        errors.Corrupted
            If any array has another type, shape or content than a graph of `n` nodes can have.
        """
        fault = fault_of(self, n)
        if fault:
            raise errors.Corrupted(path, fault, "Rebuild the index from the stored vectors.")
