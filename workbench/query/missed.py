"""Why a search did not return a point: a verdict with its proof and its cure."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt

from workbench import distances
from workbench.indexes import flat
from workbench.indexes.hnsw_shape import reachable
from workbench.models.config import CollectionConfig
from workbench.models.filters import Condition, Filter
from workbench.models.points import IdArray, PointId
from workbench.models.query import SearchParams
from workbench.query import nearest, quantized
from workbench.query.plan import Choice, Strategy, choose
from workbench.segments.vector_columns import VectorColumn
from workbench.segments.view import SegmentView, View

FloatArray = npt.NDArray[np.float32]


class Reason(StrEnum):
    """What kept a point out of the hits."""

    RETURNED = "returned"
    ABSENT = "absent"
    DELETED = "deleted"
    NO_VECTOR = "no vector"
    FILTERED = "filtered out"
    NOT_NEAR = "not near enough"
    TIE = "tie"
    NOT_INDEXED = "not indexed yet"
    UNREACHABLE = "unreachable"
    EF = "ef too low"
    FILTER_CUTS = "the filter cuts the path"
    CODES = "order of the codes"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Why a point is not among the hits, or that it is.

    Attributes
    ----------
    id : int or uuid.UUID
    reason : Reason
    because : str
        The verdict in a sentence.
    cure : str
        What to do about it; empty where nothing is wrong.
    rank : int or None
        Its place among all points that the filter accepts, by an exact search, from 1; equal ones share the
        first of their places.
    score, kth_score : float or None
        Its own, and that of the last of the `k` best.
    ef : int or None
        The smallest width of the beam that finds it, if ef is the reason.
    asked : int or None
        The width of the search, if a graph was walked.
    tried : tuple of (int, int or None)
        Widths that were tried to prove it, and at which place of its segment's hits the point was found.
    """

    id: PointId
    reason: Reason
    because: str
    cure: str = ""
    rank: int | None = None
    score: float | None = None
    kth_score: float | None = None
    ef: int | None = None
    asked: int | None = None
    tried: tuple[tuple[int, int | None], ...] = ()


@dataclass(frozen=True, slots=True)
class _Case:
    """A question and the point that is missed, at its place."""

    view: View
    vector: str
    query: FloatArray
    k: int
    flt: Filter | None
    params: SearchParams
    id: PointId
    number: int
    row: int

    @property
    def segment(self) -> SegmentView:
        return self.view.segments[self.number]


def why(
    view: View,
    vector: str,
    query: FloatArray,
    k: int,
    point: PointId,
    *,
    flt: Filter | None = None,
    params: SearchParams = nearest.DEFAULT_PARAMS,
) -> Verdict:
    """Tell why a search for `query` does not return `point`; the other parameters are those of a search."""
    wanted = IdArray.of([point])
    for number, segment in enumerate(view.segments):
        row = int(segment.locate(wanted)[0])
        if row >= 0:
            return _located(_Case(view, vector, query, k, flt, params, point, number, row))
    if any(int(s.segment.locate(wanted)[0]) >= 0 for s in view.segments):
        return Verdict(point, Reason.DELETED, "the point was deleted", "upsert it again")
    return Verdict(point, Reason.ABSENT, "the collection has no point with this id", "check the id")


def _located(case: _Case) -> Verdict:
    column = case.segment.dense(case.vector)
    slot = int(column.slots(np.array([case.row]))[0])
    if slot < 0:
        because = f"the point has no vector {case.vector!r}"
        return Verdict(case.id, Reason.NO_VECTOR, because, "add one, or search by another of its vectors")
    mask = case.segment.mask(case.flt)
    if mask is not None and not mask[case.row]:
        assert case.flt is not None
        failing = "; ".join(_failing(case.segment, case.flt, case.row))
        because = f"the filter excludes it: {failing}"
        return Verdict(case.id, Reason.FILTERED, because, "loosen this condition, or change the payload")
    proof, tied = _prove(case, column, slot)
    choices: list[Choice] = []
    found = nearest.search(
        case.view, case.vector, case.query, case.k, flt=case.flt, params=case.params, choices=choices
    )
    if any(rows[0] == case.row for n, rows in _places(found) if n == case.number):
        return replace(proof, reason=Reason.RETURNED, because=f"it is returned, at rank {proof.rank}")
    if tied:
        because = "its score is that of the last hit, and among equal ones the others came first"
        return replace(proof, reason=Reason.TIE, because=because, cure=f"ask for more than k={case.k}")
    return _ranked(case, column, slot, proof)


