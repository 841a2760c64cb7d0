"""What a search did and why, on a line of points with a graph whose answers are known."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

import workbench as wb
from workbench import kernels
from workbench.indexes.hnsw import HnswGraph, HnswSearcher
from workbench.models.query import SearchParams
from workbench.query import missed, nearest
from workbench.surfaces.notebook import diagnosis
from workbench.surfaces.notebook.explained import time_text

COUNT = 1000


@pytest.fixture
def points() -> Iterator[Any]:
    """Points 0 ... 999 on a line, as one sealed segment with a graph; the even ones are red."""
    kernels.warm(block=True)
    with wb.open() as db:
        frame = pd.DataFrame({"n": range(COUNT), "color": ["red", "blue"] * (COUNT // 2)})
        vectors = np.column_stack([np.arange(COUNT), np.zeros(COUNT)]).astype(np.float32)
        made = db.create("points", frame, vectors=vectors, distance="Euclid", m=8, progress=False)
        yield made.optimize(progress=False)


@pytest.mark.parametrize(
    ("microseconds", "text"), [(22.84, "22.8 µs"), (6880, "6.88 ms"), (1_590_000, "1.59 s")]
)
def test_times_are_told_in_the_unit_that_fits(microseconds: float, text: str) -> None:
    assert time_text(microseconds) == text


def test_waiting_for_the_kernels_is_no_part_of_a_search(points: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(diagnosis.kernels, "wait", lambda *_: now.append(60.0))
    monkeypatch.setattr(diagnosis, "time", SimpleNamespace(perf_counter=lambda: now[-1]))
    assert points.explain([3.2, 0.0], k=1).stages["parse"] == 0.0


def give_chain(points: Any, *, lost: int) -> None:
    """Replace the graph: each point is linked with the next ones, from 0 on; no link leads to `lost`."""
    graph = HnswGraph.empty(2, 4, np.zeros(COUNT, np.int32))
    for node in range(COUNT):
        own = [n for n in (node - 1, node + 1, node + 2) if 0 <= n < COUNT and n != lost]
        graph.counts0[node], graph.links0[node, : len(own)] = len(own), own
    graph.validate(COUNT)
    (segment,) = [s.segment for s in points._inner.view.segments if s.sealed]
    column = segment.column("", COUNT)
    searcher = HnswSearcher(graph, column.searched, column.searcher.metric)
    segment._columns[""] = replace(column, searcher=searcher)


def test_a_trace_returns_the_hits_of_a_search_and_every_step(points: Any) -> None:
    query = [500.2, 0.0]
    trace, hits = points.trace(query, k=5, ef=20), points.search(query, k=5, ef=20)
    assert trace.ids == hits.ids == [500, 501, 499, 502, 498]
    assert trace.scores.tolist() == hits.scores.tolist()
    frame = trace.to_frame()
    assert len(frame) == len(trace) == trace.computed
    assert set(trace.ids) <= set(frame["id"][frame["result"]])
    own = frame.drop_duplicates("id").set_index("id")
    assert own.loc[500, "score"] == pytest.approx(0.2, abs=1e-4)
    (segment,) = [s for s in trace.segments if s.steps is not None]
    assert sum(layer.computed for layer in segment.layers) == trace.computed
    assert segment.layers[-1].layer == 0
    assert "visited" in repr(trace)
    assert "layer" in trace._repr_html_()


def test_a_trace_of_a_scan_has_no_steps_and_tells_why(points: Any) -> None:
    trace = points.trace([3.2, 0.0], k=2, where={"n": {"lt": 5}})
    assert trace.ids == [3, 4]
    assert trace.to_frame().empty
    assert trace.computed == 5
    assert "few points match" in repr(trace)


def test_an_explanation_names_strategy_costs_and_stages(points: Any) -> None:
    told = points.explain([500.2, 0.0], k=5, ef=20)
    assert list(told.stages) == ["parse", "filter", "search", "merge", "fetch"]
    assert all(took >= 0 for took in told.stages.values())
    (part,) = told.explanation.parts
    assert part.choice.strategy == "graph"
    assert (part.points, part.matching) == (COUNT, COUNT)
    assert 20 <= part.computed < COUNT
    assert told.advice == ()
    assert "graph" in repr(told)
    assert "Explained" in told._repr_html_()


def test_explanations_and_traces_number_segments_as_health_does(points: Any) -> None:
    (told,) = points.explain([500.2, 0.0]).explanation.parts
    (traced,) = points.trace([500.2, 0.0]).segments
    (sealed,) = [s for s in points.health().health.segments if s.kind == "sealed"]
    assert told.segment == traced.segment == sealed.segment > traced.place == 0


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"k": 10, "ef": 3}, "ef=3 is below k=10: the beam was as wide as k"),
        ({"exact": True}, "{sealed} has a graph, and exact=True scans 1,000 points instead"),
        ({"where": {"n": {"lt": 5}}}, "0.50% of {sealed} match: they were scanned, so no ef loses any"),
        ({"where": {"n": {"lt": 5}}}, "only 5 points match, fewer than k=10"),
    ],
)
def test_advice_is_given_where_there_is_some(points: Any, settings: Any, sentence: str) -> None:
    told = points.explain([500.2, 0.0], **settings)
    (part,) = told.explanation.parts
    assert sentence.format(sealed=f"segment {part.segment}") in told.advice


def test_an_explanation_shows_the_ways_that_were_weighed(points: Any) -> None:
    shown = points.explain([500.2, 0.0], where={"color": "red"})._repr_html_()
    assert "scan the matches" in shown
    assert "walk the graph" in shown
    assert shown.count("estimated, chosen") == 1
    assert "measured" in shown


def test_points_without_a_graph_are_advised_to_get_one() -> None:
    with wb.open() as db:
        made = db.create("tail", vectors=np.eye(4, dtype=np.float32), progress=False)
        made.configure(optimizers={"indexing_threshold": 0})
        frame = pd.DataFrame({"n": range(1200)}, index=range(4, 1204))
        made.add(frame, vectors=np.eye(4, dtype=np.float32).repeat(300, axis=0), id="n", progress=False)
        advice = made.explain([1, 0, 0, 0]).advice
        assert any("points are scanned until collection.optimize()" in sentence for sentence in advice)


@pytest.mark.parametrize(
    ("point", "settings", "reason", "cure"),
    [
        (500, {}, "returned", ""),
        (9999, {}, "absent", "check the id"),
        (501, {"where": {"color": "red"}}, "filtered out", "loosen this condition, or change the payload"),
        (700, {"k": 3}, "not near enough", "ask for k=400 or more"),
    ],
)
def test_a_verdict_has_a_reason_and_a_cure(
    points: Any, point: int, settings: Any, reason: str, cure: str
) -> None:
    verdict = points.why_missed([500.2, 0.0], point, **settings)
    assert (verdict.reason, verdict.cure) == (reason, cure)
    assert reason in repr(verdict)
    assert reason in verdict._repr_html_()


def test_the_condition_that_excludes_a_point_is_named(points: Any) -> None:
    where = {"color": "red", "n": {"gte": 400}}
    because = points.why_missed([500.2, 0.0], 501, where=where).verdict.because
    assert because == 'the filter excludes it: must {"key": "color", "match": {"value": "red"}}'


def test_the_proof_is_the_exact_rank_and_both_scores(points: Any) -> None:
    verdict = points.why_missed([500.2, 0.0], 503, k=3).verdict
    assert verdict.rank == 6  # behind 500, 501, 499, 502 and 498
    assert verdict.score == pytest.approx(2.8, abs=1e-3)
    assert verdict.kth_score == pytest.approx(1.2, abs=1e-3)


def test_one_of_equal_ones_is_a_tie() -> None:
    with wb.open() as db:
        made = db.create("same", vectors=np.ones((9, 2), np.float32), distance="Euclid", progress=False)
        verdict = made.why_missed([1.0, 1.0], 8, k=3)
        assert (verdict.reason, verdict.cure) == ("tie", "ask for more than k=3")


def test_a_deleted_point_is_told_from_one_that_never_was(points: Any) -> None:
    points.delete([500])
    assert points.why_missed([500.2, 0.0], 500).reason == "deleted"


def test_a_point_without_links_is_unreachable_and_the_health_report_says_so(points: Any) -> None:
    give_chain(points, lost=5)
    assert points.search([5.0, 0.0], k=3, ef=50).ids == [4, 6, 3]
    verdict = points.why_missed([5.0, 0.0], 5, k=3, ef=50)
    assert verdict.reason == "unreachable"
    assert verdict.code == "collection.configure(hnsw={'ef_construct': 200})"
    report = points.health()
    (graph,) = report.health.graphs
    assert (graph.unreachable, graph.unreachable_ids) == (1, (5,))
    assert any("1 points of segment" in warning for warning in report.warnings)
    assert "1 unreachable" in repr(report)
    frame = report.degrees()
    assert frame["leaving"].sum() == frame["arriving"].sum() == COUNT
    assert frame["arriving"][0] == 1


def test_the_smallest_ef_that_finds_a_point_is_found(points: Any) -> None:
    give_chain(points, lost=5)
    (segment,) = [s.segment for s in points._inner.view.segments if s.sealed]
    graph = segment.column("", COUNT).searcher.graph
    graph.counts0[4] = 0
    graph.counts0[0], graph.links0[0, 2] = 3, 40
    graph.counts0[40], graph.links0[40, 0] = 1, 5  # the only way to 5 is by 0 and 40, behind 4, 3, 2, 1 and 0
    query = [5.0, 0.0]
    verdict = points.why_missed(query, 5, k=1, ef=1)
    assert (verdict.reason, verdict.cure, verdict.verdict.ef) == ("ef too low", "search with ef=6", 6)
    assert points.search(query, k=1, ef=5).ids == [4]
    assert points.search(query, k=1, ef=6).ids == [5]
    assert verdict.code == "collection.search(query, k=1, ef=6)"
    assert dict(verdict.verdict.tried) == {1: None, 2: None, 4: None, 5: None, 6: 1, 8: 1}
    assert "← this search" in verdict._repr_html_()
    assert points.why_missed(query, 5, k=1, ef=6).reason == "returned"


def test_a_healthy_collection_has_no_warnings(points: Any) -> None:
    report = points.health()
    assert report.warnings == ()
    assert (report.health.points, report.health.unreachable, report.health.tombstones) == (COUNT, 0, 0)
    assert "nothing is wrong" in repr(report)
    assert "Graphs" in report._repr_html_()
    assert "<svg" in report._repr_html_()


def test_dead_rows_are_counted_and_warned_of(points: Any) -> None:
    points.configure(optimizers={"indexing_threshold": 0})
    points.delete(list(range(300)))
    report = points.health()
    assert report.health.tombstones == 300
    assert any("30% of the rows" in warning for warning in report.warnings)


def test_a_point_that_is_not_indexed_is_told_from_others() -> None:
    with wb.open() as db:
        vectors = np.random.default_rng(0).normal(size=(400, 8)).astype(np.float32)
        made = db.create("tail", vectors=vectors[:4], progress=False)
        made.configure(optimizers={"indexing_threshold": 0})
        made.add(pd.DataFrame({"n": range(4, 400)}), vectors=vectors[4:], id="n", progress=False)
        # Qdrant counts what is small as indexed; to see the reason without 10 MB, nothing is small here.
        view = made._inner.view
        aim = nearest.target(view, "")._replace(small=0.0)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(nearest, "target", lambda *_: aim)
            verdict = missed.why(view, "", vectors[7], 3, 7, params=SearchParams(indexed_only=True))
        assert (verdict.reason, verdict.rank) == ("not indexed yet", 1)
        assert verdict.cure == "collection.optimize(), or search without indexed_only"


def test_codes_that_are_all_the_same_are_to_blame_for_what_they_miss(points: Any) -> None:
    points.configure(quantization={"binary": {"always_ram": True}})
    points.optimize(progress=False)
    query = [999.0, 0.0]
    assert points.search(query, k=1, exact=True).ids == [999]
    verdict = points.why_missed(query, 999, k=1)
    assert (verdict.reason, verdict.verdict.rank) == ("order of the codes", 1)
    assert verdict.cure == "exact=True, or more oversampling with rescore"
