"""A collection in a few lines: what its repr shows."""

from __future__ import annotations

from typing import Any

from workbench.collection.info import CollectionInfo
from workbench.surfaces import html
from workbench.surfaces.notebook import texts


def card(name: str, info: CollectionInfo) -> str:
    """Return the facts about a collection as HTML."""
    record, hnsw = texts.TextRecord.of(info.config.metadata), info.config.hnsw
    facts: dict[str, Any] = {
        "points": f"{info.points_count:,}",
        "indexed": f"{info.indexed_vectors_count:,} vectors, m={hnsw.m}, ef_construct={hnsw.ef_construct}",
        "segments": info.segments_count,
        "memory": f"{html.size(info.vector_bytes)} vectors, {html.size(info.graph_bytes)} index",
        "disk": html.size(info.disk_bytes) if info.disk_bytes else "in memory only",
    }
    if record is not None:
        facts["text"] = f"{record.column}, embedded by {record.embedder}"
    if info.optimizer_error:
        facts["optimizer"] = info.optimizer_error
    facts["next"] = ".search(…)  .browse()  .map()  .tune()  .add(frame)"
    return html.card(name, f"{vectors_text(info)} · {info.status}", facts)


def vectors_text(info: CollectionInfo) -> str:
    """Return the sizes, types and distances of all vectors in one line."""
    parts = [
        f"{name + ': ' if name else ''}{p.size} × {p.datatype.value} {p.distance.value}"
        f"{', several a point' if p.multivector else ''}"
        for name, p in info.config.vectors.items()
    ]
    parts += [f"{name}: sparse" for name in info.config.sparse_vectors]
    return ", ".join(parts)
