"""The diagnosis without a browser: what it finds out, and how it follows what is asked."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

import workbench as wb
from workbench import kernels
from workbench.errors import InvalidRequest
from workbench.views.state.diagnosing import Diagnosing

COUNT = 1500


@pytest.fixture(scope="module")
def zoo() -> Iterator[wb.Collection]:
    """Points 0 ... 1499 on a line, as one segment with a graph."""
    kernels.warm(block=True)
    vectors = np.column_stack([np.arange(COUNT), np.zeros(COUNT)]).astype(np.float32)
    rows = [{"says": f"number {i} of the line", "n": i} for i in range(COUNT)]
    with wb.open() as db:
        made = db.create(
            "zoo", rows, vectors=vectors, distance="Euclid", m=8, indexing_threshold=1, progress=False
        )
        yield made.optimize(progress=False)


def test_a_query_is_explained_and_its_hits_stand_beside_the_exact_ones(zoo: wb.Collection) -> None:
    screen = zoo.diagnose([700.2, 0.0], k=3).wait()
    assert screen.problem == ""
    facts = screen.view._explained
    assert facts["about"].startswith("3 of 3 hits in ")
    assert [name for name, _, _ in facts["stages"]] == ["parse", "filter", "search", "merge", "fetch"]
    assert [segment["matching"] for segment in facts["segments"]] == ["1,500 of 1,500"]
    assert screen.view._hits == [
        ["700", "number 700 of the line", "0.2000", "found"],
        ["701", "number 701 of the line", "0.8000", "found"],
        ["699", "number 699 of the line", "1.2000", "found"],
    ]
    assert screen.code == "collection.explain(query, k=3)"
    assert "Explained: zoo" in screen._body()


def test_a_missed_point_gets_a_verdict_with_its_proof(zoo: wb.Collection) -> None:
    screen = zoo.diagnose("#700", k=3, missed=705, tab="why_missed").wait()
    facts = screen.view._verdict
    assert facts["reason"] == "not near enough"
    assert (facts["id"], facts["rank"], facts["k"], facts["score"]) == ("705", 10, 3, "5.0000")
    assert facts["code"] == "collection.search(query, k=10)"
    code = "collection.get([700], vectors=True)[0].vectors['']"
    assert screen.code == f"collection.why_missed({code}, 705, k=3)"
    screen.missed = "701"
    assert screen.wait().view._verdict["reason"] == "returned"
    screen.missed = ""
    assert screen.wait().view._verdict == {}


def test_the_health_of_the_graphs_is_there_before_anything_is_asked(zoo: wb.Collection) -> None:
    screen = zoo.diagnose(tab="health").wait()
    facts = screen.view._health
    assert ["points", "1,500"] in facts["counts"]
    (graph,) = facts["graphs"]
    assert sum(graph["leaving"]) == sum(graph["arriving"]) == COUNT
    assert facts["warnings"] == []
    assert screen.explained is None
    assert screen.code == "collection.health()"
    assert repr(screen).startswith("<DiagnoseView zoo: 1,500 points")


def test_a_filter_that_is_typed_and_one_that_is_set_are_the_same(zoo: wb.Collection) -> None:
    screen = zoo.diagnose([700.2, 0.0], k=2, where={"n": {"gte": 710}}).wait()
    assert screen.filter_text == "{'n': {'gte': 710}}"
    assert screen.view._hits[0][0] == "710"
    screen.view.filter_text = '{"n": {"lt": 3}}'
    assert screen.wait().where == {"n": {"lt": 3}}
    assert [hit[0] for hit in screen.view._hits] == ["2", "1"]
    screen.view.filter_text = "{"
    assert "expected" in screen.problem
    assert [hit[0] for hit in screen.view._hits] == ["2", "1"]  # nothing is lost
    screen.where = None
    assert (screen.wait().filter_text, screen.problem) == ("", "")


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"missed": "abc"}, "abc"),
        ({"query": "#99999"}, "id of a point that has this vector, got '#99999'"),
        ({"query": [1.0, 2.0, 3.0]}, "expected"),
    ],
)
def test_what_cannot_be_asked_is_said(zoo: wb.Collection, given: dict[str, object], says: str) -> None:
    given = {"query": [1.0, 0.0], **given}
    assert says in Diagnosing(zoo, given.pop("query"), **given).wait().problem


def test_an_unknown_setting_is_refused_with_advice(zoo: wb.Collection) -> None:
    with pytest.raises(InvalidRequest, match="did you mean missed="):
        zoo.diagnose([1.0, 0.0], misses=3)


def test_an_empty_collection_can_be_looked_at() -> None:
    with wb.open() as db:
        empty = db.create("empty", vectors=np.empty((0, 4), np.float32), progress=False)
        screen = empty.diagnose([1.0, 0, 0, 0]).wait()
        assert screen.view._hits == []
        assert ["points", "0"] in screen.view._health["counts"]
