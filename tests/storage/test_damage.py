"""A flipped bit or a cut-off end of any file: the right answers, or an error that names the file.

Never a dead process, never a silent wrong answer, and never another collection that does not open.
"""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest

from tests.storage.damage_worker import DIM, MULTI, PARTIAL, TERMS, let_few_vectors_do
from workbench.collection import payloads, updates
from workbench.engine import open_engine
from workbench.indexes import codes, costs, nibble_rows
from workbench.indexes.hnsw import HnswSearcher
from workbench.indexes.nibble_rows import NibbleRows
from workbench.models.config import (
    CollectionConfig,
    Distance,
    HnswConfig,
    OptimizersConfig,
    SparseVectorParams,
    VectorParams,
)
from workbench.models.payload_schema import FieldIndex, SchemaType
from workbench.models.points import IdArray, PointBatch, PointId, VectorBatch
from workbench.models.vectors import MultiRows, SparseRows, SparseVector
from workbench.segments import candidate_columns, payload_links

# Files of a few pages.
SEALED, IN_TAIL = 700, 60
# So many that each is few enough of the points to have payload links, beside the graph of all.
COLORS = ("red", "green", "blue", "gray")
SCALAR = {"scalar": {"type": "int8"}}
# How the reasons begin for which a search reads the files that it is asked for.
REASONS = {
    "graph": "the graph is walked",
    "links": "the points of this payload value have links of their own",
    "codes": "walking the graph costs less",
    "candidates": "product codes of",
}


def ids_of(numbers: range) -> list[PointId]:
    return [uuid.UUID(int=n << 64 | n) if n % 5 == 0 else n for n in numbers]


