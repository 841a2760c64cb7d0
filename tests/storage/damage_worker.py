"""Opens the database folders named on stdin, asks everything, and prints one line of JSON for each.

A process of its own, so that a crash is seen as a signal: ``python -m tests.storage.damage_worker``.
"""

from __future__ import annotations

import json
import logging
import sys
from typing import Any

import numpy as np

from workbench import kernels
from workbench.collection import Collection, upkeep
from workbench.engine import open_engine
from workbench.errors import WorkbenchError
from workbench.models.filters import Filter
from workbench.query import nearest, scroll
from workbench.testing.invariants import check_whole, state_hash

PARTIAL, MULTI, TERMS, DIM = "b", "multi", "terms", 8
FILTER = Filter.from_json({"must": [{"key": "color", "match": {"value": "red"}}]})


def answers(collection: Collection) -> dict[str, Any]:
    """Return what a collection says: exact things, and how many of the nearest its graph finds."""
    records = check_whole(collection)
    exact, found = [], 0
    collection.upkeep.wait(30)  # what was damaged is built again meanwhile
    params, view = collection.config.vectors[""], collection.view
    for seed in range(5):
        query = nearest.check_query(np.random.default_rng(seed).normal(size=DIM), params)
        best = nearest.search(view, "", query, 10, params=nearest.SearchParams(exact=True))
        ids = nearest.ids_of(view, best).tolist()
        walked = nearest.search(view, "", query, 10)
        found += len(set(ids) & set(nearest.ids_of(view, walked).tolist()))
        filtered = nearest.search(view, PARTIAL, query[:3], 5, flt=FILTER)
        exact.append([ids, nearest.ids_of(view, filtered).tolist()])
    return {
        "state": state_hash(collection, records),
        "count": scroll.count(collection.view, FILTER),
        "exact": json.loads(json.dumps(exact, default=str)),
        "found": found,
    }


def ask(folder: str) -> dict[str, Any]:
    """Return the answers of both collections, or the errors."""
    result: dict[str, Any] = {}
    try:
        with open_engine(folder) as engine:
            result["names"] = engine.names()
            for name in ("whole", "damaged"):
                try:
                    result[name] = answers(engine.collection(name))
                except WorkbenchError as error:
                    result[name] = f"{type(error).__name__}: {error}"
    except WorkbenchError as error:
        result["database"] = f"{type(error).__name__}: {error}"
    return result


if __name__ == "__main__":
    logging.disable()
    kernels.warm(block=True)
    upkeep._QUIET_S = 0.0
    for line in sys.stdin:
        print(json.dumps(ask(line.strip())), flush=True)
