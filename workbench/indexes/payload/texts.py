"""The inverted index of a text field: which of its distinct strings have a token."""

from __future__ import annotations

import threading
from array import array
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from workbench.models.predicates import MatchPhrase, MatchTextAny, MatchTokens
from workbench.text.analyzer import Analyzer

Mask = NDArray[np.bool_]


class TextIndex:
    """Tokens of strings that are numbered in order; strings are only ever added at the end.

    Parameters
    ----------
    analyzer : Analyzer
        What makes the tokens.
    texts : sequence of str
        The strings, a list that somebody else appends to.
    """

    def __init__(self, analyzer: Analyzer, texts: Sequence[str]) -> None:
        self._analyzer = analyzer
        self._texts = texts
        self._postings: dict[str, array[int]] = {}
        self._lengths = array("i")
        self._lock = threading.Lock()

    def extend(self, count: int) -> None:
        """Read the strings up to `count`."""
        with self._lock:
            for number in range(len(self._lengths), count):
                known = self._analyzer.tokens(self._texts[number])
                for token in set(known):
                    postings = self._postings.get(token)
                    if postings is None:
                        postings = self._postings[token] = array("i")
                    postings.append(number)
                self._lengths.append(len(known))

    def having(self, token: str, count: int) -> Mask:
        """Return bool[count + 1]: which strings have a token, and a last False, which code -1 finds."""
        self.extend(count)
        with self._lock:
            numbers = np.array(self._postings.get(token, ()), dtype=np.int64)
        mask = np.zeros(count + 1, dtype=np.bool_)
        mask[numbers[numbers < count]] = True
        return mask

    def masks(self, predicate: MatchTokens, count: int) -> list[Mask]:
        """Return masks as of ``having``; a field for which each holds for some string is accepted."""
        every = [self.having(token, count) for token in dict.fromkeys(predicate.wanted)]
        if not every:
            return [np.zeros(count + 1, dtype=np.bool_)]
        if isinstance(predicate.asked, MatchTextAny):
            return [np.logical_or.reduce(every)]
        if isinstance(predicate.asked, MatchPhrase):
            return [self._phrase(list(predicate.wanted), np.logical_and.reduce(every))]
        return every

    def filled(self, count: int) -> Mask:
        """Return bool[count + 1]: which strings have any token, and a last False."""
        self.extend(count)
        with self._lock:
            lengths = np.array(self._lengths[:count], dtype=np.int64)
        return np.append(lengths > 0, False)

    def nbytes(self) -> int:
        """Bytes of the postings, roughly."""
        with self._lock:
            # 49 bytes head a token, 64 an array, about 100 are a dict entry with its load factor.
            return sum(4 * len(p) + len(t) + 213 for t, p in self._postings.items()) + 4 * len(self._lengths)

    def _phrase(self, phrase: list[str], candidates: Mask) -> Mask:
        for number in np.flatnonzero(candidates).tolist():
            words = self._analyzer.tokens(self._texts[number])
            starts = range(len(words) - len(phrase) + 1)
            candidates[number] = any(words[start : start + len(phrase)] == phrase for start in starts)
        return candidates
