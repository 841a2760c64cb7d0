"""The collections that the screens are measured on: made once, kept for the next run."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np

import workbench as wb
from workbench.datasets.build import build
from workbench.datasets.large import LargeSet, cache_folder, load_large
from workbench.errors import NotFound

# What issue and table speak of: screens on 100,000 points, a map of 60,000, a canvas of a million.
WORDS, PICTURES, MILLION = 100_000, 60_000, 1_000_000
# Numbers of a vector of the million: enough for clumps, and little to write.
_DIM, _CLUMPS = 8, 40


def prepared(folder: Path | None = None) -> Path:
    """Return a folder with the collections ``words``, ``pictures`` and ``million``, indexed but the last.

    Parameters
    ----------
    folder : Path, optional
        Where they are kept; in the user's cache if not given.
    """
    place = folder or cache_folder().parent / "benchmarks" / "screens"
    with wb.open(place) as database:
        for name, make in (("words", _words), ("pictures", _pictures), ("million", _million)):
            if name not in database:
                started = time.perf_counter()
                make(database)
                print(f"made {name} in {time.perf_counter() - started:.0f} s", flush=True)
    return place


def _large(name: str) -> LargeSet:
    try:
        return load_large(name)
    except NotFound:
        print(f"Building the data set {name} first; wordnet takes about 20 minutes, once.", flush=True)
        build(name)
        return load_large(name)


def _words(database: wb.Database) -> None:
    """WordNet's first senses by chance, 384 numbers each, with their twelve fields."""
    vectors, _, records, _ = _large("wordnet")
    rows = np.sort(np.random.default_rng(0).choice(len(vectors), WORDS, replace=False))
    some = records.iloc[rows].reset_index(drop=True)
    some["vector"] = list(vectors[rows])
    some.attrs.update(records.attrs)  # which say who embedded them, so that texts can be asked for
    database.create("words", some, id="id", progress=False)


def _pictures(database: wb.Database) -> None:
    """Fashion-MNIST: 784 pixels each."""
    vectors, _, records, _ = _large("fashion")
    database.create(
        "pictures",
        records,
        vectors=np.asarray(vectors[:PICTURES]),
        id="id",
        distance="Euclid",
        progress=False,
    )


def _million(database: wb.Database) -> None:
    """Clumps on a plane of eight dimensions, without a graph: the canvas is what is measured."""
    draw = np.random.default_rng(0)
    kinds = draw.integers(0, _CLUMPS, MILLION)
    vectors = draw.normal(size=(_CLUMPS, _DIM))[kinds] * 3 + draw.normal(size=(MILLION, _DIM))
    database.create(
        "million", {"kind": kinds}, vectors=vectors.astype(np.float32), distance="Euclid", m=0, progress=False
    )
