"""Search of one segment's multivectors: all, or candidates (``indexes/multivector_candidates.py``)."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from workbench import distances, kernels
from workbench.indexes import multivector
from workbench.models.quantization import Quantization
from workbench.models.query import SearchParams
from workbench.query import quantized
from workbench.query.plan import Choice, Strategy
from workbench.segments.multi_columns import MultiColumn
from workbench.segments.selection import Selection

FloatArray = npt.NDArray[np.float32]


def search(
    column: MultiColumn,
    query: FloatArray,
    k: int,
    allowed: Selection,
    wanted: Quantization | None,
    default_ef: int,
    params: SearchParams,
) -> tuple[npt.NDArray[np.int32], FloatArray, Choice]:
    """Find the `k` nearest multivectors that are allowed.

    All are compared, or those that product codes propose; by the codes of the configuration first, if there
    are some.
    """
    width = _width(column, k, allowed.count, default_ef, params)
    mask, reason = allowed.mask, "multivectors are compared one by one"
    if width and column.candidates is not None:
        mask = column.candidates.mask(query, width, allowed.chosen)
        reason = f"product codes of {allowed.count:,} multivectors proposed the {width:,} that were compared"
    codes = None
    if wanted is not None and column.quantized is not None and quantized.by_codes(params):
        codes = column.quantized.under(wanted) if kernels.wanted(kernels.MULTIVECTOR) else None
    if codes is None:
        metric = distances.metric(column.params.distance)
        slots, found = multivector.search(column.searched, query, k, metric, mask)
    else:
        reason += ", by their codes"
        asked = params.quantization or quantized.DEFAULT_PARAMS
        count, rescore = quantized.count_of(k, asked), asked.rescore is not False
        slots, found = codes.search(query, k, count, rescore=rescore, allowed=mask)
    strategy = Strategy.CODES if width or codes is not None else Strategy.EXACT
    return slots, found, Choice(strategy, reason, width, matching=allowed.count, total=allowed.total)


def _width(column: MultiColumn, k: int, matching: int, default_ef: int, params: SearchParams) -> int:
    """Return how many multivectors are to be proposed, or 0 where all that match are to be compared.

    As many as the search says by ``hnsw_ef`` or ``oversampling``, or else as were found to be needed.
    """
    candidates = column.candidates
    if candidates is None or params.exact:
        return 0
    asked = params.quantization or quantized.DEFAULT_PARAMS
    if params.hnsw_ef is None and asked.oversampling is None:
        width = max(default_ef, math.ceil(candidates.spread * k))
    else:
        width = max(k, params.hnsw_ef or 0, math.ceil(k * (asked.oversampling or 0)))
    # Asked for both, so that both are loaded at once.
    loaded = [kernels.wanted(module) for module in (kernels.MULTIVECTOR, kernels.QUANTIZATION)]
    return width if all(loaded) and candidates.pays(matching, width) else 0
