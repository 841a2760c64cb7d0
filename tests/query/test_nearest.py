from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from workbench import distances, kernels
from workbench.collection import Collection, payloads, updates
from workbench.errors import DimensionMismatch, InvalidRequest, InvalidVector, UnknownVector
from workbench.models.config import Distance, VectorParams
from workbench.models.filters import Filter
from workbench.models.points import IdArray
from workbench.models.query import SearchParams
from workbench.query import nearest
from workbench.query.plan import Choice, Strategy, choose
from workbench.segments.selection import Selection
from workbench.segments.vector_columns import VectorColumn

EVEN = Filter.from_json({"must": [{"key": "even", "match": {"value": True}}]})


def search(collection: Collection, query: float, k: int, **settings: Any) -> list[tuple[Any, float]]:
    ready = nearest.check_query([query], collection.config.vectors[""])
    found = nearest.search(collection.view, "", ready, k, **settings)
    scores = distances.scores(found.distances, Distance.EUCLID).tolist()
    return list(zip(nearest.ids_of(collection.view, found).tolist(), scores, strict=True))


def with_kernels(monkeypatch: pytest.MonkeyPatch, compiled: bool) -> None:
    kernels.warm(block=True, module=kernels.CPU)
    monkeypatch.setattr(kernels, "_ready", {kernels.CPU} if compiled else set())


def test_the_nearest_come_first_from_all_segments_and_never_dead(line: Collection) -> None:
    assert search(line, 5.2, 4) == [(5, pytest.approx(0.2)), (6, pytest.approx(0.8)), (4, pytest.approx(1.2)),
                                    (7, pytest.approx(1.8))]  # fmt: skip
    assert [i for i, _ in search(line, 3, 99)] == [2, 4, 1, 5, 0, 6, 7, 9]


def test_a_filter_is_part_of_the_search(line: Collection) -> None:
    assert [i for i, _ in search(line, 5.2, 3, flt=EVEN)] == [6, 4, 2]


def test_a_view_answers_the_same_filter_once_and_a_changed_collection_anew(line: Collection) -> None:
    segment = line.view.segments[0]
    first = segment.selection(EVEN, "", segment.column(""))
    assert segment.selection(EVEN, "", segment.column("")) is first
    assert first.chosen.tolist() == [0, 2, 4]
    updates.delete(line, IdArray.of([4]))
    assert [i for i, _ in search(line, 5.2, 3, flt=EVEN)] == [6, 2, 0]
    payloads.set_payload(line, IdArray.of([1]), {"even": True})
    assert [i for i, _ in search(line, 5.2, 3, flt=EVEN)] == [6, 2, 1]


def test_filters_that_python_takes_for_equal_are_answered_apart(line: Collection) -> None:
    one = Filter.from_json({"must": [{"key": "even", "match": {"value": 1}}]})
    assert [len(search(line, 5.2, 9, flt=flt)) for flt in (EVEN, one, EVEN)] == [4, 0, 4]


def test_a_view_keeps_the_answers_to_a_few_filters_only(line: Collection) -> None:
    segment = line.view.segments[0]
    filters = [Filter.from_json({"must": [{"key": "n", "range": {"lt": n}}]}) for n in range(1, 40)]
    counts = [segment.selection(flt, "", segment.column("")).count for flt in filters]
    assert counts[:7] == [1, 2, 3, 3, 4, 5, 5]
    assert len(segment._selections) == 8


def test_a_search_says_how_each_segment_was_searched_and_why(line: Collection) -> None:
    choices: list[Choice] = []
    search(line, 5.2, 3, choices=choices, params=SearchParams(exact=True))
    assert [(c.strategy, c.reason) for c in choices] == [
        (Strategy.EXACT, "an exact search was asked for"),
        (Strategy.EXACT, "no graph yet: the segment is scanned"),
    ]


def test_small_segments_count_as_indexed(line: Collection) -> None:
    choices: list[Choice] = []
    found = search(line, 9, 9, choices=choices, params=SearchParams(indexed_only=True))
    assert [i for i, _ in found] == [9, 7, 6, 5, 4, 2, 1, 0]
    assert choices[1].reason == "no graph yet: the segment is scanned"


