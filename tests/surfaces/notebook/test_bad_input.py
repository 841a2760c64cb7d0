"""Questions and data at the edge of what makes sense: right answers or a clear error."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest

import workbench as wb
from workbench import kernels
from workbench.errors import DimensionMismatch, InvalidRequest, InvalidVector, WorkbenchError

COUNT = 600


@pytest.fixture(scope="module", autouse=True)
def loaded() -> None:
    """Without kernels in two seconds hnswlib would build the graphs, and leave out some of equal vectors."""
    kernels.warm(block=True)


@pytest.fixture(scope="module", params=["graph", "tail"])
def points(request: pytest.FixtureRequest) -> Iterator[Any]:
    """Points 0 ... 599 on a line, of which those below 300 are "low"."""
    with wb.open() as db:
        frame = pd.DataFrame({"n": range(COUNT), "half": np.where(np.arange(COUNT) < 300, "low", "high")})
        vectors = np.column_stack([np.arange(COUNT), np.zeros(COUNT)]).astype(np.float32)
        made = db.create("points", frame, vectors=vectors, distance="Euclid", m=8, progress=False)
        if request.param == "graph":
            made._inner.upkeep.optimize()
        yield made


def test_an_ef_below_k_is_widened(points: Any) -> None:
    assert points.search([7.1, 0.0], k=5, ef=1).ids == [7, 8, 6, 9, 5]


def test_a_k_above_the_points_gives_all_of_them(points: Any) -> None:
    assert sorted(points.search([7.1, 0.0], k=10_000).ids) == list(range(COUNT))
    assert sorted(points.search([7.1, 0.0], k=10_000, exact=True).ids) == list(range(COUNT))
    low = points.search([7.1, 0.0], k=10_000, where={"half": "low"}).ids
    assert sorted(low) == list(range(300))


def test_a_filter_that_matches_nothing_finds_nothing(points: Any) -> None:
    assert points.search([7.1, 0.0], k=5, where={"half": "middle"}).ids == []


def test_a_filter_that_matches_all_changes_nothing(points: Any) -> None:
    assert points.search([7.1, 0.0], k=5, where={"n": {"gte": 0}}).ids == [7, 8, 6, 9, 5]


def test_a_filter_that_matches_one_finds_it_from_afar(points: Any) -> None:
    assert points.search([7.1, 0.0], k=5, where={"n": 599}).ids == [599]


@pytest.mark.parametrize("k", [0, -1, 1.5, "3"])
def test_a_k_that_is_no_number_of_points_is_named(points: Any, k: Any) -> None:
    with pytest.raises((WorkbenchError, TypeError), match="k: expected"):
        points.search([7.1, 0.0], k=k)


@pytest.mark.parametrize("vector", [[1.0], [1.0, 2.0, 3.0], []])
def test_a_query_of_another_length_is_named(points: Any, vector: list[float]) -> None:
    with pytest.raises(DimensionMismatch, match="2"):
        points.search(vector)


@pytest.mark.parametrize("vector", [[np.nan, 0.0], [np.inf, 0.0], [1e300, 0.0], ["a", "b"], [[1.0, 2.0]]])
def test_a_query_that_is_no_vector_is_named(points: Any, vector: list[Any]) -> None:
    with pytest.raises((InvalidVector, InvalidRequest)):
        points.search(vector)


@pytest.mark.parametrize("distance", ["Cosine", "Euclid", "Dot", "Manhattan"])
def test_vectors_that_are_all_equal_are_all_found(distance: str) -> None:
    with wb.open() as db:
        made = db.create("same", vectors=np.ones((COUNT, 4), np.float32), distance=distance, progress=False)
        made._inner.upkeep.optimize()
        hits = made.search([1.0, 1.0, 1.0, 1.0], k=COUNT, ef=COUNT)
        assert sorted(hits.ids) == list(range(COUNT))
        assert len(set(hits.scores)) == 1


@pytest.mark.parametrize("distance", ["Euclid", "Dot", "Manhattan", "Cosine"])
def test_vectors_of_one_dimension_work(distance: str) -> None:
    with wb.open() as db:
        numbers = np.arange(-300, 300, dtype=np.float32)[:, None]
        made = db.create("line", vectors=numbers, distance=distance, progress=False)
        made._inner.upkeep.optimize()
        found = made.search([2.2], k=3, ef=64)
        expected = made.search([2.2], k=3, exact=True)
        if distance != "Dot":  # where all but the longest vectors are nobody's nearest, a walk may miss some
            assert found.scores.tolist() == expected.scores.tolist()
        else:
            assert expected.ids == [599, 598, 597]
            assert found.scores[0] > 600
        if distance in ("Euclid", "Manhattan"):
            assert found.ids == [302, 303, 301]


def test_vectors_of_65_536_dimensions_work_and_one_more_is_refused() -> None:
    rng = np.random.default_rng(0)
    vectors = rng.standard_normal((40, 65_536)).astype(np.float32)
    with wb.open() as db:
        made = db.create("wide", vectors=vectors, distance="Cosine", progress=False)
        made._inner.upkeep.optimize()
        assert [made.search(vectors[i], k=1).ids for i in (0, 7, 39)] == [[0], [7], [39]]
        with pytest.raises(WorkbenchError, match="65536"):
            db.create("wider", vectors=np.ones((2, 65_537), np.float32), progress=False)
