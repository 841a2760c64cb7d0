"""Filters over a million payload rows, in one thread: milliseconds of CPU for the mask and its count.

The columns are made directly, as ingest would leave them: 200 keywords of a Zipf distribution, integers from
0 to 999, floats, 12,000 days, 50,000 short texts, flags and places, all in random order.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from tests.benchmarks.report import grid
from workbench import kernels
from workbench.indexes.counting import count_true
from workbench.indexes.payload.columns import Column, Tag
from workbench.indexes.payload.places import Places
from workbench.indexes.payload.strings import Strings
from workbench.indexes.payload.table import PayloadTable
from workbench.models.filters import Filter
from workbench.models.json_path import parse_path
from workbench.models.where import where

ROWS = 1_000_000

_SOME = [f"c{i}" for i in range(50, 100)]
_FILTERS: dict[str, Any] = {
    "keyword": {"cat": "c3"},
    "keyword, one of 50": {"cat": _SOME},
    "integer": {"year": 7},
    "integer, one of 50": {"year": list(range(0, 500, 10))},
    "integer, range of 1 %": {"year": {"gte": 100, "lt": 110}},
    "integer, range of 50 %": {"year": {"gte": 250, "lt": 750}},
    "float, range": {"price": {"gt": 0.2, "lte": 0.4}},
    "datetime, range": {"at": {"gte": "2000-01-01T00:00:00Z", "lt": "2003-01-01T00:00:00Z"}},
    "flag": {"ok": True},
    "text, two words": {
        "must": [{"key": "text", "match": {"text": "water animal"}}],
    },
    "geo radius, 4 %": {
        "must": [{"key": "geo", "geo_radius": {"center": {"lon": 0, "lat": 50}, "radius": 200_000}}],
    },
    "AND of keyword, integer range, float range": {
        "cat": "c3", "year": {"gte": 250, "lt": 750}, "price": {"lt": 0.5},
    },
    "AND of one of 50, datetime range, flag": {
        "cat": _SOME, "at": {"gte": "2000-01-01T00:00:00Z"}, "ok": True,
    },
}  # fmt: skip


def run(rounds: int) -> dict[str, Any]:
    """Return the least and the median of the milliseconds of each filter, and the rows it accepts."""
    table = _table()
    kernels.warm(block=True, module="workbench.kernels.cpu.columns")
    filters = {name: _filter(asked) for name, asked in _FILTERS.items()}
    taken: dict[str, list[float]] = {name: [] for name in filters}
    rows = {name: _count(table, flt) for name, flt in filters.items()}
    for _ in range(5 * rounds):
        for name, flt in filters.items():
            started = time.thread_time()
            _count(table, flt)
            taken[name].append((time.thread_time() - started) * 1e3)
    return {
        "rows": ROWS,
        "rounds": 5 * rounds,
        "filters": {
            name: {
                "accepted": rows[name],
                "least_ms": round(min(each), 3),
                "median_ms": round(float(np.median(each)), 3),
            }
            for name, each in taken.items()
        },
    }


def _filter(asked: dict[str, Any]) -> Filter:
    return Filter.from_json(asked) if "must" in asked else where(asked)


def _count(table: PayloadTable, flt: Filter) -> int:
    return count_true(table.mask(flt, ROWS, own=_nothing))


def _nothing(condition: Any) -> Any:
    raise AssertionError(f"no filter asks {condition}")


def _table() -> PayloadTable:
    draw = np.random.default_rng(0)
    zipf = 1 / np.arange(1, 201)
    days = [f"{np.datetime64('1990-01-01') + day}T00:00:00Z" for day in range(12_000)]
    words = ["entity", "physical", "cause", "thing", "matter", "water", "animal", "plant", "act", "state"]
    texts = [" ".join(draw.choice(words, 3)) + f" {i}" for i in range(50_000)]
    columns = {
        "cat": _strings([f"c{i}" for i in range(200)], draw.choice(200, ROWS, p=zipf / zipf.sum())),
        "year": _numbers(draw.integers(0, 1000, ROWS).astype(np.float64), Tag.INTEGER),
        "price": _numbers(draw.random(ROWS), Tag.FLOAT),
        "ok": _column((draw.random(ROWS) < 0.3).astype(np.uint8) + np.uint8(Tag.FALSE)),
        "at": _strings(days, draw.integers(0, len(days), ROWS)),
        "text": _strings(texts, draw.integers(0, len(texts), ROWS)),
    }
    table = PayloadTable(lambda start, stop: [None] * (stop - start))
    table._columns = {parse_path(key): column for key, column in columns.items()}
    places = np.stack([draw.uniform(-10, 10, ROWS), draw.uniform(40, 60, ROWS)], axis=1)
    table._places = {parse_path("geo"): Places(ROWS, np.arange(ROWS, dtype=np.int32), places)}
    return table


def _strings(texts: list[str], codes: Any) -> Column:
    strings = Strings()
    strings.encode(texts)
    return _column(np.full(ROWS, Tag.STRING, np.uint8), code=codes.astype(np.int32), strings=strings)


def _numbers(numbers: Any, tag: Tag) -> Column:
    return _column(np.full(ROWS, tag, np.uint8), number=numbers)


def _column(tag: Any, *, number: Any = None, code: Any = None, strings: Strings | None = None) -> Column:
    return Column(
        n=ROWS,
        tag=tag,
        number=number,
        integer=None,
        code=code,
        rows=None,
        value_starts=None,
        strings=strings or Strings(),
    )


def table(r: dict[str, Any]) -> str:
    """Return the result as Markdown."""
    rows = [
        [name, f"{told['accepted']:,}", told["least_ms"], told["median_ms"], _wanted(name)]
        for name, told in r["filters"].items()
    ]
    cells = grid(["filter", "rows accepted", "least ms", "median ms", "wanted"], rows)
    return f"## Filters over {r['rows']:,} rows, one thread, {r['rounds']} rounds\n\n{cells}"


def _wanted(name: str) -> str:
    return "≤ 1" if name.startswith("AND") else "≤ 0.5"
