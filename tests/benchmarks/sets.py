"""The data of the benchmarks: made once by ``python -m workbench.datasets.build``, cached for the user."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from workbench.datasets.large import load_large


@dataclass
class BenchSet:
    """Vectors float32[n, d], queries float32[q, d], a record a vector, the exact answers int32[q, 10]."""

    name: str
    distance: str
    vectors: Any
    queries: Any
    records: Any
    truth: Any
    kth: Any


def load(name: str, queries: int = 2000) -> BenchSet:
    """Load ``wordnet`` (117,659 x 384, cosine) or ``fashion`` (60,000 x 784, L2), building it if need be."""
    vectors, asked, records, _ = load_large(name)
    vectors = np.ascontiguousarray(vectors, dtype=np.float32)
    asked = np.ascontiguousarray(asked[:queries], dtype=np.float32)
    truth, kth = exact(vectors, asked, name == "wordnet")
    return BenchSet(name, "Cosine" if name == "wordnet" else "Euclid", vectors, asked, records, truth, kth)


def exact(vectors: Any, queries: Any, cosine: bool, k: int = 10) -> tuple[Any, Any]:
    truth, kth = np.empty((len(queries), k), np.int32), np.empty(len(queries), np.float32)
    norms = np.zeros(len(vectors), np.float32) if cosine else np.einsum("ij,ij->i", vectors, vectors)
    step = max(1, 20_000_000 // len(vectors))  # 80 MB of distances at a time
    for start in range(0, len(queries), step):
        part = queries[start : start + step]
        distance = norms - np.float32(1 if cosine else 2) * (part @ vectors.T)
        best = np.argpartition(distance, k, axis=1)[:, :k]
        order = np.argsort(np.take_along_axis(distance, best, 1), axis=1)
        truth[start : start + len(part)] = np.take_along_axis(best, order, 1)
        kth[start : start + len(part)] = np.take_along_axis(distance, best, 1).max(axis=1)
    return truth, kth


def recall(found: Any, data: BenchSet) -> float:
    """Return the share of the exact answers that were found."""
    hits = [len(np.intersect1d(f, t)) for f, t in zip(found, data.truth, strict=True)]
    return float(np.sum(hits)) / data.truth.size


def head(data: BenchSet, points: int) -> BenchSet:
    """Return the first points of a set, shuffled with a fixed seed: a set's rows are in an order."""
    rows = np.random.default_rng(0).permutation(len(data.vectors))[:points]
    vectors = np.ascontiguousarray(data.vectors[rows])
    truth, kth = exact(vectors, data.queries, data.distance == "Cosine")
    records = data.records.iloc[rows].reset_index(drop=True)
    return BenchSet(data.name, data.distance, vectors, data.queries, records, truth, kth)
