"""The benchmark of the GPU runs end to end, here on NumPy."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.benchmarks import gpu
from workbench.kernels.gpu import devices


def test_it_builds_checks_and_times_on_numpy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpu.hnsw_build_hnswlib, "available", lambda metric: False)
    assert gpu.main(["--numpy", "--small", "--out", str(tmp_path / "gpu.json")]) == 0
    result = json.loads((tmp_path / "gpu.json").read_text())
    assert result["device"] == "NumPy"
    assert [made["unreachable"] for made in result["builds"]] == [0, 0]
    assert min(made["recall at ef 64"] for made in result["builds"]) > 0.95
    assert min(row["recall against the CPU"] for row in result["search"]) > 0.99
    assert set(result["ceilings"]) == {"float32 TFLOP/s", "tf32 TFLOP/s", "bf16 TFLOP/s", "copy GB/s"}
    assert result["left out"] == []


def test_what_does_not_fit_into_the_time_is_left_out_and_said(tmp_path: Path) -> None:
    gpu.main(["--numpy", "--small", "--limit", "0", "--out", str(tmp_path / "gpu.json")])
    result = json.loads((tmp_path / "gpu.json").read_text())
    assert len(result["left out"]) == 3
    assert result["builds"] == []


def test_without_a_device_it_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(devices, "why_none", lambda: "No GPU is used: there is none.")
    assert gpu.main([]) == 1
    assert "--numpy --small" in capsys.readouterr().err
