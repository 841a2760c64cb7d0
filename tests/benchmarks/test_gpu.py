"""The benchmark of the GPU runs end to end, here on NumPy, and with no package but those it says it needs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.benchmarks import gpu
from workbench.indexes import hnsw_build_hnswlib
from workbench.kernels.gpu import devices
from workbench.kernels.gpu.arrays import Arrays

ROOT = Path(gpu.__file__).parents[2]
# Finds nothing that a machine with a GPU may not have, and begins.
ALONE = """
import sys
from importlib.machinery import BuiltinImporter, FrozenImporter, PathFinder
class Known:
    def find_spec(self, name, path=None, target=None):
        known = {*sys.stdlib_module_names, "numpy", "numba", "llvmlite", "workbench", "tests"}
        return PathFinder.find_spec(name, path, target) if name.partition(".")[0] in known else None
sys.meta_path[:] = [BuiltinImporter, FrozenImporter, Known()]
from tests.benchmarks import gpu
sys.exit(gpu.main(["--numpy", "--small", "--out", sys.argv[1]]))
"""


def of(result: dict[str, Any], row: str) -> dict[str, Any]:
    return next(found for found in result["rows"] if found["row"] == row)


@pytest.mark.timeout(300)  # a new process compiles where nothing is cached yet
def test_it_builds_checks_and_times_on_numpy_with_no_other_package_and_writes_json_and_a_table(
    tmp_path: Path,
) -> None:
    out = tmp_path / "gpu.json"
    done = subprocess.run(
        [sys.executable, "-c", ALONE, str(out)],
        cwd=ROOT, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    result = json.loads(out.read_text())
    assert result["device"] == "NumPy"
    built = of(result, "build 1,200 × 24")
    assert built["reached"] is True
    assert built["numbers"]["unreachable"] == 0
    assert built["numbers"]["recall at ef 64"] > 0.95
    assert built["numbers"]["against"] == "our builder of the CPU: hnswlib is not installed"
    exact = of(result, "exact 10-NN, 50 queries × 1,200 × 24")["numbers"]
    assert min(value for name, value in exact.items() if name.endswith("recall")) > 0.99
    assert exact["best share"] > 0
    assert {"float32 TFLOP/s", "bf16 TFLOP/s", "copy GB/s"} <= set(
        of(result, "ceilings of the device")["numbers"]
    )
    assert of(result, "other threads during a build")["numbers"]["longest pause ms"] >= 0
    assert "| build 1,200 × 24 |" in out.with_suffix(".md").read_text()
    assert "build 1,200 × 24" in done.stdout


def test_every_number_that_must_be_reached_has_its_row() -> None:
    run = gpu.Run(Arrays, False, 440.0, Path())
    assert {row.name: row.must for row in run.large_rows() if row.must} == {
        "build 100 k × 1536": "≤ 1 s; recall ≥ theirs − 0.002 at ef 64, every point reached",
        "exact 10-NN, 10,000 queries × 1 M × 768": "≥ 60 % of the rate of products of the same precision",
        "build 1 M × 768": "≤ 8 s, ≥ 20 times faster than hnswlib on 16 cores; "
        "recall ≥ theirs − 0.002 at ef 64, every point reached",
        "build 10 M × 96": "≤ 60 s; recall ≥ theirs − 0.002 at ef 64, every point reached",
    }
    assert gpu.work.start in [row.do for row in gpu.Run(gpu_like, False, 440.0, Path()).rows()]
    assert sum(row.about_s for row in gpu.Run(gpu_like, False, 440.0, Path()).rows()) <= gpu.LIMIT_S < 480


def gpu_like() -> Arrays:
    arrays = Arrays()
    arrays.compiles = True
    return arrays


def test_a_row_that_fails_says_why_and_the_others_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> dict[str, Any]:
        raise RuntimeError("no such instruction")

    monkeypatch.setattr(hnsw_build_hnswlib, "available", lambda metric: False)
    monkeypatch.setattr(gpu.work, "exact", fail)
    monkeypatch.setattr(gpu.work, "stages", fail)
    assert gpu.main(["--numpy", "--small", "--out", str(tmp_path / "gpu.json")]) == 2
    result = json.loads((tmp_path / "gpu.json").read_text())
    failed = of(result, "steps of one tile")
    assert failed["error"] == "RuntimeError: no such instruction"
    assert "in fail" in failed["trace"]
    assert "error" in of(result, "exact 10-NN, 50 queries × 1,200 × 24")
    assert of(result, "build 2,000 × 12")["reached"] is True


def test_what_does_not_fit_into_the_time_is_left_out_and_said(tmp_path: Path) -> None:
    gpu.main(["--numpy", "--small", "--limit", "0", "--out", str(tmp_path / "gpu.json")])
    result = json.loads((tmp_path / "gpu.json").read_text())
    assert len(result["rows"]) == 7
    assert all("left out" in row for row in result["rows"])
    assert "it takes about 5 s, and 0 s were left" in (tmp_path / "gpu.md").read_text()


def test_a_build_stops_when_the_time_is_up() -> None:
    run = gpu.Run(Arrays, True, 0.0, Path())
    with pytest.raises(gpu.errors.Cancelled, match="the time was up at 3 of 9"):
        run.progress(3, 9, "choosing links")


def test_without_a_device_it_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(devices, "why_none", lambda: "No GPU is used: there is none.")
    assert gpu.main([]) == 1
    assert "--numpy --small" in capsys.readouterr().err
