"""BM25 as sparse vectors: the model ``qdrant/bm25`` that a Qdrant server runs by itself.

A document's value in the dimension of a token that it has n times is

    ``n (k + 1) / (n + k (1 - b + b length / avg_len))``

and a query's is 1. The inverse document frequency, which completes BM25, comes from the collection: give the
sparse vector the modifier ``idf``. Dimensions, values, defaults and texts of errors are those of
qdrant-edge-py 0.9.0.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from workbench.errors import InvalidRequest
from workbench.text.analyzer import Analyzer, analyzer_of
from workbench.text.choices import LANGUAGES, STEMMERS, TOKENIZERS

MODEL = "qdrant/bm25"

_CODES = {
    "ar": "arabic", "az": "azerbaijani", "bn": "bengali", "ca": "catalan", "da": "danish", "de": "german",
    "el": "greek", "en": "english", "es": "spanish", "eu": "basque", "fi": "finnish", "fr": "french",
    "he": "hebrew", "hi-en": "hinglish", "hu": "hungarian", "id": "indonesian", "it": "italian",
    "kk": "kazakh", "ne": "nepali", "nl": "dutch", "no": "norwegian", "pt": "portuguese", "ro": "romanian",
    "ru": "russian", "sl": "slovene", "sv": "swedish", "tg": "tajik", "tr": "turkish", "zh": "chinese",
}  # fmt: skip
# What the analyzer is told, besides stop words and stemmer.
_TEXT_OPTIONS = ("tokenizer", "lowercase", "ascii_folding", "min_token_len", "max_token_len")
_KEPT_TOKENS = 100_000


class SparseParts(NamedTuple):
    """The parts of a sparse vector: dimensions, uint32[t] ascending, and values, float32[t]."""

    indices: npt.NDArray[np.uint32]
    values: npt.NDArray[np.float32]


def embed_document(text: str, options: Mapping[str, Any] | None = None) -> SparseParts:
    """Return the vector of a text that is to be found.

    Parameters
    ----------
    text : str
    options : mapping, optional
        As Qdrant's JSON: ``k`` (1.2), ``b`` (0.75), ``avg_len`` (256 tokens), ``language`` (english, by name
        or code; ``none`` for no stop words and no stemmer), and what :class:`workbench.text.Analyzer` takes:
        ``tokenizer``, ``lowercase``, ``ascii_folding``, ``stopwords``, ``stemmer``, ``min_token_len``,
        ``max_token_len``.

    Raises
    ------
    InvalidRequest
        When an option is out of its range.
    """
    k, b, average = _numbers(options or {})
    tokens = _analyzer(options or {}).tokens(text)
    saturation = k * (1.0 - b + b * len(tokens) / average)
    weights: dict[int, float] = {}
    for token, count in Counter(tokens).items():
        weights[token_id(token)] = count * (k + 1.0) / (count + saturation)
    return _sorted(weights)


def embed_query(text: str, options: Mapping[str, Any] | None = None) -> SparseParts:
    """Return the vector of a text that is searched for: 1 for each token; see :func:`embed_document`."""
    _numbers(options or {})
    tokens = _analyzer(options or {}).query_tokens(text)
    return _sorted({token_id(token): 1.0 for token in tokens})


@lru_cache(_KEPT_TOKENS)
def token_id(token: str) -> int:
    """Return the dimension of a token: its MurmurHash3 (32 bits, seed 0) as a signed number, without sign."""
    hashed = _murmur3(token.encode("utf-8", "surrogatepass"))
    return hashed if hashed < 1 << 31 else (1 << 32) - hashed


def _murmur3(data: bytes) -> int:
    """Austin Appleby's MurmurHash3_x86_32, public domain."""
    mask = 0xFFFFFFFF
    hashed, blocks = 0, len(data) & ~3
    for at in range(0, blocks, 4):
        hashed ^= _mixed(int.from_bytes(data[at : at + 4], "little"))
        hashed = ((hashed << 13 | hashed >> 19) * 5 + 0xE6546B64) & mask
    if blocks < len(data):
        hashed ^= _mixed(int.from_bytes(data[blocks:], "little"))
    hashed ^= len(data)
    hashed = (hashed ^ hashed >> 16) * 0x85EBCA6B & mask
    hashed = (hashed ^ hashed >> 13) * 0xC2B2AE35 & mask
    return hashed ^ hashed >> 16


def _mixed(block: int) -> int:
    block = block * 0xCC9E2D51 & 0xFFFFFFFF
    return (block << 15 | block >> 17) * 0x1B873593 & 0xFFFFFFFF


def _sorted(weights: Mapping[int, float]) -> SparseParts:
    indices = sorted(weights)
    values = np.array([weights[index] for index in indices], dtype=np.float32)
    return SparseParts(np.array(indices, dtype=np.uint32), values)


def _numbers(options: Mapping[str, Any]) -> tuple[float, float, float]:
    """Return k, b and avg_len."""
    k, b, average = (
        _number(options, "k", 1.2),
        _number(options, "b", 0.75),
        _number(options, "avg_len", 256.0),
    )
    if not (math.isfinite(k) and k >= 0):
        raise InvalidRequest(f"BM25 k1 must be finite and >= 0, got {k:g}")
    if not 0.0 <= b <= 1.0:
        raise InvalidRequest(f"BM25 b must be finite and in [0.0, 1.0], got {b:g}")
    if not (math.isfinite(average) and average > 0):
        raise InvalidRequest(f"BM25 avg_doc_len must be finite and > 0, got {average:g}")
    return k, b, average


def _number(options: Mapping[str, Any], name: str, default: float) -> float:
    value = options.get(name)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InvalidRequest(f"{MODEL}: {name}: expected a number, got {value!r:.80}")
    return float(value)


def _analyzer(options: Mapping[str, Any]) -> Analyzer:
    """Return what makes the tokens: stop words and stemmer are the language's unless others are given."""
    language = options.get("language")
    language = "english" if language is None else language
    name = _CODES.get(language, language) if isinstance(language, str) else None
    # Qdrant 1.19's way to ask for neither stop words nor stemmer.
    if name not in LANGUAGES and name != "none":
        raise InvalidRequest(f'unsupported language: "{language}"')
    params = {option: options[option] for option in _TEXT_OPTIONS if options.get(option) is not None}
    if params.get("tokenizer", "word") not in TOKENIZERS:
        raise InvalidRequest(f"{MODEL}: tokenizer: expected one of {', '.join(TOKENIZERS)}")
    stopwords, stemmer = options.get("stopwords"), options.get("stemmer")
    if stopwords is not None:
        params["stopwords"] = stopwords
    elif name in LANGUAGES:
        params["stopwords"] = name
    if stemmer is not None:
        params["stemmer"] = stemmer
    elif name in STEMMERS:
        params["stemmer"] = {"type": "snowball", "language": name}
    return analyzer_of(params)
