"""The distinct strings of a column, numbered, and what predicates say about each."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray

from workbench.filters import string_holds
from workbench.models.filters import DatetimeRange, MatchPhrase, MatchText, MatchTextAny
from workbench.models.tokens import tokens

StringPredicate = MatchText | MatchTextAny | MatchPhrase | DatetimeRange

_KEPT_ANSWERS = (
    16  # predicates whose answers are kept: a slider or a search box asks the same few again and again
)


class Strings:
    """Distinct strings in order of appearance; a string's number is its code. Only ever grows."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self._codes: dict[str, int] = {}
        self._answers: dict[StringPredicate, NDArray[np.bool_]] = {}
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self.texts)

    def code(self, text: str) -> int:
        """The code of a string, or -2 if the column lacks it (-1 marks what is no string)."""
        return self._codes.get(text, -2)

    def encode(self, texts: Iterable[str]) -> list[int]:
        """Codes of strings; new ones get new codes. Called by the column's builder only."""
        codes: list[int] = []
        for text in texts:
            code = self._codes.get(text)
            if code is None:
                code = self._codes[text] = len(self.texts)
                self.texts.append(text)
            codes.append(code)
        return codes

    def answers(self, predicate: StringPredicate) -> NDArray[np.bool_]:
        """What a predicate says of each string, with one more False at the end, so that code -1 finds False.

        Each distinct string is looked at once per predicate; the answers to the last predicates are kept.
        """
        with self._lock:
            known = self._answers.pop(predicate, np.zeros(1, dtype=np.bool_))
        count = len(self.texts)
        if len(known) <= count:
            holds = _prepared(predicate)
            fresh = [holds(text) for text in self.texts[len(known) - 1 : count]]
            known = np.concatenate([known[:-1], np.array([*fresh, False], dtype=np.bool_)])
        with self._lock:
            self._answers[predicate] = known
            while len(self._answers) > _KEPT_ANSWERS:
                self._answers.pop(next(iter(self._answers)))
        return known

    def nbytes(self) -> int:
        """Bytes of the texts and of the references to them, roughly."""
        with self._lock:
            kept = sum(answers.nbytes for answers in self._answers.values())
        # 49 bytes head a Python string; a list slot takes 8, a dict entry about 100 with its load factor.
        return sum(map(len, self.texts)) + len(self.texts) * (49 + 8 + 100) + kept


def _prepared(predicate: StringPredicate) -> Callable[[str], bool]:
    """The predicate as a function, with a cheap test before tokenizing where the words must be substrings.

    A word of a string is a substring of the lowercased string, except that the Greek sigma is lowercased by
    its neighbors (tokens are lowercased alone), so words with a sigma are not tested.
    """
    if not isinstance(predicate, MatchText | MatchPhrase):
        return lambda text: string_holds(predicate, text)
    needed = [word for word in tokens(predicate.text) if not set(word) & {"σ", "ς"}]

    def holds(text: str) -> bool:
        lowered = text.lower()
        return all(word in lowered for word in needed) and string_holds(predicate, text)

    return holds
