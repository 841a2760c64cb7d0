"""Many searches that differ in the query only, on several threads."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np

from workbench.indexes import exact
from workbench.kernels.gpu import devices
from workbench.models.filters import Filter
from workbench.models.query import SearchParams
from workbench.query import nearest
from workbench.query.nearest import DEFAULT_PARAMS, FloatArray, Found
from workbench.query.plan import Strategy, choose
from workbench.segments.ids import Rows
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
    device: str = "cpu",
) -> list[Found]:
    """Return what :func:`workbench.query.nearest.search` returns for each query, in order.

    Parameters
    ----------
    queries : sequence of float32[d]
        From :func:`workbench.query.nearest.check_query`.
    threads : int
        How many threads work. The kernels run beside each other, Python between them does not.
    device : {"cpu", "gpu", "auto"}
        ``"gpu"`` compares all queries with all vectors there, so that answers are exact; ``"auto"`` does so
        with what is to be exact anyway, where there is a GPU and the work is worth the way to it.

    Raises
    ------
    DeviceUnavailable
        If `device` is "gpu" and there is none.
    """
    together = _compare_all(view, vector, queries, k, flt, params, devices.check(device))
    if together is not None:
        return together
    chunks = [queries[start : start + CHUNK] for start in range(0, len(queries), CHUNK)]
    ask = partial(_search_chunk, view, vector, k=k, flt=flt, params=params)
    if threads <= 1 or len(chunks) <= 1:
        parts = [ask(chunk) for chunk in chunks]
    else:
        with ThreadPoolExecutor(threads) as workers:
            parts = list(workers.map(ask, chunks))
    return [found for part in parts for found in part]


def _compare_all(
    view: View,
    vector: str,
    queries: Sequence[FloatArray],
    k: int,
    flt: Filter | None,
    params: SearchParams,
    device: str,
) -> list[Found] | None:
    """Compare all queries with all vectors, on a GPU if it can; None where a search is to answer."""
    if (
        device == "cpu"
        or (device == "auto" and not params.exact)
        or not queries
        or params.idf_corpus is not None
    ):
        return None
    held = [(number, segment) for number, segment in enumerate(view.segments) if segment.count]
    columns = [segment.column(vector) for _, segment in held]
    dense = [column for column in columns if isinstance(column, VectorColumn)]
    # Whoever asks for the GPU by name has exact answers, of more hits than it can return too.
    if len(dense) < len(held) or not any(
        device == "gpu" or exact.on_device(column.searched, len(queries), k, device) for column in dense
    ):
        return None
    asked, metric = np.stack(queries), nearest.target(view, vector).metric
    parts: list[list[tuple[int, Rows, FloatArray]]] = [[] for _ in queries]
    for (number, segment), column in zip(held, dense, strict=True):
        allowed = segment.selection(flt, vector, column)
        slots, gaps = exact.search_batch(column.searched, asked, k, metric, allowed.mask, device)
        rows = slots if column.rows is None else column.rows[slots]
        for part, own, gap in zip(parts, rows, gaps, strict=True):
            part.append((number, own, gap))
    return [nearest.merge(part, k) for part in parts]


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
    slots, gaps = column.searcher.search_batch(
        np.stack(queries), wanted, choice.ef, allowed.mask, past=choice.past_dead
    )
    if len(slots) and bool((slots[:, -1] < 0).any()):  # a walk met too few: what is done then is known there
        return None
    rows = slots if column.rows is None else column.rows[slots]
    return [Found(number, own, gap) for own, gap in zip(rows, gaps, strict=True)]