def _places(found: nearest.Found) -> Iterator[tuple[int, tuple[int]]]:
    for number, row in zip(found.segments.tolist(), found.rows.tolist(), strict=True):
        yield number, (row,)


def _prove(case: _Case, column: VectorColumn, slot: int) -> tuple[Verdict, bool]:
    """Measure all points that the filter accepts: the verdict's rank and scores, and whether so many are as
    near as this one that not all of them are among the best.
    """
    metric = distances.metric(column.params.distance)
    own = flat.distances(column.searched, case.query, metric, np.array([slot]))[0]
    gaps = [np.empty(0, np.float32)]
    for segment in case.view.segments:
        every = segment.dense(case.vector)
        allowed = segment.selection(case.flt, case.vector, every)
        gaps.append(flat.distances(every.searched, case.query, metric, allowed.chosen))
    joined = np.concatenate(gaps)
    kth = np.partition(joined, min(case.k, len(joined)) - 1)[min(case.k, len(joined)) - 1]
    score, kth_score = distances.scores(np.array([own, kth], np.float32), column.params.distance).tolist()
    rank = 1 + int(np.count_nonzero(joined < own))
    tied = rank <= case.k < int(np.count_nonzero(joined <= own))
    return Verdict(case.id, Reason.NOT_NEAR, "", rank=rank, score=score, kth_score=kth_score), tied


def _ranked(case: _Case, column: VectorColumn, slot: int, proof: Verdict) -> Verdict:
    """Tell why a point that the filter accepts is not returned, by what an exact search says of it."""
    assert proof.rank is not None
    if proof.rank > case.k:
        because = f"{proof.rank - 1:,} points are nearer, so it is not among the {case.k} nearest"
        return replace(proof, because=because, cure=f"ask for k={proof.rank:,} or more")
    allowed = case.segment.selection(case.flt, case.vector, column)
    aim = nearest.target(case.view, case.vector)
    share = nearest.indexed_share(case.view, case.flt, case.params)
    choice = choose(column, allowed, case.k, case.params, aim.default_ef, aim.small, share)
    if choice.strategy is Strategy.SKIPPED:
        because = "its segment has no graph yet, and only what is indexed was asked for"
        cure = "collection.optimize(), or search without indexed_only"
        return replace(proof, reason=Reason.NOT_INDEXED, because=because, cure=cure)
    if choice.strategy is Strategy.PAYLOAD:
        return _by_ef(case, column, slot, choice, proof)
    if column.searcher is None or choice.strategy not in (Strategy.GRAPH, Strategy.ACORN):
        return _by_codes(proof)
    if not reachable(column.searcher.graph)[slot]:
        because = "no links lead to it from where searches begin"
        cure = f"{anew(case.view.config, case.vector)}; exact=True finds it meanwhile"
        return replace(proof, reason=Reason.UNREACHABLE, because=because, cure=cure)
    return _by_ef(case, column, slot, choice, proof)


def anew(config: CollectionConfig, vector: str) -> str:
    """Say how to have the graph of a vector built anew: by settings it was not built with."""
    wider = 2 * config.hnsw_of(vector).ef_construct
    return f"collection.configure(hnsw={{'ef_construct': {wider}}}) has the graph built anew"


def _by_codes(proof: Verdict) -> Verdict:
    because = "its codes put it behind others, and the shortlist that is measured by vectors ended before it"
    cure = "exact=True, or more oversampling with rescore"
    return replace(proof, reason=Reason.CODES, because=because, cure=cure)


