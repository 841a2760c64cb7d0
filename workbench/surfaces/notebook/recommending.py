"""More like these, less like those."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.errors import InvalidRequest
from workbench.models.ids import parse_point_id
from workbench.models.points import PointId
from workbench.models.query import Selector, check_limit
from workbench.query import fetch
from workbench.segments.view import View
from workbench.surfaces.notebook.asking import Asking
from workbench.surfaces.notebook.hits import Hits

if TYPE_CHECKING:
    from workbench.models.filters import Filter
    from workbench.query.examples import Example
    from workbench.query.recommend import Strategy

Liked = PointId | str | Sequence[float]


class Recommending(Asking):
    """The part of a notebook's collection that searches by examples."""

    def recommend(
        self,
        positive: Iterable[Any] = (),
        negative: Iterable[Any] = (),
        *,
        text: str = "",
        where: Mapping[str, Any] | Filter | None = None,
        k: int = 10,
        offset: int = 0,
        vector: str | None = None,
        strategy: str | None = None,
        payload: bool | Sequence[str] = True,
    ) -> Hits:
        """Return the `k` points most like the positive examples and least like the negative ones.

        Parameters
        ----------
        positive, negative : iterable of id or vector
            Points of the collection, which are no hits themselves, or vectors.
        text : str
            One more positive example, embedded as :meth:`search` does.
        where : mapping, optional
            Which points may be hits.
        k, offset : int
            Hits wanted, and hits to pass over first.
        vector : str, optional
            Name of the vector compared; needed only when there are several.
        strategy : {"average_vector", "best_score", "sum_scores"}, optional
            By default the average, which searches the graph; ``best_score`` where all examples are negative.
        payload : bool or list of str
            What to return with each hit.

        Raises
        ------
        InvalidRequest
            Without examples, or for a strategy that does not exist.
        NotFound
            For an example that does not exist.
        """
        from workbench.models.where import where as parse_where
        from workbench.query.examples import Examples
        from workbench.query.recommend import recommend

        name = self._vector_name(vector)
        k, offset = check_limit("k", k, 1), check_limit("offset", offset)
        liked, disliked = [_example(e) for e in positive], [_example(e) for e in negative]
        if text:
            liked.append(np.asarray(self._embed_query(text, None), np.float32))
        way = _strategy(strategy, bool(liked))
        flt, part = None if where is None else parse_where(where), Selector.of(payload)

        def ask(view: View) -> Hits:
            started = time.perf_counter()
            best = recommend(Examples(view, name), liked, disliked, k + offset, strategy=way, flt=flt)
            took = (time.perf_counter() - started) * 1e3
            best = best.page(offset, offset + k)
            records = fetch.records(view, best.found, part, Selector(False))
            return Hits([r.id for r in records], best.scores, records, took_ms=took, title=self._inner.name)

        return fetch.retrying(lambda: self._inner.view, ask)


def _example(given: Any) -> Example:
    if isinstance(given, np.ndarray | list | tuple):
        return np.asarray(given, np.float32)
    return parse_point_id(given)


def _strategy(given: str | None, liked: bool) -> Strategy:
    from workbench.query.recommend import Strategy

    if given is None:
        return Strategy.AVERAGE_VECTOR if liked else Strategy.BEST_SCORE
    try:
        return Strategy(given)
    except ValueError:
        raise InvalidRequest(f"strategy: expected one of {', '.join(Strategy)}, got {given!r}") from None
