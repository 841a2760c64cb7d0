"""Codes of multivectors: texts are found by the codes of their vectors, and measured by the vectors."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import workbench
from tests.query.test_quantized import KINDS, SCALAR
from workbench import kernels

DIM, N = 32, 300
CENTERS = np.random.default_rng(5).normal(size=(40, DIM))


def texts(n: int = N, seed: int = 0) -> list[list[list[float]]]:
    """Multivectors of 1 to 9 vectors, each near one of 40."""
    rng = np.random.default_rng(seed)
    near = [CENTERS[rng.integers(40, size=rng.integers(1, 10))] for _ in range(n)]
    return [(rows + 0.4 * rng.normal(size=rows.shape)).astype(np.float32).tolist() for rows in near]


@pytest.fixture(autouse=True)
def _loaded() -> None:
    kernels.warm(block=True)


@pytest.fixture
def db(tmp_path: Path) -> Iterator[workbench.Database]:
    with workbench.open(tmp_path / "db") as opened:
        yield opened


def create(db: workbench.Database, quantization: Any = None, distance: str = "Cosine") -> Any:
    from qdrant_client import models

    client = db.client()
    multi = models.MultiVectorConfig(comparator=models.MultiVectorComparator.MAX_SIM)
    vectors = models.VectorParams(size=DIM, distance=models.Distance(distance), multivector_config=multi)
    client.create_collection("texts", vectors_config=vectors)
    points = [models.PointStruct(id=i, vector=v, payload={"g": i % 3}) for i, v in enumerate(texts())]
    client.upsert("texts", points)
    db["texts"].optimize(progress=False)
    if quantization is not None:
        db["texts"].configure(quantization=quantization).wait(60)
    return client


def found(client: Any, k: int = 5, **asked: Any) -> tuple[list[int], list[float]]:
    from qdrant_client import models

    params = models.SearchParams(
        exact=asked.pop("exact", None),
        quantization=models.QuantizationSearchParams(
            **{n: asked.pop(n) for n in list(asked) if n != "query_filter"}
        ),
    )
    points = client.query_points("texts", texts(1, seed=9)[0], limit=k, search_params=params, **asked).points
    return [p.id for p in points], [p.score for p in points]


def codes(db: workbench.Database) -> Any:
    (segment,) = [s for s in db["texts"]._inner.view.segments if s.sealed]
    return segment.column("").quantized


@pytest.mark.parametrize("distance", ["Cosine", "Dot", "Euclid", "Manhattan"])
@pytest.mark.parametrize("kind", KINDS)
def test_scores_are_exact_unless_those_of_the_codes_are_asked_for(
    db: workbench.Database, kind: str, distance: str
) -> None:
    client = create(db, KINDS[kind], distance)
    true = found(client, exact=True)
    assert found(client, ignore=True) == true
    if kind == "turbo" and distance == "Manhattan":
        assert codes(db) is None  # a rotation does not keep this distance
        return
    every = found(client, oversampling=N / 5)
    assert every[0] == true[0]
    np.testing.assert_allclose(every[1], true[1], rtol=1e-5)
    rough = found(client, k=N, rescore=False)
    assert rough[1][:5] != true[1]
    exact = dict(zip(*found(client, k=N, exact=True), strict=True))
    assert np.corrcoef([exact[i] for i in rough[0]], rough[1])[0, 1] > 0.8


def test_oversampling_tells_how_many_are_measured(
    db: workbench.Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    from workbench.indexes.multivector import QuantizedMultivectors

    client = create(db, SCALAR)
    counts: list[int] = []
    search = QuantizedMultivectors.search

    def counted(self: Any, query: Any, k: int, count: int, **named: Any) -> Any:
        counts.append(count)
        return search(self, query, k, count, **named)

    monkeypatch.setattr(QuantizedMultivectors, "search", counted)
    found(client, oversampling=2.4)
    found(client, rescore=False, oversampling=3)
    assert counts == [12, 5]


@pytest.mark.parametrize("kind", KINDS)
def test_filtered_searches_go_by_codes(db: workbench.Database, kind: str) -> None:
    from qdrant_client import models

    client = create(db, KINDS[kind])
    flt = models.Filter(must=[models.FieldCondition(key="g", match=models.MatchValue(value=1))])
    ids, _ = found(client, query_filter=flt)
    assert ids == found(client, query_filter=flt, exact=True)[0]
    assert {i % 3 for i in ids} == {1}


def test_codes_follow_the_configuration_and_are_read_again(tmp_path: Path, caplog: Any) -> None:
    with workbench.open(tmp_path / "db") as db:
        client = create(db)
        assert codes(db) is None
        db["texts"].configure(quantization=SCALAR).wait(60)
        before = found(client, rescore=False)
        assert len(codes(db).searcher.codes.arrays()["codes"]) == sum(map(len, texts()))
        parts = {part.component: part.held for part in db["texts"].memory().parts}
        assert parts["quantized codes"] == codes(db).searcher.nbytes
    with workbench.open(tmp_path / "db") as db:
        assert found(db.client(), rescore=False) == before
    (path, *_) = sorted((tmp_path / "db").glob("**/quantized-0-*.npy"))
    path.write_bytes(path.read_bytes()[:-1] + b"\x01")
    with caplog.at_level(logging.WARNING, "workbench"), workbench.open(tmp_path / "db") as db:
        assert "searched by its vectors until they are made anew" in caplog.text
        db["texts"].wait(60)
        assert found(db.client(), rescore=False) == before
        db["texts"].configure(quantization="Disabled").wait(60)
        assert codes(db) is None
