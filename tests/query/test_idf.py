"""Document frequencies count live points, of the collection or of a corpus."""

from __future__ import annotations

from collections.abc import Iterator
from math import log
from typing import Any

import orjson
import pytest

from workbench.collection import Collection, updates
from workbench.engine import open_engine
from workbench.errors import InvalidRequest
from workbench.indexes.sparse import InvertedIndex
from workbench.models.config import CollectionConfig, OptimizersConfig, SparseVectorParams, VectorParams
from workbench.models.filters import Filter
from workbench.models.points import IdArray, PointBatch, VectorBatch
from workbench.models.query import SearchParams
from workbench.models.vectors import SparseRows, SparseVector
from workbench.query.examples import Examples
from workbench.query.nearest import ids_of
from workbench.query.neighbors import neighbors
from workbench.segments.sparse_columns import SparseColumn

DOCUMENTS: list[dict[int, float]] = [{1: 1, 2: 2}, {2: 1}, {3: 5}, {1: 1, 2: 0.5}, {}, {1: 1, 9: 1}]
ODD = Filter.from_json({"must": [{"key": "odd", "match": {"value": True}}]})


@pytest.fixture
def documents() -> Iterator[Collection]:
    """Six documents, one of them empty, the first four sealed."""
    with open_engine() as engine:
        collection = engine.create("documents", CollectionConfig(
            vectors={"title": VectorParams(size=2)},
            sparse_vectors={"words": SparseVectorParams(idf=True), "plain": SparseVectorParams()},
            optimizers=OptimizersConfig(indexing_threshold=0),
        ))  # fmt: skip
        for numbers in (range(4), range(4, 6)):
            rows = SparseRows.of(
                [SparseVector.of(list(DOCUMENTS[i]), list(DOCUMENTS[i].values())) for i in numbers]
            )
            vectors = {"words": VectorBatch(rows), "plain": VectorBatch(rows)}
            bodies = [orjson.dumps({"odd": i % 2 == 1}) for i in numbers]
            updates.upsert(collection, PointBatch(IdArray.of(numbers), vectors, bodies))
            if numbers.start == 0:
                collection.upkeep.optimize()
        yield collection


def ask(collection: Collection, term: int, name: str = "words", **settings: Any) -> dict[int, float]:
    params = SearchParams(idf_corpus=settings.pop("corpus", None))
    query = SparseVector.of([term], [1.0])
    hits = neighbors(Examples(collection.view, name), query, 9, params=params, **settings)
    return dict(zip(ids_of(collection.view, hits.found).tolist(), hits.scores.tolist(), strict=True))


def factor(total: int, having: int) -> float:
    return log((total - having + 0.5) / (having + 0.5) + 1)


def test_rare_dimensions_weigh_more_and_an_empty_vector_is_no_document(documents: Collection) -> None:
    assert ask(documents, 9) == {5: pytest.approx(factor(5, 1))}
    assert ask(documents, 1) == {i: pytest.approx(factor(5, 3)) for i in (0, 3, 5)}
    assert ask(documents, 1, "plain") == {0: 1, 3: 1, 5: 1}
    assert ask(documents, 7) == {}


def test_a_filter_does_not_change_the_frequencies_but_a_corpus_does(documents: Collection) -> None:
    assert ask(documents, 1, flt=ODD) == {3: pytest.approx(factor(5, 3)), 5: pytest.approx(factor(5, 3))}
    assert ask(documents, 1, corpus=ODD) == {i: pytest.approx(factor(3, 2)) for i in (0, 3, 5)}


def test_deleted_and_replaced_points_no_longer_count(documents: Collection) -> None:
    updates.delete(documents, IdArray.of([0]))
    assert ask(documents, 1) == {3: pytest.approx(factor(4, 2)), 5: pytest.approx(factor(4, 2))}
    again = SparseRows.of([SparseVector.of([7], [1.0])])
    updates.upsert(documents, PointBatch(IdArray.of([3]), {"words": VectorBatch(again)}, [b"{}"]))
    assert ask(documents, 1) == {5: pytest.approx(factor(4, 1))}
    assert ask(documents, 7) == {3: pytest.approx(factor(4, 1))}


@pytest.mark.parametrize("name", ["plain", "title"])
def test_a_corpus_needs_the_modifier(documents: Collection, name: str) -> None:
    text = f'param `idf` requires a sparse vector with the `idf` modifier, which vector "{name}" is not'
    query = SparseVector.of([1], [1.0]) if name == "plain" else [1.0, 2.0]
    for corpus in (ODD, Filter()):
        with pytest.raises(InvalidRequest, match=text):
            neighbors(Examples(documents.view, name), query, 3, params=SearchParams(idf_corpus=corpus))


def test_a_sealed_segment_has_its_index_before_it_is_searched(documents: Collection) -> None:
    sealed = documents.view.segments[0].column("words")
    assert isinstance(sealed, SparseColumn)
    assert [part.count for part in sealed.index.known] == [4]


def test_the_tail_indexes_what_was_appended_only(documents: Collection) -> None:
    ask(documents, 1)
    (before,) = tail_parts(documents)
    rows = SparseRows.of([SparseVector.of([1], [2.0])])
    updates.upsert(documents, PointBatch(IdArray.of([9]), {"words": VectorBatch(rows)}, [b"{}"]))
    assert ask(documents, 1)[9] == pytest.approx(2 * factor(6, 4))
    first, second = tail_parts(documents)
    assert first is before
    assert (second.first, second.count) == (2, 1)


def tail_parts(collection: Collection) -> tuple[InvertedIndex, ...]:
    column = collection.view.segments[-1].column("words")
    assert isinstance(column, SparseColumn)
    return column.index.known
