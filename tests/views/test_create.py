"""The page that makes a collection, without a browser."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import workbench as wb
from workbench.errors import InvalidRequest
from workbench.kernels.gpu import devices
from workbench.kernels.gpu.devices import Device
from workbench.tasks import Progress

VECTORS = np.random.default_rng(3).normal(size=(120, 6)).astype(np.float32)
PETS = pd.DataFrame(
    {
        "id": range(100, 220),
        "kind": ["cat", "dog", "owl"] * 40,
        "says": [f"a pet says thing number {i}, at some length and on purpose" for i in range(120)],
        "age": [i % 9 for i in range(120)],
        "born": ["2020-01-05"] * 120,
        "vector": list(VECTORS),
    }
)


@pytest.fixture
def db() -> Iterator[wb.Database]:
    with wb.open() as opened:
        yield opened


def test_the_columns_of_a_frame_find_their_places(db: wb.Database) -> None:
    page = db.create_wizard(PETS).wait()
    assert (page.vector, page.text, page.id, page.name) == ("vector", "", "id", "rows")
    assert [(f["name"], f["kind"], f["index"]) for f in page.state.fields] == [
        ("kind", "keyword", True),
        ("says", "text", False),
        ("age", "integer", True),
        ("born", "datetime", True),
    ]
    assert page.estimate.sentence == "120 × 6 float32 ≈ 2.9 kB"
    assert page.problem == ""


def test_the_page_makes_the_collection_it_describes(db: wb.Database) -> None:
    page = db.create_wizard(PETS, name="pets", distance="Euclid", m=8, quantization="binary", on_disk=True)
    page.set_field("born", keep=False).set_field("age", index=False)
    page.create().wait()
    assert page.problem == "'pets' was made. For another, choose another name."
    made = page.collection.info
    assert made.points_count == 120
    assert (made.config.vectors[""].distance, made.config.vectors[""].on_disk) == ("Euclid", True)
    assert (made.config.hnsw.m, made.config.quantization) == (8, {"binary": {}})
    assert {key: str(i.type) for key, i in made.config.payload_indexes.items()} == {"kind": "keyword"}
    assert db["pets"].get([102])[0].payload == {
        "kind": "owl",
        "says": "a pet says thing number 2, at some length and on purpose",
        "age": 2,
    }


@pytest.mark.parametrize("quantization", ["none", "scalar int8", "product x8", "turbo 2 bits"])
def test_both_codes_that_are_shown_make_the_same_collection(db: wb.Database, quantization: str) -> None:
    page = db.create_wizard(
        PETS, name="one", quantization=quantization, payload_m=4, datatype="float16"
    ).wait()
    known = {"db": db, "wb": wb, "frame": PETS}
    page.create().wait()
    page.name = "two"
    exec(page.code, known)
    page.name = "three"
    exec(page.state.qdrant_code, known)
    infos = [db[name].info for name in ("one", "two", "three")]
    assert [i.points_count for i in infos] == [120, 120, 120]
    assert infos[0].config.vectors == infos[1].config.vectors == infos[2].config.vectors
    assert infos[0].config.hnsw == infos[1].config.hnsw == infos[2].config.hnsw
    assert infos[0].config.payload_indexes == infos[1].config.payload_indexes
    assert infos[0].config.payload_indexes == infos[2].config.payload_indexes
    kinds = [None if i.config.quantization is None else list(i.config.quantization) for i in infos]
    assert kinds[0] == kinds[1] == kinds[2]
    assert db["two"].get([105]) == db["three"].get([105]) == db["one"].get([105])


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet", "npy", "npz"])
def test_files_of_every_kind_are_read_and_their_code_reads_them_again(
    db: wb.Database, tmp_path: Path, ending: str
) -> None:
    path, plain = tmp_path / f"my pets.{ending}", PETS.assign(vector=[list(map(float, v)) for v in VECTORS])
    match ending:
        case "csv":
            plain.to_csv(path, index=False)
        case "jsonl":
            plain.to_json(path, orient="records", lines=True)
        case "parquet":
            plain.to_parquet(path)
        case "npy":
            np.save(path, VECTORS)
        case _:
            np.savez(path, vectors=VECTORS, age=PETS["age"].to_numpy())
    page = db.create_wizard(str(path)).wait()
    assert (page.problem, page.name, page.state.size) == ("", "my_pets", 6)
    page.create().wait()
    exec(page.code.replace("'my_pets'", "'again'"), {"db": db, "wb": wb})
    assert len(db["again"]) == 120
    first = db["again"].search(VECTORS[7], k=1)
    assert first.ids == page.collection.search(VECTORS[7], k=1).ids


def test_a_built_in_set_keeps_the_model_of_its_vectors(db: wb.Database) -> None:
    page = db.create_wizard("wikipedia").wait()
    page.create().wait()
    assert page.collection.searchable
    assert page.collection.name == "wikipedia"
    assert "wb.datasets.load('wikipedia')" in page.code


def test_texts_are_embedded_when_asked(db: wb.Database) -> None:
    page = db.create_wizard(PETS, text="says", embedder="hashing").wait()
    assert (page.vector, page.state.size) == ("", 384)
    assert page.state.rates.embed > 0
    assert page.estimate.embed > 0
    page.create().wait()
    assert page.collection.search("thing number 7", k=1)[0]["says"].startswith("a pet says thing number 7,")


def test_columns_of_numbers_are_a_vector_together(db: wb.Database) -> None:
    wide = pd.DataFrame(VECTORS, columns=[f"x{i}" for i in range(6)])
    page = db.create_wizard(wide).wait()
    assert (page.vector, page.state.size) == ("(numbers)", 6)
    page.create().wait()
    assert page.collection.search(VECTORS[3], k=1).ids == [3]
    exec(page.code.replace("'rows'", "'again'"), {"db": db, "frame": wide})
    assert db["again"].search(VECTORS[3], k=1).ids == [3]


def test_arrays_are_taken_as_they_are(db: wb.Database) -> None:
    page = db.create_wizard({"left": VECTORS, "right": VECTORS[:, :2], "age": np.arange(120)}).wait()
    assert page.vector == "(array left)"
    page.vector = "(array right)"
    assert page.state.size == 2
    assert [f["name"] for f in page.state.fields] == ["age"]


def test_a_name_that_is_taken_is_a_problem_and_replacing_is_the_cure(db: wb.Database) -> None:
    db.create("pets", size=3)
    page = db.create_wizard(PETS, name="pets").wait()
    assert page.problem == "name: 'pets' is taken; choose another, or tick Replace to make it anew."
    page.create().wait()
    assert len(db["pets"]) == 0
    page.replace = True
    page.create().wait()
    assert len(db["pets"]) == 120


@pytest.mark.parametrize(
    ("frame", "said"),
    [
        (pd.DataFrame({"flag": [True, False]}), "expected a column of texts to embed, a column of vectors"),
        (
            pd.DataFrame({"vector": [[1.0, 2.0, 3.0], [1.0, float("nan"), 3.0]]}),
            "1 of 2 rows hold NaN or infinity, the first is row 1",
        ),
        (pd.DataFrame({"vector": [[1.0, 2.0, 3.0], [1.0, 2.0]]}), "rows of equal length, row 1"),
    ],
    ids=["nothing to embed", "NaN", "ragged"],
)
def test_rows_that_cannot_become_points_say_why(db: wb.Database, frame: pd.DataFrame, said: str) -> None:
    page = db.create_wizard(frame).wait()
    assert said in page.problem
    page.create().wait()
    assert page.collection is None
    assert len(db) == 0


def test_a_file_that_cannot_be_read_is_a_problem_and_loses_nothing(db: wb.Database, tmp_path: Path) -> None:
    page = db.create_wizard(PETS).wait()
    for name, text, said in (
        ("bad.parquet", "no parquet", "bad.parquet cannot be read as parquet"),
        ("bad.txt", "", "expected a file ending in .parquet, .csv"),
    ):
        (tmp_path / name).write_text(text)
        page.take(tmp_path / name).wait()
        assert said in page.state.problem
    page.take(tmp_path / "none.csv").wait()
    assert "no file" in page.state.problem
    assert page.state.rows.title == "rows"


def test_cancel_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with wb.open(tmp_path / "db") as db:
        page = db.create_wizard(PETS, name="pets").wait()
        begun, goes_on = threading.Event(), threading.Event()
        optimize = wb.Collection.optimize

        def slowly(self: wb.Collection, *, progress: Progress, builder: str = "auto") -> wb.Collection:
            begun.set()
            assert goes_on.wait(30)
            return optimize(self, progress=progress, builder=builder)

        monkeypatch.setattr(wb.Collection, "optimize", slowly)
        page.create()
        assert begun.wait(30)
        page.cancel()
        goes_on.set()
        page.wait()
        assert page.problem == "Cancelled: pets was not made, and nothing is left of it."
        assert page.collection is None
        assert "pets" not in db
        assert list((tmp_path / "db" / "collections").iterdir()) == []


def test_a_name_that_was_typed_outlives_the_rows(db: wb.Database) -> None:
    page = db.create_wizard()
    page.name = "signs"
    page.state.take(PETS)
    assert page.name == "signs"
    page.wait()
    page.create().wait()
    assert len(db["signs"]) == 120
    page.state.take(PETS)
    assert page.name == "rows"


def test_the_device_is_that_of_the_builds(db: wb.Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "why_none", lambda: "No GPU is used: there is none.")
    page = db.create_wizard(PETS, name="pets", device="gpu").wait()
    assert page.problem == (
        "device: No GPU is used: there is none. device='auto' takes a GPU only where there is one."
    )
    assert page.state.device_note == "Graphs are built on the CPU. No GPU is used: there is none."
    page.device = "cpu"
    assert "device='cpu'" in page.code
    page.create().wait()
    assert db["pets"]._inner.upkeep.device == "cpu"


def test_a_device_that_is_there_is_taken(db: wb.Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "why_none", lambda: "")
    card = Device(0, "Card 9000", 80_000_000_000, 79_000_000_000, "9.0", "13.0", "12.8", "13.6.0")
    monkeypatch.setattr(devices, "found", lambda: [card])
    page = db.create_wizard(PETS, name="pets", device="gpu").wait()
    assert page.state.device_note == "Card 9000 (80 GB): auto builds graphs of many points on it."
    assert (page.problem, "device='gpu'" in page.code) == ("", True)


def test_machines_are_edited_and_the_cheapest_that_fits_comes_first(db: wb.Database) -> None:
    page = db.create_wizard(PETS, grow=400_000_000).wait()
    assert [m["name"] for m in page.state.fitting if m["best"]] == ["CPU, 32 cores"]
    page.state.set_machine(0, ram=512, price=1)
    assert page.state.fitting[0]["name"] == "CPU, 2 cores"
    page.state.remove_machine(0)
    page.state.add_machine()
    assert [m["name"] for m in page.machines][-1] == "new machine"


def test_settings_that_make_no_sense_are_refused(db: wb.Database) -> None:
    with pytest.raises(InvalidRequest, match="did you mean distance="):
        db.create_wizard(PETS, distanze="Dot")
    with pytest.raises(InvalidRequest, match="distance"):
        db.create_wizard(PETS, distance="near")
    with pytest.raises(InvalidRequest, match="at least one row"):
        db.create_wizard(PETS.head(0))
    page = db.create_wizard(PETS, m=1).wait()
    assert page.problem.startswith("m: expected 0 (no graph, exact search) or at least 2")


def test_a_page_without_a_kernel_still_tells_what_it_would_take(db: wb.Database, tmp_path: Path) -> None:
    page = db.create_wizard(PETS, name="pets").wait()
    data, _ = page._repr_mimebundle_()
    assert "120 × 6 float32" in data["text/html"]
    assert "'pets' from 120 rows" in data["text/plain"]
    assert page.save(tmp_path / "page.html").stat().st_size < 200_000
