"""From a text to its tokens, with the parameters of Qdrant's text index.

A token is cut out (``tokenizers.py``), folded to ASCII, lowercased, left out if it is a stop word, stemmed,
and left out if it is then shorter or longer than allowed: the order was measured on qdrant-edge-py 0.9.0.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from workbench.text.folding import fold
from workbench.text.stop_words import stop_words
from workbench.text.tokenizers import CUTS, code_parts

_ENDLESS = 1 << 62
_KEPT_STEMS = 50_000


class Analyzer:
    """What makes tokens of texts. Equal parameters make equal analyzers, which can be keys.

    Parameters
    ----------
    params : mapping, optional
        As Qdrant's JSON: ``tokenizer`` (default ``word``), ``min_token_len``, ``max_token_len``,
        ``lowercase`` (default true), ``ascii_folding``, ``phrase_matching``, ``stopwords`` (a language or
        ``{languages, custom}``), ``stemmer`` (``{"type": "snowball", "language": …}`` or
        ``{"type": "none"}``); others are passed over.

    Notes
    -----
    Thread-safe.
    """

    def __init__(self, params: Mapping[str, Any] | None = None) -> None:
        given = {name: value for name, value in (params or {}).items() if value is not None}
        self.tokenizer: str = given.get("tokenizer", "word")
        self.phrase_matching: bool = given.get("phrase_matching", False)
        self._lowercase: bool = given.get("lowercase", True)
        self._cut = CUTS[self.tokenizer]
        if self.tokenizer == "code" and not self._lowercase:
            self._cut = code_parts
        self._fold: bool = given.get("ascii_folding", False)
        self._shortest: int = given.get("min_token_len", 0)
        self._longest: int = given.get("max_token_len", _ENDLESS)
        stopped = _stopped(given.get("stopwords"))
        self._stopped = frozenset(word.lower() for word in stopped) if self._lowercase else stopped
        self._language: str | None = (given.get("stemmer") or {}).get("language")
        self._stem = lru_cache(_KEPT_STEMS)(_Stemmer(self._language)) if self._language else None
        self._key = (
            self.tokenizer, self.phrase_matching, self._lowercase, self._fold, self._shortest, self._longest,
            self._stopped, self._language,
        )  # fmt: skip

    def tokens(self, text: str) -> list[str]:
        """Return the tokens of a stored text or phrase, in order: with ``prefix``, beginnings of words."""
        found = self._plain(text, self._stopped)
        if self.tokenizer == "prefix":
            shortest = max(self._shortest, 1)
            return [t[:n] for t in found for n in range(shortest, min(len(t), self._longest) + 1)]
        return found if self._longest == _ENDLESS else [t for t in found if len(t) <= self._longest]

    def query_tokens(self, text: str) -> list[str]:
        """Return the tokens that a question with this text is after: with ``prefix``, one for each word.

        Then the stop words stay, since a word may be the beginning of another.
        """
        if self.tokenizer != "prefix":
            return self.tokens(text)
        return [token[: self._longest] for token in self._plain(text, frozenset())]

    def _plain(self, text: str, stopped: frozenset[str]) -> list[str]:
        """Return tokens that may still be too long."""
        found = self._cut(text)
        if self._fold:
            found = [fold(token) for token in found]
        if self._lowercase:
            found = list(map(str.lower, found))
        if stopped:
            found = [token for token in found if token not in stopped]
        if self._stem is not None:
            found = list(map(self._stem, found))
        return [token for token in found if len(token) >= self._shortest] if self._shortest > 1 else found

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Analyzer) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)

    def __repr__(self) -> str:
        return f"Analyzer(tokenizer={self.tokenizer!r}, stemmer={self._language!r})"


class _Stemmer:
    """Snowball's stemmer of a language; its C state is used by one thread at a time."""

    def __init__(self, language: str) -> None:
        import Stemmer

        self._stemmer = Stemmer.Stemmer(language)
        self._lock = threading.Lock()

    def __call__(self, word: str) -> str:
        with self._lock:
            stem: str = self._stemmer.stemWord(word)
        return stem


def _stopped(given: str | Mapping[str, Any] | None) -> frozenset[str]:
    if given is None:
        return frozenset()
    if isinstance(given, str):
        return stop_words(given)
    languages = [stop_words(language) for language in given.get("languages") or ()]
    return frozenset(given.get("custom") or ()).union(*languages)


def analyzer_of(params: Mapping[str, Any]) -> Analyzer:
    """Return the analyzer of a text index, made once for equal parameters."""
    return _made(json.dumps(params, sort_keys=True))


@lru_cache(maxsize=256)
def _made(params: str) -> Analyzer:
    return Analyzer(json.loads(params))
