"""The answer of a search beside the exact one: what is missed, and what stands in its place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import Literal

import numpy as np

from workbench.surfaces.notebook.hits import Hits

Mark = Literal["found", "tie", "extra", "missed"]

# A first search reads pages and fills caches that the next finds warm; longer ones are not worth repeating.
_ROUNDS, _LONG_MS = 3, 50.0


@dataclass(frozen=True, slots=True)
class Compared:
    """Approximate hits beside exact ones.

    Attributes
    ----------
    hits, truth : Hits
        What the search found; what a comparison with every vector finds.
    marks : list of {"found", "tie", "extra"}
        Of each hit: whether the exact answer has it, or another of the same score in its place, or neither.
    truth_marks : list of {"found", "tie", "missed"}
        Of each exact hit likewise.
    took_ms, exact_ms : float
        Median of up to three searches, without embedding and payloads.
    """

    hits: Hits
    truth: Hits
    marks: list[Mark]
    truth_marks: list[Mark]
    took_ms: float
    exact_ms: float

    @property
    def kept(self) -> int:
        """How many of the exact hits the search has, ties counted as such."""
        return sum(mark != "missed" for mark in self.truth_marks)


def compare(search: Callable[[bool], Hits]) -> Compared:
    """Search twice, with and without `exact`, and compare.

    Parameters
    ----------
    search : callable
        Takes whether the search is exact.
    """
    (hits, took), (truth, exact) = (_timed(search, exact) for exact in (False, True))
    marks, truth_marks = marks_of(hits, truth)
    return Compared(hits, truth, marks, truth_marks, took, exact)


def marks_of(hits: Hits, truth: Hits) -> tuple[list[Mark], list[Mark]]:
    """Return the marks of hits and of exact hits.

    Points with the score of the last exact hit are equally good: which of them is returned is chance, and
    none of them is missed while another stands in its place.
    """
    true, own = set(truth.ids), set(hits.ids)
    marks: list[Mark] = ["found" if i in true else "extra" for i in hits.ids]
    truth_marks: list[Mark] = ["found" if i in own else "missed" for i in truth.ids]
    if not len(truth):
        return marks, truth_marks
    last = truth.scores[-1]
    for at, mark in enumerate(marks):
        if mark != "extra" or not np.isclose(hits.scores[at], last, rtol=1e-6, atol=1e-7):
            continue
        place = next(
            (
                i
                for i, missed in enumerate(truth_marks)
                if missed == "missed" and np.isclose(truth.scores[i], last, rtol=1e-6, atol=1e-7)
            ),
            -1,
        )
        if place >= 0:
            marks[at] = truth_marks[place] = "tie"
    return marks, truth_marks


def _timed(search: Callable[[bool], Hits], exact: bool) -> tuple[Hits, float]:
    hits = search(exact)
    times = [hits.took_ms]
    while times[0] < _LONG_MS and len(times) < _ROUNDS:
        times.append(search(exact).took_ms)
    return hits, median(times)
