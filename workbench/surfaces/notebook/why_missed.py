"""A verdict on a point that a search did not return, as a notebook shows it."""

from __future__ import annotations

from typing import Any

from workbench.query.missed import Reason, Verdict
from workbench.surfaces import html
from workbench.surfaces.notebook import figures

_CURES = {
    Reason.NO_VECTOR: "",
    Reason.NOT_INDEXED: "collection.optimize()",
    Reason.CODES: "collection.search(query, k={k}, exact=True)",
    Reason.FILTER_CUTS: "collection.search(query, k={k}, where=where, exact=True)",
    Reason.EF: "collection.search(query, k={k}, ef={ef})",
    Reason.NOT_NEAR: "collection.search(query, k={rank})",
    Reason.TIE: "collection.search(query, k={more})",
}


class WhyMissed:
    """Why a search does not return a point, or that it does.

    Attributes
    ----------
    verdict : Verdict
        Reason, sentence, cure, and the proof: rank, scores, and the ef that finds it.
    """

    def __init__(self, verdict: Verdict, k: int) -> None:
        self.verdict, self.k = verdict, k

    @property
    def reason(self) -> str:
        """The reason in a word or two, such as ``ef too low``."""
        return self.verdict.reason.value

    @property
    def cure(self) -> str:
        """What to do about it; empty where nothing is wrong."""
        return self.verdict.cure

    @property
    def code(self) -> str:
        """The cure as Python; empty where it is no single call."""
        own = self.verdict
        if own.reason is Reason.UNREACHABLE:
            return own.cure.split(" has the graph")[0]
        told = {"k": self.k, "more": 2 * self.k, "ef": own.ef, "rank": own.rank}
        return _CURES.get(own.reason, "").format(**told)

    def _facts(self) -> dict[str, Any]:
        own = self.verdict
        proof = {"exact rank": own.rank, "score": own.score, "score of the last hit": own.kth_score}
        told = {"because": own.because, "cure": own.cure, **proof, "ef that finds it": own.ef}
        return {name: value for name, value in told.items() if value not in (None, "")}

    def __repr__(self) -> str:
        facts = "".join(f"\n  {name}: {html.short(value, 400)}" for name, value in self._facts().items())
        return f"Point {self.verdict.id}: {self.reason}{facts}"

    def _repr_html_(self) -> str:
        own = self.verdict
        card = html.card(f"Point {own.id}", self.reason, self._facts())
        proof = self._rank() + (figures.widths(own.tried, own.asked or 0) if own.tried else "")
        code = f"<pre><code>{html.cell(self.code, 400)}</code></pre>" if self.code else ""
        told = html.framed("Proof", "", proof) if proof else ""
        return card + told + (html.framed("Cure", "", code) if code else "")

    def _rank(self) -> str:
        """Show its exact rank beside the number of hits."""
        own = self.verdict
        if own.rank is None:
            return ""
        good = figures.COLORS[2] if own.rank <= self.k else figures.COLORS[5]
        return figures.bars(
            [
                figures.Bar("hits asked for", self.k, f"k = {self.k:,}"),
                figures.Bar("its exact rank", own.rank, f"{own.rank:,}", good, strong=True),
            ]
        )
