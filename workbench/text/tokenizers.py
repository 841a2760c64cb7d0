"""Qdrant's tokenizers: where a text is cut. Case, stop words and lengths are the analyzer's part.

================  =======================================================================================
``word``          runs of letters and digits
``whitespace``    whatever stands between blanks
``prefix``        words; the analyzer then makes their beginnings tokens
``code``          the parts of a name in camel or snake case, and the name without its ``_``:
                  ``getHTTPResponse`` is get, HTTP, Response and itself
``multilingual``  words without accents, but no numbers; in scripts that put no blanks between words, each
                  character
================  =======================================================================================

Measured on qdrant-edge-py 0.9.0. Its ``multilingual`` finds the words of Chinese, Japanese and Thai with
dictionaries of many megabytes; characters find the same texts, and a few more.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

from workbench.text.words import WORD

_WORD = re.compile(rf"{WORD}+")
_NAME = re.compile(rf"(?:{WORD}|_)+")
_ASCII_WORD = re.compile(r"[A-Za-z0-9]+")
# Unicode's White_Space; Python's own split() also cuts at the separators \x1c to \x1f.
_CHUNK = re.compile(r"[^\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+")
# Han, kana, Thai, Lao, Myanmar, Khmer and Tibetan.
_UNSPACED = re.compile(
    r"[\u0e01-\u0eff\u0f40-\u0fbc\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3041-\u30ff\u31f0-\u31ff"
    r"\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
)
# Joins two Indic consonants; not alphabetic to Unicode, but no end of a word to a reader.
_VIRAMA = "\u094d\u09cd\u0a4d\u0acd\u0b4d\u0bcd\u0c4d\u0ccd\u0d4d\u0dca"
_JOINED_WORD = re.compile(rf"(?:{WORD}|[{_VIRAMA}])+")
# Below this class stand the signs that are part of an Indic or Japanese letter, above it accents and points.
_ACCENT = 10


def words(text: str) -> list[str]:
    """Return the runs of letters and digits, as they are written."""
    return (_ASCII_WORD if text.isascii() else _WORD).findall(text)


def chunks(text: str) -> list[str]:
    """Return what stands between blanks."""
    return _CHUNK.findall(text)


def code_words(text: str) -> list[str]:
    """Return the parts of every name, and the names and their camel-case pieces joined again."""
    result: list[str] = []
    for name in _NAME.findall(text):
        pieces = [_camel_parts(piece) for piece in words(name)]
        for parts in pieces:
            result.extend(parts)
            if len(parts) > 1:
                result.append("".join(parts))
        if len(pieces) > 1:
            result.append("".join(part for parts in pieces for part in parts))
    return result


def code_parts(text: str) -> list[str]:
    """Return the parts of every name alone: what is left where case tells words apart."""
    return [part for word in words(text) for part in _camel_parts(word)]


def _camel_parts(word: str) -> list[str]:
    parts, start = [], 0
    for at in range(1, len(word)):
        before, here = word[at - 1], word[at]
        if not here.isupper():
            continue
        after_small = before.islower() or (before.isdigit() and any(map(str.isalpha, word[start:at])))
        ends_capitals = before.isupper() and at + 1 < len(word) and word[at + 1].islower()
        if after_small or ends_capitals:
            parts.append(word[start:at])
            start = at
    return [*parts, word[start:]]


def multilingual_words(text: str) -> list[str]:
    """Return words without accents, and single characters of scripts without blanks; no bare numbers."""
    if text.isascii():
        return [word for word in words(text) if not word.isdecimal()]
    plain = "".join(c for c in unicodedata.normalize("NFKD", text) if unicodedata.combining(c) < _ACCENT)
    result: list[str] = []
    for word in _JOINED_WORD.findall(unicodedata.normalize("NFC", plain)):
        at = 0
        for found in _UNSPACED.finditer(word):
            if found.start() > at:
                result.append(word[at : found.start()])
            result.append(found.group())
            at = found.end()
        if at < len(word):
            result.append(word[at:])
    return [word for word in result if not word.isdecimal()]


CUTS: dict[str, Callable[[str], list[str]]] = {
    "word": words,
    "whitespace": chunks,
    "prefix": words,
    "code": code_words,
    "multilingual": multilingual_words,
}
"""By the tokenizer's name: what cuts a text."""
