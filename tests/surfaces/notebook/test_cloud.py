"""The points of a collection as a map needs them: numbered, with true neighbors and the values of fields."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

import workbench as wb
from workbench.models.points import IdArray
from workbench.models.where import where
from workbench.surfaces.notebook import cloud as clouds
from workbench.surfaces.notebook.cloud import PointCloud


@pytest.fixture(scope="module")
def stars() -> Iterator[wb.Collection]:
    draw = np.random.default_rng(3)
    db = wb.open()
    rows = [{"kind": "ab"[i % 2], "size": i} for i in range(400)]
    stars = db.create(
        "stars", rows, vectors=draw.normal(size=(400, 8)), id=list(range(1000, 1400)), progress=False
    )
    stars.delete([1000, 1007])
    yield stars
    db.close()


def true_neighbors(vectors: np.ndarray, k: int) -> np.ndarray:
    near = vectors @ vectors.T
    np.fill_diagonal(near, -np.inf)
    return np.argsort(-near, axis=1)[:, :k]


def test_points_are_numbered_without_the_dead(stars: wb.Collection) -> None:
    cloud = PointCloud.of(stars, "")
    assert len(cloud) == cloud.total == 398
    assert cloud.ids().tolist()[:7] == [1001, 1002, 1003, 1004, 1005, 1006, 1008]
    assert cloud.numbers_of(IdArray.of([1008, 1007, 5, 1001])).tolist() == [6, -1, -1, 0]


def test_neighbors_are_the_true_ones_without_the_point_itself(stars: wb.Collection) -> None:
    cloud = PointCloud.of(stars, "")
    rows, gaps = cloud.neighbors(5)
    assert (rows == true_neighbors(cloud.vectors(), 5)).all()
    assert (np.diff(gaps, axis=1) >= 0).all()
    assert gaps.min() >= 0


def test_a_filter_or_a_draw_makes_a_smaller_cloud_with_neighbors_of_its_own(stars: wb.Collection) -> None:
    some = PointCloud.of(stars, "", flt=where({"kind": "a"}))
    assert len(some) == 199
    assert (some.neighbors(3)[0] == true_neighbors(some.vectors(), 3)).all()
    drawn = PointCloud.of(stars, "", most=50)
    assert (len(drawn), drawn.total) == (50, 398)
    assert (drawn.neighbors(3)[0] == true_neighbors(drawn.vectors(), 3)).all()


def test_a_sealed_graph_and_one_made_for_the_cloud_find_nearly_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    draw = np.random.default_rng(5)
    vectors = draw.normal(size=(3000, 12)).astype(np.float32)
    with wb.open() as db:
        many = db.create("many", vectors=vectors, progress=False)
        monkeypatch.setattr(clouds, "_EXACT", 100)
        for sealed in (False, True):
            if sealed:
                many.optimize(progress=False)
            cloud = PointCloud.of(many, "")
            rows, _ = cloud.neighbors(10)
            truth = true_neighbors(cloud.vectors(), 10)
            assert np.mean([len(set(a) & set(b)) / 10 for a, b in zip(rows, truth, strict=True)]) > 0.95


def test_fields_and_payloads_are_those_of_the_numbered_points(stars: wb.Collection) -> None:
    cloud = PointCloud.of(stars, "", flt=where({"size": {"gte": 396}}))
    numbers, values = cloud.values("kind", "keyword")
    assert (numbers.tolist(), values.tolist()) == ([0, 1, 2, 3], ["a", "b", "a", "b"])
    assert cloud.payloads([3, 0]) == [{"kind": "b", "size": 399}, {"kind": "a", "size": 396}]
    assert cloud.values("nothing", "keyword")[0].tolist() == []


def test_an_empty_cloud_answers_with_nothing(stars: wb.Collection) -> None:
    none = PointCloud.of(stars, "", flt=where({"size": -1}))
    assert len(none) == 0
    assert none.neighbors(5)[0].shape == (0, 0)
    assert none.ids().tolist() == []
