"""Points drawn at random."""

from __future__ import annotations

import numpy as np

from workbench.models.filters import Filter
from workbench.query.nearest import Found
from workbench.query.scroll import matching
from workbench.segments.view import View


def sample(view: View, flt: Filter | None, k: int, seed: int | None = None) -> Found:
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
    """
    found = matching(view, flt)
    drawn = np.random.default_rng(seed).permutation(len(found))[:k]
    return Found(found.segments[drawn], found.rows[drawn], found.distances[drawn])
