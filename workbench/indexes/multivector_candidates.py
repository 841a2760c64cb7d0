"""Candidates for MaxSim: multivectors that product codes of their vectors say are near.

All are compared by codes of a byte for eight numbers, which takes a tenth of the time of their vectors;
whoever asked measures the nearest. How many these have to be depends on the data, and is measured when the
codes are made: of 10,000 made-up texts of 32 vectors 100 candidates hold .998 of the true 10, of as many
drawn at random .34, and then there are none.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench import kernels
from workbench.errors import Corrupted
from workbench.indexes import multivector
from workbench.indexes.quantization.codes import ADVICE
from workbench.indexes.quantization.product import ProductCodes
from workbench.indexes.space import as_queries, in_lines, writable
from workbench.models.quantization import Quantization
from workbench.models.vectors import MultiRows

# A byte for 8 float32. With x64 the true 10 of 10,000 x 32 x 128 are .97 among 400 candidates, with x32 .977
# among 30, and to measure 400 takes as long as x32 does in all.
SETTINGS = Quantization(kind="product", compression=32)
# What preparing a query takes, 1 ms, as the number of stored vectors that are compared in that time; and how
# many there have to be for codes to be made: 4 ms for a query of 32.
PREPARING, LEAST = 10_000, 40_000
# Stored multivectors that are asked for when codes are made, so many vectors of each: this takes 0.5 s for
# 10,000 x 32 x 128.
ASKED, ASKED_VECTORS = 16, 32
# Of the true 10 of these so many are to be candidates; and that number is doubled, since what is asked later
# is no stored multivector. Where it is more than the last share of all, comparing all costs little more.
K, KEPT, MARGIN, MOST = 10, 0.98, 2.0, 0.125


class Candidates:
    """Product codes of all vectors of v multivectors. Any number of threads may ask at once.

    Parameters
    ----------
    codes : ProductCodes
        Of all inner vectors, one after the other.
    starts : int64 [v + 1]
        Where each multivector begins among them.
    spread : float
        How many candidates there are to be for each hit.
    """

    def __init__(self, codes: ProductCodes, starts: NDArray[np.int64], spread: float) -> None:
        self.codes, self.spread = codes, spread
        self._starts, self._codes = writable(np.asarray(starts, np.int64)), writable(codes.codes)

    def pays(self, count: int, width: int) -> bool:
        """Whether to find `width` candidates among `count` and measure them is faster than to measure all."""
        length = int(self._starts[-1]) / (len(self._starts) - 1)
        return count > 2 * width + 2 * PREPARING / length

    def gaps(self, query: NDArray[Any], slots: NDArray[np.integer[Any]]) -> NDArray[np.int64]:
        """Return how far the query, float32 [s, d], is from the multivectors at `slots`, in some unit.

        Only to be called when the kernels of multivectors and quantization are loaded.
        """
        cpu: Any = importlib.import_module(kernels.MULTIVECTOR)
        parts = self._codes.shape[1]
        tables, _ = self.codes.prepare(as_queries(query))
        lanes = in_lines((-(-len(tables) // cpu.TABLE_LANES), parts, cpu.CENTROIDS, cpu.TABLE_LANES))
        lanes.fill(0)
        cpu.lay_tables(tables.reshape(len(tables), parts, cpu.CENTROIDS), lanes)
        found = np.empty(len(slots), np.int64)
        cpu.maxsim_codes(self._codes, self._starts, np.ascontiguousarray(slots, np.int64), lanes, found)
        return found

    def mask(self, query: NDArray[Any], width: int, slots: NDArray[np.integer[Any]]) -> NDArray[np.bool_]:
        """Return which of all multivectors are the `width` nearest of those at `slots`: bool [v]."""
        chosen = np.zeros(len(self._starts) - 1, np.bool_)
        near = np.argpartition(self.gaps(query, slots), width - 1)[:width] if width < len(slots) else ...
        chosen[slots[near]] = True
        return chosen

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the arrays by name, not copied."""
        return self.codes.arrays()

    def meta(self) -> dict[str, Any]:
        """Return what else is to be kept."""
        return {**self.codes.meta(), "spread": self.spread}


def make(stored: MultiRows, metric: int) -> Candidates | None:
    """Encode multivectors as kernels read them; None where too few candidates would be the true ones."""
    if MOST * len(stored) < K:
        return None
    kernels.warm(True, kernels.MULTIVECTOR)
    codes = ProductCodes.encode(stored.values, metric, SETTINGS)
    if not isinstance(codes, ProductCodes) or not kernels.ready(kernels.MULTIVECTOR):
        return None
    made = Candidates(codes, stored.starts, 0.0)
    made.spread = MARGIN * _rank(made, stored, metric) / K
    return made if made.spread * K <= MOST * len(stored) else None


def from_arrays(
    arrays: Mapping[str, NDArray[Any]], meta: Mapping[str, Any], stored: MultiRows, metric: int
) -> Candidates:
    """Put candidates together from what ``arrays`` and ``meta`` returned.

    Raises
    ------
    Corrupted
        When they are not what a kernel relies on.
    """
    try:
        codes = ProductCodes.from_arrays(arrays, meta, metric, SETTINGS)
        codes.validate(*stored.values.shape)
        assert isinstance(codes, ProductCodes)
        return Candidates(codes, stored.starts, float(meta["spread"]))
    except KeyError as error:
        raise Corrupted("candidates", f"{error} is missing", ADVICE) from None


def _rank(made: Candidates, stored: MultiRows, metric: int) -> float:
    """Return how many candidates hold `KEPT` of the true `K`, asking with stored multivectors for others."""
    every, ranks = np.arange(len(stored)), []
    for slot in np.linspace(0, len(stored) - 1, min(ASKED, len(stored))).astype(np.intp).tolist():
        query = as_queries(stored.row(slot)[:ASKED_VECTORS])
        others = every[every != slot]
        near = np.argsort(multivector.distances(stored, query, metric, others), kind="stable")[:K]
        places = np.empty(len(others), np.int64)
        places[np.argsort(made.gaps(query, others), kind="stable")] = np.arange(1, len(others) + 1)
        ranks.append(places[near])
    return float(np.quantile(np.concatenate(ranks), KEPT, method="higher"))
