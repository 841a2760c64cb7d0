"""Collections of texts as clients before 1.16 had them with FastEmbed: ``add``, ``query``, ``set_model``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice, repeat
from typing import Any
from uuid import uuid4

from qdrant_client.fastembed_common import QueryResponse

from workbench.errors import InvalidRequest
from workbench.surfaces.client import models
from workbench.surfaces.client.legacy import LegacyCalls

# The dimensions of the models that the engine embeds with; FastEmbed's are not here.
SIZES = {"sentence-transformers/all-MiniLM-L6-v2": 384}


class LegacyTexts(LegacyCalls):
    """Texts in, texts out: the engine embeds them, by all-MiniLM-L6-v2 where FastEmbed took a BGE model."""

    embedding_model_name = "sentence-transformers/all-MiniLM-L6-v2"

    def set_model(self, embedding_model_name: str, **options: Any) -> None:
        """Choose the model of `add` and `query`; FastEmbed's other options are passed over."""
        known = {name.lower(): name for name in SIZES}
        if embedding_model_name.lower() not in known:
            raise InvalidRequest(
                f"expected a model out of {', '.join(SIZES)}, got {embedding_model_name!r}: vectors of "
                "other models are given to upsert and query_points"
            )
        self.embedding_model_name = known[embedding_model_name.lower()]

    def get_vector_field_name(self) -> str:
        """Return the name of the vector that `add` writes."""
        return "fast-" + self.embedding_model_name.split("/")[-1].lower()

    def get_fastembed_vector_params(self, **options: Any) -> dict[str, models.VectorParams]:
        """Return the vectors of a collection that `add` can write to."""
        size = SIZES[self.embedding_model_name]
        return {
            self.get_vector_field_name(): models.VectorParams(
                size=size, distance=models.Distance.COSINE, **options
            )
        }

    def add(
        self,
        collection_name: str,
        documents: Iterable[str],
        metadata: Iterable[Mapping[str, Any]] | None = None,
        ids: Iterable[Any] | None = None,
        batch_size: int = 32,
        parallel: int | None = None,
        **options: Any,
    ) -> list[Any]:
        """Embed and write texts, into a new collection if there is none; return their ids."""
        if not self.collection_exists(collection_name):
            self.create_collection(collection_name, vectors_config=self.get_fastembed_vector_params())
        rows = zip(
            documents,
            repeat({}) if metadata is None else metadata,
            (uuid4().hex for _ in repeat(None)) if ids is None else ids,
            strict=False,
        )
        written: list[Any] = []
        while batch := list(islice(rows, batch_size)):
            self.upsert(collection_name, [self._point(*row) for row in batch], **options)
            written += [point_id for _, _, point_id in batch]
        return written

    def query(
        self,
        collection_name: str,
        query_text: str,
        query_filter: Any = None,
        limit: int = 10,
        **options: Any,
    ) -> list[QueryResponse]:
        """Return the texts nearest in meaning to `query_text`."""
        found = self.query_points(
            collection_name,
            query=self._document(query_text),
            using=self.get_vector_field_name(),
            query_filter=query_filter,
            limit=limit,
            with_payload=True,
            **options,
        )
        return [_answer(point) for point in found.points]

    def query_batch(
        self,
        collection_name: str,
        query_texts: Sequence[str],
        query_filter: Any = None,
        limit: int = 10,
        **options: Any,
    ) -> list[list[QueryResponse]]:
        """Answer several texts."""
        return [self.query(collection_name, text, query_filter, limit, **options) for text in query_texts]

    def _document(self, text: str) -> models.Document:
        return models.Document(text=text, model=self.embedding_model_name)

    def _point(self, text: str, metadata: Mapping[str, Any], point_id: Any) -> models.PointStruct:
        vector: dict[str, Any] = {self.get_vector_field_name(): self._document(text)}
        return models.PointStruct(id=point_id, vector=vector, payload={"document": text, **metadata})


def _answer(point: models.ScoredPoint) -> QueryResponse:
    payload = point.payload or {}
    return QueryResponse(
        id=point.id if isinstance(point.id, int) else str(point.id),
        embedding=None,
        metadata=payload,
        document=payload.get("document", ""),
        score=point.score,
    )
