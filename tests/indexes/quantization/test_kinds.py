"""All kinds of codes under all metrics: near the vectors, exact once rescored, and refused when damaged."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.indexes.quantization.conftest import METRICS, clustered, searcher
from workbench import errors, kernels
from workbench.indexes import flat, hnsw_build_numba, quantization
from workbench.indexes.hnsw import HnswSearcher
from workbench.indexes.quantization import QuantizedSearcher
from workbench.models.quantization import Quantization

# By kind: its configuration; and for vectors of 72 numbers around 40 centers the least correlation of the
# distances of its codes with the true ones, the least share of the nearest 10 that its nearest 40 hold, and
# how many standard deviations all of its distances may be off at most.
KINDS: dict[str, tuple[dict[str, Any], float, float, float]] = {
    "scalar": ({"scalar": {"type": "int8"}}, 0.999, 1.0, 0.01),
    "scalar, clipped": ({"scalar": {"type": "int8", "quantile": 0.99}}, 0.99, 0.99, 0.1),
    "product x4": ({"product": {"compression": "x4"}}, 0.999, 0.99, 0.02),
    "product x8": ({"product": {"compression": "x8"}}, 0.99, 0.99, 0.05),
    "product x16": ({"product": {"compression": "x16"}}, 0.95, 0.97, 0.2),
    "product x32": ({"product": {"compression": "x32"}}, 0.89, 0.80, 0.5),
    "product x64": ({"product": {"compression": "x64"}}, 0.87, 0.70, 0.7),
    "binary": ({"binary": {}}, 0.57, 0.67, 1.0),
    "binary, 4-bit queries": ({"binary": {"query_encoding": "scalar4bits"}}, 0.69, 0.75, 1.0),
    "binary, 8-bit queries": ({"binary": {"query_encoding": "scalar8bits"}}, 0.69, 0.76, 1.0),
    "binary 1.5": ({"binary": {"encoding": "one_and_half_bits"}}, 0.60, 0.69, 1.2),
    "binary 1.5, 8-bit queries": (
        {"binary": {"encoding": "one_and_half_bits", "query_encoding": "scalar8bits"}},
        0.69,
        0.73,
        0.6,
    ),
    "binary 2": ({"binary": {"encoding": "two_bits"}}, 0.67, 0.69, 1.4),
    "binary 2, 8-bit queries": (
        {"binary": {"encoding": "two_bits", "query_encoding": "scalar8bits"}},
        0.76,
        0.76,
        0.6,
    ),
    "turbo 1": ({"turbo": {"bits": "bits1"}}, 0.80, 0.84, 0.1),
    "turbo 1.5": ({"turbo": {"bits": "bits1_5"}}, 0.88, 0.90, 0.1),
    "turbo 2": ({"turbo": {"bits": "bits2"}}, 0.93, 0.97, 0.1),
    "turbo 4": ({"turbo": {"bits": "bits4"}}, 0.99, 1.0, 0.02),
}
CASES = [(kind, name) for kind in KINDS for name in METRICS if (kind[:5], name) != ("turbo", "Manhattan")]


@pytest.fixture(scope="module", params=CASES, ids=lambda case: " ".join(case))
def case(request: Any) -> tuple[QuantizedSearcher, np.ndarray, str]:
    kind, name = request.param
    return searcher(KINDS[kind][0], clustered(3000), METRICS[name]), clustered(50, seed=1), kind


def test_the_distances_of_codes_are_near_those_of_the_vectors(
    case: tuple[QuantizedSearcher, np.ndarray, str],
) -> None:
    codes, queries, kind = case
    metric, vectors = codes.codes.metric, codes.vectors
    for query in queries[:10]:
        rows, found = codes.scan(query, 3000, 3000, rescore=False)
        true = flat.distances(vectors, query, metric, rows)
        assert np.corrcoef(found, true)[0, 1] >= KINDS[kind][1]
        # They are on one scale with the true ones, so that those of another segment can be put among them.
        assert abs(found.mean() - true.mean()) <= KINDS[kind][3] * true.std()
        assert (np.diff(found) >= 0).all()


def test_the_nearest_by_codes_hold_the_nearest(case: tuple[QuantizedSearcher, np.ndarray, str]) -> None:
    codes, queries, kind = case
    held = 0
    for query in queries:
        true, _ = flat.search(codes.vectors, query, 10, codes.codes.metric)
        rows, _ = codes.scan(query, 40, 40, rescore=False)
        held += len(np.intersect1d(rows, true))
    assert held / (10 * len(queries)) >= KINDS[kind][2]


def test_what_is_rescored_is_exact(case: tuple[QuantizedSearcher, np.ndarray, str]) -> None:
    codes, queries, _ = case
    for query in queries[:10]:
        rows, found = codes.scan(query, 10, 40)
        assert len(rows) == 10
        true = flat.distances(codes.vectors, query, codes.codes.metric, rows)
        np.testing.assert_allclose(found, true, rtol=1e-4, atol=1e-3)
        assert (np.diff(found) >= 0).all()


def test_all_rows_rescored_are_the_exact_answer(case: tuple[QuantizedSearcher, np.ndarray, str]) -> None:
    codes, queries, _ = case
    for query in queries[:5]:
        rows, _ = codes.scan(query, 10, 3000)
        assert rows.tolist() == flat.search(codes.vectors, query, 10, codes.codes.metric)[0].tolist()


def test_a_scan_of_some_rows_returns_only_those(case: tuple[QuantizedSearcher, np.ndarray, str]) -> None:
    codes, queries, _ = case
    chosen = np.arange(5, 3000, 7, dtype=np.int32)
    for rescore in (False, True):
        rows, _ = codes.scan(queries[0], 10, 30, rescore=rescore, chosen=chosen)
        assert len(rows) == 10
        assert set(rows.tolist()) <= set(chosen.tolist())
    assert len(codes.scan(queries[0], 10, 30, chosen=chosen[:3])[0]) == 3
    assert len(codes.scan(queries[0], 10, 30, chosen=chosen[:0])[0]) == 0


def test_a_walk_finds_what_a_scan_finds(case: tuple[QuantizedSearcher, np.ndarray, str]) -> None:
    codes, queries, _ = case
    metric = codes.codes.metric
    graph = HnswSearcher(hnsw_build_numba.build(codes.vectors, metric), codes.vectors, metric)
    walked = QuantizedSearcher(codes.codes, codes.settings, codes.vectors, graph)
    allowed = np.arange(3000) % 3 == 0
    same = among = 0
    for query in queries:
        expected, _ = codes.scan(query, 10, 40)
        same += len(np.intersect1d(walked.walk(query, 10, 40, 200)[0], expected))
        rows, _ = walked.walk(query, 10, 40, 200, allowed=allowed)
        assert allowed[rows].all()
        expected, _ = codes.scan(query, 10, 40, chosen=np.flatnonzero(allowed).astype(np.int32))
        among += len(np.intersect1d(rows, expected))
    assert same >= 0.97 * 10 * len(queries)
    assert among >= 0.95 * 10 * len(queries)


@pytest.mark.parametrize("dim", [1, 3, 65])
@pytest.mark.parametrize("name", METRICS)
@pytest.mark.parametrize("kind", KINDS)
def test_any_dimension_can_be_encoded(kind: str, name: str, dim: int) -> None:
    if kind.startswith("turbo") and name == "Manhattan":
        pytest.skip("a rotation does not keep this distance")
    vectors = np.random.default_rng(dim).normal(size=(300, dim)).astype(np.float32)
    codes = searcher(KINDS[kind][0], vectors, METRICS[name])
    rows, found = codes.scan(vectors[7], 300, 300, rescore=False)
    assert sorted(rows.tolist()) == list(range(300))
    assert np.isfinite(found).all()
    assert codes.scan(vectors[7], 1, 300)[0][0] == flat.search(vectors, vectors[7], 1, METRICS[name])[0][0]


@pytest.mark.parametrize("kind", KINDS)
def test_float16_and_uint8_are_encoded_as_the_numbers_they_are(kind: str) -> None:
    whole = np.random.default_rng(0).integers(0, 255, (400, 24)).astype(np.uint8)
    for stored in (whole, whole.astype(np.float16)):
        codes = searcher(KINDS[kind][0], stored, kernels.NEGATIVE_DOT)
        query = whole[3].astype(np.float32)
        rows, found = codes.scan(query, 5, 400)
        expected = flat.search(stored, query, 5, kernels.NEGATIVE_DOT)
        assert rows.tolist() == expected[0].tolist()
        np.testing.assert_allclose(found, expected[1], rtol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_damaged_arrays_are_refused(kind: str) -> None:
    vectors, metric = clustered(300), kernels.SQUARED_L2
    settings = Quantization.parse(KINDS[kind][0])
    assert settings is not None
    made = quantization.encode(vectors, metric, settings)
    assert made is not None
    arrays, meta = made.arrays(), made.meta()
    for name, array in arrays.items():
        worse = [array[:-1], array.astype(np.float64), array.reshape(-1)[:, None]]
        if array.dtype.kind == "f":
            spoiled = array.copy()
            spoiled.flat[-1] = np.nan
            worse.append(spoiled)
        for bad in worse:
            if bad.shape == array.shape and bad.dtype == array.dtype and bad.dtype.kind != "f":
                continue
            damaged = quantization.from_arrays({**arrays, name: bad}, meta, metric, settings)
            with pytest.raises(errors.Corrupted):
                damaged.validate(*vectors.shape)
    with pytest.raises(errors.Corrupted):
        quantization.from_arrays(arrays, meta, metric, settings).validate(301, 72)
    with pytest.raises(errors.Corrupted):
        quantization.from_arrays(arrays, meta, metric, settings).validate(300, 200)


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_encoded_of_no_vectors(kind: str) -> None:
    settings = Quantization.parse(KINDS[kind][0])
    assert settings is not None
    assert quantization.encode(np.empty((0, 8), np.float32), kernels.SQUARED_L2, settings) is None


def test_vectors_too_long_for_sums_of_levels_get_no_binary_codes() -> None:
    settings = Quantization(kind="binary")
    assert quantization.encode(np.float32([[1e17, 0], [-1e17, 0]]), kernels.SQUARED_L2, settings) is not None
    assert quantization.encode(np.float32([[9e18, 0], [-9e18, 0]]), kernels.SQUARED_L2, settings) is None
