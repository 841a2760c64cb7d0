"""Texts as tokens: the parameters one by one, and the same questions put to Qdrant's own engine."""

from __future__ import annotations

from typing import Any

import pytest

from workbench.text.analyzer import Analyzer, analyzer_of
from workbench.text.choices import LANGUAGES, STEMMERS, TOKENIZERS
from workbench.text.stop_words import stop_words

SNOWBALL = {"type": "snowball", "language": "english"}


@pytest.mark.parametrize(
    ("params", "text", "expected"),
    [
        ({}, "The cat's foo_bar, Éclair!", ["the", "cat", "s", "foo", "bar", "éclair"]),
        ({"tokenizer": "whitespace"}, "foo_bar-baz  don't", ["foo_bar-baz", "don't"]),
        ({"tokenizer": "prefix", "min_token_len": 2, "max_token_len": 3}, "Cats a", ["ca", "cat"]),
        ({"tokenizer": "code"}, "getHTTPResponse x2", ["get", "http", "response", "gethttpresponse", "x2"]),
        ({"tokenizer": "multilingual"}, "École ＡＢＣ 東京", ["ecole", "abc", "東", "京"]),
        ({"tokenizer": "multilingual"}, "हिन्दी", ["हिन्दी"]),
        ({"lowercase": False}, "The CAT", ["The", "CAT"]),
        ({"ascii_folding": True}, "Straße Łódź", ["strasse", "lodz"]),
        ({"min_token_len": 2, "max_token_len": 3}, "a ab abc abcd", ["ab", "abc"]),
        ({"stopwords": "english"}, "the cat and a dog", ["cat", "dog"]),
        ({"stopwords": {"languages": ["french"], "custom": ["Dog"]}}, "le dog the", ["the"]),
        ({"stopwords": {"custom": ["Cat"]}, "lowercase": False}, "Cat cat", ["cat"]),
        ({"stemmer": SNOWBALL}, "running cats", ["run", "cat"]),
        ({"stemmer": {"type": "none"}}, "running", ["running"]),
        ({"stemmer": SNOWBALL, "min_token_len": 4}, "running relational", ["relat"]),
        ({"stemmer": SNOWBALL, "stopwords": {"custom": ["run"]}}, "running run", ["run"]),
    ],
)
def test_a_text_becomes_tokens(params: dict[str, Any], text: str, expected: list[str]) -> None:
    assert Analyzer(params).tokens(text) == expected


def test_a_question_to_a_prefix_index_asks_for_whole_beginnings() -> None:
    analyzer = Analyzer({"tokenizer": "prefix", "max_token_len": 4})
    assert analyzer.query_tokens("Catalog ca") == ["cata", "ca"]


def test_analyzers_with_equal_parameters_are_one() -> None:
    assert analyzer_of({"lowercase": True}) is analyzer_of({"lowercase": True})
    assert Analyzer({"min_token_len": 2}) == Analyzer({"min_token_len": 2, "on_disk": True})
    assert Analyzer({"min_token_len": 2}) != Analyzer({"min_token_len": 3})


def test_every_language_has_stop_words_and_a_stemmer_where_qdrant_names_one() -> None:
    assert all(len(stop_words(language)) > 10 for language in LANGUAGES)
    assert len(LANGUAGES) == 30
    assert [Analyzer({"stemmer": {"language": name}}).tokens("a") for name in STEMMERS] == [["a"]] * 19


def test_every_stop_word_is_left_out_by_qdrants_engine_too() -> None:
    edge = pytest.importorskip("qdrant_edge")
    for language in LANGUAGES:
        engine = edge.Bm25(_edge_config(edge, {"tokenizer": "whitespace", "stopwords": language}))
        assert not engine.embed_query(" ".join(stop_words(language))).indices, language


TEXTS = [
    "The cat sat on the mat",
    "running cats relational",
    "foo_bar-baz don't",
    "l'école Éclair naïve",
    "ＡＢＣ x86 v2.0",
    "Straße İstanbul ΣΑΣ",
    "3.14 1,000 e-mail a@b.com",
    "Привет мир",
    "हिन्दी भाषा",
    "getHTTPResponse parseHTML5Doc iOS a_b fooBar_baz __init__",
    "über größer niño ÆØÅ ﬁne ½",
    "ÐÞ ŒŁ “quoted” – dash",
    "a\x1cb c\x0bd e\u3000f g\xa0h",
]
PARAMS: list[dict[str, Any]] = [
    {"tokenizer": name} for name in TOKENIZERS if name not in ("multilingual", "prefix")
] + [
    {"lowercase": False},
    {"lowercase": False, "tokenizer": "code"},
    {"ascii_folding": True},
    {"ascii_folding": True, "lowercase": False, "tokenizer": "whitespace"},
    {"min_token_len": 3, "max_token_len": 5},
    *({"stopwords": language} for language in ("english", "german", "russian")),
    {"stopwords": {"languages": ["french"], "custom": ["Cat"]}},
    *({"stemmer": {"language": name}} for name in ("english", "german", "russian", "turkish")),
    {"stemmer": SNOWBALL, "stopwords": "english", "min_token_len": 4},
]


@pytest.mark.parametrize("params", PARAMS, ids=str)
def test_tokens_are_those_of_qdrants_engine(params: dict[str, Any]) -> None:
    """The engine gives hashes of tokens; ours are hashed by it too, each as a text of its own."""
    edge = pytest.importorskip("qdrant_edge")
    theirs = edge.Bm25(_edge_config(edge, params))
    hashes = edge.Bm25(_edge_config(edge, {"tokenizer": "whitespace", "lowercase": False}))
    for text in TEXTS:
        ours = {token: list(hashes.embed_query(token).indices) for token in Analyzer(params).tokens(text)}
        expected = sorted(theirs.embed_query(text).indices)
        assert sorted({h for found in ours.values() for h in found}) == expected, (text, list(ours))


def _edge_config(edge: Any, params: dict[str, Any]) -> Any:
    given = dict(params)
    given["tokenizer"] = getattr(edge.TokenizerType, given.get("tokenizer", "word").title())
    stopwords = given.get("stopwords", {"custom": []})
    if isinstance(stopwords, str):
        stopwords = {"languages": [stopwords]}
    languages = {getattr(edge.Language, name.title()) for name in stopwords.get("languages", ())}
    given["stopwords"] = edge.StopwordsSet(languages=languages, custom=set(stopwords.get("custom", ())))
    stemmer = given.get("stemmer")
    given["stemmer"] = (
        edge.SnowballParams(getattr(edge.SnowballLanguage, stemmer["language"].title()))
        if stemmer
        else edge.DisabledStemmer()
    )
    return edge.Bm25Config(**given)


def test_a_question_by_prefix_keeps_its_stop_words_since_they_may_begin_others() -> None:
    own = Analyzer({"tokenizer": "prefix", "stopwords": "english"})
    assert own.query_tokens("of items") == ["of", "items"]
    assert own.tokens("of it") == []


def test_bare_numbers_are_no_words_of_the_multilingual_tokenizer() -> None:
    own = Analyzer({"tokenizer": "multilingual"})
    assert own.tokens("2024: 3.14 v2") == own.tokens("2024: ٣ v2") == ["v2"]