def _by_ef(case: _Case, column: VectorColumn, slot: int, choice: Choice, proof: Verdict) -> Verdict:
    place = _walker(case, column, slot, choice.strategy, choice.past_dead)
    tried: dict[int, int | None] = {}

    def finds(ef: int) -> bool:
        tried[ef] = place(ef)
        return tried[ef] is not None

    needed = smallest(finds, choice.ef, column.count)
    proof = replace(proof, asked=choice.ef, tried=tuple(sorted(tried.items())))
    if needed is not None:
        because = f"a beam of ef={choice.ef} passes it by; ef={needed} finds it"
        return replace(proof, reason=Reason.EF, because=because, cure=f"search with ef={needed}", ef=needed)
    plain = choice.strategy is Strategy.PAYLOAD
    if choice.strategy is Strategy.ACORN:
        walk = _walker(case, column, slot, Strategy.GRAPH)
        plain = smallest(lambda ef: walk(ef) is not None, choice.ef, column.count) is not None
    if plain:
        because = "the walk from match to match has no way to it, whatever ef is"
        cure = "exact=True, or a search without acorn"
        return replace(proof, reason=Reason.FILTER_CUTS, because=because, cure=cure)
    return _by_codes(proof)


def smallest(finds: Callable[[int], bool], start: int, most: int) -> int | None:
    """Return the smallest width above `start` that finds, found by doubling and halving; None if none does.

    A wider beam practically never loses what a narrower one had; where it does, the width is one that finds
    and whose predecessor does not.
    """
    low, high = start, start
    while not finds(high):
        if high >= most:
            return None
        low, high = high, min(2 * high, most)
    while high - low > 1:
        middle = (low + high) // 2
        if finds(middle):
            high = middle
        else:
            low = middle
    return high


def _walker(
    case: _Case, column: VectorColumn, slot: int, strategy: Strategy, past_dead: bool = False
) -> Callable[[int], int | None]:
    """Return at which place, from 1, a walk of the given width finds the vector at `slot`."""
    allowed = case.segment.selection(case.flt, case.vector, column)
    seeds = allowed.seeds if strategy is Strategy.ACORN else None
    links = column.payload_links if strategy is Strategy.PAYLOAD else None
    codes = quantized.codes_for(column, nearest.target(case.view, case.vector).quantization, case.params)
    asked = case.params.quantization or quantized.DEFAULT_PARAMS

    def place(ef: int) -> int | None:
        found: Any
        if links is not None:
            found, _ = links.searcher.search(case.query, case.k, ef, allowed.mask, links.seeds(allowed))
        elif codes is not None and codes.graph is not None:
            count, rescore = quantized.count_of(case.k, asked), asked.rescore is not False
            found, _ = codes.walk(
                case.query, case.k, count, ef, rescore=rescore, allowed=allowed.mask, seeds=seeds
            )
        else:
            assert column.searcher is not None
            found, _ = column.searcher.search(case.query, case.k, ef, allowed.mask, seeds, past_dead)
        order = found.tolist()
        return order.index(slot) + 1 if slot in order else None

    return place


def _failing(segment: SegmentView, flt: Filter, row: int) -> Iterator[str]:
    """Tell which conditions a point fails, as JSON."""

    def holds(condition: Condition) -> bool:
        mask = segment.mask(Filter(must=(condition,)))
        return mask is None or bool(mask[row])

    for condition in flt.must:
        if isinstance(condition, Filter) and not holds(condition):
            yield from _failing(segment, condition, row)
        elif not holds(condition):
            yield f"must {_text(condition)}"
    for condition in flt.must_not:
        if holds(condition):
            yield f"must not {_text(condition)}"
    if flt.should and not any(map(holds, flt.should)):
        yield "should " + " or ".join(map(_text, flt.should))
    counted = flt.min_should
    if counted is not None and (met := sum(map(holds, counted.conditions))) < counted.min_count:
        yield f"min_should {counted.min_count} of {len(counted.conditions)}, of which {met} hold"


def _text(condition: Condition) -> str:
    if isinstance(condition, Filter):
        return json.dumps(condition.to_json(), default=str)
    return json.dumps(Filter(must=(condition,)).to_json()["must"][0], default=str)
