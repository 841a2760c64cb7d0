"""A collection as a notebook sees it."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from workbench import distances
from workbench.errors import Closed, InvalidRequest, InvalidVector, NotFound
from workbench.models.ids import parse_point_id
from workbench.models.points import IdArray, PointId, Record
from workbench.models.query import QuantizationParams, SearchParams, Selector, check_limit
from workbench.query import fetch, nearest
from workbench.query.plan import Choice
from workbench.segments.view import View
from workbench.surfaces.notebook import habits, texts
from workbench.surfaces.notebook.diagnosis import Diagnosis
from workbench.surfaces.notebook.hits import Hits
from workbench.surfaces.notebook.hybrid import Hybrid
from workbench.surfaces.notebook.images import Images
from workbench.surfaces.notebook.progress import Wanted, bar
from workbench.surfaces.notebook.recommending import Recommending
from workbench.surfaces.notebook.screens import Screens
from workbench.surfaces.notebook.words import Words
from workbench.surfaces.notebook.writing import Ids, Where, Writing, parsed_filter, parsed_ids

if TYPE_CHECKING:
    import pandas as pd

    from workbench import collection as core
    from workbench import embedding
    from workbench.collection import info
    from workbench.models.filters import Filter


class Collection(Writing, Screens, Recommending, Hybrid, Words, Images, Diagnosis):
    """Points under one name: made by ``db.create(...)``, found again by ``db[name]``.

    Wherever a `where` is taken it is a mapping such as ``{"year": {"gte": 2000}}``, described in
    :mod:`workbench.models.where`, or Qdrant's own filter, as JSON or as ``qdrant_client.models.Filter``.
    """

    def __init__(self, inner: core.Collection, embedder: embedding.Embedder | None = None) -> None:
        self._inner = inner
        self._embedder = embedder

    # -- looking ---------------------------------------------------------------------------------------

    @property
    def name(self) -> str:
        """Its name in the database."""
        return self._inner.name

    @property
    def searchable(self) -> bool:
        """Whether texts can be searched for: the model that made the vectors is on record, or was given."""
        return self._embedder is not None or texts.TextRecord.of(self._inner.config.metadata) is not None

    @property
    def info(self) -> info.CollectionInfo:
        """Counts, status, sizes and configuration now."""
        from workbench.collection import info

        return info.describe(self._inner)

    def __len__(self) -> int:
        return self._inner.view.live

    def count(self, where: Where = None) -> int:
        """Return how many points a filter accepts."""
        from workbench.query import scroll

        flt = _filter(where)
        return fetch.retrying(lambda: self._inner.view, lambda view: scroll.count(view, flt))

    # -- searching -------------------------------------------------------------------------------------

    def search(
        self,
        query: Any,
        *,
        where: Where = None,
        k: int = 10,
        ef: int | None = None,
        exact: bool = False,
        quantization: Mapping[str, Any] | None = None,
        vector: str | None = None,
        offset: int = 0,
        threshold: float | None = None,
        payload: bool | Sequence[str] = True,
        vectors: bool | Sequence[str] = False,
        embedder: Any = None,
        device: str | None = None,
    ) -> Hits:
        """Return the `k` points nearest to a text or a vector.

        Parameters
        ----------
        query : str or array_like
            A text, embedded by the model that made the collection's vectors, or a vector of its size.
        where : mapping, optional
            Which points may be hits.
        k : int
            Hits wanted.
        ef : int, optional
            Candidates kept while walking the graph: more finds more and takes longer.
        exact : bool
            Compare with every vector instead.
        quantization : mapping, optional
            How codes are used: ``ignore``, ``rescore`` (True or False) and ``oversampling`` (at least 1).
        vector : str, optional
            Name of the vector compared; needed only when there are several.
        offset : int
            Hits to pass over first.
        threshold : float, optional
            Worst score to return.
        payload, vectors : bool or list of str
            What to return with each hit: all, nothing, or these keys and names.
        embedder : optional
            The model for a text query when the collection has none on record.
        device : str, optional
            "gpu" compares with every vector there. Vectors are copied to it for each call, which pays for
            many queries, see :meth:`search_batch`; "cpu" and "auto" search as without.

        Raises
        ------
        DimensionMismatch, InvalidVector, UnknownVector, EmbedderMismatch, InvalidRequest, DeviceUnavailable
        """
        name = self._vector_name(vector)
        given = k, ef, exact, quantization, offset, threshold, payload, vectors
        try:
            asked = _known(*given)
        except TypeError:  # a mapping or a list has no hash
            asked = _read(*given)
        text = query if isinstance(query, str) else None
        raw = query if text is None else self._embed_query(text, embedder)
        flt = _filter(where)
        return fetch.retrying(
            lambda: self._inner.view, lambda view: self._answer(view, text, name, raw, flt, asked, device)
        )

    def _answer(
        self,
        view: View,
        text: str | None,
        name: str,
        raw: Any,
        flt: Filter | None,
        asked: _Asked,
        device: str | None,
    ) -> Hits:
        """Answer what :meth:`search` has read."""
        k, offset, limit, params, payload, vectors = asked
        aim = nearest.target(view, name).params
        choices: list[Choice] = []
        try:
            query = nearest.check_query(raw, aim)
        except InvalidVector as error:
            if np.ndim(raw) == 2:
                raise InvalidVector(
                    f"query: expected one vector of {aim.size} numbers, got {len(raw)} vectors; "
                    "search_batch(vectors) searches for many"
                ) from error
            raise
        started = time.perf_counter()
        if device is None:
            found = nearest.search(view, name, query, k + offset, flt=flt, params=params, choices=choices)
        else:
            from workbench.surfaces.notebook.batch import search_one

            found = search_one(view, name, query, k + offset, flt, params, choices, device)
        took = (time.perf_counter() - started) * 1e3
        if offset or limit is not None:
            worst = None if limit is None else distances.kernel_distance(limit, aim.distance)
            found = _cut(found, offset, worst)
        records = fetch.records(view, found, payload, vectors) if payload.enabled or vectors.enabled else None
        ids = nearest.named(view, found) if records is None else [r.id for r in records]
        scores = distances.scores(found.distances, aim.distance)
        about = "" if ids or flt is None else _advice(view, flt)
        return Hits(ids, scores, records, text, took, choices, self._inner.name, about)

    def search_batch(
        self,
        queries: Iterable[Any],
        *,
        where: Where = None,
        k: int = 10,
        ef: int | None = None,
        exact: bool = False,
        vector: str | None = None,
        payload: bool | Sequence[str] = False,
        threads: int | None = None,
        device: str | None = None,
    ) -> list[Hits]:
        """Search for each of many vectors on `threads` threads, by default all; see :meth:`search`.

        `device` "gpu" compares them with every vector on a GPU; by default large exact batches go there by
        themselves where there is one, and `device` "cpu" keeps them from it.
        """
        from workbench.surfaces.notebook.batch import search_batch

        name, k = self._vector_name(vector), check_limit("k", k, 1)
        params = _params(None if ef is None else check_limit("ef", ef, 1), bool(exact), None)
        workers = None if threads is None else check_limit("threads", threads, 1)
        parts = Selector.of(payload)
        return search_batch(self._inner, name, queries, k, _filter(where), params, parts, workers, device)

    def similar(self, point_id: PointId | str, *, where: Where = None, k: int = 10, **settings: Any) -> Hits:
        """Return the `k` points nearest to a stored point, without itself; settings as in :meth:`search`."""
        from workbench.models.filters import Filter, HasId

        name = self._vector_name(settings.pop("vector", None))
        parsed = parse_point_id(point_id)
        record = self._records([parsed], payload=False, vectors=True)
        if not record or name not in (record[0].vectors or {}):
            raise NotFound(
                f"No point with id {point_id} found"
                if not record
                else f"point {point_id} has no vector {name!r}"
            )
        stored, flt = (record[0].vectors or {})[name], _filter(where)
        others = Filter(must=() if flt is None else (flt,), must_not=(HasId(frozenset([parsed])),))
        return self.search(np.asarray(stored, np.float32), where=others, k=k, vector=name, **settings)

    # -- reading ---------------------------------------------------------------------------------------

    def get(self, ids: Ids, *, vectors: bool | Sequence[str] = False) -> list[Record]:
        """Return the points with these ids, in order; ids that do not exist are left out."""
        return self._records(parsed_ids(ids), payload=True, vectors=vectors)

    def page(
        self,
        where: Where = None,
        *,
        offset: int = 0,
        limit: int = 20,
        sort: str | None = None,
        descending: bool = False,
    ) -> pd.DataFrame:
        """Return rows `offset` to `offset + limit` of the points a filter accepts, as a DataFrame.

        In the order of ids, or of the payload key `sort`; points without that key come last. The number of
        all rows is in ``frame.attrs["total"]``.
        """
        from workbench.surfaces.notebook.frames import to_frame
        from workbench.surfaces.notebook.listing import listed

        records, total = listed(
            self._inner,
            _filter(where),
            offset=check_limit("offset", offset),
            limit=check_limit("limit", limit, 1),
            sort=sort,
            descending=descending,
        )
        frame = to_frame([r.id for r in records], [r.payload for r in records])
        frame.attrs["total"] = total
        return frame

    def to_frame(self, where: Where = None, *, limit: int | None = None) -> pd.DataFrame:
        """Return the points a filter accepts, as a DataFrame in the order of ids."""
        return self.page(where, limit=max(len(self), 1) if limit is None else limit)

    # -- upkeep ----------------------------------------------------------------------------------------

    def optimize(
        self, *, progress: Wanted = True, builder: str = "auto", device: str | None = None
    ) -> Collection:
        """Build one graph over all points now, on `device` "cpu", "gpu" or "auto"; return the collection."""
        with bar(f"indexing {self.name}", "points", progress) as report:
            self._inner.upkeep.optimize(report, builder=builder, device=device)
        return self

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until the background optimizer is done; False when `timeout` seconds passed first."""
        return self._inner.upkeep.wait(timeout)

    def configure(
        self,
        *,
        hnsw: Mapping[str, Any] | None = None,
        optimizers: Mapping[str, Any] | None = None,
        quantization: Mapping[str, Any] | str | None = None,
        metadata: Mapping[str, Any] | None = None,
        device: str | None = None,
    ) -> Collection:
        """Change settings, such as ``hnsw={"ef": 128}``; graphs and codes that no longer fit are made anew.

        `hnsw`, `optimizers`: see ``workbench.models.config``; `quantization`: see ``create``, or "Disabled".
        `device`, on which graphs are built, counts until the database is closed.
        """
        from workbench.surfaces.notebook.configuring import configure

        given = {"hnsw": hnsw, "optimizers": optimizers, "metadata": metadata, "quantization": quantization}
        configure(self._inner, device, given)
        return self

    def __repr__(self) -> str:
        from workbench.surfaces.notebook.card import vectors_text

        try:
            i = self.info
        except Closed:
            return f"<Collection {self.name!r}, closed>"
        return f"<Collection {self.name!r}: {i.points_count:,} points, {vectors_text(i)}, {i.status}>"

    def _repr_html_(self) -> str:
        from workbench.surfaces import html
        from workbench.surfaces.notebook.card import card

        try:
            return card(self.name, self.info)
        except Closed as error:
            return html.card(self.name, "closed", {"why": str(error)})

    if not TYPE_CHECKING:  # with it nothing would be unknown to a type checker

        def __getattr__(self, name: str) -> Any:
            raise habits.unknown(self, name, habits.COLLECTION)

    # -- inside ----------------------------------------------------------------------------------------

    def _records(
        self, ids: Sequence[PointId], *, payload: bool, vectors: bool | Sequence[str]
    ) -> list[Record]:
        from workbench.query import scroll

        wanted = IdArray.of(ids)
        parts = (Selector.of(payload), Selector.of(vectors))
        return fetch.retrying(
            lambda: self._inner.view, lambda v: fetch.records(v, scroll.by_ids(v, wanted)[0], *parts)
        )


