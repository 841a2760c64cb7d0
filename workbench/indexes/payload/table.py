"""The vectorized evaluator: it says which rows of a segment a filter accepts.

A column is built when a filter first names its field, from payloads fetched and decoded in chunks; all new
fields of one filter are built in one pass, and nothing but the columns is kept: the next new field decodes
the payloads again. Further rows are added when they are asked about.

Measured on one thread, milliseconds, ten fields a payload. "First" decodes the payloads and builds the
columns; "later" is the next filter on the same fields.

=================================  ===================  =====================
filter                             first, 100,000 rows  later, 1,000,000 rows
=================================  ===================  =====================
keyword equals                     190                  0.1
range, one bound; two bounds       180                  0.3
AND of keyword and two ranges                           0.5
AND of four fields                 280
keyword in a list of 50                                 0.2
keyword in arrays of two           330                  3
text in titles, all distinct       380                  2.7
circle round 4 % of all places                          0.3
=================================  ===================  =====================
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any, assert_never

import numpy as np
from numpy.typing import NDArray

from workbench import filters
from workbench.indexes.payload.building import ColumnBuilder
from workbench.indexes.payload.columns import Column
from workbench.indexes.payload.elements import Elements, Fetch
from workbench.indexes.payload.indexed_points import IndexedPoints
from workbench.indexes.payload.own_masks import Own, OwnMasks
from workbench.indexes.payload.places import Places, PlacesBuilder
from workbench.indexes.payload.predicates import empty_mask, field_mask, is_geo, null_mask
from workbench.indexes.payload.values import Values, values_in, values_of, with_changes
from workbench.models.filters import (
    Condition,
    FieldCondition,
    Filter,
    HasId,
    HasVector,
    IsEmptyField,
    IsNullField,
    MinShould,
    Nested,
    Slice,
)
from workbench.models.json_path import JsonPath, parse_path
from workbench.models.payload_schema import FieldIndex, SchemaType
from workbench.text.analyzer import Analyzer, analyzer_of

Mask = NDArray[np.bool_]

# A chunk is about 10 ms of decoding and 2 ms a column; other threads get the interpreter between chunks
# at the latest.
_CHUNK = 4096
_NOTHING_CHANGED: Mapping[int, Mapping[str, Any] | None] = MappingProxyType({})


class PayloadTable:
    """The payload columns of one segment, built as filters ask for them.

    Parameters
    ----------
    fetch : callable
        ``fetch(start, stop)`` gives the decoded payloads (objects or None) of rows start to stop, at most
        4096 at once. What it gives for a row must never change: newer payloads are told through
        ``changed``.

    Notes
    -----
    Thread-safe: columns are built under a lock, and masks are computed from snapshots without it.
    """

    def __init__(self, fetch: Fetch) -> None:
        self._fetch = fetch
        self._lock = threading.RLock()
        self._builders: dict[JsonPath, ColumnBuilder] = {}
        self._columns: dict[JsonPath, Column] = {}
        self._places_builders: dict[JsonPath, PlacesBuilder] = {}
        self._places: dict[JsonPath, Places] = {}
        self._values: dict[tuple[JsonPath, str], tuple[int, Values]] = {}
        self._indexed: dict[str, IndexedPoints] = {}
        self._elements: dict[JsonPath, tuple[Elements, PayloadTable]] = {}

    def mask(
        self,
        flt: Filter,
        n: int,
        *,
        own: Own,
        changed: Mapping[int, Mapping[str, Any] | None] = _NOTHING_CHANGED,
    ) -> Mask:
        """Which of the rows 0 to n a filter accepts.

        Parameters
        ----------
        flt : Filter
        n : int
        own : callable
            ``own(condition)`` gives bool[n]: the rows for which a condition about points themselves holds.
        changed : mapping of row to payload
            Rows whose payload is newer than what ``fetch`` gives; they are evaluated one by one.

        Returns
        -------
        bool[n]
            Always a new array, the caller's to change.
        """
        known = OwnMasks(own)
        accepted = self._filter(flt, n, known, inside_nested=False)
        for row, payload in changed.items():
            if row < n:
                accepted[row] = filters.holds(flt, payload or {}, partial(known.holds, row))
        return accepted

    def column(self, key: str, n: int) -> Column:
        """The column of a JSON path, rows 0 to n, without regard to ``changed``.

        Raises
        ------
        InvalidRequest
            If the key is not a JSON path.
        """
        path = parse_path(key)
        self._grow((path,), n)
        return self._columns[path].head(n)

    def values(
        self,
        key: str,
        kind: str,
        count: int,
        changed: Mapping[int, Mapping[str, Any] | None] = _NOTHING_CHANGED,
    ) -> Values:
        """Every value that a field has of a kind, one entry for each element of an array.

        Parameters
        ----------
        key : str
            A JSON path.
        kind : str
            One of :func:`workbench.indexes.payload.values.values_of`, or ``geo``: float64[m, 2] of longitude
            and latitude.
        count : int
            Rows that are looked at.
        changed : mapping of row to payload
            As in :meth:`mask`.

        Returns
        -------
        rows : intp[m]
            The row of each value, rising. Not to be written to.
        values : ndarray[m]
            Likewise.
        """
        path = parse_path(key)
        known, found = self._values.get((path, kind), (-1, None))
        if found is None or known != count:
            self._grow((), count, (path,)) if kind == "geo" else self._grow((path,), count)
            if kind == "geo":
                places = self._places[path].head(count)
                found = places.rows.astype(np.intp), places.positions
            else:
                found = values_of(self._columns[path].head(count), kind)
            self._values[path, kind] = count, found
        return with_changes(found, path, kind, {row: p for row, p in changed.items() if row < count})

    def indexed_points(
        self,
        key: str,
        index: FieldIndex,
        count: int,
        dead: Mask | None = None,
        changed: Mapping[int, Mapping[str, Any] | None] = _NOTHING_CHANGED,
    ) -> int:
        """How many of the rows 0 to count, less the dead ones, have a value that an index reads.

        The last answer for each index is kept, and given again while nothing has changed.
        """
        known = self._indexed.get(key)
        if known is None or not known.answers(index, count, dead, changed):
            if index.type is SchemaType.TEXT:
                rows = self._rows_with_tokens(key, analyzer_of(index.params), count, changed)
            else:
                rows, values = self.values(key, index.type.value, count, changed)
                if index.type is SchemaType.GEO:  # the index reads no position that is not on the earth
                    rows = rows[(np.abs(values) <= (180, 90)).all(axis=1)]
            mask = np.zeros(count, dtype=np.bool_)
            mask[rows] = True
            if dead is not None:
                mask &= ~dead[:count]
            known = self._indexed[key] = IndexedPoints(
                index, count, dead, changed, int(np.count_nonzero(mask))
            )
        return known.points

    def _rows_with_tokens(
        self, key: str, analyzer: Analyzer, count: int, changed: Mapping[int, Mapping[str, Any] | None]
    ) -> NDArray[np.intp]:
        column = self.column(key, count)
        mask = np.zeros(count, dtype=np.bool_)
        if column.code is not None:
            strings = column.strings
            filled = strings.text_index(analyzer).filled(len(strings))[column.code]
            mask[np.flatnonzero(filled) if column.rows is None else column.rows[filled]] = True
        for row, payload in changed.items():
            if row < count:
                texts = values_in(parse_path(key), payload, "keyword")
                mask[row] = any(analyzer.tokens(text) for text in texts)
        return np.flatnonzero(mask)

    def prepare(self, keys: Iterable[str], n: int) -> None:
        """Build the columns of several JSON paths in one pass over the payloads."""
        self._grow([parse_path(key) for key in keys], n)

    def column_bytes(self) -> dict[str, int]:
        """Bytes in memory by JSON path; those of a nested filter are ``array[].key``."""
        with self._lock:
            columns, elements, places = dict(self._columns), dict(self._elements), dict(self._places)
        sizes = {str(path): column.nbytes() for path, column in columns.items()}
        for path, positions in places.items():
            sizes[str(path)] = sizes.get(str(path), 0) + positions.nbytes()
        for (path, kind), (_, (rows, values)) in dict(self._values).items():  # positions are counted above
            kept = rows.nbytes + (0 if kind == "geo" else values.nbytes)
            sizes[str(path)] = sizes.get(str(path), 0) + kept
        for path, (objects, table) in elements.items():
            sizes[str(path)] = sizes.get(str(path), 0) + objects.parents(objects.n_parents).nbytes
            sizes |= {f"{path}.{key}": size for key, size in table.column_bytes().items()}
        return sizes

    def token_bytes(self) -> dict[str, int]:
        """Bytes of tokens in memory by JSON path; they are among those of :meth:`column_bytes` too."""
        return {str(path): column.strings.token_bytes() for path, column in dict(self._columns).items()}

    def _grow(self, paths: Iterable[JsonPath], n: int, geo: Iterable[JsonPath] = ()) -> None:
        """Make the columns, and the positions, of these paths at least n rows long."""
        if all(path in self._columns and self._columns[path].n >= n for path in paths) and all(
            path in self._places and self._places[path].n >= n for path in geo
        ):
            return
        with self._lock:
            columns = {path: self._builders.setdefault(path, ColumnBuilder(path)) for path in paths}
            places = {path: self._places_builders.setdefault(path, PlacesBuilder(path)) for path in geo}
            builders: list[ColumnBuilder | PlacesBuilder] = [*columns.values(), *places.values()]
            start = min(builder.n for builder in builders)
            while start < n:
                # Columns of other lengths join where they end: no row is fetched twice in one pass.
                ends = [builder.n for builder in builders if builder.n > start]
                stop = min(start + _CHUNK, n, *ends)
                payloads = self._fetch(start, stop)
                for builder in builders:
                    if builder.n == start:
                        builder.append(payloads)
                start = stop
            self._columns |= {path: builder.snapshot() for path, builder in columns.items()}
            self._places |= {path: builder.snapshot() for path, builder in places.items()}

    def _filter(self, flt: Filter, n: int, own: OwnMasks, *, inside_nested: bool) -> Mask:
        self._grow(*_paths(flt, n))
        condition_mask = partial(self._condition, n=n, own=own, inside_nested=inside_nested)
        accepted: Mask | None = None
        for condition in flt.must:
            mask = condition_mask(condition, among=accepted)
            if accepted is None:
                accepted = mask
            elif mask is not accepted:
                accepted &= mask
            if not accepted.any():
                return accepted
        if accepted is None:
            accepted = np.ones(n, dtype=np.bool_)
        for condition in flt.must_not:
            np.greater(accepted, condition_mask(condition), out=accepted)  # not accepted by this one
        if flt.min_should is not None and accepted.any():
            accepted &= _at_least(flt.min_should, condition_mask, n)
        if flt.should is not None and (flt.should or inside_nested) and accepted.any():
            accepted &= _at_least(MinShould(flt.should, 1), condition_mask, n)
        return accepted

    def _condition(
        self, condition: Condition, n: int, own: OwnMasks, inside_nested: bool, among: Mask | None = None
    ) -> Mask:
        """Return the rows for which a condition holds, or those of `among`, narrowed in place."""
        match condition:
            case FieldCondition():
                column, places = self._columns.get(condition.path), self._places.get(condition.path)
                return field_mask(condition, column and column.head(n), places and places.head(n), among)
            case IsEmptyField():
                return empty_mask(self._columns[condition.path].head(n))
            case IsNullField():
                return null_mask(self._columns[condition.path].head(n))
            case HasId() | HasVector() | Slice():
                return np.zeros(n, dtype=np.bool_) if inside_nested else own.mask(condition).copy()
            case Nested():
                return self._nested(condition, n, own)
            case Filter():
                return self._filter(condition, n, own, inside_nested=inside_nested)
            case _:
                assert_never(condition)

    def _nested(self, condition: Nested, n: int, own: OwnMasks) -> Mask:
        with self._lock:
            if condition.path not in self._elements:
                elements = Elements(condition.path, self._fetch, _CHUNK)
                self._elements[condition.path] = elements, PayloadTable(elements.fetch)
            elements, table = self._elements[condition.path]
            while elements.n_parents < n:
                elements.extend(self._fetch(elements.n_parents, min(elements.n_parents + _CHUNK, n)))
        parents = elements.parents(n)
        accepted = np.zeros(n, dtype=np.bool_)
        accepted[parents[table._filter(condition.filter, len(parents), own, inside_nested=True)]] = True
        return accepted


def _at_least(wanted: MinShould, condition_mask: Callable[[Condition], Mask], n: int) -> Mask:
    if wanted.min_count == 1:
        accepted = np.zeros(n, dtype=np.bool_)
        for condition in wanted.conditions:
            accepted |= condition_mask(condition)
        return accepted
    counts = np.zeros(n, dtype=np.int32)
    for condition in wanted.conditions:
        counts += condition_mask(condition)
    return counts >= wanted.min_count


def _paths(flt: Filter, n: int) -> tuple[set[JsonPath], int, set[JsonPath]]:
    """The paths that a filter reads as columns of the same table, n, and those that it reads as positions."""
    columns: set[JsonPath] = set()
    places: set[JsonPath] = set()
    for condition in flt.conditions():
        if isinstance(condition, Filter):
            inner, _, inner_places = _paths(condition, n)
            columns |= inner
            places |= inner_places
        elif isinstance(condition, FieldCondition):
            for predicate in filters.deciding(condition.predicates):
                (places if is_geo(predicate) else columns).add(condition.path)
        elif isinstance(condition, IsEmptyField | IsNullField):
            columns.add(condition.path)
    return columns, n, places
