"""Quantization in a collection: configured, searched by, changed, reopened, and answered without if lost."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import workbench
from workbench import errors, kernels
from workbench.models.quantization import Encoding, Quantization, QueryEncoding

DIM, N = 32, 2000
SCALAR = {"scalar": {"type": "int8", "quantile": 0.99, "always_ram": True}}
KINDS = {
    "scalar": SCALAR,
    "product": {"product": {"compression": "x8"}},
    "binary": {"binary": {"encoding": "two_bits", "query_encoding": "scalar8bits"}},
    "turbo": {"turbo": {"bits": "bits2"}},
}


def vectors(n: int = N, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    centers = np.random.default_rng(5).normal(size=(20, DIM))
    return (centers[rng.integers(20, size=n)] + 0.5 * rng.normal(size=(n, DIM))).astype(np.float32)


@pytest.fixture(autouse=True)
def _loaded() -> None:
    kernels.warm(block=True)


@pytest.fixture
def db(tmp_path: Path) -> Iterator[workbench.Database]:
    with workbench.open(tmp_path / "db") as opened:
        yield opened


def create(db: workbench.Database, name: str, **settings: Any) -> Any:
    frame = [{"n": i, "group": i % 4} for i in range(N)]
    return db.create(name, frame, vectors=vectors(), distance="Euclid", progress=False, **settings)


def codes(collection: Any, name: str = "") -> Any:
    """The codes of the only sealed segment."""
    (segment,) = [s for s in collection._inner.view.segments if s.sealed]
    return segment.dense(name).quantized


@pytest.mark.parametrize("kind", KINDS)
def test_scores_are_those_of_the_codes_only_if_not_rescored(db: workbench.Database, kind: str) -> None:
    plain, coded = create(db, "plain"), create(db, "coded", quantization=KINDS[kind])
    query = vectors(1, seed=3)[0]
    true = plain.search(query, k=5, exact=True, payload=False)
    asked = {"rescore": True, "oversampling": 50.0}
    rescored = coded.search(query, k=5, ef=500, quantization=asked, payload=False)
    assert rescored.ids == true.ids
    np.testing.assert_allclose(rescored.scores, true.scores, rtol=1e-5)
    rough = coded.search(query, k=5, ef=500, quantization={"rescore": False}, payload=False)
    assert not np.allclose(rough.scores, true.scores, rtol=1e-6)
    for asked in ({"ignore": True}, {"ignore": True, "rescore": False}):
        ignored = coded.search(query, k=5, ef=500, quantization=asked, payload=False)
        np.testing.assert_allclose(ignored.scores, true.scores, rtol=1e-5)
    exact = coded.search(query, k=5, exact=True, quantization={"rescore": False}, payload=False)
    np.testing.assert_allclose(exact.scores, true.scores, rtol=1e-5)


def test_oversampling_tells_how_many_are_found_by_codes(
    db: workbench.Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    from workbench.indexes.quantization import QuantizedSearcher

    coded = create(db, "coded", quantization=SCALAR)
    counts: list[int] = []
    walk = QuantizedSearcher.walk

    def counted(self: Any, query: Any, k: int, count: int, *rest: Any, **named: Any) -> Any:
        counts.append(count)
        return walk(self, query, k, count, *rest, **named)

    monkeypatch.setattr(QuantizedSearcher, "walk", counted)
    for asked in ({"oversampling": 2.4}, {"oversampling": 1}, {"rescore": False, "oversampling": 3}):
        coded.search(vectors(1)[0], k=100, quantization=asked)
    assert counts == [240, 100, 100]


@pytest.mark.parametrize("kind", KINDS)
def test_filtered_searches_go_by_codes(db: workbench.Database, kind: str) -> None:
    coded = create(db, "coded", quantization=KINDS[kind])
    query = vectors(1, seed=4)[0]
    for where, matching in (({"group": 1}, 500), ({"n": {"lt": 20}}, 20), ({"n": {"gte": 10}}, N - 10)):
        true = coded.search(query, k=10, where=where, exact=True, payload=False)
        asked = {"oversampling": 6}
        found = coded.search(query, k=10, where=where, ef=300, quantization=asked, payload=False)
        assert coded.count(where) == matching
        assert len(found.ids) == 10
        assert len(set(found.ids) & set(true.ids)) >= 7
        assert found.choices[0].strategy != "exact"


def test_all_points_are_scanned_by_codes_where_there_is_no_graph(db: workbench.Database) -> None:
    coded = create(db, "coded", quantization=SCALAR, m=0)
    coded.optimize(progress=False)
    query = vectors(1, seed=3)[0]
    found = coded.search(query, k=5, payload=False)
    assert found.choices[0].strategy == "codes"
    assert found.ids == coded.search(query, k=5, exact=True, payload=False).ids


def test_changing_the_configuration_makes_codes_anew_and_keeps_the_graph(db: workbench.Database) -> None:
    collection = create(db, "changed")
    assert codes(collection) is None
    (before,) = [s for s in collection._inner.view.segments if s.sealed]
    links = before.dense("").searcher.graph.links0.copy()
    collection.configure(quantization=SCALAR).wait(60)
    (after,) = [s for s in collection._inner.view.segments if s.sealed]
    assert after.segment.number != before.segment.number
    assert codes(collection).settings == Quantization(kind="scalar", quantile=0.99, placement="pinned")
    assert np.array_equal(after.dense("").searcher.graph.links0, links)
    # A change of where they are kept needs no new codes.
    collection.configure(quantization={"scalar": {"type": "int8", "quantile": 0.99}}).wait(60)
    (same,) = [s for s in collection._inner.view.segments if s.sealed]
    assert same.segment.number == after.segment.number
    collection.configure(quantization="Disabled").wait(60)
    assert codes(collection) is None
    assert collection.info.config.quantization is None


def test_codes_of_an_earlier_configuration_are_not_searched(db: workbench.Database) -> None:
    collection = create(db, "changed", quantization=SCALAR)
    query = vectors(1, seed=3)[0]
    rough = collection.search(query, k=3, quantization={"rescore": False}).scores.tolist()
    collection.configure(optimizers={"max_optimization_threads": 0})  # nothing is made anew
    collection.configure(quantization={"scalar": {"type": "int8", "quantile": 0.7}})
    true = collection.search(query, k=3, exact=True).scores.tolist()
    assert collection.search(query, k=3, quantization={"rescore": False}).scores.tolist() == true
    assert true != rough


def test_a_vector_has_its_own_quantization_or_the_collections() -> None:
    from workbench.models.config import CollectionConfig, VectorParams

    own = VectorParams(size=4, quantization={"binary": {"encoding": "two_bits"}})
    config = CollectionConfig(vectors={"a": own, "b": VectorParams(size=4)}, quantization=SCALAR)
    assert config.quantization_of("a") == Quantization(kind="binary", encoding=Encoding.TWO_BITS)
    assert config.quantization_of("b") == Quantization(kind="scalar", quantile=0.99, placement="pinned")
    assert CollectionConfig(vectors={"a": VectorParams(size=4)}).quantization_of("a") is None


@pytest.mark.parametrize("kind", KINDS)
def test_codes_are_read_again_when_the_folder_is_opened(tmp_path: Path, kind: str) -> None:
    query, asked = vectors(1, seed=3)[0], {"rescore": False}
    with workbench.open(tmp_path / "db") as db:
        before = create(db, "kept", quantization=KINDS[kind]).search(query, quantization=asked)
    with workbench.open(tmp_path / "db") as db:
        after = db["kept"].search(query, quantization=asked)
        assert (after.ids, after.scores.tolist()) == (before.ids, before.scores.tolist())
        assert codes(db["kept"]) is not None


def test_codes_that_are_to_be_in_ram_are_not_mapped(tmp_path: Path) -> None:
    from workbench.storage.residency import owner

    placements = {"ram": {"always_ram": True}, "pinned": {"memory": "pinned"}, "cold": {"memory": "cold"}}
    with workbench.open(tmp_path / "db") as db:
        for name, placement in placements.items():
            rows = np.random.default_rng(0).normal(size=(50_000, 64)).astype(np.float32)
            config = {"scalar": {"type": "int8", **placement}}
            made = db.create(name, vectors=rows, quantization=config, m=0, progress=False)
            made.optimize(progress=False)
            mapped = owner(codes(made).codes.arrays()["codes"])[1]
            assert mapped == (name == "cold")


def test_vectors_on_disk_are_given_back_when_they_put_codes_right(db: workbench.Database) -> None:
    rows = np.random.default_rng(0).normal(size=(10_000, 64)).astype(np.float32)
    cold = db.create("cold", vectors=rows, quantization=SCALAR, m=0, on_disk=True, progress=False)
    cold.optimize(progress=False)
    for number in range(3):
        assert cold.search(rows[number], payload=False).ids[0] == number
        (part,) = [p for p in cold.memory().parts if p.component == "vectors"]
        assert part.mapped == rows.nbytes
        assert part.resident in (0, None)  # None where the system does not tell


@pytest.mark.parametrize("kind", KINDS)
def test_damaged_codes_are_reported_answered_without_and_made_anew(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, kind: str
) -> None:
    query = vectors(1, seed=3)[0]
    with workbench.open(tmp_path / "db") as db:
        true = create(db, "lost", quantization=KINDS[kind]).search(query, exact=True).scores.tolist()
    (path, *_) = sorted((tmp_path / "db").glob("**/quantized-0-*.npy"))
    path.write_bytes(path.read_bytes()[:-1] + b"\x01")
    with caplog.at_level(logging.WARNING, "workbench"), workbench.open(tmp_path / "db") as db:
        collection = db["lost"]
        assert collection.search(query, ef=200, quantization={"rescore": False}).scores.tolist() == true
        assert "searched by its vectors until they are made anew" in caplog.text
        collection.wait(60)
        assert codes(collection) is not None


def test_memory_names_the_bytes_of_the_codes(db: workbench.Database) -> None:
    coded = create(db, "coded", quantization=SCALAR)
    parts = {part.component: part for part in coded.memory().parts}
    assert parts["quantized codes"].predicted == N * (64 + 4) + 4 * DIM
    assert (
        parts["quantized codes"].mapped + parts["quantized codes"].held == parts["quantized codes"].predicted
    )
    assert parts["quantized codes"].disk > N * 64
    assert "codes" not in parts


BAD: list[tuple[Any, str]] = [
    ({"scalar": {"type": "int4"}}, "quantization.scalar.type: expected one of int8, got 'int4'"),
    (
        {"scalar": {"type": "int8", "quantile": 0.2}},
        "quantization.scalar.quantile: expected 0.5 to 1, got 0.2",
    ),
    ({"product": {"compression": "x3"}}, "quantization.product.compression: expected one of x4, x8"),
    ({"binary": {"encoding": "three_bits"}}, "quantization.binary.encoding: expected one of one_bit"),
    ({"turbo": {"bits": 4}}, "quantization.turbo.bits: expected one of bits1, bits1_5, bits2, bits4"),
    ({"turbo": {"bit": "bits4"}}, r"quantization.turbo: unknown settings \['bit'\]"),
    ({"scalar": 8}, "quantization.scalar: expected its settings, got 8"),
    ({}, "quantization: expected one of scalar, product, binary, turbo"),
    ("scalar", "quantization: expected one of scalar, product, binary, turbo"),
]


@pytest.mark.parametrize(("config", "text"), BAD)
def test_settings_that_no_kind_has_are_refused(db: workbench.Database, config: Any, text: str) -> None:
    with pytest.raises(errors.InvalidRequest, match=text):
        db.create("refused", size=4, quantization=config)
    assert "refused" not in db


@pytest.mark.parametrize(
    ("asked", "text"),
    [
        ({"oversampling": 0.5}, "oversampling: expected a number from 1 to 1,099,511,627,776, got 0.5"),
        ({"oversampling": np.inf}, "oversampling: expected a number from 1 to 1,099,511,627,776, got inf"),
        ({"rescore": 1}, "quantization.rescore: expected True or False, got 1"),
        ({"rescored": True}, "quantization: expected ignore, rescore or oversampling, got"),
    ],
)
def test_parameters_that_no_search_has_are_refused(db: workbench.Database, asked: Any, text: str) -> None:
    collection = db.create("some", size=4)
    with pytest.raises(errors.InvalidRequest, match=text):
        collection.search([1, 0, 0, 0], quantization=asked)


def test_the_settings_of_each_kind_are_read() -> None:
    cases = [
        ({"product": {"compression": "x64"}}, Quantization(kind="product", compression=64)),
        (
            {"binary": {"query_encoding": "scalar8bits", "memory": "cached"}},
            Quantization(kind="binary", query_encoding=QueryEncoding.SCALAR8, placement="cached"),
        ),
        ({"binary": {"query_encoding": "default", "encoding": None}}, Quantization(kind="binary")),
        ({"turbo": {}}, Quantization(kind="turbo", bits=4.0)),
        ({"turbo": {"bits": "bits1_5", "always_ram": False}}, Quantization(kind="turbo", bits=1.5)),
        (
            {"scalar": {"type": "int8", "always_ram": True, "memory": "cold"}},
            Quantization(kind="scalar", placement="cold"),
        ),
    ]
    for config, expected in cases:
        assert Quantization.parse(config) == expected
    assert Quantization.parse(None) is None


def test_another_encoding_of_queries_takes_no_second_copy_of_the_codes(db: workbench.Database) -> None:
    coded = create(db, "coded", quantization={"binary": {"always_ram": True}})
    before = [p.held for p in coded.memory().parts if p.component == "quantized codes"]
    coded.configure(quantization={"binary": {"always_ram": True, "query_encoding": "scalar8bits"}})
    assert len(coded.search(vectors(1)[0], k=3, quantization={"rescore": False}).ids) == 3
    assert [p.held for p in coded.memory().parts if p.component == "quantized codes"] == before
