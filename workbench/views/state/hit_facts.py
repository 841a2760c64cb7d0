"""What a search box says of an answer: its cards and times, one hit whole, and what cannot be asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from workbench.surfaces.notebook.compared import Compared
from workbench.surfaces.notebook.hits import Hits
from workbench.surfaces.notebook.hybrid import HybridHits
from workbench.views.state.hit_cards import headline, payload_rows, picture, picture_note

if TYPE_CHECKING:
    from workbench.views.state.searching import Searching

# Characters of a picture that is shown with one hit whole.
_LARGE_PICTURE = 2_000_000

_NO_TEXT = (
    "This collection was made from vectors: no model is on record for texts. Make it with text=, "
    "or ask with a vector or a point."
)
_NO_IMAGE = "The embedder of this collection takes no pictures: it has no method embed_images(images)."


def kinds_of(state: Searching) -> list[list[str]]:
    """Return the kinds of question, and for those that cannot be asked a sentence that says why."""
    return [
        ["text", "Text", "" if state.searchable else _NO_TEXT],
        ["vector", "Vector", ""],
        ["point", "Like a point", ""],
        ["image", "Image", "" if state.takes_images else _NO_IMAGE],
    ]


def words_of(state: Searching) -> str:
    """Return the words that were asked for, which are marked in hits."""
    asked = [state.query if state.kind == "text" else "", state.words if state.hybrid else ""]
    return " ".join(filter(None, asked))


def cards_of(state: Searching, result: Compared) -> tuple[list[Any], list[Any]]:
    """Return the cards of the approximate and of the exact hits."""
    both = [*result.truth.scores.tolist(), *result.hits.scores.tolist()]
    best = both[0] if both else 1.0
    left = _cards(state, result.hits, list(result.marks), result.truth, best)
    right = _cards(state, result.truth, list(result.truth_marks), result.hits, best)
    for card, score, true in zip(left, result.hits.scores, result.truth.scores, strict=False):
        card["delta"] = _signed(float(score) - float(true))
    return left, right


def _cards(state: Searching, hits: Hits, marks: list[str], other: Hits, best: float) -> list[dict[str, Any]]:
    places = {point: at for at, point in enumerate(other.ids, 1)}
    words, greater = words_of(state), state.greater_is_nearer
    cards = []
    for at, (hit, mark) in enumerate(zip(hits, marks, strict=True)):
        payload = hit.payload or {}
        title, text = headline(payload, state.words_in, words)
        cards.append(
            {
                "id": str(hit.id), "rank": at + 1, "other": places.get(hit.id), "mark": mark, "delta": "",
                "score": _number(hit.score), "share": share(hit.score, best, greater=greater),
                "title": title, "text": text, "image": picture(payload), "note": picture_note(payload),
                "sources": _sources(hits, at),
            }
        )  # fmt: skip
    return cards


def detail_of(state: Searching, result: Compared, side: str, at: int) -> dict[str, Any]:
    """Return one hit whole: why it scored, where it stands in both answers, and its payload."""
    exact = side == "exact"
    hits = result.truth if exact else result.hits
    mark = (result.truth_marks if exact else result.marks)[at]
    hit = hits[at]
    payload = hit.payload or {}
    ranks = f"{_rank(result.hits, hit.id)} approximate, {_rank(result.truth, hit.id)} exact"
    facts = [["score", _number(hit.score)], *_distance(state, hit.score), ["rank", ranks], *_joined(hits, at)]
    return {
        "id": str(hit.id), "side": side, "at": at, "facts": facts, "mark": mark,
        "payload": payload_rows(payload, words_of(state)), "image": picture(payload, _LARGE_PICTURE),
        "note": picture_note(payload), "explains": not state.hybrid and mark == "missed",
    }  # fmt: skip


def nothing_found(state: Searching, result: Compared) -> str:
    """Return why there are no hits."""
    if not len(state.collection):
        return "No points yet. Add some with collection.add(frame)."
    advice = result.hits.advice
    return "No point matches the filter" + (f": {advice}." if advice else ". Loosen it, or empty the box.")


def times_of(result: Compared) -> list[str]:
    """Return the times of both searches, and how the approximate one went."""
    ways = sorted({c.strategy.value for c in result.hits.choices} - {"skipped"})
    return [f"{result.took_ms:.2f} ms", f"{result.exact_ms:.2f} ms", " + ".join(ways)]


def share(score: float, best: float, *, greater: bool) -> float:
    """Return how long the bar of a score is: its share of the best, or the best's share of a distance.

    Below zero the best of a similarity has the smallest size, as a distance has.

    Examples
    --------
    >>> share(0.4, 0.8, greater=True), share(4.0, 2.0, greater=False), share(-4.0, -2.0, greater=True)
    (0.5, 0.5, 0.5)
    """
    part, whole = (score, best) if greater and best > 0 else (best, score)
    return round(max(0.0, min(1.0, part / whole)), 4) if whole else 1.0


def _number(score: float) -> str:
    return f"{score:.4f}" if abs(score) < 1000 else f"{score:.6g}"


def _signed(delta: float) -> str:
    return "" if abs(delta) < 5e-5 else f"{delta:+.4f}".replace("-", "−")


def _rank(hits: Hits, point: Any) -> str:
    return f"#{hits.ids.index(point) + 1}" if point in hits.ids else "none"


def _sources(hits: Hits, at: int) -> str:
    """Return the ranks of a hybrid hit in the answers that were joined."""
    if not isinstance(hits, HybridHits):
        return ""
    ranks = hits.ranks[at].items()
    return " · ".join(f"{name or 'dense'} {'–' if rank is None else f'#{rank}'}" for name, rank in ranks)


def _distance(state: Searching, score: float) -> list[list[str]]:
    """Return the vector distance behind a score; what a fusion adds up is no distance."""
    if state.hybrid:
        return []
    name = state.distance.value
    value, how = {"Cosine": (1 - score, "1 − score"), "Dot": (-score, "−score")}.get(
        name, (score, "the score")
    )
    return [[f"{name} distance", f"{_number(value)} ({how})"]]


def _joined(hits: Hits, at: int) -> list[list[str]]:
    """Return rank and score of a hybrid hit in the answer of each vector."""
    if not isinstance(hits, HybridHits):
        return []
    found = []
    for name, rank in hits.ranks[at].items():
        score = hits.source_scores[at][name]
        told = (
            "not among those joined" if rank is None or score is None else f"#{rank}, score {_number(score)}"
        )
        found.append([f"by {name or 'the dense vector'}", told])
    return found
