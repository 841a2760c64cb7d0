"""One query and many: how ``collection.search`` and ``collection.search_batch`` are answered."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

from workbench import collection as core
from workbench import distances
from workbench.kernels.gpu import devices
from workbench.models.filters import Filter
from workbench.models.query import SearchParams, Selector
from workbench.query import fetch, nearest
from workbench.query.batch import search_all
from workbench.query.nearest import FloatArray, Found
from workbench.query.plan import Choice, Strategy
from workbench.segments.view import View
from workbench.surfaces.notebook.hits import Hits
from workbench.tasks import cores


def search_one(
    view: View,
    name: str,
    query: FloatArray,
    k: int,
    flt: Filter | None,
    params: SearchParams,
    choices: list[Choice],
    device: str | None,
) -> Found:
    """Answer one query, on a GPU if that is asked for by name."""
    if device is not None and devices.check(device) == "gpu":
        choices.append(Choice(Strategy.EXACT, "a comparison with all vectors on a GPU was asked for"))
        return search_all(view, name, [query], k, flt=flt, params=params, device=device)[0]
    return nearest.search(view, name, query, k, flt=flt, params=params, choices=choices)


def search_batch(
    inner: core.Collection,
    name: str,
    queries: Iterable[Any],
    k: int,
    flt: Filter | None,
    params: SearchParams,
    payload: Selector,
    threads: int | None,
    device: str | None,
) -> list[Hits]:
    """Answer each query; see ``Collection.search_batch``."""
    settings = nearest.target(inner.view, name).params
    wanted = [nearest.check_query(query, settings) for query in queries]
    workers = cores() if threads is None else threads
    # Not the device of the database, on which it builds: an exact search is not what it would be asked for.
    where = "auto" if device is None else device

    def ask(view: View) -> list[Hits]:
        started = time.perf_counter()
        answers = search_all(view, name, wanted, k, flt=flt, params=params, threads=workers, device=where)
        took = (time.perf_counter() - started) * 1e3 / max(1, len(answers))
        hits = []
        for found in answers:
            records = fetch.records(view, found, payload, Selector(False)) if payload.enabled else None
            scores = distances.scores(found.distances, settings.distance)
            ids = nearest.named(view, found)
            hits.append(Hits(ids, scores, records, took_ms=took, title=inner.name))
        return hits

    return fetch.retrying(lambda: inner.view, ask)
