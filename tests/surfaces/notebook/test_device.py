"""``device=`` where something is asked: search, batches, matrices, tuning, maps, with NumPy as the device."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import workbench as wb
from tests.indexes.test_knn_lists import Small
from tests.kernels.gpu.standin import put_in_place
from workbench import errors
from workbench.indexes import exact, flat_gpu, hnsw_build_gpu, knn_lists
from workbench.kernels.gpu import devices, topk
from workbench.models.requests import MatrixRequest
from workbench.query.matrix import matrix
from workbench.surfaces.notebook.cloud import PointCloud
from workbench.surfaces.notebook.tuning import Bench

VECTORS = np.random.default_rng(0).normal(size=(600, 16)).astype(np.float32)


@pytest.fixture
def points() -> Iterator[wb.Collection]:
    with wb.open() as db:
        rows = [{"even": i % 2 == 0} for i in range(500)]
        made = db.create("points", rows, vectors=VECTORS[:500], progress=False)
        made.add([{"even": False}] * 100, vectors=VECTORS[500:], progress=False)  # a tail beside the graph
        yield made


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Let NumPy be the device, and note what it is asked for."""
    put_in_place(monkeypatch)
    asked: list[str] = []
    for module, name in ((flat_gpu, "search_batch"), (hnsw_build_gpu, "build"), (knn_lists, "exact_lists")):
        _note(monkeypatch, module, name, asked)
    return asked


def _note(monkeypatch: pytest.MonkeyPatch, module: Any, name: str, asked: list[str]) -> None:
    work = getattr(module, name)

    def noted(*given: Any, **settings: Any) -> Any:
        asked.append(name)
        return work(*given, **settings)

    monkeypatch.setattr(module, name, noted)


def ids(hits: list[Any]) -> list[list[Any]]:
    return [[hit.id for hit in found] for found in hits]


def test_a_batch_on_the_gpu_gives_the_exact_answers(points: wb.Collection, asked: list[str]) -> None:
    expected = points.search_batch(VECTORS[:20], k=5, exact=True, device="cpu")
    assert asked == []
    found = points.search_batch(VECTORS[:20], k=5, device="gpu")
    assert asked == ["search_batch"] * 2  # the sealed segment and the tail
    assert ids(found) == ids(expected)
    assert found[3][0].score == pytest.approx(1.0, abs=1e-6)
    where = {"even": True}
    assert ids(points.search_batch(VECTORS[:20], k=5, where=where, device="gpu")) == ids(
        points.search_batch(VECTORS[:20], k=5, where=where, exact=True, device="cpu")
    )


def test_large_exact_batches_go_there_by_themselves_and_walks_do_not(
    points: wb.Collection, asked: list[str]
) -> None:
    points.search_batch(VECTORS[:20], k=5)
    assert asked == []
    points.search_batch(VECTORS[:20], k=5, exact=True)
    assert asked == ["search_batch"] * 2


def test_one_query_goes_there_when_told_to(points: wb.Collection, asked: list[str]) -> None:
    hits = points.search(VECTORS[7], k=3, device="gpu")
    assert hits[0].id == 7
    assert asked == ["search_batch"] * 2
    assert hits.choices[0].reason == "a comparison with all vectors on a GPU was asked for"
    points.search(VECTORS[7], k=3, device="auto")
    assert len(asked) == 2


def test_more_hits_than_a_gpu_returns_are_exact_too(
    points: wb.Collection, asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = points.search_batch(VECTORS[:20], k=5, exact=True, device="cpu")
    monkeypatch.setattr(topk, "LARGEST_K", 4)
    _note(monkeypatch, exact, "search_batch", asked)
    assert ids(points.search_batch(VECTORS[:20], k=5, device="gpu")) == ids(expected)
    assert asked == ["search_batch"] * 2  # which the CPU answers


def test_no_gpu_is_said_wherever_one_is_asked_for(
    points: wb.Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(devices, "why_none", lambda: "No GPU is used: there is none.")
    for ask in (
        lambda: points.search(VECTORS[0], device="gpu"),
        lambda: points.search_batch(VECTORS[:2], device="gpu"),
        lambda: points.tune(device="gpu"),
        lambda: points.map(device="gpu"),
    ):
        with pytest.raises(errors.DeviceUnavailable, match="there is none"):
            ask()
    with pytest.raises(errors.InvalidRequest, match="auto, cpu, gpu"):
        points.search(VECTORS[0], device="tpu")
    assert points.search_batch(VECTORS[:2], exact=True)[1][0].id == 1


def test_a_full_device_leaves_the_batch_to_the_cpu_and_says_so(
    points: wb.Collection, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    put_in_place(monkeypatch, lambda: Small(room=0))
    with caplog.at_level(logging.WARNING, "workbench"):
        found = [points.search_batch(VECTORS[:20], k=5, device="gpu") for _ in range(2)][1]
    assert [hits[0].id for hits in found] == list(range(20))
    told = [r.getMessage() for r in caplog.records]
    assert told == ["the memory of NumPy is full: the CPU compares the queries"]


def test_a_matrix_compares_the_sample_with_itself(points: wb.Collection, asked: list[str]) -> None:
    view = points._inner.view
    request = MatrixRequest(sample=40, limit=3, flt=None, using="")
    on_gpu = matrix(view, request, seed=1, device="gpu")
    assert asked == ["search_batch"]
    on_cpu = matrix(view, request, seed=1, device="cpu")
    assert on_gpu.ids == on_cpu.ids
    assert [[i for i, _ in near] for near in on_gpu.nearest] == [
        [i for i, _ in near] for near in on_cpu.nearest
    ]
    assert {len(near) for near in on_gpu.nearest} == {3}


def test_tuning_finds_its_truth_and_builds_its_graphs_there(points: wb.Collection, asked: list[str]) -> None:
    bench = Bench.of(points, queries=VECTORS[:30], device="gpu").prepare()
    assert asked == ["search_batch"] * 2
    other = bench.variant(8, 50)
    assert asked[2:] == ["build"]
    assert other.measure(10, 64).recall > 0.9
    here = Bench.of(points, queries=VECTORS[:30], device="cpu").prepare()
    assert np.allclose(here.truth(10), bench.truth(10), atol=1e-5)
    assert len(asked) == 3


def test_a_tuner_follows_the_device_of_its_collection(points: wb.Collection, asked: list[str]) -> None:
    assert Bench.of(points).device == "auto"
    points.configure(device="gpu")
    assert Bench.of(points).device == "gpu"


def test_the_neighbors_of_a_map_are_found_there(points: wb.Collection, asked: list[str]) -> None:
    near, gaps = PointCloud.of(points, "", device="gpu").neighbors(5)
    assert asked == ["exact_lists"]
    expected, distances = PointCloud.of(points, "", device="cpu").neighbors(5)
    assert np.mean(near == expected) > 0.97  # the CPU walks a graph
    assert np.allclose(gaps[:, 0], distances[:, 0], atol=1e-5)


@pytest.mark.parametrize("device", ["auto", "gpu"])
def test_a_gpu_that_is_full_leaves_neighbors_to_the_cpu(
    points: wb.Collection, monkeypatch: pytest.MonkeyPatch, device: str
) -> None:
    put_in_place(monkeypatch, lambda: Small(room=0))
    assert exact.lists(VECTORS, 5, 0, device) is None
    assert PointCloud.of(points, "", device=device).neighbors(5)[0].shape == (600, 5)
