"""Words that a text index may leave out because they are in nearly every text, for Qdrant's 30 languages.

``stopwords.txt`` has one line a language: its name, then its words. The candidates are the lists of the
packages stopwordsiso, advertools, spaCy (MIT) and stop-words (BSD-3-Clause); kept are the words that
qdrant-edge-py 0.9.0 leaves out too. It may know words that no candidate named, above all of Basque, Slovene
and Tajik, of which the packages know few.
"""

from __future__ import annotations

from functools import cache
from importlib import resources


@cache
def _lists() -> dict[str, frozenset[str]]:
    lines = resources.files(__package__).joinpath("stopwords.txt").read_text(encoding="utf-8").splitlines()
    return {name: frozenset(words) for name, *words in map(str.split, lines)}


def stop_words(language: str) -> frozenset[str]:
    """Return the stop words of one of ``choices.LANGUAGES``, in lower case; ``KeyError`` for any other."""
    return _lists()[language]