def fill(engine: Any, name: str) -> None:
    """Make a collection with every kind of file: both kinds of ids, all of vectors, what searches them."""
    collection = engine.create(name, CollectionConfig(
        vectors={"": VectorParams(size=DIM, hnsw={"payload_m": 4, "full_scan_threshold": 1}),
                 PARTIAL: VectorParams(size=3, distance=Distance.EUCLID, quantization=SCALAR),
                 MULTI: VectorParams(size=2, multivector=True, quantization=SCALAR)},
        sparse_vectors={TERMS: SparseVectorParams()},
        payload_indexes={"color": FieldIndex(SchemaType.KEYWORD)},
        hnsw=HnswConfig(m=6, ef_construct=32, ef=16, max_indexing_threads=1),
        optimizers=OptimizersConfig(indexing_threshold=10_000),
    ))  # fmt: skip

    def upsert(numbers: range) -> None:
        draw = np.random.default_rng([numbers.start, len(numbers)])
        odd = np.array([row for row, n in enumerate(numbers) if n % 2], np.intp)
        terms = SparseRows.of(SparseVector.of([n % 7, 9], [1, n]) for n in numbers)
        pairs = MultiRows(2 * np.arange(len(odd) + 1), draw.normal(size=(2 * len(odd), 2)).astype(np.float32))
        vectors = {"": VectorBatch(draw.normal(size=(len(numbers), DIM)).astype(np.float32)),
                   PARTIAL: VectorBatch(draw.normal(size=(len(odd), 3)).astype(np.float32), odd),
                   MULTI: VectorBatch(pairs, odd), TERMS: VectorBatch(terms)}  # fmt: skip
        bodies = [
            orjson.dumps({"n": n, "color": COLORS[n // 2 % 4], "text": "x" * (n % 40)}) for n in numbers
        ]
        updates.upsert(collection, PointBatch(IdArray.of(ids_of(numbers)), vectors, bodies))

    upsert(range(SEALED))
    collection.upkeep.optimize()
    for start in range(SEALED - IN_TAIL // 2, SEALED + IN_TAIL, 30):  # replaces some, adds some
        upsert(range(start, start + 30))
    updates.delete(collection, IdArray.of(ids_of(range(100, 160, 3))))
    payloads.set_payload(collection, IdArray.of(ids_of(range(40, 60))), {"color": "red"})


def halved(searcher: HnswSearcher) -> NibbleRows | None:
    """Let walks read nibbles, whether that pays or not."""
    if searcher.codes is not None:
        searcher.walk_nibbles(NibbleRows.of(searcher.codes))
    return searcher.halved


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database that was closed cleanly, with one collection to be damaged and one beside it."""
    folder = tmp_path_factory.mktemp("pristine")
    with pytest.MonkeyPatch.context() as patch, open_engine(folder) as engine:
        for name in ("LEAST_BYTES", "LEAST_DIM", "FAITHFUL"):
            patch.setattr(codes, name, 0)  # so few and small vectors would have no codes
        patch.setattr(costs, "halves", halved)  # and would not be walked faster by nibbles
        let_few_vectors_do(patch.setattr)
        fill(engine, "damaged")
        fill(engine, "whole")
    (folder / "LOCK").unlink()
    return folder


@dataclass(frozen=True)
class Fault:
    """One fault: in which file, and at which bit it is flipped or at which byte it is cut off."""

    file: str
    bit: int | None
    length: int

    def apply(self, folder: Path) -> None:
        path = folder / self.file
        data = bytearray(path.read_bytes())
        if self.bit is None:
            path.write_bytes(data[: self.length])
        else:
            data[self.bit // 8] ^= 1 << self.bit % 8
            path.write_bytes(data)


def files_of(pristine: Path) -> list[str]:
    """Return every file of the collection to be damaged, and the catalog."""
    (own,) = (pristine / "collections").glob("damaged-*")
    return [
        str(p.relative_to(pristine))
        for p in [*sorted(own.rglob("*.*")), pristine / "workbench.sqlite"]
        if p.is_file()
    ]


def faults_of(pristine: Path, seed: int, flips: int, cuts: int, in_databases: int) -> Iterator[Fault]:
    draw = random.Random(seed)
    for name in files_of(pristine):
        size = (pristine / name).stat().st_size
        factor = in_databases if name.endswith(".sqlite") else 1
        for _ in range(flips * factor if size else 0):
            yield Fault(name, draw.randrange(8 * size), size)
        for _ in range(cuts * factor if size else 0):
            yield Fault(name, None, draw.randrange(size))


def test_every_kind_of_file_is_there_to_be_damaged(pristine: Path) -> None:
    kinds = {Path(name).name for name in files_of(pristine)}
    graphs = {"counts0", "levels", "links0", "upper_counts", "upper_links", "upper_offsets"}
    assert kinds == {
        "points.sqlite", "workbench.sqlite", "tail-0.raw", "tail-1.raw", "keys.npy", "operations.npy",
        "ids_low.npy", "ids_high.npy", "ids_uuid.npy", "vectors-0.npy", "vectors-1.npy", "rows-1.npy",
        "tail-2-ends.raw", "tail-2-vectors.raw", "starts-2.npy", "vectors-2.npy", "rows-2.npy",
        "tail-3-ends.raw", "tail-3-indices.raw", "tail-3-values.raw",
        "starts-3.npy", "indices-3.npy", "values-3.npy",
        *(f"graph-{i}-{name}.npy" for i in (0, 1) for name in graphs),
        *(f"codes-0-{name}.npy" for name in (*codes.ARRAYS, "errors")),
        *(f"nibbles-0-{name}.npy" for name in nibble_rows.ARRAYS),
        *(f"payload-0-{name}.npy" for name in payload_links.ARRAYS),
        *(f"quantized-{i}-{name}.npy" for i in (1, 2) for name in codes.ARRAYS),
        *(f"candidates-2-{name}.npy" for name in candidate_columns.ARRAYS),
    }  # fmt: skip


def test_damage_is_named_or_harmless(pristine: Path, tmp_path: Path) -> None:
    seen = run(pristine, tmp_path, list(faults_of(pristine, seed=3, flips=2, cuts=1, in_databases=8)))
    assert seen["named"] > 30
    assert seen["same"] > 30
    assert sum(seen.values()) >= 150


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("seed", range(10))
def test_much_damage_is_named_or_harmless(pristine: Path, tmp_path: Path, seed: int) -> None:
    run(pristine, tmp_path, list(faults_of(pristine, seed=100 + seed, flips=5, cuts=2, in_databases=30)))


def run(pristine: Path, tmp_path: Path, faults: list[Fault]) -> Counter[str]:
    expected = ask(pristine, tmp_path, [None])[0]
    assert isinstance(expected["damaged"], dict)
    assert enough(expected["damaged"]["found"])  # what searches the undamaged one is good, and is used
    for name, start in REASONS.items():
        assert expected["damaged"]["reasons"][name].startswith(start)
    results = ask(pristine, tmp_path, list(faults))
    return Counter(judge(fault, result, expected) for fault, result in zip(faults, results, strict=True))


def ask(pristine: Path, tmp_path: Path, faults: list[Fault | None]) -> list[dict[str, Any]]:
    """Open damaged copies in two processes, and return what they answered."""
    shares = [faults[0::2], faults[1::2]]
    workers: list[subprocess.Popen[str]] = []
    found: list[list[dict[str, Any]]] = []
    with ExitStack() as last:
        for number, share in enumerate(shares):
            workers.append(worker := start(pristine, tmp_path / f"share-{number}", share))
            last.callback(worker.communicate)  # after the kill, which is harmless at the end
            last.callback(worker.kill)
        for worker, share in zip(workers, shares, strict=True):
            out, errors = worker.communicate(timeout=600)
            lines = [json.loads(line) for line in out.splitlines()]
            assert worker.returncode == 0, (
                f"{share[len(lines)]} ended the process: {worker.returncode}\n{errors[-2000:]}"
            )
            found.append(lines)
    merged = [{}] * len(faults)
    merged[0::2], merged[1::2] = found
    return merged


def start(pristine: Path, place: Path, faults: list[Fault | None]) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.storage.damage_worker"]
    shutil.rmtree(place, ignore_errors=True)
    names = []
    for number, fault in enumerate(faults):
        shutil.copytree(pristine, place / str(number))
        if fault is not None:
            fault.apply(place / str(number))
        names.append(f"{place / str(number)}\n")
    (place.parent / f"{place.name}.txt").write_text("".join(names))
    with (place.parent / f"{place.name}.txt").open() as stdin:
        return subprocess.Popen(
            command, stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )


def judge(fault: Fault, result: dict[str, Any], expected: dict[str, Any]) -> str:
    """Return ``same`` or ``named``; anything else is what must never be."""
    if "database" in result:
        assert fault.file in result["database"], f"{fault}: {result}"
        assert result["database"].startswith("Corrupted"), f"{fault}: {result}"
        return "named"
    assert result["names"] == expected["names"], f"{fault}: {result['names']}"
    assert alike(result["whole"], expected["whole"]), f"{fault}: the other collection is {result['whole']}"
    answer = result["damaged"]
    if isinstance(answer, dict):
        assert alike(answer, expected["damaged"]), f"{fault}: silently wrong {answer}"
        return "same"
    assert Path(fault.file).parts[1] in answer, f"{fault}: the file is not named: {answer}"
    assert answer.startswith(("Corrupted", "PointsGone")), f"{fault}: {answer}"
    return "named"


def alike(answer: Any, expected: Any) -> bool:
    """Whether all exact answers are equal, and what was built again, or is left, finds nearly as many."""
    others: dict[str, Any] = {"found": {}, "reasons": {}}
    return (
        isinstance(answer, dict)
        and enough(answer["found"])
        and {**answer, **others} == {**expected, **others}
    )


def enough(found: dict[str, int]) -> bool:
    """Whether each search finds nearly all of the 50 nearest."""
    return min(found.values()) >= 45
