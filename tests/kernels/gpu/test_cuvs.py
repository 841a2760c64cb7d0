"""cuVS as a builder: a module of its documented names and signatures stands in for it."""

from __future__ import annotations

import importlib.util
import sys
import types
from typing import Any

import numpy as np
import pytest

from tests.indexes.test_hnsw_build import clustered, recall
from tests.kernels.gpu.standin import put_in_place
from workbench import errors, kernels
from workbench.indexes import flat, hnsw_build
from workbench.indexes.hnsw import HnswSearcher
from workbench.indexes.hnsw_connect import reachable

L2, DOT, L1 = kernels.SQUARED_L2, kernels.NEGATIVE_DOT, kernels.L1


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Put a cuVS in place whose graphs are the true neighbors in a mixed order; note what it is asked for."""
    asked: list[dict[str, Any]] = []

    class IndexParams:
        def __init__(
            self, *, metric: str, intermediate_graph_degree: int, graph_degree: int, build_algo: str
        ) -> None:
            self.metric, self.degree = metric, graph_degree
            asked.append(
                {
                    "metric": metric,
                    "first": intermediate_graph_degree,
                    "degree": graph_degree,
                    "algo": build_algo,
                }
            )

    def build(index_params: IndexParams, dataset: Any, resources: Any = None) -> Any:
        metric = {"sqeuclidean": L2, "inner_product": DOT}[index_params.metric]
        near = flat.search_batch(dataset, dataset, index_params.degree, metric)[0]
        graph = np.random.default_rng(0).permuted(near, axis=1).astype(np.uint32)
        graph[0, 0] = 0xFFFFFFFF  # nobody
        return types.SimpleNamespace(graph=graph)

    cagra = types.SimpleNamespace(IndexParams=IndexParams, build=build)
    neighbors = types.SimpleNamespace(cagra=cagra)
    for name, module in (("cuvs", types.SimpleNamespace(neighbors=neighbors)), ("cuvs.neighbors", neighbors)):
        monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.setitem(sys.modules, "cuvs.neighbors.cagra", cagra)
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *rest: cagra if name == "cuvs" else find(name, *rest)
    )
    return asked


@pytest.mark.parametrize(("metric", "name"), [(L2, "sqeuclidean"), (DOT, "inner_product")])
def test_cuvs_proposes_neighbors_and_our_pruning_makes_the_graph(
    asked: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch, metric: int, name: str
) -> None:
    put_in_place(monkeypatch)
    vectors, queries = clustered(1000, 12), clustered(100, 12, seed=1)
    graph = hnsw_build.build(vectors, metric, m=8, builder="cuvs")
    graph.validate(1000)
    assert reachable(graph).all()
    assert asked == [{"metric": name, "first": 192, "degree": 96, "algo": "nn_descent"}]
    rows, _ = HnswSearcher(graph, vectors, metric).search_batch(queries, 10, 64)
    assert recall(rows, flat.search_batch(vectors, queries, 10, metric)[0]) > 0.97


def test_what_cuvs_does_not_know_and_a_cuvs_that_is_not_there_are_refused(
    asked: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    put_in_place(monkeypatch)
    with pytest.raises(errors.InvalidRequest, match="Manhattan"):
        hnsw_build.build(clustered(300, 4), L1, builder="cuvs")
    monkeypatch.undo()
    put_in_place(monkeypatch)
    with pytest.raises(errors.DeviceUnavailable, match="cuVS is not installed"):
        hnsw_build.build(clustered(300, 4), L2, builder="cuvs")
    assert asked == []
