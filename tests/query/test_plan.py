from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from workbench import kernels
from workbench.indexes.codes import Codes
from workbench.models.config import VectorParams
from workbench.models.query import AcornParams, SearchParams
from workbench.query.plan import Choice, Strategy, choose
from workbench.segments.selection import Selection
from workbench.segments.vector_columns import VectorColumn

DIM, TOTAL = 384, 100_000
CODES = Codes(np.empty((0, DIM), np.int8), np.empty(0, np.float32), np.empty(DIM, np.float32), 1.0)


def chosen(
    matching: int, ef: int = 64, *, m: int = 16, coded: bool = True, acorn: AcornParams | None = None
) -> Choice:
    searcher: Any = SimpleNamespace(graph=SimpleNamespace(m=m), codes=CODES if coded else None)
    stored = np.broadcast_to(np.float32(0), (TOTAL, DIM))
    column = VectorColumn(stored, None, VectorParams(size=DIM), searcher)
    return choose(
        column, Selection(np.arange(TOTAL) < matching, TOTAL), 10, SearchParams(hnsw_ef=ef, acorn=acorn), 100
    )


@pytest.fixture(autouse=True)
def ready(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernels, "ready", lambda: True)


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
        (100_000, 100_000, "codes"),
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
        (AcornParams(enable=True), 100, "acorn"),
        (AcornParams(enable=True, max_selectivity=0.6), 60_000, "acorn"),
        (AcornParams(enable=True, max_selectivity=0.001), 101, "codes"),
        (AcornParams(enable=True, max_selectivity=1.0), 100_000, "graph"),
        (AcornParams(enable=False, max_selectivity=1.0), 100, "codes"),
    ],
)
def test_who_asks_for_acorn_gets_it_up_to_the_share_that_he_names(
    acorn: AcornParams, matching: int, strategy: str
) -> None:
    assert chosen(matching, acorn=acorn).strategy == strategy
