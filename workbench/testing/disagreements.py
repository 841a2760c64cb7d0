"""Where the answers differ from those of Qdrant's core on purpose: what each does, and why ours.

The random programs of `tests/oracle` compare everything but these, and a test shows each of them as it is.
The list is part of ``API.md``.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Disagreement:
    """One thing that two engines answer differently.

    Parameters
    ----------
    name : str
    theirs : str
        What Qdrant does.
    ours : str
        What Workbench does.
    why : str
    """

    name: str
    theirs: str
    ours: str
    why: str


DOCUMENT_FREQUENCIES = Disagreement(
    "document frequencies",
    "IDF counts deleted and replaced vectors until the optimizer removes them",
    "it counts live points only",
    "the same points give the same scores, however they came to be",
)
MIN_SHOULD_OF_NOTHING = Disagreement(
    "min_should over no conditions",
    "accepts nothing, but is forgotten beside a lone `has_id`",
    "accepts nothing, wherever it stands",
    "a condition means the same beside any other",
)
MMR_OF_BYTES = Disagreement(
    "MMR over uint8 vectors by cosine",
    "compares the bytes as they are stored, so that long vectors win",
    "compares angles, as every other query of the same vectors does",
    "the first hit of MMR is the nearest neighbor",
)
TWO_SHOULDS = Disagreement(
    "`should` in the filters of a query and of its prefetch",
    "joins the two lists, so that a condition of either is enough; `min_should` likewise",
    "wants both filters to hold",
    "a filter around a prefetch only ever narrows it",
)
SPARSE_AGAIN = Disagreement(
    "a sparse vector that was deleted and set again",
    "is still found by the dimensions it had before",
    "is found by the dimensions it has",
    "a deleted vector is gone",
)
PARTS_BESIDE_AN_INDEX = Disagreement(
    "several parts in one field condition",
    "an index answers the part that it knows, and the others are forgotten",
    "a point is accepted by the parts that it is accepted by without an index",
    "what such a condition means should not hang on an index",
)
