"""Texts in and out as clients before 1.16 had them with FastEmbed: Qdrant's quick start of those years."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from workbench.errors import InferenceFailed, InvalidRequest
from workbench.qdrant_client import AsyncQdrantClient, QdrantClient, models

DOCUMENTS = [
    "Qdrant has Langchain integrations",
    "Qdrant also has Llama Index integrations",
    "Cats like milk",
]
METADATA = [{"source": "Langchain-docs"}, {"source": "Linkedin-docs"}, {"source": "a neighbor"}]


@pytest.fixture
def client() -> Iterator[QdrantClient]:
    made = QdrantClient(":memory:")
    yield made
    made.close()


def test_the_quick_start_runs(client: QdrantClient) -> None:
    ids = client.add("demo", documents=DOCUMENTS, metadata=METADATA, ids=[42, 2, 7], batch_size=2)
    assert ids == [42, 2, 7]
    found = client.query("demo", query_text="pets and their food", limit=1)
    assert [(hit.id, hit.document, hit.metadata["source"]) for hit in found] == [
        (7, "Cats like milk", "a neighbor")
    ]
    only = models.Filter(
        must=[models.FieldCondition(key="source", match=models.MatchValue(value="Linkedin-docs"))]
    )
    assert [hit.id for hit in client.query("demo", "pets", query_filter=only)] == [2]
    assert [[hit.id for hit in hits] for hits in client.query_batch("demo", ["milk", "Llama"], limit=1)] == [
        [7],
        [2],
    ]


def test_texts_without_ids_get_some_and_a_collection_may_be_there(client: QdrantClient) -> None:
    params = client.get_fastembed_vector_params(on_disk=True)
    assert params["fast-all-minilm-l6-v2"].size == 384
    client.create_collection("demo", vectors_config=params)
    ids = client.add("demo", DOCUMENTS)
    assert len(set(ids)) == 3
    assert client.count("demo").count == 3


def test_a_model_that_is_not_here_is_named_with_those_that_are(client: QdrantClient) -> None:
    client.set_model("sentence-transformers/all-MiniLM-L6-v2")
    with pytest.raises(InvalidRequest, match=r"all-MiniLM-L6-v2, got 'BAAI/bge-small-en'"):
        client.set_model("BAAI/bge-small-en")
    client.add("demo", DOCUMENTS)
    with pytest.raises(InferenceFailed) as caught:
        client.query_points("demo", models.Document(text="milk", model="BAAI/bge-small-en"))
    assert caught.value.__notes__ == [
        "Models here: sentence-transformers/all-MiniLM-L6-v2 and qdrant/bm25; got 'BAAI/bge-small-en'"
    ]


def test_the_asynchronous_client_has_them_too() -> None:
    async def quick_start() -> list[str]:
        client = AsyncQdrantClient(":memory:")
        client.set_model("sentence-transformers/all-MiniLM-L6-v2")
        await client.add("demo", documents=DOCUMENTS)
        found = await client.query("demo", query_text="pets and their food", limit=1)
        await client.close()
        return [hit.document for hit in found]

    assert asyncio.run(quick_start()) == ["Cats like milk"]
