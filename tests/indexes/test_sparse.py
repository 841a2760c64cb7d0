"""The inverted index of sparse vectors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from workbench import kernels
from workbench.indexes import sparse
from workbench.indexes.sparse import InvertedIndex, SparseIndex
from workbench.models.vectors import SparseRows, SparseVector

ROWS = SparseRows.of(
    [
        SparseVector.of([1, 4_000_000_000], [1.0, 2.0]),
        SparseVector.of([4_000_000_000], [-1.0]),
        SparseVector.of([3], [5.0]),
        SparseVector.of([], []),
        SparseVector.of([1, 3], [1.0, -0.2]),
    ]
)


@pytest.fixture(params=["numpy", "kernels"], autouse=True)
def arithmetic(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "kernels":
        kernels.warm(block=True)
    else:
        monkeypatch.setattr(kernels, "ready", lambda: False)


def find(terms: dict[int, float], k: int = 9, allowed: list[int] | None = None) -> dict[int, float]:
    query = SparseVector.of(list(terms), list(terms.values()))
    chosen = None if allowed is None else np.int32(allowed)
    slots, distances = sparse.search(SparseIndex().parts(ROWS), query, k, chosen, ROWS)
    return dict(zip(slots.tolist(), (-distances).tolist(), strict=True))


def test_vectors_come_by_their_dot_product_the_earlier_of_equal_ones_first() -> None:
    assert list(find({1: 1.0})) == [0, 4]
    assert find({4_000_000_000: 2.0, 1: 1.0}) == {0: 5, 4: 1, 1: -2}
    assert find({4_000_000_000: 2.0, 1: 1.0}, k=1) == {0: 5}


def test_a_product_of_zero_is_no_hit_with_a_common_dimension_or_without() -> None:
    assert find({3: 1.0, 1: 0.2}) == {2: 5, 0: pytest.approx(0.2)}
    assert find({77: 1.0}) == {}
    assert find({}) == {}
    assert find({1: 0.0}) == {}


def test_a_list_decides_who_may_be_found() -> None:
    assert find({1: 1.0, 3: 1.0}, allowed=[1, 3, 4]) == {4: pytest.approx(0.8)}
    assert find({1: 1.0}, allowed=[]) == {}
    assert find({1: 1.0}, k=0) == {}


def test_dimensions_are_counted() -> None:
    parts, wanted = SparseIndex().parts(ROWS), np.array([1, 2, 3], np.uint32)
    assert sparse.document_counts(parts, wanted).tolist() == [2, 0, 2]
    assert sparse.document_counts(parts, wanted, np.array([0, 1, 1, 1, 1], bool)).tolist() == [1, 0, 2]


def test_a_growing_index_has_few_parts_and_answers_as_one_built_at_once() -> None:
    rng = np.random.default_rng(0)
    vectors = [_random(rng) for _ in range(200)]
    rows, index, query = SparseRows.of(vectors), SparseIndex(), _random(rng)
    for count in (
        1,
        2,
        3,
        7,
        50,
        51,
        52,
        120,
        80,
        200,
    ):  # 80: an older view
        part = rows.take(np.arange(count))
        parts = index.parts(part)
        assert sum(p.count for p in parts) == count
        assert len(parts) <= 8
        slots, distances = sparse.search(parts, query, 10)
        expected, gaps = sparse.search([InvertedIndex.build(part)], query, 10)
        assert slots.tolist() == expected.tolist()
        np.testing.assert_array_equal(distances, gaps)


def _random(rng: np.random.Generator, often: Any = (0.2,) * 30) -> SparseVector:
    indices = np.flatnonzero(rng.random(len(often)) < often)
    return SparseVector.of(indices, rng.normal(size=len(indices)))


def test_an_index_holds_each_vector_once_by_dimension() -> None:
    part = InvertedIndex.build(ROWS, first=1)
    assert (part.first, part.count) == (1, 4)
    assert part.dimensions.tolist() == [1, 3, 4_000_000_000]
    assert part.starts.tolist() == [0, 1, 3, 4]
    assert part.slots.tolist() == [3, 1, 3, 0]
    assert part.values.tolist() == [1.0, 5.0, pytest.approx(-0.2), -1.0]


def test_common_dimensions_are_columns_too() -> None:
    part = InvertedIndex.build(ROWS)
    assert part.dimensions.tolist() == [1, 3, 4_000_000_000]
    assert part.column_of.tolist() == [0, 1, 2]
    assert part.columns[0].tolist() == [1, 0, 0, 0, 1]
    wide = InvertedIndex.build(SparseRows.of([SparseVector.of([7, 10 + i], [1, 2]) for i in range(9)]))
    assert wide.column_of.tolist() == [0] + [-1] * 9
    assert wide.columns.tolist() == [[1] * 9]


@pytest.mark.parametrize("share", [1.0, 0.2, 0.01])
def test_every_way_to_add_up_finds_the_same_to_the_last_bit(
    share: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(1)
    rows = SparseRows.of([_random(rng, 0.6 / np.sqrt(1 + np.arange(300))) for _ in range(2000)])
    query = _random(rng, np.full(300, 0.1))
    chosen = np.flatnonzero(rng.random(len(rows)) < share).astype(np.int32)
    by_columns = sparse.search([InvertedIndex.build(rows)], query, 20, chosen)
    few = sparse.search([InvertedIndex.build(rows)], query, 20, chosen, rows)
    monkeypatch.setattr(sparse, "COMMON", 2.0)
    postings = [InvertedIndex.build(rows)]
    assert postings[0].columns.size == 0
    by_postings = sparse.search(postings, query, 20, chosen)
    sums = sparse.products(postings, query)[chosen]
    expected = sorted(zip((-sums).tolist(), chosen.tolist(), strict=True))[:20]
    for slots, distances in (by_columns, few, by_postings):
        assert list(zip(distances.tolist(), slots.tolist(), strict=True)) == expected
