"""Which device is taken, and what is said where there is none."""

from __future__ import annotations

import importlib.util
import logging
import sys
import types
from typing import Any

import numpy as np
import pytest

import workbench as wb
from workbench import errors
from workbench.indexes import hnsw_build, hnsw_build_gpu
from workbench.kernels.gpu import devices
from workbench.kernels.gpu.arrays import Arrays, Cuda


@pytest.fixture
def no_cupy(monkeypatch: pytest.MonkeyPatch) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *rest: None if name == "cupy" else find(name, *rest)
    )


@pytest.fixture
def numpy_as_device(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Let "gpu" mean NumPy, and note who built with it."""
    built: list[str] = []
    monkeypatch.setattr(devices, "why_none", lambda: "")
    monkeypatch.setattr(devices, "LEAST", 100)
    monkeypatch.setattr(devices, "Cuda", Arrays)
    build = hnsw_build_gpu.build

    def noted(vectors: Any, *given: Any, **settings: Any) -> Any:
        built.append(f"{len(vectors)} points")
        return build(vectors, *given, **settings)

    monkeypatch.setattr(hnsw_build_gpu, "build", noted)
    return built


@pytest.mark.usefixtures("no_cupy")
def test_without_cupy_a_sentence_says_what_to_install() -> None:
    assert list(wb.devices()) == []
    assert repr(wb.devices()).startswith("No GPU is used: cupy is not installed.")
    assert "vector-workbench[gpu13]" in wb.devices()._repr_html_()


@pytest.mark.usefixtures("no_cupy")
def test_a_gpu_that_is_not_there_is_refused_by_name_and_auto_goes_on_without() -> None:
    with pytest.raises(errors.DeviceUnavailable, match="device='auto'"):
        wb.open(device="gpu")
    with wb.open(device="auto") as db:
        points = db.create("points", vectors=np.eye(4, dtype=np.float32), progress=False)
        for ask in (
            lambda: points.optimize(device="gpu", progress=False),
            lambda: points.configure(device="gpu"),
            lambda: db.create("others", vectors=np.eye(4), device="gpu", progress=False),
        ):
            with pytest.raises(errors.DeviceUnavailable, match="cupy is not installed"):
                ask()
        assert list(db) == ["points"]
        assert points.search([1, 0, 0, 0], k=1)[0].id == 0


def test_a_device_that_is_none_is_refused() -> None:
    with pytest.raises(errors.InvalidRequest, match="auto, cpu, gpu"):
        wb.open(device="tpu")


def test_a_driver_that_fails_is_logged_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> int:
        raise RuntimeError("cudaErrorInsufficientDriver")

    cupy = types.SimpleNamespace(
        cuda=types.SimpleNamespace(runtime=types.SimpleNamespace(getDeviceCount=fail))
    )
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *rest: cupy if name == "cupy" else find(name, *rest)
    )
    monkeypatch.setitem(sys.modules, "cupy", cupy)
    devices._failure.cache_clear()
    with caplog.at_level(logging.WARNING, "workbench"):
        assert devices.choose("auto", 1 << 30) is None
        assert devices.choose("auto", 1 << 30) is None
    assert [r.getMessage() for r in caplog.records] == [
        "no GPU is used, though cupy is installed: cudaErrorInsufficientDriver"
    ]
    devices._failure.cache_clear()


def test_auto_leaves_few_points_to_the_cpu_and_a_named_builder_all(numpy_as_device: list[str]) -> None:
    vectors = np.random.default_rng(0).normal(size=(200, 8)).astype(np.float32)
    hnsw_build.build(vectors[:99], 0, device="auto")
    hnsw_build.build(vectors, 0, device="cpu")
    hnsw_build.build(vectors, 0, device="auto", builder="numba")
    assert numpy_as_device == []
    hnsw_build.build(vectors, 0, device="auto")
    hnsw_build.build(vectors[:50], 0, device="gpu")
    assert numpy_as_device == ["200 points", "50 points"]


def test_the_device_of_a_database_a_collection_and_a_call(numpy_as_device: list[str]) -> None:
    vectors = np.random.default_rng(0).normal(size=(90, 8)).astype(np.float32)
    with wb.open(device="gpu") as db:
        db.create("by default", vectors=vectors, progress=False)
        assert numpy_as_device == ["90 points"]
        named = db.create("on the cpu", vectors={"a": vectors, "b": vectors}, device="cpu", progress=False)
        assert len(numpy_as_device) == 1
        named.add({"n": list(range(10))}, vectors={"a": vectors[:10], "b": vectors[:10]}, progress=False)
        named.optimize(device="gpu", progress=False)
        assert numpy_as_device[1:] == ["100 points", "100 points"]
        assert named.search(vectors[3], vector="b", k=1)[0].id in (3, 93)


@pytest.mark.gpu
def test_a_device_tells_its_name_and_memory() -> None:
    device = wb.devices()[0]
    assert device.name in repr(wb.devices())
    assert 0 < device.free_bytes <= device.memory_bytes
    assert Cuda().name == device.name
