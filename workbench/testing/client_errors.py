"""Refusals through a client: Qdrant's status, Qdrant's words, and nothing changed."""

# The models of a client are unions of all that a field may be; a test knows which.
# mypy: disable-error-code="arg-type,attr-defined,call-overload,index,misc,operator,union-attr"

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from qdrant_client import QdrantClient, models

from workbench.testing.client_base import FILMS, FilmTests, refused

Ask = Callable[[QdrantClient], Any]
_GOOD = models.PointStruct(id=8, vector=[1.0, 1.0])


class ErrorTests(FilmTests):
    """What is refused, and that it changes nothing."""

    @pytest.mark.parametrize(
        ("ask", "status", "text"),
        [
            (
                lambda c: c.upsert(FILMS, [_GOOD, models.PointStruct(id=9, vector=[1.0, 2.0, 3.0])]),
                400,
                "Vector dimension error: expected dim: 2, got 3",
            ),
            (
                lambda c: c.upsert(FILMS, [_GOOD, models.PointStruct(id=9, vector={"plot": [1.0, 2.0]})]),
                400,
                "Not existing vector name error: plot",
            ),
            (lambda c: c.upsert(FILMS, []), 400, "Empty update request"),
            (lambda c: c.set_payload(FILMS, {"a": 1}, points=[99]), 404, "No point with id 99"),
            (
                lambda c: c.create_collection(FILMS, models.VectorParams(size=2, distance="Dot")),
                409,
                f"Collection `{FILMS}` already exists!",
            ),
            (lambda c: c.get_collection("suite-nothing"), 404, "Collection `suite-nothing` doesn't exist!"),
            (
                lambda c: c.create_collection("suite-bad", models.VectorParams(size=0, distance="Dot")),
                422,
                "size",
            ),
            (lambda c: c.query_points(FILMS, [1.0, 0.0], limit=0), 422, "limit"),
            (lambda c: c.scroll(FILMS, limit=0), 422, "limit"),
            (lambda c: c.search_matrix_pairs(FILMS, sample=1), 422, "sample"),
            (lambda c: c.scroll(FILMS, order_by="year"), 400, "No range index for `order_by` key: `year`"),
            (
                lambda c: c.query_points(FILMS, models.FusionQuery(fusion=models.Fusion.RRF)),
                400,
                "prefetch",
            ),
        ],
    )
    def test_a_refusal_changes_nothing(self, films: QdrantClient, ask: Ask, status: int, text: str) -> None:
        before = films.scroll(FILMS, limit=100, with_vectors=True)
        names = [c.name for c in films.get_collections().collections]
        with refused(status, text):
            ask(films)
        assert films.scroll(FILMS, limit=100, with_vectors=True) == before
        assert [c.name for c in films.get_collections().collections] == names
