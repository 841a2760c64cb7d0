"""Searches by meaning and by words at once: a dense and a sparse vector, joined by rank."""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from workbench.errors import InvalidRequest, NotFound, UnknownVector
from workbench.models.query import SearchParams, Selector, check_limit
from workbench.query import fetch, nearest
from workbench.segments.view import View
from workbench.surfaces.notebook.asking import Asking
from workbench.surfaces.notebook.hits import Hits

if TYPE_CHECKING:
    from workbench.models.filters import Filter
    from workbench.models.requests import VectorInput
    from workbench.models.vectors import SparseVector
    from workbench.query.scored import Scored

Where: TypeAlias = "Mapping[str, Any] | Filter | None"

WEIGHTS, RRF_K = (1.0, 1.0), 2


class HybridHits(Hits):
    """Hits of a hybrid search; their score is that of reciprocal rank fusion.

    Attributes
    ----------
    ranks : list of dict
        Of each hit, by the name of the vector: its rank in that vector's answer, from 1; None where it is not
        among those that were joined.
    source_scores : list of dict
        Likewise its score there.
    """

    ranks: list[dict[str, int | None]]
    source_scores: list[dict[str, float | None]]


class Hybrid(Asking):
    """The part of a notebook's collection that searches by meaning and by words at once."""

    def hybrid(
        self,
        query: Any,
        words: str | SparseVector | None = None,
        *,
        where: Where = None,
        k: int = 10,
        ef: int | None = None,
        exact: bool = False,
        weights: Sequence[float] = WEIGHTS,
        rrf_k: int = RRF_K,
        limit: int | None = None,
        vector: str | None = None,
        sparse: str | None = None,
        payload: bool | Sequence[str] = True,
        embedder: Any = None,
    ) -> HybridHits:
        """Return the `k` best points by a dense and a sparse vector together (reciprocal rank fusion).

        Parameters
        ----------
        query : str, array_like, int or uuid.UUID
            What the dense vectors are compared with: a text, a vector, or the id of a point.
        words : str or SparseVector, optional
            What the sparse vectors are compared with: a text, of which ``qdrant/bm25`` makes a vector, or a
            vector. If not given it is the text, or the point, of `query`.
        where, k, ef, exact, vector, payload, embedder
            As in ``search``.
        weights : (float, float)
            Of the dense and of the sparse answer.
        rrf_k : int
            Constant of the fusion: the greater, the less do the first ranks stand out.
        limit : int, optional
            Hits of each answer that are joined; ten times `k`, at least 100, if not given.
        sparse : str, optional
            Name of the sparse vector; needed only when there are several.

        Raises
        ------
        InvalidRequest
            When there is no sparse vector (``add_words`` makes one), or nothing to compare it with.
        DimensionMismatch, InvalidVector, UnknownVector, NotFound
        """
        from workbench.models.requests import Fusion, Nearest, Prefetch
        from workbench.models.where import where as parse_where
        from workbench.query import tree

        k, rrf_k = check_limit("k", k, 1), check_limit("rrf_k", rrf_k, 1)
        deep = depth(k) if limit is None else check_limit("limit", limit, 1)
        params = SearchParams(hnsw_ef=None if ef is None else check_limit("ef", ef, 1), exact=bool(exact))
        dense = Nearest(query if isinstance(query, int | uuid.UUID) else self._dense(query, embedder))
        other = Nearest(_words(query, words))
        sources = (
            Prefetch(query=dense, using=self._vector_name(vector), params=params, limit=deep),
            Prefetch(query=other, using=self._sparse_name(sparse), limit=deep),
        )
        whole = Prefetch(query=Fusion("rrf", rrf_k, _weights(weights)), prefetches=sources)
        flt, parts = None if where is None else parse_where(where), Selector.of(payload)

        def ask(view: View) -> HybridHits:
            scope = tree.Scope(view, _no_other)
            started = time.perf_counter()
            found = tree.answer(scope, whole, flt, k)
            took = (time.perf_counter() - started) * 1e3
            # Asked again one by one: a fusion keeps neither ranks nor scores of what it joins.
            answers = {own.using: tree.answer(scope, own, flt, deep) for own in sources}
            return self._hits(view, found, answers, parts, query, took)

        return fetch.retrying(lambda: self._inner.view, ask)

    def _hits(
        self, view: View, found: Scored, answers: dict[str, Scored], parts: Selector, query: Any, took: float
    ) -> HybridHits:
        records = fetch.records(view, found.found, parts, Selector(False))
        ids, text = [record.id for record in records], query if isinstance(query, str) else None
        kept = records if parts.enabled else None
        hits = HybridHits(ids, found.scores, kept, query=text, took_ms=took, title=self._inner.name)
        own = {
            name: dict(zip(nearest.named(view, a.found), enumerate(a.scores.tolist(), 1), strict=True))
            for name, a in answers.items()
        }
        hits.ranks = [{name: at[i][0] if i in at else None for name, at in own.items()} for i in ids]
        hits.source_scores = [{name: at[i][1] if i in at else None for name, at in own.items()} for i in ids]
        return hits

    def _dense(self, query: Any, embedder: Any) -> VectorInput:
        made: VectorInput = self._embed_query(query, embedder) if isinstance(query, str) else query
        return made

    def _sparse_name(self, sparse: str | None) -> str:
        known = list(self._inner.config.sparse_vectors)
        if not known:
            raise InvalidRequest(
                f"collection {self._inner.name!r} has no sparse vector, so words cannot be compared; "
                'collection.add_words("payload key") makes one of the words in a payload key'
            )
        if sparse is None and len(known) > 1:
            raise InvalidRequest(
                f"sparse: expected one of {', '.join(map(repr, known))}, as there are several"
            )
        if sparse is not None and sparse not in known:
            raise UnknownVector(sparse, known)
        return known[0] if sparse is None else sparse


def depth(k: int) -> int:
    """Return how many hits of each answer are joined for `k` hits, unless it is said.

    Ranks beyond ten times k add less than a tenth of what the last hit has from one answer alone.
    """
    return max(100, 10 * k)


def _words(query: Any, words: str | SparseVector | None) -> VectorInput:
    """Return what sparse vectors are compared with."""
    from workbench.models.vectors import SparseVector

    asked = query if words is None else words
    if isinstance(asked, SparseVector | int | uuid.UUID):
        return asked
    if not isinstance(asked, str):
        raise InvalidRequest(
            "words: expected a text or a SparseVector, as the query is a vector without words"
        )
    from workbench.embedding import bm25

    return SparseVector(*bm25.embed_query(asked))


def _weights(given: Sequence[float]) -> tuple[float, float]:
    try:
        dense, sparse = (float(weight) for weight in given)
    except (TypeError, ValueError):
        raise InvalidRequest(f"weights: expected two numbers, dense and sparse, got {given!r:.80}") from None
    return dense, sparse


def _no_other(name: str) -> View:
    raise NotFound(f"Collection `{name}` cannot be looked up in a hybrid search")
