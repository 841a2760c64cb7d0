"""A collection of a few rows, made aside and thrown away: how fast this machine is, and what rows take."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from workbench import embedding
from workbench.collection import payload_index
from workbench.engine import Engine
from workbench.models.payload_schema import parse_field_schema
from workbench.surfaces.notebook.database import Database
from workbench.surfaces.notebook.memory import CollectionMemory
from workbench.surfaces.notebook.size_estimate import PROBED, Rates
from workbench.tasks import Progress

if TYPE_CHECKING:
    import pandas as pd

FloatArray = npt.NDArray[np.float32]

# Texts that are embedded to see how fast that is: at 46 paragraphs a second, below a second and a half.
_TEXTS = 64
# Compiled kernels are loaded by the first build, which therefore is not timed.
_WARM = 300


def probe(
    payload: pd.DataFrame,
    vectors: FloatArray | None,
    texts: Sequence[str],
    *,
    settings: Mapping[str, Any],
    indexes: Mapping[str, str],
    embedder: embedding.Spec,
    progress: Progress,
) -> Rates:
    """Make a small collection in memory, and return what that took.

    Parameters
    ----------
    payload : DataFrame
        The first rows, payload columns only.
    vectors : float32 [n, d] or None
        Of the first rows; None to embed `texts`.
    texts : sequence of str
        The first texts. Of more than 64, the rest of the graph is built over their vectors with noise added.
    settings : mapping
        ``m``, ``ef_construct``, ``distance``, ``datatype``: as for ``db.create``.
    indexes : mapping
        Payload indexes to measure, by field.
    embedder : optional
        See :func:`workbench.embedding.resolve`.
    progress : callable
        It may raise ``Cancelled``.
    """
    progress(0, 0, "measuring")
    rate = 0.0
    if vectors is None:
        vectors, rate = _embedded(texts, embedder, progress)
    rows = np.ascontiguousarray(
        np.resize(vectors, (PROBED, vectors.shape[1])) if len(vectors) < PROBED else vectors
    )
    if len(vectors) < PROBED:  # copies of one point would be linked to each other only
        spread = float(np.std(vectors)) or 1.0
        rows = rows + np.random.default_rng(0).normal(0, 0.5 * spread, rows.shape).astype(np.float32)
    with Database(Engine(None)) as db:
        made = {**settings, "index": False, "progress": progress, "indexing_threshold": 0}
        build = 0.0
        if settings.get("m", 16):
            db.create("warm", vectors=rows[:_WARM], **made).optimize(progress=progress)
            build = _linked(db, rows, made, progress)
        started = time.perf_counter()
        frame = payload if len(payload.columns) else None
        points = db.create("rows", frame, vectors=rows[: len(payload)], **made)
        write = len(payload) / (time.perf_counter() - started)
        stored = CollectionMemory.of(points._inner)["page cache"].held / len(payload)
        for field, kind in indexes.items():
            payload_index.create_index(points._inner, field, parse_field_schema(kind))
        memory = CollectionMemory.of(points._inner)
        indexed = (memory["payload columns"].held + memory["text tokens"].held) / len(payload)
    return Rates(build, rate, write, stored, indexed)


def _linked(db: Database, rows: FloatArray, made: Mapping[str, Any], progress: Progress) -> float:
    points = db.create("graph", vectors=rows, **made)
    started = time.perf_counter()
    points.optimize(progress=progress)
    return len(rows) / (time.perf_counter() - started)


def _embedded(texts: Sequence[str], spec: embedding.Spec, progress: Progress) -> tuple[FloatArray, float]:
    model = embedding.resolve(spec)
    some = [text for text in texts if text][:_TEXTS] or [""]
    model.embed(some[:2])  # loads what is loaded late
    started = time.perf_counter()
    found = model.embed(some, progress=lambda done, total, text="": progress(done, total, "measuring"))
    return found, len(some) / (time.perf_counter() - started)
