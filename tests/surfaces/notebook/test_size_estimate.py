"""What a collection will take, against what it takes."""

from __future__ import annotations

import numpy as np
import pytest

import workbench as wb
from workbench.surfaces.notebook.size_estimate import Rates, estimate, fitting, seconds_to_build


def test_a_million_vectors_of_1536_numbers_are_six_gigabytes() -> None:
    found = estimate(1_000_000, 1536)
    assert found.sentence == "1,000,000 × 1,536 float32 ≈ 6.1 GB"
    assert [part.name for part in found.parts] == ["vectors", "links", "codes", "nibbles", "ids"]
    assert found.build is None


@pytest.mark.parametrize("quantization", [None, {"scalar": {"type": "int8"}}, {"binary": {}}])
def test_the_estimate_is_what_a_collection_then_takes(quantization: dict[str, dict[str, str]] | None) -> None:
    vectors = np.random.default_rng(0).normal(size=(1500, 32)).astype(np.float32)
    with wb.open() as db:
        memory = db.create("c", vectors=vectors, quantization=quantization, progress=False).memory()
    for part in estimate(1500, 32, quantization=quantization).parts:
        assert part.ram == pytest.approx(memory[part.name].held, rel=0.02), part.name


def test_vectors_on_disk_take_no_memory_and_half_as_many_bytes_as_float16() -> None:
    there = {part.name: part for part in estimate(1000, 64, on_disk=True, datatype="float16").parts}
    assert (there["vectors"].ram, there["vectors"].disk) == (0, 128_000)


def test_building_takes_a_tenth_longer_a_point_with_each_doubling() -> None:
    assert seconds_to_build(2_000, 1_000) == 2.0
    assert seconds_to_build(4_000, 1_000) == pytest.approx(4.4)
    assert seconds_to_build(4_000, 0) is None


def test_payloads_and_texts_are_scaled_from_what_was_measured() -> None:
    rates = Rates(build=1_000, embed=50, write=10_000, payload_bytes=300, index_bytes=8)
    found = estimate(100_000, 8, embedded=True, rates=rates)
    parts = {part.name: part for part in found.parts}
    assert (parts["payloads"].disk, parts["payload indexes"].ram) == (30_000_000, 800_000)
    assert (found.embed, found.write) == (2_000, 10)


def test_the_cheapest_machine_that_holds_it_is_best() -> None:
    machines = [
        {"name": "small", "ram": 4, "gpu": 0, "price": 10},
        {"name": "dear", "ram": 64, "gpu": 0, "price": 300},
        {"name": "fair", "ram": 16, "gpu": 0, "price": 80},
    ]
    found = fitting(machines, 8e9)
    assert [(m["name"], m["fits"], m["best"]) for m in found] == [
        ("fair", True, True),
        ("dear", True, False),
        ("small", False, False),
    ]
    assert found[0]["used"] == 0.5
