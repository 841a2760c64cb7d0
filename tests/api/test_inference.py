"""Documents in place of vectors: BM25 is embedded by the service itself."""

from __future__ import annotations

import pytest

from tests.api.calls import Api
from workbench.errors import InferenceFailed

TEXTS = ["The quick brown fox", "A lazy dog sleeps", "Foxes and dogs: foxes everywhere"]


def document(text: str, model: str = "Qdrant/bm25") -> dict[str, object]:
    return {"text": text, "model": model}


@pytest.fixture
def texts(api: Api) -> Api:
    api("create_collection", "texts", {"sparse_vectors": {"bm25": {"modifier": "idf"}}})
    points = [{"id": i, "vector": {"bm25": document(text)}} for i, text in enumerate(TEXTS)]
    api("upsert_points", "texts", {"points": points})
    return api


def test_documents_are_found_by_documents(texts: Api) -> None:
    hits = texts("query_points", "texts", {"query": document("fox running"), "using": "bm25"})
    assert [hit.id for hit in hits] == [2, 0]
    hits = texts("query_points", "texts", {"query": {"nearest": document("dog")}, "using": "bm25"})
    assert sorted(hit.id for hit in hits) == [1, 2]


def test_a_model_that_nobody_has_is_refused(texts: Api) -> None:
    with pytest.raises(InferenceFailed):
        texts("query_points", "texts", {"query": document("dog", "nobody/knows"), "using": "bm25"})


@pytest.mark.parametrize(
    ("options", "place"),
    [
        ({"stopwords": ["the"]}, "options.stopwords"),
        ({"stopwords": {"custom": "the"}}, "options.stopwords.custom"),
        ({"stemmer": "english"}, "options.stemmer"),
        ({"lowercase": "yes"}, "options.lowercase"),
        ({"min_token_len": -1}, "options.min_token_len"),
    ],
)
def test_an_option_of_another_type_is_refused(texts: Api, options: dict[str, object], place: str) -> None:
    query = {**document("fox"), "options": options}
    status, text = texts.fails("query_points", "texts", {"query": query, "using": "bm25"})
    assert (status, text.startswith(f"Format error in JSON body: {place}: ")) == (400, True)
