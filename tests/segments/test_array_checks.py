"""Arrays that are whole files and still nonsense, as a foreign snapshot may have: named, or built again."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.segments.test_optimizer import STORE
from workbench import kernels
from workbench.errors import Corrupted
from workbench.indexes import codes, costs, nibble_rows
from workbench.indexes.hnsw import ARRAYS
from workbench.models.config import CollectionConfig, Distance, HnswConfig, SparseVectorParams, VectorParams
from workbench.models.points import IdArray, PointBatch, VectorBatch
from workbench.models.query import SearchParams
from workbench.models.vectors import MultiRows, SparseRows, SparseVector
from workbench.query import nearest
from workbench.segments import builder
from workbench.segments.segment import Segment
from workbench.segments.tail import Tail
from workbench.segments.view import SegmentView, View
from workbench.storage.arrays import FolderArrays
from workbench.storage.ragged import MultiFile, SparseFile
from workbench.storage.vectors import VectorFile

COUNT, DIM = 60, 72
CONFIG = CollectionConfig(
    vectors={
        "dense": VectorParams(size=DIM, distance=Distance.EUCLID),
        "multi": VectorParams(size=3, multivector=True),
    },
    sparse_vectors={"terms": SparseVectorParams()},
    hnsw=HnswConfig(m=4, ef_construct=16),
)
# Names are numbered in their order: dense 0, multi 1, terms 2.
DERIVED = [f"graph-0-{name}" for name in ARRAYS] + [f"codes-0-{name}" for name in (*codes.ARRAYS, "errors")]
DERIVED += [f"nibbles-0-{name}" for name in nibble_rows.ARRAYS]
NEEDED = ["keys", "operations", "ids_low", "vectors-0", "vectors-1", "starts-1", "rows-1", "indices-2",
          "values-2", "starts-2"]  # fmt: skip

FAULTS: dict[str, Callable[[Any], Any]] = {
    "a row less": lambda array: array[:-1],
    "a row more": lambda array: np.concatenate([array, array[-1:]]),
    "nothing": lambda array: array[:0],
    "wider numbers": lambda array: array.astype(np.float64),
    "narrower numbers": lambda array: array.astype(np.int16),
    "one dimension more": lambda array: array[..., None],
}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, dict[str, Any]]]:
    folder = tmp_path_factory.mktemp("built")
    with pytest.MonkeyPatch.context() as patch:
        for name in ("LEAST_BYTES", "LEAST_DIM", "FAITHFUL"):
            patch.setattr(codes, name, 0)
        for name, value in (("LEAST", 0), ("HALVED", 0.0), ("HALVED_IN", np.inf)):
            patch.setattr(costs, name, value)
        kernels.warm(block=True)
        yield folder, _build(folder)


def _build(folder: Path) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    files = {"dense": VectorFile(None, DIM, np.float32), "multi": MultiFile(None, 3, np.dtype(np.float32)),
             "terms": SparseFile(None)}  # fmt: skip
    tail = Tail(1, 1, CONFIG, files, STORE)
    dense = rng.normal(size=(COUNT, DIM)).astype(np.float32)
    odd = np.arange(1, COUNT, 2)
    multi = MultiRows(2 * np.arange(len(odd) + 1), rng.normal(size=(2 * len(odd), 3)).astype(np.float32))
    terms = SparseRows.of(SparseVector.of([n % 7, 9], [1, n + 1]) for n in range(COUNT))
    for name, values in (("dense", dense), ("multi", multi), ("terms", terms)):
        tail.append_vectors(name, values)
    batch = PointBatch(IdArray.of(range(COUNT)), {"dense": VectorBatch(dense)}, [])
    tail.commit(batch.ids, {"dense": None, "multi": odd, "terms": None})
    return builder.build([SegmentView(tail, COUNT)], CONFIG, FolderArrays(folder), builder="numba")


def test_every_array_is_tried(built: tuple[Path, dict[str, Any]]) -> None:
    assert sorted(built[1]["arrays"]) == sorted(NEEDED + DERIVED)


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("name", NEEDED)
def test_a_stored_array_of_another_shape_or_type_is_named(
    built: tuple[Path, dict[str, Any]], name: str, fault: str
) -> None:
    folder, info = built
    with Replaced(folder, info, name, FAULTS[fault]) as arrays:
        # Of arrays that belong together, such as starts and vectors, either may be the wrong one.
        family = {"1": "(starts|vectors|rows)-1", "2": "(starts|indices|values)-2"}
        with pytest.raises(Corrupted, match=f"^{family.get(name[-1], name)}.npy: expected"):
            Segment(2, info, arrays, CONFIG, STORE)


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("name", DERIVED)
def test_what_is_derived_is_left_out_and_the_answers_are_right(
    built: tuple[Path, dict[str, Any]], name: str, fault: str
) -> None:
    folder, info = built
    truth = answers(Segment(2, info, FolderArrays(folder, info["arrays"]), CONFIG, STORE), exact=True)
    with Replaced(folder, info, name, FAULTS[fault]) as arrays:
        segment = Segment(2, info, arrays, CONFIG, STORE)
        searcher = segment.column("dense", COUNT).searcher
        whole = searcher is not None and None not in (searcher.codes, searcher.bounds, searcher.halved)
        assert not whole
        assert answers(segment, exact=False) == truth


@pytest.mark.parametrize(
    ("name", "place", "value"),
    [
        ("rows-1", 0, -1), ("rows-1", -1, COUNT), ("rows-1", 5, 3), ("starts-1", 3, 999), ("starts-2", 3, -1),
        ("starts-2", 0, 1),
    ],
)  # fmt: skip
def test_numbers_that_lead_outside_are_named(
    built: tuple[Path, dict[str, Any]], name: str, place: int, value: int
) -> None:
    folder, info = built

    def change(array: Any) -> Any:
        changed = array.copy()
        changed[place] = value
        return changed

    with (
        Replaced(folder, info, name, change) as arrays,
        pytest.raises(Corrupted, match=f"{name}.*expected"),
    ):
        Segment(2, info, arrays, CONFIG, STORE)


def answers(segment: Segment, *, exact: bool) -> list[list[int]]:
    """Return which rows a few searches find, by a scan or by a walk that is as wide as the segment."""
    view = View((SegmentView(segment, COUNT),), CONFIG, STORE, 0)
    params = SearchParams(exact=exact, hnsw_ef=COUNT)
    rng, found = np.random.default_rng(1), []
    for _ in range(5):
        query = nearest.check_query(rng.normal(size=DIM), CONFIG.vectors["dense"])
        found.append(nearest.search(view, "dense", query, 10, params=params).rows.tolist())
    return found


class Replaced:
    """An array on disk in the place of another, with the right checksum, while the block runs."""

    def __init__(self, folder: Path, info: dict[str, Any], name: str, change: Callable[[Any], Any]) -> None:
        self.path, self.manifest = folder / f"{name}.npy", dict(info["arrays"])
        self.kept, self.name, self.change = self.path.read_bytes(), name, change

    def __enter__(self) -> FolderArrays:
        np.save(self.path, self.change(np.load(self.path)))
        data = self.path.read_bytes()
        self.manifest[self.name] = {"bytes": len(data), "crc32": zlib.crc32(data)}
        return FolderArrays(self.path.parent, self.manifest)

    def __exit__(self, *error: object) -> None:
        self.path.write_bytes(self.kept)