def _filter(where: Where) -> Filter | None:
    return None if where is None else parsed_filter(where)


def _advice(view: View, flt: Filter) -> str:
    from workbench.surfaces.notebook import missing

    return missing.advice(view, flt)


class _Asked(NamedTuple):
    """What :meth:`Collection.search` is told beside query and filter; `limit` is the worst score of a hit."""

    k: int
    offset: int
    limit: float | None
    params: SearchParams
    payload: Selector
    vectors: Selector


def _read(
    k: int,
    ef: int | None,
    exact: bool,
    quantization: Mapping[str, Any] | None,
    offset: int,
    threshold: float | None,
    payload: bool | Sequence[str],
    vectors: bool | Sequence[str],
) -> _Asked:
    k, offset, limit = check_limit("k", k, 1), check_limit("offset", offset), _number(threshold)
    ef = None if ef is None else check_limit("ef", ef, 1)
    params = _params(ef, bool(exact), QuantizationParams.of(quantization))
    return _Asked(k, offset, limit, params, Selector.of(payload), Selector.of(vectors))


# A program asks in the same few ways. By types too: True and 1.0 are no 1.
_known = lru_cache(maxsize=64, typed=True)(_read)


@lru_cache
def _params(ef: int | None, exact: bool, codes: QuantizationParams | None) -> SearchParams:
    return SearchParams(hnsw_ef=ef, exact=exact, quantization=codes)


def _cut(found: nearest.Found, offset: int, worst: float | None) -> nearest.Found:
    """Pass over the first `offset` hits, and leave out those beyond the kernel distance `worst`."""
    stop = len(found) if worst is None else int(np.searchsorted(found.distances, worst, side="right"))
    return found.first(offset, max(offset, stop)) if offset or stop < len(found) else found


def _number(threshold: float | None) -> float | None:
    if threshold is None:
        return None
    if isinstance(threshold, bool | str) or not hasattr(threshold, "__float__") or threshold != threshold:
        raise InvalidRequest(f"threshold: expected a number, got {threshold!r:.80}")
    return float(threshold)
