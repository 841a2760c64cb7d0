"""BM25's vectors are those of Qdrant's own core, token for token."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import qdrant_edge as edge

from workbench.embedding import bm25
from workbench.errors import InvalidRequest

TEXTS = [
    "hello world hello",
    "The running foxes, naïve café; don't stop-words 3.14 a_b",
    "",
    "the a of",
    "Größe über Straßen laufen, laufen und LAUFEN",
    "Las niñas corriendo por la montaña",
    "Бегущие лисы перепрыгивают через собак",
    "getHTTPResponse snake_case camelCase x1y2",
    " ".join(f"word{n % 40}" for n in range(400)),
]


def parts(vector: Any) -> dict[int, float]:
    return dict(zip(np.asarray(vector.indices).tolist(), np.asarray(vector.values).tolist(), strict=True))


def agree(text: str, options: dict[str, Any], model: Any) -> None:
    for ours, theirs in (
        (bm25.embed_document(text, options), model.embed_document(text)),
        (bm25.embed_query(text, options), model.embed_query(text)),
    ):
        assert ours.indices.tolist() == sorted(theirs.indices)
        assert parts(ours) == pytest.approx(parts(theirs), rel=1e-6)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"k": 0.9, "b": 0.0, "avg_len": 10.0},
        {"k": 0.0, "b": 1.0, "avg_len": 3.5},
        {"lowercase": False},
        {"ascii_folding": True},
        {"min_token_len": 3, "max_token_len": 5},
        {"language": "german"},
        {"language": "es"},
        {"language": "ru"},
        {"language": "hebrew"},
    ],
)
@pytest.mark.parametrize("text", TEXTS)
def test_options_mean_what_they_mean_to_qdrant(text: str, options: dict[str, Any]) -> None:
    agree(text, options, edge.Bm25(edge.Bm25Config(**options)))


@pytest.mark.parametrize("tokenizer", ["Prefix", "Whitespace", "Word", "Multilingual", "Code"])
@pytest.mark.parametrize("text", TEXTS[:4])
def test_every_tokenizer_can_be_asked_for(text: str, tokenizer: str) -> None:
    config = edge.Bm25Config(tokenizer=getattr(edge.TokenizerType, tokenizer))
    agree(text, {"tokenizer": tokenizer.lower()}, edge.Bm25(config))


@pytest.mark.parametrize("text", TEXTS)
def test_stop_words_and_stemmer_can_be_given(text: str) -> None:
    none, english = edge.StopwordsSet(None, set()), edge.SnowballParams(edge.SnowballLanguage.English)
    plain = edge.Bm25(edge.Bm25Config(stopwords=none, stemmer=edge.DisabledStemmer()))
    agree(text, {"stopwords": {"custom": []}, "stemmer": {"type": "none"}}, plain)
    agree(text, {"language": "none"}, plain)
    given = edge.Bm25(edge.Bm25Config(
        language="german", stopwords=edge.StopwordsSet({edge.Language.English}, {"world"}), stemmer=english,
    ))  # fmt: skip
    agree(text, {
        "language": "german",
        "stopwords": {"languages": ["english"], "custom": ["world"]},
        "stemmer": {"type": "snowball", "language": "english"},
    }, given)  # fmt: skip


def test_a_token_is_hashed_to_its_dimension() -> None:
    # Public test values of MurmurHash3: 0x248bfa47 of "hello"; 0x149bbb7f of "hello, world".
    assert bm25.token_id("hello") == 0x248BFA47
    assert bm25.token_id("hello, world") == 0x149BBB7F
    assert bm25.token_id("") == 0


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"language": "klingon"}, '^unsupported language: "klingon"$'),
        ({"language": 7}, "^unsupported language"),
        ({"k": -1}, "^BM25 k1 must be finite and >= 0, got -1$"),
        ({"b": 2}, r"^BM25 b must be finite and in \[0.0, 1.0\], got 2$"),
        ({"avg_len": 0}, "^BM25 avg_doc_len must be finite and > 0, got 0$"),
        ({"k": "much"}, "k: expected a number, got 'much'"),
        ({"tokenizer": "mystic"}, "tokenizer: expected one of prefix"),
    ],
)
def test_options_out_of_range_are_refused(options: dict[str, Any], text: str) -> None:
    with pytest.raises(InvalidRequest, match=text):
        bm25.embed_document("hello", options)
    with pytest.raises(InvalidRequest, match=text):
        bm25.embed_query("hello", options)
