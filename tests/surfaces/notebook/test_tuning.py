"""The tuner's bench: its numbers against what can be worked out by hand or by another way."""

from __future__ import annotations

import numpy as np
import pytest

import workbench as wb
from workbench import kernels
from workbench.errors import InvalidRequest
from workbench.indexes import hnsw_build
from workbench.indexes.hnsw import HnswSearcher
from workbench.surfaces.notebook import tuning
from workbench.surfaces.notebook.heldout import unlinked
from workbench.surfaces.notebook.tuning import Bench, interval


def vectors(count: int, seed: int = 0) -> np.ndarray:
    """Clusters: on noise alone every search is hard and none is like another."""
    draw = np.random.default_rng(seed)
    centers = np.random.default_rng(7).normal(size=(60, 48))
    return (centers[draw.integers(0, 60, count)] + draw.normal(size=(count, 48))).astype(np.float32)


@pytest.fixture(scope="module")
def collection() -> wb.Collection:
    db = wb.open()
    return db.create(
        "points", {"n": range(4000)}, vectors=vectors(4000), indexing_threshold=1, progress=False
    )


def test_recall_is_the_share_of_true_neighbors_that_a_search_finds(collection: wb.Collection) -> None:
    queries = vectors(50, seed=1)
    bench = Bench.of(collection, queries=queries)
    by_hand = []
    for query in queries:
        true = set(collection.search(query, k=10, exact=True, payload=False).ids)
        by_hand.append(len(true & set(collection.search(query, k=10, ef=12, payload=False).ids)) / 10)
    measured = bench.measure(10, 12)
    assert measured.recall == pytest.approx(np.mean(by_hand))
    assert measured.low < measured.recall < measured.high
    assert (measured.queries, measured.points, measured.strategy) == (50, 4000, "graph")
    assert 0 < measured.p50_ms <= measured.p95_ms


def test_more_candidates_find_more_and_all_of_them_find_everything(collection: wb.Collection) -> None:
    bench = Bench.of(collection, queries=100)
    recalls = [bench.measure(10, ef).recall for ef in (8, 32, 128)]
    assert recalls == sorted(recalls)
    assert bench.measure(10, 4000).recall == 1.0
    assert bench.measure(10, 4000).strategy == "exact"


def test_points_that_ask_are_as_hard_to_answer_as_points_that_were_never_inserted(
    collection: wb.Collection,
) -> None:
    taken_out = Bench.of(collection, queries=200).measure(10, 8).recall
    never_inserted = Bench.of(collection, queries=vectors(200, seed=2)).measure(10, 8).recall
    assert taken_out == pytest.approx(never_inserted, abs=0.06)


def test_links_around_a_node_that_goes_never_lead_to_it() -> None:
    stored = vectors(1000)
    graph = hnsw_build.build(stored, kernels.SQUARED_L2, m=8, ef_construct=50)
    gone = np.unique([graph.entry, *range(0, 1000, 20)])
    left = unlinked(graph, stored, kernels.SQUARED_L2, gone)
    used = np.arange(left.links0.shape[1]) < left.counts0[:, None]
    assert not np.isin(left.links0[used], gone).any()
    assert left.entry not in gone
    kernels.warm(block=True)
    found, _ = HnswSearcher(left, stored, kernels.SQUARED_L2).search(stored[20], 10, 64)
    assert not np.isin(found, gone).any()


def test_a_variant_is_another_graph_over_the_same_points(collection: wb.Collection) -> None:
    bench = Bench.of(collection, queries=100)
    thin = bench.variant(4, 20)
    now, tried = bench.measure(10, 16), thin.measure(10, 16)
    assert (thin.m, thin.ef_construct, thin.points, thin.sampled_from) == (4, 20, 4000, None)
    assert tried.recall < now.recall
    assert tried.graph_bytes < now.graph_bytes
    assert tried.vector_bytes == now.vector_bytes == 4000 * 48 * 4
    assert np.array_equal(thin.truth(10), bench.truth(10))


def test_a_variant_of_many_points_is_built_over_a_sample(
    collection: wb.Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tuning, "SAMPLE", 1000)
    bench = Bench.of(collection, queries=50)
    assert bench.sampled
    small = bench.variant(8, 50)
    assert small.sampled_from == 4000
    assert 1000 <= small.points <= 1050
    assert small.measure(10, 1000).recall == 1.0


def test_points_in_several_segments_deleted_ones_and_points_without_a_vector_count_right() -> None:
    db = wb.open()
    found = db.create("many", {"n": range(600)}, vectors=vectors(600), indexing_threshold=1, progress=False)
    found.add({"n": range(100)}, vectors=vectors(100, seed=3), id=range(600, 700), progress=False)
    found.delete(range(50))
    found.wait()
    bench = Bench.of(found)
    assert bench.points == 650
    assert bench.measure(10, 600).recall == 1.0
    assert bench.variant(16, 100).measure(10, 600).recall == 1.0


@pytest.mark.parametrize(
    ("found", "low", "high"),
    [
        ([1.0] * 200, 0.99, 1.0),  # nothing missed in 2,000 hits
        ([1.0, 0.0] * 100, 0.43, 0.57),  # hits that come and go together: as many trials as queries
        ([0.5] * 200, 0.47, 0.53),  # hits that do not: ten times as many
    ],
)
def test_the_interval_is_as_wide_as_the_queries_differ(found: list[float], low: float, high: float) -> None:
    assert interval(np.array(found), 10) == pytest.approx((low, high), abs=0.01)


def test_what_cannot_be_measured_is_refused() -> None:
    db = wb.open()
    one = db.create("one", {"n": [1]}, vectors=[[1.0, 2.0]], progress=False)
    with pytest.raises(InvalidRequest, match="at least 2 vectors, got 1"):
        Bench.of(one)
    two = db.create("two", {"n": [1, 2]}, vectors=[[1.0, 2.0], [2.0, 1.0]], progress=False)
    assert Bench.of(two).measure(1, 8).recall == 1.0
    with pytest.raises(InvalidRequest, match="k: expected 1 to 1, got 5"):
        Bench.of(two).measure(5, 8)
    with pytest.raises(InvalidRequest, match="got none"):
        Bench.of(two, queries=[])


def test_a_quantized_collection_is_measured_by_its_codes() -> None:
    made = wb.open().create(
        "coded",
        {"n": range(2000)},
        vectors=vectors(2000),
        indexing_threshold=1,
        quantization={"binary": {}},
        progress=False,
    )
    plain = wb.open().create(
        "plain", {"n": range(2000)}, vectors=vectors(2000), indexing_threshold=1, progress=False
    )
    coded, full = Bench.of(made, queries=50), Bench.of(plain, queries=50)
    assert coded.measure(10, 16).recall < full.measure(10, 16).recall - 0.05
    assert coded.measure(10, 16).graph_bytes - full.measure(10, 16).graph_bytes >= 2000 * 48 / 8
