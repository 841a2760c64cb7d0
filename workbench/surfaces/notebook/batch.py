"""Many queries at once: ``collection.search_batch``."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from typing import Any

from workbench import collection as core
from workbench import distances
from workbench.models.filters import Filter
from workbench.models.query import SearchParams, Selector
from workbench.query import fetch, nearest
from workbench.query.batch import search_all
from workbench.segments.view import View
from workbench.surfaces.notebook.hits import Hits


def search_batch(
    inner: core.Collection,
    name: str,
    queries: Iterable[Any],
    k: int,
    flt: Filter | None,
    params: SearchParams,
    payload: Selector,
    threads: int | None,
) -> list[Hits]:
    """Answer each query; see ``Collection.search_batch``."""
    settings = nearest.target(inner.view, name).params
    wanted = [nearest.check_query(query, settings) for query in queries]
    workers = os.cpu_count() or 1 if threads is None else threads

    def ask(view: View) -> list[Hits]:
        started = time.perf_counter()
        answers = search_all(view, name, wanted, k, flt=flt, params=params, threads=workers)
        took = (time.perf_counter() - started) * 1e3 / max(1, len(answers))
        hits = []
        for found in answers:
            records = fetch.records(view, found, payload, Selector(False)) if payload.enabled else None
            scores = distances.scores(found.distances, settings.distance)
            ids = nearest.named(view, found)
            hits.append(Hits(ids, scores, records, took_ms=took, title=inner.name))
        return hits

    return fetch.retrying(lambda: inner.view, ask)
