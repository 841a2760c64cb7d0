from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tests.indexes.test_codes import clustered
from workbench import kernels
from workbench.indexes import flat, hnsw_build_numba
from workbench.indexes.code_bounds import CodeBounds
from workbench.indexes.codes import Codes, encode
from workbench.indexes.costs import SearchCosts
from workbench.indexes.hnsw import HnswSearcher
from workbench.models.config import Distance, VectorParams
from workbench.models.query import AcornParams, SearchParams
from workbench.query import nearest
from workbench.query.plan import Choice, Strategy, choose
from workbench.query.ways import way_of
from workbench.segments.selection import Selection
from workbench.segments.vector_columns import VectorColumn

DIM, TOTAL = 384, 100_000
# Each node is linked to a hundred places: of the neighbors of any node as many match as of all.
COUNTS, LINKS = np.full(TOTAL, 100, np.uint16), np.broadcast_to(np.arange(0, TOTAL, 1000), (TOTAL, 100))
GRAPH = SimpleNamespace(m=16, counts0=COUNTS, links0=LINKS)
CODES = Codes(np.empty((0, DIM), np.int8), np.empty(0, np.float32), np.empty(DIM, np.float32), 1.0)


def chosen(
    matching: int,
    ef: int = 64,
    *,
    m: int = 16,
    coded: bool = True,
    acorn: AcornParams | None = None,
    costs: SearchCosts | None = None,
    links: np.ndarray[Any, Any] = LINKS,
    counts: np.ndarray[Any, Any] = COUNTS,
) -> Choice:
    stored = np.broadcast_to(np.float32(0), (TOTAL, DIM))
    graph, codes = SimpleNamespace(m=m, counts0=counts, links0=links), CODES if coded else None
    searcher: Any = SimpleNamespace(graph=graph, vectors=stored, codes=codes, sieve=None)
    column = VectorColumn(stored, None, VectorParams(size=DIM), searcher, costs=costs)
    return choose(
        column, Selection(np.arange(TOTAL) < matching, TOTAL), 10, SearchParams(hnsw_ef=ef, acorn=acorn), 100
    )


@pytest.fixture(autouse=True)
def ready(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernels, "ready", lambda module=kernels.CPU: module == kernels.CPU)


@pytest.mark.parametrize(
    ("matching", "ef", "strategy"),
    [
        (0, 64, "skipped"),
        (1_000, 64, "codes"),
        (10_000, 64, "codes"),
        (20_000, 64, "acorn"),
        (10_000, 16, "acorn"),
        (50_000, 64, "graph"),
        (100_000, 64, "graph"),
        (100_000, 100_000, "exact"),  # as many candidates as points: none may be missed
    ],
)
def test_the_cheapest_way_is_taken(matching: int, ef: int, strategy: str) -> None:
    assert chosen(matching, ef).strategy == strategy


def test_without_codes_the_vectors_are_scanned() -> None:
    assert chosen(1_000, coded=False).strategy is Strategy.EXACT


def test_a_choice_tells_what_each_way_would_cost_in_microseconds() -> None:
    choice = chosen(20_000)
    assert (choice.reason, choice.ef) == ("walking from match to match costs less than scanning", 64)
    assert (choice.scan_cost, choice.graph_cost, choice.acorn_cost) == (
        pytest.approx(464, abs=1), pytest.approx(418, abs=1), pytest.approx(251, abs=1)
    )  # fmt: skip


def test_a_walk_by_two_hops_is_not_open_where_they_lead_to_too_few_matches() -> None:
    assert chosen(2_500).acorn_cost == np.inf
    assert chosen(20_000, m=8).acorn_cost == np.inf
    assert chosen(2_500, m=32).acorn_cost < np.inf


@pytest.mark.parametrize(
    ("acorn", "matching", "strategy"),
    [
        (AcornParams(enable=True), 40_000, "acorn"),
        (AcornParams(enable=True), 40_001, "graph"),
        (AcornParams(enable=True), 11_000, "acorn"),
        (AcornParams(enable=True), 10_000, "codes"),  # which takes less time, and misses nothing
        (AcornParams(enable=True, max_selectivity=0.6), 60_000, "acorn"),
        (AcornParams(enable=True, max_selectivity=0.001), 101, "codes"),
        (AcornParams(enable=True, max_selectivity=1.0), 100_000, "graph"),
        (AcornParams(enable=False, max_selectivity=1.0), 100, "codes"),
    ],
)
def test_who_asks_for_acorn_gets_it_up_to_the_share_that_he_names_unless_a_scan_costs_less(
    acorn: AcornParams, matching: int, strategy: str
) -> None:
    assert chosen(matching, acorn=acorn).strategy == strategy


