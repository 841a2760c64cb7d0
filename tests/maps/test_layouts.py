"""Layouts keep what is near near, tell how far they are, and stop when they are told to."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from workbench.errors import Cancelled
from workbench.maps import layouts, trust
from workbench.maps.umap import umap


def clumps(count: int, each: int, dim: int = 16) -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(7)
    kind = np.repeat(np.arange(count), each)
    return (draw.normal(size=(count, dim)) * 6)[kind] + draw.normal(size=(count * each, dim)), kind


def nearest(vectors: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    gaps = np.linalg.norm(vectors[:, None] - vectors[None], axis=2)
    np.fill_diagonal(gaps, np.inf)
    rows = np.argsort(gaps, axis=1)[:, :k]
    return rows.astype(np.int32), np.take_along_axis(gaps, rows, 1).astype(np.float32)


def purity(layout: np.ndarray, kind: np.ndarray) -> float:
    return float((kind[trust.on_map(layout, 5)] == kind[:, None]).mean())


def test_pca_puts_the_widest_direction_on_the_first_axis() -> None:
    draw = np.random.default_rng(0)
    vectors = draw.normal(size=(500, 3)) * [1.0, 5.0, 0.1]
    placed = layouts.pca(vectors.astype(np.float32))
    assert abs(np.corrcoef(placed[:, 0], vectors[:, 1])[0, 1]) > 0.99
    assert abs(np.corrcoef(placed[:, 1], vectors[:, 0])[0, 1]) > 0.99
    assert np.abs(placed).max() == pytest.approx(10)


@pytest.mark.parametrize("shape", [(5, 1), (1, 4), (0, 3), (40, 3000)])
def test_pca_takes_any_shape(shape: tuple[int, int]) -> None:
    placed = layouts.pca(np.random.default_rng(0).normal(size=shape).astype(np.float32))
    assert placed.shape == (shape[0], 2)
    assert np.isfinite(placed).all()


def test_pca_of_equal_vectors_is_one_place() -> None:
    assert (layouts.pca(np.ones((9, 4), np.float32)) == 0).all()


@pytest.mark.parametrize("lay_out", [umap, layouts.tsne])
def test_a_layout_keeps_clumps_apart_and_reports_on_the_way(lay_out: Callable[..., np.ndarray]) -> None:
    vectors, kind = clumps(5, 40)
    said: list[tuple[int, int]] = []
    placed = lay_out(
        *nearest(vectors, 12),
        layouts.pca(vectors),
        progress=lambda done, total, _="": said.append((done, total)),
    )
    assert placed.shape == (200, 2)
    assert placed.dtype == np.float32
    assert purity(placed, kind) > 0.97
    assert said[-1][0] >= 0.9 * said[-1][1] > 0


@pytest.mark.parametrize("lay_out", [umap, layouts.tsne])
def test_cancel_ends_a_layout_within_an_epoch(lay_out: Callable[..., np.ndarray]) -> None:
    vectors, _ = clumps(3, 30)
    reached = 0

    def progress(done: int, total: int, text: str = "") -> None:
        nonlocal reached
        reached = max(reached, done)
        if done > 20:
            raise Cancelled("enough")

    with pytest.raises(Cancelled):
        lay_out(*nearest(vectors, 10), layouts.pca(vectors), progress=progress)
    assert reached < 40


def test_layouts_on_the_way_are_shown_as_copies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layouts, "SHOW_EVERY_S", 0.0)
    monkeypatch.setattr(layouts, "_PATIENCE", 0.0)
    monkeypatch.setattr(layouts, "_POINTS_A_SECOND", float("inf"))
    vectors, _ = clumps(3, 20)
    seen: list[np.ndarray] = []
    last = umap(*nearest(vectors, 8), layouts.pca(vectors), epochs=20, shown=seen.append)
    assert len(seen) >= 10
    assert not np.allclose(seen[0], seen[-1])
    assert seen[-1] is not last
