"""Searches of multivectors by candidates: which points are compared, and when all are."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import workbench
from tests.query.test_quantized import SCALAR
from workbench import kernels
from workbench.indexes import multivector_candidates
from workbench.models.query import QuantizationParams, SearchParams
from workbench.query import nearest
from workbench.query.explain import explain
from workbench.query.plan import Choice, Strategy

DIM, N = 32, 900
CENTERS = np.random.default_rng(5).normal(size=(300, DIM))


def texts(n: int, seed: int = 0) -> list[list[list[float]]]:
    """Multivectors of 1 to 9 vectors, each near one of 300."""
    rng = np.random.default_rng(seed)
    near = [CENTERS[rng.integers(300, size=rng.integers(1, 10))] for _ in range(n)]
    return [(rows + 0.4 * rng.normal(size=rows.shape)).astype(np.float32).tolist() for rows in near]


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    kernels.warm(block=True)
    monkeypatch.setattr(multivector_candidates, "LEAST", 1000)
    monkeypatch.setattr(multivector_candidates, "PREPARING", 0)


@pytest.fixture
def db(tmp_path: Path) -> Iterator[workbench.Database]:
    with workbench.open(tmp_path / "db") as opened:
        yield opened


def create(db: workbench.Database, **settings: Any) -> Any:
    from qdrant_client import models

    client = db.client()
    multi = models.MultiVectorConfig(comparator=models.MultiVectorComparator.MAX_SIM)
    vectors = models.VectorParams(size=DIM, distance=models.Distance.COSINE, multivector_config=multi)
    client.create_collection("texts", vectors_config=vectors, **settings)
    client.upsert("texts", points(range(N), texts(N)))
    db["texts"].optimize(progress=False)
    return client


def points(ids: Any, vectors: Any) -> list[Any]:
    from qdrant_client import models

    return [
        models.PointStruct(id=i, vector=v, payload={"g": i % 3}) for i, v in zip(ids, vectors, strict=True)
    ]


def found(client: Any, query: Any = None, k: int = 5, flt: Any = None, **params: Any) -> list[int]:
    from qdrant_client import models

    query = texts(1, seed=9)[0] if query is None else query
    asked = models.SearchParams(**params)
    hits = client.query_points("texts", query, limit=k, query_filter=flt, search_params=asked).points
    return [hit.id for hit in hits]


def candidates(db: workbench.Database) -> Any:
    (segment,) = [s for s in db["texts"]._inner.view.segments if s.sealed]
    return segment.column("").candidates


def choice(db: workbench.Database, k: int = 5, **params: Any) -> Choice:
    """What was done to the sealed segment."""
    view, choices = db["texts"]._inner.view, []
    query = np.float32(texts(1, seed=9)[0])
    nearest.search(view, "", query, k, params=SearchParams(**params), choices=choices)
    return choices[0]


def test_what_product_codes_propose_is_compared(db: workbench.Database) -> None:
    client = create(db)
    assert choice(db).reason == "product codes of 900 multivectors proposed the 100 that were compared"
    assert (choice(db).strategy, choice(db).ef, choice(db).matching) == (Strategy.CODES, 100, 900)
    assert choice(db, exact=True).strategy is Strategy.EXACT
    asked = texts(20, seed=3)
    agreed = sum(len({*found(client, q)} & {*found(client, q, exact=True)}) for q in asked)
    assert agreed >= 0.95 * 5 * len(asked)


def test_the_number_of_candidates_is_that_of_the_search(db: workbench.Database) -> None:
    create(db)
    assert choice(db, hnsw_ef=40).ef == 40
    assert choice(db, hnsw_ef=2).ef == 5
    more = QuantizationParams(oversampling=12.0)
    assert choice(db, quantization=more).ef == 60
    assert choice(db, hnsw_ef=80, quantization=more).ef == 80
    assert choice(db, hnsw_ef=449).ef == 449
    assert choice(db, hnsw_ef=450).ef == 0  # to compare all costs no more
    assert choice(db, k=40).ef == round(40 * candidates(db).spread) > 100


def test_filters_and_deleted_points_are_left_out_before_candidates_are_proposed(
    db: workbench.Database,
) -> None:
    from qdrant_client import models

    client = create(db)
    flt = models.Filter(must=[models.FieldCondition(key="g", match=models.MatchValue(value=1))])
    hits = found(client, flt=flt, hnsw_ef=60)
    assert hits == found(client, flt=flt, exact=True)
    assert {i % 3 for i in hits} == {1}
    gone = found(client, k=60, exact=True)
    client.delete("texts", gone)
    assert choice(db).matching == N - 60
    assert found(client, hnsw_ef=60) == found(client, exact=True)
    assert not {*found(client, hnsw_ef=60)} & {*gone}


def test_points_that_were_written_since_are_all_compared(db: workbench.Database) -> None:
    client = create(db)
    (query,) = texts(1, seed=9)
    client.upsert("texts", points([3, N], [query, query]))
    assert found(client, k=2, hnsw_ef=5) == [3, N]
    client.upsert("texts", points([3, N], texts(2, seed=4)))
    assert found(client, hnsw_ef=60) == found(client, exact=True)


def test_explain_tells_of_them(db: workbench.Database) -> None:
    create(db)
    query = np.float32(texts(1, seed=9)[0])
    (part,) = [p for p in explain(db["texts"]._inner.view, "", query, 5).parts if p.sealed]
    assert (part.choice.strategy, part.choice.ef, part.matching, part.computed) == ("codes", 100, N, N)


def test_codes_of_the_configuration_compare_what_was_proposed(db: workbench.Database) -> None:
    client = create(db)
    db["texts"].configure(quantization=SCALAR).wait(60)
    assert choice(db).reason.endswith("proposed the 100 that were compared, by their codes")
    assert found(client, hnsw_ef=60) == found(client, exact=True)


def test_a_graph_without_links_asks_for_exact_searches(db: workbench.Database) -> None:
    from qdrant_client import models

    client = create(db, hnsw_config=models.HnswConfigDiff(m=0))
    assert candidates(db) is None
    assert choice(db).strategy is Strategy.EXACT
    client.update_collection("texts", hnsw_config=models.HnswConfigDiff(m=16))
    db["texts"].wait(60)
    assert candidates(db) is not None
    client.update_collection("texts", hnsw_config=models.HnswConfigDiff(m=0))
    db["texts"].wait(60)
    assert candidates(db) is None


def test_candidates_are_read_again_and_made_anew_where_they_are_damaged(tmp_path: Path, caplog: Any) -> None:
    with workbench.open(tmp_path / "db") as db:
        before, spread = found(create(db)), candidates(db).spread
        parts = {part.component: part for part in db["texts"].memory().parts}
        nbytes = sum(array.nbytes for array in candidates(db).arrays().values())
        assert parts["codes"].mapped + parts["codes"].held == nbytes < parts["codes"].disk
    with workbench.open(tmp_path / "db") as db:
        assert (found(db.client()), candidates(db).spread) == (before, spread)
    (path,) = (tmp_path / "db").glob("**/candidates-0-codes.npy")
    path.write_bytes(path.read_bytes()[:-1] + b"\x01")
    with caplog.at_level(logging.WARNING, "workbench"), workbench.open(tmp_path / "db") as db:
        assert "compared one by one until they are made anew" in caplog.text
        db["texts"].wait(60)
        assert (found(db.client()), candidates(db).spread) == (before, spread)
