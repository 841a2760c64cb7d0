"""Vectors of every kind through a client: named, sparse, multi, changed, removed, added."""

# The models of a client are unions of all that a field may be; a test knows which.
# mypy: disable-error-code="arg-type,attr-defined,call-overload,index,misc,operator,union-attr"

from __future__ import annotations

from collections.abc import Iterator

import pytest
from qdrant_client import QdrantClient, models

from workbench.testing.client_base import FILMS, FilmTests, genre, hits, ids, refused

KINDS = "suite-kinds"


class VectorTests(FilmTests):
    """Everything about the kinds of vectors."""

    @pytest.fixture
    def kinds(self, client: QdrantClient) -> Iterator[QdrantClient]:
        """Return the client, with a collection of named dense, sparse and multi vectors in its database."""
        client.delete_collection(KINDS)
        several = models.MultiVectorConfig(comparator=models.MultiVectorComparator.MAX_SIM)
        client.create_collection(
            KINDS,
            {
                "plot": models.VectorParams(size=2, distance=models.Distance.COSINE),
                "tokens": models.VectorParams(
                    size=2, distance=models.Distance.DOT, multivector_config=several
                ),
            },
            sparse_vectors_config={"words": models.SparseVectorParams()},
        )
        sparse = [
            models.SparseVector(indices=[1, 5], values=[1.0, 2.0]),
            models.SparseVector(indices=[5], values=[4.0]),
        ]
        points = [
            models.PointStruct(
                id=1, vector={"plot": [3.0, 0.0], "words": sparse[0], "tokens": [[1.0, 0.0], [0.0, 1.0]]}
            ),
            models.PointStruct(id=2, vector={"plot": [0.0, 2.0], "words": sparse[1], "tokens": [[2.0, 0.0]]}),
            models.PointStruct(id=3, vector={"plot": [1.0, 1.0]}),
        ]
        client.upsert(KINDS, points, wait=True)
        yield client
        client.delete_collection(KINDS)

    def test_cosine_vectors_are_stored_at_unit_length(self, kinds: QdrantClient) -> None:
        (point,) = kinds.retrieve(KINDS, [1], with_vectors=["plot"])
        assert point.vector == {"plot": [1.0, 0.0]}

    def test_sparse_and_multi_vectors_come_back(self, kinds: QdrantClient) -> None:
        (point,) = kinds.retrieve(KINDS, [1], with_vectors=["words", "tokens"])
        assert (point.vector["words"].indices, point.vector["words"].values) == ([1, 5], [1.0, 2.0])
        assert point.vector["tokens"] == [[1.0, 0.0], [0.0, 1.0]]

    def test_a_vector_that_a_point_lacks_is_absent(self, kinds: QdrantClient) -> None:
        (point,) = kinds.retrieve(KINDS, [3], with_vectors=True)
        assert set(point.vector) == {"plot"}

    def test_each_kind_is_searched_under_its_name(self, kinds: QdrantClient) -> None:
        assert ids(kinds.query_points(KINDS, [1.0, 0.1], using="plot").points) == [1, 3, 2]
        words = models.SparseVector(indices=[5], values=[1.0])
        assert hits(kinds.query_points(KINDS, words, using="words")) == [(2, 4.0), (1, 2.0)]
        tokens = kinds.query_points(KINDS, [[1.0, 0.0], [0.0, 1.0]], using="tokens")
        assert hits(tokens) == [(1, 2.0), (2, 2.0)] or hits(tokens) == [(2, 2.0), (1, 2.0)]

    def test_has_vector_is_a_condition(self, kinds: QdrantClient) -> None:
        words = models.Filter(must=[models.HasVectorCondition(has_vector="words")])
        assert kinds.count(KINDS, count_filter=words).count == 2

    def test_rare_words_weigh_more_under_idf(self, client: QdrantClient) -> None:
        client.delete_collection(KINDS)
        words = models.SparseVectorParams(modifier=models.Modifier.IDF)
        client.create_collection(KINDS, {}, sparse_vectors_config={"words": words})
        texts = [[1], [1, 2], [1]]
        vectors = [models.SparseVector(indices=text, values=[1.0] * len(text)) for text in texts]
        client.upsert(
            KINDS, [models.PointStruct(id=i, vector={"words": v}) for i, v in enumerate(vectors)], wait=True
        )
        query = models.SparseVector(indices=[2], values=[1.0])
        # The logarithm of 1 + 2.5 / 1.5, for one of three points has the word.
        assert hits(client.query_points(KINDS, query, using="words")) == [(1, 0.9808292)]
        client.delete_collection(KINDS)

    @pytest.mark.parametrize(
        ("datatype", "stored"),
        [
            (models.Datatype.UINT8, [3.0, 200.0]),
            (models.Datatype.FLOAT16, [3.900390625, 200.25]),
            (models.Datatype.FLOAT32, [3.9000000953674316, 200.25]),
        ],
    )
    def test_numbers_are_stored_as_the_datatype_says(
        self, client: QdrantClient, datatype: models.Datatype, stored: list[float]
    ) -> None:
        client.delete_collection(KINDS)
        client.create_collection(
            KINDS, models.VectorParams(size=2, distance=models.Distance.DOT, datatype=datatype)
        )
        client.upsert(KINDS, [models.PointStruct(id=1, vector=[3.9, 200.25])])
        (point,) = client.retrieve(KINDS, [1], with_vectors=True)
        assert point.vector == pytest.approx(stored, rel=1e-7)
        client.delete_collection(KINDS)

    def test_vectors_are_changed_and_the_rest_stays(self, kinds: QdrantClient) -> None:
        fresh = models.SparseVector(indices=[9], values=[1.0])
        kinds.update_vectors(KINDS, [models.PointVectors(id=3, vector={"words": fresh})])
        (point,) = kinds.retrieve(KINDS, [3], with_vectors=True)
        assert set(point.vector) == {"plot", "words"}
        assert point.vector["words"].indices == [9]

    def test_vectors_are_removed_by_ids_and_by_filter(self, films: QdrantClient) -> None:
        films.delete_vectors(FILMS, vectors=[""], points=genre("horror"))
        found = films.query_points(FILMS, [1.0, 1.0])
        assert sorted(ids(found.points)) == [2, 4]
        assert films.count(FILMS).count == 4

    def test_a_named_vector_is_added_and_removed(self, kinds: QdrantClient) -> None:
        params = models.DenseVectorNameConfig(
            dense=models.DenseVectorConfig(size=2, distance=models.Distance.DOT)
        )
        kinds.create_vector_name(KINDS, "poster", params)
        kinds.update_vectors(KINDS, [models.PointVectors(id=1, vector={"poster": [1.0, 1.0]})])
        assert hits(kinds.query_points(KINDS, [1.0, 0.0], using="poster")) == [(1, 1.0)]
        kinds.delete_vector_name(KINDS, "poster")
        assert "poster" not in kinds.get_collection(KINDS).config.params.vectors

    def test_a_vector_of_another_length_or_name_is_refused(self, kinds: QdrantClient) -> None:
        with refused(400, "Vector dimension error: expected dim: 2, got 3"):
            kinds.upsert(KINDS, [models.PointStruct(id=9, vector={"plot": [1.0, 2.0, 3.0]})])
        with refused(400, "Not existing vector name error: smell"):
            kinds.upsert(KINDS, [models.PointStruct(id=9, vector={"smell": [1.0, 2.0]})])
        assert kinds.retrieve(KINDS, [9]) == []
