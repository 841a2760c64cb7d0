"""A verdict on a point that a search did not return, as a notebook shows it."""

from __future__ import annotations

from typing import Any

from workbench.query.missed import Verdict
from workbench.surfaces import html


class WhyMissed:
    """Why a search does not return a point, or that it does.

    Attributes
    ----------
    verdict : Verdict
        Reason, sentence, cure, and the proof: rank, scores, and the ef that finds it.
    """

    def __init__(self, verdict: Verdict) -> None:
        self.verdict = verdict

    @property
    def reason(self) -> str:
        """The reason in a word or two, such as ``ef too low``."""
        return self.verdict.reason.value

    @property
    def cure(self) -> str:
        """What to do about it; empty where nothing is wrong."""
        return self.verdict.cure

    def _facts(self) -> dict[str, Any]:
        own = self.verdict
        proof = {"exact rank": own.rank, "score": own.score, "score of the last hit": own.kth_score}
        told = {"because": own.because, "cure": own.cure, **proof, "ef that finds it": own.ef}
        return {name: value for name, value in told.items() if value not in (None, "")}

    def __repr__(self) -> str:
        facts = "".join(f"\n  {name}: {html.short(value, 400)}" for name, value in self._facts().items())
        return f"Point {self.verdict.id}: {self.reason}{facts}"

    def _repr_html_(self) -> str:
        return html.card(f"Point {self.verdict.id}", self.reason, self._facts())
