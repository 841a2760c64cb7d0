"""Opens the database folders named on stdin, asks everything, and prints one line of JSON for each.

A process of its own, so that a crash is seen as a signal: ``python -m tests.storage.damage_worker``.
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from workbench import kernels
from workbench.collection import Collection, upkeep
from workbench.engine import open_engine
from workbench.errors import WorkbenchError
from workbench.indexes import costs, multivector_candidates
from workbench.models.filters import Filter
from workbench.query import compare, nearest, plan, scroll
from workbench.testing.invariants import check_whole, state_hash

PARTIAL, MULTI, TERMS, DIM = "b", "multi", "terms", 8
FILTER = Filter.from_json({"must": [{"key": "color", "match": {"value": "red"}}]})
SEARCHES = {"graph": ("", None), "links": ("", FILTER), "codes": (PARTIAL, None), "candidates": (MULTI, None)}
"""The vector and the filter of searches that each read files which the others do not."""


def let_few_vectors_do(set_to: Callable[[Any, str, Any], None]) -> None:
    """Let so few multivectors have candidates, and so few vectors be walked to and not scanned.

    Whoever asks needs this as much as who fills: else segments would be built anew without candidates.
    """
    set_to(multivector_candidates, "LEAST", 0)
    set_to(multivector_candidates, "PREPARING", 0)
    set_to(costs, "_ROW", 1e6)


def answers(collection: Collection) -> dict[str, Any]:
    """Return what a collection says: exact things, and how many of the nearest each search finds, and why."""
    records = check_whole(collection)
    exact, found, reasons = [], dict.fromkeys(SEARCHES, 0), {}
    collection.upkeep.wait(30)  # what was damaged is built again meanwhile
    view = collection.view
    for seed in range(5):
        drawn = np.random.default_rng(seed).normal(size=DIM)
        asked = {"": drawn, PARTIAL: drawn[:3], MULTI: drawn[:4].reshape(2, 2)}
        for name, (vector, flt) in SEARCHES.items():
            query = compare.check_query(asked[vector], collection.config, vector)
            best = nearest.search(view, vector, query, 10, flt=flt, params=nearest.SearchParams(exact=True))
            choices: list[plan.Choice] = []
            walked = nearest.search(view, vector, query, 10, flt=flt, choices=choices)
            exact.append(ids := nearest.ids_of(view, best).tolist())
            found[name] += len(set(ids) & set(nearest.ids_of(view, walked).tolist()))
            reasons[name] = choices[0].reason
    return {
        "state": state_hash(collection, records),
        "count": scroll.count(collection.view, FILTER),
        "exact": json.loads(json.dumps(exact, default=str)),
        "found": found,
        "reasons": reasons,
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
    let_few_vectors_do(setattr)
    for line in sys.stdin:
        print(json.dumps(ask(line.strip())), flush=True)
