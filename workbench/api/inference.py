"""Vectors for documents: what a request may give in place of a vector, with the name of a model.

A plain Qdrant server makes vectors of ``qdrant/bm25`` only. Here also all-MiniLM-L6-v2 answers to its names,
when its package is installed, and what a program registered in ``Service.embedders``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from workbench import embedding
from workbench.api.point_batch import NOT_INITIALIZED
from workbench.api.service import Service
from workbench.embedding import Embedder
from workbench.errors import Corrupted, InferenceFailed, MissingDependency
from workbench.models.payload_schema import parse_field_schema
from workbench.models.requests import InferenceObject
from workbench.models.vectors import SparseVector

BM25 = ("qdrant/bm25", "bm25")
MINILM = ("sentence-transformers/all-minilm-l6-v2", "all-minilm-l6-v2")


def resolve(service: Service, value: InferenceObject, query: bool = False) -> Any:
    """Return the vector of one object: float32[d], or a :class:`SparseVector` of BM25.

    Parameters
    ----------
    service : Service
        Whose registered embedders are used.
    value : InferenceObject
        Text, model and options.
    query : bool
        Whether the vector is searched for rather than stored.

    Raises
    ------
    InferenceFailed
        When no model of that name makes vectors of that kind of object.
    """
    return infer_documents(service, [value], query)[0]


def infer_documents(service: Service, values: Sequence[InferenceObject], query: bool = False) -> list[Any]:
    """Return the vectors of several objects, in their order; each model embeds its own in one batch."""
    made: list[Any] = [None] * len(values)
    dense: dict[str, list[int]] = {}
    for place, value in enumerate(values):
        if value.kind != "text":
            raise InferenceFailed(NOT_INITIALIZED)
        if value.model.lower() in BM25:
            made[place] = _bm25(value, query)
        else:
            dense.setdefault(value.model, []).append(place)
    for model, places in dense.items():
        embedder = _embedder(service, model)
        rows = embedder.embed([values[p].content for p in places], kind="query" if query else "document")
        for place, row in zip(places, rows, strict=True):
            made[place] = row
    return made


def _embedder(service: Service, model: str) -> Embedder:
    if model in service.embedders:
        return service.embedders[model]
    if model.lower() not in MINILM:
        error = InferenceFailed(NOT_INITIALIZED)  # Qdrant's words, and ours for who is in this process
        error.add_note(f"Models here: sentence-transformers/all-MiniLM-L6-v2 and qdrant/bm25; got {model!r}")
        raise error
    try:
        return embedding.resolve("minilm")
    except (MissingDependency, Corrupted) as error:
        raise InferenceFailed(NOT_INITIALIZED) from error


def _bm25(value: InferenceObject, query: bool) -> SparseVector:
    from workbench.embedding import bm25

    parse_field_schema({**value.options, "type": "text"}, "options")  # its options are those of a text index
    embed = bm25.embed_query if query else bm25.embed_document
    return SparseVector(*embed(value.content, value.options))
