"""Search of one segment by its quantized vectors, as Qdrant's ``quantization`` parameters ask for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from workbench import kernels
from workbench.indexes.codes import shortlist
from workbench.models.query import QuantizationParams, SearchParams
from workbench.query.plan import Choice, Strategy
from workbench.segments.selection import Selection
from workbench.segments.vector_columns import VectorColumn

if TYPE_CHECKING:
    from workbench.indexes.quantization import QuantizedSearcher
    from workbench.models.quantization import Quantization

FloatArray = npt.NDArray[np.float32]

DEFAULT_PARAMS = QuantizationParams()


def codes_for(
    column: VectorColumn, wanted: Quantization | None, params: SearchParams
) -> QuantizedSearcher | None:
    """Return the codes that a search goes by, or None if it is to go by the vectors.

    That is where it asks to be exact or to ignore codes, where a segment has none yet or others than the
    configuration now wants, and while the kernels are loading.
    """
    if wanted is None or column.quantized is None or not by_codes(params):
        return None
    return column.quantized.under(wanted)


def by_codes(params: SearchParams) -> bool:
    """Whether a search may go by quantized vectors, and the kernels that compare them are loaded."""
    asked = params.quantization or DEFAULT_PARAMS
    return not params.exact and not asked.ignore and kernels.wanted(kernels.QUANTIZATION)


def count_of(k: int, params: QuantizationParams) -> int:
    """Return how many points are found by their codes for the best `k`.

    Without an ``oversampling`` as many as for the codes of our own making: a few more than `k` cost little.
    """
    if params.rescore is False:
        return k
    return shortlist(k) if params.oversampling is None else max(k, int(k * params.oversampling))


def measured(k: int, params: SearchParams) -> int:
    """Return how many points are measured by their vectors for the best `k`, at the most."""
    asked = params.quantization or DEFAULT_PARAMS
    return 0 if asked.rescore is False else count_of(k, asked)


def search(
    codes: QuantizedSearcher,
    query: FloatArray,
    k: int,
    allowed: Selection,
    choice: Choice,
    params: SearchParams,
) -> tuple[npt.NDArray[np.int32], FloatArray, Choice]:
    """Find the `k` nearest of the vectors that are allowed, in the way that was chosen.

    Returns
    -------
    slots : int32 [k'], ascending by distance
    distances : float32 [k']
        Those of the codes if ``rescore`` is False.
    choice : Choice
        What was done in the end.
    """
    asked = params.quantization or DEFAULT_PARAMS
    count, rescore = count_of(k, asked), asked.rescore is not False
    if codes.graph is not None and choice.strategy in (Strategy.GRAPH, Strategy.ACORN):
        seeds = allowed.seeds if choice.strategy is Strategy.ACORN else None
        slots, found = codes.walk(
            query, k, count, choice.ef, rescore=rescore, allowed=allowed.mask, seeds=seeds
        )
        if len(slots) >= min(k, allowed.count):
            return slots, found, choice
        choice = choice._replace(reason="the graph walk found fewer points than match")
    chosen = None if allowed.mask is None else allowed.chosen
    slots, found = codes.scan(query, k, count, rescore=rescore, chosen=chosen)
    return slots, found, choice._replace(strategy=Strategy.CODES)
