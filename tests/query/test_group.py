"""Groups, asked of a plane whose points lie on a line: the k-th nearest to 0 is the point k."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import orjson
import pytest

from workbench.collection import Collection, updates
from workbench.engine import open_engine
from workbench.models.config import CollectionConfig, Distance, VectorParams
from workbench.models.filters import Filter
from workbench.models.points import IdArray, PointBatch, VectorBatch
from workbench.query import group, nearest
from workbench.query.ranking import scored
from workbench.query.scored import Scored

Make = Callable[[list[object]], Collection]


@pytest.fixture
def line() -> Iterator[Make]:
    with open_engine() as engine:

        def make(values: list[object]) -> Collection:
            config = CollectionConfig(vectors={"": VectorParams(size=1, distance=Distance.EUCLID)})
            collection = engine.create("line", config)
            count = len(values)
            batch = PointBatch(
                IdArray(np.arange(count, dtype=np.uint64)),
                {"": VectorBatch(np.arange(count, dtype=np.float32).reshape(-1, 1))},
                [orjson.dumps({} if value is None else {"key": value}) for value in values],
            )
            updates.upsert(collection, batch)
            return collection

        yield make


def groups(collection: Collection, limit: int, size: int) -> list[tuple[object, list[int]]]:
    view, asked = collection.view, []

    def ask(flt: Filter | None, k: int) -> Scored:
        asked.append(k)
        return scored(view, "", nearest.search(view, "", np.zeros(1, np.float32), k, flt=flt))

    found = group.group(view, ask, "key", limit, size)
    return [(own.id, nearest.ids_of(view, own.hits.found).tolist()) for own in found]


def test_a_group_beyond_the_first_page_is_found(line: Make) -> None:
    assert groups(line(["a"] * 50 + ["b"] * 3), limit=2, size=2) == [("a", [0, 1]), ("b", [50, 51])]


def test_a_group_that_the_first_page_cut_is_filled(line: Make) -> None:
    assert groups(line(["a", "b", "a", "b", "c", "c", "b"]), limit=2, size=3) == [
        ("a", [0, 2]),
        ("b", [1, 3, 6]),
    ]


def test_a_point_is_in_a_group_for_each_of_its_values(line: Make) -> None:
    assert groups(line([["a", "b"], "b", 7, ["a", 7]]), limit=5, size=2) == [
        ("a", [0, 3]),
        ("b", [0, 1]),
        (7, [2, 3]),
    ]


def test_a_new_value_beside_a_known_one_still_opens_its_group(line: Make) -> None:
    assert groups(line(["a"] * 10 + [["a", "b"]]), limit=2, size=1) == [("a", [0]), ("b", [10])]


def test_points_without_a_string_or_integer_belong_to_no_group(line: Make) -> None:
    values = [None, True, 1.5, ["a", False], {"x": 1}, [], *[True] * 20, "a", 3]
    assert groups(line(values), limit=2, size=1) == [("a", [26]), (3, [27])]


def test_an_empty_collection_has_no_groups(line: Make) -> None:
    assert groups(line([]), limit=3, size=3) == []