@pytest.mark.parametrize(("links", "strategy"), [(5, "codes"), (10, "acorn")])
@pytest.mark.parametrize("acorn", [None, AcornParams(enable=True)])
def test_a_graph_of_few_links_is_not_walked_by_two_hops(
    links: int, strategy: str, acorn: AcornParams | None
) -> None:
    costs, counts = SearchCosts(row=10, base=20, per_ef=1, two_hops=2), np.full(TOTAL, links, np.uint16)
    spread = np.broadcast_to(np.arange(0, TOTAL, TOTAL // links), (TOTAL, links))
    assert chosen(20_000, costs=costs, acorn=acorn, counts=counts, links=spread).strategy == strategy


@pytest.mark.parametrize(
    ("costs", "strategy"),
    [
        (SearchCosts(row=1, base=20, per_ef=1, two_hops=3), "codes"),
        (SearchCosts(row=50, base=20, per_ef=1, two_hops=3), "acorn"),
        (SearchCosts(row=50, base=20, per_ef=1, two_hops=6), "graph"),
    ],
)
def test_what_was_measured_when_the_segment_was_sealed_decides(costs: SearchCosts, strategy: str) -> None:
    choice = chosen(20_000, costs=costs)
    assert choice.strategy == strategy
    assert (choice.scan_cost, choice.graph_cost) == (20 * costs.row, 5 * (20 + 64))
    assert (choice.matching, choice.total) == (20_000, TOTAL)


# Each node is linked to nodes beside it: of the neighbors of those below a number almost all are below it.
BESIDE = np.maximum(np.arange(TOTAL)[:, None] - np.arange(100), 0)


def test_a_walk_is_reckoned_as_much_dearer_as_neighbors_of_matches_match_more_often_than_others() -> None:
    costs = SearchCosts(row=10, base=20, per_ef=1, two_hops=10)
    assert [chosen(20_000, ef, costs=costs).graph_cost for ef in (10, 16)] == [150, 180]
    assert chosen(20_000, 16, costs=costs).strategy is Strategy.GRAPH
    near = chosen(20_000, 16, costs=costs, links=BESIDE)
    assert (near.strategy, near.graph_cost) == (Strategy.CODES, 900)


def test_matches_that_lie_together_are_walked_by_two_hops_with_a_wider_beam() -> None:
    costs = SearchCosts(row=50, base=20, per_ef=1, two_hops=3)
    assert chosen(20_000, 16, costs=costs).ef == 16
    near = chosen(20_000, 16, costs=costs, links=BESIDE)
    assert (near.strategy, near.ef, near.acorn_cost) == (Strategy.ACORN, 80, 300)
    asked = chosen(20_000, 16, costs=costs, links=BESIDE, acorn=AcornParams(enable=True))
    assert (asked.strategy, asked.ef) == (Strategy.ACORN, 16)


def test_the_same_question_is_planned_once() -> None:
    kernels.warm(block=True)
    column = VectorColumn(np.empty((300, 1), np.float32), None, VectorParams(size=1), None)
    some, params = Selection(np.arange(300) < 9, 300), SearchParams(hnsw_ef=20)
    aim = nearest.Target(column.params, kernels.NEGATIVE_DOT, 100, 0.0)
    assert way_of(column, some, 10, aim, params) is way_of(column, some, 10, aim, params)
    assert way_of(column, some, 11, aim, params) is not way_of(column, some, 10, aim, params)
    other = replace(column)
    assert way_of(other, some, 10, aim, params) is not way_of(column, some, 10, aim, params)


def test_signs_that_stand_side_by_side_are_reckoned_with_from_the_second_question_on() -> None:
    stored = np.broadcast_to(np.float32(0), (TOTAL, DIM))
    sieve = SimpleNamespace(keeps=lambda rows: rows < 30_000)
    searcher: Any = SimpleNamespace(graph=GRAPH, vectors=stored, codes=CODES, sieve=sieve)
    costs = SearchCosts(row=50, base=20, per_ef=1, two_hops=3, sieve=True, beside=10)
    column = VectorColumn(stored, None, VectorParams(size=DIM), searcher, costs=costs)
    ways = []
    for matching in (20_000, 30_000):
        some, params = Selection(np.arange(TOTAL) < matching, TOTAL), SearchParams(hnsw_ef=64)
        ways.append([choose(column, some, 10, params, 100) for _ in range(3)])
    assert [[way.strategy.value for way in asked] for asked in ways] == [
        ["acorn", "codes", "codes"],
        ["acorn", "acorn", "acorn"],
    ]
    assert [way.scan_cost for way in ways[0]] == [1000, 200, 200]


NUMBERS = np.random.default_rng(7).normal(size=(4000, 1)).astype(np.float32)


@pytest.mark.parametrize("metric", [kernels.NEGATIVE_DOT, kernels.SQUARED_L2])
@pytest.mark.parametrize("share", [0.3, 0.1, 0.02])
def test_acorn_misses_nothing_among_single_numbers(metric: int, share: float) -> None:
    kernels.warm(block=True)
    graph = hnsw_build_numba.build(NUMBERS, metric, m=2)
    searcher = HnswSearcher(graph, NUMBERS, metric)
    params = VectorParams(size=1)
    column, aim = VectorColumn(NUMBERS, None, params, searcher), nearest.Target(params, metric, 100, 0.0)
    mask = np.random.default_rng(8).random(4000) < share
    asked, query = SearchParams(hnsw_ef=64, acorn=AcornParams(enable=True)), np.array([0.5], np.float32)
    allowed = Selection(mask, 4000)
    _, gaps, choice = way_of(column, allowed, 50, aim, asked).answer(query, allowed)
    assert choice.strategy is Strategy.EXACT
    assert gaps == pytest.approx(flat.search(NUMBERS, query, 50, metric, mask)[1], rel=1e-5)


WILD = [
    SearchCosts(row=row, base=base, per_ef=per_ef, two_hops=hops)
    for row in (0.0, 1e9) for base in (0.0, 1e9) for per_ef in (0.0, 1e9) for hops in (0.0, 1e9)
]  # fmt: skip


def test_wrong_costs_make_a_search_slower_and_no_answer_wrong() -> None:
    kernels.warm(block=True)
    vectors = clustered(4000)
    graph = hnsw_build_numba.build(vectors, kernels.SQUARED_L2)
    codes = encode(vectors, kernels.SQUARED_L2)
    searcher = HnswSearcher(graph, vectors, kernels.SQUARED_L2, codes, CodeBounds.of(codes, vectors))
    params = VectorParams(size=vectors.shape[1], distance=Distance.EUCLID)
    aim = nearest.Target(params, kernels.SQUARED_L2, 100, 0.0)
    mask, used, queries = np.arange(4000) % 5 == 0, set(), clustered(30, seed=8)
    truth = [flat.search(vectors, query, 10, kernels.SQUARED_L2, mask) for query in queries]
    for costs in WILD:
        column = VectorColumn(vectors, None, params, searcher, costs=costs)
        good = 0
        for query, (rows, gaps) in zip(queries, truth, strict=True):
            allowed = Selection(mask, 4000)
            way = way_of(column, allowed, 10, aim, SearchParams())
            slots, found, choice = way.answer(query, allowed)
            used.add(choice.strategy)
            good += len(np.intersect1d(slots, rows))
            assert mask[slots].all()
            own = flat.distances(vectors, query, kernels.SQUARED_L2, slots)
            assert found == pytest.approx(own, rel=1e-5)
            assert len(slots) == len(gaps)
        assert good / (10 * len(queries)) >= 0.95
    assert used == {Strategy.CODES, Strategy.ACORN, Strategy.GRAPH}


def test_dead_nodes_take_places_in_a_beam_that_is_as_much_wider() -> None:
    live = np.arange(TOTAL) < 80_000
    stored = np.broadcast_to(np.float32(0), (TOTAL, DIM))
    searcher: Any = SimpleNamespace(graph=GRAPH, vectors=stored, codes=CODES, sieve=None)
    column = VectorColumn(stored, None, VectorParams(size=DIM), searcher)
    made = choose(column, Selection(live, TOTAL, deaths=True), 10, SearchParams(hnsw_ef=64), 100)
    assert (made.strategy, made.ef, made.past_dead) == (Strategy.GRAPH, 80, True)
    few = choose(column, Selection(~live, TOTAL, deaths=True), 10, SearchParams(hnsw_ef=64), 100)
    assert not few.past_dead
    wide = choose(column, Selection(live, TOTAL, deaths=True), 10, SearchParams(hnsw_ef=500), 100)
    assert not wide.past_dead


def test_a_graph_of_a_part_of_the_points_gets_that_part_of_the_beam() -> None:
    stored = np.broadcast_to(np.float32(0), (TOTAL, DIM))
    searcher: Any = SimpleNamespace(graph=GRAPH, vectors=stored, codes=CODES, sieve=None)
    column = VectorColumn(stored, None, VectorParams(size=DIM), searcher)
    every = Selection(None, TOTAL)
    assert choose(column, every, 10, SearchParams(hnsw_ef=64), 100, share=0.75).ef == 48
    assert choose(column, every, 10, SearchParams(hnsw_ef=64), 100).ef == 64
    assert choose(column, every, 10, SearchParams(hnsw_ef=12), 100, share=0.5).ef == 10