@pytest.mark.parametrize(("matching", "strategy"), [(250, "exact"), (251, "skipped")])
def test_a_large_segment_without_a_graph_is_left_out_where_only_indexed_ones_are_asked_for(
    matching: int, strategy: str
) -> None:
    column = VectorColumn(np.empty((300, 1), np.float32), None, VectorParams(size=1), None)
    some = Selection(np.arange(300) < matching, 300)
    assert choose(column, some, 10, SearchParams(indexed_only=True), 100, 1000).strategy == strategy


def test_a_search_for_nothing_finds_nothing(line: Collection) -> None:
    assert search(line, 5, 0) == []


@pytest.mark.parametrize("compiled", [True, False])
@pytest.mark.parametrize(
    ("query", "error", "text"),
    [
        ([1.0, 2.0], DimensionMismatch, "expected dim: 3, got 2"),
        ([], DimensionMismatch, "^Vector dimension error: expected dim: 3, got 0$"),
        ([[1.0, 2.0, 3.0]], InvalidVector, "^Conversion between multi and regular vectors failed$"),
        ([1.0, float("nan"), 0.0], InvalidVector, "expected finite numbers"),
        ([1.0, float("-inf"), 0.0], InvalidVector, "expected finite numbers"),
        ([1.0, 1e308, 0.0], InvalidVector, "expected finite numbers"),
        ([1.0, 1e38, 3e38], InvalidVector, "squares add up"),
        ("abc", InvalidVector, "expected a list of 3 numbers, got 'abc'"),
        (["1", "2", "3"], InvalidVector, r"expected a list of 3 numbers, got \['1', '2', '3'\]"),
        (np.zeros(3, "datetime64[s]"), InvalidVector, "expected a list of 3 numbers"),
        ([1.0, 10**400, 0.0], InvalidVector, "expected a list of 3 numbers"),
        (5, InvalidVector, "expected a list of 3 numbers, got 5"),
        ([None, 1, 2], InvalidVector, "expected"),
        ([[1], [1, 2]], InvalidVector, "expected a list of 3 numbers"),
    ],
)
def test_a_bad_query_is_refused(
    monkeypatch: pytest.MonkeyPatch, compiled: bool, query: Any, error: type[Exception], text: str
) -> None:
    with_kernels(monkeypatch, compiled)
    with pytest.raises(error, match=text):
        nearest.check_query(query, VectorParams(size=3, distance=Distance.DOT))


@pytest.mark.parametrize("compiled", [True, False])
def test_a_query_of_a_cosine_vector_has_length_1_and_a_zero_query_stays(
    monkeypatch: pytest.MonkeyPatch, compiled: bool
) -> None:
    with_kernels(monkeypatch, compiled)
    cosine = VectorParams(size=2, distance=Distance.COSINE)
    assert nearest.check_query([3, 4], cosine).tolist() == pytest.approx([0.6, 0.8])
    assert nearest.check_query([3e38, 0], cosine).tolist() == [1, 0]
    assert nearest.check_query([0, 0], cosine).tolist() == [0, 0]
    assert nearest.check_query([1e-40, 0], cosine).tolist() == [1, 0]


@pytest.mark.parametrize("compiled", [True, False])
def test_a_query_is_a_copy_and_may_be_read_only_or_a_part(
    monkeypatch: pytest.MonkeyPatch, compiled: bool
) -> None:
    with_kernels(monkeypatch, compiled)
    mine, two = np.float32([1, 7, 2]), VectorParams(size=2, distance=Distance.DOT)
    nearest.check_query(mine[:2], two)[0] = 9
    mine.flags.writeable = False
    assert nearest.check_query(mine[:2], two).tolist() == [1, 7]
    assert nearest.check_query(mine[::2], two).tolist() == [1, 2]


def test_an_unknown_vector_is_named(line: Collection) -> None:
    with pytest.raises(UnknownVector, match=r"(?m)^Not existing vector name error: text$"):
        nearest.search(line.view, "text", np.float32([1]), 3)


@pytest.mark.parametrize("ef", [0, -1, 2**40, True, 1.5])
def test_a_width_of_the_beam_is_a_positive_integer(ef: Any) -> None:
    with pytest.raises(InvalidRequest, match=r"params.hnsw_ef: expected an integer"):
        SearchParams(hnsw_ef=ef)


def test_what_was_done_is_told_beside_what_it_took(line: Collection) -> None:
    choices: list[Choice] = []
    took: list[float] = []
    search(line, 5.2, 4, flt=EVEN, choices=choices, took=took)
    assert [(c.matching, c.total) for c in choices] == [(3, 6), (1, 4)]
    assert len(took) == 2
    assert min(took) >= 0
