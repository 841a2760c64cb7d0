"""Many searches that differ in the query only, on several threads."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np

from workbench.models.filters import Filter
from workbench.models.query import SearchParams
from workbench.query import nearest
from workbench.query.nearest import DEFAULT_PARAMS, FloatArray, Found
from workbench.query.plan import Strategy, choose
from workbench.segments.vector_columns import VectorColumn
from workbench.segments.view import View

# Queries that a thread answers at a time: small enough that a busy core delays nobody for long.
CHUNK = 64


def search_all(
    view: View,
    vector: str,
    queries: Sequence[FloatArray],
    k: int,
    *,
    flt: Filter | None = None,
    params: SearchParams = DEFAULT_PARAMS,
    threads: int = 1,
) -> list[Found]:
    """Return what :func:`workbench.query.nearest.search` returns for each query, in order.

    Parameters
    ----------
    queries : sequence of float32[d]
        From :func:`workbench.query.nearest.check_query`.
    threads : int
        How many threads work. The kernels run beside each other, Python between them does not.
    """
    chunks = [queries[start : start + CHUNK] for start in range(0, len(queries), CHUNK)]
    ask = partial(_search_chunk, view, vector, k=k, flt=flt, params=params)
    if threads <= 1 or len(chunks) <= 1:
        parts = [ask(chunk) for chunk in chunks]
    else:
        with ThreadPoolExecutor(threads) as workers:
            parts = list(workers.map(ask, chunks))
    return [found for part in parts for found in part]


def _search_chunk(
    view: View,
    vector: str,
    queries: Sequence[FloatArray],
    *,
    k: int,
    flt: Filter | None,
    params: SearchParams,
) -> list[Found]:
    together = _walk_together(view, vector, queries, k, flt, params)
    if together is not None:
        return together
    return [nearest.search(view, vector, query, k, flt=flt, params=params) for query in queries]


def _walk_together(
    view: View, vector: str, queries: Sequence[FloatArray], k: int, flt: Filter | None, params: SearchParams
) -> list[Found] | None:
    """Walk the only graph for all queries in one call, no Python between; None where that is not done."""
    aim = nearest.target(view, vector)
    held = [(number, segment) for number, segment in enumerate(view.segments) if segment.count]
    if len(held) != 1 or aim.quantization is not None or params.idf_corpus is not None:
        return None
    number, segment = held[0]
    column = segment.column(vector)
    if not isinstance(column, VectorColumn) or column.searcher is None:
        return None
    allowed = segment.selection(flt, vector, column)
    choice = choose(column, allowed, k, params, aim.default_ef, aim.small)
    if choice.strategy is not Strategy.GRAPH:
        return None
    wanted = min(k, allowed.count)
    slots, gaps = column.searcher.search_batch(np.stack(queries), wanted, choice.ef, allowed.mask)
    if len(slots) and bool((slots[:, -1] < 0).any()):  # a walk met too few: what is done then is known there
        return None
    rows = slots if column.rows is None else column.rows[slots]
    return [Found(number, own, gap) for own, gap in zip(rows, gaps, strict=True)]
