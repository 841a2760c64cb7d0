"""What takes the memory: bytes that can be worked out by hand, beside those that are measured."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from qdrant_client import models

import workbench as wb
from workbench import kernels
from workbench.collection import vector_names
from workbench.collection.memory import ORDER, Part
from workbench.errors import InvalidRequest, NotFound
from workbench.storage.residency import resident
from workbench.surfaces.notebook import Collection, Database
from workbench.surfaces.notebook.memory import CollectionMemory

told = pytest.mark.skipif(resident([]) is None, reason="the system does not tell which pages are in RAM")


def vectors(count: int, dim: int) -> np.ndarray:
    return np.random.default_rng(0).normal(size=(count, dim)).astype(np.float32)


@pytest.fixture
def db() -> Iterator[Database]:
    with wb.open() as db:
        yield db


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Database]:
    with wb.open(tmp_path / "db") as db:
        yield db


def named(memory: CollectionMemory, component: str) -> dict[str, Part]:
    return {part.name: part for part in memory.parts if part.component == component}


def test_a_thousand_vectors_of_eight_floats_take_32_000_bytes_as_expected(db: Database) -> None:
    memory = db.create("points", vectors=vectors(1000, 8), progress=False).memory()
    assert memory["vectors"] == Part(
        component="vectors", held=32_000, resident=memory["vectors"].resident, predicted=32_000
    )
    assert (memory["ids"].held, memory["ids"].predicted) == (24_000, 24_000)  # keys, ids and operations
    assert memory["tail vectors"] == Part(component="tail vectors")


def test_links_are_as_many_as_m_lets_expect(db: Database) -> None:
    links = db.create("points", vectors=vectors(1000, 8), m=8, progress=False).memory()["links"]
    # A node: count, 16 links, level and offset; one in seven reaches up: count and 8 links a layer.
    assert links.predicted == 1000 * (2 + 64 + 4 + 8) + 8 + 143 * (2 + 32)
    assert links.held == pytest.approx(links.predicted, rel=0.02)


@pytest.mark.parametrize(
    ("distance", "datatype", "each"),
    [("Dot", "float16", 16), ("Manhattan", "uint8", 8), ("Euclid", "float32", 32), ("Cosine", "uint8", 8)],
)
def test_the_datatype_says_how_many_bytes_a_number_takes(
    db: Database, distance: str, datatype: str, each: int
) -> None:
    values = np.abs(vectors(100, 8)) * 50
    memory = db.create(
        "points", vectors=values, distance=distance, datatype=datatype, m=4, progress=False
    ).memory()
    assert (memory["vectors"].held, memory["vectors"].predicted) == (100 * each, 100 * each)
    copies = 3200 if (distance, datatype) == ("Cosine", "uint8") else 0  # kernels compare unit float32
    assert (memory["unit copies"].held, memory["unit copies"].predicted or 0) == (copies, copies)


def test_codes_take_a_byte_a_number_of_padded_dimensions(db: Database) -> None:
    memory = db.create("points", vectors=vectors(1100, 1000), m=4, ef_construct=8, progress=False).memory()
    assert memory["vectors"].held == 4_400_000
    assert (memory["codes"].held, memory["codes"].predicted) == (1100 * 1028 + 4000, 1100 * 1028 + 4000)


def test_a_search_leaves_a_byte_a_point_for_the_next_one(db: Database) -> None:
    kernels.warm(block=True)
    points = db.create("points", vectors=vectors(5000, 8), m=4, ef_construct=8, progress=False)
    assert points.memory()["search scratch"].held == 0
    assert points.search(np.ones(8), k=1, ef=2).choices[0].strategy.value == "graph"
    assert points.memory()["search scratch"].held > 5000


def test_vectors_on_disk_are_mapped_and_become_resident_by_being_read(tmp_path: Path) -> None:
    values = vectors(1000, 512)
    with wb.open(tmp_path) as db:
        db.create("points", vectors=values, m=4, ef_construct=8, progress=False)
    with wb.open(tmp_path) as db:
        memory = db["points"].memory()["vectors"]
        assert (memory.mapped, memory.held, memory.predicted) == (2_048_000, 0, 2_048_000)
        assert memory.disk == 2_048_000 + 128  # the head of a .npy file


@told
def test_what_was_mapped_is_resident_once_it_was_read(tmp_path: Path) -> None:
    with wb.open(tmp_path) as db:
        db.create("points", vectors=vectors(1000, 512), m=4, ef_construct=8, progress=False)
    with wb.open(tmp_path) as db:
        before = db["points"].memory()["vectors"].resident
        db["points"].search(np.ones(512), exact=True)
        after = db["points"].memory()["vectors"].resident
        assert (before or 0) < 100_000
        assert after == 2_048_000


def test_small_arrays_are_read_into_memory_and_not_mapped(kept: Database) -> None:
    memory = kept.create("points", vectors=vectors(1000, 8), progress=False).memory()["vectors"]
    assert (memory.mapped, memory.held, memory.disk) == (0, 32_000, 32_128)


def test_vectors_that_are_not_sealed_are_read_from_their_file(kept: Database) -> None:
    points = kept.create("points", vectors=vectors(100, 8), index=False, progress=False)
    points.add({"n": range(10)}, vectors=vectors(10, 8), progress=False)
    tail = points.memory()["tail vectors"]
    assert (tail.disk, tail.mapped, tail.held, tail.predicted) == (110 * 32, 110 * 32, 0, 110 * 32)
    points.optimize(progress=False)
    assert points.memory()["tail vectors"] == Part(component="tail vectors")
    assert points.memory()["vectors"].held == 110 * 32


def test_deleted_points_cost_a_mark_a_row_until_they_are_vacuumed(db: Database) -> None:
    points = db.create("points", vectors=vectors(100, 8), progress=False)
    assert points.memory()["deletion marks"].held == 0
    points.delete([3, 4])
    memory = points.memory()
    assert (memory["deletion marks"].held, memory["vectors"].held) == (100, 3200)


def test_every_file_of_a_collection_is_some_component_s(kept: Database) -> None:
    frame = pd.DataFrame({"n": range(1000)})
    points = kept.create(
        "points", frame, vectors={"a": vectors(1000, 8), "b": vectors(1000, 4)}, progress=False
    )
    points.add({"n": [1]}, vectors={"a": vectors(1, 8)}, progress=False)
    memory = points.memory()
    assert memory.total.disk == points.info.disk_bytes
    assert memory["other files"].disk == 0
    assert {name: part.held for name, part in named(memory, "vectors").items()} == {"a": 32_000, "b": 16_000}
    assert list(named(memory, "links")) == ["a", "b"]
    assert {name: part.disk for name, part in named(memory, "tail vectors").items()} == {"a": 32}


def test_sparse_vectors_take_eight_bytes_a_value_and_as_much_again_once_searched(db: Database) -> None:
    client = db.client()
    client.create_collection(
        "texts", vectors_config={}, sparse_vectors_config={"words": models.SparseVectorParams()}
    )
    sparse = models.SparseVector(indices=[1, 5], values=[0.5, 1.0])
    client.upsert("texts", [models.PointStruct(id=i, vector={"words": sparse}) for i in range(100)])
    db["texts"].optimize(progress=False)
    memory = db["texts"].memory()
    assert named(memory, "sparse vectors")["words"].held == 101 * 8 + 200 * (4 + 4)
    indexed = named(memory, "postings")["words"].held
    # Dimensions, starts, and a slot and value each; and two columns of all values, as all points have both.
    assert indexed == 2 * 4 + 3 * 8 + 200 * (4 + 4) + 2 * 4 + 2 * 100 * 4


def test_multivectors_take_the_bytes_of_their_inner_vectors(db: Database) -> None:
    params = models.VectorParams(
        size=4,
        distance=models.Distance.DOT,
        multivector_config=models.MultiVectorConfig(comparator=models.MultiVectorComparator.MAX_SIM),
    )
    client = db.client()
    client.create_collection("pages", vectors_config=params)
    client.upsert("pages", [models.PointStruct(id=i, vector=[[1.0, 0, 0, 0]] * 3) for i in range(10)])
    db["pages"].optimize(progress=False)
    assert db["pages"].memory()["multivectors"].held == 11 * 8 + 10 * 3 * 4 * 4


def test_payload_columns_are_there_once_a_filter_asked_for_them(db: Database) -> None:
    points = db.create(
        "points", {"n": range(100), "text": ["red fox"] * 100}, vectors=vectors(100, 8), progress=False
    )
    assert named(points.memory(), "payload columns") == {}
    points.count({"n": {"gte": 50}})
    assert named(points.memory(), "payload columns")["n"].held == 100 * 9
    db.client().create_payload_index("points", "text", models.TextIndexParams(type="text"))
    points.count({"text": {"text": "fox"}})
    memory = points.memory()
    assert named(memory, "text tokens")["text"].held > 0
    columns = points._inner.view.segments[0].segment.table.column_bytes()["text"]
    assert memory["text tokens"].held + named(memory, "payload columns")["text"].held == columns


def test_the_total_is_the_sum_and_what_is_not_known_does_not_count(kept: Database) -> None:
    memory = kept.create("points", {"n": range(10)}, vectors=vectors(10, 8), progress=False).memory()
    for number in ("disk", "mapped", "held"):
        assert getattr(memory.total, number) == sum(getattr(part, number) for part in memory.parts)
    (cache,) = named(memory, "page cache").values()
    assert cache.resident is None
    assert cache.note.endswith("KiB; SQLite tells no more")


def test_components_become_a_frame_in_which_the_unknown_is_missing(kept: Database) -> None:
    points = kept.create("points", {"n": range(10)}, vectors=vectors(10, 8), progress=False)
    frame = points.memory().to_frame()
    assert list(frame) == [field.name for field in dataclasses.fields(Part)]
    assert frame["component"].tolist() == [c for c in ORDER if c in set(frame["component"])]
    assert frame.set_index("component").loc["vectors", "held"] == 320
    assert frame.set_index("component")["predicted"].isna()["page cache"]


def test_a_component_that_no_collection_has_is_refused(db: Database) -> None:
    memory = db.create("points", vectors=vectors(10, 8), progress=False).memory()
    with pytest.raises(InvalidRequest, match=r"expected one of vectors, .*, got 'vector'"):
        memory["vector"]
    assert [part.component for part in memory] == ["vectors", "links", "ids", "id maps", "page cache"]


def test_a_look_is_a_table_with_a_total(db: Database) -> None:
    db.create("a&b", vectors=vectors(1000, 8), progress=False)
    lines = repr(db["a&b"].memory()).splitlines()
    assert lines[0] == "Memory of a&b"
    assert lines[1].split() == ["component", "disk", "mapped", "held", "resident", "predicted", "note"]
    assert lines[2].split()[:7] == ["vectors", "0", "B", "0", "B", "32.0", "kB"]
    assert lines[-1].split()[0] == "total"
    shown = db["a&b"].memory()._repr_html_()
    for text in ("a&amp;b", "<td>vectors</td>", "<th>total</th>"):
        assert text in shown
    assert "a&b" not in shown
    assert "<td>a&amp;b</td>" in db.memory()._repr_html_()


def test_the_memory_of_a_database_is_that_of_its_collections(db: Database) -> None:
    db.create("a", vectors=vectors(100, 8), progress=False)
    db.create("b", vectors=vectors(200, 8), progress=False)
    memory = db.memory()
    assert [known.name for known in memory] == ["a", "b"]
    assert memory["b"]["vectors"].held == 6400
    assert memory.total.held == memory["a"].total.held + memory["b"].total.held
    frame = memory.to_frame()
    assert frame[frame["component"] == "vectors"].set_index("collection")["held"].to_dict() == {
        "a": 3200,
        "b": 6400,
    }
    with pytest.raises(NotFound, match="Collection `c` was not measured"):
        memory["c"]


def test_a_deleted_collection_takes_nothing(db: Database) -> None:
    db.create("a", vectors=vectors(100, 8), progress=False)
    db.delete("a")
    assert len(db.memory()) == 0
    assert db.memory().to_frame().empty
    assert repr(db.memory()).splitlines()[-1].split()[:7] == ["total", "0", "B", "0", "B", "0", "B"]


def test_vectors_of_a_name_that_was_deleted_stay_until_the_segment_is_rebuilt(db: Database) -> None:
    points: Collection = db.create(
        "points", vectors={"a": vectors(100, 8), "b": vectors(100, 4)}, progress=False
    )
    vector_names.delete_vector(points._inner, "b")
    assert {name: p.predicted for name, p in named(points.memory(), "vectors").items()} == {
        "a": 3200,
        "b": None,
    }
