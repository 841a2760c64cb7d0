"""Texts of many scripts, and text indexes of every kind, are matched as by Qdrant's own core.

Left out is the tokenizer ``multilingual``, see `the tokenizer` in ``workbench/testing/disagreements.py``.
"""

from __future__ import annotations

import random
from typing import Any

import pytest

from tests.oracle.edge_store import plain_id
from tests.oracle.stores import Both, stores

WORDS = (
    "the", "The", "not", "cat", "Cats", "running", "RUNS", "Straße", "STRASSE", "ẞ",
    "élan", "e\u0301lan", "ÅNGSTRÖM", "İstanbul", "ıstanbul", "ΣΊΣΥΦΟΣ", "σίσυφος",
    "naïve", "œuvre", "ﬁne", "Ⅷ", "x²", "½", "ſ", "Ǆ", "ŉ", "don't", "it’s", "'",
    "x'", "'y", "a'b'c", "foo-bar", "foo_bar", "a.b.c", "3.14", "1,000", "v1.2",
    "12ab", "１２", "user@mail.com", "http://x.y/z", "#tag", "c++", "C#", "\"q\"",
    "(paren)", "{y}", "a/b", "a\\b", "—dash—", "…", "-", "日本語", "東京タワー", "你好世界",
    "한국어", "ไทย", "हिन्दी", "नमस्ते", "カナ", "ｱｲｳ", "жук", "Жуки", "бежит", "ё", "й",
    "مرحبا", "الكتاب", "שלום", "😀", "👨‍👩‍👧", "\u200bzero", "soft\u00adhy",
    "tab\tsep", "new\nline", "a\u00a0b", "",
)  # fmt: skip
ENGLISH = {"stopwords": "english", "stemmer": {"type": "snowball", "language": "english"}}
INDEXES: tuple[dict[str, Any] | None, ...] = (
    None,
    {},
    {"phrase_matching": True},
    {"tokenizer": "whitespace", "lowercase": False},
    {"tokenizer": "whitespace", "phrase_matching": True},
    {"tokenizer": "prefix"},
    {"tokenizer": "prefix", "min_token_len": 2, "max_token_len": 4},
    {"tokenizer": "prefix", "lowercase": False, "ascii_folding": True},
    {"tokenizer": "prefix", "phrase_matching": True},
    {"tokenizer": "prefix", "min_token_len": 2, "max_token_len": 4, "phrase_matching": True, **ENGLISH},
    {"ascii_folding": True, "phrase_matching": True},
    {"min_token_len": 3, "max_token_len": 5, "phrase_matching": True},
    {"phrase_matching": True, **ENGLISH},
    {"stopwords": "german", "stemmer": {"type": "snowball", "language": "german"}},
    {"stemmer": {"type": "snowball", "language": "russian"}},
)


def words(rng: random.Random, most: int) -> str:
    between = rng.choice([" ", " ", "", "-", ", ", "\n", "  "])
    return between.join(rng.choice(WORDS) for _ in range(rng.randint(1, most)))


def question(rng: random.Random, text: str) -> dict[str, str]:
    """Return a match of a part of a text, or of others."""
    start = rng.randrange(len(text)) if text else 0
    wanted = rng.choice([words(rng, 3), text[start : start + rng.randint(1, 8)], " ".join(text.split()[:2])])
    return {rng.choice(["text", "text_any", "phrase", "prefix", "substring"]): wanted}


@pytest.mark.parametrize("index", INDEXES, ids=str)
def test_texts_are_matched_as_in_qdrants_core(index: dict[str, Any] | None) -> None:
    rng = random.Random(str(index))
    texts = [words(rng, 6) for _ in range(40)]
    points = [{"id": i, "vector": {}, "payload": {"t": text}} for i, text in enumerate(texts)]
    with stores({"vectors": {"v": {"size": 1, "distance": "Dot"}}}) as both:
        write(both, "upsert_points", {"points": points})
        if index is not None:
            schema = {"type": "text", **index} if index else "text"
            write(both, "create_field_index", {"field_name": "t", "field_schema": schema})
        assert sum(found(both, question(rng, rng.choice(texts))) for _ in range(60)) > 20


def write(both: Both, operation: str, body: dict[str, Any]) -> None:
    both.api(operation, "c", body)
    both.theirs(operation, body)


def found(both: Both, match: dict[str, str]) -> int:
    """Return how many points both find; they must be the same."""
    body = {"filter": {"must": [{"key": "t", "match": match}]}, "limit": 100}
    ours, _ = both.api("scroll_points", "c", body)
    theirs, _ = both.theirs("scroll_points", body)
    assert [plain_id(p.id) for p in ours] == [plain_id(p.id) for p in theirs], match
    return len(ours)
