"""UMAP by cuML: a module of its documented names and signatures stands in for it."""

from __future__ import annotations

import importlib.util
import logging
import sys
import types
from typing import Any, ClassVar

import numpy as np
import pytest

import workbench as wb
from tests.kernels.gpu.standin import put_in_place
from workbench import errors
from workbench.maps import cuml_umap
from workbench.views.state import map_layout


class Umap:
    """Notes what it was made with, and lays points out on a line."""

    made: ClassVar[dict[str, Any]] = {}
    error: ClassVar[Exception | None] = None

    def __init__(
        self,
        *,
        n_neighbors: int,
        n_components: int,
        n_epochs: int,
        min_dist: float,
        random_state: int,
        precomputed_knn: tuple[np.ndarray, np.ndarray],
        output_type: str,
    ) -> None:
        Umap.made = {
            "n_neighbors": n_neighbors, "n_components": n_components, "n_epochs": n_epochs,
            "min_dist": min_dist, "random_state": random_state, "knn": precomputed_knn,
            "output_type": output_type,
        }  # fmt: skip

    def fit_transform(self, x: np.ndarray) -> np.ndarray:
        if Umap.error is not None:
            raise Umap.error
        return np.stack([np.arange(len(x)), np.zeros(len(x))], axis=1)


@pytest.fixture
def cuml(monkeypatch: pytest.MonkeyPatch) -> type[Umap]:
    module = types.SimpleNamespace(UMAP=Umap)
    monkeypatch.setitem(sys.modules, "cuml", types.SimpleNamespace(manifold=module))
    monkeypatch.setitem(sys.modules, "cuml.manifold", module)
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *rest: module if name == "cuml" else find(name, *rest)
    )
    monkeypatch.setattr(Umap, "error", None)
    return Umap


def test_cuml_gets_our_neighbors_with_each_point_first_among_its_own(cuml: type[Umap]) -> None:
    near, gaps = np.array([[1, 2], [0, 2], [1, 0]], np.int32), np.array([[1, 2], [1, 3], [3, 2]], np.float32)
    layout = cuml_umap.umap(near, gaps, np.zeros((3, 2), np.float32), epochs=7, min_dist=0.3, seed=5)
    assert layout.tolist() == [[0, 0], [1, 0], [2, 0]]
    assert layout.dtype == np.float32
    ids, distances = cuml.made.pop("knn")
    assert ids.tolist() == [[0, 1, 2], [1, 0, 2], [2, 1, 0]]
    assert distances.tolist() == [[0, 1, 2], [0, 1, 3], [0, 3, 2]]
    assert cuml.made == {
        "n_neighbors": 3, "n_components": 2, "n_epochs": 7, "min_dist": 0.3, "random_state": 5,
        "output_type": "numpy",
    }  # fmt: skip


def test_it_can_be_cancelled_before_it_begins(cuml: type[Umap]) -> None:
    def cancel(done: int, total: int, text: str = "") -> None:
        raise errors.Cancelled(text)

    near = np.zeros((3, 1), np.int32)
    with pytest.raises(errors.Cancelled, match="cuML"):
        cuml_umap.umap(near, near.astype(np.float32), np.zeros((3, 2), np.float32), progress=cancel)


@pytest.fixture
def points() -> Any:
    vectors = np.random.default_rng(0).normal(size=(200, 8))
    with wb.open() as db:
        yield db.create("points", vectors=vectors, progress=False)


def test_the_map_says_what_laid_it_out(
    cuml: type[Umap], points: wb.Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    def on_the_cpu(near: np.ndarray, gaps: np.ndarray, start: np.ndarray, **_: Any) -> np.ndarray:
        return start

    monkeypatch.setattr(map_layout, "umap", on_the_cpu)
    assert points.map().wait().view._about.endswith(" · by UMAP on the CPU")
    assert points.map(method="pca").wait().view._about.endswith(" · by principal components on the CPU")
    put_in_place(monkeypatch)
    shown = points.map().wait()
    assert shown.view._about.endswith(" · by cuML on the GPU")
    assert shown.state.layout[:, 0].tolist() == list(range(200))
    assert cuml.made["n_neighbors"] == 16
    assert points.map(device="cpu").wait().state.made_by == "UMAP on the CPU"


def test_a_cuml_that_fails_leaves_the_map_to_the_cpu_unless_it_was_asked_for(
    cuml: type[Umap], points: wb.Collection, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    put_in_place(monkeypatch)
    monkeypatch.setattr(map_layout, "umap", lambda near, gaps, start, **_: start)
    monkeypatch.setattr(cuml, "error", RuntimeError("no kernel image"))
    with caplog.at_level(logging.WARNING, "workbench"):
        assert points.map().wait().state.made_by == "UMAP on the CPU"
    assert "cuML failed, and the CPU lays the map out: no kernel image" in caplog.text
    shown = points.map(device="gpu").wait()
    assert shown.problem == "RuntimeError: no kernel image"
    assert "device='gpu'" in shown.code


def test_a_map_can_be_colored_by_clusters_of_the_vectors(points: wb.Collection) -> None:
    shown = points.map(method="pca", color="kmeans").wait()
    assert len(shown.state.coloring.legend) >= 2
    assert sum(entry["count"] for entry in shown.state.coloring.legend) == 200
    assert ["kmeans", "cluster of the vectors"] in shown.view._colors
