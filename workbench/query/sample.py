"""Points drawn at random."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from workbench.models.filters import Filter
from workbench.query.compare import distance_of
from workbench.query.nearest import Found
from workbench.query.scroll import matching
from workbench.segments.view import View


def sample(
    view: View, flt: Filter | None, k: int, seed: int | None = None, *, vector: str | None = None
) -> Found:
    """Return `k` live points that `flt` accepts, each as likely as any other, in random order.

    Parameters
    ----------
    view : View
        The collection.
    flt : Filter or None
        Which points may be drawn.
    k : int
        Points wanted; fewer come back when fewer match.
    seed : int or None
        The same seed draws the same points from the same view; None draws anew each time.
    vector : str or None
        Only points that have a vector of this name are drawn.

    Raises
    ------
    UnknownVector
        When the collection has no such vector.
    """
    found = matching(view, flt)
    may = np.arange(len(found)) if vector is None else np.flatnonzero(_having(view, found, vector))
    drawn = np.random.default_rng(seed).choice(may, min(k, len(may)), replace=False)
    return Found(found.segments[drawn], found.rows[drawn], found.distances[drawn])


def _having(view: View, found: Found, vector: str) -> npt.NDArray[np.bool_]:
    """Return bool[n]: which of the points have a vector of the name."""
    distance_of(view.config, vector)
    has = np.zeros(len(found), np.bool_)
    for number, places in found.parts():
        has[places] = view.segments[number].column(vector).slots(found.rows[places]) >= 0
    return has
